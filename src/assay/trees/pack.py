"""How small can an array of whole numbers be kept?

In the smallest dtype that holds its values. The dtype is on the array itself; reading accepts the few whole-number
dtypes, widens them to the one that is asked for, and refuses values that do not fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..kernel.box import Box

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
