"""How are columns made of others written down? (crafting/made.py)"""

from __future__ import annotations

import numpy as np

from ..crafting.keys import Key
from ..crafting.made import Made
from .graph import Graph

OPERATIONS = ("Sub", "Add", "Mul", "Div")  # in the order of crafting/made.py


def made_graph(graph: Graph, made: Made, x: str) -> str:
    """The name of x [n, columns] with the new columns beside it: [n, columns + width]."""
    parts = [x]
    for operation, left, right in zip(made.operation.tolist(), made.left.tolist(), made.right.tolist(), strict=True):
        a, b = graph.columns(x, [left]), graph.columns(x, [right])
        value = graph.node(OPERATIONS[operation], a, b)
        endless = graph.node("Greater", graph.node("Abs", value), graph.constant(np.finfo(np.float64).max))
        parts.append(graph.node("Where", endless, graph.constant(np.nan), value))
    drawers = [_drawer(graph, key, x) for key in made.keys]
    one = graph.constant(np.asarray([1]))
    for t, table in enumerate(made.tables):
        place, second = drawers[made.first[t]], int(made.second[t])
        if second >= 0:
            size = graph.constant(np.int64(made.keys[second].size))
            place = graph.node("Add", graph.node("Mul", place, size), drawers[second])
        found = graph.node("Unsqueeze", graph.rows(table, place), one)
        if made.minus[t] >= 0:
            found = graph.node("Sub", graph.columns(x, [int(made.minus[t])]), found)
        parts.append(found)
    return graph.node("Concat", *parts, axis=1)


def _drawer(graph: Graph, key: Key, x: str) -> str:
    """The drawer of each row: int64 [n]."""
    column = graph.column(x, key.column)
    if key.coded:
        return graph.codes(column, key.size - 2, key.size - 1)
    return graph.cells(column, key.edges)
