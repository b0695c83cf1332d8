"""Which straight line do noisy sums of slopes tell?

Gradient perturbation over all rows (Song, Chaudhuri & Sarwate 2013; Bassily, Smith & Thakurta 2014): every step sees the sum of the
rows' slopes with Gaussian noise. No row is sampled, so the whole chain is one Gaussian mechanism. Two things cost no privacy, since they
work on what was released: a reading counts by its known noise, and the later steps are averaged (Polyak & Juditsky 1992). Where columns are
few, the second moments of the rows are released once, so that each step is a Newton step of a penalised likelihood in their own
directions; where they are hundreds, that would be noise alone, and all directions count alike.

It assumes that a row is no longer than `reach` and its residual no longer than `noisy.REACH`: then one row changes a sum of slopes by a
matrix no longer than their product, and the moments by one no longer than the square of `reach`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from .accounting import Release, sigma_for
from .noisy import REACH, residuals, spreads, start, totals_of

STEPS, EARLY = 60, 20  # all; those before the weights are averaged
STEP = 0.5  # share of each Newton step that is taken
SHARES = {
    "answers": 0.04,
    "moments": 0.16,
    "slopes": 0.80,
}  # of the squared ratio of sensitivity to noise; slopes take what is not released
EVEN = 0.3  # mean square of a row along a direction that is reckoned with, where moments are not released
SPREAD = {"value": 0.5, "binary": 2.0, "classes": 2.0}  # of a weight beforehand (standard deviation)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was released: one guess for all [w], weights [c, w], and noisy rows of each class [k] (of values: all rows [1])."""

    guess: Floats
    weights: Floats
    answers: Floats


def chain(ratio: float, moments: bool = True) -> tuple[Release, ...]:
    """The releases of one fit, whose squared ratios add up to that of the budget."""
    answers = Release("answers", sigma_for(ratio, SHARES["answers"]))
    if not moments:
        return answers, Release("slopes", sigma_for(ratio, 1 - SHARES["answers"], STEPS), STEPS)
    own = Release("moments", sigma_for(ratio, SHARES["moments"]))
    return answers, own, Release("slopes", sigma_for(ratio, SHARES["slopes"], STEPS), STEPS)


def drawn_in(x: Floats, reach: float) -> Floats:
    """The rows [n, c], those that are longer than `reach` made as long as that."""
    length = np.sqrt(np.einsum("nc,nc->n", x, x))
    return np.asarray(x * np.minimum(1.0, reach / np.maximum(length, 1e-12))[:, None])


def learn(
    x: Floats,
    y: NDArray[Any],
    reach: float,
    kind: str,
    k: int,
    ratio: float,
    rng: np.random.Generator,
    moments: bool = True,
) -> Learnt:
    """The weights, from noisy sums alone.

    x       : rows, the first column being ones [n, c]
    reach   : length to which rows are drawn in
    ratio   : sensitivity over noise of the whole fit; infinite for a fit without noise, which promises nothing
    moments : whether the moments of the rows are released
    """
    sigmas = {r.name: r.sigma for r in chain(ratio, moments)}
    x = drawn_in(x, reach)
    totals = totals_of(y, k, sigmas["answers"], rng)
    guess, spread = start(totals, kind), np.asarray(spreads(totals, kind))  # [w], [w]
    if moments:
        sizes, ways, doubt = _moments(x, sigmas["moments"] * reach**2, rng)
    else:
        rows = max(float(totals.sum() if k else totals[0]), 1.0)
        sizes, ways, doubt = rows * np.r_[1.0, np.full(x.shape[1] - 1, EVEN)], np.eye(x.shape[1]), 0.0
    noise = REACH[kind] * reach * sigmas["slopes"]
    bend = sizes[:, None] * (1.0 if kind == "value" else spread)  # [c, w] second derivative of the loss, by direction
    own = sizes[:, None] * spread  # what chance does to a sum
    trust = bend / np.maximum(own + noise**2 / (STEPS - EARLY), 1e-9)
    pull = 1 / SPREAD[kind] ** 2
    slack = doubt * (1.0 if kind == "value" else spread)  # by which a direction may bend more than its noisy size says
    step = STEP / (trust * (bend + slack) + pull)
    first = np.zeros((x.shape[1], len(guess)))
    first[0] = guess
    turned, anchor = ways.T @ first, ways.T @ first  # weights in the directions; they are pulled to the guess
    mean = np.zeros_like(turned)
    for turn in range(STEPS):
        sums = slopes_of(x, x @ (ways @ turned), y, kind)
        told = ways.T @ (sums + noise * rng.normal(size=sums.shape))
        turned = turned + step * (trust * told - pull * (turned - anchor))
        if turn >= EARLY:
            mean += turned / (STEPS - EARLY)
    return Learnt(guess, ways @ mean, totals if k else totals[:1])


def slopes_of(x: Floats, scores: Floats, y: NDArray[Any], kind: str) -> Floats:
    """The sum of the rows' slopes [c, w]: one row more changes it by no more than its own length times that of its residual."""
    return np.asarray(x.T @ residuals(scores, y, kind))


def moments_of(x: Floats) -> Floats:
    """The sum of products of columns [c, c]: one row more changes it by no more than the square of its length."""
    return np.asarray(x.T @ x)


def _moments(x: Floats, sigma: float, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
    """Sizes [c] and directions [c, c] of the noisy moments, and how far noise alone reaches in any of them.

    Noise is drawn for the upper half, whose change is no longer than that of the whole, and mirrored. The largest size of such noise
    comes near twice its sigma times the root of its columns (Wigner 1958).
    """
    c = x.shape[1]
    noise = np.triu(sigma * rng.normal(size=(c, c)))
    sizes, ways = np.linalg.eigh(moments_of(x) + noise + np.triu(noise, 1).T)
    return np.maximum(sizes, 0.0), ways, 2 * sigma * math.sqrt(c)
