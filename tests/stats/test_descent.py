"""Do descent and the exact solvers come to the same line, and is it scikit-learn's?"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.kernel.forms import Feature, Head, Vector
from assay.stats.descent import cost_and_gradient, descend, solve_exactly
from assay.stats.design import Design
from assay.stats.heads import answers, guess, losses, quantile, targets

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 5))
W = RNG.random(400) + 0.1


def target(head: Head) -> np.ndarray:
    signal = X @ np.asarray([1.0, -2.0, 0.5, 0.0, 0.0]) + RNG.normal(size=400)
    if head.name == "value":
        return 100 + 7 * signal.reshape(-1, 1)
    if head.name == "counts":
        return RNG.poisson(np.exp(0.5 + 0.4 * signal)).astype(float).reshape(-1, 1)
    if head.width == 1:
        return (signal > 0).astype(float).reshape(-1, 1)
    return np.eye(3)[np.digitize(signal, [-1.0, 1.0])]


HEADS = [Head.value(), Head.classes(2), Head.classes(3), Head.counts()]


@pytest.mark.parametrize("head", HEADS, ids=lambda h: f"{h.name}{h.width}")
def test_descent_comes_to_the_exact_solution(head: Head) -> None:
    goal = target(head)
    found = descend(X, goal, W, head, 3.0, 5000, 1e-12, Clock.start())
    assert found.at_rest
    assert all(b <= a + 1e-15 for a, b in zip(found.history, found.history[1:], strict=False))
    np.testing.assert_allclose(found.weights, solve_exactly(X, goal, W, head, 3.0), atol=2e-3)


def test_least_squares_equal_ridge() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    goal = target(Head.value())
    found = solve_exactly(X, goal, None, Head.value(), 5.0)
    exact = linear_model.Ridge(alpha=5.0).fit(X, goal[:, 0])
    np.testing.assert_allclose(found[1:, 0], exact.coef_, rtol=1e-6)
    assert found[0, 0] == pytest.approx(exact.intercept_)


def test_logistic_regression_equals_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    goal = target(Head.classes(2))
    found = solve_exactly(X, goal, None, Head.classes(2), 2.0)
    exact = linear_model.LogisticRegression(C=0.5, tol=1e-10, max_iter=5000).fit(X, goal[:, 0])
    np.testing.assert_allclose(found[1:, 0], exact.coef_[0], atol=1e-3)


def test_poisson_regression_equals_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    goal = target(Head.counts())
    found = solve_exactly(X, goal, W, Head.counts(), 8.0)
    exact = linear_model.PoissonRegressor(alpha=8.0 / 400, tol=1e-10, max_iter=5000)
    exact.fit(X, goal[:, 0], sample_weight=W)
    np.testing.assert_allclose(found[1:, 0], exact.coef_, atol=1e-5)
    assert found[0, 0] == pytest.approx(exact.intercept_, abs=1e-5)


SHAPES = {
    "noise that grows": lambda x, e: x[:, 0] + np.exp(x[:, 1] / 2) * e.exponential(size=len(x)),
    "far cells": lambda x, e: x[:, 0] + e.standard_cauchy(len(x)),
    "hardly any noise": lambda x, e: 1e6 * (x.sum(axis=1) + 1e-4 * e.normal(size=len(x))),
    "mostly zeros": lambda x, e: np.maximum(0.0, x[:, 0] + x[:, 1] - 1),
}


@pytest.mark.parametrize("wide", [False, True], ids=["newton", "lbfgs"])
@pytest.mark.parametrize("level", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_quantile_regression_equals_scikit_learn(
    shape: str, level: float, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    if wide:
        monkeypatch.setattr("assay.stats.descent.MOST_FOR_SQUARES", 1)
    rng, head = np.random.default_rng(4), Head.quantile(level)
    x, w = rng.normal(size=(800, 4)), rng.random(800) + 0.1
    y = SHAPES[shape](x, rng)
    found = solve_exactly(x, y[:, None], w, head, 1e-7)
    exact = linear_model.QuantileRegressor(quantile=level, alpha=0.0, solver="highs").fit(x, y, sample_weight=w)
    own, theirs = (w @ losses(head, s, y) for s in (x @ found[1:] + found[0], exact.predict(x)[:, None]))
    assert theirs <= own * (1 + 1e-9)
    assert own < 1.005 * theirs
    begun = descend(x, y[:, None], w, head, 1e-7, 50, 1e-7, Clock.start()).weights
    again = solve_exactly(x, y[:, None], w, head, 1e-7, begun)
    assert w @ losses(head, x @ again[1:] + again[0], y) < 1.005 * theirs


def test_the_ridge_of_a_quantile_pulls_towards_the_constant() -> None:
    head, y = Head.quantile(0.8), target(Head.value())
    sizes = [float(np.abs(solve_exactly(X, y, W, head, s)[1:]).sum()) for s in (1e-6, 100.0, 1e4, 1e9)]
    assert sizes == sorted(sizes, reverse=True)
    flat = solve_exactly(X, y, W, head, 1e9)
    assert float(flat[0, 0]) == pytest.approx(quantile(y[:, 0], 0.8, W), abs=0.02 * np.ptp(y))
    assert sizes[-1] < 1e-3 * sizes[0]


def test_a_rounded_loss_falls_at_every_step_and_is_never_called_the_minimum() -> None:
    found = descend(X, target(Head.value()), W, Head.quantile(0.8), 3.0, 5000, 1e-12, Clock.start())
    assert len(found.history) > 10
    assert all(b <= a + 1e-15 for a, b in zip(found.history, found.history[1:], strict=False))
    assert not found.at_rest


@pytest.mark.parametrize("solve", ["descent", "exact"])
def test_counts_of_any_size_are_borne(solve: str) -> None:
    signal = X @ np.asarray([3.0, -2.0, 0.0, 0.0, 0.0])
    for middle in (-6.0, 25.0):
        goal = RNG.poisson(np.exp(np.minimum(middle + signal, 40.0))).astype(float).reshape(-1, 1)
        if solve == "descent":
            found = descend(X, goal, None, Head.counts(), 1.0, 300, 1e-9, Clock.start())
            assert found.history[-1] < 0.2 * found.history[0]
        else:
            weights = solve_exactly(X, goal, None, Head.counts(), 1e-6)
            np.testing.assert_allclose(weights[1:3, 0], [3.0, -2.0], atol=0.3)


def test_the_clock_ends_the_descent() -> None:
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    found = descend(X, target(Head.classes(2)), None, Head.classes(2), 1.0, 5000, 1e-12, late)
    assert len(found.history) == 2
    assert not found.at_rest


@pytest.mark.parametrize("solve", ["descent", "exact"])
@pytest.mark.parametrize("columns", [5, 1600], ids=["few", "many"])
@pytest.mark.parametrize("head", [Head.classes(2), Head.classes(3), Head.flags(2)], ids=lambda h: f"{h.name}{h.width}")
def test_a_line_that_the_clock_cuts_short_is_no_worse_than_the_constant_guess(
    head: Head, columns: int, solve: str
) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2000, columns)), np.zeros(2000, dtype=np.int64)
    y[:4] = head.classes_ - 1 if head.name == "classes" else 1  # one of five hundred
    if head.name == "flags":
        y = np.column_stack([y, 1 - y])
    late, goal = Clock.start(0.0, now=lambda: 1.0), targets(head, y)
    if solve == "descent":
        weights = descend(x, goal, None, head, 10.0, 200, 1e-7, late).weights
    else:
        weights = solve_exactly(x, goal, None, head, 10.0, clock=late)
    constant = np.tile(guess(head, y, None), (len(x), 1))
    assert losses(head, x @ weights[1:] + weights[0], y).mean() < 1.01 * losses(head, constant, y).mean()


def test_the_equation_in_units_is_the_same_line() -> None:
    values = np.column_stack([RNG.normal(1000, 50, 200), RNG.integers(3, size=200)])
    vector = Vector(values, (Feature("salary", "salary"), Feature("town", "town", "code", ("a", "b"))))
    design = Design.learn(vector)
    weights = RNG.normal(size=(design.width + 1, 1))
    slopes, intercept = design.in_units(weights)
    raw = np.column_stack([values[:, 0], values[:, 1] == 1, values[:, 1] == 2])
    assert design.names == ("salary", "town = b", "town = other")
    np.testing.assert_allclose(raw @ slopes + intercept, design(vector) @ weights[1:] + weights[0])


def test_one_absurd_cell_does_not_turn_the_line() -> None:
    x = RNG.normal(size=300)
    x[7] = 1e12
    features = (Feature("x", "x"),)
    column = Design.learn(Vector(x.reshape(-1, 1), features))(Vector(x.reshape(-1, 1), features))[:, 0]
    assert np.delete(column, 7).std() > 0.3


def test_wide_least_squares_equal_ridge() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 1600))
    goal = 100 + 7 * x[:, :1] + rng.normal(size=(300, 1))
    found = solve_exactly(x, goal, None, Head.value(), 50.0)
    exact = linear_model.Ridge(alpha=50.0).fit(x, goal[:, 0])
    np.testing.assert_allclose(x @ found[1:, 0] + found[0, 0], exact.predict(x), atol=0.01)


@pytest.mark.parametrize("head", [*HEADS, Head.quantile(0.9), Head.flags(3)], ids=lambda h: f"{h.name}{h.width}")
@pytest.mark.parametrize("known", [False, True])
def test_with_more_columns_than_rows_no_weight_could_be_better(head: Head, known: bool) -> None:
    wide, goal, w = RNG.normal(size=(40, 90)), target(Head.value() if head.name == "quantiles" else head)[:40], W[:40]
    start = solve_exactly(wide, goal, w, head, 5.0) if known else None
    found = solve_exactly(wide, goal, w, head, 0.5, start)
    best = solve_rounded(found, wide, goal, w, head)
    for _ in range(20):
        away = found + 1e-3 * RNG.normal(size=found.shape)
        assert solve_rounded(away, wide, goal, w, head) > best


def solve_rounded(weights: np.ndarray, x: np.ndarray, goal: np.ndarray, w: np.ndarray, head: Head) -> float:
    """The cost, that of a quantile hardly rounded."""
    return cost_and_gradient(weights, x, goal, w / w.sum(), head, 0.5, 1e-3)[0]


def test_wide_descent_falls_at_every_step() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 1600))
    goal = (x[:, :1] > 0).astype(float)
    found = descend(x, goal, None, Head.classes(2), 50.0, 100, 1e-7, Clock.start())
    assert len(found.history) > 10
    assert all(b <= a + 1e-15 for a, b in zip(found.history, found.history[1:], strict=False))


@pytest.mark.parametrize("columns", [5, 1600])
def test_an_exact_solver_stops_when_the_clock_has_run_out(columns: int) -> None:
    x = np.random.default_rng(1).normal(size=(300, columns))
    goal = (x[:, :1] > 0).astype(float)
    late = Clock.start(0.0, now=lambda: 1.0)
    early = solve_exactly(x, goal, None, Head.classes(2), 0.01, clock=late)
    done = solve_exactly(x, goal, None, Head.classes(2), 0.01)
    assert np.isfinite(early).all()
    assert np.abs(early).sum() < np.abs(done).sum()  # only the first step of many was taken


@pytest.mark.parametrize("solve", ["descent", "exact"])
@pytest.mark.parametrize(
    ("head", "goal", "column"),
    [
        (Head.classes(2), np.zeros((400, 1)), 0),
        (Head.classes(2), np.ones((400, 1)), 0),
        (Head.classes(3), np.eye(3)[np.arange(400) % 2], 2),
        (Head.flags(2), np.column_stack([np.zeros(400), np.arange(400) % 2.0]), 0),
        (Head.counts(), np.zeros((400, 1)), 0),
    ],
    ids=["no", "yes", "class", "flag", "event"],
)
def test_what_never_came_may_come_once(head: Head, goal: np.ndarray, column: int, solve: str) -> None:
    if solve == "exact":
        weights = solve_exactly(X, goal, W, head, 10.0)
    else:
        weights = descend(X, goal, W, head, 10.0, 20_000, 1e-12, Clock.start()).weights
    said = answers(head, X @ weights[1:] + weights[0])[:, column]
    np.testing.assert_allclose(np.abs(said - goal[0, column]), 0.5 / 400, rtol=0.1)


def test_of_many_classes_the_cost_is_reckoned_in_place() -> None:
    """Copies of the scores took four times as long as the scores."""
    n, classes = 2000, 150
    target = np.eye(classes)[np.arange(n) % classes]
    x, weights, share = np.ones((n, 4)), np.zeros((5, classes)), np.full(n, 1 / n)
    tracemalloc.start()
    cost, _ = cost_and_gradient(weights, x, target, share, Head.classes(classes), 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert cost == pytest.approx(np.log(classes))
    assert peak < 1.5 * target.nbytes
