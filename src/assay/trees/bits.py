"""Which leaves does one row fall into, without a walk? One bit a leaf says whether it can still be reached.

QuickScorer (Lucchese, Nardini, Orlando, Perego, Tonellotto & Venturini 2015), in numpy. Leaves of a tree are numbered from left to right. A node that
sends a row to the right closes the leaves on its left, so all nodes of a column together close what depends on the interval of its value
alone: one word a tree for each interval, made beforehand. A row takes one line of words for each column; what all leave open begins
with its leaf.

The scores are those of the walk and of LightGBM, to the bit. It is for forests whose words are few (`bits_of`): a line is read for each column, and memory
grows with intervals, trees and leaves. A forest knows how to answer many rows better.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .walk import CATEGORICAL, LARGEST, ZERO, Floats, Ints, Walker

if TYPE_CHECKING:
    from .forest import Forest

MOST_LEAVES = 64  # of a tree: bits of the longest word
MOST_BYTES = 16_000_000  # of all words
MOST_LINE = 64_000  # bytes that one row reads: beyond, a walk is no slower
MOST_CODES = 1_024  # of a column


@dataclass(frozen=True, kw_only=True, eq=False)
class Bits:
    """The words of a forest, which threads share. Values beyond LARGEST count as LARGEST, as when many rows are asked."""

    columns: list[int]  # that some node asks for
    edges: list[list[float] | int]  # of each: thresholds in order, or the number of codes
    starts: list[int]  # the first line of each
    words: NDArray[Any]  # [lines, trees]: bits of the leaves that stay open
    leaves: Floats  # [trees * bits]: values of leaves, from left to right
    width: int

    def scorer(self) -> Callable[[Sequence[float]], list[float]]:
        """From values [features] (finite or NaN) of one row to the sums of leaves [width]; for one thread at a time."""
        trees, kind = self.words.shape[1], self.words.dtype
        lines = np.empty((len(self.columns), trees), dtype=kind)
        still, below = np.empty(trees, dtype=kind), np.empty(trees, dtype=kind)
        rank, leaf = np.empty(trees, dtype=np.uint8), np.empty(trees, dtype=np.intp)
        first, pulls, one = np.arange(trees, dtype=np.intp) * (8 * kind.itemsize), np.empty(trees), kind.type(1)
        by_round, width = pulls.reshape(-1, self.width), self.width
        plan = list(zip(self.columns, self.starts, self.edges, strict=True))
        take, value = self.words.take, self.leaves.take

        def score(values: Sequence[float]) -> list[float]:
            asked = []
            for column, start, edges in plan:
                x = values[column]
                if type(edges) is int:
                    asked.append(start + (int(x) if -1 < x < edges else edges))
                else:
                    asked.append(start + (bisect_left(edges, x) if x == x else len(edges) + 1))  # type: ignore[arg-type]
            take(asked, 0, lines, "clip")
            np.bitwise_and.reduce(lines, axis=0, out=still)
            np.subtract(still, one, below)
            np.bitwise_and(below, np.invert(still, still), below)  # the bits before the first that is open
            np.bitwise_count(below, rank)
            np.add(first, rank, leaf)
            value(leaf, 0, pulls, "clip")
            if width == 1:
                return [float(np.add.accumulate(pulls)[-1])]  # adds tree by tree; sum would not
            found: list[float] = np.add.accumulate(by_round)[-1].tolist()
            return found

        return score


def bits_of(forest: Forest) -> Bits | None:
    """The words of a forest, where they are few enough to be worth it; None otherwise."""
    walker: Walker = forest.walker
    used = np.unique(forest.feature)
    longest = int(forest.leaves.max(initial=1))
    kind = np.dtype(np.uint32 if longest <= 32 else np.uint64)
    line = forest.trees * kind.itemsize
    if not len(used) or longest > MOST_LEAVES or walker.zero_missing is not None or len(used) * line > MOST_LINE:
        return None
    coded = (forest.decision & CATEGORICAL) != 0
    blocks: list[tuple[list[float] | int, Ints, Ints]] = []  # edges, nodes, and the first line that each closes
    for column in used:
        mine = np.flatnonzero(forest.feature == column)
        if coded[mine].any() != coded[mine].all():
            return None
        blocks.append((_codes(walker, mine), mine, mine) if coded[mine[0]] else _thresholds(walker, mine))
    if any(isinstance(edges, int) and edges > MOST_CODES for edges, _, _ in blocks):
        return None
    heights = [edges + 1 if isinstance(edges, int) else len(edges) + 2 for edges, _, _ in blocks]
    if sum(heights) * line > MOST_BYTES:
        return None
    tree_of = np.repeat(np.arange(forest.trees), np.diff(forest.node_offsets))
    closes, leaves = _numbered(forest, walker, kind)
    words = np.full((sum(heights), forest.trees), ~kind.type(0), dtype=kind)
    starts = np.concatenate([[0], np.cumsum(heights)[:-1]]).tolist()
    for (edges, mine, lines), start, height in zip(blocks, starts, heights, strict=True):
        block, trees = words[start : start + height], tree_of[mine]
        if isinstance(edges, int):
            for code in range(height):
                right = _right_of(walker, mine, code if code < edges else np.nan)
                np.bitwise_and.at(block[code], trees[right], closes[mine[right]])
            continue
        np.bitwise_and.at(block, (lines, trees), closes[mine])
        np.bitwise_and.accumulate(block[:-1], axis=0, out=block[:-1])
        lost = ~walker.missing_left[mine]
        np.bitwise_and.at(block[-1], trees[lost], closes[mine[lost]])
    edges_of = [edges for edges, _, _ in blocks]
    return Bits(columns=used.tolist(), edges=edges_of, starts=starts, words=words, leaves=leaves, width=forest.width)


def _thresholds(walker: Walker, mine: Ints) -> tuple[list[float], Ints, Ints]:
    """Thresholds of some nodes in order, the nodes, and the first interval in which each sends a row to the right.

    Interval k holds values above edge k - 1 and up to edge k; the last line of all is that of missing values. Values within ZERO of zero
    count as zero, so a threshold that near is moved to that side of all of them on which it has zero.
    """
    threshold = walker.threshold[mine].copy()
    near = np.abs(threshold) <= ZERO
    threshold[near] = np.where(threshold[near] >= 0, ZERO, np.nextafter(-ZERO, -np.inf))
    threshold[threshold >= LARGEST] = np.inf
    threshold[threshold < -LARGEST] = -np.inf
    edges = np.unique(threshold)
    return edges.tolist(), mine, np.searchsorted(edges, threshold) + 1


def _codes(walker: Walker, mine: Ints) -> int:
    """How many codes the sets of some nodes know; every other goes to the right."""
    assert walker.set_of is not None
    sets = walker.set_of[mine]
    return int(32 * (walker.set_start[sets + 1] - walker.set_start[sets]).max())


def _right_of(walker: Walker, mine: Ints, code: float) -> NDArray[np.bool_]:
    """Whether a code goes right at each of some nodes."""
    assert walker.set_of is not None
    return ~walker.in_set(walker.set_of[mine], np.full(len(mine), code))


def _numbered(forest: Forest, walker: Walker, kind: np.dtype[Any]) -> tuple[NDArray[Any], Floats]:
    """What each node closes when it sends a row to the right [nodes], and the values of leaves from left to right [trees * bits]."""
    levels, inner = [], walker.roots[walker.roots >= 0]
    while inner.size:
        levels.append(inner)
        children = np.concatenate([walker.left[inner], walker.right[inner]])
        inner = children[children >= 0]
    below = np.zeros(len(forest.feature), dtype=np.intp)  # leaves under a node

    def count(child: Ints) -> Ints:
        return np.where(child >= 0, below[np.maximum(child, 0)], 1)

    for level in reversed(levels):
        below[level] = count(walker.left[level]) + count(walker.right[level])
    rank = np.zeros(len(forest.feature), dtype=np.intp)  # of the first leaf under a node
    place = np.zeros(len(forest.leaf_value), dtype=np.intp)
    for level in levels:
        left, right, after = walker.left[level], walker.right[level], rank[level] + count(walker.left[level])
        for child, begins in ((left, rank[level]), (right, after)):
            rank[child[child >= 0]] = begins[child >= 0]
            place[~child[child < 0]] = begins[child < 0]
    lefts = count(walker.left).astype(kind)
    one, bits = kind.type(1), 8 * kind.itemsize
    closes = ~(((one << lefts) - one) << rank.astype(kind))
    leaves = np.zeros(forest.trees * bits)
    leaves[np.repeat(np.arange(forest.trees), forest.leaves) * bits + place] = forest.leaf_value
    return closes, leaves
