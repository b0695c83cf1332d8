"""Is the memory limit kept by a whole run, as the system measures it?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

N, COLUMNS, LIMIT = 400_000, 20, 500_000_000  # at once it takes some 2,000 MB


@pytest.mark.slow
def test_a_table_larger_than_the_limit_is_trained_within_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(COLUMNS, N))
    y = np.where(x[0] * x[1] + x[2] + rng.normal(size=N) > 0, "yes", "no")
    path = tmp_path / "big.parquet"
    pyarrow.parquet.write_table(pa.table({f"x{i}": x[i] for i in range(COLUMNS)} | {"y": y}), path)
    command = [sys.executable, "-m", "assay.cli.main", "train", str(path), "--target", "y", "--minutes", "0.7"]
    command += ["--memory", "500MB", "--json", "-o", str(tmp_path / "big.assay"), "--lang", "en"]
    # A process begins with the peak of the one that starts it, so a small one stands between.
    between = "import json, resource, subprocess, sys\n"
    between += "done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)\n"
    between += "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    between += "print(json.dumps([done.returncode, peak, done.stdout]))"
    run = subprocess.run([sys.executable, "-c", between, *command], stdout=subprocess.PIPE, text=True, check=True)
    code, peak, printed = json.loads(run.stdout)
    assert code == 0
    assert peak * (1 if sys.platform == "darwin" else 1024) <= LIMIT
    said = json.loads(printed)
    assert said["plan"]["memory"] == LIMIT
    assert said["plan"]["data"]["rows"] == N
    assert said["plan"]["data"]["rows_drawn"] < N / 4
