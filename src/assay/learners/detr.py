"""What lies where in a picture? A pretrained detector of the DETR family, trained on with the boxes of the table.

No network comes with the package: it is tried where one is named (`--encoder`), a folder as transformers saves RT-DETR (Zhao et al. 2024),
RT-DETRv2 (Lv et al. 2024), D-FINE (Peng et al. 2024), Deformable DETR (Zhu et al. 2021) or DETR (Carion et al. 2020). From scratch such
networks learn slowly; for that there is `detector`. The file names the checkpoint and its hash, and holds what was learnt: two bytes for
each weight that may move. Where a row has more than one picture, only the first is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Grid, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Choice, Name, Real, Switch, Whole, check_settings
from assay.kernel.threads import cores
from assay.neural.checkpoint import Checkpoint, find, label_in
from assay.neural.detr import KNOWN, LEAST, MOST, STEP, WAYS, base, find_in, for_classes, frame_for, parts_of, settled
from assay.neural.detr_training import Form, timed
from assay.neural.detr_training import train as trained
from assay.neural.halves import Halves, halves_of, put_halves
from assay.pictures.framed import Framing
from assay.pictures.stacked import OneByOne
from assay.stats.found_boxes import rows_of
from assay.stats.scores import no_boxes

from ._beside import counting, counts, parts_in
from ._drawn import drawn, mirrored

AT_ONCE = 32  # pictures that are decoded before they are looked at
SURE = 1e-6  # probabilities are no nearer to 0 and 1
SHARE = 0.9  # of a candidate's time that may be planned with
STEPS = 40  # that each fit should take, at least
SMALLER, SMALLEST = 0.75, 0.5  # sides are tried that much smaller where the time is short; of the checkpoint's own side
ANSWERS = 0.5  # of the rows learnt from: those that are to be answered after, and in the same time
SHOWN = 60


@dataclass(frozen=True, kw_only=True)
class Detr:
    """A pretrained detector, trained on."""

    about: ClassVar[About] = About(
        key="detr",
        takes=("vector", "grid"),
        gives=("boxes",),
        needs=("torch", "transformers"),
        extra="text,pictures",
        memory=1_800_000_000,
        order=37,
        share=0.9,
        loads=12.0,
        sees_through="encoder",
        checkpoint="boxes",
        words={
            "en": {
                "title": "pretrained detector (DETR), fine-tuned",
                "none": "no row has both a picture and boxes",
                "unnamed": "no pretrained detector was named; --encoder FOLDER names one",
                "texts": "the encoder {name} reads texts; a detector is wanted",
                "pictures": "the encoder {name} makes one point of a picture; a detector, which finds things in it, is wanted",
                "unknown": "the encoder {name} is a detector of the type {type}; those that can be trained on are {known}",
                "short": "reading the network may take {seconds} s, and {left} s are left; give more --minutes",
                "long": "training on {n} pictures would take about {seconds} s at the least, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "微调的预训练目标检测网络（DETR）",
                "none": "没有一行既有图片又有方框",
                "unnamed": "未指定预训练目标检测网络；请用 --encoder 文件夹 指定",
                "texts": "编码器 {name} 用于文本；此处需要目标检测网络",
                "pictures": "编码器 {name} 把整张图片变成一个点；此处需要能在图片中找出物体的目标检测网络",
                "unknown": "编码器 {name} 是 {type} 类型的目标检测网络；可以继续训练的类型有 {known}",
                "short": "读入网络可能需要 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
                "long": "在 {n} 张图片上训练至少约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    encoder: Annotated[str, Name()] = ""  # name and hash of a checkpoint; there is none without a name
    way: Annotated[str, Choice(WAYS)] = "decoder"  # what of the network learns: heads, the decoder too, or all
    side: Annotated[int, Whole(0, MOST)] = 0  # pixels of the square a picture is brought to; 0 as the checkpoint wants
    rate: Annotated[float, Real(1e-6, 0.01, log=True)] = 2e-4  # size of a step at its largest
    views: Annotated[float, Real(0.0, 1.0)] = 1.0  # how far views of a picture go, where epochs are many
    mirror: Annotated[bool, Switch()] = True  # views may be mirrored where that keeps what things are called
    batch: Annotated[int, Whole(1, 64, log=True)] = 4  # pictures a step looks at
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 3  # times each picture is looked at, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Detr:
        """Look whether the time suffices; look at smaller squares where it is short.

        Raises DoesNotApply where no detector was named, it is of another type, or the time does not suffice.
        """
        checkpoint = self._checkpoint()
        if clock.remaining() < self.about.loads:
            values = {"seconds": self.about.loads, "left": round(clock.remaining())}
            raise DoesNotApply(self.about.say("learners", "short", **values))
        whole = side = frame_for(checkpoint.label, self.side).side
        n = int(given.grids.columns[0].there.sum())
        form = self._form(2, side, Framing(strength=self.views))
        if clock.stands or not n:
            return replace(self, encoder=checkpoint.label)
        step, look = timed(checkpoint.label, form)
        while True:
            share = (side / whole) ** 2
            steps = fits * min(STEPS, self.epochs * -(-n // self.batch)) / min(fits, cores())
            seconds = share * (steps * step + n * look / cores())
            left = SHARE * clock.remaining()
            if seconds <= left:
                return replace(self, encoder=checkpoint.label, side=side)
            smaller = int(SMALLER * side) // STEP * STEP
            if smaller < SMALLEST * whole or smaller != frame_for(checkpoint.label, smaller).side:
                values = {"n": n, "seconds": round(seconds), "left": round(left)}
                raise DoesNotApply(self.about.say("learners", "long", **values))
            side = smaller

    def _checkpoint(self) -> Checkpoint:
        if not self.encoder:
            raise DoesNotApply(self.about.say("learners", "unnamed"))
        checkpoint = find(self.encoder)
        if checkpoint.kind != "boxes":
            raise DoesNotApply(self.about.say("learners", checkpoint.kind, name=checkpoint.name))
        if checkpoint.architecture not in KNOWN:
            values = {"name": checkpoint.name, "type": checkpoint.architecture, "known": list(KNOWN)}
            raise DoesNotApply(self.about.say("learners", "unknown", **values))
        return checkpoint

    def _form(self, classes: int, side: int, views: Framing) -> Form:
        more = {"way": self.way, "rate": self.rate, "epochs": self.epochs, "batch": self.batch}
        return Form(classes=classes, side=side, views=views, **more)  # type: ignore[arg-type]

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Tuned:
        """Train until the schedule or the time ends, on the rows learnt from and the tune rows alike: nothing is stopped early.

        Raises MissingPackage where a package is not installed, DoesNotApply where there is no detector, or no picture.
        """
        checkpoint = self._checkpoint()
        learnt, tune = counting(train), counting(tune)
        rows = learnt.then(tune) if counts(tune) else learnt
        assert rows.y is not None
        sizes = rows.grids.columns[0].sizes()
        kept = np.flatnonzero((sizes > 0).all(axis=1))
        if not len(kept):
            raise DoesNotApply(self.about.say("learners", "none"))
        side = frame_for(checkpoint.label, self.side).side
        pictures = Squares(rows.grids.columns[0].take(kept), side)
        boxes, labels = drawn(rows.y[kept])
        shares = [own / np.tile(size, 2) for own, size in zip(boxes, sizes[kept], strict=True)]
        across, down = False, False
        if self.mirror and not clock.expired():
            across, down = mirrored(pictures, [own * side for own in shares], labels, head, rng)
        form = self._form(head.classes_, side, Framing(strength=self.views, across=across, down=down))
        own = clock.slice(max(0.0, clock.remaining() - _answering(checkpoint.label, pictures, clock)))
        weight = None if rows.weight is None else rows.weight[kept]
        found = trained(checkpoint.label, form, pictures, shares, labels, own, rng, weight)
        return Tuned(
            checkpoint.label,
            rows.grids.parts,
            side,
            head.classes_,
            head.most,
            self.way,
            tuple(found.differences),
            found.starts,
            np.asarray(found.curve, dtype=np.float64),
        )

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Tuned:
        """What was dumped, every shape checked against the checkpoint that it names. Raises BundleInvalid, and RequestError where it is not at hand."""
        label, parts = label_in(box), parts_in(box, features, "pictures")
        checkpoint = find(label)
        if checkpoint.kind != "boxes" or checkpoint.architecture not in KNOWN:
            raise box.refuse(f"'encoder' is {label[:60]!r}, which is for {checkpoint.kind}; expected a detector")
        way, side = box.text("way", options=WAYS), box.whole("side", LEAST, MOST)
        starts = box.array("starts", np.int64, (head.classes_,))
        known = int(base(label).config.num_labels)
        if side != frame_for(label, side).side or not ((starts >= -1) & (starts < known)).all():
            raise box.refuse(f"a side of {side} pixels, or classes that the encoder does not have")
        shapes = parts_of(for_classes(label, head.classes_), way)
        arrays = tuple(halves_of(box, f"learnt-{place}", shape) for place, (_, shape) in enumerate(shapes))
        curve = box.array("curve", np.float64, (None,))
        return Tuned(label, parts, side, head.classes_, head.most, way, arrays, starts, curve)


@dataclass(frozen=True, eq=False)
class Tuned:
    """A detector that was trained on."""

    label: str  # of the checkpoint
    parts: tuple[str, ...]  # the picture columns, of which the first is looked at
    side: int  # pixels
    classes: int
    most: int  # boxes of an answer
    way: str
    differences: tuple[Halves, ...]  # of `parts_of`
    starts: Ints  # [k] the checkpoint's class that each began as, -1 for none
    curve: Floats  # [epochs] mean loss of the rows learnt from

    def predict(self, batch: Batch) -> Floats:
        """Raw scores of boxes [n, 6 most], in pixels of the first picture; none where there is no picture, or it is black all over."""
        out = no_boxes(batch.rows, self.most)
        grid = batch.grids.columns[0]
        sizes = grid.sizes()
        rows = np.flatnonzero((sizes > 0).all(axis=1))
        frame = frame_for(self.label, self.side)
        for some in np.array_split(rows, -(-len(rows) // AT_ONCE)) if len(rows) else []:
            squares = grid.take(some).at(self.side)
            seen = np.flatnonzero(squares.any(axis=(1, 2, 3)))  # what cannot be read is black
            found = []
            for row, one in zip(some[seen], find_in(self._network, frame, squares[seen], self.most), strict=True):
                p = np.clip(one.scores, SURE, 1 - SURE)
                found.append((one.boxes * np.tile(sizes[row], 2), one.classes, np.log(p / (1 - p))))
            out[some[seen]] = rows_of(found, self.most)
        return out

    @cached_property
    def _network(self) -> Any:
        return settled(self.label, self.classes, self.way, self.differences)

    def contributions(self, batch: Batch) -> Floats:
        """All of it is base: boxes are no sum of what columns pull."""
        out = np.zeros((batch.rows, len(batch.vector.features) + 1, 6 * self.most))
        out[:, -1] = self.predict(batch)
        return out

    def dump(self, box: Box) -> None:
        """What was learnt, and of which checkpoint."""
        box.put(encoder=self.label, pictures=list(self.parts), way=self.way, side=self.side)
        box.put_array("starts", self.starts)
        box.put_array("curve", self.curve)
        for place, array in enumerate(self.differences):
            put_halves(box, f"learnt-{place}", array)

    def about(self) -> Mapping[str, Any]:
        """Which checkpoint, what each class began as, and the loss of each epoch."""
        names = base(self.label).config.id2label
        curve = self.curve[:: max(1, len(self.curve) // SHOWN)]
        return {
            "encoder": self.label.partition("@")[0],
            "side": self.side,
            "way": self.way,
            "began_as": [str(names.get(start, "")) for start in self.starts.tolist()],
            "learnt": int(sum(array.size for array in self.differences)),
            "history": curve.tolist(),
            "epochs": len(self.curve),
        }


@dataclass(frozen=True, eq=False)
class Squares(OneByOne):
    """The pictures of a column as squares [side, side, 3], each made when it is asked for."""

    grid: Grid
    side: int

    def __len__(self) -> int:
        return len(self.grid.there)

    def one(self, row: int) -> NDArray[np.uint8]:
        """[side, side, 3]."""
        return np.asarray(self.grid.take(np.asarray([row])).at(self.side)[0])


def _answering(label: str, pictures: Squares, clock: Clock) -> float:
    """Seconds to set aside for the rows that are to be answered after; at most half of what is left."""
    if clock.expired() or clock.stands:
        return 0.0
    network, frame = base(label), frame_for(label, pictures.side)
    some = pictures[0][None]
    find_in(network, frame, some, 1)  # the first call is slow
    timer = clock.slice(clock.remaining())
    find_in(network, frame, some, 1)
    return min(0.5 * clock.remaining(), ANSWERS * len(pictures) * timer.spent())
