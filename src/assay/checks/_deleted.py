"""Do answers move more when the parts named strongest are replaced than when as many others are (Samek et al. 2017)?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream
from assay.stats.pulls import centred
from assay.stats.tests import mean_above

from ._pulled import Sample


@dataclass(frozen=True)
class Deleted:
    """How far answers move when the strongest parts are replaced, and when as many others are."""

    named: float
    others: float
    parts: int
    p_value: float


def deletion(evidence: Evidence, sample: Sample, size: Floats) -> Deleted | None:
    """Replace the parts named strongest for each row, then as many of the others, by those of another row."""
    m, d = size.shape
    rng = stream(evidence.seed, "reasons", "deletion")
    k = int(np.clip(d // 4, 1, 5))
    donor = (np.arange(m) + rng.integers(1, m)) % m
    place = np.argsort(np.argsort(-size, axis=1, kind="stable"), axis=1)  # 0 is the strongest
    named = _moved(evidence, sample, place < k, donor)
    if evidence.clock.expired():
        return None
    lots = np.where(place < k, np.inf, rng.random((m, d)))
    others = np.argsort(np.argsort(lots, axis=1), axis=1) < min(k, d - k)
    moved = _moved(evidence, sample, others, donor)
    p_value = mean_above(named - moved, 0.0)
    return Deleted(float(named.mean()), float(moved.mean()), k, p_value)


def _moved(evidence: Evidence, sample: Sample, replaced: Bools, donor: Ints) -> Floats:
    """How far each row's score moves when its `replaced` cells [m, parts] are those of the donor row: [m]."""
    here = np.arange(len(donor))
    columns = [
        sample.data[part].take(np.where(replaced[:, j], donor, here)) for j, part in enumerate(evidence.model.parts)
    ]
    scores = evidence.model.scores(sample.data.having(*columns), sample.folds)
    return np.asarray(np.abs(centred(scores - sample.scores, evidence.y.ndim == 1)).mean(axis=1))
