"""How does a raw table become one that a model answers?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from assay.kernel.cells import Cell
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DataError, RequestError, Sentences
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plan import Plan
from assay.kernel.plugins import modality_of
from assay.kernel.words import refusal
from assay.kernel.written_numbers import plainly, written_number
from assay.planning.draw import reopen
from assay.reading import cell_of, wrote_commas

PLAIN = "number"  # the kind of numbers with a decimal point


def opened(raw: Dataset, plan: Plan, names: Sequence[str]) -> Dataset:
    """The table opened as planned. Raises DataError where one of these columns is lacking."""
    lacking = [name for name in names if name not in raw]
    if lacking:
        free = strangers(raw.names, plan)
        raise refusal(
            DataError,
            "answers",
            "lacking",
            expected=Sentences([did_you_mean(name, free) or "" for name in lacking]),
            name=raw.source.name,
            n=len(lacking),
            all=len(names),
            columns=listing(lacking),
        )
    numbers = [column.name for column in plan.columns if column.kind == PLAIN and column.name in raw]
    # Readers that look for decimal commas have made points of them.
    commas = wrote_commas(plan.data) and "decimal" not in raw.source.details
    written = [plainly(raw[name], commas) for name in numbers if raw[name].store == "words"]
    return reopen(raw.having(*written), plan)


def as_learnt(raw: Cell, commas: bool) -> Cell:
    """The same of one cell of a column of numbers that comes alone."""
    if not isinstance(raw, str) or ((not commas or "," not in raw) and math.isfinite(written_number(raw))):
        return raw
    return cell_of(plainly(Column.of_words("", [raw]), commas).texts()[0])


def strangers(names: Sequence[str], plan: Plan) -> list[str]:
    """Those of a table's columns that no column of the plan bears: one that is lacking may be meant by them, and by no other."""
    known = {column.name for column in plan.columns}
    return [name for name in names if name not in known]


def empty_table(plan: Plan) -> Dataset:
    """The columns of a plan, opened, without rows."""
    columns = []
    for c in plan.columns:
        opened = modality_of(c.kind).open(Column.of_words(c.name, [])).column
        columns.append(replace(opened, kind=c.kind, role=c.role))
    return Dataset(tuple(columns))


def has_row(raw: Dataset, row: int) -> None:
    """Raises RequestError where there is no such row, counted from 1."""
    if not 1 <= row <= raw.rows:
        raise refusal(RequestError, "answers", "no_row", row=row, name=raw.source.name, rows=raw.rows)
