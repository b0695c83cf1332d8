"""From how odd a score on is an alarm raised, and how unusual is a score among good ones?

Split conformal (Vovk, Gammerman & Shafer 2005; Laxhammar & Falkman 2010 for anomalies): scores of good ones that no model had learnt from
stand for those to come. An alarm is raised beyond so many of them that a good one raises it with a probability of 1 - level at most. That
needs 1 / (1 - level) good ones, less one: 99 for one in a hundred. With fewer, the largest of them is the threshold, and the promise is
one in n + 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

from .conformal import quantile_up

MOST = 2_000  # scores of good ones that are kept, evenly drawn from their order


def needed(level: float) -> int:
    """How many good ones it takes to keep a level.

    >>> needed(0.99), needed(0.9)
    (99, 9)
    """
    return int(np.ceil(1.0 / (1.0 - level) - 1.0 - 1e-9))


def threshold(good: Floats, level: float) -> float:
    """The score that a good one exceeds with a probability of 1 - level at most, as far as so many can tell."""
    if not len(good):
        return 0.0
    found = quantile_up(good, level)
    return found if np.isfinite(found) else float(good.max())


@dataclass(frozen=True, eq=False)
class GoodScores:
    """Scores of good ones [m], in order, calibrated so that alarms begin above 0."""

    scores: Floats
    of: int  # how many good ones they were drawn from

    @classmethod
    def learn(cls, scores: Floats, y: Ints) -> GoodScores:
        """From calibrated scores [n, 1] of rows that the models never saw, and whether they are odd [n]."""
        good = np.sort(scores[y == 0, 0])
        some = np.unique(np.linspace(0, max(0, len(good) - 1), min(MOST, len(good))).round().astype(np.int64))
        return cls(good[some], len(good))

    def __call__(self, answers: Floats) -> Bools:
        """Alarms [n, 1] of answers [n, 2]."""
        return np.asarray(answers[:, 1:] > 0.5)

    def p_values(self, scores: Floats) -> Floats:
        """Share of good ones that look at least so odd, itself counted among them: [n] of calibrated scores [n]."""
        if not len(self.scores):
            return np.ones(len(scores))
        beyond = len(self.scores) - np.searchsorted(self.scores, scores, side="left")
        share = beyond / len(self.scores)
        return np.asarray((1.0 + share * self.of) / (1.0 + self.of))
