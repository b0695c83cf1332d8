"""What was declared of each column before any row was read?

A declared range or list of levels tells nothing of the rows, so cells made of it cost no privacy. A schema is a mapping from column
names to one of

    {"low": 18, "high": 100}                    a number; what is outside counts as the nearer end
    {"low": 0, "high": 1e6, "edges": [1e3, 1e4]}  the same, with the inner edges of its cells
    {"levels": ["north", "south"]}              names; any other counts as "other"
    {"levels": [1, 2, 3]}                       numbers that are codes; any other counts as the nearest
    {"text": true}                              free text, which a pretrained encoder reads; no vocabulary is learnt

with "decimal": "comma" where numbers are written so, and "unit": "kg" where one stands behind each. The target is declared like any column. A schema must not be made from the rows
it is to protect: that cannot be seen from it, and the guarantee says so.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..kernel.data import Floats
from ..kernel.errors import RequestError
from ..kernel.labels import as_number
from ..kernel.words import Say, refusal
from ..kernel.written_numbers import UNIT, unit_in

CELLS = 48  # of a number, where no edges are declared
WHOLE = 64  # a range of whole ends up to this long has a cell for each whole number
WIDE = 1000.0  # from this length on cells are narrow near zero and wide far from it: amounts are seldom even
MOST_LEVELS, MOST_EDGES = 1000, 1000
SHAPES = {"span": '{"low": 0, "high": 100}', "names": '{"levels": ["a", "b"]}'}  # what may stand for a column
TEXT = '{"text": true}'
KNOWN = {"low", "high", "edges", "levels", "decimal", "unit", "text"}


@dataclass(frozen=True)
class Declared:
    """One column: a range with the inner edges of its cells, or levels, or text."""

    name: str
    low: float = 0.0
    high: float = 0.0
    inner: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    comma: bool = False
    unit: str = ""  # behind each number
    text: bool = False

    @property
    def kind(self) -> str:
        """The modality that opens it."""
        if self.text or self.named:
            return "text" if self.text else "category"
        return f"number:{UNIT}{self.unit}" if self.unit else "number:comma" if self.comma else "number"

    @property
    def named(self) -> bool:
        """Whether its levels are names. Levels that are numbers are read as numbers, so that "1.0" is 1 whatever else the column holds."""
        return bool(self.levels) and not self.points

    @property
    def points(self) -> tuple[float, ...]:
        """The levels by size, where all are numbers."""
        found = [as_number(level) for level in self.levels]
        return () if None in found else tuple(sorted(v for v in found if v is not None))

    @property
    def ends(self) -> tuple[float, float]:
        """The range, or the least and the largest of levels that are numbers."""
        return (self.points[0], self.points[-1]) if self.points else (self.low, self.high)

    def edges(self) -> Floats:
        """The inner edges of a number's cells, rising; between levels, where it has such."""
        if self.points:
            return np.asarray([a + (b - a) / 2 for a, b in pairwise(self.points)], dtype=np.float64)
        return np.asarray(self.inner or _edges(self.low, self.high), dtype=np.float64)


def read_schema(given: Any) -> dict[str, Declared]:
    """The declarations by column, from a mapping or a JSON file. Raises RequestError that tells every mistake."""
    raw = given
    if isinstance(given, (str, os.PathLike)):
        try:
            raw = json.loads(Path(given).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise refusal(RequestError, "privacy", "no_schema_file", path=str(given), error=str(error)[:200]) from error
    if not isinstance(raw, Mapping) or not raw:
        raise refusal(RequestError, "privacy", "bad_schema", wrong=[Say("privacy", "schema.mapping")], **SHAPES)
    found, wrong = {}, []
    for name, said in raw.items():
        one = _declared(str(name), said)
        if isinstance(one, Say):
            wrong.append(one)
        else:
            found[str(name)] = one
    if wrong:
        raise refusal(RequestError, "privacy", "bad_schema", wrong=wrong, **SHAPES)
    return found


def example(kinds: Sequence[tuple[str, str]]) -> str:
    """A schema to be filled in, of names and kinds alone: no value of any row is in it.

    >>> example([("age", "number:unit:岁")])
    '{"age": {"low": 0, "high": 1, "unit": "岁"}}'
    """
    said: dict[str, Any] = {}
    for name, kind in kinds:
        if kind.partition(":")[0] != "number":
            said[name] = {"levels": ["…", "…"]}
            continue
        written = (
            {"unit": unit_in(kind)}
            if unit_in(kind)
            else {"decimal": "comma"}
            if kind.startswith("number:comma")
            else {}
        )
        said[name] = {"low": 0, "high": 1, **written}
    return json.dumps(said, ensure_ascii=False)


def _declared(name: str, said: Any) -> Declared | Say:
    """One declaration, or what is wrong with it."""
    if isinstance(said, Mapping) and "text" in said:
        alone = set(said) == {"text"} and said["text"] is True
        return Declared(name, text=True) if alone else Say("privacy", "schema.text", {"name": name, "shape": TEXT})
    if not isinstance(said, Mapping) or set(said) - KNOWN or ("levels" in said) == ("low" in said or "high" in said):
        return Say("privacy", "schema.shape", {"name": name})
    if "levels" in said:
        levels = said["levels"]
        fits = isinstance(levels, (list, tuple)) and 1 <= len(levels) <= MOST_LEVELS
        if not fits or not all(
            isinstance(v, (str, int, float)) and not isinstance(v, bool) and v != "" for v in levels
        ):
            return Say("privacy", "schema.levels", {"name": name, "most": MOST_LEVELS})
        if "unit" in said:
            return Say("privacy", "schema.unit", {"name": name})
        words = tuple(v if isinstance(v, str) else f"{v:.15g}" for v in levels)
        one = Declared(name, levels=words, comma=said.get("decimal") == "comma")
        if len(set(one.points or words)) < len(words):
            return Say("privacy", "schema.twice", {"name": name})
        return one
    low: Any = said.get("low")
    high: Any = said.get("high")
    inner: Any = said.get("edges", ())
    if not _finite(low) or not _finite(high) or not low < high or not math.isfinite(high - low):
        return Say("privacy", "schema.range", {"name": name})
    fits = isinstance(inner, (list, tuple)) and len(inner) <= MOST_EDGES and all(map(_finite, inner))
    if not fits or any(a >= b for a, b in zip((low, *inner), (*inner, high), strict=True)):
        return Say("privacy", "schema.edges", {"name": name})
    if said.get("decimal", "point") not in ("point", "comma"):
        return Say("privacy", "schema.decimal", {"name": name})
    comma, unit = said.get("decimal") == "comma", said.get("unit", "")
    if not isinstance(unit, str) or unit != unit.strip() or ("unit" in said) > bool(unit) or (comma and unit):
        return Say("privacy", "schema.unit", {"name": name})
    return Declared(name, float(low), float(high), tuple(map(float, inner)), comma=comma, unit=unit)


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _edges(low: float, high: float) -> Floats:
    """Edges by the declared ends alone.

    >>> _edges(1, 4).tolist()
    [1.5, 2.5, 3.5]
    """
    length = high - low
    if length <= WHOLE and low == round(low) and high == round(high) and length > 1:
        return np.arange(low, high) + 0.5
    if length < WIDE:
        return np.asarray(np.linspace(low, high, CELLS + 1)[1:-1])
    unit = length / WIDE
    evenly = np.linspace(math.asinh(low / unit), math.asinh(high / unit), CELLS + 1)[1:-1]
    return np.unique(np.sinh(evenly) * unit)
