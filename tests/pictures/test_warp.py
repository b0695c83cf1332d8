"""Are views what they are said to be, and the same with torch and without?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.pictures.warp import GREY, SPREAD, Views, seen_from, viewed


def scenes(n: int, side: int = 24, seed: int = 0) -> np.ndarray:
    """Noise on blocks: steep everywhere, so that a place that is wrong is seen."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 150, (n, -(-side // 4), -(-side // 4), 3)).repeat(4, axis=1).repeat(4, axis=2)
    return (coarse[:, :side, :side] + rng.integers(0, 106, (n, side, side, 3))).astype(np.uint8)


class Mirroring(np.random.Generator):
    """A generator by which every mirror is taken, or none."""

    def __init__(self, taken: bool) -> None:
        super().__init__(np.random.PCG64(0))
        self.taken = taken

    def random(self, *shape: int) -> np.ndarray:  # type: ignore[override]
        return np.full(shape, 0.0 if self.taken else 0.9)


@pytest.mark.parametrize("side", [1, 2, 7, 24])
def test_at_no_strength_a_picture_is_seen_as_it_is(side: int) -> None:
    pixels = scenes(5, side)
    assert np.array_equal(seen_from(pixels, Views(strength=0.0), np.random.default_rng(0)), pixels)


@pytest.mark.parametrize("side", [1, 2, 7, 24])
def test_a_mirrored_view_is_the_picture_turned_over(side: int) -> None:
    pixels = scenes(3, side)
    across = seen_from(pixels, Views(strength=0.0, across=True), Mirroring(True))
    down = seen_from(pixels, Views(strength=0.0, down=True), Mirroring(True))
    both = seen_from(pixels, Views(strength=0.0, across=True, down=True), Mirroring(True))
    assert np.array_equal(across, pixels[:, :, ::-1])
    assert np.array_equal(down, pixels[:, ::-1])
    assert np.array_equal(both, pixels[:, ::-1, ::-1])
    assert np.array_equal(seen_from(pixels, Views(strength=0.0, across=True), Mirroring(False)), pixels)


def test_half_of_the_pictures_are_mirrored() -> None:
    """400 throws of a coin lie within 150 and 250 but once in a million times."""
    at, _ = Views(strength=0.0, across=True).draw(400, np.random.default_rng(0))
    assert 150 < (at[:, 0, 0] < 0).sum() < 250
    assert (at[:, 1, 1] > 0).all()


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("side", [2, 9, 24])
def test_views_without_torch_are_those_with_it(side: int, strength: float) -> None:
    """Both draw the same views and light of the same generator; one grey level is the rounding."""
    torch = pytest.importorskip("torch")
    pixels, views = scenes(40, side), Views(strength=strength, across=True, down=True)
    ours = seen_from(pixels, views, np.random.default_rng(7)).astype(np.float64)
    x = torch.from_numpy((pixels.astype(np.float32) - GREY) / SPREAD).permute(0, 3, 1, 2)
    found = viewed(torch, x, side, views, np.random.default_rng(7)).permute(0, 2, 3, 1).numpy()
    theirs = np.clip(found * SPREAD + GREY, 0, 255)
    assert np.abs(ours - theirs).max() < 1.0
    assert np.abs(ours - pixels).mean() > 10  # and they are other pictures than those they were made of


def test_the_view_is_that_of_torchs_own_map() -> None:
    """The light is left out by hand; places beyond the border are mirrored."""
    torch = pytest.importorskip("torch")
    f = torch.nn.functional
    pixels = scenes(30)

    class Dark(Views):
        def draw(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
            at, _ = Views(strength=1.0).draw(n, rng)
            at[:, :, 2] *= 4  # far beyond the border
            return at, np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))

    ours = seen_from(pixels, Dark(strength=1.0), np.random.default_rng(1))
    at, _ = Dark(strength=1.0).draw(30, np.random.default_rng(1))
    x = torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)
    grid = f.affine_grid(torch.from_numpy(at.astype(np.float32)), x.shape, align_corners=False)
    seen = f.grid_sample(x, grid, padding_mode="reflection", align_corners=False).permute(0, 2, 3, 1).numpy()
    assert np.abs(grid.numpy()).max() > 1.5
    assert np.abs(ours.astype(np.float64) - seen).max() < 1.0


def test_views_differ_between_pictures_and_repeat_with_the_seed() -> None:
    pixels, views = np.repeat(scenes(1), 12, axis=0), Views(strength=0.5)
    first, again, other = (seen_from(pixels, views, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({one.tobytes() for one in first}) == 12


def test_views_go_the_further_the_stronger() -> None:
    pixels = scenes(40)
    away = [
        np.abs(seen_from(pixels, Views(strength=s), np.random.default_rng(0)).astype(float) - pixels).mean()
        for s in (0.0, 0.05, 0.3)
    ]
    assert away[0] == 0 < away[1] < away[2]


def test_a_view_that_does_not_differ_may_be_smaller() -> None:
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(scenes(2).astype(np.float32)).permute(0, 3, 1, 2)
    found = viewed(torch, x, 12, Views(strength=0.0), np.random.default_rng(0))
    means = x.reshape(2, 3, 12, 2, 12, 2).mean(dim=(3, 5))
    assert torch.allclose(found, means, atol=1e-3)
    assert viewed(torch, x, 24, Views(strength=0.0), np.random.default_rng(0)) is x
