"""What does a column of texts become for a model that adds up weights?

Words and pairs of words, runs of characters, each sort brought to length one for itself, and how long the text is, within what was
seen in training: of texts beyond, nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats, Ints
from ..neural.halves import Halves
from .grams import Pieces, Strings, pieces
from .tfidf import Vocabulary

SIZED = 0.2  # of a standard deviation of the size: as much as a telling word


@dataclass(frozen=True, eq=False)
class Reading:
    """The vocabularies of one text column; columns are words, then runs of characters, then the size."""

    part: str
    words: Vocabulary
    characters: Vocabulary
    centre: float  # of the logarithm of the number of characters
    scale: float
    shortest: float = -math.inf  # of the same logarithm; files from before 2026-11-29 know no bounds
    longest: float = math.inf

    @classmethod
    def of(cls, part: str, words: Vocabulary, characters: Vocabulary, texts: Strings) -> Reading:
        """With the usual size of some texts."""
        sizes = _sizes(texts)
        shortest, longest = float(sizes.min()), float(sizes.max())
        scale = float(sizes.std()) if longest > shortest else 1.0  # of equal sizes rounding leaves more than nothing
        return cls(part, words, characters, float(sizes.mean()), scale, shortest, longest)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.words) + len(self.characters) + 1

    def matrix(self, texts: Strings) -> Any:
        """Every text as columns: scipy.sparse.csr_array of float32 [n, width]."""
        return self.beside_size(self.words.weights(texts), self.characters.weights(texts), texts)

    def beside_size(self, words: Any, characters: Any, texts: Strings) -> Any:
        """The same where the columns of the two vocabularies are at hand."""
        from scipy.sparse import csr_array, hstack

        size = csr_array(self._sized(texts)[:, None])
        return csr_array(hstack([words, characters, size], format="csr"))

    def single(self, weights: Halves) -> Callable[[str], Floats]:
        """What gives the pull [w] under weights [width, w] of a text that comes alone: its row of `matrix` times them, to the bit."""
        n, size_weight = len(self.words), weights[-1].astype(np.float64)

        def pull(text: str) -> Floats:
            (words, often), (runs, how) = self.words.alone(text), self.characters.alone(text)
            known = weights[np.concatenate([words, runs + n])].astype(np.float64)
            each = np.concatenate([often, how]).astype(np.float64)[:, None] * known
            size = np.float64(self._sized([text])[0]) * size_weight
            every = np.concatenate([each, size[None]])
            return np.asarray(every.cumsum(axis=0)[-1])  # one after the other, as sparse rows are added

        return pull

    def _sized(self, texts: Strings) -> NDArray[np.float32]:
        """The column of sizes: [n]."""
        within = np.clip(_sizes(texts), self.shortest, self.longest)
        return np.asarray((within - self.centre) / self.scale * SIZED, dtype=np.float32)

    def only(self, keep: NDArray[Any]) -> Reading:
        """The same with some of its pieces, by column."""
        n = len(self.words)
        return replace(
            self, words=self.words.only(keep[keep < n]), characters=self.characters.only(keep[keep >= n] - n)
        )

    def shares(self, text: str, weights: Floats) -> tuple[Ints, Ints, Floats]:
        """Where each known piece of a text stands [m], and its pull [m, w] under weights [width, w]: all pulls of the text add
        up to that of its row but for the size's."""
        starts, stops, found = [], [], []
        for vocabulary, at in ((self.words, 0), (self.characters, len(self.words))):
            row = vocabulary.weights([text])
            value = np.zeros(len(vocabulary) + 1)
            value[row.indices] = row.data
            for _, _, some in pieces([text], vocabulary.words):
                some, column = _known(some, vocabulary)
                often = np.bincount(column, minlength=len(value))
                starts.append(some.start)
                stops.append(np.minimum(some.stop, len(text)))
                found.append((value[column] / often[column])[:, None] * weights[at + column])
        return np.concatenate(starts), np.concatenate(stops), np.concatenate(found)

    def dump(self, box: Box) -> None:
        """Vocabularies and the usual size."""
        bounded = {"spread": self.scale, "shortest": self.shortest, "longest": self.longest}
        box.put(centre=self.centre, **(bounded if math.isfinite(self.shortest) else {"scale": self.scale}))
        self.words.dump(box.add("words"))
        self.characters.dump(box.add("characters"))

    @classmethod
    def load(cls, box: Box, part: str) -> Reading:
        """What was dumped. Raises BundleInvalid."""
        words, characters = Vocabulary.load(box.box("words")), Vocabulary.load(box.box("characters"))
        if not words.words or characters.words:
            raise box.refuse("vocabularies are mixed up")
        bounded = "scale" not in box.values
        scale = box.real("spread" if bounded else "scale", 0.0)
        if scale == 0.0:
            raise box.refuse("'scale' is zero")
        bounds = (box.real("shortest"), box.real("longest")) if bounded else (-math.inf, math.inf)
        return cls(part, words, characters, box.real("centre"), scale, *bounds)


def _known(found: Pieces, vocabulary: Vocabulary) -> tuple[Pieces, NDArray[np.int64]]:
    column = vocabulary.placed(found).astype(np.int64)
    known = column >= 0
    return Pieces(found.text[known], found.slot[known], found.start[known], found.stop[known]), column[known]


def _sizes(texts: Strings) -> Floats:
    return np.log1p(np.asarray([len(text) for text in texts], dtype=np.float64))
