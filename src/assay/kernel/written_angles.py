"""Which angle does a text write in degrees, minutes and seconds: 31°14'22"N?

South and west are below zero. A bare number of degrees is left to whoever reads numbers.
"""

from __future__ import annotations

import math
import re

ANGLE = re.compile(
    r"([-+]?)(?:(北纬|南纬|东经|西经|[NSEW])\s*)?"
    r"(\d{1,3}(?:\.\d+)?)\s*[°º˚度]\s*"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*['′’‘分]\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:[\"″”“秒]|''|′′|’’)\s*)?"
    r"([NSEW北南东西]?)",
    re.IGNORECASE,
)
BELOW = ("S", "W", "南", "西")


def angle(text: str) -> float:
    """Decimal degrees; no number where a text is no angle.

    >>> angle('31°30\\'36"N'), angle("西经121°30′"), angle("36.5°")
    (31.51, -121.5, nan)
    """
    found = ANGLE.fullmatch(text)
    if found is None:
        return math.nan
    sign, before, degrees, minutes, seconds, behind = found.groups()
    side = (before or behind).upper()
    parts = float(degrees), float(minutes or 0), float(seconds or 0)
    told_twice = bool(before and behind) or bool(sign and side)
    bare = not side and minutes is None
    broken = (minutes is not None and not parts[0].is_integer()) or (seconds is not None and not parts[1].is_integer())
    if told_twice or bare or broken or parts[0] > 360 or max(parts[1:]) > 60:
        return math.nan
    value = (parts[0] * 3600 + parts[1] * 60 + parts[2]) / 3600
    return -value if sign == "-" or side.startswith(BELOW) else value
