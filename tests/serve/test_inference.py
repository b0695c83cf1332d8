"""Do clients of the Open Inference Protocol and of MLflow get the answers of the model, and do lies about lengths get none?"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from .worlds import ROW, Got, client, loans, table

NUMBERS = ("income", "age")


def inputs(rows: int = 2) -> list[dict[str, Any]]:
    """The row as plain tensors."""
    return [
        {"name": k, "datatype": "FP64" if k in NUMBERS else "BYTES", "shape": [rows], "data": [v] * rows}
        for k, v in ROW.items()
    ]


def packed(change: str = "") -> Got:
    """The answer to binary tensors; `change` names one lie."""
    said, raw = [], b""
    for one in inputs(1):
        data = (
            struct.pack("<d", one["data"][0])
            if one["datatype"] == "FP64"
            else struct.pack("<I", len(one["data"][0])) + one["data"][0].encode()
        )
        if change == "prefix" and one["name"] == "purpose":
            data = struct.pack("<I", 4_000_000_000) + data[4:]
        size = len(data) + {"size": 10_000, "less": -1}.get(change, 0) * (one["name"] == "since")
        said.append(
            {
                "name": one["name"],
                "datatype": one["datatype"],
                "shape": [2 if change == "shape" else 1],
                "parameters": {"binary_data_size": size},
            }
        )
        raw += data
    head = json.dumps({"inputs": said, "parameters": {"binary_data_output": True}}).encode()
    length = {"header": len(head) + len(raw) + 1, "zero": 0, "huge": 10**30}.get(change, len(head))
    raw += b"x" * (change == "rest")
    return client().ask(
        "POST", "/v2/models/loans/infer", head + raw, headers={"inference-header-content-length": str(length)}
    )


def test_plain_tensors_are_answered() -> None:
    got = client().post("/v2/models/loans/infer", {"id": "7", "inputs": inputs()}).json
    found = {tensor["name"]: tensor for tensor in got["outputs"]}
    answer = loans().predict(ROW)
    assert got["id"] == "7"
    assert found["answer"]["data"] == [answer.answer] * 2
    assert found["probabilities"]["shape"] == [2, 2]
    assert found["probabilities"]["data"] == pytest.approx(list(answer.probabilities.values()) * 2)
    assert found["set"]["data"][:2] == [label in answer.set for label in answer.probabilities]


def test_binary_tensors_are_answered_in_kind() -> None:
    got = packed()
    assert got.status == 200, got.body
    length = int(got.headers[b"inference-header-content-length"])
    head, raw = json.loads(got.body[:length]), got.body[length:]
    sizes = [tensor["parameters"]["binary_data_size"] for tensor in head["outputs"]]
    assert sum(sizes) == len(raw)
    p = np.frombuffer(raw[sizes[0] : sizes[0] + sizes[1]], dtype="<f8")
    assert p.tolist() == pytest.approx(list(loans().predict(ROW).probabilities.values()))


@pytest.mark.parametrize("lie", ["prefix", "size", "less", "shape", "header", "zero", "huge", "rest"])
def test_lies_about_lengths_are_refused(lie: str) -> None:
    got = packed(lie)
    assert got.status == 400, got.body
    assert isinstance(got.json["error"], str)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [3]},
        {"shape": [10**18]},
        {"shape": [-1]},
        {"shape": "2"},
        {"shape": [2, 2]},
        {"shape": []},
        {"datatype": "FP999"},
        {"datatype": None},
        {"datatype": ["FP64"]},
        {"data": None},
        {"data": {"a": 1}},
        {"data": [[1], 2]},
        {"data": ["x", "y"]},
        {"name": None},
        {"name": "nobody"},
        {"parameters": {"binary_data_size": 8}},
        {"parameters": {"binary_data_size": -8}},
        {"parameters": {"binary_data_size": True}},
        {"parameters": 3, "data": 4},
    ],
)
def test_tensors_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    said = inputs()
    said[0] |= change
    got = client().post("/v2/models/loans/infer", {"inputs": said})
    assert got.status in (400, 413), got.body
    assert isinstance(got.json["error"], str)


def test_a_missing_cell_is_null_nan_or_an_empty_text() -> None:
    said = inputs(1)
    said[0]["data"], said[2]["data"] = [None], [""]
    got = client().post("/v2/models/loans/infer", {"inputs": said})
    assert got.status == 200
    wanted = loans().predict({**ROW, "income": None, "purpose": None})
    assert got.json["outputs"][1]["data"] == pytest.approx(list(wanted.probabilities.values()))


def test_models_tell_their_tensors_and_versions() -> None:
    said = client().ask("GET", "/v2/models/loans").json
    assert {one["name"] for one in said["inputs"]} == set(ROW)
    assert client().ask("GET", f"/v2/models/loans/versions/{said['versions'][0]}/ready").json["ready"] is True
    assert client().ask("GET", "/v2/models/loans/versions/other").status == 404
    assert client().ask("GET", "/v2/models/nobody").status == 404
    assert client().ask("GET", "/v2").json["name"] == "assay"


RECORDS = [{k: v[i] for k, v in table(3, seed=7).items() if k != "repaid"} for i in range(3)]
COLUMNS = {name: [row[name] for row in RECORDS] for name in RECORDS[0]}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": list(COLUMNS), "data": [list(row.values()) for row in RECORDS]}},
        {"dataframe_records": RECORDS},
        {"instances": RECORDS},
        {"inputs": COLUMNS},
    ],
)
def test_every_form_of_mlflow_is_answered(body: dict[str, Any]) -> None:
    got = client().post("/invocations", body)
    assert got.status == 200, got.body
    assert [one["answer"] for one in got.json["predictions"]] == [loans().predict(row).answer for row in RECORDS]
    assert {"p_yes", "p_no", "set", "out_of_range"} <= set(got.json["predictions"][0])


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"instances": []},
        {"instances": RECORDS, "inputs": COLUMNS},
        {"dataframe_split": 3},
        {"dataframe_split": {"columns": ["income", "income"], "data": [[1, 2]]}},
        {"dataframe_split": {"columns": ["income"], "data": [[1, 2]]}},
        {"inputs": {"income": [1, 2], "age": [1]}},
        {"instances": [3]},
    ],
)
def test_what_is_no_form_of_mlflow_is_refused(body: Any) -> None:
    assert client().post("/invocations", body).status in (400, 422)
