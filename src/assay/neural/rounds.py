"""Which pictures does a step look at? Every one as often as its weight says before any comes again."""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Floats, Ints


class Rounds:
    """Numbers from 0 to n, drawn a few at a time; systematic sampling where they have weights (Madow 1949)."""

    def __init__(self, n: int, size: int, rng: np.random.Generator, weight: Floats | None = None) -> None:
        self.n, self.size, self.rng, self.weight = n, min(size, n), rng, weight
        self.order: list[int] = []

    def next(self) -> Ints:
        """Those of the next step: [size]."""
        while len(self.order) < self.size:
            self.order = [*self.rng.permutation(self._round()).tolist(), *self.order]
        taken, self.order = self.order[-self.size :], self.order[: -self.size]
        return np.asarray(taken, dtype=np.int64)

    def clear(self) -> None:
        """Begin a new round."""
        self.order.clear()

    def _round(self) -> Ints:
        """Those of one epoch, n of them in all."""
        if self.weight is None:
            return np.arange(self.n)
        reached = np.cumsum(self.weight) / float(np.sum(self.weight))
        at = (np.arange(self.n) + self.rng.random()) / self.n
        return np.minimum(np.searchsorted(reached, at), self.n - 1)
