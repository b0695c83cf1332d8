"""Is this one unlike the good ones? What is learnt from good parts only, and from as many odd ones as are known.

Never guessed: asked for with `--task odd`. The target may be left away, where every row is a good part; else one of its labels means
good, and every other one odd. Which label is the good one is told by its name, or with `--task odd:LABEL`; of names that say nothing it is
the most frequent. The raw score is how odd a row is, above 0 where an alarm is raised (`stats.alarms`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.labels import codes_of, distinct_labels
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import metrics, scores

NAMES = frozenset(
    [
        "good",
        "ok",
        "okay",
        "normal",
        "free",
        "clean",
        "fine",
        "pass",
        "passed",
        "healthy",
        "intact",
        "genuine",
        "benign",
        "accept",
        "accepted",
        "no",
        "none",
        "0",
        "false",
        "negative",
        "合格",
        "正常",
        "良品",
        "良好",
        "好",
        "完好",
        "无缺陷",
        "否",
    ]
)  # of what is not odd
ODD = "odd"
MOST_LABELS = 10_000


@dataclass(frozen=True)
class Odd:
    """Unlike the good ones, or not."""

    about: ClassVar[About] = About(
        key="odd",
        also=("anomaly",),
        gives=("oddness",),
        order=60,
        asked_for=True,
        of_one=True,
        level=0.99,
        words={
            "en": {
                "title": "odd ones among good ones",
                "loss": "log-loss",
                "of": "'{good}' in '{target}' means good, anything else odd",
                "dates": "'{target}' holds dates",
                "variant": "'{variant}' means good, anything else odd",
                "none.seen": "No row of the target '{target}' is '{good}' ({n} {n:row|rows}).",
                "none.expected": "Good ones are what is learnt from.",
                "none.do": "Name the label of good ones: --task odd:LABEL.",
                "empty.seen": "The target '{target}' is empty.",
                "empty.expected": "A label that means good.",
                "empty.do": "Leave --target away where every row is a good one.",
                "score_unit": "in standard deviations of good ones",
                "measure.auc": "area under ROC, odd against good",
                "measure.average_precision": "average precision of odd ones",
            },
            "zh": {
                "title": "从良品中找出异常",
                "loss": "对数损失",
                "of": "“{target}”中的“{good}”为良品，其余为异常",
                "dates": "“{target}”是日期列",
                "variant": "“{variant}”为良品，其余为异常",
                "none.seen": "目标“{target}”的 {n} 行中没有“{good}”。",
                "none.expected": "模型从良品学习。",
                "none.do": "请指明良品的标签：--task odd:标签。",
                "empty.seen": "目标“{target}”为空。",
                "empty.expected": "应有一个表示良品的标签。",
                "empty.do": "如果每一行都是良品，请去掉 --target。",
                "score_unit": "以良品的标准差为单位",
                "measure.auc": "ROC 曲线下面积（异常对良品）",
                "measure.average_precision": "异常的平均精度",
            },
        },
    )
    variant: str = ""  # the label of good ones

    def recognise(self, target: Column) -> Claim:
        """Any names; a low bid, since nobody can tell."""
        if target.store == "moments":
            raise DoesNotApply(self.about.say("tasks", "dates", target=target.name))
        good = self._good(target)
        if not good:
            raise DoesNotApply(self.about.say("tasks", "empty.seen", target=target.name))
        return Claim(fit=0.05, why=self.about.say("tasks", "of", target=target.name, good=good))

    def kind(self) -> str:
        """Labels are names."""
        return "category"

    def codec(self, target: Column) -> Codec:
        """The label of good ones, then that of odd ones: their own where they have but one. Raises DataError without good ones."""
        labels = distinct_labels(target)
        if not labels:
            raise refusal(DataError, "tasks/odd", "empty", target=target.name)
        good = self._good(target)
        if good not in labels:
            raise refusal(DataError, "tasks/odd", "none", target=target.name, good=good, n=len(target))
        others = [label for label in labels if label != good]
        odd = others[0] if len(others) == 1 else ODD
        return Codec(labels=(good, odd if odd != good else f"{odd}_"))

    def encode(self, target: Column, codec: Codec) -> Ints:
        """0 for good, whatever word says so, 1 for anything else that stands there; -1 where nothing does."""
        good = codec.labels[:1]
        if good[0].strip().casefold() in NAMES and not self.variant:  # another file may say it in another word
            good = (good[0], *(label for label in distinct_labels(target) if label.strip().casefold() in NAMES))
        code = codes_of(target, good)
        return np.where(code >= 0, 0, np.where(target.as_words().missing, -1, 1)).astype(np.int64)

    def head(self, codec: Codec) -> Head:
        """How odd."""
        return Head.oddness()

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Log-loss a row, as if the score were the log-odds that it is odd."""
        return scores.class_losses(scores_, y)

    def answers(self, scores_: Floats) -> Floats:
        """Good and odd [n, 2], on a scale from 0 to 1 on which alarms begin at one half: no probabilities, as nobody knows how many are odd."""
        return scores.probabilities(scores_)

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """How well odd ones are told from good ones; not known where only good ones are."""
        return (
            Metric(key="auc", better="higher", of=lambda s, y, w: metrics.auc(s[:, 0], y == 1, w)),
            Metric(
                key="average_precision",
                better="higher",
                of=lambda s, y, w: metrics.average_precision(s[:, 0], y == 1, w),
            ),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Log-odds of the share of odd ones, half an imagined one of each added."""
        w = np.ones(len(y)) if weight is None else weight
        return np.asarray([np.log((w[y == 1].sum() + 0.5) / (w[y == 0].sum() + 0.5))])

    def strata(self, y: NDArray[Any]) -> Ints:
        """Good or odd."""
        return np.asarray(y, dtype=np.int64)

    def _good(self, target: Column) -> str:
        """The label of good ones; "" where there is none."""
        if self.variant:
            return self.variant
        labels = distinct_labels(target)
        named = [label for label in labels if label.strip().casefold() in NAMES]
        if len(named) == 1:
            return named[0]
        words = target.as_words()
        assert words.levels is not None
        count = np.bincount(words.cells[words.cells >= 0], minlength=len(words.levels))
        return str(words.levels[int(count.argmax())]) if count.sum() else ""
