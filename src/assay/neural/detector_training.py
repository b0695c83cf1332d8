"""How does a network learn to find things?

Torch does the arithmetic; this file is the loop, and the network as it learns. What it is made of is in `detector_form.py`, what it is
told in each step in `detector_loss.py`.

The step is AdamW's along one cycle, as in `picture_training.py`; the picture comes enlarged, shifted, mirrored and in other light
(`pictures/framed.py`), small before it comes large; what rests is a running mean of the weights. Where the processor multiplies halves as
a whole, the network is computed in bfloat16. Randomness comes from the numpy generator that is handed in; torch's own is never asked.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.need import need
from assay.pictures.framed import Framing, boxes_seen, seen
from assay.pictures.letterbox import Letterbox, letterboxed

from .chain import Pixels, folded, learning, standardised
from .detector import STEP, Anatomy, Detector
from .detector_form import LEAST_SIDE, Form
from .detector_loss import Things, loss_of
from .device import halves_are_fast
from .halves import halves
from .one_thread import one_thread
from .pace import SPARE, Pace, one_cycle
from .rounds import Rounds

WARMING, TIMED = 2, 3  # steps before any is timed, and steps that are
STEEPEST = 10.0  # length of the slope that a step follows at most
BETAS = (0.9, 0.99)
LONGEST = 0.998  # share of the mean of weights that stays in a step, at most
PLAIN_UP_TO, WILD_FROM = 4.0, 30.0  # epochs: views do not differ with fewer, and differ as far as they go with more
ENOUGH = 20.0  # epochs below which more pixels are worth less than more epochs
SMALL, WHOLE_FROM = 0.6, 0.5  # sides at first, in those at last; share of the schedule from which they are whole
BLIND = 0.1  # share of the schedule in which trust grows in the boxes that are proposed
RARE = 0.01  # share of places that hold a thing, as it is guessed at first (Lin et al. 2017)
MOST_HELD = 1 << 30  # bytes of pictures kept in their rectangles; others are brought there when they are looked at


def train(
    form: Form,
    pictures: Sequence[Pixels],
    boxes: Sequence[Floats],
    classes: Sequence[Ints],
    clock: Clock,
    rng: np.random.Generator,
    weight: Floats | None = None,
) -> tuple[Detector, list[float]]:
    """A detector that has learnt, and the mean loss of each epoch; it stops where the schedule ends, or the time.

    pictures : each [h, w, c]
    boxes    : of each picture [m, 4], x, y, width, height in its pixels
    classes  : of each box [m], from 0
    weight   : how often a picture is looked at beside the others [n]; all alike where it is left out
    """
    with one_thread():
        training = DetectorTraining(form, pictures, boxes, classes, rng, weight)
        curve = training.run(clock)
        return training.settled(), curve


def timed(form: Form) -> float:
    """Seconds of one step alone, on made-up pictures with a few things in each: the quickest of a few steps."""
    from time import perf_counter

    rng = np.random.default_rng(0)
    shape = (form.batch, form.height, form.width, form.anatomy.inward)
    boxes = np.tile([[4.0, 4.0, form.width / 4, form.height / 4]], (10, 1))
    label = np.zeros(10, dtype=np.int64)
    with one_thread():
        pictures = list(rng.integers(0, 256, shape, dtype=np.uint8))
        training = DetectorTraining(form, pictures, [boxes] * form.batch, [label] * form.batch, rng)
        seconds = []
        for _ in range(WARMING + TIMED):
            before = perf_counter()
            training._step(0.0, (form.height, form.width), form.views)
            seconds.append(perf_counter() - before)
    return min(seconds[WARMING:])


def epochs_within(form: Form, pictures: int, seconds: float) -> float:
    """How often so many pictures can be looked at in so many seconds, by a few steps that are timed."""
    return seconds * SPARE / (timed(form) * max(1, pictures) / form.batch)


def side_within(form: Form, epochs: float) -> int:
    """Pixels of the longer side at which there are epochs enough, where there are so many at the form's own; never more than that.

    For `form_for(most_side=...)`, which knows nothing of time.
    """
    return max(LEAST_SIDE, int(max(form.height, form.width) * math.sqrt(min(1.0, epochs / ENOUGH))))


class DetectorTraining:
    """A detector on its way."""

    def __init__(
        self,
        form: Form,
        pictures: Sequence[Pixels],
        boxes: Sequence[Floats],
        classes: Sequence[Ints],
        rng: np.random.Generator,
        weight: Floats | None = None,
    ) -> None:
        t = self.torch = need("torch", extra="nets")
        self.form, self.rng, self.classes = form, rng, classes
        self.centre, self.scale = _standard(pictures, form.anatomy.inward)
        self.held = _Held(pictures, form, np.clip(np.rint(self.centre), 0, 255).astype(np.uint8))
        self.boxes = [self.held.there(place, own) for place, own in enumerate(boxes)]
        self.net = growing(t, form.anatomy, self._usual(), rng)
        heavy = [p for p in self.net.parameters() if p.ndim > 1]
        light = [p for p in self.net.parameters() if p.ndim == 1]
        given = [{"params": heavy, "weight_decay": form.decay}, {"params": light, "weight_decay": 0.0}]
        self.optimiser = t.optim.AdamW(given, lr=form.rate, betas=BETAS, fused=True)
        self.half = halves_are_fast() and not t.cuda.is_available()
        self.rounds = Rounds(len(boxes), form.batch, rng, weight)

    def run(self, clock: Clock) -> list[float]:
        """Learn until the schedule ends, which is where the time ends at the latest; the mean loss of each epoch."""
        form, n = self.form, len(self.boxes)
        if not n or clock.expired():
            return []
        an_epoch = max(1.0, n / form.batch)
        steps = max(1, round(form.epochs * an_epoch))
        expected = min(steps, self._affordable(clock)) / an_epoch
        views = grown(form.views, expected)
        mean = copy.deepcopy(self._numbers())
        pace, curve, done, lost, taken = Pace(steps, clock), [], 0, 0.0, 0
        while not pace.over:
            rate = form.rate * one_cycle(pace.share)
            lost += self._step(rate, self._size(pace.share), views, min(1.0, pace.share / BLIND))
            done, taken = done + 1, taken + 1
            self._average(mean, min(LONGEST, taken / (taken + 20.0)))
            pace.step()
            if done >= an_epoch or pace.over:
                curve.append(lost / done)
                done, lost = 0, 0.0
        with self.torch.no_grad():
            for own, stays in zip(self._numbers(), mean, strict=True):
                own.copy_(stays)
        return curve

    def settled(self) -> Detector:
        """The detector at rest."""
        net, form = self.net, self.form
        weights, biases = folded(net)
        plain = {name: np.asarray(getattr(net, name).detach().numpy()) for name in ("for_classes", "for_sides")}
        return Detector(
            anatomy=form.anatomy,
            height=form.height,
            width=form.width,
            centre=self.centre,
            scale=self.scale,
            weights=weights,
            biases=biases,
            last=(halves(plain["for_classes"]), halves(plain["for_sides"])),
            base=net.base.detach().numpy().copy(),
            reach=np.stack([own.detach().numpy() for own in net.reach]),
            mirrors=(form.views.across and form.mirrors, form.views.down and form.mirrors),
        )

    def _usual(self) -> NDArray[np.float32]:
        """Logarithm of the distance from a place to a side, in strides, as it usually is in each map [maps]: guessed before anything is learnt."""
        strides = np.asarray(self.form.anatomy.strides, dtype=np.float64)
        every = np.concatenate([own[:, 2:].ravel() for own in self.boxes]) if self.boxes else np.zeros(0)
        usual = float(np.median(every)) / 2 if len(every) else 2.0 * float(strides[0])
        return np.log(np.maximum(usual / strides, 0.5)).astype(np.float32)

    def _numbers(self) -> list[Any]:
        """All that is learnt or counted, in order."""
        counted = (b for b in self.net.buffers() if b.dtype.is_floating_point)
        return [p.data for p in self.net.parameters()] + list(counted)

    def _average(self, mean: list[Any], stays: float) -> None:
        self.torch._foreach_lerp_(mean, self._numbers(), 1.0 - stays)

    def _affordable(self, clock: Clock) -> float:
        """Steps for which there is time, by a few that change nothing but the warmth of the processor."""
        if clock.stands or not math.isfinite(clock.remaining()):
            return math.inf
        kept, state = copy.deepcopy(self._numbers()), self.rng.bit_generator.state
        size = self.form.height, self.form.width
        for _ in range(WARMING):
            self._step(0.0, size, self.form.views)
        timer = clock.slice(clock.remaining())
        for _ in range(TIMED):
            self._step(0.0, size, self.form.views)
        each = timer.spent() / TIMED
        with self.torch.no_grad():
            for own, before in zip(self._numbers(), kept, strict=True):
                own.copy_(before)
        self.optimiser.state.clear()
        self.rounds.clear()
        self.rng.bit_generator.state = state
        return max(1.0, clock.remaining() * SPARE / max(each, 1e-9))

    def _size(self, share: float) -> tuple[int, int]:
        """Rows and columns of a view at a share of the schedule."""
        now = min(1.0, SMALL + (1.0 - SMALL) * share / WHOLE_FROM)
        high, wide = (max(STEP, round(side * now / STEP) * STEP) for side in (self.form.height, self.form.width))
        return high, wide

    def _step(self, rate: float, size: tuple[int, int], views: Framing, trust: float = 1.0) -> float:
        t, rows = self.torch, self.rounds.next()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x, things = self._seen(rows, size, views)
        with t.autocast("cpu", dtype=t.bfloat16, enabled=self.half):
            scores, sides = self.net(x)
        loss = loss_of(t, self.form.anatomy, size, scores.float(), sides.float(), things, trust)
        loss.backward()
        t.nn.utils.clip_grad_norm_(self.net.parameters(), STEEPEST)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _seen(self, rows: Ints, size: tuple[int, int], views: Framing) -> tuple[Any, Things]:
        """Views [b, c, *size] of some pictures, and what lies in them."""
        t, form = self.torch, self.form
        pixels = np.stack([self.held[row] for row in rows.tolist()])
        x = t.from_numpy(standardised(pixels, self.centre, self.scale)).permute(0, 3, 1, 2)
        times, middle, light = views.draw(len(rows), form.anatomy.inward, self.rng)
        x = seen(t, x, size, times, middle, light)
        found = []
        for place, row in enumerate(rows.tolist()):
            corners, left = boxes_seen(self.boxes[row], (form.height, form.width), times[place], middle[place])
            found.append((corners[left] * np.tile([size[1], size[0]], 2), self.classes[row][left]))
        most = max(1, *(len(own) for own, _ in found))
        corners, there = np.zeros((len(rows), most, 4), dtype=np.float32), np.zeros((len(rows), most), dtype=bool)
        classes = np.zeros((len(rows), most), dtype=np.int64)
        for place, (own, label) in enumerate(found):
            corners[place, : len(own)], classes[place, : len(own)], there[place, : len(own)] = own, label, True
        return x, Things(t.from_numpy(corners), t.from_numpy(classes), t.from_numpy(there))


class _Held:
    """Pictures in their rectangles, kept where there is room."""

    def __init__(self, pictures: Sequence[Pixels], form: Form, bare: NDArray[np.uint8]) -> None:
        self.pictures, self.form, self.bare = pictures, form, bare
        self.at: list[Letterbox] = []
        self.kept: list[Pixels] = []
        room = MOST_HELD // (form.height * form.width * len(bare))
        for picture in pictures:
            if len(self.kept) < room:
                pixels, at = letterboxed(picture, form.width, form.height, bare)
                self.kept.append(pixels)
            else:
                at = Letterbox.fit(picture.shape[1], picture.shape[0], form.width, form.height)
            self.at.append(at)

    def __getitem__(self, row: int) -> Pixels:
        if row < len(self.kept):
            return self.kept[row]
        return letterboxed(self.pictures[row], self.form.width, self.form.height, self.bare)[0]

    def there(self, row: int, boxes: Floats) -> Floats:
        return self.at[row].there(np.asarray(boxes, dtype=np.float64).reshape(-1, 4))


def _standard(pictures: Sequence[Pixels], channels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and spread of each channel among the pictures: [c] each."""
    sums, squares, count = np.zeros(channels), np.zeros(channels), 0.0
    for place in range(0, len(pictures), max(1, len(pictures) // 200)):
        some = pictures[place].reshape(-1, channels)[::7].astype(np.float64)
        sums, squares, count = sums + some.sum(axis=0), squares + np.square(some).sum(axis=0), count + len(some)
    if not count:
        return np.full(channels, 127.5, dtype=np.float32), np.full(channels, 64.0, dtype=np.float32)
    mean = sums / count
    return mean.astype(np.float32), np.sqrt(np.maximum(squares / count - mean**2, 1.0)).astype(np.float32)


def grown(views: Framing, epochs: float) -> Framing:
    """Views that differ as far as they may for so many epochs."""
    share = min(1.0, max(0.0, (epochs - PLAIN_UP_TO) / (WILD_FROM - PLAIN_UP_TO)))
    return Framing(strength=views.strength * share, across=views.across, down=views.down)


# ------------------------------------------------------------------------------------------------------ the network


def growing(torch: Any, anatomy: Anatomy, usual: NDArray[np.float32], rng: np.random.Generator) -> Any:
    """A torch module, pictures [n, c, h, w] → scores [n, p, classes] and logarithms of distances in strides [n, p, 4].

    usual : [maps] such logarithms, as they are guessed at first
    """
    nn, f = torch.nn, torch.nn.functional
    a = anatomy

    class Growing(nn.Module):  # type: ignore[misc, name-defined]
        """Chain, pyramid and head, in the order of `Anatomy.shapes`."""

        def __init__(self) -> None:
            super().__init__()
            self.chain, self.laterals = learning(torch, a.pieces, rng), learning(torch, a.laterals, rng)
            self.smooths = learning(torch, a.smooths, rng)
            self.towers = nn.ModuleList([learning(torch, a.tower, rng), learning(torch, a.tower, rng)])
            drawn = (0.01 * rng.standard_normal((rows, a.width)).astype(np.float32) for rows in (a.classes, 4))
            self.for_classes, self.for_sides = (nn.Parameter(torch.from_numpy(own)) for own in drawn)
            self.base = nn.Parameter(torch.full((a.classes,), math.log(RARE / (1 - RARE))))
            self.reach = nn.ParameterList([nn.Parameter(torch.full((4,), float(own))) for own in usual])

        def forward(self, x: Any) -> tuple[Any, Any]:
            maps = []
            for place, link in enumerate(self.chain):
                x = link(x)
                if place in a.taken:
                    maps.append(x)
            maps = [link(m) for link, m in zip(self.laterals, maps, strict=True)]
            for fine in range(len(maps) - 2, -1, -1):
                maps[fine] = maps[fine] + f.interpolate(maps[fine + 1], scale_factor=2.0)
            maps = [link(m) for link, m in zip(self.smooths, maps, strict=True)]
            many = [m.shape[2] * m.shape[3] for m in maps]
            rows = [self._row(tower, maps) for tower in self.towers]  # [n, p, width] each
            reach = torch.cat([own.expand(p, 4) for own, p in zip(self.reach, many, strict=True)])
            return rows[0] @ self.for_classes.T + self.base, rows[1] @ self.for_sides.T + reach

        def _row(self, tower: Any, maps: list[Any]) -> Any:
            """All places of all maps, behind a tower whose normalisations see all maps at once."""
            shapes = [m.shape for m in maps]
            for link in tower:
                joined = link.joined[0]
                flat = torch.cat([_flat(joined.conv(m)) for m in maps], dim=1)  # [n, p, width]
                flat = _normalised(f, joined.norm, flat).relu_()
                parts = flat.split([s[2] * s[3] for s in shapes], dim=1)
                maps = [_map(p, s[2], s[3]) for p, s in zip(parts, shapes, strict=True)]
            return torch.cat([_flat(m) for m in maps], dim=1)

    return Growing()


def _normalised(f: Any, norm: Any, flat: Any) -> Any:
    """Places [n, p, c] normalised. As rows: torch 2.13 errs in the slope of maps that are one place wide and channels last in memory."""
    rows = flat.flatten(0, 1)
    counted = norm.running_mean, norm.running_var
    rows = f.batch_norm(rows, *counted, norm.weight, norm.bias, norm.training, norm.momentum, norm.eps)
    return rows.unflatten(0, flat.shape[:2])


def _flat(m: Any) -> Any:
    """A map [n, c, h, w] as a row of places [n, h · w, c]."""
    return m.permute(0, 2, 3, 1).flatten(1, 2)


def _map(row: Any, height: int, width: int) -> Any:
    """And back."""
    return row.unflatten(1, (height, width)).permute(0, 3, 1, 2)
