"""Are the blocks of a column numbers or words just as the whole column is?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from assay.readers import _spool, _stored
from assay.readers.csv import Csv
from assay.readers.parquet import Parquet

N, BLOCK = 3_000, 700
PLAIN = [f"{i}.50" for i in range(N)]  # as numbers 0.5, 1.5 ...
TEXTS = {
    "few": [f"{i % 900}.50" for i in range(N)],  # no more than a thousand: words
    "numbers": PLAIN,
    "one_word": [*PLAIN[:-1], "n.n."],  # the last block alone tells that they are words
    "first_word": ["n.n.", *PLAIN[1:]],
    "zeros": [*PLAIN[:-1], "007"],
    "gaps": [None if i % 7 == 0 else "NA" if i % 11 == 0 else cell for i, cell in enumerate(PLAIN)],
    "marks": ["-" if i % 900 == 3 else cell for i, cell in enumerate(PLAIN)],
    "marks_among_words": ["-" if i % 900 == 3 else f"w{i}" for i in range(N)],
    "blanks": [f" {cell} " for cell in PLAIN],
    "huge": [str(9007199254740993 + i) for i in range(N)],
    "late": [*["a"] * (N - 1200), *PLAIN[:1200]],
    "empty": [None] * N,
    "guarded": [f'="{cell}"' for cell in PLAIN],
    "guarded_code": [f'="{i:06d}"' for i in range(N)],
    "exponents": [f"{i}e2" for i in range(N)],
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stored, "BLOCK", BLOCK)
    monkeypatch.setattr(_spool, "LETTERS", 20_000)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_texts_of_a_parquet_file(name: str, kind: str, tmp_path: Path) -> None:
    cells = pa.array(TEXTS[name], pa.string())
    cells = cells.dictionary_encode() if kind == "dictionary" else cells.cast(getattr(pa, kind)())
    pyarrow.parquet.write_table(pa.table({"c": cells}), tmp_path / "t.parquet", row_group_size=1_111)
    whole = Parquet.read(tmp_path / "t.parquet")["c"]
    stored = Parquet.stored(tmp_path / "t.parquet", 1e9)
    assert stored is not None
    blocks = [block["c"] for block in stored.as_whole(("c",)).blocks(("c",))]
    assert len(blocks) >= N // BLOCK
    assert {block.store for block in blocks} == {whole.store}
    assert [text for block in blocks for text in block.texts()] == whole.texts().tolist()


@pytest.mark.parametrize("separator", [",", ";"])
def test_every_column_of_a_text_table(separator: str, tmp_path: Path) -> None:
    columns = {name: ["" if cell is None else cell for cell in cells] for name, cells in TEXTS.items()}
    if separator == ";":
        columns["comma"] = [f"{i},25" for i in range(N)]
        columns["pointed"] = [f"{i % 7}.{i % 1000:03d}" for i in range(N - 1)] + [
            "1.5"
        ]  # the last block alone tells that it is no thousand
        columns["grouped"] = [f"{1 + i % 9}.{i % 1000:03d},{i % 100:02d}" for i in range(N)]
        columns["points"] = [f"{1 + i // 1000}.{i % 1000:03d}" for i in range(N)]
    lines = [separator.join(columns), *(separator.join(row) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    whole, stored = Csv.read(tmp_path / "t.csv"), Csv.stored(tmp_path / "t.csv", 8.0)
    assert stored is not None
    try:
        blocks = list(stored.as_whole(tuple(columns)).blocks())
    finally:
        stored.close()
    for name in columns:
        got = [text for block in blocks for text in block[name].texts()]
        assert {block[name].store for block in blocks} == {whole[name].store}, name
        assert got == whole[name].texts().tolist(), name


def test_a_block_by_itself_would_be_judged_otherwise(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"c": PLAIN}), tmp_path / "t.parquet")
    stored = Parquet.stored(tmp_path / "t.parquet", 1e9)
    assert stored is not None
    assert {block["c"].store for block in stored.blocks()} == {"words"}  # 700 cells each
    assert Parquet.read(tmp_path / "t.parquet")["c"].store == "numbers"


def test_no_room_for_the_parquet_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyarrow.parquet.ParquetWriter, "write_table", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 200, encoding="utf-8")
    with pytest.raises(ValueError, match="could not be written as Parquet"):
        Csv.stored(tmp_path / "t.csv", 8.0)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
