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
from assay.language.personal import sketched

NUMBER = r"[-+]?\d+(?:\.\d+)?"
PAIR = re.compile(rf"[(\[（]?\s*{NUMBER}\s*(?:[/,，;；x×X*|]|\s)\s*{NUMBER}\s*[)\]）]?")
LEARNT_FROM, AS_WORDS = ("feature", "sensitive"), ("category", "text")  # roles, kinds
LEAST_SHARE, LEAST_DIFFERENT = 0.9, 10  # of cells; below, they are names that have two numbers in them (class 3/2)
LOOKED_AT = 1_000  # different cells, of which half so many as above must be pairs for the others to be looked at


def pair_notes(plan: ColumnPlan, column: Column) -> Iterator[Say]:
    """What is to be said of an opened column."""
    if plan.role not in LEARNT_FROM or plan.kind.partition(":")[0] not in AS_WORDS or column.levels is None:
        return
    levels = column.levels.tolist()
    if sum(map(_is_pair, levels[:LOOKED_AT])) < LEAST_SHARE / 2 * min(len(levels), LOOKED_AT):
        return
    count = np.bincount(column.cells[~column.missing], minlength=len(levels))
    pairs = np.asarray([_is_pair(level) for level in levels], dtype=bool)
    n, different = int(count[pairs].sum()), int((count[pairs] > 0).sum())
    if different >= LEAST_DIFFERENT and n >= LEAST_SHARE * count.sum():
        # How they are written, without what they hold: notes stand in the file, and a cell may be one person's.
        example = sketched(levels[int(np.argmax(np.where(pairs, count, -1)))].strip())
        yield Say("planning", "note.pairs", {"name": plan.name, "n": n, "example": example})


def _is_pair(level: str) -> bool:
    return PAIR.fullmatch(level.strip()) is not None
