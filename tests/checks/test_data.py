"""Does the data check see what is missing, said twice, or drifting?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from assay.checks._shape import LOOKED_AT, same
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply

from .worlds import ask, logit_world, names, numbers, options, world


def test_clean_tables_raise_an_alarm_at_most_as_often_as_stated() -> None:
    alarms = 0
    for seed in range(40):
        columns, y, z, rng = logit_world(600, seed)
        columns += [numbers(f"n{i}", rng.normal(size=600)) for i in range(6)]
        alarms += ask("data", world(columns, y, z, seed=seed)).verdict != "pass"
    assert alarms <= binom.ppf(0.999, 40, 0.01)


def test_a_planted_year_of_drift_is_found_and_drawn() -> None:
    columns, y, z, rng = logit_world(900)
    late = np.arange(900) >= 600
    columns.append(numbers("pressure", rng.normal(size=900) + 1.0 * late))
    finding = ask("data", world(columns, y, z))
    assert finding.verdict == "watch"
    assert "pressure" in finding.say.text()
    assert finding.measure("drifting_columns").value == 1
    series = next(f for f in finding.figures if f.kind == "lines").data["series"][0]
    assert len(series["y"]) == 20
    assert np.mean(series["y"][14:]) > np.mean(series["y"][:13]) + 0.15


def test_a_drifting_target_and_a_drifting_name_are_found() -> None:
    rng = np.random.default_rng(0)
    day = np.datetime64("2020-01-01", "us") + np.arange(900) * np.timedelta64(1, "D")
    town = np.where(rng.random(900) < np.linspace(0.1, 0.9, 900), "new", "old")
    y = rng.normal(size=900) + np.linspace(0, 2, 900)
    columns = [Column(name="day", cells=day, kind="date"), names("town", town)]
    finding = ask("data", world(columns, y, y, "value"))
    assert any("target itself" in note.text() for note in (finding.say, *finding.notes))
    assert "town" in finding.say.text()
    assert "--time day" in options(finding)


def test_a_file_sorted_by_a_name_is_told_and_does_not_count_as_drift() -> None:
    columns, y, z, rng = logit_world(600)
    rows = np.argsort(columns[3].cells, kind="stable")
    hot = (columns[3].cells[rows] == 0) * 3.0
    sorted_ = [c.take(rows) for c in columns] + [numbers("heat", hot + rng.normal(size=600))]
    finding = ask("data", world(sorted_, y[rows], z[rows]))
    assert finding.verdict == "pass"
    assert any("sorted by town" in note.text() for note in finding.notes)


def test_columns_that_say_the_same_are_found_under_any_names() -> None:
    columns, y, z, _ = logit_world()
    columns.append(numbers("town code", 10.0 - columns[3].cells))
    columns.append(numbers("x0 in inches", columns[0].cells / 2.54))
    finding = ask("data", world(columns, y, z))
    assert finding.verdict == "watch"
    assert options(finding) == {"--drop 'town code'", "--drop 'x0 in inches'"}


def test_columns_that_differ_in_one_row_are_not_the_same() -> None:
    columns, y, z, _ = logit_world()
    cells = columns[0].cells.copy()
    cells[3] = -cells[3]
    assert ask("data", world([*columns, numbers("x0 again", cells)], y, z)).verdict == "pass"


def test_of_long_tables_columns_are_the_same_only_on_every_row() -> None:
    rng = np.random.default_rng(0)
    n = LOOKED_AT * 3
    town, heat = rng.integers(40, size=n), rng.normal(size=n)
    renamed, moved = (7 * town + 3) % 40, heat.copy()
    moved[1] = -moved[1]  # a row that is not among those that are looked at first
    columns = {"town": town, "heat": heat, "renamed": renamed, "moved": moved, "risen": np.exp(heat)}
    data = Dataset(tuple(numbers(name, cells.astype(float)) for name, cells in columns.items()))
    assert same(data, list(columns)) == [("town", "renamed"), ("heat", "risen")]


def test_names_that_differ_in_every_row_say_the_same_only_where_they_are_the_same() -> None:
    columns, y, z, _ = logit_world()
    order = Column.of_words("file", [f"file {i}" for i in range(len(y))])
    rising = numbers("second", np.arange(len(y)) * 1.5)
    other = Column.of_words("note", [f"note {i * 7 % 1000}" for i in range(len(y))])
    again = Column.of_words("copy", [f"file {i}" for i in range(len(y))])
    data = Dataset((*columns, order, rising, other, again))
    assert same(data, ["file", "second", "note", "copy"]) == [("file", "copy")]


def test_missing_cells_are_told_and_drawn_and_tied_to_the_target() -> None:
    columns, y, z, rng = logit_world(800)
    gone = np.where(y == "yes", 0.9, 0.3) > rng.random(800)
    columns[2] = numbers("x2", np.where(gone, np.nan, columns[2].cells))
    finding = ask("data", world(columns, y, z))
    assert finding.verdict == "watch"
    assert "'x2' is missing" in finding.say.text()
    assert any("goes with y" in note.text() for note in finding.notes)
    bars = next(f for f in finding.figures if f.kind == "bars")
    assert bars.data["labels"] == ["x2"]
    assert bars.data["values"] == [pytest.approx(gone.mean())]


def test_misfits_and_columns_of_nearly_one_value_are_told() -> None:
    columns, y, z, _ = logit_world(1000)
    columns.append(numbers("rare", np.arange(1000) == 500, kind="flag"))
    columns.append(numbers("none", np.ones(1000), "dropped"))
    evidence = world(columns, y, z)
    plans = tuple(replace(c, misfits=40, examples=("n/a", "?")) if c.name == "x1" else c for c in evidence.plan.columns)
    finding = ask("data", replace(evidence, plan=replace(evidence.plan, columns=plans)))
    said = " ".join(note.text() for note in (finding.say, *finding.notes))
    assert finding.verdict == "watch"
    assert "40 cells of 'x1' (4.00 %)" in said
    assert "n/a, ?" in said
    assert "'rare' has one value" in said
    assert "none had one value" in said


def test_new_rows_are_held_against_what_the_plan_knows() -> None:
    columns, y, z, rng = logit_world(600)
    evidence = world(columns, y, z, rows="audit")
    same = ask("data", evidence)
    assert same.verdict == "pass"
    assert any("not kept" in note.text() for note in same.notes)
    gone = rng.random(600) < 0.3
    holes = replace(columns[0], cells=np.where(gone, np.nan, columns[0].cells))
    table = evidence.raw.having(holes)
    moved = replace(evidence, raw=table, data=table, constant=np.full((600, 1), 3.0))
    finding = ask("data", moved)
    assert finding.verdict == "watch"
    said = " ".join(note.text() for note in (finding.say, *finding.notes))
    assert "'x0' is missing" in said
    assert "in training it was" in said
    assert "is the answer of" in said


def test_it_says_why_when_rows_are_few() -> None:
    columns, y, z, _ = logit_world(15)
    with pytest.raises(DoesNotApply) as few:
        ask("data", world(columns, y, z))
    assert "only 15 rows" in few.value.say.text()  # type: ignore[attr-defined]
