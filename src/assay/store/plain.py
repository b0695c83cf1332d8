"""How does a Box become the bytes of a bundle, and come back?

The manifest stands first and names every part with its size and SHA-256; then, box by box in the order they were
filled, `<path>.json` and, where there are arrays, `<path>.safetensors`. Reading compares sizes first, then hashes, and
only then parses. What each refusal means:

- BundleTruncated: the file ends too early, or is no zip;
- BundleTampered: the zip is not as we write it, or a part does not have the size or hash that the manifest says;
- BundleOversized: the file or a part is larger than allowed;
- BundleForeign: another format, a later version, or a part whose name we never write;
- BundleInvalid: a part is whole but is not strict JSON, arrays or a tree of boxes.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..kernel.box import Box
from ..kernel.errors import BundleForeign, BundleInvalid, BundleOversized, BundleTampered, BundleTruncated, PluginFault
from ..kernel.words import refusal
from . import strictjson, tensors, zipped

FORMAT, VERSION = "assay", 3  # 1 kept a forest in more room (trees/layout.py), 2 kept all parts as they are
READ = (1, 2, VERSION)
MANIFEST, SIGNATURE = "manifest.json", "manifest.ed25519"
JSON, ARRAYS = ".json", ".safetensors"
MOST_MANIFEST = 8 * 2**20  # bytes; 20,000 parts of 200 bytes are 4 MB
MOST_JSON = 256 * 2**20  # bytes of one JSON part: ten million short levels of a category
MOST_PART = 2**30  # bytes of the arrays of one box: a forest of 40 million leaves
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-]*")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a bundle says of itself."""

    kind: str  # "model", "plan", "step" ...
    program: str  # version of Assay that wrote it
    about: Mapping[str, Any]  # what the writer wanted known without reading the parts
    sizes: Mapping[str, int]  # bytes of each part
    sha256: Mapping[str, str]  # hash of each part


def to_bytes(box: Box, kind: str = "model", about: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of a bundle. The same box gives the same bytes."""
    return zipped.write(to_parts(box, kind, about or {}))


def size(box: Box) -> int:
    """Bytes of the bundle that holds this box."""
    return len(to_bytes(box))


def from_bytes(data: bytes, limit_bytes: int | None = None) -> Box:
    """The box in the bytes of a bundle. Raises BundleError, see above."""
    return open_bytes(data, limit_bytes)[1]


def open_bytes(data: bytes, limit_bytes: int | None = None) -> tuple[Manifest, Box]:
    """The manifest and the box in the bytes of a bundle. Raises BundleError, see above."""
    entries = checked_entries(data, limit_bytes)
    manifest = manifest_of(entries)
    return manifest, _box(manifest.kind, {e.name: e.data for e in entries if e.name in manifest.sizes})


def to_parts(box: Box, kind: str, about: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Name and bytes of every part, the manifest first."""
    if not _WORD.fullmatch(kind):
        raise PluginFault(f"'{kind}' cannot be the kind of a bundle.", "Expected letters, digits, '_' and '-'.")
    parts = list(_parts(box, kind))
    said = {
        "format": FORMAT,
        "version": VERSION,
        "program": _program(),
        "kind": kind,
        "about": dict(about),
        "parts": [{"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in parts],
    }
    return [(MANIFEST, strictjson.write(said, "the manifest")), *parts]


def check_sizes(parts: Sequence[tuple[str, bytes]]) -> None:
    """Raises BundleOversized where a part is larger than is ever read: nobody could load the file."""
    for name, data in parts:
        if len(data) > _most(name):
            raise refusal(BundleOversized, "store", "part_too_large_here", name=name, bytes=len(data), most=_most(name))


def checked_entries(data: bytes, limit_bytes: int | None = None) -> list[zipped.Entry]:
    """The entries of a bundle whose sizes and hashes are what the manifest says; parts are not parsed yet.

    Sizes are looked at as headers tell them; the manifest alone is unpacked before they are known to be as it says.
    """
    limit = zipped.MOST_TOTAL if limit_bytes is None else limit_bytes
    if len(data) > limit:
        raise refusal(BundleOversized, "store", "file_too_large", bytes=len(data), most=limit)
    entries = zipped.read(data, limit)
    for entry in entries:
        most = _most(entry.name)
        if entry.size > most:
            raise refusal(BundleOversized, "store", "part_too_large", name=entry.name, bytes=entry.size, most=most)
    manifest = manifest_of(entries)
    signed = entries[-1].name == SIGNATURE  # nowhere but at the end
    found = {e.name: e.size for e in (entries[1:-1] if signed else entries[1:])}
    if list(found.items()) != list(manifest.sizes.items()):
        raise refusal(BundleTampered, "store", "other_parts")
    for entry in entries:
        right = zlib.crc32(entry.data) == entry.crc
        if entry.name in manifest.sha256:
            right &= hashlib.sha256(entry.data).hexdigest() == manifest.sha256[entry.name]
        if not right:
            raise refusal(BundleTampered, "store", "changed", name=entry.name)
    return entries


def manifest_of(entries: list[zipped.Entry]) -> Manifest:
    """The manifest among the entries, which stands first."""
    if not entries or entries[0].name != MANIFEST:
        raise refusal(BundleForeign, "store", "no_bundle", manifest=MANIFEST)
    raw = strictjson.read(bytes(entries[0].data), MANIFEST, MOST_MANIFEST)
    said = Box(MANIFEST)
    said.values = raw if isinstance(raw, dict) else {}
    if said.values.get("format") != FORMAT:
        raise refusal(BundleForeign, "store", "not_ours", format=FORMAT)
    if (version := said.whole("version", 1)) not in READ:
        raise refusal(BundleForeign, "store", "version", found=version, known=VERSION)
    sizes: dict[str, int] = {}
    hashes: dict[str, str] = {}
    for row in said.rows("parts", zipped.MOST_PARTS):
        part = Box(f"{MANIFEST}: a part")
        part.values = row
        name = part.text("name")
        if name in sizes:
            raise refusal(BundleTampered, "store", "listed_twice", name=name[:80])
        sizes[name], hashes[name] = part.whole("bytes"), part.text("sha256")
    return Manifest(
        kind=said.text("kind"), program=said.text("program"), about=said.mapping("about"), sizes=sizes, sha256=hashes
    )


def _parts(box: Box, path: str) -> Iterator[tuple[str, bytes]]:
    yield path + JSON, strictjson.write(box.values, path)
    if box.arrays:
        yield path + ARRAYS, tensors.write(box.arrays)
    for name, inner in box.inner.items():
        if not _WORD.fullmatch(name) or len(path) + len(name) > zipped.MOST_NAME - 20:
            raise PluginFault(f"'{name}' cannot name a part inside {path}.", "Expected letters, digits, '_' and '-'.")
        yield from _parts(inner, f"{path}/{name}")


def _box(kind: str, parts: dict[str, memoryview]) -> Box:
    """The tree of boxes whose parts these are; each comes after the one it stands in."""
    boxes: dict[str, Box] = {}
    last = ""
    for name, data in parts.items():
        path, _, ending = name.rpartition(".")
        if "." + ending == JSON:
            boxes[path] = _new_box(path, kind, boxes)
            values = strictjson.read(bytes(data), name, MOST_JSON)
            if not isinstance(values, dict):
                raise refusal(BundleInvalid, "store", "no_mapping", name=name)
            boxes[path].values = values
        elif "." + ending == ARRAYS and path == last:
            boxes[path].arrays = tensors.read(bytes(data), name)
        else:
            raise refusal(BundleForeign, "store", "strange_part", name=name)
        last = path
    if kind not in boxes:
        raise refusal(BundleTruncated, "store", "no_kind", kind=kind)
    return boxes[kind]


def _new_box(path: str, kind: str, boxes: dict[str, Box]) -> Box:
    above, _, name = path.rpartition("/")
    if not _WORD.fullmatch(name):
        raise refusal(BundleForeign, "store", "strange_part", name=path)
    if not above and name == kind and not boxes:
        return Box(kind)
    if above not in boxes:
        raise refusal(BundleInvalid, "store", "lone_part", name=path)
    return boxes[above].add(name)


def _most(name: str) -> int:
    if name in (MANIFEST, SIGNATURE):
        return MOST_MANIFEST
    return MOST_JSON if name.endswith(JSON) else MOST_PART


def _program() -> str:
    try:
        return importlib.metadata.version("assay")
    except importlib.metadata.PackageNotFoundError:  # run from a source folder that was never installed
        return "0"
