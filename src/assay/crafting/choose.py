"""Which columns, made of others, tell what a first model has left over?

The candidates: sums, differences, products and ratios of the numbers that matter most; tables of one code and of
crosses of two columns; numbers against the mean of their group (after TabPrep, arXiv 2606.02384). Each is measured by the
share of the left-over it explains on rows that its own bins were not learnt from; only those that explain some are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Floats, Ints
from ..kernel.forms import Vector
from ..stats.splitting import held_back
from .keys import Key, key_of
from .made import DIFFERENCE, PRODUCT, RATIO, SUM, Made, arithmetic, crossed
from .sums import Sums

ROWS = 12_000  # looked at when candidates are measured
NUMBERS, CROSSED, GROUPS = 12, 10, 5  # of the columns that matter most: how many are combined with each other
MOST_DRAWERS = 30_000  # of one table
LEAST_DISTINCT = 6  # values of a number that is worth arithmetic
SHRINK = 50.0  # rows' worth of pull of a drawer's mean towards that of all: where tables are measured, and of numbers
NAMED_ROWS = 200_000  # looked at when it is asked whether rare names tell anything
LEAST_SHARE, LEAST_SHARE_OF_TABLE = 0.002, 0.01  # of the left-over a made column must explain
LEAST_SHARE_OF_NAMES = 0.002  # of the target
TARGET, COUNT, GROUP_MEAN = range(3)  # what a table holds
INNER = 5  # folds within the training rows, so that no row's own target enters its table
BINS = 16  # in which a made number is measured


@dataclass(frozen=True, eq=False)
class Recipe:
    """Which columns are to be made; the tables are filled from training rows by `make`."""

    columns: int
    operation: NDArray[np.int8]
    left: Ints
    right: Ints
    keys: tuple[Key, ...]
    first: Ints
    second: Ints
    minus: Ints
    holds: Ints  # TARGET, COUNT or GROUP_MEAN
    outputs: int  # of a target table: one table each

    def make(
        self, values: Floats, hot: Floats, weight: Floats | None, rng: np.random.Generator, groups: Ints | None = None
    ) -> tuple[Made, Floats]:
        """Tables of all rows, and the training rows with their new columns: [n, columns + width].

        hot    : what target tables hold the mean of, [n, outputs]
        groups : of rows that belong together [n]

        A training row's own target does not enter what it is told (out-of-fold target encoding; Micci-Barreca 2001,
        Pargent et al. 2022), nor does that of another row of its group: its tables are made of the other inner folds.
        """
        weight = np.ones(len(values)) if weight is None else weight
        drawers = {k: key(values) for k, key in enumerate(self.keys)}
        made = self._made(values, hot, weight, drawers)
        out = made(values)
        fold = held_back(len(values), INNER, rng, groups)
        start = self.columns + len(self.operation)
        targets = [t for t in range(len(made.first)) if self._holds[t] == TARGET]
        for t in targets:
            place = crossed(drawers, self.keys, int(made.first[t]), int(made.second[t]))
            y, size = hot[:, self._output[t]], len(made.tables[t])
            for number in range(INNER):
                rows, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
                table = _sums(place[rest], y[rest], weight[rest], size).drawn()
                out[rows, start + t] = table[place[rows]]
        return made, out

    @property
    def _holds(self) -> list[int]:
        return [int(h) for h in self.holds for _ in range(self.outputs if h == TARGET else 1)]

    @property
    def _output(self) -> list[int]:
        return [o for h in self.holds for o in range(self.outputs if h == TARGET else 1)]

    def _made(self, values: Floats, hot: Floats, weight: Floats, drawers: dict[int, Ints]) -> Made:
        first, second, minus, tables = [], [], [], []
        for a, b, number, holds in zip(self.first, self.second, self.minus, self.holds, strict=True):
            place = crossed(drawers, self.keys, int(a), int(b))
            size = self.keys[a].size * (self.keys[b].size if b >= 0 else 1)
            found = self._tables(int(holds), place, size, values, hot, weight, int(number))
            tables += found
            first += [int(a)] * len(found)
            second += [int(b)] * len(found)
            minus += [int(number)] * len(found)
        at = [np.asarray(x, dtype=np.int64) for x in (first, second, minus)]
        return Made(self.columns, self.operation, self.left, self.right, self.keys, at[0], at[1], at[2], tuple(tables))

    def _tables(
        self, holds: int, place: Ints, size: int, values: Floats, hot: Floats, weight: Floats, number: int
    ) -> list[Floats]:
        if holds == TARGET:
            return [_sums(place, hot[:, o], weight, size).drawn() for o in range(self.outputs)]
        if holds == COUNT:
            return [np.log1p(np.bincount(place, minlength=size)) - np.log1p(len(place))]
        x = values[:, number]
        seen = ~np.isnan(x)
        return [_sums(place[seen], x[seen], weight[seen], size).means(SHRINK)]


def _sums(place: Ints, y: Floats, weight: Floats, size: int) -> Sums:
    """Of values from their mean, which keeps squares exact."""
    return Sums.of(place, y, weight, size, float(y.mean()) if len(y) else 0.0)


def of_names(
    vector: Vector, hot: Floats, clock: Clock, rng: np.random.Generator, groups: Ints | None = None
) -> list[Spec]:
    """A table of the target for each column with names too rare for a code, where they tell anything and there is time to see it.

    hot    : what the tables hold the mean of, [n, outputs]
    groups : of rows that belong together [n]
    """
    if all(feature.kind != "name" for feature in vector.features):
        return []
    rows = np.sort(rng.permutation(len(vector.values))[:NAMED_ROWS])
    values, judge = vector.values[rows], _Judge(hot[rows], clock, rng, None if groups is None else groups[rows])
    found = []
    for i, feature in enumerate(vector.features):
        key = key_of(i, feature, values[:, i]) if feature.kind == "name" else None
        if key is not None and judge.of_key(key, values) > LEAST_SHARE_OF_NAMES:
            found.append(Spec(a=i, holds=TARGET))
    return found


def choose(
    vector: Vector,
    left_over: Floats,
    gains: Floats,
    most: int,
    clock: Clock,
    rng: np.random.Generator,
    groups: Ints | None = None,
) -> list[Spec]:
    """The made columns that explain most of what is left over, of those that were measured when the clock ran out.

    Those of rare names are none of them: `of_names` tells which of these are worth it.

    left_over : [n, w] residuals of a first model on rows that it did not learn from
    gains     : [d] how much each column matters to it
    most      : made columns at most
    groups    : of rows that belong together [n]
    """
    rows = np.sort(rng.permutation(len(vector.values))[:ROWS])
    values, rest = vector.values[rows], left_over[rows]
    judge = _Judge(rest, clock, rng, None if groups is None else groups[rows])
    order = [int(i) for i in np.argsort(-gains, kind="stable")]
    pairs = [item for item in _pairs(vector, values, order, judge) if item[0] > LEAST_SHARE]
    tables = [item for item in _lookups(vector, values, order, judge) if item[0] > LEAST_SHARE_OF_TABLE]
    return [item[1] for item in sorted([*pairs, *tables], key=lambda item: -item[0])[:most]]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One column that might be made."""

    a: int  # left operand, or the column of the key
    b: int = -1  # right operand, or the column of the other key
    operation: int = -1  # of arithmetic; -1 where a table is looked up
    number: int = -1  # what the group's mean is taken from
    holds: int = TARGET  # of a table


class _Judge:
    """Shares of the left-over explained, each half of the rows judged by the other."""

    def __init__(self, rest: Floats, clock: Clock, rng: np.random.Generator, groups: Ints | None) -> None:
        self.clock = clock
        self.rest = rest - rest.mean(axis=0)
        self.half = held_back(len(rest), 2, rng, groups) == 0
        self.total = float((self.rest**2).sum()) or 1.0

    def of(self, place: Ints, size: int) -> float:
        """What the means of drawers explain; nothing where it cannot be measured in time."""
        gain = 0.0
        if self.clock.expired():
            return gain
        for learn, told in ((self.half, ~self.half), (~self.half, self.half)):
            count = np.bincount(place[learn], minlength=size) + SHRINK
            for output in range(self.rest.shape[1]):
                r = self.rest[:, output]
                mean = (np.bincount(place[learn], weights=r[learn], minlength=size) / count)[place[told]]
                gain += float((2 * r[told] * mean - mean**2).sum())
        return gain / self.total

    def of_key(self, key: Key, values: Floats) -> float:
        """What the means of a key's drawers explain, with the pull that they ask for."""
        place = key(values)
        gain = 0.0
        if self.clock.expired():
            return gain
        for learn, told in ((self.half, ~self.half), (~self.half, self.half)):
            even = np.ones(int(learn.sum()))
            for r in self.rest.T:
                mean = _sums(place[learn], r[learn], even, key.size).drawn()[place[told]]
                gain += float((2 * r[told] * mean - mean**2).sum())
        return gain / self.total

    def of_number(self, x: Floats) -> float:
        """What a number explains, in bins."""
        missing = np.isnan(x)
        if missing.all():
            return 0.0
        edges = np.unique(np.quantile(x[~missing], np.linspace(0, 1, BINS + 1)[1:-1]))
        place = np.searchsorted(edges, x, side="left")
        place[missing] = len(edges) + 1
        return self.of(place, len(edges) + 2)


def _pairs(vector: Vector, values: Floats, order: list[int], judge: _Judge) -> list[tuple[float, Spec]]:
    """The two best operations of each pair of numbers."""
    numbers = [i for i in order if vector.features[i].kind == "number"]
    numbers = [i for i in numbers if len(np.unique(values[:2000, i])) >= LEAST_DISTINCT][:NUMBERS]
    found: list[tuple[float, Spec]] = []
    for at, a in enumerate(numbers):
        for b in numbers[:at]:
            ways = ((DIFFERENCE, a, b), (SUM, a, b), (PRODUCT, a, b), (RATIO, a, b), (RATIO, b, a))
            operation, left, right = (np.asarray(part) for part in zip(*ways, strict=True))
            made = arithmetic(values, operation.astype(np.int8), left, right)
            scored: list[tuple[float, Spec]] = [
                (judge.of_number(made[:, k]), Spec(a=left, b=right, operation=how))
                for k, (how, left, right) in enumerate(ways)
            ]
            found += sorted(scored, key=lambda item: -item[0])[:2]
    return found


def _lookups(vector: Vector, values: Floats, order: list[int], judge: _Judge) -> list[tuple[float, Spec]]:
    """Tables of single codes, of crosses, and numbers against the mean of their group."""
    known = [i for i in order if vector.features[i].kind != "name"]
    keys = {i: key for i in known if (key := key_of(i, vector.features[i], values[:, i])) is not None}
    drawers = {i: key(values) for i, key in keys.items()}
    found: list[tuple[float, Spec]] = []
    for i, key in keys.items():
        if key.coded and key.size > LEAST_DISTINCT:
            counts = np.bincount(drawers[i], minlength=key.size)[drawers[i]].astype(np.float64)
            found.append((judge.of(drawers[i], key.size), Spec(a=i, holds=TARGET)))
            found.append((judge.of_number(counts), Spec(a=i, holds=COUNT)))
    few = list(keys)[:CROSSED]
    for at, a in enumerate(few):
        for b in few[:at]:
            size = keys[a].size * keys[b].size
            if size <= MOST_DRAWERS:
                place = drawers[a] * keys[b].size + drawers[b]
                found.append((judge.of(place, size), Spec(a=a, b=b, holds=TARGET)))
    numbers = [i for i in order if vector.features[i].kind == "number" and not np.isnan(values[:, i]).all()][:NUMBERS]
    for c in few[:GROUPS]:
        for x in numbers:
            if x != c:
                seen = ~np.isnan(values[:, x])
                means = _sums(drawers[c][seen], values[seen, x], np.ones(int(seen.sum())), keys[c].size).means(SHRINK)
                gain = judge.of_number(values[:, x] - means[drawers[c]])
                found.append((gain, Spec(a=c, number=x, holds=GROUP_MEAN)))
    return found


def recipe_of(kept: Sequence[Spec], vector: Vector, outputs: int) -> Recipe | None:
    """How they are made, of the rows at hand; None where there are none. outputs : of a target table, one table each."""
    if not kept:
        return None
    values = vector.values
    pairs = [spec for spec in kept if spec.operation >= 0]
    tables = [spec for spec in kept if spec.operation < 0]
    wanted = dict.fromkeys(c for spec in tables for c in (spec.a, spec.b) if c >= 0)
    keys = tuple(key for c in wanted if (key := key_of(c, vector.features[c], values[:, c])) is not None)
    at = {key.column: place for place, key in enumerate(keys)} | {-1: -1}
    return Recipe(
        columns=len(vector.features),
        operation=np.asarray([spec.operation for spec in pairs], dtype=np.int8),
        left=np.asarray([spec.a for spec in pairs], dtype=np.int64),
        right=np.asarray([spec.b for spec in pairs], dtype=np.int64),
        keys=keys,
        first=np.asarray([at[spec.a] for spec in tables], dtype=np.int64),
        second=np.asarray([at[spec.b] for spec in tables], dtype=np.int64),
        minus=np.asarray([spec.number for spec in tables], dtype=np.int64),
        holds=np.asarray([spec.holds for spec in tables], dtype=np.int64),
        outputs=outputs,
    )
