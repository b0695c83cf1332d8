"""Which leaf does a row fall into?

All rows go down all trees together, one level at a time, in numpy. Every decision is LightGBM's own, so that the
walker and the native library give the same bits: numbers within 1e-35 of zero count as zero, a missing number counts
as zero where the node knows no missing values, a category code is cut to a whole number, and a code that is missing,
negative, huge or unseen goes right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .forest import Forest

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of a decision
MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2  # bits 2 and 3 of a decision
ZERO = float(np.float32(1e-35))  # LightGBM's kZeroThreshold: anything this close to zero is zero
LARGEST = 1e300  # the native library treats larger numbers as infinite: whoever asks draws them in
PAIRS_AT_ONCE = 250_000  # (row, tree) pairs in flight: their indices stay near the processor, about 10 MB

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Walker:
    """A forest laid out for walking: children count over the whole forest; leaf k is written ~k."""

    roots: Ints  # [trees]
    feature: Ints  # [nodes]
    threshold: Floats  # [nodes]
    left: Ints  # [nodes]
    right: Ints  # [nodes]
    missing_left: NDArray[np.bool_]  # [nodes] where a missing value goes
    zero_missing: NDArray[np.bool_] | None  # [nodes] nodes for which zero is missing; None if there are none
    set_of: Ints | None  # [nodes] category set of a node, -1 for numbers; None if there are none
    set_start: Ints  # [sets + 1] first word of each category set
    words: NDArray[np.uint32]

    def leaves(self, values: Floats, trees: NDArray[Any] | None = None, *, flush: bool = True) -> Ints:
        """The leaf, counted over the whole forest, that each row reaches in each tree: [trees, n].

        `flush=False` leaves numbers close to zero as they are; callers that ask about the ends of intervals need it.
        """
        if flush:
            values = np.where(np.abs(values) <= ZERO, 0.0, values)
        roots = self.roots if trees is None else self.roots[trees]
        rows, width = values.shape
        node = np.repeat(roots, rows)  # [trees * n], tree by tree
        flat = np.ascontiguousarray(values).ravel()
        holes = bool(np.isnan(flat).any())
        active = np.flatnonzero(node >= 0)
        start = active % max(1, rows) * width  # where the row of a pair begins in `flat`
        while active.size:
            here = node[active]
            left = self._goes_left(here, flat[start + self.feature[here]], holes)
            after = np.where(left, self.left[here], self.right[here])
            node[active] = after
            inner = after >= 0
            active, start = active[inner], start[inner]
        return ~node.reshape(len(roots), rows)

    def _goes_left(self, here: Ints, x: Floats, holes: bool) -> NDArray[np.bool_]:
        left = x <= self.threshold[here]
        if holes:
            left = np.where(np.isnan(x), self.missing_left[here], left)
        if self.zero_missing is not None:
            hit = self.zero_missing[here] & (np.abs(x) <= ZERO)
            left = np.where(hit, self.missing_left[here], left)
        if self.set_of is not None:
            which = self.set_of[here]
            some = np.flatnonzero(which >= 0)
            left[some] = self.in_set(which[some], x[some])
        return left

    def in_set(self, which: Ints, x: Floats) -> NDArray[np.bool_]:
        """Whether codes [n] are in category sets [n]."""
        start = self.set_start[which]
        found = (x > -1) & (x < 32.0 * (self.set_start[which + 1] - start))  # False where x is NaN
        code = x[found].astype(np.int64)  # cut, not rounded: -0.5 is code 0, as in LightGBM
        word = self.words[start[found] + (code >> 5)]
        found[found] = (word >> (code & 31).astype(np.uint32)) & np.uint32(1) == 1
        return found


def walker_of(forest: Forest) -> Walker:
    """Lay out a forest for walking."""
    nodes, leaves = np.diff(forest.node_offsets), forest.leaf_offsets[:-1]
    node_start = np.repeat(forest.node_offsets[:-1], nodes)
    leaf_start = np.repeat(leaves, nodes)
    decision = forest.decision
    categorical = (decision & CATEGORICAL) != 0
    missing = decision >> 2
    zero_missing = (missing == MISSING_ZERO) & ~categorical
    default_left = (decision & DEFAULT_LEFT) != 0
    missing_left = np.where(missing == MISSING_NONE, forest.threshold >= 0, default_left) & ~categorical
    return Walker(
        roots=np.where(nodes > 0, forest.node_offsets[:-1], ~leaves),
        feature=forest.feature.astype(np.intp),
        threshold=forest.threshold,
        left=_absolute(forest.left, node_start, leaf_start),
        right=_absolute(forest.right, node_start, leaf_start),
        missing_left=missing_left,
        zero_missing=zero_missing if zero_missing.any() else None,
        set_of=np.where(categorical, np.cumsum(categorical) - 1, -1) if categorical.any() else None,
        set_start=forest.category_offsets.astype(np.intp),
        words=forest.category_words,
    )


def chunks(rows: int, trees: int) -> Iterator[slice]:
    """Slices of rows small enough to walk all trees at once."""
    step = max(1, PAIRS_AT_ONCE // max(1, trees))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def _absolute(child: NDArray[np.int32], node_start: Ints, leaf_start: Ints) -> Ints:
    wide = child.astype(np.intp)
    return np.where(wide >= 0, wide + node_start, ~(~wide + leaf_start))
