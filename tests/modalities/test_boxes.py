"""Are lists of boxes known for what they are, and is each written in one way only?"""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.kernel.boxes import Box2D, NoBoxes, boxes_of, cell_of
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.rng import stream
from assay.modalities.boxes import Boxes
from assay.planning.kinds import bids


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("[]", "[]"),
        (" [ ] ", "[]"),
        ('[["cat", 1, 2.0, 3.0001, 4.126]]', '[["cat",1,2,3,4.13]]'),
        ('[[" cat ",-0.001,0,1,1]]', '[["cat",0,0,1,1]]'),
        ('[["白细胞",1,2,3,4],["a\\"b",1,2,3,4]]', '[["白细胞",1,2,3,4],["a\\"b",1,2,3,4]]'),
        ('[["\\u732b",-3,2,9,4]]', '[["猫",-3,2,9,4]]'),
    ],
)
def test_a_list_is_written_in_one_way(written, canonical):
    assert cell_of(boxes_of(written)) == canonical
    assert cell_of(boxes_of(canonical)) == canonical
    json.loads(canonical)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "form"),
        ("[[", "form"),
        ("[" * 5000, "form"),
        ('{"a": 1}', "form"),
        ('["a","b"]', "form"),
        ('[["a",1,2,3]]', "form"),
        ('[["a",1,2,3,true]]', "form"),
        ('[["a",1,2,3,"4"]]', "form"),
        ("[[1,1,2,3,4]]", "form"),
        ('[["  ",1,2,3,4]]', "label"),
        ('[["\\ud800",1,2,3,4]]', "label"),
        ('[["a",1,2,3,NaN]]', "numbers"),
        ('[["a",1,2,3,1e999]]', "numbers"),
        (f'[["a",1,2,3,{"9" * 400}]]', "numbers"),
        ('[["a",1,2,3,1e8]]', "numbers"),
        ('[["a",1,2,0,4]]', "area"),
        ('[["a",1,2,3,-4]]', "area"),
        ('[["a",1,2,3,0.004]]', "area"),
        ('[["a",1,2,3,4],["b",1,2,0,4]]', "area"),
    ],
)
def test_a_list_with_an_unreadable_part_is_refused_as_a_whole(text, reason):
    with pytest.raises(NoBoxes) as caught:
        boxes_of(text)
    assert caught.value.reason == reason


def test_what_was_written_is_read_again():
    rng = np.random.default_rng(0)
    for _ in range(200):
        boxes = tuple(Box2D("a", *row).rounded() for row in rng.uniform(0.1, 5000, size=(3, 4)).tolist())
        assert boxes_of(cell_of(boxes)) == boxes


def a_column(*cells):
    return Column.of_words("boxes", cells)


def test_lists_of_boxes_are_known_and_other_lists_are_not():
    column = a_column('[["cat",1,2,3,4]]', "[]", None, '[["dog",1,2,3,4]]')
    first = bids(column)[0]
    assert first.kind == "boxes"
    assert first.claim.why.text() == "its cells are lists of labelled boxes: cat, dog"
    assert "方框" in first.claim.why.text("zh")
    for other in (
        a_column('["a","b"]'),
        a_column("[]"),
        a_column(None),
        a_column("cat"),
        Column.of_numbers("n", [1.0]),
    ):
        with pytest.raises(DoesNotApply, match="not lists of boxes"):
            Boxes().recognise(other)


def test_misfits_are_counted_with_the_reason():
    opened = Boxes().open(
        a_column('[["cat", 1, 2, 3, 4]]', '[["cat",1,2,3,4]]', '[["cat",1,2,0,4]]', "cat", "cat", None, "[]")
    )
    assert opened.column.texts().tolist() == ['[["cat",1,2,3,4]]'] * 2 + [None] * 4 + ["[]"]
    assert opened.misfits == 3
    assert opened.examples == (
        '[["cat",1,2,0,4]] (a box without area)',
        'cat (not of the form [["label",x,y,width,height],…])',
    )


def test_an_empty_list_is_no_missing_cell():
    column = Boxes().open(a_column("[]", None, '[["cat",0,0,2,3],["dog",0,0,1,1],["cat",0,0,1,1]]')).column
    vector = Boxes().learn(column, stream(0)).vector(column)
    assert [feature.name for feature in vector.features] == [
        "boxes (boxes)", "boxes (area)", "boxes (boxes of cat)", "boxes (boxes of dog)",
    ]  # fmt: skip
    np.testing.assert_array_equal(vector.values, [[0, 0, 0, 0], [np.nan] * 4, [3, 8, 2, 1]])


def test_a_label_that_was_never_seen_is_strange_and_a_rare_one_is_not():
    many = [Box2D(f"label {i:02}", 0.0, 0.0, 1.0, 1.0) for i in range(30)]
    column = Boxes().open(a_column(cell_of(many), cell_of(many[:20]))).column
    encoder = Boxes().learn(column, stream(0))
    assert encoder.vector(column).values.shape == (2, 22)
    other = Boxes().open(a_column(cell_of(many[25:]), cell_of([Box2D("new", 0.0, 0.0, 1.0, 1.0)]), None)).column
    assert encoder.strange(other).tolist() == [False, True, False]
