"""How do rows that come in blocks get means of the target by rare names?

The blocks are gone through twice: first to add up targets by name and inner fold, then to tell each row the mean of its name
among the rows of the other folds. What is kept between is sums, not rows.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..kernel.data import Floats
from ..kernel.forms import Head
from ..kernel.stream import Stream
from ..stats.heads import targets
from .batches import told
from .choose import INNER, Recipe
from .keys import Key
from .made import Made
from .sums import Sums

CENTRED = 10_000  # rows that tell from where targets are added up


def made_in_blocks(recipe: Recipe, stream: Stream, head: Head, rng: np.random.Generator) -> tuple[Made, Stream]:
    """What makes the columns of a recipe of names alone (`of_names`), and the stream with them."""
    fold = rng.integers(INNER, size=stream.rows, dtype=np.int8)
    columns = [(recipe.keys[k], output) for k in recipe.first for output in range(recipe.outputs)]
    tables, apart = [], []
    for sums in _added_up(columns, stream, head, fold):
        every = functools.reduce(operator.add, sums)
        tables.append(every.drawn())
        apart.append(np.stack([(every - own).drawn() for own in sums]))  # [folds, drawers]
    first, none = np.repeat(recipe.first, recipe.outputs), np.full(len(columns), -1)
    made = Made(
        recipe.columns, recipe.operation, recipe.left, recipe.right, recipe.keys, first, none, none, tuple(tables)
    )

    def blocks() -> Iterator[Floats]:
        for values, rows in _blocks(stream):
            found = [table[fold[rows], key(values)] for table, (key, _) in zip(apart, columns, strict=True)]
            yield np.column_stack([values, *found])

    return made, replace(stream, sample=lambda: told(made, stream.sample()), blocks=blocks)


def _added_up(
    columns: list[tuple[Key, int]], stream: Stream, head: Head, fold: np.typing.NDArray[np.int8]
) -> list[list[Sums]]:
    """The targets of each column's drawers, for each inner fold."""
    centre = _hot(stream, head, slice(CENTRED)).mean(axis=0)
    none = np.zeros(0, dtype=np.int64)
    sums = [
        [Sums.of(none, np.zeros(0), np.zeros(0), key.size, float(centre[output])) for _ in range(INNER)]
        for key, output in columns
    ]
    for values, rows in _blocks(stream):
        hot = _hot(stream, head, rows)
        weight = np.ones(len(values)) if stream.weight is None else np.asarray(stream.weight[rows], dtype=np.float64)
        for known, (key, output) in zip(sums, columns, strict=True):
            place = key(values)
            for number in range(INNER):
                own = fold[rows] == number
                known[number] += Sums.of(place[own], hot[own, output], weight[own], key.size, float(centre[output]))
    return sums


def _hot(stream: Stream, head: Head, rows: slice) -> Floats:
    """What answers of some rows should be; classes may come as numbers of any type."""
    y = np.asarray(stream.y[rows])
    return targets(head, y.astype(np.int64) if head.name == "classes" else y)


def _blocks(stream: Stream) -> Iterator[tuple[Floats, slice]]:
    """The blocks, and which rows they are; read to their end, so that their reader lets go."""
    ends = np.cumsum([0, *stream.sizes]).tolist()
    rows = [slice(start, end) for start, end in itertools.pairwise(ends)]
    yield from zip(stream.blocks(), rows, strict=True)
