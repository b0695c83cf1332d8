"""Can a small model tell new rows from those of training?

A classifier two-sample test (Lopez-Paz & Oquab 2017): a few small trees learn on one half of both which rows are new, and are asked about
the other half, and the other way round. Where rows come from one distribution, those asked about are as well told apart by lot: the area
under the curve is a half, and Mann and Whitney's (1947) test says how far it strays by chance. Each half is a test by itself; the surer of
the two stands, times two (Bonferroni).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.forms import Batch, Head, Vector
from assay.kernel.plugins import Evidence
from assay.kernel.rng import stream

from ._small import PARAMETERS, ROUNDS, vector_of

MOST_ROWS = 4_000  # of each side
LEAST_ROWS = 60


@dataclass(frozen=True)
class Apart:
    """How well new rows are told from those of training: 0.5 is not at all."""

    auc: float
    low: float
    high: float
    p: float
    n: int


def apart(evidence: Evidence, training: Dataset, names: tuple[str, ...]) -> Apart | None:
    """The test on columns that both tables have; None with too few rows or columns. Rows of one group stay on one side."""
    from assay.trees.grow import grow

    names = tuple(name for name in names if name in training and name in evidence.data)
    rng = stream(evidence.seed, "told apart")
    sides = [_some(table, rng) for table in (training, evidence.data)]
    if min(side.rows for side in sides) < LEAST_ROWS or not names:
        return None
    both = Dataset(tuple(sides[0][name].followed_by(sides[1][name]) for name in names))
    vector: Vector = vector_of(both, names, rng)
    if not vector.features:
        return None
    new = np.repeat([0, 1], [side.rows for side in sides]).astype(np.int64)
    half = _halves(evidence, sides, rng)
    found = []
    for part in (0, 1):
        learnt, asked = np.flatnonzero(half == part), np.flatnonzero(half != part)
        batch = Batch({"vector": vector.take(learnt)}, new[learnt])
        grown = grow(batch, None, Head.classes(2), PARAMETERS, ROUNDS, 0, Clock.start())
        found.append(area(grown.forest.scores(vector.values[asked])[:, 0], new[asked]))
    auc = float(np.mean([area for area, _, _ in found]))
    error = float(np.sqrt(np.mean([spread**2 for _, spread, _ in found]) / 2))
    p = min(1.0, 2 * min(p for _, _, p in found))
    return Apart(auc, max(0.0, auc - 1.96 * error), min(1.0, auc + 1.96 * error), p, len(new))


def _some(table: Dataset, rng: np.random.Generator) -> Dataset:
    if table.rows <= MOST_ROWS:
        return table
    return table.take(np.sort(rng.permutation(table.rows)[:MOST_ROWS]))


def _halves(evidence: Evidence, sides: list[Dataset], rng: np.random.Generator) -> Ints:
    """Which half each row is in: by lot, and rows of one group in the same."""
    name = evidence.plan.splits.group
    rows = sum(side.rows for side in sides)
    if not name or any(name not in side for side in sides):
        return rng.permutation(rows) % 2
    codes = sides[0][name].as_words().followed_by(sides[1][name].as_words()).cells
    _, group = np.unique(codes, return_inverse=True)
    return np.asarray((rng.permutation(int(group.max()) + 1) % 2)[group])


def area(scores: Floats, new: Ints) -> tuple[float, float, float]:
    """Area under the curve, its standard error (DeLong et al. 1988), and Mann and Whitney's one-sided p-value that it is above a half."""
    from scipy.special import ndtr
    from scipy.stats import rankdata

    a, b = scores[new == 1], scores[new == 0]
    m, n = len(a), len(b)
    if min(m, n) < 2:
        return 0.5, 0.5, 1.0
    ranks = rankdata(np.concatenate([a, b]))
    area = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    _, ties = np.unique(ranks, return_counts=True)
    total = m + n
    spread = np.sqrt((total + 1 - (ties**3 - ties).sum() / (total * (total - 1))) / (12 * m * n))
    p = float(ndtr(-(area - 0.5) / spread)) if spread > 0 else 1.0
    above, below = (ranks[:m] - rankdata(a)) / n, 1 - (ranks[m:] - rankdata(b)) / m
    return area, float(np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n)), p
