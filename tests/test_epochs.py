"""Are whole numbers that count the time since 1970 moments, by whichever road they come, and nothing else of their size?"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.cells import cells_of
from assay.kernel.data import Column
from assay.kernel.plugins import modality_of
from assay.modalities._epochs import moments_of, numbers_in, says_time, unit_of
from assay.modalities.date import Date
from assay.model import Model
from assay.planning.kinds import bids
from assay.streaming import answer_file
from assay.testing.of_modalities import contracts

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
RNG = np.random.default_rng(0)
SECONDS = RNG.integers(1_672_531_200, 1_735_689_600, 400)  # 2023 and 2024
ASKED = [1_714_521_600, 1_714_567_890, 1_700_000_001]
WRITTEN = ["2024-05-01", "2024-05-01T12:51:30", "2023-11-14T22:13:21"]


def column(name: str, numbers: list[int | None], words: bool) -> Column:
    if words:
        return Column.of_words(name, [None if n is None else str(n) for n in numbers])
    return Column.of_numbers(name, [np.nan if n is None else float(n) for n in numbers])


def kind_of(raw: Column) -> str:
    return bids(raw)[0].kind


def trained(name: str, numbers: object, **more: object) -> Model:
    hour = SECONDS % 86_400 / 3_600
    load = np.where((hour > 8) & (hour < 20), 10.0, 2.0) + RNG.normal(0, 0.1, len(SECONDS))
    table = pd.DataFrame({name: numbers, "x": RNG.normal(size=len(SECONDS)), "load": load})
    return assay.train(table, "load", learners=("boosting",), trials=2, folds=2, checks=(), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> Model:
    return trained("created_at", SECONDS * 1_000)


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("words", [True, False])
def test_each_unit_is_recognised_under_a_name_of_time_and_reads_as_the_same_moments(unit: str, words: bool) -> None:
    raw = column("created_at", [n * PER_SECOND[unit] for n in (*ASKED, *SECONDS.tolist())], words)
    assert kind_of(raw) == f"date:epoch:{unit}"
    opened = modality_of(f"date:epoch:{unit}").open(raw)
    assert (opened.misfits, opened.column.texts()[:3].tolist()) == (0, WRITTEN)
    why = bids(raw)[0].claim.why
    assert "since 1970, read in UTC" in why.text("en")
    assert "按 UTC 读取" in why.text("zh")


def test_what_modalities_promise_holds_for_epochs() -> None:
    examples = [
        column("created_at", [*(n * PER_SECOND[unit] for n in SECONDS[:60].tolist()), None], words)
        for unit in PER_SECOND
        for words in (True, False)
    ]
    for contract in contracts(Date, examples):
        contract.test()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *(("ts", True), ("time", True), ("Timestamp", True), ("createdAt", True), ("unixReviewTime", True)),
        *(("updated_at", True), ("last_update_date", True), ("time_s", True), ("创建时间", True), ("登记日期", True)),
        *(("response_date", True), ("value_date", True), ("时间（秒）", True)),
        *(
            ("amount", False),
            ("phone", False),
            ("user_id", False),
            ("hash", False),
            ("date_id", False),
            ("chat", False),
        ),
        *(("at", False), ("response_time", False), ("cpu_time", False), ("time_ms", False), ("elapsed_time", False)),
        *(("运行时间", False), ("时间（毫秒）", False), ("日期编号", False), ("timeline", False), ("lifetime", False)),
    ],
)
def test_names_that_say_time(name: str, says: bool) -> None:
    assert says_time(name, "s") == says
    assert (kind_of(column(name, SECONDS.tolist(), False)) == "date:epoch:s") == says


def test_without_certainty_numbers_stay_numbers() -> None:
    seconds = SECONDS.tolist()
    for others in (
        [*seconds, 0],
        [*seconds, -1],
        [*seconds, 4_300_000_000],
        [*seconds, 1_714_521_600_000],
        seconds[:9],
    ):
        assert kind_of(column("created_at", others, False)) == "number"
    fractions = Column.of_numbers("created_at", SECONDS + 0.5)
    assert kind_of(fractions) == "number"
    assert kind_of(Column.of_numbers("created_at", RNG.normal(50, 5, 400))) == "number"
    assert kind_of(Column.of_words("date", [str(20_240_101 + i % 28) for i in range(400)])) == "date:plain"  # as ever


def test_where_some_cells_are_no_moments_the_plan_advises_and_asking_counts_them() -> None:
    table = pd.DataFrame({"ts": [*SECONDS[:397], 0, -1, 5], "x": RNG.normal(size=400), "y": RNG.normal(size=400)})
    plan = assay.plan(table, "y")
    assert plan.column("ts").kind == "number"
    assert "--kind ts=date" in [advice.option for advice in plan.advice]
    plan = assay.plan(table, "y", kinds={"ts": "date"})
    found = plan.column("ts")
    assert (found.kind, found.misfits, found.missing) == ("date:epoch:s", 3, 3)
    assert any(n.key == "note.misfits" and n.values["n"] == 3 for n in plan.notes)


@pytest.mark.parametrize("unit", PER_SECOND)
@pytest.mark.parametrize("words", [True, False])
def test_any_name_is_taken_where_dates_are_asked_for(unit: str, words: bool) -> None:
    numbers = [n * PER_SECOND[unit] for n in ASKED]
    assert Date().way(column("x", [*numbers, 0, None], words)) == f"epoch:{unit}"
    opened = modality_of(f"date:epoch:{unit}").open(column("x", [*numbers, 0, -numbers[0], 7, None], words))
    assert opened.column.texts().tolist() == [*WRITTEN, None, None, None, None]
    assert opened.misfits == 3
    assert len(opened.examples) == 3


def test_a_column_of_written_dates_that_is_asked_for_is_read_as_before() -> None:
    assert Date().way(Column.of_words("x", ["03/25/2024", "04/13/2024", "1714521600"])) == "mdy"
    assert Date().way(Column.of_numbers("x", [20_240_501.0, 20_240_502.0])) == ""
    assert modality_of("date").open(Column.of_numbers("x", [20_240_501.0])).column.texts().tolist() == ["2024-05-01"]
    assert modality_of("date").open(Column.of_words("x", ["1714521600"])).misfits == 1  # as older files read it


def test_no_number_is_a_moment_in_two_units() -> None:
    numbers = np.exp(RNG.uniform(0, np.log(1e19), 20_000))
    read = np.column_stack([~np.isnat(moments_of(numbers, unit)) for unit in PER_SECOND])
    assert read.sum(axis=1).max() == 1
    assert unit_of(np.asarray([np.nan, 7.0])) == ("", 0.0)


def test_a_clock_may_be_named() -> None:
    for words in (True, False):
        raw = column("x", ASKED, words)
        kind = modality_of("date:epoch:s:zone:Asia/Shanghai")
        assert kind.open(raw).column.texts()[0] == "2024-05-01T08:00:00"
        assert kind.open_cell(cells_of(raw)[0]) == int(np.datetime64("2024-05-01T08", "us").astype(np.int64))  # type: ignore[attr-defined]


def test_numbers_are_read_as_written_or_not_at_all() -> None:
    texts = ["1714521600", "1714521600.0", "1.7145216e9", "2024-05-01", "1,714,521,600", "soon"]
    opened = modality_of("date:epoch:s").open(Column.of_words("x", texts)).column.texts().tolist()
    assert opened == ["2024-05-01"] * 4 + [None, None]
    assert np.isnan(numbers_in(Column.of_words("x", ["soon", None]))).tolist() == [True]


def test_every_road_gives_the_same_answers(model: Model, tmp_path: Path) -> None:
    assert model.plan.column("created_at").kind == "date:epoch:ms"
    ms, x = [n * 1_000 for n in ASKED], [0.1, 0.2, 0.3]
    expected = model.predict(pd.DataFrame({"created_at": ms, "x": x})).answer.tolist()
    assert expected[0] < 5 < expected[1]
    ways = {
        "numbers": ms,
        "floats": [float(n) for n in ms],
        "texts": [str(n) for n in ms],
        "dates": WRITTEN,
        "moments": list(pd.to_datetime(WRITTEN, format="ISO8601")),
        "moments with a zone": list(
            pd.to_datetime(WRITTEN, format="ISO8601").tz_localize("UTC").tz_convert("Asia/Shanghai")
        ),
    }
    for name, cells in ways.items():
        table = model.predict({"created_at": cells, "x": x})
        assert (table.answer.tolist(), set(table.notes)) == (expected, {()}), name
        alone = [model.predict({"created_at": cell, "x": at}) for cell, at in zip(cells, x, strict=True)]
        assert [(one.answer, one.notes) for one in alone] == [(value, ()) for value in expected], name
    frame = pd.DataFrame({"created_at": ms, "x": x})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    for name in ("a.parquet", "a.csv"):
        answer_file(model, tmp_path / name, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(encoding="utf-8-sig") as handle:
            np.testing.assert_allclose([float(row["answer"]) for row in csv.DictReader(handle)], expected, rtol=1e-8)


def test_cells_of_another_unit_are_told_alone_and_in_a_table(model: Model) -> None:
    for cell in (ASKED[0], 0, -1, 1e300, "never"):
        one, table = model.predict({"created_at": cell, "x": 0.1}), model.predict({"created_at": [cell], "x": [0.1]})
        assert one == table.row(0)
        assert [note.key for note in one.notes] == ["misfit"]


def test_files_and_onnx_give_the_same(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m.assay")
    rows = {"created_at": [n * 1_000 for n in ASKED], "x": [0.1, 0.2, 0.3]}
    expected = model.predict(rows).answer
    assert assay.load(tmp_path / "m.assay").predict(rows).answer.tolist() == expected.tolist()
    onnx = pytest.importorskip("onnxruntime")
    model.export(tmp_path / "m.onnx")
    session = onnx.InferenceSession(str(tmp_path / "m.onnx"))
    feed = {"created_at": np.asarray(ASKED).reshape(-1, 1) / 86_400, "x": np.asarray(rows["x"]).reshape(-1, 1)}
    np.testing.assert_allclose(np.ravel(session.run(None, feed)[0]), expected, rtol=1e-9)


def test_time_may_be_epochs() -> None:
    found = trained("ts", np.sort(SECONDS), time="ts")
    assert (found.plan.column("ts").kind, found.plan.splits.time) == ("date:epoch:s", "ts")


def test_a_kind_of_number_is_kept_where_it_is_asked_for() -> None:
    table = pd.DataFrame({"ts": SECONDS, "y": RNG.normal(size=400)})
    assert assay.plan(table, "y", kinds={"ts": "number"}).column("ts").kind == "number"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (None, "date:epoch:s:zone:Asia/Shanghai"),
        ("%m/%d/%Y %H:%M", "date:mdy:zone:Asia/Shanghai"),
        ("%d/%m/%Y %H:%M", "date:zone:Asia/Shanghai"),
    ],
)
def test_who_names_a_zone_alone_has_the_rest_found_out(written: str | None, kind: str) -> None:
    seconds = 1_714_521_600 + np.arange(200) * 90_000
    cells = seconds if written is None else pd.to_datetime(seconds, unit="s").strftime(written)
    table = pd.DataFrame({"x": cells, "y": np.arange(200) % 7 * 0.5})
    planned = assay.plan(table, "y", kinds={"x": "date:zone:Asia/Shanghai"}).column("x")
    assert (planned.kind, planned.misfits) == (kind, 0)
