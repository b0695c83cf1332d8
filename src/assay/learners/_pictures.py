"""What do the learners that look at pictures share? How they fit, and what they leave.

A chain of convolutions makes a map of features of each picture, and one last layer adds all up, the other columns beside it: what each
column pulls is exact, and so is what each place of a picture pulls (class activation maps, Zhou et al. 2016).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Floats
from assay.kernel.forms import Batch, Feature, Grid, Head
from assay.neural.chain import Chain
from assay.neural.one_thread import one_thread
from assay.neural.picture_training import Form, PictureTraining, Rows
from assay.neural.unit import Unit, weight_of
from assay.onnx_graph.graph import Graph
from assay.stats.design import Design
from assay.stats.heads import guess

from ._beside import beside, counting, counts, parts_in
from ._mirrors import mirrored
from ._pulls import added, design_in, of_others, put_design, sum_graph, told

USUAL_FROM = 200  # rows that tell what a picture usually pulls
AT_ONCE = 256  # pictures that are decoded before they are looked at
SHOWN = 60
Weights = NDArray[np.float32]


def see(
    form: Form, mirror: bool, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator
) -> SeenPictures:
    """Train as long as the schedule says or the clock allows, on the rows learnt from and the tune rows alike: nothing is stopped early.

    form   : how; its views are mirrored here, where the pictures bear it and `mirror` is on
    Raises MissingPackage where torch is not installed.
    """
    train, tune = counting(train), counting(tune)
    train = train.then(tune) if counts(tune) else train
    assert train.y is not None
    others = beside(train, train.grids.parts)
    design = Design.learn(others, head=head) if others.features else None
    unit = Unit.of(train, head)
    if mirror and not clock.expired():
        across, down = mirrored(train, unit, head, rng)
        form = dataclasses.replace(form, views=dataclasses.replace(form.views, across=across, down=down))
    start = guess(head, train.y, train.weight) if head.name in ("classes", "flags") else np.zeros(head.width)
    rows = _rows(train, form.side, design, unit, head)
    with one_thread():
        training = PictureTraining(form, rows, start, head, rng)
        curve = training.run(clock)
        chain, p = training.settled()
    model = SeenPictures(
        parts=train.grids.parts,
        chain=chain,
        placed=form.placed,
        design=design,
        last=_small(p["last"] * unit.scale),
        beside=_small(p["beside"] * unit.scale),
        base=unit.centre + unit.scale * p["base"].astype(np.float64),
        usual=np.zeros((len(train.grids.parts), head.width)),
        curve=np.asarray(curve, dtype=np.float64),
        mirrored=(form.views.across, form.views.down),
    )
    some = train.take(np.arange(0, train.rows, max(1, train.rows // USUAL_FROM)))
    usual = [np.average(pull, axis=0, weights=weight_of(some)) for pull in model.pictures(some)]
    return dataclasses.replace(model, usual=np.asarray(usual).reshape(-1, head.width))


@dataclass(frozen=True, eq=False)
class SeenPictures:
    """A trained network that looks at pictures, as arrays."""

    parts: tuple[str, ...]  # of the picture columns
    chain: Chain
    placed: bool  # whether the last layer weighs each place of a map by itself, or the mean of all
    design: Design | None  # of the other columns
    last: Weights  # [picture columns · (places ·) channels, w]
    beside: Weights  # [c, w]
    base: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each picture column among the rows learnt from
    curve: Floats  # [epochs] mean loss of the rows learnt from, as they came
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
            pull = np.zeros((batch.rows, len(self.base)))
            there = np.flatnonzero(grid.there)
            for row, own in zip(there.tolist(), self._looks(grid.take(there), place), strict=True):
                pull[row] = own.sum(axis=0)
            found.append(pull)
        return found

    def graph(self, graph: Graph, x: str) -> str:
        """The same sum as nodes, in which the pictures are inputs."""
        from assay.onnx_graph.pictures import chain_graph, map_pulls

        share = len(self.last) // max(1, len(self.parts))
        pulls = []
        for place, part in enumerate(self.parts):
            maps = chain_graph(graph, self.chain, graph.picture(part, self.chain.side))
            pulls.append(map_pulls(graph, maps, self.last[place * share : (place + 1) * share], self.placed))
        return sum_graph(graph, x, self.base, dict(zip(self.parts, pulls, strict=True)), self.design, self.beside)

    def place_pulls(self, grid: Grid, place: int) -> Floats:
        """What each place of the one picture of a grid adds [places, places, w], for picture column `place`; they add up to its pull."""
        side = self.chain.places
        return next(self._looks(grid, place)).reshape(side, side, -1)

    def _looks(self, grid: Grid, place: int) -> Iterator[Floats]:
        """What each place of each picture adds: [places², w], in the order of the rows."""
        share = len(self.last) // max(1, len(self.parts))
        own = self.last[place * share : (place + 1) * share].astype(np.float64)
        n, channels = len(grid.there), self.chain.channels
        for low in range(0, n, AT_ONCE):
            pixels = grid.take(np.arange(low, min(n, low + AT_ONCE))).at(self.chain.side)
            for seen in self.chain.maps(pixels):
                flat = seen.reshape(-1, channels).astype(np.float64)
                if self.placed:
                    yield np.einsum("pc,pcw->pw", flat, own.reshape(len(flat), channels, -1))
                else:
                    yield flat @ own / len(flat)

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the other columns."""
        return of_others(batch, self.parts, self.design, self.beside)

    def dump(self, box: Box) -> None:
        """Chain, design and weights."""
        box.put(pictures=list(self.parts), placed=self.placed)
        box.put(across=self.mirrored[0], down=self.mirrored[1])
        self.chain.dump(box.add("chain"))
        put_design(box, self.design)
        box.put_array("last", self.last)
        box.put_array("weights", self.beside)
        for name in ("base", "usual", "curve"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(cls, box: Box, head: Head, features: tuple[Feature, ...]) -> SeenPictures:
        """What was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        parts = parts_in(box, features, "pictures")
        chain, placed = Chain.load(box.box("chain")), box.flag("placed")
        design = design_in(box, features, parts)
        wide = chain.channels * (chain.places**2 if placed else 1)
        return cls(
            parts=parts,
            chain=chain,
            placed=placed,
            design=design,
            last=box.array("last", np.float32, (len(parts) * wide, head.width)),
            beside=box.array("weights", np.float32, (design.width if design else 0, head.width)),
            base=box.array("base", np.float64, (head.width,)),
            usual=box.array("usual", np.float64, (len(parts), head.width)),
            curve=box.array("curve", np.float64, (None,)),
            mirrored=(box.flag("across"), box.flag("down")),
        )

    def about(self) -> Mapping[str, Any]:
        """The network's form, the times each row was looked at, and the loss of each on the rows learnt from."""
        every = max(1, -(-len(self.curve) // SHOWN))
        numbers = sum(w.size for w in self.chain.weights) + sum(b.size for b in self.chain.biases) + self.last.size
        return {
            "side": self.chain.side,
            "channels": [piece.outward for piece in self.chain.pieces if piece.outward],
            "weights": int(numbers + self.beside.size),
            "mirrored": [name for name, on in zip(("across", "down"), self.mirrored, strict=True) if on],
            "epochs": len(self.curve),
            "curve": [round(v, 6) for v in self.curve[::every].tolist()],
        }


# ----------------------------------------------------------------------------------------------------------- rows


def _rows(batch: Batch, side: int, design: Design | None, unit: Unit, head: Head) -> Rows:
    weight, grids = weight_of(batch), batch.grids.columns
    columns = np.zeros((batch.rows, 0)) if design is None else design(beside(batch, batch.grids.parts))
    there: Bools = np.stack([grid.there for grid in grids], axis=1) if grids else np.zeros((batch.rows, 0), dtype=bool)
    return Rows(
        pixels=tuple(grid.at(side) for grid in grids),
        there=there,
        columns=columns.astype(np.float32),
        target=unit.targets(batch, head),
        weight=(weight / weight.mean() if len(weight) else weight).astype(np.float32),
    )


def _small(a: Any) -> Weights:
    return np.asarray(a, dtype=np.float32)
