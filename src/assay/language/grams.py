"""Which small pieces does a text consist of, and how often does each stand in it?

Words and pairs of neighbouring words, and runs of two to five characters within words, blanks at their ends included. In dense
scripts (see `characters`) a character is a word and runs are three characters at most. A piece is known by its slot, a hash of
22 bits (feature hashing, Weinberger et al. 2009), so that no list of strings is kept, read or searched. All texts of a block are
worked on at once: the hash of any run of characters is the difference of two running sums (Karp & Rabin 1987).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.memo import Memo
from ..kernel.origin import origin
from .characters import BLANK, DENSE, LETTER, codes_of, small, sorts

BITS = 22
SLOTS = 2**BITS
SHORTEST, LONGEST, LONGEST_DENSE = 2, 5, 3  # characters of a run
BLOCK = 120_000  # characters worked on at once: what the processor's cache holds
READ = 200_000  # characters of one text that are read; a longer one is taken for its beginning
BASE = np.uint64(0x9E3779B97F4A7C15)
WORD, PAIR = 1, 2  # sorts of pieces, beside runs by their length
PAIRED = np.uint64(0xD6E8FEB86659FD93)
STIRRED = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

KEPT = 400_000_000  # bytes of counts that are kept for when the same texts come again
A_CHARACTER = 13  # bytes of counts that a character of long texts leaves, words and runs together (measured: 12.3)
_COUNTED = Memo(KEPT, lambda counts: counts.data.nbytes + counts.indices.nbytes + counts.indptr.nbytes)

Strings = Sequence[str] | NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of some texts: for each its text, its slot, and where it stands in that text (first character, one past the last)."""

    text: NDArray[np.int64]
    slot: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]


def pieces(texts: Strings, words: bool) -> Iterator[tuple[int, int, Pieces]]:
    """Words and pairs of words, or runs of characters, of texts, block by block: (first text, one past the last, pieces).

    Texts are counted within their block.
    """
    first, size = 0, 0
    for place, text in enumerate(texts):
        if size and size + len(text) > BLOCK:
            yield first, place, _of_block(texts[first:place], words)
            first, size = place, 0
        size += min(len(text), READ) + 2
    if first < len(texts):
        yield first, len(texts), _of_block(texts[first:], words)


def counted(texts: Strings, words: bool) -> Any:
    """How often each piece stands in each text: scipy.sparse.csr_array of int32 [n, SLOTS], slots rising within a row."""
    if not isinstance(texts, np.ndarray):
        return _counted(texts, words)
    whole, places = origin(texts) or (texts, None)
    if places is not None and (_COUNTED.holds(whole, words) or _once_for_all(whole, places)):
        return _COUNTED.of(whole, lambda: _counted(whole, words), words)[places]
    return _COUNTED.of(texts, lambda: _counted(texts, words), words)


@functools.lru_cache(maxsize=8)
def counted_alone(text: str, words: bool) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The slots of a text that comes alone, rising [p], and how often each stands in it [p]; a few are kept, as each fold asks anew."""
    found = _of_block([text], words)
    slots, counts = _runs(np.sort(found.slot))
    return slots.astype(np.int32), counts


def _once_for_all(whole: NDArray[Any], places: NDArray[np.int64]) -> bool:
    """Whether all texts that some were drawn from are counted at once: where the most of them are asked for, as by the rows
    that a fold learns from, and what is counted can be kept for the other folds and the checks."""
    return 2 * len(places) >= len(whole) and A_CHARACTER * sum(map(len, whole)) <= KEPT


def _counted(texts: Strings, words: bool) -> Any:
    from scipy.sparse import csr_array

    slots, counts, sizes = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
    for first, stop, found in pieces(texts, words):
        key, count = _runs(np.sort((found.text << BITS) | found.slot))
        slots.append((key & (SLOTS - 1)).astype(np.int32))
        counts.append(count)
        sizes.append(np.bincount(key >> BITS, minlength=stop - first))
    ends = np.cumsum(np.concatenate(sizes))
    index = ends.astype(np.int32) if ends[-1] < 2**31 else ends
    return csr_array((np.concatenate(counts), np.concatenate(slots), index), shape=(len(texts), SLOTS))


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Different values of a sorted array, and how often each stands in it."""
    if not len(values):
        return values, np.empty(0, np.int32)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[starts], np.diff(np.append(starts, len(values))).astype(np.int32)


def _of_block(texts: Strings, words: bool) -> Pieces:
    """Every text with a blank before and after it, all in one array."""
    joined = codes_of("".join(f" {text[:READ]} " for text in texts))
    lengths = np.asarray([min(len(text), READ) + 2 for text in texts], dtype=np.int64)
    codes = small(joined)
    kind = sorts(joined)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    power, inverses = powers(max(1 << 17, 1 << int(len(codes) + 1).bit_length()))
    np.cumsum((codes.astype(np.uint64) + np.uint64(1)) * power[: len(codes)], out=sums[1:])
    owner = np.repeat(np.arange(len(texts)), lengths)
    begin = np.repeat(np.cumsum(lengths) - lengths, lengths) + 1  # of the text itself, after its blank
    at, stop, slot = (_words if words else _characters)(codes, kind, sums, inverses, owner)
    return Pieces(owner[at], slot, np.maximum(at - begin[at], 0), stop - begin[at])


def _words(codes: Any, kind: Any, sums: Any, inverses: Any, owner: Any) -> tuple[Any, Any, Any]:
    """(start, stop, slot) of words and of pairs of neighbours."""
    letter = kind == LETTER
    tie = np.zeros_like(letter)  # an apostrophe between letters belongs to the word
    tie[1:-1] = ((codes[1:-1] == 0x27) | (codes[1:-1] == 0x2019)) & letter[:-2] & letter[2:]
    letter |= tie
    before = np.concatenate([[False], letter[:-1]])
    starts = np.flatnonzero((kind != BLANK) & ~(letter & before))
    after = np.concatenate([letter[1:], [False]])
    stops = np.flatnonzero((kind != BLANK) & ~(letter & after)) + 1
    hashes = (sums[stops] - sums[starts]) * inverses[starts]
    beside = np.flatnonzero(owner[starts[1:]] == owner[starts[:-1]])
    pairs = hashes[beside] * PAIRED + hashes[beside + 1]
    return (
        np.concatenate([starts, starts[beside]]),
        np.concatenate([stops, stops[beside + 1]]),
        np.concatenate([_slots(hashes, WORD), _slots(pairs, PAIR)]),
    )


def _characters(codes: Any, kind: Any, sums: Any, inverses: Any, owner: Any) -> tuple[Any, Any, Any]:
    """(start, stop, slot) of runs of characters that hold blanks at most at their ends."""
    n = len(codes)
    blank, dense = kind == BLANK, kind == DENSE
    places = np.arange(n)
    ahead = np.where(blank, places, n - 1)[::-1]
    ahead = np.minimum.accumulate(ahead)[::-1]  # the next blank from each place on
    reach = np.append(ahead[1:], n - 1) - places  # characters up to the blank that ends what begins here
    found: list[tuple[Any, Any, Any]] = []
    for size in range(SHORTEST, min(LONGEST, n) + 1):
        fits = reach[: n - size + 1] >= size - 1
        if size == SHORTEST:
            fits &= ~(blank[:-1] & blank[1:])
        if size > LONGEST_DENSE:
            fits &= ~(dense[: n - size + 1] | dense[size - 1 :])
        at = np.flatnonzero(fits)
        found.append((at, at + size, _slots((sums[at + size] - sums[at]) * inverses[at], LONGEST + size)))
    starts, stops, slots = zip(*found, strict=True)
    return np.concatenate(starts), np.concatenate(stops), np.concatenate(slots)


def _slots(hashes: NDArray[np.uint64], salt: int) -> NDArray[np.int64]:
    """Hashes stirred, and their leading bits."""
    mixed = stirred(hashes, salt)
    mixed >>= np.uint64(64 - BITS)
    return mixed.astype(np.int64)


def stirred(hashes: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Hashes of one sort of pieces spread over all 64 bits."""
    mixed = hashes ^ salted(salt)
    mixed *= STIRRED[0]
    mixed ^= mixed >> np.uint64(31)
    mixed *= STIRRED[1]
    return mixed


def salted(salt: int) -> np.uint64:
    """What tells one sort of pieces from another."""
    return np.uint64(salt * 0x632BE59BD9B4E019 % 2**64)


@functools.lru_cache(maxsize=4)
def powers(n: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Powers of the base, and their inverses, modulo 2^64: [n] each."""
    inverse = np.uint64(pow(int(BASE), -1, 2**64))
    out = []
    for base in (BASE, inverse):
        row = np.full(n, base, dtype=np.uint64)
        row[0] = 1
        out.append(np.cumprod(row))
    return out[0], out[1]
