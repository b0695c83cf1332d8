"""Is the order of day, month and year found where a column can be read in several, and told where it is not plain?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.answers.gaps import counted, gaps
from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import modality_of
from assay.modalities._date_orders import LOOKED_AT, order_of
from assay.modalities._written_dates import NO_DATE, ORDERS, moment_of, shares_of

FORMS = {"ymd": "{y:02d}/{m:02d}/{d:02d}", "": "{d:02d}/{m:02d}/{y:02d}", "mdy": "{m:02d}/{d:02d}/{y:02d}"}


def written(days: np.ndarray, form: str) -> np.ndarray:
    """Days as a column writes them that has each once."""
    parts = [str(day).split("-") for day in days.astype("datetime64[D]")]
    texts = {form.format(y=int(y) % 100, m=int(m), d=int(d), Y=int(y)) for y, m, d in parts}
    return np.asarray(sorted(texts), dtype=object)


def reason(texts: list[str]) -> str:
    """Why a column is one of dates."""
    return modality_of("date").recognise(Column.of_words("x", texts)).why.text()


def drawn(n: int, first: str, last: str, unit: str = "D", seed: int = 0) -> np.ndarray:
    """Different days, or first days of months, between two."""
    every = np.arange(first, last, dtype=f"datetime64[{unit}]")
    return np.sort(np.random.default_rng(seed).choice(every, n, replace=False))


@pytest.mark.parametrize("order", ["", "ymd"])
@pytest.mark.parametrize("form", ["/", "-", "."])
def test_short_years_are_told_from_days_over_the_column(order: str, form: str) -> None:
    found = order_of(written(drawn(400, "2018-01-01", "2024-01-01"), FORMS[order].replace("/", form)))
    assert (found.variant, found.plain, found.others) == (order, True, ("ymd" if order == "" else "",))


@pytest.mark.parametrize("order", ["", "ymd", "mdy"])
@pytest.mark.parametrize("ends", [0, 1])
def test_what_comes_once_a_month_is_of_its_first_or_its_last_day(order: str, ends: int) -> None:
    months = np.arange("2015-02", "2021-01", dtype="datetime64[M]").astype("datetime64[D]") - ends
    found = order_of(written(months, FORMS[order]))
    assert (found.variant, found.plain) == (order, True)


def test_no_order_is_taken_for_plain_that_another_column_was_written_in() -> None:
    worlds = {
        "some days": [drawn(n, "2018-01-01", "2024-01-01", seed=n) for n in range(3, 60)],
        "many years": [drawn(n, "2001-01-01", "2026-01-01", seed=n) for n in range(3, 60)],
        "some months": [drawn(n, "2003-01", "2024-01", "M", seed=n) for n in range(3, 60)],
        "a month": [np.arange(start, start + 30) for start in np.arange("2018-01-01", "2018-12-01", 30, dtype="M8[D]")],
        "ends of years": [np.asarray([f"20{k:02d}-12-31" for k in range(1, 26)], dtype="datetime64[D]")],
    }
    for name, columns in worlds.items():
        for days in columns:
            for order, form in FORMS.items():
                found = order_of(written(days, form))
                assert found.variant == order or not found.plain, (name, len(days), order, found)


def test_a_column_that_one_order_alone_reads_whole_is_read_in_it() -> None:
    months = drawn(20, "2018-01", "2024-01", "M").astype("datetime64[D]")  # first days
    one_more = {"": "31/12/99", "mdy": "12/31/23", "ymd": "99/12/31"}
    for order, cell in one_more.items():
        found = order_of(np.append(written(months, FORMS[order]), cell))
        assert (found.variant, found.others) == (order, ())


def test_dates_that_are_the_same_in_every_order_are_plain() -> None:
    found = order_of(np.asarray(["06/06/06", "07/07/07"], dtype=object))
    assert (found.variant, found.others) == ("", ())


def test_cells_that_look_like_dates_and_are_none_have_no_order() -> None:
    iso = [f"2024-01-{k:02d}" for k in range(1, 20)]
    found = order_of(np.asarray([*iso, "45/99/2023"], dtype=object))
    assert (found.variant, found.share, found.others) == ("", 0.95, ())
    assert reason([*iso, "45/99/2023"]) == "95.0 % of its cells are dates"


def test_an_example_is_one_that_the_other_order_reads() -> None:
    assert "NaT" not in reason(["01/02/03", "02/03/04", "03/04/05", "2024-01-01"])
    assert "NaT" not in reason(["01/02/2003", "02/03/04", "03/04/05", "04/05/06", "05/06/07", "06/07/08"])


def test_cells_are_looked_at_evenly() -> None:
    """The first of many begin with the first day, which is no sign of its own."""
    days = drawn(20, "2001-01-01", "2026-01-01")
    minutes = [f" {k // 60:02d}:{k % 60:02d}" for k in range(0, 1440, 2)]
    texts = np.asarray(
        sorted(f"{day}{at}" for day in written(days, "{m:02d}/{d:02d}/{Y}") for at in minutes), dtype=object
    )
    assert len(texts) > 2 * LOOKED_AT
    assert order_of(texts).variant == "mdy"


def test_the_plan_tells_the_reading_that_was_taken_and_what_overrules_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    plain = written(drawn(60, "2018-01-01", "2024-01-01"), FORMS["ymd"])
    unclear = [f"{1 + k % 3:02d}/{5 + k % 2:02d}/2024" for k in range(60)]
    lines = [f"{a},{b},{y:.3f}" for a, b, y in zip(plain, unclear, rng.normal(size=60), strict=True)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["opened,seen on,y", *lines]), encoding="utf-8")
    plan = assay.plan(path, "y")
    opened, seen = plan.column("opened"), plan.column("seen on")
    assert (opened.kind, seen.kind) == ("date:ymd", "date")
    assert opened.why is not None
    assert opened.why.text() == (
        "100 % of its cells are dates; as they run, 01/02/03 would be 2001-02-03 (--kind opened=date:dmy reads 2003-02-01)"
    )
    assert seen.why is not None
    assert seen.why.text() == (
        "100 % of its cells are dates, and their order is not plain: 01/02/2003 is read as 2003-02-01 "
        "(--kind 'seen on=date:mdy' reads 2003-01-02)"
    )
    assert "2003-01-02" in seen.why.text("zh")
    asked = assay.plan(path, "y", kinds={"opened": "date:dmy", "seen on": "date:mdy"})
    assert [asked.column(name).misfits for name in ("opened", "seen on")] == [0, 0]
    assert asked.column("seen on").kind == "date:mdy"
    assert asked.column("opened").kind == "date:dmy"


def test_day_first_can_be_asked_for() -> None:
    column = Column.of_words("x", ["18/06/06", "2018-06-07"])
    assert modality_of("date:dmy").open(column).column.texts().tolist() == ["2006-06-18", "2018-06-07"]
    assert modality_of("date:ymd").open(column).column.texts().tolist() == ["2018-06-06", "2018-06-07"]


ISO = [f"2024-0{1 + k % 9}-{1 + k % 28:02d}" for k in range(60)]


@pytest.mark.parametrize("texts", [ISO, [f"2024年{1 + k % 12}月3日" for k in range(60)], ["5 Jan 2024", "17 Feb 2025"]])
def test_dates_that_leave_no_order_open_are_read_in_none(texts: list[str]) -> None:
    claim = modality_of("date").recognise(Column.of_words("x", texts))
    assert (claim.variant, claim.why.text()) == ("plain", "100 % of its cells are dates")
    opened = modality_of("date:plain").open(Column.of_words("x", texts))
    assert opened.misfits == 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-04-03", "2024-04-03"),
        ("03/04/2024", None),
        ("3.4.2024 10:30", None),
        ("13/04/2024", "2024-04-13"),
        ("04/13/2024", "2024-04-13"),
        ("04/04/2024", "2024-04-04"),
        ("24/03/25", None),  # 24 March 2025, or 25 March 2024
        ("32/04/2024", None),
    ],
)
@pytest.mark.parametrize("zone", ["", ":zone:Asia/Shanghai"])
def test_of_such_a_column_a_cell_is_read_where_all_orders_agree(text: str, day: str | None, zone: str) -> None:
    modality = modality_of(f"date:plain{zone}")
    found = modality.open(Column.of_words("x", [text])).column.cells.astype("datetime64[D]")[0]
    assert str(found) == (day or "NaT")
    alone = modality.open_cell(text)
    assert (alone is None) == (day is None)


def test_a_zone_that_is_named_leaves_the_order_as_it_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["seen,y", *(f"{day} 08:00,{k % 7}.5" for k, day in enumerate(ISO))]), encoding="utf-8")
    assert assay.plan(path, "y").column("seen").kind == "date:plain"
    asked = {"date": "date:plain", "date:zone:Asia/Shanghai": "date:plain:zone:Asia/Shanghai", "date:dmy": "date:dmy"}
    for kind, found in asked.items():
        assert assay.plan(path, "y", kinds={"seen": kind}).column("seen").kind == found


def test_a_model_that_learnt_plain_dates_says_which_it_cannot_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "t.csv"
    days = [str(np.datetime64("2023-01-01") + int(k)) for k in rng.integers(0, 700, 200)]
    path.write_text("\n".join(["seen,y", *(f"{d},{d[5:7]}.{k % 10}" for k, d in enumerate(days))]), encoding="utf-8")
    model = assay.train(path, "y", trials=1, learners=("linear",), checks=())
    one = model.predict({"seen": "03/04/2024"})
    assert [note.text() for note in one.notes if note.key == "misfit"] == [
        "seen '03/04/2024' does not read as a date that shows which number is the day, as the dates that were learnt did"
    ]
    many = model.predict([{"seen": cell} for cell in ("03/04/2024", "13/04/2024", "2024-04-13", "04/05/2024") * 5])
    told = [say.text() for say in counted(gaps(many.notes))]
    assert told[-1].startswith("'seen' has 10 dates as 03/04/2024, which is 3 April or 4 March")


MONTHS = [f"{year}.{month}" for year in (2012, 2013) for month in range(1, 13)]


@pytest.mark.parametrize("cells", [MONTHS, [f"{y}.{m:02d}" for y in (2012, 2013) for m in range(1, 13)]])
def test_months_behind_a_point_are_known_by_all_cells_together(cells: list[str]) -> None:
    column = Column.of_words("入职年月", cells)
    claim = modality_of("date").recognise(column)
    assert (claim.variant, claim.fit > modality_of("number").recognise(column).fit) == ("y.m", True)
    opened = modality_of("date:y.m").open(column)
    assert opened.misfits == 0
    assert len(set(opened.column.texts().tolist())) == 24
    assert opened.column.texts().tolist()[9] == "2012-10-01"


@pytest.mark.parametrize(
    "cells", [[c for c in MONTHS if not c.endswith(".10")], [*MONTHS, "2013.13"], [*MONTHS, "1.5"], MONTHS[:11]]
)
def test_numbers_that_look_so_are_no_months(cells: list[str]) -> None:
    with pytest.raises(DoesNotApply):
        modality_of("date").recognise(Column.of_words("x", cells))


def test_a_number_that_no_order_is_asked_for_is_a_date_in_none() -> None:
    rng = np.random.default_rng(0)
    cells = ["".join(rng.choice([*"0011229.-/ :"], rng.integers(1, 11))) for _ in range(30_000)]
    cells += [
        f"{y}{rest}"
        for y in (1899, 1999, 2012, 2112)
        for rest in ("", "0504", "0504101112", ".1", ".10", ".010", ".", "-5")
    ]
    cells += ["-20120504", "20120504\n", "2012\n0504", "10\n11", "٢٠١٢٠٥٠٤"]
    put_aside = [cell for cell in cells if NO_DATE.fullmatch(cell)]
    assert len(put_aside) > 1_000
    assert not [cell for cell in put_aside for order in ORDERS if moment_of(cell, order) is not None]
    read = {order: np.asarray([moment_of(cell, order) is not None for cell in cells]).mean() for order in ORDERS}
    assert shares_of(np.asarray(cells, dtype=object), to_end=True) == pytest.approx(read)
