"""How is a Parquet (or Arrow, Feather) file read?

Known by its first bytes, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import refusal

from . import _peek as peek
from ._stored import ArrowFile, ParquetFile
from ._typed import arrow_dataset


class Parquet:
    """Columns as Arrow keeps them on disk."""

    about: ClassVar = About(
        key="parquet",
        takes=(".parquet", ".pq", ".feather", ".arrow"),
        order=20,
        words={
            "en": {
                "title": "Parquet or Arrow file",
                "detail.format": "format",
                "torn.seen": "'{name}' begins like {found} but cannot be read: {error}.",
                "torn.expected": "Expected a whole file.",
                "torn.do": "It may have been cut off on its way: fetch or write it again.",
            },
            "zh": {
                "title": "Parquet 或 Arrow 文件",
                "detail.format": "格式",
                "torn.seen": "“{name}”的开头是{found}，但无法读取：{error}。",
                "torn.expected": "应为完整的文件。",
                "torn.do": "它可能在传输途中被截断：请重新获取或写出。",
            },
        },
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
            raise peek.not_for(path)
        table = _table(path, kind)
        return arrow_dataset(table, path.name, "parquet", {"format": kind})

    @classmethod
    def stored(cls, source: Any, most_bytes: float) -> ParquetFile | None:
        """The same file block by block; None where it is neither or has no rows. Raises DataError where it is damaged."""
        path = peek.existing(source)
        kind = peek.kind_of(path)
        if kind not in ("parquet", "arrow"):
            return None
        door = ParquetFile if kind == "parquet" else ArrowFile
        with _told_as_torn(path):
            found = door(path, Source(name=path.name, reader="parquet", details={"format": kind}))
        return found if found.rows and found.names else None


@contextmanager
def _told_as_torn(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise refusal(
            DataError, "readers/parquet", "torn", name=path.name, found=peek.foreign(path), error=str(error).rstrip(".")
        ) from error


def _table(path: Path, kind: str) -> Any:
    import pyarrow.feather
    import pyarrow.parquet

    with _told_as_torn(path):
        if kind == "parquet":
            return pyarrow.parquet.read_table(path, partitioning=None)
        return pyarrow.feather.read_table(path)
