"""Which rows are alike, and what does that say, when likeness falls off smoothly in all columns together?

A kernel machine with the Gaussian kernel: ridge, logistic, Poisson or quantile regression on random waves of the row, whose products come to
the kernel on average (random Fourier features; Rahimi & Recht 2007; waves at right angles: Yu et al. 2016). So it answers much
as a support vector machine or a Gaussian process would, in a second, and keeps waves where those keep rows of the table. How strong
the ridge is, training rows that are held back choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.neural.inputs import Inputs
from assay.neural.network import Network
from assay.neural.random_waves import filled, random_waves, stretched, waved
from assay.neural.reasons import Baselines
from assay.neural.unit import weight_of
from assay.stats.descent import solve_exactly
from assay.stats.heads import losses, targets
from assay.stats.splitting import held_back

from ._networks import Wired

STRENGTHS = (0.1, 0.03, 0.01, 0.001)  # of the ridge that are tried, in rows
PARTS, ROWS_TO_CHOOSE = 4, 1_500  # are enough to see which is best
MOST_SCORES = 4_000  # rows times outputs up to which each part is held back once, beyond it one alone
MOST_ROWS, LEAST_ROWS = 20_000, 500  # that are learnt from
CELLS, COPIES = 20_000_000, 4  # waves of rows that are held; copies that solving makes


@dataclass(frozen=True, kw_only=True)
class Fourier:
    """A kernel machine on random waves."""

    about: ClassVar[About] = About(
        key="fourier",
        also=("kernel_machine", "random_fourier_features"),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes", "flags"),
        order=45,
        words={"en": {"title": "kernel machine"}, "zh": {"title": "核方法"}},
    )
    waves: Annotated[int, Whole(16, 4096, log=True)] = 512  # random directions; more come nearer to the kernel
    embedding: Annotated[int, Whole(1, 64, log=True)] = 8  # random numbers that stand for a name among many
    reach: Annotated[float, Real(0.01, 100.0, log=True)] = 0.6  # how fast likeness falls off, see `stretched`
    strength: Annotated[float, Real(0.0, 1e6)] = 0.0  # of the ridge, in rows; 0 chooses

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Waves:
        """Choose the strength, then learn from all rows."""
        whole = train.then(tune) if tune.rows else train
        inputs = Inputs.learn(whole.vector)
        network = stretched(random_waves(inputs, self.embedding, self.waves, head.width, rng), self.reach)
        baselines = Baselines.learn(whole.vector, rng)
        telling = whole.take(np.flatnonzero(weight_of(whole)))  # any part of these has some weight
        strength, tried = self._chosen(network, inputs, telling, head, clock.slice(clock.remaining() / 2), rng)
        some = _drawn(telling, _most_rows(self.waves), rng)
        assert some.y is not None
        x = waved(network, inputs, some)
        weights = solve_exactly(x, targets(head, some.y), weight_of(some), head, strength, None, clock)
        return Waves(inputs, filled(network, weights), baselines, whole.vector.features, strength, tuple(tried))

    def _chosen(
        self, network: Network, inputs: Inputs, whole: Batch, head: Head, clock: Clock, rng: np.random.Generator
    ) -> tuple[float, list[float]]:
        """The strength with the least loss on parts that are held back by turns, and that loss of each strength.

        Tune rows alone are too few: on tables of some hundred rows what they choose differs from fold to fold.
        """
        few, total = _drawn(whole, ROWS_TO_CHOOSE, rng), [0.0] * len(STRENGTHS)
        if self.strength or few.rows < 2 * PARTS:
            return self.strength or STRENGTHS[0], []
        assert few.y is not None
        x, target, weight = waved(network, inputs, few), targets(head, few.y), weight_of(few)
        part = held_back(few.rows, PARTS, rng, few.groups)
        for k in range(PARTS if few.rows * head.width <= MOST_SCORES else 1):
            learnt, held, weights, found = part != k, part == k, None, list[float]()
            for strength in STRENGTHS:  # each starts where the stronger one ended
                if clock.expired():
                    break
                weights = solve_exactly(x[learnt], target[learnt], weight[learnt], head, strength, weights, clock)
                of_rows = losses(head, x[held] @ weights[1:] + weights[0], few.y[held])
                found.append(float(of_rows @ weight[held]))
            if len(found) < len(STRENGTHS):
                total = total if k else found
                break
            total = [before + now for before, now in zip(total, found, strict=True)]
        return STRENGTHS[int(np.argmin(total))] if total else STRENGTHS[0], total

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Waves:
        """What was dumped, every shape checked. Raises BundleInvalid."""
        tried, strength = box.array("tried", np.float64, (None,), finite=False), box.real("strength", 0.0)
        return Waves.opened(box, head, features, strength, tuple(tried.tolist()))


@dataclass(frozen=True, eq=False)
class Waves(Wired):
    """Random waves and what each of them says."""

    strength: float
    tried: tuple[float, ...]  # loss of rows that were held back, a strength each

    def dump(self, box: Box) -> None:
        """What every network has, and how the ridge was chosen."""
        super().dump(box)
        box.put(strength=self.strength)
        box.put_array("tried", np.asarray(self.tried, dtype=np.float64))

    def about(self) -> Mapping[str, Any]:
        """How many waves there are, and the ridge."""
        return {"waves": self.network.first.shape[2], "strength": self.strength}


def _most_rows(waves: int) -> int:
    """Rows whose waves there is room for, with the copies that solving makes."""
    return int(min(MOST_ROWS, min(CELLS, memory.room() / (8 * COPIES)) // waves))


def _drawn(batch: Batch, most: int, rng: np.random.Generator) -> Batch:
    """All rows, or so many at random."""
    most = max(LEAST_ROWS, most)
    return batch if batch.rows <= most else batch.take(np.sort(rng.choice(batch.rows, most, replace=False)))
