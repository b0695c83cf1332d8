"""How does the private perceptron look at a table, and what does it leave?

One small network over inputs that declarations alone make: numbers scaled by their range, a switch for missing cells and for each name.
It learns by `privacy.dp_sgd` on a fixed schedule, without early stopping, and is kept as the perceptron of the shelf keeps its own. The
rows that its explanations start from are made of the declarations, too.
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
from ..kernel.forms import Batch, Head
from ..kernel.need import need
from ..neural.halves import halves
from ..neural.inputs import GAP, NUMBER, Inputs
from ..neural.losses import losses_of
from ..neural.network import Network
from ..neural.one_thread import one_thread
from ..neural.reasons import BASELINES, Baselines
from . import dp_sgd
from .accounting import Release
from .dp_sgd import CLIP, Schedule, train
from .learner import Aim
from .noisy import start, totals_of
from .schema import WIDE, Declared

WIDTH, LAYERS = 32, 2
SCHEDULE = Schedule(steps=500, rate=0.04, size=0.01, late=0.4)
VALUE = 0.25  # of the unit of values, the declared range being 2 wide: about how far they are from their mean
ZOOMS = (1.0, 10.0, 100.0)  # at which a long range is looked at, since amounts are mostly near zero


@dataclass(frozen=True, eq=False)
class Trained:
    """One network, and the noisy counts that it began from."""

    inputs: Inputs
    network: Network
    baselines: Baselines
    guess: Floats
    answers: Floats

    def scores(self, batch: Batch) -> Floats:
        """Raw scores [n, w], of values in the unit of the range from -1 to 1."""
        return self.network.scores(self.inputs.columns(batch.vector), self.inputs.rows(batch.vector))

    def box(self, middle: float, half: float) -> Box:
        """What `learners.perceptron` opens."""
        box, own = Box("private"), self.network
        self.inputs.dump(box.add("inputs"))
        last = np.asarray(half * own.last, dtype=np.float32)
        moved = Network(
            own.activation, own.waves, own.table, own.first, own.hidden, own.biases, last, middle + half * own.base
        )
        moved.dump(box.add("network"))
        self.baselines.dump(box.add("baselines"))
        box.put_array("curve", np.empty(0))
        return box


@dataclass(frozen=True)
class Perceptron:
    """DP-SGD on a fixed schedule."""

    readable: bool = False
    texts: bool = False
    beside: bool = True

    def chain(self, aim: Aim, ratio: float) -> tuple[Release, ...]:
        """How many bear each answer, and the steps on rows that are drawn."""
        return dp_sgd.chain(ratio, SCHEDULE)

    def settings(self, aim: Aim) -> dict[str, Any]:
        """None that anybody could choose."""
        return {}

    def told(self, aim: Aim) -> dict[str, Any]:
        """Steps, how likely each row is drawn, and the length to which slopes are drawn in."""
        return {"rounds": SCHEDULE.steps, "rate": SCHEDULE.rate, "reach": CLIP}

    def learn(self, batch: Batch, y: NDArray[Any], aim: Aim, ratio: float, rng: np.random.Generator) -> Trained:
        """The network, from noisy sums of slopes alone."""
        answered, sloped = (r.sigma for r in self.chain(aim, ratio))
        inputs = inputs_of(aim.features, batch)
        totals = totals_of(y, aim.k, answered, rng)
        guess, rows = start(totals, aim.kind), float(totals.sum() if aim.k else totals[0])
        unit = VALUE if aim.kind == "value" else 1.0
        x = inputs.columns(batch.vector).astype(np.float32)
        target = ((y - guess[0]) / unit).astype(np.float32)[:, None] if aim.kind == "value" else switches(y, aim)
        head = Head.value() if aim.kind == "value" else Head.classes(aim.k)
        with one_thread():
            torch = need("torch", "private")
            network = _network(torch, x.shape[1], aim.width, rng)
            base = torch.from_numpy((np.zeros(1) if aim.kind == "value" else guess).astype(np.float32))

            def losses(scores: Any, answers: Any) -> Any:
                found = losses_of(torch, head, scores + base, answers)
                return found / 2 if aim.kind == "value" else found

            weights = train(network, losses, x, target, SCHEDULE, sloped, rows, rng)
        kept = _kept(weights, guess, unit)
        return Trained(inputs, kept, baselines_of(aim.features), guess, totals if aim.k else totals[:1])


LEARNER = Perceptron()


def inputs_of(features: Sequence[Declared], batch: Batch) -> Inputs:
    """The inputs that declarations make: of `batch` only what its features are called is looked at."""
    numbers: list[tuple[int, float, float]] = []  # owner, centre, scale
    switches: list[tuple[int, int]] = []  # owner, the level or GAP
    for j, one in enumerate(features):
        if one.named:
            switches += [(j, code) for code in range(len(batch.vector.features[j].levels) + 1)]
            continue
        low, high = one.ends
        half = max(high / 2 - low / 2, 1e-300)
        near = min(max(0.0, low), high)
        long = not one.levels and high - low >= WIDE
        numbers += [
            (j, near if zoom > 1 else low / 2 + high / 2, zoom / half) for zoom in (ZOOMS if long else ZOOMS[:1])
        ]
        switches.append((j, GAP))
    return Inputs(
        owners=np.asarray([n[0] for n in numbers] + [s[0] for s in switches], dtype=np.int64),
        means=np.asarray([NUMBER] * len(numbers) + [s[1] for s in switches], dtype=np.int64),
        centre=np.asarray([n[1] for n in numbers], dtype=np.float64),
        scale=np.asarray([n[2] for n in numbers], dtype=np.float64),
        tables=np.zeros(0, dtype=np.int64),
        sizes=np.zeros(0, dtype=np.int64),
        seen=np.zeros(0, dtype=np.bool_),
    )


def baselines_of(features: Sequence[Declared]) -> Baselines:
    """Rows that explanations start from: the middle cell of each number, and each name in turn."""
    values = np.zeros((BASELINES, len(features)))
    for j, one in enumerate(features):
        if one.named:
            values[:, j] = np.arange(BASELINES) % len(one.levels)
        else:
            edges = one.edges()
            values[:, j] = edges[len(edges) // 2] if len(edges) else one.ends[0]
    return Baselines(values, np.zeros(values.shape, dtype=np.bool_))


def switches(y: NDArray[Any], aim: Aim) -> NDArray[np.float32]:
    """Answers as the losses take them: 0 or 1 [n, 1], or a switch for each class [n, k]."""
    if aim.kind == "binary":
        return np.asarray(y, dtype=np.float32)[:, None]
    return np.asarray(np.eye(aim.k, dtype=np.float32)[y])


def _network(torch: Any, columns: int, width: int, rng: np.random.Generator) -> Any:
    """Layers whose weights are drawn from the generator; the last starts at nothing, so that the first answer is the one guess."""
    sizes = [columns, *[WIDTH] * LAYERS]
    layers: list[Any] = []
    for given, made in pairwise(sizes):
        layer = torch.nn.Linear(given, made)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(rng.normal(size=(made, given)) / math.sqrt(given)))
            layer.bias.zero_()
        layers += [layer, torch.nn.SiLU()]
    last = torch.nn.Linear(WIDTH, width)
    with torch.no_grad():
        last.weight.zero_()
        last.bias.zero_()
    return torch.nn.Sequential(*layers, last)


def _kept(weights: list[Floats], guess: Floats, unit: float) -> Network:
    """The network without the library that trained it: one member, no waves, no tables."""
    matrices, biases = weights[0::2], weights[1::2]
    small = [np.asarray(b[None, :], dtype=np.float32) for b in biases[:-1]]
    empty = np.zeros((0, 0), dtype=np.float32)
    return Network(
        activation="silu",
        waves=(empty, empty, np.zeros((0, 0, 0), dtype=np.float32), empty),
        table=np.zeros((0, 1), dtype=np.float32),
        first=halves(matrices[0].T[:, None, :]),
        hidden=tuple(halves(m.T[None]) for m in matrices[1:-1]),
        biases=tuple(small),
        last=np.asarray(unit * matrices[-1].T[None], dtype=np.float32),
        base=guess + unit * biases[-1],
    )
