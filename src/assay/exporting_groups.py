"""How do thresholds of groups become a part of an ONNX file?

The column of the groups is an input, whether or not anything learnt from it. The label is that of the threshold of the row's group; a file
cannot refuse a row as the model does, so that a row of no known group has the label "". Probabilities are as without thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exporting_cells import as_they_come
from .kernel.data import Column, Dataset, Floats
from .kernel.errors import RequestError
from .kernel.labels import NOTHING
from .kernel.plan import Plan
from .kernel.plugins import EncoderInGraph, modality_of
from .kernel.rng import stream
from .kernel.words import refusal
from .onnx_graph.graph import TREES, Graph
from .search.ensemble import Ensemble
from .stats.group_thresholds import GroupThresholds

NO_GROUP = 2  # the code of the label of a row of no known group


@dataclass(frozen=True, eq=False)
class GroupInput:
    """The column of the groups, as an input."""

    thresholds: GroupThresholds
    kind: str
    takes: str  # "string" or "double"
    encoder: EncoderInGraph  # of the column, by which yes and no become numbers
    beside: bool  # nothing learnt from it, so that it is no input otherwise

    def graph(self, graph: Graph, p: str) -> str:
        """The code of the label of each row, by its probabilities [n, 2]: int64 [n]."""
        name, band, size = self.thresholds.column, self.thresholds.band, self.thresholds.band.size
        if band.levels:
            known = dict.fromkeys(NOTHING, size) | {level: code for code, level in enumerate(band.levels)}
            keys, codes = list(known), list(known.values())
            given = graph.node(
                "LabelEncoder", name, domain=TREES, keys_strings=keys, values_int64s=codes, default_int64=size + 1
            )
            code = graph.node("Reshape", given, graph.constant(np.asarray([-1])))
        else:
            x = self.encoder.graph(graph, name) if self.takes == "string" else name
            code = graph.cells(graph.node("Reshape", x, graph.constant(np.asarray([-1]))), band.edges)
        limit = graph.node("Gather", graph.constant(np.append(self.thresholds.limits, np.nan)), code, axis=0)
        favoured = self.thresholds.favoured
        above = graph.node("Greater", graph.column(p, favoured), limit)
        chosen = graph.node("Where", above, graph.constant(np.int64(favoured)), graph.constant(np.int64(1 - favoured)))
        return graph.node("Where", graph.node("IsNaN", limit), graph.constant(np.int64(NO_GROUP)), chosen)

    def feed(self, data: Dataset) -> dict[str, NDArray[Any]]:
        """The input of some rows: [n, 1]."""
        column = data[self.thresholds.column]
        if self.takes == "string":
            return {column.name: as_they_come(column, self.thresholds.band.levels)}
        cells: Floats = column.cells
        if column.store == "moments":
            cells = np.where(column.missing, np.nan, column.cells.astype(np.int64) / 86_400e6)
        return {column.name: cells.reshape(-1, 1)}

    def labels(self, p: Floats, data: Dataset, labels: tuple[str, ...]) -> NDArray[np.object_]:
        """The label that the file should give each row [n], by its own probabilities [n, 2]."""
        found, unknown = self.thresholds.chosen(p, data[self.thresholds.column])
        return np.where(unknown, "", np.asarray(labels, dtype=object)[found])

    def having(self, data: Dataset) -> Dataset:
        """The rows, with a made-up column of groups where they have none: known ones, unknown ones and missing cells."""
        name, band = self.thresholds.column, self.thresholds.band
        if name in data:
            return data
        rng = stream(0, "export groups")
        if self.takes == "string":
            known = [*band.levels, "…", None] if band.levels else ["yes", "no", None]
            raw = Column.of_words(name, [known[place] for place in rng.integers(len(known), size=data.rows)])
        else:
            spread = np.append(band.edges, [band.edges.min(initial=0) - 1, band.edges.max(initial=0) + 1, np.nan])
            raw = Column.of_numbers(name, rng.choice(spread, data.rows))
        return Dataset((*data, modality_of(self.kind).open(raw).column), data.source)


def group_of(thresholds: GroupThresholds, plan: Plan, ensemble: Ensemble) -> GroupInput:
    """The column of the groups as an input of the file. Raises RequestError where its kind cannot be written down."""
    kind = plan.column(thresholds.column).kind
    beside = thresholds.column not in ensemble.parts
    if beside:
        empty = modality_of(kind).open(Column.of_words(thresholds.column, [])).column
        encoder = modality_of(kind).learn(empty, stream(0, "export groups"))
    else:
        encoder = ensemble.encoders[0].parts[ensemble.parts.index(thresholds.column)]
    if not isinstance(encoder, EncoderInGraph) or not isinstance(encoder.takes, str):
        what = f"{thresholds.column} ({kind.partition(':')[0]})"
        raise refusal(RequestError, "onnx_graph", "no_graph", what=what)
    return GroupInput(thresholds, kind, encoder.takes, encoder, beside)
