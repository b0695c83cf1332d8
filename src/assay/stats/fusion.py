"""What do several finders of boxes come to together?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.kernel.data import Floats, Ints

from .boxes import iou
from .found_boxes import probable, rows_of, views

ALIKE = 0.55  # overlap of two finders' boxes that are taken for one (Solovyev et al. 2021)
HOPELESS = 0.005  # probability of one finder below which a box is not fused


def fused(finders: Sequence[Floats], weights: Sequence[float]) -> Floats:
    """What several finders come to together, by weighted boxes fusion (Solovyev, Wang & Gabruseva 2021): raw scores like theirs.

    Boxes of one class that overlap by more than `ALIKE` are one: a mean of them, by how sure each is, as sure as the mean of all finders,
    of whom those that saw nothing there say 0.
    """
    if len(finders) == 1:
        return finders[0]
    share = np.asarray(weights, dtype=np.float64) / float(np.sum(weights))
    most = views(finders[0]).shape[1]
    each = [(views(scores), probable(scores)) for scores in finders]
    found = []
    for row in range(len(finders[0])):
        boxes = np.concatenate([view[row, p[row] >= HOPELESS] for view, p in each])
        sure = np.concatenate([s * p[row, p[row] >= HOPELESS] for s, (_, p) in zip(share, each, strict=True)])
        who = np.repeat(np.arange(len(each)), [int((p[row] >= HOPELESS).sum()) for _, p in each])
        found.append(_fused(boxes, sure, who))
    return rows_of(found, most)


def _fused(boxes: Floats, sure: Floats, who: Ints) -> tuple[Floats, Ints, Floats]:
    """boxes [k, 6], each finder's probability times its share [k], and which finder [k], whose boxes each stand for themselves."""
    order = np.argsort(-boxes[:, 0], kind="stable")
    boxes, sure, who = boxes[order], sure[order], who[order]
    first = np.zeros(len(boxes), dtype=np.int64)  # the surest box of each group, as far as there are groups
    taken = np.zeros((len(boxes), int(who.max(initial=0)) + 1), dtype=bool)  # finders that have a box in a group
    group, groups = np.full(len(boxes), -1, dtype=np.int64), 0
    for place in range(len(boxes)):
        heads = first[:groups]
        near = iou(boxes[place : place + 1, 2:], boxes[heads, 2:])[0]
        near[(boxes[heads, 1] != boxes[place, 1]) | taken[:groups, who[place]]] = 0.0
        best = int(near.argmax()) if groups else groups
        if best == groups or near[best] <= ALIKE:
            best, groups = groups, groups + 1
            first[best] = place
        group[place], taken[best, who[place]] = best, True
    total = np.bincount(group, weights=sure, minlength=groups)
    mean = np.stack([np.bincount(group, weights=sure * boxes[:, 2 + i], minlength=groups) for i in range(4)], axis=1)
    p, at = np.clip(total, 1e-12, 1 - 1e-12), first[:groups]
    return mean / np.maximum(total, 1e-300)[:, None], boxes[at, 1].astype(np.int64), np.log(p / (1 - p))
