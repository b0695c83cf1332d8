"""How are pictures read whose boxes stand in text files of YOLO, one a picture?

A line is a class's number, the middle of the box, its width and its height, as shares of the picture (0 to 1); a line of more numbers is
an outline, of which the box around it is taken. The file bears the picture's name and lies where "images" in the picture's path
reads "labels", or beside it. A file without lines says that nothing is there; where there is no file, nobody looked. Pixels need the
picture's size: its header is read, and it stands upright (EXIF), as these tools have it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.boxes import Box2D
from assay.kernel.data import Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal
from assay.pictures.decoding import Unreadable, sizes_of

from . import _peek as peek
from ._class_names import TEXTS, names_in
from ._collection import is_collection
from ._drawn import (
    Drawn,
    Met,
    Row,
    Unclear,
    box_of,
    folder_of,
    is_picture,
    notes_of,
    part_of_path,
    pictures_in,
    some_paths,
    stem_of,
    table_of,
)
from ._members import Member, Refused

ASKED = 5  # label files whose beginning is looked at
HEADER = 1 << 16  # bytes in which most pictures say their size
MOST_BYTES = 20_000_000  # of one label file
LINE = re.compile(rb"^\s*\d+(?:\s+[-+.\deE]+){4,}\s*$")


class Yolo:
    """Pictures and YOLO label files."""

    about: ClassVar = About(
        key="yolo",
        takes=("/",),
        needs=("PIL",),
        extra="pictures",
        order=56,
        words={
            "en": {
                "title": "YOLO label files",
                "layout": "a folder with images/1.jpg, labels/1.txt and data.yaml",
            },
            "zh": {"title": "YOLO 标签文件", "layout": "含有 images/1.jpg、labels/1.txt 和 data.yaml 的文件夹"},
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether some of the files in a folder are pictures, and some texts of their names whose first line is a box."""
        root = folder_of(source)
        if root is None or not is_collection(root):
            return False
        stems, texts = set[str](), list[Path]()
        for path in some_paths(root):
            if is_picture(path.name):
                stems.add(path.stem)
            elif path.suffix.lower() == ".txt" and path.name.lower() not in TEXTS:
                texts.append(path)
        starts = [peek.head_of(path, 4096) for path in texts if path.stem in stems]
        lines = [start.splitlines()[0] for start in starts if start.strip()][:ASKED]
        return bool(lines) and all(LINE.match(line) for line in lines)

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read every label file: columns `picture` (its path), `boxes` and `split` (where there are parts).

        Raises DataError where there are no label files, no pictures of them, or no boxes; MissingPackage without Pillow.
        """
        root = folder_of(source)
        if root is None:
            raise peek.not_for(peek.existing(source))
        name, met = root.name or root.resolve().name, Met()
        pictures, others = pictures_in(root, met)
        files = {m.path: m for m in others if m.path[-1].lower().endswith(".txt") and m.path[-1].lower() not in TEXTS}
        found = [(picture, _file_of(picture, files)) for picture in pictures]
        if not any(file for _, file in found):
            raise refusal(DataError, "readers", "boxes.none", name=name, layout=Say("readers/yolo", "layout"))
        names = _names(others)
        rows = [Row(key=m.key, drawn=_drawn(root, m, file, names, met), part=part_of_path(m.path)) for m, file in found]
        _tell_homeless(files, {file.path for _, file in found if file}, met)
        _tell_nameless(rows, names, met)
        return table_of(name, "yolo", root, rows, met)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found, as short phrases to be joined by commas."""
        return notes_of(source)


# ------------------------------------------------------------------------------------------------------- label files


def _file_of(picture: Member, files: Mapping[tuple[str, ...], Member]) -> Member | None:
    """The label file of a picture: where its last "images" reads "labels", else beside it."""
    *folders, name = picture.path
    text = f"{stem_of(name)}.txt"
    if "images" in folders:
        at = len(folders) - 1 - folders[::-1].index("images")
        if file := files.get((*folders[:at], "labels", *folders[at + 1 :], text)):
            return file
    return files.get((*folders, text))


def _drawn(root: Path, picture: Member, file: Member | None, names: Mapping[int, str], met: Met) -> Drawn | None:
    """What is drawn in a picture; None where there is no file, or it cannot be read."""
    if file is None:
        return None
    try:
        if file.size > MOST_BYTES:
            raise Unclear(file.name)
        shares = [_shares(line) for line in file.take().decode("utf-8-sig").splitlines() if line.strip()]
    except (Refused, ValueError):  # ValueError: no UTF-8, Unclear
        met.note("torn", picture.key)
        return None
    if not shares:
        return Drawn()
    try:
        width, height = _size(root / picture.key)
    except (OSError, Unreadable):
        met.note("unsized", picture.key)
        return None
    met.note("outline", picture.key, sum(outline for *_, outline in shares))
    boxes = tuple(
        Box2D(names.get(number, str(number)), x * width, y * height, wide * width, high * height)
        for number, (x, y, wide, high), _ in shares
    )
    return Drawn(boxes=boxes, width=float(width), height=float(height))


def _shares(line: str) -> tuple[int, tuple[float, float, float, float], bool]:
    """Class number, left and upper edge with width and height as shares of the picture, and whether it was an outline."""
    first, *rest = line.split()
    values = [float(text) for text in rest]
    if not first.isdecimal() or len(first) > 9 or not all(map(math.isfinite, values)):
        raise Unclear(line)
    if len(values) == 4:
        x, y, wide, high = values
        box = box_of("box", x - wide / 2, y - high / 2, wide, high)
        return int(first), (box.x, box.y, box.width, box.height), False
    if len(values) < 6 or len(values) % 2:
        raise Unclear(line)
    across, down = values[::2], values[1::2]
    box = box_of("box", min(across), min(down), max(across) - min(across), max(down) - min(down))
    return int(first), (box.x, box.y, box.width, box.height), True


def _size(path: Path) -> tuple[int, int]:
    """Width and height from the beginning of a file; from all of it where that does not tell. Raises Unreadable, OSError."""
    with path.open("rb") as file:
        try:
            return sizes_of(file.read(HEADER))
        except Unreadable:
            file.seek(0)
            return sizes_of(file.read())


# ------------------------------------------------------------------------------------------------------------- names


def _names(others: Sequence[Member]) -> dict[int, str]:
    """What the classes are called: by the first file that says so, those nearest to the top before the others."""
    kinds = (".yaml", ".yml")
    said = [m for m in others if m.path[-1].lower().endswith(kinds) or m.path[-1].lower() in TEXTS]
    for member in sorted(said, key=lambda m: (not m.path[-1].lower().endswith(kinds), len(m.path), m.path)):
        try:
            if found := names_in(member.path[-1], member.take().decode("utf-8")):
                return found
        except (Refused, ValueError):  # no text: another file may say it
            continue
    return {}


def _tell_homeless(files: Mapping[tuple[str, ...], Member], used: set[tuple[str, ...]], met: Met) -> None:
    """Label files without a picture; other texts (a README, a list of the pictures) are none."""
    for path, member in files.items():
        if path not in used and member.size <= MOST_BYTES and _is_labels(member):
            met.note("homeless", member.name)


def _is_labels(member: Member) -> bool:
    try:
        lines = member.take().splitlines()
    except Refused:
        return False
    return bool(lines and LINE.match(lines[0]))


def _tell_nameless(rows: Sequence[Row], names: Mapping[int, str], met: Met) -> None:
    known = set(names.values())
    labels = {box.label for row in rows if row.drawn for box in row.drawn.boxes}
    for label in sorted(labels - known):
        met.note("nameless", label)
