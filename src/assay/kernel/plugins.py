"""What must a plug-in be able to do?

One protocol per shelf, and the About that every plug-in carries. The contracts in `assay.testing` run these promises
over every plug-in, ours and other people's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .box import Box
from .cells import Cell, Usual
from .clock import Clock
from .data import Bools, Column, Dataset, Floats, Ints
from .findings import Finding, Trial
from .forms import Batch, Grid, Head, Vector
from .hints import unknown
from .plan import Plan
from .shelf import shelf
from .stream import Stream
from .words import Say, Words


@dataclass(frozen=True, kw_only=True)
class About:
    """What a plug-in declares of itself; the house decides by this, never by its key."""

    key: str
    words: Words = field(default_factory=dict)  # {"en": {key: template}, "zh": {...}}; "title" is always there
    takes: tuple[
        str, ...
    ] = ()  # forms (learners), stores (modalities), file endings (readers), heads (checks; none: those of `forms.PLAIN`)
    gives: tuple[str, ...] = ()  # heads (learners), forms (modalities)
    needs: tuple[str, ...] = ()  # packages beyond the core
    extra: str = ""  # the extra that installs them
    order: int = 50  # where it stands in lists and reports; smaller is earlier
    readable: bool = False  # a learner whose whole working a person can read
    memory: int = 0  # bytes that its packages and their work take, besides the table
    share: float = 0.45  # of the time that is left, at most, that one candidate may take
    loads: float = 0.0  # seconds that loading its packages and what it reads may take: with fewer left it is not begun
    asked_for: bool = False  # a task that is never guessed: it is taken where it is named
    empty_answers: bool = False  # a task to which an empty cell of the target is an answer: no label
    of_one: bool = False  # a task that can be learnt from rows of one answer alone: without a target all rows have it
    level: float = 0.9  # of a task: the level that is kept where none is asked for
    graded: bool = False  # a task whose answers are told as grades of the codec's scale
    keeps_rows: bool = False  # a learner whose file holds rows of the table: tried only where it is named
    by_name: bool = False  # a learner that is tried only where it is named: what it adds seldom pays for its time
    sees_through: str = ""  # the setting of a learner that names a network for pictures, without which it cannot learn
    checkpoint: str = "pictures"  # the kind of network that is: for pictures as a whole, or for boxes in them
    of_private: bool = False  # a check that is put to models trained with a guarantee, and to no others
    streams: bool = False  # a learner that also learns from rows that come block by block (`fit_stream`)

    def say(self, room: str, key: str, **values: Any) -> Say:
        """A sentence of this plug-in."""
        return Say(f"{room}/{self.key}", key, values)

    def score_unit(self, otherwise: Say, **values: Any) -> Say:
        """What a task calls the unit of its raw scores, where that is not the unit of its answers."""
        return self.say("tasks", "score_unit", **values) if "score_unit" in self.words.get("en", {}) else otherwise


# --------------------------------------------------------------------------------------------------------- readers


class Reader(Protocol):
    """One door: turns something outside into a Dataset of raw columns (no kinds yet)."""

    about: About

    def opens(self, source: Any) -> bool:
        """Whether this door is for `source` (a path, a URL, a frame), judged without reading it all."""
        ...

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read all of it. Raises DataError. No row is lost in silence: see `Source`."""
        ...


# ------------------------------------------------------------------------------------------------------ modalities


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A modality's or task's bid for a column: how well it fits (0 to 1), and why."""

    fit: float
    why: Say
    variant: str = ""  # a way of reading the column decided here once and kept in its kind ("date:mdy")


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


# ----------------------------------------------------------------------------------------------------------- tasks


@dataclass(frozen=True, kw_only=True)
class Codec:
    """How answers are written: class labels in order (empty for a value), as the training file wrote them."""

    labels: tuple[str, ...] = ()
    scale: tuple[float, ...] = ()  # the grades in order, where a value is told as the nearest of them
    most: int = 0  # boxes of one answer


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named figure of merit: `of(scores [n, w], y [n], weight [n] or None)`; NaN where undefined."""

    key: str
    better: str  # "higher" or "lower"
    of: Callable[[Floats, NDArray[Any], Floats | None], float]
    unit: str = ""  # "share", "target" (the target's own unit), ""


class Task(Protocol):
    """What the target means.

    A task that can be asked for in several ways has a field `variant`, the part of its key after a colon: `task_of`.
    """

    about: About

    def recognise(self, target: Column) -> Claim:
        """How well this task fits an opened target. Raises DoesNotApply."""
        ...

    def kind(self) -> str:
        """The modality that opens the target."""
        ...

    def codec(self, target: Column) -> Codec:
        """Learn how answers are written. Raises DataError where nothing can be learnt (one class, constant)."""
        ...

    def encode(self, target: Column, codec: Codec) -> NDArray[Any]:
        """Targets as numbers [n]: class indices (int64), values (float64), 0 and 1 a label [n, k], or boxes [n, m, 5] (float64).

        Missing or unknown is -1 or NaN.
        """
        ...

    def head(self, codec: Codec) -> Head:
        """What a learner must give."""
        ...

    def losses(self, scores: Floats, y: NDArray[Any]) -> Floats:
        """Per-row loss of raw scores [n, w]: float64 [n]. The primitive of all measurement."""
        ...

    def answers(self, scores: Floats) -> Floats:
        """Raw scores [n, w] as people read them: probabilities [n, k], values [n, 1], or boxes with their probabilities [n, w]."""
        ...

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Figures of merit, the primary one first."""
        ...

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """The raw score of the best constant guess: [w]."""
        ...

    def strata(self, y: NDArray[Any]) -> Ints:
        """Group number of each row for stratified folds: int64 [n]."""
        ...


@runtime_checkable
class AnswersOneRow(Task, Protocol):
    """A task that says the answers of one row without an array."""

    def answers_one(self, scores: list[float]) -> list[float]:
        """`answers` of one row of raw scores [w], to the bit: [k]."""
        ...


@runtime_checkable
class LeavesOut(Task, Protocol):
    """What a task may do beside: leave out parts of a known answer that training never saw, rather than the row."""

    def left_out(self, target: Column, codec: Codec) -> Mapping[str, int]:
        """How many parts of each unknown label `encode` leaves out of an opened target."""
        ...


def task_of(key: str) -> Task:
    """The task of a key, in its variant: `task_of("quantile:0.9")`. Raises UnknownKey, and RequestError for a variant of no sense."""
    name, _, variant = key.partition(":")
    plugin = shelf("tasks").get(name)
    if variant and not hasattr(plugin, "variant"):
        raise unknown("tasks", key, shelf("tasks").keys())
    task: Task = plugin(variant) if variant else plugin()
    return task


def key_of(task: Task) -> str:
    """The key that `task_of` finds the task by, variant included."""
    variant = getattr(task, "variant", "")
    return f"{task.about.key}:{variant}" if variant else task.about.key


# -------------------------------------------------------------------------------------------------------- learners


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


Score = Callable[[list[float]], Sequence[float]]  # values [d] of one row → raw scores [w]; for one thread at a time


@runtime_checkable
class ScoresOneRow(Protocol):
    """What a fitted learner of vectors may offer beside: one row scored without the cost of a batch."""

    def single(self) -> Score:
        """A scorer of its own for one thread, which gives what `predict` gives for that row, to the bit.

        It may keep buffers and native handles, and lets go of them when it is dropped; the values it is given are not kept.
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
class EncoderInGraph(InGraph, Protocol):
    """An encoder that can be written down."""

    takes: ClassVar[str]  # its input [n, 1]: "double", or "string" ("" where missing)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """An opened column of made-up cells: seen, unseen and missing ones."""
        ...


# ---------------------------------------------------------------------------------------------------------- checks


class ModelView(Protocol):
    """The part of a Model that checks may use."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The data columns the model uses, in order."""
        ...

    @property
    def folds(self) -> int:
        """How many fold models answer together; a fold is a number below this."""
        ...

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Calibrated raw scores [n, w]; row i from the models of fold `folds[i]` alone where folds are given."""
        ...

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Pull of each part, the base last: [n, parts + 1, w]; sums to `scores` over axis 1."""
        ...

    def words(self, row: Dataset, fold: int | None = None) -> tuple[TextReasons, ...]:
        """The words of each text of one row and their pulls; of the models of one fold where it is given."""
        ...

    def pictures(self, row: Dataset, fold: int | None = None) -> tuple[PictureReasons, ...]:
        """What the places of each picture of one row pull, where a member tells; of the models of one fold where it is given."""
        ...

    def shuffled(self, fold: int, data: Dataset, seed: int) -> ModelView:
        """The models of one fold with what tells of places shuffled: what is learnt is lost, the shape is kept."""
        ...

    def scores_hiding(self, data: Dataset, hidden: Mapping[str, Bools], folds: Ints | None = None) -> Floats:
        """`scores` of rows in whose pictures some places are hidden: [n, rows, columns] for each part that is named.

        Pixels are hidden, from those who look at pixels: the plain numbers made of a picture stay as they are.
        """
        ...

    def size_bytes(self) -> int:
        """Size of the saved file."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Contender:
    """One candidate's own raw scores on the measured rows, uncalibrated."""

    name: str
    learner: str
    readable: bool
    scores: Floats  # [n, w]
    seconds: float
    detail: Mapping[str, Any] = field(default_factory=dict)  # Fitted.about() of one fold


@dataclass(frozen=True, kw_only=True, eq=False)
class Honest:
    """Bias-corrected figures: one column a metric of the task, one row a bootstrap round; rows out of the bag only."""

    metrics: tuple[str, ...]
    draws: Floats  # [rounds, metrics]
    apparent: Floats  # [metrics]: the figure without correction
    constant: Floats  # [metrics]: the constant guess
    readable: Floats | None = None  # [rounds, 1]: the primary figure of the best readable contender on the same rows
    corrected: bool = True  # False for sealed rows, where nothing was chosen and nothing needs correcting


@dataclass(frozen=True, kw_only=True, eq=False)
class PoolReasons:
    """How hard each part pulls on the scores of the same rows, told by what ships and by models that learnt from other rows.

    Of several scores it is the mean over them, of one-of-k classes without what a part adds to all alike.
    """

    parts: tuple[str, ...]
    whole: Floats  # [m, parts] of what ships
    models: Floats  # [models, m, parts]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pool:
    """Models of one kind that learnt from different rows, asked about the same rows: by them members are told from others.

    Rows of one unit are in together. With `coins` each unit is in each model by a fair coin of its own; else the models are the fold
    models of the search, and every row is in all but its own.
    """

    coins: bool
    rows: Ints  # [n] of the training table
    units: Ints  # [n], numbered from 0
    inside: Bools  # [models, n] whether the model learnt from the row
    losses: Floats  # [models, n] of calibrated answers
    unseen: Bools  # [n] rows that neither the models nor what ships learnt from
    shipped: Floats | None  # [n] losses of what ships; None where no row is unseen
    asked: int = 0  # refits that were asked for
    done: int = 0  # of them
    error: str = ""  # of the first that failed
    reasons: PoolReasons | None = None  # of refits, on some of the rows; None where the time was up


@dataclass(frozen=True, kw_only=True, eq=False)
class Unlearnt:
    """The models of one fold as they are, and the same refitted to shuffled answers, where there was nothing to learn."""

    fold: int
    learnt: ModelView
    noise: ModelView
    share: float  # of the blend that was refitted: slow members are left out on both sides
    error: str = ""  # of the first member that could not be fitted to such answers


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """All that a check is given. Every row here was unseen by the model that scored it."""

    rows: str  # "cross-fitted", "sealed", "test", "audit"
    data: Dataset  # opened columns of the measured rows, the target among them
    raw: Dataset  # all rows of the training table as opened, for questions about the data itself
    plan: Plan
    task: Task
    codec: Codec
    y: NDArray[Any]  # [n]
    weight: Floats | None
    scores: Floats  # calibrated raw scores [n, w] of the blend
    uncalibrated: Floats  # the same before calibration
    folds: Ints | None  # fold of each row; None where the whole model scored it
    constant: Floats  # raw scores of the constant guess [n, w]
    contenders: tuple[Contender, ...]
    honest: Honest
    sets: Bools | None  # prediction sets [n, k], thresholds learnt on other rows
    intervals: Floats | None  # [n, 2], widths learnt on other rows
    ledger: tuple[Trial, ...]
    model: ModelView
    seconds: float  # time spent on training; NaN of a model that was made elsewhere
    seed: int
    clock: Clock
    shipped: ModelView | None = None  # what is shipped, where it is not the `model` that was measured
    ask: Callable[[int], Any] | None = (
        None  # answers one of a few rows as what is shipped answers a row that comes alone
    )
    pool: Callable[[Clock], Pool] | None = None  # models of other rows; None where there are none, as in an audit
    unlearnt: Callable[[int, Clock], Unlearnt | None] | None = None  # by number; None where nothing can be refitted
    profile: Any = None  # how the training rows were spread (`assay.stats.profile.Profile`), where that was kept
    bare: bool = False  # answers are names without probabilities, whose scores were made up here
    before: Floats | None = (
        None  # calibrated raw scores [n, w] as they would be without the mitigation that was asked for
    )
    chosen: Ints | None = (
        None  # the class each row is answered with [n], where groups have thresholds; None: the more probable
    )
    thresholds: Any = None  # those of groups (`assay.stats.group_thresholds.GroupThresholds`), where there are
    training: Dataset | None = None  # the opened training table, where the person gave it to an audit
    kept: Callable[[], Sequence[str]] | None = None  # all that the model file holds as text; None in an audit

    @property
    def elsewhere(self) -> bool:
        """Whether the model was made elsewhere: what it learnt from, and how, is not known."""
        return self.seconds != self.seconds

    @property
    def n(self) -> int:
        """Number of measured rows."""
        return len(self.y)

    def answers(self) -> Floats:
        """Probabilities [n, k] or values [n, 1]."""
        return self.task.answers(self.scores)

    def classes(self) -> Ints:
        """The class that each row is answered with [n], where a row bears one."""
        return self.answers().argmax(axis=1) if self.chosen is None else self.chosen

    def losses(self) -> Floats:
        """Per-row loss [n]."""
        return self.task.losses(self.scores, self.y)


class Check(Protocol):
    """One question put to a model. Its words hold "title" and "question"."""

    about: About

    def run(self, evidence: Evidence) -> Finding:
        """The answer. Raises DoesNotApply with a reason in words where the question cannot be put."""
        ...
