"""Are numbers that are put into a sum of weights drawn in to where training says something of them?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.forms import Feature, Vector
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


def test_a_tail_behind_mostly_zeros_stays_drawn_in() -> None:
    assert bounds([0.0] * 290 + [1.0, 5.0, 1e6])[1] <= 25.0


def test_a_number_that_varies_is_heard_far_beyond() -> None:
    low, high = bounds(np.linspace(0, 10, 300).tolist())
    assert low < -100
    assert high > 100
