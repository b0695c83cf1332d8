"""What does a picture look like around each of its places, in how its edges turn and in its colours?

Two kinds of local descriptors on the same places, at a few sizes of the picture: how strong edges are in each of eight directions
(Lowe 2004, on a dense grid, without a direction of its own; the maps of directions are those of DAISY, Tola, Lepetit & Fua 2010), and
mean and spread of three opponent colours (van de Sande, Gevers & Snoek 2010), each in 4 x 4 cells around the place.

Numpy alone; a picture is looked at alone. All but a few square roots are products with matrices that depend on sizes only.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Pixels

Floats32 = NDArray[np.float32]

CELL = 4  # pixels of a cell's side
AROUND = 4  # cells of a descriptor's side
TURNS = 8  # directions
SIZES = (1.0, 0.7, 0.5)  # of a picture
FAINT = 20.0  # length of a descriptor of edges, in grey levels, that counts as faint
# No share of a descriptor beyond this; and what keeps one that is faint from being brought to length one.
CLIP, FLAT = 0.2, 0.1
DIM = 1e-3  # added under roots, so that what rounding leaves of nought stays nothing
LIGHT = np.asarray([77, 150, 29], dtype=np.float32) / np.float32(256)  # exact, so that what is flat has no edges
# Brightness, red against green, yellow against blue.
OPPONENT = np.asarray([[1 / 3, 1 / 3, 1 / 3], [0.7071, -0.7071, 0.0], [0.4082, 0.4082, -0.8165]], dtype=np.float32)
KINDS = ("edges", "colours")
WIDTHS = {"edges": AROUND**2 * TURNS, "colours": AROUND**2 * 6}
SMALLEST = CELL * AROUND


@dataclass(frozen=True)
class Look:
    """A picture of so many pixels, looked at in one size."""

    side: int  # pixels of the picture
    size: int  # and of what is looked at, a multiple of CELL

    @property
    def cells(self) -> int:
        """Cells along each side."""
        return self.size // CELL

    @property
    def places(self) -> int:
        """Places along each side."""
        return self.cells - AROUND + 1

    @functools.cached_property
    def smaller(self) -> Floats32:
        """From the sides of the picture to those of what is looked at [size, side]: linear, as wide as what is left out."""
        return _lines(self.side, self.size)

    @functools.cached_property
    def pool(self) -> Floats32:
        """From pixels to cells [cells, size]: a triangle over a cell and half of each beside it."""
        return _lines(self.size, self.cells)

    @functools.cached_property
    def middles(self) -> Floats32:
        """Of each place, down and across, from -0.5 to 0.5: [places², 2]."""
        at = (np.arange(self.places) + AROUND / 2) / self.cells - 0.5
        return np.asarray(np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2), dtype=np.float32)


@functools.lru_cache(maxsize=16)
def looks(side: int) -> tuple[Look, ...]:
    """How a picture of so many pixels is looked at: each size in which there is a place at all. Raises ValueError if there is none."""
    sizes = sorted({int(side * share) // CELL * CELL for share in SIZES}, reverse=True)
    found = tuple(Look(side, size) for size in sizes if size >= SMALLEST)
    if not found:
        raise ValueError(f"a picture of {side} pixels, expected {SMALLEST} at least")
    return found


def descriptors(picture: Pixels) -> dict[str, Floats32]:
    """Edges [p, 128] and colours [p, 96] around each place of a picture [side, side, 3], the places of the largest size first."""
    found: dict[str, list[Floats32]] = {kind: [] for kind in KINDS}
    for look in looks(picture.shape[0]):
        planes: Floats32 = picture.transpose(2, 0, 1).astype(np.float32)  # [3, side, side]
        if look.size != look.side:
            planes = np.asarray(look.smaller @ planes @ look.smaller.T, dtype=np.float32)
        found["edges"].append(_edges(np.tensordot(LIGHT, planes, axes=1), look))
        found["colours"].append(_colours(np.tensordot(OPPONENT, planes, axes=1), look))
    return {kind: np.concatenate(own) for kind, own in found.items()}


def middles(side: int) -> Floats32:
    """Of each place of a picture of so many pixels, down and across, from -0.5 to 0.5: [p, 2]."""
    return np.concatenate([look.middles for look in looks(side)])


@functools.cache
def turns() -> Floats32:
    """Unit vectors of the directions, down and across: [TURNS, 2]."""
    angle = 2 * np.pi * np.arange(TURNS) / TURNS
    return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)


def _edges(light: Floats32, look: Look) -> Floats32:
    slopes = np.zeros((2, *light.shape), dtype=np.float32)
    slopes[0, 1:-1] = light[2:] - light[:-2]
    slopes[1, :, 1:-1] = light[:, 2:] - light[:, :-2]
    maps = np.maximum(np.tensordot(turns(), slopes, axes=1), np.float32(0))  # [TURNS, size, size]
    found = _windows(look.pool @ maps @ look.pool.T)
    found /= np.sqrt(np.einsum("pd,pd->p", found, found))[:, None] + np.float32(FAINT)
    np.minimum(found, np.float32(CLIP), out=found)
    found /= np.sqrt(np.einsum("pd,pd->p", found, found))[:, None] + np.float32(FLAT)
    found += np.float32(DIM)
    return np.sqrt(found, out=found)


def _colours(planes: Floats32, look: Look) -> Floats32:
    planes = planes / np.float32(255)
    mean = look.pool @ planes @ look.pool.T  # [3, cells, cells]
    square = look.pool @ np.square(planes) @ look.pool.T
    spread = np.sqrt(np.maximum(square - np.square(mean), np.float32(0)) + np.float32(DIM))
    return _windows(np.concatenate([mean, spread]))


def _windows(maps: Floats32) -> Floats32:
    """What lies in AROUND x AROUND cells around each place, of maps [c, cells, cells]: [places², AROUND² · c]."""
    windows = np.lib.stride_tricks.sliding_window_view(maps, (AROUND, AROUND), axis=(1, 2))  # [c, p, p, a, a]
    return windows.transpose(1, 2, 3, 4, 0).reshape(windows.shape[1] ** 2, -1).copy()


@functools.lru_cache(maxsize=64)
def _lines(many: int, few: int) -> Floats32:
    """From `many` pixels in a row to `few` of them: a triangle as wide as two of the few, each row 1 in all [few, many]."""
    width = many / few
    middle = (np.arange(few) + 0.5) * width - 0.5
    found = np.maximum(0.0, 1.0 - np.abs(np.arange(many) - middle[:, None]) / width)
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float32)
