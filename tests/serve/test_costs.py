"""Does the service answer with the class of least expected cost, and tell what mistakes cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import assay
from assay.serve.server import application
from assay.serve.settings import Settings

from .worlds import Client


def test_it_answers_by_costs_and_tells_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    amount = rng.normal(size=400).round(3)
    kind = np.where(amount + rng.logistic(size=400) > 2.0, "fraud", "good")
    table = {"amount": amount.tolist(), "y": kind.tolist()}
    model = assay.train(table, "y", trials=1, learners=("linear",), costs={"fraud": 20}, checks=())
    model.save(tmp_path / "m.assay")
    asked = Client(application(Settings(models=(str(tmp_path / "m.assay"),))))
    rows: list[dict[Any, Any]] = [{"amount": one} for one in amount[:60].tolist()]
    expected = [model.predict(row).answer for row in rows]
    together = asked.post("/predict", {"rows": rows}).json["answers"]
    alone = [asked.post("/predict", {"row": row}).json["answers"][0] for row in rows[:20]]
    assert [one["answer"] for one in together] == expected
    assert [one["answer"] for one in alone] == expected[:20]
    assert any(one["answer"] != max(one["probabilities"], key=one["probabilities"].get) for one in alone)
    assert asked.ask("GET", "/models/m").json["costs"] == {"fraud": 20.0, "good": 1.0}
