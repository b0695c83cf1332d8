"""Where trials are counted, are two runs the same bytes, killed and resumed ones too?"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import RequestError
from assay.store.journal import STEP

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


# The run puts an end to itself, so that the moment is exact however busy the machine is: a watcher may come too late.
KILLED = """
import os, signal, sys
from assay.cli.main import main
from assay.store.journal import Journal
moment, steps = sys.argv.pop(1), int(sys.argv.pop(1))
put, replace, kept = Journal.put, os.replace, 0
def end(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def counted(journal, step, box):
    global kept
    if kept >= steps and moment == "while":
        os.replace = end
    put(journal, step, box)
    kept += 1
    if kept >= steps and moment == "after":
        end()
Journal.put = counted
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("moment", "steps"), [("after", 1), ("while", 4), ("after", 8)])
def test_a_killed_run_goes_on_and_gives_the_same_bytes(
    table: Path, undisturbed: bytes, moment: str, steps: int
) -> None:
    """Killed after so many steps, or while the file of the one after them is written."""
    out = table.with_name(f"killed_{moment}_{steps}.assay")
    asked = ["train", str(table), *OPTIONS, "-o", str(out)]
    line = [sys.executable, "-c", KILLED, moment, str(steps), *asked]
    killed = subprocess.run(line, capture_output=True, check=False)
    journal = out.with_suffix(".run")
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not out.exists()
    assert len(list(journal.glob(f"*{STEP}"))) >= steps  # folds run side by side
    assert moment == "after" or any(journal.glob("*.tmp"))
    again = subprocess.run([sys.executable, "-m", "assay", *asked, "--resume"], capture_output=True, check=False)
    assert again.returncode == 0, again.stderr.decode()
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
