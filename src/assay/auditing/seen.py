"""Which rows of a table were learnt from, where both tables are at hand?

Figures on rows that were learnt from say nothing of new ones. That a table is the very file is told by its hash; that its rows are
among those of another, in any order and any format, only by the rows. A file holds no trace of single rows (it would tell who was
in), so of a model alone this is not known.
"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Column, Dataset
from assay.kernel.plan import Plan
from assay.kernel.plugins import modality_of
from assay.stats.leaks import copies

MOST_BY_CHANCE = 0.1  # of the pairs alike: more are a coincidence of few values
SURELY = 4  # standard errors by which rows are seen oftener than those learnt from are copies of one another
ALL = 0.9  # of the rows, from which on they are those learnt from


def seen_rows(learnt: Dataset, data: Dataset, plan: Plan) -> int:
    """Rows of opened data that are equal to one that was learnt from, its answer included; 0 where that may be by chance."""
    names = [name for name in (*plan.names("feature"), *plan.names("sensitive"), plan.target) if name in learnt]
    if (
        not learnt.rows
        or not data.rows
        or not all(name in data and _comparable(learnt[name], data[name]) for name in names)
    ):
        return 0
    group, _, chance = copies(Dataset(tuple(learnt[name].followed_by(data[name]) for name in names)))
    old, new = group[: learnt.rows], group[learnt.rows :]
    among = np.bincount(old, minlength=int(group.max()) + 1)
    seen, pairs = among[new] > 0, int(among[new].sum())
    n = len(group)
    across = chance * learnt.rows * len(new) / (n * (n - 1) / 2)
    usual = float((among[old] > 1).mean())
    error = np.sqrt((usual * (1 - usual) + 1 / len(seen)) / len(seen))
    return int(seen.sum()) if seen.mean() > usual + SURELY * error and across <= MOST_BY_CHANCE * pairs else 0


def _comparable(one: Column, other: Column) -> bool:
    """Whether equal cells are the same thing: names of pictures are where they are looked up in the same place."""
    named = "grid" in modality_of(other.kind).about.gives
    return one.store == other.store and (one.home == other.home or not named)
