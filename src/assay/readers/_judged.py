"""Is a column of texts numbers or words, when it is seen block by block?

By itself a block would be judged by its own cells, and the last one, being short, might keep as words ("1.50") what the whole
column is as numbers (1.5). A judge sees all blocks once, keeps no more than a thousand different cells, and says what `_columns`
would have said of the whole. One thing is counted block by block: the share of cells that have a decimal comma.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assay.kernel.labels import NOTHING

from ._columns import (
    COMMA_SHARE,
    FEW,
    GROUPINGS,
    MISSING_AMONG_NUMBERS,
    Comma,
    Judged,
    as_numbers,
    bare_texts,
    fits_comma,
    grouping_of,
    has_points,
    looks_numeric,
    with_points,
)

SAMPLE = 20 * FEW  # rows at the beginning, by whose different cells a long column is told


@dataclass
class _Plain:
    """Whether all different cells so far are plain numbers, and some of them."""

    plain: bool = True
    seen: set[str] = field(default_factory=set)

    def see(self, levels: Any) -> None:
        if not self.plain or not len(levels):
            return
        self.plain = as_numbers(levels) is not None
        if len(self.seen) <= FEW:
            self.seen.update(levels.slice(0, FEW + 1).to_pylist())


class Judge:
    """Sees the texts of a column, block after block."""

    def __init__(self, comma: Comma) -> None:
        self._comma = comma
        self._bare = _Plain()
        self._pointed = {grouping: _Plain() for grouping in (GROUPINGS if comma.decimal else ())}
        self._levels = self._fits = self._rows = 0
        self._commas = self._points = self._marks = self._rest = False
        self._numeric = True
        self._first: set[str | None] = set()

    def see(self, texts: Any) -> None:
        """Texts of a block, an Arrow array."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._rows < SAMPLE and len(self._first) <= FEW:
            self._first.update(texts.slice(0, SAMPLE - self._rows).unique().to_pylist())
        self._rows += len(texts)
        levels = bare_texts(pc.drop_null(texts.unique())).unique()
        levels = levels.filter(pc.invert(pc.is_in(levels, value_set=pa.array(NOTHING, levels.type))))
        marks = pc.is_in(levels, value_set=pa.array(MISSING_AMONG_NUMBERS, levels.type))
        self._marks |= bool(pc.any(marks).as_py())
        levels = levels.filter(pc.invert(marks))
        self._rest |= len(levels) > 0
        self._bare.see(levels)
        if self._numeric and not self._bare.plain:
            self._numeric = all(looks_numeric(text) for text in levels.to_pylist())
        if self._comma.decimal:
            self._see_commas(levels)

    def _see_commas(self, levels: Any) -> None:
        import pyarrow.compute as pc

        self._levels += len(levels)
        self._fits += pc.sum(fits_comma(levels)).as_py() or 0
        self._commas |= bool(pc.any(pc.match_substring(levels, ",")).as_py())
        self._points |= has_points(levels)
        for grouping, plain in self._pointed.items():
            plain.see(with_points(levels, grouping).unique())

    def judged(self) -> Judged:
        """What the whole column is."""
        missing = self._marks and self._rest and self._numeric
        long = len(self._first) > FEW and not self._marks
        if long and self._bare.plain:
            return Judged(numbers=True, marks=False, grouping="")
        commas = self._comma.decimal and self._levels > 0 and self._fits >= COMMA_SHARE * self._levels
        grouping = grouping_of(self._commas, self._points, self._comma) if commas else ""
        plain = self._pointed[grouping] if grouping else self._bare
        numbers = plain.plain and len(plain.seen) > FEW and (missing or not self._marks)
        return Judged(numbers=numbers, marks=missing, grouping=grouping)
