"""What is usual for rows that just got an answer?

A credit denial is explained against applicants whose score was at or slightly above what was needed (official comment 9(b)(2)-5 to US
Regulation B, 12 CFR 1002). What is kept of them is the mean pull of each part and the cell in the middle of each column, on either side
of the border. Of names it is the one that just pulls as much as the mean: the most frequent may pull as little as any. No cell
is that of a single row: a middle that fewer than LEAST rows bear is the mean of as many around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset, Floats, Ints

from .profile import DAY, LEAST, is_measured, plain

SHARE = 0.1  # of the rows that have the answer are slightly beyond the border
FEWEST, MOST = 30, 200  # rows of one side
DIGITS = 6  # of pulls, so that they are the same on every machine
BELOW = 1e6  # log-odds: any cell that reaches the mean is nearer than one that does not
FEW = 12  # distinct numbers up to which they are taken as names are
LONGEST = 200  # characters of a name that is kept


@dataclass(frozen=True, eq=False)
class Side:
    """The rows that lie just beyond the border of a log-odds, on one side of it.

    rows    : how many rows stand behind the figures
    pulls   : mean pull of each part on the log-odds [parts]
    numbers : the middle of numbers and dates (in days since 1970) [parts], of few numbers and flags the one that just pulls
              as much as the mean; NaN where there is none
    names   : the name that just pulls as much as the mean; "" where there is none
    """

    rows: int
    pulls: Floats
    numbers: Floats
    names: tuple[str, ...]

    def cell(self, place: int, column: Column) -> Column | None:
        """The usual cell of part `place`, as a column of one row like the given one; None where nothing is usual."""
        number, name = self.numbers[place], self.names[place]
        if column.store == "words":
            return replace(Column.of_words(column.name, [name]), kind=column.kind, role=column.role) if name else None
        if np.isnan(number):
            return None
        cells = np.asarray([number])
        if column.store == "moments":
            cells = np.round(cells * DAY).astype(np.int64).astype("datetime64[us]")
        return replace(column, cells=cells)


@dataclass(frozen=True, eq=False)
class Reference:
    """Both sides of the border: where the log-odds are below 0, and above; None where there were too few rows."""

    parts: tuple[str, ...]
    below: Side | None
    above: Side | None

    @classmethod
    def of(
        cls,
        table: Dataset,
        scores: Floats,
        pulls: Callable[[Ints], Floats],
        parts: tuple[str, ...],
        most: int = MOST,
    ) -> Reference | None:
        """From opened rows and their log-odds [n]; `pulls` gives those of some rows, without the base [m, parts].

        most : rows of one side, FEWEST at least. None where neither side has rows enough.
        """
        below, above = (just_beyond(scores, side)[: max(most, FEWEST)] for side in (False, True))
        rows = np.concatenate([below, above])
        if not len(rows):
            return None
        known, own = table.take(rows), pulls(rows)  # of both sides at once: a table may have thousands of columns
        sides = [
            _side(known.take(some), own[some], parts, sign) if some.stop > some.start else None
            for some, sign in ((slice(0, len(below)), -1.0), (slice(len(below), len(rows)), 1.0))
        ]
        return cls(parts, sides[0], sides[1])

    def dump(self, box: Box) -> None:
        """Write everything that `load` needs."""
        for name, side in (("below", self.below), ("above", self.above)):
            if side is not None:
                inner = box.add(name)
                inner.put(rows=side.rows, names=list(side.names))
                inner.put_array("pulls", side.pulls)
                inner.put_array("numbers", side.numbers)

    @classmethod
    def load(cls, box: Box, parts: tuple[str, ...]) -> Reference:
        """What was dumped, of these parts. Raises BundleInvalid."""
        sides = [_load(box.box(name), len(parts)) if name in box.inner else None for name in ("below", "above")]
        return cls(parts, sides[0], sides[1])


def just_beyond(scores: Floats, above: bool) -> Ints:
    """The rows with log-odds [n] at or slightly beyond the border, the nearest first; none where they are too few.

    >>> just_beyond(np.arange(-50.0, 50.0), above=True)[:3].tolist()
    [51, 52, 53]
    """
    there = np.flatnonzero(scores > 0 if above else scores <= 0)
    if len(there) < FEWEST:
        return there[:0]
    count = min(MOST, max(FEWEST, int(np.ceil(SHARE * len(there)))))
    return np.asarray(there[np.argsort(np.abs(scores[there]), kind="stable")[:count]])


def _side(table: Dataset, pulls: Floats, parts: tuple[str, ...], sign: float) -> Side:
    numbers, names, mean = np.full(len(parts), np.nan), [""] * len(parts), pulls.mean(axis=0)
    for place, name in enumerate(parts):
        column, own = table[name], pulls[:, place]
        if is_measured(column):  # of texts and pictures none is usual
            continue
        there = ~column.missing
        column, own = column.take(there), sign * own[there]
        if column.store == "words":
            assert column.levels is not None
            code = _reaching(column.cells, own, sign * float(mean[place]))
            told = "" if code is None else str(column.levels[code])
            names[place] = told if len(told) <= LONGEST else ""
        elif len(column) >= LEAST:
            cells = plain(column)
            few = len(np.unique(cells)) <= FEW
            found = _reaching(cells, own, sign * float(mean[place])) if few else None
            numbers[place] = _middle(cells) if found is None else found
    return Side(table.rows, np.round(mean, DIGITS), numbers, tuple(names))


def _reaching(cells: NDArray[Any], pulls: Floats, mean: float) -> Any:
    """Of the cells that LEAST rows bear, the one that pulls on average as the mean does or just more; else the nearest below it.

    None where no cell is borne by so many.
    """
    distinct, inverse, count = np.unique(cells, return_inverse=True, return_counts=True)
    more = np.bincount(inverse, pulls, len(distinct)) / np.maximum(count, 1) - mean
    off = np.where(count >= LEAST, np.where(more >= 0, more, BELOW - more), np.inf)
    return distinct[off.argmin()].item() if len(off) and np.isfinite(off.min()) else None


def _middle(cells: Floats) -> float:
    """The median where LEAST rows bear it, else the mean of as many around it, a whole number where all are."""
    x = np.sort(cells)
    middle = len(x) // 2
    if (x == x[middle]).sum() >= LEAST:
        return float(x[middle])
    start = min(max(0, middle - LEAST // 2), len(x) - LEAST)
    mean = float(x[start : start + LEAST].mean())
    return float(np.round(mean)) if (x == np.round(x)).all() else float(f"{mean:.6g}")


def _load(box: Box, parts: int) -> Side:
    names, numbers = box.texts("names", parts), box.array("numbers", np.float64, (parts,), finite=False)
    if len(names) != parts or np.isinf(numbers).any() or (np.abs(numbers) > 1e300).any():
        raise box.refuse("'names' or 'numbers' are not one a part")
    if any(name and not np.isnan(number) for name, number in zip(names, numbers.tolist(), strict=True)):
        raise box.refuse("a part has both a name and a number")
    pulls = box.array("pulls", np.float64, (parts,))
    return Side(box.whole("rows", FEWEST, MOST), pulls, numbers, tuple(names))
