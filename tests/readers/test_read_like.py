"""Is a further file read as the one that was learnt from was written, where it does not say so itself?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.model import Model

RNG = np.random.default_rng(0)
SALES = RNG.integers(1_000, 9_000, 200)
RATE = RNG.uniform(0, 9, 200).round(2)


def german(number: float) -> str:
    return f"{number:,}".translate(str.maketrans(",.", ".,"))


def table(path: Path, rows: slice, rate: bool = True, with_y: bool = True) -> Path:
    lines = ["Umsatz;Quote" + (";y" if with_y else "")]
    for sales, share in list(zip(SALES.tolist(), RATE.tolist(), strict=True))[rows]:
        cells = [german(sales), german(share if rate else float(round(share))).removesuffix(",0")]
        lines.append(";".join([*cells, *(["hoch" if sales > 5_000 else "tief"] if with_y else [])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = table(tmp_path_factory.mktemp("like") / "learnt.csv", slice(0, 150))
    return assay.train(path, "y", trials=1, learners=("linear",), checks=())


def test_points_between_thousands_stay_so_in_a_file_without_a_decimal(model: Model, tmp_path: Path) -> None:
    whole = table(tmp_path / "whole.csv", slice(150, 200), rate=False, with_y=False)
    assert float(assay.read(whole)["Umsatz"].texts()[0]) < 10  # by itself it looks like 8.798
    assert [float(text) for text in model.reading(whole)["Umsatz"].texts()] == SALES[150:].tolist()
    told = table(tmp_path / "told.csv", slice(150, 200), with_y=False)
    same = np.mean(model.predict(whole).answer == model.predict(told).answer)  # Quote is rounded in the first
    assert same > 0.95


def test_a_file_that_shows_points_or_is_told_how_is_read_as_it_is(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("Umsatz;Quote\n8798;2.5\n1234;1.25\n", encoding="utf-8")
    assert model.reading(path)["Quote"].texts().tolist() == ["2.5", "1.25"]
    path.write_text("Umsatz;Quote\n8.798;2\n1.234;1\n", encoding="utf-8")
    assert model.reading(path, decimal=".")["Umsatz"].texts().tolist() == ["8.798", "1.234"]
    assert model.reading(path)["Umsatz"].texts().tolist() == ["8798", "1234"]


def test_decimal_commas_are_read_in_a_row_and_in_a_frame_of_texts(model: Model) -> None:
    row = {"Umsatz": 8798, "Quote": 4.05}
    assert model.predict({**row, "Quote": "4,05"}) == model.predict(row)
    frame = pd.DataFrame({"Umsatz": ["8.798", "1.234"], "Quote": ["4,05", "1,25"]})
    same = pd.DataFrame(
        {"Umsatz": [8.798, 1.234], "Quote": [4.05, 1.25]}
    )  # of points alone nothing tells what they are
    np.testing.assert_array_equal(model.predict(frame).probabilities, model.predict(same).probabilities)
    together = pd.DataFrame({"Umsatz": ["8.798,5", "1.234"], "Quote": ["4,05", "none"]})
    told = model.predict(together)
    plain = model.predict(pd.DataFrame({"Umsatz": [8798.5, 1234], "Quote": [4.05, None]}))
    np.testing.assert_array_equal(told.probabilities, plain.probabilities)
    assert [any(note.key == "misfit" for note in notes) for notes in told.notes] == [False, True]
