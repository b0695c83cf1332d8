"""What must a check be able to do, and what evidence is it given?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from ..clock import Clock
from ..data import Bools, Dataset, Floats, Ints
from ..findings import Finding, Trial
from ..plan import Plan
from .about import About
from .learners import PictureReasons, TextReasons
from .tasks import Codec, Task


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
    # Fitted.about() of all fold models together, or of one where they cannot be added up; "of": of how many it is one.
    detail: Mapping[str, Any] = field(default_factory=dict)


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
        None  # the class each row is answered with [n], where groups have thresholds; None: see `classes`
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
        return self.codec.weighed(self.answers()).argmax(axis=1) if self.chosen is None else self.chosen

    def losses(self) -> Floats:
        """Per-row loss [n]."""
        return self.task.losses(self.scores, self.y)


class Check(Protocol):
    """One question put to a model. Its words hold "title" and "question"."""

    about: About

    def run(self, evidence: Evidence) -> Finding:
        """The answer. Raises DoesNotApply with a reason in words where the question cannot be put."""
        ...
