"""Are members told from others by a figure that is right, with an interval that holds?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm
from sklearn.metrics import roc_auc_score

from assay.privacy.exposure import auc, found_at


def test_the_area_is_that_of_scikit_learn_ties_counting_half() -> None:
    rng = np.random.default_rng(0)
    member = rng.random(500) < 0.3
    scores = np.round(rng.normal(size=500) + member, 1)
    assert auc(scores, member).value == pytest.approx(roc_auc_score(member, scores), abs=1e-12)


def test_the_interval_holds_the_area_although_rows_are_judged_several_times() -> None:
    """Rows have a score of their own that all five targets see; taken as 5 n rows of their own the interval would be too narrow."""
    rng, draws = np.random.default_rng(1), 300
    true = norm.cdf(0.5 / np.sqrt(2.0))  # of scores N(0.5, 1) against N(0, 1)
    hits = []
    for _ in range(draws):
        member = np.tile(rng.random(200) < 0.5, (5, 1))  # of a row all judgements go one way: the worst case
        scores = 0.5 * member + np.sqrt(0.9) * rng.normal(size=200) + np.sqrt(0.1) * rng.normal(size=(5, 200))
        found = auc(scores.ravel(), member.ravel(), np.tile(np.arange(200), 5))
        hits.append(found.low <= true <= found.high)
        assert found.n == 200
    assert np.mean(hits) >= binom.ppf(0.01, draws, 0.95) / draws


def test_scores_without_news_are_at_chance_in_nineteen_of_twenty() -> None:
    rng, draws = np.random.default_rng(2), 400
    held = []
    for _ in range(draws):
        member = rng.random((4, 150)) < 0.5
        scores = rng.normal(size=150) + 0.3 * rng.normal(size=(4, 150))
        found = auc(scores.ravel(), member.ravel(), np.tile(np.arange(150), 4))
        held.append(found.low <= 0.5 <= found.high)
    assert np.mean(held) >= binom.ppf(0.01, draws, 0.95) / draws


def test_perfect_order_keeps_a_doubt() -> None:
    found = auc(np.arange(40.0), np.arange(40) >= 20)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.9 < found.low < 1.0


@pytest.mark.parametrize("false", [0.01, 0.001])
def test_the_share_found_holds_what_is_true(false: float) -> None:
    rng, draws, n = np.random.default_rng(3), 200, 4_000
    true = norm.sf(norm.isf(false) - 1.0)
    hits = []
    for _ in range(draws):
        member = rng.random(n) < 0.5
        found = found_at(rng.normal(size=n) + member, member, false)
        assert found.low <= found.value <= found.high
        hits.append(found.low <= true <= found.high)
    assert np.mean(hits) >= binom.ppf(0.01, draws, 0.95) / draws


def test_a_row_that_is_judged_several_times_counts_once() -> None:
    rng = np.random.default_rng(4)
    member = rng.random(1_000) < 0.5
    scores = rng.normal(size=1_000) + member
    once = found_at(scores, member, 0.01)
    again = found_at(np.tile(scores, 4), np.tile(member, 4), 0.01, np.tile(np.arange(1_000), 4))
    for end in ("value", "low", "high", "n"):
        assert getattr(again, end) == pytest.approx(getattr(once, end), abs=0.02)


def test_few_others_prove_no_rare_false_alarms() -> None:
    member = np.arange(200) >= 100
    found = found_at(np.arange(200.0), member, 0.001)
    assert found.value == 1.0
    assert found.low == 0.0  # a hundred others cannot show that fewer than one in a thousand lies above


def test_ties_at_the_threshold_are_not_counted_as_found() -> None:
    assert found_at(np.zeros(1000), np.arange(1000) % 2 == 0, 0.01).value == 0.0
