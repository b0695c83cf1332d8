"""Does the plan tell what an answer takes where that is asked for, and nothing where it is not?"""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.kernel.data import Column, Dataset
from assay.kernel.plan import Plan
from assay.kernel.words import Say
from assay.planning.durations import seconds


def table(rows: int = 900, classes: int = 2) -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3))
    kind = np.where(rng.uniform(size=rows) < 0.01, classes, rng.integers(0, classes, rows))  # one class is rare
    columns = [Column.of_numbers(f"x{k}", x[:, k] + kind * (k == 0)) for k in range(3)]
    return Dataset((*columns, Column.of_words("y", [f"c{k}" for k in kind])))


def foreseen(plan: Plan) -> list[Say]:
    return [note for note in plan.notes if isinstance(note, Say) and note.key.startswith("note.foreseen")]


def test_plan_tells_what_answers_take_the_quickest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.foreseeing.SECONDS", 120.0)  # whatever else the machine does
    (note,) = foreseen(assay.plan(table(), "y", latency="1ms", learners=("constant", "linear", "boosting"), minutes=1))
    told = note.values["told"]
    assert {one.values["name"].split()[0] for one in told} >= {"linear", "boosting"}
    alone = [seconds(one.values["alone"]) for one in told]
    assert all(0 < each < 1 for each in alone)
    assert alone == sorted(alone)
    assert all(0 < seconds(one.values["row"]) < 1 for one in told)
    assert 400 <= note.values["rows"] < 420  # four of the rarest class at the least
    assert "linear" in note.text("zh")
    assert "of all rows are larger" in note.text()


def test_nothing_is_measured_where_no_time_is_asked_for() -> None:
    assert foreseen(assay.plan(table(), "y", minutes=1)) == []


def test_plan_stands_where_nothing_could_be_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.foreseeing.SECONDS", 0.0)
    (note,) = foreseen(assay.plan(table(), "y", latency="1ms", learners=("perceptron",), minutes=1))
    assert note.key == "note.foreseen_none"
    assert "could not be measured" in note.text()
