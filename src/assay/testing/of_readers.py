"""What does a reader promise?

That it knows what is for it without a fall, loses no row, and says in `Source` what it met.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..kernel.boxes import Box2D, boxes_of, cell_of
from ..kernel.data import Dataset
from ..kernel.errors import AssayError, DataError
from ..kernel.need import has
from .contract import Contract, demand

TABLE: dict[str, list[Any]] = {
    "id": list(range(1, 31)),
    "town": ["Basel", "Genève", "北京"] * 10,
    "amount": [round(10 + 1.5 * i, 2) for i in range(30)],
}
# A collection of texts has no columns of its own: those that its reader gives.
TEXTS: dict[str, list[Any]] = {
    "text": [f"{town}, {'über' if k % 2 else 'under'} line {k}" for k, town in enumerate(TABLE["town"])],
    "label": ["a"] * 15 + ["b"] * 15,
    "file": [f"{'a' if k < 15 else 'b'}/{k:02}.txt" for k in range(30)],
}
# Nor has a collection of pictures; nothing is decoded, so that any bytes will do.
PICTURES: dict[str, list[Any]] = {
    "picture": [f"{'a' if k < 15 else 'b'}/{k:02}.png" for k in range(30)],
    "label": TEXTS["label"],
}
# Boxes in pictures: the same table from each layout; of a picture no more than its size is looked at.
DRAWN: dict[str, list[Any]] = {
    "picture": [f"images/{k:02}.ppm" for k in range(12)],
    "boxes": [
        None if k == 11 else cell_of([Box2D("ab"[j % 2], 10.0 * j, 5.0, 8.0 + k, 20.0) for j in range(k % 4)])
        for k in range(12)
    ],
}
WIDTH, HEIGHT = 100, 80


def contracts(plugin: Any, source: Any = None) -> list[Contract]:
    """All contracts; `source` is something the reader should open, where it is for no ending that we can write."""
    found: list[tuple[str, Callable[[], None]]] = [
        ("looks at anything without a fall", lambda: looks_calmly(plugin)),
        ("is not for what others are for", lambda: minds_its_door(plugin)),
        ("says what is wrong with a file that is none", lambda: complains(plugin)),
        ("reads every cell and fills Source", lambda: reads(plugin, source)),
        ("reads the same twice", lambda: repeats_itself(plugin, source)),
    ]
    return [Contract("readers", plugin.about.key, name, test) for name, test in found]


def door(plugin: Any) -> Any:
    """The reader itself."""
    return plugin() if isinstance(plugin, type) else plugin


def looks_calmly(plugin: Any) -> None:
    """`opens` gives true or false for anything at all."""
    with tempfile.TemporaryDirectory() as folder:
        empty, junk = Path(folder, "empty.csv"), Path(folder, "junk.parquet")
        empty.write_bytes(b"")
        junk.write_bytes(bytes(range(256)))
        for source in (None, 3, object(), [], {}, b"x", "", "no such file.csv", "a\x00b", folder, empty, junk):
            said = door(plugin).opens(source)
            demand(isinstance(said, bool), f"opens({source!r}) gives {said!r}")


def minds_its_door(plugin: Any) -> None:
    """A reader of files is not for a table in memory; one of tables in memory is not for a path."""
    if plugin.about.takes:
        demand(not door(plugin).opens(TABLE), "a reader of files says yes to a mapping of columns")
        demand(not door(plugin).opens(np.zeros((3, 2))), "a reader of files says yes to an array")
    else:
        demand(not door(plugin).opens("loans.csv"), "a reader of tables in memory says yes to a path")


def complains(plugin: Any) -> None:
    """Bytes that are no table, a folder and a path that leads nowhere raise an error in three parts."""
    if not plugin.about.takes:
        return
    with tempfile.TemporaryDirectory() as folder:
        junk = Path(folder, f"junk{plugin.about.takes[0]}")
        junk.write_bytes(b"\x7fELF" + bytes(200))
        for source in (junk, Path(folder), Path(folder, "nowhere" + plugin.about.takes[0])):
            try:
                door(plugin).read(source)
            except AssayError as error:
                demand(error.seen and (error.expected or error.do), f"'{error}' has not three parts")
                continue
            demand(False, f"reads a table out of {source.name}")


def reads(plugin: Any, source: Any) -> None:
    """Every cell comes back, in order; Source names the table, the reader and the rows."""
    with tempfile.TemporaryDirectory() as folder:
        found = _read(plugin, source, Path(folder))
        if found is None:
            return
        demand(isinstance(found, Dataset), f"read() gives a {type(found).__name__}")
        told = found.source
        demand(told.reader == plugin.about.key, f"Source.reader is '{told.reader}'")
        demand(bool(told.name), "Source has no name")
        demand(told.rows_read == found.rows, f"Source.rows_read is {told.rows_read}, the table has {found.rows}")
        json.dumps(dict(told.details), allow_nan=False)
        if source is None:
            table = {".tar": TEXTS, ".zip": PICTURES}.get(plugin.about.takes[0] if plugin.about.takes else "", TABLE)
            table = DRAWN if plugin.about.key in LAYOUTS else table
            demand(found.names == tuple(table), f"columns {found.names}")
            for name in set(table) - {"id", "amount"}:
                demand(found[name].texts().tolist() == table[name], "texts differ")
            for name in set(table) & {"id", "amount"}:
                demand([float(t) for t in found[name].texts()] == table[name], "numbers differ")


def repeats_itself(plugin: Any, source: Any) -> None:
    """The same source gives the same hash."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = (_read(plugin, source, Path(folder)) for _ in range(2))
        if first is not None and second is not None:
            demand(first.sha256 == second.sha256, "two readings differ")


def _read(plugin: Any, source: Any, folder: Path) -> Dataset | None:
    """What the reader makes of the source, or of our own table; None where there is nothing we can give it."""
    if source is None:
        if layout := LAYOUTS.get(plugin.about.key):
            source = drawn(folder / "drawn", layout)
        else:
            source = written(folder, plugin.about.takes) if plugin.about.takes else TABLE
    if source is None:
        return None
    demand(door(plugin).opens(source), f"does not open its own {source!r}")
    try:
        found: Dataset = door(plugin).read(source)
    except DataError as error:
        demand(False, f"refuses its own: {error}")
    return found


def written(folder: Path, endings: tuple[str, ...]) -> Path | None:
    """Our table in a file of the first of these endings that we can write."""
    for ending in endings:
        if ending in WRITERS:
            path = folder / f"table{ending}"
            return path if WRITERS[ending](path) else None
    return None


def _csv(path: Path) -> bool:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(TABLE)
        writer.writerows(zip(*TABLE.values(), strict=True))
    return True


def _jsonl(path: Path) -> bool:
    rows = [dict(zip(TABLE, row, strict=True)) for row in zip(*TABLE.values(), strict=True)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return True


def _sqlite(path: Path) -> bool:
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("create table loans (id integer, town text, amount real)")
    base.executemany("insert into loans values (?, ?, ?)", list(zip(*TABLE.values(), strict=True)))
    base.commit()
    base.close()
    return True


def _parquet(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table(TABLE), path)
    return True


def _xlsx(path: Path) -> bool:
    if not has("openpyxl"):
        return False
    import openpyxl

    book = openpyxl.Workbook()
    for row in (list(TABLE), *zip(*TABLE.values(), strict=True)):
        book.active.append(list(row))
    book.save(path)
    return True


def _tar(path: Path) -> bool:
    with tarfile.open(path, "w") as archive:
        for file, text in zip(TEXTS["file"], TEXTS["text"], strict=True):
            member = tarfile.TarInfo(f"texts/{file}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return True


def _zip(path: Path) -> bool:
    with zipfile.ZipFile(path, "w") as archive:
        for file in PICTURES["picture"]:
            archive.writestr(file, b"\x89PNG\r\n\x1a\n")
    return True


def _saved(path: Path) -> bool:
    """As `save_to_disk` of Hugging Face datasets leaves it."""
    import pyarrow as pa

    path.mkdir(exist_ok=True)
    table = pa.table(TABLE)
    with pa.ipc.new_stream(str(path / "data-00000-of-00001.arrow"), table.schema) as stream:
        stream.write_table(table)
    (path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    (path / "dataset_info.json").write_text(json.dumps({"features": None}))
    return True


WRITERS: dict[str, Callable[[Path], bool]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".db": _sqlite,
    ".parquet": _parquet,
    ".xlsx": _xlsx,
    ".tar": _tar,
    ".zip": _zip,
    "/": _saved,
}


# ------------------------------------------------------------------------------------------------- boxes in pictures


def drawn(folder: Path, layout: Callable[[Path, str, Sequence[Box2D]], None]) -> Path:
    """A folder of pictures and what is drawn in each, laid out by `layout`, which is asked once a picture."""
    for picture, cell in zip(DRAWN["picture"], DRAWN["boxes"], strict=True):
        place = folder / picture
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(f"P6 {WIDTH} {HEIGHT} 255\n".encode())
        if cell is not None:
            layout(folder, place.stem, boxes_of(cell))
    return folder


def _voc(folder: Path, stem: str, boxes: Sequence[Box2D]) -> None:
    things = "".join(
        f"<object><name>{b.label}</name><bndbox><xmin>{b.x}</xmin><ymin>{b.y}</ymin>"
        f"<xmax>{b.x + b.width}</xmax><ymax>{b.y + b.height}</ymax></bndbox></object>"
        for b in boxes
    )
    place = folder / "Annotations" / f"{stem}.xml"
    place.parent.mkdir(exist_ok=True)
    place.write_text(f"<annotation><filename>{stem}.ppm</filename>{things}</annotation>", encoding="utf-8")


def _coco(folder: Path, stem: str, boxes: Sequence[Box2D]) -> None:
    place = folder / "instances.json"
    content = json.loads(place.read_text("utf-8")) if place.exists() else {"images": [], "annotations": []}
    number = len(content["images"])
    content["categories"] = [{"id": i, "name": name} for i, name in enumerate("ab")]
    content["images"].append({"id": number, "file_name": f"{stem}.ppm", "width": WIDTH, "height": HEIGHT})
    for b in boxes:
        thing = {"image_id": number, "category_id": "ab".index(b.label), "bbox": [b.x, b.y, b.width, b.height]}
        content["annotations"].append(thing)
    place.write_text(json.dumps(content), encoding="utf-8")


def _yolo(folder: Path, stem: str, boxes: Sequence[Box2D]) -> None:
    (folder / "data.yaml").write_text("names: [a, b]\n", encoding="utf-8")
    place = folder / "labels" / f"{stem}.txt"
    place.parent.mkdir(exist_ok=True)
    lines = [
        f"{'ab'.index(b.label)} {(b.x + b.width / 2) / WIDTH} {(b.y + b.height / 2) / HEIGHT} {b.width / WIDTH} {b.height / HEIGHT}"
        for b in boxes
    ]
    place.write_text("\n".join(lines), encoding="utf-8")


LAYOUTS: dict[str, Callable[[Path, str, Sequence[Box2D]], None]] = {"voc": _voc, "coco": _coco, "yolo": _yolo}
