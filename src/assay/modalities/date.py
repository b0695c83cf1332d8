"""Is this column a moment in time, and which parts of it can matter?

ISO 8601 and the common written forms, Chinese ones among them; a quarter, week, school term or month is its first day
(`_written_periods`). 03/04/2024 is read day first, in the variant "mdy" month first, 24/03/04 in the variant "ymd" year first: which
of them is decided once, over the whole column (`_date_orders`), never cell by cell. Where no cell leaves it open, in the variant
"plain", such a cell is missing when it comes later, with a note. A year of two digits is one of 1969 to 2068, in the variant
"from:1930" one of 1930 to 2029 (`_centuries`). In the variant "my" Jul-20 is July 2020. In the variant "clock" cells
are clock times without a day, read as those of 1 January 1970; in the variants "epoch:s", "epoch:ms", "epoch:us" and "epoch:ns" they
are numbers that count the time since 1970 (`_epochs`), in UTC, beside dates as others write them.

Day, weekday and hour are those of the clock on the wall. Where cells come with a time zone, the kind says by whose clock they are
read ("date:zone:Asia/Shanghai"), and moments of other zones are told by that clock; "own" is the clock that each cell is written by,
where a column changes between summer and winter time. Dates without a zone stand as they are. A kind without a zone, as of
models that learnt from plain dates, reads moments of other zones in UTC, and a note says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from shlex import quote
from typing import Any, ClassVar

import numpy as np

from assay.kernel import zones
from assay.kernel.box import Box
from assay.kernel.cells import Cell, Moment, written
from assay.kernel.data import CLOCK, Bools, Column, Floats, plain_number
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.plugins import About, Claim, Opened
from assay.kernel.words import Say
from assay.onnx_graph.graph import Graph

from . import _epochs as epochs
from ._centuries import FROM, HUNDRED, POSIX, first_in
from ._date_orders import (
    DAY_FIRST,
    LEAST_SHARE,
    Order,
    behind_points,
    months_of_years,
    order_of,
    read_otherwise,
    with_century,
)
from ._written_dates import (
    MONTH_YEAR,
    OWN,
    PLAIN,
    POINT_MONTH,
    ZONE,
    ahead_of,
    clock_of,
    moment_of,
    moments_of,
    unit_in,
    zone_in,
)

DAY = np.timedelta64(1, "D")
MINUTES = 1440
TURNS = {"year": 365.25, "week": 7.0, "day": 1.0}  # days that a cycle takes
LEAST_TURNS = 1.9  # of a cycle seen in training: until its places come again, a cycle is but another name for the time
HALF_A_DAY = 0.5  # that clock times span at least where the last of them and the first are near
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
                "behind_points": "{share:%} of its cells are a year and a month with a point between them: 2013.10 is October 2013",
                "months": "{share:%} of its cells name a month and a year: Jul-20 is July 2020",
                "plain": "{share:%} of its cells are dates; as they run, {example} would be {day} ({ways:; })",
                "unclear": "{share:%} of its cells are dates, and their order is not plain: {example} is read as {day} ({ways:; })",
                "way": "--kind {option} reads {day}",
                "century": "years of two digits are {first} to {last} as they run; {why} (--kind {option} has them begin in {posix})",
                "epochs": "its name says time: {unit} since 1970, read in UTC",
                "epochs_most": "its name says time: {share:%} are {unit} since 1970, read in UTC",
                "unit.s": "seconds",
                "unit.ms": "milliseconds",
                "unit.us": "microseconds",
                "unit.ns": "nanoseconds",
                "moved": "{name} has a time zone, which the dates that were learnt had not: it is read in UTC",
                "other_order.dmy": "date in the order that was learnt (with the day first it would)",
                "other_order.dmy_count": "'{name}' has {n} {n:date|dates} that {n:reads|read} with the day first, and not in the order that was learnt: dates of other rows that both orders read may have been taken for other days. Write them as 2024-01-31.",
                "other_order.mdy": "date in the order that was learnt (with the month first it would)",
                "other_order.mdy_count": "'{name}' has {n} {n:date|dates} that {n:reads|read} with the month first, and not in the order that was learnt: dates of other rows that both orders read may have been taken for other days. Write them as 2024-01-31.",
                "other_order.ymd": "date in the order that was learnt (with the year first it would)",
                "other_order.ymd_count": "'{name}' has {n} {n:date|dates} that {n:reads|read} with the year first, and not in the order that was learnt: dates of other rows that both orders read may have been taken for other days. Write them as 2024-01-31.",
                "other_order.open": "a date that shows which number is the day, as the dates that were learnt did",
                "other_order.open_count": "'{name}' has {n} {n:date|dates} as 03/04/2024, which is 3 April or 4 March; the dates that were learnt leave no such choice, so that {n:it is|they are} taken as missing. Write {n:it|them} as 2024-01-31.",
                "not": "its cells are not dates",
            },
            "zh": {
                "title": "日期",
                "no_dates": "单元格不是日期",
                "moments": "单元格是日期",
                "parsed": "{share:%} 的单元格是日期",
                "behind_points": "{share:%} 的单元格是以点分隔的年和月：2013.10 读作 2013 年 10 月",
                "months": "{share:%} 的单元格写有月份和年份：Jul-20 读作 2020 年 7 月",
                "plain": "{share:%} 的单元格是日期；从整列看，{example} 应为 {day}（{ways:；}）",
                "unclear": "{share:%} 的单元格是日期，但年月日的顺序不明确：{example} 读作 {day}（{ways:；}）",
                "way": "用 --kind {option} 则读作 {day}",
                "century": "从整列看，两位数的年份为 {first} 至 {last} 年；{why}（用 --kind {option} 则从 {posix} 年算起）",
                "epochs": "列名表示时间：自 1970 年起的{unit}数，按 UTC 读取",
                "epochs_most": "列名表示时间：{share:%} 是自 1970 年起的{unit}数，按 UTC 读取",
                "unit.s": "秒",
                "unit.ms": "毫秒",
                "unit.us": "微秒",
                "unit.ns": "纳秒",
                "moved": "{name} 带有时区，而训练数据中的日期没有：按 UTC 读取",
                "other_order.dmy": "所学顺序的日期（若日在前则可）",
                "other_order.dmy_count": "“{name}”有 {n} 个日期只有日在前才能读取，与所学的顺序不同：其他行中两种顺序都能读取的日期可能被读成了另一天。请写成 2024-01-31 的形式。",
                "other_order.mdy": "所学顺序的日期（若月在前则可）",
                "other_order.mdy_count": "“{name}”有 {n} 个日期只有月在前才能读取，与所学的顺序不同：其他行中两种顺序都能读取的日期可能被读成了另一天。请写成 2024-01-31 的形式。",
                "other_order.ymd": "所学顺序的日期（若年在前则可）",
                "other_order.ymd_count": "“{name}”有 {n} 个日期只有年在前才能读取，与所学的顺序不同：其他行中两种顺序都能读取的日期可能被读成了另一天。请写成 2024-01-31 的形式。",
                "other_order.open": "能看出哪个数字是日的日期（所学的日期都能看出）",
                "other_order.open_count": "“{name}”有 {n} 个形如 03/04/2024 的日期，可能是 4 月 3 日，也可能是 3 月 4 日；所学的日期没有这种歧义，因此按缺失处理。请写成 2024-01-31 的形式。",
                "not": "单元格不是日期",
            },
        },
    )
    variants: ClassVar[str] = (
        r"(?=.)(dmy|mdy|ymd|my|y\.m|plain|clock|epoch:(s|ms|us|ns))?((?:^|:)from:\d{4})?((?:^|:)zone:.+)?"
    )
    some: ClassVar[tuple[str, ...]] = ("dmy", "mdy", "ymd", "my", "from:1930", "epoch:s", "zone:Asia/Shanghai", "clock")
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """How well the cells read as dates, and whether the month comes first."""
        if column.store == "moments":
            clock = f"{ZONE}{column.zone}" if column.zone else ""
            return Claim(fit=1.0, why=self.about.say("modalities", "moments"), variant=PLAIN, as_met=clock)
        if (claim := self._epochs(column)) is not None:
            return claim
        if column.levels is None or len(column.levels) == 0:
            raise DoesNotApply(self.about.say("modalities", "no_dates"))
        order = order_of(column.levels)
        if order.share < LEAST_SHARE or (order.variant == MONTH_YEAR and not months_of_years(column.levels)):
            raise DoesNotApply(self.about.say("modalities", "no_dates"))
        if order.variant == POINT_MONTH and not behind_points(column.levels):
            raise DoesNotApply(self.about.say("modalities", "no_dates"))
        variant = with_century(order.variant, column.levels)
        since = f"{FROM}{first_in(variant)}" if variant != order.variant else ""
        why = self._why(column.name, order, since)
        if since:
            first = first_in(variant)
            other = f"{column.name}=date:{order.variant or 'dmy'}:{FROM}{POSIX}"
            said = {"first": str(first), "last": str(first + HUNDRED - 1), "option": quote(other), "posix": str(POSIX)}
            why = self.about.say("modalities", "century", why=why, **said)
        return Claim(fit=0.97 * order.share, why=why, variant=variant, as_met=clock_of(column.levels))

    def _why(self, name: str, order: Order, since: str) -> Say:
        """How many cells are dates, years of two digits being of the hundred years `since`; where their order could be another, which was taken, and the option that takes another."""
        if order.variant == POINT_MONTH:
            return self.about.say("modalities", "behind_points", share=order.share)
        if order.variant == MONTH_YEAR:
            return self.about.say("modalities", "months", share=order.share)
        if not order.others or (order.plain and order.variant == DAY_FIRST):
            return self.about.say("modalities", "parsed", share=order.share)
        example = "01/02/03" if order.short else "01/02/2003"  # no cell of the table, which may tell of a person
        days = {
            way: str(moments_of(np.asarray([example]), ":".join(filter(None, (way, since)))).astype("datetime64[D]")[0])
            for way in (order.variant, *order.others)
        }
        ways = [
            self.about.say("modalities", "way", option=quote(f"{name}=date:{way or 'dmy'}"), day=days[way])
            for way in order.others
        ]
        said = {"share": order.share, "example": example, "day": days[order.variant], "ways": ways}
        return self.about.say("modalities", "plain" if order.plain else "unclear", **said)

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
        """Month first, where more cells can be read so; numbers since 1970, where more are; by the clock of the zone that was named, and
        in the hundred years that were."""
        named_alone = not self.variant or self.variant.startswith((ZONE, FROM))
        way = ":".join(filter(None, (self._order(column), self.variant))) if named_alone else self.variant
        return way if column.levels is None else with_century(way, column.levels)

    def _order(self, column: Column) -> str:
        """How most of the cells are written."""
        if column.store == "moments":
            return PLAIN
        unit, share = epochs.unit_of(epochs.numbers_in(column))
        levels = column.levels
        if levels is None:
            levels = column.as_words().levels if unit and share < 1.0 else np.empty(0, dtype=object)
        order = order_of(levels) if levels is not None and len(levels) else Order("", 0.0)
        if unit and share > order.share:
            return epochs.PREFIX + unit
        return order.variant if column.levels is not None else ""

    def open(self, column: Column) -> Opened:
        """Moments by the clock on the wall; what cannot be read becomes missing."""
        if column.store == "moments":
            zone = zone_in(self.variant) if column.zone else ""
            cells = zones.walls(column.cells, column.zone if zone == OWN else zone) if zone else column.cells
            return Opened(replace(column, cells=cells, kind="date", zone=""))
        if column.levels is None and (unit := unit_in(self.variant)):
            return self._open_epochs(column, unit)
        words = column.as_words()
        assert words.levels is not None
        parsed = np.append(moments_of(words.levels, self.variant), np.datetime64("NaT", "us"))
        cells = parsed[words.cells]
        bad = np.isnat(cells) & (words.cells >= 0)
        examples = tuple(str(words.levels[c])[:60] for c in np.unique(words.cells[bad])[:3])
        kind = CLOCK if self.variant == "clock" else "date"
        return Opened(replace(words, cells=cells, levels=None, kind=kind), int(bad.sum()), examples)

    def _open_epochs(self, column: Column, unit: str) -> Opened:
        """Moments of numbers; no text is made of them on the way."""
        cells = epochs.moments_of(column.cells, unit)
        if (zone := zone_in(self.variant)) not in ("UTC", OWN):
            cells = zones.walls(cells, zone)
        bad = np.isnat(cells) & ~column.missing
        examples = tuple(plain_number(value) for value in np.unique(column.cells[bad])[:3].tolist())
        return Opened(replace(column, cells=cells, kind="date"), int(bad.sum()), examples)

    def open_cell(self, cell: Cell) -> Cell:
        """The moment, None where it is none."""
        if isinstance(cell, Moment):
            zone = zone_in(self.variant) if cell.zone else ""
            return Moment(zones.wall(cell, cell.zone if zone == OWN else zone)) if zone else cell
        if cell is None:
            return cell
        moment = moment_of(written(cell) or "", self.variant)
        return None if moment is None else Moment(moment)

    def misfit(self, text: str) -> str:
        """In which other order a cell that is not read would be a date."""
        order = read_otherwise(text, self.variant)
        return f"other_order.{order}" if order else ""

    def moved(self, raw: Column) -> Bools:
        """Cells of another zone than UTC, where the kind tells none."""
        if zone_in(self.variant):
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
            return not zone_in(self.variant) and self._leaves_utc(raw)
        return (
            isinstance(raw, Moment)
            and bool(raw.zone)
            and not zone_in(self.variant)
            and zones.wall(raw, raw.zone) != raw
        )

    def _leaves_utc(self, text: str) -> bool:
        """Whether the text writes a moment of another zone."""
        return bool(ahead_of(text)) and moment_of(text, self.variant) is not None

    def learn(self, column: Column, rng: np.random.Generator) -> Calendar:
        """The span seen in training, whether the clock matters, and the cycles that came round in it."""
        seen = column.cells[~column.missing]
        days = _days(seen)
        clock = bool(len(seen)) and bool((days != np.floor(days)).any())
        low, high = (float(days.min()), float(days.max())) if len(seen) else (0.0, -1.0)
        if column.kind == CLOCK:  # the hour says what the days say, and each row is another turn of the day
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


def _month_and_day(days: int) -> tuple[int, int]:
    """Month and day of the month, from days since 1970."""
    if -FIRST_DAY < days <= LAST_DAY:
        civil = date.fromordinal(days + FIRST_DAY)
        return civil.month, civil.day
    whole = np.datetime64(days, "D")  # beyond the years that Python knows
    month = whole.astype("datetime64[M]")
    return int(month.astype(np.int64)) % 12 + 1, int((whole - month.astype("datetime64[D]")).astype(np.int64)) + 1
