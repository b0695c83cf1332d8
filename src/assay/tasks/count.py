"""How many will there be of a row?

The raw score is the natural logarithm of the expected count; the loss is half the Poisson deviance (Nelder & Wedderburn 1972),
which asks of the truth no more than that its mean is right. Counts that vary more than Poisson's do are borne; what is lost then
is precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Bools, Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.kernel.written_numbers import numbers_of, way_of
from assay.stats import heads, metrics, scores
from assay.stats.splitting import tenths

LEAST_DIFFERENT = 3  # values: two are classes
WITH_ZERO, WITHOUT_ZERO = 0.6, 0.3  # bids: what is counted is at times not there at all; grades and prices always are


@dataclass(frozen=True)
class Count:
    """A whole number of things or events."""

    about: ClassVar[About] = About(
        key="count",
        also=("poisson",),
        gives=("counts",),
        order=40,
        words={
            "en": {
                "title": "a count",
                "loss": "half the Poisson deviance",
                "score_unit": "logarithm of the expected '{target}'",
                "whole": "'{target}' has {distinct} different whole numbers, none below 0",
                "no_counts": "'{target}' holds {example}; counts are whole numbers from 0",
                "dates": "'{target}' holds dates",
                "few": "'{target}' has {distinct} different {distinct:value|values}; counts are for 3 and more",
                "strange.seen": "{n} of the {all} {all:value|values} of the target '{target}' {n:is|are} no {n:count|counts}, such as {example}.",
                "strange.expected": "A count is a whole number from 0.",
                "strange.do": "Name --task value for amounts and numbers with fractions.",
                "one.seen": "The target '{target}' has the same value in all {n} rows.",
                "one.expected": "A count to be learnt must vary.",
                "one.do": "Check that the column and the rows are the right ones.",
                "measure.deviance": "mean Poisson deviance",
                "measure.d2": "D² (share of the deviance explained)",
                "measure.rmse": "root mean squared error",
                "measure.mae": "mean absolute error",
                "measure.r2": "R²",
            },
            "zh": {
                "title": "计数预测",
                "loss": "泊松偏差的一半",
                "score_unit": "“{target}”期望值的对数",
                "whole": "“{target}”有 {distinct} 个不同的整数，均不小于 0",
                "no_counts": "“{target}”中有 {example}；计数是从 0 开始的整数",
                "dates": "“{target}”是日期列",
                "few": "“{target}”有 {distinct} 个不同取值；计数适用于 3 个及以上",
                "strange.seen": "目标“{target}”的 {all} 个取值中有 {n} 个不是计数，例如 {example}。",
                "strange.expected": "计数是从 0 开始的整数。",
                "strange.do": "金额和带小数的数值请使用 --task value。",
                "one.seen": "目标“{target}”在全部 {n} 行中取值相同。",
                "one.expected": "要学习的计数必须有变化。",
                "one.do": "请确认列和行都是正确的。",
                "measure.deviance": "平均泊松偏差",
                "measure.d2": "D²（解释的偏差占比）",
                "measure.rmse": "均方根误差",
                "measure.mae": "平均绝对误差",
                "measure.r2": "R²",
            },
        },
    )

    def recognise(self, target: Column) -> Claim:
        """Whole numbers from 0, more than two of them; always a lower bid than that for a value."""
        if target.store == "moments":
            raise DoesNotApply(self.about.say("tasks", "dates", target=target.name))
        if target.store == "numbers":
            known = np.unique(target.cells[~target.missing])
        else:
            labels = distinct_labels(target, most=1_000_000)
            known = numbers_of(labels, way_of(target))
            if np.isnan(known).any():
                example = f"'{labels[int(np.isnan(known).argmax())]}'"
                raise DoesNotApply(self.about.say("tasks", "no_counts", target=target.name, example=example))
            known = np.unique(known)
        strange = known[~_counted(known)]
        if len(strange):
            raise DoesNotApply(self.about.say("tasks", "no_counts", target=target.name, example=f"{strange[0]:g}"))
        if len(known) < LEAST_DIFFERENT:
            raise DoesNotApply(self.about.say("tasks", "few", target=target.name, distinct=len(known)))
        fit = WITH_ZERO if known[0] == 0 else WITHOUT_ZERO
        return Claim(fit=fit, why=self.about.say("tasks", "whole", target=target.name, distinct=len(known)))

    def kind(self) -> str:
        """Read as a measured quantity is."""
        return "number"

    def codec(self, target: Column) -> Codec:
        """Nothing to write but the number. Raises DataError where a cell is no count, or all are alike."""
        known = target.cells[~target.missing]
        strange = known[~_counted(known)]
        if len(strange):
            n, example = len(strange), f"{strange[0]:g}"
            raise refusal(DataError, "tasks/count", "strange", target=target.name, n=n, all=len(known), example=example)
        if len(known) == 0 or known.min() == known.max():
            raise refusal(DataError, "tasks/count", "one", target=target.name, n=len(known))
        return Codec()

    def encode(self, target: Column, codec: Codec) -> Floats:
        """The counts; NaN where missing or no count."""
        cells = np.asarray(target.cells, dtype=np.float64)
        return np.where(_counted(cells), cells, np.nan)

    def head(self, codec: Codec) -> Head:
        """The logarithm of the expected count."""
        return Head.counts()

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Half the Poisson deviance a row."""
        return scores.count_losses(scores_, np.asarray(y, dtype=np.float64))

    def answers(self, scores_: Floats) -> Floats:
        """The expected count: [n, 1]."""
        return scores.counts(scores_)

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Mean Poisson deviance first."""

        def answer(s: Floats) -> Floats:
            return scores.counts(s)[:, 0]

        return (
            Metric(key="deviance", better="lower", of=lambda s, y, w: metrics.mean(2.0 * self.losses(s, y), w)),
            Metric(key="d2", better="higher", of=self._explained),
            Metric(key="rmse", better="lower", of=lambda s, y, w: metrics.rmse(answer(s), y, w), unit="target"),
            Metric(key="mae", better="lower", of=lambda s, y, w: metrics.mae(answer(s), y, w), unit="target"),
            Metric(key="r2", better="higher", of=lambda s, y, w: metrics.r2(answer(s), y, w)),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Logarithm of the mean."""
        return heads.guess(Head.counts(), y, weight)

    def strata(self, y: NDArray[Any]) -> Ints:
        """Tenths of the target, so that every fold has its share of large and small."""
        return tenths(y)

    def _explained(self, scores_: Floats, y: NDArray[Any], weight: Floats | None) -> float:
        """Share of the deviance of the mean that is explained (McFadden's likelihood ratio for counts)."""
        if not len(y):
            return float("nan")
        base = np.tile(heads.guess(Head.counts(), y, weight), (len(y), 1))
        whole = metrics.mean(self.losses(base, y), weight)
        return 1.0 - metrics.mean(self.losses(scores_, y), weight) / whole if whole > 0 else float("nan")


def _counted(cells: Floats) -> Bools:
    """Which cells are whole numbers from 0; missing ones are not."""
    with np.errstate(invalid="ignore"):
        return np.asarray((cells >= 0) & (cells == np.floor(cells)) & np.isfinite(cells))
