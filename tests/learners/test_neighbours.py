"""Do near rows answer, the nearer the more, and only where somebody asked for a file that holds rows?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.rng import stream
from assay.learners.neighbours import CLOSEST, WIDER, NearestNeighbours, Neighbours


def batch(x: np.ndarray, y: np.ndarray) -> Batch:
    features = tuple(Feature(f"x{i}", f"x{i}") for i in range(x.shape[1]))
    return Batch({"vector": Vector(x, features)}, y)


def fitted(x: np.ndarray, y: np.ndarray, head: Head, **settings: int) -> Neighbours:
    given = batch(x, y)
    return NearestNeighbours(**settings).fit(given, given.take(np.arange(0)), head, Clock.start(600), stream(0, "fit"))


def test_answers_are_the_kernel_mean_of_the_rows_within_reach() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 2)), rng.normal(size=200)
    model = fitted(x, y, Head.value(), neighbours=7)
    fresh = batch(rng.normal(size=(20, 2)), np.zeros(20))
    known = model.known.columns.astype(float) * model.scales
    for row, answer in zip(model.known.inputs.columns(fresh.vector) * model.scales, model.predict(fresh), strict=True):
        far = ((known - row) ** 2).sum(axis=1)
        weight = np.clip(1 - far / (WIDER * np.sort(far)[6] + CLOSEST), 0, None)
        assert (weight > 0).sum() >= 7
        assert answer[0] == pytest.approx((weight * y).sum() / weight.sum(), abs=1e-12)


@pytest.mark.parametrize("head", [Head.value(), Head.classes(2), Head.classes(3), Head.counts()], ids=str)
def test_a_row_that_comes_alone_is_answered_to_the_bit(head: Head) -> None:
    rng = np.random.default_rng(5)
    names = tuple(f"n{i}" for i in range(30))
    features = (
        Feature("a", "a"),
        Feature("b", "b"),
        Feature("c", "c", "code", names),
        Feature("d", "d", "code", names[:3]),
    )
    x = np.column_stack([rng.normal(size=(300, 2)), rng.integers(0, 31, 300), rng.integers(0, 4, 300)]).astype(float)
    x[::7, 0] = x[::11, 2] = x[::13, 3] = np.nan
    known = Batch({"vector": Vector(x[:200], features)}, rng.integers(0, head.classes_ or 4, 200))
    model = NearestNeighbours().fit(known, known.take(np.arange(0)), head, Clock.start(600), stream(0, "fit"))
    assert len(model.known.inputs.tables) == 1
    x[200:, 1] *= rng.choice([1, 1e6, 1e305], 100)
    alone, together = model.single(), model.predict(Batch({"vector": Vector(x, features)}))
    np.testing.assert_array_equal([alone(row) for row in x.tolist()], together)
    np.testing.assert_array_equal(model.predict(Batch({"vector": Vector(x[:1], features)})), together[:1])


def test_few_are_asked_where_the_truth_is_rough_and_many_where_it_is_blurred() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, size=(1500, 1))
    rough = fitted(x, np.sin(60 * x[:, 0]), Head.value())
    blurred = fitted(x, x[:, 0] + rng.normal(scale=3, size=1500), Head.value())
    assert rough.neighbours <= 10 < blurred.neighbours


def test_columns_that_tell_nothing_count_little() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(800, 12))
    y = (x[:, 0] + 0.3 * rng.normal(size=800) > 0).astype(np.int64)
    model = fitted(x, y, Head.classes(2))
    assert model.about()["by_correlation"]
    assert model.scales[0] == 1.0
    assert model.scales[1:].max() < 0.3


def test_a_group_that_holds_nearly_all_rows_is_not_kept_from_them() -> None:
    """Scored by the 50 rows of others alone, those of the large group would choose how all are asked."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(1000, 3))
    y = x[:, 0] + np.sin(2 * x[:, 1]) + 0.3 * rng.normal(size=1000)
    given, new = batch(x, y), batch(rng.normal(size=(1000, 3)), np.zeros(1000))
    heavy = replace(given, groups=np.where(np.arange(1000) < 950, 0, np.arange(1000)))
    truth = new.vector.values[:, 0] + np.sin(2 * new.vector.values[:, 1])
    none = given.take(np.arange(0))
    away = [
        np.mean(
            (
                NearestNeighbours().fit(rows, none, Head.value(), Clock.start(600), stream(0, "fit")).predict(new)[:, 0]
                - truth
            )
            ** 2
        )
        for rows in (given, heavy)
    ]
    assert away[1] < 1.2 * away[0]


def test_no_more_rows_are_kept_than_asked_for() -> None:
    rng = np.random.default_rng(3)
    model = fitted(rng.normal(size=(500, 2)), rng.normal(size=500), Head.value(), most=100)
    assert model.about()["rows"] == 100


def test_a_file_that_holds_rows_is_made_only_where_it_is_asked_for() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    frame["y"] = np.where(frame["a"] * frame["b"] > 0, "yes", "no")
    usual = assay.plan(frame, "y")
    assert "neighbours" not in {c.learner for c in usual.candidates}
    named = assay.plan(frame, "y", learners=["neighbours", "linear"])
    assert {c.learner for c in named.candidates} - {"constant"} == {"linear", "neighbours"}
    both = assay.plan(frame, "y", also=["neighbours"])
    assert {c.learner for c in both.candidates} == {c.learner for c in usual.candidates} | {"neighbours"}
    assert "note.keeps_rows" in {note.key for note in both.notes} & {note.key for note in named.notes}
    assert "note.keeps_rows" not in {note.key for note in usual.notes}
    model = assay.train(frame, "y", minutes=0.2, learners=["neighbours", "linear"])
    right = np.mean(np.asarray(model.predict(frame).answer) == frame["y"])
    assert right > 0.85  # a line alone gets half
