"""How is a collection of pictures read: a folder or a zip with one folder a class?

Every picture is a row: its path, the folder it lies in as its label, and its part (train, test) where the collection has
parts. The path is the cell and the collection its home, so that the file is found again when it is wanted; nothing is
opened here. Rows come sorted by path. What is no picture by the ending of its name is left out, counted and shown; what
lies beside the class folders is told. ImageNet is read as it was published: `_imagenet` tells how classes are called there, and what
the validation pictures show that lie flat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal
from assay.pictures.decoding import ENDINGS as PICTURES

from . import _peek as peek
from ._classes import TABLES, Place, part_of, placed
from ._collection import archive_of, below, is_collection, no_part, some_names, stem
from ._columns import said_details
from ._imagenet import Told, as_published, pictures_below
from ._members import Member, Torn, is_tar, members_of

SHOWN = 5  # names that stand for the rest


class Pictures:
    """Pictures in one folder a class."""

    about: ClassVar = About(
        key="pictures",
        takes=(".zip",),
        order=58,
        words={
            "en": {
                "title": "Folder of pictures",
                "classes": "one folder a class: {n} {n:class|classes}",
                "parts": "parts: {names}, all of them in this table; name the folder of one to have it alone",
                "unlabelled": "{n} {n:picture|pictures} without a label",
                "beside": "{n} {n:file|files} beside the class folders left out: {names}",
                "other": "{n} {n:file|files} left out that {n:is no picture|are no pictures} by {n:its name|their names}: {names}",
                "link": "{n} {n:link|links} not followed: {names}",
                "device": "{n} {n:device|devices} left out: {names}",
                "locked": "{n} {n:file needs|files need} a password: {names}",
                "packed": "{n} {n:file is|files are} packed in a way that is not read: {names}",
                "misnamed": "{n} {n:file has a name|files have names} that {n:is|are} not written in UTF-8: {names}",
                "twice": "{n} {n:path stands|paths stand} twice, the last counts: {names}",
                "named": "classes are called as in {file}",
                "labelled": "labels of the pictures that lie flat are from {file}",
                "alone": "no class folders: pictures without an answer",
                "layout": "one folder a class, such as {root}/cat/1.jpg and {root}/dog/2.jpg",
                "imagenet.length.seen": "{file} has {n} {n:line|lines}, and the validation folder of '{name}' {pictures} {pictures:picture|pictures}.",
                "imagenet.length.expected": "Expected one line a picture, in the order of their names.",
                "imagenet.length.do": "Complete the pictures or the file, or put {solution} there, which names each picture.",
                "imagenet.unnumbered.seen": "{file} gives classes as numbers, and no {meta} that can be read says which number is which synset.",
                "imagenet.unnumbered.expected": "Expected {meta} of the same devkit: the lines of a {mapping} that is sorted by synset are in another order.",
                "imagenet.unnumbered.do": "Put {meta} beside {file}, or {solution} beside the pictures.",
                "imagenet.unknown.seen": "{file} names {n} {n:class that is|classes that are} not known: {names}; '{first}' for {picture}.",
                "imagenet.unknown.expected": "Expected synsets that have a class folder or stand in {mapping} (or their numbers in {meta}).",
                "imagenet.unknown.do": "Use the labels that were published with these pictures, or complete {mapping}.",
                "empty.seen": "'{name}' holds no files.",
                "empty.expected": "Expected {layout}.",
                "empty.do": "Put the pictures there, or name another folder.",
                "table.seen": "'{name}' holds {n} {n:picture|pictures} without class folders, and a table beside them: {tables}.",
                "table.expected": "Expected {layout}, or a table with a column of paths.",
                "table.do": "Name the table instead of the folder: {table}. Paths in it start where it lies.",
                "no_pictures.seen": "None of the {n} {n:file|files} in '{name}' is a picture that can be read: {files}.",
                "no_pictures.expected": "Expected {endings} in {layout}.",
                "no_pictures.do": "Save the pictures in one of these formats.",
                "tar.seen": "'{name}' is a tar of pictures.",
                "tar.expected": "Expected a folder or a zip: a tar gives no single file without reading all before it.",
                "tar.do": "Unpack it, or make it a zip.",
            },
            "zh": {
                "title": "图片文件夹",
                "classes": "每类一个文件夹：共 {n} 类",
                "parts": "各部分：{names}，全部在此表中；只用一个部分时请指定其文件夹",
                "unlabelled": "{n} 张图片没有标签",
                "beside": "略去类别文件夹之外的 {n} 个文件：{names}",
                "other": "略去 {n} 个文件名不是图片的文件：{names}",
                "link": "{n} 个链接未跟随：{names}",
                "device": "略去 {n} 个设备文件：{names}",
                "locked": "{n} 个文件需要密码：{names}",
                "packed": "{n} 个文件的压缩方式无法读取：{names}",
                "misnamed": "{n} 个文件的名称不是 UTF-8 编码：{names}",
                "twice": "{n} 个路径出现两次，以最后一个为准：{names}",
                "named": "类别名称取自 {file}",
                "labelled": "平铺图片的标签取自 {file}",
                "alone": "没有类别文件夹：图片没有答案",
                "layout": "每类一个文件夹，例如 {root}/cat/1.jpg 和 {root}/dog/2.jpg",
                "imagenet.length.seen": "{file} 有 {n} 行，而“{name}”的验证文件夹有 {pictures} 张图片。",
                "imagenet.length.expected": "应为每张图片一行，按文件名排序。",
                "imagenet.length.do": "请补全图片或该文件，或放入按图片名给出标签的 {solution}。",
                "imagenet.unnumbered.seen": "{file} 用编号表示类别，但没有可读的 {meta} 说明编号对应哪个同义词集。",
                "imagenet.unnumbered.expected": "应有同一开发包中的 {meta}：按同义词集排序的 {mapping} 的行序与编号不同。",
                "imagenet.unnumbered.do": "请将 {meta} 放在 {file} 旁，或将 {solution} 放在图片旁。",
                "imagenet.unknown.seen": "{file} 中有 {n} 个未知类别：{names}；例如 {picture} 的“{first}”。",
                "imagenet.unknown.expected": "应为有类别文件夹或列于 {mapping} 的同义词集（或其在 {meta} 中的编号）。",
                "imagenet.unknown.do": "请使用与这些图片一同发布的标签，或补全 {mapping}。",
                "empty.seen": "“{name}”中没有文件。",
                "empty.expected": "应为{layout}。",
                "empty.do": "请将图片放入其中，或指定其他文件夹。",
                "table.seen": "“{name}”中有 {n} 张图片，没有类别文件夹，旁边有表格：{tables}。",
                "table.expected": "应为{layout}，或带有路径列的表格。",
                "table.do": "请指定表格而不是文件夹：{table}。其中的路径从表格所在的文件夹算起。",
                "no_pictures.seen": "“{name}”中的 {n} 个文件都不是可读的图片：{files}。",
                "no_pictures.expected": "应为 {endings} 文件，{layout}。",
                "no_pictures.do": "请将图片另存为其中一种格式。",
                "tar.seen": "“{name}”是图片的 tar 压缩包。",
                "tar.expected": "应为文件夹或 zip：从 tar 中取一个文件，须先读完它前面的全部内容。",
                "tar.do": "请将其解压，或改为 zip。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether most of some names in a folder, a zip or a tar, or in a folder of one, are those of pictures."""
        if not peek.is_path(source):
            return False
        path = peek.path_of(source)
        try:
            if pictures_below(path):  # its annotations come first by name, and are many
                return True
            found = _found(path)
            names = some_names(*found) if found else []
        except (OSError, ValueError, *peek.BROKEN_ZIP):  # a name too long for the system, or with a NUL; a torn zip
            return False
        return 2 * sum(_is_picture(name) for name in names) > len(names)

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """List every picture: columns `picture` (its path), `label` (where folders tell) and `split` (where there are parts).

        source : a folder, a zip, or a folder in a zip: pets.zip/train

        Raises DataError where there are no pictures, only a table tells their classes, it is a tar, or labels of ImageNet do not fit.
        """
        path = peek.path_of(source)
        published = pictures_below(path)
        found = (published, ()) if published else _found(path)
        if found is None:
            raise peek.not_for(peek.existing(path))
        archive, inner = found
        name = path.name or path.resolve().name
        if archive.is_file() and is_tar(archive):
            raise refusal(DataError, "readers/pictures", "tar", name=archive.name)
        try:
            with members_of(archive, 0, within=True) as members:
                some = below(members, inner)
                places = placed([member.path for member in some])
                places, told = as_published(name, archive if archive.is_dir() else None, some, places)
        except Torn as error:
            raise refusal(DataError, "readers", "archive", name=name, error=str(error).rstrip(".")) from error
        if inner and not some:
            raise no_part(archive, path, members)
        _refuse(path, name, some, places)
        if _alone(places):
            places = _flat(some)
        return _listed(name, str(archive.absolute()), some, places, told)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found, as short phrases to be joined by commas."""
        return tuple(cls.about.say("readers", key, **values) for key, values in _phrases(source.details))


def _found(path: Path) -> tuple[Path, tuple[str, ...]] | None:
    """The folder or archive, and the folder in the archive that is meant; a zip of pictures need not hold folders."""
    if is_collection(path):
        return path, ()
    if path.suffix.lower() == ".zip" and peek.kind_of(path) == "zip":
        return path, ()
    return None if path.is_dir() else archive_of(path)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)


def _refuse(path: Path, name: str, members: Sequence[Member], places: Sequence[Place | None]) -> None:
    """What is no collection of pictures is told by its names."""

    def refuse(key: str, **values: Any) -> DataError:
        layout = Say("readers/pictures", "layout", {"root": stem(name)})
        return refusal(DataError, "readers/pictures", key, name=name, layout=layout, **values)

    if not members:
        raise refuse("empty")
    if len({place.label for place in places if place is not None}) > 1 and not _alone(places):
        return
    pictures = sum(_is_picture(member.path[-1]) for member in members)
    tables = [m.name for m, p in zip(members, places, strict=True) if p is None and m.name.lower().endswith(TABLES)]
    if tables and path.is_dir():
        raise refuse("table", n=pictures, tables=listing(tables, 3), table=str(path / tables[0]))


def _alone(places: Sequence[Place | None]) -> bool:
    """Whether no folder tells a class: pictures lie flat, or in train and test alone."""
    labels = {place.label for place in places if place is not None}
    return all(label is not None and part_of(label) for label in labels)


def _flat(members: Sequence[Member]) -> list[Place | None]:
    """Every picture as one without a label; what lies beside them is no row."""
    return [Place(label=None, file=m.name) if _is_picture(m.path[-1]) else None for m in members]


@dataclass
class _Met:
    """What is no row."""

    beside: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)  # names by the reason


def _listed(name: str, home: str, members: Sequence[Member], places: Sequence[Place | None], told: Told) -> Dataset:
    rows, met = _rows(members, places)
    refused = [file for files in met.refused.values() for file in files]
    if not rows:
        layout = Say("readers/pictures", "layout", {"root": stem(name)})
        n, files, endings = len(refused), listing(refused, 3), list(PICTURES)
        raise refusal(
            DataError, "readers/pictures", "no_pictures", name=name, n=n, files=files, endings=endings, layout=layout
        )
    parts = Counter(place.part for _, place in rows if place.part)
    columns = [Column.of_words("picture", [key for key, _ in rows], home=home)]
    labelled = any(place.label is not None for _, place in rows)
    if labelled:
        columns.append(Column.of_words("label", [place.label for _, place in rows]))
    if parts:  # tells where a row comes from, not what it is: nothing to learn from
        columns.append(Column.of_words("split", [place.part for _, place in rows], role="dropped"))
    details = {
        "classes": len({place.label for _, place in rows} - {None}),
        "parts": dict(sorted(parts.items())),
        "named": told.names,
        "labelled": told.labels,
        "unlabelled": sum(place.label is None for _, place in rows),
        "beside": len(met.beside),
        "beside_names": met.beside[:SHOWN],
        "refused": {reason: len(files) for reason, files in sorted(met.refused.items())},
        "refused_names": {reason: files[:SHOWN] for reason, files in sorted(met.refused.items())},
    }
    source = Source(
        name=name,
        reader="pictures",
        details=said_details(details),
        rows_read=len(rows) + len(refused),
        rows_refused=len(refused),
        examples=tuple(refused[:SHOWN]),
        target="label" if labelled else "",
    )
    return Dataset(tuple(columns), source)


def _rows(members: Sequence[Member], places: Sequence[Place | None]) -> tuple[list[tuple[str, Place]], _Met]:
    """The name and place of each picture, and what is none."""
    rows, met = [], _Met()
    for member, place in zip(members, places, strict=True):
        if place is None:
            met.beside.append(member.name)
        elif reason := _against(member):
            met.refused.setdefault(reason, []).append(place.file)
        else:
            rows.append((member.key, place))
    return rows, met


def _against(member: Member) -> str:
    """Why a file is no row; "" where it is one."""
    if member.refused:
        return member.refused
    if not _is_picture(member.path[-1]):
        return "other"
    return "" if _is_text(member.key) else "misnamed"


def _is_text(name: str) -> bool:
    """Whether a name can be written; of one whose bytes are no UTF-8 no text can be made that names the file again."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _phrases(details: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Keys of the sentences worth saying, with their values."""
    classes = details.get("classes", 0)
    said: list[tuple[str, dict[str, Any]]] = [("classes", {"n": classes}) if classes else ("alone", {})]
    if details.get("parts"):
        said.append(("parts", {"names": [f"{k} ({n:,})" for k, n in details["parts"].items()]}))
    said += [(key, {"file": details[key]}) for key in ("named", "labelled") if details.get(key)]
    if classes and details.get("unlabelled"):
        said.append(("unlabelled", {"n": details["unlabelled"]}))
    if details.get("beside"):
        said.append(("beside", {"n": details["beside"], "names": _some(details["beside_names"], details["beside"])}))
    for reason, n in details.get("refused", {}).items():
        said.append((reason, {"n": n, "names": _some(details["refused_names"][reason], n)}))
    return said


def _some(names: Sequence[str], n: int) -> Say:
    return listing([*names, *["…"] * (n > len(names))])
