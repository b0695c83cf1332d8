"""Is a written file one that a spreadsheet shows, and does not reckon with?"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

import assay
from assay.answers.cells import plain_cell
from assay.answers.written import Written


class Told(Written):
    """Columns as they are."""

    def __init__(self, **columns: list[object]) -> None:
        self.told = columns

    def __len__(self) -> int:
        return len(next(iter(self.told.values())))

    def columns(self, lang: str = "en") -> dict[str, list[object]]:
        return self.told


@pytest.mark.parametrize(
    "text", ["=1+1", "+1-2", "-cmd|'/C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "-"]
)
def test_what_a_spreadsheet_would_reckon_with_gets_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["-3", "+4.5", "-1e-7", "-.5", "-1|1", "a=b", "", "北京", "[-1, 2]"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert plain_cell(text) == text


@pytest.mark.parametrize("text", ["-1|=1", "-1|1|", "-1|cmd!A1", "-٣", "-1\n"])
def test_what_only_begins_like_a_number_is_no_number(text: str) -> None:
    assert plain_cell(text) == "'" + text


def test_names_ids_labels_and_notes_are_quoted_and_numbers_are_not(tmp_path: Path) -> None:
    told = Told(**{"=id": ["=1+1", "-7"], "answer": ["@no", "yes"], "p": [-0.25, 1e-12], "notes": ["", "-town 'x'"]})
    with told.save(tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["'=id", "answer", "p", "notes"],
        ["'=1+1", "'@no", "-0.25", ""],
        ["-7", "yes", "1e-12", "'-town 'x'"],
    ]


def test_a_file_of_more_than_ascii_bears_the_mark_that_excel_needs(tmp_path: Path) -> None:
    Told(id=["1"], town=["北京"]).save(tmp_path / "zh.csv")
    Told(id=["1"], town=["Bern"]).save(tmp_path / "en.csv")
    assert (tmp_path / "zh.csv").read_bytes() == b"\xef\xbb\xbf" + "id,town\r\n1,北京\r\n".encode()
    assert (tmp_path / "en.csv").read_bytes() == b"id,town\r\n1,Bern\r\n"
    back = assay.read(tmp_path / "zh.csv")
    assert back.names == ("id", "town")
    assert list(back["town"].texts()) == ["北京"]


def test_a_stream_and_json_lines_bear_no_mark(tmp_path: Path) -> None:
    told, stream = Told(town=["北京"]), io.StringIO()
    told.write(stream)
    told.save(tmp_path / "zh.jsonl")
    assert stream.getvalue() == "town\r\n北京\r\n"
    assert (tmp_path / "zh.jsonl").read_bytes() == '{"town": "北京"}\n'.encode()
