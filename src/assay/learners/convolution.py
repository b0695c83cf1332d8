"""Which short runs of words tell it? A convolution over the pieces of a text, learnt from the training rows alone.

TextCNN (Kim 2014) on subwords (Sennrich, Haddow & Birch 2016), trained by torch and asked without it. Unlike a sum of words it sees that
"not good" is not "good"; unlike a pretrained network it knows no language but that of the table. On four tables of a few thousand short
texts it was behind `sparse` by two to five points, and the blend of both ahead by a hundredth of the loss or not at all: so it is tried
where it is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.forms import Batch, Feature, Head
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings
from assay.neural.text_convolution import Convolution as Filters
from assay.neural.text_convolution import ConvolutionLearning

from ._texts import Reading, ReadTexts, read


@dataclass(frozen=True, kw_only=True)
class Convolution:
    """Filters over runs of a few pieces of words, the best place of each in the text."""

    about: ClassVar[About] = About(
        key="convolution",
        takes=("vector", "texts"),
        gives=("value", "counts", "quantiles", "classes"),
        needs=("torch", "tokenizers"),
        extra="nets,text",
        memory=400_000_000,
        order=42,
        by_name=True,
        words={"en": {"title": "convolution over texts"}, "zh": {"title": "文本卷积网络"}},
    )
    vocabulary: Annotated[int, Whole(100, 100_000, log=True)] = 8_000  # pieces of words; fewer where rows are few
    tokens: Annotated[int, Whole(8, 4096, log=True)] = 256  # pieces of a text that are read
    embedding: Annotated[int, Whole(4, 512, log=True)] = 64  # numbers that stand for a piece
    filters: Annotated[int, Whole(4, 512, log=True)] = 64  # for runs of each length
    longest: Annotated[int, Whole(1, 8)] = 4  # run, in pieces; runs of all lengths from one on are looked at
    rate: Annotated[float, Real(1e-5, 0.1, log=True)] = 0.002  # size of a step at its largest
    decay: Annotated[float, Real(0.0, 1.0)] = 0.01  # pull of weights towards zero
    dropout: Annotated[float, Real(0.0, 0.9)] = 0.5  # share of features that are left out in a step
    unread: Annotated[float, Real(0.0, 0.9)] = 0.3  # share of pieces that are not read in a step
    batch: Annotated[int, Whole(4, 4096, log=True)] = 64  # rows a step looks at
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 5  # times each row is looked at; more where rows are few

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> ReadTexts:
        """Train as long as the schedule says or the clock allows; keep the best epoch.

        Raises MissingPackage where torch or tokenizers is not installed.
        """
        from assay.neural.text_training import Form

        def block(torch: Any) -> ConvolutionLearning:
            return ConvolutionLearning(torch, tuple(range(1, self.longest + 1)), self.filters)

        form = Form(
            embedding=self.embedding, rate=self.rate, decay=self.decay, dropout=self.dropout, unread=self.unread,
            batch=self.batch, epochs=self.epochs,
        )  # fmt: skip
        reading = Reading(vocabulary=self.vocabulary, tokens=self.tokens)
        return read(block, form, reading, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> ReadTexts:
        """The filters that were dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        return ReadTexts.load(box, head, features, Filters.load)
