"""Does explain --as reason-codes tell a declined applicant why, in both languages and as JSON?"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from assay.cli.main import main

Captured = pytest.CaptureFixture[str]
N = 300


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with loans.csv, new.csv whose first row is declined, and loans.assay."""
    found = tmp_path_factory.mktemp("loans")
    rng = np.random.default_rng(4)
    savings, debt = rng.normal(50, 20, N).round(), rng.exponential(5, N).round(1)
    good = savings / 20 - debt / 3 + rng.normal(size=N) * 0.3 > 1.0
    before = Path.cwd()
    os.chdir(found)
    try:
        with Path("loans.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["savings", "debt", "answer"])
            writer.writerows(zip(savings, debt, np.where(good, "good", "bad"), strict=True))
        Path("new.csv").write_text("savings,debt\n12,6.5\n90,0.5\n", encoding="utf-8")
        quick = ["--minutes", "0.05", "--learner", "linear"]
        assert main(["train", "loans.csv", "--target", "answer", *quick, "-o", "loans.assay"]) == 0
    finally:
        os.chdir(before)
    return found


ASK = ["explain", "loans.assay", "new.csv", "--as", "reason-codes"]


def test_a_denial_is_told_in_the_words_of_the_table(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(place)
    assert main([*ASK, "--row", "1", "--class", "good"]) == 0
    said = capsys.readouterr().out
    assert "'savings' is lower than for those who just got 'good' (12; usual there:" in said
    assert "Put to the model" in said
    assert main([*ASK, "--reference", "loans.csv", "--lang", "zh"]) == 0
    assert "“savings”低于刚好得到“good”的行" in capsys.readouterr().out
    assert main([*ASK, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["denied"] == "good"
    assert {one["name"] for one in found["reasons"]} <= {"savings", "debt"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--row", "2", "--class", "good"], "is answered 'good'"),
        (["--class", "goood"], "Did you mean 'good'?"),
        (["--reference", "new.csv"], "--reference"),
    ],
)
def test_what_cannot_be_met_is_refused(
    more: list[str], said: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(place)
    assert main([*ASK, *more]) == 2
    assert said in capsys.readouterr().err


def test_points_add_up_and_double_the_odds(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(place)
    ask = ["explain", "loans.assay", "new.csv", "--class", "good", "--json"]
    assert main(ask) == 0
    odds = json.loads(capsys.readouterr().out)
    assert main([*ask, "--as", "points"]) == 0
    points = json.loads(capsys.readouterr().out)
    assert points["base"] + sum(one["pull"] for one in points["parts"]) == pytest.approx(points["score"])
    assert points["score"] == pytest.approx(600 + 20 * (odds["score"] - np.log(50)) / np.log(2))
    assert "double the odds of 'good'" in points["unit"]


def test_points_need_two_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{x:.3f},{3 * x:.2f}" for x in np.random.default_rng(0).normal(size=60)]
    Path("t.csv").write_text("x,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    assert main(["train", "t.csv", "--target", "y", "--learner", "linear", "--minutes", "0.05", "-o", "m.assay"]) == 0
    assert main(["explain", "m.assay", "t.csv", "--as", "points"]) == 2
    assert "Leave --as points away" in capsys.readouterr().err
