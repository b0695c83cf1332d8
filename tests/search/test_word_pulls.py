"""Do the pulls of words follow the scale on which the answer is told, of each label its own?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import assay
from assay.search.word_pulls import word_pulls
from assay.stats.calibration import Affine

WORDS = {"brakes": "brake", "door": "door", "lamp": "light"}


def reports(n: int) -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        kept = [label for word, label in WORDS.items() if rng.random() < 0.4]
        named = [word for word, label in WORDS.items() if label in kept]
        said = " ".join(rng.permutation([*named, *rng.choice(["the", "bus", "was", "at", "stop", "again"], size=6)]))
        rows.append({"report": f"{said} number {i}", "faults": "|".join(kept)})
    return rows


def test_words_are_told_on_the_scale_of_each_label() -> None:
    table = reports(260)
    model = assay.train(table, target="faults", task="flags", trials=1, learners=("sparse",))
    reasons = next(found for found in model.findings if found.check == "reasons")
    assert reasons.verdict == "pass"  # taking out the words named moves the answer
    assert "texts" in [figure.kind for figure in reasons.figures]
    row = model._opened(assay.read(table)).take(np.asarray([3]))
    width = model.ensemble.head.width
    scales = np.asarray([0.5, 1.0, 3.0])
    plain, scaled = (replace(model.ensemble, calibration=Affine(1.0, np.zeros(width), own)) for own in (None, scales))
    (one,), (other,) = (word_pulls(ensemble, row, range(len(ensemble.encoders))) for ensemble in (plain, scaled))
    assert np.abs(one.pulls).max() > 0
    assert np.allclose(other.pulls, one.pulls * scales)
    assert np.allclose(other.rest, one.rest * scales)
