"""How is a text table read, whatever its dialect and however bruised?

The door for CSV and its kin (tabs, semicolons, printed columns, compressed or not), and the last resort for any file
name. Everything is found out from the content and told in `Source.details`; no row is lost in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import DataError
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._body import fast_body, slow_body
from ._columns import NO_COMMA, Comma, Met, coded_column, comma_of, distinct_names, said_details, text_column
from ._dialect import PRIVATE, Dialect, check_fixed, find_dialect
from ._encoding import decode
from ._layout import Layout, find_layout
from ._spool import Lines, encoding_of, last_of, letters_of, size_of, spool
from ._stored import ParquetFile
from ._tail import Tail, find_tail

HEAD, TAIL = 1 << 18, 1 << 17  # bytes of the beginning and the end that are judged
LARGE, LARGE_SHARE = 10**9, 0.125  # bytes, and share of the memory, beyond which a file is not read at once
JUDGED_LINES = 300  # of the beginning, for the dialect
LAST, JUDGED_LAST = 8_192, 40  # bytes of the end, and lines of them, for the dialect


@dataclass
class _Text:
    """The file's text as UTF-8 with plain line ends, and what was met in it."""

    utf8: bytes
    details: dict[str, Any] = field(default_factory=dict)


class Csv:
    """Text tables of every dialect."""

    about: ClassVar = About(
        key="csv",
        takes=(".csv", ".tsv", ".txt", ".tab", ".psv", ".dat", ".data", ".csv.gz", ".tsv.gz", ".txt.gz"),
        order=90,
        words={
            "en": {
                "title": "Text table (CSV and its kin)",
                "separator": "separator '{mark}'",
                "one_column": "one column",
                "tab": "separated by tabs",
                "run": "separated by spaces",
                "quote": "quote {mark}",
                "decimal": "decimal comma",
                "encoding": "encoding {name}",
                "header": "header in line {line:raw}",
                "guessed_header": "line {line:raw} taken for the header; if it is a row, say --no-header",
                "no_header": "no header",
                "preamble": "{n} preamble {n:line|lines}",
                "tail": "{n} {n:line|lines} below the table set aside",
                "other_table": "{n} {n:row|rows} of another table below not read",
                "blank": "{n} blank {n:row|rows} below the table set aside",
                "repeated": "{n} repeated headers left out",
                "renamed": "duplicate column names renamed: {names}",
                "missing": "taken as missing: {tokens}",
                "guessed": "{n} characters of another encoding",
                "streamed": "written as Parquet first, for its size",
                "endless.seen": "'{name}' has a line too long to be a row.",
                "endless.expected": "Expected a line end within some millions of letters.",
                "endless.do": "Export the table again, one row a line.",
                "empty.seen": "'{name}' is empty.",
                "empty.expected": "Expected a header and rows.",
                "empty.do": "Export the table again.",
                "binary.seen": "'{name}' is not a text table: it is full of control characters.",
                "binary.expected": "Expected CSV, Parquet, Excel (.xlsx), JSON lines or SQLite.",
                "binary.do": "Export the table as CSV and try again.",
                "header_only.seen": "'{name}' has a header of {n} {n:column|columns} and no rows.",
                "header_only.expected": "Expected at least one row below the header.",
                "header_only.do": "Export the table again, with its rows.",
                "needs_excel": "Excel workbooks need one more package: pip install 'assay[excel]'.",
            },
            "zh": {
                "title": "文本表格（CSV 及同类格式）",
                "separator": "分隔符“{mark}”",
                "one_column": "单列",
                "tab": "以制表符分隔",
                "run": "以空格分隔",
                "quote": "引号 {mark}",
                "decimal": "小数点为逗号",
                "encoding": "编码 {name}",
                "header": "表头在第 {line:raw} 行",
                "guessed_header": "第 {line:raw} 行被当作表头；如果它是数据，请用 --no-header",
                "no_header": "没有表头",
                "preamble": "表前有 {n} 行说明",
                "tail": "表后 {n} 行未计入数据",
                "other_table": "下方另一张表的 {n} 行未读取",
                "blank": "表后 {n} 个空行未计入数据",
                "repeated": "略去 {n} 行重复的表头",
                "renamed": "重名的列已改名：{names}",
                "missing": "视为缺失：{tokens}",
                "guessed": "{n} 个字符来自其他编码",
                "streamed": "因文件较大，先转写为 Parquet",
                "endless.seen": "“{name}”中有一行过长，不可能是一行数据。",
                "endless.expected": "应在数百万字符之内换行。",
                "endless.do": "请重新导出表格，每行一条数据。",
                "empty.seen": "“{name}”是空文件。",
                "empty.expected": "应有表头和数据行。",
                "empty.do": "请重新导出表格。",
                "binary.seen": "“{name}”不是文本表格：含有大量控制字符。",
                "binary.expected": "应为 CSV、Parquet、Excel（.xlsx）、JSON 行或 SQLite。",
                "binary.do": "请将表格导出为 CSV 后重试。",
                "header_only.seen": "“{name}”有 {n} 列表头，但没有数据行。",
                "header_only.expected": "表头下方至少应有一行数据。",
                "header_only.do": "请连同数据行重新导出表格。",
                "needs_excel": "读取 Excel 工作簿还需要一个软件包：pip install 'assay[excel]'。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Any path: this door comes last, and says what is wrong where nothing else could read the file."""
        return peek.is_path(source)

    @classmethod
    def read(
        cls,
        source: Any,
        *,
        separator: str | None = None,
        quote: str | None = None,
        encoding: str | None = None,
        decimal: str | None = None,
        header: bool | None = None,
    ) -> Dataset:
        """Read a text table; what is not given is found out.

        Raises DataError where there is no such file, or it holds no table.
        """
        path = peek.existing(source)
        _refuse_foreign(path)
        text = _text_of(peek.load(path), path.name, encoding)
        fixed = check_fixed(separator, quote)
        head, tail = _ends(text, fixed)
        dialect = find_dialect([*head[:JUDGED_LINES], *tail], fixed, head)
        layout = find_layout(head, dialect, header)
        _refuse_empty(layout, head, path.name)
        return _Reading(path.name, text, dialect, layout, head, decimal).dataset()

    @classmethod
    def stored(
        cls,
        source: Any,
        most_bytes: float,
        *,
        separator: str | None = None,
        quote: str | None = None,
        encoding: str | None = None,
        decimal: str | None = None,
        header: bool | None = None,
    ) -> ParquetFile | None:
        """The same table written as Parquet, block by block; None where it is small enough to be read at once.

        Raises DataError as `read` does, and where a line has no end.
        """
        path = peek.existing(source)
        _refuse_foreign(path)
        if size_of(path) <= min(most_bytes * LARGE_SHARE, LARGE):
            return None
        fixed = check_fixed(separator, quote)
        lines = Lines(path, encoding or encoding_of(path))
        text = _text_of(next(lines.blocks(), b""), path.name, None)
        head, _ = _ends(text, fixed)
        tail = last_of(path, lines.encoding, LAST).split("\n")[-JUDGED_LAST:]
        dialect = find_dialect([*head[:JUDGED_LINES], *tail], fixed, head)
        layout = find_layout(head, dialect, header)
        _refuse_empty(layout, head, path.name)
        if text.details.get("quoted_lines"):  # each line in quotes of its own: that is undone for whole files only
            return None
        letters = letters_of(layout.width)
        lines = replace(lines, guessed=0, nuls=0, quote=dialect.quote, longest=dialect.longest, letters=letters)
        blocks = lines.blocks()
        first = next(blocks)
        start = _behind(first, layout.body + text.details.get("hint_lines", 0))
        names, named = distinct_names(layout.header or [""] * layout.width)
        made = spool(path.name, first[start:], blocks, dialect, layout, names)
        try:
            if not made.rows:
                raise _header_only(path.name, layout)
            found = _details(layout, dialect, text.details) | named | {"streamed": True, "encoding": lines.encoding}
            found |= {
                "quote": dialect.quote if lines.quoted else "",
                "bytes_guessed": lines.guessed,
                "nul_bytes": lines.nuls,
                "repeated_headers": made.repeated,
            }
            found |= {"comment_lines": made.comments} | made.tail.counts
            comma = _comma_of_file(made.path, dialect, decimal)
            found |= {"decimal": "," if comma.decimal else ".", "decimal_unsure": comma.unsure}
            source_ = Source(
                name=path.name,
                reader="csv",
                details=said_details(found),
                rows_read=made.rows + made.tail.refused,
                rows_repaired=made.repaired,
                rows_refused=made.tail.refused,
                examples=tuple([*made.examples, *made.tail.said][:5]),
            )
            return ParquetFile(made.path, source_, made=True, comma=comma)
        except BaseException:
            made.path.unlink()
            raise

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """What was found out, as short phrases to be joined by commas."""
        return tuple(cls.about.say("readers", key, **values) for key, values in _phrases(source.details))


@dataclass
class _Reading:
    """One file on its way to a Dataset."""

    name: str
    text: _Text
    dialect: Dialect
    layout: Layout
    head: list[str]
    decimal: str | None

    def dataset(self) -> Dataset:
        layout, utf8, met = self.layout, self.text.utf8, Met()
        mender = layout.mender(self.dialect)
        start = sum(len(line.encode()) + 1 for line in self.head[: layout.body])
        tail, stop = self._tail(start)
        body = fast_body(utf8, start, stop, mender, layout.header)
        if body is None:
            mender = layout.mender(self.dialect)
            body = slow_body(utf8[start:stop].decode().split("\n"), mender, layout.header)
        raw, rows, repeated = body
        if not rows:
            raise _header_only(self.name, layout)
        names, named = distinct_names(layout.header or [""] * layout.width)
        comma = self._comma(raw)
        columns = [_column(name, cells, met, comma) for name, cells in zip(names, raw, strict=True)]
        columns, emptied = _without_empty(columns, layout)
        found = self._found(mender.comments, tail, repeated, comma)
        details = said_details(self.text.details | found | named | met.details() | {"empty_columns": emptied})
        source = Source(
            name=self.name,
            reader="csv",
            details=details,
            rows_read=rows + tail.refused,
            rows_repaired=mender.repaired,
            rows_refused=tail.refused,
            examples=tuple([*mender.examples, *tail.said][:5]),
        )
        return Dataset(tuple(columns), source)

    def _tail(self, start: int) -> tuple[Tail, int]:
        """What stands below the table, and the byte at which the table ends."""
        utf8 = self.text.utf8
        begin = max(start, len(utf8) - TAIL)
        if begin > start:
            begin = utf8.find(b"\n", begin) + 1 or start
        begin = self.dialect.outside(utf8, start, begin)
        lines = utf8[begin:].decode().split("\n")
        if lines[-1] == "":
            lines.pop()
        tail = find_tail(lines, self.layout.mender(self.dialect))
        if not tail.lines:
            return tail, len(utf8)
        return tail, begin + sum(len(line.encode()) + 1 for line in lines[: len(lines) - tail.lines])

    def _comma(self, raw: list[Any]) -> Comma:
        if self.decimal is not None:
            return Comma(decimal=self.decimal == ",", grouped=self.decimal == ",")
        return NO_COMMA if self.dialect.separator == "," else comma_of(map(_levels, raw))

    def _found(self, comments: int, tail: Tail, repeated: int, comma: Comma) -> dict[str, Any]:
        layout, dialect = self.layout, self.dialect
        quoted = dialect.quote if dialect.quote and dialect.quote.encode() in self.text.utf8 else ""
        return {
            "separator": dialect.separator,
            "quote": quoted,
            "escape": dialect.escape,
            "decimal": "," if comma.decimal else ".",
            "decimal_unsure": comma.unsure,
            "header_line": layout.header_line + 1 + self.text.details.get("hint_lines", 0) if layout.header else 0,
            "header_rows": layout.header_rows if layout.header_rows > 1 else 0,
            "header_guessed": layout.guessed,
            "preamble_lines": len(layout.preamble),
            "preamble": list(layout.preamble[:3]),
            "comment_lines": comments,
            "repeated_headers": repeated,
            **tail.counts,
        }


def _behind(utf8: bytes, lines: int) -> int:
    """The byte behind that many lines."""
    place = 0
    for _ in range(lines):
        place = utf8.find(b"\n", place) + 1 or len(utf8)
    return place


def _details(layout: Layout, dialect: Dialect, met: Mapping[str, Any]) -> dict[str, Any]:
    """What was found out about header and dialect."""
    return {
        "separator": dialect.separator,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "header_line": layout.header_line + 1 + met.get("hint_lines", 0) if layout.header else 0,
        "header_rows": layout.header_rows if layout.header_rows > 1 else 0,
        "header_guessed": layout.guessed,
        "preamble_lines": len(layout.preamble),
        "preamble": list(layout.preamble[:3]),
    }


def _comma_of_file(path: Path, dialect: Dialect, asked: str | None) -> Comma:
    """How a table that was written as Parquet writes its numbers, by its first rows."""
    import pyarrow.parquet

    if asked is not None:
        return Comma(decimal=asked == ",", grouped=asked == ",")
    if dialect.separator == ",":
        return NO_COMMA
    with pyarrow.parquet.ParquetFile(path) as file:
        return comma_of(map(_levels, next(file.iter_batches(20_000)).columns))


def _column(name: str, cells: Any, met: Met, comma: Comma) -> Column:
    if isinstance(cells, tuple):
        return coded_column(name, cells[0], _levels(cells), met, comma)
    return text_column(name, cells, met, comma)


def _levels(cells: Any) -> Any:
    """Distinct texts of a raw column: all of them, or those of the first rows."""
    import pyarrow as pa

    if isinstance(cells, tuple):
        return pa.array(cells[1], type=pa.string())
    return cells.slice(0, 20_000).unique()


def _refuse_foreign(path: Path) -> None:
    found = peek.foreign(path)
    if found and peek.kind_of(path) == "xlsx":
        raise peek.not_what_it_says(path, found, Csv.about.say("readers", "needs_excel"))
    if found:
        raise peek.not_what_it_says(path, found)


def _text_of(raw: bytes, name: str, encoding: str | None) -> _Text:
    """Decoded text with plain line ends and without NUL bytes."""
    if not raw.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise refusal(DataError, "readers/csv", "empty", name=name)
    decoded = decode(raw, encoding)
    utf8 = decoded.utf8
    nuls = utf8.count(b"\0")
    odd = np.frombuffer(utf8[:65536], dtype=np.uint8)
    if np.mean((odd < 32) & ~np.isin(odd, (0, 1, 9, 10, 12, 13, 27, 28, 29, 30, 31))) > 0.02 or nuls > 0.3 * len(utf8):
        raise refusal(DataError, "readers/csv", "binary", name=name)
    if nuls:
        utf8 = utf8.replace(b"\0", b"")
    details = {"encoding": decoded.encoding, "bytes_guessed": decoded.guessed, "nul_bytes": nuls}
    if b"\r" in utf8:
        pairs, feeds, returns = utf8.count(b"\r\n"), utf8.count(b"\n"), utf8.count(b"\r")
        kinds = [("CRLF", pairs), ("LF", feeds - pairs), ("CR", returns - pairs)]
        details["newline"] = " + ".join(kind for kind, n in kinds if n)
        utf8 = utf8.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return _Text(utf8.replace(PRIVATE.encode(), b" "), details)


def _ends(text: _Text, fixed: dict[str, str]) -> tuple[list[str], list[str]]:
    """The first lines (without Excel's "sep=;", which is heeded) and the last."""
    start = text.utf8[:64].split(b"\n")[0]
    if start.lower().startswith(b"sep=") and len(start) in (5, 6):
        fixed.setdefault("separator", start[4:5].decode())
        text.utf8 = text.utf8[len(start) + 1 :]
        text.details["hint_lines"] = 1
    _unwrap(text)
    utf8 = text.utf8
    if len(utf8) <= HEAD:
        head = utf8.decode().split("\n")
        return head, head[JUDGED_LINES:][-JUDGED_LAST:]
    cut = utf8.rfind(b"\n", 0, HEAD) + 1 or utf8.find(b"\n", HEAD) + 1 or len(utf8)
    last = utf8[utf8.find(b"\n", len(utf8) - LAST) + 1 :].decode("utf-8", "replace").split("\n")
    return utf8[:cut].decode().split("\n")[:-1] or [utf8.decode()], last[-JUDGED_LAST:]


def _unwrap(text: _Text) -> None:
    """Take off the quotes of a file in which every whole line is one quoted cell."""
    lines = [line for line in text.utf8[:HEAD].split(b"\n")[:JUDGED_LINES] if line.strip()]
    if len(lines) < 2 or not all(len(line) > 2 and line[:1] == line[-1:] == b'"' for line in lines[:-1]):
        return
    inner = [line[1:-1] for line in lines[:-1]]
    separators = [mark for mark in (b",", b";", b"\t", b"|") if all(mark in line for line in inner)]
    if separators and all(b'"' not in line.replace(b'""', b"") for line in inner):
        whole = [line.strip() for line in text.utf8.split(b"\n")]
        bare = [line[1:-1].replace(b'""', b'"') if line[:1] == line[-1:] == b'"' else line for line in whole]
        counts = {line.count(separators[0]) for line in bare if line and b'"' not in line}
        if len(counts) == 1:  # a column of sentences would not have as many commas in each
            text.utf8, text.details["quoted_lines"] = b"\n".join(bare), True


def _refuse_empty(layout: Layout, head: list[str], name: str) -> None:
    filled = [line for line in head if line.strip()]
    if layout.header is not None and len(filled) <= len(layout.preamble) + layout.header_rows and layout.width > 1:
        raise _header_only(name, layout)


def _header_only(name: str, layout: Layout) -> DataError:
    return refusal(DataError, "readers/csv", "header_only", name=name, n=layout.width)


def _without_empty(columns: list[Column], layout: Layout) -> tuple[list[Column], int]:
    """Columns that separators at line ends make: no name, no cell."""
    kept = list(columns)
    while len(kept) > 1 and (layout.header is None or not layout.header[len(kept) - 1]) and kept[-1].missing.all():
        kept.pop()
    return kept, len(columns) - len(kept)


def _phrases(details: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Keys of the sentences worth saying, with their values."""
    said: list[tuple[str, dict[str, Any]]] = []
    separator = details.get("separator", "")
    if separator in ("\t", "run", ""):
        said.append(({"\t": "tab", "run": "run", "": "one_column"}[separator], {}))
    else:
        said.append(("separator", {"mark": separator}))
    if details.get("quote", '"') != '"':
        said.append(("quote", {"mark": details["quote"]}))
    if details.get("decimal") == ",":
        said.append(("decimal", {}))
    said.append(("encoding", {"name": details.get("encoding", "utf-8")}))
    line = details.get("header_line")
    key = "guessed_header" if details.get("header_guessed") else "header"
    said.append((key, {"line": line}) if line else ("no_header", {}))
    counts = {"preamble": "preamble_lines", "tail": "tail_lines", "other_table": "other_table_rows"}
    counts |= {"blank": "blank_rows", "repeated": "repeated_headers"}
    said += [(key, {"n": details[name]}) for key, name in counts.items() if details.get(name)]
    if details.get("streamed"):
        said.append(("streamed", {}))
    if details.get("bytes_guessed"):
        said.append(("guessed", {"n": details["bytes_guessed"]}))
    if details.get("renamed"):
        said.append(("renamed", {"names": list(details["renamed"])}))
    if details.get("missing_tokens"):
        said.append(("missing", {"tokens": [f"{t} ({n:,})" for t, n in details["missing_tokens"].items()]}))
    return said
