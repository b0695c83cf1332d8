"""Is a column of words in an order told by its words wherever its places are learnt from?"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.answers.scorecard import Side
from assay.kernel.errors import RequestError
from assay.model import Model
from assay.trees.shapes import Axis

WORDS = ("low", "mid", "high", "top")
KIND = "number:order:low,mid,high,top"
RNG = np.random.default_rng(0)
ROWS = 400


def table() -> pd.DataFrame:
    place = RNG.integers(1, 5, ROWS)
    z = RNG.normal(size=ROWS).round(2)
    y = np.where(place + z + RNG.normal(size=ROWS) > 3, "bad", "good")
    risk = np.asarray(WORDS, dtype=object)[place - 1]
    risk[:6] = "??"
    return pd.DataFrame({"risk": risk, "z": z, "y": y})


TABLE = table()


@pytest.fixture(scope="module")
def model() -> Any:
    return assay.train(
        TABLE,
        "y",
        kinds={"risk": KIND},
        trials=2,
        readable=True,
        checks=("effects", "subgroups", "readable", "interactions"),
    )


def test_a_reason_and_the_change_of_an_answer_are_told_by_word(model: Model) -> None:
    row = int(np.flatnonzero((TABLE["risk"] == "high") & (TABLE["y"] == "bad"))[0])
    told = {name: cell for name, cell, _ in model.explain(TABLE, row + 1).parts}
    assert told["risk"] == "high"
    ways = model.counterfactual(TABLE, row + 1).ways
    then = {change.then for way in ways for change in way.changes if change.name == "risk"}
    assert then
    assert then <= set(WORDS)


def test_what_the_checks_draw_and_compare_is_named_by_word(model: Model) -> None:
    told = json.dumps([finding.to_json() for finding in model.findings], ensure_ascii=False)
    assert all(f'"{word}"' in told for word in WORDS)
    assert not any(f'"{place}"' in told for place in range(1, 5))


def test_cells_without_a_place_are_told_with_the_words_that_have_one(model: Model) -> None:
    (note,) = (note for note in model.plan.notes if note.key == "note.misfits")
    assert note.text("en") == "'risk': 6 cells do not read as one of low < mid < high < top and count as missing (??)"
    assert note.text("zh").startswith("“risk”：6 个单元格不能按low < mid < high < top 之一读取")


@pytest.mark.parametrize(
    ("edges", "names"),
    [([1.5, 2.5, 3.5], [*WORDS]), ([2.0], ["low – mid", "high – top"]), ([1.2, 1.7], ["low", "1.2 to 1.7", "mid – top"])],
)  # fmt: skip
def test_bands_of_a_scorecard_are_runs_of_words(edges: list[float], names: list[str]) -> None:
    side = Side("risk", "risk", Axis(feature=0, edges=np.asarray(edges)), kind=KIND)
    told = [cell if isinstance(cell, str) else cell.text("en") for cell in side.cells()]
    assert told[:-1] == names


@pytest.mark.parametrize("order", ["", "low", "low,low", "low,,high"])
def test_what_is_no_order_is_refused_with_an_example(order: str) -> None:
    with pytest.raises(RequestError) as refused:
        assay.plan(TABLE, "y", kinds={"risk": f"number:order:{order}"})
    assert "names no order of words" in str(refused.value)
    assert "number:order:small,mid,large" in str(refused.value)
