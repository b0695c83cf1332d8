"""Are pairs that act together found, and is an additive world quiet, whatever the model made of its noise?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from assay.checks.interactions import ALARM, Interactions
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Codec, Evidence

from .evidence_b import at_most, evidence, model, speaks

FOLDS = 4


@dataclass(frozen=True, eq=False)
class Products:
    """Least squares on columns and all their products, which learns joint parts of noise; one fit a fold."""

    weights: np.ndarray  # [folds, features]
    parts = ("a", "b", "c")
    folds = FOLDS

    def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
        of = np.arange(data.rows) % FOLDS if folds is None else folds
        return (features(data) * self.weights[of]).sum(axis=1)[:, None]

    def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
        whole = self.scores(data, folds) / 3
        return np.stack([whole, whole, whole, np.zeros_like(whole)], axis=1)


def features(data: Dataset) -> np.ndarray:
    x = np.column_stack([data[name].cells for name in "abc"])
    return np.column_stack([np.ones(len(x)), x, x[:, 0] * x[:, 1], x[:, 0] * x[:, 2], x[:, 1] * x[:, 2]])


def world(seed: int, together: float, n: int = 300, weights: Any = (1.0, 1.0, 0.5), **more: Any) -> Evidence:
    """Columns that go together; `together` is the weight of a × b."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[:, 1] = 0.5 * x[:, 0] + 0.9 * x[:, 1]
    y = x @ np.asarray(weights) + together * x[:, 0] * x[:, 1] + rng.normal(size=n)
    data = Dataset(tuple(Column.of_numbers(name, x[:, j], kind="number") for j, name in enumerate("abc")))
    fold = rng.permutation(n) % FOLDS
    design = features(data)
    fits = [np.linalg.lstsq(design[fold != k], y[fold != k], rcond=None)[0] for k in range(FOLDS)]
    given = evidence(n=n, labels=(), weights=(1.0,), seed=seed)
    told = Products(np.asarray(fits))
    return replace(given, data=data, raw=data, y=y, folds=fold, model=told, codec=Codec(), **more)


def test_rounding_is_not_taken_for_acting_together() -> None:
    given = world(0, 0.0)
    told = given.model
    assert isinstance(told, Products)
    weights = told.weights.copy()
    weights[:, 4:] = 1e-15 * np.sign(weights[:, 4:] + given.y[:4, None])  # what additions leave behind
    y = features(given.data)[:, 4] * 1e3  # and a target that it happens to go with
    found = Interactions().run(replace(given, model=Products(weights), y=y))
    assert all(m.value == 1.0 for m in found.measures if m.name.startswith("p_value"))
    assert found.verdict == "info"
    assert not [figure for figure in found.figures if figure.kind == "matrix"]


def test_an_additive_world_is_quiet_though_the_model_learnt_pairs() -> None:
    trials = 60
    named = [Interactions().run(world(seed, 0.0)).say.key == "found" for seed in range(trials)]
    assert sum(named) <= at_most(ALARM, trials)


def test_a_pair_that_acts_together_is_named_and_no_other() -> None:
    found = Interactions().run(world(1, 1.0, n=500))
    assert found.say.key == "found"
    assert [said.values for said in found.say.values["names"]] == [{"a": "a", "b": "b"}]
    share = found.measure("jointly: a × b")
    assert share.low is not None
    assert share.low > 0.1
    assert found.figures[1].kind == "matrix"
    speaks(found)


def test_exclusive_or_is_found_and_its_joint_part_is_all_there_is() -> None:
    rng = np.random.default_rng(0)
    n = 600
    x = rng.integers(2, size=(n, 3)).astype(float)

    @dataclass(frozen=True)
    class Xor:
        parts = ("a", "b", "c")
        folds = 3

        def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
            return np.where(data["a"].cells != data["b"].cells, 2.0, -2.0)[:, None]

        def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
            whole = self.scores(data) / 2
            return np.stack([whole, whole, 0 * whole + 0.01, np.full_like(whole, -0.01)], axis=1)

    data = Dataset(tuple(Column.of_numbers(name, x[:, j], kind="number") for j, name in enumerate("abc")))
    y = (rng.random(n) < 1 / (1 + np.exp(-Xor().scores(data)[:, 0]))).astype(int)
    found = Interactions().run(replace(evidence(n=n, weights=(1.0,)), data=data, model=Xor(), y=y))
    assert [said.values for said in found.say.values["names"]] == [{"a": "a", "b": "b"}]
    assert found.figures[1].data["values"][0][0] < 0 < found.figures[1].data["values"][0][1]
    assert found.measure("jointly: a × b").value > 0.5
    speaks(found)


def test_a_sum_has_no_joint_part_at_all() -> None:
    found = Interactions().run(evidence(n=300))
    assert found.say.key == "none"
    assert max(found.figures[0].data["values"]) < 1e-12
    speaks(found)


def test_several_classes_and_names_are_asked_alike() -> None:
    given = evidence(n=300, labels=("a", "b", "c"), weights=((1.0, 0.0, -1.0), (0.5, -0.5, 0.0)))
    assert Interactions().run(given).say.key == "none"


def test_few_rows_one_column_and_no_time_are_reasons() -> None:
    with pytest.raises(DoesNotApply, match="too few rows"):
        Interactions().run(evidence(n=100))
    with pytest.raises(DoesNotApply, match="nothing to pair"):
        Interactions().run(evidence(n=300, weights=(1.0,)))
    now = [0.0]
    slow = model(1.0, 1.0, seconds=5.0, tick=lambda seconds: now.__setitem__(0, now[0] + seconds))
    with pytest.raises(DoesNotApply, match="too slow"):
        Interactions().run(evidence(n=300, model_=slow, clock=Clock.start(60.0, now=lambda: now[0])))
