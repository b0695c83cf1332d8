"""How do texts of all lengths stand in memory, and how are those of like length brought together?"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Ints

PER_BLOCK = 16_384  # pieces of texts, filled up to the longest, that are worked on at once
SORTED_AT_ONCE = 24  # batches among whose rows those of like length are brought together


@dataclass(frozen=True, eq=False)
class Passages:
    """Numbers of the pieces of some texts, one text after the other."""

    flat: NDArray[np.int32]
    sizes: Ints  # [n] pieces of each text

    @functools.cached_property
    def starts(self) -> Ints:
        """Where each text begins: [n]."""
        return np.cumsum(self.sizes) - self.sizes

    def padded(self, rows: Ints, backwards: bool = False) -> tuple[NDArray[np.int32], Bools]:
        """Pieces of some texts in rows of one length, 0 where there is none, and where there is one: [b, t] each."""
        sizes = self.sizes[rows]
        places = np.arange(max(1, int(sizes.max(initial=0))))
        there = places < sizes[:, None]
        at = self.starts[rows][:, None] + (sizes[:, None] - 1 - places if backwards else places)
        whole = self.flat if len(self.flat) else np.zeros(1, dtype=np.int32)
        return np.where(there, whole[np.where(there, at, 0)], 0).astype(np.int32), there

    def blocks(self) -> Iterator[Ints]:
        """All rows that have pieces, the longest first, in blocks of like length."""
        order = np.argsort(-self.sizes, kind="stable")
        order = order[: int(np.count_nonzero(self.sizes))]
        while len(order):
            step = max(1, PER_BLOCK // int(self.sizes[order[0]]))
            yield order[:step]
            order = order[step:]


def batches(sizes: Ints, batch: int, rng: np.random.Generator) -> list[Ints]:
    """All rows in random batches of nearly one number of rows, in each rows of like length."""
    order = rng.permutation(len(sizes))
    found: list[Ints] = []
    step = batch * SORTED_AT_ONCE
    for low in range(0, len(order), step):
        some = order[low : low + step]
        some = some[np.argsort(sizes[some], kind="stable")]
        found += np.array_split(some, max(1, round(len(some) / batch)))
    return [found[i] for i in rng.permutation(len(found))]
