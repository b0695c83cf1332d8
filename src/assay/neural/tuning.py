"""How is a pretrained network tuned to texts or pictures of one's own, in the time there is?

The head starts as the linear model that reads the network as it came, so that training begins where a frozen encoder ends (Kumar et al.
2022); then head and network learn together: AdamW (Loshchilov & Hutter 2019), a rate that rises and falls to nothing when the time does
(one cycle, Smith & Topin 2019), rows of like size in one step. What of the network learns is told in `adapting.py`; what a row holds and
how points are made of it is known to the rows (`tuned_texts.py`, `tuned_pictures.py`).

Dropout within the network is off and torch's own randomness is never asked: folds are trained side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..kernel.clock import Clock
from ..kernel.data import Floats, Ints
from ..kernel.forms import Head
from ..kernel.need import need
from .adapting import Adapted
from .halves import Halves, halves
from .one_thread import one_thread
from .pace import StepsOrTime

TIMES = {"full": 0.03, "last": 0.1}  # of the rate, for weights of the network itself
HEAD = 3.0  # of the rate, for the head: its weights are larger, since points have length one
DROPOUT = 0.1  # of coordinates of a point, in training
DECAY, CLIP, WARM = 0.01, 1.0, 0.06
BUCKET = 32  # batches whose rows are sorted by size together
JUDGES, LEAST_STEPS, PARTS, PATIENCE = 500, 8, 2, 4  # rows, steps between two looks, looks an epoch, looks without gain
STRENGTHS = (0.1, 1.0, 10.0, 100.0)  # of a linear model that others judge, in the usual one
PROBES, PROBE_STEPS = 12, 10  # times the head's solver goes on, and its steps each time


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is learnt, and how."""

    way: str
    rank: int
    rate: float
    epochs: int
    batch: int
    checkpointing: bool = False
    half: bool = False  # compute in bfloat16
    warm: float = WARM  # share of the schedule in which the rate rises
    waits: float = 0.0  # share of the schedule without gain, before it may end: where the rate is high the loss is


class Rows(Protocol):
    """Rows that know how a network makes points of what they hold."""

    @property
    def target(self) -> NDArray[np.float32]:
        """Standardised values, 0/1, or switches a class [n, w]."""
        ...

    @property
    def weight(self) -> NDArray[np.float32]:
        """How much each row counts [n], one on average."""
        ...

    @property
    def things(self) -> int:
        """Texts or pictures of a row: t."""
        ...

    def sizes(self) -> Ints:
        """What each row costs, in any unit [n]: rows of like size go together."""
        ...

    def points(self, network: Any, rows: Ints, rng: np.random.Generator | None) -> tuple[Any, Any]:
        """Points of the things of some rows [b, t, d], where the network lies, and what stands beside them [b, c].

        rng : for views of pictures that are drawn anew; None for what they are as they are
        """
        ...


@dataclass(frozen=True, eq=False)
class Line:
    """A head: weights [t * d + c, w] on the points of the t things of a row and on what stands beside, and what is added [w]."""

    weights: Floats
    intercept: Floats


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a training left: the arrays of `parts_of`, the head, and the tune loss at each look."""

    arrays: list[Halves]
    line: Line
    usual: Floats  # [t, w] mean pull of each thing among the rows looked at
    curve: list[float]
    share: float  # of the schedule that was gone through
    steps: int


def probe(
    points: Floats, target: Floats, weight: Floats, head: Head, start: Line, clock: Clock, times: float = 1.0
) -> Line:
    """The linear model of points [n, t * d + c] as they are, by L-BFGS: logistic or ridge regression.

    times : how much less than usual the size of the weights counts
    """
    torch = need("torch", "nets")
    x, y, w = (torch.from_numpy(np.asarray(a, dtype=np.float64)) for a in (points, target, weight))
    weights, intercept = (torch.from_numpy(a.copy()).requires_grad_() for a in (start.weights, start.intercept))
    strength = times * (1.0 if head.name == "value" else 10.0)  # of the errors against the size of the weights
    solver = torch.optim.LBFGS([weights, intercept], max_iter=PROBE_STEPS, line_search_fn="strong_wolfe")

    def badness() -> Any:
        solver.zero_grad()
        found = (_losses(head, x @ weights + intercept, y) * w).sum() + weights.square().sum() / (2 * strength)
        (found / len(x)).backward()
        return found.detach() / len(x)

    before = float("inf")
    for _ in range(PROBES):
        now = float(solver.step(badness))
        if clock.expired() or not now < before - 1e-6:
            break
        before = now
    return Line(weights.detach().numpy(), intercept.detach().numpy())


@dataclass(frozen=True, eq=False)
class Given:
    """Points of rows that do not learn [n, d], what they should answer [n, w], and how much they count [n]."""

    points: Floats
    target: Floats
    weight: Floats


def best_probe(given: Given, judges: Given | None, head: Head, start: Floats, clock: Clock) -> Line:
    """The linear model whose strength answers the judges best; the usual one where there are none, the start [w] alone where nothing is given."""
    best = line = Line(np.zeros((given.points.shape[1], head.width)), start)
    if not len(given.points) or clock.expired():
        return best
    with one_thread():
        if judges is None or not len(judges.points):
            return probe(given.points, given.target, given.weight, head, best, clock)
        least = _badness(best, judges, head)
        for times in STRENGTHS:
            line = probe(given.points, given.target, given.weight, head, line, clock, times)
            if (found := _badness(line, judges, head)) < least:
                best, least = line, found
            if clock.expired():
                break
    return best


def _badness(line: Line, judges: Given, head: Head) -> float:
    """Mean loss."""
    torch = need("torch", "nets")
    scores = torch.from_numpy(judges.points @ line.weights + line.intercept)
    losses = _losses(head, scores, torch.from_numpy(judges.target)).numpy()
    return float(np.average(losses, weights=judges.weight))


def _losses(head: Head, scores: Any, y: Any) -> Any:
    """Loss of each row [n]."""
    torch = need("torch", "nets")
    if head.name == "value":
        return (scores - y).square().sum(dim=1) / 2
    if head.width == 1 or head.name == "flags":
        return torch.nn.functional.binary_cross_entropy_with_logits(scores, y, reduction="none").sum(dim=1)
    return -(torch.log_softmax(scores, dim=1) * y).sum(dim=1)


class Tuning:
    """A network and a head on their way."""

    def __init__(self, came: Any, form: Form, head: Head, line: Line, rng: np.random.Generator) -> None:
        self.torch = need("torch", "nets")
        self.form, self.head, self.rng = form, head, rng
        self.adapted = Adapted(came, form.way, form.rank, rng)
        self.network, self.learnt = self._ready(self.adapted.network), self.adapted.learnt
        self.weights, self.intercept = (
            self.torch.from_numpy(a.astype(np.float32)).to(came.device).requires_grad_()
            for a in (line.weights, line.intercept)
        )

    def _ready(self, network: Any) -> Any:
        """It computes as the form says, from one step to the next."""
        if self.form.half and network.device.type == "cpu":
            network.set_attn_implementation("eager")  # torch's own is ten times slower in bfloat16 on the way back
        if self.form.checkpointing:
            enable = getattr(network, "activation_checkpointing_enable", network.gradient_checkpointing_enable)
            enable({"use_reentrant": False})
            for module in network.modules():
                if hasattr(module, "gradient_checkpointing"):
                    module.training = True  # of this module alone: those within leave nothing out
                    if isinstance(getattr(module, "dropout", None), float):
                        module.dropout = 0.0
        return network

    def run(self, rows: Rows, judges: Rows, early: bool, clock: Clock) -> Learnt:
        """Learn until the schedule, the time or the gain on the judges ends (the last where `early`); keep the best."""
        each = -(-len(rows.weight) // self.form.batch)
        optimiser, way = self.optimiser(), StepsOrTime(self.form.epochs * each, clock)
        none = np.zeros((rows.things, self.head.width))
        best, usual = self._judged(judges) if not clock.expired() else (float("inf"), none)
        kept, curve, since = self._state(), [best] if np.isfinite(best) else [], 0
        every, when = max(LEAST_STEPS, each // PARTS), 0.0
        for batch in self.batches(rows, self.form.epochs) if self.form.way != "head" else ():
            if way.share >= 1.0:
                break
            self.step(optimiser, rows, batch, way.share)
            way.step()
            if way.taken % every and way.share < 1.0:
                continue
            found, pulls = self._judged(judges)
            curve.append(found)
            since, when = (0, way.share) if found < best else (since + 1, when)
            if found < best or not early:
                best, usual, kept = found, pulls, self._state()
            if early and since >= PATIENCE and way.share - when >= self.form.waits:
                break
        arrays, weights, intercept = kept
        return Learnt(arrays, Line(weights, intercept), usual, curve, way.share, way.taken)

    def optimiser(self) -> Any:
        """AdamW, with a rate for the head and one for what of the network learns."""
        rate = self.form.rate
        groups = [{"params": [self.weights, self.intercept], "of": rate * HEAD, "weight_decay": 0.0}]
        if self.learnt:
            groups.append({"params": self.learnt, "of": rate * TIMES.get(self.form.way, 1.0)})
        return self.torch.optim.AdamW(groups, lr=rate, weight_decay=DECAY, fused=True)

    def batches(self, rows: Rows, epochs: int) -> Iterator[Ints]:
        """Rows of one step: drawn anew each epoch, those of like size together."""
        sizes, size = rows.sizes(), self.form.batch
        for _ in range(epochs):
            order = self.rng.permutation(len(sizes))
            found: list[Ints] = []
            for low in range(0, len(order), BUCKET * size):
                some = order[low : low + BUCKET * size]
                some = some[np.argsort(sizes[some], kind="stable")]
                found += [some[i : i + size] for i in range(0, len(some), size)]
            for place in self.rng.permutation(len(found)):
                yield found[place]

    def step(self, optimiser: Any, rows: Rows, batch: Ints, share: float) -> None:
        """One step at a share of the schedule."""
        warm = self.form.warm
        rising = min((share + 1e-3) / warm, (1.0 - share) / (1.0 - warm), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = group["of"] * rising
        self._losses(rows, batch).mean().backward()
        if self.learnt:
            self.torch.nn.utils.clip_grad_norm_(self.learnt, CLIP)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    def held(self, rows: Rows, batch: Ints) -> int:
        """Bytes that a step on these rows keeps for its way back, weights aside."""
        torch, found = self.torch, dict[int, int]()

        def kept(x: Any) -> Any:
            found[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
            return x

        with torch.autograd.graph.saved_tensors_hooks(kept, lambda x: x):
            self._losses(rows, batch)
        weights = {p.untyped_storage().data_ptr() for p in self.network.parameters()}
        return sum(size for place, size in found.items() if place not in weights)

    def _losses(self, rows: Rows, batch: Ints) -> Any:
        """Weighted loss of each row in training [b]."""
        torch = self.torch
        points, beside = self._points(rows, batch, self.rng)
        points = points.flatten(1)  # [b, t * d]
        kept = self.rng.random(points.shape, dtype=np.float32) >= DROPOUT
        points = points * torch.from_numpy(kept).to(points.device) / (1.0 - DROPOUT)
        y, w = (torch.from_numpy(a[batch]).to(points.device) for a in (rows.target, rows.weight))
        scores = torch.cat([points, beside], dim=1) @ self.weights + self.intercept
        return _losses(self.head, scores, y) * w

    def _points(self, rows: Rows, batch: Ints, rng: np.random.Generator | None) -> tuple[Any, Any]:
        torch = self.torch
        with torch.autocast(self.network.device.type, dtype=torch.bfloat16, enabled=self.form.half):
            return rows.points(self.network, batch, rng)

    def _judged(self, judges: Rows) -> tuple[float, Floats]:
        """Mean loss of the judges, and the mean pull of each thing among them [t, w]."""
        torch, t, w = self.torch, judges.things, self.head.width
        order = np.argsort(judges.sizes(), kind="stable")
        total, mass, pulls = 0.0, 0.0, np.zeros((t, w))
        with torch.no_grad():
            for low in range(0, len(order), 2 * self.form.batch):
                batch = order[low : low + 2 * self.form.batch]
                points, beside = self._points(judges, batch, None)
                wide = t * points.shape[2]
                own = torch.einsum("ntd,tdw->ntw", points, self.weights[:wide].view(t, -1, w))
                scores = own.sum(dim=1) + beside @ self.weights[wide:] + self.intercept
                y, each = (torch.from_numpy(a[batch]).to(points.device) for a in (judges.target, judges.weight))
                total += float((_losses(self.head, scores, y) * each).sum())
                mass += float(each.sum())
                pulls += own.sum(dim=0).cpu().numpy()
        return total / mass, pulls / max(1, len(order))

    def _state(self) -> tuple[list[Halves], Floats, Floats]:
        """Everything learnt, as it will be kept."""
        arrays = [halves(difference) for difference in self.adapted.differences()]
        return arrays, *(a.detach().cpu().numpy().astype(np.float64) for a in (self.weights, self.intercept))
