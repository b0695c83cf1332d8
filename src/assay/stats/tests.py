"""Is a difference more than chance?

Small tests with their sources; arrays in, numbers out.
"""

from __future__ import annotations

import math

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

from .metrics import standard_error


def holm(p_values: Floats, level: float = 0.05) -> Bools:
    """Which hypotheses stay rejected when many are tested (Holm 1979), family-wise error at most `level`: bool [m]."""
    order = np.argsort(p_values)
    m = len(p_values)
    passed = p_values[order] <= level / (m - np.arange(m))
    keep = np.cumprod(passed).astype(bool)  # the first failure stops the walk
    out = np.zeros(m, dtype=bool)
    out[order] = keep
    return out


def wilson(hits: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval for a share (Wilson 1927).

    >>> [round(v, 3) for v in wilson(9, 10)]
    [0.596, 0.982]
    """
    if n <= 0:
        return 0.0, 1.0
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def binomial_band(share: float, n: int, level: float = 0.99) -> tuple[float, float]:
    """Where an observed share of `n` rows lies with probability `level` when the true share is `share`."""
    from scipy.stats import binom

    low, high = binom.ppf([(1 - level) / 2, (1 + level) / 2], n, share)
    return float(low) / n, float(high) / n


def mean_above(x: Floats, reference: float, w: Floats | None = None, groups: Ints | None = None) -> float:
    """One-sided p-value that the mean of `x` is above `reference` (Student 1908); 1 where it cannot be tested.

    w, groups : weight and group of each row [n]; rows of one group err together, and groups are what is counted (Liang & Zeger 1986)
    """
    from scipy.special import stdtr

    error, free = standard_error_and_freedom(x, w, groups)
    if free < 1 or error == 0.0:
        return 1.0
    return float(stdtr(free, -(float(np.average(x, weights=w)) - reference) / error))


def standard_error_and_freedom(x: Floats, w: Floats | None = None, groups: Ints | None = None) -> tuple[float, int]:
    """Standard error of the weighted mean of `x` [n], unbiased for few rows or groups, and the degrees of freedom of its Student law.

    >>> error, freedom = standard_error_and_freedom(np.array([1.0, 3.0, 5.0, 7.0]), groups=np.array([0, 0, 1, 1]))
    >>> round(error, 9), freedom
    (2.0, 1)
    """
    counts = np.ones(len(x), dtype=bool) if w is None else w > 0
    n = int(counts.sum()) if groups is None else len(np.unique(groups[counts]))
    if n < 2:
        return 0.0, 0
    return standard_error(x, w, groups) * math.sqrt(n / (n - 1)), n - 1


def two_samples_differ(a: Floats, b: Floats) -> tuple[float, float]:
    """Kolmogorov & Smirnov: (largest distance of the two distributions, p-value)."""
    from scipy.stats import ks_2samp

    if len(a) == 0 or len(b) == 0:
        return 0.0, 1.0
    found = ks_2samp(a, b, method="asymp")
    return float(found.statistic), float(found.pvalue)


def tables_differ(counts_a: Floats, counts_b: Floats) -> tuple[float, float]:
    """Pearson's (1900) chi-square on two rows of counts: (Cramér's V, p-value)."""
    from scipy.special import chdtrc

    table = np.vstack([counts_a, counts_b]).astype(float)
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return math.sqrt(statistic / table.sum()), float(chdtrc(table.shape[1] - 1, statistic))
