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

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.kernel.threads import cores
from assay.onnx_graph.graph import Graph
from assay.pictures.fisher import POINTS_A_KIND
from assay.pictures.fisher import Fisher as Vectors

from ._looks import SeenByEye, Ways

SIDES = (128, 96, 64)  # pixels of a picture as it is looked at
SHARE = 0.6  # of the time of a candidate, for looking at all pictures in all fits
FEWEST = 8  # kinds
TIMED, FEW_POINTS = 16, 20  # pictures, and points of each kind, by which time is told before any is spent
COPIES, PRODUCTS = 5, 3  # of the rows and of their products, that are held at once


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
        n = sum(int(grid.there.sum()) for grid in given.grids.columns)
        while ready.kinds > FEWEST and min(cores(), fits) * ready._bytes_a_fit(n) > memory.room():
            ready = replace(ready, kinds=ready.kinds // 2)
        while not clock.stands:
            seconds = fits * ready._seconds_a_fit(n, clock) / cores()
            if seconds <= SHARE * clock.remaining():
                break
            if ready.kinds <= FEWEST:
                if seconds <= clock.remaining():
                    break
                values = {"n": n, "seconds": round(seconds), "left": round(clock.remaining())}
                raise DoesNotApply(self.about.say("learners", "long", **values))
            ready = replace(ready, kinds=ready.kinds // 2)
        return ready

    def _bytes_a_fit(self, n: int) -> float:
        """What fitting holds at its peak: rows a few times over, and the products of rows or of columns."""
        rows, columns = n * (1 + self.views), 4 * self.kinds * (self.axes + 2)
        return 4.0 * COPIES * rows * columns + 8.0 * PRODUCTS * min(rows, columns) ** 2

    def _seconds_a_fit(self, n: int, clock: Clock) -> float:
        """On one core, with as many others at work as there are: to learn the mixtures, and to look at every picture."""
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (TIMED, self.side, self.side, 3), dtype=np.uint8)
        timer = clock.slice(clock.remaining())
        vectors = Vectors.learn(pixels, self.kinds, self.axes, rng, FEW_POINTS)
        learning = timer.spent()
        found = []
        for _ in range(3):
            timer = clock.slice(clock.remaining())
            vectors.features(pixels)
            found.append(timer.spent())
        look = min(found[1:])
        learning = max(0.0, learning - look) * POINTS_A_KIND / FEW_POINTS  # each round goes through all points
        return learning + look / len(pixels) * cores() * n * (1 + self.views)

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
