"""Which folder or archive does a source name, and what in it?

A collection is a folder, an archive, or a folder in an archive (reviews.tar.gz/train). What is in it is asked of
`_members`; a look at some of its names, enough to tell texts from pictures, is taken here. Knows of names only.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from assay.kernel.errors import DataError, Part
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.words import refusal

from ._classes import wrapper_of
from ._members import Member, is_archive, is_tar, some_of_tar, unseen

SAVED = ("dataset_dict.json", "state.json")  # a folder that Hugging Face datasets wrote has one of them
LOOKED = 400  # names that tell what a collection holds
OF_ONE = 20  # of them from one folder, so that many folders are looked into
FOLDERS = 200  # looked into, however few names they give


def is_collection(path: Path) -> bool:
    """Whether a folder is one of files, not one that Hugging Face datasets wrote."""
    return path.is_dir() and not any((path / name).is_file() for name in SAVED)


def archive_of(path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """The archive that a path names or leads into, and the folder in it; None where there is no archive on the way."""
    place = next((p for p in (path, *path.parents) if p.is_file()), None)
    return (place, path.relative_to(place).parts) if place is not None and is_archive(place) else None


def below(members: list[Member], folder: tuple[str, ...]) -> list[Member]:
    """The members in a folder of the archive, named from its top or from below what only wraps the rest."""
    wrapper = wrapper_of([member.path for member in members])
    for whole in (folder, (*wrapper, *folder)):
        if some := [m for m in members if m.path[: len(whole)] == whole and len(m.path) > len(whole)]:
            return [replace(member, path=member.path[len(whole) :]) for member in some]
    return []


def no_part(archive: Path, path: Path, members: Sequence[Member]) -> DataError:
    """The error for a folder that is not in the archive."""
    wrapper = wrapper_of([member.path for member in members])
    inside = [member.path[len(wrapper) :] for member in members]
    folders = sorted({rest[0] for rest in inside if len(rest) > 1})
    part = path.relative_to(archive).as_posix()
    hint: Part = did_you_mean(part, folders) or ""
    return refusal(
        DataError, "readers", "no_part", expected=hint, name=archive.name, part=part, folders=listing(folders)
    )


def some_names(path: Path, folder: tuple[str, ...] = ()) -> list[str]:
    """Names of some of the files in a folder or archive, in the same order wherever it is asked; contents are not read.

    folder : in the archive, where only its files are meant
    """
    if path.is_dir():
        return list(islice(_in_folder(path), LOOKED))
    if is_tar(path):
        names: Iterator[str] = iter(some_of_tar(path))
    else:
        with zipfile.ZipFile(path) as archive:
            names = iter([info.filename.replace("\\", "/") for info in archive.infolist() if not info.is_dir()])
    within = "/".join(folder) + "/" if folder else ""
    seen = (name for name in names if not any(unseen(part) for part in name.split("/") if part not in (".", "..")))
    return list(islice((name for name in seen if within in name), LOOKED))


def _in_folder(root: Path) -> Iterator[str]:
    for _, folders, files in islice(os.walk(root), FOLDERS):
        folders[:] = sorted(name for name in folders if not unseen(name))
        yield from islice((name for name in sorted(files) if not unseen(name)), OF_ONE)


def stem(name: str) -> str:
    """The name of a folder or archive without its endings."""
    return re.sub(r"\.(tar|tgz|zip|gz|bz2|xz)", "", name) or name
