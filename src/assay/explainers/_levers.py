"""What may each column of a row be changed to?

To cells that training rows hold, within their range, written as the table writes them, and only in the direction that is
allowed. A number costs as many standard deviations as it moves, by normal scores, so that incomes and ages are counted alike; a name
costs more the rarer it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.written_orders import NO_YES, flag_words
from assay.stats.profile import DAY, ColumnProfile, Profile, plain

from ._orders import ladder

STEPS = 8  # numbers of one column that are tried
NAMES = 12  # names of one column that are tried, the most frequent first
CELLS, LEAST = 400, 3  # of all columns together, and of each however many there are: every one is asked
DIGITS = 6  # behind the point: beyond, a column holds measurements, and is cut to what its spread can tell
LOOKED_AT = 1_000  # cells of the given table by which it is told how numbers are written


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a person can change: columns that stay as they are, and those that only rise or only fall."""

    held: frozenset[str] = frozenset()
    rising: frozenset[str] = frozenset()
    falling: frozenset[str] = frozenset()

    def allow(self, name: str, own: float, others: Floats) -> NDArray[np.bool_]:
        """Which of some places on a column's order may be gone to from its own [m]; from an unknown place, nowhere."""
        allowed = np.ones(len(others), dtype=bool)
        if name in self.rising:
            allowed &= others > own
        if name in self.falling:
            allowed &= others < own
        return allowed


@dataclass(frozen=True, kw_only=True, eq=False)
class Lever:
    """One column that may change, and the cells it may change to.

    place  : which of a row's normal scores is this column's
    cells  : [m] as the column stores them: numbers, moments, or codes into `levels`, the last of which is the row's own name
    scores : [m] normal scores of these cells (how far in the tail of the training rows each lies, 0 in the middle)
    cost   : [m] what each change costs, in standard deviations
    nearer : up to n cells between two, by default the row's own and a given one, with their scores and costs; None where cells have no order
    """

    name: str
    place: int
    cells: NDArray[Any]
    scores: Floats
    cost: Floats
    levels: NDArray[np.object_] | None = None
    nearer: Callable[[Any, Any, int], tuple[NDArray[Any], Floats, Floats]] | None = None

    def also(self, cells: NDArray[Any], scores: Floats, cost: Floats) -> Lever:
        """The same lever with more cells behind those it has."""
        return replace(
            self,
            cells=np.concatenate([self.cells, cells]),
            scores=np.concatenate([self.scores, scores]),
            cost=np.concatenate([self.cost, cost]),
        )


def levers(row: Dataset, table: Dataset, profile: Profile, rules: Rules) -> tuple[Lever, ...]:
    """What each column of one opened row may be changed to; columns of the rules that can go nowhere are left away.

    table : the opened rows among which the row was given, by which it is told how numbers are written
    """
    free = [name for name in profile.names if name not in rules.held and name in row]
    each, found = max(LEAST, CELLS // max(1, len(free))), []
    for place, name in enumerate(profile.names):
        if name not in free:
            continue
        one, of = profile.column(name), row[name]
        if of.store == "words":
            made = _names(of, one, place, rules, min(NAMES, each))
        else:
            made = _numbers(of, table[name], one, place, rules, min(STEPS, each))
        if len(made.cells):
            found.append(made)
    return tuple(found)


def has_order(profile: Profile, name: str) -> bool:
    """Whether the cells of a column rise and fall: numbers, dates, and names that bear numbers."""
    one = profile.column(name)
    return bool(len(one.edges)) or _is_flag(one) or bool(ladder(one.levels))


def _is_flag(one: ColumnProfile) -> bool:
    return bool(one.levels) and set(one.levels) <= set(flag_words(one.kind) or NO_YES)


# ------------------------------------------------------------------------------------------------------------- names


def _names(column: Column, one: ColumnProfile, place: int, rules: Rules, most: int) -> Lever:
    from scipy.special import ndtri

    own = column.texts()[0]
    order = ladder(one.levels) if column.name in rules.rising | rules.falling else {}
    places = np.asarray([order.get(level, np.nan) for level in one.levels])
    allowed = rules.allow(column.name, order.get(str(own), np.nan), places)
    kept = [k for k, level in enumerate(one.levels) if allowed[k] and level != own][:most]
    levels = np.empty(len(kept) + 1, dtype=object)
    levels[:] = [*(one.levels[k] for k in kept), own if own is not None else ""]
    cells = np.arange(len(kept), dtype=np.int32)
    scores = one.scores(Column(name=column.name, cells=cells, levels=levels))
    cost = ndtri(1.0 - np.clip(one.shares[kept], 1e-9, 1.0) / 2)
    return Lever(name=column.name, place=place, cells=cells, scores=scores, cost=cost, levels=levels)


# ----------------------------------------------------------------------------------------------------------- numbers


def _numbers(column: Column, table: Column, one: ColumnProfile, place: int, rules: Rules, most: int) -> Lever:
    """Numbers, moments and flags: a few spread evenly over the training rows, then whatever lies between."""
    own = float(plain(column)[0])
    scores = functools.partial(_scores, one)
    own_score = float(np.nan_to_num(scores(np.asarray([own]))[0]))

    def weighed(cells: Floats) -> tuple[NDArray[Any], Floats, Floats]:
        found = scores(cells)
        return _stored(column, cells), found, np.abs(found - own_score)

    if one.levels:
        words = flag_words(one.kind) or NO_YES
        cells = np.asarray([float(words.index(level)) for level in one.levels if level in words])
        cells = cells[(cells != own) & rules.allow(column.name, own, cells)]
        return _made(column, place, weighed(cells), None)
    digits = _digits(table, one)
    low, high = one.edges[0], one.edges[-1]

    def allowed(cells: Floats) -> Floats:
        cells = np.unique(np.round(cells, digits))
        cells = cells[(cells >= low) & (cells <= high) & (cells != own)]
        return np.asarray(cells[rules.allow(column.name, own, cells)])

    def nearer(start: Any, cell: Any, n: int) -> tuple[NDArray[Any], Floats, Floats]:
        low = own if start is None else _plain(column, start)
        high = _plain(column, cell)
        between = allowed(low + (high - low) * np.arange(1, n + 1) / (n + 1)) if low == low else np.empty(0)
        return weighed(between[(between > min(low, high)) & (between < max(low, high))])

    cells = allowed(one.edges)
    if len(cells) > most:
        cells = cells[np.unique(np.round(np.linspace(0, len(cells) - 1, most)).astype(np.int64))]
    return _made(column, place, weighed(cells), nearer)


def _made(column: Column, place: int, weighed: tuple[NDArray[Any], Floats, Floats], nearer: Any) -> Lever:
    cells, scores, cost = weighed
    return Lever(name=column.name, place=place, cells=cells, scores=scores, cost=cost, nearer=nearer)


def _scores(one: ColumnProfile, cells: Floats) -> Floats:
    """Normal scores of plain numbers [n]."""
    return one.scores(Column.of_numbers(one.name, cells, kind=one.kind))


def _plain(column: Column, cell: Any) -> float:
    """A cell as the column stores it as a plain number."""
    return float(plain(replace(column, cells=np.asarray([cell], dtype=column.cells.dtype)))[0])


def _stored(column: Column, cells: Floats) -> NDArray[Any]:
    """Plain numbers as the column stores them."""
    if column.store == "moments":
        return np.round(cells * DAY).astype(np.int64).astype("datetime64[us]")
    return cells


def _digits(column: Column, one: ColumnProfile) -> int:
    """Digits behind the point with which a column is written: in the given table, and where many training rows agree on a number."""
    often = one.edges[(one.upto - one.below) * one.counted >= 5]
    seen = np.concatenate([plain(column.take(~column.missing))[:LOOKED_AT], often])
    for digits in range(DIGITS + 1):
        if len(seen) and np.allclose(seen, np.round(seen, digits), rtol=1e-12, atol=1e-12):
            return digits
    spread = float(one.edges[-1] - one.edges[0]) or 1.0
    return int(3 - np.floor(np.log10(spread)))  # a thousandth of the spread


__all__ = ["Lever", "Rules", "has_order", "levers"]
