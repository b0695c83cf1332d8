"""Which grade would a marker give?

A grade is one of a few ordered numbers: stars from 1 to 5, bands from 1 to 9 by halves; or of words in an order, which stand on even
steps (variant "poor,fair,good", lowest first; known orders are found out). The raw score is a value on the scale,
learnt by squared errors, so that a miss by two steps costs four times a miss by one; the answer is the nearest grade. The figure
that markers know is quadratic weighted kappa (Cohen 1968): agreement with the true grades beyond what the two distributions of
grades give by chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply, RequestError
from assay.kernel.forms import Head
from assay.kernel.hints import listing
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.kernel.written_numbers import numbers_of, way_of
from assay.kernel.written_orders import ORDER, is_order, ordered_words
from assay.stats import metrics
from assay.stats.grades import nearest
from assay.stats.splitting import tenths

from ._numbers import numbers_in
from ._orders import in_order

FIT = 0.5  # below a value (0.8), so that no target changes its task; above whole numbers that may be class codes (0.4)
FIT_OF_WORDS = 0.3  # below classes
MOST_GUESSED = 20  # grades of a scale that is recognised
MOST = 200  # grades of a scale that is asked for: marks in per cent, and some
MOST_LACKING = 0.5  # share of the cells in which none of the words of an order stands
FEW_NAMED = 12  # words that an example shows in full
LEAST_FILLED = 0.5  # share of the even steps between the lowest and the highest grade that are given to some row


@dataclass(frozen=True)
class Grades:
    """One of a few ordered numbers, or of words in an order."""

    about: ClassVar[About] = About(
        key="grades",
        also=("ordinal",),
        gives=("value",),
        order=35,
        graded=True,
        words={
            "en": {
                "title": "ordered grades",
                "loss": "squared error",
                "variant": "grades in this order: {variant}",
                "scale": "'{target}' has {k} different numbers in even steps, as grades have",
                "dates": "'{target}' holds dates",
                "no_numbers": "'{target}' is not a column of numbers",
                "many": "'{target}' has {k} different numbers; grades are up to {most}",
                "uneven": "the numbers of '{target}' are not in even steps",
                "one.seen": "The target '{target}' has the same grade in all {n} rows.",
                "one.expected": "Grades to be learnt must vary.",
                "one.do": "Check that the column and the rows are the right ones.",
                "fine.seen": "The target '{target}' has {k} different numbers.",
                "fine.expected": "A scale has up to {most} grades.",
                "fine.do": "Name --task value for what is measured rather than graded.",
                "order.seen": "'{variant}' is no order of grades.",
                "order.expected": "Two different words at least, the lowest first, with commas between them.",
                "order.do": "For example: --task grades:poor,fair,good.",
                "unordered.seen": "The grades of '{target}' are words whose order is not known: {known}.",
                "unordered.do": "Name them in order, the lowest first: --task grades:{example}. Or name --task classes, which knows no order.",
                "numbers.seen": "The grades of '{target}' are numbers, whose order is known.",
                "numbers.do": "Write --task grades, without an order.",
                "others.seen": "The target '{target}' has none of the grades {names} in {share:%} of its cells.",
                "others.expected": "In its cells stand {known}.",
                "others.do": "Name all of them in order, the lowest first.",
                "measure.rmse": "root mean squared error",
                "measure.quadratic_kappa": "quadratic weighted kappa of the nearest grades",
                "measure.mae": "mean absolute error",
                "measure.exact": "share of exact grades",
                "measure.within_one": "share within one grade",
            },
            "zh": {
                "title": "有序等级",
                "loss": "平方误差",
                "variant": "按此顺序的等级：{variant}",
                "scale": "“{target}”有 {k} 个等距的不同数值，像是等级",
                "dates": "“{target}”是日期列",
                "no_numbers": "“{target}”不是数值列",
                "many": "“{target}”有 {k} 个不同的数值；等级不超过 {most} 个",
                "uneven": "“{target}”的数值间隔不均匀",
                "one.seen": "目标“{target}”在全部 {n} 行中等级相同。",
                "one.expected": "要学习的等级必须有变化。",
                "one.do": "请确认列和行都是正确的。",
                "fine.seen": "目标“{target}”有 {k} 个不同的数值。",
                "fine.expected": "一个评分体系最多有 {most} 个等级。",
                "fine.do": "若是测量值而非评分，请使用 --task value。",
                "order.seen": "“{variant}”不是等级顺序。",
                "order.expected": "至少两个不同的词，从低到高，以逗号分隔。",
                "order.do": "例如：--task grades:差,中,良,优。",
                "unordered.seen": "“{target}”的等级是词语，顺序未知：{known}。",
                "unordered.do": "请从低到高列出：--task grades:{example}；或用 --task classes（不计顺序）。",
                "numbers.seen": "“{target}”的等级是数字，顺序已知。",
                "numbers.do": "请写 --task grades，不带顺序。",
                "others.seen": "目标“{target}”有 {share:%} 的单元格不属于等级 {names}。",
                "others.expected": "单元格中有：{known}。",
                "others.do": "请从低到高列出全部等级。",
                "measure.rmse": "均方根误差",
                "measure.quadratic_kappa": "最近等级的二次加权 kappa",
                "measure.mae": "平均绝对误差",
                "measure.exact": "等级完全一致的比例",
                "measure.within_one": "相差不超过一级的比例",
            },
        },
    )

    variant: str = ""  # words in order, lowest first: "poor,fair,good"

    def __post_init__(self) -> None:
        if self.variant and not is_order(self.names):
            raise refusal(RequestError, "tasks/grades", "order", variant=self.variant)

    @property
    def names(self) -> tuple[str, ...]:
        """The words in order; none where grades are numbers."""
        return ordered_words(self.variant)

    def suited(self, target: Column) -> Grades:
        """With the order of its words, where it has words; numbers have theirs. Raises RequestError where it is not known."""
        cells = _words_of(target)
        if _numbered(cells, way_of(target)):
            if self.variant:
                raise refusal(RequestError, "tasks/grades", "numbers", target=target.name)
            return self
        known = distinct_labels(target, most=MOST)
        if self.variant:
            if (share := 1 - sum(cells[name] for name in self.names) / max(1, cells.total())) > MOST_LACKING:
                raise refusal(RequestError, "tasks/grades", "others", target=target.name, names=listing(self.names), share=share, known=listing(known))  # fmt: skip
            return Grades(",".join(self.names))
        if not (found := in_order(cells)):
            example = ",".join([*known[:FEW_NAMED], *(["…"] if len(known) > FEW_NAMED else [])])
            raise refusal(RequestError, "tasks/grades", "unordered", target=target.name, known=listing(known), example=example)  # fmt: skip
        return Grades(",".join(found))

    def recognise(self, target: Column) -> Claim:
        """A few numbers in even steps, or words in a known order; always a lower bid than that for a value, or for classes."""
        found = in_order(_words_of(target))
        if any(len(word.strip()) > 1 or not word.isascii() for word in found):  # A, B and C may be names
            return Claim(fit=FIT_OF_WORDS, why=self.about.say("tasks", "variant", variant=",".join(found)))
        scale = numbers_in(target, self.about)
        if len(scale) > MOST_GUESSED:
            raise DoesNotApply(self.about.say("tasks", "many", target=target.name, k=len(scale), most=MOST_GUESSED))
        if not _in_steps(scale):
            raise DoesNotApply(self.about.say("tasks", "uneven", target=target.name))
        return Claim(fit=FIT, why=self.about.say("tasks", "scale", target=target.name, k=len(scale)))

    def kind(self) -> str:
        """Read as a measured quantity is; words as their places in the order."""
        return f"number:{ORDER}{','.join(self.names)}" if self.variant else "number"

    def codec(self, target: Column) -> Codec:
        """The scale: every grade that was given. Raises DataError where all are alike, or too many differ."""
        scale = np.unique(target.cells[~target.missing])
        if len(scale) < 2:
            raise refusal(DataError, "tasks/grades", "one", target=target.name, n=int((~target.missing).sum()))
        if len(scale) > MOST:
            raise refusal(DataError, "tasks/grades", "fine", target=target.name, k=len(scale), most=MOST)
        if self.variant:
            return Codec(scale=tuple(np.arange(1.0, len(self.names) + 1).tolist()), names=self.names)
        return Codec(scale=tuple(scale.tolist()))

    def encode(self, target: Column, codec: Codec) -> Floats:
        """The grades as numbers, those beyond the scale too; NaN where missing."""
        return np.asarray(target.cells, dtype=np.float64)

    def head(self, codec: Codec) -> Head:
        """A value on the scale."""
        return Head.value()

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Squared error a row, before rounding."""
        return np.asarray((scores_[:, 0] - y) ** 2)

    def answers(self, scores_: Floats) -> Floats:
        """The value on the scale: [n, 1]; the nearest grade is told beside it."""
        return scores_

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Root mean squared error of the value first; kappa and shares are those of the nearest grade."""
        scale = np.asarray(codec.scale)

        def kappa(s: Floats, y: NDArray[Any], w: Floats | None) -> float:
            return metrics.quadratic_kappa(scale[nearest(s[:, 0], scale)], y, w)

        def within(s: Floats, y: NDArray[Any], w: Floats | None, steps: int) -> float:
            off = np.abs(nearest(s[:, 0], scale) - nearest(y, scale))
            return metrics.mean((off <= steps).astype(np.float64), w)

        return (
            Metric(key="rmse", better="lower", of=lambda s, y, w: metrics.rmse(s[:, 0], y, w), unit="target"),
            Metric(key="quadratic_kappa", better="higher", of=kappa),
            Metric(key="mae", better="lower", of=lambda s, y, w: metrics.mae(s[:, 0], y, w), unit="target"),
            Metric(key="exact", better="higher", of=lambda s, y, w: within(s, y, w, 0), unit="share"),
            Metric(key="within_one", better="higher", of=lambda s, y, w: within(s, y, w, 1), unit="share"),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """The mean."""
        return np.asarray([np.average(y, weights=weight)])

    def strata(self, y: NDArray[Any]) -> Ints:
        """Tenths of the rows by grade, so that every fold has its share of high and low."""
        return tenths(y)


def _words_of(target: Column) -> Counter[str]:
    """In how many cells each word stands; of numbers and dates none."""
    if target.levels is None:
        return Counter()
    counts = np.bincount(target.cells[target.cells >= 0], minlength=len(target.levels))
    return Counter({str(word): int(n) for word, n in zip(target.levels, counts, strict=True) if n})


def _numbered(cells: Counter[str], variant: str) -> bool:
    """Whether half of the cells and more are numbers."""
    read = np.isfinite(numbers_of(cells, variant))
    return bool(2 * sum(n for n, number in zip(cells.values(), read, strict=True) if number) >= cells.total())


def _in_steps(scale: Floats) -> bool:
    """Whether the numbers stand on even steps, most of which are taken."""
    steps = np.diff(scale)
    places = (scale - scale[0]) / steps.min()
    even = np.abs(places - np.round(places)).max() < 1e-6
    return bool(even and len(scale) >= LEAST_FILLED * (places[-1] + 1))
