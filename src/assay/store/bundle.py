"""How is a bundle put on disk, and read from there?

Written to a temporary name in the same folder, synced, renamed: a reader sees the old file or the new one, never half
of one. What is in the bytes, and what the refusals mean, stands in plain.py.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..kernel.box import Box
from ..kernel.errors import BundleError, BundleOversized, RequestError
from ..kernel.hints import reason
from ..kernel.words import Say, refusal
from . import plain, zipped
from .plain import Manifest

BEGINNING = 2**16  # bytes, in which the manifest says what it is


def write(box: Box, path: str | Path, kind: str = "model", about: Mapping[str, Any] | None = None) -> None:
    """Write a bundle, or leave what stood there. Raises RequestError if the place cannot be written, BundleOversized if it could not be read."""
    parts = plain.to_parts(box, kind, about or {})
    plain.check_sizes(parts)
    write_bytes(zipped.write(parts), Path(path))


def read(path: str | Path, limit_bytes: int | None = None) -> Box:
    """The box in a bundle. Raises BundleError, or RequestError if there is no such file."""
    return open_bundle(path, limit_bytes)[1]


def open_bundle(path: str | Path, limit_bytes: int | None = None) -> tuple[Manifest, Box]:
    """The manifest and the box in a bundle. Raises as `read` does."""
    return plain.open_bytes(read_bytes(path, limit_bytes), limit_bytes)


def read_manifest(path: str | Path, limit_bytes: int | None = None) -> Manifest:
    """What a bundle says of itself, its parts checked against sizes and hashes but not parsed."""
    return plain.manifest_of(plain.checked_entries(read_bytes(path, limit_bytes), limit_bytes))


def begins_as_one(path: str | Path) -> bool:
    """Whether a file begins as we write one; what stands behind that, whole or torn, is not looked at. Raises as `read` does."""
    try:
        with open(path, "rb") as file:
            found = file.read(BEGINNING)
    except OSError as error:
        raise refusal(RequestError, "store", "unread", path=str(path), reason=reason(error)) from error
    name, begins = zipped.first(found)
    return name == plain.MANIFEST and f'"format":"{plain.FORMAT}"'.encode() in begins


def read_bytes(path: str | Path, limit_bytes: int | None = None) -> bytes:
    """The bytes of a file whose size was looked at first."""
    limit = zipped.MOST_TOTAL if limit_bytes is None else limit_bytes
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno()).st_size
            if found > limit:
                raise refusal(BundleOversized, "store", "file_too_large", bytes=found, most=limit)
            return file.read(limit + 1)
    except OSError as error:
        raise refusal(RequestError, "store", "unread", path=str(path), reason=reason(error)) from error


def of_file(error: BundleError, path: str | os.PathLike[str]) -> BundleError:
    """The same refusal, naming the file."""
    seen, expected, do = error.said
    return type(error)(Say("store", "of_file", {"path": str(path), "seen": seen}), expected, do)


def write_bytes(data: bytes, path: Path) -> None:
    """Put bytes under a name, all or nothing."""
    passing = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(passing, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(passing, path)
        sync_folder(path.parent)
    except OSError as error:
        raise refusal(RequestError, "store", "unwritten", path=str(path), reason=reason(error)) from error
    finally:
        passing.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a renaming last through a power cut; folders cannot be opened on Windows."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
