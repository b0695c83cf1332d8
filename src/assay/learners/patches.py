"""What does a picture show? How much it holds of each of a few hundred small patches, and a linear model of that: an answer in seconds.

The first rung for pictures: no network, no pretrained weights, numpy alone. Patches of the training pictures are the filters
(`pictures/patches.py`); on so many more features than rows a ridge regression is solved in closed form (`stats/ridge.py`), its strength chosen on the tune rows. With
`views` each training picture is also seen from elsewhere, and mirrored where the rows show that this keeps the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Grid, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.kernel.threads import cores
from assay.neural.unit import Unit
from assay.onnx_graph.graph import Graph
from assay.pictures.one_thread import one_thread_for_products
from assay.pictures.patches import Patches as Filters
from assay.pictures.warp import Views, seen_from
from assay.stats.design import Design
from assay.stats.heads import guess, targets
from assay.stats.ridge import solved

from ._beside import beside, counting, counts, parts_in
from ._mirrors import mirrored
from ._pulls import added, design_in, of_others, put_design, standard, sum_graph, told

AT_ONCE = 512  # pictures
SMALL_SIDE, SIDE = 32, 64  # pixels of small pictures and of others as they are looked at
SMALL_UP_TO = 44  # pixels that count as small
SHARE = 0.6  # of the time of a candidate, for looking at all pictures in all fits
FEWEST = 32  # filters
TIMED = 32  # pictures
COPIES, PRODUCTS = 5, 3  # of the rows and of their products, that are held at once
SOLVING = 1.5  # what solving takes, in products of all rows or all columns
USUAL_FROM = 500  # rows that tell what a picture usually pulls
Weights = NDArray[np.float32]


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
        train, tune = counting(train), counting(tune)
        early = counts(tune)
        whole = train.then(tune) if early else train
        unit = Unit.of(whole, head)
        assert whole.y is not None
        there = [grid.take(np.flatnonzero(grid.there)[:: max(1, whole.rows // 500)]) for grid in train.grids.columns]
        drawn = np.concatenate([np.zeros((0, self.side, self.side, 3), np.uint8), *(g.at(self.side) for g in there)])
        filters = self._learnt(drawn, rng)
        others = beside(whole, whole.grids.parts)
        looks = Looks(whole.grids.parts, filters, Design.learn(others) if others.features else None)
        x = looks(whole)
        centre, scale = standard(x, len(looks.parts) * looks.filters.width, looks.filters.width)
        target, y, weight, judged = targets(head, whole.y), whole.y, whole.weight, np.arange(0)
        if early:
            judged = np.arange(train.rows, whole.rows)
        if early and self.views and not clock.expired():
            more = _viewed(looks, train, self.views, self.reach, unit, head, rng)
            x = np.concatenate([x, *more])
            again = np.concatenate([np.arange(train.rows)] * len(more))
            target, y = np.concatenate([target, target[again]]), np.concatenate([y, y[again]])
            weight = None if weight is None else np.concatenate([weight, weight[again]])
        x -= centre
        x /= scale
        if clock.expired():  # one guess for all
            weights = np.vstack([guess(head, whole.y, whole.weight), np.zeros((x.shape[1], head.width))])
        else:
            with one_thread_for_products():  # their number would be in the last digits
                weights = solved(x, target, y, weight, head, judged, self.strength)
        back = weights[1:] / scale[:, None]
        base = weights[0] - centre.astype(np.float64) @ back
        model = SeenPatches(looks, back.astype(np.float32), base, np.zeros((len(looks.parts), head.width)))
        some = whole.take(np.arange(0, whole.rows, max(1, whole.rows // USUAL_FROM)))
        usual = [pull.mean(axis=0) if some.rows else np.zeros(head.width) for pull in model.pictures(some)]
        return replace(model, usual=np.asarray(usual).reshape(-1, head.width))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SeenPatches:
        """Filters and weights that were dumped, every shape checked. Raises BundleInvalid."""
        looks = Looks.load(box, features)
        weights = box.array("weights", np.float32, (looks.width, head.width))
        base = box.array("base", np.float64, (head.width,))
        return SeenPatches(looks, weights, base, box.array("usual", np.float64, (len(looks.parts), head.width)))


@dataclass(frozen=True, eq=False)
class Looks:
    """What becomes of a row: the features of each picture, then the other columns."""

    parts: tuple[str, ...]
    filters: Filters
    design: Design | None

    @property
    def width(self) -> int:
        """Columns of a row: d."""
        return len(self.parts) * self.filters.width + (self.design.width if self.design else 0)

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        """Every row as columns [n, d]; nothing of a picture that is not there."""
        out = np.zeros((batch.rows, self.width), dtype=np.float32)
        for place, grid in enumerate(batch.grids.columns):
            own = out[:, place * self.filters.width : (place + 1) * self.filters.width]
            for rows, found in self.looked_at(grid):
                own[rows] = found
        if self.design is not None:
            out[:, len(self.parts) * self.filters.width :] = self.design(beside(batch, self.parts))
        return out

    def looked_at(self, grid: Grid) -> Iterator[tuple[Ints, NDArray[np.float32]]]:
        """(rows, features) of the pictures that are there, so many at a time."""
        rows = np.flatnonzero(grid.there)
        for low in range(0, len(rows), AT_ONCE):
            some = rows[low : low + AT_ONCE]
            yield some, self.filters.features(grid.take(some).at(self.filters.side))

    def dump(self, box: Box) -> None:
        """Filters and design."""
        box.put(pictures=list(self.parts))
        self.filters.dump(box.add("filters"))
        put_design(box, self.design)

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> Looks:
        """What was dumped. Raises BundleInvalid."""
        parts = parts_in(box, features, "pictures")
        design = design_in(box, features, parts)
        return cls(parts, Filters.load(box.box("filters")), design)


@dataclass(frozen=True, eq=False)
class SeenPatches:
    """A weight for each feature of each picture, and for each column beside them."""

    looks: Looks
    weights: Weights  # [d, w]
    base: Floats  # [w]
    usual: Floats  # [t, w] mean pull of each picture column among the rows learnt from

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return added(self.base, batch.rows, self.pictures(batch), self._others(batch))

    def contributions(self, batch: Batch) -> Floats:
        """What each picture adds to the usual picture's score, and the pull of the other columns: [n, d + 1, w]."""
        return told(batch, self.looks.parts, self.base, self.usual, self.pictures(batch), self._others(batch))

    def pictures(self, batch: Batch) -> list[Floats]:
        """Pull of each picture column [n, w]; nothing where there is no picture."""
        found = []
        for place, grid in enumerate(batch.grids.columns):
            pull = np.zeros((batch.rows, len(self.base)))
            own = self._own(place).astype(np.float64)
            for rows, features in self.looks.looked_at(grid):
                for row, of_one in zip(rows.tolist(), features, strict=True):  # alone, as each will be asked
                    pull[row] = of_one.astype(np.float64) @ own
            found.append(pull)
        return found

    def graph(self, graph: Graph, x: str) -> str:
        """The same sum as nodes, in which the pictures are inputs."""
        from assay.onnx_graph.pictures import patches_graph

        looks, pulls = self.looks, {}
        for place, part in enumerate(looks.parts):
            seen = patches_graph(graph, looks.filters, graph.picture(part, looks.filters.side))
            pulls[part] = graph.node("MatMul", graph.number(seen), graph.number(graph.single(self._own(place))))
        return sum_graph(
            graph, x, self.base, pulls, looks.design, self.weights[len(looks.parts) * looks.filters.width :]
        )

    def place_pulls(self, grid: Grid, place: int) -> Floats:
        """What each place of the one picture of a grid adds [places, places, w], for picture column `place`; they add up to its pull."""
        return self.looks.filters.place_pulls(grid.at(self.looks.filters.side)[0], self._own(place))

    def _own(self, place: int) -> Weights:
        width = self.looks.filters.width
        return self.weights[place * width : (place + 1) * width]

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the other columns."""
        return of_others(
            batch, self.looks.parts, self.looks.design, self.weights[len(self.looks.parts) * self.looks.filters.width :]
        )

    def dump(self, box: Box) -> None:
        """Filters and weights."""
        self.looks.dump(box)
        box.put_array("weights", self.weights)
        box.put_array("base", self.base)
        box.put_array("usual", self.usual)

    def about(self) -> Mapping[str, Any]:
        """How much is looked at."""
        filters = self.looks.filters
        return {
            "side": filters.side,
            "patch": filters.patch,
            "places": filters.places,
            "filters": len(filters.offsets),
            "features": self.looks.width,
        }


def _viewed(
    looks: Looks, train: Batch, views: int, reach: float, unit: Unit, head: Head, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """The rows learnt from, each of their pictures seen from elsewhere, so many times: [n, d] each."""
    ways = Views(strength=reach, **dict(zip(("across", "down"), mirrored(train, unit, head, rng), strict=True)))
    side, plain = looks.filters.side, looks(train)
    found = [plain.copy() for _ in range(views)]
    for place, grid in enumerate(train.grids.columns):
        rows = np.flatnonzero(grid.there)
        for low in range(0, len(rows), AT_ONCE):
            some = rows[low : low + AT_ONCE]
            pixels = grid.take(some).at(side)
            for x in found:
                own = x[:, place * looks.filters.width : (place + 1) * looks.filters.width]
                own[some] = looks.filters.features(seen_from(pixels, ways, rng))
    return found
