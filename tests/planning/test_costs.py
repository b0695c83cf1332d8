"""Is what mistakes cost taken as it was said, and refused where it cannot be?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import assay
from assay.cli.options import costs_of
from assay.kernel.errors import RequestError
from assay.kernel.plan import Plan


def table(n: int = 200, classes: tuple[str, ...] = ("fraud", "good")) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=n)
    place = np.clip(np.searchsorted(np.linspace(-1, 1, len(classes) - 1), x + rng.normal(size=n)), 0, len(classes) - 1)
    return pd.DataFrame({"x": x, "amount": 100 + x, "sex": rng.choice(["f", "m"], n), "y": np.asarray(classes)[place]})


def test_of_two_classes_the_plan_says_from_which_probability_on() -> None:
    plan = assay.plan(table(), "y", costs={"fraud": 20})
    assert plan.costs == {"fraud": 20.0}
    note = next(note for note in plan.notes if note.key == "note.costs_two")
    assert "from a probability of 4.76 % on" in note.text()
    assert "costs 20 and a 'good' that is taken for one 1;" in note.text()
    assert "漏掉一个“fraud”的代价为 20" in note.text("zh")
    assert Plan.from_json(plan.to_json()) == plan


def test_a_class_may_be_said_as_the_number_it_is() -> None:
    numbers = table().assign(y=lambda t: (t.y == "fraud").astype(float))
    for one in (1, 1.0, "1", numbers.y.max()):
        assert assay.plan(numbers, "y", costs={one: 20}).costs == {"1": 20.0}


def test_a_cheap_class_is_the_other_one_dear() -> None:
    plan = assay.plan(table(), "y", costs={"good": 0.25})
    note = next(note for note in plan.notes if note.key == "note.costs_two")
    assert note.text().startswith("'fraud' is answered from a probability of 20.0 % on")


def test_of_more_classes_each_cost_is_named() -> None:
    plan = assay.plan(table(classes=("a", "b", "c")), "y", costs={"b": 3, "c": 10})
    assert "'b' 3, 'c' 10, of any other 1" in next(n.text() for n in plan.notes if n.key == "note.costs")


def test_a_plan_without_costs_is_written_as_ever() -> None:
    assert "costs" not in assay.plan(table(), "y").to_json()


@pytest.mark.parametrize(
    ("wished", "target", "said"),
    [
        ({"costs": {"frauds": 20}}, "y", "'y' has no class 'frauds'; its classes are fraud, good."),
        ({"costs": {"Fraud": 20}}, "y", "Did you mean 'fraud'? Change it, or leave --cost away."),
        ({"costs": {"fraud": 20}}, "x", "a row of 'x' does not bear one of several classes"),
        ({"costs": {"fraud": 0}}, "y", "the cost of 'fraud' is 0; it must be from 1e-06 to 1e+06"),
        ({"costs": {"fraud": float("nan")}}, "y", "the cost of 'fraud' is nan"),
        ({"costs": {"fraud": "much"}}, "y", "it must be a mapping of names to numbers"),
        ({"costs": 3}, "y", "it must be a mapping of names to numbers"),
        (
            {"costs": {"good": 2}, "sensitive": "sex", "mitigate": {"sex": "thresholds"}, "favourable": "good"},
            "y",
            "thresholds of their own",
        ),
    ],
)
def test_what_cannot_be_is_refused(wished: dict[str, object], target: str, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        assay.plan(table(), target, **wished)
    assert said in str(refused.value)


def test_the_command_line_takes_a_class_that_holds_a_sign_itself() -> None:
    assert costs_of(["fraud=20", "a=b=0.5"]) == {"fraud": 20.0, "a=b": 0.5}
    for wrong in ("fraud", "fraud=", "=3", "fraud=much", "1=3"):
        with pytest.raises(RequestError) as refused:
            costs_of(["1=2", wrong])
        assert "--cost fraud=20" in str(refused.value)


@pytest.mark.parametrize("cost", [0.0, -1.0, float("inf"), float("nan"), "20"])
def test_a_plan_of_a_file_that_holds_no_costs_in_their_place_is_refused(cost: object) -> None:
    raw = assay.plan(table(), "y", costs={"fraud": 20}).to_json()
    with pytest.raises((ValueError, TypeError)):
        Plan.from_json(raw | {"costs": {"fraud": cost}})
