"""Is a line of hundreds of names cut to what can be read, and is it told?"""

from __future__ import annotations

import numpy as np

import assay


def test_a_line_of_hundreds_of_names_shows_those_that_move_an_answer_most() -> None:
    rng = np.random.default_rng(2)
    pull, shop = rng.normal(size=300), np.arange(1500) % 300
    x = rng.normal(size=1500)
    table = {"shop": [f"shop {k}" for k in shop], "x": x.tolist(), "y": (9 * x + pull[shop]).tolist()}
    model = assay.train(table, "y", trials=1, learners=("linear",), checks=())
    told = model.card["equation"]
    assert told["equation"].count("·") == 100
    assert told["left_out"] > 100
    assert told["equation"].endswith("·x")
    for lang, more in (("en", f"{told['left_out']} more terms"), ("zh", f"另有 {told['left_out']} 项")):
        assert more in model.report.markdown(lang)
        assert more in model.report.html(lang)
    few = assay.train(
        {**table, "shop": [f"shop {k % 9}" for k in shop]}, "y", trials=1, learners=("linear",), checks=()
    )
    assert "left_out" not in few.card["equation"]
