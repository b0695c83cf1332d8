"""Are durations beyond a day, or in minutes and seconds, numbers of seconds, and are times of day, goals and shares left as they are?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from assay.kernel.data import Column, Dataset, Source
from assay.kernel.plugins import OpensCells, modality_of
from assay.kernel.written_durations import duration
from assay.kernel.written_numbers import way_of, written_number
from assay.planning.draw import draw
from assay.planning.kinds import bids, plan_column
from assay.planning.wishes import Wishes

STAYS = [
    f"{hours}:{minutes:02d}:{seconds:02d}"
    for hours in (5, 22, 37)
    for minutes in range(0, 60, 7)
    for seconds in (0, 31)
]
RUNS = [f"{minutes}:{seconds:02d}" for minutes in range(15, 90, 3) for seconds in (4, 28, 59)]


@pytest.mark.parametrize(
    ("text", "variant", "seconds"),
    [
        *(("37:48:28", "clock", 136_108), ("0:00:01.25", "clock", 1.25), ("1:02:03,5", "clock", 3_723.5), ("-1:00:00", "clock", -3_600)),
        *(("68:28", "clock", 4_108), ("68:28", "clock:hours", 246_480), ("1:23.456", "clock:hours", 83.456), ("１２：３０", "clock", 750)),
        *(("1 days 02:03:04", "clock", 93_784), ("1 day, 2:03:04.5", "clock", 93_784.5), ("2天 00:00:01", "clock:hours", 172_801)),
        *(("-1 days +23:59:00", "clock", -60), ("0 days 00:00:05.250000", "clock", 5.25)),
        *((" 1250:00:00 ", "clock", 4_500_000), ("90", "clock", 90), ("37:48:28", "clock:hours", 136_108)),
    ],
)  # fmt: skip
def test_durations_are_seconds(text: str, variant: str, seconds: float) -> None:
    assert written_number(text, variant) == seconds


@pytest.mark.parametrize(
    "text", ["", ":", "1:75", "1:5", "1:75:30", "1:5:30", "1:2:3:4", "05:12 PM", "1:2a", "3:1", "--1:00", "00:1B:44"]
)
def test_what_no_clock_shows_is_none(text: str) -> None:
    assert math.isnan(duration(text))
    assert math.isnan(written_number(text, "clock"))


def test_without_the_variant_they_are_no_numbers_as_before() -> None:
    assert math.isnan(written_number("37:48:28"))
    assert math.isnan(written_number("68:28", "units:minutes"))


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("时长", STAYS, "number:clock"),
        ("时长", RUNS, "number:clock"),
        ("小时", RUNS, "number:clock:hours"),
        ("flightHours", RUNS, "number:clock:hours"),
        ("running time (hh:mm)", RUNS, "number:clock:hours"),
        ("工时", RUNS, "number:clock:hours"),
        ("lap", [f"1:{second}.{part}" for second in range(20, 40) for part in (125, 300)], "number:clock"),
        ("episode", [*RUNS, "1:05:30", "2:00:01"], "number:clock"),
        ("stay", [*STAYS, "absent"], "number:clock"),
        ("waited", [f"{k % 5} days 0{k % 9}:03:{k % 50 + 10}" for k in range(60)], "number:clock"),
        ("admitted", STAYS[:36], "date:clock"),  # below 24 hours
        ("closed", [*STAYS[:36], "24:00:00"], "date:clock"),  # which ends a day
        ("goals", [f"{a}:{b}" for a in range(18, 34) for b in range(19, 33)], "category"),
        ("shares", ["50:50", "60:40", "70:30", "80:20", "90:10"] * 9, "category"),
        ("chorus", [f"{hour}" for hour in range(60)] + ["25:10"], "number"),  # one among numbers
        ("verse", [f"{chapter}:{verse}" for chapter in range(1, 30) for verse in (1, 3, 7, 16, 28)], "category"),
    ],
)  # fmt: skip
def test_a_column_is_of_durations_where_a_cell_is_no_time_of_day(name: str, cells: Sequence[str], kind: str) -> None:
    _, plan = plan_column(Column.of_words(name, list(cells)), Wishes(target="y"))
    assert plan.kind == kind


def test_what_was_taken_of_two_parts_is_said_in_both_languages() -> None:
    why = bids(Column.of_words("时长", RUNS))[0].claim.why
    assert "##:## are minutes and seconds" in why.text("en")
    assert "按分和秒" in why.text("zh")
    hours = bids(Column.of_words("小时", RUNS))[0].claim.why
    assert "hours and minutes" in hours.text("en")
    assert "按时和分" in hours.text("zh")
    assert "minutes" not in bids(Column.of_words("时长", STAYS))[0].claim.why.text("en")


def test_whoever_asks_for_a_number_has_times_of_day_read_as_durations() -> None:
    column = Column.of_words("时长", STAYS[:36])
    opened, plan = plan_column(column, Wishes(target="y", kinds={"时长": "number"}))
    assert plan.kind == "number:clock"
    assert plan.misfits == 0
    assert opened.cells[1] == 5 * 3_600 + 31
    assert way_of(column) == ""


def test_a_cell_alone_is_opened_as_in_its_column() -> None:
    reader = modality_of("number:clock")
    column = Column.of_words("t", [*STAYS, *RUNS, "absent", None])
    assert isinstance(reader, OpensCells)
    alone = [reader.open_cell(text) for text in column.texts()]
    assert np.array_equal(
        reader.open(column).column.cells,
        np.asarray([np.nan if cell is None else cell for cell in alone]),
        equal_nan=True,
    )


@pytest.mark.parametrize(("cells", "task"), [(STAYS, ""), (RUNS, ""), (STAYS[:36], "value")])
def test_durations_are_a_target_of_values(cells: Sequence[str], task: str) -> None:
    rows = 4 * len(cells)
    x = Column.of_numbers("x", np.random.default_rng(0).normal(size=rows))
    table = Dataset((x, Column.of_words("took", list(cells) * 4)), Source(name="t.csv", reader="csv", rows_read=rows))
    plan, opened = draw(table, Wishes(target="took", task=task))
    assert plan.task == "value"
    assert plan.column("took").kind == "number:clock"
    assert "in seconds" in plan.column("took").why.text("en")
    assert "以秒读取" in plan.column("took").why.text("zh")
    assert opened["took"].cells[0] == duration(cells[0])
    assert plan.unit == "s"
