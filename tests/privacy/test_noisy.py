"""Can one row change a release by more than is accounted for, and is anything learnt through the noise?"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from assay.privacy import noisy
from assay.privacy.accounting import ratio_for
from assay.privacy.noisy import REACH, Cells, learn, residuals, sums_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", ["binary", "classes", "value"])
def test_one_row_moves_the_sums_no_further_than_its_reach(kind: str) -> None:
    width = 3 if kind == "classes" else 1
    worst = 0.0
    for _ in range(300):
        scores = RNG.normal(scale=30.0, size=(20, width))
        y = RNG.uniform(-1, 1, 20) if kind == "value" else RNG.integers(3 if width == 3 else 2, size=20)
        places, told = RNG.integers(5, size=20), residuals(scores, y, kind)
        moved = sums_of(places, told, 5) - sums_of(places[1:], told[1:], 5)
        worst = max(worst, float(np.linalg.norm(moved)))
    assert 0.9 * REACH[kind] < worst <= REACH[kind] + 1e-9


def test_curves_are_learnt_through_the_noise() -> None:
    n = 20_000
    places = np.column_stack([RNG.integers(10, size=n), RNG.integers(3, size=n)])
    truth = np.linspace(-2, 2, 10)[places[:, 0]] + np.asarray([0.8, 0.0, -0.8])[places[:, 1]]
    y = (RNG.random(n) < 1 / (1 + np.exp(-truth))).astype(np.int64)
    found = learn(places, y, [Cells(11, 10), Cells(3)], "binary", 2, ratio_for(1.0, 1e-6), RNG)
    said = found.base + sum(c[places[:, j]] for j, c in enumerate(found.curves))
    assert np.corrcoef(said[:, 0], truth)[0, 1] > 0.97
    assert abs(np.mean(1 / (1 + np.exp(-said[:, 0]))) - y.mean()) < 0.02


def test_values_are_learnt_through_the_noise() -> None:
    n = 20_000
    places = RNG.integers(10, size=(n, 1))
    y = np.clip(np.linspace(-0.6, 0.6, 10)[places[:, 0]] + 0.1 * RNG.normal(size=n), -1, 1)
    found = learn(places, y, [Cells(10, 10)], "value", 0, ratio_for(1.0, 1e-6), RNG)
    assert np.abs(found.base + found.curves[0][:, 0] - np.linspace(-0.6, 0.6, 10)).max() < 0.06


def test_no_row_and_no_noise_give_nothing() -> None:
    found = learn(np.empty((0, 1), dtype=np.int64), np.empty(0, dtype=np.int64), [Cells(4)], "binary", 2, np.inf, RNG)
    assert not found.curves[0].any()


def test_an_attacker_who_knows_all_other_rows_guesses_no_better_than_promised() -> None:
    # The AUC that a ratio of 1 allows, and three standard errors.
    assert _attacked(1.0) < norm.cdf(1 / np.sqrt(2)) + 0.04


def test_the_attack_finds_noise_that_is_a_quarter_of_what_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = noisy.sigma_for
    monkeypatch.setattr(noisy, "sigma_for", lambda *given: honest(*given) / 4)
    assert _attacked(1.0) > norm.cdf(1 / np.sqrt(2)) + 0.04


def _attacked(ratio: float, times: int = 600) -> float:
    """AUC of telling runs with a row, alone in its cell, from runs without, by that cell's curve."""
    without = np.zeros((60, 1), dtype=np.int64), np.tile([0, 1], 30)
    with_it = np.vstack([without[0], [[1]]]), np.append(without[1], 1)
    rng = np.random.default_rng(5)
    seen = [[float(np.diff(learn(*rows, [Cells(2)], "binary", 2, ratio, rng).curves[0][:, 0])[0]) for _ in range(times)]
            for rows in (without, with_it)]  # fmt: skip
    ranks = rankdata(np.concatenate(seen))
    return float((ranks[times:].sum() - times * (times + 1) / 2) / times**2)
