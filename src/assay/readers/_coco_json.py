"""What does an annotation file of COCO say?

One JSON for many pictures: "images" with names and sizes, "annotations" with a box and a class each, "categories" with the names of the
classes. Everything refers to everything else by number, and a file may have been written by anybody: what refers to nothing is told, and a
picture of which one box cannot be read has none at all. A box that bounds a crowd of things is no thing of its own: it is counted
and left out.
"""

from __future__ import annotations

import json
import mmap
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.kernel.boxes import BEYOND, Box2D
from assay.kernel.errors import DataError
from assay.kernel.words import refusal

from ._classes import part_of
from ._drawn import Drawn, Met, Unclear, box_of

HEAD = 1 << 16  # bytes in which one of the lists begins
PARTS = ("images", "annotations", "categories")
BEGINS = re.compile(rb'"(?:images|annotations|categories)"\s*:\s*\[')


@dataclass(frozen=True, kw_only=True)
class Said:
    """A picture as the file names it, and what is drawn in it; None where that cannot be read."""

    name: str
    drawn: Drawn | None


def is_coco(path: Path) -> bool:
    """Whether a file is one JSON object with the three lists; the lists themselves are not read. Raises OSError, ValueError."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start.startswith(b"{") or not BEGINS.search(start) or _is_line(start):
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return all(whole.find(f'"{part}"'.encode()) >= 0 for part in PARTS)


def _is_line(start: bytes) -> bool:
    """Whether the first line is a record of its own with others below it: JSON lines."""
    line, _, rest = start.partition(b"\n")
    if not rest.strip():
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def part_in(stem: str) -> str:
    """The part that the name of an annotation file says.

    >>> part_in("instances_val2017"), part_in("train_annotations"), part_in("instances")
    ('validation', 'train', '')
    """
    words = (word.rstrip("0123456789") for word in re.split(r"[-_. ]", stem))
    return next(filter(None, map(part_of, filter(None, words))), "")


def pictures_of(path: Path, met: Met) -> list[Said]:
    """Every picture that a file names, in its order. Raises DataError where it is no such JSON."""
    content = _content(path)
    names = _classes(content["categories"])
    images, drawn = _images(content["images"], met), defaultdict[Any, list[Any]](list)
    for item in content["annotations"]:
        number = _key(item, "image_id")
        if number in images:
            drawn[number].append(item)
        else:
            met.note("homeless", f"{path.name}: image {number}")
    return [_said(image, drawn[number], names) for number, image in images.items()]


def _content(path: Path) -> dict[str, list[Any]]:
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise refusal(DataError, "readers/coco", "torn", name=path.name, error=str(error).rstrip(".")) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(part), list) for part in PARTS):
        raise refusal(DataError, "readers/coco", "lists", name=path.name)
    return found


def _images(items: list[Any], met: Met) -> dict[Any, Mapping[str, Any]]:
    """Pictures by number. Of two with one number nobody knows whose boxes are whose: both are left out."""
    names = defaultdict[Any, set[str]](set)
    known = [item for item in items if _key(item, "id") is not None and isinstance(item.get("file_name"), str)]
    for item in known:
        names[item["id"]].add(item["file_name"])
    for _ in range(len(items) - len(known)):
        met.note("homeless", "image ?")
    for several in names.values():
        for name in sorted(several) if len(several) > 1 else ():
            met.note("ambiguous", name)
    return {item["id"]: item for item in known if len(names[item["id"]]) == 1}


def _classes(items: list[Any]) -> dict[Any, str]:
    return {
        _key(item, "id"): item["name"] for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)
    }


def _said(image: Mapping[str, Any], items: list[Any], names: Mapping[Any, str]) -> Said:
    try:
        boxes = tuple(_box(item, names) for item in items if not item.get("iscrowd"))
    except Unclear:
        return Said(name=image["file_name"], drawn=None)
    width, height = _side(image.get("width")), _side(image.get("height"))
    return Said(
        name=image["file_name"],
        drawn=Drawn(boxes=boxes, width=width, height=height, crowds=len(items) - len(boxes)),
    )


def _box(item: Mapping[str, Any], names: Mapping[Any, str]) -> Box2D:
    label, place = names.get(_key(item, "category_id")), item.get("bbox")
    if label is None or not isinstance(place, list) or len(place) != 4 or not all(map(_is_number, place)):
        raise Unclear(str(item.get("id")))
    try:
        x, y, width, height = map(float, place)
    except OverflowError as error:
        raise Unclear(label) from error
    return box_of(label, x, y, width, height)


def _key(item: Any, name: str) -> int | str | None:
    """A number that stands for something; some programs write it as text."""
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _side(value: Any) -> float:
    """Pixels; 0 where they are not said."""
    return float(value) if _is_number(value) and 0 < value < BEYOND else 0.0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
