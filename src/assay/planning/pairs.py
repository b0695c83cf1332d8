"""Does each cell of a column hold two numbers?

130/80 (a blood pressure), "31.23,121.47" (a place) and 1920x1080 are two quantities, learnt from as names or as pieces of a text. That
is told, since two columns of numbers say more. Bands (20-30, 20~30) are one quantity and no pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from assay.kernel.data import Column
from assay.kernel.plan import ColumnPlan
from assay.kernel.words import Say

NUMBER = r"[-+]?\d+(?:\.\d+)?"
PAIR = re.compile(rf"[(\[（]?\s*{NUMBER}\s*(?:[/,，;；x×X*|]|\s)\s*{NUMBER}\s*[)\]）]?")
LEARNT_FROM, AS_WORDS = ("feature", "sensitive"), ("category", "text")  # roles, kinds
LEAST_SHARE, LEAST_DIFFERENT = 0.9, 10  # of cells; below, they are names that have two numbers in them (class 3/2)


def pair_notes(plan: ColumnPlan, column: Column) -> Iterator[Say]:
    """What is to be said of an opened column."""
    if plan.role not in LEARNT_FROM or plan.kind.partition(":")[0] not in AS_WORDS or column.levels is None:
        return
    count = np.bincount(column.cells[~column.missing], minlength=len(column.levels))
    pairs = np.asarray([PAIR.fullmatch(level.strip()) is not None for level in column.levels.tolist()], dtype=bool)
    n, different = int(count[pairs].sum()), int((count[pairs] > 0).sum())
    if different >= LEAST_DIFFERENT and n >= LEAST_SHARE * count.sum():
        example = column.levels[int(np.argmax(np.where(pairs, count, -1)))]
        yield Say("planning", "note.pairs", {"name": plan.name, "n": n, "example": example})
