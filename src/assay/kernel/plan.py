"""What was decided before training?

The Plan holds every choice: the data and its hash, kinds and roles, task, folds, candidates, minutes, seed, and what
was left out and why. It is printed, saved in the model, and can be replayed. It decides nothing: planning draws it up.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .findings import Advice, to_plain
from .words import Say
from .written_numbers import measured_in

WAYS_TO_SHIP = ("bag", "refit", "distilled")
MEMBERSHIP = ("quick", "standard", "deep", "none")  # how thoroughly it is asked who was in the training data


MITIGATIONS = ("reweight", "thresholds")  # what can be done against gaps between groups


@dataclass(frozen=True, kw_only=True)
class ColumnPlan:
    """What one column is taken to be."""

    name: str
    kind: str
    role: str = "feature"
    why: Say | None = None
    runner_up: str = ""  # the kind it would be otherwise; overrule with --kind NAME=KIND
    missing: int = 0
    misfits: int = 0  # cells that do not fit the kind: counted as missing
    examples: tuple[str, ...] = ()  # a few of the misfits
    distinct: int = 0


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One entry of the ordered portfolio."""

    name: str
    learner: str
    settings: Mapping[str, Any] = field(default_factory=dict)


BOTH = "time_grouped"  # the way of splits by group and time together


@dataclass(frozen=True, kw_only=True)
class Splits:
    """How rows are kept apart."""

    how: str = "stratified"  # "stratified", "random", "grouped", "named", "time", "time_grouped"
    folds: int = 5
    sealed: int = 0  # rows set aside before anything is fitted
    group: str = ""
    time: str = ""
    named: str = ""  # the column of pictures whose file names tell which rows stay together, where they do
    name_rule: str = ""  # how a key is taken from a name: "start 1 within" (see `assay.planning.by_name`)

    @property
    def both(self) -> bool:
        """Whether no group stands on both sides in time either."""
        return self.how == BOTH


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every choice made before training."""

    data: Mapping[str, Any]  # name, sha256, rows, rows_used, rows_drawn (where not all), rows_read ..., reader, details
    target: str
    task: str
    task_why: Say
    task_runner_up: str = ""
    columns: tuple[ColumnPlan, ...] = ()
    splits: Splits = field(default_factory=Splits)
    candidates: tuple[Candidate, ...] = ()
    left_out: tuple[Say, ...] = ()
    notes: tuple[Say, ...] = ()
    advice: tuple[Advice, ...] = ()
    minutes: float = 2.0  # 0 where trials are counted
    trials: int = 0  # candidates beyond the constant guess, where they are the budget
    memory: int = 0  # bytes the whole process may hold, where somebody asked or it made a difference; else 0
    seed: int = 0
    level: float = 0.9  # coverage of sets and intervals
    readable: bool = False  # only models that a person can read are tried and shipped
    ship: str = "bag"  # what ships: the bag of fold models, one "refit" on all rows, or one "distilled" model
    latency: float = 0.0  # seconds within which one row is to be answered; 0 where nothing was asked
    membership: str = (
        "quick"  # by the fold models, by a few or many refits on random halves ("standard", "deep"), or "none"
    )
    favourable: str = ""  # the class that favours a person, where somebody said
    # The "column" whose groups, and "how"; empty: nothing is.
    mitigation: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)  # of another answer where a class is true; else 1
    version: str = ""
    privacy: Mapping[str, Any] = field(default_factory=dict)  # what is promised and by which means; empty: nothing is

    def column(self, name: str) -> ColumnPlan:
        """The plan for one column. Raises KeyError."""
        return self._by_name[name]

    @functools.cached_property
    def _by_name(self) -> dict[str, ColumnPlan]:
        return {column.name: column for column in reversed(self.columns)}

    def names(self, role: str) -> tuple[str, ...]:
        """Names of the columns that have a role."""
        return tuple(column.name for column in self.columns if column.role == role)

    @property
    def unit(self) -> str:
        """What the target is measured in, where its cells name a unit or are durations."""
        return next((measured_in(column.kind) for column in self.columns if column.role == "target"), "")

    @property
    def marked(self) -> tuple[str, ...]:
        """Columns whose groups are held against each other: sensitive ones, and those that nothing learns from."""
        return self.names("sensitive") + self.names("audited")

    @property
    def cost_rule(self) -> Say | None:
        """By what rule classes are answered where mistakes have costs."""
        return next((note for note in self.notes if self.costs and note.key.startswith("note.costs")), None)

    @property
    def needed(self) -> tuple[ColumnPlan, ...]:
        """The columns that a table to be answered must have: those that are learnt from, and the one whose groups have thresholds."""
        own = self.mitigation.get("column") if self.mitigation.get("how") == "thresholds" else None
        return tuple(c for c in self.columns if c.role in ("feature", "sensitive") or c.name == own)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain: dict[str, Any] = to_plain(self)
        for name in ("privacy", "mitigation", "costs"):  # plans that promise nothing are written as they always were
            if not plain[name]:
                del plain[name]
        return plain

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Plan:
        """The Plan that `to_json` wrote. Raises KeyError, TypeError or ValueError where it did not."""
        fields = dict(raw)
        if "refit" in fields:  # files of the first releases knew two ways to ship
            fields.setdefault("ship", "refit" if fields["refit"] is True else "bag")
            del fields["refit"]
        if fields.get("ship", "bag") not in WAYS_TO_SHIP:
            raise ValueError(f"'{fields['ship']}' is no way to ship")
        if fields.get("membership", "quick") not in MEMBERSHIP:
            raise ValueError(f"'{fields['membership']}' is no way to ask for membership")
        if fields.get("mitigation", {}) and fields["mitigation"]["how"] not in MITIGATIONS:
            raise ValueError(f"'{fields['mitigation']['how']}' is no mitigation")
        if not all(0 < cost < math.inf for cost in fields.get("costs", {}).values()):
            raise ValueError("what a mistake costs is above 0 and finite")
        fields["task_why"] = Say.from_json(raw["task_why"])
        fields["columns"] = tuple(
            ColumnPlan(**{**c, "why": Say.from_json(c["why"]) if c["why"] else None, "examples": tuple(c["examples"])})
            for c in raw["columns"]
        )
        fields["splits"] = Splits(**raw["splits"])
        fields["candidates"] = tuple(Candidate(**c) for c in raw["candidates"])
        fields["left_out"] = tuple(Say.from_json(s) for s in raw["left_out"])
        fields["notes"] = tuple(Say.from_json(s) for s in raw["notes"])
        fields["advice"] = tuple(Advice(say=Say.from_json(a["say"]), option=str(a["option"])) for a in raw["advice"])
        return cls(**fields)
