"""Is this column a moment in time, and which parts of it can matter?

ISO 8601 and the common written forms, Chinese ones among them. 03/04/2024 is read day first, in the variant "mdy" month
first, 24/03/04 in the variant "ymd" year first: which of them is decided once, over the whole column, never cell by cell. In
the variant "clock" cells are clock times without a day, read as those of 1 January 1970; in the variants "epoch:s", "epoch:ms",
"epoch:us" and "epoch:ns" they are numbers that count the time since 1970 (`_epochs`), in UTC, beside dates as others write them.

Day, weekday and hour are those of the clock on the wall. Where cells come with a time zone, the kind says by whose clock they are
read ("date:zone:Asia/Shanghai"), and moments of other zones are told by that clock; "own" is the clock that each cell is written by,
where a column changes between summer and winter time. Dates without a zone stand as they are. A kind without a zone, as of
models that learnt from plain dates, reads moments of other zones in UTC, and a note says so.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from assay.kernel import zones
from assay.kernel.box import Box
from assay.kernel.cells import Cell, Moment, written
from assay.kernel.data import CLOCK as CLOCK_KIND
from assay.kernel.data import Bools, Column, Floats, plain_number
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.plugins import About, Claim, Opened
from assay.onnx_graph.graph import Graph

from . import _epochs as epochs

LEAST_SHARE = 0.8
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHS = {name: i + 1 for i, name in enumerate(NAMES)}
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
# Orders of day, month and year, and clock times without a day: one for the whole column, the first of those that read as many cells.
ORDERS = {
    "": (*SHAPES, *_year_last("d", "m")),
    "mdy": (*SHAPES, *_year_last("m", "d")),
    "ymd": (*SHAPES, *YEAR_FIRST),
    "clock": (re.compile(CLOCK),),
}
TURN_OF_CENTURY = 69  # 68 is 2068, 69 is 1969, as in POSIX
FIRST_OF_REPUBLIC = 1911  # the year before the first of 民国
DIGIT = re.compile(r"\d")
DAY = np.timedelta64(1, "D")
MINUTES = 1440
TURNS = {"year": 365.25, "week": 7.0, "day": 1.0}  # days that a cycle takes
LEAST_TURNS = 1.9  # of a cycle seen in training: until its places come again, a cycle is but another name for the time
HALF_A_DAY = 0.5  # that clock times span at least where the last of them and the first are near
EPOCH, MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)
FIRST_DAY = date(1970, 1, 1).toordinal()
LAST_DAY = date.max.toordinal() - FIRST_DAY


@dataclass(frozen=True)
class Date:
    """A moment in time."""

    about: ClassVar[About] = About(
        key="date",
        gives=("vector",),
        order=15,
        words={
            "en": {
                "title": "date",
                "no_dates": "its cells are not dates",
                "moments": "its cells are dates",
                "parsed": "{share:%} of its cells are dates",
                "epochs": "its name says time: {unit} since 1970, read in UTC",
                "epochs_most": "its name says time: {share:%} are {unit} since 1970, read in UTC",
                "unit.s": "seconds",
                "unit.ms": "milliseconds",
                "unit.us": "microseconds",
                "unit.ns": "nanoseconds",
                "moved": "{name} has a time zone, which the dates that were learnt had not: it is read in UTC",
                "not": "its cells are not dates",
            },
            "zh": {
                "title": "日期",
                "no_dates": "单元格不是日期",
                "moments": "单元格是日期",
                "parsed": "{share:%} 的单元格是日期",
                "epochs": "列名表示时间：自 1970 年起的{unit}数，按 UTC 读取",
                "epochs_most": "列名表示时间：{share:%} 是自 1970 年起的{unit}数，按 UTC 读取",
                "unit.s": "秒",
                "unit.ms": "毫秒",
                "unit.us": "微秒",
                "unit.ns": "纳秒",
                "moved": "{name} 带有时区，而训练数据中的日期没有：按 UTC 读取",
                "not": "单元格不是日期",
            },
        },
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """How well the cells read as dates, and whether the month comes first."""
        if column.store == "moments":
            clock = f"{ZONE}{column.zone}" if column.zone else ""
            return Claim(fit=1.0, why=self.about.say("modalities", "moments"), as_met=clock)
        if (claim := self._epochs(column)) is not None:
            return claim
        if column.levels is None or len(column.levels) == 0:
            raise DoesNotApply(self.about.say("modalities", "no_dates"))
        shares = _shares(column.levels)
        variant = max(shares, key=lambda v: shares[v])  # day first where both read equally well
        if shares[variant] < LEAST_SHARE:
            raise DoesNotApply(self.about.say("modalities", "no_dates"))
        fit = 0.97 * shares[variant]
        why = self.about.say("modalities", "parsed", share=shares[variant])
        return Claim(fit=fit, why=why, variant=variant, as_met=_clock(column.levels))

    def _epochs(self, column: Column) -> Claim | None:
        """The claim to numbers that count the time since 1970: certain where all of them do, the runner-up where most do."""
        if not any(epochs.says_time(column.name, unit) for unit in epochs.UNITS):
            return None
        numbers = epochs.numbers_in(column)
        unit, _ = epochs.unit_of(numbers)
        if not unit or len(np.unique(numbers)) < epochs.LEAST_DISTINCT or not epochs.says_time(column.name, unit):
            return None
        share, variant = float(np.mean(epochs.surely(numbers, unit))), epochs.PREFIX + unit
        said = {"unit": self.about.say("modalities", f"unit.{unit}")}
        if share == 1.0:
            return Claim(fit=0.97, why=self.about.say("modalities", "epochs", **said), variant=variant)
        if share < LEAST_SHARE:
            return None
        return Claim(fit=0.6, why=self.about.say("modalities", "epochs_most", share=share, **said), variant=variant)

    def way(self, column: Column) -> str:
        """Month first, where more cells can be read so; numbers since 1970, where more are."""
        if column.store == "moments":
            return ""
        unit, share = epochs.unit_of(epochs.numbers_in(column))
        levels = column.levels
        if levels is None:
            levels = column.as_words().levels if unit and share < 1.0 else np.empty(0, dtype=object)
        shares = _shares(levels) if levels is not None and len(levels) else {"": 0.0}
        if unit and share > max(shares.values()):
            return epochs.PREFIX + unit
        return max(shares, key=lambda v: shares[v]) if column.levels is not None else ""

    def open(self, column: Column) -> Opened:
        """Moments by the clock on the wall; what cannot be read becomes missing."""
        if column.store == "moments":
            zone = _zone_in(self.variant) if column.zone else ""
            cells = zones.walls(column.cells, column.zone if zone == OWN else zone) if zone else column.cells
            return Opened(replace(column, cells=cells, kind="date", zone=""))
        if column.levels is None and (unit := _unit_in(self.variant)):
            return self._open_epochs(column, unit)
        words = column.as_words()
        assert words.levels is not None
        parsed = np.append(_parse(words.levels, self.variant), np.datetime64("NaT", "us"))
        cells = parsed[words.cells]
        bad = np.isnat(cells) & (words.cells >= 0)
        examples = tuple(str(words.levels[c])[:60] for c in np.unique(words.cells[bad])[:3])
        kind = CLOCK_KIND if self.variant == "clock" else "date"
        return Opened(replace(words, cells=cells, levels=None, kind=kind), int(bad.sum()), examples)

    def _open_epochs(self, column: Column, unit: str) -> Opened:
        """Moments of numbers; no text is made of them on the way."""
        cells = epochs.moments_of(column.cells, unit)
        if (zone := _zone_in(self.variant)) not in ("UTC", OWN):
            cells = zones.walls(cells, zone)
        bad = np.isnat(cells) & ~column.missing
        examples = tuple(plain_number(value) for value in np.unique(column.cells[bad])[:3].tolist())
        return Opened(replace(column, cells=cells, kind="date"), int(bad.sum()), examples)

    def open_cell(self, cell: Cell) -> Cell:
        """The moment, None where it is none."""
        if isinstance(cell, Moment):
            zone = _zone_in(self.variant) if cell.zone else ""
            return Moment(zones.wall(cell, cell.zone if zone == OWN else zone)) if zone else cell
        if cell is None:
            return cell
        moment = _moment_of(written(cell) or "", self.variant)
        return None if moment is None else Moment(moment)

    def moved(self, raw: Column) -> Bools:
        """Cells of another zone than UTC, where the kind tells none."""
        if _zone_in(self.variant):
            return np.zeros(len(raw), dtype=bool)
        if raw.levels is not None:
            away = [*(self._leaves_utc(str(level)) for level in raw.levels), False]  # code -1 takes the last: missing
            return np.asarray(np.asarray(away)[raw.cells])
        if not raw.zone:
            return np.zeros(len(raw), dtype=bool)
        return np.asarray(~raw.missing & (zones.walls(raw.cells, raw.zone) != raw.cells))

    def moved_cell(self, raw: Cell) -> bool:
        """The same of one cell that comes alone."""
        if isinstance(raw, str):
            return not _zone_in(self.variant) and self._leaves_utc(raw)
        return (
            isinstance(raw, Moment)
            and bool(raw.zone)
            and not _zone_in(self.variant)
            and zones.wall(raw, raw.zone) != raw
        )

    def _leaves_utc(self, text: str) -> bool:
        """Whether the text writes a moment of another zone."""
        return bool(_ahead(text)) and _moment_of(text, self.variant) is not None

    def learn(self, column: Column, rng: np.random.Generator) -> Calendar:
        """The span seen in training, whether the clock matters, and the cycles that came round in it."""
        seen = column.cells[~column.missing]
        days = _days(seen)
        clock = bool(len(seen)) and bool((days != np.floor(days)).any())
        low, high = (float(days.min()), float(days.max())) if len(seen) else (0.0, -1.0)
        if column.kind == CLOCK_KIND:  # the hour says what the days say, and each row is another turn of the day
            return Calendar(column.name, low, high, False, ("day",) if high - low >= HALF_A_DAY else ())
        turned = [cycle for cycle, turn in TURNS.items() if high - low >= LEAST_TURNS * turn]
        return Calendar(column.name, low, high, clock, tuple(c for c in turned if clock or c != "day"))

    def load(self, box: Box) -> Calendar:
        """The encoder that was dumped; files from before there were cycles hold `clock` and have none."""
        span = box.text("name"), box.real("low"), box.real("high")
        if "cycles" not in box.values:
            return Calendar(*span, box.flag("clock"))
        cycles = tuple(box.texts("cycles", most=len(CYCLES)))
        if cycles != tuple(cycle for cycle in CYCLES if cycle in cycles):
            raise box.refuse("a cycle is unknown, or there twice")
        return Calendar(*span, box.flag("hour"), cycles)


def _waves(places: int, turn: float) -> Floats:
    """Sine and cosine at every whole place of a cycle, and missing ones as the last row: [places + 1, 2].

    Rounded, since the last bit of a sine is not the same on every machine.
    """
    angle = 2 * np.pi * np.arange(places) / turn
    waves = np.round(np.column_stack([np.sin(angle), np.cos(angle)]), 12) + 0.0  # no zero below zero
    return np.vstack([waves, [np.nan, np.nan]])


# Days from 1 March, so that a leap day comes last; weekdays from Monday; minutes, of which the last is the first again.
CYCLES = {"year": _waves(366, TURNS["year"]), "week": _waves(7, 7), "day": _waves(MINUTES + 1, MINUTES)}
PAIRS = {cycle: [(float(sine), float(cosine)) for sine, cosine in table] for cycle, table in CYCLES.items()}


@dataclass(frozen=True)
class Calendar:
    """Days since 1970, month, day of month, weekday and, where the clock matters, the hour; and where in its cycles it is.

    A cycle is told as sine and cosine of the place in it, so that December is beside January for learners that take
    numbers for distances (docs/decisions/0024).
    """

    takes: ClassVar[str] = "double"
    name: str
    low: float
    high: float
    clock: bool
    cycles: tuple[str, ...] = ()

    def vector(self, column: Column) -> Vector:
        """Parts of the date, and two columns a cycle: [n, 4 to 11]."""
        cells = column.cells
        missing = np.isnat(cells)
        days = _days(cells)
        whole = cells.astype("datetime64[D]")
        month = whole.astype("datetime64[M]")
        parts = {
            "days": days,
            "month": np.where(missing, np.nan, month.astype(np.int64) % 12 + 1.0),
            "day": np.where(missing, np.nan, (whole - month.astype("datetime64[D]")) / DAY + 1.0),
            "weekday": np.where(missing, np.nan, (np.floor(days) + 3) % 7),
        }
        hour = (days - np.floor(days)) * 24
        places = [_place(cycle, parts["month"], parts["day"], parts["weekday"], hour) for cycle in self.cycles]
        if self.clock:
            parts["hour"] = hour
        for cycle, place in zip(self.cycles, places, strict=True):
            waves = CYCLES[cycle][np.where(missing, -1, place).astype(np.int64)]
            parts |= {f"{cycle}, sine": waves[:, 0], f"{cycle}, cosine": waves[:, 1]}
        features = tuple(Feature(f"{self.name} ({key})", self.name) for key in parts)
        return Vector(np.column_stack(list(parts.values())), features)

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """Parts of one moment, and whether it is outside the span of training."""
        if cell is None:
            return (math.nan,) * (4 + self.clock + 2 * len(self.cycles)), False
        assert isinstance(cell, int)
        days = cell / 86_400e6
        whole = math.floor(days)
        month, day = _month_and_day(cell // 86_400_000_000)
        weekday, hour = (whole + 3) % 7, (days - whole) * 24
        found = [days, float(month), float(day), float(weekday)]
        if self.clock:
            found.append(hour)
        for cycle in self.cycles:
            found += PAIRS[cycle][int(_place(cycle, month, day, weekday, hour))]
        return tuple(found), days < self.low or days > self.high

    def strange(self, column: Column) -> Bools:
        """Before the first or after the last moment of training."""
        days = _days(column.cells)
        return np.asarray((days < self.low) | (days > self.high))

    def graph(self, graph: Graph, x: str) -> str:
        """The parts of days since 1970: the civil calendar in whole numbers (Hinnant 2013, days_from_civil), in float64."""

        def number(value: float) -> str:
            return graph.constant(float(value))

        def do(operation: str, a: str, value: float) -> str:
            return graph.node(operation, a, number(value))

        def floored(a: str, by: float) -> str:
            return graph.node("Floor", do("Div", a, by))

        def rest(a: str, by: float) -> str:
            return graph.node("Sub", a, do("Mul", floored(a, by), by))

        days = graph.node("Floor", x)
        of_era = rest(do("Add", days, 719_468), 146_097)  # days since a 1 March of a year that 400 divides
        leaps = graph.node(
            "Sub", graph.node("Add", graph.node("Sub", of_era, floored(of_era, 1460)), floored(of_era, 36_524)),
            floored(of_era, 146_096),
        )  # fmt: skip
        year = floored(leaps, 365)
        before = graph.node("Sub", graph.node("Add", do("Mul", year, 365), floored(year, 4)), floored(year, 100))
        of_year = graph.node("Sub", of_era, before)  # from 1 March
        shifted = floored(do("Add", do("Mul", of_year, 5), 2), 153)  # March is 0
        start = floored(do("Add", do("Mul", shifted, 153), 2), 5)
        day = do("Add", graph.node("Sub", of_year, start), 1)
        month = do("Add", rest(do("Add", shifted, 2), 12), 1)
        weekday, hour = rest(do("Add", days, 3), 7), do("Mul", graph.node("Sub", x, days), 24)
        parts = [x, month, day, weekday, *([hour] if self.clock else [])]
        for cycle in self.cycles:
            place = of_year if cycle == "year" else weekday
            if cycle == "day":
                place = graph.node("Floor", do("Add", do("Mul", hour, 60), 0.5))
            missing = len(CYCLES[cycle]) - 1
            parts.append(graph.rows(CYCLES[cycle], graph.codes(graph.column(place, 0), missing - 1, missing)))
        return graph.node("Concat", *parts, axis=1)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """Moments a little beyond the span, a tenth missing."""
        low, high = min(self.low, self.high), max(self.low, self.high)
        days = low + (high - low) * rng.uniform(-0.1, 1.1, rows)
        cells = (days * 86_400e6).astype(np.int64).astype("datetime64[us]")
        cells[rng.uniform(size=rows) < 0.1] = np.datetime64("NaT")
        return Column(name=self.name, cells=cells)

    def dump(self, box: Box) -> None:
        """Name, span, and which parts there are."""
        box.put(name=self.name, low=self.low, high=self.high)
        box.put(**({"hour": self.clock, "cycles": list(self.cycles)} if self.cycles else {"clock": self.clock}))


def _place(cycle: str, month: Any, day: Any, weekday: Any, hour: Any) -> Any:
    """The whole place in a cycle, of one moment or of many: days from 1 March (Hinnant 2013), days from Monday, minutes."""
    if cycle == "year":
        return (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return weekday if cycle == "week" else (hour * 60 + 0.5) // 1


def _days(cells: np.ndarray[tuple[int], np.dtype[np.datetime64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Days since 1970 with fractions, NaN where missing."""
    return np.where(np.isnat(cells), np.nan, cells.astype(np.int64) / 86_400e6)


def _clock(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> str:
    """By whose clock texts are read: that of the one zone they are written in, the own of each where summer and winter time take turns,
    UTC where zones are several."""
    met = {ahead for level in levels if (ahead := _ahead(str(level))) is not None}
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


def _ahead(text: str) -> timedelta | None:
    """How far the clock that a text is written by is ahead of UTC; None where it does not say."""
    found = ZONED.search(text)
    return zones.offset(found[1]) if found and found.end() == len(text) else None


def _shares(levels: np.ndarray[tuple[int], np.dtype[np.object_]]) -> dict[str, float]:
    """Share of some cells that can be read, in each variant."""
    shares: dict[str, float] = {}
    for variant in ORDERS:
        shares[variant] = float(np.mean(~np.isnat(_parse(levels[:5000], variant))))
        if shares[variant] == 1.0:
            break
    return shares


def _zone_in(variant: str) -> str:
    """The zone by whose clock cells are read; numbers since 1970 are in UTC where none is named."""
    return variant.partition(ZONE)[2] or ("UTC" if variant.startswith(epochs.PREFIX) else "")


@functools.cache
def _unit_in(variant: str) -> str:
    """The unit of numbers since 1970; "" where the variant reads none."""
    unit = variant.removeprefix(epochs.PREFIX).partition(":")[0] if variant.startswith(epochs.PREFIX) else ""
    return unit if unit in epochs.MICROSECONDS else ""


def _parse(
    levels: np.ndarray[tuple[int], np.dtype[np.object_]], variant: str
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Moments of texts, NaT where a text is no date."""
    found = [_moment_of(str(level), variant) for level in levels]
    nothing = np.iinfo(np.int64).min
    return np.asarray([nothing if m is None else m for m in found], dtype=np.int64).astype("datetime64[us]")


def _moment_of(text: str, variant: str) -> int | None:
    """The moment a text writes, by the clock of the variant's zone, in microseconds since 1970; None where it is no date."""
    text = text.strip()
    if not DIGIT.search(text):
        return None
    if (unit := _unit_in(variant)) and epochs.WRITTEN.fullmatch(text):
        found, zone = epochs.moment_in(text, unit), _zone_in(variant)
        return found if found is None or zone in ("UTC", OWN) else zones.wall(found, zone)
    for shape in _shapes(variant):
        met = shape.fullmatch(text)
        if met and (moment := _moment(met.groupdict(), _zone_in(variant))) is not None:
            return moment
    return None


@functools.cache
def _shapes(variant: str) -> tuple[re.Pattern[str], ...]:
    return next((shapes for order, shapes in ORDERS.items() if order and variant.startswith(order)), ORDERS[""])


def _month_and_day(days: int) -> tuple[int, int]:
    """Month and day of the month, from days since 1970."""
    if -FIRST_DAY < days <= LAST_DAY:
        civil = date.fromordinal(days + FIRST_DAY)
        return civil.month, civil.day
    whole = np.datetime64(days, "D")  # beyond the years that Python knows
    month = whole.astype("datetime64[M]")
    return int(month.astype(np.int64)) % 12 + 1, int((whole - month.astype("datetime64[D]")).astype(np.int64)) + 1


def _moment(parts: dict[str, str | None], zone: str) -> int | None:
    """The moment, or None where there is no such day."""
    written = parts.get("b")
    month = MONTHS.get(written.lower(), 0) if written else int(parts.get("m") or parts.get("n") or 0)
    fraction = round(float("0" + (parts.get("F") or ".0").replace(",", ".")) * 1e6)
    minute, second = (int(parts.get(of) or parts.get(of + "2") or 0) for of in "MS")
    try:
        hour = _hour(parts)
        if "y" in parts or "yy" in parts or "r" in parts:
            moment = datetime(
                _year(parts), month, int(parts.get("d") or 1), hour, minute, second, min(fraction, 999_999)
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


def _year(parts: dict[str, str | None]) -> int:
    """The year: of four digits, of two, or counted from the Chinese republic."""
    if short := parts.get("yy"):
        return int(short) + (1900 if int(short) >= TURN_OF_CENTURY else 2000)
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
