"""What is kept of the training rows, so that new rows can be held against them?

No rows, but for each column how its cells were spread: of numbers and dates quantiles, of names how frequent each was, of texts
and pictures the same of what can be measured of them; and how columns went together, as correlations of normal scores (van der
Waerden 1952). What is kept names no single row: a quantile is a value that LEAST rows bear, or else the mean of the LEAST around
it; a name that fewer bear is only counted, as `other`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from assay.kernel.box import Box
from assay.kernel.data import Bools, Column, Dataset, Floats, Ints
from assay.kernel.plugins import MeasuresCells, modality_of, offers
from assay.kernel.rng import stream
from assay.language.languages import language_of

from .joint import Joint, distances

LEAST = 5  # rows that must bear what is kept as it stands
LEVELS = np.linspace(0.005, 0.995, 101)  # of the quantiles
MOST_LEVELS = 200  # names of one column
LONGEST = 200  # characters of a name that is kept
MOST_ROWS = 50_000  # that are looked at: beyond, quantiles no longer move
MOST_MEASURED = 2_000  # texts and pictures of one column that are measured
MOST_JOINT = 100  # columns of the joint part
SPREAD = 1e-3  # of normal scores, below which a column says nothing beside others
FARTHEST = 8.0  # normal score at which every row is equally far out
LENGTH, LANGUAGE = "length", "language"  # facts of texts; those of pictures are their modality's
DAY = 86_400_000_000  # microseconds

_NONE = np.empty(0)


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """How the training cells of one column were spread, or of one fact that is measured of them."""

    name: str
    kind: str
    rows: int  # that were looked at
    missing: float  # share of them
    # [101] of numbers and dates (in days since 1970), rising; else [0].
    edges: Floats = field(default_factory=_NONE.copy)
    levels: tuple[str, ...] = ()  # of names and flags, the most frequent first
    shares: Floats = field(default_factory=_NONE.copy)  # [levels]; with `other` they add up to 1
    other: float = 0.0
    fact: str = (
        ""  # what is measured of the cells of texts and pictures: LENGTH, "brightness"; "" for the cells themselves
    )
    below: Floats = field(default_factory=_NONE.copy)  # [101] exact share of the cells that are there below each edge
    upto: Floats = field(default_factory=_NONE.copy)  # [101] and up to it, itself included
    counted: int = 0  # cells that the shares, `below` and `upto` were counted on

    @property
    def told(self) -> bool:
        """Whether there is more to compare than missing cells."""
        return bool(self.counted)

    def scores(self, column: Column) -> Floats:
        """Normal scores of cells under the training rows [n], NaN where missing: of numbers the normal quantile of their share,
        beyond the outermost quantiles growing with the logarithm of how far; of names that of the level's middle rank, the most frequent lowest.
        """
        if self.levels or column.store == "words":
            return self._of_names(column.as_words())
        return self._of_numbers(plain(column))

    def _of_numbers(self, cells: Floats) -> Floats:
        from scipy.special import ndtri

        if not len(self.edges):
            return np.full(len(cells), np.nan)
        edges, first = np.unique(self.edges, return_index=True)
        last = len(edges) - 1
        below, upto = self.below[first], np.append(self.upto[first[1:] - 1], self.upto[-1])
        least = 0.5 / (self.counted + 1)
        ends = ndtri(np.clip([below[0], upto[-1]], least, 1 - least))
        unit = (edges[-1] - edges[0]) / (ends[1] - ends[0]) if last else 0.01 * max(1.0, abs(float(edges[0])))
        gone = np.isnan(cells)
        x = np.where(gone, edges[0], cells)
        place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, last)
        after = np.minimum(place + 1, last)
        with np.errstate(over="ignore", invalid="ignore"):
            step = np.where(after > place, edges[after] - edges[place], 1.0)
            part = np.clip((x - edges[place]) / step, 0.0, 1.0)
            share = np.where(
                x == edges[place], (below[place] + upto[place]) / 2, upto[place] + part * (below[after] - upto[place])
            )
            found = ndtri(np.clip(share, least, 1 - least))
            found = np.where(x < edges[0], ends[0] - np.log1p(np.maximum(edges[0] - x, 0.0) / unit), found)
            found = np.where(x > edges[-1], ends[1] + np.log1p(np.maximum(x - edges[-1], 0.0) / unit), found)
        return np.where(gone, np.nan, np.clip(found, -FARTHEST, FARTHEST))

    def _of_names(self, column: Column) -> Floats:
        from scipy.special import ndtri

        least = 0.5 / (self.counted + 1)
        middle = np.append(np.cumsum(self.shares) - self.shares / 2, 1.0 - self.other / 2)
        found = np.append(ndtri(np.clip(middle, least, 1 - least)), np.nan)
        return np.asarray(found[self.places(column)])

    def places(self, column: Column) -> Ints:
        """The place of each cell among `levels` [n]; len(levels) for another, -1 where missing."""
        column = column.as_words()
        assert column.levels is not None
        known = {level: place for place, level in enumerate(self.levels)}
        used, inverse = np.unique(column.cells, return_inverse=True)
        of = [known.get(str(column.levels[c]), len(known)) if c >= 0 else -1 for c in used.tolist()]
        return np.asarray(of, dtype=np.int64)[inverse]


@dataclass(frozen=True)
class Expected:
    """What the model's own probabilities led one to expect on rows that the models had not seen, and what came of it."""

    loss: float  # mean over rows of the loss that a row's probabilities expect
    spread: float  # standard deviation of it over rows
    actual: float  # mean loss
    rows: int


@dataclass(frozen=True, eq=False)
class Profile:
    """What is kept of the training rows.

    columns  : in the order of the table; facts of a column stand behind it
    names    : columns of the joint part, d of them
    joint    : correlation of their normal scores, a missing cell counting as the middle [d, d]
    whole    : what else is kept of their coming together, with enough rows and two columns
    target   : how the answers were spread, where that was asked
    expected : how sure the model was, where it has probabilities
    """

    columns: tuple[ColumnProfile, ...]
    names: tuple[str, ...]
    joint: Floats
    whole: Joint | None = None
    target: ColumnProfile | None = None
    expected: Expected | None = None

    @classmethod
    def of(
        cls,
        table: Dataset,
        names: Sequence[str],
        measured: bool = True,
        target: str = "",
        expected: Expected | None = None,
    ) -> Profile:
        """The profile of some opened columns of the training rows.

        measured : whether texts and pictures are measured, which takes time
        target   : a column that is kept beside, and is no part of `columns`
        """
        if table.rows > MOST_ROWS:
            table = table.take(np.sort(stream(0, "profile").permutation(table.rows)[:MOST_ROWS]))
        columns = tuple(one for name in names for one in _profiled(table[name], measured))
        scored: dict[str, Floats] = {}
        for one in columns:
            if len(scored) == MOST_JOINT:
                break
            if not one.fact and one.told and np.nan_to_num(found := one.scores(table[one.name])).std() > SPREAD:
                scored[one.name] = found
        told = tuple(scored)
        joint = _correlated([scored[name] for name in told])
        whole = Joint.of(np.column_stack([scored[name] for name in told]), joint) if told else None
        answers = _spread(table[target], "") if target else None
        return cls(columns, told, joint, whole, answers, expected)

    def column(self, name: str, fact: str = "") -> ColumnProfile:
        """What is kept of one column, or of a fact of it. Raises KeyError."""
        return self._by_name[name, fact]

    def scores(self, table: Dataset) -> Floats:
        """Normal scores of opened rows under the training marginals, of the columns `names`: [n, d], NaN where missing.

        How plausible a row is as a whole is told by their Mahalanobis distance under `joint`.
        """
        found = [self.column(name).scores(table[name]) for name in self.names]
        return np.column_stack(found) if found else np.empty((table.rows, 0))

    def odd(self, table: Dataset) -> Bools:
        """Rows as a whole farther out than all but one in a hundred of the training rows: bool [n]; none where nothing is kept of it."""
        if self.whole is None:
            return np.zeros(table.rows, dtype=bool)
        return np.asarray(distances(self.scores(table), self.joint) > self.whole.far)

    @functools.cached_property
    def _by_name(self) -> dict[tuple[str, str], ColumnProfile]:
        return {(one.name, one.fact): one for one in self.columns}

    # ------------------------------------------------------------------------------------------------------ file

    def dump(self, box: Box) -> None:
        """Write everything that `load` needs."""
        every = (*self.columns, *([] if self.target is None else [self.target]))
        kept = []
        for one in every:
            plain = {"name": one.name, "fact": one.fact, "kind": one.kind, "rows": one.rows, "missing": one.missing}
            plain |= {"quantiles": len(one.edges), "levels": list(one.levels), "other": one.other}
            kept.append(plain | {"counted": one.counted})
        box.put(columns=kept, names=list(self.names), target=self.target is not None)
        for array in ("edges", "below", "upto", "shares"):
            box.put_array(array, np.concatenate([_NONE, *(getattr(one, array) for one in every)]))
        box.put_array("joint", self.joint)
        if self.whole is not None:
            self.whole.dump(box.add("whole"))
        if self.expected is not None:
            box.add("expected").put(**asdict(self.expected))

    @classmethod
    def load(cls, box: Box, table: Dataset | None = None) -> Profile:
        """The profile that was dumped; with an empty opened `table` it must fit its columns. Raises BundleInvalid."""
        rows = box.rows("columns", 1_000_000)
        arrays = {name: box.array(name, np.float64, (None,)) for name in ("edges", "below", "upto", "shares")}
        places = dict.fromkeys(arrays, 0)
        columns = []
        for number, row in enumerate(rows):
            one = Box(f"{box.where}/column {number}")
            one.put(**row)
            widths = (one.whole("quantiles", 0, len(LEVELS)), len(one.texts("levels", MOST_LEVELS)))
            cut = {}
            for name, array in arrays.items():
                start, places[name] = places[name], places[name] + widths[name == "shares"]
                cut[name] = array[start : places[name]]
                if len(cut[name]) < places[name] - start:
                    raise box.refuse(f"the array '{name}' is shorter than its columns say")
            columns.append(_column(one, cut))
        if any(places[name] != len(array) for name, array in arrays.items()):
            raise box.refuse("arrays are longer than the columns say")
        names = tuple(box.texts("names", MOST_JOINT))
        joint = box.array("joint", np.float64, (len(names), len(names)))
        if not (np.array_equal(joint, joint.T) and (np.diag(joint) == 1.0).all() and (np.abs(joint) <= 1.0).all()):
            raise box.refuse("'joint' is no correlation matrix")
        target = columns.pop() if box.flag("target") and columns else None
        whole = Joint.load(box.box("whole"), len(names)) if "whole" in box.inner else None
        expected = _expected(box.box("expected")) if "expected" in box.inner else None
        found = cls(tuple(columns), names, joint, whole, target, expected)
        known = found._by_name
        if len(known) != len(columns) or len(set(names)) != len(names):
            raise box.refuse("a column stands there twice")
        for name in names:
            if (name, "") not in known or not known[name, ""].told:
                raise box.refuse(f"nothing is told of {name[:60]!r}, which 'names' holds")
        if table is not None:
            _fitting(found, table, box)
        return found


def _column(box: Box, cut: dict[str, Floats]) -> ColumnProfile:
    """One column from a file, checked."""
    levels = tuple(box.texts("levels", MOST_LEVELS))
    edges, below, upto, shares = (cut[name] for name in ("edges", "below", "upto", "shares"))
    other, counted, rows = box.real("other", 0.0, 1.0), box.whole("counted"), box.whole("rows")
    if len(edges) not in (0, len(LEVELS)) or (np.diff(edges) < 0).any():
        raise box.refuse(f"the quantiles are not {len(LEVELS)} rising numbers")
    if ((below < 0) | (upto > 1) | (below > upto)).any() or (np.diff(below) < 0).any() or (np.diff(upto) < 0).any():
        raise box.refuse("the shares below its quantiles are none")
    rising = np.diff(edges) > 0
    if (upto[:-1][rising] > below[1:][rising]).any():
        raise box.refuse("the shares below its quantiles are none")
    if len(set(levels)) != len(levels) or (shares < 0).any() or (np.diff(shares) > 0).any():
        raise box.refuse("the shares of its levels are none")
    if (len(edges) and levels) or counted > rows or bool(counted) != bool(len(edges) or levels or other):
        raise box.refuse("what it says of itself does not fit together")
    if counted and not len(edges) and abs(float(shares.sum()) + other - 1.0) > 1e-6:
        raise box.refuse("the shares of its levels do not add up to 1")
    return ColumnProfile(
        name=box.text("name"),
        kind=box.text("kind"),
        rows=rows,
        missing=box.real("missing", 0.0, 1.0),
        edges=edges,
        levels=levels,
        shares=shares,
        other=other,
        fact=box.text("fact"),
        below=below,
        upto=upto,
        counted=counted,
    )


def _expected(box: Box) -> Expected:
    """What was expected, from a file."""
    low = {"loss": 0.0, "spread": 0.0, "actual": 0.0}
    return Expected(**{name: box.real(name, at) for name, at in low.items()}, rows=box.whole("rows", 1))


def _fitting(profile: Profile, table: Dataset, box: Box) -> None:
    """Refuses a profile that speaks of other columns than the table's."""
    for one in (*profile.columns, *([] if profile.target is None else [profile.target])):
        if one.name not in table or table[one.name].kind != one.kind:
            raise box.refuse(f"{one.name[:60]!r} is no column of this kind")
        if not one.fact and len(one.edges) and table[one.name].store == "words":
            raise box.refuse(f"{one.name[:60]!r} has quantiles but no numbers")


# ----------------------------------------------------------------------------------------------------------- making


def facts_of(column: Column) -> Iterator[tuple[str, Column]]:
    """What can be measured of the cells of texts and pictures, by key, each as a column of its own; of others nothing.

    Of texts how long they are, and in which language.
    """
    if not column.kind:
        return
    modality = modality_of(column.kind)
    if isinstance(modality, MeasuresCells):
        found = modality.measures(column)
        for key, numbers in found.numbers.items():
            yield key, Column.of_numbers(column.name, numbers, kind=column.kind)
        for key, names in found.names.items():
            yield key, Column.of_words(column.name, names.tolist(), kind=column.kind)
    elif "texts" in modality.about.gives:
        assert column.levels is not None
        used, inverse = np.unique(column.cells, return_inverse=True)
        texts = [str(column.levels[c]) if c >= 0 else None for c in used.tolist()]
        sizes = np.asarray([np.nan if text is None else float(len(text)) for text in texts])
        spoken = [None if text is None else language_of(text) or None for text in texts]
        yield LENGTH, Column.of_numbers(column.name, sizes[inverse], kind=column.kind)
        yield LANGUAGE, Column.of_words(column.name, [spoken[i] for i in inverse.tolist()], kind=column.kind)


def is_measured(column: Column) -> bool:
    """Whether the cells of an opened column are told of by facts rather than by themselves."""
    if not column.kind:
        return False
    return offers(column.kind, MeasuresCells) or "texts" in modality_of(column.kind).about.gives


def some_measured(column: Column) -> Column:
    """As many cells of a column of texts or pictures as are measured, drawn evenly."""
    if len(column) <= MOST_MEASURED:
        return column
    return column.take(np.sort(stream(0, "measured", column.name).permutation(len(column))[:MOST_MEASURED]))


def _profiled(column: Column, measured: bool) -> Iterator[ColumnProfile]:
    """A column and its facts."""
    if not is_measured(column):
        yield _spread(column, "")
        return
    missing = float(column.missing.mean()) if len(column) else 0.0
    yield ColumnProfile(column.name, column.kind, len(column), missing)
    if measured:
        yield from (_spread(found, fact) for fact, found in facts_of(some_measured(column)))


def _spread(column: Column, fact: str) -> ColumnProfile:
    """How the cells of a column are spread."""
    present = column.take(~column.missing)
    missing = 1.0 - len(present) / len(column) if len(column) else 0.0
    told: dict[str, Any] = {}
    if column.store == "words" or (column.store == "numbers" and np.isin(present.cells, (0.0, 1.0)).all()):
        told = _frequent(present.as_words())
    elif len(present) >= LEAST:
        told = _quantiles(np.sort(plain(present)))
    return ColumnProfile(column.name, column.kind, len(column), missing, fact=fact, **told)


def spread_of(numbers: Floats) -> ColumnProfile:
    """How numbers [n] that are no cells are spread, such as scores: quantiles, of fewer than five nothing.

    >>> round(float(spread_of(np.arange(201.0)).edges[50]), 6)
    100.5
    """
    return _spread(Column.of_numbers("", numbers), "")


def plain(column: Column) -> Floats:
    """Numbers as they are, moments in days since 1970, NaN where missing: [n]."""
    if column.store == "moments":
        return np.where(column.missing, np.nan, column.cells.astype(np.int64) / DAY)
    return np.asarray(column.cells)


def _quantiles(x: Floats) -> dict[str, Any]:
    """Quantiles of numbers in order [n], none of them the number of a few rows alone."""
    n = len(x)
    distinct, start, count = np.unique(x, return_index=True, return_counts=True)
    place = np.rint(LEVELS * (n - 1)).astype(np.int64)
    own = np.searchsorted(start, place, side="right") - 1
    first = np.clip(place - LEAST // 2, 0, n - LEAST)
    means = (x[first[:, None] + np.arange(LEAST)] / LEAST).sum(axis=1)
    at = np.minimum(np.searchsorted(distinct, means), len(distinct) - 1)
    # A mean that is the number of a few is moved on, half way to the next.
    after = np.minimum(at + 1, len(distinct) - 1)
    known = (distinct[at] == means) & (count[at] < LEAST)
    means = np.where(known, np.where(after > at, distinct[at] / 2 + distinct[after] / 2, means), means)
    edges = np.maximum.accumulate(np.where(count[own] >= LEAST, distinct[own], means))
    below, upto = (np.searchsorted(x, edges, side=side) / n for side in ("left", "right"))
    return {"edges": edges, "below": below, "upto": upto, "counted": n}


def _frequent(column: Column) -> dict[str, Any]:
    """The names that many rows bear, and their shares, of a column of words without missing cells.

    Where some are too rare to be kept, the names are chosen on one half of the rows and counted on the other: those that just
    came to be frequent enough would else look more frequent than they are, and new rows as if they had drifted.
    """
    n = len(column)
    if not n:
        return {}
    kept, count = _chosen(column), n
    cells = column.cells
    if np.isin(cells, kept).sum() < n:
        half = stream(0, "names", column.name).permutation(n) % 2 == 0
        kept, cells = _chosen(column.take(half)), column.cells[~half]
        count = len(cells)
    if not count:
        return {}
    assert column.levels is not None
    shares = np.bincount(cells, minlength=len(column.levels))[kept] / count
    order = sorted(range(len(kept)), key=lambda k: (-float(shares[k]), str(column.levels[kept[k]])))  # type: ignore[index]
    levels = tuple(str(column.levels[kept[k]]) for k in order)
    shares = shares[order]
    rest = float(np.isin(cells, kept, invert=True).sum()) / count
    return {"levels": levels, "shares": shares, "other": rest, "counted": count}


def _chosen(column: Column) -> Ints:
    """Codes of the names that are kept: borne by LEAST rows, not too long, and not too many."""
    assert column.levels is not None
    count = np.bincount(column.cells, minlength=len(column.levels))
    often = [c for c in np.flatnonzero(count >= LEAST).tolist() if len(str(column.levels[c])) <= LONGEST]
    often.sort(key=lambda c: (-int(count[c]), str(column.levels[c])))  # type: ignore[index]
    return np.asarray(often[:MOST_LEVELS], dtype=np.int64)


def _correlated(scores: list[Floats]) -> Floats:
    """Correlations of normal scores, rounded so that they are the same on every machine: [d, d]."""
    if not scores:
        return np.empty((0, 0))
    x = np.nan_to_num(np.column_stack(scores))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    found = np.clip(np.round(x.T @ x / len(x), 6), -1.0, 1.0)
    found = (found + found.T) / 2
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)
