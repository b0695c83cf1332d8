"""How does one value of a row that comes alone become a cell?

As it would in a table of that one row (`_typed.value_column`): the same values are missing, the same ones are numbers, and a
text loses the blanks and the ="…" around it. What is usual in a row comes first, since this is asked for every cell of every row served.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from assay.kernel.cells import Cell, Moment
from assay.kernel.data import Column
from assay.kernel.labels import NOTHING

from ._columns import LARGEST, Met, bare_text
from ._typed import bare, is_missing, is_number, moment_of, spelled, value_column, zone_of


class IsColumn(Exception):
    """The value is a column of cells, not a cell."""


GONE = frozenset(NOTHING)


def cell_of(value: Any) -> Cell:
    """The cell that a value is. Raises IsColumn where it holds several, as the columns of a table do.

    >>> cell_of(41), cell_of(" nurse "), cell_of("NA"), cell_of(float("nan")), cell_of('="00123"')
    (41.0, 'nurse', None, None, '00123')
    """
    kind = type(value)
    if kind is float:
        return value if value == value else None
    if kind is str:
        text = bare_text(value if value.isascii() else spelled(value))
        return None if text in GONE else text
    if value is None:
        return None
    if kind is int and -LARGEST < value < LARGEST:
        return float(value)
    return _rarer(value)


def column_of(name: str, value: Any) -> Column:
    """The raw column of one row that holds this value, as every door makes it. Raises IsColumn."""
    if is_column(value):
        raise IsColumn(name)
    return value_column(name, [value], Met())


def is_column(value: Any) -> bool:
    """Whether a value holds the cells of several rows: a list, an array, a series; a mapping is a cell, as in records.

    An array without an axis is a cell, too.
    """
    value = bare(value)
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict))


def is_row(values: Mapping[Any, Any]) -> bool:
    """Whether a mapping holds the cells of one row, and not the columns of a table.

    A list is a cell, as lists in Parquet are, where another value can be nothing but a cell: a number, a text, None, a mapping. Where
    all are lists, they are columns.

    >>> is_row({"age": 41, "tags": ["new", "late"]}), is_row({"age": [41, 35], "tags": [["new"], []]})
    (True, False)
    """
    return not any(map(is_column, values.values())) or any(map(is_sure_cell, values.values()))


def is_sure_cell(value: Any) -> bool:
    """Whether a value can be no column of a table, whatever stands in it."""
    value = bare(value)
    return isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__")


def _rarer(value: Any) -> Cell:
    value = bare(value)
    if is_column(value):
        raise IsColumn
    if is_missing(value):
        return None
    if is_number(value):
        return float(value)
    if isinstance(value, (dt.date, np.datetime64)):
        return Moment(int(moment_of(value).astype(np.int64)), zone_of(value))
    text = bare_text(spelled(value))
    return None if text in GONE else text
