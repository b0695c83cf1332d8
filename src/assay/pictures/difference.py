"""What differs between a picture and the one it should look like?

A grid made of two: the one that is looked at and its reference, such as the template that a board was made by. Where both are the same it
is grey of 128; what is lighter than it should be is lighter, what is darker is darker, at half its strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Bools
from ..kernel.forms import Grid
from .stacked import like

SAME = 128  # grey where nothing differs


@dataclass(frozen=True, eq=False)
class Difference:
    """Pictures against their references, as a grid (see `assay.kernel.forms.Grid`)."""

    seen: Grid
    reference: Grid

    @property
    def there(self) -> Bools:
        """Whether there are both: [n]."""
        return np.asarray(self.seen.there & self.reference.there)

    @property
    def nbytes(self) -> int:
        """Memory, in bytes."""
        return self.seen.nbytes + self.reference.nbytes

    def natural(self) -> int:
        """The side at which nine of ten pictures lose nothing."""
        return self.seen.natural()

    def sizes(self) -> NDArray[np.int64]:
        """Width and height of each, in pixels: [n, 2]; zeros where one of the two is not there."""
        return np.asarray(np.where(self.there[:, None], self.seen.sizes(), 0))

    def at(self, side: int) -> NDArray[np.uint8]:
        """What differs, as squares: [n, side, side, c]; all zero where one of the two is not there."""
        found = between(self.seen.at(side), self.reference.at(side))
        return np.asarray(found * self.there[:, None, None, None].astype(np.uint8))

    def whole(self, longer: int) -> list[NDArray[np.uint8]]:
        """What differs, at the size of the picture: [h, w, c] each; [0, 0, c] where one of the two is not there."""
        pairs = zip(self.seen.whole(longer), self.reference.whole(longer), strict=True)
        return [between(own, like(other, own)) if own.size and other.size else own[:0, :0] for own, other in pairs]

    def take(self, rows: NDArray[Any]) -> Difference:
        """Some of them."""
        return Difference(self.seen.take(rows), self.reference.take(rows))

    def then(self, more: Difference) -> Difference:
        """Others after these."""
        return Difference(self.seen.then(more.seen), self.reference.then(more.reference))


def between(seen: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half of what is more or less than in the reference, about grey: the same shape.

    >>> between(np.asarray([200, 10], np.uint8), np.asarray([100, 10], np.uint8)).tolist()
    [178, 128]
    """
    away = seen.astype(np.int16) - reference.astype(np.int16)
    return np.clip(SAME + away // 2, 0, 255).astype(np.uint8)
