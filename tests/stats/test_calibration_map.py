"""Is the affine map the one with the least log-loss, and left out only where it does harm beyond doubt?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats.calibration import SHY, SURE, Affine, cross_fitted, fit_classes, fit_counts
from assay.stats.scores import class_losses, probabilities


def world(n: int, scale: float, shift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores [n, 1] whose true log-odds are scale * score + shift."""
    rng = np.random.default_rng(seed)
    s = rng.normal(scale=1.5, size=(n, 1))
    return s, (rng.random(n) < probabilities(s * scale + shift)[:, 1]).astype(np.int64)


@pytest.mark.parametrize("weighted", [False, True])
def test_platt_scaling_is_logistic_regression_on_the_score(weighted: bool) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    s, y = world(50_000, 0.6, -1.0)
    w = np.random.default_rng(1).random(50_000) + 0.1 if weighted else None
    found = fit_classes(s, y, w)
    exact = linear_model.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(s, y, w)
    # The ridge towards the identity has the strength of ten rows among 50,000.
    assert found.scale == pytest.approx(exact.coef_[0, 0], abs=2e-3)
    assert found.shift[0] == pytest.approx(exact.intercept_[0], abs=2e-3)


def test_several_classes_get_their_temperature_and_bias_back() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(scale=1.5, size=(8000, 3))
    y = (probabilities(true).cumsum(axis=1) > rng.random(8000)[:, None]).argmax(axis=1)
    bias = np.asarray([0.8, 0.0, -0.8])
    found = fit_classes((true - bias) * 2.0, y)
    assert found.scale == pytest.approx(0.5, abs=0.03)
    np.testing.assert_allclose(found.shift - found.shift.mean(), bias, atol=0.1)


def test_no_nudge_of_the_map_has_a_smaller_loss() -> None:
    s, y = world(2000, 0.4, 0.7)
    found = fit_classes(s, y)
    least = class_losses(found(s), y).mean()
    for scale, shift in ((0.03, 0), (-0.03, 0), (0, 0.05), (0, -0.05)):
        other = Affine(found.scale + scale, found.shift + shift)
        assert class_losses(other(s), y).mean() > least - 1e-6


def test_counts_get_their_factor_and_spread_back() -> None:
    rng = np.random.default_rng(5)
    log = rng.normal(size=4000)
    y = rng.poisson(np.exp(0.7 * log + 0.4)).astype(float)
    found = fit_counts(log[:, None], y)
    assert found.scale == pytest.approx(0.7, abs=0.03)
    assert found.shift[0] == pytest.approx(0.4, abs=0.05)
    assert np.exp(found(log[:, None])).sum() == pytest.approx(y.sum(), rel=1e-3)


def test_separable_rows_do_not_blow_up() -> None:
    s = np.linspace(-1, 1, 40).reshape(-1, 1)
    found = fit_classes(s, (s[:, 0] > 0).astype(np.int64))
    assert np.isfinite(found(s)).all()
    assert found.scale < 50


def test_a_handful_of_events_does_not_move_all_probabilities() -> None:
    """Two events where one was expected: the best shift would double every probability."""
    s = np.full((1000, 1), np.log(0.001 / 0.999))
    y = np.zeros(1000, dtype=np.int64)
    y[:2] = 1
    said = probabilities(fit_classes(s, y)(s))[0, 1]
    assert 0.001 < said < 0.0013


def test_a_map_that_helps_is_kept_and_never_saw_its_rows() -> None:
    s, y = world(1500, 0.4, 1.0)
    folds = np.arange(1500) % 5
    found = cross_fitted(s, y, None, folds, class_losses, fit_classes, SURE)
    assert found.kept
    assert found.after < found.before
    held = folds == 3
    np.testing.assert_array_equal(found.scores[held], fit_classes(s[~held], y[~held])(s[held]))


def test_scores_that_are_true_are_hardly_moved() -> None:
    n, gone = 600, []
    for seed in range(40):
        s, y = world(n, 1.0, 0.0, seed)
        found = cross_fitted(s, y, None, np.arange(n) % 5, class_losses, fit_classes, SHY)
        assert found.kept or found.map.is_identity
        gone.append([found.map.scale - 1.0, found.map.shift[0]])
    p = probabilities(s)[:, 1]
    rows = np.column_stack([s[:, 0], np.ones(n)])
    error = np.sqrt(np.diag(np.linalg.inv(rows.T @ (rows * (p * (1 - p))[:, None]))))  # of scale and shift, by chance
    assert (np.abs(gone).max(axis=0) < 4 * error).all()
    assert (np.abs(np.mean(gone, axis=0)) < 4 * error / np.sqrt(40)).all()


def test_where_only_a_sure_gain_counts_true_scores_are_left_alone() -> None:
    kept = 0
    for seed in range(40):
        s, y = world(600, 1.0, 0.0, seed)
        found = cross_fitted(s, y, None, np.arange(600) % 5, class_losses, fit_classes, SURE)
        kept += found.kept
        assert found.kept or found.map.is_identity
    assert kept <= 5


def test_a_map_that_harms_beyond_doubt_is_left_out() -> None:
    s, y = world(1500, 1.0, 0.0)

    def bad(scores: np.ndarray, y: np.ndarray, w: np.ndarray | None) -> Affine:
        return Affine(3.0, np.zeros(1))

    found = cross_fitted(s, y, None, np.arange(1500) % 5, class_losses, bad, SHY)
    assert not found.kept
    assert found.map.is_identity
    assert found.after > found.before
    np.testing.assert_array_equal(found.scores, s)


def test_blends_that_are_too_shy_are_mended_on_a_few_hundred_rows() -> None:
    """A geometric mean of candidates stays too near the middle; with few rows the gain is within its own doubt."""
    better = []
    for seed in range(20):
        s, y = world(1400, 1.3, 0.0, seed)
        found = cross_fitted(s[:400], y[:400], None, np.arange(400) % 5, class_losses, fit_classes, SHY)
        better.append(class_losses(s[400:], y[400:]).mean() - class_losses(found.map(s[400:]), y[400:]).mean())
    assert np.mean(better) > 0


def test_one_fold_alone_cannot_be_calibrated() -> None:
    s, y = world(50, 0.4, 1.0)
    found = cross_fitted(s, y, None, np.zeros(50, dtype=np.int64), class_losses, fit_classes, SHY)
    assert not found.kept
    np.testing.assert_array_equal(found.scores, s)
