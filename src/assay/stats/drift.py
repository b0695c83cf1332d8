"""Are the cells of a column as they were in training, and if not, how far are they from it?

Held against what is kept of the training rows (`ColumnProfile`), whose own sampling error counts as that of the new rows does:
numbers by Kolmogorov and Smirnov's distance at the quantiles kept and by Pearson's chi-square on tenths, names by chi-square, missing
cells and names too rare for it by Fisher's (1935) exact test; the smallest p-value stands, times their number (Bonferroni). How far is
told by the population stability index (Lewis 1994; Siddiqi 2006): sum of (q - p) log(q / p) over tenths or names, missing cells
among them, less what chance alone makes of it (Yurdakul 2018). With so many rows that all is certain, it says what is much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Column, Floats, Ints

from .profile import ColumnProfile, plain
from .tests import tables_differ

BINS = 10
EXPECTED = 5.0  # cells that chi-square wants in each place (Cochran 1954)
SOME, MUCH = 0.1, 0.25  # stability index from which a shift is moderate, and large (Siddiqi 2006)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One column held against training."""

    name: str
    fact: str
    p: float
    index: float  # population stability index, less what chance makes of it
    low: float
    high: float
    n: int  # new rows
    how: str  # what moved most: "numbers", "names", "rest" (rare and unseen names), "missing"
    at: float | str  # the number up to which, or the name in which, shares differ most
    there: float  # that share in training
    here: float  # and in the new rows

    @property
    def gap(self) -> float:
        """How far the shares that differ most are apart."""
        return abs(self.here - self.there)


@dataclass(frozen=True, eq=False)
class Tally:
    """Cells of new rows counted at the places that a profile tells apart: all that `moved` needs of them. Tallies of several tables add up."""

    rows: int
    missing: int
    counts: Floats  # [places] of the cells that are there

    @classmethod
    def of(cls, one: ColumnProfile, column: Column) -> Tally:
        """The cells of a column, or of one fact of it."""
        gone = column.missing
        k = places(one)
        here: Ints = np.empty(0, dtype=np.int64)
        present = column.take(~gone)
        if k and len(one.edges):
            edges = np.unique(one.edges)
            cells = plain(present)
            at = np.searchsorted(edges, cells)
            on = edges[np.minimum(at, len(edges) - 1)] == cells
            here = np.bincount(2 * at + on, minlength=k)  # before the first edge, on it, before the second ...
        elif k:
            here = np.bincount(one.places(present), minlength=k)
        return cls(len(column), int(gone.sum()), np.asarray(here, dtype=np.float64))


def places(one: ColumnProfile) -> int:
    """How many places a profile tells apart: before, on and between its quantiles, or its names and all others; 0 where it tells nothing."""
    if not one.counted:
        return 0
    return 2 * len(np.unique(one.edges)) + 1 if len(one.edges) else len(one.levels) + 1


def moved(one: ColumnProfile, column: Column, counts: float = 1.0, counted: float = 1.0) -> Moved:
    """One column of new rows, or one fact of it, against what is kept of it.

    counts, counted : share of the new and of the training rows that counts, where some belong together
    """
    return tally_moved(one, Tally.of(one, column), counts, counted)


def tally_moved(one: ColumnProfile, tally: Tally, counts: float = 1.0, counted: float = 1.0) -> Moved:
    """The same of cells that were only counted."""
    n, lost = tally.rows, tally.missing / tally.rows if tally.rows else 0.0
    present = float(tally.counts.sum())
    several = [_shares_differ(one.missing, one.rows * counted, lost, n * counts)]
    told: tuple[str, float | str, float, float] = ("missing", "", one.missing, lost)
    there, here = np.ones(1), np.ones(1)
    old, new = one.counted * counted, present * counts
    if one.counted and present:
        ps, found, there, here = (_numbers if len(one.edges) else _names)(one, tally.counts / present, old, new)
        several += ps
        if abs(found[3] - found[2]) >= abs(lost - one.missing):
            told = found
    tested = [p for p in several if p is not None]
    p = min(1.0, min(tested) * len(tested)) if tested else 1.0
    index, low, high = stability(
        np.append(there * (1 - one.missing), one.missing), np.append(here * (1 - lost), lost), max(old, 1.0), n * counts
    )
    how, at, before, now = told
    return Moved(
        name=one.name,
        fact=one.fact,
        p=p,
        index=index,
        low=low,
        high=high,
        n=n,
        how=how,
        at=at,
        there=before,
        here=now,
    )


def risen(one: ColumnProfile, tally: Tally) -> Moved:
    """Whether numbers lie higher than those that are kept: that they lie lower, or closer together, is nothing.

    Kolmogorov and Smirnov's distance to one side, with p = exp(-2 z^2) (Smirnov 1939); the index is of the two sides of the number where it is largest.
    """
    (edges, there), new = _kept(one), float(tally.counts.sum())
    upto, here = np.cumsum(there)[:-1], np.cumsum(tally.counts / new)[:-1]
    most = int((upto - here).argmax())
    before, now = float(upto[most]), float(here[most])
    apart = max(0.0, before - now)
    p = math.exp(-2 * one.counted * new / (one.counted + new) * apart**2)
    there, here = (np.asarray([share, 1 - share]) for share in (before, now if apart else before))
    index, low, high = stability(there, here, one.counted, new)
    said = {"how": "numbers", "at": float(edges[most // 2]), "there": before, "here": now}
    return Moved(name=one.name, fact=one.fact, p=p, index=index, low=low, high=high, n=tally.rows, **said)  # type: ignore[arg-type]


def stability(there: Floats, here: Floats, old: float, new: float) -> tuple[float, float, float]:
    """The stability index of two rows of shares [k] counted on so many rows, less what chance makes of it, and its 95 % interval.

    Half a row is added to each place, so that one that is empty is not endlessly far.

    >>> [round(v, 3) for v in stability(np.array([0.5, 0.5]), np.array([0.8, 0.2]), 1000, 1000)]
    [0.413, 0.299, 0.527]
    """
    used = (there > 0) | (here > 0)
    k = int(used.sum())
    if k < 2 or new <= 0:
        return 0.0, 0.0, 0.0
    p, q = ((share[used] * n + 0.5) / (n + 0.5 * k) for share, n in ((there, old), (here, new)))
    ratio = np.log(q / p)
    index = float(((q - p) * ratio).sum())
    chance = (k - 1) * (1 / old + 1 / new)
    by_new, by_old = ratio + 1 - p / q, -ratio + 1 - q / p  # how it changes with each share: the delta method
    square = (q * by_new**2).sum() - (q * by_new).sum() ** 2, (p * by_old**2).sum() - (p * by_old).sum() ** 2
    error = math.sqrt(float(square[0]) / new + float(square[1]) / old + 2 * (k - 1) * (1 / old + 1 / new) ** 2)
    value = max(0.0, index - chance)
    return value, max(0.0, index - chance - 1.96 * error), value + 1.96 * error


Told = tuple[list[float | None], tuple[str, float | str, float, float], Floats, Floats]


def _numbers(one: ColumnProfile, here: Floats, old: float, new: float) -> Told:
    """Numbers that are there, as shares of places: p-values, what moved most, and the shares of tenths in training and here."""
    from scipy.special import kolmogorov

    edges, there = _kept(one)
    apart = np.abs(np.cumsum(here) - np.cumsum(there))[:-1]
    most = int(apart.argmax())
    size = math.sqrt(old * new / (old + new)) * float(apart[most])
    place = _tenths(there, min(BINS, int(min(old, new) / EXPECTED)))
    before, now = (np.asarray(np.bincount(place, weights=share), dtype=np.float64) for share in (there, here))
    chance = _tables(before * old, now * new)
    share = float(np.cumsum(there)[most]), float(np.cumsum(here)[most])
    return [float(kolmogorov(size)), chance], ("numbers", float(edges[most // 2]), *share), before, now


def _kept(one: ColumnProfile) -> tuple[Floats, Floats]:
    """The quantiles [m], each once, and the shares of training cells before, on and between them [2 m + 1]."""
    edges, first = np.unique(one.edges, return_index=True)
    last = np.append(first[1:], len(one.edges)) - 1
    below, upto = one.below[first], one.upto[last]
    return edges, np.diff(np.concatenate([[0.0], np.column_stack([below, upto]).ravel(), [1.0]]))


def _tenths(shares: Floats, bins: int) -> Ints:
    """The bin of each small place [k] so that every bin has about as many training rows; what is frequent alone stays alone."""
    place = np.zeros(len(shares), dtype=np.int64)
    held, bin_ = 0.0, 0
    for i, share in enumerate(shares.tolist()):
        full = held * bins >= 1.0 - 1e-9 or (held > 0 and share * bins >= 1.0)
        if full and bin_ < bins - 1:
            bin_, held = bin_ + 1, 0.0
        place[i] = bin_
        held += share
    return place


def _names(one: ColumnProfile, here: Floats, old: float, new: float) -> Told:
    """Names that are there: the same as of numbers."""
    k = len(one.levels)
    there = np.append(one.shares, one.other)
    gap = np.abs(here - there)
    most = int(gap.argmax())
    rest = _shares_differ(float(there[k]), old, float(here[k]), new)
    told: tuple[str, float | str] = ("names", one.levels[most]) if most < k else ("rest", "")
    return (
        [rest, _tables(there[:k] * old, here[:k] * new)],
        (*told, float(there[most]), float(here[most])),
        there,
        here,
    )


def _tables(there: Floats, here: Floats) -> float | None:
    """Chi-square's p-value, places with few cells put together; None where there is nothing to tell apart."""
    total = there.sum(), here.sum()
    if min(total) <= 0:
        return None
    least = (there + here) * min(total) / sum(total)
    few = least < EXPECTED
    if few.any():
        there, here = (np.append(side[~few], side[few].sum()) for side in (there, here))
        least = (there + here) * min(total) / sum(total)
        if least[-1] < EXPECTED and len(least) > 1:  # still too few: they go with the least of the others
            other = int(least[:-1].argmin())
            for side in (there, here):
                side[other] += side[-1]
            there, here = there[:-1], here[:-1]
    return None if len(there) < 2 else tables_differ(there, here)[1]


def _shares_differ(there: float, old: float, here: float, new: float) -> float | None:
    """Whether two shares differ: chi-square, or with few cells exactly; None where all or none bear it on both sides."""
    from scipy.stats import fisher_exact

    table = np.asarray([[there * old, (1 - there) * old], [here * new, (1 - here) * new]])
    if (table.sum(axis=0) < 0.5).any() or (table.sum(axis=1) < 0.5).any():
        return None
    least = float(np.outer(table.sum(axis=1), table.sum(axis=0)).min() / table.sum())
    if least >= EXPECTED:
        return tables_differ(table[0], table[1])[1]
    return float(fisher_exact(np.rint(table).astype(np.int64))[1])
