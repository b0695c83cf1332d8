"""Does one column give the answer away?

Each question is put to one column alone, on rows it was not fitted to. A legitimate column can be strong; these
measures say how strong, and the caller says from where on a person should look.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.plugins import FindsNear, modality_of, offers

BINS = 64
ROWS_A_BIN = 40  # on fewer rows the bins are wider
LEAST_PURE = 15  # rows a level must hold before "always" means something


def binned(column: Column, most: int = BINS) -> Ints:
    """The cells as bin numbers [n]: levels for names, equally filled bins for numbers; missing is a bin of its own."""
    missing = column.missing
    if column.store == "words":
        return np.where(missing, 0, column.cells.astype(np.int64) + 1)
    cells = (
        column.cells.astype(np.float64) if column.store == "numbers" else column.cells.astype(np.int64).astype(float)
    )
    seen = cells[~missing]
    if len(seen) == 0:
        return np.zeros(len(cells), dtype=np.int64)
    edges = np.unique(seen)[1:]
    if len(edges) >= most:  # few values are bins each, however rare
        edges = np.unique(np.quantile(seen, np.linspace(0, 1, most + 1)[1:-1]))
    return np.where(missing, 0, np.searchsorted(edges, np.where(missing, 0.0, cells), side="right") + 1)


def explained_alone(column: Column, y: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Share of the spread of `y` [n] (values, or 0 and 1 of one class) that the column alone explains on unseen halves.

    A straight line within each bin, learnt on one half of the rows and measured on the other, both ways.
    """
    bins = binned(column, int(np.clip(len(y) // ROWS_A_BIN, 8, BINS)))
    half = rng.permutation(len(y)) % 2 == 0
    x = column.cells.astype(np.float64) if column.store == "numbers" else np.zeros(len(y))
    x = np.clip(np.where(np.isnan(x), 0.0, x), -1e100, 1e100)  # squares of larger numbers are infinite
    left = spread = 0.0
    for train in (half, ~half):
        guess = _line_by_bin(bins, x, y, train)
        left += float(((y - guess)[~train] ** 2).sum())
        spread += float(((y[~train] - y[train].mean()) ** 2).sum())
    return 1.0 - left / spread if spread > 0 else 0.0


def _line_by_bin(bins: Ints, x: Floats, y: Floats, train: NDArray[np.bool_]) -> Floats:
    size = int(bins.max()) + 1
    learnt, x_learnt, y_learnt = bins[train], x[train], y[train]
    count = np.bincount(learnt, minlength=size)
    total = np.where(count > 0, count, 1)
    mean_y = np.bincount(learnt, weights=y_learnt, minlength=size) / total
    mean_x = np.bincount(learnt, weights=x_learnt, minlength=size) / total
    dx, dy = x - mean_x[bins], y_learnt - mean_y[learnt]
    cross = np.bincount(learnt, weights=dx[train] * dy, minlength=size)
    square = np.bincount(learnt, weights=dx[train] ** 2, minlength=size)
    slope = np.where((count >= 10) & (square > 0), cross / np.where(square > 0, square, 1.0), 0.0)
    guess = mean_y[bins] + slope[bins] * dx
    unseen = count[bins] < 3
    return np.asarray(np.where(unseen, y_learnt.mean(), np.clip(guess, y_learnt.min(), y_learnt.max())))


def pure_levels(column: Column, hit: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows whose flag or level always goes with a class that is otherwise the rarer one: bool [n].

    hit : rows of that class. Measured quantities are not asked: their extremes may well be pure.
    """
    out = np.zeros(len(hit), dtype=bool)
    base = float(hit.mean())
    if column.kind.partition(":")[0] not in ("flag", "category") or base > 0.5:
        return out
    bins = binned(column)
    count = np.bincount(bins)
    pure = (np.bincount(bins, weights=hit) == count) & (count >= LEAST_PURE)
    return np.asarray(pure[bins])


def copies(data: Dataset) -> tuple[Ints, int, float]:
    """Rows that are exact copies of one another: (group of each row [n], rows that have a copy, pairs by chance).

    The last figure is how many pairs alike independent columns would give: where it is small against the pairs found,
    the rows are copies and no coincidence. It is not reckoned, but 0, where no row has a copy.
    """
    n = data.rows
    _, group, size = np.unique(row_keys(data), return_inverse=True, return_counts=True)
    copied, chance = int((size[group] > 1).sum()), 0.0
    if copied:
        chance = n * (n - 1) / 2
        for column in data:
            count = np.unique(_bits(column), return_counts=True)[1]
            chance *= float(((count / n) ** 2).sum())
    return group.astype(np.int64), copied, chance


def near_cells(data: Dataset, names: Sequence[str]) -> Ints:
    """Number of the group of each row [n]: rows whose cells are nearly the same in every one of some opened columns.

    names : columns whose modality finds near cells; others are passed over. A row without any such cell stands alone.
    """
    alone, keys, present = np.arange(data.rows), [], np.zeros(data.rows, dtype=bool)
    for name in names:
        kind = data[name].kind
        if offers(kind, FindsNear) and isinstance(modality := modality_of(kind), FindsNear):
            keys.append(np.where(data[name].missing, -1, modality.near(data[name])))
            present |= ~data[name].missing
    if not keys:
        return alone
    _, group = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
    return np.where(present, data.rows + group.reshape(-1), alone)


def copied_pairs(group: Ints) -> int:
    """Number of pairs of equal rows."""
    size = np.bincount(group)
    return int((size * (size - 1) // 2).sum())


def _bits(column: Column) -> Ints:
    cells = column.cells
    return cells.astype(np.int64) if column.store == "words" else np.ascontiguousarray(cells).view(np.int64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Splitmix64 (Steele, Lea & Flood 2014): spreads every bit."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def bins_differ(bins: Ints, y: Floats) -> float:
    """Fisher's (1925) one-way analysis of variance: p-value that the mean of `y` [n] differs between bins [n]."""
    from scipy.special import fdtrc

    _, code = np.unique(bins, return_inverse=True)
    count = np.bincount(code)
    k, n = len(count), len(y)
    centred = y - y.mean()
    between = float((np.bincount(code, weights=centred) ** 2 / count).sum())
    within = float((centred**2).sum()) - between
    if k < 2 or n <= k or between <= 0:
        return 1.0
    if within <= 1e-12 * between:
        return 0.0
    return float(fdtrc(k - 1, n - k, between / (k - 1) / (within / (n - k))))


def answers_of_copies(group: Ints, y: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """(rows that have a copy [n], mean of `y` [n, k] over the other copies of each row [n, k], 0 where there is none)."""
    size = np.bincount(group)
    total = np.column_stack([np.bincount(group, weights=column) for column in y.T])
    others = size[group] - 1
    mean = (total[group] - y) / np.maximum(others, 1)[:, None]
    has = others > 0
    return np.asarray(has), np.where(has[:, None], mean, 0.0)


def row_keys(data: Dataset) -> NDArray[np.uint64]:
    """A number for each row that is the same for rows with the same cells: uint64 [n]."""
    keys = np.zeros(data.rows, dtype=np.uint64)
    for i, column in enumerate(data):
        keys = _mix(keys ^ _mix(_bits(column).astype(np.uint64) + np.uint64(i * 1_000_003 + 1)))
    return keys


def cell_keys(data: Dataset) -> NDArray[np.uint64]:
    """A number for each row that is the same for rows with the same cells, in other tables of this run too: uint64 [n]."""
    keys = np.zeros(data.rows, dtype=np.uint64)
    for i, column in enumerate(data):
        if column.levels is not None:  # codes differ from part to part, the names do not
            used, place = np.unique(column.cells, return_inverse=True)  # of a million names a block of rows has few
            spelled = [hash(str(column.levels[c])) if c >= 0 else 0 for c in used.tolist()]
            bits = np.asarray(spelled, dtype=np.int64)[place]
        else:
            bits = _bits(column)
        keys = _mix(keys ^ _mix(bits.view(np.uint64) + np.uint64(i * 1_000_003 + 1)))
    return keys


def places_in(part: Dataset, whole: Dataset) -> Ints:
    """Where the rows of `part` stand in `whole`, of which they are some, in the same order: int64 [n]."""
    if part.rows == whole.rows:
        return np.arange(part.rows)
    wanted, found, at = row_keys(part).tolist(), [], 0
    for place, key in enumerate(row_keys(whole).tolist()):
        if at < len(wanted) and key == wanted[at]:
            found.append(place)
            at += 1
    return np.asarray(found, dtype=np.int64)
