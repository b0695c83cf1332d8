"""Which value is not exceeded in a named share of cases?

`quantile:0.9` is the value that nine of ten rows like this one stay at or below. The raw score is the value itself; the loss is the
pinball loss (Koenker & Bassett 1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, RequestError
from assay.kernel.forms import Head
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import heads, metrics, scores
from assay.stats.splitting import tenths

from ._numbers import numbers_in

FIT = 0.5  # it fits any column of numbers, but is only taken where it is named
LEAST, MOST = 0.001, 0.999


@dataclass(frozen=True)
class Quantile:
    """The value that a share of rows does not exceed."""

    about: ClassVar[About] = About(
        key="quantile",
        gives=("quantiles",),
        order=50,
        asked_for=True,
        words={
            "en": {
                "title": "a quantile",
                "loss": "pinball loss",
                "variant": "the value that a share of {variant} of rows like it does not exceed",
                "numbers": "'{target}' has {distinct} different numbers",
                "dates": "'{target}' holds dates",
                "no_numbers": "'{target}' is not a column of numbers",
                "level.seen": "'{variant}' is no level of a quantile.",
                "level.expected": "It is a share from {least} to {most}.",
                "level.do": "Write --task quantile:0.9 for the value that nine of ten rows do not exceed.",
                "one.seen": "The target '{target}' has the same value in all {n} rows.",
                "one.expected": "A quantile to be learnt must vary.",
                "one.do": "Check that the column and the rows are the right ones.",
                "measure.pinball": "mean pinball loss",
                "measure.d2": "D² (share of the pinball loss explained)",
                "measure.mae": "mean absolute distance",
            },
            "zh": {
                "title": "分位数预测",
                "loss": "分位数损失",
                "variant": "同类行中有 {variant} 的比例不超过的数值",
                "numbers": "“{target}”有 {distinct} 个不同的数值",
                "dates": "“{target}”是日期列",
                "no_numbers": "“{target}”不是数值列",
                "level.seen": "“{variant}”不是分位数水平。",
                "level.expected": "水平是 {least} 至 {most} 之间的比例。",
                "level.do": "例如 --task quantile:0.9 表示十行中有九行不超过的数值。",
                "one.seen": "目标“{target}”在全部 {n} 行中取值相同。",
                "one.expected": "要学习的分位数必须有变化。",
                "one.do": "请确认列和行都是正确的。",
                "measure.pinball": "平均分位数损失",
                "measure.d2": "D²（解释的分位数损失占比）",
                "measure.mae": "平均绝对距离",
            },
        },
    )
    variant: str = "0.5"  # the level

    def __post_init__(self) -> None:
        try:
            known = LEAST <= self.level <= MOST
        except ValueError:
            known = False
        if not known:
            raise refusal(
                RequestError, "tasks/quantile", "level", variant=self.variant, least=str(LEAST), most=str(MOST)
            )

    @property
    def level(self) -> float:
        """The share of rows that do not exceed the answer."""
        return float(self.variant)

    def recognise(self, target: Column) -> Claim:
        """Numbers with more than two values."""
        distinct = len(numbers_in(target, self.about))
        return Claim(fit=FIT, why=self.about.say("tasks", "numbers", target=target.name, distinct=distinct))

    def kind(self) -> str:
        """A measured quantity."""
        return "number"

    def codec(self, target: Column) -> Codec:
        """Nothing to write but the number."""
        known = target.cells[~target.missing]
        if len(known) == 0 or known.min() == known.max():
            raise refusal(DataError, "tasks/quantile", "one", target=target.name, n=len(known))
        return Codec()

    def encode(self, target: Column, codec: Codec) -> Floats:
        """The numbers; NaN where missing."""
        return np.asarray(target.cells, dtype=np.float64)

    def head(self, codec: Codec) -> Head:
        """The value at the level."""
        return Head.quantile(self.level)

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Pinball loss a row."""
        return scores.quantile_losses(scores_, y, self.level)

    def answers(self, scores_: Floats) -> Floats:
        """The value: [n, 1]."""
        return scores_

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Mean pinball loss first."""
        return (
            Metric(key="pinball", better="lower", of=lambda s, y, w: metrics.mean(self.losses(s, y), w), unit="target"),
            Metric(key="d2", better="higher", of=self._explained),
            Metric(key="mae", better="lower", of=lambda s, y, w: metrics.mae(s[:, 0], y, w), unit="target"),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """The quantile of all."""
        return heads.guess(self.head(codec), y, weight)

    def strata(self, y: NDArray[Any]) -> Ints:
        """Tenths of the target, so that every fold has its share of large and small."""
        return tenths(y)

    def _explained(self, scores_: Floats, y: NDArray[Any], weight: Floats | None) -> float:
        """Share of the loss of the quantile of all that is explained (Koenker & Machado 1999)."""
        if not len(y):
            return float("nan")
        base = np.full((len(y), 1), heads.quantile(y, self.level, weight))
        whole = metrics.mean(self.losses(base, y), weight)
        return 1.0 - metrics.mean(self.losses(scores_, y), weight) / whole if whole > 0 else float("nan")
