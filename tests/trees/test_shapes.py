"""The tables of an additive forest say what the forest says."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from assay.kernel.errors import RequestError
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of
from assay.trees.shapes import terms

from .test_forest import OBJECTIVES, odd_rows, table


def additive(mode: str, groups: list[list[int]], **more: Any) -> tuple[Forest, np.ndarray]:
    rng = np.random.default_rng(0)
    values = table(rng, 600, 40, 0.1)
    signal = np.nan_to_num(values[:, 0] * values[:, 1]) + np.sin(np.nan_to_num(values[:, 2]) ** 2) + values[:, 3] ** 2
    signal = np.nan_to_num(signal)
    target = {"binary": signal > 1, "forest": signal > 1, "classes": np.digitize(signal, [0.5, 1.5])}.get(mode, signal)
    fixed = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 3, "min_data_per_group": 2, "cat_smooth": 1.0}
    data = lgb.Dataset(values, np.asarray(target, dtype=float), categorical_feature=[2])
    more = {"interaction_constraints": groups, "num_leaves": 7} | more
    return forest_of(lgb.train(OBJECTIVES[mode] | fixed | more, data, 20)), odd_rows(rng, values)


@pytest.mark.parametrize("mode", ["binary", "classes", "value", "forest"])
@pytest.mark.parametrize("zero_as_missing", [False, True])
def test_tables_of_single_columns_equal_the_forest(mode: str, zero_as_missing: bool) -> None:
    forest, values = additive(mode, [[0], [1], [2], [3], [4]], zero_as_missing=zero_as_missing)
    shapes = terms(forest)
    assert {len(term.features) for term in shapes.terms} == {1}
    np.testing.assert_allclose(shapes.predict(values), forest.predict(values), atol=1e-9)


@pytest.mark.parametrize("mode", ["classes", "value"])
def test_tables_of_pairs_equal_the_forest(mode: str) -> None:
    forest, values = additive(mode, [list(pair) for pair in combinations(range(5), 2)], zero_as_missing=mode == "value")
    shapes = terms(forest)
    assert {len(term.features) for term in shapes.terms} == {1, 2}
    np.testing.assert_allclose(shapes.predict(values), forest.predict(values), atol=1e-9)


def test_centred_tables_have_no_mean_and_the_same_sum() -> None:
    forest, values = additive("classes", [[0], [1, 2], [3], [4]])
    rows, weights = values[:600], np.random.default_rng(1).random(600)
    shapes = terms(forest)
    centred = shapes.centred(rows, weights)
    for term in centred.terms:
        np.testing.assert_allclose(np.average(term.pulls(rows), axis=0, weights=weights), 0, atol=1e-12)
    np.testing.assert_allclose(centred.predict(values), shapes.predict(values), atol=1e-9)


def test_a_path_of_three_columns_is_refused() -> None:
    forest, _ = additive("value", [[0, 1, 2, 3, 4]])
    with pytest.raises(RequestError, match="at most 2"):
        terms(forest)
