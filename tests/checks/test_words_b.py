"""Do these checks speak both languages in full?"""

from __future__ import annotations

import string

import pytest

from assay.kernel.shelf import shelf

CHECKS = ("readable", "calibration", "coverage", "reasons", "cost")


@pytest.mark.parametrize("key", CHECKS)
def test_both_languages_say_the_same_things_with_the_same_values(key: str) -> None:
    words = shelf("checks").get(key).about.words
    assert set(words["en"]) == set(words["zh"])
    assert {"title", "question"} <= set(words["en"])
    for name, template in words["en"].items():
        asked = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        there = {field for _, field, _, _ in string.Formatter().parse(words["zh"][name]) if field}
        assert asked == there, name
