"""Which figures does the data check judge by?

Missing cells, columns that say the same or nothing, and columns that change from early to late rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.plugins import Evidence
from assay.stats import order
from assay.stats.leaks import binned
from assay.stats.tests import holm, tables_differ, two_samples_differ

LEVEL = 0.01  # family-wise, for each question
LEAST_ROWS = 100
SHIFTED = 0.2  # largest distance of two distributions, or Cramér's V, from which a drift is worth a word
TIED = 0.1  # the same for missing cells and the target
BLOCKS = 20
LOOKED_AT = 20_000  # rows on which columns are held against each other, before all are
MOST_NAMES = 50  # names beyond it share one place in a table of counts


@dataclass(frozen=True)
class Shift:
    """How far a column's cells differ between two sets of rows."""

    name: str
    size: float  # Kolmogorov-Smirnov distance of numbers, Cramér's V of names
    p: float


def shift(column: Column, a: Ints, b: Ints) -> Shift:
    """Cells of rows `a` against those of rows `b`; missing cells of numbers are left out."""
    if column.store == "words":
        count = np.bincount(column.cells[column.cells >= 0], minlength=1)
        place = np.full(len(count) + 1, MOST_NAMES)
        top = np.argsort(-count, kind="stable")[:MOST_NAMES]
        place[top] = np.arange(len(top))
        codes = place[column.cells]
        both = [np.bincount(codes[rows], minlength=MOST_NAMES + 1).astype(float) for rows in (a, b)]
        return Shift(column.name, *tables_differ(both[0], both[1]))
    x = column.cells if column.store == "numbers" else column.cells.astype(np.int64).astype(float)
    seen = ~column.missing
    return Shift(column.name, *two_samples_differ(x[a][seen[a]], x[b][seen[b]]))


def drifting(data: Dataset, names: list[str], rows: Ints) -> list[Shift]:
    """Columns whose first third of rows (in this order) differs from the last third; those that count rows are left."""
    third = len(rows) // 3
    asked = [data[name] for name in names if not order.follows_rows(data[name].take(rows))]
    found = [shift(column, rows[:third], rows[-third:]) for column in asked]
    kept = holm(np.asarray([s.p for s in found], dtype=float), LEVEL)
    return sorted((s for s, k in zip(found, kept, strict=True) if k and s.size >= SHIFTED), key=lambda s: -s.size)


def course(column: Column, rows: Ints) -> Floats:
    """Mean place (0 to 1) of the cells among all, in blocks of rows from first to last: [BLOCKS]."""
    if column.store == "words":
        common = np.bincount(column.cells[column.cells >= 0], minlength=1).argmax()
        x = np.where(column.missing, np.nan, (column.cells == common).astype(float))
    else:
        x = column.cells if column.store == "numbers" else column.cells.astype(np.int64).astype(float)
        x = order.ranks(np.where(column.missing, np.nan, x))
    return np.asarray([_mean(x[block]) for block in np.array_split(rows, BLOCKS)])


def _mean(x: Floats) -> float:
    seen = x[~np.isnan(x)]
    return float(seen.mean()) if len(seen) else float("nan")


def missing_with_target(data: Dataset, names: list[str], y: NDArray[Any], labels: int) -> list[Shift]:
    """Columns whose missing cells go with the target."""
    found: list[Shift] = []
    if y.ndim > 1:
        return found  # of labels that rows may share there is no table of counts
    for name in names:
        gone = data[name].missing
        if gone.sum() < 10 or (~gone).sum() < 10:
            continue
        if labels:
            both = [np.bincount(y[rows], minlength=labels).astype(float) for rows in (gone, ~gone)]
            found.append(Shift(name, *tables_differ(both[0], both[1])))
        else:
            found.append(Shift(name, *two_samples_differ(y[gone], y[~gone])))
    kept = holm(np.asarray([s.p for s in found], dtype=float), LEVEL)
    return [s for s, k in zip(found, kept, strict=True) if k and s.size >= TIED]


def same(data: Dataset, names: list[str]) -> list[tuple[str, str]]:
    """Pairs (earlier, later) of columns that say the same: equal cells up to the names, or up to a rising scale.

    Columns are held against each other on some rows; those that are alike there on all of them.
    """
    some = np.unique(np.linspace(0, data.rows - 1, min(data.rows, LOOKED_AT)).astype(np.int64))
    alike: dict[bytes, list[str]] = {}
    for name in names:
        alike.setdefault(_pattern(data[name].take(some), _differs(data[name])), []).append(name)
    twins = {name for group in alike.values() if len(group) > 1 for name in group}
    seen: dict[bytes, str] = {}
    found = []
    for name in (name for name in names if name in twins):
        key = _pattern(data[name], _differs(data[name]))
        if key in seen:
            found.append((seen[key], name))
        else:
            seen[key] = name
    return found


def _differs(column: Column) -> bool:
    """Whether so many cells differ that which of them are alike tells little."""
    return column.distinct > len(column) / 3


def _pattern(column: Column, many: bool) -> bytes:
    """A fingerprint of which rows are alike; of columns of many values also of their order, or of the names themselves.

    Names of which hardly two are alike tell no more than that by the rows: two such columns say the same where their cells do.
    """
    if many and column.store == "words":
        return hashlib.sha256(repr(column.texts()).encode("utf-8", "surrogatepass")).digest()
    missing = column.missing
    cells = column.cells if column.store != "moments" else column.cells.astype(np.int64)
    _, first, code = np.unique(np.where(missing, cells.dtype.type(0), cells), return_index=True, return_inverse=True)
    if not many:
        code = np.argsort(np.argsort(first))[code]  # numbered by first appearance
    return hashlib.sha256(np.where(missing, -1, code).astype(np.int32).tobytes()).digest()


def one_value(data: Dataset, names: list[str], share: float) -> list[tuple[str, float]]:
    """Columns of which one value fills at least this share of the cells that are there."""
    found = []
    for name in names:
        column = data[name]
        seen = ~column.missing
        if not seen.any():
            continue
        most = float(np.unique(column.cells[seen], return_counts=True)[1].max() / seen.sum())
        if most >= share:
            found.append((name, most))
    return found


def more_missing(evidence: Evidence, names: list[str]) -> list[tuple[str, float, float]]:
    """Columns with clearly more or fewer missing cells than the training table: (name, there, here)."""
    there = int(evidence.plan.data.get("rows_used", 0))
    if not there:
        return []
    found = []
    for name in names:
        gone = int(evidence.data[name].missing.sum())
        planned = min(evidence.plan.column(name).missing, there)
        tables = [np.asarray([m, n - m], dtype=float) for m, n in ((planned, there), (gone, evidence.n))]
        found.append((tables_differ(tables[0], tables[1])[1], name, planned / there, gone / evidence.n))
    kept = holm(np.asarray([p for p, *_ in found], dtype=float), LEVEL)
    return [(n, a, b) for (_, n, a, b), k in zip(found, kept, strict=True) if k and abs(a - b) >= 0.02]


def level_of(column: Column) -> int:
    """Number of bins of a column; 1 is constant."""
    return len(np.unique(binned(column)))
