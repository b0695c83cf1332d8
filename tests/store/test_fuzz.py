"""A thousand damaged bundles: each works or is refused by name, and none kills the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CHILD = Path(__file__).with_name("fuzzing.py")


def test_a_thousand_damaged_bundles_bring_nothing_down() -> None:
    limits = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(CHILD), "0", "1000"],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | limits,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert sum(seen.values()) == 1000
    refusals = {"BundleTruncated", "BundleTampered", "BundleForeign", "BundleInvalid"}
    assert refusals <= seen.keys() <= refusals | {"used", "BundleOversized", "RequestError"}
    assert seen["used"] > 20  # harmless changes exist, and are used by both roads with the same bits
