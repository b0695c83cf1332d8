"""Are numbers that are put into a sum of weights drawn in to where training says something of them?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.forms import Feature, Head, Vector
from assay.stats.design import Design


def bounds(cells: list[float]) -> tuple[float, float]:
    design = Design.learn(Vector(np.asarray(cells)[:, None], (Feature("fee", "fee"),)))
    low, high = design.bounds[0].tolist()
    return low, high


@pytest.mark.parametrize("others", [[0.31], [0.31, 0.29], [0.3] * 28 + [5.0]])
def test_a_number_that_hardly_varies_is_drawn_in_to_its_range_and_a_quarter(others: list[float]) -> None:
    cells = [0.3] * 299 + others
    low, high = bounds(cells)
    room = (max(cells) - min(cells)) / 4
    assert (low, high) == (pytest.approx(min(cells) - room), pytest.approx(max(cells) + room))


@pytest.mark.parametrize("head", [None, Head.counts()], ids=["line", "counts"])
def test_a_number_is_standardised_the_same_whatever_stands_beside_it(head: Head | None) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(90, 300))
    values[rng.random(90) < 0.3, 1] = np.nan
    values[:, 2], values[:, 3], values[5, 4], values[:, 6] = 5.0, np.nan, 1e300, values[:, 6] > 2
    features = tuple(Feature(f"x{i}", f"x{i}") for i in range(300))
    together = Design.learn(Vector(values, features), head=head)
    assert "x1 missing" in together.names
    assert not {"x2", "x3"} & set(together.names)
    for i, feature in enumerate(features):
        alone = Design.learn(Vector(values[:, [i]], (feature,)), head=head)
        mine = together.owners == i
        assert alone.names == tuple(np.asarray(together.names)[mine])
        for part in ("levels", "centre", "scale", "bounds"):
            assert np.array_equal(getattr(alone, part), getattr(together, part)[mine])


def test_a_tail_behind_mostly_zeros_stays_drawn_in() -> None:
    assert bounds([0.0] * 290 + [1.0, 5.0, 1e6])[1] <= 25.0


def test_a_number_that_varies_is_heard_far_beyond() -> None:
    low, high = bounds(np.linspace(0, 10, 300).tolist())
    assert low < -100
    assert high > 100
