"""How long is "5ms"?

A number and a unit: us (or µs), ms, s, min. A plain number is seconds.
"""

from __future__ import annotations

import math
import re

UNITS = {"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "": 1.0, "min": 60.0}
WRITTEN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(us|µs|μs|ms|s|min|)\s*")


def seconds(said: str | float) -> float | None:
    """Seconds of a duration; None where it is none, or not above zero.

    >>> seconds("5ms"), seconds("200us"), seconds(1), seconds("soon")
    (0.005, 0.0002, 1.0, None)
    """
    if isinstance(said, str):
        found = WRITTEN.fullmatch(said.lower())
        value = float(found[1]) * UNITS[found[2]] if found else math.nan
    else:
        value = float(said)
    return value if math.isfinite(value) and value > 0 else None


def written(value: float) -> str:
    """A duration as people say it.

    >>> written(0.0002), written(0.005), written(1.5)
    ('200 µs', '5 ms', '1.5 s')
    """
    if value < 1e-3:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
