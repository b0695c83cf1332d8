"""How is a text read under a guarantee, and what is left?

A pretrained encoder whose weights are public makes a point of length one of each text. The point is a function of that row alone, so no
vocabulary is learnt and no noise is needed for it (each is encoded by itself, lest another row move its last bits); what is learnt is a straight line over the points, by `privacy.descent`, with the
other columns beside them as the private linear model takes them. It is kept as the encoder of the shelf keeps its own.

What the encoder was pretrained on is outside the guarantee, and it must never have been tuned on these rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats
from ..kernel.forms import Batch, Vector
from ..neural.checkpoint import find
from ..neural.one_thread import one_thread
from ..neural.sentences import Sentences, sentences
from ..stats.design import Design
from . import descent, linear
from .accounting import Release
from .learner import Aim
from .schema import Declared

TOKENS = 256  # of a text that are read, at most
SIDE = 0.5  # of the length of another column, beside points of length one
SHIPPED = 0.2  # by which the learner of the shelf shortens other columns, whatever they weigh


@dataclass(frozen=True, eq=False)
class Points:
    """A weight for each coordinate of the points of each text column, and for each column beside them."""

    encode: Sentences
    parts: tuple[str, ...]
    design: Design | None
    learnt: descent.Learnt

    @property
    def guess(self) -> Floats:
        """The raw score of one guess for all [w]."""
        return self.learnt.guess

    @property
    def answers(self) -> Floats:
        """Noisy rows of each class [k]; of values, of all [1]."""
        return self.learnt.answers

    def scores(self, batch: Batch) -> Floats:
        """Raw scores [n, w], of values in the unit of the range from -1 to 1."""
        return np.asarray(_matrix(batch, self.encode, self.design) @ self.learnt.weights)

    def box(self, middle: float, half: float) -> Box:
        """What `learners.encoder` opens; the usual text is one that says nothing, since the mean of the rows is not released."""
        box, weights = Box("private"), half * self.learnt.weights[1:]
        box.put(encoder=self.encode.checkpoint.label, tokens=self.encode.tokens)
        box.put(texts=list(self.parts), beside=self.design is not None, strength=0.0)
        if self.design is not None:
            self.design.dump(box.add("design"))
            weights[len(self.parts) * self.encode.width :] *= SIDE / SHIPPED
        box.put_array("weights", weights)
        box.put_array("intercept", middle + half * self.learnt.weights[0])
        box.put_array("usual", np.zeros((len(self.parts), weights.shape[1])))
        return box


@dataclass(frozen=True)
class Encoder:
    """Gradient perturbation over the points of texts."""

    readable: bool = False
    texts: bool = True
    beside: bool = True

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """How many bear each answer, and the sums of slopes."""
        return descent.chain(ratio, moments=False)

    def settings(self, aim: Aim) -> dict[str, Any]:
        """Which encoder, by name and hash. Raises RequestError and MissingPackage."""
        return {"encoder": find(aim.encoder).label, "tokens": TOKENS}

    def told(self, aim: Aim) -> dict[str, Any]:
        """Steps, and the length to which rows are drawn in."""
        return {"rounds": descent.STEPS, "reach": round(_reach(aim.features), 4)}

    def learn(self, batch: Batch, y: NDArray[Any], aim: Aim, ratio: float, rng: np.random.Generator) -> Points:
        """The weights, from noisy sums alone."""
        encode = sentences(find(aim.encoder).label, TOKENS)
        others = [one for one in aim.features if not one.text]
        design = linear.design_of(others) if others else None
        x = _matrix(batch, encode, design)
        reach = _reach(aim.features)
        learnt = descent.learn(x, y, reach, aim.kind, aim.k, ratio, rng, moments=False)
        return Points(encode, batch.texts.parts, design, learnt)


LEARNER = Encoder()


def _reach(features: Sequence[Declared]) -> float:
    """The length of a row: the constant and every point have length one, the other columns what the linear model reckons with."""
    beside = linear.reach_of([one for one in features if not one.text]) ** 2 - 1.0
    return math.sqrt(1.0 + sum(one.text for one in features) + SIDE**2 * beside)


def _matrix(batch: Batch, encode: Sentences, design: Design | None) -> Floats:
    """The constant, the points of each text column, and the other columns: [n, 1 + v]."""
    columns = [np.ones((batch.rows, 1))]
    with one_thread():  # so small a step is slower on two, and its last bits hang on their number
        for cells in batch.texts.columns:
            columns.append(encode.alone(cells).astype(np.float64))
    if design is not None:
        kept = [i for i, feature in enumerate(batch.vector.features) if feature.part not in batch.texts.parts]
        others = Vector(batch.vector.values[:, kept], tuple(batch.vector.features[i] for i in kept))
        columns.append(design(others) * SIDE)
    return np.hstack(columns)
