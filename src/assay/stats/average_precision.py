"""How well were things in pictures found: which boxes are right, and how precise are they at each recall?

The figures of the COCO challenge (Lin et al. 2014), as `pycocotools.COCOeval` reckons them: a found box is right where it overlaps a
thing of its class by a threshold, each thing is found once, the surest box first; precision is read at 101 recalls from its
envelope; ten thresholds from 0.50 to 0.95; things small, medium and large by the area of their box.

Matching is done once for each picture (`matches`). What is counted from it (`average_precision`) takes a weight for each picture: a
sample drawn with replacement is a vector of how often each was drawn, so that a bootstrap matches nothing again. A weight of two is the
same picture twice, unless a picture holds two boxes of one class with the very same score: they then stand side by side, not in turns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Floats, Ints

from .boxes import areas, iou

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # of overlap
RECALLS = np.linspace(0.0, 1.0, 101)  # at which precision is read
SIZES = ("all", "small", "medium", "large")
_LIMITS = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))  # square pixels, both ends within
_SURE = 1 - 1e-10  # an overlap that passes for whole, as in COCOeval
_LEAST = float(np.spacing(1))  # keeps 0 / 0 from being asked


@dataclass(frozen=True, kw_only=True, eq=False)
class Boxes:
    """Boxes of many pictures, one under the other.

    scores : how sure each is, where they were found rather than drawn
    crowd  : boxes that bound a group of things; what is found in them counts neither for nor against
    """

    boxes: Floats  # [m, 4] x, y, width, height
    classes: Ints  # [m] from 0
    pictures: Ints  # [m] from 0
    scores: Floats | None = None  # [m]
    crowd: Bools | None = None  # [m]


@dataclass(frozen=True, kw_only=True, eq=False)
class OfClass:
    """What became of the boxes found of one class, the surest first.

    right, wrong : at each size and threshold [4, 10, d]; a box that counts neither way is neither
    things       : how many things each picture holds at each size [4, pictures]
    """

    pictures: Ints  # [d]
    right: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    things: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """Every class's boxes, matched."""

    pictures: int
    classes: tuple[OfClass, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Precision:
    """Average precision and the greatest recall by size, threshold and class [4, 10, k]; NaN where there is nothing to be found."""

    precision: Floats
    recall_at: Floats

    @property
    def ap(self) -> float:
        """AP50-95: the mean over thresholds and classes."""
        return self.of("all")

    @property
    def ap50(self) -> float:
        """The mean over classes at half an overlap."""
        return _mean(self.precision[0, 0])

    @property
    def ap75(self) -> float:
        """The mean over classes at three quarters of an overlap."""
        return _mean(self.precision[0, 5])

    @property
    def recall(self) -> float:
        """Share of the things that were found at all, over thresholds and classes: COCO's AR."""
        return _mean(self.recall_at[0])

    def of(self, size: str) -> float:
        """AP50-95 of things of one of `SIZES`."""
        return _mean(self.precision[SIZES.index(size)])

    def by_class(self, threshold: float | None = None) -> Floats:
        """AP of each class [k], over all thresholds or at one of them: NaN where the class has nothing to be found."""
        if threshold is None:
            return np.asarray(self.precision[0].mean(axis=0))  # a class without things lacks them at every threshold
        return np.asarray(self.precision[0, int(np.argmin(np.abs(THRESHOLDS - threshold)))])


def matches(truth: Boxes, found: Boxes, pictures: int, classes: int, most: int = 100) -> Matches:
    """Which found boxes are right, picture by picture and class by class.

    most : boxes of one class in one picture that count, the surest ones

    >>> there = Boxes(boxes=np.array([[0.0, 0.0, 9.0, 9.0]]), classes=np.array([0]), pictures=np.array([0]))
    >>> seen = Boxes(boxes=there.boxes, classes=there.classes, pictures=there.pictures, scores=np.array([0.8]))
    >>> round(average_precision(matches(there, seen, 1, 1)).ap, 9)
    1.0
    """
    if found.scores is None:
        raise ValueError("found boxes need scores")
    crowd = np.zeros(len(truth.boxes), dtype=bool) if truth.crowd is None else truth.crowd
    return Matches(
        pictures=pictures,
        classes=tuple(_of_class(truth, crowd, found, found.scores, pictures, label, most) for label in range(classes)),
    )


def average_precision(matches: Matches, weight: Floats | Ints | None = None, sizes: Sequence[str] = SIZES) -> Precision:
    """The figures, each picture counted as often as its weight says.

    weight : [pictures], none below zero; all ones where it is left out
    sizes  : those that are asked for, the others stay NaN: a bootstrap of "all" alone takes a quarter of the time
    """
    if weight is not None and (np.shape(weight) != (matches.pictures,) or not np.all(np.asarray(weight) >= 0)):
        raise ValueError(f"expected {matches.pictures} weights, none below zero")
    shape = len(SIZES), len(THRESHOLDS), len(matches.classes)
    precision, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    each = np.ones(matches.pictures) if weight is None else np.asarray(weight, dtype=np.float64)
    for place, label in enumerate(matches.classes):
        things = label.things @ each  # [4]
        mine = each[label.pictures]  # [d]
        for size in [size for size, name in enumerate(SIZES) if name in sizes and things[size] > 0]:
            for step in range(len(THRESHOLDS)):
                right, wrong = label.right[size, step], label.wrong[size, step]
                ap, reached = _under(np.cumsum(mine[right]), np.cumsum(wrong * mine)[right], float(things[size]))
                precision[size, step, place], recall[size, step, place] = ap, reached
    return Precision(precision=precision, recall_at=recall)


def _under(hits: Floats, misses: Floats, things: float) -> tuple[float, float]:
    """Mean precision over the recalls, and the greatest recall.

    hits, misses : right and wrong boxes up to each right one [r]; precision has its peaks there, recall its steps
    """
    if not len(hits):
        return 0.0, 0.0
    recall = hits / things
    envelope = np.maximum.accumulate((hits / (misses + hits + _LEAST))[::-1])[::-1]  # the best of any larger recall
    at = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(envelope, 0.0)[at].mean()), float(recall[-1])


# --------------------------------------------------------------------------------------------------------- matching


def _of_class(
    truth: Boxes, crowd: Bools, found: Boxes, scores: Floats, pictures: int, label: int, most: int
) -> OfClass:
    theirs, mine = np.flatnonzero(truth.classes == label), np.flatnonzero(found.classes == label)
    theirs = theirs[np.argsort(truth.pictures[theirs], kind="stable")]
    beyond = outside(truth.boxes[theirs])  # [4, g]
    things = np.zeros((len(SIZES), pictures), dtype=np.int64)
    for size, counted in enumerate(~beyond & ~crowd[theirs]):
        things[size] = np.bincount(truth.pictures[theirs[counted]], minlength=pictures)
    mine = mine[np.lexsort((-scores[mine], found.pictures[mine]))]  # by picture, the surest first
    kept, right, wrong = [mine[:0]], [_nothing()], [_nothing()]
    lie_in = truth.pictures[theirs]
    for picture, rows in _runs(found.pictures[mine]):
        here = mine[rows][:most]
        there = theirs[np.searchsorted(lie_in, picture) : np.searchsorted(lie_in, picture, side="right")]
        hit, neither = matched(found.boxes[here], truth.boxes[there], crowd[there])
        neither |= ~hit & outside(found.boxes[here])[:, None, :]
        kept.append(here)
        right.append(hit & ~neither)
        wrong.append(~hit & ~neither)
    all_kept = np.concatenate(kept)
    order = np.argsort(-scores[all_kept], kind="stable")
    return OfClass(
        pictures=found.pictures[all_kept[order]],
        right=np.concatenate(right, axis=2)[:, :, order],
        wrong=np.concatenate(wrong, axis=2)[:, :, order],
        things=things,
    )


def _nothing() -> Bools:
    return np.zeros((len(SIZES), len(THRESHOLDS), 0), dtype=bool)


def _runs(pictures: Ints) -> Iterator[tuple[int, slice]]:
    """Each picture of a sorted list, and where its boxes stand."""
    seen, starts = np.unique(pictures, return_index=True)
    for picture, start, many in zip(seen, starts, np.diff(starts, append=len(pictures)), strict=True):
        yield int(picture), slice(int(start), int(start + many))


def outside(boxes: Floats) -> Bools:
    """Which boxes are not of each size: [4, m]."""
    area = areas(boxes)
    return np.stack([(area < low) | (area > high) for low, high in _LIMITS])


def matched(found: Floats, truth: Floats, crowd: Bools) -> tuple[Bools, Bools]:
    """Which boxes [d, 4] of one class in one picture, the surest first, met a thing, and met one that does not count: two of [4, 10, d].

    A box takes the thing that it overlaps most, one that counts before one that does not; of equal overlaps, the later.
    """
    shape = len(SIZES), len(THRESHOLDS)
    hit, neither = np.zeros((*shape, len(found)), dtype=bool), np.zeros((*shape, len(found)), dtype=bool)
    if not len(truth):
        return hit, neither
    over = iou(found, truth, crowd)[:, ::-1]  # [d, g]: the later comes first, so that argmax takes it
    crowded, idle = crowd[::-1], (outside(truth) | crowd)[:, ::-1]
    taken = np.zeros((*shape, len(truth)), dtype=bool)
    least = np.minimum(THRESHOLDS, _SURE)[None, :, None]
    for box in np.flatnonzero(over.max(axis=1) >= least.min()).tolist():
        free = (over[box] >= least) & (~taken | crowded)  # [4, 10, g]
        counts = free & ~idle[:, None, :]
        some = counts.any(axis=2)
        best = np.where(np.where(some[:, :, None], counts, free), over[box], -1.0).argmax(axis=2)  # [4, 10]
        met = free.any(axis=2)
        hit[:, :, box] = met
        neither[:, :, box] = met & ~some
        size, step = np.nonzero(met)
        taken[size, step, best[met]] = True
    return hit, neither


def _mean(values: Floats) -> float:
    """The mean of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
