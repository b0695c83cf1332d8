"""Are the principal reasons those on which a row falls furthest below the average of the rows that just passed?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.explainers.reason_codes import ReasonCodes
from assay.kernel.errors import SettingError


def test_the_furthest_below_come_first_and_are_four_at_most() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        pulls, usual = rng.normal(size=12), rng.normal(size=12)
        places, short = ReasonCodes().principal(pulls, usual)
        np.testing.assert_allclose(short, usual - pulls)
        assert len(places) <= 4
        assert (short[places] > 0).all()
        others = np.delete(short, places)
        assert short[places].min() >= others.max() or len(places) < 4
        assert list(short[places]) == sorted(short[places], reverse=True)


def test_what_hardly_counts_is_no_principal_reason() -> None:
    places, _ = ReasonCodes().principal(np.asarray([-1.0, -0.02, 0.5]), np.zeros(3))
    assert places.tolist() == [0]


def test_a_row_that_falls_short_nowhere_has_no_reasons() -> None:
    assert not len(ReasonCodes().principal(np.ones(3), np.zeros(3))[0])


def test_more_than_four_are_refused() -> None:
    with pytest.raises(SettingError):
        ReasonCodes(most=5)
