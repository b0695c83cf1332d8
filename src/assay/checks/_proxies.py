"""Which columns give away what group a row is of, and what becomes of the answers if only the sensitive column were another?

A column alone: the share of each group in each of its bins (texts: a few small trees), learnt on one half of the rows, asked of the other, both
ways; all columns together: a few small trees. Told is the area under the curve (Mann & Whitney 1947), a half where nothing is given
away. Of rows of one block one is asked: a person that comes ten times would be known again. Pictures are asked in neither way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.forms import Batch, Head
from assay.kernel.plugins import Evidence, ShowsCells, modality_of
from assay.kernel.rng import stream
from assay.stats import leaks
from assay.stats.scores import probabilities

from ._apart import area
from ._small import PARAMETERS, ROUNDS, vector_of
from ._texts import read_as_text

MOST_ROWS = 4_000
LEAST_ROWS = 60  # of both halves together
LEAST_OF_A_GROUP = 20
MOST_GROUPS = 6  # the largest
MOST_COLUMNS = 200
PULLED, ALTERED = 300, 2_000  # rows whose pulls are looked at; rows that are asked about again


@dataclass(frozen=True)
class Told:
    """How well one group is told from all others by a column; `name` is "" for all columns together."""

    name: str
    group: int
    auc: float
    low: float
    high: float
    p: float
    n: int


@dataclass(frozen=True, eq=False)
class Asked:
    """What was asked of one sensitive column, the group best told first for each column, and who was left out."""

    alone: tuple[Told, ...]  # every column and group
    together: tuple[Told, ...]  # every group
    passed: tuple[str, ...]  # columns that were not asked


def proxies(evidence: Evidence, name: str, code: Ints, blocks: Ints, names: Sequence[str]) -> Asked | None:
    """Every column, and all together, on the group of each row (`code`, below 0 is none); None with too few rows."""
    rng = stream(evidence.seed, "proxies", name)
    rows = _strangers(np.flatnonzero(code >= 0), blocks, rng)
    count = np.bincount(code[rows], minlength=int(code.max()) + 1)
    groups = [int(g) for g in np.argsort(-count, kind="stable")[:MOST_GROUPS] if count[g] >= LEAST_OF_A_GROUP]
    if len(rows) < LEAST_ROWS or len(groups) < 2:
        return None
    asked = groups[1:] if len(groups) == 2 and len(count) == 2 else groups  # of two, who is not one is the other
    data, own = evidence.data.take(rows), code[rows]
    half = rng.permutation(len(rows)) % 2
    shown = tuple(n for n in names if isinstance(modality_of(data[n].kind), ShowsCells))
    plain = [n for n in names if n not in shown][:MOST_COLUMNS]
    together = [] if evidence.clock.expired() else _trees("", data, tuple(plain), own, asked, half, rng)
    alone: list[Told] = []
    for place, column in enumerate(plain):
        if evidence.clock.expired():
            return Asked(tuple(alone), tuple(together), (*shown, *plain[place:]))
        if read_as_text(data[column]):
            alone += _trees(column, data, (column,), own, asked, half, rng)
        else:
            alone += _by_bins(data[column], own, asked, half)
    return Asked(tuple(alone), tuple(together), (*shown, *[n for n in names if n not in shown][MOST_COLUMNS:]))


def _strangers(rows: Ints, blocks: Ints, rng: np.random.Generator) -> Ints:
    """At most MOST_ROWS rows, one of each block."""
    mixed = rng.permutation(rows)
    _, first = np.unique(blocks[mixed], return_index=True)
    return np.sort(mixed[np.sort(first)][:MOST_ROWS])


def _by_bins(column: Column, own: Ints, groups: Sequence[int], half: Ints) -> list[Told]:
    bins = leaks.binned(column, int(np.clip(len(own) // 80, 8, leaks.BINS)))
    size = int(bins.max()) + 1
    found = []
    for g in groups:
        scores = np.empty(len(own))
        for part in (0, 1):
            learnt = half == part
            base = float((own[learnt] == g).mean())
            hits = np.bincount(bins[learnt], weights=own[learnt] == g, minlength=size)
            share = (hits + 2 * base) / (np.bincount(bins[learnt], minlength=size) + 2)
            scores[~learnt] = share[bins[~learnt]]
        found.append(_told(column.name, g, scores, own == g, half))
    return found


def _trees(
    name: str,
    data: Dataset,
    names: tuple[str, ...],
    own: Ints,
    groups: Sequence[int],
    half: Ints,
    rng: np.random.Generator,
) -> list[Told]:
    from assay.trees.grow import grow

    vector = vector_of(data, names, rng)
    if not vector.features:
        return []
    place, y = np.unique(own, return_inverse=True)
    scores = np.empty((len(own), len(place)))
    for part in (0, 1):
        learnt, asked = np.flatnonzero(half == part), np.flatnonzero(half != part)
        batch = Batch({"vector": vector.take(learnt)}, y[learnt].astype(np.int64))
        grown = grow(batch, None, Head.classes(len(place)), PARAMETERS, ROUNDS, 0, Clock.start())
        scores[asked] = probabilities(grown.forest.scores(vector.values[asked]))
    return [_told(name, g, scores[:, int(np.searchsorted(place, g))], own == g, half) for g in groups]


def _told(name: str, group: int, scores: Floats, there: Bools, half: Ints) -> Told:
    """Each half is a test by itself; the surer of the two stands, times two (Bonferroni)."""
    found = [area(scores[half == part], there[half == part].astype(np.int64)) for part in (0, 1)]
    auc = float(np.mean([one for one, _, _ in found]))
    error = float(np.sqrt(np.mean([spread**2 for _, spread, _ in found]) / 2))
    p = min(1.0, 2 * min(one for _, _, one in found))
    return Told(name, group, auc, max(0.0, auc - 1.96 * error), min(1.0, auc + 1.96 * error), p, len(scores))


# ---------------------------------------------------------------------------------------------------- what is used


def pulls(evidence: Evidence) -> dict[str, float]:
    """Share of each column in what moves the answers, over some rows; empty where the time is up."""
    if evidence.clock.expired():
        return {}
    some = np.sort(stream(evidence.seed, "fairness pulls").permutation(evidence.n)[:PULLED])
    folds = None if evidence.folds is None else evidence.folds[some]
    found = evidence.model.contributions(evidence.data.take(some), folds)[:, :-1]
    size = np.abs(found - found.mean(axis=0)).mean(axis=(0, 2))
    total = float(size.sum())
    return {name: float(v) / total if total > 0 else 0.0 for name, v in zip(evidence.model.parts, size, strict=True)}


@dataclass(frozen=True, eq=False)
class Altered:
    """Answers to the same rows, each as if it were of one group after the other: by nothing but the sensitive column."""

    rows: Ints  # [m] places among the measured rows
    answers: Floats  # [groups, m, k]


def altered(evidence: Evidence, name: str, code: Ints) -> Altered | None:
    """All rows as if of one group, by a typical cell of it; None where the model does not learn from the column, or time is up."""
    if name not in evidence.model.parts or evidence.clock.expired():
        return None
    rows = np.sort(stream(evidence.seed, "altered", name).permutation(np.flatnonzero(code >= 0))[:ALTERED])
    data, folds = evidence.data.take(rows), None if evidence.folds is None else evidence.folds[rows]
    column = evidence.data[name]
    answers = []
    for g in range(int(code.max()) + 1):
        typical = np.full(len(rows), _typical(column, np.flatnonzero(code == g)))
        scores = evidence.model.scores(data.having(column.take(typical)), folds)
        answers.append(evidence.task.answers(scores))
    return Altered(rows, np.stack(answers))


def _typical(column: Column, rows: Ints) -> int:
    """The row whose cell lies in the middle of those of a group."""
    order = np.argsort(column.cells[rows], kind="stable")
    return int(rows[order[len(order) // 2]])
