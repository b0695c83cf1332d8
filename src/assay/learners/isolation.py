"""Which rows are set apart by few cuts? What random trees of good rows isolate soon is unlike them.

Isolation forest (Liu, Ting & Zhou 2008): each tree takes a few good rows apart, a column and a place between its smallest and
largest value drawn at random, again and again. A row that a few cuts leave alone is odd. A code counts as its place, the most frequent
name first, so rare names stand at the end and one that training never showed beyond it. What is kept is trees as any others are, their
leaves the length of the way to them: they are read, explained and exported alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Floats
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.plugins import About
from assay.kernel.settings import Whole, check_settings
from assay.kernel.stream import Stream
from assay.trees.forest import Forest
from assay.trees.grow import clean_batch
from assay.trees.isolate import isolated

from ._trees import Trees

FEW = 8  # held-out good rows below which those that were learnt from tell what is usual
MOST_ASKED = 5_000  # good rows that tell what is usual
MOST_KEPT = 20_000  # good rows that are kept of those that come in blocks
LEAST_DEVIATION = 1e-6  # of ways, below which all are as long


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """Random trees that take good rows apart.

    Odd rows of `train` teach nothing. A raw score is by how much the way of a row through the trees is shorter than that of the usual good row
    of `tune`, in standard deviations of theirs; where fewer than eight are there, the good rows learnt from stand in.
    """

    about: ClassVar[About] = About(
        key="isolation",
        also=("isolation_forest",),
        takes=("vector",),
        gives=("oddness",),
        order=34,
        streams=True,
        not_beside=("grid",),  # the few plain numbers of a picture tell little of what is odd
        words={"en": {"title": "isolation forest"}, "zh": {"title": "孤立森林"}},
    )
    trees: Annotated[int, Whole(1, 5_000, log=True)] = 200
    rows: Annotated[int, Whole(2, 10_000, log=True)] = 256  # that one tree takes apart

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Trees:
        """Grow as many trees as were asked for, or as there is time for: a few at the least."""
        good, usual = _good(train), _good(tune)
        forest = isolated(clean_batch(good), _counts(good), self.trees, self.rows, clock, rng)
        asked = usual if usual.rows >= FEW else good
        if asked.rows > MOST_ASKED:
            asked = asked.take(np.sort(rng.choice(asked.rows, MOST_ASKED, replace=False)))
        ways = forest.predict(clean_batch(asked))[:, 0]
        return Trees(_in_deviations(forest, ways, _counts(asked)), [], np.zeros(len(train.vector.features)))

    def fit_stream(
        self, stream: Stream, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator, needed: int
    ) -> Trees:
        """The same from good rows that are drawn evenly from all blocks: more than a few trees take apart would change little."""
        good = np.flatnonzero(_is_good(stream.y, stream.weight))
        kept = np.sort(rng.choice(good, min(MOST_KEPT, len(good)), replace=False))
        found, start = [], 0
        for block, size in zip(stream.blocks(), stream.sizes, strict=True):
            found.append(block[kept[(start <= kept) & (kept < start + size)] - start])
            start += size
        vector = Vector(np.concatenate(found), stream.sample().vector.features)
        weight = None if stream.weight is None else stream.weight[kept]
        return self.fit(Batch({"vector": vector}, stream.y[kept], weight), tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Trees:
        """The trees that were dumped, checked. Raises BundleInvalid."""
        return Trees.load(box, head, features)


def _good(batch: Batch) -> Batch:
    """The good rows that count; all that are there, where none of them is."""
    return batch.take(np.flatnonzero(_is_good(batch.y, batch.weight)))


def _is_good(y: NDArray[Any] | None, weight: Floats | None) -> Bools:
    """Whether each row is good and counts [n]; all are taken for it, where none is."""
    good = np.asarray(y) < 0.5
    if weight is not None:
        good &= np.asarray(weight) > 0
    return good if good.any() else np.ones(len(good), dtype=bool)


def _counts(batch: Batch) -> Floats | None:
    """How much each row counts [n]; None where all count alike."""
    weight = None if batch.weight is None else np.asarray(batch.weight, dtype=np.float64)
    return None if weight is None or weight.min() == weight.max() else weight


def _in_deviations(forest: Forest, ways: Floats, weight: Floats | None) -> Forest:
    """The trees with scores as standard deviations above the mean of these [n], the negative lengths of usual rows' ways."""
    middle = float(np.average(ways, weights=weight))
    deviation = float(np.sqrt(np.average((ways - middle) ** 2, weights=weight)))
    unit = deviation if deviation > LEAST_DEVIATION else 1.0
    return replace(forest, leaf_value=forest.leaf_value / unit, base=np.asarray([-middle / unit]))
