"""Are Pascal VOC's annotations read box by box, each with its picture, and is what is odd about them told?"""

from __future__ import annotations

import pytest

from assay.kernel.boxes import boxes_of
from assay.kernel.errors import DataError
from assay.kernel.files import raw_of
from assay.readers.pictures import Pictures
from assay.readers.voc import Voc
from assay.reading import read


def xml(*things, name="x.jpg", size=(100, 80), head=""):
    """An annotation; a thing is a label and its corners."""
    objects = "".join(
        f"<object><name>{label}</name><difficult>1</difficult><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax>"
        f"<ymax>{d}</ymax></bndbox><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"
        for label, a, b, c, d in things
    )
    said = f"<size><width>{size[0]}</width><height>{size[1]}</height></size>" if size else ""
    return f"{head}<annotation><filename>{name}</filename>{said}{objects}</annotation>".encode()


def laid_out(root, files):
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return root


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Voc.notes(data.source))


def cells(data):
    return dict(zip(data["picture"].texts(), data["boxes"].texts(), strict=True))


CAT = ("cat", 10, 20, 50, 40)
PLAIN = {
    "JPEGImages/1.jpg": b"1", "JPEGImages/2.jpg": b"2", "JPEGImages/3.png": b"3", "JPEGImages/4.jpg": b"4",
    "Annotations/1.xml": xml(CAT, ("dog", 1.5, 2, 4, 6)), "Annotations/2.xml": xml(), "Annotations/3.xml": xml(CAT),
    "ImageSets/Main/train.txt": b"1\n", "ImageSets/Main/trainval.txt": b"1\n2\n", "ImageSets/Main/test.txt": b"3\n4\n",
    "ImageSets/Main/cat_train.txt": b"3 1\n",
}  # fmt: skip


def test_every_picture_is_a_row_and_nothing_there_is_no_missing_cell(tmp_path):
    data = read(laid_out(tmp_path / "set", PLAIN))
    assert cells(data) == {
        "JPEGImages/1.jpg": '[["cat",10,20,40,20],["dog",1.5,2,2.5,4]]',
        "JPEGImages/2.jpg": "[]",
        "JPEGImages/3.png": '[["cat",10,20,40,20]]',
        "JPEGImages/4.jpg": None,
    }
    assert data["split"].texts().tolist() == ["train", "train", "test", "test"]
    assert data["split"].role == "dropped"
    assert [raw_of(data["picture"].home, name) for name in data["picture"].texts()] == [b"1", b"2", b"3", b"4"]
    assert said(data) == (
        "boxes of 2 classes: cat (2), dog (1); 1 picture with nothing in it; parts: test (2), train (2), all of them in this "
        "table; 1 class has one box only: dog; 1 picture without an annotation: JPEGImages/4.jpg"
    )
    assert "1 张图片没有标注" in said(data, "zh")


def test_boxes_are_cut_at_the_edge_and_left_out_beyond_it(tmp_path):
    files = {
        "images/1.jpg": b"", "images/2.jpg": b"", "images/3.jpg": b"",
        "annotations/1.xml": xml(("a", -5, 10, 20, 30), ("a", 90, 70, 120, 90), ("a", 100, 0, 140, 10), ("a", 0, 0, 100.3, 80)),
        "annotations/2.xml": xml(("a", 5, 5, 5, 9), ("a", 9, 9, 3, 12), ("a", 1, 1, 1.001, 5), CAT),
        "annotations/3.xml": xml(("a", 90, 70, 900, 700), size=None),
    }  # fmt: skip
    data = read(laid_out(tmp_path, files))
    assert data["boxes"].texts().tolist() == [
        '[["a",0,10,20,20],["a",90,70,10,10],["a",0,0,100,80]]',
        '[["cat",10,20,40,20]]',
        '[["a",90,70,810,630]]',
    ]
    assert data.source.details["met"] == {"cut": 2, "outside": 1, "flat": 3}
    assert "2 boxes cut at the edge of the picture: images/1.jpg" in said(data)
    assert "1 box beyond the picture left out: images/1.jpg" in said(data)
    assert "3 boxes without area left out: images/2.jpg" in said(data)


BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>'


@pytest.mark.parametrize(
    "raw",
    [
        xml(CAT)[:-20],
        xml(CAT, head=BOMB),
        xml(CAT, head='<!DOCTYPE annotation SYSTEM "file:///etc/passwd">'),
        xml(CAT, head='<?xml version="1.0" encoding="klingon"?>'),
        xml(CAT, ("dog", 1, 2, "three", 4)),
        xml(CAT, ("dog", 1, 2, "nan", 4)),
        xml(CAT, ("dog", 1, 2, "1e300", 4)),
        xml(CAT, (" ", 1, 2, 3, 4)),
        xml(CAT).replace(b"<ymax>40</ymax>", b""),
        b"<annotation>" + b"<a>" * 50,
        b"<annotation>" + b"\xff\xfe",
    ],
)
def test_an_annotation_that_cannot_be_read_whole_is_a_missing_cell_and_told(tmp_path, raw):
    data = read(laid_out(tmp_path, {**PLAIN, "Annotations/1.xml": raw}))
    assert cells(data)["JPEGImages/1.jpg"] is None
    assert "1 annotation that cannot be read, taken as missing: JPEGImages/1.jpg" in said(data)


def test_no_entity_is_unfolded(tmp_path):
    bomb = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    head = f'<!DOCTYPE a [<!ENTITY l0 "ha">{bomb}]>'
    data = read(laid_out(tmp_path, {**PLAIN, "Annotations/1.xml": xml(("&l11;", 1, 2, 3, 4), head=head)}))
    assert cells(data)["JPEGImages/1.jpg"] is None


def test_annotations_without_a_picture_are_counted_and_named(tmp_path):
    data = read(
        laid_out(tmp_path, {**PLAIN, "Annotations/9.xml": xml(CAT, name="../../../etc/passwd"), "other.xml": b"<rss/>"})
    )
    assert data.rows == 4
    assert (data.source.rows_read, data.source.rows_refused) == (5, 1)
    assert data.source.examples == ("Annotations/9.xml",)
    assert "1 annotation without a picture: Annotations/9.xml" in said(data)


def test_pictures_of_one_name_are_told_apart_by_their_place(tmp_path):
    files = {
        "train/1.jpg": b"", "train/1.xml": xml(CAT), "valid/1.jpg": b"", "valid/1.xml": xml(("dog", 1, 1, 2, 2)),
        "test/2.jpg": b"", "test/2.png": b"", "test/2.xml": xml(CAT, name="2.png"), "test/3.jpg": b"", "test/3.gif": b"",
        "test/3.xml": xml(CAT, name="4.jpg"),
    }  # fmt: skip
    data = read(laid_out(tmp_path, files))
    assert cells(data) == {
        "test/2.jpg": None, "test/2.png": '[["cat",10,20,40,20]]', "test/3.gif": None, "test/3.jpg": None,
        "train/1.jpg": '[["cat",10,20,40,20]]', "valid/1.jpg": '[["dog",1,1,1,1]]',
    }  # fmt: skip
    assert data["split"].texts().tolist() == ["test"] * 4 + ["train", "validation"]
    assert "1 annotation fits several pictures and was left out: test/3.xml" in said(data)


def test_a_renamed_annotation_is_found_by_the_name_it_says(tmp_path):
    files = {"JPEGImages/cat 1.jpg": b"", "Annotations/0001.xml": xml(CAT, name=r"C:\data\cat 1.jpg")}
    assert cells(read(laid_out(tmp_path, files))) == {"JPEGImages/cat 1.jpg": '[["cat",10,20,40,20]]'}


def test_a_picture_annotated_twice_has_the_boxes_of_both_once(tmp_path):
    dog = ("dog", 1, 1, 2, 2)
    files = {
        "images/1.jpg": b"",
        "annotations/1.xml": xml(CAT, dog),
        "annotations/b/2.xml": xml(CAT, ("dog", 3, 3, 4, 4), name="1.jpg"),
    }
    data = read(laid_out(tmp_path, files))
    assert len(boxes_of(data["boxes"].texts()[0])) == 3
    assert "1 picture is annotated more than once" in said(data)


def test_a_picture_in_two_parts_counts_as_test_and_is_told(tmp_path):
    data = read(laid_out(tmp_path, {**PLAIN, "ImageSets/Main/test.txt": b"1\n3\n4\n"}))
    assert data["split"].texts().tolist() == ["test", "train", "test", "test"]
    assert "1 picture stands in more than one part" in said(data)


def test_what_holds_no_annotations_is_left_to_others(tmp_path):
    pets = {f"{label}/{n}.png": b"\x89PNG" for label in ("cat", "dog") for n in range(3)}
    root = laid_out(tmp_path / "pets", {**pets, "readme.xml": b"<rss/>"})
    assert not Voc.opens(root)
    assert Pictures.opens(root)
    assert not Voc.opens(laid_out(tmp_path / "alone", {"1.xml": xml(CAT)}))
    with pytest.raises(DataError, match="'pets' holds no annotations") as caught:
        Voc.read(laid_out(tmp_path / "none" / "pets", pets))
    assert all(caught.value.parts("zh"))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"a/1.jpg": b"", "a/2.xml": xml(CAT), "a/3.xml": xml(CAT)},
            "No box is drawn in any of the 1 picture of 'set'",
        ),
        ({"1.xml": xml(CAT), "2.xml": xml(CAT)}, r"None of the 2 annotations in 'set' has its picture: 1.xml, 2.xml"),
    ],
)
def test_annotations_that_fit_no_picture_are_refused(tmp_path, files, says):
    with pytest.raises(DataError, match=says) as caught:
        Voc.read(laid_out(tmp_path / "set", files))
    assert all(caught.value.parts("zh"))
