"""Does the coverage check know a kept promise from a broken one?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assay.checks.coverage import ALARM, Coverage
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import Evidence
from assay.stats import conformal

from .evidence_b import at_most, evidence, speaks

THREE = ((1.0, 0.0, -1.0), (0.5, -0.5, 0.0), (0.0, 1.0, 0.0))


def crossed(world: Evidence) -> Evidence:
    """With sets or intervals learnt fold by fold."""
    answers, folds, level = world.answers(), np.arange(world.n) % 5, world.plan.level
    if world.codec.labels:
        return replace(world, sets=conformal.cross_sets(answers, world.y, folds, level))
    return replace(world, intervals=conformal.cross_intervals(answers[:, 0], world.y, folds, level))


def fresh(seed: int, labels: tuple[str, ...], learnt: int, n: int) -> Evidence:
    """New rows, covered by what was learnt on others."""
    old, new = evidence(n=learnt, seed=seed, labels=labels), evidence(n=n, seed=10_000 + seed, labels=labels)
    planned = replace(new.plan, data={"rows": learnt})
    level = planned.level
    if labels:
        sets = conformal.fit_sets(old.answers(), old.y, level)(new.answers())
        return replace(new, rows="sealed", plan=planned, sets=sets, constant=np.tile(old.constant[0], (n, 1)))
    found = conformal.fit_intervals(old.answers()[:, 0], old.y, level)(new.answers()[:, 0])
    return replace(new, rows="sealed", plan=planned, intervals=found)


@pytest.mark.parametrize("labels", [("no", "yes"), ()])
def test_a_kept_promise_is_flagged_no_oftener_than_said(labels: tuple[str, ...]) -> None:
    trials = 60
    crossed_alarms = fresh_alarms = 0
    for i in range(trials):
        crossed_alarms += Coverage().run(crossed(evidence(n=300 + 10 * i, seed=i, labels=labels))).verdict != "pass"
        fresh_alarms += Coverage().run(fresh(i, labels, learnt=400, n=900)).verdict != "pass"
    assert crossed_alarms <= at_most(ALARM, trials)
    assert fresh_alarms <= at_most(2 * ALARM, trials)  # thresholds by class rest on about as many rows, not exactly


def test_the_binomial_alone_would_raise_false_alarms_on_fresh_rows() -> None:
    """Why the band knows how many rows the threshold was learnt on."""
    trials = 60
    alarms = 0
    for i in range(trials):
        world = fresh(i, (), learnt=150, n=3000)
        unknown = replace(world, plan=replace(world.plan, data={}))
        alarms += Coverage().run(unknown).verdict != "pass"
    assert alarms > at_most(ALARM, trials)


def test_sets_that_forget_a_class_fail_by_name() -> None:
    world = crossed(evidence(n=2000, labels=("a", "b", "c"), weights=THREE))
    assert world.sets is not None
    sets = world.sets.copy()
    sets[::3, 2] = False
    found = Coverage().run(replace(world, sets=sets))
    assert found.verdict == "fail"
    assert "'c'" in found.say.text("en")
    assert found.advice
    speaks(found)


def test_overall_coverage_may_not_hide_a_broken_minority() -> None:
    """Plain conformal covers 90 % of all and far fewer of the rare class: that must not pass."""
    world = evidence(n=4000, weights=(1.0,))
    s = world.scores - 2.5
    y = (np.random.default_rng(5).random(world.n) < 1 / (1 + np.exp(-s[:, 0]))).astype(int)
    world = replace(world, scores=s, uncalibrated=s, y=y)
    p = world.answers()
    threshold = 1.0 - conformal.quantile_up(1.0 - p[np.arange(world.n), y], 0.9)
    found = Coverage().run(replace(world, sets=p >= threshold))
    assert found.measure("coverage").value == pytest.approx(0.9, abs=0.01)
    assert found.verdict == "fail"
    assert found.say.values["share"] < 0.6


def test_intervals_too_narrow_fail_and_too_wide_are_watched() -> None:
    world = crossed(evidence(n=1500, labels=()))
    assert world.intervals is not None
    middle = world.intervals.mean(axis=1, keepdims=True)
    narrow = Coverage().run(replace(world, intervals=middle + 0.7 * (world.intervals - middle)))
    wide = Coverage().run(replace(world, intervals=middle + 2.0 * (world.intervals - middle)))
    assert (narrow.verdict, narrow.say.key) == ("fail", "under")
    assert (wide.verdict, wide.say.key) == ("watch", "over")
    speaks(narrow)
    speaks(wide)


def test_on_new_rows_a_little_more_than_promised_is_well() -> None:
    """All fold models together are better than each alone, on whose errors the widths were learnt."""
    world = replace(crossed(evidence(n=1500, labels=())), rows="audit")
    assert world.intervals is not None
    middle = world.intervals.mean(axis=1, keepdims=True)
    found = [Coverage().run(replace(world, intervals=middle + k * (world.intervals - middle))) for k in (1.25, 2.0)]
    assert [f.say.key for f in found] == ["over", "over"]
    assert [f.verdict for f in found] == ["pass", "watch"]


def test_intervals_wrong_at_one_height_are_watched() -> None:
    world = evidence(n=3000, labels=())
    f = world.scores[:, 0]
    spread = np.where(f > 0.9, 2.5, 0.5)
    y = f + spread * np.random.default_rng(0).normal(size=world.n)
    half = conformal.quantile_up(np.abs(y - f), 0.9)
    found = Coverage().run(replace(world, y=y, intervals=np.column_stack([f - half, f + half])))
    assert found.say.key == "under_slice"
    assert found.verdict in ("watch", "fail")


def test_a_class_with_too_few_rows_to_learn_from_is_told() -> None:
    sealed = fresh(0, ("no", "yes"), learnt=400, n=400)
    assert sealed.sets is not None
    sets = sealed.sets.copy()
    sets[:, 1] = True
    few = replace(sealed, sets=sets, constant=np.full((400, 1), -4.5))  # four of 400 rows were "yes"
    assert "learnt_on_few" in [n.key for n in Coverage().run(few).notes]


def test_figures_and_sizes_are_those_of_the_sets() -> None:
    world = crossed(evidence(n=1000))
    found = Coverage().run(world)
    assert world.sets is not None
    assert found.measure("set_size").value == pytest.approx(world.sets.sum(axis=1).mean())
    assert found.measure("coverage").value == pytest.approx(world.sets[np.arange(1000), world.y].mean())
    assert found.figures[0].data["reference"] == 0.9
    assert sum(found.figures[1].data["values"]) == pytest.approx(1.0)
    speaks(found)


@pytest.mark.parametrize(("every", "key"), [(1, "kept_judged"), (50, "sure_judged")])
def test_a_class_that_was_not_judged_is_not_said_to_be_covered(every: int, key: str) -> None:
    """Two rows of "yes" among thousands: that every class is covered is not known, and the sentence itself says of which."""
    world = evidence(n=2000)
    y = np.where(np.arange(2000) < 2, 1, 0)
    sets = np.stack([np.ones(2000, dtype=bool), np.zeros(2000, dtype=bool)], axis=1)
    if every == 1:
        sets[:200] = [False, True]  # one in ten misses
    found = Coverage().run(replace(world, y=y, sets=sets))
    assert (found.verdict, found.say.key) == ("pass", key)
    assert "othing is known of yes" in found.say.text()
    speaks(found)


def test_sets_of_one_class_that_are_right_oftener_than_promised_are_as_they_should_be() -> None:
    """A model that is nearly always right and sure covers more than was promised: no set could be smaller."""
    world = evidence(n=2000)
    named = np.eye(2, dtype=bool)[world.y]
    named[:40] = ~named[:40]  # wrong in two of a hundred
    found = Coverage().run(replace(world, sets=named))
    assert (found.verdict, found.say.key) == ("pass", "sure")
    speaks(found)
    wide = named.copy()
    wide[::20] = True  # one in twenty rules nothing out
    assert Coverage().run(replace(world, sets=wide)).say.key == "over"


def test_says_why_when_it_cannot_be_asked() -> None:
    for world in (evidence(n=10), evidence(n=100)):
        with pytest.raises(DoesNotApply) as answer:
            Coverage().run(world)
        assert answer.value.say.text("zh") != answer.value.say.text("en")


def test_coverage_goes_by_the_weights_of_the_rows() -> None:
    """Half of the rows, which stand for a tenth of all, are covered; the others are not as often."""
    world = evidence(n=2000, seed=3, labels=())
    y = np.asarray(world.y, dtype=np.float64)
    light = np.arange(2000) % 2 == 0
    covered = np.where(light, True, np.random.default_rng(0).random(2000) < 0.8)
    intervals = np.column_stack([np.where(covered, y - 1, y + 1), np.where(covered, y + 1, y + 2)])
    told = replace(world, intervals=intervals)
    weighed = Coverage().run(replace(told, weight=np.where(light, 1.0, 9.0)))
    plain = Coverage().run(told)
    assert plain.measures[0].value == pytest.approx(covered.mean())
    assert weighed.measures[0].value == pytest.approx(0.1 + 0.9 * covered[~light].mean())
    assert weighed.verdict == "fail"
    assert plain.verdict == "pass"
    assert any("count as 1220" in note.text("en").replace(",", "") for note in weighed.notes)
