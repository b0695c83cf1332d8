"""Are these cells pictures, and which few numbers carry what they show?

A first reading, so that pictures stand beside numbers and names at once: brightness and the like as they are, and a few factors
of where edges run (histograms of oriented gradients, Dalal & Triggs 2005) and which colours stand where, by a truncated singular
value decomposition (Halko, Martinsson & Tropp 2011). A cell is a path; the file is read once, however often it is asked for.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Bools, Column, Floats, Ints
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.files import OutsideHome, is_there, raw_of
from assay.kernel.forms import Feature, Vector
from assay.kernel.memo import Memo
from assay.kernel.need import need
from assay.kernel.plugins import About, Claim, Measured, Opened
from assay.kernel.threads import cores
from assay.kernel.words import refusal
from assay.neural.halves import Halves, halves, halves_of, put_halves
from assay.pictures.decoding import ENDINGS, Facts, Unreadable, decoded, facts_of, thumbnail
from assay.pictures.features import BORDER, PLAIN, border, colours, edges, plain
from assay.pictures.most import most_pixels
from assay.pictures.near import SIDE as POINTS
from assay.pictures.near import near_groups, points
from assay.pictures.persons import SORTS, persons_of
from assay.pictures.shown import Shown
from assay.pictures.window import AGAINST, Window

SIDE = 64  # pixels of a picture as it is looked at
FACTORS, A_FACTOR = 96, 4  # at most; pictures for each
MORE, ROUNDS = 12, 2  # directions tried beyond those kept, and passes that sharpen them
LEAST_SHARE = 0.9  # of the names must end as pictures do
LOOKED_AT, LOOKED_FOR = 400, 20  # names that are judged, and files that are looked for
FILELESS = 0.16  # the bid for names without a file: the plan names it as what else the column may be
KEPT = 2_000_000_000  # bytes of what was seen that are kept: half a million pictures
BEYOND = 1e9  # any plain number
SHOWN, THUMBNAIL = 5, 144  # examples of what cannot be read; pixels of the longer side of a small picture
AT_ONCE = 64  # pictures that are held decoded while numbers are made of them
A_KNOWN = 400  # bytes that what is known of a file takes, about
COLOURS = 0.5  # how much the colours weigh against the edges

FACTS = {
    "length": ("bytes",),
    "size": ("width", "height"),
    "format": ("format",),
    "camera": ("camera",),
    "folder": ("folder",),
    "border": BORDER,
    "light": PLAIN,
}

_SEEN = Memo(KEPT, lambda seen: seen.nbytes)
_NEAR = Memo(KEPT, lambda group: group.nbytes)


@dataclass(frozen=True)
class Picture:
    """A picture in a file."""

    about: ClassVar[About] = About(
        key="picture",
        gives=("vector", "grid"),
        extra="pictures",
        order=45,
        words={
            "en": {
                "title": "picture",
                "no_paths": "its cells are not names of pictures",
                "not_there": "its cells end as pictures do, but none of the files is there",
                "paths": "its cells name files of pictures ({endings})",
                "not_found": "no such file",
                "closed": "file cannot be read",
                "outside": "outside the folder of the table",
                "empty": "empty",
                "strange": "no picture",
                "large": "more than {most} pixels; ASSAY_MOST_PIXELS allows more",
                "torn": "broken",
                "packed": "DICOM, compressed in a way that is not read",
                "no_dicom": "DICOM, to be read after: pip install 'assay[dicom]'",
                "window.seen": "'picture:{variant}' is no way to read pictures.",
                "window.expected": "Behind the colon stand two numbers, the smaller first: up to the one deep greys are black, from the other on white.",
                "window.do": "Write picture:0-4095 (or picture:-160-240), picture:against COLUMN for references of that column, or picture alone.",
                "person.name": "names",
                "person.patient_id": "patient and accession numbers",
                "person.birth": "birth dates",
                "person.address": "addresses and telephones",
                "person.doctor": "names of physicians and operators",
                "person.burnt": "writing burnt into the picture",
                "person.place": "where it was taken (GPS)",
                "person.owner": "who took it or owns the camera",
                "person.serial": "serial numbers of the camera",
                "fact.length": "the size of the file",
                "fact.size": "width and height in pixels",
                "fact.format": "the format",
                "fact.camera": "the camera",
                "fact.folder": "the folder",
                "fact.border": "the border",
                "fact.light": "brightness, colour and sharpness on the whole",
                "fact.brightness": "brightness",
                "fact.contrast": "contrast",
                "fact.redness": "redness",
                "fact.blueness": "blueness",
                "fact.saturation": "saturation",
                "fact.sharpness": "sharpness",
            },
            "zh": {
                "title": "图片",
                "no_paths": "单元格不是图片文件名",
                "not_there": "单元格以图片扩展名结尾，但找不到其中任何文件",
                "paths": "单元格是图片文件名（{endings}）",
                "not_found": "没有此文件",
                "closed": "文件无法读取",
                "outside": "在表所在的文件夹之外",
                "empty": "空文件",
                "strange": "不是图片",
                "large": "超过 {most} 像素；可用 ASSAY_MOST_PIXELS 放宽",
                "torn": "已损坏",
                "packed": "DICOM，其压缩方式无法读取",
                "no_dicom": "DICOM，需先安装：pip install 'assay[dicom]'",
                "window.seen": "“picture:{variant}”不是读取图片的方式。",
                "window.expected": "冒号后应为两个数，较小者在前：深灰度值不大于前者为黑，不小于后者为白。",
                "window.do": "请写 picture:0-4095（或 picture:-160-240）；参考图片写 picture:against 列名；或只写 picture。",
                "person.name": "姓名",
                "person.patient_id": "患者号和检查号",
                "person.birth": "出生日期",
                "person.address": "住址和电话",
                "person.doctor": "医生和操作者姓名",
                "person.burnt": "图中写入的文字",
                "person.place": "拍摄地点（GPS）",
                "person.owner": "拍摄者或相机所有者",
                "person.serial": "相机序列号",
                "fact.length": "文件大小",
                "fact.size": "宽和高",
                "fact.format": "格式",
                "fact.camera": "相机",
                "fact.folder": "文件夹",
                "fact.border": "边缘",
                "fact.light": "整体的亮度、颜色与清晰度",
                "fact.brightness": "亮度",
                "fact.contrast": "对比度",
                "fact.redness": "偏红程度",
                "fact.blueness": "偏蓝程度",
                "fact.saturation": "饱和度",
                "fact.sharpness": "清晰度",
            },
        },
    )
    variant: str = ""  # the window of deep greys, whose references these are, or both: "0-4095", "against board"

    def __post_init__(self) -> None:
        try:
            self.window  # noqa: B018  read for its error
            if self.variant and not self.window and not self.refers:
                raise ValueError(f"'{self.variant}' names no picture")
        except ValueError as error:
            raise refusal(RequestError, "modalities/picture", "window", variant=self.variant) from error

    @property
    def window(self) -> Window | None:
        """From which number to which deep greys go from black to white; None for what each file says, or its own range."""
        return Window.of_kind(f"picture:{self.variant}")

    @property
    def refers(self) -> str:
        """The column of pictures for which these are the references; "" where they stand for themselves."""
        return self.variant.partition(AGAINST)[2].strip()

    def recognise(self, column: Column) -> Claim:
        """Names that end as those of pictures do; a low bid where there is no file behind any that is looked for."""
        if column.levels is None or len(column.levels) == 0 or column.decimals:
            raise DoesNotApply(self.about.say("modalities", "no_paths"))
        names = [str(name) for name in column.levels[:: max(1, len(column.levels) // LOOKED_AT)]]
        endings = Counter(_ending(name) for name in names)
        share = sum(n for ending, n in endings.items() if ending in ENDINGS) / len(names)
        if share < LEAST_SHARE:
            raise DoesNotApply(self.about.say("modalities", "no_paths"))
        if not any(is_there(column.home, name) for name in names[:LOOKED_FOR]):
            return Claim(fit=FILELESS, why=self.about.say("modalities", "not_there"))
        said = [ending for ending, _ in endings.most_common(3) if ending in ENDINGS]
        return Claim(fit=share, why=self.about.say("modalities", "paths", endings=said))

    def open(self, column: Column) -> Opened:
        """The names as they are; those without a picture that can be read become missing."""
        column = column.as_words()
        used = np.unique(column.cells[column.cells >= 0])
        reasons = _seen(column, self.window).reasons
        bad = np.append(np.asarray([bool(reason) for reason in reasons], dtype=bool), False)
        lost = bad[column.cells]
        most = f"{most_pixels():,}"
        examples = tuple(
            f"{str(column.levels[level])[:60]} ({self.about.say('modalities', reasons[level], most=most).text()})"  # type: ignore[index]
            for level in used[bad[used]][:SHOWN].tolist()
        )
        cells = np.where(lost, np.int32(-1), column.cells)
        kind = f"picture:{self.variant}" if self.variant else "picture"
        return Opened(replace(column, cells=cells, kind=kind), int(lost.sum()), examples)

    def thumbnails(self, column: Column, side: int = THUMBNAIL) -> list[bytes | None]:
        """A small JPEG of each cell; None where it is missing or has gone."""
        found: list[bytes | None] = []
        for name in column.texts().tolist():
            try:
                found.append(None if name is None else thumbnail(raw_of(column.home, name), side, self.window))
            except (Unreadable, OutsideHome, OSError, ValueError):
                found.append(None)
        return found

    def measures(self, column: Column) -> Measured:
        """What the files are like, and how light, colourful and sharp the pictures and their borders are."""
        seen, levels = _seen(column, self.window), column.levels
        assert levels is not None
        lost = np.append(np.asarray([bool(reason) for reason in seen.reasons], dtype=bool), True)
        cells = np.where(lost[column.cells], -1, column.cells)
        known = [seen.known[level] if level >= 0 else None for level in cells.tolist()]
        numbers = {
            "bytes": np.asarray([np.nan if one is None else one.length for one in known]),
            "width": np.asarray([np.nan if one is None else one.facts.width for one in known]),
            "height": np.asarray([np.nan if one is None else one.facts.height for one in known]),
        }
        for keys, table in ((PLAIN, seen.plain), (BORDER, seen.border)):
            whole = np.vstack([table, np.full(len(keys), np.nan)])[cells]
            numbers |= {key: whole[:, i].astype(np.float64) for i, key in enumerate(keys)}
        names = {"format": [None if one is None else one.facts.format for one in known]}
        names["camera"] = [None if one is None else one.facts.camera or None for one in known]
        names["folder"] = [None if level < 0 else str(levels[level]).rpartition("/")[0] for level in cells.tolist()]
        return Measured(
            numbers=numbers,
            names={key: np.asarray(value, dtype=object) for key, value in names.items()},
            facts=FACTS,
            seen=("light",),
        )

    def near(self, column: Column) -> Ints:
        """Pictures that are nearly the same, among all that the levels of the column name; files of the same bytes are."""
        levels = column.levels
        assert levels is not None
        group = _NEAR.of(levels, lambda: _near(_seen(column, self.window)), column.home, self.window)
        return np.where(column.cells < 0, len(levels) + np.arange(len(column)), np.append(group, -1)[column.cells])

    def looks(self, column: Column) -> Floats:
        """The grey points of the pictures, brought to one light and contrast: [n, 32 * 32]."""
        used, inverse = np.unique(column.cells, return_inverse=True)
        seen = _seen(column, self.window)
        grey = np.full((len(used), POINTS**2), np.nan)
        for row, level in enumerate(used.tolist()):
            if level >= 0 and not seen.reasons[level]:
                one = seen.points[level].astype(np.float64)
                grey[row] = (one - one.mean()) / (one.std() + 1.0)  # a level of grey is no contrast
        return grey[inverse]

    def persons(self, column: Column) -> dict[str, Bools]:
        """Whose file tells of a patient, of where it was taken, by whom or with whose camera."""
        column = column.as_words()
        assert column.levels is not None
        used, inverse = np.unique(column.cells, return_inverse=True)
        names = [str(column.levels[level]) if level >= 0 else "" for level in used.tolist()]
        with ThreadPoolExecutor(cores()) as pool:
            told = list(pool.map(functools.partial(_persons, column.home), names))
        each = {sort: np.asarray([sort in one for one in told], dtype=bool) for sort in SORTS}
        return {sort: found[inverse] for sort, found in each.items() if found.any()}

    def learn(self, column: Column, rng: np.random.Generator) -> Looks:
        """The directions in which the pictures learnt from differ most."""
        used = np.unique(column.cells[column.cells >= 0])
        seen = _seen(column, self.window)
        plain_ones = seen.plain[used]
        low, high = plain_ones.min(axis=0, initial=BEYOND), plain_ones.max(axis=0, initial=-BEYOND)
        if not len(used):  # what has seen nothing finds nothing strange
            low, high = high, low
        wide = seen.wide[used].astype(np.float32)
        k = min(FACTORS, len(used) // A_FACTOR)
        mean = wide.mean(axis=0) if len(used) else np.zeros(seen.wide.shape[1], dtype=np.float32)
        basis = _directions(wide - mean, k, rng)
        return Looks(column.name, low, high, halves(mean), halves(basis), self.window, self.refers)

    def load(self, box: Box) -> Looks:
        """The encoder that was dumped."""
        low, high = (box.array(name, np.float64, (len(PLAIN),)) for name in ("low", "high"))
        mean, basis = halves_of(box, "mean", (_width(),)), halves_of(box, "basis", (_width(), None))
        return Looks(box.text("name"), low, high, mean, basis, self.window, self.refers)


@dataclass(frozen=True, eq=False)
class Looks:
    """Plain numbers and factors of a picture, and the range of the plain ones that was seen."""

    name: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: Halves  # [d]
    basis: Halves  # [d, k]
    window: Window | None = None  # of deep greys; a file keeps it in the kind of the column
    refers: str = ""  # the column of pictures for which these are the references; kept there too

    def vector(self, column: Column) -> Vector:
        """Brightness and the like, then the factors: [n, 6 + k]; NaN where missing."""
        names = [*PLAIN, *(f"factor {i + 1}" for i in range(self.basis.shape[1]))]
        used, inverse = np.unique(column.cells, return_inverse=True)
        out = np.full((len(used), len(names)), np.nan)
        seen, (mean, basis) = _seen(column, self.window), self._directions
        for row, level in enumerate(used.tolist()):
            if level >= 0 and not seen.reasons[level]:  # each by itself: its bits are the same alone and among others
                out[row, : len(PLAIN)] = seen.plain[level]
                out[row, len(PLAIN) :] = (seen.wide[level].astype(np.float64) - mean) @ basis
        return Vector(out[inverse], tuple(Feature(f"{self.name} ({name})", self.name) for name in names))

    @functools.cached_property
    def _directions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.mean.astype(np.float64), self.basis.astype(np.float64)

    def grid(self, column: Column) -> Shown:
        """The pixels, for learners that look at them."""
        return Shown.of(column, self.window)

    def strange(self, column: Column) -> Bools:
        """Pictures brighter, duller or otherwise beyond all that were learnt from."""
        seen = _seen(column, self.window)
        beyond = ((seen.plain < self.low) | (seen.plain > self.high)).any(axis=1)
        return np.asarray(np.append(beyond, False)[column.cells] & (column.cells >= 0))

    def dump(self, box: Box) -> None:
        """Range, mean and directions."""
        box.put(name=self.name)
        box.put_array("low", self.low)
        box.put_array("high", self.high)
        put_halves(box, "mean", self.mean)
        put_halves(box, "basis", self.basis)


@dataclass(frozen=True)
class Known:
    """What is known of a file beside the picture in it."""

    length: int  # in bytes
    digest: int  # the same where the bytes are
    facts: Facts


@dataclass(frozen=True, eq=False)
class Seen:
    """What was made of each file that the levels of a column name; of one that cannot be read, why, and zeros."""

    reasons: list[str]
    known: list[Known | None]
    plain: NDArray[np.float64]  # [levels, 6]
    border: NDArray[np.float32]  # [levels, 16]
    points: NDArray[np.uint8]  # [levels, 32 * 32]
    wide: NDArray[np.float16]  # [levels, d]

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes."""
        arrays = (self.plain, self.border, self.points, self.wide)
        return sum(array.nbytes for array in arrays) + A_KNOWN * len(self.known)


def _seen(column: Column, window: Window | None) -> Seen:
    """What was made of these very levels, once for as long as they are held."""
    levels = column.levels
    assert levels is not None
    most = most_pixels()  # asked here, so that a wrong wish is told before any file is opened
    return _SEEN.of(levels, lambda: _looked_at(column.home, levels, window), column.home, window, most)


def _looked_at(home: str, levels: NDArray[np.object_], window: Window | None) -> Seen:
    need("PIL", "pictures")
    n = len(levels)
    some = [levels[at : at + AT_ONCE] for at in range(0, n, AT_ONCE)]
    with ThreadPoolExecutor(cores()) as pool:
        blocks = list((pool.map if len(some) > 1 else map)(lambda names: _block(home, names, window), some))
    found = [one for block, _ in blocks for one in block]
    seen = Seen(
        [reason for reason, _ in found],
        [known for _, known in found],
        np.zeros((n, len(PLAIN))),
        np.zeros((n, len(BORDER)), dtype=np.float32),
        np.zeros((n, POINTS**2), dtype=np.uint8),
        np.zeros((n, _width()), dtype=np.float16),
    )
    readable, begun = np.flatnonzero([known is not None for known in seen.known]), 0
    tables: tuple[NDArray[Any], ...] = (seen.plain, seen.border, seen.points, seen.wide)
    for _, made in blocks:
        rows = readable[begun : begun + (len(made[0]) if made else 0)]
        for table, of in zip(tables, made, strict=bool(made)):
            table[rows] = of
        begun += len(rows)
    return seen


def _block(
    home: str, names: NDArray[np.object_], window: Window | None
) -> tuple[list[tuple[str, Known | None]], tuple[NDArray[Any], ...]]:
    """Why each cannot be read ("" where it can) and what is known of it; of those that can, plain numbers, border, points and features; nothing where none can."""
    found, pixels = [], []
    for name in names:
        reason, known, one = _one(home, str(name), window)
        found.append((reason, known))
        pixels += [] if one is None else [one]
    if not pixels:
        return found, ()
    stacked = np.stack(pixels)
    return found, (plain(stacked), border(stacked), points(stacked), _features(stacked))


def _one(home: str, name: str, window: Window | None) -> tuple[str, Known | None, NDArray[np.uint8] | None]:
    """Why it cannot be read ("" where it can), what is known of it, and its pixels [s, s, 3]."""
    try:
        raw = raw_of(home, name)
        pixels = decoded(raw, SIDE, window=window)
        facts = facts_of(raw)
    except Unreadable as error:
        return error.reason, None, None
    except OutsideHome:
        return "outside", None, None
    except (FileNotFoundError, ValueError):  # ValueError: a name that no system knows
        return "not_found", None, None
    except OSError:  # too large, locked, in a damaged archive
        return "closed", None, None
    known = Known(len(raw), int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest()), facts)
    return "", known, pixels


def _persons(home: str, name: str) -> frozenset[str]:
    try:
        return persons_of(raw_of(home, name))
    except (OSError, ValueError):  # ValueError: a name that no system knows
        return frozenset()


def _near(seen: Seen) -> Ints:
    """Groups of the pictures that can be read; any other stands alone: [levels]."""
    readable = np.asarray([level for level, known in enumerate(seen.known) if known is not None], dtype=np.int64)
    files = np.asarray([known.digest for known in seen.known if known is not None], dtype=np.uint64)
    group = np.arange(len(seen.known))
    group[readable] = readable[near_groups(seen.points[readable], files)]
    return group


def _features(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Edges and colours of pictures [n, s, s, 3]: [n, d]."""
    return np.concatenate([edges(pixels), COLOURS * colours(pixels)], axis=1).astype(np.float16)


@functools.cache
def _width() -> int:
    """Features of a picture: d."""
    return int(_features(np.zeros((1, SIDE, SIDE, 3), dtype=np.uint8)).shape[1])


def _directions(x: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """The k directions along which rows differ most [d, k], each turned so that its largest part is positive."""
    if k < 1:
        return np.empty((x.shape[1], 0), dtype=np.float32)
    tried = rng.standard_normal((x.shape[1], min(k + MORE, *x.shape))).astype(np.float32)
    for _ in range(ROUNDS):
        tried = np.linalg.qr(x.T @ (x @ tried))[0]
    _, _, right = np.linalg.svd(x @ tried, full_matrices=False)
    basis = tried @ right[:k].T
    turn = np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    return np.asarray(basis * turn, dtype=np.float32)


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""
