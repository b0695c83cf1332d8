"""In which order do the nodes and leaves of a tree stand, so that its shape takes two bits a node?

In the order of a walk that looks at a node first, then at all below its left child, then at all below its right one. Then a
tree is told by a bit for each of them, 1 for a node and 0 for a leaf (Jacobson 1989, for trees in which each node has two children).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Ints
from .walk import CATEGORICAL

if TYPE_CHECKING:
    from .forest import Forest

Bits = NDArray[np.bool_]


def in_order(forest: Forest) -> Forest:
    """The same trees with nodes and leaves numbered in the order of the walk: from left to right."""
    nodes, leaves = forest.node_offsets, forest.leaf_offsets
    if not len(forest.feature):
        return forest
    place, first, left = _places(forest)
    order = np.argsort(place)  # the old number of each new one
    start = np.repeat(nodes[:-1], np.diff(nodes))
    leaf_order = np.empty(leaves[-1], dtype=np.intp)
    leaf_place = np.arange(leaves[-1])  # of trees of one leaf, and of all others once they are put in
    children = []
    for child, below in ((forest.left, first), (forest.right, first + left)):
        inner = child >= 0
        told = np.empty(len(child), dtype=np.int64)
        told[inner] = place[child[inner] + start[inner]] - start[inner]
        tree = np.repeat(leaves[:-1], np.diff(nodes))
        leaf_place[(~child + tree)[~inner]] = below[~inner]
        told[~inner] = ~(below - tree)[~inner]
        children.append(told[order].astype(np.int32))
    leaf_order[leaf_place] = np.arange(leaves[-1])
    named = (forest.decision & CATEGORICAL) != 0
    sets = (np.cumsum(named) - 1)[order][named[order]]
    sizes = np.diff(forest.category_offsets)[sets]
    words = [forest.category_words[forest.category_offsets[k] : forest.category_offsets[k + 1]] for k in sets]
    return replace(
        forest,
        feature=forest.feature[order],
        threshold=forest.threshold[order],
        decision=forest.decision[order],
        category_offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        category_words=np.concatenate(words) if words else forest.category_words,
        leaf_value=forest.leaf_value[leaf_order],
        leaf_count=forest.leaf_count[leaf_order],
        left=children[0],
        right=children[1],
    )


def shape_of(forest: Forest) -> Bits:
    """Of trees in order, whether each thing that a walk comes by is a node: [nodes + leaves]."""
    first = _places(forest)[1]
    found = np.zeros(len(forest.feature) + len(forest.leaf_value), dtype=np.bool_)
    found[np.arange(len(first)) + first] = True  # so many nodes and so many leaves come before a node
    return found


def children_of(shape: Bits, leaves: Ints) -> tuple[Ints, Ints] | None:
    """Left and right children [nodes] of trees of so many leaves [trees] each, from the bits of their shape; None where they are no trees.

    What comes before a node, nodes up and leaves down, is as high again where its right child stands, and nowhere between.
    """
    if len(shape) != 2 * int(leaves.sum()) - len(leaves):
        return None
    ends = np.cumsum(2 * leaves - 1)
    within = np.arange(len(shape)) - np.repeat(ends - 2 * leaves + 1, 2 * leaves - 1)
    nodes_before: Ints = np.cumsum(shape) - shape  # of all trees
    height = 2 * nodes_before - np.arange(len(shape))
    if not np.array_equal(
        np.add.reduceat(shape.astype(np.int64), ends - 2 * leaves + 1) if len(ends) else [], leaves - 1
    ):
        return None
    order = np.argsort(height, kind="stable")
    again = np.full(len(shape), len(shape))
    alike = height[order][1:] == height[order][:-1]
    again[order[:-1][alike]] = order[1:][alike]
    inner = np.flatnonzero(shape)
    right = again[inner]
    tree_end = np.repeat(ends, 2 * leaves - 1)[inner]
    if (right >= tree_end).any():
        return None
    first_node = np.repeat(np.cumsum(leaves - 1) - (leaves - 1), 2 * leaves - 1)
    own = nodes_before - first_node  # nodes of its tree before each thing
    told = np.where(shape, own, ~(within - own))
    return told[inner + 1], told[right]


def _below(forest: Forest) -> tuple[Ints, list[Ints]]:
    """Leaves below the left child of each node [nodes], and the nodes of each level from the roots on."""
    start = np.repeat(forest.node_offsets[:-1], np.diff(forest.node_offsets)).astype(np.intp)
    levels = [np.unique(start)]
    while levels[-1].size:
        level = levels[-1]
        children = np.concatenate([forest.left[level], forest.right[level]])
        levels.append((children + np.concatenate([start[level], start[level]]))[children >= 0])
    both, left = np.zeros(len(start), dtype=np.intp), np.zeros(len(start), dtype=np.intp)
    for level in reversed(levels):
        for child, total in ((forest.left[level], left), (forest.right[level], None)):
            inner = child >= 0
            found = np.ones(len(level), dtype=np.intp)
            found[inner] = both[(child + start[level])[inner]]
            both[level] += found
            if total is not None:
                total[level] = found
    return left, levels


def _places(forest: Forest) -> tuple[Ints, Ints, Ints]:
    """The place of each node among all nodes, that of the first leaf below it among all leaves, and how many are below its left child: [nodes] each."""
    nodes = np.diff(forest.node_offsets)
    start = np.repeat(forest.node_offsets[:-1], nodes).astype(np.intp)
    left, levels = _below(forest)
    place, first = start.copy(), np.repeat(forest.leaf_offsets[:-1], nodes).astype(np.intp)
    for level in levels:
        for child, moved in ((forest.left[level], None), (forest.right[level], left[level])):
            inner = child >= 0
            below = (child + start[level])[inner]
            place[below] = place[level][inner] + (1 if moved is None else moved[inner])
            first[below] = first[level][inner] + (0 if moved is None else moved[inner])
    return place, first, left
