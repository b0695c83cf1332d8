"""Which number does a text write?

Read are thousands separators, a currency sign or a percent sign, and Chinese amounts: 1.2万 is 12,000, 3亿元 is 300,000,000. What a
number is measured in otherwise (岁, kg) is read where it is named: the variant "unit:岁".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from .data import Column, Floats

POINT = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?([eE][-+]?\d+)?")
COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)?(,\d*)?([eE][-+]?\d+)?")
SIGNS = "$€£¥￥%％ \u00a0\u202f"
SCALES = {"万": 4, "亿": 8}  # powers of ten
MONEY = "元"
UNIT = "unit:"  # begins the variant that names one
UNITS = (
    *("岁", "周岁", "天", "个月", "小时", "分钟", "秒", "次", "人", "件", "笔"),
    *("公里", "千米", "米", "厘米", "毫米", "公斤", "千克", "克", "吨", "毫升", "升", "平方米", "平米", "㎡"),
    *("km", "cm", "mm", "kg", "days", "months", "years", "hours", "minutes"),
)  # that follow quantities alone: 号, 室 and 楼 follow names, 年 and 月 dates
# 1 day is one of days.
ONE_OF = {unit.removesuffix("s"): unit for unit in UNITS if unit.isascii() and unit.endswith("s")}
KNOWN = sorted(map(re.escape, (*UNITS, *ONE_OF)), key=len, reverse=True)
MEASURED = re.compile(r"[-+−]?[\d.,]+\s*(" + "|".join(KNOWN) + ")", re.IGNORECASE)

# What may be a unit beside others.
COUNTED = re.compile(MEASURED.pattern.removesuffix(")") + r"|年|月|周|星期|毫克|斤|两|[A-Za-zµ]{1,7})", re.IGNORECASE)


def written_number(text: str, variant: str = "") -> float:
    """The number a text writes; no finite one where it writes none.

    variant : "comma" for 1.234,56, "unit:kg" for 1,234.56 kg

    >>> written_number("￥1,234.50"), written_number("1.2万元"), written_number("64岁", "unit:岁")
    (1234.5, 12000.0, 64.0)
    """
    try:  # the usual case, at the speed of float(), which reads 1_23 as 123
        value = float(text) if variant != "comma" and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    return _careful(str(text), variant) if math.isnan(value) else value


def unit_of(text: str) -> str:
    """The unit that follows a number; "" where there is none.

    >>> unit_of("64岁"), unit_of("64"), unit_of("1 Day"), unit_of("12 KG")
    ('岁', '', 'days', 'kg')
    """
    found = MEASURED.fullmatch(text.strip(SIGNS))
    return _usual(found[1]) if found else ""


def _usual(unit: str) -> str:
    """A unit as it is mostly written."""
    small = unit.casefold()
    return ONE_OF.get(small, small if small in UNITS else unit)


def units_of(texts: Iterable[str]) -> list[str]:
    """The several units of texts that are numbers with one behind each, the most frequent first; none where they are one, or names.

    >>> units_of(["3 kg", "500 g", "2 kg"]), units_of(["3 kg", "2"]), units_of(["3 a", "5 b"])
    (['kg', 'g'], [], [])
    """
    told = [text.strip(SIGNS) for text in texts]
    found = Counter(_usual(unit[1]) for text in told if (unit := COUNTED.fullmatch(text)))
    plain = sum(math.isfinite(written_number(text)) for text in told)
    several = len(found) > 1 and not found.keys().isdisjoint(UNITS) and found.total() + plain == len(told)
    return [unit for unit, _ in found.most_common()] if several else []


def numbers_of(texts: Iterable[str], variant: str = "") -> Floats:
    """The numbers that texts write [n]; NaN where one writes no finite number.

    >>> numbers_of(["64岁", "7", "old"], "unit:岁").tolist()
    [64.0, 7.0, nan]
    """
    values = np.asarray([written_number(text, variant) for text in texts], dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def way_of(column: Column) -> str:
    """The variant that reads the most cells of a column of words as numbers; "", the plain one, before others that read as many.

    Units are several where 2个月 stand beside 2天: then there is no one unit to read them in.

    >>> way_of(Column.of_words("age", ["64岁", "7"])), way_of(Column.of_words("price", ["1.234,56"])), way_of(Column.of_words("x", ["7"]))
    ('unit:岁', 'comma', '')
    """
    levels = [] if column.levels is None else [str(level) for level in column.levels]
    counts = np.bincount(column.cells[column.cells >= 0], minlength=len(levels)) if levels else np.empty(0)
    read = {"": np.isfinite(numbers_of(levels))}
    if not read[""].all():
        units = {unit_of(level) for level in levels} - {""}
        others = ("comma", *(UNIT + unit for unit in units if len(units) == 1))
        read |= {variant: np.isfinite(numbers_of(levels, variant)) for variant in others}
    return max(read, key=lambda variant: float(counts[read[variant]].sum()))


def unit_in(kind: str) -> str:
    """The unit that the cells of a kind are written in; "" where they are plain.

    >>> unit_in("number:unit:岁"), unit_in("number:comma"), unit_in("category")
    ('岁', '', '')
    """
    return kind.partition(":")[2].partition(UNIT)[2]


def _careful(text: str, variant: str) -> float:
    text = text.strip(SIGNS).replace("−", "-")
    if variant.startswith(UNIT):
        unit = variant.removeprefix(UNIT)
        one = next((single for single, several in ONE_OF.items() if several == unit), unit)
        end = next((end for end in (unit, one) if text.casefold().endswith(end)), "")
        text = text[: len(text) - len(end)].rstrip()
    text = text.removesuffix(MONEY).rstrip()
    power = SCALES.get(text[-1:], 0)
    text = text[:-1].rstrip() if power else text
    shape, thousands, point = (COMMA, ".", ",") if variant == "comma" else (POINT, ",", ".")
    found = shape.fullmatch(text)
    if (
        found is None
        or (power and found[4])
        or not any(ch.isdigit() for ch in text[: found.start(4) if found[4] else None])
    ):
        return math.nan  # E25 is a name: an exponent alone is no number
    plain = text.replace(thousands, "").replace(point, ".")
    return float(f"{plain}e{power}" if power else plain)
