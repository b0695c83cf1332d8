"""What will be done with this table?

Draws up the Plan: kinds, roles, task, splits, portfolio, and what a person should know or may overrule (notes.py). Nothing is
trained. The same call gives the opened table that the plan speaks of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

import assay
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.errors import DataError, Part, RequestError
from assay.kernel.forms import Head
from assay.kernel.hints import did_you_mean, listing, no_rows
from assay.kernel.plan import Candidate, ColumnPlan, Plan, Splits
from assay.kernel.plugins import Codec, Task, key_of, modality_of, task_of
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal
from assay.kernel.written_numbers import SEVERAL, clocks_in, reads_marks, unit_in
from assay.language.personal import masked
from assay.neural.checkpoint import find

from .by_name import ByName, told_by_name
from .costs import cost_notes, costs
from .fitting import Fit
from .kinds import check_names, plan_column
from .mitigation import mitigation, mitigation_notes
from .notes import advice, kind_title, memory_notes, misfits, more_notes, name_notes, none_read, quoted, usual_notes
from .portfolio import candidates, check_learners, only_readable
from .splits import DEAR_FOLDS, DEAREST_FOLDS, both_ways, check_groups, check_times, few_groups, plan_splits
from .target import answered, check_size, check_weights, choose_task, open_target, usable_rows, with_answers
from .wishes import Wishes

LEAST_ROWS = 6  # below it no fold has rows to learn from, to stop by and to measure on
LEAST_FOLDS = 5  # that a rare class may not take away


@dataclass(frozen=True)
class _Opened:
    """A table whose cells mean what their kinds say, without rows that cannot teach, and what is to be learnt from it."""

    table: Dataset
    columns: list[ColumnPlan]
    task: Task
    why: Say  # this task
    runner_up: str
    codec: Codec
    y: Floats
    gone: tuple[int, int, int]  # rows without target, without weight, without time

    @property
    def features(self) -> list[ColumnPlan]:
        return [column for column in self.columns if column.role in ("feature", "sensitive")]

    @property
    def forms(self) -> frozenset[str]:
        kinds = {column.kind.partition(":")[0] for column in self.features}
        return frozenset(form for kind in kinds for form in shelf("modalities").get(kind).about.gives)

    @property
    def strata(self) -> Ints:
        return self.task.strata(self.y)


def draw(data: Dataset, wishes: Wishes, fit: Fit | None = None) -> tuple[Plan, Dataset]:
    """The plan for a raw table, and the table opened as planned, without rows that cannot teach.

    fit : where only some rows of a larger table are at hand, what is known of it
    """
    data = with_answers(data, wishes)
    check_names(data, wishes)
    if data.rows < LEAST_ROWS:
        raise no_rows(data.source.name, data.rows)
    opened = _teaching(data, wishes)
    table, task, codec = opened.table, opened.task, opened.codec
    drawn = fit is not None and fit.drawn is not None
    mended = mitigation(wishes, opened.columns, table, codec, task.head(codec) == Head.classes(2), drawn)
    splits, told = _splits(opened, wishes, drawn)
    portfolio, left_out = _portfolio(opened, wishes, fit)
    plan = Plan(
        data=_data_card(data, table.rows, fit),
        memory=fit.limit if fit is not None and (fit.asked or drawn) else 0,
        target=wishes.target,
        task=key_of(task),
        task_why=opened.why,
        task_runner_up=opened.runner_up,
        columns=tuple(opened.columns),
        splits=splits,
        candidates=tuple(portfolio),
        left_out=(*_left_columns(opened.columns), *_left_rows(*opened.gone), *left_out),
        minutes=wishes.budget,
        trials=wishes.trials,
        seed=wishes.seed,
        level=task.about.level if wishes.level is None else wishes.level,
        readable=wishes.readable,
        # In time fold models know the past alone.
        ship=wishes.ship if wishes.ship not in ("", "bag") else "refit" if splits.time else "bag",
        membership=wishes.membership,
        favourable=wishes.favourable,
        mitigation=mended,
        costs=costs(wishes, task, codec),
        latency=wishes.within,
        version=assay.__version__,
    )
    notes, copied = usual_notes(plan, table, data, opened.strata, wishes)
    notes = (*notes, *name_notes(plan, table, opened.strata, told), *memory_notes(fit))
    notes = (*notes, *mitigation_notes(mended, wishes.favourable), *cost_notes(plan.costs, codec))
    notes = (*notes, *more_notes(plan, data, opened.y, codec, wishes, opened.forms))
    return replace(plan, notes=notes, advice=advice(plan, table, opened.y, wishes, copied)), table


def _teaching(data: Dataset, wishes: Wishes) -> _Opened:
    """Kinds, roles and task. Raises DataError or RequestError where nothing could be learnt."""
    task, why, runner_up = choose_task(data[wishes.target], wishes.task)
    whole, columns = _open(data, wishes, task)
    _check_orders(data, whole, wishes)
    weight = whole[wishes.weight] if wishes.weight else None
    time = whole[wishes.time] if wishes.time else None
    usable, *gone = usable_rows(whole[wishes.target], weight, time)
    table = whole if usable.all() else whole.take(usable)
    _check_teaching(data.source.name, table.rows, weight)
    if weight is not None:
        check_weights(table[wishes.weight].cells, wishes.weight)
    codec = task.codec(table[wishes.target])
    y = task.encode(table[wishes.target], codec)
    check_size(y, wishes.target)
    _check_favourable(wishes, codec)
    opened = _Opened(table, columns, task, why, runner_up, codec, y, (gone[0], gone[1], gone[2]))
    _check_features(data.source.name, wishes.target, columns, opened.forms, task)
    check_groups(table, wishes.group)
    check_times(table, wishes.time)
    return opened


def _splits(opened: _Opened, wishes: Wishes, drawn: bool) -> tuple[Splits, ByName | None]:
    """How rows are kept apart, and what says that names of one stem belong together."""
    task, table = opened.task, opened.table
    least = _least_class(opened.y) if opened.codec.labels and not task.about.of_one else 0
    splits = plan_splits(
        table.rows,
        least,
        wishes.group,
        wishes.time,
        wishes.folds,
        wishes.sealed,
        drawn=drawn,
        dear=DEAREST_FOLDS if "boxes" in task.about.gives else DEAR_FOLDS if "grid" in opened.forms else 0,
    )
    splits = both_ways(few_groups(splits, table), table, opened.strata)
    if not wishes.by_name or wishes.group or wishes.time:
        return splits, None
    used = [column.name for column in opened.features]
    told = told_by_name(table, used, opened.strata, stream(wishes.seed, "by name"))
    return splits if told is None else replace(splits, how="named", named=told.column, name_rule=told.rule), told


def _portfolio(opened: _Opened, wishes: Wishes, fit: Fit | None) -> tuple[list[Candidate], list[Say]]:
    """What is tried, and what was left out and why. Raises RequestError where nothing could be."""
    head, forms = opened.task.head(opened.codec), opened.forms
    network = find(wishes.encoder) if wishes.encoder else None
    portfolio, left_out = candidates(
        opened.table.rows,
        head,
        wishes.learners,
        wishes.trials,
        fit is not None and fit.drawn is not None,
        math.inf if fit is None else fit.spare,
        wishes.also,
        forms,
        {} if network is None else {network.kind: network.label},
    )
    check_learners(portfolio, left_out, head, key_of(opened.task), forms, wishes.readable)
    return only_readable(portfolio) if wishes.readable else portfolio, left_out


def _check_teaching(name: str, rows: int, weight: Column | None) -> None:
    """Raises DataError where no row has a weight, or too few are left that can teach."""
    if weight is not None and not (np.nan_to_num(weight.cells, nan=0.0) > 0).any():
        raise refusal(DataError, "planning", "weightless", weight=weight.name)
    if rows < LEAST_ROWS:
        raise refusal(DataError, "planning", "few_left", name=name, n=rows, least=LEAST_ROWS)


def _check_features(name: str, target: str, columns: list[ColumnPlan], forms: frozenset[str], task: Task) -> None:
    """Raises DataError where no column is left to learn from, or no pictures in which boxes could be found."""
    features = [c.name for c in columns if c.role in ("feature", "sensitive")]
    if not features:
        roles = [
            misfits(c)
            if none_read(c)
            else Say("planning", "is_role", {"name": c.name, "role": Say("planning", f"role.{c.role}")})
            for c in columns
        ]
        raise refusal(DataError, "planning", "nothing_left", name=name, target=target, columns=roles)
    if "boxes" in task.about.gives and "grid" not in forms:
        known = listing(features, 30)
        raise refusal(DataError, "planning", "no_pictures", target=target, name=name, columns=known)


def _check_favourable(wishes: Wishes, codec: Codec) -> None:
    """Raises RequestError where the class that favours a person is none of the target's."""
    label = wishes.favourable
    if not label or label in codec.labels:
        return
    if not codec.labels:
        raise refusal(RequestError, "planning", "no_favourable_values", label=label, target=wishes.target)
    known, hint = listing(codec.labels, 30), did_you_mean(label, codec.labels) or ""
    raise refusal(
        RequestError, "planning", "no_favourable", expected=hint, label=label, target=wishes.target, known=known
    )


def _least_class(y: Floats) -> int:
    """Rows of the rarest class, which bounds the folds; one rare class of several does not take the folds of all."""
    if y.ndim > 1:
        return 0  # of labels that rows may share, a rare one takes nothing from the others
    count = np.bincount(y, minlength=1)
    return int(count.min()) if len(count) <= 2 else max(int(count.min()), LEAST_FOLDS)


def reopen(data: Dataset, plan: Plan) -> Dataset:
    """Another raw table, opened with the kinds and roles of a plan; columns it does not know are left away."""
    found = []
    for column in plan.columns:
        if column.name in data:
            opened = modality_of(column.kind).open(data[column.name]).column
            if column.role == "target":
                opened = answered(opened, task_of(plan.task))
            found.append(replace(opened, kind=column.kind, role=column.role))
    return Dataset(tuple(found), data.source)


def _open(data: Dataset, wishes: Wishes, task: Task) -> tuple[Dataset, list[ColumnPlan]]:
    columns: list[Column] = []
    plans: list[ColumnPlan] = []
    for raw in data:
        if raw.name == wishes.target:
            column = open_target(raw, task)
            misfits = max(0, int(column.missing.sum() - raw.missing.sum()))
            plan = ColumnPlan(
                name=raw.name,
                kind=column.kind,
                role="target",
                why=_target_why(column.kind),
                missing=int(column.missing.sum()),
                misfits=misfits,
                examples=_unread(raw, column),
                distinct=column.distinct,
            )
        else:
            column, plan = plan_column(raw, wishes)
        columns.append(column)
        plans.append(plan)
    return Dataset(tuple(columns), data.source), plans


def _unread(raw: Column, opened: Column) -> tuple[str, ...]:
    """Up to three of the words that could not be read."""
    if raw.levels is None:
        return ("inf",) if (opened.missing & ~raw.missing).any() else ()  # of numbers, what has no end is none
    bad = np.unique(raw.cells[opened.missing & ~raw.missing])
    return tuple(masked(str(raw.levels[code])[:60]) for code in bad[:3])


def _target_why(kind: str) -> Say:
    unit, several = unit_in(kind), kind.startswith(f"number:{SEVERAL}")
    clocks = clocks_in(kind)
    key = f"why.target_{'several' if several else 'in'}" if unit else f"why.target_{clocks}" if clocks else "why.target"
    why = Say("planning", key, {"unit": unit} if unit else {})
    return Say("planning", "why.target_marks", {"why": why}) if reads_marks(kind) else why


def _check_orders(raw: Dataset, opened: Dataset, wishes: Wishes) -> None:
    """Time must have an order, and weights must be amounts. Raises RequestError."""
    for key, name, stores, kind in (
        ("no_time", wishes.time, ("moments", "numbers"), "date"),
        ("no_weight", wishes.weight, ("numbers",), "number"),
    ):
        if name and raw[name].missing.all():
            raise refusal(RequestError, "planning", f"{key}_cells", name=name)
        if name and (opened[name].store not in stores or opened[name].missing.all()):
            read_as = {"kind": kind_title(opened[name].kind)}
            why = Say("planning", "read_as_empty" if opened[name].missing.all() else "read_as", read_as)
            said = wishes.kinds.get(name, "").partition(":")[0] == kind  # then it is no advice to say it again
            do: Part = Say("planning", f"{key}.said") if said else ""
            raise refusal(RequestError, "planning", key, do=do, name=name, why=why, option=quoted(f"{name}={kind}"))


def _data_card(data: Dataset, used: int, fit: Fit | None) -> dict[str, object]:
    source = data.source
    drawn = {} if fit is None or fit.drawn is None else {"rows": fit.rows, "rows_drawn": data.rows}
    return {
        "name": source.name,
        "sha256": data.sha256,
        "rows": data.rows,
        "rows_used": used,
        "rows_read": source.rows_read,
        "rows_repaired": source.rows_repaired,
        "rows_refused": source.rows_refused,
        "reader": source.reader,
        "details": dict(source.details),
        "examples": list(source.examples),
        **drawn,
    }


def _left_columns(columns: list[ColumnPlan]) -> list[Say]:
    gone = [c for c in columns if c.role in ("dropped", "id") and c.why is not None]
    return [Say("planning", "left.column", {"name": c.name, "why": c.why}) for c in gone]


def _left_rows(no_target: int, no_weight: int, no_time: int) -> list[Say]:
    said = (("left.target_missing", no_target), ("left.weight_missing", no_weight), ("left.time_missing", no_time))
    return [Say("planning", key, {"n": n}) for key, n in said if n]
