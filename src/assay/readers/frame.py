"""How does a table that is already in memory come in?

pandas, polars and Arrow tables, mappings of columns, lists of records, numpy arrays: recognised by what they can do, so
that none of these packages is imported to find out. The index of a frame is not a column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError, listing
from assay.kernel.plugins import About

from . import _peek as peek
from ._typed import arrow_column, arrow_dataset, dataset_of, value_column


class Frame:
    """Tables in memory."""

    about: ClassVar = About(
        key="frame",
        order=10,
        words={"en": {"title": "Table in memory"}, "zh": {"title": "内存中的表格"}},
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whatever is no path."""
        return not peek.is_path(source)

    @classmethod
    def read(cls, source: Any, *, names: Sequence[str] | None = None, name: str = "table") -> Dataset:
        """Read a table in memory; `names` are the column names of a plain array.

        Raises DataError where it is no table or its columns differ in length.

        >>> Frame().read({"age": [30, 40], "town": ["Ulm", None]})["age"].cells.tolist()
        [30.0, 40.0]
        """
        if isinstance(source, Dataset):
            return source
        if isinstance(source, np.ndarray):
            source = _columns_of_array(source, names)
        elif _is_records(source):
            keys = list(dict.fromkeys(key for record in source for key in record))
            source = {key: [record.get(key) for record in source] for key in keys}
        if isinstance(source, Mapping):
            return _of_mapping(source, name)
        origin = type(source).__module__.partition(".")[0]
        if origin == "pandas" and hasattr(source, "columns"):
            return _of_pandas(source, name)
        if hasattr(source, "collect") and origin == "polars":
            source = source.collect()
        return arrow_dataset(_arrow_table(source), name, "frame", {"frame": origin})


def _is_records(source: Any) -> bool:
    return isinstance(source, (list, tuple)) and bool(source) and all(isinstance(r, Mapping) for r in source)


def _columns_of_array(array: Any, names: Sequence[str] | None) -> dict[Any, Any]:
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise DataError(
            f"The array has {array.ndim} dimensions.", "Expected rows and columns.", "Reshape it to [rows, columns]."
        )
    given = list(names) if names is not None else [f"column_{k + 1}" for k in range(array.shape[1])]
    if len(given) != array.shape[1] or len(set(given)) != len(given):
        raise DataError(
            f"{len(given)} column names for {array.shape[1]} columns: {listing(given)}.",
            "Expected one distinct name a column.",
            "Pass as many names as there are columns.",
        )
    return {name: array[:, k] for k, name in enumerate(given)}


def _of_mapping(columns: Mapping[Any, Any], name: str) -> Dataset:
    lists = {key: _typed_array(values) or _listed(key, values) for key, values in columns.items()}
    lengths = {key: len(values) for key, values in lists.items()}
    if len(set(lengths.values())) > 1:
        said = listing([f"{key}: {n:,}" for key, n in lengths.items()])
        raise DataError(
            f"The columns differ in length ({said}).", "Expected one length.", "Pass columns of one length."
        )
    makers = [_maker(values) for values in lists.values()]
    return dataset_of(list(lists), makers, name, "frame", {"frame": "mapping"})


@dataclass(frozen=True, eq=False)
class _Typed:
    """An array whose type is known, so that no cell need be looked at."""

    cells: Any

    def __len__(self) -> int:
        return len(self.cells)

    def __bool__(self) -> bool:  # an array of no cells is still one
        return True


def _typed_array(values: Any) -> _Typed | None:
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub":
        import pyarrow as pa

        return _Typed(pa.array(values.astype(np.float64) if values.dtype.kind == "f" else np.ascontiguousarray(values)))
    if type(values).__module__.partition(".")[0] == "pyarrow" and hasattr(values, "to_pylist"):
        return _Typed(values)
    return None


def _maker(values: Any) -> Any:
    if isinstance(values, _Typed):
        return lambda name, met: arrow_column(name, values.cells, met)
    return lambda name, met: value_column(name, values, met)


def _listed(key: Any, values: Any) -> list[Any]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return list(values.astype("datetime64[us]"))
    if hasattr(values, "tolist"):
        return list(values.tolist())
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise DataError(
            f"Column '{key}' is {values!r}.", "Expected a list of cells, one a row.", "Pass a list, even for one row."
        )
    return list(values)


def _of_pandas(frame: Any, name: str) -> Dataset:
    """Column by column, so that one of mixed objects does not spoil the others."""
    import pyarrow as pa

    def maker(place: int) -> Any:
        series = frame.iloc[:, place]

        def make(new: str, met: Any) -> Any:
            try:
                cells = pa.Array.from_pandas(series)
            except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
                return value_column(new, series.astype(object).tolist(), met)
            return arrow_column(new, cells, met)

        return make

    makers = [maker(place) for place in range(frame.shape[1])]
    return dataset_of(list(frame.columns), makers, name, "frame", {"frame": "pandas"})


def _arrow_table(source: Any) -> Any:
    import pyarrow as pa

    if isinstance(source, (pa.Table, pa.RecordBatch)):
        return source
    if hasattr(source, "__arrow_c_stream__") and not hasattr(source, "dtype"):
        return pa.table(source)
    what = f"{type(source).__module__}.{type(source).__qualname__}"
    raise DataError(
        f"A {what} is no table that Assay knows.",
        "Expected a file name, a pandas or polars frame, an Arrow table, a mapping of columns or a numpy array.",
        "Turn it into one of these.",
    )
