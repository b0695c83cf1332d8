"""How does a pretrained network of the DETR family learn to find things of one's own, in the time there is?

Each thing is matched with one question of the network, so that they cost least together (Carion et al. 2020), and what that question
answered is compared with it; matching and losses are those of transformers, as the network's configuration weighs them. Each class
starts as the class of the checkpoint that tells most about the things that are called so, whatever its name.

The step is AdamW's along one cycle, smaller for wider layers (Yang et al. 2021), a tenth for the backbone; what rests is a running mean of the
weights. Dropout is off and statistics of batches stay the checkpoint's. Denoising, with which RT-DETR is pretrained, is left out: it draws
from torch's one generator, which folds side by side share.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Floats, Ints
from assay.kernel.need import need
from assay.pictures.framed import Framing, boxes_seen, seen
from assay.stats.boxes import iou

from .detector_training import grown
from .detr import (
    CLEAR,
    Pixels,
    asked,
    base,
    class_layers,
    for_classes,
    frame_for,
    part_of,
    parts_of,
    put,
    tells_nothing_apart,
)
from .device import device
from .framing import MEAN, SPREAD
from .halves import Halves, halves
from .one_thread import one_thread
from .pace import StepsOrTime, one_cycle
from .rounds import Rounds

WIDE = 256  # channels of a network for which a rate is said
OF_PART = {"head": 3.0, "decoder": 1.0, "encoder": 1.0, "backbone": 0.1}  # of the rate
DECAY, STEEPEST = 1e-4, 0.1  # RT-DETR's own
LONGEST = 0.998  # share of the mean of weights that stays in a step, at most
QUIET = ("d_fine",)  # model types that tell what each layer of the decoder says only in training; the losses ask for it
LOOKED_AT = 48  # pictures in which the checkpoint's own classes are looked for, at most
LOOKING = 0.1  # of the time


@dataclass(frozen=True, kw_only=True)
class Form:
    """What is learnt, and how."""

    classes: int
    way: str
    rate: float  # of a step at its largest, for a network of 256 channels
    epochs: int
    batch: int
    side: int  # pixels
    views: Framing


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a training left."""

    differences: list[Halves]  # of `parts_of`
    starts: Ints  # [k] the checkpoint's class that each began as, -1 for the mean of all
    curve: list[float]  # mean loss of each epoch


def train(
    label: str,
    form: Form,
    pictures: Sequence[Pixels],
    boxes: Sequence[Floats],
    classes: Sequence[Ints],
    clock: Clock,
    rng: np.random.Generator,
    weight: Floats | None = None,
) -> Learnt:
    """Learn until the schedule ends, or the time.

    pictures : squares [side, side, 3]
    boxes    : of each picture [m, 4], x, y, width and height as shares of it
    classes  : of each box [m], from 0
    weight   : how often a picture is looked at beside the others [n]; all alike where it is left out
    """
    with one_thread():
        starts = started(label, form, pictures, boxes, classes, clock.slice(LOOKING * clock.remaining()))
        training = DetrTraining(label, form, starts, pictures, boxes, classes, rng, weight)
        curve = training.run(clock)
        return Learnt(training.differences(), starts, curve)


def started(
    label: str,
    form: Form,
    pictures: Sequence[Pixels],
    boxes: Sequence[Floats],
    classes: Sequence[Ints],
    clock: Clock,
) -> Ints:
    """The class of the checkpoint that is surest, on average, of the things of each class [k]; -1 where it boxes none of them."""
    network, frame = base(label), frame_for(label, form.side)
    full = [row for row, own in enumerate(boxes) if len(own)]
    sums, count = None, np.zeros(form.classes)
    for row in full[:: max(1, len(full) // LOOKED_AT)][:LOOKED_AT]:
        if clock.expired():
            break
        scores, there = asked(network, frame, pictures[row])
        over = iou(np.asarray(boxes[row], dtype=np.float64), there)  # [m, q]
        sums = np.zeros((form.classes, scores.shape[1])) if sums is None else sums
        for thing, best in enumerate(over.argmax(axis=1).tolist()):
            if over[thing, best] >= CLEAR:
                sums[classes[row][thing]] += scores[best]
                count[classes[row][thing]] += 1
    return np.where(count > 0, -1 if sums is None else sums.argmax(axis=1), -1).astype(np.int64)


def timed(label: str, form: Form) -> tuple[float, float]:
    """Seconds of one step, and of one picture that is looked at, on made-up pictures with a few things in each."""
    rng = np.random.default_rng(0)
    pictures = list(rng.integers(0, 256, (form.batch, form.side, form.side, 3), dtype=np.uint8))
    boxes, names = np.tile([[0.1, 0.1, 0.3, 0.3]], (5, 1)), np.zeros(5, dtype=np.int64)
    starts = np.full(form.classes, -1, dtype=np.int64)
    with one_thread():
        training = DetrTraining(label, form, starts, pictures, [boxes] * form.batch, [names] * form.batch, rng)
        steps = [_seconds(lambda: training.step(0.0, form.views)) for _ in range(2)]
        network, frame = base(label), frame_for(label, form.side)
        looks = [_seconds(lambda: asked(network, frame, pictures[0])) for _ in range(2)]
    return min(steps), min(looks)


def _seconds(work: Any) -> float:
    before = perf_counter()
    work()
    return perf_counter() - before


class DetrTraining:
    """A network on its way."""

    def __init__(
        self,
        label: str,
        form: Form,
        starts: Ints,
        pictures: Sequence[Pixels],
        boxes: Sequence[Floats],
        classes: Sequence[Ints],
        rng: np.random.Generator,
        weight: Floats | None = None,
    ) -> None:
        t = self.torch = need("torch", "nets")
        self.form, self.rng, self.pictures, self.boxes, self.classes = form, rng, pictures, boxes, classes
        self.network, self.frame = for_classes(label, form.classes), frame_for(label, form.side)
        self.before = dict(self.network.named_parameters())
        self.names = [name for name, _ in parts_of(self.network, form.way)]
        self.learnt = [t.nn.Parameter(self.before[name].detach().clone()) for name in self.names]
        put(self.network, {id(self.before[name]): own for name, own in zip(self.names, self.learnt, strict=True)})
        self._begin(base(label), starts)
        if self.network.config.model_type in QUIET:
            self.network.model.decoder.training = True  # of this module alone, which draws nothing
        wide = WIDE / float(self.network.config.d_model)
        self.optimiser = t.optim.AdamW(
            [
                {
                    "params": [own],
                    "of": form.rate * wide * OF_PART[part_of(name)],
                    "weight_decay": DECAY if own.ndim > 1 else 0.0,
                }
                for name, own in zip(self.names, self.learnt, strict=True)
            ],
            fused=True,
        )
        self.rounds = Rounds(len(boxes), form.batch, rng, weight)

    def _begin(self, came: Any, starts: Ints) -> None:
        """Each class begins as one of the checkpoint's; nothing, where it has a class, as nothing."""
        t, own, nothing = self.torch, class_layers(self.network), tells_nothing_apart(came)
        for name, layer in class_layers(came).items():
            for mine, theirs in ((own[name].weight, layer.weight), (own[name].bias, layer.bias)):
                rows = theirs.detach()[: len(theirs) - nothing]
                chosen = [rows[start] if start >= 0 else rows.mean(dim=0) for start in starts.tolist()]
                with t.no_grad():
                    mine.copy_(t.stack([*chosen, theirs.detach()[-1]] if nothing else chosen))

    def run(self, clock: Clock) -> list[float]:
        """Learn until the schedule ends, which is where the time ends at the latest; the mean loss of each epoch."""
        form, n = self.form, len(self.boxes)
        an_epoch = max(1, math.ceil(n / form.batch))
        way, views = StepsOrTime(form.epochs * an_epoch, clock), grown(form.views, float(form.epochs))
        mean, curve, lost = copy.deepcopy([own.data for own in self.learnt]), [], list[float]()
        while n and way.share < 1.0:
            loss = self.step(one_cycle(way.share), views)
            if not math.isfinite(loss):
                break  # the mean of what was learnt before stays
            stays = min(LONGEST, (way.taken + 1) / (way.taken + 21.0))
            self.torch._foreach_lerp_(mean, [own.data for own in self.learnt], 1.0 - stays)
            way.step()
            lost.append(loss)
            if len(lost) == an_epoch or way.share >= 1.0:
                curve.append(float(np.mean(lost)))
                lost.clear()
        with self.torch.no_grad():
            for own, rests in zip(self.learnt, mean, strict=True):
                own.copy_(rests)
        return curve

    def step(self, rate: float, views: Framing) -> float:
        """One step, of a share of the rate; its loss. Nothing is learnt where that is not finite."""
        t = self.torch
        for group in self.optimiser.param_groups:
            group["lr"] = group["of"] * rate
        x, things = self._seen(self.rounds.next(), views)
        loss = self.network(pixel_values=x, labels=things).loss
        found = float(loss.detach())
        if math.isfinite(found):
            loss.backward()
            t.nn.utils.clip_grad_norm_(self.learnt, STEEPEST)
            self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return found

    def differences(self) -> list[Halves]:
        """What was learnt, as it is kept."""
        pairs = zip(self.names, self.learnt, strict=True)
        return [halves((own - self.before[name]).detach().cpu().numpy()) for name, own in pairs]

    def _seen(self, rows: Ints, views: Framing) -> tuple[Any, list[dict[str, Any]]]:
        """Views [b, 3, side, side] of some pictures, and what lies in them: middles and sizes as shares of the view."""
        t, side = self.torch, self.form.side
        mean, spread = (np.asarray(own, dtype=np.float32) for own in (MEAN, SPREAD))
        pixels = np.stack([self.pictures[row] for row in rows.tolist()]).astype(np.float32) / 255
        x = t.from_numpy((pixels - mean) / spread).permute(0, 3, 1, 2)
        times, middle, light = views.draw(len(rows), 3, self.rng)
        x = seen(t, x, (side, side), times, middle, light)
        scale, shift = 255 * self.frame.scale * spread, 255 * self.frame.scale * mean + self.frame.shift
        scale, shift = (t.from_numpy(own.astype(np.float32))[:, None, None] for own in (scale, shift))
        things = []
        for place, row in enumerate(rows.tolist()):
            own = np.asarray(self.boxes[row], dtype=np.float64).reshape(-1, 4)
            corners, left = boxes_seen(own, (1, 1), times[place], middle[place])
            left &= pixels[place].any()  # in what is black all over nothing is found: it could not be read
            low, high = corners[left, :2], corners[left, 2:]
            there = np.concatenate([(low + high) / 2, high - low], axis=1).astype(np.float32)
            names = np.asarray(self.classes[row], dtype=np.int64)[left]
            things.append({"class_labels": t.from_numpy(names).to(device()), "boxes": t.from_numpy(there).to(device())})
        return (x * scale + shift).contiguous().to(device()), things
