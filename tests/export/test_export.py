"""Does an exported file answer every row as the model does, and is what cannot be exported refused?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
import onnx
import onnxruntime

import assay
import assay.modalities.category
from assay.cli.main import main
from assay.crafting.made import Made
from assay.exporting_cells import feeds_of
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import RequestError
from assay.kernel.forms import Batch, Feature, Head, Vector
from assay.kernel.labels import NOTHING
from assay.kernel.settings import with_settings
from assay.kernel.shelf import shelf
from assay.onnx_graph.file import Session, to_bytes
from assay.onnx_graph.graph import Graph
from assay.planning.draw import reopen
from assay.stats.calibration import Affine

TASKS = ("binary", "classes", "value", "count", "quantile:0.8")


def world(task: str, rows: int = 400, seed: int = 0, towns: str = "abcdefghijklmnopq") -> Dataset:
    """Numbers with gaps, names, yes or no, and moments with a clock; all of them matter."""
    rng = np.random.default_rng(seed)
    size, age = rng.normal(size=rows), rng.uniform(0, 100, rows)
    town, yes = rng.integers(0, len(towns), rows), rng.uniform(size=rows) < 0.5
    day = np.datetime64("1969-06-01T00:00:00", "us") + rng.integers(0, 40_000 * 24, rows) * np.timedelta64(1, "h")
    score = size + age / 40 + town / 6 * yes + rng.normal(size=rows) * 0.3
    size[rng.uniform(size=rows) < 0.1] = np.nan
    day[rng.uniform(size=rows) < 0.05] = np.datetime64("NaT")
    names = [None if rng.uniform() < 0.05 else towns[k] for k in town]
    target = {
        "binary": lambda: Column.of_words("y", ["high" if v > 2.5 else "low" for v in score]),
        "classes": lambda: Column.of_words("y", [f"c{int(np.clip(v, 1, 3))}" for v in score]),
        "value": lambda: Column.of_numbers("y", score),
        "quantile:0.8": lambda: Column.of_numbers("y", score),
        "count": lambda: Column.of_numbers("y", rng.poisson(np.exp(score / 3))),
    }[task]()
    columns = (
        Column.of_numbers("size", size),
        Column.of_numbers("age", age),
        Column.of_words("town", names),
        Column.of_words("member", ["Yes" if v else "no" for v in yes]),
        Column(name="day", cells=day),
    )
    return Dataset((*columns, target))


def trained(task: str, learner: str) -> assay.Model:
    return assay.train(world(task), "y", trials=2, learners=("constant", learner), folds=3, checks=())


def asked(path: Path, model: assay.Model, rows: Dataset, output: str) -> np.ndarray:
    """An output of the file for a raw table, its cells spelled as our own check spells them."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = feeds_of(model.ensemble, reopen(rows, model.plan))
    return np.asarray(session.run([output], feeds)[0])


PAIRS = [(task, learner) for learner in ("boosting", "linear", "additive", "neighbours") for task in TASKS]
PAIRS.remove(("quantile:0.8", "neighbours"))  # they tell no quantiles


@pytest.mark.parametrize(("task", "learner"), PAIRS)
def test_file_answers_every_row_as_the_model_does(task: str, learner: str, tmp_path: Path) -> None:
    model, path = trained(task, learner), tmp_path / "m.onnx"
    new = world(task, 300, 1, "abcdefghijklmnopqXYZ")  # three towns that training never saw
    told = model.export(path, new)
    assert told.rows == 300
    assert told.largest <= 1e-5
    assert told.bytes == path.stat().st_size
    answers = model.predict(new)
    if task not in ("binary", "classes"):
        assert np.abs(asked(path, model, new, "value")[:, 0] - answers.values).max() <= 1e-5
    else:
        assert np.abs(asked(path, model, new, "probabilities") - answers.probabilities).max() <= 1e-5
        assert asked(path, model, new, "label").tolist() == answers.answer.tolist()


def test_numbers_without_end_are_missing_to_the_file_as_to_the_model(tmp_path: Path) -> None:
    model, path = trained("binary", "boosting"), tmp_path / "m.onnx"
    assert model.export(path).largest <= 1e-5
    rows = world("binary", 30, 2)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for cell in (np.inf, -np.inf, np.nan):
        told = Dataset(tuple(Column.of_numbers("size", np.full(30, cell)) if c.name == "size" else c for c in rows))
        feeds = feeds_of(model.ensemble, reopen(told, model.plan)) | {"size": np.full((30, 1), cell)}
        theirs = np.asarray(session.run(["probabilities"], feeds)[0])
        assert np.abs(theirs - model.predict(told).probabilities).max() <= 1e-5


@pytest.mark.parametrize("words", [True, False])
def test_a_grade_is_told_beside_its_value(words: bool, tmp_path: Path) -> None:
    rows, new = world("value"), world("value", 300, 1)
    names = ("poor", "fair", "good", "great") if words else (1.0, 2.5, 3.0, 4.0)

    def graded(table: Dataset) -> Dataset:
        place = np.clip(np.digitize(table["y"].cells, [1.0, 2.0, 3.0]), 0, 3)
        told = [names[k] for k in place.tolist()]
        return table.having(Column.of_words("y", told) if words else Column.of_numbers("y", np.asarray(told)))

    task = "grades:poor,fair,good,great" if words else "grades"
    model = assay.train(graded(rows), "y", task=task, trials=2, learners=("constant", "linear"), folds=3, checks=())
    path = tmp_path / "grades.onnx"
    assert model.export(path, graded(new)).largest <= 1e-5
    answers, told = model.predict(new), asked(path, model, new, "label").tolist()
    spelled = [str(grade) for grade in answers.answer.tolist()]
    assert [str(float(one)) if not words else one for one in told] == spelled
    assert len(set(told)) > 2
    assert np.abs(asked(path, model, new, "value")[:, 0] - answers.values).max() <= 1e-5
    about = {p.key: p.value for p in onnx.load(path).metadata_props}
    assert json.loads(about["scale"]) == ([1.0, 2.0, 3.0, 4.0] if words else [1.0, 2.5, 3.0, 4.0])
    assert json.loads(about["grades"]) == (list(names) if words else ["1", "2.5", "3", "4"])


def batch_of(rows: int = 500, seed: int = 0) -> Batch:
    rng = np.random.default_rng(seed)
    levels = tuple(f"n{k}" for k in range(20))
    x = np.column_stack(
        [rng.normal(size=rows), rng.lognormal(size=rows), rng.integers(0, 21, rows), rng.integers(0, 4, rows)]
    )
    x[rng.uniform(size=rows) < 0.1, 0] = np.nan
    x[::50, 1] = 0.0
    y = np.nan_to_num(x[:, 0]) * x[:, 1] + np.sin(x[:, 2]) + x[:, 3] + rng.normal(size=rows) * 0.1
    features = (
        Feature("a", "a"), Feature("b", "b"), Feature("c", "c", "code", levels), Feature("d", "d", "code", levels[:3]),
    )  # fmt: skip
    return Batch({"vector": Vector(x, features)}, y)


def of_graph(draw: Callable[[Graph, str], str], x: Floats) -> Floats:
    """What a recorded piece gives for x [n, d], column by column put together."""
    graph, names = Graph(), [f"x{k}" for k in range(x.shape[1])]
    found = draw(graph, graph.node("Concat", *names, axis=1))
    graph.nodes[-1] = replace(graph.nodes[-1], output="out") if graph.nodes[-1].output == found else graph.nodes[-1]
    content = to_bytes(graph, dict.fromkeys(names, "double"), {"out": ("double", None)}, {})
    return np.asarray(Session(content)({name: x[:, [k]] for k, name in enumerate(names)})["out"])


@pytest.mark.parametrize(
    ("learner", "settings"),
    [
        ("boosting", {"mode": "forest", "rounds": 30}),
        ("boosting", {"craft": 12, "rounds": 40}),
        ("boosting", {"one_hot": 1, "rounds": 40}),
        ("neighbours", {}),
        ("neighbours", {"neighbours": 1}),
        ("fourier", {"waves": 64, "embedding": 4}),
        ("perceptron", {"epochs": 4, "members": 2, "width": 16}),
        ("perceptron", {"epochs": 4, "members": 2, "width": 16, "activation": "selu", "waves": 0}),
        ("perceptron", {"epochs": 4, "members": 2, "width": 16, "activation": "relu"}),
    ],
    ids=str,
)
def test_learner_writes_down_what_it_answers(learner: str, settings: dict[str, object]) -> None:
    if learner == "perceptron":
        pytest.importorskip("torch")
    made = with_settings(shelf("learners").get(learner), settings)
    fitted = made.fit(batch_of(), batch_of(200, 1), Head.value(), Clock.start(60), np.random.default_rng(0))
    if "craft" in settings:
        assert isinstance(fitted.made, Made)
    rows = batch_of(300, 2)
    ours = fitted.predict(rows)
    assert ours.std() > 0.1
    assert np.abs(of_graph(fitted.graph, rows.vector.values) - ours).max() <= 1e-5 * ours.std()


def test_rows_that_are_known_are_found_again() -> None:
    """Distances of nothing are told apart from small ones, although squares far larger than both are subtracted."""
    rows = batch_of(600)
    made = with_settings(shelf("learners").get("neighbours"), {"neighbours": 1})
    fitted = made.fit(rows, batch_of(2, 1), Head.value(), Clock.start(60), np.random.default_rng(0))
    ours = fitted.predict(rows)
    assert (np.abs(ours[:, 0] - rows.y) < 1e-6).mean() > 0.5
    assert np.abs(of_graph(fitted.graph, rows.vector.values) - ours).max() <= 1e-9 * ours.std()


@pytest.mark.parametrize("clock", [True, False])
def test_calendar_writes_down_what_it_gives(clock: bool) -> None:
    """Every day of 400 years and moments around midnight, noon and half minutes, before 1970 and after, some missing."""
    rng, day = np.random.default_rng(0), 86_400_000_000
    near = rng.integers(-60_000, 60_000, 5_000) * day + rng.integers(0, 2_880, 5_000) * 30_000_000
    moments = np.concatenate([np.arange(-73_000, 73_000) * day, near, near - 1]).astype("datetime64[us]")
    moments[::97] = np.datetime64("NaT")
    column = Column(name="d", cells=moments)
    encoder = shelf("modalities").get("date")().learn(column if clock else column.take(slice(0, 1000)), rng)
    assert encoder.clock == clock
    expected = encoder.vector(column).values
    days = np.where(column.missing, np.nan, moments.astype(np.int64) / day)
    np.testing.assert_array_equal(of_graph(encoder.graph, days[:, None]), expected)


def test_metadata_says_what_the_file_is(tmp_path: Path) -> None:
    model = trained("binary", "linear")
    model.export(tmp_path / "m.onnx")
    about = {p.key: p.value for p in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert about["target"] == "y"
    assert json.loads(about["labels"]) == list(model.codec.labels)
    assert about["data_sha256"] == model.plan.data["sha256"]
    assert about["assay"] == assay.__version__
    assert "1970" in about["dates"]


@pytest.mark.parametrize(("learner", "version"), [("linear", 10), ("boosting", 12)])
def test_a_file_of_trees_is_refused_by_runtimes_that_answer_them_wrongly(
    learner: str, version: int, tmp_path: Path
) -> None:
    """ONNX Runtime 1.22.1 reads version 10, 1.23.2 version 11, 1.24.1 version 12: that one has trees in float64 that are right."""
    trained("binary", learner).export(tmp_path / "m.onnx")
    assert onnx.load(tmp_path / "m.onnx").ir_version == version


def test_a_file_that_answers_otherwise_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained("value", "linear")
    off = Affine(model.ensemble.calibration.scale, model.ensemble.calibration.shift + 1e-3)
    twisted = replace(model.ensemble, calibration=off)
    drawn = assay.exporting._graph
    monkeypatch.setattr(assay.exporting, "_graph", lambda ensemble, *more: drawn(twisted, *more))
    with pytest.raises(RequestError, match="differs from the model"):
        model.export(tmp_path / "m.onnx", world("value"))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    model = trained("value", "linear")
    first = model.ensemble.members[0]
    mute = replace(first, folds=tuple(SimpleNamespace(predict=f.predict) for f in first.folds))
    other = replace(model, ensemble=replace(model.ensemble, members=(mute,)))
    with pytest.raises(RequestError, match=first.learner) as caught:
        other.export(tmp_path / "m.onnx")
    assert all(caught.value.parts("zh"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_verb_tells_what_was_checked(lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trained("binary", "linear").save(tmp_path / "m.assay")
    assert main(["export", str(tmp_path / "m.assay"), str(tmp_path / "m.onnx"), "--json", "--lang", lang]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["rows"] == 1000
    assert "1,000" in said.err
    assert (tmp_path / "m.onnx").stat().st_size == json.loads(said.out)["bytes"]


@pytest.mark.parametrize(
    ("lang", "says"), [("en", "holds rows of the table that neighbours"), ("zh", "含有 neighbours")]
)
def test_verb_tells_that_the_file_holds_rows_where_it_does(
    lang: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for learner, keeping in (("linear", []), ("neighbours", ["neighbours"])):
        trained("value", learner).save(tmp_path / "m.assay")
        assert main(["export", str(tmp_path / "m.assay"), str(tmp_path / "m.onnx"), "--json", "--lang", lang]) == 0
        said = capsys.readouterr()
        assert json.loads(said.out)["keeping"] == keeping
        assert (says in said.err) == bool(keeping)


@pytest.mark.parametrize("task", ["binary", "value"])
def test_columns_may_bear_the_names_of_outputs_and_of_inner_nodes(task: str, tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "m.onnx"
    names = ("value", "label", "probabilities", "constant_0", "concat_0", "mul_3")
    x = rng.normal(size=(200, len(names)))
    y = x.sum(axis=1) + rng.normal(size=200)
    table = dict(zip(names, x.T, strict=True)) | {"y": np.where(y > 0, "up", "down") if task == "binary" else y}
    model = assay.train(table, "y", trials=2, learners=("constant", "linear"), folds=3, checks=())
    assert model.export(path, table).largest <= 1e-5
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    expected = ["label_", "probabilities_"] if task == "binary" else ["value_"]
    assert [output.name for output in session.get_outputs()] == expected


def test_cells_as_people_write_them_are_understood(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(1), tmp_path / "m.onnx"
    flags = rng.choice(["Yes", "NO", ""], 300)
    table = {"age": rng.normal(size=300), "member": [f or None for f in flags], "town": rng.choice(list("abc"), 300)}
    score = table["age"] + (np.char.lower(flags) == "yes") + (table["town"] == "a") + 0.5 * rng.normal(size=300)
    table |= {"y": np.where(score > 0.5, "in", "out")}
    model = assay.train(table, "y", trials=1, learners=("boosting",), folds=3, checks=())
    assert {c.name: c.kind for c in model.plan.columns}["member"] == "flag:NO,Yes"
    model.export(path, table)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feeds = {"age": table["age"], "member": flags.astype(object), "town": table["town"].astype(object)}
    found = session.run(["probabilities"], {name: np.reshape(cells, (-1, 1)) for name, cells in feeds.items()})[0]
    np.testing.assert_allclose(found, model.predict(table).probabilities, atol=1e-9)


@pytest.fixture(scope="module")
def named() -> assay.Model:
    """Towns, and gaps that matter more than any town."""
    rng = np.random.default_rng(3)
    town = rng.choice(["ulm", "bonn", ""], 400)
    y = np.where((town == "") + 0.4 * (town == "ulm") + 0.3 * rng.normal(size=400) > 0.5, "in", "out")
    table = {"town": [name or None for name in town], "age": rng.normal(size=400), "y": y}
    return assay.train(table, "y", trials=1, learners=("boosting",), folds=3, checks=())


def test_words_that_are_read_as_missing_are_missing_to_the_file(named: assay.Model, tmp_path: Path) -> None:
    named.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    cells = [*NOTHING, "ulm", "Na", "None", "-", "Rome"]
    feeds = {"town": np.array(cells, dtype=object)[:, None], "age": np.zeros((len(cells), 1))}
    ours = [named.predict({"town": cell, "age": 0.0}).probabilities["in"] for cell in cells]
    np.testing.assert_allclose(session.run(["probabilities"], feeds)[0][:, 0], ours, atol=1e-9)
    assert ours[0] > 0.9 > ours[-1]
    about = {p.key: p.value for p in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert "without blanks around them" in about["names"]
    assert "“null”, “\\N”" in about["names"]


def test_the_check_gives_missing_cells_as_they_come(
    named: assay.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that knows but the empty string as missing is not kept."""
    monkeypatch.setattr(assay.modalities.category, "NOTHING", ("",))
    with pytest.raises(RequestError, match="differs from the model"):
        named.export(tmp_path / "m.onnx")


def test_a_name_that_reads_like_a_missing_one_stays_a_name(tmp_path: Path) -> None:
    """No door brings it, a table made by hand does."""
    rng = np.random.default_rng(4)
    names = rng.choice(["NA", "DE", ""], 300)
    town = Column.of_words("town", [name or None for name in names])
    score = (names == "NA") - 1.0 * (names == "") + 0.3 * rng.normal(size=300)
    table = Dataset((town, Column.of_numbers("age", rng.normal(size=300)), Column.of_numbers("y", score)))
    model = assay.train(table, "y", trials=1, learners=("boosting",), folds=3, checks=())
    assert model.export(tmp_path / "m.onnx", table).largest <= 1e-5
    assert model.export(tmp_path / "m.onnx").largest <= 1e-5


def test_a_table_without_rows_checks_nothing_and_is_refused(tmp_path: Path) -> None:
    model = trained("binary", "linear")
    with pytest.raises(RequestError, match="no rows to check"):
        model.export(tmp_path / "m.onnx", world("binary").take(slice(0, 0)))
    assert not (tmp_path / "m.onnx").exists()
