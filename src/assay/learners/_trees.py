"""What do grown trees know, whichever library grew them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.crafting.batches import made_of, told
from assay.crafting.choose import Recipe, of_names, recipe_of
from assay.crafting.made import Made
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import Score
from assay.onnx_graph.graph import Graph
from assay.stats.heads import targets
from assay.trees.forest import Forest
from assay.trees.grow import Grown, clean_batch
from assay.trees.single import scorer

MOST_OUTPUTS = 10  # classes for which a made column may tell how frequent each is
Grow = Callable[[Batch, Batch | None, int, Clock], Grown]  # train, tune, most rounds, clock


def levels_of(batch: Batch) -> list[int]:
    """Number of levels of each column, 0 for a column of numbers."""
    return [len(feature.levels) if feature.kind == "code" else 0 for feature in batch.vector.features]


def by_names(train: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Recipe | None:
    """Means of the target by names that are too rare for a code, where they tell anything."""
    hot = told_by(head, train)
    return recipe_of(of_names(train.vector, hot, clock, rng, train.groups), train.vector, hot.shape[1])


def told_by(head: Head, train: Batch) -> Floats:
    """What tables of the target hold the mean of, [n, outputs]."""
    return targets(head, np.asarray(train.y))[:, :MOST_OUTPUTS]


@dataclass(frozen=True, eq=False)
class Trees:
    """Grown trees."""

    forest: Forest
    curve: list[float]  # loss on the tune rows, a round each
    gains: Floats  # loss removed by splits on each feature, [d]
    made: Made | None = None  # columns made of others, where there are some
    seconds_a_round: float = 0.0  # of streamed rows, just grown; no file keeps it

    @classmethod
    def load(cls, box: Box, head: Head, features: tuple[Feature, ...]) -> Trees:
        """The trees that were dumped, checked. Raises BundleInvalid."""
        forest = Forest.load(box.box("forest"))
        made = Made.load(box.box("made"), len(features)) if "made" in box.inner else None
        if forest.features != len(features) + (0 if made is None else made.width) or forest.width != head.width:
            raise box.refuse(f"the trees are of {forest.features} features and width {forest.width}")
        kept = box.arrays.get("curve")
        digits = np.float32 if kept is not None and kept.dtype == np.float32 else np.float64
        curve = box.array(
            "curve", digits, (None,), finite=False
        ).tolist()  # a library's sums of huge targets may have no end
        return cls(forest, curve, box.array("gains", np.float64, (len(features),), finite=False), made)

    @classmethod
    def grown(
        cls,
        grow: Grow,
        recipe: Recipe | None,
        train: Batch,
        tune: Batch,
        head: Head,
        rounds: int,
        clock: Clock,
        rng: np.random.Generator,
        again: int | None = 0,
    ) -> Trees:
        """Grown on the given columns and those of a recipe until the tune rows see no gain.

        again : where there is time, the rounds to grow once more on all rows; None grows as many as were of use for as many rows,
                0 leaves it at that
        """
        made, wider = made_of(recipe, train, targets(head, np.asarray(train.y)), rng)
        first = grow(wider, told(made, tune), rounds, clock)
        if again != 0 and not first.cut_short and clock.remaining() > 1.5 * first.seconds:
            whole = train.then(tune)
            made_again, wider = made_of(recipe, whole, targets(head, np.asarray(whole.y)), rng)
            as_many = max(1, round(first.forest.iterations * whole.rows / max(1, train.rows)))
            second = grow(wider, None, as_many if again is None else again, clock)
            if not second.cut_short:
                return cls(second.forest, first.curve, shared(second.gains, made_again), made_again)
        return cls(first.forest, first.curve, shared(first.gains, made), made)

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return self.forest.scores(clean_batch(told(self.made, batch)))

    def single(self) -> Score:
        """One row through the trees alone."""
        score = scorer(self.forest)
        if self.made is None:
            return score
        beside = self.made.single()
        return lambda values: score(beside(values))

    def contributions(self, batch: Batch) -> Floats:
        """TreeSHAP (Lundberg et al. 2018): [n, d + 1, w]; the pull of a made column in equal parts to its sources."""
        found = self.forest.contributions(clean_batch(told(self.made, batch)))
        return found if self.made is None else self.made.shared(found)

    def graph(self, graph: Graph, x: str) -> str:
        """The same trees as nodes, after the made columns where there are some."""
        from assay.onnx_graph.crafted import made_graph
        from assay.onnx_graph.trees import forest_graph

        return forest_graph(graph, self.forest, x if self.made is None else made_graph(graph, self.made, x))

    def dump(self, box: Box) -> None:
        """Trees as arrays."""
        self.forest.dump(box.add("forest"))
        curve = np.asarray(self.curve, dtype=np.float64)
        with np.errstate(over="ignore", under="ignore"):
            short = curve.astype(np.float32)
        # Losses of huge targets are beyond it.
        box.put_array("curve", short if np.array_equal(short, curve, equal_nan=True) else curve)
        box.put_array("gains", self.gains)
        if self.made is not None:
            self.made.dump(box.add("made"))

    def made_columns(self) -> frozenset[tuple[str, tuple[int, ...]]]:
        """How columns are made of others, and of which places in the vector."""
        return frozenset() if self.made is None else self.made.of()

    def about(self) -> Mapping[str, Any]:
        """Rounds that are kept, of those grown, and the loss curve on the tune rows."""
        return {
            "rounds": self.forest.iterations,
            "grown": max(len(self.curve), self.forest.iterations),
            "seconds_a_round": self.seconds_a_round,
            "made": 0 if self.made is None else self.made.width,
            "curve": [round(v, 6) for v in self.curve[:: max(1, len(self.curve) // 200)] if np.isfinite(v)],
        }


def shared(gains: Floats, made: Made | None) -> Floats:
    """Gains of the columns that were given, each with its part of what the made ones gained."""
    return gains if made is None else made.shared(np.append(gains, 0.0)[None, :, None])[0, :-1, 0]
