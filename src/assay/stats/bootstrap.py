"""What would the score be on new rows, once the choosing is paid for?

Bootstrap bias-corrected cross-validation (Tsamardinos, Greasidou & Borboudakis 2018): draw rows with replacement, do
all the choosing (blend and calibrate) on the rows in the bag, measure on the rows out of it. The mean over rounds is
the corrected figure, their quantiles the interval. An out-of-bag set holds about 37 % of the rows, so the interval is
wide enough for a fresh table of the same kind, not only for the long run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints

Choose = Callable[[Ints], Callable[[Ints], Floats]]
Measure = Callable[[Floats, NDArray[Any], Floats | None], float]
ROWS_TO_CHOOSE_ON = 4000  # a bag is thinned to this many rows: choosing converges long before measuring does
LEAST_ROUNDS = 12  # are done even when the time is up: fewer give no interval
FEW = 10  # blocks
LEAST_BAG = 200  # rows to which a bag is thinned where those rounds would else outlast the clock


def corrected(
    n: int,
    choose: Sequence[Choose],
    measures: Sequence[Sequence[Measure]],
    y: NDArray[Any],
    w: Floats | None,
    rng: np.random.Generator,
    clock: Clock,
    rounds: int = 200,
    blocks: Ints | None = None,
) -> list[Floats]:
    """For each way of choosing, its own figures out of the bag: one array [rounds done, measures] each.

    choose : functions that take in-bag rows and return a function from out-of-bag rows to raw scores [m, w]
    blocks : rows of one block (a group) are drawn together
    """
    names, member = (np.arange(n), np.arange(n)) if blocks is None else np.unique(blocks, return_inverse=True)
    drawn: list[list[list[float]]] = [[] for _ in choose]
    most = ROWS_TO_CHOOSE_ON
    for done in range(rounds):
        timer = clock.slice(clock.remaining())
        if done >= LEAST_ROUNDS and clock.expired():
            break
        picked = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        times = picked[member]
        bag, out = np.repeat(np.arange(n), times), np.flatnonzero(times == 0)
        if len(out) == 0 or len(bag) == 0:
            continue
        if len(bag) > most:
            bag = rng.choice(bag, most, replace=False)
        weight = None if w is None else w[out]
        for store, way, asked in zip(drawn, choose, measures, strict=True):
            scores = way(bag)(out)
            store.append([measure(scores, y[out], weight) for measure in asked])
        if done + 1 < LEAST_ROUNDS:
            most = _thinner(most, timer.spent(), clock.remaining() / (LEAST_ROUNDS - done - 1))
    return [
        np.asarray(rows, dtype=np.float64).reshape(-1, len(asked)) for rows, asked in zip(drawn, measures, strict=True)
    ]


def _thinner(most: int, spent: float, allowed: float) -> int:
    """Rows of the next bag, where the last took `spent` seconds and the next may take `allowed`: the least rounds are done whatever they take.

    >>> _thinner(4000, 0.5, 1.0), _thinner(4000, 2.0, 1.0), _thinner(4000, 2.0, 0.0)
    (4000, 2000, 200)
    """
    return most if spent <= allowed else max(LEAST_BAG, int(most * allowed / spent))


def interval(draws: Floats, level: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap draws [rounds]; NaN draws (one class only) are left out."""
    known = draws[~np.isnan(draws)]
    if len(known) < 10:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def plain(
    scores: Floats,
    y: NDArray[Any],
    w: Floats | None,
    measures: Sequence[Measure],
    rng: np.random.Generator,
    clock: Clock,
    rounds: int = 200,
    blocks: Ints | None = None,
) -> Floats:
    """Ordinary bootstrap of figures on rows nothing was chosen on: [rounds done, measures].

    blocks : rows of one block (a group) are drawn together; of few blocks, their rows are drawn anew as well (in two stages: Davison &
             Hinkley 1997, section 3.8), since two or three say too little of how far blocks differ
    """
    n = len(y)
    names, member = (np.arange(n), np.arange(n)) if blocks is None else np.unique(blocks, return_inverse=True)
    own = [np.flatnonzero(member == k) for k in range(len(names))] if blocks is not None and len(names) < FEW else []
    out: list[list[float]] = []
    while len(out) < rounds and not (len(out) >= LEAST_ROUNDS and clock.expired()):
        picked = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        rows = np.repeat(np.arange(n), picked[member])
        if own:
            again = [rng.choice(own[k], len(own[k])) for k, times in enumerate(picked.tolist()) for _ in range(times)]
            rows = np.concatenate(again)
        out.append([measure(scores[rows], y[rows], None if w is None else w[rows]) for measure in measures])
    return np.asarray(out, dtype=np.float64).reshape(-1, len(measures))
