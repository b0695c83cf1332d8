"""How is a table kept whose cells repeat their neighbours?

A shape function of two columns has a cell for each pair of intervals, cut wherever a tree of any class cut. One class changes at few
of these cuts: what is kept of it is at which, and the cells between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..kernel.box import Box
from ..kernel.data import Bools, Floats
from ..kernel.grid import put_values, values_of
from ..kernel.pack import pack_bits, unpack_bits

MOST_CELLS = 20_000_000  # 160 MB: so that a small file cannot ask for more memory


def put_tables(box: Box, tables: Sequence[Floats]) -> None:
    """Keep tables, each [cells of its axes..., w]."""
    changes: list[Bools] = []
    cells: list[list[Floats]] = []
    for table in tables:
        cells.append([])
        for output in np.moveaxis(table, -1, 0):
            own = [_changes(output, axis) for axis in range(output.ndim)]
            changes += own
            cells[-1].append(output[np.ix_(*own)].ravel())
    sizes = np.asarray([sum(map(len, own)) for own in cells], dtype=np.int64)
    pack_bits(box, "changes", np.concatenate([np.zeros(0, dtype=bool), *changes]))
    put_values(box, "cells", np.concatenate([np.zeros(0), *(part for own in cells for part in own)]), sizes)


def tables_of(box: Box, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
    """The tables that were put, of these shapes. Raises BundleInvalid."""
    if sum(map(math.prod, shapes)) > MOST_CELLS:
        raise box.refuse("the tables are too large")
    bits = iter(_cut(unpack_bits(box, "changes", sum(shape[-1] * sum(shape[:-1]) for shape in shapes)) == 1, shapes))
    own = [[[next(bits) for _ in shape[:-1]] for _ in range(shape[-1])] for shape in shapes]
    if not all(axis[:1].all() for outputs in own for axes in outputs for axis in axes):
        raise box.refuse("a table does not begin with a cell")
    inner = [[tuple(int(axis.sum()) for axis in axes) for axes in outputs] for outputs in own]
    values = values_of(box, "cells", np.asarray([sum(map(math.prod, outputs)) for outputs in inner], dtype=np.int64))
    found, at = [], 0
    for shape, outputs, sizes in zip(shapes, own, inner, strict=True):
        table = np.empty(shape)
        for k, (axes, size) in enumerate(zip(outputs, sizes, strict=True)):
            part = values[at : at + math.prod(size)].reshape(size)
            table[..., k] = part[np.ix_(*(np.cumsum(axis) - 1 for axis in axes))]
            at += part.size
        found.append(table)
    return found


def _changes(cells: Floats, axis: int) -> Bools:
    """Where cells differ from those before along an axis, to the bit; the first always."""
    bits = np.moveaxis(np.ascontiguousarray(cells).view(np.int64), axis, 0).reshape(cells.shape[axis], -1)
    return np.append(np.ones(min(1, len(bits)), dtype=bool), (bits[1:] != bits[:-1]).any(axis=1))


def _cut(bits: Bools, shapes: Sequence[tuple[int, ...]]) -> Iterator[Bools]:
    """The bits of each axis of each output of each table."""
    at = 0
    for shape in shapes:
        for size in shape[:-1] * shape[-1]:
            yield bits[at : at + size]
            at += size
