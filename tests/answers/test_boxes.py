"""Do found boxes come into columns, a file of COCO and onto pictures as they are, and does a row without a picture keep its place?"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.answers.boxes import BoxAnswers
from assay.kernel.boxes import Box2D, boxes_of
from assay.kernel.data import Column
from assay.kernel.errors import RequestError
from assay.kernel.words import Say
from assay.reading import read
from assay.stats.found_boxes import as_answers, rows_of

image = pytest.importorskip("PIL.Image")
NAMES = ["a.png", "b.png", "gone.png", None, "torn.png"]


def found() -> np.ndarray:
    """Answers of five pictures: two boxes, one unsure one, and none in the others."""
    nothing = (np.empty((0, 4)), np.empty(0, np.int64), np.empty(0))
    two = np.asarray([[10.0, 12.0, 20.0, 16.0], [30.126, 5.0, 9.0, 9.0]]), np.asarray([1, 0]), np.asarray([2.0, 0.4])
    one = np.asarray([[1.0, 2.0, 3.0, 4.0]]), np.asarray([0]), np.asarray([-1.0])
    return as_answers(rows_of([two, one, nothing, nothing, nothing], 4))


@pytest.fixture
def answers(tmp_path: Path) -> BoxAnswers:
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png", "torn.png"):
        image.fromarray(rng.integers(60, 200, (40, 60, 3)).astype(np.uint8)).save(tmp_path / name)
    (tmp_path / "torn.png").write_bytes((tmp_path / "torn.png").read_bytes()[:200])
    said = (Say("answers", "unseen", {"name": "picture", "value": "gone.png"}),)
    return BoxAnswers.of(
        found(),
        ids=(Column.of_words("answer", [f"n{i}" for i in range(5)]),),
        pictures=Column.of_words("picture", NAMES, home=str(tmp_path)),
        labels=("cat", "dog"),
        sets=found().reshape(5, -1, 6)[:, :, 0] > 0.2,
        notes=((), (), said, (), ()),
        out_of_range=np.asarray([False, False, True, False, False]),
    )


def test_cells_of_a_file_are_read_as_the_boxes_they_are(answers, tmp_path):
    columns = answers.columns()
    assert list(columns) == ["answer", "picture", "answer_", "p", "boxes", "set", "p_set", "notes"]
    assert columns["answer"] == ["n0", "n1", "n2", "n3", "n4"]  # an id that bears our name keeps it
    assert boxes_of(columns["answer_"][0]) == (Box2D("dog", 10, 12, 20, 16), Box2D("cat", 30.13, 5, 9, 9))
    assert [boxes_of(cell) for cell in columns["answer_"][1:]] == [()] * 4
    assert boxes_of(columns["set"][1]) == (Box2D("cat", 1, 2, 3, 4),)
    assert json.loads(columns["p"][0]) == pytest.approx([0.8808, 0.5987])
    assert columns["boxes"] == [2, 0, 0, 0, 0]
    path = answers.save(tmp_path / "found.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [row["answer_"] for row in rows] == columns["answer_"]
    assert [row["picture"] for row in rows] == ["a.png", "b.png", "gone.png", "", "torn.png"]


def test_rows_without_a_picture_stay_and_find_nothing(answers):
    assert len(answers) == 5
    for place in (2, 3, 4):
        assert answers.row(place).answer == ()
        assert answers.row(place).set == ()
    assert answers.row(2).out_of_range
    assert "never seen" in answers.columns()["notes"][2]
    assert "从未出现" in answers.columns("zh")["notes"][2]


def test_fewer_or_more_boxes_are_answered_as_it_is_asked(answers):
    assert [len(boxes) for boxes in answers.answer] == [2, 0, 0, 0, 0]
    assert [len(boxes) for boxes in replace(answers, least=0.2).answer] == [2, 1, 0, 0, 0]
    assert [len(boxes) for boxes in replace(answers, least=0.8).answer] == [1, 0, 0, 0, 0]
    assert [len(boxes) for boxes in replace(answers, least=0.0).answer] == [2, 1, 0, 0, 0]  # never an empty place
    sets = [len(answers.row(place).set) for place in range(5)]
    assert [len(replace(answers, least=0.8).row(place).set) for place in range(5)] == sets


def test_the_surest_box_comes_first_and_says_how_sure_it_is(answers):
    row = answers.row(0)
    assert [(box.label, round(box.p, 3)) for box in row.answer] == [("dog", 0.881), ("cat", 0.599)]
    assert row.to_json()["answer"][0] == {
        "label": "dog",
        "x": 10.0,
        "y": 12.0,
        "width": 20.0,
        "height": 16.0,
        "p": pytest.approx(0.8808, abs=1e-4),
    }


def test_a_file_of_coco_is_read_as_the_same_boxes(answers, tmp_path):
    for name in ("torn.png",):
        (tmp_path / name).unlink()
    kept = replace(
        answers,
        ids=(),
        pictures=answers.pictures.take(np.arange(2)),
        found=answers.found[:2],
        sets=answers.sets[:2],
        notes=answers.notes[:2],
        out_of_range=answers.out_of_range[:2],
        least=0.2,
    )
    data = read(kept.save(tmp_path / "found.json"))
    cells = dict(zip(data["picture"].texts(), data["boxes"].texts(), strict=True))
    assert {Path(name).name: boxes_of(cell) for name, cell in cells.items()} == {
        "a.png": (Box2D("dog", 10, 12, 20, 16), Box2D("cat", 30.13, 5, 9, 9)),
        "b.png": (Box2D("cat", 1, 2, 3, 4),),
    }


def test_coco_names_every_picture_and_the_size_of_those_that_open(answers):
    said = answers.to_coco()
    assert [one["file_name"] for one in said["images"]] == ["a.png", "b.png", "gone.png", "", "torn.png"]
    assert [one.get("width") for one in said["images"]][:4] == [60, 60, None, None]
    assert [(one["image_id"], one["category_id"], one["bbox"]) for one in said["annotations"]] == [
        (1, 2, [10.0, 12.0, 20.0, 16.0]),
        (1, 1, [30.13, 5.0, 9.0, 9.0]),
    ]
    assert [one["score"] for one in said["annotations"]] == pytest.approx([0.8808, 0.5987], abs=1e-4)
    json.dumps(said, allow_nan=False)


@pytest.mark.parametrize("name", ["found.csv", "found.json"])
def test_a_file_is_written_whole_or_not_at_all(answers, tmp_path, name, monkeypatch):
    target = tmp_path / "out" / name
    with pytest.raises(RequestError, match="could not be written"):
        answers.save(target)
    target.parent.mkdir()
    target.write_text("before", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(RequestError, match="could not be written"):
        answers.save(target)
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in target.parent.iterdir()] == [name]


def test_pictures_are_drawn_with_their_frames(answers, tmp_path):
    paths = answers.draw(tmp_path / "drawn")
    assert [path.name for path in paths] == ["00001-a.jpg", "00002-b.jpg"]  # what cannot be opened is left out
    for path in paths:
        assert image.open(path).format == "JPEG"
        assert image.open(path).size == (60, 40)
    before = np.asarray(image.open(tmp_path / "a.png").convert("RGB"), dtype=float)
    after = np.asarray(image.open(paths[0]), dtype=float)
    bare = np.asarray(image.open(replace(answers, least=1.0).draw(tmp_path / "bare")[0]), dtype=float)
    assert np.abs(bare - before)[28, 12:29].mean() < 25  # JPEG of noise
    assert np.abs(after - before)[28, 12:29].mean() > 50  # the lower edge of the first box


def test_what_cannot_be_opened_is_no_fault_of_the_folder(answers, tmp_path):
    (tmp_path / "a.png").unlink()
    (tmp_path / "a.png").mkdir()
    assert [path.name for path in answers.draw(tmp_path / "drawn")] == ["00002-b.jpg"]


def test_a_place_that_cannot_be_drawn_into_is_refused(answers, tmp_path):
    (tmp_path / "drawn").write_text("a file", encoding="utf-8")
    with pytest.raises(RequestError, match="could not be written"):
        answers.draw(tmp_path / "drawn")


def test_a_terminal_shows_the_first_rows(answers):
    assert "a.png" in answers.text()
    assert "5" in answers.text("zh").splitlines()[-1]


def test_deep_greys_are_drawn_in_the_window_that_the_column_tells(answers, tmp_path):
    """A ramp up to 4,095 in 16 bits: of the window from 0 to 1,000 three quarters are white."""
    ramp = np.tile(np.linspace(0, 4095, 60).astype(np.uint16), (40, 1))
    image.fromarray(ramp).save(tmp_path / "a.png")
    bare = replace(answers, least=1.0)
    whole = np.asarray(image.open(bare.draw(tmp_path / "whole")[0]).convert("L"))
    narrow = replace(bare, pictures=replace(bare.pictures, kind="picture:0-1000"))
    found = np.asarray(image.open(narrow.draw(tmp_path / "narrow")[0]).convert("L"))
    assert (whole > 250).mean() < 0.1
    assert (found > 250).mean() == pytest.approx(0.75, abs=0.05)
