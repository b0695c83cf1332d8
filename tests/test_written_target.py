"""Is a target that is written with its unit learnt, told, and checked as the numbers it writes?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.errors import DataError, RequestError
from assay.model import Model
from assay.serve.monitor.labels import codes

RNG = np.random.default_rng(0)
SIZE = np.round(RNG.uniform(0, 50, 120), 2)
AGES = (20 + np.round(SIZE)).astype(int).tolist()


def table(path: Path, written: list[str]) -> Path:
    rows = "".join(f"{size},{cell}\n" for size, cell in zip(SIZE, written, strict=True))
    path.write_text(f"size,age\n{rows}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def ages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("ages") / "ages.csv", [f"{age}岁" for age in AGES])


@pytest.fixture(scope="module")
def model(ages: Path) -> Model:
    return assay.train(ages, "age", trials=1, learners=("linear",), checks=("quality",))


def test_the_plan_reads_numbers_and_names_the_unit(model: Model) -> None:
    target = model.plan.column("age")
    assert (model.plan.task, target.kind, model.plan.unit) == ("value", "number:unit:岁", "岁")
    assert target.why is not None
    assert (target.why.text("en"), target.why.text("zh")) == ("the target, in 岁", "目标列，单位为岁")


def test_answers_are_those_of_the_plain_numbers(model: Model, ages: Path, tmp_path: Path) -> None:
    bare = table(tmp_path / "bare.csv", [str(age) for age in AGES])
    other = assay.train(bare, "age", trials=1, learners=("linear",), checks=())
    assert other.plan.unit == ""
    np.testing.assert_array_equal(model.predict(ages).values, other.predict(bare).values)


def test_figures_and_reasons_are_told_in_the_unit(model: Model, ages: Path) -> None:
    quality = model.findings[0].measures[0]
    assert f"{quality.value:.3g} 岁" in model.report.markdown("en")
    assert "岁" in model.explain(ages, 1).unit.text("en")


def test_the_model_is_audited_and_verified_on_such_tables(model: Model, ages: Path, tmp_path: Path) -> None:
    path = tmp_path / "ages.assay"
    model.save(path)
    assert assay.verify(path, ages).holds
    mixed = table(tmp_path / "mixed.csv", [str(age) if i % 2 else f"{age} 岁" for i, age in enumerate(AGES)])
    audited = assay.load(path).audit(mixed)
    assert next(f for f in audited.findings if f.check == "quality").measures[0].n == len(AGES)
    with pytest.raises(DataError, match="Numbers in 岁 were expected"):
        model.audit(table(tmp_path / "months.csv", [f"{age}个月" for age in AGES]))


def test_labels_that_come_later_may_be_written_so(model: Model) -> None:
    told = codes(model, ["64岁", "64", 64, "64天"])
    assert [None if one is None else one.tolist() for one in told] == [[64.0], [64.0], [64.0], None]


def test_several_units_are_refused_with_the_reason(tmp_path: Path) -> None:
    mixed = [f"{age}天" if i % 2 else f"{age}次" for i, age in enumerate(AGES)]
    with pytest.raises(RequestError, match="one unit behind them"):
        assay.plan(table(tmp_path / "mixed.csv", mixed), "age", task="value")


@pytest.mark.parametrize(("one", "other"), [("天", "个月"), (" kg", " g"), (" days", " weeks")])
def test_classes_of_several_units_are_noted(one: str, other: str, tmp_path: Path) -> None:
    mixed = [f"{3 + i % 4}{one}" if i % 3 else f"{500 + i % 3}{other}" for i in range(len(AGES))]
    path = table(tmp_path / "mixed.csv", mixed)
    noted = [note for note in assay.plan(path, "age").notes if note.key == "note.units"]
    assert len(noted) == 1
    assert f"4{one}, 500{other}" in noted[0].text("en")
    assert f"4{one}" in noted[0].text("zh")
    assert not [note for note in assay.plan(path, "age", task="classes").notes if note.key == "note.units"]


def test_amounts_in_several_units_that_no_task_fits_are_refused_with_the_reason(tmp_path: Path) -> None:
    mixed = [f"{round(100 * size)}天" if i % 2 else f"{i}次" for i, size in enumerate(SIZE)]
    with pytest.raises(DataError, match="several units"):
        assay.plan(table(tmp_path / "mixed.csv", mixed), "age")


def test_a_target_in_units_that_convert_is_learnt_in_one_of_them(tmp_path: Path) -> None:
    months = table(
        tmp_path / "months.csv", [f"{12 * age}个月" if i % 3 == 0 else f"{age}岁" for i, age in enumerate(AGES)]
    )
    bare = table(tmp_path / "bare.csv", [str(age) for age in AGES])
    model = assay.train(months, "age", trials=1, learners=("linear",), checks=("quality",))
    target = model.plan.column("age")
    assert (model.plan.task, target.kind, model.plan.unit) == ("value", "number:units:岁", "岁")
    assert target.why is not None
    assert target.why.text("en") == "the target, all units converted to 岁"
    assert target.why.text("zh") == "目标列，各单位均已换算为岁"
    other = assay.train(bare, "age", trials=1, learners=("linear",), checks=())
    np.testing.assert_array_equal(model.predict(months).values, other.predict(bare).values)
    assert [None if one is None else one.tolist() for one in codes(model, ["24个月", 64, "64斤"])] == [
        [2.0],
        [64.0],
        None,
    ]


def test_a_target_of_a_laboratory_is_learnt_with_its_bounds(tmp_path: Path) -> None:
    written = ["<20.5" if size < 20.5 else f"{size}" for size in SIZE]
    plan = assay.plan(table(tmp_path / "t.csv", written), "age")
    target = plan.column("age")
    assert (plan.task, target.kind, target.misfits) == ("value", "number:marks", 0)
    assert target.why is not None
    assert "bounds such as <0.5 are read as the bound" in target.why.text("en")
    assert "界限值" in target.why.text("zh")


@pytest.mark.parametrize("names", [["A 3", "B 4", "C 5"], ["30天", "60天", "90天"], ["3 rooms", "4 rooms", "5 floors"]])
def test_names_and_amounts_of_one_unit_are_not_noted(names: list[str], tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", [names[i % 3] for i in range(len(AGES))])
    assert not [note for note in assay.plan(path, "age").notes if note.key == "note.units"]


def test_words_among_the_numbers_are_left_out_and_told(tmp_path: Path) -> None:
    written = ["缺考" if i % 9 == 0 else f"{age}" for i, age in enumerate(AGES)]
    model = assay.train(table(tmp_path / "t.csv", written), "age", trials=1, learners=("linear",), checks=("quality",))
    assert model.plan.task == "value"
    told = next(note for note in model.plan.notes if note.key == "note.misfits")
    assert "14 cells do not read as number" in told.text("en")
    assert "缺考" in told.text("zh")
    assert model.findings[0].measures[0].n == len(AGES) - 14


def test_personal_data_among_the_numbers_is_not_told(tmp_path: Path) -> None:
    written = ["zhang.san@mail.cn" if i % 9 == 0 else f"{age}" for i, age in enumerate(AGES)]
    plan = assay.plan(table(tmp_path / "t.csv", written), "age")
    told = next(note for note in plan.notes if note.key == "note.misfits")
    assert "14 cells" in told.text("en")
    assert "zhang.san" not in told.text("en")
