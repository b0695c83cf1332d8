"""How many independent rows are there, where rows come in groups?

Rows of one group (the visits of a patient, the loans of a firm) err together, so a thousand of them may say no more
than a hundred strangers. Tests that count rows divide by what is found here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.kernel.data import Dataset, Floats, Ints

from .leaks import copied_pairs, copies

CHANCE_RATIO = 0.01  # pairs alike by chance against pairs found: below it rows are copies


def blocks_of(data: Dataset, group: str, features: Sequence[str]) -> Ints:
    """Number of the group of each row [n]: rows that share the cell of the column `group`, where one was named.

    A missing group is a group of its own. Where none was named, exact copies in the `features` are one group, unless
    there are no more of them than columns of few values would give by chance.
    """
    if group and group in data:
        codes = data[group].as_words().cells.astype(np.int64)
        lone = codes < 0
        codes[lone] = codes.max(initial=0) + 1 + np.arange(int(lone.sum()))
        return codes
    named = [name for name in features if name in data]
    alone = np.arange(data.rows)
    if not named:
        return alone
    found, _, chance = copies(data.only(named))
    return found if chance < CHANCE_RATIO * copied_pairs(found) else alone


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
