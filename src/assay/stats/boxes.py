"""How much do two boxes overlap, and which of many boxes over one thing is kept?

A box is x, y, width and height in pixels of the upright picture, x and y those of its left upper corner (COCO's convention):
float64 [m, 4]. The arithmetic is pycocotools', operation by operation, so that figures made of it are equal to the last bit.
Knows of no pictures; what lies in different pictures is kept apart by the caller.
"""

from __future__ import annotations

import numpy as np

from assay.kernel.data import Bools, Floats, Ints

BLOCK = 256  # boxes whose overlaps with all others are reckoned at once


def areas(boxes: Floats) -> Floats:
    """Square pixels of each box [m, 4]: [m]."""
    return np.asarray(boxes[:, 2] * boxes[:, 3])


def iou(a: Floats, b: Floats, crowd: Bools | None = None) -> Floats:
    """Overlap by union (Jaccard's index) of each box [m, 4] with each other [k, 4]: [m, k], from 0 to 1.

    crowd : bool [k], where a box bounds a group of things: what lies in it is measured against itself alone (COCO)

    >>> float(iou(np.array([[0.0, 0.0, 2.0, 1.0]]), np.array([[1.0, 0.0, 2.0, 1.0]]))[0, 0].round(3))
    0.333
    """
    wide = _shared(a[:, None, 0], a[:, None, 2], b[None, :, 0], b[None, :, 2])
    high = _shared(a[:, None, 1], a[:, None, 3], b[None, :, 1], b[None, :, 3])
    both = np.where((wide > 0) & (high > 0), wide * high, 0.0)  # [m, k]
    own = areas(a)[:, None]
    union = own + areas(b)[None, :] - both
    if crowd is not None:
        union = np.where(crowd[None, :], own, union)
    return np.divide(both, union, out=np.zeros_like(both), where=both > 0)


def nms(boxes: Floats, scores: Floats, classes: Ints, threshold: float) -> Ints:
    """The boxes kept when each, the surest first, takes away those of its class that overlap it by more than `threshold`.

    boxes : [m, 4]; scores, classes : [m]. Of equal scores the earlier box comes first.

    Returns their places, the surest first: int64 [kept]. Greedy and exact, class by class.

    >>> two = np.array([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 10.0, 10.0]])
    >>> nms(two, np.array([0.6, 0.9]), np.array([0, 0]), 0.5).tolist()
    [1]
    """
    order = np.argsort(-scores, kind="stable")
    kept = np.zeros(len(order), dtype=bool)
    for label in np.unique(classes):
        waiting = np.flatnonzero(classes[order] == label)  # ranks, the surest first
        while len(waiting):
            first = waiting[:BLOCK]
            takes = iou(boxes[order[first]], boxes[order[waiting]]) > threshold  # [first, waiting]
            taken = 0  # a bit for each that waits
            for place, bits in enumerate(np.packbits(takes, axis=1, bitorder="little")):
                if not taken >> place & 1:
                    kept[first[place]] = True
                    taken |= int.from_bytes(bits.tobytes(), "little")
            left = [rank for place, rank in enumerate(waiting.tolist()) if not taken >> place & 1 and place >= BLOCK]
            waiting = np.asarray(left, dtype=np.int64)
    return np.asarray(order[kept], dtype=np.int64)


def _shared(at: Floats, long: Floats, other: Floats, along: Floats) -> Floats:
    """Pixels that two stretches have in common; none or less where they are apart."""
    return np.asarray(np.minimum(at + long, other + along) - np.maximum(at, other))
