"""How do numbers rest in half their size? As halves (float16), whose bits the file keeps as whole numbers: its format knows no halves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.kernel.box import Box

Halves = NDArray[Any]  # float16


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
