"""Are grades told as a marker tells them, and are their figures scikit-learn's?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column, Dataset, Floats
from assay.kernel.errors import BundleInvalid, DataError, DoesNotApply
from assay.model import Model
from assay.planning.target import choose_task
from assay.stats import metrics
from assay.stats.grades import inside, nearest
from assay.tasks.grades import Grades

BANDS = np.arange(8, 19) / 2  # 4 to 9 by halves


def essays(rows: int = 240) -> Dataset:
    """Two numbers that tell most of the band."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    band = BANDS[nearest(6.5 + 0.8 * x + 0.4 * z + rng.normal(scale=0.4, size=rows), BANDS)]
    return Dataset(
        (Column.of_numbers("x", x.round(4)), Column.of_numbers("z", z.round(4)), Column.of_numbers("band", band))
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return assay.train(essays(), "band", task="grades", trials=1, learners=("linear",), checks=("quality",))


def graded(n: int = 300) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(1)
    y = BANDS[rng.integers(len(BANDS), size=n)]
    return np.clip(y + rng.normal(scale=0.9, size=n), 3.0, 10.0), y


@pytest.mark.parametrize("weighted", [False, True])
def test_quadratic_kappa_is_scikit_learns(weighted: bool) -> None:
    sk = pytest.importorskip("sklearn.metrics")
    f, y = graded()
    w = np.random.default_rng(2).random(len(y)) + 0.1 if weighted else None
    given = BANDS[nearest(f, BANDS)]
    expected = sk.cohen_kappa_score(given * 2, y * 2, weights="quadratic", labels=BANDS * 2, sample_weight=w)
    assert metrics.quadratic_kappa(given, y, w) == pytest.approx(expected)
    codec = Grades().codec(Column.of_numbers("band", BANDS))
    found = {m.key: m.of(f[:, None], y, w) for m in Grades().metrics(codec)}
    assert found["quadratic_kappa"] == pytest.approx(expected)
    assert found["exact"] == pytest.approx(sk.accuracy_score(y * 2, given * 2, sample_weight=w))
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(y, f, sample_weight=w))
    off = np.abs(given - y) <= 0.5
    assert found["within_one"] == pytest.approx(np.average(off, weights=w))


def test_one_grade_for_all_agrees_no_more_than_chance() -> None:
    _, y = graded()
    assert metrics.quadratic_kappa(np.full(len(y), 6.5), y) == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(metrics.quadratic_kappa(np.ones(5), np.ones(5)))


def test_half_way_is_rounded_up_and_ends_hold_what_lies_beyond() -> None:
    assert BANDS[nearest(np.asarray([6.25, 6.24, 1.0, 12.0]), BANDS)].tolist() == [6.5, 6.0, 4.0, 9.0]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (np.arange(40) % 30, "up to 20"),
        ([0.3, 0.71, 2.2] * 10, "not in even steps"),
        ([1, 2, 3, 400] * 10, "not in even steps"),
    ],
)
def test_what_is_no_scale_is_said(cells: object, reason: str) -> None:
    with pytest.raises(DoesNotApply) as refused:
        Grades().recognise(Column.of_numbers("y", cells))  # type: ignore[arg-type]
    assert reason in refused.value.text("en")
    assert refused.value.text("zh")


def test_no_target_becomes_grades_unasked() -> None:
    for cells in (np.tile(BANDS, 20), np.tile([1, 2, 3, 4, 5], 40), np.tile([0, 1, 2, 3], 40)):
        found, _, _ = choose_task(Column.of_numbers("y", cells), "")
        assert found.about.key in ("value", "classes")
    bands = Column.of_words("y", [f"{v:.1f}" for v in np.tile(BANDS, 20)])
    assert choose_task(bands, "")[2] == "grades"


def test_what_is_measured_rather_than_graded_is_refused_in_three_parts() -> None:
    with pytest.raises(
        DataError, match=r"has 300 different numbers\. A scale has up to 200 grades\. Name --task value"
    ):
        Grades().codec(Column.of_numbers("y", np.arange(300)))
    with pytest.raises(DataError, match="same grade in all 3 rows"):
        Grades().codec(Column.of_numbers("y", [2.0, 2.0, 2.0]))


def test_the_answer_is_a_grade_with_its_value_and_the_grades_within_its_interval(model: Model) -> None:
    answers = model.predict(essays().only(("x", "z")))
    columns = answers.columns()
    assert set(columns["answer"]) <= set(BANDS.tolist())
    assert BANDS[nearest(np.asarray(columns["value"]), BANDS)].tolist() == columns["answer"]
    first = answers.row(0)
    assert (first.answer, first.value) == (columns["answer"][0], columns["value"][0])
    assert "|".join(first.set) == columns["set"][0]
    said = first.to_json()
    assert said["interval"][0] <= float(said["set"][0]) <= float(said["set"][-1]) <= said["interval"][1]


def test_a_row_that_comes_alone_is_answered_as_in_a_table(model: Model) -> None:
    table = essays().only(("x", "z"))
    row = {name: float(table[name].cells[3]) for name in ("x", "z")}
    assert model.predict(row) == model.predict(table).row(3)
    grade, value = model.explain(row).answer.split(" ")
    assert float(grade) == model.predict(row).answer
    assert float(value.strip("()")) == pytest.approx(model.predict(row).value, rel=1e-5)


def test_a_grade_is_in_its_set_as_often_as_in_its_interval() -> None:
    f, y = graded()
    intervals = np.column_stack([f - 1.0, f + 0.8])
    among = inside(intervals, BANDS)[np.arange(len(y)), nearest(y, BANDS)]
    assert np.array_equal(among, (intervals[:, 0] <= y) & (y <= intervals[:, 1]))


def test_the_report_has_kappa_and_errors_with_intervals(model: Model) -> None:
    measures = {m.name: m for m in model.findings[0].measures}
    assert list(measures) == ["rmse", "quadratic_kappa", "mae", "exact", "within_one"]
    for measure in measures.values():
        assert measure.low is not None
        assert measure.high is not None
        assert measure.low < measure.value < measure.high
    assert measures["quadratic_kappa"].constant == pytest.approx(0.0, abs=1e-12)


def test_the_scale_survives_the_file_and_is_needed_there(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "bands.assay")
    again = assay.load(tmp_path / "bands.assay")
    assert again.codec == model.codec
    assert again.predict(essays()).columns() == model.predict(essays()).columns()
    assert again.audit(essays()).findings
    for scale in (np.asarray([2.0, 1.0]), np.asarray([1.0])):
        box = model.to_box()
        box.put_array("scale", scale)
        with pytest.raises(BundleInvalid, match="scale"):
            Model.from_box(box)
    box = model.to_box()
    del box.arrays["scale"]
    with pytest.raises(BundleInvalid, match="scale"):
        Model.from_box(box)
