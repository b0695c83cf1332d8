"""Are the small tests those of statsmodels and scipy?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats import tests as small


@pytest.mark.parametrize("seed", range(10))
def test_holm_equals_statsmodels(seed: int) -> None:
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(seed).random(12) ** 4
    expected = multitest.multipletests(p, alpha=0.05, method="holm")[0]
    np.testing.assert_array_equal(small.holm(p, 0.05), expected)


def test_holm_keeps_its_family_wise_error() -> None:
    rng = np.random.default_rng(0)
    wrong = np.mean([small.holm(rng.random(20)).any() for _ in range(2000)])
    assert wrong <= small.binomial_band(0.05, 2000, 0.999)[1]


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (9, 10), (10, 10), (137, 400)])
def test_wilson_equals_statsmodels(hits: int, n: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    assert small.wilson(hits, n) == pytest.approx(proportion.proportion_confint(hits, n, method="wilson"), abs=1e-9)
    assert small.wilson(0, 0) == (0.0, 1.0)


def test_one_sided_mean_test_equals_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(0).normal(0.3, 1, size=40)
    expected = stats.ttest_1samp(x, 0.1, alternative="greater").pvalue
    assert small.mean_above(x, 0.1) == pytest.approx(expected)
    assert small.mean_above(np.ones(5), 0.0) == 1.0


def test_tables_equal_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    a, b = np.asarray([30.0, 10, 0, 5]), np.asarray([20.0, 22, 0, 9])
    expected = stats.chi2_contingency(np.vstack([a, b])[:, [0, 1, 3]], correction=False)
    strength, p = small.tables_differ(a, b)
    assert p == pytest.approx(expected.pvalue)
    assert strength == pytest.approx(np.sqrt(expected.statistic / 96))
    assert small.tables_differ(a, 0 * a) == (0.0, 1.0)


def test_a_band_holds_its_share_of_draws() -> None:
    low, high = small.binomial_band(0.9, 200, 0.99)
    draws = np.random.default_rng(0).binomial(200, 0.9, size=5000) / 200
    assert ((low <= draws) & (draws <= high)).mean() >= 0.99
