"""Can a learner be asked for by the name that the field has for it, and a candidate by the one that the plan prints?"""

from __future__ import annotations

import numpy as np
import pytest

import assay
from assay.kernel.errors import RequestError
from assay.kernel.forms import Head
from assay.planning.portfolio import candidates, learners_by_candidate
from assay.planning.wishes import Wishes

TABLE = {"x": np.linspace(-1, 1, 60), "y": ["yes", "no"] * 30}


def tried(*learners: str) -> list[str]:
    return [candidate.name for candidate in assay.plan(TABLE, target="y", learners=learners).candidates]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("LightGBM", "boosting"),
        ("lgbm", "boosting"),
        ("RealMLP", "perceptron"),
        ("kNN", "neighbours"),
        ("logistic-regression", "linear"),
        ("EBM", "additive"),
        ("xgb", "xgboost"),
        ("CatBoost", "catboost"),
        ("Extra Trees", "forest random"),
        ("random_forest", "forest"),
        ("boosting stumps", "boosting stumps"),
        ("riddle", "riddle"),
    ],
)
def test_names_of_the_field_mean_our_learners(asked: str, meant: str) -> None:
    assert Wishes(target="y", learners=(asked,)).learners == (meant,)


def test_a_candidate_is_tried_alone_and_beside_a_learner() -> None:
    assert tried("forest random") == tried("extra trees") == ["forest random"]
    assert tried("forest", "linear") == ["linear", "forest"]
    assert [name for name in tried("boosting", "forest") if name.startswith("boosting")]


@pytest.mark.parametrize("rows", [300, 80_000])
def test_every_candidate_can_be_named_on_a_table_of_any_size(rows: int) -> None:
    for name, learner in learners_by_candidate().items():
        found, _ = candidates(rows, Head.classes(2), (name,))
        assert [(one.name, one.learner) for one in found] == [(name, learner)]
    beside = [one.name for one in candidates(rows, Head.classes(2), (), also=("forest random",))[0]]
    assert beside.count("forest random") == 1
    assert len(beside) > 5


def test_an_unknown_learner_is_told_all_there_are() -> None:
    with pytest.raises(RequestError, match=r"Known: additive, .*linear, .*xgboost\."):
        tried("riddle")


@pytest.mark.parametrize(
    ("asked", "meant"), [("lihgtgbm", "lightgbm"), ("forest randm", "forest random"), ("lineer", "linear")]
)
def test_a_misspelt_learner_is_told_the_closest_name_whoever_uses_it(asked: str, meant: str) -> None:
    with pytest.raises(RequestError) as caught:
        tried(asked)
    assert f"Did you mean '{meant}'?" in str(caught.value)
