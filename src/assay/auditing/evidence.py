"""What is a check given?

Evidence is drawn up in one of three ways: from cross-fitting (every row scored by models that never saw it), from sealed
rows, or from a new labelled table. The checks cannot tell which, apart from its name.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Dataset, Floats, Ints
from assay.kernel.findings import Trial
from assay.kernel.plan import Plan
from assay.kernel.plugins import (
    Codec,
    Contender,
    Evidence,
    Honest,
    PictureReasons,
    Pool,
    Task,
    TextReasons,
    Unlearnt,
    task_of,
)
from assay.kernel.rng import stream
from assay.planning.splits import Split
from assay.search.ensemble import Ensemble
from assay.search.place_pulls import place_pulls
from assay.search.pool import Pooled, of_folds
from assay.search.run import Found
from assay.search.settle import classes, honest, measured
from assay.search.shuffled import shuffled
from assay.search.unlearnt import unlearnt
from assay.search.word_pulls import word_pulls
from assay.stats.calibration import Affine
from assay.stats.conformal import ValueIntervals
from assay.stats.group_thresholds import GroupThresholds, crossed
from assay.stats.promises import Promise

BOOTSTRAP_SHARE = 0.4  # of the time that is left for the evidence


@dataclass(frozen=True, eq=False)
class View:
    """The part of a model that checks may use."""

    ensemble: Ensemble
    size: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The data columns the model uses."""
        return self.ensemble.parts

    @property
    def folds(self) -> int:
        """How many fold models answer together."""
        return len(self.ensemble.encoders)

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Calibrated raw scores."""
        return self.ensemble.scores(data, folds)

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Pull of each part."""
        return self.ensemble.contributions(data, folds)

    def words(self, row: Dataset, fold: int | None = None) -> tuple[TextReasons, ...]:
        """The words of each text of one row and their pulls."""
        return word_pulls(self.ensemble, row, range(self.folds) if fold is None else [fold])

    def pictures(self, row: Dataset, fold: int | None = None) -> tuple[PictureReasons, ...]:
        """What the places of each picture of one row pull."""
        return place_pulls(self.ensemble, row, range(self.folds) if fold is None else [fold])

    def shuffled(self, fold: int, data: Dataset, seed: int) -> View:
        """The models of one fold with what tells of places shuffled: what is learnt is lost, the shape is kept."""
        return View(shuffled(self.ensemble, fold, data, stream(seed, "shuffled", fold)), self.size)

    def scores_hiding(self, data: Dataset, hidden: Mapping[str, Bools], folds: Ints | None = None) -> Floats:
        """Calibrated raw scores of rows in whose pictures some places are hidden."""
        return self.ensemble.scores(data, folds, hidden)

    def size_bytes(self) -> int:
        """Size of the saved file."""
        return self.size


def from_training(
    found: Found,
    shipped: Ensemble,
    plan: Plan,
    table: Dataset,
    size: int,
    seconds: float,
    clock: Clock,
    ask: Callable[[int], Any] | None = None,
    pool: Callable[[Clock], Pool] | None = None,
) -> Evidence:
    """Sealed rows where there are some, scored by what ships; else the cross-fitted ones, scored by the fold models.

    pool : models of other rows; None takes the fold models, unless the plan asks for none
    """
    task: Task = task_of(plan.task)
    if pool is None and plan.membership != "none":
        pool = Pooled(functools.partial(of_folds, found, shipped, plan, table))
    of_noise = functools.partial(_unlearnt, found, plan, table)
    if len(found.split.sealed):
        evidence = _sealed(found, shipped, plan, table, task, size, seconds, clock)
        return replace(evidence, ask=ask, pool=pool, unlearnt=of_noise)
    rows, settled = found.rows, found.settled
    constant = guesses(task, found.codec, found.split, rows, found.constant, found.y, found.weight)
    # The bootstrap may take its share of what is left and no more: the checks need the rest.
    share = clock.slice(BOOTSTRAP_SHARE * clock.remaining())
    figures = honest(
        found.scored, settled, task, found.codec, found.allowed, constant, stream(plan.seed, "bootstrap"), share
    )
    return Evidence(
        rows="cross-fitted",
        data=table.take(rows),
        raw=table,
        plan=plan,
        task=task,
        codec=found.codec,
        y=found.scored.y,
        weight=found.scored.weight,
        scores=settled.calibrated.scores,
        uncalibrated=settled.uncalibrated,
        folds=found.scored.folds,
        constant=constant,
        contenders=found.contenders,
        honest=figures,
        sets=settled.sets,
        intervals=settled.intervals,
        ledger=found.ledger,
        model=View(found.ensemble, size),
        seconds=seconds,
        seed=plan.seed,
        clock=clock,
        shipped=None if shipped is found.ensemble else View(shipped, size),
        ask=ask,
        pool=pool,
        unlearnt=of_noise,
    )


def guesses(
    task: Task, codec: Codec, split: Split, rows: Ints, constant: Floats, y: NDArray[Any], weight: Floats | None
) -> Floats:
    """Raw score of one guess for all, for each of the measured rows [n, w]; in time a row's guess knows none but earlier rows."""
    out = np.tile(constant, (len(rows), 1))
    for _, train, held in split.rounds() if split.forward else ():
        out[np.searchsorted(rows, held)] = task.constant(y[train], None if weight is None else weight[train], codec)
    return out


def _unlearnt(found: Found, plan: Plan, table: Dataset, number: int, clock: Clock) -> Unlearnt | None:
    """The pair of that number, as checks may use it."""
    pair = unlearnt(found, plan, table, number, clock)
    if pair is None:
        return None
    views = {"learnt": View(pair.learnt, 0), "noise": View(pair.unlearnt, 0)}
    return Unlearnt(fold=pair.fold, share=pair.share, error=pair.error, **views)


def _sealed(
    found: Found, shipped: Ensemble, plan: Plan, table: Dataset, task: Task, size: int, seconds: float, clock: Clock
) -> Evidence:
    rows = np.sort(found.split.sealed)
    data = table.take(rows)
    weight = None if found.weight is None else found.weight[rows]
    contenders = tuple(
        Contender(
            name=c.name,
            learner=c.learner,
            readable=c.readable,
            scores=_bag(found, c, outcome.fitted, data),
            seconds=c.seconds,
            detail=c.detail,
        )
        for c, outcome in zip(found.contenders, found.outcomes, strict=True)
    )
    return on_rows(
        "sealed",
        data=data,
        raw=table,
        plan=plan,
        task=task,
        codec=found.codec,
        weight=weight,
        ensemble=shipped,
        conformal=found.settled.conformal,
        contenders=contenders,
        readable=found.readable,
        constant=found.constant,
        ledger=found.ledger,
        size=size,
        seconds=seconds,
        blocks=found.split.blocks(rows),
        clock=clock,
    )


def on_rows(
    name: str,
    *,
    data: Dataset,
    raw: Dataset,
    plan: Plan,
    task: Task,
    codec: Codec,
    weight: Floats | None,
    ensemble: Ensemble,
    conformal: Promise,
    contenders: tuple[Contender, ...],
    readable: int | None,
    constant: Floats,
    ledger: tuple[Trial, ...],
    size: int,
    seconds: float,
    blocks: Ints | None,
    clock: Clock,
) -> Evidence:
    """Evidence on rows nothing was chosen on: all of them scored by the whole model.

    blocks : rows that err together [n], such as those of one group
    """
    y = task.encode(data[plan.target], codec)
    uncalibrated = ensemble.raw(data)
    scores = ensemble.calibration(uncalibrated)
    answers = task.answers(scores)
    guess = np.tile(constant, (data.rows, 1))
    rng = stream(plan.seed, "bootstrap", name)
    readable_scores = None if readable is None else contenders[readable].scores
    share = clock.slice(BOOTSTRAP_SHARE * clock.remaining())
    figures = measured(task, codec, scores, readable_scores, guess, y, weight, blocks, rng, share)
    return Evidence(
        rows=name,
        data=data,
        raw=raw,
        plan=plan,
        task=task,
        codec=codec,
        y=y,
        weight=weight,
        scores=scores,
        uncalibrated=uncalibrated,
        folds=None,
        constant=guess,
        contenders=contenders,
        honest=figures,
        sets=None if isinstance(conformal, ValueIntervals) else conformal(answers),
        intervals=conformal(answers[:, 0]) if isinstance(conformal, ValueIntervals) else None,
        ledger=ledger,
        model=View(ensemble, size),
        seconds=seconds,
        seed=plan.seed,
        clock=clock,
    )


def with_thresholds(evidence: Evidence, thresholds: GroupThresholds | None, parts: Ints | None = None) -> Evidence:
    """The same, with the class that each row is answered with, where groups have thresholds and the rows tell the group.

    parts : [n] of cross-fitted rows, whose thresholds are learnt on the other parts; None takes the thresholds as they are. Rows of no
        known group, which the model refuses, are taken at 0.5
    """
    if thresholds is None or thresholds.column not in evidence.data:
        return evidence
    column, p = evidence.data[thresholds.column], evidence.answers()
    if parts is not None:
        return replace(
            evidence,
            thresholds=thresholds,
            chosen=crossed(
                column, thresholds.favoured, p, evidence.y, parts, evidence.weight, bool(evidence.plan.splits.time)
            ),
        )
    found, unknown = thresholds.chosen(p, column)
    return replace(evidence, thresholds=thresholds, chosen=np.where(unknown, p.argmax(axis=1), found))


def _bag(found: Found, contender: Contender, fitted: tuple[Any, ...], data: Dataset) -> Floats:
    """Scores of one candidate's own bag of fold models."""
    from assay.search.ensemble import Member

    alone = Ensemble(
        found.ensemble.head,
        found.ensemble.encoders,
        (Member(contender.name, contender.learner, 1.0, fitted),),
        Affine.identity(found.ensemble.head.width),
    )
    return alone.raw(data)


__all__ = ["Honest", "View", "classes", "from_training", "on_rows", "with_thresholds"]
