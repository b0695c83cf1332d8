"""Are pulls Shapley values, by their definition: the mean over all orders of what a column changes?

The value of a set of columns in a tree is the mean over its leaves, where a question about a column outside of the set is answered by the
share of training rows on either side (path-dependent TreeSHAP; Lundberg, Erion & Lee 2018). Here every set is asked one by one.
"""

from __future__ import annotations

import itertools
from math import factorial
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.threads import at_most
from assay.learners.boosting import Boosting
from assay.learners.catboost import CatBoost
from assay.learners.xgboost import XGBoost
from assay.trees.forest import Forest

D = 4


def world(head: Head) -> Batch:
    """Numbers with holes."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, D)).astype(np.float32).astype(np.float64)
    signal = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + rng.normal(size=500) / 2
    x[rng.random(x.shape) < 0.1] = np.nan
    y = (signal > 0.5).astype(np.int64) if head.classes_ else signal
    return Batch({"vector": Vector(x, tuple(Feature(f"x{j}", f"x{j}") for j in range(D)))}, y)


def value(forest: Forest, tree: int, row: np.ndarray, known: frozenset[int]) -> float:
    """What a tree is worth to a row of which some columns are known."""
    first, start = int(forest.node_offsets[tree]), int(forest.leaf_offsets[tree])
    stop = int(forest.leaf_offsets[tree + 1])
    if stop - start == 1:
        return float(forest.leaf_value[start])

    def below(node: int) -> tuple[float, float]:
        """(worth, training rows)"""
        if node < 0:
            return float(forest.leaf_value[~node]), float(forest.leaf_count[~node])
        (a, n), (b, m) = below(int(forest.walker.left[node])), below(int(forest.walker.right[node]))
        j = int(forest.feature[node])
        if j not in known:
            return (n * a + m * b) / (n + m), n + m
        gone = bool(forest.decision[node] & 2)
        left = gone if np.isnan(row[j]) else row[j] <= forest.threshold[node]
        return (a if left else b), n + m

    return below(first)[0]


def shapley(forest: Forest, row: np.ndarray) -> np.ndarray:
    """Pulls [D + 1] by asking every set of columns."""
    sets = [frozenset(s) for k in range(D + 1) for s in itertools.combinations(range(D), k)]
    worth = {s: sum(value(forest, tree, row, s) for tree in range(forest.trees)) for s in sets}
    out = np.zeros(D + 1)
    for j in range(D):
        for s in sets:
            if j not in s:
                weight = factorial(len(s)) * factorial(D - len(s) - 1) / factorial(D)
                out[j] += weight * (worth[s | {j}] - worth[s])
    out[D] = worth[frozenset()] + float(forest.base[0])
    return out


@pytest.mark.parametrize("head", [Head.value(), Head.classes(2)], ids=["value", "two"])
@pytest.mark.parametrize(
    ("package", "learner"),
    [
        ("lightgbm", Boosting(rounds=12, patience=12)),
        ("xgboost", XGBoost(rounds=12, patience=12)),
        ("catboost", CatBoost(rounds=12, patience=12)),
    ],
)
def test_pulls_are_shapley_values_of_the_trees(package: str, learner: Any, head: Head) -> None:
    pytest.importorskip(package)
    rows = world(head)
    with at_most(1):
        args = rows.take(np.arange(380)), rows.take(np.arange(380, 480)), head
        fitted = learner.fit(*args, Clock.start(), np.random.default_rng(0))
        asked = rows.take(np.arange(480, 492))
        told = fitted.contributions(asked)[:, :, 0]
    assert fitted.forest.trees > 5
    expected = np.asarray([shapley(fitted.forest, row) for row in asked.vector.values])
    np.testing.assert_allclose(told, expected, atol=1e-6)
    assert np.abs(expected[:, :D]).max() > 0.05
