"""Is a target a column of numbers?"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Column, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About
from assay.kernel.written_numbers import numbers_of, way_of

LEAST_SHARE = 0.95  # of the different cells must be numbers
LEAST_DIFFERENT = 3


def numbers_in(target: Column, about: About) -> Floats:
    """The different numbers, by size. Raises DoesNotApply, in the words `dates` and `no_numbers` of the task."""
    if target.store == "moments":
        raise DoesNotApply(about.say("tasks", "dates", target=target.name))
    cells = target.cells[~target.missing]
    if target.store == "words":
        cells = numbers_of(distinct_labels(target, most=1_000_000), way_of(target))
    known = cells[np.isfinite(cells)]
    distinct = np.unique(known)
    if len(known) < LEAST_SHARE * len(cells) or len(distinct) < LEAST_DIFFERENT:
        raise DoesNotApply(about.say("tasks", "no_numbers", target=target.name))
    return distinct
