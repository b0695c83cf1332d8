"""How are the levels of a category written that go left?

As bits: level 32 w + b is bit b of word w. What is in no set goes right, and so does what is missing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def words_of(inside: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Bits of levels [k] as words; at least one.

    >>> words_of(np.array([True, False, True]))
    array([5], dtype=uint32)
    """
    padded = np.zeros(32 * max(1, -(-len(inside) // 32)), dtype=bool)
    padded[: len(inside)] = inside
    return np.asarray(np.packbits(padded, bitorder="little").view("<u4"), dtype=np.uint32)


def joined(sets: list[NDArray[np.uint32]]) -> dict[str, NDArray[Any]]:
    """Sets of all categorical nodes, in their order, as a forest keeps them."""
    sizes = np.asarray([len(found) for found in sets], dtype=np.int64)
    return {
        "category_offsets": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "category_words": np.concatenate([np.zeros(0, np.uint32), *sets]).astype(np.uint32),
    }
