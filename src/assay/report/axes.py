"""Where do numbers and dates lie on a line, and which of them are written beside it?

Scales and ticks for every figure. Numbers that are not finite have no place (None). Dates are days since 1970.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .markup import breadth

EPOCH = datetime.date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = 1.0 - EPOCH, float(datetime.date.max.toordinal() - EPOCH)  # of the calendar
MONTH = 30.436875  # days
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000)
PARTS_OF_DAYS = (
    *(n / 86_400 for n in (1, 5, 15, 30)),
    *(n / 1440 for n in (1, 5, 15, 30)),
    *(n / 24 for n in (1, 3, 6, 12)),
    *(1.0, 2.0, 7.0, 14.0),
)
YEARS = (1500.0, 2500.0)
BESIDE = 0.4  # of a letter's height, between two words on a line
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
    """The ticks as they are written: as many decimals as tell them apart, thousands separated, powers of ten where they are far from 1.

    >>> tick_words([0.0, 2500.0, 5000.0]), tick_words([0.0, 0.25])
    (['0', '2,500', '5,000'], ['0', '0.25'])
    >>> tick_words([0.0, 2e-33]), tick_words([4e9, 4.2e9]), tick_words([2022.0, 2023.0])
    (['0', '2e−33'], ['4e9', '4.2e9'], ['2022', '2023'])
    """
    if not marks:
        return []
    largest = max(abs(mark) for mark in marks)
    apart = min((b - a for a, b in pairwise(sorted(marks)) if b > a), default=largest)
    if largest >= 1e7 or 0 < largest < 1e-4:
        return _powers(marks, apart)
    decimals = 0
    while decimals < 8 and any(abs(round(mark, decimals) - mark) > 1e-9 * max(1.0, largest) for mark in marks):
        decimals += 1
    comma = "" if all(YEARS[0] <= mark <= YEARS[1] for mark in marks) else ","  # what may be a year is read as one
    return ["0" if mark == 0 else f"{mark:{comma}.{decimals}f}".replace("-", "−") for mark in marks]


def _powers(marks: Sequence[float], apart: float) -> list[str]:
    """The ticks as powers of ten, with no more digits than tell them apart."""
    digits = next((n for n in range(17) if all(abs(float(f"{m:.{n}e}") - m) <= 0.01 * apart for m in marks)), 16)
    said = []
    for mark in marks:
        front, _, power = f"{mark:.{digits}e}".partition("e")
        front = front.rstrip("0").rstrip(".") if "." in front else front
        said.append("0" if mark == 0 else f"{front}e{int(power)}".replace("-", "−"))
    return said


def date_ticks(low: float, high: float, about: int = 5) -> tuple[list[float], list[str]]:
    """Years, months, days or times within low to high (days since 1970), and how they are written.

    >>> date_ticks(19000.0, 20000.0)[1]
    ['2022-07', '2023-01', '2023-07', '2024-01', '2024-07']
    >>> date_ticks(19000.0, 19000.6)[1]
    ['2022-01-08', '03:00', '06:00', '09:00', '12:00']
    """
    if not (FIRST_DAY <= low < high <= LAST_DAY):  # no calendar goes as far
        marks = ticks(low, high, about)
        return marks, tick_words(marks)
    wanted = 0.75 * (high - low) / max(1, about)
    months = next((m for m in MONTHS if m * MONTH >= wanted), MONTHS[-1])
    if wanted > 14:
        first, last = _month_of(low), _month_of(high)
        places = [(_first_of(m), _year_or_month(m, months)) for m in range(first - first % months, last + 1, months)]
    else:
        step = next((s for s in PARTS_OF_DAYS if s >= wanted), PARTS_OF_DAYS[-1])
        first = math.ceil(low / step - 1e-6)
        days = [place * step for place in range(first, math.floor(high / step + 1e-6) + 1)]
        places = [(day, moment_of(day, whole=at == 0 or step >= 1)) for at, day in enumerate(days)]
    kept = [(day, said) for day, said in places if low - 1e-6 <= day <= high + 1e-6]
    kept = kept or [(low, moment_of(low)), (high, moment_of(high))]
    return [day for day, _ in kept], [said for _, said in kept]


def moment_of(days: float, *, whole: bool = True) -> str:
    """Days since 1970 as a date, with the time where it is not midnight; not whole: the time alone.

    >>> moment_of(19000.0), moment_of(19000.25), moment_of(19000.25, whole=False)
    ('2022-01-08', '2022-01-08 06:00', '06:00')
    """
    if not FIRST_DAY <= days <= LAST_DAY:
        return f"{days:.6g}"
    day, seconds = divmod(round(days * 86_400), 86_400)
    date = datetime.date.fromordinal(EPOCH + day).isoformat()
    if not seconds:
        return date
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}" + (f":{seconds % 60:02}" if seconds % 60 else "")
    return f"{date} {time}" if whole else time


def _month_of(days: float) -> int:
    """Months since the year 0 of the month in which a day lies."""
    day = datetime.date.fromordinal(EPOCH + math.floor(days))
    return 12 * day.year + day.month - 1


def _first_of(month: int) -> float:
    """The first day of a month, in days since 1970; far before all where there is no such month."""
    year = month // 12
    return float(datetime.date(year, month % 12 + 1, 1).toordinal() - EPOCH) if 1 <= year <= 9999 else -math.inf


def _year_or_month(month: int, step: int) -> str:
    return f"{month // 12}" if step % 12 == 0 else f"{month // 12}-{month % 12 + 1:02}"


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


def fitting(marks: Sequence[float], words: Sequence[str], scale: Scale, letter: float, width: float) -> list[Mark]:
    """As many of the ticks, evenly, as can be written beside each other on a line `width` long, in letters so high."""
    for every in range(1, len(marks) + 1):
        kept = [_mark(scale(m), word, letter, width) for m, word in zip(marks[::every], words[::every], strict=True)]
        if all(b.start - a.stop >= BESIDE * letter for a, b in pairwise(kept)):
            return kept
    return []


def _mark(at: float, word: str, letter: float, width: float) -> Mark:
    """A word under its tick, or beside it where the drawing ends."""
    wide = breadth(word) * letter
    if at + wide / 2 > width:
        return Mark(at, word, "e", at - wide, at)
    if at - wide / 2 < 0:
        return Mark(at, word, "s", at, at + wide)
    return Mark(at, word, "m", at - wide / 2, at + wide / 2)


@dataclass(frozen=True)
class Mark:
    """A tick that is written: its place, the word, how it is anchored, and from where to where it reaches."""

    at: float
    word: str
    side: str
    start: float
    stop: float


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
