"""Are grades that are words told by their names, in the order that the person gave or that is known?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import BundleInvalid, RequestError
from assay.model import Model
from assay.planning.target import choose_task, open_target
from assay.serve.monitor.labels import codes
from assay.serve.schema import Schema
from assay.tasks._orders import SCALES, in_order

NAMES = ("差", "中", "良", "优")


def marks(rows: int = 240) -> Dataset:
    """Two numbers that tell most of the grade; every fortieth pupil was away."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    place = np.clip(np.round(1.5 + x + 0.5 * z + rng.normal(scale=0.3, size=rows)), 0, 3).astype(int)
    words = [NAMES[p] if row % 40 else "缺考" for row, p in enumerate(place.tolist())]
    return Dataset(
        (Column.of_numbers("x", x.round(4)), Column.of_numbers("z", z.round(4)), Column.of_words("mark", words))
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(marks(), "mark", task="grades", trials=1, learners=("linear",), checks=("quality", "leakage"))


def test_a_known_order_is_found_and_what_is_no_grade_is_counted(model: Model) -> None:
    assert model.plan.task == "grades:差,中,良,优"
    assert model.codec.grades == NAMES
    target = model.plan.column("mark")
    assert (target.kind, target.missing, target.misfits) == ("number:order:差,中,良,优", 6, 6)


def test_answers_sets_and_reasons_are_told_by_name(model: Model) -> None:
    table = marks().only(("x", "z"))
    answers = model.predict(table)
    columns = answers.columns()
    assert set(columns["answer"]) == set(NAMES)
    assert np.mean(answers.answer == marks()["mark"].texts()) > 0.7
    assert set("|".join(columns["set"]).split("|")) <= {*NAMES, ""}
    row = {name: float(table[name].cells[3]) for name in ("x", "z")}
    assert model.predict(row) == answers.row(3)
    assert answers.row(3).answer == columns["answer"][3]
    assert model.explain(row).answer.split(" ")[0] == columns["answer"][3]


def test_another_grade_is_wished_for_by_name(model: Model) -> None:
    row = int(np.flatnonzero(model.predict(marks()).answer == "中")[0])
    ways = model.counterfactual(marks(), row + 1, to="优").to_json()["ways"]
    assert [way["answer"] for way in ways] == ["优"] * len(ways)
    assert ways


def test_names_survive_the_file_and_are_as_many_as_its_grades(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "marks.assay")
    again = assay.load(tmp_path / "marks.assay")
    assert again.predict(marks()).columns() == model.predict(marks()).columns()
    assert again.audit(marks()).findings
    box = model.to_box()
    box.put_array("scale", np.asarray([1.0, 2.0, 3.0]))
    with pytest.raises(BundleInvalid, match="3 grades, the plan 4 words"):
        Model.from_box(box)


def test_the_truth_of_served_rows_is_told_by_name(model: Model) -> None:
    found = codes(model, ["优", "差", "缺考", 2])
    assert [None if one is None else one.tolist() for one in found] == [[4.0], [1.0], None, [2.0]]


def test_an_order_that_is_given_is_kept_whatever_stands_between_its_words() -> None:
    target = Column.of_words("y", ["B1", "A2", "C1", "A2"] * 5)
    task, why, _ = choose_task(target, "grades:A2， B1、C1")
    assert why.text("en") == "grades in this order: A2,B1,C1"
    assert open_target(target, task).cells[:4].tolist() == [2.0, 1.0, 3.0, 1.0]


@pytest.mark.parametrize(
    ("cells", "asked", "said"),
    [
        (["B1", "A2", "C1"], "grades", "--task grades:A2,B1,C1"),
        (["B1", "A2", "C1"], "grades:B2,C2", "none of the grades B2, C2 in 100 %"),
        (["3", "1", "2"], "grades:3,2,1", "without an order"),
        (["B1", "A2", "C1"], "grades:A2,A2", "no order of grades"),
        (["B1", "A2", "C1"], "grades:A2,,C1", "no order of grades"),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused(cells: list[str], asked: str, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        choose_task(Column.of_words("y", cells * 5), asked)
    assert said in str(refused.value)
    assert refused.value.text("zh") != refused.value.text("en")


def test_words_of_an_order_become_grades_only_where_they_are_asked_for() -> None:
    found, _, runner_up = choose_task(marks()["mark"], "")
    assert (found.about.key, runner_up) == ("classes", "grades")
    assert choose_task(Column.of_words("y", ["A", "B", "C", "B"] * 9), "")[2] != "grades"  # may be names


def test_every_scale_knows_its_own_order() -> None:
    for scale in SCALES:
        words = [same[0] for same in scale]
        assert in_order(dict.fromkeys(words[::-1], 9)) in (tuple(words), ())  # none, where scales disagree
    assert in_order({"B": 9, "A": 3, "C": 4}) == ("C", "B", "A")
    assert in_order({"BBB": 9, "AA": 3, "A": 4}) == ("BBB", "A", "AA")
    assert in_order({"high": 9, "low": 3}) == ()  # two classes
    assert in_order({"high": 999, "low": 999, "mid": 999, **{f"word {i}": 1 for i in range(120)}}) == ()  # texts


def test_a_column_to_learn_from_may_have_an_order(tmp_path: Path) -> None:
    table = marks()
    school = Column.of_words("school", ["小学", "初中", "高中"] * 80)
    model = assay.train(
        table.having(school), "mark", task="grades", kinds={"school": "number:order:小学，初中、高中"},
        trials=1, learners=("linear",), checks=("quality",),
    )  # fmt: skip
    row = {"x": 0.1, "z": 0.2, "school": "初中"}
    assert model.predict(row) == model.predict([row]).row(0)
    assert not model.predict(row).notes
    assert "school" in model.predict({**row, "school": "幼儿园"}).notes[0].text("en")


def test_words_in_an_order_are_asked_for_as_names() -> None:
    school = Column.of_words("school", ["小学", "初中", "高中"] * 80)
    model = assay.train(
        marks().having(school), "mark", task="grades", kinds={"school": "number:order:小学,初中,高中"},
        trials=1, learners=("linear",), checks=(),
    )  # fmt: skip
    asked = {column.name: column for column in Schema.of(model).columns}["school"]
    assert (asked.kind, asked.levels, asked.example) == ("category", ("小学", "初中", "高中"), "初中")
    assert model.predict(dict(Schema.of(model).example)).answer in NAMES
