"""Do our overlaps and average precisions equal pycocotools', and does a weight count for repeated pictures?"""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from assay.stats.average_precision import SIZES, Boxes, average_precision, matches
from assay.stats.boxes import areas, iou, nms


def some_boxes(rng, n, spread=200.0):
    sizes = np.exp(rng.uniform(np.log(4), np.log(160), size=(n, 2)))
    return np.column_stack([rng.uniform(0, spread, size=(n, 2)), sizes]).round(rng.integers(0, 3))


def a_world(seed, pictures=12, classes=3, things=60, noise=60, coarse=False, crowds=False):
    """Things in pictures, found boxes near most of them, and some that are near none."""
    rng = np.random.default_rng(seed)
    truth = Boxes(
        boxes=some_boxes(rng, things),
        classes=rng.integers(classes, size=things),
        pictures=rng.integers(pictures, size=things),
        crowd=rng.random(things) < 0.2 if crowds else None,
    )
    near = rng.integers(things, size=2 * things) if things else np.zeros(0, dtype=np.int64)
    moved = truth.boxes[near] + rng.normal(scale=4.0, size=(len(near), 4)) * (rng.random((len(near), 1)) < 0.8)
    boxes = np.vstack([moved, some_boxes(rng, noise)])
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1.0)
    n = len(boxes)
    scores = rng.random(n)
    found = Boxes(
        boxes=boxes,
        classes=np.append(truth.classes[near], rng.integers(classes, size=noise)),
        pictures=np.append(truth.pictures[near], rng.integers(pictures, size=noise)),
        scores=scores.round(1) if coarse else scores,  # many of the same
    )
    return truth, found, pictures, classes


def judged(truth, found, pictures, classes, most=100):
    """What COCOeval says: precision and recall [4, 10, k], NaN where it says -1, and its twelve figures."""
    coco = pytest.importorskip("pycocotools.coco").COCO
    evaluate = pytest.importorskip("pycocotools.cocoeval").COCOeval
    crowd = np.zeros(len(truth.boxes), dtype=bool) if truth.crowd is None else truth.crowd
    with contextlib.redirect_stdout(io.StringIO()):
        known = coco()
        known.dataset = {
            "images": [{"id": i + 1} for i in range(pictures)],
            "categories": [{"id": k + 1} for k in range(classes)],
            "annotations": [
                {"id": i + 1, "image_id": int(p) + 1, "category_id": int(c) + 1, "bbox": b.tolist(), "area": float(a), "iscrowd": int(w)}
                for i, (b, c, p, a, w) in enumerate(zip(truth.boxes, truth.classes, truth.pictures, areas(truth.boxes), crowd, strict=True))
            ],
        }  # fmt: skip
        known.createIndex()
        said = coco()
        said.dataset = {
            "images": known.dataset["images"],
            "categories": known.dataset["categories"],
            "annotations": [
                {"id": i + 1, "image_id": int(p) + 1, "category_id": int(c) + 1, "bbox": b.tolist(), "area": float(a), "score": float(s), "iscrowd": 0}
                for i, (b, c, p, a, s) in enumerate(zip(found.boxes, found.classes, found.pictures, areas(found.boxes), found.scores, strict=True))
            ],
        }  # fmt: skip
        said.createIndex()
        run = evaluate(known, said, "bbox")
        run.params.maxDets = [1, 10, most]
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision = run.eval["precision"][:, :, :, :, 2]  # [t, r, k, a]
    recall = run.eval["recall"][:, :, :, 2]  # [t, k, a]
    return unsaid(precision.mean(axis=1).transpose(2, 0, 1)), unsaid(recall.transpose(2, 0, 1)), unsaid(run.stats)


def unsaid(values):
    return np.where(values <= -1, np.nan, values)


WORLDS = {
    "plain": {},
    "equal scores": {"coarse": True},
    "crowds": {"crowds": True, "coarse": True},
    "nothing there": {"things": 0},
    "nothing found": {"things": 20, "noise": 0, "pictures": 4},
    "more than count": {"pictures": 1, "classes": 1, "things": 80, "noise": 90},
    "a class without things": {"classes": 9, "things": 12},
}


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("seed", range(4))
def test_average_precision_is_that_of_pycocotools(name, seed):
    truth, found, pictures, classes = a_world(seed, **WORLDS[name])
    if name == "nothing found":
        none = np.zeros(0, dtype=np.int64)
        found = Boxes(boxes=np.zeros((0, 4)), classes=none, pictures=none, scores=np.zeros(0))
    precision, recall, stats = judged(truth, found, pictures, classes)
    ours = average_precision(matches(truth, found, pictures, classes))
    np.testing.assert_allclose(ours.precision, precision, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.recall_at, recall, rtol=0, atol=1e-9)
    figures = [ours.ap, ours.ap50, ours.ap75, *map(ours.of, SIZES[1:])]
    np.testing.assert_allclose(figures, stats[:6], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.recall, stats[8], rtol=0, atol=1e-9)
    if name == "more than count":
        assert len(found.boxes) > 100


def test_recall_of_the_surest_boxes_alone_is_that_of_pycocotools():
    truth, found, pictures, classes = a_world(7)
    _, _, stats = judged(truth, found, pictures, classes)
    for most, theirs in ((1, stats[6]), (10, stats[7])):
        ours = average_precision(matches(truth, found, pictures, classes, most=most))
        assert ours.recall == pytest.approx(theirs, abs=1e-9)


def test_a_weight_is_a_picture_seen_as_often():
    truth, found, pictures, classes = a_world(3)
    weight = np.random.default_rng(0).integers(0, 4, size=pictures)
    again = [repeated(boxes, weight) for boxes in (truth, found)]
    ours = average_precision(matches(truth, found, pictures, classes), weight)
    theirs = average_precision(matches(*again, int(weight.sum()), classes))
    np.testing.assert_allclose(ours.precision, theirs.precision, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.recall_at, theirs.recall_at, rtol=0, atol=1e-12)
    precision, recall, _ = judged(*again, int(weight.sum()), classes)
    np.testing.assert_allclose(ours.precision, precision, rtol=0, atol=1e-9)


def repeated(boxes, weight):
    """Every picture as often as its weight says, copies side by side."""
    first = np.append(0, np.cumsum(weight))
    rows, pictures = [], []
    for picture, times in enumerate(weight):
        here = np.flatnonzero(boxes.pictures == picture)
        for copy in range(times):
            rows.append(here)
            pictures.append(np.full(len(here), first[picture] + copy))
    rows, pictures = np.concatenate(rows), np.concatenate(pictures)
    scores = None if boxes.scores is None else boxes.scores[rows]
    return Boxes(boxes=boxes.boxes[rows], classes=boxes.classes[rows], pictures=pictures, scores=scores)


def test_weights_need_not_be_whole_and_only_their_ratio_counts():
    truth, found, pictures, classes = a_world(5)
    matched = matches(truth, found, pictures, classes)
    weight = np.random.default_rng(1).integers(0, 3, size=pictures)
    whole, halved = average_precision(matched, weight), average_precision(matched, weight / 2)
    np.testing.assert_allclose(whole.precision, halved.precision, rtol=0, atol=1e-9)


def test_sizes_that_are_not_asked_for_stay_unknown():
    matched = matches(*a_world(2))
    whole, some = average_precision(matched), average_precision(matched, sizes=("all", "large"))
    assert (some.ap, some.of("large")) == (whole.ap, whole.of("large"))
    assert np.isnan(some.of("small"))


def test_weights_below_zero_and_too_few_are_refused():
    truth, found, pictures, classes = a_world(5)
    matched = matches(truth, found, pictures, classes)
    for weight in (np.full(pictures, -1.0), np.ones(pictures - 1), np.full(pictures, np.nan)):
        with pytest.raises(ValueError, match=f"expected {pictures} weights"):
            average_precision(matched, weight)


def test_no_pictures_at_all_have_no_figure():
    none = np.zeros(0, dtype=np.int64)
    empty = Boxes(boxes=np.zeros((0, 4)), classes=none, pictures=none, scores=np.zeros(0))
    ours = average_precision(matches(empty, empty, 0, 2))
    assert np.isnan([ours.ap, ours.ap50, ours.recall]).all()
    assert np.isnan(ours.by_class()).all()


def test_by_class_the_mean_is_that_of_the_whole():
    truth, found, pictures, classes = a_world(2)
    ours = average_precision(matches(truth, found, pictures, classes))
    assert np.nanmean(ours.by_class()) == pytest.approx(ours.ap, abs=1e-12)
    assert np.nanmean(ours.by_class(0.5)) == pytest.approx(ours.ap50, abs=1e-12)


# --------------------------------------------------------------------------------------------------------- geometry


def test_overlap_is_that_of_pycocotools_to_the_bit():
    mask = pytest.importorskip("pycocotools.mask")
    rng = np.random.default_rng(0)
    a, b, crowd = some_boxes(rng, 70), some_boxes(rng, 50), rng.random(50) < 0.3
    assert np.array_equal(iou(a, b, crowd), mask.iou(a, b, crowd.astype(np.uint8)))
    assert np.array_equal(iou(a, a), iou(a, a).T)
    assert iou(a[:0], b).shape == (0, 50)


def test_boxes_that_touch_do_not_overlap():
    assert iou(np.array([[0.0, 0.0, 1.0, 1.0]]), np.array([[1.0, 0.0, 1.0, 1.0]]))[0, 0] == 0.0


@pytest.mark.parametrize(("seed", "n"), [*((seed, 120) for seed in range(5)), (5, 1500)])
def test_what_is_kept_is_what_the_definition_keeps(seed, n):
    """Of few boxes, and of more than are reckoned at once."""
    rng = np.random.default_rng(seed)
    boxes, classes = some_boxes(rng, n, spread=80.0), rng.integers(3, size=n)
    scores = rng.random(n).round(1)
    kept: list[int] = []
    for place in sorted(range(n), key=lambda i: (-scores[i], i)):
        rivals = [k for k in kept if classes[k] == classes[place]]
        if not (iou(boxes[[place]], boxes[rivals]) > 0.4).any():
            kept.append(place)
    assert nms(boxes, scores, classes, 0.4).tolist() == kept


def test_of_equal_scores_the_earlier_box_is_kept():
    same = np.array([[0.0, 0.0, 9.0, 9.0]] * 3)
    assert nms(same, np.full(3, 0.5), np.zeros(3, dtype=np.int64), 0.5).tolist() == [0]
    assert nms(same, np.full(3, 0.5), np.arange(3), 0.5).tolist() == [0, 1, 2]
    assert nms(same[:0], np.zeros(0), np.zeros(0, dtype=np.int64), 0.5).tolist() == []
