"""Is the table read at once, or drawn from?

A source that can be asked block by block is measured against the memory before it is read: what fits is read as ever; of what
does not, evenly drawn rows are read, and the rest stays where it is until the chosen model is fitted on all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .kernel import memory
from .kernel.data import Dataset, Ints
from .kernel.plan import Plan
from .kernel.stored import Held, Stored
from .planning.draw import reopen
from .planning.fitting import Fit, fit, limit_of
from .planning.target import lacks_answers, usable_rows, with_answers
from .planning.wishes import Wishes
from .reading import read, stored


@dataclass(frozen=True, eq=False)
class Opened:
    """The rows at hand, how they fit, and the whole table where they are not all of it."""

    data: Dataset
    fit: Fit
    stored: Stored | None
    wishes: Wishes  # with a target

    def numbers(self, plan: Plan) -> Ints:
        """The number in the whole table of each row that the plan uses."""
        assert self.fit.drawn is not None
        roles = (plan.target, *plan.names("weight"), plan.splits.time)
        some = reopen(self.data.only([name for name in roles if name]), plan)
        weight = some[plan.names("weight")[0]] if plan.names("weight") else None
        time = some[plan.splits.time] if plan.splits.time else None
        return np.asarray(self.fit.drawn[usable_rows(some[plan.target], weight, time)[0]])


@dataclass(frozen=True, eq=False)
class Answered:
    """A stored table in which no target was named and every row has one answer, as `with_answers` gives it."""

    table: Stored
    wishes: Wishes

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.table.rows

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, the target last."""
        return (*self.table.names, self.wishes.target)

    def take(self, rows: Ints) -> Dataset:
        """Some of the rows."""
        return with_answers(self.table.take(rows), self.wishes)

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """All rows, in order."""
        asked = self.names if names is None else tuple(names)
        kept = [name for name in asked if name in self.table.names]
        for block in self.table.blocks(kept or self.table.names[:1]):
            yield with_answers(block, self.wishes).only(asked)

    def as_whole(self, names: Sequence[str]) -> Answered:
        """Blocks of these columns as of the whole."""
        return Answered(self.table.as_whole([name for name in names if name in self.table.names]), self.wishes)

    def close(self) -> None:
        """Files that were made for it are gone."""
        self.table.close()


@contextmanager
def opening(source: Any, wishes: Wishes, options: dict[str, Any]) -> Iterator[Opened]:
    """The source opened; files made on the way are gone afterwards, whatever happens.

    Raises DataError where it cannot be read, RequestError where not even the least of it fits the memory.
    """
    limit = limit_of(wishes)
    table = stored(source, limit, **options)
    data = None
    if table is None:  # its door gives all of it or nothing
        data = read(source, **options)
        table = Held(data)
    wishes = wishes.told_by(source if isinstance(source, Dataset) else data)
    if lacks_answers(table.names, wishes):
        table = Answered(table, wishes)
    try:
        fits = fit(table, wishes, limit)
        if fits.drawn is not None:
            data = table.take(fits.drawn)
            memory.give_back()
            yield Opened(data, fits, table, wishes)
        else:
            yield Opened(data if data is not None else read(source, **options), fits, None, wishes)
    finally:
        table.close()
