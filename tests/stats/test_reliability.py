"""Do the statistics of calibration and coverage say what their papers say?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset
from assay.stats import reliability
from assay.stats.clusters import blocks_of, bootstrap_means, bound, design_effect
from assay.stats.covering import coverage_band


def world(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    s = rng.normal(size=n) * 1.5
    return s, (rng.random(n) < 1 / (1 + np.exp(-s))).astype(float)


def test_recalibration_finds_the_line_that_scikit_learn_finds() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    s, hit = world(2000)
    found = reliability.recalibration(2 * s + 1, hit, None, 1.0)
    theirs = linear_model.LogisticRegression(C=np.inf, tol=1e-10).fit((2 * s + 1)[:, None], hit)
    assert found is not None
    assert found.slope == pytest.approx(float(theirs.coef_[0, 0]), abs=1e-5)
    assert found.p_value < 1e-6


def test_p_values_are_uniform_where_predictions_are_true() -> None:
    p_bins, p_line, z = [], [], []
    for seed in range(150):
        s, hit = world(400, seed)
        p = 1 / (1 + np.exp(-s))
        p_bins.append(reliability.of_shares(p, hit, None, 1.0, np.random.default_rng(seed)).p_value)
        line = reliability.recalibration(s, hit, None, 1.0)
        assert line is not None
        p_line.append(line.p_value)
        z.append(reliability.spiegelhalter(p, hit, None, 1.0))
    for p_values in (p_bins, p_line):
        assert np.mean(np.asarray(p_values) < 0.1) == pytest.approx(0.1, abs=0.08)
        assert np.mean(p_values) == pytest.approx(0.5, abs=0.1)
    assert np.std(z) == pytest.approx(1.0, abs=0.2)


def test_intervals_of_the_slope_hold_it_as_often_as_said() -> None:
    held = 0
    for seed in range(100):
        s, hit = world(500, seed)
        line = reliability.recalibration(s / 1.5, hit, None, 1.0)
        assert line is not None
        held += line.slope_low <= 1.5 <= line.slope_high
    assert held >= 88


def test_a_regression_line_agrees_with_numpy() -> None:
    rng = np.random.default_rng(0)
    f = rng.normal(size=500)
    y = 2 * f + 1 + rng.normal(size=500)
    found = reliability.regression(f, y, None, 1.0)
    assert found is not None
    assert found.slope == pytest.approx(np.polyfit(f, y, 1)[0])
    assert found.intercept == pytest.approx(float((y - f).mean()))
    assert reliability.regression(np.ones(500), y, None, 1.0) is None


def test_separated_events_have_no_line() -> None:
    s = np.linspace(-1, 1, 100)
    assert reliability.recalibration(s, (s > 0).astype(float), None, 1.0) is None


def test_weights_are_repeated_rows() -> None:
    s, hit = world(300)
    p = 1 / (1 + np.exp(-s))
    twice = np.repeat(np.arange(300), 2)
    bins = reliability.binned(p, hit, np.full(300, 2.0), most=5)
    again = reliability.binned(p[twice], hit[twice], None, most=5)
    assert bins.weight.sum() == again.weight.sum()
    one = reliability.recalibration(s, hit, np.full(300, 2.0), 1.0)
    two = reliability.recalibration(s[twice], hit[twice], None, 1.0)
    assert one is not None
    assert two is not None
    assert one.slope == pytest.approx(two.slope)


@pytest.mark.parametrize("turned", [False, True])
def test_of_rare_events_every_bin_has_some(turned: bool) -> None:
    """One in a thousand: a tenth of the rows would hold nearly all of them."""
    rng = np.random.default_rng(0)
    p = 1 / (1 + np.exp(-(rng.normal(size=100_000) * 2.0 - 8.7)))
    hit = (rng.random(len(p)) < p).astype(float)
    assert 0.0005 < hit.mean() < 0.005
    if turned:
        p, hit = 1 - p, 1 - hit
    by_rows, by_events = reliability.binned(p, hit), reliability.binned(p, hit, filling=reliability.filling_of(p))
    rare = np.bincount(by_events.which, weights=1 - hit if turned else hit)
    assert len(by_rows.rows) == len(by_events.rows) == 10
    assert rare.min() > 0.03 * rare.sum()
    assert np.bincount(by_rows.which, weights=1 - hit if turned else hit).max() > 0.6 * rare.sum()
    assert reliability.filling_of(np.asarray([0.01, 0.5])) is None


def test_what_is_wrong_among_the_likeliest_of_rare_events_is_found() -> None:
    rng = np.random.default_rng(1)
    p = 1 / (1 + np.exp(-(rng.normal(size=200_000) * 2.0 - 8.0)))
    told = np.where(p > np.quantile(p, 0.99), p / 2, p)  # the surest are twice as often hits as is said
    hit = (rng.random(len(p)) < p).astype(float)
    assert reliability.of_shares(told, hit, None, 1.0, np.random.default_rng(0)).p_value < 1e-4
    assert reliability.of_shares(p, hit, None, 1.0, np.random.default_rng(0)).p_value > 0.01


def test_few_expected_events_fill_few_bins() -> None:
    p = np.full(1000, 0.01) + np.linspace(0, 0.005, 1000)
    assert len(reliability.binned(p, np.zeros(1000), filling=reliability.filling_of(p)).rows) == 2
    p = p / 10
    assert len(reliability.binned(p, np.zeros(1000), filling=reliability.filling_of(p)).rows) == 1


def test_design_effect_of_copies_is_their_number() -> None:
    rng = np.random.default_rng(0)
    r = rng.normal(size=500)
    assert design_effect(np.repeat(r, 4), np.repeat(np.arange(500), 4)) == pytest.approx(4.0)
    assert design_effect(r, None) == 1.0


def test_copies_and_named_groups_are_blocks_and_chance_is_not() -> None:
    rng = np.random.default_rng(0)
    x = Column.of_numbers("x", np.repeat(rng.normal(size=50), 2))
    firm = Column.of_words("firm", ["a", "b", None, None] * 25)
    z = Column.of_numbers("z", np.repeat(rng.normal(size=50), 2))
    w = Column.of_numbers("w", np.repeat(rng.normal(size=50), 2))
    data = Dataset((x, z, w, firm, Column.of_words("flag", ["y", "n"] * 50)))
    assert len(np.unique(blocks_of(data, "", "", ("x", "z", "w")))) == 50
    assert len(np.unique(blocks_of(data, "firm", "", ("x", "z", "w")))) == 52
    assert len(np.unique(blocks_of(data, "", "", ("flag",)))) == 100
    days = np.datetime64("2024-01-01", "us") + np.repeat(np.arange(20), 5) * np.timedelta64(1, "D")
    late = data.having(Column(name="day", cells=days))
    assert len(np.unique(blocks_of(late, "", "day", ("flag",)))) == 20  # the rows of a day err together
    assert len(np.unique(blocks_of(late, "firm", "day", ("flag",)))) == 20  # of firms that go on, too
    assert len(np.unique(blocks_of(late, "firm", "day", ("flag",), both=True))) == 52  # each firm has its own days
    each = data.having(Column(name="day", cells=days + np.arange(100) * np.timedelta64(1, "s")))
    assert len(np.unique(blocks_of(each, "", "day", ("x", "z", "w")))) == 50  # no moment is that of two rows


def test_groups_bind_nothing_where_there_is_one_or_each_row_is_alone() -> None:
    assert bound(np.zeros(5, dtype=np.int64)) is None
    assert bound(np.arange(5)) is None
    assert bound(np.asarray([0, 0, 1])) is not None


def test_bootstrap_means_vary_as_means_do() -> None:
    rng = np.random.default_rng(0)
    draws = bootstrap_means(rng.normal(size=(400, 1)), None, rng, 400)
    assert draws.std() == pytest.approx(1 / 20, rel=0.2)
    grouped = bootstrap_means(np.repeat(rng.normal(size=(100, 1)), 4, axis=0), np.repeat(np.arange(100), 4), rng, 400)
    assert grouped.std() == pytest.approx(1 / 10, rel=0.25)


def test_the_band_of_coverage_holds_simulated_coverage() -> None:
    from assay.stats.conformal import quantile_up

    rng, outside = np.random.default_rng(0), 0
    low, high = coverage_band(0.9, 500, learnt_on=100, level=0.9)
    for _ in range(400):
        threshold = quantile_up(rng.random(100), 0.9)
        outside += not low <= (rng.random(500) <= threshold).mean() <= high
    assert outside / 400 == pytest.approx(0.1, abs=0.05)
    assert coverage_band(0.9, 100, learnt_on=5) == (1.0, 1.0)
    assert coverage_band(0.9, 0) == (0.0, 1.0)
