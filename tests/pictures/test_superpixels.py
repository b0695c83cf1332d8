"""Do superpixels keep to what is seen, each in one piece?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from assay.pictures.superpixels import superpixels


def disc(noise: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    """A red disc on green, noisy; and where it is."""
    y, x = np.mgrid[:72, :96]
    inside = (y - 30) ** 2 + (x - 50) ** 2 < 20**2
    colour = np.where(inside[..., None], [200, 40, 40], [40, 160, 60])
    noisy = colour + np.random.default_rng(0).normal(scale=noise, size=colour.shape)
    return noisy.clip(0, 255).astype(np.uint8), inside


def test_parts_keep_to_the_edge_of_what_is_seen() -> None:
    pixels, inside = disc(5.0)
    part = superpixels(pixels, 40)
    even = (np.arange(72)[:, None] * 5 // 72) * 7 + np.arange(96) * 7 // 96  # a plain grid of as many parts
    assert on_the_wrong_side(even, inside) > 0.05
    assert on_the_wrong_side(part, inside) < 0.005


def on_the_wrong_side(part: np.ndarray, inside: np.ndarray) -> float:
    """Share of the pixels that are not of what most of their part is of."""
    size, within = np.bincount(part.ravel()), np.bincount(part.ravel(), weights=inside.ravel())
    return float(np.minimum(within, size - within).sum() / size.sum())


@pytest.mark.parametrize("parts", [1, 9, 40, 200])
def test_every_part_is_one_piece_and_they_are_about_as_many_as_asked(parts: int) -> None:
    part = superpixels(disc(40.0)[0], parts)
    numbers = np.unique(part)
    assert numbers.tolist() == list(range(len(numbers)))
    assert 0.5 * parts <= len(numbers) <= 1.5 * parts + 1
    assert all(label(part == k)[1] == 1 for k in numbers)


def test_a_picture_of_one_colour_falls_into_an_even_grid() -> None:
    size = np.bincount(superpixels(np.full((60, 60, 3), 90, dtype=np.uint8), 36).ravel())
    assert size.tolist() == [100] * 36
