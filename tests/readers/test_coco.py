"""Are COCO's annotations read box by box, each with its picture, and is what refers to nothing told?"""

from __future__ import annotations

import json

import pytest

from assay.kernel.boxes import boxes_of
from assay.kernel.errors import DataError
from assay.kernel.files import raw_of
from assay.readers.coco import Coco
from assay.readers.jsonl import Jsonl
from assay.reading import read

CATS = [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}]


def image(number, name, **more):
    return {"id": number, "file_name": name, "width": 100, "height": 80, **more}


def thing(picture, category, *box, **more):
    return {"id": hash((picture, box)) % 10**6, "image_id": picture, "category_id": category, "bbox": list(box), **more}


def content(images, annotations, categories=CATS, **more):
    return {"info": {}, **more, "images": images, "annotations": annotations, "categories": categories}


def laid_out(root, files):
    for name, raw in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    return root


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Coco.notes(data.source))


def cells(data):
    return dict(zip(data["picture"].texts(), data["boxes"].texts(), strict=True))


PLAIN = {
    "instances.json": content(
        [image(1, "1.jpg"), image(2, "2.jpg"), image("x", "sub/3.png")],
        [thing(1, 7, 10, 20, 40, 20), thing("x", 3, 1.25, 2, 3.5, 4), thing(1, 3, 90, 70, 30, 30)],
    ),
    "images/1.jpg": b"1", "images/2.jpg": b"2", "images/sub/3.png": b"3", "images/4.jpg": b"4",
}  # fmt: skip
BOXES = {
    "images/1.jpg": '[["cat",10,20,40,20],["dog",90,70,10,10]]',
    "images/2.jpg": "[]",
    "images/sub/3.png": '[["dog",1.25,2,3.5,4]]',
}


def test_of_a_folder_every_picture_is_a_row(tmp_path):
    data = read(laid_out(tmp_path / "set", PLAIN))
    assert data.source.reader == "coco"
    assert cells(data) == BOXES | {"images/4.jpg": None}
    assert [raw_of(data["picture"].home, name) for name in sorted(cells(data))] == [b"1", b"2", b"4", b"3"]
    assert said(data) == (
        "boxes of 2 classes: dog (2), cat (1); 1 picture with nothing in it; 1 class has one box only: cat; "
        "1 box cut at the edge of the picture: images/1.jpg; 1 picture without an annotation: images/4.jpg"
    )
    assert "1 个方框在图片边缘处截断" in said(data, "zh")


def test_of_a_file_its_pictures_are_the_rows(tmp_path):
    data = read(laid_out(tmp_path, PLAIN) / "instances.json")
    assert cells(data) == BOXES
    assert data["picture"].home == str(tmp_path)
    assert "1 picture in the folder that the file does not name: images/4.jpg" in said(data)


def test_the_boxes_are_those_that_pycocotools_reads(tmp_path, capsys):
    coco = pytest.importorskip("pycocotools.coco").COCO
    numbered = PLAIN | {"instances.json": json.loads(json.dumps(PLAIN["instances.json"]).replace('"x"', "9"))}
    path = laid_out(tmp_path, numbered) / "instances.json"
    theirs, ours = coco(str(path)), read(path)
    for number, picture in theirs.imgs.items():
        found = boxes_of(cells(ours)["images/" + picture["file_name"]])
        known = theirs.loadAnns(theirs.getAnnIds([number]))
        assert [box.label for box in found] == [theirs.cats[one["category_id"]]["name"] for one in known]
        assert [(box.x, box.y) for box in found] == [tuple(one["bbox"][:2]) for one in known]


def test_each_part_has_a_file_of_its_own(tmp_path):
    files = {
        "annotations/instances_train2017.json": content([image(1, "1.jpg")], [thing(1, 7, 1, 1, 5, 5)]),
        "annotations/instances_val2017.json": content([image(1, "1.jpg")], [thing(1, 3, 2, 2, 5, 5)]),
        "annotations/person_keypoints_val2017.json": content([image(1, "1.jpg")], [thing(1, 7, 9, 9, 5, 5)]),
        "annotations/captions_val2017.json": {"images": [image(1, "1.jpg")], "annotations": [{"caption": "a cat"}]},
        "train2017/1.jpg": b"", "val2017/1.jpg": b"", "test2017/2.jpg": b"",
    }  # fmt: skip
    data = read(laid_out(tmp_path, files))
    assert cells(data) == {
        "test2017/2.jpg": None,
        "train2017/1.jpg": '[["cat",1,1,5,5]]',
        "val2017/1.jpg": '[["dog",2,2,5,5]]',
    }
    assert data["split"].texts().tolist() == ["test", "train", "validation"]
    alone = read(tmp_path / "annotations" / "instances_val2017.json")
    assert cells(alone) == {"val2017/1.jpg": '[["dog",2,2,5,5]]'}
    assert alone.names == ("picture", "boxes")
    assert alone["picture"].home == str(tmp_path)


def test_a_file_lies_in_the_folder_of_each_part(tmp_path):
    files = {
        f"{part}/_annotations.coco.json": content([image(0, "1.jpg")], [thing(0, 7, at, 1, 5, 5)])
        for at, part in enumerate(("train", "valid"))
    }
    data = read(laid_out(tmp_path, files | {"train/1.jpg": b"", "valid/1.jpg": b""}))
    assert cells(data) == {"train/1.jpg": '[["cat",0,1,5,5]]', "valid/1.jpg": '[["cat",1,1,5,5]]'}
    assert data["split"].texts().tolist() == ["train", "validation"]


@pytest.mark.parametrize(
    "broken",
    [
        thing(1, 99, 1, 1, 5, 5),
        thing(1, 7, 1, 1, 5),
        thing(1, 7, 1, 1, 5, None),
        thing(1, 7, 1, 1, 5, "5"),
        thing(1, 7, 1, 1, 5, float("nan")),
        thing(1, 7, 1, 1, 5, 10**400),
        {"image_id": 1, "category_id": 7},
    ],
)
def test_a_box_that_cannot_be_read_takes_the_whole_cell(tmp_path, broken):
    wrong = content(PLAIN["instances.json"]["images"], [*PLAIN["instances.json"]["annotations"], broken])
    data = read(laid_out(tmp_path, {**PLAIN, "instances.json": wrong}))
    assert cells(data) == BOXES | {"images/1.jpg": None, "images/4.jpg": None}
    assert "1 annotation that cannot be read, taken as missing: images/1.jpg" in said(data)


def test_what_leads_out_of_the_folder_or_nowhere_is_refused_and_named(tmp_path):
    (tmp_path / "secret.jpg").write_bytes(b"")
    strange = [
        image(11, "../secret.jpg"),
        image(12, "/etc/passwd"),
        image(13, r"C:\secret.jpg"),
        image(14, "gone.jpg"),
        {"id": 15},
        3,
    ]
    more = content(
        [*PLAIN["instances.json"]["images"], *strange],
        [*PLAIN["instances.json"]["annotations"], thing(99, 7, 1, 1, 2, 2), 4],
    )
    data = read(laid_out(tmp_path / "set", {**PLAIN, "instances.json": more}) / "instances.json")
    assert cells(data) == BOXES
    assert data.source.details["met"]["leaving"] == 3
    assert data.source.details["met"]["homeless"] == 5
    assert (data.source.rows_read, data.source.rows_refused) == (3 + 8, 8)
    assert r"3 annotations name files outside the folder: ../secret.jpg, /etc/passwd, C:\secret.jpg" in said(data)
    assert "image 99" in said(data)


def test_pictures_of_one_name_and_numbers_used_twice_are_told(tmp_path):
    files = {
        "a/1.jpg": b"", "b/1.jpg": b"", "2.jpg": b"", "3.jpg": b"", "4.jpg": b"", "5.jpg": b"",
        "all.json": content(
            [image(1, "1.jpg"), image(2, "2.jpg"), image(3, "3.jpg"), image(3, "4.jpg"), image(5, "5.jpg"), image(6, "5.jpg")],
            [thing(1, 7, 1, 1, 2, 2), thing(2, 7, 1, 1, 2, 2), thing(5, 7, 1, 1, 2, 2), thing(6, 7, 1, 1, 2, 2), thing(6, 3, 1, 1, 2, 2)],
        ),
    }  # fmt: skip
    data = read(laid_out(tmp_path, files))
    assert cells(data)["5.jpg"] == '[["cat",1,1,2,2],["dog",1,1,2,2]]'
    assert cells(data)["a/1.jpg"] is None
    assert data.source.details["met"]["twice"] == 1
    assert "1.jpg" in data.source.details["met_names"]["ambiguous"]
    assert {"3.jpg", "4.jpg"} & set(data.source.details["met_names"]["ambiguous"])
    assert (cells(data)["3.jpg"], cells(data)["4.jpg"]) == (None, None)


def test_a_crowd_is_no_thing(tmp_path):
    more = content([image(1, "1.jpg")], [thing(1, 7, 1, 1, 2, 2), thing(1, 7, 0, 0, 90, 70, iscrowd=1)])
    data = read(laid_out(tmp_path, {"1.jpg": b"", "all.json": more}))
    assert cells(data) == {"1.jpg": '[["cat",1,1,2,2]]'}
    assert "1 box that bounds a group of things left out: 1.jpg" in said(data)


def test_other_json_is_left_to_others(tmp_path):
    lines = b"\n".join(json.dumps({"images": [1], "annotations": [], "categories": []}).encode() for _ in range(3))
    files = {
        "lines.json": lines, "record.json": {"images": [1], "town": "Bern"}, "list.json": [{"images": 1}], "empty.json": b"",
        "torn.json": b'{"images": [', "said.json": {"said": '"images": [', "annotations": [1]},
    }  # fmt: skip
    laid_out(tmp_path, files)
    for name in files:
        assert not Coco.opens(tmp_path / name), name
    for name in ("lines.json", "record.json", "list.json", "said.json"):
        assert Jsonl.opens(tmp_path / name), name
    assert not Coco.opens(laid_out(tmp_path / "alone", {"all.json": PLAIN["instances.json"]}))
    assert Coco.opens(tmp_path / "alone" / "all.json")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"images": [], "annotations": [], "categories": [', r"'all.json' cannot be read as JSON"),
        ({"a": ["images", "annotations", "categories"]}, r"'all.json' lacks one of the lists"),
        (content([image(1, "1.jpg")], []), r"No box is drawn in any of the 1 picture of 'all.json'"),
        (
            content([image(1, "9.jpg")], [thing(1, 7, 1, 1, 2, 2)]),
            r"None of the 1 annotation in 'all.json' has its picture: 9.jpg",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, raw, says):
    with pytest.raises(DataError, match=says) as caught:
        Coco.read(laid_out(tmp_path, {"1.jpg": b"", "all.json": raw}) / "all.json")
    assert all(caught.value.parts("zh"))
