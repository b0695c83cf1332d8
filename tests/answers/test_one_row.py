"""Is one row that comes alone answered as it is in a table?"""

from __future__ import annotations

import copy
import datetime as dt
import gc
import math
import pickle
import sys
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest

import assay
from assay.answers import one_row
from assay.answers.answer import Answer
from assay.kernel.clock import Clock
from assay.kernel.data import Column
from assay.kernel.errors import DataError, RequestError
from assay.kernel.forms import Batch
from assay.kernel.plan import Candidate
from assay.kernel.settings import settings_of, with_settings
from assay.kernel.shelf import shelf
from assay.model import Model
from assay.planning.draw import draw
from assay.planning.wishes import Wishes
from assay.readers._cell import cell_of, column_of
from assay.search.ensemble import Member
from assay.search.run import search

RNG = np.random.default_rng(3)
N = 260
X = RNG.normal(size=N)
TOWN = RNG.choice(["Basel", "Genf", "北京"], size=N)
SIGNAL = X + (TOWN == "Genf") + RNG.normal(size=N) * 0.7
WORDS = ["late", "paid", "loan", "again", "never", "quick", "slow", "good"]
LEARNERS: dict[str, dict[str, Any]] = {
    "constant": {},
    "linear": {},
    "additive": {"rounds": 60},
    "neighbours": {},
    "sparse": {},
    "boosting": {"rounds": 25, "leaves": 6, "craft": 20},
}


def table(target: list[Any]) -> dict[str, list[Any]]:
    days = [str(np.datetime64("2023-01-01T08:00") + np.timedelta64(int(d), "h")) for d in RNG.integers(9000, size=N)]
    gaps = [None if i % 9 == 0 else round(float(v), 4) for i, v in enumerate(RNG.normal(size=N))]
    texts = [" ".join(RNG.choice(WORDS, size=int(RNG.integers(5, 9)))) + f" {i}" for i in range(N)]
    columns = {"who": [f"n{i}" for i in range(N)], "x": X.round(4).tolist(), "town": TOWN.tolist(), "gaps": gaps}
    more = {"day": days, "note": texts, "paid": RNG.choice(["yes", "no"], size=N).tolist()}
    price = {"price": [f"{v:.2f}".replace(".", ",") for v in RNG.normal(50, 9, size=N)]}
    return columns | more | price | {"answer": target}


WORLDS = {
    "binary": table(np.where(SIGNAL > 0.4, "yes", "no").tolist()),
    "classes": table(np.asarray(["low", "mid", "high"])[np.digitize(SIGNAL, [-0.3, 1.0])].tolist()),
    "value": table((20 + 5 * SIGNAL).round(3).tolist()),
}
KINDS = list(WORLDS)


def trained(world: dict[str, list[Any]]) -> Model:
    """The bag of three folds, with every learner among its members."""
    plan, opened = draw(assay.read(world), Wishes(target="answer", folds=3))
    kept = tuple(
        Candidate(name=key, learner=key, settings=settings_of(with_settings(shelf("learners").get(key), more)))
        for key, more in LEARNERS.items()
    )
    plan = replace(plan, candidates=kept)
    found = search(plan, opened, Clock.start(), lambda event: None)
    weight = 1 / (len(kept) - 1)
    members = tuple(Member(o.trial.name, o.trial.learner, weight, o.fitted) for o in found.outcomes[1:])
    assert [m.learner for m in members] == list(LEARNERS)[1:]
    assert any(fitted.made is not None for fitted in members[-1].folds)  # columns made of others, too
    ensemble = replace(found.ensemble, members=members)
    conformal = found.settled.conformal
    return Model(plan=plan, codec=found.codec, ensemble=ensemble, conformal=conformal, constant=found.constant)


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {kind: trained(world) for kind, world in WORLDS.items()}


ODD: list[Any] = [
    None, "", " ", "NA", "?", "-", "nan", "inf", "1e999", "12", " 12.5 ", "1,234.5", "1.234,56", "$ 3", "0012", "½", "１２", "yes", "NO ",
    "Genf", " Genf\u3000", "genf", "Atlantis", "北京", "2023-06-01", "01/02/2023", "2023-02-30", "5 May 2024", "2023年5月1日", "1850-01-01",
    "late paid loan", "never heard of", "😀", "\ud800", "a\ud800b", "x" * 3000, 0, 1, -1, 2**53, 2**60, -(2**70), 0.0, -0.0, 1e300, 1e308,
    math.inf, -math.inf, math.nan, True, False, np.float32(0.5), np.float64("nan"), np.int8(3), np.bool_(True), Decimal("1.5"),
    Decimal("NaN"), dt.date(2023, 5, 4), dt.datetime(2023, 5, 4, 3, 2, 1, 999), dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))),
    np.datetime64("2023-05-04"), np.datetime64("NaT"), np.datetime64("-20000-01-01"), b"abc", {"a": 1}, dt.timedelta(hours=1),
    np.timedelta64(90, "s"), np.timedelta64(2, "M"), np.timedelta64("NaT"),
]  # fmt: skip


def rows(world: Mapping[str, list[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Rows of the table, some of whose cells are replaced by whatever a program may send."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        place = int(rng.integers(N))
        row = {name: cells[place] for name, cells in world.items() if name != "answer"}
        for name in row:
            if rng.random() < 0.35:
                row[name] = ODD[int(rng.integers(len(ODD)))]
            elif rng.random() < 0.2 and isinstance(row[name], float):
                row[name] = str(row[name])  # a number as a string
        out.append(row)
    return out


def test_durations_are_seconds_alone_and_in_columns() -> None:
    pd = pytest.importorskip("pandas")
    spans = [np.timedelta64(k, "m") for k in RNG.integers(1, 500, 80)]
    y = [float(span / np.timedelta64(1, "h")) for span in spans]
    model = assay.train(pd.DataFrame({"span": spans, "y": y}), "y", trials=1, learners=("linear",), checks=())
    answers = [
        model.predict({"span": kind})
        for kind in (pd.Timedelta("2h"), dt.timedelta(hours=2), np.timedelta64(2, "h"), 7200.0)
    ]
    assert not any(answer.notes for answer in answers)
    columns = model.predict(pd.DataFrame({"span": pd.to_timedelta(["2h"])}))
    assert [answer.answer for answer in answers] == [columns.row(0).answer] * 4
    assert answers[0].answer == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_answered_as_in_a_table_of_that_row(kind: str, models: dict[str, Model]) -> None:
    noted = 0
    for row in rows(WORLDS[kind], 120, seed=1):
        alone, whole = models[kind].predict(row), models[kind].predict([row]).row(0)
        assert alone == whole, row
        assert isinstance(alone.answer, str) == (kind != "value")
        noted += bool(alone.notes)
    assert noted > 50  # unseen, outside, misfits: they were there to be told


def test_no_table_is_made_of_a_row_whose_words_are_weighed(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {name: cells[7] for name, cells in WORLDS["binary"].items() if name != "answer"}
    whole = models["binary"].predict([row]).row(0)

    def refuse(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(one_row, "Batch", refuse)
    monkeypatch.setattr(one_row, "column_of", refuse)
    assert models["binary"].quick
    assert models["binary"].predict(row) == whole
    assert models["binary"].predict({**row, "note": "loan &amp; <b>loan</b>, NEVER again " * 40}).answer in (
        "yes",
        "no",
    )


def test_each_odd_cell_in_each_column(models: dict[str, Model]) -> None:
    first = {name: cells[0] for name, cells in WORLDS["value"].items() if name != "answer"}
    model = replace(models["value"], ensemble=models["value"].ensemble.only(0))
    for name in model.ensemble.parts:
        for odd in ODD:
            row = {**first, name: odd}
            assert model.predict(row) == model.predict([row]).row(0), (name, odd)


def test_rows_of_a_table_answer_alone_as_together(models: dict[str, Model]) -> None:
    """Cells that a reader takes for missing only among numbers aside, a row does not mind its neighbours."""
    model, world = models["binary"], WORLDS["binary"]
    together = model.predict({name: cells for name, cells in world.items() if name != "answer"})
    for place in range(0, N, 5):
        assert model.predict({name: cells[place] for name, cells in world.items()}) == together.row(place)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_explained_as_in_a_table_of_that_row(kind: str, models: dict[str, Model]) -> None:
    model = models[kind]
    for row in rows(WORLDS[kind], 40, seed=2):
        alone, whole = model.explain(row), model.explain([row])
        assert (alone.answer, alone.score, alone.base, alone.unit) == (
            whole.answer,
            whole.score,
            whole.base,
            whole.unit,
        )
        assert alone.parts == whole.parts
        assert alone.base + sum(pull for _, _, pull in alone.parts) == pytest.approx(alone.score)
    assert model.explain(row, label=model.codec.labels[0] if model.codec.labels else "").row == 1
    with pytest.raises(RequestError, match="no row 2"):
        model.explain(row, 2)


def test_a_lacking_column_is_told_in_three_parts(models: dict[str, Model]) -> None:
    row = {name: cells[0] for name, cells in WORLDS["binary"].items()}
    del row["town"]
    with pytest.raises(DataError) as caught:
        models["binary"].predict({**row, "tovn": "Genf"})
    assert caught.value.seen == "table lacks 1 of the 7 columns that the model uses: town."
    assert "'town'" in caught.value.text() or "tovn" in caught.value.expected
    assert caught.value.do
    with pytest.raises(DataError):
        models["binary"].predict({})
    with pytest.raises(DataError, match="lacks 1"):
        models["binary"].explain(row)


def test_other_columns_are_ignored_and_blanks_around_names_forgiven(models: dict[str, Model]) -> None:
    row = {name: cells[7] for name, cells in WORLDS["binary"].items()}
    plain = models["binary"].predict(row)
    assert models["binary"].predict({**row, "more": object()}) == plain
    assert models["binary"].predict({(" x " if name == "x" else name): cell for name, cell in row.items()}) == plain


def test_a_mapping_of_columns_is_a_table_still(models: dict[str, Model]) -> None:
    whole = models["value"].predict({name: cells[:3] for name, cells in WORLDS["value"].items()})
    assert len(whole) == 3
    assert len(models["value"].predict({name: np.asarray(cells[:2]) for name, cells in WORLDS["value"].items()})) == 2
    mixed = {name: cells[0] for name, cells in WORLDS["value"].items()} | {"x": [1.0, 2.0]}
    with pytest.raises(DataError, match="'x' holds 2 values"):
        models["value"].predict(mixed)


def test_an_answer_speaks_json(models: dict[str, Model]) -> None:
    row = {name: cells[0] for name, cells in WORLDS["binary"].items()} | {"town": "Atlantis"}
    said = models["binary"].predict(row).to_json("zh")
    assert set(said) == {"answer", "probabilities", "set", "notes", "out_of_range"}
    assert sum(said["probabilities"].values()) == pytest.approx(1.0)
    assert "Atlantis" in said["notes"][0]
    assert said["out_of_range"] is True
    value = models["value"].predict(row).to_json()
    assert value["interval"][0] < value["answer"] < value["interval"][1]
    with pytest.raises(AttributeError):
        models["binary"].predict(row).answer = "no"  # type: ignore[misc]


def test_many_threads_get_the_answers_of_one(models: dict[str, Model]) -> None:
    model, asked = replace(models["classes"]), rows(WORLDS["classes"], 60, seed=5)
    expected = [models["classes"].predict(row) for row in asked]
    wrong: list[Any] = []
    start = threading.Barrier(6)

    def ask(turn: int) -> None:
        start.wait()  # all compile at once, and all answer at once
        for place in np.random.default_rng(turn).permutation(len(asked)).tolist():
            if model.predict(asked[place]) != expected[place]:
                wrong.append(place)

    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.fixture
def without_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for forests of larger trees: one row goes to LightGBM."""
    from assay.trees.forest import Forest

    monkeypatch.setattr(Forest, "bits", property(lambda forest: None))


@pytest.mark.usefixtures("without_bits")
def test_native_handles_are_freed_with_the_model_and_with_the_thread(models: dict[str, Model]) -> None:
    from assay.trees.single import NativeRow

    def living() -> set[int]:
        gc.collect()
        return {id(found) for found in gc.get_objects() if isinstance(found, NativeRow)}

    before = living()
    model = replace(models["binary"])
    row = {name: cells[0] for name, cells in WORLDS["binary"].items()}
    model.predict(row)
    own = living() - before
    assert len(own) == 3  # a fold each
    thread = threading.Thread(target=model.predict, args=(row,))
    thread.start()
    thread.join()
    assert living() - before == own
    finalizers = [found._free for found in gc.get_objects() if isinstance(found, NativeRow) and id(found) in own]
    assert all(free.alive for free in finalizers)
    del model
    gc.collect()
    assert not any(free.alive for free in finalizers)  # each has run: the handle is freed


@pytest.mark.usefixtures("without_bits")
def test_lightgbm_and_bits_give_the_same_answers(models: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rows(WORLDS["classes"], 20, seed=6)
    by_lightgbm = [replace(models["classes"]).predict(row) for row in asked]
    monkeypatch.undo()
    assert [replace(models["classes"]).predict(row) for row in asked] == by_lightgbm


@pytest.mark.usefixtures("without_bits")
def test_without_the_native_call_the_walker_gives_the_same_bits(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    import lightgbm.basic

    asked = rows(WORLDS["classes"], 20, seed=6)
    expected = [models["classes"].predict(row) for row in asked]
    monkeypatch.setattr(lightgbm.basic, "_LIB", None)
    assert [replace(models["classes"]).predict(row) for row in asked] == expected


def test_a_model_that_has_answered_rows_is_copied_and_pickled(models: dict[str, Model]) -> None:
    row = {name: cells[0] for name, cells in WORLDS["value"].items()}
    expected = models["value"].predict(row)
    assert pickle.loads(pickle.dumps(models["value"])).predict(row) == expected
    assert copy.deepcopy(models["value"]).predict(row) == expected


def test_a_saved_model_answers_rows_to_the_bit(models: dict[str, Model], tmp_path: Any) -> None:
    for kind in KINDS:
        again = assay.load(models[kind].save(tmp_path / f"{kind}.assay"))
        for row in rows(WORLDS[kind], 10, seed=8):
            assert again.predict(row) == models[kind].predict(row)


@dataclass(frozen=True, eq=False)
class Plain:
    """A fitted learner with no road for one row."""

    inner: Any
    takes: ClassVar[tuple[str, ...]] = ("vector",)

    def predict(self, batch: Batch) -> Any:
        return self.inner.predict(batch)

    def contributions(self, batch: Batch) -> Any:
        return self.inner.contributions(batch)


@pytest.mark.parametrize("kind", KINDS)
def test_plugins_without_a_road_for_one_row_are_asked_in_the_ordinary_way(kind: str, models: dict[str, Model]) -> None:
    from assay.answers.one_row import OneRow, _Ordinary, _Quick

    model = models[kind]
    members = tuple(replace(m, folds=tuple(map(Plain, m.folds))) for m in model.ensemble.members)
    plain = replace(model, ensemble=replace(model.ensemble, members=members))
    road = plain._alone.road
    assert [type(part) for part in road._parts].count(_Quick) >= 6
    road._parts = [_Ordinary(p.name, p.kind, p.modality, p.encoders, p.blank, p.gap, p.commas) for p in road._parts]
    through_tables = replace(plain)
    through_tables._alone.road._more = True  # as for a learner that takes more than vectors
    for row in rows(WORLDS[kind], 30, seed=9):
        assert plain.predict(row) == model.predict(row)
        assert through_tables.predict(row) == model.predict(row)
        assert through_tables.explain(row).parts == model.explain(row).parts
    assert isinstance(road, OneRow)


def test_a_cell_is_read_alone_as_in_a_column_of_one() -> None:
    from assay.kernel.cells import cells_of

    for value in ODD:
        column = column_of("x", value)
        assert [cell_of(value)] == cells_of(column), value
        assert type(cell_of(value)) is type(cells_of(column)[0]), value


SCALARS = [0.5, 3, True, "Genf", math.nan, None, np.datetime64("2023-05-04"), np.datetime64("NaT", "ns")]


@pytest.mark.parametrize("scalar", SCALARS)
def test_an_array_without_an_axis_is_read_as_its_scalar(scalar: Any, models: dict[str, Model]) -> None:
    array = np.array(scalar)
    assert cell_of(array) == cell_of(scalar)
    row = {name: cells[3] for name, cells in WORLDS["binary"].items() if name != "answer"}
    for name in ("x", "town", "day", "paid"):
        boxed, said = {**row, name: array}, models["binary"].predict({**row, name: scalar})
        assert models["binary"].predict(boxed) == said
        assert models["binary"].predict([boxed, boxed]).row(1) == said
    assert models["binary"].explain(boxed).to_json() == models["binary"].explain({**row, "paid": scalar}).to_json()


def test_an_array_without_an_axis_is_no_column(models: dict[str, Model]) -> None:
    for cell in (np.array(0.5), np.float64(0.5), np.array("2023-05-04", dtype="M8[D]")):
        with pytest.raises(DataError, match="Pass a list, even for one row"):
            assay.read({"x": cell, "town": ["Genf"]})


def test_blanks_around_words_are_those_that_readers_strip() -> None:
    """Python and Arrow agree on every character."""
    every = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) != "Cs"]
    for start in range(0, len(every), 100_000):
        some = every[start : start + 100_000]
        import pyarrow as pa
        import pyarrow.compute as pc

        arrow = pc.utf8_trim_whitespace(pa.array([f"{ch}a{ch}" for ch in some])).to_pylist()
        assert arrow == [f"{ch}a{ch}".strip() for ch in some]


def test_the_answer_of_a_row_of_answers(models: dict[str, Model]) -> None:
    whole = models["binary"].predict({name: cells[:4] for name, cells in WORLDS["binary"].items()})
    one = whole.row(2)
    assert isinstance(one, Answer)
    assert one.answer == whole.answer[2]
    assert list(one.probabilities.values()) == whole.probabilities[2].tolist()
    assert one.notes == whole.notes[2]


def test_moments_beyond_the_calendar_of_python_are_dated_as_numpy_dates_them() -> None:
    from assay.modalities.date import _month_and_day

    for day in (-800_000, -719_162, -719_163, -1, 0, 59, 2_932_896, 2_932_897, 50_000_000):
        cell = np.datetime64(day, "D")
        month = cell.astype("datetime64[M]")
        assert _month_and_day(day) == (int(month.astype(int)) % 12 + 1, int((cell - month).astype(int)) + 1)
    assert Column.of_words("x", []).store == "words"
