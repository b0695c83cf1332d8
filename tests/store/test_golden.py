"""The first bundle ever written still reads to the same values."""

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


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_v1", GOLDEN / "make_v1.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
