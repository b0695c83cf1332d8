"""What is each part worth: how much does the loss rise when its column is shuffled (Breiman 2001)?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream

from ._pulled import FIRST_ROWS, LEAST_ROWS, MOST_ROWS, folds_of


@dataclass(frozen=True)
class Shuffled:
    """How much the loss rises when a part is shuffled."""

    part: str
    rise: float
    low: float
    high: float


def shuffling(evidence: Evidence, asked: list[int]) -> list[Shuffled]:
    """The rise of the loss when one part is shuffled, with a normal interval over rows. Cheaper to ask than pulls."""
    rows = stream(evidence.seed, "reasons", "shuffle").permutation(evidence.n)[:MOST_ROWS]
    clock, out = evidence.clock, list[Shuffled]()
    if clock.expired():
        return out
    timer, few = clock.slice(clock.remaining()), rows[:FIRST_ROWS]
    evidence.model.scores(evidence.data.take(few), folds_of(evidence, few))
    pace = timer.spent() / len(few)
    rows = rows[: int(min(len(rows), clock.remaining() / max(2 * pace, 1e-9)))]  # time for one part, and without it
    if len(rows) < LEAST_ROWS:
        return out
    data, folds, task, y = evidence.data.take(rows), folds_of(evidence, rows), evidence.task, evidence.y[rows]
    weight = np.ones(len(y)) if evidence.weight is None else evidence.weight[rows]
    slowest = 0.0
    before = task.losses(evidence.model.scores(data, folds), y)
    for j in asked:
        if clock.remaining() <= 1.5 * slowest or clock.expired():
            break
        timer = clock.slice(clock.remaining())
        part = evidence.model.parts[j]
        order = stream(evidence.seed, "reasons", "shuffle", part).permutation(len(y))
        column = replace(data[part], cells=data[part].cells[order])
        rise = task.losses(evidence.model.scores(data.having(column), folds), y) - before
        mean = float(np.average(rise, weights=weight))
        error = float(np.sqrt((weight**2 * (rise - mean) ** 2).sum()) / weight.sum())
        out.append(Shuffled(part, mean, mean - 1.96 * error, mean + 1.96 * error))
        slowest = max(slowest, timer.spent())
    return out
