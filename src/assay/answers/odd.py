"""How odd is each row beside good ones?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats
from assay.kernel.words import Say
from assay.stats.alarms import GoodScores

from .written import Written, beside


@dataclass(frozen=True)
class OddAnswer:
    """How odd one row is."""

    answer: str  # the label of good ones, or that of odd ones where an alarm is raised
    score: float  # how odd, in standard deviations of good ones; an alarm is raised above 0
    p: float  # share of good ones that look at least so odd
    notes: tuple[Say, ...]
    out_of_range: bool  # some cell is unlike anything in training

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Plain JSON values, the notes in `lang`."""
        said = {"answer": self.answer, "score": self.score, "p": self.p}
        return {**said, "notes": [note.text(lang) for note in self.notes], "out_of_range": self.out_of_range}


@dataclass(frozen=True, eq=False, repr=False)
class OddAnswers(Written):
    """How odd n rows are, by calibrated scores [n] and the share of good ones at least so odd [n]."""

    ids: tuple[Column, ...]
    labels: tuple[str, ...]  # of good ones and of odd ones
    scores: Floats
    p: Floats
    notes: tuple[tuple[Say, ...], ...]
    out_of_range: NDArray[np.bool_]
    index: Any = None  # of the pandas frame that was asked about [n]

    @classmethod
    def of(cls, scores: Floats, good: GoodScores, **more: Any) -> OddAnswers:
        """From calibrated scores [n, 1]."""
        return cls(scores=scores[:, 0], p=good.p_values(scores[:, 0]), **more)

    def __len__(self) -> int:
        return len(self.scores)

    def row(self, place: int) -> OddAnswer:
        """The answer of one row, counted from 0."""
        said = float(self.scores[place]), float(self.p[place])
        return OddAnswer(str(self.answer[place]), *said, self.notes[place], bool(self.out_of_range[place]))

    @property
    def answer(self) -> NDArray[Any]:
        """The label of each row."""
        return np.asarray(np.asarray(self.labels, dtype=object)[(self.scores > 0).astype(np.int64)])

    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """Everything as named lists, in the order of the written file."""
        notes = ["; ".join(note.text(lang) for note in row) for row in self.notes]
        numbers = ("score", self.scores.tolist()), ("p", self.p.tolist())
        return beside(self.ids, (("answer", self.answer.tolist()), *numbers, ("notes", notes)))
