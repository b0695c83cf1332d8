"""How are the members of a network trained?

Torch does the arithmetic; this file is the loop, as a generator: each epoch is given to the caller, who owns the clock, the
progress and the choice of the epoch that is kept. After RealMLP (Holzmüller, Grinsztajn & Steinwart 2024): neural-tangent
parametrisation, weights and biases that start from the data, a learnt scale for each input, a rate of its own for each sort of
weight, dropout and weight decay that fade, AdamW. All members see the same rows in one step, so that their first layers are
one product of matrices and their hidden layers one batched product; what tells them apart is their start, their dropout, and
the rows each leaves out.

All weights are views of one vector, and so are their gradients: the optimiser is ten operations, however many layers there are.
Randomness comes from the numpy generator that is handed in; torch's own is never asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.kernel.data import Floats, Ints
from assay.kernel.forms import Head
from assay.kernel.need import need

from .halves import coarse
from .losses import losses_of
from .network import Network, Weights
from .pace import Pace, flat_then_down, waves

POOL = 2**20  # random numbers drawn once a fit, from which dropout reads at random places
ROUGH = 0.01  # how far dropout may be from its schedule
START_ROWS = 512  # rows the first weights are scaled by
JUDGES = 5_000  # rows an epoch is judged by, at most
MIXTURES = 3  # of the waves of a number
WAVES = 4  # of the learning rate


@dataclass(frozen=True, kw_only=True)
class Form:
    """The shape of a network and how it learns."""

    members: int
    width: int
    layers: int
    activation: str
    waves: int  # of each number; 0 leaves them out
    spread: float  # of the waves' frequencies
    embedding: int  # width of a looked-up code
    rate: float
    decay: float
    dropout: float
    batch: int
    epochs: int

    def steps(self, rows: int) -> int:
        """Steps of a whole training."""
        return self.epochs * max(1, rows // self.batch)


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows with their targets."""

    columns: NDArray[np.float32]  # [n, c]
    places: Ints  # [n, t] in the tables; -1 nothing
    target: NDArray[np.float32]  # [n, w] values (standardised), counts (in means), 0/1, or switches a class
    weight: NDArray[np.float32]  # [n]


@dataclass(frozen=True, eq=False)
class Epoch:
    """What an epoch came to: the loss on rows that members left out, and all weights."""

    number: int
    share: float  # of the schedule
    loss: float
    weights: Any


@dataclass(frozen=True, eq=False)
class Part:
    """A block of the weight vector, and how it learns."""

    name: str
    start: NDArray[np.float32]
    rate: float = 1.0
    decay: float = 1.0


class Training:
    """Members on their way: parts of one vector of weights."""

    def __init__(
        self, form: Form, rows: Rows, table_rows: int, numbers: int, head: Head, rng: np.random.Generator
    ) -> None:
        self.torch = need("torch", extra="nets")
        self.form, self.rows, self.head, self.rng = form, rows, head, rng
        self.numbers = numbers if form.waves else 0
        self.width = int(rows.target.shape[1])
        t = self.torch
        self.x, self.y = t.from_numpy(rows.columns), t.from_numpy(rows.target)
        self.w = t.from_numpy(rows.weight)
        self.places = t.from_numpy(np.where(rows.places < 0, table_rows, rows.places))
        parts = self._parts(table_rows)
        sizes = [part.start.size for part in parts]
        ends = np.cumsum(sizes)
        self.flat = t.from_numpy(np.concatenate([part.start.ravel() for part in parts]))
        self.slopes = t.zeros_like(self.flat)
        self.p: dict[str, Any] = {}
        for part, low, high in zip(parts, ends - sizes, ends, strict=True):
            view = self.flat[low:high].view(part.start.shape).requires_grad_()
            view.grad = self.slopes[low:high].view(part.start.shape)
            self.p[part.name] = view
        self.rate_of = t.from_numpy(np.repeat(_small([part.rate for part in parts]), sizes))
        self.decay_of = t.from_numpy(np.repeat(_small([part.decay * part.rate for part in parts]), sizes))
        self.noise: Any = None  # random numbers that dropout reads at random places
        self.factors: Any = None
        self.factors_rate = -1.0
        self._start_from_data()

    # Shapes

    @property
    def inputs(self) -> int:
        """Inputs of the first layer."""
        looked_up = self.rows.places.shape[1] * self.form.embedding
        return int(self.numbers * MIXTURES + self.rows.columns.shape[1] + looked_up)

    def _parts(self, table_rows: int) -> list[Part]:
        f, rng = self.form, self.rng
        p, k, h, w = self.numbers, f.members, f.width, self.width

        def normal(*shape: int) -> NDArray[np.float32]:
            return rng.standard_normal(shape, dtype=np.float32)

        def zeros(*shape: int) -> NDArray[np.float32]:
            return np.zeros(shape, dtype=np.float32)

        parts = [
            Part("frequency", normal(p, f.waves) * np.float32(f.spread), 0.1, 0.0),
            Part("phase", _small(rng.uniform(-0.5, 0.5, (p, f.waves))), 0.1, 0.0),
            Part("mixing", normal(p, f.waves, MIXTURES) / np.float32(np.sqrt(max(1, f.waves))), 0.1),
            Part("shift", zeros(p, MIXTURES), 0.1, 0.0),
            Part("table", normal(table_rows, f.embedding), 1.0, 0.0),
            Part("scale", np.ones((self.inputs, k), dtype=np.float32), 6.0),
            Part("first", normal(self.inputs, k, h)),
            Part("bias-0", zeros(k, h), 0.1, 0.0),
        ]
        for layer in range(1, f.layers):
            parts += [Part(f"hidden-{layer}", normal(k, h, h)), Part(f"bias-{layer}", zeros(k, h), 0.1, 0.0)]
        # The last layer starts at nothing, so that every member first says the constant.
        return [*parts, Part("last", zeros(k, h, w)), Part("base", zeros(k, w), 0.1, 0.0)]

    def _start_from_data(self) -> None:
        """Sums of unit spread, and kinks that lie among the rows: biases start at minus the sum of a random row."""
        t, f = self.torch, self.form
        some = self.rng.permutation(len(self.rows.columns))[:START_ROWS]
        with t.no_grad():
            z = self._inputs(self.x[some], self.places[some])
            z = z.unsqueeze(0).expand(f.members, *z.shape)
            for layer in range(f.layers):
                sums = t.matmul(z, self._matrix(layer))  # [k, n, h]
                weights = self.p["first"] if layer == 0 else self.p[f"hidden-{layer}"]
                spread = sums.std(dim=1).clamp_min(1e-3)
                weights.div_(spread if layer == 0 else spread.unsqueeze(1))
                sums = sums / spread.unsqueeze(1)
                pick = t.from_numpy(self.rng.integers(len(some), size=(f.members, 1, f.width)))
                at = -sums.gather(1, pick).squeeze(1)
                self.p[f"bias-{layer}"].copy_(at)
                z = self._active(sums + at.unsqueeze(1))

    def _matrix(self, layer: int) -> Any:
        """Weights of a layer as they are multiplied: [k, inputs, h]."""
        if layer == 0:
            whole = self.p["first"] * (self.p["scale"] / np.sqrt(max(1, self.inputs))).unsqueeze(2)
            return whole.permute(1, 0, 2)
        return self.p[f"hidden-{layer}"] / np.sqrt(self.form.width)

    # Forward

    def _inputs(self, x: Any, places: Any) -> Any:
        t, f = self.torch, self.form
        found = [x]
        if self.numbers:
            turn = t.addcmul(self.p["phase"], x[:, : self.numbers, None], self.p["frequency"]) * (2 * np.pi)
            mixed = t.matmul(turn.cos().transpose(0, 1), self.p["mixing"]).transpose(0, 1) + self.p["shift"]
            found.insert(0, mixed.reshape(len(x), self.numbers * MIXTURES))
        if places.shape[1]:
            nothing = t.zeros(1, f.embedding)
            table = t.cat([self.p["table"], nothing])
            found.append(t.nn.functional.embedding(places, table).reshape(len(x), -1))
        return t.cat(found, dim=1) if len(found) > 1 else x

    def _active(self, z: Any) -> Any:
        f = self.torch.nn.functional
        return {"silu": f.silu, "selu": f.selu, "relu": f.relu}[self.form.activation](z)

    def _dropped(self, z: Any, rate: float) -> Any:
        """Units left out at random, the others made larger by as much."""
        if rate < ROUGH:
            return z
        size = z.numel()
        return z * self._kept(rate, size)[self._anywhere(size) :][:size].view(z.shape)

    def _kept(self, rate: float, size: int) -> Any:
        """At least twice `size` factors, 0 or 1 / (1 - rate); made anew only where the rate has changed."""
        if self.noise is None or len(self.noise) < 2 * size:
            self.noise = self.torch.from_numpy(self.rng.random(max(POOL, 2 * size), dtype=np.float32))
            self.factors_rate = -1.0
        if abs(rate - self.factors_rate) > ROUGH:
            self.factors = (self.noise >= rate).float().div_(1.0 - rate)
            self.factors_rate = rate
        return self.factors

    def _anywhere(self, size: int) -> int:
        assert self.noise is not None
        return int(self.rng.integers(len(self.noise) - size))

    def _scores(self, x: Any, places: Any, dropout: float = 0.0) -> Any:
        """Scores of each member [k, n, w]."""
        t, f = self.torch, self.form
        z = self._inputs(x, places)
        first = self.p["first"] * (self.p["scale"] / np.sqrt(max(1, self.inputs))).unsqueeze(2)
        flat = t.addmm(self.p["bias-0"].view(-1), z, first.view(self.inputs, f.members * f.width))
        z = self._active(flat.view(len(x), f.members, f.width)).transpose(0, 1)
        z = self._dropped(z, dropout)
        for layer in range(1, f.layers):
            z = t.baddbmm(self.p[f"bias-{layer}"].unsqueeze(1), z, self._matrix(layer))
            z = self._dropped(self._active(z), dropout)
        return t.baddbmm(self.p["base"].unsqueeze(1), z, self.p["last"] / np.sqrt(f.width))

    def _losses(self, scores: Any, y: Any) -> Any:
        """Loss of each member and row [k, n]."""
        return losses_of(self.torch, self.head, scores, y)

    # The loop

    def epochs(self, pace: Pace, left_out: NDArray[np.bool_]) -> Iterator[Epoch]:
        """Train until the pace is over, an epoch each.

        left_out : [k, n] rows that teach a member nothing, and by which it is judged
        """
        t, f = self.torch, self.form
        n = len(self.x)
        size = min(f.batch, n)
        member_weight = t.from_numpy(np.where(left_out, np.float32(0.0), self.rows.weight[None, :])).contiguous()
        total = float(member_weight.mean())
        means = t.zeros_like(self.flat)
        squares = t.zeros_like(self.flat)
        judge = self._judge(left_out)
        number = steps = 0
        while not pace.over:
            order = t.from_numpy(self.rng.permutation(n))
            for low in range(0, n - size + 1 if n >= size else 1, size):
                rows = order[low : low + size]
                rate = f.rate * waves(pace.share, WAVES)
                fading = flat_then_down(pace.share)
                scores = self._scores(self.x[rows], self.places[rows], f.dropout * fading)
                losses = self._losses(scores, self.y[rows])
                ((losses * member_weight[:, rows]).sum() / (size * total)).backward()
                steps += 1
                self._descend(rate, f.decay * fading, means, squares, steps)
                pace.step()
                if pace.over:
                    break
            number += 1
            yield Epoch(number, pace.share, judge(), self.weights())

    def _descend(self, rate: float, decay: float, means: Any, squares: Any, step: int) -> None:
        """One step of AdamW (Loshchilov & Hutter 2019) on the whole vector; then its slopes are nothing again."""
        with self.torch.no_grad():
            means.lerp_(self.slopes, 0.1)
            squares.mul_(0.95).addcmul_(self.slopes, self.slopes, value=0.05)
            if decay:
                self.flat.addcmul_(self.flat, self.decay_of, value=-rate * decay)
            way = (squares / (1 - 0.95**step)).sqrt_().add_(1e-8)
            way = (means * self.rate_of).div_(way)
            self.flat.add_(way, alpha=-rate / (1 - 0.9**step))
            self.slopes.zero_()

    def _judge(self, left_out: NDArray[np.bool_]) -> Callable[[], float]:
        """A function that gives the mean loss on rows that taught a member nothing; NaN where there are none."""
        t = self.torch
        seen = np.flatnonzero((left_out & (self.rows.weight > 0)).any(axis=0))
        if not len(seen):
            return lambda: float("nan")
        seen = seen[:: -(-len(seen) // JUDGES)]
        x, y, places = self.x[seen], self.y[seen], self.places[seen]
        w = t.from_numpy(np.where(left_out[:, seen], self.rows.weight[seen], np.float32(0.0)))

        def judge() -> float:
            with t.no_grad():
                return float((self._losses(self._scores(x, places), y) * w).sum() / w.sum())

        return judge

    # What is left

    def weights(self) -> Any:
        """All weights as they are now."""
        return self.flat.detach().clone()

    def network(self, weights: Any, centre: Floats, scale: float) -> Network:
        """The network at these weights, with all factors multiplied in; scores are `centre + scale * score`."""
        with self.torch.no_grad():
            self.flat.copy_(weights)
            f, k = self.form, self.form.members
            p = {name: view.detach().numpy().astype(np.float64) for name, view in self.p.items()}
        first = p["first"] * (p["scale"] / np.sqrt(max(1, self.inputs)))[:, :, None]
        last = p["last"] * (scale / (k * np.sqrt(f.width)))
        return Network(
            activation=f.activation,
            waves=tuple(_small(p[name]) for name in ("frequency", "phase", "mixing", "shift")),  # type: ignore[arg-type]
            table=_small(p["table"]),
            first=coarse(first),
            hidden=tuple(coarse(p[f"hidden-{i}"] / np.sqrt(f.width)) for i in range(1, f.layers)),
            biases=tuple(_small(p[f"bias-{i}"]) for i in range(f.layers)),
            last=_small(last),
            base=centre + scale * p["base"].mean(axis=0),
        )


def _small(a: ArrayLike) -> Weights:
    return np.asarray(a, dtype=np.float32)
