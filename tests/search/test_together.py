"""Does a line that is written out answer what the model answers?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import assay

RNG = np.random.default_rng(0)
N = 400
LINE = {"trials": 2, "learners": ("linear",), "checks": ("quality", "readable")}
TERM = re.compile(r" ([+−]) ([\d.,e-]+)·(\[[^]]*\]|\S+)")
# The villages have too few rows for every fold.
TOWNS = np.asarray(["Bern", "Genf", "Chur", *(f"village {i}" for i in range(12))])


def by_hand(equation: str, rows: Mapping[str, Sequence[Any]]) -> np.ndarray:
    """What somebody reckons who has the written line and the cells alone."""
    right = equation.split(" = ", 1)[1] if "logit" not in equation else equation.split(") = ", 1)[1]
    start = re.match(r"−?[\d.,]+", right)
    assert start is not None
    out = np.full(N, as_number(start[0]))
    for sign, weight, name in TERM.findall(right):
        column, _, level = name.strip("[]").partition(" = ")
        cells = np.asarray(rows[column])
        out += as_number(weight) * (1 if sign == "+" else -1) * (cells.astype(float) if not level else cells == level)
    return out


def as_number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    year, amount = RNG.integers(1950, 2020, N), RNG.lognormal(6, 1, N).round(2)
    town = RNG.choice(TOWNS, N, p=[0.5, 0.2, 0.18, *[0.01] * 12])
    score = 0.08 * (year - 1985) + np.log(amount) - 6 + 1.5 * (town == "Genf") + RNG.normal(size=N)
    moment = np.datetime64("2024-01-01") + np.arange(N)
    return {
        "year": year,
        "amount": amount,
        "town": town,
        "score": score,
        "moment": moment.astype(str),
        "good": np.where(score > 0, "yes", "no"),
    }


@pytest.mark.parametrize("how", [{}, {"ship": "refit"}, {"time": "moment"}], ids=["bag", "refit", "time"])
@pytest.mark.parametrize("target", ["score", "good"])
def test_the_line_of_the_model_that_answers_gives_its_answers_by_hand(
    rows: dict[str, np.ndarray], target: str, how: dict[str, Any]
) -> None:
    table = {name: rows[name] for name in ("year", "amount", "town", *(["moment"] if how.get("time") else []), target)}
    model = assay.train(table, target, **LINE, **how)
    told = model.card["equation"]
    assert (told["part"], told["models"]) == ("whole", 1)
    frequent = np.isin(rows["town"], TOWNS[:3])
    own = by_hand(told["equation"], rows)
    said = model.predict(table)
    found = said.values if target == "score" else np.diff(np.log(said.probabilities), axis=1)[:, 0]
    assert frequent.sum() > 300
    np.testing.assert_allclose(own[frequent], found[frequent], atol=0.003)
