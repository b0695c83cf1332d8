"""Do the estimators keep scikit-learn's own promises?"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from assay.sklearn import AssayClassifier, AssayRegressor

QUICK = {"minutes": 0.05, "learners": ("constant", "linear")}


@pytest.mark.parametrize("kind", [AssayClassifier, AssayRegressor])
@pytest.mark.filterwarnings("ignore")
def test_check_estimator_finds_no_failure(kind: type) -> None:
    said = check_estimator(kind(**QUICK), on_fail=None)
    failed = [f"{row['check_name']}: {row['exception']}" for row in said if row["status"] == "failed"]
    assert not failed
    assert sum(row["status"] == "passed" for row in said) > 30


def test_classifier_in_cross_validation() -> None:
    x, y = load_iris(return_X_y=True)
    scores = cross_val_score(AssayClassifier(minutes=0.1, learners=("linear", "boosting")), x, y, cv=3)
    assert scores.mean() > 0.9


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
