"""Does a model say the same from whichever door, alone or in a batch, before and after its file?"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.api import Watch
from assay.auditing.limits import parse
from assay.kernel.errors import BundleError, DataError, RequestError
from assay.kernel.plan import Plan
from assay.model import Model

RNG = np.random.default_rng(0)
N = 240
X = RNG.normal(size=N)
TOWN = RNG.choice(["Basel", "Genf", "北京"], size=N)
SIGNAL = X + (TOWN == "Genf") + RNG.normal(size=N) * 0.7
FAST: dict[str, Any] = {
    "learners": ("constant", "linear", "boosting"),
    "minutes": 3.0,
    "folds": 3,
    "checks": ("quality",),
}


def table(target: list[Any]) -> dict[str, list[Any]]:
    days = [str(np.datetime64("2023-01-01") + int(d)) for d in RNG.integers(500, size=N)]
    gaps = [None if i % 9 == 0 else round(float(v), 4) for i, v in enumerate(RNG.normal(size=N))]
    names = [f"n{i}" for i in range(N)]
    return {"who": names, "x": X.round(4).tolist(), "town": TOWN.tolist(), "day": days, "gaps": gaps, "answer": target}


BINARY = table(np.where(SIGNAL > 0.4, "yes", "no").tolist())
CLASSES = table(np.asarray(["low", "mid", "high"])[np.digitize(SIGNAL, [-0.3, 1.0])].tolist())
VALUE = table((20 + 5 * SIGNAL).round(3).tolist())
WORLDS = {"binary": BINARY, "classes": CLASSES, "value": VALUE}


class Models(dict[str, Model]):
    """A model of each world, trained when it is asked for."""

    def __missing__(self, name: str) -> Model:
        self[name] = assay.train(WORLDS[name], "answer", **FAST)
        return self[name]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


KINDS = ["binary", "classes", "value"]


def scores(model: Model, source: Any) -> np.ndarray:
    return model.ensemble.scores(model._opened(assay.read(source)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_answers_to_the_bit(kind: str, models: dict[str, Model], tmp_path: Path) -> None:
    model = models[kind]
    again = assay.load(model.save(tmp_path / "m.assay"))
    np.testing.assert_array_equal(scores(again, WORLDS[kind]), scores(model, WORLDS[kind]))
    assert again.predict(WORLDS[kind]).columns() == model.predict(WORLDS[kind]).columns()
    assert [f.to_json() for f in again.findings] == [f.to_json() for f in model.findings]
    assert again.plan.to_json() == model.plan.to_json()


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_model_gives_the_same_bytes(kind: str, models: dict[str, Model], tmp_path: Path) -> None:
    one, two = (models[kind].save(tmp_path / f"{i}.assay").read_bytes() for i in range(2))
    assert one == two
    assert assay.load(tmp_path / "0.assay").save(tmp_path / "3.assay").read_bytes() == one
    assert models[kind].size_bytes() == len(one)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_alone_gets_what_it_gets_in_a_batch(kind: str, models: dict[str, Model]) -> None:
    whole = scores(models[kind], WORLDS[kind])
    for row in (0, 9, N - 1):
        alone = scores(models[kind], {name: [cells[row]] for name, cells in WORLDS[kind].items()})
        np.testing.assert_allclose(alone[0], whole[row], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_pulls_add_up_to_the_score(kind: str, models: dict[str, Model]) -> None:
    model = models[kind]
    data = model._opened(assay.read(WORLDS[kind]))
    np.testing.assert_allclose(model.ensemble.contributions(data).sum(axis=1), model.ensemble.scores(data), atol=1e-8)
    said = model.explain(WORLDS[kind], row=3)
    assert said.base + sum(pull for _, _, pull in said.parts) == pytest.approx(said.score, abs=1e-9)
    assert {name for name, _, _ in said.parts} == set(model.ensemble.parts)
    raw = scores(model, WORLDS[kind])[2]
    assert min(abs(abs(v) - abs(said.score)) for v in raw) < 1e-8
    assert said.text("zh") != said.text("en")
    json.dumps(said.to_json(), allow_nan=False)


def test_the_other_class_is_pulled_the_other_way(models: dict[str, Model]) -> None:
    yes, no = (models["binary"].explain(BINARY, row=5, label=label) for label in ("yes", "no"))
    assert yes.score == pytest.approx(-no.score)
    with pytest.raises(RequestError, match="Did you mean 'yes'"):
        models["binary"].explain(BINARY, row=5, label="yess")
    with pytest.raises(RequestError, match="rows 1 to 240"):
        models["binary"].explain(BINARY, row=0)


def doors(world: dict[str, list[Any]], folder: Path) -> dict[str, Any]:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(world)
        writer.writerows(zip(*world.values(), strict=True))
    parquet = folder / "t.parquet"
    arrow.parquet.write_table(arrow.table(world), parquet)
    frames = {"pandas": pandas.DataFrame(world), "polars": polars.DataFrame(world), "arrow": arrow.table(world)}
    return {"csv": str(path), "parquet": parquet, "mapping": world, **frames}


def test_a_row_alone_is_told_in_the_words_of_the_table() -> None:
    """Switches and grades are numbers inside; a mapping read as 1 where the frame of the same row read yes."""
    rng = np.random.default_rng(0)
    switch, word = rng.random(200) < 0.5, np.where(rng.random(200) < 0.5, "yes", "no")
    size = np.asarray(["low", "mid", "high"])[rng.integers(0, 3, 200)]
    columns = {"switch": switch, "word": word, "size": size, "y": switch + rng.normal(size=200)}
    kinds = {"size": "number:order:low,mid,high"}
    model = assay.train(columns, "y", learners=("linear",), trials=1, checks=(), kinds=kinds)
    row = {"switch": True, "word": "no", "size": "high"}
    alone, framed = (
        {name: value for name, value, _ in model.explain(one).parts} for one in (row, {k: [v] for k, v in row.items()})
    )
    assert alone == framed == {"switch": "True", "word": "no", "size": "high"}


@pytest.mark.parametrize("kind", ["binary", "value"])
def test_every_door_leads_to_the_same_model(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet")
    quick = {"learners": ("constant", "linear"), "checks": (), "minutes": 1.0, "folds": 3}
    found = {name: assay.train(door, "answer", **quick) for name, door in doors(WORLDS[kind], tmp_path).items()}
    answers = {name: model.predict(WORLDS[kind]).columns() for name, model in found.items()}
    kinds = {name: [(c.name, c.kind, c.role) for c in model.plan.columns] for name, model in found.items()}
    for name in found:
        assert kinds[name] == kinds["csv"], name
        assert answers[name] == answers["csv"], name


@pytest.mark.parametrize(
    "labels", [("0", "1"), ("1.0", "2.0"), ("01", "02"), ("no", "yes"), ("False", "True"), ("好", "差")]
)
def test_labels_are_answered_as_they_were_written(labels: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{x:.4f},{labels[int(s > 0.4)]}" for x, s in zip(X, SIGNAL, strict=True)]
    path.write_text("\n".join(["x,y", *rows]), encoding="utf-8")
    model = assay.train(str(path), "y", learners=("constant", "linear"), checks=(), minutes=0.5, folds=3)
    answers = model.predict(str(path))
    assert set(answers.answer.tolist()) == set(labels)
    assert answers.labels == labels
    assert f"p_{labels[1]}" in answers.columns()


def test_rows_of_weight_zero_teach_nothing() -> None:
    lies = {name: cells * 2 for name, cells in BINARY.items() if name != "who"}
    lies["answer"] = BINARY["answer"] + ["no" if a == "yes" else "yes" for a in BINARY["answer"]]
    lies["w"] = [1.0] * N + [0.0] * N
    quick = {"learners": ("constant", "linear"), "checks": (), "minutes": 1.0, "folds": 3}
    weighted = assay.train(lies, "answer", weight="w", **quick)
    alone = assay.train({name: cells[:N] for name, cells in lies.items()}, "answer", weight="w", **quick)
    np.testing.assert_array_equal(scores(weighted, lies), scores(alone, lies))
    assert "w" not in weighted.ensemble.parts


def test_heavy_rows_are_heeded() -> None:
    weight = np.where(np.asarray(BINARY["answer"]) == "yes", 20.0, 1.0).tolist()
    quick = {"learners": ("constant", "linear"), "checks": (), "minutes": 1.0, "folds": 3}
    plain = assay.train(BINARY, "answer", **quick)
    heavy = assay.train({**BINARY, "w": weight}, "answer", weight="w", **quick)
    assert scores(heavy, BINARY).mean() > scores(plain, BINARY).mean() + 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_sets_and_intervals_stand_on_every_answer(kind: str, models: dict[str, Model]) -> None:
    answers = models[kind].predict(WORLDS[kind])
    columns = answers.columns()
    assert all(columns["set"]) or kind != "value"
    if kind == "value":
        low, high = np.asarray(columns["low"]), np.asarray(columns["high"])
        y = np.asarray(WORLDS[kind]["answer"])
        assert (low <= answers.values).all()
        assert (answers.values <= high).all()
        assert ((low <= y) & (y <= high)).mean() > 0.85
    else:
        truth = np.asarray(WORLDS[kind]["answer"])
        hit = [t in said.split("|") for t, said in zip(truth, columns["set"], strict=True)]
        assert np.mean(hit) > 0.85
        np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1.0)


def test_the_written_file_has_the_columns_that_are_promised(models: dict[str, Model], tmp_path: Path) -> None:
    path = models["binary"].predict(BINARY).save(tmp_path / "scored.csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert list(rows[0]) == ["who", "answer", "p_no", "p_yes", "set", "notes"]
    assert [row["who"] for row in rows] == BINARY["who"]
    path = models["value"].predict(VALUE).save(tmp_path / "values.csv")
    assert next(csv.DictReader(path.open(encoding="utf-8"))).keys() == {
        "who",
        "answer",
        "low",
        "high",
        "set",
        "notes",
    }


def test_an_own_test_table_is_measured_beside(models: dict[str, Model]) -> None:
    fresh = {name: cells[:120] for name, cells in BINARY.items()}
    model = assay.train(BINARY, "answer", test=fresh, **FAST)
    assert [f.check for f in model.tested] == ["quality"] or {f.check for f in model.tested} >= {"quality"}
    tested = next(f for f in model.tested if f.check == "quality")
    assert tested.rows == "test"
    assert tested.measure("auc").n == 120
    assert model.findings[0].rows == "cross-fitted"


@pytest.mark.parametrize(
    ("change", "said"),
    [({"answer": None}, "has no target"), ({"x": None}, "lacks 1 of"), ({"answer": ["perhaps"] * N}, "No row of")],
)
def test_what_is_wrong_with_a_test_table_is_said_before_any_training(change: dict[str, Any], said: str) -> None:
    changed = {name: cells for name, cells in {**BINARY, **change}.items() if cells is not None}

    def planned(plan: Any) -> None:
        raise AssertionError("training was about to begin")

    with pytest.raises(DataError, match=said):
        assay.train(BINARY, "answer", test=changed, watch=Watch(planned=planned), **FAST)


def test_an_audit_on_shuffled_answers_shows_chance(models: dict[str, Model]) -> None:
    wrong = {**BINARY, "answer": RNG.permutation(BINARY["answer"]).tolist()}
    found = {f.check: f for f in models["binary"].audit(wrong).findings}["quality"]
    assert found.verdict == "fail"
    assert abs(found.measure("auc").value - 0.5) < 0.15
    assert found.rows == "audit"
    alone = models["binary"].audit(wrong, checks=("quality",)).findings
    assert [f.check for f in alone] == ["quality"]
    assert alone[0].measure("auc").value == found.measure("auc").value
    with pytest.raises(DataError, match="No row of"):
        models["binary"].audit({**BINARY, "answer": ["perhaps"] * N})
    with pytest.raises(DataError, match="has no target"):
        models["binary"].audit({k: v for k, v in BINARY.items() if k != "answer"})


def test_a_readable_model_that_ships_is_not_called_worse_than_itself() -> None:
    model = assay.train(BINARY, "answer", **FAST | {"learners": ("linear",), "checks": ("readable",)})
    assert model.findings[0].say.key == "itself"
    assert model.card["readable"] == {"name": "linear", "found": "itself", "recommended": False}


def test_limits_that_are_broken_are_counted() -> None:
    model = assay.train(BINARY, "answer", limits=["quality.auc>=0.5", "quality.auc>=0.9999"], **FAST)
    assert model.broken_limits == 1
    quality = model.findings[0]
    assert quality.verdict == "fail"
    assert {note.key for note in quality.notes} >= {"limit_kept", "limit_broken"}
    with pytest.raises(RequestError, match="is no limit"):
        assay.train(BINARY, "answer", limits=["auc above 1"], **FAST)


def test_a_limit_on_a_figure_that_quality_does_not_tell_is_refused_before_anything_is_learnt() -> None:
    def planned(plan: Plan) -> None:
        raise AssertionError(plan.task)

    with pytest.raises(RequestError, match=r"asks for 'rmse'.*Its figures: log_loss, .*auc"):
        assay.train(BINARY, "answer", limits=["quality.rmse<=1"], watch=Watch(planned=planned), **FAST)
    with pytest.raises(RequestError, match="Did you mean 'accuracy'"):
        assay.train(BINARY, "answer", limits=["quality.acuracy>=0.5"], **FAST)


def test_an_audit_refuses_such_a_limit_too(models: dict[str, Model]) -> None:
    with pytest.raises(RequestError, match="asks for 'auc'"):
        models["value"].audit(BINARY, limits=[parse("quality.auc>=0.5")])


def test_a_damaged_model_is_refused(models: dict[str, Model], tmp_path: Path) -> None:
    path = models["binary"].save(tmp_path / "m.assay")
    data, half = path.read_bytes(), path.stat().st_size // 2
    flipped = data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]
    for bad in (data[:half], data[:-1], b"", b"x,y\n1,2\n", flipped):
        path.write_bytes(bad)
        with pytest.raises(BundleError):
            assay.load(path)
    with pytest.raises(RequestError):
        assay.load(tmp_path / "nowhere.assay")


def test_the_readable_model_is_made_of_readable_members() -> None:
    model = assay.train(BINARY, "answer", readable=True, minutes=0.5, checks=(), folds=3)
    assert {m.learner for m in model.ensemble.members} <= {"linear", "additive"}


def test_the_report_is_there_in_three_forms_and_two_languages(models: dict[str, Model], tmp_path: Path) -> None:
    report = models["binary"].report
    for name in ("r.html", "r.md", "r.json"):
        for lang in ("en", "zh"):
            report.save(tmp_path / name, lang)
            text = (tmp_path / name).read_text(encoding="utf-8")
            assert "quality" in text.lower() or "质量" in text
    assert any("\u4e00" <= ch <= "\u9fff" for ch in text)


def test_public_names_are_what_they_say_however_often_they_are_asked(models: dict[str, Model]) -> None:
    for _ in range(2):  # a folder of the same name would take the place of the function once it is imported
        for name in ("plan", "train", "load", "audit", "read"):
            assert callable(getattr(assay, name))
    assert assay.audit(models["binary"], BINARY).findings


def test_a_model_keeps_how_its_training_rows_were_spread(models: dict[str, Model], tmp_path: Path) -> None:
    model = models["binary"]
    again = assay.load(model.save(tmp_path / "m.assay"))
    assert again.profile is not None
    assert {one.name for one in again.profile.columns} == {"x", "town", "day", "gaps"}
    assert again.profile.column("gaps").missing == pytest.approx(np.mean([v is None for v in BINARY["gaps"]]))
    assert set(again.profile.column("town").levels) == {"Basel", "Genf", "北京"}
    assert again.profile.target is not None
    assert set(again.profile.target.levels) == {"yes", "no"}
    expected = again.profile.expected
    assert expected is not None
    assert expected.loss == pytest.approx(expected.actual, rel=0.25)
    assert models["value"].profile is not None
    assert models["value"].profile.expected is None
    data = again._opened(assay.read(BINARY))
    np.testing.assert_array_equal(again.profile.scores(data), model.profile.scores(data))  # type: ignore[union-attr]


def test_a_profile_of_other_columns_is_refused(models: dict[str, Model]) -> None:
    box = models["binary"].to_box()
    box.inner["profile"].values["columns"][0]["name"] = "y"
    with pytest.raises(BundleError):
        Model.from_box(box)
    box = models["binary"].to_box()
    del box.inner["profile"]  # as files of older releases
    assert Model.from_box(box).profile is None


def test_an_audit_holds_new_rows_against_those_of_training(models: dict[str, Model]) -> None:
    model = models["binary"]
    moved = {**BINARY, "x": [v + 1.5 for v in BINARY["x"]]}
    found = {f.check: f for f in model.audit(moved, training=BINARY).findings}
    assert found["drift"].verdict == "watch"
    assert "'x'" in found["drift"].say.text()
    assert found["drift"].measure("told_apart").value > 0.7
    assert found["drift"].measure("pull").value > 0.3
    other = model.audit(moved, training=moved)
    assert any(note.key == "other_training" for note in other.findings[0].notes)
    assert not any(note.key == "other_training" for f in found.values() for note in f.notes)


def test_training_says_that_there_are_no_new_rows_to_hold_against_and_a_test_file_is_held(tmp_path: Path) -> None:
    asked: dict[str, Any] = {**FAST, "checks": ("drift",), "learners": ("constant", "linear")}
    model = assay.train(BINARY, "answer", test=BINARY, **asked)
    (own,) = model.findings
    assert own.verdict == "unknown"
    assert "no new rows" in own.say.text()
    tested = {f.check: f for f in model.tested}
    assert tested["drift"].measure("drifted_columns").value == 0


def test_candidates_and_figures_make_frames(models: dict[str, Model]) -> None:
    """The leaderboard of the README: a row a candidate, a row a figure."""
    import pandas as pd

    model = models["binary"]
    board = pd.DataFrame(model.ledger)
    assert board["name"].tolist() == [trial.name for trial in model.ledger]
    assert {"learner", "loss", "low", "high", "seconds", "weight", "status"} <= set(board.columns)
    assert board["weight"].sum() == pytest.approx(1.0)
    figures = pd.DataFrame(model.findings[0].measures).set_index("name")
    assert figures.loc["log_loss", "value"] == model.findings[0].measures[0].value
    assert (figures["low"] <= figures["high"]).all()
