"""Do the estimators keep scikit-learn's own promises?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
import sklearn
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_val_score, cross_validate
from sklearn.utils.estimator_checks import check_estimator

from assay.sklearn import AssayClassifier, AssayRegressor

QUICK = {"minutes": 0.05, "learners": ("constant", "linear")}
BROKEN = {
    "check_sample_weight_equivalence_on_dense_data": "rows are split into folds by chance: a row repeated may come to lie "
    "on both sides of a split, a row of weight 2 cannot",
}
RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(400, 2))
HALF = np.arange(400) % 2 == 0


@pytest.mark.parametrize("kind", [AssayClassifier, AssayRegressor])
@pytest.mark.filterwarnings("ignore")
def test_check_estimator_finds_no_failure(kind: type) -> None:
    said = check_estimator(kind(**QUICK), on_fail=None, expected_failed_checks=BROKEN)
    failed = [f"{row['check_name']}: {row['exception']}" for row in said if row["status"] == "failed"]
    assert not failed
    assert {row["check_name"] for row in said if row["status"] == "xfail"} == set(BROKEN)
    assert sum(row["status"] == "passed" for row in said) > 30


def test_classifier_in_cross_validation() -> None:
    x, y = load_iris(return_X_y=True)
    scores = cross_val_score(AssayClassifier(minutes=0.1, learners=("linear", "boosting")), x, y, cv=3)
    assert scores.mean() > 0.9


def test_trials_take_the_place_of_minutes_and_give_the_same_model_again() -> None:
    first, second = (AssayClassifier(trials=2, learners=("linear",)).fit(X, X[:, 0] > 0) for _ in range(2))
    assert (first.model_.plan.minutes, first.model_.plan.trials) == (0.0, 2)
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_learners_that_keep_rows_are_tried_where_they_are_named() -> None:
    y = X[:, 0] * X[:, 1]
    told = {also: AssayRegressor(trials=2, learners=("linear",), also=also).fit(X, y) for also in ((), ("neighbours",))}
    assert [c.learner for c in told["neighbours",].model_.plan.candidates] == ["linear", "neighbours"]
    assert told[()].score(X, y) < 0.1 < 0.8 < told["neighbours",].score(X, y)


def test_one_refit_ships_where_it_is_asked_for() -> None:
    line = {"trials": 1, "learners": ("linear",)}
    bag, refit = (AssayRegressor(**line, ship=ship).fit(X, X[:, 0]) for ship in ("bag", "refit"))
    assert [len(member.folds) for member in bag.model_.ensemble.members] != [1]
    assert [len(member.folds) for member in refit.model_.ensemble.members] == [1]
    with pytest.raises(ValueError, match="ship is 'boat'"):
        AssayRegressor(ship="boat").fit(X, X[:, 0])


def test_memory_and_latency_are_promised_where_they_are_asked_for() -> None:
    found = AssayRegressor(minutes=0.1, learners=("linear",), memory="8GB", latency="50ms").fit(X, X[:, 0])
    assert (found.model_.plan.memory, found.model_.plan.latency) == (8e9, 0.05)
    for asked, refused in (({"memory": "much"}, "memory is 'much'"), ({"latency": "5ms", "trials": 1}, "latency")):
        with pytest.raises(ValueError, match=refused):
            AssayRegressor(**asked).fit(X, X[:, 0])


def test_costs_decide_what_is_predicted_and_leave_probabilities_as_they_are() -> None:
    y = np.where(X[:, 0] + RNG.normal(size=400) > 0, "bad", "good")
    line = {"trials": 1, "learners": ("linear",)}
    plain, dear = (AssayClassifier(**line, costs=costs).fit(X, y) for costs in (None, {"bad": 4}))
    p = dear.predict_proba(X)
    np.testing.assert_array_equal(p, plain.predict_proba(X))
    np.testing.assert_array_equal(dear.predict(X), np.where(p[:, 0] * 4 > p[:, 1], "bad", "good"))
    assert (dear.predict(X) == "bad").sum() > (plain.predict(X) == "bad").sum()
    numbered = AssayClassifier(**line, costs={1: 4}).fit(X, (y == "bad").astype(int))
    np.testing.assert_array_equal(numbered.predict(X) == 1, numbered.predict_proba(X)[:, 1] > 0.2)
    with pytest.raises(ValueError, match="'worse'; it holds 'bad', 'good'"):
        AssayClassifier(**line, costs={"worse": 4}).fit(X, y)
    with pytest.raises(ValueError, match="cost"):
        AssayRegressor(**line, costs={"1": 4}).fit(X, X[:, 0])


def test_folds_and_sealed_rows_are_those_asked_for() -> None:
    found = AssayRegressor(trials=1, learners=("linear",), folds=3, sealed=0.25).fit(X, X[:, 0])
    assert (found.model_.plan.splits.folds, found.model_.plan.splits.sealed) == (3, 100)


def test_a_private_model_is_learnt_where_a_guarantee_is_asked_for(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, size=(3_000, 2))
    ends: dict[str, Any] = {"x0": {"low": -1, "high": 1}, "x1": {"low": -1, "high": 1}}
    value = AssayRegressor(privacy=4.0, schema={**ends, "target": {"low": -1, "high": 1}}).fit(x, x[:, 0])
    assert value.model_.plan.privacy["epsilon"] >= 4.0
    assert value.score(x, x[:, 0]) > 0.8
    assert value.predict_interval(x).shape == (3_000, 2)
    path = tmp_path / "schema.json"
    ends["x0"]["edges"] = [0]
    path.write_text(json.dumps({**ends, "target": {"levels": ["up", "down", "level"]}}), encoding="utf-8")
    y = np.where(x[:, 0] > 0, "up", "down")  # nobody is level, and the model does not tell
    found = AssayClassifier(privacy=4.0, delta=1e-5, schema=path).fit(x, y)
    assert found.model_.plan.privacy["delta"] == 1e-5
    assert found.classes_.tolist() == ["down", "level", "up"]
    assert found.score(x, y) > 0.9
    assert found.predict_proba(x).shape == found.predict_set(x).shape == (3_000, 3)


def test_what_no_guarantee_bears_is_refused() -> None:
    ends = {"x0": {"low": -1, "high": 1}, "x1": {"low": -1, "high": 1}}
    two = {**ends, "target": {"levels": [0, 1]}}
    refused = (
        ({"privacy": 1.0}, {}, "schema"),
        ({"privacy": 1.0, "schema": ends}, {}, "target"),
        ({"privacy": 1.0, "schema": two, "checks": ("quality",)}, {}, "checks"),
        ({"privacy": 1.0, "schema": two, "trials": 2}, {}, "trials"),
        ({"privacy": 1.0, "schema": two}, {"sample_weight": np.ones(400)}, "weight"),
        ({"privacy": 1.0, "schema": {**ends, "target": {"levels": [1, 2]}}}, {}, "does not declare for 'target': 0"),
        ({"schema": two}, {}, "schema"),
    )
    for asked, more, said in refused:
        with pytest.raises(ValueError, match=said):
            AssayClassifier(**asked).fit(X, (X[:, 0] > 0).astype(int), **more)


def test_frames_keep_their_categories() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"colour": rng.choice(["red", "green", "blue"], 300), "noise": rng.normal(size=300)})
    y = np.where(frame["colour"] == "red", "yes", "no")
    found = AssayClassifier(**QUICK).fit(frame, y)
    assert found.score(frame, y) > 0.99
    assert found.model_.plan.column("colour").kind == "category"


def test_regressor_gives_intervals_that_cover() -> None:
    x, y = load_diabetes(return_X_y=True)
    found = AssayRegressor(minutes=0.1, learners=("linear",)).fit(x, y)
    low, high = found.predict_interval(x).T
    assert 0.85 < ((low <= y) & (y <= high)).mean() < 0.99


def test_values_may_be_written_with_their_unit() -> None:
    ages = np.round(40 + 20 * X[:, 0])
    written = np.asarray([f"{age:.0f}岁" for age in ages])
    bare, found = (AssayRegressor(**QUICK).fit(X, y) for y in (ages, written))
    np.testing.assert_array_equal(found.predict(X), bare.predict(X))
    assert (found.model_.plan.unit, found.score(X, written)) == ("岁", bare.score(X, ages))
    with pytest.raises(ValueError, match="could not convert"):
        AssayRegressor(**QUICK).fit(X, np.where(HALF, "64岁", "old"))


def test_rows_of_weight_0_teach_nothing() -> None:
    """Half of the rows say y = 3·x, the other half y = −3·x."""
    y = np.where(HALF, 3, -3) * X[:, 0] + 0.1 * RNG.normal(size=400)
    for rows, slope in ((HALF, 3), (~HALF, -3)):
        found = AssayRegressor(**QUICK).fit(X, y, sample_weight=rows.astype(float))
        assert np.abs(found.predict(X) - slope * X[:, 0]).max() < 0.2
        assert "weight_missing" in str(found.model_.plan.left_out)
    assert np.abs(AssayRegressor(**QUICK).fit(X, y).predict(X)).max() < 1


def test_weights_shift_the_answer_by_as_much_as_they_weigh() -> None:
    """Two levels that nothing tells apart: the answer is their weighted mean."""
    y = np.where(HALF, 1.0, 0.0)
    for heavy in (1.0, 3.0, 9.0):
        found = AssayRegressor(**QUICK).fit(X, y, sample_weight=np.where(HALF, heavy, 1.0))
        assert found.predict(X).mean() == pytest.approx(heavy / (heavy + 1), abs=0.02)
        told = AssayClassifier(**QUICK).fit(X, y, sample_weight=np.where(HALF, heavy, 1.0))
        assert told.predict_proba(X)[:, 1].mean() == pytest.approx(heavy / (heavy + 1), abs=0.03)


def test_a_class_of_weight_0_is_no_class() -> None:
    y = np.where(X[:, 0] > 0, "up", "down").astype(object)
    y[:40] = "left"
    found = AssayClassifier(**QUICK).fit(X, y, sample_weight=np.where(y == "left", 0.0, 2.0))
    assert found.classes_.tolist() == ["down", "up"]
    assert found.predict_proba(X).shape == (400, 2)
    assert (found.predict(X[40:]) == y[40:]).mean() > 0.95
    with pytest.raises(ValueError, match="one class"):
        AssayClassifier(**QUICK).fit(X, y, sample_weight=(y == "up").astype(float))


def test_weights_that_are_no_amounts_are_refused() -> None:
    for wrong, said in ((-1.0, "[Nn]egative"), (np.nan, "NaN"), (0.0, "zero")):
        weight = np.zeros(400)
        weight[0] = wrong
        with pytest.raises(ValueError, match=said):
            AssayRegressor(**QUICK).fit(X, X[:, 0], sample_weight=weight)


def test_weights_take_a_name_that_no_column_of_a_frame_has() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"sample_weight": X[:, 0], "target": X[:, 1]})
    weight = pandas.Series(np.where(HALF, 1.0, 2.0))
    found = AssayRegressor(**QUICK).fit(frame, 2 * X[:, 0], sample_weight=weight)
    assert np.abs(found.predict(frame) - 2 * X[:, 0]).max() < 0.1
    assert {c.name: c.role for c in found.model_.plan.columns}["sample_weight_"] == "weight"


def test_weights_are_routed_through_cross_validation() -> None:
    y = np.where(HALF, 3, -3) * X[:, 0]
    with sklearn.config_context(enable_metadata_routing=True):
        asked = AssayRegressor(**QUICK).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        found = cross_validate(asked, X, y, cv=3, params={"sample_weight": HALF.astype(float)})
    assert found["test_score"].min() > 0.95
