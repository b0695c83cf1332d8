"""What is the same for all learners of tables that end as a network asked without torch?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import Score
from assay.neural.inputs import Inputs
from assay.neural.network import Network
from assay.neural.reasons import Baselines, integrated
from assay.onnx_graph.graph import Graph


@dataclass(frozen=True, eq=False)
class Wired:
    """A network, what it is given of a row, and the rows that its reasons start from."""

    inputs: Inputs
    network: Network
    baselines: Baselines
    features: tuple[Feature, ...]

    @classmethod
    def opened(cls, box: Box, head: Head, features: tuple[Feature, ...], *more: Any) -> Self:
        """What was dumped, every shape checked, and what else a learner keeps. Raises BundleInvalid."""
        inputs = Inputs.load(box.box("inputs"), features)
        network = Network.load(box.box("network"), inputs, head.width)
        return cls(inputs, network, Baselines.load(box.box("baselines"), len(features)), features, *more)

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return self.network.scores(self.inputs.columns(batch.vector), self.inputs.rows(batch.vector))

    def single(self) -> Score:
        """The same for one row."""
        return self.network.single(self.inputs.single(self.features))

    def contributions(self, batch: Batch) -> Floats:
        """Integrated gradients (Sundararajan, Taly & Yan 2017), an approximation that adds up exactly: [n, d + 1, w].

        From the middle row and rows drawn column by column, in five points of the way from each; what the points miss
        is spread in proportion (see assay.neural.reasons).
        """
        return integrated(self.network, self.inputs, batch.vector, self.baselines)

    def graph(self, graph: Graph, x: str) -> str:
        """The same layers as nodes."""
        from assay.onnx_graph.network import network_graph

        return network_graph(graph, self.inputs, self.network, x)

    def dump(self, box: Box) -> None:
        """Inputs, weights and baselines."""
        self.inputs.dump(box.add("inputs"))
        self.network.dump(box.add("network"))
        self.baselines.dump(box.add("baselines"))
