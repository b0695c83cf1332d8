"""What is in the file that a cell names?

A cell names a file in its column's home (`Column.home`): a folder, a zip, or nothing, which is the working directory. A
table comes from anywhere, so its cells are not trusted: from a folder nothing is given that lies outside it, links
resolved (an absolute name may lead into it), and of a zip no more is unpacked than was asked for. Knows of bytes, not of what they mean.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
import zipfile
import zlib
from pathlib import Path

MOST = 200_000_000  # bytes of one file
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what unpacks in steps whose size can be bounded
LOCKED = 0x1  # the flag of a member that needs a password
STEP = 1 << 20  # bytes read at once
NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # a pipe would be waited for without end
BROKEN = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error)
OPEN = 4  # archives kept open


class OutsideHome(OSError):
    """A name leads out of the folder in which it is looked up."""


def raw_of(home: str, name: str, most: int = MOST) -> bytes:
    """The bytes of the file that a cell names.

    home : a folder, a zip, or "" for the user's own program: relative to the working directory, or absolute
    most : bytes; a larger file is refused

    Raises OutsideHome where the name leads out of the folder; FileNotFoundError where there is no such file, or it is no
    file (a folder, a device); another OSError where it cannot be read: too large, locked, damaged. All are OSErrors.
    """
    if not name or "\0" in name:
        raise _no_file(name)
    if not home:
        return _read(Path(name), name, most)
    if os.path.isdir(home):
        return _read(_inside(home, name), name, most)
    return _unpacked(home, name, most)


def is_there(home: str, name: str) -> bool:
    """Whether a cell names a file in its home; nothing is read."""
    if not name or "\0" in name:
        return False
    try:
        if not home:
            return Path(name).is_file()
        if os.path.isdir(home):
            return _inside(home, name).is_file()
        return not _archive(home).getinfo(name).is_dir()
    except (KeyError, OSError, ValueError, *BROKEN):
        return False


def _inside(home: str, name: str) -> Path:
    """The place of a file in a folder. Raises OutsideHome."""
    top = Path(home).resolve()
    try:
        place = (top / name).resolve()
    except RuntimeError as error:  # links in a ring
        raise _no_file(name) from error
    if not place.is_relative_to(top):
        raise OutsideHome(errno.EACCES, "Leads out of its folder", name)
    return place


def _read(place: Path, name: str, most: int) -> bytes:
    try:
        handle = os.open(place, os.O_RDONLY | NO_WAIT)
    except (IsADirectoryError, NotADirectoryError) as error:
        raise _no_file(name) from error
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):  # before Python makes a file of it: a folder cannot be one
        os.close(handle)
        raise _no_file(name)
    with os.fdopen(handle, "rb") as file:
        if found.st_size > most:
            raise OSError(errno.EFBIG, "File too large", name)
        return file.read(found.st_size)


# ------------------------------------------------------------------------------------------------------------- zips


def _unpacked(home: str, name: str, most: int) -> bytes:
    try:
        archive = _archive(home)
        info = archive.getinfo(name)
    except (KeyError, FileNotFoundError, NotADirectoryError) as error:
        raise _no_file(name) from error
    except BROKEN as error:
        raise OSError(errno.EIO, "Damaged archive", name) from error
    if info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
        raise _no_file(name)
    if info.flag_bits & LOCKED or info.compress_type not in PLAIN:
        raise PermissionError(errno.EACCES, "Locked, or packed in a way that is not read", name)
    if info.file_size > most:
        raise OSError(errno.EFBIG, "File too large", name)
    pieces = []
    try:
        with archive.open(info) as file:  # gives no more than the size that was said
            while piece := file.read(STEP):
                pieces.append(piece)
    except BROKEN as error:
        raise OSError(errno.EIO, "Damaged file in an archive", name) from error
    return b"".join(pieces)


def _archive(home: str) -> zipfile.ZipFile:
    """The archive, kept open: its directory is long, and files are asked for one by one."""
    found = os.stat(home)
    return _opened(home, found.st_mtime_ns, found.st_size, os.getpid())


@functools.lru_cache(maxsize=OPEN)
def _opened(home: str, changed: int, size: int, process: int) -> zipfile.ZipFile:
    """Once for each state of the file and for each process, since a child would share the place read from."""
    return zipfile.ZipFile(home)


def _no_file(name: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "No such file", name)
