"""How do features become numbers that a network learns well from?

Numbers are brought to their median and inner range and drawn in smoothly, so that no cell is farther than three ranges away
(robust scaling and smooth clipping; Holzmüller, Grinsztajn & Steinwart 2024). A missing number is the median, with a
switch beside it where training had gaps. A code of few levels becomes a switch a level; a code of many becomes a row of a
table whose numbers the network learns (an embedding). Codes that training never showed switch nothing on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Feature, Vector

SWITCHES = 12  # levels up to which a code is written out
REACH = 3.0  # ranges from the median that no number leaves
LARGEST = 1e300
NUMBER, GAP, LEVEL = -1, -2, 0  # what a column stands for; levels count from 0


@dataclass(frozen=True, eq=False)
class Inputs:
    """From features [n, d] to columns [n, c], numbers first, and rows of tables [n, t]."""

    owners: Ints  # [c] the feature each column was made of
    means: Ints  # [c] NUMBER, GAP, or the level whose switch it is
    centre: Floats  # [numbers]
    scale: Floats  # [numbers] what a distance from the centre is multiplied by
    tables: Ints  # [t] features that are looked up
    sizes: Ints  # [t] rows of each one's table, the last for whatever training did not show
    seen: NDArray[np.bool_]  # [all rows of all tables] whether training showed the code

    @property
    def width(self) -> int:
        """Columns that are not looked up."""
        return len(self.owners)

    @property
    def numbers(self) -> int:
        """Columns that are scaled numbers; they come first."""
        return len(self.centre)

    @classmethod
    def learn(cls, vector: Vector) -> Inputs:
        """Medians, ranges, gaps and levels of training rows."""
        numbers, gaps, switches = [], [], []
        tables, sizes, seen = [], [], []
        for i, feature in enumerate(vector.features):
            x = vector.values[:, i]
            if feature.kind == "name":
                continue
            if feature.kind == "number":
                known = np.clip(x[~np.isnan(x)], -LARGEST, LARGEST)
                if len(known) and known.min() < known.max():
                    numbers.append((i, *_middle(known)))
                if 0 < len(known) < len(x):
                    gaps.append((i, GAP))
                continue
            counts = np.bincount(_codes(x, len(feature.levels)), minlength=len(feature.levels) + 2)
            if np.count_nonzero(counts) > SWITCHES:
                tables.append(i)
                sizes.append(len(counts))
                seen.append(counts > 0)
            elif np.count_nonzero(counts) == 2:  # one switch tells both
                switches.append((i, int(np.argsort(-counts, kind="stable")[1])))
            else:
                switches += [(i, int(level)) for level in np.flatnonzero(counts)]
        others = [*gaps, *switches]
        return cls(
            owners=np.asarray([n[0] for n in numbers] + [o[0] for o in others], dtype=np.int64),
            means=np.asarray([NUMBER] * len(numbers) + [o[1] for o in others], dtype=np.int64),
            centre=np.asarray([n[1] for n in numbers], dtype=np.float64),
            scale=np.asarray([n[2] for n in numbers], dtype=np.float64),
            tables=np.asarray(tables, dtype=np.int64),
            sizes=np.asarray(sizes, dtype=np.int64),
            seen=np.concatenate(seen) if seen else np.zeros(0, dtype=np.bool_),
        )

    def columns(self, vector: Vector) -> Floats:
        """Scaled numbers, switches for gaps, switches for levels: [n, c]."""
        out = np.empty((len(vector.values), self.width))
        k = self.numbers
        if k:
            x = np.clip(vector.values[:, self.owners[:k]], -LARGEST, LARGEST)
            with np.errstate(over="ignore"):
                z = (x / 2 - self.centre / 2) * self.scale * 2
            z = np.clip(np.where(np.isnan(z), 0.0, z), -1e9, 1e9)
            out[:, :k] = z / np.sqrt(1.0 + (z / REACH) ** 2)
        for column in range(k, self.width):
            x = vector.values[:, self.owners[column]]
            out[:, column] = np.isnan(x) if self.means[column] == GAP else self._level(x, vector, column)
        return out

    def _level(self, x: Floats, vector: Vector, column: int) -> NDArray[np.bool_]:
        levels = len(vector.features[self.owners[column]].levels)
        return np.asarray(_codes(x, levels) == self.means[column])

    def rows(self, vector: Vector) -> Ints:
        """Places in the tables, which stand one below the other: int64 [n, t]; -1 for what training did not show."""
        out = np.empty((len(vector.values), len(self.tables)), dtype=np.int64)
        start = 0
        for place, (feature, size) in enumerate(zip(self.tables, self.sizes, strict=True)):
            at = start + _codes(vector.values[:, feature], int(size) - 2)
            out[:, place] = np.where(self.seen[at], at, -1)
            start += int(size)
        return out

    def single(self, features: tuple[Feature, ...]) -> Callable[[Sequence[float]], tuple[list[float], list[int]]]:
        """From values [d] of one row to its columns [c] and places [t]: the same bits."""
        k = self.numbers
        numbers = list(zip(self.owners[:k].tolist(), (self.centre / 2).tolist(), self.scale.tolist(), strict=True))
        switches = [
            (owner, mean, float(len(features[owner].levels)))
            for owner, mean in zip(self.owners[k:].tolist(), self.means[k:].tolist(), strict=True)
        ]
        starts = (np.cumsum(self.sizes) - self.sizes).tolist()
        seen = np.where(self.seen, np.arange(len(self.seen)), -1).tolist()
        tables = list(zip(self.tables.tolist(), starts, (self.sizes - 2.0).tolist(), strict=True))

        def read(row: Sequence[float]) -> tuple[list[float], list[int]]:
            columns = []
            for owner, middle, scale in numbers:
                x = row[owner]
                if not -LARGEST <= x <= LARGEST:
                    x = 2 * middle if x != x else math.copysign(LARGEST, x)
                z = (x / 2 - middle) * scale * 2
                if not -1e9 <= z <= 1e9:
                    z = math.copysign(1e9, z)
                share = z / REACH
                columns.append(z / math.sqrt(1.0 + share * share))
            for owner, mean, levels in switches:
                x = row[owner]
                columns.append(float(x != x if mean == GAP else _code(x, levels) == mean))
            return columns, [seen[start + _code(row[owner], levels)] for owner, start, levels in tables]

        return read

    def dump(self, box: Box) -> None:
        """All arrays."""
        for name in ("owners", "means", "centre", "scale", "tables", "sizes", "seen"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> Inputs:
        """The inputs that were dumped, checked against the features they will be given. Raises BundleInvalid."""
        owners = box.array("owners", np.int64, (None,))
        means = box.array("means", np.int64, (len(owners),))
        numbers = int((means == NUMBER).sum())
        tables = box.array("tables", np.int64, (None,))
        sizes = box.array("sizes", np.int64, (len(tables),))
        for named in (owners, tables):
            if len(named) and not (named.min() >= 0 and named.max() < len(features)):
                raise box.refuse("the inputs name features that are not there")
        if (means[:numbers] != NUMBER).any() or (len(means) and means.min() < GAP):
            raise box.refuse("the columns of the inputs stand in no order")
        should = [len(features[i].levels) + 2 for i in tables]
        if sizes.tolist() != should:
            raise box.refuse(f"the tables have {sizes.tolist()} rows, expected {should}")
        scale = box.array("scale", np.float64, (numbers,))
        if not (scale > 0).all():
            raise box.refuse("a scale is not above zero")
        return cls(
            owners,
            means,
            box.array("centre", np.float64, (numbers,)),
            scale,
            tables,
            sizes,
            box.array("seen", np.bool_, (int(sizes.sum()),)),
        )


def _middle(known: Floats) -> tuple[float, float]:
    """Median, and one over the inner range; where half of the cells are alike, half the usual distance of the rest."""
    low, centre, high = (float(v) for v in np.quantile(known, [0.25, 0.5, 0.75]))
    half = high / 2 - low / 2
    if half == 0.0 or not np.isfinite(0.5 / half):
        far = np.abs(known / 2 - centre / 2)
        half = float(np.median(far[far > 0])) / 2
    with np.errstate(over="ignore", divide="ignore"):
        scale = float(np.divide(0.5, half))
    return centre, float(np.clip(scale, 1e-300, 1e300))


def _codes(x: Floats, levels: int) -> Ints:
    """Codes as whole numbers: `levels` for every rare or unseen one, one more for a missing cell."""
    whole = np.where(np.isnan(x), levels + 1.0, np.clip(x, 0, levels))
    return np.asarray(whole, dtype=np.int64)


def _code(x: float, levels: float) -> int:
    """The same of one cell."""
    return int(levels + 1 if x != x else min(max(x, 0.0), levels))
