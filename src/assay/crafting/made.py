"""Which columns are made of other columns, and how?

Two ways, both plain arrays: arithmetic of two numbers, and a table that is looked up by the drawer of one key or of two
(the mean of the target among rows like this one, how many such rows there were, or how far a number lies from the mean
of its group). The same arrays serve a million rows and a single one.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats, Ints
from .keys import Key

DIFFERENCE, SUM, PRODUCT, RATIO = range(4)
HOW = {DIFFERENCE: "minus", SUM: "plus", PRODUCT: "times", RATIO: "over"}
MOST_CELLS = 20_000_000  # of all tables of a file


@dataclass(frozen=True, eq=False)
class Made:
    """New columns from a vector [n, columns]: first the arithmetic ones, then those that are looked up."""

    columns: int  # of the vector it is given
    operation: NDArray[np.int8]  # [a]
    left: Ints  # [a]
    right: Ints  # [a]
    keys: tuple[Key, ...]
    first: Ints  # [t] a key
    second: Ints  # [t] a key, or -1
    minus: Ints  # [t] the number that the looked-up one is taken from, or -1
    tables: tuple[Floats, ...]  # [t] each of [drawers]

    @property
    def width(self) -> int:
        """New columns."""
        return len(self.left) + len(self.first)

    def of(self) -> frozenset[tuple[str, tuple[int, ...]]]:
        """How each new column is made, and of which columns: "minus", "plus", "times" or "over" of two, "by" one or two, or a number
        "against" its mean by the one or two behind it."""
        pairs = zip(self.operation.tolist(), self.left.tolist(), self.right.tolist(), strict=True)
        found: set[tuple[str, tuple[int, ...]]] = {(HOW[code], (left, right)) for code, left, right in pairs}
        for first, second, minus in zip(self.first.tolist(), self.second.tolist(), self.minus.tolist(), strict=True):
            by = tuple(self.keys[k].column for k in (first, second) if k >= 0)
            found.add(("by", by) if minus < 0 else ("against", (minus, *by)))
        return frozenset(found)

    def __call__(self, values: Floats) -> Floats:
        """The columns with the new ones beside them: [n, columns + width]."""
        return np.hstack([values, arithmetic(values, self.operation, self.left, self.right), self._looked_up(values)])

    def _looked_up(self, values: Floats) -> Floats:
        drawers = {k: key(values) for k, key in enumerate(self.keys)}
        out = np.empty((len(values), len(self.first)))
        for t, table in enumerate(self.tables):
            out[:, t] = table[crossed(drawers, self.keys, int(self.first[t]), int(self.second[t]))]
            if self.minus[t] >= 0:
                out[:, t] = values[:, self.minus[t]] - out[:, t]
        return out

    def single(self) -> Callable[[Sequence[float]], list[float]]:
        """The same for one row: from values [columns] to those and the new ones."""
        of = {DIFFERENCE: operator.sub, SUM: operator.add, PRODUCT: operator.mul, RATIO: _ratio}
        operations = [of[code] for code in self.operation.tolist()]
        pairs = list(zip(operations, self.left.tolist(), self.right.tolist(), strict=True))
        drawer_of = [key.single() for key in self.keys]
        asked = list(zip(self.first.tolist(), self.second.tolist(), self.minus.tolist(), self.tables, strict=True))
        sizes = [key.size for key in self.keys]

        def beside(values: Sequence[float]) -> list[float]:
            out = [*values]
            for operation, a, b in pairs:
                x = operation(values[a], values[b])
                out.append(x if math.isfinite(x) else math.nan)
            drawers = [drawer(values) for drawer in drawer_of]
            for first, second, minus, table in asked:
                place = drawers[first] if second < 0 else drawers[first] * sizes[second] + drawers[second]
                x = table.item(place)
                out.append(x if minus < 0 else values[minus] - x)
            return out

        return beside

    @functools.cached_property
    def sources(self) -> tuple[tuple[int, ...], ...]:
        """The columns that each new column is made of."""
        found: list[tuple[int, ...]] = [(int(a), int(b)) for a, b in zip(self.left, self.right, strict=True)]
        for a, b, minus in zip(self.first, self.second, self.minus, strict=True):
            parts = [self.keys[a].column, *([self.keys[b].column] if b >= 0 else []), *([minus] if minus >= 0 else [])]
            found.append(tuple(int(p) for p in parts))
        return tuple(tuple(dict.fromkeys(parts)) for parts in found)

    def shared(self, pulls: Floats) -> Floats:
        """Pulls [n, columns + width + 1, w] as pulls [n, columns + 1, w]: each new column's in equal parts to its sources."""
        out = np.concatenate([pulls[:, : self.columns], pulls[:, -1:]], axis=1)
        for place, parts in enumerate(self.sources):
            for part in parts:
                out[:, part] += pulls[:, self.columns + place] / len(parts)
        return out

    def dump(self, box: Box) -> None:
        """Everything as arrays."""
        box.put(columns=self.columns)
        for name in ("operation", "left", "right", "first", "second", "minus"):
            box.put_array(name, getattr(self, name))
        box.put_array("key_columns", np.asarray([key.column for key in self.keys], dtype=np.int64))
        box.put_array("key_sizes", np.asarray([key.size for key in self.keys], dtype=np.int64))
        box.put_array("key_edges", np.asarray([len(key.edges) for key in self.keys], dtype=np.int64))
        box.put_array("edges", _flat([key.edges for key in self.keys]))
        box.put_array("tables", _flat(list(self.tables)))

    @classmethod
    def load(cls, box: Box, columns: int) -> Made:
        """What was dumped, checked against the number of columns it will be given. Raises BundleInvalid."""
        if box.whole("columns", 1) != columns:
            raise box.refuse(f"made columns are of {box.whole('columns', 1)} columns, not of {columns}")
        keys = _keys(box, columns)
        arithmetic = box.array("operation", np.int8, (None,))
        a = len(arithmetic)
        left, right = (_within(box, name, a, 0, columns) for name in ("left", "right"))
        if a and not 0 <= arithmetic.min() <= arithmetic.max() <= RATIO:
            raise box.refuse("an operation is unknown")
        t = len(box.array("first", np.int64, (None,)))
        first, second = _within(box, "first", t, 0, len(keys)), _within(box, "second", t, -1, len(keys))
        minus = _within(box, "minus", t, -1, columns)
        sizes = [keys[i].size * (keys[j].size if j >= 0 else 1) for i, j in zip(first, second, strict=True)]
        if sum(sizes) > MOST_CELLS:
            raise box.refuse("the tables of made columns are too large")
        cells = box.array("tables", np.float64, (sum(sizes),))
        ends = np.cumsum([0, *sizes])
        tables = tuple(cells[start:end] for start, end in itertools.pairwise(ends))
        return cls(columns, arithmetic, left, right, keys, first, second, minus, tables)


def arithmetic(values: Floats, operation: NDArray[np.int8], left: Ints, right: Ints) -> Floats:
    """Operations on pairs of columns: [n, len(operation)]; NaN where an operand is missing or a divisor is zero."""
    a, b = values[:, left], values[:, right]
    out = np.empty((len(values), len(operation)))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for code, of in ((DIFFERENCE, np.subtract), (SUM, np.add), (PRODUCT, np.multiply), (RATIO, np.divide)):
            on = operation == code
            out[:, on] = of(a[:, on], b[:, on])
    out[~np.isfinite(out)] = np.nan
    return out


def _ratio(a: float, b: float) -> float:
    return a / b if b else math.nan


def crossed(drawers: dict[int, Ints], keys: tuple[Key, ...], first: int, second: int) -> Ints:
    """The drawer of each row by one key, or by two."""
    return drawers[first] if second < 0 else drawers[first] * keys[second].size + drawers[second]


def _keys(box: Box, columns: int) -> tuple[Key, ...]:
    where = box.array("key_columns", np.int64, (None,))
    k = len(where)
    where = _within(box, "key_columns", k, 0, columns)
    sizes, lengths = _within(box, "key_sizes", k, 2, MOST_CELLS), _within(box, "key_edges", k, 0, MOST_CELLS)
    edges = box.array("edges", np.float64, (int(lengths.sum()),))
    ends = np.cumsum([0, *lengths.tolist()])
    parts = [edges[start:end] for start, end in itertools.pairwise(ends)]
    for size, part in zip(sizes, parts, strict=True):
        if len(part) and (len(part) + 2 != size or (np.diff(part) <= 0).any()):
            raise box.refuse("the edges of a key do not rise, or do not fit its drawers")
    return tuple(Key(int(c), part, int(size)) for c, part, size in zip(where, parts, sizes, strict=True))


def _within(box: Box, name: str, length: int, low: int, high: int) -> Ints:
    found: Ints = box.array(name, np.int64, (length,))
    if length and not (low <= found.min() and found.max() < high):
        raise box.refuse(f"'{name}' points outside")
    return found


def _flat(parts: list[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *parts])
