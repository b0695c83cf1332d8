"""Do the learners of counts find what was planted, and does the whole road keep it?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.shelf import shelf
from assay.kernel.threads import at_most
from assay.learners.linear import Linear
from assay.stats.design import Design
from assay.stats.heads import guess, losses
from assay.tasks.count import Count

SLOPES = np.asarray([0.6, -0.4, 0.0])
BASE = 0.7


def world(rows: int, seed: int) -> Batch:
    """Poisson counts whose logarithm is a straight line."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    features = tuple(Feature(name, name) for name in "abc")
    return Batch({"vector": Vector(x, features)}, rng.poisson(np.exp(BASE + x @ SLOPES)).astype(float))


TRAIN, FRESH = world(1500, 0), world(1500, 1)


def fit(learner: object, head: Head):  # type: ignore[no-untyped-def]
    cut = np.arange(TRAIN.rows) % 6 == 0
    parts = TRAIN.take(np.flatnonzero(~cut)), TRAIN.take(np.flatnonzero(cut))
    with at_most(1):
        return learner.fit(*parts, head, Clock.start(), np.random.default_rng(0))  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["linear", "additive", "boosting", "catboost", "xgboost", "perceptron"])
def test_a_planted_line_is_found(key: str) -> None:
    if shelf("learners").missing(key):
        pytest.skip(f"{key} is not installed")
    model = fit(shelf("learners").get(key)(), Head.counts())
    scores, y = model.predict(FRESH), np.asarray(FRESH.y)
    true = (BASE + FRESH.vector.values @ SLOPES)[:, None]
    constant = np.tile(guess(Head.counts(), np.asarray(TRAIN.y), None), (FRESH.rows, 1))
    told, best, none = (float(losses(Head.counts(), s, y).mean()) for s in (scores, true, constant))
    assert told < best + 0.3 * (none - best)
    assert np.exp(model.predict(TRAIN)).sum() == pytest.approx(np.sum(TRAIN.y), rel=0.03)  # two standard errors


@pytest.mark.parametrize("solver", ["auto", "descent", "exact"])
def test_the_line_gets_its_coefficients_back(solver: str) -> None:
    said = fit(Linear(solver=solver, strength=1e-3), Head.counts()).about()
    slopes = [term["weights"][0] for term in said["terms"]]
    error = 4 / np.sqrt(1500 * np.exp(BASE))  # four standard errors: the information of n counts of that mean
    np.testing.assert_allclose(slopes, SLOPES, atol=error)
    assert said["intercept"][0] == pytest.approx(BASE, abs=error)


def test_no_events_at_all_are_borne() -> None:
    none = Batch(TRAIN.forms, np.zeros(TRAIN.rows))
    assert np.isfinite(guess(Head.counts(), np.asarray(none.y), None)).all()
    with at_most(1):
        model = Linear().fit(none, none.take(np.arange(0)), Head.counts(), Clock.start(), np.random.default_rng(0))
    assert (np.exp(model.predict(FRESH)) < 0.01).all()


# ------------------------------------------------------------------------------------------------- the whole road


def table(rows: int = 400) -> Dataset:
    rng = np.random.default_rng(2)
    x, place = rng.normal(size=rows), rng.integers(3, size=rows)
    y = rng.poisson(np.exp(0.4 + 0.6 * x + 0.5 * (place == 1)))
    town = Column.of_words("town", np.asarray(["a", "b", "c"])[place].tolist())
    return Dataset((Column.of_numbers("x", x), town, Column.of_numbers("visits", y)))


@pytest.fixture(scope="module")
def model() -> assay.Model:
    learners = ("constant", "linear", "boosting", "additive")
    return assay.train(table(), "visits", task="count", trials=3, learners=learners, folds=3, checks=())


def test_answers_sum_to_the_total_and_intervals_start_at_none(model: assay.Model) -> None:
    found = model.predict(table())
    assert np.sum(found.values) == pytest.approx(table()["visits"].cells.sum(), rel=0.03)
    assert found.interval is not None
    assert found.interval.min() == 0.0
    one = model.predict({"x": -2.0, "town": "a"})
    assert one.interval[0] == 0.0


def test_pulls_add_up_to_the_logarithm(model: assay.Model) -> None:
    said = model.explain(table(), row=5)
    whole = said.base + sum(pull for _, _, pull in said.parts)
    assert whole == pytest.approx(said.score)
    assert np.exp(said.score) == pytest.approx(model.predict(table()).values[4])
    assert float(said.answer) == pytest.approx(np.exp(said.score), rel=1e-5)
    assert said.unit.text("en") == "logarithm of the expected 'visits'"
    assert "对数" in said.unit.text("zh")


def test_the_equation_is_one_of_the_logarithm(model: assay.Model) -> None:
    said = model.card["equation"]["equation"]
    assert said.startswith("log E(visits) = ")


def test_rows_far_out_of_training_are_not_answered_far_out(tmp_path: Path) -> None:
    """An age of 400 was answered as if each year still multiplied: 19,459 visits, where at most 13 were seen."""
    rng = np.random.default_rng(0)
    age, town = rng.integers(18, 80, 800).astype(float), rng.choice(["a", "b"], 800)
    visits = rng.poisson(np.exp(-0.2 + 0.025 * age + 0.2 * (town == "b")))
    rows = {"age": age, "town": town, "visits": visits}
    model = assay.train(rows, "visits", task="count", trials=1, learners=("linear",), folds=3, checks=())
    told = model.predict({"age": [18.0, 79.0, 94.0, 400.0, 1e6, -400.0], "town": ["a"] * 6})
    least, most, beyond, *far, below = told.values
    reach = (most / least) ** 0.25  # the factor of a quarter of the range
    assert most < beyond <= far[0] == far[1] <= most * reach * 1.001
    assert least / reach / 1.001 <= below < least
    assert told.out_of_range[3:].all()
    assert model.predict({"age": 400.0, "town": "a"}) == model.predict([{"age": 400.0, "town": "a"}]).row(0)
    said = model.explain({"age": 400.0, "town": "a"})
    assert np.exp(said.base + sum(pull for _, _, pull in said.parts)) == pytest.approx(far[0])
    pytest.importorskip("onnxruntime")
    found = model.export(tmp_path / "visits.onnx", {"age": [30.0, 400.0, -1e9], "town": ["a", "b", "a"]})
    assert found.largest < 1e-5


def test_the_line_says_how_numbers_out_of_training_count() -> None:
    line = assay.train(table(), "visits", task="count", trials=1, learners=("linear",), folds=3, checks=())
    assert line.card["equation"]["part"] == "whole_log"
    assert "by more than a quarter of their range counts as if it lay there" in line.report.html()


@pytest.mark.parametrize("head", [Head.counts(), Head.value()])
def test_numbers_are_drawn_in_nearer_where_they_multiply(head: Head) -> None:
    design = Design.learn(Vector(np.arange(0.0, 101.0)[:, None], (Feature("x", "x"),)), head=head)
    assert design.bounds.tolist() == ([[-25.0, 125.0]] if head == Head.counts() else [[50 - 1600.0, 50 + 1600.0]])


def test_a_model_of_counts_opens_to_the_same_bits(model: assay.Model, tmp_path: Path) -> None:
    again = assay.load(model.save(tmp_path / "visits.assay"))
    assert again.ensemble.head == Head.counts()
    ours, theirs = model.predict(table()), again.predict(table())
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.interval, theirs.interval)


@pytest.mark.parametrize("ship", ["refit", "distilled"])
def test_one_model_ships_instead_of_the_bag(ship: str) -> None:
    learners = ("constant", "linear", "boosting")
    found = assay.train(table(), "visits", task="count", trials=2, learners=learners, folds=3, checks=(), ship=ship)
    values = found.predict(table()).values
    assert np.sum(values) == pytest.approx(table()["visits"].cells.sum(), rel=0.05)


def test_the_command_line_trains_checks_and_reports_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, file = tmp_path / "visits.csv", tmp_path / "visits.assay"
    columns = [column.texts() for column in table()]
    rows = [",".join(cells) for cells in zip(*columns, strict=True)]
    data.write_text("\n".join(["x,town,visits", *rows]), encoding="utf-8")
    few = ["--trials", "2", "--learner", "linear", "--learner", "boosting", "--folds", "3"]
    assert main(["train", str(data), "--target", "visits", "--task", "count", *few, "-o", str(file)]) == 0
    assert main(["predict", str(file), str(data), "-o", str(tmp_path / "scored.csv")]) == 0
    verdicts = {f.check: f.verdict for f in assay.load(file).findings}
    assert {check for check, verdict in verdicts.items() if verdict == "unknown"} == {
        "traces",
        "pictures",
        "shortcuts",
        "fairness",
        "drift",
    }
    assert set(verdicts.values()) <= {"pass", "watch", "info", "unknown"}
    assert main(["report", str(file), "-o", str(tmp_path / "r.md"), "--lang", "zh"]) == 0
    assert "泊松偏差" in (tmp_path / "r.md").read_text(encoding="utf-8")
    capsys.readouterr()


def test_a_target_with_fractions_is_refused_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "amounts.csv"
    data.write_text("\n".join(["x,amount", *(f"{i % 7},{i / 2}" for i in range(60))]), encoding="utf-8")
    assert main(["train", str(data), "--target", "amount", "--task", "count", "-o", str(tmp_path / "m.assay")]) == 2
    assert "no counts, such as 0.5" in capsys.readouterr().err


def test_what_is_no_count_has_no_answer() -> None:
    column = Column.of_numbers("y", [0.0, 2.0, -1.0, 1.5, np.nan])
    encoded = Count().encode(column, Count().codec(column.take(np.arange(2))))
    np.testing.assert_array_equal(encoded, [0.0, 2.0, np.nan, np.nan, np.nan])


def test_json_of_an_answer_is_plain(model: assay.Model) -> None:
    assert json.loads(json.dumps(model.predict({"x": 0.0, "town": "b"}).to_json()))["answer"] > 0
