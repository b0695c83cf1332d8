"""Do trees learn from targets that a library cannot hold as they are?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.shelf import shelf
from assay.kernel.stream import Stream
from assay.kernel.threads import at_most
from assay.learners.boosting import Boosting
from assay.stats.heads import guess, losses
from assay.trees.centre import centre_of

FEATURES = tuple(Feature(name, name) for name in "abcd")
GROWERS: list[tuple[str, dict[str, Any]]] = [
    ("boosting", {"rounds": 200}),
    ("boosting", {"rounds": 200, "refit": True, "craft": 5}),
    ("boosting", {"mode": "forest", "rounds": 60}),
    ("additive", {"rounds": 200}),
    ("additive", {"rounds": 200, "refit": True}),
    ("xgboost", {"rounds": 100}),
    ("catboost", {"rounds": 100}),
]
TRAIN, TUNE, FRESH = np.arange(400), np.arange(400, 480), np.arange(480, 700)


def numbers(rows: int = 700) -> Floats:
    return np.random.default_rng(0).normal(size=(rows, 4))


def batch(x: Floats, y: Floats, rows: np.ndarray) -> Batch:
    return Batch({"vector": Vector(x[rows], FEATURES)}, y[rows])


def fit(key: str, settings: dict[str, Any], head: Head, x: Floats, y: Floats):  # type: ignore[no-untyped-def]
    if shelf("learners").missing(key):
        pytest.skip(f"{key} is not installed")
    learner = shelf("learners").get(key)(**settings)
    with at_most(1):
        return learner.fit(batch(x, y, TRAIN), batch(x, y, TUNE), head, Clock.start(), np.random.default_rng(1))


@pytest.mark.parametrize("head", [Head.value(), Head.quantile(0.8)], ids=["value", "quantile"])
@pytest.mark.parametrize(("key", "settings"), GROWERS)
def test_targets_far_from_zero_are_learnt_as_well(key: str, settings: dict[str, Any], head: Head) -> None:
    x = numbers()
    y = 2 * x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * np.random.default_rng(1).normal(size=len(x))
    near, far = (
        losses(head, fit(key, settings, head, x, y + by).predict(batch(x, y + by, FRESH)), (y + by)[FRESH]).mean()
        for by in (0.0, 1.7e9)
    )
    assert far < 1.15 * near


def test_rows_that_come_in_blocks_are_centred_too() -> None:
    x = numbers()
    found = []
    for by in (0.0, 1.7e9):
        y = 2 * x[:, 0] + x[:, 1] * x[:, 2] + by
        rows, tune = batch(x, y, TRAIN), batch(x, y, TUNE)

        def blocks(values: Floats = rows.vector.values) -> Iterator[Floats]:
            yield from (values[:250], values[250:])

        stream = Stream(sample=lambda rows=rows: rows, sizes=(250, 150), y=rows.y, weight=None, blocks=blocks)
        with at_most(1):
            learner, rng = Boosting(rounds=200), np.random.default_rng(1)
            model = learner.fit_stream(stream, tune, Head.value(), Clock.start(), rng, 0)
        found.append(losses(Head.value(), model.predict(batch(x, y, FRESH)), y[FRESH]).mean())
    assert found[1] < 1.1 * found[0]


def test_only_targets_far_from_zero_have_a_centre() -> None:
    y = np.random.default_rng(0).normal(size=100)
    assert centre_of(Head.value(), y + 100) == 0.0
    assert centre_of(Head.counts(), np.full(100, 1e6)) == 0.0
    assert centre_of(Head.value(), y + 1e6) == np.median(y + 1e6)


@pytest.mark.parametrize("head", [Head.value(), Head.quantile(0.8), Head.counts(), Head.classes(2), Head.classes(3)])
def test_a_forest_without_a_split_says_the_best_constant(head: Head) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, head.classes_, 700) if head.classes_ else rng.poisson(5, 700).astype(float)
    x = np.ones((700, 4))
    model = fit("boosting", {"mode": "forest", "rounds": 30}, head, x, y)
    best = guess(head, y[TRAIN], None)
    assert np.allclose(model.predict(batch(x, y, FRESH)), best)
    assert np.allclose(model.single()([1.0] * 4), best)


def test_a_constant_target_is_what_a_forest_says() -> None:
    x, y = numbers(), np.full(700, 3.0)
    model = fit("boosting", {"mode": "forest", "rounds": 30}, Head.value(), x, y)
    assert np.allclose(model.predict(batch(x, y, FRESH)), 3.0)


def test_trees_without_a_split_do_not_dilute_the_average() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(700, 4)) > 1.9) * 1.0, 100 + rng.normal(size=700)
    settings = {"mode": "forest", "rounds": 60, "least_rows": 7, "column_share": 0.3}
    model = fit("boosting", settings, Head.value(), x, y)
    assert 0 < (model.forest.leaves == 1).sum() < model.forest.trees
    assert np.allclose(model.predict(batch(x, y, FRESH)), 100, atol=2)


@pytest.mark.parametrize(("key", "settings"), GROWERS[:5])
@pytest.mark.parametrize("k", [2, 3])
def test_a_class_that_lacks_among_the_training_rows_starts_at_the_guess(
    key: str, settings: dict[str, Any], k: int
) -> None:
    x = numbers()
    y = np.digitize(x[:, 0], [0.0]) if k == 3 else np.zeros(700, dtype=np.int64)
    y[FRESH[::7]] = k - 1
    model = fit(key, settings, Head.classes(k), x, y)
    scores = model.predict(batch(x, y, FRESH))
    least = guess(Head.classes(k), y[TRAIN], None)[-1]
    assert least > -8
    assert scores[:, -1].min() > least - 0.5
    if k == 3:
        assert (scores[:, :2].argmax(axis=1) == y[FRESH])[y[FRESH] < 2].mean() > 0.9
        assert scores[:, -1].max() < scores[:, :2].max(axis=1).mean()


@pytest.mark.parametrize(("key", "settings"), GROWERS[:5])
@pytest.mark.parametrize("later", [0.0, 2.0], ids=["none", "some while tuning"])
def test_counts_without_an_event_are_answered(key: str, settings: dict[str, Any], later: float) -> None:
    x, y = numbers(), np.zeros(700)
    y[TUNE[::5]] = later
    scores = fit(key, settings, Head.counts(), x, y).predict(batch(x, y, FRESH))
    least = guess(Head.counts(), y[TRAIN], None)[0]
    assert scores.min() > least - 0.5
    if not settings.get("refit"):  # which learns from the tune rows as well
        assert np.allclose(scores, least)


@pytest.mark.parametrize("head", [Head.classes(3), Head.counts()], ids=["classes", "counts"])
def test_rows_that_come_in_blocks_may_lack_a_class_or_all_events(head: Head) -> None:
    x = numbers()
    y = np.digitize(x[:, 0], [0.0]) if head.classes_ else np.zeros(700)
    rows = batch(x, y, TRAIN)

    def blocks() -> Iterator[Floats]:
        yield from (rows.vector.values[:250], rows.vector.values[250:])

    stream = Stream(sample=lambda: rows, sizes=(250, 150), y=y[TRAIN], weight=None, blocks=blocks)
    with at_most(1):
        learner, rng = Boosting(rounds=50), np.random.default_rng(1)
        model = learner.fit_stream(stream, batch(x, y, TUNE), head, Clock.start(), rng, 0)
    assert model.predict(batch(x, y, FRESH)).min() > -12
    assert np.allclose(model.predict(batch(x, y, FRESH))[:, -1], guess(head, y[TRAIN], None)[-1])
