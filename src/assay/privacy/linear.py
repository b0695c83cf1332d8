"""How does the private linear model look at a table, and what does it leave?

Every column is scaled by its declaration alone: a range goes from -1 to 1, with a switch for missing cells; names have a switch each.
A range so long that amounts are mostly near zero is cut at fixed places and has a slope for each piece; so have levels that are
numbers. The weights are learnt by `privacy.descent`, and kept as the linear learner of the shelf keeps its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats
from ..kernel.forms import Batch
from ..stats.design import Design
from . import descent
from .accounting import Release
from .learner import Aim
from .schema import WIDE, Declared

PIECES = 6  # of a range that is long
MOST_POINTS = 24  # levels that are numbers, up to which each step between them has a slope of its own


@dataclass(frozen=True, eq=False)
class Line:
    """An intercept and a weight for each column of a design that no row has taught."""

    design: Design
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
        weights = self.learnt.weights
        return np.asarray(self.design(batch.vector) @ weights[1:] + weights[0])

    def box(self, middle: float, half: float) -> Box:
        """What `learners.linear` opens."""
        box = Box("private")
        weights = half * self.learnt.weights
        weights[0] += middle
        self.design.dump(box.add("design"))
        box.put(strength=0.0, at_rest=True)
        box.put_array("weights", weights)
        box.put_array("history", np.empty(0))
        return box


@dataclass(frozen=True)
class Linear:
    """Gradient perturbation over all rows."""

    readable: bool = True
    texts: bool = False
    beside: bool = True

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """How many bear each answer, the moments of the rows, and the sums of slopes."""
        return descent.chain(ratio)

    def settings(self, aim: Aim) -> dict[str, Any]:
        """None that anybody could choose."""
        return {}

    def told(self, aim: Aim) -> dict[str, Any]:
        """Steps, and the length to which rows are drawn in."""
        return {"rounds": descent.STEPS, "reach": round(reach_of(aim.features), 4)}

    def learn(self, batch: Batch, y: NDArray[Any], aim: Aim, ratio: float, rng: np.random.Generator) -> Line:
        """The weights, from noisy sums alone."""
        design = design_of(aim.features)
        x = np.column_stack([np.ones(batch.rows), design(batch.vector)])
        return Line(design, descent.learn(x, y, reach_of(aim.features), aim.kind, aim.k, ratio, rng))


LEARNER = Linear()


def reach_of(features: Sequence[Declared]) -> float:
    """The length of a row whose numbers are all halfway to the end of their squares; names and the constant have length one.

    >>> reach_of([Declared("age", 18, 90), Declared("town", levels=("a", "b"))])
    1.5811388300841898
    """
    return math.sqrt(1.0 + sum(1.0 if one.named else 0.5 for one in features))


def design_of(features: Sequence[Declared]) -> Design:
    """The columns that declarations make, each feature's own at most of length one.

    >>> design_of([Declared("age", 18, 90), Declared("town", levels=("a", "b"))]).names
    ('age', 'age missing', 'town = a', 'town = b', 'town missing', 'town = other')
    """
    names: list[str] = []
    rows: list[tuple[float, ...]] = []  # owner, level, centre, scale, bounds
    for j, one in enumerate(features):
        if one.named:
            labels = [*(f"{one.name} = {level}" for level in one.levels), f"{one.name} missing", f"{one.name} = other"]
            names += labels
            rows += [(j, code, 0.0, 1.0, 0.0, 0.0) for code in range(len(labels))]
            continue
        cuts = _cuts(one)
        pieces = len(cuts) - 1
        for low, high in pairwise(cuts):
            names.append(one.name if pieces == 1 else f"{one.name} {low:.6g} – {high:.6g}")
            rows.append((j, -1, low / 2 + high / 2, (high / 2 - low / 2) * math.sqrt(pieces), low, high))
        names.append(f"{one.name} missing")
        rows.append((j, -2, 0.0, 1.0, 0.0, 0.0))
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 6)
    owners, levels = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    return Design(tuple(names), owners, levels, table[:, 2], table[:, 3], table[:, 4:])


def _cuts(one: Declared) -> list[float]:
    """The ends of the pieces that have a slope each, rising."""
    low, high = one.ends
    if 1 < len(one.points) <= MOST_POINTS:
        return list(one.points)
    if low == high:  # one level that is a number
        return [low, low + 1.0]
    if one.levels or high - low < WIDE:
        return [low, high]
    edges = one.edges()  # narrow near zero and wide far from it
    inner = edges[np.unique(np.linspace(0, len(edges) - 1, PIECES + 1).round().astype(int))[1:-1]].tolist()
    return [low, *inner, high]
