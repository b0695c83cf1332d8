"""Are boxes as often right as they say, once calibrated, and do they stay where they are?"""

from __future__ import annotations

import numpy as np

from assay.stats.calibration import fit_boxes
from assay.stats.found_boxes import probable, right, rows_of, there, views
from assay.stats.reliability import binned
from assay.stats.scores import no_boxes

BAND = 0.04  # of 3,600 boxes in ten bins of 360: one and a half standard errors of a share of a half


def over_confident(seed, n=600, each=6, sure=2.5, shift=1.5):
    """Boxes that are right with the probability of their true odds, but say those odds stretched and moved up."""
    rng = np.random.default_rng(seed)
    y, found = np.zeros((n, each, 5)), []
    y[:, :, 0] = -1.0
    for row in range(n):
        odds = rng.normal(0, 1.2, each)
        hit = rng.random(each) < 1 / (1 + np.exp(-odds))
        at = np.asarray([(100.0 * i, 0.0, 10.0, 10.0) for i in range(each)])
        y[row, hit, 0], y[row, hit, 1:] = 0.0, at[hit]
        found.append((at, np.zeros(each, dtype=np.int64), sure * odds + shift))
    return rows_of(found, each + 2), y


def off(scores, y):
    """Mean distance of what boxes say from how often they are right."""
    real = there(scores)
    bins = binned(probable(scores)[real], right(scores, y)[real].astype(float))
    return float(np.abs(bins.said - bins.came).mean())


def test_over_confident_boxes_become_as_often_right_as_they_say():
    map_ = fit_boxes(*over_confident(0))
    fresh, y = over_confident(1)
    assert off(fresh, y) > 0.12
    assert off(map_(fresh), y) < BAND


def test_boxes_stay_in_place_and_in_order():
    scores, y = over_confident(2, n=60)
    after = fit_boxes(scores, y)(scores)
    np.testing.assert_array_equal(views(after)[:, :, 1:], views(scores)[:, :, 1:])
    np.testing.assert_array_equal(there(after), there(scores))
    real = there(scores)[:, 1:]
    assert (np.diff(views(after)[:, :, 0], axis=1)[real] <= 0).all()
    assert probable(after)[~there(after)].max() == 0.0


def test_weights_count_as_repeated_pictures():
    scores, y = over_confident(3, n=60)
    weight = 1 + np.arange(60) % 3
    again = np.repeat(np.arange(60), weight)
    weighted, repeated = fit_boxes(scores, y, weight.astype(float)), fit_boxes(scores[again], y[again])
    scale = [views(np.asarray(m.by_column)[None])[0, 0, 0] for m in (weighted, repeated)]
    assert abs(scale[0] - scale[1]) < 0.05  # but for the pull of the prior, which is worth ten boxes


def test_what_cannot_be_calibrated_stays():
    scores, y = over_confident(4, n=20)
    assert fit_boxes(no_boxes(20, 8), y).is_identity
    y[:, :, 0] = -1.0  # nothing is there: no box is right
    assert fit_boxes(scores, y).is_identity
