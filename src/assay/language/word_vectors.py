"""Which words are used alike? Numbers for each word, learnt from the training rows' own texts, and what a text is by its words'.

Skip-gram with negative samples (Mikolov et al. 2013), or with the runs of characters that a word is made of (Bojanowski et al. 2017),
so that a word never seen is read by its runs. Gensim learns them; what is left are words, slots and numbers, and looking up is done
here. In dense scripts (see `characters`) words are characters and pairs of neighbours. A text is the mean of its words' numbers, rare
words counting more, and the largest of each number among them.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.clock import Clock
from ..kernel.data import Floats, Ints
from ..kernel.need import need
from ..neural.halves import Halves, halves, halves_of, put_halves
from .grams import Strings
from .subwords import START, Word, words_of

SHORTEST, LONGEST = 3, 5  # characters of a run, the marks at a word's ends among them
MOST_WORDS, MOST_SLOTS = 1_000_000, 2**24
LEAST_TEXTS = 100  # texts from which on a word must stand there twice
WINDOW, OTHERS = 5, 5  # words on either side, and words drawn for each that do not stand there
MOST_READ = 8_000_000  # words in all epochs: long texts are read less often
FAST, SLOW = 0.05, 0.0005  # rate at the beginning and at the end
SPARE = 0.8  # of the time left that learning may take
AT_ONCE = 50_000  # words of texts that are looked up at once
REMEMBERED = 100_000  # unseen words whose numbers are kept


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Numbers of words, and of the runs of characters that unseen words are made of."""

    words: tuple[str, ...]
    rarity: NDArray[np.float32]  # [words] logarithm of how few texts hold it, plus one
    vectors: Halves  # [words, d]
    slots: NDArray[np.int32]  # [r] rising; none where unseen words have no numbers
    runs: Halves  # [r, d]
    room: int  # slots there are
    epochs: int  # that were learnt

    @property
    def width(self) -> int:
        """Features of a text: means, then largest ones."""
        return 2 * int(self.vectors.shape[1])

    @classmethod
    def learn(
        cls, texts: Strings, size: int, epochs: int, room: int, clock: Clock, rng: np.random.Generator
    ) -> WordVectors:
        """`size` numbers a word; runs of characters share `room` slots, 0 leaves them out. Raises MissingPackage."""
        rows = [[word for _, word in tokens_of(text)] for text in texts]
        counts = Counter(itertools.chain.from_iterable(rows))
        least = 2 if len(rows) >= LEAST_TEXTS else 1
        if not any(count >= least for count in counts.values()):
            nothing = halves(np.empty((0, size)))
            return cls((), np.empty(0, np.float32), nothing, np.empty(0, np.int32), nothing, max(1, room), 0)
        need("gensim", extra="text")
        from gensim.models import FastText, Word2Vec

        kind: dict[str, Any] = {"vector_size": size, "sg": 1, "window": WINDOW, "negative": OTHERS, "min_count": least}
        kind |= {"workers": 1, "seed": int(rng.integers(2**31)), "alpha": FAST, "min_alpha": SLOW}
        model = FastText(**kind, bucket=room, min_n=SHORTEST, max_n=LONGEST) if room else Word2Vec(**kind)
        model.build_vocab(rows)
        affordable = max(1, MOST_READ // max(1, sum(map(len, rows))))
        done = _trained(model, rows, min(epochs, affordable), clock)
        words = tuple(model.wv.index_to_key)
        holders = Counter(itertools.chain.from_iterable(set(row) for row in rows))
        rarity = np.log((1 + len(rows)) / (1 + np.asarray([holders[word] for word in words]))) + 1
        used = np.unique(np.concatenate(model.wv.buckets_word)).astype(np.int32) if room else np.empty(0, np.int32)
        runs = model.wv.vectors_ngrams[used] if room else np.empty((0, size))
        return cls(words, rarity.astype(np.float32), halves(model.wv.vectors), used, halves(runs), max(1, room), done)

    def features(self, texts: Strings) -> Floats:
        """Means of the numbers of each text's words, rare words counting more, and the largest ones: [n, width]."""
        d = self.vectors.shape[1]
        out = np.zeros((len(texts), 2 * d))
        for rows, sizes, vectors, weight in self._looked_up(texts):
            starts = np.cumsum(sizes) - sizes
            whole = np.add.reduceat(weight, starts)[:, None]
            out[rows, :d] = np.add.reduceat(vectors * weight[:, None], starts) / whole
            out[rows, d:] = np.maximum.reduceat(vectors, starts)
        return out

    def shares(self, text: str, weights: Floats) -> tuple[Ints, Ints, Floats]:
        """Where each word of a text stands [m], and what it adds [m, w] to features times weights [width, w]."""
        d = self.vectors.shape[1]
        found = [(at, word) for at, word in tokens_of(text) if self._vector(word) is not None]
        starts = np.asarray([at for at, _ in found], dtype=np.int64)
        stops = np.asarray([at + len(word) for at, word in found], dtype=np.int64)
        pulls = np.zeros((len(found), weights.shape[1]))
        for _, _, vectors, weight in self._looked_up([text]):
            pulls += (weight / weight.sum())[:, None] * (vectors @ weights[:d])
            largest = vectors.argmax(axis=0)
            np.add.at(pulls, largest, vectors.max(axis=0)[:, None] * weights[d:])
        return starts, stops, pulls

    def _looked_up(self, texts: Strings) -> Iterator[tuple[Ints, Ints, Floats, Floats]]:
        """Texts that hold a known word, some at a time: which, known words of each, numbers of the words, and weights."""
        rows: list[int] = []
        sizes: list[int] = []
        vectors: list[Floats] = []
        weight: list[float] = []
        for row, text in enumerate(texts):
            before = len(vectors)
            for _, word in tokens_of(text):
                found = self._vector(word)
                if found is not None:
                    vectors.append(found[0])
                    weight.append(found[1])
            if len(vectors) > before:
                rows.append(row)
                sizes.append(len(vectors) - before)
            if len(vectors) >= AT_ONCE:
                yield np.asarray(rows), np.asarray(sizes), np.asarray(vectors), np.asarray(weight)
                rows, sizes, vectors, weight = [], [], [], []
        if rows:
            yield np.asarray(rows), np.asarray(sizes), np.asarray(vectors), np.asarray(weight)

    def _vector(self, word: str) -> tuple[Floats, float] | None:
        """Numbers and weight of a word; of an unseen one the mean of its runs, weighing as much as the rarest."""
        at = self._places.get(word)
        if at is not None:
            return self._wide[at], float(self.rarity[at])
        if not len(self.slots):
            return None
        if word not in self._unseen:
            if len(self._unseen) >= REMEMBERED:
                self._unseen.clear()
            self._unseen[word] = self._of_runs(word)
        return self._unseen[word]

    def _of_runs(self, word: str) -> tuple[Floats, float] | None:
        slots = np.asarray([slot_of(run, self.room) for run in runs_of(word)], dtype=np.int64)
        at = np.searchsorted(self.slots, slots)
        known = at[(at < len(self.slots)) & (self.slots[np.minimum(at, len(self.slots) - 1)] == slots)]
        if not len(known):
            return None
        return self.runs[known].astype(np.float64).mean(axis=0), float(self.rarity.max(initial=1.0))

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @functools.cached_property
    def _wide(self) -> Floats:
        return self.vectors.astype(np.float64)

    @functools.cached_property
    def _unseen(self) -> dict[str, tuple[Floats, float] | None]:
        return {}

    def dump(self, box: Box) -> None:
        """Words as a list, numbers as halves."""
        box.put(words=list(self.words), room=self.room, epochs=self.epochs)
        box.put_array("rarity", self.rarity)
        box.put_array("slots", self.slots)
        put_halves(box, "vectors", self.vectors)
        put_halves(box, "runs", self.runs)

    @classmethod
    def load(cls, box: Box) -> WordVectors:
        """What was dumped. Raises BundleInvalid."""
        words = tuple(box.texts("words", MOST_WORDS))
        if len(set(words)) < len(words):
            raise box.refuse("a word is there twice")
        vectors = halves_of(box, "vectors", (len(words), None))
        rarity = box.array("rarity", np.float32, (len(words),))
        room = box.whole("room", 1, MOST_SLOTS)
        slots = box.array("slots", np.int32, (None,))
        if len(slots) and (slots[0] < 0 or slots[-1] >= room or (np.diff(slots) <= 0).any()):
            raise box.refuse("slots are out of range or not in rising order")
        if len(rarity) and not 0.5 <= rarity.min() <= rarity.max() <= 100:
            raise box.refuse("a rarity is out of range")
        runs = halves_of(box, "runs", (len(slots), vectors.shape[1]))
        return cls(words, rarity, vectors, slots, runs, room, box.whole("epochs"))


def tokens_of(text: str) -> Iterator[Word]:
    """Words of a text in lower case, each with the place it begins at; of dense scripts characters and pairs of neighbours.

    >>> [word for _, word in tokens_of("Room 12 很好!")]
    ['room', '12', '很', '很好', '好', '!']
    """
    for at, word in words_of(text):
        if word.startswith(START) and len(word) > 1:
            yield at, word[1:]
            continue
        for place in range(len(word)):
            yield at + place, word[place]
            if place + 1 < len(word):
                yield at + place, word[place : place + 2]


def runs_of(word: str) -> Iterator[str]:
    """Runs of characters of a word with a mark at either end, as Gensim and fastText make them.

    >>> list(runs_of("an"))
    ['<an', 'an>', '<an>']
    """
    marked = f"<{word}>"
    for size in range(SHORTEST, min(LONGEST, len(marked)) + 1):
        for start in range(len(marked) - size + 1):
            yield marked[start : start + size]


def slot_of(run: str, room: int) -> int:
    """Slot of a run: fastText's hash (FNV-1a of its bytes, each with its sign), by the number of slots."""
    found = 2166136261
    for byte in run.encode("utf-8", "surrogatepass"):
        found = ((found ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return found % room


def _trained(model: Any, rows: list[list[str]], epochs: int, clock: Clock) -> int:
    """Epochs that were learnt: as many as are wanted, or as the clock allows, the rate falling to nothing in the last."""
    share, step, done = 0.0, 1.0 / epochs, 0
    timer = clock.slice(clock.remaining())
    while share < 1.0 - 1e-9 and not clock.expired():
        after = min(1.0, share + step)
        high, low = (FAST + (SLOW - FAST) * at for at in (share, after))
        model.train(rows, total_examples=len(rows), epochs=1, start_alpha=high, end_alpha=low)
        done, share = done + 1, after
        can = timer.remaining() * SPARE / max(1e-9, timer.spent() / done)
        if can < (1.0 - share) / step:
            if can < 1.0:
                break
            step = (1.0 - share) / int(can)
    return done
