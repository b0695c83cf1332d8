"""Is a further file read as the one that was learnt from was written, where it does not say so itself?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.model import Model
from assay.streaming import answer_file

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


def test_three_decimals_behind_a_comma_are_decimals_where_the_file_had_them(model: Model) -> None:
    """4,056 is not 4056 because no other cell of a batch shows it: the plan tells."""
    row = {"Umsatz": 8798, "Quote": 4.056}
    assert model.predict({**row, "Quote": "4,056"}) == model.predict(row)
    frame = pd.DataFrame({"Umsatz": [8798, 1234], "Quote": ["4,056", "1,250"]})
    same = frame.assign(Quote=[4.056, 1.25])
    np.testing.assert_array_equal(model.predict(frame).probabilities, model.predict(same).probabilities)


def test_a_stray_cell_does_not_change_how_all_others_are_read() -> None:
    sales = [f"{number:,}" for number in SALES.tolist()]
    y = ["high" if number > 5_000 else "low" for number in SALES.tolist()]
    learnt = assay.train({"sales": sales, "y": y}, "y", trials=1, learners=("linear",), checks=())
    usual = learnt.predict({"sales": ["1,234", "2,500", "9,000"]})
    beside = learnt.predict({"sales": ["1,234", "2,500", "9,000", "12,50"]})
    np.testing.assert_array_equal(beside.probabilities[:3], usual.probabilities)
    alone = learnt.predict({"sales": "12,50"}).probabilities
    np.testing.assert_allclose(beside.probabilities[3], list(alone.values()), atol=1e-12)


def test_a_number_that_came_as_one_stays_it_beside_a_text(model: Model) -> None:
    """A list of rows in which one cell is a text spells all of them; 1.234 was never a thousand."""
    rows = [{"Umsatz": 8798, "Quote": cell} for cell in (1.234, "4,056", 7.5, "12,5")]
    told = model.predict(rows).probabilities
    for row, own in zip(rows, told, strict=True):
        np.testing.assert_allclose(list(model.predict(row).probabilities.values()), own, atol=1e-12)
    plain = model.predict({"Umsatz": 8798, "Quote": 1.234}).probabilities
    np.testing.assert_allclose(told[0], list(plain.values()), atol=1e-12)


def test_test_rows_are_read_as_an_audit_reads_them(tmp_path: Path) -> None:
    learnt = table(tmp_path / "learnt.csv", slice(0, 150))
    test = table(tmp_path / "test.csv", slice(150, 200), rate=False)
    model = assay.train(learnt, "y", trials=1, learners=("linear",), checks=("quality",), test=test)
    audited = model.audit(test, checks=("quality",))
    assert [m.value for m in model.tested[0].measures] == [m.value for m in audited.findings[0].measures]
    assert model.tested[0].measures[0].value < 0.5  # log-loss: read as 8.798 every sale is "tief"


def test_a_file_that_is_streamed_is_read_as_one_that_is_not(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path / "more.csv", slice(150, 200), rate=False, with_y=False)
    answer_file(model, path, tmp_path / "at_once.csv")
    monkeypatch.setattr("assay.streaming.AT_ONCE", 1.0)
    opened: list[object] = []
    monkeypatch.setattr("assay.streaming.Held", lambda data: opened.append(data))
    answer_file(model, path, tmp_path / "streamed.csv")
    assert not opened
    assert (tmp_path / "streamed.csv").read_bytes() == (tmp_path / "at_once.csv").read_bytes()


@pytest.mark.parametrize("rows", [800, 3_000])
def test_thousands_are_thousands_however_many_there_are(rows: int, tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).choice(np.arange(1_000, 10_000), rows, replace=False)
    lines = [f"{german(int(n))};{german(n / 7_000)[:5]}" for n in numbers.tolist()]
    path = tmp_path / "many.csv"
    path.write_text("Umsatz;Quote\n" + "\n".join(lines) + "\n", encoding="utf-8")
    found = assay.read(path)["Umsatz"]
    assert [float(text) for text in found.texts()] == numbers.tolist()
