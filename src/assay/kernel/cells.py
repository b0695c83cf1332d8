"""What is one cell, apart from any column?

A row that comes alone is not worth a table: its cells are plain Python values, one for each store of a Column. They say what
a column of one row would hold, so that a cell opened and encoded alone gives the numbers it gives in a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .data import Column, plain_moment, plain_number


class Moment(int):
    """Microseconds since 1970, as the store of moments keeps them: in UTC where the moment came with a zone."""

    zone: str

    def __new__(cls, value: int, zone: str = "") -> Moment:
        """zone : as of `Column.zone`"""
        made = super().__new__(cls, value)
        made.zone = zone
        return made


Cell = float | str | Moment | None  # a number (never NaN), a word, a moment, or missing


@dataclass(frozen=True)
class Usual:
    """What the usual cells of a column come to when they are opened and encoded, each to one number; none of them is strange."""

    low: float = np.inf  # a number from here
    high: float = -np.inf  # to here, both included, stands for itself
    codes: Mapping[str, float] = field(default_factory=dict)  # a text stands for this
    missing: float | None = None  # and a missing cell for this, where the encoder tells


def written(cell: Cell, kind: str = "") -> str | None:
    """The cell as it would be written, None where missing: what `Column.texts` of a column of that kind gives.

    >>> written(3.0), written("Ulm"), written(Moment(0)), written(None), written(1.0, "flag:no,yes")
    ('3', 'Ulm', '1970-01-01', None, 'yes')
    """
    if cell is None or isinstance(cell, str):
        return cell
    return plain_number(cell, kind) if isinstance(cell, float) else plain_moment(np.datetime64(cell, "us"), kind)


def cells_of(column: Column) -> list[Cell]:
    """Every cell of a column, apart.

    >>> cells_of(Column.of_words("town", ["Ulm", None]))
    ['Ulm', None]
    """
    if column.store == "moments":
        found = column.cells.astype(np.int64).tolist()
        return [
            None if gone else Moment(cell, column.zone)
            for cell, gone in zip(found, column.missing.tolist(), strict=True)
        ]
    if column.store == "numbers":
        return [cell if cell == cell else None for cell in column.cells.tolist()]
    return list(column.texts())
