"""How do numbers rest in half their size, or a third?

As halves (float16), whose bits the file keeps as whole numbers: its format knows no halves. Small networks are content with less:
`coarse` moves weights to 2,048 points of a grid (kernel/grid.py) before anything is measured, and the file keeps the points, eleven bits each.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.kernel.box import Box
from assay.kernel.grid import grid_of, put_values, rounded, values_of

Halves = NDArray[Any]  # float16
POINTS, LEAST = 2048, -24  # of a grid of weights; exponent of the least half


def halves(a: ArrayLike) -> Halves:
    """The nearest halves; what is beyond the largest becomes the largest."""
    most = np.finfo(np.float16).max
    return np.clip(a, -most, most).astype(np.float16)


def put_halves(box: Box, name: str, a: Halves) -> None:
    """Writes them."""
    box.put_array(name, a.view(np.uint16))


def halves_of(box: Box, name: str, shape: tuple[int | None, ...]) -> Halves:
    """Those that were put. Raises BundleInvalid where one is not finite."""
    found = box.array(name, np.uint16, shape).view(np.float16)
    if not np.isfinite(found).all():
        raise box.refuse(f"the array '{name}' holds numbers that are not finite")
    return found


def coarse(a: NDArray[Any], points: int = POINTS) -> Halves:
    """Halves of which those along the last axis stand on a grid of so many points."""
    plain = halves(a).astype(np.float64)
    return rounded(plain.ravel(), _groups(plain.shape), points, LEAST).reshape(plain.shape).astype(np.float16)


def put_weights(box: Box, name: str, a: Halves) -> None:
    """Writes halves as points of grids where they stand on such, else as they are."""
    plain, groups = a.astype(np.float64).ravel(), _groups(a.shape)
    grid = grid_of(plain, groups)
    if grid is None or grid.levels.max(initial=0) >= 2 * POINTS:
        put_halves(box, name, a)
    else:
        put_values(box, name, plain, groups)


def weights_of(box: Box, name: str, shape: tuple[int, ...]) -> Halves:
    """Those that were put, of exactly this shape. Raises BundleInvalid."""
    if name in box.arrays:
        return halves_of(box, name, shape)
    plain = values_of(box, name, _groups(shape))
    found = plain.astype(np.float16)
    if not np.array_equal(found, plain):
        raise box.refuse(f"the array '{name}' holds numbers that are no halves")
    return found.reshape(shape)


def _groups(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """How many numbers stand along the last axis, for each place of the others."""
    return np.full(math.prod(shape[:-1]) if shape[-1] else 0, shape[-1], dtype=np.int64)
