"""Does a cell give the file it names, and no other?"""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset
from assay.kernel.files import OutsideHome, raw_of


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / "cat").mkdir(parents=True)
    (tmp_path / "home" / "cat" / "1.png").write_bytes(b"one")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "home"


def packed(path, files, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return str(path)


def test_a_name_is_looked_up_in_its_folder(home):
    assert raw_of(str(home), "cat/1.png") == b"one"
    assert raw_of(str(home), "./cat/../cat/1.png") == b"one"
    assert raw_of(str(home), str(home / "cat" / "1.png")) == b"one"


@pytest.mark.parametrize("name", ["../secret", "cat/../../secret", "/etc/passwd", "link", "folder/secret"])
def test_no_name_leads_out_of_the_folder(home, name):
    (home / "link").symlink_to("../secret")
    (home / "folder").symlink_to(home.parent)
    with pytest.raises(OutsideHome):
        raw_of(str(home), name)


def test_a_folder_beside_with_the_same_beginning_is_outside(home):
    (home.parent / "home2").mkdir()
    (home.parent / "home2" / "x").write_bytes(b"x")
    with pytest.raises(OutsideHome):
        raw_of(str(home), "../home2/x")


@pytest.mark.parametrize("name", ["", "cat", "cat/2.png", "cat/1.png/x", "a\0b", "ring", "pipe", "."])
def test_what_is_no_file_is_not_found(home, name):
    (home / "ring").symlink_to("ring")
    os.mkfifo(home / "pipe")
    with pytest.raises(FileNotFoundError):
        raw_of(str(home), name)


def test_without_a_home_the_working_directory_is_meant(home, monkeypatch):
    monkeypatch.chdir(home)
    assert raw_of("", "cat/1.png") == raw_of("", str(home / "cat" / "1.png")) == b"one"
    with pytest.raises(FileNotFoundError):
        raw_of("", "cat")


def test_a_home_that_is_gone_is_told(home):
    for name in ("nowhere", "nowhere.zip"):
        with pytest.raises(FileNotFoundError):
            raw_of(str(home / name), "1.png")


def test_no_more_is_read_than_was_asked_for(home):
    bomb = packed(home / "t.zip", {"a": bytes(3_000_000)})
    (home / "a").write_bytes(bytes(3_000_000))
    for place in (bomb, str(home)):
        assert len(raw_of(place, "a")) == len(raw_of(place, "a", 3_000_000)) == 3_000_000
        with pytest.raises(OSError, match="File too large"):
            raw_of(place, "a", 2_999_999)


def test_a_zip_gives_its_members(home):
    place = packed(home / "t.zip", {"cat/1.png": b"one", "../up.png": b"two", "cat/": b""})
    assert raw_of(place, "cat/1.png") == b"one"
    assert raw_of(place, "../up.png") == b"two"  # in a zip a name is only a name
    for name in ("cat/", "cat", "2.png", "/etc/passwd"):
        with pytest.raises(FileNotFoundError):
            raw_of(place, name)


def test_a_zip_that_changed_is_opened_again(home):
    assert raw_of(packed(home / "t.zip", {"a": b"one"}), "a") == b"one"
    assert raw_of(packed(home / "t.zip", {"a": b"three"}), "a") == b"three"


def test_a_damaged_zip_is_an_error_of_the_system(home):
    (home / "t.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(OSError, match="Damaged archive"):
        raw_of(str(home / "t.zip"), "a")
    place = packed(home / "u.zip", {"a": b"abcdefgh" * 9}, zipfile.ZIP_STORED)
    raw = bytearray((home / "u.zip").read_bytes())
    raw[40] ^= 1
    (home / "u.zip").write_bytes(raw)
    with pytest.raises(OSError, match="Damaged file in an archive"):
        raw_of(place, "a")
    with pytest.raises(PermissionError):
        raw_of(packed(home / "v.zip", {"a": b"x"}, zipfile.ZIP_LZMA), "a")


def test_a_column_keeps_its_home_and_no_hash_knows_of_it():
    column = Column.of_words("picture", ["1.png", "2.png"], home="/pets")
    assert column.take(np.array([1])).home == "/pets"
    assert Dataset((column,)).sha256 == Dataset((Column.of_words("picture", ["1.png", "2.png"]),)).sha256
    there = Dataset((column, Column.of_words("town", ["Ulm", "Bern"]), Column.of_numbers("age", [1, 2]))).at("/data")
    assert [c.home for c in there] == ["/pets", "/data", ""]
