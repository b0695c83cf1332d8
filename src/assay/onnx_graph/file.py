"""How does a Graph become an ONNX file, and does the file answer as it should?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.need import need
from .graph import Graph

OPSET, TREES_OPSET, IR = 18, 5, 10


def to_bytes(
    graph: Graph, inputs: Mapping[str, str], outputs: Mapping[str, tuple[str, int | None]], about: Mapping[str, str]
) -> bytes:
    """The file: inputs by name ("double" or "string", each [n, 1]), outputs by name with kind and width (None: [n]).

    Raises MissingPackage where onnx is not installed.
    """
    onnx = need("onnx", extra="onnx")
    helper, numpy_helper = need("onnx.helper", extra="onnx"), need("onnx.numpy_helper", extra="onnx")
    kinds = {"double": onnx.TensorProto.DOUBLE, "string": onnx.TensorProto.STRING, "int64": onnx.TensorProto.INT64}
    nodes = []
    for node in graph.nodes:
        attributes: dict[str, Any] = {}
        for name, value in node.attributes.items():
            if isinstance(value, np.ndarray):
                value = numpy_helper.from_array(value)
            attributes[name] = kinds[value] if name == "to" else value
        nodes.append(helper.make_node(node.operation, node.inputs, [node.output], domain=node.domain, **attributes))
    made = helper.make_graph(
        nodes,
        "assay",
        [helper.make_tensor_value_info(name, kinds[kind], ["n", 1]) for name, kind in inputs.items()],
        [
            helper.make_tensor_value_info(name, kinds[kind], ["n"] if width is None else ["n", width])
            for name, (kind, width) in outputs.items()
        ],
        [numpy_helper.from_array(array, name) for name, array in graph.constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=IR, producer_name="assay")
    helper.set_model_props(model, dict(about))
    content: bytes = model.SerializeToString()
    return content


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
        """All outputs by name, for rows given by input name, each [n, 1]."""
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, map(np.asarray, self._session.run(names, dict(feeds))), strict=True))
