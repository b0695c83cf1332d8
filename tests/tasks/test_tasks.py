"""Is the target understood, and are its figures scikit-learn's?"""

from __future__ import annotations

import numpy as np
import pytest

from assay.kernel.data import Column
from assay.kernel.errors import DataError, DoesNotApply, RequestError
from assay.kernel.plugins import Task, task_of
from assay.kernel.shelf import shelf
from assay.planning.target import choose_task, open_target


def task(key: str) -> Task:
    found: Task = shelf("tasks").get(key)()
    return found


STRAY = ("缺考", "inf", "--", "/", "#DIV/0!")  # what stands among numbers where one is not known


@pytest.mark.parametrize(
    ("cells", "key"),
    [
        (["yes", "no"] * 50, "binary"),
        (["1", "0"] * 50, "binary"),
        (["2", "5"] * 50, "binary"),
        (["red", "green", "blue"] * 40, "classes"),
        ([str(i % 4) for i in range(200)], "classes"),
        ([str(3 + abs(i % 7 - 3)) for i in range(210)] + ["9"] * 2, "value"),
        ([f"{i / 7:.3f}" for i in range(200)], "value"),
        ([str(i % 60) for i in range(200)], "value"),
        ([f"￥{1000 + i * 7.5:,.2f}" for i in range(200)], "value"),
        ([f"{i % 60 + 1}万" for i in range(200)], "value"),
        ([f"{i % 3 + 1}万" for i in range(200)], "classes"),
        ([f"{i % 60}岁" for i in range(200)], "value"),
        ([f"{i % 60}岁" if i % 2 else str(i % 60) for i in range(200)], "value"),
        ([f"{i / 7:.1f} kg" for i in range(300)], "value"),
        ([f"{1 + i % 7 % 5}次" for i in range(210)] + ["9次"] * 2, "value"),
        ([f"{i / 7:.2f}".replace(".", ",") for i in range(300)], "value"),
        *[([word if i % 9 == 0 else f"{i % 97 / 2 + 0.5}" for i in range(290)], "value") for word in STRAY],
        ([f"{i % 60}" if i % 9 else "缺考" for i in range(290)], "value"),
        ([f"{i % 60}" if i % 9 else "A1" for i in range(290)], "classes"),
        ([f"{i % 60}" if i % 9 else "12B" for i in range(290)], "classes"),
        ([f"{i % 60:03d}" if i % 9 else "none" for i in range(290)], "classes"),
        ([f"{i % 60}" if i % 3 else "absent" for i in range(290)], "classes"),
        ([f"{i % 15}" if i % 9 else "absent" for i in range(290)], "classes"),
        ([f"{i % 60}天" if i % 2 else f"{i % 60}个月" for i in range(200)], "value"),
        ([f"{i % 6}天" if i % 2 else f"{i % 6}个月" for i in range(200)], "classes"),
        ([f"{i % 60}天" if i % 2 else f"{i % 60}次" for i in range(200)], "classes"),
        (["<7" if i < 70 else f"{i / 10}" for i in range(200)], "value"),
        (["<18", ">=18", "unknown"] * 70, "classes"),
    ],
)
def test_the_target_makes_the_task(cells: list[str], key: str) -> None:
    found, why, _ = choose_task(Column.of_words("y", cells), "")
    assert found.about.key == key
    assert why.text("en")
    assert why.text("zh")


def test_a_scale_is_a_value_whose_runner_up_is_grades() -> None:
    grades = np.random.default_rng(0).choice([3, 4, 5, 6, 7, 8], p=[0.01, 0.04, 0.43, 0.4, 0.1, 0.02], size=400)
    found, _, other = choose_task(Column.of_numbers("quality", grades), "")
    assert (found.about.key, other) == ("value", "grades")


def test_a_count_is_named_beside_a_value_and_taken_where_it_is_asked_for() -> None:
    visits = Column.of_numbers("visits", np.random.default_rng(0).poisson(3.0, size=400))
    found, _, other = choose_task(visits, "")
    assert (found.about.key, other) == ("value", "count")
    assert choose_task(visits, "count")[0].about.key == "count"


@pytest.mark.parametrize("written", ["1.2万", "12000次", "12,000"])
def test_counts_may_be_written(written: str) -> None:
    cells = Column.of_words(
        "visits", [f"{i % 50}{written[-1] if written.endswith('次') else ''}" for i in range(300)] + [written]
    )
    assert task("count").recognise(cells).fit > 0
    assert open_target(cells, task("count")).cells[-1] == 12_000


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([0, 1, 2.5], "holds 2.5"),
        ([3, -1, 2], "holds -1"),
        ([0, 1, 1], "2 different values"),
        (["1", "many"], "'many'"),
    ],
)
def test_what_is_no_count_is_said(cells: list[object], reason: str) -> None:
    words = any(isinstance(cell, str) for cell in cells)
    column = Column.of_words("y", cells) if words else Column.of_numbers("y", cells)  # type: ignore[arg-type]
    with pytest.raises(DoesNotApply) as refused:
        task("count").recognise(column)
    assert reason in refused.value.text("en")
    assert refused.value.text("zh")


def test_counts_that_cannot_be_learnt_are_refused_in_three_parts() -> None:
    with pytest.raises(DataError, match="1 of the 3 values of the target 'y' is no count") as refused:
        task("count").codec(Column.of_numbers("y", [0.0, 1.0, 2.5]))
    assert "--task value" in str(refused.value)
    with pytest.raises(DataError, match="same value in all 3 rows"):
        task("count").codec(Column.of_numbers("y", [0.0, 0.0, 0.0]))


def test_labels_stay_as_written() -> None:
    column = Column.of_words("y", ["01", "1.0", "01"])
    codec = task("binary").codec(column)
    assert codec.labels == ("01", "1.0")


def test_the_positive_class_is_the_larger_or_the_yes() -> None:
    assert task("binary").codec(Column.of_words("y", ["yes", "no"])).labels == ("no", "yes")
    assert task("binary").codec(Column.of_words("y", ["10", "9"])).labels == ("9", "10")


def test_too_many_or_too_few_classes_are_refused() -> None:
    with pytest.raises(DataError, match="has 3 different"):
        task("binary").codec(Column.of_words("y", ["a", "b", "c"]))
    with pytest.raises(DoesNotApply):
        task("classes").recognise(Column.of_words("y", ["a", "b"]))
    with pytest.raises(DataError, match="same value in all 3 rows"):
        task("value").codec(Column.of_numbers("y", [2.0, 2.0, 2.0]))


@pytest.mark.parametrize(("k", "rows_each", "taken"), [(200, 3, True), (201, 9, False), (300, 10, True), (1_000, 10, True), (1_001, 10, False)])  # fmt: skip
def test_more_names_are_classes_where_rows_share_them(k: int, rows_each: int, taken: bool) -> None:
    target = Column.of_words("y", [f"case {i}" for i in range(k)] * rows_each)
    if taken:
        assert choose_task(target, "")[0].about.key == "classes"
    else:
        with pytest.raises(DataError, match=r"--task classes takes up to 10,000"):
            choose_task(target, "")
        assert len(task("classes").codec(target).labels) == k


def test_no_task_fits_prose_or_dates() -> None:
    with pytest.raises(DataError, match="No task fits"):
        choose_task(Column.of_words("y", [f"a long story {i}" for i in range(500)]), "")
    with pytest.raises(DataError, match="hardly two rows share an answer"):
        choose_task(Column.of_words("y", [f"story {i}" for i in range(100)]), "")
    days = np.arange(100).astype("datetime64[D]").astype("datetime64[us]")
    written = Column.of_words("y", [*days.astype("datetime64[D]").astype(str)] * 3)
    for dates in (Column(name="y", cells=days), written):
        with pytest.raises(DataError, match="holds 100 different dates"):
            choose_task(dates, "")
    assert choose_task(written, "classes")[0].about.key == "classes"
    sessions = Column.of_words("y", ["2024-01-15", "2024-06-15", "2025-01-15"] * 20)
    assert choose_task(sessions, "")[0].about.key == "classes"


def test_many_times_of_a_clock_are_waits_and_a_few_are_names() -> None:
    waits = Column.of_words("wait", [f"00:{i % 50:02d}:10" for i in range(200)])
    shifts = Column.of_words("shift", ["06:00", "14:00", "22:00"] * 50)
    assert (choose_task(waits, "")[0].about.key, choose_task(shifts, "")[0].about.key) == ("value", "classes")


def test_the_constant_of_weights_is_their_base_rate() -> None:
    y, w = np.asarray([0, 0, 0, 1]), np.asarray([1.0, 1.0, 1.0, 3000.0])
    codec = task("binary").codec(Column.of_words("y", ["a", "b"]))
    assert task("binary").constant(y, w, codec)[0] == pytest.approx(np.log(3000.5 / 3.5))
    assert task("value").constant(y * 1.0, w, codec)[0] == pytest.approx(3000 / 3003)


def test_metrics_of_each_task_equal_scikit_learn() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    s, y = rng.normal(size=(200, 1)), rng.integers(2, size=200)
    p = 1 / (1 + np.exp(-s[:, 0]))
    codec = task("binary").codec(Column.of_words("y", ["a", "b"]))
    found = {m.key: m.of(s, y, None) for m in task("binary").metrics(codec)}
    expected = {
        "log_loss": sk.log_loss(y, p),
        "auc": sk.roc_auc_score(y, p),
        "average_precision": sk.average_precision_score(y, p),
        "accuracy": sk.accuracy_score(y, p > 0.5),
        "balanced_accuracy": sk.balanced_accuracy_score(y, p > 0.5),
        "brier": sk.brier_score_loss(y, p),
    }
    assert found == pytest.approx(expected)
    f, v = rng.normal(size=(200, 1)), rng.normal(size=200)
    found = {m.key: m.of(f, v, None) for m in task("value").metrics(codec)}
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(v, f[:, 0]))
    assert found["r2"] == pytest.approx(sk.r2_score(v, f[:, 0]))


def test_metrics_of_counts_equal_scikit_learn() -> None:
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    s, w = rng.normal(size=(200, 1)), rng.random(200) + 0.1
    y, m = rng.poisson(np.exp(s[:, 0])).astype(float), np.exp(s[:, 0])
    for weight in (None, w):
        found = {
            k.key: k.of(s, y, weight) for k in task("count").metrics(task("count").codec(Column.of_numbers("y", y)))
        }
        expected = {
            "deviance": sk.mean_poisson_deviance(y, m, sample_weight=weight),
            "d2": sk.d2_tweedie_score(y, m, power=1, sample_weight=weight),
            "rmse": sk.root_mean_squared_error(y, m, sample_weight=weight),
            "mae": sk.mean_absolute_error(y, m, sample_weight=weight),
            "r2": sk.r2_score(y, m, sample_weight=weight),
        }
        assert found == pytest.approx(expected)


def test_every_tenth_of_a_value_is_a_stratum() -> None:
    strata = task("value").strata(np.random.default_rng(0).lognormal(size=100))
    assert np.bincount(strata).tolist() == [10] * 10


def test_the_class_that_is_looked_for_is_named_as_the_variant() -> None:
    column = Column.of_words("y", ["good", "bad", "good", "good"])
    assert task_of("binary").codec(column).event == 0  # the rarer
    assert [task_of(f"binary:{label}").codec(column).event for label in ("bad", "good")] == [0, 1]
    with pytest.raises(
        RequestError, match=r"'ugly' is to be looked for, and the target 'y' is bad, good.*--task binary:good"
    ):
        task_of("binary:ugly").codec(column)
