"""Are numbers read as people of many countries write them, thousands with whatever stands between them?"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.written_numbers import are_thousands, way_of, written_number

AMOUNTS = np.exp(np.random.default_rng(0).normal(9, 2, 1500)).astype(int)


def pointed(amounts: np.ndarray) -> list[str]:
    return [f"{amount:,}".replace(",", ".") for amount in amounts.tolist()]


@pytest.mark.parametrize(
    ("text", "variant", "value"),
    [
        ("21'876.61", "", 21876.61),
        ("1’021’876", "", 1021876),
        ("CHF 21'876.61", "", 21876.61),
        ("21\u202f876,61 €", "comma", 21876.61),
        ("21\u00a0876,61 €", "comma", 21876.61),
        ("-1\u2009234", "", -1234),
        ("人民币99,775.44元", "", 99775.44),
        ("99,775.44元整", "", 99775.44),
        ("US$1,234.50", "", 1234.5),
        ("NT$1,234", "", 1234),
        ("₹5,000", "", 5000),
        ("Rs. 5,000", "", 5000),
    ],
)
def test_amounts_are_read(text: str, variant: str, value: float) -> None:
    assert written_number(text, variant) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["1'2", "1'23", "0'123", "21'876'6", "1'234\u202f567", "O'Neil 12", "12'", "5'11", "整", "元整"]
)
def test_what_is_no_amount_is_not(text: str) -> None:
    assert math.isnan(written_number(text))


def test_points_between_thousands_are_known_by_all_of_them_together() -> None:
    assert way_of(Column.of_words("sales", pointed(AMOUNTS[:400]))) == "comma"
    assert way_of(Column.of_words("sales", [*pointed(AMOUNTS[:400]), "k.A."])) == "comma"
    for decimals in (".3f", "g", ".2f"):
        cells = [format(amount / 1000, decimals) for amount in AMOUNTS[:400]]
        assert way_of(Column.of_words("weight", cells)) == ""
    assert not are_thousands(["171", "9.468", "134.250"])  # three alone may be anything
    assert not are_thousands([*pointed(AMOUNTS[:400]), "0.5"])
    assert not are_thousands([*pointed(AMOUNTS[:400]), "2013"])


@pytest.mark.parametrize(
    "rows", [300, 1500]
)  # the reader keeps many different plain numbers as numbers, and these as written
def test_a_file_of_such_amounts_is_learnt_from_and_answered_as_they_are_meant(tmp_path: Path, rows: int) -> None:
    amounts = AMOUNTS[:rows]
    said = np.where(np.log(amounts) > 9, "yes", "no")
    lines = [f"{cell};{y}" for cell, y in zip(pointed(amounts), said, strict=True)]
    (tmp_path / "de.csv").write_text("\n".join(["sales;y", *lines]), encoding="utf-8")
    (tmp_path / "few.csv").write_text("\n".join(["sales;y", *lines[:5]]), encoding="utf-8")
    model = assay.train(tmp_path / "de.csv", "y", trials=1, folds=3, learners=("linear",), checks=())
    assert model.plan.column("sales").kind == "number:comma"
    whole = model.predict(tmp_path / "de.csv").probabilities[:5]
    assert model.predict(tmp_path / "few.csv").probabilities == pytest.approx(whole)
    alone = [model.predict({"sales": cell}).probabilities for cell in pointed(amounts[:5])]
    assert [list(p.values()) for p in alone] == [pytest.approx(p) for p in whole.tolist()]
