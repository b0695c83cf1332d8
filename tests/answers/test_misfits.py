"""Is it told that cells of new rows are written in another way than those that were learnt?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.answers.gaps import counted, gaps
from assay.cli.main import main
from assay.kernel.plugins import modality_of
from assay.model import Model

N = 200
MONTH_FIRST = "day '02/13/2023' does not read as date in the order that was learnt (with the month first it would)"


def days() -> list[str]:
    rng = np.random.default_rng(0)
    return [*(str(np.datetime64("2022-01-01") + k) for k in rng.integers(0, 700, N - 1)), "13/02/2022"]


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(1)
    table: dict[str, list[Any]] = {"day": days(), "x": rng.normal(size=N).tolist()}
    table["y"] = [f"{int(v > 0)}" for v in table["x"]]
    return assay.train(table, "y", learners=("linear",), trials=1, folds=3, checks=())


@pytest.mark.parametrize("folds", [1, 3])
@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2023-02-13", []),
        ("13/02/2023", []),
        ("01/04/2023", []),
        ("02/13/2023", [MONTH_FIRST]),
        (
            "99/12/31",
            ["day '99/12/31' does not read as date in the order that was learnt (with the year first it would)"],
        ),
        ("soon", ["day 'soon' does not read as date"]),
    ],
)
def test_a_date_in_another_order_is_told_alone_and_among_others(
    cell: str, told: list[str], folds: int, model: Model
) -> None:
    model = model if folds == 3 else replace(model, ensemble=model.ensemble.only(0))
    row = {"day": cell, "x": 0.5}
    alone = model.predict(row)
    assert alone == model.predict([row]).row(0) == model.predict([row, {"day": "03/25/2023", "x": 0.5}]).row(0)
    assert [note.text() for note in alone.notes if note.key == "misfit"] == told
    assert all(note.text("zh") for note in alone.notes)


def test_a_file_with_the_month_first_is_not_answered_in_silence(
    model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, rows = tmp_path / "new.csv", ["02/13/2023", "01/04/2023", "06/29/2023", "2023-01-02", "soon"]
    path.write_text("day,x\n" + "".join(f"{day},0.5\n" for day in rows), encoding="utf-8")
    model.save(tmp_path / "m.assay")
    said = (
        "'day' has 2 dates that read with the month first, and not in the order that was learnt: dates of other rows that both "
        "orders read may have been taken for other days. Write them as 2024-01-31."
    )
    assert [say.text() for say in counted(gaps(model.predict(path).notes))] == [said]
    for output in ([], ["-o", str(tmp_path / "out.csv")], ["--json"]):
        assert main(["predict", str(tmp_path / "m.assay"), str(path), *output]) == 0
        assert said in capsys.readouterr().err
    assert main(["predict", str(tmp_path / "m.assay"), str(path), "--lang", "zh"]) == 0
    assert "2 个日期只有月在前才能读取" in capsys.readouterr().err


def test_which_other_order_reads_a_cell() -> None:
    for kind, text, key in [
        ("date", "02/13/2023", "other_order.mdy"),
        ("date:zone:UTC", "02/13/2023 10:00Z", "other_order.mdy"),
        ("date:mdy", "13/02/2023", "other_order.dmy"),
        ("date:ymd", "13/02/2023", "other_order.dmy"),
        ("date:dmy", "02/13/23", "other_order.mdy"),
        ("date:plain", "02/03/2023", "other_order.open"),
        ("date:plain:zone:UTC", "02/03/2023 10:00Z", "other_order.open"),
        ("date:plain", "2023-02-30", ""),
        ("date:clock", "02/13/2023", ""),
        ("date", "13/13/2023", ""),
        ("date", "2023-02-30", ""),
    ]:
        modality = modality_of(kind)
        assert modality.open_cell(text) is None
        assert modality.misfit(text) == key


@pytest.mark.parametrize(
    ("day", "as_text"),
    [
        (dt.date(2023, 2, 13), "2023-02-13"),
        (dt.datetime(2023, 2, 13, 8, 30), "2023-02-13T08:30:00"),
        (np.datetime64("2023-02-13"), "2023-02-13"),
    ],
)
def test_a_date_among_numbers_is_none_as_its_text_is_none(day: Any, as_text: str, model: Model) -> None:
    row, written = {"day": "2022-05-01", "x": day}, {"day": "2022-05-01", "x": as_text}
    alone = model.predict(row)
    assert [note.text() for note in alone.notes if note.key == "misfit"] == [f"x '{as_text}' does not read as number"]
    assert alone == model.predict(written)
    assert alone == model.predict([row]).row(0) == model.predict([row, row]).row(0)
    assert alone == model.predict([row, {"day": "2022-05-01", "x": 0.5}]).row(0)


def test_a_column_of_dates_that_is_asked_for_as_numbers_has_none(model: Model) -> None:
    when = np.datetime64("2022-01-01") + np.arange(60)
    table = {"x": np.arange(60) % 7 / 2, "y": ["a", "b"] * 30}
    for column in (when.astype("datetime64[us]"), when.astype(str)):
        planned = assay.plan(table | {"when": column}, "y", kinds={"when": "number"}).column("when")
        assert (planned.role, planned.misfits) == ("dropped", 60)
        assert planned.why.key == "why.all_misfit"
