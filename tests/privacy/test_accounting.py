"""Is the noise enough for what is promised, by a formula and by a library that do not know of each other?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.privacy.accounting import Release, budgeted, delta_of, ratio_for, secret, sigma_for, vouched
from assay.privacy.noisy import chain


def test_formula_is_that_of_balle_and_wang() -> None:
    """δ of ε = 1 at a ratio of 1, worked out by integrating the densities."""
    x = np.linspace(-12, 13, 2_000_001)
    near, far = (np.exp(-((x - m) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (1.0, 0.0))
    worked = np.maximum(near - np.e * far, 0.0).sum() * (x[1] - x[0])
    assert delta_of(1.0, 1.0) == pytest.approx(worked, rel=1e-5)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-6, 1e-3])
def test_ratio_is_the_largest_that_keeps_the_promise(epsilon: float, delta: float) -> None:
    ratio = ratio_for(epsilon, delta)
    assert delta_of(epsilon, ratio) <= delta < delta_of(epsilon, 1.001 * ratio)


def test_releases_spend_the_whole_budget_and_no_more() -> None:
    assert sum(r.spent for r in chain(7, 0.3)) == pytest.approx(0.3**2, rel=1e-12)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.001, 1e-9), (0.5, 1e-12), (1.0, 1e-6), (8.0, 1e-6), (20.0, 1e-9)])
def test_library_agrees_with_the_promise(epsilon: float, delta: float) -> None:
    pytest.importorskip("dp_accounting")
    made = lambda ratio: (chain(14, ratio), (Release("held out", sigma_for(ratio, 1.0)),))  # noqa: E731
    ratio, found = budgeted(epsilon, delta, made)
    assert 0.99 * epsilon < found.epsilon <= epsilon
    assert vouched(made(ratio), delta) == found
    assert 0.9 * ratio_for(epsilon, delta) < ratio <= ratio_for(epsilon, delta)
    assert "dp-accounting" in found.accountant


def test_library_notices_noise_that_is_too_small() -> None:
    pytest.importorskip("dp_accounting")
    ratio = ratio_for(1.0, 1e-6)
    assert vouched((chain(14, 1.05 * ratio),), 1e-6).epsilon > 1.0


def test_two_noises_are_never_the_same() -> None:
    assert secret().normal() != secret().normal()


SAMPLED = [(0.5, 0.04, 500), (1.0, 0.04, 500), (3.0, 0.1, 100), (8.0, 0.02, 1000)]


def sampled(ratio: float, rate: float, steps: int) -> tuple[Release, ...]:
    answers = Release("answers", sigma_for(ratio, 0.04))
    return answers, Release("slopes", sigma_for(ratio, 0.96, steps, rate), steps, rate)


def test_sampled_releases_spend_the_whole_budget_in_the_limit() -> None:
    assert sum(r.spent for r in sampled(0.3, 0.04, 500)) == pytest.approx(0.3**2, rel=1e-12)


@pytest.mark.parametrize(("epsilon", "rate", "steps"), SAMPLED)
def test_sampling_is_paid_for_by_what_the_library_says(epsilon: float, rate: float, steps: int) -> None:
    pytest.importorskip("dp_accounting")
    ratio, found = budgeted(epsilon, 1e-6, lambda spent: (sampled(spent, rate, steps),))
    assert 0.97 * epsilon < found.epsilon <= epsilon
    assert ratio < ratio_for(epsilon, 1e-6)  # the limit says too little
    assert vouched((sampled(1.05 * ratio, rate, steps),), 1e-6).epsilon > epsilon


@pytest.mark.parametrize(("epsilon", "rate", "steps"), SAMPLED[1:3])
def test_two_libraries_agree_on_sampled_steps(epsilon: float, rate: float, steps: int) -> None:
    """Opacus' PRV (numerical composition) and RDP know nothing of dp-accounting; they are told of the steps alone."""
    pytest.importorskip("dp_accounting")
    accountants = pytest.importorskip("opacus.accountants")
    ratio, _ = budgeted(epsilon, 1e-6, lambda spent: (sampled(spent, rate, steps),))
    slopes = sampled(ratio, rate, steps)[1]
    mine = vouched(((slopes,),), 1e-6).epsilon
    said = {}
    for accountant in (accountants.PRVAccountant(), accountants.RDPAccountant()):
        accountant.history = [(slopes.sigma, rate, steps)]
        said[accountant.mechanism()] = accountant.get_epsilon(delta=1e-6)
    assert said["prv"] == pytest.approx(mine, rel=0.02)
    assert mine < said["rdp"] < 1.25 * mine
    accountant = accountants.PRVAccountant()
    accountant.history = [(0.9 * slopes.sigma, rate, steps)]
    assert accountant.get_epsilon(delta=1e-6) > 1.05 * epsilon  # too little noise is noticed
