"""Is this column free text, and which few numbers carry what it says?

A first reading, so that a free-text column of a table is used and not dropped: TF-IDF weights of words (and, for
Chinese, of characters and pairs of characters), brought down to a few factors by a truncated singular value
decomposition (latent semantic analysis, Deerwester et al. 1990), and the length. Texts are read without their
wrapping (language/normal.py); models made before that read them as written, and still do.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.cells import Cell, written
from assay.kernel.data import Bools, Column
from assay.kernel.errors import DoesNotApply, RequestError
from assay.kernel.forms import Feature, Vector
from assay.kernel.labels import NOTHING, are_hashes
from assay.kernel.memo import Memo
from assay.kernel.origin import drawn
from assay.kernel.plugins import About, Claim, Opened
from assay.kernel.words import refusal
from assay.language.characters import lower
from assay.language.grams import READ
from assay.language.languages import language_of
from assay.language.normal import normal
from assay.onnx_graph.graph import Graph
from assay.onnx_graph.texts import characters_of, factors_graph

MOST_WORDS = 4000
WORDS = "words_said"  # in a file: words of texts without their wrapping; "words" are those of texts as written
LOOKED_AT = 200  # texts whose language is told
FACTORS = 24
ROUNDING = 1e-6  # of the largest singular value: what is smaller is rounding, which standardised columns would magnify
SAMPLED = 400  # words that made-up texts are made of
WORD = re.compile(r"[^\W\d_]+|\d+")
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Text:
    """Free text."""

    about: ClassVar[About] = About(
        key="text",
        gives=("vector", "texts"),
        order=40,
        words={
            "en": {
                "title": "text",
                "no_text": "its cells are not text",
                "sentences": "its cells read as text, most of it {language}: {words} words on average, {distinct} different ones",
                "language.en": "English",
                "language.zh": "Chinese",
                "language.ja": "Japanese",
                "language.ko": "Korean",
                "language.de": "German",
                "language.fr": "French",
                "language.es": "Spanish",
                "language.it": "Italian",
                "language.pt": "Portuguese",
                "language.nl": "Dutch",
                "language.ru": "in Cyrillic letters",
                "language.ar": "in Arabic letters",
                "language.he": "in Hebrew letters",
                "language.el": "in Greek letters",
                "language.th": "Thai",
                "language.hi": "in Devanagari letters",
                "language.latin": "in Latin letters",
                "language.none": "without letters",
                "short": "names rather than sentences",
                "not": "its cells are not text",
            },
            "zh": {
                "title": "文本",
                "no_text": "单元格不是文本",
                "sentences": "单元格是文本，多为{language}：平均 {words} 个词，共 {distinct} 段不同内容",
                "language.en": "英文",
                "language.zh": "中文",
                "language.ja": "日文",
                "language.ko": "韩文",
                "language.de": "德文",
                "language.fr": "法文",
                "language.es": "西班牙文",
                "language.it": "意大利文",
                "language.pt": "葡萄牙文",
                "language.nl": "荷兰文",
                "language.ru": "西里尔字母",
                "language.ar": "阿拉伯字母",
                "language.he": "希伯来字母",
                "language.el": "希腊字母",
                "language.th": "泰文",
                "language.hi": "天城文",
                "language.latin": "拉丁字母",
                "language.none": "无字母",
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
        if column.decimals:  # two words each, the point between them
            return Claim(fit=0.1, why=self.about.say("modalities", "short"))
        words = _words_in(some) / len(some)
        if words < 3 or len(column.levels) < 20 or are_hashes(some):
            return Claim(fit=0.1, why=self.about.say("modalities", "short"))
        present = int((column.cells >= 0).sum())
        told = Counter(language_of(text) for text in some[:: max(1, len(some) // LOOKED_AT)])
        language = self.about.say("modalities", f"language.{max(told, key=lambda key: (told[key], key)) or 'none'}")
        why = self.about.say("modalities", "sentences", words=words, distinct=len(column.levels), language=language)
        return Claim(fit=0.85 if words >= 4 and len(column.levels) > 0.3 * present else 0.35, why=why)

    def open(self, column: Column) -> Opened:
        """The text as written."""
        return Opened(replace(column.as_words(), kind="text"))

    def open_cell(self, cell: Cell) -> Cell:
        """The text as written."""
        return written(cell)

    def learn(self, column: Column, rng: np.random.Generator) -> Factors:
        """Words worth counting, their weights, and the factors they form."""
        assert column.levels is not None
        used = np.unique(column.cells[column.cells >= 0])
        counted = Counted.of(_normalised(column.levels))
        documents = np.bincount(counted.counts[used].indices, minlength=len(counted.words))
        least = 2 if len(used) > 20 else 1
        common = np.flatnonzero((documents >= least) & (documents <= max(2, 0.8 * len(used))))
        kept = sorted(common.tolist(), key=lambda i: (-int(documents[i]), counted.words[i]))[:MOST_WORDS]
        words = tuple(counted.words[i] for i in kept)
        idf = np.log((1 + len(used)) / (1 + documents[kept])) + 1
        plain = Factors(column.name, words, idf, np.empty((len(words), 0), dtype=np.float32))
        k = min(FACTORS, len(words) - 1, len(used) - 1)
        if k < 1:
            return plain
        from scipy.sparse.linalg import svds

        start = rng.standard_normal(min(len(used), len(words)))
        _, size, right = svds(plain.weights(counted, used), k=k, v0=start, solver="arpack")
        order = np.argsort(-size)
        order = order[size[order] > ROUNDING * size.max()]
        turn = np.sign(right[np.arange(k), np.abs(right).argmax(axis=1)])  # a factor's sign is arbitrary: fix it
        basis = (right * turn[:, None])[order].T
        return replace(plain, basis=basis.astype(np.float32))

    def load(self, box: Box) -> Factors:
        """The encoder that was dumped."""
        as_written = WORDS not in box.values
        words = tuple(box.texts("words" if as_written else WORDS, MOST_WORDS))
        idf = box.array("idf", np.float64, (len(words),))
        basis = box.array("basis", np.float32, (len(words), None))
        return Factors(box.text("name"), words, idf, basis, as_written)


@dataclass(frozen=True, eq=False)
class Factors:
    """Length and TF-IDF factors.

    as_written : whether words are those of the text as it is written, as in models of before, and not of what it says (language/normal.py)
    """

    takes: ClassVar[tuple[str, tuple[str, str]]] = "int32", ("n", "characters")
    about_cells: ClassVar[str] = (
        "int32 codes of the characters (code points) of each text, 0 behind them; a row of a missing text begins with -1, "
        f"and missing is what is nothing but {', '.join(f'“{word}”' for word in NOTHING)}. Texts are "
        "given as assay.language.normal.normal(text) leaves them (pieces of the first 200,000 characters are counted): Unicode NFKC, HTML entities and tags resolved, characters that "
        "nobody sees taken away, each run of blanks one blank, none at the ends"
    )

    name: str
    words: tuple[str, ...]
    idf: NDArray[np.float64]
    basis: NDArray[np.float32]  # [words, factors]
    as_written: bool = False

    def vector(self, column: Column) -> Vector:
        """Logarithm of the length, then the factors: [n, 1 + factors]; NaN where missing."""
        assert column.levels is not None
        used, inverse = np.unique(column.cells, return_inverse=True)
        counted, present = self._counted(column.levels), used >= 0
        found = np.full((len(used), 1 + self.basis.shape[1]), np.nan)
        found[present, 0] = np.log1p(counted.lengths[used[present]])
        found[present, 1:] = self.weights(counted, used[present]) @ self.basis.astype(np.float64)
        names = ["length", *(f"factor {i + 1}" for i in range(self.basis.shape[1]))]
        return Vector(found[inverse], tuple(Feature(f"{self.name} ({n})", self.name) for n in names))

    def texts(self, column: Column) -> NDArray[np.object_]:
        """The normalised text of each cell, "" where missing: [n]."""
        levels = column.levels
        assert levels is not None
        return _CELLS.of(column.cells, lambda: drawn(_normalised(levels), column.cells), id(levels))

    def strange(self, column: Column) -> Bools:
        """Text of which not one word was seen in training; none where training kept no words."""
        assert column.levels is not None
        if not self.words:
            return np.zeros(len(column), dtype=np.bool_)
        counted = self._counted(column.levels)
        known = np.asarray([word in self._index for word in counted.words], dtype=bool)
        alien = counted.counts[: len(column.levels)] @ known.astype(np.int64) == 0
        return np.asarray(np.append(alien, False)[column.cells])

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """The same of one text; what all its words come to is added in our order of words, as rows of a table are."""
        if cell is None:
            return (np.nan,) * (1 + self.basis.shape[1]), False
        words, often, length = _counted_alone(str(cell), self.as_written)
        known = sorted(
            (place, n) for word, n in zip(words, often, strict=True) if (place := self._index.get(word, -1)) >= 0
        )
        at = np.asarray([place for place, _ in known], dtype=np.int64)
        factors = np.zeros(self.basis.shape[1])
        if known:
            values = (1 + np.log(np.asarray([n for _, n in known], dtype=np.int64))) * self.idf[at]
            norm = np.sqrt((values * values).cumsum()[-1])
            factors = ((values / norm)[:, None] * self.basis[at].astype(np.float64)).cumsum(axis=0)[-1]
        return (float(np.log1p(length)), *factors.tolist()), bool(self.words) and not known

    def text_of(self, cell: Cell) -> str:
        """The normalised text of one cell."""
        return "" if cell is None else normal(str(cell))

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        """The place of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def _counted(self, levels: NDArray[np.object_]) -> Counted:
        """The words of each of these texts."""
        return Counted.of(levels, written=True) if self.as_written else Counted.of(_normalised(levels))

    def graph(self, graph: Graph, x: str) -> str:
        """Length and factors of the codes of the characters of texts, NaN where a text is missing: [n, 1 + factors].

        Raises RequestError where words are those of texts as they are written.
        """
        if self.as_written:
            raise refusal(RequestError, "onnx_graph", "as_written", part=self.name)
        return factors_graph(graph, self.words, self.idf, self.basis, x)

    def given(self, column: Column) -> NDArray[np.int32]:
        """What the graph is given for each cell: codes of the characters of the normalised text, 0 behind them, -1 where missing [n, m]."""
        return characters_of(self.texts(column), column.missing)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """Texts of a few known words, some in capitals, with one that is unseen, and missing ones."""
        words = [*self.words[:SAMPLED], "…", "Ångström's", "x2y", "12_3", "没见过", "🙂", "<br>&amp;"]

        def one() -> str | None:
            picked = [words[k] for k in rng.integers(0, len(words), int(rng.integers(1, 12)))]
            return " ".join(w.upper() if rng.uniform() < 0.2 else w for w in picked) if rng.uniform() < 0.95 else None

        return Text().open(Column.of_words(self.name, [one() for _ in range(rows)])).column

    def dump(self, box: Box) -> None:
        """Words, weights and basis."""
        box.put(**{"name": self.name, "words" if self.as_written else WORDS: list(self.words)})
        box.put_array("idf", self.idf)
        box.put_array("basis", self.basis)

    def weights(self, counted: Counted, rows: NDArray[Any]) -> Any:
        """TF-IDF of some texts, of length one: sparse [n, words]. A text's own entries alone decide its bits."""
        from scipy.sparse import csr_array

        place = np.asarray([self._index.get(word, -1) for word in counted.words], dtype=np.int64)
        some = counted.counts[rows]
        at = place[some.indices]
        row = np.repeat(np.arange(len(rows)), np.diff(some.indptr))[at >= 0]
        values, at = (1 + np.log(some.data[at >= 0])) * self.idf[at[at >= 0]], at[at >= 0]
        order = np.lexsort((at, row))  # by our order of words, not by where this table met them first
        row, at, values = row[order], at[order], values[order]
        norm = np.sqrt(np.bincount(row, weights=values * values, minlength=len(rows)))
        ends = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(rows)))])
        return csr_array((values / norm[row], at, ends), shape=(len(rows), len(self.words)))


@dataclass(frozen=True, eq=False)
class Counted:
    """How often each word stands in each of some texts; counted once for as long as the texts are held."""

    words: tuple[str, ...]
    counts: Any  # scipy.sparse.csr_array of int64 [texts, words]
    lengths: NDArray[np.int64]  # words of each text, [texts]

    @classmethod
    def of(cls, texts: NDArray[np.object_], written: bool = False) -> Counted:
        """The counts of these very texts; `written` as `Factors.as_written` says."""
        cut = tokens_as_written if written else tokens
        return _COUNTED.of(texts, lambda: cls._counted(texts, cut), written)

    @classmethod
    def _counted(cls, texts: NDArray[np.object_], cut: Callable[[str], list[str]]) -> Counted:
        from scipy.sparse import csr_array

        index: dict[str, int] = {}
        places: list[int] = []
        ends = [0]
        for text in texts:
            places += [index.setdefault(word, len(index)) for word in cut(str(text))]
            ends.append(len(places))
        ones = np.ones(len(places), dtype=np.int64)
        counts = csr_array((ones, places, ends), shape=(len(texts), len(index)))
        counts.sum_duplicates()
        return cls(tuple(index), counts, np.diff(ends))


@functools.lru_cache(maxsize=8)
def _counted_alone(text: str, as_written: bool) -> tuple[tuple[str, ...], tuple[int, ...], int]:
    """The different words of a text that comes alone, how often each stands there, and how many words there are; a few are kept, as each
    fold asks anew."""
    found = tokens_as_written(text) if as_written else tokens(normal(text))
    counts = Counter(found)
    return tuple(counts), tuple(counts.values()), len(found)


def _normalised(levels: NDArray[np.object_]) -> NDArray[np.object_]:
    """Texts without their wrapping, the empty one last: [texts + 1]."""
    return _NORMALISED.of(levels, lambda: np.asarray([*(normal(str(text)) for text in levels), ""], dtype=object))


# Both are as large as a few copies of the texts; they go when the texts go.
_COUNTED = Memo(math.inf, lambda _: 0)
_NORMALISED = Memo(math.inf, lambda _: 0)
_CELLS = Memo(math.inf, lambda _: 0)


def _words_in(texts: list[str]) -> int:
    """How many words texts have together; counted at once where they are short, since tables have thousands of columns."""
    if sum(map(len, texts)) + len(texts) > READ:
        return sum(len(tokens(text)) for text in texts)
    return len(tokens("\n".join(texts)))  # no word goes on in the next line


def tokens(text: str) -> list[str]:
    """Words in lower case; Chinese as characters and pairs of them.

    >>> tokens("Late again, 很好")
    ['late', 'again', '很', '好', '很好']
    """
    return _cut(lower(text[:READ]))


def tokens_as_written(text: str) -> list[str]:
    """The same as models of before have them, which lower a text as a whole (Σ at the end of a word)."""
    return _cut(text.lower())


def _cut(text: str) -> list[str]:
    words: list[str] = WORD.findall(text)
    if text.isascii():
        return words
    out: list[str] = []
    for word in words:
        if HAN.search(word):
            out += list(word) + [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            out.append(word)
    return out
