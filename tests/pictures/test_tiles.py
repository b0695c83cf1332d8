"""Is everything in a large picture whole in one of its pieces, and told by one of them alone?"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assay.neural.detector import Found, together
from assay.pictures.tiles import EMPTY, SEEN, Tiled, Tiling, tiled


@pytest.mark.parametrize(("width", "height"), [(100, 100), (101, 60), (640, 480), (999, 101), (30, 30)])
def test_cores_cover_a_picture_once_and_pieces_share_as_much_as_was_asked(width: int, height: int) -> None:
    pieces = Tiling(100, 24).pieces(width, height)
    points = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).reshape(-1, 2).astype(np.float64)
    boxes = np.concatenate([points, np.zeros((len(points), 2))], axis=1)
    assert (np.sum([piece.owns(boxes) for piece in pieces], axis=0) == 1).all()
    for piece in pieces:
        assert (piece.left, piece.top) >= (0, 0)
        assert piece.left + piece.width <= width
        assert piece.top + piece.height <= height
    starts = sorted({piece.left for piece in pieces})
    assert all(late <= early + 100 - 24 for early, late in itertools.pairwise(starts))


def test_a_thing_no_larger_than_what_is_shared_is_whole_in_the_piece_that_owns_its_middle() -> None:
    rng = np.random.default_rng(0)
    sides = rng.uniform(1, 24, (500, 2))
    boxes = np.concatenate([rng.uniform(0, [640 - 24, 480 - 24], (500, 2)), sides], axis=1)
    whole = np.zeros(500, dtype=np.int64)
    for piece in Tiling(100, 24).pieces(640, 480):
        own, shown = piece.there(boxes)
        owned = piece.owns(boxes)
        assert shown[owned].all()
        np.testing.assert_allclose(own[owned, 2:], sides[owned])
        np.testing.assert_allclose(own[owned, :2] + [piece.left, piece.top], boxes[owned, :2])
        whole += owned
    assert (whole == 1).all()


def test_a_thing_at_the_border_of_a_piece_is_cut_there_and_learnt_where_enough_is_seen() -> None:
    (first, _) = Tiling(100, 20).pieces(180, 100)
    own, shown = first.there(np.array([[94.0, 10, 10, 10], [97.0, 10, 10, 10], [150, 0, 10, 10], [-5, -5, 10, 10]]))
    assert shown.tolist() == [True, False, False, False]
    assert 0.3 < SEEN <= 0.6
    assert own[0].tolist() == [94, 10, 6, 10]


def test_pieces_must_move_on() -> None:
    with pytest.raises(ValueError, match="cannot share"):
        Tiling(10, 10)


def pictures() -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    rng = np.random.default_rng(0)
    sizes = [(180, 100), (90, 100), (260, 180)]
    return [rng.integers(0, 256, (h, w, 3), dtype=np.uint8) for w, h in sizes], sizes


def test_what_is_learnt_from_shows_things_where_they_lie_and_some_empty_pieces() -> None:
    pixels, sizes = pictures()
    boxes = [np.array([[85.0, 10, 10, 10]]), np.zeros((0, 4)), np.array([[200.0, 120, 8, 8], [10, 10, 5, 5]])]
    labels = [np.array([1]), np.zeros(0, dtype=np.int64), np.array([0, 2])]
    parts, there, names, whose = tiled(pixels, sizes, boxes, labels, Tiling(100, 20), np.random.default_rng(0))
    assert isinstance(parts, Tiled)
    assert len(parts) == len(there) == len(names) == len(whose)
    full = [place for place, own in enumerate(there) if len(own)]
    assert len(parts) - len(full) == max(1, round(EMPTY * len(full)))
    assert whose.tolist() == sorted(whose.tolist())
    for place in full:
        row, piece = parts.places[place]
        assert row == whose[place]
        assert np.array_equal(parts[place], pixels[row][piece.top : piece.top + 100, piece.left : piece.left + 100])
        for box, name in zip(there[place], names[place], strict=True):
            at = [box[0] + piece.left, box[1] + piece.top]
            same = [k for k in range(len(labels[row])) if np.allclose(boxes[row][k, :2], at) and labels[row][k] == name]
            assert len(same) == 1
    assert sum(len(own) for own in there) >= 3
    with pytest.raises(IndexError):
        parts[len(parts)]


def test_where_nothing_was_drawn_empty_pieces_are_learnt_from() -> None:
    pixels, sizes = pictures()
    nothing = [np.zeros((0, 4))] * 3
    parts, there, *_ = tiled(
        pixels, sizes, nothing, [np.zeros(0, dtype=np.int64)] * 3, Tiling(100, 20), np.random.default_rng(0)
    )
    assert len(parts) == sum(len(Tiling(100, 20).pieces(*size)) for size in sizes)
    assert not any(len(own) for own in there)


def test_what_two_pieces_see_is_told_once_and_what_only_a_stranger_sees_is_not() -> None:
    left, right = Tiling(100, 20).pieces(180, 100)  # cores meet at 90
    seen = Found(
        np.array([[60.0, 10, 10, 10], [84.0, 40, 10, 10], [88.0, 70, 11, 10]]),
        np.zeros(3, dtype=np.int64),
        np.array([0.9, 0.8, 0.7]),
    )
    again = Found(np.array([[5.0, 40, 10, 10]]), np.zeros(1, dtype=np.int64), np.array([0.85]))  # 85 in the picture
    found = together([(left, seen), (right, again)], 10)
    assert found.scores.tolist() == [0.9, 0.85, 0.7]  # the third lies within what a piece answers for beyond its core
    assert found.boxes[1].tolist() == [85, 40, 10, 10]
    assert together([(left, seen), (right, again)], 2).scores.tolist() == [0.9, 0.85]
    assert together([], 5).boxes.shape == (0, 4)
