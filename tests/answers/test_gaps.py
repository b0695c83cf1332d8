"""Is it told, however rows come, that a cell is missing which never was in training, and that nothing is known of a row?"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay import streaming
from assay.answers.answers import Answers
from assay.answers.gaps import counted, gaps, never_missing
from assay.answers.part import Part
from assay.cli.main import main
from assay.kernel import stored
from assay.model import Model
from assay.readers import _stored
from assay.streaming import answer_file

N = 240
NOTHING = "no column that the model reads has a value: the answer is that of a row with nothing known"


def table() -> dict[str, list[Any]]:
    """`size` and `town` are never missing, `age` is in every ninth row."""
    rng = np.random.default_rng(5)
    size, town = rng.normal(size=N).round(3), rng.choice(["Basel", "Chur"], size=N)
    age = [None if row % 9 == 0 else float(years) for row, years in enumerate(rng.integers(20, 80, size=N))]
    answer = np.where(size + (town == "Chur") + rng.normal(size=N) / 2 > 0.5, "yes", "no").tolist()
    return {"size": size.tolist(), "town": town.tolist(), "age": age, "answer": answer}


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(table(), "answer", learners=("linear",), trials=1, folds=3, checks=())


def never(name: str) -> str:
    return f"{name} is missing; in the {N} rows of training it never was"


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"size": 0.1, "town": "Chur", "age": 40.0}, []),
    ({"size": 0.1, "town": "Chur", "age": None}, []),
    ({"size": None, "town": "Chur", "age": 40.0}, [never("size")]),
    ({"size": math.nan, "town": "", "age": 40.0}, [never("size"), never("town")]),
    ({"size": "much", "town": None, "age": 40.0}, ["size 'much' does not read as number", never("town")]),
    ({"size": None, "town": None, "age": None}, [NOTHING]),
    ({"size": "", "town": "", "age": math.nan}, [NOTHING]),
    ({"size": "much", "town": None, "age": None}, ["size 'much' does not read as number", NOTHING]),
]


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize(("row", "expected"), CASES)
def test_a_row_alone_and_one_of_a_table_are_told_alike(
    row: dict[str, Any], expected: list[str], folds: int, model: Model
) -> None:
    model = model if folds == 3 else replace(model, ensemble=model.ensemble.only(0))
    alone, whole = model.predict(row), model.predict([row]).row(0)
    assert alone == whole
    told = [note.text() for note in alone.notes if note.key not in ("other_set", "empty_set")]
    assert told == expected
    assert alone.out_of_range is False


def test_rows_are_counted(model: Model) -> None:
    rows = [row for row, _ in CASES]
    answers = model.predict({name: [row[name] for row in rows] for name in rows[0]})
    assert isinstance(answers, Answers)
    found = gaps(answers.notes)
    assert found == {"": 3, "=size": 2, "=town": 2}
    assert [say.text() for say in counted(found)] == [
        "3 rows have no value in any column that the model reads: the answer is that of a row with nothing known.",
        "'size' is missing in 2 rows; it was never missing in training.",
        "'town' is missing in 2 rows; it was never missing in training.",
    ]
    assert [say.text("zh") for say in counted({"=a": 1})] == ["“a”在 1 行中缺失，而在训练中从未缺失。"]


def test_many_columns_are_told_in_few_sentences() -> None:
    said = [say.text() for say in counted({f"=c{place}": place for place in range(1, 10)})]
    assert said[0].startswith("'c9' is missing in 9 rows")
    assert said[5:] == ["So it is with 4 more columns."]


def test_a_streamed_file_counts_them_all_and_a_killed_run_goes_on_counting(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (streaming, stored, _stored):
        monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr(streaming, "AT_ONCE", 1.0)
    lines = ["size,town,age", *(",,", "1,,30", "1,Chur,") * 100]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    add = Part.add

    def stopped(self: Part, *block: Any) -> None:
        add(self, *block)
        if self.kept.blocks == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Part, "add", stopped)
    with pytest.raises(KeyboardInterrupt):
        answer_file(model, tmp_path / "rows.csv", tmp_path / "out.csv")
    monkeypatch.setattr(Part, "add", add)
    found = answer_file(model, tmp_path / "rows.csv", tmp_path / "out.csv", resume=True)
    assert (found.rows, dict(found.gaps)) == (300, {"": 100, "=town": 100})
    assert (tmp_path / "out.csv").read_text().count(NOTHING) == 100


@pytest.mark.parametrize("output", [True, False])
def test_the_command_line_tells_them(
    output: bool, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.save(tmp_path / "m.assay")
    (tmp_path / "rows.csv").write_text("size,town,age\n,,\n1,,30\n1,Chur,\n")
    more = ["-o", str(tmp_path / "out.csv")] if output else []
    assert main(["predict", str(tmp_path / "m.assay"), str(tmp_path / "rows.csv"), *more]) == 0
    said = capsys.readouterr().err
    assert "1 row has no value in any column that the model reads" in said
    assert "'town' is missing in 1 row; it was never missing in training." in said
    assert "'age'" not in said


def test_a_private_plan_counts_no_cells_and_says_nothing_of_them(model: Model) -> None:
    assert set(never_missing(model.plan)) == {"size", "town", "answer"}
    assert never_missing(replace(model.plan, privacy={"epsilon": 1.0})) == {}
    drawn = replace(model.plan, data={**model.plan.data, "rows_drawn": 77})
    assert never_missing(drawn)["size"].values["rows"] == 77
