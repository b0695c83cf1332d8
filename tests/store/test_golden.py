"""The first bundle of each format still reads to the same values."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from assay.store import bundle, plain, zipped
from assay.trees.forest import Forest

from .test_plain import same

GOLDEN = Path(__file__).parents[1] / "golden"


def made_by(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, GOLDEN / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return made_by("make_v1")


def test_format_1_reads_to_the_same_values(maker: ModuleType) -> None:
    manifest, box = bundle.open_bundle(GOLDEN / "v1.assay")
    assert manifest.kind == "model"
    assert manifest.about == {"task": "none"}
    assert same(box, maker.golden_box())


def test_its_forest_scores_as_it_did(maker: ModuleType) -> None:
    forest = Forest.load(bundle.read(GOLDEN / "v1.assay").box("learners").box("boosting").box("forest"))
    assert forest.same(maker.golden_forest())
    rows = np.array([[0.0, -2.0, 2.0], [1.0, 0.0, 65.0], [math.nan, math.nan, math.nan], [0.1, 5.0, 64.0]])
    halves = [[(1.0 + 0.2) / 2, (-8.0 + 0.3) / 2], [(4.0 + 0.2) / 2, (-8.0 + 0.3) / 2]]
    halves += [[(4.0 + 0.2) / 2, (0.1 + 1e-9) / 2], [(2.0 + 0.2) / 2, (0.1 + 0.3) / 2]]
    np.testing.assert_array_equal(forest.predict(rows), np.add(halves, [0.5, -0.25]))
    np.testing.assert_array_equal(forest.native(rows), forest.predict(rows))


def test_the_same_box_still_gives_the_same_parts(maker: ModuleType) -> None:
    kept = {entry.name: bytes(entry.data) for entry in zipped.read((GOLDEN / "v1.assay").read_bytes())}
    now = dict(plain.to_parts(maker.golden_box(), "model", {"task": "none"}))
    kept.pop(plain.MANIFEST)  # names the program that wrote it
    now.pop(plain.MANIFEST)
    assert now == kept


def test_format_2_reads_to_the_same_values() -> None:
    maker = made_by("make_v2")
    manifest, box = bundle.open_bundle(GOLDEN / "v2.assay")
    assert manifest.about == {"task": "none"}
    assert same(box, maker.golden_box())
    full, grid = (Forest.load(box.box("learners").box(key).box("forest")) for key in ("boosting", "catboost"))
    assert full.same(maker.in_full())
    assert grid.same(maker.on_a_grid())
    rows = np.array([[-1.0, 0.0], [-1.0, 3.0], [1.0, 0.0], [9.0, 0.0]])
    ends = np.array([-1 / 3, 0.0, 2 / 7, 11 / 13]) + 0.1
    np.testing.assert_allclose(grid.predict(rows)[:, 0], ends, atol=2**-20)
    np.testing.assert_array_equal(grid.native(rows), grid.predict(rows))


def test_format_3_reads_to_the_same_values() -> None:
    manifest, box = bundle.open_bundle(GOLDEN / "v3.assay")
    assert manifest.about == {"task": "none"}
    assert same(box, made_by("make_v3").golden_box())
    methods = {entry.name: entry.method for entry in zipped.read((GOLDEN / "v3.assay").read_bytes())}
    assert methods["model/words.json"] == zipped.DEFLATED
    assert methods["model/noise.safetensors"] == zipped.STORED


def test_format_2_is_still_written_alike() -> None:
    kept = {entry.name: bytes(entry.data) for entry in zipped.read((GOLDEN / "v2.assay").read_bytes())}
    now = dict(plain.to_parts(made_by("make_v2").golden_box(), "model", {"task": "none"}))
    kept.pop(plain.MANIFEST)  # names the program that wrote it
    now.pop(plain.MANIFEST)
    assert now == kept
