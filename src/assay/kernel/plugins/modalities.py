"""What must a modality be able to do, and an encoder that it learnt; and what may they offer beside?"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..box import Box
from ..cells import Cell, Usual
from ..data import Bools, Column, Floats, Ints
from ..forms import Grid, Vector
from ..shelf import shelf
from ..words import Say
from .about import About


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A modality's or task's bid for a column: how well it fits (0 to 1), and why.

    as_met : how the column is written, which no person chooses; behind the variant in its kind, asked for or not ("date:zone:+08:00")
    """

    fit: float
    why: Say
    variant: str = ""  # a way of reading the column decided here once and kept in its kind ("date:mdy")
    as_met: str = ""


@dataclass(frozen=True, eq=False)
class Opened:
    """A column as one modality reads it; cells that did not fit became missing."""

    column: Column
    misfits: int = 0
    examples: tuple[str, ...] = ()


class Modality(Protocol):
    """How one kind of cell is recognised, opened, and turned into arrays.

    `kind` is the key, or "key:variant" where cells can be read in more than one way: `modality_of("date:mdy")`.
    """

    about: ClassVar[About]
    variant: str

    def recognise(self, column: Column) -> Claim:
        """How well the raw column fits. Raises DoesNotApply with the reason where it does not."""
        ...

    def open(self, column: Column) -> Opened:
        """Parse the cells. Nothing is learnt: a row opened alone gives what it gives in a table."""
        ...

    def learn(self, column: Column, rng: np.random.Generator) -> Encoder:
        """Learn how to encode, from training rows only (an opened column)."""
        ...

    def load(self, box: Box) -> Encoder:
        """The encoder that was dumped."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """What a modality learnt from the training rows of one column."""

    def vector(self, column: Column) -> Vector:
        """The vector form of an opened column: values [n, d]."""
        ...

    def strange(self, column: Column) -> Bools:
        """Rows whose cell is unlike anything in training (out of range, unseen level): bool [n]."""
        ...

    def dump(self, box: Box) -> None:
        """Write everything that `load` needs."""
        ...


@runtime_checkable
class OpensCells(Modality, Protocol):
    """What a modality may offer beside: a cell that comes alone is opened without a column, so that one row is served fast."""

    def open_cell(self, cell: Cell) -> Cell:
        """The cell that `open` of a column of this one cell holds; None from a cell that is there is a misfit."""
        ...


@runtime_checkable
class MovesCells(OpensCells, Protocol):
    """What a modality may offer beside: which cells are opened as something else than stands in them, since the kind does not tell how.

    `moved` of its words is the note of such a cell: "{name} ...".
    """

    def moved(self, raw: Column) -> Bools:
        """Of a raw column: bool [n]."""
        ...

    def moved_cell(self, raw: Cell) -> bool:
        """Of a raw cell that comes alone."""
        ...


@runtime_checkable
class KnowsMisfits(Modality, Protocol):
    """What a modality may offer beside: what a cell may be that does not read as its kind, since columns are written in several ways."""

    def misfit(self, text: str) -> str:
        """Of a cell that it does not read: the key in its words of what stands for its title in the note; "" where nothing more is known.

        The word KEY_count tells {n} rows of the column {name}.
        """
        ...


@runtime_checkable
class ShowsCells(Modality, Protocol):
    """What a modality may offer beside: cells that people would rather look at than read."""

    def thumbnails(self, column: Column, side: int = 144) -> list[bytes | None]:
        """A small JPEG, the longer side of `side` pixels, of each cell of an opened column; None where there is nothing to be seen."""
        ...


@runtime_checkable
class SpeaksCells(Modality, Protocol):
    """What a modality may offer beside: the words of cells of which the rest is numbers and signs."""

    def words(self, cell: str) -> str:
        """What people wrote in an opened cell."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What is known of cells beside what people see in them, by key; `fact.KEY` of the modality's words says what each is.

    What belongs to one fact stands in `facts`: width and height are the size. A fact that is seen (brightness) may rightly
    tell the answer; one that is not (how long the file is) should not.
    """

    numbers: Mapping[str, Floats]  # [n] each; NaN where the cell is missing
    names: Mapping[str, NDArray[np.object_]]  # [n] each; None where the cell is missing or nothing is known
    facts: Mapping[str, tuple[str, ...]]  # keys of numbers and names
    seen: tuple[str, ...] = ()  # the facts that are seen


@runtime_checkable
class MeasuresCells(Modality, Protocol):
    """What a modality may offer beside: plain figures of cells by which odd ones, and short ways to the answer, are found."""

    def measures(self, column: Column) -> Measured:
        """The figures of an opened column."""
        ...


@runtime_checkable
class CarriesPersons(Modality, Protocol):
    """What a modality may offer beside: whether cells tell of persons beyond what is seen of them, such as patients in a file's header."""

    def persons(self, column: Column) -> Mapping[str, Bools]:
        """Cells that tell of persons, by sort: bool [n] each; `person.KEY` of the modality's words says what each sort is.

        column : raw or opened. What the cells tell is not given.
        """
        ...


@runtime_checkable
class FindsNear(Modality, Protocol):
    """What a modality may offer beside: cells that are nearly the same are found, so that no figure profits from a copy."""

    def near(self, column: Column) -> Ints:
        """Number of the group of each cell of an opened column [n]: nearly the same have the same, a missing cell its own."""
        ...


@runtime_checkable
class NamesVariants(Protocol):
    """A modality that knows what its variants look like, so that a misspelt one is no other."""

    about: ClassVar[About]
    variants: ClassVar[str]  # a regular expression
    some: ClassVar[tuple[str, ...]]  # variants to learn from
    variant: str


@runtime_checkable
class ChoosesWay(Protocol):
    """A modality that knows how it would read a column best, be it asked for one that it would not bid for."""

    def way(self, column: Column) -> str:
        """The variant, with all that its own says already."""
        ...


@runtime_checkable
class ComparesCells(Modality, Protocol):
    """What a modality may offer beside: whether two cells show like things is told by how near their numbers are."""

    def looks(self, column: Column) -> Floats:
        """Numbers of each cell of an opened column [n, d], the nearer the more alike (Euclid); NaN where it is missing."""
        ...


@runtime_checkable
class EncodesCells(Encoder, Protocol):
    """What an encoder may offer beside, where its modality opens cells."""

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """The row of `vector` (d numbers), to the bit, and the answer of `strange` for one opened cell."""
        ...


@runtime_checkable
class TellsUsual(EncodesCells, Protocol):
    """What an encoder of one number a cell may offer beside: what usual cells come to, so that nothing need be called for them."""

    @property
    def usual(self) -> Usual:
        """Cells with the number that `open_cell` and then `encode_cell` give for each."""
        ...


@runtime_checkable
class GivesTexts(Encoder, Protocol):
    """An encoder whose modality gives the form "texts" beside the vector."""

    def texts(self, column: Column) -> NDArray[np.object_]:
        """The normalised text of each cell of an opened column, "" where missing: str [n]."""
        ...


@runtime_checkable
class GivesText(GivesTexts, EncodesCells, Protocol):
    """What such an encoder may offer beside, where its modality opens cells."""

    def text_of(self, cell: Cell) -> str:
        """What `texts` gives for one opened cell."""
        ...


@runtime_checkable
class GivesGrids(Encoder, Protocol):
    """An encoder whose modality gives the form "grid" beside the vector."""

    def grid(self, column: Column) -> Grid:
        """What stands in the cells of an opened column, for learners that look at pixels."""
        ...


@runtime_checkable
class Refers(Protocol):
    """A modality or encoder whose pictures may be the references of another column: what differs is then looked at in their place."""

    @property
    def refers(self) -> str:
        """The other column; "" for none."""
        ...


def modality_of(kind: str) -> Modality:
    """The modality of a kind, in its variant. Raises UnknownKey."""
    key, _, variant = kind.partition(":")
    modality: Modality = shelf("modalities").get(key)(variant)
    return modality


@functools.lru_cache(maxsize=1024)
def offers(kind: str, what: type) -> bool:
    """Whether the modality of a kind does what one of the protocols above says.

    Remembered, since Python reads a protocol anew each time that it is asked for, and tables have thousands of columns.

    >>> offers("picture", MeasuresCells), offers("number", MeasuresCells)
    (True, False)
    """
    return isinstance(modality_of(kind), what)
