"""How do a few thousand numbers of a picture become a score? A ridge regression in closed form, shared by the learners that use no network.

They differ in which numbers a picture is seen as (`Eye`): how much it is like some patches, or a Fisher vector. With `views` each training
picture is also seen from elsewhere, and mirrored where the rows show that this keeps the answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Grid, Grids, Head
from assay.kernel.plugins import About
from assay.kernel.threads import cores, one_thread_for_products
from assay.neural.unit import Unit
from assay.onnx_graph.graph import Graph
from assay.pictures.features import Pixels
from assay.pictures.warp import Views, seen_from
from assay.stats.design import Design
from assay.stats.heads import guess, targets
from assay.stats.ridge import solved

from ._beside import beside, counting, counts, parts_in
from ._mirrors import mirrored
from ._pulls import added, design_in, of_others, put_design, standard, sum_graph, told

AT_ONCE = 512  # pictures
DRAWN_FROM = 500  # pictures that an eye is learnt from
SHARE = 0.6  # of the time of a candidate, for looking at all pictures in all fits
COPIES, PRODUCTS = 5, 3  # of the rows and of their products, that are held at once
SOLVING = 1.5  # what solving takes, in products of all rows or all columns
USUAL_FROM = 500  # rows that tell what a picture usually pulls
Weights = NDArray[np.float32]


class Eye(Protocol):
    """Which numbers a picture is seen as."""

    @property
    def side(self) -> int:
        """Pixels of a picture as it is looked at."""
        ...

    @property
    def width(self) -> int:
        """Numbers of a picture: d."""
        ...

    def features(self, pixels: Pixels) -> NDArray[np.float32]:
        """The numbers of pictures [n, side, side, 3], each looked at alone: [n, d]."""
        ...

    def place_pulls(self, picture: Pixels, weights: Weights) -> Floats:
        """What each place of one picture [side, side, 3] adds to features · weights [d, w]: [rows, columns, w]."""
        ...

    def dump(self, box: Box) -> None:
        """Writes what was learnt."""
        ...


E = TypeVar("E", bound=Eye)


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How the weights are learnt.

    views    : times each picture is seen once more, from elsewhere; reach says how far, from 0 to 1
    strength : of the pull towards zero, in mean square lengths of a row; 0 lets rows choose
    """

    views: int
    reach: float
    strength: float


@dataclass(frozen=True, eq=False)
class Looks(Generic[E]):
    """What becomes of a row: the features of each picture, then the other columns."""

    parts: tuple[str, ...]
    eye: E
    design: Design | None

    @property
    def width(self) -> int:
        """Columns of a row: d."""
        return len(self.parts) * self.eye.width + (self.design.width if self.design else 0)

    def __call__(self, batch: Batch) -> NDArray[np.float32]:
        """Every row as columns [n, d]; nothing of a picture that is not there."""
        out = np.zeros((batch.rows, self.width), dtype=np.float32)
        for place, grid in enumerate(batch.grids.columns):
            own = out[:, place * self.eye.width : (place + 1) * self.eye.width]
            for rows, found in self.looked_at(grid):
                own[rows] = found
        if self.design is not None:
            out[:, len(self.parts) * self.eye.width :] = self.design(beside(batch, self.parts))
        return out

    def looked_at(self, grid: Grid) -> Iterator[tuple[Ints, NDArray[np.float32]]]:
        """(rows, features) of the pictures that are there, so many at a time."""
        rows = np.flatnonzero(grid.there)
        for low in range(0, len(rows), AT_ONCE):
            some = rows[low : low + AT_ONCE]
            yield some, self.eye.features(grid.take(some).at(self.eye.side))

    def dump(self, box: Box) -> None:
        """The eye and the design."""
        box.put(pictures=list(self.parts))
        self.eye.dump(box.add("filters"))
        put_design(box, self.design)

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...], eye: Callable[[Box], E]) -> Looks[E]:
        """What was dumped. Raises BundleInvalid."""
        parts = parts_in(box, features, "pictures")
        design = design_in(box, features, parts)
        return cls(parts, eye(box.box("filters")), design)


@dataclass(frozen=True, eq=False)
class SeenByEye(ABC, Generic[E]):
    """A weight for each feature of each picture, and for each column beside them."""

    looks: Looks[E]
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

    @abstractmethod
    def seen(self, graph: Graph, pixels: str) -> str:
        """The features of pictures [n, side, side, 3] as nodes: float32 [n, d]."""

    def graph(self, graph: Graph, x: str) -> str:
        """The same sum as nodes, in which the pictures are inputs."""
        looks, pulls = self.looks, {}
        for place, part in enumerate(looks.parts):
            seen = self.seen(graph, graph.picture(part, looks.eye.side))
            pulls[part] = graph.node("MatMul", graph.number(seen), graph.number(graph.single(self._own(place))))
        return sum_graph(graph, x, self.base, pulls, looks.design, self.weights[len(looks.parts) * looks.eye.width :])

    def place_pulls(self, grid: Grid, place: int) -> Floats:
        """What each place of the one picture of a grid adds [places, places, w], for picture column `place`; they add up to its pull."""
        return self.looks.eye.place_pulls(grid.at(self.looks.eye.side)[0], self._own(place))

    def _own(self, place: int) -> Weights:
        width = self.looks.eye.width
        return self.weights[place * width : (place + 1) * width]

    def _others(self, batch: Batch) -> Iterator[tuple[int, Floats]]:
        """(feature, pull [n, w]) of each feature of the other columns."""
        return of_others(
            batch, self.looks.parts, self.looks.design, self.weights[len(self.looks.parts) * self.looks.eye.width :]
        )

    def dump(self, box: Box) -> None:
        """The eye and the weights."""
        self.looks.dump(box)
        box.put_array("weights", self.weights)
        box.put_array("base", self.base)
        box.put_array("usual", self.usual)

    @classmethod
    def read(cls, box: Box, head: Head, features: tuple[Feature, ...], eye: Callable[[Box], E]) -> Self:
        """What was dumped, every shape checked. Raises BundleInvalid."""
        looks = Looks.load(box, features, eye)
        weights = box.array("weights", np.float32, (looks.width, head.width))
        base = box.array("base", np.float64, (head.width,))
        return cls(looks, weights, base, box.array("usual", np.float64, (len(looks.parts), head.width)))

    @classmethod
    def learnt(
        cls,
        learn: Callable[[Pixels], E],
        side: int,
        how: Ways,
        train: Batch,
        tune: Batch,
        head: Head,
        clock: Clock,
        rng: np.random.Generator,
    ) -> Self:
        """Learn an eye from some pictures [n, side, side, 3], look at all, choose the strength on the tune rows, then learn from all."""
        train, tune = counting(train), counting(tune)
        early = counts(tune)
        whole = train.then(tune) if early else train
        unit = Unit.of(whole, head)
        assert whole.y is not None
        step = max(1, whole.rows // DRAWN_FROM)
        there = [grid.take(np.flatnonzero(grid.there)[::step]) for grid in train.grids.columns]
        eye = learn(np.concatenate([np.zeros((0, side, side, 3), np.uint8), *(g.at(side) for g in there)]))
        others = beside(whole, whole.grids.parts)
        looks = Looks(whole.grids.parts, eye, Design.learn(others) if others.features else None)
        x = looks(whole)
        centre, scale = standard(x, len(looks.parts) * eye.width, eye.width)
        target, y, weight, judged = targets(head, whole.y), whole.y, whole.weight, np.arange(0)
        if early:
            judged = np.arange(train.rows, whole.rows)
        if early and how.views and not clock.expired():
            more = _viewed(looks, train, how, unit, head, rng)
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
                weights = solved(x, target, y, weight, head, judged, how.strength)
        back = weights[1:] / scale[:, None]
        base = weights[0] - centre.astype(np.float64) @ back
        model = cls(looks, back.astype(np.float32), base, np.zeros((len(looks.parts), head.width)))
        some = whole.take(np.arange(0, whole.rows, max(1, whole.rows // USUAL_FROM)))
        usual = [pull.mean(axis=0) if some.rows else np.zeros(head.width) for pull in model.pictures(some)]
        return replace(model, usual=np.asarray(usual).reshape(-1, head.width))


class Looking(Protocol):
    """A learner that sees pictures as numbers, as far as what it costs goes."""

    about: ClassVar[About]

    def fewer(self) -> Self | None:
        """The same with half as many numbers; None where there are no fewer."""
        ...

    def bytes_a_fit(self, n: int) -> float:
        """What a fit holds at its peak, for n pictures."""
        ...

    def seconds_a_fit(self, n: int, clock: Clock) -> float:
        """What a fit takes on one core for n pictures, with as many others at work as there are."""
        ...


L = TypeVar("L", bound=Looking)


def affordable(learner: L, grids: Grids, fits: int, clock: Clock) -> L:
    """The learner with as many numbers as there are memory and time for. Raises DoesNotApply where there is no time for the fewest."""
    n = sum(int(grid.there.sum()) for grid in grids.columns)
    while min(cores(), fits) * learner.bytes_a_fit(n) > memory.room() and (less := learner.fewer()) is not None:
        learner = less
    while not clock.stands:
        seconds = fits * learner.seconds_a_fit(n, clock) / cores()
        if seconds <= SHARE * clock.remaining():
            break
        if (less := learner.fewer()) is None:
            if seconds <= clock.remaining():
                break
            values = {"n": n, "seconds": round(seconds), "left": round(clock.remaining())}
            raise DoesNotApply(learner.about.say("learners", "long", **values))
        learner = less
    return learner


def bytes_held(rows: int, columns: int) -> float:
    """What fitting holds at its peak: rows a few times over, and the products of rows or of columns."""
    return 4.0 * COPIES * rows * columns + 8.0 * PRODUCTS * min(rows, columns) ** 2


def seconds_to_look(eye: Eye, pixels: Pixels, clock: Clock) -> float:
    """What one picture takes, told by some [n, side, side, 3] that are looked at together."""
    found = []
    for _ in range(3):
        timer = clock.slice(clock.remaining())
        eye.features(pixels)
        found.append(timer.spent())
    return min(found[1:]) / len(pixels)


def seconds_to_solve(rows: int, columns: int, clock: Clock) -> float:
    """What the ridge takes on one core, told by a product of a few rows."""
    timer, some = clock.slice(clock.remaining()), np.ones((512, columns), dtype=np.float32)
    with one_thread_for_products():
        some @ some.T
    fewer, more = sorted((rows, columns))
    return timer.spent() * (fewer / 512) ** 2 * more / columns * SOLVING


def _viewed(
    looks: Looks[Any], train: Batch, how: Ways, unit: Unit, head: Head, rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """The rows learnt from, each of their pictures seen from elsewhere, so many times: [n, d] each."""
    ways = Views(strength=how.reach, **dict(zip(("across", "down"), mirrored(train, unit, head, rng), strict=True)))
    side, plain = looks.eye.side, looks(train)
    found = [plain.copy() for _ in range(how.views)]
    for place, grid in enumerate(train.grids.columns):
        rows = np.flatnonzero(grid.there)
        for low in range(0, len(rows), AT_ONCE):
            some = rows[low : low + AT_ONCE]
            pixels = grid.take(some).at(side)
            for x in found:
                own = x[:, place * looks.eye.width : (place + 1) * looks.eye.width]
                own[some] = looks.eye.features(seen_from(pixels, ways, rng))
    return found
