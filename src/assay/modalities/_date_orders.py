"""In which order does a column write day, month and year, where its cells can be read in more than one?

18/06/06 reads with the day and with the year first. Which it is, is seen over the whole column: days of a month run over most of 1
to 31, years are near one another, and what comes once a month is mostly of its first or its last day. Where that says nothing the day is first, and
the other orders are told. Nothing is known of what dates are usual in a trade or a country. Where no cell of training leaves its order
open (2024-04-03), nothing says how one would that comes later: it is read where all orders agree, in the variant "plain".
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile

import numpy as np

from ._centuries import FROM, century_in
from ._written_dates import (
    FIELDS,
    MONTH_BEHIND_POINT,
    MONTH_YEAR,
    PLAIN,
    ZONE,
    moment_of,
    moments_in_orders,
    shares_of,
    short_years,
)
from ._written_periods import NAMED_MONTH

LEAST_SHARE = 0.8  # of the cells, by which a column is one of dates
LOOKED_AT = 5000  # different cells
BY_CHANCE = 1e-3  # how rarely days of a month would fall as near one another
LATE = 28  # days of a month reach it, years of two digits not yet
LEAST_POINTED = 12  # different cells of years and months with a point between them, that are numbers as well
FEWEST_MONTHS = 4  # of which the same day each is told from chance
DAYS = 31
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "", "mdy", "ymd"
PLACES = {DAY_FIRST: (0, 1), MONTH_FIRST: (1, 0), YEAR_FIRST: (2, 1)}  # of the day and of the month


@dataclass(frozen=True)
class Order:
    """The order in which a column is read, and the share of its different cells that it reads.

    others : orders that read as many cells, some of them as other days
    plain  : whether the column as a whole tells which of them it is
    """

    variant: str
    share: float
    others: tuple[str, ...] = ()
    plain: bool = True
    short: bool = False  # some years have two digits


def order_of(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Order:
    """The order that reads most of some different cells; of several that read as many, the plausible one.

    >>> order_of(np.asarray(["03/04/2024", "03/25/2024"], dtype=object)).variant
    'mdy'
    """
    looked_at = _evenly(levels)
    shares = shares_of(looked_at)
    variant = best(shares)
    if variant not in PLACES or not shares[variant]:
        return Order(variant, shares[variant])
    met = [(str(level), found) for level in looked_at if (found := FIELDS.match(str(level)))]
    if not met:
        return Order(PLAIN, shares[variant])
    later = dropwhile(lambda order: order in shares, PLACES)  # at the first that reads all cells counting ended
    shares |= shares_of(looked_at, tuple(later), to_end=True)
    tied = [order for order in PLACES if shares[order] == shares[variant]]
    fields = {tuple(map(int, f.groups())) for text, f in met if moment_of(text, tied[0]) is not None}
    if not fields:  # what looks like a date in some order is none
        return Order(variant, shares[variant])
    chosen = plausible(tied, np.asarray(sorted(fields)))
    others = [order for order in tied if _differ(looked_at, chosen or tied[0], order)]
    short = any(year < 100 for _, _, year in fields)
    return Order(chosen or tied[0], shares[variant], tuple(others), chosen is not None, short)


def with_century(variant: str, levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> str:
    """The variant, with the hundred years that years of two digits are of, where they are not those of POSIX and it tells none.

    >>> with_century("zone:UTC", np.asarray([f"01.02.{year % 100:02d}" for year in range(1936, 2025)], dtype=object))
    'from:1930:zone:UTC'
    """
    order, zone, rest = variant.partition(ZONE)
    if FROM in order or order.partition(":")[0] not in (*PLACES, "dmy", MONTH_YEAR, PLAIN):
        return variant
    century = century_in(short_years(_evenly(levels), variant))
    return ":".join(filter(None, (order.rstrip(":"), century, zone + rest)))


def best(shares: Mapping[str, float]) -> str:
    """The order that reads most cells, the first of several; month and year alone (Jul-20) where no other reads the column.

    >>> best({"": 0.85, "my": 1.0}), best({"": 0.2, "my": 0.9})
    ('', 'my')
    """
    found = max((order for order in shares if order != MONTH_YEAR), key=lambda order: shares[order])
    return MONTH_YEAR if shares[found] < min(LEAST_SHARE, shares.get(MONTH_YEAR, 0.0)) else found


def plausible(tied: Sequence[str], fields: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> str | None:
    """The one order of several whose days are like days of a month, or one of each month, and those of the others are not.

    fields : three numbers a date, as written [n, 3]

    >>> plausible(["", "ymd"], np.asarray([[18 + k % 4, 1 + k % 12, 1 + k % 31] for k in range(90)]))
    'ymd'
    """
    if len(tied) == 1:
        return tied[0]
    unlike = {order: _near(fields[:, PLACES[order][0]]) for order in tied}
    found = [
        order
        for order in tied
        if all(unlike[other] for other in tied if other != order)
        and (_like_days(fields[:, PLACES[order][0]]) or _once_a_month(fields, order))
    ]
    return found[0] if len(found) == 1 else None


def months_of_years(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> bool:
    """Whether the numbers beside names of months are years: nearer one another than days of a month would be (Jul-20, Aug-21)."""
    met = {found.groups() for level in levels[:LOOKED_AT] if (found := NAMED_MONTH.fullmatch(str(level).strip()))}
    return bool(met) and _near(np.asarray([int(year) for _, year in met]))


def behind_points(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> bool:
    """Whether what stands behind points are months: 1 to 12 in every cell, and the tenth is written 2013.10, as no number is.

    >>> behind_points(np.asarray([f"2013.{m}" for m in range(1, 13)])), behind_points(np.asarray([f"2013.{m}" for m in range(1, 10)]))
    (True, False)
    """
    cells = [str(level).strip() for level in levels[:LOOKED_AT]]
    months = len(cells) >= LEAST_POINTED and all(map(MONTH_BEHIND_POINT.fullmatch, cells))
    return months and any(cell.endswith(".10") for cell in cells)


def read_otherwise(text: str, variant: str) -> str:
    """The order of day, month and year that reads a cell which its column's order does not read; "dmy" is day first, "open" any of
    several, where the column tells none, "" none.

    >>> read_otherwise("02/13/2023", ""), read_otherwise("13/13/2023", ""), read_otherwise("02/03/2023", "plain")
    ('mdy', '', 'open')
    """
    own = variant.partition(":")[0]
    if own == PLAIN:
        return "open" if FIELDS.match(text) and len(moments_in_orders(text)) > 1 else ""
    if own in (*PLACES, "dmy", "zone", "from") and FIELDS.match(text):  # clock times and counts have no order
        for order in PLACES:
            if moment_of(text, order) is not None:
                return order or "dmy"
    return ""


def _evenly(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Of many different cells some, since the first of many begin alike."""
    return levels[:: max(1, -(-len(levels) // LOOKED_AT))]


def _near(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether numbers lie so near one another that days of a month would hardly ever do."""
    span = int(np.ptp(numbers)) + 1
    return span > DAYS or (DAYS + 1 - span) * (span / DAYS) ** len(numbers) < BY_CHANCE


def _like_days(numbers: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    return not _near(numbers) and int(numbers.max()) >= LATE


def _once_a_month(fields: np.ndarray[tuple[int, int], np.dtype[np.int64]], order: str) -> bool:
    """Whether all days are the first of their month, or all the last, and months are several."""
    days, months = (fields[:, place] for place in PLACES[order])
    if len(np.unique(months)) < FEWEST_MONTHS:
        return False
    years = (
        fields[:, 3 - sum(PLACES[order])] % 100 + 2000
    )  # leap years are those of any century that years of two digits are of
    last = [monthrange(year, month)[1] for year, month in zip(years.tolist(), months.tolist(), strict=True)]
    return bool((days == 1).all() or (days == last).all())


def _differ(levels: Iterable[object], one: str, other: str) -> bool:
    """Whether some cell is one day in one order and another in the other."""
    return one != other and any(moment_of(str(level), one) != moment_of(str(level), other) for level in levels)
