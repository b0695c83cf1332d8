"""Are our figures those of scikit-learn, with ties and with weights?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.stats import metrics
from assay.stats.scores import class_losses, probabilities, scores_of

sk = pytest.importorskip("sklearn.metrics")
RNG = np.random.default_rng(0)
N = 300
Y = RNG.integers(2, size=N)
S = np.round(RNG.normal(size=N) + Y, 1)  # rounded: full of ties
W = RNG.random(N) + 0.05
Y3 = RNG.choice(3, size=N, p=[0.6, 0.3, 0.1])
P3 = RNG.dirichlet([1, 1, 1], size=N)
F = RNG.normal(size=N)
V = F + RNG.normal(size=N)


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_two_classes_equal_scikit_learn(w: np.ndarray | None) -> None:
    p = probabilities(S[:, None])
    assert metrics.auc(S, Y == 1, w) == pytest.approx(sk.roc_auc_score(Y, S, sample_weight=w), abs=1e-12)
    expected = sk.average_precision_score(Y, S, sample_weight=w)
    assert metrics.average_precision(S, Y == 1, w) == pytest.approx(expected, abs=1e-12)
    assert metrics.brier(p, Y, w) == pytest.approx(sk.brier_score_loss(Y, p[:, 1], sample_weight=w), abs=1e-12)
    losses = class_losses(S[:, None], Y)
    assert metrics.mean(losses, w) == pytest.approx(sk.log_loss(Y, p[:, 1], sample_weight=w), abs=1e-12)


def test_rows_that_weigh_alike_give_the_area_of_rows_without_weights() -> None:
    assert metrics.auc(S, Y == 1) == metrics.auc(S, Y == 1, np.full(N, 2.0))
    assert metrics.auc(np.zeros(N), Y == 1) == 0.5


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_several_classes_equal_scikit_learn(w: np.ndarray | None) -> None:
    guess = P3.argmax(axis=1)
    assert metrics.accuracy(P3, Y3, w) == pytest.approx(sk.accuracy_score(Y3, guess, sample_weight=w))
    expected = sk.balanced_accuracy_score(Y3, guess, sample_weight=w)
    assert metrics.balanced_accuracy(P3, Y3, w) == pytest.approx(expected)
    assert metrics.macro_f1(P3, Y3, w) == pytest.approx(sk.f1_score(Y3, guess, average="macro", sample_weight=w))
    expected = sk.roc_auc_score(Y3, P3, multi_class="ovr", average="macro", sample_weight=w)
    assert metrics.macro_auc(P3, Y3, w) == pytest.approx(expected)
    assert metrics.mean(metrics.log_losses(P3, Y3), w) == pytest.approx(sk.log_loss(Y3, P3, sample_weight=w))


@pytest.mark.parametrize("w", [None, W], ids=["plain", "weighted"])
def test_values_equal_scikit_learn(w: np.ndarray | None) -> None:
    assert metrics.rmse(F, V, w) == pytest.approx(sk.root_mean_squared_error(V, F, sample_weight=w))
    assert metrics.mae(F, V, w) == pytest.approx(sk.mean_absolute_error(V, F, sample_weight=w))
    assert metrics.r2(F, V, w) == pytest.approx(sk.r2_score(V, F, sample_weight=w))
    assert metrics.median_error(F, V) == pytest.approx(sk.median_absolute_error(V, F))


@pytest.mark.parametrize("weight", [0.1, 0.3, 7.7])
@pytest.mark.parametrize("n", [5, 10, 11, 40])
def test_rows_of_one_weight_have_the_median_of_rows_without(weight: float, n: int) -> None:
    y = np.random.default_rng(n).normal(size=n)
    assert metrics.median_error(np.zeros(n), y, np.full(n, weight)) == metrics.median_error(np.zeros(n), y)


def test_the_standard_error_is_that_of_means_of_rows_drawn_anew() -> None:
    uneven, groups = RNG.random(N) ** 6, np.arange(N) // 5
    x = F + np.repeat(RNG.normal(size=N // 5), 5)  # rows of a group have a part in common
    plain = metrics.standard_error(x)
    assert plain == pytest.approx(x.std() / math.sqrt(N))
    for w, by in ((uneven, None), (None, groups), (uneven, groups)):
        own = np.arange(N) if by is None else by
        times = RNG.multinomial(own.max() + 1, np.full(own.max() + 1, 1 / (own.max() + 1)), size=4000)[:, own]
        counted = times * (1.0 if w is None else w)
        drawn = (counted @ x / counted.sum(axis=1)).std()
        assert metrics.standard_error(x, w, by) == pytest.approx(drawn, rel=0.1)
        assert metrics.standard_error(x, w, by) > 1.2 * plain


def test_figures_that_do_not_exist_are_nan() -> None:
    ones = np.ones(5, dtype=int)
    assert math.isnan(metrics.auc(F[:5], ones == 1))
    assert math.isnan(metrics.average_precision(F[:5], ones == 0))
    assert math.isnan(metrics.r2(F[:5], np.ones(5)))
    assert math.isnan(metrics.mean(np.empty(0)))


def test_a_class_that_is_absent_is_left_out_of_the_mean() -> None:
    some = Y3 != 2
    expected = np.mean([sk.roc_auc_score(Y3[some] == k, P3[some, k]) for k in (0, 1)])
    assert metrics.macro_auc(P3[some], Y3[some]) == pytest.approx(expected)


def test_scores_and_probabilities_are_inverse() -> None:
    np.testing.assert_allclose(probabilities(scores_of(P3)), P3, atol=1e-9)
    np.testing.assert_allclose(scores_of(probabilities(S[:, None])), S[:, None], atol=1e-9)


def test_sure_mistakes_have_a_finite_loss() -> None:
    assert class_losses(np.asarray([[1e4]]), np.asarray([0])).tolist() == [1e4]
    assert class_losses(np.asarray([[1e4, 0.0, 0.0]]), np.asarray([1])).tolist() == [1e4]


def test_one_group_alone_does_not_make_a_figure_certain() -> None:
    x = np.random.default_rng(0).normal(size=100)
    assert metrics.standard_error(x, None, np.zeros(100, dtype=np.int64)) == metrics.standard_error(x)
