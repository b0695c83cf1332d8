"""Which columns does the model go by most, and about how many rows can it be asked in the time?

Measured rows, each asked of the models that did not learn from it, and the columns in the order of their pull on a few of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.labels import counted
from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say

from ._blocks import blocks
from ._pulled import first_rows

TIMED = 60  # rows that are asked about first
LEAST_PULLED = 8  # rows whose pulls say which columns come first
MORE = 4  # times as many are asked about, to tell what asking costs from what each row does
SECONDS = 8.0


@dataclass(frozen=True, eq=False)
class Ranked:
    """Some of the measured rows, in no order, and the columns that pull on them, the strongest first."""

    evidence: Evidence
    names: tuple[str, ...]
    per_call: float  # seconds of asking at all, beside those of each row
    per_row: float
    seconds: float  # that may be spent
    rows: Ints

    @classmethod
    def of(cls, evidence: Evidence, most: int, owner: str, slow: Say) -> Ranked:
        """At most so many rows, and what it takes to ask about one. Raises DoesNotApply where asking for the pulls of a few takes all the time."""
        rows = stream(evidence.seed, owner).permutation(evidence.n)[:most]
        clock = evidence.clock
        seconds = min(SECONDS, 0.8 * clock.remaining())
        some = rows[: first_rows(evidence.scores.shape[1], LEAST_PULLED)]
        data, folds = evidence.data.take(some), _folds(evidence, some)
        pulls = np.abs(evidence.model.contributions(data, folds)[:, :-1]).mean(axis=(0, 2))
        if clock.expired():
            raise DoesNotApply("too slow", say=slow)
        order = [j for j in np.argsort(-pulls, kind="stable").tolist() if pulls[j] > 0]
        few, more = rows[:TIMED], rows[: TIMED * MORE]
        spent = [_timed(evidence, few), _timed(evidence, more)]
        per_row = spent[1] / len(more)
        if len(more) > 2 * len(few):
            per_row = max(0.1 * per_row, (spent[1] - spent[0]) / (len(more) - len(few)))
        per_call = max(0.0, spent[1] - per_row * len(more))
        parts = evidence.model.parts
        names = tuple(parts[j] for j in order if parts[j] in evidence.data)
        return cls(evidence, names, per_call, per_row, seconds, rows)

    def affordable(self, asks: float, calls: float, beside: int = 0) -> int:
        """Rows that can be asked about so many times in so many calls, beside others that are asked about as often."""
        left, each = self.seconds - calls * self.per_call, self.per_row * max(asks, 1e-9)
        if left >= each * (len(self.rows) + beside):
            return len(self.rows)
        return max(0, int(left / each) - beside)

    def taken(self, rows: int) -> Asked:
        """The first of the rows."""
        places = self.rows[:rows]
        data = self.evidence.data.take(places)
        return Asked(self.evidence, data, places, _folds(self.evidence, places), blocks(self.evidence, data))


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows to be asked about."""

    evidence: Evidence
    data: Dataset
    places: Ints  # among the measured rows
    folds: Ints  # whose models answer for each row
    blocks: Ints

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.places)

    def scores(self, data: Dataset, rows: Ints | None = None, model: int = -1) -> Floats:
        """Raw scores of a table with as many rows, or with those at `rows`: each by the models of its own fold, or all by those of one."""
        folds = self.folds if rows is None else self.folds[rows]
        return self.evidence.model.scores(data, folds if model < 0 else np.full(len(folds), model))


def spoken(evidence: Evidence) -> tuple[int, str]:
    """The class that is spoken of: the one said to favour a person, of two the one that is looked for, of more the most frequent."""
    labels = evidence.codec.labels
    if not labels:
        return 0, ""
    if evidence.plan.favourable in labels:
        place = labels.index(evidence.plan.favourable)
    else:
        two = len(labels) == 2 and evidence.y.ndim == 1
        place = evidence.codec.event if two else int(counted(evidence.y, len(labels)).argmax())
    return place, labels[place]


def _timed(evidence: Evidence, rows: Ints) -> float:
    """Seconds that the scores of some rows take."""
    data, folds = evidence.data.take(rows), _folds(evidence, rows)
    timer = evidence.clock.slice(evidence.clock.remaining())
    evidence.model.scores(data, folds)
    return timer.spent()


def _folds(evidence: Evidence, rows: Ints) -> Ints:
    """Where all models saw none of the rows they take turns, so that their spread is known."""
    return rows % evidence.model.folds if evidence.folds is None else evidence.folds[rows]
