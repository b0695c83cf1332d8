"""Is it told that a number stands for missing cells, and of no honest number?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.planning.stand_ins import stand_ins

RNG = np.random.default_rng(0)
ROWS = 400


def among(values: Any, *those: tuple[float, int]) -> np.ndarray[Any, Any]:
    cells = np.asarray(values, dtype=np.float64).copy()
    place = 0
    for value, n in those:
        cells[place : place + n] = value
        place += n
    return cells


def told(cells: Any) -> list[tuple[float, int]]:
    return [(value, n) for value, n, _, _ in stand_ins(np.asarray(cells, dtype=np.float64))]


READINGS = RNG.uniform(0.4, 2, ROWS).round(2)
COUNTS = RNG.poisson(0.3, ROWS)


def test_the_plan_tells_value_cells_range_and_what_to_do() -> None:
    table = pd.DataFrame({"reading": among(READINGS, (-9999, 10)), "y": RNG.normal(size=ROWS).round(3)})
    found = [note for note in assay.plan(table, "y").notes if note.key == "note.stand_in"]
    (note,) = found
    assert "'reading': 10 cells hold -9999 (2.50 %), far from all others (0.4 to 2)" in note.text("en")
    assert "leave such cells empty" in note.text("en")
    assert "“reading”：10 个单元格（2.50 %）为 -9999，远离其余各值（0.4 至 2）" in note.text("zh")


def test_a_target_is_told_and_what_nothing_learns_from_is_not() -> None:
    table = pd.DataFrame({"x": among(READINGS, (-99, 10)), "y": among(READINGS[::-1], (-9999, 10))})
    plan = assay.plan(table.assign(z=READINGS), "y", drop=("x",))
    found = [note.values["name"] for note in plan.notes if note.key == "note.stand_in"]
    assert found == ["y"]


@pytest.mark.parametrize("value", [-1, -9, -99, -999, -9999, -99999, -32768, 99, 999, 9999, 99999, 999.9])
def test_numbers_of_custom_are_told(value: float) -> None:
    assert told(among(RNG.uniform(0, 0.5, ROWS).round(2), (value, 4))) == [(value, 4)]


def test_several_in_one_column_are_told_each() -> None:
    cells = among(RNG.normal(20, 4, ROWS).round(1), (-999, 5), (-9999, 9), (999, 3))
    assert told(cells) == [(-9999, 9), (-999, 5), (999, 3)]


def test_days_since_a_call_that_never_was_are_told_though_most_cells_hold_them() -> None:
    assert told(among(RNG.integers(0, 28, ROWS), (999, 380))) == [(999, 380)]


@pytest.mark.parametrize(
    "cells",
    [
        among(READINGS, (-9999, 1)),  # once
        among(np.tile(READINGS, 10), (-9999, 10)),  # a fourth of a percent
        among(READINGS, (-7777, 10)),  # by no custom
        among(RNG.integers(18, 91, ROWS), (99, 10)),  # an age
        among(RNG.integers(0, 1500, ROWS), (999, 10)),
        among(RNG.lognormal(2, 1, ROWS).round(), (99, 10)),
        among(RNG.integers(5, 300, ROWS), (999, 10)),  # a price
        among(RNG.integers(0, 41_311, ROWS), (99_999, 10)),  # gains, cut at the top
        among(RNG.normal(0, 0.2, ROWS), (-1, 10)),  # a correlation
        RNG.choice([-1, 0, 1], ROWS),
        RNG.choice([-1, 1], ROWS),
        RNG.choice([-1, 1, 2], ROWS),
        COUNTS,
        among(COUNTS * 0, (99, 10)),
        np.zeros(0),
        np.full(ROWS, -9999.0),
    ],
)
def test_honest_numbers_are_quiet(cells: Any) -> None:
    assert told(cells) == []


@pytest.mark.parametrize(
    "name", ["load_iris", "load_diabetes", "load_wine", "load_breast_cancer", "load_digits", "load_linnerud"]
)
def test_known_tables_are_quiet(name: str) -> None:
    import sklearn.datasets

    load: Callable[[], Any] = getattr(sklearn.datasets, name)
    found = load()
    for cells in [*np.asarray(found.data, dtype=np.float64).T, np.asarray(found.target, dtype=np.float64).T.ravel()]:
        assert told(cells) == []


def test_what_is_learnt_is_the_same() -> None:
    table = pd.DataFrame({"x": among(READINGS, (-9999, 10)), "y": RNG.normal(size=ROWS)})
    found = assay.plan(table, "y").column("x")
    assert (found.kind, found.missing, found.misfits) == ("number", 0, 0)


def days(*those: tuple[str, int]) -> pd.DataFrame:
    cells = np.datetime64("2024-01-01") + RNG.integers(0, 300, ROWS)
    place = 0
    for day, n in those:
        cells[place : place + n] = np.datetime64(day)
        place += n
    return pd.DataFrame({"left": cells.astype(str), "y": RNG.normal(size=ROWS).round(3)})


def test_days_that_stand_for_none_are_told() -> None:
    notes = [
        note
        for note in assay.plan(days(("9999-12-31", 40), ("1900-01-01", 8)), "y").notes
        if note.key == "note.stand_in_day"
    ]
    assert [(note.values["value"], note.values["n"]) for note in notes] == [("1900-01-01", 8), ("9999-12-31", 40)]
    assert "'left': 40 cells hold 9999-12-31 (10.0 %), years away from all others" in notes[1].text("en")
    assert "40 个单元格（10.0 %）为 9999-12-31" in notes[1].text("zh")


@pytest.mark.parametrize("day", ["2023-12-31", "1999-12-30"])
def test_a_day_that_is_no_custom_or_near_the_others_is_not_told(day: str) -> None:
    assert not [note for note in assay.plan(days((day, 20)), "y").notes if note.key == "note.stand_in_day"]
    clock = pd.DataFrame({"at": [f"{h % 24:02d}:30" for h in range(ROWS)], "y": RNG.normal(size=ROWS)})
    assert not [note for note in assay.plan(clock, "y").notes if note.key == "note.stand_in_day"]
