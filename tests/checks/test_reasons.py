"""Are liars found, and honest models believed?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.checks.reasons import ALARM, Reasons
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply

from .evidence_b import at_most, evidence, model, speaks

WEIGHTS = (1.5, 1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05)


def test_true_reasons_are_believed() -> None:
    trials = 25
    verdicts = [Reasons().run(evidence(n=150, seed=i, weights=WEIGHTS)).verdict for i in range(trials)]
    assert sum(v != "pass" for v in verdicts) <= at_most(ALARM, trials)


def test_reasons_given_in_the_wrong_order_are_found() -> None:
    liar = model(*WEIGHTS, order=(7, 6, 5, 4, 3, 2, 1, 0))
    found = Reasons().run(evidence(n=400, weights=WEIGHTS, model_=liar))
    assert (found.verdict, found.say.key) == ("watch", "untrue")
    assert found.measure("moved_by_named").value < found.measure("moved_by_others").value
    speaks(found)


def test_reasons_that_do_not_add_up_fail() -> None:
    found = Reasons().run(evidence(n=100, model_=model(1.0, 0.5, 0.25, missing_pull=0.01)))
    assert (found.verdict, found.say.key) == ("fail", "off")
    speaks(found)


def test_reasons_that_add_up_to_rounding_do_not_fail() -> None:
    found = Reasons().run(evidence(n=100, model_=model(1e6, 0.5, 0.25, missing_pull=1e-9)))
    assert found.say.key != "off"


def test_pulls_are_the_mean_of_what_each_part_adds() -> None:
    world = evidence(n=500, weights=WEIGHTS)
    found = Reasons().run(world)
    pull = found.measure("pull: x0")
    assert pull.value == pytest.approx(1.5 * np.abs(world.data["x0"].cells).mean())
    assert pull.low is not None
    assert pull.high is not None
    assert pull.low < 1.5 * np.sqrt(2 / np.pi) < pull.high
    assert found.figures[0].data["labels"] == [f"x{j}" for j in range(8)]
    speaks(found)


def test_directions_are_told() -> None:
    found = Reasons().run(evidence(n=300, weights=(1.0, -0.8, 0.5)))
    rows = found.figures[-1].data["rows"]
    assert [row[2].key for row in rows] == ["up", "down", "up"]


def test_a_model_of_one_part_alone_is_watched() -> None:
    found = Reasons().run(evidence(n=300, weights=(5.0, 0.1, 0.1)))
    assert (found.verdict, found.say.key) == ("watch", "alone")
    assert found.advice[0].option == "--drop x0"
    speaks(found)


def test_a_model_that_says_the_same_of_all_is_idle() -> None:
    found = Reasons().run(evidence(n=100, model_=model(0.0, 0.0)))
    assert (found.verdict, found.say.key) == ("info", "idle")
    speaks(found)


def test_shuffling_agrees_with_scikit_learn() -> None:
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import LinearRegression

    world = evidence(n=1500, labels=(), weights=(2.0, 1.0, 0.5))
    found = Reasons().run(world)
    x = np.column_stack([c.cells for c in world.data])
    fitted = LinearRegression().fit(x, world.y)
    theirs = permutation_importance(fitted, x, world.y, scoring="neg_mean_squared_error", n_repeats=5, random_state=0)
    worth = found.figures[1].data
    assert worth["labels"] == ["x0", "x1", "x2"]
    for value, low, high, other in zip(
        worth["values"], worth["low"], worth["high"], theirs.importances_mean, strict=True
    ):
        assert value == pytest.approx(other, abs=2 * (high - low))


def test_several_classes_are_centred_before_they_are_compared() -> None:
    """A part that adds the same to every class moves nothing, and must not seem strong."""
    weights = ((5.0, 5.0, 5.0), (1.0, 0.0, -1.0), (0.0, 0.5, -0.5))
    found = Reasons().run(evidence(n=400, labels=("a", "b", "c"), weights=weights))
    assert found.measure("pull: x0").value == pytest.approx(0.0, abs=1e-9)
    assert found.figures[0].data["labels"][0] == "x1"
    speaks(found)


def test_one_part_is_told_without_a_deletion_test() -> None:
    found = Reasons().run(evidence(n=100, weights=(1.0,)))
    assert (found.verdict, found.say.key) == ("info", "plain")


@pytest.mark.parametrize(("k", "told"), [(2, "replacing the part named strongest"), (8, "replacing the 2 parts named")])
def test_one_replaced_part_is_told_as_one(k: int, told: str) -> None:
    found = Reasons().run(evidence(n=400, weights=WEIGHTS[:k]))
    said = found.say.text("en")
    assert (found.say.key, found.say.values["k"]) == ("true", 1 if k == 2 else 2)
    assert told in said
    assert ("another one" in said) == (k == 2)


def test_a_slow_model_is_asked_for_fewer_rows() -> None:
    time = [0.0]

    def tick(seconds: float) -> None:
        time[0] += seconds

    slow = model(*WEIGHTS, seconds=0.5, tick=tick)
    clock = Clock.start(6.0, now=lambda: time[0])
    found = Reasons().run(replace(evidence(n=3000, weights=WEIGHTS, model_=slow), clock=clock))
    assert found.measure("adds_up_within").n < 2000
    assert time[0] <= 7.0  # the one asking under way when time is up may end


def test_says_why_when_rows_are_few_or_time_is_up() -> None:
    late = replace(evidence(n=100), clock=Clock.start(0.0))
    for world in (evidence(n=10), late):
        with pytest.raises(DoesNotApply) as answer:
            Reasons().run(world)
        assert answer.value.say.text("en")
        assert answer.value.say.text("zh")
