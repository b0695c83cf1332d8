"""How large should pictures be for the things in them to be found, and which maps should be looked at?

Small things ask for pixels, and pixels cost time: a picture is as large as the smallest class of things needs, never larger than it came.
The maps (Lin et al. 2017) are those whose places are neither larger than a small thing nor many times smaller than a large one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Floats, Ints
from assay.pictures.framed import Framing
from assay.pictures.tiles import Tiling

from .chain import residual
from .detector import STEP, Anatomy

PLAIN = Framing(strength=1.0, across=True)  # things look the same in a mirror, more often than not
# Pixels of the smaller side of a thing, of all but so many in the class whose things are smallest.
WANTED, SMALLER = 16.0, 0.25
FEW = 0.05  # share of things, or pictures, for which nothing is made larger
LEAST_SIDE, MOST_SIDE = 192, 640  # pixels of the longer side of a rectangle, where pictures have them
NEARLY = 0.3  # of a step by which a rectangle may be too small: the picture then is
USUAL = 0.1  # side of a thing in the longer one of its picture, where there are none
# Times the side of a piece that a picture has to be larger, to be looked at in pieces, and may be.
TILED_FROM, MOST_TIMES = 1.3, 5.0
# Sides of pieces that share some make so much of the picture's; and epochs that are enough of them.
PACKED, ENOUGH_OF_PIECES = 0.8, 8.0
LARGEST_SHARE = 0.33  # of a piece that a large thing may reach over
SHARED = 1.3  # large things that pieces share
ACROSS, REACHING = 2.0, 8.0  # places a small thing reaches over at least, and a large one at most (FCOS: 8)


@dataclass(frozen=True, kw_only=True)
class Form:
    """What learns, and how."""

    height: int  # pixels of the rectangle, each a multiple of STEP
    width: int
    anatomy: Anatomy
    rate: float = 2e-3
    decay: float = 0.05
    batch: int = 4
    epochs: float = 300.0
    views: Framing = PLAIN
    mirrors: bool = True  # whether a picture is answered for in its mirrors, too, where views were mirrored: twice the time, or four times

    def __post_init__(self) -> None:
        if self.height % STEP or self.width % STEP or min(self.height, self.width) < STEP:
            raise ValueError(f"a rectangle of {self.width} by {self.height} pixels, expected multiples of {STEP}")


def form_for(
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[Floats],
    labels: Sequence[Ints],
    classes: int,
    *,
    channels: int = 3,
    width: int = 32,
    pyramid: int = 64,
    depth: int = 1,
    most_side: int = MOST_SIDE,
    epochs: float = 300.0,
    batch: int = 4,
    views: Framing = PLAIN,
) -> Form:
    """A form for pictures of these sizes (width, height), boxes and their classes: as many pixels and such maps as the things ask for.

    width, pyramid, depth : channels of the chain at first, channels of pyramid and head, convolutions of the head
    most_side             : pixels of the longer side of the rectangle at most, where there is no time for more
    """
    longer = np.array([max(size) for size in sizes], dtype=np.float64)
    sides, every = _in_longer_sides(sizes, boxes, labels)
    least = wanted(sizes, boxes, labels)
    own = float(np.median(longer)) if len(longer) else float(MOST_SIDE)
    side = float(_step(min(max(least, LEAST_SIDE), own, most_side)))
    aspect = np.array(sizes, dtype=np.float64).reshape(-1, 2) / longer[:, None] if len(longer) else np.ones((1, 2))
    across, down = (_step(side * float(share)) for share in np.quantile(aspect, 1 - FEW, axis=0))
    middle = np.sqrt(sides.prod(axis=1))
    low = min(float(np.quantile(middle[every == label], SMALLER)) for label in np.unique(every))
    most = float(np.quantile(middle, 1 - FEW))
    strides = _strides(side * low, side * most)
    pieces = residual(width, strides[-1].bit_length() - 3, 2, inward=channels)
    along = np.cumprod([piece.stride for piece in pieces])
    taken = tuple(int(np.flatnonzero(along == stride)[-1]) for stride in strides)
    anatomy = Anatomy(pieces=pieces, taken=taken, width=pyramid, depth=depth, classes=classes)
    return Form(height=down, width=across, anatomy=anatomy, epochs=epochs, batch=batch, views=views)


def wanted(sizes: Sequence[tuple[int, int]], boxes: Sequence[Floats], labels: Sequence[Ints]) -> float:
    """Pixels of the longer side of a picture for which its smallest things ask, whatever the picture has and the time allows."""
    sides, every = _in_longer_sides(sizes, boxes, labels)
    smaller = np.maximum(sides.min(axis=1), 1e-6)
    return WANTED / min(float(np.quantile(smaller[every == label], SMALLER)) for label in np.unique(every))


def tiling_for(
    sizes: Sequence[tuple[int, int]],
    boxes: Sequence[Floats],
    labels: Sequence[Ints],
    side: int,
    epochs: float = math.inf,
) -> tuple[int, Tiling] | None:
    """Pixels of the longer side of a picture, and the pieces of `side` pixels that it is looked at in; None where it is looked at whole.

    epochs : how often every picture of that side could be looked at in the time there is; each piece takes as long

    In pieces where things are so small that a whole picture of `side` pixels would not show them, and none is so large that a piece
    would not.
    """
    natural = float(np.median([max(size) for size in sizes])) if len(sizes) else 0.0
    longer = min(
        wanted(sizes, boxes, labels), natural, min(MOST_TIMES, PACKED * math.sqrt(epochs / ENOUGH_OF_PIECES)) * side
    )
    if longer < TILED_FROM * side:
        return None
    largest = float(np.quantile(_in_longer_sides(sizes, boxes, labels)[0].max(axis=1), 1 - FEW)) * longer
    if largest > LARGEST_SHARE * side:
        return None
    return round(longer), Tiling(side, max(STEP, math.ceil(SHARED * largest)))


def _in_longer_sides(
    sizes: Sequence[tuple[int, int]], boxes: Sequence[Floats], labels: Sequence[Ints]
) -> tuple[Floats, Ints]:
    """Width and height of each thing, in longer sides of its picture [m, 2], and its class [m]; of a usual one where there are none."""
    shares = [own[:, 2:] / max(size) for own, size in zip(boxes, sizes, strict=True)]
    sides, every = np.concatenate([*shares, np.zeros((0, 2))]), np.concatenate([*labels, np.zeros(0, dtype=np.int64)])
    return (sides, every) if len(sides) else (np.full((1, 2), USUAL), np.zeros(1, dtype=np.int64))


def _step(side: float) -> int:
    """The next multiple of STEP, or the one before where that is near."""
    return STEP * max(1, math.ceil(side / STEP - NEARLY))


def _strides(low: float, high: float) -> tuple[int, ...]:
    """Strides of the maps that things with sides of `low` to `high` pixels ask for: two at least, since the coarse helps the fine."""
    fine = next((s for s in (16, 8) if low >= ACROSS * s), 4)
    coarse = next((s for s in (8, 16) if s > fine and high <= REACHING * s), 32)
    return tuple(s for s in (4, 8, 16, 32) if fine <= s <= coarse)
