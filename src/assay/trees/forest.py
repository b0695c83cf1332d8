"""What is a forest, once no library is needed to read it?

Trees are arrays: one schema for every tree library, checked with numpy (validate.py), walked by our own evaluator
(walk.py) or rendered as a LightGBM model text (render.py) when there are many rows. Both roads give the same bits.
A forest knows columns by position only; encoding cells into numbers is somebody else's work.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.errors import RequestError
from ..kernel.grid import rounded
from ..kernel.threads import alone, threads
from ..kernel.words import refusal
from . import layout
from .bits import Bits, bits_of
from .order import in_order
from .validate import check_forest
from .walk import Floats, Ints, Walker, chunks, walker_of

# While a forest has no native model, up to this many (row, tree) pairs are walked: that is quicker than rendering and parsing
# the text. While no forest has had one, the process walks this many in all before it imports the library, which takes two to four
# times as long (docs/decisions/0004-trees-are-arrays.md).
WALK_PAIRS, COLD_PAIRS = 30_000, 4_000_000
FEW_ROWS = 64  # are scored by one thread: to wake others costs more, and they may be needed elsewhere


class _Cold:
    """What the process has walked since it began, for want of the native library: to load it is worth while once as much has been
    spent on doing without (ski rental: Karlin, Manasse, Rudolph & Sleator 1988)."""

    def __init__(self) -> None:
        self.walked = 0

    def walks(self, pairs: int) -> bool:
        """Whether these pairs are walked, too; they count from now on. Threads that ask at once may walk a little more."""
        if "lightgbm" in sys.modules or self.walked + pairs > COLD_PAIRS:
            return False
        self.walked += pairs
        return True


_cold = _Cold()


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """Many trees, summed.

    Inner nodes and leaves of all trees stand one after the other. A tree of k leaves has k - 1 inner nodes, the first
    is its root; a child counts within its tree, a negative child c is leaf ~c. Trees are ordered iteration by
    iteration, within an iteration output by output.
    """

    features: int  # number of columns
    width: int  # number of outputs, and of trees per iteration
    average: bool  # a random forest: the sum is divided by the number of iterations
    base: Floats  # [width] added last
    leaves: NDArray[np.int32]  # [trees] leaves of each tree
    feature: NDArray[np.int32]  # [nodes] the column that is asked
    threshold: Floats  # [nodes] left if the value is at most this; 0 at categorical nodes
    left: NDArray[np.int32]  # [nodes]
    right: NDArray[np.int32]  # [nodes]
    decision: NDArray[np.uint8]  # [nodes] 1 categorical, 2 missing goes left, 4 zero is missing, 8 NaN is missing
    category_offsets: NDArray[np.int64]  # [sets + 1] the k-th categorical node has words offsets[k] to offsets[k + 1]
    category_words: NDArray[np.uint32]  # bit b of word w: category 32 w + b goes left
    leaf_value: Floats  # [leaves of all trees]
    leaf_count: NDArray[np.int32]  # [leaves of all trees] training rows, for TreeSHAP

    # ------------------------------------------------------------------------------------------------- its shape

    @property
    def trees(self) -> int:
        """Number of trees."""
        return len(self.leaves)

    @property
    def iterations(self) -> int:
        """Number of rounds: trees divided by width."""
        return self.trees // self.width

    @functools.cached_property
    def leaf_offsets(self) -> Ints:
        """First leaf of each tree, and the number of leaves: [trees + 1]."""
        return np.concatenate([[0], np.cumsum(self.leaves, dtype=np.intp)]).astype(np.intp)

    @functools.cached_property
    def node_offsets(self) -> Ints:
        """First inner node of each tree, and the number of inner nodes: [trees + 1]."""
        return self.leaf_offsets - np.arange(self.trees + 1, dtype=np.intp)

    @property
    def size_bytes(self) -> int:
        """Bytes of the arrays, as they are kept in a file."""
        box = Box()
        self.dump(box)
        return sum(array.nbytes for inner in box.walk() for array in inner.arrays.values())

    def same(self, other: Forest) -> bool:
        """Whether two forests are equal, number by number."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    # ---------------------------------------------------------------------------------------------- what it says

    def scores(self, values: Any) -> Floats:
        """Raw scores [n, width] of values [n, features]; NaN is missing. A few rows are walked, many go native."""
        values = self._checked(values)
        warm = "booster" in self.__dict__
        if not warm and (len(values) * self.trees <= WALK_PAIRS or _cold.walks(len(values) * self.trees)):
            return self.predict(values)
        return self.native(values)

    def warm(self) -> None:
        """Load the native library now, so that later single rows are quick; for servers."""
        if self.trees:
            _ = self.booster

    def predict(self, values: Any) -> Floats:
        """Raw scores [n, width] by our own walker; bit-equal to LightGBM's, which also adds tree by tree."""
        values = self._checked(values)
        total = np.zeros((len(values), self.width))
        if not self.trees:
            return self._finish(total)
        for rows in chunks(len(values), self.trees):
            pulls = self.leaf_value[self.walker.leaves(values[rows])]  # [trees, rows]
            by_round = pulls.reshape(self.iterations, self.width, -1)
            total[rows] = np.add.accumulate(by_round, axis=0)[-1].T  # accumulate adds in order; sum would not
        return self._finish(total)

    def native(self, values: Any) -> Floats:
        """Raw scores [n, width] by LightGBM, fed with the text we render from the checked arrays."""
        values = self._checked(values)
        if not len(values) or not self.trees:
            return self.predict(values)
        count = threads() if len(values) > FEW_ROWS else alone()
        raw = self.booster.predict(values, raw_score=True, validate_features=False, num_threads=count)
        return self._finish(np.asarray(raw, dtype=np.float64).reshape(len(values), self.width))

    def contributions(self, values: Any) -> Floats:
        """What each column adds to the score: [n, features + 1, width], the base last; sums to the score.

        TreeSHAP (Lundberg, Erion & Lee 2018), path-dependent, by the native library.
        """
        values = self._checked(values)
        out = np.zeros((len(values), self.features + 1, self.width))
        if len(values) and self.trees:
            said = {"validate_features": False, "num_threads": threads() if len(values) > 1 else alone()}
            raw = np.asarray(self.booster.predict(values, pred_contrib=True, **said))
            out[:] = raw.reshape(len(values), self.width, self.features + 1).transpose(0, 2, 1)
        if self.average and self.trees:
            out /= self.iterations
        out[:, -1] += self.base
        return out

    def leaf_of(self, values: Any) -> Ints:
        """The leaf within its tree that each row reaches: [n, trees]."""
        values = self._checked(values)
        return (self.walker.leaves(values) - self.leaf_offsets[:-1, None]).T

    def counted(self, values: Any) -> Forest:
        """The same trees with the number of these rows [n, features] in each leaf, at least one."""
        values = self._checked(values)
        count = np.zeros(len(self.leaf_value), dtype=np.int64)
        for rows in chunks(len(values), self.trees):
            count += np.bincount(self.walker.leaves(values[rows]).ravel(), minlength=len(count))
        return replace(self, leaf_count=np.maximum(1, count).astype(np.int32))

    def settled(self) -> Forest:
        """The trees as a file keeps them best: in order, and each leaf at the nearest point of its tree's grid (grid.py)."""
        forest = in_order(self)
        return replace(forest, leaf_value=rounded(forest.leaf_value, forest.leaves.astype(np.int64)))

    def _checked(self, values: Any) -> Floats:
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.features:
            raise refusal(RequestError, "trees", "shape", shape=str(values.shape), n=self.features)
        return np.ascontiguousarray(values)

    def _finish(self, total: Floats) -> Floats:
        if self.average and self.trees:
            total = total / self.iterations
        return total + self.base

    @functools.cached_property
    def walker(self) -> Walker:
        """The forest laid out for walking."""
        return walker_of(self)

    @functools.cached_property
    def bits(self) -> Bits | None:
        """The forest laid out for one row, where it is small enough for that."""
        return bits_of(self)

    @functools.cached_property
    def booster(self) -> Any:
        """The native library's own model, from the text we render."""
        from lightgbm import Booster

        from .render import text_of

        return Booster(model_str=text_of(self))

    # ------------------------------------------------------------------------------------------------- at rest

    def dump(self, box: Box) -> None:
        """Fill a box; what is read back has its nodes and leaves in the order of a walk (order.py)."""
        layout.put(self, box)

    @classmethod
    def load(cls, box: Box) -> Forest:
        """Read and check a forest from a box. Raises BundleInvalid."""
        forest = cls(**layout.get(box))
        check_forest(forest, box.refuse)
        return forest
