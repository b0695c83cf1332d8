"""How did the table write the cells that a check asks about?

Checks speak of opened columns: yes and no as 1 and 0, dates as moments. A model made elsewhere was made for the cells as they
stand in the table. Cells that stand nowhere in it (a number a little larger) are written plainly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..kernel.data import Column, Dataset
from .cells import numbers as as_numbers


@dataclass(frozen=True, eq=False)
class Written:
    """What each opened cell was, by column. Measured numbers stay numbers."""

    names: tuple[str, ...]
    texts: Mapping[str, Mapping[str, str]]  # of columns that the table writes as words
    numbers: frozenset[str]  # columns that the table holds as numbers, and that were opened as names

    @classmethod
    def of(cls, raw: Dataset, opened: Dataset, names: Sequence[str]) -> Written:
        """raw, opened : the same rows, before and after they were opened."""
        texts, numbers = {}, set()
        for name in names:
            before, after = raw[name], opened[name]
            if after.kind == "number":
                continue
            if before.store == "numbers":
                numbers.add(name)
                continue
            pairs = zip(after.texts().tolist(), before.texts().tolist(), strict=True)
            texts[name] = {a: b for a, b in reversed(list(pairs)) if a is not None and b is not None}
        return cls(tuple(names), texts, frozenset(numbers))

    def __call__(self, data: Dataset) -> Dataset:
        """The columns that the model is given, as the table writes them."""
        return Dataset(tuple(self._column(data[name]) for name in self.names), data.source)

    def _column(self, column: Column) -> Column:
        if column.name in self.numbers:
            return column if column.store == "numbers" else Column.of_numbers(column.name, as_numbers(column))
        known = self.texts.get(column.name)
        if known is None:
            return column
        words = column.as_words()
        assert words.levels is not None
        levels = np.empty(len(words.levels), dtype=object)
        levels[:] = [known.get(level, level) for level in words.levels]
        return Column(name=column.name, cells=words.cells, levels=levels, home=column.home)
