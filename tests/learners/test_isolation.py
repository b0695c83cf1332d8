"""Is a row of a plain table that is unlike the good ones found, told of, and exported?"""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.rng import stream
from assay.learners.isolation import FEW, Isolation
from assay.stats.metrics import auc

GRADES = ("steel", "brass", "lead")


def parts(n: int, odd: float = 0.0, seed: int = 0) -> Dataset:
    """Measured parts; odd ones are far too heavy, and of lead more often than others."""
    rng = np.random.default_rng(seed)
    is_odd = rng.random(n) < odd
    weight = np.where(is_odd, rng.normal(9.0, 1.0, n), rng.normal(0.0, 1.0, n))
    grade = np.where(is_odd, rng.choice(3, n, p=[0.1, 0.1, 0.8]), rng.choice(3, n, p=[0.7, 0.29, 0.01]))
    columns = (
        Column.of_numbers("weight", weight),
        Column.of_numbers("length", rng.normal(size=n)),
        Column.of_words("grade", [GRADES[k] for k in grade]),
    )
    return Dataset((*columns, Column.of_words("label", np.where(is_odd, "bad", "good").tolist())))


@pytest.fixture(scope="module")
def model():
    """Learnt from good parts alone, nobody having named a target."""
    return assay.train(parts(400).only(["weight", "length", "grade"]), task="odd", trials=1)


def test_odd_rows_of_a_plain_table_are_found(model):
    fresh = parts(300, odd=0.2, seed=1)
    answers = model.predict(fresh)
    is_odd = fresh["label"].as_words().texts() == np.asarray("bad")
    assert auc(answers.scores, is_odd, None) > 0.95
    assert (answers.answer[is_odd] == "odd").mean() > 0.8
    assert (answers.answer[~is_odd] == "odd").mean() < 0.05  # one in a hundred was promised; 240 good ones
    assert [c.name for c in model.plan.candidates] == ["constant", "isolation"]


def test_what_makes_a_row_odd_is_told_in_the_score_that_is_answered(model):
    """Whether an alarm is raised or not, a pull above zero speaks for odd."""
    fresh = parts(300, odd=0.2, seed=1)
    answers = model.predict(fresh)
    for row in (int(answers.scores.argmax()), int(answers.scores.argmin())):
        told = model.explain(fresh, row=row + 1)
        assert told.score == pytest.approx(answers.scores[row], abs=1e-9)
        assert told.answer == answers.answer[row]
    assert model.explain(fresh, row=int(answers.scores.argmax()) + 1).parts[0][0] in ("weight", "grade")


def test_its_file_says_the_same_and_so_does_onnx(model, tmp_path):
    fresh = parts(300, odd=0.2, seed=2)
    again = assay.load(model.save(tmp_path / "m.assay"))
    assert np.array_equal(again.predict(fresh).scores, model.predict(fresh).scores)
    assert model.export(tmp_path / "m.onnx", fresh).largest < 1e-5


def test_known_odd_rows_teach_nothing_but_are_counted():
    model = assay.train(parts(500, odd=0.1, seed=3), "label", task="odd", trials=1)
    finding = next(f for f in model.findings if f.check == "oddness")
    assert {m.name for m in finding.measures} >= {"false_alarms", "found", "auc"}
    assert next(m.value for m in finding.measures if m.name == "auc") > 0.95


def test_that_nothing_readable_finds_odd_rows_is_said_before_the_minutes_are_spent():
    with pytest.raises(RequestError) as caught:
        assay.plan(parts(100), "label", task="odd", readable=True)
    assert "isolation" in caught.value.parts("en")[1]
    assert all(caught.value.parts("zh"))


def test_it_is_not_tried_on_pictures_by_itself():
    from assay.planning.portfolio import candidates

    found, _ = candidates(100, Head.oddness(), (), forms=frozenset({"vector", "grid"}))
    assert "isolation" not in {c.learner for c in found}


def _batch(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> Batch:
    features = tuple(Feature(f"x{i}", f"x{i}") for i in range(x.shape[1]))
    return Batch({"vector": Vector(x, features)}, y, weight)


def test_scores_are_in_standard_deviations_of_held_out_good_rows():
    x = np.random.default_rng(4).normal(size=(800, 3))
    train, tune = _batch(x[:600], np.zeros(600, dtype=int)), _batch(x[600:], np.zeros(200, dtype=int))
    model = Isolation().fit(train, tune, Head.oddness(), Clock.start(600), stream(0, "fit"))
    scores = model.predict(tune)
    assert scores.mean() == pytest.approx(0.0, abs=1e-9)
    assert scores.std() == pytest.approx(1.0, abs=1e-9)
    alone = Isolation().fit(train, tune.take(np.arange(FEW - 1)), Head.oddness(), Clock.start(600), stream(0, "fit"))
    assert alone.predict(train).std() == pytest.approx(1.0, abs=1e-9)


def test_without_a_good_row_or_a_difference_it_still_answers():
    same = _batch(np.ones((50, 2)), np.zeros(50, dtype=int))
    flat = Isolation().fit(same, same, Head.oddness(), Clock.start(600), stream(0, "fit"))
    assert flat.predict(same).tolist() == [[0.0]] * 50
    x = np.random.default_rng(5).normal(size=(60, 2))
    none = Isolation().fit(
        _batch(x, np.ones(60, dtype=int)), same.take(np.arange(0)), Head.oddness(), Clock.start(600), stream(0, "f")
    )
    assert np.isfinite(none.predict(_batch(x, np.ones(60, dtype=int)))).all()
