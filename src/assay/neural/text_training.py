"""How does a network learn to read?

Torch does the arithmetic; this file is the loop, as a generator: each epoch is given to the caller, who owns the clock and the choice of
the epoch that is kept. One block (`text_convolution`, `text_recurrence`) reads every text column and leaves features; the other columns
stand beside them, and one last layer adds all up, so that what each column adds is known. Pieces and features are left out at random
(Srivastava et al. 2014; whole words: Iyyer et al. 2015), AdamW, a rate that rises shortly and then falls to nothing.

All weights are views of one vector, and so are their gradients: the optimiser is ten operations, however many layers there are.
Randomness comes from the numpy generator that is handed in; torch's own is never asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.forms import Head
from assay.kernel.need import need

from .losses import losses_of
from .pace import Pace
from .passages import Passages, batches

START_TABLE = 0.05  # spread of the numbers that stand for a piece at first
RISING = 0.1  # of the schedule
WARMING = 2  # steps
MOST_HURRY = 4.0  # where the time allows few steps, each is so much larger at most
MEAN, SQUARE = 0.9, 0.99  # how slowly the optimiser forgets
STEEPEST = 5.0  # length of the slope that a step follows at most
TABLE = 3.0  # rate of the numbers that stand for a piece, in those of the network: a piece is seldom read
BESIDE = 5.0  # rate of the columns beside, in those of the network: they have but one layer
ROWS_JUDGED, JUDGED_AT_ONCE = 4_000, 256
LEAST_STEPS = 300  # of a schedule: where rows are few, each is looked at more often
MOST_EPOCHS = 60


class Settled(Protocol):
    """A block at rest, in plain arrays."""

    @property
    def width(self) -> int:
        """Features of a text."""
        ...

    def features(self, passages: Passages) -> Floats:
        """Features of texts: [n, width]."""
        ...

    def shares(self, ids: NDArray[np.int32], weights: Floats) -> Floats:
        """What each piece of one text adds to features times weights [width, w]: [t, w]."""
        ...

    def dump(self, box: Any) -> None:
        """Write everything that loading needs."""
        ...


class Block(Protocol):
    """What reads a text while it learns."""

    width: int

    def start(self, embedding: int, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
        """First weights."""
        ...

    def features(self, p: dict[str, Any], x: Any, there: Any, sizes: Ints) -> Any:
        """Features [b, width] of rows of embedded pieces x [b, t, e]."""
        ...

    def settled(self, table: NDArray[np.float32], p: dict[str, NDArray[np.float32]]) -> Settled:
        """What is left of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Form:
    """How the network learns."""

    embedding: int  # numbers that stand for a piece
    rate: float
    decay: float
    dropout: float  # of features
    unread: float  # share of pieces that are not read in a step
    batch: int
    epochs: int

    def epochs_of(self, rows: int) -> int:
        """Times each of so many rows is looked at."""
        steps = max(1, round(rows / self.batch))
        return min(MOST_EPOCHS, max(self.epochs, math.ceil(LEAST_STEPS / steps))) if self.epochs > 1 else 1


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows with their targets."""

    texts: tuple[Passages, ...]  # one a text column
    columns: NDArray[np.float32]  # [n, c] beside
    places: Ints  # [n, t] in the tables; -1 nothing
    target: NDArray[np.float32]  # [n, w]
    weight: NDArray[np.float32]  # [n]

    @property
    def sizes(self) -> Ints:
        """Pieces of each row: [n]."""
        return sum((passages.sizes for passages in self.texts), start=np.zeros(len(self.weight), dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Epoch:
    """What an epoch came to."""

    learnt: float  # mean loss of the rows learnt from, as they came
    loss: float  # of the judged rows; NaN where there are none
    weights: Any


class TextTraining:
    """A network on its way."""

    def __init__(
        self, block: Block, form: Form, rows: Rows, pieces: int, table_rows: int, base: Floats, head: Head,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        t = self.torch = need("torch", extra="nets")
        self.block, self.form, self.rows, self.head, self.rng = block, form, rows, head, rng
        w = rows.target.shape[1]
        start = {
            "table": rng.standard_normal((pieces, form.embedding), dtype=np.float32) * np.float32(START_TABLE),
            **block.start(form.embedding, rng),
            "last": np.zeros((len(rows.texts) * block.width, w), dtype=np.float32),
            "beside": np.zeros((rows.columns.shape[1], w), dtype=np.float32),
            "looked-up": np.zeros((table_rows + 1, w), dtype=np.float32),  # the last row for what training did not show
            "base": base.astype(np.float32),
        }
        sizes = [a.size for a in start.values()]
        self.flat = t.from_numpy(np.concatenate([a.ravel() for a in start.values()]))
        self.slopes = t.zeros_like(self.flat)
        self.p: dict[str, Any] = {}
        at = 0
        for name, array in start.items():
            view = self.flat[at : at + array.size].view(array.shape).requires_grad_()
            view.grad = self.slopes[at : at + array.size].view(array.shape)
            self.p[name] = view
            at += array.size
        rates = [
            TABLE if name == "table" else BESIDE if name in ("beside", "looked-up", "base") else 1.0 for name in start
        ]
        decays = [0.0 if "bias" in name or name in ("table", "base") else 1.0 for name in start]
        self.rate_of = t.from_numpy(np.repeat(np.asarray(rates, dtype=np.float32), sizes))
        self.decay_of = t.from_numpy(np.repeat(np.asarray(decays, dtype=np.float32), sizes)) * self.rate_of
        self.noise = t.Generator().manual_seed(int(rng.integers(2**62)))
        self._warm_up()

    def _warm_up(self) -> None:
        """A few steps that change nothing: the very first are slow, and no pace should be judged by them."""
        sizes = self.rows.sizes
        usual = np.argsort(sizes, kind="stable")[len(sizes) // 2 :][: self.form.batch]
        for _ in range(WARMING):
            self._losses(self.rows, usual, True).sum().backward()
        self.slopes.zero_()

    def epochs(self, pace: Pace, judged: Rows) -> Iterator[Epoch]:
        """Train until the pace is over, an epoch each; its loss is that of the judged rows."""
        t, f = self.torch, self.form
        means, squares = t.zeros_like(self.flat), t.zeros_like(self.flat)
        judge = self._judge(judged)
        sizes, steps = self.rows.sizes, 0
        while not pace.over:
            seen = lost = 0.0
            for rows in batches(sizes, f.batch, self.rng):
                losses = self._losses(self.rows, rows, True)
                loss = losses.sum() / len(rows)
                loss.backward()
                steps += 1
                self._descend(f.rate * _rate(pace.share) * min(MOST_HURRY, pace.hurry), means, squares, steps)
                seen, lost = seen + 1, lost + float(loss.detach())
                pace.step()
                if pace.over:
                    break
            yield Epoch(lost / max(1.0, seen), judge(), self.flat.detach().clone())

    def settled(self, weights: Any) -> tuple[Settled, dict[str, NDArray[np.float32]]]:
        """The block at rest at these weights, and the weights of the last layer by name."""
        with self.torch.no_grad():
            self.flat.copy_(weights)
            p = {name: view.detach().numpy().copy() for name, view in self.p.items()}
        return self.block.settled(p["table"], p), p

    def _scores(self, given: Rows, rows: Ints, learning: bool) -> Any:
        """Scores [b, w] in the unit of the network."""
        t, p = self.torch, self.p
        found = []
        for passages in given.texts:
            ids, there = passages.padded(rows)
            found.append(self._features(ids, there, passages.sizes[rows], learning))
        z = t.cat(found, dim=1) if found else t.zeros(len(rows), 0)
        z = self._dropped(z, self.form.dropout) if learning else z
        scores = t.addmm(p["base"], z, p["last"])
        scores = scores + t.from_numpy(given.columns[rows]) @ p["beside"]
        if given.places.shape[1]:
            places = given.places[rows]
            at = t.from_numpy(np.where(places < 0, len(p["looked-up"]) - 1, places))
            scores = scores + (p["looked-up"][at] * (at < len(p["looked-up"]) - 1).unsqueeze(2)).sum(dim=1)
        return scores

    def _features(self, ids: NDArray[np.int32], there: Bools, sizes: Ints, learning: bool) -> Any:
        t = self.torch
        at, seen = t.from_numpy(ids.astype(np.int64)), t.from_numpy(there)
        if learning and self.form.unread:
            at = at * (t.rand(at.shape, generator=self.noise) >= self.form.unread)
        x = t.nn.functional.embedding(at, self.p["table"])
        if learning:
            x = self._dropped(x, self.form.dropout / 2)
        return self.block.features(self.p, x * seen.unsqueeze(2), seen, sizes)

    def _dropped(self, z: Any, rate: float) -> Any:
        """Numbers left out at random, the others made larger by as much."""
        if not rate:
            return z
        return z * (self.torch.rand(z.shape, generator=self.noise) >= rate) / (1.0 - rate)

    def _losses(self, given: Rows, rows: Ints, learning: bool) -> Any:
        """Weighted losses [b]."""
        t = self.torch
        found = losses_of(t, self.head, self._scores(given, rows, learning), t.from_numpy(given.target[rows]))
        return found * t.from_numpy(given.weight[rows])

    def _judge(self, judged: Rows) -> Callable[[], float]:
        counting = np.flatnonzero(judged.weight > 0)[:ROWS_JUDGED]
        if not len(counting):
            return lambda: float("nan")
        order = counting[np.argsort(judged.sizes[counting], kind="stable")]
        parts = [order[low : low + JUDGED_AT_ONCE] for low in range(0, len(order), JUDGED_AT_ONCE)]
        whole = float(judged.weight[counting].sum())

        def judge() -> float:
            with self.torch.no_grad():
                return sum(float(self._losses(judged, rows, False).sum()) for rows in parts) / whole

        return judge

    def _descend(self, rate: float, means: Any, squares: Any, step: int) -> None:
        """One step of AdamW (Loshchilov & Hutter 2019) on the whole vector; then its slopes are nothing again."""
        with self.torch.no_grad():
            length = float(self.slopes.norm())
            if length > STEEPEST:
                self.slopes.mul_(STEEPEST / length)
            means.lerp_(self.slopes, 1 - MEAN)
            squares.mul_(SQUARE).addcmul_(self.slopes, self.slopes, value=1 - SQUARE)
            if self.form.decay:
                self.flat.addcmul_(self.flat, self.decay_of, value=-rate * self.form.decay)
            way = (squares / (1 - SQUARE**step)).sqrt_().add_(1e-8)
            way = (means * self.rate_of).div_(way)
            self.flat.add_(way, alpha=-rate / (1 - MEAN**step))
            self.slopes.zero_()


def _rate(share: float) -> float:
    """Rising for a tenth of the schedule, then along a cosine to nothing."""
    if share < RISING:
        return (share + 0.01) / (RISING + 0.01)
    return 0.5 * (1.0 + math.cos(math.pi * (share - RISING) / (1.0 - RISING)))
