"""How does a network learn to see?

Torch does the arithmetic; this file is the loop. One chain (`chain.py`) looks at every picture column and leaves a map of features; its mean,
or each of its places, goes into one last layer, beside which the other columns stand, so that what each column and each place of a picture
adds is known.

The step is AdamW's (Loshchilov & Hutter 2019), its size rises for a quarter of the schedule and falls along a cosine to nothing (one cycle,
Smith & Topin 2019); answers are smoothed (Szegedy et al. 2016). Pictures come as views (`pictures/warp.py`) that differ the more, the more
often each will be seen, and small before they come large (progressive resizing, Howard 2018). Where there are epochs enough, what rests is a
running mean of the weights (Polyak & Juditsky 1992). Where the processor multiplies halves as a whole, the chain is computed in bfloat16.

Randomness comes from the numpy generator that is handed in; torch's own is never asked.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.forms import Head
from assay.kernel.need import need
from assay.pictures.warp import Views, viewed

from .chain import Chain, Piece, Pixels, at_rest, learning, standardised
from .device import halves_are_fast
from .losses import losses_of
from .one_thread import one_thread
from .pace import SPARE, Pace, one_cycle

WARMING, TIMED = 2, 3  # steps before any is timed, and steps that are
MOST_HURRY = 3.0  # where the time allows few steps, each is so much larger at most
STEEPEST = 5.0  # length of the slope that a step follows at most
BETAS = (0.9, 0.99)
BESIDE = 5.0  # rate of the columns beside, in those of the network: they have but one layer
PLAIN_UP_TO, WILD_FROM = 4.0, 30.0  # epochs: views do not differ with fewer, and differ as far as they go with more
# Epochs from which weights are averaged; share of the mean that stays in a step at most.
AVERAGED_FROM, LONGEST = 10.0, 0.995
SMALL, WHOLE_FROM = 0.6, 0.6  # side at first, in those at last; share of the schedule from which it is whole
STEP_OF_SIDES = 16  # pixels: sides on the way are multiples of it
LEAST_SIDE = 48  # pixels: no picture is made smaller than that


@dataclass(frozen=True, kw_only=True)
class Form:
    """What learns, and how."""

    side: int
    pieces: tuple[Piece, ...]
    placed: bool  # whether the last layer sees each place by itself, or the mean of all
    rate: float
    decay: float
    smoothing: float
    dropout: float
    batch: int
    epochs: float
    views: Views  # as far as they may go


@dataclass(frozen=True, eq=False)
class Rows:
    """Pictures and what stands beside them, with their targets."""

    pixels: tuple[Pixels, ...]  # [n, side, side, 3] of each picture column
    there: Bools  # [n, t] whether there is a picture
    columns: NDArray[np.float32]  # [n, c] beside
    target: NDArray[np.float32]  # [n, w]
    weight: NDArray[np.float32]  # [n]

    def __len__(self) -> int:
        return len(self.weight)


class PictureTraining:
    """A network on its way."""

    def __init__(self, form: Form, rows: Rows, base: Floats, head: Head, rng: np.random.Generator) -> None:
        t = self.torch = need("torch", extra="nets")
        self.form, self.rows, self.head, self.rng = form, rows, head, rng
        self.centre, self.scale = _standard(rows)
        self.chain = learning(t, form.pieces, rng)
        channels = next(piece.outward for piece in reversed(form.pieces) if piece.outward)
        places = 1
        if form.placed:
            side = form.side
            for piece in form.pieces:
                side = piece.side(side)
            places = side * side
        self.wide = places * channels
        w = rows.target.shape[1]
        self.last = t.zeros(len(rows.pixels) * self.wide, w, requires_grad=True)
        self.beside = t.zeros(rows.columns.shape[1], w, requires_grad=True)
        self.base = t.from_numpy(base.astype(np.float32)).requires_grad_()
        self.noise = t.Generator().manual_seed(int(rng.integers(2**62)))
        heavy = [p for p in self.chain.parameters() if p.ndim > 1]
        light = [p for p in self.chain.parameters() if p.ndim == 1]
        groups = [(heavy, form.decay, 1.0), ([self.last], form.decay, 1.0), (light, 0.0, 1.0)]
        groups += [([self.beside], form.decay, BESIDE), ([self.base], 0.0, BESIDE)]
        given = [{"params": params, "weight_decay": decay, "times": times} for params, decay, times in groups]
        self.optimiser = t.optim.AdamW(given, lr=form.rate, betas=BETAS, fused=True)
        self.half = halves_are_fast() and not t.cuda.is_available()
        self.order: list[int] = []

    def run(self, clock: Clock) -> list[float]:
        """Learn until the schedule ends, which is where the time ends at the latest; the mean loss of each epoch.

        The network is that of the end, or the mean of its last steps.
        """
        form, n = self.form, max(1, len(self.rows))
        an_epoch = max(1.0, n / form.batch)
        steps = max(1, round(form.epochs * an_epoch))
        if not len(self.rows) or clock.expired():
            return []
        expected = min(steps, self._affordable(clock)) / an_epoch
        views = _grown(form.views, expected)
        mean = copy.deepcopy(self._weights()) if expected >= AVERAGED_FROM else None
        pace, curve, seen, lost, taken = Pace(steps, clock), [], 0, 0.0, 0
        while not pace.over:
            rate = form.rate * one_cycle(pace.share) * min(MOST_HURRY, pace.hurry)
            lost += self._step(rate, self._side(pace.share, expected), views)
            seen, taken = seen + 1, taken + 1
            if mean is not None:
                self._average(mean, min(LONGEST, taken / (taken + 20.0)))
            pace.step()
            if seen >= an_epoch or pace.over:
                curve.append(lost / seen)
                seen, lost = 0, 0.0
        if mean is not None:
            with self.torch.no_grad():
                for own, kept in zip(self._weights(), mean, strict=True):
                    own.copy_(kept)
        return curve

    def settled(self) -> tuple[Chain, dict[str, NDArray[np.float32]]]:
        """The chain at rest, and the weights of the last layer: "last" [t · wide, w], "beside" [c, w], "base" [w]."""
        form = self.form
        chain = at_rest(self.chain, form.pieces, form.side, self.centre, self.scale)
        named = {"last": self.last, "beside": self.beside, "base": self.base}
        return chain, {name: value.detach().numpy().copy() for name, value in named.items()}

    def _weights(self) -> list[Any]:
        """All that is learnt or counted, in order."""
        counted = (b for b in self.chain.buffers() if b.dtype.is_floating_point)
        return [p.data for p in (*self.chain.parameters(), self.last, self.beside, self.base)] + list(counted)

    def _average(self, mean: list[Any], stays: float) -> None:
        self.torch._foreach_lerp_(mean, self._weights(), 1.0 - stays)

    def _affordable(self, clock: Clock) -> float:
        """Steps for which there is time, by a few that change nothing but the warmth of the processor."""
        if clock.stands or not math.isfinite(clock.remaining()):
            return math.inf
        kept, state = copy.deepcopy(self._weights()), self.rng.bit_generator.state
        noise = self.noise.get_state()
        for _ in range(WARMING):
            self._step(0.0, self.form.side, self.form.views)
        timer = clock.slice(clock.remaining())
        for _ in range(TIMED):
            self._step(0.0, self.form.side, self.form.views)
        each = timer.spent() / TIMED
        with self.torch.no_grad():
            for own, before in zip(self._weights(), kept, strict=True):
                own.copy_(before)
        self.optimiser.state.clear()
        self.order.clear()
        self.rng.bit_generator.state = state
        self.noise.set_state(noise)
        return max(1.0, clock.remaining() * SPARE / max(each, 1e-9))

    def _side(self, share: float, expected: float) -> int:
        """The side at a share of the schedule; each place by itself needs the whole side always."""
        side = self.form.side
        if self.form.placed or side <= LEAST_SIDE or share >= WHOLE_FROM or expected < PLAIN_UP_TO:
            return side
        now = side * (SMALL + (1.0 - SMALL) * share / WHOLE_FROM)
        return min(side, max(LEAST_SIDE, int(now) // STEP_OF_SIDES * STEP_OF_SIDES))

    def _step(self, rate: float, side: int, views: Views) -> float:
        t, rows = self.torch, self._next()
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["times"]
        scores = self._scores(rows, side, views)
        target = t.from_numpy(self.rows.target[rows])
        losses = losses_of(t, self.head, scores, smoothed(self.head, target, self.form.smoothing))
        loss = (losses * t.from_numpy(self.rows.weight[rows])).sum() / len(rows)
        loss.backward()
        every = [p for group in self.optimiser.param_groups for p in group["params"] if p.grad is not None]
        t.nn.utils.clip_grad_norm_(every, STEEPEST)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _next(self) -> Ints:
        """The rows of the next step: every row once before any comes again."""
        n, size = len(self.rows), min(self.form.batch, len(self.rows))
        if len(self.order) < size:
            self.order = [*self.rng.permutation(n).tolist(), *self.order]
        taken, self.order = self.order[-size:], self.order[:-size]
        return np.asarray(taken if size > 1 else [*taken, *taken], dtype=np.int64)  # one alone cannot be normalised

    def _scores(self, rows: Ints, side: int, views: Views) -> Any:
        """Scores [b, w] in the unit of the network."""
        t, form = self.torch, self.form
        parts = []
        for place, pixels in enumerate(self.rows.pixels):
            x = t.from_numpy(standardised(pixels[rows], self.centre, self.scale)).permute(0, 3, 1, 2)
            x = viewed(t, x, side, views, self.rng)
            with t.autocast("cpu", dtype=t.bfloat16, enabled=self.half):
                maps = self.chain(x)
            maps = maps.float()
            z = maps.permute(0, 2, 3, 1).flatten(1) if form.placed else maps.mean(dim=(2, 3))
            there = t.from_numpy(self.rows.there[rows, place].astype(np.float32))
            parts.append(z * there[:, None])
        z = t.cat(parts, dim=1)
        if form.dropout:
            z = z * (t.rand(z.shape, generator=self.noise) >= form.dropout) / (1.0 - form.dropout)
        scores = t.addmm(self.base, z, self.last)
        return scores + t.from_numpy(self.rows.columns[rows]) @ self.beside


def smoothed(head: Head, target: Any, smoothing: float) -> Any:
    """Shares of classes, drawn a little towards all classes alike (Szegedy et al. 2016); other targets as they are."""
    if head.name != "classes" or not smoothing:
        return target
    alike = 0.5 if head.width == 1 else 1.0 / head.width
    return target * (1.0 - smoothing) + smoothing * alike


def _standard(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and spread of each colour among the pictures: [3] each."""
    sums, squares, count = np.zeros(3), np.zeros(3), 0.0
    for pixels, there in _some(rows):
        some = pixels[there].reshape(-1, 3).astype(np.float64)
        sums, squares, count = sums + some.sum(axis=0), squares + np.square(some).sum(axis=0), count + len(some)
    if not count:
        return np.full(3, 127.5, dtype=np.float32), np.full(3, 64.0, dtype=np.float32)
    mean = sums / count
    spread = np.sqrt(np.maximum(squares / count - mean**2, 1.0))
    return mean.astype(np.float32), spread.astype(np.float32)


def _some(rows: Rows) -> Iterator[tuple[Pixels, Bools]]:
    """At most a few hundred pictures of each column."""
    every = slice(None, None, max(1, len(rows) // 500))
    for place, pixels in enumerate(rows.pixels):
        yield pixels[every], rows.there[every, place]


def _grown(views: Views, epochs: float) -> Views:
    """Views that differ as far as they may for so many epochs."""
    share = min(1.0, max(0.0, (epochs - PLAIN_UP_TO) / (WILD_FROM - PLAIN_UP_TO)))
    return Views(strength=views.strength * share, across=views.across, down=views.down)


def timed(form: Form, columns: int, clock: Clock) -> float:
    """Seconds of one step alone, on made-up pictures in so many columns: the quickest of a few."""
    rng = np.random.default_rng(0)
    shape = (form.batch, form.side, form.side, 3)
    pixels = tuple(rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(columns))
    there = np.ones((form.batch, columns), dtype=bool)
    nothing, alike = np.zeros((form.batch, 0), dtype=np.float32), np.ones(form.batch, dtype=np.float32)
    rows = Rows(pixels, there, nothing, np.zeros((form.batch, 1), dtype=np.float32), alike)
    with one_thread():
        training = PictureTraining(form, rows, np.zeros(1), Head.value(), rng)
        seconds = []
        for _ in range(WARMING + TIMED):
            timer = clock.slice(clock.remaining())
            training._step(0.0, form.side, form.views)
            seconds.append(timer.spent())
    return min(seconds[WARMING:])
