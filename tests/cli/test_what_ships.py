"""Is it said on the screen, and not in the report alone, that a stated time is not kept?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer

from assay.cli.main import main


@pytest.mark.parametrize(("latency", "seen"), [("1us", True), ("", False)])
def test_a_time_that_no_model_keeps_is_told_when_the_model_is_made(
    latency: str, seen: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_breast_cancer(as_frame=True).frame.iloc[:200, -4:].to_csv(tmp_path / "t.csv", index=False)
    wishes = ["--minutes", "0.05", "--learner", "linear", "-o", str(tmp_path / "m.assay")]
    asked = ["--latency", latency] if latency else []
    assert main(["train", str(tmp_path / "t.csv"), "--target", "target", *wishes, *asked]) == 0
    after = capsys.readouterr().out.partition("What the checks say")[2]
    assert ("within 1 µs" in after) is seen


def test_a_plan_takes_what_training_takes_of_what_ships(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = str(tmp_path / "t.csv")
    load_breast_cancer(as_frame=True).frame.iloc[:200, -4:].to_csv(table, index=False)
    assert (
        main(["plan", table, "--target", "target", "--readable", "--ship", "refit", "--latency", "5ms", "--json"]) == 0
    )
    plan = json.loads(capsys.readouterr().out)
    assert {c["learner"] for c in plan["candidates"]} == {"constant", "linear", "additive"}
    assert (plan["ship"], plan["latency"], plan["readable"]) == ("refit", 0.005, True)
    assert main(["plan", table, "--target", "target", "--latency", "soon"]) == 2
    assert "'soon'" in capsys.readouterr().err
