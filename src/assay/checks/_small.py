"""What does a small model score when rows are kept apart in one way, and what in another?

A few small trees, the same for both ways, on at most a few thousand rows: not to be good, but to be compared. The
learning sides are equally large, so that only the way of keeping apart differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.forms import Batch, Head, Vector
from assay.kernel.plugins import Evidence, modality_of
from assay.kernel.rng import stream
from assay.stats.heads import guess
from assay.stats.scores import probabilities
from assay.stats.splitting import grouped_folds, random_folds

ROWS = 8_000
LEAST_ROWS = 120
ROUNDS = 40
BLOCKS = 4  # of the time line; the first is only learnt from
PIECES = 8  # of each later block: their means are what is tested
PARAMETERS: dict[str, Any] = {
    "learning_rate": 0.15,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "max_bin": 63,
    "lambda_l2": 1.0,
    "cat_smooth": 10.0,
    "seed": 1,
    "num_threads": 1,  # so little work is slower when shared out
}


@dataclass(frozen=True)
class Gap:
    """Mean loss the easy way and the strict way, the relative rise, its interval and the p-value that it is one."""

    easy: float
    strict: float
    rise: float  # (strict - easy) / easy
    low: float
    high: float
    p: float
    n: int


@dataclass(frozen=True, eq=False)
class Small:
    """A table ready for small models: vector, target, and what the target means."""

    vector: Vector
    y: NDArray[Any]
    evidence: Evidence
    seed: int = 0
    flag: bool = False  # y is one label of several that a row may bear

    def losses(self, train: Ints, test: Ints) -> Floats:
        """Squared error of values, or of probabilities (Brier 1950), per test row [m]."""
        from assay.trees.grow import grow

        task, codec = self.evidence.task, self.evidence.codec
        head: Head = Head.classes(2) if self.flag else task.head(codec)
        learnt = Batch({"vector": self.vector.take(train)}, self.y[train])
        if self.vector.features:
            grown = grow(learnt, None, head, PARAMETERS, ROUNDS, 0, Clock.start())
            scores = grown.forest.scores(self.vector.values[test])
        else:
            scores = np.tile(guess(head, self.y[train], None), (len(test), 1))
        answers = probabilities(scores) if self.flag else task.answers(scores)
        if not codec.labels:
            return np.asarray((answers[:, 0] - self.y[test]) ** 2)
        hot = np.zeros_like(answers)
        hot[np.arange(len(test)), self.y[test]] = 1.0
        return np.asarray(((answers - hot) ** 2).sum(axis=1))


def small(evidence: Evidence, table: Dataset, names: tuple[str, ...]) -> Small:
    """Some opened rows as arrays; columns of words, nearly all different, are left away unless they are read as text."""
    vector = vector_of(table, names, stream(evidence.seed, "small model"))
    y = evidence.task.encode(table[evidence.plan.target], evidence.codec)
    if flag := y.ndim > 1:  # the label that most rows are in doubt about stands for all
        y = y[:, int(np.abs(y.mean(axis=0) - 0.5).argmin())]
    return Small(vector, y, evidence, evidence.seed, flag)


def vector_of(table: Dataset, names: tuple[str, ...], rng: np.random.Generator) -> Vector:
    """Some opened columns as arrays; those of words, nearly all different, are left away unless they are read as text."""
    parts = []
    for name in names:
        column = table[name]
        modality = modality_of(column.kind)
        names_things = column.levels is not None and "texts" not in modality.about.gives
        if names_things and len(np.unique(column.cells)) > 0.5 * table.rows:
            continue
        parts.append(modality.learn(column, rng).vector(column))
    return Vector.beside(parts, table.rows)


def forward_gap(model: Small) -> Gap:
    """Random rows against forward in time; the rows of `model` stand in the order of time."""
    n = len(model.y)
    rng = stream(model.seed, "forward")
    block = np.arange(n) * BLOCKS // n
    easy, strict, piece = [], [], []
    for i in range(1, BLOCKS):
        test, before = np.flatnonzero(block == i), np.flatnonzero(block < i)
        loss = np.empty(len(test))
        half = rng.permutation(len(test)) % 2
        for side in (0, 1):
            others = np.setdiff1d(np.arange(n), test[half == side])
            drawn = np.sort(rng.choice(others, min(len(before), len(others)), replace=False))
            loss[half == side] = model.losses(drawn, test[half == side])
        easy.append(loss)
        strict.append(model.losses(before, test))
        piece.append(i * PIECES + np.arange(len(test)) * PIECES // len(test))
    return _gap(np.concatenate(easy), np.concatenate(strict), np.concatenate(piece))


def grouped_gap(model: Small, groups: Ints, folds: int = 4) -> Gap:
    """Random rows against whole groups kept apart."""
    rng = stream(model.seed, "grouped")
    strata = np.zeros(len(model.y), dtype=np.int64)
    found = []
    for fold in (random_folds(strata, folds, rng), grouped_folds(groups, strata, folds, rng)):
        loss = np.empty(len(model.y))
        for i in range(folds):
            loss[fold == i] = model.losses(np.flatnonzero(fold != i), np.flatnonzero(fold == i))
        found.append(loss)
    return _gap(found[0], found[1], groups)


def _gap(easy: Floats, strict: Floats, piece: Ints) -> Gap:
    """Student's test on the totals of pieces: rows of one piece may be alike (a ratio estimate, Cochran 1977)."""
    from scipy.special import stdtr, stdtrit

    _, member = np.unique(piece, return_inverse=True)
    base = float(easy.mean())
    if base <= 0:
        return Gap(base, float(strict.mean()), 0.0, 0.0, 0.0, 1.0, len(easy))
    rise = float((strict - easy).mean()) / base
    left = np.bincount(member, weights=strict - easy - rise * easy)
    m = len(left)
    error = float(np.sqrt((left**2).sum() * m / max(1, m - 1))) / (base * len(easy))
    if error == 0.0 or m < 3:
        return Gap(base, float(strict.mean()), rise, rise, rise, 1.0, len(easy))
    p = float(stdtr(m - 1, -rise / error))
    half = float(stdtrit(m - 1, 0.975)) * error
    return Gap(base, float(strict.mean()), rise, rise - half, rise + half, p, len(easy))
