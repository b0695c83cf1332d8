"""Is a wish of a program taken as it can only be meant, and refused in plain words where it cannot be?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.errors import RequestError
from assay.planning.said import wishes_of

TABLE = {"no": np.arange(60), "x": np.linspace(-1, 1, 60), "y": ["yes", "no"] * 30}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"drop": "no"}, {"drop": ("no",)}),
        ({"drop": ["no"]}, {"drop": ("no",)}),
        ({"drop": {"x", "no"}}, {"drop": ("no", "x")}),
        ({"ids": 7}, {"ids": ("7",)}),
        ({"learners": "linear"}, {"learners": ("linear",)}),
        ({"folds": np.int64(4)}, {"folds": 4}),
        ({"folds": 4.0}, {"folds": 4}),
        ({"folds": None, "trials": None, "memory": None, "ship": None, "drop": None, "favourable": None}, {}),
        ({"memory": 4e9}, {"memory": 4e9}),
        ({"weight": 3}, {"weight": "3"}),
        ({"favourable": True}, {"favourable": "True"}),
    ],
)
def test_what_can_be_meant_in_one_way_only_is_taken_so(said: dict[str, Any], meant: dict[str, Any]) -> None:
    assert wishes_of({"target": "y", **said}) == wishes_of({"target": "y", **meant})
    for name, value in meant.items():
        assert getattr(wishes_of({"target": "y", **said}), name) == value


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"minutes": "2"}, "minutes is '2'; it must be a number"),
        ({"minutes": True}, "minutes is True; it must be a number"),
        ({"trials": 2.5}, "trials is 2.5; it must be a whole number"),
        ({"folds": "5"}, "folds is '5'; it must be a whole number"),
        ({"folds": float("nan")}, "folds is nan; it must be a whole number"),
        ({"seed": "x"}, "seed is 'x'; it must be a whole number"),
        ({"readable": "yes"}, "readable is 'yes'; it must be True or False"),
        ({"kinds": "x=number"}, "kinds is 'x=number'; it must be a mapping of names to names"),
        ({"time": ["x"]}, "time is ['x']; it must be one name"),
        ({"features": 1 + 2j}, "features is (1+2j); it must be a name or a list of names"),
        ({"latency": ["5ms"]}, "latency is ['5ms']; it must be a number, or a text of a number and its unit"),
        ({"minute": 1}, "there is no wish 'minute', but there is 'minutes'"),
        ({"learner": "linear"}, "there is no wish 'learner', but there is 'learners'"),
        ({"shape": 1, "folds": "5"}, "folds is '5'"),
    ],
)
def test_what_is_no_wish_is_refused_in_three_parts(said: dict[str, Any], told: str) -> None:
    for ask in (assay.plan, assay.train):
        with pytest.raises(RequestError) as caught:
            ask(TABLE, target="y", **said)
        assert told in str(caught.value)
        assert "Change it and try again." in str(caught.value)
        assert caught.value.text("zh") != caught.value.text("en")


def test_a_name_far_from_all_is_told_what_there_is() -> None:
    with pytest.raises(RequestError, match=r"there is no wish .zzz.; there are also, audit_only, .*, trials, weight"):
        assay.plan(TABLE, target="y", zzz=1)


def test_no_target_is_told_as_such() -> None:
    with pytest.raises(RequestError, match="no target is named"):
        assay.plan(TABLE, target=None)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match=r"target is \['y'\]; it must be one name"):
        assay.plan(TABLE, target=["y"])  # type: ignore[arg-type]
