"""What does a picture show? A pretrained network learns it: some of its weights move with the head that reads it.

Where the frozen network ends (`sight`) this one begins, so that it is seldom worse, and it learns what a fixed point cannot tell: what the
pictures it came from never asked of it. What learns is a low-rank difference of all products of matrices in networks of attention (ViT,
DINOv2, Swin), the last stages in convolutional ones (ResNet, ConvNeXT), or all of these where rows are many and there is time; batch
normalisations keep what they counted. In training each picture is seen from a little elsewhere, and mirrored where the rows bear it. It is
dear, so it is tried only where it is named.

The file holds what was learnt, as differences of two bytes each, and names the checkpoint by its hash: about 3 MB a fold for a ViT-B with
`lora`, 30 MB for a ResNet-50 with `last` and 47 MB with `full`, 0.1 MB with `norms`. A picture is looked at alone when it is scored, in
full digits on one thread, so that its score is the same to the bit whatever else is asked; on a graphics card many are looked at together, and the last digits may differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Choice, Name, Real, Switch, Whole, check_settings
from assay.kernel.threads import cores
from assay.neural.adapting import attends, layers, parts_of, settled
from assay.neural.checkpoint import find, label_in
from assay.neural.device import halves_are_fast
from assay.neural.halves import Halves, halves_of, put_halves
from assay.neural.one_thread import one_thread
from assay.neural.sights import Sights, sights
from assay.neural.unit import Unit, weight_of
from assay.pictures.warp import Views
from assay.stats.design import Design
from assay.stats.heads import guess

from ._beside import beside, counting, counts, parts_in
from ._mirrors import mirrored
from ._pulls import BESIDE, added, design_in, of_others, put_design, told
from ._sights import NAMING, named, opened, seconds_each

if TYPE_CHECKING:
    from assay.neural.tuned_pictures import PictureRows
    from assay.neural.tuning import Form, Learnt

WAYS = ("lora", "last", "norms", "full", "head")
WHOLE_FROM = 2_000  # pictures from which all weights of a convolutional network may learn, where nothing is named
# Of each fit; times that each picture is seen, where a dearer way than the cheapest is chosen.
LEAST_STEPS, PASSES = 60, 3
WARM = (
    0.25  # of the schedule, in which the rate rises: the head is sure of itself, and small moves of points move it far
)
WAITS = 0.4  # of the schedule: views and a high rate make the loss worse before it gets better
SHARE = 0.9  # of a candidate's time that may be planned with
COST = 1.6  # what a step costs with another fit beside it, against a step alone
HELD = 0.5  # of the memory there is, that steps may hold for their way back
STEP = 3  # what a picture costs in a step, against being looked at
WILD_FROM = 12.0  # passes from which views go as far as they may: seen but once or twice, they only make it harder
ANSWERS = 0.25  # of the rows learnt from: those that are to be answered after, and in the same time


@dataclass(frozen=True, kw_only=True)
class FinetunePictures:
    """A pretrained network for pictures, trained on."""

    about: ClassVar[About] = About(
        key="finetune_pictures",
        takes=("vector", "grid"),
        gives=("value", "classes", "flags"),
        needs=("torch", "transformers", "peft"),
        extra="text",
        order=34,
        memory=1_600_000_000,
        loads=12.0,
        share=0.9,
        by_name=True,
        sees_through="encoder",
        words={
            "en": NAMING["en"]
            | {
                "title": "pretrained network for pictures, fine-tuned",
                "long": "fine-tuning on {n} pictures in {fits} fits would take about {seconds} s at the least, and {left} s are left; give more --minutes",
                "no_layers": "LoRA learns in products of matrices, and the encoder {name} has none; 'last', 'norms' and 'full' learn in its convolutions",
            },
            "zh": NAMING["zh"]
            | {
                "title": "微调的图像预训练网络",
                "long": "在 {n} 张图片上微调 {fits} 次至少约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
                "no_layers": "LoRA 在矩阵乘积中学习，而编码器 {name} 没有矩阵乘积；“last”、“norms”和“full”可在其卷积中学习",
            },
        },
    )
    encoder: Annotated[str, Name()] = ""  # name and hash of a checkpoint; there is none without a name
    way: Annotated[str, Choice(("auto", *WAYS))] = (
        "auto"  # what of the network learns; by its kind, the rows and the time
    )
    rank: Annotated[int, Whole(1, 256, log=True)] = 8  # of LoRA's difference
    rate: Annotated[float, Real(1e-6, 0.1, log=True)] = (
        1e-3  # size of a step at its largest; `full` takes 3 % of it, `last` 10 %
    )
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 12  # times each picture is looked at, at most
    batch: Annotated[int, Whole(1, 1024, log=True)] = 16  # rows of a step
    views: Annotated[float, Real(0.0, 1.0)] = 0.5  # how far views of a picture go
    mirror: Annotated[bool, Switch()] = True  # views may be mirrored where that keeps the answer
    precision: Annotated[str, Choice(("auto", "float32", "bfloat16"))] = "auto"  # of training; answers are float32

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> FinetunePictures:
        """Choose what learns and how many pictures a step takes, by a step of each way that is timed; encode every picture.

        Raises DoesNotApply where no network for pictures was named, it has nothing for LoRA, or the time does not suffice for the cheapest way.
        """
        encode, grids = opened(self.about, self.encoder, clock), given.grids.columns
        if self.way == "lora" and not layers(encode.network):
            raise DoesNotApply(self.about.say("learners", "no_layers", name=encode.checkpoint.name))
        ready = replace(self, encoder=encode.checkpoint.label)
        there = int(max((grid.there.sum() for grid in grids), default=0))
        if there and not clock.stands:  # nothing is timed where time stands, so that nothing depends on the machine
            ready = ready._affordable(encode, given, fits, clock)
        for grid in grids:
            encode(grid, clock)
        return ready

    def _affordable(self, encode: Sights, given: Batch, fits: int, clock: Clock) -> FinetunePictures:
        from assay.neural.tuned_pictures import cost

        grids = given.grids.columns
        n, rows = sum(int(grid.there.sum()) for grid in grids), len(grids[0].there)
        fresh = encode.tuned(encode.network)  # it knows no point yet
        looking = 2 * n * max(seconds_each(fresh, grid, clock) for grid in grids)  # encoded once, and answered once
        left, together = SHARE * clock.remaining(), min(cores(), fits)
        ways = self._ways(encode, rows)
        for way in ways:
            each = [(cost(encode, one.form(way), grids, self.views, clock), one) for one in self._precise(way)]
            found, tried = min(each, key=lambda known: known[0].seconds)
            steps = max(float(LEAST_STEPS), PASSES * rows / self.batch if way != ways[-1] else 0.0)
            beside = COST if together > 1 else 1.0
            seconds = looking + steps * self.batch * found.seconds * beside * fits / together
            if seconds <= left:
                room = HELD * min(memory.room(), memory.available())
                most = int(room / max(1.0, together * found.held))
                return replace(tried, batch=max(1, min(self.batch, most)))
        values = {"n": n, "fits": fits, "seconds": round(seconds), "left": round(left)}
        raise DoesNotApply(self.about.say("learners", "long", **values))

    def _precise(self, way: str) -> list[FinetunePictures]:
        """In bfloat16 products are faster where the processor has them as a whole, and convolutions of single channels slower: which it is, is tried."""
        both = self.precision == "auto" and halves_are_fast()
        return [replace(self, way=way, precision=p) for p in (("float32", "bfloat16") if both else (self.precision,))]

    def _ways(self, encode: Sights, rows: int) -> list[str]:
        """What may learn, the dearest first."""
        if self.way != "auto":
            return [self.way]
        if attends(encode.network):
            return ["lora", "last"]
        return ["full", "last"] if rows >= WHOLE_FROM else ["last"]

    def form(self, way: str) -> Form:
        """What learns, and how."""
        from assay.neural.tuning import Form

        half = self.precision == "bfloat16" or (self.precision == "auto" and halves_are_fast())
        return Form(
            way=way,
            rank=self.rank,
            rate=self.rate,
            epochs=self.epochs,
            batch=self.batch,
            half=half,
            warm=WARM,
            waits=WAITS,
        )

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> TunedPictures:
        """Begin at the linear model on the frozen points, then learn until the time, the schedule or the gain ends."""
        from assay.neural.tuning import Tuning, best_probe

        train, tune = counting(train), counting(tune)
        assert train.y is not None
        encode = sights(named(self.about, self.encoder).label)
        way = self.way if self.way != "auto" else self._ways(encode, 0)[0]
        columns = beside(train, train.grids.parts)
        design, unit = Design.learn(columns) if columns.features else None, Unit.of(train, head)
        views, early = Views(strength=self.views), bool(tune.rows) and counts(tune)
        if self.mirror and not clock.expired():
            across, down = mirrored(train, unit, head, rng)
            views = replace(views, across=across, down=down)
        rows = _rows(encode, train, head, design, unit, views, clock)
        some = _few(tune) if early else train.take(np.arange(0, train.rows, max(1, train.rows // 64)))
        others = {"beside": _columns(some, design), "target": unit.targets(some, head), "weight": _weight(some)}
        judges = replace(rows, grids=some.grids.columns, **others)
        start = guess(head, train.y, train.weight) if head.name != "value" else np.zeros(head.width)
        line = best_probe(rows.frozen(clock), judges.frozen(clock) if early else None, head, start, clock)
        each = _seconds_a_row(encode, train, clock)
        own = clock.slice(clock.remaining() - min(0.5 * clock.remaining(), ANSWERS * train.rows * each))
        passes = own.remaining() / max(1e-9, STEP * train.rows * each) if each else float(self.epochs)
        grown = replace(views, strength=views.strength * min(1.0, min(passes, self.epochs) / WILD_FROM))
        with one_thread():
            tuning = Tuning(encode.network, self.form(way), head, line, rng)
            learnt = tuning.run(replace(rows, views=grown), judges, early, own)
        return _left(rows, learnt, train, design, unit, way, self.rank)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> TunedPictures:
        """What was dumped, every shape checked against the checkpoint that it names. Raises BundleInvalid, and RequestError where that is not at hand."""
        return TunedPictures.load(box, head, features)


@dataclass(frozen=True, kw_only=True, eq=False)
class TunedPictures:
    """A network that was tuned, and a head on the points that it makes of pictures, the other columns beside."""

    label: str  # name and hash of the checkpoint
    parts: tuple[str, ...]  # of the picture columns
    design: Design | None  # of the other columns
    way: str
    rank: int
    arrays: tuple[Halves, ...]  # what was learnt of the network
    centre: Floats  # [t, d] of points, which pulls are counted from
    weights: Floats  # [t, d, w]
    beside: Floats  # [c, w]
    base: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each picture column
    curve: tuple[float, ...]  # tune loss before the first step and at each look
    mirrored: tuple[bool, bool]  # across and down, while it learnt

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return added(self.base, batch.rows, self.pictures(batch), self._others(batch))

    def contributions(self, batch: Batch) -> Floats:
        """What each picture adds to the usual picture's score, and the pull of the other columns: [n, d + 1, w]."""
        return told(batch, self.parts, self.base, self.usual, self.pictures(batch), self._others(batch))

    def pictures(self, batch: Batch) -> list[Floats]:
        """Pull of each picture column [n, w]; nothing where there is no picture."""
        found = []
        for place, grid in enumerate(batch.grids.columns):
            points = self._encode(grid)[0].astype(np.float64) - self.centre[place]
            found.append(np.einsum("nd,dw->nw", points, self.weights[place]) * grid.there[:, None])
        return found

    @cached_property
    def _encode(self) -> Sights:
        came = sights(self.label)
        return came.tuned(settled(came.network, self.way, self.rank, self.arrays, merged=False))

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the other columns."""
        return of_others(batch, self.parts, self.design, self.beside)

    def dump(self, box: Box) -> None:
        """What was learnt, and of which checkpoint."""
        box.put(encoder=self.label, pictures=list(self.parts), way=self.way, rank=self.rank)
        box.put(across=self.mirrored[0], down=self.mirrored[1])
        put_design(box, self.design)
        for place, array in enumerate(self.arrays):
            put_halves(box, f"learnt-{place}", array)
        for name in ("centre", "weights", "beside", "base", "usual"):
            box.put_array(name, getattr(self, name))
        box.put_array("curve", np.asarray(self.curve, dtype=np.float64))

    @classmethod
    def load(cls, box: Box, head: Head, features: tuple[Feature, ...]) -> TunedPictures:
        """What was dumped. Raises BundleInvalid, and RequestError where the checkpoint is not at hand."""
        label, parts = label_in(box), parts_in(box, features, "pictures")
        way, rank = box.text("way", options=WAYS), box.whole("rank", 1, 256)
        if (kind := find(label).kind) != "pictures":
            raise box.refuse(f"'encoder' is {label[:60]!r}, which is for {kind}; expected one for pictures")
        came, design = sights(label), design_in(box, features, parts)
        shapes = [shape for _, shape in parts_of(came.network, way, rank)]
        t, d, w = len(parts), came.width, head.width
        return cls(
            label=label,
            parts=parts,
            design=design,
            way=way,
            rank=rank,
            arrays=tuple(halves_of(box, f"learnt-{place}", shape) for place, shape in enumerate(shapes)),
            centre=box.array("centre", np.float64, (t, d)),
            weights=box.array("weights", np.float64, (t, d, w)),
            beside=box.array("beside", np.float64, (design.width if design else 0, w)),
            base=box.array("base", np.float64, (w,)),
            usual=box.array("usual", np.float64, (t, w)),
            curve=tuple(box.array("curve", np.float64, (None,)).tolist()),
            mirrored=(box.flag("across"), box.flag("down")),
        )

    def about(self) -> Mapping[str, Any]:
        """What was learnt of which checkpoint, and the tune loss on the way (of a standardised value, or log-loss)."""
        learnt = sum(array.size for array in self.arrays) + self.weights.size + self.beside.size + self.base.size
        return {
            "encoder": self.label.partition("@")[0],
            "way": self.way,
            "learnt": int(learnt),
            "mirrored": [name for name, on in zip(("across", "down"), self.mirrored, strict=True) if on],
            "curve": [round(loss, 6) for loss in self.curve],
        }


# ------------------------------------------------------------------------------------------------------------ rows


def _rows(
    encode: Sights, batch: Batch, head: Head, design: Design | None, unit: Unit, views: Views, clock: Clock
) -> PictureRows:
    """The rows learnt from, their points in units of those that the network that came makes of them."""
    from assay.neural.tuned_pictures import PictureRows, standard

    found = [encode(grid, clock) for grid in batch.grids.columns]
    centre, scale = zip(*(standard(points[made]) for points, made in found), strict=True)
    return PictureRows(
        sights=encode,
        grids=batch.grids.columns,
        beside=_columns(batch, design),
        centre=np.stack(centre),
        scale=np.stack(scale),
        target=unit.targets(batch, head),
        weight=_weight(batch),
        views=views,
    )


def _columns(batch: Batch, design: Design | None) -> Any:
    """The other columns [n, c], each as wide as a telling direction of a picture."""
    columns = np.zeros((batch.rows, 0)) if design is None else BESIDE * design(beside(batch, batch.grids.parts))
    return columns.astype(np.float32)


def _weight(batch: Batch) -> Any:
    weight = weight_of(batch)
    return (weight / weight.mean() if len(weight) else weight).astype(np.float32)


def _few(tune: Batch) -> Batch:
    from assay.neural.tuning import JUDGES

    return tune.take(np.arange(0, tune.rows, max(1, -(-tune.rows // JUDGES))))


def _seconds_a_row(encode: Sights, train: Batch, clock: Clock) -> float:
    """What it takes to look at the pictures of a row; nought where there is no time, or it stands still."""
    if clock.expired() or clock.stands:
        return 0.0
    fresh = encode.tuned(encode.network)  # it knows no point yet
    return sum(seconds_each(fresh, grid, clock) for grid in train.grids.columns)


def _left(
    rows: PictureRows, learnt: Learnt, train: Batch, design: Design | None, unit: Unit, way: str, rank: int
) -> TunedPictures:
    """The fitted model, in the units of the table."""
    (t, d), w = rows.centre.shape, learnt.line.weights.shape[1]
    weights = unit.scale * learnt.line.weights
    scale = rows.scale.astype(np.float64)[:, :, None]
    return TunedPictures(
        label=rows.sights.checkpoint.label,
        parts=train.grids.parts,
        design=design,
        way=way,
        rank=rank,
        arrays=tuple(learnt.arrays),
        centre=rows.centre.astype(np.float64),
        weights=weights[: t * d].reshape(t, d, w) / scale,
        beside=BESIDE * weights[t * d :],
        base=unit.centre + unit.scale * learnt.line.intercept,
        usual=unit.scale * learnt.usual,
        curve=tuple(learnt.curve),
        mirrored=(rows.views.across, rows.views.down),
    )
