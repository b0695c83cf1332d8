"""Does what ships learn from all rows of a table that was searched in part, and never from those that measure it?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import assay
from assay import training
from assay.kernel.clock import Clock
from assay.kernel.errors import RequestError
from assay.kernel.rng import stream
from assay.kernel.stored import Held, evenly_drawn
from assay.learners.boosting import Boosting
from assay.learners.constant import Constant
from assay.learners.linear import Linear
from assay.modalities.category import MOST_LEVELS
from assay.planning import fitting
from assay.planning.draw import reopen
from assay.planning.splits import draw_splits
from assay.planning.wishes import Wishes
from assay.readers.parquet import Parquet
from assay.search import run, trial
from assay.search import whole as module

N, DRAWN = 24_000, 6_000


@pytest.fixture(autouse=True)
def drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of this size counts as large."""
    monkeypatch.setattr(fitting, "SEARCHED_WHOLE", 10_000)
    monkeypatch.setattr(fitting, "DRAWN", DRAWN)


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Every block of the last fit that a learner was fed: the one before it is only to see what time a fit takes."""
    seen: list[np.ndarray] = []
    fit = Boosting.fit_stream

    def spy(self: Boosting, stream: Any, *more: Any) -> Any:
        seen[:] = [np.array(block) for block in stream.blocks()]
        return fit(self, stream, *more)

    monkeypatch.setattr(Boosting, "fit_stream", spy)
    return seen


def table(seed: int = 0, rare: float = 0.0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, N))
    score = 2 * x[0] * x[1] + x[2] - rare
    return {
        "x0": x[0],
        "x1": x[1],
        "x2": x[2],
        "town": np.asarray(["Basel", "Bern", "Chur"])[rng.integers(0, 3, N)],
        "y": np.where(rng.random(N) < 1 / (1 + np.exp(-score)), "yes", "no"),
    }


def trained(columns: dict[str, Any], path: Path, **wishes: Any) -> assay.Model:
    pyarrow.parquet.write_table(pa.table(columns), path / "t.parquet", row_group_size=5_000)
    wishes = {"minutes": 60, "learners": ("constant", "boosting"), "checks": (), **wishes}
    return assay.train(path / "t.parquet", "y", **wishes)


@pytest.fixture(autouse=True)
def one_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The portfolio with one boosting candidate at most, of few and quick trees: the way is the same and shorter."""
    from assay.planning import draw

    whole: Callable[..., Any] = draw.candidates

    def few(*args: Any) -> Any:
        found, left = whole(*args)
        first = next(c for c in found if c.learner == "boosting")
        quick = replace(first, settings={**first.settings, "rounds": 60, "rate": 0.2})
        return [*(c for c in found if c.learner in ("constant", "linear")), quick], left

    monkeypatch.setattr(draw, "candidates", few)


def sealed_values(columns: dict[str, Any], model: assay.Model, path: Path, name: str) -> np.ndarray:
    """What stands in a column of the sealed rows, found again as the search found them."""
    rows = evenly_drawn(N, DRAWN, stream(model.plan.seed, "drawn rows"))
    stored = Parquet.stored(path / "t.parquet", 1e9)
    assert stored is not None
    opened = reopen(stored.take(rows), model.plan)
    y = model.task.encode(opened["y"], model.codec)
    return np.asarray(columns[name])[rows[draw_splits(model.plan, opened, model.task.strata(y)).sealed]]


def test_learns_from_all_rows_but_those_that_measure_or_stop_it(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    columns = table()
    model = trained(columns, tmp_path)
    sealed = sealed_values(columns, model, tmp_path, "x0")
    assert len(sealed) == model.plan.splits.sealed == DRAWN // 5
    fed = np.concatenate([block[:, 0] for block in streamed])
    assert not np.isin(fed, sealed).any()
    tune = round(0.2 * (DRAWN - len(sealed)))
    assert abs(len(fed) - (N - len(sealed) - tune)) <= 2
    assert np.isin(fed, columns["x0"]).all()
    assert model.card["whole"] == {"rows": N, "searched": DRAWN, "learnt": len(fed)}
    assert model.plan.data["rows"] == N
    assert len(model.ensemble.encoders) == 1
    answers = model.predict({k: v[:2_000] for k, v in columns.items()})
    assert answers.probabilities is not None


def test_targets_far_from_zero_keep_what_they_differ_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In single precision numbers next to a thousand million are 64 apart."""
    kept: list[np.ndarray] = []
    fit = Boosting.fit_stream
    monkeypatch.setattr(Boosting, "fit_stream", lambda self, fed, *more: kept.append(fed.y) or fit(self, fed, *more))
    columns = table()
    signal = 2 * columns["x0"] * columns["x1"] + columns["x2"]
    far = 1e9 + signal + 0.1 * np.random.default_rng(1).normal(size=N)
    model = trained({**columns, "y": far}, tmp_path)
    assert np.isin(kept[0], far).all()
    assert len(model.ensemble.encoders) == 1  # what learnt from all rows ships
    fresh = {name: cells for name, cells in table(1).items() if name != "y"}
    truth = 2 * fresh["x0"] * fresh["x1"] + fresh["x2"]
    answers = model.predict(fresh).answer - 1e9
    assert np.corrcoef(answers, truth)[0, 1] > 0.97


def test_the_report_says_what_was_done(tmp_path: Path) -> None:
    model = trained(table(), tmp_path, checks=("quality",), memory="8GB")
    said = [note.text() for note in model.plan.notes]
    assert "at most 8 GB of memory, as you said" in said
    assert any(f"{DRAWN:,} of the {N:,} rows" in line for line in said)
    (finding,) = model.findings
    assert finding.rows == "sealed"
    assert f"of the {N:,} rows, streamed from the file" in finding.notes[0].text()
    assert finding.notes[0].text("zh") != finding.notes[0].text()


def test_no_copy_of_a_sealed_row_is_learnt(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    columns = {name: np.tile(cells[: N // 3], 3) for name, cells in table().items()}  # every row stands three times
    model = trained(columns, tmp_path)
    sealed = sealed_values(columns, model, tmp_path, "x0")
    assert not np.isin(np.concatenate([block[:, 0] for block in streamed]), sealed).any()


def test_rows_alike_by_chance_are_learnt(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    columns = table()
    few = {name: np.round(columns[name]) for name in ("x0", "x1", "x2")}  # some hundred different rows in all
    trained({**columns, **few}, tmp_path)
    assert sum(len(block) for block in streamed) > 0.9 * (N - DRAWN)


def test_groups_are_kept_apart(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    columns = table() | {"patient": [f"p{i}" for i in np.random.default_rng(1).integers(0, 400, N)]}
    model = trained(columns, tmp_path, group="patient")
    patients = np.asarray(columns["patient"])
    sealed = sealed_values(columns, model, tmp_path, "patient")
    fed = np.concatenate([block[:, 0] for block in streamed])
    assert len(fed) > N / 2
    assert not set(patients[np.isin(columns["x0"], fed)]) & set(sealed)


def test_groups_are_kept_apart_while_it_is_calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    fit = module.calibration.cross_fitted
    monkeypatch.setattr(module.calibration, "cross_fitted", lambda *of: asked.append(of) or fit(*of))
    trained(table() | {"patient": [f"p{i // 8}" for i in range(N)]}, tmp_path, group="patient")
    *_, (_, y, _, parts, _, _, _, groups) = asked  # the last is that of what learnt from all rows
    assert len(y) == len(groups)
    assert len(np.unique(parts)) == 5
    assert len(np.unique(np.stack([groups, parts]), axis=1).T) == len(np.unique(groups))


def test_nothing_later_than_the_first_sealed_row_is_learnt(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    days = np.datetime64("2020-01-01") + np.random.default_rng(1).integers(0, 1_000, N)
    columns = table() | {"day": days}
    model = trained(columns, tmp_path, time="day")
    first = sealed_values(columns, model, tmp_path, "day").min()
    fed = np.concatenate([block[:, 0] for block in streamed])
    assert len(fed) > N / 3
    assert days[np.isin(columns["x0"], fed)].max() < first


def test_groups_are_kept_apart_in_time_too(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    days = np.datetime64("2020-01-01") + np.sort(rng.integers(0, 1_000, N))
    patient = np.arange(N) // 4 + rng.integers(0, 200, N)  # come again within weeks
    model = trained(
        table() | {"day": days, "patient": [f"p{i}" for i in patient]}, tmp_path, time="day", group="patient"
    )
    assert model.plan.splits.how == "time_grouped"
    columns = {"day": days, "patient": patient, "x0": table()["x0"]}
    first, sealed = (sealed_values(columns, model, tmp_path, name) for name in ("day", "patient"))
    fed = np.isin(columns["x0"], np.concatenate([block[:, 0] for block in streamed]))
    assert fed.sum() > N / 3
    assert days[fed].max() < first.min()
    assert np.isin(patient[days < first.min()], sealed).any()  # there were some to be left out
    assert not set(patient[fed]) & set(sealed)


def test_rows_without_answer_or_weight_do_not_teach(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    columns = table()
    weight = np.random.default_rng(2).integers(0, 3, N).astype(float)
    answers = columns["y"].astype(object)
    answers[::10] = None
    model = trained({**columns, "y": answers, "w": weight}, tmp_path, weight="w")
    fed = np.concatenate([block[:, 0] for block in streamed])
    silent = columns["x0"][(weight == 0) | (np.arange(N) % 10 == 0)]
    assert len(fed) == model.card["whole"]["learnt"] > N / 2
    assert not np.isin(fed, silent).any()


def test_a_rare_class_is_learnt(tmp_path: Path) -> None:
    model = trained(table(rare=9.5), tmp_path, checks=("quality",))
    positive = model.task.encode(assay.read(tmp_path / "t.parquet")["y"], model.codec).mean()
    assert 0.001 < positive < 0.01
    held = table(seed=5, rare=9.5)
    p = model.predict(held).probabilities
    assert p is not None
    y = held["y"] == "yes"
    assert p[y, 1].mean() > 5 * p[~y, 1].mean()
    assert abs(p[:, 1].mean() - y.mean()) < 5 * np.sqrt(y.mean() / N)  # calibrated in the large


def test_where_the_time_is_up_the_bag_ships_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._Fitting, "_in_time", lambda self, place, watched, clock: 0)
    model = trained(table(), tmp_path, checks=("quality",))
    assert len(model.ensemble.encoders) > 1
    assert "the time that was left would not have sufficed" in model.findings[0].notes[0].text()
    assert model.card["whole"]["learnt"] == DRAWN


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The search is given no time at first; what it is begun again with is remembered."""
    befores: list[Any] = []
    search = training.search

    def twice(plan: Any, drawn: Any, clock: Clock, tell: Any, steps: Any, readable: bool, before: Any) -> Any:
        befores.append(before)
        return search(plan, drawn, clock if before else clock.slice(0.0), tell, steps, readable, before)

    monkeypatch.setattr(training, "search", twice)
    return befores


LATE: dict[str, Any] = {"learners": ("constant", "linear", "boosting"), "checks": ("quality",)}


def test_time_that_no_fit_on_all_rows_takes_goes_back_to_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: list[Any]
) -> None:
    """Boosting comes too late at first; once no other fit is made it is tried, and nothing twice."""
    fits: list[str] = []
    fit = Constant.fit

    def counted(self: Any, train: Any, *more: Any) -> Any:
        fits.append("constant")
        return fit(self, train, *more)

    monkeypatch.setattr(Constant, "fit", counted)
    monkeypatch.setattr(module._Fitting, "_in_time", lambda self, place, watched, clock: 0)
    model = trained(table(), tmp_path, **LATE)
    first, second = late
    assert first is None
    assert {t.name: t.status for t in second.ledger}["boosting crafted"] == "skipped"
    assert {t.name: t.status for t in model.ledger}["boosting crafted"] == "done"
    assert len(fits) == model.plan.splits.folds
    assert "the time that was left would not have sufficed" in model.findings[0].notes[0].text()
    assert [member.learner for member in model.ensemble.members if member.weight > 0.5] == ["boosting"]


def test_what_learns_from_a_stream_and_came_late_is_fitted_on_all_rows_once_it_is_done(
    tmp_path: Path, late: list[Any]
) -> None:
    model = trained(table(), tmp_path, **LATE)
    assert len(late) == 2
    assert model.card["whole"]["learnt"] > module.WORTH * DRAWN
    assert "of the 24,000 rows, streamed from the file" in model.findings[0].notes[0].text()


def test_an_interruption_while_the_search_goes_on_ships_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: list[Any]
) -> None:
    """Boosting, which is tried then, is interrupted: what the first search did is neither lost nor said to be interrupted."""
    fit = Boosting.fit

    def interrupted(self: Any, *given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Boosting, "fit", interrupted)
    model = trained(table(), tmp_path, **LATE)
    statuses = {t.name: t.status for t in model.ledger}
    assert (statuses["linear"], statuses["boosting crafted"]) == ("done", "skipped")
    assert model.card["interrupted"]
    assert [member.learner for member in model.ensemble.members] == ["linear"]
    monkeypatch.setattr(Boosting, "fit", fit)
    draw_splits = run.draw_splits

    def at_its_beginning(*given: Any) -> Any:
        if late[-1] is not None:
            raise KeyboardInterrupt
        return draw_splits(*given)

    monkeypatch.setattr(run, "draw_splits", at_its_beginning)
    model = trained(table(), tmp_path, **LATE)
    assert model.card["interrupted"]
    assert "since the run was interrupted" in model.findings[0].notes[0].text()


def test_an_interruption_while_all_rows_are_learnt_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[Any] = []
    search = training.search
    monkeypatch.setattr(training, "search", lambda *given: searches.append(1) or search(*given))

    def interrupted(self: Any, *given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(Boosting, "fit_stream", interrupted)
    model = trained(table(), tmp_path, checks=("quality",))
    assert (len(searches), model.card["interrupted"]) == (1, True)
    assert "运行被中断" in model.findings[0].notes[0].text("zh")


@pytest.mark.parametrize("journal", [False, True])
def test_what_the_clock_cut_is_tried_again_where_there_is_more_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: list[Any], journal: bool
) -> None:
    """A cut candidate of the first search is fitted anew in the second, and so are its steps in the journal."""
    cut, fits = [True], []
    fit, was_cut = Linear.fit, trial.was_cut
    monkeypatch.setattr(trial, "was_cut", lambda clock: cut[0] or was_cut(clock))
    monkeypatch.setattr(module._Fitting, "_in_time", lambda self, place, watched, clock: 0)

    def counted(self: Any, *given: Any) -> Any:
        fits.append(late[-1] is not None)
        cut[0] = late[-1] is None
        return fit(self, *given)

    monkeypatch.setattr(Linear, "fit", counted)
    more = {"journal": tmp_path / "journal"} if journal else {}
    model = trained(table(), tmp_path, **LATE, **more)
    folds = model.plan.splits.folds
    assert fits == [False] * folds + [True] * folds
    assert sum(t.name == "linear" for t in model.ledger) == 1


def test_the_rows_that_time_allows_are_told_by_a_fit_and_a_few_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the time for a row, half the rows; where reading alone takes the time there are none."""
    found: list[int] = []
    in_time = module._Fitting._in_time

    def rows(self: Any, place: int, watched: Any, clock: Clock) -> int:
        return found.append(in_time(self, place, watched, clock)) or 0

    monkeypatch.setattr(module._Fitting, "_in_time", rows)
    for a_row in (0.5, 1.0, 1e-9, 1e9):
        monkeypatch.setattr(module._Fitting, "_learning", lambda *_, a_row=a_row: (0.0, a_row))
        trained(table(), tmp_path)
    half, one, all_, none = found
    assert half == pytest.approx(2 * one, rel=0.05)
    assert one == pytest.approx(module.TIME_USED * 3600, rel=0.1)
    assert (all_, none) == (N, 0)


def test_where_the_fit_fails_the_bag_ships_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any) -> Any:
        raise ValueError("no room for bins")

    monkeypatch.setattr(Boosting, "fit_stream", fails)
    model = trained(table(), tmp_path, checks=("quality",))
    assert len(model.ensemble.encoders) > 1
    assert "failed (ValueError: no room for bins)" in model.findings[0].notes[0].text()
    assert model.card["whole"]["learnt"] == DRAWN


@pytest.mark.parametrize("rows", [0, DRAWN])
def test_where_memory_holds_too_few_rows_the_bag_ships_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(module._Fitting, "_in_memory", lambda self, limit, width: rows)
    model = trained(table(), tmp_path, checks=("quality",))
    assert len(model.ensemble.encoders) > 1
    assert "too few of them could be held" in model.findings[0].notes[0].text()
    assert model.card["whole"]["learnt"] == DRAWN


def test_as_many_rows_as_fit_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streamed: list[Any]) -> None:
    monkeypatch.setattr(module._Fitting, "_in_memory", lambda self, limit, width: 12_345)
    model = trained(table(), tmp_path)
    assert sum(len(block) for block in streamed) == model.card["whole"]["learnt"] == 12_345


def test_what_a_block_was_seen_to_take_is_left_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reading takes 40 MB more than before, those 40, and as much again for bins being filled, hold no rows."""
    in_memory, taken = module._Fitting._in_memory, 40_000_000
    found: list[float] = []

    def rows(self: Any, limit: float, width: int) -> int:
        found.append(in_memory(self, limit, width) * (width + module.A_ROW))
        return DRAWN  # too few, so that nothing else is done

    monkeypatch.setattr(module._Fitting, "_in_memory", rows)
    for more in (0, taken):
        held = iter([0] + 100 * [more])
        stand_in = SimpleNamespace(held=lambda held=held: next(held), give_back=lambda collect=True: None)
        monkeypatch.setattr(module, "memory", stand_in)
        trained(table(), tmp_path, memory="8GB")  # more than the process may hold of tests before
    assert found[0] - found[1] == pytest.approx((1 + module.PUSHED) * taken, rel=0.01)


def test_where_hardly_more_is_to_be_had_that_is_said_and_no_lack_of_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, streamed: list[np.ndarray]
) -> None:
    monkeypatch.setattr(fitting, "DRAWN", 20_000)
    model = trained(table(), tmp_path, checks=("quality",))
    assert not streamed
    note = model.findings[0].notes[0]
    assert "less than half as many more" in note.text()
    assert "不到其一半" in note.text("zh")


def test_a_limit_too_small_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        trained(table(), tmp_path, memory="10MB")
    seen, expected, do = caught.value.parts("en")
    assert "10 MB of memory cannot hold t.parquet" in seen
    assert "MB are needed" in expected or "GB are needed" in expected
    assert "--memory" in do
    assert all(caught.value.parts("zh"))


def test_models_are_counted_where_a_limit_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting.memory, "held", lambda: 60_000_000)
    monkeypatch.setattr(fitting.memory, "available", lambda: 480_000_000)  # a small container
    held = Held(assay.read({"x": np.arange(2_000.0), "y": np.arange(2_000) % 2}))
    left_to_us, asked = Wishes(target="y"), Wishes(target="y", memory="300MB")
    assert fitting.limit_of(left_to_us) == fitting.limit_of(asked) == 300_000_000
    assert fitting.fit(held, left_to_us, 300_000_000).drawn is None
    with pytest.raises(RequestError, match="300 MB of memory cannot hold"):
        fitting.fit(held, asked, 300_000_000)


def test_what_is_no_amount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="memory is 'plenty'"):
        trained(table(), tmp_path, memory="plenty")


def test_the_same_seed_draws_the_same_rows(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table(table()), tmp_path / "t.parquet")
    a, b, c = (assay.plan(tmp_path / "t.parquet", "y", seed=seed).data["sha256"] for seed in (0, 0, 1))
    assert a == b != c


def test_a_frame_too_long_is_searched_in_part(tmp_path: Path, streamed: list[np.ndarray]) -> None:
    model = assay.train(
        pa.table(table()), "y", minutes=60, checks=(), learners=("constant", "boosting"), clock=Clock.start()
    )
    assert model.card["whole"]["learnt"] == sum(len(block) for block in streamed) > N / 2


def test_where_not_all_rows_are_learnt_what_was_asked_to_ship_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._Fitting, "_in_time", lambda self, place, watched, clock: 0)
    model = trained(table(), tmp_path, checks=("quality",), ship="refit")
    assert len(model.ensemble.encoders) == 1
    shipped, rest = (note.text() for note in model.findings[0].notes[:2])
    assert "fitted once more on all" in shipped
    assert "the time that was left would not have sufficed" in rest
    assert model.card["whole"]["learnt"] == model.card["whole"]["searched"]


def test_a_model_on_all_rows_that_is_too_slow_is_not_told_as_what_ships(tmp_path: Path) -> None:
    model = trained(table(), tmp_path, checks=("quality",), latency="1us")
    assert "the quickest there is" in model.findings[0].notes[0].text()
    assert model.card["whole"]["learnt"] == model.card["whole"]["searched"]


def test_trials_and_a_stream_give_the_same_bytes_twice(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        model = trained(table(), tmp_path, checks=("quality",), minutes=None, trials=1, memory="8GB")
        files.append(model.save(tmp_path / f"{name}.assay").read_bytes())
        assert model.card["whole"]["learnt"] > DRAWN
    assert files[0] == files[1]


def test_names_too_rare_for_a_code_tell_what_they_know_of_streamed_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    shop, effect = rng.integers(0, 600, N), rng.normal(size=600)
    score = 2 * effect[shop]
    columns = {
        "x0": rng.normal(size=N),
        "shop": np.asarray([f"shop {k:03d}" for k in range(600)])[shop],
        "y": np.where(rng.random(N) < 1 / (1 + np.exp(-score)), "yes", "no"),
    }
    model = trained(columns, tmp_path)
    (member,) = model.ensemble.members
    (trees,) = member.folds
    assert model.card["whole"]["rows"] == N
    (drawers,) = [trees.made.keys[k].size for k in trees.made.first]  # type: ignore[attr-defined]
    assert drawers > MOST_LEVELS + 2
    rare = ~np.isin(shop, np.argsort(-np.bincount(shop), kind="stable")[:300])
    sure = (np.abs(effect[shop]) > 1.0) & rare
    p = model.predict({k: v[sure] for k, v in columns.items()}).probabilities
    assert p is not None
    assert ((p[:, 1] > 0.5) == (effect[shop][sure] > 0)).mean() > 0.9
