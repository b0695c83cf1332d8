"""Which parts are not as good ones are? What an autoencoder of good pictures cannot redraw.

The network of the textbooks, and known to be weak at this: it redraws defects too, and what it cannot redraw is often but a rough surface.
`neural/oddity.py` is ahead of it. It is tried where it is named; its codes serve for compression.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.neural.autoencoder import Autoencoder as Redraws
from assay.neural.autoencoder import Shape, learn_to_redraw
from assay.neural.chain import Pixels

from ._oddness import OddPictures, pictures_in, shown

SMALL = 64  # pixels: no larger are pictures looked at, unless a side is named


@dataclass(frozen=True, kw_only=True)
class Autoencoder:
    """A convolutional autoencoder.

    Odd rows of `train` teach nothing. A raw score is the mean squared error of a row's picture as it is redrawn, in spreads of the good rows
    of `tune` above their mean; where fewer than eight are there, the good rows learnt from stand in. A row without a picture scores 0.
    """

    about: ClassVar[About] = About(
        key="autoencoder",
        takes=("vector", "grid"),
        gives=("oddness",),
        needs=("torch",),
        extra="nets,pictures",
        memory=600_000_000,
        order=37,
        loads=4.0,
        by_name=True,
        words={"en": {"title": "autoencoder"}, "zh": {"title": "自编码器"}},
    )
    side: Annotated[int, Whole(8, 512, log=True)] = SMALL  # pixels of a picture as it is looked at; multiples of 8
    width: Annotated[int, Whole(2, 256, log=True)] = 16  # channels of the first convolution
    code: Annotated[int, Whole(1, 4096, log=True)] = 64  # numbers that a picture passes through
    rate: Annotated[float, Real(1e-5, 0.1, log=True)] = 0.003  # size of a step at its largest
    epochs: Annotated[int, Whole(1, 10_000, log=True)] = 200  # times each row is looked at, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Autoencoder:
        """With pictures no larger than they are."""
        natural = max((grid.natural() for grid in given.grids.columns), default=1)
        return replace(self, side=max(8, min(self.side, -(-natural // 8) * 8)))

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Redrawn:
        """Learn from the good rows until the schedule or the time ends. Raises MissingPackage where torch is not installed."""
        shape, looks = Shape(self.side // 8 * 8, self.width, self.code), []
        columns = len(train.grids.columns)
        for place in range(columns):
            own = clock if clock.stands else clock.slice(clock.remaining() / (columns - place))
            pixels, odd, held = shown(train, tune, place, shape.side)
            looks.append(learn_to_redraw(pixels[~odd], held, shape, self.epochs, self.rate, own, rng))
        return Redrawn(train.grids.parts, tuple(looks))

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> Redrawn:
        """What was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        parts, boxes = pictures_in(box, features)
        return Redrawn(parts, tuple(Redraws.load(own) for own in boxes))


class Redrawn(OddPictures):
    """Autoencoders, one for each picture column."""

    def codes(self, pixels: Pixels, place: int = 0) -> np.ndarray:
        """The few numbers [n, code] that stand for pictures [n, side, side, 3] of picture column `place`."""
        looks = self.looks[place]
        assert isinstance(looks, Redraws)
        return looks.codes(pixels)

    def reconstruct(self, pixels: Pixels, place: int = 0) -> Pixels:
        """Pictures [n, side, side, 3] of picture column `place` as they are redrawn from their codes."""
        looks = self.looks[place]
        assert isinstance(looks, Redraws)
        return looks.reconstruct(pixels)
