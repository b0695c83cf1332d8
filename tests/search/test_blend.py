"""Are candidates weighed and mixed as their head asks?"""

from __future__ import annotations

import numpy as np

from assay.search.blend import head_of, mixed, weights_of
from assay.stats.found_boxes import rows_of, views
from assay.stats.fusion import fused
from assay.tasks.boxes import Boxes
from assay.tasks.classes import Classes


def finders(seed=0, n=40):
    """Three finders of one thing a picture: one off by much, one that is shy, one that is sure but finds half; and the things."""
    rng = np.random.default_rng(seed)
    at = np.column_stack([rng.uniform(0, 100, (n, 2)), np.full((n, 2), 20.0)])
    y = np.column_stack([np.zeros(n), at])[:, None, :]
    one, label = np.ones((n, 4)), np.zeros(1, dtype=np.int64)
    off = [(box[None] + 9.0 * one[:1], label, np.asarray([3.0])) for box in at]
    shy = [(box[None], label, np.asarray([-2.0 + rng.normal()])) for box in at]
    none = np.empty((0, 4)), np.empty(0, np.int64), np.empty(0)
    half = [(box[None], label, np.asarray([3.0])) if row % 2 else none for row, box in enumerate(at)]
    return [rows_of(found, 4) for found in (off, shy, half)], y


def test_of_finders_the_best_once_calibrated_is_taken():
    scores, y = finders()
    # In some pictures the shy one is wrong, so that it can be calibrated.
    shared = np.where(np.arange(40) < 4, 500.0, 0.0)
    views(scores[1])[:, 0, 2] += shared
    weights = weights_of(Boxes(), scores, y, None, Boxes().losses)
    assert weights.tolist() == [0.0, 1.0, 0.0]
    assert weights_of(Boxes(), scores[:1], y, None, Boxes().losses).tolist() == [1.0]


def test_weights_of_rows_decide_too():
    scores, y = finders()
    views(scores[1])[::2, 0, 2] += 500.0  # right where the third is
    views(scores[1])[1::8, 0, 2] += 500.0
    even = np.where(np.arange(40) % 2, 1.0, 1e-6)
    assert weights_of(Boxes(), scores, y, even, Boxes().losses).argmax() == 2


def test_boxes_are_fused_and_numbers_are_added():
    scores, _ = finders()
    np.testing.assert_array_equal(mixed("boxes", scores, [1.0, 0.0, 2.0]), fused([scores[0], scores[2]], [1.0, 2.0]))
    np.testing.assert_array_equal(mixed("boxes", scores, [0.0, 1.0, 0.0]), scores[1])
    numbers = [np.asarray([[1.0]]), np.asarray([[5.0]])]
    assert mixed("classes", numbers, [0.25, 0.75]).tolist() == [[4.0]]


def test_a_task_names_its_head():
    assert head_of(Boxes()) == "boxes"
    assert head_of(Classes()) == "classes"
