"""What would the same pipeline go by, had there been nothing to learn?

The data randomisation test (Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim 2018): the members of the blend are fitted once more, with the
same settings and encoders, to answers that were shuffled. Trees, sums and lines have no parameters that could be shuffled and keep
their meaning, so their answers are. Members that would take longer than the time allows are left out on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.plan import Plan
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.kernel.threads import at_most

from .ensemble import Ensemble, Member
from .refit import settings_of
from .run import Found
from .trial import TUNE_SHARE

MOST_ROWS = 1_000  # that a refit learns from: it has nothing to learn
LEAST_ROWS, STILL_ROWS = 40, 200  # at least; where no clock is looked at
SHARE = 0.3  # of the time that is left, for one of several refits


@dataclass(frozen=True, eq=False)
class Pair:
    """Some members of the models of one fold, as they are and refitted to shuffled answers."""

    fold: int
    learnt: Ensemble
    unlearnt: Ensemble
    share: float  # of the blend that these members make
    error: str = ""  # of the first member that could not be fitted to such answers, and is left out on both sides


def unlearnt(found: Found, plan: Plan, table: Dataset, number: int, clock: Clock) -> Pair | None:
    """The refit of this number, of the models of one fold by turns; None where there are too few rows, or too little time."""
    if not found.folds or clock.expired():
        return None
    fold = found.folds[number % len(found.folds)]
    rng = stream(plan.seed, "unlearnt", number)
    most = STILL_ROWS if clock.stands else MOST_ROWS
    of_tune = round(TUNE_SHARE * most)
    train, tune = rng.permutation(fold.train)[: most - of_tune], rng.permutation(fold.tune)[:of_tune]
    if len(train) < LEAST_ROWS:
        return None
    kept = _affordable(found, len(train) / len(fold.train), clock)
    if not kept:
        return None
    y = found.y.copy()
    both = np.concatenate([train, tune])
    y[both] = found.y[rng.permutation(both)]
    by_chance = replace(found, y=y)

    alone, settings = found.ensemble.only(fold.number), settings_of(found, plan)
    learns, watched = (by_chance.batch(fold.encoders, table, rows, found.weight) for rows in (train, tune))
    error = ""
    chosen, members = list[Member](), list[Member]()
    with at_most(1):
        for place in kept:
            member = alone.members[place]
            learner = with_settings(shelf("learners").get(member.learner), settings[member.name])
            own = stream(plan.seed, "unlearnt", number, place)
            try:
                fitted = learner.fit(learns, watched, found.ensemble.head, clock.slice(clock.remaining()), own)
            except Exception as failed:  # noqa: BLE001  whatever a learner raises on noise is told by the check, and costs no model
                error = error or f"{member.name}: {type(failed).__name__}: {failed}"[:300]
                continue
            chosen.append(member)
            members.append(replace(member, folds=(fitted,)))
    if not members:
        return None
    share = sum(member.weight for member in chosen) / sum(member.weight for member in alone.members)
    sides = replace(alone, members=tuple(chosen)), replace(alone, members=tuple(members))
    return Pair(number % len(found.folds), *sides, share, error)


def _affordable(found: Found, part: float, clock: Clock) -> list[int]:
    """The places of the members that the time allows, by how long they took on a fold; those that weigh most first."""
    seconds = {o.trial.name: o.trial.seconds / max(1, o.trial.folds) for o in found.outcomes}
    left, kept = SHARE * clock.remaining(), list[int]()
    members = found.ensemble.members
    for place in sorted(range(len(members)), key=lambda place: -members[place].weight):
        cost = seconds.get(members[place].name, 0.0) * part
        if cost <= left and members[place].weight > 0:
            kept.append(place)
            left -= cost
    return sorted(kept)
