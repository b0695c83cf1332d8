"""Writes v1.assay, the first bundle of format 1, which every later release must read.

    python tests/golden/make_v1.py

It was written once and is never written again: a change of format gets a new number and a new golden file. The box is
fixed by hand, without a random number or a trained model, so that the test can state every value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assay.kernel.box import DTYPES, Box
from assay.kernel.pack import pack
from assay.trees.forest import Forest

PLACE = Path(__file__).with_name("v1.assay")


def golden_forest() -> Forest:
    """Two rounds of two outputs: numbers, categories beyond 64, each kind of missing value, a tree without a split."""
    return Forest(
        features=3,
        width=2,
        average=True,
        base=np.array([0.5, -0.25]),
        leaves=np.array([3, 2, 1, 3], np.int32),
        feature=np.array([0, 1, 2, 0, 1], np.int32),
        threshold=np.array([0.1, -1.5, 0.0, np.inf, 1e-35]),
        left=np.array([1, -1, -1, -1, -2], np.int32),
        right=np.array([-3, -2, -2, 1, -3], np.int32),
        decision=np.array([8, 2 | 8, 1, 8, 4], np.uint8),
        category_offsets=np.array([0, 3], np.int64),
        category_words=np.array([0b101, 0, 0b10], np.uint32),
        leaf_value=np.array([1.0, 2.0, 4.0, -8.0, 0.1, 0.2, 0.3, 1 / 3, 1e-9]),
        leaf_count=np.array([5, 6, 7, 9, 9, 18, 4, 5, 9], np.int32),
    )


def put_in_full(forest: Forest, box: Box) -> None:
    """As format 1 kept a forest: a child's number for each child, one table of thresholds, leaves as they are."""
    box.put(features=forest.features, width=forest.width, average=forest.average)
    box.put_array("base", forest.base)
    for name in ("leaves", "feature", "left", "right", "decision", "category_sizes", "category_words", "leaf_count"):
        pack(box, name, np.diff(forest.category_offsets) if name == "category_sizes" else getattr(forest, name))
    table, codes = np.unique(forest.threshold, return_inverse=True)
    box.put_array("thresholds", table)
    pack(box, "threshold", codes)
    box.put_array("leaf_value", forest.leaf_value)


def golden_box() -> Box:
    """Every kind of value and array, and a forest."""
    box = Box("model")
    box.put(
        text="新 é \u2028", whole=2**53, real=0.1, tiny=5e-324, yes=True, none=None, many=[1, [2.5, "x"], {"k": "v"}]
    )
    for name in DTYPES:
        box.put_array(name, np.array([[0, 1, 1], [1, 0, 1]]).astype(name))
    box.put_array("nothing", np.zeros((0, 2), np.float32))
    put_in_full(golden_forest(), box.add("learners").add("boosting").add("forest"))
    box.add("card").put(title="The golden bundle")
    return box


if __name__ == "__main__":
    raise SystemExit(f"{PLACE.name} exists already; a golden file is never written again.")
