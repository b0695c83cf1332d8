"""How does a table become a model that says what it is worth? Once through.

drawn → searched → shipped → described → checked → measured on the user's own rows. Reads like section 4 of the design.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .answers.annex import Annex, annex
from .answers.stopwatch import seconds_one_row, some_rows
from .auditing.evidence import from_training, with_thresholds
from .auditing.examine import examine
from .auditing.labelled import labelled, noted
from .auditing.limits import Limit, check_measures, keep
from .checks.cost import weighed
from .checks.readable import called
from .kernel import memory
from .kernel.clock import Clock
from .kernel.data import Dataset, Floats, Ints
from .kernel.findings import Finding
from .kernel.forms import PLAIN, Head
from .kernel.interrupts import through_one
from .kernel.plan import Plan
from .kernel.plugins import Evidence, Pool, Task, task_of
from .kernel.words import LANGUAGES, Say, number
from .model import Model
from .opening import Opened
from .planning.draw import draw
from .privacy.attacks import PROBABLE
from .privacy.games import unplayable
from .reading import read_like
from .search import pool
from .search.distil import DISTILLED
from .search.ensemble import Ensemble
from .search.latency import Timer, within
from .search.made_columns import made_columns
from .search.run import Event, Found, search
from .search.ship import share_of_time, ship
from .search.shipped import Shipped
from .search.together import together
from .search.unmitigated import SHARE as WITHOUT_SHARE
from .search.unmitigated import unmitigated
from .search.untried import untried
from .search.whole import Whole, many_more, streams, whole
from .stats.expectation import expectation
from .stats.group_thresholds import GroupThresholds, learn
from .stats.profile import Profile
from .stats.reference import FEWEST, MOST, Reference
from .store.journal import Journal, open_journal

RESERVE_SHARE, RESERVE_MOST = 0.25, 40.0  # of the budget, for checks and report (seconds at most),
DRAWN_SHARE = 0.35  # or up to so much, where opening the table took as long: checks look through it as often
AN_ENCODER = 1e-4  # seconds to describe, weigh and write one, once the search is over (5.2 were measured for 50,000),
WRITING_SHARE = 0.2  # and so much of the budget at most
FACTOR_DIGITS = 6  # of the factors of a line that is written out
PACKAGES = ("numpy", "scipy", "lightgbm", "pyarrow")  # what answers rest on, whose versions the card tells
MOST_TERMS = 100  # of a line that is written out: of names there may be thousands
LEAST_FOR_TEST = 2.0  # seconds for the checks on the user's own test file
# Shares of the time for training where more is to be done than the search:
WHOLE_SHARE = 0.55  # the model is fitted on all rows of a table that was searched in part
ROOM_USED = 0.8  # of the memory that is left, for the search: allocators keep some of what is given back


@dataclass(frozen=True)
class Watch:
    """Where to tell what is going on; each may be None."""

    planned: Callable[[Plan], None] | None = None
    trial: Callable[[Event], None] | None = None
    check: Callable[[str, int, int], None] | None = None
    price: Callable[[str, float, float], None] | None = (
        None  # of a guarantee: metric, figure without it, figure with it
    )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for beside the wishes that the plan is drawn from; see `assay.train`."""

    test: Any = None
    limits: Sequence[Limit] = ()
    checks: Sequence[str] | None = None  # None is all of them
    journal: str | os.PathLike[str] | None = None
    resume: bool = False
    watch: Watch = field(default_factory=Watch)
    options: dict[str, Any] = field(default_factory=dict)  # of the reader

    def checked(self, key: str) -> bool:
        """Whether that check is asked for."""
        return self.checks is None or key in self.checks


@dataclass(frozen=True)
class _Course:
    """What stays the same from the plan to the model, and the seconds that are not for the search."""

    opened: Opened
    plan: Plan
    table: Dataset
    wanted: Wanted
    clock: Clock
    asks_members: bool  # whether it is asked who was in the training data
    reweighed: bool  # whether rows are reweighed, and what that changed is asked
    reserve: float  # for checks and report,
    writing: float  # of which so many are not for the checks
    kept: float  # for models that are only compared with

    @classmethod
    def of(cls, opened: Opened, plan: Plan, table: Dataset, wanted: Wanted, clock: Clock) -> _Course:
        budget = 60 * opened.wishes.budget
        writing = _writing(budget, len(plan.names("feature")) * max(1, plan.splits.folds))
        reserve = _reserve(budget, clock.spent()) * (1 if wanted.test is None else 2) + writing
        left = max(0.0, clock.remaining() - reserve)
        asks = _asks_members(plan, wanted)
        reweighed = plan.mitigation.get("how") == "reweight" and wanted.checked("fairness")
        kept = 0.0
        if math.isfinite(left):
            kept += pool.share_of_time(plan) * left if asks else 0.0
            kept += WITHOUT_SHARE * (left - kept) if reweighed else 0.0
        return cls(opened, plan, table, wanted, clock, asks, reweighed, reserve, writing, kept)

    def before_checks(self, kept: float = 0.0) -> Clock:
        """What is left but for the checks, and for what else is kept."""
        return self.clock.slice(self.clock.remaining() - self.reserve - kept)


def _reserve(budget: float, drawn: float) -> float:
    """Seconds of a budget that are kept for checks and report, where reading and opening the table took so many.

    >>> _reserve(60.0, 0.5), _reserve(600.0, 5.0), _reserve(60.0, 18.0), _reserve(60.0, 50.0)
    (15.0, 40.0, 18.0, 21.0)
    """
    return max(min(RESERVE_SHARE * budget, RESERVE_MOST), min(drawn, DRAWN_SHARE * budget))


def _writing(budget: float, encoders: int) -> float:
    """Seconds of a budget that are kept for what each encoder of a column costs once the search is over, beside the checks.

    >>> _writing(60.0, 20 * 8), _writing(60.0, 5_000 * 10), _writing(10.0, 5_000 * 10)
    (0.016, 5.0, 2.0)
    """
    return min(AN_ENCODER * encoders, WRITING_SHARE * budget)


@dataclass(frozen=True)
class _Learnt:
    """What the search found, and what of it ships."""

    found: Found
    again: Shipped | None = None  # what ships in place of the fold models
    every: Whole | None = None  # what was learnt from all rows of a table larger than memory

    @property
    def shipped(self) -> Ensemble:
        return self.found.ensemble if self.again is None else self.again.ensemble

    @property
    def way(self) -> str:
        """What ships in the end, whatever was asked for: "bag", "newest" (of the fold models), "refit" or "distilled"."""
        if self.shipped is self.found.fallback:
            return "newest" if self.found.split.forward else "bag"
        return DISTILLED if self.shipped.members[0].name == DISTILLED else "refit"


def trained(opened: Opened, wanted: Wanted, clock: Clock) -> Model:
    """A model with its assay, from a source that was opened, within the budget."""
    plan, table = draw(opened.data, opened.wishes, opened.fit)
    codec = task_of(plan.task).codec(table[plan.target]).costing(plan.costs)
    check_measures(wanted.limits, task_of(plan.task), codec)
    rows = _test_rows(wanted, plan, table)  # before any training: what is wrong with them costs no minutes then
    if wanted.watch.planned:
        wanted.watch.planned(plan)
    course = _Course.of(opened, plan, table, wanted, clock)
    learnt = _learnt(course)
    memory.give_back()  # what the search took is not held while checks ask for theirs
    without = unmitigated(learnt.found, plan, table, course.before_checks()) if course.reweighed else None
    model = _described(course, learnt)
    if wanted.checks is None or wanted.checks:
        model = _checked(course, learnt, model, without)
    model = replace(model, card={**model.card, "seconds": _seconds(clock)})
    return model if rows is None else _tested(course, learnt.found, model, rows)


def _test_rows(wanted: Wanted, plan: Plan, table: Dataset) -> Dataset | None:
    """The user's own test rows, as they were read. Raises DataError where the model could not be measured on them."""
    if wanted.test is None:
        return None
    options = wanted.options if isinstance(wanted.test, (str, os.PathLike)) else {}
    rows = read_like(wanted.test, plan.data, options)
    labelled(rows, plan, task_of(plan.task).codec(table[plan.target]))
    return rows


def _learnt(course: _Course) -> _Learnt:
    """Search, learn from all rows where the table was searched in part, and make what ships."""
    opened, plan, table, clock = course.opened, course.plan, course.table, course.clock
    wanted = course.wanted
    steps = None if wanted.journal is None else _journal(wanted.journal, wanted.resume, plan)
    left = max(0.0, clock.remaining() - course.reserve)
    fed = any(streams(candidate.learner) for candidate in plan.candidates)
    more = fed and opened.stored is not None and many_more(opened.stored, table)
    share = WHOLE_SHARE if more else share_of_time(plan)
    searching = clock.slice((left - course.kept) * (1 - share))
    found = _searched(course, searching, steps)
    shipping = course.before_checks(course.kept)
    every, again = None, None
    if opened.stored is not None:
        every = whole(found, plan, table, opened.stored, opened.numbers(plan), opened.fit.limit, shipping)
        found = replace(found, interrupted=found.interrupted or every.interrupted)
        if not every.learnt and more:  # what was kept for it is the search's again
            found = _searched(course, shipping.slice(shipping.remaining() * (1 - share_of_time(plan))), steps, found)
            every = replace(every, ensemble=found.ensemble, settled=found.settled)
            if every.came_late:  # what it waited for may be done now, with time left
                every = whole(found, plan, table, opened.stored, opened.numbers(plan), opened.fit.limit, shipping)
        found, again = replace(found, settled=every.settled), Shipped(every.ensemble, every.note)
    if every is None or (not every.learnt and plan.ship != "bag"):
        again = ship(found, plan, table, shipping)
    if plan.latency:
        some = some_rows(opened.data, found.ensemble.parts)
        found, again = within(found, again, plan, table, shipping, _stopwatch(plan, found, some))
    return _Learnt(found, again, every)


def _searched(course: _Course, clock: Clock, steps: Any, before: Found | None = None) -> Found:
    """What the search finds; after one `before`, what it had no time for, or too little, if there is any."""
    if before is not None and (before.interrupted or clock.expired() or not before.wants_time):
        return before
    plan, tell = course.plan, course.wanted.watch.trial or _silent
    try:
        with memory.within(ROOM_USED * (course.opened.fit.limit - memory.held())):
            return search(plan, course.table, clock, tell, steps, plan.readable, before)
    except KeyboardInterrupt:
        if before is None:
            raise
        return replace(before, interrupted=True)


def _described(course: _Course, learnt: _Learnt) -> Model:
    """The model that ships, with what is kept of the rows, before it is checked."""
    plan, table, clock, found = course.plan, course.table, course.clock, learnt.found
    card, every = _card(plan, found, learnt.shipped, table, clock), learnt.every
    card["ships"] = learnt.way
    if every is not None:
        rows = every.learnt if every.learnt and learnt.shipped is every.ensemble else table.rows
        card["whole"] = {"rows": plan.data["rows"], "searched": table.rows, "learnt": rows}
    return _model(
        plan,
        found,
        learnt.shipped,
        ledger=found.ledger,
        card=card,
        thresholds=_thresholds(plan, found, table),
        profile=_profile(plan, found, table, clock.remaining() > 0),
        reference=_reference(found, table, clock.remaining() > 0),
    )


def _checked(course: _Course, learnt: _Learnt, model: Model, without: tuple[Ensemble, Floats] | None) -> Model:
    """The model with what the checks found out about it."""
    plan, table, clock, wanted = course.plan, course.table, course.clock, course.wanted
    found, shipped, again, watch = learnt.found, learnt.shipped, learnt.again, wanted.watch
    size, spent = model.size_bytes(), clock.spent()
    members = None
    if course.asks_members:
        if watch.check and plan.membership in pool.REFITS:  # it takes a while
            watch.check("membership", 0, 1)
        members = pool.pooled(found, shipped, plan, table, course.before_checks())
    checking = clock.slice((clock.remaining() - course.writing) / (1 if wanted.test is None else 2))
    ask = model.asking(course.opened.data)
    evidence, stopped = through_one(
        lambda: from_training(found, shipped, plan, table, size, spent, checking, ask, members)
    )
    parts = None if evidence.folds is None else found.scored.parts
    evidence = with_thresholds(evidence, model.thresholds, parts)
    evidence = replace(evidence, profile=model.profile, before=_before(evidence, without))
    evidence = replace(evidence, kept=lambda: tuple(model.to_box().texts_within()))
    findings = examine(evidence, watch.check, wanted.checks)
    findings, broken = keep(weighed(findings, replace(model, findings=findings).size_bytes()), wanted.limits)
    of_rest = None if learnt.every is None or learnt.every.learnt else learnt.every.note
    of_shipped = None if again is None or again.note is of_rest else again.note
    said = (of_shipped, of_rest, untried(found.ledger), made_columns(shipped, table))
    findings = noted(findings, [note for note in said if note is not None])
    card = {**model.card, "interrupted": found.interrupted or stopped}
    if found.readable is not None:
        card["readable"] = _readable(found.contenders[found.readable].name, findings)
    exposure = None if members is None or members.made is None else _annex(members.made, plan, table, found)
    return replace(model, findings=findings, broken_limits=broken, card=card, exposure=exposure)


def _tested(course: _Course, found: Found, model: Model, rows: Dataset) -> Model:
    """The model with what the checks found out on the user's own test rows."""
    clock = course.clock
    more = clock if clock.stands else Clock.start(max(clock.remaining() - course.writing, LEAST_FOR_TEST))
    taught = course.opened.data if course.asks_members and not len(found.split.sealed) else None
    wanted = course.wanted
    asked = wanted.checks if wanted.checks is None else tuple(dict.fromkeys(("quality", *wanted.checks)))
    audited = model.audit(
        rows, name="test", tell=wanted.watch.check, clock=more, checks=asked, training=taught, taught=course.opened.data
    )
    tested: tuple[Finding, ...] = audited.findings
    keys = {"name": "audited", "rows": "audited_rows", "sha256": "audited_sha256"}
    seen = {key: audited.card[told] for key, told in keys.items()}
    whole = replace(model, tested=tested, card={**model.card, "tested": seen})
    size = whole.size_bytes()
    return replace(whole, findings=weighed(whole.findings, size), tested=weighed(tested, size))


def _model(plan: Plan, found: Found, shipped: Ensemble, **more: Any) -> Model:
    """The model that ships, before anything is found out about it."""
    conformal, constant = found.settled.conformal, found.constant
    return Model(plan=plan, codec=found.codec, ensemble=shipped, conformal=conformal, constant=constant, **more)


def _before(evidence: Evidence, without: tuple[Ensemble, Floats] | None) -> Floats | None:
    """Scores [n, w] of the measured rows as they would be had no row been reweighed."""
    if without is None:
        return None
    return without[1] if evidence.folds is not None else without[0].scores(evidence.data)


def _asks_members(plan: Plan, wanted: Wanted) -> bool:
    """Whether it is asked who was in the training data."""
    asked = plan.membership != "none" and wanted.checked("membership")
    return asked and bool(set(task_of(plan.task).about.gives) & set(PLAIN))


def _annex(members: Pool, plan: Plan, table: Dataset, found: Found) -> Annex | None:
    """Which rows are exposed; None where members cannot be told from others."""
    if unplayable(members, bool(plan.splits.time)):
        return None
    task = task_of(plan.task)
    fitted = found.rows, task.losses(found.settled.calibrated.scores, found.scored.y)
    return annex(members, table, plan.names("id"), task.about.gives[0] in PROBABLE, plan.seed, fitted)


def _profile(plan: Plan, found: Found, table: Dataset, measured: bool) -> Profile:
    """What is kept of the rows that were learnt from, and of how sure the models were of rows they had not seen."""
    rows = found.split.rest
    names = plan.names("feature") + plan.names("sensitive")
    expected = expectation(task_of(plan.task), found.codec, found.settled.calibrated.scores, found.scored.y)
    return Profile.of(table.take(rows), names, measured, plan.target, expected)


def _reference(found: Found, table: Dataset, in_time: bool) -> Reference | None:
    """What is usual for rows just beyond the border of two answers, by models that had not seen them.

    in_time : whether there is time for more than the fewest rows that will do
    """
    ensemble = found.ensemble
    slow = ensemble.reads_texts or ensemble.looks_at_pictures  # their pulls take seconds that were not asked for
    if slow or ensemble.head != Head.classes(2):
        return None
    data, folds = table.take(found.rows), found.scored.folds

    def pulls(rows: Ints) -> Floats:
        """Of some of the cross-fitted rows, without the base [m, parts]."""
        return np.asarray(ensemble.contributions(data.take(rows), folds[rows])[:, :-1, 0])

    scores = found.codec.shifted(found.settled.calibrated.scores)[:, 0]
    return Reference.of(data, scores, pulls, ensemble.parts, MOST if in_time else FEWEST)


def _thresholds(plan: Plan, found: Found, table: Dataset) -> GroupThresholds | None:
    """Thresholds of groups, learnt on scores of rows that the models had not seen; None where they were not asked for."""
    if plan.mitigation.get("how") != "thresholds":
        return None
    column, favoured = table[plan.mitigation["column"]].take(found.rows), found.codec.labels.index(plan.favourable)
    p = task_of(plan.task).answers(found.settled.calibrated.scores)[:, favoured]
    return learn(column, favoured, p, found.scored.y == favoured, weight=found.scored.weight)


def _stopwatch(plan: Plan, found: Found, rows: Sequence[Mapping[str, Any]]) -> Timer:
    """What measures the seconds from a row to its Answer, for any ensemble of this search."""
    return lambda ensemble, longest: seconds_one_row(_model(plan, found, ensemble).predict, rows, longest)


def _silent(event: Event) -> None:
    """Nobody watches."""


def _readable(name: str, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The best readable model, what its check found ("" where it was not asked), and whether it is recommended."""
    finding = next((f for f in findings if f.check == "readable" and f.say.owner == "checks/readable"), None)
    return {
        "name": name,
        "found": "" if finding is None else finding.say.key,
        "recommended": finding is not None and bool(finding.advice),
    }


def _journal(folder: str | os.PathLike[str], resume: bool, plan: Plan) -> Journal:
    """The journal of this very run: the same data, plan and version, or it is refused.

    The budget is part of it: a step that the clock cut short looks like any other, and is learnt anew only where the same run comes to
    have more time for it.
    """
    if not resume:
        Journal(Path(folder), "").clear()
    decided = plan.to_json()
    names = ("target", "task", "columns", "splits", "seed", "level", "version")
    said = {"sha256": plan.data["sha256"], **{k: decided[k] for k in names}, "minutes": float(plan.minutes)}
    said |= {"mitigation": dict(plan.mitigation)} if plan.mitigation else {}
    said |= {"trials": plan.trials} if plan.trials else {}
    return open_journal(Path(folder), said)


def _card(plan: Plan, found: Found, shipped: Ensemble, table: Dataset, clock: Clock) -> dict[str, Any]:
    task: Task = task_of(plan.task)
    members = shipped.members
    return {
        # Runs that count trials are the same bytes whenever and wherever they are made.
        "created": "" if clock.stands else datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "assay": plan.version,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "sha256": plan.data["sha256"],
        "seed": plan.seed,
        "seconds": _seconds(clock),
        "rows": table.rows,
        "task": plan.task,
        "task_title": task.about.say("tasks", "title"),
        "target": plan.target,
        "head": found.ensemble.head.name,
        "blend": [{"name": m.name, "learner": m.learner, "weight": m.weight} for m in members],
        "calibrated": found.settled.calibrated.kept,
        "calibration_before": found.settled.calibrated.before,
        "calibration_after": found.settled.calibrated.after,
        "interrupted": found.interrupted,
        "equation": _equation(plan, found, shipped, table),
    }


def _seconds(clock: Clock) -> float | None:
    """Time spent, where it is looked at."""
    return None if clock.stands else round(clock.spent(), 2)


def _equation(plan: Plan, found: Found, shipped: Ensemble, table: Dataset) -> dict[str, Any]:
    """A line written out, in the unit of each column; by language where these differ.

    It is the model that answers, where that is one line; else the linear contender, which may be one of several fold models.
    """
    if [member.learner for member in shipped.members] == ["linear"]:
        line = together(shipped.members[0].folds, shipped.encoders, shipped.calibration)
        part = "whole_log" if shipped.head.name == "counts" else "whole"
    else:
        line, part = next((c.detail for c in found.contenders if c.learner == "linear"), {}), "aside"
    if len(line.get("intercept", ())) != 1:
        return {"equation": ""}
    whose = {"part": part if line["of"] == 1 else "one", "models": line["of"]}
    if len(line["terms"]) > MOST_TERMS:
        weighty = sorted(line["terms"], key=lambda t: -abs(t["weights"][0]) * t["spread"])[:MOST_TERMS]
        shown = {t["name"] for t in weighty}
        whose["left_out"] = len(line["terms"]) - len(shown)
        line = {**line, "terms": [t for t in line["terms"] if t["name"] in shown]}
    said = {lang: _written_out(line, plan, found, table, lang) for lang in LANGUAGES}
    return {"equation": said["en"], **whose} | ({"words": said} if len(set(said.values())) > 1 else {})


def _written_out(line: Mapping[str, Any], plan: Plan, found: Found, table: Dataset, lang: str) -> str:
    left = plan.target
    if found.codec.labels:
        left = f"logit P({plan.target} = {found.codec.labels[-1]})"
    elif found.ensemble.head.name == "counts":
        left = f"log E({_bracketed(plan.target)})"
    names = [_term(called(str(t["name"]), table), lang) for t in line["terms"]]
    terms = "".join(
        f" {'+' if t['weights'][0] >= 0 else '−'} {_factor(abs(t['weights'][0]))}·{name}"
        for t, name in zip(line["terms"], names, strict=True)
    )
    return f"{left} = {_factor(line['intercept'][0])}{terms}"


def _factor(value: float) -> str:
    """With as many digits as it takes to answer by hand what the model answers, though a year be multiplied by it."""
    said = number(value, FACTOR_DIGITS)
    return said.rstrip("0").rstrip(".") if "." in said and "e" not in said else said


def _term(name: str | Say, lang: str) -> str:
    return _bracketed(name) if isinstance(name, str) else f"[{name.text(lang)}]"


def _bracketed(name: str) -> str:
    """A column's name as one word of an equation: a switch such as "town = Basel" in brackets (Iverson 1962)."""
    return f"[{name}]" if " " in name else name
