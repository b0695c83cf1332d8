"""Are files that rows name opened below one folder alone, and pictures that come in a cell unpacked?"""

from __future__ import annotations

import base64
import io
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

import assay
from assay.serve.server import application
from assay.serve.settings import Settings

from .worlds import Client

Image = pytest.importorskip("PIL.Image")


def picture(bright: bool, seed: int) -> bytes:
    """A small picture, dark or bright."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(150, 256, (16, 16, 3)) if bright else rng.integers(0, 100, (16, 16, 3))
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@cache
def folder() -> Path:
    """Pictures, one folder a class, and the model that learnt from them."""
    made = Path(mkdtemp(prefix="assay-test-"))
    for label, bright in (("day", True), ("night", False)):
        (made / "pictures" / label).mkdir(parents=True)
        for seed in range(24):
            (made / "pictures" / label / f"{seed}.png").write_bytes(picture(bright, seed))
    model = assay.train(str(made / "pictures"), "label", trials=1, learners=("linear",), checks=())
    model.save(made / "light.assay")
    (made / "secret.png").write_bytes(picture(True, 99))
    return made


def client(data: str = "") -> Client:
    """A server of that model."""
    return Client(application(Settings(models=(str(folder() / "light.assay"),), data=data)))


def test_a_picture_in_a_cell_is_answered() -> None:
    cells = ["data:image/png;base64," + base64.b64encode(picture(bright, 77)).decode() for bright in (True, False)]
    got = client().post("/predict", {"rows": [{"picture": cell} for cell in cells]})
    assert got.status == 200, got.body
    assert [answer["answer"] for answer in got.json["answers"]] == ["day", "night"]
    assert client().post("/explain", {"row": {"picture": cells[0]}}).status == 200


def test_a_file_of_the_data_folder_is_answered() -> None:
    got = client(str(folder() / "pictures")).post("/predict", {"rows": [{"picture": "day/3.png"}]})
    assert got.json["answers"][0]["answer"] == "day"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "/etc/passwd",
        "day/../../secret.png",
        "day",
        "nobody.png",
        "a" * 5_000,
        "a\u0000b",
        "data:,x",
        "data:image/png;base64,%%%",
        "file:///etc/passwd",
        "http://localhost/x.png",
    ],
)
def test_no_other_file_is_opened(name: str) -> None:
    got = client(str(folder() / "pictures")).post("/predict", {"rows": [{"picture": name}]})
    assert got.status == 422, got.body
    assert str(folder()) not in got.body.decode()


def test_what_is_no_picture_is_told_without_a_path_of_ours() -> None:
    cell = "data:image/png;base64," + base64.b64encode(b"no picture").decode()
    (folder() / "pictures" / "day" / "torn.txt").write_text("no picture")
    asked, csv = client(str(folder() / "pictures")), {"content-type": "text/csv"}
    for said in (cell, "day/torn.txt"):
        table = f'picture\n"{said}"\nday/3.png\n'.encode()
        for got in (
            asked.post("/predict", {"rows": [{"picture": said}]}),
            asked.post("/explain", {"row": {"picture": said}}),
            asked.ask("POST", "/predict", table, csv),
            asked.ask("POST", "/predict", table, {**csv, "accept": "text/csv"}),
            asked.post("/invocations", {"instances": [{"picture": said}]}),
        ):
            assert "'…'" in got.body.decode()  # that it does not read is told
            assert b"/assay-" not in got.body
            assert str(folder()).encode() not in got.body


def test_without_a_data_folder_no_file_is_opened() -> None:
    inside = str(folder() / "pictures" / "day" / "3.png")
    for said in ({"rows": [{"picture": inside}]}, {"row": {"picture": inside}}):
        assert client().post("/predict", said).status == 422
    assert (
        client().ask("POST", "/predict", f"picture\n{inside}\n".encode(), headers={"content-type": "text/csv"}).status
        == 422
    )
    assert client().post("/explain", {"row": {"picture": inside}}).status == 422
    assert client().post("/counterfactual", {"row": {"picture": inside}}).status == 422
    assert client().post("/invocations", {"instances": [{"picture": inside}]}).status == 422
    tensor = {"name": "picture", "datatype": "BYTES", "shape": [1], "data": [inside]}
    assert client().post("/v2/models/light/infer", {"inputs": [tensor]}).status == 400
