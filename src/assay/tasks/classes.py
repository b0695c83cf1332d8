"""Which of several classes does a row belong to?

Raw scores are one logit a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.labels import as_number, codes_of, distinct_labels
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import Say, refusal
from assay.kernel.written_numbers import UNIT, numbers_of, way_of
from assay.stats import metrics, scores

from ._numbers import MOST_NUMBERED, mostly_numbers

MOST_CLASSES = 200  # of a target that is taken for classes, however few rows share one
MOST_SHARED, LEAST_SHARED = 1_000, 10  # or so many, where so many rows share one on average
MOST_ASKED = 10_000
SIGNS = [-1.0, 0.0, 1.0]  # of moods, moves and margins
EVEN = 5.0  # codes of classes are about equally frequent; counts and grades pile up in the middle


@dataclass(frozen=True)
class Classes:
    """One of several classes."""

    about: ClassVar[About] = About(
        key="classes",
        also=("classification", "multiclass"),
        gives=("classes",),
        order=20,
        words={
            "en": {
                "title": "several classes",
                "loss": "log-loss",
                "names": "'{target}' has {k} different names",
                "codes": "'{target}' has {k} different whole numbers, about equally frequent, as class codes are",
                "grades": "'{target}' has {k} different whole numbers, which may be grades",
                "dates": "'{target}' holds dates",
                "few_or_many": "'{target}' has {k} different {k:value|values}; {k:it is|they are} taken for classes from 3 to {most}, or to {shared} where {least} rows share one; --task classes takes up to {asked}",
                "hardly_shared": "'{target}' has {k} different {k:value|values}: hardly two rows share an answer",
                "measured": "'{target}' holds measured numbers",
                "answers.seen": "The target '{target}' has {k} different {k:value|values} in {n} {n:row|rows}.",
                "answers.expected": "Classes need from 2 to {asked}.",
                "answers.do": "Check that the column and the rows are the right ones, or name another --task.",
                "measure.log_loss": "log-loss",
                "measure.cost": "mean cost of a row",
                "measure.accuracy": "accuracy",
                "measure.balanced_accuracy": "balanced accuracy",
                "measure.macro_auc": "macro area under ROC",
                "measure.macro_f1": "macro F1",
                "measure.brier": "Brier score",
            },
            "zh": {
                "title": "多分类",
                "loss": "对数损失",
                "names": "“{target}”有 {k} 个不同的名称",
                "codes": "“{target}”有 {k} 个不同的整数，频率相近，像是类别编码",
                "grades": "“{target}”有 {k} 个不同的整数，可能是等级",
                "dates": "“{target}”是日期列",
                "few_or_many": "“{target}”有 {k} 个不同取值；3 至 {most} 个视为类别，平均每类有 {least} 行时至 {shared} 个；--task classes 最多 {asked} 个",
                "hardly_shared": "“{target}”有 {k} 个不同取值：几乎没有两行答案相同",
                "measured": "“{target}”是测量值",
                "answers.seen": "目标“{target}”在 {n} 行中有 {k} 个不同取值。",
                "answers.expected": "分类需要 2 至 {asked} 个取值。",
                "answers.do": "请确认列和行都是正确的，或用 --task 指定其他任务。",
                "measure.log_loss": "对数损失",
                "measure.cost": "每行平均代价",
                "measure.accuracy": "准确率",
                "measure.balanced_accuracy": "平衡准确率",
                "measure.macro_auc": "宏平均 ROC 曲线下面积",
                "measure.macro_f1": "宏平均 F1",
                "measure.brier": "Brier 分数",
            },
        },
    )

    def recognise(self, target: Column) -> Claim:
        """Names, or whole numbers that behave like codes."""
        if target.store == "moments":
            raise DoesNotApply(self.about.say("tasks", "dates", target=target.name))
        k = target.distinct
        if not 3 <= k <= (MOST_SHARED if len(target) >= LEAST_SHARED * k else MOST_CLASSES):
            limits = {"most": MOST_CLASSES, "shared": MOST_SHARED, "least": LEAST_SHARED, "asked": MOST_ASKED}
            raise DoesNotApply(self.about.say("tasks", "few_or_many", target=target.name, k=k, **limits))
        if k > MOST_NUMBERED and 2 * k > len(target):
            raise DoesNotApply(self._say("hardly_shared", target, k))
        words = target.as_words()
        labels = distinct_labels(words)
        way = way_of(words, asked=k > MOST_NUMBERED)  # many times of a clock are waits: 00:42:10
        read = numbers_of(labels, way)
        numbers = read.tolist() if way.startswith(UNIT) else [as_number(label) for label in labels]  # 64岁 as 64
        if any(v is None or not isfinite(v) for v in numbers):
            if k > MOST_NUMBERED and (np.isfinite(read).all() or mostly_numbers(words)):
                raise DoesNotApply(self.about.say("tasks", "measured", target=target.name))  # amounts: ￥1,200.50
            return Claim(fit=0.9, why=self._say("names", target, k))
        whole = sorted(v for v in numbers if v is not None and v == int(v))
        if len(whole) < k or k > MOST_NUMBERED:
            raise DoesNotApply(self.about.say("tasks", "measured", target=target.name))
        counts = np.unique(words.cells[words.cells >= 0], return_counts=True)[1]
        in_a_row = (whole[0] in (0, 1) or whole == SIGNS) and whole[-1] - whole[0] == k - 1
        if in_a_row and counts.max() <= EVEN * counts.min():
            return Claim(fit=0.85, why=self._say("codes", target, k))
        return Claim(fit=0.4, why=self._say("grades", target, k))

    def kind(self) -> str:
        """Labels are names."""
        return "category"

    def codec(self, target: Column) -> Codec:
        """The labels in order."""
        labels = distinct_labels(target)
        if not 2 <= len(labels) <= MOST_ASKED:
            said: dict[str, Any] = {"target": target.name, "k": len(labels), "n": len(target)}
            raise refusal(DataError, "tasks/classes", "answers", **said, asked=MOST_ASKED)
        return Codec(labels=tuple(labels))

    def encode(self, target: Column, codec: Codec) -> Ints:
        """Class numbers; -1 where missing or unknown."""
        return codes_of(target, codec.labels)

    def head(self, codec: Codec) -> Head:
        """One logit a class."""
        return Head.classes(len(codec.labels))

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Log-loss a row."""
        return scores.class_losses(scores_, y)

    def answers(self, scores_: Floats) -> Floats:
        """Probabilities [n, k]."""
        return scores.probabilities(scores_)

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Log-loss first."""
        p = scores.lately(scores.probabilities)  # five figures ask for them one after the other
        costs = np.asarray(codec.costs)

        def said(s: Floats) -> Floats:
            """What answers are the largest of [n, k]."""
            return codec.weighed(p(s))

        cost = Metric(key="cost", better="lower", of=lambda s, y, w: metrics.mean_cost(said(s), y, costs, w))
        return (
            Metric(key="log_loss", better="lower", of=lambda s, y, w: metrics.mean(scores.class_losses(s, y), w)),
            *((cost,) if codec.costs else ()),
            Metric(key="accuracy", better="higher", of=lambda s, y, w: metrics.accuracy(said(s), y, w), unit="share"),
            Metric(
                key="balanced_accuracy",
                better="higher",
                of=lambda s, y, w: metrics.balanced_accuracy(said(s), y, w),
                unit="share",
            ),
            Metric(key="macro_auc", better="higher", of=lambda s, y, w: metrics.macro_auc(p(s), y, w)),
            Metric(key="macro_f1", better="higher", of=lambda s, y, w: metrics.macro_f1(said(s), y, w)),
            Metric(key="brier", better="lower", of=lambda s, y, w: metrics.brier(p(s), y, w)),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Logarithms of the base rates, half an imagined row of each class added; of two classes the log-odds of the second."""
        w = np.ones(len(y)) if weight is None else weight
        share = np.bincount(y, weights=w, minlength=len(codec.labels)) + 0.5
        rates = np.log(share / share.sum())
        return np.asarray(rates[1:] - rates[:1] if len(rates) == 2 else rates)

    def strata(self, y: NDArray[Any]) -> Ints:
        """The class."""
        return np.asarray(y, dtype=np.int64)

    def _say(self, key: str, target: Column, k: int) -> Say:
        return self.about.say("tasks", key, target=target.name, k=k)
