"""Do gaps between groups have the right size, intervals that hold them, and no more alarms than stated?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact, ttest_ind

from assay.stats.disparities import means_apart, own_thresholds, rates_apart, said_apart, traded


@pytest.mark.parametrize(("n", "m", "share"), [(100, 200, 0.3), (30, 40, 0.03), (40, 30, 0.97), (3000, 20_000, 0.4)])
def test_rates_agree_with_scipy(n: int, m: int, share: float) -> None:
    rng = np.random.default_rng(0)
    hit, inside = rng.random(n + m) < share, np.arange(n + m) < n
    found = rates_apart(hit, inside)
    table = [[(hit & inside).sum(), (~hit & inside).sum()], [(hit & ~inside).sum(), (~hit & ~inside).sum()]]
    assert found.p == pytest.approx(fisher_exact(table).pvalue, rel=1e-5)
    assert found.gap_low < found.gap < found.gap_high
    if found.ratio is not None:
        assert found.ratio[0] == pytest.approx(hit[inside].mean() / hit[~inside].mean())


def test_means_agree_with_scipy() -> None:
    rng = np.random.default_rng(1)
    values, inside = rng.exponential(size=200), rng.random(200) < 0.3
    found = means_apart(values, inside)
    known = ttest_ind(values[inside], values[~inside], equal_var=False)
    assert found.p == pytest.approx(known.pvalue)
    assert (found.gap_low, found.gap_high) == pytest.approx(tuple(known.confidence_interval()))


def test_intervals_of_gaps_and_ratios_hold_the_truth_as_often_as_they_say() -> None:
    gaps = ratios = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        inside = np.arange(400) < 120
        found = rates_apart(rng.random(400) < np.where(inside, 0.2, 0.4), inside)
        gaps += found.gap_low <= -0.2 <= found.gap_high
        assert found.ratio is not None
        ratios += found.ratio[1] <= 0.5 <= found.ratio[2]
    least = binom.ppf(0.001, 300, 0.95)
    assert gaps >= least
    assert ratios >= least


def test_true_probabilities_raise_alarms_as_often_as_stated_also_of_rare_hits() -> None:
    alarms = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        inside = np.arange(500) < 60
        p = rng.beta(1, np.where(inside, 30, 6))
        alarms += said_apart(p, rng.random(500) < p, inside).apart.p < 0.05
    assert alarms <= binom.ppf(0.999, 300, 0.05)


def test_rows_of_one_block_count_as_one() -> None:
    rng = np.random.default_rng(2)
    hit, inside = np.repeat(rng.random(100) < 0.4, 5), np.repeat(np.arange(100) < 50, 5)
    alone, together = rates_apart(hit, inside), rates_apart(hit, inside, np.repeat(np.arange(100), 5))
    assert together.error > 2 * alone.error
    assert together.p > alone.p


def test_the_smallest_gap_that_would_be_seen_is_seen_in_four_of_five_cases() -> None:
    inside = np.arange(600) < 300
    least = rates_apart(np.arange(600) % 2 == 0, inside).least(0.05)
    seen = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        seen += rates_apart(rng.random(600) < np.where(inside, 0.5 - least / 2, 0.5 + least / 2), inside).p < 0.05
    assert 0.7 < seen / 300 < 0.88  # an exact test is a little shy


def test_a_share_of_nothing_has_no_ratio_and_a_sure_side_an_interval() -> None:
    found = rates_apart(np.arange(100) < 0, np.arange(100) < 40)
    assert found.ratio is None
    assert found.p == 1.0
    assert found.gap_high > 0.0
    assert means_apart(np.ones(10), np.arange(10) < 5).p == 1.0


def test_thresholds_of_their_own_make_shares_equal_on_rows_they_were_not_learnt_from() -> None:
    rng = np.random.default_rng(3)
    code = (rng.random(8000) < 0.4).astype(np.int64)
    p = np.clip(rng.beta(2, 2, size=8000) - 0.25 * code, 0.01, 0.99)
    hit = rng.random(8000) < p
    half = rng.permutation(8000) % 2
    before = traded(p > 0.5, hit, code)
    equal = traded(own_thresholds(p, hit, code, half, among_true=False), hit, code)
    chance = traded(own_thresholds(p, hit, code, half, among_true=True), hit, code)
    assert before.ratio < 0.5
    assert equal.ratio > 0.9
    assert chance.gap < 0.06 < before.gap
    assert equal.right < before.right
