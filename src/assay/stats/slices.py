"""In which groups of rows is a loss higher than in the rest?

Groups are levels of one column, or of two together (slice finding: Chung, Kraska, Polyzotis, Tae & Whang 2019). All
groups of a column come from one pass over the rows, so that some ten thousand groups cost a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assay.kernel.data import Bools, Column, Floats, Ints
from assay.kernel.words import number

MOST_LEVELS = 12
QUANTILES = 5
TIMES = " × "  # between two columns, and two levels
MISSING = "–"  # the group of missing cells; what people are told is the caller's word


@dataclass(frozen=True, eq=False)
class Groups:
    """One column cut into groups: the group of each row (-1 is none), and what each is called."""

    name: str
    code: Ints  # [n]
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Compared:
    """Each group against the rest of the rows: arrays [groups]."""

    n: Ints
    mean: Floats
    rest: Floats
    gap: Floats  # mean - rest
    error: Floats  # standard error of the gap
    freedom: Floats  # Welch's degrees of freedom
    p: Floats  # one-sided: the group's mean is higher
    effect: Floats  # group against all rows, in standard deviations of the loss


def groups_of(column: Column, least: int) -> Groups | None:
    """Levels of names and flags (the most frequent ones), fifths of numbers; missing cells are a group of their own."""
    missing = column.missing
    if column.store == "words":
        assert column.levels is not None
        count = np.bincount(column.cells[~missing], minlength=len(column.levels))
        kept = [c for c in np.argsort(-count, kind="stable")[:MOST_LEVELS].tolist() if count[c] >= least]
        place = np.full(len(column.levels) + 1, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        return _with_missing(column, place[column.cells], [str(column.levels[c]) for c in kept], missing, least)
    cells = column.cells if column.store == "numbers" else column.cells.astype("datetime64[D]").astype(float)
    cells = np.where(missing, np.nan, cells)
    seen = np.unique(cells[~missing])
    if len(seen) <= max(2, QUANTILES):
        code = np.where(missing, -1, np.searchsorted(seen, np.where(missing, 0.0, cells)))
        return _with_missing(column, code.astype(np.int64), [_written(column, v) for v in seen], missing, least)
    edges = np.unique(np.quantile(cells[~missing], np.linspace(0, 1, QUANTILES + 1)))
    code = np.clip(np.searchsorted(edges, np.where(missing, edges[0], cells), side="right") - 1, 0, len(edges) - 2)
    written = [_written(column, v) for v in edges]
    labels = [f"{a} – {b}" for a, b in pairwise(written)]
    return _with_missing(column, np.where(missing, -1, code), labels, missing, least)


def _written(column: Column, value: float) -> str:
    if column.store == "moments":
        return str(np.datetime64(int(value), "D"))
    return number(int(value) if float(value).is_integer() else float(value)).replace(",", "")


def _with_missing(column: Column, code: Ints, labels: list[str], missing: Bools, least: int) -> Groups | None:
    if missing.sum() >= least:
        code = np.where(missing, len(labels), code)
        labels = [*labels, MISSING]
    return Groups(column.name, code, tuple(labels)) if len(labels) > 1 else None


def paired(a: Groups, b: Groups) -> Groups:
    """The groups of two columns together."""
    width = len(b.labels)
    code = np.where((a.code < 0) | (b.code < 0), -1, a.code * width + b.code)
    return Groups(f"{a.name}{TIMES}{b.name}", code, tuple(f"{x}{TIMES}{y}" for x in a.labels for y in b.labels))


def compared(loss: Floats, groups: Groups) -> Compared:
    """Welch's (1947) test of each group's mean loss against that of all other rows."""
    from scipy.special import stdtr

    k, here = len(groups.labels), groups.code >= 0
    code = groups.code[here]
    centred = loss - loss.mean()
    n = np.bincount(code, minlength=k)
    total = np.bincount(code, weights=centred[here], minlength=k)
    square = np.bincount(code, weights=centred[here] ** 2, minlength=k)
    m = len(loss) - n
    some, many = np.maximum(n, 1), np.maximum(m, 1)
    mean, rest = total / some, (centred.sum() - total) / many
    inside = np.maximum(square - n * mean**2, 0.0) / np.maximum(n - 1, 1)
    outside = np.maximum((centred**2).sum() - square - m * rest**2, 0.0) / np.maximum(m - 1, 1)
    a, b = inside / some, outside / many
    error = np.sqrt(a + b)
    usable = (n >= 2) & (m >= 2) & (error > 0)
    freedom = (a + b) ** 2 / np.where(usable, a**2 / np.maximum(n - 1, 1) + b**2 / np.maximum(m - 1, 1), 1.0)
    freedom = np.where(usable, np.maximum(freedom, 1.0), 1.0)
    gap = mean - rest
    p = np.where(usable, stdtr(freedom, -gap / np.where(usable, error, 1.0)), 1.0)
    spread = float(loss.std()) or 1.0
    return Compared(n, mean + loss.mean(), rest + loss.mean(), gap, error, freedom, p, mean / spread)
