"""How are small networks that answer together written down? (neural/inputs.py, neural/network.py)"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Floats
from ..neural.inputs import GAP, LARGEST, REACH, Inputs
from ..neural.network import SELU_ALPHA, SELU_SCALE, Network
from .graph import Graph

MOST_CODE, MISSING_CODE = 2**31, -1  # codes come from encoders, which give a missing name a code of its own


def network_graph(graph: Graph, inputs: Inputs, network: Network, x: str) -> str:
    """The name of the raw scores [n, w] of features x [n, d]."""
    columns = columns_graph(graph, inputs, x)
    columns += _looked_up(graph, inputs, network, x)
    whole = graph.node("Concat", *columns, axis=1)
    if len(network.waves[0]):
        whole = graph.node("Concat", *_waves(graph, network, whole), whole, axis=1)
    first = np.asarray(network.first, dtype=np.float64)
    _, k, h = first.shape
    last = np.asarray(network.last, dtype=np.float64)
    found = [graph.constant(np.asarray(network.base)[None, :])]
    for member in range(k):
        z = graph.node("MatMul", whole, graph.constant(first[:, member]))
        for layer, bias in enumerate(network.biases):
            if layer:
                z = graph.node(
                    "MatMul", z, graph.constant(np.asarray(network.hidden[layer - 1][member], dtype=np.float64))
                )
            z = graph.node("Add", z, graph.constant(np.asarray(bias[member], dtype=np.float64)))
            z = _active(graph, network.activation, z)
        found.append(graph.node("MatMul", z, graph.constant(last[member])))
    return graph.node("Sum", *found)


def columns_graph(graph: Graph, inputs: Inputs, x: str) -> list[str]:
    """Scaled numbers, switches for gaps, switches for levels, in the order of the inputs."""
    parts, k = [], inputs.numbers
    if k:
        raw = graph.columns(x, inputs.owners[:k])
        # The centre becomes 0, as missing does.
        drawn = graph.within(graph.filled(raw, inputs.centre), -LARGEST, LARGEST)
        halves = graph.node("Mul", drawn, graph.constant(0.5))
        apart = graph.node("Sub", halves, graph.constant(inputs.centre / 2))
        scaled = graph.node("Mul", graph.node("Mul", apart, graph.constant(inputs.scale)), graph.constant(2.0))
        z = graph.within(scaled, -1e9, 1e9)
        share = graph.node("Div", z, graph.constant(REACH))
        root = graph.node("Sqrt", graph.node("Add", graph.node("Mul", share, share), graph.constant(1.0)))
        parts.append(graph.node("Div", z, root))
    one = graph.constant(np.asarray([1]))
    for column in range(k, inputs.width):
        owner, mean = int(inputs.owners[column]), int(inputs.means[column])
        if mean == GAP:
            parts.append(graph.number(graph.node("IsNaN", graph.columns(x, [owner]))))
            continue
        code = graph.codes(graph.column(x, owner), MOST_CODE, MISSING_CODE)
        same = graph.node("Equal", code, graph.constant(np.int64(mean)))
        parts.append(graph.node("Unsqueeze", graph.number(same), one))
    return parts


def _looked_up(graph: Graph, inputs: Inputs, network: Network, x: str) -> list[str]:
    """Rows of the tables; zeros for what training did not show."""
    parts, start = [], 0
    table: Floats = np.where(inputs.seen[:, None], np.asarray(network.table, dtype=np.float64), 0.0)
    for feature, size in zip(inputs.tables.tolist(), inputs.sizes.tolist(), strict=True):
        code = graph.codes(graph.column(x, feature), size - 2, size - 1)
        parts.append(graph.rows(table[start : start + size], code))
        start += size
    return parts


def _waves(graph: Graph, network: Network, x: str) -> list[str]:
    """Mixtures of waves of each number: [n, e] each."""
    parts = []
    frequency, phase, mixing, shift = (np.asarray(w, dtype=np.float64) for w in network.waves)
    for p in range(len(frequency)):
        turn = graph.node("Mul", graph.columns(x, [p]), graph.constant(2 * np.pi * frequency[p]))
        turn = graph.node("Add", turn, graph.constant(2 * np.pi * phase[p]))
        mixed = graph.node("MatMul", _cosine(graph, turn), graph.constant(mixing[p]))
        parts.append(graph.node("Add", mixed, graph.constant(shift[p])))
    return parts


def _cosine(graph: Graph, z: str) -> str:
    """The sine a quarter turn on: ONNX Runtime (1.27 still) has no cosine in float64."""
    return graph.node("Sin", graph.node("Add", z, graph.constant(np.pi / 2)))


def _active(graph: Graph, activation: str, z: str) -> str:
    zero = graph.constant(0.0)
    if activation == "silu":  # ONNX Runtime (1.30 still) merges z * Sigmoid(z) into a step that it lacks in float64
        return graph.node("Div", z, graph.node("Add", graph.node("Exp", graph.node("Neg", z)), graph.constant(1.0)))
    if activation == "cos":
        return _cosine(graph, z)
    if activation == "relu":
        return graph.node("Max", z, zero)
    below = graph.node("Sub", graph.node("Exp", graph.node("Min", z, zero)), graph.constant(1.0))
    below = graph.node("Mul", below, graph.constant(SELU_ALPHA))
    chosen = graph.node("Where", graph.node("Greater", z, zero), z, below)
    return graph.node("Mul", chosen, graph.constant(SELU_SCALE))
