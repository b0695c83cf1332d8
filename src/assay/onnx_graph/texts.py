"""How are the words and the pieces of a text written down? (language/grams.py, modalities/text.py)

A text is given as the codes of its characters, for there is no operation that takes strings apart. All characters of all rows lie in one
array, each text between blanks; what begins and what ends there is found by looking one place ahead and behind. A piece is a number, as it is
here: a sum of powers modulo 2^64, where whole numbers overflow as they do in numpy. Equal pieces of a row are counted once for
all folds, and each fold looks up those that it knows.
"""

from __future__ import annotations

import functools
import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.data import Bools, Floats, Ints
from ..language.characters import BLANK, DENSE, LETTER, SIGN, SIGNS, TABLE, codes_of, small, sorts
from ..language.grams import (
    BITS,
    LONGEST,
    LONGEST_DENSE,
    PAIR,
    PAIRED,
    READ,
    SHORTEST,
    STIRRED,
    WORD,
    powers,
    salted,
    stirred,
)
from ..language.reading import SIZED, Reading
from ..neural.halves import halves
from .graph import TREES, Graph

PAGE = 256  # characters of one page of a table; equal pages are kept once
KEY = 40  # bits by which a word of a vocabulary is known
NO_WORD, WORDLY, DIGIT, HAN = 0, 1, 2, 3
FIRST_HAN, LAST_HAN = 0x3400, 0x9FFF
LONGEST_WORD = 1 << 17  # characters: of so many powers are at hand anyhow
ALL_WORDS = 0x34000  # code points, beyond which no letter is known


def characters_of(texts: NDArray[np.object_], missing: Bools) -> NDArray[np.int32]:
    """Codes of the characters of normalised texts, 0 behind them; -1 first where a text is missing: [n, m]."""
    found = np.zeros((len(texts), max(1, max(map(len, texts), default=0))), dtype=np.int32)
    for row, text in zip(found, texts, strict=True):
        row[: len(text)] = codes_of(text)
    found[missing, 0] = -1
    return found


# --------------------------------------------------------------------------------------------------------- what is read


@dataclass(frozen=True)
class Counted:
    """Names of what stands in the texts: for each different piece of a row the row, by what it is known, and how often it stands there."""

    row: str  # int64 [p]
    key: str  # int64 [p]
    often: str  # float64 [p]


def known(graph: Graph, found: Counted, keys: Ints, idf: NDArray[Any], values: NDArray[Any], x: str) -> str:
    """Texts of length one as TF-IDF of some pieces, times values [v, w]: [n, w]. Numbers rest in the file as they come.

    keys : by which each piece is known [v], one at the least
    """
    n = graph.node("Shape", x, start=0, end=1)
    place = graph.node(
        "LabelEncoder",
        found.key,
        domain=TREES,
        keys_int64s=keys.tolist(),
        values_int64s=list(range(len(keys))),
        default_int64=len(keys),
    )
    weight = graph.node("Add", graph.node("Log", found.often), graph.constant(1.0))
    weight = graph.node("Mul", weight, graph.node("Gather", graph.double(_and_none(idf)), place, axis=0))  # [p]
    size = graph.node("Sqrt", _by_row(graph, graph.node("Mul", weight, weight), found.row, n))
    size = graph.node("Where", graph.node("Greater", size, graph.constant(0.0)), size, graph.constant(1.0))
    last = graph.constant(np.asarray([1]))
    pulls = graph.node("Gather", graph.double(_and_none(values)), place, axis=0)  # [p, w]
    pulls = graph.node("Mul", graph.node("Unsqueeze", weight, last), pulls)
    wide = graph.node("Concat", n, graph.constant(np.asarray([values.shape[1]])), axis=0)
    total = _by_row(graph, pulls, found.row, wide)
    return graph.node("Div", total, graph.node("Unsqueeze", size, last))


def _and_none(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows, and one of zeros for what is not known."""
    return np.concatenate([rows, np.zeros_like(rows[:1])])


def _by_row(graph: Graph, values: str, row: str, shape: str) -> str:
    """Sums of the values [p, ...] of each row: [n, ...]."""
    nothing = graph.node("Expand", graph.constant(0.0), shape)
    places = graph.node("Unsqueeze", row, graph.constant(np.asarray([1])))
    return graph.node("ScatterND", nothing, places, values, reduction="add")


# -------------------------------------------------------------------------------------------------- words of a vocabulary


def factors_graph(graph: Graph, words: Sequence[str], idf: Floats, basis: NDArray[np.float32], x: str) -> str:
    """Logarithm of the number of words, and factors [v, k] of TF-IDF of words, of texts x [n, m]: [n, 1 + k]; NaN where one is missing."""
    found = _once(graph, "tokens", x, _tokens)
    n = graph.node("Shape", x, start=0, end=1)
    length = graph.node("Log", graph.node("Add", _by_row(graph, found.often, found.row, n), graph.constant(1.0)))
    parts = [graph.node("Unsqueeze", length, graph.constant(np.asarray([1])))]
    if basis.shape[1]:
        keys = np.asarray([_key_of(word) for word in words], dtype=np.int64)
        parts.append(known(graph, found, keys, idf, basis, x))
    first = graph.node("Gather", x, graph.constant(np.asarray([0])), axis=1)
    gone = graph.node("Less", first, graph.kept(np.asarray(0, dtype=np.int32)))  # [n, 1]
    both = parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)
    return graph.node("Where", gone, graph.constant(np.nan), both)


def _key_of(word: str) -> int:
    """By which a word is known."""
    codes = codes_of(word).astype(np.uint64) + np.uint64(1)
    hashed = (codes * powers(max(LONGEST_WORD, len(codes)))[0][: len(codes)]).sum(dtype=np.uint64, keepdims=True)
    return int(stirred(hashed, WORD)[0] >> np.uint64(64 - KEY))


def _tokens(graph: Graph, x: str) -> Counted:
    """Words as `modalities.text.tokens` cuts them."""
    flat = _Flat.of(graph, x)
    kind = _looked_up(graph, _word_kinds(), flat.codes, (NO_WORD, NO_WORD))
    han = graph.node("Equal", kind, graph.constant(np.int64(HAN)))
    kind = graph.node("Where", han, graph.constant(np.int64(WORDLY)), kind)
    there = graph.node("Greater", kind, graph.constant(np.int64(NO_WORD)))
    starts, stops = (
        graph.node("And", there, graph.node("Not", graph.node("Equal", kind, flat.shifted(kind, by)))) for by in (-1, 1)
    )
    first, last = _places(graph, starts), _places(graph, stops)
    end = graph.node("Add", last, graph.constant(np.int64(1)))
    # Whether a Han character stands in a word, and in the word of each place.
    before = flat.sums(graph.whole(han))
    dense = graph.node("Greater", _between(graph, before, first, end), graph.constant(np.int64(0)))
    whole = graph.node("Not", dense)
    marks = graph.node("Expand", graph.constant(np.int64(0)), flat.size)
    for places, sign in ((first, 1), (end, -1)):
        own = graph.node("Compress", places, dense, axis=0)
        signs = graph.node("Expand", graph.constant(np.int64(sign)), graph.node("Shape", own))
        upright = graph.node("Unsqueeze", own, graph.constant(np.asarray([1])))
        marks = graph.node("ScatterND", marks, upright, signs, reduction="add")
    inside = graph.node(
        "Greater", graph.node("CumSum", marks, graph.constant(np.int64(0))), graph.constant(np.int64(0))
    )
    ahead = graph.node("And", inside, graph.node("And", flat.shifted(inside, 1), graph.node("Not", stops)))
    one, two = _places(graph, inside), _places(graph, ahead)
    words = [
        (graph.node("Compress", first, whole, axis=0), graph.node("Compress", end, whole, axis=0)),
        (one, graph.node("Add", one, graph.constant(np.int64(1)))),
        (two, graph.node("Add", two, graph.constant(np.int64(2)))),
    ]
    at = graph.node("Concat", *(start for start, _ in words), axis=0)
    hashes = flat.hashes(at, graph.node("Concat", *(stop for _, stop in words), axis=0))
    return _counts(graph, flat.row(at), _stirred(graph, hashes, WORD, KEY), KEY)


@functools.cache
def _word_kinds() -> NDArray[np.int64]:
    """Of each character whether it belongs to words, to numbers, or is a Han character: [ALL_WORDS]."""
    table = np.full(ALL_WORDS, NO_WORD, dtype=np.int64)
    for code in range(ALL_WORDS):
        if chr(code).isalnum():
            table[code] = DIGIT if unicodedata.category(chr(code)) == "Nd" else WORDLY
    table[FIRST_HAN : LAST_HAN + 1] = np.where(table[FIRST_HAN : LAST_HAN + 1] == WORDLY, HAN, NO_WORD)
    return table


# ----------------------------------------------------------------------------------------------------- pieces by their slot


def reading_graph(graph: Graph, reading: Reading, weights: NDArray[Any]) -> str:
    """What the pieces of a text column and its size pull under weights [width, w], halves: [n, w] (language/reading.py)."""
    parts, at = [], 0
    for vocabulary in (reading.words, reading.characters):
        if len(vocabulary):
            own = weights[at : at + len(vocabulary)]
            found = pieces_graph(graph, reading.part, vocabulary.words)
            idf = halves(vocabulary.idf)  # numbers that halves hold exactly
            parts.append(known(graph, found, vocabulary.slots.astype(np.int64), idf, own, reading.part))
        at += len(vocabulary)
    size = graph.node("Log", graph.node("Add", sizes_graph(graph, reading.part), graph.constant(1.0)))
    if math.isfinite(reading.shortest):
        size = graph.within(size, reading.shortest, reading.longest)
    usual = graph.node("Sub", size, graph.constant(reading.centre))
    parts.append(graph.node("Mul", usual, graph.constant(weights[at].astype(np.float64) * SIZED / reading.scale)))
    return graph.sum(parts)


def pieces_graph(graph: Graph, part: str, words: bool) -> Counted:
    """The pieces of the texts of a data column as `language.grams.counted` counts them."""
    return _once(graph, "words" if words else "characters", part, _words if words else _characters)


def sizes_graph(graph: Graph, part: str) -> str:
    """Number of characters of the texts of a data column: float64 [n, 1]."""
    there = graph.number(graph.node("Greater", part, graph.kept(np.asarray(0, dtype=np.int32))))
    return graph.node("ReduceSum", there, graph.constant(np.asarray([1])), keepdims=1)


def _words(graph: Graph, x: str) -> Counted:
    flat = _Flat.of(graph, x)
    kind = _looked_up(graph, _kinds(), flat.codes, (DENSE, SIGN))
    plain = graph.node("Equal", kind, graph.constant(np.int64(LETTER)))
    sign = graph.node(
        "Or",
        graph.node("Equal", flat.codes, graph.constant(np.int64(0x27))),
        graph.node("Equal", flat.codes, graph.constant(np.int64(0x2019))),
    )
    tie = graph.node("And", sign, graph.node("And", flat.shifted(plain, -1), flat.shifted(plain, 1)))
    letter = graph.node("Or", plain, tie)
    there = graph.node("Not", graph.node("Equal", kind, graph.constant(np.int64(BLANK))))
    starts, stops = (
        graph.node("And", there, graph.node("Not", graph.node("And", letter, flat.shifted(letter, by))))
        for by in (-1, 1)
    )
    first = _places(graph, starts)
    end = graph.node("Add", _places(graph, stops), graph.constant(np.int64(1)))
    hashes, row = flat.hashes(first, end), flat.row(first)
    # Neighbours: every word but the last of all beside every word but the first, where they are of one row.
    (left, right), (above, below) = ((_cut(graph, a, 0, -1), _cut(graph, a, 1, None)) for a in (hashes, row))
    pairs = graph.node("Add", graph.node("Mul", left, graph.constant(_signed(PAIRED))), right)
    beside = graph.node("Equal", above, below)
    rows = graph.node("Concat", row, graph.node("Compress", above, beside, axis=0), axis=0)
    pairs = graph.node("Compress", pairs, beside, axis=0)
    slots = graph.node("Concat", _stirred(graph, hashes, WORD), _stirred(graph, pairs, PAIR), axis=0)
    return _counts(graph, rows, slots, BITS)


def _characters(graph: Graph, x: str) -> Counted:
    flat = _Flat.of(graph, x)
    kind = _looked_up(graph, _kinds(), flat.codes, (DENSE, SIGN))
    blank = graph.node("Equal", kind, graph.constant(np.int64(BLANK)))
    dense = graph.node("Equal", kind, graph.constant(np.int64(DENSE)))
    terms = graph.node("Add", flat.codes, graph.constant(np.int64(1)))
    free = graph.node("Not", blank)
    hashes, within = terms, None
    rows, slots = [], []
    power = powers(LONGEST)[0]
    for size in range(SHORTEST, LONGEST + 1):
        end = flat.shifted(terms, size - 1)
        hashes = graph.node("Add", hashes, graph.node("Mul", end, graph.constant(_signed(power[size - 1]))))
        if size == SHORTEST:
            fits = graph.node("Or", free, flat.shifted(free, 1))
        else:  # no blank but at its ends
            middle = flat.shifted(free, size - 2)
            within = middle if within is None else graph.node("And", within, middle)
            fits = within
        if size > LONGEST_DENSE:
            ends = graph.node("Or", dense, flat.shifted(dense, size - 1))
            fits = graph.node("And", fits, graph.node("Not", ends))
        at = _places(graph, fits)
        rows.append(flat.row(at))
        slots.append(_stirred(graph, graph.node("Gather", hashes, at, axis=0), LONGEST + size))
    return _counts(graph, graph.node("Concat", *rows, axis=0), graph.node("Concat", *slots, axis=0), BITS)


@functools.cache
def _kinds() -> NDArray[np.int64]:
    return sorts(np.arange(TABLE, dtype=np.uint32)).astype(np.int64)


def _stirred(graph: Graph, hashes: str, salt: int, bits: int = BITS) -> str:
    """The leading bits of what `language.grams.stirred` gives."""
    mixed = graph.node("BitwiseXor", hashes, graph.constant(_signed(salted(salt))))
    mixed = graph.node("Mul", mixed, graph.constant(_signed(STIRRED[0])))
    mixed = graph.node("BitwiseXor", mixed, _right(graph, mixed, 31))
    mixed = graph.node("Mul", mixed, graph.constant(_signed(STIRRED[1])))
    return _right(graph, mixed, 64 - bits)


# --------------------------------------------------------------------------------------------------- characters in a row


@dataclass(frozen=True)
class _Flat:
    """All characters of all texts [c] in lower case, each text between blanks, and more blanks where it is shorter than others."""

    graph: Graph
    codes: str  # int64 [c]
    size: str  # int64 [1], c
    wide: str  # int64 [], characters of a row, its blanks included

    @classmethod
    def of(cls, graph: Graph, x: str) -> _Flat:
        """Of codes [n, m] of characters; made once."""
        key = x, "flat"
        if key not in graph.texts:
            axes = graph.constant(np.asarray([1]))
            read = graph.node("Slice", x, graph.constant(np.asarray([0])), graph.constant(np.asarray([READ])), axes)
            codes = graph.whole(read)
            there = graph.node("Greater", codes, graph.constant(np.int64(0)))
            codes = graph.node("Where", there, codes, graph.constant(np.int64(ord(" "))))
            blank = graph.constant(np.int64(ord(" ")))
            codes = graph.node("Pad", codes, graph.constant(np.asarray([0, 1, 0, 1])), blank)
            wide = graph.node("Squeeze", graph.node("Shape", codes, start=1, end=2), graph.constant(np.asarray([0])))
            flat = graph.node("Reshape", codes, graph.constant(np.asarray([-1])))
            every = np.arange(TABLE, dtype=np.uint32)
            flat = graph.node("Add", flat, _looked_up(graph, small(every).astype(np.int64) - every, flat, (0, 0)))
            graph.texts[key] = flat, graph.node("Shape", flat), wide
        return cls(graph, *graph.texts[key])

    def shifted(self, values: str, by: int) -> str:
        """What stands `by` places ahead of each place (behind it where negative), nothing beyond the ends: [c]."""
        graph = self.graph
        more = graph.node("Pad", values, graph.constant(np.asarray([max(0, -by), max(0, by)])))
        return _cut(graph, more, by, None) if by > 0 else _cut(graph, more, 0, by)

    def row(self, at: str) -> str:
        """The row of some places."""
        return self.graph.node("Div", at, self.wide)

    def sums(self, values: str) -> str:
        """Sums of the values before each place, and of all: [c + 1]."""
        graph = self.graph
        return graph.node(
            "Pad", graph.node("CumSum", values, graph.constant(np.int64(0))), graph.constant(np.asarray([1, 0]))
        )

    def hashes(self, first: str, end: str) -> str:
        """Of what stands from each place `first` until before `end`, both in one row: int64 [p]."""
        graph = self.graph
        sums, inverse = self._powered()
        within = graph.node("Mod", first, self.wide)
        return graph.node("Mul", _between(graph, sums, first, end), graph.node("Gather", inverse, within, axis=0))

    def _powered(self) -> tuple[str, str]:
        """Running sums of the characters, each times the power of its place in its row [c + 1], and the inverse powers [wide]."""
        graph, key = self.graph, (self.codes, "powered")
        if key not in graph.texts:
            zero, one = (graph.constant(np.int64(k)) for k in (0, 1))
            places = graph.node("Range", zero, self.wide, one)
            both = []
            for base in (powers(2)[0][1], powers(2)[1][1]):
                found, square = "", int(base)
                for bit in range(READ.bit_length() + 1):  # the power of a place is the product of those of its bits
                    has = graph.node(
                        "Mod",
                        graph.node("Div", places, graph.constant(np.int64(1 << bit))),
                        graph.constant(np.int64(2)),
                    )
                    factor = graph.node("Where", graph.node("Equal", has, one), graph.constant(_signed(square)), one)
                    found = factor if not found else graph.node("Mul", found, factor)
                    square = square * square % 2**64
                both.append(found)
            power, inverse = both
            own = graph.node(
                "Gather",
                power,
                graph.node("Mod", graph.node("Range", zero, graph.node("Squeeze", self.size), one), self.wide),
                axis=0,
            )
            terms = graph.node("Mul", graph.node("Add", self.codes, one), own)
            graph.texts[key] = self.sums(terms), inverse
        sums, inverse = graph.texts[key]
        return sums, inverse


# ------------------------------------------------------------------------------------------------------------- pieces


def _once(graph: Graph, what: str, x: str, find: Callable[[Graph, str], Counted]) -> Counted:
    """What was found in texts before, or is found now."""
    if (x, what) not in graph.texts:
        found = find(graph, x)
        graph.texts[x, what] = found.row, found.key, found.often
    return Counted(*graph.texts[x, what])


def _counts(graph: Graph, row: str, key: str, bits: int) -> Counted:
    """How often each key of fewer than so many bits stands in each row."""
    size = graph.constant(np.int64(1 << bits))
    both = graph.node("Add", graph.node("Mul", row, size), key)
    one, often = graph.pair("Unique", both, between=2, sorted=1)
    return Counted(graph.node("Div", one, size), graph.node("Mod", one, size), graph.number(often))


def _places(graph: Graph, there: str) -> str:
    """Where something is so: int64 [p]."""
    return graph.node("Squeeze", graph.node("NonZero", there), graph.constant(np.asarray([0])))


def _cut(graph: Graph, values: str, start: int, stop: int | None) -> str:
    ends = [graph.constant(np.asarray([k])) for k in (start, 2**62 if stop is None else stop, 0)]
    return graph.node("Slice", values, *ends)


def _between(graph: Graph, sums: str, first: str, end: str) -> str:
    """What was added from each place `first` until before `end`."""
    return graph.node("Sub", *(graph.node("Gather", sums, at, axis=0) for at in (end, first)))


def _looked_up(graph: Graph, table: NDArray[np.int64], codes: str, beyond: tuple[int, int]) -> str:
    """The value of each character in a table, and `beyond` it those of rare Han characters and of signs."""
    pages, which = np.unique(table.reshape(-1, PAGE), axis=0, return_inverse=True)
    size, most = graph.constant(np.int64(PAGE)), graph.constant(np.int64(len(table) - 1))
    inside = graph.node("Min", codes, most)
    page = graph.node("Gather", graph.constant(which.ravel()), graph.node("Div", inside, size), axis=0)
    at = graph.node("Add", graph.node("Mul", page, size), graph.node("Mod", inside, size))
    found = graph.node("Gather", graph.constant(pages.ravel()), at, axis=0)
    rare = graph.node("Less", codes, graph.constant(np.int64(SIGNS)))
    others = graph.node("Where", rare, *(graph.constant(np.int64(value)) for value in beyond))
    return graph.node("Where", graph.node("Greater", codes, most), others, found)


def _right(graph: Graph, values: str, by: int) -> str:
    """Moved to the right by so many bits, zeros coming in."""
    shift = graph.kept(np.asarray(by, dtype=np.uint64))
    return graph.whole(graph.node("BitShift", graph.node("Cast", values, to="uint64"), shift, direction="RIGHT"))


def _signed(value: Any) -> np.int64:
    """The same 64 bits as a number with a sign."""
    return np.int64(np.uint64(int(value) % 2**64).view(np.int64))
