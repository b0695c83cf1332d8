"""How is the time spent?

Candidates are tried in the order of the portfolio while the clock allows; a readable one always runs. Ctrl-C stops the
trying, not the run: what has been learnt so far is shipped. Everything that was tried is a line of the ledger.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel import memory
from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DataError, RequestError
from assay.kernel.findings import Trial
from assay.kernel.forms import Batch
from assay.kernel.interrupts import through_one
from assay.kernel.plan import Candidate, Plan
from assay.kernel.plugins import Codec, Contender, Task, task_of
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal
from assay.planning.splits import Split, draw_splits
from assay.stats import splitting
from assay.stats.metrics import mean, standard_error

from .blend import head_of, mixed, weights_of
from .encoders import Encoders
from .ensemble import Ensemble, Member
from .reweighing import Reweighing, by_mean
from .settle import Scored, Settled, best_readable, settle
from .together import together
from .trial import CACHE_BYTES, CACHE_SHARE, Bench, Fold, Outcome, make_folds, try_candidate
from .untried import came_late

WITHOUT_GAIN = 5  # candidates in a row that do not better the blend: then a small table is done
MORE = 1.5  # times the seconds that a candidate took which the clock cut, for it to be tried again
GAIN = 0.0005  # relative fall of the loss that counts as gain
SETTLING = 6.0  # times the seconds of a blend that settling, and measuring it again and again, take beyond what is left for them anyway
PARTS = 10  # of the rows, for thresholds learnt on other rows


@dataclass(frozen=True)
class Event:
    """Where the search stands: for a progress line."""

    candidate: str
    fold: int
    folds: int
    tried: int
    candidates: int
    best: float | None
    seconds_left: float


Tell = Callable[[Event], None]


@dataclass(frozen=True, eq=False)
class Found:
    """What the search came to."""

    ensemble: Ensemble
    contenders: tuple[Contender, ...]  # scores on the cross-fitted rows
    outcomes: tuple[Outcome, ...]  # those that were done, in the order of the ledger
    ledger: tuple[Trial, ...]
    scored: Scored
    settled: Settled
    allowed: NDArray[np.bool_]
    readable: int | None  # place of the best readable candidate among the contenders
    split: Split
    rows: Ints  # the cross-fitted rows, in the table
    codec: Codec
    y: NDArray[Any]  # of all rows of the table
    weight: Floats | None  # by their mean
    constant: Floats  # raw score of the constant guess [w]
    interrupted: bool
    folds: tuple[Fold, ...] = ()  # rows and encoders of each fold, in the order of the models
    reweighing: Reweighing | None = None  # how much rows count for what learns; None: as they came

    @functools.cached_property
    def fallback(self) -> Ensemble:
        """What ships where nothing else can: the bag of fold models, and in time the newest of them, as the others never saw what came last."""
        return self.ensemble.only(len(self.ensemble.encoders) - 1) if self.split.forward else self.ensemble

    @property
    def known(self) -> dict[str, Outcome]:
        """What the candidates came to, by name, but for those that the time did not allow; the clock may have cut some of them."""
        done = {o.trial.name: o for o in self.outcomes}
        return {t.name: done.get(t.name, Outcome(t)) for t in self.ledger if not came_late(t)}

    @property
    def wants_time(self) -> bool:
        """Whether any candidate was not tried, not to its end, or cut by the clock."""
        return any(came_late(trial) for trial in self.ledger) or any(outcome.cut for outcome in self.outcomes)

    def batch(self, encoders: Encoders, table: Dataset, rows: Ints, weight: Floats | None) -> Batch:
        """Some rows of the table as learners are given them; `weight` is that of all of its rows [n]."""
        own, groups = None if weight is None else weight[rows], self.split.apart
        return encoders.batch(table.take(rows), self.y[rows], own, groups=None if groups is None else groups[rows])

    def taught(self, rows: Ints) -> Floats | None:
        """How much each row of the table counts [n] for what learns from some rows; None where all count alike."""
        return self.weight if self.reweighing is None else self.reweighing.by(rows)


def search(
    plan: Plan,
    table: Dataset,
    clock: Clock,
    tell: Tell,
    journal: Any = None,
    readable_only: bool = False,
    before: Found | None = None,
) -> Found:
    """Try candidates, blend the best, calibrate.

    before : what a search of the same came to; what the time did not allow then is tried now, and what the clock cut once more if
             it has more time for it
    """
    task: Task = task_of(plan.task)
    target = table[plan.target]
    codec = task.codec(target).costing(plan.costs)
    y = task.encode(target, codec)
    weight = by_mean(table[plan.names("weight")[0]].cells) if plan.names("weight") else None
    strata = task.strata(y)
    split = draw_splits(plan, table, strata)
    names = plan.names("feature") + plan.names("sensitive")
    folds = make_folds(table, names, split, strata, plan.seed) if before is None else before.folds
    if not folds:
        raise refusal(DataError, "search", "one_side")
    reweighing = None
    if plan.mitigation.get("how") == "reweight":
        reweighing = Reweighing.of(table[plan.mitigation["column"]], y, weight)
    bench = Bench(
        table,
        y,
        weight,
        task.head(codec),
        folds,
        plan.seed,
        journal,
        most=min(CACHE_BYTES, CACHE_SHARE * memory.room()),
        reweighing=reweighing,
        groups=split.apart,
        more_time=before is not None,
    )
    known = {} if before is None else before.known
    outcomes, interrupted = _try_all(bench, plan, task, clock, tell, readable_only, known)
    done = tuple(o for o in outcomes if o.trial.status == "done")
    if not _any_model(done):
        raise _nothing_done(outcomes, interrupted)
    rows = np.sort(np.concatenate([fold.held for fold in folds]))
    scored = _scored(done, rows, split, folds, y, weight, strata, plan.seed)
    usable = np.asarray([o.trial.learner != "constant" for o in done])
    allowed = usable & scored.readable if readable_only and (usable & scored.readable).any() else usable
    scored = replace(scored, readable=scored.readable & usable)
    settled, again = through_one(lambda: settle(scored, task, plan.level, allowed))
    interrupted |= again
    ensemble = _ensemble(bench, done, settled)
    return Found(
        ensemble=ensemble,
        contenders=_contenders(bench, done, scored, settled),
        outcomes=done,
        ledger=_ledger(outcomes, done, scored, settled, task),
        scored=scored,
        settled=settled,
        allowed=allowed,
        readable=best_readable(scored, task),
        split=split,
        rows=rows,
        codec=codec,
        y=y,
        weight=weight,
        constant=task.constant(y[rows], None if weight is None else weight[rows], codec),
        interrupted=interrupted,
        folds=folds,
        reweighing=reweighing,
    )


def _try_all(
    bench: Bench, plan: Plan, task: Task, clock: Clock, tell: Tell, readable_only: bool, known: dict[str, Outcome]
) -> tuple[list[Outcome], bool]:
    outcomes: list[Outcome] = []
    best, without_gain, slowest, blending = np.inf, 0, 0.0, 0.0
    small = bench.table.rows <= 20_000
    abouts = [shelf("learners").get(candidate.learner).about for candidate in plan.candidates]
    readable = any(about.readable and about.order > 0 for about in abouts)  # else the first of the others must do
    for place, candidate in enumerate(plan.candidates):
        about = shelf("learners").get(candidate.learner).about
        if readable_only and not about.readable:
            continue
        reason = None
        left = max(0.0, clock.remaining() - SETTLING * blending)
        spared = not about.readable or _any_model([o for o in outcomes if o.trial.readable])  # a model there shall be
        if spared and (left == 0.0 or (not about.readable and left < 0.3 * slowest)):
            reason = Say("search", "no_time")
        elif not about.readable and small and without_gain >= WITHOUT_GAIN:
            reason = Say("search", "no_gain", {"n": WITHOUT_GAIN})
        if reason and candidate.name not in known:
            outcomes.append(_skipped(candidate, reason, about.readable))
            continue
        # The first readable one runs even when the time is up, for a moment.
        timer = clock.slice(max(left * about.share, min(left, 1.0))) if left else Clock.start(0.5, clock.now)
        old = known.get(candidate.name)
        try:
            must = (about.readable or not readable) and not _any_model(outcomes)
            at = _teller(tell, candidate, bench, plan, place, best, clock)
            outcome = old
            if outcome is None or (outcome.cut and timer.remaining() > MORE * outcome.trial.seconds):
                outcome = try_candidate(bench, candidate, timer, at, must, clock)
                outcome = old if old is not None and outcome.scores is None else outcome
        except KeyboardInterrupt:
            return outcomes + _interrupted(plan.candidates[place:], known), True
        outcomes.append(outcome)
        memory.give_back(collect=False)  # what the threads of one candidate leave behind is not held beside the next
        if outcome.trial.status == "done" and not about.readable:
            slowest = max(slowest, outcome.trial.seconds)
        blended = clock.slice(clock.remaining())
        loss, again = through_one(lambda: _blend_loss(outcomes, bench, task))
        if sum(o.scores is not None for o in outcomes) > 1:  # of one nothing is blended, but packages are loaded
            blending = max(blending, blended.spent())
        if again:
            return outcomes + _interrupted(plan.candidates[place + 1 :], known), True
        without_gain = 0 if loss < best * (1 - GAIN) else without_gain + 1
        best = min(best, loss)
    return outcomes, False


def restricted(found: Found, allowed: NDArray[np.bool_], plan: Plan, task: Task) -> Found:
    """The same search, as if only some of its candidates [candidates] had been allowed into the blend."""
    settled = settle(found.scored, task, plan.level, allowed)
    weights = {o.trial.name: float(w) for o, w in zip(found.outcomes, settled.weights, strict=True)}
    members = tuple(
        Member(o.trial.name, o.trial.learner, weights[o.trial.name], o.fitted)
        for o in found.outcomes
        if weights[o.trial.name] > 0
    )
    ledger = tuple(replace(t, weight=weights.get(t.name, t.weight)) for t in found.ledger)
    ensemble = replace(found.ensemble, members=members, calibration=settled.calibrated.map)
    return replace(found, ensemble=ensemble, ledger=ledger, settled=settled, allowed=allowed)


def _any_model(outcomes: Sequence[Outcome]) -> bool:
    """Whether anything beyond the constant guess is done."""
    return any(o.trial.status == "done" and shelf("learners").get(o.trial.learner).about.order > 0 for o in outcomes)


def _teller(
    tell: Tell, candidate: Candidate, bench: Bench, plan: Plan, place: int, best: float, clock: Clock
) -> Callable[[int], None]:
    def at(fold: int) -> None:
        known = float(best) if np.isfinite(best) else None
        tell(Event(candidate.name, fold, len(bench.folds), place, len(plan.candidates), known, clock.remaining()))

    return at


def _blend_loss(outcomes: list[Outcome], bench: Bench, task: Task) -> float:
    """Mean loss of the blend of what is done so far, on at most a few thousand rows: enough to see a gain."""
    done = [o.scores for o in outcomes if o.scores is not None]
    if not done:
        return float("inf")
    rows = np.flatnonzero(~np.isnan(done[0][:, 0]))
    rows = rows[:: max(1, len(rows) // 5000)]
    scores, y = [s[rows] for s in done], bench.y[rows]
    weight = None if bench.weight is None else bench.weight[rows]
    raw = mixed(head_of(task), scores, weights_of(task, scores, y, weight, task.losses, steps=12))
    return float(np.average(task.losses(raw, y), weights=weight))


def _interrupted(rest: Sequence[Candidate], known: dict[str, Outcome]) -> list[Outcome]:
    """What is known of the others, or that they were not tried."""
    said = Say("search", "interrupted")
    return [known.get(c.name) or _skipped(c, said, shelf("learners").get(c.learner).about.readable) for c in rest]


def _skipped(candidate: Candidate, reason: Say, readable: bool) -> Outcome:
    return Outcome(
        Trial(
            name=candidate.name,
            learner=candidate.learner,
            settings=candidate.settings,
            status="skipped",
            error=reason,
            readable=readable,
        )
    )


def _nothing_done(outcomes: list[Outcome], interrupted: bool) -> RequestError:
    said = [_line(outcome.trial) for outcome in outcomes]
    return refusal(RequestError, "search", "unfinished" if interrupted else "untrained", candidates=said)


def _line(trial: Trial) -> Say:
    said = {"name": trial.name, "status": Say("search", f"status.{trial.status}"), "error": trial.error}
    return Say("search", "candidate_error" if trial.error else "candidate", said)


def _scored(
    done: tuple[Outcome, ...],
    rows: Ints,
    split: Split,
    folds: Any,
    y: NDArray[Any],
    weight: Floats | None,
    strata: Ints,
    seed: int,
) -> Scored:
    number = np.full(len(y), -1, dtype=np.int64)
    for fold in folds:
        number[fold.held] = fold.number
    return Scored(
        names=tuple(o.trial.name for o in done),
        readable=np.asarray([o.trial.readable for o in done]),
        scores=[o.scores[rows] for o in done if o.scores is not None],
        y=y[rows],
        weight=None if weight is None else weight[rows],
        folds=number[rows],
        blocks=split.blocks(rows),
        parts=parts_of(split, rows, number[rows], strata[rows], seed),
        forward=split.forward,
    )


def parts_of(split: Split, rows: Ints, folds: Ints, strata: Ints, seed: int) -> Ints:
    """Parts of the rows for thresholds that are learnt on other rows: [n].

    Parts mix the folds: what ships is asked with a threshold that all fold models made together, and where nearly all
    rows of a class share one score, the small steps from fold model to fold model would look like broken promises. In
    time they are the folds, so that a drift shows.
    """
    rng = stream(seed, "conformal parts")
    if split.forward:
        return folds
    several = 0 if split.groups is None else len(np.unique(split.groups[rows]))
    if split.groups is not None and several > 1:
        return splitting.grouped_folds(split.groups[rows], strata, min(PARTS, several), rng)
    return splitting.random_folds(strata, PARTS, rng)


def _ensemble(bench: Bench, done: tuple[Outcome, ...], settled: Settled) -> Ensemble:
    members = tuple(
        Member(o.trial.name, o.trial.learner, float(w), o.fitted)
        for o, w in zip(done, settled.weights, strict=True)
        if w > 0
    )
    return Ensemble(bench.head, tuple(fold.encoders for fold in bench.folds), members, settled.calibrated.map)


def _contenders(bench: Bench, done: tuple[Outcome, ...], scored: Scored, settled: Settled) -> tuple[Contender, ...]:
    """All of them; one that ships alone tells itself as it is calibrated."""
    encoders, alone = tuple(fold.encoders for fold in bench.folds), np.count_nonzero(settled.weights) == 1
    return tuple(
        Contender(
            name=o.trial.name,
            learner=o.trial.learner,
            readable=bool(readable),
            scores=scores,
            seconds=o.trial.seconds,
            detail=together(o.fitted, encoders, settled.calibrated.map if alone and weight > 0 else None),
        )
        for o, scores, readable, weight in zip(done, scored.scores, scored.readable, settled.weights, strict=True)
    )


def _ledger(
    outcomes: list[Outcome], done: tuple[Outcome, ...], scored: Scored, settled: Settled, task: Task
) -> tuple[Trial, ...]:
    lines = []
    for outcome in outcomes:
        if outcome not in done:
            lines.append(outcome.trial)
            continue
        place = done.index(outcome)
        losses = task.losses(scored.scores[place], scored.y)
        loss = mean(losses, scored.weight)
        error = 1.96 * standard_error(losses, scored.weight, scored.blocks)
        weight = float(settled.weights[place])
        lines.append(replace(outcome.trial, loss=loss, low=loss - error, high=loss + error, weight=weight))
    return tuple(lines)
