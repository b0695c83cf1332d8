"""Which boxes are to be told, so that a stated share of the things is among them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

from .found_boxes import as_answers, found_at, there, views
from .splitting import turns


@dataclass(frozen=True, eq=False)
class BoxSets:
    """The least probability with which a box is told, so that a stated share of the things in a picture is found on average.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei & Schuster 2024) of the share that is missed, over pictures in which there
    is something. `kept` says whether the promise can be kept: where too many things are not found by any box, none can.
    """

    threshold: float
    kept: bool

    def __call__(self, answers: Floats) -> Bools:
        """Which boxes of answers [n, 6 m], probabilities in place of log-odds, are told: [n, m]."""
        return np.asarray((views(answers)[:, :, 0] >= self.threshold) & there(answers))


def fit_sets(scores: Floats, y: Floats, level: float) -> BoxSets:
    """The greatest threshold that keeps the promise for one more picture."""
    at = found_at(scores, y)
    things = (~np.isnan(at)).sum(axis=1)
    some = things > 0
    n = int(some.sum())
    odds = at[some][~np.isnan(at[some])]
    each = np.repeat(1.0 / things[some], things[some])
    order = np.argsort(odds, kind="stable")
    odds, each = odds[order], each[order]
    missed = np.concatenate([[0.0], np.cumsum(each)])  # of things below each place
    allowed = (1.0 - level) * (n + 1) - 1.0
    place = int(np.searchsorted(missed, allowed + 1e-12, side="right")) - 1  # things that may be missed
    if place < 0 or place >= len(odds) or not np.isfinite(odds[place]):
        return BoxSets(0.0, False)
    return BoxSets(float(0.5 + 0.5 * np.tanh(0.5 * odds[place])), True)


def cross_sets(scores: Floats, y: Floats, parts: Ints, level: float, forward: bool = False) -> Bools:
    """Which boxes are told [n, m], by thresholds learnt on the other parts, or on the earlier ones (`splitting.turns`)."""
    out = np.zeros(there(scores).shape, dtype=bool)
    answers = as_answers(scores)
    for held, rest in turns(parts, forward):
        out[held] = fit_sets(scores[rest], y[rest], level)(answers[held])
    return out
