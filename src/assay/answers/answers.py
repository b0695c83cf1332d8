"""What does the model say of each row?

One answer a row, with its probability or interval, its prediction set, and what is unusual about the row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.labels import joined
from assay.kernel.plugins import MovesCells, modality_of
from assay.kernel.words import Say
from assay.stats.grades import inside, nearest

from .answer import Answer, borne, grade_text, value_of
from .gaps import NOTHING
from .misfits import misfit
from .written import Written, beside


@dataclass(frozen=True, eq=False, repr=False)
class Answers(Written):
    """Answers for n rows. `probabilities` is [n, k] for k labels; for values `interval` is [n, 2], on a `scale` of grades too."""

    ids: tuple[Column, ...]
    labels: tuple[str, ...]
    probabilities: Floats | None
    values: Floats | None
    sets: Bools | None
    interval: Floats | None
    notes: tuple[tuple[Say, ...], ...]
    out_of_range: Bools
    several: bool = False  # a row may bear several labels: its answer is a tuple of them
    scale: tuple[float, ...] = ()  # the grades, where values are told as the nearest of them
    grades: tuple[str | float, ...] = ()  # what each of the scale is told as
    chosen: Ints | None = None  # the place of the label of each row [n], where it need not be the most probable
    index: Any = None  # of the pandas frame that was asked about [n]

    def __len__(self) -> int:
        return len(self.out_of_range)

    def row(self, place: int) -> Answer:
        """The answer of one row, counted from 0."""
        notes, outside = self.notes[place], bool(self.out_of_range[place])
        if self.probabilities is None:
            assert self.values is not None
            assert self.interval is not None
            low, high = self.interval[place].tolist()
            return value_of(float(self.values[place]), (low, high), notes, outside, self.scale, self.grades)
        assert self.sets is not None
        p = dict(zip(self.labels, self.probabilities[place].tolist(), strict=True))
        left = tuple(label for label, among in zip(self.labels, self.sets[place].tolist(), strict=True) if among)
        if self.several:
            return Answer(borne(list(p.values()), self.labels), p, left, None, notes, outside)
        top = max(p, key=lambda label: p[label]) if self.chosen is None else self.labels[int(self.chosen[place])]
        return Answer(top, p, left, None, notes, outside)

    @property
    def answer(self) -> NDArray[Any]:
        """The answer of each row: labels as the training file wrote them, values, or the nearest grades."""
        if self.several:
            assert self.probabilities is not None
            found = np.empty(len(self), dtype=object)
            found[:] = [borne(row, self.labels) for row in self.probabilities.tolist()]
            return found
        if self.probabilities is not None:
            top = self.probabilities.argmax(axis=1) if self.chosen is None else self.chosen
            return np.asarray(np.asarray(self.labels, dtype=object)[top])
        assert self.values is not None
        if self.scale:
            told = np.asarray(self.grades, dtype=object if isinstance(self.grades[0], str) else np.float64)
            return np.asarray(told[nearest(self.values, np.asarray(self.scale))])
        return self.values

    def columns(self, lang: str = "en") -> dict[str, list[Any]]:
        """Everything as named lists, in the order of the written file."""
        return beside(self.ids, self._said(lang))

    def _said(self, lang: str) -> Iterator[tuple[str, Sequence[Any]]]:
        """Everything but what rows are known by."""
        yield "answer", ["|".join(labels) for labels in self.answer] if self.several else self.answer.tolist()
        if self.probabilities is not None:
            assert self.sets is not None
            yield from ((f"p_{label}", self.probabilities[:, i].tolist()) for i, label in enumerate(self.labels))
            yield "set", [joined(compress(self.labels, row)) for row in self.sets.tolist()]
        else:
            assert self.interval is not None
            if self.scale:
                assert self.values is not None
                yield "value", self.values.tolist()
            yield "low", self.interval[:, 0].tolist()
            yield "high", self.interval[:, 1].tolist()
            yield "set", self._intervals()
        yield "notes", ["; ".join(note.text(lang) for note in row) for row in self.notes]

    def _intervals(self) -> list[str]:
        """Each interval as written, or the grades within."""
        assert self.interval is not None
        if not self.scale:
            return [f"[{low:.6g}, {high:.6g}]" for low, high in self.interval.tolist()]
        among = inside(self.interval, np.asarray(self.scale)).tolist()
        grades = [*map(grade_text, self.grades)]
        return [joined(compress(grades, row)) for row in among]


def notes_of(
    strange: Bools,
    data: Dataset,
    parts: tuple[str, ...],
    raw: Dataset,
    kinds: Mapping[str, str],
    never: Mapping[str, Say],
) -> dict[int, list[Say]]:
    """A note for each cell that is strange, does not read as its kind, is read as another one, or is missing as none was in training, by
    row; most rows have none.

    never : the note of a cell that is missing, of each part where none was in training
    """
    out: dict[int, list[Say]] = {}
    nothing = _all_missing(data, parts)
    for place, name in enumerate(parts):
        column = data[name]
        rows = np.flatnonzero(strange[:, place])
        if len(rows):
            texts = column.take(rows).texts()
            key = "unseen" if column.store == "words" else "outside"
            for row, text in zip(rows.tolist(), texts, strict=True):
                out.setdefault(row, []).append(Say("answers", key, {"name": name, "value": text}))
        if name not in raw:
            continue
        if name in never and (missing := column.missing).any():
            for row in np.flatnonzero(missing & raw[name].missing & ~nothing).tolist():
                out.setdefault(row, []).append(never[name])
        modality = modality_of(kinds[name])
        if raw[name].cells is not column.cells:  # else it is as it stood: nothing was lost
            bad = np.flatnonzero(column.missing & ~raw[name].missing)
            for row, text in zip(bad.tolist(), raw[name].take(bad).texts(), strict=True):
                out.setdefault(row, []).append(misfit(modality, name, text))
        if isinstance(modality, MovesCells):
            for row in np.flatnonzero(modality.moved(raw[name])).tolist():
                out.setdefault(row, []).append(Say(f"modalities/{modality.about.key}", "moved", {"name": name}))
    for row in np.flatnonzero(nothing).tolist():
        out.setdefault(row, []).append(NOTHING)
    return out


def _all_missing(data: Dataset, names: Sequence[str]) -> Bools:
    """The rows [n] without a cell in any of these columns; mostly the first column tells that there is none."""
    found = np.ones(data.rows, dtype=bool)
    for name in names:
        if not found.any():
            break
        found &= data[name].missing
    return found


def by_row(notes: Mapping[int, Sequence[Say]], rows: int) -> tuple[tuple[Say, ...], ...]:
    """The notes of every row, most of which have none."""
    out: list[tuple[Say, ...]] = [()] * rows
    for row, said in notes.items():
        out[row] = tuple(said)
    return tuple(out)
