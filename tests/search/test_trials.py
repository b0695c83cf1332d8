"""Where trials are counted, are two runs the same bytes, killed and resumed ones too?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import RequestError

OPTIONS = ("--target", "y", "--trials", "3", "--folds", "3", "--seed", "5")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 5))
    y = np.where(x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * rng.normal(size=900) > 0, "yes", "no")
    path = tmp_path_factory.mktemp("trials") / "t.csv"
    lines = ["a,b,c,d,e,y", *(",".join([*(f"{v:.4f}" for v in row), label]) for row, label in zip(x, y, strict=True))]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def undisturbed(table: Path) -> bytes:
    assert main(["train", str(table), *OPTIONS, "-o", str(table.with_name("whole.assay"))]) == 0
    return table.with_name("whole.assay").read_bytes()


def test_two_runs_of_one_plan_give_the_same_bytes(table: Path, undisturbed: bytes) -> None:
    assert main(["train", str(table), *OPTIONS, "-o", str(table.with_name("again.assay"))]) == 0
    assert table.with_name("again.assay").read_bytes() == undisturbed
    ledger = assay.load(table.with_name("again.assay")).ledger
    assert [t.learner for t in ledger] == ["constant", "linear", "boosting", *[t.learner for t in ledger[3:]]]
    assert len(ledger) == 4


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(table: Path, undisturbed: bytes, steps: int) -> None:
    out = table.with_name(f"killed{steps}.assay")
    command = [sys.executable, "-m", "assay", "train", str(table), *OPTIONS, "-o", str(out)]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = out.with_suffix(".run")
    end = time.monotonic() + 60
    while len(list(journal.glob("*.step.assay"))) < steps and run.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    kept = len(list(journal.glob("*.step.assay")))
    assert not out.exists()
    assert kept >= steps
    assert subprocess.run([*command, "--resume"], capture_output=True, check=False).returncode == 0
    assert out.read_bytes() == undisturbed
    assert not journal.exists()


def test_the_plan_says_what_is_counted(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(table), *OPTIONS]) == 0
    assert "3 candidates, however long they take" in capsys.readouterr().out
    assert main(["plan", str(table), *OPTIONS, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    plan = said.get("plan", said)
    assert (plan["trials"], plan["minutes"]) == (3, 0.0)


def test_minutes_and_trials_together_are_refused(table: Path) -> None:
    with pytest.raises(RequestError, match="both given"):
        assay.plan(table, "y", minutes=1, trials=3)
