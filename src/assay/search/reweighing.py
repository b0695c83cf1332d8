"""How much does a row count, so that group and class have nothing to do with each other?

Reweighing (Kamiran & Calders 2012): a row of group g and class y counts P(g) P(y) / P(g, y) times, by the counts of the rows that are
learnt from; of a fold these are its own. Blend, calibration and every figure count rows as they came: what is even is what the learners
are shown, not what they are measured by. Rows of small groups count as they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.stats.slices import groups_of

LEAST = 30  # rows of a group that is reweighed


def by_mean(weight: Floats) -> Floats:
    """Weights above zero [n] with a mean of 1: ridges and least rows of learners are counted in rows, whatever unit the weights have.

    >>> by_mean(np.asarray([1e-6, 3e-6])).round(9).tolist()
    [0.5, 1.5]
    """
    most = weight.max()
    return np.asarray(weight / most / (weight / most).mean())


@dataclass(frozen=True, eq=False)
class Reweighing:
    """The group and the class of each row, and how much it counts beside."""

    code: Ints  # [n], below 0 is no group
    y: Ints  # [n]
    weight: Floats | None  # [n]

    @classmethod
    def of(cls, column: Column, y: NDArray[Any], weight: Floats | None) -> Reweighing:
        """By the groups of a column: levels of names, fifths of numbers and dates, rows in which it is missing."""
        groups = groups_of(column, LEAST)
        code = np.full(len(y), -1, dtype=np.int64) if groups is None else groups.code
        return cls(code, np.asarray(y, dtype=np.int64), weight)

    def by(self, rows: Ints) -> Floats:
        """How much each row counts [n] for what learns from some rows.

        >>> code, y = np.repeat([0, 0, 1, 1], [30, 10, 10, 30]), np.repeat([0, 1, 0, 1], [30, 10, 10, 30])
        >>> np.unique(Reweighing(code, y, None).by(np.arange(80)).round(3)).tolist()
        [0.667, 2.0]
        """
        own = np.ones(len(self.y)) if self.weight is None else self.weight
        rows = rows[self.code[rows] >= 0]
        classes = int(self.y.max()) + 1
        cells = np.zeros((int(self.code.max()) + 1, classes))
        np.add.at(cells, (self.code[rows], self.y[rows]), own[rows])
        alone = cells.sum(axis=1, keepdims=True) * cells.sum(axis=0, keepdims=True) / max(float(cells.sum()), 1e-300)
        factors = np.where(cells > 0, alone / np.where(cells > 0, cells, 1.0), 1.0)
        return np.where(self.code >= 0, own * factors[self.code, self.y], own)
