"""How does a text table too large to be read at once become a Parquet file?

Block by block: each block of lines is cut into rows, mended and freed of repeated headers exactly as a small table is
(`_body`), and its cells are written as the texts they are, so that they mean the same afterwards. What is judged once, the
encoding, the dialect, the header, how numbers are written, is judged on the beginning (the encoding on pieces of the whole).
A row that one block begins and the next ends is kept together; a row broken in two by a stray line end just there is not.
"""

from __future__ import annotations

import codecs
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.kernel.errors import DataError
from assay.kernel.hints import reason
from assay.kernel.words import refusal

from . import _peek as peek
from ._body import fast_body, slow_body
from ._dialect import PRIVATE, Dialect
from ._encoding import AND, decode, mended
from ._layout import Layout
from ._mend import Mender
from ._tail import Tail, find_tail

# Letters of a block, which takes twenty times as much memory while its cells are cut out; where columns are many, so many for each,
# as each is written by itself.
LETTERS, MOST_LETTERS, OF_COLUMN = 1 << 21, 1 << 23, 2_000
PIECES, PIECE = 16, 1 << 17  # pieces of a file, and bytes of each, that its encoding is judged by
ENDLESS = 1 << 26  # letters without the end of a line
LAST_LINES = 200  # of the last block: where another table or a total may stand
EXPANDS = 6  # times that compressed text grows, at a guess


def size_of(path: Path) -> int:
    """Bytes of the text in a file, guessed where it is compressed. Raises DataError where it may not be read."""
    try:
        return path.stat().st_size * (EXPANDS if peek.compression(path) else 1)
    except OSError as error:
        raise refusal(DataError, "readers", "torn", name=path.name, error=str(error).rstrip(".")) from error


def encoding_of(path: Path) -> str:
    """The encoding of a large file, by its beginning and, where it is not compressed, pieces of all of it."""
    with peek.open_bytes(path) as file:
        raw = file.read(PIECE)
        size = path.stat().st_size
        if not peek.compression(path) and size > 2 * PIECES * PIECE:
            for k in range(1, PIECES):
                file.seek(k * (size // PIECES))
                file.readline()
                piece = file.read(PIECE)
                raw = raw[: raw.rfind(b"\n") + 1] + piece
    return decode(raw[: raw.rfind(b"\n") + 1] or raw).encoding


def last_of(path: Path, encoding: str, most: int) -> str:
    """The whole lines among so many of the last letters; none where the file is compressed, whose end cannot be asked for alone."""
    if peek.compression(path):
        return ""
    size, codec = path.stat().st_size, encoding.partition(AND)[0]
    with peek.open_bytes(path) as file:
        if codec in ("utf-16", "utf-32"):  # the mark at the beginning says in which order
            codec += "-be" if file.read(4).startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) else "-le"
        # No letter is longer than four bytes, and none of UTF-16 or UTF-32 is cut.
        file.seek(max(0, size - 4 * most) // 4 * 4)
        raw = file.read()
    text = raw.decode(codec, "replace").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    text = text.replace(PRIVATE, " ")[-most:]
    return text[text.find("\n") + 1 :]


def letters_of(width: int) -> int:
    """Letters of a block of a table of so many columns."""
    return max(LETTERS, min(MOST_LETTERS, OF_COLUMN * width))


@dataclass
class Lines:
    """The text of a file as UTF-8 with plain line ends, in blocks of whole lines, and what was met in it."""

    path: Path
    encoding: str
    guessed: int = 0
    nuls: int = 0
    quote: str = ""  # where one is known, no block ends within quotes
    longest: int = 200  # lines that are looked through for the end of a quoted cell
    letters: int = LETTERS
    quoted: bool = False  # whether such a quote was met

    def blocks(self) -> Iterator[bytes]:
        """Blocks of whole lines. Raises DataError where a compressed file is broken, or a line has no end."""
        codec, _, beside = self.encoding.partition(AND)
        errors = "surrogateescape" if codec.startswith("utf-8") else "replace"
        try:
            with peek.open_bytes(self.path) as raw, io.TextIOWrapper(raw, codec, errors) as file:
                rest = ""
                while letters := file.read(self.letters):
                    text = rest + letters
                    cut = self._cut(text)
                    if cut:
                        self.quoted |= bool(self.quote) and self.quote in text
                        yield self._clean(text[:cut], beside)
                    elif len(text) > ENDLESS:
                        raise refusal(DataError, "readers/csv", "endless", name=self.path.name)
                    rest = text[cut:]
                if rest:
                    yield self._clean(rest, beside)
        except peek.BROKEN as error:
            raise refusal(DataError, "readers", "torn", name=self.path.name, error=str(error).rstrip(".")) from error

    def _cut(self, text: str) -> int:
        """Behind the last line end that stands outside quotes; 0 where there is none."""
        cut = text.rfind("\n") + 1
        if not self.quote or not cut or text.count(self.quote, 0, cut) % 2 == 0:
            return cut
        outside, inside = cut, True
        for _ in range(self.longest):
            before = text.rfind("\n", 0, outside - 1) + 1
            if not before:
                break
            inside ^= text.count(self.quote, before, outside) % 2 == 1
            outside = before
            if not inside:
                return outside
        return cut  # a stray quote: the rows are mended as they are in a small table

    def _clean(self, text: str, beside: str) -> bytes:
        if not text.isascii():
            text, broken = mended(text, beside)
            self.guessed += broken + (text.count("\ufffd") if not self.encoding.startswith("utf-8") else 0)
            text = text.replace(PRIVATE, " ")
        if "\0" in text:
            self.nuls += text.count("\0")
            text = text.replace("\0", "")
        return text.encode("utf-8", "replace")


@dataclass
class Spooled:
    """The Parquet file that was written, and what was met on the way."""

    path: Path
    rows: int = 0
    repaired: int = 0
    repeated: int = 0
    comments: int = 0
    tail: Tail = field(default_factory=Tail)
    examples: list[str] = field(default_factory=list)


def spool(
    name: str, first: bytes, rest: Iterator[bytes], dialect: Dialect, layout: Layout, names: Sequence[str]
) -> Spooled:
    """Write all rows as texts: those of `first`, a block without its header, and of the blocks that follow.

    The file is the caller's to remove; nothing is left where writing fails or is interrupted. Raises DataError where there is no
    room for it.
    """
    import pyarrow as pa
    import pyarrow.parquet

    handle, place = tempfile.mkstemp(prefix="assay-", suffix=".parquet")
    os.close(handle)
    made = Spooled(Path(place))
    schema = pa.schema([(name, pa.large_string()) for name in names])
    try:
        with pyarrow.parquet.ParquetWriter(made.path, schema) as writer:
            block: bytes | None = first
            while block is not None:
                following = next(rest, None)
                if following is None:
                    block = _without_tail(block, layout, dialect, made)
                columns = _rows(block, layout, dialect, made)
                if columns:
                    writer.write_table(pa.table([c.cast(pa.large_string()) for c in columns], schema=schema))
                block = following
    except BaseException as error:
        with suppress(FileNotFoundError):
            made.path.unlink()
        if isinstance(error, OSError):
            said = {"name": name, "folder": str(made.path.parent), "reason": reason(error)}
            raise refusal(DataError, "readers", "no_space", **said) from error
        raise
    return made


def _rows(block: bytes, layout: Layout, dialect: Dialect, made: Spooled) -> list[Any]:
    """The columns of a block, Arrow arrays of texts."""
    import pyarrow as pa

    mender: Mender = layout.mender(dialect)
    body = fast_body(block, 0, len(block), mender, layout.header)
    if body is None:
        mender = layout.mender(dialect)
        body = slow_body(block.decode().split("\n"), mender, layout.header)
    columns, rows, repeated = body
    made.rows += rows
    made.repeated += repeated
    made.repaired += mender.repaired
    made.comments += mender.comments
    made.examples += mender.examples[: 5 - len(made.examples)]
    if not rows:
        return []
    return [
        pa.DictionaryArray.from_arrays(pa.array(c[0]), pa.array(c[1], pa.large_string())).dictionary_decode()
        if isinstance(c, tuple)
        else c
        for c in columns
    ]


def _without_tail(block: bytes, layout: Layout, dialect: Dialect, made: Spooled) -> bytes:
    """The last block without what stands below the table."""
    begin = len(block)
    for _ in range(LAST_LINES):
        begin = block.rfind(b"\n", 0, max(0, begin - 1)) + 1
        if not begin:
            break
    begin = dialect.outside(block, 0, begin)
    lines = block[begin:].decode().split("\n")
    if lines[-1] == "":
        lines.pop()
    made.tail = find_tail(lines, layout.mender(dialect))
    if not made.tail.lines:
        return block
    return block[: begin + sum(len(line.encode()) + 1 for line in lines[: len(lines) - made.tail.lines])]
