"""Which numbers say what a picture looks like, without a network?

Pictures come as `pixels`: red, green and blue from 0 to 255, uint8 [n, s, s, 3]. Every function gives float32, the same for a picture
whichever others stand beside it (answers to patches but for their last digits, which the matrix product rounds), and works through blocks of pictures, so that memory does not grow with their number.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PLAIN = ("brightness", "contrast", "redness", "blueness", "saturation", "sharpness")

SIDES = ("above", "below", "left", "right")
BORDER = tuple(f"{of} {side}" for side in SIDES for of in ("red", "green", "blue", "spread"))

BLOCK = 2**16  # pixels worked on at once
LEVELS = 4  # of each colour in a histogram
ORIENTATIONS, CELL = 9, 8
CLIP, TINY = 0.2, 1e-5  # L2-Hys: no share of a block beyond this; and what keeps a flat block from dividing by nought


def colours(pixels: Pixels) -> Floats:
    """How much of each colour stands in each quarter of a picture: [n, 4 * 64].

    A joint histogram of four levels each of red, green and blue (Swain & Ballard 1991) for the quarters upper left, upper right, lower
    left, lower right; the square roots of the shares, so that distances between pictures are those of Hellinger.

    >>> colours(np.zeros((1, 8, 8, 3), dtype=np.uint8))[0, ::64].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    side = _side(pixels)
    bins = LEVELS**3
    half = (np.arange(side) * 2) // side  # which half a row or a column lies in
    quarter = (half[:, None] * 2 + half).ravel()
    size = np.maximum(np.bincount(quarter, minlength=4), 1)
    out = np.empty((len(pixels), 4 * bins), dtype=np.float32)
    for at, some in _blocks(pixels):
        level = some >> 6
        colour = (level[..., 0] * LEVELS + level[..., 1]) * LEVELS + level[..., 2]  # [b, s, s]
        place = colour.reshape(len(some), -1) + (np.arange(len(some))[:, None] * 4 + quarter) * bins
        counts = np.bincount(place.ravel(), minlength=len(some) * 4 * bins).reshape(len(some), 4, bins)
        out[at] = np.sqrt(counts / size[:, None]).reshape(len(some), -1)
    return out


def edges(pixels: Pixels) -> Floats:
    """Which way the edges run in each part of a picture: [n, blocks * blocks * 36], blocks = s // 8 - 1, none if that is less than one.

    Histograms of oriented gradients (Dalal & Triggs 2005): nine directions without sign, cells of 8 x 8 pixels, blocks of 2 x 2 cells
    brought to length one, clipped at 0.2 and brought to length one again (L2-Hys). Of the three colours, the one with the strongest
    gradient counts at each pixel. A gradient counts for one direction and one cell whole, and is nought at the border, as in
    scikit-image's `hog`, whose numbers and order these are.
    """
    side = _side(pixels)
    cells = side // CELL
    across = max(cells - 1, 0)
    out = np.empty((len(pixels), across * across * 4 * ORIENTATIONS), dtype=np.float32)
    if not across:
        return out
    within = np.arange(cells * CELL) // CELL
    cell = (within[:, None] * cells + within) * ORIENTATIONS  # [c, c] where each pixel's histogram begins
    direction, strength = _gradients()
    for at, some in _blocks(pixels):
        code = _strongest(some)[:, : cells * CELL, : cells * CELL]  # [b, c, c]
        place = direction[code] + cell
        place += (np.arange(len(some)) * cells * cells * ORIENTATIONS)[:, None, None]
        sums = np.bincount(place.ravel(), strength[code].ravel(), len(some) * cells * cells * ORIENTATIONS)
        found = (sums / CELL**2).reshape(len(some), cells, cells, ORIENTATIONS)
        corners = [found[:, i : i + across, j : j + across] for i in (0, 1) for j in (0, 1)]
        block = np.concatenate(corners, axis=3)  # [b, across, across, 36]
        block = np.minimum(_of_length_one(block), CLIP)
        out[at] = _of_length_one(block).reshape(len(some), -1)
    return out


def plain(pixels: Pixels) -> Floats:
    """Six numbers of a picture that a person can check by eye, in the order of PLAIN: [n, 6].

    Brightness and contrast are mean and standard deviation of the luminance (0 to 1; Rec. 601). Redness and blueness are how far red and
    blue stand above the mean of the two other colours (-1 to 1). Saturation is the mean of HSV's (0 to 1). Sharpness is the logarithm of
    one plus the variance of the luminance's Laplacian, in grey levels squared (Pech-Pacheco et al. 2000): a blurred picture has little.

    >>> plain(np.full((1, 8, 8, 3), 255, dtype=np.uint8))[0].tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    side = _side(pixels)
    out = np.zeros((len(pixels), len(PLAIN)), dtype=np.float32)
    for at, some in _blocks(pixels):
        red, green, blue = (some[..., c].astype(np.float32) for c in range(3))  # [b, s, s] each
        light = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
        means = [_mean(c) for c in (red, green, blue)]
        greatest = np.maximum(np.maximum(red, green), blue)
        least = np.minimum(np.minimum(red, green), blue)
        out[at, 0] = _mean(light) / 255
        out[at, 1] = light.std(axis=(1, 2), dtype=np.float64) / 255
        out[at, 2] = (means[0] - (means[1] + means[2]) / 2) / 255
        out[at, 3] = (means[2] - (means[0] + means[1]) / 2) / 255
        out[at, 4] = _mean((greatest - least) / np.maximum(greatest, 1))
        if side >= 3:
            around = light[:, :-2, 1:-1] + light[:, 2:, 1:-1] + light[:, 1:-1, :-2] + light[:, 1:-1, 2:]
            out[at, 5] = np.log1p((around - 4 * light[:, 1:-1, 1:-1]).var(axis=(1, 2), dtype=np.float64))
    return out


def border(pixels: Pixels) -> Floats:
    """The outer sixteenth of a picture on each of its four sides, in the order of BORDER: [n, 16].

    The means of red, green and blue, and the standard deviation of the mean of the three, from 0 to 1: what a picture shows seldom
    reaches there, and the table or the ground it lay on does.

    >>> border(np.full((1, 16, 16, 3), 51, dtype=np.uint8))[0, :4].astype(float).round(3).tolist()
    [0.2, 0.2, 0.2, 0.0]
    """
    side = _side(pixels)
    wide = max(1, side // 16)
    out = np.empty((len(pixels), len(BORDER)), dtype=np.float32)
    for at, some in _blocks(pixels):
        strips = (some[:, :wide], some[:, -wide:], some[:, :, :wide], some[:, :, -wide:])
        for i, strip in enumerate(strips):
            out[at, 4 * i : 4 * i + 3] = strip.mean(axis=(1, 2), dtype=np.float64) / 255
            out[at, 4 * i + 3] = strip.mean(axis=3).std(axis=(1, 2)) / 255
    return out


def _side(pixels: Pixels) -> int:
    """The side of some pictures. Raises ValueError where they are none."""
    if pixels.ndim != 4 or pixels.shape[1] != pixels.shape[2] or pixels.shape[3] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, expected uint8 [n, s, s, 3]")
    return int(pixels.shape[1])


def _blocks(pixels: Pixels) -> Iterator[tuple[slice, Pixels]]:
    """A few pictures at a time, and where they stand."""
    step = max(1, BLOCK // max(1, pixels.shape[1] ** 2))
    for at in range(0, len(pixels), step):
        yield slice(at, min(at + step, len(pixels))), pixels[at : at + step]


def _mean(values: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(values.mean(axis=(1, 2), dtype=np.float64))


@functools.cache
def _gradients() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Direction (0 to 8) and strength of each gradient there can be, by 511 * (down + 255) + (right + 255)."""
    step = np.arange(-255, 256)
    down, right = step[:, None], step
    turned = np.rad2deg(np.arctan2(down, right)) % 180
    direction = np.minimum(turned // (180 / ORIENTATIONS), ORIENTATIONS - 1)
    return direction.astype(np.int64).ravel(), np.hypot(down, right).ravel()


def _strongest(pixels: Pixels) -> NDArray[np.int32]:
    """The gradient at each pixel in the colour where it is strongest, as a code for `_gradients`: [b, s, s]."""
    best = size = None
    for c in range(3):
        colour = pixels[..., c].astype(np.int32)
        down, right = np.zeros_like(colour), np.zeros_like(colour)
        down[:, 1:-1] = colour[:, 2:] - colour[:, :-2]
        right[:, :, 1:-1] = colour[:, :, 2:] - colour[:, :, :-2]
        code, squared = down * 511 + (right + 255 * 512), down * down + right * right
        if best is None or size is None:
            best, size = code, squared
        else:
            stronger = squared > size
            np.copyto(best, code, where=stronger)
            np.copyto(size, squared, where=stronger)
    assert best is not None
    return best


def _of_length_one(block: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(block / np.sqrt(np.square(block).sum(axis=3, keepdims=True) + TINY**2))
