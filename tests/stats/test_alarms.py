"""Is an alarm raised as seldom as was promised, and is a score as unusual as is said?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.forms import Head
from assay.stats import promises
from assay.stats.alarms import MOST, GoodScores, needed, threshold
from assay.stats.calibration import fit_alarm


@pytest.mark.parametrize("level", [0.9, 0.99])
def test_a_good_one_raises_an_alarm_as_seldom_as_promised(level):
    """Over many draws, each with its own threshold: the mean share stays below, and not far below."""
    rng = np.random.default_rng(0)
    n, draws = needed(level) + 60, 4_000
    good = rng.normal(size=(draws, n))
    fresh = rng.normal(size=draws)
    alarms = np.asarray([f > threshold(g, level) for f, g in zip(fresh, good, strict=True)])
    error = np.sqrt((1 - level) * level / draws)
    assert alarms.mean() <= 1 - level + 3 * error
    assert alarms.mean() >= (1 - level) * 0.5 - 3 * error


def test_with_too_few_good_ones_the_oddest_of_them_is_the_threshold():
    assert needed(0.99) == 99
    assert threshold(np.arange(98.0), 0.99) == 97.0
    assert threshold(np.arange(99.0), 0.99) == 98.0
    assert threshold(np.arange(1000.0), 0.99) < 999.0
    assert threshold(np.zeros(0), 0.99) == 0.0


def test_scores_are_shifted_so_that_alarms_begin_above_nought():
    rng = np.random.default_rng(1)
    scores, y = rng.normal(5, 2, (400, 1)), (np.arange(400) % 4 == 0).astype(np.int64)
    shifted = fit_alarm(scores, y, 0.95)(scores)
    good = shifted[y == 0, 0]
    assert (good > 0).mean() <= 0.05
    assert good.max() > 0
    assert np.allclose(shifted - scores, (shifted - scores)[0])


def test_how_unusual_a_score_is_counts_itself():
    """The least p-value is one in n + 1, and p-values of good ones are spread evenly (Vovk et al. 2005)."""
    rng = np.random.default_rng(2)
    good = GoodScores.learn(rng.normal(size=(199, 1)), np.zeros(199, dtype=np.int64))
    assert good.p_values(np.asarray([99.0]))[0] == pytest.approx(1 / 200)
    assert good.p_values(np.asarray([-99.0]))[0] == 1.0
    p = good.p_values(rng.normal(size=5_000))
    assert abs((p <= 0.2).mean() - 0.2) < 0.07


def test_many_good_ones_are_kept_as_a_few():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20_000, 1))
    few = GoodScores.learn(scores, np.zeros(20_000, dtype=np.int64))
    assert len(few.scores) == MOST
    exact = (1 + (scores[:, 0] >= 1.5).sum()) / 20_001
    assert few.p_values(np.asarray([1.5]))[0] == pytest.approx(exact, abs=1e-3)


def test_they_come_back_from_a_box():
    good = GoodScores.learn(np.asarray([[0.5], [-1.0], [3.0]]), np.asarray([0, 0, 1]))
    assert good.scores.tolist() == [-1.0, 0.5]
    box = Box("p")
    promises.put(good, box)
    again = promises.load(box, Head.oddness(), 2)
    assert isinstance(again, GoodScores)
    assert again.scores.tolist() == good.scores.tolist()
    assert again.of == 2


def test_alarms_are_told_by_the_answers():
    good = GoodScores(np.zeros(1), 1)
    assert good(np.asarray([[0.4, 0.6], [0.5, 0.5]])).tolist() == [[True], [False]]
