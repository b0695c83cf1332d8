"""Is what stands above and below a table told from its rows, as text and as a workbook?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assay.kernel.data import Dataset
from assay.readers import _spool
from assay.readers.csv import Csv
from assay.readers.excel import Excel

HEADING = ["序号", "姓名", "金额", "违约"]
ROWS = [[str(k), f"客户{k}", str(k * 10), "否" if k % 3 else "是"] for k in range(1, 31)]


def text_of(*rows: list[str]) -> str:
    return "".join(",".join([*row, *[""] * (4 - len(row))]) + "\n" for row in rows)


def as_text(folder: Path, *rows: list[str]) -> Dataset:
    (folder / "t.csv").write_text(text_of(*rows))
    return Csv.read(folder / "t.csv")


def as_sheet(folder: Path, *rows: list[str], merged: str = "") -> Dataset:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([int(cell) if cell.isdigit() else cell or None for cell in row])
    if merged:
        book.active.merge_cells(merged)
    book.save(folder / "t.xlsx")
    return Excel.read(folder / "t.xlsx")


def cells(data: Dataset) -> list[list[Any]]:
    return [list(row) for row in zip(*(column.texts() for column in data), strict=True)]


DOORS = pytest.mark.parametrize("door", [as_text, as_sheet])
TITLES = [
    [["2023年贷款明细表"]],
    [["2023年贷款明细表"], ["单位：万元"]],
    [["2023年贷款明细表", "", "", "单位：万元"]],
    [["编制单位：某银行", "", "2023年12月", "单位：万元"]],
    [["2023年贷款明细表"], [], ["", "", "", "单位：万元"]],
]
BELOW = [
    [["合计", "", "4650", ""]],
    [["合 计", "", "4650", ""], ["制表人：张三", "", "审核人：李四", ""]],
    [["本页合计", "", "4650", ""], ["总计：", "", "4650", ""]],
    [["", "合计", "4650", ""]],
    [["制 表 人：", "张三", "审核:", "李四"]],
    [["以上数据未经审计", "", "", ""]],
    [["备注：金额单位为万元", "", "", ""]],
]


@DOORS
@pytest.mark.parametrize("above", TITLES, ids=range(len(TITLES)))
def test_titles_above_a_table_are_no_heading(door: Any, above: list[list[str]], tmp_path: Path) -> None:
    data = door(tmp_path, *above, HEADING, *ROWS)
    assert list(data.names) == HEADING
    assert cells(data) == ROWS
    assert data.source.details["preamble_lines"] >= 1


@DOORS
@pytest.mark.parametrize("below", BELOW, ids=range(len(BELOW)))
def test_totals_signatures_and_remarks_below_a_table_are_set_aside_and_told(
    door: Any, below: list[list[str]], tmp_path: Path
) -> None:
    data = door(tmp_path, HEADING, *ROWS, *below)
    assert cells(data) == ROWS
    assert (data.source.rows_read, data.source.rows_refused) == (30 + len(below), len(below))
    assert data.source.details["tail_lines"] == len(below)
    assert len(data.source.examples) == len(below)


@DOORS
@pytest.mark.parametrize(
    "last",
    [
        ["31", "客户31", "", ""],  # little is known of it
        ["", "客户31", "", ""],  # only its name
        ["", "", "310", "否"],
        ["31", "合计", "310", "否"],  # a name, behind a number
        ["?", "客户31", "310", "否"],
    ],
)
def test_a_last_row_that_lacks_cells_is_a_row(door: Any, last: list[str], tmp_path: Path) -> None:
    data = door(tmp_path, HEADING, *ROWS, last)
    assert data.rows == 31
    assert "tail_lines" not in data.source.details


@DOORS
def test_what_rows_further_up_say_too_makes_no_tail(door: Any, tmp_path: Path) -> None:
    rows = [["小计" if k % 5 == 4 else f"客户{k}", str(k), str(2 * k), str(3 * k)] for k in range(30)]
    assert door(tmp_path, HEADING, *rows).rows == 30
    data = door(tmp_path, HEADING, *rows, ["总计", "435", "870", "1305"])
    assert (data.rows, data.source.details["tail_lines"]) == (30, 1)
    graded = [["Average" if k % 2 else "Good", str(k), str(2 * k), "x"] for k in range(20)]
    assert door(tmp_path, HEADING, *graded).rows == 20
    # The one average row has a word beside it, as rows have and means have not.
    assert door(tmp_path, HEADING, *graded[::2], ["Average", "9", "18", "x"]).rows == 11
    assert door(tmp_path, HEADING, *graded[::2], ["Average", "9", "18", ""]).rows == 10


@DOORS
def test_names_of_groups_stand_before_those_of_their_columns(door: Any, tmp_path: Path) -> None:
    rows = [[f"城市{k}", str(k), str(k + 1), str(k + 2)] for k in range(12)]
    data = door(tmp_path, ["地区", "2023年", "", "2024年"], ["", "贷款", "存款", "贷款"], *rows)
    assert data.names == ("地区", "2023年 贷款", "2023年 存款", "2024年 贷款")
    assert cells(data) == rows
    assert data.source.details["header_rows"] == 2
    few = door(tmp_path, ["", "2023年", "", "2024年"], ["地区", "贷款", "存款", "贷款"], *rows)
    assert few.names == data.names


def test_a_text_that_begins_like_a_remark_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    texts = [f"the film number {k} was long" for k in range(30)]
    path.write_text("text,label\n" + "".join(f"{text},good\n" for text in [*texts, "Note: not for children"]))
    assert Csv.read(path).rows == 31
    # Texts that wait for their labels are whole as well.
    path.write_text("text,label\n" + "".join(f"{text},\n" for text in [*texts, "Note: not for children"]))
    assert Csv.read(path).rows == 31


def test_a_word_in_the_first_row_of_numbers_makes_no_heading(tmp_path: Path) -> None:
    rows = [[f"k{k}", "unknown" if not k else str(20 + k), str(k), "x"] for k in range(20)]
    assert as_text(tmp_path, ["", "age", "n", "mark"], *rows).names == ("column_1", "age", "n", "mark")


def test_a_column_of_row_names_without_a_name_stays_below_its_heading(tmp_path: Path) -> None:
    rows = [[f"k{chr(97 + k)}", f"name{chr(97 + k)}", f"town{chr(97 + k)}", "x"] for k in range(20)]
    assert as_text(tmp_path, ["", "name", "town", "mark"], *rows).names == ("column_1", "name", "town", "mark")


def test_no_heading_is_looked_for_where_there_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text_of(["title"], HEADING, *ROWS))
    assert Csv.read(tmp_path / "t.csv", header=False).rows == 32


def test_rows_of_separators_alone_are_counted_as_refused(tmp_path: Path) -> None:
    data = as_text(tmp_path, HEADING, *ROWS, [], [])
    assert (data.rows, data.source.rows_read, data.source.rows_refused) == (30, 32, 2)
    said = ", ".join(note.text() for note in Csv.notes(data.source))
    assert said == "separator ',', encoding utf-8, header in line 1, 2 blank rows below the table set aside"


def test_a_table_read_in_blocks_ends_where_the_whole_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spool, "LETTERS", 5_000)
    rows = [[str(k), f"客户{k}", str(k * 10), "是"] for k in range(1, 2_000)]
    path = tmp_path / "t.csv"
    path.write_text(text_of(["明细表"], HEADING, *rows, [], ["合 计", "", "19990000", ""], ["制表人：张三"]))
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert stored.rows == whole.rows == len(rows)
    for name in ("tail_lines", "blank_rows", "preamble_lines"):
        assert stored.source.details[name] == whole.source.details[name]
    assert (stored.source.rows_read, stored.source.rows_refused) == (whole.source.rows_read, 3)
    stored.close()


def test_a_cell_merged_over_rows_is_the_cell_of_each(tmp_path: Path) -> None:
    rows = [["1", "甲部", "10", "是"], ["2", "", "20", "否"], ["3", "", "30", "否"], ["4", "", "40", "是"]]
    data = as_sheet(tmp_path, HEADING, *rows, merged="B2:B4")
    assert data["姓名"].texts().tolist() == ["甲部", "甲部", "甲部", None]
    assert "2 cells filled from merged ones" in [note.text() for note in Excel.notes(data.source)]


def test_merged_titles_and_groups_fill_no_rows(tmp_path: Path) -> None:
    data = as_sheet(tmp_path, ["2023年贷款明细表"], HEADING, *ROWS, merged="A1:D1")
    assert cells(data) == ROWS
    assert "merged_cells" not in data.source.details


def test_formulas_that_nobody_calculated_are_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    for k in range(2, 12):
        book.active.append([k, f"=A{k}*2"])
    book.save(tmp_path / "t.xlsx")
    data = Excel.read(tmp_path / "t.xlsx")
    assert data["b"].missing.all()
    said = [note.text() for note in Excel.notes(data.source)]
    assert said[-1].startswith("10 formulas have no result and count as missing")
