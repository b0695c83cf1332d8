"""Does the command line train on pictures with boxes, and answer with boxes as CSV, COCO and drawings?"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path

import pytest

from assay.cli.main import main
from assay.kernel.boxes import boxes_of

from ..pictures.boxed import quick, table

pytest.importorskip("torch")
image = pytest.importorskip("PIL.Image")
QUICK = ["--trials", "1", "--folds", "2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rows.csv, and the model that was trained from it on the command line with what it printed."""
    found = tmp_path_factory.mktemp("boxes")
    table(found, 16)
    return found


@pytest.fixture(scope="module")
def trained(folder: Path) -> tuple[str, str]:
    """The model, and what was printed."""
    path, out = str(folder / "m.assay"), io.StringIO()
    with quick(epochs=3), contextlib.redirect_stdout(out):
        assert main(["train", str(folder / "rows.csv"), "--target", "boxes", *QUICK, "-o", path]) == 0
    return path, out.getvalue()


@pytest.fixture(scope="module")
def model(trained: tuple[str, str]) -> str:
    return trained[0]


def test_what_to_do_next_is_to_draw(folder: Path, trained: tuple[str, str]) -> None:
    _, said = trained
    assert "boxes in a picture" in said
    assert "--draw drawn" in said
    assert "assay explain" not in said
    assert "Things that are found" in said
    assert (folder / "m.html").is_file()


def test_it_answers_as_csv_coco_and_drawings(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["predict", model, str(folder / "rows.csv"), "--least", "0.01"]
    assert main([*asked, "-o", str(folder / "found.csv")]) == 0
    rows = list(csv.DictReader((folder / "found.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    each = [boxes_of(row["answer"]) for row in rows]
    assert [len(boxes) for boxes in each] == [int(row["boxes"]) for row in rows]
    assert any(each)
    assert main([*asked, "-o", str(folder / "found.json"), "--draw", str(folder / "drawn")]) == 0
    said = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    assert len(said["images"]) == 16
    assert len(said["annotations"]) == sum(map(len, each))
    drawn = sorted((folder / "drawn").iterdir())
    assert len(drawn) == 16
    assert {image.open(path).format for path in drawn} == {"JPEG"}
    assert "Drew 16 pictures into" in capsys.readouterr().err


def test_programs_get_json(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["predict", model, str(folder / "rows.csv"), "--json"]) == 0
    columns = json.loads(capsys.readouterr().out)
    assert list(columns) == ["picture", "answer", "p", "boxes", "set", "p_set", "notes"]
    assert len(columns["answer"]) == 16


def test_boxes_are_not_explained(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", model, str(folder / "rows.csv"), "--row", "3"]) == 2
    assert "assay predict MODEL DATA --draw FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("least", ["-0.1", "1.5", "nan"])
def test_what_is_no_probability_is_refused(
    folder: Path, model: str, least: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", model, str(folder / "rows.csv"), "--least", least]) == 2
    assert f"--least {least} is no probability" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--draw", "drawn"), ("--least", "0.3")])
def test_what_is_for_boxes_is_refused_for_a_table(
    tmp_path: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "\n".join(f"{i % 9 + 0.5 * (i % 4)},{'yes' if i % 9 > 4 else 'no'}" for i in range(60))
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    where = str(tmp_path / "t.csv"), str(tmp_path / "t.assay")
    assert main(["train", where[0], "--target", "y", "--trials", "1", "--learner", "linear", "-o", where[1]]) == 0
    capsys.readouterr()
    assert main(["predict", where[1], where[0], option, value]) == 2
    assert f"{option} was asked for" in capsys.readouterr().err
    assert not (tmp_path / "drawn").exists()
