"""Do several finders of boxes come to what weighted boxes fusion makes of them?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.stats.found_boxes import probable, rows_of, there, views
from assay.stats.fusion import ALIKE, HOPELESS, fused

HERE, BESIDE, FAR = (10.0, 10.0, 20.0, 20.0), (12.0, 10.0, 20.0, 20.0), (100.0, 100.0, 30.0, 10.0)


def said(*boxes, most=6):
    """Raw scores of one picture, of boxes (probability, class, (x, y, width, height))."""
    odds = np.asarray([math.log(p / (1 - p)) for p, _, _ in boxes])
    at = np.asarray([box for _, _, box in boxes], dtype=float).reshape(-1, 4)
    return rows_of([(at, np.asarray([k for _, k, _ in boxes], dtype=np.int64), odds)], most)


def told(scores):
    """(probability, class, box) of each box of one picture."""
    real = there(scores)[0]
    boxes, p = views(scores)[0, real], probable(scores)[0, real]
    return [(pytest.approx(q), int(box[1]), pytest.approx(box[2:].tolist())) for q, box in zip(p, boxes, strict=True)]


def several(seed, finders=3, pictures=5, most=15):
    """What finders see of the same things, each a little beside."""
    rng = np.random.default_rng(seed)
    things = [np.column_stack([rng.uniform(0, 200, (8, 2)), rng.uniform(15, 60, (8, 2))]) for _ in range(pictures)]
    names = [rng.integers(0, 2, 8) for _ in range(pictures)]
    return [
        rows_of(
            [(at + rng.normal(0, 1.5, at.shape), k, rng.normal(0, 2, 8)) for at, k in zip(things, names, strict=True)],
            most,
        )
        for _ in range(finders)
    ]


def test_what_one_finder_sees_stays_as_it_is():
    scores = several(0, finders=1)
    assert fused(scores, [0.3]) is scores[0]


def test_two_that_see_the_same_say_the_same():
    scores = said((0.9, 0, HERE), (0.2, 1, FAR))
    assert told(fused([scores, scores], [1.0, 1.0])) == [(0.9, 0, list(HERE)), (0.2, 1, list(FAR))]


def test_what_one_of_two_sees_is_half_as_likely():
    both = fused([said((0.8, 0, HERE), (0.6, 1, FAR)), said((0.8, 0, HERE))], [0.5, 0.5])
    assert told(both) == [(0.8, 0, list(HERE)), (0.3, 1, list(FAR))]


def test_boxes_that_overlap_are_their_mean_by_how_sure_they_are():
    both = fused([said((0.9, 0, HERE)), said((0.3, 0, BESIDE))], [1.0, 1.0])
    assert told(both) == [(0.6, 0, [10.0 + 2.0 * 0.3 / 1.2, 10.0, 20.0, 20.0])]


def test_a_weight_is_a_share_of_the_say():
    both = fused([said((0.8, 0, HERE)), said((0.4, 0, BESIDE))], [3.0, 1.0])
    assert told(both) == [(0.7, 0, [10.0 + 2.0 * 0.1 / 0.7, 10.0, 20.0, 20.0])]
    alone = fused([said((0.8, 0, HERE)), said()], [3.0, 1.0])
    assert told(alone) == [(0.6, 0, list(HERE))]


def test_classes_are_never_fused():
    both = fused([said((0.8, 0, HERE)), said((0.6, 1, HERE))], [1.0, 1.0])
    assert told(both) == [(0.4, 0, list(HERE)), (0.3, 1, list(HERE))]


def test_two_boxes_of_one_finder_stay_two():
    near = (10.5, 10.0, 20.0, 20.0)
    both = fused([said((0.8, 0, HERE), (0.7, 0, near)), said()], [1.0, 1.0])
    assert [p for p, _, _ in told(both)] == [0.4, 0.35]


def test_boxes_that_overlap_less_stay_apart():
    shifted = (20.0, 10.0, 20.0, 20.0)  # a third of both
    assert ALIKE > 1 / 3
    assert len(told(fused([said((0.8, 0, HERE)), said((0.8, 0, shifted))], [1.0, 1.0]))) == 2


def test_hopeless_boxes_are_left_out():
    both = fused([said((0.8, 0, HERE), (HOPELESS / 2, 0, FAR)), said((0.8, 0, HERE))], [1.0, 1.0])
    assert told(both) == [(0.8, 0, list(HERE))]


def test_the_surest_comes_first():
    scores = fused(several(1), [1.0, 1.0, 1.0])
    p = np.where(there(scores), probable(scores), np.nan)
    assert (np.diff(p, axis=1)[~np.isnan(np.diff(p, axis=1))] <= 1e-12).all()
    assert there(scores).sum(axis=1).min() >= 8


def test_more_boxes_than_there_is_room_for_are_the_surest():
    finders = [said((0.9, 0, HERE), (0.5, 0, FAR), most=2), said((0.8, 1, HERE), (0.6, 1, FAR), most=2)]
    assert told(fused(finders, [1.0, 1.0])) == [(0.45, 0, list(HERE)), (0.4, 1, list(HERE))]


def test_a_row_is_what_it_is_alone():
    finders = several(2, pictures=7)
    whole = fused(finders, [1.0, 2.0, 1.0])
    for row in (0, 3, 6):
        alone = fused([scores[row : row + 1] for scores in finders], [1.0, 2.0, 1.0])
        np.testing.assert_array_equal(whole[row : row + 1], alone)


def test_pictures_in_which_nobody_sees_anything():
    assert not there(fused([said(), said()], [1.0, 1.0])).any()
    assert fused([said()[:0], said()[:0]], [1.0, 1.0]).shape == (0, said().shape[1])
