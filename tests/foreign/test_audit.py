"""Do the checks say of a model made elsewhere what they say of one of ours, and is all that goes wrong told?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.foreign.audit import Audit
from assay.kernel.errors import DataError, RequestError
from assay.kernel.findings import Finding
from assay.kernel.words import Say

from .worlds import Row, table, truth


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("foreign")
    (made / "train.csv").write_text(table(1))
    (made / "new.csv").write_text(table(2))
    return made


@pytest.fixture(scope="module")
def ours(folder: Path) -> Any:
    return assay.train(folder / "train.csv", target="y", trials=1, checks=())


@pytest.fixture(scope="module")
def of_truth(folder: Path) -> Audit:
    return audited(truth, folder)


def audited(model: Any, folder: Path, **more: Any) -> Audit:
    found = assay.audit(model, folder / "new.csv", target="y", **{"minutes": 0.5, **more})
    assert isinstance(found, Audit)
    return found


def finding(found: Any, check: str) -> Finding:
    return next(f for f in found.findings if f.check == check)


def said(found: Audit) -> set[str]:
    return {note.key for f in found.findings for note in f.notes if note.owner == "foreign"}


def test_an_onnx_file_has_the_figures_of_the_model_it_was_made_of(ours: Any, folder: Path) -> None:
    pytest.importorskip("onnxruntime")
    ours.export(folder / "theirs.onnx", folder / "train.csv")
    here = {m.name: m.value for m in finding(ours.audit(folder / "new.csv"), "quality").measures}
    found = audited(folder / "theirs.onnx", folder)
    there = {m.name: m.value for m in finding(found, "quality").measures}
    assert there.keys() == here.keys()
    for name, value in there.items():
        assert value == pytest.approx(here[name], abs=1e-4), name
    told = found.card["made_elsewhere"]
    assert told["name"] == "theirs.onnx"
    assert len(told["sha256"]) == 64
    assert not told["ran_code"]


def test_the_truth_is_well_calibrated_and_better_than_one_guess(of_truth: Audit) -> None:
    assert finding(of_truth, "quality").verdict == "pass"
    assert finding(of_truth, "calibration").verdict == "pass"
    assert {"elsewhere", "guess"} <= said(of_truth)


def test_no_check_breaks(of_truth: Audit) -> None:
    assert [f.check for f in of_truth.findings if f.verdict == "error"] == []


def test_reasons_add_up_and_name_what_the_function_goes_by(of_truth: Audit) -> None:
    found = finding(of_truth, "reasons")
    measures = {m.name: m.value for m in found.measures}
    assert found.verdict == "pass"
    assert measures["adds_up_within"] < 1e-9
    assert measures["pull: age"] > measures["pull: job"] > measures["pull: income"]
    assert measures["pull: income"] == pytest.approx(0.0, abs=1e-12)  # the function never looks at it


def test_probabilities_that_are_too_sure_are_found(folder: Path) -> None:
    def sure(rows: list[Row]) -> list[list[float]]:
        p = np.asarray(truth(rows))
        odds = 4 * np.log(p[:, 1] / p[:, 0])
        q = 1 / (1 + np.exp(-odds))
        return np.column_stack([1 - q, q]).tolist()

    assert finding(audited(sure, folder), "calibration").verdict == "fail"


def test_what_needs_the_training_rows_says_so_and_is_asked_with_them(of_truth: Audit, folder: Path) -> None:
    for check in ("drift", "leakage", "stability", "readable", "membership"):
        assert finding(of_truth, check).verdict == "unknown", check
    found = audited(truth, folder, training=folder / "train.csv")
    assert finding(found, "drift").verdict in ("pass", "info", "watch")
    assert "guess_training" in said(found)
    assert "guess" not in said(found)


def test_rows_that_stand_in_the_training_table_too_are_counted(of_truth: Audit, folder: Path) -> None:
    assert "unseen" in said(of_truth)
    new = (folder / "new.csv").read_text().splitlines()
    (folder / "mixed.csv").write_text("\n".join([*table(5).splitlines(), *new[1:41]]) + "\n")
    found = audited(truth, folder, training=folder / "mixed.csv")
    note = next(n for f in found.findings for n in f.notes if n.key == "overlap")
    assert note.values["n"] == 40
    assert "overlap" not in said(audited(truth, folder, training=folder / "train.csv"))


def test_rows_that_were_learnt_from_prove_nothing(folder: Path) -> None:
    found = audited(truth, folder, training=folder / "new.csv")
    assert finding(found, "quality").verdict == "watch"
    assert finding(found, "quality").say.key == "seen"


def test_rows_on_which_it_breaks_are_counted_and_in_no_figure(folder: Path) -> None:
    def breaks(rows: list[Row]) -> list[list[float]]:
        if any(row["age"] == 50 for row in rows):
            raise ZeroDivisionError("fifty")
        return truth(rows)

    lost = sum(line.startswith("50,") for line in (folder / "new.csv").read_text().splitlines())
    assert lost  # else nothing is asked here
    found = audited(breaks, folder)
    note = next(n for f in found.findings for n in f.notes if n.key == "unanswered")
    assert note.values["n"] == lost
    assert "fifty" in note.text()
    assert finding(found, "quality").measures[0].n == 300 - lost


def test_a_model_that_breaks_on_every_row_is_refused(folder: Path) -> None:
    def broken(rows: list[Row]) -> list[float]:
        raise KeyError("agee")

    with pytest.raises(DataError, match="answers none of the first 20 rows") as error:
        audited(broken, folder)
    assert "agee" in error.value.seen
    assert all(error.value.parts("zh"))


@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        (lambda rows: [[0.2, 0.3, 0.5]] * len(rows), "gives 3 numbers a row"),
        (lambda rows: [[0.5, 0.5]], "was asked about 20 rows and answers 1 × 2"),
        (lambda rows: [[2.0, -1.0]] * len(rows), "no probabilities"),
        (lambda rows: [[0.2, 0.2]] * len(rows), "no probabilities"),
        (lambda rows: 7, "no list of answers"),
        (lambda rows: ["maybe"] * len(rows), "'maybe', which is no class"),
    ],
)
def test_wrong_answers_are_refused_in_three_parts(wrong: Any, seen: str, folder: Path) -> None:
    with pytest.raises(DataError) as error:
        audited(wrong, folder)
    assert seen in error.value.seen
    assert all(error.value.parts("en"))
    assert all(error.value.parts("zh"))


def test_one_probability_is_that_of_the_last_class(of_truth: Audit, folder: Path) -> None:
    found = audited(lambda rows: [p[1] for p in truth(rows)], folder)
    assert finding(found, "quality").measures[0].value == finding(of_truth, "quality").measures[0].value


def test_outputs_are_told_apart_by_their_labels(of_truth: Audit, folder: Path) -> None:
    found = audited(lambda rows: [p[::-1] for p in truth(rows)], folder, labels=("good", "bad"))
    assert finding(found, "quality").measures[0].value == finding(of_truth, "quality").measures[0].value


def test_names_without_probabilities_are_measured_and_said(folder: Path) -> None:
    def names(rows: list[Row]) -> list[str]:
        return ["good" if p[1] > 0.5 else "bad" for p in truth(rows)]

    found = audited(names, folder)
    accuracy = {m.name: m.value for m in finding(found, "quality").measures}["accuracy"]
    probable = {m.name: m.value for m in finding(audited(truth, folder), "quality").measures}["accuracy"]
    assert accuracy == probable
    assert "hard" in said(found)
    assert finding(found, "calibration").verdict == "unknown"  # there is nothing to be calibrated


def test_labels_that_the_table_does_not_hold_are_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="classes are no, yes") as error:
        audited(truth, folder, labels=("no", "yes"))
    assert "bad, good" in error.value.expected


def test_values_are_audited(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    y = 3 * x + rng.normal(size=200)
    (tmp_path / "v.csv").write_text("x,y\n" + "\n".join(f"{a},{b}" for a, b in zip(x, y, strict=True)))
    found = assay.audit(lambda rows: [3 * row["x"] for row in rows], tmp_path / "v.csv", target="y", minutes=0.5)
    rmse = {m.name: m.value for m in finding(found, "quality").measures}["rmse"]
    assert rmse == pytest.approx(float(np.sqrt(np.mean((y - 3 * x) ** 2))), rel=1e-9)


def test_a_limit_is_kept_or_broken(folder: Path) -> None:
    found = assay.audit(truth, folder / "new.csv", ["quality.auc>=0.999"], target="y", minutes=0.5)
    assert found.broken_limits == 1


def test_cells_are_given_as_the_table_writes_them(folder: Path) -> None:
    seen: list[Row] = []

    def looks(rows: list[Row]) -> list[list[float]]:
        seen.extend(rows)
        return truth(rows)

    audited(looks, folder)
    assert {type(row["age"]) for row in seen[:100]} == {int}
    assert {row["owner"] for row in seen[:100]} == {"yes", "no"}
    assert "y" not in seen[0]


def test_the_report_says_that_the_model_is_not_ours(of_truth: Audit) -> None:
    assert "truth" in of_truth.report.html()
    assert "code of the user&#x27;s" in of_truth.report.html() or "code of the user's" in of_truth.report.html()
    assert "别处制作" in of_truth.report.html("zh")
    told = json.loads(json.dumps(of_truth.report.structured()))
    assert told["card"]["made_elsewhere"]["door"] == "function"


def test_a_door_that_nobody_knows_is_refused(folder: Path) -> None:
    for name in ("theirs.pkl", "theirs.h5"):
        with pytest.raises(RequestError, match="comes in by no door"):
            audited(name, folder)
    with pytest.raises(RequestError, match="There is no file"):
        audited("nowhere.onnx", folder)


def test_code_is_run_only_when_it_is_named_and_that_is_said_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "of_mine.py").write_text("def half(rows):\n    return [0.5] * len(rows)\n")
    monkeypatch.chdir(tmp_path)
    heard: list[Say] = []
    found = audited("of_mine:half", folder, say=heard.append)
    assert [one.text() for one in heard] == ["Code of yours is run: of_mine:half."]
    assert found.card["made_elsewhere"]["ran_code"]
    with pytest.raises(RequestError, match=r"Did you mean 'half'\?"):
        audited("of_mine:haalf", folder)


def test_one_of_ours_is_audited_as_before(ours: Any, folder: Path) -> None:
    ours.save(folder / "m.assay")
    found = assay.audit(folder / "m.assay", folder / "new.csv")
    assert replace(finding(found, "quality"), seconds=0) == replace(
        finding(ours.audit(folder / "new.csv"), "quality"), seconds=0
    )
