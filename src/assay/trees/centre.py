"""From where, and in which unit, are targets told to a library that keeps them in single precision?

It holds seven digits of a target. Where all of them stand far from zero against their spread, nothing is left of what they differ in.
XGBoost besides takes no split that gains less than a millionth of the target's unit squared, whatever that unit is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.forms import Head

FAR = 1000.0  # spreads from zero, beyond which single precision tells too little


def centre_of(head: Head, y: NDArray[Any] | None) -> float:
    """The median of targets that stand far from zero against their spread, to be taken from them; 0 of all others."""
    if head.name not in ("value", "quantiles") or y is None or not len(y):
        return 0.0
    target = np.asarray(y, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # sums of huge targets may have no end
        centre = float(np.median(target))
        spread = float(np.abs(target - centre).mean())
    return centre if np.isfinite(centre) and abs(centre) > FAR * spread else 0.0


def unit_of(head: Head, y: NDArray[Any] | None) -> float:
    """The mean distance of targets from their median, to be their unit; 1 where they have none, or are no amounts."""
    if head.name not in ("value", "quantiles") or y is None or not len(y):
        return 1.0
    target = np.asarray(y, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.abs(target - np.median(target)).mean())
    return spread if np.isfinite(spread) and spread > 0 else 1.0


def taken_from(y: NDArray[Any] | None, centre: float) -> NDArray[Any] | None:
    """Targets without the centre."""
    return y if y is None or not centre else np.asarray(y, dtype=np.float64) - centre
