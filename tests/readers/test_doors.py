"""Does the same table give the same cells whichever door it comes through?"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import sqlite3
import zipfile
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from assay.api import plan
from assay.kernel.data import Dataset
from assay.kernel.errors import DataError, RequestError
from assay.kernel.shelf import shelf
from assay.readers._cell import cell_of
from assay.readers.csv import Csv
from assay.readers.excel import Excel
from assay.readers.frame import Frame
from assay.readers.jsonl import Jsonl
from assay.readers.parquet import Parquet
from assay.readers.sql import Sql

COLUMNS = {
    "amount": [1.5, None, -3.0, 1e6],
    "count": [1, 2, None, 4],
    "town": ["Ulm", "北京", None, "NA"],
    "member": [True, False, None, True],
    "day": [dt.date(2024, 2, 29), None, dt.date(1999, 12, 31), dt.date(2024, 1, 1)],
}
CSV = "amount,count,town,member,day\n1.5,1,Ulm,True,2024-02-29\n,2,北京,False,\n-3,,,,1999-12-31\n1000000,4,NA,True,2024-01-01\n"


def cells_of(data):
    return {column.name: column.texts().tolist() for column in data}


def door_for(source):
    """The first door that opens, in the order of the shelf."""
    return next(door for door in shelf("readers").ready() if door.opens(source))


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text(CSV, encoding="utf-8")
    return cells_of(Csv.read(path))


def workbook(path, rows, title="Sheet1"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_every_door_gives_the_same_cells(plain, tmp_path):
    table = pa.table(COLUMNS)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    pyarrow.feather.write_feather(table, tmp_path / "t.feather")
    workbook(tmp_path / "t.xlsx", [list(COLUMNS), *zip(*COLUMNS.values(), strict=True)])
    records = [
        {k: v.isoformat() if isinstance(v, dt.date) else "True" if v is True else "False" if v is False else v
         for k, v in zip(COLUMNS, row, strict=True) if v is not None}
        for row in zip(*COLUMNS.values(), strict=True)
    ]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    sources = {
        "parquet": tmp_path / "t.parquet",
        "feather": tmp_path / "t.feather",
        "excel": tmp_path / "t.xlsx",
        "jsonl": tmp_path / "t.jsonl",
        "pandas": pd.DataFrame(COLUMNS),
        "pandas nullable": pd.DataFrame(COLUMNS).convert_dtypes(),
        "pandas categories": pd.DataFrame(COLUMNS).astype({"town": "category"}),
        "polars": pl.DataFrame(COLUMNS),
        "polars lazy": pl.DataFrame(COLUMNS).lazy(),
        "polars categories": pl.DataFrame(COLUMNS).with_columns(pl.col("town").cast(pl.Categorical)),
        "arrow": table,
        "arrow batch": table.to_batches()[0],
        "mapping": COLUMNS,
        "records": records,
    }
    for name, source in sources.items():
        assert cells_of(door_for(source).read(source)) == plain, name


def test_frames_are_hashed_alike(plain):
    hashes = {Frame.read(frame).sha256 for frame in (pd.DataFrame(COLUMNS), pl.DataFrame(COLUMNS), pa.table(COLUMNS))}
    assert len(hashes) == 1


def test_content_beats_the_ending(tmp_path):
    table = pa.table({"a": [1, 2], "b": ["x", "y"]})
    for name, write, door in (
        ("p.csv", lambda path: pyarrow.parquet.write_table(table, path), Parquet),
        ("x.csv", lambda path: path.write_bytes(book_bytes(tmp_path)), Excel),
        ("j.csv", lambda path: path.write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'), Jsonl),
        ("s.csv", database, Sql),
        ("c.parquet", lambda path: path.write_text("a,b\n1,x\n2,y\n"), Csv),
    ):
        write(tmp_path / name)
        assert door_for(tmp_path / name) is door, name
        data = door.read(tmp_path / name)
        assert cells_of(data) == {"a": ["1", "2"], "b": ["x", "y"]}
        assert (data.source.name, data.source.reader, data.source.rows_read) == (name, door.about.key, 2)


def book_bytes(tmp_path):
    workbook(tmp_path / "book.xlsx", [["a", "b"], [1, "x"], [2, "y"]])
    return (tmp_path / "book.xlsx").read_bytes()


def database(path):
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE loans (a INTEGER, b TEXT)")
    link.executemany("INSERT INTO loans VALUES (?, ?)", [(1, "x"), (2, "y")])
    link.commit()
    link.close()


def test_a_zip_or_a_missing_path_ends_at_the_last_door(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.csv", "w") as archive:
        archive.writestr("inner.csv", "a,b\n1,2\n")
    assert door_for(tmp_path / "t.csv") is Csv
    with pytest.raises(DataError, match="not what its name says: it is a zip archive"):
        Csv.read(tmp_path / "t.csv")
    assert door_for("nowhere.parquet") is Csv
    assert door_for("x" * 5000) is Csv


def test_a_workbook_without_the_package_says_what_to_install(tmp_path):
    (tmp_path / "t.csv").write_bytes(book_bytes(tmp_path))
    with pytest.raises(DataError, match=r"an Excel workbook.*pip install 'assay\[excel\]'"):
        Csv.read(tmp_path / "t.csv")


@pytest.mark.parametrize("door", [Parquet, Excel, Sql])
def test_a_door_named_for_the_wrong_file_says_so(door, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not what its name says"):
        door.read(tmp_path / "t.csv")


def test_damaged_files_are_refused(tmp_path):
    pyarrow.parquet.write_table(pa.table({"a": list(range(1000))}), tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    (tmp_path / "t.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        Parquet.read(tmp_path / "t.parquet")
    (tmp_path / "t.db").write_bytes(b"SQLite format 3\0" + bytes(200))
    with pytest.raises(DataError, match=r"holds 0 tables|does not answer"):
        Sql.read(tmp_path / "t.db")


def test_excel_finds_the_table_under_its_title(tmp_path):
    rows = [["Loans of June"], [], ["id", None, "day", "paid", "at"]]
    rows += [[k, None, dt.datetime(2024, 6, k, 12, 30), k / 4, dt.time(8, k)] for k in range(1, 9)]
    workbook(tmp_path / "t.xlsx", rows, title="June")
    data = Excel.read(tmp_path / "t.xlsx")
    assert data.names == ("id", "day", "paid", "at")
    assert [column.store for column in data] == ["numbers", "moments", "numbers", "words"]
    assert data["day"].texts()[0] == "2024-06-01T12:30:00"
    assert data["at"].texts()[0] == "08:01:00"
    said = ", ".join(note.text() for note in Excel.notes(data.source))
    assert said == "sheet 'June', header in row 3"


def test_excel_takes_a_word_about_its_header(tmp_path):
    workbook(tmp_path / "t.xlsx", [["Ann", "Ulm"], ["Bob", "Bonn"], ["Eve", "Jena"]])
    assert Excel.read(tmp_path / "t.xlsx").names == ("Ann", "Ulm")
    data = Excel.read(tmp_path / "t.xlsx", header=False)
    assert (data.names, data.rows) == (("column_1", "column_2"), 3)


def test_excel_turns_over_a_cover(tmp_path):
    """封面: one cell a row, before the sheet that has a table. Where all sheets are so narrow, the first is the table."""
    book = openpyxl.Workbook()
    book.active.title = "cover"
    for line in ("Marks of 2025", "made by: the office", "2025-06-30"):
        book.active.append([line])
    page = book.create_sheet("marks")
    for row in (["name", "mark"], ["Ann", 5], ["Bob", 6]):
        page.append(row)
    book.create_sheet("remarks").append(["none"])
    book.save(tmp_path / "t.xlsx")
    data = Excel.read(tmp_path / "t.xlsx")
    assert (data.names, data.source.details["sheet"]) == (("name", "mark"), "marks")
    assert data.source.details["other_sheets"] == ["cover", "remarks"]
    assert Excel.read(tmp_path / "t.xlsx", sheet="cover").source.details["sheet"] == "cover"
    del book["marks"]
    book.save(tmp_path / "narrow.xlsx")
    assert Excel.read(tmp_path / "narrow.xlsx").source.details["sheet"] == "cover"


def test_a_column_that_is_in_another_sheet(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "people"
    for title, names in (("people", ["name", "age"]), ("marks", ["name", "mark"])):
        page = book[title] if title in book.sheetnames else book.create_sheet(title)
        for row in (names, ["Ann", 5], ["Bob", 6]):
            page.append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(RequestError) as refused:
        plan(tmp_path / "t.xlsx", target="mark")
    assert "Other sheets of the workbook: marks. One is read with --sheet 'marks'." in str(refused.value)


def test_excel_sheets_are_chosen_by_name_or_number(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "empty"
    for title, value in (("may", 5), ("june", 6)):
        page = book.create_sheet(title)
        page.append(["month", "n"])
        page.append([value, 1])
    book.save(tmp_path / "t.xlsx")
    assert Excel.read(tmp_path / "t.xlsx")["month"].texts().tolist() == ["5"]
    assert Excel.read(tmp_path / "t.xlsx", sheet="june")["month"].texts().tolist() == ["6"]
    assert Excel.read(tmp_path / "t.xlsx", sheet=3)["month"].texts().tolist() == ["6"]
    with pytest.raises(DataError, match=r"no sheet 'jun'. Did you mean 'june'\? Its sheets: empty, may, june"):
        Excel.read(tmp_path / "t.xlsx", sheet="jun")
    with pytest.raises(DataError, match="is empty"):
        Excel.read(tmp_path / "t.xlsx", sheet="empty")


def test_json_lines_lacking_keys_and_nested(tmp_path):
    lines = [
        '{"a": 1, "b": {"x": [1, "北"]}}',
        '{"a": 2.5, "c": true}',
        "",
        "not json",
        '{"c": null, "d": 12345678901234567890}',
    ]
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert door_for(path) is Jsonl
    data = Jsonl.read(path)
    assert cells_of(data) == {
        "a": ["1", "2.5", None],
        "b": ['{"x": [1, "北"]}', None, None],
        "c": [None, "true", None],
        "d": [None, None, "12345678901234567890"],
    }
    assert (data.source.rows_read, data.source.rows_refused, data.source.examples) == (4, 1, ("not json",))


def test_json_lists_and_stretched_records(tmp_path):
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"a": 1}, {"a": 2}, 3]))
    data = Jsonl.read(path)
    assert (data["a"].texts().tolist(), data.source.rows_refused) == (["1", "2"], 1)
    path.write_text(json.dumps([{"a": 1}, {"a": 2}], indent=2))
    assert door_for(path) is Jsonl
    assert Jsonl.read(path).rows == 2
    path.write_text('{\n "a": 1\n}\n{\n "a": 2\n}\n')
    assert Jsonl.read(path)["a"].texts().tolist() == ["1", "2"]
    path.write_text('[{"a": 1}, {"a": ')
    with pytest.raises(DataError, match="breaks off"):
        Jsonl.read(path)


def test_sqlite_by_url_query_or_only_table(tmp_path):
    path = tmp_path / "loans.db"
    database(path)
    url = f"sqlite:///{path}"
    assert door_for(url) is Sql
    assert door_for(path) is Sql
    assert Sql.read(url).names == ("a", "b")
    data = Sql.read(url, query="SELECT a * 2 AS double, b FROM loans ORDER BY a DESC")
    assert cells_of(data) == {"double": ["4", "2"], "b": ["y", "x"]}
    assert data.source.name == "loans.db"
    with pytest.raises(DataError, match=r"no such column: defualt.*Its tables: loans.*Correct"):
        Sql.read(url, query="SELECT defualt FROM loans")
    with pytest.raises(DataError, match="no rows"):
        Sql.read(url, query="SELECT * FROM loans WHERE a > 9")
    with pytest.raises(DataError, match="no file"):
        Sql.read(f"sqlite:///{tmp_path}/loan.db")
    link = sqlite3.connect(path)
    link.execute("CREATE TABLE people (c INTEGER)")
    link.close()
    with pytest.raises(DataError, match=r"2 tables: loans, people.*SELECT \* FROM"):
        Sql.read(path)


def test_a_query_cannot_write(tmp_path):
    database(tmp_path / "loans.db")
    with pytest.raises(DataError, match="readonly"):
        Sql.read(tmp_path / "loans.db", query="DELETE FROM loans")


def test_frames_keep_moments_in_utc_and_mixed_cells_as_text():
    frame = pd.DataFrame(
        {
            "when": pd.to_datetime(["2024-01-01 12:00", None]).tz_localize("Asia/Shanghai"),
            "mixed": [1, "two"],
            "deep": [[1, 2], {"k": None}],
            "big": [2**60, 1],
            "money": [Decimal("1.50"), None],
            "span": pd.to_timedelta(["90s", None]),
            "flag": pd.array([True, None], dtype="boolean"),
        },
        index=["r1", "r2"],
    )
    data = Frame.read(frame)
    assert cells_of(data) == {
        "when": ["2024-01-01T04:00:00", None],
        "mixed": ["1", "two"],
        "deep": ["[1, 2]", '{"k": null}'],
        "big": [str(2**60), "1"],
        "money": ["1.5", None],
        "span": ["90", None],
        "flag": ["True", None],
    }
    assert data.source.rows_read == 2


def test_frames_with_odd_names():
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    assert Frame.read(frame).names == ("a", "a_2", "7")
    grouped = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "low"), ("x", "high")]))
    assert Frame.read(grouped).names == ("x_low", "x_high")


def test_infinities_of_a_frame_stay_for_the_modality_to_judge():
    assert np.isinf(Frame.read({"a": [1.0, np.inf]})["a"].cells).tolist() == [False, True]


def test_arrays_come_with_names_or_get_some():
    array = np.array([[1.0, 2.0], [3.0, np.nan]])
    assert Frame.read(array).names == ("column_1", "column_2")
    assert cells_of(Frame.read(array, names=["x", "y"])) == {"x": ["1", "3"], "y": ["2", None]}
    records = np.array([(1, "a")], dtype=[("n", "i4"), ("w", "U3")])
    assert cells_of(Frame.read(records)) == {"n": ["1"], "w": ["a"]}
    with pytest.raises(DataError, match="3 dimensions"):
        Frame.read(np.zeros((2, 2, 2)))
    with pytest.raises(DataError, match="1 column names for 2 columns"):
        Frame.read(array, names=["x"])


def test_typed_arrays_in_a_mapping():
    data = Frame.read(
        {"f": np.array([1.5, np.nan], dtype=np.float32), "i": np.array([1, 2]), "b": np.array([True, False]),
         "t": np.array(["2024-01-01", "NaT"], dtype="datetime64[D]"), "a": pa.array(["x", None])}
    )  # fmt: skip
    assert cells_of(data) == {
        "f": ["1.5", None],
        "i": ["1", "2"],
        "b": ["True", "False"],
        "t": ["2024-01-01", None],
        "a": ["x", None],
    }


def test_a_dataset_passes_through():
    data = Frame.read({"a": [1]})
    assert isinstance(data, Dataset)
    assert Frame.read(data) is data


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame(), "no columns"),
        ({"a": [1], "b": [1, 2]}, r"differ in length \(a: 1, b: 2\)"),
        ({"a": 1}, "Column 'a' is 1"),
        (3, "no table that Assay knows"),
        (pd.Series([1, 2]), r"row of a frame or a column.*row\.to_dict\(\)"),
        (pd.DataFrame({"a": [1], "b": ["x"]}).iloc[0], r"row of a frame or a column.*frame\.iloc\[\[0\]\]"),
        ([], "list is empty.*at least one"),
        ([[1, 2]], "no table that Assay knows.*list of rows"),
    ],
)
def test_what_is_no_table_is_refused(source, says):
    assert Frame.opens(source)
    with pytest.raises(DataError, match=says):
        Frame.read(source)


def test_all_missing_columns_survive():
    data = Frame.read({"a": [None, None], "b": [np.nan, 1.0]})
    assert cells_of(data) == {"a": [None, None], "b": [None, "1"]}
    assert cells_of(Frame.read(pd.DataFrame({"a": [None, None], "b": ["", "x"]}))) == {
        "a": [None] * 2,
        "b": [None, "x"],
    }


def test_long_keys_that_come_as_decimals_stay_apart_in_a_table_and_alone() -> None:
    keys = [Decimal(6222080000000000000 + i) for i in range(5)]
    arrow = pa.table(
        {
            "key": pa.array(keys, pa.decimal128(20, 0)),
            "few": pa.array([Decimal(i) for i in range(5)], pa.decimal128(20, 0)),
        }
    )
    records = [{"key": key, "few": Decimal(i)} for i, key in enumerate(keys)]
    for source in (arrow, records):
        data = Frame.read(source)
        assert list(data["key"].texts()) == [str(6222080000000000000 + i) for i in range(5)]
        assert data["few"].store == "numbers"
    assert cell_of(keys[3]) == "6222080000000000003"
    assert cell_of(Decimal("1.50")) == 1.5


@pytest.mark.parametrize("freq", ["M", "Q", "Y", "D"])
def test_periods_and_intervals_are_read_as_they_are_written(freq: str) -> None:
    pandas = pytest.importorskip("pandas")
    periods = pandas.period_range("2001-01-01", periods=40, freq=freq)
    cut = pandas.cut(np.arange(40.0), 4)
    data = Frame.read(pandas.DataFrame({"p": periods, "i": cut, "j": pandas.Series(cut).astype("object")}))
    assert data["p"].texts().tolist() == [str(period) for period in periods]
    assert data["i"].texts().tolist() == [str(one) for one in cut]
    gaps = pandas.DataFrame({"p": [*periods[:3], pandas.NaT]}, dtype=periods.dtype)
    assert data.rows == 40
    assert Frame.read(gaps)["p"].missing.tolist() == [False, False, False, True]


def test_a_column_that_arrow_cannot_hold_is_named_in_an_error_of_ours() -> None:
    wide = pl.DataFrame({"x": pl.Series([1, 2, 3]).cast(pl.Int128), "y": ["a", "b", "a"]})
    try:
        pa.table(wide)
    except pa.ArrowInvalid:
        with pytest.raises(DataError, match=r"a column that Arrow cannot hold.*cast\(pl.Float64\)"):
            Frame.read(wide)
    else:  # a release that can
        assert Frame.read(wide)["x"].texts().tolist() == ["1", "2", "3"]
