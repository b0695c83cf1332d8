"""Into which parts does a picture fall, by its colours?

Simple linear iterative clustering (SLIC; Achanta et al. 2012): k-means over colour in CIELAB and place together, from an even grid of centres,
each of which asks the pixels within twice its distance to the next. What is torn off the largest piece of a part goes to the part beside it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints

COMPACT, ROUNDS = 10.0, 10  # how much place weighs against colour (10 to 20 in the paper), and rounds
WHITE = np.asarray([0.9505, 1.0, 1.089])  # of daylight (D65)
TO_XYZ = np.asarray([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # of sRGB


def superpixels(pixels: NDArray[np.uint8], parts: int) -> Ints:
    """The number of the part of each pixel [s, t] of a picture [s, t, 3], from 0 on; about `parts` of them, each in one piece.

    >>> halves = np.zeros((8, 8, 3), dtype=np.uint8)
    >>> halves[:, 4:] = 255
    >>> found = superpixels(halves, 4)
    >>> bool(found.max() == 3), bool(set(found[:, :4].ravel()) & set(found[:, 4:].ravel()))
    (True, False)
    """
    high, wide = pixels.shape[:2]
    step = max(1.0, (high * wide / parts) ** 0.5)
    down, across = max(1, round(high / step)), max(1, round(wide / step))
    y, x = np.mgrid[:high, :wide]
    colour = _lab(pixels).reshape(-1, 3)
    place = np.column_stack([y.ravel(), x.ravel()]).astype(np.float64)
    part = ((y * down // high) * across + x * across // wide).ravel()
    for _ in range(ROUNDS):
        count = np.maximum(np.bincount(part, minlength=down * across), 1)[:, None]
        middle, hue = (_sums(of, part, down * across) / count for of in (place, colour))
        best = np.full(len(part), np.inf)
        before, part = part, part.copy()
        for k in np.unique(before).tolist():
            near = np.flatnonzero((np.abs(place - middle[k]) <= 2 * step).all(axis=1))
            far = np.square(place[near] - middle[k]).sum(axis=1) * (COMPACT / step) ** 2
            gap = np.square(colour[near] - hue[k]).sum(axis=1) + far
            less = gap < best[near]
            best[near[less]], part[near[less]] = gap[less], k
        if (part == before).all():
            break
    return _whole(part.reshape(high, wide))


def _sums(of: Floats, part: Ints, parts: int) -> Floats:
    return np.stack([np.bincount(part, weights=column, minlength=parts) for column in of.T], axis=1)


def _whole(part: Ints) -> Ints:
    """The largest piece of each part, into which what is torn off is taken, pixel by pixel from its edge."""
    from scipy.ndimage import label

    kept = np.full(part.shape, -1, dtype=np.int64)
    for number, k in enumerate(np.unique(part).tolist()):
        pieces, _ = label(part == k)
        kept[pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()] = number
    while (kept < 0).any():
        around = np.pad(kept, 1, constant_values=-1)
        for beside in (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]):
            kept = np.where(kept < 0, beside, kept)
    return kept


def _lab(pixels: NDArray[np.uint8]) -> Floats:
    """CIELAB (CIE 1976) of sRGB."""
    share = pixels / 255.0
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)
