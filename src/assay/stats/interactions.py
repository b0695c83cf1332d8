"""What do two columns say together that neither says alone?

The joint part of a score: f(a, b) - f(a', b) - f(a, b') + f(a', b') with all else as it is, a' and b' the cells of another row, averaged over
several such rows. Where the model adds up its columns it is zero. Its mean square beside that of all that the two cells change together is the H
statistic (Friedman & Popescu 2008), here with the other columns as they are in the row rather than averaged.

A model learns joint parts of noise as well. The world is additive in two columns only if answers lose nothing without the joint part: of a
squared error the sum of single parts then lies nearer to the truth, as the side of a right triangle (Hoeffding 1948), so that on rows which
the model did not learn from the loss falls, on average, when the joint part is taken away. Where it rises beyond chance the pair is real.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Floats, Ints

from .bootstrap import interval
from .tests import mean_above

ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Joint:
    """What a pair of columns says together, by row."""

    part: Floats  # [n, w]
    both: Floats  # [n, w]: what the two cells change together, single parts included

    def strength(self, blocks: Ints, rng: np.random.Generator, level: float = 0.95) -> tuple[float, float, float]:
        """Share of what the two change that is their joint part (H squared), and its interval over rows drawn: 0 to 1."""
        part, both = (self.part**2).sum(axis=1), (self.both**2).sum(axis=1)
        _, member = np.unique(blocks, return_inverse=True)
        groups = int(member.max()) + 1
        sums = np.asarray([np.bincount(member, weights=x) for x in (part, both)])  # [2, groups]
        times = rng.multinomial(groups, np.full(groups, 1.0 / groups), size=ROUNDS)
        again = times @ sums.T
        low, high = interval(_share(again[:, 0], again[:, 1]), level)
        return float(_share(*sums.sum(axis=1))), low, high


def joint(own: Floats, first: Floats, second: Floats, neither: Floats) -> Joint:
    """The joint part of a pair: scores [n, w], and [draws, n, w] with one cell, the other, or both out of another row."""
    part = own - (first + second - neither).mean(axis=0)
    return Joint(part, own - neither.mean(axis=0))


def needed(rise: Floats, blocks: Ints) -> float:
    """One-sided p-value that losses rise [n] without a joint part; rows of a group count as one."""
    sums = np.bincount(np.unique(blocks, return_inverse=True)[1], weights=rise)
    return mean_above(sums.astype(np.float64), 0.0)


def _share(part: Floats, both: Floats) -> Floats:
    return np.asarray(np.minimum(1.0, part / np.maximum(both, 1e-300)))
