"""Which rows stand in groups, nearly the same in every number and far from all other rows?

Those of one person, part or place that was measured several times are so, and rows that were copied and altered a little, though no
column tells whose they are. Among rows drawn each by itself the nearest neighbour is seldom four times as near as the next: in d
dimensions with a chance of 4^-d (Levina & Bickel 2004 tell d from such distances). Where one row in ten more than by chance has such a
gap behind some of its neighbours, or two in five where columns are few, there are groups.
"""

from __future__ import annotations

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Column, Dataset, Floats, Ints

FEWEST_COLUMNS, FEW_COLUMNS = 3, 5  # of numbers that hardly repeat: in few dimensions gaps are common
FEWEST_DISTINCT, DISTINCT = 20, 0.02  # values of such a column, and their share of the rows
GAP = 0.25  # how much nearer the last of a group is than the first beyond it
MOST_ALIKE = 12  # rows of a group but one
LOOKED_AT = 200  # rows that are asked before all are
SHARE, SHARE_OF_FEW = 0.1, 0.4  # of rows in groups, the second in few columns
SURELY = 2.0  # times the share that chance gives, above it
INNER = (0.05, 0.95)  # quantiles whose distance is the unit of a column
FARTHEST = 1.0  # units beyond them
MOST_ROWS, MOST_COLUMNS = 50_000, 256  # that are looked at: what is near in all columns is near in so many of them
AT_ONCE, FROM_TREE = 20, 500
GOLDEN = (5**0.5 - 1) / 2


def alike_rows(data: Dataset, names: tuple[str, ...], clock: Clock | None = None) -> Ints | None:
    """The group of each row [n], a number of its own for one that stands alone; None where rows stand in no groups.

    Looked at are the columns of numbers and moments of those named that hardly repeat, MOST_COLUMNS of them evenly drawn. Tables
    of more than MOST_ROWS rows are passed over, and those whose neighbours are not all found when the clock is out.
    """
    clock = clock or Clock.still()
    n = data.rows
    if not 2 * FEWEST_DISTINCT <= n <= MOST_ROWS:
        return None
    columns = [data[name] for name in names if data[name].store in ("numbers", "moments")]
    places: list[Floats] = []
    for column in _evenly(columns):
        place = None if len(places) == MOST_COLUMNS else _places(column)
        places += [] if place is None else [place]
    if len(places) < FEWEST_COLUMNS:
        return None
    rows, inverse, size = np.unique(np.column_stack(places), axis=0, return_inverse=True, return_counts=True)
    if len(rows) <= MOST_ALIKE + 1:
        return None
    asked = np.unique(np.linspace(0, len(rows) - 1, LOOKED_AT).astype(np.int64))
    far = _nearest(rows, asked)[1]
    least = (SHARE_OF_FEW if len(places) < FEW_COLUMNS else SHARE) + SURELY * _by_chance(far)
    if (_grouped(far) | (size[asked] > 1)).mean() < least:
        return None
    near = _neighbours(rows, clock)
    if near is None:
        return None
    group = _joined(*near)[inverse]
    return group if (np.bincount(group)[group] > 1).mean() >= least else None


def _evenly(columns: list[Column]) -> list[Column]:
    """The same columns in an order of which any beginning is spread over all of them; few as they stand."""
    if len(columns) <= MOST_COLUMNS:
        return columns
    return [columns[i] for i in np.argsort(np.arange(len(columns)) * GOLDEN % 1.0)]


def _places(column: Column) -> Floats | None:
    """Where each cell lies between the quantiles of its column [n], tails cut off and missing ones beyond; None where values repeat too often.

    Ranks would not do: cells that repeated before they were altered a little lie as far apart as any others of their value.
    """
    if len(np.unique(column.cells)) < max(FEWEST_DISTINCT, DISTINCT * len(column)):
        return None
    cells = column.cells.astype(np.int64) if column.store == "moments" else column.cells
    cells = np.where(column.missing | ~np.isfinite(cells), np.nan, cells)
    low, high = np.nanquantile(cells, INNER)
    if not high > low:
        return None
    place = np.clip((cells - low) / (high - low), -FARTHEST, 1 + FARTHEST)
    return np.where(np.isnan(place), 1 + 2 * FARTHEST, place)


def _nearest(rows: Floats, asked: Ints) -> tuple[Ints, Floats]:
    """The nearest neighbours of some rows, and how far they are: [m, MOST_ALIKE + 1] each, nearest first."""
    found, far = [], []
    for start in range(0, len(asked), AT_ONCE):
        own = asked[start : start + AT_ONCE]
        gap = np.zeros((len(own), len(rows)))
        for of_rows, of_own in zip(rows.T, rows[own].T, strict=True):
            gap += (of_rows - of_own[:, None]) ** 2
        gap[np.arange(len(own)), own] = np.inf
        near = np.argpartition(gap, MOST_ALIKE, axis=1)[:, : MOST_ALIKE + 1]
        by_distance = np.argsort(np.take_along_axis(gap, near, axis=1), axis=1)
        found.append(np.take_along_axis(near, by_distance, axis=1))
        far.append(np.sqrt(np.take_along_axis(gap, found[-1], axis=1)))
    return np.concatenate(found), np.concatenate(far)


def _neighbours(rows: Floats, clock: Clock) -> tuple[Ints, Floats] | None:
    """The same of all rows, by a tree of them, which in many dimensions takes as long as looking everywhere; None when the clock is out."""
    from scipy.spatial import cKDTree

    tree, far, found = cKDTree(rows), [], []
    for start in range(0, len(rows), FROM_TREE):
        if clock.expired():
            return None
        gap, near = tree.query(rows[start : start + FROM_TREE], MOST_ALIKE + 2)
        far.append(gap[:, 1:])  # different rows: each is its own nearest
        found.append(near[:, 1:])
    return np.concatenate(found), np.concatenate(far)


def _by_chance(far: Floats) -> float:
    """The share of rows that have such a gap where none stand in groups, by the directions that all steps but each row's widest tell.

    The step from a neighbour j to the next, as a logarithm and times j, is 1 / d on average, and all of them are alike.
    """
    steps = -np.log(np.maximum(_ratios(far), np.finfo(float).tiny)) * np.arange(1, MOST_ALIKE + 1)
    steps = np.sort(steps, axis=1)[:, :-1]
    usual = (MOST_ALIKE - sum(1 / j for j in range(1, MOST_ALIKE + 1))) / (MOST_ALIKE - 1)  # of those, where d is 1
    directions = usual / max(float(np.median(steps.mean(axis=1))), 1e-9)
    return float(min(1.0, sum(GAP ** (j * directions) for j in range(1, MOST_ALIKE + 1))))


def _ratios(far: Floats) -> Floats:
    """How much nearer each neighbour is than the next [m, MOST_ALIKE]."""
    return np.asarray(far[:, :-1] / far[:, 1:])


def _grouped(far: Floats) -> Bools:
    """Rows with a gap behind some of their neighbours: [m]."""
    return np.asarray(_ratios(far).min(axis=1) < GAP)


def _joined(found: Ints, far: Floats) -> Ints:
    """Groups of rows that have each other before their widest gap: [n]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ratios = _ratios(far)
    last = np.where(ratios.min(axis=1) < GAP, ratios.argmin(axis=1), -1)
    own = np.arange(found.shape[1]) <= last[:, None]
    n = len(found)
    row = np.repeat(np.arange(n), own.sum(axis=1))
    links = coo_array((np.ones(len(row)), (row, found[own])), shape=(n, n)).tocsr()
    return np.asarray(connected_components(links.multiply(links.T), directed=False)[1], dtype=np.int64)
