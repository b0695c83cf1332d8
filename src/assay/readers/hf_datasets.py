"""How is a folder that Hugging Face datasets wrote (`save_to_disk`) read?

By Arrow alone: JSON files say which stream files hold the rows, in which order, and which whole numbers are classes.
A folder of several splits becomes one table with a column `split`. Pictures and sound in it are left out and told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._columns import Met
from ._typed import arrow_column, dataset_of

SPLITS, STATE, INFO = "dataset_dict.json", "state.json", "dataset_info.json"
INDICES = ("_indices_data_files", "_indices_files")  # of rows chosen or shuffled: releases before 2.0 kept them apart
MISSHAPEN = (ValueError, KeyError, TypeError, AttributeError)  # what JSON of another shape gives
END = b"\xff\xff\xff\xff\0\0\0\0"  # of an Arrow stream
UNREAD = ("Image", "Audio", "Video", "Pdf", "Nifti", "Mesh")  # features whose cells are files


class HfDatasets:
    """A dataset, or a dictionary of splits, as `save_to_disk` leaves it."""

    about: ClassVar = About(
        key="hf_datasets",
        takes=("/",),
        order=50,
        words={
            "en": {
                "title": "Hugging Face dataset on disk",
                "splits": "splits: {names}, all of them in this table; name the folder of one to have it alone",
                "classes": "numbers of {names} written as the names of their classes",
                "strange": "{n} {n:class number|class numbers} without a name kept as written",
                "left_out": "not read, since they hold pictures or sound: {names}",
                "no_dataset.seen": "'{name}' is no folder that Hugging Face datasets wrote.",
                "no_dataset.expected": "Expected one with state.json or dataset_dict.json in it, as save_to_disk leaves it.",
                "no_dataset.do": "Save the dataset with save_to_disk, and name that folder.",
                "empty.seen": "The dataset in '{name}' has no rows.",
                "empty.expected": "Expected at least one row.",
                "empty.do": "Save it again, with its rows.",
                "pictures.seen": "The dataset in '{name}' holds pictures or sound alone: {names}.",
                "pictures.expected": "Those are not read yet; texts or numbers were expected.",
                "pictures.do": "Give a table of what is known about each row instead.",
                "outside.seen": "'{file}' in '{name}' names a file outside its folder: {other}.",
                "outside.expected": "Expected files beside it.",
                "outside.do": "Do not trust this folder; save the dataset again.",
                "torn.seen": "The dataset in '{name}' cannot be read: {error}.",
                "torn.expected": "Expected a whole folder, as save_to_disk leaves it.",
                "torn.do": "It may have been cut off on its way: fetch or save it again.",
            },
            "zh": {
                "title": "磁盘上的 Hugging Face 数据集",
                "splits": "各部分：{names}，全部在此表中；只用一个部分时请指定其文件夹",
                "classes": "{names} 的编号已写作类别名称",
                "strange": "{n} 个没有名称的类别编号保持原样",
                "left_out": "未读取含图片或声音的列：{names}",
                "no_dataset.seen": "“{name}”不是 Hugging Face datasets 写出的文件夹。",
                "no_dataset.expected": "其中应有 state.json 或 dataset_dict.json，如 save_to_disk 所写。",
                "no_dataset.do": "请用 save_to_disk 保存数据集，并指定该文件夹。",
                "empty.seen": "“{name}”中的数据集没有数据行。",
                "empty.expected": "至少应有一行数据。",
                "empty.do": "请连同数据行重新保存。",
                "pictures.seen": "“{name}”中的数据集只有图片或声音：{names}。",
                "pictures.expected": "目前还不能读取这些内容；应有文本或数字。",
                "pictures.do": "请改为提供一张描述各行的表格。",
                "outside.seen": "“{name}”中的“{file}”指向文件夹之外的文件：{other}。",
                "outside.expected": "应为同一文件夹中的文件。",
                "outside.do": "请勿信任此文件夹；请重新保存数据集。",
                "torn.seen": "无法读取“{name}”中的数据集：{error}。",
                "torn.expected": "应为 save_to_disk 写出的完整文件夹。",
                "torn.do": "它可能在传输途中被截断：请重新获取或保存。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether it is a folder in which the files of `save_to_disk` lie."""
        if not peek.is_path(source):
            return False
        path = peek.path_of(source)
        try:
            return path.is_dir() and any((path / name).is_file() for name in (SPLITS, STATE))
        except (OSError, ValueError):  # a name too long for the system, or with a NUL
            return False

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read all rows of all splits. Raises DataError where the folder is damaged, empty, or holds pictures alone."""
        path = peek.path_of(source)
        if not cls.opens(source):
            if not path.is_dir():
                peek.existing(source)  # says what is wrong where nothing is there
            raise refusal(DataError, "readers/hf_datasets", "no_dataset", name=path.name or str(path))
        name = path.name or path.resolve().name
        with _told_as_torn(name):
            return _read(path, name)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """Splits, classes and what was left out, as short phrases to be joined by commas."""
        details, said = source.details, []
        if details.get("splits"):
            names = [f"{split} ({n:,})" for split, n in details["splits"].items()]
            said.append(cls.about.say("readers", "splits", names=names))
        if details.get("classes"):
            said.append(cls.about.say("readers", "classes", names=list(details["classes"])))
        if details.get("strange"):
            said.append(cls.about.say("readers", "strange", n=details["strange"]))
        if details.get("left_out"):
            said.append(cls.about.say("readers", "left_out", names=list(details["left_out"])))
        return tuple(said)


@contextmanager
def _told_as_torn(name: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except DataError:
        raise
    except (pa.ArrowException, OSError, RecursionError, *MISSHAPEN) as error:
        raise refusal(DataError, "readers/hf_datasets", "torn", name=name, error=str(error).rstrip(".")) from error


def _read(path: Path, name: str) -> Dataset:
    import pyarrow as pa

    splits = [(split, _Split.read(folder, name)) for split, folder in _folders(path, name)]
    rows = {split: part.table.num_rows for split, part in splits}
    if not sum(rows.values()):
        raise refusal(DataError, "readers/hf_datasets", "empty", name=name)
    full = [part for _, part in splits if part.table.num_rows]
    whole = pa.concat_tables([part.table for part in full], promote_options="permissive")
    classes = {column for part in full for column in part.classes}
    unread = {column for part in full for column in part.unread}
    places = [k for k, column in enumerate(whole.column_names) if column not in unread]
    if not places:
        raise refusal(DataError, "readers/hf_datasets", "pictures", name=name, names=listing(whole.column_names))
    names = [whole.column_names[k] for k in places]
    makers = [_maker(whole.column(k), whole.column_names[k] in classes) for k in places]
    if several := (path / SPLITS).is_file():
        names.append("split")
        makers.append(_split_maker(rows))
    details = {
        "splits": rows if several else {},
        "classes": [column for column in names if column in classes],
        "strange": sum(part.strange for part in full),
        "left_out": [column for column in whole.column_names if column in unread],
    }
    return dataset_of(names, makers, name, "hf_datasets", details)


def _folders(path: Path, name: str) -> list[tuple[str, Path]]:
    """The splits and their folders; one without a name where the folder holds a single dataset."""
    if not (path / SPLITS).is_file():
        return [("", path)]
    splits = json.loads((path / SPLITS).read_text(encoding="utf-8"))["splits"]
    return [(split, _beside(path, split, SPLITS, name)) for split in splits]


def _beside(folder: Path, other: str, said_by: str, name: str) -> Path:
    """A file or folder in this folder. Raises DataError where its name leads out of it."""
    if other in ("", ".", "..") or Path(other).name != other:
        raise refusal(DataError, "readers/hf_datasets", "outside", name=name, file=said_by, other=other)
    return folder / other


@dataclass(frozen=True, kw_only=True)
class _Split:
    """One dataset: its rows as an Arrow table in which classes bear their names, and what is known of its columns."""

    table: Any
    classes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    strange: int = 0  # cells with a class number that has no name

    @classmethod
    def read(cls, folder: Path, name: str) -> _Split:
        """The dataset in a folder; `name` is that of the whole, for errors."""
        import pyarrow as pa

        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        files = [_beside(folder, file["filename"], STATE, name) for file in state["_data_files"]]
        if not files:  # a split without rows
            return cls(table=pa.table({}))
        table = pa.concat_tables([_stream(file) for file in files], promote_options="permissive")
        chosen = [file for key in INDICES for file in state.get(key) or []]
        if chosen:
            indices = [_stream(_beside(folder, file["filename"], STATE, name)) for file in chosen]
            table = table.take(pa.concat_tables(indices).column(0))
        found = _features(folder, table.schema)
        unread = tuple(column for column in table.column_names if _type(found.get(column)) in UNREAD)
        classes = tuple(column for column in table.column_names if _type(found.get(column)) == "ClassLabel")
        strange = 0
        for column in classes:
            named, without = _named(table[column], found[column]["names"])
            table = table.set_column(table.column_names.index(column), column, named)
            strange += without
        return cls(table=table, classes=classes, unread=unread, strange=strange)


def _stream(file: Path) -> Any:
    """An Arrow stream, mapped into memory rather than read; one that was cut off between two batches looks whole to Arrow."""
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        table = pa.ipc.open_stream(mapped).read_all()
        mapped.seek(max(0, mapped.size() - len(END)))
        if mapped.read() != END:
            raise ValueError(f"{file.name} breaks off after {table.num_rows} rows")
    table.validate(full=True)
    return table


def _features(folder: Path, schema: Any) -> dict[str, Any]:
    """What the columns are: by the file beside the rows, else by the note in the rows' own schema."""
    info = folder / INFO
    said = json.loads(info.read_text(encoding="utf-8")).get("features") if info.is_file() else None
    if said is None and (note := (schema.metadata or {}).get(b"huggingface")):
        said = json.loads(note).get("info", {}).get("features")
    return dict(said or {})


def _type(feature: Any) -> str:
    return str(feature.get("_type", "")) if isinstance(feature, dict) else ""


def _named(numbers: Any, names: Sequence[str]) -> tuple[Any, int]:
    """Names of class numbers, -1 (not known) missing; and how many numbers have no name: those stay numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = pc.cast(numbers, pa.int64())
    known = pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, len(names)))
    strange = pc.and_(pc.invert(known), pc.not_equal(numbers, -1))
    spelled = pc.take(pa.array([str(n) for n in names], pa.large_string()), pc.if_else(known, numbers, None))
    as_written = pc.if_else(strange, pc.cast(numbers, pa.large_string()), None)
    return pc.coalesce(spelled, as_written), int(pc.sum(strange).as_py() or 0)


def _maker(cells: Any, classes: bool) -> Callable[[str, Met], Column]:
    """What makes a column once its name is known; the names of classes are kept as they are, be it "NA"."""
    if classes:
        return lambda name, met: Column.of_words(name, cells.to_pylist())
    return lambda name, met: arrow_column(name, cells, met)


def _split_maker(rows: Mapping[str, int]) -> Callable[[str, Met], Column]:
    """It tells where a row comes from, not what it is: nothing to learn from."""
    cells = np.repeat(np.arange(len(rows), dtype=np.int32), list(rows.values()))
    levels = np.empty(len(rows), dtype=object)
    levels[:] = list(rows)
    return lambda name, met: Column(name=name, cells=cells, levels=levels, role="dropped")
