"""What do the learners that read texts with a network share? How they fit, and what they leave.

Pieces of words (assay.language.subwords), a block that turns them into features, the other columns beside them, and one layer that
adds all up: what each column pulls is exact, not estimated. The loss on the tune rows chooses the epoch that is kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.memo import Memo
from assay.language.subwords import Subwords
from assay.neural.inputs import Inputs
from assay.neural.passages import Passages
from assay.neural.unit import Unit, weight_of
from assay.stats.heads import guess

from ._beside import beside, counting, parts_in, places_beside

if TYPE_CHECKING:
    from assay.neural.text_training import Block, Form, Rows, Settled

MOST_TOKENS = 4096
SHOWN = 60
Weights = NDArray[np.float32]

_LEARNT = Memo(32, lambda subwords: 1)  # vocabularies of the same rows: several learners ask for them
_ENCODED = Memo(200_000_000, lambda passages: passages.flat.nbytes + passages.sizes.nbytes)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How texts are cut, whatever reads them."""

    vocabulary: int
    tokens: int

    def subwords(self, columns: tuple[NDArray[np.object_], ...]) -> Subwords:
        """One vocabulary for all text columns."""
        if len(columns) == 1:
            return _LEARNT.of(columns[0], lambda: Subwords.learn(columns[0], self.vocabulary), self.vocabulary)
        return Subwords.learn(np.concatenate(columns) if columns else (), self.vocabulary)


def read(
    block_of: Callable[[Any], Block], form: Form, reading: Reading, train: Batch, tune: Batch, head: Head,
    clock: Clock, rng: np.random.Generator,
) -> ReadTexts:  # fmt: skip
    """Train as long as the schedule says or the clock allows; keep the best epoch.

    Raises MissingPackage where torch or tokenizers is not installed.
    """
    from assay.kernel.need import need
    from assay.neural.one_thread import one_thread
    from assay.neural.pace import Pace
    from assay.neural.text_training import TextTraining

    torch = need("torch", extra="nets")
    train, tune = counting(train), counting(tune)
    assert train.y is not None
    subwords = reading.subwords(train.texts.columns)
    inputs = Inputs.learn(beside(train))
    unit = Unit.of(train, head)
    rows, judged = (_rows(batch, subwords, reading.tokens, inputs, unit, head) for batch in (train, tune))
    start = guess(head, train.y, train.weight) if head.name == "classes" else np.zeros(head.width)
    curve: list[tuple[float, float]] = []
    with one_thread():
        block = block_of(torch)
        table_rows = int(inputs.sizes.sum())
        training = TextTraining(block, form, rows, len(subwords), table_rows, start, head, rng)
        kept, least = training.flat.detach().clone(), np.inf
        steps = form.epochs_of(train.rows) * max(1, round(train.rows / form.batch))
        for epoch in training.epochs(Pace(steps, clock), judged):
            curve.append((epoch.learnt, epoch.loss))
            if not epoch.loss >= least:  # the last one where nothing can be judged
                kept, least = epoch.weights, epoch.loss
        settled, p = training.settled(kept)
    model = ReadTexts(
        parts=train.texts.parts,
        tokens=reading.tokens,
        subwords=subwords,
        block=settled,
        inputs=inputs,
        last=_small(p["last"] * unit.scale),
        beside=_small(p["beside"] * unit.scale),
        looked_up=_small(p["looked-up"][:-1] * unit.scale),
        base=unit.centre + unit.scale * p["base"].astype(np.float64),
        usual=np.zeros((len(train.vector.features), head.width)),
        curve=np.asarray(curve, dtype=np.float64).reshape(-1, 2),
    )
    some = train.take(np.arange(0, train.rows, max(1, train.rows // USUAL_FROM)))
    return dataclasses.replace(model, usual=np.average(model.pulls(some), axis=0, weights=weight_of(some)))


USUAL_FROM = 1_000  # rows that tell what a column usually pulls


@dataclass(frozen=True, eq=False)
class ReadTexts:
    """A trained network that reads, as arrays."""

    parts: tuple[str, ...]  # of the text columns
    tokens: int  # pieces of a text that are read
    subwords: Subwords
    block: Settled
    inputs: Inputs  # of the other columns
    last: Weights  # [text columns · features, w]
    beside: Weights  # [c, w]
    looked_up: Weights  # [rows of all tables, w]
    base: Floats  # [w]
    usual: Floats  # [d, w] mean pull of each feature among rows learnt from; that of a text stands on its part's first
    curve: Floats  # [epochs, 2] mean loss of the rows learnt from, and of the tune rows; NaN where there were none

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        return np.asarray(self.pulls(batch).sum(axis=1) + self.base)

    def pulls(self, batch: Batch) -> Floats:
        """What each feature adds, a text on the first feature of its part: [n, d, w]."""
        features = batch.vector.features
        out = np.zeros((batch.rows, len(features), len(self.base)))
        owners = [feature.part for feature in features]
        for place, part in enumerate(self.parts):
            passages = _encoded(self.subwords, batch.texts.columns[place], self.tokens)
            out[:, owners.index(part)] += self.block.features(passages) @ self._last(place)
        vector, where = beside(batch), places_beside(features, self.parts)
        columns = self.inputs.columns(vector)
        for column, owner in enumerate(self.inputs.owners.tolist()):
            out[:, where[owner]] += columns[:, column, None] * self.beside[column].astype(np.float64)
        places = self.inputs.rows(vector)
        for table, owner in enumerate(self.inputs.tables.tolist()):
            at = places[:, table, None]
            out[:, where[owner]] += np.where(at >= 0, self.looked_up[at[:, 0]].astype(np.float64), 0.0)
        return out

    def contributions(self, batch: Batch) -> Floats:
        """What each column adds to what it usually adds; exact, since one layer adds all up: [n, d + 1, w]."""
        pulls = self.pulls(batch) - self.usual
        base = np.tile(self.base + self.usual.sum(axis=0), (batch.rows, 1, 1))
        return np.concatenate([pulls, base], axis=1)

    def word_pulls(self, text: str, place: int) -> tuple[Ints, Ints, Floats]:
        """Pull of each piece of a text of text column `place`: starts, stops [m] and pulls [m, w], adding up to the text's."""
        spans = self.subwords.spans(text, self.tokens)
        ids, _ = self.subwords.encode([text], self.tokens)
        return spans[:, 0], spans[:, 1], self.block.shares(ids, self._last(place))

    def _last(self, place: int) -> Floats:
        width = self.block.width
        return self.last[place * width : (place + 1) * width].astype(np.float64)

    def overlooked(self) -> frozenset[str]:
        """The texts: read as they are written, not as counts of words."""
        return frozenset(self.parts)

    def dump(self, box: Box) -> None:
        """Vocabulary, inputs and weights."""
        box.put(texts=list(self.parts), tokens=self.tokens)
        self.subwords.dump(box.add("subwords"))
        self.block.dump(box.add("block"))
        self.inputs.dump(box.add("inputs"))
        for name in ("last", "beside", "looked_up", "base", "usual", "curve"):
            box.put_array(name, getattr(self, name))

    @classmethod
    def load(
        cls, box: Box, head: Head, features: tuple[Feature, ...], block: Callable[[Box, int], Settled]
    ) -> ReadTexts:
        """What was dumped, every shape checked; neither torch nor tokenizers is asked. Raises BundleInvalid."""
        parts = parts_in(box, features)
        subwords = Subwords.load(box.box("subwords"))
        settled = block(box.box("block"), len(subwords))
        where = places_beside(features, parts)
        inputs = Inputs.load(box.box("inputs"), tuple(features[i] for i in where))
        w = head.width
        return cls(
            parts=parts,
            tokens=box.whole("tokens", 1, MOST_TOKENS),
            subwords=subwords,
            block=settled,
            inputs=inputs,
            last=box.array("last", np.float32, (len(parts) * settled.width, w)),
            beside=box.array("beside", np.float32, (inputs.width, w)),
            looked_up=box.array("looked_up", np.float32, (int(inputs.sizes.sum()), w)),
            base=box.array("base", np.float64, (w,)),
            usual=box.array("usual", np.float64, (len(features), w)),
            curve=box.array("curve", np.float64, (None, 2), finite=False),
        )

    def about(self) -> Mapping[str, Any]:
        """Pieces known, epochs that were trained, and the loss of each on rows learnt from and on the tune rows."""
        every = max(1, -(-len(self.curve) // SHOWN))
        told = [[round(v, 6) if np.isfinite(v) else None for v in row] for row in self.curve[::every].tolist()]
        return {"pieces": len(self.subwords), "epochs": len(self.curve), "curve": told}


def _rows(batch: Batch, subwords: Subwords, tokens: int, inputs: Inputs, unit: Unit, head: Head) -> Rows:
    from assay.neural.text_training import Rows

    weight = weight_of(batch)
    return Rows(
        texts=tuple(_encoded(subwords, column, tokens) for column in batch.texts.columns),
        columns=inputs.columns(beside(batch)).astype(np.float32),
        places=inputs.rows(beside(batch)),
        target=unit.targets(batch, head),
        weight=(weight / weight.mean() if len(weight) else weight).astype(np.float32),
    )


def _encoded(subwords: Subwords, column: NDArray[np.object_], tokens: int) -> Passages:
    return _ENCODED.of(column, lambda: Passages(*subwords.encode(column, tokens)), subwords.known_by, tokens)


def _small(a: Any) -> Weights:
    return np.asarray(a, dtype=np.float32)
