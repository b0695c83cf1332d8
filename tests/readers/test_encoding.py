"""Is the encoding found out, and Chinese told from Western text?"""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from assay.kernel.errors import DataError
from assay.readers._encoding import decode
from assay.readers.csv import Csv

SIMPLE = "姓名,城市,备注\n张伟,北京,老客户\n李娜,上海市浦东新区,按时还款\n王芳,广州,逾期一次，已结清\n"
TRADITIONAL = "姓名,城市,備註\n陳怡君,臺北,老客戶\n林志豪,高雄市,按時還款\n黃淑芬,臺中,逾期一次，已結清\n"
FRENCH = "nom,ville,note\nHélène,Orléans,très bien\nFrançois,Nîmes,déjà payé\nZoë,Besançon,0\n"
GERMAN = "Name;Straße;Betrag\nMüller;Lindenstraße 3;5\nGroß;Königsallee;7\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (SIMPLE, "utf-8", "utf-8"),
        (SIMPLE, "utf-8-sig", "utf-8-sig"),
        (SIMPLE, "utf-16", "utf-16"),
        (SIMPLE, "utf-32", "utf-32"),
        (SIMPLE, "gb18030", "gb18030"),
        (SIMPLE, "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (FRENCH, "cp1252", "cp1252"),
        (FRENCH, "latin-1", "cp1252"),
        (GERMAN, "latin-1", "cp1252"),
        ("Temp,CRP,y\n" + "".join(f"37.{k}°C,4.{k} µg/L,ok\n" for k in range(9)), "cp1252", "cp1252"),
        ("job,y\nÄrztin,0\nÄnderung,1\nÅge,0\n", "cp1252", "cp1252"),
        ("size,y\n小,0\n大,1\n一,0\n", "big5", "big5"),
        ("name,price\nfig,3\n", "utf-16-le", "utf-16-le"),
        ("name,price\nfig,3\n", "utf-16-be", "utf-16-be"),
    ],
)
def test_encoding_is_found(text, written, found, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode(written))
    data = Csv.read(path)
    separator = ";" if ";" in text else ","
    assert data.source.details["encoding"] == found
    rows = [list(row) for row in zip(*(column.texts() for column in data), strict=True)]
    assert [list(data.names), *rows] == [line.split(separator) for line in text.splitlines()]


def test_one_foreign_byte_in_utf8_is_kept_and_counted(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"name,town\n" + "Zoë,Köln\nÜlo,Åbo\nJosé,Málaga\n".encode() * 20 + b"Ren\xe9,Metz\n")
    data = Csv.read(path)
    assert data["name"].texts()[-1] == "René"
    assert data.source.details["encoding"] == "utf-8"
    assert data.source.details["bytes_guessed"] == 1


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(("text", "encoding"), [(SIMPLE, "gb18030"), (TRADITIONAL, "big5")])
@pytest.mark.parametrize("first", ["utf-8", "wide"])
def test_lines_of_two_encodings_are_read_each_in_its_own(mark, text, encoding, first, tmp_path, monkeypatch):
    header, *rows = text.splitlines(keepends=True)
    wide, utf8 = "".join(rows * 40).encode(encoding), "".join(rows * 70).encode()
    path = tmp_path / "people.csv"
    path.write_bytes(mark + header.encode() + (utf8 + wide if first == "utf-8" else wide + utf8))
    data = Csv.read(path)
    found = [",".join(row) for row in zip(*(column.texts() for column in data), strict=True)]
    assert found == [row.rstrip() for row in (rows * 110)]
    assert data.names == tuple(header.rstrip().split(","))
    assert data.source.details["encoding"] == f"{'utf-8-sig' if mark else 'utf-8'} + {encoding}"
    foreign = sum(not letter.isascii() for letter in "".join(rows * 40))
    assert data.source.details["bytes_guessed"] == foreign
    assert {"n": foreign} in [note.values for note in Csv.notes(data.source)]

    monkeypatch.setattr("assay.readers._spool.LETTERS", 200)
    stored = Csv.stored(path, 0)
    assert stored is not None
    assert stored.source.details["encoding"] == data.source.details["encoding"]
    assert stored.source.details["bytes_guessed"] == foreign
    whole = stored.take(np.arange(stored.rows))
    assert [",".join(row) for row in zip(*(column.texts() for column in whole), strict=True)] == found
    stored.close()


def test_lines_of_two_encodings_are_seen_in_pieces_of_a_long_text(monkeypatch):
    monkeypatch.setattr("assay.readers._encoding.JUDGED", 4096)
    rows = SIMPLE * 300
    found = decode(rows.encode() + rows.encode("gb18030"))
    assert (found.encoding, found.utf8.decode()) == ("utf-8 + gb18030", rows * 2)
    assert decode(rows.encode("gb18030")).encoding == "gb18030"


def test_two_western_signs_side_by_side_make_no_second_encoding():
    found = decode(SIMPLE.encode() * 20 + b"x,25 \xb0\xb1 1,y\n")
    assert (found.encoding, found.guessed) == ("utf-8", 2)
    assert "25 °± 1" in found.utf8.decode()


@pytest.mark.parametrize("words", ["一\n二\n不\n王\n", "联通\n移动\n电信\n", "姓名\n张三\n一\n李四\n"])
def test_short_words_that_happen_to_be_utf8_are_of_the_encoding_of_the_others(words):
    text = words * 20 + "客户按时还款\n"
    found = decode(text.encode("gb18030"))
    assert (found.encoding, found.utf8.decode(), found.guessed) == ("gb18030", text, 0)


def test_a_told_encoding_is_heeded_or_refused():
    assert decode("né".encode("latin-1"), "latin-1").utf8.decode() == "né"
    with pytest.raises(DataError, match=r"not written in utf-8.*Leave the encoding out"):
        decode(b"\xff\xfe\xfa", "utf-8")
    with pytest.raises(DataError, match="no encoding 'utf-9'"):
        decode(b"a", "utf-9")


def test_gzip_is_looked_into(tmp_path):
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(SIMPLE.encode("gb18030")))
    assert Csv.read(path).names == ("姓名", "城市", "备注")


def test_a_broken_gzip_is_refused(tmp_path):
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(SIMPLE.encode() * 100)[:-30])
    with pytest.raises(DataError, match="cannot be read"):
        Csv.read(path)
