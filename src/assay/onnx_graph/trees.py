"""How are trees written down so that every decision stays LightGBM's own?

Numbers within 1e-35 of zero are made zero first. What a node asks of a category (is it in this set?) becomes a column of
zeros and ones beside the others, looked up by the code; so every node asks one thing: is a number at most a threshold?
A missing number goes where the node says (walk.py).
"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Bools, Floats, Ints
from ..trees.forest import Forest
from ..trees.walk import LARGEST, ZERO, walker_of
from .graph import TREES, Graph


def forest_graph(graph: Graph, forest: Forest, x: str) -> str:
    """The name of the raw scores [n, width] of a forest asked with x [n, features]."""
    base = graph.repeated(forest.base, x)
    if not forest.trees:
        return base
    walker = walker_of(forest)
    x = _flushed(graph, x)
    sets, asked = _sets(forest), walker.feature.astype(np.int64)
    threshold, missing_left = walker.threshold.copy(), walker.missing_left.copy()
    parts, width = [x], forest.features
    if walker.zero_missing is not None:
        zero = graph.node("Equal", x, graph.constant(0.0))
        parts.append(graph.node("Where", zero, graph.constant(np.nan), x))
        asked = np.where(walker.zero_missing, asked + width, asked)
        width *= 2
    if walker.set_of is not None:
        for feature, tables in sets.items():
            nodes = np.flatnonzero((walker.set_of >= 0) & (walker.feature == feature))
            distinct, place = np.unique(tables[walker.set_of[nodes]], axis=0, return_inverse=True)
            out = distinct.shape[1] - 1  # the last code is in no set
            # 0 in the set, 1 outside: "at most 0.5" goes left
            code = graph.codes(graph.column(x, feature), out, out)
            parts.append(graph.rows(1.0 - distinct.T.astype(np.float64), code))
            asked[nodes] = width + place.ravel()
            threshold[nodes], missing_left[nodes] = 0.5, False
            width += len(distinct)
    whole = graph.node("Concat", *parts, axis=1) if len(parts) > 1 else parts[0]
    return graph.node("Add", _ensemble(graph, forest, whole, asked, threshold, missing_left), base)


def _flushed(graph: Graph, x: str) -> str:
    """Numbers as the library reads them: huge ones drawn in, tiny ones zero."""
    near = graph.node("LessOrEqual", graph.node("Abs", x), graph.constant(ZERO))
    x = graph.node("Where", near, graph.constant(0.0), x)
    for sign, ask in ((LARGEST, "Greater"), (-LARGEST, "Less")):
        x = graph.node("Where", graph.node(ask, x, graph.constant(sign)), graph.constant(sign), x)
    return x


def _sets(forest: Forest) -> dict[int, Bools]:
    """For each feature with category sets, all sets of the forest over its codes: bool [sets, codes + 1]."""
    categorical = np.flatnonzero(forest.decision & 1)
    out = {}
    starts, ends = forest.category_offsets[:-1], forest.category_offsets[1:]
    for feature in np.unique(forest.feature[categorical]):
        mine = np.flatnonzero(forest.feature[categorical] == feature)
        most = int(32 * (ends[mine] - starts[mine]).max())
        table = np.zeros((len(starts), most + 1), dtype=bool)
        for k in mine:
            words = forest.category_words[starts[k] : ends[k]]
            table[k, : 32 * len(words)] = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little")
        out[int(feature)] = table
    return out


def _ensemble(graph: Graph, forest: Forest, x: str, asked: Ints, threshold: Floats, missing_left: Bools) -> str:
    walker = walker_of(forest)
    leaves = forest.leaf_value / (forest.iterations if forest.average else 1)
    targets = np.repeat(np.arange(forest.trees) % forest.width, forest.leaves)
    roots, feature, split = walker.roots.copy(), asked.tolist(), threshold.tolist()
    missing, left, right = missing_left.astype(int).tolist(), walker.left.tolist(), walker.right.tolist()
    for tree in np.flatnonzero(roots < 0):  # a tree of one leaf: both answers lead there
        feature, split, missing = [*feature, 0], [*split, 0.0], [*missing, 0]
        left, right = [*left, int(roots[tree])], [*right, int(roots[tree])]
        roots[tree] = len(left) - 1
    return graph.node(
        "TreeEnsemble",
        x,
        domain=TREES,
        n_targets=forest.width,
        aggregate_function=1,
        post_transform=0,
        tree_roots=roots.tolist(),
        nodes_featureids=feature,
        nodes_splits=np.asarray(split),
        nodes_modes=np.zeros(len(left), dtype=np.uint8),
        nodes_missing_value_tracks_true=missing,
        nodes_truenodeids=[c if c >= 0 else ~c for c in left],
        nodes_trueleafs=[int(c < 0) for c in left],
        nodes_falsenodeids=[c if c >= 0 else ~c for c in right],
        nodes_falseleafs=[int(c < 0) for c in right],
        leaf_targetids=targets.tolist(),
        leaf_weights=leaves,
    )
