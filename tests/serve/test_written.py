"""Do answers to a table come back behind the columns that were sent, and nothing of ours beside them?"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest

from assay.serve import batches

from .test_files_in_rows import client as lights
from .test_files_in_rows import folder, picture
from .worlds import ROW, Client, Got, client, loans, table


def send(asked: Client, rows: Mapping[str, list[Any]], query: str = "?columns=input") -> Got:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(rows), *zip(*rows.values(), strict=True)])
    head = {"content-type": "text/csv", "accept": "text/csv"}
    return asked.ask("POST", f"/predict{query}", out.getvalue().encode(), headers=head)


def read(got: Got) -> list[dict[str, str]]:
    assert got.status == 200, got.body
    return list(csv.DictReader(io.StringIO(got.body.decode())))


def test_answers_stand_behind_the_columns_that_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {**table(100, seed=5), "repaid": ["yes"] * 50 + ["no"] * 50}
    plain = read(send(client(), rows, ""))
    for block in (16_384, 7):  # at once, and in blocks
        monkeypatch.setattr(batches, "QUICK", block)
        got = send(client(), rows)
        found = read(got)
        assert list(found[0]) == [*rows, *plain[0]]
        assert got.headers[b"x-assay-own-columns"] == b"6"
        assert [{name: row[name] for name in plain[0]} for row in found] == plain
        for name, cells in rows.items():
            assert [row[name] for row in found] == [str(cell) for cell in cells]
    assert [row["answer"] for row in plain] == loans().predict(rows).answer.tolist()


def test_a_cell_that_a_spreadsheet_would_reckon_with_gets_an_apostrophe() -> None:
    rows = {**{name: [cell, cell] for name, cell in ROW.items()}, "purpose": ["=HYPERLINK(1)", "house"]}
    assert [row["purpose"] for row in read(send(client(), rows))] == ["'=HYPERLINK(1)", "house"]


def test_an_own_column_keeps_its_name_where_answers_have_one_like_it() -> None:
    rows = {**{name: [cell] for name, cell in ROW.items()}, "repaid": ["no"]}
    asked = client()
    (found,) = read(send(asked, rows))
    assert found["repaid"] == "no"
    assert found["answer"] == loans().predict(ROW).answer


def test_other_columns_are_not_asked_for() -> None:
    for lang in ("en", "zh"):
        got = send(client(), {name: [cell] for name, cell in ROW.items()}, f"?columns=all&lang={lang}")
        assert got.status == 422
        assert "input" in got.json["error"]["expected"]


def test_no_path_of_ours_and_no_picture_comes_back() -> None:
    cell = "data:image/png;base64," + base64.b64encode(picture(True, 77)).decode()
    asked = lights(str(folder() / "pictures"))
    got = send(asked, {"picture": [cell, "night/3.png"]})
    assert [(row["picture"], row["answer"]) for row in read(got)] == [("", "day"), ("night/3.png", "night")]
    assert b"/assay-" not in got.body
    assert str(folder()).encode() not in got.body
