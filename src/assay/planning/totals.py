"""Which rows are, by their words, sums of others?

What a spreadsheet sums up at its end is set aside when it is read. A row further up that says 小计 or "Total" of itself may be a case
like the others ("total" as a kind of loss, "合计" as a branch), so it is learnt from and only told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from assay.kernel.data import Column
from assay.kernel.words import Say
from assay.kernel.written_totals import is_total, plain, without_rest

LIKE_ONE = re.compile(
    r"tot|sum|som|gesamt|razem|ogó|ито|все|plam|jum|[计計和额額계]", re.IGNORECASE
)  # before cells are looked at one by one
MOST_SHARE = 0.5  # of rows: sums are fewer than what they sum


def total_notes(column: Column) -> Iterator[Say]:
    """What is to be said of a column as it was read."""
    if column.levels is None:
        return
    named = [k for k, level in enumerate(column.levels.tolist()) if LIKE_ONE.search(level) and _says_total(level)]
    n = int(np.isin(column.cells, named).sum()) if named else 0
    if 0 < n < MOST_SHARE * len(column):
        words = [f"'{column.levels[k]}'" for k in named[:3]]
        yield Say("planning", "note.totals", {"name": column.name, "n": n, "words": words})


def _says_total(level: str) -> bool:
    return is_total(without_rest(plain(level)))
