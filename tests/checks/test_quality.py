"""Does the check of quality tell what its interval cannot know?"""

from __future__ import annotations

import numpy as np
import pytest

import assay


@pytest.mark.parametrize(
    ("spread", "told"), [(2.5, True), (0.0, False)], ids=["few rows hold the error", "all share it"]
)
def test_errors_that_a_few_rows_hold_are_told(spread: float, told: bool) -> None:
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=300), rng.normal(size=300)
    y = 10 * x + (np.exp(spread * noise) if spread else noise)
    model = assay.train({"x": x, "y": y}, "y", trials=2, learners=("linear",), checks=("quality",))
    (quality,) = model.findings
    said = [note for note in quality.notes if note.key == "few_large"]
    assert bool(said) == told
    if told:
        assert said[0].values["k"] <= 6
        assert "of 300 rows" in said[0].text()


@pytest.mark.parametrize(("weight", "told"), [(1.0, []), (6.0, ["yes"])], ids=["even", "weighted"])
def test_the_largest_class_is_that_of_most_weight(weight: float, told: list[str]) -> None:
    """Two thirds of the rows are 'no'; with sixfold weight three of four count as 'yes', as the accuracy beside it counts them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    yes = np.arange(300) % 3 == 0
    table = {"x": x + yes, "w": np.where(yes, weight, 1.0), "y": np.where(yes, "yes", "no")}
    model = assay.train(table, "y", weight="w", trials=1, learners=("linear",), checks=("quality",))
    said = [note for note in model.findings[0].notes if note.key == "majority"]
    assert [note.values["label"] for note in said] == told
    if told:
        assert said[0].values["base"] == pytest.approx(0.75, abs=0.01)


def test_a_figure_that_one_guess_for_all_beats_is_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses may lie below those of the guess while the figure, which pays for the choice among candidates, does not."""
    rng = np.random.default_rng(1)
    table = {"x": rng.normal(size=200), "y": rng.normal(size=200)}
    monkeypatch.setattr("assay.checks.quality.beats", lambda *_: True)
    (quality,) = assay.train(table, "y", trials=1, learners=("linear",), checks=("quality",)).findings
    first = quality.measures[0]
    assert first.constant is not None
    assert first.value > first.constant
    assert (quality.verdict, quality.say.key) == ("fail", "no_better")
