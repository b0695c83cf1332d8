"""Do findings and plans come back from JSON as they went?"""

from __future__ import annotations

import json

import numpy as np
import pytest

from assay.kernel.box import Box
from assay.kernel.errors import BundleInvalid
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.plan import Candidate, ColumnPlan, Plan, Splits
from assay.kernel.words import Say

SAY = Say("planning", "note.few", {"n": np.int64(7)})


def finding() -> Finding:
    label = Say("planning", "why.target")
    return Finding(
        check="quality",
        verdict="watch",
        say=SAY,
        measures=(Measure(name="auc", value=0.8, low=0.7, high=float("nan"), n=10, better="higher"),),
        figures=(
            Figure(kind="bars", title=SAY, data={"labels": ["a", label], "values": np.asarray([1.0, np.nan])}, x=SAY),
        ),
        notes=(SAY,),
        advice=(Advice(say=SAY, option="--drop x"),),
    )


def test_a_finding_survives_strict_json() -> None:
    text = json.dumps(finding().to_json(), allow_nan=False)
    again = Finding.from_json(json.loads(text))
    assert again.to_json() == json.loads(text)
    assert again.say.text("zh") == SAY.text("zh")
    assert isinstance(again.figures[0].data["labels"][1], Say)
    assert again.measure("auc").high is None
    with pytest.raises(KeyError, match="has no measure"):
        again.measure("rmse")


def test_a_finding_with_an_unknown_verdict_or_figure_is_refused() -> None:
    raw = finding().to_json()
    with pytest.raises(ValueError, match="verdict"):
        Finding.from_json({**raw, "verdict": "splendid"})
    figure = {**raw["figures"][0], "kind": "hologram"}
    with pytest.raises(ValueError, match="kind of figure"):
        Finding.from_json({**raw, "figures": [figure]})


def test_a_plan_survives_strict_json() -> None:
    plan = Plan(
        data={"name": "x", "rows": 3},
        target="y",
        task="binary",
        task_why=SAY,
        columns=(ColumnPlan(name="x", kind="number", why=SAY, examples=("?",)), ColumnPlan(name="y", kind="category")),
        splits=Splits(how="grouped", group="x"),
        candidates=(Candidate(name="linear", learner="linear", settings={"steps": 3}),),
        left_out=(SAY,),
        notes=(SAY,),
        advice=(Advice(say=SAY),),
    )
    again = Plan.from_json(json.loads(json.dumps(plan.to_json(), allow_nan=False)))
    assert again.to_json() == plan.to_json()
    assert again.column("x").kind == "number"
    assert again.names("feature") == ("x", "y")


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("text", 3),
        ("whole", True),
        ("whole", -1),
        ("real", "1"),
        ("real", float("inf")),
        ("flag", 1),
        ("texts", [1]),
        ("rows", ["x"]),
        ("mapping", []),
    ],
)
def test_a_box_names_what_it_did_not_find(kind: str, wrong: object) -> None:
    box = Box("model/part")
    box.values["x"] = wrong
    with pytest.raises(BundleInvalid, match="model/part: 'x' is"):
        getattr(box, kind)("x")
    with pytest.raises(BundleInvalid):
        getattr(Box(), kind)("x")


def test_a_box_checks_dtype_shape_and_finiteness() -> None:
    box = Box()
    box.put_array("a", np.asarray([[1.0, np.nan]]))
    assert box.array("a", np.float64, (None, 2), finite=False).shape == (1, 2)
    for dtype, shape in ((np.float32, (1, 2)), (np.float64, (2, 1)), (np.float64, (2,)), (np.float64, (None, 2))):
        with pytest.raises(BundleInvalid):
            box.array("a", dtype, shape)
    with pytest.raises(TypeError, match="dtype"):
        box.put_array("b", np.asarray(["x"]))
