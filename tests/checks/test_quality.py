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
