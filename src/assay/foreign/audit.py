"""What do the checks say of a model that was made elsewhere?

Labelled rows and a door: the plan is drawn from the rows (kinds, task, roles), nothing is trained, the model is asked once
about every row, and the same checks are put to it. What only the rows that it learnt from could tell is not asked, and each
such check says so; with `training` those that can be are.
"""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

import assay

from ..auditing.evidence import BOOTSTRAP_SHARE
from ..auditing.examine import examine
from ..auditing.labelled import counting, labelled, noted, on_seen_rows
from ..auditing.limits import Limit, keep
from ..kernel.clock import Clock
from ..kernel.data import Dataset, Floats
from ..kernel.errors import DataError, RequestError
from ..kernel.findings import Finding
from ..kernel.hints import listing
from ..kernel.labels import known as known_rows
from ..kernel.plan import ColumnPlan, Plan, Splits
from ..kernel.plugins import Codec, Contender, Evidence, Task, task_of
from ..kernel.rng import stream
from ..kernel.words import Say, refusal
from ..planning.draw import draw, reopen
from ..planning.said import wishes_of
from ..planning.wishes import Wishes
from ..reading import read
from ..report.content import Content
from ..report.report import Report
from ..search.pool import Pooled, of_tables
from ..search.settle import measured
from .answers import Wanted, as_sure_as_right
from .asking import Asked, ask, lost
from .door import Door, Known
from .doors import Asking, code_said, open_door
from .view import ORDERS, View
from .written import Written

ASKING_SHARE = 0.5  # of the time, for the first answers to all rows
# Of a plan; the others speak of training.
NOTES = ("note.misfits", "note.repaired", "note.refused", "note.few", "note.costs", "note.costs_two")
LEFT = ("left.column", "left.target_missing", "left.weight_missing")


@dataclass(frozen=True, kw_only=True, eq=False)
class Audit:
    """Findings about a model that was made elsewhere."""

    plan: Plan
    codec: Codec
    findings: tuple[Finding, ...]
    card: Mapping[str, Any] = field(default_factory=dict)
    broken_limits: int = 0

    @property
    def report(self) -> Report:
        """The findings, to be read."""
        told = self.card["made_elsewhere"]
        title = f"{told['name']} · {self.plan.data.get('name', '')}"
        return Report(Content(title, self.plan, self.findings, (), self.card))


def audit(
    model: Any,
    source: Any,
    target: str,
    limits: Sequence[Limit] = (),
    *,
    labels: Sequence[str] = (),
    training: Any = None,
    minutes: float = 5.0,
    clock: Clock | None = None,
    tell: Callable[[str, int, int], None] | None = None,
    say: Callable[[Say], None] | None = None,
    asking: Asking | None = None,
    wishes: Mapping[str, Any] | None = None,
    **options: Any,
) -> Audit:
    """The findings about a model that was made elsewhere, on labelled rows.

    model    : a path, an address, `module:function`, or a callable (see the doors)
    labels   : of the model's outputs, in order, where it does not tell them itself
    training : the table that it learnt from, where that is at hand
    say      : told that code of the user's is run, before it is
    wishes   : task, kinds, ids, sensitive, audit_only, drop, features, weight, group, time, costs, seed (see `Wishes`)

    Costs are those that the model tells itself, where none are wished for.

    Raises DataError and RequestError.
    """
    asked_for = wishes_of({"target": target, "minutes": minutes, **(wishes or {})})
    clock = Clock.start(60 * minutes) if clock is None else clock
    raw = read(source, **options)
    asked_for = asked_for.told_by(raw)
    asking = asking or Asking()
    if (runs := code_said(model, asking)) is not None and say is not None:
        say(runs)
    door = open_door(model, asking, asked_for.target)
    labels = tuple(labels) or _as_written(door.known.labels, raw, asked_for.target)
    costs = dict(asked_for.costs) or _own_costs(door.known, labels)
    plan, parts = _plan(raw, replace(asked_for, costs=_met(costs, raw, asked_for.target)), door, labels)
    codec = _codec(raw, plan, labels).costing(costs)
    data, notes = labelled(raw, plan, codec)
    opened = reopen(raw, plan)
    known = known_rows(task_of(plan.task).encode(opened[plan.target], codec)) & counting(opened, plan)
    told = raw.take(np.asarray(known))
    wanted = Wanted.of(task_of(plan.task), codec)
    door = _relabelled(door, labels)
    as_written = Written.of(told, data, parts)
    given = as_written(data)
    first = ask(door, given, wanted, clock.slice(ASKING_SHARE * clock.remaining()))
    rows = np.flatnonzero(first.answered)
    scores = first.scores[rows]
    if first.hard and costs:
        raise refusal(RequestError, "foreign", "costs_of_names", name=door.known.name)
    if first.hard:
        task = task_of(plan.task)
        named = task.answers(scores).argmax(axis=1)
        scores, wanted = as_sure_as_right(named, task.encode(data[plan.target], codec)[rows], wanted)
    notes = (*_opening(door, first, wanted, training is not None), *lost(first, data.rows), *notes)
    learnt, base, more = _training(training, plan, codec, raw, options)
    evidence = _evidence(door, data.take(rows), scores, plan, codec, wanted, as_written, first, clock, base)
    evidence = replace(evidence, bare=first.hard, training=learnt, pool=_members(evidence, learnt))
    alone = [given.take(np.asarray([row])) for row in rows[:20]]
    evidence = replace(evidence, ask=lambda place: door.ask(alone[place % len(alone)], wanted.labels, clock))
    findings, broken = keep(examine(evidence, tell), limits)
    findings = noted(findings, (*notes, *more, *_overlap(evidence)))
    if learnt is not None and _same(training, raw, options):
        findings = tuple(map(on_seen_rows, findings))
    return Audit(
        plan=plan, codec=codec, findings=findings, card=_card(door, plan, len(rows), runs), broken_limits=broken
    )


def _plan(raw: Dataset, wishes: Wishes, door: Door, labels: Sequence[str]) -> tuple[Plan, tuple[str, ...]]:
    """The plan of an audit, and the columns that the model is given."""
    if not wishes.task and len(labels) > 2:  # the rows may know two of them only
        wishes = replace(wishes, task="classes")
    drawn, _ = draw(raw, wishes)
    hidden = {wishes.target, *wishes.ids, *wishes.drop, *wishes.audit_only, wishes.weight, wishes.group, wishes.time}
    may = _given([c for c in drawn.columns if c.name not in hidden], wishes.features, door.known.one_text)
    takes = door.takes(may)
    columns = tuple(_column(column, takes, hidden) for column in drawn.columns)
    used = [c.name for c in columns if c.role in ("feature", "sensitive")]
    parts = tuple(used) if takes is None else takes
    if not parts:
        raise refusal(DataError, "foreign", "no_columns", name=raw.source.name, target=wishes.target)
    return (
        replace(
            drawn,
            columns=columns,
            splits=Splits(how="elsewhere", folds=1),
            candidates=(),
            advice=(),
            left_out=tuple(s for s in drawn.left_out if s.key in LEFT and s.values.get("name") not in parts),
            notes=tuple(s for s in drawn.notes if s.owner != "planning" or s.key in NOTES),
            membership="none",
        ),
        parts,
    )


def _given(columns: Sequence[ColumnPlan], named: Sequence[str], one_text: bool) -> list[str]:
    """The names of columns that a model may be given; in the order in which a person named them, where all were.

    one_text : it takes one column, of texts: the one that was named, else those that are texts
    """
    may = [column.name for column in columns]
    if one_text:
        texts = [name for name in named if name in may]
        return texts or [c.name for c in columns if c.kind.partition(":")[0] == "text"] or may
    return [name for name in dict.fromkeys(named) if name in may] if set(may) <= set(named) else may


def _column(column: ColumnPlan, takes: Sequence[str] | None, hidden: set[str]) -> ColumnPlan:
    """What a column is to a model that is not ours: one of its columns although nobody could learn from it, or none of them."""
    if column.name in hidden:
        return column
    if takes is None:  # whatever there is, but for names of rows
        return replace(column, role="feature") if column.role == "dropped" and _tells_nothing(column) else column
    if column.name in takes:
        return column if column.role == "sensitive" else replace(column, role="feature")
    if column.role == "feature":
        return replace(column, role="dropped", why=Say("foreign", "not_taken"))
    return column


def _tells_nothing(column: ColumnPlan) -> bool:
    return isinstance(column.why, Say) and column.why.key in ("why.constant", "why.all_missing")


def _codec(raw: Dataset, plan: Plan, labels: Sequence[str]) -> Codec:
    """How answers are written: as in the rows, and the classes that the model knows beside. Raises DataError."""
    task: Task = task_of(plan.task)
    target = reopen(raw, plan)[plan.target]
    codec = task.codec(target)
    if not codec.labels or not labels:
        return codec
    strange = [label for label in codec.labels if label not in labels]
    if len(strange) == len(codec.labels):
        said: dict[str, Any] = {"labels": listing(labels), "target": plan.target, "known": listing(codec.labels)}
        raise refusal(DataError, "foreign", "other_labels", **said)
    if plan.task.partition(":")[0] == "binary" and set(codec.labels) != set(labels):
        said = {"labels": listing(labels), "target": plan.target, "known": listing(codec.labels)}
        raise refusal(DataError, "foreign", "other_labels", **said)
    both = [label for label in codec.labels if label in labels]
    return replace(codec, labels=(*both, *(label for label in labels if label not in both)))


def _own_costs(known: Known, labels: Sequence[str]) -> dict[str, float]:
    """What mistakes cost by the model itself, by label, where they do not all cost the same."""
    if len(known.costs) != len(labels) or len(set(known.costs)) < 2:
        return {}
    return {label: cost for label, cost in zip(labels, known.costs, strict=True) if cost != 1.0}


def _met(costs: Mapping[str, float], raw: Dataset, target: str) -> dict[str, float]:
    """Costs of the classes that the rows hold: of the others the plan knows nothing. All of them, where it holds none."""
    there = set() if target not in raw else {str(text) for text in raw[target].texts() if text is not None}
    return {label: cost for label, cost in costs.items() if label in there} or dict(costs)


def _as_written(labels: Sequence[str], raw: Dataset, target: str) -> tuple[str, ...]:
    """The labels that a model tells, in the letters of the table where these alone differ ("POSITIVE" for positive)."""
    if target not in raw:
        return tuple(labels)
    known = {str(text) for text in raw[target].texts() if text is not None}
    forms: dict[str, list[str]] = {}
    for text in sorted(known):
        forms.setdefault(text.casefold(), []).append(text)
    found = tuple(
        label if label in known or len(forms.get(label.casefold(), [])) != 1 else forms[label.casefold()][0]
        for label in labels
    )
    return found if len(set(found)) == len(labels) else tuple(labels)


def _relabelled(door: Door, labels: Sequence[str]) -> Door:
    """The door, with the labels that a person gave for its outputs."""
    return door if not labels or tuple(labels) == door.known.labels else _Named(door, tuple(labels))


@dataclass(frozen=True)
class _Named:
    """A door whose outputs a person named."""

    door: Door
    labels: tuple[str, ...]

    @property
    def known(self) -> Any:
        return replace(self.door.known, labels=self.labels)

    def takes(self, names: Sequence[str]) -> tuple[str, ...] | None:
        return self.door.takes(names)

    def ask(self, rows: Dataset, labels: Sequence[str], clock: Clock) -> Any:
        return self.door.ask(rows, labels, clock)


def _opening(door: Door, first: Asked, wanted: Wanted, trained: bool) -> tuple[Say, ...]:
    """What is to be said first: that the model is not ours, and where the constant guess comes from."""
    notes = [Say("foreign", "elsewhere", {"name": door.known.name, "door": Say("foreign", f"door.{door.known.door}")})]
    if not trained:
        notes += [Say("foreign", "unseen"), Say("foreign", "guess")]
    if first.hard:
        notes.append(Say("foreign", "hard", {"sure": wanted.sure}))
    return tuple(notes)


def _training(
    source: Any, plan: Plan, codec: Codec, raw: Dataset, options: Mapping[str, Any]
) -> tuple[Dataset | None, Floats | None, tuple[Say, ...]]:
    """The training table as planned, the constant guess of its answers, and what is to be said of both. Raises DataError."""
    if source is None:
        return None, None, ()
    table = read(source, **(options if isinstance(source, str) else {}))
    if plan.target not in table:
        features = [n for n in (*plan.names("feature"), *plan.names("sensitive")) if n not in table]
        if features:
            raise refusal(DataError, "foreign", "training_lacks", name=table.source.name, lacking=listing(features, 30))
        return reopen(table, plan), None, (Say("foreign", "guess"),)
    data, _ = labelled(table, plan, codec)
    task = task_of(plan.task)
    return data, task.constant(task.encode(data[plan.target], codec), None, codec), (Say("foreign", "guess_training"),)


def _overlap(evidence: Evidence) -> tuple[Say, ...]:
    """Whether audited rows are among those that were learnt from, cell by cell and with their answers."""
    learnt, data = evidence.training, evidence.data
    if learnt is None or evidence.plan.target not in learnt:
        return ()
    names = [name for name in (*evidence.model.parts, evidence.plan.target) if name in learnt]
    known = set(zip(*(learnt[name].texts().tolist() for name in names), strict=True))
    n = sum(row in known for row in zip(*(data[name].texts().tolist() for name in names), strict=True))
    return (Say("foreign", "overlap", {"n": n, "all": data.rows}),) if n else ()


def _same(training: Any, raw: Dataset, options: Mapping[str, Any]) -> bool:
    return read(training, **(options if isinstance(training, str) else {})).sha256 == raw.sha256


def _evidence(
    door: Door,
    data: Dataset,
    scores: Floats,
    plan: Plan,
    codec: Codec,
    wanted: Wanted,
    as_written: Written,
    first: Asked,
    clock: Clock,
    base: Floats | None,
) -> Evidence:
    task: Task = task_of(plan.task)
    y = task.encode(data[plan.target], codec)
    weights = plan.names("weight")
    weight = data[weights[0]].cells if weights and weights[0] in data else None
    constant = np.tile(task.constant(y, weight, codec) if base is None else base, (data.rows, 1))
    rng = stream(plan.seed, "bootstrap", "audit")
    share = clock.slice(BOOTSTRAP_SHARE * clock.remaining())
    usual = stream(plan.seed, "foreign", "usual").permutation(data.rows)[: ORDERS[0] // 2]
    view = View(door, as_written, wanted, data.take(np.sort(usual)), clock, first.per_row, plan.seed)
    return Evidence(
        rows="audit",
        data=data,
        raw=data,
        plan=plan,
        task=task,
        codec=codec,
        y=y,
        weight=weight,
        scores=scores,
        uncalibrated=scores,
        folds=None,
        constant=constant,
        contenders=(Contender(name=door.known.name, learner="", readable=False, scores=scores, seconds=0.0),),
        honest=measured(task, codec, scores, None, constant, y, weight, None, rng, share),
        sets=None,
        intervals=None,
        ledger=(),
        model=view,
        seconds=float("nan"),  # nobody here knows what training took
        seed=plan.seed,
        clock=clock,
    )


def _members(evidence: Evidence, learnt: Dataset | None) -> Pooled | None:
    """The model on rows that it learnt from and on others, where the former are given with their answers."""
    if learnt is None or evidence.plan.target not in learnt:
        return None
    of = (evidence.model, evidence.task, evidence.codec, evidence.plan, learnt, evidence.data)
    return Pooled(functools.partial(of_tables, *of))


def _card(door: Door, plan: Plan, rows: int, runs: Say | None) -> dict[str, Any]:
    known = door.known
    return {
        "created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "assay": assay.__version__,
        "python": platform.python_version(),
        "task": plan.task,
        "task_title": task_of(plan.task).about.say("tasks", "title"),
        "target": plan.target,
        "made_elsewhere": {
            "name": known.name,
            "door": known.door,
            "by": Say("foreign", f"door.{known.door}"),
            "sha256": known.sha256,
            "rows": rows,
            "ran_code": runs is not None or known.door == "function",
        },
        "file_bytes": known.size,
    }


__all__ = ["Asking", "Audit", "audit"]
