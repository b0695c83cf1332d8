"""How does one get from data to a model? The flow, once through.

read → plan → search → blend, calibrate, conformal → Model → checks → findings. Reads like section 4 of the design.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import private, verifying
from .answers.annex import Annex, annex
from .answers.stopwatch import seconds_one_row, some_rows
from .auditing.evidence import from_training, with_thresholds
from .auditing.examine import examine
from .auditing.labelled import labelled, noted
from .auditing.limits import Limit, keep, parse
from .foreign.doors import is_foreign
from .kernel import memory
from .kernel.clock import Clock
from .kernel.data import Dataset, Floats, Ints
from .kernel.errors import BundleError, RequestError
from .kernel.findings import Finding
from .kernel.forms import PLAIN, Head
from .kernel.interrupts import through_one
from .kernel.plan import Plan
from .kernel.plugins import Evidence, Pool, Task, task_of
from .kernel.words import Say, number, refusal
from .model import Model
from .opening import Opened, opening
from .planning.draw import draw
from .planning.wishes import Wishes
from .privacy.attacks import PROBABLE
from .privacy.games import unplayable
from .reading import read
from .search import pool
from .search.ensemble import Ensemble
from .search.latency import within
from .search.run import Event, Found, search
from .search.ship import share_of_time, ship
from .search.shipped import Shipped
from .search.unmitigated import SHARE as WITHOUT_SHARE
from .search.unmitigated import unmitigated
from .search.whole import whole
from .stats.expectation import expectation
from .stats.group_thresholds import GroupThresholds, learn
from .stats.profile import Profile
from .stats.reference import FEWEST, MOST, Reference
from .store import plain
from .store.bundle import of_file, read_bytes
from .store.journal import Journal, open_journal
from .verifying import Verified

if TYPE_CHECKING:
    from .foreign.audit import Audit

RESERVE_SHARE, RESERVE_MOST = 0.25, 40.0  # of the budget, for checks and report (seconds at most)
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


def plan(source: Any, target: str = "", **wishes: Any) -> Plan:
    """What would be done with this table; nothing is trained.

    wishes : any field of `assay.planning.wishes.Wishes`, such as minutes=2, group="patient", drop=("id",)
    """
    options = wishes.pop("options", {})
    asked = Wishes(target=target, **wishes)
    if private.asked(asked):
        rows = read(source, **options)
        return private.draw(rows, asked.told_by(rows)).plan
    with opening(source, asked, options) as opened:
        return draw(opened.data, opened.wishes, opened.fit)[0]


def train(
    source: Any,
    target: str = "",
    *,
    test: Any = None,
    limits: Sequence[str] = (),
    checks: Sequence[str] | None = None,
    journal: str | os.PathLike[str] | None = None,
    resume: bool = False,
    watch: Watch | None = None,
    clock: Clock | None = None,
    options: dict[str, Any] | None = None,
    **wishes: Any,
) -> Model:
    """A model with its assay, within the budget.

    test    : a labelled table of the user's own, measured beside; a file is read with the same options as the source
    limits  : promises such as "quality.auc>=0.8"; see `Model.broken_limits`
    checks  : keys of the checks to run; None runs all of them, () none
    journal : a folder that keeps finished steps; with `resume` those found there are not done again, else they are removed
    wishes  : any field of Wishes: minutes, task, kinds, group, time, weight, drop, seed ...
    """
    asked = Wishes(target=target, **wishes)
    clock = asked.clock() if clock is None or asked.trials else clock
    watch = watch or Watch()
    parsed = [parse(text) for text in limits]
    if private.asked(asked):
        private.more_than_rows(test, checks)
        taught = read(source, **(options or {}))
        return private.train(taught, asked.told_by(taught), parsed, watch.planned, watch.price)
    with opening(source, asked, options or {}) as opened:
        return _trained(opened, test, parsed, checks, journal, resume, watch, clock, options or {})


def _trained(
    opened: Opened,
    test: Any,
    limits: Sequence[Limit],
    checks: Sequence[str] | None,
    journal: str | os.PathLike[str] | None,
    resume: bool,
    watch: Watch,
    clock: Clock,
    options: dict[str, Any],
) -> Model:
    asked = opened.wishes
    drawn, table = draw(opened.data, asked, opened.fit)
    target, rows = drawn.target, None
    if test is not None:  # before any training: what is wrong with the test rows costs no minutes then
        rows = read(test, **(options if isinstance(test, (str, os.PathLike)) else {}))
        labelled(rows, drawn, task_of(drawn.task).codec(table[target]))
    if watch.planned:
        watch.planned(drawn)
    reserve = min(RESERVE_SHARE * 60 * asked.budget, RESERVE_MOST) * (1 if test is None else 2)
    steps = None if journal is None else _journal(journal, resume, drawn)
    left = max(0.0, clock.remaining() - reserve)
    asks = _asks_members(drawn, checks)
    kept = pool.share_of_time(drawn) * left if asks and math.isfinite(left) else 0.0
    reweighed = drawn.mitigation.get("how") == "reweight" and (checks is None or "fairness" in checks)
    kept += WITHOUT_SHARE * (left - kept) if reweighed and math.isfinite(left) else 0.0
    share = WHOLE_SHARE if opened.stored is not None else share_of_time(drawn)
    searching = clock.slice((left - kept) * (1 - share))
    with memory.within(ROOM_USED * (opened.fit.limit - memory.held())):
        found = search(drawn, table, searching, watch.trial or _silent, steps, drawn.readable)
    shipping = clock.slice(clock.remaining() - reserve - kept)
    every = None
    if opened.stored is not None:
        every = whole(found, drawn, table, opened.stored, opened.numbers(drawn), opened.fit.limit, shipping)
        found = replace(found, settled=every.settled)
    again: Shipped | None = None if every is None else Shipped(every.ensemble, every.note)
    if every is None or (not every.learnt and drawn.ship != "bag"):
        again = ship(found, drawn, table, shipping)
    some = some_rows(opened.data, found.ensemble.parts)
    if drawn.latency:
        found, again = within(found, again, drawn, table, shipping, _stopwatch(drawn, found, some))
    shipped = found.ensemble if again is None else again.ensemble
    without = unmitigated(found, drawn, table, clock.slice(clock.remaining() - reserve)) if reweighed else None
    card = _card(drawn, found, shipped, table, clock)
    if every is not None:
        learnt = every.learnt if every.learnt and shipped is every.ensemble else table.rows
        card["whole"] = {"rows": drawn.data["rows"], "searched": table.rows, "learnt": learnt}
    profile = _profile(drawn, found, table, clock.remaining() > 0)
    of_rows = {
        "thresholds": _thresholds(drawn, found, table),
        "profile": profile,
        "reference": _reference(found, table, clock.remaining() > 0),
    }
    model = _model(drawn, found, shipped, ledger=found.ledger, card=card, **of_rows)
    if checks is None or checks:
        size, spent = model.size_bytes(), clock.spent()
        members = None
        if asks:
            if watch.check and drawn.membership in pool.REFITS:  # it takes a while
                watch.check("membership", 0, 1)
            members = pool.pooled(found, shipped, drawn, table, clock.slice(clock.remaining() - reserve))
        checking = clock if test is None else clock.slice(clock.remaining() / 2)
        ask = model.asking(opened.data)
        evidence, stopped = through_one(
            lambda: from_training(found, shipped, drawn, table, size, spent, checking, ask, members)
        )
        parts = None if evidence.folds is None else found.scored.parts
        evidence = with_thresholds(evidence, model.thresholds, parts)
        evidence = replace(evidence, profile=profile, before=_before(evidence, without))
        evidence = replace(evidence, kept=lambda: tuple(model.to_box().texts_within()))
        findings, broken = keep(examine(evidence, watch.check, checks), limits)
        findings = findings if again is None else noted(findings, (again.note,))
        card = {**model.card, "interrupted": found.interrupted or stopped}
        exposure = None if members is None or members.made is None else _annex(members.made, drawn, table, found)
        model = replace(model, findings=findings, broken_limits=broken, card=card, exposure=exposure)
        if found.readable is not None:
            said = _readable(found.contenders[found.readable].name, findings)
            model = replace(model, card={**model.card, "readable": said})
    model = replace(model, card={**model.card, "seconds": _seconds(clock)})
    if rows is None:
        return model
    more = clock if clock.stands else Clock.start(max(clock.remaining(), LEAST_FOR_TEST))
    taught = opened.data if asks and not len(found.split.sealed) else None
    audited = model.audit(rows, name="test", tell=watch.check, clock=more, training=taught)
    tested: tuple[Finding, ...] = audited.findings
    keys = {"name": "audited", "rows": "audited_rows", "sha256": "audited_sha256"}
    seen = {key: audited.card[told] for key, told in keys.items()}
    return replace(model, tested=tested, card={**model.card, "tested": seen})


def _model(plan: Plan, found: Found, shipped: Ensemble, **more: Any) -> Model:
    """The model that ships, before anything is found out about it."""
    conformal, constant = found.settled.conformal, found.constant
    return Model(plan=plan, codec=found.codec, ensemble=shipped, conformal=conformal, constant=constant, **more)


def _before(evidence: Evidence, without: tuple[Ensemble, Floats] | None) -> Floats | None:
    """Scores [n, w] of the measured rows as they would be had no row been reweighed."""
    if without is None:
        return None
    return without[1] if evidence.folds is not None else without[0].scores(evidence.data)


def _asks_members(plan: Plan, checks: Sequence[str] | None) -> bool:
    """Whether it is asked who was in the training data."""
    asked = plan.membership != "none" and (checks is None or "membership" in checks)
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
    rows = np.setdiff1d(np.arange(table.rows), found.split.sealed)
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

    return Reference.of(data, found.settled.calibrated.scores[:, 0], pulls, ensemble.parts, MOST if in_time else FEWEST)


def _thresholds(plan: Plan, found: Found, table: Dataset) -> GroupThresholds | None:
    """Thresholds of groups, learnt on scores of rows that the models had not seen; None where they were not asked for."""
    if plan.mitigation.get("how") != "thresholds":
        return None
    column, favoured = table[plan.mitigation["column"]].take(found.rows), found.codec.labels.index(plan.favourable)
    p = task_of(plan.task).answers(found.settled.calibrated.scores)[:, favoured]
    return learn(column, favoured, p, found.scored.y == favoured)


def _stopwatch(plan: Plan, found: Found, rows: Sequence[Mapping[str, Any]]) -> Callable[[Ensemble], float]:
    """What measures the seconds from a row to its Answer, for any ensemble of this search."""
    return lambda ensemble: seconds_one_row(_model(plan, found, ensemble).predict, rows)


def load(path: str | os.PathLike[str]) -> Model:
    """The model in a .assay file. Raises BundleError; nothing in the file is ever run."""
    return load_bytes(read_bytes(Path(path)), path)


def load_bytes(data: bytes, path: str | os.PathLike[str]) -> Model:
    """The model in the bytes of a .assay file, which `path` names in errors. Raises BundleError."""
    try:
        manifest, box = plain.open_bytes(data)
        if manifest.kind == "model":
            return Model.from_box(box)
    except BundleError as error:
        raise of_file(error, path) from error
    raise refusal(RequestError, "store", "no_model", path=str(path), kind=manifest.kind)


def audit(model: Any, source: Any, limits: Sequence[str] = (), **more: Any) -> Model | Audit:
    """The same checks on new labelled data; `.findings` and `.report` of what comes back speak of that data.

    model : a Model, its .assay file, or a model that was made elsewhere: an ONNX or skops file, an address, "module:function", a
        callable; with `target` and what else `assay.foreign.audit` takes
    """
    asked = [parse(text) for text in limits]
    if not isinstance(model, Model) and is_foreign(model):
        from .foreign.audit import audit as of_foreign

        return of_foreign(model, source, more.pop("target", ""), asked, **more)
    opened = model if isinstance(model, Model) else load(model)
    return opened.audit(source, asked, **more)


def verify(model: Model | str | os.PathLike[str], source: Any, **more: Any) -> Verified:
    """Every claim of a model held against the table that it was learnt from: the same, near, different, or not to be checked here.

    more : options of the reader, `tell(check, place, of how many)`, and `test`, the user's own test rows if it was measured on such

    Raises BundleError, DataError where a column lacks, and RequestError for test rows of a model that was measured on none.
    """
    tell, test = more.pop("tell", None), more.pop("test", None)
    opened = model if isinstance(model, Model) else load(model)
    return verifying.verify(opened, read(source, **more), tell, None if test is None else read(test, **more))


def _readable(name: str, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The best readable model, what its check found ("" where it was not asked), and whether it is recommended."""
    finding = next((f for f in findings if f.check == "readable" and f.say.owner == "checks/readable"), None)
    return {
        "name": name,
        "found": "" if finding is None else finding.say.key,
        "recommended": finding is not None and bool(finding.advice),
    }


def _silent(event: Event) -> None:
    """Nobody watches."""


def _journal(folder: str | os.PathLike[str], resume: bool, plan: Plan) -> Journal:
    """The journal of this very run: the same data, plan and version, or it is refused.

    The budget is part of it: a step that the clock cut short looks like any other, and more time would not mend it.
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
    import lightgbm
    import pyarrow
    import scipy

    task: Task = task_of(plan.task)
    members = shipped.members
    return {
        # Runs that count trials are the same bytes whenever and wherever they are made.
        "created": "" if clock.stands else datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "assay": plan.version,
        "python": platform.python_version(),
        "packages": {m.__name__: m.__version__ for m in (np, scipy, lightgbm, pyarrow)},
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
        "equation": {"equation": _equation(plan, found)},
    }


def _seconds(clock: Clock) -> float | None:
    """Time spent, where it is looked at."""
    return None if clock.stands else round(clock.spent(), 2)


def _equation(plan: Plan, found: Found) -> str:
    """The linear contender written out, in the unit of each column, the largest terms first."""
    line = next((c.detail for c in found.contenders if c.learner == "linear"), None)
    if line is None or len(line["intercept"]) != 1:
        return ""
    left = plan.target
    if found.codec.labels:
        left = f"logit P({plan.target} = {found.codec.labels[-1]})"
    elif found.ensemble.head.name == "counts":
        left = f"log E({_bracketed(plan.target)})"
    terms = "".join(
        f" {'+' if t['weights'][0] >= 0 else '−'} {number(abs(t['weights'][0]))}·{_bracketed(t['name'])}"
        for t in line["terms"]
    )
    return f"{left} = {number(line['intercept'][0])}{terms}"


def _bracketed(name: str) -> str:
    """A column's name as one word of an equation: a switch such as "town = Basel" in brackets (Iverson 1962)."""
    return f"[{name}]" if " " in name else name


__all__ = ["Say", "Watch", "audit", "load", "plan", "read", "train"]
