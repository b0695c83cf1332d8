"""Which array was this one drawn from?"""

from __future__ import annotations

import gc

import numpy as np

from assay.kernel import origin as module
from assay.kernel.forms import Texts
from assay.kernel.origin import drawn, joined, origin, taken

WHOLE = np.asarray(["one", "two", "three", ""], dtype=object)


def test_an_array_tells_where_it_was_drawn_from_however_often_it_is_drawn_from_again() -> None:
    first = drawn(WHOLE, np.array([2, 0, -1], dtype=np.int32))
    again = taken(first, np.array([True, False, True]))
    known = origin(again)
    assert known is not None
    assert known[0] is WHOLE
    assert known[1].tolist() == [2, 3]
    assert again.tolist() == ["three", ""]


def test_arrays_that_are_joined_tell_it_where_both_were_drawn_from_the_same() -> None:
    one, other = drawn(WHOLE, np.array([0])), drawn(WHOLE, np.array([1]))
    both = Texts((one,), ("note",)).then(Texts((other,), ("note",))).columns[0]
    assert origin(both)[1].tolist() == [0, 1]  # type: ignore[index]
    assert origin(joined(one, drawn(WHOLE.copy(), np.array([1])))) is None
    assert joined(one, WHOLE).tolist() == ["one", *WHOLE]


def test_nothing_is_remembered_of_an_array_that_is_gone() -> None:
    before = len(module._DRAWN)
    first = drawn(WHOLE, np.array([1]))
    assert len(module._DRAWN) == before + 1
    del first
    gc.collect()
    assert len(module._DRAWN) == before
    assert origin(WHOLE) is None
