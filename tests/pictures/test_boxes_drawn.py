"""Does a frame stand where its box is, in the colour of its class, whatever the size of the picture?"""

from __future__ import annotations

import io

import numpy as np
import pytest

from assay.kernel.boxes import Box2D
from assay.pictures.boxes_drawn import COLOURS, with_boxes
from assay.pictures.decoding import Unreadable

Image = pytest.importorskip("PIL.Image")
GREY = b"P6 200 100 255\n" + b"\x80" * 200 * 100 * 3
CAT, DOG = Box2D("cat", 20, 40, 100, 50), Box2D("dog", 0, 0, 199, 99)


def pixels(raw):
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(int)


def near(pixel, colour):
    return np.abs(pixel - [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).max() < 70  # as a JPEG keeps colours


def test_a_frame_stands_where_its_box_is():
    seen = pixels(with_boxes(GREY, [CAT]))
    assert seen.shape == (100, 200, 3)
    assert near(seen[90:91, 60:80].mean(axis=(0, 1)), COLOURS[0])
    assert near(seen[60:80, 70:90].mean(axis=(0, 1)), "#808080")


def test_a_small_picture_has_its_boxes_at_the_same_place():
    seen = pixels(with_boxes(GREY, [CAT], side=100))
    assert seen.shape == (50, 100, 3)
    assert near(seen[45:46, 30:40].mean(axis=(0, 1)), COLOURS[0])


def test_a_class_keeps_its_colour_where_all_labels_are_named():
    seen = pixels(with_boxes(GREY, [DOG], labels=["cat", "dog"]))
    assert near(seen[98:, 60:140].mean(axis=(0, 1)), COLOURS[1])


@pytest.mark.parametrize(
    "boxes", [[], [CAT, DOG], [Box2D("x" * 500, -30, -30, 1000, 1000)], [Box2D("血小板\n\x00", 199, 99, 0.5, 0.5)]]
)
def test_whatever_is_drawn_a_picture_comes_out(boxes):
    for side in (None, 16, 144):
        raw = with_boxes(GREY, boxes, scores=[0.5] * len(boxes), side=side)
        assert raw.startswith(b"\xff\xd8\xff")


def test_what_is_no_picture_and_scores_of_other_boxes_are_refused():
    with pytest.raises(Unreadable):
        with_boxes(b"no picture", [CAT])
    with pytest.raises(ValueError, match="1 boxes and 2 scores"):
        with_boxes(GREY, [CAT], scores=[0.1, 0.2])
