"""Which rows err together, and is the model better than one guess for all of them?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.kernel.data import Dataset, Ints
from assay.kernel.plugins import Evidence
from assay.stats.clusters import blocks_of
from assay.stats.metrics import standard_error


def blocks(evidence: Evidence, data: Dataset | None = None, parts: Sequence[str] | None = None) -> Ints:
    """Number of the group that each measured row belongs to [n], or each of some other rows.

    parts : columns whose exact copies belong together where nothing else does; None for those of the model
    """
    splits = evidence.plan.splits
    rows = evidence.data if data is None else data
    return blocks_of(rows, splits.group, splits.time, evidence.model.parts if parts is None else parts, splits.both)


def beats(evidence: Evidence, errors: float) -> bool:
    """Whether the mean loss lies below that of one guess for all by more than so many standard errors."""
    gain = evidence.task.losses(evidence.constant, evidence.y) - evidence.losses()
    error = standard_error(gain, evidence.weight, blocks(evidence))
    return float(np.average(gain, weights=evidence.weight)) > errors * error
