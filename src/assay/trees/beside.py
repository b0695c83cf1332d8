"""How do forests of one output each become one forest of several?

Trees are ordered round by round, within a round output by output; a forest with fewer rounds is filled up with trees that say zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .forest import Forest
from .walk import CATEGORICAL

NODES = ("feature", "threshold", "left", "right", "decision")
LEAVES = ("leaf_value", "leaf_count")
SAYS_ZERO = {"leaf_value": np.zeros(1), "leaf_count": np.ones(1, np.int32)}


@dataclass(frozen=True, eq=False)
class _Cut:
    """A forest, cut into its trees."""

    forest: Forest

    def tree(self, place: int) -> dict[str, NDArray[Any]]:
        """The arrays of one tree; nothing but a zero beyond the last."""
        forest = self.forest
        if place >= forest.trees:
            return {name: getattr(forest, name)[:0] for name in (*NODES, "category_words")} | {
                **SAYS_ZERO,
                "sizes": np.zeros(0, np.int64),
            }
        nodes = slice(*forest.node_offsets[place : place + 2])
        leaves = slice(*forest.leaf_offsets[place : place + 2])
        sets = np.cumsum(np.append(0, (forest.decision & CATEGORICAL) != 0))[[nodes.start, nodes.stop]]
        offsets = forest.category_offsets[sets[0] : sets[1] + 1]
        found = {name: getattr(forest, name)[nodes] for name in NODES}
        found |= {name: getattr(forest, name)[leaves] for name in LEAVES}
        return found | {"category_words": forest.category_words[offsets[0] : offsets[-1]], "sizes": np.diff(offsets)}


def beside(forests: Sequence[Forest]) -> Forest:
    """One forest whose k-th output is that of the k-th forest; all are sums of width one over the same columns."""
    first = forests[0]
    if len(forests) == 1:
        return first
    if any(f.width != 1 or f.average or f.features != first.features for f in forests):
        raise TypeError("forests that are put beside each other are sums of width one over the same columns")
    cuts = [_Cut(forest) for forest in forests]
    trees = [cut.tree(place) for place in range(max(f.trees for f in forests)) for cut in cuts]
    joined = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    sizes = joined.pop("sizes")
    return Forest(
        features=first.features,
        width=len(forests),
        average=False,
        base=np.concatenate([f.base for f in forests]),
        leaves=np.asarray([len(tree["leaf_value"]) for tree in trees], dtype=np.int32),
        category_offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        **joined,
    )
