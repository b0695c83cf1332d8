"""What do several finders of boxes come to together?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from assay.kernel.data import Floats, Ints

from .boxes import BLOCK, iou
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
    first: list[int] = []  # the surest box of each group
    led = [-1] * len(boxes)  # the group of which a box is the surest
    taken: set[tuple[int, int]] = set()  # groups, and finders that have a box in them
    group = np.empty(len(boxes), dtype=np.int64)
    for place, (finder, alike) in enumerate(zip(who.tolist(), _alike(boxes), strict=True)):
        best, closest = len(first), ALIKE
        for other, over in alike:
            if over > closest and led[other] >= 0 and (led[other], finder) not in taken:
                best, closest = led[other], over
        if best == len(first):
            led[place] = best
            first.append(place)
        group[place] = best
        taken.add((best, finder))
    groups = len(first)
    total = np.bincount(group, weights=sure, minlength=groups)
    mean = np.stack([np.bincount(group, weights=sure * boxes[:, 2 + i], minlength=groups) for i in range(4)], axis=1)
    p, at = np.clip(total, 1e-12, 1 - 1e-12), np.asarray(first, dtype=np.int64)
    return mean / np.maximum(total, 1e-300)[:, None], boxes[at, 1].astype(np.int64), np.log(p / (1 - p))


def _alike(boxes: Floats) -> Iterator[list[tuple[int, float]]]:
    """For each box [k, 6], those before it that are of its class and overlap it by more than `ALIKE`, in order, and by how much."""
    for low in range(0, len(boxes), BLOCK):
        some = boxes[low : low + BLOCK]
        over = iou(some[:, 2:], boxes[: low + len(some), 2:])
        same = some[:, None, 1] == boxes[None, : low + len(some), 1]
        place, other = np.nonzero(np.tril(same & (over > ALIKE), low - 1))
        pairs = list(zip(other.tolist(), over[place, other].tolist(), strict=True))
        ends = np.searchsorted(place, np.arange(len(some) + 1)).tolist()
        yield from (pairs[start:end] for start, end in itertools.pairwise(ends))
