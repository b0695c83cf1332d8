"""Which loss do the model's own probabilities expect?

If they mean what they say, a row's expected loss is that of each answer, weighted by its probability (the entropy, for the log-loss).
On new rows it is told without their answers: a model that is asked about harder rows knows it. It does not know when the answers to
the same rows have changed: then the loss that comes of it is another, and only labels tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats
from assay.kernel.plugins import Codec, Task

from .profile import Expected

FEW = 10  # classes up to which each is asked about
TRIED = 200  # rows that tell whether a loss of many classes is the log-loss


def expected_losses(task: Task, codec: Codec, scores: Floats) -> Floats | None:
    """Loss that the probabilities of each row expect [n], from raw scores [n, w]; None for a task without probabilities."""
    head = task.head(codec).name
    if head == "classes":
        p = task.answers(scores)
        if p.shape[1] <= FEW:
            return _each_weighed(task, scores, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            entropy = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
        # Asked of all rows it takes as long as the square of the classes.
        told = _each_weighed(task, scores[:TRIED], p[:TRIED])
        return entropy if np.allclose(told, entropy[:TRIED], rtol=1e-6) else _each_weighed(task, scores, p)
    if head == "flags":  # the labels of a row are told each by itself, and its loss is the sum of theirs
        p = np.clip(task.answers(scores), 1e-12, 1 - 1e-12)
        return np.asarray(-(p * np.log(p) + (1 - p) * np.log1p(-p)).sum(axis=1))
    return None


def _each_weighed(task: Task, scores: Floats, p: Floats) -> Floats:
    """The loss of each class weighted by its probability: [n]."""
    each = [task.losses(scores, np.full(len(p), k, dtype=np.int64)) for k in range(p.shape[1])]
    return np.asarray((p * np.column_stack(each)).sum(axis=1))


def expectation(task: Task, codec: Codec, scores: Floats, y: NDArray[Any]) -> Expected | None:
    """What was expected of rows with raw scores [n, w] and answers y, and what came of it; None without probabilities."""
    found = expected_losses(task, codec, scores)
    if found is None or not len(found):
        return None
    actual = float(task.losses(scores, y).mean())
    return Expected(float(found.mean()), float(found.std()), actual, len(found))
