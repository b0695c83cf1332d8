"""Do tables whose cells repeat come back to the bit, in little room, and is a spoilt box refused?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.box import Box
from assay.kernel.data import Floats
from assay.kernel.errors import BundleInvalid
from assay.testing.contract import same_bits, through_bytes
from assay.trees.steps import MOST_CELLS, put_tables, tables_of


def stepped(shape: tuple[int, ...], seed: int) -> Floats:
    """A table in which each output changes at a few cuts of each axis."""
    rng = np.random.default_rng(seed)
    out = np.empty(shape)
    for k in range(shape[-1]):
        cuts = [np.cumsum(rng.random(size) < 0.2) for size in shape[:-1]]
        some = rng.integers(-40, 40, size=tuple(int(c.max(initial=0)) + 1 for c in cuts)) / 8.0
        out[..., k] = some[np.ix_(*cuts)]
    return out


def kept(tables: list[Floats]) -> Box:
    box = Box("tables")
    put_tables(box, tables)
    return box


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 12), st.integers(1, 9), st.integers(1, 4))
        | st.tuples(st.integers(1, 20), st.integers(1, 4)),
        max_size=5,
    ),
    st.integers(0, 2**16),
)
def test_tables_come_back_to_the_bit(shapes: list[tuple[int, ...]], seed: int) -> None:
    tables = [stepped(shape, seed + i) for i, shape in enumerate(shapes)]
    found = tables_of(through_bytes(lambda box: put_tables(box, tables)), shapes)
    assert all(same_bits(a, b) for a, b in zip(tables, found, strict=True))
    assert len(found) == len(tables)


@pytest.mark.parametrize("cells", [[0.0, -0.0, 0.0, 1.0], [0.1, 0.1, 1e300, 5e-324], [1 / 3, 2 / 3, 2 / 3, 1.0]])
def test_cells_on_no_grid_come_back_too(cells: list[float]) -> None:
    table = np.asarray(cells).reshape(4, 1)
    assert same_bits(tables_of(kept([table]), [(4, 1)])[0], table)


def test_what_repeats_takes_little_room() -> None:
    table = stepped((80, 80, 30), 3)
    box = kept([table])
    # A bit and a quarter a cell would be twice that.
    assert sum(array.nbytes for array in box.arrays.values()) < table.size / 10


def test_no_tables_are_no_error() -> None:
    assert tables_of(kept([]), []) == []


@pytest.mark.parametrize("shape", [(6, 5, 2), (5, 6, 3), (MOST_CELLS, 2, 2)])
def test_other_shapes_than_were_kept_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BundleInvalid):
        tables_of(kept([stepped((5, 6, 2), 0)]), [shape])


def test_a_table_that_does_not_begin_is_refused() -> None:
    box = kept([np.asarray([[1.0], [2.0], [2.0], [3.0]])])
    box.put_array("changes", np.asarray([1, 0b01110000], dtype=np.uint8))
    with pytest.raises(BundleInvalid, match="begin"):
        tables_of(box, [(4, 1)])


@pytest.mark.parametrize("name", ["changes", "cells_levels", "cells_lowest", "cells_exponents"])
def test_a_lacking_or_shortened_array_is_refused(name: str) -> None:
    for spoil in (lambda box: box.arrays.pop(name), lambda box: box.arrays.update({name: box.arrays[name][:-1]})):
        box = kept([stepped((5, 6, 2), 1)])
        spoil(box)
        with pytest.raises(BundleInvalid):
            tables_of(box, [(5, 6, 2)])
