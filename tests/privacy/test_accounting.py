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
