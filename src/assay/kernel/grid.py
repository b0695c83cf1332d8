"""How many digits does a learnt number need?

What was learnt from some thousand rows is known far less well than its last digits pretend. So the numbers of a group (a tree's leaves, a
curve's cells, the weights of a unit) stand on a grid of their own: whole multiples of a power of two, so many of them from the least to the
largest. A multiple of a power of two is exact in floating point, so that every machine reads the same number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .box import Box
from .data import Floats, Ints
from .pack import pack, pack_bits, unpack, unpack_bits

LEVELS = 2**20  # points of a grid, at most: a million
DEPTH = 46  # binary digits that a step may lie below the largest number, so that multiples stay well within a double
MANY_ALIKE = 1_000_000  # numbers that a file may say take no bit: so that a small file cannot ask for much memory
MOST = 2**52  # multiples of a step: whole numbers of a double, with room to add a level
BITS, FINEST = 53, 1_074  # of a double's mantissa; exponent of the least double, below zero


def rounded(values: Floats, sizes: Ints, levels: int = LEVELS, finest: int = -FINEST) -> Floats:
    """Numbers [n], those of each group (of `sizes` [g], none empty) moved to the nearest point of its grid.

    levels : points from the least to the largest of a group, at most
    finest : exponent of the least step there may be

    >>> rounded(np.array([0.1, 0.2, 0.3]), np.array([3])).round(5).tolist()
    [0.1, 0.2, 0.3]
    """
    if not len(values):
        return values
    starts = np.cumsum(sizes) - sizes
    span = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
    largest = np.frexp(np.maximum.reduceat(np.abs(values), starts))[1]
    step = np.where(span > 0, np.frexp(span / (levels - 2))[1], finest)  # both ends may move by half a step
    exponents = np.repeat(np.maximum(np.maximum(step, largest - DEPTH), finest), sizes)
    return np.asarray(np.ldexp(np.rint(np.ldexp(values, -exponents)), exponents)) + 0.0  # no zero below zero


@dataclass(frozen=True, eq=False)
class Grid:
    """Numbers as levels of grids: (lowest + level) times two to the exponent."""

    exponents: Ints  # [g]
    lowest: Ints  # [g]
    levels: Ints  # [n], 0 to LEVELS - 1

    def values(self, sizes: Ints) -> Floats:
        """The numbers: [n]."""
        whole = np.repeat(self.lowest, sizes) + self.levels
        return np.asarray(np.ldexp(whole.astype(np.float64), np.repeat(self.exponents, sizes)))


def put_values(box: Box, name: str, values: Floats, sizes: Ints) -> None:
    """Keep numbers [n] as levels where those of each group (of `sizes` [g]) stand on a grid, else in full."""
    grid = grid_of(values, sizes)
    if grid is None:
        box.put_array(name, values)
        return
    pack(box, f"{name}_exponents", grid.exponents)
    pack(box, f"{name}_lowest", grid.lowest)
    pack_bits(box, f"{name}_levels", grid.levels)


def values_of(box: Box, name: str, sizes: Ints) -> Floats:
    """The numbers that were put. Raises BundleInvalid."""
    size = sum(sizes.tolist())  # as large as a stranger may say, beyond 64 bits, too
    if name in box.arrays:
        return box.array(name, np.float64, (size,))
    if size > MANY_ALIKE and 8 * len(box.array(f"{name}_levels", np.uint8, (None,))) < size:
        raise box.refuse(f"{size} numbers are more than so few levels tell apart")
    exponents, lowest = (unpack(box, f"{name}_{what}", np.int64) for what in ("exponents", "lowest"))
    grid = Grid(exponents, lowest, unpack_bits(box, f"{name}_levels", size))
    if (len(exponents), len(lowest)) != (len(sizes), len(sizes)):
        raise box.refuse(f"{len(sizes)} grids need as many exponents and lowest points")
    if np.abs(exponents).max(initial=0) > FINEST or np.abs(lowest).max(initial=0) >= MOST:
        raise box.refuse("a grid is finer or wider than numbers are")
    if grid.levels.max(initial=0) >= LEVELS:
        raise box.refuse("a level is outside its grid")
    found = grid.values(sizes)
    if not np.isfinite(found).all():
        raise box.refuse(f"the array '{name}' holds numbers that are not finite")
    return found


def grid_of(values: Floats, sizes: Ints) -> Grid | None:
    """The coarsest grids that hold these numbers exactly; None where one of them would need more than LEVELS points."""
    if not len(values):
        return Grid(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    starts = np.cumsum(sizes) - sizes
    mantissa, exponent = np.frexp(values)
    whole = np.abs(np.ldexp(mantissa, BITS)).astype(np.int64)
    lowest_bit = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    finest = np.where(whole > 0, exponent - BITS + lowest_bit, 2_000)
    exponents = np.minimum.reduceat(finest, starts)
    exponents = np.where(exponents == 2_000, 0, exponents)  # nothing but zeros
    with np.errstate(over="ignore"):  # what is too far apart for a grid is beyond MOST
        multiples = np.ldexp(values, -np.repeat(exponents, sizes))
    if np.signbit(values[values == 0]).any() or np.abs(multiples).max() >= MOST:
        return None
    multiples = multiples.astype(np.int64)
    lowest = np.minimum.reduceat(multiples, starts)
    levels: NDArray[np.int64] = multiples - np.repeat(lowest, sizes)
    return Grid(exponents.astype(np.int64), lowest, levels) if levels.max() < LEVELS else None
