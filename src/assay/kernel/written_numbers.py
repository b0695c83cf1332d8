"""Which number does a text write?

Read are thousands separators, a currency sign or its code, a percent sign, and Chinese amounts: 1.2万 is 12,000, 3亿元 is
300,000,000. Below zero are also the amounts of banks: (785.50), -￥5.20 and 2849.00-. The rest is read where a variant names it:
"comma" for 1.234,56, "unit:岁" for what is followed by that one unit, "units:岁" for amounts in several that are converted to it
(written_amounts.py), "dms" for angles (written_angles.py), "clock" for durations as clocks show them (written_durations.py). Each, and
the plain one, may have "marks" behind a plus sign: bounds and flags are read as their number then (written_marks.py), "comma+marks", or
"marks" alone. In the variant "order:low,mid,high" words are their places.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from .data import Column, Floats, Ints, plain_number
from .labels import respelled
from .written_amounts import LOOKED_AT, amount, common_unit
from .written_angles import angle
from .written_durations import CLOCKS, duration, way_of_durations
from .written_marks import without_marks
from .written_orders import ORDER, ordered_words

# Thousands begin with no 0: neither 0,697 nor 0.697 is 697.
POINT = re.compile(r"[-+]?([1-9]\d{0,2}(,\d{3})+|\d+)?(\.\d*)?([eE][-+]?\d+)?")
COMMA = re.compile(r"[-+]?([1-9]\d{0,2}(\.\d{3})+|\d+)?(,\d*)?([eE][-+]?\d+)?")
SIGNS = "$€£¥￥₹₩₽₺฿₫₪%％ \u00a0\u202f"
# Between thousands, in either way of writing: 21'876.61 and, with any blank, 21 876,61.
SPACES = " \u00a0\u202f\u2009'’"
CALLED = re.compile(r"\d{3}(?: \d{3}){2,}")  # 612 345 678 is a number that is called, or that names a firm
SPACED = re.compile(rf"([-+]?[1-9]\d{{0,2}}(?:([{SPACES}])\d{{3}})(?:\2\d{{3}})*)([.,]\d*)?")
WIDE = {0xFEE0 + sign: sign for sign in range(0x21, 0x7F)} | {0x3000: 0x20, 0x2212: 0x2D}  # １２．５ as 12.5, − as -
DIGIT = re.compile(r"\d")
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
SURELY_COMMA, MAYBE_THOUSANDS = re.compile(r"[-+]?\d+,(?:\d{1,2}|\d{4,})"), re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")
BELOW_THOUSAND = re.compile(r"[-+]?\d{1,3}")
LEAST_POINTED, LEAST_SMALL = 30, 3  # different ones
STRAY = 0.01  # of amounts that are written in another way than all others
CODES = (
    r"(?:RMB|CNY|USD|EUR|HKD|GBP|JPY|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RUB|TRY|INR|KRW|TWD|SGD|AUD|CAD|NZD|THB|MYR|VND|IDR|PHP|BRL|MXN|ZAR"
    r"|AED|SAR|(?:US|HK|NT|CA|AU|NZ|A|C|S|R)\$|Rs\.?|kr\.?|人民币)"
)
CURRENCY = re.compile(rf"{CODES}\s*(?=[-+(\d.])|(?<=[\d.)-])\s*{CODES}$", re.IGNORECASE)
BELOW = re.compile(r"\((?!0\d)(.*)\)|(.*(?:\d{3}|\d[.,]\d+))-")  # (785.50) and 2849.00-; 2- is a grade, (010) a code
SCALES = {"万": 4, "亿": 8}  # powers of ten
MONEY = "元"
UNIT = "unit:"  # begins the variant that names one
SEVERAL = "units:"  # begins the one that names the unit that others are converted to
ANGLES = "dms"
MARKS = "marks"  # ends a variant
LONGEST = 100  # characters of a number with marks, an amount or an angle: others are texts, which may be of any length
COMMAS = ("comma", f"comma+{MARKS}")
LEAST_MEASURED, LEAST_FINELY = 20, 10  # different plain numbers above which bounds are no bands: whole ones, and others
# That follow quantities alone: 号, 室 and 楼 follow names, 年 and 月 dates, one letter grades.
UNITS = (
    "岁", "周岁", "天", "个月", "小时", "分钟", "秒", "毫秒", "次", "人", "名", "户", "个", "件", "台", "辆", "套", "箱", "笔",
    "分", "公里", "千米", "米", "厘米", "毫米", "微米", "公斤", "千克", "克", "毫克", "吨", "毫升", "升", "立方米", "m³", "m3",
    "平方米", "平米", "㎡", "m²", "m2", "平方公里", "公顷", "亩", "公里/小时", "米/秒", "次/分", "次/分钟", "转/分", "℃", "°C",
    "℉", "°F", "度", "摄氏度", "千瓦", "千瓦时", "毫米汞柱", "‰", "元/月", "元/吨", "元/㎡", "元/平方米",
    "km", "cm", "mm", "nm", "µm", "μm", "km/h", "m/s", "kg", "mg", "g/L", "mg/L", "mg/dL", "µg/L", "ng/mL", "mmol/L", "µmol/L",
    "mL", "ms", "Hz", "kHz", "MHz", "GHz", "rpm", "bpm", "Pa", "kPa", "MPa", "hPa", "mbar", "mmHg",
    "kW", "MW", "kWh", "MWh", "mA", "mV", "kV", "dB", "ppm", "days", "months", "years", "hours", "minutes", "seconds",
)  # fmt: skip
SPELLED = {unit.casefold(): unit for unit in UNITS}
# 1 day is one of days.
ONE_OF = {
    unit.removesuffix("s"): unit
    for unit in UNITS
    if len(unit) > 3 and unit.isascii() and unit.isalpha() and unit.endswith("s")
}
KNOWN = sorted(map(re.escape, (*UNITS, *ONE_OF)), key=len, reverse=True)
MEASURED = re.compile(r"[-+−]?[\d.,]+\s*(" + "|".join(KNOWN) + ")", re.IGNORECASE)

LETTERED = re.compile(r"\d+[A-Za-z]")  # names of houses, rooms and sizes

# What may be a unit beside others.
COUNTED = re.compile(MEASURED.pattern.removesuffix(")") + r"|年|月|周|星期|毫克|斤|两|[A-Za-zµ]{1,7})", re.IGNORECASE)


def written_number(text: str, variant: str = "") -> float:
    """The number a text writes; no finite one where it writes none.

    variant : "comma" for 1.234,56, "unit:kg" for 1,234.56 kg, "units:kg" for 500 g, too, "dms" for 31°14'N, "clock" for 37:48:28,
              "clock:hours" for 68:28 in hours and minutes, "marks" for <0.5, "order:low,mid,high" for the place of a word, from 1

    >>> written_number("￥1,234.50"), written_number("1.2万元"), written_number("64岁", "unit:岁"), written_number("(7.50)")
    (1234.5, 12000.0, 64.0, -7.5)
    >>> written_number("24个月", "units:岁"), written_number("<0,5", "comma+marks"), written_number("mid", "order:low,mid,high")
    (2.0, 0.5, 2.0)
    """
    if variant.startswith(ORDER):
        return _places(variant).get(text.strip(), math.nan)
    try:  # the usual case, at the speed of float(), which reads 1_23 as 123
        value = float(text) if "_" not in text and variant not in COMMAS else math.nan
    except ValueError:
        value = math.nan
    return _careful(str(text), variant) if math.isnan(value) else value


@functools.lru_cache(maxsize=64)
def _places(variant: str) -> dict[str, float]:
    """The place of each word, and of each place written as a number: where numbers are read as such, they are places, too."""
    words = ordered_words(variant.removeprefix(ORDER))
    numbers = {str(place): float(place) for place in range(1, len(words) + 1)}
    return numbers | {word: float(place) for place, word in enumerate(words, 1)}


def unit_of(text: str) -> str:
    """The unit that follows a number; "" where there is none.

    >>> unit_of("64岁"), unit_of("64"), unit_of("1 Day"), unit_of("12 KG")
    ('岁', '', 'days', 'kg')
    """
    found = MEASURED.fullmatch(_trimmed(text))
    return _usual(found[1]) if found else ""


def _usual(unit: str) -> str:
    """A unit as it is mostly written."""
    small = unit.casefold()
    return ONE_OF.get(small, SPELLED.get(small, unit))


def units_of(texts: Iterable[str]) -> list[str]:
    """The several units of texts that are numbers with one behind each, the most frequent first; none where they are one, or names.

    >>> units_of(["3 kg", "500 g", "2 kg"]), units_of(["3 kg", "2"]), units_of(["3 a", "5 b"])
    (['kg', 'g'], [], [])
    """
    told = [_trimmed(text) for text in texts]
    found = Counter(_usual(unit[1]) for text in told if (unit := COUNTED.fullmatch(text)))
    plain = sum(COUNTED.fullmatch(text) is None and math.isfinite(written_number(text)) for text in told)
    several = len(found) > 1 and not found.keys().isdisjoint(UNITS) and found.total() + plain == len(told)
    return [unit for unit, _ in found.most_common()] if several else []


def numbers_of(texts: Iterable[str], variant: str = "") -> Floats:
    """The numbers that texts write [n]; NaN where one writes no finite number.

    >>> numbers_of(["64岁", "7", "old"], "unit:岁").tolist()
    [64.0, 7.0, nan]
    """
    values = np.asarray([written_number(text, variant) for text in texts], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def numbers_in(column: Column, variant: str = "") -> Floats:
    """The same of the levels of a column of words [k], at once where Python reads all of them.

    >>> numbers_in(Column.of_words("age", ["64", "7", "64"])).tolist()
    [64.0, 7.0]
    """
    if column.floats is None or variant in COMMAS or variant.startswith(ORDER):
        return numbers_of([] if column.levels is None else column.levels, variant)
    return np.where(np.isfinite(column.floats), column.floats, np.nan)


def way_of(column: Column, asked: bool = False) -> str:
    """The variant that reads the most cells of a column of words as numbers; "", the plain one, before others that read as many.

    asked : a person said that they are numbers: what could be times of day are durations then

    >>> way_of(Column.of_words("age", ["64岁", "7"])), way_of(Column.of_words("price", ["1.234,56"])), way_of(Column.of_words("x", ["7"]))
    ('unit:岁', 'comma', '')
    >>> way_of(Column.of_words("age", ["3岁", "24个月", "7岁"])), way_of(Column.of_words("x", ["<0.5", *(f"{i / 2}" for i in range(30))]))
    ('units:岁', 'marks')
    """
    levels = [] if column.levels is None else [str(level) for level in column.levels]
    counts = np.bincount(column.cells[column.cells >= 0], minlength=len(levels)) if levels else np.empty(0)
    numbers = {"": numbers_in(column)}
    if not np.isfinite(numbers[""]).all():
        units = {unit_of(level) for level in levels} - {""}
        one = [UNIT + unit for unit in units if len(units) == 1 and not _of_two_ways(levels, unit)]
        angles = [ANGLES] if any(sign in level for level in levels[:LOOKED_AT] for sign in "°º˚度") else []
        several = _several(levels, counts)
        looked = levels[:LOOKED_AT]
        shown = 2 * sum(math.isfinite(duration(_trimmed(level))) for level in looked) > len(looked)
        clocks = way_of_durations(column.name, [*map(_trimmed, levels)], counts, asked) if shown else ""
        others = (COMMAS[0], *one, *([SEVERAL + several] if several else ()), *angles, *([clocks] if clocks else ()))
        numbers |= {variant: numbers_of(levels, variant) for variant in others}
    best = max(numbers, key=lambda variant: float(counts[np.isfinite(numbers[variant])].sum()))
    if best == "" and are_thousands(
        [level for level, value in zip(levels, numbers[""], strict=True) if value == value]
    ):
        best = COMMAS[0]
        numbers[best] = numbers_of(levels, best)
    return _marked(best, levels, numbers[best], counts)


def _of_two_ways(levels: Iterable[str], unit: str) -> bool:
    """Whether amounts in a unit have decimal commas (12,5 kg) beside what would be thousands (1,234 kg) if it were alone; a stray one in
    a hundred is a slip."""
    bare = [
        text[: -len(unit)].strip() for level in levels if (text := _trimmed(level)).casefold().endswith(unit.casefold())
    ]
    surely, maybe = (sum(way.fullmatch(text) is not None for text in bare) for way in (SURELY_COMMA, MAYBE_THOUSANDS))
    return min(surely, maybe) > STRAY * (surely + maybe)


def plainly(column: Column, commas: bool = False) -> Column:
    """Words of a column of numbers that was learnt from with decimal points, or by a reader that made points of commas, spelled with points.

    A cell that reads in no other way has a decimal comma. 4,056 has one where more cells can have no other; 1.234 is a thousand where a
    cell shows both signs, since beside texts it may be a number that came as such. A cell that reads in neither way stays.

    commas : the table that was learnt from wrote decimal commas: 4,056 can be no other then

    >>> plainly(Column.of_words("x", ["1.234,5", "2.000", "none"])).texts().tolist()
    ['1234.5', '2000', 'none']
    >>> plainly(Column.of_words("x", ["1,234", "2,500", "9,000", "12,5", "7.125"])).texts().tolist()
    ['1,234', '2,500', '9,000', '12.5', '7.125']
    >>> plainly(Column.of_words("x", ["4,056", "6.732", "0.25"]), commas=True).texts().tolist()
    ['4.056', '6.732', '0.25']
    """
    if column.levels is None:
        return column
    plain = numbers_of(column.levels)
    points = np.isfinite(plain)
    if points.all() and not commas:
        return column
    other = numbers_of(column.levels, COMMAS[0])
    surely, either = np.isfinite(other) & ~points, points & np.isfinite(other) & (plain != other)
    shown, dotted = (np.asarray([sign in str(level) for level in column.levels], dtype=bool) for sign in ",.")
    with_comma = either & shown
    taken = surely | (with_comma if commas or surely.sum() > with_comma.sum() else False)
    taken |= either & dotted if (taken & shown & dotted).any() else False
    told = {str(level): plain_number(float(v)) for level, v in zip(column.levels[taken], other[taken], strict=True)}
    return respelled(column, lambda level: told.get(level, level)) if told else column


def are_thousands(texts: Iterable[str]) -> bool:
    """Whether points stand between thousands in different numbers without a decimal comma among them: 171, 9.468, 134.250.

    Were they decimal points, those below one thousand would have one, too (three decimals each), or none would end in 0 (as few as
    are needed).
    """
    pointed, small, ends = 0, 0, False
    for text in texts:
        if THOUSANDS.fullmatch(text):
            pointed, ends = pointed + 1, ends or text.endswith("0")
        elif BELOW_THOUSAND.fullmatch(text):
            small += text.strip("-+0") != ""
        else:
            return False
    return pointed >= LEAST_POINTED and small >= LEAST_SMALL and ends


def _several(levels: list[str], counts: Ints | Floats) -> str:
    """The unit that amounts of a column are converted to; "" where one of them is in a unit that does not convert."""
    told = [_trimmed(level) for level in levels]
    unit = common_unit(told, counts)
    strange = any(COUNTED.fullmatch(text) and math.isnan(amount(text, unit)) for text in told) if unit else False
    return "" if strange else unit


def _marked(best: str, levels: list[str], numbers: Floats, counts: Ints | Floats) -> str:
    """A variant, with marks where what has none is measured so finely that bounds beside it are no bands of a scale.

    Beside enough different plain numbers, more cells than not must be no bounds; or more of the different ones, however often a bound
    stands there: what could not be detected is often the most frequent cell of a laboratory. Where 12A stands as well, 12H is no flag.
    """
    there = counts > 0
    read = np.isfinite(numbers) & there
    if read.all():
        return best
    plain = np.unique(numbers[read])
    whole = bool((plain == np.round(plain)).all())
    if len(plain) <= (LEAST_MEASURED if whole else LEAST_FINELY):
        return best
    marked = f"{best}+{MARKS}" if best else MARKS
    bounds, flags = (np.asarray(found, dtype=bool) for found in marked_among(levels, marked))
    codes = any(LETTERED.fullmatch(level) for level in np.asarray(levels)[~(read | bounds | flags)])
    known = read | (flags & there)
    most = max(counts[known].sum() / counts.sum(), known.sum() / there.sum()) > 0.5
    return marked if most and (bounds | flags).any() and not codes else best


def marked_among(levels: Iterable[str], variant: str) -> tuple[list[bool], list[bool]]:
    """Of each text whether it is a bound, and whether it is a number with a flag alone, in a variant that reads marks.

    >>> marked_among(["<0.5", "7 H", "7"], "marks")
    ([True, False, False], [False, True, False])
    """
    levels, base = [*map(str, levels)], _base(variant)
    if base == variant:  # which reads none
        return [False] * len(levels), [False] * len(levels)
    bounds, flags = [], []
    for level in levels:
        marked = math.isnan(_finite(level, base)) and not math.isnan(_finite(level, variant))
        bound = marked and without_marks(_trimmed(level))[1]
        bounds.append(bound)
        flags.append(marked and not bound)
    return bounds, flags


def unit_in(kind: str) -> str:
    """The unit that the cells of a kind are written in, or converted to; "" where they are plain.

    >>> unit_in("number:unit:岁"), unit_in("number:units:kg+marks"), unit_in("number:comma"), unit_in("category")
    ('岁', 'kg', '', '')
    """
    variant = _base(kind.partition(":")[2])
    return next((variant.removeprefix(way) for way in (UNIT, SEVERAL) if variant.startswith(way)), "")


def clocks_in(kind: str) -> str:
    """The variant by which the cells of a kind are durations as clocks show them; "" where they are none.

    >>> clocks_in("number:clock+marks"), clocks_in("number:clock:hours"), clocks_in("date:clock"), clocks_in("number:comma")
    ('clock', 'clock:hours', '', '')
    """
    key, _, variant = kind.partition(":")
    return _base(variant) if key == "number" and variant.startswith(CLOCKS) else ""


def measured_in(kind: str) -> str:
    """What the numbers of a kind are measured in: the unit of its cells, or seconds where they are durations.

    >>> measured_in("number:unit:岁"), measured_in("number:clock:hours+marks"), measured_in("number")
    ('岁', 's', '')
    """
    return unit_in(kind) or ("s" if clocks_in(kind) else "")


def reads_marks(kind: str) -> bool:
    """Whether bounds among the cells of a kind are read as numbers.

    >>> reads_marks("number:comma+marks"), reads_marks("number:marks"), reads_marks("number")
    (True, True, False)
    """
    return kind.startswith("number:") and _base(kind.partition(":")[2]) != kind.partition(":")[2]


def _base(variant: str) -> str:
    """A variant without its marks."""
    return "" if variant == MARKS else variant.removesuffix(f"+{MARKS}")


def _finite(text: str, variant: str) -> float:
    value = written_number(text, variant)
    return value if math.isfinite(value) else math.nan


def _careful(text: str, variant: str) -> float:
    if not DIGIT.search(text):
        return math.nan
    base = _base(variant) if variant.endswith(MARKS) else variant
    value = _read(text, base)
    if base == variant or math.isfinite(value) or len(text) > LONGEST:
        return value
    return _finite(without_marks(_trimmed(text))[0], base)


def _read(text: str, variant: str) -> float:
    """The number of a text in a variant without marks."""
    if variant.startswith((SEVERAL, ANGLES, CLOCKS)) and not math.isnan(value := _converted(text, variant)):
        return value
    if variant.startswith(SEVERAL):
        variant = UNIT + variant.removeprefix(SEVERAL)  # 1.2万公里, or a bare number
    text, sign = _signed(_trimmed(text))
    if variant.startswith(UNIT):
        unit = variant.removeprefix(UNIT)
        one = next((single for single, several in ONE_OF.items() if several == unit), unit)
        end = next((end for end in (unit, one) if text.casefold().endswith(end.casefold())), "")
        text = text[: len(text) - len(end)].rstrip()
    text = (text.removesuffix("整") if text.endswith(f"{MONEY}整") else text).removesuffix(MONEY).rstrip()
    power = SCALES.get(text[-1:], 0)
    text = text[:-1].rstrip() if power else text
    if (spaced := SPACED.fullmatch(text)) and not CALLED.fullmatch(text):
        text = spaced[1].replace(spaced[2], "") + (spaced[3] or "")
    comma = variant in COMMAS or (variant.startswith(UNIT) and not POINT.fullmatch(text))  # 12,5 kg can be no other
    shape, thousands, point = (COMMA, ".", ",") if comma else (POINT, ",", ".")
    found = shape.fullmatch(text)
    if (
        found is None
        or (power and found[4])
        or not any(ch.isdigit() for ch in text[: found.start(4) if found[4] else None])
    ):
        return math.nan  # E25 is a name: an exponent alone is no number
    plain = text.replace(thousands, "").replace(point, ".")
    value = float(f"{plain}e{power}" if power else plain)
    return -value if sign < 0 else value


def _converted(text: str, variant: str) -> float:
    """The amount, angle or duration of a text; no number where it is none."""
    text = _trimmed(text)
    if len(text) > LONGEST:
        return math.nan
    if variant.startswith(CLOCKS):
        return duration(text, variant)
    return angle(text) if variant == ANGLES else amount(text, variant.removeprefix(SEVERAL))


def _trimmed(text: str) -> str:
    """A text in narrow signs, without what may stand around its number."""
    return (text if text.isascii() else text.translate(WIDE)).strip(SIGNS)


def _signed(text: str) -> tuple[str, int]:
    """A text without currency and without what says that it is below zero, and the sign that was taken off; "" where it has two."""
    text = _without_currency(text)
    if below := BELOW.fullmatch(text):
        rest = _without_currency(below[1] or below[2] or "")
        return ("" if rest[:1] in ("-", "+") else rest), -1
    if text[:1] not in ("-", "+"):
        return text, 1
    rest = _without_currency(text[1:])
    return ("" if rest[:1] in ("-", "+") else rest), -1 if text[0] == "-" else 1


def _without_currency(text: str) -> str:
    text = text.strip(SIGNS)
    found = CURRENCY.search(text) if text[:1].isalpha() or text[-1:].isalpha() else None
    if found and (found.start() == 0 or found.end() == len(text)):
        text = text[found.end() :] if found.start() == 0 else text[: found.start()]
    return text.strip(SIGNS)
