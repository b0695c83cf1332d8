"""What has the user asked for?

Everything a person may say before training, in one frozen value. What is left open, planning decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset
from assay.kernel.errors import RequestError
from assay.kernel.memory import bytes_of
from assay.kernel.plan import MEMBERSHIP, MITIGATIONS, WAYS_TO_SHIP
from assay.kernel.plugins import spelled, task_of
from assay.kernel.words import Say, refusal

from .durations import seconds
from .named import learner_named
from .portfolio import learners_by_candidate

MINUTES = 2.0
MOST_COST = 1e6  # of a mistake of one class, where those of the others cost 1; and as little
UNNAMED = "label"  # the target where none is named: what folders tell of their files is called so


# Roles that a column may have together: rows of a person are known and kept together by one column; what is sensitive may be learnt from.
BEAR = (frozenset({"id", "group"}), frozenset({"sensitive", "feature"}))

LEAST_MEMORY = 1e6  # bytes: less is an amount without its unit


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person may decide; None or empty leaves it to the plan."""

    target: str  # may be left empty where the layout of files tells it, or the task can be learnt from rows of one answer alone
    task: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)  # --kind zip=category
    ids: tuple[str, ...] = ()
    group: str = ""
    by_name: bool = (
        True  # rows stay together where names of picture files tell that they are of one thing, and no group is named
    )
    time: str = ""
    weight: str = ""
    sensitive: tuple[str, ...] = ()
    audit_only: tuple[str, ...] = ()  # sensitive too, but looked at by the checks alone: nothing learns from them
    favourable: str = ""  # the class that favours a person, by which groups of sensitive columns are compared
    # Against gaps between groups: sex="reweight" or "thresholds".
    mitigate: Mapping[str, str] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)  # of another answer where a class is true; else 1
    drop: tuple[str, ...] = ()
    features: tuple[str, ...] = ()  # columns to use although they look like ids
    learners: tuple[str, ...] = ()  # only these; one candidate of the portfolio may be named, too
    also: tuple[str, ...] = ()  # learners that are left out unless they are named, beside the usual ones
    encoder: str = ""  # of texts or of pictures: a folder, or a name on the hub; empty takes the one of texts that a package carries
    minutes: float | None = None  # MINUTES where neither they nor trials are given
    trials: int = 0  # candidates beyond the constant guess; with them no clock is looked at
    folds: int = 0
    sealed: float | None = None  # share of rows set aside before anything is fitted; None lets the plan decide
    seed: int = 0
    level: float | None = None  # of sets, intervals and alarms; None takes the task's own
    memory: str | float = (
        ""  # most that the process may hold: "4GB", or bytes; empty takes a share of what is available
    )
    readable: bool = False  # ship the best model a person can read
    ship: str = ""  # the "bag" of fold models, one "refit" on all rows, or one "distilled" model; empty: the bag, in time the refit
    membership: str = "quick"  # who was in the training data is asked of the fold models, of refits ("standard", "deep"), or not ("none")
    privacy: float | None = None  # ε of a differentially private model (`assay.private`); None trains as usual
    delta: float | None = None  # δ beside it; None takes 1e-6
    schema: Any = (
        None  # what is declared of each column: a mapping, or the path of a JSON file (`assay.privacy.schema`)
    )
    latency: str | float = ""  # within which one row is to be answered: "5ms", "200us", or seconds

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", str(self.target))  # frames may name columns by numbers
        object.__setattr__(self, "task", spelled(self.task))
        for wish in ("learners", "also"):
            meant = (learner_named(name, learners_by_candidate()) for name in getattr(self, wish))
            object.__setattr__(self, wish, tuple(dict.fromkeys(meant)))
        if not self.target and self.task and task_of(self.task).about.of_one:
            object.__setattr__(self, "target", UNNAMED)
        object.__setattr__(self, "favourable", str(self.favourable))
        object.__setattr__(self, "costs", {str(label): float(cost) for label, cost in self.costs.items()})
        wrong = []
        if self.minutes is not None and not 0 < self.minutes <= 60 * 24 * 7:
            wrong.append(Say("planning", "wish.minutes", {"value": f"{self.minutes:g}"}))
        if not 0 <= self.trials <= 10_000:
            wrong.append(Say("planning", "wish.trials", {"value": str(self.trials)}))
        if self.trials and self.minutes is not None:
            wrong.append(Say("planning", "wish.both"))
        if self.folds != 0 and not 2 <= self.folds <= 50:
            wrong.append(Say("planning", "wish.folds", {"value": str(self.folds)}))
        if self.sealed is not None and not 0 <= self.sealed <= 0.5:
            wrong.append(Say("planning", "wish.sealed", {"value": f"{self.sealed:g}"}))
        if self.level is not None and not 0.5 <= self.level < 1:
            wrong.append(Say("planning", "wish.level", {"value": f"{self.level:g}"}))
        if self.memory != "" and (bytes_of(self.memory) or 0) < LEAST_MEMORY:
            wrong.append(Say("planning", "wish.memory", {"value": str(self.memory)}))
        if self.ship not in ("", *WAYS_TO_SHIP):
            wrong.append(Say("planning", "wish.ship", {"value": str(self.ship), "known": list(WAYS_TO_SHIP)}))
        if self.membership not in MEMBERSHIP:
            wrong.append(Say("planning", "wish.membership", {"value": str(self.membership), "known": list(MEMBERSHIP)}))
        for how in self.mitigate.values():
            if how not in MITIGATIONS:
                wrong.append(Say("planning", "wish.mitigate", {"value": str(how), "known": list(MITIGATIONS)}))
        if len(self.mitigate) > 1:
            wrong.append(Say("planning", "wish.mitigate_one", {"names": list(self.mitigate)}))
        for label, cost in self.costs.items():
            if not 1 / MOST_COST <= cost <= MOST_COST:
                within = {"least": f"{1 / MOST_COST:g}", "most": f"{MOST_COST:g}"}
                wrong.append(Say("planning", "wish.cost", {"label": label, "value": f"{cost:g}", **within}))
        if self.latency != "" and seconds(self.latency) is None:
            wrong.append(Say("planning", "wish.latency", {"value": str(self.latency)}))
        if self.latency != "" and self.trials:
            wrong.append(Say("planning", "wish.latency_trials"))
        if both := [name for name in self.audit_only if name in (*self.sensitive, *self.features)]:
            wrong.append(Say("planning", "wish.both_roles", {"names": both}))
        roles = self._roles()
        for name in dict.fromkeys(name for names in roles.values() for name in names if name and name != self.target):
            given = frozenset(role for role, names in roles.items() if name in names)
            if len(given) > 1 and given not in BEAR and not given & {"audited"}:
                asked = [Say("planning", f"role.{role}") for role in roles if role in given]
                wrong.append(Say("planning", "wish.two_roles", {"name": name, "roles": asked}))
        if self.target in self.kinds:
            wrong.append(Say("planning", "wish.kind_of_target", {"target": self.target}))
        for role, names in self._roles().items():
            if role != "target" and self.target and self.target in names:
                said = {"target": self.target, "role": Say("planning", f"role.{role}")}
                wrong.append(Say("planning", "wish.target", said))
        if wrong:
            raise refusal(RequestError, "planning", "wishes", wrong=wrong)

    def told_by(self, data: Dataset | None) -> Wishes:
        """These, with the target that the layout of files tells where none was named. Raises RequestError where it tells none."""
        if self.target:
            return self
        if data is None or data.source.target not in data:
            raise refusal(RequestError, "planning", "wishes", wrong=[Say("planning", "wish.no_target")])
        return replace(self, target=data.source.target)

    def clock(self) -> Clock:
        """The clock of the run, beginning now."""
        return Clock.still() if self.trials else Clock.start(60 * self.budget)

    @property
    def within(self) -> float:
        """Seconds within which one row is to be answered; 0 where nothing was asked."""
        return 0.0 if self.latency == "" else seconds(self.latency) or 0.0

    @property
    def budget(self) -> float:
        """Minutes; 0 where trials are counted instead."""
        return 0.0 if self.trials else MINUTES if self.minutes is None else self.minutes

    def role_of(self, name: str) -> str:
        """The role asked for a column, or nothing."""
        return next((role for role, names in self._roles().items() if name in names and name), "")

    def _roles(self) -> dict[str, tuple[str, ...]]:
        """The columns asked for, by role."""
        return {
            "target": (self.target,),
            "id": self.ids,
            "group": (self.group,),
            "time": (self.time,),
            "weight": (self.weight,),
            "sensitive": self.sensitive,
            "audited": self.audit_only,
            "dropped": self.drop,
            "feature": self.features,
        }

    def named(self) -> tuple[str, ...]:
        """Every column the user named."""
        several = (
            *self.ids,
            *self.sensitive,
            *self.audit_only,
            *self.drop,
            *self.features,
            *self.kinds,
            *self.mitigate,
        )
        single = (self.target, self.group, self.time, self.weight)
        return tuple(dict.fromkeys(name for name in (*single, *several) if name))
