"""Of which hundred years are the years of two digits in a column?

As POSIX has it 69 is 1969 and 68 is 2068, unless the years of the column run across that turn and leave free one span that is wider
than all others: births of 36 to 99 and 00 to 24 leave 25 to 35, so that 36 is 1936. The hundred years then begin in what is free, near
its end, since later years are likelier to come than earlier ones, and so that no year that was met lies behind 2068. Which they are
stands in the variant ("from:1930"), since a row that comes alone shows no column.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

FROM = "from:"
HUNDRED, DECADE = 100, 10
POSIX = 1969  # the first of the hundred years where nothing else is said
ROOM = 0.25  # of what is free, for years before the first that was met
LEAST_WIDER = 2  # times the free span that is next in width, so that it is none by chance


def century_in(years: Iterable[int]) -> str:
    """The variant for years of two digits, as met in a column; "" for those of POSIX.

    >>> century_in([*range(36, 100), *range(25)]), century_in(range(5, 25))
    ('from:1930', '')
    """
    met = sorted(set(years))
    if not met:
        return ""
    free = sorted((_after(met, place) - year, year) for place, year in enumerate(met))  # [(width, the year before it)]
    width, last = free[-1]
    if len(met) > 1 and width < LEAST_WIDER * free[-2][0]:
        return ""
    begins = _within(last, last + width)
    latest = begins + (last - begins) % HUNDRED
    first = begins + HUNDRED * ((POSIX + HUNDRED - 1 - latest) // HUNDRED)
    return "" if all(year_of(year, first) == year_of(year, POSIX) for year in met) else f"{FROM}{first}"


def year_of(short: int, first: int) -> int:
    """The year of two digits, in the hundred years that begin with the first.

    >>> year_of(36, 1930), year_of(24, 1930)
    (1936, 2024)
    """
    return first + (short - first) % HUNDRED


@functools.cache
def first_in(variant: str) -> int:
    """The first of the hundred years that a variant tells; that of POSIX where it tells none."""
    told = variant.partition(FROM)[2].partition(":")[0] if _tells(variant) else ""
    return int(told) if told.isdecimal() and len(told) == 4 else POSIX


def _tells(variant: str) -> bool:
    return variant.startswith(FROM) or f":{FROM}" in variant


def _after(met: list[int], place: int) -> int:
    """The next year that was met, around the turn of the century."""
    return met[place + 1] if place + 1 < len(met) else met[0] + HUNDRED


def _within(last: int, following: int) -> int:
    """Of the free years between two one near the end, that begins a decade where there is such a one."""
    near = following - round(ROOM * (following - last))
    decades = (DECADE * round(near / DECADE), DECADE * (following // DECADE))
    return next((decade for decade in decades if last < decade <= following), near)
