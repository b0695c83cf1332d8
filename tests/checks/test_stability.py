"""Does the stability check see fold models that are not of one mind?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply

from .worlds import FakeView, ask, logit_world, world


def test_fold_models_that_agree_pass() -> None:
    columns, y, z, _ = logit_world(400)
    finding = ask("stability", world(columns, y, z, wobble=0.02))
    assert finding.verdict == "pass"
    assert finding.measure("disagreement").value < 0.02
    assert finding.figures[0].kind == "histogram"


def test_fold_models_that_wobble_are_noticed() -> None:
    columns, y, z, _ = logit_world(400, strength=0.5)
    finding = ask("stability", world(columns, y, z, wobble=2.0))
    assert finding.verdict == "watch"
    assert finding.measure("flips").value > finding.measure("disagreement").value > 0.1


def test_the_spread_of_values_is_measured_in_their_own_unit() -> None:
    columns, _, z, rng = logit_world(2000)
    finding = ask("stability", world(columns, z + rng.normal(size=2000), z, "value", wobble=0.3))
    # the mean standard deviation of five draws is 0.94 of the true one
    expected = 0.3 * 0.940
    assert finding.measure("spread").value == pytest.approx(expected, abs=3 * 0.3 * 0.34 / np.sqrt(2000))
    assert finding.verdict == "pass"
    wild = ask("stability", world(columns, z + rng.normal(size=2000), z, "value", wobble=0.8))
    assert wild.verdict == "watch"


def test_disagreement_is_the_chance_of_crossing_the_border() -> None:
    columns, y, _, _ = logit_world(2000)
    z = np.full(2000, 1.0)
    evidence = world(columns, y, z, wobble=1.0)
    finding = ask("stability", evidence)
    share = norm.cdf(-1.0)
    assert finding.measure("disagreement").value == pytest.approx(share, abs=0.02)


def test_it_takes_as_many_fold_models_as_there_are() -> None:
    columns, y, z, _ = logit_world(100)
    evidence = world(columns, y, z)
    two = replace(evidence, model=FakeView((), z[:, None], np.zeros((2, 100, 1))))
    assert "all 2 together" in ask("stability", two).say.text()


def test_it_says_why_when_there_is_nothing_to_compare() -> None:
    columns, y, z, _ = logit_world(100)
    evidence = world(columns, y, z)
    one = replace(evidence, model=FakeView((), z[:, None], np.zeros((1, 100, 1))))
    with pytest.raises(DoesNotApply) as lone:
        ask("stability", one)
    assert "one fold model" in lone.value.say.text()  # type: ignore[attr-defined]
    columns, y, z, _ = logit_world(15)
    with pytest.raises(DoesNotApply):
        ask("stability", world(columns, y, z))


def test_with_no_time_left_two_models_are_asked() -> None:
    columns, y, z, _ = logit_world(100)
    finding = ask("stability", world(columns, y, z, seconds=0.0))
    assert any("2 of 5" in note.text() for note in finding.notes)


def test_a_slow_model_is_asked_of_no_more_rows_than_there_is_time_for() -> None:
    """Five fold models, a tenth of a second a row: all 2,000 rows would take 1,000 seconds of the 60."""
    columns, y, z, _ = logit_world(2000)
    evidence, time = world(columns, y, z), [0.0]

    class Slow(FakeView):
        def scores(self, data: Dataset, folds: Ints | None = None) -> Floats:
            time[0] += 0.1 * data.rows
            return super().scores(data, folds)

    quick = evidence.model
    assert isinstance(quick, FakeView)
    slow = Slow(quick.names, quick.answers, quick.wobble)
    finding = ask("stability", replace(evidence, model=slow, clock=Clock.start(60.0, now=lambda: time[0])))
    assert time[0] <= 60.0
    assert 20 < (finding.measure("disagreement").n or 0) < 200
    assert not any("folds" in note.key for note in finding.notes)
