"""Do predictions mean what they say, and is a deviation more than chance?

Arrays in, numbers out, for two kinds of prediction: a probability `p` of an event that came or not, and a value `f` of
a number that came. Under the hypothesis tested, the mean of what came equals the prediction at every prediction.
Weighted rows count by weight; `deff` (see stats.clusters) divides what grouped rows overstate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Floats, Ints

DRAWS = 2e7  # random numbers one simulation may use
ROUNDS = 400
RARE, EVENTS = 0.02, 5  # share of rows below which events fill bins, not rows; events of such a bin


@dataclass(frozen=True, eq=False)
class Bins:
    """Rows in equally filled bins of the prediction: means and what they rest on, all [b]."""

    said: Floats  # mean prediction
    came: Floats  # mean of what came
    weight: Floats  # sum of weights
    rows: Ints
    which: Ints  # [n] the bin of each row


def binned(
    said: Floats,
    came: Floats,
    w: Floats | None = None,
    most: int = 10,
    least_rows: int = 20,
    filling: Floats | None = None,
) -> Bins:
    """Equally filled bins by prediction; equal predictions share a bin.

    filling : what each row counts towards the filling of its bin [n], at least EVENTS a bin; None: one each

    >>> binned(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 1, 1, 1]), most=2, least_rows=2).came.tolist()
    [0.5, 1.0]
    """
    n = len(said)
    bins = int(np.clip(n // least_rows if filling is None else filling.sum() // EVENTS, 1, most))
    at = np.arange(1, bins) / bins
    if filling is None or bins == 1:
        edges = np.unique(np.quantile(said, at)) if bins > 1 else np.empty(0)
    else:
        order = np.argsort(said, kind="stable")
        filled = np.cumsum(filling[order])
        edges = np.unique(said[order][np.searchsorted(filled, at * filled[-1])])
    which = np.searchsorted(edges, said, side="right")
    _, which = np.unique(which, return_inverse=True)
    weight = np.ones(n) if w is None else w
    total = np.asarray(np.bincount(which, weights=weight), dtype=np.float64)
    mean_said, mean_came = (np.bincount(which, weights=weight * v) / total for v in (said, came))
    return Bins(mean_said, mean_came, total, np.bincount(which).astype(np.int64), which.astype(np.int64))


def filling_of(p: Floats) -> Floats | None:
    """What fills the bins of probabilities [n]: rows, or, where the event or its absence is rare, what they expect of it.

    Of 100,000 rows with 100 events, nearly all events are in the tenth of rows that are likeliest, and one bin would tell nothing.
    """
    share = float(np.mean(p))
    return None if RARE <= share <= 1 - RARE else p * (1 - p)


@dataclass(frozen=True)
class Deviation:
    """How far bins lie from what was said, beside what chance alone would show."""

    error: float  # mean distance of said from came over the bins, by weight
    by_chance: float  # the same where predictions are true
    p_value: float  # of the chi-square over the bins

    @property
    def beyond_chance(self) -> float:
        """The part that chance does not explain: √(error² − by_chance²), since independent deviations add as squares."""
        return math.sqrt(max(0.0, self.error**2 - self.by_chance**2))


def of_shares(p: Floats, hit: Floats, w: Floats | None, deff: float, rng: np.random.Generator) -> Deviation:
    """Expected calibration error, and a test like Hosmer & Lemeshow's (1980) whose null is simulated from `p` itself.

    Simulating keeps it honest where bins expect few events; a scaled chi-square is fitted to the simulated mean and
    variance (Satterthwaite 1946), so that small p-values need no more rounds.
    """
    weight = np.ones(len(p)) if w is None else w
    bins = binned(p, hit, w, filling=filling_of(p))
    # Variance of each bin's sum.
    spread = np.asarray(np.bincount(bins.which, weights=weight**2 * p * (1 - p)) + 1e-300, dtype=np.float64)
    seen = weight * (hit - p)
    rounds = int(np.clip(DRAWS / len(p), 60, ROUNDS))
    drawn = np.empty((rounds, 2))
    for i in range(rounds):
        draw = (rng.random(len(p)) < p) - p
        drawn[i] = _distances(weight * draw, bins, spread)
    error, statistic = _distances(seen, bins, spread)
    by_chance = float(drawn[:, 0].mean()) * math.sqrt(deff)
    return Deviation(error, by_chance, _tail(statistic / deff, drawn[:, 1]))


def of_values(f: Floats, y: Floats, w: Floats | None, deff: float, rng: np.random.Generator) -> Deviation:
    """The same for values: the null flips the sign of residuals at random (a wild bootstrap; Wu 1986, Liu 1988).

    `error` and `by_chance` are root mean squares here, so that they compare with the root mean squared error.
    """
    weight = np.ones(len(f)) if w is None else w
    bins = binned(f, y, w)
    seen = weight * (y - f)
    spread = np.asarray(np.bincount(bins.which, weights=seen**2) + 1e-300, dtype=np.float64)
    rounds = int(np.clip(DRAWS / len(f), 60, ROUNDS))
    drawn = np.empty((rounds, 2))
    for i in range(rounds):
        drawn[i] = _squares(seen * (2 * rng.integers(2, size=len(f)) - 1), bins, spread)
    error, statistic = _squares(seen, bins, spread)
    by_chance = math.sqrt(float((drawn[:, 0] ** 2).mean()) * deff)
    return Deviation(error, by_chance, _tail(statistic / deff, drawn[:, 1]))


def _distances(residual: Floats, bins: Bins, spread: Floats) -> tuple[float, float]:
    """(weighted mean of the absolute gaps, chi-square) of weighted residuals."""
    sums = np.bincount(bins.which, weights=residual, minlength=len(bins.weight))
    return float(np.abs(sums).sum() / bins.weight.sum()), float((sums**2 / spread).sum())


def _squares(residual: Floats, bins: Bins, spread: Floats) -> tuple[float, float]:
    """(root of the weighted mean of the squared gaps, chi-square) of weighted residuals."""
    sums = np.bincount(bins.which, weights=residual, minlength=len(bins.weight))
    return math.sqrt(float((sums**2 / bins.weight).sum() / bins.weight.sum())), float((sums**2 / spread).sum())


def _tail(statistic: float, null: Floats) -> float:
    """p-value by a scaled chi-square with the mean and variance of the simulated null."""
    from scipy.special import chdtrc

    mean, variance = float(null.mean()), float(null.var())
    if mean <= 0 or variance <= 0:
        return 1.0
    return float(chdtrc(2 * mean**2 / variance, statistic * 2 * mean / variance))


@dataclass(frozen=True)
class Line:
    """What came as a line in what was said: slope 1 and intercept 0 where predictions are true."""

    slope: float
    slope_low: float
    slope_high: float
    intercept: float  # of the shift alone, with the slope held at 1
    intercept_low: float
    intercept_high: float
    p_value: float  # that both are as they should be


def recalibration(s: Floats, hit: Floats, w: Floats | None, deff: float, level: float = 0.95) -> Line | None:
    """Cox's (1958) logistic recalibration of log-odds `s` [n]: log-odds(hit) = intercept + slope · s.

    Intervals by the sandwich; the test is the score test at slope 1 and intercept 0, whose variance is known there.
    None where the events are separated and no line is the best.
    """
    weight = np.ones(len(s)) if w is None else w
    x = np.column_stack([np.ones(len(s)), s])
    full = _logistic(x, np.zeros(len(s)), hit, weight)
    shift = _logistic(x[:, :1], s, hit, weight)
    if full is None or shift is None:
        return None
    z = _normal(level) * math.sqrt(deff)
    (slope, slope_error), (intercept, intercept_error) = (full[0][1], full[1][1]), (shift[0][0], shift[1][0])
    p = _share(s)
    return Line(
        slope,
        slope - z * slope_error,
        slope + z * slope_error,
        intercept,
        intercept - z * intercept_error,
        intercept + z * intercept_error,
        _score_test(x, weight * (hit - p), weight**2 * p * (1 - p), deff),
    )


def regression(f: Floats, y: Floats, w: Floats | None, deff: float, level: float = 0.95) -> Line | None:
    """Mincer & Zarnowitz's (1969) line y = intercept + slope · f, errors of any spread allowed (White 1980).

    The intercept is the mean of y − f, the bias with the slope held at 1. None where all predictions are equal.
    """
    weight = np.ones(len(f)) if w is None else w
    x = np.column_stack([np.ones(len(f)), f - np.average(f, weights=weight)])
    if len(f) < 3 or float((weight * x[:, 1] ** 2).sum()) <= 1e-12 * float((weight * f**2).sum()):
        return None
    inverse = np.linalg.inv((x * weight[:, None]).T @ x)
    beta = inverse @ (x * weight[:, None]).T @ y
    rest = weight * (y - x @ beta)
    error = np.sqrt(np.diag(inverse @ ((x * (rest**2)[:, None]).T @ x) @ inverse))
    bias = float(np.average(y - f, weights=weight))
    bias_error = math.sqrt(float((weight**2 * (y - f - bias) ** 2).sum())) / float(weight.sum())
    z = _normal(level) * math.sqrt(deff)
    seen = weight * (y - f)
    return Line(
        float(beta[1]),
        float(beta[1] - z * error[1]),
        float(beta[1] + z * error[1]),
        bias,
        bias - z * bias_error,
        bias + z * bias_error,
        _score_test(x, seen, seen**2, deff),
    )


def spiegelhalter(p: Floats, hit: Floats, w: Floats | None, deff: float) -> float:
    """Spiegelhalter's (1986) z: whether the Brier score is what the probabilities themselves expect; normal if so.

    Positive where the model is surer than it should be.
    """
    weight = np.ones(len(p)) if w is None else w
    variance = float((weight**2 * (1 - 2 * p) ** 2 * p * (1 - p)).sum())
    return float((weight * (hit - p) * (1 - 2 * p)).sum()) / math.sqrt(variance * deff) if variance > 0 else 0.0


def _logistic(x: Floats, offset: Floats, hit: Floats, weight: Floats) -> tuple[Floats, Floats] | None:
    """(coefficients, sandwich errors) of a logistic regression by damped Newton steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = _share(x @ beta + offset)
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x
        try:
            step = np.linalg.solve(hessian, x.T @ (weight * (hit - p)))
        except np.linalg.LinAlgError:
            return None
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            inverse = np.linalg.inv(hessian)
            meat = (x * ((weight * (hit - p)) ** 2)[:, None]).T @ x
            return beta, np.sqrt(np.diag(inverse @ meat @ inverse))
    return None


def _score_test(x: Floats, residual: Floats, variance: Floats, deff: float) -> float:
    """p-value that residuals are unrelated to the columns of `x`: chi-square with as many degrees of freedom."""
    from scipy.special import chdtrc

    score = x.T @ residual
    try:
        statistic = float(score @ np.linalg.solve((x * variance[:, None]).T @ x, score)) / deff
    except np.linalg.LinAlgError:
        return 1.0
    return float(chdtrc(x.shape[1], max(0.0, statistic)))


def _share(s: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * s))


def _normal(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
