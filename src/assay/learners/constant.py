"""What would one guess for every row cost?

The floor every figure in a report is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About, Score
from assay.onnx_graph.graph import Graph
from assay.stats.heads import guess


@dataclass(frozen=True, kw_only=True)
class Constant:
    """The same answer for every row: the mean, its logarithm, a quantile, the base rates, or nothing to be found."""

    about: ClassVar[About] = About(
        key="constant",
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes", "flags", "boxes", "oddness"),
        order=0,
        readable=True,
        words={"en": {"title": "constant guess"}, "zh": {"title": "常数猜测"}},
    )

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Same:
        """The best guess of the head."""
        assert train.y is not None
        return Same(guess(head, train.y, train.weight))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Same:
        """The guess that was dumped."""
        return Same(box.array("guess", np.float64, (head.width,)))


@dataclass(frozen=True, eq=False)
class Same:
    """One raw score for every row."""

    guess: Floats

    def predict(self, batch: Batch) -> Floats:
        """The guess, n times: [n, w]."""
        return np.tile(self.guess, (batch.rows, 1))

    def single(self) -> Score:
        """The guess, whatever the row."""
        guess = self.guess.tolist()
        return lambda values: guess

    def contributions(self, batch: Batch) -> Floats:
        """All of it is base."""
        out = np.zeros((batch.rows, len(batch.vector.features) + 1, len(self.guess)))
        out[:, -1] = self.guess
        return out

    def graph(self, graph: Graph, x: str) -> str:
        """The guess for every row."""
        return graph.repeated(self.guess, x)

    def dump(self, box: Box) -> None:
        """The guess."""
        box.put_array("guess", self.guess)

    def about(self) -> Mapping[str, Any]:
        """The guess."""
        return {"guess": self.guess.tolist()}
