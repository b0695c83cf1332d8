"""Is a promise read back as it was written down?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.forms import Head
from assay.stats import promises
from assay.stats.conformal import ValueIntervals


@pytest.mark.parametrize("ends", [{}, {"least": 0.0}, {"most": 0.0}, {"least": -3.0, "most": 7.5}])
def test_intervals_and_their_ends(ends: dict[str, float]) -> None:
    kept = ValueIntervals(np.asarray([1.0]), np.asarray([-2.0, -4.0]), np.asarray([2.0, 9.0]), **ends)
    box = Box()
    promises.put(kept, box)
    assert box.values == ends  # what has no end says nothing, as files of old
    found = promises.load(box, Head("value"), 0)
    f = np.linspace(-9.0, 20.0, 30)
    assert isinstance(found, ValueIntervals)
    np.testing.assert_array_equal(found(f), kept(f))
