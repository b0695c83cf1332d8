"""How are JSON lines, or a JSON list of records, read?

Every record is a row, every key a column, in order of first appearance. A key that a record lacks is a missing cell;
nested values are kept as JSON text. A line that is no record is refused, counted and shown.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, ClassVar

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import refusal

from . import _peek as peek
from ._encoding import decode
from ._typed import dataset_of, values_maker

ENDINGS = (".json", ".jsonl", ".ndjson")


class Jsonl:
    """JSON lines, or one JSON list of records; compressed or not."""

    about: ClassVar = About(
        key="jsonl",
        takes=(".jsonl", ".ndjson", ".json", ".jsonl.gz", ".json.gz"),
        order=40,
        words={
            "en": {
                "title": "JSON lines",
                "detail.encoding": "encoding",
                "no_records.seen": "'{name}' holds no JSON records.",
                "no_records.expected": 'Expected one {{"name": value}} a line, or a list of such.',
                "no_records.do": "Export the table as JSON lines or CSV.",
                "torn.seen": "The JSON list breaks off: {error}.",
                "torn.expected": "Expected a whole list of records.",
                "torn.do": "Write the file again.",
            },
            "zh": {
                "title": "JSON 行",
                "detail.encoding": "编码",
                "no_records.seen": "“{name}”中没有 JSON 记录。",
                "no_records.expected": '应为每行一个 {{"name": value}}，或由这样的记录组成的列表。',
                "no_records.do": "请将表格导出为 JSON 行或 CSV。",
                "torn.seen": "JSON 列表不完整：{error}。",
                "torn.expected": "应为完整的记录列表。",
                "torn.do": "请重新写出文件。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether the text begins with a JSON record, or with a list of them."""
        if not peek.is_path(source) or peek.kind_of(source):
            return False
        try:
            path = peek.path_of(source)
            start = peek.head_of(path, 1 << 16).lstrip(b"\xef\xbb\xbf \t\r\n") if path.is_file() else b""
        except (OSError, ValueError):
            return False
        if not re.match(rb"(\[\s*)?\{\s*(\"|\})", start):
            return False
        named = path.name.lower().removesuffix(".gz").endswith(ENDINGS)
        return named or _is_record(start.splitlines()[0]) or start.startswith(b"[")

    @classmethod
    def read(cls, source: Any) -> Dataset:
        """Read all records. Raises DataError where none can be read."""
        path = peek.existing(source)
        decoded = decode(peek.load(path))
        records, refused = _records(decoded.utf8.decode())
        if not records:
            raise refusal(DataError, "readers/jsonl", "no_records", name=path.name)
        names = list(dict.fromkeys(key for record in records for key in record))
        makers = [values_maker([_plain(record.get(name)) for record in records]) for name in names]
        data = dataset_of(names, makers, path.name, "jsonl", {"encoding": decoded.encoding})
        if not refused:
            return data
        read = len(records) + len(refused)
        examples = tuple(line[:200] for line in refused[:5])
        counted = replace(data.source, rows_read=read, rows_refused=len(refused), examples=examples)
        return Dataset(data.columns, counted)


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _records(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Records, and the texts of those that are none."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text, parse_int=_whole)
        except (ValueError, RecursionError) as error:
            raise refusal(DataError, "readers/jsonl", "torn", error=str(error).rstrip(".")) from error
        strange = [json.dumps(item, ensure_ascii=False) for item in found if not isinstance(item, dict)]
        return [item for item in found if isinstance(item, dict)], strange
    return _lines(text)


def _lines(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """One record a line; records that stretch over several lines are read one after the other."""
    records, refused = [], []
    for line in text.split("\n"):
        if not line.strip():
            continue
        try:
            item = json.loads(line, parse_int=_whole)
        except (ValueError, RecursionError):
            item = None
        if isinstance(item, dict):
            records.append(item)
        else:
            refused.append(line)
    return (records, refused) if records else (_stretched(text), refused)


def _stretched(text: str) -> list[dict[str, Any]]:
    decoder, place, records = json.JSONDecoder(parse_int=_whole), 0, []
    while place < len(text):
        match = re.compile(r"[\s,]*").match(text, place)
        place = match.end() if match else place
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        if isinstance(item, dict):
            records.append(item)
    return records


def _whole(digits: str) -> int | str:
    """Whole numbers of more digits than any counter needs stay as spelled."""
    return int(digits) if len(digits) < 400 else digits


def _plain(value: Any) -> Any:
    """JSON's own spelling of what is no number, text or nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
