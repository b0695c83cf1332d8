"""Is this column free text, and which few numbers carry what it says?

A first reading, so that a free-text column of a table is used and not dropped: TF-IDF weights of words (and, for
Chinese, of characters and pairs of characters), brought down to a few factors by a truncated singular value
decomposition (latent semantic analysis, Deerwester et al. 1990), and the length.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Bools, Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.plugins import About, Claim, Opened

MOST_WORDS = 4000
FACTORS = 24
WORD = re.compile(r"[^\W\d_]+|\d+")
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Text:
    """Free text."""

    about: ClassVar[About] = About(
        key="text",
        gives=("vector",),
        order=40,
        words={
            "en": {
                "title": "text",
                "no_text": "its cells are not text",
                "sentences": "its cells read as text: {words} words on average, {distinct} different ones",
                "short": "names rather than sentences",
                "not": "its cells are not text",
            },
            "zh": {
                "title": "文本",
                "no_text": "单元格不是文本",
                "sentences": "单元格是文本：平均 {words} 个词，共 {distinct} 段不同内容",
                "short": "更像名称而不是句子",
                "not": "单元格不是文本",
            },
        },
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """Many words a cell, and hardly two cells alike."""
        if column.levels is None or len(column.levels) == 0:
            raise DoesNotApply(self.about.say("modalities", "no_text"))
        some = [str(level) for level in column.levels[:1000]]
        words = sum(len(tokens(text)) for text in some) / len(some)
        present = int((column.cells >= 0).sum())
        why = self.about.say("modalities", "sentences", words=words, distinct=len(column.levels))
        if words < 3 or len(column.levels) < 20:
            return Claim(fit=0.1, why=self.about.say("modalities", "short"))
        return Claim(fit=0.85 if words >= 4 and len(column.levels) > 0.3 * present else 0.35, why=why)

    def open(self, column: Column) -> Opened:
        """The text as written."""
        return Opened(replace(column.as_words(), kind="text"))

    def learn(self, column: Column, rng: np.random.Generator) -> Factors:
        """Words worth counting, their weights, and the factors they form."""
        assert column.levels is not None
        used = np.unique(column.cells[column.cells >= 0])
        bags = [Counter(tokens(str(column.levels[c]))) for c in used]
        documents = Counter(word for bag in bags for word in bag)
        least = 2 if len(bags) > 20 else 1
        common = [(word, n) for word, n in documents.items() if least <= n <= max(2, 0.8 * len(bags))]
        words = tuple(word for word, _ in sorted(common, key=lambda item: (-item[1], item[0]))[:MOST_WORDS])
        idf = np.asarray([math.log((1 + len(bags)) / (1 + documents[word])) + 1 for word in words])
        plain = Factors(column.name, words, idf, np.empty((len(words), 0), dtype=np.float32))
        k = min(FACTORS, len(words) - 1, len(bags) - 1)
        if k < 1:
            return plain
        from scipy.sparse.linalg import svds

        start = rng.standard_normal(min(len(bags), len(words)))
        _, size, right = svds(plain.weights(bags), k=k, v0=start, solver="arpack")
        order = np.argsort(-size)
        turn = np.sign(right[np.arange(k), np.abs(right).argmax(axis=1)])  # a factor's sign is arbitrary: fix it
        basis = (right * turn[:, None])[order].T
        return replace(plain, basis=basis.astype(np.float32))

    def load(self, box: Box) -> Factors:
        """The encoder that was dumped."""
        words = tuple(box.texts("words", MOST_WORDS))
        idf = box.array("idf", np.float64, (len(words),))
        return Factors(box.text("name"), words, idf, box.array("basis", np.float32, (len(words), None)))


@dataclass(frozen=True, eq=False)
class Factors:
    """Length and TF-IDF factors."""

    name: str
    words: tuple[str, ...]
    idf: NDArray[np.float64]
    basis: NDArray[np.float32]  # [words, factors]

    def vector(self, column: Column) -> Vector:
        """Logarithm of the length, then the factors: [n, 1 + factors]; NaN where missing."""
        assert column.levels is not None
        used, inverse = np.unique(column.cells, return_inverse=True)
        bags = [Counter(tokens(str(column.levels[c]))) if c >= 0 else Counter[str]() for c in used]
        length = np.log1p([bag.total() for bag in bags]).reshape(-1, 1)
        found = np.hstack([length, self.weights(bags) @ self.basis.astype(np.float64)])
        found[used < 0] = np.nan
        names = ["length", *(f"factor {i + 1}" for i in range(self.basis.shape[1]))]
        return Vector(found[inverse], tuple(Feature(f"{self.name} ({n})", self.name) for n in names))

    def strange(self, column: Column) -> Bools:
        """Text of which not one word was seen in training."""
        known = set(self.words)
        assert column.levels is not None
        alien = [not any(word in known for word in tokens(str(level))) for level in column.levels]
        return np.asarray(np.append(np.asarray(alien, dtype=bool), False)[column.cells])

    def dump(self, box: Box) -> None:
        """Words, weights and basis."""
        box.put(name=self.name, words=list(self.words))
        box.put_array("idf", self.idf)
        box.put_array("basis", self.basis)

    def weights(self, bags: list[Counter[str]]) -> Any:
        """TF-IDF of each bag, of length one: sparse [n, words]."""
        from scipy.sparse import csr_matrix

        index = {word: i for i, word in enumerate(self.words)}
        rows, columns, values = [], [], []
        for row, bag in enumerate(bags):
            entries = [(index[word], 1 + math.log(count)) for word, count in bag.items() if word in index]
            weights = [value * float(self.idf[i]) for i, value in entries]
            norm = math.sqrt(sum(v * v for v in weights)) or 1.0
            rows += [row] * len(entries)
            columns += [i for i, _ in entries]
            values += [v / norm for v in weights]
        return csr_matrix((values, (rows, columns)), shape=(len(bags), len(self.words)))


def tokens(text: str) -> list[str]:
    """Words in lower case; Chinese as characters and pairs of them.

    >>> tokens("Late again, 很好")
    ['late', 'again', '很', '好', '很好']
    """
    out: list[str] = []
    for word in WORD.findall(text.lower()):
        if HAN.search(word):
            out += list(word) + [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            out.append(word)
    return out
