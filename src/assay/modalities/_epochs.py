"""Do whole numbers count the time since 1970, and in which unit?

As logs, databases and devices write moments: 1714521600 in seconds, 1714521600000 in milliseconds. The unit is decided once, over the
whole column: from 1971 to 2199 no number is a moment in two units, so that what lies outside is no moment of this column, be it zero,
negative, or counted in another unit.

Unless they are asked for, numbers are moments only where it is certain enough: every cell is whole and from 1990 to 2099 in one unit,
there are different ones enough, and the name of the column says time. Names of durations, amounts and ids do not, whatever
else is in them, nor does one that names another unit. Amounts, telephone numbers and hash codes are of the same size: without
the name nothing tells them from moments.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Column, Floats

PREFIX = "epoch:"
MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}  # in one of a unit
FIRST, LAST = 31_536_000e6, 7_258_118_400e6  # 1971 and 2200, in microseconds; no number is between them in two units
SURE_FIRST, SURE_LAST = 631_152_000e6, 4_102_444_800e6  # 1990 and 2100
LEAST_DISTINCT = 10  # dates differ; a few names of things may be as large
WRITTEN = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")  # as readers take plain numbers for numbers

# Words of a name that says time: those of moments alone, and those that durations go by as well.
MOMENT = re.compile(
    r"date|datetime|timestamps?|tstamp|ts|epoch|unix|unixtime|gmt|[cma]time|created|updated|modified|日期|时刻|時刻|时间戳|時間戳"
)
TIME = re.compile(r"time|utc|时间|時間")
HINT = re.compile(rf"{MOMENT.pattern}|{TIME.pattern}|at", re.IGNORECASE)  # without one of which a name says no time
# What tells of something else, be there a word of time beside it: ids and amounts; and how long something took.
THING = re.compile(
    r"ids?|uid|key|hash|code|no|nr|num|number|index|counts?|phone|mobile|tel|zone|amount|price|cost|fee|bytes|elapsed|duration"
    r"|runtime|latency|age|days|hours|minutes|diff|delta|interval|编号|序号|号码|金额|数量|耗|用时|时长|间隔"
)
SPAN = re.compile(
    r"cpu|wall|real|run|running|response|wait|waiting|exec|execution|query|processing|spent|remaining|total|sum|mean|avg|average"
    r"|std|min|max|median|运行|响应|等待|执行|处理|持续|停留|加工|剩余|平均|累计|总"
)
UNITS = {
    "s": re.compile(r"s|secs?|seconds?|秒"),
    "ms": re.compile(r"ms|msec|millis|milliseconds?|毫秒"),
    "us": re.compile(r"us|usec|micros|microseconds?|微秒"),
    "ns": re.compile(r"ns|nsec|nanos|nanoseconds?|纳秒"),
}
PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # created_at, createdAt, TIMESTAMP
CHINESE_UNIT = re.compile(r"[毫微纳]?秒")


def moment_of(number: float, unit: str) -> int | None:
    """Microseconds since 1970 of a number in a unit; None where it is none from 1971 to 2199.

    >>> moment_of(1714521600.0, "s"), moment_of(0.0, "s"), moment_of(1714521600000.0, "s")
    (1714521600000000, None, None)
    """
    found = number * MICROSECONDS[unit]
    return round(found) if FIRST <= found < LAST else None


def moment_in(text: str, unit: str) -> int | None:
    """The same of a number as written."""
    return moment_of(float(text), unit) if WRITTEN.fullmatch(text) else None


def moments_of(numbers: Floats, unit: str) -> NDArray[np.datetime64]:
    """The same of many: datetime64[us] [n], NaT where a number is none."""
    found = _microseconds(numbers, unit)
    fits = (found >= FIRST) & (found < LAST)
    moments = np.full(len(numbers), np.datetime64("NaT"), dtype="datetime64[us]")
    moments[fits] = np.rint(found[fits]).astype(np.int64).astype("datetime64[us]")
    return moments


def unit_of(numbers: Floats) -> tuple[str, float]:
    """The unit in which most of some numbers are moments, and their share; other cells may be NaN."""
    if not len(numbers):
        return "", 0.0
    shares = {}
    for unit in MICROSECONDS:
        found = _microseconds(numbers, unit)
        shares[unit] = float(np.mean((found >= FIRST) & (found < LAST)))
    unit = max(shares, key=lambda u: shares[u])
    return (unit, shares[unit]) if shares[unit] else ("", 0.0)


def surely(numbers: Floats, unit: str) -> Bools:
    """Which numbers are whole and moments from 1990 to 2099: bool [n]."""
    found = _microseconds(numbers, unit)
    return np.asarray((found >= SURE_FIRST) & (found < SURE_LAST) & (numbers == np.floor(numbers)))


def _microseconds(numbers: Floats, unit: str) -> Floats:
    with np.errstate(over="ignore"):  # what has no end is no moment
        return np.asarray(numbers * MICROSECONDS[unit])


def numbers_in(column: Column) -> Floats:
    """The numbers of the cells that are there, NaN where a cell is no number as readers take it: [m]; of moments none."""
    if column.store == "moments":
        return np.empty(0)
    if column.levels is None:
        return np.asarray(column.cells[~column.missing])
    levels = map(str, column.levels)
    found = np.asarray([float(text) if WRITTEN.fullmatch(text) else np.nan for text in levels], dtype=np.float64)
    return np.asarray(found[column.cells[column.cells >= 0]])


def says_time(name: str, unit: str) -> bool:
    """Whether the name of a column says that its numbers are moments in this unit.

    >>> says_time("createdAt", "s"), says_time("response_time", "s"), says_time("time_ns", "s"), says_time("创建时间", "ms")
    (True, False, False, True)
    """
    if not HINT.search(name):
        return False
    parts = [part.lower() for part in PARTS.findall(name)]
    named = {u for u, words in UNITS.items() for p in (*parts, *CHINESE_UNIT.findall(name)) if words.fullmatch(p)}
    if named - {unit}:
        return False
    words = [part for part in parts if not UNITS[unit].fullmatch(part)]

    def says(one: re.Pattern[str]) -> bool:
        return any(map(one.fullmatch, words)) or any(not found.isascii() for found in one.findall(name))

    if says(THING):
        return False
    if says(MOMENT) or (len(words) > 1 and words[-1] == "at"):
        return True
    return says(TIME) and not says(SPAN)
