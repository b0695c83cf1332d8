"""How do features become columns for a straight line?

Numbers are centred and scaled, values far outside the usual range drawn in (one absurd cell must not turn the line; of counts, which grow
by factors, those little outside the range of training), missing ones set to the mean with a switch beside them; codes become one switch a
level, the most frequent being the reference. Where they are wanted, all names of a category with thousands stand in place of its codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Feature, Head, Vector

from .sparse import Sparse

Row = tuple[str, int, int, float, float, float, float]  # name, owner, level, centre, scale, bounds
MOST_CODES = 255  # levels of a code, a missing one among them
TOGETHER, CELLS = 256, 1_000_000  # features, and cells, that are standardised in one go at most
WIDE = 1500  # columns beyond which zeros are not written out, where most columns are switches
FAR = 20.0  # inner 80 % ranges from the median; the normal curve has nothing there
BEYOND = (
    0.25  # of their own range beyond the numbers of training, where answers grow by factors or most numbers are one
)


@dataclass(frozen=True, eq=False)
class Design:
    """From features [n, d] to standardised columns [n, c]."""

    names: tuple[str, ...]  # [c] "age", "age missing", "city = Basel"
    owners: Ints  # [c] the feature each column was made of
    levels: Ints  # [c] -1 a number, -2 a switch for missing, else the code
    centre: Floats  # [c]
    scale: Floats  # [c]
    bounds: Floats  # [c, 2] numbers are drawn in to this

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)

    @classmethod
    def learn(cls, vector: Vector, names: bool = False, head: Head | None = None) -> Design:
        """Centre, scale and switches of training rows; those of `names` only where they are asked for.

        Counts are the exponential of a sum: a number far out of training would multiply them, again and again. For that head numbers are
        drawn in to little more than the range of training.
        """
        near = head is not None and head.name == "counts"
        rows: list[Row] = []
        named = {feature.part for feature in vector.features if feature.kind == "name"} if names else set()
        numbers = _numbers(vector, near)
        for i, feature in enumerate(vector.features):
            if feature.kind == "number":
                rows += numbers[i]
            elif (feature.part in named) == (feature.kind == "name"):
                rows += _codes(feature, vector.values[:, i], i)
        titles = tuple(row[0] for row in rows)
        table = np.asarray([row[1:] for row in rows], dtype=np.float64).reshape(-1, 6)
        return cls(
            titles, table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2], table[:, 3], table[:, 4:]
        )

    def __call__(self, vector: Vector) -> Floats:
        """Standardised columns [n, c]."""
        out = np.empty((len(vector.values), self.width))
        numbers = np.flatnonzero(self.levels == -1)
        most = _together(len(out))
        for some in (numbers[at : at + most] for at in range(0, len(numbers), most)):
            out[:, some] = self._standard(vector.values[:, self.owners[some]], some)
        for column in np.flatnonzero(self.levels != -1).tolist():
            out[:, column] = self._column(vector.values[:, self.owners[column]], column)
        return out

    def matrix(self, vector: Vector) -> Floats | Sparse:
        """Standardised columns [n, c], sparse where there are many switches."""
        return self._sparse(vector) if self.is_sparse else self(vector)

    @property
    def is_sparse(self) -> bool:
        """Whether most of its columns are switches, and it is wide or has some of rare names."""
        return (self.width > WIDE or self.named) and int((self.levels >= 0).sum()) > self.width / 2

    @property
    def named(self) -> bool:
        """Whether a feature has more switches than a code has levels."""
        return bool(np.bincount(self.owners[self.levels >= 0], minlength=1).max() > MOST_CODES)

    def pulls(self, vector: Vector, weights: Floats) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature that has columns: weight times distance from the mean, summed."""
        for owners, columns in self._runs(_together(len(vector.values))):
            if len(columns):
                together = self._standard(vector.values[:, owners], columns)
                for place, (owner, column) in enumerate(zip(owners.tolist(), columns.tolist(), strict=True)):
                    yield owner, together[:, place : place + 1] * weights[1 + column] + 0.0
                continue
            owner = int(owners[0])
            x = vector.values[:, owner]
            out = np.zeros((len(x), weights.shape[1]))
            columns = np.flatnonzero(self.owners == owner)
            codes = columns[self.levels[columns] >= 0]
            if len(codes):
                out += self._lookup(codes, weights, len(vector.features[owner].levels))[_codes_of(x)]
            for column in columns[self.levels[columns] < 0]:
                out += self._column(x, column)[:, None] * weights[1 + column]
            yield owner, out

    def _runs(self, most: int) -> Iterator[tuple[Ints, Ints]]:
        """(features, the column of each) of at most so many neighbours that are one plain number each; (feature, no columns) of any other."""
        owners, first, each = np.unique(self.owners, return_index=True, return_counts=True)
        alone = (each == 1) & (self.levels[first] == -1)
        apart = np.flatnonzero(~(alone[1:] & alone[:-1])) + 1
        for run in np.split(np.arange(len(owners)), apart):
            for at in range(0, len(run), most):
                some = run[at : at + most]
                yield owners[some], first[some] if alone[some[0]] else first[:0]

    def _standard(self, x: Floats, columns: Ints) -> Floats:
        """Standardised numbers [n, c] of the cells [n, c] of as many features."""
        centre, (low, high) = self.centre[columns], self.bounds[columns].T
        return np.asarray((np.where(np.isnan(x), centre, np.clip(x, low, high)) - centre) / self.scale[columns])

    def single(self, weights: Floats) -> Callable[[Sequence[float]], list[float]]:
        """From values [d] of one row to the intercept and all pulls [w], added in the order of `pulls`: the same bits."""
        plan = [(int(owner), *self._plan(int(owner), weights)) for owner in np.unique(self.owners)]
        start, alone = _plain(weights[0]), weights.shape[1] == 1

        def score(row: Sequence[float]) -> list[float]:
            total = start
            for owner, table, default, columns in plan:
                x, pull = row[owner], 0.0
                missing = x != x
                if table:
                    pull = pull + table.get(x, default)
                for switch, centre, scale, low, high, weight in columns:
                    cell = float(missing) if switch else centre if missing else min(max(x, low), high)
                    pull = pull + (cell - centre) / scale * weight
                total = total + pull
            return [total] if alone else total.tolist()

        return score

    def _plan(self, owner: int, weights: Floats) -> tuple[dict[float, Any], Any, list[tuple[Any, ...]]]:
        """(pull of each code, of any other code, columns of numbers and of switches for missing) of one feature."""
        mine = np.flatnonzero(self.owners == owner)
        codes, table, default = mine[self.levels[mine] >= 0], dict[float, Any](), None
        if len(codes):
            rows = self._lookup(codes, weights, int(self.levels[codes].max()))
            table = {float(level): _plain(rows[level]) for level in self.levels[codes].tolist()}
            default = _plain(rows[-1])  # that of a missing cell, and of every code without a switch
        columns = [
            (
                bool(self.levels[c] == -2),
                *_floats(self.centre[c], self.scale[c], *self.bounds[c]),
                _plain(weights[1 + c]),
            )
            for c in mine[self.levels[mine] < 0].tolist()
        ]
        return table, default, columns

    def _column(self, x: Floats, column: int) -> Floats:
        """One standardised column [n] of a feature's cells."""
        level = self.levels[column]
        if level == -1:
            x = np.where(np.isnan(x), self.centre[column], np.clip(x, *self.bounds[column]))
        else:
            x = (np.isnan(x) if level == -2 else x == level).astype(np.float64)
        return np.asarray((x - self.centre[column]) / self.scale[column])

    def _lookup(self, codes: Ints, weights: Floats, most: int) -> Floats:
        """Pull of each code of a feature [most + 2, w]; the last is that of a missing cell."""
        pull = weights[1 + codes] / self.scale[codes, None]
        table = np.tile(-(self.centre[codes, None] * pull).sum(axis=0), (most + 2, 1))
        table[self.levels[codes]] += pull
        return table

    def _sparse(self, vector: Vector) -> Sparse:
        n = len(vector.values)
        rows: list[Ints] = []
        columns: list[Ints] = []
        values: list[Floats] = []
        for owner in np.unique(self.owners):
            x = vector.values[:, owner]
            mine = np.flatnonzero(self.owners == owner)
            codes = mine[self.levels[mine] >= 0]
            if len(codes):
                place = np.full(len(vector.features[owner].levels) + 2, -1)
                place[self.levels[codes]] = codes
                at = place[_codes_of(x)]
                on = np.flatnonzero(at >= 0)
                rows, columns, values = [*rows, on], [*columns, at[on]], [*values, np.ones(len(on))]
            for column in mine[self.levels[mine] < 0]:
                cells = self._column(x, column) * self.scale[column] + self.centre[column]
                on = np.flatnonzero(cells)
                rows, columns, values = [*rows, on], [*columns, np.full(len(on), column)], [*values, cells[on]]
        together = (np.concatenate(rows), np.concatenate(columns), np.concatenate(values))
        return Sparse.of(*together, (n, self.width), self.centre, self.scale)

    def in_units(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights [1 + c, w] as (slopes [c, w], intercept [w]) for columns that are not standardised."""
        slopes = weights[1:] / self.scale[:, None]
        return slopes, weights[0] - (slopes * self.centre[:, None]).sum(axis=0)

    def dump(self, box: Box) -> None:
        """Names and arrays."""
        box.put(names=list(self.names))
        for name in ("owners", "levels", "centre", "scale", "bounds"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> Design:
        """The design that was dumped, checked against the features it will be given."""
        names = tuple(box.texts("names"))
        c = len(names)
        owners = box.array("owners", np.int64, (c,))
        scale = box.array("scale", np.float64, (c,))
        if c and not (owners.min() >= 0 and owners.max() < len(features) and scale.min() > 0):
            raise box.refuse("the design names features that are not there")
        return cls(
            names,
            owners,
            box.array("levels", np.int64, (c,)),
            box.array("centre", np.float64, (c,)),
            scale,
            box.array("bounds", np.float64, (c, 2)),
        )


def _together(rows: int) -> int:
    """How many columns of so many rows are standardised in one go."""
    return max(1, min(TOGETHER, CELLS // max(1, rows)))


def _plain(weights: Floats) -> Any:
    """A single weight as a float, several as an array: arithmetic reads the same with both."""
    return float(weights[0]) if len(weights) == 1 else weights


def _floats(*values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _numbers(vector: Vector, near: bool) -> dict[int, list[Row]]:
    """The columns of each feature that is a number; those without a missing cell many at a time, as tables have thousands."""
    numbers = [i for i, feature in enumerate(vector.features) if feature.kind == "number"]
    most, rows = _together(len(vector.values)), dict[int, list[Row]]()
    for some in (numbers[at : at + most] for at in range(0, len(numbers), most)):
        cells = np.ascontiguousarray(vector.values[:, some].T)
        missing = np.isnan(cells)
        share = missing.mean(axis=1)
        whole = np.flatnonzero(share == 0.0)
        found = dict(zip(whole.tolist(), _spans(cells[whole], near), strict=True))
        for place, i in enumerate(some):
            name, part = vector.features[i].name, float(share[place])
            span = found[place] if place in found else _spans(cells[place][None, ~missing[place]], near)[0]
            rows[i] = [] if span is None else [(name, i, -1, *span)]
            if 0 < part < 1:
                rows[i].append((f"{name} missing", i, -2, part, float(np.sqrt(part * (1 - part))), 0.0, 0.0))
    return rows


def _spans(seen: Floats, near: bool) -> list[tuple[float, float, float, float] | None]:
    """(centre, scale, bounds) of numbers [k, n] without a missing one; None of one that does not vary."""
    if not seen.size:
        return [None] * len(seen)
    low, middle, high = np.quantile(seen, [0.1, 0.5, 0.9], axis=1)
    varies = seen.max(axis=1) > seen.min(axis=1)
    usual = np.where(high > low, high - low, np.maximum(np.maximum(1.0, np.abs(middle)), varies))
    bounds = np.stack((np.maximum(middle - FAR * usual, -1e150), np.minimum(middle + FAR * usual, 1e150)))
    seen = np.clip(seen, bounds[0][:, None], bounds[1][:, None])
    least, most = seen.min(axis=1), seen.max(axis=1)
    drawn_in = np.full(len(seen), True) if near else low == high  # what hardly varies says nothing of what lies beyond
    room = BEYOND * (most - least)
    bounds[0, drawn_in] = np.maximum(bounds[0], least - room)[drawn_in]
    bounds[1, drawn_in] = np.minimum(bounds[1], most + room)[drawn_in]
    centre, scale = seen.mean(axis=1), seen.std(axis=1)
    table = np.stack((centre, np.where(scale > 0, scale, 1.0), *bounds), axis=1).tolist()
    return [tuple(row) if differs else None for row, differs in zip(table, most > least, strict=True)]


def _codes(feature: Feature, x: Floats, i: int) -> list[Row]:
    rows: list[Row] = []
    shares = np.bincount(_codes_of(x)[~np.isnan(x)], minlength=len(feature.levels) + 1) / max(1, len(x))
    for code in range(1, len(feature.levels) + 1):  # code 0, the most frequent level, is the reference
        share = float(shares[code])
        if share == 0.0 or share == 1.0:
            continue
        name = "other" if code == len(feature.levels) else feature.levels[code] or "missing"
        # Rare switches are not blown up to unit variance: the ridge then holds them back, as it should.
        spread = max(float(np.sqrt(share * (1 - share))), 0.1)
        rows.append(
            (f"{feature.name if feature.kind == 'code' else feature.part} = {name}", i, code, share, spread, 0.0, 0.0)
        )
    return rows


def _codes_of(x: Floats) -> Ints:
    """Codes as whole numbers; -1, which takes the last of a table, where missing."""
    return np.where(np.isnan(x), -1.0, x).astype(np.int64)
