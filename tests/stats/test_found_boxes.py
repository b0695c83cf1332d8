"""Is what is said of found boxes what COCO says of them, and is the loss of a picture the one that its definition gives?"""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import pytest

from assay.stats import found_boxes
from assay.stats.average_precision import SIZES, Boxes, average_precision, matches
from assay.stats.found_boxes import HALF, as_answers, figures, found_at, losses, precision, recall, rows_of, views
from assay.stats.scores import no_boxes

NOTHING = np.empty((0, 4))


def said(*boxes, most=8):
    """Raw scores [1, 6 most] of boxes (log-odds, class, x, y, width, height)."""
    each = np.asarray(boxes, dtype=float).reshape(-1, 6)
    return rows_of([(each[:, 2:], each[:, 1].astype(np.int64), each[:, 0])], most)


def drawn(*things, most=6):
    """Targets [1, most, 5] of things (class, x, y, width, height)."""
    out = np.zeros((1, most, 5))
    out[:, :, 0] = -1.0
    out[0, : len(things)] = np.asarray(things, dtype=float).reshape(-1, 5)
    return out


def a_world(seed, n=25, classes=3, most=12):
    """Things in pictures, and boxes of which some are near one, some of another class, and some anywhere."""
    rng = np.random.default_rng(seed)
    y, found = np.zeros((n, 6, 5)), []
    y[:, :, 0] = -1.0
    for row in range(n):
        things = int(rng.integers(0, 6))
        at = np.column_stack([rng.uniform(0, 300, (things, 2)), rng.uniform(8, 150, (things, 2))]).round(2)
        labels = rng.integers(0, classes, things)
        y[row, :things, 0], y[row, :things, 1:] = labels, at
        near = (at + rng.normal(0, 4, at.shape)).clip(1, None)[rng.random(things) < 0.8]
        kept = labels[: len(near)] if rng.random() < 0.9 else rng.integers(0, classes, len(near))
        noise = np.column_stack([rng.uniform(0, 300, (4, 2)), rng.uniform(8, 150, (4, 2))])
        boxes = np.concatenate([near, noise])
        names = np.concatenate([kept, rng.integers(0, classes, 4)]).astype(np.int64)
        found.append((boxes, names, rng.normal(0, 2, len(boxes))))
    return rows_of(found, most), y


def listed(scores, y):
    """The same boxes and things as lists, as `average_precision` takes them."""
    pictures, places = np.nonzero(y[:, :, 0] >= 0)
    truth = Boxes(
        boxes=y[pictures, places, 1:], classes=y[pictures, places, 0].astype(int), pictures=pictures, crowd=None
    )
    boxes = views(scores)
    rows, at = np.nonzero(found_boxes.there(scores))
    seen = boxes[rows, at]
    return truth, Boxes(boxes=seen[:, 2:], classes=seen[:, 1].astype(int), pictures=rows, scores=seen[:, 0])


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_that_of_the_boxes_as_a_list(seed):
    scores, y = a_world(seed)
    ours = figures(scores, y, None, 3, SIZES)
    theirs = average_precision(matches(*listed(scores, y), len(y), 3))
    np.testing.assert_array_equal(ours.precision, theirs.precision)
    np.testing.assert_array_equal(ours.recall_at, theirs.recall_at)
    assert 0.05 < ours.ap < 0.95


def test_average_precision_is_that_of_pycocotools():
    coco, evaluation = pytest.importorskip("pycocotools.coco"), pytest.importorskip("pycocotools.cocoeval")
    scores, y = a_world(9, n=40)
    truth, seen = listed(scores, y)
    place = [{"id": i + 1, "width": 500, "height": 500} for i in range(len(y))]
    things = [
        {"id": i + 1, "image_id": int(p) + 1, "category_id": int(k) + 1, "bbox": b.tolist(), "area": float(b[2] * b[3])}
        for i, (b, k, p) in enumerate(zip(truth.boxes, truth.classes, truth.pictures, strict=True))
    ]
    found = [
        {"image_id": int(p) + 1, "category_id": int(k) + 1, "bbox": b.tolist(), "score": float(s)}
        for b, k, p, s in zip(seen.boxes, seen.classes, seen.pictures, seen.scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco.COCO()
        known.dataset = {
            "images": place,
            "annotations": [{**t, "iscrowd": 0} for t in things],
            "categories": [{"id": i + 1, "name": str(i)} for i in range(3)],
        }
        known.createIndex()
        judge = evaluation.COCOeval(known, known.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    ours = figures(scores, y, None, 3, SIZES)
    each = [ours.ap, ours.ap50, ours.ap75, *(ours.of(size) for size in SIZES[1:])]
    np.testing.assert_allclose(each, judge.stats[:6], rtol=0, atol=1e-12)


def test_a_weight_is_a_picture_that_is_seen_as_often():
    scores, y = a_world(5)
    weight = np.random.default_rng(1).integers(0, 4, len(y))
    again = np.repeat(np.arange(len(y)), weight)
    for of in (lambda s, t, w: figures(s, t, w, 3).ap, lambda s, t, w: figures(s, t, w, 3).ap50, recall, precision):
        weighted, repeated = of(scores, y, weight.astype(float)), of(scores[again], y[again], None)
        assert weighted == pytest.approx(repeated, abs=1e-12)
        assert weighted != pytest.approx(of(scores, y, None), abs=1e-6)


THING = (1, 10.0, 10.0, 20.0, 20.0)
OTHER = (0, 60.0, 60.0, 10.0, 10.0)
CASES = {
    "found exactly": (said((2.0, *THING)), drawn(THING), 0.0),
    "both of two": (said((2.0, *THING), (1.0, *OTHER)), drawn(OTHER, THING), 0.0),
    "nothing said": (said(), drawn(THING, OTHER), 1.0),
    "said, but less likely right than not": (said((-0.1, *THING)), drawn(THING), 1.0),
    "nothing there, nothing said": (said(), drawn(), 0.0),
    "nothing there, but a box": (said((2.0, *THING)), drawn(), 1.0),
    "nothing there, and a box that is not meant": (said((-2.0, *THING)), drawn(), 0.0),
    "one right, one false": (said((2.0, *THING), (1.0, *OTHER)), drawn(THING), 1 / 2),
    "one right, one missed": (said((2.0, *THING)), drawn(THING, OTHER), 1 / 2),
    "of another class": (said((2.0, 0, 10.0, 10.0, 20.0, 20.0)), drawn(THING), 1.0),
    "twice the same": (said((2.0, *THING), (1.0, *THING)), drawn(THING), 1 / 2),
    "overlap of 4 / 5": (said((2.0, 1, 10.0, 10.0, 20.0, 16.0)), drawn(THING), (1 - 0.8) / (1 - HALF)),
    "overlap of 2 / 5": (said((2.0, 1, 10.0, 10.0, 20.0, 8.0)), drawn(THING), 1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_loss_of_a_picture_is_what_its_definition_gives(name):
    scores, y, loss = CASES[name]
    assert losses(scores, y).tolist() == pytest.approx([loss], abs=1e-6)  # overlaps are kept in single precision


def test_losses_lie_between_none_and_all():
    scores, y = a_world(2, n=80)
    each = losses(scores, y)
    assert each.min() >= 0
    assert each.max() <= 1
    assert 0.2 < each.mean() < 0.95


def test_recall_counts_things_and_precision_boxes():
    scores = np.concatenate([said((2.0, *THING), (1.0, *OTHER)), said((-1.0, *THING)), said()])
    y = np.concatenate([drawn(THING), drawn(THING, OTHER), drawn(OTHER)])
    assert recall(scores, y) == pytest.approx(1 / 4)
    assert precision(scores, y) == pytest.approx(1 / 2)
    assert math.isnan(recall(scores[2:], drawn()))
    assert math.isnan(precision(scores[2:], y[2:]))


def test_each_thing_is_told_with_the_box_that_found_it():
    scores = said((2.0, *OTHER), (-3.0, *THING), (-4.0, *THING))
    at = found_at(scores, drawn(THING, OTHER, (1, 200.0, 200.0, 5.0, 5.0)))
    assert at[0, :3].tolist() == [-3.0, 2.0, -np.inf]
    assert np.isnan(at[0, 3:]).all()


def test_nobody_looked_is_not_nothing_there():
    y = np.full((1, 3, 5), np.nan)
    assert np.isnan(found_at(said((2.0, *THING)), y)).all()
    assert math.isnan(recall(said((2.0, *THING)), y))


def test_how_sure_boxes_are_changes_nothing_of_what_they_found():
    scores, y = a_world(3)
    before = figures(scores, y, None, 3)
    other = views(scores).copy()
    other[:, :, 0] = np.where(found_boxes.there(scores), 0.3 * other[:, :, 0] - 1.0, other[:, :, 0])
    other = other.reshape(scores.shape)
    after = figures(other, y, None, 3)
    np.testing.assert_array_equal(before.precision, after.precision)
    np.testing.assert_array_equal(found_boxes.right(scores, y), found_boxes.right(other, y))
    before_at, after_at = found_at(scores, y), found_at(other, y)
    hit = np.isfinite(before_at)
    np.testing.assert_allclose(after_at[hit], 0.3 * before_at[hit] - 1.0)


def test_what_is_remembered_is_what_would_be_found_again(monkeypatch):
    scores, y = a_world(4)
    known = found_boxes.matched_rows(scores, y)
    monkeypatch.setattr(found_boxes, "_MATCHED", found_boxes._Memory(0))  # room for the last one alone
    for one, again in zip(known, found_boxes.matched_rows(scores, y), strict=True):
        np.testing.assert_array_equal(one.thing, again.thing)
        np.testing.assert_array_equal(one.right, again.right)
        np.testing.assert_array_equal(one.wrong, again.wrong)
    assert len(found_boxes._MATCHED._kept) == 1


def test_no_more_is_remembered_than_there_is_room_for():
    memory = found_boxes._Memory(10_000)
    one = found_boxes.matched_rows(*a_world(6, n=1))[0]
    for place in range(100):
        memory.keep(str(place).encode(), one)
    assert 1 <= len(memory._kept) * one.nbytes <= 10_000
    assert memory.find(b"99") is one
    assert memory.find(b"0") is None


def test_no_rows_and_no_boxes_are_no_fault():
    none, nowhere = no_boxes(0, 5), np.zeros((0, 3, 5))
    assert losses(none, nowhere).shape == (0,)
    assert found_boxes.right(none, nowhere).shape == (0, 5)
    assert found_at(none, nowhere).shape == (0, 3)
    assert math.isnan(figures(none, nowhere, None, 2).ap)
    empty = figures(no_boxes(3, 5), np.concatenate([drawn(THING), drawn(), drawn()]), None, 2)
    assert empty.ap == 0.0
    assert math.isnan(figures(no_boxes(2, 5), np.concatenate([drawn(), drawn()]), None, 2).ap)


def test_rows_hold_the_surest_boxes_in_order():
    row = rows_of([(np.ones((3, 4)), np.asarray([0, 1, 2]), np.asarray([0.1, 3.0, -1.0]))], 2)
    assert views(row)[0, :, :2].tolist() == [[3.0, 1.0], [0.1, 0.0]]
    assert rows_of([(NOTHING, np.empty(0, np.int64), np.empty(0))], 2).tolist() == no_boxes(1, 2).tolist()


def test_answers_are_the_boxes_with_probabilities():
    row = as_answers(said((math.log(3), *THING), most=2))
    assert views(row)[0, 0].tolist() == pytest.approx([0.75, *THING])
    assert views(row)[0, 1, 0] == 0.0
