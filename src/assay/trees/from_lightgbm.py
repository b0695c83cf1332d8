"""How does a trained LightGBM booster become arrays?

Its model text holds every number with 17 digits, so what is read here is exact. Linear leaves are not supported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats
from ..kernel.errors import PluginFault, RequestError
from ..kernel.words import refusal
from .forest import Forest
from .validate import check_forest
from .walk import CATEGORICAL


def forest_of(booster: Any, iterations: int | None = None) -> Forest:
    """The first `iterations` rounds of a booster as a Forest (all rounds where None)."""
    text = booster.model_to_string(num_iteration=-1 if iterations is None else iterations, start_iteration=0)
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    settings = _pairs(head)
    trees = [_Tree(_pairs(block)) for block in blocks]
    width = int(settings["num_tree_per_iteration"])
    sizes = [size for tree in trees for size in tree.category_sizes]
    forest = Forest(
        features=int(settings["max_feature_idx"]) + 1,
        width=width,
        average="average_output" in head.splitlines(),
        base=np.zeros(width),
        leaves=np.array([len(tree.leaf_value) for tree in trees], dtype=np.int32),
        feature=_join([tree.feature for tree in trees], np.int32),
        threshold=_join([tree.threshold for tree in trees], np.float64),
        left=_join([tree.left for tree in trees], np.int32),
        right=_join([tree.right for tree in trees], np.int32),
        decision=_join([tree.decision for tree in trees], np.uint8),
        category_offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        category_words=_join([tree.category_words for tree in trees], np.uint32),
        leaf_value=_join([tree.leaf_value for tree in trees], np.float64),
        leaf_count=_join([tree.leaf_count for tree in trees], np.int32),
    )
    check_forest(forest, lambda problem: PluginFault(f"LightGBM's trees cannot be kept: {problem}."))
    return forest


def filled(forest: Forest, said: Floats) -> Forest:
    """An averaged forest whose trees without a split say `said` [w]; LightGBM adds the average to the other trees only."""
    lone = np.flatnonzero(forest.leaves == 1)
    value = forest.leaf_value.copy()
    value[forest.leaf_offsets[lone]] = said[lone % forest.width]
    return replace(forest, leaf_value=value)


class _Tree:
    """One block of the model text as arrays, category sets in order of their nodes."""

    def __init__(self, pairs: dict[str, str]) -> None:
        if pairs.get("is_linear", "0") != "0":
            raise refusal(RequestError, "trees", "linear")
        self.feature = _numbers(pairs, "split_feature", np.int32)
        self.threshold = _numbers(pairs, "threshold", np.float64)
        self.left = _numbers(pairs, "left_child", np.int32)
        self.right = _numbers(pairs, "right_child", np.int32)
        self.decision = _numbers(pairs, "decision_type", np.uint8)
        self.leaf_value = _numbers(pairs, "leaf_value", np.float64)
        # A leaf may be left empty by its training rows; TreeSHAP divides by counts, so none is below one. The count
        # of a tree without a split is read by nobody, and LightGBM itself drops it.
        counted = len(self.leaf_value) > 1
        self.leaf_count = np.maximum(_numbers(pairs, "leaf_count", np.int32), 1) if counted else np.ones(1, np.int32)
        self._take_sets(pairs)

    def _take_sets(self, pairs: dict[str, str]) -> None:
        bounds, words = _numbers(pairs, "cat_boundaries", np.int64), _numbers(pairs, "cat_threshold", np.uint32)
        nodes = np.flatnonzero((self.decision & CATEGORICAL) != 0)
        ranks = self.threshold[nodes].astype(int)
        sets = [words[bounds[rank] : bounds[rank + 1]] for rank in ranks]
        self.category_sizes = [len(found) for found in sets]
        self.category_words = _join(sets, np.uint32)
        self.threshold[nodes] = 0.0


def _pairs(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _numbers(pairs: dict[str, str], key: str, dtype: type) -> NDArray[Any]:
    kind = float if dtype is np.float64 else int
    return np.array([kind(word) for word in pairs.get(key, "").split()], dtype=dtype)


def _join(parts: list[NDArray[Any]], dtype: type) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *parts]).astype(dtype)
