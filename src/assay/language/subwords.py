"""Into which pieces smaller than words is a text cut, so that words never seen are read by the pieces they are made of?

A vocabulary learnt from the training rows: of neighbouring pieces those that stand together most often become one (byte-pair
encoding, Sennrich, Haddow & Birch 2016). The `tokenizers` package learns it; cutting is done here, so that a file opens without
that package and no native parser sees what a stranger wrote. Its unigram vocabulary (Kudo 2018) is not offered: two runs on the
same rows differ.

A word is a run of letters, marked where it begins; in dense scripts (see `characters`) a run of characters, of which frequent ones grow
into words; a sign stands alone. Upper case is read as lower. Characters too rare to be learnt have number 0, each for itself.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Ints
from ..kernel.need import need
from .characters import BLANK, LETTER, SIGN, codes_of, small, sorts
from .grams import READ, Strings

START = "▁"  # before the first piece of a word of letters
LONGEST = 24  # characters of a word; what is longer is cut
LONGEST_PIECE = 16
UNKNOWN = 0
MOST = 200_000  # pieces in a file
FEW_TEXTS = 100  # texts up to which a character need stand in one of them only
PER_WORD = 0.5  # pieces for each different word: a small table gets a small vocabulary
REMEMBERED = 300_000  # words whose pieces are kept for when they come again

Word = tuple[int, str]  # where it begins in the text, and how it is written


@dataclass(frozen=True, eq=False)
class Subwords:
    """Pieces by number, and which of them are put together, in the order in which it is done."""

    pieces: tuple[str, ...]  # piece i has number i + 1
    merges: NDArray[np.int32]  # [m, 2] numbers of the pieces that are put together

    def __len__(self) -> int:
        """Numbers there are, that of unknown characters among them."""
        return len(self.pieces) + 1

    @classmethod
    def learn(cls, texts: Iterable[str], most: int) -> Subwords:
        """At most about `most` pieces, fewer where there are few words. Raises MissingPackage.

        >>> Subwords.learn(["low lower lowest"] * 9, 100).cut("lowly")
        ['▁low', 'l', '']
        """
        whole = list(texts)
        words = [[word for _, word in words_of(text)] for text in whole]
        holders = Counter(itertools.chain.from_iterable(set("".join(row)) for row in words))
        least = 2 if len(whole) > FEW_TEXTS else 1
        alphabet = [c for c, texts_with in holders.items() if texts_with >= least and not "\ud800" <= c <= "\udfff"]
        alphabet = sorted(sorted(alphabet, key=lambda c: (-holders[c], c))[: max(1, most // 2)])
        if not alphabet:
            return cls((), np.empty((0, 2), np.int32))
        known, counts = set(alphabet), Counter(itertools.chain.from_iterable(words))
        room = min(most, len(alphabet) + max(50, int(PER_WORD * len(counts))))
        parts: Counter[str] = Counter()
        for word, count in counts.items():
            for part in _known(word, known):
                parts[part] += count
        ordered = sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
        feed = [word for word, count in ordered for _ in range(count)]
        return _merged(feed, alphabet, room)

    def encode(self, texts: Strings, most: int) -> tuple[NDArray[np.int32], Ints]:
        """Numbers of the first `most` pieces of each text, one text after the other, and how many each has [n]."""
        found: list[int] = []
        sizes = np.zeros(len(texts), dtype=np.int64)
        for place, text in enumerate(texts):
            before = len(found)
            for _, word in words_of(text):
                found += self._numbers(word)
                if len(found) - before >= most:
                    del found[before + most :]
                    break
            sizes[place] = len(found) - before
        return np.asarray(found, dtype=np.int32), sizes

    def spans(self, text: str, most: int) -> Ints:
        """Where each of the first `most` pieces of a text begins and ends: [pieces, 2]."""
        found: list[tuple[int, int]] = []
        for start, word in words_of(text):
            at = start - word.startswith(START)
            for number in self._numbers(word):
                stop = at + (len(self.pieces[number - 1]) if number else 1)
                found.append((max(at, start), max(stop, start)))
                at = stop
            if len(found) >= most:
                break
        return np.asarray(found[:most], dtype=np.int64).reshape(-1, 2)

    def cut(self, text: str) -> list[str]:
        """The pieces of a text as they are written; "" for what is not known."""
        flat, _ = self.encode([text], READ)
        return [self.pieces[number - 1] if number else "" for number in flat.tolist()]

    def _numbers(self, word: str) -> tuple[int, ...]:
        found = self._kept.get(word)
        if found is None:
            found = tuple(self._put_together(word))
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
            self._kept[word] = found
        return found

    def _put_together(self, word: str) -> list[int]:
        """Of all neighbours that may be put together, those first that were learnt first."""
        numbers = [self._number.get(c, UNKNOWN) for c in word]
        while len(numbers) > 1:
            ranks = [self._ranks.get(pair, (math.inf, 0)) for pair in itertools.pairwise(numbers)]
            rank, made = min(ranks, key=lambda found: found[0])
            if rank == math.inf:
                break
            at = ranks.index((rank, made))
            numbers[at : at + 2] = [made]
        return numbers

    @functools.cached_property
    def known_by(self) -> int:
        """A number that two vocabularies share only where they cut alike."""
        return hash((self.pieces, self.merges.tobytes()))

    @functools.cached_property
    def _number(self) -> dict[str, int]:
        return {piece: number for number, piece in enumerate(self.pieces, 1)}

    @functools.cached_property
    def _ranks(self) -> dict[tuple[int, int], tuple[float, int]]:
        """Rank and result of each pair that may be put together."""
        rows = enumerate(self.merges.tolist())
        return {(a, b): (float(r), self._number[self.pieces[a - 1] + self.pieces[b - 1]]) for r, (a, b) in rows}

    @functools.cached_property
    def _kept(self) -> dict[str, tuple[int, ...]]:
        return {}

    def dump(self, box: Box) -> None:
        """Pieces as a list, merges as an array."""
        box.put(pieces=list(self.pieces))
        box.put_array("merges", self.merges)

    @classmethod
    def load(cls, box: Box) -> Subwords:
        """What was dumped, each merge checked. Raises BundleInvalid."""
        pieces = tuple(box.texts("pieces", MOST))
        if len(set(pieces)) < len(pieces) or any(not 0 < len(piece) <= LONGEST + 1 for piece in pieces):
            raise box.refuse("a piece is there twice, empty or too long")
        merges = box.array("merges", np.int32, (None, 2))
        if len(merges) and (merges.min() < 1 or merges.max() > len(pieces)):
            raise box.refuse("a merge is of pieces that are not there")
        known = set(pieces)
        if len(merges) > len(pieces) or any(pieces[a - 1] + pieces[b - 1] not in known for a, b in merges.tolist()):
            raise box.refuse("a merge makes no piece")
        return cls(pieces, merges)


def words_of(text: str) -> Iterator[Word]:
    """Words of a text in lower case, each with the place it begins at."""
    if not text:
        return
    codes = codes_of(text[:READ])
    kind = sorts(codes)
    lowered = small(codes).tobytes().decode("utf-32-le", "surrogatepass")
    change = np.flatnonzero((kind[1:] != kind[:-1]) | (kind[1:] == SIGN)) + 1
    edges = [0, *change.tolist(), len(lowered)]
    sort_of = kind[edges[:-1]].tolist()
    for start, stop, sort in zip(edges[:-1], edges[1:], sort_of, strict=True):
        if sort == BLANK:
            continue
        mark = START if sort == LETTER else ""
        for at in range(start, stop, LONGEST):
            yield at, (mark if at == start else "") + lowered[at : min(stop, at + LONGEST)]


def _known(word: str, alphabet: set[str]) -> list[str]:
    """The runs of known characters in a word."""
    if alphabet.issuperset(word):
        return [word]
    return "".join(c if c in alphabet else " " for c in word).split()


def _merged(words: list[str], alphabet: list[str], most: int) -> Subwords:
    tokenizers = need("tokenizers", extra="text")
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=most,
        min_frequency=2,
        initial_alphabet=alphabet,
        max_token_length=LONGEST_PIECE,
        show_progress=False,
        special_tokens=[],
    )
    model.train_from_iterator(words, trainer)
    learnt = json.loads(model.to_str())["model"]
    pieces = sorted(learnt["vocab"], key=learnt["vocab"].get)
    number = {piece: i for i, piece in enumerate(pieces, 1)}
    merges = [[number[a], number[b]] for a, b in learnt["merges"]]
    return Subwords(tuple(pieces), np.asarray(merges, dtype=np.int32).reshape(-1, 2))
