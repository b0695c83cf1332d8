"""What must a task be able to do: what does the target mean?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..data import Column, Floats, Ints
from ..forms import Head
from ..hints import unknown
from ..shelf import shelf
from .about import About
from .modalities import Claim


@dataclass(frozen=True, kw_only=True)
class Codec:
    """How answers are written: class labels in order (empty for a value), as the training file wrote them."""

    labels: tuple[str, ...] = ()
    scale: tuple[float, ...] = ()  # the grades in order, where a value is told as the nearest of them
    names: tuple[str, ...] = ()  # of the grades, where they are words
    most: int = 0  # boxes of one answer
    event: int = 1  # of two classes the one that is looked for: "yes", the larger number, or else the rarer one
    costs: tuple[float, ...] = ()  # of another answer where each class is true; empty: every mistake costs the same

    def costing(self, costs: Mapping[str, float]) -> Codec:
        """The same, where another answer than these classes costs so much, and a mistake of any other class 1.

        >>> Codec(labels=("good", "fraud")).costing({"fraud": 20.0}).costs
        (1.0, 20.0)
        """
        return replace(self, costs=tuple(float(costs.get(label, 1.0)) for label in self.labels)) if costs else self

    def weighed(self, p: Floats) -> Floats:
        """Probabilities [n, k] times costs: the largest of a row is the answer of least expected cost (Elkan 2001).

        >>> codec = Codec(labels=("good", "fraud"), costs=(1.0, 20.0))
        >>> codec.weighed(np.array([[0.94, 0.06], [0.96, 0.04]])).argmax(axis=1).tolist()
        [1, 0]
        """
        return p * np.asarray(self.costs) if self.costs else p

    def shifted(self, scores: Floats) -> Floats:
        """Raw scores of classes [n, w] plus the logarithms of costs: beyond a border of 0 lies what is answered.

        >>> Codec(labels=("good", "fraud"), costs=(1.0, 20.0)).shifted(np.log([[1 / 20]])).round(9).tolist()
        [[0.0]]
        """
        if not self.costs:
            return scores
        away = np.log(self.costs)
        return scores + (away if scores.shape[1] > 1 else away[1] - away[0])

    @property
    def grades(self) -> tuple[str | float, ...]:
        """What stands for each grade of the scale in an answer: its name, or itself."""
        return self.names or self.scale


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named figure of merit: `of(scores [n, w], y [n], weight [n] or None)`; NaN where undefined."""

    key: str
    better: str  # "higher" or "lower"
    of: Callable[[Floats, NDArray[Any], Floats | None], float]
    unit: str = ""  # "share", "target" (the target's own unit), ""


class Task(Protocol):
    """What the target means.

    A task that can be asked for in several ways has a field `variant`, the part of its key after a colon: `task_of`.
    """

    about: About

    def recognise(self, target: Column) -> Claim:
        """How well this task fits an opened target. Raises DoesNotApply."""
        ...

    def kind(self) -> str:
        """The modality that opens the target."""
        ...

    def codec(self, target: Column) -> Codec:
        """Learn how answers are written. Raises DataError where nothing can be learnt (one class, constant)."""
        ...

    def encode(self, target: Column, codec: Codec) -> NDArray[Any]:
        """Targets as numbers [n]: class indices (int64), values (float64), 0 and 1 a label [n, k], or boxes [n, m, 5] (float64).

        Missing or unknown is -1 or NaN.
        """
        ...

    def head(self, codec: Codec) -> Head:
        """What a learner must give."""
        ...

    def losses(self, scores: Floats, y: NDArray[Any]) -> Floats:
        """Per-row loss of raw scores [n, w]: float64 [n]. The primitive of all measurement."""
        ...

    def answers(self, scores: Floats) -> Floats:
        """Raw scores [n, w] as people read them: probabilities [n, k], values [n, 1], or boxes with their probabilities [n, w]."""
        ...

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Figures of merit, the primary one first."""
        ...

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """The raw score of the best constant guess: [w]."""
        ...

    def strata(self, y: NDArray[Any]) -> Ints:
        """Group number of each row for stratified folds: int64 [n]."""
        ...


@runtime_checkable
class AnswersOneRow(Task, Protocol):
    """A task that says the answers of one row without an array."""

    def answers_one(self, scores: list[float]) -> list[float]:
        """`answers` of one row of raw scores [w], to the bit: [k]."""
        ...


@runtime_checkable
class SuitsTarget(Task, Protocol):
    """A task that finds out its variant from the target's cells where the person named none."""

    def suited(self, target: Column) -> Task:
        """The task in the variant that a raw target calls for. Raises RequestError where that cannot be told."""
        ...


@runtime_checkable
class LeavesOut(Task, Protocol):
    """What a task may do beside: leave out parts of a known answer that training never saw, rather than the row."""

    def left_out(self, target: Column, codec: Codec) -> Mapping[str, int]:
        """How many parts of each unknown label `encode` leaves out of an opened target."""
        ...


def task_of(key: str) -> Task:
    """The task of a key, in its variant: `task_of("quantile:0.9")`. Raises UnknownKey, and RequestError for a variant of no sense."""
    name, _, variant = key.partition(":")
    plugin = shelf("tasks").get(name)
    if variant and not hasattr(plugin, "variant"):
        raise unknown("tasks", key, shelf("tasks").keys())
    task: Task = plugin(variant) if variant else plugin()
    return task


def spelled(asked: str) -> str:
    """The key of the task that the field knows by another name: "regression" is "value". What is a key, no task, or may be several, stays.

    >>> spelled("regression"), spelled("count"), spelled("classification"), spelled("riddle")
    ('value', 'count', 'classification', 'riddle')
    """
    room = shelf("tasks")
    if not asked or asked.partition(":")[0] in room.keys():
        return asked
    found = [key for key in room.keys() if asked in room.get(key).about.also]
    return found[0] if len(found) == 1 else asked


def key_of(task: Task) -> str:
    """The key that `task_of` finds the task by, variant included."""
    variant = getattr(task, "variant", "")
    return f"{task.about.key}:{variant}" if variant else task.about.key
