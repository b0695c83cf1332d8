"""How does a table in the body of a request come in?

CSV, Parquet and Arrow, known by their media type. CSV goes to a file of our own and through the reader that every table goes through. What a
packed table would unpack to is read from its own head before anything is unpacked, and no cell is looked at before the whole was found to be sound. Cells of pictures are either the picture itself, as a data
URL or as the bytes of a form's part, or the name of a file below the folder that the server was given.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.need import need
from assay.kernel.words import Say, refusal
from assay.reading import read

from .hosting import Hosted
from .http import Problem, Refused, Request, refused
from .settings import Settings

TEXTS: Mapping[str, str] = {"text/csv": ".csv", "text/tab-separated-values": ".tsv"}
PARQUET = frozenset({"application/vnd.apache.parquet", "application/x-parquet"})
FILE, STREAM = "application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream"
TABLES = frozenset({*TEXTS, *PARQUET, FILE, STREAM})
WIDENED = 8  # bytes of a table in memory, of those that a body may have: beyond, it is a bomb


def is_table(kind: str) -> bool:
    """Whether a media type is that of a table."""
    return kind in TABLES


@contextmanager
def dataset_of(request: Request, hosted: Hosted, settings: Settings) -> Iterator[Dataset]:
    """The table in a body, whose cells of pictures name files that may be opened. Raises as `sent_and_placed` does."""
    with sent_and_placed(request, hosted, settings) as (_, placed):
        yield placed


@contextmanager
def sent_and_placed(request: Request, hosted: Hosted, settings: Settings) -> Iterator[tuple[Dataset, Dataset]]:
    """The table in a body as it came, and with files of pictures that may be opened. Raises Refused: 413 where it is too large, 400 where it cannot be read; DataError of the reader of CSV."""
    if not request.body:
        raise refused(422, "empty_rows")
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        data = _text(request, Path(folder), hosted) if request.kind in TEXTS else read(_arrow(request, settings))
        if data.rows > settings.most_rows:
            raise refused(413, "many_rows", n=data.rows, most=settings.most_rows)
        yield data, _placed(data, hosted, settings, Path(folder))


def _text(request: Request, folder: Path, hosted: Hosted) -> Dataset:
    path = folder / f"body{TEXTS[request.kind]}"
    path.write_bytes(request.body)
    return hosted.model.reading(path)


def _arrow(request: Request, settings: Settings) -> Any:
    """The Arrow table in a body.

    Arrow's readers believe offsets and lengths that stand in a file; a torn one ends the process when such a column is looked at, unless all of them are
    gone through first, which `validate(full=True)` does.
    """
    pa, ipc, parquet = need("pyarrow"), need("pyarrow.ipc"), need("pyarrow.parquet")
    source = pa.BufferReader(request.body)
    try:
        if request.kind in PARQUET:
            opened = parquet.ParquetFile(source)
            _small_enough(opened.metadata, settings)
            table = opened.read()
        elif request.kind == STREAM:
            table = _batches(ipc.open_stream(source), settings)
        else:
            opened = ipc.open_file(source)
            table = _batches((opened.get_batch(place) for place in range(opened.num_record_batches)), settings)
        table.validate(full=True)
    except (pa.ArrowException, OSError, EOFError, ValueError) as error:  # names that are no UTF-8 are a ValueError
        if isinstance(error, Refused):
            raise
        raise refused(400, "torn_table", why=type(error).__name__) from error
    return table


def _batches(batches: Iterable[Any], settings: Settings) -> Any:
    """A table of batches, refused as soon as they are too many or too large."""
    found, rows, size = [], 0, 0
    for batch in batches:
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows > settings.most_rows:
            raise refused(413, "many_rows", n=rows, most=settings.most_rows)
        _not_wide(size, settings)
        found.append(batch)
    if not found:
        raise refused(422, "empty_rows")
    return need("pyarrow").Table.from_batches(found)


def _small_enough(told: Any, settings: Settings) -> None:
    """Raises Refused where a Parquet file says itself that it holds too much."""
    if told.num_rows > settings.most_rows:
        raise refused(413, "many_rows", n=told.num_rows, most=settings.most_rows)
    _not_wide(sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups)), settings)


def _not_wide(size: int, settings: Settings) -> None:
    if size > WIDENED * settings.most_bytes:
        raise refused(413, "wide_table", mb=size // 2**20, most=WIDENED * settings.most_bytes // 2**20)


# ------------------------------------------------------------------------------------------------------ pictures


def pictured_in(hosted: Hosted) -> list[str]:
    """The columns that hold pictures."""
    return [column.name for column in hosted.schema.columns if column.kind == "picture"]


def pathless(notes: Sequence[Say], pictured: Sequence[str]) -> tuple[Say, ...]:
    """Notes of an answer in which no file is named that a picture was placed in."""
    return tuple(
        Say(note.owner, note.key, {**note.values, "value": "…"}) if note.values.get("name") in pictured else note
        for note in notes
    )


@contextmanager
def pictures_placed(rows: Sequence[Any], hosted: Hosted, settings: Settings) -> Iterator[list[Any]]:
    """Rows whose cells of pictures name files that may be opened. Raises Refused with all that may not."""
    pictured = pictured_in(hosted)
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
    pictured = [name for name in pictured_in(hosted) if name in data]
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
    if isinstance(cell, bytes):
        return _kept(cell, folder)
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
    return _kept(raw, folder)


def _kept(raw: bytes, folder: Path) -> str:
    """The path of a file of our own, under a name of our own, that holds a picture."""
    number, path = tempfile.mkstemp(".picture", dir=folder)
    with open(number, "wb") as file:
        file.write(raw)
    return path


def _no_file(key: str, row: int, column: str) -> Exception:
    problem = Problem(row, column, refusal(RequestError, "serve", key, name=column))
    return refused(422, "bad_rows", bad=1, all=row, problems=[problem])
