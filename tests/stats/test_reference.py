"""Is what is kept of the rows just beyond the border theirs on average, and nobody's alone?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import BundleError
from assay.stats.reference import FEWEST, MOST, Reference, just_beyond

RNG = np.random.default_rng(1)
N = 1_000
X = RNG.normal(size=N)
TOWN = RNG.choice(["a", "b", "c"], size=N, p=[0.5, 0.3, 0.2])
WORTH = {"a": -0.5, "b": 0.1, "c": 1.0}
DAYS = np.datetime64("2020-01-01", "us") + RNG.integers(0, 900, size=N).astype("timedelta64[D]")
TABLE = Dataset(
    (
        Column.of_numbers("x", X, kind="number"),
        Column.of_words("town", TOWN.tolist(), kind="category"),
        Column(name="day", cells=DAYS, kind="date"),
        Column.of_numbers("one", np.r_[np.nan, np.ones(N - 1)], kind="flag"),
    )
)
PULLS = np.column_stack([X, [WORTH[t] for t in TOWN], np.zeros(N), np.zeros(N)])
SCORES = PULLS.sum(axis=1) - 0.5


def reference() -> Reference:
    found = Reference.of(TABLE, SCORES, lambda rows: PULLS[rows], TABLE.names)
    assert found is not None
    return found


def test_the_nearest_tenth_of_those_that_pass_are_slightly_beyond() -> None:
    for above in (False, True):
        rows = just_beyond(SCORES, above)
        there = SCORES > 0 if above else SCORES <= 0
        assert there[rows].all()
        assert len(rows) == min(MOST, max(FEWEST, int(np.ceil(0.1 * there.sum()))))
        assert np.abs(SCORES[rows]).max() <= np.sort(np.abs(SCORES[there]))[len(rows) - 1]
    assert not len(just_beyond(np.r_[np.ones(FEWEST - 1), -np.ones(100)], above=True))


def test_pulls_are_their_mean_and_cells_earn_as_much() -> None:
    found = reference()
    for above, side in ((False, found.below), (True, found.above)):
        assert side is not None
        rows = just_beyond(SCORES, above)
        np.testing.assert_allclose(side.pulls, PULLS[rows].mean(axis=0), atol=1e-6)
        sign, mean = (1.0 if above else -1.0), float(PULLS[rows, 1].mean())
        reaching = [t for t in WORTH if sign * WORTH[t] >= sign * mean]
        assert side.names[1] == min(reaching, key=lambda t: sign * WORTH[t])
        low, high = np.quantile(X[rows], [0.4, 0.6])
        assert low <= side.numbers[0] <= high


def test_no_number_is_that_of_one_row() -> None:
    found = reference()
    for side in (found.below, found.above):
        assert side is not None
        assert side.numbers[0] not in X


def test_cells_come_back_as_the_table_stores_them() -> None:
    side = reference().above
    assert side is not None
    cells = [side.cell(place, TABLE[name]) for place, name in enumerate(TABLE.names)]
    assert [cell.store for cell in cells if cell is not None] == ["numbers", "words", "moments", "numbers"]
    assert all(len(cell) == 1 and not cell.missing[0] for cell in cells if cell is not None)


def test_too_few_rows_leave_a_side_out() -> None:
    scores = np.where(np.arange(N) < FEWEST - 1, 1.0, -1.0)
    found = Reference.of(TABLE, scores, lambda rows: PULLS[rows], TABLE.names)
    assert found is not None
    assert found.above is None
    assert found.below is not None
    few = TABLE.take(np.arange(FEWEST - 1))
    assert Reference.of(few, scores[: FEWEST - 1], lambda rows: PULLS[rows], TABLE.names) is None


def test_it_comes_back_from_its_box() -> None:
    found, box = reference(), Box("reference")
    found.dump(box)
    again = Reference.load(box, TABLE.names)
    for one, two in ((found.below, again.below), (found.above, again.above)):
        assert one is not None
        assert two is not None
        assert (one.rows, one.names) == (two.rows, two.names)
        np.testing.assert_array_equal(one.pulls, two.pulls)
        np.testing.assert_array_equal(one.numbers, two.numbers)


SPOILT: dict[str, Callable[[Box], Any]] = {
    "no rows": lambda box: box.put(rows=0),
    "a number and a name": lambda box: box.put(names=["x", "a", "", ""]),
    "one name too few": lambda box: box.put(names=["", "a", ""]),
    "endless": lambda box: box.put_array("numbers", np.asarray([np.inf, np.nan, 0, 0])),
    "pulls that are none": lambda box: box.put_array("pulls", np.asarray([np.nan, 0, 0, 0])),
    "another width": lambda box: box.put_array("pulls", np.zeros(3)),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_box_is_refused(spoil: Callable[[Box], Any]) -> None:
    box = Box("reference")
    reference().dump(box)
    spoil(box.box("above"))
    with pytest.raises(BundleError):
        Reference.load(box, TABLE.names)
