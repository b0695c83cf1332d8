"""What of a labelled table could the model not read as it reads its own?

Rows that no reader could read, rows without an answer or with one that it does not know, and cells that are not of the kind their column had in training. Each is counted and told;
a column of which no cell can be read is another column, and is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Dataset
from assay.kernel.errors import DataError
from assay.kernel.hints import listing
from assay.kernel.plan import Plan
from assay.kernel.words import Say, refusal

SHOWN = 3


def unread(raw: Dataset, opened: Dataset, plan: Plan, known: Bools) -> tuple[Say, ...]:
    """Counted notes on the rows left out and the cells that became missing. Raises DataError.

    raw, opened : the table as it was read, and as the plan opens it
    known       : rows whose answer the model knows, [n]
    """
    notes = []
    if raw.source.rows_refused:
        notes.append(Say("auditing", "unread_rows", {"n": raw.source.rows_refused}))
    known_names = {plan.target, *(column.name for column in plan.columns)}
    if more := [name for name in raw.names if name not in known_names]:
        notes.append(Say("auditing", "more_columns", {"n": len(more), "names": listing(more, SHOWN)}))
    blank = ~known & raw[plan.target].missing
    if blank.any():
        notes.append(Say("auditing", "no_answers", {"n": int(blank.sum()), "target": plan.target}))
    strange = ~known & ~raw[plan.target].missing
    if strange.any():
        texts = raw[plan.target].take(np.flatnonzero(strange)).texts()
        said = {"n": int(strange.sum()), "target": plan.target, "examples": _some(texts)}
        notes.append(Say("auditing", "unknown_answers", said))
    for name in (*plan.names("feature"), *plan.names("sensitive"), *plan.names("audited")):
        if name not in opened:
            continue
        written = ~raw[name].missing
        bad = opened[name].missing & written
        if not bad.any():
            continue
        kind = Say(f"modalities/{plan.column(name).kind.partition(':')[0]}", "title")
        values: dict[str, Any] = {"name": name, "n": int(bad.sum()), "kind": kind}
        if bad.sum() == written.sum():
            raise refusal(DataError, "auditing", "other_kind", source=raw.source.name, **values)
        texts = raw[name].take(np.flatnonzero(bad)).texts()
        notes.append(Say("auditing", "misfits", {**values, "examples": _some(texts)}))
    return tuple(notes)


def _some(texts: NDArray[np.object_]) -> Say:
    return listing(list(dict.fromkeys(str(text) for text in texts)), SHOWN)
