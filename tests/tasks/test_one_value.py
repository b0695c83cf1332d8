"""Is it said that the rows that count have one answer, where others were left out?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.errors import DataError


def test_rows_of_weight_zero_may_leave_one_answer() -> None:
    rng = np.random.default_rng(0)
    said = np.where(np.arange(200) % 40 == 0, "FAIL", "ok")
    table = pd.DataFrame({"x": rng.normal(size=200), "w": np.where(said == "FAIL", 0.0, 1.0), "rare": said})
    with pytest.raises(DataError) as refused:
        assay.plan(table, "rare", weight="w")
    assert "'rare' has one value in the 195 rows that count: ok" in str(refused.value)
    assert "no weight of 0" in str(refused.value)
