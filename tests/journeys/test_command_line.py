"""Does a table go all the way on the command line: trained, asked, explained, audited, reported?"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@dataclass(frozen=True)
class Trip:
    """One table on its way: the folder with `old.csv`, `new.csv` and `old.assay`, and its target."""

    folder: Path
    target: str
    new: pd.DataFrame

    def said(self, *arguments: str) -> str:
        """What a verb prints. It must end well, and break nothing."""
        line = [sys.executable, "-m", "assay.cli.main", *arguments]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout


TABLES = {
    "german_credit.csv": "credit_risk",
    "heart_disease.csv": "Disease",
    "concrete_strength.csv": "strength",
}


@pytest.fixture(scope="module", params=TABLES, ids=lambda name: name.removesuffix(".csv"))
def trip(
    request: pytest.FixtureRequest, table: Callable[[str], pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Trip:
    """Four rows of five are learnt from; each row bears a name."""
    rows, target = table(request.param), TABLES[request.param]
    folder = tmp_path_factory.mktemp("trip")
    rows = rows.sample(frac=1, random_state=1).reset_index(drop=True)
    rows.insert(0, "case", [f"C{k:05d}" for k in np.random.default_rng(0).permutation(len(rows))])
    cut = len(rows) * 4 // 5
    rows.iloc[:cut].to_csv(folder / "old.csv", index=False)
    rows.iloc[cut:].to_csv(folder / "new.csv", index=False)
    trip = Trip(folder, target, rows.iloc[cut:].reset_index(drop=True))
    trip.said("train", "old.csv", "--target", target, "--minutes", "0.2")
    return trip


def test_training_leaves_a_model_and_a_report(trip: Trip) -> None:
    assert sorted(p.name for p in trip.folder.iterdir() if p.name.startswith("old")) == [
        "old.assay",
        "old.csv",
        "old.html",
    ]
    model = assay.load(trip.folder / "old.assay")
    assert {f.verdict for f in model.findings} <= {"pass", "watch", "info", "unknown"}
    assert model.plan.column("case").role == "id"


def test_a_model_that_is_opened_and_saved_again_keeps_every_bit(trip: Trip) -> None:
    first = trip.folder / "old.assay"
    assay.load(first).save(trip.folder / "again.assay")
    assert (trip.folder / "again.assay").read_bytes() == first.read_bytes()


def test_answers_are_the_same_bits_before_saving_and_after_loading(trip: Trip) -> None:
    wishes = {"minutes": 0.1, "learners": ("constant", "linear"), "checks": ()}
    kept = assay.train(trip.folder / "old.csv", trip.target, **wishes)
    loaded = assay.load(kept.save(trip.folder / "kept.assay"))
    for one, two in zip(columns(kept, trip), columns(loaded, trip), strict=True):
        assert one == two


def columns(model: assay.Model, trip: Trip) -> list[tuple[str, list[object]]]:
    return list(model.predict(trip.folder / "new.csv").columns().items())


def test_scored_rows_have_their_name_answer_doubt_and_notes(trip: Trip) -> None:
    trip.said("predict", "old.assay", "new.csv", "-o", "scored.csv")
    with (trip.folder / "scored.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["case"] for row in rows] == trip.new["case"].tolist()
    answers = assay.load(trip.folder / "old.assay").predict(trip.folder / "new.csv")
    if not answers.labels:
        assert list(rows[0]) == ["case", "answer", "low", "high", "set", "notes"]
        assert all(float(row["low"]) <= float(row["answer"]) <= float(row["high"]) for row in rows)
        return
    assert list(rows[0]) == ["case", "answer", *(f"p_{label}" for label in answers.labels), "set", "notes"]
    for row in rows:
        p = {label: float(row[f"p_{label}"]) for label in answers.labels}
        assert sum(p.values()) == pytest.approx(1.0, abs=1e-5)
        assert p[row["answer"]] == max(p.values())
        assert set(filter(None, row["set"].split("|"))) <= set(answers.labels)


def test_the_parts_of_an_explanation_add_up_to_the_answer(trip: Trip) -> None:
    said = json.loads(trip.said("explain", "old.assay", "new.csv", "--row", "3", "--json"))
    total = said["base"] + sum(part["pull"] for part in said["parts"])
    assert total == pytest.approx(said["score"])
    answers = assay.load(trip.folder / "old.assay").predict(trip.folder / "new.csv")
    if answers.values is not None:
        assert total == pytest.approx(answers.values[2])
    else:
        assert answers.probabilities is not None
        assert 1 / (1 + np.exp(-total)) == pytest.approx(answers.probabilities[2].max())
    assert {part["name"] for part in said["parts"]} == set(trip.new.columns) - {"case", trip.target}


def test_an_audit_of_rows_held_out_finds_the_model_better_than_a_guess(trip: Trip) -> None:
    said = json.loads(trip.said("audit", "old.assay", "new.csv", "-o", "audit.html", "--json"))
    quality = next(f for f in said["findings"] if f["check"] == "quality")
    first = quality["measures"][0]
    assert quality["verdict"] == "pass"
    assert first["n"] == len(trip.new)
    assert first["better"] == "lower"
    assert first["high"] < first["constant"]
    assert "new.csv" in (trip.folder / "audit.html").read_text(encoding="utf-8")


def test_the_report_comes_in_three_formats_that_say_the_same(trip: Trip) -> None:
    for ending in ("html", "md", "json"):
        trip.said("report", "old.assay", "-o", f"report.{ending}")
    html, md, plain = (
        (trip.folder / f"report.{ending}").read_text(encoding="utf-8") for ending in ("html", "md", "json")
    )
    findings = assay.load(trip.folder / "old.assay").findings
    assert [f["check"] for f in json.loads(plain)["findings"]] == [f.check for f in findings]
    sentence = next(f for f in findings if f.check == "quality").say.text("en")
    assert sentence in html
    assert sentence in md
