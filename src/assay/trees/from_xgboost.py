"""How does a trained XGBoost booster become arrays?

Its own JSON holds every number. A value goes left where single precision sees it below the threshold, a level where it is not
among those named; both are put in our words so that every row reaches the same leaf.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.errors import PluginFault
from .forest import Forest
from .levels import joined, words_of
from .single_precision import below
from .validate import check_forest
from .walk import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN

NUMBER = MISSING_NAN << 2


def forest_of_xgboost(booster: Any, rounds: int, base: Floats, levels: Sequence[int], values: Floats) -> Forest:
    """The first `rounds` rounds as a Forest.

    base   : raw scores [w] that the trees were grown on
    levels : number of levels of each column, 0 for a column of numbers
    values : rows [n, d] that are counted in each leaf, for TreeSHAP
    """
    raw = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    trees = [_Tree(tree, levels) for tree in raw["trees"][: rounds * len(base)]]
    arrays: dict[str, Any] = {
        name: np.concatenate([np.zeros(0, kind), *(getattr(tree, name) for tree in trees)]).astype(kind)
        for name, kind in _KINDS.items()
    }
    forest = Forest(
        features=len(levels),
        width=len(base),
        average=False,
        base=base,
        leaves=np.asarray([len(tree.leaf_value) for tree in trees], dtype=np.int32),
        leaf_count=np.ones(len(arrays["leaf_value"]), dtype=np.int32),
        **arrays,
        **joined([found for tree in trees for found in tree.sets]),
    )
    check_forest(forest, lambda problem: PluginFault(f"XGBoost's trees cannot be kept: {problem}."))
    return forest.counted(values)


_KINDS: dict[str, type] = {
    "feature": np.int32, "threshold": np.float64, "left": np.int32, "right": np.int32, "decision": np.uint8,
    "leaf_value": np.float64,
}  # fmt: skip


class _Tree:
    """One tree of the JSON as arrays, its nodes numbered anew from the root down."""

    def __init__(self, raw: Mapping[str, Any], levels: Sequence[int]) -> None:
        left, right = (np.asarray(raw[f"{side}_children"], dtype=np.int64) for side in ("left", "right"))
        order = _from_the_root(left, right)
        inner, ends = order[left[order] >= 0], order[left[order] < 0]
        place = np.empty(len(left), dtype=np.int64)
        place[inner], place[ends] = np.arange(len(inner)), ~np.arange(len(ends))
        number = np.asarray(raw["split_conditions"], dtype=np.float32)
        to_left = np.asarray(raw["default_left"], dtype=bool)[inner]
        categorical = np.asarray(raw["split_type"], dtype=np.int64)[inner] == 1
        self.feature = np.asarray(raw["split_indices"], dtype=np.int32)[inner]
        self.threshold = np.where(categorical, 0.0, below(number[inner]))
        self.decision = np.where(categorical, CATEGORICAL, NUMBER | np.where(to_left, DEFAULT_LEFT, 0)).astype(np.uint8)
        self.leaf_value = number[ends].astype(np.float64)
        # Missing levels go right with us: where XGBoost sends them left, its named levels change sides.
        swapped = categorical & to_left
        sides = place[left[inner]], place[right[inner]]
        self.left, self.right = np.where(swapped, sides[1], sides[0]), np.where(swapped, sides[0], sides[1])
        named = _named(raw)
        self.sets: list[NDArray[np.uint32]] = []
        for node in np.flatnonzero(categorical):
            inside = np.zeros(levels[self.feature[node]] + 1, dtype=bool)
            inside[named[int(inner[node])]] = True
            self.sets.append(words_of(inside if swapped[node] else ~inside))


def _from_the_root(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Nodes level by level; those that were pruned away are not reached."""
    found = [level := np.zeros(1, dtype=np.int64)]
    while len(level):
        level = level[left[level] >= 0]
        level = np.stack([left[level], right[level]], axis=1).ravel()
        found.append(level)
    return np.concatenate(found)


def _named(raw: Mapping[str, Any]) -> dict[int, NDArray[np.int64]]:
    """The levels that each categorical node names."""
    values = np.asarray(raw["categories"], dtype=np.int64)
    parts = zip(raw["categories_nodes"], raw["categories_segments"], raw["categories_sizes"], strict=True)
    return {int(node): values[start : start + size] for node, start, size in parts}
