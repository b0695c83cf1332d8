"""Are pulls moved to other places without loss, and are hidden places hidden?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.pictures.hidden import Hidden
from assay.pictures.places import NAMED, regions, spread
from assay.testing.worlds import Drawn


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (7, 5), (16, 16), (40, 9)])
def test_the_sum_is_kept_and_an_even_map_stays_even(size: tuple[int, int]) -> None:
    pulls = np.random.default_rng(0).normal(size=(7, 8, 2))
    assert spread(pulls, *size).shape == (*size, 2)
    assert spread(pulls, *size).sum(axis=(0, 1)) == pytest.approx(pulls.sum(axis=(0, 1)))
    even = spread(np.ones((7, 8)), *size)
    assert even == pytest.approx(np.full(size, 56 / (size[0] * size[1])))


def test_ninths_are_named_from_the_upper_left() -> None:
    pulls = np.zeros((6, 6))
    pulls[0, 5], pulls[5, 0] = 1.0, -2.0
    told = {name.text(): pull for name, pull in regions(pulls)}
    assert len(told) == len(NAMED) == 9
    assert told["upper right"] == pytest.approx(1.0)
    assert told["lower left"] == pytest.approx(-2.0)
    assert sum(map(abs, told.values())) == pytest.approx(3.0)
    assert {name.text("zh") for name, _ in regions(pulls)}.isdisjoint(told)


def test_hidden_places_have_the_mean_colour_of_their_picture_at_every_side() -> None:
    rng = np.random.default_rng(1)
    drawn = Drawn(rng.integers(0, 256, size=(3, 12, 12, 3)).astype(np.uint8), np.asarray([True, True, False]))
    lid = np.zeros((3, 4, 4), dtype=bool)
    lid[:, 0, 3] = True
    hidden = Hidden(drawn, lid)
    for side in (8, 12, 24):
        seen, before, cut = hidden.at(side), drawn.at(side), side // 4
        mean = before[0].mean(axis=(0, 1))
        assert np.abs(seen[0, :cut, -cut:] - mean).max() <= 0.5
        assert np.array_equal(seen[0, cut:], before[0, cut:])
        assert np.array_equal(seen[0, :cut, :-cut], before[0, :cut, :-cut])
        assert np.array_equal(seen[2], before[2])  # where there is no picture nothing is hidden
    assert np.array_equal(hidden.take(np.asarray([1, 2])).at(8), hidden.at(8)[1:])
    assert np.array_equal(hidden.then(hidden).at(8), np.concatenate([hidden.at(8)] * 2))
    assert (hidden.natural(), hidden.there.tolist()) == (12, [True, True, False])
