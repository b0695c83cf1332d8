"""Do figures made of noisy counts say what the rows say, and can a row change more counts than is accounted for?"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from assay.privacy.accounting import ratio_for
from assay.privacy.figures import count

RATIO = ratio_for(1.0, 1e-6)


def _binary(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = 1.5 * rng.normal(size=n)
    return scores[:, None], (rng.random(n) < 1 / (1 + np.exp(-scores))).astype(np.int64)


def test_figures_of_two_classes_are_those_of_scikit_learn_but_for_the_cells() -> None:
    scores, y = _binary(20_000, 1)
    found = {f.name: f for f in count(scores, y, "binary", 2, np.zeros(1), np.inf, np.random.default_rng(0))
             .figures(np.zeros(1), np.random.default_rng(0))}  # fmt: skip
    p = 1 / (1 + np.exp(-scores[:, 0]))
    assert found["auc"].value == pytest.approx(roc_auc_score(y, p), abs=2e-3)
    assert found["log_loss"].value == pytest.approx(log_loss(y, p), abs=4e-3)
    assert found["accuracy"].value == pytest.approx(accuracy_score(y, p > 0.5), abs=1e-12)


def test_intervals_hold_what_the_rows_of_the_world_would_say() -> None:
    truth = roc_auc_score(*reversed([a.ravel() for a in _binary(200_000, 2)]))
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        told = count(*_binary(3000, 100 + seed), "binary", 2, np.zeros(1), RATIO, rng)
        auc = next(f for f in told.figures(np.zeros(1), rng) if f.name == "auc")
        held += auc.low <= truth <= auc.high
    assert held >= 51  # of 60 at 95 %: fewer come by chance once in a thousand


def test_figures_of_values_are_in_the_unit_of_the_target() -> None:
    rng = np.random.default_rng(3)
    y = rng.uniform(-0.8, 0.8, 20_000)
    f = y + 0.1 * rng.normal(size=len(y))
    found = {
        g.name: g for g in count(f[:, None], y, "value", 0, np.zeros(1), np.inf, rng, 50.0).figures(np.zeros(1), rng)
    }
    assert found["mae"].value == pytest.approx(25 * mean_absolute_error(y, f), rel=0.05)
    assert found["rmse"].value == pytest.approx(25 * 0.1, rel=0.05)
    assert {"mae", "rmse", "r2"} == found.keys()


def test_sets_and_intervals_keep_their_level() -> None:
    kept = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        scores, y = _binary(4000, 300 + seed)
        least = count(scores, y, "binary", 2, np.zeros(1), RATIO, rng).thresholds(0.9)
        new, answer = _binary(20_000, 500 + seed)
        p = 1 / (1 + np.exp(-new[:, 0]))
        inside = np.column_stack([1 - p, p]) >= least
        kept.append(inside[np.arange(len(answer)), answer].mean())
        values = np.clip(0.2 * rng.normal(size=4000), -1, 1)
        reach = count(np.zeros((4000, 1)), values, "value", 0, np.zeros(1), RATIO, rng, 2.0).reach(0.9)
        assert np.mean(np.abs(values) <= reach) >= 0.9
    assert min(kept) >= 0.9


@pytest.mark.parametrize("kind", ["binary", "classes", "value"])
def test_one_row_is_in_one_cell_of_each_table(kind: str) -> None:
    rng = np.random.default_rng(4)
    scores = rng.normal(scale=9, size=(50, 3 if kind == "classes" else 1))
    k = {"binary": 2, "classes": 3, "value": 0}[kind]
    y = rng.integers(k, size=50) if k else rng.uniform(-1, 1, 50)
    base = np.zeros(scores.shape[1])
    all_, fewer = (count(scores[i:], y[i:], kind, k, base, np.inf, rng) for i in (0, 1))
    moved = [np.abs(a - b).sum() for a, b in zip(all_.tables, fewer.tables, strict=True)]
    assert moved == [1.0] * all_.release.times
