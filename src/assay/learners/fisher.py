"""What does a picture show? How what stands around its places differs from what usually does, and a linear model of that.

The second rung for pictures: no network, no pretrained weights, numpy alone, and on a few thousand pictures or fewer ahead of both patches
and networks learnt from scratch. Each picture is seen as its Fisher vector (`pictures/fisher.py`), of edges and of colours; on so many more
features than rows a ridge regression is solved in closed form (`stats/ridge.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.kernel.threads import cores
from assay.onnx_graph.graph import Graph
from assay.pictures.fisher import POINTS_A_KIND
from assay.pictures.fisher import Fisher as Vectors

from ._looks import SeenByEye, Ways, affordable, bytes_held, seconds_to_look, seconds_to_solve

SIDES = (128, 96, 64)  # pixels of a picture as it is looked at
FEWEST = 8  # kinds
TIMED, FEW_POINTS = 16, 20  # pictures, and points of each kind, by which time is told before any is spent


@dataclass(frozen=True, kw_only=True)
class Fisher:
    """Fisher vectors, and a linear model."""

    about: ClassVar[About] = About(
        key="fisher",
        takes=("vector", "grid"),
        gives=("value", "classes", "flags"),
        order=32,
        share=0.4,
        words={
            "en": {
                "title": "Fisher vectors with a linear model",
                "long": "looking at {n} pictures would take about {seconds} s, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "Fisher 向量加线性模型",
                "long": "查看 {n} 张图片约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    side: Annotated[int, Whole(16, 256, log=True)] = 64  # pixels of a picture as it is looked at
    kinds: Annotated[int, Whole(2, 512, log=True)] = 16  # of what stands around a place
    axes: Annotated[int, Whole(2, 96, log=True)] = 48  # of descriptors
    views: Annotated[int, Whole(0, 16)] = 0  # times each picture is seen once more, from elsewhere
    reach: Annotated[float, Real(0.0, 1.0)] = 0.3  # how far those views go
    strength: Annotated[float, Real(0.0, 1e6)] = (
        0.0  # pull towards zero, in mean square lengths of a row; 0 lets rows choose
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Fisher:
        """A side that suits the pictures, and as many kinds as there is time for.

        Raises DoesNotApply where there is none for the fewest.
        """
        natural = max((grid.natural() for grid in given.grids.columns), default=1)
        side = next((side for side in SIDES if side <= natural), SIDES[-1])
        ready = replace(self, side=side, kinds=64)
        return affordable(ready, given.grids, fits, clock)

    def fewer(self) -> Fisher | None:
        """Half the kinds."""
        return replace(self, kinds=self.kinds // 2) if self.kinds > FEWEST else None

    def bytes_a_fit(self, n: int) -> float:
        """What a fit holds at its peak, for n pictures."""
        return bytes_held(n * (1 + self.views), 4 * self.kinds * (self.axes + 2))

    def seconds_a_fit(self, n: int, clock: Clock) -> float:
        """To learn the mixtures, to look at every picture, and to solve."""
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (TIMED, self.side, self.side, 3), dtype=np.uint8)
        timer = clock.slice(clock.remaining())
        vectors, rows = Vectors.learn(pixels, self.kinds, self.axes, rng, FEW_POINTS), n * (1 + self.views)
        learning, look = timer.spent(), seconds_to_look(vectors, pixels, clock)
        learning = max(0.0, learning - look * len(pixels)) * POINTS_A_KIND / FEW_POINTS  # each round goes through all
        return learning + look * cores() * rows + seconds_to_solve(rows, vectors.width, clock)

    def _learnt(self, pixels: Any, rng: np.random.Generator) -> Vectors:
        return Vectors.learn(pixels, self.kinds, self.axes, rng)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> SeenVectors:
        """Learn the mixtures, look at every picture, choose the strength on the tune rows, then learn from all."""
        learn = functools.partial(self._learnt, rng=rng)
        how = Ways(views=self.views, reach=self.reach, strength=self.strength)
        return SeenVectors.learnt(learn, self.side, how, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SeenVectors:
        """Mixtures and weights that were dumped, every shape checked. Raises BundleInvalid."""
        return SeenVectors.read(box, head, features, Vectors.load)


class SeenVectors(SeenByEye[Vectors]):
    """A weight for each number of a picture's Fisher vector, and for each column beside it."""

    def seen(self, graph: Graph, pixels: str) -> str:
        """Fisher vectors as nodes."""
        from assay.onnx_graph.fisher import fisher_graph

        return fisher_graph(graph, self.looks.eye, pixels)

    def about(self) -> Mapping[str, Any]:
        """How much is looked at."""
        vectors = self.looks.eye
        kinds = [len(book.mixture.share) for book in vectors.books]
        return {"side": vectors.side, "kinds": kinds, "features": self.looks.width}
