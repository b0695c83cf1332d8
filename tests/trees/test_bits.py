"""One bit a leaf says what the walk says, to the bit; where the words would be many, nothing is laid out."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.trees import bits
from assay.trees.bits import bits_of
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of
from assay.trees.single import scorer
from assay.trees.walk import LARGEST, ZERO

from .test_forest import OBJECTIVES, trained


def scored(forest: Forest, values: np.ndarray) -> np.ndarray:
    """Of values that are finite or NaN, and not drawn in."""
    score = scorer(forest)
    return np.asarray([score(row) for row in np.clip(values, -1e308, 1e308).tolist()])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    mode=st.sampled_from(sorted(OBJECTIVES)),
    levels=st.sampled_from([3, 30, 33, 70, 200]),
    holes=st.sampled_from([0.0, 0.1, 0.5]),
    leaves=st.sampled_from([2, 9, 32, 33, 64]),
    use_missing=st.booleans(),
)
def test_scores_are_those_of_the_walk(
    seed: int, mode: str, levels: int, holes: float, leaves: int, use_missing: bool
) -> None:
    forest = forest_of(trained(seed, mode, levels, holes, num_leaves=leaves, use_missing=use_missing)[0])
    values = trained(seed, mode, levels, holes)[1]
    assert forest.bits is not None
    np.testing.assert_array_equal(scored(forest, values), forest.predict(np.clip(values, -LARGEST, LARGEST)))


@pytest.mark.parametrize("threshold", [0.0, -0.0, ZERO, -ZERO, ZERO / 2, -ZERO / 2, 5e-324, LARGEST, np.inf, -np.inf])
def test_numbers_near_zero_and_at_the_ends_go_where_the_walk_sends_them(threshold: float) -> None:
    forest = forest_of(trained(4, "value")[0])
    forest = replace(forest, threshold=np.where((forest.decision & 1) == 0, threshold, forest.threshold))
    near = [0.0, -0.0, ZERO, -ZERO, np.nextafter(ZERO, 1), np.nextafter(-ZERO, -1), ZERO / 2, 5e-324, LARGEST, -LARGEST]
    values = np.repeat(np.asarray(near)[:, None], forest.features, axis=1)
    np.testing.assert_array_equal(scored(forest, values), forest.predict(values))


def test_trees_without_a_split_have_their_leaf() -> None:
    forest = forest_of(trained(5, "classes")[0])
    stump = forest_of(trained(5, "value", num_leaves=2, min_data_in_leaf=300)[0])
    assert stump.bits is None  # no column is asked for: the walk costs nothing
    assert scored(stump, np.zeros((1, 5))).tolist() == stump.predict(np.zeros((1, 5))).tolist()
    assert forest.bits is not None


def test_threads_share_the_words_and_nothing_else() -> None:
    forest = forest_of(trained(6, "binary")[0])
    values = trained(6, "binary")[1][:200]
    expected, asked = (
        forest.predict(np.clip(values, -LARGEST, LARGEST)).tolist(),
        np.clip(values, -1e308, 1e308).tolist(),
    )
    wrong: list[bool] = []

    def ask() -> None:
        score = scorer(forest)
        for _ in range(5):
            wrong.extend(score(row) != there for row, there in zip(asked, expected, strict=True))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wrong) == 4 * 5 * 200
    assert not any(wrong)


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_LEAVES", 8), ("MOST_BYTES", 1_000), ("MOST_LINE", 90), ("MOST_CODES", 31)]
)
def test_a_forest_of_too_many_words_is_not_laid_out(limit: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    forest, values = forest_of(trained(7, "value")[0]), trained(7, "value")[1][:50]
    assert bits_of(forest) is not None
    monkeypatch.setattr(bits, limit, value)
    assert bits_of(forest) is None
    np.testing.assert_array_equal(scored(replace(forest), values), forest.predict(np.clip(values, -LARGEST, LARGEST)))


def test_where_zero_is_missing_the_walk_answers() -> None:
    booster, values = trained(8, "value", zero_as_missing=True)
    forest = forest_of(booster)
    assert forest.bits is None
    np.testing.assert_array_equal(scored(forest, values[:50]), forest.predict(np.clip(values[:50], -LARGEST, LARGEST)))
