"""Is it told that one label in several spellings makes several classes?"""

from __future__ import annotations

import pandas as pd
import pytest

import assay

ROWS = 240


def notes(labels: list[str]) -> list[str]:
    table = pd.DataFrame(
        {"x": [i * 37 % 101 for i in range(ROWS)], "y": [labels[i * 7 % len(labels)] for i in range(ROWS)]}
    )
    found = [note for note in assay.plan(table, "y", task="classes").notes if note.key == "note.alike"]
    return [note.text(lang) for note in found for lang in ("en", "zh")]


@pytest.mark.parametrize(
    ("labels", "pairs"),
    [
        (["Yes", "yes", "No", "no"], ["'No' / 'no'", "'Yes' / 'yes'"]),
        (["A", "Ａ", "B"], ["'A' / 'Ａ'"]),
        (["合格", "合格\u200b", "不合格"], ["'合格' / '合格\u200b'"]),
        (["0", "0.0", "1", "1.0"], ["'0' / '0.0'", "'1' / '1.0'"]),
    ],
)
def test_labels_that_differ_in_spelling_alone_are_told(labels: list[str], pairs: list[str]) -> None:
    told = notes(labels)
    assert len(told) == 2
    assert all(pair in text for pair in pairs for text in told)
    assert str(len(pairs)) in told[0]


@pytest.mark.parametrize("labels", [["yes", "no", "maybe"], ["1", "2", "10"], ["A", "A+", "B"]])
def test_labels_that_differ_are_not_told(labels: list[str]) -> None:
    assert notes(labels) == []
