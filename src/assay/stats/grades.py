"""Which grade of a scale is nearest to a value, and which lie in an interval?

A scale is the grades [k] in order, as numbers; steps need not be even.
"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Bools, Floats, Ints


def nearest(f: Floats, scale: Floats) -> Ints:
    """The place of the grade nearest to each value [n]; of two that are as near the upper one, as markers round.

    >>> nearest(np.array([6.2, 6.25, 12.0]), np.array([6.0, 6.5, 7.0])).tolist()
    [0, 1, 2]
    """
    return np.asarray(np.searchsorted(middles(scale), f, side="right"))


def middles(scale: Floats) -> Floats:
    """What lies amid each two grades that follow one another [k - 1]."""
    return np.asarray((scale[1:] + scale[:-1]) / 2)


def inside(intervals: Floats, scale: Floats) -> Bools:
    """The grades that lie in each interval [n, 2]: bool [n, k]. A grade is in the interval where it is in the set.

    >>> inside(np.array([[5.8, 6.9]]), np.array([5.5, 6.0, 6.5, 7.0])).tolist()
    [[False, True, True, False]]
    """
    return np.asarray((intervals[:, :1] <= scale) & (scale <= intervals[:, 1:]))
