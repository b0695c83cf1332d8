"""Between which numbers does a deep grey go from black to white?"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AGAINST = "against "  # in the kind of a column, before the name of that for whose pictures these are the references
_NUMBER = r"-?\d{1,18}(?:\.\d{1,9})?"
_WRITTEN = re.compile(rf"({_NUMBER})-({_NUMBER})", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Numbers of a picture up to `low` are black, those from `high` on white."""

    low: float
    high: float

    @classmethod
    def of(cls, text: str) -> Window:
        """The window that is written as two numbers with a hyphen between. Raises ValueError.

        >>> Window.of("0-4095")
        Window(low=0.0, high=4095.0)
        >>> Window.of("-1000--200.5").high
        -200.5
        """
        found = _WRITTEN.fullmatch(text)
        if not found:
            raise ValueError(f"'{text}' is no window")
        low, high = (float(number) for number in found.groups())
        if not low < high:
            raise ValueError(f"'{text}' ends where it begins, or before")
        return cls(low, high)

    @classmethod
    def of_kind(cls, kind: str) -> Window | None:
        """The window that the kind of a column tells; None where it tells none. Raises ValueError.

        >>> Window.of_kind("picture:0-4095 against board")
        Window(low=0.0, high=4095.0)
        """
        said = kind.partition(":")[2].partition(AGAINST)[0].strip()
        return cls.of(said) if said else None

    @classmethod
    def around(cls, grey: NDArray[np.float32]) -> Window:
        """From the least to the greatest of the numbers that are some; nothing is white where all are the same."""
        known = grey[np.isfinite(grey)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        return cls(low, high if high > low else math.inf)

    def levels(self, grey: NDArray[np.float32]) -> NDArray[np.float32]:
        """Numbers as levels from 0 (black) to 1 (white), of the same shape. What is no number is black.

        >>> Window(0, 100).levels(np.asarray([-5, 25, 300, np.nan], dtype=np.float32)).tolist()
        [0.0, 0.25, 1.0, 0.0]
        """
        with np.errstate(invalid="ignore"):
            level = np.clip((grey - np.float32(self.low)) / np.float32(self.high - self.low), 0, 1)
        return np.asarray(np.where(np.isnan(level) | ~np.isfinite(grey), 0, level), dtype=np.float32)
