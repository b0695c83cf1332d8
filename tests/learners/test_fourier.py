"""Does a layer of random waves answer as the kernel it stands for?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.learners.fourier import STRENGTHS, Fourier, Waves
from assay.neural.inputs import Inputs
from assay.neural.random_waves import random_waves, stretched, waved

RNG = np.random.default_rng(0)
LEVELS = tuple(f"level {i}" for i in range(20))
FEATURES = (Feature("a", "a"), Feature("b", "b"), Feature("c", "c", "code", LEVELS))
VALUES = np.column_stack([RNG.normal(size=(600, 2)), RNG.integers(20, size=600).astype(float)])
VALUES[::50, 1] = np.nan


def batch(y: np.ndarray, rows: slice = slice(None)) -> Batch:
    return Batch({"vector": Vector(VALUES[rows], FEATURES)}, y[rows])


def fit(learner: Fourier, y: np.ndarray, head: Head, seed: int = 0) -> Waves:
    train, tune = batch(y, slice(0, 400)), batch(y, slice(400, 450))
    return learner.fit(train, tune, head, Clock.start(), np.random.default_rng(seed))


def test_products_of_waves_come_to_the_kernel() -> None:
    rows = batch(np.zeros(600), slice(0, 60))
    inputs = Inputs.learn(rows.vector)
    network = stretched(random_waves(inputs, 8, 4_096, 1, np.random.default_rng(1)), 0.6)
    x = waved(network, inputs, rows)
    seen = network.looked_up(inputs.columns(rows.vector), inputs.rows(rows.vector))
    apart = ((seen[:, None] - seen) ** 2).mean(axis=2)
    # The mean of 4,096 products of cosines, each of variance below one half and mean the kernel: five standard errors.
    np.testing.assert_allclose(x @ x.T, np.exp(-0.6 * apart), atol=5 * np.sqrt(1.0 / 4_096))


def test_it_answers_nearly_as_kernel_ridge_does() -> None:
    ridge = pytest.importorskip("sklearn.kernel_ridge")
    y = np.sin(2 * VALUES[:, 0]) + 0.1 * VALUES[:, 2] % 1.0
    ours = fit(Fourier(waves=4_096, strength=0.1), y, Head.value())
    inputs, network = ours.inputs, ours.network
    x = network.looked_up(inputs.columns(batch(y).vector), inputs.rows(batch(y).vector))
    theirs = ridge.KernelRidge(kernel="rbf", gamma=0.6 / x.shape[1], alpha=0.1).fit(x[:450], y[:450] - y[:450].mean())
    said = theirs.predict(x[450:]) + y[:450].mean()
    assert np.sqrt(np.mean((ours.predict(batch(y, slice(450, 600)))[:, 0] - said) ** 2)) < 0.1 * y.std()


def test_strength_falls_where_there_is_no_noise_and_rises_where_there_is() -> None:
    clean = VALUES[:, 0] + 0.5 * np.nan_to_num(VALUES[:, 1]) ** 2
    noisy = 0.2 * clean + RNG.normal(size=600)
    chosen = [fit(Fourier(), y, Head.value()).strength for y in (clean, noisy)]
    assert chosen[0] < chosen[1] == max(STRENGTHS)
    assert fit(Fourier(strength=7.0), clean, Head.value()).strength == 7.0


def test_a_smooth_border_between_classes_is_found() -> None:
    y = (np.hypot(VALUES[:, 0], np.nan_to_num(VALUES[:, 1])) > 1.2).astype(np.int64)
    fresh = slice(450, 600)
    said = fit(Fourier(), y, Head.classes(2)).predict(batch(y, fresh))[:, 0] > 0
    assert np.mean(said == y[fresh]) > 0.93


def test_no_row_of_the_table_stands_in_the_file() -> None:
    y = VALUES[:, 0]
    box = Box()
    fit(Fourier(), y, Head.value()).dump(box)
    kept = [array for inner in box.walk() for array in inner.arrays.values() if array.dtype.kind == "f"]
    rows = np.nan_to_num(VALUES[:, :2])
    for array in kept:
        if array.ndim == 2 and array.shape[1] == len(FEATURES):
            assert not any((np.isclose(array[:, :2], row)).all(axis=1).any() for row in rows)
    assert not any(array.size and np.isin(VALUES[:100, 0], array).sum() > 4 for array in kept)


def test_time_that_is_up_leaves_an_answer() -> None:
    y = (VALUES[:, 0] > 0).astype(np.int64)
    train, tune = batch(y, slice(0, 400)), batch(y, slice(400, 450))
    fitted = Fourier().fit(train, tune, Head.classes(2), Clock.start(0.0), np.random.default_rng(0))
    assert np.isfinite(fitted.predict(train)).all()
    assert fitted.strength == STRENGTHS[0]


def test_where_few_rows_have_weight_those_alone_teach() -> None:
    y, weight = VALUES[:, 0], np.zeros(600)
    weight[[3, 77, 120, 200, 201, 310, 333, 390, 401, 440]] = 2.0
    train, tune = (replace(batch(y, rows), weight=weight[rows]) for rows in (slice(0, 400), slice(400, 450)))
    fitted = Fourier().fit(train, tune, Head.value(), Clock.start(), np.random.default_rng(0))
    assert np.isfinite(fitted.predict(batch(y))).all()
    assert np.isfinite(fitted.tried).all()


def test_the_strength_is_chosen_on_groups_that_did_not_teach() -> None:
    """Twelve rows a group, all but equal, with an answer that no column tells of a new group."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(60), 12)
    values = rng.normal(size=(60, 2))[group] + rng.normal(size=(720, 2)) * 0.01
    y = rng.normal(size=60)[group] + rng.normal(size=720) * 0.1
    features = (Feature("a", "a"), Feature("b", "b"))
    rows = Batch({"vector": Vector(values, features)}, y)
    tune = rows.take(np.arange(0))
    alone, apart = (
        Fourier().fit(replace(rows, groups=g), tune, Head.value(), Clock.start(), np.random.default_rng(0)).strength
        for g in (None, group)
    )
    assert alone < apart == max(STRENGTHS)
