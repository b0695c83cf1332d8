"""What does a first, quick booster leave over, and which columns did it use?

Grown on one half of the rows and asked about the other, so that what is left over is no memory of the rows themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Floats
from ..kernel.forms import Batch, Head
from ..stats.heads import answers, targets
from ..stats.splitting import held_back
from .grow import clean_batch, grow

ROWS = 20_000  # looked at
QUICK: dict[str, Any] = {
    "learning_rate": 0.15,
    "num_leaves": 12,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.6,
    "lambda_l2": 3.0,
}
ROUNDS = 60


def left_over(
    train: Batch, head: Head, clock: Clock, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """(rows looked at, residuals [rows, w] on the scale of answers, gain of each column [d])."""
    assert train.y is not None
    rows = np.sort(rng.permutation(train.rows)[:ROWS])
    half = held_back(len(rows), 2, rng, None if train.groups is None else train.groups[rows]) == 0
    out = np.zeros((len(rows), head.width))
    gains = np.zeros(len(train.vector.features))
    hot = targets(head, train.y)
    for learn, told in ((half, ~half), (~half, half)):
        batch, other = train.take(rows[learn]), train.take(rows[told])
        grown = grow(
            batch,
            None,
            head,
            QUICK | {"seed": int(rng.integers(2**31 - 1))},
            ROUNDS,
            0,
            clock.slice(clock.remaining() / 4),
        )
        out[told] = hot[rows[told]] - answers(head, grown.forest.scores(clean_batch(other)))
        gains += grown.gains
    return rows, out, gains
