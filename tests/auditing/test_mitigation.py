"""Does what is done against gaps between groups do what it says, at the price that it tells, on every road to an answer?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.answers.answers import Answers
from assay.kernel.data import Column
from assay.kernel.errors import BundleInvalid, DataError, RequestError
from assay.kernel.findings import Finding
from assay.kernel.plan import Plan
from assay.search.reweighing import Reweighing
from assay.stats.group_thresholds import crossed, learn


def people(n: int = 1500, seed: int = 0) -> dict[str, list[Any]]:
    """Loans that women got less often; hobby tells who is one."""
    rng = np.random.default_rng(seed)
    woman = rng.random(n) < 0.4
    income, hobby = rng.normal(size=n), rng.normal(size=n) + 2 * woman
    paid = rng.random(n) < 1 / (1 + np.exp(-(1.2 * income - 1.5 * woman + 0.5)))
    table: dict[str, list[Any]] = {"income": income.tolist(), "hobby": hobby.tolist()}
    age = np.round(40 + 12 * rng.normal(size=n) - 10 * woman).tolist()
    return {
        **table,
        "sex": np.where(woman, "f", "m").tolist(),
        "age": age,
        "loan": np.where(paid, "paid", "lost").tolist(),
    }


def trained(how: str, column: str = "sex", **more: Any) -> assay.Model:
    fixed = {"trials": 1, "learners": ("linear",), "checks": ("fairness", "quality"), "favourable": "paid"}
    return assay.train(people(), "loan", audit_only=(column,), mitigate={column: how}, **(fixed | more))


@pytest.fixture(scope="module")
def reweighed() -> assay.Model:
    return trained("reweight")


@pytest.fixture(scope="module")
def by_group() -> assay.Model:
    return trained("thresholds")


def of(findings: tuple[Finding, ...]) -> Finding:
    return next(f for f in findings if f.check == "fairness")


def rows_of(table: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(table, cells, strict=True)) for cells in zip(*table.values(), strict=True)]


def test_reweighed_cells_are_as_if_group_and_class_were_strangers() -> None:
    rng = np.random.default_rng(0)
    sex = rng.integers(0, 3, 500)
    y = (rng.random(500) < 0.2 + 0.2 * sex).astype(np.int64)
    rows = rng.permutation(500)[:300]
    own = rng.random(500) + 0.5
    weight = Reweighing.of(Column.of_words("sex", [str(s) for s in sex]), y, own).by(rows)[rows]
    cells = np.zeros((3, 2))
    np.add.at(cells, (sex[rows], y[rows]), weight)
    np.testing.assert_allclose(cells, np.outer(cells.sum(axis=1), cells.sum(axis=0)) / cells.sum())
    np.testing.assert_allclose(cells.sum(axis=1), np.bincount(sex[rows], own[rows]))  # groups keep their size


def test_small_groups_count_as_they_came() -> None:
    column = Column.of_words("sex", ["f"] * 40 + ["m"] * 40 + ["x"] * 5)
    y = np.asarray([0] * 30 + [1] * 10 + [0] * 10 + [1] * 30 + [1] * 5)
    assert (Reweighing.of(column, y, None).by(np.arange(85))[80:] == 1).all()


def test_reweighing_evens_the_choice_and_tells_what_it_costs(reweighed: assay.Model) -> None:
    found = of(reweighed.findings)
    assert "were reweighed in training (Kamiran & Calders 2012)" in found.notes[0].text()
    assert "The law may forbid" in found.notes[0].text()
    before, after = found.measure("ratio_before: sex"), found.measure("ratio_after: sex")
    assert after.value > before.value + 0.05
    assert before.low is not None
    assert before.high is not None
    assert before.low < before.value < before.high
    assert found.measure("loss_after: sex").value > found.measure("loss_before: sex").value
    plain = assay.train(people(), "loan", audit_only=("sex",), trials=1, learners=("linear",), checks=("fairness",), favourable="paid")  # fmt: skip
    same = of(plain.findings).measure("least_ratio").value
    assert before.value == pytest.approx(same)  # "without" is what the same search gives without


def test_a_reweighed_model_needs_no_sensitive_cell(reweighed: assay.Model, tmp_path: Path) -> None:
    loaded = assay.load(reweighed.save(tmp_path / "m.assay"))
    rows = people(50, 1)
    del rows["sex"]
    assert len(loaded.predict(rows)) == 50
    assert loaded.plan.mitigation == {"column": "sex", "how": "reweight"}


def test_what_ships_otherwise_is_reweighed_too() -> None:
    rows, woman = people(600, 1), np.asarray(people(600, 1)["sex"]) == "f"

    def ratio(model: assay.Model) -> float:
        chosen = np.asarray(model.predict(rows).answer == "paid")
        return float(chosen[woman].mean() / chosen[~woman].mean())

    fixed = {"trials": 1, "learners": ("linear",), "checks": (), "audit_only": ("sex",), "ship": "refit"}
    plain, mended = (assay.train(people(), "loan", **more, **fixed) for more in ({}, {"mitigate": {"sex": "reweight"}}))
    assert ratio(mended) > ratio(plain) + 0.05


def test_thresholds_even_the_chance_where_it_is_deserved() -> None:
    rng = np.random.default_rng(1)
    sex = np.where(rng.random(4000) < 0.4, "f", "m")
    p = rng.beta(2, 2, 4000) * np.where(sex == "f", 0.7, 1.0)
    y = (rng.random(4000) < p).astype(np.int64)
    column = Column.of_words("sex", sex.tolist())
    found, unknown = learn(column, 1, p, y == 1).chosen(np.stack([1 - p, p], axis=1), column)
    hits = [float((found[(y == 1) & (sex == s)] == 1).mean()) for s in ("f", "m")]
    assert not unknown.any()
    assert hits[0] == pytest.approx(hits[1], abs=0.002)  # equal but for one row of a group
    assert hits[0] == pytest.approx(float((p[y == 1] > 0.5).mean()), abs=0.002)
    held = crossed(column, 1, np.stack([1 - p, p], axis=1), y, rng.integers(0, 10, 4000))
    assert 0 < (held != found).mean() < 0.02  # thresholds of other rows are others, a little


def test_groups_of_few_keep_one_threshold_and_unknown_ones_have_none() -> None:
    column = Column.of_words("sex", ["f"] * 100 + ["m"] * 100 + ["x"] * 10)
    found = learn(column, 1, np.linspace(0, 1, 210), np.ones(210, dtype=bool))
    assert found.limits[found.band.levels.index("x")] == 0.5
    given = Column.of_words("sex", ["f", "?", None])
    assert found.known(given).tolist() == [True, False, False]


def test_every_road_gives_the_same_class(by_group: assay.Model, tmp_path: Path) -> None:
    import onnxruntime

    loaded = assay.load(by_group.save(tmp_path / "m.assay"))
    table = people(200, 1)
    answers = loaded.predict(table)
    assert isinstance(answers, Answers)
    assert answers.probabilities is not None
    usual = np.asarray(answers.labels)[answers.probabilities.argmax(axis=1)]
    assert (answers.answer != usual).sum() > 5
    rows = rows_of(table)
    assert [answers.row(i).answer for i in range(200)] == answers.answer.tolist() == answers.columns()["answer"]
    alone = [loaded.predict(row) for row in rows[:40]]
    assert [a.answer for a in alone] == answers.answer[:40].tolist()
    assert [a.notes for a in alone] == list(answers.notes[:40])
    assert [loaded.explain(table, row=i + 1).answer for i in range(15)] == answers.answer[:15].tolist()
    assert [loaded.explain(row).answer for row in rows[:15]] == answers.answer[:15].tolist()
    for place in range(15):
        told = loaded.explain(table, row=place + 1)
        assert told.score >= told.unit.values["border"]  # as it says it, so it is answered
        assert "the threshold of that group" in told.unit.text()
    path = loaded.export(tmp_path / "m.onnx", table).path
    feeds = {name: np.asarray(table[name]).reshape(-1, 1) for name in ("income", "hobby", "age")}
    feeds |= {"sex": np.asarray(table["sex"], dtype=object).reshape(-1, 1)}
    session = onnxruntime.InferenceSession(path)
    assert session.run(["label"], feeds)[0].tolist() == answers.answer.tolist()
    feeds["sex"] = np.asarray(["?", "", *table["sex"][2:]], dtype=object).reshape(-1, 1)
    assert session.run(["label"], feeds)[0].tolist() == ["", "", *answers.answer[2:]]


def test_a_row_whose_group_is_missing_is_labelled_by_a_file_as_by_the_model(tmp_path: Path) -> None:
    """NA, null and ? are the missing group, which has a threshold of its own here; what is no group has no label."""
    import onnxruntime

    table = people() | {"sex": [None if i % 3 == 0 else name for i, name in enumerate(people()["sex"])]}
    asked = {"audit_only": ("sex",), "mitigate": {"sex": "thresholds"}, "favourable": "paid"}
    model = assay.train(table, "loan", trials=1, learners=("linear",), checks=(), **asked)
    assert model.export(tmp_path / "m.onnx").largest <= 1e-5
    session, rows = onnxruntime.InferenceSession(tmp_path / "m.onnx"), people(60, 1)
    feeds = {name: np.asarray(rows[name]).reshape(-1, 1) for name in ("income", "hobby", "age")}
    expected = model.predict(rows | {"sex": [None] * 60}).answer.tolist()
    for word in ("", "NA", "null", "?"):
        assert session.run(["label"], feeds | {"sex": np.full((60, 1), word, dtype=object)})[0].tolist() == expected
    assert set(session.run(["label"], feeds | {"sex": np.full((60, 1), "x", dtype=object)})[0]) == {""}


def test_a_file_whose_thresholds_are_of_another_column_is_refused(by_group: assay.Model) -> None:
    for name, value in (("column", "town"), ("favoured", 2), ("levels", ["f"])):
        box = by_group.to_box()
        box.inner["thresholds"].put(**{name: value})
        with pytest.raises(BundleInvalid):
            assay.Model.from_box(box)


def test_bands_of_numbers_go_every_road_too(tmp_path: Path) -> None:
    model = trained("thresholds", "age", checks=())
    assert model.thresholds is not None
    assert model.thresholds.band.size == 5
    table = people(200, 1)
    answers = model.predict(table)
    assert [model.predict(row).answer for row in rows_of(table)[:30]] == answers.answer[:30].tolist()
    assert model.export(tmp_path / "m.onnx", table).rows == 200  # refused where a label is not that of the model
    assert model.export(tmp_path / "n.onnx").largest < 1e-6
    with pytest.raises(DataError, match="2 rows of table lie in no group of 'age'"):
        model.predict({**table, "age": [None, None, *table["age"][2:]]})


def test_the_price_of_thresholds_is_that_of_rows_they_were_not_learnt_from(by_group: assay.Model) -> None:
    found = of(by_group.findings)
    assert "has a threshold of its own for 'paid'" in found.notes[0].text()
    assert found.notes[0].text("zh")
    assert found.measure("gap_after: sex").value < found.measure("gap_before: sex").value
    assert found.measure("right_after: sex").value < found.measure("right_before: sex").value
    assert found.measure("largest_gap").value == pytest.approx(
        max(abs(found.measure(f"{k}: sex = f").value - found.measure(f"{k}: sex = m").value) for k in ("tpr", "fpr"))
    )
    matrix = next(f for g in by_group.findings if g.check == "quality" for f in g.figures if f.kind == "matrix")
    right = np.trace(np.asarray(matrix.data["values"])) / np.sum(matrix.data["values"])
    assert right == pytest.approx(found.measure("right_after: sex").value)
    assert of(by_group.audit(people(600, 2)).findings).measure("gap_after: sex").n == 600


def test_what_is_claimed_can_be_computed_again(by_group: assay.Model, reweighed: assay.Model) -> None:
    claims = assay.verify(by_group, people())
    assert claims.holds
    assert {c.name: c.verdict for c in claims.claims}["thresholds.sex"] == "same"
    assert {c.name: c.verdict for c in claims.claims}["fairness.gap_after: sex"] == "same"
    assert assay.verify(reweighed, people()).holds


def test_rows_without_a_known_group_are_refused(by_group: assay.Model) -> None:
    table = people(20, 1)
    with pytest.raises(DataError, match=r"2 rows of table lie in no group of 'sex' .*\('x', –\)"):
        by_group.predict({**table, "sex": ["x", None, *table["sex"][2:]]})
    del table["sex"]
    for ask in (by_group.predict, by_group.audit):
        with pytest.raises(DataError, match="sex"):
            ask(table)


def test_what_knows_one_threshold_alone_says_so(by_group: assay.Model) -> None:
    for ask in (by_group.counterfactual, by_group.reason_codes):
        with pytest.raises(RequestError, match="has a threshold for each group of 'sex'"):
            ask(people(20, 1))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"audit_only": ()}, "'sex' is not marked"),
        ({"favourable": "", "mitigate": {"sex": "thresholds"}}, "which class favours a person is not said"),
        ({"mitigate": {"sex": "hope"}}, "mitigate is 'hope'; it must be one of"),
        ({"mitigate": {"sex": "reweight", "age": "reweight"}}, "mitigate names several columns"),
        ({"mitigate": {"sax": "reweight"}}, "Did you mean 'sex'"),
        ({"target": "age", "favourable": ""}, "'age' does not have two classes"),
        ({"privacy": 1.0, "schema": {}}, "--mitigate is given; nothing is searched"),
    ],
)
def test_what_cannot_be_done_is_refused(more: dict[str, Any], said: str) -> None:
    wishes = {"target": "loan", "audit_only": ("sex",), "favourable": "paid", "mitigate": {"sex": "reweight"}} | more
    with pytest.raises(RequestError, match=said):
        assay.plan(people(100), wishes.pop("target"), **wishes)


def test_plans_without_are_written_as_they_always_were() -> None:
    plan = assay.plan(people(100), "loan")
    assert "mitigation" not in plan.to_json()
    asked = assay.plan(people(100), "loan", sensitive=("sex",), mitigate={"sex": "reweight"})
    assert Plan.from_json(asked.to_json()) == asked
    with pytest.raises(ValueError, match="is no mitigation"):
        Plan.from_json({**asked.to_json(), "mitigation": {"column": "sex", "how": "prayer"}})


@pytest.mark.parametrize("column", ["sex", "age"])
def test_a_row_alone_meets_the_threshold_of_its_group_without_a_table(
    column: str, by_group: assay.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = by_group if column == "sex" else trained("thresholds", "age")
    rows = rows_of(people(120, 4))
    if column == "age":  # between the edges and on them, and beyond all
        assert model.thresholds is not None
        ages = [*model.thresholds.band.edges.tolist(), -1e9, 1e9, *range(20, 60)]
        rows = [{**row, "age": age} for row, age in zip(rows, ages, strict=False)]
    whole = model.predict(rows)
    assert (whole.chosen != whole.probabilities.argmax(axis=1)).any()  # the thresholds matter
    with pytest.raises(DataError):
        model.predict({**rows[0], column: "?"})
    monkeypatch.setattr("assay.model.read_like", None)
    for place, row in enumerate(rows[: len(whole)]):
        assert model.predict(row) == whole.row(place)
