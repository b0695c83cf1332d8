"""How does a forest lie in a file?

Trees in order, so that their shape is two bits a node; the column asked, the threshold (by its rank among those of its column, since
they are edges of bins and repeat), what a node does with missing cells, and how many rows reached a leaf in as many bits as each needs; leaves
as levels of a grid where they stand on one, else as they are. Files written before have a child's number for each child, a byte and more
for each of the others, and leaves in full: they are read as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernel.box import Box
from ..kernel.data import Floats, Ints
from ..kernel.grid import put_values, values_of
from ..kernel.pack import pack, pack_bits, unpack, unpack_bits
from .order import children_of, in_order, shape_of
from .validate import MOST_FEATURES, MOST_LEAVES, MOST_WIDTH
from .walk import CATEGORICAL

if TYPE_CHECKING:
    from .forest import Forest


def put(forest: Forest, box: Box) -> None:
    """Fill a box."""
    forest = in_order(forest)
    box.put(features=forest.features, width=forest.width, average=forest.average)
    box.put_array("base", forest.base)
    pack(box, "leaves", forest.leaves)
    pack_bits(box, "shape", shape_of(forest))
    pack_bits(box, "feature", forest.feature)
    kinds, kind = np.unique(forest.decision, return_inverse=True)
    box.put_array("decisions", kinds)
    pack_bits(box, "decision", kind)
    _put_thresholds(forest, box)
    pack_bits(box, "category_sizes", np.diff(forest.category_offsets))
    pack(box, "category_words", forest.category_words)
    pack_bits(box, "leaf_count", forest.leaf_count)
    put_values(box, "leaf_value", forest.leaf_value, forest.leaves.astype(np.int64))


def get(box: Box) -> dict[str, Any]:
    """What makes the forest that was put, by the names of its fields. Raises BundleInvalid."""
    width = box.whole("width", 1, MOST_WIDTH)
    found: dict[str, Any] = {
        "features": box.whole("features", 1, MOST_FEATURES),
        "width": width,
        "average": box.flag("average"),
        "base": box.array("base", np.float64, (width,)),
        "leaves": unpack(box, "leaves", np.int32),
    }
    return found | (_in_full(box) if "left" in box.arrays else _in_bits(box, found["features"], found["leaves"]))


def _in_bits(box: Box, features: int, leaves: Ints) -> dict[str, Any]:
    count = int(leaves.sum(dtype=np.int64))
    if len(leaves) and (leaves.min() < 1 or count > MOST_LEAVES):
        raise box.refuse("a tree has no leaf, or the trees have too many")
    nodes, sizes = count - len(leaves), leaves.astype(np.int64)
    value = values_of(box, "leaf_value", sizes)
    shape = unpack_bits(box, "shape", nodes + count)
    children = children_of(shape == 1, sizes)
    if shape.max(initial=0) > 1 or children is None:
        raise box.refuse("the bits of the shape are those of no trees")
    feature = unpack_bits(box, "feature", nodes)
    if feature.max(initial=0) >= features:
        raise box.refuse(f"a node asks for a column outside 0 to {features - 1}")
    kinds, kind = box.array("decisions", np.uint8, (None,)), unpack_bits(box, "decision", nodes)
    if kind.max(initial=-1) >= len(kinds):
        raise box.refuse("a node decides in a way that is not there")
    decision = kinds[kind]
    named = (decision & CATEGORICAL) != 0
    category_sizes = unpack_bits(box, "category_sizes", int(named.sum()))
    return {
        "feature": feature.astype(np.int32),
        "threshold": _thresholds(box, features, feature, named),
        "left": children[0].astype(np.int32),
        "right": children[1].astype(np.int32),
        "decision": decision,
        "category_offsets": np.concatenate([[0], np.cumsum(category_sizes)]).astype(np.int64),
        "category_words": unpack(box, "category_words", np.uint32),
        "leaf_value": value,
        "leaf_count": unpack_bits(box, "leaf_count", count).astype(np.int32),
    }


def _put_thresholds(forest: Forest, box: Box) -> None:
    """Column by column the thresholds that are asked for, rising; and for each node that asks for one its rank."""
    asks = (forest.decision & CATEGORICAL) == 0
    feature, threshold = forest.feature[asks], forest.threshold[asks]
    order = np.lexsort((threshold, feature))
    feature, threshold = feature[order], threshold[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (feature[1:] != feature[:-1]) | (threshold[1:] != threshold[:-1])
    sizes = np.bincount(feature[new], minlength=forest.features)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.cumsum(new) - 1 - (np.cumsum(sizes) - sizes)[feature]
    box.put_array("thresholds", threshold[new])
    pack_bits(box, "threshold_sizes", sizes)
    pack_bits(box, "threshold", rank)


def _thresholds(box: Box, features: int, feature: Ints, named: Any) -> Floats:
    table = box.array("thresholds", np.float64, (None,), finite=False)
    sizes = unpack_bits(box, "threshold_sizes", features)
    rank, asked = unpack_bits(box, "threshold", int((~named).sum())), feature[~named]
    if int(sizes.sum()) != len(table) or (rank >= sizes[asked]).any():
        raise box.refuse("a threshold points outside the table of its column")
    found = np.zeros(len(feature))
    found[~named] = table[(np.cumsum(sizes) - sizes)[asked] + rank]
    return found


def _in_full(box: Box) -> dict[str, Any]:
    """As files were written before trees stood in order."""
    sizes = unpack(box, "category_sizes", np.int64)
    if len(sizes) and (sizes.min() < 0 or int(sizes.max()) > MOST_LEAVES):
        raise box.refuse("a category set has an impossible size")
    table = box.array("thresholds", np.float64, (None,), finite=False)
    codes = unpack(box, "threshold", np.int64)
    if len(codes) and not 0 <= codes.min() <= codes.max() < len(table):
        raise box.refuse("a threshold points outside its table")
    return {
        "feature": unpack(box, "feature", np.int32),
        "threshold": table[codes],
        "left": unpack(box, "left", np.int32),
        "right": unpack(box, "right", np.int32),
        "decision": unpack(box, "decision", np.uint8),
        "category_offsets": np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        "category_words": unpack(box, "category_words", np.uint32),
        "leaf_value": box.array("leaf_value", np.float64, (None,)),
        "leaf_count": unpack(box, "leaf_count", np.int32),
    }
