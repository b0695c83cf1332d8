"""Does each private learner keep the promise from the table to the file, and is its file like any other of its kind?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay import private
from assay.kernel.box import Box
from assay.kernel.data import Column, Dataset, Source
from assay.kernel.errors import RequestError
from assay.kernel.shelf import shelf
from assay.model import Model
from assay.planning.wishes import Wishes
from assay.privacy import dp_sgd, perceptron
from assay.stats.metrics import auc

pytest.importorskip("dp_accounting")

SCHEMA: dict[str, Any] = {
    "age": {"low": 18, "high": 90},
    "debt": {"low": 0, "high": 100_000},
    "rank": {"levels": [1, 2, 4]},
    "town": {"levels": ["north", "south", "west"]},
}
TARGETS: dict[str, Any] = {
    "binary": {"levels": ["no", "yes"]},
    "classes": {"levels": ["a", "b", "c"]},
    "value": {"low": 0, "high": 50},
}
QUICK = dp_sgd.Schedule(steps=120, rate=0.1, size=0.02, late=0.4)


@pytest.fixture(params=["linear", "perceptron"])
def learner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two; the perceptron with fewer steps than what ships, in one way."""
    if request.param == "perceptron":
        pytest.importorskip("opacus")
        monkeypatch.setattr(perceptron, "SCHEDULE", QUICK)
        monkeypatch.setattr(dp_sgd, "quicker", lambda *_: "ghost")
    return str(request.param)


def table(rows: int = 3000, seed: int = 0, task: str = "binary", strange: bool = False) -> Dataset:
    """Age, debt, rank and town tell the target; a tenth of the ages is missing. Strange ones hold what no schema declares."""
    rng = np.random.default_rng(seed)
    towns = ("east", "mars") if strange else ("north", "south", "west")
    age, debt, town = rng.uniform(18, 90, rows), rng.exponential(9000, rows), rng.integers(len(towns), size=rows)
    rank = rng.choice([1.0, 2.0, 4.0], size=rows)
    signal = (age - 50) / 15 + (town == 0) - debt / 20_000 + (rank == 2) + 0.7 * rng.normal(size=rows)
    age[rng.random(rows) < 0.1] = np.nan
    names = np.asarray(["a", "b", "c"])
    answers = {
        "binary": lambda: Column.of_words("bad", np.where(signal > 0, "yes", "no").tolist()),
        "classes": lambda: Column.of_words("bad", names[np.digitize(signal, [-0.8, 0.8])].tolist()),
        "value": lambda: Column.of_numbers("bad", 25 + 6 * signal),
    }
    columns = (
        Column.of_numbers("age", age),
        Column.of_numbers("debt", debt * (50 if strange else 1)),
        Column.of_numbers("rank", rank),
        Column.of_words("town", np.asarray(towns)[town].tolist()),
        answers[task](),
    )
    return Dataset(columns, Source(name="people"))


def wishes(learner: str, task: str = "binary", **more: Any) -> Wishes:
    schema = {**SCHEMA, "bad": TARGETS[task]}
    return Wishes(**{"target": "bad", "privacy": 1.0, "schema": schema, "learners": (learner,), **more})


def trained(data: Dataset, learner: str, task: str = "binary", seed: int = 0, **more: Any) -> Model:
    return private.train(data, wishes(learner, task, **more), noise=np.random.default_rng(1000 + seed))


def flat(box: Box, where: str = "") -> dict[str, Any]:
    """Every value and array in a box, by its place."""
    found = {f"{where}/{k}": json.dumps(v, sort_keys=True) for k, v in box.values.items()}
    found |= {f"{where}/{k}": v for k, v in box.arrays.items()}
    for name, inner in box.inner.items():
        found |= flat(inner, f"{where}/{name}")
    return found


@pytest.mark.parametrize("task", list(TARGETS))
def test_learns_answers_explains_and_comes_back_from_a_file(task: str, learner: str, tmp_path: Path) -> None:
    model = trained(table(6000, task=task), learner, task, privacy=5.0)
    assert next(f for f in model.findings if f.check == "quality").verdict == "pass"
    again = assay.load(model.save(tmp_path / "m.assay"))
    rows = table(30, 9, task)
    for row in range(30):
        assert model.predict(rows).row(row) == again.predict(rows).row(row)
    told = again.explain(rows, 3)
    assert told.score == pytest.approx(told.base + sum(part[2] for part in told.parts))
    for lang, word in (("en", "By what means"), ("zh", "方法")):
        again.report.save(tmp_path / f"{lang}.html", lang)
        assert word in (tmp_path / f"{lang}.html").read_text(encoding="utf-8")
    assert again.plan.privacy["learner"] == learner
    assert again.plan.privacy["epsilon"] == pytest.approx(5.0, rel=0.03)


@pytest.mark.parametrize("task", list(TARGETS))
def test_the_onnx_file_answers_every_row_as_the_model_does(task: str, learner: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    told = trained(table(1500, task=task), learner, task).export(tmp_path / "m.onnx", table(200, 5, task, strange=True))
    assert told.rows == 200
    assert told.largest <= 1e-5


def test_one_row_shows_only_in_what_noise_was_added_to(learner: str) -> None:
    data = table()
    cells = [column.cells.copy() for column in data]
    cells[0][5], cells[1][5], cells[4][5] = 89.0, 77_777.0, 1 - cells[4][5]
    other = Dataset(tuple(replace(c, cells=v) for c, v in zip(data, cells, strict=True)), data.source)
    one, two = (flat(trained(t, learner).to_box()) for t in (data, other))
    moved = {k for k in one if not np.array_equal(one[k], two[k])}
    assert moved
    noisy = {"weights", "constant", "thresholds", "findings", "plan", "card", "shift", "base", "first", "last",
             "hidden-0", "hidden-1", "bias-0", "bias-1"}  # fmt: skip
    assert {k.rpartition("/")[2] for k in moved} <= noisy
    for k in moved:
        if not isinstance(one[k], str) and one[k].dtype.kind == "f":
            assert np.abs(one[k] - two[k]).max() < 0.2


def test_two_tables_under_one_schema_have_one_structure(learner: str) -> None:
    one, other = (flat(trained(t, learner).to_box()) for t in (table(), table(700, 3, strange=True)))
    assert {k: getattr(v, "shape", None) for k, v in one.items()} == {
        k: getattr(v, "shape", None) for k, v in other.items()
    }
    fixed = ("/owners", "/levels", "/centre", "/scale", "/bounds", "/means", "/names", "/curve", "/history")
    same = [k for k in one if "/encoders-0" in k or "/baselines" in k or k.endswith(fixed)]
    assert len(same) >= 7
    assert all(np.array_equal(one[k], other[k]) for k in same)


def test_what_no_schema_declares_stands_nowhere_in_the_file(learner: str, tmp_path: Path) -> None:
    data = table(strange=True)
    said = trained(data, learner).save(tmp_path / "m.assay").read_bytes()
    largest = float(data["debt"].cells.max())
    for secret in (
        b"mars",
        b"east",
        np.float64(largest).tobytes(),
        np.float32(largest).tobytes(),
        data.sha256.encode(),
    ):
        assert secret not in said


def test_a_large_budget_is_close_to_the_twin_without_noise(learner: str) -> None:
    heard: list[tuple[str, float, float]] = []
    asked = wishes(learner, privacy=8.0)
    private.train(table(6000), asked, noise=np.random.default_rng(1), price=lambda *said: heard.append(said))
    metric, bare, kept = heard[0]
    assert metric == "auc"
    assert bare > 0.9
    assert abs(bare - kept) < 0.02


@pytest.mark.parametrize("task", list(TARGETS))
def test_what_ships_says_what_was_learnt(task: str, learner: str) -> None:
    """The box is opened by the learner of the shelf to the same scores, in the unit of the target."""
    drawn = private.draw(table(50, task=task), wishes(learner, task))
    rows, y = private._table(table(500, task=task), drawn)
    encoders = private._encoders(drawn)
    batch = encoders.batch(rows)
    learnt = drawn.learner.learn(batch, y, drawn.aim, drawn.ratio, np.random.default_rng(2))
    fitted = (
        shelf("learners").get(learner).load(learnt.box(5.0, 2.0), drawn.task.head(drawn.codec), encoders.features(rows))
    )
    scores = learnt.scores(batch)
    assert scores.std() > 0.01
    assert fitted.predict(batch) == pytest.approx(5.0 + 2.0 * scores, abs=1e-5)


def test_real_rows_of_scikit_learn_are_learnt_under_a_guarantee() -> None:
    """Breast cancer, 569 rows, ranges by the powers of ten that its description names: the line, at ε = 3."""
    sklearn = pytest.importorskip("sklearn.datasets")
    raw = sklearn.load_breast_cancer()
    names = [str(n) for n in raw.feature_names[:10]]
    schema = {
        n: {"low": 0, "high": top}
        for n, top in zip(names, (30, 40, 200, 2500, 0.2, 0.4, 0.5, 0.25, 0.4, 0.1), strict=True)
    }
    columns = [Column.of_numbers(n, raw.data[:, j]) for j, n in enumerate(names)]
    answers = np.where(raw.target == 1, "benign", "malignant")
    data = Dataset((*columns, Column.of_words("kind", answers.tolist())), Source(name="cancer"))
    new = np.random.default_rng(0).random(data.rows) < 0.3
    asked = Wishes(target="kind", privacy=3.0, schema={**schema, "kind": {"levels": ["benign", "malignant"]}},
                   learners=("linear",))  # fmt: skip
    model = private.train(data.take(~new), asked, noise=np.random.default_rng(2))
    found = model.predict(data.take(new)).probabilities[:, 1]
    assert auc(found, answers[new] == "malignant", None) > 0.93


def test_few_rows_or_none_are_learnt_from_without_a_fault() -> None:
    pytest.importorskip("opacus")
    for rows in (3, 0):
        for learner in ("linear", "perceptron"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(perceptron, "SCHEDULE", QUICK)
                data = table(max(rows, 1)).take(np.arange(rows))
                assert trained(data, learner).card["rows"] >= 0


def test_the_guarantee_of_the_perceptron_counts_its_sampling() -> None:
    pytest.importorskip("opacus")
    kept = private.draw(table(50), wishes("perceptron")).plan.privacy
    assert 0.97 < kept["epsilon"] <= 1.0
    assert (kept["rounds"], kept["rate"], kept["reach"]) == (500, 0.04, 1.0)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"learners": ("linear", "additive")}, "name one"),
        ({"learners": ("linear",), "also": ("additive",)}, "name one"),
        ({"learners": ("boosting",)}, "--learner additive, linear, perceptron, and encoder or finetune"),
        ({"learners": ("linear",), "encoder": "folder"}, "--encoder is given"),
        ({"learners": ("encoder",)}, r'"text": true'),
        ({"schema": {**SCHEMA, "town": {"text": True}, "bad": TARGETS["binary"]}}, "--learner encoder"),
        ({"schema": {**SCHEMA, "bad": {"text": True}}}, "declared as text"),
        ({"learners": ("finetune",)}, r'"text": true'),
        (
            {"learners": ("finetune",), "schema": {**SCHEMA, "town": {"text": True}, "bad": TARGETS["binary"]}},
            "Columns age, debt, rank are no text",
        ),
    ],
)
def test_what_a_learner_cannot_do_is_refused_with_the_alternative(more: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        private.draw(table(50), wishes("linear", **more))
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))
