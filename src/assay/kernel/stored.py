"""What is a table that is larger than the memory it may take?

A Stored table knows its rows and names, and gives some of its rows or all of them, block after block, never all at once.
Readers make it; a Dataset at hand can stand for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .data import Dataset, Ints

BLOCK = 16_384  # rows looked at together; readers hold whole pages of each column beside them


class Stored(Protocol):
    """A table block by block. Rows are numbered from 0 in the order of the file."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, as `read` would give them."""
        ...

    def take(self, rows: Ints) -> Dataset:
        """Some of the rows, by number in rising order, as raw columns."""
        ...

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """All rows as raw columns, in order, at most BLOCK rows at once; of the columns named, or of all."""
        ...

    def as_whole(self, names: Sequence[str]) -> Stored:
        """The same table, whose blocks of these columns are what `read` would make of the whole: numbers or words alike."""
        ...

    def close(self) -> None:
        """Give back files that were made for it. May be called twice."""
        ...


@dataclass(frozen=True, eq=False)
class Held:
    """A Dataset at hand, block by block."""

    data: Dataset

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.data.rows

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return self.data.names

    def take(self, rows: Ints) -> Dataset:
        """Some of the rows."""
        return self.data.take(rows)

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """All rows, in order."""
        data = self.data if names is None else self.data.only(names)
        for start in range(0, data.rows, BLOCK):
            yield data.take(slice(start, start + BLOCK))

    def as_whole(self, names: Sequence[str]) -> Held:
        """It is whole."""
        return self

    def close(self) -> None:
        """Nothing was made."""


@dataclass(frozen=True, eq=False)
class At:
    """A stored table whose words, where they name files, name those in `home`."""

    table: Stored
    home: str

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.table.rows

    @property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return self.table.names

    def take(self, rows: Ints) -> Dataset:
        """Some of the rows."""
        return self.table.take(rows).at(self.home)

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """All rows, in order."""
        return (block.at(self.home) for block in self.table.blocks(names))

    def as_whole(self, names: Sequence[str]) -> At:
        """The same, its blocks made as of the whole."""
        return At(self.table.as_whole(names), self.home)

    def close(self) -> None:
        """Give back files that were made for it."""
        self.table.close()


def evenly_drawn(rows: int, count: int, rng: np.random.Generator) -> Ints:
    """Numbers of `count` of the rows in rising order, each block giving its share: int64 [count].

    Every row of a block is as likely as any other; no array as long as the table is made.

    >>> len(evenly_drawn(1_000_000, 1_000, np.random.default_rng(0)))
    1000
    """
    if count >= rows:
        return np.arange(rows, dtype=np.int64)
    edges = np.append(np.arange(0, rows, BLOCK, dtype=np.int64), rows)
    shares = np.diff(edges * count // rows)
    drawn = [
        start + np.sort(rng.choice(size, share, replace=False, shuffle=False))
        for start, size, share in zip(edges[:-1], np.diff(edges), shares, strict=True)
    ]
    return np.concatenate(drawn).astype(np.int64)
