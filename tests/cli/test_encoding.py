"""Can a person say in which encoding a file is, where it cannot be found out?"""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.cli.main import main


@pytest.fixture
def russian(tmp_path: Path) -> Path:
    lines = [f"{36 + k % 5}.{k % 10},{'да' if k % 5 > 2 else 'нет'}" for k in range(60)]
    (tmp_path / "ru.csv").write_bytes("\n".join(["темп,болен", *lines]).encode("cp1251"))
    return tmp_path / "ru.csv"


def test_the_error_says_how_the_file_was_read_and_the_option_mends_it(
    russian: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(russian), "--target", "болен"]) == 2
    said = capsys.readouterr().err
    assert "The file was read as cp1252: --encoding names another" in said
    assert main(["plan", str(russian), "--target", "болен", "--encoding", "cp1251"]) == 0
    assert "темп" in capsys.readouterr().out


def test_an_encoding_that_does_not_fit_is_refused(russian: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(russian), "--target", "болен", "--encoding", "utf-8"]) == 2
    assert "utf-8" in capsys.readouterr().err
    assert main(["plan", str(russian), "--target", "болен", "--encoding", "klingon"]) == 2
    assert "klingon" in capsys.readouterr().err
