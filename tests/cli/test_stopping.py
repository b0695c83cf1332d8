"""What becomes of a run that is killed or interrupted, in a process of its own?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.cli.show import word
from assay.kernel.forms import PLAIN
from assay.kernel.shelf import shelf
from assay.kernel.words import Say
from assay.model import Model
from assay.store.journal import STEP

pytestmark = pytest.mark.slow

# A budget that nothing comes near, so that no clock has a say in the answers.
PLENTY = ("--target", "y", "--minutes", "60", "--folds", "3", "--learner", "linear", "--learner", "boosting")
# Ctrl-C reaches a command in the foreground; tests may run in the background, where it is ignored from the start.
FOREGROUND = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
FOREGROUND += "from assay.cli.main import main; sys.exit(main())"
PATIENCE = 120.0  # seconds to wait for a sign of life
ROWS = 300


class Run:
    """`assay train` in a process of its own, in a folder with `rows.csv`; it writes `name.assay`."""

    def __init__(self, folder: Path, name: str, *more: str, options: tuple[str, ...] = PLENTY) -> None:
        self.folder, self.model, self.report = folder, folder / f"{name}.assay", folder / f"{name}.html"
        self.journal = folder / f"{name}.run"
        self.said, self.told = folder / f"{name}.out", folder / f"{name}.err"
        line = [sys.executable, "-c", FOREGROUND, "train", "rows.csv", *options, "-o", self.model.name, *more]
        with self.said.open("wb") as out, self.told.open("wb") as err:
            self.process = subprocess.Popen(line, cwd=folder, stdout=out, stderr=err)

    def until(self, sign: Callable[[], bool]) -> Run:
        """Wait for a sign while the run goes on."""
        end = time.monotonic() + PATIENCE
        while not sign():
            assert self.process.poll() is None, f"ended too early: {self.errors}"
            assert time.monotonic() < end, f"no sign: {self.errors}"
            time.sleep(0.01)
        return self

    def until_told(self, text: str) -> Run:
        """Wait until the progress on standard error has a text."""
        return self.until(lambda: text in self.errors)

    def until_steps(self, count: int) -> Run:
        """Wait until so many steps are finished."""
        return self.until(lambda: sum(1 for _ in self.journal.glob(f"*{STEP}")) >= count)

    def stop(self, how: signal.Signals) -> Run:
        """Send a signal to this very process."""
        self.process.send_signal(how)
        return self

    def code(self) -> int:
        """The exit code, once the process is gone."""
        return self.process.wait(PATIENCE)

    @property
    def errors(self) -> str:
        """Standard error so far."""
        return self.told.read_text(encoding="utf-8")


def written(folder: Path, rows: int) -> Path:
    """A folder with `rows.csv`, in which pairs of columns count."""
    rng = np.random.default_rng(7)
    x, town = rng.normal(size=(rows, 4)), rng.choice(["a", "b", "c"], size=rows)
    y = np.where(x[:, 0] * x[:, 1] + x[:, 2] + (town == "a") + rng.normal(size=rows) > 0, "yes", "no")
    lines = [",".join([*(f"{v:.4f}" for v in r), t, a]) for r, t, a in zip(x, town, y, strict=True)]
    (folder / "rows.csv").write_text("\n".join(["a,b,c,d,town,y", *lines]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table."""
    return written(tmp_path_factory.mktemp("stopping"), ROWS)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Model:
    """The model of a run that nothing disturbed."""
    run = Run(folder, "whole")
    assert run.code() == 0
    return assay.load(run.model)


def bits(model: Model, folder: Path) -> bytes:
    return model.ensemble.scores(model._opened(assay.read(folder / "rows.csv"))).tobytes()


def test_a_killed_run_that_is_gone_on_with_gives_the_bits_of_an_undisturbed_one(folder: Path, whole: Model) -> None:
    run = Run(folder, "killed").until_steps(5).stop(signal.SIGKILL)
    assert run.code() == -signal.SIGKILL
    assert not run.model.exists()
    again = Run(folder, "killed", "--resume")
    assert again.code() == 0
    assert "this run goes on from there" in again.errors
    model = assay.load(again.model)
    resumed = [t.name for t in model.ledger if t.resumed]
    assert "linear" in resumed
    assert len(resumed) < len([t for t in model.ledger if t.status == "done"])
    assert bits(model, folder) == bits(whole, folder)
    assert [(t.name, t.loss, t.weight) for t in model.ledger] == [(t.name, t.loss, t.weight) for t in whole.ledger]
    assert not again.journal.exists()


def test_a_killed_run_does_not_stand_in_the_way_of_another(folder: Path) -> None:
    run = Run(folder, "other").until_steps(1).stop(signal.SIGKILL)
    run.code()
    assert run.journal.exists()
    again = Run(folder, "other", options=("--target", "y", "--minutes", "0.05", "--learner", "linear"))
    assert again.code() == 0
    assert "--resume would have gone on from there" in again.errors
    assert not any(t.resumed for t in assay.load(again.model).ledger)


def test_a_wish_that_cannot_be_met_leaves_the_steps_of_a_killed_run_alone(folder: Path) -> None:
    run = Run(folder, "kept").until_steps(1).stop(signal.SIGKILL)
    run.code()
    steps = sorted(run.journal.iterdir())
    assert Run(folder, "kept", options=("--target", "nonsense")).code() == 2
    assert sorted(run.journal.iterdir()) == steps


def test_what_else_stands_in_the_folder_of_the_steps_is_not_touched(folder: Path) -> None:
    mine = folder / "mine.run" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("precious", encoding="utf-8")
    quick = ["--target", "y", "--minutes", "0.05", "--learner", "linear"]
    assert main(["train", str(folder / "rows.csv"), *quick, "-o", str(folder / "mine.assay")]) == 0
    assert [p.name for p in mine.parent.iterdir()] == ["notes.txt"]


def test_ctrl_c_ships_the_best_so_far_and_says_so(folder: Path) -> None:
    run = Run(folder, "stopped").until_told("boosting crafted").stop(signal.SIGINT)
    assert run.code() == 0, run.errors
    model = assay.load(run.model)
    status = {t.name: (t.status, t.error) for t in model.ledger}
    assert status["linear"] == status["boosting random"] == ("done", "")
    assert ("skipped", Say("search", "interrupted")) in status.values()
    assert model.card["interrupted"]
    assert word("interrupted", "en") in run.said.read_text(encoding="utf-8")
    assert Say("report", "interrupted").text("en") in run.report.read_text(encoding="utf-8")
    assert len(model.predict(folder / "rows.csv")) == ROWS
    assert not run.journal.exists()


def test_ctrl_c_before_anything_is_finished_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    options = ("--target", "y", "--minutes", "60", "--folds", "2", "--learner", "boosting")
    run = Run(written(tmp_path, 20_000), "early", options=options).until_told("boosting").stop(signal.SIGINT)
    assert run.code() == 2
    assert "before any candidate was finished" in run.errors
    assert "Traceback" not in run.errors
    assert not run.model.exists()
    assert not run.report.exists()


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_ctrl_c_twice_ends_without_a_torn_file(seconds: float, folder: Path) -> None:
    """The second may come before or after the best so far is shipped: either is whole."""
    run = Run(folder, f"twice{seconds}").until_told("boosting crafted").stop(signal.SIGINT)
    time.sleep(seconds)
    assert run.stop(signal.SIGINT).code() in (0, 2), run.errors
    assert "Traceback" not in run.errors
    assert "our fault" not in run.errors
    assert run.model.exists() == (run.code() == 0)
    if run.code() == 0:
        assert len(assay.load(run.model).predict(folder / "rows.csv")) == ROWS
    else:
        assert "--resume" in run.errors
        assert any(run.journal.glob(f"*{STEP}"))


def test_ctrl_c_during_the_checks_ships_the_model_and_the_other_findings(folder: Path, whole: Model) -> None:
    run = Run(folder, "checked").until_told("checking").stop(signal.SIGINT)
    assert run.code() == 0, run.errors
    model = assay.load(run.model)
    assert bits(model, folder) == bits(whole, folder)
    ready = [plugin for plugin in shelf("checks").ready() if not plugin.about.of_private]
    put = [plugin for plugin in ready if set(plugin.about.takes or PLAIN) & set(PLAIN)]
    assert [f.check for f in model.findings] == [plugin.about.key for plugin in put]
    assert run.report.exists()
