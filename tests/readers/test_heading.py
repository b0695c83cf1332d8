"""Where all cells are words: is a heading kept, is a first row not lost, and is a guess called one?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.readers._heading import is_a_guess
from assay.readers.csv import Csv

RNG = np.random.default_rng(0)
N = 100  # of fewer, one that is the shortest by chance would be no sign
LETTERS = np.asarray(list("abcdefghijklmnoprstuvw"))


def word(shortest: int, longest: int) -> str:
    return "".join(RNG.choice(LETTERS, size=RNG.integers(shortest, longest + 1)))


# Columns of words, no two rows alike: the name such a column may have, and its cells.
COLUMNS = {
    "codes": ("product", [f"P{1000 + 7 * k}" for k in range(N)]),
    "lower codes": ("case_id", [f"ab-{k:03d}-x" for k in range(N)]),
    "addresses": ("mail", [f"{word(3, 9)}@{word(4, 8)}.org" for _ in range(N)]),
    "names": ("customer", [word(4, 12).title() for _ in range(N)]),
    "sentences": ("review", [" ".join(word(2, 8) for _ in range(RNG.integers(12, 30))) for _ in range(N)]),
    "chinese": (
        "评论",
        ["".join(RNG.choice(list("房间很大服务不错早餐一般位置方便"), size=RNG.integers(9, 60))) for _ in range(N)],
    ),
    "levels": ("state", [["sound", "worn", "broken"][k % 3] for k in range(N)]),
}
ROWS_TELL = {"codes", "lower codes", "addresses", "levels", "sentences"}  # by pattern, by coming again, by their length


def read(tmp_path, header, columns):
    rows = [[COLUMNS[c][0] for c in columns]] if header else []
    rows += [list(row) for row in zip(*(COLUMNS[c][1] for c in columns), strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join("|".join(row) for row in rows) + "\n", encoding="utf-8")
    return Csv.read(path, separator="|")


PAIRS = [(a, b) for a in COLUMNS for b in COLUMNS if a < b]


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_heading_of_words_is_found(pair, tmp_path):
    data = read(tmp_path, True, pair)
    assert data.names == tuple(COLUMNS[c][0] for c in pair)
    assert data.rows == N


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_first_row_of_words_is_kept_or_said_to_be_a_guess(pair, tmp_path):
    data = read(tmp_path, False, pair)
    if {*pair} & ROWS_TELL:
        assert data.names == ("column_1", "column_2")
        assert data.rows == N
        return
    assert data.source.details["header_guessed"]
    assert any("--no-header" in note.text() for note in Csv.notes(data.source))
    assert any("--no-header" in note.text("zh") for note in Csv.notes(data.source))


def test_nothing_is_called_a_guess_where_the_heading_shows(tmp_path):
    for pair in PAIRS:
        told = {*pair} & (ROWS_TELL | {"chinese"})
        assert read(tmp_path, True, pair).source.details.get("header_guessed", False) == (not told), pair


def test_numbered_names_over_codes_are_names(tmp_path):
    (tmp_path / "t.csv").write_text("gene01,gene02\n" + "".join(f"ac{k:02d},gt{k + 9:02d}\n" for k in range(30)))
    assert Csv.read(tmp_path / "t.csv").names == ("gene01", "gene02")


def test_one_digit_does_not_make_a_name_a_cell(tmp_path):
    (tmp_path / "t.csv").write_text("who,x1\n" + "".join(f"{word(4, 9)},b{k % 10}{word(1, 1)}\n" for k in range(30)))
    assert Csv.read(tmp_path / "t.csv").names == ("who", "x1")


def test_a_row_whose_number_is_missing_is_judged_by_its_words(tmp_path):
    lines = [
        ",sound,ulm",
        *(f"{k / 7:.2f},{'worn' if k % 2 else 'sound'},{'ulm' if k % 3 else 'jena'}" for k in range(40)),
    ]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    assert Csv.read(tmp_path / "t.csv").rows == 41
    lines[0] = ",state,town"
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    data = Csv.read(tmp_path / "t.csv")
    assert (data.names[1:], data.rows) == (("state", "town"), 40)


def test_what_a_cell_seldom_does_is_seldom_done_by_a_cell():
    """A row of words in the place of a heading, over rows like it: it may pass for a sure heading at most in 1 of 20."""
    sure = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        words = np.asarray([f"w{'abcdefghij'[k % 10]}{'klmnopqrst'[k // 10]}" for k in range(100)])
        rows = [["".join(rng.choice(list("xyz"), size=rng.integers(3, 40))), w] for w in rng.choice(words, 100)]
        if rows[0][1] not in {row[1] for row in rows[1:]}:
            sure += not is_a_guess(rows[0], rows[1:])
    assert sure <= 0.05 * 400 + 2.33 * np.sqrt(400 * 0.05 * 0.95)  # binomial, one in a hundred
