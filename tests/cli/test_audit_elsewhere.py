"""Does `assay audit` take models made elsewhere, with the same exit codes, and say before it runs code?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from assay.cli.main import main

CODE = """
import math

def chances(rows):
    return [1 / (1 + math.exp(-2 * row["x"])) for row in rows]

def three(rows):
    return [[0.2, 0.3, 0.5]] * len(rows)
"""


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    x = rng.normal(size=200).round(3)
    y = np.where(rng.random(200) < 1 / (1 + np.exp(-2 * x)), "yes", "no")
    Path("new.csv").write_text("x,y\n" + "\n".join(f"{a},{b}" for a, b in zip(x, y, strict=True)) + "\n")
    Path("scoring_elsewhere.py").write_text(CODE)
    sys.modules.pop("scoring_elsewhere", None)


AUDIT = ["audit", "scoring_elsewhere:chances", "new.csv", "--target", "y", "--minutes", "0.3"]


def test_findings_and_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AUDIT, "-o", "r.html"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("Code of yours is run: scoring_elsewhere:chances.")
    assert "✓ pass      Quality" in said.out
    assert "is no model of ours" in said.out
    assert "scoring_elsewhere:chances" in Path("r.html").read_text()


def test_advice_names_the_command_that_takes_it_and_is_left_out_of_what_others_made(
    capsys: pytest.CaptureFixture[str],
) -> None:
    head, *lines = Path("new.csv").read_text().splitlines()
    Path("twice.csv").write_text(
        "\n".join([f"the same,{head}", *(f"{2 * float(line.split(',')[0])},{line}" for line in lines)]) + "\n"
    )
    quick = ["--target", "y", "--trials", "1", "--learner", "linear", "--folds", "2", "-o", "ours.assay"]
    assert main(["train", "twice.csv", *quick]) == 0
    capsys.readouterr()
    for command in (["audit", "ours.assay", "twice.csv"], ["report", "ours.assay"]):
        assert main([*command, "--minutes", "0.3"] if command[0] == "audit" else command) == 0
        advice = [line.strip() for line in capsys.readouterr().out.splitlines() if "→" in line]
        assert advice
        assert all(line.startswith("→ assay train … --") for line in advice)
        assert any("--drop x " in line or "--drop 'the same' " in line for line in advice)
    assert main([AUDIT[0], AUDIT[1], "twice.csv", *AUDIT[3:]]) == 0
    assert "→" not in capsys.readouterr().out


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AUDIT, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["card"]["made_elsewhere"]["ran_code"] is True
    assert {f["check"] for f in told["findings"]} >= {
        "quality",
        "calibration",
        "reasons",
        "subgroups",
        "labels",
        "data",
    }


def test_a_broken_limit_is_exit_code_one() -> None:
    assert main([*AUDIT, "--limit", "quality.auc>=0.999"]) == 1
    assert main([*AUDIT, "--limit", "quality.auc>=0.6"]) == 0


def test_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AUDIT, "--lang", "zh"]) == 0
    said = capsys.readouterr()
    assert "将运行您的代码" in said.err
    assert "不是本程序训练的模型" in said.out


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["audit", "scoring_elsewhere:three", "new.csv", "--target", "y"], "gives 3 numbers a row"),
        (["audit", "scoring_elsewhere:chances", "new.csv"], "no target is named"),
        (["audit", "scoring_elsewhere:chances", "new.csv", "--target", "z"], "z"),
        (["audit", "nowhere_at_all:chances", "new.csv", "--target", "y"], "cannot be read"),
        (["audit", "m.assay", "new.csv", "--target", "y", "--labels", "a,b"], "--target, --labels"),
        (["audit", "m.pkl", "new.csv", "--target", "y"], "comes in by no door"),
        (["audit", "m.onnx", "new.csv", "--target", "y"], "There is no file"),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], seen: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert seen in capsys.readouterr().err


def test_an_onnx_file_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxruntime")
    Path("m.onnx").write_bytes(b"hello")
    assert main(["audit", "m.onnx", "new.csv", "--target", "y"]) == 2
    assert "m.onnx cannot be run" in capsys.readouterr().err
