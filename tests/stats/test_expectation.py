"""Does a model that means what it says expect the loss that comes?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from assay.kernel.plugins import Codec
from assay.kernel.shelf import shelf
from assay.stats.expectation import expectation, expected_losses


@dataclass(frozen=True)
class World:
    task: str
    labels: tuple[str, ...]
    width: int


WORLDS = [World("binary", ("no", "yes"), 1), World("classes", ("a", "b", "c"), 3), World("flags", ("p", "q"), 2)]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.task)
def test_what_probabilities_expect_comes_true(world: World) -> None:
    rng = np.random.default_rng(0)
    task, codec = shelf("tasks").get(world.task)(), Codec(labels=world.labels)
    scores = 1.5 * rng.normal(size=(20_000, world.width))
    p = task.answers(scores)
    if world.task == "flags":
        y = (rng.random(p.shape) < p).astype(np.int64)
    else:
        y = (rng.random((len(p), 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    found = expectation(task, codec, scores, y)
    assert found is not None
    assert found.loss == pytest.approx(found.actual, rel=0.02)
    assert found.rows == 20_000
    other = expectation(task, codec, 2.0 * scores, y)  # surer than it should be
    assert other is not None
    assert other.actual > 1.1 * other.loss


def test_a_coin_is_expected_to_cost_what_a_coin_costs() -> None:
    found = expected_losses(shelf("tasks").get("binary")(), Codec(labels=("no", "yes")), np.zeros((3, 1)))
    np.testing.assert_allclose(found, np.log(2))  # type: ignore[arg-type]


def test_values_have_no_probabilities() -> None:
    task = shelf("tasks").get("value")()
    assert expectation(task, Codec(), np.zeros((3, 1)), np.zeros(3)) is None
