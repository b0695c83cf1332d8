"""Do the reasons of a denial hold when they are put to the model, and does every refusal say why?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.errors import RequestError
from assay.model import Model

RNG = np.random.default_rng(7)
N = 600
COLUMNS = {f"x{k}": RNG.normal(size=N).round(3) for k in range(6)}
JOB = RNG.choice(["fixed", "none", "own"], size=N)
SINCE = [str(np.datetime64("2018-01-01") + int(d)) for d in RNG.integers(2000, size=N)]
AGE = RNG.integers(20, 70, size=N)
SIGNAL = sum(COLUMNS.values()) + (JOB == "fixed") - (JOB == "none") + 0.05 * (AGE - 45)
WORLD: dict[str, list[Any]] = {
    **{name: cells.tolist() for name, cells in COLUMNS.items()},
    "job": JOB.tolist(),
    "since": SINCE,
    "age": AGE.tolist(),
    "answer": np.where(SIGNAL + RNG.normal(size=N) * 0.3 > -1, "good", "bad").tolist(),
}
FAST: dict[str, Any] = {"learners": ("linear",), "minutes": 3.0, "folds": 3, "checks": (), "sensitive": ("age",)}


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(WORLD, "answer", **FAST)


@pytest.fixture(scope="module")
def declined(model: Model) -> list[int]:
    return np.flatnonzero(model.predict(WORLD).answer == "bad")[:40].tolist()


def test_reasons_flip_most_denials_and_others_at_random_do_not(model: Model, declined: list[int]) -> None:
    found = [model.reason_codes(WORLD, row=place + 1) for place in declined]
    assert all(1 <= len(one.reasons) <= 4 for one in found)
    flips = np.mean([one.flips for one in found])
    others = np.mean([one.put.hits / one.put.draws for one in found if one.put is not None])
    assert flips > 0.5
    assert others < flips / 2


def test_points_are_the_models_own_pulls(model: Model, declined: list[int]) -> None:
    place = declined[0]
    found, explained = model.reason_codes(WORLD, row=place + 1), model.explain(WORLD, row=place + 1, label="good")
    side = model.reference.above if model.reference is not None else None
    assert side is not None
    usual = dict(zip(model.ensemble.parts, side.pulls, strict=True))
    short = {name: usual[name] - pull for name, _, pull in explained.parts}
    assert [one.name for one in found.reasons] == sorted(short, key=lambda name: -short[name])[: len(found.reasons)]
    for one in found.reasons:
        assert one.short == pytest.approx(short[one.name], abs=1e-6)


def test_each_reason_says_which_way(model: Model, declined: list[int]) -> None:
    keys = set()
    for place in declined:
        for one in model.reason_codes(WORLD, row=place + 1).reasons:
            keys.add(one.say.key)
            if one.name.startswith("x"):
                assert one.usual is not None
                assert one.now is not None
                assert (one.say.key == "lower") == (float(one.now) < float(one.usual))
    assert {"lower", "other"} <= keys


def test_a_missing_cell_is_a_reason_that_says_so(model: Model, declined: list[int]) -> None:
    row = {name: cells[declined[0]] for name, cells in WORLD.items()} | {"x0": None}
    found = model.reason_codes(row)
    said = {one.name: one.say.key for one in found.reasons}
    assert said.get("x0", "not_given") == "not_given"
    assert found.row == 1


def test_sensitive_reasons_are_pointed_out(model: Model, declined: list[int]) -> None:
    found = [model.reason_codes(WORLD, row=place + 1) for place in declined]
    assert any(one.sensitive for one in found)
    for one in found:
        assert one.sensitive == tuple(r.name for r in one.reasons if r.name == "age")
        assert ("question of law" in one.text()) == bool(one.sensitive)


def test_rows_of_ones_own_may_be_the_reference(model: Model, declined: list[int]) -> None:
    found = model.reason_codes(WORLD, row=declined[0] + 1, reference=WORLD)
    assert "Held against the" in found.text()
    own = model.reason_codes(WORLD, row=declined[0] + 1)
    assert {one.name for one in found.reasons} & {one.name for one in own.reasons}


def test_it_survives_its_file_and_reads_in_two_languages(model: Model, declined: list[int], tmp_path: Path) -> None:
    again = assay.load(model.save(tmp_path / "m.assay"))
    one, two = (m.reason_codes(WORLD, row=declined[1] + 1) for m in (model, again))
    assert one.to_json() == two.to_json()
    json.dumps(one.to_json("zh"), allow_nan=False)
    assert "主要理由" in one.text("zh")
    assert "Principal reasons" in repr(one)


def test_the_other_answer_can_be_denied_too(model: Model) -> None:
    place = int(np.flatnonzero(model.predict(WORLD).answer == "good")[0])
    found = model.reason_codes(WORLD, row=place + 1, label="bad")
    assert found.label == "bad"
    assert found.p < 0.5


def test_what_cannot_be_is_refused(model: Model, declined: list[int]) -> None:
    row = declined[0] + 1
    good = {name: cells[:20] for name, cells in WORLD.items()}
    refused: list[tuple[Any, str]] = [
        (lambda: model.reason_codes(WORLD, row=row, label="bad"), "is answered 'bad'"),
        (lambda: model.reason_codes(WORLD, row=row, label="godo"), "Did you mean 'good'"),
        (lambda: model.reason_codes(WORLD, row=0), "no row 0"),
        (lambda: model.reason_codes(WORLD, row=row, reference=good), "--reference"),
        (lambda: replace(model, reference=None).reason_codes(WORLD, row=row), "--reference FILE"),
    ]
    for ask, said in refused:
        with pytest.raises(RequestError, match=said) as error:
            ask()
        assert error.value.text("zh") != error.value.text("en")


def test_a_value_has_no_reason_codes() -> None:
    world = {**WORLD, "answer": SIGNAL.round(3).tolist()}
    model = assay.train(world, "answer", **FAST)
    assert model.reference is None
    with pytest.raises(RequestError, match="between two answers"):
        model.reason_codes(world)


def test_a_model_of_texts_wants_rows_to_hold_against() -> None:
    words = np.where(
        np.asarray(WORLD["answer"]) == "good", "all was well and paid in time", "late again and nothing was paid"
    )
    said = [f"{text} {k % 17} {k % 5}" for k, text in enumerate(words)]
    world = {"note": said, "x0": WORLD["x0"], "answer": WORLD["answer"]}
    model = assay.train(world, "answer", kinds={"note": "text"}, **{**FAST, "learners": ("sparse",), "sensitive": ()})
    assert model.reference is None
    place = int(np.flatnonzero(model.predict(world).answer == "bad")[0])
    with pytest.raises(RequestError, match="--reference FILE"):
        model.reason_codes(world, row=place + 1)
    found = model.reason_codes(world, row=place + 1, reference=world)
    assert found.reasons[0].name == "note"
    assert found.reasons[0].say.key == "untold"
    assert "note" in found.text()
