"""Does a model whose mistakes have costs answer alike on every road, and are its figures those of its answers?"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.answers.answer import Answer
from assay.answers.answers import Answers
from assay.cli.main import main
from assay.kernel.errors import RequestError

COSTS = {"fraud": 20.0, "check": 4.0}
TWO, THREE = ("good", "fraud"), ("good", "check", "fraud")


def payments(classes: tuple[str, ...], n: int = 900, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    amount, hour = rng.normal(size=n), rng.integers(24, size=n)
    z = amount + 0.1 * (hour - 12) + rng.logistic(size=n)
    place = np.searchsorted((1.5, 3.0)[: len(classes) - 1], z)
    table = {"amount": amount, "hour": hour, "shop": rng.choice(["x", "y"], n), "y": np.asarray(classes)[place]}
    return pd.DataFrame(table)


@functools.cache
def trained(classes: tuple[str, ...], **more: Any) -> assay.Model:
    return assay.train(payments(classes), "y", trials=2, costs={k: v for k, v in COSTS.items() if k in classes}, **more)


def finding(found: Any, check: str) -> Any:
    return next(one for one in found.findings if one.check == check)


@pytest.fixture(scope="module", params=[TWO, THREE], ids=["two", "three"])
def model(request: pytest.FixtureRequest) -> assay.Model:
    return trained(request.param)


def test_every_road_gives_the_class_of_least_expected_cost(model: assay.Model, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    loaded = assay.load(model.save(tmp_path / "m.assay"))
    assert loaded.codec == model.codec
    asked = payments(THREE, 200, 1).drop(columns="y")
    answers = loaded.predict(asked)
    assert isinstance(answers, Answers)
    assert answers.probabilities is not None
    paid = np.asarray([COSTS.get(label, 1.0) for label in answers.labels])
    least = np.asarray(answers.labels)[(answers.probabilities * paid).argmax(axis=1)]
    assert answers.answer.tolist() == least.tolist()
    assert (answers.probabilities.argmax(axis=1) != (answers.probabilities * paid).argmax(axis=1)).sum() > 10
    rows: list[dict[Any, Any]] = asked.to_dict("records")
    alone = [loaded.predict(row) for row in rows[:60]]
    assert [a.answer for a in alone] == least[:60].tolist()
    assert [answers.row(i).answer for i in range(200)] == answers.columns()["answer"] == least.tolist()
    assert [loaded.explain(asked, row=i + 1).answer for i in range(15)] == least[:15].tolist()
    assert [loaded.explain(row).answer for row in rows[:15]] == least[:15].tolist()
    path = loaded.export(tmp_path / "m.onnx", asked).path
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {"amount": asked[["amount"]].to_numpy(), "hour": asked[["hour"]].to_numpy(dtype=np.float64)}
    feeds["shop"] = asked[["shop"]].to_numpy(dtype=object)
    assert session.run(["label"], feeds)[0].tolist() == least.tolist()


def test_figures_are_those_of_the_answers_and_can_be_computed_again(model: assay.Model) -> None:
    quality = next(finding for finding in model.findings if finding.check == "quality")
    figures = {measure.name: measure for measure in quality.measures}
    matrix = next(figure for figure in quality.figures if figure.kind == "matrix").data
    table, paid = np.asarray(matrix["values"]), [COSTS.get(label, 1.0) for label in matrix["rows"]]
    wrong = (table.sum(axis=1) - np.diag(table)) @ np.asarray(paid) / table.sum()
    assert figures["cost"].value == pytest.approx(wrong, rel=0.2)  # paid for the choice among two candidates
    assert figures["cost"].low <= figures["cost"].value <= figures["cost"].high
    assert figures["cost"].value < figures["cost"].constant
    assert any("probabilities are as they would be without" in note.text() for note in quality.notes)
    classes = TWO if len(model.codec.labels) == 2 else THREE
    assert assay.verify(model, payments(classes)).holds
    audited = model.audit(payments(classes, 400, 2))
    again = next(finding for finding in audited.findings if finding.check == "quality")
    table = np.asarray(next(figure for figure in again.figures if figure.kind == "matrix").data["values"])
    wrong = (table.sum(axis=1) - np.diag(table)) @ np.asarray(paid) / table.sum()
    assert next(m.value for m in again.measures if m.name == "cost") == pytest.approx(wrong)


def test_an_explanation_says_where_the_border_lies_by_cost() -> None:
    model = trained(TWO)
    asked = payments(TWO, 40, 3).drop(columns="y")
    for place in range(10):
        told = model.explain(asked, row=place + 1)
        assert told.score > told.unit.values["border"]  # as it says it, so it is answered
        assert "by what mistakes cost" in told.unit.text()
        other = next(label for label in model.codec.labels if label != told.answer)
        against = model.explain(asked, row=place + 1, label=other)
        assert against.score < against.unit.values["border"]


def test_changes_and_reasons_know_the_border() -> None:
    model = trained(TWO)
    asked = payments(TWO, 200, 4).drop(columns="y")
    answers = model.predict(asked)
    assert isinstance(answers, Answers)
    assert answers.probabilities is not None
    fraud = answers.probabilities[:, answers.labels.index("fraud")]
    alarmed = int(np.flatnonzero((fraud > 1 / 21) & (fraud < 0.5))[0])  # of the most probable class it is good
    assert answers.answer[alarmed] == "fraud"
    found = model.counterfactual(asked, row=alarmed + 1, to="good")
    assert [way.answer for way in found.ways] == ["good"] * len(found.ways)
    assert all(way.p is not None and way.p >= 20 / 21 for way in found.ways)
    reasons = model.reason_codes(asked, row=alarmed + 1)
    assert reasons.label == "good"
    assert reasons.put is not None
    assert reasons.put.answer == "good"
    if reasons.put.draws == 0:  # all three columns are among the reasons: no others can be drawn
        assert "draws" not in reasons.text()
        assert "次" not in reasons.text("zh")
    for told in (found, reasons):
        assert "'fraud' is answered from a probability of 4.76 % on" in told.text()
        assert "如何作答：概率达 4.76 % 即回答“fraud”" in told.text("zh")


def test_of_several_classes_an_explanation_says_what_decides() -> None:
    told = trained(THREE).explain(payments(THREE, 5, 5).drop(columns="y"), row=2, label="check")
    assert (
        "'check', which to miss costs 4: the answer is the class whose probability times its cost" in told.unit.text()
    )


def test_points_say_above_how_many_of_them_a_class_is_answered() -> None:
    model = trained(TWO, learners=("additive",), checks=())
    asked = payments(TWO, 200, 6).drop(columns="y")
    border = model.scorecard.structured()["answered_above"]
    label = model.scorecard.card.unit.values["label"]
    assert f"'{label}' is answered above {border:.3g}" in model.scorecard.card.unit.text()
    answers = model.predict(asked)
    assert isinstance(answers, Answers)
    for row in range(12):
        told = model.explain(asked, row=row + 1, label=label).points()
        assert told.unit.values["border"] == pytest.approx(border)
        assert (told.score > border) == (answers.answer[row] == label)


def test_a_row_whose_answer_costs_decided_is_not_called_untypical(model: assay.Model) -> None:
    asked = payments(THREE, 300, 7).drop(columns="y")
    answers = model.predict(asked)
    assert isinstance(answers, Answers)
    assert answers.probabilities is not None
    assert answers.sets is not None
    likeliest = answers.probabilities.argmax(axis=1)
    told = [any(note.key in ("other_set", "empty_set") for note in notes) for notes in answers.notes]
    assert told == (~answers.sets[np.arange(300), likeliest]).tolist()
    rows: list[dict[Any, Any]] = asked.to_dict("records")
    assert [model.predict(row).notes for row in rows[:40]] == [answers.row(i).notes for i in range(40)]


def test_checks_tell_the_most_probable_class_from_the_answer(model: assay.Model) -> None:
    found = finding(model, "labels")
    heads = [head.text() for figure in found.figures if figure.kind == "table" for head in figure.data["columns"]]
    assert "most probable" in heads
    assert "answer" not in heads
    audited = model.audit(payments(TWO if len(model.codec.labels) == 2 else THREE, 600, 8))
    groups = finding(audited, "subgroups")
    assert all("accuracy" not in one.text() for one in (groups.say, *groups.notes))
    if len(model.codec.labels) > 2:
        curves = [figure.title.key for figure in finding(model, "calibration").figures if figure.kind == "lines"]
        assert "curve_likeliest" in curves
        assert "curve_top" not in curves


def test_an_exported_file_is_audited_by_its_own_costs(model: assay.Model, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    rows = payments(TWO if len(model.codec.labels) == 2 else THREE, 300, 9)
    path = model.export(tmp_path / "m.onnx", rows).path
    figures = {}
    for name, audited in {"own": model.audit(rows), "onnx": assay.audit(path, rows, target="y")}.items():
        quality = finding(audited, "quality")
        figures[name] = {measure.name: measure.value for measure in quality.measures}
        assert any(note.key.startswith("note.costs") for note in quality.notes)
    assert figures["onnx"]["cost"] == pytest.approx(figures["own"]["cost"])
    assert figures["onnx"]["accuracy"] == pytest.approx(figures["own"]["accuracy"])
    other = assay.audit(path, rows, target="y", wishes={"costs": {"good": 30.0}})
    assert {m.name: m.value for m in finding(other, "quality").measures}["accuracy"] != figures["own"]["accuracy"]


def names_alone(rows: list[dict[str, Any]]) -> list[str]:
    return ["fraud" if row["amount"] > 1 else "good" for row in rows]


def test_a_model_that_gives_no_probabilities_is_not_audited_by_costs() -> None:
    with pytest.raises(RequestError, match="without probabilities"):
        assay.audit(names_alone, payments(TWO, 200, 9), target="y", wishes={"costs": {"fraud": 20.0}})


def test_the_file_for_the_card_says_how_answers_follow(model: assay.Model) -> None:
    card = model.report.technical("model-card").markdown("en")
    assert "probabilities are as they would be without" in card


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payments(TWO).to_csv(tmp_path / "p.csv", index=False)
    asked = ["train", str(tmp_path / "p.csv"), "--target", "y", "--trials", "1", "--cost", "fraud=20"]
    assert main([*asked, "-o", str(tmp_path / "m.assay"), "--limit", "quality.cost<=5"]) == 0
    answer = assay.load(tmp_path / "m.assay").predict({"amount": 0.5, "hour": 12, "shop": "x"})
    assert isinstance(answer, Answer)
    assert answer.answer == "fraud"
    assert answer.probabilities["fraud"] < 0.5
    capsys.readouterr()
    assert main([*asked[:-1], "fraud", "-o", str(tmp_path / "n.assay")]) != 0
    assert "--cost fraud=20" in capsys.readouterr().err
