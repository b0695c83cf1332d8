"""What is seen of pictures in which some places are hidden?

Another grid with a lid on it: where a place is hidden, every pixel has the mean colour of its picture, at whatever side is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Bools
from ..kernel.forms import Grid


@dataclass(frozen=True, eq=False)
class Hidden:
    """A grid and the places of its pictures that are hidden, as a grid (see `assay.kernel.forms.Grid`)."""

    grid: Grid
    places: Bools  # [n, rows, columns]

    @property
    def there(self) -> Bools:
        """Whether there is a picture: [n]."""
        return self.grid.there

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return self.grid.nbytes + self.places.nbytes

    def natural(self) -> int:
        """The side at which the pictures lose nothing."""
        return self.grid.natural()

    def at(self, side: int) -> NDArray[np.uint8]:
        """The pixels, those of hidden places in the mean colour of their picture: [n, side, side, c]."""
        seen = self.grid.at(side)
        down, across = (np.arange(side) * parts // side for parts in self.places.shape[1:])
        lid = self.places[:, down][:, :, across] & self.there[:, None, None]
        mean = np.rint(seen.mean(axis=(1, 2), keepdims=True)).astype(np.uint8) if seen.size else seen[:, :1, :1]
        return np.asarray(np.where(lid[..., None], mean, seen))

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of each, in pixels: [n, 2]."""
        return self.grid.sizes()

    def whole(self, longer: int) -> list[NDArray[np.uint8]]:
        """With their aspect kept, those of hidden places in the mean colour of their picture: [h, w, c]."""
        out = []
        for seen, lid in zip(self.grid.whole(longer), self.places, strict=True):
            down, across = (
                np.arange(side) * parts // max(1, side) for side, parts in zip(seen.shape[:2], lid.shape, strict=True)
            )
            mean = np.rint(seen.mean(axis=(0, 1))).astype(np.uint8) if seen.size else np.zeros(seen.shape[2], np.uint8)
            out.append(np.where(lid[down][:, across][..., None], mean, seen).astype(np.uint8))
        return out

    def take(self, rows: NDArray[np.int64]) -> Hidden:
        """Some of them."""
        return Hidden(self.grid.take(rows), self.places[rows])

    def then(self, more: Hidden) -> Hidden:
        """Others after these, with as many places."""
        return Hidden(self.grid.then(more.grid), np.concatenate([self.places, more.places]))
