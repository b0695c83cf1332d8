"""Which files does a folder, a tar or a zip hold, and what is in each?

Archives are never unpacked to disk: names in them are only names, and a path that climbs ("..") or starts at the root
leads nowhere. Nothing is taken on trust: what an archive says of its sizes is bounded before it is read, and what comes
out of a compressed stream is counted on the way. Knows of bytes and paths, not of texts.
"""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import _peek as peek
from ._encoding import decode

PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what unpacks in steps whose size can be bounded
FLAG_LOCKED, FLAG_UTF8 = 0x1, 0x800
STEP = 1 << 20  # bytes unpacked at once
HEADER = 512  # bytes of a tar's header
FIRST, LOOK = 50, 16 << 20  # files of a tar, and bytes of its stream, that tell what it holds
UNSEEN = ("thumbs.db", "desktop.ini", "__macosx")  # what systems leave behind; hidden files as well


class TooLarge(Exception):
    """There is more in it than may be held."""


class Torn(Exception):
    """The archive ends too early or is damaged."""


class Refused(Exception):
    """One file cannot be read: its key in words is the argument."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file: its path in parts, its size in bytes, and what gives its content (or raises Refused).

    key     : its name as the folder or archive itself has it, by which it is found again
    refused : why its content is not given, known without asking for it; "" where nothing stands against it
    """

    path: tuple[str, ...]
    size: int
    take: Callable[[], bytes]
    key: str = ""
    refused: str = ""

    @property
    def name(self) -> str:
        """The path as it is written."""
        return "/".join(self.path)


@dataclass(frozen=True)
class _Found:
    """A file whose name may still be in any encoding."""

    name: bytes
    size: int
    take: Callable[[], bytes]
    key: str = ""
    refused: str = ""


def is_archive(path: Path) -> bool:
    """Whether a file is a tar (compressed or not), or a zip that holds folders.

    A zip must be called one: workbooks, documents, programs and models are zips as well.
    """
    return is_tar(path) or (path.suffix.lower() == ".zip" and peek.kind_of(path) == "zip" and _has_folders(path))


def is_tar(path: Path) -> bool:
    """Whether the content begins with the header of a tar: its checksum tells, so that no magic number is needed."""
    start = peek.head_of(path, HEADER)
    try:
        tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


@contextmanager
def members_of(path: Path, most: float, within: bool = False) -> Iterator[list[Member]]:
    """The files in a folder or archive, sorted by path; hidden ones are left away. To be taken while it is open.

    most   : bytes that may be held of what an archive unpacks to; raises TooLarge beyond, Torn where it is damaged
    within : links that lead out of a folder are refused, where its files are asked for again by name (`kernel.files`)
    """
    if path.is_dir():
        yield _named(list(_in_folder(path, within)))
    elif is_tar(path):
        yield _named(list(_in_tar(path, most)))
    else:
        with _zip(path) as archive:
            yield _named(list(_in_zip(archive)))


# ---------------------------------------------------------------------------------------------------------- folders


def _in_folder(root: Path, within: bool) -> Iterator[_Found]:
    """Links are followed, since they are the owner's own; a folder that was walked already is not walked again."""
    walked: set[tuple[int, int]] = set()
    top = root.resolve()

    def leads_out(place: Path) -> bool:
        return within and place.is_symlink() and not place.resolve().is_relative_to(top)

    for here, folders, files in os.walk(root, followlinks=True):
        known = os.stat(here)
        if (known.st_dev, known.st_ino) in walked:
            folders.clear()
            continue
        walked.add((known.st_dev, known.st_ino))
        folders[:] = sorted(name for name in folders if not unseen(name))
        for name in [name for name in folders if leads_out(Path(here, name))]:
            folders.remove(name)
            yield _not_given(os.fsencode(Path(here, name).relative_to(root).as_posix()), "link")
        for name in files:
            if unseen(name):
                continue
            place = Path(here, name)
            raw = os.fsencode(place.relative_to(root).as_posix())
            try:
                found = place.stat()
            except OSError:  # a link that leads nowhere
                yield _not_given(raw, "link")
                continue
            if leads_out(place):
                yield _not_given(raw, "link")
            elif stat.S_ISREG(found.st_mode):
                yield _Found(raw, found.st_size, _reading(place), os.fsdecode(raw))
            else:
                yield _not_given(raw, "device")


def _reading(place: Path) -> Callable[[], bytes]:
    def take() -> bytes:
        try:
            return place.read_bytes()
        except OSError as error:
            raise Refused("unreadable") from error

    return take


def _not_given(name: bytes, key: str) -> _Found:
    return _Found(name, 0, _refuse(key), refused=key)


def _refuse(key: str) -> Callable[[], bytes]:
    def take() -> bytes:
        raise Refused(key)

    return take


# ------------------------------------------------------------------------------------------------------------- tars


class _Bounded:
    """A stream that gives no more than `most` bytes, whatever the headers in it say."""

    def __init__(self, stream: IO[bytes], most: float) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int) -> bytes:
        """The next bytes. Raises TooLarge."""
        found = self._stream.read(min(size, STEP))
        self._left -= len(found)
        if self._left < 0:
            raise TooLarge
        return found


class _Header(tarfile.TarInfo):
    """A header; tarfile takes a damaged one for the end of the archive, and rows would be lost in silence."""

    @classmethod
    def fromtarfile(cls, tar: Any) -> Any:
        """The next header. Raises Torn where it is damaged."""
        try:
            return super().fromtarfile(tar)
        except (tarfile.TruncatedHeaderError, tarfile.InvalidHeaderError) as error:  # type: ignore[attr-defined]
            raise Torn(str(error)) from error


def _in_tar(path: Path, most: float) -> Iterator[_Found]:
    """One pass over the stream: the content of every file is held."""
    try:
        with peek.open_bytes(path) as stream:
            bounded: Any = _Bounded(stream, most)
            with tarfile.open(
                fileobj=bounded, mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
            ) as tar:
                yield from _files_of(tar, most)
    except (tarfile.TarError, *peek.BROKEN) as error:
        raise Torn(str(error)) from error


def some_of_tar(path: Path) -> list[str]:
    """Names of its first files, as far as a bounded part of the stream tells; contents are passed over."""
    names: list[str] = []
    with suppress(TooLarge, Torn, tarfile.TarError, *peek.BROKEN), peek.open_bytes(path) as stream:
        bounded: Any = _Bounded(stream, LOOK)
        with tarfile.open(
            fileobj=bounded, mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape"
        ) as tar:
            while len(names) < FIRST and (info := tar.next()) is not None:
                names += [info.name] if info.isreg() else []
    return names


def _files_of(tar: Any, most: float) -> Iterator[_Found]:
    held = 0
    while (info := tar.next()) is not None:
        tar.members.clear()  # a hundred thousand of them would be kept
        raw = info.name.encode("utf-8", "surrogateescape")
        if info.isdir() or _unseen_path(raw):
            continue
        if info.isreg():
            held += info.size  # of a sparse file, far more than the stream holds
            if held > most:
                raise TooLarge
            file = tar.extractfile(info)
            yield _Found(raw, info.size, _giving(b"" if file is None else file.read()))
        else:
            yield _not_given(raw, "link" if info.issym() or info.islnk() else "device")


def _giving(content: bytes) -> Callable[[], bytes]:
    return lambda: content


# ------------------------------------------------------------------------------------------------------------- zips


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except peek.BROKEN_ZIP as error:
        raise Torn(str(error)) from error


def _has_folders(path: Path) -> bool:
    with suppress(*peek.BROKEN_ZIP), zipfile.ZipFile(path) as archive:
        names = [info.filename.replace("\\", "/") for info in archive.infolist()]
        return any("/" in name.rstrip("/") and not _unseen_path(name.encode("utf-8", "replace")) for name in names)
    return False


def _in_zip(archive: zipfile.ZipFile) -> Iterator[_Found]:
    for info in archive.infolist():
        raw = _zip_name(info).replace(b"\\", b"/")  # as some programs on Windows write it
        if not raw or info.is_dir() or _unseen_path(raw):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            yield _not_given(raw, "link")
        elif info.flag_bits & FLAG_LOCKED:
            yield _not_given(raw, "locked")
        elif info.compress_type not in PLAIN:
            yield _not_given(raw, "packed")
        else:
            yield _Found(raw, info.file_size, _unpacking(archive, info), info.filename)


def _zip_name(info: zipfile.ZipInfo) -> bytes:
    """The bytes of a name; zipfile takes those without a flag for cp437, whatever they are."""
    try:
        return info.filename.encode("utf-8" if info.flag_bits & FLAG_UTF8 else "cp437")
    except UnicodeEncodeError:  # spelled out in a field of its own
        return info.filename.encode("utf-8", "replace")


def _unpacking(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def take() -> bytes:
        """No more than the size that was said, however much the bytes would unpack to."""
        pieces = []
        try:
            with archive.open(info) as file:
                while piece := file.read(STEP):
                    pieces.append(piece)
        except peek.BROKEN_ZIP as error:
            raise Refused("unreadable") from error
        return b"".join(pieces)

    return take


# ------------------------------------------------------------------------------------------------------------ names


def _named(found: list[_Found]) -> list[Member]:
    """Members sorted by path. Of two with one path the later counts, as when an archive is unpacked."""
    names = _decoded([file.name for file in found])
    paths = [tuple(part for part in name.split("/") if part not in ("", ".", "..")) for name in names]
    last = {path: place for place, path in enumerate(paths)}
    members = []
    for place, (path, file) in enumerate(zip(paths, found, strict=True)):
        if path:
            last_word = file if last[path] == place else _not_given(file.name, "twice")
            members.append(
                Member(path=path, size=file.size, take=last_word.take, key=file.key, refused=last_word.refused)
            )
    return sorted(members, key=lambda member: member.path)


def _decoded(names: list[bytes]) -> list[str]:
    """Names as text; those that are not UTF-8 are judged together, since one alone is too short to tell."""
    foreign = [name.replace(b"\n", b" ") for name in names if not _is_utf8(name)]
    said = decode(b"\n".join(foreign)).utf8.decode().split("\n") if foreign else []
    if len(said) != len(foreign):
        said = [name.decode("latin-1") for name in foreign]
    spelled = iter(said)
    return [name.decode() if _is_utf8(name) else next(spelled) for name in names]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def unseen(name: str) -> bool:
    """Whether a file or folder is hidden, or something that systems leave behind."""
    return name.startswith(".") or name.lower() in UNSEEN


def _unseen_path(raw: bytes) -> bool:
    return any(unseen(part) for part in raw.decode("latin-1").split("/") if part not in (".", ".."))
