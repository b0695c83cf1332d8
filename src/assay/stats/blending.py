"""Which mixture of candidates has the least loss?

Convex stacking (Breiman 1996; van der Laan, Polley & Hubbard 2007): weights that are not negative and sum to one, found by descent
on the mean loss of the mixed raw scores. On few rows the best weights are mostly luck, so a pull towards equal weights is
added, which fades as rows are many (docs/decisions/0021-the-blend.md: it errs less than greedy selection). Weights too small to
matter are dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats
from assay.kernel.threads import one_thread_for_products

from .scores import thinned

Losses = Callable[[Floats, NDArray[Any]], Floats]

PULL = 10.0  # rows that the belief in equal weights is worth
LEAST = 0.02  # a smaller weight is dropped
HOPELESS = 1e3  # times the least loss: what is beyond has no share, and no say in how far aside slopes are measured
FIRST = 20.0  # weights are first tried as loss to the power of minus this
STEP = 1e-5  # of the candidates' spread: how far aside slopes are measured


def stacked(scores: list[Floats], y: NDArray[Any], w: Floats | None, losses: Losses, steps: int = 50) -> Floats:
    """Weights [candidates] that sum to one.

    scores : one raw-score array [n, w] a candidate, on rows it never saw
    w      : row weights [n], or None
    steps  : of the descent, at most
    """
    from scipy.optimize import minimize

    kept = thinned(*scores[0].shape)
    cube, y = np.stack([s[kept] for s in scores]), y[kept]
    share = np.ones(len(y)) if w is None else np.asarray(w[kept], dtype=np.float64)
    part = share / share.max()  # a weight may be so large that its square is no number
    rows = part.sum() ** 2 / np.square(part).sum()  # that equal weights would make as sure
    share = share / share.sum()
    alone = np.nan_to_num([share @ losses(s, y) for s in cube], nan=np.inf, posinf=np.inf)
    sound = np.flatnonzero(alone <= HOPELESS * alone.min())
    cube, alone = cube[sound], alone[sound]
    spread = float(np.abs(cube - cube.mean(axis=0)).mean()) if np.isfinite(alone).all() else 0.0
    if len(sound) == 1 or spread == 0.0 or alone.min() <= 0.0:
        return np.asarray(np.eye(len(scores))[sound[int(alone.argmin())]])

    def told(place: Floats) -> tuple[float, Floats]:
        """Logarithm of the loss and the pull of equal weights, and the slopes of both."""
        p = _simplex(place)
        mixed = np.tensordot(p, cube, 1)
        here = losses(mixed, y)
        loss = float(share @ here)
        slopes = _slopes(cube, mixed, share, lambda s: losses(s, y) - here, STEP * spread) / loss
        logs = np.log(np.maximum(p * len(p), 1e-300))
        slopes = slopes + PULL / rows * (logs + 1.0)
        return np.log(loss) + PULL / rows * float(p @ logs), p * (slopes - p @ slopes)

    first = np.maximum(-FIRST * np.log(alone / alone.min()), -6.0)  # none so small that it could not come back
    with one_thread_for_products():  # those of the solver are of a few candidates
        place = minimize(told, first, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x
    found = _simplex(place)
    found[found < min(LEAST, found.max())] = 0.0
    weights = np.zeros(len(scores))
    weights[sound] = found / found.sum()
    return weights


def mixed(scores: list[Floats], weights: Floats) -> Floats:
    """The weighted mean of raw scores [n, w]; candidates of weight zero are not touched."""
    used = [(s, float(v)) for s, v in zip(scores, weights, strict=True) if v > 0]
    out = used[0][0] * used[0][1]
    for s, v in used[1:]:
        out = out + s * v
    return out


def _simplex(place: Floats) -> Floats:
    grown = np.exp(place - place.max())
    return np.asarray(grown / grown.sum())


def _slopes(cube: Floats, mixed: Floats, share: Floats, more: Callable[[Floats], Floats], step: float) -> Floats:
    """How the mean loss grows with each weight, but for a constant: [candidates].

    `more` says by how much scores raise the loss of each row. Asked output by output, or candidate by candidate where these are
    fewer.
    """
    if mixed.shape[1] <= len(cube):
        slopes = np.stack([more(mixed + aside) for aside in step * np.eye(mixed.shape[1])], axis=1) / step
        return np.asarray(np.tensordot(cube, slopes * share[:, None], ((1, 2), (0, 1))))
    return np.asarray([share @ more(mixed + STEP * (s - mixed)) / STEP for s in cube])
