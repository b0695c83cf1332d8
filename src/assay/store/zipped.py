"""Is this zip exactly the zip we would have written?

Entries are stored, in order, with one fixed date and no extras. The reader walks the local headers from the front,
then renders the directory that must follow and compares it byte for byte: what is compressed, encrypted, doubled,
hidden between entries, appended, or told differently by the two headers does not pass. Any unzip tool opens the file.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel.errors import BundleForeign, BundleOversized, BundleTampered, BundleTruncated
from ..kernel.words import refusal

MOST_PARTS = 20_000  # entries of one file; a zip without 64-bit extensions ends at 65,535
MOST_TOTAL = 2 * 2**30  # bytes of one file, below the 4 GiB that a plain zip can say
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_NEEDS, _DATE = 20, 0x21  # zip 2.0; the first of January 1980
_MADE_BY, _MODE = 3 << 8 | _NEEDS, 0o100644 << 16  # an ordinary file that everybody may read
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*")
MOST_NAME = 500


@dataclass(frozen=True)
class Entry:
    """One stored part."""

    name: str
    data: memoryview
    crc: int
    at: int  # where its local header begins


def write(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The parts as a zip: the same parts give the same bytes."""
    out, entries, at = [], [], 0
    for name, data in parts:
        entry = Entry(name, memoryview(data), zlib.crc32(data), at)
        entries.append(entry)
        out += [_local(entry), data]
        at += len(out[-2]) + len(data)
    if at > MOST_TOTAL or len(parts) > MOST_PARTS:
        raise refusal(BundleOversized, "store", "does_not_fit", bytes=at, parts=len(parts), most=MOST_TOTAL)
    return b"".join([*out, _directory(entries, at)])


def read(data: bytes) -> list[Entry]:
    """The parts of a zip. Raises BundleTruncated, BundleTampered, BundleForeign or BundleOversized."""
    if data[:4] != LOCAL[: len(data[:4])] or not data:
        raise refusal(BundleTruncated, "store", "no_zip")
    entries: list[Entry] = []
    at = 0
    while data[at : at + 4] == LOCAL:
        entries.append(_entry(data, at))
        at += len(_local(entries[-1])) + len(entries[-1].data)
        if len(entries) > MOST_PARTS:
            raise refusal(BundleOversized, "store", "many_parts", most=MOST_PARTS)
    if len({entry.name for entry in entries}) != len(entries):
        raise refusal(BundleTampered, "store", "twice")
    _check_end(data[at:], _directory(entries, at))
    return entries


def can_name(name: str) -> bool:
    """Whether a part may be called so."""
    return len(name) <= MOST_NAME and bool(_NAME.fullmatch(name)) and ".." not in name


def _entry(data: bytes, at: int) -> Entry:
    head = data[at : at + _LOCAL.size]
    if len(head) < _LOCAL.size:
        raise _ends_early()
    *fixed, crc, packed, size, name_bytes, extra = _LOCAL.unpack(head)
    if fixed != [LOCAL, _NEEDS, 0, 0, 0, _DATE] or packed != size or extra:
        raise refusal(BundleTampered, "store", "packed")
    begin = at + _LOCAL.size + name_bytes
    if begin + size > len(data):
        raise _ends_early()
    name = data[at + _LOCAL.size : begin].decode("latin-1")
    if not can_name(name):
        raise refusal(BundleForeign, "store", "no_name", name=repr(name[:80]))
    return Entry(name, memoryview(data)[begin : begin + size], crc, at)


def _check_end(found: bytes, expected: bytes) -> None:
    if found == expected:
        return
    if expected.startswith(found) or LOCAL.startswith(found):
        raise _ends_early()
    raise refusal(BundleTampered, "store", "directory")


def _local(entry: Entry) -> bytes:
    name, size = entry.name.encode("ascii"), len(entry.data)
    return _LOCAL.pack(LOCAL, _NEEDS, 0, 0, 0, _DATE, entry.crc, size, size, len(name), 0) + name


def _directory(entries: Sequence[Entry], at: int) -> bytes:
    rows = [_central(entry) for entry in entries]
    size = sum(map(len, rows))
    return b"".join([*rows, _END.pack(END, 0, 0, len(rows), len(rows), size, at, 0)])


def _central(entry: Entry) -> bytes:
    name, size = entry.name.encode("ascii"), len(entry.data)
    fixed = (CENTRAL, _MADE_BY, _NEEDS, 0, 0, 0, _DATE, entry.crc, size, size, len(name), 0, 0, 0, 0, _MODE, entry.at)
    return _CENTRAL.pack(*fixed) + name


def _ends_early() -> BundleTruncated:
    return refusal(BundleTruncated, "store", "ends_early")
