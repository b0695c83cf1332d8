"""Writes v2.assay, the first bundle of format 2, which every later release must read.

    python tests/golden/make_v2.py

It was written once and is never written again: a change of format gets a new number and a new golden file. Against format 1 the
nodes of a forest stand in order, numbers stand in bits, and leaves that lie on a grid are levels of it; shape functions likewise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assay.kernel.box import Box
from assay.store import bundle
from assay.trees.forest import Forest

PLACE = Path(__file__).with_name("v2.assay")


def in_full() -> Forest:
    """Two rounds of two outputs, in order: numbers, categories beyond 64, each kind of missing value, a tree without a split."""
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


def on_a_grid() -> Forest:
    """One round: thirds and their like, moved to the nearest point of the grid of their tree."""
    return Forest(
        features=2,
        width=1,
        average=False,
        base=np.array([0.1]),
        leaves=np.array([4], np.int32),
        feature=np.array([0, 1, 0], np.int32),
        threshold=np.array([0.0, 2.5, 7.0]),
        left=np.array([1, -1, -3], np.int32),
        right=np.array([2, -2, -4], np.int32),
        decision=np.array([8, 8, 10], np.uint8),
        category_offsets=np.zeros(1, np.int64),
        category_words=np.zeros(0, np.uint32),
        leaf_value=np.array([-1 / 3, 0.0, 2 / 7, 11 / 13]),
        leaf_count=np.array([3, 1, 400, 7], np.int32),
    ).settled()


def golden_box() -> Box:
    """A forest with leaves in full, and one with leaves on a grid."""
    box = Box("model")
    learners = box.add("learners")
    in_full().dump(learners.add("boosting").add("forest"))
    on_a_grid().dump(learners.add("catboost").add("forest"))
    return box


if __name__ == "__main__":
    if PLACE.exists():
        raise SystemExit(f"{PLACE.name} exists already; a golden file is never written again.")
    bundle.write(golden_box(), PLACE, about={"task": "none"})
