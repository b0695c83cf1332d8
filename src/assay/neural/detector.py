"""Which network finds things in pictures? A chain of residual blocks, a pyramid of its maps, and one head that looks at every place of each.

The pyramid (Lin et al. 2017) brings what is seen of the whole to the maps that are fine. The head is free of anchors (FCOS, Tian et al. 2019):
each place says how sure it is of each class, and how far the four sides of the box are from it. Only the numbers at rest live here;
how they are learnt is told in `detector_training.py`.

A picture is brought into a rectangle, its aspect kept, and looked at alone, in single precision on one thread, so that what is found in it
is the same to the bit whatever else is asked. Pictures may have any number of channels, the same for all.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats, Ints
from assay.kernel.need import need
from assay.kernel.threads import threads
from assay.pictures.letterbox import letterboxed
from assay.pictures.tiles import Piece as Cut
from assay.stats.boxes import nms

from .chain import (
    MOST_NUMBERS,
    Piece,
    Pixels,
    after_each,
    numbers_in,
    pieces_in,
    put_numbers,
    rows_of,
    standardised,
    tensors,
)
from .halves import Halves, halves_of, put_halves
from .one_thread import one_thread

STEP = 32  # pixels: sides of a rectangle are multiples of it
MOST_SIDE, MOST_STRIDE, MOST_CHANNELS, MOST_WIDTH, MOST_DEPTH, MOST_CLASSES = 2048, 32, 64, 512, 8, 10_000
CANDIDATES = 3  # places asked for each box that is kept, before boxes over one thing are taken away
SHOWN = 100  # boxes of a picture
OVERLAP = 0.65  # of a surer box of its class, beyond which a box is taken away
LEAST_SURE = 0.005
NEAR = 4.0  # pixels beyond its core for which a piece answers, too: two may see one thing in slightly different places
FARTHEST = 8.0  # logarithm of strides between a place and the side of its box, at most


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """What a detector is made of.

    pieces  : the chain that looks
    taken   : places in it whose maps the pyramid takes, from fine to coarse, each of twice the stride of the one before
    width   : channels of pyramid and head
    depth   : convolutions of the head before its last, for classes and for sides each
    classes : kinds of things
    """

    pieces: tuple[Piece, ...]
    taken: tuple[int, ...]
    width: int
    depth: int
    classes: int

    @property
    def inward(self) -> int:
        """Channels of a picture."""
        return self.pieces[0].inward

    @property
    def strides(self) -> tuple[int, ...]:
        """Pixels between the places of each map."""
        along = itertools.accumulate((2 if p.kind == "pool" else p.stride for p in self.pieces), lambda a, b: a * b)
        every = list(along)
        return tuple(every[place] for place in self.taken)

    @property
    def laterals(self) -> tuple[Piece, ...]:
        """From the chain into the pyramid, one for each map."""
        return tuple(Piece("conv", self.pieces[place].outward, self.width, 1) for place in self.taken)

    @property
    def smooths(self) -> tuple[Piece, ...]:
        """From the pyramid to the head, one for each map."""
        return tuple(Piece("conv", self.width, self.width) for _ in self.taken)

    @property
    def tower(self) -> tuple[Piece, ...]:
        """Of the head, for classes and for sides each."""
        return tuple(Piece("conv", self.width, self.width) for _ in range(self.depth))

    @property
    def shapes(self) -> list[tuple[int, int, int, int]]:
        """Of each convolution that has a normalisation, in order."""
        parts = (*self.pieces, *self.laterals, *self.smooths, *self.tower, *self.tower)
        return [shape for piece in parts for shape in piece.shapes()]


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in one picture, the surest first."""

    boxes: Floats  # [k, 4] x, y, width, height in pixels of the upright picture
    classes: Ints  # [k]
    scores: Floats  # [k] 0 to 1


@dataclass(frozen=True, eq=False)
class Detector:
    """A network at rest that finds things."""

    anatomy: Anatomy
    height: int  # pixels of the rectangle that pictures are brought into
    width: int
    centre: NDArray[np.float32]  # [c] mean of each channel among the pictures learnt from, 0 to 255
    scale: NDArray[np.float32]  # [c] and their spread
    weights: tuple[Halves, ...]  # of each convolution [outward, inward, rows, columns], as `Anatomy.shapes` has them
    biases: tuple[NDArray[np.float32], ...]  # [outward]
    last: tuple[Halves, Halves]  # [classes, width], [4, width] of the head's last layers
    base: NDArray[np.float32]  # [classes] added to scores before they become shares
    reach: NDArray[np.float32]  # [maps, 4] added to the logarithms of distances
    # Across and down: in which a picture is looked at besides; the mean is the answer.
    mirrors: tuple[bool, bool] = (False, False)

    def find(self, pictures: Iterable[Pixels], most: int = SHOWN) -> Iterator[Found]:
        """What is in each picture [h, w, c], `most` boxes each, in order. Few are held at a time, however many there are."""
        waiting, many = iter(pictures), threads()
        with ThreadPoolExecutor(many) as pool:
            while some := list(itertools.islice(waiting, many)):
                one = functools.partial(self._one, most=most)
                yield from (pool.map if len(some) > 1 else map)(one, some)

    def _one(self, picture: Pixels, most: int) -> Found:
        if picture.ndim != 3 or picture.shape[2] != self.anatomy.inward or not picture.size:
            raise ValueError(f"a picture of shape {picture.shape}, expected [h, w, {self.anatomy.inward}]")
        bare = np.clip(np.rint(self.centre), 0, 255).astype(np.uint8)
        pixels, at = letterboxed(picture, self.width, self.height, bare)
        sure, sides = self._looks(standardised(pixels, self.centre, self.scale))
        corners = corners_of(places(self.height, self.width, self.anatomy.strides), sides)
        low = np.array([at.left, at.top], dtype=np.float64)
        high = low + np.array([at.width, at.height])
        ends = np.clip(corners.reshape(-1, 2, 2).astype(np.float64), low, high)  # nothing lies beyond the picture
        boxes = at.back(np.concatenate([ends[:, 0], ends[:, 1] - ends[:, 0]], axis=1))
        return kept(boxes, sure.astype(np.float64), most)

    def _looks(self, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How sure each place is [p, classes], and its distances [p, 4]: means over the picture and its mirrors."""
        torch = need("torch", "nets")
        ways = [(across, down) for across in (False, True) for down in (False, True)]
        sures, away = [], []
        for across, down in [w for w in ways if w[0] <= self.mirrors[0] and w[1] <= self.mirrors[1]]:
            turned = np.ascontiguousarray(pixels[:: -1 if down else 1, :: -1 if across else 1])
            with one_thread(), torch.inference_mode():
                sure, sides = self._forward(torch, torch.from_numpy(turned[None]).permute(0, 3, 1, 2))
            sures.append(self._turned(sure.numpy(), across, down))
            order = [2 if across else 0, 3 if down else 1, 0 if across else 2, 1 if down else 3]
            away.append(self._turned(sides.numpy()[:, order], across, down))
        return np.mean(sures, axis=0, dtype=np.float32), np.mean(away, axis=0, dtype=np.float32)

    def _turned(self, rows: NDArray[np.float32], across: bool, down: bool) -> NDArray[np.float32]:
        """What each place [p, k] of a mirrored picture says, at the place where that is in the picture."""
        parts, low = [], 0
        for stride in self.anatomy.strides:
            high, wide = self.height // stride, self.width // stride
            part = rows[low : low + high * wide].reshape(high, wide, -1)
            parts.append(part[:: -1 if down else 1, :: -1 if across else 1].reshape(high * wide, -1))
            low += high * wide
        return np.concatenate(parts)

    def _forward(self, torch: Any, x: Any) -> tuple[Any, Any]:
        """Of one picture, how sure each place is of each class [p, classes], and its distances [p, 4] in pixels."""
        a, f = self.anatomy, torch.nn.functional
        at = iter(self._tensors)
        maps = [m for place, m in enumerate(after_each(torch, a.pieces, at, x)) if place in a.taken]
        maps = [_through(torch, (piece,), at, m) for piece, m in zip(a.laterals, maps, strict=True)]
        for fine in range(len(maps) - 2, -1, -1):
            maps[fine] = maps[fine] + f.interpolate(maps[fine + 1], scale_factor=2.0)
        maps = [_through(torch, (piece,), at, m) for piece, m in zip(a.smooths, maps, strict=True)]
        towers = [list(itertools.islice(at, a.depth)) for _ in self.last]
        scores, distances = [], []
        for place, (m, stride) in enumerate(zip(maps, a.strides, strict=True)):
            raw = []
            for tower, last in zip(towers, self.last, strict=True):
                out = _through(torch, a.tower, iter(tower), m)[0].flatten(1).T  # [p, width]
                raw.append(out @ torch.from_numpy(last.astype(np.float32)).T)
            scores.append((raw[0] + torch.from_numpy(self.base)).sigmoid())
            distances.append(stride * (raw[1] + torch.from_numpy(self.reach[place])).clamp(max=FARTHEST).exp())
        return torch.cat(scores), torch.cat(distances)

    @functools.cached_property
    def _tensors(self) -> list[tuple[Any, Any]]:
        return tensors(self.weights, self.biases)

    def dump(self, box: Box) -> None:
        """The anatomy, and the numbers of each part."""
        a = self.anatomy
        box.put(height=self.height, width=self.width, pieces=rows_of(a.pieces), taken=list(a.taken))
        box.put(channels=a.inward, pyramid=a.width, depth=a.depth, classes=a.classes)
        box.put(across=self.mirrors[0], down=self.mirrors[1])
        put_numbers(box, self.weights, self.biases)
        for name, value in zip(("classes", "sides"), self.last, strict=True):
            put_halves(box, f"last-{name}", value)
        for name in ("centre", "scale", "base", "reach"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box) -> Detector:
        """A detector that was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        height, width = (box.whole(side, STEP, MOST_SIDE) for side in ("height", "width"))
        if height % STEP or width % STEP:
            raise box.refuse(f"a rectangle of {width} by {height} pixels is not of multiples of {STEP}")
        channels = box.whole("channels", 1, MOST_CHANNELS)
        a = Anatomy(
            pieces=pieces_in(box, channels),
            taken=_taken(box),
            width=box.whole("pyramid", 1, MOST_WIDTH),
            depth=box.whole("depth", 0, MOST_DEPTH),
            classes=box.whole("classes", 1, MOST_CLASSES),
        )
        if a.taken[-1] >= len(a.pieces) or not all(a.pieces[place].outward for place in a.taken):
            raise box.refuse("a map is taken where there is no convolution")
        fits = all(coarse == 2 * fine for fine, coarse in itertools.pairwise(a.strides))
        if not fits or a.strides[-1] > MOST_STRIDE:
            raise box.refuse(
                f"maps have the strides {a.strides}, expected each twice the one before, up to {MOST_STRIDE}"
            )
        strides = itertools.accumulate((2 if p.kind == "pool" else p.stride for p in a.pieces), lambda x, y: x * y)
        numbers = (height * width // s**2 * p.outward for s, p in zip(strides, a.pieces, strict=True))
        if max(numbers) > MOST_NUMBERS:
            raise box.refuse(f"a picture would become more than {MOST_NUMBERS} numbers on the way")
        weights, biases = numbers_in(box, a.shapes)
        scale = box.array("scale", np.float32, (channels,))
        if not (scale > 0).all():
            raise box.refuse("a scale is not above zero")
        return cls(
            anatomy=a,
            height=height,
            width=width,
            centre=box.array("centre", np.float32, (channels,)),
            scale=scale,
            weights=weights,
            biases=biases,
            last=(
                halves_of(box, "last-classes", (a.classes, a.width)),
                halves_of(box, "last-sides", (4, a.width)),
            ),
            base=box.array("base", np.float32, (a.classes,)),
            reach=box.array("reach", np.float32, (len(a.taken), 4)),
            mirrors=(box.flag("across"), box.flag("down")),
        )


def _taken(box: Box) -> tuple[int, ...]:
    """Places whose maps are taken, in order. Raises BundleInvalid."""
    taken = box.values.get("taken")
    if not isinstance(taken, list) or not taken or not all(type(v) is int and v >= 0 for v in taken):
        raise box.refuse("'taken' is not a list of places")
    if any(late <= early for early, late in itertools.pairwise(taken)):
        raise box.refuse("the places that are taken do not stand in order")
    return tuple(taken)


def _through(torch: Any, pieces: tuple[Piece, ...], numbers: Iterator[tuple[Any, Any]], x: Any) -> Any:
    """What comes out at the end."""
    *_, last = x, *after_each(torch, pieces, numbers, x)
    return last


def places(height: int, width: int, strides: tuple[int, ...]) -> NDArray[np.float32]:
    """Middle of each place of all maps, x and y in pixels of the rectangle, and its stride: [p, 3]."""
    parts = []
    for stride in strides:
        y, x = np.meshgrid(np.arange(height // stride), np.arange(width // stride), indexing="ij")
        part = np.stack([(x + 0.5) * stride, (y + 0.5) * stride, np.full(x.shape, stride)], axis=-1)
        parts.append(part.reshape(-1, 3))
    return np.concatenate(parts).astype(np.float32)


def corners_of(at: NDArray[np.float32], sides: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left, top, right and bottom [p, 4] of boxes whose sides are so far from their places, in the same order."""
    return np.concatenate([at[:, :2] - sides[:, :2], at[:, :2] + sides[:, 2:]], axis=1)


def kept(boxes: Floats, sure: Floats, most: int = SHOWN) -> Found:
    """Of the boxes [p, 4] of all places, each of every class as sure as [p, classes] says, those that are the surest of their thing: `most` at most."""
    flat = sure.ravel()
    order = np.argsort(-flat, kind="stable")[: CANDIDATES * most]
    place, label = np.divmod(order, sure.shape[1])
    real = (flat[order] >= LEAST_SURE) & (boxes[place, 2:] > 0).all(axis=1)
    order, place, label = order[real], place[real], label[real]
    best = nms(boxes[place], flat[order], label, OVERLAP)[:most]
    return Found(boxes[place[best]], label[best].astype(np.int64), flat[order[best]])


def together(found: Sequence[tuple[Cut, Found]], most: int = SHOWN) -> Found:
    """What was found in the pieces of a picture, each thing told by the piece that answers for its middle: `most` boxes at most."""
    boxes, classes, scores = [np.zeros((0, 4))], [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for piece, own in found:
        there = own.boxes + np.array([piece.left, piece.top, 0.0, 0.0])
        near = piece.owns(there, NEAR)
        boxes.append(there[near])
        classes.append(own.classes[near])
        scores.append(own.scores[near])
    every, names, sure = np.concatenate(boxes), np.concatenate(classes), np.concatenate(scores)
    best = nms(every, sure, names, OVERLAP)[:most]
    return Found(every[best], names[best], sure[best])
