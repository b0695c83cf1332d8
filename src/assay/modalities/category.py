"""Is this column one of a set of names, and which codes do they get?

Codes are learnt from training rows only: frequent levels get their own; rare ones, of which a file keeps hashes, and unseen ones share the last. A missing
cell is a level of its own where training had one. Of a column with more levels than there are codes a second number tells
these and the next ones apart, for what can learn from thousands of names.

Codes that are whole numbers are named without a point in the variant "whole": one missing cell makes other programs write 203 as
203.0. A column has it where all of its levels are such numbers, none with zeros before it, and none written both ways.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.cells import Cell, Usual, written
from assay.kernel.data import Bools, Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.labels import NOTHING, are_codes, are_exponents, as_number, is_long_code, long_codes, respelled
from assay.kernel.plugins import About, Claim, Opened
from assay.kernel.words import Say
from assay.onnx_graph.graph import TREES, Graph

MOST_LEVELS = 250  # a tree library bins a feature into 255; the rest share one code
MOST_NAMES = 20_000  # of those that a second number tells apart
NAMED = 3  # rows that a name is in at least, to have a code of its own and to stand in a file as it is written
MISSING = ""  # the level that stands for a missing cell
WHOLE = "whole"
WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))(?:\.0+)?")
EXACT = 2.0**53  # numbers below are spelled without an exponent
SENTENCE = 5  # words from which a cell reads as text rather than a name


@dataclass(frozen=True)
class Category:
    """One of a set of names."""

    about: ClassVar[About] = About(
        key="category",
        gives=("vector",),
        order=30,
        words={
            "en": {
                "title": "category",
                "measured": "its cells are measured quantities",
                "names": "{distinct} different names",
                "codes": "{distinct} different whole numbers, which may be codes",
                "many": "{distinct} different names in {rows} rows",
                "not": "its cells are measured quantities",
            },
            "zh": {
                "title": "类别",
                "measured": "单元格是测量值",
                "names": "共有 {distinct} 个不同的名称",
                "codes": "{distinct} 个不同的整数，可能是编码",
                "many": "{rows} 行中有 {distinct} 个不同的名称",
                "not": "单元格是测量值",
            },
        },
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """Few names for many rows; whole numbers with few values are the runner-up to a number."""
        seen = column.cells[~column.missing]
        distinct = column.distinct
        if column.store == "moments" or (
            column.store == "numbers" and (distinct > 100 or not np.all(seen == np.round(seen)))
        ):
            raise DoesNotApply(self.about.say("modalities", "measured"))
        met = self.way(column)
        if column.levels is None:
            return Claim(fit=0.5 if distinct <= 30 else 0.2, why=self._say("codes", distinct=distinct), as_met=met)
        levels = [str(level) for level in column.levels[:1000]]
        numbers = _numbers(column, levels)
        padded = are_codes(levels)
        if len(numbers) > 0.8 * len(levels) and not (are_exponents(levels) or padded):
            if distinct > 100 or any(v != round(v) for v in numbers):
                raise DoesNotApply(self.about.say("modalities", "measured"))
            return Claim(fit=0.5 if distinct <= 30 else 0.2, why=self._say("codes", distinct=distinct), as_met=met)
        sentences = sum(len(re.findall(r"\w+", level)) >= SENTENCE for level in levels) / max(1, len(levels))
        crowded = distinct > 0.5 * len(seen) and distinct > 20
        fit = 0.8 - 0.4 * crowded - 0.3 * (sentences > 0.3 and distinct > 30)
        if crowded and padded and len(numbers) > 0.8 * len(levels):
            fit = 0.2  # amounts may be filled up with zeros, too
        key = "many" if crowded else "names"
        return Claim(fit=fit, why=self._say(key, distinct=distinct, rows=len(column)), as_met=met)

    def way(self, column: Column) -> str:
        """Whether the names are whole numbers, one of each."""
        if self.variant or column.store == "moments":
            return self.variant
        if column.levels is None:
            seen = column.cells[~column.missing]
            return WHOLE if len(seen) and np.all((seen == np.round(seen)) & (np.abs(seen) < EXACT)) else ""
        used = np.unique(column.cells[column.cells >= 0])
        found = (WHOLE_NUMBER.fullmatch(str(column.levels[code])) for code in used)
        met: set[str] = set()
        for number in found:
            if number is None or number[1] in met:
                return ""
            met.add(number[1])
        return WHOLE if met else ""

    def open(self, column: Column) -> Opened:
        """Names as written; whole numbers without a point, be they numbers or, in the variant, words."""
        words = replace(column.as_words(), kind="category")
        return Opened(respelled(words, _whole) if self.variant == WHOLE else words)

    def open_cell(self, cell: Cell) -> Cell:
        """The name as written, or in the variant without a point."""
        name = written(cell)
        return name if name is None or self.variant != WHOLE else _whole(name)

    def learn(self, column: Column, rng: np.random.Generator) -> Codes:
        """A code for each frequent level, the most frequent first."""
        assert column.levels is not None
        counts = np.bincount(column.cells[column.cells >= 0], minlength=len(column.levels))
        seen = np.flatnonzero(counts)
        order = sorted(seen.tolist(), key=lambda c: (-int(counts[c]), str(column.levels[c])))  # type: ignore[index]
        kept = [c for c in order if counts[c] >= NAMED][: MOST_LEVELS + MOST_NAMES]  # nobody who stands alone is named
        levels, names = ([str(column.levels[c]) for c in part] for part in (kept[:MOST_LEVELS], kept[MOST_LEVELS:]))
        if (column.cells < 0).any():
            levels.append(MISSING)
        rare = frozenset(_hash(str(column.levels[c])) for c in order[len(kept) :][:100_000])
        return Codes(column.name, tuple(levels), rare, tuple(names))

    def load(self, box: Box) -> Codes:
        """The encoder that was dumped."""
        if "rare" in box.values:  # files of the first releases held the names themselves
            return Codes(box.text("name"), tuple(box.texts("levels")), frozenset(map(_hash, box.texts("rare"))))
        names = tuple(box.texts("names")) if "names" in box.values else ()
        return Codes(box.text("name"), tuple(box.texts("levels")), frozenset(box.texts("rare_hashes")), names)

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("modalities", key, **values)


@dataclass(frozen=True)
class Codes:
    """A code for each frequent level, `len(levels)` for every other; where there are `names`, a second number for these."""

    takes: ClassVar[str] = "string"
    name: str
    levels: tuple[str, ...]
    # Hashes of those seen in training, but too seldom for a code: a file names none of them.
    rare: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()  # those that come after the levels, where there are more than codes

    def vector(self, column: Column) -> Vector:
        """Codes as numbers: [n, 1], or [n, 2] with names."""
        lookup, other = self._codes, self._others
        codes = _each(column, lambda name: lookup.get(MISSING if name is None else name, other), np.float64)
        features = [Feature(self.name, self.name, "code", self.levels)]
        if self.names:
            features.append(Feature(f"{self.name} (every name)", self.name, "name", self._every))
        return Vector(codes.reshape(-1, len(features)), tuple(features))

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """The code of a name, and whether training never saw it."""
        name = MISSING if cell is None else cell
        code = self._codes.get(name)  # type: ignore[arg-type]
        if code is not None:
            return code, False
        return self._others, cell is not None and _hash(str(cell)) not in self.rare

    @property
    def usual(self) -> Usual:
        """The names that have a code, and missing ones; none where a cell comes to two numbers."""
        if self.names:
            return Usual()
        codes = {name: code for name, (code,) in self._codes.items() if name != MISSING}
        return Usual(codes=codes, missing=self._codes.get(MISSING, self._others)[0])

    def strange(self, column: Column) -> Bools:
        """A level that training never saw."""
        known = self._codes
        return _each(
            column, lambda name: name is not None and name not in known and _hash(name) not in self.rare, np.bool_
        )

    @functools.cached_property
    def _codes(self) -> dict[str, tuple[float, ...]]:
        places, most, width = enumerate(self._every), len(self.levels), len(self._others)
        return {name: (float(min(place, most)), float(place))[:width] for place, name in places}

    @property
    def _every(self) -> tuple[str, ...]:
        return (*self.levels, *self.names)

    @functools.cached_property
    def _others(self) -> tuple[float, ...]:
        """Of every name without a number of its own."""
        return (float(len(self.levels)), float(len(self._every)))[: 1 + bool(self.names)]

    def graph(self, graph: Graph, x: str) -> str:
        """The code of each name, or the one for all others; the second number beside it where there are names."""
        parts = [graph.number(_places(graph, x, names)) for names in (self.levels, self._every)[: len(self._others)]]
        return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """Known names, one that is unseen, and missing ones."""
        names = [*(level or None for level in self.levels), *self.names, "…", None]
        return Column.of_words(self.name, [names[k] for k in rng.integers(0, len(names), rows)])

    def dump(self, box: Box) -> None:
        """Name, levels and names."""
        box.put(name=self.name, levels=list(self.levels), rare_hashes=sorted(self.rare))
        if self.names:
            box.put(names=list(self.names))


def _numbers(column: Column, levels: list[str]) -> list[float]:
    """The finite numbers among the first levels of a column that are no names of things."""
    if column.floats is None:
        return [v for level in levels if (v := as_number(level)) is not None and not is_long_code(level)]
    values = column.floats[: len(levels)]
    found: list[float] = values[np.isfinite(values) & ~long_codes(levels)].tolist()
    return found


def _whole(name: str) -> str:
    """A whole number without a point; any other name as it is."""
    found = WHOLE_NUMBER.fullmatch(name)
    return found[1] if found else name


def _hash(name: str) -> str:
    """By which a name is known again that is not to be told: 64 bits of its SHA-256."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _places(graph: Graph, x: str, names: tuple[str, ...]) -> str:
    """The place of each text among names, that of a missing cell for whatever the doors read as missing; their number for every other."""
    places = {name: place for place, name in enumerate(names)} or {MISSING: 0}  # a table must hold something
    if MISSING in places:
        places = dict.fromkeys(NOTHING, places[MISSING]) | places
    told, codes = list(places), list(places.values())
    return graph.node("LabelEncoder", x, domain=TREES, keys_strings=told, values_int64s=codes, default_int64=len(names))


def _each(column: Column, of: Callable[[str | None], Any], dtype: type) -> NDArray[Any]:
    """`of` every cell's name, None where missing, asked once a name: [n]."""
    assert column.levels is not None
    if len(column.levels) <= len(column):  # the last place is that of code -1
        return np.asarray(np.asarray([*map(of, map(str, column.levels)), of(None)], dtype=dtype)[column.cells])
    used, inverse = np.unique(column.cells, return_inverse=True)  # one row of a million names asks for one
    names = [str(column.levels[c]) if c >= 0 else None for c in used]
    return np.asarray(np.asarray([of(name) for name in names], dtype=dtype)[inverse])
