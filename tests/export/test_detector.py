"""Does the file of a detector say of every place what the detector says, and keep the same boxes?"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assay.kernel.clock import Clock
from assay.neural.chain import Pixels, standardised
from assay.neural.detector import Detector, corners_of, places
from assay.neural.detector_form import form_for
from assay.neural.detector_training import train
from assay.onnx_graph.detector import detector_file
from assay.onnx_graph.file import Session
from assay.pictures.letterbox import Letterbox, letterboxed

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("torch")
pytest.importorskip("PIL")

SCORES, PIXELS = 1e-5, 1e-3  # how far a file may be from the detector: of 1, and in pixels
SURE = 0.1  # of what is less sure, many lie as near to each other as rounding


def discs(n: int, seed: int, channels: int = 3) -> tuple[list[Pixels], list[np.ndarray], list[np.ndarray]]:
    """A light or a dark disc on noise, its box and its class."""
    rng = np.random.default_rng(seed)
    pictures, boxes, classes = [], [], []
    for _ in range(n):
        height, width, side = (int(v) for v in (*rng.integers(64, 97, 2), rng.integers(16, 30)))
        picture = rng.integers(80, 140, (height, width, channels)).astype(np.uint8)
        x, y, label = int(rng.integers(0, width - side)), int(rng.integers(0, height - side)), int(rng.integers(2))
        down, across = np.mgrid[:side, :side] + 0.5 - side / 2
        picture[y : y + side, x : x + side][down**2 + across**2 <= side**2 / 4] = 240 if label else 10
        pictures.append(picture)
        boxes.append(np.asarray([[x, y, side, side]], dtype=float))
        classes.append(np.asarray([label]))
    return pictures, boxes, classes


@cache
def learnt(epochs: float = 20.0, channels: int = 3, depth: int = 1) -> Detector:
    pictures, boxes, classes = discs(32 if epochs > 1 else 4, 0, channels)
    sizes = [(picture.shape[1], picture.shape[0]) for picture in pictures]
    form = form_for(
        sizes, boxes, classes, 2, channels=channels, width=8, pyramid=16, depth=depth, epochs=epochs, batch=8
    )
    return train(form, pictures, boxes, classes, Clock.still(), np.random.default_rng(0))[0]


def within(detector: Detector, picture: Pixels) -> tuple[Pixels, Letterbox]:
    bare = np.clip(np.rint(detector.centre), 0, 255).astype(np.uint8)
    return letterboxed(picture, detector.width, detector.height, bare)


FORMS = {
    "plain": lambda: learnt(),
    "in mirrors": lambda: replace(learnt(), mirrors=(True, True)),
    "nine channels": lambda: learnt(1.0, channels=9),
    "a bare head": lambda: replace(learnt(1.0, depth=0), mirrors=(True, False)),
}


@pytest.mark.parametrize("form", FORMS)
def test_file_says_of_every_place_what_the_detector_says(form: str) -> None:
    detector = FORMS[form]()
    session = Session(detector_file(detector))
    for picture in discs(4, 1, detector.anatomy.inward)[0]:
        pixels, _ = within(detector, picture)
        sure, sides = detector._looks(standardised(pixels, detector.centre, detector.scale))
        corners = corners_of(places(detector.height, detector.width, detector.anatomy.strides), sides)
        found = session({"picture": pixels[None]})
        assert found["scores"].shape == sure.shape
        assert np.abs(found["scores"] - sure).max() <= SCORES
        assert np.abs(found["boxes"] - corners).max() <= PIXELS


@pytest.mark.parametrize("form", ["plain", "in mirrors"])
def test_file_keeps_what_the_detector_keeps(form: str) -> None:
    detector, seen = FORMS[form](), 0
    session = Session(detector_file(detector, kept=True))
    for picture in discs(6, 2)[0]:
        pixels, at = within(detector, picture)
        inside = np.asarray([at.left, at.top, at.left + at.width, at.top + at.height], dtype=np.float32)
        found = session({"picture": pixels[None], "inside": inside})
        (ours,) = detector.find([picture])
        assert len(found["kept_scores"]) == len(ours.scores)
        assert np.abs(found["kept_scores"] - ours.scores).max() <= SCORES
        sure = ours.scores >= SURE
        ends = found["kept_boxes"][sure].astype(np.float64)
        boxes = at.back(np.concatenate([ends[:, :2], ends[:, 2:] - ends[:, :2]], axis=1))
        assert np.abs(boxes - ours.boxes[sure]).max(initial=0.0) <= PIXELS
        assert found["kept_classes"][sure].tolist() == ours.classes[sure].tolist()
        seen += int(sure.sum())
    assert seen >= 6


def test_the_file_tells_how_pictures_are_brought_into_its_rectangle() -> None:
    detector = learnt()
    content = onnx.load_from_string(detector_file(detector))
    onnx.checker.check_model(content)
    about = {p.key: p.value for p in content.metadata_props}
    assert json.loads(about["rectangle"]) == {"height": detector.height, "width": detector.width, "channels": 3}
    assert np.abs(np.asarray(json.loads(about["bare"])) - detector.centre).max() <= 0.5
