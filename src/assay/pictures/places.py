"""How are pulls told of the places of a picture brought to another number of places, and what are places called?

A place is one of rows x columns equal parts of the whole picture. What it pulls is shared among the new places by the area that they
have in common, so that the sum stays what it was, whether the new places are more or fewer.
"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Floats
from ..kernel.words import Say

NAMED = ("upper_left", "upper", "upper_right", "left", "middle", "right", "lower_left", "lower", "lower_right")


def spread(pulls: Floats, rows: int, columns: int) -> Floats:
    """Pulls [h, w, ...] of places as those of `rows` x `columns` places; the sum is kept.

    >>> spread(np.asarray([[4.0]]), 2, 2).tolist(), spread(np.asarray([[1.0, 2.0, 3.0]]), 1, 2).tolist()
    ([[1.0, 1.0], [1.0, 1.0]], [[2.0, 4.0]])
    """
    down, across = _common(rows, pulls.shape[0]), _common(columns, pulls.shape[1])
    return np.asarray(np.einsum("ri,cj,ij...->rc...", down, across, pulls))


def regions(pulls: Floats) -> list[tuple[Say, float]]:
    """The pull [h, w] of each ninth of a picture, by name, row by row.

    >>> [(name.text(), round(pull, 3)) for name, pull in regions(np.eye(6))][:2]
    [('upper left', 2.0), ('upper middle', 0.0)]
    """
    found = spread(pulls, 3, 3).ravel().tolist()
    return [(Say("kernel", f"place.{name}"), pull) for name, pull in zip(NAMED, found, strict=True)]


def _common(new: int, old: int) -> Floats:
    """Share of each old part that lies in each new one, of a side that is cut evenly: [new, old]; the columns add up to 1."""
    edges, known = np.arange(new + 1) / new, np.arange(old + 1) / old
    top, bottom = np.maximum(edges[:-1, None], known[:-1]), np.minimum(edges[1:, None], known[1:])
    return np.asarray(np.maximum(0.0, bottom - top) * old)
