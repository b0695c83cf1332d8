"""What would have to be otherwise: does the model itself answer so, is what is asked for kept, and does every refusal say why?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.answers.counterfactuals import Counterfactuals
from assay.kernel.errors import RequestError, UnknownKey
from assay.model import Model

RNG = np.random.default_rng(5)
N = 300
INCOME = RNG.normal(3000, 800, size=N).round()
DEBT = RNG.exponential(2.0, size=N).round(1)
TOWN = RNG.choice(["Basel", "Genf", "北京"], size=N)
AGE = RNG.integers(20, 70, size=N)
INSURED = RNG.choice(["yes", "no"], size=N)
DAYS = [str(np.datetime64("2023-01-01") + int(d)) for d in RNG.integers(500, size=N)]
SIGNAL = (
    (INCOME - 3000) / 400 - DEBT + (TOWN == "Genf") + (INSURED == "yes") + 0.02 * (AGE - 45) + RNG.normal(size=N) * 0.5
)
FAST: dict[str, Any] = {
    "learners": ("constant", "linear", "boosting"),
    "trials": 3,
    "folds": 3,
    "checks": ("quality",),
}


def table(target: list[Any]) -> dict[str, list[Any]]:
    cells = {"income": [f"{v:,.0f}" for v in INCOME], "debt": DEBT.tolist(), "town": TOWN.tolist(), "age": AGE.tolist()}
    return {**cells, "insured": INSURED.tolist(), "day": DAYS, "answer": target}


BINARY = table(np.where(SIGNAL > -1.5, "good", "bad").tolist())
CLASSES = table(np.asarray(["low", "mid", "high"])[np.digitize(SIGNAL, [-3.0, 0.0])].tolist())
VALUE = table((20 + 5 * SIGNAL).round(3).tolist())
WORLDS = {"binary": BINARY, "classes": CLASSES, "value": VALUE}


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    sensitive = {"sensitive": ("age",)}
    return {name: assay.train(world, "answer", **FAST, **sensitive) for name, world in WORLDS.items()}


def answered(model: Model, world: dict[str, list[Any]], place: int, found: Counterfactuals, which: int) -> Any:
    """What the model answers to the row with the cells of a way written into it, as text."""
    row = {name: cells[place] for name, cells in world.items()}
    for one in found.ways[which].changes:
        assert one.then != one.now
        row[one.name] = one.then
    return model.predict(row)


def declined(model: Model) -> list[int]:
    return np.flatnonzero(model.predict(BINARY).answer == "bad")[:12].tolist()


def test_what_is_told_is_what_the_model_answers(models: dict[str, Model]) -> None:
    model = models["binary"]
    for place in declined(model):
        found = model.counterfactual(BINARY, row=place + 1)
        assert found.answer == "bad"
        for which, way in enumerate(found.ways):
            answer = answered(model, BINARY, place, found, which)
            assert answer.answer == way.answer == "good"
            assert answer.probabilities["good"] == pytest.approx(way.p, abs=1e-9)
            assert not answer.out_of_range
            assert found.p is not None
            assert way.p is not None
            assert found.p < 0.5 < way.p


def test_sensitive_columns_stay_and_constraints_are_kept(models: dict[str, Model]) -> None:
    model = models["binary"]
    for place in declined(model):
        said = {"immutable": "town, insured", "increase_only": ["income"], "decrease_only": "debt"}
        found = model.counterfactual(BINARY, row=place + 1, to="good", **said)
        assert {"age", "town", "insured"} <= set(found.kept)
        for way in found.ways:
            for one in way.changes:
                assert one.name in ("income", "debt", "day")
                if one.name == "income":
                    assert float(one.then) > INCOME[place]
                if one.name == "debt":
                    assert float(one.then) < DEBT[place]


def test_the_order_read_out_of_names_is_told() -> None:
    rng = np.random.default_rng(1)
    saved = rng.choice(["none", "< 100", "100 - 500", ">= 500"], size=240)
    worth = np.asarray([{"none": 0, "< 100": 0, "100 - 500": 2, ">= 500": 4}[str(name)] for name in saved])
    x = rng.normal(size=240).round(3)
    world = {"saved": saved.tolist(), "x": x.tolist(), "answer": np.where(x + worth > 1.5, "good", "bad").tolist()}
    model = assay.train(world, "answer", learners=("linear",), minutes=3.0, folds=3, checks=())
    place = int(np.flatnonzero((model.predict(world).answer == "bad") & (saved == "< 100"))[0])
    found = model.counterfactual(world, row=place + 1, increase_only="saved", immutable="x")
    assert found.orders == {"saved": ("< 100", "100 - 500", ">= 500")}
    assert "< 100 → 100 - 500 → >= 500" in found.text()
    assert found.to_json()["orders"] == {"saved": ["< 100", "100 - 500", ">= 500"]}
    assert {one.then for way in found.ways for one in way.changes} <= {"100 - 500", ">= 500"}


def test_a_row_alone_gets_what_it_gets_in_a_table(models: dict[str, Model]) -> None:
    model = models["binary"]
    place = declined(model)[0]
    alone = model.counterfactual({name: cells[place] for name, cells in BINARY.items()}, most=1)
    assert len(alone) == 1
    assert alone.ways[0].answer == "good"
    assert answered(model, BINARY, place, alone, 0).answer == "good"


def test_another_class_of_several_and_the_one_that_is_named(models: dict[str, Model]) -> None:
    model = models["classes"]
    place = int(np.flatnonzero(model.predict(CLASSES).answer == "low")[0])
    other, high = model.counterfactual(CLASSES, row=place + 1), model.counterfactual(CLASSES, row=place + 1, to="high")
    assert {way.answer for way in other.ways} <= {"mid", "high"}
    assert {way.answer for way in high.ways} == {"high"}
    assert other.ways[0].cost <= high.ways[0].cost
    assert answered(model, CLASSES, place, high, 0).answer == "high"
    with pytest.raises(RequestError, match="Did you mean 'high'"):
        model.counterfactual(CLASSES, row=place + 1, to="hihg")


@pytest.mark.parametrize(("to", "low", "high"), [(">25", 25, np.inf), ("<= 5", -np.inf, 5), ("19..21", 19, 21)])
def test_a_value_comes_into_its_range(to: str, low: float, high: float, models: dict[str, Model]) -> None:
    model = models["value"]
    values = model.predict(VALUE).answer
    place = int(np.abs(values - 12).argmin())
    found = model.counterfactual(VALUE, row=place + 1, to=to)
    for which, way in enumerate(found.ways):
        assert low <= float(way.answer) <= high
        assert answered(model, VALUE, place, found, which).answer == pytest.approx(way.answer)
    with pytest.raises(RequestError, match="already"):
        model.counterfactual(VALUE, row=place + 1, to=">-100")


def test_it_reads_in_two_languages_and_as_data(models: dict[str, Model], tmp_path: Path) -> None:
    model = models["binary"]
    found = model.counterfactual(BINARY, row=declined(model)[0] + 1)
    assert "then" in found.text()
    assert "改为" in found.text("zh")
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["ways"][0]["changes"][0]["then"] == found.ways[0].changes[0].then
    with found.save(tmp_path / "ways.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert {row["way"] for row in rows} == {str(k + 1) for k in range(len(found))}
    assert rows[0]["then"] == found.ways[0].changes[0].then


def test_what_cannot_be_is_refused_in_three_parts(models: dict[str, Model]) -> None:
    binary, value = models["binary"], models["value"]
    bad = declined(binary)[0] + 1
    good = int(np.flatnonzero(binary.predict(BINARY).answer == "good")[0]) + 1
    held = ["income", "debt", "town", "insured"]
    refused: list[tuple[Any, str]] = [
        (lambda: binary.counterfactual(BINARY, row=good, to="good"), "already"),
        (lambda: binary.counterfactual(BINARY, row=0), "no row 0"),
        (lambda: binary.counterfactual(BINARY, row=bad, immutable=held), "Let more columns change; kept are"),
        (lambda: binary.counterfactual(BINARY, row=bad, immutable=[*held, "day"]), "0 columns"),
        (lambda: binary.counterfactual(BINARY, row=bad, increase_only="town"), "neither rise nor fall"),
        (lambda: binary.counterfactual(BINARY, row=bad, increase_only="debt", decrease_only="debt"), "nowhere to go"),
        (lambda: replace(binary, profile=None).counterfactual(BINARY, row=bad), "Train the model again"),
        (lambda: value.counterfactual(VALUE), "Name it with --to"),
        (lambda: value.counterfactual(VALUE, to="30..20"), "no range"),
    ]
    for ask, said in refused:
        with pytest.raises(RequestError, match=said) as error:
            ask()
        assert error.value.text("zh") != error.value.text("en")
    with pytest.raises(UnknownKey, match="Did you mean 'debt'"):
        binary.counterfactual(BINARY, row=bad, immutable="income,dbet")


def test_an_answer_of_several_labels_is_no_question(models: dict[str, Model]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=120)
    world = {"x": x.round(3).tolist(), "answer": ["|".join(("a",) * int(v > 0) + ("b",) * int(v > 0.5)) for v in x]}
    model = assay.train(world, "answer", task="flags", learners=("linear",), minutes=3.0, folds=3, checks=())
    with pytest.raises(RequestError, match="neither with one class nor with a value"):
        model.counterfactual(world)
