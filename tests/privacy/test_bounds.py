"""Does a bound on ε stay below what is true, and does it come near?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from assay.kernel.data import Bools
from assay.privacy.bounds import Guessing, bound, chance, epsilon_at_least, guessed

DRAWS, ROWS = 400, 500
MOST = binom.ppf(0.99, DRAWS, 0.05) / DRAWS  # exceedances of a bound that keeps its 5 %, in 99 of 100 runs of this test


def responses(coins: Bools, epsilon: float, rng: np.random.Generator) -> Bools:
    """Randomised response (Warner 1965): each coin told as it fell with probability e^ε / (1 + e^ε)."""
    return np.asarray(coins ^ (rng.random(coins.shape) > 1 / (1 + np.exp(-epsilon))))


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 2.0])
def test_randomised_response_exceeds_its_epsilon_in_one_draw_of_twenty(epsilon: float) -> None:
    rng = np.random.default_rng(1)
    bounds = []
    for _ in range(DRAWS):
        coins = rng.random(ROWS) < 0.5
        bounds.append(epsilon_at_least(ROWS, ROWS, int((responses(coins, epsilon, rng) == coins).sum())))
    assert np.mean(np.asarray(bounds) > epsilon) <= MOST
    assert np.median(bounds) >= 0.6 * epsilon


def test_choosing_how_to_guess_is_paid_for() -> None:
    rng, epsilon = np.random.default_rng(2), 1.0
    found = []
    for _ in range(DRAWS):
        coins = rng.random((5, ROWS)) < 0.5
        # Three attacks that rank alike but for chance.
        told = responses(coins, epsilon, rng) + 0.5 * rng.random((3, 5, ROWS))
        found.append(bound(told, coins).epsilon)
    assert np.mean(np.asarray(found) > epsilon) <= MOST
    assert np.median(found) > 0.5


def test_scores_that_know_nothing_prove_nothing() -> None:
    rng = np.random.default_rng(3)
    found = [bound(rng.random((3, 5, ROWS)), rng.random((5, ROWS)) < 0.5).epsilon for _ in range(100)]
    assert np.mean(np.asarray(found) > 0) <= binom.ppf(0.99, 100, 0.05) / 100


def test_a_failure_of_probability_delta_is_allowed_for() -> None:
    """With probability δ a row is given away, else randomised response: (ε, δ)-private, and worse than ε alone."""
    rng, epsilon, delta = np.random.default_rng(4), 0.5, 0.1
    with_delta, without = [], []
    for _ in range(DRAWS):
        coins = rng.random(ROWS) < 0.5
        given_away = rng.random(ROWS) < delta
        right = int((given_away | (responses(coins, epsilon, rng) == coins)).sum())
        with_delta.append(epsilon_at_least(ROWS, ROWS, right, delta=delta))
        without.append(epsilon_at_least(ROWS, ROWS, right))
    assert np.mean(np.asarray(with_delta) > epsilon) <= MOST
    assert np.mean(np.asarray(without) > epsilon) > 0.2
    assert np.all(np.asarray(with_delta) <= np.asarray(without))


def test_the_p_value_is_binomial_and_grows_with_epsilon_and_delta() -> None:
    assert chance(0.0, 20, 20, 15) == pytest.approx(binom.sf(14, 20, 0.5))
    values = [chance(e, 200, 100, 80) for e in (0.0, 0.5, 1.0, 2.0)]
    assert values == sorted(values)
    assert chance(0.5, 200, 100, 80, delta=1e-6) > chance(0.5, 200, 100, 80)


def test_with_hardly_any_delta_the_bound_is_that_without() -> None:
    for right in (0, 50, 70, 99, 100):
        assert epsilon_at_least(500, 100, right, delta=1e-15) == pytest.approx(
            epsilon_at_least(500, 100, right), abs=1e-6
        )


def test_more_right_than_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="11 right of 10 guesses"):
        epsilon_at_least(100, 10, 11)


def test_guesses_are_made_at_the_ends() -> None:
    member = np.asarray([False, False, True, False, True, True])
    scores = np.asarray([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    assert guessed(scores, member, Guessing(attack=0, share=0.5, both=False)) == (3, 2)
    assert guessed(scores, member, Guessing(attack=0, share=0.7, both=True)) == (4, 4)
