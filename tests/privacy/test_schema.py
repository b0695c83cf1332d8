"""Is what was declared read as it was meant, and is every mistake told?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.kernel.errors import RequestError
from assay.privacy.schema import CELLS, example, read_schema

WRONG: list[Any] = [
    {},
    [1],
    {"a": {}},
    {"a": {"low": 0}},
    {"a": {"low": 1, "high": 1}},
    {"a": {"low": 0, "high": float("inf")}},
    {"a": {"low": -1e308, "high": 1e308}},
    {"a": {"low": True, "high": 2}},
    {"a": {"low": 0, "high": 1, "levels": ["x"]}},
    {"a": {"levels": []}},
    {"a": {"levels": "xy"}},
    {"a": {"levels": ["x", "x"]}},
    {"a": {"levels": ["x", 1, "1"]}},
    {"a": {"levels": [1, "1.0"]}},
    {"a": {"levels": [None]}},
    {"a": {"low": 0, "high": 1, "edges": [0.5, 0.4]}},
    {"a": {"low": 0, "high": 1, "edges": [2]}},
    {"a": {"low": 0, "high": 1, "decimal": "dot"}},
    {"a": {"low": 0, "high": 1, "hihg": 2}},
    {"a": {"low": 0, "high": 1, "unit": ""}},
    {"a": {"low": 0, "high": 1, "unit": 3}},
    {"a": {"low": 0, "high": 1, "unit": "kg", "decimal": "comma"}},
    {"a": {"levels": ["x"], "unit": "kg"}},
    {"a": {"text": False}},
    {"a": {"text": True, "levels": ["x"]}},
]


@pytest.mark.parametrize("given", WRONG, ids=str)
def test_mistakes_are_told_in_three_parts(given: Any) -> None:
    with pytest.raises(RequestError) as caught:
        read_schema(given)
    assert all(caught.value.parts("en"))
    assert all(caught.value.parts("zh"))


def test_several_mistakes_are_told_together() -> None:
    with pytest.raises(RequestError, match=r"'a'.*'b'"):
        read_schema({"a": {}, "b": {"levels": []}})


def test_a_file_is_read_and_a_broken_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(json.dumps({"age": {"low": 18, "high": 100, "decimal": "comma"}, "sex": {"levels": ["f", 1, 2.5]}}))
    found = read_schema(path)
    assert found["age"].kind == "number:comma"
    assert found["sex"].levels == ("f", "1", "2.5")
    path.write_text("{")
    for wrong in (path, tmp_path / "none.json"):
        with pytest.raises(RequestError, match="cannot be read"):
            read_schema(wrong)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (1, 12), (0, 999), (0, 1e6), (-2e5, 1e6), (-3e9, -1)])
def test_edges_rise_within_the_range(low: float, high: float) -> None:
    edges = read_schema({"a": {"low": low, "high": high}})["a"].edges()
    assert (np.diff(edges) > 0).all()
    assert low < edges[0]
    assert edges[-1] < high
    assert len(edges) <= max(CELLS, 64)


def test_edges_that_are_declared_are_kept() -> None:
    assert read_schema({"a": {"low": 0, "high": 9, "edges": [1, 5]}})["a"].edges().tolist() == [1.0, 5.0]


def test_the_example_is_a_schema_when_filled_in() -> None:
    assert set(json.loads(example([("age", "number"), ("sex", "category")]))) == {"age", "sex"}


def test_levels_that_are_numbers_have_edges_between_them() -> None:
    one = read_schema({"a": {"levels": [4, 1, "2"]}})["a"]
    assert (one.kind, one.ends, one.edges().tolist()) == ("number", (1.0, 4.0), [1.5, 3.0])
    assert read_schema({"a": {"levels": [1, "x"]}})["a"].kind == "category"
