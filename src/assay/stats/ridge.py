"""How do scores come of a ridge regression on thousands of columns?

Classes are regressed as numbers (one for the class, nought for the others; Rifkin, Yeo & Poggio 2003), in closed form: by the products of
rows where they are fewer (the dual), else by those of columns. With few rows a class and thousands of columns that is well ahead of
logistic regression. What it answers is brought to log-odds by one factor: where a row says nothing, the answer is the share of each class.
Strength and factor are chosen on rows that were not learnt from, or, where there are none, on each row left out of its own answer (Allen 1974).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Head

from .heads import guess, losses

STRENGTHS = (1.0, 0.3, 0.1, 0.03, 0.01)  # of the mean square length of a row, times rows for each that is judged
FACTORS = np.exp(np.linspace(-1.0, 5.0, 61))  # from shares of a class to log-odds
NEARLY_ONE = 0.999  # of a row's own answer that may hang on itself
Wide = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Squares:
    """Rows [n, d], centred and weighed, and the products of whichever are fewer: rows or columns."""

    x: Wide  # [n, d]
    root: Floats  # [n] square root of each row's weight
    centre: Wide  # [d]
    target: Floats  # [n, w] centred
    mean: Floats  # [w]
    products: Floats  # [m, m]
    dual: bool

    @classmethod
    def of(cls, x: Wide, target: Floats, weight: Floats | None) -> Squares:
        """Of rows [n, d] and their targets [n, w]."""
        share = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64) / np.mean(weight)
        centre: Wide = np.average(x, axis=0, weights=share).astype(np.float32)
        mean, root = np.average(target, axis=0, weights=share), np.sqrt(share)
        own: Wide = (x - centre) * root[:, None].astype(np.float32)
        dual = len(x) <= x.shape[1]
        products = (own @ own.T if dual else own.T @ own).astype(np.float64)
        return cls(own, root, centre, target - mean, mean, products, dual)

    @property
    def unit(self) -> float:
        """Mean square length of a row."""
        return float(np.trace(self.products) / len(self.x)) or 1.0

    def weights(self, strength: float) -> Floats:
        """Intercept and weights [1 + d, w]."""
        goal = self.target * self.root[:, None]
        slopes: NDArray[Any]
        if self.dual:
            slopes = self.x.T @ self._solve(strength, goal).astype(np.float32)
        else:
            slopes = self._solve(strength, self.x.T.astype(np.float64) @ goal)
        return np.vstack([self.mean - self.centre.astype(np.float64) @ slopes, slopes])

    def left_out(self, strength: float) -> Floats:
        """What each row would be answered had it been left out [n, w]; the mean where it weighs nothing."""
        weights = self.weights(strength)
        answers = self.x @ weights[1:] / np.where(self.root > 0, self.root, 1.0)[:, None]
        inverse = np.linalg.inv(self._shrunk(strength))
        if self.dual:
            own = 1.0 - strength * self.unit * np.diag(inverse)
        else:
            own = np.einsum("nd,nd->n", self.x @ inverse, self.x)
        own = np.minimum(own + np.square(self.root) / len(self.x), NEARLY_ONE)
        found = np.asarray(self.mean + self.target - (self.target - answers) / (1.0 - own)[:, None])
        return np.where(self.root[:, None] > 0, found, self.mean)

    def _shrunk(self, strength: float) -> Floats:
        shrunk = self.products.copy()
        shrunk[np.diag_indices(len(shrunk))] += strength * self.unit
        return shrunk

    def _solve(self, strength: float, goal: Floats) -> Floats:
        from scipy.linalg import cho_factor, cho_solve

        found = cho_solve(cho_factor(self._shrunk(strength), overwrite_a=True, check_finite=False), goal)
        return np.asarray(found, dtype=np.float64)


def solved(
    x: Wide, target: Floats, y: NDArray[Any], weight: Floats | None, head: Head, judged: Ints, strength: float = 0.0
) -> Floats:
    """Weights [1 + d, w] of raw scores under a head of values, classes or flags, learnt from all rows of x [n, d], n > 0.

    judged   : rows that strength and factor are chosen on, by what the others say; none of them: on each row left out
    strength : 0 to choose it
    """
    others = np.setdiff1d(np.arange(len(x)), judged)
    by = judged if len(judged) else others
    own, mass = (None if weight is None else weight[rows] for rows in (others, by))
    squares = Squares.of(x[others], target[others], own)
    found: dict[float, Floats] = {}
    for each in (strength,) if strength else STRENGTHS:
        weights = squares.weights(each) if len(judged) else None
        found[each] = squares.left_out(each) if weights is None else x[judged] @ weights[1:] + weights[0]
    missed = {k: np.average(np.square(v - target[by]).sum(axis=1), weights=mass) for k, v in found.items()}
    chosen = min(missed, key=lambda each: float(missed[each]))
    factor = 1.0
    if head.name != "value":
        away, start = found[chosen] - squares.mean, guess(head, y[others], own)
        told = [float(np.average(losses(head, start + f * away, y[by]), weights=mass)) for f in FACTORS]
        factor = float(FACTORS[int(np.argmin(told))])
    whole = Squares.of(x, target, weight) if len(judged) else squares
    weights = whole.weights(chosen) * factor
    if head.name != "value":
        weights[0] += guess(head, y, weight) - factor * whole.mean
    return weights
