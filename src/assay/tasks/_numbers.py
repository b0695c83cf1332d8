"""Is a target a column of numbers?"""

from __future__ import annotations

from math import isfinite

import numpy as np

from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About
from assay.kernel.written_numbers import written_number

LEAST_SHARE = 0.95  # of the different cells must be numbers
LEAST_DIFFERENT = 3


def numbers_in(target: Column, about: About) -> int:
    """How many different numbers. Raises DoesNotApply, in the words `dates` and `no_numbers` of the task."""
    if target.store == "moments":
        raise DoesNotApply(about.say("tasks", "dates", target=target.name))
    if target.store == "numbers":
        distinct, share = len(np.unique(target.cells[~target.missing])), 1.0
    else:
        labels = distinct_labels(target, most=1_000_000)
        distinct = len(labels)
        share = sum(isfinite(written_number(label)) for label in labels) / max(1, distinct)
    if share < LEAST_SHARE or distinct < LEAST_DIFFERENT:
        raise DoesNotApply(about.say("tasks", "no_numbers", target=target.name))
    return distinct
