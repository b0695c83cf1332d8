"""Are the pulls of a model that is known by its answers alone those that they should be?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.foreign.answers import Wanted
from assay.foreign.function import Function
from assay.foreign.view import View
from assay.foreign.written import Written
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.plugins import modality_of

NAMES = ("a", "b", "c")


def world(rows: int = 40, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    numbers = [Column.of_numbers(name, rng.normal(size=rows), kind="number") for name in NAMES[:2]]
    return Dataset((*numbers, Column.of_words("c", rng.choice(["x", "y"], rows).tolist(), kind="category")))


def view(call: Callable[[list[dict[str, Any]]], Any], data: Dataset, per_row: float = 1e-9) -> View:
    wanted = Wanted(Head.value(), (), 1)
    usual = data.take(np.arange(8))
    return View(Function(call, "f"), Written.of(data, data, NAMES), wanted, usual, Clock.start(60), per_row, 0)


def test_pulls_of_a_sum_are_its_terms_less_their_usual_means() -> None:
    data = world()
    made = view(lambda rows: [2 * r["a"] - r["b"] + 5 * (r["c"] == "x") for r in rows], data)
    found = made.contributions(data)[:, :, 0]
    a, b = data["a"].cells, data["b"].cells
    x = (data["c"].texts() == "x").astype(float)
    wanted = np.column_stack([2 * (a - a[:8].mean()), -(b - b[:8].mean()), 5 * (x - x[:8].mean())])
    assert np.abs(found[:, :3] - wanted).max() < 1e-12
    assert np.ptp(found[:, 3]) < 1e-12  # the base is the same for all


def test_pulls_of_what_columns_say_together_add_up_and_are_shared_evenly() -> None:
    data = world()
    made = view(lambda rows: [r["a"] * r["b"] for r in rows], data)
    found = made.contributions(data)[:, :, 0]
    assert np.abs(found.sum(axis=1) - made.scores(data)[:, 0]).max() < 1e-12
    assert np.abs(found[:, 2]).max() == 0.0  # the third is never looked at
    # Of an order and its reverse, against one usual row z, the mean pull of a is (a - z)(b + z')/2.
    a, b = data["a"].cells, data["b"].cells
    wanted = np.mean([(a - za) * (b + zb) / 2 for za, zb in zip(a[:8], b[:8], strict=True)], axis=0)
    assert np.abs(found[:, 0] - wanted).max() < 1e-12


def test_a_model_too_slow_for_pulls_says_so() -> None:
    data = world()
    with pytest.raises(DoesNotApply, match="would take"):
        view(lambda rows: [0.0] * len(rows), data, per_row=1.0).contributions(data)


def test_rows_put_together_that_break_it_are_an_answer_and_no_crash() -> None:
    data = world()
    made = view(lambda rows: [1.0 if r["a"] == data["a"].cells[0] else 1 / 0 for r in rows], data.take(np.arange(8)))
    with pytest.raises(DoesNotApply, match="gives no answer"):
        made.contributions(data.take(np.asarray([0])))


def test_cells_are_written_as_the_table_writes_them() -> None:
    raw = Dataset((Column.of_words("f", ["Yes", "No", None]), Column.of_numbers("n", [1.0, 2.0, np.nan])))
    kinds = {"f": "flag", "n": "category"}
    opened = Dataset(
        tuple(replace(modality_of(kind).open(raw[name]).column, kind=kind) for name, kind in kinds.items())
    )
    there = Written.of(raw, opened, ("f", "n"))(opened)
    assert there["f"].texts().tolist() == ["Yes", "No", None]
    assert there["n"].store == "numbers"
    assert there["n"].cells[:2].tolist() == [1.0, 2.0]
    assert np.isnan(there["n"].cells[2])
