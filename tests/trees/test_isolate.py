"""Do random trees take rows apart as isolation trees should, and are they trees as any others?"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from assay.kernel.clock import Clock
from assay.kernel.rng import stream
from assay.testing.contract import through_bytes
from assay.testing.worlds import Ticking, endless
from assay.trees.forest import Forest
from assay.trees.isolate import AT_ONCE, isolated, usual_path


def grown(
    values: np.ndarray, trees: int = 50, rows: int = 256, weight: np.ndarray | None = None, seed: int = 0
) -> Forest:
    return isolated(values, weight, trees, rows, endless(), stream(seed, "isolate"))


def test_the_usual_way_is_that_of_the_paper() -> None:
    """Against sums of 1/i, which the formula of Liu, Ting & Zhou approximates."""
    for n in (3, 10, 256, 5_000):
        exact = 2 * np.sum(1 / np.arange(1, n)) - 2 * (n - 1) / n
        assert usual_path(np.asarray([n]))[0] == pytest.approx(exact, abs=0.5 / (n - 1) * 2)
    assert usual_path(np.asarray([1, 2])).tolist() == [0.0, 1.0]


def test_its_trees_are_sound_and_come_back_from_a_file() -> None:
    rng = np.random.default_rng(0)
    values = np.column_stack(
        [rng.normal(size=400), rng.integers(0, 3, 400), np.where(rng.random(400) < 0.3, np.nan, 1.0)]
    )
    forest = grown(values)
    again = Forest.load(through_bytes(forest.dump))  # the check of every file
    assert again.same(forest)
    assert forest.trees == 50
    per_tree = np.add.reduceat(forest.leaf_count, forest.leaf_offsets[:-1])
    assert (per_tree == 256).all()
    assert np.array_equal(forest.native(values), forest.predict(values))


def test_ways_are_as_long_as_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2_000, 4))
    values[:40] *= 4
    ours = -grown(values, trees=400).predict(values)[:, 0]
    theirs = IsolationForest(n_estimators=400, max_samples=256, random_state=0).fit(values)
    ways = -np.log2(-theirs.score_samples(values)) * usual_path(np.asarray([256]))[0]
    assert np.corrcoef(ours, ways)[0, 1] > 0.98
    assert abs(ours.mean() - ways.mean()) < 0.15


def test_rows_that_are_the_same_stay_together() -> None:
    forest = grown(np.ones((300, 3)), trees=3)
    assert forest.leaves.tolist() == [1, 1, 1]
    assert forest.predict(np.ones((1, 3)))[0, 0] == pytest.approx(-usual_path(np.asarray([256]))[0])


def test_a_gap_is_odd_where_training_had_none_and_usual_where_it_had_many() -> None:
    rng = np.random.default_rng(2)
    whole = rng.normal(size=(2_000, 2))
    often = whole.copy()
    often[rng.random(2_000) < 0.5, 0] = np.nan
    gap, full = np.asarray([[np.nan, 0.0]]), np.asarray([[0.0, 0.0]])
    rare, usual = (grown(values, trees=300) for values in (whole, often))
    assert rare.predict(gap)[0, 0] - rare.predict(full)[0, 0] > 0.5
    assert abs(usual.predict(gap)[0, 0] - usual.predict(full)[0, 0]) < 1.0


def test_rows_are_drawn_as_often_as_they_count() -> None:
    values = np.concatenate([np.zeros(500), np.ones(500)])[:, None]
    weight = np.where(values[:, 0] == 0, 3.0, 1.0)
    forest = grown(values, trees=200, rows=64, weight=weight)
    zeros = forest.leaf_count[forest.leaf_of(np.zeros((1, 1)))[0] + forest.leaf_offsets[:-1]].sum()
    assert zeros / forest.leaf_count.sum() == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / (200 * 64)))


def test_with_the_time_up_a_few_trees_stand() -> None:
    values = np.random.default_rng(3).normal(size=(100, 2))
    late = Clock(started=0.0, deadline=0.0, now=Ticking())
    assert isolated(values, None, 500, 64, late, stream(0, "x")).trees == AT_ONCE


def test_huge_and_tiny_numbers_are_told_apart() -> None:
    values = np.asarray([-1e300, -1.0, 0.0, 1e-300, 1.0, 1e300])[:, None]
    ways = -grown(values, trees=200, rows=6).predict(values)[:, 0]
    assert np.isfinite(ways).all()
    assert max(ways[0], ways[5]) < ways[1:5].min()  # the ends are cut off first
