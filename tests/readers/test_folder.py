"""Is a collection of texts read as it is laid out, whole, and in silence about nothing?"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile

import pytest

from assay.kernel import memory
from assay.kernel.errors import DataError
from assay.kernel.shelf import shelf
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.readers._members import TooLarge, members_of
from assay.readers.folder import Folder
from assay.reading import read

FILMS = {
    "train/pos/0_9.txt": "a moving film",
    "train/pos/1_8.txt": "superb from the first scene",
    "train/neg/0_2.txt": "dull and long",
    "train/unsup/0_0.txt": "somebody saw it",
    "test/pos/0_7.txt": "charming",
    "test/neg/0_1.txt": "a waste of an evening",
    "train/urls_pos.txt": "http://films.example/1",
    "train/labeledBow.feat": "9 0:9 1:1",
    "README": "About these reviews",
}


def laid_out(root, files):
    """The files of a mapping (path to text or bytes) on disk."""
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def tarred(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return path


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def rows_of(data):
    """Every row as a tuple of texts."""
    return list(zip(*(column.texts().tolist() for column in data), strict=True))


def said(data, lang="en"):
    return "; ".join(note.text(lang) for note in Folder.notes(data.source))


def test_a_folder_a_class_gives_text_label_and_path(tmp_path):
    laid_out(tmp_path, {"spam/2.txt": "win money", "ham/1.txt": "see you at nine", "ham/deep/3.txt": "the minutes"})
    data = read(tmp_path)
    assert data.names == ("text", "label", "file")
    assert rows_of(data) == [
        ("see you at nine", "ham", "ham/1.txt"),
        ("the minutes", "ham", "ham/deep/3.txt"),
        ("win money", "spam", "spam/2.txt"),
    ]
    assert (data.source.reader, data.source.name, data.source.rows_read) == ("folder", tmp_path.name, 3)


def test_parts_become_a_column_and_what_lies_beside_is_told(tmp_path):
    data = read(laid_out(tmp_path / "aclImdb", FILMS))
    assert data.names == ("text", "label", "split", "file")
    assert rows_of(data) == [
        ("a waste of an evening", "neg", "test", "test/neg/0_1.txt"),
        ("charming", "pos", "test", "test/pos/0_7.txt"),
        ("dull and long", "neg", "train", "train/neg/0_2.txt"),
        ("a moving film", "pos", "train", "train/pos/0_9.txt"),
        ("superb from the first scene", "pos", "train", "train/pos/1_8.txt"),
        ("somebody saw it", None, "train", "train/unsup/0_0.txt"),
    ]
    assert "parts: test (2), train (4)" in said(data)
    assert "1 text without a label" in said(data)
    assert "3 files beside the class folders left out: README, train/labeledBow.feat, train/urls_pos.txt" in said(data)
    assert said(data, "zh").startswith("每类一个文件夹")


def test_newsgroups_have_their_part_in_the_name_of_the_folder(tmp_path):
    files = {
        f"20news-bydate-{part}/{group}/{n}": f"From: {group}"
        for part, n in (("train", 49960), ("test", 53068))
        for group in ("sci.space", "alt.atheism")
    }
    data = read(laid_out(tmp_path, files))
    assert rows_of(data)[0] == ("From: alt.atheism", "alt.atheism", "test", "20news-bydate-test/alt.atheism/53068")
    assert data["split"].texts().tolist() == ["test", "test", "train", "train"]
    assert read(tmp_path / "20news-bydate-train").names == ("text", "label", "file")


def test_a_class_may_be_called_test_where_there_is_no_train(tmp_path):
    data = read(laid_out(tmp_path, {"test/x/1.txt": "one", "theory/2.txt": "two"}))
    assert data.names == ("text", "label", "file")
    assert data["label"].texts().tolist() == ["test", "theory"]


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip"])
def test_an_archive_is_the_same_table_as_its_folder(tmp_path, ending):
    inside = {f"aclImdb/{name}": text for name, text in FILMS.items()}
    path = tmp_path / f"films{ending}"
    if ending == ".zip":
        zipped(path, inside)
    else:
        tarred(path, inside, {".tar": "w", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}.get(ending, "w:gz"))
    folder = read(laid_out(tmp_path / "aclImdb", FILMS))
    assert next(door for door in shelf("readers").ready() if door.opens(path)) is Folder
    assert read(path).sha256 == folder.sha256


def test_a_folder_in_an_archive_is_read_alone(tmp_path):
    path = tarred(tmp_path / "films.tgz", {f"aclImdb/{name}": text for name, text in FILMS.items()})
    alone = read(path / "test")
    assert rows_of(alone) == [
        ("a waste of an evening", "neg", "neg/0_1.txt"),
        ("charming", "pos", "pos/0_7.txt"),
    ]
    assert read(path / "aclImdb" / "test").sha256 == alone.sha256
    with pytest.raises(
        DataError, match=r"no folder 'tset' in 'films.tgz'. Did you mean 'test'\? Its folders: test, train"
    ):
        read(path / "tset")


def test_names_in_an_archive_are_only_names(tmp_path):
    files = {"../../evil/1.txt": "one", "/etc/2.txt": "two", "./good/3.txt": "three", "C:/x/4.txt": "four"}
    for path in (tarred(tmp_path / "t.tar.gz", files), zipped(tmp_path / "t.zip", files)):
        data = read(path)
        assert sorted(data["file"].texts()) == ["C:/x/4.txt", "etc/2.txt", "evil/1.txt", "good/3.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.tar.gz", "t.zip"]


def test_links_and_devices_in_an_archive_are_skipped_and_counted(tmp_path):
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        for name, kind in (
            ("a/link", tarfile.SYMTYPE), ("a/hard", tarfile.LNKTYPE), ("b/tty", tarfile.CHRTYPE), ("b/pipe", tarfile.FIFOTYPE)
        ):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        for name in ("a/1", "b/2"):
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"text"))
    data = read(tmp_path / "t.tar")
    assert data["file"].texts().tolist() == ["a/1", "b/2"]
    assert (data.source.rows_read, data.source.rows_refused) == (6, 4)
    assert data.source.details["refused"] == {"device": 2, "link": 2}
    assert data.source.examples == ("a/hard", "a/link", "b/pipe", "b/tty")
    assert "2 links not followed; " in said(data) + "; "


def test_links_and_locked_files_in_a_zip_are_skipped_and_counted(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        link = zipfile.ZipInfo("a/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        for name in ("a/1", "b/2", "b/locked"):
            archive.writestr(name, "text")
        archive.writestr("b/odd", "text", zipfile.ZIP_LZMA)
    raw = bytearray((tmp_path / "t.zip").read_bytes())
    raw[raw.rfind(b"b/locked") - 46 + 8] |= 1  # the flag in the directory of the archive
    (tmp_path / "t.zip").write_bytes(raw)
    data = read(tmp_path / "t.zip")
    assert data["file"].texts().tolist() == ["a/1", "b/2"]
    assert data.source.details["refused"] == {"link": 1, "locked": 1, "packed": 1}


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 8_000_000)
    bomb = {"a/1.txt": b"x" * 3_000_000, "b/2.txt": b"y"}
    for path in (tarred(tmp_path / "t.tar.gz", bomb), zipped(tmp_path / "t.zip", bomb), laid_out(tmp_path / "f", bomb)):
        with pytest.raises(DataError, match=r"holds more than 1 MB of content. Expected no more than an eighth"):
            read(path)


def test_a_bomb_in_a_header_is_refused_before_it_is_held(tmp_path):
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("a/" + "n" * 3_000_000))
    with pytest.raises(TooLarge), members_of(tmp_path / "t.tar.gz", 1_000_000):
        pass
    sparse = tarfile.TarInfo("a/1.txt")
    sparse.size = 10**15  # that the stream does not hold
    (tmp_path / "s.tar").write_bytes(sparse.tobuf() + bytes(1024))
    with pytest.raises(TooLarge), members_of(tmp_path / "s.tar", 1_000_000):
        pass


def test_a_zip_that_lies_about_a_size_gives_no_more_than_it_said(tmp_path):
    zipped(tmp_path / "t.zip", {"a/1.txt": b"x" * 1_000_000, "b/2.txt": b"fine"})
    raw = bytearray((tmp_path / "t.zip").read_bytes())
    place = raw.rfind(b"a/1.txt") - 46 + 24
    raw[place : place + 4] = (10).to_bytes(4, "little")
    (tmp_path / "t.zip").write_bytes(raw)
    data = read(tmp_path / "t.zip")
    assert data["file"].texts().tolist() == ["b/2.txt"]
    assert data.source.details["refused"] == {"unreadable": 1}


def test_a_torn_archive_is_refused(tmp_path):
    files = {f"{label}/{n}.txt": os.urandom(400).hex() for label in "ab" for n in range(40)}
    whole = tarred(tmp_path / "whole.tar", files, "w").read_bytes()
    packed = gzip.compress(whole)
    for name, raw in {
        "cut.tar": whole[:20_100],
        "damaged.tar": whole[:15_360] + bytes(range(256)) * 2 + whole[15_872:],
        "cut.tar.gz": packed[: len(packed) // 2],
    }.items():
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(DataError, match=r"begins like an archive but cannot be read"):
            read(tmp_path / name)


def test_of_two_members_with_one_path_the_later_counts(tmp_path):
    path = tmp_path / "t.tar"
    tarred(path, {"a/1": "old", "b/2": "other"}, "w")
    tarred(path, {"a/1": "new"}, "a")
    data = read(path)
    assert data["text"].texts().tolist() == ["new", "other"]
    assert data.source.details["refused"] == {"twice": 1}


def test_hidden_files_are_no_rows(tmp_path):
    files = {
        "a/1.txt": "one",
        "b/2.txt": "two",
        "a/.DS_Store": "x",
        "a/._1.txt": "x",
        "b/Thumbs.db": "x",
        ".git/c/3": "x",
    }
    data = read(laid_out(tmp_path, files | {"__MACOSX/a/1.txt": "x"}))
    assert (data.rows, data.source.rows_read, data.source.details.get("beside")) == (2, 2, None)


def test_what_is_no_text_is_refused_and_shown(tmp_path):
    files = {
        "a/1.txt": "one", "b/2.txt": "two", "a/x.bin": b"MZ\0\0" + bytes(200), "b/y.pdf": b"%PDF-1.7\nabc",
        "b/z.wav": b"RIFF$\0\0\0WAVEfmt " + bytes(range(64)) * 8,
    }  # fmt: skip
    data = read(laid_out(tmp_path, files))
    assert data["file"].texts().tolist() == ["a/1.txt", "b/2.txt"]
    assert (data.source.rows_read, data.source.rows_refused) == (5, 3)
    assert data.source.examples == ("a/x.bin", "b/y.pdf", "b/z.wav")
    assert "3 files are no text" in said(data)


def test_empty_files_are_rows_without_a_text(tmp_path):
    data = read(laid_out(tmp_path, {"a/1.txt": "", "a/2.txt": " \n", "b/3.txt": "three"}))
    assert data["text"].texts().tolist() == [None, None, "three"]
    assert data["label"].texts().tolist() == ["a", "a", "b"]


def test_line_ends_are_the_same_wherever_the_files_were_packed(tmp_path):
    unix = read(laid_out(tmp_path / "t" / "x", {"a/1": "one\ntwo", "b/2": "x\ny"}))
    windows = read(laid_out(tmp_path / "u" / "x", {"a/1": "one\r\ntwo", "b/2": "x\ry"}))
    assert unix.sha256 == windows.sha256


def test_western_letters_without_a_word_about_their_encoding(tmp_path):
    files = {f"a/{n}.txt": f"plain line {n}" for n in range(20)}
    files |= {"b/1.txt": "Crème brûlée à la carte".encode("latin-1"), "b/2.txt": "naïve".encode("latin-1")}
    data = read(laid_out(tmp_path, files))
    assert data["text"].texts().tolist()[-2:] == ["Crème brûlée à la carte", "naïve"]
    assert data.source.details["encodings"] == {"utf-8": 20, "cp1252": 2}
    assert data.source.rows_repaired == 0


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8-sig", "utf-16", "utf-16-le"])
def test_chinese_in_its_encodings(tmp_path, encoding):
    texts = ["这家酒店的房间很干净，服务也好。" * 3, "早餐不错，位置方便。", "很差", "不会再来了，前台的态度让人失望。"]
    if encoding == "big5":
        texts = [
            "這家酒店的房間很乾淨，服務也好。" * 3,
            "早餐不錯，位置方便。",
            "很差",
            "不會再來了，前台的態度讓人失望。",
        ]
    if encoding == "utf-16-le":  # without a mark only what is mostly Latin can be told
        texts = [f"room {n}, breakfast good, 好" for n in range(4)]
    files = {f"{'ab'[n > 1]}/{n}.txt": text.encode(encoding) for n, text in enumerate(texts)}
    data = read(laid_out(tmp_path, files))
    assert data["text"].texts().tolist() == texts
    assert data.source.rows_repaired == 0


def test_a_short_file_is_read_as_the_others_are(tmp_path):
    long = "这家酒店的房间很干净，服务也好，早餐的品种很多。" * 5
    short = "帘"  # two bytes, which alone are two Western signs as well
    files = {"a/1.txt": long.encode("gb18030"), "b/2.txt": short.encode("gb18030")}
    assert read(laid_out(tmp_path, files))["text"].texts().tolist() == [long, short]


def test_a_long_file_in_another_encoding_stands_by_itself(tmp_path):
    chinese = "这家酒店的房间很干净，服务也好，早餐的品种很多。" * 5
    western = "Die Zimmer waren schön, das Frühstück üppig. " * 60
    files = {"a/1.txt": chinese.encode("gb18030"), "b/2.txt": western.encode("latin-1")}
    data = read(laid_out(tmp_path, files))
    assert data["text"].texts().tolist() == [chinese, western.strip()]


def test_broken_letters_are_mended_and_counted(tmp_path):
    text = "这家酒店的房间很干净，服务也好。" * 10
    files = {"a/1.txt": text.encode("gb18030"), "a/2.txt": text.encode("gb18030")[:-1]}
    files["b/3.txt"] = b"x " * 600 + b"nul \0 later"
    files["b/4.txt"] = "déjà vu, señor, à la carte".encode() + b" \xe9"
    data = read(laid_out(tmp_path, files))
    assert data.rows == 4
    assert data.source.rows_repaired == 3
    assert [line.split(":")[0] for line in data.source.examples] == ["a/2.txt", "b/3.txt", "b/4.txt"]
    assert "\0" not in data["text"].texts()[2]


def test_an_encoding_may_be_named(tmp_path):
    laid_out(tmp_path, {"a/1.txt": "Żółw".encode("iso8859-2"), "b/2.txt": b"plain"})
    assert read(tmp_path, encoding="iso8859-2")["text"].texts().tolist() == ["Żółw", "plain"]
    with pytest.raises(DataError, match="There is no encoding 'klingon'"):
        read(tmp_path, encoding="klingon")


def test_names_of_classes_in_a_chinese_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name in ("体育/一.txt", "财经/二.txt"):  # as Windows writes it: bytes of GB18030, taken for cp437
            info = zipfile.ZipInfo("x")
            info.filename = name.encode("gb18030").decode("cp437")
            archive.writestr(info, "text")
    raw = (tmp_path / "t.zip").read_bytes()
    for name in ("体育/一.txt", "财经/二.txt"):
        written, meant = name.encode("gb18030").decode("cp437").encode(), name.encode("gb18030")
        assert raw.count(written) == 2
        raw = raw.replace(written, meant + b"_" * (len(written) - len(meant)))
    raw = raw.replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00")  # no flag for UTF-8
    (tmp_path / "t.zip").write_bytes(raw)
    assert sorted(read(tmp_path / "t.zip")["label"].texts()) == ["体育", "财经"]


def test_a_document_of_ten_megabytes(tmp_path):
    long = "word " * 2_000_000
    data = read(laid_out(tmp_path, {"a/1.txt": long, "b/2.txt": "short"}))
    assert len(data["text"].texts()[0]) == len(long) - 1


def test_a_linked_folder_is_followed_once(tmp_path):
    laid_out(tmp_path / "all", {"good/1.txt": "one", "bad/2.txt": "two"})
    (tmp_path / "all" / "good" / "loop").symlink_to(tmp_path / "all")
    (tmp_path / "all" / "bad" / "gone.txt").symlink_to(tmp_path / "nowhere")
    data = read(tmp_path / "all")
    assert data.rows == 2
    assert data.source.details["refused"] == {"link": 1}


def test_labels_stay_as_the_folders_are_called(tmp_path):
    data = read(laid_out(tmp_path, {"NA/1.txt": "one", "0/2.txt": "two", "None/3.txt": "three"}))
    assert data["label"].texts().tolist() == ["0", "NA", "None"]


def test_neither_the_path_nor_the_part_is_learnt_from(tmp_path):
    files = {f"{part}/{label}/{n}.txt": f"{label} words number {n} of the {part} part" * 2
             for part in ("train", "test") for label in ("pos", "neg") for n in range(15)}  # fmt: skip
    plan, _ = draw(read(laid_out(tmp_path, files)), Wishes(target="label"))
    assert {c.name: c.role for c in plan.columns} == {
        "text": "feature", "label": "target", "split": "dropped", "file": "id",
    }  # fmt: skip
    overruled, _ = draw(read(tmp_path), Wishes(target="label", features=("split",)))
    assert next(c.role for c in overruled.columns if c.name == "split") == "feature"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, r"is a folder without files. Expected one folder a class, such as corpus/pos/1.txt"),
        ({"1.txt": "x", "2.txt": "y"}, r"holds 2 files and no folders: 1.txt, 2.txt. Expected one folder a class"),
        ({"pos/1.txt": "x", "README": "y"}, r"one class folder only: pos. .*'unlabelled'"),
        ({"loans.csv": "a,b\n1,2\n"}, r"'corpus' is a folder. Expected one file. Name one of its files: loans.csv"),
        ({"a/1": b"\0\0", "b/2": b"\0\0"}, r"None of the 2 files in 'corpus' is a text that can be read: a/1, b/2"),
    ],
)
def test_what_is_no_collection_of_texts_is_told_what_is_expected(tmp_path, files, says):
    (tmp_path / "corpus").mkdir()
    with pytest.raises(DataError, match=says) as caught:
        read(laid_out(tmp_path / "corpus", files))
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))


def test_texts_without_any_label_are_rows_to_be_answered(tmp_path):
    data = read(laid_out(tmp_path, {"unlabelled/1.txt": "one", "unlabelled/2.txt": "two"}))
    assert data["label"].missing.all()
    assert data["text"].texts().tolist() == ["one", "two"]


def test_a_path_that_leads_nowhere_is_no_folder(tmp_path):
    laid_out(tmp_path / "reviews", {"a/1": "x"})
    with pytest.raises(DataError, match=r"There is no file 'reviws'.* Did you mean 'reviews'\?"):
        read(tmp_path / "reviws")
    with pytest.raises(DataError, match="There is no file"):
        Folder.read(tmp_path / "nowhere.tar.gz")


def test_a_zip_of_one_table_is_still_no_collection(tmp_path):
    assert not Folder.opens(zipped(tmp_path / "t.zip", {"loans.csv": "a,b\n1,2\n"}))


def test_what_is_a_zip_inside_but_not_called_one_is_no_collection(tmp_path):
    assert not Folder.opens(zipped(tmp_path / "m.assay", {"parts/a.json": "{}", "manifest.json": "{}"}))
