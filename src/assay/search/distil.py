"""One model that learnt what the whole blend says, where it is asked for: as small as one member, whatever the blend holds.

In time the teacher is a refit: the fold models never saw what came last. The student learns the raw scores of the blend, not the answers of the rows (model compression, Bucila, Caruana & Niculescu-Mizil
2006; distillation, Hinton, Vinyals & Dean 2015). Its teacher has seen the rows, so it cannot vouch for itself. Whether distilling
loses anything is found out fold by fold: a student of one fold's models, taught on their rows, is held against them on the rows that
neither has seen. By the same doubt as a refit it is kept; else one refit is made, which is as small a file as there is beside it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.forms import Batch
from assay.kernel.plan import Plan
from assay.kernel.plugins import Fitted, Imitates, Task, task_of
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.threads import at_most, cores, threads
from assay.kernel.words import Say
from assay.stats import splitting

from .encoders import Encoders
from .ensemble import Ensemble, Member
from .executors.here import side_by_side
from .neighbours import TIMES, others
from .refit import figures_of, instead, refit, worse
from .run import Found
from .shipped import Shipped
from .trial import TUNE_SHARE, fault

DISTILLED = "distilled"  # what the student is called in the blend
SMALL = 5_000  # rows
JUDGING = 0.4  # of the time, for the students that are judged; the rest is for the one that ships, or for a refit in its place


def distil(found: Found, plan: Plan, table: Dataset, clock: Clock) -> Shipped:
    """A student of the blend of `found`; one refit where the student would lose by it; the bag where the time is up, or the refit loses, too."""
    rows = found.split.rest
    said = {"n": len(rows), "folds": len(found.ensemble.encoders)}
    try:
        shipped = _distilled(found, plan, table, rows, clock)
    except KeyboardInterrupt:  # the bag is at hand
        shipped = None
    except Exception as error:  # noqa: BLE001  whatever a learner raises: the bag is at hand, and the note tells it
        return _instead(Say("search", "distilled.failed", said | {"error": fault(error)}), found, plan, table, clock)
    if shipped is None:
        return instead(found, Say("search", "distilled.no_time", said))
    if isinstance(shipped, str):
        return _instead(Say("search", shipped, said), found, plan, table, clock)
    return Shipped(shipped, Say("search", f"distilled.{figures_of(found.split)}", said))


def _instead(why: Say, found: Found, plan: Plan, table: Dataset, clock: Clock) -> Shipped:
    """One refit in place of the student: who asked for one small model is not given the bag without need."""
    again = refit(found, plan, table, clock)
    return replace(again, note=Say("search", "distilled.else", {"first": why, "then": again.note}))


def _distilled(found: Found, plan: Plan, table: Dataset, rows: Ints, clock: Clock) -> Ensemble | str | None:
    """The student, the sentence that says why there is none, or None where the time was up."""
    plugin = student(found.ensemble.head.name)
    if plugin is None:
        return "distilled.nobody"
    task: Task = task_of(plan.task)
    verdict = _judged(found, plugin, task, table, plan.seed, clock.slice(JUDGING * clock.remaining()))
    if verdict is None or clock.expired():
        return None
    if verdict:
        return "distilled.worse"
    teacher = refit(found, plan, table, clock).ensemble if found.split.forward else found.ensemble
    rng = stream(plan.seed, "distilled", "tune rows")
    strata, split = task.strata(found.y), found.split
    kept, tune = splitting.carve(rows, TUNE_SHARE, strata, split.groups, split.times, rng)
    encoders = Encoders.learn(table, plan.names("feature") + plan.names("sensitive"), rows, plan.seed, -1)
    with at_most(1 if len(rows) < SMALL else threads()):  # few rows are slower with more threads
        taught = _taught(plugin, teacher, encoders, table, (kept, tune), found.weight, clock, plan.seed, -1)
    member = Member(DISTILLED, plugin.about.key, 1.0, (taught,))
    return Ensemble(found.ensemble.head, (encoders,), (member,), found.ensemble.calibration)


def student(head: str) -> Any:
    """The first learner on the shelf that can learn raw scores; None where there is none, or where they are places rather than amounts (boxes)."""
    if head == "boxes":
        return None
    return next((plugin for plugin in shelf("learners").ready() if issubclass(plugin, Imitates)), None)


def _judged(found: Found, plugin: Any, task: Task, table: Dataset, seed: int, clock: Clock) -> bool | None:
    """Whether students lose to the fold models they learnt from, on rows that neither has seen; None without time.

    Folds are judged side by side; as many as are done when the time is up, one at least.
    """

    weight = np.ones(table.rows) if found.weight is None else found.weight

    def work(number: int, share: Clock) -> tuple[Floats, Floats, Floats, Ints] | None:
        if number >= workers and timer.expired():
            return None
        fold = found.folds[number]
        teacher, rows = found.ensemble.only(fold.number), (fold.train, fold.tune)
        taught = _taught(plugin, teacher, fold.encoders, table, rows, found.weight, share, seed, fold.number)
        held = fold.encoders.batch(table.take(fold.held))
        own = task.losses(found.ensemble.calibration(taught.predict(held)), found.y[fold.held])
        at = np.searchsorted(found.rows, fold.held)
        theirs = task.losses(found.settled.calibrated.scores[at], found.y[fold.held])
        return own, theirs, weight[fold.held], fold.held

    if clock.expired():
        return None
    workers, timer = min(len(found.folds), cores()), clock.slice(clock.remaining())
    judged = [fold for fold in side_by_side(work, len(found.folds), workers, timer) if fold is not None]
    own, theirs, weights, rows = (np.concatenate(of_folds) for of_folds in zip(*judged, strict=True))
    return worse(own, theirs, weights, None if found.split.groups is None else found.split.groups[rows])


def _taught(
    plugin: Any,
    teacher: Ensemble,
    encoders: Encoders,
    table: Dataset,
    rows: tuple[Ints, Ints],
    weight: Floats | None,
    clock: Clock,
    seed: int,
    fold: int,
) -> Fitted:
    """A student that learnt the teacher's raw scores on some rows, and stopped by others."""
    rng = stream(seed, "distilled", fold)

    def batch(part: Dataset, own: Floats | None) -> Batch:
        return encoders.batch(part, teacher.raw(part), own)

    kept, tune = (table.take(some) for some in rows)
    own, beside = (None if weight is None else weight[some] for some in rows)
    more = others(kept, encoders.vector(kept), rng)
    if more is not None:
        kept, own = more, None if own is None else np.tile(own, TIMES + 1)
    learnt: Fitted = plugin().imitate(batch(kept, own), batch(tune, beside), teacher.head, clock, rng)
    return learnt
