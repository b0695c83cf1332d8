"""Is a target a column of numbers?"""

from __future__ import annotations

import re

import numpy as np

from assay.kernel.data import Column, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About
from assay.kernel.written_numbers import numbers_of, way_of

LEAST_SHARE = 0.95  # of the different cells must be numbers
LEAST_OF_CELLS = 0.8  # or of the cells, where the numbers are many
MOST_NUMBERED = 20  # whole numbers up to here may be class codes
LEAST_DIFFERENT = 3
CODE = re.compile(r"0\d+|[A-Za-z]+[-_ ]?\d+\w*|\d+[-_ ]?[A-Za-z]\w*")  # 007, A1 and 12B name things


def numbers_in(target: Column, about: About) -> Floats:
    """The different numbers, by size. Raises DoesNotApply, in the words `dates` and `no_numbers` of the task."""
    if target.store == "moments":
        raise DoesNotApply(about.say("tasks", "dates", target=target.name))
    cells = target.cells[~target.missing]
    if target.store == "words":
        cells = numbers_of(distinct_labels(target, most=1_000_000), way_of(target, asked=True))
    known = cells[np.isfinite(cells)]
    distinct = np.unique(known)
    least = LEAST_SHARE if target.store == "words" else LEAST_OF_CELLS  # of numbers only what has no end is none
    lacking = len(known) < least * len(cells) and not mostly_numbers(target)
    if lacking or len(distinct) < LEAST_DIFFERENT:
        raise DoesNotApply(about.say("tasks", "no_numbers", target=target.name))
    return distinct


def mostly_numbers(target: Column) -> bool:
    """Whether words are many different numbers with a few other words among them (缺考, inf, #DIV/0!), and no codes (A1 beside 12).

    >>> scores = [str(i / 2) for i in range(40)]
    >>> mostly_numbers(Column.of_words("y", [*scores, "absent"])), mostly_numbers(Column.of_words("y", ["7", "8", "absent"]))
    (True, False)
    """
    if target.levels is None:
        return False
    levels = [str(level) for level in target.levels]
    numbers = numbers_of(levels, way_of(target, asked=True))  # as many times are amounts: a wait of 00:42:10
    counts = np.bincount(target.cells[target.cells >= 0], minlength=len(levels))
    read = np.isfinite(numbers)
    shared = counts[read].sum() >= LEAST_OF_CELLS * counts.sum()
    if not shared or len(np.unique(numbers[read & (counts > 0)])) <= MOST_NUMBERED:
        return False
    whole = bool((numbers[read] == np.floor(numbers[read])).all())
    return not (whole and any(CODE.fullmatch(level) for level in levels))
