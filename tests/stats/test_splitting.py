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


@given(st.integers(2, 30), st.floats(0.02, 0.5), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_is_measured_on_shares_no_group_and_no_moment(groups: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = np.append(np.arange(groups), rng.integers(groups, size=200 - groups))
    rows, strata = np.arange(200), rng.integers(2, size=200)
    rest, part = splitting.carve(rows, share, strata, group, None, rng, measured=True)
    assert len(rest)
    assert len(part)
    assert not set(group[rest]) & set(group[part])
    rest, part = splitting.carve(rows, share, strata, None, group, rng, measured=True)
    assert group[rest].max() < group[part].min()


def test_the_moment_nearest_to_the_share_parts_rows_of_few_moments() -> None:
    for sizes, carved in (([250, 250, 250, 250], 250), ([330, 330, 330, 10], 340), ([100, 100, 795, 5], 5)):
        years, rng = np.repeat(np.arange(4), sizes), np.random.default_rng(0)
        strata = np.zeros(len(years), dtype=np.int64)
        assert len(splitting.carve(np.arange(1000), 0.2, strata, None, years, rng, measured=True)[1]) == carved


def test_rows_that_only_stop_are_drawn_at_random_where_a_moment_is_too_large() -> None:
    years, strata = np.repeat([0, 1], 500), np.zeros(1000, dtype=np.int64)
    part = splitting.carve(np.arange(1000), 0.12, strata, None, years, np.random.default_rng(0))[1]
    assert len(part) == 120
    assert set(years[part]) == {0, 1}


def test_groups_of_one_class_each_do_not_meet_in_one_fold() -> None:
    groups, strata = np.repeat([0, 1, 2, 3], 50), np.repeat([0, 1, 0, 1], 50)
    assert len(set(splitting.grouped_folds(groups, strata, 4, np.random.default_rng(0)))) == 4


def test_a_large_group_is_not_what_is_carved() -> None:
    groups = np.append(np.zeros(500, dtype=np.int64), 1 + np.arange(500) // 10)
    strata = np.zeros(1000, dtype=np.int64)
    carved = [
        splitting.carve(np.arange(1000), 0.12, strata, groups, None, np.random.default_rng(seed))[1]
        for seed in range(6)
    ]
    assert all(0 not in groups[part] and 50 <= len(part) <= 120 for part in carved)
    assert len({tuple(part) for part in carved}) > 1


@pytest.mark.parametrize("share", [0.12, 0.3, 0.45])
def test_the_share_asked_for_is_carved_evenly_over_the_strata(share: float) -> None:
    strata = np.repeat([0, 1, 2], [600, 300, 100])
    rest, part = splitting.carve(np.arange(1000), share, strata, None, None, np.random.default_rng(0))
    assert len(part) == round(1000 * share)
    assert len(set(rest) | set(part)) == 1000
    for stratum, size in ((0, 600), (1, 300), (2, 100)):
        assert abs((strata[part] == stratum).sum() - share * size) <= 1


def test_what_learners_hold_back_splits_no_group_and_without_groups_is_drawn_row_by_row() -> None:
    groups = np.repeat(np.arange(40), np.arange(1, 41))
    part = splitting.held_back(len(groups), 5, np.random.default_rng(0), groups)
    assert all(len(set(part[groups == g])) == 1 for g in range(40))
    sizes = np.bincount(part, minlength=5)
    assert sizes.max() - sizes.min() <= 40
    alone, same = (splitting.held_back(100, 5, np.random.default_rng(0), g) for g in (None, np.zeros(100)))
    np.testing.assert_array_equal(alone, same)  # one group cannot be kept apart from any other
    assert np.bincount(alone).tolist() == [20] * 5


def test_in_time_the_earlier_parts_teach_and_the_second_the_first() -> None:
    parts = np.repeat(np.arange(4), 3)
    told = [(set(parts[held]), set(parts[taught])) for held, taught in splitting.turns(parts, forward=True)]
    assert told == [({0}, {1}), ({1}, {0}), ({2}, {0, 1}), ({3}, {0, 1, 2})]
    usual = [(set(parts[held]), set(parts[taught])) for held, taught in splitting.turns(parts)]
    assert usual[2] == ({2}, {0, 1, 3})
    assert [held.all() and taught.all() for held, taught in splitting.turns(np.zeros(3, dtype=np.int64))] == [True]
