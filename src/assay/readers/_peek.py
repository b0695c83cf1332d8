"""What is this file really, whatever its name says?

Reads a few hundred bytes, never the whole. A file is known by its first bytes (magic numbers); its ending only breaks
ties. Compressed text (gzip, bzip2, xz) is looked into.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from assay.kernel.errors import DataError, did_you_mean, listing

# What begins like this is a ... Told apart by content, in the words of the error a person reads.
MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "parquet", "a Parquet file"),
    (b"ARROW1", "arrow", "an Arrow file"),
    (b"SQLite format 3\0", "sqlite", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls", "an old Excel or Office file (.xls)"),
    (b"PK\x03\x04", "zip", "a zip archive"),
    (b"PK\x05\x06", "zip", "an empty zip archive"),
    (b"%PDF", "pdf", "a PDF"),
    (b"\x89PNG", "picture", "a PNG picture"),
    (b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (b"GIF8", "picture", "a GIF picture"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "a 7-Zip archive"),
    (b"Rar!\x1a", "archive", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "archive", "a Zstandard archive"),
    (b"\x89HDF", "hdf5", "an HDF5 file"),
    (b"\x93NUMPY", "numpy", "a NumPy file"),
    (b"Orc", "orc", "an ORC file"),
    (b"{\\rtf", "rtf", "a Rich Text document"),
    (b"\x7fELF", "program", "a program"),
    (b"RIFF", "media", "a sound or video file"),
    (b"ID3", "media", "a sound file"),
)
OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
HTML = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype html|html|\?xml|table|head|body)\b", re.IGNORECASE)


def is_path(source: Any) -> bool:
    """Whether a source can name a file: a text or a path."""
    return isinstance(source, (str, os.PathLike))


def path_of(source: Any) -> Path:
    """The path a source names, the home folder written out."""
    return Path(source).expanduser()


def existing(source: Any) -> Path:
    """The path of a file that is there. Raises DataError with the closest names where it is not."""
    path = path_of(source)
    try:
        if path.is_file():
            return path
    except OSError as error:  # a name longer than the system allows, say
        raise DataError(
            f"There is no file '{str(source)[:60]}…': {error.strerror}.",
            "Expected a file that exists.",
            "Check its name.",
        ) from error
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.is_file())
        raise DataError(
            f"'{path.name or path}' is a folder.",
            "Expected one file.",
            f"Name one of its files: {listing(inside)}." if inside else "It holds no files.",
        )
    if path.exists():
        raise DataError(f"'{path}' is a device or a pipe.", "Expected a file.", "Write its content to a file first.")
    if re.match(r"^https?://", str(source)):
        raise DataError(f"'{source}' is a web address.", "Expected a file.", "Download it first, then name the file.")
    folder = path.parent
    if not folder.is_dir():
        raise DataError(
            f"There is no file '{source}'.",
            f"Its folder '{folder}' does not exist.",
            "Check the path for typing errors.",
        )
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    hint = did_you_mean(path.name, names)
    there = f"The folder holds: {listing(names)}." if names else "The folder holds no files."
    raise DataError(f"There is no file '{path.name}' in '{folder}'.", hint or "Expected a file that exists.", there)


def compression(path: Path) -> Any:
    """The function that opens a compressed file, or None for a plain one."""
    with path.open("rb") as file:
        start = file.read(8)
    return next((opener for magic, opener in OPENERS.items() if start.startswith(magic)), None)


def open_bytes(path: Path) -> IO[bytes]:
    """The file's content as bytes, decompressed where it is compressed."""
    opener = compression(path)
    file: IO[bytes] = opener(path, "rb") if opener else path.open("rb")
    return file


def head_of(path: Path, size: int = 4096) -> bytes:
    """The first bytes of the content, decompressed; empty where a compressed file is broken."""
    try:
        with open_bytes(path) as file:
            return file.read(size)
    except BROKEN:
        return b""


def load(path: Path) -> bytes:
    """All bytes of the content. Raises DataError where a compressed file is broken."""
    try:
        with open_bytes(path) as file:
            return file.read()
    except BROKEN as error:
        raise DataError(
            f"'{path.name}' cannot be read: {error}.",
            "Expected a whole file that you may read; it may have been cut off on its way.",
            "Fetch or export it again.",
        ) from error


def kind_of(source: Any) -> str:
    """A short name of what the file holds: "parquet", "xlsx", "sqlite" ..., "" where no magic number matches."""
    return _kind(source)[0]


def foreign(path: Path) -> str:
    """What a file is in words, where it is no text table; otherwise nothing."""
    return _kind(path)[1]


def _kind(source: Any) -> tuple[str, str]:
    if not is_path(source):
        return "", ""
    path = path_of(source)
    try:
        if not path.is_file():
            return "", ""
        start = head_of(path, 512)
    except (OSError, ValueError):  # a name too long for the system, or with a NUL: no file
        return "", ""
    for magic, kind, words in MAGIC:
        if start.startswith(magic):
            return _in_zip(path) if kind == "zip" else (kind, words)
    if HTML.match(start):
        return "html", "a web page or XML document"
    return "", ""


def _in_zip(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "zip", "a damaged zip archive"
    if any(name.startswith("xl/") for name in names):
        return "xlsx", "an Excel workbook"
    if any(name.startswith("word/") for name in names):
        return "zip", "a Word document"
    return "zip", "a zip archive"


def not_what_it_says(path: Path, found: str, do: str = "") -> DataError:
    """The error for a file whose content belies its name."""
    return DataError(
        f"'{path.name}' is not what its name says: it is {found}.",
        "Expected a table: CSV, Parquet, Excel (.xlsx), JSON lines or SQLite.",
        do or "Save or export it as CSV or .xlsx and try again.",
    )
