"""What lies where in a picture? A small detector, learnt from the training rows alone.

No pretrained weights. How large pictures are as it looks at them, and which of its maps it looks at, follows from the sizes of the things
and from the time there is (`neural/detector_form.py`). Where a row has more than one picture, they lie one over the other, and boxes are
those of the first; a reference (`picture:against NAME`) lies there as what differs from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.kernel.words import refusal
from assay.neural.detector import Detector as Network
from assay.neural.detector import Found, together
from assay.neural.detector_form import form_for, tiling_for
from assay.neural.detector_training import epochs_within, side_within
from assay.neural.detector_training import train as learnt
from assay.onnx_graph.graph import Graph
from assay.pictures.framed import Framing
from assay.pictures.stacked import Stacked, scale_to, stacked
from assay.pictures.tiles import Tiling, tiled
from assay.stats.found_boxes import rows_of
from assay.stats.scores import no_boxes

from ._beside import counting, counts
from ._drawn import drawn, mirrored

AT_ONCE = 64  # pictures that are decoded before they are looked at
SHARE = 0.9  # of the time of a fit that learning may take: the held-out pictures are looked at after
SURE = 1e-6  # probabilities are no nearer to 0 and 1
SHOWN = 60
MOST_LONGER, MOST_PIECES = 10_000, 400  # pixels of a picture, and pieces


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A small network that finds things."""

    about: ClassVar[About] = About(
        key="detector",
        takes=("vector", "grid"),
        gives=("boxes",),
        needs=("torch",),
        extra="nets,pictures",
        memory=1_200_000_000,
        order=38,
        share=0.97,
        loads=4.0,
        words={
            "en": {"title": "detector", "none": "no row has both a picture and boxes"},
            "zh": {"title": "目标检测网络", "none": "没有一行既有图片又有方框"},
        },
    )
    side: Annotated[int, Whole(192, 2048, log=True)] = (
        640  # pixels of the longer side of a picture as it is looked at, at most
    )
    width: Annotated[int, Whole(8, 128, log=True)] = 32  # channels of the first stage
    pyramid: Annotated[int, Whole(16, 256, log=True)] = 64  # channels of the pyramid and the head
    depth: Annotated[int, Whole(0, 4)] = 1  # convolutions of the head before its last
    views: Annotated[float, Real(0.0, 1.0)] = 1.0  # how far views of a picture go, where epochs are many
    mirror: Annotated[bool, Switch()] = True  # views may be mirrored where that keeps what things are called
    tiles: Annotated[bool, Switch()] = True  # pictures may be looked at in pieces where things are small
    batch: Annotated[int, Whole(1, 64, log=True)] = 4  # pictures a step looks at
    epochs: Annotated[int, Whole(1, 2000, log=True)] = 3  # times each picture is looked at, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Finder:
        """Train until the schedule or the time ends, on the rows learnt from and the tune rows alike: nothing is stopped early.

        Raises MissingPackage where torch is not installed, DoesNotApply where there is no picture.
        """
        train, tune = counting(train), counting(tune)
        rows = train.then(tune) if counts(tune) else train
        assert rows.y is not None
        grids = rows.grids
        sizes = grids.columns[0].sizes()
        kept = np.flatnonzero((sizes > 0).all(axis=1))
        if not len(kept):
            raise DoesNotApply(self.about.say("learners", "none"))
        grids, sizes, y = grids.take(kept), sizes[kept], rows.y[kept]
        boxes, labels = drawn(y)
        learning = clock.slice(SHARE * clock.remaining())
        said: dict[str, Any] = {"channels": 3 * len(grids.columns), "width": self.width, "pyramid": self.pyramid}
        said |= {"depth": self.depth, "epochs": float(self.epochs), "batch": min(self.batch, len(kept))}
        wh = [(int(w), int(h)) for w, h in sizes]
        form = form_for(wh, boxes, labels, head.classes_, most_side=self.side, **said)
        side, epochs = max(form.height, form.width), math.inf
        if not clock.stands:
            epochs = epochs_within(form, len(kept), learning.remaining())
            form = form_for(wh, boxes, labels, head.classes_, most_side=side_within(form, epochs), **said)
            epochs *= (side / max(form.height, form.width)) ** 2
            side = max(form.height, form.width)
        pieces = tiling_for(wh, boxes, labels, side, epochs) if self.tiles else None
        longer, tiling = pieces or (side, None)
        pictures: Sequence[NDArray[np.uint8]] = Stacked(grids, longer)
        scales = [scale_to(longer, size) for size in sizes]
        there = [own * np.tile(scale, 2) for own, scale in zip(boxes, scales, strict=True)]
        across, down = mirrored(pictures, there, labels, head, rng) if self.mirror else (False, False)
        weight = None if rows.weight is None else rows.weight[kept]
        if tiling is not None:
            wh = [(round(w), round(h)) for w, h in (size * scale for size, scale in zip(sizes, scales, strict=True))]
            pictures, there, labels, whose = tiled(pictures, wh, there, labels, tiling, rng)
            wh = [(piece.width, piece.height) for _, piece in pictures.places]
            weight = None if weight is None else weight[whose]
        views = Framing(strength=self.views, across=across, down=down)
        form = form_for(wh, there, labels, head.classes_, most_side=side, views=views, **said)
        form = replace(form, mirrors=False)  # fold models answer together: what mirrors would add, they add
        network, curve = learnt(form, pictures, there, labels, learning, rng, weight)
        return Finder(grids.parts, network, longer, tiling, head.most, np.asarray(curve, dtype=np.float64))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Finder:
        """The detector that was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        network = Network.load(box.box("network"))
        parts = tuple(box.texts("parts", 100))
        if network.anatomy.classes != head.classes_ or network.anatomy.inward != 3 * len(parts):
            raise box.refuse("the network is not one for these classes and pictures")
        curve = box.array("curve", np.float64, (None,))
        longer, side = box.whole("longer", 1, MOST_LONGER), box.whole("piece", 0, MOST_LONGER)
        shared = box.whole("shared", 0, max(0, side - 1))
        tiling = Tiling(side, shared) if side else None
        if tiling is not None and len(tiling.pieces(longer, longer)) > MOST_PIECES:
            raise box.refuse(f"pieces of {side} pixels that share {shared} are too many in {longer}")
        return Finder(parts, network, longer, tiling, head.most, curve)


@dataclass(frozen=True, eq=False)
class Finder:
    """A trained detector."""

    parts: tuple[str, ...]  # of the picture columns
    network: Network
    longer: int  # pixels of the longer side of a picture as it is decoded
    tiling: Tiling | None  # the pieces that it is looked at in; None where it is looked at whole
    most: int  # boxes of an answer
    curve: Floats  # [epochs] mean loss of the rows learnt from

    def predict(self, batch: Batch) -> Floats:
        """Raw scores of boxes [n, 6 most], in pixels of the first picture; none where there is no picture."""
        out = no_boxes(batch.rows, self.most)
        sizes = batch.grids.columns[0].sizes()
        rows = np.flatnonzero((sizes > 0).all(axis=1))
        for some in np.array_split(rows, -(-len(rows) // AT_ONCE)) if len(rows) else []:
            pictures = stacked(batch.grids.take(some), self.longer)
            seen = [place for place, picture in enumerate(pictures) if picture.size]
            found = []
            for place, one in zip(seen, self._found([pictures[i] for i in seen]), strict=True):
                back = sizes[some[place]] / np.asarray(pictures[place].shape[1::-1])
                p = np.clip(one.scores, SURE, 1 - SURE)
                found.append((one.boxes * np.tile(back, 2), one.classes, np.log(p / (1 - p))))
            out[some[seen]] = rows_of(found, self.most)
        return out

    def _found(self, pictures: Sequence[NDArray[np.uint8]]) -> Iterator[Found]:
        """What is in each picture [h, w, c], in order."""
        if self.tiling is None:
            yield from self.network.find(pictures, self.most)
            return
        pieces = [self.tiling.pieces(*picture.shape[1::-1]) for picture in pictures]
        cut = (piece.cut(picture) for picture, own in zip(pictures, pieces, strict=True) for piece in own)
        found = self.network.find(cut, self.most)
        for own in pieces:
            yield together([(piece, next(found)) for piece in own], self.most)

    def contributions(self, batch: Batch) -> Floats:
        """All of it is base: boxes are no sum of what columns pull."""
        out = np.zeros((batch.rows, len(batch.vector.features) + 1, 6 * self.most))
        out[:, -1] = self.predict(batch)
        return out

    def graph(self, graph: Graph, x: str) -> str:
        """The same as nodes, of one picture, which is an input in its rectangle beside its width and height."""
        from assay.onnx_graph.found import finder_graph

        if self.tiling is not None:
            raise refusal(RequestError, "onnx_graph", "in_pieces", side=self.tiling.side)
        return finder_graph(graph, self.network, self.parts, self.longer, self.most, SURE)

    def dump(self, box: Box) -> None:
        """The network, and what it looks at."""
        box.put(parts=list(self.parts), longer=self.longer)
        box.put(piece=self.tiling.side if self.tiling else 0, shared=self.tiling.shared if self.tiling else 0)
        box.put_array("curve", self.curve)
        self.network.dump(box.add("network"))

    def about(self) -> Mapping[str, Any]:
        """Loss of each epoch, and what is looked at."""
        n = self.network
        curve = self.curve[:: max(1, len(self.curve) // SHOWN)]
        return {
            "history": curve.tolist(),
            "epochs": len(self.curve),
            "pixels": [n.width, n.height],
            "longer": self.longer,
            "pieces": self.tiling is not None,
            "strides": list(n.anatomy.strides),
            "mirrored": list(n.mirrors),
            "weights": int(sum(w.size for w in n.weights)),
        }
