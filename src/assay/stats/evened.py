"""On which scale is the spread of counts even, whatever their size?

Twice the root of the count, a little more added (Anscombe 1948): a Poisson count's spread is near 1 there.
"""

from __future__ import annotations

import math

import numpy as np

from assay.kernel.data import Floats

MORE = 0.375


def evened(counts: Floats) -> Floats:
    """Counts on the even scale.

    >>> evened(np.array([0.625, 3.625])).tolist()
    [2.0, 4.0]
    """
    return np.asarray(2.0 * np.sqrt(counts + MORE))


def evened_one(count: float) -> float:
    """The same for one count, to the bit."""
    return 2.0 * math.sqrt(count + MORE)


def back(even: Floats) -> Floats:
    """Counts again; what lies below none is none.

    >>> back(np.array([2.0, 0.5])).tolist()
    [0.625, 0.0]
    """
    half = np.maximum(even, 0.0) / 2.0
    return np.asarray(np.maximum(half * half - MORE, 0.0))


def back_one(even: float) -> float:
    """The same for one, to the bit."""
    half = max(even, 0.0) / 2.0
    return max(half * half - MORE, 0.0)
