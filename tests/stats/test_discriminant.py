"""Is the line of class means scikit-learn's, and does the ridge pull towards it?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.forms import Head
from assay.stats.descent import solve_exactly, solve_towards
from assay.stats.discriminant import discriminant
from assay.stats.scores import class_losses, probabilities

RNG = np.random.default_rng(0)
CLASSES, COLUMNS = 30, 8
MEANS = 1.5 * RNG.normal(size=(CLASSES, COLUMNS))
HEAD = Head.classes(CLASSES)


def drawn(each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(np.arange(CLASSES), each)
    return MEANS[y] + np.random.default_rng(seed).normal(size=(len(y), COLUMNS)), y


def even(n: int) -> np.ndarray:
    return np.full(n, 1.0 / n)


def test_the_discriminant_equals_scikit_learn() -> None:
    analysis = pytest.importorskip("sklearn.discriminant_analysis")
    covariance = pytest.importorskip("sklearn.covariance")
    x, y = drawn(10, 1)
    errors = x - np.stack([x[y == k].mean(axis=0) for k in range(CLASSES)])[y]
    shrunk = covariance.LedoitWolf(assume_centered=True).fit(errors).covariance_ * len(y) / (len(y) - CLASSES)

    class Known:
        def fit(self, _: np.ndarray) -> Known:
            self.covariance_ = shrunk
            return self

    known = analysis.LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=Known()).fit(x, y)
    weights = discriminant(x, np.eye(CLASSES)[y], even(len(y)))
    told = probabilities(x @ weights[1:] + weights[0])
    np.testing.assert_allclose(told, known.predict_proba(x), atol=5e-3)  # it believes in no spread of nothing


def test_rows_of_weight_zero_change_nothing() -> None:
    x, y = drawn(6, 2)
    counts = np.arange(len(y)) % 3 > 0
    share = counts / counts.sum()
    few = discriminant(x[counts], np.eye(CLASSES)[y[counts]], even(int(counts.sum())))
    np.testing.assert_allclose(discriminant(x, np.eye(CLASSES)[y], share), few, rtol=1e-9, atol=1e-9)


def test_a_ridge_without_end_leaves_the_discriminant_and_none_the_line() -> None:
    x, y = drawn(20, 3)
    target = np.eye(CLASSES)[y]
    strong = solve_towards(x, target, None, HEAD, 1e9)
    np.testing.assert_allclose(strong, discriminant(x, target, even(len(y))), atol=1e-4)
    weak, line = solve_towards(x, target, None, HEAD, 1.0), solve_exactly(x, target, None, HEAD, 1.0)
    fit = [class_losses(x @ w[1:] + w[0], y).mean() for w in (weak, line)]
    assert fit[0] < fit[1]


def test_of_many_classes_with_few_rows_it_is_ahead_of_any_ridge() -> None:
    (x, y), (fresh, truth) = drawn(6, 4), drawn(60, 5)
    target = np.eye(CLASSES)[y]

    def loss(weights: np.ndarray) -> float:
        return float(class_losses(fresh @ weights[1:] + weights[0], truth).mean())

    ridges = [loss(solve_exactly(x, target, None, HEAD, strength)) for strength in (0.03, 0.1, 0.3, 1.0, 10.0)]
    assert loss(solve_towards(x, target, None, HEAD, 100.0)) < 0.95 * min(ridges)


def test_columns_that_say_nothing_and_classes_that_never_came_are_borne() -> None:
    x, y = drawn(5, 6)
    x[:, 0] = 0.0
    kept = y != 3
    weights = solve_towards(x[kept], np.eye(CLASSES)[y[kept]], None, HEAD, 10.0)
    assert np.isfinite(weights).all()
    assert np.abs(weights[1]).max() == 0.0
    assert probabilities(x @ weights[1:] + weights[0])[y != 3, 3].max() < 0.5


def test_a_column_that_is_still_within_each_class_is_not_believed_without_bound() -> None:
    x, y = drawn(5, 7)
    x[:, 0] = y % 3
    weights = discriminant(x, np.eye(CLASSES)[y], even(len(y)))
    assert np.abs(weights).max() < 1e4
