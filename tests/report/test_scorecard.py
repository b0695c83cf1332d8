"""Do the points of a card add up to the model's own answer, for every row, and is what cannot be a card refused?"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.answers.scorecard import cells_of
from assay.cli.main import main
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.model import Model


def table(rows: int = 420, target: str = "paid") -> Dataset:
    """Numbers with gaps and about zero, rare names, a flag, a date; the answer is a sum and a pair."""
    rng = np.random.default_rng(5)
    age, debt = rng.integers(18, 80, rows).astype(float), rng.normal(size=rows).round(2)
    debt[::11] = np.nan
    job = rng.choice(["clerk", "baker", "smith", "rare"], rows, p=[0.4, 0.35, 0.24, 0.01])
    owns = rng.random(rows) < 0.5
    day = np.datetime64("2020-01-01") + rng.integers(0, 900, rows)
    signal = 0.05 * (age - 45) - np.nan_to_num(debt) + (job == "baker") + owns * (age > 40) + rng.normal(size=rows)
    answers: dict[str, Any] = {
        "paid": lambda: Column.of_words("paid", np.where(signal > 0.5, "yes", "no").tolist()),
        "worth": lambda: Column.of_numbers("worth", 1000 + 250 * signal),
        "visits": lambda: Column.of_numbers("visits", rng.poisson(np.exp(0.3 * signal)).astype(float)),
        "sort": lambda: Column.of_words("sort", np.asarray(["a", "b", "c"])[np.digitize(signal, [0, 1])].tolist()),
    }
    jobs = [None if k % 17 == 0 else name for k, name in enumerate(job.tolist())]
    return Dataset(
        (
            Column.of_numbers("age", age),
            Column.of_numbers("debt", debt),
            Column.of_words("job", jobs),
            Column.of_words("owns", np.where(owns, "yes", "no").tolist()),
            Column.of_words("since", [str(d) for d in day]),
            answers[target](),
        )
    )


def trained(target: str, **wishes: Any) -> Model:
    return assay.train(table(target=target), target, folds=3, trials=1, learners=("additive",), checks=(), **wishes)


@pytest.fixture(scope="module")
def model() -> Model:
    return trained("paid")


def added_up(model: Model, rounded: bool = False) -> np.ndarray:
    """The points of every row, found by its cells alone."""
    card, data = model.scorecard.card, model._opened(table())
    return card.of(cells_of(card, model.ensemble, data), rounded)


def test_the_points_of_a_bag_of_folds_add_up_to_the_odds_of_every_row(model: Model) -> None:
    assert len(model.ensemble.encoders) == 3
    answers = model.predict(table())
    odds = answers.probabilities[:, 1] / answers.probabilities[:, 0]
    np.testing.assert_allclose(50 * 2 ** ((added_up(model) - 600) / 20), odds, rtol=1e-9)


def test_they_are_the_points_that_explain_tells(model: Model) -> None:
    points = added_up(model)
    for row in (1, 12, 18):
        assert model.explain(table(), row=row, label="yes").points().score == pytest.approx(points[row - 1])


def test_rounded_points_are_off_by_no_more_than_is_told(model: Model) -> None:
    card = model.scorecard.card
    off = np.abs(added_up(model, rounded=True) - added_up(model))
    assert 0 < off.max() <= card.loss
    assert card.step == (1.0 if len(card.tables) < 20 else 0.1)
    assert card.loss <= 10
    for table_ in card.tables:
        runs = card.rounded(table_)
        assert runs.points.shape == tuple(map(len, runs.names))
        assert set(np.unique(runs.points)) == set(np.unique(np.round(table_.points / card.step) * card.step + 0.0))


def test_the_csv_alone_adds_up_for_a_row_read_by_hand(model: Model) -> None:
    """Bands as they are written are parsed again, as a person would read them."""
    card = model.scorecard.card
    lines = list(csv.reader(io.StringIO(model.scorecard.csv())))
    assert lines[0] == ["column", "band or name", "other column", "its band or name", "points"]
    data, expected = table(), added_up(model, rounded=True)
    rows = [k for k in range(60) if data["since"].cells[k] >= 0]
    for row in rows:
        cells: dict[str, Any] = {name: data[name].texts()[row] for name in ("age", "debt", "job", "owns")}
        singles = [one for one in lines[2:] if not one[2] and one[0] in cells]
        for name, cell in cells.items():
            own = [one for one in singles if one[0] == name]
            assert sum(fits(one[1], cell, {o[1] for o in own}) for one in own) == (1 if own else 0)
    assert float(lines[1][4]) == pytest.approx(round(card.base / card.step) * card.step)
    assert np.isfinite(expected).all()


def fits(band: str, cell: str | None, names: set[str]) -> bool:
    if cell is None or band == "missing":
        return band == ("missing" if "missing" in names else "all others") and cell is None
    if band in ("yes", "no"):
        return band == cell
    if band.startswith("up to "):
        return float(cell) <= float(band[6:])
    if band.startswith("above "):
        return float(cell) > float(band[6:])
    if " to " in band:
        low, high = band.split(" to ")
        return float(low) < float(cell) <= float(high)
    return cell == band or (band == "all others" and cell not in names)


def test_the_exact_card_in_json_adds_up_without_the_model(model: Model) -> None:
    said = json.loads(json.dumps(model.scorecard.structured()))
    age = next(one for one in said["tables"] if [c["name"] for c in one["columns"]] == ["age"])
    card = model.scorecard.card
    own = next(one for one in card.tables if [s.feature for s in one.sides] == ["age"])
    cells = np.searchsorted(age["columns"][0]["edges"], table()["age"].cells, side="left")
    np.testing.assert_array_equal(
        np.asarray(age["points"])[cells], own.points[own.sides[0].axis.cells(table()["age"].cells)]
    )
    assert said["rounded"]["off_by_at_most"] == card.loss


@pytest.mark.parametrize(("target", "task"), [("worth", "value"), ("visits", "count"), ("worth", "quantile:0.8")])
def test_values_and_counts_add_up_in_their_own_unit(target: str, task: str) -> None:
    model = trained(target, task=task)
    points = added_up(model)
    told = 2 ** (points / 20) if task == "count" else points
    np.testing.assert_allclose(told, model.predict(table(target=target)).values, rtol=1e-9)
    off = np.abs(added_up(model, rounded=True) - points).max()
    assert off <= model.scorecard.card.loss < 0.1 * np.ptp(points)


def test_a_favoured_class_is_the_one_that_points_are_for() -> None:
    model = trained("paid", favourable="no", sensitive=("owns",))
    answers = model.predict(table())
    odds = answers.probabilities[:, 0] / answers.probabilities[:, 1]
    np.testing.assert_allclose(50 * 2 ** ((added_up(model) - 600) / 20), odds, rtol=1e-9)


def test_one_model_is_a_card_as_well_as_a_bag(model: Model) -> None:
    alone = replace(model, ensemble=model.ensemble.only(0))
    scores = alone.ensemble.scores(alone._opened(table()))[:, 0]
    np.testing.assert_allclose(alone.scorecard.card.score(added_up(alone)), scores, atol=1e-10)
    assert not np.allclose(scores, model.ensemble.scores(model._opened(table()))[:, 0])


def test_what_is_no_sum_of_steps_is_refused() -> None:
    blend = assay.train(table(), "paid", folds=2, trials=2, learners=("additive", "linear"), checks=())
    if any(member.learner == "linear" for member in blend.ensemble.members):
        with pytest.raises(RequestError, match="--learner additive"):
            _ = blend.scorecard
    line = assay.train(table(), "paid", folds=2, trials=1, learners=("linear",), checks=())
    with pytest.raises(RequestError, match="no sum of steps along single columns"):
        _ = line.scorecard
    with pytest.raises(RequestError, match="odds of one of two"):
        _ = trained("sort").scorecard


def test_the_command_line_writes_every_view(model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = model.save(tmp_path / "paid.assay")
    for ending in ("html", "md", "csv", "json"):
        out = tmp_path / f"card.{ending}"
        assert main(["report", str(file), "--as", "scorecard", "-o", str(out), "--lang", "zh"]) == 0
        assert out.stat().st_size > 500
    assert "评分卡" in (tmp_path / "card.html").read_text(encoding="utf-8")
    assert (tmp_path / "card.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # so that a spreadsheet reads Chinese
    capsys.readouterr()
    assert main(["report", str(file), "--as", "scorecard"]) == 0
    assert capsys.readouterr().out.startswith("column,band or name")
    assert main(["report", str(file), "--as", "scorecard", "-o", str(tmp_path / "card.pdf")]) == 2
    assert ".csv" in capsys.readouterr().err


def test_names_that_look_like_markup_or_formulas_stay_text() -> None:
    rng = np.random.default_rng(0)
    names = np.asarray(["=SUM(A1)", "<b>x</b>", "a|b"])[rng.integers(3, size=300)]
    y = np.where(rng.random(300) < np.where(names == "a|b", 0.9, 0.2), "yes", "no")
    data = Dataset((Column.of_words("k", names.tolist()), Column.of_words("y", y.tolist())))
    found = assay.train(data, "y", folds=2, trials=1, learners=("additive",), checks=()).scorecard
    assert "<b>x" not in found.html()
    assert "'=SUM(A1)" in found.csv()
    assert "a\\|b" in found.markdown()
    assert math.isfinite(found.card.base)
