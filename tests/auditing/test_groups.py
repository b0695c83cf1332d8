"""Do the figures of an audit know which rows err together?"""

from __future__ import annotations

import numpy as np

import assay
from assay.kernel.findings import Measure
from assay.model import Model

LINE = {"trials": 1, "learners": ("linear",), "checks": ("quality",)}


def table(seed: int, patients: int, each: int) -> dict[str, list[object]]:
    """Patients with an own level that no column tells."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), each)
    x = rng.normal(size=len(patient))
    y = x + rng.normal(size=patients)[patient] + 0.1 * rng.normal(size=len(patient))
    return {"x": x.tolist(), "patient": [f"p{seed}-{i}" for i in patient], "y": y.tolist()}


def rmse(model: Model) -> Measure:
    return next(
        m for finding in model.findings if finding.check == "quality" for m in finding.measures if m.name == "rmse"
    )


def width(model: Model) -> float:
    told = rmse(model)
    assert told.low is not None
    assert told.high is not None
    return told.high - told.low


def test_rows_of_a_group_are_drawn_together_in_an_audit() -> None:
    model = assay.train(table(0, 60, 10), "y", group="patient", **LINE)
    new = table(1, 20, 40)
    grouped = model.audit(new, checks=("quality",))
    alone = model.audit({name: cells for name, cells in new.items() if name != "patient"}, checks=("quality",))
    assert rmse(grouped).value == rmse(alone).value
    assert width(grouped) > 2 * width(alone)


def test_rows_of_a_moment_are_drawn_together_where_time_matters() -> None:
    new = table(1, 40, 20)
    day = [str(np.datetime64("2024-01-01") + int(str(name).split("-")[1])) for name in new["patient"]]
    rows = {"x": new["x"], "y": new["y"], "day": day}
    shared = assay.train(rows, "y", time="day", folds=4, **LINE)
    apart = [f"{text} 00:{i % 20:02d}" for i, text in enumerate(day)]
    alone = assay.train({**rows, "day": apart}, "y", time="day", folds=4, **LINE)
    assert width(shared) > 1.5 * width(alone)
