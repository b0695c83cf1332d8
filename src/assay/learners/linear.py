"""What does a straight line say? y = θ0 + θ1·x1 + θ2·x2 + …

Least squares for values, logistic regression for classes, Poisson regression on the logarithm for counts, quantile regression (Koenker & Bassett
1978) for quantiles, with a ridge whose strength the tune rows choose. Learnt by
gradient descent (Nesterov's acceleration, 1983), whose cost history is kept; where descent has not come to rest in
time, an exact solver finishes. Numbers are standardised inside and the equation is told in their own unit. A missing
number counts as the mean and has a switch of its own; a code has a switch for each level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.data import Floats
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About, Score
from assay.kernel.settings import Choice, Real, Whole, check_settings
from assay.onnx_graph.graph import Graph
from assay.stats.descent import MOST_FOR_SQUARES, Matrix, descend, solve_exactly, solve_towards
from assay.stats.design import Design
from assay.stats.heads import losses, targets
from assay.stats.sparse import Sparse

ROWS_TO_CHOOSE_ON = 8_000
LEAST_ROWS = 500
CELLS = 30_000_000  # of a dense design, 240 MB: where many columns make it wider, fewer rows are learnt from
COPIES = 5  # of a dense design, at the peak of its solvers
STRENGTHS = (10.0, 1.0, 0.1, 100.0, 1000.0)  # rows' worth of pull towards zero; where time is short, the first alone
NAMED_STRENGTHS = (1000.0, 100.0, 10.0, 1.0, 0.1)  # the same with thousands of rare names, as far down as it helps
NAMED_ROWS_TO_CHOOSE_ON = 100_000  # a name has few rows as it is


@dataclass(frozen=True, kw_only=True)
class Linear:
    """A straight line: least squares, logistic, Poisson or quantile regression."""

    about: ClassVar[About] = About(
        key="linear",
        also=("logistic", "logistic_regression", "linear_regression", "ridge", "glm"),
        takes=("vector",),
        gives=("value", "counts", "quantiles", "classes", "flags"),
        order=10,
        readable=True,
        words={"en": {"title": "linear model"}, "zh": {"title": "线性模型"}},
    )
    solver: Annotated[str, Choice(("auto", "descent", "exact"))] = "auto"
    steps: Annotated[int, Whole(1, 10_000, log=True)] = 200  # of gradient descent, at most
    tolerance: Annotated[float, Real(1e-12, 1e-2, log=True)] = 1e-7  # relative fall of the cost that counts as rest
    strength: Annotated[float, Real(0.0, 1e6)] = 0.0  # of the ridge, in rows; 0 lets the tune rows choose
    towards: Annotated[str, Choice(("zero", "discriminant"))] = "zero"  # of the ridge; of two classes always zero

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Line:
        """Choose the ridge on the tune rows, then learn from all; where choosing took all the time, the line chosen is kept."""
        design = Design.learn(train.vector, names=True, head=head)
        strength, chosen = (self.strength, None) if self.strength else self._choose(design, train, tune, head, clock)
        if chosen is not None and clock.expired():
            return Line(design, chosen, [], strength, False)
        whole = train.then(tune) if tune.rows else train
        design = Design.learn(whole.vector, names=True, head=head)
        whole = _affordable(whole, design, rng)
        assert whole.y is not None
        x, target = design.matrix(whole.vector), targets(head, whole.y)
        if self.towards == "discriminant":
            return Line(design, self._solve(x, target, whole.weight, head, strength, None, clock), [], strength, False)
        history: list[float] = []
        weights = None
        if self.solver != "exact":
            found = descend(x, target, whole.weight, head, strength, self.steps, self.tolerance, clock)
            history, weights = found.history, found.weights
            if found.at_rest or self.solver == "descent" or clock.expired():
                return Line(design, weights, history, strength, found.at_rest)
        weights = solve_exactly(x, target, whole.weight, head, strength, weights, clock)
        return Line(design, weights, history, strength, False)

    def _choose(
        self, design: Design, train: Batch, tune: Batch, head: Head, clock: Clock
    ) -> tuple[float, Floats | None]:
        """The strength with the least loss on the tune rows, and the line learnt with it; of no tune rows a usual one."""
        if not tune.rows:
            return 1.0, None
        assert train.y is not None
        assert tune.y is not None
        wanted = NAMED_ROWS_TO_CHOOSE_ON if design.named else ROWS_TO_CHOOSE_ON
        room = wanted if design.is_sparse else _cells() // (4 * (design.width + 1))
        most = max(LEAST_ROWS, min(wanted, room))
        few = train.take(np.arange(0, train.rows, max(1, train.rows // most)))
        share = few.rows / train.rows  # fewer rows need as much less pull
        assert few.y is not None
        x, target = design.matrix(few.vector), targets(head, few.y)
        x_tune, found, solved = design.matrix(tune.vector), [], dict[float, Floats]()
        for strength in NAMED_STRENGTHS if design.named else STRENGTHS:
            near = min(solved, key=lambda other: abs(np.log(other / strength)), default=None)
            start = None if near is None else solved[near]
            solved[strength] = weights = self._solve(x, target, few.weight, head, strength * share, start, clock)
            found.append((_loss(x_tune @ weights[1:] + weights[0], tune, head), strength))
            if clock.expired() or (design.named and found[-1][0] > min(found)[0]):
                break
        strength = min(found)[1]
        return strength, solved[strength]

    def _solve(
        self,
        x: Matrix,
        target: Floats,
        w: Floats | None,
        head: Head,
        strength: float,
        start: Floats | None,
        clock: Clock,
    ) -> Floats:
        """The line of least cost, its ridge pulling where it was asked to."""
        several = self.towards == "discriminant" and head.name == "classes" and head.width > 1
        if several and not isinstance(x, Sparse) and x.shape[1] <= MOST_FOR_SQUARES:
            return solve_towards(x, target, w, head, strength, start, clock)
        return solve_exactly(x, target, w, head, strength, start, clock)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Line:
        """The line that was dumped."""
        design = Design.load(box.box("design"), features)
        weights = box.array("weights", np.float64, (design.width + 1, head.width))
        history = box.array("history", np.float64, (None,)).tolist()
        return Line(design, weights, history, box.real("strength", 0.0), box.flag("at_rest"))


@dataclass(frozen=True, eq=False)
class Line:
    """An intercept and a weight for each column of the design."""

    design: Design
    weights: Floats  # [1 + columns, w], the intercept first, for standardised columns
    history: list[float]  # cost after each step of gradient descent
    strength: float
    at_rest: bool  # gradient descent alone reached the minimum

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, w]."""
        out = np.tile(self.weights[0], (batch.rows, 1))
        for _, pull in self.design.pulls(batch.vector, self.weights):
            out += pull
        return out

    def single(self) -> Score:
        """The same sum for one row."""
        return self.design.single(self.weights)

    def contributions(self, batch: Batch) -> Floats:
        """Weight times distance from the mean, a feature each: [n, d + 1, w]."""
        out = np.zeros((batch.rows, len(batch.vector.features) + 1, self.weights.shape[1]))
        for feature, pull in self.design.pulls(batch.vector, self.weights):
            out[:, feature] = pull
        out[:, -1] = self.weights[0]
        return out

    def graph(self, graph: Graph, x: str) -> str:
        """The same sum as nodes."""
        from assay.onnx_graph.tables import line_graph

        return line_graph(graph, self.design, self.weights, x)

    def dump(self, box: Box) -> None:
        """Design and weights."""
        self.design.dump(box.add("design"))
        box.put(strength=self.strength, at_rest=self.at_rest)
        box.put_array("weights", self.weights)
        box.put_array("history", np.asarray(self.history, dtype=np.float64))

    def about(self) -> Mapping[str, Any]:
        """The equation in the features' own units, with the standard deviation of each number (of a switch 1), and the cost history."""
        slopes, intercept = self.design.in_units(self.weights)
        spreads = np.where(self.design.levels == -1, self.design.scale, 1.0)
        terms = [
            {"name": name, "weights": slope.tolist(), "spread": float(spread)}
            for name, slope, spread in zip(self.design.names, slopes, spreads, strict=True)
        ]
        return {
            "intercept": intercept.tolist(),
            "terms": terms,
            "history": self.history,
            "strength": self.strength,
            "solver": "descent" if self.at_rest else "exact",
        }


def _cells() -> int:
    """Cells of a dense design that there is room for, with the copies that its solvers make."""
    return int(min(CELLS, memory.room() / (8 * COPIES)))


def _affordable(batch: Batch, design: Design, rng: np.random.Generator) -> Batch:
    """All rows, or as many at random as a design leaves room for that is wide without being sparse."""
    most = max(LEAST_ROWS, _cells() // (design.width + 1))
    if batch.rows <= most or design.is_sparse:
        return batch
    return batch.take(np.sort(rng.choice(batch.rows, most, replace=False)))


def _loss(scores: Floats, tune: Batch, head: Head) -> float:
    assert tune.y is not None
    found = losses(head, scores, tune.y)
    if tune.weight is not None and not tune.weight.any():
        return float(found.mean())
    return float(np.average(found, weights=tune.weight))
