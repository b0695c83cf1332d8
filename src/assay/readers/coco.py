"""How are pictures read whose boxes stand in a JSON file of COCO?

Either the file is named, and its pictures are the rows; or the folder that holds both, and every picture in it is a row. The pictures
lie beside the file, below it, or beside the folder "annotations" that it lies in. Of several files (a part each) all are read; where
some begin with "instances", those alone, as the others then say other things of the same pictures (key points, captions).
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._coco_json import is_coco, part_in, pictures_of
from ._collection import is_collection
from ._drawn import (
    Drawn,
    Met,
    Row,
    folder_of,
    is_picture,
    notes_of,
    part_of_path,
    pictures_in,
    some_paths,
    table_of,
    together,
)
from ._members import Member

ASKED = 10  # JSON files of a folder that are looked into
DRIVE = re.compile(r"^[A-Za-z]:")


class Coco:
    """Pictures and a JSON of COCO."""

    about: ClassVar = About(
        key="coco",
        takes=(".json", "/"),
        order=36,  # before JSON lines, which take a JSON object for a record
        words={
            "en": {
                "title": "COCO annotations",
                "layout": "a JSON with images, annotations and categories, and the pictures beside it",
                "torn.seen": "'{name}' cannot be read as JSON: {error}.",
                "torn.expected": "Expected a whole file with images, annotations and categories.",
                "torn.do": "Export or fetch it again.",
                "lists.seen": "'{name}' lacks one of the lists images, annotations and categories.",
                "lists.expected": "Expected all three, as COCO has them.",
                "lists.do": "Export the annotations for object detection.",
            },
            "zh": {
                "title": "COCO 标注",
                "layout": "含有 images、annotations、categories 的 JSON，以及其旁边的图片",
                "torn.seen": "“{name}”无法按 JSON 读取：{error}。",
                "torn.expected": "应为含有 images、annotations、categories 的完整文件。",
                "torn.do": "请重新导出或获取。",
                "lists.seen": "“{name}”缺少 images、annotations、categories 中的某个列表。",
                "lists.expected": "应如 COCO 一样三者齐全。",
                "lists.do": "请按目标检测格式导出标注。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether it is a JSON with COCO's three lists, or a folder with pictures and such a file."""
        if not peek.is_path(source):
            return False
        try:
            root = folder_of(source)
            return is_coco(peek.path_of(source)) if root is None else is_collection(root) and _holds_both(root)
        except (OSError, ValueError):  # a name too long for the system, or with a NUL; an empty file
            return False

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read every annotation: columns `picture` (its path), `boxes` and `split` (where there are parts).

        Raises DataError where a file is no such JSON, its pictures are not there, or no box is drawn.
        """
        met, root = Met(), folder_of(source)
        file = None if root is not None else peek.existing(source).absolute()
        if file is not None:
            root = file.parent.parent if file.parent.name.lower() == "annotations" else file.parent
        assert root is not None
        name = (file or root).name or root.resolve().name
        pictures, others = pictures_in(root, met)
        files = [file] if file is not None else _files(root, others)
        if not files:
            raise refusal(DataError, "readers", "boxes.none", name=name, layout=Say("readers/coco", "layout"))
        drawn, parts = _matched(root, files, pictures, met)
        if file is not None:
            for member in pictures:
                if member.key not in parts:
                    met.note("unlisted", member.key)
            pictures = [member for member in pictures if member.key in parts]
        rows = [Row(key=m.key, drawn=drawn.get(m.key), part=parts.get(m.key) or part_of_path(m.path)) for m in pictures]
        return table_of(name, "coco", root, rows, met)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found, as short phrases to be joined by commas."""
        return notes_of(source)


def _holds_both(root: Path) -> bool:
    pictures, asked = False, list[Path]()
    for path in some_paths(root):
        pictures |= is_picture(path.name)
        if path.suffix.lower() == ".json" and len(asked) < ASKED:
            asked.append(path)
    return pictures and any(map(is_coco, asked))


def _files(root: Path, others: Sequence[Member]) -> list[Path]:
    """The annotation files in a folder, sorted by path."""
    places = [root / member.key for member in others if member.name.lower().endswith(".json")]
    found = [path for path in places if path.stat().st_size and is_coco(path)]
    return [path for path in found if path.name.lower().startswith("instances")] or found


def _matched(
    root: Path, files: Sequence[Path], pictures: Sequence[Member], met: Met
) -> tuple[Mapping[str, Drawn], Mapping[str, str]]:
    """What is drawn in each picture, and its part by the file that names it; both by the picture's key."""
    drawn, parts, torn = dict[str, Drawn](), dict[str, str](), set[str]()
    named = defaultdict[str, list[Member]](list)
    for member in pictures:
        named[member.path[-1]].append(member)
    for file in files:
        beside = file.parent.relative_to(root).parts
        own = part_in(file.stem)
        for said in pictures_of(file, met):
            picture = _picture(said.name, beside, own, named, met)
            if picture is None:
                continue
            part = own or part_of_path(picture.path)
            if parts.setdefault(picture.key, part) != part:
                met.note("several_parts", picture.key)
                parts[picture.key] = min(part, parts[picture.key], key=("test", "validation", "train", "").index)
            if said.drawn is None:
                met.note("torn", picture.key)
                torn.add(picture.key)
            elif before := drawn.get(picture.key):
                met.note("twice", picture.key)
                drawn[picture.key] = together(before, said.drawn)
            else:
                drawn[picture.key] = said.drawn
    return {key: found for key, found in drawn.items() if key not in torn}, parts


def _picture(
    said: str, beside: tuple[str, ...], part: str, named: Mapping[str, Sequence[Member]], met: Met
) -> Member | None:
    """The picture that a file means by a name: the one at that path, else the only one whose path ends so."""
    name = posixpath.normpath(said.replace("\\", "/"))
    if name.startswith(("/", "../")) or name in ("", ".", "..") or DRIVE.match(name):
        met.note("leaving", said)
        return None
    path = tuple(name.split("/"))
    rivals = [member for member in named.get(path[-1], ()) if member.path[-len(path) :] == path]
    for whole in ((*beside, *path), path):
        if exact := [member for member in rivals if member.path == whole]:
            return exact[0]
    found = rivals if len(rivals) == 1 else [m for m in rivals if part and part_of_path(m.path) == part]
    if len(found) != 1:
        met.note("ambiguous" if rivals else "homeless", said)
        return None
    return found[0]
