"""What does a clock on the wall say at a moment, in a time zone?

A zone is a name of the IANA database ("Asia/Shanghai") or how far its clocks are from UTC ("+08:00"). Day, weekday and hour of a
payment are those of the clock that people there look at. Of the rules of a name the ones that hold at the begin of each quarter
of an hour are asked, for one moment as for a million.
"""

from __future__ import annotations

import functools
import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import numpy as np
from numpy.typing import NDArray

from .data import Ints
from .errors import DataError
from .words import refusal

OFFSET = re.compile(r"([-+])(\d{2})(?::?(\d{2}))?")
QUARTER = 900_000_000  # microseconds
START = datetime(1970, 1, 1, tzinfo=UTC)
# Quarters of the years 3 and 9996, between which Python knows the date wherever one is.
FIRST, LAST = -68_969_472, 281_417_856
OF_UTC = ("UTC", "Z", "Etc/UTC", "GMT", "+00:00", "-00:00")


def zone_in(kind: str) -> str:
    """The zone by whose clock the cells of a kind are read; "" where it names none, or each cell has its own.

    >>> zone_in("date:mdy:zone:+08:00"), zone_in("date:zone:own"), zone_in("date"), zone_in("date:epoch:ms")
    ('+08:00', '', '', 'UTC')
    """
    zone = kind.partition(":zone:")[2] or ("UTC" if kind.startswith("date:epoch:") else "")
    return "" if zone == "own" else zone


def known(zone: str) -> bool:
    """Whether clocks of the zone can be told on this machine.

    >>> known("Asia/Shanghai"), known("+08:00"), known("Shanghai")
    (True, True, False)
    """
    return _rules(zone) is not None


def wall(moment: int, zone: str) -> int:
    """What the clock says at a moment, as microseconds since 1970 without a zone. Raises DataError where the zone is not known.

    moment : microseconds since 1970 in UTC

    >>> wall(0, "+08:00") / 3_600e6
    8.0
    """
    return moment + _ahead(moment // QUARTER, zone)


def walls(moments: NDArray[np.datetime64], zone: str) -> NDArray[np.datetime64]:
    """What the clock says at some moments in UTC: datetime64[us] [n], NaT where missing. Raises DataError where the zone is not known."""
    there = ~np.isnat(moments)
    ticks: Ints = moments[there].astype(np.int64)
    quarters, which = np.unique(ticks // QUARTER, return_inverse=True)
    ahead = np.asarray([_ahead(quarter, zone) for quarter in quarters.tolist()], dtype=np.int64)
    found = moments.copy()
    found[there] = (ticks + (ahead[which] if len(ahead) else 0)).astype("datetime64[us]")
    return found


def offset(text: str) -> timedelta | None:
    """How far clocks are ahead of UTC as a moment writes it ("+08:00", "+0800", "+08", "Z"); None where it is no such thing."""
    if text in OF_UTC:
        return timedelta(0)
    found = OFFSET.fullmatch(text)
    if found is None or int(found[2]) > 23 or int(found[3] or 0) > 59:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


@functools.lru_cache(maxsize=1 << 16)
def _ahead(quarter: int, zone: str) -> int:
    """Microseconds that clocks of the zone are ahead of UTC in one quarter of an hour since 1970."""
    rules = _rules(zone)
    if rules is None:
        raise refusal(DataError, "kernel", "no_zone", zone=zone)
    moment = START + timedelta(microseconds=QUARTER * min(max(quarter, FIRST), LAST))
    return (moment.astimezone(rules).utcoffset() or timedelta(0)) // timedelta(microseconds=1)


@functools.lru_cache(maxsize=1 << 10)
def _rules(zone: str) -> tzinfo | None:
    fixed = offset(zone)
    if fixed is not None:
        return timezone(fixed)
    try:
        return zoneinfo.ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # no such name, none at all, or a folder of names
        return None
