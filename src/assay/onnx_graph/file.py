"""How does a Graph become an ONNX file, and does the file answer as it should?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.need import need
from .graph import Body, Graph, Node

OPSET, TREES_OPSET, IR = 18, 5, 10
# ONNX Runtime up to 1.23.2 answers otherwise than it should for trees in float64, and reads no version beyond 11: it refuses such a file.
IR_OF_TREES = 12
KINDS = ("double", "float", "string", "int64", "int32", "uint64", "uint8", "bool")
Shape = tuple[str, tuple[int | str, ...]]  # a kind, and what each dimension is: so many, or a name for any number


def to_bytes(
    graph: Graph,
    inputs: Mapping[str, str | Shape],
    outputs: Mapping[str, tuple[str, int | None] | Shape],
    about: Mapping[str, str],
) -> bytes:
    """The file.

    inputs  : by name, kind and dimensions; a kind alone ("double" or "string") stands for [n, 1]
    outputs : by name, kind and dimensions; a width stands for [n, width], None for [n]

    Raises MissingPackage where onnx is not installed.
    """
    helper, numpy_helper = need("onnx.helper", extra="onnx"), need("onnx.numpy_helper", extra="onnx")
    kept = [numpy_helper.from_array(array, name) for name, array in graph.constants.items()]
    made = _made(helper, numpy_helper, "assay", graph.nodes, inputs, outputs, kept)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    version = IR_OF_TREES if any(node.operation == "TreeEnsemble" for node in graph.nodes) else IR
    model = helper.make_model(made, opset_imports=opsets, ir_version=version, producer_name="assay")
    helper.set_model_props(model, dict(about))
    content: bytes = model.SerializeToString()
    return content


def _made(
    helper: Any,
    numpy_helper: Any,
    name: str,
    nodes: Sequence[Node],
    inputs: Mapping[str, str | Shape],
    outputs: Mapping[str, tuple[str, int | None] | Shape],
    kept: Sequence[Any] = (),
) -> Any:
    """The graph of a file, or of the body of a loop, in the words of onnx."""
    kinds = {kind: getattr(need("onnx", extra="onnx").TensorProto, kind.upper()) for kind in KINDS}

    def put(key: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return numpy_helper.from_array(value)
        if isinstance(value, Body):
            return _made(helper, numpy_helper, f"{name}_{key}", value.nodes, value.inputs, value.outputs)
        return kinds[value] if key == "to" else value

    found = []
    for node in nodes:
        attributes = {key: put(key, value) for key, value in node.attributes.items()}
        outward = [node.output, *node.more]
        found.append(helper.make_node(node.operation, node.inputs, outward, domain=node.domain, **attributes))
    ends = [
        [helper.make_tensor_value_info(end, *_typed(kinds, given)) for end, given in some.items()]
        for some in (inputs, outputs)
    ]
    return helper.make_graph(found, name, *ends, list(kept))


def _typed(kinds: Mapping[str, int], given: str | tuple[str, int | None] | Shape) -> tuple[int, list[int | str]]:
    if isinstance(given, str):
        return kinds[given], ["n", 1]
    kind, wide = given
    if isinstance(wide, tuple):
        return kinds[kind], list(wide)
    return kinds[kind], ["n"] if wide is None else ["n", wide]


class Session:
    """The file opened by onnxruntime."""

    def __init__(self, content: bytes) -> None:
        """Raises MissingPackage where onnxruntime is not installed."""
        runtime = need("onnxruntime", extra="onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def __call__(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """All outputs by name, for rows given by input name."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, map(np.asarray, self._session.run(names, dict(feeds))), strict=True))
