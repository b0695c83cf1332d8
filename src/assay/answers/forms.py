"""In which form are columns of answers written: CSV, JSON lines or Parquet?

Each can be made block by block, the blocks one behind the other. A Parquet file ends with a table of contents that is only known
when all is there, so its blocks are kept as Arrow streams, one behind the other, until they are put together. A CSV that holds more than
ASCII begins with the mark of UTF-8, without which Excel takes it for the code page of the machine and shows Chinese as nonsense; one that
is all ASCII has none, as it is read alike by everything.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from assay.kernel.errors import RequestError
from assay.kernel.words import refusal

from .cells import as_text, plain_cell

MARK = codecs.BOM_UTF8
PIECE = 1 << 20  # bytes looked at together
# Endings that say that a file holds something else than answers as they are written here.
OTHERS = (
    ".xlsx", ".xls", ".ods", ".json", ".tsv", ".feather", ".arrow", ".gz", ".bz2", ".xz", ".zst", ".zip", ".assay", ".html", ".md", ".pdf",
    ".onnx", ".npy", ".db", ".sqlite",
)  # fmt: skip
ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet"}


def form_of(path: Path) -> str:
    """The form that a file's name asks for; CSV where it asks for none. Raises RequestError where it asks for one that is not written.

    >>> form_of(Path("scored.parquet")), form_of(Path("scored.txt"))
    ('parquet', 'csv')
    """
    ending = path.suffix.lower()
    if ending in OTHERS:
        raise refusal(RequestError, "answers", "no_form", name=path.name, ending=ending)
    return ENDINGS.get(ending, "csv")


def encoded(form: str, columns: Mapping[str, Sequence[Any]], first: bool = True) -> bytes:
    """One block in a form; the first bears the header of a CSV."""
    if form == "jsonl":
        return "".join(_json_lines(columns)).encode()
    return _arrow_stream(columns) if form == "parquet" else csv_text(columns, first).encode()


def marked(table: bytes) -> bytes:
    """The beginning of a CSV as it stands in a file: behind the mark of UTF-8 where it holds more than ASCII.

    >>> marked("a,城市".encode())[:4], marked(b"a,town")[:4]
    (b'\\xef\\xbb\\xbfa', b'a,to')
    """
    return table if table.isascii() else MARK + table


def csv_text(columns: Mapping[str, Sequence[Any]], header: bool = True) -> str:
    """Rows as CSV, no cell of which a spreadsheet takes for a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    if header:
        writer.writerow([plain_cell(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([plain_cell(as_text(cell)) for cell in row])
    return stream.getvalue()


def parquet_of(block: bytes) -> bytes:
    """The Parquet file of one block."""
    made = io.BytesIO()
    _join([block], made)
    return made.getvalue()


def joining(form: str, part: Path) -> Callable[[Path, Sequence[int], Path], None] | None:
    """What makes the file of a part that holds all blocks; None where it is that file already."""
    if form == "parquet":
        return join_parquet
    return join_csv if form == "csv" and _lacks_mark(part) else None


def join_csv(part: Path, ends: Sequence[int], out: Path) -> None:
    """The blocks of a CSV of which a later one than the first is the first to hold more than ASCII."""
    with part.open("rb") as file, out.open("wb") as made:
        made.write(MARK)
        shutil.copyfileobj(file, made, PIECE)


def _lacks_mark(part: Path) -> bool:
    with part.open("rb") as file:
        if file.read(len(MARK)) == MARK:
            return False
        file.seek(0)
        return not all(piece.isascii() for piece in iter(lambda: file.read(PIECE), b""))


def join_parquet(part: Path, ends: Sequence[int], out: Path) -> None:
    """Put blocks that lie one behind the other in a file, each ending at a byte, together as Parquet."""
    with part.open("rb") as file, out.open("wb") as made:
        _join((file.read(end - start) for start, end in zip((0, *ends), ends, strict=False)), made)


def _join(blocks: Iterable[bytes], out: BinaryIO) -> None:
    """One row group a block; the same blocks give the same bytes."""
    import pyarrow.ipc
    import pyarrow.parquet

    writer = None
    try:
        for block in blocks:
            table = pyarrow.ipc.open_stream(block).read_all()
            writer = writer or pyarrow.parquet.ParquetWriter(out, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _arrow_stream(columns: Mapping[str, Sequence[Any]]) -> bytes:
    import pyarrow as pa
    import pyarrow.ipc

    table = pa.table({name: pa.array(cells, _kind(cells)) for name, cells in columns.items()})
    made = io.BytesIO()
    with pyarrow.ipc.new_stream(made, table.schema) as writer:
        writer.write_table(table)
    return made.getvalue()


def _kind(cells: Sequence[Any]) -> Any:
    """The type of a column, the same in every block: no column of answers is of texts in one and of numbers in another."""
    import pyarrow as pa

    if all(isinstance(cell, str) for cell in cells):
        return pa.string()
    return pa.int64() if all(isinstance(cell, int) for cell in cells) else pa.float64()


def _json_lines(columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """An object a row; an interval without an end has null there, since JSON knows no infinity."""
    for row in zip(*columns.values(), strict=True):
        cells = [None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row]
        yield json.dumps(dict(zip(columns, cells, strict=True)), ensure_ascii=False, allow_nan=False) + "\n"
