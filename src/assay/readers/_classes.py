"""Which files of a folder belong to which class?

One folder a class, as published collections are laid out: the folder's name is the label, whatever lies deeper in it.
Above the classes there may be parts (train, test), and above all one folder that only wraps the rest. Files that lie
beside the class folders (a README, a vocabulary) are no examples. Knows of paths only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str, ...]
PART = re.compile(
    r"(?:^|[-_. ])(?:(?P<train>train|training)|(?P<test>test|testing)|(?P<validation>val|valid|validation|dev|eval))$"
    r"|(?:(?P<train_zh>训练)|(?P<test_zh>测试)|(?P<validation_zh>验证))集?$",
    re.IGNORECASE,
)
UNLABELLED = frozenset({"unsup", "unsupervised", "unlabeled", "unlabelled", "无标签", "未标注"})
TABLES = (".csv", ".tsv", ".parquet", ".pq", ".feather", ".arrow", ".xlsx", ".jsonl", ".ndjson", ".json", ".db")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an example stands.

    label : None in a folder for texts without one
    part  : "" where there is none
    file  : its path below the folders that only wrap the rest, so that a folder and its archive are the same table
    """

    label: str | None
    part: str = ""
    file: str = ""


def part_of(folder: str) -> str:
    """The part that a folder's name says: train, test, validation or nothing.

    >>> part_of("20news-bydate-train"), part_of("test"), part_of("pretrain")
    ('train', 'test', '')
    """
    found = PART.search(folder)
    return str(found.lastgroup).removesuffix("_zh") if found else ""


def placed(paths: Sequence[Path]) -> list[Place | None]:
    """The place of each file; None for one beside the class folders.

    >>> placed([("README",), ("pos", "1.txt"), ("neg", "1.txt")])[1]
    Place(label='pos', part='', file='pos/1.txt')
    """
    wrapper = wrapper_of(paths)
    inner = [path[len(wrapper) :] if path[: len(wrapper)] == wrapper else () for path in paths]
    parts = _parts(inner)
    if not parts:
        return [_in_class(path) for path in inner]
    return [_in_class(path, parts[path[0]]) if path and path[0] in parts else None for path in inner]


def wrapper_of(paths: Sequence[Path]) -> Path:
    """The folders that only wrap the rest: each the single one on its level, with folders in it."""
    found: Path = ()
    inside = list(paths)
    while True:
        inside = [path for path in inside if len(path) > len(found) + 1]
        folders = {path[len(found)] for path in inside}
        if len(folders) != 1 or not any(len(path) > len(found) + 2 for path in inside):
            return found
        found = (*found, *folders)


def _parts(paths: Sequence[Path]) -> dict[str, str]:
    """The part of each folder that is one: a train folder with classes in it, or none but parts."""
    folders = {path[0] for path in paths if len(path) > 1}
    parts = {path[0]: part_of(path[0]) for path in paths if len(path) > 2 and part_of(path[0])}
    return parts if "train" in parts.values() or set(parts) == folders else {}


def _in_class(path: Path, part: str = "") -> Place | None:
    deep = path[1:] if part else path
    if len(deep) < 2:
        return None
    label = None if deep[0].casefold() in UNLABELLED else deep[0]
    return Place(label=label, part=part, file="/".join(path))
