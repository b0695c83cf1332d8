"""Are made-up defects where they are said to be, and of all kinds?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.pictures import defects
from assay.pictures.defects import CLEAN, spoiled

torch = pytest.importorskip("torch")


def good(n: int, channels: int = 1, side: int = 48) -> Any:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.standard_normal((n, channels, side, side), dtype=np.float32))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [16, 48])
def test_only_where_a_defect_lies_is_a_picture_changed(channels: int, side: int) -> None:
    x = good(64, channels, side)
    spoilt, depth = spoiled(torch, x, x.roll(1, 0), np.random.default_rng(1))
    assert spoilt.shape == x.shape
    assert depth.shape == (64, 1, side, side)
    assert torch.isfinite(spoilt).all()
    assert 0 <= float(depth.min()) <= float(depth.max()) <= 1
    untouched = (depth < 1e-4).expand_as(x)
    assert float((spoilt - x).abs()[untouched].max()) < 0.01


def test_some_pictures_stay_as_they_are_and_most_defects_cover_little() -> None:
    """Of 400 pictures a share of 0.3 stays clean; six standard errors are 0.14. What could not be seen is taken back."""
    x = good(400)
    _, depth = spoiled(torch, x, x.roll(1, 0), np.random.default_rng(2))
    covered = (depth > 0.5).float().mean(dim=(1, 2, 3))
    assert CLEAN - 0.14 < float((covered == 0).float().mean()) < CLEAN + 0.2
    assert 0 < float(covered[covered > 0].median()) < 0.3


def test_the_pictures_that_are_given_stay_as_they_are() -> None:
    x = good(16)
    before = x.clone()
    spoiled(torch, x, x.roll(1, 0), np.random.default_rng(3))
    assert torch.equal(x, before)


def test_the_same_generator_lays_the_same_defects() -> None:
    x = good(16)
    first, again, other = (spoiled(torch, x, x.roll(1, 0), np.random.default_rng(seed))[0] for seed in (4, 4, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("make", [defects._blots, defects._lines, defects._regions, defects._parts, defects._specks])
def test_every_shape_covers_something_and_not_all(make: Any) -> None:
    shape = make(torch, 40, 48, np.random.default_rng(6))
    covered = (shape > 0.5).float().mean(dim=(1, 2))
    assert 0.001 < float(covered.mean()) < 0.7


def test_lines_are_thin() -> None:
    covered = (defects._lines(torch, 60, 96, np.random.default_rng(7)) > 0.5).float().mean(dim=(1, 2))
    assert float(covered.max()) < 0.08
