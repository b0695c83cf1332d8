"""What does the model say of one row, before a table is made of it?

The quick road (`one_row`) with what stands behind it: probabilities or a value, sets, notes, and the threshold of the row's group
where groups have their own. What the road does not bear says so by None, and the row goes as a table of one row: boxes, oddness, a name that
is not there to the letter, and a row of no known group, which is refused there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from assay.kernel.cells import Cell, Moment
from assay.kernel.data import Column
from assay.kernel.errors import DataError
from assay.kernel.plan import Plan
from assay.kernel.plugins import Codec, OpensCells, Task, TellsUsual, modality_of
from assay.kernel.words import Say, refusal
from assay.reading import IsColumn, cell_of, column_of, is_column, is_row, is_sure_cell, spelled, wrote_commas
from assay.search.ensemble import Ensemble
from assay.stats.conformal import ClassSets, ValueIntervals
from assay.stats.group_thresholds import GroupThresholds
from assay.stats.promises import Promise

from .answer import Answer, answer_of
from .gaps import never_missing
from .one_row import OneRow, answers_of
from .opened import PLAIN, as_learnt

DAY = 86_400e6  # microseconds


class Alone:
    """The road of a row that comes alone, in the words of the task."""

    def __init__(
        self,
        ensemble: Ensemble,
        task: Task,
        codec: Codec,
        plan: Plan,
        conformal: Promise,
        thresholds: GroupThresholds | None,
    ) -> None:
        self._codec, self._conformal, self._several = codec, conformal, ensemble.head.name == "flags"
        self._said = (ensemble, task, codec, plan, conformal, thresholds)
        self._ensemble, self._plan, self._task, self._thresholds = ensemble, plan, task, thresholds

    def __reduce__(self) -> Any:
        return Alone, self._said

    @cached_property
    def road(self) -> OneRow:
        """From cells to raw scores."""
        kinds = {c.name: c.kind for c in self._plan.columns}
        return OneRow(self._ensemble, kinds, never_missing(self._plan), wrote_commas(self._plan.data))

    @property
    def quick(self) -> bool:
        """Whether no row that holds all columns has to go as a table."""
        return isinstance(self._conformal, ClassSets | ValueIntervals) and self._thresholds is None and self.road.quick

    def answer(self, row: Mapping[Any, Any]) -> Answer | None:
        """The answer to one row; None where it must go as a table. Raises IsColumn where the mapping holds columns."""
        if not isinstance(self._conformal, ClassSets | ValueIntervals):
            return None
        values = self.values(row)
        if values is None:
            return None
        limit = None if self._limit is None else self._limit(row)
        if self._limit is not None and limit is None:
            return None
        scores, odd = self.road.scores(values)
        found, codec, chosen = self._answers(scores), self._codec, None
        if codec.costs:
            weighed = [a * b for a, b in zip(found, codec.costs, strict=True)]
            chosen = weighed.index(max(weighed))
        elif limit is not None:
            assert self._thresholds is not None
            favoured = self._thresholds.favoured
            chosen = favoured if found[favoured] > limit else 1 - favoured
        return answer_of(
            found, odd, codec.labels, self._conformal, self._titles, codec.scale, codec.grades, self._several, chosen
        )

    def values(self, row: Mapping[Any, Any]) -> Sequence[Any] | None:
        """The values of the model's columns; None where one is not there by its very name.

        A reader would then look again without the blanks around it, or say what is lacking. Raises IsColumn.
        """
        found = self.road.values(row)
        if found is None and any(map(is_column, row.values())):
            raise IsColumn
        return found

    def is_row(self, row: Mapping[Any, Any]) -> bool:
        """Whether a mapping holds the cells of one row. Raises DataError where a list among them is no cell of its column."""
        if not is_row(row):
            return False
        for place, name in enumerate(self._ensemble.parts):
            if name in row and is_column(row[name]) and not self._may_be_list(place, row[name]):
                other = next(key for key, value in row.items() if is_sure_cell(value))
                value = " ".join(spelled(row[name]).split())[:60]
                said: dict[str, Any] = {"name": name, "n": len(row[name]), "value": value, "other": str(other)}
                raise refusal(DataError, "answers", "list_cell", **said, kind=self._titles[name])
        return True

    def _may_be_list(self, place: int, value: Any) -> bool:
        """Whether a list may be a cell of one of the model's columns: it reads as its kind, and where names are known some are lists."""
        name = self._ensemble.parts[place]
        modality = modality_of(self._plan.column(name).kind)
        if not isinstance(value, list | tuple | np.ndarray) or modality.open(column_of(name, spelled(value))).misfits:
            return False
        encoder = self._ensemble.encoders[0].parts[place]
        known = encoder.usual.codes if isinstance(encoder, TellsUsual) else {}
        return not known or any(text.startswith("[") for text in known)

    @cached_property
    def _answers(self) -> Callable[[list[float]], list[float]]:
        return answers_of(self._task)

    @cached_property
    def _titles(self) -> dict[str, Say]:
        return {c.name: Say(f"modalities/{c.kind.partition(':')[0]}", "title") for c in self._plan.columns}

    @cached_property
    def _limit(self) -> Callable[[Mapping[Any, Any]], float | None] | None:
        """What gives the threshold of a row's group, None where none is known; None where groups have none."""
        if self._thresholds is None:
            return None
        kind = self._plan.column(self._thresholds.column).kind
        return _limit_of(self._thresholds, kind, wrote_commas(self._plan.data))


def _limit_of(thresholds: GroupThresholds, kind: str, commas: bool) -> Callable[[Mapping[Any, Any]], float | None]:
    """As `GroupThresholds.of` a table of the one row."""
    modality, band, name = modality_of(kind), thresholds.band, thresholds.column
    places = {level: place for place, level in enumerate(band.levels)}
    limits, edges = thresholds.limits.tolist(), band.edges.tolist()
    words = modality.open(Column.of_words(name, [])).column.store == "words"

    def opened(value: Any) -> Cell:
        if isinstance(modality, OpensCells):
            raw = cell_of(value)
            return modality.open_cell(as_learnt(raw, commas) if kind == PLAIN else raw)
        column = modality.open(column_of(name, value)).column
        if column.missing[0]:
            return None
        return str(column.texts()[0]) if words else column.cells.astype(np.float64).tolist()[0]

    def limit(row: Mapping[Any, Any]) -> float | None:
        if name not in row:
            return None
        cell = opened(row[name])
        if cell is None:
            found = limits[band.size]
        elif words:
            place = places.get(str(cell), -1)
            found = limits[place] if place >= 0 else np.nan
        else:
            found = limits[bisect_left(edges, cell / DAY if isinstance(cell, Moment) else float(cell))]
        return found if found == found else None

    return limit
