"""A small world in which the order of the words decides: what a sum of words cannot tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head, Texts, Vector
from assay.store import plain

GOOD, BAD = ("good", "lovely", "warm", "clean"), ("bad", "awful", "cold", "dirty")
FILLERS = ("the", "room", "was", "we", "stay", "there", "very", "once")


def said(rows: int, seed: int = 0) -> Batch:
    """Half say "not good but bad", half "not bad but good", among other words; the same words in both."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=rows)
    texts = []
    for row in range(rows):
        first, second = rng.choice(BAD if y[row] else GOOD), rng.choice(GOOD if y[row] else BAD)
        words = ["not", first, "but", second]
        before = rng.choice(FILLERS, size=int(rng.integers(0, 6))).tolist()
        after = rng.choice(FILLERS, size=int(rng.integers(0, 6))).tolist()
        texts.append(" ".join([*before, *words, *after]))
    return batch(texts, y)


def batch(texts: list[str], y: Any = None, numbers: Any = None) -> Batch:
    """One column of texts and one of numbers."""
    known = np.zeros(len(texts)) if numbers is None else np.asarray(numbers, dtype=np.float64)
    lengths = np.asarray([float(len(text)) for text in texts])
    vector = Vector(np.column_stack([known, lengths]), (Feature("n", "n"), Feature("length", "said")))
    return Batch({"vector": vector, "texts": Texts((np.asarray(texts, dtype=object),), ("said",))}, y)


def fit(learner: Any, data: Batch, head: Head | None = None, clock: Clock | None = None, seed: int = 0) -> Any:
    """Fitted on five sixths; the rest may stop it."""
    cut = np.arange(data.rows) % 6 == 0
    parts = data.take(np.flatnonzero(~cut)), data.take(np.flatnonzero(cut))
    return learner.fit(*parts, head or Head.classes(2), clock or Clock.still(), np.random.default_rng(seed))


def share_right(model: Any, fresh: Batch) -> float:
    """Share of rows whose class is told."""
    return float(((model.predict(fresh)[:, 0] > 0) == fresh.y).mean())


def bytes_of(model: Any) -> bytes:
    """The bytes of its file."""
    box = Box("model")
    model.dump(box)
    return plain.to_bytes(box, "model")


def loaded(learner: Any, model: Any, data: Batch, head: Head | None = None) -> Any:
    """What comes back from the file."""
    return learner.load(plain.from_bytes(bytes_of(model)), head or Head.classes(2), data.vector.features)
