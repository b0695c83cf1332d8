"""In which unit does a network learn its target, and how much does each row count?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Head
from assay.stats.heads import guess, targets


@dataclass(frozen=True, eq=False)
class Unit:
    """How the target is brought to middle 0 and spread 1, and back."""

    centre: Floats  # [w]
    scale: float

    @classmethod
    def of(cls, batch: Batch, head: Head) -> Unit:
        """Weighted mean and spread of a value or a quantile's, logarithm of the mean of counts; nothing to be done for classes and flags."""
        if head.name in ("classes", "flags"):
            return cls(np.zeros(head.width), 1.0)
        y = np.asarray(batch.y, dtype=np.float64)
        weight = weight_of(batch)
        if head.name == "counts":
            return cls(guess(head, y, weight), 1.0)
        mean = float(np.average(y, weights=weight))
        spread = float(np.sqrt(np.average((y - mean) ** 2, weights=weight)))
        return cls(np.asarray([mean]), spread or 1.0)

    def targets(self, batch: Batch, head: Head) -> NDArray[np.float32]:
        """What a network should answer, in its unit: [n, w]."""
        assert batch.y is not None
        target = targets(head, batch.y)
        if head.name in ("value", "quantiles"):
            target = (target - self.centre) / self.scale
        elif head.name == "counts":
            target = target / np.exp(self.centre)
        return target.astype(np.float32)


def weight_of(batch: Batch) -> Floats:
    """Weights of the rows; all alike where none counts."""
    if batch.weight is None or not np.any(batch.weight):
        return np.ones(batch.rows)
    return np.asarray(batch.weight, dtype=np.float64)
