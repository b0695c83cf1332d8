"""Which ways may the pictures of a batch be mirrored? Shared by the learners that look at pictures."""

from __future__ import annotations

import numpy as np

from assay.kernel.forms import Batch, Head
from assay.neural.unit import Unit
from assay.pictures.mirrors import LOOKED_AT, SIDE, mirrors


def mirrored(train: Batch, unit: Unit, head: Head, rng: np.random.Generator) -> tuple[bool, bool]:
    """Whether across (left and right) and whether down, the pictures of all columns alike."""
    found = (True, True)
    target = unit.targets(train, head).astype(np.float64)
    for grid in train.grids.columns:
        rows = rng.permutation(np.flatnonzero(grid.there))[:LOOKED_AT]
        own = mirrors(grid.take(rows).at(SIDE), target[rows], rng) or (False, False)
        found = found[0] and own[0], found[1] and own[1]
    return found
