"""What does each column say on its own, whatever curve it takes?

A generalised additive model: the score is a sum of one shape function a column, and of a few pairs where two columns
only make sense together (GA2M; Lou, Caruana, Gehrke & Hooker 2013, as in explainable boosting machines). Grown by
LightGBM under interaction constraints, so that no tree mixes columns it may not; what is kept is the tables, and they
are all it knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.grid import put_values, values_of
from assay.kernel.plugins import About, Score
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.onnx_graph.graph import Graph
from assay.trees.forest import Forest
from assay.trees.grow import Grown, clean_batch, grow
from assay.trees.shapes import Axis, Shapes, Term, terms
from assay.trees.steps import MOST_CELLS, put_tables, tables_of
from assay.trees.walk import LARGEST

ROUNDS_TO_RANK = 60  # of depth two on what the single columns left over: they show which pairs matter
SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Additive:
    """A curve for each column, and a few pairs."""

    about: ClassVar[About] = About(
        key="additive",
        also=("gam", "ebm"),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes"),
        order=20,
        by_class=True,
        readable=True,
        words={"en": {"title": "additive model"}, "zh": {"title": "可加模型"}},
    )
    rounds: Annotated[int, Whole(1, 20_000, log=True)] = 4000
    rate: Annotated[float, Real(0.005, 0.5, log=True)] = 0.05
    leaves: Annotated[int, Whole(2, 32, log=True)] = 4
    least_rows: Annotated[int, Whole(1, 1000, log=True)] = 5
    column_share: Annotated[float, Real(0.05, 1.0)] = 0.3  # low: columns take turns, as in cyclic boosting
    row_share: Annotated[float, Real(0.3, 1.0)] = 0.7
    ridge: Annotated[float, Real(0.0, 100.0)] = 1.0
    one_hot: Annotated[int, Whole(1, 255, log=True)] = (
        64  # levels up to which a split takes one name, beyond it a group
    )
    pairs: Annotated[int, Whole(0, 50)] = 12
    patience: Annotated[int, Whole(5, 1000)] = 120
    refit: Annotated[bool, Switch()] = False

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Curves:
        """Single columns first, then pairs on what they left over."""
        d = len(train.vector.features)
        seed = int(rng.integers(2**31 - 1))
        singles = self._settings(seed) | {"interaction_constraints": [[i] for i in range(d)]}
        half = clock.slice(clock.remaining() * (0.55 if self.pairs else 0.9))
        first = grow(train, tune, head, singles, self.rounds, self.patience, half)
        chosen: list[tuple[int, int]] = []
        second: Grown | None = None
        if self.pairs and d > 1 and not clock.expired():
            start = first.forest.scores(clean_batch(train)), first.forest.scores(clean_batch(tune))
            chosen = self._rank(train, tune, head, clock, seed, start)
            if chosen:
                pairs = self._pair_settings(seed, chosen)
                second = grow(train, tune, head, pairs, self.rounds // 4, self.patience // 2, clock, start)
        forests = [first.forest] + ([second.forest] if second is not None and second.forest.trees else [])
        rounds = [forest.iterations for forest in forests]
        whole = train
        if self.refit and not first.cut_short and clock.remaining() > 2 * first.seconds:
            whole = train.then(tune)
            singles["learning_rate"] = first.rate or self.rate  # as many rounds once more take steps of the same size
            forests = self._again(whole, head, clock, seed, rounds, singles, chosen) or forests
        return Curves(_sum([terms(f) for f in forests], clean_batch(whole)), train.vector.features, tuple(rounds))

    def _again(
        self,
        whole: Batch,
        head: Head,
        clock: Clock,
        seed: int,
        rounds: list[int],
        singles: dict[str, Any],
        chosen: list[tuple[int, int]],
    ) -> list[Forest]:
        """The same number of rounds on all rows; nothing if the clock cut it short."""
        first = grow(whole, None, head, singles, rounds[0], 0, clock)
        found = [first]
        if len(rounds) > 1:
            start = first.forest.scores(clean_batch(whole))
            pairs = self._pair_settings(seed, chosen)
            found.append(grow(whole, None, head, pairs, rounds[1], 0, clock, (start, None)))
        return [] if any(g.cut_short for g in found) else [g.forest for g in found]

    def _settings(self, seed: int) -> dict[str, Any]:
        return {
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "feature_fraction": self.column_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1 if self.row_share < 1.0 else 0,
            "lambda_l2": self.ridge,
            "min_data_per_group": 20,
            "cat_smooth": 10.0,
            "max_cat_to_onehot": self.one_hot,
            "boost_from_average": True,
            "seed": seed % (2**31 - 1),
        }

    def _pair_settings(self, seed: int, chosen: list[tuple[int, int]]) -> dict[str, Any]:
        """Both columns of a pair must be there for a tree to use it, so none is left out by lot."""
        settings = self._settings(seed + 1) | {"interaction_constraints": [list(p) for p in chosen]}
        return settings | {"num_leaves": max(self.leaves, 6), "feature_fraction": 1.0}

    def _rank(
        self, train: Batch, tune: Batch, head: Head, clock: Clock, seed: int, start: tuple[Floats, Floats]
    ) -> list[tuple[int, int]]:
        """The pairs that trees of two questions gain most from, on top of the single columns."""
        settings = self._settings(seed + 2) | {"num_leaves": 4, "max_depth": 2, "learning_rate": 0.1}
        settings["feature_fraction"] = max(self.column_share, 0.6)  # so that not one strong pair takes every tree
        timer = clock.slice(clock.remaining() * 0.3)
        found = grow(train, tune, head, settings, ROUNDS_TO_RANK, 0, timer, start)
        forest, worth = found.forest, dict[tuple[int, int], float]()
        for tree in range(forest.trees):
            low, high = forest.node_offsets[tree], forest.node_offsets[tree + 1]
            leaves = forest.leaf_value[forest.leaf_offsets[tree] : forest.leaf_offsets[tree + 1]]
            counts = forest.leaf_count[forest.leaf_offsets[tree] : forest.leaf_offsets[tree + 1]]
            asked = forest.feature[low:high]
            pull = float((counts * np.abs(leaves)).sum())
            for other in asked[1:]:
                if other != asked[0]:
                    pair = (int(min(asked[0], other)), int(max(asked[0], other)))
                    worth[pair] = worth.get(pair, 0.0) + pull
        return sorted(worth, key=lambda pair: (-worth[pair], pair))[: self.pairs]

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Curves:
        """The tables that were dumped, checked."""
        shapes = _load_shapes(box, head, features)
        return Curves(shapes, features, tuple(box.array("rounds", np.int64, (None,)).tolist()))


@dataclass(frozen=True, eq=False)
class Curves:
    """Shape functions, centred on the training rows, and a base."""

    shapes: Shapes
    features: tuple[Feature, ...]
    rounds: tuple[int, ...]

    def predict(self, batch: Batch) -> Floats:
        """Base and every term's pull: [n, w]."""
        return self.shapes.predict(clean_batch(batch))

    def single(self) -> Score:
        """The same sum for one row."""
        score = self.shapes.single()
        return lambda values: score([x if x != x else min(max(x, -LARGEST), LARGEST) for x in values])

    def contributions(self, batch: Batch) -> Floats:
        """Each column's own curve; a pair is shared half and half: [n, d + 1, w]."""
        values = clean_batch(batch)
        out = np.zeros((len(values), len(self.features) + 1, len(self.shapes.base)))
        for term in self.shapes.terms:
            pulls = term.pulls(values) / len(term.features)
            for feature in term.features:
                out[:, feature] += pulls
        out[:, -1] = self.shapes.base
        return out

    def graph(self, graph: Graph, x: str) -> str:
        """The same tables as nodes."""
        from assay.onnx_graph.tables import shapes_graph

        return shapes_graph(graph, self.shapes, x)

    def dump(self, box: Box) -> None:
        """Axes and values of each term."""
        box.put(terms=[[[a.feature, a.codes, a.edges is None] for a in t.axes] for t in self.shapes.terms])
        box.put_array("base", self.shapes.base)
        box.put_array("rounds", np.asarray(self.rounds, dtype=np.int64))
        tables = [term.values for term in self.shapes.terms]
        if sum(table.size for table in tables) <= MOST_CELLS:
            put_tables(box.add("tables"), tables)
        else:
            sizes = np.asarray([table.size for table in tables], dtype=np.int64)
            put_values(box, "values", np.concatenate([table.ravel() for table in tables]), sizes)
        for i, term in enumerate(self.shapes.terms):
            for j, axis in enumerate(term.axes):
                if axis.edges is not None:
                    box.put_array(f"edges-{i}-{j}", axis.edges)

    def about(self) -> Mapping[str, Any]:
        """The curves of the strongest features as edges and values, whole, and the names of the pairs."""
        strength = [float(np.abs(t.values).mean()) for t in self.shapes.terms]
        singles = [t for t in self.shapes.terms if len(t.axes) == 1]
        told = np.zeros(len(self.features))
        for term in singles:
            told[term.features[0]] += term.values.std()
        shown = np.argsort(-told, kind="stable")[:SHOWN].tolist()
        curves = []
        for term in sorted((t for t in singles if t.features[0] in shown), key=lambda t: shown.index(t.features[0])):
            axis = term.axes[0]
            feature = self.features[axis.feature]
            levels = None if axis.edges is not None else [*feature.levels[: axis.codes], "other"]
            edges = None if axis.edges is None else axis.edges.tolist()
            curves.append({"name": feature.name, "edges": edges, "levels": levels, "values": term.values.tolist()})
        pairs = [
            {"names": [self.features[f].name for f in t.features], "strength": strength[i]}
            for i, t in enumerate(self.shapes.terms)
            if len(t.axes) == 2
        ]
        return {"curves": curves, "pairs": pairs, "rounds": list(self.rounds)}


def _sum(parts: list[Shapes], values: Floats) -> Shapes:
    """Several sums of shape functions as one; each term centred on these rows."""
    base = np.sum([p.base for p in parts], axis=0)
    return Shapes(base=base, terms=tuple(t for p in parts for t in p.terms)).centred(values).settled()


def _load_shapes(box: Box, head: Head, features: tuple[Feature, ...]) -> Shapes:
    raw = box.values.get("terms")
    if not isinstance(raw, list) or len(raw) > 100_000:
        raise box.refuse("'terms' is not a list")
    every = []
    for i, axes in enumerate(raw):
        if not isinstance(axes, list) or len(axes) not in (1, 2):
            raise box.refuse("a term has neither one nor two axes")
        every.append(tuple(_load_axis(box, i, j, axis, len(features)) for j, axis in enumerate(axes)))
    shapes = [(*(axis.size for axis in axes), head.width) for axes in every]
    if f"values-{len(every) - 1}" in box.arrays:  # as format 1 has them
        values = [box.array(f"values-{i}", np.float64, shape) for i, shape in enumerate(shapes)]
    elif "tables" in box.inner:
        values = tables_of(box.box("tables"), shapes)
    else:
        sizes = np.asarray([math.prod(shape) for shape in shapes], dtype=np.int64)
        whole, ends = values_of(box, "values", sizes), np.cumsum(sizes)
        values = [whole[end - size : end].reshape(s) for end, size, s in zip(ends, sizes, shapes, strict=True)]
    found = tuple(Term(axes=axes, values=own) for axes, own in zip(every, values, strict=True))
    return Shapes(base=box.array("base", np.float64, (head.width,)), terms=found)


def _load_axis(box: Box, i: int, j: int, raw: Any, features: int) -> Axis:
    fits = isinstance(raw, list) and len(raw) == 3 and isinstance(raw[2], bool)
    if not fits or not all(isinstance(v, int) and 0 <= v < 10**6 for v in raw[:2]) or raw[0] >= features:
        raise box.refuse("an axis makes no sense")
    edges = None
    if not raw[2]:
        edges = box.array(f"edges-{i}-{j}", np.float64, (None,))
        if not (np.diff(edges) > 0).all():
            raise box.refuse("the edges of an axis do not rise")
    return Axis(feature=raw[0], edges=edges, codes=raw[1])
