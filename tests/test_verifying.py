"""Does what a file claims come out again, and is a claim that was changed found?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import RequestError
from assay.kernel.findings import Finding
from assay.model import Model

QUICK = {"learners": ("linear", "boosting"), "trials": 3, "folds": 4}
TASKS = ("binary", "classes", "value", "sealed", "grouped", "weighted")


class Worlds(dict[str, tuple[Model, Path]]):
    """A model of each sort, trained when it is asked for, and the table it was learnt from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __missing__(self, task: str) -> tuple[Model, Path]:
        path = self.folder / f"{task}.csv"
        more = {"sealed": {"sealed": 0.3}, "grouped": {"group": "who"}, "weighted": {"weight": "amount"}}.get(task, {})
        model = assay.train(path, "y", drop=("who",) if task != "grouped" else (), **QUICK, **more)  # type: ignore[arg-type]
        self[task] = assay.load(model.save(self.folder / f"{task}.assay")), path
        return self[task]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    folder = tmp_path_factory.mktemp("verified")
    rng = np.random.default_rng(0)
    for task in TASKS:
        n = 240
        x, town = rng.normal(size=n), rng.choice(["a", "b", "c"], n)
        score = x + (town == "a") + rng.normal(size=n)
        answers: dict[str, Sequence[object]] = {
            "value": np.round(score, 3).tolist(),
            "classes": np.digitize(score, [-0.5, 1.0]).astype(str).tolist(),
        }
        y = answers.get(task, np.where(score > 0, "yes", "no").tolist())
        lines = ["x,town,who,amount,y"]
        lines += [
            f"{a:.4f},{b},w{i // 4},{1 + i % 3},{'c' if task == 'classes' else ''}{c}"
            for i, (a, b, c) in enumerate(zip(x, town, y, strict=True))
        ]
        (folder / f"{task}.csv").write_text("\n".join(lines) + "\n")
    return Worlds(folder)


@pytest.mark.parametrize("task", TASKS)
def test_on_its_own_table_nothing_differs_and_most_comes_out_the_same(worlds, task):
    model, path = worlds[task]
    found = assay.verify(model, path)
    assert found.holds, [claim for claim in found.claims if claim.verdict == "differs"]
    same = {claim.name for claim in found.claims if claim.verdict == "same"}
    assert {"data.sha256", "data.rows_used", "coverage.verdict"} <= same
    assert len(same) > 0.4 * len(found.claims)
    assert not [claim for claim in found.claims if claim.name == "cost.size_mb" and claim.verdict != "unchecked"]
    if task == "sealed":
        assert any(name.startswith("quality.") and "(" not in name for name in same)
    else:
        assert any(name.startswith("quality.") and name.endswith("(uncorrected)") for name in same)
        assert "calibration.scale" in same
        assert any(name.startswith("promise.") for name in same)


def test_a_figure_that_was_changed_is_found(worlds):
    model, path = worlds["binary"]

    def better(finding: Finding) -> Finding:
        if finding.check != "coverage":
            return finding
        first, *others = finding.measures
        return replace(finding, measures=(replace(first, value=first.value + 0.03), *others))

    lying = replace(model, findings=tuple(map(better, model.findings)))
    found = assay.verify(lying, path)
    assert not found.holds
    (claim,) = [claim for claim in found.claims if claim.verdict == "differs"]
    assert claim.name.startswith("coverage.")
    assert claim.stated == pytest.approx(claim.found + 0.03)


def test_a_mean_of_a_few_rows_is_not_held_against_one_of_many(worlds):
    """As spread is heavy-tailed, twenty rows may miss all of it, and their interval with them."""
    model, path = worlds["binary"]

    def few(rows: int, finding: Finding) -> Finding:
        told = [replace(m, value=m.value / 9, n=rows, low=m.value / 10, high=m.value / 8) for m in finding.measures]
        return replace(finding, measures=tuple(told)) if finding.check == "stability" else finding

    for rows, verdict in ((20, "unchecked"), (100, "differs")):
        stated = replace(model, findings=tuple(few(rows, finding) for finding in model.findings))
        (claim,) = [claim for claim in assay.verify(stated, path).claims if claim.name == "stability.spread"]
        assert (claim.verdict, claim.why.key) == (verdict, "verify.other_sample" if rows == 20 else "verify.differs")


def test_a_calibration_that_was_changed_is_found(worlds):
    model, path = worlds["value"]
    calibration = replace(model.ensemble.calibration, shift=model.ensemble.calibration.shift + 0.5)
    lying = replace(model, ensemble=replace(model.ensemble, calibration=calibration))
    assert "calibration.shift" in {
        claim.name for claim in assay.verify(lying, path).claims if claim.verdict == "differs"
    }


def test_another_table_is_told_at_once_and_nothing_else_is_asked(worlds):
    model, _ = worlds["binary"]
    found = assay.verify(model, worlds.folder / "grouped.csv")
    assert not found.holds
    assert found.count("differs") == 1
    assert found.claims[0].name == "data.sha256"
    assert found.count("unchecked") == len(found.claims) - 1 > 20


def test_one_refit_cannot_be_asked_on_the_rows_it_saw(tmp_path, worlds):
    path = worlds.folder / "binary.csv"
    model = assay.train(path, "y", ship="refit", **QUICK)  # type: ignore[arg-type]
    found = assay.verify(model, path)
    assert found.holds
    same = {claim.name for claim in found.claims if claim.verdict == "same"}
    guessed = {name for name in same if name.startswith("quality.") and name.endswith("(constant guess)")}
    assert len(guessed) == len(next(f for f in model.findings if f.check == "quality").measures)
    assert same - guessed == {"data.sha256", "data.rows_used"}
    assert not found.confirmed  # what asks no model confirms none
    assert {claim.why.key for claim in found.claims if claim.why} == {"verify.no_folds"}


def test_a_guess_that_was_made_to_look_worse_is_found_without_folds(worlds):
    """The lead over one guess is what "pass" rests on: it is computed from the table, not taken from the file."""
    path = worlds.folder / "binary.csv"
    model = assay.train(path, "y", ship="refit", **QUICK)  # type: ignore[arg-type]
    quality = next(f for f in model.findings if f.check == "quality")
    first = replace(quality.measures[0], constant=2 * quality.measures[0].constant)
    flattered = replace(quality, measures=(first, *quality.measures[1:]))
    others = tuple(f for f in model.findings if f is not quality)
    found = assay.verify(replace(model, findings=(flattered, *others), constant=model.constant + 1), path)
    (wrong,) = [claim for claim in found.claims if claim.verdict == "differs"]
    assert wrong.name == f"quality.{first.name} (constant guess)"
    assert wrong.found == pytest.approx(quality.measures[0].constant)


def test_where_nothing_could_be_confirmed_that_is_said_and_is_no_success(tmp_path, worlds, capsys):
    path = worlds.folder / "binary.csv"
    bundle = str(assay.train(path, "y", ship="refit", **QUICK).save(tmp_path / "one.assay"))  # type: ignore[arg-type]
    for lang, told, reason in (
        ("en", "could be confirmed", "no fold models"),
        ("zh", "无一能够得到证实", "没有折模型"),
    ):
        assert main(["verify", bundle, str(path), "--lang", lang]) == 2
        said = capsys.readouterr()
        claims = [claim for claim in assay.verify(bundle, path).claims if claim.of_model]
        assert {claim.verdict for claim in claims} == {"unchecked"}
        assert said.out.splitlines()[-1].count(str(len(claims))) == 1  # every claim of the model cannot be checked
        assert told in said.err
        assert reason in said.err
        assert "assay audit" in said.err
    assert main(["verify", bundle, str(path), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["confirmed"]) == (True, False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_line_tells_every_claim_and_writes_them(worlds, tmp_path, capsys, lang):
    model, path = worlds["classes"]
    bundle, evidence = str(path.with_suffix(".assay")), tmp_path / "evidence.json"
    assert main(["verify", bundle, str(path), "-o", str(evidence), "--lang", lang]) == 0
    shown = capsys.readouterr().out
    said = json.loads(evidence.read_text(encoding="utf-8"))
    assert said["holds"] is said["confirmed"] is True
    assert str(said["counts"]["same"]) in shown
    assert len(said["claims"]) == sum(said["counts"].values())
    assert all(claim["why"] for claim in said["claims"] if claim["verdict"] != "same")
    assert main(["verify", bundle, str(worlds.folder / "binary.csv"), "--lang", lang]) == 1
    assert main(["verify", bundle, str(path), "--json", "--lang", lang]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["holds"] is True


def test_a_signature_of_another_key_is_refused_before_anything_is_asked(worlds, tmp_path, capsys):
    signature = pytest.importorskip("assay.store.signature")
    pytest.importorskip("cryptography")
    model, path = worlds["binary"]
    (private, public), (_, other) = signature.new_keys(), signature.new_keys()
    bundle = model.save(tmp_path / "signed.assay")
    signature.sign(bundle, private)
    for name, key in (("own", public), ("other", other)):
        (tmp_path / name).write_bytes(key)
    assert main(["verify", str(bundle), str(path), "--key", str(tmp_path / "own")]) == 0
    assert "signature" in capsys.readouterr().out
    assert main(["verify", str(bundle), str(path), "--key", str(tmp_path / "other")]) == 2


def test_a_limit_that_turned_a_verdict_is_no_difference(worlds):
    path = worlds.folder / "binary.csv"
    model = assay.train(path, "y", drop=("who",), limits=("quality.auc>=0.999", "coverage.coverage>=0.999"), **QUICK)  # type: ignore[arg-type]
    assert model.broken_limits == 2
    found = assay.verify(model, path)
    assert found.holds
    (claim,) = [claim for claim in found.claims if claim.name == "coverage.verdict"]
    assert claim.why is not None
    assert (claim.stated, claim.verdict, claim.why.key) == ("fail", "unchecked", "verify.limit")


def test_of_a_private_model_nothing_is_asked(tmp_path):
    pytest.importorskip("dp_accounting")
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 400)
    path = tmp_path / "t.csv"
    path.write_text(
        "x,y\n"
        + "".join(
            f"{a:.3f},{'yes' if a + b > 0.5 else 'no'}\n" for a, b in zip(x, rng.normal(0, 0.2, 400), strict=True)
        )
    )
    schema = {"x": {"low": 0, "high": 1}, "y": {"levels": ["no", "yes"]}}
    model = assay.train(path, "y", privacy=2.0, schema=schema)
    found = assay.verify(model, path)
    assert found.holds
    assert {(claim.verdict, claim.why.key if claim.why else "") for claim in found.claims} == {
        ("unchecked", "verify.private")
    }


def test_of_a_table_that_was_drawn_from_no_row_can_be_found_again(worlds):
    """The hash that such a file states is of the rows drawn: the table itself is no other table for that."""
    model, path = worlds["binary"]
    drawn = replace(model, plan=replace(model.plan, data={**model.plan.data, "sha256": "0", "rows_drawn": 100}))
    found = assay.verify(drawn, path)
    assert found.holds
    assert {claim.why.key for claim in found.claims if claim.why} == {"verify.drawn"}
    assert found.count("unchecked") == len(found.claims)


def test_what_was_measured_on_test_rows_is_asked_again_where_they_are_given(worlds, tmp_path):
    path = worlds.folder / "binary.csv"
    lines = path.read_text().splitlines()
    test = tmp_path / "test.csv"
    test.write_text("\n".join([lines[0], *lines[1:200:2]]) + "\n")
    checks = ("quality", "calibration", "coverage", "cost")
    model = assay.train(path, "y", test=test, drop=("who",), **{**QUICK, "checks": checks})
    again = assay.load(model.save(tmp_path / "m.assay"))
    without = [claim for claim in assay.verify(again, path).claims if claim.name.startswith("test.")]
    assert without
    assert {claim.verdict for claim in without} == {"unchecked"}
    found = assay.verify(again, path, test=test)
    assert found.holds, [claim for claim in found.claims if claim.verdict == "differs"]
    told = {claim.name: claim.verdict for claim in found.claims}
    asked = [name for name in told if name.startswith("test.")]
    assert sorted(["test.data.sha256", *(claim.name for claim in without)]) == sorted(asked)
    assert told["test.quality.log_loss"] == told["test.calibration.verdict"] == "same"
    assert told["test.cost.verdict"] == "unchecked"
    other = tmp_path / "other.csv"
    other.write_text("\n".join([lines[0], *lines[2:200:2]]) + "\n")
    assert not assay.verify(again, path, test=other).holds
    with pytest.raises(RequestError) as refused:
        assay.verify(worlds["binary"][0], path, test=test)
    assert refused.value.do
