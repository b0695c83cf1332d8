"""Are answers to blocks of rows, put together, those of the whole?"""

from __future__ import annotations

import numpy as np

from assay.answers.answers import Answers
from assay.answers.boxes import BoxAnswers
from assay.answers.joined import joined
from assay.answers.odd import OddAnswers
from assay.kernel.data import Column
from assay.kernel.words import Say

NOTES = ((), (Say("answers", "no_promise", {}),), ())
IDS = ["a", None, "c"]
ODD = np.asarray([True, False, True])


def ids(rows: slice) -> tuple[Column, ...]:
    return Column.of_words("id", IDS[rows]), Column.of_numbers("number", [1.0, 2.0, 3.0][rows])


def of_classes(rows: slice) -> Answers:
    p = np.asarray([[0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])[rows]
    return Answers(ids(rows), ("no", "yes"), p, None, p > 0.4, None, NOTES[rows], ODD[rows])


def of_values(rows: slice) -> Answers:
    values = np.asarray([1.0, 2.0, 3.0])[rows]
    interval = np.stack([values - 1, values + 1], axis=1)
    return Answers(
        ids(rows),
        (),
        None,
        values,
        None,
        interval,
        NOTES[rows],
        ODD[rows],
        scale=(1.0, 2.0, 3.0),
        grades=(1.0, 2.0, 3.0),
    )


def of_odd(rows: slice) -> OddAnswers:
    scores = np.asarray([-1.0, 2.0, 0.5])[rows]
    return OddAnswers(ids(rows), ("good", "odd"), scores, scores / 4, NOTES[rows], ODD[rows])


def of_boxes(rows: slice) -> BoxAnswers:
    found = np.asarray([[[0.9, 0, 1, 2, 3, 4]], [[0.2, 1, 1, 1, 1, 1]], [[0.6, 1, 5, 5, 5, 5]]])[rows]
    seen = Column.of_words("photo", ["x.png", "y.png", None][rows])
    return BoxAnswers(ids(rows), seen, ("cat", "dog"), found, found[:, :, 0] > 0.1, NOTES[rows], ODD[rows])


def test_blocks_put_together_are_the_whole() -> None:
    for make in (of_classes, of_values, of_odd, of_boxes):
        whole, found = make(slice(0, 3)), joined([make(slice(0, 1)), make(slice(1, 3))])
        assert found.columns("zh") == whole.columns("zh")
        assert [found.row(place) for place in range(3)] == [whole.row(place) for place in range(3)]
        assert found.out_of_range.tolist() == [True, False, True]


def test_one_block_is_what_it_was() -> None:
    one = of_classes(slice(0, 3))
    assert joined([one]) is one
