"""What ships where one row must be answered within a stated time?

As it was asked for, if that is quick enough. Else fewer members, or one refit of each in place of a bag, by time measured on this
machine: starting from nothing, the member that lowers the out-of-fold loss of the blend most is added, again and again, among
those with which the time is kept. Whichever of bag and refit then has the lower loss ships. The blend is settled again among the
members that were chosen, so weights, calibration, sets and the figures of the report are those of what ships.

Where not even the quickest member alone keeps the time, it ships all the same and the report says so: minutes of training are not
thrown away over microseconds, and a pipeline can hold the measured time to a limit (--limit 'cost.seconds_one_row<=0.001').
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.plan import Plan
from assay.kernel.plugins import Task, task_of
from assay.kernel.words import Say
from assay.planning.durations import written

from .blend import head_of, mixed, weights_of
from .ensemble import Ensemble, Member
from .refit import refit
from .run import Found, restricted
from .shipped import Shipped

ROWS = 5_000  # on which blends are compared
GAIN = 1e-4  # relative fall of the loss that is worth a further member
LOOK, MEASURING = 0.3, 0.3  # seconds for one measurement; share of the time that measuring all candidates may take
Timer = Callable[[Ensemble, float], float]  # seconds from a mapping to its Answer, measured in so many at most


@dataclass(frozen=True, eq=False)
class Choice:
    """Members that keep the time together, as a bag or as one refit each, and the out-of-fold loss of their blend."""

    places: tuple[int, ...]
    one: bool
    loss: float


def within(
    found: Found, shipped: Shipped | None, plan: Plan, table: Dataset, clock: Clock, seconds_of: Timer
) -> tuple[Found, Shipped]:
    """What ships in place of `shipped` (None for the bag of `found`) so that the time of the plan is kept."""
    as_asked = found.ensemble if shipped is None else shipped.ensemble
    spent = seconds_of(as_asked, LOOK)
    if spent <= plan.latency:
        return found, Shipped(as_asked, _say("kept", plan, spent, shipped, n=len(as_asked.members)))
    task: Task = task_of(plan.task)
    ways = (False, True) if plan.ship == "bag" else (True,)
    fair = MEASURING * clock.remaining() / (len(ways) * (1 + int(found.allowed.sum())))  # else no refit gets time
    look = min(LOOK, fair)
    spending = {one: costs(found, one, seconds_of, look) for one in ways}
    choices = [_chosen(found, task, one, spending[one], plan.latency) for one in ways]
    for choice in sorted((c for c in choices if c.places), key=lambda c: (c.loss, c.one)):
        made = _made(found, choice, plan, task, table, clock, seconds_of)
        if made is not None:
            return made
    return _quickest(found, spending, plan, task, table, clock, seconds_of)


def costs(found: Found, one: bool, seconds_of: Timer, look: float) -> tuple[float, dict[int, float]]:
    """Seconds of everything but the members, and what each allowed candidate adds, as a bag or as one model."""
    whole = _one_of(found) if one else found.ensemble
    bare = seconds_of(replace(whole, members=()), look)
    places = np.flatnonzero(found.allowed).tolist()
    return bare, {place: max(0.0, seconds_of(alone(found, place, one), look) - bare) for place in places}


def alone(found: Found, place: int, one: bool) -> Ensemble:
    """A candidate by itself, as a bag or as one model."""
    outcome = found.outcomes[place]
    fitted = outcome.fitted[-1:] if one else outcome.fitted
    member = Member(outcome.trial.name, outcome.trial.learner, 1.0, fitted)
    return replace(_one_of(found) if one else found.ensemble, members=(member,))


def _one_of(found: Found) -> Ensemble:
    """The last fold model, which a refit is like: in time no other saw nearly as many rows."""
    return found.ensemble.only(len(found.ensemble.encoders) - 1)


def _made(
    found: Found, choice: Choice, plan: Plan, task: Task, table: Dataset, clock: Clock, seconds_of: Timer
) -> tuple[Found, Shipped] | None:
    """A choice carried out, members taken away until the time that was estimated is kept indeed; None where none is left."""
    places = choice.places
    while places:
        less = _only(found, places, plan, task)
        again = refit(less, plan, table, clock) if choice.one else None
        ensemble = less.ensemble if again is None else again.ensemble
        if choice.one and ensemble is less.ensemble:  # the refit got no time, or answers worse
            return None
        spent = seconds_of(ensemble, LOOK)
        if spent <= plan.latency:
            return less, Shipped(ensemble, _say("less", plan, spent, again, n=len(ensemble.members)))
        places = places[:-1]  # the last is the one that brought least
    return None


def _quickest(
    found: Found,
    spending: dict[bool, tuple[float, dict[int, float]]],
    plan: Plan,
    task: Task,
    table: Dataset,
    clock: Clock,
    seconds_of: Timer,
) -> tuple[Found, Shipped]:
    """The quickest member alone, although it does not keep the time."""
    one = max(spending)  # a refit where it was measured: it is never slower than a bag
    place = min(spending[one][1], key=lambda i: spending[one][1][i])
    less = _only(found, (place,), plan, task)
    again = refit(less, plan, table, clock) if one else None
    ensemble = less.ensemble if again is None else again.ensemble
    return less, Shipped(ensemble, _say("missed", plan, seconds_of(ensemble, LOOK), again, n=1))


def _chosen(found: Found, task: Task, one: bool, costs: tuple[float, dict[int, float]], most: float) -> Choice:
    """Members added one by one, each the one that lowers the loss of the blend most among those with which time is kept."""
    spent, added = costs
    places: tuple[int, ...] = ()
    loss = float("inf")
    while True:
        fitting = [i for i in added if i not in places and spent + added[i] <= most]
        losses = {i: _loss(found, task, (*places, i)) for i in fitting}
        best = min(losses, key=lambda i: losses[i], default=None)
        if best is None or not losses[best] < loss - GAIN * abs(loss if np.isfinite(loss) else 0.0):
            return Choice(places, one, loss)
        places, loss, spent = (*places, best), losses[best], spent + added[best]


def _loss(found: Found, task: Task, places: tuple[int, ...]) -> float:
    """Out-of-fold loss of the best blend of some candidates, on at most a few thousand rows."""
    scored = found.scored
    rows = slice(None, None, max(1, len(scored.y) // ROWS))
    scores, y = [scored.scores[i][rows] for i in places], scored.y[rows]
    weight = None if scored.weight is None else scored.weight[rows]
    raw = mixed(head_of(task), scores, weights_of(task, scores, y, weight, task.losses, steps=12))
    return float(np.average(task.losses(raw, y), weights=weight))


def _only(found: Found, places: tuple[int, ...], plan: Plan, task: Task) -> Found:
    allowed: NDArray[np.bool_] = np.zeros(len(found.allowed), dtype=bool)
    allowed[list(places)] = True
    return restricted(found, allowed, plan, task)


def _say(key: str, plan: Plan, spent: float, shipped: Shipped | None, **more: Any) -> Say:
    """What is to be said, and behind it what the refit or the student says."""
    said = {"most": written(plan.latency), "spent": written(spent), **more}
    if shipped is None:
        return Say("search", f"latency.{key}", said)
    return Say("search", "latency.and", {"first": Say("search", f"latency.{key}", said), "then": shipped.note})
