"""Which rows err together, and is the model better than one guess for all of them?"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Ints
from assay.kernel.plugins import Evidence
from assay.stats.clusters import blocks_of
from assay.stats.metrics import standard_error


def blocks(evidence: Evidence) -> Ints:
    """Number of the group that each measured row belongs to [n]."""
    return blocks_of(evidence.data, evidence.plan.splits.group, evidence.model.parts)


def beats(evidence: Evidence, errors: float) -> bool:
    """Whether the mean loss lies below that of one guess for all by more than so many standard errors."""
    gain = evidence.task.losses(evidence.constant, evidence.y) - evidence.losses()
    error = standard_error(gain, evidence.weight, blocks(evidence))
    return float(np.average(gain, weights=evidence.weight)) > errors * error
