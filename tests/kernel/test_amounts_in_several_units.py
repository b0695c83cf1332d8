"""Are amounts in several units of one dimension read in one of them, and is what a unit may mean left alone where it is not certain?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.kernel.data import Column
from assay.kernel.plugins import modality_of
from assay.kernel.written_amounts import amount
from assay.kernel.written_angles import angle
from assay.kernel.written_numbers import unit_in, units_of, way_of, written_number
from assay.planning.kinds import bids


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        *(("3岁", "岁", 3), ("24月", "岁", 2), ("24个月", "岁", 2), ("3岁6个月", "岁", 3.5), ("3岁半", "岁", 3.5)),
        *(("1461天", "岁", 4), ("2周", "天", 14), ("3岁", "个月", 36), ("15天", "天", 15)),
        *(("2 kg", "kg", 2), ("500 g", "kg", 0.5), ("1kg 250g", "kg", 1.25), ("3斤", "公斤", 1.5), ("2 KG", "g", 2000), ("5.2 kg", "kg", 5.2)),
        *(("1h 20m", "minutes", 80), ("45m", "minutes", 45), ("1 h, 20 min", "hours", 4 / 3), ("1 hour and 30 minutes", "hours", 1.5)),
        *(("5分30秒", "秒", 330), ("42秒", "分钟", 0.7), ("1小时5分", "分钟", 65), ("1小时零5分", "分钟", 65)),
        *(("1.5km", "m", 1500), ("1m 80cm", "cm", 180), ("250mL", "L", 0.25), ("2亩", "亩", 2), ("1,500 m", "km", 1.5)),
    ],
)  # fmt: skip
def test_amounts_are_converted(text: str, unit: str, value: float) -> None:
    assert amount(text, unit) == pytest.approx(value, rel=1e-12)
    assert written_number(text, f"units:{unit}") == amount(text, unit)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        *(("3", "岁"), ("3 kg", "岁"), ("20m 1h", "hours"), ("5M", "m"), ("2023年", "岁"), ("1米75", "米"), ("h", "hours"), ("3月5日", "天")),
        *(("5 kg,", "kg"), ("60次/分", "分钟"), ("5m 3m", "m"), ("", "kg"), ("3岁", "nothing")),
    ],
)  # fmt: skip
def test_what_is_no_amount_of_a_dimension_is_none(text: str, unit: str) -> None:
    assert math.isnan(amount(text, unit))


@pytest.mark.parametrize(
    ("cells", "variant"),
    [
        (["3岁", "24月", "7岁", "15天"], "units:岁"),
        (["3岁", "24个月", "6个月", "15天", "9个月"], "units:个月"),
        (["2 kg", "500 g", "3 kg"], "units:kg"),
        (["3 kg", "2公斤", "5 kg"], "units:kg"),
        (["1h 20m", "45m", "30m"], "units:minutes"),
        (["1h 20m", "2h 5m"], "units:hours"),
        (["5m", "30s", "7m"], "units:minutes"),
        (["2d 3h", "7h", "5h"], "units:hours"),
        (["5分30秒", "42秒", "17秒"], "units:秒"),
        (["1小时5分", "45分钟", "50分"], "units:分钟"),
        (["1小时5分", "45分", "2小时"], "units:小时"),
        (["170cm", "1.8m", "165 cm"], "units:cm"),
        (["2 kg", "500 g", "3", "4 kg"], "units:kg"),
        (["30天", "60天"], "unit:天"),
        (["12 kg", "3"], "unit:kg"),
    ],
)
def test_a_column_is_read_in_the_unit_of_most_of_its_cells(cells: list[str | None], variant: str) -> None:
    assert way_of(Column.of_words("x", cells)) == variant
    claim = modality_of("number").recognise(Column.of_words("x", cells))
    if variant.startswith("units:"):
        unit = variant.removeprefix("units:")
        assert f"all converted to {unit}" in claim.why.text("en")
        assert f"均已换算为{unit}" in claim.why.text("zh")
        assert unit_in(f"number:{claim.variant}") == unit


@pytest.mark.parametrize(
    "cells",
    [
        ["3月", "5月", "12月"],
        ["2023年3月", "2022年12月", "2023年5月"],
        ["3月", "2年"],
        ["12m", "7m"],
        ["5m", "3d"],
        ["85分", "90分钟"],
        ["13时43分", "14时2分"],
        ["2 kg", "7 cm"],
        ["2 kg", "500 g", "3 rooms"],
        ["5M", "3 km"],
        ["12a", "13b", "14h", "15d"],
        ["1s", "2s", "3d", "4s"],
    ],
)
def test_what_is_not_certain_stays_as_it_was(cells: list[str | None]) -> None:
    assert not way_of(Column.of_words("x", cells)).startswith("units:")


def test_marks_of_an_exam_are_no_minutes() -> None:
    assert way_of(Column.of_words("x", [f"{i}分" for i in range(60, 99)])) == "unit:分"


def test_one_unit_reads_what_it_did() -> None:
    assert math.isnan(written_number("24个月", "unit:岁"))
    assert math.isnan(written_number("500 g", "unit:kg"))
    assert written_number("1.2万岁", "units:岁") == 12_000
    assert units_of(["3天", "2次"]) == ["天", "次"]


def test_ages_of_an_office_are_numbers() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(1, 365 * 9, 300)
    cells = [f"{d}天" if d < 60 else f"{d // 30}月" if d < 900 else f"{d // 365}岁" for d in days.tolist()]
    column = Column.of_words("age", cells)
    best = bids(column)[0]
    opened = modality_of(best.kind).open(column)
    assert (best.kind, opened.misfits) == ("number:units:岁", 0)
    assert np.corrcoef(opened.column.cells, days)[0, 1] > 0.99


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("31°14'24\"N", 31.24),
        ("31°14'24\"S", -31.24),
        ("121°30′W", -121.5),
        ("西经121°30′", -121.5),
        ("北纬31度14分24秒", 31.24),
        ("N 31.5°", 31.5),
        ("-31°30'", -31.5),
        ("31°21'60.0\"N", 31 + 22 / 60),  # as rounding leaves them
        ("31.24", 31.24),
    ],
)
def test_angles_are_decimal_degrees(text: str, value: float) -> None:
    assert written_number(text, "dms") == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("text", ["36.5°C", "31°75'N", "-31°14'S", "N31°S", "31.5°30'N", "36.5°", "1000°N"])
def test_what_is_no_angle_is_none(text: str) -> None:
    assert math.isnan(angle(text))


def test_a_column_of_angles_is_a_number_and_degrees_of_heat_are_no_angles() -> None:
    angles = [f"{i}°{i % 60}'{i % 60}\"{'NS'[i % 2]}" for i in range(60)]
    best = bids(Column.of_words("latitude", angles))[0]
    assert best.kind == "number:dms"
    assert "decimal degrees" in best.claim.why.text("en")
    assert "十进制度" in best.claim.why.text("zh")
    assert way_of(Column.of_words("heat", ["36.5°C", "37 °C"])) == "unit:°C"
