"""Is a row with a cell that is a list answered alone as in a table, and the right column named where it cannot be?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import assay
from assay.kernel.errors import DataError
from assay.model import Model
from assay.readers._cell import is_row

RNG = np.random.default_rng(0)
ROWS = 240
WHICH = RNG.integers(0, 4, ROWS)
TAGS = [["new"], ["new", "late"], [], ["vip", "late"]]
WORDS = ["late", "paid", "loan", "again", "never", "quick", "slow", "good", "poor", "reply", "call", "bank"]
ROW = {"tags": ["new", "late"], "age": 40, "town": "Ulm", "more": {"a": 1}}


def trained(path: Path, **columns: Any) -> Model:
    table = pd.DataFrame({**columns, "age": RNG.integers(18, 80, ROWS), "town": RNG.choice(["Ulm", "Chur"], ROWS)})
    table["y"] = WHICH * 2.0 + RNG.normal(0, 0.1, ROWS)
    table.to_parquet(path)
    return assay.train(path, "y", learners=("linear",), trials=1, folds=2, checks=())


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    more = [{"a": int(a)} for a in RNG.integers(0, 2, ROWS)]
    return trained(tmp_path_factory.mktemp("lists") / "t.parquet", tags=[TAGS[k] for k in WHICH], more=more)


@pytest.mark.parametrize("tags", [["new", "late"], ("vip", "late"), np.asarray(["new"]), [], ["never", "seen"]])
def test_a_list_beside_plain_cells_is_a_cell(model: Model, tags: Any) -> None:
    row = {**ROW, "tags": tags}
    alone, table = model.predict(row), model.predict([row]).row(0)
    assert alone == table
    seen = list(tags) in TAGS
    assert [note.key for note in alone.notes] == ([] if seen else ["unseen"])
    if seen:
        assert abs(alone.answer - 2 * TAGS.index(list(tags))) < 0.5
    assert model.explain(row).to_json() == model.explain([row]).to_json()


def test_ways_to_another_answer_take_such_a_row(model: Model) -> None:
    assert model.predict(ROW).answer < 3
    alone, table = model.counterfactual(ROW, to=">3"), model.counterfactual([ROW], to=">3")
    assert alone.to_json() == table.to_json()


def test_lists_alone_are_columns(model: Model) -> None:
    found = model.predict(
        {"tags": TAGS, "age": [40] * 4, "town": ["Ulm"] * 4, "more": [{"a": k % 2} for k in range(4)]}
    )
    np.testing.assert_allclose(found.answer, [0, 2, 4, 6], atol=0.5)


@pytest.mark.parametrize(("name", "cells"), [("age", [40, 50]), ("age", range(2)), ("town", ["Ulm", "Chur"])])
@pytest.mark.parametrize("ask", ["predict", "explain", "counterfactual"])
def test_the_column_that_takes_no_list_is_named(model: Model, name: str, cells: Any, ask: str) -> None:
    with pytest.raises(DataError) as caught:
        getattr(model, ask)({**ROW, name: cells})
    assert f"'{name}' holds 2 values" in caught.value.text("en")
    assert f"“{name}”含有 2 个值" in caught.value.text("zh")


def test_a_list_among_texts_is_read_as_its_table_was(tmp_path: Path) -> None:
    words = [[*RNG.choice(WORDS, 8), str(i)] for i in range(ROWS)]
    model = trained(tmp_path / "t.parquet", said=words)
    assert model.plan.column("said").kind in ("text", "category")
    row = {"said": words[3], "age": 40, "town": "Ulm"}
    assert model.predict(row) == model.predict([row]).row(0)


def test_what_is_a_row() -> None:
    for row in (
        {},
        {"a": 1},
        {"a": None, "b": [1]},
        {"a": "x", "b": (1, 2)},
        {"a": {"b": 1}, "c": [1]},
        {"a": np.asarray(3), "b": [1]},
    ):
        assert is_row(row)
    for columns in ({"a": [1]}, {"a": [1], "b": np.asarray([2])}, {"a": [1], "b": iter([2])}, {"a": pd.Series([1])}):
        assert not is_row(columns)
