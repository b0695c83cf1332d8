"""What was drawn in each picture, and may its views be mirrored? Shared by the learners that find things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Head
from assay.pictures.crops import crops
from assay.pictures.mirrors import LEAST, LOOKED_AT, SIDE, mirrors


def drawn(y: NDArray[Any]) -> tuple[list[Floats], list[Ints]]:
    """Boxes [m, 4] and classes [m] of each picture, from targets [n, m, 5]."""
    real = [row[row[:, 0] >= 0] for row in y]
    return [row[:, 1:] for row in real], [row[:, 0].astype(np.int64) for row in real]


def mirrored(
    pictures: Sequence[NDArray[np.uint8]],
    boxes: list[Floats],
    labels: list[Ints],
    head: Head,
    rng: np.random.Generator,
) -> tuple[bool, bool]:
    """Whether across and down: asked of the things cut out; where these do not tell, across, as most things bear it."""
    if head.classes_ < 2 or sum(map(len, labels)) < LEAST:
        return True, False
    cut, names = crops(pictures, boxes, labels, SIDE, LOOKED_AT, rng)
    return mirrors(cut, np.eye(head.classes_)[names], rng) or (True, False)
