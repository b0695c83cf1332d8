"""What does private training ask of a learner, and which are there?

A private learner is one file of this room. It says beforehand which noisy sums it will release (`chain`), learns from those alone
(`learn`), and leaves what the learner of the same name on the shelf can open (`Learnt.box`). It is no plug-in of that shelf: what
stands there is fitted on folds, with rows to stop by and encoders that learn, which is what must not happen here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..kernel.box import Box
from ..kernel.data import Floats
from ..kernel.forms import Batch
from .accounting import Release
from .schema import Declared

# Each of a file here, and of the learner that opens what it leaves.
NAMES = ("additive", "linear", "perceptron", "encoder", "finetune")


@dataclass(frozen=True)
class Aim:
    """What is to be learnt, as decided before any row was read."""

    features: tuple[Declared, ...]
    kind: str  # "value", "binary" or "classes"
    k: int  # classes; 0 of values
    encoder: str = ""  # of texts: a folder, a name, or a label; empty for the one that a package carries

    @property
    def width(self) -> int:
        """Raw scores of a row."""
        return self.k if self.kind == "classes" else 1


class Learnt(Protocol):
    """What was released, and what is made of it."""

    @property
    def guess(self) -> Floats:
        """The raw score of one guess for all [w]."""
        ...

    @property
    def answers(self) -> Floats:
        """Noisy rows of each class [k]; of values, of all [1]."""
        ...

    def scores(self, batch: Batch) -> Floats:
        """Raw scores [n, w], of values in the unit of the range from -1 to 1."""
        ...

    def box(self, middle: float, half: float) -> Box:
        """What the learner of the shelf opens; scores are `middle + half * score`."""
        ...


class Learner(Protocol):
    """How one kind of model is learnt from noisy sums."""

    readable: bool  # whether a person can read what ships
    texts: bool  # whether it reads columns that are declared as text, and needs one
    beside: bool  # whether it reads the other columns

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """The releases of one fit, whose squared ratios add up to that of the budget. Raises MissingPackage."""
        ...

    def settings(self, aim: Aim) -> dict[str, Any]:
        """What the plan keeps of its settings. Raises RequestError and MissingPackage."""
        ...

    def told(self, aim: Aim) -> dict[str, Any]:
        """What the words of the guarantee say of the means: numbers that were fixed beforehand."""
        ...

    def learn(
        self,
        batch: Batch,
        y: NDArray[Any],
        aim: Aim,
        ratio: float,
        rng: np.random.Generator,
    ) -> Learnt:
        """What noisy sums of rows tell.

        batch : rows by fixed encoders
        y     : "value": numbers in [-1, 1]; else classes 0 to k - 1 [n]
        ratio : sensitivity over noise of the whole fit; infinite for a fit without noise, which promises nothing
        """
        ...


def learner_of(name: str) -> Learner:
    """The private learner of that name."""
    found: Learner = importlib.import_module(f".{name}", __package__).LEARNER
    return found
