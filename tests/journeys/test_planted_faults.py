"""Are faults that are planted into a clean real table noticed, and is nothing said of the clean one?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.findings import Finding

pytestmark = pytest.mark.journey

CHECKS = ("leakage", "data")
QUICK: dict[str, Any] = {"minutes": 0.15, "learners": ("constant", "linear"), "checks": CHECKS}


@pytest.fixture(scope="module")
def charges(table: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """What insured people cost in a year; in no order."""
    return table("insurance_charges.csv").astype({"age": float}).sample(frac=1, random_state=0).reset_index(drop=True)


def findings(frame: pd.DataFrame) -> dict[str, Finding]:
    return {f.check: f for f in assay.train(frame, "charges", **QUICK).findings}


def test_nothing_is_said_of_the_clean_table(charges: pd.DataFrame) -> None:
    assert {key: f.verdict for key, f in findings(charges).items()} == dict.fromkeys(CHECKS, "pass")
    plan = assay.plan(charges, "charges")
    assert {c.role for c in plan.columns} == {"feature", "target"}
    assert not [a.option for a in plan.advice if a.option.split()[0] in ("--drop", "--time", "--group", "--feature")]


def test_a_planted_id_that_was_given_in_the_order_of_the_answer_is_noticed(charges: pd.DataFrame) -> None:
    rank = charges["charges"].rank(method="first").astype(int)
    planted = charges.assign(policy=[f"P{10_000 + 7 * r}" for r in rank])
    model = assay.train(planted, "charges", **QUICK)
    leakage = next(f for f in model.findings if f.check == "leakage")
    assert model.plan.column("policy").role == "id"
    assert "policy" not in model.ensemble.parts
    assert (leakage.verdict, leakage.say.key, leakage.say.values["name"]) == ("watch", "id", "policy")


def test_a_planted_copy_of_the_answer_is_noticed_through_its_noise(charges: pd.DataFrame) -> None:
    noise = np.random.default_rng(0).normal(1.0, 0.03, len(charges))
    planted = charges.assign(paid=(charges["charges"] * noise).round(2))
    assert "--drop paid" in [a.option for a in assay.plan(planted, "charges").advice]
    leakage = findings(planted)["leakage"]
    assert (leakage.verdict, leakage.say.key, leakage.say.values["name"]) == ("fail", "given_away", "paid")
    assert [a.option for a in leakage.advice] == ["--drop paid"]


def test_a_planted_year_of_drift_is_noticed(charges: pd.DataFrame) -> None:
    """In the second year the insured are older and cost more."""
    days = np.sort(np.random.default_rng(0).integers(0, 730, len(charges)))
    planted = charges.assign(day=(np.datetime64("2022-01-01") + days).astype(str))
    late = days >= 365
    planted.loc[late, "age"] += charges["age"].std() * 0.7
    planted.loc[late, "charges"] *= 1.6
    assert "--time day" in [a.option for a in assay.plan(planted, "charges").advice]
    data = findings(planted)["data"]
    assert data.verdict == "watch"
    assert (data.say.key, data.say.values["name"]) == ("drift", "age")
    assert "drift_target" in [note.key for note in data.notes]
    assert "--time day" in [a.option for a in data.advice]
    still = charges.assign(day=planted["day"])
    assert findings(still)["data"].verdict == "pass"


def test_a_column_that_drifts_after_training_is_noticed_and_its_like_is_not(charges: pd.DataFrame) -> None:
    """The insured of the next year weigh more."""
    half = len(charges) // 2
    model = assay.train(charges[:half], "charges", **{**QUICK, "checks": ("drift",)})
    same, moved = charges[half:], charges[half:].assign(bmi=charges["bmi"][half:] + 5)
    assert next(f for f in model.audit(same).findings if f.check == "drift").verdict == "pass"
    drift = next(f for f in model.audit(moved).findings if f.check == "drift")
    assert (drift.verdict, drift.measure("drifted_columns").value) in (("watch", 1), ("info", 1))
    assert "'bmi'" in drift.say.text()
