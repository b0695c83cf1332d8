"""How is what is seen of a picture written down? (neural/chain.py, pictures/patches.py)

In single precision, as it is computed there; sums are taken in another order, so answers are near and not the same. The weights rest as
halves in the file and become single numbers when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..neural.chain import Chain, Piece
from ..pictures.patches import ABOVE, FLAT, Patches
from .graph import Graph

# Weight [outward, inward, rows, columns] and bias [outward] of a convolution.
Numbers = tuple[NDArray[Any], NDArray[Any]]


def standardised(graph: Graph, pixels: str, centre: NDArray[Any], scale: NDArray[Any]) -> str:
    """Pictures of bytes [n, h, w, c] as a chain takes them: [n, c, h, w]."""
    x = graph.node("Sub", graph.node("Cast", pixels, to="float"), graph.single(centre))
    return graph.node("Transpose", graph.node("Div", x, graph.single(scale)), perm=[0, 3, 1, 2])


def pieces_graph(graph: Graph, pieces: Iterable[Piece], numbers: Iterator[Numbers], x: str) -> list[str]:
    """What comes out of each piece [n, channels, rows, columns], as x [n, channels, rows, columns] goes through all."""
    found = []
    for piece in pieces:
        x = _piece(graph, piece, numbers, x)
        found.append(x)
    return found


def chain_graph(graph: Graph, chain: Chain, pixels: str) -> str:
    """The map of each of the pictures [n, side, side, 3]: [n, channels, places, places]."""
    x = standardised(graph, pixels, chain.centre, chain.scale)
    return pieces_graph(graph, chain.pieces, zip(chain.weights, chain.biases, strict=True), x)[-1]


def map_pulls(graph: Graph, maps: str, weights: NDArray[np.float32], placed: bool) -> str:
    """What the maps [n, channels, places, places] add to the score, in float64: [n, w].

    weights : [(places ·) channels, w], for each place by itself where `placed`, or for the mean of all
    """
    if placed:
        flat = graph.node("Transpose", maps, perm=[0, 2, 3, 1])
        seen = graph.number(graph.node("Reshape", flat, graph.constant(np.asarray([0, len(weights)]))))
    else:
        seen = graph.node("ReduceMean", graph.number(maps), graph.constant(np.asarray([2, 3])), keepdims=0)
    return graph.node("MatMul", seen, graph.number(graph.single(weights)))


def patches_graph(graph: Graph, patches: Patches, pixels: str) -> str:
    """The features of pictures [n, side, side, 3]: float32 [n, d]."""
    p, k, last = patches.patch, len(patches.offsets), graph.constant(np.asarray([-1]))
    flat = graph.node("Reshape", pixels, graph.constant(np.asarray([0, -1])))
    rows = graph.node("Gather", flat, graph.constant(_where(patches)), axis=1)  # [n, places², 3 · patch²]
    rows = graph.node("Div", graph.node("Cast", rows, to="float"), graph.single(255))
    rows = graph.node("Sub", rows, graph.node("ReduceMean", rows, last, keepdims=1))
    spread = graph.node("ReduceSum", graph.node("Mul", rows, rows), last, keepdims=1)
    spread = graph.node("Div", spread, graph.single(3 * p * p))
    spread = graph.node("Sqrt", graph.node("Add", spread, graph.single(FLAT**2)))
    alike = graph.node("MatMul", graph.node("Div", rows, spread), graph.single(patches.filters))
    alike = graph.node("Sub", alike, graph.single(patches.offsets))  # [n, places², k]
    above = graph.node("Sub", alike, graph.single(ABOVE))
    below = graph.node("Sub", graph.single(-ABOVE), alike)
    both = graph.node("Relu", graph.node("Concat", above, below, axis=2))
    cells = graph.node("Sqrt", graph.node("MatMul", graph.single(patches.pool), both))  # [n, cells², 2k]
    return graph.node("Reshape", cells, graph.constant(np.asarray([0, patches.cells**2 * 2 * k])))


def where_there(graph: Graph, part: str, pull: str) -> str:
    """The pull of a picture column [n, w]; nothing where there is no picture."""
    return graph.node("Where", graph.there(part), pull, graph.constant(0.0))


def _piece(graph: Graph, piece: Piece, numbers: Iterator[Numbers], x: str) -> str:
    if piece.kind == "pool":
        return graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    inner = graph.node("Relu", convolved(graph, next(numbers), piece.stride, x))
    if piece.kind == "conv":
        return inner
    inner = convolved(graph, next(numbers), 1, inner)
    if piece.bent:
        if piece.stride > 1:  # of a last row or column that stands alone, the mean is that of what is there
            x = graph.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
        x = convolved(graph, next(numbers), 1, x)
    return graph.node("Relu", graph.node("Add", inner, x))


def convolved(graph: Graph, numbers: Numbers, stride: int, x: str) -> str:
    """A convolution of x [n, inward, rows, columns] that pads as many zeros as keep the side at a stride of one."""
    weight, bias = numbers
    kernel: Sequence[int] = weight.shape[2:]
    pads = [side // 2 for side in kernel] * 2
    both = graph.single(weight), graph.single(bias)
    return graph.node("Conv", x, *both, kernel_shape=list(kernel), pads=pads, strides=[stride, stride])


def _where(patches: Patches) -> NDArray[np.int64]:
    """Where in a flat picture each number of each patch stands, as `pictures/patches.py` cuts them: [places², 3 · patch²]."""
    all_of_it = np.arange(patches.side**2 * 3).reshape(patches.side, patches.side, 3)
    windows: Any = np.lib.stride_tricks.sliding_window_view(all_of_it, (patches.patch, patches.patch), axis=(0, 1))
    windows = windows[:: patches.stride, :: patches.stride]
    return np.asarray(windows.reshape(windows.shape[0] * windows.shape[1], -1))
