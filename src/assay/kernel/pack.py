"""How small can an array of whole numbers be kept?

In the smallest dtype that holds its values. The dtype is on the array itself; reading accepts the few whole-number
dtypes, widens them to the one that is asked for, and refuses values that do not fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .box import Box

MOST_BITS = 32  # of a number that is kept in bits
NARROW = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")


def pack(box: Box, name: str, array: NDArray[Any]) -> None:
    """Keep whole numbers in the smallest dtype that holds them.

    >>> box = Box()
    >>> pack(box, "codes", np.array([0, 300]))
    >>> box.arrays["codes"].dtype.name
    'uint16'
    """
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    for dtype in NARROW:
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            box.put_array(name, array.astype(dtype))
            return
    raise TypeError(f"{box.where}: '{name}' holds numbers beyond 64 bits")


def unpack(box: Box, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """A flat array of whole numbers, widened to `dtype`. Raises BundleInvalid."""
    kept = box.arrays.get(name)
    found = kept.dtype.name if kept is not None and kept.dtype.name in NARROW else np.dtype(dtype).name
    array = box.array(name, found, (None,))
    span = np.iinfo(np.dtype(dtype))
    if array.size and not (span.min <= int(array.min()) and int(array.max()) <= span.max):
        raise box.refuse(f"the array '{name}' holds numbers beyond {np.dtype(dtype)}")
    return array.astype(dtype)


def pack_bits(box: Box, name: str, array: NDArray[Any]) -> None:
    """Keep whole numbers from 0 on in as many bits each as the largest needs; the first byte says how many.

    >>> box = Box()
    >>> pack_bits(box, "codes", np.array([0, 5, 7, 2, 1]))
    >>> box.arrays["codes"].tolist()
    [3, 23, 162]
    """
    width = int(array.max(initial=0)).bit_length()
    if width > MOST_BITS or (array.size and int(array.min()) < 0):
        raise TypeError(f"{box.where}: '{name}' holds numbers below 0 or beyond {MOST_BITS} bits")
    bits = (array.astype(np.uint64)[:, None] >> np.arange(width - 1, -1, -1, dtype=np.uint64)) & np.uint64(1)
    box.put_array(name, np.concatenate([[np.uint8(width)], np.packbits(bits.astype(np.uint8).ravel())]))


def unpack_bits(box: Box, name: str, size: int) -> NDArray[np.int64]:
    """The whole numbers [size] that were kept so. Raises BundleInvalid."""
    kept = box.array(name, np.uint8, (None,))
    width = int(kept[0]) if len(kept) else 0
    bits = np.unpackbits(kept[1:])
    if not len(kept) or width > MOST_BITS or len(kept) != 1 + (size * width + 7) // 8 or bits[size * width :].any():
        raise box.refuse(f"the array '{name}' is not {size} numbers in so many bits each")
    found = np.zeros(size, dtype=np.int64)
    for column in bits[: size * width].reshape(size, width).T:
        found = (found << 1) | column
    return found
