"""What is kept of an hour of traffic?

One row of numbers: how many rows came, what was answered, and for each column how many cells lay at each of the places that the model's own profile
tells apart. Of what looks for odd rows the scores are counted at the quantiles of those
of good ones. Numbers of several workers and hours add up. No cell and no name stands in it: what they are called is told by the model file alone.
It says nothing of rows that came from one client, or twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.answers.answer import Answer
from assay.answers.boxes import BoxAnswer, FoundBox
from assay.answers.odd import OddAnswer
from assay.answers.opened import opened
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.plugins import MeasuresCells, modality_of
from assay.kernel.rng import stream
from assay.model import Model
from assay.reading import read
from assay.stats.alarms import GoodScores
from assay.stats.drift import Tally, places
from assay.stats.expectation import expected_losses
from assay.stats.profile import ColumnProfile, Profile, facts_of, some_measured, spread_of

# Sums over rows that who has the model file can undo where the rows are few: cosines of scores, losses, sizes of pulls.
UNDONE = ("loss", "pulled", "pulls", "odd", "joined", "mean", "square")
HIDDEN = 500  # rows over which such sums are added up before they are written
FEW = 10  # rows over which counts are added up, for the same reason: of one row they tell between which quantiles its numbers lie
FORM = 2  # of the numbers: another release that puts them otherwise counts up
PULLED, ASKED = 20, 200  # rows of one batch whose pulls, and whose loss by fold models, are looked at


Given = Answer | BoxAnswer | OddAnswer


@dataclass(frozen=True, eq=False)
class Layout:
    """Where each number stands among those of one model."""

    model: Model
    at: Mapping[str, slice]
    columns: tuple[tuple[ColumnProfile, slice], ...]
    score: tuple[ColumnProfile, slice] | None  # how odd good rows look, where odd ones are looked for
    size: int

    @classmethod
    def of(cls, model: Model) -> Layout:
        """The layout that a model's profile asks for; of one without a profile only rows and answers are counted."""
        profile, parts = model.profile, len(model.ensemble.parts)
        m = 0 if profile is None or profile.whole is None else len(profile.whole.mean)
        widths = {"rows": 1, "left": 1, "outside": 1, "answers": max(1, len(named(model))), "empty": 1, "set": 1}
        widths |= {"loss": 3, "pulled": 1, "pulls": parts, "odd": 1, "joined": 1, "mean": m, "square": m * m}
        at, place = {}, 0
        for name, width in widths.items():
            at[name], place = slice(place, place + width), place + width
        columns = []
        for one in _looked_at(profile):
            columns.append((one, slice(place, place + 2 + places(one))))
            place = columns[-1][1].stop
        score = None
        if isinstance(model.conformal, GoodScores):
            good = spread_of(model.conformal.scores)
            score = good, slice(place, place + 2 + places(good))
            place = score[1].stop
        return cls(model, at, tuple(columns), score, place)

    def empty(self) -> Floats:
        """No row."""
        return np.zeros(self.size)

    def parted(self, numbers: Floats) -> tuple[Floats, Floats]:
        """Numbers in two that add up to them: counts, and sums that few rows do not hide in."""
        sums = self.empty()
        for name in UNDONE:
            sums[self.at[name]] = numbers[self.at[name]]
        return numbers - sums, sums

    def tallies(self, numbers: Floats) -> Iterator[tuple[ColumnProfile, Tally]]:
        """Each column's cells as they were counted."""
        for one, where in self.columns:
            yield one, _tally(numbers[where])

    def scored(self, numbers: Floats) -> Tally | None:
        """How odd rows looked, where odd ones are looked for."""
        return None if self.score is None else _tally(numbers[self.score[1]])

    def of_rows(self, rows: Any, answers: Sequence[Given], looked: bool) -> Floats:
        """The numbers of some rows and their answers.

        looked : whether a few of them are also asked how sure fold models are, and what each column pulls

        Raises AssayError where the rows cannot be opened.
        """
        found = self.empty()
        found[self.at["rows"]] = len(answers)
        self._answers(found, answers)
        profile = self.model.profile
        if profile is None or not answers:
            return found
        raw = read(rows)
        data = opened(raw.only([name for name in self.model.needs if name in raw]), self.model.plan, ())
        cells = _cells(profile, raw, data)
        for one, where in self.columns:
            if (one.name, one.fact) in cells:
                found[where] = _plain(cells[one.name, one.fact])
        self._together(found, profile, data)
        if looked:
            self._looked(found, data)
        return found

    def _answers(self, found: Floats, answers: Sequence[Given]) -> None:
        place = {label: k for k, label in enumerate(named(self.model))}
        said = np.zeros(max(1, len(place)))
        for one in answers:
            answer = one.answer
            for each in answer if isinstance(answer, tuple) else (answer,):
                label = each.label if isinstance(each, FoundBox) else each
                if label in place:
                    said[place[label]] += 1
        found[self.at["answers"]] = said
        found[self.at["empty"]] = sum(one.answer == () for one in answers)
        if self.score is not None:
            scores = np.asarray([one.score for one in answers if isinstance(one, OddAnswer)])
            found[self.score[1]] = _plain(Tally.of(self.score[0], Column.of_numbers("", scores)))
        found[self.at["outside"]] = sum(one.out_of_range for one in answers)
        found[self.at["set"]] = sum(len(getattr(one, "set", ())) for one in answers)

    def _together(self, found: Floats, profile: Profile, data: Dataset) -> None:
        if profile.whole is None or any(name not in data for name in profile.names):
            return
        features = profile.whole.features(profile.scores(data))
        found[self.at["joined"]] = data.rows
        found[self.at["odd"]] = int(profile.odd(data).sum())
        found[self.at["mean"]] = features.sum(axis=0)
        found[self.at["square"]] = (features.T @ features).ravel()

    def _looked(self, found: Floats, data: Dataset) -> None:
        """How sure fold models are of a few rows, and what each column pulls: asked as the drift check asks it."""
        of, rng = self.model, stream(0, "looked at", data.rows)
        some = data.take(np.sort(rng.permutation(data.rows)[:ASKED]))
        folds = np.arange(some.rows) % len(of.ensemble.encoders)
        losses = None
        if of.profile is not None and of.profile.expected is not None:
            losses = expected_losses(of.task, of.codec, of.ensemble.scores(some, folds))
        if losses is not None:
            found[self.at["loss"]] = len(losses), losses.sum(), (losses**2).sum()
        few = some.take(np.arange(min(PULLED, some.rows)))
        size = np.abs(of.ensemble.contributions(few)[:, :-1]).mean(axis=2)
        found[self.at["pulled"]], found[self.at["pulls"]] = few.rows, size.sum(axis=0)


def named(model: Model) -> tuple[Any, ...]:
    """What answers are counted by: labels, or grades; nothing of other values."""
    return model.codec.labels or model.codec.grades


def _tally(numbers: Floats) -> Tally:
    return Tally(int(numbers[0]), int(numbers[1]), numbers[2:])


def _plain(tally: Tally) -> Floats:
    return np.concatenate([[tally.rows, tally.missing], tally.counts])


def _looked_at(profile: Profile | None) -> Iterator[ColumnProfile]:
    """The columns, and facts of texts; of pictures nothing is kept for long enough to be measured beside a request."""
    for one in () if profile is None else profile.columns:
        if not (one.fact and isinstance(modality_of(one.kind), MeasuresCells)):
            yield one


def _cells(profile: Profile, raw: Dataset, data: Dataset) -> dict[tuple[str, str], Tally]:
    """Each column, and each fact of texts, counted at the places of its profile; of pictures whether one was sent."""
    found = {}
    facts = {(one.name, one.fact) for one in profile.columns}
    for name in dict.fromkeys(one.name for one in profile.columns if one.name in data):
        column = data[name]
        pictured = isinstance(modality_of(column.kind), MeasuresCells)  # a file that was sent is gone by now
        found[name, ""] = Tally.of(profile.column(name), raw[name] if pictured else column)
        if not pictured:
            for fact, cells in facts_of(some_measured(column)):
                if (name, fact) in facts:
                    found[name, fact] = Tally.of(profile.column(name, fact), cells)
    return found
