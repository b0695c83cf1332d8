"""Does what was asked for ship, and is it told when something else does?"""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.clock import Clock
from assay.kernel.errors import BundleInvalid, RequestError
from assay.kernel.plan import Plan
from assay.kernel.words import Say
from assay.planning.draw import draw
from assay.planning.durations import seconds, written
from assay.planning.wishes import Wishes
from assay.report.facts import known
from assay.report.speech import Voice
from assay.search.distil import distil
from assay.search.ensemble import Ensemble
from assay.search.latency import within
from assay.search.neighbours import NEAREST, TIMES, others
from assay.search.refit import SHARPER, instead, refit, worse
from assay.search.run import Found, search
from assay.search.shipped import Shipped

RNG = np.random.default_rng(0)
N = 400
X = RNG.normal(size=(N, 3)).round(4)
TOWN = RNG.choice(["a", "b", "c"], size=N)
SIGNAL = X[:, 0] + np.abs(X[:, 1]) + (TOWN == "b") + RNG.normal(size=N) * 0.5
PARTS: dict[str, list[Any]] = {f"x{i}": X[:, i].tolist() for i in range(3)} | {"town": TOWN.tolist()}
WORLDS: dict[str, list[Any]] = {
    "binary": np.where(SIGNAL > 1.2, "yes", "no").tolist(),
    "classes": np.asarray(["low", "mid", "high"])[np.digitize(SIGNAL, [0.7, 1.8])].tolist(),
    "value": (10 + 3 * SIGNAL).round(4).tolist(),
}


def table(kind: str) -> dict[str, list[Any]]:
    return PARTS | {"y": WORLDS[kind]}


def searched(kind: str, count: int = 4, **wishes: Any) -> tuple[Plan, Any, Found]:
    """A search of the first few candidates, with no clock to mind."""
    asked = Wishes(target="y", folds=3, learners=("linear", "boosting"), **wishes)
    plan, opened = draw(assay.read(table(kind)), asked)
    quick = tuple(
        replace(c, settings={**c.settings, "rounds": 40}) if c.learner == "boosting" else c
        for c in plan.candidates[:count]
    )
    plan = replace(plan, candidates=quick)
    return plan, opened, search(plan, opened, Clock.start(), lambda event: None)


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Plan, Any, Found]]:
    return {kind: searched(kind) for kind in WORLDS}


# ---------------------------------------------------------------------------------------------------------- refitting


@pytest.mark.parametrize("kind", ["binary", "classes"])
def test_a_refit_bolder_than_the_fold_models_that_had_no_time_is_not_shipped(kind: str, found: dict[str, Any]) -> None:
    plan, opened, _ = found[kind]
    plan = replace(plan, candidates=tuple(c for c in plan.candidates if c.learner in ("constant", "linear")))
    ticks = itertools.count()
    hurried = search(plan, opened, Clock.start(1.0, now=lambda: float(next(ticks))), lambda event: None)
    told = refit(hurried, plan, opened, Clock.start())
    assert told.note.key == "refit.sharper"
    assert told.note.values["ratio"] > SHARPER
    assert told.ensemble is hurried.ensemble
    unhurried = search(plan, opened, Clock.start(), lambda event: None)
    assert refit(unhurried, plan, opened, Clock.start()).note.key == "refit.cross"


# ------------------------------------------------------------------------------------------------------- distilling


@pytest.fixture(autouse=True)
def small_students(monkeypatch: pytest.MonkeyPatch) -> None:
    """Students of fewer rounds than ours usually have, so that the tests take seconds."""
    import assay.learners.boosting as boosting

    monkeypatch.setattr(boosting, "STUDENT_ROUNDS", 80)


@pytest.mark.parametrize("kind", list(WORLDS))
def test_a_student_says_what_the_blend_says(
    kind: str, found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.search import distil as room

    monkeypatch.setattr(room, "worse", lambda *losses: False)  # of straight lines it loses a little
    plan, opened, have = found[kind]
    told = distil(have, plan, opened, Clock.start())
    assert told.note.key == "distilled.cross"
    assert [m.name for m in told.ensemble.members] == ["distilled"]
    assert len(told.ensemble.encoders) == 1
    teacher, student = have.ensemble.raw(opened), told.ensemble.raw(opened)
    assert student.shape == teacher.shape
    for output in range(teacher.shape[1]):
        assert np.corrcoef(teacher[:, output], student[:, output])[0, 1] > 0.97
    parts = {"plan": plan, "codec": have.codec, "conformal": have.settled.conformal, "constant": have.constant}
    model = assay.Model(ensemble=told.ensemble, **parts)
    again = assay.load(model.save(tmp_path / "m.assay"))
    row = {name: cells[5] for name, cells in PARTS.items()}
    assert again.predict(row) == model.predict(row)
    assert "learnt" in told.note.text("en")
    assert "学习" in told.note.text("zh")


def test_the_whole_road_ships_a_distilled_model() -> None:
    model = assay.train(
        table("binary"), "y", ship="distilled", folds=3, minutes=2.0, learners=("linear",), checks=("quality", "cost")
    )
    assert model.plan.ship == "distilled"
    note = model.findings[0].notes[0]
    assert note.key == "distilled.cross"
    assert [line["name"] for line in model.card["blend"]] == ["distilled"]
    assert model.card["ships"] == "distilled"
    bag = assay.train(table("binary"), "y", folds=3, minutes=2.0, learners=("linear",), checks=("quality",))
    assert model.findings[0].measures == bag.findings[0].measures  # a student does not vouch for itself
    assert bag.card["ships"] == "bag"


def in_time() -> dict[str, list[Any]]:
    """Rows by day, the last sixth of a product that was not there before."""
    new = np.arange(N) >= N * 5 / 6
    day = np.datetime64("2024-01-01") + np.arange(N)
    y = (X[:, 0] + 10 * new + 0.1 * RNG.normal(size=N)).round(4)
    return PARTS | {"product": np.where(new, "new", "old").tolist(), "day": day.astype(str).tolist(), "y": y.tolist()}


@pytest.mark.parametrize(
    ("ship", "note", "ships"),
    [
        ("", "refit_in_time", "refit"),
        ("bag", "bag_in_time", "refit"),
        ("refit", "refit_in_time", "refit"),
        ("distilled",) * 3,
    ],
)
def test_the_plan_says_that_in_time_the_bag_does_not_ship_that_was_asked_for(ship: str, note: str, ships: str) -> None:
    drawn = assay.plan(in_time(), "y", time="day", ship=ship)
    told = {f"note.{key}" for key in ("bag_in_time", "refit_in_time", "refit", "distilled")}
    assert [said.key for said in drawn.notes if said.key in told] == [f"note.{note}"]
    assert drawn.ship == ships
    assert not [said for said in assay.plan(in_time(), "y", ship="bag").notes if said.key in told]


def test_in_time_what_ships_knows_the_newest_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.search import refit as room

    wanted = {"time": "day", "folds": 4, "trials": 2, "learners": ("linear",), "checks": ("quality",)}
    made = assay.train(in_time(), "y", **wanted)
    assert made.plan.ship == made.card["ships"] == "refit"
    assert [note.key for note in made.plan.notes if "refit" in note.key] == ["note.refit_in_time"]
    ask = {"x0": 0.0, "x1": 0.0, "x2": 0.0, "town": "a", "product": "new", "day": "2025-02-04"}
    assert made.predict(ask).answer == pytest.approx(10.0, abs=1.0)
    monkeypatch.setattr(room, "worse", lambda *losses: True)
    kept = assay.train(in_time(), "y", **wanted)
    assert (kept.card["ships"], len(kept.ensemble.encoders)) == ("newest", 1)
    told = [note.text("en") for finding in kept.findings for note in finding.notes]
    assert any("The newest of the 4 fold models" in text or "the newest of the 4 fold models" in text for text in told)


@pytest.mark.parametrize("learner", ["linear", "boosting"])
def test_in_time_a_refit_is_not_refused_for_what_it_alone_could_learn(learner: str) -> None:
    """The newest fold model never saw the product of the last block, and is flat beside one that did: no clock cut it short."""
    rng = np.random.default_rng(0)
    at = np.arange(1_200)
    new = (at > 1_000) & (rng.random(1_200) < 0.5)
    when = (np.datetime64("2020-01-01T00:00") + 60 * at).astype(str)
    y = np.where(rng.random(1_200) < np.where(new, 0.95, 0.3), "yes", "no")
    rows = {"x": rng.normal(size=1_200), "product": np.where(new, "new", "old"), "when": when, "y": y}
    model = assay.train(rows, "y", time="when", trials=1, learners=(learner,), checks=())
    assert model.card["ships"] == "refit"
    answer = model.predict({"x": 0.0, "product": "new", "when": "2020-03-01T00:00"})
    assert answer.probabilities["yes"] > 0.8


def test_in_time_a_refit_that_had_more_time_than_the_fold_models_is_not_shipped() -> None:
    rows = table("binary") | {"when": (np.datetime64("2020-01-01") + np.arange(N)).astype(str)}
    plan, opened = draw(assay.read(rows), Wishes(target="y", folds=3, learners=("linear",), time="when"))
    plan = replace(plan, candidates=tuple(c for c in plan.candidates if c.learner in ("constant", "linear"))[:2])
    ticks = itertools.count()
    hurried = search(plan, opened, Clock.start(1.0, now=lambda: float(next(ticks))), lambda event: None)
    assert any(outcome.cut for outcome in hurried.outcomes)
    told = refit(hurried, plan, opened, Clock.start())
    assert told.note.key == "refit.sharper.newest"
    assert told.ensemble is hurried.fallback


def test_the_report_says_what_ships_and_not_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.search import refit as room

    wanted = {"ship": "refit", "folds": 3, "trials": 1, "learners": ("linear",), "checks": ("quality",)}
    made = assay.train(table("binary"), "y", **wanted)
    monkeypatch.setattr(room, "worse", lambda *losses: True)
    kept = assay.train(table("binary"), "y", **wanted)
    assert (made.card["ships"], kept.card["ships"]) == ("refit", "bag")
    said = [known("model", model.report.content, Voice("en")) for model in (made, kept)]
    lines = [next(fact.lines for fact in facts if fact.name == "What ships") for facts in said]
    assert lines == [("one model fitted again on all rows",), ("the bag of fold models",)]


@pytest.mark.parametrize("ship", ["refit", "distilled"])
def test_rows_of_sealed_groups_are_not_said_to_be_learnt_from(ship: str) -> None:
    columns = table("binary") | {"who": [f"p{i // 7}" for i in range(N)], "day": np.arange(N).tolist()}
    more = {"group": "who", "time": "day", "sealed": 0.25, "ship": ship, "checks": ("quality",)}
    model = assay.train(columns, "y", trials=1, learners=("linear", "boosting"), seed=0, **more)
    note = next(note for f in model.findings for note in f.notes if note.owner == "search")
    assert note.key == f"{ship}.sealed_groups"
    assert note.values["n"] < N - model.plan.splits.sealed
    assert "也不属于封存组" in note.text("zh")


def test_one_refit_ships_in_place_of_a_student_that_loses(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import assay.learners.boosting as boosting

    plan, opened, have = found["value"]
    monkeypatch.setattr(boosting, "STUDENT_ROUNDS", 1)
    told = distil(have, plan, opened, Clock.start())
    assert told.note.key == "distilled.else"
    assert told.note.values["first"].key == "distilled.worse"
    assert told.note.values["then"].key == "refit.cross"
    assert told.note.text("en").startswith("One distilled model was asked for, but it answers worse")
    assert "fitted once more on all 400 rows" in told.note.text("en")
    again = refit(have, plan, opened, Clock.start()).ensemble
    assert np.array_equal(told.ensemble.raw(opened), again.raw(opened))


def test_the_bag_ships_where_the_refit_loses_like_the_student(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.search import distil as room
    from assay.search import refit as beside

    plan, opened, have = found["binary"]
    for where in (room, beside):
        monkeypatch.setattr(where, "worse", lambda *losses: True)
    told = distil(have, plan, opened, Clock.start())
    assert told.ensemble is have.ensemble
    assert told.note.values["then"].key == "refit.worse"


def test_rows_of_one_group_are_not_many_witnesses() -> None:
    """A tenth of a unit lost in the mean, where ten groups lie 0.3 apart: 10 standard errors of a thousand rows, 1 of ten groups."""
    groups = np.arange(1_000) % 10
    gap = np.linspace(-0.4, 0.6, 10)[groups]
    assert worse(gap, np.zeros(1_000), None, None)
    assert not worse(gap, np.zeros(1_000), None, groups)
    assert worse(gap, np.zeros(1_000), None, np.zeros(1_000, dtype=np.int64))  # one group tells nothing of others


@pytest.mark.parametrize(("ship", "room"), [(refit, "refit"), (distil, "distil")])
def test_what_ships_is_held_against_the_bag_group_by_group(
    ship: Any, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = [f"p{i // 4}" for i in range(N)]
    plan, opened = draw(assay.read(table("value") | {"who": who}), Wishes(target="y", folds=3, group="who"))
    plan = replace(plan, candidates=tuple(c for c in plan.candidates if c.learner == "linear")[:1])
    found = search(plan, opened, Clock.start(), lambda event: None)
    asked: list[Any] = []
    monkeypatch.setattr(f"assay.search.{room}.worse", lambda *of: asked.append(of) or False)
    ship(found, plan, opened, Clock.start())
    (own, _, _, groups) = asked[0]
    sizes = np.unique(groups, return_counts=True)[1]
    assert sizes.sum() == len(own)
    assert (sizes == 4).all()


def test_without_time_the_bag_ships(found: dict[str, Any]) -> None:
    plan, opened, have = found["binary"]
    told = distil(have, plan, opened, Clock.start(0.0, now=lambda: 1.0))
    assert told.ensemble is have.ensemble
    assert told.note.key == "distilled.no_time"


def test_without_a_learner_that_imitates_one_refit_ships(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.search import distil as room

    plan, opened, have = found["binary"]
    monkeypatch.setattr(room, "student", lambda head: None)
    assert distil(have, plan, opened, Clock.start()).note.values["first"].key == "distilled.nobody"


def test_students_are_judged_on_rows_that_neither_they_nor_their_teachers_saw(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assay.search import distil as room

    plan, opened, have = found["binary"]
    seen: dict[int, set[int]] = {}
    taught = room._taught

    def watched(plugin: Any, teacher: Ensemble, encoders: Any, part: Any, rows: Any, *more: Any) -> Any:
        seen[more[-1]] = set(np.concatenate(rows).tolist())
        assert len(teacher.encoders) == (1 if more[-1] >= 0 else 3)
        return taught(plugin, teacher, encoders, part, rows, *more)

    monkeypatch.setattr(room, "_taught", watched)
    distil(have, plan, opened, Clock.start())
    assert sorted(seen) == [-1, 0, 1, 2]
    for fold in have.folds:
        assert not seen[fold.number] & set(fold.held.tolist())
    assert seen[-1] == set(range(N))


def test_rows_made_for_few_rows_lie_among_them(found: dict[str, Any]) -> None:
    _, opened, have = found["value"]
    few = opened.take(np.arange(100))
    vector = have.ensemble.encoders[0].vector(few)
    made = others(few, vector, np.random.default_rng(0))
    assert made is not None
    assert made.rows == 100 * (1 + TIMES)
    for column in few:
        again = made[column.name]
        assert np.array_equal(again.cells[:100], column.cells)
        assert set(again.cells.tolist()) <= set(column.cells.tolist())
        moved = (again.cells[100:] != np.tile(column.cells, TIMES)).mean()
        assert 0.02 < moved < 0.45
    apart = [np.abs(made["x0"].cells[100:] - np.tile(few["x0"].cells, TIMES)), few["x0"].cells.std()]
    assert apart[0].mean() < 0.3 * apart[1]  # neighbours, not any rows
    assert others(opened.take(np.arange(NEAREST)), vector.take(np.arange(NEAREST)), np.random.default_rng(0)) is None


# ---------------------------------------------------------------------------------------------------------- latency


def timer(seconds_each: dict[str, float], bare: float = 1.0) -> Any:
    """A stopwatch by which everything but the members takes `bare` a fold, and each member what is said, a fold."""

    def seconds_of(ensemble: Ensemble, longest: float = 0.3) -> float:
        return len(ensemble.encoders) * (bare + sum(seconds_each[m.name] for m in ensemble.members))

    return seconds_of


def names(have: Found) -> list[str]:
    return [t.name for t, ok in zip((o.trial for o in have.outcomes), have.allowed, strict=True) if ok]


def test_what_is_quick_enough_ships_as_it_was_asked(found: dict[str, Any]) -> None:
    plan, opened, have = found["binary"]
    asked = replace(plan, latency=100.0)
    same, told = within(have, None, asked, opened, Clock.start(), timer(dict.fromkeys(names(have), 1.0)))
    assert same is have
    assert told.ensemble is have.ensemble
    assert told.note.key == "latency.kept"


@pytest.mark.parametrize("kind", list(WORLDS))
def test_fewer_members_or_a_refit_ship_where_the_bag_is_too_slow(kind: str, found: dict[str, Any]) -> None:
    plan, opened, have = found[kind]
    costs = {name: 10.0 if name != "linear" else 1.0 for name in names(have)}
    seconds_of = timer(costs)
    whole = seconds_of(have.ensemble)
    for most in (whole * 0.6, whole * 0.4, 12.0, 8.0):
        less, told = within(have, None, replace(plan, latency=most), opened, Clock.start(), seconds_of)
        assert seconds_of(told.ensemble) <= most
        assert sum(m.weight for m in less.ensemble.members) == pytest.approx(1.0)
        assert less.settled.uncalibrated.shape == have.settled.uncalibrated.shape
        assert {m.name for m in told.ensemble.members} == {m.name for m in less.ensemble.members}
        weights = {t.name: t.weight for t in less.ledger if t.weight > 0}
        assert set(weights) == {m.name for m in less.ensemble.members}  # the ledger tells what ships
        said = told.note.values["first"] if told.note.key == "latency.and" else told.note
        assert said.key == "latency.less"
        assert told.note.text("en").strip()
        assert told.note.text("zh").strip()


def test_in_time_the_newest_fold_model_may_keep_the_time_where_there_is_no_refit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = table("binary") | {"when": (np.datetime64("2020-01-01") + np.arange(N)).astype(str)}
    plan, opened = draw(assay.read(rows), Wishes(target="y", folds=3, learners=("linear", "boosting"), time="when"))
    plan = replace(plan, candidates=plan.candidates[:3], latency=8.0)
    have = search(plan, opened, Clock.start(), lambda event: None)

    def no_refit(found: Found, *others: Any) -> Shipped:
        return instead(found, Say("search", "refit.no_time", {"n": N, "folds": 3}))

    monkeypatch.setattr("assay.search.latency.refit", no_refit)
    bag = Shipped(have.ensemble, Say("search", "refit.cross", {"n": N, "folds": 3}))
    less, told = within(have, bag, plan, opened, Clock.start(), timer(dict.fromkeys(names(have), 1.0)))
    assert told.ensemble is less.fallback
    assert told.ensemble.encoders == have.ensemble.encoders[-1:]
    assert told.note.values["first"].key == "latency.less"
    assert told.note.values["then"].key == "refit.no_time.newest"


def test_where_nothing_is_quick_enough_the_quickest_ships_and_says_so(found: dict[str, Any]) -> None:
    plan, opened, have = found["binary"]
    costs = {name: 10.0 if name != "linear" else 5.0 for name in names(have)}
    less, told = within(have, None, replace(plan, latency=1e-9), opened, Clock.start(), timer(costs))
    assert [m.name for m in told.ensemble.members] == ["linear"]
    assert len(told.ensemble.encoders) == 1
    assert told.note.values["first"].key == "latency.missed"
    assert "quickest" in told.note.text("en")
    assert [m.name for m in less.ensemble.members] == ["linear"]


def test_measuring_leaves_time_for_the_refit(found: dict[str, Any]) -> None:
    plan, opened, have = found["binary"]
    time, told_by = [0.0], timer({name: 10.0 if name != "linear" else 5.0 for name in names(have)})

    def seconds_of(ensemble: Ensemble, longest: float) -> float:
        time[0] += longest  # as a model does that takes long to answer
        return float(told_by(ensemble))

    clock = Clock.start(0.3 + 0.5, now=lambda: time[0])
    _, told = within(have, None, replace(plan, latency=6.0), opened, clock, seconds_of)
    assert len(told.ensemble.encoders) == 1
    assert [m.name for m in told.ensemble.members] == ["linear"]
    assert told.note.values["first"].key == "latency.less"


def test_a_real_wish_is_measured_and_told() -> None:
    # As much as a second is kept by anything, a hundredth of a microsecond by nothing: neither hangs on the machine.
    wishes: dict[str, Any] = {
        "folds": 3,
        "minutes": 2.0,
        "learners": ("linear", "boosting"),
        "checks": ("quality", "cost"),
    }
    kept = assay.train(table("value"), "y", latency="20s", **wishes)
    assert kept.findings[0].notes[0].key == "latency.kept"
    assert kept.plan.latency == 20.0
    assert any(note.key == "note.latency" for note in kept.plan.notes)
    missed = assay.train(table("value"), "y", latency=1e-8, **wishes)
    assert missed.findings[0].notes[0].values["first"].key == "latency.missed"
    assert len(missed.ensemble.members) == 1
    assert len(missed.ensemble.encoders) == 1
    assert missed.findings[1].measure("seconds_one_row").value > 1e-8


# ------------------------------------------------------------------------------------------------- wishes and files


def test_durations_are_read_as_people_write_them() -> None:
    read = {"5ms": 0.005, "200us": 2e-4, "200 µs": 2e-4, "1s": 1.0, "0.5 S": 0.5, "2min": 120.0, "3": 3.0, 0.25: 0.25}
    for said, value in read.items():
        assert seconds(said) == pytest.approx(value)
    for said in ("", "soon", "-1ms", "0s", "5 hours", "1e3s", float("nan"), float("inf"), -1):
        assert seconds(said) is None
    assert [written(v) for v in (2e-4, 0.005, 1.5)] == ["200 µs", "5 ms", "1.5 s"]


def test_wrong_wishes_are_told_together() -> None:
    with pytest.raises(RequestError) as caught:
        Wishes(target="y", ship="boat", latency="soon", trials=3)
    said = caught.value.text("en")
    assert "'boat'" in said
    assert "bag, refit, distilled" in said
    assert "'soon'" in said
    assert "trials measures no time" in said
    assert "boat" in caught.value.text("zh")


@pytest.mark.parametrize(("old", "new"), [(True, "refit"), (False, "bag"), (None, "bag")])
def test_a_plan_of_the_first_releases_still_opens(old: bool | None, new: str, found: dict[str, Any]) -> None:
    plan = found["binary"][0]
    raw = plan.to_json()
    del raw["ship"], raw["latency"]
    if old is not None:
        raw["refit"] = old
    assert Plan.from_json(raw) == replace(plan, ship=new)
    assert Plan.from_json({**plan.to_json(), "ship": "distilled"}).ship == "distilled"


def test_a_file_with_an_unknown_way_to_ship_is_refused(found: dict[str, Any]) -> None:
    plan, _, have = found["binary"]
    parts = {"codec": have.codec, "conformal": have.settled.conformal, "constant": have.constant}
    box = assay.Model(plan=plan, ensemble=have.ensemble, **parts).to_box()
    box.values["plan"] = {**plan.to_json(), "ship": "boat"}
    with pytest.raises(BundleInvalid, match="boat"):
        assay.Model.from_box(box)
