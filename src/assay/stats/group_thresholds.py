"""From which probability on is a class answered, if each group has a threshold of its own?

Equal opportunity (Hardt, Price & Srebro 2016): the class is chosen equally often in every group among the rows where it is true. The
common share is what one threshold of 0.5 chooses overall. Hardt et al. mix two thresholds by chance where scores are tied; here a
person who asks twice is answered alike, so ties may leave a gap, and the check measures what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Bools, Column, Floats, Ints

from .slices import QUANTILES
from .splitting import turns

LEAST = 30  # rows of a group in which the class is true, from which it has a threshold of its own
EVEN = 0.5  # the threshold of groups of fewer


@dataclass(frozen=True, eq=False)
class Band:
    """How a column is cut: levels of names, or numbers and dates (as days) between edges."""

    levels: tuple[str, ...]  # of names; empty where the column is continuous
    edges: Floats  # [b - 1] inner edges, each the last value of its lower band; empty of names

    @property
    def size(self) -> int:
        """Groups, without that of rows in which the cell is missing."""
        return len(self.levels) or len(self.edges) + 1

    def code(self, column: Column) -> Ints:
        """The group of each row [n]: `size` where the cell is missing, -1 where it is a level that is not known."""
        missing = column.missing
        if column.store == "words":
            known = {level: place for place, level in enumerate(self.levels)}
            assert column.levels is not None
            place = np.asarray([*(known.get(str(level), -1) for level in column.levels), -1], dtype=np.int64)
            return np.where(missing, self.size, place[column.cells])
        cells = _numbers(column)
        return np.where(missing, self.size, np.searchsorted(self.edges, cells)).astype(np.int64)

    @classmethod
    def of(cls, column: Column) -> Band:
        """Every level of names; values of few different ones each by itself, else fifths."""
        missing = column.missing
        if column.store == "words":
            assert column.levels is not None
            seen = np.unique(column.cells[~missing])
            return cls(tuple(str(column.levels[c]) for c in seen), np.empty(0))
        cells = _numbers(column)[~missing]
        values = np.unique(cells)
        if len(values) <= QUANTILES:
            return cls((), (values[1:] + values[:-1]) / 2)
        inner = np.unique(np.quantile(cells, np.linspace(0, 1, QUANTILES + 1)))[1:-1]
        return cls((), np.nextafter(inner, -np.inf))  # a value on an edge lies in the upper band, as in `groups_of`


@dataclass(frozen=True, eq=False)
class GroupThresholds:
    """The threshold of each group of one column, on the probability of one class."""

    column: str
    favoured: int  # place of the class among the labels
    band: Band
    limits: Floats  # [groups + 1], the last of missing cells; NaN where no row of training was so

    def chosen(self, p: Floats, column: Column) -> tuple[Ints, Bools]:
        """The class of each row [n] by its probabilities [n, 2], and which rows no threshold is known for."""
        limits = self.of(column)
        above = p[:, self.favoured] > limits
        return np.where(above, self.favoured, 1 - self.favoured), np.isnan(limits)

    def of(self, column: Column) -> Floats:
        """The threshold of each row [n]; NaN where none is known."""
        code = self.band.code(column)
        return np.where(code < 0, np.nan, self.limits[code])

    def known(self, column: Column) -> Bools:
        """The rows for which there is a threshold: bool [n]."""
        return ~np.isnan(self.of(column))

    def dump(self, box: Box) -> None:
        """Write down what `load` needs."""
        box.put(column=self.column, favoured=self.favoured, levels=list(self.band.levels))
        box.put_array("edges", self.band.edges)
        box.put_array("limits", self.limits)

    @classmethod
    def load(cls, box: Box) -> GroupThresholds:
        """What was dumped. Raises BundleInvalid."""
        band = Band(tuple(box.texts("levels", 1_000_000)), np.sort(box.array("edges", np.float64, (None,))))
        limits = box.array("limits", np.float64, (band.size + 1,), finite=False)
        return cls(box.text("column"), box.whole("favoured", 0, 1), band, limits)


def learn(
    column: Column, favoured: int, p: Floats, hit: Bools, band: Band | None = None, weight: Floats | None = None
) -> GroupThresholds:
    """Thresholds of the groups of a column, of the probability p [n] of a class and where it is true [n].

    weight : how many rows each stands for [n]

    >>> sex = Column.of_words("sex", ["f"] * 100 + ["m"] * 100)
    >>> p = np.concatenate([np.linspace(0, 0.6, 100), np.linspace(0.4, 1, 100)])
    >>> learn(sex, 1, p, np.ones(200, dtype=bool)).limits.round(2).tolist()
    [0.3, 0.7, nan]
    """
    band = Band.of(column) if band is None else band
    code = band.code(column)
    counts = np.ones(len(p)) if weight is None else weight
    share = float(np.average(p[hit] > EVEN, weights=counts[hit])) if counts[hit].any() else 0.0
    limits = np.full(band.size + 1, np.nan)
    for group in np.unique(code[code >= 0]).tolist():
        own = hit & (code == group)
        limits[group] = _least(p[own], counts[own], share) if own.sum() >= LEAST else EVEN
    return GroupThresholds(column.name, favoured, band, limits)


def _least(p: Floats, counts: Floats, share: float) -> float:
    """The threshold above which about a share of the probabilities lie, midway between two of them; each counts as so many."""
    order = np.argsort(-p, kind="stable")
    ordered, above = p[order], np.concatenate([[0.0], np.cumsum(counts[order])])
    k = int(np.argmin(np.abs(above - share * above[-1])))
    if k <= 0:
        return float(max(EVEN, ordered[0]))
    if k >= len(ordered):
        return float(np.nextafter(ordered[-1], 0.0))
    return float((ordered[k - 1] + ordered[k]) / 2)


def crossed(
    column: Column, favoured: int, p: Floats, y: Ints, parts: Ints, weight: Floats | None = None, forward: bool = False
) -> Ints:
    """The class of each row [n] by thresholds that were learnt from the other parts, or the earlier ones: p [n, 2], parts [n]."""
    band, hit = Band.of(column), y == favoured
    out = np.empty(len(y), dtype=np.int64)
    for held, taught in turns(parts, forward):
        others, own = np.flatnonzero(taught), np.flatnonzero(held)
        counts = None if weight is None else weight[others]
        learnt = learn(column.take(others), favoured, p[others, favoured], hit[others], band, counts)
        found, unknown = learnt.chosen(p[own], column.take(own))
        out[own] = np.where(unknown, p[own].argmax(axis=1), found)  # a group all in one part: as without
    return out


def _numbers(column: Column) -> Floats:
    """Cells as numbers, dates as days since 1970; NaN where missing."""
    if column.store == "numbers":
        return np.asarray(column.cells, dtype=np.float64)
    days: Floats = np.where(column.missing, np.nan, column.cells.astype(np.int64) / 86_400e6)
    return days


def told(thresholds: GroupThresholds) -> Sequence[tuple[str, float]]:
    """Each group that has a threshold, as it is written, with it; the rows in which the column is not stated last, as "–"."""
    band = thresholds.band
    names = list(band.levels) or [_range(*ends) for ends in pairwise((-np.inf, *band.edges.tolist(), np.inf))]
    pairs = zip([*names, "–"], thresholds.limits.tolist(), strict=True)
    return [(name, limit) for name, limit in pairs if limit == limit]


def _range(low: float, high: float) -> str:
    """A band as it is written: "< 30", "30 – 45", "≥ 45"."""
    if not np.isfinite(low):
        return f"< {high:.6g}"
    return f"≥ {low:.6g}" if not np.isfinite(high) else f"{low:.6g} – {high:.6g}"
