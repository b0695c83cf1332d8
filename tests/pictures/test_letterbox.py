"""Does a picture keep its aspect, and do its boxes come back to where they were?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.pictures.framed import Framing, boxes_seen
from assay.pictures.letterbox import Letterbox, letterboxed

pytest.importorskip("PIL")
BARE = np.array([9, 9, 9], dtype=np.uint8)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (33, 517), (1, 1), (64, 96)])
def test_boxes_go_there_and_back(width: int, height: int) -> None:
    at = Letterbox.fit(width, height, 320, 224)
    boxes = np.random.default_rng(0).uniform(0, [width, height, width, height], (50, 4))
    assert np.abs(at.back(at.there(boxes)) - boxes).max() < 1e-6


def test_a_thing_is_where_its_box_is() -> None:
    picture = np.zeros((48, 64, 3), dtype=np.uint8)
    picture[8:24, 16:48] = 255
    pixels, at = letterboxed(picture, 128, 128, BARE)
    x, y, width, height = at.there(np.array([[16.0, 8.0, 32.0, 16.0]]))[0].astype(int)
    inner = pixels[y + 2 : y + height - 2, x + 2 : x + width - 2]
    assert (inner == 255).all()
    assert pixels[:, :, 0].astype(float).sum() == pytest.approx(255 * width * height + 9 * 32 * 128, rel=0.05)


def test_what_is_left_over_is_bare() -> None:
    pixels, at = letterboxed(np.full((10, 40, 3), 200, dtype=np.uint8), 64, 64, BARE)
    assert (pixels[: at.top] == 9).all()
    assert (pixels[at.top + at.height :] == 9).all()
    assert (pixels[at.top : at.top + at.height] == 200).all()


@pytest.mark.parametrize("channels", [1, 3, 4, 9])
def test_any_number_of_channels_will_do(channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 50, channels), dtype=np.uint8)
    pixels, _ = letterboxed(picture, 32, 32, np.zeros(channels, dtype=np.uint8))
    alone = [letterboxed(picture[:, :, k : k + 1], 32, 32, BARE[:1] * 0)[0] for k in range(channels)]
    assert (pixels == np.concatenate(alone, axis=2)).all()


def test_boxes_go_along_with_a_view() -> None:
    torch = pytest.importorskip("torch")
    from assay.pictures.framed import seen

    rng = np.random.default_rng(0)
    box = np.array([[20.0, 28.0, 24.0, 16.0]])
    picture = np.zeros((1, 1, 96, 64), dtype=np.float32)
    picture[0, 0, 28:44, 20:44] = 1.0
    for _ in range(20):
        times, middle, light = Framing(strength=1.0, across=True, down=True).draw(1, 1, rng)
        light[:] = [1.0, 0.0]
        out = seen(torch, torch.from_numpy(picture), (192, 128), times, middle, light)[0, 0].numpy() > 0.5
        corners, kept = boxes_seen(box, (96, 64), times[0], middle[0])
        if not kept[0]:
            continue
        rows, columns = np.nonzero(out)
        found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(found - corners[0] * [128, 192, 128, 192]).max() < 3


def test_a_box_of_which_too_little_is_left_is_dropped() -> None:
    boxes = np.array([[0.0, 0.0, 10.0, 10.0], [40.0, 40.0, 20.0, 20.0]])
    corners, kept = boxes_seen(boxes, (100, 100), np.array([2.0, 2.0]), np.array([0.0, 0.0]))
    assert kept.tolist() == [False, True]
    assert corners[1].tolist() == pytest.approx([0.3, 0.3, 0.7, 0.7])
