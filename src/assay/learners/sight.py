"""What does a picture show? A pretrained network turns it into a point, and a linear model reads the point.

The network stays as it came (frozen), so a picture is encoded once for all folds and candidates; only the weights on its points are
learnt, by a ridge regression in closed form (`stats/ridge.py`). No network comes with the package: it is tried where one is named. The file
names the checkpoint and its hash, and does not hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Name, Real, check_settings
from assay.neural.checkpoint import find, label_in
from assay.neural.sights import Points, Sights, sights
from assay.stats.design import Design
from assay.stats.heads import guess, targets
from assay.stats.ridge import solved

from ._beside import beside, counting, counts, parts_in
from ._pulls import added, design_in, of_others, put_design, standard, told
from ._sights import NAMING, TIMED, named, opened, seconds_each

SHARE_FOR_PICTURES = 0.8  # of a candidate's time that encoding may take


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Points of a frozen network for pictures, and a linear model on them."""

    about: ClassVar[About] = About(
        key="sight",
        takes=("vector", "grid"),
        gives=("value", "classes", "flags"),
        needs=("torch", "transformers"),
        extra="text",
        order=30,
        memory=900_000_000,
        loads=12.0,
        share=0.75,
        sees_through="encoder",
        words={
            "en": NAMING["en"]
            | {
                "title": "pretrained network for pictures with a linear model",
                "long": "encoding {n} pictures would take about {seconds} s, and {left} s are left; give more --minutes",
            },
            "zh": NAMING["zh"]
            | {
                "title": "图像预训练网络加线性模型",
                "long": "编码 {n} 张图片约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    encoder: Annotated[str, Name()] = ""  # name and hash of a checkpoint; there is none without a name
    strength: Annotated[float, Real(0.0, 1e6)] = (
        0.0  # pull towards zero, in mean square lengths of a row; 0 lets rows choose
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Sight:
        """Encode every picture of a table before the folds ask for them.

        Raises DoesNotApply where no network for pictures was named, or the time does not suffice.
        """
        encode = opened(self.about, self.encoder, clock)
        n = sum(int(grid.there.sum()) for grid in given.grids.columns)
        if not clock.stands and n > TIMED:
            seconds = n * max(seconds_each(encode, grid, clock) for grid in given.grids.columns)
            left = SHARE_FOR_PICTURES * clock.remaining()
            if seconds > left:
                values = {"n": n, "seconds": round(seconds), "left": round(left)}
                raise DoesNotApply(self.about.say("learners", "long", **values))
        for grid in given.grids.columns:
            encode(grid, clock)
        return replace(self, encoder=encode.checkpoint.label)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Seen:
        """Encode, choose the strength on the tune rows, then learn from all."""
        train, tune = counting(train), counting(tune)
        early = counts(tune)
        whole = train.then(tune) if early else train
        assert whole.y is not None
        others = beside(whole, whole.grids.parts)
        encode = sights(named(self.about, self.encoder).label)
        columns = Columns(encode, whole.grids.parts, Design.learn(others) if others.features else None)
        x, made = columns.matrix(whole, clock)
        rows, wide = np.flatnonzero(made), len(columns.parts) * encode.width
        if not len(rows) or clock.expired():  # one guess for all
            base, still = guess(head, whole.y, whole.weight), np.zeros((columns.width, head.width))
            return Seen(columns, still, base, np.zeros((len(columns.parts), head.width)))
        x, y = x[rows], whole.y[rows]
        weight = None if whole.weight is None else whole.weight[rows]
        centre, scale = standard(x, wide, encode.width)
        judged = np.flatnonzero(rows >= train.rows) if early and (rows < train.rows).any() else np.arange(0)
        weights = solved((x - centre) / scale, targets(head, y), y, weight, head, judged, self.strength)
        back = np.ascontiguousarray(weights[1:] / scale[:, None].astype(np.float64))  # as it comes back from a file
        base = weights[0] - centre.astype(np.float64) @ back
        usual = _by_picture(x.mean(axis=0, dtype=np.float64)[:wide, None] * back[:wide], len(columns.parts))
        return Seen(columns, back, base, usual)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Seen:
        """The weights that were dumped; the checkpoint is looked for by name and hash. Raises BundleInvalid."""
        columns = Columns.load(box, features)
        weights = box.array("weights", np.float64, (columns.width, head.width))
        base = box.array("base", np.float64, (head.width,))
        return Seen(columns, weights, base, box.array("usual", np.float64, (len(columns.parts), head.width)))


@dataclass(frozen=True, eq=False)
class Columns:
    """What becomes of a row: the point of each picture, then the other columns."""

    encode: Sights
    parts: tuple[str, ...]
    design: Design | None

    @property
    def width(self) -> int:
        """Columns of a row: d."""
        return len(self.parts) * self.encode.width + (self.design.width if self.design else 0)

    def matrix(self, batch: Batch, clock: Clock) -> tuple[Points, Bools]:
        """Every row as columns [n, d], and whether its pictures, where there are any, were encoded in time [n]."""
        out, ready = np.zeros((batch.rows, self.width), dtype=np.float32), np.ones(batch.rows, dtype=bool)
        for place, grid in enumerate(batch.grids.columns):
            points, made = self.encode(grid, clock)
            out[:, place * self.encode.width : (place + 1) * self.encode.width] = points
            ready &= made | ~grid.there
        if self.design is not None:
            out[:, len(self.parts) * self.encode.width :] = self.design(beside(batch, self.parts))
        return out, ready

    def dump(self, box: Box) -> None:
        """Which checkpoint, which columns."""
        box.put(encoder=self.encode.checkpoint.label, pictures=list(self.parts))
        put_design(box, self.design)

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> Columns:
        """What was dumped. Raises BundleInvalid, and RequestError where the checkpoint is not at hand."""
        label, parts = label_in(box), parts_in(box, features, "pictures")
        design = design_in(box, features, parts)
        if (kind := find(label).kind) != "pictures":
            raise box.refuse(f"'encoder' is {label[:60]!r}, which is for {kind}; expected one for pictures")
        return cls(sights(label), parts, design)


@dataclass(frozen=True, eq=False)
class Seen:
    """A weight for each coordinate of the points of each picture column, and for each column beside them."""

    columns: Columns
    weights: Floats  # [d, w]
    base: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each picture column among the rows learnt from

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return added(self.base, batch.rows, self.pictures(batch), self._others(batch))

    def contributions(self, batch: Batch) -> Floats:
        """What each picture adds to the usual picture's score, and the pull of the other columns: [n, d + 1, w]."""
        return told(batch, self.columns.parts, self.base, self.usual, self.pictures(batch), self._others(batch))

    def pictures(self, batch: Batch) -> list[Floats]:
        """Pull of each picture column [n, w]; nothing where there is no picture."""
        d, found = self.columns.encode.width, []
        for place, grid in enumerate(batch.grids.columns):
            points = self.columns.encode(grid)[0].astype(np.float64)
            found.append(np.einsum("nd,dw->nw", points, self.weights[place * d : (place + 1) * d]))
        return found

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the other columns."""
        return of_others(
            batch,
            self.columns.parts,
            self.columns.design,
            self.weights[len(self.columns.parts) * self.columns.encode.width :],
        )

    def dump(self, box: Box) -> None:
        """Weights, and which checkpoint they are for."""
        self.columns.dump(box)
        box.put_array("weights", self.weights)
        box.put_array("base", self.base)
        box.put_array("usual", self.usual)

    def about(self) -> Mapping[str, Any]:
        """Which checkpoint, and how it looks."""
        encode = self.columns.encode
        return {"encoder": encode.checkpoint.name, "side": encode.frame.crop, "width": encode.width}


def _by_picture(pulls: Floats, pictures: int) -> Floats:
    """Pulls of coordinates [t * d, w], added up for each picture column [t, w]."""
    return np.asarray(pulls.reshape(pictures, -1, pulls.shape[1]).sum(axis=1) if pictures else pulls[:0])
