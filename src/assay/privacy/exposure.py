"""How well are members told from others by a score?

Scores in, figures with their doubt out. A row may be judged several times, once by each target model; what is judged of it is no news
each time, so rows are clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A figure with its interval."""

    value: float
    low: float
    high: float
    n: int


def auc(scores: Floats, member: Bools, rows: Ints | None = None, level: float = 0.95) -> Rate:
    """Share of pairs, a member and another, that a score puts in order; ties count half.

    scores, member : [judgements]; rows : the row of each judgement, None where each is of its own

    The interval is that of DeLong, DeLong & Clarke-Pearson (1988), for clustered rows by Obuchowski (1997).

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).value
    0.75
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    m, n = int(member.sum()), int((~member).sum())
    if not m or not n:
        return Rate(value=0.5, low=0.0, high=1.0, n=m + n)
    every = rankdata(scores)
    placed = np.empty(len(scores))  # the share of the other side that lies below (of others: above) each
    placed[member] = (every[member] - rankdata(scores[member])) / n
    placed[~member] = 1.0 - (every[~member] - rankdata(scores[~member])) / m
    value = float(placed[member].mean())
    row = np.arange(len(scores)) if rows is None else np.unique(rows, return_inverse=True)[1]
    apart = (placed - value) / np.where(member, m, n)
    summed = np.bincount(row, weights=apart)  # what each row adds to the figure
    many = len(summed)
    half = float(ndtri((1 + level) / 2)) * float(np.sqrt((summed**2).sum() * many / max(1, many - 1)))
    half = max(half, _least(m, n, value))
    return Rate(value=value, low=max(0.0, value - half), high=min(1.0, value + half), n=many)


def _least(m: int, n: int, value: float) -> float:
    """Half of an interval where all are in order, of which no spread is seen: as if one more pair were not."""
    return 1.0 / (min(m, n) + 1) if value in (0.0, 1.0) else 0.0


def found_at(scores: Floats, member: Bools, false: float, level: float = 0.95) -> Rate:
    """Share of members above a threshold that at most a share `false` of the others exceeds.

    The interval has both doubts, each by Clopper & Pearson (1934): that of the share of members above a threshold, and that of
    the threshold, since how many others lie above it is only seen on some. Its low end holds for a threshold that surely keeps
    to the share of false ones, its high end for one that surely does not.

    >>> found_at(np.arange(2000.0), np.arange(2000) >= 1000, 0.01).value
    1.0
    """
    inside, beyond = np.sort(scores[member]), np.sort(scores[~member])[::-1]
    m, n = len(inside), len(beyond)
    if not m or not n:
        return Rate(value=0.0, low=0.0, high=1.0, n=m)
    doubt = (1.0 - level) / 4.0

    def above(count: int) -> int:
        """Members above the threshold that `count` of the others exceed."""
        return m if count >= n else m - int(np.searchsorted(inside, beyond[count], side="right"))

    kept = np.arange(n + 1)
    strict, lax = _most(kept, n, doubt) <= false, _least_share(kept, n, doubt) >= false
    low = _least_share(np.asarray([above(int(kept[strict].max()))]), m, doubt)[0] if strict.any() else 0.0
    high = _most(np.asarray([above(int(kept[lax].min()))]), m, doubt)[0] if lax.any() else 1.0
    value = above(int(np.floor(false * n + 1e-9))) / m
    return Rate(value=value, low=float(min(low, value)), high=float(max(high, value)), n=m)


def _least_share(hits: Ints, n: int, doubt: float) -> Floats:
    """The low end of a share (Clopper & Pearson 1934)."""
    from scipy.special import betaincinv

    return np.where(hits > 0, betaincinv(np.maximum(hits, 1), n - np.maximum(hits, 1) + 1, doubt), 0.0)


def _most(hits: Ints, n: int, doubt: float) -> Floats:
    """The high end of a share."""
    from scipy.special import betaincinv

    some = np.minimum(hits, n - 1)
    return np.where(hits < n, betaincinv(some + 1, n - some, 1.0 - doubt), 1.0)
