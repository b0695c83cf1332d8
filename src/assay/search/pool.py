"""Which models learnt from which rows, so that members can be told from others?

Refits: the whole pipeline as it was chosen (encoders, the settings of each member, blend and calibration as they stand) is learnt anew
on random halves. Each unit, a row or a group of rows that belong together, is in each refit by a fair coin of its own, so that guesses
about the coins bear a bound on ε. What chose the pipeline saw all rows; of that the refits tell nothing.

Without refits the fold models serve. Every row is in all of them but that of its own fold. That is no coin: folds are equally large
and stratified, and who is out of one model is in all others, so they bear no bound, and with time, where earlier rows alone are learnt
from, a row's age would tell its place.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.plan import Plan
from assay.kernel.plugins import Codec, Fitted, ModelView, Pool, PoolReasons, Task, task_of
from assay.kernel.rng import stream
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.kernel.threads import cores
from assay.stats import splitting
from assay.stats.pulls import sizes

from .encoders import Encoders
from .ensemble import Ensemble, Member
from .executors.here import side_by_side
from .refit import settings_of
from .run import Found
from .trial import TUNE_SHARE, was_cut

REFITS = {"standard": 5, "deep": 17}  # of the tiers: one target more than references for each
LEAST_REFITS = 3  # one to choose on, two to measure
HALF_FIT = 0.65  # of the time that a fold takes, which learns from four fifths: half of the rows, and what does not grow with them
ROWS, SECONDS = 10_000, 1.0  # rows that fold models are asked about at most, and for how long
STILL_ROWS = 2_000  # where no clock is looked at
FIRST, BLOCK = 200, 1_000  # rows at once: the first block tells the pace, each later one may be twice as large
UNSEEN = 2_000  # rows at most that nothing learnt from
REASONED = 300  # rows whose reasons are asked of every refit


class Pooled:
    """A pool that is made when it is first asked for, and kept."""

    def __init__(self, make: Callable[[Clock], Pool]) -> None:
        self.make = make
        self.made: Pool | None = None

    def __call__(self, clock: Clock) -> Pool:
        """The pool; the clock is that of whoever asks first."""
        if self.made is None:
            self.made = self.make(clock)
        return self.made


def pooled(found: Found, shipped: Ensemble, plan: Plan, table: Dataset, clock: Clock) -> Pooled:
    """The refits that the plan asks for, made now and by this clock; the fold models where it asks for none or too few were done."""
    folds = functools.partial(of_folds, found, shipped, plan, table)
    if plan.membership not in REFITS:
        return Pooled(folds)
    try:
        refits = of_refits(found, shipped, plan, table, clock)
    except KeyboardInterrupt:  # the fold models are at hand
        return Pooled(lambda late: replace(folds(late), asked=REFITS[plan.membership]))
    if refits.done >= LEAST_REFITS:
        return Pooled(lambda late: refits)
    return Pooled(lambda late: replace(folds(late), asked=refits.asked, done=refits.done, error=refits.error))


def share_of_time(plan: Plan) -> float:
    """The part of the time that is kept for the refits, beside fitting every candidate on each fold."""
    ratio = HALF_FIT * REFITS.get(plan.membership, 0) / plan.splits.folds
    return ratio / (1.0 + ratio)


def of_refits(found: Found, shipped: Ensemble, plan: Plan, table: Dataset, clock: Clock) -> Pool:
    """The pipeline of `found`, refitted on random halves, as many as the plan asks for and the clock allows.

    A refit that the clock cut short is left out: it would have learnt less of its rows than the pipeline does.
    """
    count, seed = REFITS[plan.membership], plan.seed
    units = _units(found, table.rows)
    able = np.zeros(table.rows, dtype=bool)
    able[found.split.rest] = True
    coins = stream(seed, "pool", "coins").random((count, units.max() + 1)) < 0.5
    inside = coins[:, units] & able
    reasoned = np.sort(stream(seed, "pool", "reasons").permutation(table.rows)[:REASONED])
    done = side_by_side(
        # Each may take what is left of the whole time, so that of too little some are done rather than all cut short.
        lambda place, share: _refitted(
            found, plan, table, np.flatnonzero(inside[place]), reasoned, place, replace(share, deadline=clock.deadline)
        ),
        count,
        min(count, cores()),
        clock,
    )
    kept = [(place, refit) for place, refit in enumerate(done) if isinstance(refit, Refit)]
    errors = [refit for refit in done if isinstance(refit, str)]
    task: Task = task_of(plan.task)
    own = None if able.all() else task.losses(shipped.scores(table), found.y)
    return Pool(
        coins=True,
        rows=np.arange(table.rows),
        units=units,
        inside=inside[[place for place, _ in kept]],
        losses=np.asarray([refit.losses for _, refit in kept]).reshape(-1, table.rows),
        unseen=~able,
        shipped=own,
        asked=count,
        done=len(kept),
        error=errors[0] if errors else "",
        reasons=_reasons([refit for _, refit in kept], shipped, table.take(reasoned), found.y.ndim == 1, clock),
    )


@dataclass(frozen=True, eq=False)
class Refit:
    """What the pipeline says that learnt from some of the rows."""

    losses: Floats  # [n] of all rows
    sizes: Floats | None  # [m, parts] how hard each part pulls on some of them; None where the time was up


def _refitted(
    found: Found, plan: Plan, table: Dataset, rows: Ints, reasoned: Ints, number: int, clock: Clock
) -> Refit | str | None:
    """The pipeline learnt from some rows; None where the time was up, and what went wrong where it did."""
    if clock.expired():
        return None
    try:
        return learnt_from(found, plan, table, rows, reasoned, number, clock)
    except Exception as error:  # noqa: BLE001  whatever a learner raises on a half is told by the check, and costs no model
        return f"{type(error).__name__}: {error}"[:500]


def _reasons(refits: list[Refit], shipped: Ensemble, some: Dataset, one_of_k: bool, clock: Clock) -> PoolReasons | None:
    """The reasons of those refits that had the time for them, beside those of what ships."""
    told = [refit.sizes for refit in refits if refit.sizes is not None]
    if not told or clock.expired():
        return None
    whole = sizes(shipped.contributions(some)[:, :-1], one_of_k)
    return PoolReasons(parts=shipped.parts, whole=whole, models=np.asarray(told))


def learnt_from(
    found: Found, plan: Plan, table: Dataset, rows: Ints, reasoned: Ints, number: int, clock: Clock
) -> Refit | None:
    """The pipeline learnt from some rows, asked about all of them and about the reasons of others; None where the clock cut it short."""
    task: Task = task_of(plan.task)
    split, seed = found.split, plan.seed
    rng = stream(seed, "pool", "tune rows", number)
    kept, tune = splitting.carve(rows, TUNE_SHARE, task.strata(found.y), split.groups, split.times, rng)
    encoders = Encoders.learn(table, plan.names("feature") + plan.names("sensitive"), rows, seed, -2 - number)
    whole = found.batch(encoders, table, np.arange(table.rows), found.taught(kept))
    train, watched = whole.take(kept), whole.take(tune)
    settings = settings_of(found, plan)
    raw = np.zeros((table.rows, found.ensemble.head.width))
    members = []
    for member in found.ensemble.members:
        learner = with_settings(shelf("learners").get(member.learner), settings[member.name])
        rng, timer = stream(seed, "pool", member.name, number), clock.slice(clock.remaining())
        learnt: Fitted = learner.fit(train, watched, found.ensemble.head, timer, rng)
        if was_cut(timer):
            return None
        raw += member.weight * learnt.predict(whole)
        members.append(Member(member.name, member.learner, member.weight, (learnt,)))
    losses = task.losses(found.ensemble.calibration(raw), found.y)
    if clock.expired():
        return Refit(losses, None)
    refit = Ensemble(found.ensemble.head, (encoders,), tuple(members), found.ensemble.calibration)
    return Refit(losses, sizes(refit.pulls([whole.take(reasoned)])[:, :-1], found.y.ndim == 1))


def of_folds(found: Found, shipped: Ensemble, plan: Plan, table: Dataset, clock: Clock) -> Pool:
    """The fold models as they stand, asked about some of the rows, as many as a moment allows."""
    rng, sealed = stream(plan.seed, "pool", "rows"), found.split.sealed
    some = rng.permutation(len(found.rows))[: STILL_ROWS if clock.stands else ROWS]
    beyond = rng.permutation(sealed)[: min(UNSEEN, len(some))]
    rows = rng.permutation(np.concatenate([found.rows[some], beyond]))
    timer, task = clock.slice(min(SECONDS, clock.remaining())), task_of(plan.task)
    losses: list[Floats] = []
    own: list[Floats] = []
    asked, size = 0, FIRST
    while asked < len(rows) and not (asked and timer.expired()):
        block = table.take(rows[asked : asked + size])
        y = found.y[rows[asked : asked + size]]
        losses.append(_each_fold(found.ensemble, task, block, y))
        if len(sealed):
            own.append(task.losses(shipped.scores(block), y))
        asked, size = asked + block.rows, min(2 * size, BLOCK)
    rows = rows[:asked]
    fold = np.full(table.rows, -1, dtype=np.int64)
    fold[found.rows] = found.scored.folds
    unseen = np.isin(rows, sealed)
    models = np.arange(len(found.ensemble.encoders))[:, None]
    return Pool(
        coins=False,
        rows=rows,
        units=np.unique(_units(found, table.rows)[rows], return_inverse=True)[1],
        inside=(fold[rows][None] != models) & ~unseen,
        losses=np.concatenate(losses, axis=1),
        unseen=unseen,
        shipped=np.concatenate(own) if own else None,
    )


def of_tables(
    ensemble: Ensemble | ModelView, task: Task, codec: Codec, plan: Plan, learnt: Dataset, unseen: Dataset, clock: Clock
) -> Pool:
    """No models beside the one that is delivered, on opened rows that it learnt from and on others; some of them, by turns, for a moment."""
    rng, timer = stream(plan.seed, "pool", "tables"), clock.slice(min(SECONDS, clock.remaining()))
    losses: list[tuple[Floats, ...]] = []
    many = min(UNSEEN, learnt.rows, unseen.rows)
    places = [rng.permutation(table.rows)[:many] for table in (learnt, unseen)]
    asked, size = 0, FIRST
    while asked < many and not (asked and timer.expired()):
        blocks = [table.take(rows[asked : asked + size]) for table, rows in zip((learnt, unseen), places, strict=True)]
        found = [task.losses(ensemble.scores(one), task.encode(one[plan.target], codec)) for one in blocks]
        losses.append(tuple(found))
        asked, size = asked + len(found[0]), min(2 * size, BLOCK)
    own = np.concatenate([np.concatenate(side) for side in zip(*losses, strict=True)])
    n = len(own)
    return Pool(
        coins=False,
        rows=np.arange(n),
        units=np.arange(n),
        inside=np.zeros((0, n), dtype=bool),
        losses=np.zeros((0, n)),
        unseen=np.arange(n) >= n // 2,
        shipped=own,
    )


def _each_fold(ensemble: Ensemble, task: Task, block: Dataset, y: NDArray[Any]) -> Floats:
    """Losses [folds, n] of rows under the models of each fold."""
    folds = range(len(ensemble.encoders))
    return np.asarray([task.losses(ensemble.scores(block, np.full(block.rows, fold)), y) for fold in folds])


def _units(found: Found, n: int) -> Ints:
    """The unit of each row of the table [n]."""
    groups = found.split.groups
    return np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
