"""Does the calibration check find what is wrong, and leave alone what is right?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.checks.calibration import ALARM, GRAVE, Calibration
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.tasks.quantile import Quantile

from .evidence_b import at_most, evidence, plan, speaks
from .worlds import ask, numbers, world

THREE = ((1.0, 0.0, -1.0), (0.5, -0.5, 0.0), (0.0, 1.0, 0.0))


@pytest.mark.parametrize("labels", [("no", "yes"), ("a", "b", "c"), ()])
def test_true_probabilities_are_flagged_no_oftener_than_said(labels: tuple[str, ...]) -> None:
    weights = THREE if len(labels) == 3 else (1.0, 0.5, 0.25)
    trials = 60
    verdicts = [
        Calibration().run(evidence(n=200 + 20 * i, seed=i, labels=labels, weights=weights)).verdict
        for i in range(trials)
    ]
    assert sum(v != "pass" for v in verdicts) <= at_most(ALARM, trials)


def test_rare_events_raise_no_false_alarm() -> None:
    trials = 40
    alarms = 0
    for i in range(trials):
        world = evidence(n=800, seed=i)
        rng = np.random.default_rng(1000 + i)
        s = world.scores - 5.0
        y = (rng.random(world.n) < 1 / (1 + np.exp(-s[:, 0]))).astype(int)
        if y.sum() == 0:
            continue
        alarms += Calibration().run(replace(world, scores=s, uncalibrated=s, y=y)).verdict != "pass"
    assert alarms <= at_most(ALARM, trials)


def test_skewed_errors_of_values_raise_no_false_alarm() -> None:
    trials = 40
    alarms = 0
    for i in range(trials):
        world = evidence(n=600, seed=i, labels=())
        errors = np.random.default_rng(i).exponential(size=world.n) - 1.0
        alarms += Calibration().run(replace(world, y=world.scores[:, 0] + errors)).verdict != "pass"
    assert alarms <= at_most(0.03, trials)  # sign flips suppose symmetric errors; skewed ones cost a little


def test_probabilities_that_are_too_sure_are_found() -> None:
    found = Calibration().run(evidence(n=2000, distort=lambda s: 2.5 * s))
    assert found.verdict == "fail"
    slope = found.measure("slope")
    assert slope.high is not None
    assert slope.low is not None
    assert slope.low < 0.4 < slope.high < 1.0
    assert "too_sure" in [n.key for n in found.notes]
    assert found.advice
    speaks(found)


def test_probabilities_that_are_too_low_are_found() -> None:
    found = Calibration().run(evidence(n=2000, distort=lambda s: s - 1.0))
    assert found.verdict == "fail"
    assert found.measure("intercept").value == pytest.approx(1.0, abs=0.15)
    assert "too_low" in [n.key for n in found.notes]


def test_a_kink_that_no_line_shows_is_found() -> None:
    found = Calibration().run(evidence(n=6000, weights=(2.0,), distort=lambda s: np.abs(s) * 1.2 - 0.8))
    assert found.verdict == "fail"


def test_one_wrong_class_among_three_is_named() -> None:
    shift = np.asarray([0.0, 0.0, 1.2])
    found = Calibration().run(evidence(n=3000, labels=("a", "b", "c"), weights=THREE, distort=lambda s: s + shift))
    assert found.verdict == "fail"
    assert found.say.values["label"] == "c"
    speaks(found)


def test_values_that_are_half_as_far_as_they_should_be_are_found() -> None:
    found = Calibration().run(evidence(n=1500, labels=(), distort=lambda s: 0.5 * s))
    assert found.verdict == "fail"
    assert found.measure("slope").value == pytest.approx(2.0, abs=0.2)
    speaks(found)


def test_a_deviation_too_small_to_act_on_is_told_but_not_flagged() -> None:
    found = Calibration().run(evidence(n=60_000, distort=lambda s: s + 0.045))
    assert found.verdict == "pass"
    assert found.say.key == "slight"
    speaks(found)


@pytest.mark.parametrize("labels", [("no", "yes"), ()])
def test_an_error_above_that_by_chance_is_not_called_right(labels: tuple[str, ...]) -> None:
    told = [Calibration().run(evidence(n=120, seed=seed, labels=labels)) for seed in range(20)]
    still = [found for found in told if found.verdict == "pass"]
    for found in still:
        above = found.say.values["error"] > found.say.values["chance"]
        assert found.say.key.partition("_")[0] == ("open" if above else "quiet")
    assert len({found.say.key for found in still}) == 2
    speaks(next(found for found in still if found.say.key.startswith("open")))


def test_what_would_be_grave_but_cannot_be_proved_does_not_pass() -> None:
    """Probabilities 13 % off on average: few rows cannot show it, many do; honest ones pass where rows are enough."""
    few = [Calibration().run(evidence(n=60, seed=seed, distort=lambda s: s + 0.6)) for seed in range(12)]
    untold = [found for found in few if found.verdict == "info"]
    assert len(untold) >= 6
    assert {found.say.key for found in untold} == {"untold"}
    assert not untold[0].advice
    speaks(untold[0])
    for found in few:
        size = np.sqrt(max(0.0, found.measure("ece").value ** 2 - found.measure("by_chance").value ** 2))
        assert found.verdict != "pass" or size <= GRAVE
    assert Calibration().run(evidence(n=3000, distort=lambda s: s + 0.6)).verdict == "fail"


def test_values_whose_departure_is_not_proved_do_not_pass_either(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values half as far as they should be, where no p-value is small enough to prove it."""
    monkeypatch.setattr("assay.checks.calibration.ALARM", 0.0)
    found = Calibration().run(evidence(n=1500, labels=(), distort=lambda s: 0.3 * s))
    assert (found.verdict, found.say.key) == ("info", "untold_value")
    assert not found.advice
    speaks(found)


def test_the_error_agrees_with_scikit_learn() -> None:
    from sklearn.calibration import calibration_curve

    world = evidence(n=1000, distort=lambda s: 1.5 * s + 0.3)
    found = Calibration().run(world)
    came, said = calibration_curve(world.y, world.answers()[:, 1], n_bins=10, strategy="quantile")
    series = found.figures[0].data["series"][0]
    assert series["x"] == pytest.approx(said.tolist())
    assert series["y"] == pytest.approx(came.tolist())
    assert found.measure("ece").value == pytest.approx(float(np.abs(said - came).mean()))


def test_copies_of_rows_are_no_further_proof() -> None:
    trials, alarms = 30, 0
    for i in range(trials):
        world = evidence(n=150, seed=i)
        rows = np.tile(np.arange(150), 6)
        copied = replace(world, data=world.data.take(rows), y=world.y[rows], scores=world.scores[rows])
        copied = replace(copied, uncalibrated=copied.scores, constant=world.constant[rows])
        alarms += Calibration().run(copied).verdict != "pass"
    assert alarms <= at_most(0.05, trials)


def test_rows_of_one_group_count_as_fewer() -> None:
    world = evidence(n=600)
    group = Column.of_words("firm", [f"f{i // 6}" for i in range(600)])
    drift = np.repeat(np.random.default_rng(1).normal(size=100), 6)[:, None]
    grouped = replace(
        world,
        data=world.data.having(group),
        plan=plan("binary", 600, group="firm"),
        scores=world.scores + drift,
        uncalibrated=world.scores + drift,
    )
    assert "grouped" in [n.key for n in Calibration().run(grouped).notes]


def test_weights_count() -> None:
    world = evidence(n=2000, distort=lambda s: s - 1.5)
    p = world.answers()[:, 1]
    true = 1 / (1 + np.exp(-(world.scores[:, 0] + 1.5)))
    weight = np.where(world.y == 1, p / true, (1 - p) / (1 - true))  # makes what is told true
    assert Calibration().run(world).verdict == "fail"
    assert Calibration().run(replace(world, weight=weight)).verdict == "pass"


def test_says_why_when_rows_are_few() -> None:
    with pytest.raises(DoesNotApply) as answer:
        Calibration().run(evidence(n=30))
    assert "30" in answer.value.say.text("en")
    assert "30" in answer.value.say.text("zh")


def test_says_why_when_one_class_is_left() -> None:
    world = evidence(n=100)
    with pytest.raises(DoesNotApply):
        Calibration().run(replace(world, y=np.zeros(100, dtype=int)))


def test_what_calibration_did_is_told_either_way() -> None:
    world = evidence(n=1000)
    keys = {}
    for name, before in (("mended", 2 * world.scores), ("left", world.scores)):
        keys[name] = [n.key for n in Calibration().run(replace(world, uncalibrated=before)).notes]
    told_worse = evidence(n=1000, distort=lambda s: 2 * s)
    keys["harmed"] = [n.key for n in Calibration().run(replace(told_worse, uncalibrated=world.scores)).notes]
    assert all(name in found for name, found in keys.items())


@pytest.mark.parametrize("labels", [("no", "yes"), ("a", "b", "c")])
def test_the_calibration_error_is_told_before_and_after(labels: tuple[str, ...]) -> None:
    world = evidence(n=2000, labels=labels, weights=THREE if len(labels) == 3 else (1.0, 0.5, 0.25))
    found = Calibration().run(replace(world, uncalibrated=3 * world.scores))
    raw = Calibration().run(replace(world, scores=3 * world.scores, uncalibrated=3 * world.scores))
    assert found.measure("ece_before").value == raw.measure("ece").value
    assert found.measure("ece_before").value > 2 * found.measure("ece").value
    assert not any(measure.name == "ece_before" for measure in raw.measures)  # nothing was changed: there is one error


def of_quantile(seed: int, shift: float = 0.0, tilt: float = 0.0, n: int = 700):  # type: ignore[no-untyped-def]
    """Values round a line, and their true 80 % quantile as answer, moved and tilted."""
    world = evidence(n=n, seed=seed, labels=())
    rng = np.random.default_rng(2000 + seed)
    middle = rng.normal(size=n)
    y = middle + rng.normal(size=n)
    answer = (middle * (1 + tilt) + 0.8416 + shift)[:, None]
    return replace(world, task=Quantile("0.8"), y=y, scores=answer, uncalibrated=answer)


def test_true_quantiles_are_flagged_no_oftener_than_said() -> None:
    verdicts = [Calibration().run(of_quantile(seed)).verdict for seed in range(60)]
    assert sum(v != "pass" for v in verdicts) <= at_most(ALARM, 60)


def test_a_quantile_that_too_few_keep_to_is_found() -> None:
    found = Calibration().run(of_quantile(0, shift=-0.4))
    assert found.verdict == "fail"
    assert found.measures[0].name == "share_below"
    assert found.measures[0].value < 0.75
    assert "80.0 %" in found.say.text("en")
    speaks(found)


def test_a_quantile_that_is_wrong_at_one_height_is_found() -> None:
    found = Calibration().run(of_quantile(1, tilt=1.0))
    assert found.verdict != "pass"
    assert found.say.values["where"].key == "between"
    speaks(found)


def test_of_two_classes_the_one_that_is_looked_for_is_asked() -> None:
    """Fraud among legitimate payments, though the last in the alphabet is the other."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=6000) - 4.5
    y = np.where(rng.random(6000) < 1 / (1 + np.exp(-z)), "欺诈", "正常")
    given = world([numbers("x", z)], y, 1.5 - z)  # too sure of 正常
    given = replace(given, codec=replace(given.codec, event=given.codec.labels.index("欺诈")))
    finding = ask("calibration", given)
    curve = finding.figures[0]
    assert curve.title.values["label"] == "欺诈"
    assert max(curve.data["series"][0]["x"]) < 0.5
    assert "too_low" in {note.key for note in finding.notes}
