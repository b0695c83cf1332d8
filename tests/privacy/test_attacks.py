"""Do the attacks see what a row's membership does to a model's answer, and nothing else?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.data import Bools, Floats
from assay.privacy import attacks
from assay.privacy.exposure import auc

ROWS = 3_000


def models(rise: float, count: int, seed: int = 0) -> tuple[Floats, Bools]:
    """Log-confidences [models, n] and who was in: rows of very different difficulty, whose logit learning raises."""
    rng = np.random.default_rng(seed)
    inside = rng.random((count, ROWS)) < 0.5
    logit = 2.5 * rng.normal(size=ROWS) + 0.5 * rng.normal(size=(count, ROWS)) + rise * inside
    return -np.log1p(np.exp(-logit)), inside


def areas(rise: float, count: int, seed: int = 0) -> dict[str, float]:
    told, inside = models(rise, count, seed)
    others = np.arange(count) > 0
    scores = {key: attacks.scores(key, told[0], told[others], inside[others]) for key in attacks.ATTACKS}
    return {key: auc(score, inside[0]).value for key, score in scores.items()}


def test_the_naive_attack_says_safe_where_references_do_not() -> None:
    found = areas(0.5, 5)
    assert found["loss"] < 0.58
    assert found["rmia"] > 0.66
    assert found["lira"] > 0.66


def test_many_references_bring_the_likelihood_ratio_near_the_best_there_is() -> None:
    """With logits normal at known means the best attack has Φ(rise / (√2 spread)): 0.76."""
    assert areas(0.5, 33)["lira"] > 0.73


@pytest.mark.parametrize("key", attacks.ATTACKS)
def test_models_that_learnt_nothing_are_at_chance(key: str) -> None:
    found = [areas(0.0, 5, seed)[key] for seed in range(5)]
    assert abs(np.mean(found) - 0.5) < 3 * 0.0106 / np.sqrt(5)  # of 1,500 against 1,500: sqrt(1 / 12 * 2 / 1500)


def test_rows_that_every_reference_learnt_are_still_judged() -> None:
    told, inside = models(1.0, 4)
    everywhere = np.ones((3, ROWS), dtype=bool)
    for key in attacks.ATTACKS:
        score = attacks.scores(key, told[0], told[1:], everywhere)
        assert np.isfinite(score).all()
    mixed = inside[1:].copy()
    mixed[:, :100] = True
    assert np.isfinite(attacks.lira(told[0], told[1:], mixed)).all()


def test_one_reference_is_enough_to_judge_by() -> None:
    told, inside = models(1.0, 2)
    for key in attacks.ATTACKS:
        assert np.isfinite(attacks.scores(key, told[0], told[1:], inside[1:])).all()


def test_scores_of_the_robust_attack_are_shares_of_the_population() -> None:
    told, inside = models(1.0, 5)
    score = attacks.rmia(told[0], told[1:], inside[1:])
    assert score.min() > 0.0
    assert score.max() == 1.0


def test_certain_answers_are_no_infinities() -> None:
    told = np.asarray([[0.0, -800.0, -0.5], [0.0, -800.0, -0.5], [-1e-17, -900.0, -0.4]])
    inside = np.asarray([[True, False, True], [False, True, False], [True, True, False]])
    for key in attacks.ATTACKS:
        assert np.isfinite(attacks.scores(key, told[0], told[1:], inside[1:])).all()


def test_errors_of_values_are_judged_on_the_scale_of_the_usual_error() -> None:
    rng = np.random.default_rng(0)
    losses = rng.exponential(size=(5, ROWS))
    assert np.allclose(attacks.confidences(losses, False), attacks.confidences(1e6 * losses, False))
    assert (attacks.confidences(np.zeros((2, 3)), False) == 0).all()
