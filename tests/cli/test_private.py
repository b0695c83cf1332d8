"""Does the command line train with a guarantee, and say why where it cannot?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main

pytest.importorskip("dp_accounting")

SCHEMA = {"amount": {"low": -4, "high": 4}, "town": {"levels": ["a", "b"]}, "default": {"levels": ["bad", "good"]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """loans.csv and its schema."""
    found, rng = tmp_path_factory.mktemp("private"), np.random.default_rng(0)
    x, town = rng.normal(size=3000), rng.choice(["a", "b"], size=3000)
    y = np.where(x + 0.5 * rng.normal(size=3000) > 0, "bad", "good")
    lines = [f"{v:.3f},{t},{a}" for v, t, a in zip(x, town, y, strict=True)]
    (found / "loans.csv").write_text("\n".join(["amount,town,default", *lines]), encoding="utf-8")
    (found / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    return found


def asked(folder: Path, *more: str) -> list[str]:
    return ["train", str(folder / "loans.csv"), "--target", "default", "-o", str(folder / "loans.assay"), *more]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_trains_and_states_the_guarantee(folder: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(folder, "--privacy", "2", "--schema", str(folder / "schema.json"), "--lang", lang)) == 0
    out = capsys.readouterr().out
    assert "ε = 2" in out
    assert "3000" not in out
    assert "3,000" not in out
    assert assay.load(folder / "loans.assay").plan.privacy["delta"] == 1e-6
    report = (folder / "loans.html").read_text(encoding="utf-8")
    assert "dp-accounting" in report
    assert ("Who is protected" if lang == "en" else "保护对象") in report


def test_another_learner_is_named_and_its_means_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--privacy", "2", "--schema", str(folder / "schema.json"), "--learner", "linear")
    assert main(asked(folder, *given)) == 0
    assert "private linear" in capsys.readouterr().out
    report = (folder / "loans.html").read_text(encoding="utf-8")
    assert "gradient perturbation" in report
    assert "none was sampled" in report


def test_the_price_is_on_the_screen_and_in_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--privacy", "2", "--schema", str(folder / "schema.json"), "--price", "--json")
    assert main(asked(folder, *given)) == 0
    out, said = capsys.readouterr()
    assert "price of privacy" in said
    assert "price of privacy, on" not in out + (folder / "loans.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--privacy", "0"), "must be a number above 0"),
        (("--privacy", "1"), "A guarantee needs a schema"),
        (("--schema", "schema.json"), "without --privacy"),
        (("--price",), "--price is given without --privacy"),
        (("--privacy", "1", "--schema", "nowhere.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_without_a_traceback(
    folder: Path, more: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(folder, *more)) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_the_plan_tells_no_number_of_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["plan", str(folder / "loans.csv"), "--target", "default", "--privacy", "1"]
    assert main([*given, "--schema", str(folder / "schema.json"), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["data"]["rows"] is None
    assert plan["privacy"]["epsilon"] == 1.0
