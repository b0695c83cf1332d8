"""Can a package of one's own bring a pretrained tabular model that lies in a local folder, as CONTRIBUTING.md tells?

The stand-in is as such models are: it has weights from a folder, learns nothing from the table, and is asked with the table's rows as its
context. It is found by its entry point, so each command is a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import assay

MODULE = '''
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from assay.kernel.plugins import About


@dataclass(frozen=True, kw_only=True)
class InContext:
    """A pretrained model that is asked with rows of the table as its context."""

    about: ClassVar[About] = About(
        key="incontext", takes=("vector",), gives=("classes",), keeps_rows=True,
        words={"en": {"title": "pretrained tabular model"}, "zh": {"title": "预训练表格模型"}},
    )

    def fit(self, train, tune, head, clock, rng):
        weights = np.load(Path(os.environ["PRETRAINED"]) / "weights.npy")
        return Asked(np.nan_to_num(train.vector.values), np.asarray(train.y, dtype=np.int64), weights, head)

    @staticmethod
    def load(box, head, features):
        rows = box.array("rows", np.float64, (None, len(features)))
        return Asked(rows, box.array("y", np.int64, (len(rows),)), box.array("weights", np.float64, (1,)), head)


@dataclass(frozen=True, eq=False)
class Asked:
    rows: Any
    y: Any
    weights: Any
    head: Any

    def scores(self, asked):
        apart = ((asked[:, None] - self.rows) ** 2).mean(axis=2)
        seen = np.exp(-apart / self.weights[0]) + 1e-6
        each = np.log(np.stack([(seen * (self.y == k)).sum(axis=1) + 1e-3 for k in range(self.head.classes_)], axis=1))
        return each[:, 1:] - each[:, :1] if self.head.width == 1 else each

    def predict(self, batch):
        return self.scores(np.nan_to_num(batch.vector.values))

    def contributions(self, batch):
        own = np.nan_to_num(batch.vector.values)
        now = np.tile(self.rows.mean(axis=0), (len(own), 1))
        steps = [self.scores(now)]
        for feature in range(own.shape[1]):
            now[:, feature] = own[:, feature]
            steps.append(self.scores(now))
        return np.stack([*np.diff(steps, axis=0), steps[0]], axis=1)

    def dump(self, box):
        for name in ("rows", "y", "weights"):
            box.put_array(name, np.asarray(getattr(self, name)))

    def about(self):
        return {"rows": len(self.y)}
'''
POINTS = "[assay.learners]\nincontext = outside_in_context:InContext\n"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that is installed, its weights, and a table."""
    folder = tmp_path_factory.mktemp("outside")
    told = folder / "site" / "outside_in_context-0.1.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-in-context\nVersion: 0.1\n", encoding="utf-8")
    (told / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    (folder / "site" / "outside_in_context.py").write_text(MODULE, encoding="utf-8")
    (folder / "weights").mkdir()
    np.save(folder / "weights" / "weights.npy", np.array([0.2]))
    x = np.random.default_rng(0).normal(size=(160, 2))
    lines = [f"{a:.4f},{b:.4f},{'in' if a**2 + b**2 < 1.4 else 'out'}" for a, b in x]
    (folder / "rings.csv").write_text("\n".join(["a,b,y", *lines]) + "\n", encoding="utf-8")
    return folder


def told(
    room: Path, *command: str, weights: str = "weights", installed: bool = True, site: str = "site"
) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(assay.__file__).parents[1]), *([str(room / site)] if installed else [])]
    there = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PRETRAINED": str(room / weights), "LANG": "C.UTF-8"}
    ran = [sys.executable, "-m", "assay", *command]
    return subprocess.run(ran, cwd=room, env=there, capture_output=True, text=True, encoding="utf-8", check=False)


def test_it_is_trained_kept_and_asked_again(room: Path) -> None:
    wanted = ("rings.csv", "--target", "y", "--folds", "3", "--membership", "none")
    ran = told(room, "train", *wanted, "--learner", "incontext", "--trials", "1", "-o", "rings.assay")
    assert ran.returncode == 0, ran.stderr
    assert "holds rows of this table" in ran.stdout
    for asked in (
        ("predict", "rings.assay", "rings.csv", "-o", "scored.csv"),
        ("explain", "rings.assay", "rings.csv", "--row", "3"),
    ):
        assert told(room, *asked).returncode == 0
    scored = (room / "scored.csv").read_text(encoding="utf-8").splitlines()[1:]
    truth = [line.rsplit(",", 1)[1] for line in (room / "rings.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert np.mean([line.split(",")[0] == true for line, true in zip(scored, truth, strict=True)]) > 0.9
    lacking = told(room, "predict", "rings.assay", "rings.csv", installed=False)
    assert lacking.returncode == 2
    assert "a learner 'incontext' that is not installed here" in lacking.stderr
    shutil.copytree(room / "site", room / "broken")
    with (room / "broken" / "outside_in_context.py").open("a", encoding="utf-8") as module:
        module.write(
            "\ndef gone(*_):\n    raise FileNotFoundError('no weights')\n\nInContext.load = staticmethod(gone)\n"
        )
    broken = told(room, "predict", "rings.assay", "rings.csv", site="broken")
    assert broken.returncode == 2
    assert "'incontext', which another package brings, cannot open what it left in the file" in broken.stderr
    assert "FileNotFoundError: no weights" in broken.stderr


def test_what_keeps_rows_is_tried_only_where_it_is_named(room: Path) -> None:
    wanted = ("plan", "rings.csv", "--target", "y")
    assert "incontext" not in told(room, *wanted).stdout
    named = told(room, *wanted, "--also", "incontext").stdout
    assert "incontext" in named[named.index("Tried in order") :].replace("\n", " ").split()


def test_a_folder_that_is_not_there_is_told(room: Path) -> None:
    ran = told(
        room,
        "train",
        "rings.csv",
        "--target",
        "y",
        "--learner",
        "incontext",
        "--trials",
        "1",
        "-o",
        "no.assay",
        weights="none",
    )
    assert ran.returncode == 2
    assert "incontext: failed" in ran.stderr
    assert not (room / "no.assay").exists()
