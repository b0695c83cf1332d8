"""Does the file of a model that was learnt from good parts say how odd a picture is, and raise the alarms that the model raises?"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.exporting import MOST, MOST_ODD, _names
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch
from assay.learners.autoencoder import Autoencoder
from assay.learners.defects import Defects
from assay.neural.surface import Surface
from assay.onnx_graph.file import Session, to_bytes
from assay.onnx_graph.graph import Graph
from assay.onnx_graph.oddity import figures_graph, standard_graph
from assay.pictures.decoding import decoded
from assay.planning import portfolio

from ..learners.surfaces import fit, surfaces, twice, without

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")

SMALL = Defects(side=64, made=48, steps=20, width=16)
LEARNERS: dict[str, Any] = {
    "defects": SMALL,
    "defects of another side": replace(SMALL, side=40),
    "autoencoder": Autoencoder(side=32, width=4, code=8, epochs=4),
}


@cache
def learnt(form: str, known: int = 0, coloured: bool = False) -> Any:
    return fit(LEARNERS[form], surfaces(40, known, coloured=coloured), surfaces(12, seed=1, coloured=coloured))


def of_graph(model: Any, data: Batch) -> np.ndarray:
    """What the recorded score of a fitted learner is for a batch, in onnxruntime."""
    owners = tuple(feature.part for feature in data.vector.features)
    graph = Graph(taken=frozenset({"x", "out"}), owners=owners)
    graph.node("Identity", model.graph(graph, "x"), output="out")
    inputs: dict[str, Any] = {"x": ("double", ("n", len(owners)))}
    inputs |= {name: ("uint8", ("n", side, side, 3)) for (_, side), name in graph.pictures.items()}
    inputs |= dict.fromkeys(graph.shown.values(), ("bool", ("m", 1)))
    grids = dict(zip(data.grids.parts, data.grids.columns, strict=True))
    feeds: dict[str, Any] = {"x": np.full((data.rows, len(owners)), np.nan)}
    feeds |= {name: grids[part].at(side) for (part, side), name in graph.pictures.items()}
    feeds |= {name: grids[part].there[:, None] for part, name in graph.shown.items()}
    return np.asarray(Session(to_bytes(graph, inputs, {"out": ("double", 1)}, {}))(feeds)["out"])


@pytest.mark.parametrize("form", LEARNERS)
@pytest.mark.parametrize("known", [0, 12], ids=["good ones alone", "some odd ones known"])
def test_learner_writes_down_how_odd_a_picture_is(form: str, known: int) -> None:
    model, rows = learnt(form, known), without(surfaces(12, 12, seed=2), np.arange(0, 24, 7))
    ours = model.predict(rows)
    assert ours.std() > 0.1
    assert np.abs(of_graph(model, rows) - ours).max() <= MOST * ours.std()


def test_each_column_of_pictures_is_an_input_and_colours_count() -> None:
    train = twice(surfaces(20, coloured=True))
    model, rows = fit(SMALL, train, train), twice(surfaces(6, 6, seed=2, coloured=True))
    ours = model.predict(rows)
    assert model.looks[0].surface.coloured
    assert np.abs(of_graph(model, rows) - ours).max() <= MOST_ODD * ours.std()  # the tint never changes in this world


@pytest.mark.parametrize("side", [16, 64, 128])
@pytest.mark.parametrize("coloured", [False, True])
def test_figures_of_a_surface_are_ours(side: int, coloured: bool) -> None:
    surface = Surface.of(side, coloured)
    rng = np.random.default_rng(side)
    pixels = rng.integers(0, 256, (3, side, side, 3)).astype(np.uint8)
    pixels[1] = 7  # flat
    graph = Graph(taken=frozenset({"pixels", "out"}))
    graph.node("Identity", figures_graph(graph, surface, standard_graph(graph, surface, "pixels")), output="out")
    shape = ("n", surface.width, surface.places, surface.places)
    content = to_bytes(graph, {"pixels": ("uint8", ("n", side, side, 3))}, {"out": ("float", shape)}, {})
    found = Session(content)({"pixels": pixels})["out"]
    ours = surface.figures(torch, surface.standard(torch, pixels)).numpy()
    assert found.shape == ours.shape
    np.testing.assert_allclose(found, ours, atol=1e-4)


# ---------------------------------------------------------------------------------------------------------- models


def parts(folder: Path, good: int, odd: int, seed: int) -> Path:
    """A CSV of pictures of surfaces as files, good ones first, one of them missing."""
    pixels = surfaces(good, odd, seed=seed).grids.columns[0].at(64)
    folder.mkdir(exist_ok=True)
    for row, picture in enumerate(pixels):
        image.fromarray(picture).save(folder / f"{seed}-{row}.png")
    with (folder / f"{seed}.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([["photo", "n"], *([f"{seed}-{row}.png", row] for row in range(len(pixels)))])
        csv.writer(handle).writerow(["", 7])
    return folder / f"{seed}.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="module")
def model(folder: Path) -> assay.Model:
    settings = {"side": 64, "made": 48, "steps": 20, "width": 16}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portfolio, "_pictures", lambda: [("defects", "defects", settings)])
        return assay.train(parts(folder, 40, 0, 0), task="odd", trials=1, folds=3, checks=("quality",))


def test_file_says_what_the_model_says_and_raises_its_alarms(model: assay.Model, folder: Path, tmp_path: Path) -> None:
    rows, path = parts(folder, 10, 12, 1), tmp_path / "m.onnx"
    found = model.export(path, rows)
    assert found.rows == 23
    assert found.largest <= MOST
    assert model.export(path).largest <= MOST
    about = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert "above 0" in about["score"]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    ours = model.predict(rows)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (name,) = [given.name for given in session.get_inputs() if given.type == "tensor(uint8)"]
    pixels = np.stack([decoded((folder / f"1-{row}.png").read_bytes(), 64) for row in range(22)])
    feeds = {name: pixels, "photo_there": np.ones((1, 1), dtype=bool), "n": np.arange(22, dtype=np.float64)[:, None]}
    score, alarm, label = session.run(
        ["score", "alarm", "label"], {own.name: feeds[own.name] for own in session.get_inputs()}
    )
    assert np.abs(score[:, 0] - ours.scores[:22]).max() <= MOST * ours.scores.std()
    assert alarm[:, 0].tolist() == (ours.scores[:22] > 0).tolist()
    assert label.tolist() == ours.answer[:22].tolist()
    assert 4 <= alarm.sum() <= 18


def test_columns_may_bear_the_names_of_outputs(model: assay.Model) -> None:
    kinds = (("score", "number"), ("label", "category"))
    named = replace(model.ensemble, encoders=(replace(model.ensemble.encoders[0], kinds=kinds),))
    assert _names(named, model.codec) == {"score": "score_", "alarm": "alarm", "label": "label_"}


def test_members_that_cannot_be_written_are_named(model: assay.Model, tmp_path: Path) -> None:
    (own,) = model.ensemble.members
    strange = replace(own, name="a stranger", folds=tuple(object() for _ in own.folds))  # type: ignore[arg-type]
    other = replace(model, ensemble=replace(model.ensemble, members=(strange,)))
    with pytest.raises(RequestError, match="a stranger"):
        other.export(tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_references_are_inputs_of_their_own_and_what_differs_is_made_in_the_file(folder: Path, tmp_path: Path) -> None:
    settings = {"side": 64, "made": 48, "steps": 20, "width": 16}
    rng = np.random.default_rng(0)
    rows = list(csv.reader(parts(folder, 24, 0, 3).open(encoding="utf-8")))
    for row in range(24):
        pixels = rng.integers(90, 150, (70, 60, 3)).astype(np.uint8)
        image.fromarray(pixels).save(folder / f"t-{row}.png")
    with (folder / "both.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerow(["photo", "template"])
        csv.writer(handle).writerows([[own[0], f"t-{row}.png"] for row, own in enumerate(rows[1:25])])
        csv.writer(handle).writerows([["", "t-0.png"], ["3-0.png", ""]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portfolio, "_pictures", lambda: [("defects", "defects", settings)])
        model = assay.train(
            folder / "both.csv",
            task="odd",
            trials=1,
            folds=2,
            checks=("quality",),
            kinds={"template": "picture:against photo"},
        )
    found = model.export(tmp_path / "m.onnx", folder / "both.csv")
    assert found.rows == 26
    assert found.largest <= MOST_ODD
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    expected = {"photo_64x64", "photo_there", "template_64x64", "template_there"}
    assert {given.name for given in session.get_inputs()} == expected
