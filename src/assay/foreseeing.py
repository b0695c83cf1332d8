"""How long will an answer take? Told before anything is learnt, where one row is to be answered within a stated time.

Candidates learn from a few hundred rows of the table for some seconds, and are asked as what ships will be: one row alone, from a
mapping to its Answer, and many at once. Models of all rows are larger, so what is told is the least to be expected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .answers.stopwatch import seconds_one_row, some_rows
from .kernel.clock import Clock
from .kernel.data import Column, Dataset, Ints
from .kernel.errors import RequestError
from .kernel.plan import Plan, Splits
from .kernel.plugins import task_of
from .kernel.rng import stream
from .kernel.shelf import shelf
from .kernel.words import Say
from .model import Model
from .planning.durations import written
from .search.ensemble import Ensemble
from .search.latency import alone, costs
from .search.run import Found, search

ROWS, A_CLASS = 400, 4  # rows learnt from, and of a rare class at the least
SECONDS, LOOK = 6.0, 0.05  # for all candidates to learn; for one measurement of one row
# Rows at once, how often they are asked, and seconds after which they are not again.
BATCH, TIMES, MOST_SECONDS = 1_000, 3, 0.2


def foreseen(plan: Plan, raw: Dataset, table: Dataset) -> Say:
    """What an answer of each candidate takes at the least: a note of the plan.

    raw, table : the table as it was read, and as the plan opened it
    """
    few = table.take(_some(plan, table))
    asked = replace(plan, splits=Splits(how="random", folds=2), ship="bag", mitigation={}, readable=False)
    try:
        found = search(asked, few, Clock.start(SECONDS), lambda _: None)
    except RequestError as error:
        # Nothing came to an end, or so few rows teach nothing: that is no reason to have no plan.
        return Say("planning", "note.foreseen_none", {"rows": few.rows, "seconds": SECONDS, "why": error.said[0]})
    rows = some_rows(raw, found.ensemble.parts)
    many = table.take(np.arange(min(BATCH, table.rows)))
    bare, added = costs(found, True, lambda ensemble, most: _seconds(asked, found, ensemble, rows, most), LOOK)
    least = {place: bare + more for place, more in added.items()}
    told = []
    for place in sorted(least, key=lambda place: least[place]):
        row = _pace(alone(found, place, True), many)
        one = {"name": found.outcomes[place].trial.name, "alone": written(least[place]), "row": written(row)}
        told.append(Say("planning", "note.foreseen_one", one))
    every = [candidate for candidate in plan.candidates if shelf("learners").get(candidate.learner).about.order > 0]
    values = {"rows": few.rows, "told": told, "folds": plan.splits.folds, "n": len(told), "all": len(every)}
    return Say("planning", "note.foreseen" if plan.ship == "bag" else "note.foreseen_refit", values)


def _some(plan: Plan, table: Dataset) -> Ints:
    """Rows by chance, a few of each class among them."""
    task = task_of(plan.task)
    target = table[plan.target]
    order = stream(plan.seed, "foreseen").permutation(table.rows)
    strata = task.strata(task.encode(target, task.codec(target)))[order]
    kept = np.arange(table.rows) < ROWS
    for one in np.unique(strata):
        kept[np.flatnonzero(strata == one)[:A_CLASS]] = True
    return np.sort(order[kept])


def _seconds(plan: Plan, found: Found, ensemble: Ensemble, rows: Sequence[Mapping[str, Any]], most: float) -> float:
    model = Model(
        plan=plan, codec=found.codec, ensemble=ensemble, conformal=found.settled.conformal, constant=found.constant
    )
    return seconds_one_row(model.predict, rows, most)


def _pace(ensemble: Ensemble, rows: Dataset) -> float:
    """Seconds a row of many asked at once, the quickest of a few times; of texts nothing is known from the time before."""
    found: list[float] = []
    whole = Clock.start(MOST_SECONDS)
    while not found or (len(found) < TIMES and not whole.expired()):
        new = Dataset(tuple(_anew(column) for column in rows), rows.source)
        clock = Clock.start(MOST_SECONDS)
        ensemble.scores(new)
        found.append(clock.spent())
    return min(found) / max(1, rows.rows)


def _anew(column: Column) -> Column:
    """The same cells in arrays of their own."""
    return replace(column, cells=column.cells.copy(), levels=None if column.levels is None else column.levels.copy())
