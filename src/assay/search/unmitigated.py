"""What would the model be, had its rows not been reweighed?

The members of the blend are fitted once more on the same folds, with rows that count as they came; blend and calibration are settled
anew. It ships nowhere: what reweighing costs and brings is told by holding the two against each other, on rows that neither saw.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats
from assay.kernel.plan import Plan
from assay.kernel.plugins import Fitted, task_of
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.kernel.threads import cores

from .ensemble import Ensemble
from .executors.here import side_by_side
from .refit import settings_of
from .run import Found
from .settle import settle
from .trial import was_cut

SHARE = 0.3  # of the time, at most: the members of the blend alone are fitted once more


def unmitigated(found: Found, plan: Plan, table: Dataset, clock: Clock) -> tuple[Ensemble, Floats] | None:
    """The other model and its calibrated scores [n, w] of the cross-fitted rows; None where the time was up."""
    settings, members = settings_of(found, plan), found.ensemble.members
    jobs = [(member, fold) for member in range(len(members)) for fold in range(len(found.folds))]

    def work(number: int, share: Clock) -> tuple[Fitted, Floats] | None:
        if clock.expired():
            return None
        member, fold = members[jobs[number][0]], found.folds[jobs[number][1]]
        train, tune, held = (
            found.batch(fold.encoders, table, rows, found.weight) for rows in (fold.train, fold.tune, fold.held)
        )
        learner = with_settings(shelf("learners").get(member.learner), settings[member.name])
        rng = stream(plan.seed, "fit", member.name, fold.number)
        learnt: Fitted = learner.fit(train, tune, found.ensemble.head, share, rng)
        cut = was_cut(share)
        return None if cut else (learnt, learnt.predict(held))

    try:
        done = side_by_side(work, len(jobs), min(len(jobs), cores()), clock)
    except KeyboardInterrupt:  # the model itself is at hand
        return None
    scores = [np.full((table.rows, found.ensemble.head.width), np.nan) for _ in members]
    fitted: list[list[Fitted]] = [[] for _ in members]
    for (member, fold), one in zip(jobs, done, strict=True):
        if one is None:
            return None
        fitted[member].append(one[0])
        scores[member][found.folds[fold].held] = one[1]
    every = np.ones(len(members), dtype=bool)
    scored = replace(
        found.scored, names=tuple(m.name for m in members), readable=~every, scores=[s[found.rows] for s in scores]
    )
    settled = settle(scored, task_of(plan.task), plan.level, every)
    again = tuple(
        replace(member, weight=float(weight), folds=tuple(own))
        for member, weight, own in zip(members, settled.weights, fitted, strict=True)
    )
    ensemble = replace(found.ensemble, members=again, calibration=settled.calibrated.map)
    return ensemble, settled.calibrated.scores
