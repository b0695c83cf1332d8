"""What must a learner be able to do, and what it fitted; and what may they offer beside?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..box import Box
from ..clock import Clock
from ..data import Column, Floats, Ints
from ..forms import Batch, Feature, Grid, Head
from ..stream import Stream
from .about import About


class Learner(Protocol):
    """Frozen settings with ranges, and `fit`. Remembers no data."""

    about: ClassVar[About]

    def fit(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Fitted:
        """Learn from `train`; `tune` (rows of the training side, never measured on) may stop it early."""
        ...

    @staticmethod
    def load(box: Box, head: Head, features: tuple[Any, ...]) -> Fitted:
        """The fitted object that was dumped. Raises BundleInvalid."""
        ...


class StreamLearner(Learner, Protocol):
    """A learner that `streams`."""

    def fit_stream(
        self, stream: Stream, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator, needed: int
    ) -> Fitted:
        """Learn from all rows of the stream; `tune` may stop it early; `needed` rounds were enough on the sample."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """What a learner of texts or pictures may offer beside: work that is the same for every fold, done once before them."""

    def prepare(self, given: Batch, fits: int, clock: Clock) -> Learner:
        """The learner with settings fit for what is given and for so many fits within this time.

        given : all rows of the table, without their vector. Raises DoesNotApply with the reason where there are no such settings.
        """
        ...


@runtime_checkable
class Imitates(Protocol):
    """What a learner may offer beside: to learn another model's raw scores rather than answers (distillation)."""

    def imitate(self, train: Batch, tune: Batch, head: Head, clock: Clock, rng: np.random.Generator) -> Fitted:
        """Learn `train.y`, raw scores [n, head.width], as they are; `tune` may stop it early."""
        ...


@runtime_checkable
class Fitted(Protocol):
    """What a learner left: immutable."""

    def predict(self, batch: Batch) -> Floats:
        """Raw scores [n, head.width]."""
        ...

    def contributions(self, batch: Batch) -> Floats:
        """Pull of each feature, and of the base as last column: [n, d + 1, width]; sums to `predict` over axis 1."""
        ...

    def dump(self, box: Box) -> None:
        """Write everything that `load` needs."""
        ...

    def about(self) -> Mapping[str, Any]:
        """What a person may want to see (rounds, coefficients, cost history, shapes): JSON values."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class TextReasons:
    """The words of one text and their pulls on the score; with `rest` (its length, what words say together) they add up to the part's."""

    part: str
    text: str
    starts: Ints  # [m] first character of each word
    stops: Ints  # [m] one past its last
    pulls: Floats  # [m, w]
    rest: Floats  # [w]


@runtime_checkable
class PullsWords(Protocol):
    """What a fitted learner of texts may offer beside: exact pulls of the pieces of a text."""

    def word_pulls(self, text: str, place: int) -> tuple[Ints, Ints, Floats]:
        """Starts [m], stops [m] and pulls [m, w] of the pieces of a text of text column `place`; pieces may overlap."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureReasons:
    """What each place of one picture pulls on the score; with `rest` the places add up to the part's pull.

    The places are those of the whole picture, from its upper left. In the rest is what no place tells of: what the usual picture pulls
    anyway, and what members without a map make of the picture's plain numbers.
    """

    part: str
    pulls: Floats  # [rows, columns, w]
    rest: Floats  # [w]
    share: float  # of the blend, by weight, that tells of places
    hidden: int = (
        0  # parts that were hidden one by one to see how far the score falls; 0 where members told the pulls exactly
    )


@runtime_checkable
class PullsPlaces(Protocol):
    """What a fitted learner of pictures may offer beside: exact pulls of the places of a picture (Zhou et al. 2016)."""

    def place_pulls(self, grid: Grid, place: int) -> Floats:
        """What each place of the one picture of a grid adds [rows, columns, w], for picture column `place`; they add up to its pull."""
        ...


@runtime_checkable
class Overlooks(Protocol):
    """What a fitted learner may say beside: of which columns it never looks at the numbers in the vector.

    Where no member of a model does, they are not computed, and come as NaN: who reads a text needs no counts of its words.
    """

    def overlooked(self) -> frozenset[str]:
        """The data columns."""
        ...


@runtime_checkable
class MakesColumns(Protocol):
    """What a fitted learner may say beside: which columns it makes of others before it answers."""

    def made_columns(self) -> frozenset[tuple[str, tuple[int, ...]]]:
        """How, and of which places in the vector: "minus", "plus", "times" or "over" of two, "by" one or two (what is known of rows that
        are alike there), or a number "against" its mean by one or two."""
        ...


Score = Callable[[list[float]], Sequence[float]]  # values [d] of one row → raw scores [w]; for one thread at a time


@runtime_checkable
class ScoresOneRow(Protocol):
    """What a fitted learner of vectors may offer beside: one row scored without the cost of a batch."""

    def single(self) -> Score:
        """A scorer of its own for one thread, which gives what `predict` gives for that row, to the bit.

        It may keep buffers and native handles, and lets go of them when it is dropped; the values it is given are not kept.
        """
        ...


ScoreTexts = Callable[[list[float], Sequence[str]], Sequence[float]]  # the same, given the texts of the row beside


@runtime_checkable
class ScoresTexts(Protocol):
    """What a fitted learner of vectors and texts may offer beside: one row scored without the cost of a batch."""

    def single_with_texts(self, features: tuple[Feature, ...]) -> ScoreTexts:
        """As `ScoresOneRow.single`; the texts are those of the form "texts", a string for each of its columns, in their order.

        features : of the vector [d]
        """
        ...


@runtime_checkable
class InGraph(Protocol):
    """What a fitted learner or an encoder may have besides: its answer written down for other programs."""

    def graph(self, graph: Any, x: str) -> str:
        """Record the answer in an `assay.onnx_graph.graph.Graph`; x and what comes back are names of float64 arrays.

        Learners turn the vector [n, d] into raw scores [n, width], encoders an input [n, 1] into their part of it. What looks at
        pixels asks the graph for them: `graph.picture(part, side)` is an input [n, side, side, 3], `graph.there(part)` says in which
        rows there is a picture. The plain numbers of a column of pictures are not in x: they are missing there.
        """
        ...


@runtime_checkable
class GivesCells(Protocol):
    """An encoder whose input in a file is neither a number nor a string, and which makes it of cells."""

    about_cells: ClassVar[str]  # what is said of it in the file, in English

    def given(self, column: Column) -> NDArray[Any]:
        """The input for each cell of an opened column: [n, ...]."""
        ...


@runtime_checkable
class EncoderInGraph(InGraph, Protocol):
    """An encoder that can be written down."""

    # Its input: "double", or "string" ("" where missing), which are [n, 1]; or a kind and what each dimension is, where it `GivesCells`.
    takes: ClassVar[str | tuple[str, tuple[int | str, ...]]]

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """An opened column of made-up cells: seen, unseen and missing ones."""
        ...
