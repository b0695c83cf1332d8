"""Which given answers are contradicted most, and are there more of them than noise would give?

A model that says "nearly certainly not" and is often wrong there has met labels that are wrong; a model that is seldom
sure has met noise. The two are told apart by where the errors lie: noise fades as the model gets surer, wrong labels
do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.threads import one_thread_for_products


def confident_joint(p: Floats, y: Ints) -> tuple[Ints, Bools]:
    """Confident learning (Northcutt, Jiang & Chuang 2021): (counts [k, k] of given against likely label, issues [n]).

    A row counts as likely of class j where its probability of j is at least the mean probability of j among the rows
    given as j; of several such classes the most probable one. Rows likely of another class than given are issues, but for those whose
    given class is the most probable of all: of a class of two rows that mean is next to nothing, and others exceed it by chance.
    """
    n, k = p.shape
    own = p[np.arange(n), y]
    count = np.maximum(np.bincount(y, minlength=k), 1)
    threshold = np.bincount(y, weights=own, minlength=k) / count
    threshold = np.where(np.bincount(y, minlength=k) > 0, threshold, np.inf)
    above = np.where(p >= threshold, p, -1.0)
    sure = above.max(axis=1) >= 0
    likely = np.where(own >= p.max(axis=1), y, above.argmax(axis=1))
    joint = np.zeros((k, k), dtype=np.int64)
    np.add.at(joint, (y[sure], likely[sure]), 1)
    return joint, sure & (likely != y)


BINS = 400  # of like log-odds
SHAPES = (0.75, 1.5)  # of a tail: heavier than an exponential's, and near to a normal one's


Line = tuple[float, float]  # a and b


@dataclass(frozen=True)
class Lapse:
    """Share of rows that are answered against all certainty, its bounds, and the p-value of there being any.

    lines : a and b of σ(a s + b), how often the model is right of what is not wrong, for the share and for its two bounds
    """

    share: float
    low: float
    p: float
    high: float = 0.0
    lines: tuple[Line, Line, Line] = ((1.0, 0.0),) * 3

    def wrong(self, sure: Floats) -> Floats:
        """Probability [3, n] that the given answer is wrong of rows that the model contradicts, by the share and by its bounds.

        sure : log-odds [n] that the model's answer is right, as it has them

        Of such rows a share e is wrong however sure the model is, and of the others it errs itself in 1 - σ(a s + b): Bayes' rule. Where a
        model errs and is sure of it, as on rows of a sort that it never met, that is taken for wrong answers.
        """
        found = []
        for e, (a, b) in zip((self.share, self.low, self.high), self.lines, strict=True):
            errs = 0.5 * (1.0 - np.tanh(0.5 * (a * np.clip(sure, -30, 30) + b)))
            found.append(e / np.maximum(e + (1.0 - e) * errs, 1e-300))
        return np.asarray(found)


def lapse(sure: Floats, right: Bools, level: float = 0.05) -> Lapse:
    """The lapse rate of psychometrics (Wichmann & Hill 2001): P(right) = (1 - e) σ(a s + b) with e estimated.

    sure  : log-odds [n] that the answer is right, as the model has them
    right : whether it is
    level : the lower bound is above the true share with this probability, the upper bound below it

    With clean labels, however noisy, P(right) goes to 1 as `sure` grows and e is 0; with a share e of wrong labels it
    stays below. Likelihood ratio against e = 0, a boundary value: half the chi-square tail (Self & Liang 1987).
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import chdtrc, chdtri

    if right.all() or len(right) < 30:
        return Lapse(0.0, 0.0, 1.0)
    counts = _counted(np.clip(sure, -30, 30), right)
    most = float(1.0 - right.mean())

    def loss(e: float) -> float:
        return _least(*counts, e)[0]

    found = minimize_scalar(loss, bounds=(0.0, min(0.5, most)), method="bounded", options={"xatol": 1e-4})
    base = loss(0.0)
    if found.fun >= base - 1e-9:
        return Lapse(0.0, 0.0, 1.0)
    ratio = 2.0 * (base - float(found.fun))
    share = float(found.x)
    low, fall = 0.0, float(chdtri(1, 2.0 * level))
    if ratio > fall:  # the bound is where twice the log-likelihood has fallen that far
        inside, outside = share, 0.0
        for _ in range(12):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if 2.0 * (loss(middle) - found.fun) < fall else (inside, middle)
        low = inside
    inside, outside = share, min(0.5, most)
    for _ in range(12):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if 2.0 * (loss(middle) - found.fun) < fall else (inside, middle)
    lines = [_least(*counts, e)[1] for e in (share, low, outside)]
    return Lapse(share, low, 0.5 * float(chdtrc(1, ratio)), outside, (lines[0], lines[1], lines[2]))


def _counted(sure: Floats, right: Bools) -> tuple[Floats, Floats, Floats]:
    """Rows gathered by like log-odds, as nothing is lost by it: (mean log-odds and 1 [m, 2], rows [m], right [m])."""
    parts = np.array_split(np.argsort(sure, kind="stable"), min(BINS, len(sure)))
    x = np.asarray([[sure[part].mean(), 1.0] for part in parts])
    n = np.asarray([len(part) for part in parts], dtype=float)
    return x, n, np.asarray([right[part].sum() for part in parts], dtype=float)


def _least(x: Floats, n: Floats, hits: Floats, e: float) -> tuple[float, Line]:
    """Least negative log-likelihood over a and b for a given lapse rate, and those two."""
    from scipy.optimize import minimize

    def value(theta: Floats) -> tuple[float, Floats]:
        s = 0.5 * (1.0 + np.tanh(0.5 * (x @ theta)))
        p = np.clip((1.0 - e) * s, 1e-12, 1.0 - 1e-12)
        total = -float((hits * np.log(p) + (n - hits) * np.log1p(-p)).sum())
        slope = (n * p - hits) / (p * (1 - p)) * (1.0 - e) * s * (1 - s)
        return total, x.T @ slope

    bounds = [(1e-3, 20.0), (-10.0, 10.0)]
    with one_thread_for_products():  # those of the solver are of two numbers
        found = minimize(value, np.asarray([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=bounds)
    return float(found.fun), (float(found.x[0]), float(found.x[1]))


@dataclass(frozen=True, eq=False)
class Outlying:
    """Standardised residuals [n], p-value of each [n] under the tail the bulk has, and the degrees of freedom of it."""

    z: Floats
    p: Floats
    freedom: float


def outlying(answer: Floats, y: Floats, groups: int = 10) -> Outlying:
    """How strange each value is, given its answer.

    Residuals are scaled by the spread of residuals of like answers (robustly, in tenths), and judged by the t
    distribution whose tail the bulk has (ratio of the 95 % to the 50 % spread), so that heavy tails are not all called wrong.
    """
    from scipy.special import stdtr

    rest = y - answer
    place = np.argsort(np.argsort(answer, kind="stable"), kind="stable") * min(groups, max(1, len(y) // 50)) // len(y)
    z = np.zeros(len(y))
    floor = 1e-12 + 0.05 * float(np.subtract(*np.quantile(rest, [0.75, 0.25])))
    for g in np.unique(place):
        rows = place == g
        low, middle, high = np.quantile(rest[rows], [0.25, 0.5, 0.75])
        z[rows] = (rest[rows] - middle) / max(float(high - low) / 1.349, floor)
    inner, outer = np.quantile(np.abs(z), [0.5, 0.95])
    freedom, unit = _tail(float(inner), float(outer), 0.975)
    return Outlying(z, 2.0 * stdtr(freedom, -np.abs(z) / unit), freedom)


def beyond(x: Floats, floor: float) -> Floats:
    """How strange it is of each number to lie so far above the median: one-sided p-values [n], 1 below it.

    Judged by the stretched exponential tail (Weibull 1951) that the numbers above the median have, by their 80 % against their
    50 %; those below may be of another shape. One in twenty may be odd without hiding one another. A heavier tail than
    an exponential's has numbers that are called odd too often: they are odd, and need not be wrong.

    floor : the least spread that is assumed, in the unit of x, where nearly all numbers are the same

    >>> beyond(np.append(np.linspace(-1, 1, 99), 50.0), 0.1).round(3)[[0, 99]].tolist()
    [1.0, 0.0]
    """
    above = x - np.median(x)
    upper = above[above > 0]
    if not len(upper):
        return np.ones(len(x))
    inner, outer = np.maximum(np.quantile(upper, [0.5, 0.8]), np.asarray([0.6745, 1.2816]) * floor)
    halves, fifths = np.log(2.0), np.log(5.0)
    shape = np.clip(np.log(fifths / halves) / np.log(max(outer / inner, 1.01)), *SHAPES)
    return np.where(above > 0, 0.5 * np.exp(-halves * (np.maximum(above, 0.0) / inner) ** shape), 1.0)


def _tail(inner: float, outer: float, high: float) -> tuple[float, float]:
    """(degrees of freedom, unit) of the t distribution whose quantiles 75 % and `high` are in this ratio."""
    from scipy.special import stdtrit

    ratio = outer / max(inner, 1e-12)
    choices = np.asarray([1.5, 2, 2.5, 3, 4, 5, 7, 10, 20, 50.0])
    ratios = stdtrit(choices, high) / stdtrit(choices, 0.75)
    freedom = float(choices[np.flatnonzero(ratios >= ratio)[-1]]) if (ratios >= ratio).any() else 1.5
    if ratio <= ratios[-1]:
        freedom = float(choices[-1])
    return freedom, inner / float(stdtrit(freedom, 0.75)) or 1.0


def log_odds(p: Floats) -> Floats:
    """Log-odds of probabilities, kept finite."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p) - np.log1p(-p))
