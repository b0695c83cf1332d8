"""Which threshold decides for a number in double precision as a library does that sees it in single precision?

XGBoost and CatBoost round a value to single precision (to the nearest, ties to even) before they compare. The largest double
that is still rounded to the left side is a threshold that gives the same answer for every number there is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats

MOST = 3e38  # of a number in single precision


def below(edges: NDArray[Any]) -> Floats:
    """The largest doubles that single precision sees below `edges`.

    >>> edge = below(np.float32([0.1]))[0]
    >>> bool(np.float32(edge) < np.float32(0.1)), bool(np.float32(np.nextafter(edge, 1.0)) < np.float32(0.1))
    (True, False)
    """
    edge = np.asarray(edges, dtype=np.float32)
    lower = np.nextafter(edge, np.float32(-np.inf))
    middle = (lower.astype(np.float64) + edge.astype(np.float64)) / 2
    even = (lower.view(np.uint32) & np.uint32(1)) == 0  # the middle itself goes to the even one
    return np.where(even, middle, np.nextafter(middle, -np.inf))


def at_most(edges: NDArray[Any]) -> Floats:
    """The largest doubles that single precision sees at or below `edges`; infinity where all are."""
    edge = np.asarray(edges, dtype=np.float32)
    after = np.nextafter(edge, np.float32(np.inf))
    return np.where(np.isinf(after), np.inf, below(np.where(np.isinf(after), edge, after)))


def seen(values: Floats) -> Floats:
    """Values as single precision can hold them; NaN stays NaN."""
    return np.clip(values, -MOST, MOST)
