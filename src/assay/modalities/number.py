"""Is this column a measured quantity, and what are its numbers?

Text is read with thousands separators, a currency sign or a percent sign, and as Chinese amounts (1.2万); the variant "comma" reads
1.234,56, "unit:岁" what is followed by that one unit, "units:岁" amounts in several that are converted to it, "dms" angles, "clock" durations
as clocks show them (37:48:28) in seconds, and "marks", alone or behind another and a plus sign, bounds and flags (<0.5, 3.1↓),
"order:low,mid,high" words as their places. What is not a finite number is a misfit: missing, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.cells import Cell, Usual, written
from assay.kernel.data import Bools, Column, Ints
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.forms import Feature, Vector
from assay.kernel.labels import MOST_LOOKED_AT, are_codes, are_exponents, long_codes
from assay.kernel.plugins import About, Claim, Opened
from assay.kernel.words import Say, refusal
from assay.kernel.written_durations import is_ambiguous
from assay.kernel.written_numbers import (
    ANGLES,
    SEVERAL,
    clocks_in,
    marked_among,
    numbers_in,
    unit_in,
    way_of,
    written_number,
)
from assay.kernel.written_orders import ORDER, is_order, words_in
from assay.language.personal import FEW_HOLD, sketched
from assay.onnx_graph.graph import Graph

LEAST_SHARE = 0.8  # of the cells must be numbers; the rest are misfits
LEAST_BESIDE = 0.2  # of the cells, where all others are one word: whatever it is, it says that there is no number
SURER = 0.98  # of durations, more of which can be read as times of day than as any other thing, but not all
FEW = 20  # distinct cells up to which one that is no number speaks for a category ("3+" children)
INFINITE = ("inf", "infinity", "∞")  # no finite number, but no name either
MANY = 5_000  # different cells from which on some are read before all are
DRAWN = 1_000  # of them
MISSING = (math.nan,)  # what is encoded of a missing cell


@dataclass(frozen=True)
class Number:
    """A measured quantity."""

    about: ClassVar[About] = About(
        key="number",
        gives=("vector",),
        order=20,
        words={
            "en": {
                "title": "number",
                "no_numbers": "its cells are not numbers",
                "numbers": "{distinct} different numbers",
                "parsed": "{share:%} of its cells are numbers",
                "several": "amounts in several units, all converted to {unit} ({share:%} of its cells)",
                "angles": "angles, read in decimal degrees, south and west below zero ({share:%} of its cells)",
                "clocks": "durations as clocks show them, read in seconds, at least one of them no time of day ({share:%} of its cells)",
                "clock": "{why}; two parts such as {example} are minutes and seconds, as its name does not say hours",
                "clock:hours": "{why}; two parts such as {example} are hours and minutes, as its name says hours",
                "bounds": "{n} {n:bound|bounds} such as {example} {n:is|are} read as the bound; {why}",
                "flags": "{n} {n:flag|flags} as in {example} {n:is|are} left off; {why}",
                "codes": "whole numbers with {distinct} different {distinct:value|values}: a quantity, or codes",
                "zeros": "numbers with leading zeros, as codes have",
                "exponents": "digits around an E in every cell, as codes have",
                "long": "numbers of {digits} digits: they name things, as no quantity is known so exactly",
                "not": "its cells are not numbers",
                "ordered": "one of {words}",
                "order.seen": "'{variant}' names no order of words.",
                "order.expected": "Two different words at least, the lowest first, with commas between them.",
                "order.do": "For example: --kind size=number:order:small,mid,large.",
            },
            "zh": {
                "title": "数值",
                "no_numbers": "单元格不是数值",
                "numbers": "共有 {distinct} 个不同的数值",
                "parsed": "{share:%} 的单元格是数值",
                "several": "多种单位的数量，均已换算为{unit}（占单元格的 {share:%}）",
                "angles": "角度，按十进制度读取，南纬和西经为负（占单元格的 {share:%}）",
                "clocks": "按时钟形式书写的时长，以秒读取，其中至少一个不可能是一天中的时刻（占单元格的 {share:%}）",
                "clock": "{why}；{example} 这样的两段按分和秒读取，因为列名没有提到小时",
                "clock:hours": "{why}；{example} 这样的两段按时和分读取，因为列名提到了小时",
                "bounds": "{n} 个界限值（如 {example}）按该界限读取；{why}",
                "flags": "{n} 个标记（如 {example}）读取时去掉；{why}",
                "codes": "只有 {distinct} 个不同取值的整数：可能是数量，也可能是编码",
                "zeros": "带前导零的数字，通常是编码",
                "exponents": "每个单元格都是数字加 E 再加数字，通常是编码",
                "long": "{digits} 位的数字：应为编号，没有哪种数量能如此精确",
                "not": "单元格不是数值",
                "ordered": "{words} 之一",
                "order.seen": "“{variant}”没有给出词语的顺序。",
                "order.expected": "至少两个不同的词，从低到高，以逗号分隔。",
                "order.do": "例如：--kind 学历=number:order:小学,初中,高中。",
            },
        },
    )
    variants: ClassVar[str] = r"(?=.)(comma|dms|clock(:hours)?|units?:[^+]+|order:.+?)?((?:^|\+)marks)?"
    some: ClassVar[tuple[str, ...]] = (
        "comma",
        "unit:kg",
        "units:kg",
        "marks",
        "comma+marks",
        "dms",
        "clock",
        "order:low,mid,high",
    )
    variant: str = ""

    def __post_init__(self) -> None:
        if self.variant.startswith(ORDER) and not is_order(words_in(f"number:{self.variant}")):
            raise refusal(RequestError, "modalities/number", "order", variant=self.variant)

    def recognise(self, column: Column) -> Claim:
        """How well the column reads as numbers."""
        if column.store == "numbers":
            return Claim(fit=0.9, why=self._say("numbers", distinct=column.distinct))
        if column.store != "words" or column.levels is None or len(column.levels) == 0:
            raise DoesNotApply(self.about.say("modalities", "no_numbers"))
        levels = column.levels
        if len(levels) > MANY and not _any_reads(column):
            raise DoesNotApply(self.about.say("modalities", "no_numbers"))
        counts, texts = np.bincount(column.cells[column.cells >= 0], minlength=len(levels)), [*map(str, levels)]
        best = way_of(column)
        numbers = numbers_in(column, best)
        parsed = np.isfinite(numbers)
        if not counts[parsed].any():
            raise DoesNotApply(self.about.say("modalities", "no_numbers"))
        endless = np.zeros(len(levels), dtype=bool)
        if not parsed.all():
            endless[~parsed] = [str(level).strip("+-− ").casefold() in INFINITE for level in levels[~parsed]]
            endless |= _one_word(levels, counts, parsed)
        share = float(counts[parsed].sum() / max(1, counts[~endless].sum()))  # what has no end is a number gone wrong
        told, distinct = float(counts[parsed].sum() / max(1, counts.sum())), int((counts > 0).sum())
        if share < LEAST_SHARE:
            raise DoesNotApply(self.about.say("modalities", "no_numbers"))
        if counts[~parsed & ~endless].any() and distinct <= FEW:
            return Claim(fit=0.4, why=self._say("parsed", share=told), variant=best)
        if are_codes(texts[:MOST_LOOKED_AT]):
            return Claim(fit=0.3, why=self._say("zeros"), variant=best)
        if are_exponents(texts):
            return Claim(fit=0.3, why=self._say("exponents"), variant=best)
        long = long_codes(texts)
        if counts[long].sum() >= LEAST_SHARE * counts.sum():
            digits = len(str(levels[int(np.argmax(long))]))
            return Claim(fit=0.15, why=self._say("long", digits=digits), variant=best)
        if clocks := clocks_in(f"number:{best}"):
            why = self._clocks(clocks, told, [str(level) for level in levels[counts > 0]])
            why = self._with_marks(why, texts, counts, best)
            return Claim(fit=SURER * share, why=why, variant=best)
        few = distinct <= 12 and not best.startswith(SEVERAL) and all(v == np.round(v) for v in numbers[parsed])
        why = self._say("codes", distinct=distinct) if few else self._parsed(best, told)
        return Claim(fit=0.9 * share, why=self._with_marks(why, texts, counts, best), variant=best)

    def _parsed(self, variant: str, share: float) -> Say:
        """What its numbers are."""
        if variant.startswith(SEVERAL):
            return self._say("several", share=share, unit=unit_in(f"number:{variant}"))
        return self._say("angles" if variant.startswith(ANGLES) else "parsed", share=share)

    def _clocks(self, variant: str, share: float, levels: Sequence[str]) -> Say:
        """That they are durations, and what was taken of those in two parts."""
        why = self._say("clocks", share=share)
        two = next((level for level in levels if is_ambiguous(level)), "")
        return self._say(variant, why=why, example=sketched(two)) if two else why

    def _with_marks(self, why: Say, levels: Sequence[str], counts: Ints, variant: str) -> Say:
        """The same, with how many cells have marks that are read over."""
        bounds, flags = marked_among(levels, variant)
        for key, marked in (("flags", flags), ("bounds", bounds)):
            if n := int(counts[np.asarray(marked, dtype=bool)].sum()):
                most = int(np.argmax(np.where(marked, counts, -1)))
                example = levels[most] if counts[most] >= FEW_HOLD else sketched(levels[most])
                why = self._say(key, why=why, n=n, example=example[:60])
        return why

    def way(self, column: Column) -> str:
        """Decimal commas, the unit that stands in the cells or that others are converted to, durations, and whether bounds are among them."""
        return self.variant or (way_of(column, asked=True) if column.store == "words" else "")

    def open(self, column: Column) -> Opened:
        """Numbers; cells that are no finite number become missing, and so do moments, as they do where they are written."""
        if column.store == "moments":
            column = column.as_words()
        if column.levels is None:
            bad = np.isinf(column.cells)
            cells = np.where(bad, np.nan, column.cells) if bad.any() else column.cells
            return Opened(replace(column, cells=cells, kind="number"), int(bad.sum()), ("inf",) if bad.any() else ())
        parsed = np.append(numbers_in(column, self.variant), np.nan)  # code -1 takes the last: missing
        cells = parsed[column.cells]
        bad = np.isnan(cells) & (column.cells >= 0)
        examples = tuple(str(column.levels[c])[:60] for c in np.unique(column.cells[bad])[:3])
        return Opened(replace(column, cells=cells, levels=None, kind=self._opened), int(bad.sum()), examples)

    def open_cell(self, cell: Cell) -> Cell:
        """The number, None where it is none."""
        if isinstance(cell, float):
            return cell if isfinite(cell) else None
        text = written(cell)
        value = math.nan if text is None else written_number(text, self.variant)
        return value if isfinite(value) else None

    def learn(self, column: Column, rng: np.random.Generator) -> Range:
        """The range seen in training."""
        seen = column.cells[~column.missing]
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else (math.nan, math.nan)
        return Range(column.name, low, high)

    def load(self, box: Box) -> Range:
        """The encoder that was dumped."""
        if box.flag("empty"):
            return Range(box.text("name"), math.nan, math.nan)
        return Range(box.text("name"), box.real("low"), box.real("high"))

    @property
    def _opened(self) -> str:
        """The kind of an opened column: which word a place stands for is part of what its numbers mean."""
        return f"number:{self.variant}" if self.variant.startswith(ORDER) else "number"

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("modalities", key, **values)


@dataclass(frozen=True)
class Range:
    """Passes numbers on, and knows the range it has seen."""

    takes: ClassVar[str] = "double"
    name: str
    low: float
    high: float

    def vector(self, column: Column) -> Vector:
        """The numbers themselves: [n, 1]."""
        return Vector(column.cells.reshape(-1, 1), (Feature(self.name, self.name),))

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """The number itself, and whether it is outside the range."""
        if cell is None:
            return MISSING, False
        assert isinstance(cell, float)
        return (cell,), cell < self.low or cell > self.high

    @property
    def usual(self) -> Usual:
        """The numbers of the range, and missing ones."""
        return Usual(self.low, self.high, missing=math.nan)

    def strange(self, column: Column) -> Bools:
        """Outside the range seen in training."""
        return np.asarray((column.cells < self.low) | (column.cells > self.high))

    def graph(self, graph: Graph, x: str) -> str:
        """The numbers themselves; what has no end is missing, as in `Number.open`."""
        return graph.node("Where", graph.node("IsInf", x), graph.constant(np.asarray(np.nan)), x)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """Numbers a little beyond the range, a tenth missing."""
        low, high = (0.0, 1.0) if math.isnan(self.low) else (self.low, self.high)
        cells = low + (high - low) * rng.uniform(-0.1, 1.1, rows)
        cells[rng.uniform(size=rows) < 0.1] = np.nan
        return Column.of_numbers(self.name, cells)

    def dump(self, box: Box) -> None:
        """Name and range."""
        box.put(name=self.name, empty=math.isnan(self.low))
        if not math.isnan(self.low):
            box.put(low=self.low, high=self.high)


def _one_word(levels: NDArray[Any], counts: Ints, parsed: Bools) -> Bools:
    """Levels [k] that are one and the same word beside many numbers: "n.a.", 未检出. None where there are several."""
    words = ~parsed & (counts > 0)
    same = len({str(level).strip().casefold() for level in levels[words]}) == 1
    many = (counts[parsed] > 0).sum() > FEW and counts[parsed].sum() >= LEAST_BESIDE * counts.sum()
    return words if same and many else np.zeros(len(levels), dtype=bool)


def _any_reads(column: Column) -> bool:
    """Whether any of some cells that are drawn reads as a number: where none does, four in five cannot."""
    present = np.flatnonzero(column.cells >= 0)
    drawn = np.random.default_rng(0).choice(present, min(DRAWN, len(present)))
    some = Column.of_words(column.name, column.take(drawn).texts().tolist())
    return some.levels is not None and bool(np.isfinite(numbers_in(some, way_of(some))).any())
