"""Are patches found where they stand, and is a picture's answer its own?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.neural.halves import halves
from assay.pictures.patches import ABOVE, MOST_FILTERS, Patches, _evened, _patches
from assay.store import plain

SIDE = 20


def scenes(n: int, seed: int = 0) -> np.ndarray:
    """Coarse blocks of colour under fine noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 200, (n, SIDE // 4, SIDE // 4, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return (coarse + rng.integers(0, 56, (n, SIDE, SIDE, 3))).astype(np.uint8)


def learnt(filters: int = 24, stride: int = 2, cells: int = 2) -> Patches:
    return Patches.learn(scenes(30), filters, 5, stride, cells, np.random.default_rng(1))


def boxed(patches: Patches) -> Box:
    box = Box("patches")
    patches.dump(box)
    return plain.from_bytes(plain.to_bytes(box, "patches"))


def test_a_picture_alone_has_the_same_features_as_among_others() -> None:
    patches, pixels = learnt(), scenes(37, 1)
    among = patches.features(pixels)
    assert among.shape == (37, patches.width)
    for row in (0, 1, 18, 36):
        assert patches.features(pixels[row : row + 1]).tobytes() == among[row].tobytes()


def test_features_are_roots_of_means_over_cells() -> None:
    """Written out with loops: above the threshold, then below, in each cell of places."""
    patches, picture = learnt(filters=3), scenes(1, 2)[0]
    filters, wanted = patches.filters.astype(np.float64), np.zeros((2, 2, 6))
    places, count = patches.places, np.zeros((2, 2))
    for i in range(places):
        for j in range(places):
            own = picture[2 * i : 2 * i + 5, 2 * j : 2 * j + 5].astype(np.float64) / 255
            own = own.transpose(2, 0, 1).ravel()
            own = (own - own.mean()) / np.sqrt(own.var() + 0.04**2)
            alike = own @ filters - patches.offsets
            at = i * 2 // places, j * 2 // places
            wanted[at] += np.maximum(0, np.concatenate([alike - ABOVE, -alike - ABOVE]))
            count[at] += 1
    np.testing.assert_allclose(
        patches.features(picture[None])[0], np.sqrt(wanted / count[..., None]).ravel(), atol=1e-4
    )


@pytest.mark.parametrize(("stride", "cells"), [(1, 1), (2, 2), (3, 4), (4, 4)])
def test_what_places_pull_adds_up(stride: int, cells: int) -> None:
    patches = learnt(stride=stride, cells=cells)
    weights = np.random.default_rng(3).normal(size=(patches.width, 2)).astype(np.float32)
    for picture in scenes(4, 4):
        pulls = patches.place_pulls(picture, weights)
        assert pulls.shape == (patches.places, patches.places, 2)
        answer = patches.features(picture[None])[0].astype(np.float64) @ weights
        np.testing.assert_allclose(pulls.sum(axis=(0, 1)), answer, rtol=1e-5, atol=1e-5 * np.abs(pulls).sum())


def test_what_is_loaded_is_what_was_dumped() -> None:
    patches, pixels = learnt(), scenes(3, 5)
    again = Patches.load(boxed(patches))
    assert again.features(pixels).tobytes() == patches.features(pixels).tobytes()
    assert (again.side, again.patch, again.stride, again.cells) == (SIDE, 5, 2, 2)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("side", 4, "larger than a picture"), ("patch", 33, "patch"), ("patch", 6, "filters"), ("stride", 0, "stride"),
        ("cells", 17, "cells"), ("side", 513, "side"),
    ],
)  # fmt: skip
def test_a_box_whose_numbers_do_not_fit_is_refused(name: str, value: int, said: str) -> None:
    box = boxed(learnt())
    box.put(**{name: value})
    with pytest.raises(BundleInvalid, match=said):
        Patches.load(box)


@pytest.mark.parametrize("count", [0, MOST_FILTERS + 1])
def test_a_box_with_no_filters_or_far_too_many_is_refused(count: int) -> None:
    box = Box("patches")
    replace(learnt(), filters=halves(np.zeros((75, count))), offsets=np.zeros(count, np.float32)).dump(box)
    with pytest.raises(BundleInvalid, match=f"there are {count} filters"):
        Patches.load(box)


def test_a_file_that_asks_for_more_memory_than_any_picture_needs_is_refused() -> None:
    box = boxed(learnt())
    box.put(side=512, stride=1)
    count = 2_000
    box.arrays["filters"] = np.zeros((box.arrays["filters"].shape[0], count), dtype=np.uint16)
    box.arrays["offsets"] = np.zeros(count, dtype=np.float32)
    with pytest.raises(BundleInvalid, match="too many"):
        Patches.load(box)


def test_there_are_no_more_cells_than_places() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    patches = Patches.learn(pixels, 5, 6, 2, 4, np.random.default_rng(0))
    assert (patches.places, patches.cells) == (2, 2)
    assert np.isfinite(patches.features(pixels)).all()


def test_filters_that_are_not_finite_or_lack_their_offsets_are_refused() -> None:
    patches, box = learnt(), Box("patches")
    replace(patches, filters=np.full_like(patches.filters, np.inf)).dump(box)
    with pytest.raises(BundleInvalid, match="not finite"):
        Patches.load(box)
    replace(patches, offsets=patches.offsets[1:]).dump(box)
    with pytest.raises(BundleInvalid):
        Patches.load(box)


def test_flat_pictures_have_finite_features_and_all_the_same() -> None:
    """A patch of one colour is only as bright as the mean of its colours; of one grey it is nothing at all."""
    grey = np.stack([np.full((SIDE, SIDE, 3), level, np.uint8) for level in (0, 90, 255)])
    among = Patches.learn(grey, 8, 5, 2, 2, np.random.default_rng(0))
    for patches in (learnt(), among):
        found = patches.features(grey)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found - found[:1], 0, atol=1e-3)
        assert np.isfinite(patches.place_pulls(grey[0], np.ones((patches.width, 1), np.float32))).all()


def test_filters_are_drawn_where_there_are_no_pictures() -> None:
    nothing = np.zeros((0, SIDE, SIDE, 3), np.uint8)
    patches = Patches.learn(nothing, 8, 5, 2, 2, np.random.default_rng(0))
    assert patches.features(nothing).shape == (0, patches.width)
    found = patches.features(scenes(4))
    assert np.isfinite(found).all()
    assert found.std(axis=0).max() > 0


def test_the_same_seed_draws_the_same_filters() -> None:
    assert learnt().filters.tobytes() == learnt().filters.tobytes()


def test_a_filter_made_of_a_patch_answers_most_where_the_patch_stands() -> None:
    """Of two evened patches the product is greatest where they are the same (Cauchy & Schwarz)."""
    rng = np.random.default_rng(0)
    planted = rng.integers(0, 256, (5, 5, 3)).astype(np.uint8)
    own = _evened(_patches(planted, 5, 1))[0]
    patches = Patches(SIDE, 5, 1, 4, halves(own[:, None] / 75), np.zeros(1, np.float32))
    weights = np.zeros((patches.width, 1), np.float32)
    weights[::2] = 1.0  # what is above
    for top, left in ((0, 0), (3, 9), (15, 15)):
        picture = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
        picture[top : top + 5, left : left + 5] = planted
        alike = patches._alike(picture, patches._room())[:, 0]
        assert divmod(int(alike.argmax()), patches.places) == (top, left)
        assert alike.max() == pytest.approx(1 - ABOVE, abs=0.02)
        pulls = patches.place_pulls(picture, weights)[..., 0]
        cell = top * 4 // patches.places, left * 4 // patches.places
        here = np.arange(patches.places) * 4 // patches.places
        inside = pulls[np.ix_(here == cell[0], here == cell[1])]
        assert inside.max() == pulls[top, left] > 0
