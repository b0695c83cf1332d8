"""How are the rows that look most alike written down, and their mean? (learners/neighbours.py)

Squared distances are |a|² - 2ab + |b|² here, one product of matrices for all: columns are at most three ranges long, so what double precision loses is
far below the squared distance within which rows are the same. The file holds the known rows, as the model does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Floats, Ints
from ..neural.inputs import Inputs
from .graph import Graph
from .network import columns_graph


def squared_distances_graph(
    graph: Graph, inputs: Inputs, columns: NDArray[Any], places: Ints, scales: Floats, x: str
) -> str:
    """From features x [n, d] to known rows [m], given as columns [m, c] and places in tables [m, t]: [n, m].

    scales : what distances of each column and table are multiplied by [c + t]
    """
    first, last = (graph.constant(np.asarray([axis])) for axis in (0, 1))
    parts, c = [], inputs.width
    if c:
        counts = graph.constant(scales[:c])
        known = graph.node("Mul", graph.number(graph.kept(columns)), counts)  # rest as halves in the file
        known = graph.node("Transpose", known, perm=[1, 0])  # [c, m]
        own = graph.node("Mul", graph.node("Concat", *columns_graph(graph, inputs, x), axis=1), counts)  # [n, c]
        squares = graph.node("ReduceSum", graph.node("Mul", own, own), last, keepdims=1)
        known_squares = graph.node("ReduceSum", graph.node("Mul", known, known), first, keepdims=1)
        both = graph.node("MatMul", graph.node("Mul", own, graph.constant(-2.0)), known)  # [n, m]
        apart = graph.node("Add", graph.node("Add", both, squares), known_squares)
        parts.append(graph.node("Max", apart, graph.constant(0.0)))
    start = 0
    for table, (feature, size) in enumerate(zip(inputs.tables.tolist(), inputs.sizes.tolist(), strict=True)):
        code = graph.codes(graph.column(x, feature), size - 2, size - 1)
        place = np.where(inputs.seen[start : start + size], np.arange(start, start + size), -1)
        own = graph.node("Unsqueeze", graph.node("Gather", graph.constant(place), code, axis=0), last)
        other = graph.node("Not", graph.node("Equal", own, graph.constant(places[:, table])))
        parts.append(graph.node("Mul", graph.number(other), graph.constant(scales[c + table] ** 2)))
        start += size
    return graph.sum(parts or [graph.repeated(np.zeros(len(columns)), x)])


def mean_graph(
    graph: Graph, distances: str, k: int, wider: float, closest: float, mass: Floats, targets: Floats, imagined: Floats
) -> str:
    """Mean of targets [m, w] by Epanechnikov's kernel: [n, w]; `imagined` [i, w] are targets of rows that weigh 1 wherever one asks."""
    last = graph.constant(np.asarray([1]))
    nearest, _ = graph.pair("TopK", distances, graph.constant(np.asarray([k])), axis=1, largest=0, sorted=0)
    farthest = graph.node("ReduceMax", nearest, last, keepdims=1)
    reach = graph.node("Add", graph.node("Mul", farthest, graph.constant(wider)), graph.constant(closest))
    near = graph.node("Sub", graph.constant(1.0), graph.node("Div", distances, reach))
    weights = graph.node("Mul", graph.node("Max", near, graph.constant(0.0)), graph.constant(mass))
    total = graph.node("MatMul", weights, graph.constant(targets))
    weight = graph.node("ReduceSum", weights, last, keepdims=1)
    total = graph.node("Add", total, graph.constant(imagined.sum(axis=0)))
    return graph.node("Div", total, graph.node("Add", weight, graph.constant(float(len(imagined)))))
