"""Does one word of a text tell the answer? Then the answer may be written in the text.

For each class (or for the value) the word or pair of words whose presence goes with it most, chosen on half of the rows, becomes a level of
a column; what that column explains is measured on the other half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.data import Column, Floats, Ints
from assay.language.grams import counted, pieces

MOST_ROWS = 4_000
READ = 2_000  # characters of each end of a text that are looked at
LEAST = 5  # texts that must hold a word, in the half it is chosen by


@dataclass(frozen=True)
class Telling:
    """The words chosen as a column over the rows they are judged by, and how they are written."""

    column: Column
    rows: Ints  # places of the judging rows among those given
    words: tuple[str, ...]


def telling(column: Column, hot: Floats, rng: np.random.Generator) -> Telling | None:
    """The words of an opened text column that tell most of `hot` [n, k]; None where no word stands in a few texts."""
    assert column.levels is not None
    rows = np.sort(rng.permutation(len(hot))[:MOST_ROWS])
    levels = [*map(str, column.levels), ""]
    texts = np.asarray([_ends(levels[cell]) for cell in column.cells[rows].tolist()], dtype=object)
    held = _present(counted(texts, True))
    chosen_by = rng.permutation(len(rows)) % 2 == 0
    slots = _strongest(held[chosen_by], hot[rows[chosen_by]])
    if not len(slots):
        return None
    judged = np.flatnonzero(~chosen_by)
    found = held[judged][:, slots].toarray() > 0
    level = np.where(found.any(axis=1), found.argmax(axis=1), -1)
    words = tuple(_written(int(slot), texts[np.flatnonzero(held[:, [slot]].toarray()[:, 0])[:1]]) for slot in slots)
    named = [words[place] if place >= 0 else "" for place in level.tolist()]
    return Telling(Column.of_words(column.name, named), rows[judged], words)


def _present(counts: Any) -> Any:
    """Ones where pieces stand; the counts themselves are kept for others and stay as they are."""
    from scipy.sparse import csr_array

    return csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)


def _ends(text: str) -> str:
    return text if len(text) <= 2 * READ else f"{text[:READ]} {text[-READ:]}"


def _strongest(held: Any, hot: Floats) -> Ints:
    """For each column of `hot` the slot whose presence is most correlated with it, each once: [at most k]."""
    from scipy.sparse import csc_array

    x = csc_array(held, dtype=np.float64)
    n = x.shape[0]
    count = np.diff(x.indptr)
    slots = np.flatnonzero((count >= LEAST) & (count < n))
    if not len(slots):
        return slots
    share = count[slots] / n
    centred = hot - hot.mean(axis=0)
    together = (x[:, slots].T @ centred) / n  # [v, k]
    told = together**2 / ((share * (1.0 - share))[:, None] * np.maximum(centred.var(axis=0), 1e-12))
    if hot.shape[1] > 1:  # of several classes each has words of its own: what speaks against it is another's
        told[together < 0] = 0.0
    best = told.argmax(axis=0)
    return np.asarray(slots[list(dict.fromkeys(best.tolist()))])


def _written(slot: int, texts: np.ndarray) -> str:
    """How a piece is written in the first text that holds it."""
    for first, _, found in pieces(texts, True):
        for place in np.flatnonzero(found.slot == slot)[:1].tolist():
            text: str = texts[first + found.text[place]]
            return text[found.start[place] : found.stop[place]]
    return ""
