"""Does a text table come in whole, and does the door say what it found out?"""

from __future__ import annotations

import contextlib
import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assay.kernel.errors import DataError, SettingError
from assay.kernel.labels import NOTHING
from assay.kernel.shelf import shelf
from assay.readers import _body
from assay.readers.csv import Csv


def read(tmp_path, text, name="table.csv", **options):
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Csv.read(path, **options)


def rows_of(data):
    return [list(row) for row in zip(*(column.texts() for column in data), strict=True)]


def test_says_what_it_found_out_in_both_languages(tmp_path):
    text = "销售报表\n二零二三年\n打印：张伟\n名称;价格;数量\n" + "".join(
        f"商品{k};1.{k:03d},5{k};{k}\n" for k in range(10, 30)
    )
    data = read(tmp_path, text.encode("gb18030"))
    said = ", ".join(note.text("en") for note in Csv.notes(data.source))
    assert said == "separator ';', decimal comma, encoding gb18030, header in line 4, 3 preamble lines"
    assert "小数点为逗号" in "，".join(note.text("zh") for note in Csv.notes(data.source))
    assert data["价格"].texts()[0] == "1010.510"


def test_decimal_commas_are_told_from_thousands(tmp_path):
    data = read(tmp_path, "a;b\n1,234;2\n5,678;3\n")
    assert data["a"].texts().tolist() == ["1,234", "5,678"]
    assert data.source.details["decimal"] == "."
    data = read(tmp_path, "a;b;c\n1,5;1.234;x 1\n2,25;12.345;x 2\nabc;7;x 3\n3,0;8;x 4\n-4,125;9;x 5\n6,1;10;x 6\n")
    assert data["a"].texts().tolist() == ["1.5", "2.25", "abc", "3.0", "-4.125", "6.1"]
    assert data["b"].texts()[:2].tolist() == ["1234", "12345"]
    assert data["c"].texts()[0] == "x 1"
    assert data.source.details["decimal"] == ","
    assert read(tmp_path, "a;b\n1,234;2\n5,678;3\n", decimal=",")["a"].texts()[0] == "1.234"


def test_no_thousands_begin_with_a_zero(tmp_path):
    rows = "".join(f"{1 + k}.{100 + k},5{k % 10};-0.{697 + k}\n" for k in range(20))
    data = read(tmp_path, "a;b\n" + rows)
    assert data["a"].texts()[0] == "1100.50"
    assert data["b"].texts()[:2].tolist() == ["-0.697", "-0.698"]
    mixed = read(tmp_path, "a;b\n1.234,56;0.697\n2,5;1.234\n3,5;7\n", decimal=",")
    assert mixed["b"].texts().tolist() == ["0.697", "1.234", "7"]


def test_a_column_that_only_points_make_numbers_of_has_points_throughout(tmp_path):
    cells = ["-1.697", "-1.173", "2.948", "1.865", "3.104", "1.89"]  # nearly all of which might be thousands
    data = read(tmp_path, "a;b\n" + "".join(f"1.234,5{k};{cell}\n" for k, cell in enumerate(cells)))
    assert data["b"].texts().tolist() == cells
    assert data["a"].texts()[0] == "1234.50"


def test_cells_guarded_from_workbooks_are_what_stands_in_them(tmp_path):
    text = 'kontonr,="saldo",c\n="00123","=""0.50""",="a" & "b"\n="00456","=""-1.25""",="x\n="","= ""3""",=""\n'
    data = read(tmp_path, text, quote='"')
    assert data.names == ("kontonr", "saldo", "c")
    assert data["kontonr"].texts().tolist() == ["00123", "00456", None]
    assert data["saldo"].texts().tolist() == ["0.50", "-1.25", '= "3"']
    assert data["c"].texts().tolist() == ['="a" & "b"', '="x', None]


def test_guarded_numbers_have_decimal_commas_too(tmp_path):
    rows = "".join(f'"=""1.234,{k}0""";{k}\n' for k in range(1, 10))
    assert read(tmp_path, "a;b\n" + rows)["a"].texts()[0] == "1234.10"


def test_missing_cells_are_named_and_counted(tmp_path):
    data = read(tmp_path, "a,b,c\n1,NA,None\n.,N/A,x\n3,?,\n-,y,NULL\n")
    assert data["a"].texts().tolist() == ["1", None, "3", None]
    assert data["b"].texts().tolist() == [None, None, None, "y"]
    assert data["c"].texts().tolist() == ["None", "x", None, None]
    assert data.source.details["missing_tokens"] == {"-": 1, ".": 1, "?": 1, "N/A": 1, "NA": 1, "NULL": 1}


def test_points_and_dashes_among_words_are_words(tmp_path):
    assert read(tmp_path, "a,b\n-,x\nyes,y\n.,z\n")["a"].texts().tolist() == ["-", "yes", "."]


def test_duplicate_blank_and_padded_names_are_put_right(tmp_path):
    data = read(tmp_path, ",age, age ,age_2,名字,😀\n1,2,3,4,张,x\n2,3,4,5,李,y\n")
    assert data.names == ("column_1", "age", "age_3", "age_2", "名字", "😀")
    assert data.source.details["renamed"] == {"age_3": "age"}
    assert data.source.details["unnamed"] == ["column_1"]
    assert data.source.details["names_stripped"] == 1


def test_row_names_without_a_heading_become_a_column(tmp_path):
    lines = "mpg,cyl,name\n" + "".join(f"car{k},{20 + k},{4 + k % 3},m{k}\n" for k in range(12))
    data = read(tmp_path, lines)
    assert data.names == ("column_1", "mpg", "cyl", "name")
    assert data.rows == 12


def test_separators_at_line_ends_make_no_column(tmp_path):
    data = read(tmp_path, "a,b,\n1,2,\n3,4,\n")
    assert data.names == ("a", "b")
    assert data.source.rows_repaired == 0
    data = read(tmp_path, "id,town,grade\n" + "".join(f"{k},t{k},g{k},\n" for k in range(9)))
    assert data.names == ("id", "town", "grade")
    assert rows_of(data)[0] == ["0", "t0", "g0"]


def test_one_column_is_a_table(tmp_path):
    assert rows_of(read(tmp_path, "age\n3\n4\n")) == [["3"], ["4"]]
    data = read(tmp_path, "text\n" + "".join(f"We went, all {k} of us, home\nno\n" for k in range(9)))
    assert data.names == ("text",)
    assert data.rows == 18
    assert data["text"].texts()[0] == "We went, all 0 of us, home"


def test_one_column_of_dates_or_times_is_a_table(tmp_path):
    moments = [f"2024-01-{day:02d} 10:{day:02d}:00" for day in range(1, 20)]
    assert rows_of(read(tmp_path, "\n".join(["when", *moments]) + "\n")) == [[moment] for moment in moments]
    times = [f"{hour:02d}:30" for hour in range(20)]
    assert rows_of(read(tmp_path, "\n".join(["at", *times]) + "\n")) == [[time] for time in times]
    gaps = ["when", *moments, "NA", "NA"]
    assert rows_of(read(tmp_path, "\n".join(gaps) + "\n"))[-3:] == [[moments[-1]], [None], [None]]
    american = [f"10/{day:02d}/2024 10:10:00 {'AM' if day % 2 else 'PM'}" for day in range(1, 20)]
    assert rows_of(read(tmp_path, "\n".join(["at", *american]) + "\n"))[0] == [american[0]]
    for heading, row in (("min:sec", "10:17"), ("date time", "2024-01-10 10:10")):  # two names: two columns
        data = read(tmp_path, f"{heading}\n" + f"{row}\n" * 9)
        assert len(data.names) == 2
    assert rows_of(read(tmp_path, "a:b\n" + "".join(f"{k}:{k * 7}\n" for k in range(90, 120))))[0] == ["90", "630"]


def test_one_row_is_a_table(tmp_path):
    assert rows_of(read(tmp_path, "a,b\n1,x\n")) == [["1", "x"]]
    data = read(tmp_path, "1,2.5\n")
    assert (data.names, rows_of(data)) == (("column_1", "column_2"), [["1", "2.5"]])


def test_a_mark_inside_every_cell_is_no_separator_where_the_heading_has_none(tmp_path):
    lines = [f"... < {k}00 DM,{'male : single' if k % 2 else 'female : divorced/separated'}" for k in range(1, 40)]
    data = read(tmp_path, "\n".join(["status,sex", *lines]))
    assert (data.names, data.rows) == (("status", "sex"), 39)
    assert data["sex"].texts()[0] == "male : single"
    assert read(tmp_path, "a:b\n" + "1.5:2.5\n" * 20).source.details["separator"] == ":"


def test_years_may_be_names(tmp_path):
    assert read(tmp_path, "country,1990,1991,1992\nA,1,2,3\nB,4,5,6\n").names == ("country", "1990", "1991", "1992")


def test_counted_columns_are_a_heading(tmp_path):
    data = read(tmp_path, "0,1,2,OT\n0.785,1.611,0.861,0.634\n0.781,1.61,0.8611,0.6335\n")
    assert (data.names, data.rows) == (("0", "1", "2", "OT"), 2)
    assert read(tmp_path, "1,2,3\n4,5,6\n").rows == 2


def test_words_without_heading_are_not_taken_for_one(tmp_path):
    data = read(tmp_path, "male,yes,A\nfemale,no,B\nmale,no,A\nfemale,yes,B\n")
    assert data.rows == 4
    assert "no header" in [note.text() for note in Csv.notes(data.source)]
    assert read(tmp_path, "male,yes,A\nfemale,no,B\nmale,no,A\n", header=True).rows == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty.*Expected a header and rows.*Export"),
        (" \r\n\n", "is empty"),
        ("\ufeff", "is empty"),
        ("a,b,c\n", "header of 3 columns and no rows.*Expected at least one row.*Export"),
        ("a;b;c", "header of 3 columns and no rows"),
        ("Report of June\n\na,b,c\n", "no rows"),
    ],
)
def test_nothing_to_learn_from_is_said(text, says, tmp_path):
    with pytest.raises(DataError, match=says):
        read(tmp_path, text)


def test_a_missing_file_names_its_neighbours(tmp_path):
    (tmp_path / "loans.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"no file 'loan\.csv'.*Did you mean 'loans\.csv'.*holds: loans\.csv"):
        Csv.read(tmp_path / "loan.csv")
    with pytest.raises(DataError, match=r"folder .* does not exist"):
        Csv.read(tmp_path / "nowhere" / "loans.csv")
    with pytest.raises(DataError, match="no file"):
        Csv.read("x" * 5000)
    with pytest.raises(DataError, match="is a folder"):
        Csv.read(tmp_path)
    with pytest.raises(DataError, match="web address"):
        Csv.read("https://example.org/loans.csv")


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel"),
        (b"PK\x03\x04 damaged", "a damaged zip archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x93NUMPY", "a NumPy file"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(start, what, tmp_path):
    with pytest.raises(DataError, match=rf"'table\.csv' is not what its name says: it is {what}.*Expected a table"):
        read(tmp_path, start + b"\n1,2\n")


def test_bytes_at_random_are_no_table(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    with pytest.raises(DataError, match="not a text table"):
        read(tmp_path, b"\x00\x02" + noise)


def test_huge_numbers_and_leading_zeros_keep_their_spelling(tmp_path):
    cells = ["007", "12345678901234567890", "1e400", "inf", "+5", "10" * 60]
    data = read(tmp_path, "zip,x\n" + "".join(f"{cell},w\n" for cell in cells))
    assert data["zip"].texts().tolist() == cells


@pytest.mark.parametrize("spoil", ["007", "12345678901234567890", "1e400", "inf", "+5", "abc"])
@pytest.mark.parametrize("rows", [3000, 30_000])
def test_many_plain_numbers_are_kept_as_numbers_and_others_as_words(spoil, rows, tmp_path):
    plain = [f"{k}.5" for k in range(rows)]
    data = read(tmp_path, "a,b\n" + "".join(f"{x},NA\n" for x in [*plain, "", "NA", "nan"]))
    assert data["a"].store == "numbers"
    assert np.isnan(data["a"].cells).sum() == 3
    assert data["a"].cells[:2].tolist() == [0.5, 1.5]
    assert data.source.details["missing_tokens"] == {"NA": rows + 4, "nan": 1}
    spoiled = read(tmp_path, "a,b\n" + "".join(f"{x},1\n" for x in [*plain, spoil]))
    assert spoiled["a"].store == "words"
    assert spoiled["a"].texts()[-1] == spoil


def test_both_ways_through_the_door_give_the_same(tmp_path, monkeypatch):
    text = "a,b,c\n" + "".join(
        f'{k}, w{k % 7} ,"x, {k % 5}"\n' + ("1,2\n" if k % 500 == 9 else "") for k in range(4000)
    )
    fast = read(tmp_path, text)
    monkeypatch.setattr(_body, "_arrow_knows", lambda dialect: False)
    slow = read(tmp_path, text)
    assert fast.sha256 == slow.sha256
    assert fast.source == slow.source
    assert fast.source.rows_repaired == 8


def test_a_quote_left_open_deep_inside_swallows_nothing(tmp_path):
    lines = [f'{k},"word {k % 9}",{k}' for k in range(20_000)]
    lines[15_000] = '15000,"word,15000'
    data = read(tmp_path, "\n".join(["a,b,c", *lines]))
    assert data.rows == 20_000
    assert data.source.rows_repaired == 1
    assert rows_of(data.take(np.array([15_000])))[0][1:] == ["word", "15000"]


def test_levels_stand_in_order_of_first_appearance(tmp_path):
    data = read(tmp_path, "a,b\n1,pear\n2,fig\n3,NA\n4, pear\n")
    assert data["b"].levels.tolist() == ["pear", "fig"]
    assert data["b"].cells.tolist() == [0, 1, -1, 0]


def test_a_second_table_below_is_said_and_counted(tmp_path):
    first = "id,amount,town,grade\n" + "".join(f"{k},{k}.5,t{k},g\n" for k in range(20))
    data = read(tmp_path, first + "\nbranch,staff\nNorth,4\nSouth,6\n")
    assert (data.rows, data.source.rows_read, data.source.rows_refused) == (20, 23, 3)
    assert "3 rows of another table below not read" in [note.text() for note in Csv.notes(data.source)]


@pytest.mark.parametrize("seed", range(40))
def test_bruised_bytes_give_a_table_or_a_data_error(seed, tmp_path):
    rng = np.random.default_rng(seed)
    text = "id,town,paid\n" + "".join(f'{k},"town, {k % 7}",{k / 4}\n' for k in range(60))
    marks = [b'"', b"'", b";", b"\n", b"\r", b"\0", b"\\", b"\xff", b"\xe4\xb8", b",,,", b"\x1f", b"#", b"\t"]
    for _ in range(10):
        raw = bytearray(text.encode())
        for _ in range(int(rng.integers(1, 40))):
            place = int(rng.integers(len(raw)))
            raw[place : place + int(rng.integers(2))] = marks[rng.integers(len(marks))]
        with contextlib.suppress(DataError):
            assert read(tmp_path, bytes(raw)).rows > 0


@pytest.mark.parametrize("place", range(1, 60, 4))
@pytest.mark.parametrize("mark", ['"', ",", ";", "'", "\\", ""])
def test_no_row_is_lost_beside_a_bruised_one(place, mark, tmp_path):
    rows = [[str(k), f"town, {k % 7}", f"{k / 4}", "ab"[k % 2]] for k in range(60)]
    lines = [f'{a},"{b}",{c},{d}' for a, b, c, d in rows]
    cut = (place * 7) % len(lines[place])
    lines[place] = lines[place][:cut] + mark + lines[place][cut + (mark == "") :]
    data = read(tmp_path, "\n".join(["id,town,paid,side", *lines]) + "\n")
    assert data.rows == 60
    got = rows_of(data)
    assert [row for k, row in enumerate(got) if k != place] == [row for k, row in enumerate(rows) if k != place]


def test_only_the_file_name_is_kept(tmp_path):
    data = read(tmp_path, "a,b\n1,2\n")
    assert data.source.name == "table.csv"
    assert str(tmp_path) not in str(data.source)


def test_options_overrule_what_would_be_found(tmp_path):
    assert read(tmp_path, "a;b,c\n1;2,3\n4;5,6\n", separator=",").names == ("a;b", "c")
    with pytest.raises(SettingError, match="longer than one"):
        read(tmp_path, "a,b\n1,2\n", quote="''")


def test_the_door_stands_on_its_shelf_and_comes_last():
    doors = shelf("readers").ready()
    assert doors[-1].about.key == "csv"
    for door in doors:
        assert door.about.words["en"].keys() == door.about.words["zh"].keys()


CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff\x85"), max_size=12
) | st.sampled_from(["", "1", "2.5", "-7", "2021-03-04", "a\nb", 'say "no"', "x,y;z|w"])
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=3, max_size=12)
)


def expected(cell):
    cell = cell.strip()
    return None if cell in NOTHING else cell


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(rows=[["", ""], ["", "\\"], ["", "\\0"]], separator=",", everything=True)
@given(rows=TABLES, separator=st.sampled_from(",;\t|"), everything=st.booleans())
def test_what_a_csv_writer_wrote_comes_back_cell_for_cell(rows, separator, everything):
    names = [f"name {k}" for k in range(len(rows[0]))]
    body = [["id", *names], *[[str(k), *row] for k, row in enumerate(rows)]]
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=separator, quoting=quoting, lineterminator="\n").writerows(body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(text.getvalue().encode())
        data = Csv.read(path, separator=separator, quote='"', header=True, decimal=".")
    wanted = [[expected(cell) for cell in row] for row in body[1:]]
    for j, column in enumerate(data):
        got = column.texts().tolist()
        rest = [row[j] for row in wanted]
        # A point or dash alone is missing where everything else is a number.
        assert [g for g, w in zip(got, rest, strict=True) if w not in (".", "-")] == [
            w for w in rest if w not in (".", "-")
        ]
    assert data.rows == len(rows)


def test_one_column_of_quoted_texts_over_several_lines_is_one_row_a_text(tmp_path):
    texts = [f'Dear all,\n\nthe train was late, again ({i}).\nIt said "soon"; it was not.' for i in range(30)]
    path = tmp_path / "letters.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["letter"], *([text] for text in texts)])
    found = Csv.read(path)
    assert found.names == ("letter",)
    assert found["letter"].texts().tolist() == texts


def posts(n, lines):
    """Texts of many lines with every mark that could pass for a separator, as letters and posts have them."""
    rng = np.random.default_rng(0)
    marks = [", ", "; ", "\t", " | ", ": ", ' "so" ', "\n\n> ", "\n"]
    words = ["train", "late", "again", "line 5", "3.50", "a,b", "2024-01-02"]
    drawn = [zip(rng.choice(words, lines), rng.choice(marks, lines), strict=True) for _ in range(n)]
    return ["From: me\n" + "".join(word + mark for word, mark in pairs) + "end" for pairs in drawn]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("lines", [20, 4_000])
def test_texts_of_many_lines_beside_other_cells_come_back_letter_for_letter(lines, separator, tmp_path):
    rows = [["text", "n", "label"]] + [[text, str(i), "ab"[i % 2]] for i, text in enumerate(posts(40, lines))]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, delimiter=separator).writerows(rows)
    found = Csv.read(tmp_path / "t.csv")
    assert found.names == ("text", "n", "label")
    assert found["text"].texts().tolist() == [row[0] for row in rows[1:]]
    assert found.source.rows_repaired == 0


@pytest.mark.parametrize("heading", ["text", "what was said"])
def test_one_column_of_long_texts_is_one_column(heading, tmp_path):
    texts = posts(40, 4_000)
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([[heading], *([text] for text in texts)])
    found = Csv.read(tmp_path / "t.csv")
    assert found.names == (heading,)
    assert found[heading].texts().tolist() == texts


def test_a_text_longer_than_all_that_is_judged_is_one_cell(tmp_path):
    long = posts(1, 200_000)[0]
    assert long.count("\n") > 20_000
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["text", "label"], [long, "a"], ["short", "b"], [long, "a"]])
    found = Csv.read(tmp_path / "t.csv")
    assert found["text"].texts().tolist() == [long, "short", long]


def test_notes_below_texts_of_many_lines_are_told(tmp_path):
    rows = [["text", "n", "label"]] + [[text, str(i), "ab"[i % 2]] for i, text in enumerate(posts(40, 4_000))]
    with (tmp_path / "t.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
        handle.write("\r\nSource: the office of letters\r\n")
    found = Csv.read(tmp_path / "t.csv")
    assert found.rows == 40
    assert found.source.examples == ("Source: the office of letters",)


@pytest.mark.parametrize("empty", [0, 3, 9])
def test_lists_in_quotes_are_cells_however_regular_their_commas(empty, tmp_path):
    """One box in every picture: six columns by the commas, two by the quotes."""
    rows = [[f"p{i}.png", "[]" if empty and i % empty == 0 else f'[["square",{i},2,3,4.5]]'] for i in range(60)]
    text = io.StringIO()
    csv.writer(text).writerows([["picture", "boxes"], *rows])
    data = read(tmp_path, text.getvalue())
    assert [column.name for column in data] == ["picture", "boxes"]
    assert rows_of(data) == rows
