"""Are YOLO's label files read box by box, in pixels of the picture, under the names of the classes?"""

from __future__ import annotations

import io

import pytest

from assay.kernel.errors import DataError
from assay.readers._class_names import names_in
from assay.readers.folder import Folder
from assay.readers.pictures import Pictures
from assay.readers.yolo import Yolo
from assay.reading import read

pytest.importorskip("PIL")
PPM = b"P6 200 100 255\n"


def laid_out(root, files):
    for name, raw in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    return root


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Yolo.notes(data.source))


def cells(data):
    return dict(zip(data["picture"].texts(), data["boxes"].texts(), strict=True))


PLAIN = {
    "images/train/1.ppm": PPM, "images/train/2.ppm": PPM, "images/val/3.ppm": PPM, "images/val/4.ppm": PPM,
    "labels/train/1.txt": b"0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.05 0.02\n", "labels/train/2.txt": b"\n",
    "labels/val/3.txt": b"1 1.0 0.5 0.1 1\r\n", "data.yaml": b"train: ../images\nnc: 2\nnames: ['cat', 'dog']\n", "README.txt": b"read me",
}  # fmt: skip


def test_shares_become_pixels_and_numbers_names(tmp_path):
    data = read(laid_out(tmp_path, PLAIN))
    assert data.source.reader == "yolo"
    assert cells(data) == {
        "images/train/1.ppm": '[["cat",80,30,40,40],["dog",15,9,10,2]]',
        "images/train/2.ppm": "[]",
        "images/val/3.ppm": '[["dog",190,0,10,100]]',
        "images/val/4.ppm": None,
    }
    assert data["split"].texts().tolist() == ["train", "train", "validation", "validation"]
    assert said(data) == (
        "boxes of 2 classes: dog (2), cat (1); 1 picture with nothing in it; parts: train (2), validation (2), all of them in "
        "this table; 1 class has one box only: cat; 1 box cut at the edge of the picture: images/val/3.ppm; "
        "1 picture without an annotation: images/val/4.ppm"
    )


def test_the_parts_may_lie_above_and_labels_beside(tmp_path):
    above = {
        "train/images/1.ppm": PPM,
        "train/labels/1.txt": b"0 .5 .5 1 1",
        "valid/images/1.ppm": PPM,
        "valid/labels/1.txt": b"3 .5 .5 .5 .5",
    }
    data = read(laid_out(tmp_path / "above", above))
    assert cells(data) == {"train/images/1.ppm": '[["0",0,0,200,100]]', "valid/images/1.ppm": '[["3",50,25,100,50]]'}
    assert data["split"].texts().tolist() == ["train", "validation"]
    assert "2 classes have no name and keep their number: 0, 3" in said(data)
    beside = {"obj/1.ppm": PPM, "obj/1.txt": b"1 .5 .5 1 1", "obj.names": b"cat\ndog\n"}
    assert cells(read(laid_out(tmp_path / "beside", beside))) == {"obj/1.ppm": '[["dog",0,0,200,100]]'}


@pytest.mark.parametrize(
    "line",
    [
        b"0 .5 .5 .2",
        b"0 .5 .5 .2 .2 .9",
        b"cat .5 .5 .2 .2",
        b"0 .5 .5 .2 nan",
        b"0 .5 x .2 .2",
        b"-1 .5 .5 .1 .1",
        b"\xff\xfe",
        b"1.0 .5 .5 .2 .2",
        b"0 .5 .5 .2 1e300",
    ],
)
def test_a_line_that_cannot_be_read_takes_the_whole_cell(tmp_path, line):
    data = read(laid_out(tmp_path, {**PLAIN, "labels/train/1.txt": b"0 .5 .5 .2 .4\n" + line}))
    assert cells(data)["images/train/1.ppm"] is None
    assert "1 annotation that cannot be read, taken as missing: images/train/1.ppm" in said(data)


def test_an_outline_is_the_box_around_it(tmp_path):
    data = read(laid_out(tmp_path, {**PLAIN, "labels/train/1.txt": b"0 .1 .1 .3 .2 .2 .5"}))
    assert cells(data)["images/train/1.ppm"] == '[["cat",20,10,40,40]]'
    assert "1 outline taken as the box around it: images/train/1.ppm" in said(data)


def test_labels_without_a_picture_and_pictures_without_a_size_are_told(tmp_path):
    files = {
        **PLAIN,
        "labels/train/9.txt": b"0 .5 .5 .2 .4",
        "images/train/2.ppm": b"no picture",
        "labels/train/2.txt": b"0 .5 .5 .2 .4",
    }
    data = read(laid_out(tmp_path, files))
    assert cells(data)["images/train/2.ppm"] is None
    assert "1 annotation without a picture: labels/train/9.txt" in said(data)
    assert "1 picture whose size cannot be read, boxes taken as missing: images/train/2.ppm" in said(data)
    assert (data.source.rows_read, data.source.rows_refused) == (5, 1)


def test_a_turned_picture_is_measured_upright(tmp_path):
    from PIL import Image

    out, tags = io.BytesIO(), Image.Exif()
    tags[274] = 6
    Image.new("RGB", (40, 20)).save(out, "JPEG", exif=tags)
    data = read(laid_out(tmp_path, {"images/1.jpg": out.getvalue(), "labels/1.txt": b"0 .5 .5 1 1"}))
    assert cells(data) == {"images/1.jpg": '[["0",0,0,20,40]]'}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: ['a', \"b, c\", d e]", {0: "a", 1: "b, c", 2: "d e"}),
        ("names:\n- a\n- 'b # c'  # d\n\n-   e\nnc: 3", {0: "a", 1: "b # c", 2: "e"}),
        ('names:\n    0: a\n    7: "b: c"\n', {0: "a", 7: "b: c"}),
        ("names: {0: a, 2: 'it''s'}", {0: "a", 2: "it's"}),
        ("nc: 2\nnames: [\n  'a',  # one\n  b,\n]\n", {0: "a", 1: "b"}),
        ("names: [红细胞, 血小板] # 两类", {0: "红细胞", 1: "血小板"}),
        ("# names: [a]\npath: x\n", {}),
        ("names:\n", {}),
        ("names: []", {}),
    ],
)
def test_the_few_lines_of_yaml_are_read_as_yaml_reads_them(text, names):
    assert names_in("data.yaml", text) == names
    yaml = pytest.importorskip("yaml")
    theirs = (yaml.safe_load(text) or {}).get("names") or {}
    assert names == (dict(enumerate(theirs)) if isinstance(theirs, list) else theirs)


def test_texts_and_pictures_of_other_sorts_are_left_to_others(tmp_path):
    texts = laid_out(tmp_path / "texts", {f"{label}/{n}.txt": b"some words" for label in "ab" for n in range(3)})
    assert not Yolo.opens(texts)
    assert Folder.opens(texts)
    told = {
        f"{label}/{n}.{ending}": b"a caption"
        for label in "ab"
        for n in range(3)
        for ending in ("png", "png.txt", "txt")
    }
    assert not Yolo.opens(laid_out(tmp_path / "told", told))
    pets = laid_out(tmp_path / "pets", {f"{label}/{n}.png": b"" for label in "ab" for n in range(3)})
    assert not Yolo.opens(pets)
    assert Pictures.opens(pets)
    with pytest.raises(DataError, match="'pets' holds no annotations") as caught:
        Yolo.read(pets)
    assert all(caught.value.parts("zh"))
