"""What do raw scores mean under each head: which loss do they have, what do they answer, which one guess is best?

Learners, tasks and contracts share these figures, so that each is written once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats
from assay.kernel.forms import Head

from . import found_boxes
from .scores import class_losses, count_losses, counts, flag_losses, flags, no_boxes, probabilities, quantile_losses


def losses(head: Head, scores: Floats, y: NDArray[Any]) -> Floats:
    """Loss of each row [n] of raw scores [n, w]: squared error, pinball loss, log-loss (summed over flags), or half the Poisson deviance; of boxes LRP."""
    if head.name == "value":
        return np.asarray((scores[:, 0] - y) ** 2)
    if head.name == "quantiles":
        return quantile_losses(scores, y, head.level)
    if head.name == "counts":
        return count_losses(scores, np.asarray(y, dtype=np.float64))
    if head.name == "flags":
        return flag_losses(scores, y)
    if head.name == "boxes":
        return found_boxes.losses(scores, y)
    return class_losses(scores, np.asarray(y, dtype=np.int64))


def guess(head: Head, y: NDArray[Any], weight: Floats | None) -> Floats:
    """The raw score [w] of the best constant; to classes half an imagined row each is added, to no events half a one."""
    if head.name == "value":
        return np.asarray([np.average(y, weights=weight)])
    if head.name == "quantiles":
        return np.asarray([quantile(y, head.level, weight)])
    if head.name == "counts":
        return np.log([max(float(np.average(y, weights=weight)), 0.5 / len(y))])
    if head.name == "flags":
        w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        held = w @ np.asarray(y, dtype=np.float64)
        return np.asarray(np.log(held + 0.5) - np.log(w.sum() - held + 0.5))
    if head.name == "oddness":
        w = np.ones(len(y)) if weight is None else weight
        return np.log([(float(w[y == 1].sum()) + 0.5) / (float(w[y == 0].sum()) + 0.5)])
    if head.name == "boxes":
        return np.asarray(no_boxes(1, head.most)[0])
    share = np.bincount(y, weights=weight, minlength=head.classes_) + 0.5
    logs = np.log(share / share.sum())
    return np.asarray(logs[1:] - logs[:1] if head.width == 1 else logs)


def quantile(y: NDArray[Any], level: float, weight: Floats | None) -> float:
    """The least value that a share `level` of the weight does not exceed; no constant has a smaller pinball loss.

    >>> quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.5, None)
    2.0
    """
    order = np.argsort(y, kind="stable")
    reached = np.cumsum(np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)[order])
    place = int(np.searchsorted(reached, level * reached[-1] * (1 - 1e-12)))
    return float(y[order[min(place, len(y) - 1)]])


def targets(head: Head, y: NDArray[Any]) -> Floats:
    """What answers should have been: values, counts, or shares of classes [n, w]."""
    if head.name == "flags":
        return np.asarray(y, dtype=np.float64)
    if head.name != "classes":
        return np.asarray(y, dtype=np.float64).reshape(-1, 1)
    if head.width == 1:
        return np.asarray(y == 1, dtype=np.float64).reshape(-1, 1)
    return np.asarray(np.eye(head.classes_)[y])


def answers(head: Head, scores: Floats) -> Floats:
    """Raw scores on the scale of `targets`: [n, w]."""
    if head.name in ("value", "quantiles"):
        return scores
    if head.name == "counts":
        return counts(scores)
    if head.name == "flags":
        return flags(scores)
    return probabilities(scores)[:, -head.width :]
