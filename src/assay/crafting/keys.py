"""Which drawer does a row belong to, by one column or by two?

A key turns a column into small whole numbers: a code is its own, a number falls between edges. Two keys cross into one.
What is missing has a drawer of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..kernel.data import Floats, Ints
from ..kernel.forms import Feature

MOST = 32  # values of a number that has drawers: it is a code in all but name


@dataclass(frozen=True, eq=False)
class Key:
    """The drawers of one column."""

    column: int
    edges: Floats  # [bins - 1] rising; empty where the column holds codes
    size: int  # drawers; the last is for what is missing

    @property
    def coded(self) -> bool:
        """Whether the column holds codes rather than numbers."""
        return len(self.edges) == 0

    def __call__(self, values: Floats) -> Ints:
        """The drawer of each row: [n], of values [n, d]."""
        x = values[:, self.column]
        missing = np.isnan(x)
        if self.coded:
            found = np.clip(np.where(missing, 0.0, x), 0, self.size - 2).astype(np.int64)
        else:
            found = np.searchsorted(self.edges, x, side="left").astype(np.int64)
        found[missing] = self.size - 1
        return found

    def single(self) -> Callable[[Sequence[float]], int]:
        """The same for one row: from values [d] to its drawer."""
        column, edges, last = self.column, self.edges.tolist(), self.size - 1

        def drawer(values: Sequence[float]) -> int:
            x = values[column]
            if x != x:
                return last
            return bisect_left(edges, x) if edges else int(min(max(x, 0.0), last - 1))

        return drawer


def key_of(column: int, feature: Feature, x: Floats) -> Key | None:
    """The key of one column of training rows; None where it cannot part them."""
    if feature.kind != "number":
        return Key(column, np.empty(0), len(feature.levels) + 2) if len(feature.levels) > 1 else None
    seen = x[~np.isnan(x)]
    distinct = np.unique(seen[:: max(1, len(seen) // 20_000)])
    if len(distinct) < 2:
        return None
    if len(distinct) > MOST:
        return None
    edges = (distinct[1:] + distinct[:-1]) / 2
    return Key(column, edges, len(edges) + 2)
