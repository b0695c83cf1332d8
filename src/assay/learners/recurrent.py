"""What does somebody remember who reads the text piece by piece? A recurrent network, learnt from the training rows alone.

Elman's network, a long short-term memory or a gated recurrent unit in both directions, with an attention that weighs what is
remembered at each piece (Yang et al. 2016), on subwords (Sennrich, Haddow & Birch 2016); trained by torch and asked without it.
On four tables of a few thousand short texts it was behind `sparse` by two to six points and the blend of both hardly ahead: it is tried
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
from assay.kernel.settings import Choice, Real, Whole, check_settings
from assay.neural.text_recurrence import CELLS, Recurrence, RecurrenceLearning

from ._texts import Reading, ReadTexts, read


@dataclass(frozen=True, kw_only=True)
class Recurrent:
    """A network that reads in both directions and remembers."""

    about: ClassVar[About] = About(
        key="recurrent",
        takes=("vector", "texts"),
        gives=("value", "counts", "quantiles", "classes"),
        needs=("torch", "tokenizers"),
        extra="nets,text",
        memory=400_000_000,
        order=44,
        by_name=True,
        words={"en": {"title": "recurrent network over texts"}, "zh": {"title": "文本循环网络"}},
    )
    cell: Annotated[str, Choice(tuple(CELLS))] = "gru"
    vocabulary: Annotated[int, Whole(100, 100_000, log=True)] = 8_000  # pieces of words; fewer where rows are few
    tokens: Annotated[int, Whole(8, 4096, log=True)] = 128  # pieces of a text that are read
    embedding: Annotated[int, Whole(4, 512, log=True)] = 64  # numbers that stand for a piece
    units: Annotated[int, Whole(4, 512, log=True)] = 64  # of each direction
    attention: Annotated[int, Whole(1, 512, log=True)] = 64  # units that decide what is heeded
    rate: Annotated[float, Real(1e-5, 0.1, log=True)] = 0.002  # size of a step at its largest
    decay: Annotated[float, Real(0.0, 1.0)] = 0.01  # pull of weights towards zero
    dropout: Annotated[float, Real(0.0, 0.9)] = 0.5  # share of features that are left out in a step
    unread: Annotated[float, Real(0.0, 0.9)] = 0.3  # share of pieces that are not read in a step
    batch: Annotated[int, Whole(4, 4096, log=True)] = 64  # rows a step looks at
    epochs: Annotated[int, Whole(1, 1000, log=True)] = 4  # times each row is looked at; more where rows are few

    def __post_init__(self) -> None:
        check_settings(self)

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> ReadTexts:
        """Train as long as the schedule says or the clock allows; keep the best epoch.

        Raises MissingPackage where torch or tokenizers is not installed.
        """
        from assay.neural.text_training import Form

        def block(torch: Any) -> RecurrenceLearning:
            return RecurrenceLearning(torch, self.cell, self.units, self.attention)

        form = Form(
            embedding=self.embedding, rate=self.rate, decay=self.decay, dropout=self.dropout, unread=self.unread,
            batch=self.batch, epochs=self.epochs,
        )  # fmt: skip
        reading = Reading(vocabulary=self.vocabulary, tokens=self.tokens)
        return read(block, form, reading, train, tune, head, clock, rng)

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Feature, ...]) -> ReadTexts:
        """The network that was dumped, every shape checked; torch is not asked. Raises BundleInvalid."""
        return ReadTexts.load(box, head, features, Recurrence.load)
