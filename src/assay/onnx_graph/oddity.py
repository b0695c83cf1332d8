"""How is what finds pictures odd written down? (neural/surface.py, oddity.py, autoencoder.py)

In single precision up to what each place says, in double from there on, as it is computed there. Pictures are bytes [n, side, side, 3], and what
comes out is a score [n, 1], in spreads of good pictures above their mean: the sum of what their places add, which needs no sharing out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..neural.autoencoder import Autoencoder
from ..neural.oddity import FARTHEST, LEAST_DISTANCE, SHARPNESS, Net, Oddity, Scale
from ..neural.surface import AROUND, EVEN, FLATTEST, QUIET_ENERGY, QUIET_PEAK, Surface, bank
from .graph import Graph
from .pictures import pieces_graph, standardised

WHOLE = (1, 2, 3)  # the axes of a picture


def oddity_graph(graph: Graph, oddity: Oddity, pixels: str) -> str:
    """`Oddity.score`: [n, 1]."""
    x = figures_graph(graph, oddity.surface, standard_graph(graph, oddity.surface, pixels))
    x = graph.node("Div", graph.node("Sub", x, graph.single(oddity.usual)), graph.single(oddity.spread))
    x = graph.node("Clip", x, graph.single(-FARTHEST), graph.single(FARTHEST))  # [n, width, places, places]
    values = {"distance": _distance(graph, oddity, x)}
    if oddity.net is not None:
        values["net"] = _net(graph, oddity.net, x)
    if oddity.line is not None:
        pulls = graph.node("Mul", x, graph.single(oddity.line))
        values["labelled"] = graph.node("ReduceSum", pulls, graph.constant(np.asarray([1])), keepdims=0)
    parts = []
    for name, value in values.items():
        own = _standard(graph, _pooled(graph, name, value), oddity.scales[name])
        parts.append(graph.node("Mul", own, graph.constant(oddity.shares[name])))
    return _standard(graph, graph.sum(parts), oddity.whole)


def autoencoder_graph(graph: Graph, model: Autoencoder, pixels: str) -> str:
    """The mean squared error of pictures as they are redrawn, in spreads of good ones above their mean: [n, 1]."""
    shape, at = model.shape, zip(model.weights, model.biases, strict=True)
    seen = standardised(graph, pixels, model.centre, model.scale)
    x = pieces_graph(graph, shape.down, at, seen)[-1]
    x = graph.node("Reshape", x, graph.constant(np.asarray([0, -1])))
    for weight, offset in zip(model.inner, model.offsets, strict=True):
        x = graph.node("MatMul", x, graph.single(np.ascontiguousarray(weight.T)))
        x = graph.node("Add", x, graph.single(offset))
    x = graph.node("Reshape", graph.node("Relu", x), graph.constant(np.asarray([0, -1, shape.places, shape.places])))
    twice = graph.single([1, 1, 2, 2])
    how: dict[str, Any] = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    for piece in shape.up:
        x = pieces_graph(graph, (piece,), at, graph.node("Resize", x, "", twice, **how))[-1]
    colours, base = model.last
    again = graph.node(
        "MatMul", graph.node("Transpose", x, perm=[0, 2, 3, 1]), graph.single(np.ascontiguousarray(colours.T))
    )
    again = graph.node("Add", again, graph.single(base))  # [n, side, side, 3]
    error = graph.number(graph.node("Sub", again, graph.node("Transpose", seen, perm=[0, 2, 3, 1])))
    return _standard(graph, _over(graph, "ReduceMean", graph.node("Mul", error, error), WHOLE), model.good)


def standard_graph(graph: Graph, surface: Surface, pixels: str) -> str:
    """`Surface.standard`: [n, 1 or 3, side, side]."""
    x = graph.node("Transpose", graph.node("Cast", pixels, to="float"), perm=[0, 3, 1, 2])
    light = _over(graph, "ReduceMean", x, (1,))
    light = graph.node("Sub", light, _over(graph, "ReduceMean", light, WHOLE))
    square = _over(graph, "ReduceSum", graph.node("Mul", light, light), WHOLE)
    spread = graph.node("Sqrt", graph.node("Div", square, graph.single(surface.side**2 - 1)))
    spread = graph.node("Max", spread, graph.single(FLATTEST))
    if not surface.coloured:
        return graph.node("Div", light, spread)
    red, green, blue = (graph.columns(x, [colour]) for colour in range(3))
    both = graph.node("Div", graph.node("Add", red, green), graph.single(2))
    parts = light, graph.node("Sub", red, green), graph.node("Sub", blue, both)
    return graph.node("Div", graph.node("Concat", *parts, axis=1), spread)


def figures_graph(graph: Graph, surface: Surface, x: str) -> str:
    """`Surface.figures` of standardised pictures [n, 1 or 3, side, side]: [n, width, places, places]."""
    side, reach, light = surface.side, surface.side // AROUND * 2 + 1, graph.columns(x, [0])
    own = graph.node("Sub", light, _means(graph, light, reach))
    around = _means(graph, graph.node("Mul", own, own), reach)
    own = graph.node("Div", own, graph.node("Sqrt", graph.node("Add", around, graph.single(EVEN**2))))
    layer = graph.node("Concat", x, own, axis=1)
    layer = graph.node("Reshape", layer, graph.constant(np.asarray([-1, 1, side, side])))  # [n · sources, 1, ...]
    weight, found = graph.single(bank()), []
    pads = graph.constant(np.asarray([0, 0, 3, 3, 0, 0, 3, 3]))
    sources = 4 if surface.coloured else 2
    for octave in range(surface.octaves):
        wide = surface.cell >> octave
        seen = graph.node("Pad", layer, pads, mode="reflect" if side >> octave > 3 else "edge")
        seen = graph.node("Conv", seen, weight, kernel_shape=[7, 7])  # [n · sources, 5, side, side]
        energy = _pool(graph, "AveragePool", graph.node("Mul", seen, seen), wide)
        told = [graph.node("Add", energy, graph.single(QUIET_ENERGY))]
        for way in (seen, graph.node("Neg", seen)):
            most = _pool(graph, "MaxPool", way, wide, 1 if wide > 1 else 0)
            told.append(graph.node("Add", graph.node("Relu", most), graph.single(QUIET_PEAK)))
        logs = graph.node("Log", graph.node("Concat", *told, axis=1))
        many = [-1, sources * len(told) * len(bank()), surface.places, surface.places]
        found.append(graph.node("Reshape", logs, graph.constant(np.asarray(many))))
        layer = _pool(graph, "AveragePool", layer, 2) if octave + 1 < surface.octaves else layer
    if surface.coloured:
        found.append(_pool(graph, "AveragePool", graph.columns(x, [1, 2]), surface.cell))
    return graph.node("Concat", *found, axis=1)


def _distance(graph: Graph, oddity: Oddity, x: str) -> str:
    """How far each place is from the usual, as `Oddity.distance`: [n, places, places]."""
    flat = graph.node("MatMul", graph.node("Transpose", x, perm=[0, 2, 3, 1]), graph.single(oddity.whiten))
    last = graph.constant(np.asarray([3]))
    away = graph.node("ReduceMean", graph.node("Mul", flat, flat), last, keepdims=0)
    away = graph.node("Log", graph.node("Max", away, graph.single(LEAST_DISTANCE)))
    mean, spread = (graph.single(own) for own in oddity.far)
    return graph.node("Div", graph.node("Sub", away, mean), spread)


def _net(graph: Graph, net: Net, x: str) -> str:
    """Log-odds that each place lies in a defect: [n, places, places]."""
    out = pieces_graph(graph, net.pieces, zip(net.weights, net.biases, strict=True), x)[-1]
    out = graph.node("MatMul", graph.node("Transpose", out, perm=[0, 2, 3, 1]), graph.single(net.last[:, None]))
    out = graph.node("Squeeze", out, graph.constant(np.asarray([3])))
    return graph.node("Add", out, graph.single(net.base))


def _pooled(graph: Graph, name: str, value: str) -> str:
    """`neural.oddity.pooled` of what an opinion says of all places [n, places, places]: float64 [n, 1]."""
    flat = graph.node("Reshape", graph.number(value), graph.constant(np.asarray([0, -1])))
    if name not in SHARPNESS:
        return _over(graph, "ReduceSum", flat, (1,))
    sharp = graph.constant(SHARPNESS[name])
    flat = graph.node("Mul", flat, sharp)
    top = _over(graph, "ReduceMax", flat, (1,))
    mean = _over(graph, "ReduceMean", graph.node("Exp", graph.node("Sub", flat, top)), (1,))
    return graph.node("Div", graph.node("Add", top, graph.node("Log", mean)), sharp)


def _standard(graph: Graph, value: str, scale: Scale) -> str:
    """In spreads of good pictures above their mean: float64 [n, 1]."""
    value = graph.node("Reshape", value, graph.constant(np.asarray([-1, 1])))
    return graph.node("Div", graph.node("Sub", value, graph.constant(scale.centre)), graph.constant(scale.spread))


def _means(graph: Graph, x: str, reach: int) -> str:
    """Means over squares of `reach` pixels around each pixel, as far as the picture goes."""
    for kernel in ([reach, 1], [1, reach]):
        pads = [side // 2 for side in kernel] * 2
        x = graph.node("AveragePool", x, kernel_shape=kernel, pads=pads, strides=[1, 1], count_include_pad=0)
    return x


def _pool(graph: Graph, operation: str, x: str, wide: int, beyond: int = 0) -> str:
    """Over squares of `wide` pixels, and so many beyond on each side."""
    kernel = [wide + 2 * beyond] * 2
    return graph.node(operation, x, kernel_shape=kernel, strides=[wide, wide], pads=[beyond] * 4)


def _over(graph: Graph, operation: str, x: str, axes: tuple[int, ...]) -> str:
    """Over some axes, which stay with a length of one."""
    return graph.node(operation, x, graph.constant(np.asarray(axes)), keepdims=1)
