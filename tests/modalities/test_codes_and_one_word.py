"""Are codes names however many digits they have, and numbers numbers however often one word says that there is none?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import assay

RNG = np.random.default_rng(0)
ROWS = 400


def kind(cells: list[str], **wishes: object) -> tuple[str, str]:
    table = pd.DataFrame({"x": cells, "z": RNG.normal(size=ROWS), "y": RNG.choice(["a", "b"], ROWS)})
    column = assay.plan(table, "y", **wishes).column("x")
    return column.kind, column.role


@pytest.mark.parametrize("different", [40, 90, 150])
def test_codes_with_leading_zeros_are_names(different: int) -> None:
    cells = [f"{code:05d}" for code in RNG.integers(900, 900 + different, ROWS)]
    assert kind(cells) == ("category", "feature")
    assert kind([cell.lstrip("0") for cell in cells]) == ("number", "feature")


def test_amounts_filled_up_with_zeros_stay_numbers_and_numbers_of_customers_do_not() -> None:
    amounts = [f"{amount:08d}" for amount in RNG.integers(1, 5000, ROWS) * 37]
    assert kind(amounts)[0] == "number"
    customers = [f"{k:06d}" for k in range(ROWS)]
    customers[7] = customers[19] = ""
    assert kind(customers)[1] == "id"


@pytest.mark.parametrize("word", ["n.a.", "--", "unknown", "ND", "无", "未检出", "/", "k.A."])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.7])
def test_one_word_beside_numbers_is_a_missing_number(word: str, share: float) -> None:
    cells = [
        word if miss else f"{value:.2f}"
        for miss, value in zip(RNG.random(ROWS) < share, RNG.normal(size=ROWS), strict=True)
    ]
    assert kind(cells) == ("number", "feature")


def test_two_words_or_few_numbers_beside_one_are_names() -> None:
    numbers = [f"{value:.2f}" for value in RNG.normal(size=ROWS)]
    two = [RNG.choice(["S", "M"]) if k % 3 == 0 else cell for k, cell in enumerate(numbers)]
    assert kind(two)[0] != "number"
    few = ["more" if k % 2 else str(k % 8) for k in range(ROWS)]
    assert kind(few)[0] == "category"
    rare = [cell if k % 10 == 0 else "none" for k, cell in enumerate(numbers)]
    assert kind(rare)[0] != "number"
