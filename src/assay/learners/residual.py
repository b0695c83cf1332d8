"""What does a picture show? A small residual network, learnt from the training rows alone.

No pretrained weights: its accuracy is that of a small net, and where a checkpoint of the field is at hand, that is ahead. How large it is,
and how large pictures are as it looks at them, is settled by a short trial before the folds (`prepare`), so that each fold can take a
thousand steps in its time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from assay.kernel import memory
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.kernel.threads import cores
from assay.neural.chain import residual
from assay.neural.picture_training import Form, timed
from assay.pictures.warp import Views

from ._pictures import SeenPictures, see

SIDES = (224, 160, 128, 96, 64, 48, 32)  # pixels
WIDTHS = (32, 24, 16)
GAIN = 1.25  # pictures may be made so much larger than they are
LEAST_STEPS = 1_000
FEWEST_STEPS = 60  # with fewer not even the smallest network learns anything
COPIES = 4  # of the pixels of a fit, that are held at once
UNTIMED = 64  # pixels at most, where no time is taken
SHARE = 0.8  # of the time of a fit that steps may take: answers come after
COST = 1.6  # what a step costs with another fit beside it, against a step alone


@dataclass(frozen=True, kw_only=True)
class Residual:
    """A small residual network that looks at pictures."""

    about: ClassVar[About] = About(
        key="residual",
        takes=("vector", "grid"),
        gives=("value", "counts", "quantiles", "classes", "flags"),
        needs=("torch",),
        extra="nets,pictures",
        memory=900_000_000,
        order=36,
        share=0.5,
        loads=4.0,
        words={
            "en": {
                "title": "residual network",
                "long": "{left} s are left, and the smallest network would take but {steps} steps in each of {fits} fits; give more --minutes",
            },
            "zh": {
                "title": "残差网络",
                "long": "只剩 {left} 秒，最小的网络在 {fits} 次拟合中每次也只能走 {steps} 步；请增加 --minutes",
            },
        },
    )
    side: Annotated[int, Whole(8, 512, log=True)] = 16  # pixels of a picture as it is looked at
    width: Annotated[int, Whole(8, 256, log=True)] = 16  # channels of the first stage
    stems: Annotated[int, Whole(0, 3)] = 0  # halvings of the side before the first stage
    doublings: Annotated[int, Whole(0, 4)] = 2  # stages after the first, each of half the side and twice the width
    depth: Annotated[int, Whole(1, 4)] = 1  # blocks of a stage
    placed: Annotated[bool, Switch()] = (
        False  # each place of the last map has weights of its own, in place of one mean of all
    )
    rate: Annotated[float, Real(1e-5, 0.1, log=True)] = 0.003  # size of a step at its largest
    decay: Annotated[float, Real(0.0, 1.0)] = 0.05  # pull of weights towards zero
    smoothing: Annotated[float, Real(0.0, 0.5)] = 0.1  # share of each answer that is spread over all classes
    dropout: Annotated[float, Real(0.0, 0.9)] = 0.0  # share of features that are left out in a step
    views: Annotated[float, Real(0.0, 1.0)] = 1.0  # how far views of a picture go, where epochs are many
    mirror: Annotated[bool, Switch()] = True  # views may be mirrored where that keeps the answer
    batch: Annotated[int, Whole(2, 1024, log=True)] = 32  # rows a step looks at
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 10  # times each row is looked at, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Residual:
        """The largest side and width with which every fit can take a thousand steps, by a few steps of each that are timed.

        Raises DoesNotApply where the time does not suffice for the smallest.
        """
        natural = max((grid.natural() for grid in given.grids.columns), default=1)
        if clock.stands:  # nothing is timed, so that nothing depends on the machine
            side = next(side for side in SIDES if side <= max(SIDES[-1], min(UNTIMED, GAIN * natural)))
            return replace(self, side=side, stems=_stems(side))
        rows = min(cores(), fits) * sum(int(grid.there.sum()) for grid in given.grids.columns)
        a_fit = SHARE * clock.remaining() * min(cores(), fits) / fits
        steps = 0.0
        for side, width in self._sizes(natural, rows):
            tried = replace(self, side=side, width=width, stems=_stems(side))
            steps = a_fit / max(1e-9, COST * tried.seconds_a_step(len(given.grids.columns), clock))
            if steps >= LEAST_STEPS:
                return tried
        if steps < FEWEST_STEPS:
            values = {"left": round(clock.remaining()), "steps": int(steps), "fits": fits}
            raise DoesNotApply(self.about.say("learners", "long", **values))
        return tried

    def _sizes(self, natural: int, rows: int) -> list[tuple[int, int]]:
        """Sides and widths, the most able first: no picture is made much larger than it is, nor so many than there is memory."""
        room = memory.room() / (COPIES * 3 * max(1, rows))
        sides = [side for side in SIDES if side <= max(SIDES[-1], GAIN * natural) and side * side <= room]
        sides = sides or [SIDES[-1]]
        return [(side, width) for side in sides for width in WIDTHS[: 1 + (side == sides[-1]) * len(WIDTHS)]]

    def seconds_a_step(self, columns: int, clock: Clock) -> float:
        """Seconds of one step alone, for so many picture columns: the least of a few on made-up pictures."""
        return timed(self.form(), max(1, columns), clock)

    def form(self) -> Form:
        """What learns, and how."""
        return Form(
            side=self.side, pieces=residual(self.width, self.doublings, self.stems, self.depth), placed=self.placed,
            rate=self.rate, decay=self.decay, smoothing=self.smoothing, dropout=self.dropout, batch=self.batch,
            epochs=self.epochs, views=Views(strength=self.views),
        )  # fmt: skip

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> SeenPictures:
        """Train until the schedule or the time ends. Raises MissingPackage where torch is not installed."""
        return see(self.form(), self.mirror, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SeenPictures:
        """The network that was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        return SeenPictures.load(box, head, features)


def _stems(side: int) -> int:
    """Halvings before the first stage, so that most of the work is done on squares of about 32.

    >>> _stems(32), _stems(64), _stems(128), _stems(224)
    (0, 1, 2, 3)
    """
    return max(0, min(3, round(math.log2(side / 32))))
