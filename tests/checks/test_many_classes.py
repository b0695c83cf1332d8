"""What is asked whatever the clock says must be little where each row has a pull for each of many classes."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.checks._pulled import LEAST_ROWS, sample_of
from assay.checks._ranked import Ranked
from assay.kernel.clock import Clock
from assay.kernel.data import Column, Dataset
from assay.kernel.errors import DoesNotApply
from assay.kernel.words import Say

ROWS = 400


@dataclass
class Counted:
    """Answers anything and counts the pulls it was asked for."""

    classes: int
    parts: tuple[str, ...] = ("x", "z")
    folds: int = 5
    pulls: int = 0
    now: float = 0.0

    def scores(self, data: Dataset, folds: Any = None) -> np.ndarray:
        return np.zeros((data.rows, self.classes))

    def contributions(self, data: Dataset, folds: Any = None) -> np.ndarray:
        self.pulls += data.rows * self.classes
        self.now += 1.0
        return np.zeros((data.rows, 3, self.classes))


def asked(classes: int) -> Any:
    rng = np.random.default_rng(0)
    data = Dataset(tuple(Column.of_numbers(name, rng.normal(size=ROWS)) for name in "xz"))
    model = Counted(classes)
    clock = Clock.start(0.5, now=lambda: model.now)
    scores, y, folds = np.zeros((ROWS, classes)), np.arange(ROWS) % classes, np.arange(ROWS) % 5
    return SimpleNamespace(seed=0, n=ROWS, clock=clock, data=data, scores=scores, y=y, folds=folds, model=model)


@pytest.mark.parametrize(("classes", "most"), [(3, 60), (20, 60), (100, 12), (300, 8)])
def test_the_columns_are_ranked_by_fewer_rows(classes: int, most: int) -> None:
    """Sixty rows of a hundred classes took a network two seconds, three times, after the time was up."""
    evidence = asked(classes)
    with pytest.raises(DoesNotApply):
        Ranked.of(evidence, ROWS, "test", Say("auditing", "no_time"))
    assert evidence.model.pulls == most * classes


def test_a_sample_of_pulls_begins_with_fewer_rows() -> None:
    evidence = asked(100)
    sample = sample_of(evidence, np.random.default_rng(0))
    assert sample is not None
    assert len(sample.rows) == LEAST_ROWS
