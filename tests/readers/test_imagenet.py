"""Is ImageNet read as it was published: train in folders, validation flat, its labels in files beside, classes by readable names?"""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from assay.kernel.errors import DataError
from assay.kernel.files import raw_of
from assay.readers.pictures import Pictures
from assay.readers.voc import Voc
from assay.reading import read

JPEG = b"\xff\xd8\xff"  # nothing is decoded: the beginning will do
TENCH, BIRD, MACHINE, SNAKE = "n01440764", "n02012849", "n03126707", "n01751748"
MAPPING = f"{TENCH} tench, Tinca tinca\n{SNAKE} sea snake\n{BIRD} crane\n{MACHINE} crane\n"
TRUE = [SNAKE, BIRD, TENCH, MACHINE]  # what the validation pictures show, in the order of their names
SOLUTION = "ImageId,PredictionString\n" + "".join(
    f"ILSVRC2012_val_{k:08},{synset} 111 108 230 413 {synset} 1 2 3 4 \n"
    for k, synset in reversed(list(enumerate(TRUE, 1)))
)
NAMED = ["sea snake", f"crane ({BIRD})", "tench", f"crane ({MACHINE})"]
IDS = {1: SNAKE, 2: MACHINE, 3: TENCH, 4: BIRD}  # not in the order of synsets
TRUTH = "1\n4\n3\n2\n"


def laid_out(root, files):
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def pictures(at="", val=4):
    """Train in class folders, validation flat."""
    train = {f"{at}train/{s}/{s}_{k}.JPEG": JPEG for s in (TENCH, BIRD, MACHINE, SNAKE) for k in range(2)}
    return train | {f"{at}val/ILSVRC2012_val_{k:08}.JPEG": JPEG for k in range(1, val + 1)}


def meta_mat(path):
    from scipy.io import savemat

    form = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object), ("num_children", object)]
    rows = [(k, s, f"{dict(line.split(' ', 1) for line in MAPPING.splitlines())[s]}", 0) for k, s in IDS.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"synsets": np.array([*rows, (5, "n00001740", "crane", 4)], dtype=form)})


def shown(data, part="validation"):
    """The labels of one part, in the order of names."""
    return [label for label, split in zip(data["label"].texts(), data["split"].texts(), strict=True) if split == part]


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Pictures.notes(data.source))


BOXES = "<annotation><object><name>n01440764</name></object></annotation>"


def test_the_layout_of_the_competition_is_read_with_its_names_and_labels(tmp_path):
    files = pictures("ILSVRC/Data/CLS-LOC/") | {f"ILSVRC/Annotations/CLS-LOC/val/{k}.xml": BOXES for k in range(9)}
    laid_out(tmp_path, files | {"LOC_synset_mapping.txt": MAPPING, "LOC_val_solution.csv": SOLUTION})
    for source in (tmp_path / "ILSVRC", tmp_path, tmp_path / "ILSVRC/Data/CLS-LOC"):
        assert Pictures.opens(source)
        data = read(source)
        assert data.names == ("picture", "label", "split")
        assert shown(data) == NAMED
        assert sorted(set(shown(data, "train"))) == sorted(NAMED)
        assert data["picture"].home == str(tmp_path / "ILSVRC/Data/CLS-LOC")
        assert {raw_of(data["picture"].home, name) for name in data["picture"].texts()} == {JPEG}
    assert not Voc.opens(tmp_path / "ILSVRC")  # though boxes lie beside
    assert "4 classes; parts: train (8), validation (4)" in said(data)
    assert (
        "classes are called as in LOC_synset_mapping.txt; labels of the pictures that lie flat are from LOC_val"
        in said(data)
    )
    assert "类别名称取自 LOC_synset_mapping.txt" in said(data, "zh")


@pytest.mark.parametrize("devkit", ["devkit/data/", "ILSVRC2012_devkit_t12/data/", ""])
def test_the_devkit_beside_the_older_layout_numbers_the_classes(tmp_path, devkit):
    laid_out(tmp_path / "imagenet", pictures() | {f"{devkit}ILSVRC2012_validation_ground_truth.txt": TRUTH})
    meta_mat(tmp_path / "imagenet" / devkit / "meta.mat")
    data = read(tmp_path / "imagenet")
    assert shown(data) == NAMED  # meta.mat says names as well; a crane above the classes makes none ambiguous
    assert "called as in meta.mat" in said(data)


def test_a_mapping_in_an_order_of_its_own_numbers_the_classes(tmp_path):
    lines = dict(line.split(" ", 1) for line in MAPPING.splitlines())
    own = "".join(f"{synset} {lines[synset]}\n" for synset in IDS.values())
    files = pictures() | {
        "ILSVRC2012_validation_ground_truth.txt": TRUTH,
        "LOC_synset_mapping.txt": own,
        "meta.mat": "torn",
    }
    assert shown(read(laid_out(tmp_path, files))) == NAMED


def test_without_a_mapping_the_classes_keep_their_synsets(tmp_path):
    data = read(laid_out(tmp_path, pictures() | {"LOC_val_solution.csv": SOLUTION}))
    assert shown(data) == TRUE
    assert "named" not in data.source.details


def test_validation_in_class_folders_needs_no_labels(tmp_path):
    files = {
        f"{part}/{s}/{k}.JPEG": JPEG for part in ("train", "val") for s in (TENCH, BIRD, MACHINE) for k in range(2)
    }
    data = read(laid_out(tmp_path, files | {"LOC_synset_mapping.txt": MAPPING}))
    assert sorted(set(shown(data))) == [f"crane ({BIRD})", f"crane ({MACHINE})", "tench"]


def test_a_picture_without_a_label_is_told_and_keeps_its_row(tmp_path):
    data = read(laid_out(tmp_path, pictures(val=6) | {"LOC_val_solution.csv": SOLUTION}))
    assert shown(data) == [*TRUE, None, None]
    assert "2 pictures without a label" in said(data)


def test_no_labels_at_all_leave_the_validation_pictures_without_one(tmp_path):
    assert shown(read(laid_out(tmp_path, pictures()))) == [None] * 4


def test_labels_in_a_zip_are_read_too(tmp_path):
    path = tmp_path / "imagenet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (
            pictures("in/") | {"in/LOC_synset_mapping.txt": MAPPING, "in/LOC_val_solution.csv": SOLUTION}
        ).items():
            archive.writestr(name, content)
    assert shown(read(path)) == NAMED


def test_folders_of_other_names_are_as_they_were(tmp_path):
    files = {"train/cat/1.png": JPEG, "train/dog/2.png": JPEG, "val/3.png": JPEG, "LOC_synset_mapping.txt": MAPPING}
    data = read(laid_out(tmp_path, files))
    assert data.rows == 2
    assert data.source.details["beside"] == 2


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"ILSVRC2012_validation_ground_truth.txt": "1\n2\n", "meta.mat": None}, r"has 2 lines, and the .* 4 pictures.*one line a picture"),
        ({"ILSVRC2012_validation_ground_truth.txt": TRUTH}, r"gives classes as numbers, and no meta.mat that can be read"),
        (
            {"ILSVRC2012_validation_ground_truth.txt": TRUTH, "LOC_synset_mapping.txt": MAPPING},
            r"gives classes as numbers.*sorted by synset are in another order",
        ),
        ({"ILSVRC2012_validation_ground_truth.txt": "1\n9\n3\nx\n", "meta.mat": None}, r"2 classes that are not known: 9, x; '9' for .*0002.JPEG"),
        (
            {"LOC_val_solution.csv": SOLUTION.replace(SNAKE, "n09999999")},
            r"1 class that is not known: n09999999; 'n09999999' for ILSVRC2012_val_00000001.JPEG.*stand in LOC_synset_mapping.txt",
        ),
    ],
)  # fmt: skip
def test_labels_that_do_not_fit_are_refused(tmp_path, files, says):
    laid_out(tmp_path, pictures() | {name: raw for name, raw in files.items() if raw is not None})
    if "meta.mat" in files:
        meta_mat(tmp_path / "meta.mat")
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path)
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))
