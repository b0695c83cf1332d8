"""Does the guarantee say who is protected, against what, by what means and what is left out, and only where there is one?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.auditing.examine import examine
from assay.checks.guarantee import PARTS, Guarantee
from assay.kernel.errors import DoesNotApply
from assay.testing.of_checks import evidence

KEPT = {
    "epsilon": 1.0,
    "delta": 1e-6,
    "columns": 3,
    "rounds": 40,
    "held": 0.15,
    "accountant": "dp-accounting 0.6.0 (PLD)",
}


def test_every_part_is_said_in_both_languages() -> None:
    found = Guarantee().run(replace(evidence("binary"), plan=replace(evidence("binary").plan, privacy=KEPT)))
    assert len(found.notes) == len(PARTS)
    for lang, word in (("en", "Who is protected"), ("zh", "保护对象")):
        said = found.say.text(lang) + "".join(note.text(lang) for note in found.notes)
        assert word in said
        assert "{" not in said
        assert "dp-accounting 0.6.0" in said
    assert found.measure("epsilon").value == 1.0
    assert "2.72 times" in found.say.text()


@pytest.mark.parametrize(
    ("learner", "said"),
    [
        ("linear", ("all pairs of columns", "length of 2.5", "none was sampled")),
        ("perceptron", ("DP-SGD", "probability 4", "length of 2.5", "Opacus")),
        ("encoder", ("pretrained encoder", "outside the promise")),
        ("additive", ("each cell of 3 columns",)),
        ("learner_of_later", ("learner_of_later",)),
    ],
)
def test_the_means_are_those_of_the_learner(learner: str, said: tuple[str, ...]) -> None:
    found = Guarantee().told({**KEPT, "learner": learner, "reach": 2.5, "rate": 0.04})
    for lang in ("en", "zh"):
        notes = "".join(note.text(lang) for note in found.notes)
        assert "{" not in notes
        assert lang == "zh" or all(words in notes for words in said)
    assert "40" in "".join(note.text("zh") for note in found.notes) or learner == "learner_of_later"


def test_says_why_where_there_is_no_guarantee() -> None:
    with pytest.raises(DoesNotApply):
        Guarantee().run(evidence("binary"))


def test_is_put_to_models_with_a_guarantee_alone() -> None:
    given = evidence("binary")
    private = replace(given, plan=replace(given.plan, privacy=KEPT))
    assert [f.check for f in examine(private, only=["guarantee"])] == ["guarantee"]
    assert "without a privacy guarantee" in examine(given, only=["guarantee"])[0].say.text()
    assert "guarantee" not in {f.check for f in examine(given)}
