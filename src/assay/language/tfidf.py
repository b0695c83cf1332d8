"""How much does each piece of a text count?

TF-IDF: one plus the logarithm of how often it stands there, times the logarithm of how rare it is among the training texts, each text
brought to length one (Salton & Buckley 1988); as scikit-learn's TfidfVectorizer with `sublinear_tf`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..neural.halves import halves, halves_of, put_halves
from .grams import SLOTS, Pieces, Strings, counted, counted_alone

_ONE = np.uint64(1)
_NOTHING = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
LEAST_TEXTS = 100  # texts from which on a piece must stand in two of them to be kept


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The pieces that count, by slot, and the weight of each."""

    words: bool  # words and pairs; else runs of characters
    slots: NDArray[np.int32]  # [v] rising
    idf: NDArray[np.float32]  # [v] each a number that a half holds exactly, as it rests in the file

    def __len__(self) -> int:
        return len(self.slots)

    @classmethod
    def learn(cls, counts: Any, words: bool, most: int) -> Vocabulary:
        """The `most` pieces that stand in the most of some texts, from what `counted` gave for them [n, SLOTS]."""
        n = counts.shape[0]
        texts = np.bincount(counts.indices, minlength=SLOTS)
        slots = np.flatnonzero(texts >= (2 if n >= LEAST_TEXTS else 1))
        if len(slots) > most:
            order = np.argsort(-texts[slots], kind="stable")
            slots = np.sort(slots[order[:most]])
        idf = np.log((1.0 + n) / (1.0 + texts[slots])) + 1.0
        return cls(words, slots.astype(np.int32), halves(idf).astype(np.float32))

    @classmethod
    def none(cls, words: bool) -> Vocabulary:
        """No pieces at all."""
        return cls(words, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))

    def weights(self, texts: Strings) -> Any:
        """TF-IDF of texts, of length one: scipy.sparse.csr_array of float32 [n, v]."""
        from scipy.sparse import csr_array

        if not len(self):  # nothing to look for: the texts are not cut
            return csr_array((len(texts), 0), dtype=np.float32)
        return self.of_counts(counted(texts, self.words))

    def of_counts(self, counts: Any) -> Any:
        """The same from what `counted` gave."""
        from scipy.sparse import csr_array

        column = self.columns_of(counts.indices)
        known = column >= 0
        column, often = column[known], counts.data[known]
        each = np.diff(np.append(0, np.cumsum(known))[counts.indptr])  # pieces of a text that are known
        rows = np.repeat(np.arange(counts.shape[0], dtype=np.int32), each)
        values = _weight_of(often) * self.idf[column]
        squares = np.bincount(rows, weights=values * values, minlength=counts.shape[0])
        scale = (1.0 / np.sqrt(np.where(squares > 0, squares, 1.0))).astype(np.float32)
        ends = np.append(0, np.cumsum(each))
        whole = np.int32 if ends[-1] < 2**31 else np.int64
        return csr_array((values * scale[rows], column, ends.astype(whole)), shape=(counts.shape[0], len(self.slots)))

    def alone(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The row of `weights` of a text that comes alone, to the bit: columns, rising, and values [p] each."""
        slots, counts = counted_alone(text, self.words) if len(self) else _NOTHING
        column = self.columns_of(slots)
        known = column >= 0
        column = column[known]
        values = _weight_of(counts[known]) * self.idf[column]
        squares = np.bincount(np.zeros(len(values), dtype=np.int64), weights=values * values, minlength=1)
        return column, values * (1.0 / np.sqrt(np.where(squares > 0, squares, 1.0))).astype(np.float32)

    def placed(self, found: Pieces) -> NDArray[np.int32]:
        """The column of each piece of some texts; -1 where it is not known."""
        return self.columns_of(found.slot)

    def columns_of(self, slots: NDArray[Any]) -> NDArray[np.int32]:
        """The column of each slot; -1 where it is empty."""
        if len(slots) >= SLOTS:  # a table of all slots is then made sooner than it is done without
            place = np.full(SLOTS, -1, dtype=np.int32)
            place[self.slots] = np.arange(len(self.slots), dtype=np.int32)
            return np.asarray(place[slots])
        bits, before = self._ranks
        word, bit = slots >> 6, (slots & 63).astype(np.uint64)
        held = bits[word] >> bit
        below = bits[word] & ((_ONE << bit) - _ONE)
        return np.where(held & _ONE, before[word] + np.bitwise_count(below), -1).astype(np.int32)

    @functools.cached_property
    def _ranks(self) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """A bit for each slot that is taken, 64 in a word, and how many are taken before each word: a slot's column is its rank."""
        bits = np.zeros(SLOTS // 64, dtype=np.uint64)
        np.bitwise_or.at(bits, self.slots >> 6, _ONE << (self.slots & 63).astype(np.uint64))
        counts = np.bitwise_count(bits).astype(np.int32)
        return bits, np.cumsum(counts, dtype=np.int32) - counts

    def only(self, columns: NDArray[Any]) -> Vocabulary:
        """The same with some of its pieces [kept], in rising order. Texts then get another length."""
        return Vocabulary(self.words, self.slots[columns], self.idf[columns])

    def dump(self, box: Box) -> None:
        """Slots and weights."""
        box.put(words=self.words)
        box.put_array("slots", self.slots)
        put_halves(box, "idf", halves(self.idf))

    @classmethod
    def load(cls, box: Box) -> Vocabulary:
        """What was dumped. Raises BundleInvalid."""
        slots = box.array("slots", np.int32, (None,))
        if len(slots) and (slots[0] < 0 or slots[-1] >= SLOTS or (np.diff(slots) <= 0).any()):
            raise box.refuse("slots are out of range or not in rising order")
        return cls(box.flag("words"), slots, halves_of(box, "idf", (len(slots),)).astype(np.float32))


def _weight_of(often: NDArray[Any]) -> NDArray[np.float32]:
    """One plus the logarithm of how often a piece stands in a text."""
    most = int(often.max(initial=0))
    if most > len(often):
        return np.asarray(1 + np.log(often.astype(np.float32)), dtype=np.float32)
    numbers = np.maximum(np.arange(most + 1, dtype=np.float32), 1)
    return np.asarray((1 + np.log(numbers)).astype(np.float32)[often])


def of_length_one(x: Any) -> Any:
    """Rows of a sparse matrix brought to length one each; empty ones stay as they are."""
    size = np.bincount(
        np.repeat(np.arange(x.shape[0]), np.diff(x.indptr)), weights=x.data * x.data, minlength=x.shape[0]
    )
    scale = (1.0 / np.sqrt(np.where(size > 0, size, 1.0))).astype(np.float32)
    x = x.copy()
    x.data = (x.data * np.repeat(scale, np.diff(x.indptr))).astype(np.float32)
    return x
