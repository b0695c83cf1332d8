"""Do reasons stay as they are when there was nothing to learn?

The pipeline is refitted to shuffled answers a few times (Adebayo et al. 2018), and in rows that neither model learnt from the parts, or the words of
a text, are put in the order of how hard they pull, once by each. Where the orders are the same whatever was learnt, reasons tell of the
data. Refits differ more from one another than rows do, so the interval is Student's over refits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Dataset, Floats
from assay.kernel.findings import Measure
from assay.kernel.plugins import Evidence, ModelView
from assay.kernel.rng import stream
from assay.stats.order import rank_correlation
from assay.stats.pulls import sizes

from ._texts import read_as_text

LEVEL = 0.95
REFITS, LEAST_REFITS = 6, 3
ROWS, TEXTS = 60, 12  # of each refit
LEAST_PARTS, LEAST_WORDS = 4, 5  # fewer can be put in few orders only


@dataclass(frozen=True)
class Unlike:
    """The mean rank correlation of how hard parts, or words, pull with how hard they do where answers were shuffled: -1 to 1."""

    mean: float
    low: float
    high: float
    refits: int
    rows: int
    words: bool
    share: float  # of the blend that was refitted, at least
    error: str  # of a member that could not be

    def measures(self) -> list[Measure]:
        """For the finding."""
        said = {"low": self.low, "high": self.high, "level": LEVEL, "n": self.rows, "better": "lower"}
        return [Measure(name="likeness_when_unlearnt", value=self.mean, **said)]  # type: ignore[arg-type]


def unlike(evidence: Evidence) -> Unlike | None:
    """The test, as far as the time allows; None where it cannot be put."""
    if evidence.unlearnt is None:
        return None
    texts = any(read_as_text(evidence.data[part]) for part in evidence.model.parts if part in evidence.data)
    if not texts and len(evidence.model.parts) < LEAST_PARTS:
        return None
    of = of_words if texts else of_parts
    means, rows, share, error = list[float](), 0, 1.0, ""
    for number in range(LEAST_REFITS if evidence.clock.stands else REFITS):
        pair = evidence.unlearnt(number, evidence.clock)
        if pair is None or (evidence.clock.expired() and len(means) >= LEAST_REFITS):
            break
        mine = np.arange(evidence.n) if evidence.folds is None else np.flatnonzero(evidence.folds == pair.fold)
        some = stream(evidence.seed, "unlearnt", "rows", number).permutation(mine)[: TEXTS if texts else ROWS]
        found = of(pair.learnt, pair.noise, evidence.data.take(some), evidence.y.ndim == 1)
        if len(found):
            means.append(float(found.mean()))
            rows, share, error = rows + len(found), min(share, pair.share), error or pair.error
    if len(means) < LEAST_REFITS:
        return None
    from scipy.special import stdtrit

    mean, k = float(np.mean(means)), len(means)
    half = float(stdtrit(k - 1, (1 + LEVEL) / 2)) * float(np.std(means, ddof=1)) / k**0.5
    return Unlike(mean, max(-1.0, mean - half), min(1.0, mean + half), k, rows, texts, share, error)


def of_parts(learnt: ModelView, noise: ModelView, data: Dataset, shared: bool) -> Floats:
    """Rank correlation of each row [n] of how hard its parts pull."""
    both = [sizes(model.contributions(data)[:, :-1], shared) for model in (learnt, noise)]  # [n, parts] each
    return np.asarray([rank_correlation(a, b) for a, b in zip(*both, strict=True)])


def of_words(learnt: ModelView, noise: ModelView, data: Dataset, shared: bool) -> Floats:
    """The same of the words of each text."""
    out = []
    for row in range(data.rows):
        one = data.take(np.asarray([row]))
        for a, b in zip(learnt.words(one), noise.words(one), strict=True):
            if len(a.pulls) >= LEAST_WORDS:
                out.append(rank_correlation(sizes(a.pulls, shared), sizes(b.pulls, shared)))
    return np.asarray(out)
