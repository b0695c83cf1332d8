"""Does any body, however torn, get more than an answer or a refusal?"""

from __future__ import annotations

import json
import random

import pytest

from .test_inference import inputs
from .worlds import ROW, client, saved

BODIES = {
    "/predict": json.dumps({"rows": [ROW, ROW], "on_error": "row", "reasons": True}).encode(),
    "/explain": json.dumps({"row": ROW, "label": "yes"}).encode(),
    "/counterfactual": json.dumps({"row": ROW, "immutable": ["age"], "most": 1}).encode(),
    "/invocations": json.dumps({"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}}).encode(),
    "/v2/models/loans/infer": json.dumps({"inputs": inputs(1)}).encode(),
}
TOKENS = (
    b"null",
    b"1e999",
    b"-0",
    b"[]",
    b"{}",
    b'""',
    b"\\u0000",
    b"\xff",
    b'"\\ud800"',
    b"99999999999999999999999",
    b"true",
    b",",
    b":",
    b"[[",
    b"NaN",
)
COUNTS = {
    "/predict": 5_000,
    "/invocations": 2_000,
    "/v2/models/loans/infer": 2_500,
    "/explain": 450,
    "/counterfactual": 50,
}


def mutated(body: bytes, rng: random.Random) -> bytes:
    """A body with one to four cuts, swaps, doubled pieces or odd tokens."""
    made = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        at, to = sorted((rng.randrange(len(made) + 1), rng.randrange(len(made) + 1)))
        how = rng.randrange(5)
        if how == 0:
            del made[at : min(to, at + 20)]
        elif how == 1 and at < len(made):
            made[at] = rng.randrange(256)
        elif how == 2:
            made[at:at] = rng.choice(TOKENS)
        elif how == 3:
            made[at:at] = made[at : min(to, at + 40)]
        else:
            made[at : min(to, at + 12)] = rng.choice(TOKENS)
    return bytes(made)


@pytest.mark.parametrize("path", BODIES)
def test_mutated_bodies_are_answered_or_refused(path: str) -> None:
    asked, rng = client(), random.Random(path)
    seen: dict[int, int] = {}
    for _ in range(COUNTS[path]):
        got = asked.ask("POST", path, mutated(BODIES[path], rng))
        seen[got.status] = seen.get(got.status, 0) + 1
        assert got.status in (200, 400, 413, 422), got.body
        assert "Traceback" not in got.body.decode("utf-8", "replace")
        assert str(saved().parent) not in got.body.decode("utf-8", "replace")
        if got.status == 200:
            json.loads(got.body)
    assert seen.get(400, 0) > 0
    assert sum(seen.values()) == COUNTS[path]


@pytest.mark.parametrize(
    "kind",
    [
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.arrow.file",
        "text/csv",
    ],
)
def test_mutated_tables_are_answered_or_refused(kind: str) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    out, made = io.BytesIO(), pa.table({k: [v, v] for k, v in ROW.items()})
    if kind.endswith("parquet"):
        pq.write_table(made, out)
    elif kind == "text/csv":
        out.write("\n".join([",".join(ROW), ",".join(map(str, ROW.values()))]).encode())
    else:
        with (pa.ipc.new_stream if kind.endswith("stream") else pa.ipc.new_file)(out, made.schema) as writer:
            writer.write_table(made)
    asked, rng = client(), random.Random(kind)
    for _ in range(200):
        got = asked.ask("POST", "/predict", mutated(out.getvalue(), rng), headers={"content-type": kind})
        assert got.status in (200, 400, 413, 422), got.body
