"""How many independent rows are there, where rows come in groups?

Rows of one group (the visits of a patient, the loans of a firm), or of one moment (the shops of a day), err together, so a thousand of them may say no more
than a hundred strangers. Tests that count rows divide by what is found here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.kernel.data import Bools, Dataset, Floats, Ints

from .leaks import copied_pairs, copies

CHANCE_RATIO = 0.01  # pairs alike by chance against pairs found: below it rows are copies


def blocks_of(data: Dataset, group: str, time: str, features: Sequence[str], both: bool = False) -> Ints:
    """Number of the group of each row [n]: rows that share the cell of the column `time`, where one was named, or else that of `group`.

    A missing cell is a group of its own. Where neither was named, or no moment is that of two rows, exact copies in the `features` are
    one group, unless there are no more of them than columns of few values would give by chance.

    both : groups were kept apart in time, too, so that each has its own: they go before moments
    """
    groups = _alone_where(data[group].missing, data[group].as_words().cells) if group and group in data else None
    if time and time in data and (groups is None or not both):
        moments = _alone_where(data[time].missing, np.unique(data[time].cells, return_inverse=True)[1])
        if share_moments(moments, groups):
            return moments
    if groups is not None:
        return groups
    named = [name for name in features if name in data]
    alone = np.arange(data.rows)
    if not named:
        return alone
    found, _, chance = copies(data.only(named))
    return found if chance < CHANCE_RATIO * copied_pairs(found) else alone


def _alone_where(missing: Bools, codes: Ints) -> Ints:
    """The codes [n], with one of its own for each row that has none."""
    return np.where(missing, codes.max(initial=0) + 1 + np.arange(len(codes)), codes.astype(np.int64))


def share_moments(moments: Ints, groups: Ints | None) -> bool:
    """Whether rows err together by moments [n]: where some rows share one, and beside groups most do, and not two by chance."""
    count = len(np.unique(moments))
    return 1 < count < len(moments) if groups is None else 1 < count <= len(moments) / 2


def bound(blocks: Ints) -> Ints | None:
    """The groups of rows [n]; None where all are one, or each row is alone: nothing is to be drawn together then."""
    return blocks if 1 < len(np.unique(blocks)) < len(blocks) else None


def effective(n: int, weight: Floats | None) -> float:
    """As how many of equal weight rows count that stand for several each [n] (Kish 1965).

    >>> effective(3, None), effective(3, np.asarray([4.0, 1.0, 1.0]))
    (3.0, 2.0)
    """
    if weight is None:
        return float(n)
    if not (most := weight.max(initial=0.0)):
        return 0.0
    parts = weight / most  # squares of the smallest numbers are none
    return float(parts.sum() ** 2 / (parts**2).sum())


def design_effect(residuals: Floats, blocks: Ints | None) -> float:
    """How many times larger the variance of a sum is than if rows were strangers (Kish 1965); never below 1.

    >>> design_effect(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1]))
    2.0
    """
    total = float((residuals**2).sum())
    if blocks is None or total == 0.0:
        return 1.0
    sums = np.bincount(np.unique(blocks, return_inverse=True)[1], weights=residuals)
    return max(1.0, float((sums**2).sum()) / total)


def bootstrap_means(values: Floats, blocks: Ints | None, rng: np.random.Generator, rounds: int = 200) -> Floats:
    """Means of the columns of `values` [n, c] over rows drawn with replacement, whole groups at a time: [rounds, c]."""
    n = len(values)
    member = np.arange(n) if blocks is None else np.unique(blocks, return_inverse=True)[1]
    groups = int(member.max()) + 1
    out = np.empty((rounds, values.shape[1]))
    for i in range(rounds):
        times = np.bincount(rng.integers(groups, size=groups), minlength=groups)[member].astype(np.float64)
        out[i] = times @ values / max(times.sum(), 1.0)
    return out
