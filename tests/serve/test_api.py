"""Does the API answer as the model itself would, and say what is wrong where it cannot?"""

from __future__ import annotations

import csv
import io
import json
import math
import threading
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.model import Model

from .worlds import ROW, amounts, client, loans, table

ROWS = [{k: v[i] for k, v in table(40, seed=7).items() if k != "repaid"} for i in range(40)]


def test_one_row_is_answered_as_the_model_answers_it() -> None:
    said = client().post("/predict", {"rows": [ROW]}).json
    assert said["answers"] == [json.loads(json.dumps(loans().predict(ROW).to_json()))]
    assert said["model"]["name"] == "loans"


def test_few_rows_and_many_are_answered_alike() -> None:
    many = client().post("/predict", {"rows": ROWS}).json["answers"]
    few = [client().post("/predict", [row]).json["answers"][0] for row in ROWS[:5]]
    assert many[:5] == few
    assert len(many) == 40


@pytest.mark.parametrize(
    "kind",
    [
        "text/csv",
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.arrow.stream",
    ],
)
def test_tables_are_answered_like_rows(kind: str) -> None:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    out = io.BytesIO()
    if kind == "text/csv":
        lines = [",".join(columns), *(",".join(map(str, row.values())) for row in ROWS)]
        out.write("\n".join(lines).encode())
    elif kind == "application/vnd.apache.parquet":
        pq.write_table(pa.table(columns), out)
    else:
        made = pa.table(columns)
        writer = pa.ipc.new_stream(out, made.schema) if kind.endswith("stream") else pa.ipc.new_file(out, made.schema)
        with writer:
            writer.write_table(made)
    got = client().ask("POST", "/predict", out.getvalue(), headers={"content-type": kind})
    assert got.status == 200, got.body
    assert got.json["answers"] == client().post("/predict", {"rows": ROWS}).json["answers"]


def test_csv_goes_in_and_comes_out() -> None:
    lines = [",".join(ROWS[0]), *(",".join(map(str, row.values())) for row in ROWS)]
    got = client().ask(
        "POST", "/predict", "\n".join(lines).encode(), headers={"content-type": "text/csv", "accept": "text/csv"}
    )
    rows = list(csv.DictReader(io.StringIO(got.body.decode())))
    assert len(rows) == 40
    assert {"answer", "p_yes", "p_no", "set"} <= set(rows[0])


def test_values_come_with_an_interval() -> None:
    said = client("amounts").post("/predict", [ROW]).json["answers"][0]
    low, high = said["interval"]
    assert low <= said["answer"] <= high
    assert said["answer"] == pytest.approx(amounts().predict(ROW).answer)


def threads_of(patch: pytest.MonkeyPatch, verb: str) -> list[str]:
    """The names of the threads in which models do this from now on."""
    does, names = getattr(Model, verb), list[str]()

    def seen(*given: Any, **more: Any) -> Any:
        names.append(threading.current_thread().name)
        return does(*given, **more)

    patch.setattr(Model, verb, seen)
    return names


def test_slow_reasons_are_given_beside_the_loop_as_are_the_first_and_are_those_of_quick_ones() -> None:
    asked = client()
    pace = asked.app.world.hosts.get("loans").pace
    with pytest.MonkeyPatch.context() as patch:
        threads = threads_of(patch, "explain")
        for body, path in (({"rows": [ROW], "reasons": True}, "/predict"), ({"row": ROW}, "/explain")):
            pace.reasons = math.inf  # as after a start: what reasons need is not loaded
            first = asked.post(path, body)
            assert pace.reasons < 60
            for known in (0.0, 0.1):
                pace.reasons = known
                assert asked.post(path, body).json == first.json
    assert [name.startswith("assay") for name in threads] == [True, False, True] * 2


def test_a_slow_model_answers_few_rows_beside_the_loop() -> None:
    asked = client()
    pace = asked.app.world.hosts.get("loans").pace
    with pytest.MonkeyPatch.context() as patch:
        threads = threads_of(patch, "predict")
        for row, rows in ((0.0, 16), (0.004, 1), (0.004, 3), (0.5, 1)):
            patch.setattr(pace, "row", row)
            threads.clear()
            assert len(asked.post("/predict", {"rows": ROWS[:rows]}).json["answers"]) == rows
            assert all(name.startswith("assay") == (row * rows > 0.01) for name in threads)
            assert threads


def test_reasons_add_up_to_the_score() -> None:
    said = client().post("/explain", {"row": ROW}).json
    assert said["base"] + sum(part["pull"] for part in said["parts"]) == pytest.approx(said["score"], abs=1e-9)
    beside = client().post("/predict", {"rows": [ROW], "reasons": True}).json["answers"][0]["reasons"]
    assert beside == said


def test_what_would_change_an_answer_changes_it() -> None:
    said = client().post("/counterfactual", {"row": ROW, "immutable": ["age"]}).json
    assert said["ways"]
    for way in said["ways"]:
        changed = {**ROW, **{one["name"]: one["to"] for one in way["changes"]}}
        assert "age" not in {one["name"] for one in way["changes"]}
        assert client().post("/predict", [changed]).json["answers"][0]["answer"] == way["answer"] != said["answer"]


def test_a_bad_row_refuses_all_and_all_that_is_wrong_is_told() -> None:
    bad = {**ROW, "income": "much", "purpose": ["car"]}
    less = {k: v for k, v in ROW.items() if k != "age"} | {"agee": 3}
    got = client().post("/predict", {"rows": [ROW, bad, less]})
    assert got.status == 422
    told = {(one["row"], one["column"]) for one in got.json["problems"]}
    assert {(2, "purpose"), (3, "age"), (3, "agee")} <= told
    assert "age" in next(one for one in got.json["problems"] if one["column"] == "agee")["expected"]


def test_a_name_that_nobody_knows_is_held_against_what_lacks_alone() -> None:
    whole, less = {**ROW, "agee": 3}, {k: v for k, v in ROW.items() if k != "since"} | {"agee": 3}
    for row in (whole, less):
        told = {one["column"]: one["expected"] for one in client().post("/predict", [row]).json["problems"]}
        assert "Did you mean" not in told["agee"]
    assert "income" in told["agee"]


def test_a_bad_row_has_its_own_error_where_that_is_asked_for() -> None:
    for rows in ([ROW, {**ROW, "income": "much"}, ROW], [*ROWS, {**ROW, "income": "much"}, {"x": 1}]):
        got = client().post("/predict", {"rows": rows, "on_error": "row"})
        assert got.status == 200
        wrong = [place for place, answer in enumerate(got.json["answers"]) if "error" in answer]
        assert wrong == ([1] if len(rows) == 3 else [40, 41])
        assert all(got.json["answers"][place]["error"]["seen"] for place in wrong)


def test_a_missing_cell_is_null_and_columns_that_training_knew_may_stand_by() -> None:
    got = client().post("/predict", [{**ROW, "income": None, "repaid": "yes"}])
    assert got.status == 200
    assert got.json["answers"][0]["answer"] in ("yes", "no")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"rows": [{"income": NaN}]}', 400),
        (b'{"rows": [{"income": Infinity}]}', 400),
        (b'{"rows": [{"income": 1e400}]}', 400),
        (b'{"rows": [{"income": 1, "income": 2}]}', 400),
        (b'{"rows": [{"income": 1, "income" : 2, "since": "a:b"}]}', 400),
        (b'{"rows": [{"income": 1}], "rows": [{"income": 1}]}', 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"3", 422),
        (b'{"rows": []}', 422),
        (b'{"rows": 3}', 422),
        (b'{"rows": [3]}', 422),
        (b'{"rows": [{}], "nonsense": 1}', 422),
        (b'{"rows": [{}], "on_error": "never"}', 422),
        (b'{"rows": [{}], "reasons": 1}', 422),
    ],
)  # fmt: skip
def test_what_is_no_request_has_the_right_status_and_three_parts(body: bytes, status: int) -> None:
    got = client().ask("POST", "/predict", body)
    assert got.status == status, got.body
    assert got.json["error"]["seen"]
    assert got.json["error"]["expected"]
    assert "Traceback" not in got.body.decode()


def test_errors_are_told_in_chinese() -> None:
    got = client().ask("POST", "/predict", b"[]", headers={"accept-language": "zh-CN,en;q=0.5"})
    assert got.json["error"]["seen"] == "一行也没有。"


def test_too_many_rows_are_refused() -> None:
    assert client(most_rows=3).post("/predict", [ROW] * 4).status == 413
    lines = "\n".join(["income"] + ["1"] * 5).encode()
    assert client(most_rows=3).ask("POST", "/predict", lines, headers={"content-type": "text/csv"}).status == 413


def test_several_models_are_asked_by_name() -> None:
    both = client("loans", "amounts")
    assert both.post("/predict", [ROW]).status == 400
    assert "interval" in both.post("/models/amounts/predict", [ROW]).json["answers"][0]
    assert both.post("/models/nobody/predict", [ROW]).status == 404
    assert [one["name"] for one in both.ask("GET", "/models").json["models"]] == ["loans", "amounts"]
    assert client("loans", "amounts", default="amounts").post("/predict", [ROW]).json["model"]["name"] == "amounts"


def test_a_model_tells_its_columns_and_an_example_that_it_answers() -> None:
    said = client().ask("GET", "/models/loans").json
    assert {c["name"]: c["kind"] for c in said["columns"]} == {
        "income": "number",
        "age": "number",
        "purpose": "category",
        "owner": "flag",
        "since": "date",
    }
    assert client().post("/predict", [said["example"]]).status == 200
    income = next(c for c in said["columns"] if c["name"] == "income")
    assert 15 < income["low"] < income["high"] < 95


def test_the_report_is_a_page_that_runs_no_script_of_others() -> None:
    got = client().ask("GET", "/report")
    assert got.body.startswith(b"<!doctype html>")
    assert b"default-src 'none'" in got.headers[b"content-security-policy"]
    assert client().ask("GET", "/report?as=model-card").status == 200
    assert client().ask("GET", "/report?as=../../etc/passwd").status == 404


def test_a_labelled_table_is_audited() -> None:
    new = table(80, seed=3)
    lines = [",".join(new), *(",".join(map(str, row)) for row in zip(*new.values(), strict=True))]
    got = client().ask("POST", "/audit", "\n".join(lines).encode(), headers={"content-type": "text/csv"})
    assert got.status == 200, got.body
    assert "quality" in {finding["check"] for finding in got.json["findings"]}
    assert client().post("/audit", {"rows": []}).status == 415


def test_requests_are_counted_by_road_never_by_what_was_asked() -> None:
    asked = client()
    asked.post("/predict", [ROW])
    asked.ask("GET", "/no/such/road-with-a-secret")
    text = asked.ask("GET", "/metrics").body.decode()
    assert 'assay_requests_total{road="/predict",status="200"} 1' in text
    assert 'assay_rows_total{model="loans",how="answered"} 1' in text
    assert "secret" not in text


def test_health_tells_of_models_that_are_not_as_their_files_say() -> None:
    asked = client()
    assert asked.ask("GET", "/health/ready").json["ready"] is True
    from assay.kernel.errors import RequestError

    asked.app.world.hosts.state = {"loans": RequestError("torn")}
    assert asked.ask("GET", "/health/ready").status == 503
    assert asked.ask("GET", "/health/live").status == 200


def test_every_road_is_in_the_openapi_document_and_its_example_is_answered() -> None:
    asked = client()
    document: dict[str, Any] = asked.ask("GET", "/openapi.json").json
    assert set(document["paths"]) == {route.path for route in asked.app.routes.all} - {"/", "/page/{file}"}
    example = document["components"]["schemas"]["Rows"]["examples"][0]
    assert asked.post("/predict", example).status == 200
