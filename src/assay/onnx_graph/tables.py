"""How are a straight line and a sum of shape functions written down? (stats/design.py, trees/shapes.py)"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Floats
from ..stats.design import Design
from ..trees.shapes import Axis, Shapes
from ..trees.walk import ZERO
from .graph import Graph


def line_graph(graph: Graph, design: Design, weights: Floats, x: str) -> str:
    """The name of intercept and weighted columns [n, w] of features x [n, d]."""
    parts = [graph.repeated(weights[0], x)]
    pull = weights[1:] / design.scale[:, None]  # [c, w]
    numbers, gaps = np.flatnonzero(design.levels == -1), np.flatnonzero(design.levels == -2)
    if len(numbers):
        centre = design.centre[numbers]
        raw = graph.filled(graph.columns(x, design.owners[numbers]), centre)
        inside = graph.within(raw, design.bounds[numbers, 0], design.bounds[numbers, 1])
        scaled = graph.node("Sub", inside, graph.constant(centre))
        parts.append(graph.node("MatMul", scaled, graph.constant(pull[numbers])))
    if len(gaps):
        missing = graph.number(graph.node("IsNaN", graph.columns(x, design.owners[gaps])))
        scaled = graph.node("Sub", missing, graph.constant(design.centre[gaps]))
        parts.append(graph.node("MatMul", scaled, graph.constant(pull[gaps])))
    coded = np.flatnonzero(design.levels >= 0)
    for owner in np.unique(design.owners[coded]):
        columns = coded[design.owners[coded] == owner]
        most = int(design.levels[columns].max()) + 1  # any other code pulls as none of them
        table = np.tile(-(design.centre[columns, None] * pull[columns]).sum(axis=0), (most + 1, 1))
        table[design.levels[columns]] += pull[columns]
        parts.append(graph.rows(table, graph.codes(graph.column(x, int(owner)), most, most)))
    return graph.sum(parts)


def shapes_graph(graph: Graph, shapes: Shapes, x: str) -> str:
    """The name of base and pulls of all terms [n, w] of features x [n, d]."""
    known: dict[tuple[int, int, bytes], str] = {}

    def cells(axis: Axis) -> str:
        edges = b"" if axis.edges is None else axis.edges.tobytes()
        key = (axis.feature, axis.size if axis.edges is None else -1, edges)
        if key not in known:
            known[key] = _cells(graph, axis, x)
        return known[key]

    parts = [graph.repeated(shapes.base, x)]
    for term in shapes.terms:
        place = cells(term.axes[0])
        for axis in term.axes[1:]:
            place = graph.node("Add", graph.node("Mul", place, graph.constant(np.int64(axis.size))), cells(axis))
        parts.append(graph.rows(term.values.reshape(-1, term.values.shape[-1]), place))
    return graph.sum(parts)


def _cells(graph: Graph, axis: Axis, x: str) -> str:
    """The cell of each row along an axis: int64 [n]."""
    column = graph.column(x, axis.feature)
    if axis.edges is None:
        return graph.codes(column, axis.codes, axis.codes)
    near = graph.node("LessOrEqual", graph.node("Abs", column), graph.constant(ZERO))
    return graph.cells(graph.node("Where", near, graph.constant(0.0), column), axis.edges)
