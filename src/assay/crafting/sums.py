"""What do the rows of each drawer come to, and how far is a drawer's mean to be trusted?

Counts and sums are all that is needed, so that drawers can be filled block by block and rows be taken out again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernel.data import Floats, Ints

LEAST_PULL, MOST_PULL = 1.0, 1000.0  # rows, between which drawers tell how far they are to be trusted


@dataclass(frozen=True, eq=False)
class Sums:
    """Weight, sum and squares of the values in each drawer; values are taken from a centre, which keeps squares exact."""

    count: Floats  # [drawers]
    total: Floats  # [drawers]
    square: float  # of all rows
    centre: float

    @classmethod
    def of(cls, place: Ints, y: Floats, weight: Floats, size: int, centre: float = 0.0) -> Sums:
        """Of rows [n] by the drawer of each."""
        y = y - centre
        count, total = (
            np.asarray(np.bincount(place, weights=x, minlength=size), dtype=np.float64) for x in (weight, weight * y)
        )
        with np.errstate(over="ignore"):  # of 1e300 there is no square: the pull is the most then
            return cls(count, total, float(weight @ (y * y)), centre)

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.count + other.count, self.total + other.total, self.square + other.square, self.centre)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.count - other.count, self.total - other.total, self.square - other.square, self.centre)

    def means(self, pull: float) -> Floats:
        """Mean of each drawer [drawers], drawn towards that of all rows as by so many rows of it."""
        return np.asarray(self.centre + (self.total + pull * self._mean) / (self.count + pull))

    def drawn(self) -> Floats:
        """Mean of each drawer, drawn towards that of all as far as the drawers ask for themselves."""
        return self.means(self.pull)

    @property
    def pull(self) -> float:
        """The pull that the drawers ask for themselves: variance within them over variance between them, in rows.

        Empirical Bayes by moments, the one-way analysis of variance with random effects (Searle, Casella & McCulloch 1992).
        """
        n, filled = float(self.count.sum()), self.count > 1e-12
        drawers = int(filled.sum())
        if drawers < 2 or n <= drawers or not np.isfinite(self.square):
            return MOST_PULL
        told = float((self.total[filled] ** 2 / self.count[filled]).sum())
        within = max(0.0, self.square - told) / (n - drawers)
        around = told - n * self._mean**2
        between = (around - (drawers - 1) * within) / (n - float((self.count**2).sum()) / n)
        return float(np.clip(within / between, LEAST_PULL, MOST_PULL)) if between > 0 else MOST_PULL

    @property
    def _mean(self) -> float:
        n = float(self.count.sum())
        return float(self.total.sum()) / n if n > 0 else 0.0
