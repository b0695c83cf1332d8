"""Does the mixture fit better each time it is asked to, and find the kinds that were drawn?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.stats.mixture import LEAST_SPREAD, Mixture


def drawn(n: int = 3_000) -> np.ndarray:
    """Three kinds in the plane, a sixth, a third and a half of all."""
    rng = np.random.default_rng(0)
    kind = rng.choice(3, n, p=[1 / 6, 1 / 3, 1 / 2])
    middle, spread = np.array([[0, 0], [6, 0], [0, 9]]), np.array([[1, 1], [1, 2], [2, 1]])
    return (middle[kind] + spread[kind] * rng.normal(size=(n, 2))).astype(np.float32)


def test_the_kinds_that_were_drawn_are_found() -> None:
    found = Mixture.learn(drawn(), 3, np.random.default_rng(1))
    order = np.argsort(found.share)
    np.testing.assert_allclose(found.share[order], [1 / 6, 1 / 3, 1 / 2], atol=0.03)
    np.testing.assert_allclose(found.mean[order], [[0, 0], [6, 0], [0, 9]], atol=0.2)
    np.testing.assert_allclose(found.spread[order], [[1, 1], [1, 2], [2, 1]], rtol=0.15)


def test_probabilities_and_fit_are_those_of_scikit_learn() -> None:
    """The same densities; and a mean likelihood that is no worse by more than one in a hundred nats, where it is free to choose as well."""
    mixture = pytest.importorskip("sklearn.mixture")
    rng = np.random.default_rng(2)
    points = (rng.normal(size=(4_000, 5)) @ rng.normal(size=(5, 5)) + 3 * rng.integers(3, size=(4_000, 1))).astype(
        np.float32
    )
    ours, theirs = Mixture.learn(points, 8, rng), mixture.GaussianMixture(8, covariance_type="diag", random_state=0)
    theirs.fit(points)
    reached = theirs.score(points)
    theirs.weights_, theirs.means_ = (a.astype(np.float64) for a in (ours.share, ours.mean))
    theirs.covariances_ = np.square(ours.spread.astype(np.float64))
    theirs.precisions_cholesky_ = 1 / ours.spread.astype(np.float64)
    np.testing.assert_allclose(ours(points), theirs.predict_proba(points), atol=1e-4)
    assert theirs.score(points) > reached - 0.1


def test_more_kinds_than_points_and_points_that_are_all_alike_are_borne() -> None:
    few = Mixture.learn(drawn(4), 9, np.random.default_rng(0))
    assert len(few.share) == 4
    alike = Mixture.learn(np.ones((50, 3), np.float32), 5, np.random.default_rng(0))
    for found, points in ((few, drawn(4)), (alike, np.ones((2, 3), np.float32))):
        assert (found.spread > 0).all()
        np.testing.assert_allclose(found(points).sum(axis=1), 1, atol=1e-5)


def test_no_kind_is_narrower_than_a_share_of_the_whole() -> None:
    """A point that stands alone would else have all the likelihood there is."""
    points = np.concatenate([drawn(500), [[40.0, 40.0]]]).astype(np.float32)
    found = Mixture.learn(points, 6, np.random.default_rng(0))
    assert (found.spread >= 0.99 * LEAST_SPREAD * points.std(axis=0)).all()
