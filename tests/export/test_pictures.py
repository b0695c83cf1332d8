"""Does an exported file answer every row with pictures as the model does, and is it said how pixels are given to it?"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.exporting import MOST
from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch, Head
from assay.learners.cnn import Cnn
from assay.learners.constant import Constant
from assay.learners.fisher import Fisher
from assay.learners.patches import Patches
from assay.learners.residual import Residual
from assay.onnx_graph.file import Session, to_bytes
from assay.onnx_graph.graph import Graph
from assay.pictures.decoding import decoded
from assay.search.ensemble import Member

from ..learners.looking import batch, twice, without, world

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")

SMALL = Residual(side=16, width=8, doublings=1, epochs=2)
FORMS: dict[str, Any] = {
    "residual": replace(SMALL, epochs=6),
    "residual of an odd side": Residual(side=21, width=8, stems=1, doublings=2, depth=2, epochs=6),
    "residual by place": replace(SMALL, placed=True, epochs=6),
    "cnn": Cnn(side=17, filters=8, epochs=6),
    "fisher": Fisher(side=32, kinds=6, axes=12),
    "fisher of an odd side": Fisher(side=45, kinds=5, axes=20),
    "patches": Patches(filters=30),
    "patches of an odd side": Patches(side=19, filters=30, patch=5, stride=3, cells=3),
}


def fitted(learner: Any, data: Batch, head: Head) -> Any:
    nothing = data.take(np.arange(0))
    return learner.fit(data, nothing, head, Clock.still(), np.random.default_rng(0))


def of_graph(model: Any, data: Batch) -> np.ndarray:
    """What the recorded sum of a fitted learner gives for a batch, in onnxruntime."""
    owners = tuple(feature.part for feature in data.vector.features)
    graph = Graph(taken=frozenset({"x", "out"}), owners=owners)
    graph.node("Identity", model.graph(graph, "x"), output="out")
    inputs: dict[str, Any] = {"x": ("double", ("n", len(owners)))}
    inputs |= {name: ("uint8", ("n", side, side, 3)) for (_, side), name in graph.pictures.items()}
    inputs |= dict.fromkeys(graph.shown.values(), ("bool", ("m", 1)))
    feeds: dict[str, Any] = {"x": np.where([owner in graph.shown for owner in owners], np.nan, data.vector.values)}
    grids = dict(zip(data.grids.parts, data.grids.columns, strict=True))
    feeds |= {name: grids[part].at(side) for (part, side), name in graph.pictures.items()}
    feeds |= {name: grids[part].there[:, None] for part, name in graph.shown.items()}
    content = to_bytes(graph, inputs, {"out": ("double", len(model.base))}, {})
    return np.asarray(Session(content)(feeds)["out"])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("head", [Head.classes(3), Head.value()], ids=lambda head: head.name)
def test_learner_writes_down_what_it_answers(form: str, head: Head) -> None:
    model = fitted(FORMS[form], world(head, 60), head)
    rows = without(world(head, 40, seed=1), np.arange(0, 40, 7))
    ours = model.predict(rows)
    assert ours.std() > 0.01
    assert np.abs(of_graph(model, rows) - ours).max() <= MOST * max(1.0, ours.std())


@pytest.mark.parametrize("form", ["residual", "fisher", "patches"])
def test_each_column_of_pictures_is_an_input(form: str) -> None:
    head = Head.classes(2)
    model, rows = fitted(FORMS[form], twice(world(head, 40)), head), twice(world(head, 20, seed=1))
    ours = model.predict(rows)
    assert np.abs(of_graph(model, rows) - ours).max() <= MOST * max(1.0, ours.std())


def test_a_black_picture_is_not_a_missing_one() -> None:
    head = Head.value()
    model, seen = fitted(FORMS["residual"], world(head, 40), head), world(head, 2, seed=1)
    black = batch(np.zeros((2, 16, 16, 3), np.uint8), None, seen.vector.values[[0, 0]], np.asarray([True, False]))
    ours = model.predict(black)
    assert abs(ours[0] - ours[1]) > 1e-3
    assert np.abs(of_graph(model, black) - ours).max() <= MOST * 10


# ---------------------------------------------------------------------------------------------------------- models


@cache
def files(folder: Path, n: int, seed: int, alone: bool = False) -> dict[str, Any]:
    """A table of pictures that are light or dark, some of them missing or in another format, with two columns beside."""
    rng = np.random.default_rng(seed)
    light, names = rng.integers(3, size=n), []
    for row, kind in enumerate(light.tolist()):
        height, width = (int(v) for v in rng.integers(14, 40, 2))
        pixels = (rng.integers(0, 90, (height, width, 3)) + 80 * kind).astype(np.uint8)
        names.append(str(folder / f"{seed}-{row}.{'jpg' if row % 2 else 'png'}"))
        image.fromarray(pixels).save(names[-1])
    image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(names[1])
    table = {"photo": [None if row % 9 == 8 else name for row, name in enumerate(names)]}
    if not alone:
        table |= {"x": rng.normal(size=n), "town": rng.choice(list("abc"), n)}
    return table | {"y": np.asarray(["dark", "dim", "light"])[light], "z": light + 0.1 * rng.normal(size=n)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@cache
def plain(folder: Path, target: str, alone: bool = False) -> assay.Model:
    """A model that looks at no pixel, whose blend can be another."""
    table = files(folder, 60, 0, alone)
    table = {name: cells for name, cells in table.items() if name == target or name not in "yz"}
    return assay.train(table, target, trials=1, learners=("constant", "linear"), folds=3, checks=())


def seeing(model: assay.Model, table: dict[str, Any], *learners: Any) -> assay.Model:
    """The same with a blend of learners, each learnt anew for each fold."""
    ensemble, data = model.ensemble, model._opened(assay.reading.read(table))
    cells = np.asarray(table[model.plan.target])
    y = np.searchsorted(model.codec.labels, cells) if model.codec.labels else cells
    members = []
    for learner in learners:
        found = [fitted(learner, encoders.batch(data, y), ensemble.head) for encoders in ensemble.encoders]
        members.append(Member(learner.about.key, learner.about.key, 1 / len(learners), tuple(found)))
    return replace(model, ensemble=replace(ensemble, members=tuple(members)))


@pytest.mark.parametrize("target", ["y", "z"])
@pytest.mark.parametrize("alone", [False, True], ids=["beside", "alone"])
def test_file_answers_every_row_as_the_model_does(target: str, alone: bool, folder: Path, tmp_path: Path) -> None:
    model = seeing(plain(folder, target, alone), files(folder, 60, 0, alone), SMALL, Patches(filters=20))
    new, path = files(folder, 24, 1, alone), tmp_path / "m.onnx"
    told = model.export(path, new)
    assert told.rows == 24
    assert told.largest <= MOST
    made = model.export(path)
    assert (made.rows, made.bytes) == (60, told.bytes)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = {"photo_16x16": [16, 16, 3], "photo_32x32": [32, 32, 3], "photo_there": [1]}
    expected |= {} if alone else {"x": [1], "town": [1]}
    assert {given.name: given.shape[1:] for given in session.get_inputs()} == expected


def test_a_file_decoded_by_hand_is_answered_as_predict_answers_it(folder: Path, tmp_path: Path) -> None:
    model = seeing(plain(folder, "y", True), files(folder, 60, 0, True), SMALL)
    model.export(tmp_path / "m.onnx")
    names = [name for name in files(folder, 24, 1, True)["photo"] if name is not None]
    about = {p.key: p.value for p in onnx.load(tmp_path / "m.onnx").metadata_props}
    (given,) = json.loads(about["pictures"]).items()
    assert given == ("photo_16x16", {"column": "photo", "side": 16, "kind": "picture", "there": "photo_there"})
    assert json.loads(about["inputs"]) == {"photo_16x16": "picture", "photo_there": "there"}
    assert "decoded(bytes, side)" in about["pixels"]
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    pixels = np.stack([decoded(Path(name).read_bytes(), 16) for name in names])
    feeds = {"photo_16x16": pixels, "photo_there": np.ones((1, 1), dtype=bool)}  # one answer for all rows will do
    label, p = session.run(["label", "probabilities"], feeds)
    answers = model.predict({"photo": names})
    assert np.abs(p - answers.probabilities).max() <= MOST
    assert label.tolist() == answers.answer.tolist()


def test_a_blend_that_looks_at_nothing_can_be_asked(folder: Path, tmp_path: Path) -> None:
    model = seeing(plain(folder, "z", True), files(folder, 60, 0, True), Constant())
    assert model.export(tmp_path / "m.onnx").largest <= MOST


def test_members_that_read_plain_numbers_of_pictures_are_named(folder: Path, tmp_path: Path) -> None:
    model = plain(folder, "y")
    with pytest.raises(RequestError, match=r"linear.* reads plain numbers made of the pictures in 'photo'") as caught:
        model.export(tmp_path / "m.onnx")
    assert "--learner fisher" in caught.value.parts("en")[-1]
    assert all(caught.value.parts("zh"))
    blend = seeing(model, files(folder, 60, 0), SMALL)
    both = (*blend.ensemble.members, replace(model.ensemble.members[-1], weight=0.0))
    unused = replace(blend, ensemble=replace(blend.ensemble, members=both))
    assert unused.export(tmp_path / "m.onnx").largest <= MOST  # what has no weight is not written down


def test_columns_may_bear_the_names_of_inputs(tmp_path: Path) -> None:
    table = files(tmp_path, 40, 2)
    table = {"photo": table["photo"], "photo_16x16": table["x"], "photo_there": table["town"], "y": table["y"]}
    model = assay.train(table, "y", trials=1, learners=("constant", "linear"), folds=3, checks=())
    assert seeing(model, table, SMALL).export(tmp_path / "m.onnx", table).largest <= MOST
    about = {p.key: p.value for p in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert set(json.loads(about["inputs"])) == {*table} - {"photo", "y"} | {"photo_16x16_", "photo_there_"}
