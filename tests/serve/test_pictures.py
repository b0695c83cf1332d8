"""Is a file opened only where the operator lets rows name files, on every road, and does no path of ours come back?"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.serve.server import application
from assay.serve.settings import Settings

from .worlds import Client, Got

DARK, BRIGHT = 60, 190
ROADS = ("/predict", "/explain", "/counterfactual", "/v2/models/photos/infer", "/invocations")


def picture(path: Path, shade: int, rng: np.random.Generator) -> str:
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    image.fromarray(rng.normal(shade, 25, (16, 16, 3)).clip(0, 255).astype("uint8")).save(path)
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of a model of pictures, and a picture beside it."""
    home, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    names = [picture(home / f"{k}.png", DARK if k % 2 else BRIGHT, rng) for k in range(60)]
    data = {"photo": names, "size": rng.normal(size=60).round(2).tolist(), "kind": ["bright", "dark"] * 30}
    wishes: dict[str, Any] = {
        "learners": ("linear",),
        "folds": 2,
        "trials": 1,
        "checks": (),
        "kinds": {"photo": "picture"},
    }
    assay.train(data, "kind", **wishes).save(home / "photos.assay")
    return home


def asked(road: str, row: Mapping[str, Any]) -> bytes:
    if road.startswith("/v2"):
        kinds = {"photo": "BYTES", "size": "FP64"}
        said: Any = {"inputs": [{"name": k, "datatype": kinds[k], "shape": [1], "data": [v]} for k, v in row.items()]}
    elif road == "/invocations":
        said = {"dataframe_records": [row]}
    else:
        said = {"rows": [row], "reasons": True} if road == "/predict" else {"row": row}
    return json.dumps(said).encode()


def ask(folder: Path, road: str, photo: str, data: str = "") -> Got:
    served = Client(application(Settings(models=(str(folder / "photos.assay"),), data=data)))
    return served.ask("POST", road, asked(road, {"photo": photo, "size": 0.1}), {"content-type": "application/json"})


def inline(folder: Path, name: str) -> str:
    return "data:image/png;base64," + base64.b64encode((folder / name).read_bytes()).decode()


@pytest.mark.parametrize("road", ROADS)
def test_a_row_names_no_file_where_that_is_not_allowed(folder: Path, road: str) -> None:
    for data, photo in (("", str(folder / "1.png")), (str(folder), "../1.png"), (str(folder), "/etc/hostname")):
        got = ask(folder, road, photo, data)
        assert got.status in (400, 422)
        assert b"file" in got.body
        assert str(folder).encode() not in got.body


@pytest.mark.parametrize("road", ROADS)
def test_a_picture_is_answered_whether_it_comes_or_is_named(folder: Path, road: str) -> None:
    told = [ask(folder, road, inline(folder, "1.png")), ask(folder, road, "1.png", str(folder))]
    for got in told:
        if (
            road == "/counterfactual"
        ):  # one number can hardly make another picture: a refusal of the search, not of the file
            assert b"photo" in got.body
            assert b"names a file" not in got.body
        else:
            assert got.status == 200
            assert b"dark" in got.body
        assert b"/assay-" not in got.body
        assert str(folder).encode() not in got.body


def test_reasons_beside_an_answer_are_those_of_the_picture(folder: Path) -> None:
    alone = ask(folder, "/explain", inline(folder, "1.png")).json
    beside = ask(folder, "/predict", inline(folder, "1.png")).json["answers"][0]["reasons"]
    assert beside == alone
    assert max(alone["parts"], key=lambda part: abs(part["pull"]))["name"] == "photo"
