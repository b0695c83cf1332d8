"""What is a table, inside Assay?

A Dataset is named columns of one length. A Column keeps its cells in one of three stores, all numpy, so that ten
million rows stay affordable (docs/decisions/0002-column-store.md):

- numbers: float64, NaN where missing;
- words:   int32 codes into `levels` (distinct strings, in order of first appearance), -1 where missing;
- moments: datetime64[us], NaT where missing.

What a column *means* (its kind) and what it is *for* (its role) are names set by the plan. A Dataset knows nothing of
files: readers make it, and say in `Source` what they met. Words may name files (a picture is a path in a column); then
`home` says from where (`kernel.files` reads them).
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import DataError, Part
from .hints import did_you_mean, listing
from .words import refusal
from .written_orders import flag_words, words_in

ROLES = ("feature", "target", "id", "group", "time", "weight", "sensitive", "audited", "dropped")
CLOCK = "date:clock"  # the kind of clock times without a day: moments of 1 January 1970
DECIMAL = re.compile(r"-?[0-9]++(?:\.[0-9]*+)?")
DECIMALS = re.compile(rf"(?:{DECIMAL.pattern}(?:\n|\Z))++")  # one a line
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One thing known about every row.

    home : where words that name files are looked up: a folder, a zip, or "" for the working directory. It is of this
           machine, no part of what the column holds: it enters no hash and is written into no file or report.
    zone : of raw moments the time zone that they came with (`kernel.zones`): they are kept in UTC. "" where they came without one,
           and once they are opened
    """

    name: str
    cells: NDArray[Any]
    levels: NDArray[np.object_] | None = None
    kind: str = ""
    role: str = "feature"
    home: str = ""
    zone: str = ""

    def __post_init__(self) -> None:
        if self.levels is not None and self.cells.dtype != np.int32:
            raise TypeError(f"codes of '{self.name}' must be int32, not {self.cells.dtype}")
        if self.levels is None and self.cells.dtype != np.float64 and self.cells.dtype != np.dtype("datetime64[us]"):
            raise TypeError(f"cells of '{self.name}' must be float64 or datetime64[us], not {self.cells.dtype}")

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def store(self) -> str:
        """ "numbers", "words" or "moments"."""
        if self.levels is not None:
            return "words"
        return "numbers" if self.cells.dtype == np.float64 else "moments"

    @property
    def missing(self) -> Bools:
        """True where the cell is missing: bool [n]."""
        if self.levels is not None:
            return np.asarray(self.cells < 0)
        return np.asarray(np.isnan(self.cells) if self.cells.dtype == np.float64 else np.isnat(self.cells))

    @functools.cached_property
    def distinct(self) -> int:
        """How many different cells there are, missing ones left out; none is spelled.

        >>> Column.of_words("x", ["10", "9", None, "9"]).distinct, Column.of_numbers("x", [0.5, 0.5, np.nan]).distinct
        (2, 1)
        """
        cells = self.cells[~self.missing]
        if self.levels is not None:
            return int(np.count_nonzero(np.bincount(cells, minlength=1)))
        cells = np.sort(cells)  # a third of what `np.unique` takes
        return len(cells) and 1 + int((cells[1:] != cells[:-1]).sum())

    @functools.cached_property
    def decimals(self) -> bool:
        """Whether all levels are decimal numbers as computers write them, and therefore nothing else: told once for all who ask.

        >>> Column.of_words("x", ["12.5", "-3", None]).decimals, Column.of_words("x", ["12.5", "1e3"]).decimals
        (True, False)
        """
        if self.levels is None or not len(self.levels) or not DECIMAL.fullmatch(str(self.levels[0])):
            return False
        lines = "\n".join(map(str, self.levels))
        return DECIMALS.fullmatch(lines) is not None and lines.count("\n") == len(self.levels) - 1

    @functools.cached_property
    def floats(self) -> Floats | None:
        """The numbers of the levels as Python reads them [k]; None where it does not read all of them, and where one is 12_3.

        >>> Column.of_words("x", ["12.5", "nan"]).floats, Column.of_words("x", ["12.5", "12_3"]).floats is None
        (array([12.5,  nan]), True)
        """
        texts = [] if self.levels is None else [*map(str, self.levels)]
        try:
            values = [*map(float, texts)]
        except ValueError:
            return None
        if any("_" in text for text in texts):
            return None
        found = np.asarray(values, dtype=np.float64)
        found.setflags(write=False)  # everybody who asks is given the same
        return found

    def take(self, rows: NDArray[Any] | slice) -> Column:
        """The same column for some rows (indices or a mask); levels are shared."""
        return Column(  # not by `replace`, which takes longer than all else: tables have thousands of columns
            name=self.name, cells=self.cells[rows], levels=self.levels,
            kind=self.kind, role=self.role, home=self.home, zone=self.zone,
        )  # fmt: skip

    def texts(self) -> NDArray[np.object_]:
        """Every cell as it would be written, None where missing: object [n]."""
        out = np.empty(len(self), dtype=object)
        if self.levels is not None:
            present = self.cells >= 0
            out[present] = self.levels[self.cells[present]]
            return out
        present = ~self.missing
        cells = self.cells[present]
        if self.store == "numbers":
            out[present] = [plain_number(v, self.kind) for v in cells.tolist()]
        else:
            out[present] = [plain_moment(v, self.kind) for v in cells]
        return out

    def as_words(self) -> Column:
        """The same column stored as words: each distinct cell spelled once."""
        if self.levels is not None:
            return self
        present = ~self.missing
        distinct, inverse = np.unique(self.cells[present], return_inverse=True)
        levels = np.empty(len(distinct), dtype=object)
        levels[:] = replace(self, cells=distinct).texts()
        codes = np.full(len(self), -1, dtype=np.int32)
        codes[present] = inverse.astype(np.int32)
        return replace(self, cells=codes, levels=levels)

    def followed_by(self, other: Column) -> Column:
        """The cells of this column, and below them those of another of the same store.

        >>> Column.of_words("fruit", ["fig"]).followed_by(Column.of_words("fruit", ["date", "fig"])).cells.tolist()
        [0, 1, 0]
        """
        if self.levels is None or other.levels is None:
            return replace(self, cells=np.concatenate([self.cells, other.cells]))
        whole = Column.of_words(self.name, [*self.texts(), *other.texts()])
        return replace(whole, kind=self.kind, role=self.role, home=other.home)

    @classmethod
    def of_words(cls, name: str, texts: Iterable[str | None], **more: Any) -> Column:
        """A column of words from texts; None is missing.

        >>> Column.of_words("fruit", ["fig", None, "fig"]).cells.tolist()
        [0, -1, 0]
        """
        seen: dict[str, int] = {}
        codes = [-1 if text is None else seen.setdefault(text, len(seen)) for text in texts]
        levels = np.empty(len(seen), dtype=object)
        levels[:] = list(seen)
        return cls(name=name, cells=np.asarray(codes, dtype=np.int32), levels=levels, **more)

    @classmethod
    def of_numbers(cls, name: str, values: Any, **more: Any) -> Column:
        """A column of numbers; NaN is missing."""
        return cls(name=name, cells=np.asarray(values, dtype=np.float64), **more)


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a table came from and what its reader met on the way."""

    name: str = "table"
    reader: str = "frame"
    details: Mapping[str, Any] = field(default_factory=dict)  # separator, encoding, header row ...
    rows_read: int = 0
    rows_repaired: int = 0
    rows_refused: int = 0
    examples: tuple[str, ...] = ()  # a few of the repaired or refused lines, for people to look at
    target: str = ""  # the column that the layout of files makes the answer, where no other is named


@dataclass(frozen=True, eq=False)
class Dataset:
    """Named columns of one length, and where they came from."""

    columns: tuple[Column, ...]
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns}
        if len(lengths) > 1:
            raise TypeError(f"columns differ in length: {sorted(lengths)}")
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise TypeError("column names must be distinct; readers rename duplicates")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)

    @functools.cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Column:
        try:
            return self._by_name[name]
        except KeyError:
            raise no_such_column(name, self) from None

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def take(self, rows: NDArray[Any] | slice) -> Dataset:
        """The same columns for some rows."""
        return Dataset(tuple(column.take(rows) for column in self.columns), self.source)

    def only(self, names: Sequence[str]) -> Dataset:
        """Some of the columns, in the order asked for."""
        return Dataset(tuple(self[name] for name in names), self.source)

    def having(self, *columns: Column) -> Dataset:
        """A copy in which these columns replace those of the same name, or are added at the end."""
        new = {column.name: column for column in columns}
        kept = [new.pop(column.name, column) for column in self.columns]
        return Dataset((*kept, *new.values()), self.source)

    def at(self, home: str) -> Dataset:
        """A copy whose words, where they name files, name those in `home`; a column that has a home keeps it.

        >>> Dataset((Column.of_words("picture", ["cat.png"]),)).at("/pets")["picture"].home
        '/pets'
        """
        homeless = [column for column in self.columns if column.store == "words" and not column.home]
        return self.having(*(replace(column, home=home) for column in homeless))

    def with_role(self, role: str) -> tuple[Column, ...]:
        """The columns that have a role."""
        return tuple(column for column in self.columns if column.role == role)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of names and cells; kinds, roles and the file's wording of the table do not enter."""
        digest = hashlib.sha256()
        for column in self.columns:
            zone = f"\x1f{column.zone}" if column.zone else ""
            digest.update(f"{column.name}\x1f{column.store}{zone}\x1e".encode("utf-8", "surrogatepass"))
            digest.update(np.ascontiguousarray(column.cells).tobytes())
            if column.levels is not None:
                digest.update("\x1f".join(column.levels.tolist()).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def no_such_column(name: str, data: Dataset) -> DataError:
    """The error for a column that is not there."""
    hint: Part = did_you_mean(name, data.names) or ""
    return refusal(
        DataError,
        "kernel",
        "no_column",
        expected=hint,
        name=data.source.name,
        column=name,
        n=len(data.names),
        known=listing(data.names, 30),
    )


def plain_number(value: float, kind: str = "") -> str:
    """A number as a file would write it: whole numbers without a point; of a kind of words in an order, the word at that place.

    >>> plain_number(3.0), plain_number(0.1), plain_number(3.0, "number:order:low,mid,high"), plain_number(1.0, "flag:no,yes")
    ('3', '0.1', 'high', 'yes')
    """
    if ":" in kind:  # a variant may name words
        if (words := words_in(kind)) and value in range(1, len(words) + 1):
            return words[int(value) - 1]
        if (words := flag_words(kind)) and value in (0, 1):
            return words[int(value)]
    return str(int(value)) if value == value and abs(value) < 2**53 and value == int(value) else repr(float(value))


def plain_day(days: float, kind: str = "") -> str:
    """The day of a moment in days since 1970; of the kind of clock times the time, to the second.

    >>> plain_day(19_000.5), plain_day(0.75, CLOCK)
    ('2022-01-08', '18:00:00')
    """
    if kind == CLOCK:
        return plain_moment(np.datetime64(round(days * 86_400), "s"), kind)
    return plain_moment(np.datetime64(math.floor(days), "D"))


def plain_moment(value: np.datetime64, kind: str = "") -> str:
    """A moment in ISO 8601, the time left away at midnight; of the kind of clock times the time alone.

    >>> plain_moment(np.datetime64("1970-01-01T18:56")), plain_moment(np.datetime64("1970-01-01T18:56"), CLOCK)
    ('1970-01-01T18:56:00', '18:56:00')
    """
    text = str(value.astype("datetime64[us]"))
    day, _, time = text.partition("T")
    if kind == CLOCK:
        return time.removesuffix(".000000")
    if time in ("", "00:00:00.000000"):
        return day
    return f"{day}T{time.removesuffix('.000000')}"
