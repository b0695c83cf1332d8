"""Is the map seen where it pulls, in colours that everybody tells apart, whatever the picture beneath?"""

from __future__ import annotations

import io

import numpy as np
import pytest

from assay.pictures.heat import DOWN, GAP, UP, painted, smooth, with_heat

image = pytest.importorskip("PIL.Image")


def file_of(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def corner(size: int = 8) -> np.ndarray:
    """Up in the upper left, down in the lower right, nothing elsewhere."""
    pulls = np.zeros((size, size))
    pulls[:2, :2], pulls[-2:, -2:] = 1.0, -1.0
    return pulls


def blueness(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., 2].astype(int) - pixels[..., 0]


@pytest.mark.parametrize("shade", [0, 128, 255])
@pytest.mark.parametrize("side", [144, 320])
def test_up_is_blue_and_down_is_orange_on_dark_and_on_light(shade: int, side: int) -> None:
    raw = file_of(np.full((40, 40, 3), shade, dtype=np.uint8))
    seen = np.asarray(image.open(io.BytesIO(with_heat(raw, corner(), side, beside=False))))
    assert seen.shape == (side, side, 3)
    cut = side // 8
    assert blueness(seen[:cut, :cut]).mean() > 60
    assert blueness(seen[-cut:, -cut:]).mean() < -60
    assert np.abs(blueness(seen[:cut, -cut:])).mean() < 12  # where nothing pulls it is grey


def test_the_two_colours_differ_without_green_or_red_cones() -> None:
    blue = np.asarray([UP[2] - DOWN[2]])
    assert abs(int(blue[0])) > 120  # the blue cone tells them apart, which red-green blindness spares
    light = [sum(w * c for w, c in zip((0.299, 0.587, 0.114), colour, strict=True)) for colour in (UP, DOWN)]
    assert abs(light[0] - light[1]) > 30  # and so does lightness


def test_the_picture_keeps_its_shape_and_stands_beside() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, size=(30, 60, 3)).astype(np.uint8)
    seen = np.asarray(image.open(io.BytesIO(with_heat(file_of(pixels), corner(), 160))))
    assert seen.shape == (80, 2 * 160 + GAP, 3)
    assert (seen[20:60, 162:164] > 235).all()


def test_smoothing_invents_nothing() -> None:
    pulls = np.random.default_rng(1).normal(size=(7, 8))
    fine = smooth(pulls, 200, 150)
    assert fine.shape == (200, 150)
    assert pulls.min() <= fine.min() < fine.max() <= pulls.max()
    assert smooth(np.full((3, 3), 2.0), 50, 50) == pytest.approx(np.full((50, 50), 2.0))


def test_a_map_of_nothing_is_the_picture_in_grey() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, size=(20, 20, 3)).astype(np.uint8)
    assert np.array_equal(np.ptp(painted(pixels, np.zeros((4, 4))), axis=2), np.zeros((20, 20)))
