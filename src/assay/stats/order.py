"""Does the order of the rows say something?

Neighbouring rows of a well-shuffled table are no more alike than any two rows. Where they are alike, the table was
written in time, or in turns, and random folds put a row's neighbours on the other side.
"""

from __future__ import annotations

import math

import numpy as np

from assay.kernel.data import Bools, Column, Floats, Ints

SORTED_LEVELS = 50  # a column of more levels does not sort a file into parts


def neighbours_alike(x: Floats) -> tuple[float, float]:
    """Lag-1 autocorrelation of rows [n] or [n, k], and its one-sided p-value (Bartlett 1946, for large n).

    >>> r, p = neighbours_alike(np.sin(np.arange(200) / 10))
    >>> round(r, 2), p < 1e-9
    (0.99, True)
    """
    x = x.reshape(len(x), -1)
    x = x - x.mean(axis=0)
    spread = float((x * x).sum())
    if len(x) < 20 or spread == 0.0:
        return 0.0, 1.0
    r = float((x[1:] * x[:-1]).sum()) / spread
    return r, 0.5 * math.erfc((r + 1.0 / len(x)) * math.sqrt(len(x) / 2.0))


def ranks(x: Floats) -> Floats:
    """Places of the values, ties sharing their mean place, from 0 to 1: [n]; NaN stands in the middle."""
    out = np.full(len(x), 0.5)
    seen = ~np.isnan(x)
    _, code, count = np.unique(x[seen], return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    out[seen] = ((last - (count - 1) / 2.0)[code] - 0.5) / max(1, int(seen.sum()))
    return out


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's, of two of one length; 0 where one of them is the same everywhere."""
    x, y = ranks(a) - 0.5, ranks(b) - 0.5
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / spread if spread > 0 else 0.0


def sorts_into_parts(codes: Ints) -> bool:
    """Whether rows of one code stand together: a file written group after group."""
    levels = len(np.unique(codes))
    changes = int((codes[1:] != codes[:-1]).sum())
    return 2 <= levels <= SORTED_LEVELS and len(codes) >= 10 * levels and changes <= 2 * levels


def sorting_columns(columns: list[Column]) -> list[Column]:
    """The columns of few levels by which the file is sorted into parts."""
    found = []
    for column in columns:
        codes = column.as_words().cells.astype(np.int64) if column.store != "moments" else np.arange(len(column))
        if sorts_into_parts(codes):
            found.append(column)
    return found


def interleaved(columns: list[Column], n: int) -> Ints:
    """Row numbers [n] in file order, but with the parts a file is sorted into laid side by side, not end to end.

    Of each part the first rows come first, then the second ones, so that what is told of early and late rows is not
    told of one part against another.
    """
    if not columns:
        return np.arange(n)
    codes = np.column_stack([c.as_words().cells for c in columns])
    _, part = np.unique(codes, axis=0, return_inverse=True)
    part = part.reshape(-1)
    size = np.bincount(part)
    by_part = np.argsort(part, kind="stable")
    start = np.concatenate([[0], np.cumsum(size)])[:-1]
    place = np.empty(n)
    place[by_part] = (np.arange(n) - start[part[by_part]] + 0.5) / size[part[by_part]]
    return np.argsort(place, kind="stable")


def stretches(n: int, most: int, pieces: int = 10) -> Ints:
    """Row places 0 … n - 1, or where there are more than `most`, that many in evenly spaced unbroken stretches."""
    if n <= most:
        return np.arange(n)
    length = most // pieces
    starts = np.linspace(0, n - length, pieces).astype(np.int64)
    return np.unique((starts[:, None] + np.arange(length)).reshape(-1))


def follows_rows(column: Column) -> bool:
    """Whether a column of many values hardly ever falls (or hardly ever rises) from row to row."""
    if column.store == "words" or column.missing.any() or len(column) < 20:
        return False
    cells = column.cells
    rising: Bools = cells[1:] >= cells[:-1]
    falling: Bools = cells[1:] <= cells[:-1]
    return max(float(rising.mean()), float(falling.mean())) > 0.99 and len(np.unique(cells)) > SORTED_LEVELS
