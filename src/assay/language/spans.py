"""Which words does a text consist of, and what does each contribute?

A word is a run of letters and digits; in dense scripts a character; every other sign stands alone.
"""

from __future__ import annotations

import numpy as np

from ..kernel.data import Floats, Ints
from .characters import BLANK, LETTER, codes_of, sorts


def words_of(text: str) -> tuple[Ints, Ints]:
    """Starts and stops of the words of a text, in order.

    >>> starts, stops = words_of("don't stay, 很差")
    >>> ["don't stay, 很差"[a:b] for a, b in zip(starts, stops)]
    ["don't", 'stay', ',', '很', '差']
    """
    codes = codes_of(text)
    kind = sorts(codes)
    letter = kind == LETTER
    if len(codes) > 2:
        tie = (codes[1:-1] == 0x27) | (codes[1:-1] == 0x2019)
        letter[1:-1] |= tie & letter[:-2] & letter[2:]
    before = np.concatenate([[False], letter[:-1]])
    after = np.concatenate([letter[1:], [False]])
    there = kind != BLANK
    return np.flatnonzero(there & ~(letter & before)), np.flatnonzero(there & ~(letter & after)) + 1


def by_word(words: tuple[Ints, Ints], starts: Ints, stops: Ints, pulls: Floats) -> Floats:
    """What pieces of a text [m] with their pulls [m, w] come to by word [words, w].

    A piece that covers several words is shared out by the characters it covers of each; what covers none is left away.
    """
    first, last = words
    out = np.zeros((len(first), pulls.shape[1]))
    low = np.searchsorted(last, starts, side="right")  # the first word that ends beyond the piece's start
    high = np.searchsorted(first, stops, side="left")  # one past the last word that begins before its end
    for step in range(int((high - low).max(initial=0))):
        word = low + step
        held = np.flatnonzero(word < high)
        at = word[held]
        covered = np.minimum(stops[held], last[at]) - np.maximum(starts[held], first[at])
        whole = _covered(words, starts[held], stops[held], low[held], high[held])
        np.add.at(out, at, pulls[held] * (covered / whole)[:, None])
    return out


def _covered(words: tuple[Ints, Ints], starts: Ints, stops: Ints, low: Ints, high: Ints) -> Floats:
    """Characters of words that each piece covers."""
    first, last = words
    before = np.concatenate([[0], np.cumsum(last - first)])
    inner = before[high] - before[low]
    cut = np.maximum(0, starts - first[low]) + np.maximum(0, last[high - 1] - stops)
    return np.asarray(inner - cut, dtype=np.float64)
