"""How long does one row take, from a mapping to its Answer, on this machine?

Rows of the table itself, asked in turn, each several times: of every row the quickest time counts, since whatever else the machine
does can only add to it; of the rows the median. Wall time of one thread, the first asking left out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from assay.kernel.data import Dataset

ROWS, ROUNDS = 100, 5
LONGEST = 0.3  # seconds


def some_rows(raw: Dataset, names: Sequence[str], count: int = ROWS) -> list[dict[str, Any]]:
    """Rows of a raw table as a program would send them, spread over it."""
    places = np.unique(np.linspace(0, max(0, raw.rows - 1), min(count, raw.rows)).astype(np.int64))
    columns = {}
    for name in names:
        column = raw[name].take(places)
        columns[name] = column.cells.tolist() if column.store == "numbers" else list(column.texts())
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def seconds_one_row(
    ask: Callable[[Mapping[str, Any]], Any],
    rows: Sequence[Mapping[str, Any]],
    longest: float = LONGEST,
    now: Callable[[], float] = time.perf_counter,
) -> float:
    """Median over the rows of the least seconds that each took; after `longest` seconds no further row is asked."""
    ask(rows[0])
    least = [float("inf")] * len(rows)
    start = now()
    for _ in range(ROUNDS):
        for place, row in enumerate(rows):
            before = now()
            ask(row)
            after = now()
            least[place] = min(least[place], after - before)
            if after - start > longest:
                return statistics.median(seconds for seconds in least if seconds < float("inf"))
    return statistics.median(least)
