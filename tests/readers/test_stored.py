"""Do rows drawn from a file, and all of them block by block, say what the whole file says?"""

from __future__ import annotations

import codecs
import csv
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from assay.kernel.data import Dataset
from assay.kernel.errors import DataError
from assay.kernel.stored import BLOCK
from assay.readers import _spool
from assay.readers.csv import Csv
from assay.readers.parquet import Parquet

N = 150_000  # more than two blocks


def same(a: Dataset, b: Dataset) -> None:
    assert a.names == b.names
    for left, right in zip(a, b, strict=True):
        assert left.store == right.store, left.name
        if left.store == "words":
            assert np.array_equal(left.texts(), right.texts()), left.name
        else:
            assert np.array_equal(left.cells, right.cells, equal_nan=left.store == "numbers"), left.name


def table() -> pa.Table:
    rng = np.random.default_rng(0)
    return pa.table(
        {
            "x": rng.normal(size=N),
            "n": rng.integers(0, 1_000_000, N),
            "town": pa.array(np.asarray(["Basel", "Bern", None], dtype=object)[rng.integers(0, 3, N)]),
            "day": pa.array(np.datetime64("2020-01-01") + rng.integers(0, 900, N), pa.date32()),
            "on": rng.random(N) < 0.5,
        }
    )


def test_drawn_rows_are_those_of_the_whole_file(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(table(), tmp_path / "t.parquet", row_group_size=7_001)
    stored = Parquet.stored(tmp_path / "t.parquet", 1e9)
    assert stored is not None
    assert stored.rows == N
    rows = np.sort(np.random.default_rng(1).choice(N, 3_000, replace=False))
    same(stored.take(rows), Parquet.read(tmp_path / "t.parquet").take(rows))


@pytest.mark.parametrize("compression", ["uncompressed", "lz4"])
@pytest.mark.parametrize("chunk", [7_001, N])
def test_an_arrow_file_is_had_by_blocks_too(compression: str, chunk: int, tmp_path: Path) -> None:
    given = table().append_column("word", table()["town"].dictionary_encode())
    pyarrow.feather.write_feather(given, tmp_path / "t.arrow", compression=compression, chunksize=chunk)
    stored, whole = Parquet.stored(tmp_path / "t.arrow", 1e9), Parquet.read(tmp_path / "t.arrow")
    assert stored is not None
    assert (stored.rows, stored.names) == (N, whole.names)
    rows = np.sort(np.random.default_rng(1).choice(N, 3_000, replace=False))
    same(stored.take(rows), whole.take(rows))
    start = 0
    for block in stored.as_whole(("word", "n")).blocks(("word", "n")):
        assert block.rows <= BLOCK
        same(block, whole.only(("word", "n")).take(slice(start, start + block.rows)))
        start += block.rows
    assert start == N


def test_a_torn_arrow_file_is_told(tmp_path: Path) -> None:
    pyarrow.feather.write_feather(table(), tmp_path / "t.arrow")
    raw = (tmp_path / "t.arrow").read_bytes()
    (tmp_path / "t.arrow").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        Parquet.stored(tmp_path / "t.arrow", 1e9)


def test_blocks_are_the_file_in_order(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(table(), tmp_path / "t.parquet", row_group_size=7_001)
    stored, whole = Parquet.stored(tmp_path / "t.parquet", 1e9), Parquet.read(tmp_path / "t.parquet")
    assert stored is not None
    start = 0
    for block in stored.blocks(("town", "x")):
        same(block, whole.only(("town", "x")).take(slice(start, start + block.rows)))
        start += block.rows
    assert start == N


def test_names_that_stand_twice_are_told_apart(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1.0, 2.0]), pa.array([3.0, 4.0])], names=["a", "a"])
    pyarrow.parquet.write_table(twice, tmp_path / "t.parquet")
    stored = Parquet.stored(tmp_path / "t.parquet", 1e9)
    assert stored is not None
    assert stored.names == ("a", "a_2")
    (block,) = stored.blocks(("a_2",))
    assert block["a_2"].cells.tolist() == [3.0, 4.0]


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(table(), tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:5_000])
    with pytest.raises(DataError, match="cannot be read"):
        Parquet.stored(tmp_path / "t.parquet", 1e9)


BODIES = {
    "plain": lambda i: f"{i},{i * 0.5},name {i % 7}\n",
    "ragged": lambda i: f"{i},{i * 0.5},name {i % 7}\n" if i % 997 else f"{i},{i * 0.5}\n",
    "quoted lines": lambda i: f'{i},{i * 0.5},"two\nlines, {i % 7}"\n',
    "missing": lambda i: f"{i},{'NA' if i % 5 == 0 else i * 0.5},{'' if i % 3 else 'x'}\n",
    "foreign": lambda i: f"{i},{i * 0.5},城市{i % 7}\n",
}


@pytest.mark.parametrize("body", BODIES)
def test_a_large_csv_means_what_a_small_one_does(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spool, "LETTERS", 50_000)  # many blocks
    text = "id,amount,name\n" + "".join(map(BODIES[body], range(20_000)))
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("gb18030" if body == "foreign" else "utf-8"))
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert stored.rows == whole.rows
    same(stored.take(np.arange(stored.rows)), whole)
    assert stored.source.rows_repaired == whole.source.rows_repaired
    assert stored.source.details["encoding"] == whole.source.details["encoding"]
    stored.close()


def test_decimal_commas_footers_and_repeated_headers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spool, "LETTERS", 50_000)
    rows = "".join(f"{i};{i},5\n" + ("id;amount\n" if i % 4_000 == 3_999 else "") for i in range(20_000))
    path = tmp_path / "t.csv"
    path.write_text("id;amount\n" + rows + "\nprinted by the bank\n")
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    same(stored.take(np.arange(stored.rows)), whole)
    assert stored.source.details["repeated_headers"] == whole.source.details["repeated_headers"] == 5
    assert stored.source.details["tail_lines"] == whole.source.details["tail_lines"]
    stored.close()


def test_texts_of_many_lines_go_over_no_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_spool, "LETTERS", 50_000)
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as handle:
        texts = ["\n".join(f'{i}, {k}; it\'s "so"' for k in range(900)) for i in range(60)]
        csv.writer(handle).writerows([["text", "label"], *([text, "ab"[i % 2]] for i, text in enumerate(texts))])
        handle.write("\nprinted by the office\n")
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert whole["text"].texts().tolist() == texts
    same(stored.take(np.arange(stored.rows)), whole)
    assert stored.source.details["tail_lines"] == whole.source.details["tail_lines"] == 1
    stored.close()


@pytest.mark.parametrize("place", [310, 11_000, 19_990])
def test_a_cell_in_quotes_is_one_however_late_it_comes(place: int, tmp_path: Path) -> None:
    rows = [[i, "no" if i % 3 else "yes", f"name {i % 7}", "x" * 20] for i in range(20_000)]
    rows[place][2], rows[place + 1][2], rows[place + 2][2] = "Smith, John", 'O"Neil', "two\nlines"
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([["id", "late", "name", "text"], *rows])
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert whole["name"].texts().tolist() == [row[2] for row in rows]
    assert whole.source.rows_repaired == 0
    same(stored.take(np.arange(stored.rows)), whole)
    stored.close()


RED = "a red that tends to brown"  # so that the lines are not among the first that are judged
LATE = {  # line k of 20,000, whose marks are no quotes
    "ditto marks": lambda k: f'{k},",{RED},0.5' if 15_000 <= k < 15_100 else f"{k},item {k % 9},{RED},0.5",
    "an open one, and inches": lambda k: (
        f'{k},"oops,{RED},0.5' if k == 15_000 else f'{k},pipe {k % 7}",{RED},0.5' if k > 15_000 and k % 20 == 0 else f"{k},a,{RED},0.5"
    ),
    "the same at the end": lambda k: (
        f'{k},0.5,{RED},"oops' if k == 15_000 else f'{k},0.5,{RED},pipe 5"' if k > 15_000 and k % 20 == 0 else f"{k},0.5,{RED},a"
    ),
    "a name in quotes": lambda k: f'{k},"Big" Joe,{RED},0.5' if 15_000 < k < 15_100 else f"{k},item {k % 9},{RED},0.5",
}  # fmt: skip


@pytest.mark.parametrize("line", LATE)
def test_late_marks_that_are_no_quotes_swallow_no_row(line: str, tmp_path: Path) -> None:
    lines = [*map(LATE[line], range(19_900)), *(f"{k},a,{RED},b" for k in range(19_900, 20_000))]
    path = tmp_path / "t.csv"
    path.write_text("id,note,colour,x\n" + "\n".join(lines) + "\n")
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert (whole.rows, whole.source.rows_repaired) == (20_000, 0)
    for name, place in (("note", 1), ("x", 3)):
        written = [row.split(",")[place] for row in lines]
        read = whole[name].texts() if whole[name].store == "words" else [f"{x:g}" for x in whole[name].cells]
        assert list(read) == written
    same(stored.take(np.arange(stored.rows)), whole)
    stored.close()


def test_a_quote_that_nobody_met_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,x\n" * 5_000)
    stored = Csv.stored(tmp_path / "t.csv", 1.0)
    assert stored is not None
    assert "quote" not in stored.source.details
    assert stored.source.details == {**Csv.read(tmp_path / "t.csv").source.details, "streamed": True}
    stored.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "gb18030"])
def test_the_end_of_a_large_csv_tells_of_its_dialect_too(encoding: str, tmp_path: Path) -> None:
    rows = [f"{i},{'城市' if i % 2 else 'town'},{i % 7}" for i in range(20_000)]
    rows[-20:] = [f"{i},'Smith, John',{i % 7}" for i in range(20)]
    path = tmp_path / "t.csv"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    path.write_bytes(mark + ("id,name,n\n" + "\n".join(rows) + "\n").encode(encoding))
    stored, whole = Csv.stored(path, 1.0), Csv.read(path)
    assert stored is not None
    assert whole["name"].texts().tolist()[-1] == "Smith, John"
    same(stored.take(np.arange(stored.rows)), whole)
    stored.close()


def test_a_small_csv_is_left_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    assert Csv.stored(tmp_path / "t.csv", 1e9) is None


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 5_000)
    stored = Csv.stored(tmp_path / "t.csv", 1.0)
    assert stored is not None
    assert len(list(tmp_path.glob("assay-*.parquet"))) == 1
    stored.close()
    stored.close()
    assert not list(tmp_path.glob("assay-*.parquet"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_spool, "fast_body", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Csv.stored(tmp_path / "t.csv", 1.0)
    assert not list(tmp_path.glob("assay-*.parquet"))
