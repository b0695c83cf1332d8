"""Arrays that are no trees are refused before anything walks them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.trees.forest import Forest
from assay.trees.from_lightgbm import forest_of

from ..golden.make_v1 import put_in_full
from .test_forest import trained

Spoil = Callable[[Box], None]


def kept() -> Box:
    """As format 1 kept a forest; what is special to later ones is spoilt in test_layout.py."""
    box = Box()
    put_in_full(forest_of(trained(0, "classes")[0]), box)
    box.arrays = {name: array.copy() for name, array in box.arrays.items()}
    return box


def edit(name: str, index: int, value: float) -> Spoil:
    def spoil(box: Box) -> None:
        wide = box.arrays[name].astype(np.float64 if box.arrays[name].dtype.kind == "f" else np.int64)
        wide[index] = value
        box.arrays[name] = wide

    return spoil


def cut(name: str) -> Spoil:
    def spoil(box: Box) -> None:
        box.arrays[name] = box.arrays[name][:-1]

    return spoil


SPOILS: dict[str, Spoil] = {
    "a child that is its own parent": edit("left", 0, 0),
    "a child outside its tree": edit("right", 0, 500),
    "a leaf outside its tree": edit("left", -1, -500),
    "a leaf reached twice": lambda box: box.arrays.__setitem__("right", box.arrays["left"]),
    "a column that is not there": edit("feature", 3, 5),
    "a negative column": edit("feature", 3, -1),
    "a threshold that is no number": edit("thresholds", 1, np.nan),
    "a threshold outside the table": edit("threshold", 0, 10_000),
    "a leaf value that is infinite": edit("leaf_value", 0, np.inf),
    "leaf values that overflow in a sum": edit("leaf_value", 0, 1e300),
    "an unknown decision": edit("decision", 0, 12),
    "a decision beyond a byte": edit("decision", 0, 300),
    "one more categorical node": lambda box: box.arrays.__setitem__("decision", box.arrays["decision"] | 1),
    "an empty category set": edit("category_sizes", 0, 0),
    "a negative category set": edit("category_sizes", 0, -3),
    "a huge category set": edit("category_sizes", 0, 2**40),
    "category words that are missing": cut("category_words"),
    "an empty leaf": edit("leaf_count", 0, 0),
    "counts beyond 32 bits": lambda box: box.arrays.__setitem__(
        "leaf_count", np.full(len(box.arrays["leaf_value"]), 2**31 - 1)
    ),
    "a tree without leaves": edit("leaves", 0, 0),
    "a tree of many leaves": edit("leaves", 0, 2**30),
    "a tree less": cut("leaves"),
    "a node less": cut("feature"),
    "a negative count": edit("leaf_count", 0, -(2**62)),
    "a base of the wrong length": cut("base"),
    "no leaf values": lambda box: box.arrays.pop("leaf_value"),
    "leaf values as whole numbers": lambda box: box.arrays.__setitem__("leaf_value", box.arrays["leaf_count"]),
    "no columns": lambda box: box.put(features=0),
    "a width that does not divide": lambda box: box.put(width=4),
    "a width that is a text": lambda box: box.put(width="3"),
}


def test_an_honest_box_is_read() -> None:
    assert Forest.load(kept()).width == 3


@pytest.mark.parametrize("what", sorted(SPOILS))
def test_it_is_refused(what: str) -> None:
    box = kept()
    SPOILS[what](box)
    with pytest.raises(BundleInvalid):
        Forest.load(box)


def chain(depth: int) -> Forest:
    """One tree whose every left child is a leaf."""
    inner = np.arange(depth, dtype=np.int32)
    right = np.append(inner[1:], ~np.int32(depth)).astype(np.int32)
    return Forest(
        features=1,
        width=1,
        average=False,
        base=np.zeros(1),
        leaves=np.array([depth + 1], np.int32),
        feature=np.zeros(depth, np.int32),
        threshold=inner.astype(float),
        left=~inner,
        right=right,
        decision=np.full(depth, 8, np.uint8),
        category_offsets=np.zeros(1, np.int64),
        category_words=np.zeros(0, np.uint32),
        leaf_value=np.arange(depth + 1.0),
        leaf_count=np.ones(depth + 1, np.int32),
    )


def test_a_tree_too_deep_for_recursion_is_refused() -> None:
    box, deep = Box(), Box()
    chain(1_000).dump(box)
    forest = Forest.load(box)
    rows = np.array([[-1.0], [500.0], [1e6]])
    np.testing.assert_array_equal(forest.predict(rows)[:, 0], [0, 500, 1000])
    np.testing.assert_array_equal(forest.native(rows), forest.predict(rows))
    assert forest.contributions(rows).shape == (3, 2, 1)
    chain(1_001).dump(deep)
    with pytest.raises(BundleInvalid, match="deeper"):
        Forest.load(deep)
