"""How is a picture that is too large to be looked at as a whole looked at piece by piece?

It is cut into squares that overlap, so that everything is whole in one of them. A thing belongs to the piece in whose core its middle
lies: cores meet in the middle of what two pieces share, and cover the picture once. So nothing is told twice, and nothing is lost that is no
larger than what pieces share (tiled inference; Ozge Unel, Ozkalayci & Cigla 2019).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Bools, Floats, Ints
from .stacked import OneByOne

Pixels = NDArray[np.uint8]

SEEN = 0.4  # share of a thing that a piece shows, from which it is learnt from there
EMPTY = 0.3  # pieces without a thing that are learnt from, for each with one


@dataclass(frozen=True)
class Piece:
    """A square of a picture."""

    left: int
    top: int
    width: int
    height: int
    core: tuple[float, float, float, float]  # left, top, right, bottom of what it alone answers for

    def cut(self, picture: Pixels) -> Pixels:
        """What it shows of a picture [h, w, c]."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]

    def owns(self, boxes: Floats, near: float = 0.0) -> Bools:
        """Whether the middle of each box [m, 4], in pixels of the picture, lies in its core, or so near to it."""
        middle = boxes[:, :2] + boxes[:, 2:] / 2
        low, high = np.asarray(self.core[:2]) - near, np.asarray(self.core[2:]) + near
        return np.asarray(((middle >= low) & (middle < high)).all(axis=1))

    def there(self, boxes: Floats) -> tuple[Floats, Bools]:
        """Boxes [m, 4] in its own pixels, cut at its border, and which of them it shows enough of."""
        low = boxes[:, :2] - [self.left, self.top]
        high = np.minimum(low + boxes[:, 2:], [self.width, self.height])
        low = np.maximum(low, 0.0)
        sides = np.maximum(high - low, 0.0)
        share = sides.prod(axis=1) / np.maximum(boxes[:, 2:].prod(axis=1), 1e-9)
        return np.concatenate([low, sides], axis=1), share >= SEEN


@dataclass(frozen=True)
class Tiling:
    """Squares of so many pixels, of which neighbours share so many.

    >>> [(p.left, p.top, p.core) for p in Tiling(100, 20).pieces(180, 100)]
    [(0, 0, (-inf, -inf, 90.0, inf)), (80, 0, (90.0, -inf, inf, inf))]
    """

    side: int
    shared: int

    def __post_init__(self) -> None:
        if not 0 <= self.shared < self.side:
            raise ValueError(f"pieces of {self.side} pixels cannot share {self.shared}")

    def pieces(self, width: int, height: int) -> list[Piece]:
        """Those of a picture of this size, row by row."""
        across, down = self._along(width), self._along(height)
        return [
            Piece(left, top, min(self.side, width), min(self.side, height), (first, above, last, below))
            for (top, above, below), (left, first, last) in itertools.product(down, across)
        ]

    def _along(self, length: int) -> list[tuple[int, float, float]]:
        """Where each piece begins, and the core it answers for, along one side."""
        many = max(1, -(-(length - self.shared) // (self.side - self.shared)))
        starts = np.round(np.linspace(0, max(0, length - self.side), many)).astype(np.int64).tolist()
        cuts = [(late + early + self.side) / 2 for early, late in itertools.pairwise(starts)]
        return list(zip(starts, [-np.inf, *cuts], [*cuts, np.inf], strict=True))


@dataclass(frozen=True, eq=False)
class Tiled(OneByOne):
    """Pieces of pictures, each cut when it is asked for; the last picture that was opened is kept."""

    pictures: Sequence[Pixels]
    places: tuple[tuple[int, Piece], ...]  # the picture, and its piece

    def __len__(self) -> int:
        return len(self.places)

    def one(self, row: int) -> Pixels:
        """[h, w, c]."""
        picture, piece = self.places[row]
        return piece.cut(self._opened(picture))

    def _opened(self, picture: int) -> Pixels:
        held = self.__dict__.get("held")
        if held is None or held[0] != picture:
            held = (picture, self.pictures[picture])
            self.__dict__["held"] = held
        return np.asarray(held[1])


def tiled(
    pictures: Sequence[Pixels],
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[Floats],
    labels: Sequence[Ints],
    tiling: Tiling,
    rng: np.random.Generator,
) -> tuple[Tiled, list[Floats], list[Ints], Ints]:
    """Pieces that are learnt from, what lies in each, and which picture each is of: all that show a thing, and some that do not.

    sizes : width and height of each picture
    boxes : [m, 4] of each, in its pixels
    """
    found: list[tuple[int, Piece, Floats, Ints]] = []
    empty: list[tuple[int, Piece, Floats, Ints]] = []
    for row, (width, height) in enumerate(sizes):
        for piece in tiling.pieces(width, height):
            own, shown = piece.there(boxes[row])
            (found if shown.any() else empty).append((row, piece, own[shown], labels[row][shown]))
    most = max(1, round(EMPTY * len(found))) if found else len(empty)
    drawn = sorted(rng.permutation(len(empty))[:most].tolist())
    found = sorted([*found, *(empty[place] for place in drawn)], key=lambda each: each[0])
    rows = np.asarray([row for row, *_ in found], dtype=np.int64)
    places = tuple((row, piece) for row, piece, _, _ in found)
    return Tiled(pictures, places), [own for _, _, own, _ in found], [own for *_, own in found], rows
