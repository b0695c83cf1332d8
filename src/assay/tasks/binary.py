"""Does a row belong to one of two classes?

The positive class is the last label: the larger number, "yes", or the last in the alphabet. The raw score is its log-
odds. What is looked for (`Codec.event`) may be the other one: fraud among legitimate payments is, whatever the alphabet says, and
`binary:fraud` names it.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply, RequestError
from assay.kernel.forms import Head
from assay.kernel.hints import listing
from assay.kernel.labels import codes_of, counted, distinct_labels, event_of
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import metrics, scores

SHOWN = 6  # of the values that are not two


@dataclass(frozen=True)
class Binary:
    """One of two classes."""

    about: ClassVar[About] = About(
        key="binary",
        also=("classification",),
        gives=("classes",),
        order=10,
        words={
            "en": {
                "title": "two classes",
                "loss": "log-loss",
                "variant": "two classes, of which '{variant}' is looked for",
                "two": "'{target}' has two different values: {labels}",
                "not_two": "'{target}' has {k} different {k:value|values}, not two",
                "answers.seen": "The target '{target}' has {k} different {k:value|values} in {n} {n:row|rows}: {values}.",
                "answers.expected": "The task 'binary' is for two.",
                "answers.do": "Name --task classes for more than two, or check that the column and the rows are the right ones.",
                "one.seen": "The target '{target}' has one value in the {n} {n:row|rows} that {n:counts|count}: {values}.",
                "one.expected": "Two at least were expected: of one there is nothing to learn.",
                "one.do": "Check that the column is the right one, and that no weight of 0 and no missing time leaves out the rows of the others.",
                "event.seen": "'{variant}' is to be looked for, and the target '{target}' is {values}.",
                "event.expected": "The class behind 'binary:' is one of the two.",
                "event.do": "Write --task {task}.",
                "measure.log_loss": "log-loss",
                "measure.auc": "area under ROC",
                "measure.average_precision": "average precision",
                "measure.cost": "mean cost of a row",
                "measure.accuracy": "accuracy",
                "measure.balanced_accuracy": "balanced accuracy",
                "measure.brier": "Brier score",
            },
            "zh": {
                "title": "二分类",
                "loss": "对数损失",
                "variant": "二分类，所要找的是“{variant}”",
                "two": "“{target}”只有两个不同取值：{labels}",
                "not_two": "“{target}”有 {k} 个不同取值，不是两个",
                "answers.seen": "目标“{target}”在 {n} 行中有 {k} 个不同取值：{values}。",
                "answers.expected": "任务“binary”（二分类）需要恰好两个取值。",
                "answers.do": "取值多于两个时请用 --task classes，或确认列和行都是正确的。",
                "one.seen": "目标“{target}”在计入的 {n} 行中只有一个取值：{values}。",
                "one.expected": "至少应有两个取值：只有一个时无可学习。",
                "one.do": "请确认列是正确的，并且其他取值的行没有因权重为 0 或缺少时间而被排除。",
                "event.seen": "所要找的是“{variant}”，而目标“{target}”的取值为 {values}。",
                "event.expected": "“binary:”之后须为两个取值之一。",
                "event.do": "请写 --task {task}。",
                "measure.log_loss": "对数损失",
                "measure.auc": "ROC 曲线下面积",
                "measure.average_precision": "平均精确率",
                "measure.cost": "每行平均代价",
                "measure.accuracy": "准确率",
                "measure.balanced_accuracy": "平衡准确率",
                "measure.brier": "Brier 分数",
            },
        },
    )

    variant: str = ""  # the class that is looked for; "" finds it out

    def recognise(self, target: Column) -> Claim:
        """Exactly two different values."""
        if (k := target.distinct) != 2:
            raise DoesNotApply(self.about.say("tasks", "not_two", target=target.name, k=k))
        return Claim(fit=0.95, why=self.about.say("tasks", "two", target=target.name, labels=distinct_labels(target)))

    def kind(self) -> str:
        """Labels are names."""
        return "category"

    def codec(self, target: Column) -> Codec:
        """The two labels in order."""
        labels = distinct_labels(target)
        if len(labels) != 2:
            said: dict[str, Any] = {"target": target.name, "k": len(labels), "n": len(target)}
            key = "one" if len(labels) == 1 else "answers"
            raise refusal(DataError, "tasks/binary", key, values=listing(labels, SHOWN), **said)
        if self.variant:
            return Codec(labels=tuple(labels), event=self._event(target.name, labels))
        codes = codes_of(target, labels)
        rows = counted(codes[codes >= 0], 2).tolist()
        return Codec(labels=tuple(labels), event=event_of(labels, rows))

    def _event(self, target: str, labels: list[str]) -> int:
        if self.variant in labels:
            return labels.index(self.variant)
        task = shlex.quote(f"{self.about.key}:{labels[-1]}")
        said = {"variant": self.variant, "target": target, "task": task}
        raise refusal(RequestError, "tasks/binary", "event", values=listing(labels, SHOWN), **said)

    def encode(self, target: Column, codec: Codec) -> Ints:
        """0 or 1; -1 where missing or unknown."""
        return codes_of(target, codec.labels)

    def head(self, codec: Codec) -> Head:
        """One log-odds."""
        return Head.classes(2)

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Log-loss a row."""
        return scores.class_losses(scores_, y)

    def answers(self, scores_: Floats) -> Floats:
        """Probabilities [n, 2]."""
        return scores.probabilities(scores_)

    def answers_one(self, scores_: list[float]) -> list[float]:
        """Probabilities [2] of one row."""
        return scores.two_probabilities(scores_[0])

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Log-loss first."""
        p, event, up = scores.lately(scores.probabilities), codec.event, 1.0 if codec.event else -1.0
        costs = np.asarray(codec.costs)

        def said(s: Floats) -> Floats:
            """What answers are the largest of [n, k]."""
            return codec.weighed(p(s))

        cost = Metric(key="cost", better="lower", of=lambda s, y, w: metrics.mean_cost(said(s), y, costs, w))
        return (
            Metric(key="log_loss", better="lower", of=lambda s, y, w: metrics.mean(scores.class_losses(s, y), w)),
            *((cost,) if codec.costs else ()),
            Metric(key="auc", better="higher", of=lambda s, y, w: metrics.auc(s[:, 0], y == 1, w)),
            Metric(
                key="average_precision",
                better="higher",
                of=lambda s, y, w: metrics.average_precision(up * s[:, 0], y == event, w),
            ),
            Metric(key="accuracy", better="higher", of=lambda s, y, w: metrics.accuracy(said(s), y, w), unit="share"),
            Metric(
                key="balanced_accuracy",
                better="higher",
                of=lambda s, y, w: metrics.balanced_accuracy(said(s), y, w),
                unit="share",
            ),
            Metric(key="brier", better="lower", of=lambda s, y, w: metrics.brier(p(s), y, w)),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Log-odds of the base rate, one imagined row of each class added."""
        w = np.ones(len(y)) if weight is None else weight
        return np.asarray([np.log((w[y == 1].sum() + 0.5) / (w[y == 0].sum() + 0.5))])

    def strata(self, y: NDArray[Any]) -> Ints:
        """The class."""
        return np.asarray(y, dtype=np.int64)
