"""Which columns does a row with texts become: which pieces of each text, and what beside them?

TF-IDF (Salton & Buckley 1988) of words and of characters, of which those are kept that tell most of the target (chi-squared; Yang &
Pedersen 1997); then the other columns of the table, standardised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature
from assay.language.grams import counted
from assay.language.reading import Reading
from assay.language.tfidf import Vocabulary, of_length_one
from assay.stats.design import Design

from ._beside import beside, parts_in
from ._machines import narrow

SEEN = 150_000  # pieces of one sort that are weighed at all
BESIDE = 0.2  # of a standard deviation of another column: as much as a telling word


@dataclass(frozen=True, eq=False)
class TextColumns:
    """What becomes of a row: the pieces of each text column, then the other columns."""

    readings: tuple[Reading, ...]
    design: Design | None

    @classmethod
    def learn(cls, train: Batch, most: int, characters: bool = True) -> tuple[TextColumns, Any]:
        """The pieces of each text column that tell most of the target, and the rows learnt from as columns."""
        found = [_read(train, place, most, characters) for place in range(len(train.texts.parts))]
        others = beside(train)
        columns = cls(tuple(reading for reading, _ in found), Design.learn(others) if others.features else None)
        return columns, columns.beside_texts([x for _, x in found], train)

    @property
    def pieces(self) -> NDArray[np.bool_]:
        """Which columns may be left out: all but the sizes of texts and the columns beside: bool [v]."""
        parts = [np.append(np.ones(r.width - 1, dtype=bool), False) for r in self.readings]
        return np.concatenate([*parts, np.zeros(self.design.width if self.design else 0, dtype=bool)])

    @property
    def width(self) -> int:
        """Columns: v."""
        return sum(r.width for r in self.readings) + (self.design.width if self.design else 0)

    def matrix(self, batch: Batch) -> Any:
        """Every row as columns: scipy.sparse.csr_matrix [n, v]."""
        return self.beside_texts([r.matrix(batch.texts.columns[i]) for i, r in enumerate(self.readings)], batch)

    def beside_texts(self, texts: list[Any], batch: Batch) -> Any:
        """The same where the matrix of each text column is at hand."""
        from scipy.sparse import csr_array, csr_matrix, hstack

        parts = list(texts)
        if self.design is not None:
            parts.append(csr_array((self.design(beside(batch)) * BESIDE).astype(np.float32)))
        return narrow(csr_matrix(hstack(parts, format="csr")))

    def left(self, x: Any, keep: NDArray[Any]) -> Any:
        """What `matrix` of `only(keep)` gives for the same rows, `x` being that of these columns."""
        from scipy.sparse import csr_matrix, hstack

        parts, at = [], 0
        for reading in self.readings:
            for width in (len(reading.words), len(reading.characters)):
                parts.append(of_length_one(x[:, keep[(keep >= at) & (keep < at + width)]]))
                at += width
            parts.append(x[:, [at]])
            at += 1
        return narrow(csr_matrix(hstack([*parts, x[:, at:]], format="csr")))

    def usual(self, x: Any, weights: Floats) -> Floats:
        """Mean pull of each text column over some rows as columns: [t, w]."""
        mean, at, pulls = np.asarray(x.mean(axis=0)).ravel(), 0, []
        for reading in self.readings:
            pulls.append(mean[at : at + reading.width] @ weights[at : at + reading.width])
            at += reading.width
        return np.asarray(pulls, dtype=np.float64).reshape(len(self.readings), weights.shape[1])

    def only(self, keep: NDArray[Any]) -> TextColumns:
        """The same with some columns; sizes and columns beside are always kept."""
        parts, at = [], 0
        for reading in self.readings:
            parts.append(reading.only(keep[(keep >= at) & (keep < at + reading.width - 1)] - at))
            at += reading.width
        return replace(self, readings=tuple(parts))

    def dump(self, box: Box) -> None:
        box.put(texts=[reading.part for reading in self.readings], beside=self.design is not None)
        for place, reading in enumerate(self.readings):
            reading.dump(box.add(f"text-{place}"))
        if self.design is not None:
            self.design.dump(box.add("design"))

    @classmethod
    def load(cls, box: Box, features: tuple[Feature, ...]) -> TextColumns:
        parts = parts_in(box, features)
        readings = tuple(Reading.load(box.box(f"text-{i}"), part) for i, part in enumerate(parts))
        others = tuple(feature for feature in features if feature.part not in parts)
        design = Design.load(box.box("design"), others) if box.flag("beside") else None
        return cls(readings, design)


def _read(train: Batch, place: int, most: int, characters: bool) -> tuple[Reading, Any]:
    """The pieces of one text column that tell most of the target, and its texts as columns."""
    assert train.y is not None
    texts = train.texts.columns[place]
    both, parts = [], []
    for words in (True, False):
        if not words and not characters:
            both.append(Vocabulary.none(words))
            parts.append(both[-1].weights(texts))
            continue
        counts = counted(texts, words)
        both.append(Vocabulary.learn(counts, words, SEEN))
        parts.append(both[-1].of_counts(counts))
    if sum(map(len, both)) > most:
        groups = _members(train.y)
        telling = [_chi_squared(x, groups) for x in parts]
        best = np.zeros(sum(map(len, both)), dtype=bool)
        best[np.argsort(-np.concatenate(telling), kind="stable")[:most]] = True
        kept = [np.flatnonzero(b) for b in np.split(best, [len(both[0])])]
        both = [v.only(k) for v, k in zip(both, kept, strict=True)]
        parts = [of_length_one(x[:, k]) for x, k in zip(parts, kept, strict=True)]
    reading = Reading.of(train.texts.parts[place], both[0], both[1], texts)
    return reading, reading.beside_size(parts[0], parts[1], texts)


def _members(y: NDArray[Any]) -> Any:
    """Which groups each row belongs to: its class, its labels, or the fifth of the values: scipy.sparse.csr_array [n, k]."""
    from scipy.sparse import csr_array

    if y.ndim > 1:
        return csr_array(y.astype(np.float32))
    if y.dtype.kind == "f":
        groups = np.searchsorted(np.quantile(y, [0.2, 0.4, 0.6, 0.8]), y)
    else:
        groups = np.unique(y, return_inverse=True)[1]
    n = len(groups)
    return csr_array((np.ones(n, dtype=np.float32), groups, np.arange(n + 1)), shape=(n, int(groups.max()) + 1))


def _chi_squared(x: Any, member: Any) -> Floats:
    """How far the texts of any group that hold a piece are from their number by chance: [v]."""
    from scipy.sparse import csr_array

    present = csr_array((np.ones(len(x.data), dtype=np.float32), x.indices, x.indptr), shape=x.shape)
    found = np.asarray((member.T @ present).todense(), dtype=np.float64)
    expected = np.asarray(member.sum(axis=0), dtype=np.float64).reshape(-1, 1) / member.shape[0] * found.sum(axis=0)
    gap = np.divide((found - expected) ** 2, expected, out=np.zeros_like(found), where=expected > 0)
    return np.asarray(gap.max(axis=0))
