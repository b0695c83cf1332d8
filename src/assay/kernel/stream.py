"""How does a learner see rows that do not fit at once?

Targets and weights of all rows are at hand; their vectors come block by block, as often as they are asked for. Some rows can
be had as a batch, to learn from them what the blocks are to be turned into (edges of bins, say).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from .data import Floats
from .forms import Batch


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """All rows to learn from, block by block."""

    sample: Callable[[], Batch]  # makes a batch of some rows, of the same features
    sizes: tuple[int, ...]  # rows of each block
    y: NDArray[Any]  # [n], n being the sum of the sizes
    weight: Floats | None  # [n]
    blocks: Callable[[], Iterator[Floats]]  # values [size, d] of each block, in order

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.y)
