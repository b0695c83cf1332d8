"""What may checks ask of a model that was made elsewhere?

Scores, and the pulls of its columns. Nothing is known of its inside: pulls are Shapley values, estimated by taking columns
from a usual row to the row asked about, one after the other in a random order (Štrumbelj & Kononenko 2014). What a column
changes on its way is its pull, so the pulls of each order add up to the score exactly, and so does their mean. Orders come in pairs, one the
reverse of the other (Mitchell et al. 2022), each with a usual row of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..kernel.clock import Clock
from ..kernel.data import Bools, Column, Dataset, Floats, Ints
from ..kernel.errors import DataError, DoesNotApply
from ..kernel.plugins import PictureReasons, TextReasons
from ..kernel.rng import stream
from ..kernel.words import Say
from .answers import Wanted
from .asking import ask
from .door import Door
from .written import Written

ORDERS = (16, 8, 4, 2)  # as many as a tenth of the time allows
SHARE = 0.1  # of the time that is left, for the pulls of one block of rows


@dataclass(frozen=True, eq=False)
class View:
    """A model behind a door, as checks see it."""

    door: Door
    written: Written
    wanted: Wanted
    usual: Dataset  # opened rows that pulls are held against, ORDERS[0] / 2 of them
    clock: Clock
    per_row: float  # seconds
    seed: int

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns the model is given."""
        return self.written.names

    @property
    def folds(self) -> int:
        """One model answers."""
        return 1

    def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Raw scores [n, w]. Raises DoesNotApply where the model gives none to one of the rows, or time is short."""
        self._in_time(data.rows, self.clock.remaining())
        try:
            found = ask(self.door, self.written(data), self.wanted, self.clock, patient=True)
        except DataError as error:  # well asked of the table's own rows, and not of these
            raise DoesNotApply(Say("foreign", "made_wrong", {"why": error.said[0]})) from error
        if found.why:
            said = {"n": len(found.why), "all": found.asked, "why": found.reasons()}
            raise DoesNotApply(Say("foreign", "made_rows", said))
        return found.scores

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        """Pull of each column, the base last: [n, parts + 1, w]; they add up to the scores."""
        n, d = data.rows, len(self.parts)
        least = SHARE * self.clock.remaining()
        orders = next((k for k in ORDERS if self.per_row * n * (k * (d - 1) + 1) <= least), ORDERS[-1])
        self._in_time(n * (orders * (d - 1) + 1), least)
        rng = stream(self.seed, "foreign", "orders")
        half = min(orders // 2, self.usual.rows)
        ways = [order for _ in range(half) for order in _and_back(rng.permutation(d))]
        own, base = self.scores(data), self.scores(self.usual.take(np.arange(half)))  # [n, w], [half, w]
        between = self._between(data, ways)  # [ways, d - 1, n, w]
        out = np.zeros((n, d + 1, own.shape[1]))
        for place, order in enumerate(ways):
            start = np.broadcast_to(base[place // 2], own.shape)[None]
            steps = np.concatenate([start, between[place], own[None]])  # [d + 1, n, w]
            out[:, order] += np.moveaxis(np.diff(steps, axis=0), 0, 1)
        out[:, :d] /= len(ways)
        out[:, d] = own - out[:, :d].sum(axis=1)
        return out

    def words(self, row: Dataset, fold: int | None = None) -> tuple[TextReasons, ...]:
        """Nothing is known of single words."""
        return ()

    def pictures(self, row: Dataset, fold: int | None = None) -> tuple[PictureReasons, ...]:
        """Nothing is known of places."""
        return ()

    def shuffled(self, fold: int, data: Dataset, seed: int) -> View:
        """There are no weights at hand to be shuffled."""
        raise DoesNotApply(Say("foreign", "no_inside"))

    def scores_hiding(self, data: Dataset, hidden: Mapping[str, Bools], folds: Ints | None = None) -> Floats:
        """Places of pictures cannot be hidden from it."""
        raise DoesNotApply(Say("foreign", "no_inside"))

    def size_bytes(self) -> int:
        """Size of its file; 0 where there is none."""
        return self.door.known.size

    def _between(self, data: Dataset, ways: list[Ints]) -> Floats:
        """Scores of rows on their way: of each order the first, the first two ... columns are the row's own."""
        n, d, k = data.rows, len(self.parts), len(ways)
        rank = np.stack([np.argsort(order) for order in ways])  # [k, d]: when each column is changed
        is_own = rank[:, None, :] < np.arange(1, d)[None, :, None]  # [k, d - 1, d]
        mine = np.broadcast_to(np.arange(n), (k, d - 1, n))
        usual = np.broadcast_to((n + np.arange(k) // 2)[:, None, None], (k, d - 1, n))
        columns = []
        for j, part in enumerate(self.parts):
            place = np.where(is_own[:, :, j, None], mine, usual).reshape(-1)
            columns.append(_then(data[part], self.usual[part]).take(place))
        if d == 1:
            return np.zeros((k, 0, n, self.wanted.width))
        return self.scores(Dataset(tuple(columns), data.source)).reshape(k, d - 1, n, -1)

    def _in_time(self, rows: int, seconds: float) -> None:
        """Raises DoesNotApply where so many rows take longer than there is time."""
        if self.per_row * rows > seconds:
            said = {"n": rows, "seconds": self.per_row * rows, "left": seconds}
            raise DoesNotApply(Say("foreign", "slow", said))


def _and_back(order: Ints) -> tuple[Ints, Ints]:
    return order, order[::-1].copy()


def _then(one: Column, other: Column) -> Column:
    """The cells of one column, then those of another of the same name."""
    if one.levels is None or one.levels is other.levels:
        return Column(
            name=one.name,
            cells=np.concatenate([one.cells, other.cells]),
            levels=one.levels,
            kind=one.kind,
            role=one.role,
            home=one.home,
        )
    both = Column.of_words(one.name, [*one.texts(), *other.texts()])
    return Column(name=one.name, cells=both.cells, levels=both.levels, kind=one.kind, role=one.role, home=one.home)
