"""How are Fisher vectors of pictures written down? (pictures/descriptors.py, pictures/fisher.py)

In single precision, as they are computed there; sums are taken in another order, so answers are near and not the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..pictures import descriptors
from ..pictures.descriptors import AROUND, CLIP, DIM, FAINT, FLAT, LIGHT, OPPONENT, Look, looks, middles, turns
from ..pictures.fisher import BENT, SHORTEST, Book, Fisher
from .graph import Graph


def fisher_graph(graph: Graph, fisher: Fisher, pixels: str) -> str:
    """The Fisher vectors of pictures [n, side, side, 3]: float32 [n, d]."""
    planes = graph.node("Transpose", graph.node("Cast", pixels, to="float"), perm=[0, 3, 1, 2])
    found: dict[str, list[str]] = {kind: [] for kind in descriptors.KINDS}
    for look in looks(fisher.side):
        own = planes if look.size == look.side else _both_ways(graph, look.smaller, planes)
        found["edges"].append(_edges(graph, look, own))
        found["colours"].append(_colours(graph, look, own))
    where = middles(fisher.side)
    every = {kind: graph.node("Concat", *own, axis=1) for kind, own in found.items()}  # [n, p, w]
    vectors = [_vector(graph, book, every[book.kind], where) for book in fisher.books]
    return graph.node("Concat", *vectors, axis=1)


def _edges(graph: Graph, look: Look, planes: str) -> str:
    light = _mixed(graph, LIGHT[None], planes)  # [n, 1, size, size]
    step = np.zeros((look.size, look.size), dtype=np.float32)
    inner = np.arange(1, look.size - 1)
    step[inner, inner + 1], step[inner, inner - 1] = 1.0, -1.0
    down = graph.node("MatMul", graph.single(step), light)
    right = graph.node("MatMul", light, graph.single(step.T))
    maps = graph.node("Relu", _mixed(graph, turns(), graph.node("Concat", down, right, axis=1)))
    found = _windows(graph, look, _both_ways(graph, look.pool, maps), len(turns()))
    found = graph.node("Div", found, graph.node("Add", _length(graph, found), graph.single(FAINT)))
    found = graph.node("Min", found, graph.single(CLIP))
    found = graph.node("Div", found, graph.node("Add", _length(graph, found), graph.single(FLAT)))
    return graph.node("Sqrt", graph.node("Add", found, graph.single(DIM)))


def _colours(graph: Graph, look: Look, planes: str) -> str:
    planes = graph.node("Div", _mixed(graph, OPPONENT, planes), graph.single(255))
    mean = _both_ways(graph, look.pool, planes)
    square = _both_ways(graph, look.pool, graph.node("Mul", planes, planes))
    spread = graph.node("Relu", graph.node("Sub", square, graph.node("Mul", mean, mean)))
    spread = graph.node("Sqrt", graph.node("Add", spread, graph.single(DIM)))
    return _windows(graph, look, graph.node("Concat", mean, spread, axis=1), 2 * len(OPPONENT))


def _vector(graph: Graph, book: Book, found: str, where: NDArray[np.float32]) -> str:
    """[n, d] of descriptors [n, p, w] at places [p, 2]."""
    m, many = book.mixture, len(where)
    turned = graph.node("MatMul", graph.node("Sub", found, graph.single(book.centre)), graph.single(book.turn))
    shift = np.zeros((many, m.mean.shape[1]), dtype=np.float32)
    shift[:, -2:] = where
    wide = np.eye(m.mean.shape[1] - 2, m.mean.shape[1], dtype=np.float32)
    points = graph.number(graph.node("Add", graph.node("MatMul", turned, graph.single(wide)), graph.single(shift)))
    squares = graph.node("Mul", points, points)  # [n, p, a + 2]
    by_point, by_square, level = (graph.constant(a) for a in m.logits())
    logits = graph.node("Sub", graph.node("MatMul", points, by_point), graph.node("MatMul", squares, by_square))
    each = graph.node("Softmax", graph.node("Add", logits, level), axis=2)  # [n, p, k]
    by_kind = graph.node("Transpose", each, perm=[0, 2, 1])
    count = graph.node("ReduceSum", by_kind, graph.constant(np.asarray([2])), keepdims=1)  # [n, k, 1]
    first, second = (graph.node("MatMul", by_kind, x) for x in (points, squares))  # [n, k, a + 2]
    mean, spread = m.mean.astype(np.float64), m.spread.astype(np.float64)
    by_mean = graph.node("Sub", first, graph.node("Mul", count, graph.constant(mean)))
    rest = graph.node("Mul", count, graph.constant(np.square(mean) - np.square(spread)))
    by_spread = graph.node("Add", graph.node("Sub", second, graph.node("Mul", first, graph.constant(2 * mean))), rest)
    flat, parts = graph.constant(np.asarray([0, -1])), []
    for by, unit in zip((by_mean, by_spread), book.units, strict=True):
        parts.append(graph.node("Reshape", graph.node("Mul", by, graph.constant(unit / many)), flat))
    raw = graph.node("Concat", *parts, axis=1)
    roots = graph.node("Sqrt", graph.node("Add", graph.node("Abs", raw), graph.constant(BENT)))
    roots = graph.node("Sub", roots, graph.constant(np.sqrt(BENT)))
    length = graph.node("Add", _length(graph, roots), graph.constant(SHORTEST))
    return graph.node("Cast", graph.node("Div", graph.node("Mul", graph.node("Sign", raw), roots), length), to="float")


def _mixed(graph: Graph, weights: NDArray[np.float32], planes: str) -> str:
    """Sums of the channels of planes [n, c, s, s], by weights [d, c]: [n, d, s, s]."""
    return graph.node("Conv", planes, graph.single(weights[:, :, None, None]), kernel_shape=[1, 1])


def _both_ways(graph: Graph, lines: NDArray[np.float32], planes: str) -> str:
    """Rows and columns of planes [n, c, s, s] summed by lines [t, s]: [n, c, t, t]."""
    return graph.node(
        "MatMul", graph.node("MatMul", graph.single(lines), planes), graph.single(np.ascontiguousarray(lines.T))
    )


def _windows(graph: Graph, look: Look, maps: str, channels: int) -> str:
    """What lies around each place of maps [n, c, cells, cells]: [n, places², AROUND² · c]."""
    every = np.arange(look.cells**2).reshape(look.cells, look.cells)
    around = np.lib.stride_tricks.sliding_window_view(every, (AROUND, AROUND)).reshape(look.places**2, AROUND**2)
    flat = graph.node("Reshape", maps, graph.constant(np.asarray([0, 0, -1])))
    found = graph.node("Gather", flat, graph.constant(around.copy()), axis=2)  # [n, c, places², AROUND²]
    found = graph.node("Transpose", found, perm=[0, 2, 3, 1])
    return graph.node("Reshape", found, graph.constant(np.asarray([0, look.places**2, AROUND**2 * channels])))


def _length(graph: Graph, x: str) -> str:
    """Of the last axis, which stays as one."""
    return graph.node(
        "Sqrt", graph.node("ReduceSum", graph.node("Mul", x, x), graph.constant(np.asarray([-1])), keepdims=1)
    )
