"""Do the figures of an audit know which rows err together?"""

from __future__ import annotations

import numpy as np

import assay
from assay.kernel.findings import Measure
from assay.model import Model
from assay.stats.clusters import blocks_of, share_moments

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


def test_shops_that_go_on_share_their_days_all_the_same() -> None:
    """Naming the shop does not make the error look surer than it is: rows of a day err together."""
    rng = np.random.default_rng(0)
    day, shop = np.repeat(np.arange(40), 20), np.tile(np.arange(20), 40)
    x = rng.normal(size=800)
    y = x + rng.normal(size=40)[day] + 0.3 * rng.normal(size=800)
    rows = {"x": x, "y": y, "day": (np.datetime64("2024-01-01") + day).astype(str), "shop": [f"s{i}" for i in shop]}
    by_day = assay.train({k: v for k, v in rows.items() if k != "shop"}, "y", time="day", folds=4, **LINE)
    both = assay.train(rows, "y", time="day", group="shop", folds=4, **LINE)
    assert not both.plan.splits.both
    assert width(both) > 0.8 * width(by_day)
    new = {**rows, "day": (np.datetime64("2025-01-01") + day).astype(str)}
    assert width(both.audit(new, checks=("quality",))) > 0.8 * width(by_day.audit(new, checks=("quality",)))


def test_two_rows_of_one_moment_do_not_make_shops_strangers() -> None:
    patient = np.repeat(np.arange(10), 100)
    moment = np.random.default_rng(0).permutation(1000)
    moment[0] = moment[1]
    assert share_moments(moment, None)
    assert not share_moments(moment, patient)
    assert share_moments(patient, moment)
    table = assay.read({"day": (np.datetime64("2024-01-01") + moment).astype(str), "shop": [f"s{i}" for i in patient]})
    assert len(np.unique(blocks_of(table, "shop", "day", ()))) == 10
    assert len(np.unique(blocks_of(table, "", "day", ()))) == 999


def test_few_groups_do_not_make_the_error_look_surer_than_rows_would() -> None:
    """Two groups that share nothing: their rows are as good as others."""
    model, held, alone = assay.train(table(0, 60, 10), "y", group="patient", **LINE), 0, []
    for seed in range(10):
        rng = np.random.default_rng(100 + seed)
        x = rng.normal(size=400)
        rows = {"x": x, "y": x + rng.normal(size=400), "patient": np.repeat(["a", "b"], 200)}
        told = rmse(model.audit(rows, checks=("quality",)))
        alone.append(width(model.audit({k: v for k, v in rows.items() if k != "patient"}, checks=("quality",))))
        held += (told.low or 0.0) <= 1.0 <= (told.high or 0.0)
        assert (told.high or 0.0) - (told.low or 0.0) > 0.8 * alone[-1]
    assert held >= 8  # the model's own error is a little more than the noise


def test_one_sealed_group_is_measured_by_its_rows() -> None:
    model = assay.train(table(0, 3, 150), "y", group="patient", sealed=0.2, **LINE)
    assert model.findings[0].rows == "sealed"
    assert width(model) > 0.0


def test_rows_of_a_moment_are_drawn_together_where_time_matters() -> None:
    new = table(1, 40, 20)
    day = [str(np.datetime64("2024-01-01") + int(str(name).split("-")[1])) for name in new["patient"]]
    rows = {"x": new["x"], "y": new["y"], "day": day}
    shared = assay.train(rows, "y", time="day", folds=4, **LINE)
    apart = [f"{text} 00:{i % 20:02d}" for i, text in enumerate(day)]
    alone = assay.train({**rows, "day": apart}, "y", time="day", folds=4, **LINE)
    assert width(shared) > 1.5 * width(alone)
