"""Do trees go all the way where the clock allows few rounds?"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.shelf import shelf
from assay.kernel.threads import at_most
from assay.trees.watch import MOST_RATE, PACED_AT, Pace

FEATURES = tuple(Feature(name, name) for name in "abcd")
TRAIN, TUNE, FRESH = np.arange(600), np.arange(600, 700), np.arange(700, 1000)


def batch(x: Floats, y: Floats, rows: np.ndarray) -> Batch:
    return Batch({"vector": Vector(x[rows], FEATURES)}, y[rows])


def ticking(looks: float) -> Clock:
    """A clock on which a second passes with each look at it, as many as are allowed."""
    beats = itertools.count()
    return Clock.start(looks, now=lambda: float(next(beats)))


def left_over(key: str, settings: dict[str, Any], clock: Clock) -> float:
    """Mean square of what a learner leaves of fresh rows, beside that of one guess for all."""
    if shelf("learners").missing(key):
        pytest.skip(f"{key} is not installed")
    x = np.random.default_rng(0).normal(size=(1000, 4))
    y = 2 * x[:, 0] + x[:, 1]
    with at_most(1):
        learner = shelf("learners").get(key)(**settings)
        fitted = learner.fit(batch(x, y, TRAIN), batch(x, y, TUNE), Head.value(), clock, np.random.default_rng(1))
    return float(np.mean((fitted.predict(batch(x, y, FRESH))[:, 0] - y[FRESH]) ** 2) / y[FRESH].var())


@pytest.mark.parametrize(
    ("key", "settings"),
    [
        ("boosting", {"rate": 0.02}),
        ("boosting", {"rate": 0.02, "random_splits": True}),
        ("additive", {"rate": 0.02, "pairs": 0}),
        ("xgboost", {"rate": 0.02}),
    ],
)
def test_small_steps_grow_where_the_clock_allows_few(key: str, settings: dict[str, Any]) -> None:
    assert left_over(key, settings, ticking(120)) < 0.15


def test_as_many_rounds_once_more_take_steps_of_the_same_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.learners import boosting

    rates, grow = [], boosting.grow

    def told(train: Any, tune: Any, head: Any, parameters: dict[str, Any], *more: Any) -> Any:
        rates.append((tune is None, parameters["learning_rate"]))
        clock = ticking(120) if tune is not None else Clock.start()
        found = grow(train, tune, head, parameters, *more[:-1], clock)
        return boosting.replace(found, cut_short=False, seconds=0.0)

    monkeypatch.setattr(boosting, "grow", told)
    assert left_over("boosting", {"rate": 0.02, "refit": True}, Clock.start()) < 0.15
    (first, asked), (second, again) = rates
    assert (first, asked, second) == (False, 0.02, True)
    assert 0.1 < again <= MOST_RATE


def test_steps_stay_where_the_clock_allows_enough_or_stands() -> None:
    assert not Pace(Clock.start(), 400, 0.02).raised(PACED_AT)
    assert not Pace(Clock.still(), 400, 0.02).raised(PACED_AT)
    assert not Pace(ticking(3), 0, 0.02).raised(PACED_AT)
    assert not Pace(ticking(3), 400, 0.02).raised(PACED_AT + 1)
    pace = Pace(ticking(9), 400, 0.02)
    assert pace.raised(PACED_AT)
    assert pace.rate == MOST_RATE
