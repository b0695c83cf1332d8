"""What differs between a picture and its reference?"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import assay
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import RequestError
from assay.pictures.difference import SAME, Difference
from assay.pictures.shown import Shown
from assay.search.encoders import Encoders


@pytest.fixture
def boards(tmp_path):
    """Twelve boards and their templates; every second board has a spot that the template has not."""
    rng = np.random.default_rng(0)
    for i in range(12):
        template = rng.integers(60, 120, (24, 32, 3)).astype(np.uint8)
        board = template.copy()
        if i % 2:
            board[4:10, 6:12] = 250
        Image.fromarray(template).resize((64, 48) if i == 4 else (32, 24)).save(tmp_path / f"t{i}.png")
        Image.fromarray(board).save(tmp_path / f"b{i}.png")
    return str(tmp_path)


def column(home: str, letter: str, kind: str) -> Column:
    """A column of the pictures of one sort, opened."""
    from assay.kernel.plugins import modality_of

    raw = Column.of_words(letter, [f"{letter}{i}.png" for i in range(12)], home=home)
    return modality_of(kind).open(raw).column


def test_the_difference_is_grey_but_for_the_spot(boards):
    seen, reference = Shown.of(column(boards, "b", "picture")), Shown.of(column(boards, "t", "picture"))
    grid = Difference(seen, reference)
    whole = grid.whole(100)
    assert whole[1].shape == (24, 32, 3)
    spot = np.zeros((24, 32), dtype=bool)
    spot[4:10, 6:12] = True
    assert (whole[1][~spot] == SAME).all()
    assert whole[1][spot].min() > SAME + 40
    assert (whole[0] == SAME).all()
    assert whole[4].shape == (24, 32, 3)  # a template of another size is brought to that of the board
    assert grid.at(16).shape == (12, 16, 16, 3)
    taken = grid.take(np.asarray([3, 1]))
    assert np.array_equal(taken.at(16), grid.at(16)[[3, 1]])


def test_where_one_of_the_two_is_not_there_nothing_differs(boards):
    first = column(boards, "b", "picture")
    second = column(boards, "t", "picture")
    cells = second.cells.copy()
    cells[1] = -1
    from dataclasses import replace

    grid = Difference(Shown.of(first), Shown.of(replace(second, cells=cells)))
    assert grid.there.tolist() == [True, False, *[True] * 10]
    assert grid.whole(100)[1].size == 0
    assert not grid.at(8)[1].any()
    assert grid.sizes()[1].tolist() == [0, 0]


def test_references_come_last_and_are_told_of_as_what_differs(boards):
    """Whatever the order of the columns, the pictures that are looked at come first."""
    kinds = {"t": "picture:against b", "b": "picture"}
    from dataclasses import replace

    columns = tuple(replace(column(boards, name, kind), kind=kind, role="feature") for name, kind in kinds.items())
    table = Dataset(columns)
    encoders = Encoders.learn(table, ("t", "b"), np.arange(12), 0, 0)
    grids = encoders.grids(table)
    assert grids.parts == ("b", "t")
    assert isinstance(grids.columns[1], Difference)
    assert encoders.pictured == ("b", "t")
    from assay.kernel.box import Box

    box = Box("e")
    encoders.dump(box)
    again = Encoders.load(box).grids(table)
    assert np.array_equal(again.columns[1].at(8), grids.columns[1].at(8))


def test_a_reference_for_a_column_that_is_not_there_is_refused(boards):
    rows = [{"b": f"b{i}.png", "t": f"t{i}.png", "odd": str(i % 2)} for i in range(12)]
    table = assay.read(rows)
    with pytest.raises(RequestError, match="nowhere"):
        assay.plan(table, "odd", kinds={"b": "picture", "t": "picture:against nowhere"})
    with pytest.raises(RequestError, match="no way to read pictures"):
        assay.plan(table, "odd", kinds={"t": "picture:against "})
