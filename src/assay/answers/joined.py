"""How do answers to some rows and to those behind them become answers to all? Field by field, whatever kind of answers they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from assay.kernel.data import Column

from .answers import Answers
from .boxes import BoxAnswers
from .odd import OddAnswers

T = TypeVar("T", Answers, BoxAnswers, OddAnswers)


def joined(blocks: Sequence[T]) -> T:
    """Answers of one model to blocks of rows, in order, as answers to all of these rows."""
    first = blocks[0]
    if len(blocks) == 1:
        return first
    return replace(first, **{field.name: _one([getattr(block, field.name) for block in blocks]) for field in fields(first)})  # fmt: skip


def _one(values: Sequence[Any]) -> Any:
    """What stands in one field: what tells of each row is put together, all else is the same in every block."""
    first = values[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(values)
    if isinstance(first, Column):
        return _column(values)
    if isinstance(first, tuple) and first and isinstance(first[0], Column):  # ids
        return tuple(_column(of_each) for of_each in zip(*values, strict=True))
    if isinstance(first, tuple) and first and isinstance(first[0], tuple):  # notes
        return tuple(chain.from_iterable(values))
    return first


def _column(blocks: Sequence[Column]) -> Column:
    first = blocks[0]
    if first.levels is None or all(block.levels is first.levels for block in blocks):
        return replace(first, cells=np.concatenate([block.cells for block in blocks]))
    told = {"kind": first.kind, "role": first.role, "home": first.home}
    return Column.of_words(first.name, chain.from_iterable(block.texts() for block in blocks), **told)
