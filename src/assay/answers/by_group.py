"""Which class is answered where each group has a threshold of its own, and which rows are refused?

A row whose cell is missing, or names a group that training did not see, has no threshold: it is refused rather than answered by another
group's, or by one that nobody asked for. What knows of one threshold alone (smallest changes, reason codes) is refused too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DataError, RequestError
from assay.kernel.hints import listing
from assay.kernel.words import Say, refusal
from assay.stats.group_thresholds import GroupThresholds

SHOWN = 3


def chosen(thresholds: GroupThresholds | None, p: Floats, data: Dataset, labels: tuple[str, ...]) -> Ints | None:
    """The place of the label of each row [n] by probabilities [n, 2]; None where there are no thresholds of groups.

    Raises DataError that counts the rows of no known group.
    """
    if thresholds is None:
        return None
    column = data[thresholds.column]
    found, unknown = thresholds.chosen(p, column)
    if not unknown.any():
        return found
    rows = np.flatnonzero(unknown)
    cells = ["–" if text is None else f"'{text}'" for text in column.take(rows[:1000]).texts()]
    said: dict[str, Any] = {"n": len(rows), "name": data.source.name, "column": column.name}
    said |= {"examples": listing(list(dict.fromkeys(cells)), SHOWN), "label": labels[thresholds.favoured]}
    raise refusal(DataError, "answers", "no_group", **said)


def one_threshold(thresholds: GroupThresholds | None, what: str) -> None:
    """Raises RequestError where groups have thresholds, and what is asked for knows one for all."""
    if thresholds is not None:
        said: dict[str, Any] = {"column": thresholds.column, "what": Say("answers", f"what.{what}")}
        raise refusal(RequestError, "answers", "of_thresholds", **said)
