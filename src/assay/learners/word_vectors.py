"""What do words say that are used alike? Numbers for each word, learnt from the rows' own texts, and a straight line.

Skip-gram (Mikolov et al. 2013), learnt without the target; the mean and the largest of a text's numbers, and least squares, logistic
or Poisson regression with a ridge whose strength the tune rows choose. With `runs` words are also read by the runs of characters they
are made of (fastText; Bojanowski et al. 2017): for texts full of words that are seen once. On two tables of reviews that was worse.
Of a few thousand texts it learns less than `sparse` (by five to nine points there), and a blend gains nothing: it is tried where it is
named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.language.word_vectors import WordVectors
from assay.stats.descent import solve_exactly
from assay.stats.design import Design
from assay.stats.heads import guess, losses, targets

from ._beside import beside, counting, parts_in, places_beside

STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)  # rows' worth of pull towards zero
USUAL_STRENGTH = 30.0  # where no row can tell
ROOM = 16_384  # slots that runs of characters share


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """Word vectors of the rows' own words, pooled, and a straight line."""

    about: ClassVar[About] = About(
        key="word_vectors",
        takes=("vector", "texts"),
        gives=("value", "counts", "classes"),
        needs=("gensim",),
        extra="text",
        order=46,
        by_name=True,
        words={"en": {"title": "word vectors, pooled"}, "zh": {"title": "词向量汇总"}},
    )
    size: Annotated[int, Whole(4, 512, log=True)] = 64  # numbers that stand for a word
    runs: Annotated[bool, Switch()] = False  # whether words are also read by the runs of characters they are made of
    epochs: Annotated[int, Whole(1, 200, log=True)] = 15  # times the texts are read
    strength: Annotated[float, Real(0.0, 1e6)] = 0.0  # of the ridge, in rows; 0 lets the tune rows choose

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> PooledLine:
        """Learn the words of `train`, choose the ridge on the tune rows, then learn the line from all.

        Raises MissingPackage where gensim is not installed.
        """
        train, tune = counting(train), counting(tune)
        columns = train.texts.columns
        texts = np.concatenate(columns) if columns else np.empty(0, dtype=object)
        words = WordVectors.learn(texts, self.size, self.epochs, ROOM if self.runs else 0, clock, rng)
        whole = train.then(tune) if tune.rows else train
        line = PooledLine(
            parts=train.texts.parts,
            words=words,
            design=Design.learn(beside(whole), head=head),
            weights=np.zeros((0, head.width)),
            usual=np.zeros((len(columns), head.width)),
            strength=self.strength or USUAL_STRENGTH,
        )
        pooled = [line.pooled(batch) for batch in (train, tune)]
        x, middle, spread = line.standardised(whole, np.vstack(pooled))
        assert whole.y is not None
        strength, weights = line.strength, None
        if not self.strength and tune.rows:
            strength = _chosen(x, whole, train.rows, head, clock)
        if clock.expired():
            weights = np.vstack([guess(head, whole.y, whole.weight), np.zeros((x.shape[1], head.width))])
        else:
            weights = solve_exactly(x, targets(head, whole.y), whole.weight, head, strength, None, clock)
        own = weights[1 : 1 + len(middle)] / spread[:, None]
        weights = np.vstack([weights[:1] - middle @ own, own, weights[1 + len(middle) :]])
        line = replace(line, weights=weights, strength=strength)
        usual = [pull.mean(axis=0) for pull in line.text_pulls(np.vstack(pooled))]
        return replace(line, usual=np.asarray(usual).reshape(line.usual.shape))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> PooledLine:
        """The words and weights that were dumped; gensim is not asked. Raises BundleInvalid."""
        parts = parts_in(box, features)
        words = WordVectors.load(box.box("words"))
        design = Design.load(box.box("design"), tuple(features[i] for i in places_beside(features, parts)))
        width = 1 + len(parts) * words.width + design.width
        return PooledLine(
            parts=parts,
            words=words,
            design=design,
            weights=box.array("weights", np.float64, (width, head.width)),
            usual=box.array("usual", np.float64, (len(parts), head.width)),
            strength=box.real("strength", 0.0),
        )


@dataclass(frozen=True, eq=False)
class PooledLine:
    """Words, and a weight for each of a text's numbers and for each column beside."""

    parts: tuple[str, ...]  # of the text columns
    words: WordVectors
    design: Design
    weights: Floats  # [1 + text columns · width + c, w], the intercept first
    usual: Floats  # [t, w] mean pull of each text column among the rows learnt from
    strength: float

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return np.asarray(self.contributions(batch).sum(axis=1))

    def contributions(self, batch: Batch) -> Floats:
        """What each text adds to what one usually adds, and the pull of the other columns: [n, d + 1, w]."""
        features = batch.vector.features
        out = np.zeros((batch.rows, len(features) + 1, self.weights.shape[1]))
        out[:, -1] = self.weights[0] + self.usual.sum(axis=0)
        owners = [feature.part for feature in features]
        for part, pull, usual in zip(self.parts, self.text_pulls(self.pooled(batch)), self.usual, strict=True):
            out[:, owners.index(part)] += pull - usual
        where = places_beside(features, self.parts)
        own = np.vstack([np.zeros((1, out.shape[2])), self.weights[1 + len(self.parts) * self.words.width :]])
        for feature, pull in self.design.pulls(beside(batch), own):
            out[:, where[feature]] += pull
        return out

    def pooled(self, batch: Batch) -> Floats:
        """Numbers of the texts: [n, text columns · width]."""
        parts = (
            [self.words.features(batch.texts.columns[place]) for place in range(len(self.parts))] if batch.rows else []
        )
        return np.hstack(parts) if parts else np.empty((batch.rows, len(self.parts) * self.words.width))

    def text_pulls(self, pooled: Floats) -> list[Floats]:
        """Pull of each text column [n, w]."""
        width = self.words.width
        return [pooled[:, i * width : (i + 1) * width] @ self._own(i) for i in range(len(self.parts))]

    def standardised(self, batch: Batch, pooled: Floats) -> tuple[Floats, Floats, Floats]:
        """Columns [n, c] to learn from, and middle and spread of those of texts."""
        middle, spread = pooled.mean(axis=0), pooled.std(axis=0)
        spread = np.where(spread > 1e-9, spread, 1.0)
        return np.hstack([(pooled - middle) / spread, self.design(beside(batch))]), middle, spread

    def word_pulls(self, text: str, place: int) -> tuple[Ints, Ints, Floats]:
        """Pull of each word of a text of text column `place`: starts, stops [m] and pulls [m, w], adding up to the text's."""
        return self.words.shares(text, self._own(place))

    def _own(self, place: int) -> Floats:
        width = self.words.width
        return self.weights[1 + place * width : 1 + (place + 1) * width]

    def overlooked(self) -> frozenset[str]:
        """The texts: read as they are written, not as counts of words."""
        return frozenset(self.parts)

    def dump(self, box: Box) -> None:
        """Words, columns and weights."""
        box.put(texts=list(self.parts), strength=self.strength)
        self.words.dump(box.add("words"))
        self.design.dump(box.add("design"))
        box.put_array("weights", self.weights)
        box.put_array("usual", self.usual)

    def about(self) -> Mapping[str, Any]:
        """How many words are known, how often the texts were read, and the strength of the ridge."""
        return {"words": len(self.words.words), "epochs": self.words.epochs, "strength": self.strength}


def _chosen(x: Floats, whole: Batch, learnt: int, head: Head, clock: Clock) -> float:
    """The strength with the least loss on the rows after the first `learnt`."""
    assert whole.y is not None
    weight = None if whole.weight is None else whole.weight[:learnt]
    target, weights = targets(head, whole.y[:learnt]), None
    found: list[tuple[float, float]] = []
    for strength in STRENGTHS:
        if found and clock.expired():
            break
        weights = solve_exactly(x[:learnt], target, weight, head, strength, weights, clock)
        lost = losses(head, x[learnt:] @ weights[1:] + weights[0], whole.y[learnt:])
        own = None if whole.weight is None else whole.weight[learnt:]
        found.append((float(np.average(lost, weights=own if own is not None and own.any() else None)), strength))
    return min(found)[1]
