"""Does assay report --as write what the help says, and are answers kept in the file?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import BundleInvalid
from assay.report.frame import frames
from assay.store import bundle

QUICK = ["--trials", "1", "--learner", "linear", "--folds", "3", "--membership", "none"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained from a table of 120 rows."""
    folder, rng = tmp_path_factory.mktemp("technical"), np.random.default_rng(0)
    x = rng.normal(size=120)
    lines = [f"{v:.3f},{'bad' if v + e > 0 else 'good'}" for v, e in zip(x, rng.normal(size=120) / 2, strict=True)]
    (folder / "loans.csv").write_text("\n".join(["amount,default", *lines]), encoding="utf-8")
    path = folder / "loans.assay"
    assert main(["train", str(folder / "loans.csv"), "--target", "default", *QUICK, "-o", str(path)]) == 0
    return path


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("key", frames())
def test_every_frame_is_written_and_printed(
    key: str, lang: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for ending in ("html", "md", "json"):
        path = model.with_name(f"{key}.{ending}")
        assert main(["report", str(model), "--as", key, "-o", str(path), "--lang", lang]) == 0
        assert 3_000 < path.stat().st_size < 600_000
    capsys.readouterr()
    assert main(["report", str(model), "--as", key, "--lang", lang]) == 0
    assert ("not done" if lang == "en" else "未做") in capsys.readouterr().out
    assert main(["report", str(model), "--as", key, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frame"] == key


def test_answers_are_kept_in_the_file_and_nothing_else_changes(model: Path) -> None:
    answers, kept = model.with_name("answers.json"), model.with_name("kept.assay")
    asked = ["report", str(model), "--as", "ai-act"]
    assert main([*asked, "--template", str(answers)]) == 0
    raw = json.loads(answers.read_text(encoding="utf-8"))
    raw["answers"]["IV.8"] |= {"text": "See annex A.", "who": "C. Officer", "date": "2026-11-27"}
    answers.write_text(json.dumps(raw), encoding="utf-8")
    assert main([*asked, "--answers", str(answers), "--keep", str(kept), "-o", str(model.with_name("a.md"))]) == 0
    before, after = assay.load(model), assay.load(kept)
    assert [(one.ref, one.text) for one in after.statements] == [("IV.8", "See annex A.")]
    assert before.statements == ()
    assert (before.plan, before.findings, before.card) == (after.plan, after.findings, after.card)
    row = {"amount": 0.3}
    assert before.predict(row) == after.predict(row)
    assert "See annex A." in after.report.technical("ai-act").html()
    after.save(model.with_name("again.assay"))
    assert model.with_name("again.assay").read_bytes() == kept.read_bytes()


def test_a_file_with_nonsense_for_statements_is_refused(model: Path) -> None:
    box = bundle.read(model)
    box.add("statements").put(said=[{"text": 1}])
    bundle.write(box, model.with_name("nonsense.assay"))
    with pytest.raises(BundleInvalid):
        assay.load(model.with_name("nonsense.assay"))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--as", "ai-akt"],
        ["--answers", "x.json"],
        ["--template", "x.json"],
        ["--as", "ai-act", "--keep", "x.assay"],
        ["--as", "ai-act", "--answers", "nowhere.json"],
        ["--as", "ai-act", "-o", "file.doc"],
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_cannot_be_met_is_said_in_three_parts(
    wrong: list[str],
    lang: str,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(model.parent)
    assert main(["report", str(model), *wrong, "--lang", lang]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3


def test_the_model_is_not_overwritten_by_what_is_written(model: Path) -> None:
    assert main(["report", str(model), "--as", "ai-act", "--template", str(model)]) == 2
    assert assay.load(model).findings


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_help_names_every_frame(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--help", "--lang", lang]) == 0
    said = "".join(capsys.readouterr().out.split())  # lines may break within a name
    assert all(key in said for key in frames())
