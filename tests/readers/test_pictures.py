"""Is a collection of pictures listed as it is laid out, and is every path in it a file that is found again?"""

from __future__ import annotations

import io
import os
import stat
import sys
import tarfile
import zipfile

import pytest

from assay.kernel.errors import DataError
from assay.kernel.files import OutsideHome, raw_of
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.readers.folder import Folder
from assay.readers.pictures import Pictures
from assay.reading import read, stored

PNG = b"\x89PNG\r\n\x1a\n"  # nothing is decoded: the beginning will do
PETS = {
    "train/cat/1.png": PNG + b"1", "train/cat/2.JPG": PNG + b"2", "train/dog/old/3.webp": PNG + b"3", "test/cat/4.png": PNG + b"4",
    "test/dog/5.png": PNG + b"5", "train/dog/notes.txt": b"barks", "README.md": b"# Pets", "split.csv": b"a,b\n1,2\n",
}  # fmt: skip
ROWS = [
    ("test/cat/4.png", "cat", "test"),
    ("test/dog/5.png", "dog", "test"),
    ("train/cat/1.png", "cat", "train"),
    ("train/cat/2.JPG", "cat", "train"),
    ("train/dog/old/3.webp", "dog", "train"),
]


def laid_out(root, files):
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return root


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def tarred(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def rows_of(data):
    return list(zip(*(column.texts().tolist() for column in data), strict=True))


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Pictures.notes(data.source))


def test_a_folder_a_class_gives_path_label_and_part(tmp_path):
    data = read(laid_out(tmp_path / "pets", PETS))
    assert data.names == ("picture", "label", "split")
    assert rows_of(data) == ROWS
    assert data["picture"].home == str(tmp_path / "pets")
    assert (data.source.reader, data.source.rows_read, data.source.rows_refused) == ("pictures", 6, 1)
    assert data.source.examples == ("train/dog/notes.txt",)
    assert (
        said(data) == "one folder a class: 2 classes; "
        "parts: test (2), train (3), all of them in this table; name the folder of one to have it alone; "
        "2 files beside the class folders left out: README.md, split.csv; "
        "1 file left out that is no picture by its name: train/dog/notes.txt"
    )
    assert "略去 1 个文件名不是图片的文件：train/dog/notes.txt" in said(data, "zh")


def test_one_part_alone_has_no_column_of_parts(tmp_path):
    data = read(laid_out(tmp_path, PETS) / "train")
    assert rows_of(data) == [("cat/1.png", "cat"), ("cat/2.JPG", "cat"), ("dog/old/3.webp", "dog")]


@pytest.mark.parametrize("wrapper", ["", "pets/"])
def test_a_zip_names_its_members_and_a_folder_in_it_stands_alone(tmp_path, wrapper):
    path = zipped(tmp_path / "pets.zip", {wrapper + name: raw for name, raw in PETS.items()})
    data = read(path)
    assert rows_of(data) == [(wrapper + name, *rest) for name, *rest in ROWS]
    assert data["picture"].home == str(path)
    part = read(path / "test")
    assert rows_of(part) == [(wrapper + "test/cat/4.png", "cat"), (wrapper + "test/dog/5.png", "dog")]
    for table in (data, part):
        for name in table["picture"].texts():
            assert raw_of(table["picture"].home, name) == PETS[name.removeprefix(wrapper)]
    with pytest.raises(DataError, match=r"no folder 'tset' in 'pets.zip'. Did you mean 'test'\?"):
        read(path / "tset")


def test_every_path_in_a_folder_is_found_again(tmp_path):
    column = read(laid_out(tmp_path, PETS))["picture"]
    assert [raw_of(column.home, name) for name in column.texts()] == [PETS[name] for name, *_ in ROWS]


def test_members_of_a_zip_are_found_by_the_name_they_have_there(tmp_path):
    path = zipped(tmp_path / "t.zip", {"AAAA/1.png": b"1", "BBBB/2.png": b"2"})
    raw = path.read_bytes()
    for name, meant in (
        (b"AAAA/", "体育/"),
        (b"BBBB/", "财经/"),
    ):  # as Windows writes it, which zipfile takes for cp437
        raw = raw.replace(name, meant.encode("gb18030"))
    path.write_bytes(raw)
    data = read(path)
    assert set(data["label"].texts()) == {"体育", "财经"}
    assert {raw_of(str(path), name) for name in data["picture"].texts()} == {b"1", b"2"}


def test_files_without_a_label_have_a_folder_of_their_own(tmp_path):
    data = read(laid_out(tmp_path, {"cat/1.png": PNG, "unlabelled/2.png": PNG, "unlabelled/3.png": PNG}))
    assert data["label"].texts().tolist() == ["cat", None, None]
    assert "2 pictures without a label" in said(data)


def test_links_are_followed_inside_the_folder_only(tmp_path):
    laid_out(tmp_path / "elsewhere", {"secret.png": PNG, "more/4.png": PNG})
    pets = laid_out(tmp_path / "pets", {"cat/1.png": PNG, "dog/2.png": PNG})
    (pets / "dog" / "out.png").symlink_to(tmp_path / "elsewhere" / "secret.png")
    (pets / "dog" / "folder").symlink_to(tmp_path / "elsewhere" / "more")
    (pets / "dog" / "in.png").symlink_to(pets / "cat" / "1.png")
    (pets / "dog" / "gone.png").symlink_to(pets / "nowhere")
    data = read(pets)
    assert data["picture"].texts().tolist() == ["cat/1.png", "dog/2.png", "dog/in.png"]
    assert data.source.details["refused"] == {"link": 3}
    assert "3 links not followed: dog/folder, dog/gone.png, dog/out.png" in said(data)
    assert raw_of(str(pets), "dog/in.png") == PNG
    with pytest.raises(OutsideHome):
        raw_of(str(pets), "dog/out.png")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_name_that_is_no_text_is_told(tmp_path):
    laid_out(tmp_path, {"cat/1.png": PNG, "dog/2.png": PNG})
    with open(os.fsencode(tmp_path) + b"/dog/\xff.png", "wb") as file:
        file.write(PNG)
    data = read(tmp_path)
    assert data.rows == 2
    assert data.source.details["refused"] == {"misnamed": 1}


def test_links_and_locked_members_of_a_zip_are_counted(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        for name in ("a/1.png", "b/2.png", "b/3.png"):
            archive.writestr(name, PNG)
        archive.writestr("b/odd.png", PNG, zipfile.ZIP_LZMA)
    data = read(path)
    assert data["picture"].texts().tolist() == ["a/1.png", "b/2.png", "b/3.png"]
    assert data.source.details["refused"] == {"link": 1, "packed": 1}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"1.png": PNG, "2.png": PNG, "labels.csv": b"a,b\n"},
            r"holds 2 pictures without class folders, and a table beside them: labels.csv. .*corpus/labels.csv. Paths",
        ),
        ({"images/1.png": PNG, "images/2.png": PNG, "labels.csv": b"a,b\n"}, r"a table beside them: labels.csv"),
    ],
)
def test_pictures_without_classes_are_told_what_to_do(tmp_path, files, says):
    (tmp_path / "corpus").mkdir()
    with pytest.raises(DataError, match=says) as caught:
        read(laid_out(tmp_path / "corpus", files))
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))


@pytest.mark.parametrize(
    "files", [{"1.png": PNG, "2.png": PNG, "notes.txt": b"x"}, {"train/1.png": PNG, "test/2.png": PNG}]
)
@pytest.mark.parametrize("how", [laid_out, zipped])
def test_pictures_without_class_folders_are_rows_without_an_answer(tmp_path, files, how):
    """They can be answered, and learnt from where all are good ones."""
    (tmp_path / "corpus").mkdir()
    data = read(how(tmp_path / ("corpus" if how is laid_out else "corpus.zip"), files))
    assert data.names == ("picture",)
    assert data.rows == 2
    assert Pictures.notes(data.source)[0].text("en") == "no class folders: pictures without an answer"
    assert Pictures.notes(data.source)[0].text("zh")


def test_one_class_folder_is_one_label(tmp_path):
    (tmp_path / "corpus").mkdir()
    data = read(laid_out(tmp_path / "corpus", {"good/1.png": PNG, "good/2.png": PNG}))
    assert data["label"].texts().tolist() == ["good", "good"]


def test_a_tar_is_to_be_unpacked(tmp_path):
    with pytest.raises(DataError, match=r"'pets.tgz' is a tar of pictures.*Unpack it, or make it a zip") as caught:
        read(tarred(tmp_path / "pets.tgz", PETS))
    assert all(caught.value.parts("zh"))


def test_a_collection_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"None of the 2 files in 'texts' is a picture.*Expected \.jpg, ") as caught:
        Pictures.read(laid_out(tmp_path / "texts", {"a/1.txt": b"one", "b/2.txt": b"two"}))
    assert all(caught.value.parts("zh"))


def test_texts_with_a_picture_among_them_stay_texts(tmp_path):
    files = {"a/1.txt": b"one", "b/2.txt": b"two", "b/logo.png": b"\x89PNG\r\n\x1a\n\0\0\0\0"}
    for source in (
        laid_out(tmp_path / "f", files),
        tarred(tmp_path / "t.tgz", files),
        zipped(tmp_path / "t.zip", files),
    ):
        assert not Pictures.opens(source)
        assert Folder.opens(source)
        assert read(source).source.details["refused"] == {"binary": 1}


def test_texts_and_pictures_in_one_archive_are_told_apart_by_the_folder_named(tmp_path):
    files = {f"pictures/{label}/{n}.png": PNG for label in "ab" for n in range(9)}
    path = zipped(tmp_path / "t.zip", files | {"texts/a/1.txt": b"one", "texts/b/2.txt": b"two"})
    assert read(path / "pictures").names == ("picture", "label")
    assert read(path / "texts").names == ("text", "label", "file")


def test_only_a_few_names_are_looked_at(tmp_path, monkeypatch):
    for label in "ab":
        laid_out(tmp_path, {f"{label}/{n}.png": b"" for n in range(50)})
    from assay.readers import _collection

    assert len(_collection.some_names(tmp_path)) == 40
    monkeypatch.setattr(_collection, "LOOKED", 30)
    assert len(_collection.some_names(tmp_path)) == 30


def test_the_part_is_not_learnt_from(tmp_path):
    names = [f"{part}/{label}/{n}.ppm" for part in ("train", "test") for label in "ab" for n in range(15)]
    files = {name: b"P6 2 2 255 " + bytes(range(shade, shade + 12)) for shade, name in enumerate(names)}
    plan, _ = draw(read(laid_out(tmp_path, files)), Wishes(target="label"))
    assert next(c.role for c in plan.columns if c.name == "split") == "dropped"


# ----------------------------------------------------------------------------------------------- tables with paths


def test_paths_in_a_table_start_where_it_lies(tmp_path, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet

    laid_out(tmp_path / "set", {"images/1.png": PNG, "rows.csv": b"file,age\nimages/1.png,3\nimages/2.png,4\n"})
    laid_out(tmp_path / "set", {"rows.jsonl": b'{"file": "images/1.png", "age": 3}\n{"file": "x", "age": 4}\n'})
    pyarrow.parquet.write_table(
        pa.table({"file": ["images/1.png", "x"], "age": [3.0, 4.5]}), tmp_path / "set/rows.parquet"
    )
    monkeypatch.chdir(tmp_path)
    for name in ("rows.csv", "rows.jsonl", "rows.parquet"):
        column = read(f"set/{name}")["file"]
        assert column.home == str(tmp_path / "set"), name
        assert raw_of(column.home, column.texts()[0]) == PNG


def test_a_table_read_block_by_block_has_the_same_home(tmp_path):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table({"file": ["1.png", "2.png"], "age": [3.0, 4.5]}), tmp_path / "rows.parquet")
    table = stored(tmp_path / "rows.parquet", 1.0)
    assert table is not None
    assert (table.rows, table.names) == (2, ("file", "age"))
    assert table.take(np.array([1]))["file"].home == str(tmp_path)
    assert [block["file"].home for block in table.blocks(["file"])] == [str(tmp_path)]
    table.close()


def test_a_table_in_memory_has_no_home():
    assert read({"file": ["1.png", "2.png"]})["file"].home == ""
