"""How are pictures read that lie as ImageNet was published?

Class folders bear the numbers of synsets (n01440764), and the validation pictures lie flat, in one folder: what they show stands in
LOC_val_solution.csv, or in the devkit's ILSVRC2012_validation_ground_truth.txt, a number a line in the order of their names (Russakovsky et
al. 2015). Those numbers are the ILSVRC2012_ID of meta.mat. Without one the lines of LOC_synset_mapping.txt are counted, but only where they
are in an order of their own: as published they are sorted by synset, which is not the order of the devkit, and every label would be wrong.

LOC_synset_mapping.txt (else meta.mat) says how classes are called. A name that several synsets share has the synset behind it.

All of these files are looked for among the pictures, and around the folder, where the devkit and the competition put them.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.words import refusal
from assay.pictures.decoding import ENDINGS

from ._classes import Place, part_of, wrapper_of
from ._members import Member, Refused

SYNSET = re.compile(r"n\d{8}")
INSIDE = ("Data", "CLS-LOC")  # where the competition puts the pictures
AROUND = (
    "",
    "data",
    "devkit/data",
    "ILSVRC2012_devkit_t12/data",
)  # where the files beside them lie, from a folder or one above it
ABOVE = 3  # folders: from CLS-LOC to the one that holds ILSVRC
SOLUTION, TRUTH, META, MAPPING = (
    "LOC_val_solution.csv",
    "ILSVRC2012_validation_ground_truth.txt",
    "meta.mat",
    "LOC_synset_mapping.txt",
)
MOST_BYTES = 64 << 20  # of one of them; the largest as published has three


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the files beside the pictures told; "" where there was none, or none was needed."""

    names: str = ""
    labels: str = ""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Synsets by their number from one on where it is known, and what they are called."""

    numbers: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    numbered: str = ""  # the file that the numbers are of
    named: str = ""


def pictures_below(path: Path) -> Path | None:
    """The folder that holds train and val, where a folder is the competition's ILSVRC or holds it; else None."""
    for root in (path, path / "ILSVRC"):
        found = root.joinpath(*INSIDE)
        if any((found / part).is_dir() for part in ("train", "val")):
            return found
    return None


def as_published(
    name: str, root: Path | None, members: Sequence[Member], places: Sequence[Place | None]
) -> tuple[list[Place | None], Told]:
    """Places with readable labels, flat validation pictures among them; as they were where class folders are no synsets.

    root : the folder, around which labels are looked for, too; None for an archive

    Raises DataError where labels are of another number than pictures, name no synset that is known, or cannot be told.
    """
    synsets = {place.label for place in places if place is not None and place.label is not None}
    if not synsets or not all(map(SYNSET.fullmatch, synsets)):
        return list(places), Told()
    files = _files(root, members)
    known = _known(files)
    flat = _flat(members, places)
    labels, labelled = _labels(name, files, known, synsets, [m for m, _ in flat.values()]) if flat else ({}, "")
    found = list(places)
    for at, (member, part) in flat.items():
        found[at] = Place(label=labels.get(member.path[-1]), part=part, file=member.name)
    called = _distinct(known.names)
    told = [p and replace(p, label=called.get(p.label, p.label) if p.label else None) for p in found]
    return told, Told(names=known.named, labels=labelled)


def _flat(members: Sequence[Member], places: Sequence[Place | None]) -> dict[int, tuple[Member, str]]:
    """Pictures that lie in a validation folder without class folders, sorted by name, with their part."""
    depth = len(wrapper_of([member.path for member in members]))
    found = {}
    for at, (member, place) in enumerate(zip(members, places, strict=True)):
        inner = member.path[depth:]
        part = part_of(inner[0]) if place is None and len(inner) == 2 else ""
        if part == "validation" and not member.refused and inner[-1].lower().endswith(ENDINGS):
            found[at] = (member, part)
    return dict(sorted(found.items(), key=lambda item: item[1][0].path[-1]))


def _files(root: Path | None, members: Sequence[Member]) -> dict[str, bytes]:
    """What stands in each of the files that are there."""
    found: dict[str, bytes] = {}
    for member in members:
        last = member.path[-1]
        if last in (SOLUTION, TRUTH, META, MAPPING) and last not in found and member.size <= MOST_BYTES:
            with suppress(Refused):
                found[last] = member.take()
    if root is not None:
        top = root.resolve()
        for folder in (top, *top.parents[:ABOVE]):
            for last in {SOLUTION, TRUTH, META, MAPPING} - set(found):
                place = next((p for p in (folder / way / last for way in AROUND) if p.is_file()), None)
                if place is not None and place.stat().st_size <= MOST_BYTES:
                    found[last] = place.read_bytes()
    return found


def _known(files: Mapping[str, bytes]) -> _Known:
    """Numbers and names of synsets, from meta.mat and the mapping."""
    numbers, names = _meta(files[META]) if META in files else ({}, {})
    known = _Known(numbers=numbers, names=names, numbered=META, named=META) if numbers else _Known()
    if MAPPING not in files:
        return known
    lines = [line.split(maxsplit=1) for line in _lines(files[MAPPING])]
    mapped = {first: rest[0] for first, *rest in lines if SYNSET.fullmatch(first) and rest}
    known = replace(known, names=mapped, named=MAPPING) if mapped else known
    if not known.numbers and list(mapped) != sorted(mapped):
        known = replace(known, numbers=dict(enumerate(mapped, 1)), numbered=MAPPING)
    return known


def _meta(raw: bytes) -> tuple[dict[int, str], dict[str, str]]:
    """Synset and name by ILSVRC2012_ID; nothing where the file cannot be read."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        table = loadmat(BytesIO(raw), squeeze_me=True)["synsets"].reshape(-1)
        table = table[table["num_children"] == 0]  # those above them are no classes
        rows = [(int(row["ILSVRC2012_ID"]), str(row["WNID"]), str(row["words"])) for row in table]
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, NotImplementedError, OSError, zlib.error):
        return {}, {}
    return {number: synset for number, synset, _ in rows}, {synset: words for _, synset, words in rows}


def _labels(
    name: str, files: Mapping[str, bytes], known: _Known, synsets: set[str], flat: Sequence[Member]
) -> tuple[dict[str, str], str]:
    """The synset of each picture by the name of its file, and the file that tells them; "" where none does."""
    if SOLUTION in files:
        rows = [row for row in csv.reader(_lines(files[SOLUTION])) if len(row) > 1 and row[1].split()]
        stems = {row[0]: row[1].split()[0] for row in rows if row[0] != "ImageId"}
        said = {m.path[-1]: stems[stem] for m in flat if (stem := m.path[-1].rpartition(".")[0]) in stems}
        _refuse_strangers(SOLUTION, said, synsets | set(known.names))
        return said, SOLUTION
    if TRUTH not in files:
        return {}, ""
    lines = _lines(files[TRUTH])
    if len(lines) != len(flat):
        raise _refusal("length", file=TRUTH, name=name, n=len(lines), pictures=len(flat))
    if not known.numbers:
        raise _refusal("unnumbered", file=TRUTH)
    numbers = [known.numbers.get(int(line), line) if line.isdecimal() else line for line in lines]
    said = {m.path[-1]: synset for m, synset in zip(flat, numbers, strict=True)}
    _refuse_strangers(TRUTH, said, synsets | set(known.names))
    return said, TRUTH


def _refuse_strangers(file: str, said: Mapping[str, str], known: set[str]) -> None:
    strange: dict[str, str] = {}  # the first picture of each
    for picture, synset in said.items():
        if synset not in known:
            strange.setdefault(synset, picture)
    if strange:
        (first, picture), n = next(iter(strange.items())), len(strange)
        raise _refusal("unknown", file=file, n=n, names=listing(list(strange), 3), first=first, picture=picture)


def _distinct(names: Mapping[str, str]) -> dict[str, str]:
    """What each synset is called in short: its first name, and behind it the synset where others have that name, too.

    >>> _distinct({"n02012849": "crane", "n03126707": "crane", "n01440764": "tench, Tinca tinca"})["n03126707"]
    'crane (n03126707)'
    """
    first = {synset: name.split(",")[0].strip() for synset, name in names.items()}
    times = Counter(first.values())
    return {synset: name if times[name] == 1 else f"{name} ({synset})" for synset, name in first.items() if name}


def _lines(raw: bytes) -> list[str]:
    return [line.strip() for line in raw.decode("utf-8-sig", "replace").splitlines() if line.strip()]


def _refusal(key: str, **values: Any) -> DataError:
    return refusal(
        DataError, "readers/pictures", f"imagenet.{key}", mapping=MAPPING, solution=SOLUTION, meta=META, **values
    )
