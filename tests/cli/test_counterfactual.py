"""Does the verb tell small changes in both languages, as JSON and as a file, and refuse in three parts?"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from assay.cli.main import main

Captured = pytest.CaptureFixture[str]
N = 150


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with loans.csv, new.csv whose first row is declined, and loans.assay."""
    found = tmp_path_factory.mktemp("loans")
    rng = np.random.default_rng(2)
    savings, debt, age = rng.normal(50, 20, N).round(), rng.exponential(5, N).round(1), rng.integers(20, 70, N)
    job = rng.choice(["fixed", "none", "own"], N)
    good = savings / 20 - debt / 3 + (job == "fixed") + rng.normal(size=N) * 0.3 > 1.3
    rows = zip(savings, debt, age, job, np.where(good, "good", "bad"), strict=True)
    before = Path.cwd()
    os.chdir(found)
    try:
        with Path("loans.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["savings", "debt", "age", "job", "answer"])
            writer.writerows((f"{s:.0f}", d, a, j, y) for s, d, a, j, y in rows)
        Path("new.csv").write_text("savings,debt,age,job\n20,6.5,30,none\n90,0.5,50,fixed\n", encoding="utf-8")
        quick = ["--minutes", "0.05", "--learner", "linear", "--sensitive", "age"]
        assert main(["train", "loans.csv", "--target", "answer", *quick, "-o", "loans.assay"]) == 0
    finally:
        os.chdir(before)
    return found


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


ASK = ["counterfactual", "loans.assay", "new.csv"]


def test_a_declined_row_is_told_what_to_change(capsys: Captured) -> None:
    rules = ["--immutable", "job", "--increase-only", "savings", "--decrease-only", "debt"]
    assert main([*ASK, "--row", "1", "--to", "good", *rules, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == "bad"
    assert found["p"] < 0.5
    assert set(found["kept"]) == {"age", "job"}
    assert found["ways"]
    for way in found["ways"]:
        assert way["answer"] == "good"
        assert way["p"] > 0.5
        for one in way["changes"]:
            rises = float(one["then"]) > float(one["now"])
            assert (one["name"], rises) in (("savings", True), ("debt", False))


def test_what_is_printed_is_what_is_written(capsys: Captured) -> None:
    assert main([*ASK, "--most", "1", "-o", "ways.csv"]) == 0
    said = capsys.readouterr()
    with Path("ways.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert rows
    for row in rows:
        assert f"{row['now']} " in said.out
        assert row["then"] in said.out
    assert "Wrote 1 way to ways.csv." in said.err
    assert main([*ASK, "--lang", "zh"]) == 0
    assert "改为" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--immutable", "job,savnigs"], "Did you mean 'savings'?"),
        (["--increase-only", "job"], "--immutable job"),
        (["--to", "goood"], "Did you mean 'good'?"),
        (["--row", "2", "--to", "good"], "already"),
        (["--row", "9"], "no row 9"),
        (["--immutable", "savings,debt,job"], "No plausible change"),
        (["-o", "new.csv"], "another file"),
    ],
)
def test_what_cannot_be_met_ends_in_three_parts(more: list[str], said: str, capsys: Captured) -> None:
    assert main([*ASK, *more]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert main([*ASK, *more, "--lang", "zh"]) == 2
    assert any("\u4e00" <= ch <= "\u9fff" for ch in capsys.readouterr().err)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_help_teaches(lang: str, capsys: Captured) -> None:
    assert main(["counterfactual", "--help", "--lang", lang]) == 0
    said = capsys.readouterr().out
    for part in (
        "--immutable",
        "--increase-only",
        "--decrease-only",
        "--to",
        "assay counterfactual loans.assay new.csv",
    ):
        assert part in said
    assert main(["--help", "--lang", lang]) == 0
    assert "counterfactual" in capsys.readouterr().out
