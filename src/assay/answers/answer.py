"""What does the model say of one row that comes alone?

The same numbers, sets and notes as in a table of that one row, without the table around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.kernel.words import Say
from assay.stats.conformal import ClassSets, ValueIntervals

from .one_row import Odd


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one row."""

    answer: str | float  # the label as the training file wrote it, or the value
    probabilities: Mapping[str, float]  # by label; empty for a value
    set: tuple[str, ...]  # the labels that cannot be ruled out; empty for a value
    interval: tuple[float, float] | None  # of a value; None for classes
    notes: tuple[Say, ...]
    out_of_range: bool  # some cell is unlike anything in training

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values, the notes in `lang`; the interval stands in place of the set for a value."""
        said: dict[str, Any] = {"answer": self.answer}
        if self.interval is None:
            said |= {"probabilities": dict(self.probabilities), "set": list(self.set)}
        else:
            said |= {"interval": list(self.interval)}
        notes = [note.text(lang) for note in self.notes]
        return said | {"notes": notes, "out_of_range": self.out_of_range}


def answer_of(
    found: Sequence[float],
    odd: Sequence[Odd],
    labels: tuple[str, ...],
    conformal: ClassSets | ValueIntervals,
    titles: Mapping[str, Say],
) -> Answer:
    """The answer that probabilities [k] of the labels, or one value, and odd cells come to.

    titles : the title of each column's kind
    """
    notes = [_note(cell, titles) for cell in odd]
    outside = any(cell.how != "misfit" for cell in odd)
    if isinstance(conformal, ValueIntervals):
        return Answer(found[0], {}, (), conformal.one(found[0]), tuple(notes), outside)
    among = conformal.one(found)
    top = max(range(len(found)), key=found.__getitem__)
    if not among[top]:
        notes.append(unlike(labels[top], any(among)))
    inside = tuple(label for label, in_set in zip(labels, among, strict=True) if in_set)
    return Answer(labels[top], dict(zip(labels, found, strict=True)), inside, None, tuple(notes), outside)


def unlike(label: str, others: bool) -> Say:
    """The note of a row whose set lacks its answer; `others` says whether another label is in it."""
    return Say("answers", "other_set" if others else "empty_set", {"label": label})


def _note(cell: Odd, titles: Mapping[str, Say]) -> Say:
    values: dict[str, Any] = {"name": cell.name, "value": cell.text}
    if cell.how == "misfit":
        values["kind"] = titles[cell.name]
    return Say("answers", cell.how, values)
