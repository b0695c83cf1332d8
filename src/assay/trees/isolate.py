"""How are random trees grown that take rows apart?

An isolation tree (Liu, Ting & Zhou 2008) draws a column and a place between its smallest and largest value until rows stand alone, as deep
as a tree of so many rows usually is. All trees of a handful are grown together, one level at a time. A missing cell goes a way of its
own, or with either side by chance; where training had none it goes with the fewer. It sees numbers; what they mean is somebody else's work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from .forest import Forest
from .order import in_order
from .walk import DEFAULT_LEFT, LARGEST, MISSING_NAN, ZERO, Floats, Ints

AT_ONCE = 25  # trees that are grown between two looks at the clock
DRAWS = 10  # columns that a node tries, where those it drew hold one value alone
EULER = 0.5772156649015329


def usual_path(rows: Floats | Ints) -> Floats:
    """Mean length of the way to a row in a random tree that tells so many apart: of an unsuccessful search in a binary tree [n].

    >>> usual_path(np.asarray([1, 2, 256])).round(2).tolist()
    [0.0, 1.0, 10.24]
    """
    n = np.asarray(rows, dtype=np.float64)
    many = 2.0 * (np.log(np.maximum(n - 1.0, 1.0)) + EULER) - 2.0 * (n - 1.0) / np.maximum(n, 1.0)
    return np.asarray(np.where(n > 2, many, np.where(n == 2, 1.0, 0.0)))


def isolated(
    values: Floats, weight: Floats | None, trees: int, rows: int, clock: Clock, rng: np.random.Generator
) -> Forest:
    """Trees whose mean answer is the negative length of a row's way: of `rows` rows of values [n, d] each, at least a few of them.

    weight : how likely a row is drawn [n], above zero
    """
    values = np.where(np.abs(values) <= ZERO, 0.0, values)
    share = None if weight is None else np.cumsum(weight / weight.sum())
    found: list[_Level] = []
    size, grown = min(rows, len(values)), 0
    while grown < trees:
        more = min(AT_ONCE, trees - grown)
        drawn = np.concatenate([_drawn(len(values), size, share, rng) for _ in range(more)])
        found += _grown(
            values, drawn, grown + np.repeat(np.arange(more), size), int(np.ceil(np.log2(max(2, size)))), rng
        )
        grown += more
        if clock.expired():
            break
    return _forest(found, grown, values.shape[1])


def _drawn(n: int, size: int, share: Floats | None, rng: np.random.Generator) -> Ints:
    """Rows of one tree: each at most once where all count alike, else as often as they count."""
    if share is None:
        return np.sort(rng.choice(n, size, replace=False, shuffle=False))
    return np.sort(np.minimum(np.searchsorted(share, rng.random(size), side="right"), n - 1))


@dataclass(frozen=True, eq=False)
class _Level:
    """The nodes of one level of some trees, parents before children."""

    tree: Ints  # [m]
    parent: Ints  # [m] place in the level above, -1 for roots
    is_left: NDArray[np.bool_]  # [m] of its parent
    feature: Ints  # [m] -1 for leaves
    threshold: Floats  # [m]
    missing_left: NDArray[np.bool_]  # [m]
    size: Ints  # [m] rows
    depth: int
    last: bool  # the level before it is of other trees


def _grown(values: Floats, rows: Ints, tree: Ints, most: int, rng: np.random.Generator) -> list[_Level]:
    """The levels of some trees; rows [r] stand tree by tree."""
    levels: list[_Level] = []
    starts = np.flatnonzero(np.diff(tree, prepend=-1))
    own, parent = tree[starts], np.full(len(starts), -1, dtype=np.intp)
    is_left = np.zeros(len(starts), dtype=bool)
    for depth in range(most + 1):
        size = np.diff(starts, append=len(rows))
        feature, low, high, gaps = _columns(values, rows, starts, size, rng, depth < most)
        splits = feature >= 0
        cut = low + rng.random(len(starts)) * (high - low)
        cut = np.where(cut < high, cut, low)  # rounding may reach the upper end
        apart = gaps & (~(low < high) | (rng.random(len(starts)) < 0.5))  # what is missing goes its own way
        cut = np.where(apart, LARGEST, np.where(splits, cut, 0.0))
        node = np.repeat(np.arange(len(starts)), size)
        x = values[rows, np.maximum(feature, 0)[node]]
        left, gone = x <= cut[node], np.isnan(x)
        fewer = np.add.reduceat(left, starts) * 2 < np.add.reduceat(~gone, starts)
        missing_left = splits & ~apart & np.where(gaps, rng.random(len(starts)) < 0.5, fewer)
        left = np.where(gone, missing_left[node], left)
        levels.append(_Level(own, parent, is_left, feature, cut, missing_left, size, depth, depth == 0))
        kept = splits[node]
        rows, node, left = rows[kept], node[kept], left[kept]
        if not len(rows):
            break
        order = np.argsort(2 * node + ~left, kind="stable")
        rows, child = rows[order], (2 * node + ~left)[order]
        starts = np.flatnonzero(np.diff(child, prepend=-1))
        parent, is_left = child[starts] // 2, child[starts] % 2 == 0
        own = own[parent]
    return levels


def _columns(
    values: Floats, rows: Ints, starts: Ints, size: Ints, rng: np.random.Generator, deeper: bool
) -> tuple[Ints, Floats, Floats, NDArray[np.bool_]]:
    """The column each node asks, -1 where none that it drew tells rows apart; its range, and whether some of its cells are missing."""
    nodes = len(starts)
    feature = np.full(nodes, -1, dtype=np.intp)
    low, high, gaps = np.zeros(nodes), np.zeros(nodes), np.zeros(nodes, dtype=bool)
    for _ in range(DRAWS if deeper else 0):
        open_ = np.flatnonzero((feature < 0) & (size > 1))
        if not len(open_):
            break
        tried = rng.integers(values.shape[1], size=len(open_))
        mine = np.concatenate([np.arange(a, a + k) for a, k in zip(starts[open_], size[open_], strict=True)])
        x = values[rows[mine], np.repeat(tried, size[open_])]
        begins = np.concatenate([[0], np.cumsum(size[open_])[:-1]])
        least, most = np.fmin.reduceat(x, begins), np.fmax.reduceat(x, begins)
        some = np.logical_or.reduceat(np.isnan(x), begins)
        tells = (least < most) | (some & ~np.isnan(least))
        at = open_[tells]
        feature[at], low[at], high[at], gaps[at] = tried[tells], least[tells], most[tells], some[tells]
    return feature, low, high, gaps


def _forest(levels: list[_Level], trees: int, features: int) -> Forest:
    """The trees one after the other, as every forest is written."""
    first = np.cumsum([0, *(len(level.tree) for level in levels)])
    whole = {
        name: np.concatenate([getattr(level, name) for level in levels])
        for name in ("tree", "is_left", "feature", "threshold", "missing_left", "size")
    }
    above = [0 if level.last else first[k - 1] for k, level in enumerate(levels)]
    parent = np.concatenate(
        [np.where(level.parent < 0, -1, level.parent + base) for level, base in zip(levels, above, strict=True)]
    )
    depth = np.concatenate([np.full(len(level.tree), level.depth) for level in levels])
    order = np.argsort(whole["tree"], kind="stable")  # within a tree as they were made: parents first
    inner = whole["feature"] >= 0
    nodes, leaves = order[inner[order]], order[~inner[order]]
    name = np.zeros(len(order), dtype=np.int64)  # within its tree, leaves as ~k
    for kept in (nodes, leaves):
        own = whole["tree"][kept]
        name[kept] = np.arange(len(kept)) - np.searchsorted(own, own, side="left")
    name[leaves] = ~name[leaves]
    left, right = np.zeros(len(order), dtype=np.int64), np.zeros(len(order), dtype=np.int64)
    children = np.flatnonzero(parent >= 0)
    for side, into in ((True, left), (False, right)):
        own = children[whole["is_left"][children] == side]
        into[parent[own]] = name[own]
    size = whole["size"][leaves]
    found = Forest(
        features=features,
        width=1,
        average=True,
        base=np.zeros(1),
        leaves=np.bincount(whole["tree"][leaves], minlength=trees).astype(np.int32),
        feature=whole["feature"][nodes].astype(np.int32),
        threshold=whole["threshold"][nodes],
        left=left[nodes].astype(np.int32),
        right=right[nodes].astype(np.int32),
        decision=((MISSING_NAN << 2) | np.where(whole["missing_left"][nodes], DEFAULT_LEFT, 0)).astype(np.uint8),
        category_offsets=np.zeros(1, dtype=np.int64),
        category_words=np.zeros(0, dtype=np.uint32),
        leaf_value=-(depth[leaves] + usual_path(size)),
        leaf_count=size.astype(np.int32),
    )
    return in_order(found)
