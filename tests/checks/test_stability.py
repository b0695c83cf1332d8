"""Does the stability check see fold models that are not of one mind?"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from assay.kernel.clock import Clock
from assay.kernel.data import Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Pool, PoolReasons

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
    assert "the 2 that were asked, together," in finding.say.text()


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


class Swayed(FakeView):
    """Fold model 0 goes by the second part on every second row (by its hidden number), the others by the first."""

    def contributions(self, data: Dataset, folds: Ints | None = None) -> Floats:
        out = super().contributions(data, folds)
        fold = np.ones(data.rows) if folds is None else folds
        other = (fold == 0) & (data["__row"].cells.astype(int) % 2 == 0)
        out[other, 1], out[other, 0] = out[other, 0], 0.0
        return out


def test_reasons_of_one_fold_model_that_differ_are_counted() -> None:
    columns, y, z, _ = logit_world(1000)
    evidence = world(columns, y, z)
    steady = ask("stability", evidence)
    assert steady.measure("reason_changes").value == 0.0
    assert any("the same main reason for all 300 rows" in note.text() for note in steady.notes)
    view = evidence.model
    assert isinstance(view, FakeView)
    swayed = ask("stability", replace(evidence, model=Swayed(view.names, view.answers, view.wobble)))
    told = swayed.measure("reason_changes")
    # Half of the rows, where the one of five models is among the two asked.
    assert told.value == pytest.approx(0.2, abs=0.06)
    assert told.low is not None
    assert told.high is not None
    assert told.low <= 0.2 <= told.high
    # The second of four parts is among the first three.
    assert any(re.search(r"in 100\s?% of these", note.text()) for note in swayed.notes)


def _halves(moved: float, k: int = 5, m: int = 300) -> Pool:
    rng = np.random.default_rng(0)
    whole = np.tile([3.0, 2.0, 1.0, 0.5], (m, 1))
    models = np.tile(whole, (k, 1, 1))
    models[rng.random((k, m)) < moved, 3] = 9.0
    reasons = PoolReasons(parts=("x0", "x1", "x2", "town"), whole=whole, models=models)
    nobody = np.zeros((k, m), dtype=bool)
    said = {"rows": np.arange(m), "units": np.arange(m), "inside": nobody, "losses": nobody.astype(float)}
    return Pool(coins=True, unseen=nobody[0], shipped=None, reasons=reasons, **said)


def test_reasons_that_half_of_the_rows_would_change_are_a_finding() -> None:
    columns, y, z, _ = logit_world(600)
    evidence = world(columns, y, z)
    asked = replace(evidence.plan, membership="standard")
    for moved, verdict in ((0.1, "pass"), (0.29, "pass"), (0.5, "watch")):
        finding = ask("stability", replace(evidence, plan=asked, pool=lambda clock, by=moved: _halves(by)))
        told = finding.measure("reason_changes_half")
        assert told.value == pytest.approx(moved, abs=0.04)
        assert told.low is not None
        assert (told.low > 0.25) == (verdict == "watch")
        assert finding.verdict == verdict
    assert "another main reason" in finding.say.text()
    # The last part of four was never among the first.
    assert any(re.search(r"in 0\s?% of these", note.text()) for note in finding.notes)
    # Without refits the fold models of a pool are not asked for reasons.
    quick = ask("stability", replace(evidence, pool=lambda clock: _halves(0.5)))
    assert [m.name for m in quick.measures if m.name == "reason_changes_half"] == []
