"""Do the numbers of a picture say what they promise, and are they those of the papers?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.pictures.features import CELL, ORIENTATIONS, PLAIN, colours, edges, plain


def scenes(n: int, side: int = 32, seed: int = 0) -> np.ndarray:
    """Coarse blocks of colour under fine noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (n, -(-side // 4), -(-side // 4), 3)).repeat(4, axis=1).repeat(4, axis=2)
    return (coarse[:, :side, :side] + rng.integers(0, 56, (n, side, side, 3))).astype(np.uint8)


def of_one_colour(colour: tuple[int, int, int], side: int = 16) -> np.ndarray:
    return np.full((1, side, side, 3), colour, dtype=np.uint8)


# Colours


def test_each_quarter_counts_its_own_colours() -> None:
    pixels = of_one_colour((0, 0, 0))
    pixels[0, :8, 8:] = (255, 130, 70)  # upper right
    found = colours(pixels).reshape(4, 4, 4, 4)
    assert found[1, 3, 2, 1] == 1
    assert found[[0, 2, 3], 0, 0, 0].tolist() == [1, 1, 1]
    assert found.sum() == 4


@pytest.mark.parametrize("side", [1, 7, 32])
def test_shares_of_colours_are_square_rooted(side: int) -> None:
    pixels = scenes(3, side)
    shares = np.square(colours(pixels).reshape(3, 4, 64)).sum(axis=2)
    assert np.allclose(shares, 1 if side > 1 else [1, 0, 0, 0])
    half = (side + 1) // 2
    red = np.bincount((pixels[0, :half, :half] >> 6).reshape(-1, 3) @ [16, 4, 1], minlength=64) / half**2
    assert np.allclose(colours(pixels)[0, :64], np.sqrt(red))


# Edges


def hog(picture: np.ndarray) -> np.ndarray:
    """Dalal & Triggs with loops, as scikit-image reads them."""
    down, right = np.zeros(picture.shape), np.zeros(picture.shape)
    wide = picture.astype(float)
    down[1:-1], right[:, 1:-1] = wide[2:] - wide[:-2], wide[:, 2:] - wide[:, :-2]
    best = np.hypot(down, right).argmax(axis=2)[..., None]
    down, right = (np.take_along_axis(g, best, axis=2)[..., 0] for g in (down, right))
    cells = len(picture) // CELL
    sums = np.zeros((cells, cells, ORIENTATIONS))
    for y in range(cells * CELL):
        for x in range(cells * CELL):
            turned = np.degrees(np.arctan2(down[y, x], right[y, x])) % 180
            sums[y // CELL, x // CELL, int(turned // 20) % 9] += np.hypot(down[y, x], right[y, x]) / CELL**2
    out = []
    for y in range(cells - 1):
        for x in range(cells - 1):
            block = sums[y : y + 2, x : x + 2].ravel()
            block = np.minimum(block / np.sqrt((block**2).sum() + 1e-10), 0.2)
            out.append(block / np.sqrt((block**2).sum() + 1e-10))
    return np.concatenate(out)


@pytest.mark.parametrize("side", [16, 29, 32])
def test_edges_are_those_of_the_paper(side: int) -> None:
    pixels = scenes(3, side)
    assert np.allclose(edges(pixels), [hog(picture) for picture in pixels], atol=1e-6)


@pytest.mark.parametrize("grey", [True, False])
def test_edges_are_those_of_scikit_image(grey: bool) -> None:
    skimage = pytest.importorskip("skimage.feature")
    pixels = scenes(4, 40)
    if grey:
        pixels = np.ascontiguousarray(np.broadcast_to(pixels[..., :1], pixels.shape))
    how = {"pixels_per_cell": (8, 8), "cells_per_block": (2, 2), "block_norm": "L2-Hys", "transform_sqrt": False}
    theirs = [skimage.hog(p[..., 0], **how) if grey else skimage.hog(p, channel_axis=2, **how) for p in pixels]
    assert np.allclose(edges(pixels), theirs, atol=1e-6)


def test_edges_are_what_scikit_image_once_said() -> None:
    """Where scikit-image is not installed: 16 x 16 pixels, `hog(..., channel_axis=2)` of version 0.25.2, rounded."""
    y, x = np.mgrid[:16, :16]
    picture = np.stack([x * y % 256, (3 * x + y * y) % 256, (x * x + 5 * y) % 256], axis=-1).astype(np.uint8)
    # fmt: off
    said = [
        0.1337, 0.161929, 0.010631, 0.198674, 0.049807, 0, 0, 0, 0, 0.387329, 0, 0, 0, 0.266466, 0, 0, 0, 0.083115,
        0.087162, 0, 0, 0.094593, 0.387329, 0, 0, 0, 0, 0.387329, 0, 0.263181, 0, 0.387329, 0, 0, 0, 0.387329,
    ]
    # fmt: on
    assert np.allclose(edges(picture[None])[0], said, atol=1e-6)


def test_an_upright_edge_counts_for_one_direction() -> None:
    pixels = of_one_colour((0, 0, 0))
    pixels[:, :, 9:] = 255
    found = edges(pixels).reshape(4, ORIENTATIONS)
    assert found[:, 1:].max() == 0
    assert found[1, 0] > 0


def test_a_picture_too_small_for_a_block_has_no_edges() -> None:
    assert edges(scenes(2, 15)).shape == (2, 0)


# Plain numbers


def told(pixels: np.ndarray) -> dict[str, float]:
    return dict(zip(PLAIN, plain(pixels)[0].tolist(), strict=True))


def test_plain_numbers_are_what_their_names_say() -> None:
    red, blue = told(of_one_colour((255, 0, 0))), told(of_one_colour((0, 0, 255)))
    assert red["redness"] == blue["blueness"] == red["saturation"] == 1
    assert red["blueness"] == blue["redness"] == -0.5
    assert red["brightness"] == pytest.approx(0.299)
    board = of_one_colour((0, 0, 0))
    board[0, ::2, ::2] = board[0, 1::2, 1::2] = 255
    found = told(board)
    assert found["contrast"] == pytest.approx(0.5)
    assert found["saturation"] == 0
    assert found["sharpness"] == pytest.approx(np.log1p((4 * 255) ** 2), rel=1e-5)


def test_a_blurred_picture_is_less_sharp() -> None:
    pixels = scenes(1)
    blurred = pixels.astype(float)
    blurred = (blurred + np.roll(blurred, 1, 1) + np.roll(blurred, 1, 2) + np.roll(blurred, (1, 1), (1, 2))) / 4
    assert told(blurred.astype(np.uint8))["sharpness"] < told(pixels)["sharpness"] - 1


def test_a_picture_of_one_pixel_has_plain_numbers() -> None:
    assert np.isfinite(plain(scenes(2, 1))).all()


def test_what_are_no_pictures_is_refused() -> None:
    for wrong in (np.zeros((2, 8, 8), np.uint8), np.zeros((2, 8, 9, 3), np.uint8), np.zeros((2, 8, 8, 3), np.float32)):
        for of in (colours, edges, plain):
            with pytest.raises(ValueError, match="expected uint8"):
                of(wrong)


def test_no_pictures_have_no_rows() -> None:
    none = scenes(0)
    assert [len(of(none)) for of in (colours, edges, plain)] == [0, 0, 0]
