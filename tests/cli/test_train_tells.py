"""Does training tell what comes next, and what becomes of what is there?"""

from __future__ import annotations

import os
import re
import shlex
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.cli.main import main

QUICK = ["--target", "paid", "--trials", "1", "--learner", "linear", "--folds", "2", "--membership", "none"]
Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> str:
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("tells") / "loans.csv"
    x = rng.normal(size=120)
    lines = [f"{v:.3f},{'no' if w > 0 else 'yes'}" for v, w in zip(x, x + rng.normal(size=120), strict=True)]
    path.write_text("\n".join(["x,paid", *lines]) + "\n", encoding="utf-8")
    return str(path)


def next_commands(out: str) -> list[str]:
    return [line.strip() for line in out.splitlines() if line.startswith("  assay ")]


def test_what_comes_next_is_in_the_language_that_was_asked_for(
    loans: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    model = str(tmp_path / "m.assay")
    assert main(["train", loans, *QUICK, "-o", model, "--lang", "zh"]) == 0
    told = next_commands(capsys.readouterr().out)
    assert [line.split()[1] for line in told] == ["predict", "explain", "report"]
    assert all(line.endswith(" --lang zh") for line in told)
    assert main(told[1].split()[1:]) == 0
    assert "第 3 行" in capsys.readouterr().out


def test_what_comes_next_reads_the_same_sheet(loans: str, tmp_path: Path, capsys: Captured) -> None:
    book = tmp_path / "loans 2026.xlsx"
    with pd.ExcelWriter(book) as writer:
        pd.DataFrame({"about": ["this book"]}).to_excel(writer, sheet_name="Cover", index=False)
        pd.read_csv(loans).to_excel(writer, sheet_name="Paid back", index=False)
    assert main(["train", str(book), "--sheet", "Paid back", *QUICK, "-o", str(tmp_path / "m.assay")]) == 0
    predict, explain, report = next_commands(capsys.readouterr().out)
    assert "--sheet 'Paid back'" in predict
    assert "--sheet" not in report
    assert main(shlex.split(explain)[1:]) == 0
    assert "Row 3: " in capsys.readouterr().out


def test_what_comes_next_reads_a_table_without_names_alike(loans: str, tmp_path: Path, capsys: Captured) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text(Path(loans).read_text(encoding="utf-8").partition("\n")[2], encoding="utf-8")
    asked = ["--target", "column_2", *QUICK[2:], "-o", str(tmp_path / "m.assay")]
    assert main(["train", str(bare), "--no-header", *asked]) == 0
    predict, explain, _ = next_commands(capsys.readouterr().out)
    assert "--no-header" in predict
    assert main(shlex.split(explain)[1:]) == 0


@pytest.mark.parametrize(("environment", "given", "added"), [("C", [], ""), ("zh_CN.UTF-8", [], ""), ("C", ["--lang", "en"], ""), ("zh_CN.UTF-8", ["--lang", "en"], " --lang en")])  # fmt: skip
def test_a_language_that_comes_by_itself_is_not_named(
    environment: str, given: list[str], added: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("LANG", environment)
    assert main(["fetch", *given]) == 0
    assert next_commands(capsys.readouterr().out) == [f"assay fetch {key}{added}" for key in ("20newsgroups", "imdb")]


def test_a_model_that_is_replaced_is_told_before_training(loans: str, tmp_path: Path, capsys: Captured) -> None:
    train = ["train", loans, *QUICK, "-o", str(tmp_path / "m.assay")]
    assert main([*train, "--json"]) == 0
    assert "replaces it" not in capsys.readouterr().err
    os.utime(tmp_path / "m.assay", (0, 1_700_000_000))
    assert main([*train, "--lang", "en"]) == 0
    err = capsys.readouterr().err
    assert (
        f"m.assay is a model written on {datetime.fromtimestamp(1_700_000_000):%Y-%m-%d %H:%M}; this run replaces it"
        in err
    )
    assert err.index("replaces it") < err.index("linear")  # the first trial
    assert main([*train, "--lang", "zh"]) == 0
    assert "会将其替换" in capsys.readouterr().err


def test_a_run_that_goes_on_replaces_nothing(
    loans: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    train = ["train", loans, *QUICK, "-o", str(tmp_path / "m.assay"), "--lang", "en"]
    assert main(train) == 0
    with monkeypatch.context() as patched:
        patched.setattr("assay.model.Model.save", _stop)
        assert main(train) == 2
    assert "replaces it" in capsys.readouterr().err
    assert main([*train, "--resume"]) == 0
    assert "replaces it" not in capsys.readouterr().err


def _stop(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_no_model_is_not_written_over(lang: str, loans: str, tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "m.assay"
    for content in (b"my thesis", b"PK\x03\x04" + bytes(26) + b"manifest.json{}"):
        path.write_bytes(content)
        assert main(["train", loans, *QUICK, "-o", str(path), "--lang", lang]) == 2
        said = capsys.readouterr()
        assert said.out == ""  # nothing was planned
        assert [str(path) in line for line in said.err.splitlines()] == [True, False, False]
        assert path.read_bytes() == content


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_no_report_is_not_written_over(lang: str, loans: str, tmp_path: Path, capsys: Captured) -> None:
    mine = tmp_path / "m.html"
    mine.write_text("<!doctype html><title>My page of loans</title>", encoding="utf-8")
    train = ["train", loans, *QUICK, "-o", str(tmp_path / "m.assay"), "--lang", lang]
    assert main(train) == 2
    said = capsys.readouterr()
    assert said.out == ""  # nothing was planned
    assert [str(mine) in line for line in said.err.splitlines()] == [True, False, False]
    assert (mine.read_text(encoding="utf-8"), (tmp_path / "m.assay").exists()) == (
        "<!doctype html><title>My page of loans</title>",
        False,
    )
    mine.write_bytes(b"")
    assert main(train) == 0
    capsys.readouterr()
    (tmp_path / "m.assay").unlink()
    os.utime(mine, (0, 1_700_000_000))
    assert main(train) == 0  # a report of ours, such as an audit's
    assert f"{datetime.fromtimestamp(1_700_000_000):%Y-%m-%d %H:%M}" in capsys.readouterr().err


def test_a_torn_model_and_an_empty_file_may_be_written_over(loans: str, tmp_path: Path) -> None:
    path = tmp_path / "m.assay"
    path.write_bytes(b"")
    assert main(["train", loans, *QUICK, "-o", str(path)]) == 0
    path.write_bytes(path.read_bytes()[:5_000])
    assert main(["train", loans, *QUICK, "-o", str(path)]) == 0
    assert assay.load(path).plan.target == "paid"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("verb", ["plan", "train"])
def test_help_names_what_cannot_stand_beside_trials(verb: str, lang: str, loans: str, capsys: Captured) -> None:
    assert main([verb, "--help", "--lang", lang]) == 0
    told = re.split(r"\n  (?=--)", capsys.readouterr().out)
    of = {one.split()[0]: one for one in told}
    assert "--minutes" in of["--trials"]
    assert "--latency" in of["--trials"]
    assert "--trials" in of["--latency"]
    for more in (["--minutes", "1"], ["--latency", "5ms"]):
        assert main(["plan", loans, "--target", "paid", "--trials", "1", *more]) == 2
