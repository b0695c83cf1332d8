"""What do grown trees know, whichever library grew them?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.crafting.batches import told
from assay.crafting.made import Made
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import Score
from assay.onnx_graph.graph import Graph
from assay.trees.forest import Forest
from assay.trees.grow import Grown, clean_batch
from assay.trees.single import scorer

Grow = Callable[[Batch, Batch | None, int, Clock], Grown]  # train, tune, most rounds, clock


def grown_twice(grow: Grow, train: Batch, tune: Batch, rounds: int, refit: bool, clock: Clock) -> Grown:
    """Grow until the tune rows see no gain; then, where asked and where there is time, as many on all rows."""
    first = grow(train, tune, rounds, clock)
    if not refit or first.cut_short or clock.remaining() <= 1.5 * first.seconds:
        return first
    more = max(1, round(first.forest.iterations * (train.rows + tune.rows) / max(1, train.rows)))
    again = grow(train.then(tune), None, more, clock)
    return first if again.cut_short else Grown(again.forest, first.curve, again.gains, again.seconds, False)


def levels_of(batch: Batch) -> list[int]:
    """Number of levels of each column, 0 for a column of numbers."""
    return [len(feature.levels) if feature.kind == "code" else 0 for feature in batch.vector.features]


@dataclass(frozen=True, eq=False)
class Trees:
    """Grown trees."""

    forest: Forest
    curve: list[float]  # loss on the tune rows, a round each
    gains: Floats  # loss removed by splits on each feature, [d]
    made: Made | None = None  # columns made of others, where there are some

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
        box.put_array(
            "curve", short if np.array_equal(short, curve, equal_nan=True) else curve
        )  # losses of huge targets are beyond it
        box.put_array("gains", self.gains)
        if self.made is not None:
            self.made.dump(box.add("made"))

    def about(self) -> Mapping[str, Any]:
        """Rounds and the loss curve on the tune rows."""
        return {
            "rounds": self.forest.iterations,
            "made": 0 if self.made is None else self.made.width,
            "curve": [round(v, 6) for v in self.curve[:: max(1, len(self.curve) // 200)] if np.isfinite(v)],
        }
