"""Are members and others judged alike but for what the target learnt?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from assay.kernel.data import Bools, Floats
from assay.privacy.attacks import ATTACKS
from assay.privacy.exposure import auc
from assay.privacy.games import Judged, of_coins, of_delivered, of_folds

ROWS = 2_000


def confidence(inside: Bools, rise: float, seed: int = 0) -> Floats:
    """Log-confidences of models that raise the logit of what they learnt."""
    rng = np.random.default_rng(seed)
    logit = 2.0 * rng.normal(size=inside.shape[1]) + 0.5 * rng.normal(size=inside.shape) + rise * inside
    return -np.log1p(np.exp(-logit))


def in_folds(folds: int) -> Bools:
    return np.arange(ROWS) % folds != np.arange(folds)[:, None]


def areas(judged: Judged) -> dict[str, tuple[float, float, float]]:
    found = {key: auc(*judged.flat(key)) for key in ATTACKS}
    return {key: (one.low, one.value, one.high) for key, one in found.items()}


@pytest.mark.parametrize("folds", [3, 5, 10])
def test_fold_models_that_learnt_nothing_by_heart_are_at_chance(folds: int) -> None:
    """Which reference is left out must not tell the fold: it would, were all others asked about rows of the target's own."""
    held = []
    for seed in range(40):
        inside = in_folds(folds)
        found = areas(of_folds(confidence(inside, 0.0, seed), inside, np.random.default_rng(seed)))
        held.append([low <= 0.5 <= high for low, _, high in found.values()])
    assert np.min(np.mean(held, axis=0)) >= binom.ppf(0.01 / 3, 40, 0.95) / 40


def test_fold_models_that_learnt_rows_by_heart_are_caught() -> None:
    inside = in_folds(5)
    found = areas(of_folds(confidence(inside, 1.0), inside, np.random.default_rng(0)))
    assert found["rmia"][0] > 0.75
    assert found["rmia"][1] > found["loss"][1] + 0.1


def test_coins_are_at_chance_or_caught() -> None:
    inside = np.random.default_rng(1).random((5, ROWS)) < 0.5
    low, _, high = areas(of_coins(confidence(inside, 0.0), inside))["rmia"]
    assert low <= 0.5 <= high
    assert areas(of_coins(confidence(inside, 1.0), inside))["rmia"][0] > 0.7


@pytest.mark.parametrize("coins", [False, True])
def test_what_ships_is_caught_only_where_it_learnt_by_heart(coins: bool) -> None:
    rng = np.random.default_rng(2)
    unseen = np.arange(ROWS) % 4 == 0
    inside = (rng.random((5, ROWS)) < 0.5 if coins else in_folds(5)) & ~unseen
    for rise, caught in ((0.0, False), (1.0, True)):
        every = confidence(np.vstack([inside, ~unseen[None]]), rise)
        judged, rows = of_delivered(every[-1], every[:-1], inside, unseen, coins, rng)
        assert rows.mean() > 0.95
        found = auc(*judged.flat("rmia"))
        assert (found.low > 0.7) == caught
        assert (found.low <= 0.5 <= found.high) != caught
