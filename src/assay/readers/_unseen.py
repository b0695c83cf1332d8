"""What of a sheet is not seen by reading its values row by row: cells that are merged, formulas without a result.

Both stand in the sheet's XML (ECMA-376, part 1, 18.3.1.55 and 18.3.1.40), which is looked through once, a piece at a time.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE = 1 << 20  # bytes
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+)(\d+):[A-Z]+(\d+)"')
# A formula, and nothing or an empty value behind it in its cell.
EMPTY = rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
FORMULA = re.compile(rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*" + EMPTY)

Range = tuple[int, int, int]  # first row, last row and column of cells that are merged, from zero


@dataclass(frozen=True)
class Unseen:
    """What one sheet holds beside its values."""

    merged: tuple[Range, ...] = ()  # over more than one row; the first column of each
    formulas: int = 0  # without a result


def unseen(path: Path, title: str) -> Unseen:
    """What the sheet of that title holds beside its values. Raises KeyError where the workbook tells of no such sheet."""
    merged: list[Range] = []
    formulas = 0
    with zipfile.ZipFile(path) as archive:
        for piece in _pieces(archive, _part(archive, title)):
            formulas += sum(1 for _ in FORMULA.finditer(piece))
            for column, first, last in MERGED.findall(piece):
                if first != last:
                    merged.append((int(first) - 1, int(last) - 1, _number(column)))
    return Unseen(tuple(merged), formulas)


def _part(archive: zipfile.ZipFile, title: str) -> str:
    """The name of the part of the archive that holds a sheet."""
    from openpyxl.xml.functions import fromstring

    book = dict(_targets(archive, "").values())["officeDocument"]
    sheets = {e.get("name"): e for e in fromstring(archive.read(book)).iter() if e.tag.endswith("}sheet")}
    named = {name.rpartition("}")[2]: value for name, value in sheets[title].attrib.items()}
    return _targets(archive, book)[named["id"]][1]


def _targets(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part of the archive is related to: kind and name of the other part, by key."""
    from openpyxl.xml.functions import fromstring

    folder, name = posixpath.split(part)
    relations = fromstring(archive.read(posixpath.join(folder, "_rels", f"{name}.rels")))
    return {
        e.get("Id"): (
            e.get("Type").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, e.get("Target")))[1:],
        )
        for e in relations
    }


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The part in pieces that end between rows."""
    rest = b""
    with archive.open(part) as file:
        while piece := file.read(PIECE):
            whole, end, rest = (rest + piece).rpartition(b"row>")
            yield whole + end
    yield rest


def _number(letters: bytes) -> int:
    """The column of a reference, from zero.

    >>> _number(b"A"), _number(b"AB")
    (0, 27)
    """
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1
