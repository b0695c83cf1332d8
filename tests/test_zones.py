"""Are dates that come with a time zone told by the clock on the wall there, by whichever road they come?"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel import zones
from assay.kernel.cells import Moment
from assay.kernel.data import Column
from assay.kernel.errors import DataError
from assay.kernel.plugins import modality_of
from assay.model import Model
from assay.streaming import answer_file

SHANGHAI = "Asia/Shanghai"
DAYS = pd.date_range("2024-01-01", periods=300, freq="D")  # midnights
PAID = DAYS.day * 1.0  # what is paid rises within the month
ASKED = ("2024-03-01", "2024-05-31", "2024-07-01")


def trained(when: object) -> Model:
    table = pd.DataFrame({"when": when, "paid": PAID})
    return assay.train(table, "paid", learners=("linear",), trials=2, folds=2, checks=())


@pytest.fixture(scope="module")
def zoned() -> Model:
    return trained(DAYS.tz_localize(SHANGHAI))


@pytest.fixture(scope="module")
def plain() -> Model:
    return trained(DAYS)


def kind_of(texts: list[str | None]) -> str:
    claim = modality_of("date").recognise(Column.of_words("x", texts))
    return ":".join(filter(None, ("date", claim.variant, claim.as_met)))


def opened(kind: str, texts: list[str | None]) -> list[str | None]:
    return modality_of(kind).open(Column.of_words("x", texts)).column.texts().tolist()


def test_midnight_of_the_bank_is_on_the_day_that_its_calendar_shows(zoned: Model, plain: Model) -> None:
    assert zoned.plan.column("when").kind == f"date:plain:zone:{SHANGHAI}"
    frame = pd.DataFrame({"when": pd.to_datetime(ASKED).tz_localize(SHANGHAI)})
    expected = plain.predict(pd.DataFrame({"when": pd.to_datetime(ASKED)})).answer
    np.testing.assert_array_equal(zoned.predict(frame).answer, expected)


def test_every_road_gives_the_same_answers_without_a_note(zoned: Model, tmp_path: Path) -> None:
    expected = zoned.predict({"when": list(ASKED)}).answer.tolist()
    here, there = ZoneInfo(SHANGHAI), dt.timezone(dt.timedelta(hours=-3))
    local = [dt.datetime.fromisoformat(text).replace(tzinfo=here) for text in ASKED]
    ways = {
        "plain moments": [dt.datetime.fromisoformat(text) for text in ASKED],
        "its own zone": local,
        "another zone": [moment.astimezone(there) for moment in local],
        "zones side by side": [local[0], *(moment.astimezone(there) for moment in local[1:])],
        "texts of UTC": [moment.astimezone(dt.UTC).isoformat() for moment in local],
        "texts with a zone": [f"{text}T00:00+08" for text in ASKED],
    }
    for name, cells in ways.items():
        answers = zoned.predict({"when": cells})
        assert (answers.answer.tolist(), set(answers.notes)) == (expected, {()}), name
        one_by_one = [zoned.predict({"when": cell}) for cell in cells]
        assert [(one.answer, one.notes) for one in one_by_one] == [(value, ()) for value in expected], name
        assert zoned.explain({"when": cells[0]}).to_json() == zoned.explain({"when": cells}).to_json(), name
    for name in ("frame.parquet", "texts.csv"):
        frame = pd.DataFrame({"when": local if name == "frame.parquet" else ways["texts of UTC"], "row": range(3)})
        frame.to_parquet(tmp_path / name) if name == "frame.parquet" else frame.to_csv(tmp_path / name, index=False)
        answer_file(zoned, tmp_path / name, tmp_path / "out.csv")
        with (tmp_path / "out.csv").open(encoding="utf-8-sig") as handle:
            np.testing.assert_allclose([float(row["answer"]) for row in csv.DictReader(handle)], expected, rtol=1e-8)


def test_the_file_keeps_the_zone(zoned: Model, tmp_path: Path) -> None:
    zoned.save(tmp_path / "m.assay")
    again = assay.load(tmp_path / "m.assay")
    row = {"when": "2024-02-29T16:00:00Z"}
    assert again.predict(row) == zoned.predict(row) == zoned.predict({"when": "2024-03-01"})
    onnx = pytest.importorskip("onnxruntime")
    zoned.export(tmp_path / "m.onnx")
    session = onnx.InferenceSession(str(tmp_path / "m.onnx"))
    days = (pd.to_datetime(list(ASKED)) - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
    found = session.run(None, {"when": np.asarray(days, dtype=np.float64).reshape(-1, 1)})[0]
    np.testing.assert_allclose(np.ravel(found), zoned.predict({"when": list(ASKED)}).answer, rtol=1e-9)


def test_a_zone_that_training_did_not_know_is_read_in_utc_and_noted(plain: Model) -> None:
    local = pd.Timestamp("2024-03-01", tz=SHANGHAI)
    for cell in (local, "2024-03-01T00:00+08:00"):
        one, table = plain.predict({"when": cell}), plain.predict({"when": [cell]})
        assert [note.text("en") for note in one.notes] == [
            "when has a time zone, which the dates that were learnt had not: it is read in UTC"
        ]
        assert (one.notes, one.out_of_range) == (table.row(0).notes, False)
        assert one.answer == table.row(0).answer == plain.predict({"when": "2024-02-29 16:00"}).answer
    assert plain.predict({"when": pd.Timestamp("2024-03-01", tz="UTC")}).notes == ()


def test_texts_are_read_by_the_clock_they_are_written_by() -> None:
    assert kind_of(["2024-03-01T00:00+08:00", "2024-03-02", None]) == "date:plain:zone:+08:00"
    assert kind_of(["03/25/2024 10:00-0530"]) == "date:mdy:zone:-05:30"
    assert kind_of(["2024-01-01T00:00Z"]) == "date:plain:zone:UTC"
    assert kind_of(["2024-01-01T00:00+01:00", "2024-07-01T00:00+02:00"]) == "date:plain:zone:own"
    assert kind_of(["2024-01-01T00:00-05:00", "2024-07-01T00:00+08:00"]) == "date:plain:zone:UTC"
    assert opened("date:zone:+08:00", ["2024-03-01T00:00+08:00", "2024-02-29T16:00Z"]) == ["2024-03-01"] * 2
    assert opened("date:zone:own", ["2024-01-01T00:00+01:00", "2024-07-01T00:00+02"]) == ["2024-01-01", "2024-07-01"]
    assert opened("date", ["2024-03-01T00:00+08:00"]) == ["2024-02-29T16:00:00"]  # as older files read it
    assert opened("date", ["2024-03-01T00:00+77:00"]) == [None]


def test_a_kind_that_is_asked_for_keeps_the_zone() -> None:
    table = pd.DataFrame({"when": DAYS.tz_localize(SHANGHAI), "paid": PAID})
    assert assay.plan(table, "paid", kinds={"when": "date"}).column("when").kind == f"date:plain:zone:{SHANGHAI}"
    assert assay.plan(table, "paid", kinds={"when": "date:zone:UTC"}).column("when").kind == "date:plain:zone:UTC"


def test_clocks_of_many_moments_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    moments = rng.integers(-(2**61), 2**61, 500).astype("datetime64[us]")
    near = rng.integers(-(2**52), 2**52, 500).astype("datetime64[us]")
    for zone in ("Europe/Berlin", "Asia/Kathmandu", "-03:30"):
        told = zones.walls(np.append(moments, near), zone).astype(np.int64)
        assert told.tolist() == [zones.wall(m, zone) for m in np.append(moments, near).astype(np.int64).tolist()]
    summer = dt.datetime(2024, 7, 1, tzinfo=dt.UTC).timestamp() * 1e6
    assert zones.wall(int(summer), "Europe/Berlin") - summer == 2 * 3_600e6


def test_a_zone_that_the_machine_does_not_know_is_told() -> None:
    with pytest.raises(DataError, match="Mars/Olympus"):
        modality_of("date:zone:Mars/Olympus").open_cell(Moment(0, "UTC"))
    assert modality_of("date:zone:Mars/Olympus").open_cell(Moment(0)) == 0
