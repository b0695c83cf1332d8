"""Which moment does a text write, and in which way does a column write them?

ISO 8601 and the common written forms, Chinese ones and periods (`_written_periods`) among them, in one order of day, month and year
for the whole column. The variant of the kind of dates tells it, and by whose clock moments are told: `modalities.date`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from assay.kernel import zones
from assay.kernel.data import DECIMAL

from . import _epochs as epochs
from ._centuries import first_in, year_of
from ._written_periods import NAMED_MONTH, PERIODS, first_day

NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ENDINGS = ("uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember")
WHOLE = [name + ending for name, ending in zip(NAMES, ENDINGS, strict=True)]
MONTHS = {name: i % 12 + 1 for i, name in enumerate((*NAMES, *WHOLE))} | {"sept": 9}
HALF = r"(?:(?P<Q>上午|下午|凌晨|早上|中午|晚上)\s*)?"
CLOCK = (
    HALF
    + r"(?P<H>\d{1,2})(?::(?P<M>\d{2})(?::(?P<S>\d{2})(?P<F>[.,]\d+)?)?|[时點点](?:(?P<M2>\d{1,2})分(?:(?P<S2>\d{1,2})秒)?)?)"
    r"\s*(?P<P>[AaPp]\.?[Mm]\.?)?"
)
ENDS = CLOCK + r"\s*(?P<Z>Z|[-+]\d{2}(?::?\d{2})?)?"
TIME = rf"(?:[T ]\s*{ENDS})?"
TIME_OF_DAY = rf"(?:\s*[（(]?(?:星期|周|週)[一二三四五六日天][）)]?)?(?:[T ]?\s*{ENDS})?"  # 2023年5月11日 星期四 23:56
# How a moment with a zone ends.
ZONED = re.compile(r":\d{2}(?:[.,]\d+)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(Z|[-+]\d{2}(?::?\d{2})?)\s*")
ZONE, OWN = "zone:", "own"
SUMMER = timedelta(hours=1)
SHAPES = (
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + TIME),
    re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?" + TIME_OF_DAY),
    re.compile(r"(?:中华)?民[国國](?P<r>\d{1,3})年(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?" + TIME_OF_DAY),
    re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})"),
    re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2})"),
    re.compile(r"(?P<y>(?:19|20)\d{2})(?:[-/](?P<m>0?[1-9]|1[0-2])|年(?P<n>\d{1,2})月)"),  # a month is its first day
    re.compile(r"(?P<d>\d{1,2})[ -](?P<b>[A-Za-z]{3})[a-z]*\.?,?[ -](?P<y>\d{4})" + TIME),
    re.compile(r"(?P<d>\d{1,2})[ -](?P<b>[A-Za-z]{3})[a-z]*\.?,?[ -](?P<yy>\d{2})" + TIME),
    re.compile(
        r"(?P<d>\d{1,2})(?P<b>[A-Za-z]{3})(?P<y>\d{4})" + TIME.replace("[T ]", "[T :]", 1)
    ),  # 02FEB2001:08:30:00, of SAS
    re.compile(r"(?P<b>[A-Za-z]{3})[a-z]*\.? (?P<d>\d{1,2}),? (?P<y>\d{4})" + TIME),
)


def _year_last(one: str, two: str) -> tuple[re.Pattern[str], ...]:
    """Day ("d") and month ("m") in some order, then the year, of four digits or of two."""
    return (
        re.compile(rf"(?P<{one}>\d{{1,2}})[/.-](?P<{two}>\d{{1,2}})[/.-](?P<y>\d{{4}})" + TIME),
        re.compile(rf"(?P<{one}>\d{{1,2}})/(?P<{two}>\d{{1,2}})/(?P<yy>\d{{2}})" + TIME),
        re.compile(rf"(?P<{one}>\d{{2}})(?P<sign>[.-])(?P<{two}>\d{{2}})(?P=sign)(?P<yy>\d{{2}})" + TIME),
    )


YEAR_FIRST = (
    re.compile(r"(?P<yy>\d{2})/(?P<m>\d{1,2})/(?P<d>\d{1,2})" + TIME),
    re.compile(r"(?P<yy>\d{2})(?P<sign>[.-])(?P<m>\d{2})(?P=sign)(?P<d>\d{2})" + TIME),
)
MONTH_YEAR, POINT_MONTH = "my", "y.m"
MONTH_BEHIND_POINT = re.compile(r"(?P<y>(?:19|20)\d{2})\.(?P<m>0?[1-9]|1[0-2])")
# Orders of day, month and year, of month and year alone, and clock times without a day: one for the whole column, that which reads most
# cells (`_date_orders`).
ORDERS = {
    "": (*SHAPES, *_year_last("d", "m"), *PERIODS),
    "mdy": (*SHAPES, *_year_last("m", "d"), *PERIODS),
    "ymd": (*SHAPES, *YEAR_FIRST, *PERIODS),
    MONTH_YEAR: (*SHAPES, NAMED_MONTH, *PERIODS),
    POINT_MONTH: (*SHAPES, MONTH_BEHIND_POINT, *PERIODS),
    "clock": (re.compile(CLOCK),),
}
# Of a column that leaves no order open: a cell that does is read where all orders that read it agree.
PLAIN = "plain"
NUMBERED = ("", "mdy", "ymd")  # orders of day, month and year as numbers
FIELDS = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{2}|\d{4})(?!\d)")
# A plain number is a date in no order, unless it may be year, month and day, with the time or not, or a year and a month behind a point.
NO_DATE = re.compile(
    rf"(?!(?:19|20)[0-9]{{2}}(?:[0-9]{{4}}|[0-9]{{10}}|\.[0-9]{{1,2}})$){DECIMAL.pattern}", re.MULTILINE
)
NO_DATES = re.compile(rf"(?:{NO_DATE.pattern}(?:\n|\Z))*+", re.MULTILINE)  # one a line
FIRST_OF_REPUBLIC = 1911  # the year before the first of 民国
DIGIT = re.compile(r"\d")
EPOCH, MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def shares_of(
    levels: np.ndarray[tuple[int], np.dtype[np.object_]], orders: Iterable[str] = ORDERS, to_end: bool = False
) -> dict[str, float]:
    """Share of some cells that can be read, in each order up to the first that reads all of them, or to the end."""
    shares: dict[str, float] = {}
    texts = [*map(str, levels)]
    none = NO_DATE.fullmatch(texts[0]) and NO_DATES.fullmatch("\n".join(texts))  # most columns of numbers, at once
    maybe = np.asarray([] if none else [text for text in texts if not NO_DATE.fullmatch(text)], dtype=object)
    if not len(maybe):
        return dict.fromkeys(orders, 0.0)
    for order in orders:
        shares[order] = float((~np.isnat(moments_of(maybe, order))).sum() / len(levels))
        if shares[order] == 1.0 and not to_end:
            break
    return shares


def clock_of(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> str:
    """By whose clock texts are read: that of the one zone they are written in, the own of each where summer and winter time take turns,
    UTC where zones are several."""
    met = {ahead for level in levels if (ahead := ahead_of(str(level))) is not None}
    if not met:
        return ""
    if len(met) > 1:
        return ZONE + (OWN if max(met) - min(met) <= SUMMER else "UTC")
    minutes = met.pop() // timedelta(minutes=1)
    return (
        f"{ZONE}{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
        if minutes
        else f"{ZONE}UTC"
    )


def ahead_of(text: str) -> timedelta | None:
    """How far the clock that a text is written by is ahead of UTC; None where it does not say."""
    found = ZONED.search(text)
    return zones.offset(found[1]) if found and found.end() == len(text) else None


def zone_in(variant: str) -> str:
    """The zone by whose clock cells are read; numbers since 1970 are in UTC where none is named."""
    return variant.partition(ZONE)[2] or ("UTC" if variant.startswith(epochs.PREFIX) else "")


@functools.cache
def unit_in(variant: str) -> str:
    """The unit of numbers since 1970; "" where the variant reads none."""
    unit = variant.removeprefix(epochs.PREFIX).partition(":")[0] if variant.startswith(epochs.PREFIX) else ""
    return unit if unit in epochs.MICROSECONDS else ""


def moments_of(
    levels: np.ndarray[tuple[int], np.dtype[np.object_]], variant: str
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Moments of texts, NaT where a text is no date."""
    found = [moment_of(str(level), variant) for level in levels]
    nothing = np.iinfo(np.int64).min
    return np.asarray([nothing if m is None else m for m in found], dtype=np.int64).astype("datetime64[us]")


def moment_of(text: str, variant: str) -> int | None:
    """The moment a text writes, by the clock of the variant's zone, in microseconds since 1970; None where it is no date."""
    text = text.strip()
    if not DIGIT.search(text):
        return None
    if (unit := unit_in(variant)) and epochs.WRITTEN.fullmatch(text):
        found, zone = epochs.moment_in(text, unit), zone_in(variant)
        return found if found is None or zone in ("UTC", OWN) else zones.wall(found, zone)
    if variant.startswith(PLAIN) and FIELDS.match(text):
        met_in = moments_in_orders(text, variant.removeprefix(PLAIN))
        return met_in.pop() if len(met_in) == 1 else None
    met = _met(text, variant)
    return None if met is None else met[1]


def short_years(levels: np.ndarray[tuple[int], np.dtype[np.object_]], variant: str) -> set[int]:
    """The years of two digits that some texts write.

    >>> sorted(short_years(np.asarray(["01.02.36", "05.11.07", "03.04.2024", "none"], dtype=object), ""))
    [7, 36]
    """
    met = (_met(str(level).strip(), variant) for level in levels)
    return {int(short) for found in met if found and (short := found[0].get("yy"))}


def _met(text: str, variant: str) -> tuple[dict[str, str | None], int] | None:
    """The parts that the first shape finds which makes a moment of them, and the moment."""
    for shape in _shapes(variant):
        met = shape.fullmatch(text)
        if met and (moment := _moment(parts := met.groupdict(), variant)) is not None:
            return parts, moment
    return None


def moments_in_orders(text: str, zone: str = "") -> set[int]:
    """The moments that a text writes in one order of day, month and year or another.

    >>> len(moments_in_orders("03/04/2024")), len(moments_in_orders("03/14/2024")), len(moments_in_orders("03/03/2024"))
    (2, 1, 1)
    """
    return {moment for order in NUMBERED if (moment := moment_of(text, order + zone)) is not None}


@functools.cache
def _shapes(variant: str) -> tuple[re.Pattern[str], ...]:
    return next((shapes for order, shapes in ORDERS.items() if order and variant.startswith(order)), ORDERS[""])


def _moment(parts: dict[str, str | None], variant: str) -> int | None:
    """The moment, or None where there is no such day."""
    zone = zone_in(variant)
    written = parts.get("b")
    month = MONTHS.get(written.lower(), 0) if written else int(parts.get("m") or parts.get("n") or 0)
    fraction = round(float("0" + (parts.get("F") or ".0").replace(",", ".")) * 1e6)
    minute, second = (int(parts.get(of) or parts.get(of + "2") or 0) for of in "MS")
    try:
        hour = _hour(parts)
        if (begun := first_day(parts)) is not None:
            moment = begun
        elif "y" in parts or "yy" in parts or "r" in parts:
            moment = datetime(
                _year(parts, variant), month, int(parts.get("d") or 1), hour, minute, second, min(fraction, 999_999)
            )
        else:
            moment = EPOCH.replace(hour=hour, minute=minute, second=second, microsecond=min(fraction, 999_999))
        ahead = zones.offset(parts.get("Z") or "Z")
        in_utc = moment - ahead if ahead is not None else None
    except (ValueError, OverflowError):
        return None
    if in_utc is None:
        return None
    if not parts.get("Z") or zone == OWN:
        return (moment - EPOCH) // MICROSECOND
    found = (in_utc - EPOCH) // MICROSECOND
    return zones.wall(found, zone) if zone else found


def _year(parts: dict[str, str | None], variant: str) -> int:
    """The year: of four digits, of two, or counted from the Chinese republic."""
    if short := parts.get("yy"):
        return year_of(int(short), first_in(variant))
    if republic := parts.get("r"):
        return int(republic) + FIRST_OF_REPUBLIC
    return int(parts.get("y") or 0)


def _hour(parts: dict[str, str | None]) -> int:
    """The hour of the day; 7:02 PM is 19. Raises ValueError where morning or afternoon is told of no hour to 12."""
    hour, half = int(parts.get("H") or 0), (parts.get("P") or parts.get("Q") or "")
    if not half or (hour > 12 and parts.get("Q")):  # 下午 13:20
        return hour
    if hour > 12 or (half == "晚上" and hour == 12):  # 晚上12点 ends a day or begins one
        raise ValueError(half)
    if half == "中午":
        return hour if hour >= 11 else hour + 12
    return hour % 12 + 12 * (half[0] in "pP" or half in ("下午", "晚上"))
