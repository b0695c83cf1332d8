"""Are copies of a picture found when they were made smaller, compressed anew or lit otherwise, and look-alikes left alone?"""

from __future__ import annotations

import io

import numpy as np
import pytest
from scipy.fft import dctn

from assay.pictures.decoding import decoded
from assay.pictures.near import LOW, SIDE, hashes, near_groups, points

Image = pytest.importorskip("PIL.Image")


def scene(rng: np.random.Generator, width: int = 240, height: int = 180) -> np.ndarray:
    """A few soft lights and hard-edged boxes on a ground: [height, width, 3]."""
    y, x = np.mgrid[:height, :width]
    out = np.full((height, width, 3), rng.uniform(60, 160, size=3))
    for _ in range(8):
        at, wide = rng.uniform(0, [width, height]), rng.uniform(15, 60)
        out += np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * wide**2))[..., None] * rng.uniform(-70, 70, size=3)
    for _ in range(10):
        left, top = rng.integers(0, [width - 40, height - 40])
        out[top : top + rng.integers(10, 40), left : left + rng.integers(10, 40)] += rng.uniform(-60, 60, size=3)
    return np.asarray(out.clip(0, 235), dtype=np.uint8)


def tile(rng: np.random.Generator) -> np.ndarray:
    """A plain grey part as a line makes them: the same light from one side, and a grain of its own."""
    ground = np.linspace(90, 130, 200)[None, :, None] + rng.normal(0, 20, size=(150, 200, 1))
    return np.asarray(np.repeat(ground, 3, axis=2).clip(0, 255), dtype=np.uint8)


def saved(pixels: np.ndarray, quality: int = 92, scale: float = 1.0, brighter: float = 1.0) -> bytes:
    """A JPEG of it, resized and lit anew."""
    height, width = pixels.shape[:2]
    lit = (pixels.astype(float) * brighter).clip(0, 255).astype(np.uint8)
    small = Image.fromarray(lit).resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality)
    return out.getvalue()


def grouped(files: list[bytes]) -> np.ndarray:
    grey = points(np.stack([decoded(raw, 64) for raw in files]))
    return near_groups(grey, np.asarray([hash(raw) for raw in files]).astype(np.uint64))


def test_the_hash_is_of_the_cosine_transform() -> None:
    grey = points(np.random.default_rng(0).integers(0, 256, size=(5, 64, 64, 3), dtype=np.uint8))
    for one, found in zip(grey, hashes(grey), strict=True):
        low = dctn(one.reshape(SIDE, SIDE).astype(float))[:LOW, :LOW].ravel()
        assert np.unpackbits(np.asarray([found]).view(np.uint8)).tolist() == (low > np.median(low[1:])).tolist()


@pytest.mark.parametrize(
    "how",
    [{"quality": 50}, {"quality": 85, "scale": 0.5}, {"quality": 60, "scale": 1.5}, {"brighter": 1.08}],
)
def test_a_copy_is_found_among_others(how: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    scenes = [scene(rng) for _ in range(40)]
    group = grouped([*map(saved, scenes), *(saved(one, **how) for one in scenes[:20])])  # type: ignore[arg-type]
    assert group[:40].tolist() == list(range(40))
    found = group[40:] == np.arange(20)
    assert found.mean() >= 0.95
    assert (group[40:][~found] >= 40).all()  # one that is missed stands alone


def test_three_hundred_scenes_of_their_own_give_no_groups() -> None:
    rng = np.random.default_rng(1)
    assert grouped([saved(scene(rng, 120, 90)) for _ in range(300)]).tolist() == list(range(300))


def test_plain_parts_from_one_line_are_no_copies_but_a_copy_of_one_is() -> None:
    rng = np.random.default_rng(2)
    tiles = [tile(rng) for _ in range(150)]
    group = grouped([*map(saved, tiles), saved(tiles[3], quality=80)])
    assert group[:150].tolist() == list(range(150))
    assert group[150] == 3


def test_one_spot_on_a_scene_makes_another_picture() -> None:
    first = scene(np.random.default_rng(3))
    spotted = first.copy()
    spotted[60:90, 100:130] = 255 - spotted[60:90, 100:130]
    assert grouped([saved(first), saved(spotted)]).tolist() == [0, 1]


def test_what_shows_nothing_is_like_nothing_unless_the_bytes_are_the_same() -> None:
    white, grey = (np.full((60, 80, 3), level, dtype=np.uint8) for level in (255, 250))
    assert grouped([saved(white), saved(grey), saved(white, quality=70), saved(white)]).tolist() == [0, 1, 2, 0]


def test_groups_do_not_depend_on_the_order() -> None:
    rng = np.random.default_rng(4)
    scenes = [scene(rng) for _ in range(20)]
    files = [*map(saved, scenes), *(saved(one, quality=60) for one in scenes[:10])]
    order = rng.permutation(len(files))
    group, turned = grouped(files), grouped([files[i] for i in order])
    for i, at in enumerate(order):
        assert ({int(order[k]) for k in np.flatnonzero(turned == turned[i])}) == set(
            np.flatnonzero(group == group[at]).tolist()
        )


def test_none_and_one_are_groups_too() -> None:
    empty = np.empty((0, SIDE**2), dtype=np.uint8)
    assert near_groups(empty, np.empty(0, dtype=np.uint64)).tolist() == []
    assert near_groups(np.zeros((1, SIDE**2), dtype=np.uint8), np.zeros(1, dtype=np.uint64)).tolist() == [0]
