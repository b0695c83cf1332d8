"""Are quarters, weeks, school terms and months the dates they begin with, and nothing else one of them?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import assay
from assay.kernel.data import Column
from assay.kernel.errors import RequestError
from assay.kernel.plugins import modality_of
from assay.planning.kinds import bids


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2020Q3", "2020-07-01"),
        ("2020-Q1", "2020-01-01"),
        ("2020 q4", "2020-10-01"),
        ("Q3 2020", "2020-07-01"),
        ("2020年Q2", "2020-04-01"),
        ("2020年第三季度", "2020-07-01"),
        ("2020年第3季度", "2020-07-01"),
        ("2020年3季度", "2020-07-01"),
        ("2020-W30", "2020-07-20"),
        ("2020W01", "2019-12-30"),
        ("2020-W53", "2020-12-28"),
        ("2020年第30周", "2020-07-20"),
        ("2020年第1周", "2019-12-30"),
        ("2020-2021学年第2学期", "2021-02-01"),
        ("2020-2021学年第1学期", "2020-09-01"),
        ("2020—2021学年度第二学期", "2021-02-01"),
        ("2020-2021学年上学期", "2020-09-01"),
        ("Jul-2020", "2020-07-01"),
        ("July 2020", "2020-07-01"),
        ("Sept. 2020", "2020-09-01"),
    ],
)
@pytest.mark.parametrize("kind", ["date", "date:mdy", "date:ymd", "date:my"])
def test_a_period_is_its_first_day(text: str, day: str, kind: str) -> None:
    modality = modality_of(kind)
    assert modality.open(Column.of_words("x", [text])).column.texts().tolist() == [day]
    assert modality.open_cell(text) == int(np.datetime64(day, "us").astype(np.int64))


@pytest.mark.parametrize(
    "text",
    ["2020Q5", "2020Q", "3020Q1", "12020Q1", "2020Q11", "A2020Q1", "2021-W53", "2020-W00", "2020年第54周", "2020年第五季度", "2020第3季",
     "2020-2022学年第1学期", "2020-2021学年第3学期", "2020-2021学年", "Mary 2020", "Mar-20", "W30", "Q3", "2020Q3b"],
)  # fmt: skip
def test_what_is_no_such_period_is_no_date(text: str) -> None:
    assert modality_of("date").open(Column.of_words("x", [text])).misfits == 1


def best(texts: list[str]) -> str:
    return bids(Column.of_words("x", texts))[0].kind


def months(years: range, form: str = "{b}-{y:02d}") -> list[str]:
    return [form.format(b=b, y=y) for y in years for b in ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug")]


def test_months_with_short_years_are_dates_where_their_numbers_are_years() -> None:
    assert best(months(range(19, 23)) * 5) == "date:my"
    assert modality_of("date:my").open_cell("Jul-20") == modality_of("date").open_cell("2020-07-01")
    # Days of a month, ranges that a spreadsheet took for dates, names.
    assert best([f"{b}-{k}" for k in range(1, 32) for b in ("Jan", "Jul")] * 5) == "category"
    assert best(["Mar-05", "Jun-08", "Oct-14", "Sep-11"] * 50) == "category"
    assert best(["Mary-20", "Juliet-20", "Augusta-20", "Maya-21", "Jane-20"] * 50) == "category"


def test_months_with_short_years_are_read_only_where_no_other_order_reads_the_column() -> None:
    days = [f"2020-07-{k:02d}" for k in range(1, 31)]
    assert best([*days, "Jul-20"]) == "date:plain"
    assert best([f"{k}-Jul-20" for k in range(1, 31)]) == "date:plain"


def test_codes_and_names_stay_names() -> None:
    assert best(["2020Q3-A", "2020Q4-B", "2019Q3-A"] * 50) == "category"
    assert best(["W12", "W13", "W14"] * 50) == "category"
    assert best(["第1学期", "第2学期"] * 50) in ("category", "flag")


@pytest.mark.parametrize("form", ["2020Q{q}", "2020年第{q}季度", "2020-W{q}0", "202{q}-202{r}学年第1学期"])
def test_a_period_may_be_the_time(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [
        f"{form.format(q=k // 30 + 1, r=k // 30 + 2)},{x:.3f},{x + k / 50:.3f}"
        for k, x in enumerate(rng.normal(size=120))
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["when,x,y", *lines]), encoding="utf-8")
    plan = assay.plan(path, "y", time="when")
    assert plan.column("when").kind.startswith("date")
    assert plan.splits.time == "when"


def test_months_too_few_to_tell_are_dates_where_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("when,x,y\n" + "".join(f"Jul-2{k // 30},{k % 7},{k % 5}\n" for k in range(120)), encoding="utf-8")
    assert assay.plan(path, "y").column("when").kind == "category"
    with pytest.raises(RequestError, match="say --kind when=date"):
        assay.plan(path, "y", time="when")
    assert assay.plan(path, "y", time="when", kinds={"when": "date"}).column("when").kind == "date:my"
