"""What share of rows may a set or an interval cover, when it keeps its promise?

Learnt on c rows, a split conformal threshold covers new rows with a probability that itself varies by chance (Vovk
2012: a beta distribution); of n new rows the number covered is then beta-binomial. Judging it by the binomial alone
would raise alarms where the threshold was learnt on few rows.
"""

from __future__ import annotations

import math

from .tests import binomial_band


def coverage_band(promise: float, n: int, learnt_on: int | None = None, level: float = 0.99) -> tuple[float, float]:
    """Where the share of `n` rows covered lies with probability `level` when the promise is kept.

    promise   : coverage asked for, 0 to 1
    learnt_on : rows that the threshold was learnt on, none of them among the `n`; None where every measured row also
                taught the thresholds of the others (cross-fitting), whose deviations cancel: then the binomial is wide
                enough

    >>> [round(v, 3) for v in coverage_band(0.9, 1000)]
    [0.875, 0.924]
    >>> [round(v, 3) for v in coverage_band(0.9, 1000, learnt_on=200)]
    [0.833, 0.951]
    """
    if n <= 0:
        return 0.0, 1.0
    if learnt_on is None:
        return binomial_band(promise, n, level)
    rank = math.ceil((learnt_on + 1) * promise - 1e-9)
    if rank > learnt_on:
        return 1.0, 1.0  # too few rows to learn from: the promise is kept by covering all
    from scipy.stats import betabinom

    low, high = betabinom.ppf([(1 - level) / 2, (1 + level) / 2], n, rank, learnt_on + 1 - rank)
    return float(low) / n, float(high) / n
