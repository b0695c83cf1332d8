"""Which numbers of a column stand for cells of which nothing is known?

-9999 among values of 0.4 to 2 is no measurement, but nothing in the table says so: it is learnt from as a number, and only told. That
is done where it is certain enough: a number that is written for "missing" by custom, in two cells and in half a percent of them at
the least, and further from all others than they are from each other. Of positive numbers three times as far is asked for, since
amounts have long tails (prices of 999, incomes cut at 99999); of -1, -7, -8 and -9, which may be scores or differences, that the
others are five different ones at least and none of them negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, plain_number
from assay.kernel.plan import ColumnPlan
from assay.kernel.words import Say

BY_CUSTOM = re.compile(r"-?9{2,}|-?9{3,}\.9|-32768|-[1789]")
SHORT = re.compile(r"-[1789]")
LEAST_CELLS, LEAST_SHARE = 2, 0.005
FURTHER = 3  # ranges of the others that a positive number is away from them
LEAST_OTHERS, LEAST_BESIDE_SHORT = 2, 5  # different ones
DAYS = np.asarray(
    ["0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2079-06-06", "2099-12-31", "2999-12-31",
     "3000-01-01", "3000-12-31", "9999-12-30", "9999-12-31"], dtype="datetime64[D]"
)  # fmt: skip
APART = np.timedelta64(5 * 365, "D")  # of such a day from all others
LEARNT_FROM = ("feature", "sensitive", "target", "weight")  # roles


def stand_in_notes(plan: ColumnPlan, column: Column) -> Iterator[Say]:
    """What is to be said of an opened column."""
    if plan.role not in LEARNT_FROM or column.store == "words":
        return
    cells = column.cells[~column.missing]
    if column.store == "moments":
        yield from _days(plan.name, cells)
        return
    for value, n, low, high in stand_ins(cells):
        said = {"name": plan.name, "n": n, "share": n / len(cells), "value": plain_number(value)}
        yield Say("planning", "note.stand_in", {**said, "low": f"{low:.6g}", "high": f"{high:.6g}"})


def _days(name: str, cells: NDArray[Any]) -> Iterator[Say]:
    """Days by which programs say that there is none, years away from all others."""
    days = cells.astype("datetime64[D]")
    custom = np.isin(days, DAYS)
    if custom.all() or not custom.any():
        return
    low, high = days[~custom].min(), days[~custom].max()
    for day in np.unique(days[custom]):
        n = int((days == day).sum())
        if n >= max(LEAST_CELLS, LEAST_SHARE * len(cells)) and max(low - day, day - high) > APART:
            said = {
                "name": name,
                "n": n,
                "share": n / len(cells),
                "value": str(day),
                "low": str(low),
                "high": str(high),
            }
            yield Say("planning", "note.stand_in_day", said)


def stand_ins(cells: Floats) -> list[tuple[float, int, float, float]]:
    """Numbers that stand for missing cells, with the cells that hold each, and the lowest and the highest of the others.

    >>> stand_ins(np.asarray([-9999.0, -9999.0, 0.4, 1.1, 2.0]))
    [(-9999.0, 2, 0.4, 2.0)]
    """
    values, counts = np.unique(cells, return_counts=True)
    first, last = 0, len(values)
    while first < last and _by_custom(values[first]):
        first += 1
    while first < last and _by_custom(values[last - 1]):
        last -= 1
    if last - first < LEAST_OTHERS:
        return []
    low, high = float(values[first]), float(values[last - 1])
    found = []
    for place in (*range(first), *range(last, len(values))):
        value, n = float(values[place]), int(counts[place])
        if n >= max(LEAST_CELLS, LEAST_SHARE * len(cells)) and _far(value, low, high, last - first):
            found.append((value, n, low, high))
    return found


def _by_custom(value: float) -> bool:
    return BY_CUSTOM.fullmatch(plain_number(value)) is not None


def _far(value: float, low: float, high: float, others: int) -> bool:
    if SHORT.fullmatch(plain_number(value)) and (low < 0 or others < LEAST_BESIDE_SHORT):
        return False
    return low - value > high - low if value < low else value - high > FURTHER * (high - low)
