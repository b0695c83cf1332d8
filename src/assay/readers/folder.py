"""How is a collection of text files read: a folder, a tar or a zip with one folder a class?

Every file is a row: its text, the folder it lies in as its label, its part (train, test) where the collection has parts,
and its path. Archives are read as they are, nothing is unpacked to disk. Rows come sorted by path. What is no text is
refused, counted and shown; what lies beside the class folders is told.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel import memory
from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._classes import TABLES, Place, placed
from ._collection import archive_of, below, is_collection, no_part, stem
from ._columns import Met, said_details, text_column
from ._encoding import HIGH_RUN, MARKS, Decoded, decode
from ._members import Member, Refused, TooLarge, Torn, members_of

FIRST = 1024  # bytes by which a file that is no text is told
SHARE = 0.125  # of the memory that is available, for the bytes of the texts: at the peak five to seven of each are held
PRINTED = bytes({*range(32, 256), *b"\t\n\v\f\r\b\x1b"})  # what texts are made of; escapes switch letters (ISO-2022)
CONTROLS = 0.02  # share of other bytes beyond which a file is no text
WIDE = ("gb18030", "big5")
SURE = 100  # bytes beyond ASCII with which a text tells its encoding by itself
FITS = 0.02  # share of letters that may be broken where a file is still taken to be written like the others
SHOWN = 80  # letters of a mended text that are shown


class Folder:
    """Text files in one folder a class."""

    about: ClassVar = About(
        key="folder",
        takes=(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".zip"),
        order=60,
        words={
            "en": {
                "title": "Folder of texts",
                "classes": "one folder a class: {n} {n:class|classes}",
                "parts": "parts: {names}, all of them in this table; name the folder of one to have it alone",
                "unlabelled": "{n} {n:text|texts} without a label",
                "encoding": "encoding {names}",
                "beside": "{n} {n:file|files} beside the class folders left out: {names}",
                "binary": "{n} {n:file is|files are} no text",
                "link": "{n} {n:link|links} not followed",
                "device": "{n} {n:device|devices} left out",
                "locked": "{n} {n:file needs|files need} a password",
                "packed": "{n} {n:file is|files are} packed in a way that is not read",
                "unreadable": "{n} {n:file|files} cannot be read",
                "twice": "{n} {n:path stands|paths stand} twice, the last counts",
                "missing": "taken as missing: {tokens}",
                "layout": "one folder a class, such as {root}/pos/1.txt and {root}/neg/2.txt",
                "empty.seen": "'{name}' is a folder without files.",
                "empty.expected": "Expected {layout}.",
                "empty.do": "Put the texts there, or name another folder.",
                "flat.seen": "'{name}' holds {n} {n:file|files} and no folders: {files}.",
                "flat.expected": "Expected {layout}.",
                "flat.do": "Give each class a folder; texts without a label go into one called 'unlabelled'. A table is named as a file.",
                "one_class.seen": "'{name}' has one class folder only: {label}.",
                "one_class.expected": "Expected {layout}.",
                "one_class.do": "Name the folder above it; texts without a label go into one called 'unlabelled'.",
                "no_texts.seen": "None of the {n} {n:file|files} in '{name}' is a text that can be read: {files}.",
                "no_texts.expected": "Expected text files in {layout}.",
                "no_texts.do": "Save the documents as plain text.",
                "large.seen": "'{name}' holds more than {most} of content.",
                "large.expected": "Expected no more than an eighth of the free memory, since copies are held while reading.",
                "large.do": "Read a part of it, or free some memory.",
            },
            "zh": {
                "title": "文本文件夹",
                "classes": "每类一个文件夹：共 {n} 类",
                "parts": "各部分：{names}，全部在此表中；只用一个部分时请指定其文件夹",
                "unlabelled": "{n} 篇文本没有标签",
                "encoding": "编码 {names}",
                "beside": "略去类别文件夹之外的 {n} 个文件：{names}",
                "binary": "{n} 个文件不是文本",
                "link": "{n} 个链接未跟随",
                "device": "略去 {n} 个设备文件",
                "locked": "{n} 个文件需要密码",
                "packed": "{n} 个文件的压缩方式无法读取",
                "unreadable": "{n} 个文件无法读取",
                "twice": "{n} 个路径出现两次，以最后一个为准",
                "missing": "视为缺失：{tokens}",
                "layout": "每类一个文件夹，例如 {root}/pos/1.txt 和 {root}/neg/2.txt",
                "empty.seen": "“{name}”是没有文件的文件夹。",
                "empty.expected": "应为{layout}。",
                "empty.do": "请将文本放入其中，或指定其他文件夹。",
                "flat.seen": "“{name}”中有 {n} 个文件，没有文件夹：{files}。",
                "flat.expected": "应为{layout}。",
                "flat.do": "请为每一类建一个文件夹；没有标签的文本放入名为 unlabelled 的文件夹。如果是表格，请指定文件。",
                "one_class.seen": "“{name}”中只有一个类别文件夹：{label}。",
                "one_class.expected": "应为{layout}。",
                "one_class.do": "请指定其上一级文件夹；没有标签的文本放入名为 unlabelled 的文件夹。",
                "no_texts.seen": "“{name}”中的 {n} 个文件都不是可读的文本：{files}。",
                "no_texts.expected": "应为文本文件，{layout}。",
                "no_texts.do": "请将文档另存为纯文本。",
                "large.seen": "“{name}”的内容超过 {most}。",
                "large.expected": "不应超过可用内存的八分之一，因为读取时会暂存副本。",
                "large.do": "请只读取其中一部分，或释放一些内存。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether it is a folder (but not one that Hugging Face datasets wrote), a tar, a zip with folders, or a part of one."""
        if not peek.is_path(source):
            return False
        path = peek.path_of(source)
        try:
            return is_collection(path) if path.is_dir() else archive_of(path) is not None
        except (OSError, ValueError):  # a name too long for the system, or with a NUL
            return False

    @classmethod
    def read(cls, source: Any, *, encoding: str | None = None) -> Dataset:
        """Read every text: columns `text`, `label`, `split` (where there are parts) and `file`.

        source   : a folder, an archive, or a folder in an archive: reviews.tar.gz/train
        encoding : of all files; what is not given is found out

        Raises DataError where there are no class folders, nothing in them is text, or it is too large to be held.
        """
        path = peek.path_of(source)
        if not cls.opens(source):
            path = peek.existing(source)
            raise peek.not_for(path)
        name = path.name or path.resolve().name
        archive, inner = archive_of(path) or (path, ())
        most = SHARE * min(memory.room(), memory.available())
        try:
            with members_of(archive, most) as members:
                some = below(members, inner)
                if inner and not some:
                    raise no_part(archive, path, members)
                places = placed([member.path for member in some])
                _refuse(path, name, some, places)
                return _read(name, some, places, most, encoding)
        except TooLarge as error:
            raise refusal(DataError, "readers/folder", "large", name=name, most=memory.said(most)) from error
        except Torn as error:
            raise refusal(DataError, "readers", "archive", name=name, error=str(error).rstrip(".")) from error

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found, as short phrases to be joined by commas."""
        return tuple(cls.about.say("readers", key, **values) for key, values in _phrases(source.details))


def _refuse(path: Path, name: str, members: Sequence[Member], places: Sequence[Place | None]) -> None:
    """What is no collection of texts is told by its names, before anything is read."""

    def refuse(key: str, **values: Any) -> DataError:
        layout = Say("readers/folder", "layout", {"root": stem(name)})
        return refusal(DataError, "readers/folder", key, name=name, layout=layout, **values)

    if not members:
        raise refuse("empty")
    inside = [member for member, place in zip(members, places, strict=True) if place is not None]
    if not inside:
        if path.is_dir() and any(m.path[-1].lower().endswith(TABLES) for m in members):
            peek.existing(path)  # names the tables in it
        raise refuse("flat", n=len(members), files=listing([m.name for m in members], 3))
    labels = {place.label for place in places if place is not None}
    if len(labels) == 1 and None not in labels:
        raise refuse("one_class", label=next(iter(labels)))


# ------------------------------------------------------------------------------------------------------------ texts


@dataclass
class _Row:
    """One file on its way to a row."""

    file: str
    place: Place
    raw: bytes  # as it came, then UTF-8
    encoding: str = "utf-8"
    mended: int = 0  # bytes or letters that had to be guessed or left away


@dataclass
class _Met:
    """What is no row."""

    beside: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


def _read(
    name: str, members: Sequence[Member], places: Sequence[Place | None], most: float, encoding: str | None
) -> Dataset:
    rows, met = _rows(members, places, most)
    if not rows:
        layout, files = Say("readers/folder", "layout", {"root": stem(name)}), listing(met.refused, 3)
        raise refusal(
            DataError, "readers/folder", "no_texts", name=name, n=len(met.refused), files=files, layout=layout
        )
    _decode(rows, encoding)
    mended = [row for row in rows if row.mended]
    shown = [f"{row.file}: {_start(row.raw)}" for row in mended[:5]]
    empty = sum(not row.raw for row in rows)
    parts = any(row.place.part for row in rows)
    spelled = Met()
    columns = [_texts(rows, spelled), Column.of_words("label", [row.place.label for row in rows])]
    if parts:  # tells where a row comes from, not what it is: nothing to learn from
        columns.append(Column.of_words("split", [row.place.part for row in rows], role="dropped"))
    columns.append(Column.of_words("file", [row.file for row in rows], role="id"))  # it may spell the label
    details = {
        "classes": len({row.place.label for row in rows} - {None}),
        "parts": dict(sorted(Counter(row.place.part for row in rows).items())) if parts else {},
        "unlabelled": sum(row.place.label is None for row in rows),
        "encodings": dict(Counter(row.encoding for row in rows).most_common()),
        "beside": len(met.beside),
        "beside_names": met.beside[:5],
        "refused": dict(sorted(met.reasons.items())),
        "empty": empty,
        "bytes_guessed": sum(row.mended for row in mended),
    }
    source = Source(
        name=name,
        reader="folder",
        details=said_details(details | spelled.details()),
        rows_read=len(rows) + len(met.refused),
        rows_repaired=len(mended),
        rows_refused=len(met.refused),
        examples=tuple([*met.refused[: 5 - min(2, len(shown))], *shown][:5]),
        target="label",
    )
    return Dataset(tuple(columns), source)


def _rows(members: Sequence[Member], places: Sequence[Place | None], most: float) -> tuple[list[_Row], _Met]:
    rows, met, held = [], _Met(), 0
    for member, place in zip(members, places, strict=True):
        if place is None:
            met.beside.append(member.name)
            continue
        held += member.size
        if held > most:
            raise TooLarge
        try:
            raw = member.take()
            if _is_binary(raw):
                raise Refused("binary")
        except Refused as error:
            met.refused.append(place.file)
            met.reasons[str(error)] += 1
            continue
        rows.append(_Row(file=place.file, place=place, raw=raw))
    return rows, met


def _is_binary(raw: bytes) -> bool:
    """Control characters near the beginning, those taken away that UTF-16 and UTF-32 are full of."""
    first = raw[:FIRST]
    if raw.startswith(b"%PDF-"):
        return True
    if b"\0" in first or any(raw.startswith(mark) for mark, _, _ in MARKS):
        found = decode(raw[: 4 * FIRST])
        if found.encoding.startswith("utf-8"):
            return b"\0" in first
        first = found.utf8
    return len(first.translate(None, PRINTED)) > CONTROLS * len(first)


def _decode(rows: Sequence[_Row], encoding: str | None) -> None:
    """Every text as UTF-8 with plain line ends.

    What a few words are written in cannot be told: short files that are not UTF-8 are read as most of the others are.
    """
    if encoding:
        _check_known(encoding)
    alone = {} if encoding else {id(row): decode(row.raw) for row in rows if not _is_plain(row.raw)}
    common = _common(alone, rows)
    for row in rows:
        if encoding:
            row.encoding = encoding
            row.raw, row.mended = _replacing(row.raw, encoding)
        elif found := alone.pop(id(row), None):
            found = _among_others(row.raw, found, common)
            row.raw, row.encoding, row.mended = found.utf8, found.encoding, found.guessed
        if b"\0" in row.raw:
            row.mended += row.raw.count(b"\0")
            row.raw = row.raw.replace(b"\0", b"")
        if b"\r" in row.raw:
            row.raw = row.raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _check_known(encoding: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        decode(b"x", encoding)  # refuses it


def _is_plain(raw: bytes) -> bool:
    """Whether these bytes are UTF-8 without a mark as they stand."""
    if b"\0" in raw[:FIRST] or any(raw.startswith(mark) for mark, _, _ in MARKS):
        return False
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _common(alone: Mapping[int, Decoded], rows: Sequence[_Row]) -> str:
    """The encoding in which most is written of what is not UTF-8, each file having as many votes as foreign bytes."""
    votes: Counter[str] = Counter()
    for row in rows:
        if (found := alone.get(id(row))) and not found.encoding.startswith("utf-"):
            votes[found.encoding] += _high(row.raw)
    return votes.most_common(1)[0][0] if votes else "latin-1"


def _among_others(raw: bytes, alone: Decoded, common: str) -> Decoded:
    """A file as it reads alone where it is sure of that, else as the others read, if it fits them."""
    if alone.encoding.startswith("utf-") or alone.encoding == common:
        return alone
    if (
        alone.encoding != "latin-1" and _high(raw) >= SURE
    ):  # latin-1 fits anything: it is taken where nothing else is sure
        return alone
    utf8, broken = _replacing(raw, common)
    if broken and (common not in WIDE or broken > FITS * len(raw)):
        return alone
    return Decoded(utf8=utf8, encoding=common, guessed=broken)


def _high(raw: bytes) -> int:
    return sum(map(len, HIGH_RUN.findall(raw)))


def _replacing(raw: bytes, encoding: str) -> tuple[bytes, int]:
    """UTF-8 of the bytes, and how many letters are not of that encoding; those become the replacement character."""
    text = raw.decode(encoding, "replace").removeprefix("\ufeff")
    return text.encode("utf-8", "replace"), text.count("\ufffd")


def _texts(rows: Sequence[_Row], met: Met) -> Column:
    """The column of texts; the bytes are let go of on the way."""
    import pyarrow as pa

    cells = pa.array([row.raw for row in rows], pa.large_string())
    for row in rows:
        row.raw = b""
    return text_column("text", cells, met)


def _start(utf8: bytes) -> str:
    return re.sub(r"\s+", " ", utf8[: 8 * SHOWN].decode("utf-8", "ignore"))[:SHOWN]


def _phrases(details: Any) -> list[tuple[str, dict[str, Any]]]:
    """Keys of the sentences worth saying, with their values."""
    said: list[tuple[str, dict[str, Any]]] = [("classes", {"n": details.get("classes", 0)})]

    def counted(key: str) -> list[str]:
        return [f"{k} ({n:,})" for k, n in details.get(key, {}).items()]

    if details.get("parts"):
        said.append(("parts", {"names": counted("parts")}))
    if details.get("unlabelled"):
        said.append(("unlabelled", {"n": details["unlabelled"]}))
    if set(details.get("encodings", {})) != {"utf-8"}:
        said.append(("encoding", {"names": counted("encodings")}))
    if details.get("beside"):
        names = listing([*details["beside_names"], *["…"] * (details["beside"] > 5)])
        said.append(("beside", {"n": details["beside"], "names": names}))
    said += [(key, {"n": n}) for key, n in details.get("refused", {}).items()]
    if details.get("missing_tokens"):
        said.append(("missing", {"tokens": counted("missing_tokens")}))
    return said
