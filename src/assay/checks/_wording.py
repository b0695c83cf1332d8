"""Do the words that are named as reasons move the answer, and how does that look in a few texts?

For some rows the words that pull hardest towards the answer are taken out of their text, and then as many others drawn at random: where
reasons are true, the first moves the answer further (deletion; Samek et al. 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.findings import Measure
from assay.kernel.plugins import Evidence, TextReasons, modality_of
from assay.kernel.rng import stream
from assay.stats.tests import mean_above

LEAST = 12  # texts asked at least for a verdict
SHARE = 0.2  # of the words of a text that are taken out
FEWEST = 5  # words below which a text is not asked


@dataclass(frozen=True, eq=False)
class Worded:
    """One row, its words, and the column of the scores its answer stands on with the sign that speaks for it."""

    row: int
    reasons: TextReasons
    column: int
    sign: float

    @property
    def pulls(self) -> Floats:
        """Pull of each word towards the answer given: [m]."""
        return np.asarray(self.reasons.pulls[:, self.column] * self.sign)


@dataclass(frozen=True)
class Taken:
    """How far answers move when the words named are taken out, and when as many others are."""

    named: float
    others: float
    n: int
    p_value: float

    def measures(self) -> list[Measure]:
        """For the finding."""
        said = {"moved_by_words": self.named, "moved_by_other_words": self.others, "p_value_words": self.p_value}
        return [Measure(name=name, value=value, n=self.n) for name, value in said.items()]


def worded(evidence: Evidence, data: Dataset, rows: Ints, folds: Ints, scores: Floats) -> list[Worded]:
    """The words of the texts of some rows, as far as the time allows; `rows` are places in `data` and `scores`."""
    found: list[Worded] = []
    for row in rows.tolist():
        if evidence.clock.expired():
            break
        answer = evidence.task.answers(scores[row : row + 1])[0]
        top = int(evidence.codec.weighed(answer).argmax()) if evidence.codec.labels else 0
        single = scores.shape[1] == 1
        sign = -1.0 if single and evidence.codec.labels and top == 0 else 1.0
        for reasons in evidence.model.words(data.take(np.asarray([row])), int(folds[row])):
            if len(reasons.starts) >= FEWEST:
                found.append(Worded(row, reasons, 0 if single else top, sign))
    return found


def taken_out(evidence: Evidence, data: Dataset, words: Sequence[Worded], folds: Ints) -> Taken | None:
    """The deletion test on words; None with too few texts."""
    if len(words) < LEAST:
        return None
    rng = stream(evidence.seed, "words taken out")
    named, others = [], []
    for one in words:
        k = max(1, round(SHARE * len(one.pulls)))
        order = np.argsort(-one.pulls, kind="stable")
        rest = order[k:]
        lots = rng.choice(rest, min(k, len(rest)), replace=False)
        gone = [_without(one.reasons, some) for some in (order[:k], lots)]
        row = data.take(np.zeros(3, dtype=np.int64) + one.row)
        name = one.reasons.part
        opened = modality_of(row[name].kind).open(Column.of_words(name, [one.reasons.text, *gone])).column
        column = replace(opened, kind=row[name].kind, role=row[name].role)
        scores = evidence.model.scores(row.having(column), np.full(3, folds[one.row]))[:, one.column] * one.sign
        named.append(float(scores[0] - scores[1]))
        others.append(float(scores[0] - scores[2]))
        if evidence.clock.expired():
            break
    if len(named) < LEAST:
        return None
    first, second = np.asarray(named), np.asarray(others)
    return Taken(float(first.mean()), float(second.mean()), len(first), mean_above(first - second, 0.0))


def _without(reasons: TextReasons, words: Ints) -> str:
    """The text without some of its words."""
    keep = np.ones(len(reasons.text), dtype=bool)
    for word in words:
        keep[reasons.starts[word] : reasons.stops[word]] = False
    return "".join(letter for letter, kept in zip(reasons.text, keep.tolist(), strict=True) if kept)
