"""Do figures tell of a surface what they are said to, and nothing of its light?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.neural.surface import Surface, coloured

torch = pytest.importorskip("torch")


def figures(surface: Surface, pixels: np.ndarray) -> Any:
    return surface.figures(torch, surface.standard(torch, pixels)).numpy()


@pytest.mark.parametrize("tinted", [False, True])
@pytest.mark.parametrize("side", [16, 32, 48, 64, 96, 128, 224])
def test_as_many_figures_as_are_said(side: int, tinted: bool) -> None:
    surface = Surface.of(side, tinted)
    pixels = np.random.default_rng(0).integers(0, 256, (2, surface.side, surface.side, 3), dtype=np.uint8)
    found = figures(surface, pixels)
    assert found.shape == (2, surface.width, surface.places, surface.places)
    assert np.isfinite(found).all()


def test_light_and_contrast_say_nothing() -> None:
    """A picture half as bright and flat is the same to the rounding of its grey levels."""
    pixels = np.random.default_rng(1).integers(0, 120, (1, 64, 64, 1), dtype=np.uint8).repeat(3, axis=3)
    surface = Surface.of(64)
    np.testing.assert_allclose(figures(surface, pixels), figures(surface, 2 * pixels + 10), atol=1e-3)


def test_which_way_the_grain_runs_is_told() -> None:
    """Stripes that run down have steps across, at first octave the first filter, and none down, the second."""
    stripes = (np.arange(64) // 4 % 2 * 100 + 50).astype(np.uint8)
    pixels = np.broadcast_to(stripes[None, None, :, None], (1, 64, 64, 3)).copy()
    found = figures(Surface.of(64), pixels)[0]
    assert found[0].mean() > found[1].mean() + 3


def test_a_flat_picture_is_borne() -> None:
    found = figures(Surface.of(32), np.full((1, 32, 32, 3), 9, dtype=np.uint8))
    assert np.isfinite(found).all()


def test_colours_are_noticed() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8).repeat(3, axis=3)
    assert not coloured(grey)
    assert coloured(grey // np.array([1, 2, 2], dtype=np.uint8))
    assert not coloured(grey[:0])
