"""Do the verbs do what the README says, with the exit codes it says?"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import VERBS, main
from assay.kernel.words import Say, width_of

RNG = np.random.default_rng(0)
QUICK = ["--minutes", "0.1", "--learner", "constant", "--learner", "linear", "--folds", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """loans.csv, and the model trained from it on the command line."""
    found = tmp_path_factory.mktemp("cli")
    x, town = RNG.normal(size=200), RNG.choice(["a", "b"], size=200)
    y = np.where(x + RNG.normal(size=200) * 0.5 > 0, "bad", "good")
    lines = [f"L{i},{v:.3f},{t},{a}" for i, (v, t, a) in enumerate(zip(x, town, y, strict=True))]
    (found / "loans.csv").write_text("\n".join(["loan,amount,town,default", *lines]), encoding="utf-8")
    code = main(["train", str(found / "loans.csv"), "--target", "default", *QUICK, "-o", str(found / "loans.assay")])
    assert code == 0
    return found


def test_plan_tells_and_trains_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(p.name for p in folder.iterdir())
    assert main(["plan", str(folder / "loans.csv"), "--target", "default"]) == 0
    out = capsys.readouterr().out
    for word in ("default", "amount", "town", "loan", "linear", "boosting"):
        assert word in out
    assert sorted(p.name for p in folder.iterdir()) == before


@pytest.mark.parametrize("verb", ["plan", "predict", "explain", "audit", "report"])
def test_every_verb_speaks_json(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = str(folder / "loans.assay"), str(folder / "loans.csv")
    arguments = {
        "plan": [data, "--target", "default"],
        "predict": [model, data],
        "explain": [model, data, "--row", "2"],
        "audit": [model, data],
        "report": [model],
    }[verb]
    assert main([verb, *arguments, "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out, parse_constant=lambda c: pytest.fail(f"{c} is no JSON"))


@pytest.mark.parametrize("verb", ["plan", "explain", "audit"])
def test_every_verb_speaks_chinese(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = str(folder / "loans.assay"), str(folder / "loans.csv")
    arguments = {"plan": [data, "--target", "default"], "explain": [model, data], "audit": [model, data]}[verb]
    assert main([verb, *arguments, "--lang", "zh"]) == 0
    assert any("\u4e00" <= ch <= "\u9fff" for ch in capsys.readouterr().out)


def test_predict_writes_a_line_for_every_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scored = folder / "scored.csv"
    assert main(["predict", str(folder / "loans.assay"), str(folder / "loans.csv"), "-o", str(scored)]) == 0
    rows = list(csv.DictReader(scored.open(encoding="utf-8")))
    assert len(rows) == 200
    assert rows[0].keys() == {"loan", "answer", "p_bad", "p_good", "set", "notes"}
    assert rows[5]["loan"] == "L5"
    assert {row["answer"] for row in rows} == {"bad", "good"}


def test_explain_adds_up_on_the_screen(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(folder / "loans.assay"), str(folder / "loans.csv"), "--row", "3", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["base"] + sum(part["pull"] for part in said["parts"]) == pytest.approx(said["score"])


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_reports_of_every_kind_are_written(ending: str, folder: Path) -> None:
    path = folder / f"report.{ending}"
    assert main(["report", str(folder / "loans.assay"), "-o", str(path)]) == 0
    assert 1000 < path.stat().st_size < 600_000


@pytest.mark.parametrize("ending", ["html", "md"])
def test_no_english_sentence_is_left_in_a_chinese_report(ending: str, folder: Path) -> None:
    path = folder / f"zh.{ending}"
    assert main(["report", str(folder / "loans.assay"), "-o", str(path), "--lang", "zh"]) == 0
    text = path.read_text(encoding="utf-8").partition("\n---\n")[2 if ending == "md" else 0]
    text = re.sub(r"<(style|script)\b.*?</\1>|</?(?!/)[^<>]*>", "\n", text, flags=re.DOTALL)
    assert not re.findall(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b", text)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b(?!=)", text)  # nor a key where its name should be


def test_verdicts_on_ones_own_test_rows_stand_apart(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = assay.load(folder / "loans.assay")
    path = replace(model, findings=model.findings[:3], tested=model.findings[:2]).save(tmp_path / "tested.assay")
    assert main(["report", str(path), "--lang", "en"]) == 0
    first, _, second = capsys.readouterr().out.partition("On your own test file\n")
    titles = [Say(f"checks/{finding.check}", "title").text("en") for finding in model.findings[:3]]
    assert [sum(title in line for line in first.splitlines()) for title in titles] == [1, 1, 1]
    assert [sum(title in line for line in second.splitlines()) for title in titles] == [1, 1, 0]


def test_training_leaves_a_model_and_a_report_and_no_journal(folder: Path) -> None:
    assert (folder / "loans.html").stat().st_size < 600_000
    assert not list(folder.glob("*.run"))


def test_a_broken_limit_gives_exit_code_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    audit = ["audit", str(folder / "loans.assay"), str(folder / "loans.csv"), "--limit"]
    assert main([*audit, "quality.auc>=0.9999"]) == 1
    assert main([*audit, "quality.auc>=0.5"]) == 0
    assert main([*audit, "quality.nonsense>=0.5"]) == 2  # no figure of quality
    assert main([*audit, "nonsense.auc>=0.5"]) == 2
    train = ["train", str(folder / "loans.csv"), "--target", "default", *QUICK, "-o", str(folder / "limited.assay")]
    assert main([*train, "--limit", "quality.auc>=0.9999"]) == 1


@pytest.mark.parametrize(("lang", "told"), [("en", "was not measured here"), ("zh", "此处未测得")])
def test_a_limit_on_a_measure_that_was_left_out_says_so_and_fails(
    lang: str, told: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = ["audit", str(folder / "loans.assay"), str(folder / "loans.csv"), "--lang", lang]
    limit = ["--limit", "cost.microseconds_per_row<=1e9"]
    assert main([*audit, *limit]) == 0
    capsys.readouterr()
    monkeypatch.setattr("assay.checks.cost._asking", lambda evidence: (0.5, 0.5, 1))  # time for a batch of one
    assert main([*audit, *limit]) == 1
    lines = capsys.readouterr().out.splitlines()
    (broken,) = [line for line in lines if told in line]
    assert "microseconds_per_row" in broken
    assert "<= 1e+09" in broken
    (cost,) = [line for line in lines if Say("checks/cost", "title").text(lang) in line]
    assert ("no time was left to measure a batch" if lang == "en" else "已无时间测量成批回答") in cost


@pytest.mark.parametrize(
    "arguments",
    [
        ["train"],
        ["nonsense"],
        ["predict", "nowhere.assay", "nowhere.csv"],
        ["plan", "nowhere.csv", "--target", "y"],
        ["train", "loans.csv", "--target", "default", "-o", "no/such/folder/m.assay"],
        ["plan", "loans.csv", "--target", "default", "--kind", "amount"],
        ["plan", "loans.csv", "--target", "default", "--minutes", "-1"],
        ["plan", "loans.csv", "--target", "default", "--task", "nonsense"],
    ],
)
def test_what_cannot_be_met_gives_exit_code_2(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.strip()
    assert "Traceback" not in err
    assert "our fault" not in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plan", "nowhere.csv", "--target", "y"], "没有文件"),
        (["plan", "loans.csv", "--target", "defualt"], "您是否指“default”？"),
        (["plan", "loans.csv", "--target", "default", "--kind", "amount=numbr"], "没有名为“numbr”的类型"),
        (["plan", "loans.csv", "--target", "default", "--kind", "amount"], "没有指明类型"),
        (["plan", "loans.csv", "--target", "default", "--task", "nonsense"], "没有名为“nonsense”的任务"),
        (["plan", "loans.csv", "--target", "default", "--minutes", "-1"], "不超过一周"),
        (["train", "loans.csv", "--target", "default", "-o", "no/such/folder/m.assay"], "没有文件夹"),
        (["predict", "nowhere.assay", "loans.csv"], "文件或文件夹不存在"),
        (["predict", "loans.csv", "loans.csv"], "这不是 .assay 文件"),
        (["explain", "loans.assay", "loans.csv", "--row", "9999"], "没有第 9999 行"),
        (["audit", "loans.assay", "loans.csv", "--limit", "nonsense.auc>=0.5"], "不是有效的限值"),
        (["report", "loans.assay", "-o", "report.doc"], "报告不能写成"),
    ],
)
def test_what_cannot_be_met_is_said_in_chinese(
    arguments: list[str],
    expected: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    assert main([*arguments, "--lang", "zh"]) == 2
    err = capsys.readouterr().err
    assert expected in err
    for line in err.splitlines():
        assert any("\u4e00" <= ch <= "\u9fff" for ch in line), line


def test_the_language_of_the_environment_is_spoken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert main(["plan", "nowhere.csv", "--target", "y"]) == 2
    assert "没有文件" in capsys.readouterr().err
    assert main(["plan", "nowhere.csv", "--target", "y", "--lang", "en"]) == 2
    assert "There is no file" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_in_chinese_where_it_is_asked_for(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*filter(None, [verb]), "--lang", "zh", "--help"]) == 0
    out = capsys.readouterr().out
    for english in ("usage", "options", "positional arguments", "show ", "default:", "Writes", "reading"):
        assert english not in out
    assert "选项" in out
    assert max(width_of(line) for line in out.splitlines()) <= 110


def test_a_fault_of_ours_gives_exit_code_3(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("assay.api.draw", broken)
    assert main(["plan", str(folder / "loans.csv"), "--target", "default"]) == 3
    err = capsys.readouterr().err
    assert "ZeroDivisionError: planted" in err
    assert "Traceback" not in err
    with pytest.raises(ZeroDivisionError):
        main(["plan", str(folder / "loans.csv"), "--target", "default", "--debug"])


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert f"assay {verb} " in capsys.readouterr().out.replace("  ", " ")


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay.cli.main", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_exit_codes_reach_the_shell(folder: Path) -> None:
    assert run("plan", "loans.csv", "--target", "default", cwd=folder).returncode == 0
    assert run("audit", "loans.assay", "loans.csv", "--limit", "quality.auc>=0.9999", cwd=folder).returncode == 1
    said = run("plan", "loans.csv", "--target", "defualt", cwd=folder)
    assert said.returncode == 2
    assert "Did you mean 'default'?" in said.stderr
    assert run("--version", cwd=folder).stdout.startswith("assay ")


def test_json_on_standard_output_is_not_mixed_with_progress(folder: Path) -> None:
    said = run("train", "loans.csv", "--target", "default", *QUICK, "-o", "j.assay", "--json", cwd=folder)
    assert said.returncode == 0
    assert json.loads(said.stdout)["model"] == "j.assay"


def test_checks_that_were_not_asked_for_one_reason_share_a_line() -> None:
    from assay.cli.show import findings_text
    from assay.kernel.findings import Finding
    from assay.kernel.words import Say

    def silent(check: str, reason: str) -> Finding:
        return Finding(check=check, verdict="unknown", say=Say("auditing", "not_applicable", {"reason": reason}))

    asked = Finding(check="quality", verdict="pass", say=Say("auditing", "no_time"))
    alike = [silent(check, "no rows") for check in ("data", "cost", "labels", "drift")]
    shown = findings_text([asked, *alike, silent("reasons", "no pulls")], "en").splitlines()
    assert [line.strip() for line in shown[-2:]] == ["? not asked Data, Cost, Labels, Drift", "not asked: no rows"]
    assert len(shown) == 4
    few = findings_text([asked, *alike[:3]], "en").splitlines()
    assert len(few) == 4
    assert sum("not asked: no rows" in line for line in few) == 3
