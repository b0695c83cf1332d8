"""Does training tell what comes next, and what becomes of what is there?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize(("environment", "given", "added"), [("C", [], ""), ("zh_CN.UTF-8", [], ""), ("C", ["--lang", "en"], ""), ("zh_CN.UTF-8", ["--lang", "en"], " --lang en")])  # fmt: skip
def test_a_language_that_comes_by_itself_is_not_named(
    environment: str, given: list[str], added: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("LANG", environment)
    assert main(["fetch", *given]) == 0
    assert next_commands(capsys.readouterr().out) == [f"assay fetch {key}{added}" for key in ("20newsgroups", "imdb")]
