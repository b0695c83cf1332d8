"""Are the planted columns found, filled without a row's own target, and safe to read from a stranger?"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from assay.crafting.choose import choose, recipe_of
from assay.crafting.keys import key_of
from assay.crafting.made import DIFFERENCE, PRODUCT, RATIO, SUM, Made, arithmetic
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.threads import at_most
from assay.learners.boosting import Boosting

RNG = np.random.default_rng(0)
N = 3000
NUMBERS = RNG.lognormal(size=(N, 4))
CODES = RNG.integers(0, 12, size=(N, 2)).astype(np.float64)
VALUES = np.hstack([NUMBERS, CODES])
LEVELS = tuple("abcdefghijkl")
FEATURES = (
    *(Feature(f"x{i}", f"x{i}") for i in range(4)),
    *(Feature(f"c{i}", f"c{i}", "code", LEVELS) for i in range(2)),
)
VECTOR = Vector(VALUES, FEATURES)


def recipe(left_over: np.ndarray, most: int = 10):  # type: ignore[no-untyped-def]
    kept = choose(VECTOR, left_over[:, None], np.ones(6), most, Clock.start(), np.random.default_rng(1))
    return recipe_of(kept, VECTOR, 1)


def test_a_planted_ratio_is_the_first_column_made() -> None:
    found = recipe(np.log(NUMBERS[:, 2] / NUMBERS[:, 0]))
    assert (found.operation[0], {int(found.left[0]), int(found.right[0])}) == (RATIO, {0, 2})


def test_a_planted_cross_of_two_codes_is_found_and_its_table_tells_it() -> None:
    effect = np.random.default_rng(2).normal(size=(12, 12))
    y = effect[CODES[:, 0].astype(int), CODES[:, 1].astype(int)]
    found = recipe(y)
    made, values = found.make(VALUES, y[:, None], None, np.random.default_rng(3))
    crosses = [place for place, parts in enumerate(made.sources) if parts in ((4, 5), (5, 4))]
    assert crosses
    assert np.corrcoef(values[:, 6 + crosses[0]], y)[0, 1] > 0.9


def test_nothing_is_made_where_nothing_is_left_over_but_noise() -> None:
    assert recipe(np.random.default_rng(4).normal(size=N)) is None


def test_a_training_row_is_never_told_its_own_target() -> None:
    effect = np.random.default_rng(2).normal(size=(12, 12))
    y = effect[CODES[:, 0].astype(int), CODES[:, 1].astype(int)]
    found = recipe(y)
    _, before = found.make(VALUES, y[:, None], None, np.random.default_rng(3))
    moved = y.copy()
    moved[7] += 1e6
    _, after = found.make(VALUES, moved[:, None], None, np.random.default_rng(3))
    np.testing.assert_array_equal(before[7], after[7])
    assert not np.array_equal(before, after)


def test_arithmetic_where_it_is_undefined_is_missing() -> None:
    x = np.array([[1.0, 0.0], [np.nan, 2.0], [1e308, 1e308]])
    operation = np.array([DIFFERENCE, SUM, PRODUCT, RATIO], dtype=np.int8)
    out = arithmetic(x, operation, np.zeros(4, int), np.ones(4, int))
    np.testing.assert_array_equal(out, [[1, 1, 0, np.nan], [np.nan] * 4, [0, np.nan, np.nan, 1]])


@pytest.mark.parametrize(
    ("x", "feature", "expected"),
    [
        (np.array([3.0, 1.0, np.nan, 3.0, 99.0]), Feature("n", "n"), [1, 0, 3, 1, 2]),
        (np.array([0.0, 2.0, np.nan, 1.0, 5.0]), Feature("c", "c", "code", ("u", "v")), [0, 2, 3, 1, 2]),
    ],
)
def test_drawers_of_numbers_and_codes(x: np.ndarray, feature: Feature, expected: list[int]) -> None:
    key = key_of(0, feature, x)
    assert key is not None
    assert key(x[:, None]).tolist() == expected


def crafted():  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    y = NUMBERS[:, 0] / NUMBERS[:, 1] + 0.3 * rng.normal(size=N)
    data = Batch({"vector": VECTOR}, y)
    cut = np.arange(N) % 6 == 0
    train, tune = data.take(np.flatnonzero(~cut)), data.take(np.flatnonzero(cut))
    with at_most(1):
        learner = Boosting(craft=6, rounds=40, leaves=6, refit=True)
        return data, learner.fit(train, tune, Head.value(), Clock.start(), np.random.default_rng(0))


def test_crafted_trees_add_up_and_come_back_from_a_box() -> None:
    data, model = crafted()
    assert model.made is not None
    pulls = model.contributions(data)
    assert pulls.shape == (N, 7, 1)
    np.testing.assert_allclose(pulls.sum(axis=1), model.predict(data), atol=1e-9)
    box = Box()
    model.dump(box)
    again = Boosting.load(box, Head.value(), FEATURES)
    np.testing.assert_array_equal(again.predict(data), model.predict(data))


@pytest.mark.parametrize(
    ("name", "index", "value"),
    [
        ("left", 0, 99),
        ("right", 0, -1),
        ("operation", 0, 9),
        ("key_columns", 0, 6),
        ("key_sizes", 0, 1),
        ("first", 0, 9),
    ],
)
def test_a_damaged_file_is_refused(name: str, index: int, value: int) -> None:
    y = NUMBERS[:, 0] / NUMBERS[:, 1] + CODES[:, 0]
    made, _ = recipe(y).make(VALUES, y[:, None], None, np.random.default_rng(3))
    box = Box()
    made.dump(box)
    assert Made.load(box, 6).width == made.width
    box.arrays[name] = box.arrays[name].copy()
    box.arrays[name][index] = value
    with pytest.raises(BundleInvalid):
        Made.load(box, 6)


def test_a_row_alone_is_told_what_it_is_told_among_others() -> None:
    effect = np.random.default_rng(2).normal(size=(12, 12))
    y = effect[CODES[:, 0].astype(int), CODES[:, 1].astype(int)]
    looked_up = recipe(y, most=30).make(VALUES, y[:, None], None, np.random.default_rng(3))[0]
    pairs = [(o, i, j) for o in (DIFFERENCE, SUM, PRODUCT, RATIO) for i in range(4) for j in range(4)]
    operation, left, right = (np.asarray(part) for part in zip(*pairs, strict=True))
    made = dataclasses.replace(looked_up, operation=operation.astype(np.int8), left=left, right=right)
    assert len(made.tables) > 2
    assert (made.second >= 0).any()
    odd = VALUES[:400].copy()
    rng = np.random.default_rng(5)
    cells = np.asarray([np.nan, 0.0, -0.0, 1e300, -1e300, 1e-320, 12.0, 13.0, -0.5, 40.0])
    hit = rng.random(odd.shape) < 0.3
    odd[hit] = rng.choice(cells, size=int(hit.sum()))
    alone = made.single()
    np.testing.assert_array_equal([alone(row) for row in odd.tolist()], made(odd))


def test_when_time_is_up_nothing_more_is_made() -> None:
    left_over = np.log(NUMBERS[:, 2] / NUMBERS[:, 0])[:, None]
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    assert choose(VECTOR, left_over, np.ones(6), 10, late, np.random.default_rng(1)) == []
