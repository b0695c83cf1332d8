"""What does a picture show? The network of the textbooks: convolution, pool, convolution, pool, and one dense layer.

The shape that courses begin with (after LeCun et al. 1998): small enough to be followed by hand, and its dense layer weighs each place by
itself, so that what each place adds is exact. Learnt from few pictures it is behind `patches`, on many behind `residual`: so it is tried
where it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Switch, Whole, check_settings
from assay.neural.chain import textbook
from assay.neural.picture_training import Form
from assay.pictures.warp import Views

from ._pictures import SeenPictures, see


@dataclass(frozen=True, kw_only=True)
class Cnn:
    """Two convolutions, each with a pool behind it, and one dense layer."""

    about: ClassVar[About] = About(
        key="cnn",
        takes=("vector", "grid"),
        gives=("value", "counts", "quantiles", "classes", "flags"),
        needs=("torch",),
        extra="nets,pictures",
        memory=700_000_000,
        order=37,
        share=0.9,
        loads=4.0,
        by_name=True,
        words={"en": {"title": "textbook convolutional network"}, "zh": {"title": "教科书式卷积网络"}},
    )
    side: Annotated[int, Whole(8, 256, log=True)] = 32  # pixels of a picture as it is looked at
    filters: Annotated[int, Whole(4, 256, log=True)] = 32  # of the first convolution; the second has twice as many
    rate: Annotated[float, Real(1e-5, 0.1, log=True)] = 0.002  # size of a step at its largest
    decay: Annotated[float, Real(0.0, 1.0)] = 0.05  # pull of weights towards zero
    smoothing: Annotated[float, Real(0.0, 0.5)] = 0.05  # share of each answer that is spread over all classes
    dropout: Annotated[float, Real(0.0, 0.9)] = 0.3  # share of features that are left out in a step
    views: Annotated[float, Real(0.0, 1.0)] = 0.5  # how far views of a picture go, where epochs are many
    mirror: Annotated[bool, Switch()] = True  # views may be mirrored where that keeps the answer
    batch: Annotated[int, Whole(2, 1024, log=True)] = 32  # rows a step looks at
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 8  # times each row is looked at, at most

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> SeenPictures:
        """Train until the schedule or the time ends. Raises MissingPackage where torch is not installed."""
        form = Form(
            side=self.side, pieces=textbook(self.filters), placed=True, rate=self.rate, decay=self.decay,
            smoothing=self.smoothing, dropout=self.dropout, batch=self.batch, epochs=self.epochs,
            views=Views(strength=self.views),
        )  # fmt: skip
        return see(form, self.mirror, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> SeenPictures:
        """The network that was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        return SeenPictures.load(box, head, features)
