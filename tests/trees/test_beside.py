"""Does a forest put together of several say what each of them says?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.trees.beside import beside
from assay.trees.forest import Forest
from assay.trees.grow import grow
from assay.trees.order import in_order
from assay.trees.single import scorer

RNG = np.random.default_rng(0)
VALUES = np.column_stack([RNG.normal(size=500), RNG.integers(6, size=500).astype(float), RNG.normal(size=500)])
VALUES[::7, 2] = math.nan
FEATURES = (Feature("a", "a"), Feature("b", "b", "code", tuple("uvwxyz")), Feature("c", "c"))


def grown(y: np.ndarray, rounds: int) -> Forest:
    batch = Batch({"vector": Vector(VALUES, FEATURES)}, y)
    settings = {"num_leaves": 7, "min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 1.0}
    return grow(batch, None, Head.value(), settings, rounds, 0, Clock.start()).forest


@pytest.fixture(scope="module")
def forests() -> list[Forest]:
    targets = [VALUES[:, 0] ** 2, (VALUES[:, 1] % 2) * 3.0, np.nan_to_num(VALUES[:, 2]) * VALUES[:, 0]]
    return [grown(y, rounds) for y, rounds in zip(targets, (12, 5, 9), strict=True)]


def test_outputs_are_those_of_the_forests(forests: list[Forest]) -> None:
    whole = beside(forests)
    apart = np.column_stack([forest.predict(VALUES)[:, 0] for forest in forests])
    assert whole.iterations == 12
    assert whole.width == 3
    np.testing.assert_array_equal(whole.predict(VALUES), apart)
    np.testing.assert_array_equal(whole.native(VALUES), apart)
    score = scorer(whole)
    assert [score(row) for row in VALUES[:20]] == apart[:20].tolist()
    pulls = np.stack([forest.contributions(VALUES[:20])[:, :, 0] for forest in forests], axis=2)
    np.testing.assert_allclose(whole.contributions(VALUES[:20]), pulls, atol=1e-12)


def test_it_comes_back_from_a_file(forests: list[Forest]) -> None:
    box = Box()
    whole = beside(forests)
    whole.dump(box)
    assert Forest.load(box).same(in_order(whole))


def test_one_forest_is_itself_and_others_are_refused(forests: list[Forest]) -> None:
    assert beside(forests[:1]) is forests[0]
    with pytest.raises(TypeError, match="width one"):
        beside([beside(forests), forests[0]])
