"""Do the arrays answer as XGBoost and CatBoost themselves do?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.grid import LEVELS
from assay.kernel.threads import at_most
from assay.learners import catboost as cat
from assay.learners import xgboost as xgb
from assay.learners._trees import Trees
from assay.stats.heads import answers, guess, losses, quantile
from assay.trees.centre import unit_of
from assay.trees.forest import Forest
from assay.trees.grow import clean_batch
from assay.trees.single_precision import at_most as largest_at_most
from assay.trees.single_precision import below

FEATURES = (
    Feature("a", "a"),
    Feature("b", "b", "code", tuple(f"level {k}" for k in range(40))),
    Feature("c", "c"),
    Feature("d", "d", "code", ("x", "y", "z")),
)
HEADS = (Head.value(), Head.quantile(0.8), Head.classes(2), Head.classes(4))
NAMES = ["value", "quantile", "two", "four"]


def world(head: Head, rows: int = 900) -> Batch:
    """Numbers on a grid, so that rows stand on thresholds; two categories; holes everywhere; weights."""
    rng = np.random.default_rng(7)
    numbers = rng.normal(size=(rows, 2)).round(1)
    names = np.column_stack([rng.integers(0, 41, rows), rng.integers(0, 4, rows)]).astype(float)
    pull = rng.normal(size=41)[names[:, 0].astype(int)]
    value = numbers[:, 0] + pull + names[:, 1] + rng.normal(size=rows) / 2
    values = np.column_stack([numbers[:, 0], names[:, 0], numbers[:, 1], names[:, 1]])
    values[rng.random(values.shape) < 0.1] = np.nan
    values[0, 0] = 1e300
    k = head.classes_
    y = np.digitize(value, np.quantile(value, np.arange(1, k) / k)) if k else value
    return Batch({"vector": Vector(values, FEATURES)}, y, rng.random(rows) + 0.5)


def parts(head: Head) -> tuple[Batch, Batch, Batch]:
    rows = world(head)
    return rows.take(np.arange(600)), rows.take(np.arange(600, 750)), rows.take(np.arange(750, 900))


@pytest.mark.parametrize("head", HEADS, ids=NAMES)
def test_xgboost_and_the_arrays_give_the_same_scores(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xgboost")
    kept = {}
    convert = xgb.forest_of_xgboost

    def watched(booster, rounds, base, levels, values):  # type: ignore[no-untyped-def]
        forest = convert(booster, rounds, base, levels, values)
        kept.update(booster=booster, rounds=rounds, base=base, forest=forest)
        return forest

    monkeypatch.setattr(xgb, "forest_of_xgboost", watched)
    train, tune, test = parts(head)
    with at_most(1):
        fit = xgb.XGBoost(rounds=80, patience=20).fit(train, tune, head, Clock.start(), np.random.default_rng(0))
        unit = unit_of(head, train.y)
        data = xgb._matrix(test, kept["base"], xgb.levels_of(test), unit=unit)
        said = unit * kept["booster"].predict(data, output_margin=True, iteration_range=(0, kept["rounds"]))
    np.testing.assert_allclose(fit.predict(test), said.reshape(test.rows, -1), atol=2e-5)
    assert fit.forest.iterations == kept["rounds"] > 5
    assert (fit.forest.decision & 1).any()
    _holds(fit, test, head)


@pytest.mark.parametrize("head", HEADS, ids=NAMES)
def test_catboost_and_the_arrays_give_the_same_scores(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("catboost")
    kept = {}
    convert = cat.forest_of_catboost

    def watched(model, rounds, base, levels, pool):  # type: ignore[no-untyped-def]
        forest = convert(model, rounds, base, levels, pool)
        kept.update(model=model, rounds=rounds, base=base, forest=forest)
        return forest

    monkeypatch.setattr(cat, "forest_of_catboost", watched)
    train, tune, test = parts(head)
    with at_most(1):
        fit = cat.CatBoost(rounds=80, patience=20).fit(train, tune, head, Clock.start(), np.random.default_rng(0))
        data = cat._pool(test.vector.values, cat.levels_of(test))
        said = kept["model"].predict(data, prediction_type="RawFormulaVal", ntree_end=kept["rounds"])
    if head.width == 1:
        said = np.asarray(said)[:, None]
    exact = kept["forest"].scores(clean_batch(test))
    np.testing.assert_allclose(exact, said + kept["base"], atol=1e-12)
    np.testing.assert_allclose(fit.predict(test), exact, atol=_most_moved(kept["forest"]))
    assert (fit.forest.decision & 1).any()
    _holds(fit, test, head)


def _most_moved(forest: Forest) -> float:
    """How far a row's score can move when each leaf goes to the nearest point of its tree's grid: half a step a tree."""
    ends = forest.leaf_offsets[:-1]
    span = np.maximum.reduceat(forest.leaf_value, ends) - np.minimum.reduceat(forest.leaf_value, ends)
    return float((span / (LEVELS - 2)).sum())  # a step is at most twice the span's share


def _holds(fit: Trees, test: Batch, head: Head) -> None:
    """What the house asks of any fitted trees: they beat the constant, their pulls add up, a file gives them back."""
    scores = fit.predict(test)
    np.testing.assert_allclose(fit.contributions(test).sum(axis=1), scores, atol=1e-10)
    values = clean_batch(test)
    np.testing.assert_array_equal(fit.forest.native(values), fit.forest.predict(values))
    assert test.y is not None
    if head.name == "quantiles":
        constant = np.tile(guess(head, np.asarray(test.y), None), (test.rows, 1))
        assert losses(head, scores, test.y).mean() < 0.7 * losses(head, constant, test.y).mean()
    elif head.name == "value":
        assert np.mean((scores[:, 0] - test.y) ** 2) < 0.7 * np.var(test.y)
    else:
        chosen = scores.argmax(axis=1) if head.width > 1 else (scores[:, 0] > 0).astype(int)
        assert np.mean(chosen == test.y) > 1.4 / head.classes_
    box = Box()
    fit.dump(box)
    np.testing.assert_array_equal(Trees.load(box, head, FEATURES).predict(test), scores)
    np.testing.assert_array_equal(fit.single()(test.vector.values[3].tolist()), scores[3])


def test_catboost_learns_the_quantile_of_weighted_rows_in_any_unit() -> None:
    pytest.importorskip("catboost")
    head, rng = Head.quantile(0.8), np.random.default_rng(3)
    group = rng.integers(0, 2, 900).astype(float)
    y = rng.normal(size=900) + 3 * group
    weight = np.where(rng.random(900) < 0.5, 0.1, 1.0) * np.where(y > 3 * group, 4.0, 1.0)
    vector = Vector(group[:, None], (Feature("a", "a"),))
    truth = [quantile(y[group == k], 0.8, weight[group == k]) for k in (0, 1)]
    plain = [quantile(y[group == k], 0.8, None) for k in (0, 1)]
    for unit in (1e-4, 1.0, 1e6):
        rows = Batch({"vector": vector}, unit * y, weight)
        with at_most(1):
            fit = cat.CatBoost(rounds=200, row_share=1.0, ridge=0.0).fit(
                rows, rows, head, Clock.start(), np.random.default_rng(0)
            )
        said = [float(fit.predict(rows)[group == k][0, 0]) / unit for k in (0, 1)]
        assert said == pytest.approx(truth, abs=0.08)
        assert said != pytest.approx(plain, abs=0.2)


@pytest.mark.parametrize("head", [Head.value(), Head.quantile(0.8)], ids=lambda head: head.name)
@pytest.mark.parametrize(("package", "learner"), [("xgboost", xgb.XGBoost), ("catboost", cat.CatBoost)])
def test_the_unit_of_the_target_does_not_matter(package: str, learner: type, head: Head) -> None:
    pytest.importorskip(package)
    train, tune, test = parts(head)
    assert test.y is not None

    def loss(unit: float) -> float:
        told = [replace(rows, y=unit * np.asarray(rows.y)) for rows in (train, tune)]
        with at_most(1):
            fit = learner(rounds=80, patience=20).fit(*told, head, Clock.start(), np.random.default_rng(0))
        return float(losses(head, fit.predict(test) / unit, test.y).mean())

    plain = loss(1.0)
    assert [loss(1e-6), loss(1e6)] == pytest.approx([plain, plain], rel=0.02)


@pytest.mark.parametrize(("package", "learner"), [("xgboost", xgb.XGBoost), ("catboost", cat.CatBoost)])
@pytest.mark.parametrize("head", [Head.value(), Head.quantile(0.8), Head.counts()], ids=lambda head: head.name)
def test_a_target_that_never_changes_is_answered_everywhere(package: str, learner: type, head: Head) -> None:
    pytest.importorskip(package)
    train, tune, test = (replace(rows, y=np.full(rows.rows, 7.0)) for rows in parts(head))
    with at_most(1):
        fit = learner(rounds=80, patience=20).fit(train, tune, head, Clock.start(), np.random.default_rng(0))
    np.testing.assert_allclose(answers(head, fit.predict(test)), 7.0, rtol=1e-4)


@pytest.mark.parametrize(("package", "learner"), [("xgboost", xgb.XGBoost), ("catboost", cat.CatBoost)])
def test_the_clock_stops_the_growing(package: str, learner: type) -> None:
    pytest.importorskip(package)
    ticks = iter(np.arange(100_000.0) / 10)
    clock = Clock.start(4.0, now=lambda: float(next(ticks)))
    train, tune, _ = parts(Head.value())
    with at_most(1):
        fit = learner(rounds=5000, patience=500, rate=0.005).fit(
            train, tune, Head.value(), clock, np.random.default_rng(0)
        )
    assert 0 < fit.forest.iterations < 60


@pytest.mark.parametrize(("package", "learner"), [("xgboost", xgb.XGBoost), ("catboost", cat.CatBoost)])
def test_a_second_growing_takes_all_rows_and_more_rounds(package: str, learner: type) -> None:
    pytest.importorskip(package)
    train, tune, _ = parts(Head.classes(2))
    with at_most(1):
        once, twice = (
            learner(refit=refit).fit(train, tune, Head.classes(2), Clock.start(), np.random.default_rng(0))
            for refit in (False, True)
        )
    assert twice.forest.iterations == round(once.forest.iterations * 750 / 600)
    assert twice.curve == once.curve


@given(
    st.floats(width=32, min_value=-(2.0**126), max_value=2.0**126),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-3e38, max_value=3e38),
)
def test_thresholds_decide_as_single_precision_does(edge: float, steps: int, other: float) -> None:
    near = np.float64(edge) + steps * np.spacing(np.float32(edge)).astype(np.float64) / 2
    tried = np.array([near, np.nextafter(near, -np.inf), np.nextafter(near, np.inf), other])
    tried = tried[np.abs(tried) < 3e38]
    single = tried.astype(np.float32)
    np.testing.assert_array_equal(tried <= below(np.float32([edge]))[0], single < np.float32(edge))
    np.testing.assert_array_equal(tried <= largest_at_most(np.float32([edge]))[0], single <= np.float32(edge))
