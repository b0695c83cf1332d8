"""Where do numbers lie on a line, and which of them are written beside it?

Scales and ticks for every figure. Numbers that are not finite have no place (None).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

FAR = 1e100  # beyond this, differences and squares would overflow


def real(value: Any) -> float:
    """A number of a figure as a finite float, NaN where it is none.

    >>> real("x") != real("x"), real(3)
    (True, 3.0)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        found = float(value)
    except OverflowError:
        return math.nan
    return max(-FAR, min(FAR, found)) if math.isfinite(found) else math.nan


def reals(values: Iterable[Any] | None) -> list[float]:
    """The same for many."""
    return [real(value) for value in values] if values is not None else []


def span(values: Iterable[float]) -> tuple[float, float]:
    """Least and greatest of the finite values, never equal; 0 to 1 where there are none."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    pad = abs(low) * 0.05 or 1.0
    return low - pad, high + pad


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers within low to high, one, two or five times a power of ten apart.

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.75)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first > 50:  # the numbers are closer together than floats can tell
        return [low, high]
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round(i * step, digits) + 0.0 for i in range(first, last + 1)]


def tick_words(marks: Sequence[float]) -> list[str]:
    """The ticks as they are written: the same number of decimals, thousands separated.

    >>> tick_words([0.0, 2500.0]), tick_words([0.0, 0.25])
    (['0', '2,500'], ['0', '0.25'])
    """
    if not marks:
        return []
    largest = max(abs(mark) for mark in marks)
    if largest >= 1e7 or 0 < largest < 1e-4:
        return [f"{mark:.3g}".replace("e+0", "e").replace("e+", "e").replace("-", "−") for mark in marks]
    decimals = 0
    while decimals < 8 and any(abs(round(mark, decimals) - mark) > 1e-9 * max(1.0, largest) for mark in marks):
        decimals += 1
    return ["0" if mark == 0 else f"{mark:,.{decimals}f}".replace("-", "−") for mark in marks]


@dataclass(frozen=True)
class Scale:
    """A line from data to drawing units."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Place of a value; beyond the ends it stays at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def place(value: float) -> str:
    """A coordinate, short.

    >>> place(12.0), place(3.14159)
    ('12', '3.1')
    """
    return f"{value:.1f}".removesuffix(".0")


def thin(count: int, most: int) -> list[int]:
    """Which of `count` things are drawn: evenly spread, first and last among them.

    >>> thin(5, 3)
    [0, 2, 4]
    """
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
