"""Is it told that cells hold two numbers each, and of no other cells?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.words import Say

RNG = np.random.default_rng(0)
ROWS = 200
HIGH, LOW = RNG.integers(90, 180, ROWS), RNG.integers(50, 110, ROWS)


def told(cells: list[str]) -> list[Say]:
    table = pd.DataFrame({"x": cells, "y": RNG.normal(size=ROWS).round(3)})
    return [note for note in assay.plan(table, "y").notes if note.key == "note.pairs"]


def test_the_plan_tells_column_cells_an_example_and_what_to_do() -> None:
    cells = [f"{high}/{low}" for high, low in zip(HIGH, LOW, strict=True)]
    cells[:4] = ["not measured"] * 4
    (note,) = told(cells)
    example = note.values["example"]
    assert example in ("###/##", "###/###", "##/##")  # no cell: a note stands in the file
    assert note.text("en").startswith(
        f"'x': 196 cells hold two numbers each, such as {example}, and are learnt from as words"
    )
    assert "two columns of numbers would say more" in note.text("en")
    assert f"“x”：196 个单元格各含两个数字（如 {example}）" in note.text("zh")


@pytest.mark.parametrize("form", ["{}/{}", "{}.25, {}.5", "({}, {})", "{} x {}", "{}*{}", "-{} {}", "{}；{}"])
def test_pairs_are_told_however_they_are_parted(form: str) -> None:
    assert [note.values["n"] for note in told([form.format(a, b) for a, b in zip(HIGH, LOW, strict=True)])] == [ROWS]


@pytest.mark.parametrize(
    "cell",
    [
        lambda a, b: f"{a}-{a + 10}",
        lambda a, b: f"{a}~{a + 10}",
        lambda a, b: f"{a}",
        lambda a, b: f"{a}/{b}/{a}",
        lambda a, b: f"room {a}/{b}",
        lambda a, b: f"{a % 3}/{b % 3}",
    ],
)
def test_bands_names_and_single_numbers_are_not(cell: Callable[[int, int], str]) -> None:
    assert not told([cell(a, b) for a, b in zip(HIGH.tolist(), LOW.tolist(), strict=True)])
