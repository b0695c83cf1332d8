"""In which form are cells handed to a model?

As they stand in the table: numbers, words, and None where nothing stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Column, Dataset, Floats
from ..kernel.words import Say
from .door import Unanswered

Cell = float | int | str | None


def plain(column: Column) -> list[Cell]:
    """Numbers (whole ones without a point), words, moments as ISO 8601, None where missing."""
    if column.store != "numbers":
        return list(column.texts().tolist())
    cells = column.cells.tolist()
    return [None if v != v else int(v) if abs(v) < 2**53 and v == int(v) else v for v in cells]


def rows_of(data: Dataset) -> list[dict[str, Cell]]:
    """Every row as a mapping of column names to cells."""
    columns = [plain(column) for column in data]
    return [dict(zip(data.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def numbers(column: Column) -> Floats:
    """The cells as numbers, NaN where missing; days since 1970 of moments. Raises Unanswered where a word is none."""
    if column.store == "numbers":
        return np.asarray(column.cells, dtype=np.float64)
    if column.store == "moments":
        return _days(column.cells)
    assert column.levels is not None
    read = np.full(len(column.levels) + 1, np.nan)
    strange = {}
    for code, level in enumerate(column.levels):
        try:
            read[code] = float(level)
        except ValueError:
            strange[code] = str(level)
    used = [strange[code] for code in np.unique(column.cells) if code in strange]
    if used:
        moments = _moments(column)
        if moments is not None:
            return moments
        raise Unanswered(Say("foreign", "why.word", {"column": column.name, "said": used[0][:60]}))
    return np.asarray(read[column.cells])


def words(column: Column) -> NDArray[np.object_]:
    """The cells as words, "" where missing."""
    found = column.texts()
    found[column.missing] = ""
    return found


def _days(cells: NDArray[np.datetime64]) -> Floats:
    found = cells.astype("datetime64[us]")
    days = (found - np.datetime64("1970-01-01")) / np.timedelta64(1, "D")
    return np.where(np.isnat(found), np.nan, days)


def _moments(column: Column) -> Floats | None:
    """Words that are all dates (ISO 8601), as days."""
    try:
        return _days(np.asarray([text or "NaT" for text in column.texts()], dtype="datetime64[us]"))
    except ValueError:
        return None
