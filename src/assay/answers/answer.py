"""What does the model say of one row that comes alone?

The same numbers, sets and notes as in a table of that one row, without the table around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from assay.kernel.data import plain_number
from assay.kernel.words import Say
from assay.stats import grades
from assay.stats.conformal import ClassSets, ValueIntervals

from .one_row import Odd

LIKELY = 0.5  # probability above which a label is answered, where a row may bear several


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one row."""

    # The label as the training file wrote it, the value or nearest grade, or the labels.
    answer: str | float | tuple[str, ...]
    probabilities: Mapping[str, float]  # by label; empty for a value
    set: tuple[str, ...]  # the labels or grades that cannot be ruled out; empty for a value
    interval: tuple[float, float] | None  # of a value; None for classes
    notes: tuple[Say, ...]
    out_of_range: bool  # some cell is unlike anything in training
    value: float | None = None  # that a grade is nearest to

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values, the notes in `lang`; the interval stands in place of the set for a value, both for a grade."""
        said: dict[str, Any] = {"answer": list(self.answer) if isinstance(self.answer, tuple) else self.answer}
        if self.interval is None:
            said["probabilities"], said["set"] = dict(self.probabilities), list(self.set)
        else:
            if self.value is not None:
                said["value"], said["set"] = self.value, list(self.set)
            said["interval"] = list(self.interval)
        said["notes"] = [note.text(lang) for note in self.notes]
        said["out_of_range"] = self.out_of_range
        return said


def answer_of(
    found: Sequence[float],
    odd: Sequence[Odd],
    labels: tuple[str, ...],
    conformal: ClassSets | ValueIntervals,
    titles: Mapping[str, Say],
    scale: tuple[float, ...] = (),
    told: tuple[str | float, ...] = (),
    several: bool = False,
    chosen: int | None = None,
) -> Answer:
    """The answer that probabilities [k] of the labels, or one value, and odd cells come to.

    titles : the title of each column's kind
    scale  : the grades, where the value is told as the nearest of them
    told   : what each of them is told as
    several : a row may bear several labels
    chosen : the place of the label, where its group has a threshold or mistakes have costs; by default the most probable
    """
    notes = [_note(cell, titles) for cell in odd] if odd else []
    outside = bool(odd) and any(cell.how in ("outside", "unseen") for cell in odd)
    if isinstance(conformal, ValueIntervals):
        return value_of(found[0], conformal.one(found[0]), tuple(notes), outside, scale, told)
    among = conformal.one(found)
    inside, p = tuple(compress(labels, among)), dict(zip(labels, found, strict=True))
    if several:
        return Answer(borne(found, labels), p, inside, None, tuple(notes), outside)
    likeliest = found.index(max(found))
    top = likeliest if chosen is None else chosen
    if not among[likeliest]:
        notes.append(unlike(labels[likeliest], any(among)))
    if top != likeliest and not among[top]:
        notes.append(out_of_set(labels[top]))
    return Answer(labels[top], p, inside, None, tuple(notes), outside)


def borne(p: Sequence[float], labels: Sequence[str]) -> tuple[str, ...]:
    """The labels that are more likely than not, of probabilities [k]."""
    return tuple(label for label, share in zip(labels, p, strict=True) if share > LIKELY)


def value_of(
    value: float,
    interval: tuple[float, float],
    notes: tuple[Say, ...],
    outside: bool,
    scale: tuple[float, ...],
    told: tuple[str | float, ...],
) -> Answer:
    """The answer that one value comes to: itself, or the grade nearest to it and those in its interval."""
    if not scale:
        return Answer(value, {}, (), interval, notes, outside)
    steps = np.asarray(scale)
    among = grades.inside(np.asarray([interval]), steps)[0]
    grade = told[int(grades.nearest(np.asarray([value]), steps)[0])]
    inside = tuple(grade_text(g) for g, in_set in zip(told, among.tolist(), strict=True) if in_set)
    return Answer(grade, {}, inside, interval, notes, outside, value)


def grade_text(grade: str | float) -> str:
    """A grade as it is written in a set."""
    return grade if isinstance(grade, str) else plain_number(grade)


def unlike(label: str, others: bool) -> Say:
    """The note of a row whose set lacks its most probable label; `others` says whether another label is in it."""
    return Say("answers", "other_set" if others else "empty_set", {"label": label})


def out_of_set(label: str) -> Say:
    """The note of a row that costs, or its group's threshold, answer with a label which its set lacks."""
    return Say("answers", "out_of_set", {"label": label})


def _note(cell: Odd, titles: Mapping[str, Say]) -> Say:
    if cell.note is not None:
        return cell.note
    if cell.how == "moved":
        return Say(titles[cell.name].owner, "moved", {"name": cell.name})
    return Say("answers", cell.how, {"name": cell.name, "value": cell.text})
