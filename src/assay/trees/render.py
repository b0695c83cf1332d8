"""How does a forest read as a LightGBM model text?

The native library is fed only with what stands here, written from arrays that passed the check. Gains, weights and
inner values are left out: prediction and TreeSHAP do not read them. Numbers are written with `repr`, the shortest
text that reads back to the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .walk import CATEGORICAL

if TYPE_CHECKING:
    from .forest import Forest


def text_of(forest: Forest) -> str:
    """The forest as a LightGBM v4 model text: sums of trees only, neither averaged nor shifted by the base."""
    counts = node_counts(forest)
    sets = np.concatenate([[0], np.cumsum((forest.decision & CATEGORICAL) != 0)])  # categorical nodes before a node
    trees = [_tree(forest, tree, counts, sets) for tree in range(forest.trees)]
    head = {
        "version": "v4",
        "num_class": forest.width,
        "num_tree_per_iteration": forest.width,
        "label_index": 0,
        "max_feature_idx": forest.features - 1,
        "feature_names": _line(f"c{i}" for i in range(forest.features)),
        "feature_infos": _line("none" for _ in range(forest.features)),
        "tree_sizes": _line(len(tree) for tree in trees),  # the text is ASCII: one byte a character
    }
    return "tree\n" + _lines(head) + "\n" + "".join(trees) + "end of trees\n"


def node_counts(forest: Forest) -> NDArray[np.int64]:
    """Training rows that passed each inner node: the sum over the leaves below it, [nodes]."""
    nodes = np.diff(forest.node_offsets)
    counts = np.zeros(len(forest.feature), dtype=np.int64)
    node_start, leaf_start = np.repeat(forest.node_offsets[:-1], nodes), np.repeat(forest.leaf_offsets[:-1], nodes)
    parent = np.full(len(counts), -1, dtype=np.int64)
    for child in (forest.left.astype(np.int64), forest.right.astype(np.int64)):
        inner = np.flatnonzero(child >= 0)
        parent[(child + node_start)[inner]] = inner
        outer = np.flatnonzero(child < 0)
        counts[outer] += forest.leaf_count[(~child + leaf_start)[outer]]
    for node in range(len(counts) - 1, -1, -1):  # children stand behind their parents
        if parent[node] >= 0:
            counts[parent[node]] += counts[node]
    return counts


def _tree(forest: Forest, tree: int, counts: NDArray[np.int64], sets: NDArray[np.int64]) -> str:
    first, last = forest.node_offsets[tree : tree + 2]
    leaves = slice(forest.leaf_offsets[tree], forest.leaf_offsets[tree + 1])
    sets_here = slice(sets[first], sets[last])
    threshold = forest.threshold[first:last].tolist()
    for rank, node in enumerate(np.flatnonzero((forest.decision[first:last] & CATEGORICAL) != 0).tolist()):
        threshold[node] = rank  # a categorical node names its set
    block: dict[str, Any] = {
        "Tree": tree,
        "num_leaves": int(forest.leaves[tree]),
        "num_cat": sets_here.stop - sets_here.start,
        "split_feature": _line(forest.feature[first:last].tolist()),
        "threshold": _line(map(repr, threshold)),
        "decision_type": _line(forest.decision[first:last].tolist()),
        "left_child": _line(forest.left[first:last].tolist()),
        "right_child": _line(forest.right[first:last].tolist()),
        "leaf_value": _line(map(repr, forest.leaf_value[leaves].tolist())),
        "leaf_count": _line(forest.leaf_count[leaves].tolist()),
        "internal_count": _line(counts[first:last].tolist()),
    }
    if sets_here.stop > sets_here.start:
        bounds = forest.category_offsets[sets_here.start : sets_here.stop + 1]
        block["cat_boundaries"] = _line((bounds - bounds[0]).tolist())
        block["cat_threshold"] = _line(forest.category_words[bounds[0] : bounds[-1]].tolist())
    return _lines(block | {"is_linear": 0, "shrinkage": 1}) + "\n\n"


def _line(items: Iterable[Any]) -> str:
    return " ".join(map(str, items))


def _lines(pairs: dict[str, Any]) -> str:
    return "".join(f"{key}={value}\n" for key, value in pairs.items())
