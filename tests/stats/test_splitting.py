"""Does nothing of one group, and nothing later in time, stand on the other side?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.stats import splitting


@given(st.integers(2, 8), st.integers(20, 200), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_strata_are_balanced_to_one_row(k: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    strata = rng.choice(3, size=n, p=[0.7, 0.2, 0.1])
    folds = splitting.random_folds(strata, k, rng)
    assert set(folds) <= set(range(k))
    sizes = np.bincount(folds, minlength=k)
    assert sizes.max() - sizes.min() <= 1
    for stratum in range(3):
        counts = np.bincount(folds[strata == stratum], minlength=k)
        assert counts.max() - counts.min() <= 1


@given(st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_group_is_never_split(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(k + 10, size=150)
    folds = splitting.grouped_folds(groups, rng.integers(2, size=150), k, rng)
    assert all(len(set(folds[groups == g])) == 1 for g in np.unique(groups))
    assert len(set(folds)) == k


def test_groups_are_spread_so_that_folds_are_alike() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(100, size=2000)
    strata = rng.integers(2, size=2000)
    folds = splitting.grouped_folds(groups, strata, 5, rng)
    shares = [strata[folds == f].mean() for f in range(5)]
    sizes = np.bincount(folds)
    assert max(shares) - min(shares) < 0.05
    assert sizes.max() / sizes.min() < 1.2


@given(st.integers(2, 8), st.integers(30, 200), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_no_row_is_predicted_from_a_later_one(k: int, n: int, seed: int) -> None:
    times = np.random.default_rng(seed).integers(n // 2, size=n)
    folds = splitting.time_folds(times, k)
    for _, train, held in splitting.rounds(folds, forward=True):
        assert times[train].max() < times[held].min()


def test_rounds_hold_every_row_once() -> None:
    folds = np.asarray([0, 1, 2, 0, 1, 2, -1])
    held = np.concatenate([h for _, _, h in splitting.rounds(folds, forward=False)])
    assert sorted(held.tolist()) == [0, 1, 2, 3, 4, 5]
    for _, train, out in splitting.rounds(folds, forward=False):
        assert not set(train) & set(out)
        assert 6 in train


def test_the_latest_rows_are_carved() -> None:
    times = np.asarray(np.arange(100)[::-1], dtype="datetime64[D]").astype("datetime64[us]")
    rest, late = splitting.carve(
        np.arange(100), 0.2, np.zeros(100, dtype=np.int64), None, times, np.random.default_rng(0)
    )
    assert times[rest].max() < times[late].min()
    assert 15 <= len(late) <= 25


def test_whole_groups_are_carved() -> None:
    groups = np.arange(200) // 4
    rest, part = splitting.carve(
        np.arange(200), 0.25, np.zeros(200, dtype=np.int64), groups, None, np.random.default_rng(0)
    )
    assert not set(groups[rest]) & set(groups[part])
    assert len(rest) + len(part) == 200


@pytest.mark.parametrize("share", [0.12, 0.3, 0.45])
def test_the_share_asked_for_is_carved_evenly_over_the_strata(share: float) -> None:
    strata = np.repeat([0, 1, 2], [600, 300, 100])
    rest, part = splitting.carve(np.arange(1000), share, strata, None, None, np.random.default_rng(0))
    assert len(part) == round(1000 * share)
    assert len(set(rest) | set(part)) == 1000
    for stratum, size in ((0, 600), (1, 300), (2, 100)):
        assert abs((strata[part] == stratum).sum() - share * size) <= 1
