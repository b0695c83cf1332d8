"""How are many rows answered so that work nobody waits for any more soon ends?

Block by block, with a look between two of them whether the request is still wanted: its time may be up, or its client gone. Who runs the work (`World.off_loop`) puts up the flag that is
looked at; where there is none, as in a program of one's own, work goes on to its end. Blocks have a size that depends on the model alone, so that the same rows get the same answers to the last bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from assay.answers.joined import joined
from assay.kernel.data import Column, Dataset

from .hosting import Hosted
from .tables import pathless, pictured_in

T = TypeVar("T")
QUICK, SLOW = 16_384, 256  # rows of a block: of a table of numbers and names, and where a network reads or looks
_flag: ContextVar[threading.Event | None] = ContextVar("flag", default=None)


class Unwanted(Exception):
    """Nobody waits for this work any more."""


def under(flag: threading.Event, function: Callable[..., T], *args: Any) -> T:
    """Run a function, whose work ends once the flag is up. Raises Unwanted."""
    before = _flag.set(flag)
    try:
        go_on()  # it may have waited for a thread for longer than its time
        return function(*args)
    finally:
        _flag.reset(before)


def go_on() -> None:
    """Raises Unwanted where nobody waits for the work at hand."""
    flag = _flag.get()
    if flag is not None and flag.is_set():
        raise Unwanted


def wanted(rows: Iterable[T]) -> Iterator[T]:
    """The same one by one, as long as they are wanted. Raises Unwanted."""
    for row in rows:
        go_on()
        yield row


def answers_to(hosted: Hosted, data: Dataset) -> Any:
    """What `Model.predict` says of a table, block by block. Raises Unwanted, and what the model raises."""
    blocks: list[Any] = [answers for _, answers in in_blocks(hosted, data)]
    return joined(blocks)


def in_blocks(hosted: Hosted, data: Dataset) -> Iterator[tuple[slice, Any]]:
    """The rows of each block, and the answers to them. Raises Unwanted, and what the model raises."""
    size = QUICK if hosted.quick else SLOW
    if data.rows <= size:
        yield slice(0, data.rows), _answers(hosted, data)
        return
    for start in wanted(range(0, data.rows, size)):
        rows = slice(start, start + size)
        yield rows, _answers(hosted, _block(data, rows))


def _answers(hosted: Hosted, data: Dataset) -> Any:
    """The answers to one block; their notes name no file of ours."""
    found = hosted.model.predict(data)
    if hosted.pictured and any(found.notes):
        names = pictured_in(hosted)
        found = replace(found, notes=tuple(pathless(own, names) for own in found.notes))
    return found


def _block(data: Dataset, rows: slice) -> Dataset:
    return Dataset(tuple(_own(column.take(rows)) for column in data), data.source)


def _own(column: Column) -> Column:
    """A column that has no more levels than cells: else each block would go through the texts of all rows."""
    if column.levels is None or len(column.levels) <= len(column):
        return column
    found, codes = np.unique(column.cells, return_inverse=True)
    missing = int(len(found) > 0 and found[0] < 0)  # the code of missing cells, -1, is the lowest
    return replace(column, cells=(codes - missing).astype(np.int32), levels=column.levels[found[missing:]])
