"""How does an answer move with one column, all else as it is, and how well is that known?

Accumulated local effects (Apley & Zhu 2020): in each band of a column the answers to its rows at both ends of the band are held against
one another, the means are added up from band to band and centred on the rows. No row is asked far from where it stands, so columns that
go together do not lead a model where no row has been. Names have no bands: there a level is held against cells of other rows.

Two things are doubtful. Which rows were drawn: bootstrap over rows. Which model was learnt: the fold models each left out one part of the
rows, so their spread about the same few rows bears the delete-a-group jackknife (Quenouille 1949; Efron & Stein 1981). Trees jump, and the
jackknife of what jumps is too wide rather than too narrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

ROUNDS = 200
ENDS = (0.01, 0.99)  # quantiles between which a curve runs: beyond them stand single rows
GAP = 0.15  # of the range: with no row in a stretch as long, nothing is drawn over it

Curve = Callable[[Floats, Floats], Floats]  # means of cells [..., c] and rows in them [c] → points [..., p]


def edges_of(x: Floats, bands: int) -> Floats:
    """The ends of at most so many bands that hold about equally many of `x`; each end is a value that was seen.

    >>> edges_of(np.arange(101.0), 2).tolist()
    [1.0, 50.0, 99.0]
    """
    return np.unique(np.quantile(x, np.linspace(*ENDS, bands + 1), method="nearest"))


def bands_of(x: Floats, edges: Floats) -> Ints:
    """The band of each value [n]; -1 outside of all and where it is missing."""
    found = np.maximum(np.searchsorted(edges, x, side="left") - 1, 0)
    inside = (x >= edges[0]) & (x <= edges[-1])
    return np.where(inside, np.minimum(found, len(edges) - 2), -1)


def empty(x: Floats, edges: Floats) -> Bools:
    """Which bands [len(edges) - 1] are crossed by a stretch without rows that is long beside the whole range."""
    seen = np.unique(x[(x >= edges[0]) & (x <= edges[-1])])
    starts, long = seen[:-1], np.diff(seen) > GAP * (edges[-1] - edges[0])
    out = np.zeros(len(edges) - 1, dtype=bool)
    if long.any():
        for start, stop in zip(starts[long], seen[1:][long], strict=True):
            out |= (edges[:-1] < stop) & (edges[1:] > start)
    return out


def accumulated(means: Floats, rows: Floats) -> Floats:
    """From mean local effects of bands [..., c] to the curve at their ends [..., c + 1], centred on the rows [c]."""
    raised = np.concatenate([np.zeros_like(means[..., :1]), np.cumsum(means, axis=-1)], axis=-1)
    middle = (raised[..., :-1] + raised[..., 1:]) / 2
    return np.asarray(raised - (middle @ (rows / rows.sum()))[..., None])


def as_they_are(means: Floats, rows: Floats) -> Floats:
    """The mean of each cell as a point: of names, each of which is held against all others already."""
    return means


@dataclass(frozen=True, eq=False)
class Drawn:
    """Points of a curve as they are, over rounds of rows drawn, and as each fold model has them."""

    whole: Floats  # [p]
    rounds: Floats  # [rounds, p]
    models: Floats  # [k, p], about the same rows; k is 1 or less where there is one model
    groups: int  # rows that were drawn independently

    def known(self, contrasts: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
        """Values and half widths of the intervals of sums of points: `contrasts` [m, p] → [m] each."""
        from scipy.special import stdtrit

        sure, k = (1.0 + level) / 2, len(self.models)
        square = stdtrit(max(1, self.groups - 1), sure) ** 2 * (self.rounds @ contrasts.T).var(axis=0, ddof=1)
        if k > 1:
            models = self.models @ contrasts.T
            spread = (k - 1) / k * ((models - models.mean(axis=0)) ** 2).sum(axis=0)
            square = square + stdtrit(k - 1, sure) ** 2 * spread
        return contrasts @ self.whole, np.asarray(np.sqrt(square), dtype=np.float64)

    def points(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Values and half widths of the points themselves [p]."""
        return self.known(np.eye(len(self.whole)), level)

    def widest(self, level: float = 0.95) -> tuple[int, int, float, float]:
        """(lowest point, highest point, how far apart, half width of its interval).

        The two are chosen by what was seen, so the interval is that of one less comparisons than there are points (Bonferroni). Pairs
        are more, but neighbours along a curve say nearly the same: tests count how often it holds where nothing moves the answer.
        """
        low, high = int(self.whole.argmin()), int(self.whole.argmax())
        p = len(self.whole)
        contrast = np.zeros((1, p))
        contrast[0, high] += 1.0
        contrast[0, low] -= 1.0
        value, half = self.known(contrast, 1.0 - (1.0 - level) / max(1, p - 1))
        return low, high, float(value[0]), float(half[0])


def drawn(
    local: Floats,
    cells: Ints,
    blocks: Ints,
    same: Ints,
    models: Floats,
    curve: Curve,
    size: int,
    rng: np.random.Generator,
) -> Drawn:
    """The curve through the mean local effects [n] of cells [n], all below `size` and none empty.

    blocks : number of the group of each row [n]: rows of a group are drawn together
    same   : places [m] of a few rows of every cell, about which all models were asked: `models` [k, m]
    """
    _, member = np.unique(blocks, return_inverse=True)
    groups = int(member.max()) + 1

    def means(times: Floats, before: Floats | None) -> tuple[Floats, Floats]:
        rows = np.bincount(cells, weights=times, minlength=size)
        sums = np.bincount(cells, weights=times * local, minlength=size)
        found = np.where(rows > 0, sums / np.maximum(rows, 1e-12), 0.0 if before is None else before)
        return found, rows.astype(np.float64)

    every, rows = means(np.ones(len(local)), None)
    rounds = []
    for _ in range(ROUNDS):
        times = np.bincount(rng.integers(groups, size=groups), minlength=groups)[member].astype(np.float64)
        rounds.append(curve(*means(times, every)))
    few = np.bincount(cells[same], minlength=size)
    each = np.asarray([np.bincount(cells[same], weights=one, minlength=size) / few for one in models])
    bent = curve(each.reshape(-1, size), rows)
    return Drawn(curve(every, rows), np.asarray(rounds), bent, groups)


def few_of_each(cells: Ints, most: int) -> Ints:
    """The places of the first rows of every cell, at most so many each.

    >>> few_of_each(np.array([0, 1, 0, 0, 1]), 2).tolist()
    [0, 1, 2, 4]
    """
    order = np.argsort(cells, kind="stable")
    start = np.searchsorted(cells[order], cells[order], side="left")
    return np.sort(order[np.arange(len(cells)) - start < most])
