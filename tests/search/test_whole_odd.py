"""Are odd rows of a table larger than memory found by what saw all of it, although nobody named a target?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import assay
from assay.learners.isolation import Isolation
from assay.planning import fitting
from assay.stats.metrics import auc

N, DRAWN = 30_000, 4_000


@pytest.mark.parametrize("target", ["", "state"])
def test_all_good_rows_are_looked_at(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "SEARCHED_WHOLE", 10_000)
    monkeypatch.setattr(fitting, "DRAWN", DRAWN)
    fed: list[int] = []
    learn = Isolation.fit_stream

    def spy(self: Isolation, stream: Any, *more: Any) -> Any:
        fed.append(stream.rows)
        return learn(self, stream, *more)

    monkeypatch.setattr(Isolation, "fit_stream", spy)
    rng = np.random.default_rng(0)
    x, odd = rng.normal(size=(N, 3)), rng.random(N) < (0.02 if target else 0.0)
    x[odd] += 6.0
    columns = {f"x{i}": x[:, i] for i in range(3)} | ({target: np.where(odd, "bad", "good")} if target else {})
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "t.parquet", row_group_size=5_000)
    model = assay.train(tmp_path / "t.parquet", target, task="odd", minutes=60, checks=("oddness",))
    assert (model.plan.target, model.card["whole"]["rows"]) == (target or "label", N)
    assert model.card["whole"]["searched"] == DRAWN
    a_moment, learnt = fed  # the first fit is there to see how long one takes
    assert (a_moment < DRAWN, learnt) == (True, model.card["whole"]["learnt"])
    assert learnt > 0.8 * N
    (finding,) = model.findings
    assert finding.rows == "sealed"
    assert finding.measure("false_alarms").value < 0.02  # one in a hundred was promised, of eight hundred
    fresh = rng.normal(size=(400, 3))
    fresh[:100] += 6.0
    scores = model.predict({f"x{i}": fresh[:, i] for i in range(3)}).scores
    assert auc(scores, np.arange(400) < 100, None) > 0.99
