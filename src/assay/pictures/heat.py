"""How does a picture look with what its places pull laid over it?

The picture in grey, and over it the map: blue where a place pulls up, orange where it pulls down, the deeper the more. The two are of
Okabe and Ito (2008), which people who see colours differently tell apart. The deepest colour is the strongest pull of this picture:
two pictures are not to be compared by their depth. Each place is shown as a soft spot (a normal distribution over the pixels), since
its edges are those of a network's grid, not of anything that is seen.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.need import need
from .decoding import decoded, sizes_of

UP, DOWN = (0, 114, 178), (230, 120, 0)  # blue and orange
SOFT = 0.55  # of the side of a place: how far its colour runs
DEEPEST = 0.78  # of the colour; the picture shines through
LIFT, RANGE = 50, 0.62  # the grey picture is lighter and flatter than it was, so that colours are seen on black
GAP = 6  # white pixels between the picture and its map


def with_heat(raw: bytes, pulls: Floats, side: int, beside: bool = True) -> bytes:
    """A JPEG of the picture with the pulls of its places over it, its longer side of `side` pixels.

    raw    : the bytes of a picture file
    pulls  : [rows, columns], of the whole picture from its upper left
    beside : the picture as it was stands to the left of it

    Raises Unreadable; MissingPackage without Pillow.
    """
    image = need("PIL.Image", "pictures")
    width, height = sizes_of(raw)
    scale = side / max(width, height, 1)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = image.fromarray(decoded(raw, side)).resize(size)
    shown = painted(np.asarray(picture), pulls)
    if beside:
        gap = np.full((size[1], GAP, 3), 255, dtype=np.uint8)
        shown = np.hstack([np.asarray(picture), gap, shown])
    out = io.BytesIO()
    image.fromarray(shown).save(out, "JPEG", quality=82)
    return out.getvalue()


def painted(pixels: NDArray[np.uint8], pulls: Floats) -> NDArray[np.uint8]:
    """Pixels [height, width, 3] in grey under the colours of pulls [rows, columns].

    >>> ground = np.zeros((2, 4, 3), dtype=np.uint8)
    >>> left, right = painted(ground, np.asarray([[1.0, -1.0]]))[0, [0, -1]].astype(int)
    >>> bool(left[2] > left[0]), bool(right[0] > right[2])
    (True, True)
    """
    grey = LIFT + RANGE * (pixels @ np.asarray([0.299, 0.587, 0.114]))  # ITU-R BT.601
    fine = smooth(pulls, *pixels.shape[:2])
    most = float(np.abs(fine).max(initial=0.0))
    depth = (DEEPEST * np.abs(fine) / most if most > 0 else np.zeros_like(fine))[..., None]
    colour = np.where((fine > 0)[..., None], np.asarray(UP, dtype=float), np.asarray(DOWN, dtype=float))
    return np.asarray(np.rint((1 - depth) * grey[..., None] + depth * colour).clip(0, 255), dtype=np.uint8)


def smooth(pulls: Floats, height: int, width: int) -> Floats:
    """Pulls [rows, columns] as a smooth field [height, width]; nowhere beyond the least and greatest of them."""
    down, across = _soft(height, pulls.shape[0]), _soft(width, pulls.shape[1])
    return np.asarray(down @ pulls @ across.T)


def _soft(pixels: int, places: int) -> Any:
    """Weight of each place for each pixel of a side [pixels, places]; those of a pixel add up to 1."""
    at, centres = (np.arange(pixels) + 0.5) * places / pixels, np.arange(places) + 0.5
    near = np.exp(-0.5 * ((at[:, None] - centres) / SOFT) ** 2)
    return near / near.sum(axis=1, keepdims=True)
