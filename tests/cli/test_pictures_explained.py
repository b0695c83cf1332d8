"""Does `assay explain` say where in a picture the answer comes from, and draw it?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main

pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")
QUICK = ["--trials", "1", "--learner", "residual", "--folds", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rows.csv with pictures that are red or blue in some corner, and the model trained from it on the command line."""
    found, rng = tmp_path_factory.mktemp("corners"), np.random.default_rng(0)
    lines = ["photo,colour"]
    for i in range(48):
        pixels = rng.integers(60, 120, size=(24, 24, 3))
        top, left = 14 * rng.integers(0, 2, size=2)
        pixels[top : top + 10, left : left + 10] = (220, 30, 30) if i % 2 else (30, 30, 220)
        image.fromarray(pixels.astype(np.uint8)).save(found / f"{i}.png")
        lines.append(f"{i}.png,{'red' if i % 2 else 'blue'}")
    (found / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    where = ["--target", "colour", *QUICK, "-o", str(found / "m.assay")]
    assert main(["train", str(found / "rows.csv"), *where]) == 0
    return found


def test_it_says_where_and_the_numbers_add_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(folder / "m.assay"), str(folder / "rows.csv"), "--row", "3"]
    assert main(asked) == 0
    assert "Where in 'photo' the pull lies" in capsys.readouterr().out
    assert main([*asked, "--lang", "zh"]) == 0
    assert "“photo”中影响来自何处" in capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (picture,) = said["pictures"]
    pull = next(part["pull"] for part in said["parts"] if part["name"] == "photo")
    assert np.asarray(picture["pulls"]).sum() + picture["rest"] == pytest.approx(pull)


def test_it_draws_the_map_and_says_where_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(folder / "m.assay"), str(folder / "rows.csv"), "--row", "3", "--draw", str(folder / "maps")]
    assert main(asked) == 0
    path = folder / "maps" / "row-3-photo.jpg"
    assert str(path) in capsys.readouterr().err
    assert image.open(path).size[1] == 320


def test_parts_are_hidden_one_by_one_where_it_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["explain", str(folder / "m.assay"), str(folder / "rows.csv"), "--row", "3", "--places", "occlusion"]
    assert main([*asked, "--draw", str(folder / "hidden")]) == 0
    assert "by occlusion: each of" in capsys.readouterr().out
    assert image.open(folder / "hidden" / "row-3-photo.jpg").size[1] == 320
    assert main([*asked, "--lang", "zh"]) == 0
    assert "遮挡法" in capsys.readouterr().out
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (picture,) = said["pictures"]
    assert (picture["by"], picture["hidden"] > 9) == ("occlusion", True)
    pull = next(part["pull"] for part in said["parts"] if part["name"] == "photo")
    assert np.asarray(picture["pulls"]).sum() + picture["rest"] == pytest.approx(pull)
    assert main([*asked[:-2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pictures"][0]["by"] == "pulls"


def test_python_tells_the_same_of_a_row_that_comes_alone(folder: Path) -> None:
    model = assay.load(folder / "m.assay")
    table = model.explain(folder / "rows.csv", row=5)
    alone = model.explain({"photo": str(folder / "4.png")})
    assert alone.pictures[0].map == pytest.approx(table.pictures[0].map)
    assert len(table.draw(folder / "by-python")) == 1
