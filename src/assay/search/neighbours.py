"""Where few rows teach a student, which others can be made for it to ask its teacher about?

Each of a row's cells is, by lot, taken from one of its nearest neighbours (after MUNGE; Bucila, Caruana & Niculescu-Mizil 2006). Such
rows lie where real ones lie, and the teacher has an answer for them as for any row. They are never measured on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.kernel.data import Dataset, Floats
from assay.kernel.forms import Vector

FEW = 2_000  # rows below which others are made
TIMES = 4  # as many others as there are rows
NEAREST = 6
SHARE = 0.3  # of the cells are a neighbour's
SWITCH = 0.7  # size of a switch beside numbers of unit spread
MOST_COLUMNS = 300  # of numbers and switches: beyond, nearness means little and takes long


def others(table: Dataset, vector: Vector, rng: np.random.Generator) -> Dataset | None:
    """An opened table, `TIMES` as many rows made of its own beneath it; None where there are rows enough, or too few.

    vector : the vector form of the table [n, d], by which rows are near
    """
    n = table.rows
    if not NEAREST < n < FEW:
        return None
    spread = _spread(vector)
    if not 0 < spread.shape[1] <= MOST_COLUMNS:
        return None
    from scipy.spatial import cKDTree

    near = cKDTree(spread).query(spread, k=NEAREST + 1)[1][:, 1:]  # the first is the row itself, or its copy
    own = np.tile(np.arange(n), TIMES)
    columns = []
    for column in table:
        rows = own.copy()
        moved = np.flatnonzero(rng.random(len(own)) < SHARE)
        rows[moved] = near[own[moved], rng.integers(NEAREST, size=len(moved))]
        columns.append(replace(column, cells=column.cells[np.concatenate([np.arange(n), rows])]))
    return Dataset(tuple(columns), table.source)


def _spread(vector: Vector) -> Floats:
    """Numbers of unit spread, missing ones in the middle, and a switch for each code: [n, c]."""
    found = []
    for place, feature in enumerate(vector.features):
        x = vector.values[:, place]
        if feature.kind == "code":
            found += [SWITCH * (x == code) for code in np.unique(x)]
        elif feature.kind == "number" and not np.isnan(x).all():
            x = np.where(np.isnan(x), np.nanmean(x), x)
            found.append((x - x.mean()) / (float(x.std()) or 1.0))
    return np.column_stack(found) if found else np.empty((len(vector.values), 0))
