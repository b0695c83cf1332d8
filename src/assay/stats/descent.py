"""How is a straight line found?

The cost is half the mean squared error (values), the mean log-loss (classes, and flags added up), half the mean Poisson deviance (counts) or the mean
pinball loss (quantiles) plus a ridge. Gradient descent with Nesterov's (1983) acceleration and a step of one over the largest curvature; restarted where the
cost rises (O'Donoghue & Candès 2015). The curvature of counts grows with the scores, so their steps are halved where they
overshoot. The exact solvers are normal equations for values, Newton for two classes and for counts (iteratively reweighted least
squares, Nelder & Wedderburn 1972), and L-BFGS (Liu & Nocedal 1989) for more. The corner of the pinball loss is rounded: it is averaged over errors moved by
a logistic variable (convolution smoothing; Fernandes, Guerre & Horta 2021, He et al. 2023), the exact solvers by an ever smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Head

from .discriminant import discriminant
from .heads import answers, guess, quantile
from .scores import count_losses, counts, flags
from .sparse import Sparse

Matrix = Floats | Sparse  # standardised columns [n, c]

MOST_FOR_SQUARES = 1500  # columns; beyond it the square of their number costs more than L-BFGS
TURNS = 30  # of the power method
ROUND = 0.1  # scale of the variable that rounds the pinball loss, in spreads of the target
SHARP = 0.06  # scale at the end, in median errors, shrunk towards the outer levels
SHARPEST = 1e-6  # scale that nothing goes below, in spreads of the target
SHARPER = 1 / 3  # from one scale to the next
WIDE = 1.5  # columns a row from which turning into the space of the rows costs less than it saves
MOST_TO_TURN = 500  # rows; beyond it the turn itself is dear
LEAST_STEP = 1e-9  # of the first: steps that were halved so often move nothing


@dataclass(frozen=True, eq=False)
class Descent:
    """Weights [1 + c, w], the cost after each step, and whether it came to rest."""

    weights: Floats
    history: list[float]
    at_rest: bool


def descend(
    x: Matrix, target: Floats, w: Floats | None, head: Head, strength: float, steps: int, tolerance: float, clock: Clock
) -> Descent:
    """Gradient descent from the constant guess on standardised columns `x` [n, c] towards `target` [n, w]."""
    share = _share(len(x), w)
    target = _never_sure(target, share, head)
    # Errors of values are measured in standard deviations while learning, so that one step size suits every unit.
    centre, unit = _unit(target, share, head)
    goal = (target - centre) / unit
    here = _start(x, goal, share, head)
    step = first = 1.0 / _curvature(x, share, head, strength, here)
    ahead, pace = here, 1.0
    cost, _ = cost_and_gradient(here, x, goal, share, head, strength)
    history, at_rest, quiet = [cost], False, 0
    for _ in range(steps):
        _, gradient = cost_and_gradient(ahead, x, goal, share, head, strength)
        after = ahead - step * gradient
        new_cost, _ = cost_and_gradient(after, x, goal, share, head, strength)
        if new_cost > cost:  # momentum overshot: start it anew from here
            if pace == 1.0 and (head.name != "counts" or step < LEAST_STEP * first):
                at_rest = True
                break
            step = step / 2 if pace == 1.0 else step
            ahead, pace = here, 1.0
            continue
        new_pace = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = after + (pace - 1) / new_pace * (after - here)
        quiet = quiet + 1 if cost - new_cost <= tolerance * max(abs(new_cost), 1e-12) else 0
        here, cost, pace = after, new_cost, new_pace
        history.append(cost)
        if quiet >= 3 or clock.expired():
            at_rest = quiet >= 3
            break
    weights = here * unit
    weights[0] += centre
    return Descent(weights, history, at_rest and head.name != "quantiles")  # the rounded loss is not yet the loss


def solve_exactly(
    x: Matrix,
    target: Floats,
    w: Floats | None,
    head: Head,
    strength: float,
    start: Floats | None = None,
    clock: Clock | None = None,
) -> Floats:
    """The weights [1 + c, w] with the least cost; the best so far where the clock runs out first.

    With more columns than rows these are combinations of the rows, since the ridge leaves nothing beside them (the representer
    theorem; Kimeldorf & Wahba 1971): they are found in as many directions as there are rows.
    """
    clock = clock or Clock.start()
    if isinstance(x, Sparse) or len(x) > min(MOST_TO_TURN, x.shape[1] / WIDE):
        return _solved(x, target, w, head, strength, start, clock)
    turned, inside = np.linalg.qr(x.T)  # [c, n] and [n, n]: x = inside.T @ turned.T
    known = None if start is None else np.vstack([start[:1], turned.T @ start[1:]])
    found = _solved(inside.T, target, w, head, strength, known, clock)
    return np.vstack([found[:1], turned @ found[1:]])


def _solved(
    x: Matrix, target: Floats, w: Floats | None, head: Head, strength: float, start: Floats | None, clock: Clock
) -> Floats:
    share = _share(len(x), w)
    target = _never_sure(target, share, head)
    if head.name == "quantiles":
        return _sharpened(x, target, share, head, strength, start, clock)
    if not isinstance(x, Sparse) and x.shape[1] <= MOST_FOR_SQUARES:
        if head.name == "value":
            return _normal_equations(x, target, share, strength)
        if head.name == "counts" or head.width == 1:
            first = _start(x, target, share, head) if start is None else start
            return _newton(first, x, target, share, head, strength, clock)
    return _quasi_newton(x, target, share, head, strength, start, clock)


def solve_towards(
    x: Floats,
    target: Floats,
    w: Floats | None,
    head: Head,
    strength: float,
    start: Floats | None = None,
    clock: Clock | None = None,
) -> Floats:
    """The weights [1 + c, k] with the least cost where the ridge pulls towards the discriminant of more than two classes, not towards zero."""
    share = _share(len(x), w)
    target = _never_sure(target, share, head)
    towards = discriminant(x, target, share)
    return _lbfgs(
        towards if start is None else start,
        x,
        target,
        share,
        head,
        strength,
        clock or Clock.start(),
        towards=towards,
    )


def cost_and_gradient(
    weights: Floats, x: Matrix, target: Floats, share: Floats, head: Head, strength: float, scale: float = ROUND
) -> tuple[float, Floats]:
    """Mean cost with its ridge, and its gradient in `weights` [1 + c, w]; `scale` is that of what rounds the pinball loss."""
    scores = x @ weights[1:]
    scores += weights[0]
    ridge = strength / len(x)
    if head.name == "value":
        error = scores - target
        fit = 0.5 * float((share[:, None] * error**2).sum())
    elif head.name == "counts":
        fit = float(share @ count_losses(scores, target[:, 0]))
        error = counts(scores) - target
    elif head.name == "quantiles":
        below = (scores - target) / scale
        rounded = np.log1p(np.exp(-np.abs(below))) + np.maximum(below, 0.0) - head.level * below
        fit = scale * float((share[:, None] * rounded).sum())
        error = flags(below) - head.level
    elif head.width == 1 or head.name == "flags":
        losses = np.log1p(np.exp(-np.abs(scores))) + (np.maximum(scores, 0.0) - target * scores)
        fit = float((share[:, None] * losses).sum())
        error = flags(scores) - target
    else:  # in place: of many classes each copy would cost as much as what is reckoned
        scores -= scores.max(axis=1, keepdims=True)
        own = np.einsum("nk,nk->n", target, scores)
        error = np.exp(scores, out=scores)
        total = error.sum(axis=1)
        fit = float(share @ (np.log(total) - own))
        error /= total[:, None]
        error -= target
    error *= share[:, None]
    gradient = np.vstack([error.sum(axis=0, keepdims=True), x.T @ error + ridge * weights[1:]])
    return fit + 0.5 * ridge * float((weights[1:] ** 2).sum()), gradient


def _start(x: Matrix, target: Floats, share: Floats, head: Head) -> Floats:
    """Weights of nothing and the intercept of the constant guess; values are measured from their mean already.

    A line that the clock cuts short then lies between that guess and the best line.
    """
    weights = np.zeros((x.shape[1] + 1, target.shape[1]))
    if head.name in ("counts", "quantiles"):
        weights[0] = guess(head, target[:, 0], share)
    elif head.name == "flags" or (head.name == "classes" and head.width == 1):
        came = share @ target
        weights[0] = np.log(came) - np.log1p(-came)
    elif head.name == "classes":
        logs = np.log(share @ target)
        weights[0] = logs - logs.mean()
    return weights


def _share(n: int, w: Floats | None) -> Floats:
    return np.full(n, 1.0 / n) if w is None else np.asarray(w / w.sum())


def _never_sure(target: Floats, share: Floats, head: Head) -> Floats:
    """Targets in which what never came has half an imagined row, spread over all: a class, either side of two, an event.

    The line would else say ever surer that it cannot be, and where it comes after all, one row outweighs all others. The half
    is that of the constant guess.
    """
    if head.name not in ("classes", "flags", "counts"):
        return target
    came, half = share @ target, 0.5 / len(target)  # [w]
    if head.name == "classes" and head.width > 1:
        never = came == 0
        return target * (1 - half * never.sum()) + half * never if never.any() else target
    return np.asarray(
        np.where(came == 0, half, target if head.name == "counts" else np.where(came >= 1 - 1e-12, 1 - half, target))
    )


def _unit(target: Floats, share: Floats, head: Head) -> tuple[Any, Any]:
    """Middle and spread of values; for quantiles those of the middle eight tenths, which no far cell moves."""
    if head.name not in ("value", "quantiles"):
        return 0.0, 1.0
    if head.name == "quantiles":
        low, middle, high = (quantile(target[:, 0], level, share) for level in (0.1, 0.5, 0.9))
        if high > low:
            return middle, high - low
    centre = (share[:, None] * target).sum(axis=0)
    spread = np.sqrt((share[:, None] * (target - centre) ** 2).sum(axis=0))
    return centre, np.where(spread > 0, spread, 1.0)


def _curvature(x: Matrix, share: Floats, head: Head, strength: float, start: Floats) -> float:
    """An upper bound of the largest curvature of the cost; of many columns, a figure a little above an estimate.

    That of counts is the one at the start, where all expected counts are alike.
    """
    if not isinstance(x, Sparse) and x.shape[1] <= MOST_FOR_SQUARES:
        whole = np.hstack([np.ones((len(x), 1)), x])
        largest = float(np.linalg.eigvalsh(whole.T @ (whole * share[:, None]))[-1])
    else:
        largest = 1.2 * _power_method(x, share)
    bends = {"value": 1.0, "counts": float(np.exp(start[0, 0])), "flags": 0.25}
    bends |= {"classes": 0.25 if head.width == 1 else 0.5, "quantiles": 0.25 / ROUND}
    return bends[head.name] * largest + strength / len(x) + 1e-12


def _power_method(x: Matrix, share: Floats) -> float:
    """The largest eigenvalue of the weighted second moments of (1, x), from below (von Mises & Pollaczek 1929)."""
    v, largest = np.full(x.shape[1] + 1, 1.0 / np.sqrt(x.shape[1] + 1)), 0.0
    for _ in range(TURNS):
        pulled = share * (x @ v[1:] + v[0])
        v = np.concatenate([[pulled.sum()], x.T @ pulled])
        largest = float(np.linalg.norm(v))
        if largest == 0.0:
            break
        v /= largest
    return float(largest)


def _quasi_newton(
    x: Matrix, target: Floats, share: Floats, head: Head, strength: float, start: Floats | None, clock: Clock
) -> Floats:
    """L-BFGS; values are centred and scaled meanwhile, so that one tolerance suits every unit."""
    centre, unit = _unit(target, share, head)
    goal = (target - centre) / unit
    first = _start(x, goal, share, head) if start is None else _in_unit(start, centre, unit)
    weights = _lbfgs(first, x, goal, share, head, strength, clock) * unit
    weights[0] += centre
    return np.asarray(weights)


def _in_unit(weights: Floats, centre: Any, unit: Any) -> Floats:
    found = weights / unit
    found[0] = (weights[0] - centre) / unit
    return np.asarray(found)


def _sharpened(
    x: Matrix, target: Floats, share: Floats, head: Head, strength: float, start: Floats | None, clock: Clock
) -> Floats:
    """The line of a quantile: from a loss that is much rounded to one that hardly is, each solved from where the last was."""
    centre, unit = _unit(target, share, head)
    goal = (target - centre) / unit
    weights = _start(x, goal, share, head) if start is None else _in_unit(start, centre, unit)
    scale = ROUND
    while True:
        if isinstance(x, Sparse) or x.shape[1] > MOST_FOR_SQUARES:
            weights = _lbfgs(weights, x, goal, share, head, strength, clock, scale)
        else:
            weights = _newton(weights, x, goal, share, head, strength, clock, scale)
        errors = np.abs(goal - x @ weights[1:] - weights[0])[:, 0]
        sharp = SHARP * np.sqrt(head.level * (1 - head.level)) * quantile(errors, 0.5, share)
        if scale <= max(1.5 * sharp, SHARPEST) or clock.expired():
            break
        scale = max(SHARPER * scale, sharp, SHARPEST)
    weights = weights * unit
    weights[0] += centre
    return np.asarray(weights)


def _lbfgs(
    first: Floats,
    x: Matrix,
    goal: Floats,
    share: Floats,
    head: Head,
    strength: float,
    clock: Clock,
    scale: float = ROUND,
    towards: Floats | None = None,
) -> Floats:
    from scipy.optimize import minimize

    def cost(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(first.shape)
        if towards is None:
            value, gradient = cost_and_gradient(weights, x, goal, share, head, strength, scale)
            return value, gradient.ravel()
        value, gradient = cost_and_gradient(weights, x, goal, share, head, 0.0, scale)
        away, ridge = weights - towards, strength / len(x)
        return value + 0.5 * ridge * float((away**2).sum()), (gradient + ridge * away).ravel()

    def watch(intermediate_result: Any) -> None:
        if clock.expired():
            raise StopIteration

    found: Any = minimize(
        cost, first.ravel(), jac=True, method="L-BFGS-B", callback=watch, options={"maxiter": 500, "gtol": 1e-7}
    )
    return np.asarray(found.x, dtype=np.float64).reshape(first.shape)


def _newton(
    weights: Floats,
    x: Floats,
    target: Floats,
    share: Floats,
    head: Head,
    strength: float,
    clock: Clock,
    scale: float = ROUND,
) -> Floats:
    """Newton's steps for two classes, counts or quantiles (iteratively reweighted least squares), halved where they overshoot."""
    ridge = np.full(x.shape[1] + 1, strength / len(x) + 1e-10)
    ridge[0] = 1e-10  # the intercept is free, but never without bound
    cost, gradient = cost_and_gradient(weights, x, target, share, head, strength, scale)
    for _ in range(50):
        bend = share * _bends(x @ weights[1:] + weights[0], target, head, scale)
        pulled = x * bend[:, None]
        hessian = np.empty((len(weights), len(weights)))
        hessian[0, 0], hessian[1:, 1:] = bend.sum(), x.T @ pulled
        hessian[0, 1:] = hessian[1:, 0] = pulled.sum(axis=0)
        step, size = np.linalg.solve(hessian + np.diag(ridge), gradient), 1.0
        while True:
            after = weights - size * step
            new_cost, new_gradient = cost_and_gradient(after, x, target, share, head, strength, scale)
            if new_cost <= cost or size < 1e-4:
                break
            size /= 2
        gain = cost - new_cost
        if gain < 0:
            break
        weights, cost, gradient = after, new_cost, new_gradient
        if gain <= 1e-10 * max(1.0, abs(cost)) or clock.expired():
            break
    return weights


def _bends(scores: Floats, target: Floats, head: Head, scale: float) -> Floats:
    """Curvature of each row's loss in its score: [n]."""
    if head.name == "quantiles":
        p = flags((scores - target) / scale)[:, 0]
        return np.maximum(p * (1 - p), 1e-9) / scale
    p = answers(head, scores)[:, 0]
    return np.maximum(p if head.name == "counts" else p * (1 - p), 1e-9)


def _normal_equations(x: Floats, target: Floats, share: Floats, strength: float) -> Floats:
    middle = (share[:, None] * x).sum(axis=0)
    goal = (share[:, None] * target).sum(axis=0)
    centred = x - middle
    gram = centred.T @ (centred * share[:, None]) + (strength / len(x) + 1e-12) * np.eye(x.shape[1])
    slopes = np.linalg.solve(gram, centred.T @ ((target - goal) * share[:, None]))
    return np.vstack([goal - middle @ slopes, slopes])
