"""How do several pictures of one row lie one over the other, their aspect kept?

The first decides the size; the others are brought to it. Made one at a time, when they are looked at: a table of large pictures need not
fit in memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from ..kernel.forms import Grids
from ..kernel.need import need

Pixels = NDArray[np.uint8]


def stacked(grids: Grids, longer: int) -> list[Pixels]:
    """Every row's pictures as one: [h, w, 3 columns] each, [0, 0, 3 columns] where the first is not there."""
    first, *others = (column.whole(longer) for column in grids.columns)
    if not others:
        return first
    return [
        np.concatenate([own, *(like(other, own) for other in rest)], axis=2)
        for own, *rest in zip(first, *others, strict=True)
    ]


class OneByOne(ABC, Sequence[Pixels]):
    """Pictures that are each made when they are asked for."""

    @abstractmethod
    def one(self, row: int) -> Pixels:
        """The picture of a row that there is."""

    @overload
    def __getitem__(self, row: int) -> Pixels: ...
    @overload
    def __getitem__(self, row: slice) -> list[Pixels]: ...
    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not 0 <= row < len(self):
            raise IndexError(row)
        return self.one(row)


@dataclass(frozen=True, eq=False)
class Stacked(OneByOne):
    """`stacked`, each made when it is asked for; one that has gone since its size was read is a single grey pixel."""

    grids: Grids
    longer: int

    def __len__(self) -> int:
        return len(self.grids.columns[0].there)

    def one(self, row: int) -> Pixels:
        """[h, w, 3 columns]."""
        found = stacked(self.grids.take(np.asarray([row])), self.longer)[0]
        return found if found.size else np.full((1, 1, found.shape[2]), 128, dtype=np.uint8)


def scale_to(longer: int, size: NDArray[np.int64]) -> NDArray[np.float64]:
    """What x and y in pixels of a picture of this width and height are multiplied by where its longer side becomes `longer`, or stays: [2]."""
    share = min(1.0, longer / float(size.max()))
    return np.asarray(np.maximum(1, np.round(size * share)) / size)


def like(other: Pixels, own: Pixels) -> Pixels:
    """Another picture at the size of the first; grey where there is none."""
    height, width = own.shape[:2]
    if not own.size or not other.size:
        return np.full((height, width, other.shape[2]), 128, dtype=np.uint8)
    if other.shape[:2] == (height, width):
        return other
    image = need("PIL.Image", "pictures")
    return np.asarray(image.fromarray(other).resize((width, height), image.Resampling.BILINEAR, reducing_gap=2.0))
