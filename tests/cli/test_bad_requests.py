"""Does whatever is wrong with a file or a request end in three parts and exit code 2, or in a counted note?"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.cli.main import main

QUICK = ["--minutes", "0.05", "--learner", "linear"]
N = 120
RNG = np.random.default_rng(11)
X = RNG.normal(size=N).round(3)
Y = np.where(X + RNG.normal(size=N) * 0.5 > 0, "yes", "no")
Captured = pytest.CaptureFixture[str]


def write(name: str, header: str, lines: list[str]) -> str:
    Path(name).write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return name


def table(name: str, odd: list[str]) -> str:
    """x, y, and a column of odd cells that come again and again."""
    return write(name, "x,odd,y", [f"{x},{odd[i % len(odd)]},{y}" for i, (x, y) in enumerate(zip(X, Y, strict=True))])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with t.csv, and m.assay that was trained from it."""
    found = tmp_path_factory.mktemp("bad")
    before = Path.cwd()
    os.chdir(found)
    try:
        table("t.csv", ["a", "b", "c"])
        write("new.csv", "x,odd", ["1,a", "2,b"])
        (found / "folder").mkdir()
        assert main(["train", "t.csv", "--target", "y", *QUICK, "-o", "m.assay"]) == 0
    finally:
        os.chdir(before)
    return found


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


PLAN = ["plan", "t.csv", "--target", "y"]
TRAIN = ["train", "t.csv", "--target", "y", *QUICK]
REFUSED: dict[str, tuple[list[str], str, str]] = {  # request, what was seen, what to do
    "folder": (["plan", "folder", "--target", "y"], "'folder' is a folder", "Put the texts there"),
    "device": (["plan", "/dev/null", "--target", "y"], "'/dev/null' is a device", "Write its content to a file"),
    "model as data": (["plan", "m.assay", "--target", "y"], "it is a zip archive", "export it as CSV"),
    "no target name": (["plan", "t.csv", "--target", ""], "no target is named", "--target COLUMN"),
    "target as group": ([*PLAN, "--group", "y"], "both the target and the group", "Change it"),
    "target as time": ([*PLAN, "--time", "y"], "both the target and the time", "Change it"),
    "words as time": ([*PLAN, "--time", "odd"], "'odd' cannot be the time", "--kind odd=date"),
    "words as weight": ([*PLAN, "--weight", "odd"], "'odd' cannot be the weight", "--kind odd=number"),
    "no such learner": ([*PLAN, "--learner", "bosting"], "no learner 'bosting'", "Did you mean 'boosting'?"),
    "no such kind": ([*PLAN, "--kind", "odd=categry"], "no kind 'categry'", "Did you mean 'category'?"),
    "no such group": ([*PLAN, "--group", "od"], "no column 'od'", "Did you mean 'odd'?"),
    "minutes that are no number": ([*PLAN, "--minutes", "nan"], "minutes is nan", "above 0"),
    "sheet of a csv": ([*PLAN, "--sheet", "June"], "no option sheet", "Leave it out"),
    "query to a csv": ([*PLAN, "--query", "select 1"], "no option query", "Leave it out"),
    "model over a folder": ([*TRAIN, "-o", "folder"], "folder is a folder", "with -o"),
    "model over its data": ([*TRAIN, "-o", "t.csv"], "t.csv is what is read", "another file with -o"),
    "model as a report": ([*TRAIN, "-o", "m.html"], "m.html is the name of a report", "m.assay"),
    "test that is not there": ([*TRAIN, "--test", "nw.csv"], "no file 'nw.csv'", "Did you mean 'new.csv'?"),
    "test without answers": ([*TRAIN, "--test", "new.csv"], "new.csv has no target 'y'", "x, odd"),
    "answers over the data": (["predict", "m.assay", "new.csv", "-o", "new.csv"], "what is read", "another file"),
    "answers over the model": (["predict", "m.assay", "new.csv", "-o", "m.assay"], "what is read", "another file"),
    "answers over a folder": (["predict", "m.assay", "new.csv", "-o", "folder"], "is a folder", "with -o"),
    "data as a model": (["predict", "t.csv", "new.csv"], "t.csv: This is no .assay file", "Name a .assay file"),
    "row nought": (["explain", "m.assay", "new.csv", "--row", "0"], "no row 0", "rows 1 to 2"),
    "row beyond": (["explain", "m.assay", "new.csv", "--row", "3"], "no row 3", "rows 1 to 2"),
    "no such class": (["explain", "m.assay", "new.csv", "--class", "yess"], "no class 'yess'", "Did you mean 'yes'?"),
    "audit without answers": (["audit", "m.assay", "new.csv"], "has no target 'y'", "x, odd"),
    "export of another kind": (["export", "m.assay", "m.pmml"], "m.pmml is not the name of an ONNX file", "m.onnx"),
    "report of another kind": (["report", "m.assay", "-o", "m.pdf"], "'m.pdf'", ".html"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_met_says_what_was_seen_and_what_to_do(what: str, capsys: Captured) -> None:
    arguments, seen, do = REFUSED[what]
    before = {p.name: p.read_bytes() for p in Path().iterdir() if p.is_file()}
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert seen in err.splitlines()[0] or seen in err.splitlines()[1]
    assert do in err
    assert "Traceback" not in err
    assert {p.name: p.read_bytes() for p in Path().iterdir() if p.is_file()} == before


@pytest.mark.parametrize("arguments", [["plan", "secret.csv", "--target", "y"], ["predict", "m.assay", "secret.csv"]])
def test_a_file_that_may_not_be_read_is_told(
    arguments: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    table("secret.csv", ["a", "b"])
    opened = Path.open

    def refusing(path: Path, *more: Any, **named: Any) -> Any:  # the superuser may read everything
        if path.name == "secret.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *more, **named)

    monkeypatch.setattr(Path, "open", refusing)
    assert main(arguments) == 2
    said = capsys.readouterr().err.splitlines()
    assert "'secret.csv' cannot be read" in said[0]
    assert "Permission denied" in said[0]
    assert "that you may read" in said[1]


# ------------------------------------------------------------------------------------------ read as what it really is


def workbook(name: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [("x", "odd", "y"), *zip(X.tolist(), "ab" * (N // 2), Y.tolist(), strict=True)]:
        book.active.append(row)
    book.save("b.xlsx")
    Path("b.xlsx").rename(name)


def zipped(name: str) -> None:
    Path(name).write_bytes(gzip.compress(Path("t.csv").read_bytes()))


@pytest.mark.parametrize(("make", "reader"), [(workbook, "excel"), (zipped, "csv")])
def test_a_table_under_a_false_name_is_read_as_what_it_is(
    make: Callable[[str], None], reader: str, capsys: Captured
) -> None:
    make("false.csv")
    assert main(["plan", "false.csv", "--target", "y", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert (data["reader"], data["rows"]) == (reader, N)


def test_a_header_can_be_said_to_be_there_or_not(capsys: Captured) -> None:
    lines = [f"{x},{y}" for x, y in zip(X, Y, strict=True)]
    write("bare.csv", lines[0], lines[1:])
    for option, target, rows in (([], "column_2", N), (["--no-header"], "column_2", N), (["--header"], Y[0], N - 1)):
        assert main(["plan", "bare.csv", "--target", str(target), "--json", *option]) == 0
        assert json.loads(capsys.readouterr().out)["data"]["rows"] == rows


# -------------------------------------------------------------------------------------------------- counted and noted


def planned(name: str, capsys: Captured, *more: str) -> dict[str, Any]:
    assert main(["plan", name, "--target", "y", "--json", *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def column(plan: dict[str, Any], name: str = "odd") -> dict[str, Any]:
    return next(c for c in plan["columns"] if c["name"] == name)


def test_a_column_without_a_cell_is_left_out_with_the_reason(capsys: Captured) -> None:
    plan = planned(table("none.csv", [""]), capsys)
    assert column(plan)["role"] == "dropped"
    assert [say["values"]["name"] for say in plan["left_out"] if say["key"] == "left.column"] == ["odd"]


def test_a_column_of_which_no_cell_is_of_the_kind_asked_for_says_that_and_not_that_it_is_empty(
    capsys: Captured,
) -> None:
    plan = planned("t.csv", capsys, "--kind", "odd=date")
    assert column(plan)["role"] == "dropped"
    assert column(plan)["why"]["key"] == "why.all_misfit"


def test_bruised_rows_are_counted(capsys: Captured) -> None:
    lines = [f"{x},{i % 5},{y}" for i, (x, y) in enumerate(zip(X, Y, strict=True))]
    for i in (10, 20, 30):
        lines[i] += ",,"
    for i in (15, 25):
        lines[i] = lines[i].rpartition(",")[0]
    plan = planned(write("ragged.csv", "x,odd,y", lines), capsys)
    assert (plan["data"]["rows"], plan["data"]["rows_repaired"], plan["data"]["rows_used"]) == (N, 5, N - 2)
    assert [say["values"]["n"] for say in plan["left_out"] if say["key"] == "left.target_missing"] == [2]


def test_columns_of_one_name_are_told_apart(capsys: Captured) -> None:
    plan = planned(write("twice.csv", "x,x,y", [f"{x},{i % 7},{Y[i]}" for i, x in enumerate(X)]), capsys)
    assert [c["name"] for c in plan["columns"]] == ["x", "x_2", "y"]
    assert list(plan["data"]["details"]["renamed"]) == ["x_2"]


@pytest.mark.parametrize("cell", ["inf", "-inf", "Infinity"])
def test_infinities_are_counted_as_missing(cell: str, capsys: Captured) -> None:
    cells = [str(v) for v in RNG.normal(size=39).round(3)]
    plan = planned(table("inf.csv", [*cells, cell]), capsys)
    assert column(plan)["kind"] == "number"
    assert column(plan)["missing"] == N // 40
    told = column(plan)["misfits"] + sum((plan["data"]["details"].get("missing_tokens") or {}).values())
    assert told == N // 40


def test_rows_without_a_time_are_left_out_where_rows_are_ordered_by_it(capsys: Captured) -> None:
    days = ["" if i % 10 == 0 else str(np.datetime64("2024-01-01") + i) for i in range(N)]
    plan = planned(table("days.csv", days), capsys, "--time", "odd")
    assert [say["values"]["n"] for say in plan["left_out"] if say["key"] == "left.time_missing"] == [N // 10]
    assert plan["data"]["rows_used"] == N - N // 10


@pytest.mark.parametrize("cell", ["1e300", "1" + "0" * 200])
def test_a_target_too_large_to_be_squared_is_refused_and_a_column_is_not(cell: str, capsys: Captured) -> None:
    table("huge.csv", [cell, *(str(v) for v in RNG.normal(size=29).round(3))])
    assert main(["plan", "huge.csv", "--target", "odd"]) == 2
    assert "values as large as" in capsys.readouterr().err
    assert column(planned("huge.csv", capsys))["role"] == "feature"


# --------------------------------------------------------------------------------------------------- new rows, answers


def answered(name: str) -> list[dict[str, str]]:
    assert main(["predict", "m.assay", name, "-o", "answers.csv"]) == 0
    with Path("answers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_cells_of_another_type_are_answered_with_a_note_on_every_row(capsys: Captured) -> None:
    rows = answered(write("other.csv", "odd,more,x", ["2024-01-01,?,abc", "17.5,?,q", "a,?,0.5"]))
    assert ["x 'abc'" in rows[0]["notes"], "2024-01-01" in rows[0]["notes"], "17.5" in rows[1]["notes"]] == [True] * 3
    assert rows[2]["notes"] == ""
    assert "2 rows have notes" in capsys.readouterr().err
    assert {row["answer"] for row in rows} <= {"yes", "no"}


def test_no_rows_are_refused_and_one_row_is_answered(capsys: Captured) -> None:
    assert main(["predict", "m.assay", write("none.csv", "x,odd", []), "-o", "answers.csv"]) == 2
    assert "no rows" in capsys.readouterr().err
    assert len(answered(write("one.csv", "x,odd", ["0.5,a"]))) == 1


def test_a_test_file_is_read_as_the_data_are(capsys: Captured) -> None:
    """Without a header here, and therefore there."""
    lines = [f"{o},{y}" for o, y in zip(np.where(Y == "yes", "u", "v"), Y, strict=True)]
    write("words.csv", lines[0], lines[1:])
    write("more.csv", lines[2], lines[3:60])
    said = ["train", "words.csv", "--target", "column_2", *QUICK, "--no-header", "--test", "more.csv"]
    assert main([*said, "-o", "words.assay"]) == 0
    tested = {f.check: f for f in assay.load("words.assay").tested}
    assert tested["quality"].measures[0].n == 58


@pytest.mark.slow
def test_fifty_thousand_names_in_a_column_are_borne(capsys: Captured) -> None:
    n, names = 60_000, 50_000
    x = RNG.normal(size=n).round(3)
    y = np.where(x + RNG.normal(size=n) > 0, "yes", "no")
    write("many.csv", "user,x,y", [f"u{i % names},{a},{b}" for i, (a, b) in enumerate(zip(x, y, strict=True))])
    plan = planned("many.csv", capsys)
    assert column(plan, "user")["distinct"] == names
    assert main(["train", "many.csv", "--target", "y", "--minutes", "0.2", "-o", "many.assay"]) == 0
    answers = assay.load("many.assay").predict(write("users.csv", "user,x", ["u7,0.5", "nobody,0.5"]))
    assert answers.probabilities is not None
    assert np.isfinite(answers.probabilities).all()
    assert [[note.key for note in notes] for notes in answers.notes] == [[], ["unseen"]]
