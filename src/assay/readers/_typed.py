"""How do cells that already have a type become columns?

For doors that bring Arrow arrays (frames, Parquet) or Python values (workbooks, JSON, databases). Texts go the same way
as those of a CSV, so "NA" or a blank is missing whichever door the table came through.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from assay.kernel import zones
from assay.kernel.data import Column, Dataset, Source, plain_moment, plain_number
from assay.kernel.errors import DataError
from assay.kernel.words import refusal

from ._columns import LARGEST, Judged, Met, distinct_names, said_details, text_column

UTC = dt.timezone.utc  # noqa: UP017 (mypy and older documentation know this name)


def dataset_of(
    names: Sequence[Any],
    columns: Sequence[Callable[[str, Met], Column]],
    name: str,
    reader: str,
    details: dict[str, Any],
) -> Dataset:
    """A Dataset from raw names and one maker a column. Raises DataError where there are no columns or no rows."""
    if not columns:
        raise refusal(DataError, "readers", "no_columns", name=name)
    met = Met()
    distinct, named = distinct_names(names)
    made = tuple(make(new, met) for new, make in zip(distinct, columns, strict=True))
    rows = len(made[0])
    if not rows:
        raise refusal(DataError, "readers", "header_only", name=name, n=len(made))
    found = said_details(details | named | met.details())
    return Dataset(made, Source(name=name, reader=reader, details=found, rows_read=rows))


def arrow_dataset(table: Any, name: str, reader: str, details: dict[str, Any]) -> Dataset:
    """A Dataset from an Arrow table."""
    makers = [_arrow_maker(table.column(k)) for k in range(table.num_columns)]
    return dataset_of(table.column_names, makers, name, reader, details)


def records_dataset(
    names: Sequence[Any], rows: Sequence[Sequence[Any]], name: str, reader: str, details: dict[str, Any]
) -> Dataset:
    """A Dataset from rows of Python values, each as long as `names`."""
    makers = [values_maker([row[k] for row in rows]) for k in range(len(names))]
    return dataset_of(names, makers, name, reader, details)


def values_maker(values: Sequence[Any]) -> Callable[[str, Met], Column]:
    """What makes a column of Python values once its name is known."""
    return lambda name, met: value_column(name, values, met)


def _arrow_maker(cells: Any) -> Callable[[str, Met], Column]:
    return lambda name, met: arrow_column(name, cells, met)


def arrow_column(name: str, cells: Any, met: Met, judged: Judged | None = None) -> Column:
    """A column from an Arrow array of any type: [n]; of texts that are one block of many, as the whole is judged."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as of

    kind = cells.type
    if (texts := texts_of(cells)) is not None:
        return text_column(name, texts, met, judged=judged)
    if of.is_dictionary(kind):
        return arrow_column(name, _decoded(cells), met)
    if of.is_integer(kind) or (of.is_decimal(kind) and kind.scale == 0):  # as databases keep long keys
        return _whole_column(name, cells, met)
    if of.is_floating(kind) or of.is_decimal(kind):
        return Column.of_numbers(name, _numpy(pc.cast(cells, pa.float64(), safe=False)))
    if of.is_boolean(kind):
        return text_column(name, pc.if_else(cells, pa.scalar("True"), pa.scalar("False")), met)
    if of.is_date(kind) or of.is_timestamp(kind):
        zone = getattr(kind, "tz", None)
        moments = pc.cast(cells, pa.timestamp("us", tz=zone), safe=False)  # with a zone, Arrow already counts in UTC
        found = _numpy(pc.cast(moments, pa.int64())).astype("datetime64[us]")
        return Column(name=name, cells=found, zone=zone if zone and zones.known(zone) else "")
    if of.is_duration(kind):
        seconds = pc.cast(pc.cast(cells, pa.duration("us"), safe=False), pa.int64())
        return Column.of_numbers(name, _numpy(pc.cast(seconds, pa.float64())) / 1e6)
    return value_column(name, cells.to_pylist(), met)


def texts_of(cells: Any) -> Any:
    """The strings of an Arrow array that holds strings, in whichever way; None where it holds anything else."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as of

    kind = cells.type
    if of.is_dictionary(kind):
        of_strings = of.is_string(kind.value_type) or of.is_large_string(kind.value_type)
        return texts_of(_decoded(cells)) if of_strings or of.is_string_view(kind.value_type) else None
    if of.is_string_view(kind):  # few of Arrow's functions know it yet
        return pc.cast(cells, pa.large_string())
    return cells if of.is_string(kind) or of.is_large_string(kind) else None


def _decoded(cells: Any) -> Any:
    """A dictionary-encoded array without its dictionary."""
    import pyarrow as pa

    chunks = cells.chunks if isinstance(cells, pa.ChunkedArray) else [cells]
    words = pa.types.is_string_view(cells.type.value_type)
    kind = pa.large_string() if words else cells.type.value_type
    whole = [pa.DictionaryArray.from_arrays(c.indices, c.dictionary.cast(kind)).dictionary_decode() for c in chunks]
    return pa.chunked_array(whole, type=kind)


def _whole_column(name: str, cells: Any, met: Met) -> Column:
    """Whole numbers as float64, or as words where float64 would lose digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(cells)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if low is not None and max(-low, high) >= LARGEST:
        return text_column(name, pc.cast(cells, pa.string()), met)
    return Column.of_numbers(name, _numpy(pc.cast(cells, pa.float64())))


def _numpy(cells: Any) -> Any:
    """An Arrow array as numpy: missing floats become NaN, missing whole numbers the one that numpy reads as NaT."""
    import pyarrow as pa

    if pa.types.is_integer(cells.type):
        cells = cells.fill_null(np.iinfo(np.int64).min)
    array = cells.to_numpy() if isinstance(cells, pa.ChunkedArray) else cells.to_numpy(zero_copy_only=False)
    return np.asarray(array)


def value_column(name: str, values: Sequence[Any], met: Met) -> Column:
    """A column from Python values: all numbers, all moments, or else every cell as it would be written."""
    import pyarrow as pa

    values = [bare(v) for v in values]
    present = [v for v in values if not is_missing(v)]
    if present and all(is_number(v) for v in present):
        return Column.of_numbers(name, [math.nan if is_missing(v) else float(v) for v in values])
    if present and all(isinstance(v, (dt.date, np.datetime64)) for v in present):
        met_zones = {zone_of(v) for v in present}
        if len(met_zones) == 1:
            moments = [np.datetime64("NaT", "us") if is_missing(v) else moment_of(v) for v in values]
            return Column(name=name, cells=np.array(moments, dtype="datetime64[us]"), zone=met_zones.pop())
        # Each its own.
        values = [v.isoformat() if isinstance(v, dt.datetime) and not is_missing(v) else v for v in values]
    texts = pa.array([None if is_missing(v) else spelled(v) for v in values], type=pa.large_string())
    return text_column(name, texts, met)


def bare(value: Any) -> Any:
    """The scalar that an array without an axis holds, as sums and items of numpy and torch may be, None of a masked one; a duration in
    seconds; any other value as it is.

    >>> bare(np.array(3.5)) + 1, bare("nurse"), bare(dt.timedelta(minutes=1.5)), bare(np.timedelta64("NaT"))
    (np.float64(4.5), 'nurse', 90.0, nan)
    """
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, np.timedelta64) and np.datetime_data(value)[0] not in "YM":  # which are of no fixed length
        return float(value / np.timedelta64(1, "s"))
    if getattr(value, "ndim", None) != 0 or isinstance(value, np.generic):
        return value
    held = value[()] if isinstance(value, np.ndarray) else value.item()
    return None if type(held).__name__ == "MaskedConstant" else held  # a masked array holds it where a cell is missing


def spelled(value: Any) -> str:
    """A value as a file would write it; lists and mappings as JSON.

    >>> spelled(3.0), spelled({"a": [1, None]})
    ('3', '{"a": [1, null]}')
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # a lone surrogate is no text
    if isinstance(value, (float, np.floating)):
        return plain_number(float(value)) if math.isfinite(value) else str(float(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (dt.date, np.datetime64)):
        return plain_moment(moment_of(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=spelled)
    return str(value)


def is_missing(value: Any) -> bool:
    """Whether a value says that nothing is known: None, NaN, NaT, NA."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    if isinstance(value, Decimal):
        return value.is_nan()
    return type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, np.datetime64) and bool(np.isnat(value)))


def is_number(value: Any) -> bool:
    """Whether a value is a number that float64 holds without loss of digits; True and False are words."""
    if isinstance(value, (bool, np.bool_)):
        return False
    if isinstance(value, (int, np.integer)):
        return abs(int(value)) < LARGEST
    if isinstance(value, Decimal):
        return abs(value) < LARGEST or value != value.to_integral_value()
    return isinstance(value, (float, np.floating))


def zone_of(value: Any) -> str:
    """The time zone of a date or time: its name, or else how far it is from UTC; "" where it has none.

    >>> zone_of(dt.datetime(2024, 3, 1, tzinfo=dt.timezone(dt.timedelta(hours=8)))), zone_of(dt.date(2024, 3, 1))
    ('+08:00', '')
    """
    clock = getattr(value, "tzinfo", None)
    if clock is None:
        return ""
    name = getattr(clock, "key", None) or getattr(clock, "zone", None)
    if not (isinstance(name, str) and zones.known(name)):
        name = value.strftime("%z")
        name = f"{name[:3]}:{name[3:5]}" if name else ""
    return name if zones.known(name) else ""


def moment_of(value: Any) -> Any:
    """A date or time as datetime64[us], in UTC where it names a zone."""
    if isinstance(value, np.datetime64):
        return np.asarray(value).astype("datetime64[us]")[()]
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(UTC).replace(tzinfo=None)
        return np.datetime64(value, "us")
    return np.datetime64(value, "us")
