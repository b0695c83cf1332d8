"""What is the value of a row?

The raw score is the value itself, in the target's unit; the loss is the squared error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError
from assay.kernel.forms import Head
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import metrics
from assay.stats.splitting import tenths

from ._numbers import numbers_in


@dataclass(frozen=True)
class Value:
    """A number."""

    about: ClassVar[About] = About(
        key="value",
        also=("regression",),
        gives=("value",),
        order=30,
        words={
            "en": {
                "title": "a value",
                "loss": "squared error",
                "numbers": "'{target}' has {distinct} different numbers",
                "dates": "'{target}' holds dates",
                "no_numbers": "'{target}' is not a column of numbers",
                "one.seen": "The target '{target}' has the same value in all {n} rows.",
                "one.expected": "A value to be learnt must vary.",
                "one.do": "Check that the column and the rows are the right ones.",
                "measure.rmse": "root mean squared error",
                "measure.mae": "mean absolute error",
                "measure.r2": "R²",
                "measure.median_error": "median absolute error",
            },
            "zh": {
                "title": "数值预测",
                "loss": "平方误差",
                "numbers": "“{target}”有 {distinct} 个不同的数值",
                "dates": "“{target}”是日期列",
                "no_numbers": "“{target}”不是数值列",
                "one.seen": "目标“{target}”在全部 {n} 行中取值相同。",
                "one.expected": "要学习的数值必须有变化。",
                "one.do": "请确认列和行都是正确的。",
                "measure.rmse": "均方根误差",
                "measure.mae": "平均绝对误差",
                "measure.r2": "R²",
                "measure.median_error": "绝对误差中位数",
            },
        },
    )

    def recognise(self, target: Column) -> Claim:
        """Numbers with more than two values."""
        distinct = len(numbers_in(target, self.about))
        fit = 0.8 if distinct <= 20 else 0.9
        return Claim(fit=fit, why=self.about.say("tasks", "numbers", target=target.name, distinct=distinct))

    def kind(self) -> str:
        """A measured quantity."""
        return "number"

    def codec(self, target: Column) -> Codec:
        """Nothing to write but the number."""
        known = target.cells[~target.missing]
        if len(known) == 0 or known.min() == known.max():
            raise refusal(DataError, "tasks/value", "one", target=target.name, n=len(known))
        return Codec()

    def encode(self, target: Column, codec: Codec) -> Floats:
        """The numbers; NaN where missing."""
        return np.asarray(target.cells, dtype=np.float64)

    def head(self, codec: Codec) -> Head:
        """The value."""
        return Head.value()

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Squared error a row."""
        return np.asarray((scores_[:, 0] - y) ** 2)

    def answers(self, scores_: Floats) -> Floats:
        """The value: [n, 1]."""
        return scores_

    def answers_one(self, scores_: list[float]) -> list[float]:
        """The value of one row."""
        return scores_

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Root mean squared error first."""
        return (
            Metric(key="rmse", better="lower", of=lambda s, y, w: metrics.rmse(s[:, 0], y, w), unit="target"),
            Metric(key="mae", better="lower", of=lambda s, y, w: metrics.mae(s[:, 0], y, w), unit="target"),
            Metric(key="r2", better="higher", of=lambda s, y, w: metrics.r2(s[:, 0], y, w)),
            Metric(
                key="median_error",
                better="lower",
                of=lambda s, y, w: metrics.median_error(s[:, 0], y, w),
                unit="target",
            ),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """The mean."""
        return np.asarray([np.average(y, weights=weight)])

    def strata(self, y: NDArray[Any]) -> Ints:
        """Tenths of the target, so that every fold has its share of large and small."""
        return tenths(y)
