"""What became of the rows that look most like this one?

Nearest neighbours (Fix & Hodges 1951) with weights that fall to zero at a distance that adapts to each row: Epanechnikov's kernel, a
little wider than the distance to the k-th neighbour (after Loftsgaarden & Quesenberry 1965), so a small change of a row changes its answer by
little. k, and whether columns count by how much they tell of the target, are chosen by leaving one out. What it knows is the
rows themselves, so its file holds rows of the table: it is tried only where it is named.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.plugins import About, Score
from assay.kernel.settings import Whole, check_settings
from assay.neural.halves import Halves, halves, halves_of, put_halves
from assay.neural.inputs import Inputs
from assay.neural.reasons import Baselines
from assay.onnx_graph.graph import Graph
from assay.stats.heads import answers, guess, losses, targets

NUMBERS = (5, 10, 20, 40, 80)  # of neighbours that are tried
POWERS = (0.0, 1.0)  # of a column's correlation with the target, by which its distances are multiplied
ASKED = 1_000  # rows that are left out, one at a time, to choose
WIDER = 1.5  # times the squared distance to the k-th neighbour: there weights are zero
CLOSEST = 1e-4  # squared distance within which rows are the same
CELLS = 1_000_000  # distances that are held at once


@dataclass(frozen=True, kw_only=True)
class NearestNeighbours:
    """The rows that look most alike, the nearer the weightier."""

    about: ClassVar[About] = About(
        key="neighbours",
        also=("knn", "neighbors", "nearest_neighbours", "nearest_neighbors"),
        takes=("vector",),
        gives=("value", "counts", "classes"),
        order=50,
        keeps_rows=True,
        words={"en": {"title": "nearest neighbours"}, "zh": {"title": "最近邻"}},
    )
    neighbours: Annotated[int, Whole(0, 1000)] = 0  # 0 chooses by leaving one out
    most: Annotated[int, Whole(10, 100_000, log=True)] = 5_000  # rows that are kept, drawn at random beyond

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Neighbours:
        """Keep the rows that count, at most `most` of them, and choose how many are asked."""

        whole = train.then(tune) if tune.rows else train
        weight = np.ones(whole.rows)
        if whole.weight is not None and np.any(whole.weight):
            weight = np.asarray(whole.weight, dtype=np.float64)
        kept = np.flatnonzero(weight)
        if len(kept) > self.most:
            kept = np.sort(rng.choice(kept, self.most, replace=False))
        whole, mass = whole.take(kept), weight[kept] / weight[kept].mean()
        assert whole.y is not None
        inputs = Inputs.learn(whole.vector)
        columns, places = halves(inputs.columns(whole.vector)), inputs.rows(whole.vector)
        known = Known(head, inputs, columns, places, np.asarray(whole.y, dtype=np.float64), mass)
        telling = _telling(known)
        baselines = Baselines.learn(whole.vector, rng)
        k, power, curve = self._chosen(known, whole.groups, telling, clock, rng)
        return Neighbours(known, telling**power, k, baselines, tuple(curve), whole.vector.features)

    def _chosen(
        self, known: Known, groups: Ints | None, telling: Floats, clock: Clock, rng: np.random.Generator
    ) -> tuple[int, float, list[float]]:
        """Neighbours and power with the least loss of rows left out, and that loss for each pair that was tried."""
        n = len(known.y)
        most = max(1, n - 1)
        numbers = [self.neighbours] if self.neighbours else NUMBERS
        pairs = list(itertools.product(POWERS, sorted({min(k, most) for k in numbers})))
        rows = np.sort(rng.choice(n, min(ASKED, n), replace=False))
        found: list[float] = []
        for power, k in pairs:
            if clock.expired() or n < 3:
                break
            found.append(known.left_out(rows, telling**power, k, groups))
        power, k = pairs[int(np.argmin(found))] if found else pairs[len(pairs) // len(POWERS) // 2]
        return k, power, found

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Neighbours:
        """The rows that were dumped, every shape checked. Raises BundleInvalid."""
        inputs = Inputs.load(box.box("inputs"), features)
        columns = halves_of(box, "columns", (None, inputs.width))
        n = len(columns)
        y, mass = box.array("y", np.float64, (n,)), box.array("mass", np.float64, (n,))
        if head.name == "classes" and not np.isin(y, np.arange(head.classes_)).all():
            raise box.refuse("a row is of a class that is not there")
        if head.name == "counts" and (y < 0).any():
            raise box.refuse("a count is below zero")
        if not n or not (mass > 0).all():
            raise box.refuse("there are no rows, or one without weight")
        places = box.array("places", np.int64, (n, len(inputs.tables)))
        scales = box.array("scales", np.float64, (inputs.width + len(inputs.tables),))
        if (scales < 0).any():
            raise box.refuse("a column has a scale below zero")
        known = Known(head, inputs, columns, places, y, mass)
        baselines = Baselines.load(box.box("baselines"), len(features))
        curve = box.array("curve", np.float64, (None,))
        k = box.whole("neighbours", 1, n)
        return Neighbours(known, scales, k, baselines, tuple(curve.tolist()), features)


@dataclass(frozen=True, eq=False)
class Known:
    """Rows that are kept: scaled columns, places in tables, targets, weights of mean 1."""

    head: Head
    inputs: Inputs
    columns: Halves  # [n, c]
    places: Ints  # [n, t]
    y: Floats  # [n]
    mass: Floats  # [n]

    @functools.cached_property
    def encoded(self) -> NDArray[Any]:
        """The targets as the head is given them: [n]."""
        return self.y.astype(np.int64) if self.head.name == "classes" else self.y

    @functools.cached_property
    def targets(self) -> Floats:
        """What answers should have been: [n, w]."""
        return targets(self.head, self.encoded)

    @functools.cached_property
    def usual(self) -> Floats:
        """The best one answer for all: [1, w]."""
        return answers(self.head, guess(self.head, self.encoded, self.mass)[None])

    def scored(self, distances: Floats, k: int) -> Floats:
        """Raw scores [b, w] from squared distances to the rows [b, n]."""
        reach = WIDER * np.partition(distances, k - 1, axis=1)[:, k - 1 : k] + CLOSEST
        weights = np.maximum(0.0, 1.0 - distances / reach) * self.mass
        imagined = 0.0 if self.head.name == "value" else 1.0  # rows that show what is usual
        # Not as a product of matrices: its last bits would hang on how many rows are asked together.
        total = np.stack([(weights * target).sum(axis=1) for target in self.targets.T], axis=1)
        mean = (total + imagined * self.usual) / (weights.sum(axis=1, keepdims=True) + imagined)
        if self.head.name == "value":
            return np.asarray(mean)
        logs = np.log(np.maximum(mean, 1e-12))
        if self.head.name == "counts" or self.head.width > 1:
            return np.asarray(logs)
        return np.asarray(logs - np.log(np.maximum(1.0 - mean, 1e-12)))

    def left_out(self, rows: Ints, scales: Floats, k: int, groups: Ints | None = None) -> float:
        """Mean loss of some of the rows, each scored by all others; by those of other groups [n], where they are most rows."""
        total, n = 0.0, len(self.y)
        for some in _blocks(len(rows), n):
            own = rows[some]
            distances = self.distances(self.columns[own].astype(np.float64), self.places[own], scales)
            distances[np.arange(len(own)), own] = np.inf
            if groups is not None:
                alike = groups[own, None] == groups
                distances[alike & (n - alike.sum(axis=1, keepdims=True) >= max(k, n / 2))] = np.inf
            total += float(losses(self.head, self.scored(distances, k), self.encoded[own]) @ self.mass[own])
        return total / float(self.mass[rows].sum())

    def distances(self, columns: Floats, places: Ints, scales: Floats, feature: int = -1) -> Floats:
        """Squared distances of rows to all that are known [b, n]; of one feature's columns alone where it is given."""
        from scipy.spatial.distance import cdist

        c = self.inputs.width
        own = np.arange(c) if feature < 0 else np.flatnonzero(self.inputs.owners == feature)
        out = np.zeros((len(columns), len(self.y)))
        if len(own):
            known = self.columns[:, own].astype(np.float64)
            out = cdist(columns[:, own] * scales[own], known * scales[own], "sqeuclidean")
        for table, owner in enumerate(self.inputs.tables):
            if feature in (-1, owner):
                out += (places[:, table, None] != self.places[:, table]) * scales[c + table] ** 2
        return np.asarray(out)


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Rows that are known, what their columns count, and how many of them are asked."""

    known: Known
    scales: Floats  # [c + t]
    neighbours: int
    baselines: Baselines
    curve: tuple[float, ...]  # loss of rows left out, for each pair of power and number that was tried
    features: tuple[Feature, ...]

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        out = np.empty((batch.rows, self.known.head.width))
        for some in _blocks(batch.rows, len(self.known.y)):
            x, places = self._inputs(batch.vector.take(some))
            out[some] = self.known.scored(self.known.distances(x, places, self.scales), self.neighbours)
        return out

    def single(self) -> Score:
        """The same for one row: the known rows are stretched once, not for each that asks."""
        from scipy.spatial.distance import cdist

        known, c = self.known, self.known.inputs.width
        read, own, stretched = known.inputs.single(self.features), self.scales[:c], self._stretched
        tables = [(known.places[:, t].copy(), scale**2) for t, scale in enumerate(self.scales[c:])]

        def score(row: Sequence[float]) -> list[float]:
            columns, places = read(row)
            distances = np.zeros((1, len(known.y)))
            if c:
                distances = cdist((np.asarray(columns) * own)[None], stretched, "sqeuclidean")
            for place, (theirs, apart) in zip(places, tables, strict=True):
                distances += (theirs != place) * apart
            found: list[float] = known.scored(distances, self.neighbours)[0].tolist()
            return found

        return score

    @functools.cached_property
    def _stretched(self) -> Floats:
        """Columns of the known rows, each by what it counts: [n, c]."""
        return np.asarray(self.known.columns.astype(np.float64) * self.scales[: self.known.inputs.width])

    def graph(self, graph: Graph, x: str) -> str:
        """The same distances, weights and means as nodes; they hold the known rows, too."""
        from assay.onnx_graph.neighbours import mean_graph, squared_distances_graph

        known, head = self.known, self.known.head
        distances = squared_distances_graph(graph, known.inputs, known.columns, known.places, self.scales, x)
        imagined = known.usual[: 0 if head.name == "value" else 1]
        mean = mean_graph(graph, distances, self.neighbours, WIDER, CLOSEST, known.mass, known.targets, imagined)
        if head.name == "value":
            return mean
        least = graph.constant(1e-12)
        logs = graph.node("Log", graph.node("Max", mean, least))
        if head.name == "counts" or head.width > 1:
            return logs
        others = graph.node("Max", graph.node("Sub", graph.constant(1.0), mean), least)
        return graph.node("Sub", logs, graph.node("Log", others))

    def contributions(self, batch: Batch) -> Floats:
        """How the score changes as one feature after the other becomes the row's own: [n, d + 1, w].

        From the middle row and rows drawn column by column, in the columns' order and against it by turns: Shapley values of a few
        drawn orders (Strumbelj & Kononenko 2014), an approximation that adds up exactly.
        """
        start = self.baselines.vector(batch.vector.features)
        away, away_places = self._inputs(start)
        base = self.known.distances(away, away_places, self.scales)  # [m, n]
        first = self.known.scored(base, self.neighbours)
        d = len(batch.vector.features)
        out = np.zeros((batch.rows, d + 1, self.known.head.width))
        for some in _blocks(batch.rows, len(self.known.y)):
            x, places = self._inputs(batch.vector.take(some))
            for m in range(len(base)):
                distances, last = np.tile(base[m], (len(some), 1)), np.tile(first[m], (len(some), 1))
                for feature in range(d) if m % 2 == 0 else reversed(range(d)):
                    own = self.known.distances(x, places, self.scales, feature)
                    theirs = self.known.distances(away[m : m + 1], away_places[m : m + 1], self.scales, feature)
                    distances += own - theirs
                    score = self.known.scored(distances, self.neighbours)
                    out[some, feature] += (score - last) / len(base)
                    last = score
        out[:, -1] = first.mean(axis=0)
        return out

    def _inputs(self, vector: Vector) -> tuple[Floats, Ints]:
        return self.known.inputs.columns(vector), self.known.inputs.rows(vector)

    def dump(self, box: Box) -> None:
        """The rows, scaled and as halves."""
        known = self.known
        known.inputs.dump(box.add("inputs"))
        put_halves(box, "columns", known.columns)
        for name in ("places", "y", "mass"):
            box.put_array(name, getattr(known, name))
        box.put(neighbours=self.neighbours)
        box.put_array("scales", self.scales)
        box.put_array("curve", np.asarray(self.curve, dtype=np.float64))
        self.baselines.dump(box.add("baselines"))

    def about(self) -> Mapping[str, Any]:
        """How many rows are kept, how many of them are asked, and the loss of rows left out for what was tried."""
        return {
            "rows": len(self.known.y),
            "neighbours": self.neighbours,
            "by_correlation": bool((self.scales != 1.0).any()),
            "left_out": [round(v, 6) for v in self.curve],
        }


def _telling(known: Known) -> Floats:
    """How much each column and table tells of the target alone, against the one that tells most: [c + t] from 0 to 1.

    Correlation of a column; correlation ratio of a table (Pearson 1905), less what as many levels would show by chance.
    """
    mass = known.mass[:, None] / known.mass.sum()
    y = known.targets - (mass * known.targets).sum(axis=0)
    spread = np.sqrt((mass * y**2).sum(axis=0))
    x = known.columns.astype(np.float64)
    x = x - (mass * x).sum(axis=0)
    both = np.sqrt((mass * x**2).sum(axis=0))[:, None] * spread
    together = np.abs((mass * x).T @ y)  # [c, w]
    found = [np.divide(together, both, out=np.zeros_like(together), where=both > 0).max(axis=1, initial=0.0)]
    n = len(y)
    for places in known.places.T:
        _, level = np.unique(places, return_inverse=True)
        size = np.bincount(level, weights=mass[:, 0])
        means = np.stack([np.bincount(level, weights=mass[:, 0] * v) / size for v in y.T], axis=1)
        between = (size[:, None] * means**2).sum(axis=0)
        share = np.divide(between, spread**2, out=np.zeros_like(between), where=spread > 0)
        share = 1.0 - (1.0 - share) * (n - 1) / max(1, n - len(size))
        found.append(np.sqrt(np.clip(share, 0.0, 1.0)).max(keepdims=True))
    telling = np.concatenate(found)
    return np.asarray(telling / telling.max() if telling.size and telling.max() > 0 else np.ones_like(telling))


def _blocks(rows: int, known: int) -> Iterator[Ints]:
    step = max(1, CELLS // known)
    for low in range(0, rows, step):
        yield np.arange(low, min(rows, low + step))
