"""How does a table that is already in memory come in?

pandas, polars and Arrow tables, mappings of columns, lists of records, numpy arrays: recognised by what they can do, so
that none of these packages is imported to find out. The index of a frame is not a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.plugins import About
from assay.kernel.words import refusal

from . import _peek as peek
from ._typed import arrow_column, arrow_dataset, dataset_of, value_column

# Types of pandas whose cells are read as they are written, one alone and in a column.
AS_WRITTEN = re.compile(r"period\[|interval\[")


class Frame:
    """Tables in memory."""

    about: ClassVar = About(
        key="frame",
        order=10,
        words={
            "en": {
                "title": "Table in memory",
                "detail.frame": "from",
                "axes.seen": "The array has {n} dimensions.",
                "axes.expected": "Expected rows and columns.",
                "axes.do": "Reshape it to [rows, columns].",
                "names.seen": "{given} column names for {n} columns: {names}.",
                "names.expected": "Expected one distinct name a column.",
                "names.do": "Pass as many names as there are columns.",
                "lengths.seen": "The columns differ in length ({lengths}).",
                "lengths.expected": "Expected one length.",
                "lengths.do": "Pass columns of one length.",
                "no_cells.seen": "Column '{name}' is {value}.",
                "no_cells.expected": "Expected a list of cells, one a row.",
                "no_cells.do": "Pass a list, even for one row.",
                "no_table.seen": "A {kind} is no table that Assay knows.",
                "no_table.expected": "Expected a file name, a pandas or polars frame, an Arrow table, "
                "a mapping of columns, a list of rows (mappings) or a numpy array.",
                "no_table.do": "Turn it into one of these.",
                "no_rows.seen": "The list is empty.",
                "no_rows.expected": "Expected rows, each a mapping of column names to cells.",
                "no_rows.do": "Pass at least one.",
                "series.seen": "A pandas Series is a row of a frame or a column of one, and does not say which.",
                "series.expected": "Expected a frame, or a mapping for one row.",
                "series.do": "Pass row.to_dict(), frame.iloc[[0]] or column.to_frame().",
                "no_arrow.seen": "A {kind} has a column that Arrow cannot hold: {error}.",
                "no_arrow.expected": "Columns of numbers up to 64 bits, texts, dates and flags were expected.",
                "no_arrow.do": "Turn the column into one of these, in polars with .cast(pl.Float64) or .cast(pl.String).",
            },
            "zh": {
                "title": "内存中的表格",
                "detail.frame": "来自",
                "axes.seen": "数组有 {n} 个维度。",
                "axes.expected": "应为行与列两个维度。",
                "axes.do": "请将其形状改为 [行, 列]。",
                "names.seen": "{n} 列给出了 {given} 个列名：{names}。",
                "names.expected": "每列应有一个互不相同的名称。",
                "names.do": "请按列数给出列名。",
                "lengths.seen": "各列长度不一致（{lengths}）。",
                "lengths.expected": "各列长度应相同。",
                "lengths.do": "请传入长度相同的列。",
                "no_cells.seen": "列“{name}”的值是 {value}。",
                "no_cells.expected": "应为单元格列表，每行一个。",
                "no_cells.do": "即使只有一行，也请传入列表。",
                "no_table.seen": "{kind} 不是 Assay 认识的表格。",
                "no_table.expected": "应为文件名、pandas 或 polars 表格、Arrow 表格、由列组成的映射、由行（映射）组成的列表或 numpy 数组。",
                "no_table.do": "请转换为其中一种。",
                "no_rows.seen": "列表是空的。",
                "no_rows.expected": "应为若干行，每行是列名到单元格的映射。",
                "no_rows.do": "请至少传入一行。",
                "series.seen": "pandas Series 可能是表格的一行，也可能是一列，无法分辨。",
                "series.expected": "应为表格；单独一行则应为映射。",
                "series.do": "请传入 row.to_dict()、frame.iloc[[0]] 或 column.to_frame()。",
                "no_arrow.seen": "{kind} 有一列是 Arrow 无法表示的类型：{error}。",
                "no_arrow.expected": "应为 64 位以内的数值、文本、日期或是非列。",
                "no_arrow.do": "请将该列转换为其中一种，如 polars 的 .cast(pl.Float64) 或 .cast(pl.String)。",
            },
        },
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
        if isinstance(source, (list, tuple)) and not source:
            raise refusal(DataError, "readers/frame", "no_rows")
        origin = type(source).__module__.partition(".")[0]
        if origin == "pandas" and hasattr(source, "columns"):
            return _of_pandas(source, name)
        if origin == "pandas" and hasattr(source, "to_frame"):
            raise refusal(DataError, "readers/frame", "series")
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
        raise refusal(DataError, "readers/frame", "axes", n=array.ndim)
    given = list(names) if names is not None else [f"column_{k + 1}" for k in range(array.shape[1])]
    if len(given) != array.shape[1] or len(set(given)) != len(given):
        raise refusal(DataError, "readers/frame", "names", given=len(given), n=array.shape[1], names=listing(given))
    return {name: array[:, k] for k, name in enumerate(given)}


def _of_mapping(columns: Mapping[Any, Any], name: str) -> Dataset:
    lists = {key: _typed_array(values) or _listed(key, values) for key, values in columns.items()}
    lengths = {key: len(values) for key, values in lists.items()}
    if len(set(lengths.values())) > 1:
        said = listing([f"{key}: {n:,}" for key, n in lengths.items()])
        raise refusal(DataError, "readers/frame", "lengths", lengths=said)
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
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__") or getattr(values, "ndim", 1) == 0:
        raise refusal(DataError, "readers/frame", "no_cells", name=str(key), value=repr(values))
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return list(values.astype("datetime64[us]"))
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _of_pandas(frame: Any, name: str) -> Dataset:
    """Column by column, so that one of mixed objects does not spoil the others."""
    import pyarrow as pa

    def maker(place: int) -> Any:
        series = frame.iloc[:, place]

        def make(new: str, met: Any) -> Any:
            if AS_WRITTEN.match(str(getattr(series.dtype, "categories", series).dtype)):
                return value_column(new, [None if one != one else str(one) for one in series.tolist()], met)
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
    what = f"{type(source).__module__}.{type(source).__qualname__}"
    if hasattr(source, "__arrow_c_stream__") and not hasattr(source, "dtype"):
        try:
            return pa.table(source)
        except pa.ArrowInvalid as error:
            raise refusal(DataError, "readers/frame", "no_arrow", kind=what, error=str(error)[:200]) from error
    raise refusal(DataError, "readers/frame", "no_table", kind=what)
