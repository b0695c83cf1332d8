"""What do the learners share that tell how odd pictures are? What they leave, and how its scores come about.

Each picture column is looked at by itself; the score of a row is the mean over its picture columns. A picture that is not there says
nothing: it adds 0, which is what the usual good picture adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Bools, Floats
from assay.kernel.forms import Batch, Feature, Grid
from assay.neural.chain import Pixels
from assay.onnx_graph.graph import Graph

from ._beside import counting, counts, parts_in
from ._pulls import added, sum_graph, told

AT_ONCE = 256  # pictures that are decoded before they are looked at


class Looks(Protocol):
    """What was learnt from the good pictures of one column."""

    @property
    def side(self) -> int:
        """Pixels of a picture as it is looked at."""
        ...

    def places(self, pixels: Pixels) -> Iterator[Floats]:
        """What each place of each picture [n, side, side, 3] adds to its score: [places, places], in order."""
        ...

    def graph(self, graph: Graph, pixels: str) -> str:
        """The score of pictures [n, side, side, 3], the sum of their places, as nodes: [n, 1]."""
        ...

    def dump(self, box: Box) -> None:
        """Write everything that loading needs."""
        ...

    def told(self) -> Mapping[str, Any]:
        """What a person may want to know of it: JSON values."""
        ...


@dataclass(frozen=True, eq=False)
class OddPictures:
    """One who looks at each picture column, as arrays."""

    parts: tuple[str, ...]  # of the picture columns
    looks: tuple[Looks, ...]

    def predict(self, batch: Batch) -> Floats:
        """How odd each row is: [n, 1], in spreads of held-out good rows above their mean."""
        return added(np.zeros(1), batch.rows, self.pictures(batch), ())

    def contributions(self, batch: Batch) -> Floats:
        """What each picture adds; nothing else does: [n, d + 1, 1]."""
        return told(batch, self.parts, np.zeros(1), np.zeros((len(self.parts), 1)), self.pictures(batch), ())

    def pictures(self, batch: Batch) -> list[Floats]:
        """Pull of each picture column [n, 1]; nothing where there is no picture."""
        found = []
        for place, grid in enumerate(batch.grids.columns):
            pull = np.zeros((batch.rows, 1))
            there = np.flatnonzero(grid.there)
            for row, own in zip(there.tolist(), self._places(grid.take(there), place), strict=True):
                pull[row] = own.sum()
            found.append(pull)
        return found

    def place_pulls(self, grid: Grid, place: int) -> Floats:
        """What each place of the one picture of a grid adds [places, places, 1], for picture column `place`; they add up to its pull."""
        return next(self._places(grid, place))[:, :, None]

    def graph(self, graph: Graph, x: str) -> str:
        """`predict` as nodes, in which the pictures are inputs: [n, 1]."""
        share, pulls = graph.constant(1 / len(self.parts)), dict[str, str]()
        for part, looks in zip(self.parts, self.looks, strict=True):
            pulls[part] = graph.node("Mul", looks.graph(graph, graph.picture(part, looks.side)), share)
        return sum_graph(graph, x, np.zeros(1), pulls, None, np.zeros((0, 1)))

    def _places(self, grid: Grid, place: int) -> Iterator[Floats]:
        looks, n = self.looks[place], len(grid.there)
        for low in range(0, n, AT_ONCE):
            pixels = grid.take(np.arange(low, min(n, low + AT_ONCE))).at(looks.side)
            for own in looks.places(pixels):
                yield own / len(self.parts)

    def dump(self, box: Box) -> None:
        """The columns, and what was learnt of each."""
        box.put(pictures=list(self.parts))
        for place, looks in enumerate(self.looks):
            looks.dump(box.add(f"column-{place}"))

    def about(self) -> Mapping[str, Any]:
        """What was learnt of each picture column."""
        return {part: dict(looks.told()) for part, looks in zip(self.parts, self.looks, strict=True)}


def pictures_in(box: Box, features: tuple[Feature, ...]) -> tuple[tuple[str, ...], list[Box]]:
    """The picture columns that a file names, and the box of each. Raises BundleInvalid."""
    parts = parts_in(box, features, "pictures")
    return parts, [box.box(f"column-{place}") for place in range(len(parts))]


def shown(train: Batch, tune: Batch, place: int, side: int) -> tuple[Pixels, Bools, Pixels]:
    """Pictures of a column that are learnt from [n, side, side, 3], which of them are odd [n], and held-out good ones [m, side, side, 3]."""
    train, tune = counting(train), counting(tune)
    assert train.y is not None
    grid = train.grids.columns[place]
    rows = np.flatnonzero(grid.there)
    held = tune.grids.columns[place]
    good = np.zeros(0, dtype=np.int64)
    if counts(tune) and tune.y is not None:
        good = np.flatnonzero(held.there & (np.asarray(tune.y) < 0.5))
    return grid.take(rows).at(side), np.asarray(train.y)[rows] > 0.5, held.take(good).at(side)
