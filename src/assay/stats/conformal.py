"""Which answers cannot be ruled out at a stated level?

Split conformal prediction on out-of-fold scores. For classes the threshold is learnt for each true class apart (Vovk
2012; Sadinle, Lei & Wasserman 2019), so a rare class is covered as often as a common one. For values the two tails of
the residual are learnt apart, within bins of the predicted value (Mondrian; Boström et al. 2020), so wide where it is
hard; counts on a scale where their spread is even (Anscombe 1948), since few rows make few bins.

A set may be empty: the row is less typical than the stated share of every class. An interval holds its own prediction (where nine of
ten rows are zero, the residuals of most bins lie all below it), and ends at zero where no value lay on the other side.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

from .clusters import effective
from .evened import back, back_one, evened, evened_one
from .splitting import turns

ROWS_PER_BIN = 200  # both tails of a 90 % interval then rest on ten rows each


@dataclass(frozen=True, eq=False)
class ClassSets:
    """Least probability a class needs to enter the set: one threshold a class [k]."""

    thresholds: Floats

    def __call__(self, p: Floats) -> Bools:
        """Prediction sets of probabilities [n, k]: bool [n, k]."""
        return np.asarray(p >= self.thresholds)

    def one(self, p: Sequence[float]) -> list[bool]:
        """The set of one row with probabilities [k]: [k]."""
        return [share >= least for share, least in zip(p, self._least, strict=True)]

    @functools.cached_property
    def _least(self) -> list[float]:
        found: list[float] = self.thresholds.tolist()
        return found


@dataclass(frozen=True, eq=False)
class ValueIntervals:
    """Offsets to both sides of the prediction in bins of the predicted value; every interval holds its prediction."""

    edges: Floats  # [b - 1], inner edges
    below: Floats  # [b], usually negative
    above: Floats  # [b]
    counts: bool = False  # offsets are those of counts on their even scale; no end lies below 0
    least: float = -math.inf  # no end lies below or above, unless the prediction itself does
    most: float = math.inf

    def __call__(self, f: Floats) -> Floats:
        """Intervals [n, 2] of predictions [n]."""
        at = evened(f) if self.counts else f
        which = np.searchsorted(self.edges, at, side="right")
        low, high = at + self.below[which], at + self.above[which]
        low, high = (back(low), back(high)) if self.counts else (low, high)
        return np.column_stack([np.minimum(f, np.maximum(low, self.least)), np.maximum(f, np.minimum(high, self.most))])

    def one(self, f: float) -> tuple[float, float]:
        """The interval of one prediction."""
        edges, below, above = self._plain
        at = evened_one(f) if self.counts else f
        which = bisect_right(edges, at)
        low, high = at + below[which], at + above[which]
        low, high = (back_one(low), back_one(high)) if self.counts else (low, high)
        return min(f, max(low, self.least)), max(f, min(high, self.most))

    @functools.cached_property
    def _plain(self) -> tuple[list[float], list[float], list[float]]:
        return self.edges.tolist(), self.below.tolist(), self.above.tolist()


def quantile_up(x: Floats, level: float, weight: Floats | None = None) -> float:
    """The ⌈(n + 1)·level⌉-th smallest: the quantile that keeps the promise for one more row; inf where n is too small.

    weight : how many rows each stands for [n] (Tibshirani, Foygel Barber, Candès & Ramdas 2019). The row to come, drawn as often as it
             stands for others, counts as much as the mean of them by weight: they are as few as Kish (1965) counts them

    >>> quantile_up(np.arange(1.0, 10.0), 0.9), quantile_up(np.asarray([1.0, 2.0, 3.0]), 0.5, np.asarray([6.0, 2.0, 1.0]))
    (9.0, 2.0)
    """
    if weight is not None and len(x):
        order = np.argsort(x, kind="stable")
        n, parts = effective(len(x), weight), weight[order] / (weight.max() or 1.0)
        if not n:
            return float("inf")
        counted = np.cumsum(parts) * (n / parts.sum())
        place = int(np.searchsorted(counted, (n + 1) * level - 1e-9))
        return float(x[order[place]]) if place < len(x) else float("inf")
    rank = int(np.ceil((len(x) + 1) * level - 1e-9))
    return float(np.sort(x)[rank - 1]) if rank <= len(x) else float("inf")


def fit_sets(p: Floats, y: Ints, level: float, weight: Floats | None = None) -> ClassSets:
    """Thresholds such that each class is in its rows' sets with probability at least `level`; y is classes [n], or flags [n, k]."""
    own = [y == k if y.ndim == 1 else y[:, k] == 1 for k in range(p.shape[1])]
    # Of negated probabilities, not of their complements: 1 - (1 - p) may lie above p, and the rows that set a threshold below it.
    thresholds = [-quantile_up(-p[mine, k], level, among(weight, mine)) for k, mine in enumerate(own)]
    return ClassSets(np.maximum(np.asarray(thresholds), 0.0))


def fit_intervals(
    f: Floats, y: Floats, level: float, counts: bool = False, weight: Floats | None = None
) -> ValueIntervals:
    """Offsets such that the value, or the count, lies between with probability at least `level`."""
    least = 0.0 if len(y) and not counts and y.min() >= 0 else -math.inf
    most = 0.0 if len(y) and not counts and y.max() <= 0 else math.inf
    if counts:
        f, y = evened(f), evened(y)
    bins = int(np.clip(effective(len(f), weight) // ROWS_PER_BIN, 1, 8))
    edges = np.unique(np.quantile(f, np.arange(1, bins) / bins)) if bins > 1 else np.empty(0)
    which = np.searchsorted(edges, f, side="right")
    tail = (1.0 + level) / 2
    widest = float(np.abs(y - f).max()) if len(f) else 0.0
    below, above = [], []
    for b in range(len(edges) + 1):
        residual, own = (y - f)[which == b], among(weight, which == b)
        up, down = quantile_up(residual, tail, own), quantile_up(-residual, tail, own)
        above.append(up if np.isfinite(up) else widest)
        below.append(-(down if np.isfinite(down) else widest))
    return ValueIntervals(edges, np.asarray(below), np.asarray(above), counts, least, most)


def cross_sets(
    p: Floats, y: Ints, parts: Ints, level: float, weight: Floats | None = None, forward: bool = False
) -> Bools:
    """Sets [n, k] whose thresholds were learnt on the other parts, or on the earlier ones (`splitting.turns`)."""
    out = np.zeros(p.shape, dtype=bool)
    for held, rest in turns(parts, forward):
        out[held] = fit_sets(p[rest], y[rest], level, among(weight, rest))(p[held])
    return out


def cross_intervals(
    f: Floats,
    y: Floats,
    parts: Ints,
    level: float,
    counts: bool = False,
    weight: Floats | None = None,
    forward: bool = False,
) -> Floats:
    """Intervals [n, 2] whose widths were learnt on the other parts, or on the earlier ones (`splitting.turns`)."""
    out = np.empty((len(f), 2))
    for held, rest in turns(parts, forward):
        out[held] = fit_intervals(f[rest], y[rest], level, counts, among(weight, rest))(f[held])
    return out


def among(weight: Floats | None, rows: Bools | Ints) -> Floats | None:
    """The weights of some rows; None where there are none."""
    return None if weight is None else weight[rows]
