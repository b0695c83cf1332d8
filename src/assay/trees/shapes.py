"""What does a forest say of each column, when no path asks for more than two?

Then the forest is a sum of shape functions, one per column or pair (a generalised additive model; Lou, Caruana, Gehrke
& Hooker 2013), and a shape function is a table: cells along one or two axes, and a value for each. A leaf belongs to
the columns its path asks for; the table of a pair holds the leaves of that pair alone. The tables are made by asking
the forest itself once per cell, so they say what it says.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..kernel.errors import RequestError
from ..kernel.grid import rounded
from ..kernel.words import refusal
from .forest import Forest
from .walk import CATEGORICAL, MISSING_ZERO, ZERO, Floats, Ints, chunks

Columns = tuple[int, ...]
MOST_CELLS = 4_000_000  # cells of one pair's table; 255 by 255 bins are 65,536


@dataclass(frozen=True, kw_only=True, eq=False)
class Axis:
    """The cells of one column.

    Of numbers: cell k holds values in (edges[k - 1], edges[k]], the next one all above, the last the missing ones.
    Of categories (edges is None): cell k holds code k below `codes`, the last all others, missing ones among them.
    """

    feature: int
    edges: Floats | None
    codes: int = 0

    @property
    def size(self) -> int:
        """Number of cells, the one for missing values included."""
        return self.codes + 1 if self.edges is None else len(self.edges) + 2

    def cells(self, column: Floats) -> Ints:
        """The cell of each value: [n]."""
        if self.edges is None:
            known = (column > -1) & (column < self.codes)
            return np.where(known, np.where(known, column, 0).astype(np.intp), self.codes)
        flat = np.where(np.abs(column) <= ZERO, 0.0, column)
        return np.where(np.isnan(flat), self.size - 1, np.searchsorted(self.edges, flat, side="left")).astype(np.intp)

    def finder(self) -> Callable[[float], int]:
        """What finds the cell of one value."""
        codes, last = self.codes, self.size - 1
        if self.edges is None:
            return lambda x: int(x) if -1 < x < codes else codes
        edges = self.edges.tolist()
        return lambda x: last if x != x else bisect_left(edges, 0.0 if -ZERO <= x <= ZERO else x)

    def examples(self) -> Floats:
        """One value out of each cell: [size]."""
        if self.edges is None:
            return np.append(np.arange(self.codes, dtype=np.float64), np.nan)
        return np.concatenate([self.edges, [np.inf, np.nan]])


@dataclass(frozen=True, kw_only=True, eq=False)
class Term:
    """A shape function: of one column, or of a pair."""

    axes: tuple[Axis, ...]
    values: Floats  # [cells, width] or [cells, cells, width]

    @property
    def features(self) -> tuple[int, ...]:
        """The columns it asks for."""
        return tuple(axis.feature for axis in self.axes)

    def cells(self, values: Floats) -> tuple[Ints, ...]:
        """The cell of each row along each axis."""
        return tuple(axis.cells(values[:, axis.feature]) for axis in self.axes)

    def pulls(self, values: Floats) -> Floats:
        """What the term adds to each row's score: [n, width]."""
        found: Floats = self.values[self.cells(values)]
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Shapes:
    """A sum of shape functions and a base [width]."""

    base: Floats
    terms: tuple[Term, ...]

    def predict(self, values: Floats) -> Floats:
        """Scores [n, width]: the base and every term's pull."""
        total = np.tile(self.base, (len(values), 1))
        for term in self.terms:
            total += term.pulls(values)
        return total

    def single(self) -> Callable[[Sequence[float]], list[float]]:
        """From values [d] of one row to scores [width], added in the order of `predict`: the same bits."""
        alone = len(self.base) == 1
        plan = [
            (
                [(axis.feature, axis.finder()) for axis in term.axes],
                [row[0] for row in flat.tolist()] if alone else list(flat),
                term.axes[-1].size,
            )
            for term in self.terms
            for flat in (term.values.reshape(-1, len(self.base)),)
        ]
        start: Any = float(self.base[0]) if alone else self.base

        def score(row: Sequence[float]) -> list[float]:
            total = start
            for axes, pulls, size in plan:
                place = 0
                for feature, cell in axes:
                    place = place * size + cell(row[feature])
                total = total + pulls[place]
            return [total] if alone else total.tolist()

        return score

    def settled(self) -> Shapes:
        """The same sum with the values of each term on a grid (grid.py), as a file keeps them best."""

        def moved(term: Term) -> Term:
            found = rounded(term.values.ravel(), np.array([term.values.size]))
            return replace(term, values=found.reshape(term.values.shape))

        return replace(self, terms=tuple(moved(term) for term in self.terms))

    def centred(self, values: Floats, weights: Floats | None = None) -> Shapes:
        """The same sum with every term's (weighted) mean over these rows moved into the base."""
        base, terms = self.base.copy(), []
        for term in self.terms:
            moved, mean = centre(term, counts(term, values, weights))
            terms.append(moved)
            base = base + mean
        return Shapes(base=base, terms=tuple(terms))


@runtime_checkable
class HasShapes(Protocol):
    """A model that is a sum of shape functions and nothing else."""

    @property
    def shapes(self) -> Shapes:
        """The sum."""
        ...


def terms(forest: Forest) -> Shapes:
    """The shape functions of a forest none of whose paths asks for more than two columns.

    Terms come in order of their columns, single ones first. Raises RequestError if a path asks for more.
    """
    asked_by_node, asked_by_leaf = _paths(forest)
    widest = max((len(asked) for asked in asked_by_leaf), default=0)
    if widest > 2:
        raise refusal(RequestError, "trees", "wide_path", n=widest)
    names: list[Columns] = sorted(set(asked_by_leaf), key=lambda asked: (len(asked), asked))
    rank = {asked: place for place, asked in enumerate(names)}
    group = np.array([rank[asked] for asked in asked_by_leaf], dtype=np.intp)  # [leaves]
    nodes_of = _gathered(asked_by_node)
    base, found = forest.base.copy(), []
    for place, asked in enumerate(names):
        own = np.where(group == place, forest.leaf_value, 0.0)
        trees = np.unique(np.searchsorted(forest.leaf_offsets, np.flatnonzero(group == place), side="right") - 1)
        if asked:
            inside = [path for path in nodes_of if set(path) <= set(asked)]
            nodes = np.concatenate([nodes_of[path] for path in inside])
            found.append(_term(forest, asked, nodes, trees, own))
        else:
            base += _sums(forest, (), np.zeros((1, 1)), trees, own)[0]
    return Shapes(base=base, terms=tuple(found))


def counts(term: Term, values: Floats, weights: Floats | None = None) -> Floats:
    """Rows (or their weights) in each cell of a term: [cells] or [cells, cells]."""
    shape = term.values.shape[:-1]
    flat = np.ravel_multi_index(term.cells(values), shape)
    return np.bincount(flat, weights=weights, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)


def centre(term: Term, weights: Floats) -> tuple[Term, Floats]:
    """The term less its mean under the weights of its cells, and that mean [width]."""
    total = weights.sum()
    if total <= 0:
        return term, np.zeros(term.values.shape[-1])
    mean = (term.values * weights[..., None]).reshape(-1, term.values.shape[-1]).sum(axis=0) / total
    return replace(term, values=term.values - mean), mean


def _paths(forest: Forest) -> tuple[list[Columns], list[Columns]]:
    """The columns asked for on the way to each node (its own included) and to each leaf."""
    nodes: list[Columns] = [()] * len(forest.feature)
    leaves: list[Columns] = [()] * len(forest.leaf_value)
    walker = forest.walker
    feature, left, right = (a.tolist() for a in (forest.feature, walker.left, walker.right))
    for node, column in enumerate(feature):  # parents stand before their children
        path = nodes[node]
        path = path if column in path else tuple(sorted((*path, column)))
        nodes[node] = path
        for child in (left[node], right[node]):
            if child >= 0:
                nodes[child] = path
            else:
                leaves[~child] = path
    return nodes, leaves


def _gathered(paths: list[Columns]) -> dict[Columns, Ints]:
    """The places at which each path stands."""
    places: dict[Columns, list[int]] = {}
    for place, path in enumerate(paths):
        places.setdefault(path, []).append(place)
    return {path: np.array(found, dtype=np.intp) for path, found in places.items()}


def _term(forest: Forest, asked: Columns, nodes: Ints, trees: Ints, own: Floats) -> Term:
    axes = tuple(_axis(forest, feature, nodes[forest.feature[nodes] == feature]) for feature in asked)
    sizes = tuple(axis.size for axis in axes)
    if math.prod(sizes) > MOST_CELLS:
        raise refusal(RequestError, "trees", "large_term", columns=str(asked), sizes=str(sizes), most=MOST_CELLS)
    grid = np.meshgrid(*(axis.examples() for axis in axes), indexing="ij")
    rows = np.stack([*(column.ravel() for column in grid), np.zeros(math.prod(sizes))], axis=1)
    return Term(axes=axes, values=_sums(forest, asked, rows, trees, own).reshape(*sizes, forest.width))


def _axis(forest: Forest, feature: int, nodes: Ints) -> Axis:
    categorical = (forest.decision & CATEGORICAL) != 0
    if categorical[nodes].all():
        ranks = np.cumsum(categorical)[nodes] - 1
        return Axis(feature=feature, edges=None, codes=32 * int(np.diff(forest.category_offsets)[ranks].max()))
    if categorical[nodes].any():
        raise refusal(RequestError, "trees", "two_kinds", column=feature)
    edges = forest.threshold[nodes]
    if (forest.decision[nodes] >> 2 == MISSING_ZERO).any():
        edges = np.concatenate([edges, [np.nextafter(-ZERO, -np.inf), ZERO]])  # zero is a cell of its own
    return Axis(feature=feature, edges=np.unique(edges[np.isfinite(edges)]))


def _sums(forest: Forest, asked: Columns, rows: Floats, trees: Ints, own: Floats) -> Floats:
    """The sum of the leaves in `own` [leaves]: [n, width].

    Rows hold the asked columns, their numbers the ends of intervals, and a last column that stands for all others:
    whether a leaf in `own` is reached does not hang on those.
    """
    place = np.full(forest.features, len(asked), dtype=np.intp)
    place[list(asked)] = np.arange(len(asked))
    walker = replace(forest.walker, feature=place[forest.feature])
    total = np.zeros((len(rows), forest.width))
    for some in chunks(len(rows), len(trees)):
        pulls = own[walker.leaves(rows[some], trees, flush=False)]  # [trees, rows]
        for output in range(forest.width):
            total[some, output] = pulls[trees % forest.width == output].sum(axis=0)
    return total / forest.iterations if forest.average else total
