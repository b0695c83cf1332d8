"""What will be done with this table?

Draws up the Plan: kinds, roles, task, splits, portfolio, and what a person should know or may overrule. Nothing is
trained. The same call gives the opened table that the plan speaks of.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import assay
from assay.kernel import memory
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.errors import DataError, RequestError
from assay.kernel.findings import Advice
from assay.kernel.forms import Head
from assay.kernel.hints import did_you_mean, listing, no_rows
from assay.kernel.labels import counted
from assay.kernel.plan import ColumnPlan, Plan
from assay.kernel.plugins import Codec, Task, key_of, modality_of, task_of
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import Say, refusal
from assay.neural.checkpoint import find
from assay.stats import leaks

from .by_name import ByName, told_by_name
from .durations import written
from .fitting import Fit
from .kinds import check_names, is_row_number, plan_column
from .mitigation import mitigation, mitigation_notes
from .portfolio import candidates, check_learners, only_readable
from .splits import (
    DEAR_FOLDS,
    DEAREST_FOLDS,
    check_groups,
    check_times,
    copy_groups,
    named_groups,
    near_copies,
    near_pictures,
    plan_splits,
)
from .target import answered, check_size, choose_task, open_target, usable_rows, with_answers
from .wishes import Wishes

FEW_ROWS = 100
LEAST_ROWS = 6  # below it no fold has rows to learn from, to stop by and to measure on
LEAST_FOLDS, RARE = 5, 10  # folds that a rare class may not take away; rows below which a class is told as rare
GIVEN_AWAY = 0.95  # share of the target's spread that one column explains on its own
MADE_OF = 0.5  # share of a rare class that flags which always go with it tell together
ROWS_LOOKED_AT = 20_000
MOST_LABELS = 10  # of several a row, of which columns are asked whether they tell them


def draw(data: Dataset, wishes: Wishes, fit: Fit | None = None) -> tuple[Plan, Dataset]:
    """The plan for a raw table, and the table opened as planned, without rows that cannot teach.

    fit : where only some rows of a larger table are at hand, what is known of it
    """
    data = with_answers(data, wishes)
    check_names(data, wishes)
    if data.rows < LEAST_ROWS:
        raise no_rows(data.source.name, data.rows)
    task, task_why, task_other = choose_task(data[wishes.target], wishes.task)
    opened, columns = _open(data, wishes, task)
    _check_orders(opened, wishes)
    weight = opened[wishes.weight] if wishes.weight else None
    time = opened[wishes.time] if wishes.time else None
    usable, *gone = usable_rows(opened[wishes.target], weight, time)
    table = opened if usable.all() else opened.take(usable)
    _check_teaching(data.source.name, table.rows, weight)
    codec = task.codec(table[wishes.target])
    y = task.encode(table[wishes.target], codec)
    check_size(y, wishes.target)
    _check_favourable(wishes, codec)
    features = [c for c in columns if c.role in ("feature", "sensitive")]
    forms = _forms(features)
    _check_features(data.source.name, wishes.target, columns, forms, task)
    least = _least_class(y) if codec.labels and not task.about.of_one else 0
    check_groups(table, wishes.group)
    check_times(table, wishes.time)
    drawn = fit is not None and fit.drawn is not None
    two = task.head(codec) == Head.classes(2)
    mended = mitigation(wishes, columns, table, codec, two, drawn)
    named = find(wishes.encoder) if wishes.encoder else None
    checkpoints = {} if named is None else {named.kind: named.label}
    splits = plan_splits(
        table.rows,
        least,
        wishes.group,
        wishes.time,
        wishes.folds,
        wishes.sealed,
        drawn=drawn,
        dear=DEAREST_FOLDS if "boxes" in task.about.gives else DEAR_FOLDS if "grid" in forms else 0,
    )
    told = None
    if wishes.by_name and not wishes.group and not wishes.time:
        used = [c.name for c in features]
        told = told_by_name(table, used, task.strata(y), stream(wishes.seed, "by name"))
    if told is not None:
        splits = replace(splits, how="named", named=told.column, name_rule=told.rule)
    spare = math.inf if fit is None else fit.spare
    portfolio, left_out = candidates(
        table.rows, task.head(codec), wishes.learners, wishes.trials, drawn, spare, wishes.also, forms, checkpoints
    )
    check_learners(portfolio, left_out, task.head(codec), key_of(task), forms, wishes.readable)
    if wishes.readable:
        portfolio = only_readable(portfolio)
    plan = Plan(
        data=_data_card(data, table.rows, fit),
        memory=fit.limit if fit is not None and (fit.asked or fit.drawn is not None) else 0,
        target=wishes.target,
        task=key_of(task),
        task_why=task_why,
        task_runner_up=task_other,
        columns=tuple(columns),
        splits=splits,
        candidates=tuple(portfolio),
        left_out=(*_left_columns(columns), *_left_rows(*gone), *left_out),
        minutes=wishes.budget,
        trials=wishes.trials,
        seed=wishes.seed,
        level=task.about.level if wishes.level is None else wishes.level,
        readable=wishes.readable,
        ship=wishes.ship,
        membership=wishes.membership,
        favourable=wishes.favourable,
        mitigation=mended,
        latency=wishes.within,
        version=assay.__version__,
    )
    notes, copied = _notes(plan, table, data, task.strata(y))
    notes = (*notes, *_name_notes(plan, table, task.strata(y), told), *_memory_notes(fit))
    notes = (*notes, *mitigation_notes(mended, wishes.favourable))
    notes = (*notes, *_more_notes(plan, data, y, codec, wishes, forms))
    return replace(plan, notes=notes, advice=_advice(plan, table, y, wishes, copied)), table


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
            _misfits(c)
            if _none_read(c)
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


def _more_notes(
    plan: Plan, data: Dataset, y: Floats, codec: Codec, wishes: Wishes, forms: frozenset[str]
) -> Iterator[Say]:
    """Fewer rows of a class than folds, empty answers, pictures without a pretrained network, or one that nothing reads, rare classes, files that hold rows."""
    about, learners = task_of(plan.task).about, [shelf("learners").get(c.learner).about for c in plan.candidates]
    if wishes.folds and codec.labels and y.ndim == 1:
        rarest = int(counted(y, len(codec.labels)).min())
        if rarest < plan.splits.folds:
            yield Say("planning", "note.folds", {"folds": plan.splits.folds, "n": rarest})
    if empty := int(data[plan.target].missing.sum()) if about.empty_answers else 0:
        yield Say("planning", "note.unlabelled", {"target": plan.target, "n": empty})
    if "grid" in forms and not any(learner.sees_through for learner in learners):
        yield Say("planning", "note.from_scratch")
    if wishes.encoder and not any(find(wishes.encoder).label in c.settings.values() for c in plan.candidates):
        named = find(wishes.encoder)
        yield Say("planning", f"note.unread.{named.kind}", {"name": named.name})
    if rare := [] if about.of_one else _rare_classes(y, codec.labels):
        yield Say("planning", "note.rare", {"names": rare})
    if keeping := sorted({learner.key for learner in learners if learner.keeps_rows}):
        yield Say("planning", "note.keeps_rows", {"learners": keeping})


def _forms(features: list[ColumnPlan]) -> frozenset[str]:
    """The forms that the columns give."""
    kinds = {column.kind.partition(":")[0] for column in features}
    return frozenset(form for kind in kinds for form in shelf("modalities").get(kind).about.gives)


def _least_class(y: Floats) -> int:
    """Rows of the rarest class, which bounds the folds; one rare class of several does not take the folds of all."""
    if y.ndim > 1:
        return 0  # of labels that rows may share, a rare one takes nothing from the others
    count = np.bincount(y, minlength=1)
    return int(count.min()) if len(count) <= 2 else max(int(count.min()), LEAST_FOLDS)


def _rare_classes(y: Floats, labels: tuple[str, ...]) -> list[str]:
    """Classes of too few rows to be learnt or measured, with their rows."""
    count = counted(y, len(labels)) if labels else np.empty(0)
    return [f"'{label}' ({n})" for label, n in zip(labels, count, strict=True) if n < RARE][:12] if labels else []


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
                why=Say("planning", "why.target"),
                missing=int(column.missing.sum()),
                misfits=misfits,
                distinct=len(np.unique(column.cells[~column.missing])),
            )
        else:
            column, plan = plan_column(raw, wishes)
        columns.append(column)
        plans.append(plan)
    return Dataset(tuple(columns), data.source), plans


def _check_orders(opened: Dataset, wishes: Wishes) -> None:
    """Time must have an order, and weights must be amounts. Raises RequestError."""
    for key, name, stores, kind in (
        ("no_time", wishes.time, ("moments", "numbers"), "date"),
        ("no_weight", wishes.weight, ("numbers",), "number"),
    ):
        if name and (opened[name].store not in stores or opened[name].missing.all()):
            read_as = {"kind": _kind_title(opened[name].kind)}
            why = Say("planning", "read_as_empty" if opened[name].missing.all() else "read_as", read_as)
            raise refusal(RequestError, "planning", key, name=name, why=why, option=_quoted(f"{name}={kind}"))


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


def _none_read(column: ColumnPlan) -> bool:
    """Whether a column is left out since none of its cells could be read; the cells say what is amiss."""
    return column.role == "dropped" and isinstance(column.why, Say) and column.why.key == "why.all_misfit"


def _misfits(column: ColumnPlan) -> Say:
    kind, examples = _kind_title(column.kind), list(column.examples)
    return Say(
        "planning", "note.misfits", {"name": column.name, "n": column.misfits, "kind": kind, "examples": examples}
    )


def _notes(plan: Plan, table: Dataset, data: Dataset, strata: Ints) -> tuple[tuple[Say, ...], bool]:
    """What a person should know, and whether rows are copied."""
    notes = _read_how(data)
    for key, n in (("note.repaired", data.source.rows_repaired), ("note.refused", data.source.rows_refused)):
        if n:
            notes.append(Say("planning", key, {"n": n}))
    for c in plan.columns:
        if (c.misfits and c.role != "dropped") or _none_read(c):
            notes.append(_misfits(c))
    if plan.splits.sealed:
        notes.append(Say("planning", "note.sealed", {"n": plan.splits.sealed}))
    notes.append(Say("planning", "note.cross", {"folds": plan.splits.folds}))
    if plan.splits.time:
        notes.append(Say("planning", "note.forward", {"time": plan.splits.time}))
    if plan.ship != "bag":
        notes.append(Say("planning", f"note.{plan.ship}"))
    if plan.membership in ("standard", "deep"):
        notes.append(Say("planning", f"note.membership.{plan.membership}"))
    if plan.latency:
        notes.append(Say("planning", "note.latency", {"most": written(plan.latency)}))
    if plan.splits.group:
        notes.append(Say("planning", "note.grouped", {"group": plan.splits.group}))
    copied = None
    if not plan.splits.group and not plan.splits.time:
        copied = copy_groups(table.only(plan.names("feature") + plan.names("sensitive")))
    if copied:
        notes.append(Say("planning", "note.duplicates", {"n": copied[1], "share": copied[1] / table.rows}))
    for key, near in (
        ("note.near", near_copies(plan, table, strata)),
        ("note.near_pictures", near_pictures(plan, table, strata)),
    ):
        for which, n in ((key, near.kept), (f"{key}_apart", near.let_go)) if near else ():
            if n:
                notes.append(Say("planning", which, {"n": n, "share": n / table.rows}))
    if table.rows < FEW_ROWS:
        notes.append(Say("planning", "note.few", {"n": table.rows}))
    return tuple(notes), copied is not None


def _name_notes(plan: Plan, table: Dataset, strata: Ints, told: ByName | None) -> list[Say]:
    """That names of pictures tell which rows belong together, and how many do."""
    found = named_groups(plan, table, strata)
    if told is None or found is None:
        return []
    notes = []
    if found.kept:
        size = np.unique(found.groups, return_counts=True)[1]
        values = {"name": told.column, "one": told.one, "other": told.other, "alike": told.alike, "n": found.kept}
        notes.append(Say("planning", "note.named", {**values, "groups": int((size > 1).sum())}))
    if found.let_go:
        notes.append(Say("planning", "note.named_apart", {"n": found.let_go, "share": found.let_go / table.rows}))
    return notes


def _memory_notes(fit: Fit | None) -> list[Say]:
    """What was done because of the memory; nothing where everything fits and nobody asked."""
    if fit is None or not (fit.asked or fit.drawn is not None):
        return []
    notes = [Say("planning", "note.memory" if fit.asked else "note.memory_found", {"limit": memory.said(fit.limit)})]
    if fit.drawn is not None:
        notes.append(Say("planning", "note.drawn", {"n": len(fit.drawn), "rows": fit.rows}))
    return notes


def _read_how(data: Dataset) -> list[Say]:
    """What the reader found out about the file, in its own words."""
    room = shelf("readers")
    if data.source.reader not in room.keys():
        return []
    reader = room.get(data.source.reader)
    return list(reader.notes(data.source)) if hasattr(reader, "notes") else []


def _kind_title(kind: str) -> Say:
    return Say(f"modalities/{kind.partition(':')[0]}", "title")


def _advice(plan: Plan, table: Dataset, y: Floats, wishes: Wishes, copied: bool) -> tuple[Advice, ...]:
    said: list[Advice] = []

    def advise(key: str, option: str, **values: object) -> None:
        said.append(Advice(say=Say("planning", key, values), option=option))

    for name in _given_away(plan, table, y):
        advise("advice.copy", f"--drop {_quoted(name)}", name=name)
    for name in _made_of(plan, table, y):
        advise("advice.pure", f"--drop {_quoted(name)}", name=name)
    for c in plan.columns:
        if c.role == "id" and not wishes.role_of(c.name) and is_row_number(table[c.name]):
            advise("advice.id", f"--feature {_quoted(c.name)}", name=c.name)
    if not wishes.time:
        for c in plan.columns:
            if c.kind.startswith("date") and c.role == "feature" and _in_order(table[c.name]):
                advise("advice.time", f"--time {_quoted(c.name)}", name=c.name)
    if not wishes.group:
        for c in plan.columns:
            if c.role == "feature" and _names_things(c, table.rows):
                advise("advice.group", f"--group {_quoted(c.name)}", name=c.name)
    for c in plan.columns:
        if c.role == "feature" and c.runner_up == "category" and c.kind == "number" and 3 <= c.distinct <= 12:
            values = {"kind": _kind_title(c.kind), "other": _kind_title(c.runner_up)}
            advise("advice.kind", f"--kind {_quoted(c.name + '=' + c.runner_up)}", name=c.name, **values)
    if plan.task_runner_up:
        keys = {"task": plan.task.partition(":")[0], "other": plan.task_runner_up}
        titles = {name: Say(f"tasks/{key}", "title") for name, key in keys.items()}
        advise("advice.task", f"--task {plan.task_runner_up}", **titles)
    return tuple(said)


def _given_away(plan: Plan, table: Dataset, y: Floats) -> list[str]:
    """Columns that on their own nearly tell the target."""
    rng = stream(plan.seed, "given away")
    rows = np.arange(table.rows)
    if len(rows) > ROWS_LOOKED_AT:
        rows = np.sort(rng.choice(rows, ROWS_LOOKED_AT, replace=False))
    y = np.asarray(y[rows], dtype=np.float64)
    if len(rows) < 30 or y.ndim > 2 or not y.any():  # boxes, and good ones alone
        return []
    names = plan.names("feature") + plan.names("sensitive")
    return [name for name in names if _told(table[name].take(rows), y, rng) > GIVEN_AWAY]


def _told(column: Column, y: Floats, rng: np.random.Generator) -> float:
    """Share of the target's spread that a column explains on its own; of labels [n, k] of all together."""
    if y.ndim == 1:
        return leaks.explained_alone(column, y, rng)
    spread = y.var(axis=0)
    frequent = np.argsort(-spread, kind="stable")[:MOST_LABELS]
    return float(np.average([leaks.explained_alone(column, y[:, k], rng) for k in frequent], weights=spread[frequent]))


def _made_of(plan: Plan, table: Dataset, y: Floats) -> list[str]:
    """Flags and names of which a level always goes with one rare class, where together they tell most of that class."""
    if y.dtype.kind == "f":  # values, not classes
        return []
    names = plan.names("feature") + plan.names("sensitive")
    found: list[str] = []
    for hit in (np.asarray(y == label) for label in np.unique(y)) if y.ndim == 1 else (y == 1).T:
        told = {name: leaks.pure_levels(table[name], hit) for name in names}
        told = {name: rows for name, rows in told.items() if rows.any()}
        if told and np.any(list(told.values()), axis=0)[hit].mean() > MADE_OF:
            found += [name for name in told if name not in found]
    return found


def _in_order(column: Column) -> bool:
    cells = column.cells[~column.missing]
    return len(cells) > 10 and bool((cells[1:] >= cells[:-1]).mean() > 0.99)


def _names_things(c: ColumnPlan, rows: int) -> bool:
    """Whether a column may name persons or things that appear in several rows."""
    import re

    named = re.search(
        r"(^|[\W_])(id|uid|key|no|nr|number|code)$|(?-i:[a-z]I[dD]$)|编号|号码|工号|学号", c.name.strip(), re.IGNORECASE
    )
    return bool(named) and 10 < c.distinct <= rows / 2


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)
