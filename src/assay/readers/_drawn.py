"""What becomes of the boxes that people drew in pictures, whichever door they came through?

Every picture is a row: its path, its boxes as a cell (`kernel.boxes`), and its part where there are parts. A picture that nobody
looked at has no cell, nor one whose annotation cannot be read in any part: known by half, it would teach that the rest is nothing. Boxes
reaching over an edge are cut there, those without area or wholly beyond the picture are left out; all of it is counted and named.

Boxes stay as they were said. Of a picture that its camera turned (EXIF) most tools say them as the file stores it, some as it stands
upright; the annotation does not tell which, and nothing is turned here.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from assay.kernel.boxes import Box2D, cell_of, is_label, is_place
from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.words import Say, refusal
from assay.pictures.decoding import ENDINGS as PICTURES

from . import _peek as peek
from ._classes import part_of
from ._collection import FOLDERS, OF_ONE
from ._columns import said_details
from ._members import Member, members_of, unseen

SHOWN = 5  # names that stand for the rest
SEEN_BEYOND = 0.5  # pixels over an edge that are worth a word: less is how numbers were rounded


class Unclear(ValueError):
    """An annotation that cannot be read, in whole or in part."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What an annotation says of one picture; width and height are 0 where it does not say them.

    crowds : boxes left out because each bounds a group of things
    """

    boxes: tuple[Box2D, ...] = ()
    width: float = 0.0
    height: float = 0.0
    crowds: int = 0


@dataclass
class Met:
    """What was met on the way: names of files by what is to be said of them, one for each time."""

    names: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, name: str, times: int = 1) -> None:
        """One more file, or several times the same."""
        if times:
            self.names.setdefault(what, []).extend([name] * times)

    def of(self, what: str) -> list[str]:
        """The names so far."""
        return self.names.get(what, [])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture: its path below the home, what was drawn in it (None where nobody looked), and its part."""

    key: str
    drawn: Drawn | None = None
    part: str = ""


# What keeps a file from being a row; the rest is said of rows or of annotations.
NO_ROWS = ("link", "device", "misnamed", "homeless", "leaving", "ambiguous")


def table_of(name: str, reader: str, home: Path, rows: Sequence[Row], met: Met, **more: Any) -> Dataset:
    """Columns `picture`, `boxes` and `split` (where there are parts). Raises DataError where there is no picture or no box."""
    kept = [None if row.drawn is None else _kept(row, row.drawn, met) for row in rows]
    labels = Counter(box.label for boxes in kept if boxes for box in boxes)
    if not labels:
        lost = [*met.of("homeless"), *met.of("leaving"), *met.of("ambiguous")]
        key = "boxes.no_boxes" if rows else "boxes.no_pictures"
        raise refusal(DataError, "readers", key, name=name, n=len(rows), files=listing(lost, 3), lost=len(lost))
    cells = [None if boxes is None else cell_of(boxes) for boxes in kept]
    unclear = {*met.of("torn"), *met.of("unsized")}
    for row in rows:
        if row.drawn is None and row.key not in unclear:
            met.note("undrawn", row.key)
    parts = Counter(row.part for row in rows)
    if len(parts) == 1:  # all of one part, or of none
        parts.clear()
    columns = [
        Column.of_words("picture", [row.key for row in rows], home=str(home.absolute())),
        Column.of_words("boxes", cells),
    ]
    if parts:  # tells where a row comes from, not what it is: nothing to learn from
        columns.append(Column.of_words("split", [row.part or None for row in rows], role="dropped"))
    refused = [file for what in NO_ROWS for file in met.of(what)]
    details = {
        "labels": dict(labels.most_common()),
        "empty": sum(cell == "[]" for cell in cells),
        "parts": {part: n for part, n in sorted(parts.items()) if part},
        "single": sorted(label for label, n in labels.items() if n == 1),
        "met": {what: len(files) for what, files in sorted(met.names.items())},
        "met_names": {what: list(dict.fromkeys(files))[:SHOWN] for what, files in sorted(met.names.items())},
        **more,
    }
    source = Source(
        name=name,
        reader=reader,
        details=said_details(details),
        rows_read=len(rows) + len(refused),
        rows_refused=len(refused),
        examples=tuple(refused[:SHOWN]),
        target="boxes",
    )
    return Dataset(tuple(columns), source)


def notes_of(source: Source) -> tuple[Say, ...]:
    """What was found, as short phrases to be joined by commas."""
    details = source.details
    labels = [f"{label} ({n:,})" for label, n in details.get("labels", {}).items()]
    said: list[tuple[str, dict[str, Any]]] = [("labels", {"n": len(labels), "names": listing(labels)})]
    if details.get("empty"):
        said.append(("empty", {"n": details["empty"]}))
    if details.get("parts"):
        said.append(("parts", {"names": [f"{k} ({n:,})" for k, n in details["parts"].items()]}))
    if single := details.get("single"):
        said.append(("single", {"n": len(single), "names": _some(single[:SHOWN], len(single))}))
    for what, n in details.get("met", {}).items():
        names = details["met_names"][what]
        said.append((what, {"n": n, "names": listing([*names, *["…"] * (len(names) == SHOWN and n > SHOWN)])}))
    return tuple(Say("readers", f"boxes.{key}", values) for key, values in said)


def _some(names: Sequence[str], n: int) -> Say:
    return listing([*names, *["…"] * (n > len(names))])


# ------------------------------------------------------------------------------------------------------------ boxes


def together(one: Drawn, other: Drawn) -> Drawn:
    """The boxes of two annotations of one picture, each once."""
    boxes = tuple(dict.fromkeys((*one.boxes, *other.boxes)))
    width, height = (one.width, one.height) if one.width and one.height else (other.width, other.height)
    return Drawn(boxes=boxes, width=width, height=height, crowds=max(one.crowds, other.crowds))


def box_of(label: str, x: float, y: float, width: float, height: float) -> Box2D:
    """A box as an annotation says it, of any size. Raises Unclear where it has no label, or a number that no pixel has."""
    if not is_label(label) or not all(map(is_place, (x, y, width, height))):
        raise Unclear(label)
    return Box2D(label.strip(), x, y, width, height)


def _kept(row: Row, drawn: Drawn, met: Met) -> list[Box2D]:
    """The boxes of a picture, those left out or cut being counted."""
    kept = []
    for box in drawn.boxes:
        if box.width <= 0 or box.height <= 0:
            met.note("flat", row.key)
            continue
        inside = _cut(box, drawn.width, drawn.height)
        if inside is None:
            met.note("outside", row.key)
        elif inside.rounded().width <= 0 or inside.rounded().height <= 0:
            met.note("flat", row.key)
        else:
            met.note("cut", row.key, _over(box, inside) > SEEN_BEYOND)
            kept.append(inside)
    met.note("crowd", row.key, drawn.crowds)
    return kept


def _cut(box: Box2D, width: float, height: float) -> Box2D | None:
    """What of a box lies in the picture; None where nothing does. An edge that is not known cuts nothing."""
    left, top = max(box.x, 0.0), max(box.y, 0.0)
    right = min(box.x + box.width, width or float("inf"))
    bottom = min(box.y + box.height, height or float("inf"))
    if right <= left or bottom <= top:
        return None
    whole = (left, top) == (box.x, box.y) and right - left == box.width and bottom - top == box.height
    return box if whole else Box2D(box.label, left, top, right - left, bottom - top)


def _over(box: Box2D, inside: Box2D) -> float:
    """Pixels by which a box reached over an edge, at the worst edge."""
    right = box.x + box.width - inside.x - inside.width
    bottom = box.y + box.height - inside.y - inside.height
    return max(inside.x - box.x, inside.y - box.y, right, bottom)


# --------------------------------------------------------------------------------------------------------- pictures


def pictures_in(root: Path, met: Met) -> tuple[list[Member], list[Member]]:
    """The pictures below a folder, and what else lies there, both sorted by path; what cannot be named again is counted."""
    with members_of(root, 0, within=True) as members:
        pictures, others = [], []
        for member in members:
            if not is_picture(member.name):
                if not member.refused:
                    others.append(member)
            elif member.refused:
                met.note(member.refused, member.name)
            elif not _is_text(member.key):
                met.note("misnamed", member.name)
            else:
                pictures.append(member)
    return pictures, others


def _is_text(name: str) -> bool:
    """Whether a name can be written; of one whose bytes are no UTF-8 no text can be made that names the file again."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def part_of_path(path: Sequence[str]) -> str:
    """The part that the folders above a file say (a year behind it or not): train, validation, test, or nothing.

    >>> part_of_path(["images", "train2017", "1.jpg"])
    'train'
    """
    return next(filter(None, (part_of(folder.rstrip("0123456789")) for folder in path[:-1])), "")


def stem_of(name: str) -> str:
    """The name of a file without its ending."""
    return os.path.splitext(name)[0]


def some_paths(root: Path) -> Iterator[Path]:
    """Some of the files below a folder, a few of each folder, in the same order wherever it is asked; nothing is opened.

    Of each sort of ending some are given: pictures and what is said of them may lie side by side.
    """
    for here, folders, files in islice(os.walk(root), FOLDERS):
        folders[:] = sorted(name for name in folders if not unseen(name))
        sorts: Counter[str] = Counter()
        for name in sorted(files):
            ending = os.path.splitext(name)[1].lower()
            sorts[ending] += 1
            if not unseen(name) and sorts[ending] <= OF_ONE:
                yield Path(here, name)


def is_picture(name: str) -> bool:
    """Whether a file is a picture by the ending of its name."""
    return name.lower().endswith(PICTURES)


def folder_of(source: Any) -> Path | None:
    """The folder that a source names; None where it is none."""
    if not peek.is_path(source):
        return None
    try:
        path = peek.path_of(source)
        return path if path.is_dir() else None
    except (OSError, ValueError):  # a name too long for the system, or with a NUL
        return None
