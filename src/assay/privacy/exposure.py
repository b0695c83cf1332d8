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


def found_at(scores: Floats, member: Bools, false: float, rows: Ints | None = None, level: float = 0.95) -> Rate:
    """Share of members above a threshold that at most a share `false` of the others exceeds.

    The interval has both doubts, each by Clopper & Pearson (1934): that of the share of members above a threshold, and that of
    the threshold, since how many others lie above it is only seen on some. Its low end holds for a threshold that surely keeps
    to the share of false ones, its high end for one that surely does not. A row that is judged several times counts once.

    >>> found_at(np.arange(2000.0), np.arange(2000) >= 1000, 0.01).value
    1.0
    """
    inside, beyond = np.sort(scores[member]), np.sort(scores[~member])[::-1]
    m, n = len(inside), len(beyond)
    if not m or not n:
        return Rate(value=0.0, low=0.0, high=1.0, n=m)
    row = np.arange(len(scores)) if rows is None else rows
    of_m, of_n = (len(np.unique(row[side])) for side in (member, ~member))
    doubt = (1.0 - level) / 4.0

    def found(count: int) -> float:
        """Share of members above the threshold that `count` of the others exceed."""
        return 1.0 if count >= n else 1.0 - float(np.searchsorted(inside, beyond[count], side="right")) / m

    shares = np.arange(n + 1) / n
    strict, lax = _high_end(shares, of_n, doubt) <= false, _low_end(shares, of_n, doubt) >= false
    value = found(int(np.floor(false * n + 1e-9)))
    low = float(_low_end(found(int(strict.sum()) - 1), of_m, doubt)) if strict.any() else 0.0
    high = float(_high_end(found(int((~lax).sum())), of_m, doubt)) if lax.any() else 1.0
    return Rate(value=value, low=min(low, value), high=max(high, value), n=of_m)


def curve(scores: Floats, member: Bools, points: int = 60) -> tuple[Floats, Floats]:
    """Shares of others and of members above thresholds, evenly spaced in the logarithm of the former; those without members are left away.

    >>> [x.round(2).tolist() for x in curve(np.arange(8.0), np.arange(8) >= 4, 3)]
    [[0.25, 0.5, 1.0], [1.0, 1.0, 1.0]]
    """
    inside, beyond = np.sort(scores[member]), np.sort(scores[~member])[::-1]
    counts = np.unique(np.geomspace(1, len(beyond), points).round().astype(int))
    limits = np.append(beyond, -np.inf)[counts]
    found = 1.0 - np.searchsorted(inside, limits, side="right") / len(inside)
    return counts[found > 0] / len(beyond), found[found > 0]


def of_rows(scores: Floats, member: Bools) -> Floats:
    """How much further up each row stands [n] under targets that learnt it than under those that did not; NaN where one side is empty.

    scores, member : [targets, n]. It is what learning the row does, beside its difficulty (Feldman & Zhang 2020).

    >>> of_rows(np.array([[0.9, 0.4], [0.5, 0.6]]), np.array([[True, True], [False, True]])).round(2).tolist()
    [0.4, nan]
    """
    inside, beyond = member.sum(axis=0), (~member).sum(axis=0)
    means = [np.where(side, scores, 0.0).sum(axis=0) / np.maximum(side.sum(axis=0), 1) for side in (member, ~member)]
    return np.where((inside > 0) & (beyond > 0), means[0] - means[1], np.nan)


def _low_end(share: Floats | float, n: int, doubt: float) -> Floats:
    """The low end of a share of n (Clopper & Pearson 1934)."""
    from scipy.special import betaincinv

    hits = np.asarray(share) * n
    return np.where(hits > 0, betaincinv(np.maximum(hits, 1e-9), n - hits + 1, doubt), 0.0)


def _high_end(share: Floats | float, n: int, doubt: float) -> Floats:
    """The high end."""
    return 1.0 - _low_end(1.0 - np.asarray(share), n, doubt)
