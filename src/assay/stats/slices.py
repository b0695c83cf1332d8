"""In which groups of rows is a loss higher than in the rest?

Groups are levels of one column, or of two together (slice finding: Chung, Kraska, Polyzotis, Tae & Whang 2019). All
groups of a column come from one pass over the rows, so that some ten thousand groups cost a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assay.kernel.data import CLOCK, Bools, Column, Floats, Ints, plain_day, plain_number
from assay.kernel.words import number
from assay.kernel.written_orders import flag_words, words_in

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
    cells = column.cells
    if column.store == "moments":  # in whole days; clock times in minutes of theirs
        step, of_a_day = ("m", 1440) if column.kind == CLOCK else ("D", 1)
        cells = cells.astype(f"datetime64[{step}]").astype(float) / of_a_day
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
        return plain_day(value, column.kind)
    if words_in(column.kind) or flag_words(column.kind):
        return plain_number(value, column.kind)
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


def compared(loss: Floats, groups: Groups, blocks: Ints | None = None) -> Compared:
    """Welch's (1947) test of each group's mean loss against that of all other rows.

    blocks : rows that err together [n]; then blocks are counted, not rows (cluster-robust: Liang & Zeger 1986), and a group of rows
        of one block alone is not told from chance
    """
    from scipy.special import stdtr

    if blocks is not None:
        blocks = np.unique(blocks, return_inverse=True)[1].astype(np.int64)
        blocks = blocks if blocks.max(initial=0) + 1 < len(loss) else None
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
    a, b, here_many, rest_many = inside / some, outside / many, n, m
    if blocks is not None:
        a, b, here_many, rest_many = _in_blocks(centred, groups, blocks, mean, rest, (a, b))
    error = np.sqrt(a + b)
    usable = (here_many >= 2) & (rest_many >= 2) & (error > 0)
    freedom = (a + b) ** 2 / np.where(
        usable, a**2 / np.maximum(here_many - 1, 1) + b**2 / np.maximum(rest_many - 1, 1), 1.0
    )
    freedom = np.where(usable, np.maximum(freedom, 1.0), 1.0)
    gap = mean - rest
    p = np.where(usable, stdtr(freedom, -gap / np.where(usable, error, 1.0)), 1.0)
    spread = float(loss.std()) or 1.0
    return Compared(n, mean + loss.mean(), rest + loss.mean(), gap, error, freedom, p, mean / spread)


def _in_blocks(
    centred: Floats, groups: Groups, blocks: Ints, mean: Floats, rest: Floats, of_rows: tuple[Floats, Floats]
) -> tuple[Floats, Floats, Ints, Ints]:
    """Variance of the mean of each group and of all other rows, and the blocks that each has; of a single block the variance of its rows."""
    k, many = len(groups.labels), int(blocks.max()) + 1
    rows, total = np.bincount(blocks, minlength=many), np.bincount(blocks, weights=centred, minlength=many)
    inside = groups.code >= 0
    pair, place = np.unique(groups.code[inside] * many + blocks[inside], return_inverse=True)
    group, block = pair // many, pair % many
    own, own_total = np.bincount(place), np.bincount(place, weights=centred[inside])
    here = np.bincount(group, minlength=k)
    n, m = np.bincount(group, weights=own, minlength=k), len(centred) - np.bincount(group, weights=own, minlength=k)
    here_squares = np.bincount(group, weights=(own_total - own * mean[group]) ** 2, minlength=k)
    # Of all blocks, but for those that have rows in the group: there without these rows.
    whole = (total**2).sum() - 2 * rest * (total * rows).sum() + rest**2 * (rows**2).sum()
    with_own = (total[block] - rows[block] * rest[group]) ** 2
    without_own = (total[block] - own_total - (rows[block] - own) * rest[group]) ** 2
    rest_squares = np.maximum(whole + np.bincount(group, weights=without_own - with_own, minlength=k), 0.0)
    other = many - np.bincount(group, weights=own == rows[block], minlength=k).astype(np.int64)
    a = here_squares / np.maximum(n, 1) ** 2 * here / np.maximum(here - 1, 1)
    b = rest_squares / np.maximum(m, 1) ** 2 * other / np.maximum(other - 1, 1)
    return np.where(here > 1, a, of_rows[0]), np.where(other > 1, b, of_rows[1]), here, other
