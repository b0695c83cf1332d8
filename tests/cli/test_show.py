"""Is what a terminal shows broken between words, and what a file is given left whole?"""

from __future__ import annotations

import sys

import pytest

from assay.cli.show import findings_text
from assay.kernel.findings import Advice, Finding
from assay.kernel.words import Say, width_of

SAID = Say("search", "whole.no_time", {"rows": 5_000_000, "drawn": 99_144})
FINDING = Finding(check="quality", verdict="pass", say=SAID, advice=(Advice(option="--readable", say=SAID),))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    return monkeypatch


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_terminal_is_given_lines_that_fit_and_whole_words(
    terminal: pytest.MonkeyPatch, lang: str, columns: int
) -> None:
    terminal.setenv("COLUMNS", str(columns))
    found = findings_text([FINDING], lang)
    lines = found.split("\n")
    assert max(width_of(line) for line in lines) <= columns
    assert len(lines) > 2
    words = SAID.text(lang).split()
    assert found.split().count(words[0]) == 2
    if lang == "en":
        assert " ".join(found.split()).count(SAID.text(lang)) == 2


def test_lines_of_one_finding_begin_where_the_first_one_does(terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("COLUMNS", "100")
    lines = findings_text([FINDING], "en").split("\n")
    at = lines[0].index("The table")
    assert lines[1].startswith(" " * at)
    assert lines[1][at] != " "


def test_a_file_is_given_a_line_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert len(findings_text([FINDING], "en").split("\n")) == 2
