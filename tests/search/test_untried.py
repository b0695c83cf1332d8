"""Is it said where the time let only few candidates be tried, and only there?"""

from __future__ import annotations

import numpy as np

import assay
from assay.kernel.findings import Trial
from assay.kernel.words import Say
from assay.search.untried import untried

DONE, STARVED = Trial(name="a", learner="linear"), Trial(name="b", learner="boosting", status="starved")
LATE = Trial(name="c", learner="boosting", status="skipped", error=Say("search", "no_time"))
SPARED = Trial(name="d", learner="boosting", status="skipped", error=Say("search", "no_gain", {"n": 5}))


def test_few_candidates_in_the_time_are_counted() -> None:
    said = untried([DONE, DONE, STARVED, LATE, LATE])
    assert said is not None
    assert said.values == {"done": 2, "all": 5}
    assert said.text("en") != said.text("zh")


def test_most_in_the_time_and_a_search_that_was_over_early_are_not_told() -> None:
    assert untried([DONE, DONE, LATE]) is None
    assert untried([DONE, SPARED, SPARED, SPARED]) is None


def test_a_model_of_too_little_time_says_so() -> None:
    x = np.random.default_rng(0).normal(size=120)
    table = {"x": x, "y": np.where(x > 0, "yes", "no")}
    model = assay.train(table, target="y", minutes=0.0001, checks=("cost",), membership="none")
    assert model.findings[0].notes[0].key == "untried"
    assert model.findings[0].measure("seconds_one_row").value > 0
