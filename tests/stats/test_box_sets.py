"""Is a stated share of the things among the boxes that are told, in pictures nobody has seen yet?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.forms import Head
from assay.stats import box_sets, promises
from assay.stats.box_sets import BoxSets, cross_sets, fit_sets
from assay.stats.found_boxes import as_answers, found_at, rows_of, views

LEVEL = 0.9


def pictures(rng, n, seen=0.97, most=8):
    """Things in a row from left to right, most of them found exactly, how surely by chance; and boxes where nothing is."""
    y, found = np.zeros((n, 4, 5)), []
    y[:, :, 0] = -1.0
    for row in range(n):
        things = int(rng.integers(0, 5))
        at = np.asarray([(100.0 * i, 0.0, 10.0, 10.0) for i in range(things)]).reshape(-1, 4)
        y[row, :things, 0], y[row, :things, 1:] = 0.0, at
        hard = rng.normal()  # things of one picture are as hard as each other
        hit = at[rng.random(things) < seen]
        false = np.asarray([(100.0 * i, 500.0, 10.0, 10.0) for i in range(int(rng.integers(0, 4)))]).reshape(-1, 4)
        sure = np.concatenate([hard + rng.normal(size=len(hit)), rng.normal(-2, 1, len(false))])
        found.append((np.concatenate([hit, false]), np.zeros(len(sure), dtype=np.int64), sure))
    return rows_of(found, most), y


def shares(told, scores, y):
    """Share of the things of each picture that are among the boxes told, of those with a thing."""
    at = found_at(scores, y)
    least = np.where(told, views(scores)[:, :, 0], np.inf).min(axis=1)
    things = (~np.isnan(at)).sum(axis=1)
    some = things > 0
    return (at >= least[:, None]).sum(axis=1)[some] / things[some]


def test_the_promise_holds_in_pictures_nobody_has_seen():
    rng = np.random.default_rng(0)
    means = []
    for _ in range(60):
        sets = fit_sets(*pictures(rng, 100, seen=0.98), LEVEL)
        assert sets.kept
        fresh = pictures(rng, 120, seen=0.98)
        means.append(float(shares(sets(as_answers(fresh[0])), *fresh).mean()))
    error = float(np.std(means)) / np.sqrt(len(means))
    assert np.mean(means) >= LEVEL - 3 * error
    assert np.mean(means) <= LEVEL + 0.06  # and no more is told than need be


def test_a_higher_promise_tells_more():
    scores, y = pictures(np.random.default_rng(1), 300)
    low, high = fit_sets(scores, y, 0.6), fit_sets(scores, y, 0.95)
    answers = as_answers(scores)
    assert low.threshold > high.threshold
    assert low(answers).sum() < high(answers).sum()
    assert not (low(answers) & ~high(answers)).any()


def test_a_promise_that_no_boxes_can_keep_is_not_made():
    scores, y = pictures(np.random.default_rng(2), 200, seen=0.7)
    sets = fit_sets(scores, y, LEVEL)
    assert not sets.kept
    assert sets.threshold == 0.0
    assert sets(as_answers(scores)).sum() == (views(scores)[:, :, 4] > 0).sum()  # every box is told then


@pytest.mark.parametrize("n", [0, 5])
def test_too_few_pictures_promise_nothing(n):
    assert not fit_sets(*pictures(np.random.default_rng(3), n), LEVEL).kept


def test_pictures_without_a_thing_promise_nothing():
    scores, y = pictures(np.random.default_rng(4), 50)
    y[:, :, 0] = -1.0
    assert not fit_sets(scores, y, LEVEL).kept


def test_the_box_at_the_threshold_is_told():
    scores, y = pictures(np.random.default_rng(5), 200)
    sets = fit_sets(scores, y, LEVEL)
    told = views(as_answers(scores))[:, :, 0][sets(as_answers(scores))]
    assert told.min() == sets.threshold


def test_the_threshold_is_the_greatest_that_keeps_the_promise():
    """Twenty pictures of one thing each, found with 20 different odds: 1.1 may be missed of 21, so that the second least is told."""
    odds = np.arange(1.0, 21.0)
    box = np.asarray([[0.0, 0.0, 10.0, 10.0]])
    scores = rows_of([(box, np.asarray([0]), np.asarray([one])) for one in odds], 3)
    y = np.concatenate([np.full((20, 1, 1), 0.0), np.tile(box[None], (20, 1, 1))], axis=2)
    sets = fit_sets(scores, y, LEVEL)
    assert sets.kept
    assert sets(as_answers(scores)).sum() == 19


def test_parts_are_told_by_what_others_say():
    rng = np.random.default_rng(6)
    scores, y = pictures(rng, 400)
    parts = np.arange(400) % 10
    told = cross_sets(scores, y, parts, LEVEL)
    rest = parts != 3
    expected = fit_sets(scores[rest], y[rest], LEVEL)(as_answers(scores[~rest]))
    np.testing.assert_array_equal(told[~rest], expected)
    each = shares(told, scores, y)
    assert each.mean() >= LEVEL - 3 * each.std() / np.sqrt(len(each))


def test_a_promise_comes_back_from_its_box():
    box = Box("conformal")
    promises.put(BoxSets(0.25, True), box)
    again = promises.load(box, Head.boxes(2, 5), 2)
    assert isinstance(again, box_sets.BoxSets)
    assert (again.threshold, again.kept) == (0.25, True)
