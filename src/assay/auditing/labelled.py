"""Which rows of a labelled table can be audited, and what is to be said of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assay.answers.opened import opened, strangers
from assay.kernel.data import Bools, Dataset
from assay.kernel.errors import DataError, Part
from assay.kernel.findings import Finding
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.labels import as_labels
from assay.kernel.labels import known as known_rows
from assay.kernel.plan import Plan
from assay.kernel.plugins import Codec, LeavesOut, task_of
from assay.kernel.words import Say, refusal
from assay.planning.target import check_weights

from .unread import unread


def labelled(raw: Dataset, plan: Plan, codec: Codec) -> tuple[Dataset, tuple[Say, ...]]:
    """The rows of a raw table whose answer is known and that count, opened as planned, and notes on what could not be read.

    Answers are spelled as the model's labels: 1.0 is its "1" to every check, as it is when answers are held against it.

    Raises DataError where a column, all answers or all weights lack.
    """
    if plan.target not in raw:
        hint: Part = did_you_mean(plan.target, strangers(raw.names, plan)) or ""
        raise refusal(
            DataError,
            "auditing",
            "no_target",
            expected=hint,
            target=plan.target,
            name=raw.source.name,
            n=len(raw.names),
            known=listing(raw.names, 30),
        )
    data = opened(raw, plan, [column.name for column in plan.needed])
    known = known_rows(task_of(plan.task).encode(data[plan.target], codec))
    if not known.any():
        key = "no_labels" if codec.labels else "no_values_in" if plan.unit else "no_values"
        labels = listing(codec.labels)
        raise refusal(DataError, "auditing", key, name=raw.source.name, labels=labels, unit=plan.unit)
    task, notes = task_of(plan.task), unread(raw, data, plan, np.asarray(known))
    lost = task.left_out(data[plan.target], codec) if isinstance(task, LeavesOut) else {}
    if lost:
        names = listing([f"{label}: {n}" for label, n in sorted(lost.items(), key=lambda item: -item[1])], 3)
        said = {"n": sum(lost.values()), "target": plan.target, "examples": names}
        notes = (*notes, Say("auditing", "unknown_parts", said))
    weighed = counting(data, plan)
    if weightless := int(np.sum(known & ~weighed)):
        weight = plan.names("weight")[0]
        if not (known & weighed).any():
            raise refusal(DataError, "auditing", "weightless", name=raw.source.name, weight=weight)
        notes = (*notes, Say("auditing", "no_weights", {"n": weightless, "weight": weight}))
    counted = data.take(known & weighed)
    for name in plan.names("weight"):
        if name in counted:
            check_weights(counted[name].cells, name)
        else:
            notes = (*notes, Say("auditing", "unweighed", {"weight": name}))
    return counted.having(as_labels(counted[plan.target], codec.labels)), notes


def counting(opened: Dataset, plan: Plan) -> Bools:
    """Rows that count for something, [n]: all of them where rows are not weighed, or the table has no such column."""
    weights = [name for name in plan.names("weight") if name in opened]
    if not weights:
        return np.ones(opened.rows, dtype=np.bool_)
    return np.asarray(np.nan_to_num(opened[weights[0]].cells, nan=0.0) > 0)


def noted(findings: tuple[Finding, ...], notes: Sequence[Say]) -> tuple[Finding, ...]:
    """The findings, the first of them with these notes before its own."""
    return tuple(replace(f, notes=(*notes, *f.notes)) if place == 0 else f for place, f in enumerate(findings))


def on_seen_rows(finding: Finding) -> Finding:
    """A finding on the very table that was learnt from: it cannot pass, and says so first."""
    if finding.verdict in ("unknown", "error"):
        return finding
    said = Say("auditing", "seen", {"said": finding.say})
    return replace(finding, say=said, verdict="watch" if finding.verdict == "pass" else finding.verdict)
