"""Are ridge regressions in closed form those of scikit-learn, and are scores of classes log-odds?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.kernel.forms import Head
from assay.stats.heads import guess, losses, targets
from assay.stats.ridge import STRENGTHS, Squares, solved
from assay.stats.scores import flags, probabilities

Ridge = pytest.importorskip("sklearn.linear_model").Ridge
WIDE, TALL = (30, 70), (30, 7)  # rows and columns: by the products of rows, and by those of columns
NONE = np.arange(0)


def world(shape: tuple[int, int], seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows away from the origin, and two targets of each."""
    rng = np.random.default_rng(seed)
    x = rng.normal(2.0, 1.0, size=shape).astype(np.float32)
    return x, 5.0 + x @ rng.normal(size=(shape[1], 2)) + noise * rng.normal(size=(shape[0], 2))


def weighed(n: int, weighted: bool) -> np.ndarray | None:
    return np.random.default_rng(9).uniform(0.2, 3.0, size=n) if weighted else None


def theirs(squares: Squares, strength: float) -> Any:
    return Ridge(alpha=strength * squares.unit, solver="cholesky")


def classes(n: int, k: int, seed: int, columns: int = 60, sharp: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose first k columns are nearly the log-odds of k classes, which chance then draws."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)).astype(np.float32)
    chance = probabilities(sharp * x[:, :k].astype(np.float64))
    return x, (rng.random((n, 1)) > chance.cumsum(axis=1)[:, :-1]).sum(axis=1)


def answered(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    return weights[0] + x @ weights[1:]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [WIDE, TALL])
@pytest.mark.parametrize("strength", [1.0, 0.01])
def test_weights_are_those_of_scikit_learn(shape: tuple[int, int], strength: float, weighted: bool) -> None:
    x, y = world(shape)
    weight = weighed(len(x), weighted)
    squares = Squares.of(x, y, weight)
    assert squares.dual == (shape == WIDE)
    share = np.ones(len(x)) if weight is None else weight / weight.mean()
    fitted = theirs(squares, strength).fit(x.astype(np.float64), y, sample_weight=share)
    found = squares.weights(strength)
    np.testing.assert_allclose(found[1:], fitted.coef_.T, atol=1e-4)
    np.testing.assert_allclose(found[0], fitted.intercept_, atol=1e-3)


def test_the_unit_is_the_mean_square_length_of_a_row() -> None:
    for shape in (WIDE, TALL):
        x, y = world(shape)
        assert Squares.of(x, y, None).unit == pytest.approx(np.square(x - x.mean(axis=0)).sum(axis=1).mean(), rel=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [WIDE, TALL])
@pytest.mark.parametrize("strength", [1.0, 0.01])
def test_each_row_left_out_is_answered_as_by_a_fit_without_it(
    shape: tuple[int, int], strength: float, weighted: bool
) -> None:
    """Centre and mean are learnt anew without the row as well; the weights of the others stay what they were."""
    x, y = world(shape)
    weight = weighed(len(x), weighted)
    squares = Squares.of(x, y, weight)
    share = np.ones(len(x)) if weight is None else weight / weight.mean()
    wanted = np.empty_like(y)
    for row in range(len(x)):
        others = np.arange(len(x)) != row
        fitted = theirs(squares, strength).fit(x[others].astype(np.float64), y[others], sample_weight=share[others])
        wanted[row] = fitted.predict(x[row : row + 1].astype(np.float64))
    np.testing.assert_allclose(squares.left_out(strength), wanted, rtol=1e-3, atol=1e-3 * y.std())


@pytest.mark.parametrize("shape", [WIDE, TALL])
def test_rows_of_weight_zero_say_nothing_and_break_nothing(shape: tuple[int, int]) -> None:
    x, y = world(shape)
    weight = np.where(np.arange(len(x)) % 5 == 0, 0.0, 1.0)
    wild = np.where(weight[:, None] == 0, 1e3, y)
    assert np.isfinite(Squares.of(x, y, weight).left_out(0.1)).all()
    for judged in (NONE, np.arange(20, 30)):
        own, other = (solved(x, t[:, :1], t[:, 0], weight, Head.value(), judged) for t in (y, wild))
        assert np.isfinite(own).all()
        np.testing.assert_allclose(own, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("shape", [WIDE, TALL])
def test_the_strength_is_the_one_that_judged_rows_like_best(shape: tuple[int, int]) -> None:
    for noise in (0.1, 30.0):
        x, y = world((60, shape[1]), noise=noise)
        judged, others = np.arange(30, 60), np.arange(30)
        part = Squares.of(x[others], y[others, :1], None)
        fits = {s: theirs(part, s).fit(x[others].astype(float), y[others, :1]) for s in STRENGTHS}
        missed = {s: np.square(fit.predict(x[judged]).reshape(-1, 1) - y[judged, :1]).mean() for s, fit in fits.items()}
        best = min(missed, key=lambda s: float(missed[s]))
        whole = Squares.of(x, y[:, :1], None)
        found = solved(x, y[:, :1], y[:, 0], None, Head.value(), judged)
        np.testing.assert_allclose(found, whole.weights(best))


def test_noise_is_met_with_more_strength() -> None:
    sizes = []
    for noise in (0.1, 100.0):
        x, y = world((200, 20), noise=noise)
        squares, found = Squares.of(x, y[:, :1], None), solved(x, y[:, :1], y[:, 0], None, Head.value(), NONE)
        sizes.append(next(s for s in STRENGTHS if np.allclose(squares.weights(s), found)))
    assert sizes == [STRENGTHS[-1], STRENGTHS[0]]


def test_a_strength_that_is_given_is_used() -> None:
    x, y = world(WIDE)
    squares = Squares.of(x, y[:, :1], None)
    for judged in (NONE, np.arange(20, 30)):
        found = solved(x, y[:, :1], y[:, 0], None, Head.value(), judged, strength=7.0)
        np.testing.assert_allclose(found, squares.weights(7.0))


@pytest.mark.parametrize("judged", [0, 80])
@pytest.mark.parametrize("k", [2, 3])
def test_in_a_hard_world_classes_are_told_better_than_by_the_guess(k: int, judged: int) -> None:
    head, (x, y), (fresh, truth) = Head.classes(k), classes(240, k, 0), classes(2000, k, 1)
    weights = solved(x, targets(head, y), y, None, head, np.arange(240 - judged, 240))
    told = losses(head, answered(weights, fresh), truth)
    known = losses(head, np.tile(guess(head, y, None), (2000, 1)), truth)
    gain = known - told
    assert gain.mean() > 3 * gain.std() / np.sqrt(2000)


@pytest.mark.parametrize("judged", [0, 150])
def test_one_factor_makes_log_odds_of_shares(judged: int) -> None:
    """Scores further from the guess, or nearer, lose more; and the mean share is that of the class, within three standard errors."""
    head, (x, y), (fresh, truth) = Head.classes(2), classes(600, 2, 0, 20), classes(4000, 2, 1, 20)
    weights = solved(x, targets(head, y), y, None, head, np.arange(600 - judged, 600))
    scores, start = answered(weights, fresh), guess(head, y, None)
    told = [losses(head, start + by * (scores - start), truth).mean() for by in (0.6, 1.0, 1.6)]
    assert told[1] < min(told[0], told[2])
    error = 3 * np.sqrt(0.25 / 600 + 0.25 / 4000)
    assert abs(probabilities(scores)[:, 1].mean() - truth.mean()) < error


def test_a_row_in_the_middle_is_answered_by_the_guess() -> None:
    rng = np.random.default_rng(0)
    x, y = classes(120, 3, 0)
    weight = rng.uniform(0.5, 2.0, size=120)
    middle = np.average(x, axis=0, weights=weight)
    for head, own in (
        (Head.classes(3), y),
        (Head.classes(2), y == 1),
        (Head.flags(2), np.column_stack([y == 0, y > 1])),
    ):
        own = own.astype(np.int64)
        weights = solved(x, targets(head, own), own, weight, head, np.arange(90, 120))
        np.testing.assert_allclose(answered(weights, middle), guess(head, own, weight), atol=1e-4)


@pytest.mark.parametrize("judged", [0, 80])
def test_flags_are_told_each_by_itself(judged: int) -> None:
    head, rng = Head.flags(3), np.random.default_rng(0)

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(size=(n, 40)).astype(np.float32)
        return x, (rng.random((n, 3)) < flags(1.5 * x[:, :3].astype(np.float64) - 0.5)).astype(np.int64)

    (x, y), (fresh, truth) = drawn(300), drawn(2000)
    weights = solved(x, targets(head, y), y, None, head, np.arange(300 - judged, 300))
    assert weights.shape == (41, 3)
    assert (np.abs(weights[1:]).argmax(axis=0) == [0, 1, 2]).all()
    known = losses(head, np.tile(guess(head, y, None), (2000, 1)), truth)
    gain = known - losses(head, answered(weights, fresh), truth)
    assert gain.mean() > 3 * gain.std() / np.sqrt(2000)


def test_columns_that_say_nothing_at_all_leave_the_guess() -> None:
    y = np.arange(20) % 3
    for columns in (4, 40):
        weights = solved(np.full((20, columns), 3.0, np.float32), np.eye(3)[y], y, None, Head.classes(3), NONE)
        np.testing.assert_allclose(answered(weights, np.full((1, columns), 3.0))[0], guess(Head.classes(3), y, None))
