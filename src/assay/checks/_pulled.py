"""How hard does each part pull on some of the measured rows, and do the pulls add up?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.findings import Measure
from assay.kernel.plugins import Evidence
from assay.stats.pulls import centred

MOST_ROWS, CHUNK_ROWS, FIRST_ROWS, LEAST_ROWS = 2_000, 250, 60, 30
FIRST_PULLS = 1_200  # of each column: what a row's pulls cost grows with its outputs


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the measured rows, the pulls on them, and their scores."""

    data: Dataset
    folds: Ints
    rows: Ints  # places among the measured rows
    pulls: Floats  # [m, parts, w], centred over classes where there are several
    scores: Floats  # [m, w]
    off: float  # largest difference of the sum of pulls from the score, relative

    def measure(self) -> Measure:
        """How well the pulls add up, for the finding."""
        return Measure(name="adds_up_within", value=self.off, n=len(self.rows), better="lower")


def first_rows(outputs: int, least: int) -> int:
    """Rows whose pulls are asked whatever the clock says: FIRST_ROWS, fewer where outputs are many.

    >>> first_rows(2, 8), first_rows(100, 8), first_rows(1000, 8)
    (60, 12, 8)
    """
    return max(least, min(FIRST_ROWS, FIRST_PULLS // outputs))


def sample_of(evidence: Evidence, rng: np.random.Generator) -> Sample | None:
    """As many rows, at most MOST_ROWS, as half of the time allows; None where there is time for none.

    They are asked in chunks, the first one small, the next as large as the pace of the last allows.
    """
    clock, places = evidence.clock, rng.permutation(evidence.n)[:MOST_ROWS]
    budget, found, done = clock.slice(0.5 * clock.remaining()), list[Sample](), 0
    chunk = first_rows(evidence.scores.shape[1], LEAST_ROWS)
    while done < len(places) and not budget.expired() and (chunk >= LEAST_ROWS or not found):
        timer = clock.slice(clock.remaining())
        found.append(_pulled(evidence, places[done : done + chunk]))
        pace = timer.spent() / len(found[-1].rows)  # the first is slowed by what is done once; later ones correct it
        done += len(found[-1].rows)
        chunk = int(min(CHUNK_ROWS, budget.remaining() / max(pace, 1e-9)))
    if not found:
        return None
    rows, pulls, scores = (np.concatenate([getattr(s, k) for s in found]) for k in ("rows", "pulls", "scores"))
    return Sample(evidence.data.take(rows), folds_of(evidence, rows), rows, pulls, scores, max(s.off for s in found))


def _pulled(evidence: Evidence, rows: Ints) -> Sample:
    data, folds = evidence.data.take(rows), folds_of(evidence, rows)
    found, scores = evidence.model.contributions(data, folds), evidence.model.scores(data, folds)
    scale = np.maximum(1.0, np.maximum(np.abs(scores), np.abs(found).sum(axis=1)))
    off = float((np.abs(found.sum(axis=1) - scores) / scale).max(initial=0.0))
    return Sample(
        data, folds, rows, centred(found[:, :-1], evidence.y.ndim == 1), scores, off if np.isfinite(off) else 1.0
    )


def folds_of(evidence: Evidence, rows: Ints) -> Ints:
    """Which fold model answers for each row. Where all of them saw none of the rows they take turns.

    The pulls of the whole model are the mean of theirs, so taking turns estimates the same at a fraction of the time.
    """
    return rows % evidence.model.folds if evidence.folds is None else evidence.folds[rows]
