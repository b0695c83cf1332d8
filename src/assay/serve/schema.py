"""Which columns does a model ask for, and how would a cell of each look?

Told by what the file keeps of training: kinds, levels, ranges between which most training cells lay. The example is a typical cell of each column, no row of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.explainers._levers import has_order
from assay.kernel.data import plain_day
from assay.kernel.plan import ColumnPlan
from assay.kernel.words import Say
from assay.kernel.written_orders import NO_YES, flag_words, words_in
from assay.model import Model
from assay.stats.profile import ColumnProfile


@dataclass(frozen=True)
class ColumnSchema:
    """One column of a row that is asked about; levels and range are None where the file tells none."""

    name: str
    kind: str  # without its variant: number, category, flag, date, text, picture
    levels: tuple[str, ...] | None
    low: float | str | None  # between which 99 of 100 training cells lay; of dates as text
    high: float | str | None
    example: Any
    ordered: bool = False  # whether its values rise and fall: numbers, dates, and names that bear numbers

    def to_json(self, lang: str) -> dict[str, Any]:
        """Plain JSON values."""
        title = Say(f"modalities/{self.kind}", "title").text(lang)
        levels = None if self.levels is None else list(self.levels)
        return {"name": self.name, "kind": self.kind, "title": title, "levels": levels, "low": self.low, "high": self.high, "example": self.example, "ordered": self.ordered}  # fmt: skip


@dataclass(frozen=True)
class Schema:
    """The rows that a model takes."""

    columns: tuple[ColumnSchema, ...]
    known: frozenset[str]  # other names that the training table had: they may stand in a row, and are not looked at

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def example(self) -> Mapping[str, Any]:
        """A typical row."""
        return {column.name: column.example for column in self.columns}

    @classmethod
    def of(cls, model: Model) -> Schema:
        """The schema of a model."""
        profiles = {} if model.profile is None else {p.name: p for p in model.profile.columns if not p.fact}
        columns = tuple(
            replace(_column(model.plan.column(name), profiles.get(name)), ordered=_ordered(model, name))
            for name in model.needs
        )
        return cls(columns, frozenset(c.name for c in model.plan.columns) | {model.plan.target})


def _ordered(model: Model, name: str) -> bool:
    if (
        model.profile is None
        or name not in model.profile.names
        or model.plan.column(name).kind.partition(":")[0] == "flag"
    ):
        return False  # nobody says of a yes that it is more than a no
    return has_order(model.profile, name)


def _column(plan: ColumnPlan, profile: ColumnProfile | None) -> ColumnSchema:
    kind, words = plan.kind.partition(":")[0], words_in(plan.kind)
    if words:  # in an order: they stand in a row as names do
        return ColumnSchema(plan.name, "category", words, None, None, words[len(words) // 2])
    if profile is None or not profile.told:
        return ColumnSchema(plan.name, kind, None, None, None, None)
    if kind == "flag":
        no, yes = flag_words(plan.kind) or NO_YES
        return ColumnSchema(plan.name, kind, (yes, no), None, None, profile.levels[0] if profile.levels else yes)
    if profile.levels:
        return ColumnSchema(plan.name, kind, profile.levels, None, None, profile.levels[0])
    if not len(profile.edges):
        return ColumnSchema(plan.name, kind, None, None, None, None)
    low, middle, high = (float(profile.edges[place]) for place in (0, len(profile.edges) // 2, -1))
    if kind == "date":
        low_day, high_day, middle_day = (plain_day(at, plan.kind) for at in (low, high, middle))
        return ColumnSchema(plan.name, kind, None, low_day, high_day, middle_day)
    return ColumnSchema(plan.name, kind, None, low, high, _plain(middle))


def _plain(value: float) -> float | int:
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded
