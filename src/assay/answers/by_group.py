"""Which class is answered where each group has a threshold of its own, and which rows are refused?

A row whose cell is missing, or names a group that training did not see, has no threshold: it is refused rather than answered by another
group's, or by one that nobody asked for. What knows of one threshold alone (smallest changes, reason codes) is refused too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DataError, RequestError
from assay.kernel.hints import listing
from assay.kernel.words import Say, refusal
from assay.stats.group_thresholds import GroupThresholds

SHOWN = 3
FLOOR = 1e-9  # of a probability whose log-odds are told


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


def unit_of(thresholds: GroupThresholds, row: Dataset, labels: tuple[str, ...], label: str) -> Say:
    """What the score of a label is counted in, and from where on the one row is answered by it."""
    column = row[thresholds.column]
    limit = float(np.clip(thresholds.of(column)[0], FLOOR, 1 - FLOOR))
    border = math.log(limit / (1 - limit)) * (1 if label == labels[thresholds.favoured] else -1)
    text = column.texts()[0]
    said = {"label": label, "column": column.name, "cell": "–" if text is None else str(text), "border": border}
    return Say("answers", "unit_group", said)


def one_threshold(thresholds: GroupThresholds | None, what: str) -> None:
    """Raises RequestError where groups have thresholds, and what is asked for knows one for all."""
    if thresholds is not None:
        said: dict[str, Any] = {"column": thresholds.column, "what": Say("answers", f"what.{what}")}
        raise refusal(RequestError, "answers", "of_thresholds", **said)
