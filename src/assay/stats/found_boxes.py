"""What is said of the boxes that were found, as rows of numbers: which are right, and what is missed?

Raw scores [n, 6 m] are m boxes a picture (`Head.boxes`), the surest first; targets y [n, m, 5] are what lies there: class, x, y, width and
height, class -1 where there is no more, NaN in a picture that nobody looked at. A box is right where it overlaps a thing of its class by
half at least, each thing is found once, and the surest box comes first.

The loss of a picture is LRP, the localisation-recall-precision error (Oksuz, Cam, Akbas & Kalkan 2018), of the boxes that are more likely
right than not: 0 where each thing is found exactly, 1 where none is.

What is found out about one picture does not depend on how sure its boxes are, only on their order. It is kept for as long as it is asked
for now and then, so that a bootstrap matches nothing again.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.forms import A_BOX

from .average_precision import SIZES, THRESHOLDS, Matches, OfClass, Precision, average_precision, matched, outside
from .boxes import iou
from .scores import no_boxes

HALF = 0.5  # overlap from which a thing counts as found
EACH = 600  # bytes of the arrays' own heads and of the place among others
KEPT = 200_000_000  # bytes of what is remembered: about 1 kB for a picture of a hundred boxes


def views(scores: Floats) -> Floats:
    """Raw scores [n, 6 m] as boxes [n, m, 6]."""
    return scores.reshape(len(scores), scores.shape[1] // A_BOX, A_BOX)


def there(scores: Floats) -> Bools:
    """Which places hold a box: [n, m]."""
    return np.asarray(views(scores)[:, :, 4] > 0)


def rows_of(found: Sequence[tuple[Floats, Ints, Floats]], most: int) -> Floats:
    """Raw scores [n, 6 most] of each picture's boxes [k, 4], their classes [k] and log-odds [k], in any order.

    >>> rows_of([(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([0]), np.array([0.5]))], 2)[0, :6].tolist()
    [0.5, 0.0, 1.0, 2.0, 3.0, 4.0]
    """
    out = no_boxes(len(found), most).reshape(len(found), most, A_BOX)
    for row, (boxes, classes, sure) in enumerate(found):
        order = np.argsort(-sure, kind="stable")[:most]
        out[row, : len(order), 0], out[row, : len(order), 1] = sure[order], classes[order]
        out[row, : len(order), 2:] = boxes[order]
    return out.reshape(len(found), most * A_BOX)


def probable(scores: Floats) -> Floats:
    """The probability that each box is right [n, m]; 0 where there is none."""
    return np.asarray(np.where(there(scores), 0.5 + 0.5 * np.tanh(0.5 * views(scores)[:, :, 0]), 0.0))


def as_answers(scores: Floats) -> Floats:
    """Raw scores with probabilities in place of log-odds."""
    out = views(scores).copy()
    out[:, :, 0] = probable(scores)
    return out.reshape(scores.shape)


# --------------------------------------------------------------------------------------------------------- matching


@dataclass(frozen=True, eq=False)
class Matched:
    """What became of the boxes of one picture, m of them, and of its g things."""

    thing: NDArray[np.int16]  # [m] the thing that each box found, -1 for none
    over: NDArray[np.float32]  # [m] by how much they overlap
    right: NDArray[np.uint8]  # bits of [4, 10, m], by size and overlap, as in COCO
    wrong: NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Memory it takes, in bytes, its place among others included."""
        return EACH + self.thing.nbytes + self.over.nbytes + self.right.nbytes + self.wrong.nbytes


class _Memory:
    """What became of pictures that were asked for before, the longest unused let go first."""

    def __init__(self, most: int) -> None:
        self._most, self._held, self._lock = most, 0, threading.Lock()
        self._kept: OrderedDict[bytes, Matched] = OrderedDict()

    def find(self, key: bytes) -> Matched | None:
        """None where it is not known any more."""
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return kept

    def keep(self, key: bytes, made: Matched) -> None:
        """Remember it, and let go what there is no room for."""
        with self._lock:
            if key not in self._kept:  # another thread may have been as quick
                self._held += made.nbytes
            self._kept[key] = made
            while self._held > self._most and len(self._kept) > 1:
                self._held -= self._kept.popitem(last=False)[1].nbytes


_MATCHED = _Memory(KEPT)


def matched_rows(scores: Floats, y: Floats) -> list[Matched]:
    """What became of each picture's boxes."""
    boxes = views(scores)
    return [_matched_row(row[:, 1:], there) for row, there in zip(boxes, y, strict=True)]


def _matched_row(found: Floats, there: Floats) -> Matched:
    """found: class and box of each place [m, 5], the surest first."""
    found, there = np.ascontiguousarray(found), np.ascontiguousarray(there)
    key = hashlib.blake2b(found.tobytes() + b"|" + there.tobytes(), digest_size=16).digest()
    if (kept := _MATCHED.find(key)) is not None:
        return kept
    made = _match(found, there)
    _MATCHED.keep(key, made)
    return made


def _match(found: Floats, there: Floats) -> Matched:
    m = len(found)
    thing, over = np.full(m, -1, dtype=np.int16), np.zeros(m, dtype=np.float32)
    right, wrong = (np.zeros((len(SIZES), len(THRESHOLDS), m), dtype=bool) for _ in range(2))
    real, things = found[:, 3] > 0, there[:, 0] >= 0
    for label in np.unique(found[real, 0]):
        mine, theirs = np.flatnonzero(real & (found[:, 0] == label)), np.flatnonzero(things & (there[:, 0] == label))
        boxes, drawn = found[mine, 1:], there[theirs, 1:]
        hit, neither = matched(boxes, drawn, np.zeros(len(drawn), dtype=bool))
        neither |= ~hit & outside(boxes)[:, None, :]
        right[:, :, mine], wrong[:, :, mine] = hit & ~neither, ~hit & ~neither
        free, shared = np.ones(len(theirs), dtype=bool), iou(boxes, drawn)
        for place in np.flatnonzero(hit[0, 0]).tolist():  # of any size, by half: the same as COCO's first threshold
            best = int(np.where(free, shared[place], -1.0)[::-1].argmax())
            best = len(theirs) - 1 - best
            free[best] = False
            thing[mine[place]], over[mine[place]] = theirs[best], shared[place, best]
    return Matched(thing, over, np.packbits(right), np.packbits(wrong))


def figures(
    scores: Floats, y: Floats, weight: Floats | None, classes: int, sizes: Sequence[str] = ("all",)
) -> Precision:
    """Average precision as COCO reckons it, but of all boxes rather than of a hundred a class; each picture counts as often as its weight says."""
    n, m = len(scores), views(scores).shape[1]
    met, boxes = matched_rows(scores, y), views(scores)
    shape = len(SIZES), len(THRESHOLDS), m
    right, wrong = _unpacked([one.right for one in met], shape), _unpacked([one.wrong for one in met], shape)
    label, sure = boxes[:, :, 1].ravel(), boxes[:, :, 0].ravel()
    real, picture = there(scores).ravel(), np.repeat(np.arange(n), m)
    found = []
    for k in range(classes):
        mine = np.flatnonzero(real & (label == k))
        mine = mine[np.argsort(-sure[mine], kind="stable")]
        drawn = y[:, :, 0] == k
        beyond = outside(y[:, :, 1:].reshape(-1, 4)).reshape(len(SIZES), n, y.shape[1])
        things = (~beyond & drawn).sum(axis=2)
        found.append(OfClass(pictures=picture[mine], right=right[:, :, mine], wrong=wrong[:, :, mine], things=things))
    return average_precision(Matches(pictures=n, classes=tuple(found)), weight, sizes)


def _unpacked(bits: Sequence[NDArray[np.uint8]], shape: tuple[int, int, int]) -> Bools:
    """Bits of each picture as [4, 10, pictures · m]."""
    each = [np.unpackbits(one, count=math.prod(shape)).reshape(shape) for one in bits]
    return np.concatenate([np.zeros((*shape[:2], 0), dtype=np.uint8), *each], axis=2).astype(bool)


def right(scores: Floats, y: Floats) -> Bools:
    """Which boxes found a thing [n, m]."""
    if not len(scores):
        return np.zeros((0, views(scores).shape[1]), dtype=bool)
    return np.stack([one.thing >= 0 for one in matched_rows(scores, y)])


def found_at(scores: Floats, y: Floats) -> Floats:
    """The log-odds of the box that found each thing [n, g]: -inf for one that is missed, NaN where there is none."""
    out = np.where(y[:, :, 0] >= 0, -np.inf, np.nan)
    for row, one in enumerate(matched_rows(scores, y)):
        places = np.flatnonzero(one.thing >= 0)
        out[row, one.thing[places]] = views(scores)[row, places, 0]
    return np.asarray(out)


def losses(scores: Floats, y: Floats) -> Floats:
    """LRP of the boxes that are more likely right than not, picture by picture [n]; 0 where there is nothing and nothing is said."""
    out = np.zeros(len(scores))
    said = there(scores) & (views(scores)[:, :, 0] > 0)
    things = (y[:, :, 0] >= 0).sum(axis=1)
    for row, one in enumerate(matched_rows(scores, y)):
        hit = said[row] & (one.thing >= 0)
        false, missed = int(said[row].sum() - hit.sum()), int(things[row] - hit.sum())
        whole = int(hit.sum()) + false + missed
        if whole:
            off = float((1.0 - one.over[hit].astype(np.float64)).sum()) / (1.0 - HALF)
            out[row] = (off + false + missed) / whole
    return out


def recall(scores: Floats, y: Floats, weight: Floats | None = None) -> float:
    """Share of the things that are found by boxes more likely right than not; NaN where there are none."""
    at = found_at(scores, y)
    each = np.ones(len(y)) if weight is None else weight
    things = float(each @ (~np.isnan(at)).sum(axis=1))
    return float(each @ (at > 0).sum(axis=1)) / things if things else float("nan")


def precision(scores: Floats, y: Floats, weight: Floats | None = None) -> float:
    """Share of the boxes more likely right than not that are right; NaN where there are none."""
    said = there(scores) & (views(scores)[:, :, 0] > 0)
    each = np.ones(len(y)) if weight is None else weight
    boxes = float(each @ said.sum(axis=1))
    return float(each @ (said & right(scores, y)).sum(axis=1)) / boxes if boxes else float("nan")
