"""Can one row change what a straight line is learnt from by more than is accounted for, and is anything learnt through the noise?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from assay.privacy import descent
from assay.privacy.accounting import ratio_for
from assay.privacy.descent import chain, drawn_in, learn, moments_of, slopes_of
from assay.privacy.noisy import REACH

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("moments", [True, False])
def test_releases_spend_the_whole_budget_and_no_more(moments: bool) -> None:
    assert sum(r.spent for r in chain(0.3, moments)) == pytest.approx(0.3**2, rel=1e-12)


@pytest.mark.parametrize("kind", ["binary", "classes", "value"])
def test_one_row_moves_slopes_and_moments_no_further_than_its_reach(kind: str) -> None:
    width, reach = (3 if kind == "classes" else 1), 1.7
    slopes, moments = 0.0, 0.0
    for _ in range(300):
        x = drawn_in(RNG.normal(scale=3.0, size=(20, 4)), reach)
        y = RNG.uniform(-1, 1, 20) if kind == "value" else RNG.integers(3 if width == 3 else 2, size=20)
        scores = RNG.normal(scale=30.0, size=(20, width))
        moved = slopes_of(x, scores, y, kind) - slopes_of(x[1:], scores[1:], y[1:], kind)
        slopes = max(slopes, float(np.linalg.norm(moved)))
        moments = max(moments, float(np.linalg.norm(moments_of(x) - moments_of(x[1:]))))
    assert 0.9 * reach * REACH[kind] < slopes <= reach * REACH[kind] + 1e-9
    assert 0.99 * reach**2 < moments <= reach**2 + 1e-9


def test_rows_are_drawn_in_and_short_ones_left() -> None:
    x = np.asarray([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])
    assert drawn_in(x, 1.0) == pytest.approx(np.asarray([[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]]))


def world(kind: str, n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of uneven columns, their answers, and the weights that made those."""
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(n), rng.uniform(-1, 1, n), 0.3 * rng.normal(size=n), rng.random(n) < 0.2])
    truth = np.asarray([[-0.2], [0.4], [0.3], [-0.3]]) * (1.0 if kind == "value" else 4.0)
    scores = (x @ truth)[:, 0]
    y = scores + 0.1 * rng.normal(size=n) if kind == "value" else rng.random(n) < 1 / (1 + np.exp(-scores))
    return x, np.clip(y, -1, 1) if kind == "value" else y.astype(np.int64), truth


@pytest.mark.parametrize("kind", ["binary", "value"])
@pytest.mark.parametrize("moments", [True, False])
def test_weights_are_learnt_through_the_noise(kind: str, moments: bool) -> None:
    x, y, truth = world(kind)
    k = 0 if kind == "value" else 2
    found = learn(x, y, 1.6, kind, k, ratio_for(1.0, 1e-6), np.random.default_rng(1), moments)
    assert np.corrcoef((x @ found.weights)[:, 0], (x @ truth)[:, 0])[0, 1] > 0.98


def test_without_noise_it_is_the_line_of_least_loss() -> None:
    """The twin without noise comes to rest where slopes add up to nothing."""
    x, y, truth = world("binary")
    found = learn(x, y, 10.0, "binary", 2, np.inf, RNG)
    assert found.weights == pytest.approx(truth, abs=0.3)
    assert np.abs(slopes_of(x, x @ found.weights, y, "binary")).max() < 0.002 * len(x)


def test_a_large_budget_is_close_to_no_noise() -> None:
    x, y, _ = world("binary")
    near, bare = (learn(x, y, 1.6, "binary", 2, ratio, np.random.default_rng(2)).weights for ratio in (5.0, np.inf))
    assert near == pytest.approx(bare, abs=0.1)


@pytest.mark.parametrize("moments", [True, False])
def test_no_row_and_no_noise_give_nothing(moments: bool) -> None:
    found = learn(np.ones((0, 3)), np.empty(0, dtype=np.int64), 1.0, "binary", 2, np.inf, RNG, moments)
    assert not found.weights[1:].any()


@pytest.mark.parametrize("moments", [True, False])
def test_an_attacker_who_knows_all_other_rows_guesses_no_better_than_promised(moments: bool) -> None:
    # The AUC that a ratio of 1 allows, three standard errors.
    assert _attacked(moments) < norm.cdf(1 / np.sqrt(2)) + 0.04


@pytest.mark.parametrize(("moments", "share"), [(True, 8), (False, 10)])
def test_the_attack_finds_noise_that_is_a_fraction_of_what_is_promised(
    moments: bool, share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = descent.sigma_for
    monkeypatch.setattr(descent, "sigma_for", lambda *given: honest(*given) / share)
    assert _attacked(moments) > norm.cdf(1 / np.sqrt(2)) + 0.04


def _attacked(moments: bool, times: int = 400) -> float:
    """AUC of telling runs with a row, alone in its direction, from runs without, by that direction's weight."""
    with_it = np.vstack([np.tile([1.0, 0.0], (60, 1)), [[1.0, 3.0]]]), np.append(np.tile([0, 1], 30), 1)
    rng, seen = np.random.default_rng(5), []
    for rows in ((with_it[0][:-1], with_it[1][:-1]), with_it):
        runs = [learn(*rows, 3.2, "binary", 2, 1.0, rng, moments).weights[1, 0] for _ in range(times)]
        seen.append(runs)
    ranks = rankdata(np.concatenate(seen))
    return float((ranks[times:].sum() - times * (times + 1) / 2) / times**2)
