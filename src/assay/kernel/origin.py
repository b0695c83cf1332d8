"""Which array was this one drawn from?

Columns of texts are drawn from the different texts of a table again and again: for every fold, candidate and check. What is made of
each text by itself (its pieces, how often each stands in it) need be made once only, where it is known which texts an array holds.
An array is known for as long as it lives.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DRAWN: dict[int, tuple[weakref.ref[Any], NDArray[Any], NDArray[np.int64]]] = {}


def drawn(whole: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
    """`whole[places]`, and `origin` knows from where; places below zero count from the end.

    >>> found = drawn(np.array(["a", "b"], dtype=object), np.array([1, 1, -2]))
    >>> origin(found)[1].tolist()
    [1, 1, 0]
    """
    places = np.where(places < 0, places + len(whole), places).astype(np.int64)
    out = np.asarray(whole[places])
    _DRAWN[id(out)] = weakref.ref(out, _forget(id(out))), whole, places
    return out


def origin(array: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
    """The array that this one was drawn from and the place of each cell there; None where that is not known."""
    known = _DRAWN.get(id(array))
    return (known[1], known[2]) if known is not None and known[0]() is array else None


def taken(array: NDArray[Any], rows: NDArray[Any]) -> NDArray[Any]:
    """`array[rows]`, drawn from where the array was drawn."""
    known = origin(array)
    return np.asarray(array[rows]) if known is None else drawn(known[0], known[1][rows])


def joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """One array after the other, drawn from where both were drawn."""
    known, other = origin(first), origin(second)
    if known is None or other is None or known[0] is not other[0]:
        return np.concatenate([first, second])
    return drawn(known[0], np.concatenate([known[1], other[1]]))


def _forget(key: int) -> Any:
    return lambda _: _DRAWN.pop(key, None)
