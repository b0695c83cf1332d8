"""With pictures in a table, are folds few enough for a network, and do the learners that look come first?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.kernel.forms import Head
from assay.kernel.plan import Plan
from assay.planning.portfolio import candidates
from assay.planning.splits import DEAR_FOLDS, plan_splits
from assay.testing.worlds import pictures

N = 80


def plan(seen: bool, rows: int = N, **wishes: Any) -> Plan:
    """Of a table with a column of pictures, or the same without."""
    pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {"size": rng.normal(size=rows).tolist(), "y": rng.choice(["yes", "no"], size=rows).tolist()}
    if seen:
        folder = Path(pictures(N))
        table["photo"] = [str(folder / f"{i}.ppm") for i in range(rows)]
    return assay.plan(table, "y", **wishes)


def test_with_pictures_there_are_five_folds_where_there_would_be_ten() -> None:
    assert plan(seen=False).splits.folds == 10
    assert plan(seen=True).splits.folds == DEAR_FOLDS == 5


@pytest.mark.parametrize("asked", [2, 3, 7, 12])
def test_a_number_of_folds_that_is_asked_for_is_obeyed(asked: int) -> None:
    assert plan(seen=True, folds=asked).splits.folds == asked
    assert plan(seen=False, folds=asked).splits.folds == asked


def test_a_column_of_pictures_that_is_not_used_is_not_dear() -> None:
    assert plan(seen=True, drop=("photo",)).splits.folds == 10


@pytest.mark.parametrize("rows", [6, 100, 1_000, 10_000, 60_000, 300_000])
def test_pictures_never_mean_more_folds(rows: int) -> None:
    plain, dear = (plan_splits(rows, 0, "", "", 0, dear=dear).folds for dear in (0, DEAR_FOLDS))
    assert dear == min(plain, DEAR_FOLDS)
    assert plan_splits(rows, 3, "", "", 0, dear=DEAR_FOLDS).folds == 3  # rows of the least class


def test_what_looks_at_pictures_comes_first_and_the_quick_one_before_the_slow() -> None:
    pytest.importorskip("torch")
    found, _ = candidates(500, Head.classes(3), (), forms=frozenset({"vector", "grid"}))
    learners = [c.learner for c in found]
    looking = [key for key in learners if key in ("fisher", "patches", "residual")]
    assert learners[: 1 + len(looking)] == ["constant", *looking]
    assert list(dict.fromkeys(looking)) == ["fisher", "patches", "residual"]
    assert set(looking) == {"fisher", "patches", "residual"}
    assert len({c.name for c in found}) == len(found)
    others, _ = candidates(500, Head.classes(3), (), forms=frozenset({"vector"}))
    assert not {"fisher", "patches", "residual"} & {c.learner for c in others}


def test_ridge_answers_no_counts_and_is_not_tried_on_them() -> None:
    pytest.importorskip("torch")
    found, _ = candidates(500, Head.counts(), (), forms=frozenset({"vector", "grid"}))
    assert not {"fisher", "patches"} & {c.learner for c in found}
    assert "residual" in {c.learner for c in found}
