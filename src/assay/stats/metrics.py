"""How good are predictions, as one number?

Arrays in, one float out; NaN where the figure is undefined (one class only). `y` is int class indices or float values,
`p` probabilities [n, k], `f` values [n], `w` row weights [n] or None. Tested against scikit-learn.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Floats, Ints

TINY = 1e-15  # probabilities are kept this far from 0 and 1 in logarithms


def mean(x: Floats, w: Floats | None = None) -> float:
    """Weighted mean."""
    return float(np.average(x, weights=w)) if len(x) else math.nan


def standard_error(x: Floats, w: Floats | None = None, groups: Ints | None = None) -> float:
    """Standard error of the weighted mean of `x` [n], by how far rows, or whole groups of them, lie from it.

    Rows of one of the `groups` [n] err together (cluster-robust: Liang & Zeger 1986). One group alone tells nothing of how groups
    differ: then rows are what is counted, as without any.

    >>> standard_error(np.array([1.0, 3.0]))
    0.7071067811865476
    >>> standard_error(np.array([1.0, 3.0, 5.0]), np.array([1.0, 1.0, 0.0]))  # a row that does not count says nothing
    0.7071067811865476
    """
    share = np.full(len(x), 1.0 / len(x)) if w is None else np.asarray(w / w.sum(), dtype=np.float64)
    pulls = share * (x - share @ x)
    if groups is not None and len(np.unique(groups)) > 1:
        pulls = np.asarray(np.bincount(np.unique(groups, return_inverse=True)[1], weights=pulls), dtype=np.float64)
    return float(np.sqrt((pulls**2).sum()))


def log_losses(p: Floats, y: Ints) -> Floats:
    """Per-row log-loss [n]."""
    return np.asarray(-np.log(np.clip(p[np.arange(len(y)), y], TINY, 1.0)))


def accuracy(p: Floats, y: Ints, w: Floats | None = None) -> float:
    """Share of rows whose most probable class, or the largest of p [n, k], is the true one."""
    return mean((p.argmax(axis=1) == y).astype(float), w)


def balanced_accuracy(p: Floats, y: Ints, w: Floats | None = None) -> float:
    """Mean over classes of the share found."""
    hit = (p.argmax(axis=1) == y).astype(float)
    shares = [mean(hit[y == k], None if w is None else w[y == k]) for k in np.unique(y)]
    return float(np.mean(shares)) if shares else math.nan


def mean_cost(p: Floats, y: Ints, costs: Floats, w: Floats | None = None) -> float:
    """Mean over rows of what the mistakes of the largest of p [n, k] cost, costs [k] by the true class.

    >>> p = np.array([[0.9, 0.1], [0.3, 0.7], [0.8, 0.2]])
    >>> mean_cost(p, np.array([0, 0, 1]), np.array([1.0, 5.0]))
    2.0
    """
    return mean(np.where(p.argmax(axis=1) == y, 0.0, costs[y]), w)


def brier(p: Floats, y: Ints, w: Floats | None = None) -> float:
    """Brier (1950): mean squared distance of the probabilities from what came, halved for two classes."""
    hot = np.zeros_like(p)
    hot[np.arange(len(y)), y] = 1.0
    per_row = ((p - hot) ** 2).sum(axis=1) / (2.0 if p.shape[1] == 2 else 1.0)
    return mean(per_row, w)


def auc(s: Floats, positive: NDArray[Any], w: Floats | None = None) -> float:
    """Area under the ROC curve of scores `s` for rows that are `positive`; ties count half (Hanley & McNeil 1982).

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    0.75
    """
    positive = np.asarray(positive, dtype=bool)
    if positive.all() or not positive.any():
        return math.nan
    if w is None:  # scores are sorted sooner than their order is found
        every, mine = np.sort(s), np.sort(s[positive])
        below, upto = (
            np.searchsorted(every, mine, side) - np.searchsorted(mine, mine, side) for side in ("left", "right")
        )
        return float((below + (upto - below) / 2).sum() / (len(mine) * (len(every) - len(mine))))
    order = np.argsort(s, kind="stable")
    s, positive, w = s[order], positive[order], w[order]
    starts = np.flatnonzero(np.r_[True, s[1:] != s[:-1]])
    pos = np.add.reduceat(np.where(positive, w, 0.0), starts)
    neg = np.add.reduceat(np.where(positive, 0.0, w), starts)
    below = np.cumsum(neg) - neg
    return float((pos * (below + neg / 2)).sum() / (pos.sum() * neg.sum()))


def average_precision(s: Floats, positive: NDArray[Any], w: Floats | None = None) -> float:
    """Area under the precision-recall curve by steps."""
    positive = np.asarray(positive, dtype=bool)
    if not positive.any():
        return math.nan
    weight = np.ones(len(s)) if w is None else w
    order = np.argsort(-s, kind="stable")
    s, positive, weight = s[order], positive[order], weight[order]
    ends = np.flatnonzero(np.r_[s[1:] != s[:-1], True])
    hits = np.cumsum(np.where(positive, weight, 0.0))[ends]
    seen = np.cumsum(weight)[ends]
    recall = hits / hits[-1]
    return float((np.diff(np.r_[0.0, recall]) * hits / seen).sum())


def macro_auc(p: Floats, y: Ints, w: Floats | None = None) -> float:
    """Mean over classes of the one-against-rest AUC; classes absent from `y` are left out."""
    found = [auc(of_class, y == k, w) for k, of_class in enumerate(np.ascontiguousarray(p.T))]
    found = [v for v in found if not math.isnan(v)]
    return float(np.mean(found)) if found else math.nan


def macro_f1(p: Floats, y: Ints, w: Floats | None = None) -> float:
    """Mean over classes of the F1 score."""
    weight = np.ones(len(y)) if w is None else w
    guess = p.argmax(axis=1)
    scores = []
    for k in np.union1d(np.unique(y), np.unique(guess)):
        hit = weight[(guess == k) & (y == k)].sum()
        scores.append(2 * hit / (weight[guess == k].sum() + weight[y == k].sum()))
    return float(np.mean(scores)) if scores else math.nan


def micro_flags_f1(said: Bools, y: Ints, w: Floats | None = None) -> float:
    """F1 of all yes-or-no answers [n, k] together; NaN where no label is answered or true."""
    hit, asked = _hits(said, y, w)
    return float(2 * hit.sum() / asked.sum()) if asked.sum() > 0 else math.nan


def macro_flags_f1(said: Bools, y: Ints, w: Floats | None = None) -> float:
    """Mean F1 of the labels that are answered or true anywhere."""
    hit, asked = _hits(said, y, w)
    there = asked > 0
    return float((2 * hit[there] / asked[there]).mean()) if there.any() else math.nan


def _hits(said: Bools, y: Ints, w: Floats | None) -> tuple[Floats, Floats]:
    """Weight of rows where a label [k] is rightly answered, and where it is answered plus where it is true."""
    weight = np.ones(len(y)) if w is None else np.asarray(w, dtype=np.float64)
    return weight @ (said & (y == 1)), weight @ said.astype(np.float64) + weight @ (y == 1).astype(np.float64)


def exact_flags(said: Bools, y: Ints, w: Floats | None = None) -> float:
    """Share of rows of which every label is rightly answered, yes or no."""
    return mean((said == (y == 1)).all(axis=1).astype(np.float64), w)


def hamming(said: Bools, y: Ints, w: Floats | None = None) -> float:
    """Share of wrong yes-or-no answers."""
    return mean((said != (y == 1)).mean(axis=1), w)


def rmse(f: Floats, y: Floats, w: Floats | None = None) -> float:
    """Root of the mean squared error, in the unit of the target."""
    return math.sqrt(mean((f - y) ** 2, w))


def mae(f: Floats, y: Floats, w: Floats | None = None) -> float:
    """Mean absolute error, in the unit of the target."""
    return mean(np.abs(f - y), w)


def median_error(f: Floats, y: Floats, w: Floats | None = None) -> float:
    """Median absolute error, in the unit of the target: half of the weight lies on either side.

    >>> f = np.array([0.0, 0.0, 0.0])
    >>> median_error(f, np.array([1.0, 2.0, 9.0])), median_error(f, np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.0, 4.0]))
    (2.0, 9.0)
    """
    away = np.abs(f - y)
    if w is None:
        return float(np.median(away))
    order = np.argsort(away, kind="stable")
    reached = np.cumsum(w[order])
    half, doubt = reached[-1] / 2, 1e-12 * reached[-1]  # sums of equal weights differ in their last bits
    ends = [min(int(np.searchsorted(reached, half + side)), len(away) - 1) for side in (-doubt, doubt)]
    return float(away[order[ends]].mean())


def r2(f: Floats, y: Floats, w: Floats | None = None) -> float:
    """Share of the variance that is explained; NaN for a constant target."""
    spread = mean((y - mean(y, w)) ** 2, w)
    return 1.0 - mean((f - y) ** 2, w) / spread if spread > 0 else math.nan


def quadratic_kappa(f: Floats, y: Floats, w: Floats | None = None) -> float:
    """Quadratic weighted kappa of grades [n] given and true (Cohen 1968): 1 for the same, 0 for agreement by chance.

    Chance is two markers who give the same grades to other rows: their mean squared distance follows from means and variances,
    so that steps of any size count as far as they are. NaN where both give one and the same grade to all.

    >>> quadratic_kappa(np.array([1.0, 2.0, 3.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    0.875
    """
    if not len(y):
        return math.nan
    middle_f, middle_y = mean(f, w), mean(y, w)
    by_chance = mean((f - middle_f) ** 2, w) + mean((y - middle_y) ** 2, w) + (middle_f - middle_y) ** 2
    return 2.0 * mean((f - middle_f) * (y - middle_y), w) / by_chance if by_chance > 0 else math.nan
