"""Which rows are kept apart from which?

Folds are numbers per row; -1 is a row that is only ever trained on. Nothing of one group stands on both sides, and with
time no row is predicted by a model that has seen a later one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Ints

STRATA = 10
MOST_CARVED = 2.0  # times the share that rows which stop a learner may take, where moments are whole
ALIKE = 0.1  # of the size asked for: pieces that are no farther from it count as equally near


def tenths(y: NDArray[Any]) -> Ints:
    """Tenths of a target [n] by rank, to be used as strata: every fold has its share of large and small."""
    ranks = np.argsort(np.argsort(y, kind="stable"), kind="stable")
    return np.asarray(ranks * min(STRATA, len(y)) // len(y), dtype=np.int64)


def random_folds(strata: Ints, k: int, rng: np.random.Generator) -> Ints:
    """Fold of each row [n], each stratum spread evenly over the k folds."""
    n = len(strata)
    order = rng.permutation(n)
    order = order[np.argsort(strata[order], kind="stable")]
    folds = np.empty(n, dtype=np.int64)
    folds[order] = np.arange(n) % k
    return folds


def held_back(n: int, k: int, rng: np.random.Generator, groups: Ints | None = None) -> Ints:
    """Part, of k, of each of n rows that a learner holds back by turns; no group stands in two, where there are several.

    The largest groups are dealt out first, so that parts are about equal; with fewer groups than k, some are empty.
    """
    member, size = np.unique(np.zeros(n) if groups is None else groups, return_inverse=True, return_counts=True)[1:]
    if len(size) < 2:
        return np.asarray(rng.permutation(n) % k)
    order = rng.permutation(len(size))
    part = np.empty(len(size), dtype=np.int64)
    part[order[np.argsort(-size[order], kind="stable")]] = np.arange(len(size)) % k
    return part[member]


def grouped_folds(groups: Ints, strata: Ints, k: int, rng: np.random.Generator) -> Ints:
    """Fold of each row [n]; a group is never split. Large groups are placed first, where they balance strata best."""
    distinct, member = np.unique(groups, return_inverse=True)
    kinds, stratum = np.unique(strata, return_inverse=True)
    if len(kinds) > 50:
        kinds, stratum = kinds[:1], np.zeros(len(strata), dtype=np.int64)
    counts = np.zeros((len(distinct), len(kinds)))
    np.add.at(counts, (member, stratum), 1.0)
    share = counts / np.maximum(counts.sum(axis=0), 1.0)
    load, rows = np.zeros((k, len(kinds))), np.zeros(k)
    place = np.empty(len(distinct), dtype=np.int64)
    order = rng.permutation(len(distinct))
    for group in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        after = ((load + share[group]) ** 2).sum(axis=1) - (load**2).sum(axis=1)
        place[group] = np.lexsort((rows, after.round(12)))[0]  # of equals the one with fewest rows: none stays empty
        load[place[group]] += share[group]
        rows[place[group]] += counts[group].sum()
    return place[member]


def time_folds(times: NDArray[Any], k: int) -> Ints:
    """Fold of each row [n] by time: k blocks after a first one that is only trained on (fold -1).

    Rows of one moment stay together. Fold i is to be predicted from folds before it.
    """
    _, moment = np.unique(times, return_inverse=True)
    position = np.concatenate([[0], np.cumsum(np.bincount(moment))])[:-1]  # rows strictly before each moment
    block = np.minimum(position * (k + 1) // len(times), k)
    return np.asarray(block[moment] - 1)


def turns(parts: Ints, forward: bool = False) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """(rows of a part, rows that what they are measured with is learnt on) for each part: bool [n] both.

    forward : parts follow each other in time. The earlier ones teach; the first has none before it, and learns from the second
    """
    for part in (numbers := np.unique(parts)):
        held = parts == part
        if len(numbers) == 1:
            yield held, held
        elif not forward:
            yield held, ~held
        else:
            yield held, parts < part if part > numbers[0] else parts == numbers[1]


def rounds(folds: Ints, forward: bool, groups: Ints | None = None) -> Iterator[tuple[int, Ints, Ints]]:
    """(fold, training rows, held-out rows) for each fold; `forward` trains on earlier folds alone.

    groups : [n] of which none may stand on both sides, though its rows lie in several folds: rows of held-out ones do not train
    """
    for fold in range(int(folds.max(initial=-1)) + 1):
        held = np.flatnonzero(folds == fold)
        train = np.flatnonzero(folds < fold if forward else folds != fold)
        if groups is not None:
            train = train[~np.isin(groups[train], groups[held])]
        if len(held) and len(train):
            yield fold, train, held


def carve(
    rows: Ints,
    share: float,
    strata: Ints,
    groups: Ints | None,
    times: NDArray[Any] | None,
    rng: np.random.Generator,
    measured: bool = False,
) -> tuple[Ints, Ints]:
    """Split `rows` into (rest, carved): the last ones in time, whole groups, or stratified at random.

    measured : the carved rows are measured on. Then no group and no moment is split, however far from `share` that leads. Rows that only
               stop a learner early may be drawn at random where whole groups or moments are too few or too large.
    """
    n = len(rows)
    if times is not None:
        late = _late(times[rows], share)
        if late.any() and (measured or late.sum() <= MOST_CARVED * share * n):
            return rows[~late], rows[late]
    elif groups is not None and (count := len(np.unique(groups[rows]))) > 1:
        pieces = max(2, round(1 / share))
        if measured or count >= pieces:
            piece = grouped_folds(groups[rows], strata[rows], min(pieces, count), rng)
            out = piece == _nearest(np.bincount(piece), share * n, rng)
            return rows[~out], rows[out]
    out = _spread(strata[rows], share, rng)
    return rows[~out], rows[out]


def _late(times: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """Rows from that moment on which leaves nearest to a share of them; none where all are of one moment."""
    _, moment, count = np.unique(times, return_inverse=True, return_counts=True)
    if len(count) < 2:
        return np.zeros(len(times), dtype=bool)
    left = len(times) - np.cumsum(count)[:-1]  # rows after each moment but the last
    first = 1 + int(np.argmin(np.abs(left - share * len(times))))
    return np.asarray(moment >= first)


def _nearest(sizes: Ints, size: float, rng: np.random.Generator) -> int:
    """One of the pieces whose size is nearest, none that is empty; the first of them is that of the largest group."""
    away = np.where(sizes > 0, np.abs(sizes - size), np.inf)
    return int(rng.choice(np.flatnonzero(away <= max(away.min(), ALIKE * size))))


def _spread(strata: Ints, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """That share of the rows, evenly over the strata: every so-manieth of the rows in random order by stratum."""
    n = len(strata)
    order = rng.permutation(n)
    order = order[np.argsort(strata[order], kind="stable")]
    steps = np.floor(np.arange(n + 1) * share + rng.random())
    out = np.zeros(n, dtype=bool)
    out[order] = np.diff(steps) > 0
    return out
