"""What should a person know of the plan, and what may they want to say?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import numpy as np

from assay.kernel import memory
from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.findings import Advice
from assay.kernel.labels import alike_labels, counted
from assay.kernel.plan import ColumnPlan, Plan
from assay.kernel.plugins import Codec, task_of
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import Say
from assay.kernel.written_orders import words_in
from assay.neural.checkpoint import find
from assay.stats import leaks

from .by_name import ByName
from .durations import written
from .fitting import Fit
from .kinds import is_row_number
from .pairs import pair_notes
from .splits import copy_groups, draw_splits, named_groups, near_copies, near_pictures, with_copies
from .stand_ins import stand_in_notes
from .target import several_units
from .totals import total_notes
from .wishes import Wishes

FEW_ROWS, RARE = 100, 10  # rows of a table, and of a class, below which that is told
GIVEN_AWAY = 0.95  # share of the target's spread that one column explains on its own
MADE_OF = 0.5  # share of a rare class that flags which always go with it tell together
ROWS_LOOKED_AT = 20_000
UNEVEN = 0.25  # share of the rows that weighted ones are worth, below which that is told
MOST_LABELS = 10  # of several a row, of which columns are asked whether they tell them


def more_notes(
    plan: Plan, data: Dataset, y: Floats, codec: Codec, wishes: Wishes, forms: frozenset[str]
) -> Iterator[Say]:
    """Fewer rows of a class than folds, empty answers, pictures without a pretrained network, or one that nothing reads, several units, labels of two spellings, rare classes, files that hold rows."""
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
    if codec.labels and not wishes.task and (note := several_units(data[plan.target])):
        yield note
    if pairs := alike_labels(codec.labels):
        told = [f"'{one}' / '{other}'" for one, other in pairs[:5]]
        yield Say("planning", "note.alike", {"target": plan.target, "n": len(pairs), "pairs": told})
    if rare := [] if about.of_one else _rare_classes(y, codec.labels):
        yield Say("planning", "note.rare", {"names": rare})
    if keeping := sorted({learner.key for learner in learners if learner.keeps_rows}):
        yield Say("planning", "note.keeps_rows", {"learners": keeping})


def _rare_classes(y: Floats, labels: tuple[str, ...]) -> list[str]:
    """Classes of too few rows to be learnt or measured, with their rows."""
    count = counted(y, len(labels)) if labels else np.empty(0)
    return [f"'{label}' ({n})" for label, n in zip(labels, count, strict=True) if n < RARE][:12] if labels else []


def _weight_notes(plan: Plan, table: Dataset) -> Iterator[Say]:
    """Weights so uneven that many rows tell as much as few would of one weight: (sum w)^2 / sum w^2 (Kish 1965)."""
    for name in plan.names("weight"):
        w = table[name].cells
        w = w[w > 0] / w.max(initial=0.0)
        worth = w.sum() ** 2 / (w**2).sum() if len(w) else 0.0
        if worth < UNEVEN * len(w):
            said = {"n": len(w), "worth": max(1, int(worth)), "share": float(1 / w.sum())}
            yield Say("planning", "note.weights", {"name": name, **said})


def none_read(column: ColumnPlan) -> bool:
    """Whether a column is left out since none of its cells could be read; the cells say what is amiss."""
    return column.role == "dropped" and isinstance(column.why, Say) and column.why.key == "why.all_misfit"


def misfits(column: ColumnPlan) -> Say:
    """Cells of a column that are not of its kind."""
    kind, examples = kind_title(column.kind), list(column.examples)
    return Say(
        "planning", "note.misfits", {"name": column.name, "n": column.misfits, "kind": kind, "examples": examples}
    )


def usual_notes(
    plan: Plan, table: Dataset, data: Dataset, strata: Ints, wishes: Wishes
) -> tuple[tuple[Say, ...], bool]:
    """What a person should know, and whether rows are copied."""
    notes = _read_how(data)
    for key, n in (("note.repaired", data.source.rows_repaired), ("note.refused", data.source.rows_refused)):
        if n:
            notes.append(Say("planning", key, {"n": n}))
    for c in plan.columns:
        if (c.misfits and c.role != "dropped") or none_read(c):
            notes.append(misfits(c))
        notes += [*stand_in_notes(c, table[c.name]), *pair_notes(c, table[c.name]), *total_notes(table[c.name])]
    notes += _weight_notes(plan, table)
    if plan.splits.sealed:
        notes.append(Say("planning", "note.sealed", {"n": plan.splits.sealed}))
    if not plan.splits.time:
        notes.append(Say("planning", "note.cross", {"folds": plan.splits.folds}))
    else:
        blocks = plan.splits.folds + 1  # with that which only teaches
        notes.append(Say("planning", "note.cross_in_time", {"folds": blocks}))
        notes.append(Say("planning", "note.forward", {"time": plan.splits.time}))
    if plan.ship != "bag":
        newest = plan.ship == "refit" and plan.splits.time
        in_time = "note.bag_in_time" if wishes.ship == "bag" else "note.refit_in_time"
        notes.append(Say("planning", in_time if newest else f"note.{plan.ship}"))
    if plan.membership in ("standard", "deep"):
        notes.append(Say("planning", f"note.membership.{plan.membership}"))
    if plan.latency:
        notes.append(Say("planning", "note.latency", {"most": written(plan.latency)}))
    if plan.splits.group:
        both = {"group": plan.splits.group, "time": plan.splits.time}
        key = "grouped_in_time" if plan.splits.both else "grouped_forward" if plan.splits.time else "grouped"
        notes.append(Say("planning", f"note.{key}", both))
    if plan.splits.both and plan.splits.sealed:
        split = draw_splits(plan, table, strata)
        n = table.rows - len(split.rest) - len(split.sealed)
        notes += [Say("planning", "note.beside_sealed", {"n": n, "group": plan.splits.group})] if n else []
    copied = None
    if plan.splits.group and not plan.splits.time:
        across = with_copies(plan, table, strata)
        for key, n in (("note.copies_tie", across.kept), ("note.copies_apart", across.let_go)):
            notes += [Say("planning", key, {"n": n, "share": n / table.rows, "group": plan.splits.group})] if n else []
    if not plan.splits.group and not plan.splits.time:
        copied = copy_groups(table.only(plan.names("feature") + plan.names("sensitive")), strata)
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


def name_notes(plan: Plan, table: Dataset, strata: Ints, told: ByName | None) -> list[Say]:
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


def memory_notes(fit: Fit | None) -> list[Say]:
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
    reader, details = room.get(data.source.reader), data.source.details
    if hasattr(reader, "notes"):
        return list(reader.notes(data.source))
    found = []
    if details.get("renamed"):
        found.append(Say("planning", "note.renamed", {"names": list(details["renamed"])}))
    if details.get("missing_tokens"):
        tokens = [f"{token} ({n:,})" for token, n in details["missing_tokens"].items()]
        found.append(Say("planning", "note.missing_words", {"tokens": tokens}))
    return found


def kind_title(kind: str) -> Say:
    """What a kind of column is called."""
    if words := words_in(kind):
        return Say("modalities/number", "ordered", {"words": " < ".join(words)})
    return Say(f"modalities/{kind.partition(':')[0]}", "title")


def advice(plan: Plan, table: Dataset, y: Floats, wishes: Wishes, copied: bool) -> tuple[Advice, ...]:
    """Options that the person may want to say, and why."""
    said: list[Advice] = []

    def advise(key: str, option: str, **values: object) -> None:
        said.append(Advice(say=Say("planning", key, values), option=option))

    for name in _given_away(plan, table, y):
        advise("advice.copy", f"--drop {quoted(name)}", name=name)
    for name in _made_of(plan, table, y):
        advise("advice.pure", f"--drop {quoted(name)}", name=name)
    for c in plan.columns:
        if c.role == "id" and not wishes.role_of(c.name) and is_row_number(table[c.name]):
            advise("advice.id", f"--feature {quoted(c.name)}", name=c.name)
    if not wishes.time:
        for c in plan.columns:
            if c.kind.startswith("date") and c.role == "feature" and _in_order(table[c.name]):
                advise("advice.time", f"--time {quoted(c.name)}", name=c.name)
    if not wishes.group:
        for c in plan.columns:
            if c.role == "feature" and _names_things(c, table.rows):
                advise("advice.group", f"--group {quoted(c.name)}", name=c.name)
    for c in plan.columns:
        if c.role == "feature" and c.kind == "number" and _may_be(c):
            values = {"kind": kind_title(c.kind), "other": kind_title(c.runner_up)}
            option = f"{c.name}={c.runner_up.partition(':')[0]}"
            advise("advice.kind", f"--kind {quoted(option)}", name=c.name, **values)
    if plan.task_runner_up and not wishes.task:
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


def _may_be(c: ColumnPlan) -> bool:
    """Whether numbers may be codes, or moments among which some cells are none (`modalities._epochs`)."""
    few = c.runner_up == "category" and 3 <= c.distinct <= 12
    return few or c.runner_up.startswith("date:epoch:")


def _names_things(c: ColumnPlan, rows: int) -> bool:
    """Whether a column may name persons or things that appear in several rows."""
    import re

    named = re.search(
        r"(^|[\W_])(id|uid|key|no|nr|number|code)$|(?-i:[a-z]I[dD]$)|编号|号码|工号|学号", c.name.strip(), re.IGNORECASE
    )
    return bool(named) and 10 < c.distinct <= rows / 2


def quoted(name: str) -> str:
    """A name as it is typed in a shell."""
    return shlex.quote(name)
