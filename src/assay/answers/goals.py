"""Which answer is wished for instead, and how far is a row from it?

Another class, a class that is named, or a value above, below or within a range. How far is told on the raw score, on which effects nearly
add up: above 0 a row has the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Floats, plain_number
from assay.kernel.errors import Part, RequestError
from assay.kernel.forms import Head
from assay.kernel.hints import did_you_mean, listing
from assay.kernel.plugins import Codec
from assay.kernel.words import Say, refusal

from .answer import Answer

OWNER = "explainers/counterfactual"
NUMBER = r"[-−+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
BOUND = re.compile(rf"\s*(>=|>|≥|<=|<|≤)\s*({NUMBER})\s*")
RANGE = re.compile(rf"\s*({NUMBER})\s*\.\.\s*({NUMBER})\s*")


@dataclass(frozen=True)
class ClassGoal:
    """Another class than the present one, or the one that is named."""

    codec: Codec
    now: str
    label: str = ""  # "" for any other

    def reach(self, scores: Floats) -> Floats:
        """How far raw scores [n, w] lie beyond the border, in log-odds against the strongest other class [n]."""
        scores = self.codec.shifted(scores)
        if scores.shape[1] == 1:
            return np.asarray(scores[:, 0] if self.labels.index(self.label or self.other) == 1 else -scores[:, 0])
        place = self.labels.index(self.label or self.now)
        margin = scores[:, place] - np.delete(scores, place, axis=1).max(axis=1)
        return np.asarray(margin if self.label else -margin)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes in order."""
        return self.codec.labels

    @property
    def other(self) -> str:
        """The other of two classes; of more, the first that is another."""
        return next(label for label in self.labels if label != self.now)

    def holds(self, answer: Answer) -> bool:
        """Whether an answer is the wished one."""
        return answer.answer == self.label if self.label else answer.answer != self.now

    def said(self) -> Say:
        """The goal in words."""
        if self.label or len(self.labels) == 2:
            return Say(OWNER, "goal_class", {"label": self.label or self.other})
        return Say(OWNER, "goal_another", {"label": self.now})


@dataclass(frozen=True)
class RangeGoal:
    """A value from `low` to `high`; either may be infinite."""

    low: float
    high: float
    values: Callable[[Floats], Floats]  # raw scores [n, w] → answers [n, 1]

    def reach(self, scores: Floats) -> Floats:
        """How far within the range the values of raw scores [n, w] lie, in the unit of the value [n]."""
        value = self.values(scores)[:, 0]
        return np.asarray(np.minimum(value - self.low, self.high - value))

    def holds(self, answer: Answer) -> bool:
        """Whether an answer is within the range."""
        value = answer.answer if answer.value is None else answer.value
        return isinstance(value, float) and self.low <= value <= self.high

    def said(self) -> Say:
        """The goal in words."""
        if np.isinf(self.high):
            return Say(OWNER, "goal_above", {"low": plain_number(self.low)})
        if np.isinf(self.low):
            return Say(OWNER, "goal_below", {"high": plain_number(self.high)})
        return Say(OWNER, "goal_range", {"low": plain_number(self.low), "high": plain_number(self.high)})


def goal_of(
    to: str, now: object, codec: Codec, head: Head, values: Callable[[Floats], Floats]
) -> ClassGoal | RangeGoal:
    """The goal that `to` names for a row that is answered `now`. Raises RequestError where it names none, or for an answer of several labels, boxes or oddness."""
    if not isinstance(now, Answer) or head.name == "flags":
        raise refusal(RequestError, "explainers/counterfactual", "not_for")
    labels = codec.labels
    if labels:
        if to and to not in labels:
            hint: Part = did_you_mean(to, labels) or ""
            raise refusal(RequestError, "answers", "no_class", expected=hint, label=to, labels=listing(labels))
        return ClassGoal(codec, str(now.answer), to)
    if not to:
        raise refusal(RequestError, "explainers/counterfactual", "no_goal")
    if to in codec.names:  # from halfway to the grade below to halfway to the one above
        ends = [-np.inf, *(np.asarray(codec.scale[:-1]) + np.diff(codec.scale) / 2), np.inf]
        place = codec.names.index(to)
        return RangeGoal(float(ends[place]), float(ends[place + 1]), values)
    if found := BOUND.fullmatch(to):
        bound = _number(found[2])
        low, high = (bound, np.inf) if found[1] in (">=", ">", "≥") else (-np.inf, bound)
        return RangeGoal(low, high, values)
    if (found := RANGE.fullmatch(to)) and _number(found[1]) < _number(found[2]):
        return RangeGoal(_number(found[1]), _number(found[2]), values)
    raise refusal(RequestError, "explainers/counterfactual", "bad_goal", to=to)


def _number(text: str) -> float:
    return float(text.replace("−", "-"))
