"""What does a picture show? How much it holds of each of a few hundred small patches, and a linear model of that: an answer in seconds.

The first rung for pictures: no network, no pretrained weights, numpy alone. Patches of the training pictures are the filters
(`pictures/patches.py`); on so many more features than rows a ridge regression is solved in closed form (`stats/ridge.py`), its strength chosen on the tune rows. With
`views` each training picture is also seen from elsewhere, and mirrored where the rows show that this keeps the answer.
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
from assay.pictures.one_thread import one_thread_for_products
from assay.pictures.patches import Patches as Filters

from ._looks import SeenByEye, Ways

SMALL_SIDE, SIDE = 32, 64  # pixels of small pictures and of others as they are looked at
SMALL_UP_TO = 44  # pixels that count as small
SHARE = 0.6  # of the time of a candidate, for looking at all pictures in all fits
FEWEST = 32  # filters
TIMED = 32  # pictures
COPIES, PRODUCTS = 5, 3  # of the rows and of their products, that are held at once
SOLVING = 1.5  # what solving takes, in products of all rows or all columns


@dataclass(frozen=True, kw_only=True)
class Patches:
    """Likeness to small patches, and a linear model."""

    about: ClassVar[About] = About(
        key="patches",
        takes=("vector", "grid"),
        gives=("value", "classes", "flags"),
        order=31,
        share=0.4,
        words={
            "en": {
                "title": "patches with a linear model",
                "long": "looking at {n} pictures would take about {seconds} s, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "图像小块加线性模型",
                "long": "查看 {n} 张图片约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    side: Annotated[int, Whole(8, 256, log=True)] = 32  # pixels of a picture as it is looked at
    patch: Annotated[int, Whole(2, 16)] = 6  # pixels of a patch's side
    stride: Annotated[int, Whole(1, 8)] = 2  # pixels from one place to the next
    cells: Annotated[int, Whole(1, 8)] = 4  # of the grid that is summed over, along each side
    filters: Annotated[int, Whole(4, 2000, log=True)] = 100  # patches
    views: Annotated[int, Whole(0, 16)] = 0  # times each picture is seen once more, from elsewhere
    reach: Annotated[float, Real(0.0, 1.0)] = 0.3  # how far those views go
    strength: Annotated[float, Real(0.0, 1e6)] = (
        0.0  # pull towards zero, in mean square lengths of a row; 0 lets rows choose
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Patches:
        """A side that suits the pictures, and as many filters as there is time for.

        Raises DoesNotApply where there is none for the fewest.
        """
        natural = max((grid.natural() for grid in given.grids.columns), default=1)
        small = natural <= SMALL_UP_TO
        ready = replace(self, side=SMALL_SIDE if small else SIDE, stride=1 if small else 2, filters=400)
        n = sum(int(grid.there.sum()) for grid in given.grids.columns)
        while ready.filters // 2 >= FEWEST and min(cores(), fits) * ready._bytes_a_fit(n) > memory.room():
            ready = replace(ready, filters=ready.filters // 2, cells=2)
        while not clock.stands:
            seconds = fits * ready._seconds_a_fit(n, clock) / cores()
            if seconds <= SHARE * clock.remaining():
                break
            if ready.filters // 2 < FEWEST:
                if seconds <= clock.remaining():
                    break
                values = {"n": n, "seconds": round(seconds), "left": round(clock.remaining())}
                raise DoesNotApply(self.about.say("learners", "long", **values))
            ready = replace(ready, filters=ready.filters // 2, cells=2)
        return ready

    def _bytes_a_fit(self, n: int) -> float:
        """What fitting holds at its peak: rows a few times over, and the products of rows or of columns."""
        rows, columns = n * (1 + self.views), 2 * self.filters * self.cells**2
        return 4.0 * COPIES * rows * columns + 8.0 * PRODUCTS * min(rows, columns) ** 2

    def _seconds_a_fit(self, n: int, clock: Clock) -> float:
        """On one core, with as many others at work as there are: to look at every picture, and to solve."""
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (TIMED, self.side, self.side, 3), dtype=np.uint8)
        filters, found = self._learnt(pixels, rng), []
        for _ in range(3):
            timer = clock.slice(clock.remaining())
            filters.features(pixels)
            found.append(timer.spent())
        looking = min(found[1:]) / len(pixels) * cores() * n * (1 + self.views)
        timer, some = clock.slice(clock.remaining()), np.ones((512, filters.width), dtype=np.float32)
        with one_thread_for_products():
            some @ some.T
        fewer, more = sorted((n * (1 + self.views), filters.width))
        return looking + timer.spent() * (fewer / 512) ** 2 * more / filters.width * SOLVING

    def _learnt(self, pixels: Any, rng: np.random.Generator) -> Filters:
        return Filters.learn(pixels, self.filters, min(self.patch, self.side), self.stride, self.cells, rng)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> SeenPatches:
        """Draw the filters, look at every picture, choose the strength on the tune rows, then learn from all."""
        learn = functools.partial(self._learnt, rng=rng)
        how = Ways(views=self.views, reach=self.reach, strength=self.strength)
        return SeenPatches.learnt(learn, self.side, how, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SeenPatches:
        """Filters and weights that were dumped, every shape checked. Raises BundleInvalid."""
        return SeenPatches.read(box, head, features, Filters.load)


class SeenPatches(SeenByEye[Filters]):
    """A weight for how much each cell of a picture is like each filter, and for each column beside it."""

    def seen(self, graph: Graph, pixels: str) -> str:
        """Likenesses as nodes."""
        from assay.onnx_graph.pictures import patches_graph

        return patches_graph(graph, self.looks.eye, pixels)

    def about(self) -> Mapping[str, Any]:
        """How much is looked at."""
        filters = self.looks.eye
        return {
            "side": filters.side,
            "patch": filters.patch,
            "places": filters.places,
            "filters": len(filters.offsets),
            "features": self.looks.width,
        }
