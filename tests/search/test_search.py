"""Is the time spent as promised, whatever a learner does, and is nothing measured on rows it was fitted to?"""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import assay
from assay.api import Watch
from assay.kernel.box import Box
from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch
from assay.kernel.plugins import About
from assay.kernel.shelf import Shelf
from assay.kernel.words import Say
from assay.model import Model
from assay.search.ensemble import Ensemble
from assay.store.journal import Journal

RNG = np.random.default_rng(0)
N = 300
X = RNG.normal(size=N)
TABLE = {
    "x": X.round(4).tolist(),
    "town": RNG.choice(["a", "b", "c"], size=N).tolist(),
    "y": np.where(X + RNG.normal(size=N) > 0, "yes", "no").tolist(),
}
QUICK: dict[str, Any] = {"learners": ("constant", "linear"), "checks": (), "minutes": 0.2}


@dataclass(frozen=True, eq=False)
class Left:
    """A fitted thing that gives zeros, and remembers what it was fitted on."""

    rows: Any

    def predict(self, batch: Batch) -> Any:
        return np.zeros((batch.rows, 1))

    def contributions(self, batch: Batch) -> Any:
        return np.zeros((batch.rows, len(batch.vector.features) + 1, 1))

    def dump(self, box: Box) -> None:
        box.put(rows=0)

    def about(self) -> Mapping[str, Any]:
        return {}


def learner(key: str, act: Any) -> type:
    @dataclass(frozen=True, kw_only=True)
    class Acting:
        about: ClassVar[About] = About(
            key=key, takes=("vector",), gives=("value", "classes"), order=90,
            words={"en": {"title": key}, "zh": {"title": key}},
        )  # fmt: skip

        def fit(self, train: Batch, tune: Batch, head: Any, clock: Clock, rng: Any) -> Any:
            return act(train, tune, head, clock)

        @staticmethod
        def load(box: Box, head: Any, features: Any) -> Any:
            return Left(None)

    return Acting


def joined(monkeypatch: pytest.MonkeyPatch, key: str, act: Any) -> dict[str, Any]:
    """Put a learner on the shelf as an outside package would."""
    point = type("Point", (), {"name": key, "load": staticmethod(lambda: learner(key, act))})()
    monkeypatch.setattr(Shelf, "outside", property(lambda self: {key: point} if self.room == "learners" else {}))
    return QUICK | {"learners": ("constant", "linear", key)}


def line(model: Model, name: str) -> Any:
    return next(t for t in model.ledger if t.name == name)


def test_a_failing_learner_is_a_line_of_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("the moon is wrong")

    model = assay.train(TABLE, "y", **joined(monkeypatch, "moody", fails))
    assert line(model, "moody").status == "failed"
    assert "RuntimeError: the moon is wrong" in line(model, "moody").error
    assert line(model, "linear").status == "done"
    assert np.isfinite(model.predict(TABLE).probabilities).all()


@pytest.mark.parametrize(
    ("what", "scores"),
    [("shape", lambda n: np.zeros((n, 5))), ("not finite", lambda n: np.full((n, 1), np.nan))],
)
def test_scores_that_cannot_be_are_a_line_of_the_ledger(
    what: str, scores: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(Left):
        def predict(self, batch: Batch) -> Any:
            return scores(batch.rows)

    model = assay.train(TABLE, "y", **joined(monkeypatch, "wrong", lambda *_: Wrong(None)))
    assert line(model, "wrong").status == "failed"
    assert what in line(model, "wrong").error


def test_a_starving_learner_is_a_line_of_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that runs out in the middle of a candidate's folds."""
    now = [0.0]

    def slow(train: Batch, tune: Batch, head: Any, clock: Clock) -> Any:
        now[0] += 1000.0
        return Left(None)

    clock = Clock.start(60.0, now=lambda: now[0])
    model = assay.train(TABLE, "y", clock=clock, folds=10, **joined(monkeypatch, "sloth", slow))
    assert line(model, "sloth").status == "starved"
    assert line(model, "sloth").folds < 10
    assert line(model, "linear").status == "done"


def test_a_candidate_with_most_of_its_folds_done_ends_them_within_the_time_of_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same learner, given less by the search than its folds take but with time left to the search."""
    now, given = [0.0], []

    def slow(train: Batch, tune: Batch, head: Any, clock: Clock) -> Any:
        now[0] += 8.0
        given.append(clock.remaining())
        return Even(None)

    class Even(Left):
        def predict(self, batch: Batch) -> Any:
            return np.zeros((batch.rows, 1))

    clock = Clock.start(100.0, now=lambda: now[0])
    model = assay.train(TABLE, "y", clock=clock, folds=8, **joined(monkeypatch, "sloth", slow))
    assert len(given) == 8
    assert line(model, "sloth").status == "done"


def test_without_any_candidate_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("no")

    wishes = joined(monkeypatch, "moody", fails) | {"learners": ("constant", "moody")}
    with pytest.raises(RequestError, match="No candidate could be trained"):
        assay.train(TABLE, "y", **wishes)


def test_an_interruption_ships_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def watch(event: Any) -> None:
        seen.append(event.candidate)
        if event.candidate.startswith("boosting"):
            raise KeyboardInterrupt

    model = assay.train(TABLE, "y", checks=(), minutes=0.5, watch=Watch(trial=watch))
    assert model.card["interrupted"]
    assert line(model, "linear").status == "done"
    assert line(model, "boosting random").error == Say("search", "interrupted")
    assert all(t.status in ("done", "skipped") for t in model.ledger)
    assert len(model.predict(TABLE)) == N


def test_an_interruption_before_anything_is_done_says_so() -> None:
    def watch(event: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RequestError, match="Interrupted before any candidate"):
        assay.train(TABLE, "y", watch=Watch(trial=watch), **QUICK)


def test_time_that_is_up_before_it_began_still_gives_a_readable_model() -> None:
    late = Clock(started=0.0, deadline=0.0, now=lambda: 1.0)
    model = assay.train(TABLE, "y", clock=late, checks=(), minutes=0.1)
    assert line(model, "linear").status == "done"
    assert {t.status for t in model.ledger} <= {"done", "starved", "skipped"}
    assert np.isfinite(model.predict(TABLE).probabilities).all()


def bits(model: Model) -> Any:
    return model.ensemble.scores(model._opened(assay.read(TABLE)))


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    wishes = QUICK | {"learners": ("constant", "linear", "boosting"), "minutes": 5.0, "folds": 3}
    whole = assay.train(TABLE, "y", **wishes)

    def watch(event: Any) -> None:
        if event.candidate.startswith("boosting"):
            raise KeyboardInterrupt

    first = assay.train(TABLE, "y", journal=tmp_path / "run", watch=Watch(trial=watch), **wishes)
    assert first.card["interrupted"]
    again = assay.train(TABLE, "y", journal=tmp_path / "run", resume=True, **wishes)
    assert line(again, "linear").resumed
    assert not line(again, "boosting random").resumed
    np.testing.assert_array_equal(bits(again), bits(whole))
    third = assay.train(TABLE, "y", journal=tmp_path / "run", resume=True, **wishes)
    assert all(t.resumed for t in third.ledger if t.status == "done")
    np.testing.assert_array_equal(bits(third), bits(whole))


def test_steps_that_do_not_tell_whether_the_clock_cut_them_are_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a journal of an earlier build holds them."""
    kept = Journal.put
    monkeypatch.setattr(Journal, "put", lambda self, key, box: (box.values.pop("cut"), kept(self, key, box)))
    assay.train(TABLE, "y", journal=tmp_path / "run", **QUICK)
    again = assay.train(TABLE, "y", journal=tmp_path / "run", resume=True, **QUICK)
    assert {t.status for t in again.ledger} == {"done"}
    assert all(t.resumed for t in again.ledger)


def test_a_journal_of_other_data_is_refused(tmp_path: Path) -> None:
    assay.train(TABLE, "y", journal=tmp_path / "run", **QUICK)
    other = {**TABLE, "x": [v + 1 for v in TABLE["x"]]}
    with pytest.raises(RequestError, match="differs in"):
        assay.train(other, "y", journal=tmp_path / "run", resume=True, **QUICK)
    with pytest.raises(RequestError, match=r"differs in --seed \(0 then, 5 now\)"):
        assay.train(TABLE, "y", journal=tmp_path / "run", resume=True, seed=5, **QUICK)
    with pytest.raises(RequestError, match=r"differs in --minutes \(.+ then, 7 now\).*without --resume"):
        assay.train(TABLE, "y", journal=tmp_path / "run", resume=True, **QUICK | {"minutes": 7})
    assay.train(other, "y", journal=tmp_path / "run", **QUICK)  # begins anew


def test_the_same_seed_gives_the_same_model_and_another_seed_other_folds() -> None:
    wishes = QUICK | {"learners": ("constant", "linear", "boosting"), "minutes": 5.0, "folds": 3}
    one, two = (assay.train(TABLE, "y", **wishes) for _ in range(2))
    np.testing.assert_array_equal(bits(one), bits(two))
    assert not np.array_equal(bits(one), bits(assay.train(TABLE, "y", seed=1, **wishes)))


# ------------------------------------------------------------------------------------------ who sees which rows


def spied(monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], **wishes: Any) -> list[tuple[set[int], set[int]]]:
    """For each fold (rows fitted on, rows measured on), read off a column that numbers the rows."""
    seen: list[tuple[set[int], set[int]]] = []
    lock = threading.Lock()

    class Spy(Left):
        def predict(self, batch: Batch) -> Any:
            with lock:
                seen.append((self.rows, set(rows_of(batch))))
            return np.zeros((batch.rows, 1))

    def rows_of(batch: Batch) -> list[int]:
        place = [f.name for f in batch.vector.features].index("mark")
        return [round(v * 1000) for v in batch.vector.values[:, place]]

    act = lambda train, tune, head, clock: Spy({*rows_of(train), *rows_of(tune)})  # noqa: E731
    marked = {**table, "mark": [i / 1000 for i in range(len(table["y"]))]}
    assay.train(marked, "y", **(joined(monkeypatch, "spy", act) | wishes))
    return seen


def test_every_row_is_measured_once_by_a_model_that_never_saw_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = spied(monkeypatch, TABLE)
    held = [row for _, rows in seen for row in rows]
    assert sorted(held) == list(range(N))
    assert all(not fitted & measured for fitted, measured in seen)
    assert all(len(fitted | measured) == N for fitted, measured in seen)


def test_no_group_stands_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.asarray([i % 40 for i in range(N)])
    table = {**TABLE, "patient": [f"p{g}" for g in groups]}
    seen = spied(monkeypatch, table, group="patient")
    assert seen
    for fitted, measured in seen:
        assert not {groups[i] for i in fitted} & {groups[i] for i in measured}


def test_copies_of_a_row_never_stand_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anybody saying so: 150 rows, each of them twice (the mark is the same on both)."""
    twice = {name: [cells[i % 150] for i in range(N)] for name, cells in TABLE.items()}
    twice["z"] = [RNG_CELLS[i % 150] for i in range(N)]
    seen: list[tuple[set[float], set[float]]] = []

    class Spy(Left):
        def predict(self, batch: Batch) -> Any:
            seen.append((self.rows, set(batch.vector.values[:, 0].tolist())))
            return np.zeros((batch.rows, 1))

    act = lambda train, tune, head, clock: Spy({*train.vector.values[:, 0], *tune.vector.values[:, 0]})  # noqa: E731
    assay.train(twice, "y", **joined(monkeypatch, "spy", act))
    assert seen
    assert all(not fitted & measured for fitted, measured in seen)


RNG_CELLS = np.random.default_rng(5).normal(size=150).tolist()


def test_no_row_is_predicted_from_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    days = np.datetime64("2020-01-01") + np.random.default_rng(3).permutation(N)
    seen = spied(monkeypatch, {**TABLE, "day": [str(d) for d in days]}, time="day")
    assert any(len(fitted) == N for fitted, _ in seen)  # the refit that ships
    # It is held against the newest fold model on rows that both learnt from; no figure is told of them.
    folds = [(fitted, measured) for fitted, measured in seen if not fitted & measured]
    assert len(folds) >= 2
    held = [row for _, measured in folds for row in measured]
    assert sorted(days[held]) == sorted(days)[N - len(held) :]  # all but the first block, once
    for fitted, measured in folds:
        assert max(days[list(fitted)]) < min(days[list(measured)])


def test_the_blend_is_calibrated_members_added_up() -> None:
    model = assay.train(
        TABLE, "y", **(QUICK | {"learners": ("constant", "linear", "boosting"), "minutes": 5.0, "folds": 3})
    )
    data = model._opened(assay.read(TABLE))
    found = model.ensemble
    alone = [replace(found, members=(replace(m, weight=1.0),)).raw(data) * m.weight for m in found.members]
    np.testing.assert_allclose(found.calibration(sum(alone)), found.scores(data), atol=1e-12)
    assert sum(m.weight for m in found.members) == pytest.approx(1.0)
    assert isinstance(found, Ensemble)


REFIT: dict[str, Any] = {"learners": ("linear", "boosting"), "trials": 4, "folds": 3, "checks": ("quality", "cost")}


@functools.cache
def shipped(ship: str, sealed: float | None) -> Model:
    return assay.train(TABLE, "y", ship=ship, sealed=sealed, **REFIT)


@pytest.mark.parametrize("sealed", [None, 0.3], ids=["cross-fitted", "sealed"])
def test_one_refit_ships_where_it_is_asked_for(sealed: float | None, tmp_path: Path) -> None:
    model, bag = shipped("refit", sealed), shipped("bag", sealed)
    assert len(model.ensemble.encoders) == 1
    assert len(bag.ensemble.encoders) == 3
    assert model.size_bytes() < bag.size_bytes()
    note = model.findings[0].notes[0]
    assert note.key == ("refit.cross" if sealed is None else "refit.sealed")
    assert note.values["n"] == (N if sealed is None else round(N * (1 - sealed)))
    size = model.findings[1].measure("size_mb").value
    assert size < bag.findings[1].measure("size_mb").value  # the cost is that of what ships
    again = assay.load(model.save(tmp_path / "m.assay"))
    np.testing.assert_array_equal(again.predict(TABLE).probabilities, model.predict(TABLE).probabilities)


def test_the_size_that_is_told_is_that_of_the_file_with_all_that_was_found_out(tmp_path: Path) -> None:
    model = shipped("bag", None)
    written = model.save(tmp_path / "m.assay").stat().st_size
    assert abs(1e6 * model.findings[1].measure("size_mb").value - written) < 100
    assert model.findings[1].say.values["size"] == model.findings[1].measure("size_mb").value
    tested = assay.train(TABLE, "y", test={name: cells[:300] for name, cells in TABLE.items()}, **REFIT)
    written = tested.save(tmp_path / "t.assay").stat().st_size
    for finding in (*tested.findings, *tested.tested):
        if finding.check == "cost":
            assert abs(1e6 * finding.measure("size_mb").value - written) < 100


def test_cross_fitted_figures_are_not_those_of_a_refit_that_has_seen_the_rows() -> None:
    model, bag = shipped("refit", None), shipped("bag", None)
    assert model.findings[0].check == "quality"
    assert model.findings[0].measures == bag.findings[0].measures


def test_a_refit_that_got_no_time_is_not_shipped() -> None:
    from assay.planning.draw import draw
    from assay.planning.wishes import Wishes
    from assay.reading import read
    from assay.search.refit import refit
    from assay.search.run import search

    plan, table = draw(read(TABLE), Wishes(target="y", learners=("linear",), folds=3))
    found = search(plan, table, Clock.start(60), lambda event: None)
    told = refit(found, plan, table, Clock.start(0.0, now=lambda: 1.0))
    assert told.ensemble is found.ensemble
    assert told.note.key == "refit.no_time"


@pytest.mark.parametrize("ship", ["refit", "distilled"])
def test_where_one_model_fails_the_bag_ships_and_says_why(ship: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.learners.boosting import Boosting
    from assay.planning.draw import draw
    from assay.planning.wishes import Wishes
    from assay.reading import read
    from assay.search import ship as ships
    from assay.search.run import search

    def fails(*args: Any) -> Any:
        raise ValueError("it broke")

    plan, table = draw(read(TABLE), Wishes(target="y", learners=("boosting",), folds=3, ship=ship))
    plan = replace(plan, candidates=plan.candidates[:1])
    found = search(plan, table, Clock.start(60), lambda event: None)
    monkeypatch.setattr(Boosting, "fit", fails)
    monkeypatch.setattr(Boosting, "imitate", fails)
    told = ships.ship(found, plan, table, Clock.start(60))
    assert told is not None
    assert told.ensemble is found.ensemble
    said = [told.note] if ship == "refit" else [told.note.values["first"], told.note.values["then"]]
    assert [note.key for note in said] == [f"{ship}.failed", "refit.failed"][: len(said)]
    assert all("(ValueError: it broke)" in note.text() for note in said)


def test_weights_and_groups_widen_the_intervals_of_the_ledger() -> None:
    columns = dict(TABLE) | {"w": np.where(np.arange(N) % 10, 0.01, 1.0).tolist()}
    own = {"learners": ("linear",), "folds": 3, "checks": (), "minutes": 1.0}
    plain, uneven = (
        assay.train(columns, "y", **own, **({"weight": "w"} if counted else {"drop": ("w",)}))
        for counted in (False, True)
    )
    wide = [trial.high - trial.low for trial in (plain.ledger[0], uneven.ledger[0])]
    assert wide[1] > 2 * wide[0]  # a tenth of the rows holds nearly all the weight: sqrt(10) times as wide


def test_a_refit_that_learnt_less_than_the_fold_models_is_not_shipped() -> None:
    from assay.planning.draw import draw
    from assay.planning.wishes import Wishes
    from assay.reading import read
    from assay.search.refit import refit
    from assay.search.run import search

    plan, table = draw(read(TABLE), Wishes(target="y", learners=("boosting",), folds=3))
    plan = replace(plan, candidates=plan.candidates[:1])
    found = search(plan, table, Clock.start(60), lambda event: None)
    spoilt = replace(plan.candidates[0], settings={**plan.candidates[0].settings, "rounds": 1, "rate": 0.005})
    told = refit(found, replace(plan, candidates=(spoilt,)), table, Clock.start(60))
    assert told.ensemble is found.ensemble
    assert told.note.key == "refit.worse"


def test_an_interruption_between_search_and_checks_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay.search import run
    from assay.search.settle import settle

    calls = []

    def interrupted_once(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return settle(*given)

    monkeypatch.setattr(run, "settle", interrupted_once)
    model = assay.train(TABLE, "y", **QUICK)
    assert model.card["interrupted"]
    assert len(model.predict(TABLE)) == N
    monkeypatch.setattr(run, "settle", lambda *given: interrupted_always())
    with pytest.raises(KeyboardInterrupt):
        assay.train(TABLE, "y", **QUICK)


def test_what_is_settled_on_scores_keeps_products_of_matrices_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside other work two threads took thirty times as long for them as one: each waits for the other."""
    from threadpoolctl import threadpool_info, threadpool_limits

    from assay.search import settle as module

    used: list[set[int]] = []
    weights_of, corrected = module.weights_of, module.bootstrap.corrected

    def look() -> None:
        used.append({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})

    monkeypatch.setattr(module, "weights_of", lambda *given, **more: look() or weights_of(*given, **more))
    monkeypatch.setattr(module.bootstrap, "corrected", lambda *given: look() or corrected(*given))
    with threadpool_limits(2, user_api="blas"):
        assay.train(TABLE, "y", **{**QUICK, "checks": ("quality",)})
    assert len(used) > 2  # the blend, the rounds of the bias-corrected estimate, and each of them again
    assert all(found == {1} for found in used)


def interrupted_always() -> Any:
    raise KeyboardInterrupt


def test_an_interruption_while_the_evidence_is_drawn_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from assay import training

    calls, draw_up = [], training.from_training

    def interrupted_once(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return draw_up(*given)

    monkeypatch.setattr(training, "from_training", interrupted_once)
    model = assay.train(TABLE, "y", **{**QUICK, "checks": ("quality",)})
    assert model.card["interrupted"]
    assert model.findings[0].verdict == "pass"


def test_what_takes_longer_to_load_than_there_is_time_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    heavy = learner("heavy", lambda *_: begun.append(1))
    heavy.about = replace(heavy.about, loads=600.0)  # type: ignore[attr-defined]
    point = type("Point", (), {"name": "heavy", "load": staticmethod(lambda: heavy)})()
    monkeypatch.setattr(Shelf, "outside", property(lambda self: {"heavy": point} if self.room == "learners" else {}))
    model = assay.train(TABLE, "y", **(QUICK | {"learners": ("constant", "linear", "heavy")}))
    assert line(model, "heavy").status == "skipped"
    assert line(model, "linear").status == "done"
    assert not begun


def test_a_second_readable_candidate_is_not_begun_when_the_time_is_up() -> None:
    """It cannot be stopped before its first round, which of many classes takes seconds."""
    now = [0.0]

    def watch(event: Any) -> None:
        now[0] = 1e6 if event.candidate == "linear" else now[0]

    late = Clock.start(60.0, now=lambda: now[0])
    wishes = QUICK | {"learners": ("constant", "linear", "additive")}
    model = assay.train(TABLE, "y", clock=late, watch=Watch(trial=watch), **(wishes | {"trials": 0}))
    assert line(model, "linear").status == "done"
    assert line(model, "additive").status == "skipped"
