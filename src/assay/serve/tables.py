"""How does a table in the body of a request come in?

CSV, Parquet and Arrow, known by their media type. The bytes go to a file of our own and through the readers that every table goes through. What a
packed table would unpack to is read from its own head before anything is unpacked. Cells that name pictures are either the picture itself, as a data
URL, or the name of a file below the folder that the server was given.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.need import need
from assay.kernel.words import refusal
from assay.reading import read

from .hosting import Hosted
from .http import Problem, Request, refused
from .settings import Settings

ENDINGS: Mapping[str, str] = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.apache.parquet": ".parquet",
    "application/x-parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
}
STREAM = "application/vnd.apache.arrow.stream"
WIDENED = 8  # bytes of a table in memory, of those that a body may have: beyond, it is a bomb


def is_table(kind: str) -> bool:
    """Whether a media type is that of a table."""
    return kind in ENDINGS or kind == STREAM


@contextmanager
def dataset_of(request: Request, hosted: Hosted, settings: Settings) -> Iterator[Dataset]:
    """The table in a body. Raises Refused (413) where it is too large, DataError where it cannot be read."""
    if not request.body:
        raise refused(422, "empty_rows")
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        path = Path(folder) / f"body{ENDINGS.get(request.kind, '.arrow')}"
        if request.kind == STREAM:
            data = read(_stream(request.body, settings))
        else:
            path.write_bytes(request.body)
            if path.suffix == ".parquet":
                _sized(path, settings)
            data = read(path)
        if data.rows > settings.most_rows:
            raise refused(413, "many_rows", n=data.rows, most=settings.most_rows)
        yield _placed(data, hosted, settings, Path(folder))


def _stream(body: bytes, settings: Settings) -> Any:
    pa = need("pyarrow")
    ipc = need("pyarrow.ipc")
    try:
        with ipc.open_stream(pa.BufferReader(body)) as batches:
            found, rows = [], 0
            for batch in batches:
                rows += batch.num_rows
                if rows > settings.most_rows:
                    raise refused(413, "many_rows", n=rows, most=settings.most_rows)
                found.append(batch)
            return pa.Table.from_batches(found, batches.schema)
    except (pa.ArrowException, OSError, EOFError) as error:
        raise refused(400, "torn_table", why=str(error).partition("\n")[0][:200]) from error


def _sized(path: Path, settings: Settings) -> None:
    """Raises Refused where a Parquet file says itself that it holds too much."""
    pa, parquet = need("pyarrow"), need("pyarrow.parquet")
    try:
        told = parquet.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise refused(400, "torn_table", why=str(error).partition("\n")[0][:200]) from error
    if told.num_rows > settings.most_rows:
        raise refused(413, "many_rows", n=told.num_rows, most=settings.most_rows)
    unpacked = sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
    if unpacked > WIDENED * settings.most_bytes:
        raise refused(413, "wide_table", mb=unpacked // 2**20, most=WIDENED * settings.most_bytes // 2**20)


# ------------------------------------------------------------------------------------------------------ pictures


@contextmanager
def pictures_placed(rows: Sequence[Any], hosted: Hosted, settings: Settings) -> Iterator[list[Any]]:
    """Rows whose cells of pictures name files that may be opened. Raises Refused with all that may not."""
    pictured = [column.name for column in hosted.schema.columns if column.kind == "picture"]
    if not pictured:
        yield list(rows)
        return
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        yield [_row(row, number, pictured, settings, Path(folder)) for number, row in enumerate(rows, 1)]


def _row(
    row: Mapping[str, Any], number: int, pictured: Sequence[str], settings: Settings, folder: Path
) -> dict[str, Any]:
    return {
        **row,
        **{name: _file(row[name], number, name, settings, folder) for name in pictured if row[name] is not None},
    }


def _placed(data: Dataset, hosted: Hosted, settings: Settings, folder: Path) -> Dataset:
    pictured = [c.name for c in hosted.schema.columns if c.kind == "picture" and c.name in data]
    columns = []
    for name in pictured:
        texts = data[name].texts()
        cells = [
            None if text is None else _file(text, row, name, settings, folder) for row, text in enumerate(texts, 1)
        ]
        columns.append(Column.of_words(name, cells))
    return data.having(*columns) if columns else data


def _file(cell: Any, row: int, column: str, settings: Settings, folder: Path) -> str:
    """The path of a picture's file: of one that came in the cell, or of one below the data folder."""
    said = str(cell)
    if said.startswith("data:"):
        return _unpacked(said, row, column, folder)
    if not settings.data:
        raise _no_file("no_files", row, column)
    home = Path(settings.data).resolve()
    try:
        path = (home / said).resolve()
        inside = path.is_relative_to(home) and path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        inside = False
    if not inside:
        raise _no_file("outside_file", row, column)
    return str(path)


def _unpacked(said: str, row: int, column: str, folder: Path) -> str:
    head, _, packed = said.partition(",")
    try:
        raw = base64.b64decode(packed, validate=True) if head.endswith(";base64") else None
    except (binascii.Error, ValueError):
        raw = None
    if not raw:
        raise _no_file("no_picture", row, column)
    path = folder / f"{len(list(folder.iterdir()))}.picture"
    path.write_bytes(raw)
    return str(path)


def _no_file(key: str, row: int, column: str) -> Exception:
    problem = Problem(row, column, refusal(RequestError, "serve", key, name=column))
    return refused(422, "bad_rows", bad=1, all=row, problems=[problem])
