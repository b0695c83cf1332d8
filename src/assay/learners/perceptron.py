"""What do layers of simple units, trained together, make of the table?

A few small perceptrons that answer together, after RealMLP (Holzmüller, Grinsztajn & Steinwart 2024), trained by torch and
asked without it. Each member leaves out an eighth of the rows of its own, and the loss on those rows chooses the epoch that is
kept: nearly every row teaches, and nearly every row judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Choice, Real, Whole, check_settings
from assay.neural.inputs import Inputs
from assay.neural.reasons import Baselines
from assay.neural.unit import Unit, weight_of
from assay.stats.splitting import held_back

from ._networks import Wired

if TYPE_CHECKING:
    from assay.neural.training import Form, Rows

PARTS = 8  # each member leaves out one part of the rows
WAVED = 128  # numbers up to which each is mixed from waves: beyond it they take most of the time
SMALL, FALL, LEAST_EPOCHS = 1_000, 0.6, 8  # ten times the rows get a quarter of the epochs
SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Perceptron:
    """Layers of simple units: several small networks that answer together."""

    about: ClassVar[About] = About(
        key="perceptron",
        also=("mlp", "realmlp", "neural_network", "nn"),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes"),
        needs=("torch",),
        extra="nets",
        memory=400_000_000,  # measured: 190 to load torch, 340 while two folds of adult_income are trained
        order=40,
        words={"en": {"title": "neural network"}, "zh": {"title": "神经网络"}},
    )
    members: Annotated[int, Whole(1, 32, log=True)] = 8  # small networks that answer together
    width: Annotated[int, Whole(4, 512, log=True)] = 64  # units of a layer
    layers: Annotated[int, Whole(1, 8)] = 3
    activation: Annotated[str, Choice(("silu", "selu", "relu"))] = "silu"
    waves: Annotated[int, Whole(0, 64)] = 16  # for each number; 0 gives numbers as they are
    spread: Annotated[float, Real(0.01, 10.0, log=True)] = 0.1  # of the waves' frequencies: how fine they may look
    embedding: Annotated[int, Whole(1, 64, log=True)] = 8  # numbers that stand for a name among many
    rate: Annotated[float, Real(1e-4, 1.0, log=True)] = 0.04  # size of a step at its largest
    decay: Annotated[float, Real(0.0, 1.0)] = 0.02  # pull of weights towards zero
    dropout: Annotated[float, Real(0.0, 0.8)] = 0.15  # share of units that are left out in a step
    batch: Annotated[int, Whole(8, 8192, log=True)] = 256  # rows a step looks at; more on large tables
    epochs: Annotated[int, Whole(1, 2000, log=True)] = 128  # times each row is looked at; fewer on large tables

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Perceptrons:
        """Train as long as the schedule says or the clock allows; keep the best epoch.

        Raises MissingPackage where torch is not installed.
        """
        from assay.neural.one_thread import one_thread
        from assay.neural.pace import Pace
        from assay.neural.training import Training

        whole = train.then(tune) if tune.rows else train
        inputs = Inputs.learn(whole.vector)
        unit = Unit.of(whole, head)
        rows = _rows(inputs, whole, unit, head)
        left_out = self._left_out(whole, rng)
        form = self._form(whole.rows, inputs)
        curve: list[float] = []
        with one_thread():
            training = Training(form, rows, int(inputs.sizes.sum()), inputs.numbers, head, rng)
            kept, least = training.weights(), np.inf
            for epoch in training.epochs(Pace(form.steps(whole.rows), clock), left_out):
                curve.append(epoch.loss)
                if not epoch.loss >= least:  # the last one where nothing can be judged
                    kept, least = epoch.weights, epoch.loss
            network = training.network(kept, unit.centre, unit.scale)
        baselines = Baselines.learn(whole.vector, rng)
        return Perceptrons(inputs, network, baselines, whole.vector.features, tuple(curve))

    def _left_out(self, whole: Batch, rng: np.random.Generator) -> NDArray[np.bool_]:
        """[members, n] rows that a member does not learn from; none of a handful."""
        rows = whole.rows
        part = held_back(rows, PARTS, rng, whole.groups)
        mine = np.arange(self.members) % PARTS
        return np.asarray((part == mine[:, None]) & (rows >= 2 * PARTS))

    def _form(self, rows: int, inputs: Inputs) -> Form:
        """Larger batches and fewer epochs where there are many rows."""
        from assay.neural.training import Form

        return Form(
            members=self.members,
            width=self.width,
            layers=self.layers,
            activation=self.activation,
            waves=self.waves if inputs.numbers <= WAVED else 0,
            spread=self.spread,
            embedding=self.embedding,
            rate=self.rate,
            decay=self.decay,
            dropout=self.dropout,
            batch=min(8192, max(self.batch, 2 ** int(np.log2(max(1, rows / 40))))),
            epochs=max(min(LEAST_EPOCHS, self.epochs), round(self.epochs * min(1.0, SMALL / max(1, rows)) ** FALL)),
        )

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Perceptrons:
        """The networks that were dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        curve = box.array("curve", np.float64, (None,), finite=False)
        return Perceptrons.opened(box, head, features, tuple(curve.tolist()))


@dataclass(frozen=True, eq=False)
class Perceptrons(Wired):
    """Trained members, as arrays."""

    curve: tuple[float, ...]  # an epoch each: loss on rows that members left out; NaN where there were none

    def dump(self, box: Box) -> None:
        """What every network has, and its training."""
        super().dump(box)
        box.put_array("curve", np.asarray(self.curve, dtype=np.float64))

    def about(self) -> Mapping[str, Any]:
        """Epochs that were trained and the loss of each on rows that members left out."""
        known = [round(v, 6) for v in self.curve if np.isfinite(v)]
        return {"epochs": len(self.curve), "curve": known[:: max(1, len(known) // SHOWN)]}


def _rows(inputs: Inputs, batch: Batch, unit: Unit, head: Head) -> Rows:
    from assay.neural.training import Rows

    weight = weight_of(batch)
    return Rows(
        columns=inputs.columns(batch.vector).astype(np.float32),
        places=inputs.rows(batch.vector),
        target=unit.targets(batch, head),
        weight=(weight / weight.mean()).astype(np.float32),
    )
