"""Is it told that rows say of themselves that they are sums of others, and of no other row?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.words import Say

RNG = np.random.default_rng(0)
ROWS = 120


def sheet(word: str, every: int = 10, before: str = "支行") -> pd.DataFrame:
    names = [word if k % every == every - 1 else f"{before}{k % 7}" for k in range(ROWS)]
    return pd.DataFrame({"branch": names, "loans": RNG.integers(1, 90, ROWS), "y": RNG.normal(size=ROWS).round(3)})


def told(table: pd.DataFrame, **wishes: Any) -> list[Say]:
    return [note for note in assay.plan(table, "y", **wishes).notes if note.key == "note.totals"]


def test_the_plan_tells_the_column_how_many_rows_and_what_to_do() -> None:
    (note,) = told(sheet("小计"))
    assert "'branch': 12 rows say '小计', and are learnt from like any other" in note.text("en")
    assert "take them out of the data if they are sums of other rows" in note.text("en")
    assert "“branch”：12 行写着 '小计'" in note.text("zh")


@pytest.mark.parametrize(
    "word",
    [
        "Subtotal",
        "Grand Total",
        "TOTAL:",
        "合 计",
        "本页小计（元）",
        "總計",
        "Total (USD)",
        "累计",
        "Summe",
        "Gesamtsumme:",
        "Total général",
        "Итого",
    ],
)
def test_words_of_a_total_are_told(word: str) -> None:
    assert [note.values["n"] for note in told(sheet(word))] == [12]


@pytest.mark.parametrize("word", ["总行", "设计部", "会计", "和平路", "total loss", "Totality", "计划"])
def test_words_that_only_hold_one_are_not(word: str) -> None:
    assert not told(sheet(word))


def test_a_single_one_is_told_as_one() -> None:
    (note,) = told(sheet("合计", every=ROWS - 5))
    assert (
        "1 row says '合计', and is learnt from like any other: take it out of the data if it is the sum"
        in note.text("en")
    )


def test_a_column_that_mostly_says_so_means_something_else() -> None:
    assert not told(sheet("total", every=1))


def test_a_column_that_is_not_learnt_from_tells_as_well() -> None:
    table = sheet("小计")
    table["no"] = [f"A{k:05d}" if k % 10 < 9 else "小计" for k in range(ROWS)]
    found = told(table.drop(columns="branch"), drop=("no",))
    assert [note.values["name"] for note in found] == ["no"]
