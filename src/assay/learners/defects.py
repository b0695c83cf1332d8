"""Which parts are not as good ones are? What is usual at each place of good pictures, and a small network that finds made-up defects.

It needs no defect to learn from: defects are made up and laid on good pictures (`pictures/defects.py`). What it looks at are figures of
the surface at each place (`neural/surface.py`), so that a minute on one core is enough. Known defects, where there are any, are learnt besides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Whole, check_settings
from assay.kernel.threads import cores
from assay.neural.oddity import Oddity
from assay.neural.oddity_training import Effort, learn_oddity, seconds_a_picture
from assay.neural.surface import Surface

from ._oddness import OddPictures, pictures_in, shown

SIDES = (224, 160, 128, 96, 64, 48, 32)  # pixels
GAIN = 1.25  # pictures may be made so much larger than they are
UNTIMED = 128  # pixels at most, where no time is taken
SHARE = 0.5  # of the time of a fit that looking and making may take: the network learns in what is left
LOOKED = 0.5  # what looking at a picture takes, of making one with defects and looking at it
COST = 1.6  # what a picture costs with another fit beside it, against one alone


@dataclass(frozen=True, kw_only=True)
class Defects:
    """The usual surface of good pictures, and a network that finds defects.

    `train.y` is 0 for good pictures and 1 for odd ones, of which there need be none. A raw score is how odd a row is, in spreads of the good
    rows of `tune` above their mean: three opinions, each standardised by those rows, are averaged by weight, and the mean is standardised
    by them again. Where fewer than eight are there, the good rows learnt from stand in. A row without a picture scores 0.
    """

    about: ClassVar[About] = About(
        key="defects",
        takes=("vector", "grid"),
        gives=("oddness",),
        needs=("torch",),
        extra="nets,pictures",
        memory=900_000_000,
        order=36,
        share=0.9,
        loads=4.0,
        words={
            "en": {
                "title": "made-up defects",
                "long": "looking at {n} pictures would take about {seconds} s in each of {fits} fits, and {left} s are left; give more --minutes",
            },
            "zh": {
                "title": "人造缺陷",
                "long": "在 {fits} 次拟合中，每次查看 {n} 张图片约需 {seconds} 秒，只剩 {left} 秒；请增加 --minutes",
            },
        },
    )
    side: Annotated[int, Whole(32, 512, log=True)] = 128  # pixels of a picture as it is looked at
    made: Annotated[int, Whole(16, 10_000, log=True)] = 1200  # pictures that defects are laid on
    steps: Annotated[int, Whole(1, 100_000, log=True)] = 1200  # of the network
    width: Annotated[int, Whole(8, 512, log=True)] = 64  # its channels

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Defects:
        """The largest side at which every fit can look at its pictures and make defects, by a few that are timed.

        Raises DoesNotApply where the time does not suffice to look at them at the smallest.
        """
        natural = max((grid.natural() for grid in given.grids.columns), default=1)
        sides = [side for side in SIDES if side <= max(SIDES[-1], GAIN * natural)]
        if clock.stands:  # nothing is timed, so that nothing depends on the machine
            return replace(self, side=next(side for side in sides if side <= UNTIMED))
        n = sum(int(grid.there.sum()) for grid in given.grids.columns)
        a_fit = clock.remaining() * min(cores(), fits) / fits
        for side in sides:
            each = COST * seconds_a_picture(side, clock)
            if each * (LOOKED * n + self.made * len(given.grids.columns)) <= SHARE * a_fit:
                return replace(self, side=side)
        if each * LOOKED * n > a_fit:
            values = {"n": n, "seconds": round(each * LOOKED * n), "fits": fits, "left": round(clock.remaining())}
            raise DoesNotApply(self.about.say("learners", "long", **values))
        return replace(self, side=sides[-1])

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> OddPictures:
        """Learn until the schedule or the time ends; something is learnt however little time there is.

        Raises MissingPackage where torch is not installed.
        """
        effort, side = Effort(made=self.made, steps=self.steps, width=self.width), Surface.of(self.side).side
        columns = len(train.grids.columns)
        looks = []
        for place in range(columns):
            own = clock if clock.stands else clock.slice(clock.remaining() / (columns - place))
            looks.append(learn_oddity(*shown(train, tune, place, side), effort, own, rng))
        return OddPictures(train.grids.parts, tuple(looks))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> OddPictures:
        """What was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        parts, boxes = pictures_in(box, features)
        return OddPictures(parts, tuple(Oddity.load(own) for own in boxes))
