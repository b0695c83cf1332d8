"""Does the file of a model that finds things in pictures answer with the boxes that `predict` answers with?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay import exporting
from assay.exporting import MOST
from assay.exporting_boxes import OUTPUTS, Agreement, boxes_graph, counterparts
from assay.kernel.errors import RequestError
from assay.model import Model
from assay.onnx_graph.file import Session, to_bytes
from assay.onnx_graph.found import fused_graph, placed_graph
from assay.onnx_graph.graph import Graph, Rectangle
from assay.pictures.decoding import upright
from assay.pictures.letterbox import Letterbox, letterboxed
from assay.search.ensemble import Member
from assay.stats.found_boxes import rows_of
from assay.stats.fusion import fused

from ..pictures.boxed import quick, scene, table, trained

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def model() -> Model:
    return trained()[0]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("fresh"), 8, seed=1)


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pictures larger and smaller than the model looks at, high and wide, and one that its camera turned."""
    folder, paths = tmp_path_factory.mktemp("sizes"), list[Path]()
    for place, (width, height) in enumerate([(64, 48), (200, 91), (90, 240), (33, 21), (640, 480), (131, 97)]):
        pixels, _ = scene(np.random.default_rng(place % 3))
        turned = image.Exif()
        turned[274] = 6 if place == 5 else 1
        paths.append(folder / f"{place}.{'jpg' if place % 2 else 'png'}")
        image.fromarray(pixels).resize((width, height)).save(paths[-1], exif=turned)
    return paths


def told(path: Path) -> dict[str, str]:
    content = onnx.load(path)
    onnx.checker.check_model(content, full_check=True)
    return {p.key: p.value for p in content.metadata_props}


def by_hand(about: dict[str, str], raw: bytes, size: tuple[int, int]) -> dict[str, Any]:
    """What a caller makes of a file, who knows the metadata alone; noise beside the picture."""
    feeds: dict[str, Any] = {}
    for name, own in json.loads(about["pictures"]).items():
        noise = np.random.default_rng(0).integers(0, 256, (own["height"], own["width"], 3)).astype(np.uint8)
        pixels, at = letterboxed(upright(raw, own["longer"]), own["width"], own["height"], np.zeros(3, np.uint8))
        inside = np.s_[at.top : at.top + at.height, at.left : at.left + at.width]
        noise[inside] = pixels[inside]
        feeds |= {name: noise[None], own["size"]: np.asarray([size], dtype=np.int64)}
    return feeds


def test_every_box_of_every_row_is_the_models_own(model: Model, fresh: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    found = model.export(path, fresh)
    assert (found.rows, found.bytes) == (8, path.stat().st_size)
    assert found.largest <= MOST
    assert found.checked.values["boxes"] > 100
    assert found.checked.values["apart"] == 0
    for lang in ("en", "zh"):
        assert "rows.csv" in found.checked.text(lang)
    made = model.export(path)
    assert made.rows == exporting.MADE_SCENES - 1  # one is black throughout
    assert made.largest <= MOST


def test_pictures_brought_into_their_rectangle_by_hand_are_answered_as_predict_answers_them(
    model: Model, sizes: list[Path], tmp_path: Path
) -> None:
    model.export(tmp_path / "m.onnx")
    about = told(tmp_path / "m.onnx")
    labels, ours = json.loads(about["labels"]), model.predict([{"picture": str(path)} for path in sizes])
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    many = 0
    for row, path in enumerate(sizes):
        with image.open(path) as picture:
            size = picture.size[::-1] if row == 5 else picture.size
        boxes, p, classes, names = session.run(
            ["boxes", "probability", "classes", "label"], by_hand(about, path.read_bytes(), size)
        )
        assert names.tolist() == [labels[label] for label in classes]
        assert (np.diff(p) <= 0).all()
        own = ours.found[row][ours.found[row][:, 4] > 0]
        near, alone = counterparts(own, np.column_stack([p, classes, boxes]), max(size), MOST)
        assert not len(alone), (path, near)
        likely = p >= float(about["answered_from"])
        assert int(likely.sum()) == len(ours.row(row).answer)
        for box, label, other in zip(boxes[likely], names[likely], ours.row(row).answer, strict=True):
            assert label == other.label
            assert np.abs(box - [other.x, other.y, other.width, other.height]).max() <= 0.01
        among = p >= float(about["told_from"])
        assert int(among.sum()) == len(ours.row(row).set)
        many += int(among.sum())
    assert many >= 4


def test_where_there_is_no_picture_nothing_is_found(model: Model, tmp_path: Path) -> None:
    model.export(tmp_path / "m.onnx")
    session = Session((tmp_path / "m.onnx").read_bytes())
    feeds = by_hand(told(tmp_path / "m.onnx"), b"P5 2 1 255 \x00\xff", (0, 0))
    assert {name: value.shape[0] for name, value in session(feeds).items()} == dict.fromkeys(OUTPUTS, 0)


def test_several_candidates_are_fused_within_each_fold_and_those_without_weight_are_left_out(
    model: Model, fresh: Path, tmp_path: Path
) -> None:
    (own,) = model.ensemble.members
    blend = (replace(own, weight=0.75), replace(own, weight=0.25, folds=own.folds[::-1]))
    never = Member("never", "none", 0.0, tuple(object() for _ in own.folds))  # type: ignore[arg-type]
    several = replace(model, ensemble=replace(model.ensemble, members=blend))
    found = several.export(tmp_path / "m.onnx", fresh)
    assert found.largest <= MOST
    assert found.checked.values["apart"] == 0
    unused = replace(model.ensemble, members=(own, never))
    assert len(boxes_graph(unused, model.codec.labels).nodes) == len(boxes_graph(model.ensemble, ("a", "b")).nodes)


def test_what_cannot_be_written_is_refused_by_name(model: Model, tmp_path: Path) -> None:
    strange = Member("a stranger", "none", 1.0, tuple(object() for _ in model.ensemble.encoders))  # type: ignore[arg-type]
    other = replace(model, ensemble=replace(model.ensemble, members=(strange,)))
    with pytest.raises(RequestError, match="a stranger") as caught:
        other.export(tmp_path / "m.onnx")
    assert all(caught.value.parts("zh"))
    assert not (tmp_path / "m.onnx").exists()


def test_a_file_that_finds_other_boxes_is_not_kept(
    model: Model, fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = model.ensemble.members
    first = replace(model.ensemble, members=(replace(own, folds=own.folds[:1] * 2),))
    monkeypatch.setattr(exporting, "boxes_graph", lambda _, labels: boxes_graph(first, labels))
    with pytest.raises(RequestError, match="have no counterpart") as caught:
        model.export(tmp_path / "m.onnx", fresh)
    assert len(caught.value.parts("en")) == len(caught.value.parts("zh")) == 3
    assert not (tmp_path / "m.onnx").exists()


def test_pictures_of_one_colour_are_no_rows_to_check_the_file_on(model: Model, tmp_path: Path) -> None:
    image.new("RGB", (64, 48), (255, 255, 255)).save(tmp_path / "white.png")
    with pytest.raises(RequestError, match="no rows"):
        model.export(tmp_path / "m.onnx", {"picture": [str(tmp_path / "white.png")]})


def test_boxes_are_held_against_each_other_whatever_their_order() -> None:
    rng = np.random.default_rng(0)
    ours = np.column_stack([rng.uniform(size=50), rng.integers(0, 3, 50), rng.uniform(0, 640, (50, 4))])
    theirs = ours[rng.permutation(50)] + np.asarray([3e-6, 0, 0, 2e-3, 0, 0])
    near, alone = counterparts(ours, theirs, 640.0, MOST)
    assert not len(alone)
    assert near == pytest.approx(max(3e-6, 2e-3 / 640), rel=1e-3)
    theirs[7, 1] += 1  # another class: one of each side has no counterpart
    assert counterparts(ours, theirs, 640.0, MOST)[1].tolist() == pytest.approx([theirs[7, 0]] * 2, abs=1e-5)
    assert counterparts(ours, theirs[:0], 640.0, MOST)[1].tolist() == ours[:, 0].tolist()
    assert counterparts(ours[:0], theirs[:3], 640.0, MOST)[1].tolist() == theirs[:3, 0].tolist()
    assert Agreement(80, 0.0, 8000, 8, 0.1).is_near
    assert not Agreement(80, 0.0, 8000, 9, 0.1).is_near
    assert not Agreement(80, 0.0, 100, 5, 0.1).is_near


# ------------------------------------------------------------------------------------------------------ its parts


@pytest.mark.parametrize("most", [1, 12, 100])
def test_boxes_of_several_finders_are_fused_as_ours(most: int) -> None:
    rng, weights = np.random.default_rng(most), (0.5, 0.2, 0.3)
    graph = Graph(taken=frozenset({"a", "b", "c", "out"}))
    graph.node("Identity", fused_graph(graph, ["a", "b", "c"], weights, most), output="out")
    whole = ("double", 6 * most)
    session = Session(to_bytes(graph, dict.fromkeys("abc", ("double", (1, 6 * most))), {"out": whole}, {}))
    for turn in range(12):
        finders = []
        around = np.hstack([rng.uniform(0, 100, (most, 2)), rng.uniform(10, 60, (most, 2))])
        label = rng.integers(0, 2, most)
        for _ in weights:
            k = int(rng.integers(0, most + 1)) if turn else 0
            boxes = around[:k] + rng.normal(0, 3, (k, 4)).clip(-9, 9)
            sure = rng.normal(-2, 3, k).round(int(rng.integers(0, 5)))  # some are as sure as others
            finders.append(rows_of([(boxes, label[:k], sure)], most))
        np.testing.assert_allclose(
            session(dict(zip("abc", finders, strict=True)))["out"], fused(finders, weights), rtol=1e-9, atol=1e-9
        )


def test_a_picture_lies_in_the_file_where_it_lies_here() -> None:
    what = Rectangle(("photo",), 100, 96, 64)
    graph = Graph(taken=frozenset({"there", "ends", "scale", "back"}))
    at = placed_graph(graph, "size", what)
    graph.node("Identity", at.there, output="there")
    graph.node("Concat", at.low, at.high, axis=0, output="ends")
    graph.node("Identity", at.scale, output="scale")
    graph.node("Identity", at.back, output="back")
    doubles = {"ends": 4, "scale": 1, "back": 2}
    outputs: dict[str, Any] = {"there": ("bool", (1,)), **{name: ("double", (n,)) for name, n in doubles.items()}}
    session = Session(to_bytes(graph, {"size": ("int64", (1, 2))}, outputs, {}))
    rng = np.random.default_rng(0)
    for width, height in [(1, 1), (1, 5000), (96, 64), (100, 100), *rng.integers(1, 700, (60, 2)).tolist()]:
        found = session({"size": np.asarray([[width, height]], dtype=np.int64)})
        share = min(1.0, 100 / max(width, height))
        now = max(1, round(width * share)), max(1, round(height * share))
        fit = Letterbox.fit(*now, 96, 64)
        assert found["ends"].tolist() == [fit.left, fit.top, fit.left + fit.width, fit.top + fit.height]
        assert found["scale"].tolist() == [fit.scale]
        assert found["back"].tolist() == [width / now[0], height / now[1]]
        assert found["there"].tolist() == [True]
    assert session({"size": np.zeros((1, 2), dtype=np.int64)})["there"].tolist() == [False]


def test_rectangles_of_one_size_that_are_made_otherwise_are_inputs_of_their_own() -> None:
    graph = Graph(taken=frozenset({"photo_96x64"}))
    ways = [Rectangle(("photo",), longer, 96, 64) for longer in (96, 128, 96)]
    names = [graph.rectangle(way) for way in ways]
    assert names == ["photo_96x64_", "photo_96x64__", "photo_96x64_"]
    assert graph.size("photo") == graph.size("photo") == "photo_size"


def test_a_column_of_references_lies_over_the_picture(tmp_path: Path) -> None:
    folder, rng = tmp_path / "boards", np.random.default_rng(0)
    source = table(folder, 12, seed=5)
    rows = assay.read(source)
    names = [str(name) for name in rows["picture"].texts()]
    for name in names:
        image.fromarray(rng.normal(110, 12, (48, 64, 3)).clip(0, 255).astype(np.uint8)).save(folder / f"t-{name}")
    cells = {"picture": names, "template": [f"t-{name}" for name in names], "boxes": list(rows["boxes"].texts())}
    with (folder / "both.csv").open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([tuple(cells), *zip(*cells.values(), strict=True)])
    with quick(epochs=2):
        model = assay.train(
            folder / "both.csv",
            "boxes",
            trials=1,
            folds=2,
            checks=("quality",),
            kinds={"template": "picture:against picture"},
        )
    found = model.export(tmp_path / "m.onnx", folder / "both.csv")
    assert found.largest <= MOST
    (own,) = json.loads(told(tmp_path / "m.onnx")["pictures"]).values()
    assert own["columns"] == ["picture", "template"]
    assert own["kind"] == ["picture", "picture:against picture"]
