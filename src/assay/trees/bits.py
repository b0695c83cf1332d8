"""Which leaves does one row fall into, without a walk? One bit a leaf says whether it can still be reached.

QuickScorer (Lucchese, Nardini, Orlando, Perego, Tonellotto & Venturini 2015), in numpy. Leaves of a tree are numbered from left to right. A node that
sends a row to the right closes the leaves on its left, so all nodes of a column together close what depends on the interval of its value
alone: one word a tree for each interval, made beforehand. A row takes one line of words for each column; the first leaf that none
of them closes is its leaf.

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

    # Column, its first line, and after which value each line ends, in order.
    numbers: list[tuple[int, int, list[float]]]
    codes: list[tuple[int, dict[float, int], int]]  # column, the line of each code, and that of every other
    words: NDArray[Any]  # [lines, trees]: bits of the leaves that are closed
    leaves: Floats  # [trees * bits]: values of leaves, from left to right
    width: int

    def scorer(self) -> Callable[[Sequence[float]], list[float]]:
        """From values [features] (finite or NaN) of one row to the sums of leaves [width]; for one thread at a time."""
        trees, kind = self.words.shape[1], self.words.dtype
        lines = np.empty((len(self.numbers) + len(self.codes), trees), dtype=kind)
        closed, after = np.empty(trees, dtype=kind), np.empty(trees, dtype=kind)
        rank, leaf = np.empty(trees, dtype=np.uint8), np.empty(trees, dtype=np.intp)
        before = np.arange(trees, dtype=np.intp) * (8 * kind.itemsize) - 1
        pulls, one = np.empty(trees), kind.type(1)
        by_round, alone = pulls.reshape(-1, self.width), self.width == 1
        numbers, codes = self.numbers, self.codes
        take, value, union, add_up = self.words.take, self.leaves.take, np.bitwise_or.reduce, np.add.accumulate

        def score(values: Sequence[float]) -> list[float]:
            asked = [start + bisect_left(ends, values[column]) for column, start, ends in numbers]
            for column, known, other in codes:
                line = known.get(x := values[column])
                asked.append(_line(x, known, other) if line is None else line)
            take(asked, 0, lines, "clip")
            union(lines, axis=0, out=closed)
            np.add(closed, one, after)
            np.bitwise_xor(closed, after, after)  # the closed leaves before the first that is open, and that one
            np.bitwise_count(after, rank)
            np.add(before, rank, leaf)
            value(leaf, 0, pulls, "clip")
            if alone:
                return [add_up(pulls).item(-1)]  # adds tree by tree; sum would not
            found: list[float] = add_up(by_round)[-1].tolist()
            return found

        return score


def _line(x: float, known: dict[float, int], other: int) -> int:
    """The line of a code that is no whole number, as it is cut: -0.5 is code 0, as in LightGBM."""
    return known.get(float(int(x)), other) if -1 < x < len(known) else other


def bits_of(forest: Forest) -> Bits | None:
    """The words of a forest, where they are few enough to be worth it; None otherwise."""
    used, longest = np.unique(forest.feature), int(forest.leaves.max(initial=1))
    kind = np.dtype(np.uint32 if longest <= 32 else np.uint64)
    line = forest.trees * kind.itemsize
    if not len(used) or longest > MOST_LEAVES or len(used) * line > MOST_LINE:
        return None  # before a large forest is laid out for a walk that it does not need
    walker: Walker = forest.walker
    if walker.zero_missing is not None:
        return None
    nodes_of = {int(column): np.flatnonzero(forest.feature == column) for column in used}
    coded = {column: (forest.decision[mine] & CATEGORICAL) != 0 for column, mine in nodes_of.items()}
    if any(mixed.any() != mixed.all() for mixed in coded.values()):
        return None
    ends = {column: _ends(walker, mine) for column, mine in nodes_of.items() if not coded[column].any()}
    known = {column: _known(walker, mine) for column, mine in nodes_of.items() if coded[column].any()}
    heights = {column: len(ends[column]) + 1 if column in ends else known[column] + 1 for column in nodes_of}
    if sum(heights.values()) * line > MOST_BYTES or max(known.values(), default=0) > MOST_CODES:
        return None
    closes, leaves = _numbered(forest, walker, kind)
    tree_of = np.repeat(np.arange(forest.trees), np.diff(forest.node_offsets))
    words = np.zeros((sum(heights.values()), forest.trees), dtype=kind)
    numbers, codes, start = [], [], 0
    for column, mine in nodes_of.items():
        block, trees = words[start : start + heights[column]], tree_of[mine]
        if column in ends:
            lost = ~walker.missing_left[mine]
            right = np.searchsorted(ends[column], _moved(walker, mine)) + 1
            np.bitwise_or.at(block, (right, trees), closes[mine])
            np.bitwise_or.accumulate(block[1:], axis=0, out=block[1:])
            np.bitwise_or.at(block[0], trees[lost], closes[mine[lost]])
            numbers.append((column, start, ends[column].tolist()))
        else:
            for code in range(known[column] + 1):
                away = _right_of(walker, mine, code if code < known[column] else np.nan)
                np.bitwise_or.at(block[code], trees[away], closes[mine[away]])
            lines = {float(code): start + code for code in range(known[column])}
            codes.append((column, lines, start + known[column]))
        start += heights[column]
    return Bits(numbers=numbers, codes=codes, words=words, leaves=leaves, width=forest.width)


def _moved(walker: Walker, mine: Ints) -> Floats:
    """Thresholds of some nodes as they part values that are not drawn in: those within ZERO of zero count as zero, those beyond LARGEST as that."""
    threshold = walker.threshold[mine].copy()
    near = np.abs(threshold) <= ZERO
    threshold[near] = np.where(threshold[near] >= 0, ZERO, np.nextafter(-ZERO, -np.inf))
    threshold[threshold >= LARGEST] = np.inf
    threshold[threshold < -LARGEST] = -np.inf
    return threshold


def _ends(walker: Walker, mine: Ints) -> Floats:
    """After which value each line of a column ends. The first holds none: no number is below it, and NaN is found there, as it is below nothing."""
    return np.unique(np.append(_moved(walker, mine), -np.inf))


def _known(walker: Walker, mine: Ints) -> int:
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
    closes = ((one << lefts) - one) << rank.astype(kind)
    leaves = np.zeros(forest.trees * bits)
    leaves[np.repeat(np.arange(forest.trees), forest.leaves) * bits + place] = forest.leaf_value
    return closes, leaves
