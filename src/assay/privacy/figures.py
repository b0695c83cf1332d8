"""How good is a model, when only noisy counts of the rows it never saw may be looked at?

Each row held out falls into one cell of each of a few histograms whose cells are fixed beforehand; the counts are released once, with
Gaussian noise, and every figure is made of them: of two classes the score by class, of more the probability of the true class and who was
answered for whom, of values the size of the error. Figures are sums of counts, so the noise is no bias; of ratios it nearly is none. Intervals
come from making counts of that kind again (parametric bootstrap; Efron & Tibshirani 1993), rows and noise both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from .accounting import Release, sigma_for

FAR = 6.0  # log-odds from which on cells are not told apart
# Of the log-odds, by the least ratio of rows to noise: few rows bear few cells.
CELLS = (900.0, 48), (300.0, 24), (0.0, 12)
SHARE_EDGES = np.linspace(0.0, 1.0, 21)[1:-1]  # of the probability of the true class
ERROR_EDGES = 2.0 ** np.arange(-6.0, 0.5, 0.5)  # of the declared range
ROUNDS, LEVEL = 400, 0.95
LOST = 0.5  # half an interval with which a share says nothing; an error says nothing when half of its interval is as large as itself
MOST = {"auc": 1.0, "accuracy": 1.0, "brier": 1.0, "r2": 1.0}
LEAST = {"r2": -math.inf}  # of all others: 0


@dataclass(frozen=True)
class Figure:
    """One figure with its interval, and the same for one guess for all."""

    name: str
    value: float
    low: float
    high: float
    constant: float


@dataclass(frozen=True, eq=False)
class Counts:
    """Noisy histograms of the rows held out, all that is known of them."""

    kind: str  # "value", "binary", "classes"
    tables: tuple[Floats, ...]
    sigma: float  # of the noise of each cell
    release: Release
    width: float = 1.0  # of the declared range, of values
    edges: Floats = field(default_factory=lambda: np.empty(0))  # inner edges of the log-odds, of two classes

    @property
    def rows(self) -> int:
        """About how many rows were held out."""
        return max(0, round(float(self.tables[0].sum())))

    def figures(self, base: Floats, rng: np.random.Generator) -> list[Figure]:
        """The figures with their intervals; those that are lost in the noise are left out.

        base : the raw score of one guess for all [w]
        """
        said = self._of(self.tables, base)
        sure = [np.maximum(t, 0.0) for t in self.tables]
        draws: dict[str, list[float]] = {name: [] for name in said}
        for _ in range(ROUNDS):
            again = [rng.multinomial(max(self.rows, 1), _shares(t)).reshape(t.shape).astype(float) for t in sure]
            again = [t + self.sigma * rng.normal(size=t.shape) for t in again]
            for name, (value, _) in self._of(again, base).items():
                draws[name].append(value)
        middle = {name: (value, constant, np.asarray(draws[name])) for name, (value, constant) in said.items()}
        return [found for name, of in middle.items() if (found := _figure(name, *of)) is not None]

    def _of(self, tables: Sequence[Floats], base: Floats) -> dict[str, tuple[float, float]]:
        """Each figure and that of one guess for all, of counts."""
        if self.kind == "binary":
            return _binary(tables[0], base, self.edges)
        return _classes(tables, base) if self.kind == "classes" else _value(tables, self.width)

    def thresholds(self, level: float) -> Floats:
        """Least probability of each class that is in the sets [k]: a lower edge, taken low enough for the noise of the counts (two sigma)."""
        if self.kind == "binary":
            no, yes = self.tables[0]  # the surer of a class, the further right: of class 0 turned about
            p = 1.0 / (1.0 + np.exp(-np.append(-np.inf, self.edges)))
            q = 1.0 / (1.0 + np.exp(np.append(self.edges, np.inf)))[::-1]
            return np.asarray([_reached(no[::-1], q, level, self.sigma), _reached(yes, p, level, self.sigma)])
        lows = np.append(0.0, SHARE_EDGES)
        return np.asarray([_reached(t, lows, level, self.sigma) for t in self.tables[0]])

    def reach(self, level: float) -> float:
        """Half the width of intervals about values, in the unit of the target."""
        ends = np.append(ERROR_EDGES, 1.0)
        return self.width * -_reached(self.tables[0][::-1], -ends[::-1], level, self.sigma)


def count(
    scores: Floats,
    y: NDArray[Any],
    kind: str,
    k: int,
    base: Floats,
    ratio: float,
    rng: np.random.Generator,
    width: float = 1.0,
    about: float = math.inf,
) -> Counts:
    """The noisy histograms of rows held out.

    scores : raw scores [n, w], of values in the unit of the range from -1 to 1, as y
    base   : the raw score of one guess for all [w]
    ratio  : sensitivity over noise of all of them together
    width  : of the range of values, in the unit of the target
    about  : how many rows are held out, by what was released before
    """
    edges = np.empty(0)
    if kind == "binary":
        cells = next(m for least, m in CELLS if max(about, 0.0) * min(ratio, 1.0) >= least)
        edges = np.linspace(-FAR, FAR, cells + 1)[1:-1]  # 0 is among them, where the answer changes
        tables: list[Floats] = [_table(y, np.searchsorted(edges, scores[:, 0], side="right"), 2, cells)]
    elif kind == "classes":
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        own = np.searchsorted(SHARE_EDGES, p[np.arange(len(y)), y], side="right")
        tables = [_table(y, own, k, len(SHARE_EDGES) + 1), _table(y, p.argmax(axis=1), k, k)]
    else:
        sizes = [np.minimum(np.abs(y - f) / 2, 1.0) for f in (scores[:, 0], np.full(len(y), base[0]))]
        tables = [
            np.bincount(np.searchsorted(ERROR_EDGES, s), minlength=len(ERROR_EDGES) + 1).astype(float) for s in sizes
        ]
    release = Release("held out", sigma_for(ratio, 1.0, len(tables)), len(tables))
    noisy = tuple(t + release.sigma * rng.normal(size=t.shape) for t in tables)  # one row is in one cell of each
    return Counts(kind, noisy, release.sigma, release, width, edges)


def _table(y: Ints | NDArray[Any], cell: Ints, k: int, m: int) -> Floats:
    found: Floats = np.bincount(np.asarray(y) * m + cell, minlength=k * m).reshape(k, m).astype(np.float64)
    return found


def _binary(table: Floats, base: Floats, inner: Floats) -> dict[str, tuple[float, float]]:
    no, yes = table
    n0, n1 = max(no.sum(), 1.0), max(yes.sum(), 1.0)
    n = n0 + n1
    edges = np.concatenate([[-FAR - 0.25], inner, [FAR + 0.25]])
    middle = (edges[:-1] + edges[1:]) / 2
    p = 1.0 / (1.0 + np.exp(-middle))
    before = np.cumsum(no) - no
    loss = (yes @ -np.log(p) + no @ -np.log(1 - p)) / n
    q = 1.0 / (1.0 + math.exp(-float(base[0])))
    return {
        "log_loss": (loss, (n1 * -math.log(q) + n0 * -math.log(1 - q)) / n),
        "auc": (float(yes @ (before + no / 2)) / (n0 * n1), 0.5),
        "accuracy": ((yes[middle > 0].sum() + no[middle < 0].sum()) / n, max(n0, n1) / n),
        "brier": ((yes @ (1 - p) ** 2 + no @ p**2) / n, (n1 * (1 - q) ** 2 + n0 * q**2) / n),
    }


def _classes(tables: Sequence[Floats], base: Floats) -> dict[str, tuple[float, float]]:
    own, answered = tables
    edges = np.concatenate([[0.0], SHARE_EDGES, [1.0]])
    rows = np.maximum(own.sum(axis=1), 0.0)
    n = max(rows.sum(), 1.0)
    q = np.exp(base - base.max())
    q /= q.sum()
    loss = own.sum(axis=0) @ -np.log((edges[:-1] + edges[1:]) / 2) / n
    right = np.trace(answered) / max(answered.sum(), 1.0)
    return {"log_loss": (float(loss), float(rows @ -np.log(q)) / n), "accuracy": (float(right), float(rows.max() / n))}


def _value(tables: Sequence[Floats], width: float) -> dict[str, tuple[float, float]]:
    ends = np.concatenate([[0.0], ERROR_EDGES, [1.0]])
    # Root of the mean square within a cell.
    middle = np.sqrt((ends[:-1] ** 2 + ends[:-1] * ends[1:] + ends[1:] ** 2) / 3)
    square, other = (max(float(t @ middle**2) / max(t.sum(), 1.0), 1e-12) for t in tables)
    size, guess = (float(t @ (ends[:-1] + ends[1:]) / 2) / max(t.sum(), 1.0) for t in tables)
    return {
        "rmse": (width * math.sqrt(square), width * math.sqrt(other)),
        "mae": (width * max(size, 0.0), width * max(guess, 0.0)),
        "r2": (1 - square / other, 0.0),
    }


def _figure(name: str, value: float, constant: float, draws: Floats) -> Figure | None:
    """The interval is that of the draws about the figure (basic bootstrap would reflect it; these are nearly even)."""
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(draws - draws.mean(), [tail, 1 - tail])
    if (high - low) / 2 >= (LOST if name in MOST and name != "brier" else value):
        return None
    said = np.clip([value, value + low, value + high, constant], LEAST.get(name, 0.0), MOST.get(name, math.inf))
    return Figure(name, *said.tolist())


def _shares(table: Floats) -> Floats:
    total = table.sum()
    return (table / total if total > 0 else np.full(table.shape, 1 / table.size)).ravel()


def _reached(table: Floats, lows: Floats, level: float, sigma: float) -> float:
    """The largest of the falling bounds above which the level lies for sure enough; the least of them where none does."""
    above = np.cumsum(table[::-1])[::-1]
    doubt = 2 * sigma * np.sqrt(np.arange(len(table), 0, -1))
    fits = np.flatnonzero((above - doubt) >= level * max(table.sum(), 1.0))
    return float(lows[fits[-1]]) if len(fits) else float(lows[0])
