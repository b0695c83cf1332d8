"""How are candidates weighed and mixed, under each head?

Raw scores that are numbers of one kind are mixed by their weighted mean, with weights found by stacking. Boxes have no mean: what several
fold models found is fused, and of candidates the one with the least loss is taken, each calibrated first, as how sure a detector is of
itself says little of how well it finds. Oddness has mostly no rows that would tell whose is better, since only good ones are known: every
candidate counts alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats
from assay.kernel.plugins import Task
from assay.stats import blending, calibration, fusion


def weights_of(
    task: Task, scores: list[Floats], y: NDArray[Any], w: Floats | None, losses: Callable[..., Floats], steps: int = 50
) -> Floats:
    """Weights [candidates] that sum to one, of raw scores [n, w] each, on rows they never saw."""
    if head_of(task) == "oddness":
        return np.full(len(scores), 1.0 / len(scores))
    if head_of(task) == "boxes":
        if len(scores) == 1:
            return np.ones(1)
        means = [float(np.average(losses(calibration.fit_boxes(s, y, w)(s), y), weights=w)) for s in scores]
        return np.asarray(np.eye(len(scores))[int(np.argmin(means))])
    return blending.stacked(scores, y, w, losses, steps)


def mixed(head: str, scores: Sequence[Floats], weights: Sequence[float] | Floats) -> Floats:
    """What raw scores [n, w] come to together under the head of this name; those of weight zero are not touched."""
    if head == "boxes":
        used = [(s, float(v)) for s, v in zip(scores, weights, strict=True) if v > 0]
        return fusion.fused([s for s, _ in used], [v for _, v in used])
    return blending.mixed(list(scores), np.asarray(weights))


def head_of(task: Task) -> str:
    """The name of the head that a task asks for."""
    return task.about.gives[0]
