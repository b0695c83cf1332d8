"""Is it seen without a training row that columns no longer come together as they did, and seldom where they do?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from assay.stats.joint import Joint, distances

D = 6


def scores(rng: np.random.Generator, n: int, together: float = 0.6, moved: float = 0.0) -> np.ndarray:
    x = rng.normal(size=(n, D)) + moved
    x[:, 1] = together * x[:, 0] + np.sqrt(1 - together**2) * rng.normal(size=n)
    x[:, 2] = np.where(x[:, 2] > 1.5, 1.8, -0.2)
    x[rng.random((n, D)) < 0.05] = np.nan
    return x


def kept(x: np.ndarray) -> tuple[Joint, np.ndarray]:
    joint = np.corrcoef(np.nan_to_num(x).T)
    found = Joint.of(x, joint)
    assert found is not None
    return found, joint


@pytest.mark.parametrize(("n", "m"), [(400, 300), (3000, 150), (2000, 2000)])
def test_rows_like_those_of_training_raise_an_alarm_as_often_as_stated(n: int, m: int) -> None:
    alarms = np.zeros(2)
    for seed in range(100):
        rng = np.random.default_rng(seed)
        whole, joint = kept(scores(rng, n))
        new = scores(rng, m)
        alarms += [whole.moved(new)[1] <= 0.05, whole.pairs(joint, new)[3] <= 0.05]
    assert alarms.max() <= binom.ppf(0.999, 100, 0.05)


def test_two_columns_that_part_are_found_and_named() -> None:
    rng = np.random.default_rng(0)
    whole, joint = kept(scores(rng, 2000))
    one, other, now, p = whole.pairs(joint, scores(rng, 500, together=0.0))
    assert (one, other) == (0, 1)
    assert p < 1e-6
    assert abs(now) < 0.15
    assert whole.moved(scores(rng, 2000, together=-0.6))[1] < 1e-6


def test_what_each_column_does_alone_does_not_part_a_pair() -> None:
    rng = np.random.default_rng(0)
    whole, joint = kept(scores(rng, 2000))
    moved = scores(rng, 1000) * 1.3 + 0.7
    assert whole.pairs(joint, moved)[3] > 0.01
    size, p = whole.moved(moved)
    assert p < 1e-9
    assert size > 0.1


def test_few_columns_or_rows_are_no_joint_part_and_few_new_rows_no_alarm() -> None:
    rng = np.random.default_rng(0)
    assert Joint.of(rng.normal(size=(500, 1)), np.eye(1)) is None
    assert Joint.of(rng.normal(size=(60, 3)), np.eye(3)) is None
    whole, joint = kept(scores(rng, 500))
    assert whole.moved(scores(rng, 10, moved=3.0))[1] == 1.0
    assert whole.pairs(joint, scores(rng, 10))[3] == 1.0


def test_rows_that_belong_together_count_as_one() -> None:
    """Each row ten times over: without being told, chance looks like drift."""
    blind, told = 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        whole, _ = kept(scores(rng, 3000))
        new = np.repeat(scores(rng, 300), 10, axis=0)
        blind += whole.moved(new)[1] <= 0.05
        told += whole.moved(new, counts=0.1)[1] <= 0.05
    assert blind > 30
    assert told <= binom.ppf(0.999, 40, 0.05)


def test_one_row_in_a_hundred_is_farther_out_than_usual() -> None:
    rng = np.random.default_rng(0)
    x = scores(rng, 4000)
    whole, joint = kept(x)
    assert (distances(x, joint) > whole.far).mean() == pytest.approx(0.01, abs=0.001)
    apart = np.zeros((1, D))
    apart[0, :2] = 2.5, -2.5  # neither of the two is odd by itself
    assert distances(apart, joint)[0] > whole.far
