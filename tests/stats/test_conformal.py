"""Do sets and intervals cover as often as they say, for each class and wherever they are asked?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats import conformal
from assay.stats.scores import probabilities
from assay.stats.tests import binomial_band

LEVEL = 0.9


def imbalanced(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [n, 2] and classes of a world in which one row in fifteen is positive, and hard to tell."""
    y = (rng.random(n) < 1 / 15).astype(np.int64)
    s = rng.normal(size=n) + 1.2 * y + np.log((1 / 15) / (14 / 15))
    return probabilities(s[:, None]), y


def shares(how: str) -> tuple[float, float, int, int]:
    """Coverage overall and of the rare class over repeated draws, with the rows of each."""
    rng = np.random.default_rng(0)
    hits = rare_hits = rows = rare = 0
    for _ in range(60):
        p, y = imbalanced(600, rng)
        q, z = imbalanced(400, rng)
        if how == "ours":
            sets = conformal.fit_sets(p, y, LEVEL)(q)
        else:  # plain split conformal: one threshold for all classes
            own = p[np.arange(len(y)), y]
            sets = q >= 1 - conformal.quantile_up(1 - own, LEVEL)
        hit = sets[np.arange(len(z)), z]
        hits, rows = hits + hit.sum(), rows + len(z)
        rare_hits, rare = rare_hits + hit[z == 1].sum(), rare + (z == 1).sum()
    return hits / rows, rare_hits / rare, rows, rare


def test_every_class_is_covered_where_plain_split_conformal_forgets_the_rare_one() -> None:
    overall, rare, rows, n = shares("ours")
    assert overall >= binomial_band(LEVEL, rows)[0] - 0.01  # thresholds are drawn as well: a little more spread
    low, high = binomial_band(LEVEL, n)
    assert low - 0.03 <= rare <= high + 0.03
    overall, rare, *_ = shares("plain")
    assert overall == pytest.approx(LEVEL, abs=0.01)
    assert rare < 0.6


@pytest.mark.parametrize("n", [60, 500, 3000])
def test_intervals_cover_where_noise_grows_with_the_value(n: int) -> None:
    rng = np.random.default_rng(n)
    covered, high_end = [], []
    for _ in range(40):
        f = rng.uniform(0, 10, size=n + 500)
        y = f + rng.normal(size=len(f)) * (0.2 + 0.3 * f)
        found = conformal.fit_intervals(f[:n], y[:n], LEVEL)(f[n:])
        hit = (found[:, 0] <= y[n:]) & (y[n:] <= found[:, 1])
        covered.append(hit.mean())
        high_end.append(hit[f[n:] > 8].mean())
    low, high = binomial_band(LEVEL, 40 * 500)
    assert low - 0.01 <= np.mean(covered) <= high + 0.02
    if n == 3000:  # bins of the predicted value: wide where it is hard
        assert np.mean(high_end) > 0.86


def test_an_interval_of_a_count_starts_at_none_and_widens_with_it() -> None:
    rng = np.random.default_rng(4)
    f = rng.gamma(2.0, size=390)
    y = rng.poisson(f).astype(float)
    found = conformal.fit_intervals(f, y, 0.9, counts=True)
    ends = found(f)
    assert ends.min() == 0.0
    assert ends[f > 4, 1].max() - ends[f > 4, 0].min() > 2 * (ends[f < 0.5, 1].max() - ends[f < 0.5, 0].min())
    assert all(found.one(v) == tuple(e) for v, e in zip(f.tolist(), ends.tolist(), strict=True))
    assert ((y >= ends[:, 0]) & (y <= ends[:, 1])).mean() >= 0.9


@pytest.mark.parametrize(("side", "counts"), [(1.0, False), (-1.0, False), (1.0, True)])
def test_an_interval_holds_its_prediction_and_ends_at_zero_where_no_value_lay_beyond(side: float, counts: bool) -> None:
    """Claims: nearly all rows are zero, so the prediction lies above nearly all values of its bin."""
    rng = np.random.default_rng(1)
    f = rng.gamma(2.0, 5.0, size=4000)
    y = np.where(rng.uniform(size=4000) < 0.97, 0.0, np.round(30 * f))
    found = conformal.fit_intervals(side * f[:3000], side * y[:3000], 0.9, counts)
    offsets = found.above if side > 0 else -found.below
    assert offsets.min() < 0  # without a bound, the prediction would lie outside
    ends = found(side * f[3000:])
    low, high = ends.T
    assert (low <= side * f[3000:]).all()
    assert (side * f[3000:] <= high).all()
    assert (low if side > 0 else -high).min() == 0.0
    assert ((side * y[3000:] >= low) & (side * y[3000:] <= high)).mean() >= 0.88
    assert all(found.one(v) == tuple(e) for v, e in zip((side * f[3000:]).tolist(), ends.tolist(), strict=True))


def test_values_on_both_sides_of_zero_bound_no_interval() -> None:
    rng = np.random.default_rng(2)
    f = rng.normal(size=500)
    found = conformal.fit_intervals(f, f + rng.normal(size=500), 0.9)
    assert (found.least, found.most) == (-np.inf, np.inf)
    assert found(np.asarray([0.1]))[0, 0] < 0 < found(np.asarray([0.1]))[0, 1]


def test_a_prediction_beyond_the_bound_stays_in_its_interval() -> None:
    found = conformal.ValueIntervals(np.empty(0), np.asarray([-5.0]), np.asarray([2.0]), least=0.0)
    assert found.one(3.0) == (0.0, 5.0)
    assert found.one(-1.0) == (-1.0, 1.0)
    assert found(np.asarray([3.0, -1.0])).tolist() == [[0.0, 5.0], [-1.0, 1.0]]


def test_cross_fitted_sets_never_use_their_own_rows() -> None:
    rng = np.random.default_rng(0)
    p, y = imbalanced(500, rng)
    folds = np.arange(500) % 5
    sets = conformal.cross_sets(p, y, folds, LEVEL)
    other = y.copy()
    other[folds == 2] = 1 - other[folds == 2]
    np.testing.assert_array_equal(conformal.cross_sets(p, other, folds, LEVEL)[folds == 2], sets[folds == 2])


def test_too_few_rows_of_a_class_rule_nothing_out() -> None:
    p = np.asarray([[0.9, 0.1]] * 5 + [[0.2, 0.8]] * 3)
    found = conformal.fit_sets(p, np.asarray([0] * 5 + [1] * 3), LEVEL)
    assert found.thresholds.tolist() == [0.0, 0.0]
    assert found(np.asarray([[1.0, 0.0]])).all()


def test_the_quantile_keeps_its_promise_for_one_more_row() -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 30))
    hit = np.mean([row[-1] <= conformal.quantile_up(row[:-1], LEVEL) for row in draws])
    assert binomial_band(LEVEL, 4000)[0] <= hit <= binomial_band(0.9 + 1 / 30, 4000)[1]
    assert conformal.quantile_up(np.arange(8.0), LEVEL) == np.inf


def test_small_steps_between_fold_models_are_no_broken_promise() -> None:
    """Nearly all rows of a class share one score, a little higher or lower from fold model to fold model."""
    rng = np.random.default_rng(0)
    n = 5000
    folds, parts = rng.integers(5, size=n), rng.integers(10, size=n)
    y = (rng.random(n) < 0.05).astype(np.int64)
    p1 = np.where(y == 1, 0.9, 0.001) + 0.0002 * folds + rng.normal(size=n) * 1e-6
    p = np.column_stack([1 - p1, p1])
    covered = conformal.cross_sets(p, y, parts, 0.9)[np.arange(n), y]
    low, high = binomial_band(0.9, n)
    assert low <= covered.mean() <= high
    by_fold = conformal.cross_sets(p, y, folds, 0.9)[np.arange(n), y]
    assert by_fold.mean() < low  # what thresholds learnt across fold models would wrongly show


@pytest.mark.parametrize("spread", [0.0, 1.0, 1.5])
def test_weights_that_say_nothing_of_errors_cost_width_and_no_coverage(spread: float) -> None:
    """Of 60 rows with uneven weights the next is held as often as promised."""
    rng = np.random.default_rng(0)
    held = [
        rng.normal() <= conformal.quantile_up(rng.normal(size=60), 0.9, rng.lognormal(sigma=spread, size=60))
        for _ in range(4000)
    ]
    assert np.mean(held) >= 0.9 - 3 * np.sqrt(0.09 / 4000)


def test_where_no_row_counts_nothing_is_promised() -> None:
    x = np.arange(50.0)
    assert conformal.quantile_up(x, 0.9, np.zeros(50)) == np.inf
    assert conformal.quantile_up(x, 0.9, np.full(50, 1e-200)) == conformal.quantile_up(x, 0.9)


def test_weights_carry_the_promise_to_the_rows_they_stand_for() -> None:
    """A noisy stratum of which one in ten was asked, though it is seven tenths of all there are."""
    rng = np.random.default_rng(0)

    def drawn(share: float, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        noisy = rng.random(n) < share
        f = rng.uniform(size=n)
        return f, f + rng.normal(size=n) * np.where(noisy, 3.0, 0.3), np.where(noisy, 0.7 / 0.1, 0.3 / 0.9)

    f, y, weight = drawn(0.1, 4000)
    g, z, _ = drawn(0.7, 20_000)
    plain, weighted = (conformal.fit_intervals(f, y, LEVEL, weight=w)(g) for w in (None, weight))
    covered = [float(((low <= z) & (z <= high)).mean()) for low, high in (plain.T, weighted.T)]
    assert covered[0] < 0.7
    assert covered[1] == pytest.approx(LEVEL, abs=0.02)
    p, c = imbalanced(3000, rng)
    same = conformal.fit_sets(p, c, LEVEL, np.full(3000, 2.5)).thresholds
    np.testing.assert_array_equal(same, conformal.fit_sets(p, c, LEVEL).thresholds)
    heavy = np.where(p[:, 1] < 0.1, 10.0, 1.0)  # the rows that look least like the rare class stand for many
    assert conformal.fit_sets(p, c, LEVEL, heavy).thresholds[1] < same[1]


def test_in_time_no_threshold_is_learnt_on_what_came_later() -> None:
    rng = np.random.default_rng(0)
    parts = np.repeat(np.arange(5), 400)
    f, y = np.zeros(2000), rng.normal(size=2000) * (1 + parts)  # noise grows from block to block
    usual, forward = (conformal.cross_intervals(f, y, parts, LEVEL, forward=way) for way in (False, True))
    covered = [float(((t[:, 0] <= y) & (y <= t[:, 1]))[parts > 0].mean()) for t in (usual, forward)]
    assert covered[1] < covered[0] - 0.05
    moved = y.copy()
    moved[parts == 4] *= 100
    later = conformal.cross_intervals(f, moved, parts, LEVEL, forward=True)
    np.testing.assert_array_equal(later[parts < 4], forward[parts < 4])
