"""What has the user asked for?

Everything a person may say before training, in one frozen value. What is left open, planning decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.kernel.errors import RequestError


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a person may decide; None or empty leaves it to the plan."""

    target: str
    task: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)  # --kind zip=category
    ids: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    weight: str = ""
    sensitive: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    features: tuple[str, ...] = ()  # columns to use although they look like ids
    learners: tuple[str, ...] = ()  # only these
    minutes: float = 2.0
    folds: int = 0
    seed: int = 0
    level: float = 0.9
    readable: bool = False  # ship the best model a person can read

    def __post_init__(self) -> None:
        wrong = []
        if not 0 < self.minutes <= 60 * 24 * 7:
            wrong.append(f"minutes is {self.minutes:g}; it must be above 0 and at most a week")
        if self.folds != 0 and not 2 <= self.folds <= 50:
            wrong.append(f"folds is {self.folds}; it must be from 2 to 50")
        if not 0.5 <= self.level < 1:
            wrong.append(f"level is {self.level:g}; it must be from 0.5 to below 1")
        roles = {
            "to be dropped": self.drop,
            "an id": self.ids,
            "the group": (self.group,),
            "the time": (self.time,),
            "the weight": (self.weight,),
            "sensitive": self.sensitive,
            "a feature": self.features,
        }
        taken = [role for role, names in roles.items() if self.target and self.target in names]
        wrong += [f"'{self.target}' is both the target and {role}" for role in taken]
        if wrong:
            raise RequestError("The request cannot be met.", "; ".join(wrong) + ".", "Change it and try again.")

    def role_of(self, name: str) -> str:
        """The role asked for a column, or nothing."""
        asked = {
            "target": (self.target,),
            "id": self.ids,
            "group": (self.group,),
            "time": (self.time,),
            "weight": (self.weight,),
            "sensitive": self.sensitive,
            "dropped": self.drop,
            "feature": self.features,
        }
        return next((role for role, names in asked.items() if name in names and name), "")

    def named(self) -> tuple[str, ...]:
        """Every column the user named."""
        several = (*self.ids, *self.sensitive, *self.drop, *self.features, *self.kinds)
        single = (self.target, self.group, self.time, self.weight)
        return tuple(dict.fromkeys(name for name in (*single, *several) if name))
