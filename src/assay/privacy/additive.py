"""How does the private additive model look at a table, and what does it leave?

Every column has cells by its declaration alone; the curves over them are learnt by `privacy.noisy`, and kept as the additive learner
of the shelf keeps its own: it explains, exports and serves as that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats, Ints
from ..kernel.forms import Batch, Vector
from ..trees.shapes import Axis
from ..trees.walk import LARGEST
from . import noisy
from .accounting import Release
from .learner import Aim
from .schema import Declared


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves over the cells of each column."""

    axes: tuple[Axis, ...]
    learnt: noisy.Learnt

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
        places = _places(self.axes, batch.vector)
        found = np.tile(self.learnt.base, (len(places), 1))
        for j, curve in enumerate(self.learnt.curves):
            found += curve[places[:, j]]
        return found

    def box(self, middle: float, half: float) -> Box:
        """What `learners.additive` opens."""
        box = Box("private")
        box.put(terms=[[[a.feature, a.codes, a.edges is None]] for a in self.axes])
        box.put_array("base", middle + half * self.learnt.base)
        box.put_array("rounds", np.asarray([noisy.ROUNDS], dtype=np.int64))
        for j, (axis, curve) in enumerate(zip(self.axes, self.learnt.curves, strict=True)):
            box.put_array(f"values-{j}", half * curve)
            if axis.edges is not None:
                box.put_array(f"edges-{j}-0", axis.edges)
        return box


@dataclass(frozen=True)
class Additive:
    """Cyclic boosting on noisy sums of residuals."""

    readable: bool = True
    texts: bool = False
    beside: bool = True

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """How many bear each answer, how many lie in each cell, and the rounds of residuals."""
        return noisy.chain(len(aim.features), ratio)

    def settings(self, aim: Aim) -> dict[str, Any]:
        """None that anybody could choose."""
        return {}

    def told(self, aim: Aim) -> dict[str, Any]:
        """Rounds, all columns each."""
        return {"rounds": noisy.ROUNDS}

    def learn(self, batch: Batch, y: NDArray[Any], aim: Aim, ratio: float, rng: np.random.Generator) -> Curves:
        """The curves, from noisy sums alone."""
        axes = tuple(_axis(j, d) for j, d in enumerate(aim.features))
        cells = [noisy.Cells(a.size, 0 if d.levels else a.size - 1) for a, d in zip(axes, aim.features, strict=True)]
        places = _places(axes, batch.vector)
        return Curves(axes, noisy.learn(places, y, cells, aim.kind, aim.k, ratio, rng))


LEARNER = Additive()


def _axis(place: int, one: Declared) -> Axis:
    """The cells of a column: those of a number and one for missing cells; or names, one for missing cells, one for other names."""
    if one.named:
        return Axis(feature=place, edges=None, codes=len(one.levels) + 1)
    return Axis(feature=place, edges=one.edges())


def _places(axes: tuple[Axis, ...], vector: Vector) -> Ints:
    """The cell of each row in each column [n, d], as rows to be answered find theirs."""
    values = np.clip(vector.values, -LARGEST, LARGEST)
    return np.column_stack([axis.cells(values[:, j]) for j, axis in enumerate(axes)])
