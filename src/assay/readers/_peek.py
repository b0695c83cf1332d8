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

from assay.fetching.published import meant_by
from assay.kernel.errors import DataError, Part
from assay.kernel.hints import did_you_mean, listing, reason
from assay.kernel.words import Say, refusal

# What begins like this is a ...: its kind, and the key of the words for it.
MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "parquet", "parquet"),
    (b"ARROW1", "arrow", "arrow"),
    (b"SQLite format 3\0", "sqlite", "sqlite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls", "xls"),
    (b"PK\x03\x04", "zip", "zip"),
    (b"PK\x05\x06", "zip", "empty_zip"),
    (b"%PDF", "pdf", "pdf"),
    (b"\x89PNG", "picture", "png"),
    (b"\xff\xd8\xff", "picture", "jpeg"),
    (b"GIF8", "picture", "gif"),
    (b"7z\xbc\xaf\x27\x1c", "archive", "7z"),
    (b"Rar!\x1a", "archive", "rar"),
    (b"\x28\xb5\x2f\xfd", "archive", "zstd"),
    (b"\x89HDF", "hdf5", "hdf5"),
    (b"\x93NUMPY", "numpy", "numpy"),
    (b"Orc", "orc", "orc"),
    (b"{\\rtf", "rtf", "rtf"),
    (b"\x7fELF", "program", "program"),
    (b"RIFF", "media", "riff"),
    (b"ID3", "media", "sound"),
)
OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)
BROKEN_ZIP = (zipfile.BadZipFile, NotImplementedError, ValueError, *BROKEN)  # newer than we know, names in no encoding
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
        raise refusal(DataError, "readers", "unreachable", name=str(source)[:60], reason=reason(error)) from error
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.is_file())
        key = "folder" if inside else "empty_folder"
        raise refusal(DataError, "readers", key, name=path.name or str(path), files=listing(inside))
    if path.exists():
        raise refusal(DataError, "readers", "device", name=str(path))
    if re.match(r"^https?://", str(source)):
        raise refusal(DataError, "readers", "web", source=str(source))
    if data := meant_by(path):
        raise refusal(DataError, "readers", "published", source=str(source), title=data.title, name=data.key)
    folder = path.parent
    if not folder.is_dir():
        raise refusal(DataError, "readers", "no_folder", source=str(source), folder=str(folder))
    beside = [p for p in folder.iterdir() if not p.name.startswith(".")]
    names = sorted(p.name for p in beside if p.is_file()) + sorted(f"{p.name}/" for p in beside if p.is_dir())
    hint: Part = did_you_mean(path.name, [name.rstrip("/") for name in names]) or ""
    raise refusal(
        DataError,
        "readers",
        "no_file" if names else "no_files",
        expected=hint,
        name=path.name,
        folder=str(folder),
        files=listing(names),
    )


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
        raise refusal(DataError, "readers", "torn", name=path.name, error=str(error).rstrip(".")) from error


def kind_of(source: Any) -> str:
    """A short name of what the file holds: "parquet", "xlsx", "sqlite" ..., "" where no magic number matches."""
    return _kind(source)[0]


def foreign(path: Path) -> Say | None:
    """What a file is in words, where it is no text table; otherwise nothing."""
    key = _kind(path)[1]
    return Say("readers", f"is.{key}") if key else None


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
        return "html", "html"
    return "", ""


def _in_zip(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except BROKEN_ZIP:
        return "zip", "damaged_zip"
    if any(name.startswith("xl/") for name in names):
        return "xlsx", "xlsx"
    if any(name.startswith("word/") for name in names):
        return "zip", "word"
    return "zip", "zip"


def not_what_it_says(path: Path, found: Say, do: Part = "") -> DataError:
    """The error for a file whose content belies its name."""
    return refusal(DataError, "readers", "foreign", do=do, name=path.name, found=found)


def not_for(path: Path) -> DataError:
    """The error for a file that was given to a reader by name and belongs to another."""
    found = foreign(path) or Say("readers", "is.text")
    return not_what_it_says(path, found, Say("readers", "foreign.unnamed"))
