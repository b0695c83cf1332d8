"""How are class labels put in order and turned into numbers?

Labels are kept as the training file wrote them. "1" and "1.0" are one label when the new file writes numbers another
way.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import Bools, Column, Ints

MOST_LOOKED_AT = 2_000  # levels of a column that tell whether codes are among them
EXPONENT_CODE = re.compile(r"\d+[eE]\d+")
WITHOUT_WIDTH = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
FEWEST_OF_LONG = 16  # digits of a long code
LONG_CODE = re.compile(rf"\d{{{FEWEST_OF_LONG},}}[Xx]?")
PADDED = re.compile(r"0\d+")
HASH = re.compile(r"\{?[0-9a-f]{8}(?:-?[0-9a-f]{2,}){2,}\}?", re.IGNORECASE)  # a UUID, an MD5 or SHA sum
QUOTE = '"'
# Spellings of "nothing here" that hardly ever mean anything else. "None" is a value (no garage, no illness).
NOTHING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "\\N", "?")
YES = {"1", "1.0", "true", "t", "yes", "y", "on", "是", "有", "真", "ja", "oui", "si", "sí"}
NO = {"0", "0.0", "false", "f", "no", "n", "off", "否", "无", "假", "nein", "non"}
NEGATIVE_FIRST = {"no": 0, "false": 0, "f": 0, "n": 0, "否": 0, "yes": 1, "true": 1, "t": 1, "y": 1, "是": 1}


def distinct_labels(column: Column, most: int = 100_000) -> list[str]:
    """The different values of a column as written, in natural order: numbers by size, no before yes, else by letter.

    >>> distinct_labels(Column.of_words("x", ["10", "9", None, "9"]))
    ['9', '10']
    """
    words = column.as_words()
    assert words.levels is not None
    used = np.unique(words.cells[words.cells >= 0])[:most]
    return sorted((str(words.levels[c]) for c in used), key=_place)


def event_of(labels: Sequence[str], rows: Sequence[int]) -> int:
    """Which of two labels in order is the one that is looked for: the larger number, "yes" of yes and no, else that of fewer rows.

    >>> event_of(["0", "1"], [3, 97]), event_of(["no", "yes"], [3, 97]), event_of(["欺诈", "正常"], [3, 97])
    (1, 1, 0)
    """
    paired = all(as_number(label) is not None or label.casefold() in NEGATIVE_FIRST for label in labels)
    return int(paired or rows[1] <= rows[0])


def are_hashes(texts: Sequence[str]) -> bool:
    """Whether most texts are UUIDs or sums in hexadecimal digits, which name things and say nothing.

    >>> are_hashes(["6f1a0b1c-93d2-4c1e-8f5b-0a1b2c3d4e5f", "9e107d9d372bb6826bd81d3542a419d6"]), are_hashes(["20240131", "beef"])
    (True, False)
    """
    return 2 * sum(HASH.fullmatch(text.strip()) is not None and not text.strip().isdigit() for text in texts) > len(
        texts
    )


def joined(labels: Iterable[str]) -> str:
    """Labels in one cell with bars between; one that holds a bar or a quotation mark stands in quotation marks (RFC 4180).

    >>> joined(["A|B", "C"])
    '"A|B"|C'
    """
    return "|".join(
        f'"{label.replace(QUOTE, 2 * QUOTE)}"' if "|" in label or QUOTE in label else label for label in labels
    )


def as_number(label: str) -> float | None:
    """The finite number a label writes, or None.

    >>> as_number("12.5"), as_number("12_3")
    (12.5, None)
    """
    if "_" in label:  # Python's own way of writing 123
        return None
    try:
        value = float(label)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def alike_labels(labels: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of labels that differ in letter case, width or signs without width alone, or are numbers of one value: (first, other).

    >>> alike_labels(["No", "Yes", "yes", "Ａ", "A"]), alike_labels(["0", "0.0", "1"])
    ([('Yes', 'yes'), ('Ａ', 'A')], [('0', '0.0')])
    """
    first: dict[str | float, str] = {}
    found = []
    for label in labels:
        bare = WITHOUT_WIDTH.sub("", unicodedata.normalize("NFKC", label)).strip()
        number = None if is_long_code(bare) else as_number(bare)
        one = first.setdefault(bare.casefold() if number is None else number, label)
        if one != label:
            found.append((one, label))
    return found


def is_long_code(label: str) -> bool:
    """Whether it is written in more digits than a number holds exactly: the name of a thing, such as a card or a person.

    The last may be the check letter X of Chinese identity cards.

    >>> is_long_code("11010519491231002X"), is_long_code("1700000000000")
    (True, False)
    """
    return bool(LONG_CODE.fullmatch(label))


def long_codes(labels: Sequence[str]) -> Bools:
    """Which of some labels are such names: bool [n]; told by the longest of them where none is."""
    if max(map(len, labels), default=0) < FEWEST_OF_LONG:
        return np.zeros(len(labels), dtype=bool)
    return np.asarray([is_long_code(label) for label in labels], dtype=bool)


def are_codes(labels: Sequence[str]) -> bool:
    """Whether some numbers are written with leading zeros, as codes are.

    >>> are_codes(["0102", "113"]), are_codes(["0", "0.5", "113"])
    (True, False)
    """
    return any(label[:1] == "0" and PADDED.fullmatch(label) for label in labels)


def are_exponents(labels: Sequence[str]) -> bool:
    """Whether each is written as digits, an E and digits: names of things, as quantities have points and signs, too.

    >>> are_exponents(["661E40", "662E07"]), are_exponents(["1e5", "2.5e5"])
    (True, False)
    """
    return len(labels) > 0 and all(EXPONENT_CODE.fullmatch(label) for label in labels)


def codes_of(column: Column, labels: Sequence[str]) -> Ints:
    """The place of each cell in `labels`: int64 [n], -1 where missing or not among them.

    Where the labels are one word for no and one for yes, any such words are: true is "1", as a database writes what a frame held as True.

    >>> codes_of(Column.of_words("paid", ["True", "false", "1", "late"]), ["0", "1"]).tolist()
    [1, 0, 1, -1]
    """
    words = column.as_words()
    place = {label: i for i, label in enumerate(labels)}
    by_number = {number: i for label, i in place.items() if (number := as_number(label)) is not None}
    folded = {label.casefold(): i for label, i in place.items()}
    by_case = folded if len(folded) == len(place) else {}  # "True" is "true", where no two labels differ by case alone
    sides = [label.casefold() in YES for label in labels]  # of yes and no, which is yes
    paired = sorted(sides) == [False, True] and labels[sides.index(False)].casefold() in NO
    assert words.levels is not None

    def find(level: str) -> int:
        number, small = as_number(level), level.casefold()
        other = by_case.get(small, -1) if number is None else by_number.get(number, -1)
        if other < 0 and paired and small in YES | NO:
            other = sides.index(small in YES)
        return place.get(level, other)

    codes = np.asarray([find(str(level)) for level in words.levels] + [-1], dtype=np.int64)
    return np.asarray(codes[words.cells])


def as_labels(column: Column, labels: Sequence[str]) -> Column:
    """The same column of words, each cell that `codes_of` takes for a label spelled as that label is; any other stays.

    >>> as_labels(Column.of_words("paid", ["1.0", "0", "late", None]), ["0", "1"]).texts().tolist()
    ['1', '0', 'late', None]
    """
    if column.levels is None:
        return column
    every = replace(column, cells=np.arange(len(column.levels), dtype=column.cells.dtype))
    found = {
        str(level): labels[code]
        for level, code in zip(column.levels, codes_of(every, labels), strict=True)
        if code >= 0
    }
    return respelled(column, lambda level: found.get(level, level))


def respelled(column: Column, spelling: Callable[[str], str]) -> Column:
    """A column of words with each level spelled otherwise; those that become equal are one.

    >>> respelled(Column.of_words("town", ["Ulm", "ULM", None]), str.title).levels
    array(['Ulm'], dtype=object)
    """
    assert column.levels is not None
    if len(column.levels) > len(column):  # one row of a million names asks for one
        used, cells = np.unique(column.cells[~column.missing], return_inverse=True)
        codes = np.full(len(column), -1, dtype=column.cells.dtype)
        codes[~column.missing] = cells
        column = replace(column, cells=codes, levels=column.levels[used])
    assert column.levels is not None
    spelled = [spelling(str(level)) for level in column.levels]
    place = {level: i for i, level in enumerate(dict.fromkeys(spelled))}
    levels = np.empty(len(place), dtype=object)
    levels[:] = list(place)
    cells = np.asarray([*map(place.__getitem__, spelled), -1], dtype=column.cells.dtype)[column.cells]
    return replace(column, cells=cells, levels=levels)


def known(y: NDArray[Any]) -> Bools:
    """Rows whose answer is known, of encoded targets: classes [n], flags [n, k], values [n], or boxes [n, m, 5]."""
    if y.dtype.kind == "f":
        return np.asarray(~np.isnan(y if y.ndim == 1 else y[:, 0, 0]))
    return np.asarray(y >= 0 if y.ndim == 1 else (y >= 0).all(axis=1))


def counted(y: NDArray[Any], k: int) -> Ints:
    """Rows of each of `k` labels, or in which a box of it lies: int64 [k]."""
    if y.ndim == 3:
        return np.asarray([(y[:, :, 0] == label).any(axis=1).sum() for label in range(k)], dtype=np.int64)
    return np.asarray(np.bincount(y, minlength=k) if y.ndim == 1 else (y == 1).sum(axis=0))


def _place(label: str) -> tuple[int, float, str]:
    number = as_number(label)
    if number is not None:
        return (0, number, label)
    return (1, float(NEGATIVE_FIRST.get(label.casefold(), 0)), label)
