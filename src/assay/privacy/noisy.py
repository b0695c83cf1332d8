"""Which curve does each column draw, when only noisy sums of the rows may be looked at?

An additive model over cells that are fixed before any row is read: cyclic boosting on noisy sums of residuals, as in the private
explainable boosting machine (Nori, Caruana, Bu, Shen & Kulkarni 2021), with four changes that cost no privacy, since they work on what
was released already: all of a column's cells step at once instead of trees of random splits; each step is the Newton step of a
penalised likelihood, in which neighbouring cells are alike beforehand and a reading counts by its known noise (Eilers & Marx 1996); curves are
the mean over the later rounds, so that every round's noise is averaged (Polyak & Juditsky 1992); and classes and missing cells are learnt.

It assumes that every row falls into exactly one cell of each column, that its residual is no longer than `REACH`, and that whoever adds
or removes a row changes no other row's cell: then one row changes a column's sums by a vector no longer than that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from .accounting import Release, sigma_for

ROUNDS, EARLY = 40, 10  # of all columns; those before the curves are averaged
STEP = 0.5  # share of each Newton step that is taken
SHARES = {"answers": 0.04, "cells": 0.08, "residuals": 0.88}  # of the squared ratio of sensitivity to noise
REACH = {"value": 0.5, "binary": 1.0, "classes": math.sqrt(2.0)}  # longest residual of one row
SPREAD = {"value": 0.3, "binary": 1.5, "classes": 1.5}  # of a curve beforehand (standard deviation of scores)
NOISE = 0.03  # variance of a value about its prediction that is reckoned with, the declared range being 2 wide


@dataclass(frozen=True)
class Cells:
    """The cells of one column: `size` of them, of which the first `ordered` are neighbours in a row."""

    size: int
    ordered: int = 0

    def penalty(self, spread: float) -> Floats:
        """Precision of the curve beforehand: a walk from cell to cell whose whole length has the spread, else cells apart [size, size]."""
        found = np.eye(self.size) / (9 * spread**2 if self.ordered else spread**2)
        if self.ordered > 1:
            walk = np.diff(np.eye(self.ordered), axis=0)
            found[: self.ordered, : self.ordered] += (walk.T @ walk) * (self.ordered / spread**2)
        return found


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was released: one guess for all [w], a base [w], a curve a column [size, w], and noisy rows of each class [k] (of values: all rows
    [1])."""

    guess: Floats
    base: Floats
    curves: tuple[Floats, ...]
    answers: Floats
    releases: tuple[Release, ...]


def chain(columns: int, ratio: float) -> tuple[Release, Release, Release]:
    """The releases of one fit, whose squared ratios add up to that of the budget."""
    times = ROUNDS * columns
    return (
        Release("answers", sigma_for(ratio, SHARES["answers"])),
        Release("cells", sigma_for(ratio, SHARES["cells"], columns), columns),
        Release("residuals", sigma_for(ratio, SHARES["residuals"], times), times),
    )


def learn(
    places: Ints,
    y: NDArray[Any],
    cells: Sequence[Cells],
    kind: str,
    k: int,
    ratio: float,
    rng: np.random.Generator,
) -> Learnt:
    """The curves, from noisy sums alone.

    places : the cell of each row in each column [n, d]
    y      : "value": numbers in [-1, 1]; else classes 0 to k - 1 [n]
    kind   : "value", "binary" or "classes"
    ratio  : sensitivity over noise of the whole fit; infinite for a fit without noise, which promises nothing
    """
    width = k if kind == "classes" else 1
    releases = chain(len(cells), ratio)
    answered, counted, summed = (r.sigma for r in releases)
    totals = totals_of(y, k, answered, rng)
    guess, spread = start(totals, kind), spreads(totals, kind)
    base = guess
    near = [_nearness(places[:, j], c.size, counted, rng) for j, c in enumerate(cells)]
    curves = [np.zeros((c.size, width)) for c in cells]
    mean = [np.zeros((c.size, width)) for c in cells]
    steps = [
        [_step(rows, c, kind, v, REACH[kind] * summed) for v in spread] for rows, c in zip(near, cells, strict=True)
    ]
    scores = np.tile(base, (len(y), 1))
    for turn in range(ROUNDS):
        for j, one in enumerate(cells):
            residual = residuals(scores, y, kind)
            sums = sums_of(places[:, j], residual, one.size)
            told = sums + REACH[kind] * summed * rng.normal(size=sums.shape)
            move = np.column_stack([s.of(told[:, c], curves[j][:, c]) for c, s in enumerate(steps[j])])
            curves[j] = curves[j] + move
            scores += move[places[:, j]]
        if turn >= EARLY:
            mean = [m + curve / (ROUNDS - EARLY) for m, curve in zip(mean, curves, strict=True)]
    for j, rows in enumerate(
        near
    ):  # every curve is centred by the noisy counts, and what that takes away goes to the base
        middle = rows @ mean[j] / max(rows.sum(), 1.0)
        mean[j], base = mean[j] - middle, base + middle
    return Learnt(guess, base, tuple(mean), totals if k else totals[:1], releases)


def totals_of(y: NDArray[Any], k: int, sigma: float, rng: np.random.Generator) -> Floats:
    """Noisy rows of each class [k]; of values, the noisy number of rows and the noisy sum [2].

    One row changes the counts of classes by 1 in one place; of values, the number of rows by 1 and their sum by 1 at most.
    """
    totals = np.bincount(y, minlength=k).astype(np.float64) if k else np.asarray([len(y), y.sum()])
    return np.asarray(totals + (1.0 if k else math.sqrt(2.0)) * sigma * rng.normal(size=len(totals)))


def sums_of(places: Ints, residual: Floats, size: int) -> Floats:
    """The sum of residuals in each cell [size, w]: one row more changes it by a vector as long as its own residual."""
    return np.column_stack([np.bincount(places, r, size) for r in residual.T])


def residuals(scores: Floats, y: NDArray[Any], kind: str) -> Floats:
    """The downward slope of each row's loss, no longer than REACH: [n, w]."""
    if kind == "value":
        return np.asarray(np.clip(y[:, None] - scores, -REACH[kind], REACH[kind]))
    if kind == "binary":
        return np.asarray(y[:, None] - 1.0 / (1.0 + np.exp(-np.clip(scores, -500, 500))))
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1.0
    return np.asarray(-p)


@dataclass(frozen=True, eq=False)
class _Step:
    """A damped Newton step of the penalised likelihood, of readings whose noise is known."""

    trust: Floats  # [size] share of a reading that is signal by what is known of its noise
    penalty: Floats
    inverse: Floats

    def of(self, told: Floats, curve: Floats) -> Floats:
        """How far the curve moves [size]."""
        return np.asarray(STEP * (self.inverse @ (self.trust * told - self.penalty @ curve)))


def _step(rows: Floats, cells: Cells, kind: str, spread: float, noise: float) -> _Step:
    """noise : standard deviation of one reading; of the mean of all rounds that are averaged it is the root of their number less."""
    bend = rows * spread if kind != "value" else rows  # second derivative of the loss, cell by cell
    own = rows * spread  # what chance does to the sum of a cell
    trust = bend / np.maximum(own + noise**2 / (ROUNDS - EARLY), 1e-9)
    penalty = cells.penalty(SPREAD[kind])
    return _Step(trust, penalty, np.asarray(np.linalg.inv(np.diag(trust * bend) + penalty), dtype=np.float64))


def _nearness(places: Ints, size: int, sigma: float, rng: np.random.Generator) -> Floats:
    """Noisy rows in each cell of a column, never below 0: [size]."""
    return np.maximum(np.bincount(places, minlength=size) + sigma * rng.normal(size=size), 0.0)


def start(totals: Floats, kind: str) -> Floats:
    """The one guess for all rows, as a raw score [w]."""
    if kind == "value":
        return np.asarray([np.clip(totals[1] / max(totals[0], 1.0), -1.0, 1.0)])
    logs = np.log(np.maximum(totals, 1.0))
    return np.asarray([logs[1] - logs[0]]) if kind == "binary" else np.asarray(logs - logs.mean())


def spreads(totals: Floats, kind: str) -> list[float]:
    """Variance of one row's residual before anything is learnt, one a score."""
    if kind == "value":
        return [NOISE]
    share = np.maximum(totals, 1.0) / np.maximum(totals, 1.0).sum()
    found: list[float] = (share * (1 - share)).tolist()
    return found[1:] if kind == "binary" else found
