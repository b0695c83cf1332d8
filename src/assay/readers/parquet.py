"""How is a Parquet (or Arrow, Feather) file read?

Known by its first bytes, whatever it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError
from assay.kernel.plugins import About

from . import _peek as peek
from ._typed import arrow_dataset


class Parquet:
    """Columns as Arrow keeps them on disk."""

    about: ClassVar = About(
        key="parquet",
        takes=(".parquet", ".pq", ".feather", ".arrow"),
        order=20,
        words={"en": {"title": "Parquet or Arrow file"}, "zh": {"title": "Parquet 或 Arrow 文件"}},
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether the file's first bytes are Parquet's or Arrow's."""
        return peek.kind_of(source) in ("parquet", "arrow")

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read all columns. Raises DataError where the file is damaged or has no rows."""
        path = peek.existing(source)
        kind = peek.kind_of(path)
        if kind not in ("parquet", "arrow"):
            raise peek.not_what_it_says(path, peek.foreign(path) or "text", "Read it without naming the reader.")
        table = _table(path, kind)
        return arrow_dataset(table, path.name, "parquet", {"format": kind})


def _table(path: Path, kind: str) -> Any:
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    try:
        if kind == "parquet":
            return pyarrow.parquet.read_table(path, partitioning=None)
        return pyarrow.feather.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"'{path.name}' begins like {peek.foreign(path)} but cannot be read: {error}.",
            "Expected a whole file.",
            "It may have been cut off on its way: fetch or write it again.",
        ) from error
