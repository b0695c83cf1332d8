"""Is what a test file holds beyond the training table counted and told?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import assay
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
