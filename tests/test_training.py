"""Is time left for what comes after the checks?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import assay
from assay import training

BUDGET = 3600.0


@pytest.mark.parametrize(("an_encoder", "kept"), [(0.0, 0.0), (1e6, training.WRITING_SHARE * BUDGET)])
def test_checks_leave_the_time_that_many_columns_take_to_be_written(
    an_encoder: float, kept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checks may go on to the end of the budget but for what writing takes, which is a share of it at most."""
    deadlines: list[float] = []
    examine = training.examine

    def seen(evidence: Any, *more: Any) -> Any:
        deadlines.append(evidence.clock.remaining())
        return examine(evidence, *more)

    monkeypatch.setattr(training, "examine", seen)
    monkeypatch.setattr(training, "AN_ENCODER", an_encoder)
    x = np.random.default_rng(0).normal(size=(200, 3))
    columns = {f"x{i}": x[:, i] for i in range(3)} | {"y": x[:, 0] + x[:, 1]}
    assay.train(columns, "y", minutes=BUDGET / 60, learners=("constant", "linear"), checks=("quality",))
    (left,) = deadlines
    assert BUDGET - kept - 300 < left <= BUDGET - kept
