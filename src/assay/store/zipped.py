"""Is this zip exactly the zip we would have written?

Entries stand in order, stored or deflated, with one fixed date and no extras. The reader walks the local headers from the
front, then renders the directory that must follow and compares it byte for byte: what is encrypted, doubled, hidden
between entries or behind a deflated one, appended, or told differently by the two headers does not pass. How much a file
unpacks to is known from its headers, all of them read before anything is unpacked. Any unzip tool opens the file.
"""

from __future__ import annotations

import functools
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..kernel.errors import BundleForeign, BundleOversized, BundleTampered, BundleTruncated
from ..kernel.words import refusal

MOST_PARTS = 20_000  # entries of one file; a zip without 64-bit extensions ends at 65,535
MOST_TOTAL = 2 * 2**30  # bytes of one file, and of what it unpacks to: below the 4 GiB that a plain zip can say
STORED, DEFLATED = 0, 8
LEVEL, WORTH = 6, 0.9  # of zlib; share of its bytes that a part may keep at most to be deflated
LOOKED_AT = 2**16  # bytes at the beginning, in the middle and at the end of a part that tell whether the whole is tried
MOST_RATIO = 100  # times its deflated bytes that a part unpacks to at most
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
    """One part."""

    name: str
    packed: memoryview  # as it stands in the file
    size: int  # bytes that it unpacks to, as its header says
    crc: int
    at: int  # where its local header begins
    method: int = STORED

    @functools.cached_property
    def data(self) -> memoryview:
        """What it holds, unpacked when it is first asked for. Raises BundleTampered where it does not unpack to `size` bytes."""
        return self.packed if self.method == STORED else memoryview(_inflated(self.packed, self.size))


def write(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The parts as a zip, deflated where that pays: the same parts give the same bytes, with one version of zlib."""
    out: list[bytes | memoryview] = []
    entries, at = [], 0
    for name, data in parts:
        packed = _deflated(data)
        method = STORED if packed is None else DEFLATED
        entry = Entry(name, memoryview(packed or data), len(data), zlib.crc32(data), at, method)
        entries.append(entry)
        out += [_local(entry), entry.packed]
        at += len(out[-2]) + len(entry.packed)
    total = max(at, sum(entry.size for entry in entries))
    if total > MOST_TOTAL or len(parts) > MOST_PARTS:
        raise refusal(BundleOversized, "store", "does_not_fit", bytes=total, parts=len(parts), most=MOST_TOTAL)
    return b"".join([*out, _directory(entries, at)])


def read(data: bytes, limit_bytes: int = MOST_TOTAL) -> list[Entry]:
    """The parts of a zip that unpacks to so many bytes at most; none of them is unpacked yet.

    Raises BundleTruncated, BundleTampered, BundleForeign or BundleOversized.
    """
    if data[:4] != LOCAL[: len(data[:4])] or not data:
        raise refusal(BundleTruncated, "store", "no_zip")
    entries: list[Entry] = []
    at, left = 0, limit_bytes
    while data[at : at + 4] == LOCAL:
        entries.append(_entry(data, at))
        at += len(_local(entries[-1])) + len(entries[-1].packed)
        left -= entries[-1].size
        if left < 0:
            raise refusal(BundleOversized, "store", "unpacks_too_large", bytes=limit_bytes - left, most=limit_bytes)
        if len(entries) > MOST_PARTS:
            raise refusal(BundleOversized, "store", "many_parts", most=MOST_PARTS)
    if len({entry.name for entry in entries}) != len(entries):
        raise refusal(BundleTampered, "store", "twice")
    _check_end(data[at:], _directory(entries, at))
    return entries


def first(begins: bytes) -> tuple[str, bytes]:
    """Name and beginning of the first part of a file that begins so, whole or torn; nothing where it is no zip of ours."""
    if len(begins) < _LOCAL.size or not begins.startswith(LOCAL):
        return "", b""
    head = _LOCAL.unpack_from(begins)
    end = _LOCAL.size + head[9]
    name, data = begins[_LOCAL.size : end].decode("latin-1"), begins[end:]
    if head[3] != DEFLATED:
        return name, data
    try:
        return name, zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, LOOKED_AT)
    except zlib.error:
        return name, b""


def can_name(name: str) -> bool:
    """Whether a part may be called so."""
    return len(name) <= MOST_NAME and bool(_NAME.fullmatch(name)) and ".." not in name


def _deflated(data: bytes) -> bytes | None:
    """The part deflated; None where that is not worth while."""
    last = len(data) - LOOKED_AT
    samples = [data[at : at + LOOKED_AT] for at in (0, last // 2, last)] if last > 2 * LOOKED_AT else []
    if samples and all(len(zlib.compress(sample, LEVEL)) > WORTH * LOOKED_AT for sample in samples):
        return None
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    return packed if len(data) / MOST_RATIO <= len(packed) <= WORTH * len(data) else None


def _inflated(packed: memoryview, size: int) -> bytes:
    """What a part unpacks to, all of it and nothing behind. Raises BundleTampered."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise refusal(BundleTampered, "store", "packed") from error
    if len(found) != size or not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise refusal(BundleTampered, "store", "packed")
    return found


def _entry(data: bytes, at: int) -> Entry:
    head = data[at : at + _LOCAL.size]
    if len(head) < _LOCAL.size:
        raise _ends_early()
    *fixed, crc, packed, size, name_bytes, extra = _LOCAL.unpack(head)
    method = fixed[3]
    if fixed != [LOCAL, _NEEDS, 0, method, 0, _DATE] or method not in (STORED, DEFLATED) or extra:
        raise refusal(BundleTampered, "store", "packed")
    if not (packed == size if method == STORED else size / MOST_RATIO <= packed <= WORTH * size):
        raise refusal(BundleTampered, "store", "packed")
    begin = at + _LOCAL.size + name_bytes
    if begin + packed > len(data):
        raise _ends_early()
    name = data[at + _LOCAL.size : begin].decode("latin-1")
    if not can_name(name):
        raise refusal(BundleForeign, "store", "no_name", name=repr(name[:80]))
    return Entry(name, memoryview(data)[begin : begin + packed], size, crc, at, method)


def _check_end(found: bytes, expected: bytes) -> None:
    if found == expected:
        return
    if expected.startswith(found) or LOCAL.startswith(found):
        raise _ends_early()
    raise refusal(BundleTampered, "store", "directory")


def _local(entry: Entry) -> bytes:
    name, sizes = entry.name.encode("ascii"), (len(entry.packed), entry.size)
    return _LOCAL.pack(LOCAL, _NEEDS, 0, entry.method, 0, _DATE, entry.crc, *sizes, len(name), 0) + name


def _directory(entries: Sequence[Entry], at: int) -> bytes:
    rows = [_central(entry) for entry in entries]
    size = sum(map(len, rows))
    return b"".join([*rows, _END.pack(END, 0, 0, len(rows), len(rows), size, at, 0)])


def _central(entry: Entry) -> bytes:
    name, sizes = entry.name.encode("ascii"), (len(entry.packed), entry.size)
    fixed = (CENTRAL, _MADE_BY, _NEEDS, 0, entry.method, 0, _DATE, entry.crc, *sizes, len(name))
    return _CENTRAL.pack(*fixed, 0, 0, 0, 0, _MODE, entry.at) + name


def _ends_early() -> BundleTruncated:
    return refusal(BundleTruncated, "store", "ends_early")
