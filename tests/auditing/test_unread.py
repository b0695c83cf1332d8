"""Is what a test file holds beyond the training table counted and told?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import DataError
from assay.model import Model

LEARN = {"learners": ("constant", "linear"), "minutes": 0.1}


def table(n: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=n).round(3).astype(str), "town": rng.choice(list("xyz"), n)})
    frame["sold"] = np.where(frame["size"].astype(float) + 0.3 * rng.normal(size=n) > 0, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(table(), "sold", checks=(), **LEARN)


def notes(model: Model) -> str:
    return " ".join(note.text() for finding in model.findings for note in finding.notes)


def test_answers_that_training_never_saw_are_counted_and_left_out(model: Model) -> None:
    rows = table()
    rows.loc[:9, "sold"] = "maybe"
    audited = model.audit(rows)
    assert "10 rows left out: 'sold' holds answers that training never saw (maybe)" in notes(audited)
    assert audited.findings[0].rows == "audit"


def test_the_cells_that_training_could_not_read_are_not_counted_again() -> None:
    rows = table()
    rows.loc[:29, "size"] = "k.A. 1"
    rows.loc[30:59, "size"] = "k.A. 2"
    learnt = assay.train(rows, "sold", checks=("data",), kinds={"size": "number"}, **LEARN)
    assert "60 cells of 'size'" in " ".join([learnt.findings[0].say.text(), notes(learnt)])
    found = learnt.audit(table(), checks=("data",))
    assert "cells of 'size'" not in " ".join([found.findings[0].say.text(), notes(found)])


def test_rows_without_an_answer_and_rows_that_no_reader_could_read_are_counted(model: Model) -> None:
    rows = table()
    rows.loc[:6, "sold"] = None
    raw = assay.read(rows)
    said = notes(model.audit(replace(raw, source=replace(raw.source, rows_refused=2))))
    assert "7 rows left out: 'sold' is missing there" in said
    assert "2 rows of the file could not be read, or stand below its table, and are left out" in said
    assert "left out" not in notes(model.audit(table(200)))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_terminal_tells_of_rows_left_out(
    lang: str, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rows = str(model.save(tmp_path / "m.assay")), table()
    rows.loc[:6, "sold"], rows.loc[10:12, "sold"] = None, "maybe"
    rows.to_csv(tmp_path / "june.csv", index=False)
    assert main(["audit", file, str(tmp_path / "june.csv"), "--lang", lang]) == 0
    out = capsys.readouterr().out.splitlines()
    word = {"en": "left out", "zh": "略去"}[lang]
    assert [next(n for n in ("7", "3") if n in line) for line in out if word in line and "sold" in line] == ["7", "3"]
    train = [
        "train",
        str(tmp_path / "may.csv"),
        "--target",
        "sold",
        "--trials",
        "1",
        "--folds",
        "2",
        "--learner",
        "linear",
    ]
    table().to_csv(tmp_path / "may.csv", index=False)
    assert main([*train, "--test", str(tmp_path / "june.csv"), "-o", str(tmp_path / "t.assay"), "--lang", lang]) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if word in line and "sold" in line]) == 2


def test_rows_that_count_for_nothing_are_left_out_of_an_audit_as_they_are_of_training() -> None:
    rows = table().assign(counts=1.5)
    weighed = assay.train(rows, "sold", weight="counts", checks=(), **LEARN)
    few = rows[30:]
    rows.loc[:9, "counts"], rows.loc[10:19, "counts"], rows.loc[20:29, "counts"] = -3.0, 0.0, None
    audited, same = weighed.audit(rows), weighed.audit(few)
    assert "30 rows left out: 'counts' is not above 0 there, or missing" in notes(audited)
    assert "left out" not in notes(same)
    for key in ("quality", "calibration"):
        said, known = (next(f for f in one.findings if f.check == key) for one in (audited, same))
        assert said.verdict == known.verdict not in ("error", "unknown")
        assert said.measures == known.measures
    with pytest.raises(DataError, match="known answer and a weight above 0 in 'counts'"):
        weighed.audit(rows.assign(counts=0.0))
    assert "left out" not in notes(weighed.audit(few.drop(columns="counts")))


def test_the_same_holds_for_models_made_elsewhere() -> None:
    rows = table().assign(counts=1.5)
    rows.loc[:9, "counts"], rows.loc[10:29, "counts"] = -3.0, None

    def chances(given: list[dict[str, object]]) -> list[float]:
        return [1 / (1 + np.exp(-3 * float(str(row["size"])))) for row in given]

    audited = assay.audit(chances, rows, target="sold", wishes={"weight": "counts"}, minutes=0.3)
    assert "30 rows left out: 'counts'" in notes(audited)
    quality = next(finding for finding in audited.findings if finding.check == "quality")
    assert (quality.verdict, {measure.n for measure in quality.measures}) == ("pass", {210})


def test_columns_that_the_model_does_not_know_are_told(model: Model) -> None:
    assert "does not know" not in notes(model.audit(table()))
    told = notes(model.audit(table().assign(colour="red", shade=1)))
    assert "2 columns that the model does not know were not looked at: colour, shade" in told


def test_cells_of_another_kind_are_counted(model: Model) -> None:
    rows = table()
    rows.loc[:2, "size"] = "large"
    assert "3 cells of 'size' do not read as number, as in training, and count as missing (large)" in notes(
        model.audit(rows)
    )


def test_a_column_of_which_no_cell_can_be_read_is_refused_before_training() -> None:
    rows = table()
    rows["size"] = "large"
    with pytest.raises(DataError, match="None of the 240 cells of 'size'"):
        assay.train(table(), "sold", test=rows, **LEARN)


def test_more_folds_than_rows_of_the_rarest_class_are_told() -> None:
    rows = table()
    rows["sold"] = np.where(np.arange(len(rows)) < 3, "yes", "no")
    said = [note.text() for note in assay.plan(rows, "sold", folds=20).notes]
    assert "20 folds, but the rarest class has 3 rows: some folds are measured without it" in said
