"""How is an Excel workbook read?

One sheet at a time, the values as last calculated. What stands above the table (titles, blank lines) is skipped, what
stands below it (totals, signatures) is set aside and told, and columns and rows that are entirely blank are left out.
A cell merged over several rows is the cell of each.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from assay.kernel.data import Dataset, Source
from assay.kernel.errors import DataError, Part
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.need import need
from assay.kernel.plugins import About
from assay.kernel.words import Say, refusal

from . import _peek as peek
from ._layout import JUDGED_ROWS, find_table, joined_names
from ._mend import column_shapes
from ._tail import rows_of_table
from ._typed import records_dataset, spelled
from ._unseen import Range, Unseen, unseen


class Excel:
    """Workbooks (.xlsx)."""

    about: ClassVar = About(
        key="excel",
        takes=(".xlsx", ".xlsm"),
        needs=("openpyxl",),
        extra="excel",
        order=30,
        words={
            "en": {
                "title": "Excel workbook",
                "sheet": "sheet '{sheet}'",
                "others": "other sheets not read: {names}",
                "header": "header in row {row:raw}",
                "tail": "{n} {n:row|rows} below the table set aside ({rows})",
                "merged": "{n} {n:cell|cells} filled from merged ones",
                "formulas": "{n} {n:formula has|formulas have} no result and count as missing: open the workbook in Excel and save it",
                "torn.seen": "'{name}' cannot be read as an Excel workbook: {error}.",
                "torn.expected": "Expected a whole .xlsx file without a password.",
                "torn.do": "Save it again in Excel, or as CSV.",
                "empty.seen": "'{name}' is empty: none of its sheets holds a cell.",
                "empty.expected": "Expected a table.",
                "empty.do": "Export it again.",
                "no_sheet.seen": "'{name}' has no sheet {sheet}.",
                "no_sheet.do": "Its sheets: {sheets}.",
                "empty_sheet.seen": "Sheet '{sheet}' of '{name}' is empty.",
                "empty_sheet.expected": "Expected a header and rows.",
                "empty_sheet.do": "Name another sheet.",
            },
            "zh": {
                "title": "Excel 工作簿",
                "sheet": "工作表“{sheet}”",
                "others": "未读取的其他工作表：{names}",
                "header": "表头在第 {row:raw} 行",
                "tail": "表后 {n} 行未计入数据（{rows}）",
                "merged": "由合并单元格补全 {n} 个单元格",
                "formulas": "{n} 个公式没有计算结果，视为缺失：请在 Excel 中打开并保存",
                "torn.seen": "“{name}”无法作为 Excel 工作簿读取：{error}。",
                "torn.expected": "应为完整且没有密码的 .xlsx 文件。",
                "torn.do": "请在 Excel 中重新保存，或另存为 CSV。",
                "empty.seen": "“{name}”是空的：所有工作表都没有内容。",
                "empty.expected": "应包含一张表格。",
                "empty.do": "请重新导出。",
                "no_sheet.seen": "“{name}”中没有工作表 {sheet}。",
                "no_sheet.do": "其中的工作表：{sheets}。",
                "empty_sheet.seen": "“{name}”的工作表“{sheet}”是空的。",
                "empty_sheet.expected": "应有表头和数据行。",
                "empty_sheet.do": "请指定另一张工作表。",
            },
        },
    )

    @classmethod
    def opens(cls, source: Any) -> bool:
        """Whether the file is a workbook inside, whatever it is called."""
        return peek.kind_of(source) == "xlsx"

    @classmethod
    def read(cls, source: Any, *, sheet: str | int | None = None, header: bool | None = None) -> Dataset:
        """Read one sheet: the one named (or numbered from 1), or the first that is no cover.

        A cover has one cell a row at the most and comes before a sheet that has more: titles, dates, who made it.

        `header` overrules what is found out about the first row.

        Raises DataError where the workbook is damaged, the sheet is not there or holds no table.
        """
        path = peek.existing(source)
        if peek.kind_of(path) != "xlsx":
            raise peek.not_for(path)
        return _table(path.name, *_sheet(path, sheet), header)

    @classmethod
    def notes(cls, source: Source) -> tuple[Say, ...]:
        """Sheet and header row, as short phrases to be joined by commas."""
        details = source.details
        said = [cls.about.say("readers", "sheet", sheet=details.get("sheet", ""))]
        if details.get("header_row"):
            said.append(cls.about.say("readers", "header", row=details["header_row"]))
        if details.get("tail_lines"):
            said.append(cls.about.say("readers", "tail", n=details["tail_lines"], rows=list(source.examples[:2])))
        for key, name in (("merged", "merged_cells"), ("formulas", "formulas")):
            if details.get(name):
                said.append(cls.about.say("readers", key, n=details[name]))
        if details.get("other_sheets"):
            said.append(cls.about.say("readers", "others", names=list(details["other_sheets"])))
        return tuple(said)


def _sheet(path: Path, sheet: str | int | None) -> tuple[str, list[str], list[list[Any]], Unseen]:
    """Title of the sheet read, titles of all, its cells, and what it holds beside them."""
    openpyxl = need("openpyxl", extra="excel")
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            pages = {page.title: page for page in book.worksheets}
            narrow: tuple[str, list[list[Any]]] | None = None  # a cover, unless no sheet is wider
            for title in _wanted(path.name, list(pages), sheet):
                pages[title].reset_dimensions()  # some writers state a size that is too small
                cells = [list(row) for row in pages[title].iter_rows(values_only=True)]
                widest = max((sum(cell is not None for cell in row) for row in cells), default=0)
                if sheet is not None or widest > 1:
                    return title, list(pages), cells, unseen(path, title)
                narrow = narrow or ((title, cells) if widest else None)
            if narrow:
                return narrow[0], list(pages), narrow[1], unseen(path, narrow[0])
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, SyntaxError) as error:
        if isinstance(error, DataError):
            raise
        raise refusal(DataError, "readers/excel", "torn", name=path.name, error=str(error).rstrip(".")) from error
    raise refusal(DataError, "readers/excel", "empty", name=path.name)


def _wanted(name: str, titles: list[str], sheet: str | int | None) -> list[str]:
    if sheet is None:
        return titles
    if isinstance(sheet, int) and 1 <= sheet <= len(titles):
        return [titles[sheet - 1]]
    if sheet in titles:
        return [str(sheet)]
    hint: Part = did_you_mean(str(sheet), titles) or ""
    raise refusal(
        DataError, "readers/excel", "no_sheet", expected=hint, name=name, sheet=repr(sheet), sheets=listing(titles)
    )


def _table(
    name: str, title: str, titles: list[str], cells: list[list[Any]], beside: Unseen, asked: bool | None
) -> Dataset:
    width = max((k + 1 for row in cells for k, cell in enumerate(row) if cell is not None), default=0)
    grid = [[*row[:width], *[None] * (width - len(row))] for row in cells]
    used = [k for k in range(width) if any(row[k] is not None for row in grid)]
    numbers = [number for number, row in enumerate(grid) if any(cell is not None for cell in row)]
    if not numbers:
        raise refusal(DataError, "readers/excel", "empty_sheet", name=name, sheet=title)
    texts = [["" if (cell := grid[number][k]) is None else spelled(cell) for k in used] for number in numbers]
    top, begin = find_table(texts[:JUDGED_ROWS], asked)
    names = joined_names(texts[top:begin]) if begin > top else [""] * len(used)
    end = begin + rows_of_table(texts[begin:], column_shapes(texts[begin : begin + JUDGED_ROWS], len(used)))
    merged = _fill(grid, beside.merged, numbers[begin:end])
    body = [[_plain(grid[number][k]) for k in used] for number in numbers[begin:end]]
    below = [" ".join(cell.strip() for cell in row if cell.strip()) for row in texts[end:]]
    details = {
        "sheet": title,
        "other_sheets": [other for other in titles if other != title],
        "header_row": numbers[top] + 1 if begin > top else 0,
        "header_rows": begin - top if begin > top + 1 else 0,
        "preamble_lines": top,
        "tail_lines": len(below),
        "merged_cells": merged,
        "formulas": beside.formulas,
    }
    data = records_dataset(names, body, name, "excel", details)
    rows = data.rows + len(below)
    return replace(
        data, source=replace(data.source, rows_read=rows, rows_refused=len(below), examples=tuple(below[:5]))
    )


def _fill(grid: list[list[Any]], ranges: Sequence[Range], rows: Sequence[int]) -> int:
    """Give each row of the table the cell that is merged over it; how many cells that were."""
    inside, count = set(rows), 0
    for first, last, column in ranges:
        if first not in inside:
            continue
        for row in range(first + 1, min(last + 1, len(grid))):
            if row in inside and grid[row][column] is None and grid[first][column] is not None:
                grid[row][column] = grid[first][column]
                count += 1
    return count


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, dt.time) else cell
