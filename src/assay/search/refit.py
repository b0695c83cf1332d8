"""One model instead of a bag, where it is asked for: the chosen blend, fitted once more on all rows that may teach.

Smaller and faster to ask than the bag of fold models. What is told of it are the figures of the fold models, which
never saw their rows: a model that has seen all of them cannot vouch for itself. It is trusted only where no member was cut
short by the clock, its loss on the rows that stopped it early is not above that of the fold models on the same rows, and its scores
lie about as far apart as theirs; else the bag is kept, or in time the newest fold model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.plan import Plan
from assay.kernel.plugins import Fitted, Prepares, Task, task_of
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.kernel.threads import cores
from assay.kernel.words import Say
from assay.planning.splits import Split
from assay.stats import splitting
from assay.stats.metrics import mean, standard_error

from .encoders import Encoders
from .ensemble import Ensemble, Member
from .executors.here import side_by_side
from .run import Found
from .settle import labelled
from .shipped import Shipped
from .trial import TUNE_SHARE, fault, was_cut

MORE = 1.5  # times as long as on a fold: there are more rows, and the encoders are learnt anew
LEAST_COST = 0.05  # seconds
SHARPER = 1.5  # times as far apart as those of the fold models may its scores lie (0.6 to 1.25 where all had time)
SHARP_ROWS = 500  # on which that is looked at
DOUBT = 3.0  # standard errors by which its loss may be higher before the refit is mistrusted


def refit(found: Found, plan: Plan, table: Dataset, clock: Clock) -> Shipped:
    """The blend of `found`, each member fitted once on every row that is not sealed."""
    task: Task = task_of(plan.task)
    rows = found.split.rest
    rng = stream(plan.seed, "refit", "tune rows")
    split = found.split
    kept, tune = splitting.carve(rows, TUNE_SHARE, task.strata(found.y), split.groups, split.times, rng)
    encoders = Encoders.learn(table, plan.names("feature") + plan.names("sensitive"), rows, plan.seed, -1)
    said = {"n": len(rows), "folds": len(found.ensemble.encoders)}
    try:
        fitted = _members(found, plan, table, encoders, kept, tune, clock)
    except KeyboardInterrupt:  # the bag is at hand
        fitted = None
    except Exception as error:  # noqa: BLE001  whatever a learner raises: the bag is at hand, and the note tells it
        return instead(found, Say("search", "refit.failed", said | {"error": fault(error)}))
    if fitted is None:
        return instead(found, Say("search", "refit.no_time", said))
    alone = Ensemble(found.ensemble.head, (encoders,), fitted, found.ensemble.calibration)
    if loses(alone, found, task, table, tune):
        return instead(found, Say("search", "refit.worse", said))
    ratio = sharper(alone, found, table.take(kept[:: max(1, len(kept) // SHARP_ROWS)]))
    if labelled(task) and ratio > SHARPER and (hurried(found) or not split.forward):
        return instead(found, Say("search", "refit.sharper", said | {"ratio": ratio}))
    return Shipped(alone, Say("search", f"refit.{figures_of(split)}", said))


def instead(found: Found, note: Say) -> Shipped:
    """What ships where no refit, and no student, can, and why."""
    key = f"{note.key}.newest" if found.split.forward else note.key
    return Shipped(found.fallback, replace(note, key=key))


def _members(
    found: Found, plan: Plan, table: Dataset, encoders: Encoders, kept: Ints, tune: Ints, clock: Clock
) -> tuple[Member, ...] | None:
    """Every member fitted once, side by side; None where the time was up before the last was done."""
    taught = found.taught(kept)
    train, watched = (found.batch(encoders, table, rows, taught) for rows in (kept, tune))
    settings = settings_of(found, plan)
    seconds = {o.trial.name: o.trial.seconds for o in found.outcomes}
    members = sorted(found.ensemble.members, key=lambda m: -seconds[m.name])  # else a long one is last alone

    def work(place: int, share: Clock) -> Member | None:
        if clock.expired():
            return None
        member = members[place]
        learner = with_settings(shelf("learners").get(member.learner), settings[member.name])
        rng = stream(plan.seed, "refit", member.name)
        learnt: Fitted = learner.fit(train, watched, found.ensemble.head, share, rng)
        return None if was_cut(share) else replace(member, folds=(learnt,))

    costs = [max(LEAST_COST, seconds[member.name]) for member in members]
    done = side_by_side(work, len(members), min(len(members), cores()), clock, costs)
    fitted = {member.name: member for member in done if member is not None}
    if len(fitted) < len(members):
        return None
    return tuple(fitted[member.name] for member in found.ensemble.members)


def settings_of(found: Found, plan: Plan) -> dict[str, Mapping[str, Any]]:
    """The settings of each candidate, by name."""
    prepared = {o.trial.name: o.trial.settings for o in found.outcomes if _prepares(o.trial.learner)}
    return {c.name: c.settings for c in plan.candidates} | prepared


def _prepares(learner: str) -> bool:
    """Whether a learner settled its settings before the folds: they are what was tried."""
    return issubclass(shelf("learners").get(learner), Prepares)


def figures_of(split: Split) -> str:
    """Of which rows the figures of what ships are, as sentences name them."""
    if not len(split.sealed):
        return "cross"
    return "sealed_groups" if split.both else "sealed"


def share_of_time(plan: Plan) -> float:
    """The part of the time that fitting every member once more takes, beside fitting it on each fold, side by side."""
    ratio = MORE * min(cores(), plan.splits.folds) / plan.splits.folds
    return ratio / (1.0 + ratio)


def loses(alone: Ensemble, found: Found, task: Task, table: Dataset, tune: Ints) -> bool:
    """Whether it loses to the fold models on rows that they never saw and that it at least stopped by.

    A member that learns from those rows, too, looks better there than it is: so this finds a model that came out broken, and
    not one that is a little worse than the bag. No figure is told of it.
    """
    at = np.searchsorted(found.rows, tune)
    at = np.minimum(at, len(found.rows) - 1)
    both = found.rows[at] == tune  # with time, the first block has no out-of-fold scores
    if both.sum() < 2:
        return False
    rows = tune[both]
    theirs = task.losses(found.settled.calibrated.scores[at[both]], found.y[rows])
    weight = None if found.weight is None else found.weight[rows]
    groups = None if found.split.groups is None else found.split.groups[rows]
    return worse(task.losses(alone.scores(table.take(rows)), found.y[rows]), theirs, weight, groups)


def sharper(alone: Ensemble, found: Found, rows: Dataset) -> float:
    """How many times as far apart as those of the fold models its raw scores lie, on rows that both learnt from.

    Fold models that the clock cut short are timid. Calibration and the thresholds of sets make up for that, and are too bold for a
    refit that had its time, however much better it answers: its sets would hold the truth less often than they promise.
    """
    own, theirs = (_apart(ensemble.raw(rows)) for ensemble in (alone, found.fallback))
    return own / max(theirs, 1e-12)


def hurried(found: Found) -> bool:
    """Whether the clock stopped a fold model of the blend.

    In time that alone makes the scores of a refit farther apart than they should be: the newest fold model is timid, too, where it never
    saw what came last.
    """
    members = {member.name for member in found.ensemble.members}
    return any(outcome.cut for outcome in found.outcomes if outcome.trial.name in members)


def _apart(scores: Floats) -> float:
    """Standard deviation of scores [n, w] over the rows; where there are several, about the mean of each row."""
    centred = scores - scores.mean(axis=1, keepdims=True) if scores.shape[1] > 1 else scores
    return float(np.sqrt(centred.var(axis=0).mean()))


def worse(own: Floats, theirs: Floats, weight: Floats | None, groups: Ints | None) -> bool:
    """Whether losses [n] are higher than others of the same rows, beyond doubt; where no row counts, all do.

    groups : of the rows, which err together: ten rows of one patient are not ten witnesses
    """
    gap, weight = own - theirs, weight if weight is not None and weight.any() else None
    return mean(gap, weight) > DOUBT * standard_error(gap, weight, groups)
