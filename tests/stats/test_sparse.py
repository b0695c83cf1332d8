"""Does a sparse design say what the dense one says, entry for entry?"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.forms import Feature, Head, Vector
from assay.stats.descent import descend, solve_exactly
from assay.stats.design import Design
from assay.stats.sparse import Sparse

RNG = np.random.default_rng(0)
LEVELS = tuple(f"level {i}" for i in range(240))
FEATURES = (Feature("x", "x"), *(Feature(f"c{i}", f"c{i}", "code", LEVELS) for i in range(8)))


def some(n: int) -> Vector:
    x = RNG.normal(size=n)
    x[::7] = np.nan
    return Vector(np.column_stack([x, RNG.integers(0, 241, size=(n, 8))]).astype(float), FEATURES)


VECTOR = some(3000)
DESIGN = Design.learn(VECTOR)
DENSE, SPARSE = DESIGN(VECTOR), DESIGN.matrix(VECTOR)


def test_a_design_of_many_switches_is_sparse() -> None:
    assert isinstance(SPARSE, Sparse)
    assert SPARSE.shape == DENSE.shape
    assert SPARSE.raw.nnz < 0.02 * DENSE.size


@pytest.mark.parametrize("width", [None, 3])
def test_products_from_both_sides_are_those_of_the_dense_design(width: int | None) -> None:
    v = RNG.normal(size=(DENSE.shape[1], *([width] if width else [])))
    u = RNG.normal(size=(DENSE.shape[0], *([width] if width else [])))
    np.testing.assert_allclose(SPARSE @ v, DENSE @ v, atol=1e-8)
    np.testing.assert_allclose(SPARSE.T @ u, DENSE.T @ u, atol=1e-8)


@pytest.mark.parametrize("head", [Head.value(), Head.classes(2), Head.classes(3)], ids=lambda h: f"{h.name}{h.width}")
def test_the_solvers_come_to_the_same_line(head: Head) -> None:
    hit = VECTOR.values[:, 1] % 3
    goal = 5 + 2 * hit.reshape(-1, 1) if head.name == "value" else np.eye(3)[hit.astype(int)]
    goal = goal[:, :1] if head.width == 1 else goal
    a = solve_exactly(SPARSE, goal, None, head, 30.0)
    b = solve_exactly(DENSE, goal, None, head, 30.0)
    np.testing.assert_allclose(SPARSE @ a[1:] + a[0], DENSE @ b[1:] + b[0], atol=2e-3)
    down = descend(SPARSE, goal, None, head, 30.0, 50, 1e-9, Clock.start()).history
    assert all(y <= x + 1e-12 for x, y in pairwise(down))


def test_pulls_add_up_to_the_product_also_for_missing_and_unseen_cells() -> None:
    new = some(50)
    new.values[0, 1] = np.nan
    weights = RNG.normal(size=(DESIGN.width + 1, 2))
    pulls = dict(DESIGN.pulls(new, weights))
    np.testing.assert_allclose(sum(pulls.values()), DESIGN(new) @ weights[1:], atol=1e-9)
    for feature, pull in pulls.items():
        mine = feature == DESIGN.owners
        np.testing.assert_allclose(pull, DESIGN(new)[:, mine] @ weights[1:][mine], atol=1e-9)
