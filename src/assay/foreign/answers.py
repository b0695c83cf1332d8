"""Are these answers, and which raw scores are they?

Probabilities become log-odds or logarithms, values stay as they are. What is no probability, or too many or too few of
them, is refused with what was seen; a name that no class bears is a row without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from ..kernel.errors import DataError, Part, RequestError
from ..kernel.forms import PLAIN, Head
from ..kernel.hints import listing
from ..kernel.plugins import Codec, Task
from ..kernel.words import Say, refusal
from ..stats.scores import scores_of
from .door import Known, Reply

# A name without a probability is taken as sure at most, and above the chance of all at least by.
SURE, UNSURE = 0.99, 0.01
FLOOR = 1e-9  # of probabilities
SLACK, SUM_SLACK = 1e-6, 1e-3  # of a probability, and of their sum


@dataclass(frozen=True)
class Wanted:
    """Which answers are wanted: those of a head, for these labels in order."""

    head: Head
    labels: tuple[str, ...]
    width: int
    sure: float = SURE  # what a name without a probability stands for

    @classmethod
    def of(cls, task: Task, codec: Codec) -> Wanted:
        """Raises RequestError for a task whose answers no door gives."""
        head = task.head(codec)
        if head.name not in PLAIN:
            raise refusal(RequestError, "foreign", "no_task", task=task.about.say("tasks", "title"))
        return cls(head, codec.labels, head.width)


def scored(reply: Reply, wanted: Wanted, known: Known, rows: int) -> tuple[Floats, dict[int, Part], bool]:
    """Raw scores [n, w], rows that have none and why, and whether the answers were names without probabilities.

    Raises DataError where there are too many or too few answers, or they are no probabilities.
    """
    found = np.asarray(reply.answers)
    if found.ndim not in (1, 2) or len(found) != rows:
        shape = " × ".join(map(str, found.shape)) or "1"
        raise refusal(DataError, "foreign", "rows", name=known.name, shape=shape, n=rows)
    if found.dtype.kind in "OUS":
        return _of_names(found.reshape(rows, -1)[:, 0], wanted)
    numbers = np.asarray(found, dtype=np.float64).reshape(rows, -1)
    bad = _no_numbers(numbers)
    if wanted.head.name in ("classes", "flags"):
        return _of_shares(numbers, reply.labels or known.labels, wanted, known, bad)
    if numbers.shape[1] != 1:
        raise refusal(DataError, "foreign", "one_number", name=known.name, k=numbers.shape[1])
    if wanted.head.name == "counts":
        with np.errstate(invalid="ignore"):
            for row in np.flatnonzero(numbers[:, 0] < 0):
                bad[int(row)] = Say("foreign", "why.negative")
            return np.log(np.maximum(numbers, FLOOR)), bad, False
    return numbers, bad, False


def as_sure_as_right(top: Ints, y: Ints, wanted: Wanted) -> tuple[Floats, Wanted]:
    """Raw scores of names without probabilities, each as sure as names are right on these rows; and that, for what is asked later.

    top : the class that was named [n]. One figure for all keeps the class that was named on top.
    """
    k = len(wanted.labels)
    share = (float((top == y).sum()) + 1.0) / (len(y) + 2.0)
    sure = min(max(share, 1 / k + UNSURE), SURE)
    p = np.full((len(y), k), (1 - sure) / (k - 1))
    p[np.arange(len(y)), top] = sure
    return scores_of(p, FLOOR), replace(wanted, sure=sure)


def _no_numbers(numbers: Floats) -> dict[int, Part]:
    rows = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    return {int(row): Say("foreign", "why.no_number") for row in rows}


def _of_shares(
    numbers: Floats, told: tuple[str, ...], wanted: Wanted, known: Known, bad: dict[int, Part]
) -> tuple[Floats, dict[int, Part], bool]:
    labels, k = wanted.labels, numbers.shape[1]
    fine = np.ones(len(numbers), dtype=bool)
    fine[list(bad)] = False
    if k == 1 and len(labels) == 2 and wanted.head.name == "classes":
        numbers, told = np.hstack([1.0 - numbers, numbers]), labels  # the probability of the last class
    elif k != len(told or labels):
        raise refusal(
            DataError,
            "foreign",
            "outputs",
            name=known.name,
            k=k,
            n=len(told or labels),
            labels=listing(told or labels, 12),
        )
    order = [(told or labels).index(label) for label in labels]
    p = numbers[:, order]
    off = fine & ((p < -SLACK) | (p > 1 + SLACK)).any(axis=1)
    if wanted.head.name == "classes":
        off |= fine & (np.abs(np.where(fine[:, None], numbers, 0.0).sum(axis=1) - 1.0) > SUM_SLACK)
    if off.any():
        row = int(np.flatnonzero(off)[0])
        seen = ", ".join(f"{value:.4g}" for value in numbers[row][:6])
        raise refusal(DataError, "foreign", "no_shares", name=known.name, seen=seen, n=int(off.sum()), all=len(p))
    if wanted.head.name == "flags":
        q = np.clip(p, FLOOR, 1 - FLOOR)
        return np.log(q) - np.log1p(-q), bad, False
    hard = bool(fine.any() and np.isin(p[fine], (0.0, 1.0)).all())
    if hard:
        p = np.where(p == 1.0, wanted.sure, (1 - wanted.sure) / (len(labels) - 1))
    return scores_of(p, FLOOR), bad, hard


def _of_names(found: NDArray[np.object_], wanted: Wanted) -> tuple[Floats, dict[int, Part], bool]:
    """Names of classes; each is taken to be sure by `SURE`."""
    bad: dict[int, Part] = {}
    if wanted.head.name != "classes":
        numbers = np.full((len(found), wanted.width), np.nan)
        return (
            numbers,
            {row: Say("foreign", "why.name", {"said": str(said)[:60]}) for row, said in enumerate(found)},
            False,
        )
    p = np.full((len(found), len(wanted.labels)), (1 - wanted.sure) / (len(wanted.labels) - 1))
    for row, said in enumerate(found):
        text = written(said)
        if text in wanted.labels:
            p[row, wanted.labels.index(text)] = wanted.sure
        else:
            bad[row] = Say("foreign", "why.other", {"said": text[:60]})
    return scores_of(p, FLOOR), bad, True


def written(label: object) -> str:
    """A label as a table would write it.

    >>> written(1.0), written(True), written("yes")
    ('1', 'True', 'yes')
    """
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if isinstance(label, float | np.floating) and float(label) == int(label):
        return str(int(label))
    return str(label)
