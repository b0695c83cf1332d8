"""A forest says what LightGBM says, to the bit, by both roads."""

from __future__ import annotations

import sys
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.kernel.box import Box
from assay.kernel.errors import RequestError
from assay.kernel.threads import at_most
from assay.trees.forest import WALK_PAIRS, Forest, _Cold
from assay.trees.from_lightgbm import forest_of
from assay.trees.order import in_order
from assay.trees.render import text_of

OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary"},
    "classes": {"objective": "multiclass", "num_class": 3},
    "value": {"objective": "regression"},
    "forest": {"objective": "binary", "boosting": "rf", "bagging_fraction": 0.6, "bagging_freq": 1},
    "dart": {"objective": "regression", "boosting": "dart"},
}


def table(rng: np.random.Generator, rows: int, levels: int, holes: float) -> np.ndarray:
    values = rng.normal(size=(rows, 5))
    values[:, 2] = rng.integers(0, levels, rows)
    values[:, 4] = rng.integers(-1, 2, rows)  # many exact zeros
    values[rng.random(values.shape) < holes] = np.nan
    return values


def trained(seed: int, mode: str, levels: int = 70, holes: float = 0.1, **more: Any) -> tuple[lgb.Booster, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = table(rng, 400, levels, holes)
    signal = np.nan_to_num(values[:, 0]) + np.sin(np.nan_to_num(values[:, 2]) ** 2) + rng.normal(size=400)
    target = {"binary": signal > 0, "forest": signal > 0, "classes": np.digitize(signal, [-0.5, 0.5])}.get(mode, signal)
    fixed = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 3, "min_data_per_group": 2, "cat_smooth": 1.0}
    data = lgb.Dataset(values, np.asarray(target, dtype=float), categorical_feature=[2])
    booster = lgb.train(OBJECTIVES[mode] | fixed | {"num_leaves": 9} | more, data, 6)
    return booster, odd_rows(rng, values)


def odd_rows(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """The table, with values no training row had, and values equal to what the nodes ask for."""
    odd = [0.0, -0.0, 1e-36, -1e-36, 1e-35, -1e-35, float(np.float32(1e-35)), 1e300, -1e300, np.inf, -np.inf, np.nan]
    odd += [-0.5, -1.0, 31.0, 32.0, 33.9, 63.0, 64.0, 70.0, 1e9, 2.0**31, 2.0**40, 5e-324]
    strange = np.array(rng.choice(odd, size=(300, values.shape[1])))
    mixed = np.where(rng.random(strange.shape) < 0.4, strange, values[rng.integers(0, len(values), 300)])
    return np.vstack([values, strange, mixed])


def raw(booster: lgb.Booster, values: np.ndarray, forest: Forest) -> np.ndarray:
    """LightGBM's own scores; it does not average the raw scores of a random forest, so we divide."""
    scores = booster.predict(values, raw_score=True, num_iteration=forest.iterations).reshape(len(values), -1)
    return scores / forest.iterations if forest.average else scores


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    mode=st.sampled_from(sorted(OBJECTIVES)),
    levels=st.sampled_from([3, 30, 33, 70, 200]),
    holes=st.sampled_from([0.0, 0.1, 0.5]),
    zero_as_missing=st.booleans(),
    use_missing=st.booleans(),
)
def test_scores_equal_lightgbm_to_the_bit(
    seed: int, mode: str, levels: int, holes: float, zero_as_missing: bool, use_missing: bool
) -> None:
    booster, values = trained(seed, mode, levels, holes, zero_as_missing=zero_as_missing, use_missing=use_missing)
    forest = forest_of(booster, 4)
    expected = raw(booster, values, forest)
    np.testing.assert_array_equal(forest.predict(values), expected)
    np.testing.assert_array_equal(forest.native(values), expected)
    np.testing.assert_array_equal(forest.scores(values[7:8]), expected[7:8])


def test_a_process_walks_for_as_long_as_loading_the_library_would_take(monkeypatch: pytest.MonkeyPatch) -> None:
    booster, values = trained(3, "binary")
    forest = forest_of(booster)
    many = np.tile(values, (WALK_PAIRS // (len(values) * forest.trees) + 1, 1))
    pairs = len(many) * forest.trees
    assert pairs > WALK_PAIRS
    native: list[int] = []
    monkeypatch.setattr(Forest, "native", lambda self, values: native.append(len(values)) or self.predict(values))
    forest.scores(many)
    assert native == [len(many)]  # the library is there: it trained them
    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr("assay.trees.forest._cold", _Cold())
    monkeypatch.setattr("assay.trees.forest.COLD_PAIRS", 2 * pairs)
    for _ in range(2):
        np.testing.assert_array_equal(forest.scores(many), raw(booster, many, forest))
    assert native == [len(many)]
    forest.scores(many)
    assert native == [len(many)] * 2
    forest.scores(many[:1])
    assert native == [len(many)] * 2


@pytest.mark.parametrize("mode", sorted(OBJECTIVES))
def test_a_row_alone_gets_what_it_gets_in_a_batch(mode: str) -> None:
    booster, values = trained(1, mode)
    forest = forest_of(booster)
    alone = np.vstack([forest.predict(values[i : i + 1]) for i in range(0, len(values), 50)])
    np.testing.assert_array_equal(alone, forest.predict(values)[::50])


@pytest.mark.parametrize("mode", sorted(OBJECTIVES))
def test_the_box_and_the_text_give_the_same_forest_back(mode: str) -> None:
    forest = forest_of(trained(2, mode)[0])
    box = Box()
    forest.dump(box)
    assert Forest.load(box).same(in_order(forest))
    again = forest_of(lgb.Booster(model_str=text_of(forest)))
    assert again.same(forest) or forest.average  # the text sums; dividing is ours
    assert text_of(again) == text_of(forest)


@pytest.mark.parametrize("mode", sorted(OBJECTIVES))
def test_contributions_add_up_to_the_score(mode: str) -> None:
    booster, values = trained(3, mode)
    forest = forest_of(booster)
    values = values[:200]
    parts = forest.contributions(values)
    assert parts.shape == (200, 6, forest.width)
    np.testing.assert_allclose(parts.sum(axis=1), forest.scores(values), atol=1e-9)
    theirs = booster.predict(values, pred_contrib=True).reshape(200, forest.width, 6).transpose(0, 2, 1)
    np.testing.assert_allclose(parts, theirs / (forest.iterations if forest.average else 1), atol=1e-9)


def test_trees_without_a_split_work() -> None:
    data = lgb.Dataset(np.zeros((50, 2)), np.arange(50.0))
    booster = lgb.train({"objective": "regression", "verbose": -1, "num_threads": 1}, data, 3)
    forest = forest_of(booster)
    rows = np.array([[0.0, np.nan], [1.0, 2.0]])
    np.testing.assert_array_equal(forest.predict(rows)[:, 0], booster.predict(rows))
    np.testing.assert_array_equal(forest.native(rows), forest.predict(rows))
    np.testing.assert_allclose(forest.contributions(rows)[:, -1], forest.predict(rows))
    assert forest_of(lgb.Booster(model_str=text_of(forest))).same(forest)


def test_a_base_is_added_last_by_both_roads() -> None:
    from dataclasses import replace

    booster, values = trained(4, "classes")
    forest = forest_of(booster)
    moved = replace(forest, base=np.array([0.1, -2.0, 3e5]))
    np.testing.assert_array_equal(moved.predict(values), forest.predict(values) + moved.base)
    np.testing.assert_array_equal(moved.native(values), moved.predict(values))
    np.testing.assert_allclose(moved.contributions(values[:50]).sum(axis=1), moved.predict(values[:50]), atol=1e-9)


def test_no_trees_and_no_rows_have_answers() -> None:
    forest = forest_of(trained(5, "value")[0])
    assert forest.scores(np.empty((0, 5))).shape == (0, 1)
    assert forest.contributions(np.empty((0, 5))).shape == (0, 6, 1)


def test_leaves_are_those_lightgbm_names() -> None:
    booster, values = trained(6, "value")
    np.testing.assert_array_equal(forest_of(booster).leaf_of(values), booster.predict(values, pred_leaf=True))


def test_linear_leaves_are_refused() -> None:
    rng = np.random.default_rng(0)
    data = lgb.Dataset(rng.normal(size=(200, 2)), rng.normal(size=200))
    booster = lgb.train({"objective": "regression", "linear_tree": True, "verbose": -1, "num_threads": 1}, data, 2)
    with pytest.raises(RequestError, match="linear"):
        forest_of(booster)


def test_a_wrong_number_of_columns_is_said() -> None:
    forest = forest_of(trained(7, "value")[0])
    with pytest.raises(RequestError, match="5 columns"):
        forest.scores(np.zeros((2, 4)))


def test_the_file_is_a_third_of_lightgbms_text() -> None:
    booster, _ = trained(8, "value", num_leaves=31)
    assert forest_of(booster).size_bytes < 0.34 * len(booster.model_to_string().partition("\nparameters")[0])


def test_the_native_library_is_never_told_another_number_of_threads_than_the_work_beside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The number is one for the whole process: changed by one thread, it makes another write past its memory."""
    booster, values = trained(0, "binary")
    forest = forest_of(booster)
    told = []
    predict = lgb.Booster.predict

    def noted(self: lgb.Booster, data: Any, **more: Any) -> Any:
        told.append(more.get("num_threads"))
        return predict(self, data, **more)

    monkeypatch.setattr(lgb.Booster, "predict", noted)
    with at_most(1):
        forest.native(values)
        forest.contributions(values)
    assert told == [1, 1]
