"""Are bounds and flags of laboratories read as their number, where they are no bands of a scale?"""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.kernel.data import Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.plugins import modality_of
from assay.kernel.written_numbers import way_of, written_number
from assay.planning.kinds import bids
from assay.planning.target import choose_task

RNG = np.random.default_rng(0)
VALUES = np.round(RNG.lognormal(1.0, 1.0, 400), 1)
PLAIN = [f"{value}" for value in VALUES]
ODD = [
    *list("0123456789<>≤≥＜＞=+-−*↑↓HL .,，万亿元岁月天时分秒hms°'\"′NSEW小于大等以上下eE_()%￥半零１２\xa0\u3000"),
    "kg",
    "g",
    "and",
    "个月",
    "小时",
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("<0.5", 0.5), (">20", 20), ("≤0.1", 0.1), ("≥1000", 1000), ("＜0.5", 0.5), ("＞ ２０", 20), ("<=3", 3)),
        *(("小于0.5", 0.5), ("大于20", 20), ("不超过1.2万", 12_000), ("90+", 90), ("90以上", 90), ("less than 5", 5)),
        *(("11.2↑", 11.2), ("3.1↓", 3.1), ("11.2 H", 11.2), ("3.1 L", 3.1), ("3.1L", 3.1), ("5.2*", 5.2), ("↑11.2", 11.2)),
        *(("<0.5↓", 0.5), ("> -3", -3), ("<5%", 5), ("7", 7), ("1,234.5", 1234.5)),
    ],
)  # fmt: skip
def test_bounds_and_flags_are_read_in_their_variant_alone(text: str, value: float) -> None:
    assert written_number(text, "marks") == value
    plain = written_number(text)
    assert math.isnan(plain) or plain == value


@pytest.mark.parametrize(
    "text", ["<", ">=", "5*3", "<a", "<<5", "18-25", "H", "12A", "5 mL", "↑↓", "<inf", "E25", "<E25", "12_3"]
)
def test_what_is_no_marked_number_is_none(text: str) -> None:
    assert not math.isfinite(written_number(text, "marks"))


@pytest.mark.parametrize("text", ["<0.5", "11.2↑", "3.1 L", "5.2*", "小于0.5", "90+"])
@pytest.mark.parametrize("variant", ["", "comma", "unit:kg", "units:kg", "dms"])
def test_other_variants_read_no_marks(text: str, variant: str) -> None:
    """A model that was saved earlier answers as before."""
    assert math.isnan(written_number(text, variant))


def test_a_unit_that_is_called_marks_is_one() -> None:
    assert written_number("85 marks", "unit:marks") == 85
    assert math.isnan(written_number("<85 marks", "unit:marks"))


@pytest.mark.parametrize("variant", ["marks", "units:kg", "dms", "units:kg+marks"])
def test_a_long_text_is_read_in_no_time(variant: str) -> None:
    for text in ("1" + " " * 500_000 + "x", "<" * 500_000 + "1", "1 kg," * 100_000, "9" * 500_000 + "↑"):
        assert not math.isfinite(written_number(text, variant))


def test_marks_are_read_behind_commas_and_units() -> None:
    assert written_number("<1.234,5", "comma+marks") == 1234.5
    assert written_number("1.234", "comma+marks") == 1234
    assert written_number("<0.5 mg/L", "unit:mg/L+marks") == 0.5
    assert written_number("11.2↑ mg/L", "unit:mg/L+marks") == 11.2
    assert written_number("11.2 mg/L H", "unit:mg/L+marks") == 11.2
    assert written_number(">500 g", "units:kg+marks") == 0.5


@pytest.mark.parametrize("share", [0.05, 0.6])
def test_a_laboratory_column_is_read_with_its_bounds(share: float) -> None:
    edge = float(np.quantile(VALUES, share))
    cells = [f"<{edge}" if value < edge else cell for value, cell in zip(VALUES, PLAIN, strict=True)]
    column = Column.of_words("crp", [*cells, "11.2↑"])
    best = bids(column)[0]
    assert best.kind == "number:marks"
    n = int((edge > VALUES).sum())
    assert f"{n} bounds such as <{edge} are read as the bound" in best.claim.why.text("en")
    assert f"{n} 个界限值（如 <{edge}）按该界限读取" in best.claim.why.text("zh")
    assert "1 flag as in ##.#↑ is left off" in best.claim.why.text("en")  # one row holds it
    opened = modality_of(best.kind).open(column)
    assert opened.misfits == 0
    np.testing.assert_array_equal(opened.column.cells, [*np.maximum(VALUES, edge), 11.2])


def test_one_row_is_read_as_the_table_is() -> None:
    for kind in (
        "number:marks",
        "number:comma+marks",
        "number:units:岁",
        "number:units:minutes",
        "number:dms",
        "number:unit:kg+marks",
    ):
        cells = ["<0.5", "0,5", "3岁", "24月", "1h 20m", "31°14'22\"S", "5 kg↑", "abc", "7", ">20"]
        reader = modality_of(kind)
        table = reader.open(Column.of_words("x", cells)).column.cells
        alone = [reader.open_cell(cell) for cell in cells]
        np.testing.assert_array_equal(table, [np.nan if one is None else one for one in alone])


@pytest.mark.parametrize(
    "bands",
    [
        ("<18", ">=18"),
        ("<=50K", ">50K"),
        ("<30", "30-40", ">40"),
        ("<1", "1", "2", "3", ">3"),
        ("0", "1", "2", "3+"),
        ("<5", "5"),
        (*map(str, range(18)), "18+"),
    ],
)
def test_bands_stay_categories(bands: tuple[str, ...]) -> None:
    column = Column.of_words("x", list(bands) * 40)
    assert bids(column)[0].kind == "category"
    assert "marks" not in way_of(column)


def test_names_of_houses_have_no_flags() -> None:
    houses = [f"{i}{'A' if i % 9 == 0 else 'H' if i % 17 == 0 else ''}" for i in range(1, 150)]
    assert way_of(Column.of_words("house", houses)) == ""


def test_a_task_of_two_classes_keeps_its_bounds() -> None:
    for labels in (("<5", "5"), ("<=50K", ">50K"), ("<5", ">=5")):
        task, _, _ = choose_task(Column.of_words("y", list(labels) * 50), "")
        assert task.about.key == "binary"


def test_numbers_alone_need_no_marks() -> None:
    assert way_of(Column.of_words("x", PLAIN)) == ""
    with pytest.raises(DoesNotApply):
        modality_of("number").recognise(Column.of_words("x", ["<18", ">=18"]))


def test_no_text_makes_reading_raise() -> None:
    rng = np.random.default_rng(7)
    variants = (
        "",
        "comma",
        "unit:kg",
        "units:岁",
        "units:kg",
        "units:m",
        "units:?",
        "dms",
        "marks",
        "comma+marks",
        "units:天+marks",
        "dms+marks",
    )
    for _ in range(3_000):
        text = "".join(rng.choice(ODD, rng.integers(0, 12)))
        for variant in variants:
            assert isinstance(written_number(text, variant), float)
            if math.isfinite(before := written_number(text, "")) and not variant.startswith(("comma", "units", "dms")):
                assert written_number(text, variant) == before


def test_no_column_makes_choosing_raise() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        cells = ["".join(rng.choice(ODD, rng.integers(1, 6))) for _ in range(rng.integers(1, 60))]
        reader = modality_of(f"number:{way_of(Column.of_words('x', cells))}")
        found = reader.open(Column.of_words("x", cells)).column.cells
        assert not np.isinf(found).any()


def test_values_of_a_hospital_of_which_most_are_out_of_the_usual_are_read() -> None:
    cells = [f"{v}↑" if v > 3 else f"{v} L" if v < 2 else f"{v}" for v in VALUES]
    assert sum(cell[-1] in "↑L" for cell in cells) > len(cells) / 2
    assert bids(Column.of_words("wbc", cells))[0].kind == "number:marks"


def test_changes_by_arrows_are_not_read_as_amounts() -> None:
    """All cells have arrows: down may be below zero there."""
    cells = [f"{v}{'↑' if i % 2 else '↓'}" for i, v in enumerate(VALUES)]
    assert way_of(Column.of_words("change", cells)) == ""
