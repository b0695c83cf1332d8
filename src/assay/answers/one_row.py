"""How is one row answered without the cost of a table?

What does not change from row to row is settled once: which column is read how, which encoder gives which numbers, which scorer
belongs to which member. A row then goes from a mapping to raw scores through plain Python values, a list of numbers a fold; no Column,
Dataset or Batch is made. The scores are those of the road for tables, to the bit.

Most cells of most rows are usual: a number in the range of training, a name that has a code. Where there is one fold (a model shipped
as one refit) they are looked up without a call (`kernel.cells.Usual`); the others go the way of their column.

What offers no road for one row (a network of texts, a plug-in from outside) is asked in the ordinary way, for its part alone. Buffers
and native handles belong to one thread each; everything else is shared and never changes.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.kernel.cells import Cell, Usual, written
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.forms import Batch, Feature, Vector
from assay.kernel.plugins import (
    AnswersOneRow,
    Encoder,
    EncodesCells,
    Fitted,
    GivesText,
    GivesTexts,
    Modality,
    MovesCells,
    OpensCells,
    ScoresOneRow,
    ScoresTexts,
    Task,
    TellsUsual,
    modality_of,
)
from assay.kernel.shelf import shelf
from assay.kernel.threads import alone, at_most
from assay.kernel.words import Say
from assay.kernel.written_numbers import plainly
from assay.reading import LARGEST, cell_of, column_of
from assay.search.ensemble import STRANGE_SHARE, Ensemble, Member

from .gaps import NOTHING
from .misfits import misfit
from .opened import PLAIN, as_learnt

Scorer = tuple[float, Callable[..., Sequence[float]], str]  # weight, what gives raw scores [w], and what that is given


@dataclass(frozen=True)
class Odd:
    """What is unusual about a cell: "outside" or "unseen" (unlike training), "misfit" (does not read as its kind), "moved", or missing:
    "gap" where none was in training, "blank" where some were, and "nothing" of a row where all are.
    """

    how: str
    name: str
    text: str
    note: Say | None = None  # of what is told by a note of its own


NUMBERS = "numbers"  # what a member's scorer is given: the row's numbers,
TEXTS = "texts"  # these and its texts,
TABLE = "table"  # or a batch of one
_NOTHING = Odd("nothing", "", "", NOTHING)
_MISSING = frozenset({"gap", "blank", "misfit"})


class OneRow:
    """The road of one row through an ensemble; any number of threads may take it at once.

    kinds : the kind of each part, variant included
    never : the note of a cell that is missing, of each part where none was in training
    commas : whether the table that was learnt from wrote decimal commas
    """

    def __init__(
        self, ensemble: Ensemble, kinds: Mapping[str, str], never: Mapping[str, Say], commas: bool = False
    ) -> None:
        self._said = (ensemble, kinds, never, commas)
        self.ensemble = ensemble
        encoders = zip(*(e.parts for e in ensemble.encoders), strict=True)
        unseen = [[name in fold for fold in ensemble.overlooked] for name in ensemble.parts]
        every = zip(ensemble.parts, encoders, unseen, strict=True)
        self._parts = [_part(name, kinds[name], found, blank, never.get(name), commas) for name, found, blank in every]
        self._usual = [_usual(part) for part in self._parts] if len(ensemble.encoders) == 1 else []
        self._fetch = _fetcher(ensemble.parts)
        empty = Dataset(tuple(part.opened(Column.of_words(part.name, [])) for part in self._parts))
        self._features = [e.features(empty) for e in ensemble.encoders]
        texts = [place for place, part in enumerate(self._parts) if isinstance(part.encoders[0], GivesTexts)]
        read = [(place, _texts_of(self._parts[place])) for place in texts]
        self._read = [(place, of_folds) for place, of_folds in read if of_folds]
        self._roads = [_road(member, len(self._read) == len(texts)) for member in ensemble.members]
        self._table = TABLE in self._roads  # then batches are made, with all their forms
        self._forms = any(road != NUMBERS for road in self._roads)
        self._scale: list[float] = np.broadcast_to(ensemble.calibration.by_column, ensemble.head.width).tolist()
        self._shift: list[float] = ensemble.calibration.shift.tolist()
        self._own = threading.local()

    def __reduce__(self) -> Any:
        return OneRow, self._said  # buffers and handles stay with their thread

    @property
    def quick(self) -> bool:
        """Whether no column and no table is made of any row."""
        return not self._table and all(isinstance(part, _Quick) for part in self._parts)

    def values(self, row: Mapping[Any, Any]) -> Sequence[Any] | None:
        """The values of the model's columns, in order; None where one is not there under its very name."""
        try:
            return self._fetch(row)
        except KeyError:
            return None

    def scores(self, values: Sequence[Any]) -> tuple[list[float], list[Odd]]:
        """Calibrated raw scores [w], and what is odd about the cells. Raises IsColumn where a value holds several cells."""
        odd: list[Odd] = []
        if self._usual and not self._table:
            folds, batches = [self._written(values, odd)], []
        else:
            folds = [[] for _ in self._features]
            columns = [part.write(value, folds, odd) for part, value in zip(self._parts, values, strict=True)]
            if odd:
                self._settle(odd, 0)
            batches = self._batches(folds, values, columns) if self._table else []
        return self._weighed(folds, self._texts(values) if self._forms else (), batches), odd

    def _texts(self, values: Sequence[Any]) -> list[list[str]]:
        """The texts of a row as each fold's encoders give them."""
        cells = [(cell_of(values[place]), of_folds) for place, of_folds in self._read]
        return [[of_folds[fold](cell) for cell, of_folds in cells] for fold in range(len(self._features))]

    def _written(self, values: Sequence[Any], odd: list[Odd]) -> list[float]:
        """The numbers of a row where there is one fold; what is usual is looked up, in the order in which it is most often met."""
        numbers: list[float] = []
        add, blank = numbers.append, 0
        for value, (low, high, codes, missing, part) in zip(values, self._usual, strict=True):
            kind = type(value)
            if kind is float:
                if low <= value <= high:
                    add(value)
                    continue
            elif kind is str:
                if (code := codes.get(value)) is not None:
                    add(code)
                    continue
            elif kind is int:
                if low <= value <= high and -LARGEST < value < LARGEST:
                    add(float(value))
                    continue
            elif value is None and missing is not None:
                add(missing)
                blank += 1
                continue
            part.write(value, [numbers], odd)
        if odd or blank:
            self._settle(odd, blank)
        return numbers

    def _settle(self, odd: list[Odd], blank: int) -> None:
        """Keep what is told of a row: one note where all its cells are missing, and none of those that some were in training.

        blank : missing cells beside those in the list
        """
        if blank + sum(cell.how in _MISSING for cell in odd) == len(self._parts):
            odd[:] = [*(cell for cell in odd if cell.how not in ("gap", "blank")), _NOTHING]
        else:
            odd[:] = [cell for cell in odd if cell.how != "blank"]

    def _weighed(self, folds: list[list[float]], texts: Sequence[Sequence[str]], batches: list[Batch]) -> list[float]:
        """Calibrated raw scores [w] of the row as numbers, texts and batch of each fold: those of the members, weighed and added."""
        scorers = self._scorers()
        if len(folds) == 1 and len(scorers[0]) == 1 and not self._forms:
            weight, score, _ = scorers[0][0]
            return [
                weight * g * scale + s for g, scale, s in zip(score(folds[0]), self._scale, self._shift, strict=True)
            ]
        total, share = [0.0] * self.ensemble.head.width, 1.0 / len(folds)
        for fold, members in enumerate(scorers):
            numbers = folds[fold]
            found = [0.0] * len(total)
            for weight, score, road in members:
                if road == NUMBERS:
                    given = score(numbers)
                else:
                    given = score(numbers, texts[fold]) if road == TEXTS else score(batches[fold])
                found = [f + weight * g for f, g in zip(found, given, strict=True)]
            total = [t + share * f for t, f in zip(total, found, strict=True)]
        return [t * scale + s for t, scale, s in zip(total, self._scale, self._shift, strict=True)]

    def contributions(self, values: Sequence[Any]) -> Floats:
        """Pull of each part, the base last: [parts + 1, w]. Raises IsColumn."""
        folds: list[list[float]] = [[] for _ in self._features]
        columns = [part.write(value, folds, []) for part, value in zip(self._parts, values, strict=True)]
        with at_most(alone()):
            return np.asarray(self.ensemble.pulls(self._batches(folds, values, columns))[0])

    def texts(self, values: Sequence[Any]) -> list[str | None]:
        """Each opened cell as it would be written."""
        return [part.text(value) for part, value in zip(self._parts, values, strict=True)]

    def _scorers(self) -> list[list[Scorer]]:
        """For each fold the members' scorers that belong to this thread."""
        found: list[list[Scorer]] | None = getattr(self._own, "scorers", None)
        if found is None:
            roads = list(zip(self.ensemble.members, self._roads, strict=True))
            found = [
                [(member.weight, _scorer(member.folds[fold], features, road), road) for member, road in roads]
                for fold, features in enumerate(self._features)
            ]
            self._own.scorers = found
        return found

    def _batches(
        self, folds: list[list[float]], values: Sequence[Any], columns: Sequence[Column | None]
    ) -> list[Batch]:
        """The row as a batch of each fold; with the forms of a table where a learner takes more than vectors.

        columns : those that were opened on the way
        """
        numbers = [np.asarray([row], dtype=np.float64) for row in folds]
        vectors = [Vector(n, f) for n, f in zip(numbers, self._features, strict=True)]
        if not self._forms:
            return [Batch({"vector": vector}) for vector in vectors]
        rows = zip(self._parts, values, columns, strict=True)
        table = Dataset(tuple(part.opened(column_of(part.name, v)) if c is None else c for part, v, c in rows))
        pairs = zip(vectors, self.ensemble.encoders, strict=True)
        return [Batch({"vector": vector, **encoders.beside(table).forms}) for vector, encoders in pairs]


# ------------------------------------------------------------------------------------------------------------- parts


@dataclass(frozen=True, eq=False)
class _Ordinary:
    """A column whose plug-in knows columns only: a column of one row is made for it."""

    name: str
    kind: str
    modality: Modality
    encoders: tuple[Encoder, ...]
    blank: Sequence[tuple[float, ...]]  # for each fold NaN in place of the numbers, where no member looks at them
    gap: Odd  # what a missing cell is
    commas: bool  # whether numbers that are written come with decimal commas

    def opened(self, raw: Column) -> Column:
        return self.modality.open(plainly(raw, self.commas) if self.kind == PLAIN else raw).column

    def write(self, value: Any, folds: list[list[float]], odd: list[Odd]) -> Column | None:
        """The numbers of each fold's encoder at the end of its list, and what is odd; the column, where one was opened."""
        raw = column_of(self.name, value)
        column = self.opened(raw)
        strange = 0
        for numbers, encoder, blank in zip(folds, self.encoders, self.blank, strict=True):
            numbers.extend(blank or encoder.vector(column).values[0].tolist())
            strange += bool(encoder.strange(column)[0])
        if strange > STRANGE_SHARE * len(folds):
            how = "unseen" if column.store == "words" else "outside"
            odd.append(Odd(how, self.name, column.texts()[0]))
        if column.missing[0]:
            odd.append(self.gap if raw.missing[0] else self.misfit(raw.texts()[0]))
        if isinstance(self.modality, MovesCells) and self.modality.moved(raw)[0]:
            odd.append(Odd("moved", self.name, ""))
        return column

    def misfit(self, text: str) -> Odd:
        """Of a cell that does not read as its kind."""
        return Odd("misfit", self.name, text, misfit(self.modality, self.name, text))

    def text(self, value: Any) -> str | None:
        """The opened cell as it would be written."""
        found: str | None = self.opened(column_of(self.name, value)).texts()[0]
        return found


@dataclass(frozen=True, eq=False)
class _Quick(_Ordinary):
    """A column whose plug-in takes a cell that comes alone."""

    open_cell: Callable[[Cell], Cell]
    encode: Sequence[Callable[[Cell], tuple[tuple[float, ...], bool]]]  # of each fold's encoder
    moved: Callable[[Cell], bool] | None

    def write(self, value: Any, folds: list[list[float]], odd: list[Odd]) -> Column | None:
        """The numbers of each fold's encoder at the end of its list, and what is odd; no column is made."""
        raw = cell_of(value)
        cell = self.open_cell(self._spelled(raw))
        strange, fold = 0, 0
        for encode in self.encode:
            found, unlike = encode(cell)
            folds[fold] += found
            fold += 1
            if unlike:
                strange += 1
        if strange and strange > STRANGE_SHARE * fold:
            odd.append(Odd("unseen" if isinstance(cell, str) else "outside", self.name, written(cell) or ""))
        if cell is None:
            odd.append(self.gap if raw is None else self.misfit(written(raw) or ""))
        if self.moved is not None and self.moved(raw):
            odd.append(Odd("moved", self.name, ""))
        return None

    def text(self, value: Any) -> str | None:
        """The opened cell as it would be written."""
        return written(self.open_cell(self._spelled(cell_of(value))), self.kind)

    def _spelled(self, raw: Cell) -> Cell:
        """A number that comes as a text, as `opened` would spell it."""
        return as_learnt(raw, self.commas) if self.kind == PLAIN else raw


def _part(
    name: str, kind: str, encoders: tuple[Encoder, ...], unseen: Sequence[bool], never: Say | None, commas: bool
) -> _Ordinary:
    """unseen : for each fold, whether no member looks at the column's numbers"""
    modality, gap = modality_of(kind), Odd("blank" if never is None else "gap", name, "", never)
    nothing = modality.open(Column.of_words(name, [])).column
    blank = [(np.nan,) * len(e.vector(nothing).features) if u else () for e, u in zip(encoders, unseen, strict=True)]
    encode = [e.encode_cell for e in encoders if isinstance(e, EncodesCells)]
    if isinstance(modality, OpensCells) and len(encode) == len(encoders):
        moved = modality.moved_cell if isinstance(modality, MovesCells) else None
        return _Quick(name, kind, modality, encoders, blank, gap, commas, modality.open_cell, encode, moved)
    return _Ordinary(name, kind, modality, encoders, blank, gap, commas)


def _usual(part: _Ordinary) -> tuple[float, float, dict[str, float], float | None, _Ordinary]:
    """The usual cells of a part with one encoder: bounds of numbers, codes of texts as they come in, that of a missing cell."""
    encoder = part.encoders[0]
    looked_at = isinstance(part, _Quick) and not part.blank[0]
    usual = encoder.usual if looked_at and isinstance(encoder, TellsUsual) else Usual()
    codes = {text: code for text, code in usual.codes.items() if cell_of(text) == text}
    return usual.low, usual.high, codes, usual.missing if part.gap.how == "blank" else None, part


def answers_of(task: Task) -> Callable[[list[float]], list[float]]:
    """What gives the answers [k] of a row's raw scores [w]: the task's own way for one row, or its way for many."""
    if isinstance(task, AnswersOneRow):
        return task.answers_one
    return lambda scores: task.answers(np.asarray([scores], dtype=np.float64))[0].tolist()


def _road(member: Member, readable: bool) -> str:
    """What a member's scorers are given; `readable` where each fold's texts come without a table."""
    forms = set(shelf("learners").get(member.learner).about.takes)
    if forms == {"vector"}:
        return NUMBERS
    reads = (
        readable and forms == {"vector", "texts"} and all(isinstance(fitted, ScoresTexts) for fitted in member.folds)
    )
    return TEXTS if reads else TABLE


def _texts_of(part: _Ordinary) -> list[Callable[[Cell], str]]:
    """What gives the text of a raw cell, of each fold's encoder; nothing where a column must be made for it."""
    able = [encoder for encoder in part.encoders if isinstance(encoder, GivesText)]
    if not isinstance(part, _Quick) or len(able) < len(part.encoders):
        return []

    def reader(encoder: GivesText) -> Callable[[Cell], str]:
        return lambda cell: encoder.text_of(part.open_cell(cell))

    return [reader(encoder) for encoder in able]


def _scorer(fitted: Fitted, features: tuple[Feature, ...], road: str) -> Callable[..., Sequence[float]]:
    """The fitted learner's own scorer of one row, or its `predict` asked for a batch of one."""
    if road == TABLE:
        return lambda batch: fitted.predict(batch)[0].tolist()
    if road == TEXTS and isinstance(fitted, ScoresTexts):
        return fitted.single_with_texts(features)
    if isinstance(fitted, ScoresOneRow):
        return fitted.single()

    def score(values: list[float]) -> list[float]:
        numbers = np.asarray([values], dtype=np.float64)
        with at_most(alone()):
            found: list[float] = fitted.predict(Batch({"vector": Vector(numbers, features)}))[0].tolist()
        return found

    return score


def _fetcher(names: tuple[str, ...]) -> Callable[[Any], Sequence[Any]]:
    """What takes the values of some names out of a mapping, in one go."""
    if len(names) == 1:
        only = names[0]
        return lambda row: (row[only],)
    return operator.itemgetter(*names)
