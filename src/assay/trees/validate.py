"""Are these arrays really trees?

Everything a walker or a native library relies on is checked here with numpy before either sees the arrays: a child
comes after its parent and every node has exactly one parent (so each is reached once and nothing goes in circles),
indices and bitsets stay in range, numbers are finite and sums cannot overflow. A file may have been written by anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .walk import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN

if TYPE_CHECKING:
    from .forest import Forest

MOST_FEATURES = 1_000_000  # columns; the rendered text names each
MOST_WIDTH = 10_000  # outputs: classes
MOST_LEAVES = 2**26  # leaves of a forest: half a gigabyte of values
MOST_DEPTH = 1_000  # TreeSHAP recurses once per level and keeps depth² / 2 path elements (12 MB)
MOST_SUM = 1e300  # no sum of leaf values can reach this, so none overflows

Refuse = Callable[[str], Exception]


def check_forest(forest: Forest, refuse: Refuse) -> None:
    """Raise `refuse(problem)` unless the forest is sound."""
    _check_sizes(forest, refuse)
    _check_numbers(forest, refuse)
    _check_decisions(forest, refuse)
    if len(forest.feature):
        _check_children(forest, refuse)
        _check_depth(forest, refuse)


def _check_sizes(forest: Forest, refuse: Refuse) -> None:
    if not 1 <= forest.features <= MOST_FEATURES or not 1 <= forest.width <= MOST_WIDTH:
        raise refuse(f"{forest.features} columns and {forest.width} outputs are out of range")
    if forest.trees % forest.width:
        raise refuse(f"{forest.trees} trees do not divide into rounds of {forest.width}")
    if forest.trees and forest.leaves.min() < 1:
        raise refuse("a tree has no leaf")
    leaves = int(forest.leaves.sum(dtype=np.int64))
    if leaves > MOST_LEAVES:
        raise refuse(f"{leaves} leaves are more than {MOST_LEAVES}")
    nodes = leaves - forest.trees
    if {len(forest.leaf_value), len(forest.leaf_count)} != {leaves}:
        raise refuse(f"{leaves} leaves need as many values and counts")
    if {len(a) for a in (forest.feature, forest.threshold, forest.left, forest.right, forest.decision)} != {nodes}:
        raise refuse(f"{nodes} inner nodes need as many features, thresholds, children and decisions")
    if forest.base.shape != (forest.width,):
        raise refuse(f"{forest.width} outputs need as many base values")


def _check_numbers(forest: Forest, refuse: Refuse) -> None:
    if np.isnan(forest.threshold).any() or np.isneginf(forest.threshold).any():
        raise refuse("a threshold is not a number")  # +inf is LightGBM's own: all but the missing go left
    for name in ("base", "leaf_value"):
        if not np.isfinite(getattr(forest, name)).all():
            raise refuse(f"'{name}' holds numbers that are not finite")
    limit = MOST_SUM / max(1, forest.trees)
    if max(np.abs(forest.leaf_value).max(initial=0), np.abs(forest.base).max(initial=0)) > limit:
        raise refuse(f"a value is beyond {limit:g}, so that a sum could overflow")
    if forest.leaf_count.min(initial=1) < 1:
        raise refuse("a leaf holds no training row")
    if forest.trees and np.add.reduceat(forest.leaf_count.astype(np.int64), forest.leaf_offsets[:-1]).max() >= 2**31:
        raise refuse("a tree holds more rows than a 32-bit count")


def _check_decisions(forest: Forest, refuse: Refuse) -> None:
    if forest.feature.min(initial=0) < 0 or forest.feature.max(initial=0) >= forest.features:
        raise refuse(f"a node asks for a column outside 0 to {forest.features - 1}")
    if (forest.decision >> 2).max(initial=0) > MISSING_NAN:
        raise refuse("a node has an unknown kind of decision")
    categorical = (forest.decision & CATEGORICAL) != 0
    if (categorical & ((forest.decision & DEFAULT_LEFT) != 0)).any() or forest.threshold[categorical].any():
        raise refuse("a categorical node has a default or a threshold")
    offsets, sets = forest.category_offsets, int(categorical.sum())
    if len(offsets) != sets + 1 or offsets[0] != 0 or offsets[-1] != len(forest.category_words):
        raise refuse(f"{sets} categorical nodes need as many category sets")
    if sets and np.diff(offsets).min() < 1:
        raise refuse("a category set is empty or runs backwards")


def _check_children(forest: Forest, refuse: Refuse) -> None:
    """Every node but the roots, and every leaf, is the child of exactly one node, which stands before it."""
    nodes = np.diff(forest.node_offsets)
    own = np.arange(len(forest.feature)) - np.repeat(forest.node_offsets[:-1], nodes)  # index within the tree
    inner_most, leaf_most = np.repeat(nodes, nodes), np.repeat(forest.leaves, nodes)
    seen_nodes = np.zeros(len(forest.feature), dtype=np.int64)
    seen_leaves = np.zeros(len(forest.leaf_value), dtype=np.int64)
    for child in (forest.left.astype(np.int64), forest.right.astype(np.int64)):
        inner = child >= 0
        if (child[inner] <= own[inner]).any() or (child[inner] >= inner_most[inner]).any():
            raise refuse("a child stands before its parent or outside its tree")
        if (~child[~inner] >= leaf_most[~inner]).any():
            raise refuse("a node points at a leaf outside its tree")
        np.add.at(seen_nodes, (child + np.repeat(forest.node_offsets[:-1], nodes))[inner], 1)
        np.add.at(seen_leaves, (~child + np.repeat(forest.leaf_offsets[:-1], nodes))[~inner], 1)
    seen_nodes[forest.node_offsets[:-1][nodes > 0]] += 1  # roots
    seen_leaves[forest.leaf_offsets[:-1][nodes == 0]] += 1  # trees of one leaf
    if (seen_nodes != 1).any() or (seen_leaves != 1).any():
        raise refuse("a node or leaf is not reached exactly once")


def _check_depth(forest: Forest, refuse: Refuse) -> None:
    start = np.repeat(forest.node_offsets[:-1], np.diff(forest.node_offsets))
    level = np.flatnonzero(np.isin(np.arange(len(start)), start))  # the roots
    for _ in range(MOST_DEPTH):
        children = np.concatenate([forest.left[level], forest.right[level]])
        level = (children + np.concatenate([start[level], start[level]]))[children >= 0]
        if not level.size:
            return
    raise refuse(f"a tree is deeper than {MOST_DEPTH} levels")
