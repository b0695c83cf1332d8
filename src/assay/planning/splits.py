"""How are rows kept apart, and how many folds are affordable?

The plan of the splits, and the splits themselves: which rows are sealed, and the fold of every other row.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Dataset, Ints
from assay.kernel.errors import DataError
from assay.kernel.plan import BOTH, Plan, Splits
from assay.kernel.rng import stream
from assay.kernel.shelf import shelf
from assay.kernel.words import refusal
from assay.language.near import joined, near_rows
from assay.stats import leaks, splitting
from assay.stats.clusters import bound, share_moments

from .by_name import keys_of

CROSS_FIT_UP_TO = 50_000  # rows; beyond it a share is sealed (docs/decisions/0013-where-sealing-begins.md)
SEALED_SHARE, SEALED_MOST = 0.2, 20_000
DEAR_FOLDS, DEAREST_FOLDS = 5, 4  # where there are pictures, and where things are found in them
CHANCE_RATIO = 0.01  # pairs alike by chance against pairs found: below it rows are copies
CHAINED = 0.2  # share of the rows beyond which near copies hang together in a group too large for one fold
PROFILE, LEAST_PROFILE = 0.02, 10  # share of the rows, and rows, beyond which equal rows may be a profile
LEFT = 0.5  # share of its training rows that each fold must keep, else groups are not kept apart in time
HALF, LEAST_CLASS = 0.5, 20  # share of a class that near copies kept in one fold may take, where it has so many rows


@dataclass(frozen=True, eq=False)
class Split:
    """Sealed rows, the fold of every row (-1: sealed, only trained on, or left out with its sealed group), groups and times where they matter."""

    sealed: Ints
    rest: Ints  # rows that teach, or are measured across the folds: all others but those of a sealed group
    folds: Ints  # [n]
    groups: Ints | None
    times: NDArray[Any] | None
    both: bool = False  # no group stands on both sides, and no row is predicted from a later one
    named: bool = False  # the groups are those that a person named, not rows that are found to be alike

    @property
    def apart(self) -> Ints | None:
        """The groups that learners keep apart, too, where they choose by rows of their own [n]; copies may well come again, and they need not."""
        return self.groups if self.named else None

    @property
    def forward(self) -> bool:
        """Whether folds follow each other in time."""
        return self.times is not None

    def blocks(self, rows: Ints) -> Ints | None:
        """Which of some rows err together [m]: those of one moment, unless groups are kept apart in time, too, or else of one group;
        None where each errs by itself."""
        groups = None if self.groups is None else self.groups[rows]
        if self.times is not None and not self.both:
            moments = np.unique(self.times[rows], return_inverse=True)[1]
            if share_moments(moments, groups):
                return moments
        return None if groups is None else bound(groups)

    def rounds(self) -> Iterator[tuple[int, Ints, Ints]]:
        """(fold, training rows, held-out rows) for each fold."""
        groups = self.groups[self.rest] if self.both and self.groups is not None else None
        for fold, train, held in splitting.rounds(self.folds[self.rest], self.forward, groups):
            yield fold, self.rest[train], self.rest[held]


def plan_splits(
    rows: int,
    least_class: int,
    group: str,
    time: str,
    asked: int,
    sealed_share: float | None = None,
    drawn: bool = False,
    dear: int = 0,
) -> Splits:
    """How many folds, and how many rows are sealed: `sealed_share` of them where it is given.

    drawn : the rows were drawn from a larger table; what learns from all of it can only be measured on sealed rows
    dear  : folds at most, where fits are dear: a network that had a fifth of the time is ahead of one on a few more rows that had a tenth
    """
    share = SEALED_SHARE if drawn or rows > CROSS_FIT_UP_TO else 0.0
    sealed = min(int(rows * share), SEALED_MOST) if sealed_share is None else int(rows * sealed_share)
    usual = 10 if rows < 500 else 8 if rows < 3_000 else 5 if rows < 200_000 else 3
    folds = asked or (min(usual, dear) if dear else usual)
    folds = max(2, min(folds, rows // 2))
    if least_class and not asked:
        folds = max(2, min(folds, least_class))
    how = "time" if time else "grouped" if group else "stratified"
    return Splits(how=how, folds=folds, sealed=sealed, group=group, time=time)


def few_groups(splits: Splits, table: Dataset) -> Splits:
    """The splits, with no more folds than there are groups."""
    if not splits.group or splits.time:
        return splits
    return replace(splits, folds=max(2, min(splits.folds, len(np.unique(_named_groups(table, splits.group))))))


def both_ways(splits: Splits, table: Dataset, strata: Ints) -> Splits:
    """The splits, with no group on both sides in time either where one and a time were named and enough is left to learn from.

    Earlier rows of a group that is measured do not teach then. Where groups go on through time (every shop in every month) hardly
    any row would be left: then time alone decides.
    """
    if not (splits.group and splits.time):
        return splits
    groups, times = _named_groups(table, splits.group), table[splits.time].cells
    both = replace(splits, how=BOTH)
    usual, apart = (_drawn(way, groups, times, strata, stream(0, "both ways")) for way in (splits, both))
    left = {fold: len(train) for fold, train, _ in apart.rounds()}
    enough = all(left.get(fold, 0) >= LEFT * len(train) for fold, train, _ in usual.rounds())
    return both if enough else splits


def check_groups(table: Dataset, group: str) -> None:
    """Rows can be kept apart by two groups or more. Raises DataError."""
    if group and len(np.unique(_named_groups(table, group))) < 2:
        raise refusal(DataError, "planning", "one_group", group=group)


def check_times(table: Dataset, time: str) -> None:
    """There is a before and an after. Raises DataError."""
    if time and len(np.unique(table[time].cells)) < 2:
        raise refusal(DataError, "planning", "one_time", time=time)


def copy_groups(features: Dataset, strata: Ints) -> tuple[Ints, int] | None:
    """Groups of exact copies and the rows that have one; None where there are none worth the care.

    Many equal rows whose answers differ are no copies but a profile that is often met, such as customers who did nothing: were they kept
    together, one fold would hold all of them, and no model be measured that had met one.
    """
    group, copied, chance = leaks.copies(features)
    if not copied:
        return None
    size = np.bincount(group)
    answers = np.bincount(np.unique(group * (strata.max() + 1) + strata) // (strata.max() + 1), minlength=len(size))
    profile = (size > max(LEAST_PROFILE, PROFILE * len(group))) & (answers > 1)
    group = np.where(profile[group], len(size) + np.arange(len(group)), group)
    rows, pairs = int((~profile & (size > 1)) @ size), leaks.copied_pairs(group)
    return (group, rows) if rows >= 2 and chance < CHANCE_RATIO * pairs else None


@dataclass(frozen=True, eq=False)
class NearCopies:
    """Rows whose texts, or whose pictures, are nearly those of another row, or whose names tell that they are of one thing."""

    groups: Ints  # rows that stay on one side of every split: [n]
    kept: int  # rows that stay with another
    let_go: int  # rows with a near copy whose group is too large to stay on one side


def with_copies(plan: Plan, table: Dataset, strata: Ints) -> NearCopies:
    """The named groups, those together that exact copies tie; each by itself where the copies tie so many that no fold could hold them."""
    named = _named_groups(table, plan.splits.group)
    found = copy_groups(table.only(plan.names("feature") + plan.names("sensitive")), strata)
    if found is None:
        return NearCopies(named, 0, 0)
    tied = joined(named, found[0])
    across = np.unique(np.column_stack([found[0], named]), axis=0)[:, 0]  # once for each group that has a copy
    n = int(np.isin(found[0], np.flatnonzero(np.bincount(across) > 1)).sum())
    largest = np.unique(named, return_counts=True)[1].max()
    if np.bincount(tied).max() > max(largest, CHAINED * table.rows):
        return NearCopies(named, 0, n)
    return NearCopies(tied, n, 0)


def near_copies(plan: Plan, table: Dataset, strata: Ints) -> NearCopies | None:
    """Rows kept together because their texts are nearly the same; None where there are none or the splits are named.

    A group of more than a fifth of the rows, or of half a class, is let go: a fold would be nothing but that group, or a
    class would be measured by models that hardly met it.
    """
    if plan.splits.group or plan.splits.time:
        return None
    return _kept_together(near_rows(table, text_columns(plan)), strata)


def near_pictures(plan: Plan, table: Dataset, strata: Ints) -> NearCopies | None:
    """Rows kept together because their pictures are nearly the same, by the same rules."""
    if plan.splits.group or plan.splits.time:
        return None
    return _kept_together(leaks.near_cells(table, plan.names("feature") + plan.names("sensitive")), strata)


def named_groups(plan: Plan, table: Dataset, strata: Ints) -> NearCopies | None:
    """Rows kept together because the names of their pictures tell that they are of one thing, by the same rules."""
    if not plan.splits.named:
        return None
    key = keys_of(table[plan.splits.named], plan.splits.name_rule)
    return _kept_together(np.where(key < 0, np.arange(table.rows), table.rows + key), strata)


def _kept_together(group: Ints, strata: Ints) -> NearCopies | None:
    group = np.unique(group, return_inverse=True)[1]
    n, size = len(group), np.bincount(group)
    copied = size[group] > 1
    if not copied.any():
        return None
    kinds, stratum, rows = np.unique(strata, return_inverse=True, return_counts=True)
    cell, count = np.unique(group * len(kinds) + stratum, return_counts=True)
    held = count / np.maximum(rows[cell % len(kinds)], LEAST_CLASS)
    whole = np.zeros(len(size), dtype=bool)
    whole[cell[held > HALF] // len(kinds)] = True
    large = copied & (whole[group] | (size[group] > max(2, CHAINED * n)))
    groups = np.where(large, np.arange(n), n + group)
    return NearCopies(groups, int((copied & ~large).sum()), int(large.sum()))


def text_columns(plan: Plan) -> tuple[str, ...]:
    """The columns of free text that are learnt from."""
    room = shelf("modalities")
    columns = [c for c in plan.columns if c.role in ("feature", "sensitive")]
    return tuple(c.name for c in columns if "texts" in room.get(c.kind.partition(":")[0]).about.gives)


def draw_splits(plan: Plan, table: Dataset, strata: Ints) -> Split:
    """The sealed rows and the folds that the plan describes."""
    times = table[plan.splits.time].cells if plan.splits.time else None
    drawn = _drawn(plan.splits, _groups(plan, table, strata), times, strata, stream(plan.seed, "splits"))
    return replace(drawn, named=bool(plan.splits.group))


def _drawn(
    splits: Splits, groups: Ints | None, times: NDArray[Any] | None, strata: Ints, rng: np.random.Generator
) -> Split:
    n, both = len(strata), splits.both
    rest, sealed = np.arange(n), np.empty(0, dtype=np.int64)
    if splits.sealed:
        rest, sealed = splitting.carve(rest, splits.sealed / n, strata, groups, times, rng, measured=True)
    if both and groups is not None:
        rest = rest[~np.isin(groups[rest], groups[sealed])]
    folds = np.full(n, -1, dtype=np.int64)
    if times is not None:
        folds[rest] = splitting.time_folds(times[rest], splits.folds)
    elif groups is not None:
        k = min(splits.folds, len(np.unique(groups[rest])))
        if k < 2:
            key = "few_groups" if splits.sealed else "one_group"
            raise refusal(DataError, "planning", key, group=splits.group)
        folds[rest] = splitting.grouped_folds(groups[rest], strata[rest], k, rng)
    else:
        folds[rest] = splitting.random_folds(strata[rest], splits.folds, rng)
    return Split(sealed, rest, folds, groups, times, both)


def _groups(plan: Plan, table: Dataset, strata: Ints) -> Ints | None:
    if plan.splits.group:
        return _named_groups(table, plan.splits.group) if plan.splits.time else with_copies(plan, table, strata).groups
    if plan.splits.time:
        return None
    found = copy_groups(table.only(plan.names("feature") + plan.names("sensitive")), strata)
    near = (near_copies(plan, table, strata), near_pictures(plan, table, strata), named_groups(plan, table, strata))
    ways = [*([found[0]] if found else []), *(way.groups for way in near if way and way.kept)]
    return functools.reduce(joined, ways) if ways else None


def _named_groups(table: Dataset, group: str) -> Ints:
    column = table[group].as_words()
    lone = np.arange(len(column)) + len(column.levels if column.levels is not None else ())
    return np.where(column.missing, lone, column.cells.astype(np.int64))  # a missing group is a group of one
