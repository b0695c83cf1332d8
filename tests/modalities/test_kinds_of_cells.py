"""Are cells read as a person would read them, and only once, over the whole column?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.box import Box
from assay.kernel.data import Column
from assay.kernel.errors import BundleInvalid, DoesNotApply
from assay.kernel.labels import codes_of
from assay.kernel.plugins import modality_of
from assay.kernel.rng import stream
from assay.kernel.written_numbers import numbers_in
from assay.modalities import number
from assay.modalities.number import Number
from assay.planning.kinds import bids
from assay.planning.target import choose_task, open_target
from assay.store import plain


def opened(kind: str, texts: list[str | None]) -> list[str | None]:
    return modality_of(kind).open(Column.of_words("x", texts)).column.texts().tolist()


def learnt(kind: str, texts: list[str | None]):  # type: ignore[no-untyped-def]
    column = modality_of(kind).open(Column.of_words("x", texts)).column
    return modality_of(kind).learn(column, stream(0, "x"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5),
        ("$ 12", 12.0),
        ("12%", 12.0),
        ("1e3", 1000.0),
        ("-0.5", -0.5),
        ("−3", -3.0),
        ("¥1,000", 1000),
        ("1.2万", 12_000),
        ("￥1,234.5万元", 12_345_000),
        ("-3亿", -300_000_000),
        ("500元", 500),
        ("(785.50)", -785.5),
        ("（785.50）", -785.5),
        ("($1,234.50)", -1234.5),
        ("-￥5271.99", -5271.99),
        ("-$5648.00", -5648),
        ("- 5.50", -5.5),
        ("2849.00-", -2849),
        ("RMB 5410.00", 5410),
        ("4861.00 CNY", 4861),
        ("USD 6696", 6696),
        ("-EUR 12.50", -12.5),
        ("１１３．９", 113.9),
        ("7，331", 7331),
        ("￥－２０", -20),
    ],
)
def test_written_numbers_are_read(text: str, value: float) -> None:
    assert float(opened("number", [text])[0] or "nan") == value


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1.2.3",
        "1,23,4",
        "万",
        "万元",
        "1万2",
        "1e3万",
        "3号",
        "5天",
        "inf",
        "nan?",
        "",
        "-",
        "1e999",
        "9" * 400,
        "12_3",
        "1_23",
    ],
)
def test_what_is_no_finite_number_is_a_misfit(text: str) -> None:
    found = modality_of("number").open(Column.of_words("x", [text, "1"]))
    assert found.misfits == 1
    assert found.examples == (text[:60],)
    assert found.column.missing.tolist() == [True, False]


def test_amounts_of_banks_are_read_alone_as_in_a_table_and_with_decimal_commas() -> None:
    number = modality_of("number")
    for text in ("(785.50)", "-￥5271.99", "2849.00-", "１１３．９"):
        assert number.open_cell(text) == float(opened("number", [text])[0] or "nan")
    assert opened("number:comma", ["(1.234,50)", "2.849,00-", "-€5,5"]) == ["-1234.5", "-2849", "-5.5"]


def test_a_target_of_amounts_of_banks_is_a_value() -> None:
    cells = [f"({i}.50)" if i % 3 else f"{i}.25" for i in range(100)]
    task, _, _ = choose_task(Column.of_words("y", cells), "")
    assert task.about.key == "value"
    assert open_target(Column.of_words("y", cells), task).cells[1] == -1.5


def test_decimal_commas_are_a_variant_decided_over_the_column() -> None:
    column = Column.of_words("x", ["1.234,56", "2,5", "1.000"])
    assert modality_of("number").recognise(column).variant == "comma"
    assert opened("number:comma", ["1.234,56", "2,5", "1.000"]) == ["1234.56", "2.5", "1000"]


def test_amounts_in_a_unit_may_have_decimal_commas_where_no_thousands_are_beside_them() -> None:
    assert opened("number:unit:kg", ["12,5 kg", "1.234,5 kg", "1,234 kg", "7"]) == ["12.5", "1234.5", "1234", "7"]
    claims = modality_of("number").recognise(Column.of_words("x", [f"{i},{i % 10} kg" for i in range(10, 60)]))
    assert (claims.variant, claims.fit) == ("unit:kg", pytest.approx(0.9))
    slip = modality_of("number").recognise(Column.of_words("x", [*(f"{i},234 kg" for i in range(1, 200)), "12,5 kg"]))
    assert slip.variant == "unit:kg"  # one cell does not make names of all
    with pytest.raises(DoesNotApply):  # 1,234 kg may be either
        modality_of("number").recognise(
            Column.of_words("x", [f"{i},{'5' if i % 2 else '234'} kg" for i in range(10, 60)])
        )


def test_any_blank_stands_between_thousands_and_numbers_that_are_called_are_none() -> None:
    assert opened("number", ["50 123", "1 234 567.5", "50 123 €", "12 34"]) == ["50123", "1234567.5", "50123", None]
    assert opened("number", ["612 345 678", "0 123"]) == [None, None]


def test_no_thousands_begin_with_a_zero() -> None:
    assert opened("number:comma", ["0.697", "-0.697", "0,697", "1.697"]) == [None, None, "0.697", "1697"]
    assert opened("number", ["0,697", "0.697", "1,697"]) == [None, "0.697", "1697"]
    column = Column.of_words("x", ["0,697", "1,234", "0,120"])
    assert modality_of("number").recognise(column).variant == "comma"


def test_one_unit_behind_every_number_is_a_variant() -> None:
    ages = [f"{age}岁" for age in range(20, 60)]
    claim = modality_of("number").recognise(Column.of_words("x", [*ages, "61"]))
    assert (claim.variant, claim.fit) == ("unit:岁", 0.9)
    assert opened("number:unit:岁", ["64岁", "64 岁", "1.2万岁", "7", "7天"]) == ["64", "64", "12000", "7", None]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        *(("17℃", "℃", "17"), ("-3.5 °C", "°C", "-3.5"), ("5.2mmol/L", "mmol/L", "5.2"), ("1,234 KWH", "kWh", "1234")),
        *(("85分", "分", "85"), ("2 MPa", "MPa", "2"), ("5ms", "ms", "5"), ("3个", "个", "3"), ("12 m²", "m²", "12")),
    ],
)
def test_units_of_measurement_are_known(text: str, unit: str, value: str) -> None:
    claim = modality_of("number").recognise(Column.of_words("x", [text] * 5))
    assert claim.variant == f"unit:{unit}"
    assert opened(f"number:unit:{unit}", [text, text.lower(), "3A"]) == [value, value, None]


@pytest.mark.parametrize(
    "texts", [["3天", "2次", "5天"], ["101室", "102室", "103室"], ["3号", "5号"], ["3A", "5A"], ["12m", "7m"]]
)
def test_several_units_and_numbered_names_are_no_numbers(texts: list[str | None]) -> None:
    with pytest.raises(DoesNotApply):
        modality_of("number").recognise(Column.of_words("x", texts))


def test_one_day_is_one_of_days_and_capitals_are_no_other_unit() -> None:
    stays = ["1 day", "30 days", "2 Days", "12 days"]
    assert modality_of("number").recognise(Column.of_words("x", stays)).variant == "unit:days"
    assert opened("number:unit:days", [*stays, "2 months"]) == ["1", "30", "2", "12", None]
    assert modality_of("number").recognise(Column.of_words("x", ["12 KG", "3.5 kg"])).variant == "unit:kg"
    assert opened("number:unit:kg", ["1e3 KG", "1.2万 Kg", "3 days"]) == ["1000", "12000", None]


def test_an_infinite_number_of_a_frame_is_counted() -> None:
    found = modality_of("number").open(Column.of_numbers("x", [1.0, np.inf, -np.inf, np.nan]))
    assert found.misfits == 2
    assert not np.isinf(found.column.cells).any()


def test_a_moment_read_as_a_number_is_a_misfit_as_its_text_is() -> None:
    moments = Column(name="x", cells=np.asarray(["1970-01-02", "NaT"], dtype="datetime64[us]"))
    for column in (moments, Column.of_words("x", ["1970-01-02", None])):
        found = modality_of("number").open(column)
        assert (found.column.texts().tolist(), found.misfits, found.examples) == ([None, None], 1, ("1970-01-02",))


def test_leading_zeros_speak_for_codes() -> None:
    zips = Column.of_words("zip", ["01234", "00420", "31337"] * 10)
    assert modality_of("number").recognise(zips).fit < modality_of("category").recognise(zips).fit


def test_numbers_in_more_digits_than_are_held_exactly_are_names() -> None:
    cards = [f"{11010519491231000 + i}{'X' if i % 11 == 2 else i % 10}" for i in range(300)]
    column = Column.of_words("card", cards)
    assert modality_of("number").recognise(column).fit < modality_of("category").recognise(column).fit
    assert "18 digits" in modality_of("number").recognise(column).why.text()
    amounts = Column.of_words("amount", [f"{10**12 + 7919 * i}" for i in range(300)])
    assert modality_of("number").recognise(amounts).fit > 0.8
    with pytest.raises(DoesNotApply):
        modality_of("category").recognise(amounts)


@pytest.mark.parametrize(
    "text",
    ["2024-02-03", "2024/2/3", "2024.02.03", "2024年2月3日", "20240203", "3 Feb 2024", "Feb 3, 2024", "03.02.2024",
     "2024-02-03T00:00:00Z", "2024-02-03 02:00+02:00", "03FEB2024", "3feb2024:00:00:00"],
)  # fmt: skip
def test_dates_of_many_forms_are_one_day(text: str) -> None:
    assert opened("date", [text]) == ["2024-02-03"]


def test_day_or_month_first_is_decided_over_the_column() -> None:
    american = Column.of_words("d", ["03/04/2024", "03/25/2024", "12/31/2023"])
    european = Column.of_words("d", ["03/04/2024", "25/03/2024", "31/12/2023"])
    assert modality_of("date").recognise(american).variant == "mdy"
    assert modality_of("date").recognise(european).variant == ""
    assert opened("date:mdy", ["03/04/2024"]) == ["2024-03-04"]
    assert opened("date", ["03/04/2024"]) == ["2024-04-03"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("25/7/2023 7:02 PM", "2023-07-25T19:02:00"),
        ("2023-07-25 12:02 am", "2023-07-25T00:02:00"),
        ("2023/12/11 上午 8:59", "2023-12-11T08:59:00"),
        ("2023/12/11 下午8:59", "2023-12-11T20:59:00"),
        ("2023/12/11 中午 12:10", "2023-12-11T12:10:00"),
        ("2023/12/11 中午 1:10", "2023-12-11T13:10:00"),
        ("2023/12/11 凌晨 12:10", "2023-12-11T00:10:00"),
        ("2023/12/11 晚上 9:10", "2023-12-11T21:10:00"),
        ("2023年3月3日 13时43分", "2023-03-03T13:43:00"),
        ("2023年3月3日 13时43分5秒", "2023-03-03T13:43:05"),
        ("2023年5月11日23:56", "2023-05-11T23:56:00"),
        ("2023年11月7日 星期二", "2023-11-07"),
        ("2023年11月7日（周二） 10:20", "2023-11-07T10:20:00"),
        ("2023-05-24 10:15:11,500", "2023-05-24T10:15:11.500000"),
        ("2023-3", "2023-03-01"),
        ("20230324151800", "2023-03-24T15:18:00"),
        ("11-Jan-24", "2024-01-11"),
        ("19.06.98", "1998-06-19"),
        ("民国104年12月18日", "2015-12-18"),
    ],
)
def test_clocks_weekdays_and_short_years_are_read(text: str, moment: str) -> None:
    assert opened("date", [text]) == [moment]
    assert modality_of("date").open_cell(text) == int(np.datetime64(moment, "us").astype(np.int64))


def test_the_order_of_short_years_is_decided_over_the_column() -> None:
    ways = {"": ["19.06.23", "25/07/23"], "mdy": ["01/13/16", "02/03/16"], "ymd": ["23/06/19", "99/12/31"]}
    for variant, texts in ways.items():
        assert modality_of("date").recognise(Column.of_words("d", texts)).variant == variant
    assert opened("date:ymd", ["23/06/19", "99-12-31", "2024-01-02"]) == ["2023-06-19", "1999-12-31", "2024-01-02"]


def test_clock_times_alone_are_hours_of_a_day_and_never_left_out(tmp_path: Path) -> None:
    clocks = [f"{i % 24:02d}:{i * 7 % 60:02d}:{i * 13 % 60:02d}" for i in range(300)]
    path = tmp_path / "t.csv"
    path.write_text("at,y\n" + "".join(f"{at},{i % 2}\n" for i, at in enumerate(clocks)), encoding="utf-8")
    found = assay.plan(path, "y").column("at")
    assert (found.kind, found.role) == ("date:clock", "feature")
    encoder = learnt(found.kind, list(clocks))
    assert opened(found.kind, ["18:30:00", "2024-01-02"]) == ["18:30:00", None]
    column = modality_of(found.kind).open(Column.of_words("at", ["18:30:00"])).column
    assert encoder.vector(column).values[0, 0] == 18.5 / 24


def test_clock_times_near_midnight_are_near_each_other_and_told_once() -> None:
    encoder = learnt("date:clock", [f"{i % 24:02d}:30" for i in range(50)])
    vector = encoder.vector(modality_of("date:clock").open(Column.of_words("at", ["23:59", "00:00", "12:00"])).column)
    parts = {feature.name: values for feature, values in zip(vector.features, vector.values.T, strict=True)}
    assert [name for name, values in parts.items() if np.ptp(values) > 0] == [
        "x (days)", "x (day, sine)", "x (day, cosine)",
    ]  # fmt: skip
    last, first, noon = np.column_stack([parts["x (day, sine)"], parts["x (day, cosine)"]])
    assert np.hypot(*(last - first)) < 0.01 < 1.9 < np.hypot(*(first - noon))
    of_a_morning = learnt("date:clock", [f"{i % 4 + 8:02d}:30" for i in range(50)])
    assert of_a_morning.cycles == ()


def test_clock_times_are_told_without_a_day() -> None:
    from assay.stats.slices import groups_of

    clocks = [f"{i % 24:02d}:{i * 7 % 60:02d}:00" for i in range(240)]
    column = modality_of("date:clock").open(Column.of_words("at", [*clocks, "noon"])).column
    assert column.texts().tolist() == [*clocks, None]
    assert column.as_words().levels is not None
    assert sorted(column.as_words().levels) == sorted(set(clocks))
    # What was told is read again.
    assert opened("date:clock", clocks[:3]) == clocks[:3]
    groups = groups_of(column, 20)
    assert groups is not None
    assert len(groups.labels) == 5
    assert groups.labels[0].startswith("00:")
    assert np.bincount(groups.code[groups.code >= 0]).min() > 40


@pytest.mark.parametrize(
    "text",
    ["1.2.10", "3-4-12", "13:02", "7/25/23", "2023-13", "12/13:02", "2023-07-25 13:02 PM", "2023-07-25 晚上 12:10"],
)
def test_versions_scores_and_what_is_no_hour_are_no_days(text: str) -> None:
    assert modality_of("date").open(Column.of_words("x", [text])).misfits == 1


@pytest.mark.parametrize("text", ["2024-02-30", "2024-13-01", "31/02/2024", "yesterday", "2024-02-03T25:00"])
def test_days_that_do_not_exist_are_misfits(text: str) -> None:
    assert modality_of("date").open(Column.of_words("x", [text])).misfits == 1


def test_a_calendar_gives_the_parts_of_a_day() -> None:
    encoder = learnt("date", ["2024-02-03", "2024-03-01"])
    column = modality_of("date").open(Column.of_words("x", ["2024-02-03"])).column
    assert encoder.vector(column).values[:, :4].tolist() == [[19756.0, 2.0, 3.0, 5.0]]  # a Saturday
    late = modality_of("date").open(Column.of_words("x", ["2025-01-01", None])).column
    assert encoder.strange(late).tolist() == [True, False]


def cycle(texts: list[str | None], which: str) -> np.ndarray:
    """Sine and cosine of some moments, by an encoder that learnt from days with a clock."""
    encoder = learnt("date", ["2023-01-01 08:00", "2024-12-31 09:30"])
    vector = encoder.vector(modality_of("date").open(Column.of_words("x", texts)).column)
    names = [feature.name for feature in vector.features]
    return vector.values[:, [names.index(f"x ({which}, {wave})") for wave in ("sine", "cosine")]]


@pytest.mark.parametrize(
    ("which", "texts", "far"),
    [
        ("year", ["2023-12-31", "2024-01-01"], "2024-07-01"),
        ("year", ["2024-02-29", "2024-03-01"], "2024-08-31"),
        ("year", ["2023-02-28", "2023-03-01"], "2023-08-31"),
        ("week", ["2024-02-04", "2024-02-05"], "2024-02-08"),
        ("day", ["2024-02-03 23:59", "2024-02-04 00:00"], "2024-02-03 12:00"),
    ],
)
def test_the_end_of_a_cycle_is_beside_its_beginning(which: str, texts: list[str | None], far: str) -> None:
    last, first, opposite = cycle([*texts, far], which)
    step = {"year": 2 * np.pi * 1.25 / 365.25, "week": 2 * np.sin(np.pi / 7), "day": 2 * np.pi / 1440}[which]
    assert 0 < np.hypot(*(last - first)) <= step
    assert np.hypot(*(first - opposite)) > 1.9


def test_cycles_are_told_to_the_nearest_minute_and_missing_where_the_date_is() -> None:
    found = cycle(["2024-02-03 23:59:31", "2024-02-03 06:00:29", "2024-02-03 18:00", None], "day")
    assert found[:3].tolist() == [[0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]]
    assert np.isnan(found[3]).all()
    for which in ("year", "week"):
        assert np.isnan(cycle(["2024-02-03", None], which)).tolist() == [[False, False], [True, True]]


def test_days_without_a_clock_have_no_cycle_of_the_day() -> None:
    encoder = learnt("date", ["2022-02-03", "2024-02-04"])
    names = [
        f.name for f in encoder.vector(modality_of("date").open(Column.of_words("x", ["2024-02-03"])).column).features
    ]
    assert names == [
        "x (days)", "x (month)", "x (day)", "x (weekday)",
        "x (year, sine)", "x (year, cosine)", "x (week, sine)", "x (week, cosine)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "cycles"),
    [
        ("2022-01-01 10:00", ()),
        ("2022-01-03 09:00", ("day",)),
        ("2022-01-15 09:00", ("week", "day")),
        ("2023-06-30 09:00", ("week", "day")),
        ("2023-12-31 09:00", ("year", "week", "day")),
    ],
)
def test_a_cycle_is_given_where_it_came_round_in_training(last: str, cycles: tuple[str, ...]) -> None:
    assert learnt("date", ["2022-01-01 09:00", None, last]).cycles == cycles


@pytest.mark.parametrize("clock", [True, False])
def test_a_calendar_of_an_older_file_gives_what_it_gave(clock: bool) -> None:
    box = Box("old")
    box.put(name="x", low=19000.0, high=20000.0, clock=clock)
    encoder = modality_of("date").load(box)
    column = modality_of("date").open(Column.of_words("x", ["2024-02-03 12:00", None])).column
    expected = [19756.5, 2.0, 3.0, 5.0, 12.0][: 4 + clock]
    assert encoder.vector(column).values[0].tolist() == expected
    assert list(encoder.encode_cell(int(column.cells.astype(np.int64)[0]))[0]) == expected
    again = Box("again")
    encoder.dump(again)
    assert again.values == box.values


def test_a_file_with_a_cycle_that_does_not_exist_is_refused() -> None:
    box = Box("new")
    learnt("date", ["2022-02-03", "2024-02-03"]).dump(box)
    box.put(cycles=["moon"])
    with pytest.raises(BundleInvalid):
        modality_of("date").load(box)


def test_flags_in_several_languages() -> None:
    assert opened("flag", ["是", "否", "Yes", " no", "TRUE", "0", "perhaps"]) == ["1", "0", "1", "0", "1", "0", None]
    with pytest.raises(DoesNotApply):
        modality_of("flag").recognise(Column.of_words("x", ["yes", "no", "maybe"]))
    with pytest.raises(DoesNotApply):
        modality_of("flag").recognise(Column.of_words("x", ["yes", "yes"]))


def test_rare_and_unseen_levels_share_a_code_but_only_unseen_are_strange() -> None:
    texts = [f"town {i % 60}" for i in range(600)] + ["once"]
    encoder = learnt("category", texts)
    column = modality_of("category").open(Column.of_words("x", ["once", "never", "town 3", None])).column
    codes = encoder.vector(column).values[:, 0]
    other = float(len(encoder.levels))
    assert codes[0] == codes[1] == codes[3] == other
    assert codes[2] < other
    assert encoder.strange(column).tolist() == [False, True, False, False]


def test_a_file_knows_rare_names_again_and_names_none_of_them() -> None:
    texts = [f"town {i % 60}" for i in range(600)] + ["only one lives here"]
    encoder = learnt("category", texts)
    box = Box("x")
    encoder.dump(box)
    written = b"".join(data for _, data in plain.to_parts(box, "model", {}))
    assert b"town 3" in written
    assert b"only one lives here" not in written
    column = modality_of("category").open(Column.of_words("x", ["only one lives here", "never"])).column
    again = modality_of("category").load(box)
    assert again.strange(column).tolist() == [False, True]
    assert [again.encode_cell(cell)[1] for cell in ("only one lives here", "never")] == [False, True]
    del box.values["rare_hashes"]
    box.put(rare=["only one lives here"])  # as the first releases wrote it
    assert modality_of("category").load(box).strange(column).tolist() == [False, True]


def test_a_missing_cell_is_a_level_where_training_had_one() -> None:
    encoder = learnt("category", [*["a"] * 4, *["b"] * 3, None])
    column = modality_of("category").open(Column.of_words("x", [None, "b"])).column
    assert encoder.vector(column).values[:, 0].tolist() == [2.0, 1.0]


def test_text_says_what_it_is_about() -> None:
    rng = np.random.default_rng(0)
    about = rng.integers(2, size=200)
    words = (["late", "payment", "again", "reminder"], ["great", "service", "thanks", "quick"])
    texts = [" ".join(rng.choice(words[k], 6)) + f" {i}" for i, k in enumerate(about)]
    column = modality_of("text").open(Column.of_words("x", texts)).column
    values = modality_of("text").learn(column, stream(0, "x")).vector(column).values
    strongest = max(abs(np.corrcoef(values[:, j], about)[0, 1]) for j in range(1, values.shape[1]))
    assert strongest > 0.9


def test_chinese_text_has_words() -> None:
    encoder = learnt("text", ["房间很好", "服务很好", "房间太小", "早餐很好"])
    assert "很好" in encoder.words
    strange = modality_of("text").open(Column.of_words("x", ["xyz", "很好"])).column
    assert encoder.strange(strange).tolist() == [True, False]


def test_a_few_numbers_with_fractions_are_not_called_whole() -> None:
    said = {
        cells: modality_of("number").recognise(Column.of_words("x", list(cells) * 3)).why.text()
        for cells in (("1", "2", "30"), ("0.25", "2", "30"))
    }
    assert ["whole numbers" in why for why in said.values()] == [True, False]


def test_infinities_make_no_text_of_numbers() -> None:
    """Every third cell is without end: a number gone wrong, and counted as such."""
    column = Column.of_words("x", [f"{i}.5" if i % 3 else "inf" for i in range(90)])
    claim = modality_of("number").recognise(column)
    assert claim.fit > 0.8
    assert "66.7 %" in claim.why.text()
    assert modality_of("number").open(column).misfits == 30
    with pytest.raises(DoesNotApply):
        modality_of("number").recognise(Column.of_words("x", ["inf"] * 90))


def test_codes_around_an_e_are_names(tmp_path: Path) -> None:
    codes = [f"{661 + i % 40}E{10 + i % 40}" for i in range(3000)]
    column = Column.of_words("x", codes)
    assert modality_of("number").recognise(column).fit < modality_of("category").recognise(column).fit
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{code},{i % 2}\n" for i, code in enumerate(codes)), encoding="utf-8")
    assert assay.plan(path, "y").column("x").kind == "category"
    mixed = Column.of_words("x", ["1e5", "2.5e5", "300"])
    assert modality_of("number").recognise(mixed).fit > 0.3


def test_an_underline_makes_a_name_of_a_label() -> None:
    assert codes_of(Column.of_words("y", ["1_2", "12"]), ["12", "13"]).tolist() == [-1, 0]


def test_of_names_by_the_thousand_a_few_tell_that_they_are_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(column: Column, variant: str = "") -> Any:
        read.append(0 if column.levels is None else len(column.levels))
        return numbers_in(column, variant)

    monkeypatch.setattr(number, "numbers_in", counted)
    cards = [f"c{i:06d}" for i in range(2 * number.MANY)]
    with pytest.raises(DoesNotApply):
        Number().recognise(Column.of_words("card", cards))
    assert max(read) <= number.DRAWN
    mostly = [f"{i}.5" if i % 6 else f"c{i}" for i in range(2 * number.MANY)]
    assert Number().recognise(Column.of_words("amount", mostly)).fit > 0.5
    often = ["0"] * 90_000 + cards  # nine in ten cells are one number
    assert Number().recognise(Column.of_words("paid", often)).fit > 0.5
    gone = Column.of_words("card", [*cards, None]).take(np.asarray([len(cards)]))
    with pytest.raises(DoesNotApply):
        Number().recognise(gone)


@pytest.mark.parametrize(
    "form", ["{:.3f}", "{:.0f}", "{:.1f}", "0{:.0f}", "{:.0f}.", "20{:02.0f}0504", "2{:03.0f}.10", "{:.0f}.{:.0f}"]
)
def test_what_is_known_of_decimal_numbers_changes_no_bid(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).uniform(-20, 40, 120)
    column = Column.of_words("x", [form.format(abs(value) if form[0] != "{" else value, 7) for value in values])
    assert column.decimals
    known = bids(column)
    for name, nothing in (("decimals", False), ("floats", None)):
        monkeypatch.setattr(Column, name, nothing)
    assert bids(column) == known


def test_two_numbers_in_the_lines_of_a_cell_are_no_decimal_number() -> None:
    assert not Column.of_words("x", ["5", "5\n6"]).decimals
    assert not Column.of_words("x", []).decimals
