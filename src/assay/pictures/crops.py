"""What do the things in boxes look like, cut out?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from ..kernel.need import need


def crops(
    pictures: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Floats],
    labels: Sequence[Ints],
    side: int,
    most: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], Ints]:
    """Some of the things as squares [m, side, side, 3], and what each is called [m].

    pictures : [h, w, c] each, of which the first three channels are looked at
    boxes    : [m, 4] in its pixels
    most     : things at most, drawn evenly
    """
    image = need("PIL.Image", "pictures")
    every = [(row, place) for row, own in enumerate(boxes) for place in range(len(own))]
    drawn = sorted(rng.permutation(len(every))[:most].tolist())
    out = np.zeros((len(drawn), side, side, 3), dtype=np.uint8)
    names = np.zeros(len(drawn), dtype=np.int64)
    picture, last = None, -1
    for at, number in enumerate(drawn):
        row, place = every[number]
        if row != last:
            picture, last = image.fromarray(np.ascontiguousarray(pictures[row][:, :, :3])), row
        x, y, width, height = boxes[row][place].tolist()
        box = (x, y, x + max(1.0, width), y + max(1.0, height))
        assert picture is not None
        out[at] = np.asarray(picture.resize((side, side), image.Resampling.BILINEAR, box=_within(box, picture.size)))
        names[at] = labels[row][place]
    return out, names


def _within(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """A box cut at the border of the picture, at least one pixel wide and high."""
    left, top = (min(max(0.0, low), most - 1.0) for low, most in zip(box[:2], size, strict=True))
    right, bottom = (
        min(max(low + 1.0, high), float(most)) for low, high, most in zip((left, top), box[2:], size, strict=True)
    )
    return left, top, right, bottom
