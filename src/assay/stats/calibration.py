"""Do probabilities mean what they say, and how are they mended?

Calibration is affine on the raw score: one scale and one shift a column. So it keeps the order of rows, and
contributions still add up exactly. For two classes this is Platt (1999) scaling, for more temperature scaling with a
bias (Guo et al. 2017), for labels that stand each by itself Platt scaling of each, for counts the same on the logarithm: a blend of logarithms answers with a geometric mean, which is too
small. It is learnt on out-of-fold scores and kept where it lowers the loss of rows it was not learnt on; for a blend of classes,
left out only where beyond doubt it raises it (docs/decisions/0025-always-calibrated.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats, Ints
from assay.kernel.forms import A_BOX

from .alarms import threshold
from .found_boxes import right, there, views
from .heads import quantile
from .metrics import standard_error
from .scores import counts, flags, probabilities, thinned
from .splitting import turns

PULL = 10.0  # rows that the belief in scores as they are is worth
# Standard errors by which the loss must fall at least, for a blend of classes: it may rise a little by chance.
SHY = -2.0
ALWAYS = -1e9  # where scores mean nothing before they are calibrated
SURE = 1.0  # the same for anything else, of which nobody knows beforehand which way it errs


@dataclass(frozen=True, eq=False)
class Affine:
    """scores * scale + shift."""

    scale: float
    shift: Floats  # [w]
    scales: Floats | None = None  # [w], where each column has a scale of its own beside the common one

    def __call__(self, scores: Floats) -> Floats:
        """Calibrated scores [n, w]."""
        return np.asarray(scores * self.by_column + self.shift)

    @property
    def by_column(self) -> float | Floats:
        """What scores are multiplied by."""
        return self.scale if self.scales is None else self.scale * self.scales

    @classmethod
    def identity(cls, width: int) -> Affine:
        """Leaves scores as they are."""
        return cls(1.0, np.zeros(width))

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return self.scale == 1.0 and self.scales is None and not self.shift.any()


def fit_classes(scores: Floats, y: Ints, w: Floats | None = None, steps: int = 25) -> Affine:
    """The affine map with the least log-loss, by damped Newton steps; a whisper of ridge keeps it finite.

    The ridge pulls towards the identity with the strength of a few rows, so separable data do not blow up and a handful of
    events does not move all probabilities. Scores are stretched about the middle of those in doubt, or
    else a scale would do as a shift.
    """
    kept = thinned(*scores.shape)
    scores, y, w = scores[kept], y[kept], None if w is None else w[kept]
    n, width = scores.shape
    weight = np.full(n, 1.0) if w is None else w * (n / w.sum())
    centre = _middle(scores, weight)
    scores = scores - centre
    theta = np.concatenate([[1.0], np.zeros(width)])
    start = theta.copy()
    hot = np.zeros((n, width))
    if width == 1:
        hot[:, 0] = y
    else:
        hot[np.arange(n), y] = 1.0
    for _ in range(steps):
        z = scores * theta[0] + centre + theta[1:]
        p = probabilities(z)[:, 1:] if width == 1 else probabilities(z)
        error = (p - hot) * weight[:, None]
        gradient = np.concatenate([[(error * scores).sum()], error.sum(axis=0)]) + PULL * (theta - start)
        step = np.linalg.solve(_hessian(scores, p, weight) + PULL * np.eye(width + 1), gradient)
        theta = theta - np.clip(step, -1.0, 1.0)
        theta[0] = max(theta[0], 0.05)
        if np.abs(step).max() < 1e-8:
            break
    return Affine(float(theta[0]), theta[1:] - (theta[0] - 1.0) * centre)


def fit_flags(scores: Floats, y: Ints, w: Floats | None = None, steps: int = 25) -> Affine:
    """A scale and a shift for each label's log-odds [n, k], of least log-loss (Platt 1999), by damped Newton steps.

    Labels differ in how sure their scores are, so one scale for all does not do. The ridge is that of classes, which keeps a label
    of a few rows near the identity; the stretch is about the middle of each label's rows in doubt.
    """
    kept = thinned(*scores.shape)
    scores, y, w = scores[kept], y[kept], None if w is None else w[kept]
    n, width = scores.shape
    weight = np.ones((n, 1)) if w is None else (w * (n / w.sum()))[:, None]
    p = flags(scores)
    doubt = weight * (p * (1 - p) + 1e-12)
    centre = (doubt * scores).sum(axis=0) / doubt.sum(axis=0)
    off = scores - centre
    scale, shift = np.ones(width), np.zeros(width)
    for _ in range(steps):
        p = flags(off * scale + centre + shift)
        error, v = (p - y) * weight, p * (1 - p) * weight
        slopes = (error * off).sum(axis=0) + PULL * (scale - 1.0), error.sum(axis=0) + PULL * shift
        bends = (v * off * off).sum(axis=0) + PULL, (v * off).sum(axis=0), v.sum(axis=0) + PULL
        area = bends[0] * bends[2] - bends[1] ** 2  # of the two by two second derivatives of each label
        first = np.clip((bends[2] * slopes[0] - bends[1] * slopes[1]) / area, -1.0, 1.0)
        second = np.clip((bends[0] * slopes[1] - bends[1] * slopes[0]) / area, -1.0, 1.0)
        scale, shift = np.maximum(scale - first, 0.05), shift - second
        if max(np.abs(first).max(), np.abs(second).max()) < 1e-8:
            break
    return Affine(1.0, shift - (scale - 1.0) * centre, scale)


def fit_counts(scores: Floats, y: Floats, w: Floats | None = None, steps: int = 25) -> Affine:
    """The affine map of log counts [n, 1] with the least Poisson deviance, by damped Newton steps.

    The ridge pulls towards the identity with the strength of one event.
    """
    kept = thinned(*scores.shape)
    s, y = scores[kept][:, 0], np.asarray(y[kept], dtype=np.float64)
    weight = np.full(len(y), 1.0) if w is None else w[kept] * (len(y) / w[kept].sum())
    columns, start = np.column_stack([s, np.ones(len(s))]), np.asarray([1.0, 0.0])
    theta = start.copy()
    for _ in range(steps):
        m = weight * counts(columns @ theta[:, None])[:, 0]
        gradient = columns.T @ (m - weight * y) + (theta - start)
        step = np.linalg.solve(columns.T @ (columns * m[:, None]) + np.eye(2), gradient)
        theta = theta - np.clip(step, -1.0, 1.0)
        theta[0] = max(theta[0], 0.05)
        if np.abs(step).max() < 1e-8:
            break
    return Affine(float(theta[0]), theta[1:])


def fit_boxes(scores: Floats, y: Floats, weight: Floats | None = None) -> Affine:
    """One scale and shift for the log-odds of all boxes, such that they are as often right as they say (Platt 1999); boxes stay."""
    width = scores.shape[1]
    real = there(scores)
    hit = right(scores, y)[real].astype(np.int64)
    if len(hit) == 0 or hit.all() or not hit.any():
        return Affine.identity(width)
    each = None if weight is None else np.repeat(weight, real.sum(axis=1))
    map_ = fit_classes(views(scores)[:, :, 0][real][:, None], hit, each)
    scales, shift = np.ones((width // A_BOX, A_BOX)), np.zeros((width // A_BOX, A_BOX))
    scales[:, 0], shift[:, 0] = map_.scale, map_.shift[0]
    return Affine(1.0, shift.ravel(), scales.ravel())


def fit_alarm(scores: Floats, y: Ints, level: float) -> Affine:
    """The shift of scores [n, 1] by which good ones (y is 0) lie above 0 with a probability of 1 - level at most."""
    return Affine(1.0, np.asarray([-threshold(scores[y == 0, 0], level)]))


def fit_quantile(scores: Floats, y: Floats, w: Floats | None, level: float) -> Affine:
    """The shift of scores [n, 1] below which a share `level` of the rows then lies."""
    return Affine(1.0, np.asarray([quantile(y - scores[:, 0], level, w)]))


def _middle(scores: Floats, weight: Floats) -> Floats:
    """Mean of each column, rows and columns counting by their doubt p(1 - p): a stretch about it leaves the mean answer nearly where it is."""
    p = probabilities(scores)[:, -scores.shape[1] :]
    doubt = weight[:, None] * (p * (1 - p) + 1e-12)
    return np.asarray((doubt * scores).sum(axis=0) / doubt.sum(axis=0))


def _hessian(scores: Floats, p: Floats, weight: Floats) -> Floats:
    """Second derivatives of the log-loss in (scale, shifts): [1 + w, 1 + w]."""
    width = scores.shape[1]
    out = np.zeros((width + 1, width + 1))
    if width == 1:
        v = weight * p[:, 0] * (1 - p[:, 0])
        s = scores[:, 0]
        out[:] = [[(v * s * s).sum(), (v * s).sum()], [(v * s).sum(), v.sum()]]
        return out
    pulled = weight[:, None] * p
    away = scores - np.einsum("nk,nk->n", p, scores)[:, None]
    out[0, 0] = np.einsum("nk,nk,nk->", pulled, away, away)
    out[0, 1:] = out[1:, 0] = np.einsum("nk,nk->k", pulled, away)
    out[1:, 1:] = np.diag(pulled.sum(axis=0)) - pulled.T @ p
    return out


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What calibrating out of fold gave: the map to ship, and scores whose map never saw their row."""

    map: Affine
    scores: Floats  # [n, w]
    before: float  # mean loss of the raw scores
    after: float  # mean loss of the cross-fitted ones
    kept: bool


def cross_fitted(
    scores: Floats,
    y: NDArray[Any],
    w: Floats | None,
    folds: Ints,
    losses: Callable[[Floats, NDArray[Any]], Floats],
    fit: Callable[[Floats, NDArray[Any], Floats | None], Affine],
    gain: float,
    blocks: Ints | None = None,
    forward: bool = False,
) -> Calibrated:
    """Calibrate each fold by the others, or by the earlier ones where they follow each other in time; keep it where the mean loss falls by `gain` standard errors at least.

    gain   : SURE, SHY, which leaves calibration out only where beyond doubt it does harm, or ALWAYS
    blocks : of rows that err together
    """
    width = scores.shape[1]
    out = scores.copy()
    for held, taught in turns(folds, forward):
        if held.all():
            return Calibrated(Affine.identity(width), scores, float("nan"), float("nan"), False)
        out[held] = fit(scores[taught], y[taught], None if w is None else w[taught])(scores[held])
    fall = losses(scores, y) - losses(out, y)
    weight = np.ones(len(fall)) if w is None else w
    before = float(np.average(losses(scores, y), weights=weight))
    after = float(np.average(losses(out, y), weights=weight))
    if before - after <= gain * standard_error(fall, w, blocks):
        return Calibrated(Affine.identity(width), scores, before, after, False)
    return Calibrated(fit(scores, y, w), out, before, after, True)
