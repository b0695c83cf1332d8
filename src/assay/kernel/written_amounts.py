"""How much does a text write whose column is in several units: 3岁 beside 24个月, 2 kg beside 500 g, 1h 20m beside 45m?

An amount is one number or several, each with a unit of the same dimension, the larger before the smaller. Some units are certain
only by what stands beside them in the column: m is a metre or a minute, 分 a mark or a minute, 月 a month of the year or its length.
A year is 365.25 days here, a month its twelfth: what is read is a length, not a date.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

LOOKED_AT = 2_000  # texts by which a column is judged before all are read
# What a unit is of the first, and how it is spelled: first the name by which a column is told to be read in it.
TIME = (
    (1e-3, "毫秒 ms"),
    (1, "秒 秒钟 seconds second secs sec s"),
    (60, "分钟 分 minutes minute mins min m"),
    (3_600, "小时 个小时 钟头 个钟头 时 hours hour hrs hr h"),
    (86_400, "天 days day d"),
    (604_800, "周 星期 个星期 weeks week wks wk w"),
    (2_629_800, "个月 月 months month mths mos mo"),
    (31_557_600, "岁 周岁 年 years year yrs yr y"),
)
MASS = (
    (1e-6, "微克 µg μg ug mcg"),
    (1e-3, "毫克 mg"),
    (1, "克 g"),
    (50, "两"),
    (453.59237, "磅 lb lbs pounds pound"),
    (500, "斤 市斤"),
    (1_000, "公斤 千克 kg kgs"),
    (1_000_000, "吨 t tons"),
)
LENGTH = (
    (1e-9, "纳米 nm"),
    (1e-6, "微米 µm μm um"),
    (1e-3, "毫米 mm"),
    (1e-2, "厘米 公分 cm"),
    (0.0254, "英寸 in inch inches"),
    (0.1, "分米 dm"),
    (0.3048, "英尺 ft foot feet"),
    (1, "米 公尺 m"),
    (1_000, "公里 千米 km"),
    (1_609.344, "英里 mi mile miles"),
)
VOLUME = (
    (1e-6, "微升 µL μL uL"),
    (1e-3, "毫升 mL cc"),
    (1e-2, "cL"),
    (0.1, "分升 dL"),
    (1, "升 L l"),
    (1_000, "立方米 m³ m3"),
)
AREA = (
    (1e-4, "平方厘米 cm² cm2"),
    (1, "平方米 平米 ㎡ m² m2"),
    (2_000 / 3, "亩"),
    (10_000, "公顷 ha"),
    (1_000_000, "平方公里 平方千米 km² km2"),
)
DIMENSIONS = tuple(
    {unit: size for size, units in table for unit in units.split()} for table in (TIME, MASS, LENGTH, VOLUME, AREA)
)
# Told by another name, as it means other things where it stands alone.
CLEAR = {
    "分": "分钟",
    "m": "minutes",
    "时": "小时",
    "h": "hours",
    "s": "seconds",
    "d": "days",
    "w": "weeks",
    "月": "个月",
}
AS_CAPITALS = {"G": "g", "T": "t"}  # 500 G beside 2 KG; M may be a million, and letters of clocks are small
CLOCK = {unit for unit, size in DIMENSIONS[0].items() if size in (1, 3_600)}  # beside which 分 and m are minutes
AGES = {"岁", "周岁", "天", "个月", "周", "星期", "个星期"}  # beside which 月 is as long as a month
YEARS = ("年", 1_000)  # from which on it is a year of the calendar
NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)\s*"
PIECES = tuple(
    re.compile(
        NUMBER + "(" + "|".join(sorted(map(re.escape, units), key=len, reverse=True)) + r")(?:\s*(?:,|and\b|零))?\s*",
        re.IGNORECASE,
    )
    for units in DIMENSIONS
)
HALF = "半"  # behind the unit: 3岁半


def amount(text: str, unit: str) -> float:
    """What a text writes, in a unit; no number where it is no amount of that dimension.

    >>> amount("24个月", "岁"), amount("1h 20m", "minutes"), amount("500 g", "公斤"), amount("2 cm", "岁")
    (2.0, 80.0, 0.5, nan)
    """
    named = (i for i, units in enumerate(DIMENSIONS) if unit in units and (i or unit not in CLEAR))  # m is a metre here
    place = next(named, None)
    if place is None:
        return math.nan
    sizes, sign = DIMENSIONS[place], text[:1]
    pieces = _pieces(text[1:].lstrip() if sign in ("-", "+") else text, place)
    total = sum(_in(number, sizes[one], sizes[unit]) for number, one in pieces) if pieces else math.nan
    return -total if sign == "-" else total


def common_unit(texts: Sequence[str], counts: Iterable[float]) -> str:
    """The unit in which a column of several is to be read, that of the most cells; "" where it is not in several that convert.

    counts : how often each text stands there [n]

    >>> common_unit(["3岁", "24月", "7岁"], [1, 1, 1]), common_unit(["2 kg", "7 m"], [1, 1])
    ('岁', '')
    """
    for place in range(len(DIMENSIONS)):
        looked = texts[:LOOKED_AT]
        if 2 * sum(bool(_pieces(text, place)) for text in looked) <= len(looked):
            continue
        read = [_pieces(text.lstrip("-+").lstrip(), place) for text in texts]
        cells = Counter[str]()
        for pieces, count in zip(read, counts, strict=True):
            if pieces:
                cells[pieces[0][1]] += int(count)
        met = {unit for pieces in read for _, unit in pieces}
        letters = "m" not in met and all(len(unit) == 1 and unit.isascii() for unit in met)
        codes = letters and all(len(pieces) < 2 for pieces in read)  # 3d and 4s are cards, and 5m and 30s no names
        if len(met) > 1 and 2 * cells.total() > float(sum(counts)) and not codes and _certain(place, met, cells):
            return _most_met(cells, place)
    return ""


def _most_met(cells: Counter[str], place: int) -> str:
    """The unit that most cells begin with, however spelled, by its most frequent name: of two as frequent, the larger."""
    sizes = DIMENSIONS[place]
    size = max({sizes[unit] for unit in cells}, key=lambda s: (sum(cells[u] for u in cells if sizes[u] == s), s))
    unit = max((unit for unit in cells if sizes[unit] == size), key=lambda unit: (cells[unit], unit))
    return CLEAR.get(unit, unit) if place == 0 else unit


def _certain(place: int, met: set[str], leading: Iterable[str]) -> bool:
    """Whether the units of a column say together what each of them means."""
    if DIMENSIONS[place] is not DIMENSIONS[0]:
        return True
    if not met.isdisjoint({"分", "m"}) and met.isdisjoint(CLOCK):
        return False
    if "月" in met and (met.isdisjoint(AGES) or "年" in met):  # 3月 and 2023年3月 are dates
        return False
    return set(leading) != {"时"}  # 13时43分 is a time of day


def _pieces(text: str, place: int) -> list[tuple[float, str]]:
    """The numbers of an amount with their units, the largest first; none where a text is no amount of that dimension."""
    sizes, shape, at = DIMENSIONS[place], PIECES[place], 0
    found: list[tuple[float, str]] = []
    while met := shape.match(text, at):
        number, unit = float(met[1].replace(",", "")), _spelled(met[2], sizes)
        smaller = not found or (unit and sizes[unit] < sizes[found[-1][1]])
        if not unit or not smaller or (unit == YEARS[0] and number >= YEARS[1]):
            return []
        found.append((number, unit))
        at = met.end()
    if found and text[at:] == HALF:
        found[-1] = (found[-1][0] + 0.5, found[-1][1])
        return found
    return found if at == len(text) and text[-1:] != "," else []


def _spelled(unit: str, sizes: dict[str, float]) -> str:
    """A unit as the tables spell it; "" for a letter that means another thing as a capital."""
    if unit in sizes:
        return unit
    unit = AS_CAPITALS.get(unit, unit)
    small = unit.casefold() if len(unit) > 1 else unit
    return next((one for one in sizes if one == unit or (one.casefold() == small and len(one) > 1)), "")


def _in(number: float, size: float, unit: float) -> float:
    """A number of one size, in units of another: 500 g are 0.5 kg to the last digit."""
    return number * (size / unit) if size >= unit else number / (unit / size)
