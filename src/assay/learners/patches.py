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

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.kernel.threads import cores
from assay.onnx_graph.graph import Graph
from assay.pictures.patches import Patches as Filters

from ._looks import SeenByEye, Ways, affordable, bytes_held, seconds_to_look, seconds_to_solve

SMALL_SIDE, SIDE = 32, 64  # pixels of small pictures and of others as they are looked at
SMALL_UP_TO = 44  # pixels that count as small
FEWEST = 32  # filters
TIMED = 32  # pictures


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
        return affordable(ready, given.grids, fits, clock)

    def fewer(self) -> Patches | None:
        """Half the filters, over coarser cells."""
        half = self.filters // 2
        return replace(self, filters=half, cells=2) if half >= FEWEST else None

    def bytes_a_fit(self, n: int) -> float:
        """What a fit holds at its peak, for n pictures."""
        return bytes_held(n * (1 + self.views), 2 * self.filters * self.cells**2)

    def seconds_a_fit(self, n: int, clock: Clock) -> float:
        """To look at every picture, and to solve."""
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (TIMED, self.side, self.side, 3), dtype=np.uint8)
        filters, rows = self._learnt(pixels, rng), n * (1 + self.views)
        looking = seconds_to_look(filters, pixels, clock) * cores() * rows
        return looking + seconds_to_solve(rows, filters.width, clock)

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
