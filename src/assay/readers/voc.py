"""How are pictures read whose boxes stand in XML files of Pascal VOC, one a picture?

The published layout is Annotations/*.xml, JPEGImages/*.jpg and ImageSets/Main/train.txt; the two may as well lie side by side, in one
folder a part or in none. An annotation belongs to the picture of its own name; where several bear that name, to the one in the like
place, or the one that the file names. Objects marked as difficult are objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._collection import is_collection
from ._drawn import (
    Drawn,
    Met,
    Row,
    Unclear,
    folder_of,
    is_picture,
    notes_of,
    part_of_path,
    pictures_in,
    some_paths,
    stem_of,
    table_of,
    together,
)
from ._imagenet import pictures_below
from ._members import Member, Refused
from ._voc_xml import MOST_BYTES, annotation

ASKED = 3  # annotations whose beginning is looked at
# What only tells the two apart.
HOLDERS = frozenset({"annotations", "annotation", "xmls", "jpegimages", "images", "imgs"})
SETS = {"test": "test", "val": "validation", "validation": "validation", "train": "train", "trainval": "train"}


class Voc:
    """Pictures and Pascal VOC annotations."""

    about: ClassVar = About(
        key="voc",
        takes=("/",),
        order=55,
        words={
            "en": {
                "title": "Pascal VOC annotations",
                "layout": "a folder with Annotations/1.xml and JPEGImages/1.jpg",
            },
            "zh": {
                "title": "Pascal VOC 标注",
                "layout": "含有 Annotations/1.xml 与 JPEGImages/1.jpg 的文件夹",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether some of the files in a folder are pictures, and some XML that begins as an annotation does."""
        root = folder_of(source)
        if root is None or not is_collection(root) or pictures_below(root):  # boxes of ImageNet lie beside its classes
            return False
        pictures, asked = False, list[Path]()
        for path in some_paths(root):
            pictures |= is_picture(path.name)
            if path.suffix.lower() == ".xml" and len(asked) < ASKED:
                asked.append(path)
        return pictures and any(b"<annotation" in peek.head_of(path, 1024) for path in asked)

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read every annotation: columns `picture` (its path), `boxes` and `split` (where there are parts).

        Raises DataError where there are no annotations, no pictures of them, or no boxes.
        """
        root = folder_of(source)
        if root is None:
            raise peek.not_for(peek.existing(source))
        name, met = root.name or root.resolve().name, Met()
        pictures, others = pictures_in(root, met)
        files = [member for member in others if member.name.lower().endswith(".xml")]
        if not files:
            layout = Say("readers/voc", "layout")
            raise refusal(DataError, "readers", "boxes.none", name=name, layout=layout)
        drawn = _matched(pictures, files, met)
        parts = _parts(pictures, others, met)
        rows = [Row(key=member.key, drawn=drawn.get(member.key), part=parts[member.key]) for member in pictures]
        return table_of(name, "voc", root, rows, met)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found, as short phrases to be joined by commas."""
        return notes_of(source)


# -------------------------------------------------------------------------------------------------------- annotations


def _matched(pictures: Sequence[Member], files: Sequence[Member], met: Met) -> dict[str, Drawn]:
    """What is drawn in each picture that is annotated, by its key."""
    named: dict[str, list[Member]] = defaultdict(list)
    for member in pictures:
        named[stem_of(member.path[-1])].append(member)
    drawn: dict[str, Drawn] = {}
    torn: set[str] = set()
    for file in files:
        said, found = _read(file)
        if said is None:
            continue  # XML of another sort
        rivals = named.get(stem_of(file.path[-1])) or named.get(stem_of(_last(said)), [])
        picture = _one_of(rivals, file, _last(said))
        if picture is None:
            met.note("ambiguous" if rivals else "homeless", file.name)
        elif found is None:
            met.note("torn", picture.key)
            torn.add(picture.key)
        elif before := drawn.get(picture.key):
            met.note("twice", picture.key)
            drawn[picture.key] = together(before, found)
        else:
            drawn[picture.key] = found
    return {key: found for key, found in drawn.items() if key not in torn}


def _read(file: Member) -> tuple[str | None, Drawn | None]:
    """The name said and what is drawn; no name where it is no annotation, nothing drawn where it cannot be read."""
    try:
        if file.size > MOST_BYTES:
            raise Unclear(file.name)
        raw = file.take()
    except (Unclear, Refused):
        return "", None
    try:
        return annotation(raw)
    except Unclear:
        return ("", None) if b"<annotation" in raw[:1024] else (None, None)


def _one_of(rivals: Sequence[Member], file: Member, said: str) -> Member | None:
    """The picture that an annotation is of: the only one, the one in the like place, or the one it names."""
    if len(rivals) > 1:
        place = _place(file)
        rivals = [picture for picture in rivals if _place(picture) == place] or rivals
    if len(rivals) > 1:
        rivals = [picture for picture in rivals if picture.path[-1] == said]
    return rivals[0] if len(rivals) == 1 else None


def _place(member: Member) -> tuple[str, ...]:
    """The folders above a file without those that hold annotations or pictures alone."""
    return tuple(folder for folder in member.path[:-1] if folder.lower() not in HOLDERS)


def _last(path: str) -> str:
    """The last part of a path, as any system writes it."""
    return path.replace("\\", "/").rpartition("/")[2]


# -------------------------------------------------------------------------------------------------------------- parts


def _parts(pictures: Sequence[Member], others: Sequence[Member], met: Met) -> Mapping[str, str]:
    """The part of each picture: from ImageSets/Main, else from the folders above it."""
    listed: dict[str, set[str]] = defaultdict(set)
    for member in others:
        if member.path[-3:-1] == ("ImageSets", "Main") and (part := SETS.get(stem_of(member.path[-1]).lower())):
            for stem in _stems(member):
                if part == "train" and member.path[-1].lower().startswith("trainval"):
                    listed[stem].add("trainval")
                else:
                    listed[stem].add(part)
    found = {}
    for picture in pictures:
        parts = listed.get(stem_of(picture.path[-1]), set())
        sure = parts - {"trainval"}
        if len(sure) > 1 or (parts - sure and "test" in sure):
            met.note("several_parts", picture.key)
        first = next((part for part in ("test", "validation", "train") if part in sure), "train" if parts else "")
        found[picture.key] = first or part_of_path(picture.path)
    return found


def _stems(member: Member) -> list[str]:
    """The names in a list of pictures; a mark behind a name (1, -1) is that of one class's list."""
    try:
        lines = member.take().decode("utf-8", "replace").splitlines()
    except Refused:
        return []
    return [fields[0] for fields in map(str.split, islice(lines, 10_000_000)) if fields]
