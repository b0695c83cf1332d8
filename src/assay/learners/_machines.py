"""Which weights of words tell a class from the rest, and what are their margins worth as log-odds?

Linear support vector machines (Fan et al. 2008), one for each class, with or without pieces scaled by how they favour it (Wang & Manning 2012), and ridge
regression for values; margins become log-odds by the tune rows (Platt 1999).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Head
from assay.stats.heads import guess, losses

from ._beside import counts

TOLERANCE, MOST_ROUNDS = 0.1, 20_000  # of the solver, liblinear's own; a few dozen rounds are usual
SHARP, LEAST_TUNE = 2.5, 12  # log-odds a margin of one is worth where fewer rows than that could tell
ONE_AT_A_TIME = threading.Lock()  # liblinear draws from one generator of the process, which two threads would share
SHARPS = tuple(np.geomspace(0.5, 25.0, 41).tolist())


@dataclass(frozen=True, eq=False)
class Solved:
    """Weights and intercepts that were found."""

    weights: Floats  # [v, w]
    intercept: Floats  # [w]
    cut_short: bool = False

    def scores(self, x: Any) -> Floats:
        """Margins, or values: [n, w]."""
        return np.asarray(x @ self.weights + self.intercept)


def mixed(parts: Sequence[Solved], shares: Sequence[float]) -> Solved:
    """The sum of several, each times its share."""
    weights, intercept = parts[0].weights * shares[0], parts[0].intercept * shares[0]
    for part, share in zip(parts[1:], shares[1:], strict=True):
        weights, intercept = weights + part.weights * share, intercept + part.intercept * share
    return Solved(weights, intercept)


def stacked(first: Any, second: Any) -> Any:
    """Rows of one matrix after those of another."""
    from scipy.sparse import csr_matrix, vstack

    return narrow(csr_matrix(vstack([first, second], format="csr")))


def narrow(x: Any) -> Any:
    """With places of 32 bits, which the solver asks for."""
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)
    return x


def solve(x: Any, batch: Batch, head: Head, strength: float, ratios: bool, clock: Clock) -> Solved:
    """Weights for margins of each class against the rest or each label against its absence, or for values."""
    assert batch.y is not None
    if head.name == "value":
        return _ridge(x, batch, strength)
    weights = np.zeros((x.shape[1], head.width))
    intercept = guess(head, batch.y, batch.weight) / SHARP
    cut, plain = False, None if ratios else x.astype(np.float64)  # once, not once a class
    for column in range(head.width):
        is_it = batch.y[:, column] == 1 if batch.y.ndim > 1 else batch.y == (1 if head.width == 1 else column)
        if is_it.all() or not is_it.any():
            continue
        if clock.expired():
            cut = True
            break
        weights[:, column], intercept[column] = _machine(x, plain, is_it, batch.weight, strength)
    return Solved(weights, intercept, cut)


def _machine(
    x: Any, plain: Any, is_it: NDArray[np.bool_], weight: Floats | None, strength: float
) -> tuple[Floats, float]:
    """Weights and intercept of a linear support vector machine with squared hinge loss.

    plain : the same as `x` in full digits; None where pieces are scaled by how they favour the class
    """
    from sklearn.svm import LinearSVC

    scale = None if plain is not None else _log_ratios(x, is_it)
    if scale is not None:
        plain = x.astype(np.float64)
        plain.data = (x.data * scale[x.indices]).astype(np.float64)
    machine = LinearSVC(C=strength, tol=TOLERANCE, random_state=0, max_iter=MOST_ROUNDS)
    mass = None if weight is None else weight / weight.mean()
    with ONE_AT_A_TIME:
        machine.fit(plain, is_it, sample_weight=mass)
    found = np.asarray(machine.coef_[0], dtype=np.float64)
    return found if scale is None else found * scale, float(machine.intercept_[0])


def _log_ratios(x: Any, is_it: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How much more often each piece stands in texts of the class than elsewhere, in logarithms of mean size one: [v]."""
    present = x.copy()
    present.data = np.ones_like(present.data)
    inside, outside = (np.asarray(present[rows].sum(axis=0)).ravel() + 1.0 for rows in (is_it, ~is_it))
    found = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return np.asarray(found / max(1e-9, np.abs(found).mean()), dtype=np.float32)


def _ridge(x: Any, batch: Batch, strength: float) -> Solved:
    from sklearn.linear_model import Ridge

    ridge = Ridge(alpha=strength, solver="sparse_cg", max_iter=300, tol=1e-4)
    ridge.fit(x.astype(np.float64), batch.y, sample_weight=batch.weight)
    return Solved(np.asarray(ridge.coef_, dtype=np.float64).reshape(-1, 1), np.atleast_1d(float(ridge.intercept_)))


def sharpness(
    found: Solved, x_tune: Any, tune: Batch, head: Head, among: Sequence[float] = SHARPS
) -> tuple[float, float]:
    """What margins are multiplied by to become log-odds, and the loss of the tune rows then.

    One imagined row is answered wrongly, as the runner-up's class says: a few rows without a mistake do not make the model sure of
    everything (Platt 1999 smooths his targets to the same end).
    """
    values = head.name == "value"
    if x_tune is None or tune.rows < LEAST_TUNE:
        return 1.0 if values else SHARP, 0.0
    assert tune.y is not None
    margins = found.scores(x_tune)
    weight = np.ones(tune.rows) if tune.weight is None or not counts(tune) else tune.weight / tune.weight.mean()
    if values:
        return 1.0, float(np.average(losses(head, margins, tune.y), weights=weight))
    other = _runner_up(margins, tune.y)
    tried = []
    for s in among:
        own = float(losses(head, margins * s, tune.y) @ weight)
        wrong = float(losses(head, margins * s, other) @ weight) / tune.rows
        tried.append(((own + wrong) / (tune.rows + 1), s))
    loss, sharp = min(tried)
    return sharp, loss


def _runner_up(margins: Floats, y: NDArray[Any]) -> NDArray[Any]:
    """The likeliest class besides the true one [n]; of several labels a row, all but the least sure as they are [n, k]."""
    if y.ndim == 2:
        other, rows = y.copy(), np.arange(len(y))
        least = np.abs(margins).argmin(axis=1)
        other[rows, least] = 1 - other[rows, least]
        return other
    if margins.shape[1] == 1:
        return np.asarray(1 - y)
    beside = margins.copy()
    beside[np.arange(len(y)), y] = -np.inf
    return np.asarray(beside.argmax(axis=1))
