"""Are inputs side by side, outputs in maps, and files that take no table dealt with?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.foreign.onnx import Onnx
from assay.kernel.errors import DataError, RequestError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
WEIGHTS = np.asarray([[1.0, -1.0], [0.5, -0.5]], dtype=np.float32)  # [d, k]


def linear(path: Path, wide: int | str = 2, soft: bool = True, labels: tuple[str, ...] = ("no", "yes")) -> Path:
    """softmax(x W), or x W, of one input [n, d] of single precision."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("MatMul", ["x", "w"], ["z" if soft else "p"])]
    nodes += [helper.make_node("Softmax", ["z"], ["p"], axis=1)] if soft else []
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", wide])
    made = helper.make_tensor_value_info("p", TensorProto.FLOAT, ["n", 2])
    weights = np.resize(WEIGHTS, (wide if isinstance(wide, int) else 2, 2))
    graph = helper.make_graph(nodes, "linear", [given], [made], [numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"labels": json.dumps(labels)})
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(200, 2)).round(3)
    y = np.where(rng.random(200) < 1 / (1 + np.exp(2 * x[:, 0] + x[:, 1])), "yes", "no")
    lines = [f"{a},{b},{c}" for (a, b), c in zip(x.tolist(), y, strict=True)]
    path = tmp_path / "new.csv"
    path.write_text("a,b,y\n" + "\n".join(lines) + "\n")
    return path


def audited(path: Path, data: Path, **more: Any) -> dict[str, float]:
    found = assay.audit(path, data, target="y", minutes=0.3, **more)
    assert [f.check for f in found.findings if f.verdict == "error"] == []
    return {m.name: m.value for m in found.findings[0].measures}


@pytest.mark.parametrize("wide", [2, "d"])
def test_columns_side_by_side_are_given_in_their_order(wide: int | str, data: Path, tmp_path: Path) -> None:
    import csv

    rows = list(csv.DictReader(data.open()))
    z = np.asarray([2 * float(r["a"]) + float(r["b"]) for r in rows])
    p = np.where([r["y"] == "no" for r in rows], 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z)))
    found = audited(linear(tmp_path / "m.onnx", wide), data)
    assert found["log_loss"] == pytest.approx(float(-np.log(p).mean()), abs=1e-5)


def test_columns_that_it_does_not_take_are_refused_with_what_to_do(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="takes 3 columns side by side, and the table has 2: a, b") as error:
        audited(linear(tmp_path / "m.onnx", 3), data)
    assert "--drop" in error.value.do


def test_raw_scores_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no probabilities"):
        audited(linear(tmp_path / "m.onnx", soft=False), data)


def test_labels_of_the_file_are_held_against_the_table(data: Path, tmp_path: Path) -> None:
    path = linear(tmp_path / "m.onnx", labels=("0", "1"))
    with pytest.raises(DataError, match="classes are 0, 1"):
        audited(path, data)
    assert audited(path, data, labels=("no", "yes"))["auc"] > 0.7


def test_three_classes_and_maps_of_names_are_read() -> None:
    out = [np.asarray(["b", "a"]), [{"b": 0.75, "a": 0.25}, {"b": 0.5, "a": 0.5}]]
    reply = Onnx(None, Any, ())._reply(out)  # type: ignore[arg-type]
    assert reply.labels == ("b", "a")
    assert reply.answers.tolist() == [[0.75, 0.25], [0.5, 0.5]]


def test_a_file_that_takes_no_table_is_refused(data: Path, tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8]) for name in ("x", "p")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["p"])], "picture", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    (tmp_path / "p.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(RequestError, match="takes what no table gives"):
        audited(tmp_path / "p.onnx", data)
