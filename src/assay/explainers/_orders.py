"""Do the names of a column have an order, by the numbers in them?

"... < 100 DM" lies below "100 <= ... < 500 DM", "25-34" below "35-44" and "65+". A name without a number has no place on such a
ladder: nothing is known of what lies above or below it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
BELOW = re.compile(r"<|≤|\b(?:under|below|less|up to|at most|until)\b|以下|以内|低于|少于|不足|不超过", re.IGNORECASE)
ABOVE = re.compile(r">|≥|\+|\b(?:over|above|more|at least|from)\b|以上|高于|多于|超过|不少于", re.IGNORECASE)
LEAST_SHARE = 0.5  # of the names must bear a number


def ladder(names: Sequence[str]) -> dict[str, float]:
    """The place of each name that has one; no names at all where there is no order.

    >>> ladder(["... >= 7 years", "1 <= ... < 4 years", "... < 1 year", "unemployed"])
    {'... >= 7 years': 7.5, '1 <= ... < 4 years': 2.5, '... < 1 year': 0.5}
    """
    found = {name: place for name in names if (place := _place(name)) is not None}
    several = len(found) > 1 and len(set(found.values())) == len(found)
    return found if several and len(found) >= LEAST_SHARE * len(names) else {}


def _place(name: str) -> float | None:
    """The middle of a range; a little below its end, or above its start, where one of them is open."""
    numbers = [float(text.replace(",", "")) for text in NUMBER.findall(name)]
    if not numbers or len(numbers) > 2:
        return None
    if len(numbers) == 2:
        return sum(numbers) / 2
    if BELOW.search(name) and not ABOVE.search(name):
        return numbers[0] - 0.5
    return numbers[0] + (0.5 if ABOVE.search(name) else 0.0)
