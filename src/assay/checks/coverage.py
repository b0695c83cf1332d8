"""Do sets and intervals cover what they promise?

A 90 % set should hold the true class in 90 of 100 rows, for each class apart; a 90 % interval the true value, at every
height of the answer. What was covered is judged by the band in which it would lie by chance if the promise were kept;
among all bands together one is left in fewer than 1 of 100 tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say, number
from assay.stats.clusters import design_effect, effective
from assay.stats.conformal import among
from assay.stats.covering import coverage_band
from assay.stats.tests import wilson

from ._blocks import blocks

LEVEL = 0.95
ALARM = 0.01  # of tables where the promise is kept, at most this share is flagged
LEAST_ROWS = 20
LEAST_IN_CLASS = 10
NOTABLE, GRAVE = 0.01, 0.1  # below the promise: by less than the first is no failure, by the second is one anywhere
IDLE = 0.25  # misses, as a share of those promised: with fewer, new rows say that answers could be far narrower
BINS = 5
FEWEST_SIZES = 3  # that are shown, though no set is as large
SHOWN = 20


@dataclass(frozen=True)
class Slice:
    """Some of the rows: how many, how many covered, and where that share may lie."""

    label: str
    n: int
    share: float
    low: float  # interval of the share
    high: float
    band: tuple[float, float]

    @property
    def under(self) -> bool:
        """Fewer covered than the promise allows."""
        return self.share < self.band[0]

    @property
    def over(self) -> bool:
        """More covered than the promise explains."""
        return self.share > self.band[1]


@dataclass(frozen=True)
class Coverage:
    """Do sets and intervals cover what they promise?"""

    about: ClassVar[About] = About(
        key="coverage",
        order=25,
        words={
            "en": {
                "title": "Coverage",
                "question": "Do prediction sets and intervals hold the truth as often as they promise?",
                "kept_sets": "The sets promise {level:%} and hold the true class in {share:%} of rows ({low:%} to {high:%}); every class is covered as promised.",
                "kept_judged": "The sets promise {level:%} and hold the true class in {share:%} of rows ({low:%} to {high:%}); every class of {least} rows or more is covered as promised; nothing is known of {names}.",
                "kept_intervals": "The intervals promise {level:%} and hold the true value in {share:%} of rows ({low:%} to {high:%}), at every height of the answer.",
                "under": "The promise of {level:%} is broken: {share:%} of rows are covered, and a promise kept would show at least {least:%}.",
                "under_slice": "The promise of {level:%} is broken for {label}: {share:%} of its {n} rows are covered, and a promise kept would show at least {least:%}.",
                "over": "{share:%} of rows are covered where {level:%} was promised (at most {most:%} would be chance): the answers are more cautious than they need be.",
                "over_slice": "{share:%} of {label} are covered where {level:%} was promised (at most {most:%} would be chance): more cautious than need be.",
                "sure": "The sets promise {level:%} and hold the true class in {share:%} of rows; nearly all hold one class alone and could be no smaller.",
                "sure_judged": "The sets promise {level:%} and hold the true class in {share:%} of rows; nearly all hold one class alone and could be no smaller. Nothing is known of {names}, with fewer than {least} rows.",
                "class": "class '{label}'",
                "between": "answers from {low} to {high}",
                "sizes": "A set holds {size} classes on average; {single:%} hold just one.",
                "empty": "{empty:%} of sets are empty: those rows are not typical of any class.",
                "useless": "Most sets hold every class: at {level:%} the model cannot rule anything out.",
                "widths": "An interval is {width} wide on average; one guess for all would need {plain}.",
                "few_rows": "Not judged, with fewer than {least} rows: {names}.",
                "learnt_on_few": "Too few rows to learn from: {names} is in every set, and so always covered.",
                "alarm": "Where the promise is kept, this check is quiet in at least {quiet:%} of tables.",
                "grouped": "Rows that belong together err together: {n} rows count as {effective}.",
                "weighted": "Shares go by the weights of the rows: {n} rows of unequal weight count as {effective}.",
                "drifted": "The rows differ from those trained on; train again with rows like these.",
                "low_level": "Ask for a higher level, or for more rows of that kind.",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "none": "the model gives neither sets nor intervals",
                "by_class": "Coverage of each class",
                "by_answer": "Coverage by height of the answer",
                "by_size": "How many classes a set holds",
                "share": "share covered",
                "size": "classes in the set",
                "rows": "share of rows",
                "overall": "all rows",
                "measure.coverage": "coverage",
                "measure.set_size": "mean set size",
                "measure.empty_share": "empty sets",
                "measure.single_share": "sets of one answer",
                "measure.width": "mean width",
            },
            "zh": {
                "title": "覆盖率",
                "question": "预测集与预测区间包含真值的频率是否达到承诺？",
                "kept_sets": "预测集承诺 {level:%}，实际在 {share:%} 的行中包含真实类别（{low:%} 至 {high:%}）；每个类别都达到承诺。",
                "kept_judged": "预测集承诺 {level:%}，实际在 {share:%} 的行中包含真实类别（{low:%} 至 {high:%}）；不少于 {least} 行的类别都达到承诺，{names} 行数不足，未作判断。",
                "kept_intervals": "预测区间承诺 {level:%}，实际在 {share:%} 的行中包含真实值（{low:%} 至 {high:%}），各个水平的回答均如此。",
                "under": "{level:%} 的承诺未兑现：只覆盖了 {share:%} 的行，若承诺属实至少应有 {least:%}。",
                "under_slice": "{level:%} 的承诺对{label}未兑现：其 {n} 行中只覆盖了 {share:%}，若承诺属实至少应有 {least:%}。",
                "over": "承诺 {level:%}，实际覆盖 {share:%} 的行（偶然至多 {most:%}）：回答比必要的更保守。",
                "over_slice": "承诺 {level:%}，{label}实际覆盖 {share:%}（偶然至多 {most:%}）：比必要的更保守。",
                "sure": "预测集承诺 {level:%}，实际在 {share:%} 的行中包含真实类别；几乎所有预测集都只含一个类别，无法更小。",
                "sure_judged": "预测集承诺 {level:%}，实际在 {share:%} 的行中包含真实类别；几乎所有预测集都只含一个类别，无法更小。{names} 行数不足 {least}，无从得知。",
                "class": "类别“{label}”",
                "between": "位于 {low} 至 {high} 的回答",
                "sizes": "预测集平均包含 {size} 个类别；{single:%} 只含一个。",
                "empty": "{empty:%} 的预测集为空：这些行与任何类别都不够相像。",
                "useless": "多数预测集包含全部类别：在 {level:%} 的水平上，模型无法排除任何类别。",
                "widths": "区间平均宽度为 {width}；若对所有行给出同一猜测，则需要 {plain}。",
                "few_rows": "行数不足 {least}，未作判断：{names}。",
                "learnt_on_few": "可供学习的行太少：{names} 出现在每个预测集中，因而总被覆盖。",
                "alarm": "若承诺属实，本检查在至少 {quiet:%} 的情况下不会报警。",
                "grouped": "同组的行会一起出错：{n} 行只相当于 {effective} 行。",
                "weighted": "比例按行的权重计算：{n} 行权重不等的数据相当于 {effective} 行。",
                "drifted": "这些行与训练数据不同；请用与此类似的数据重新训练。",
                "low_level": "请要求更高的水平，或补充更多此类行。",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "none": "模型既不给出预测集，也不给出预测区间",
                "by_class": "各类别的覆盖率",
                "by_answer": "按回答高低的覆盖率",
                "by_size": "预测集包含的类别数",
                "share": "覆盖比例",
                "size": "集合中的类别数",
                "rows": "行的比例",
                "overall": "全部行",
                "measure.coverage": "覆盖率",
                "measure.set_size": "平均集合大小",
                "measure.empty_share": "空集合的占比",
                "measure.single_share": "单一回答集合的占比",
                "measure.width": "平均宽度",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Sets for classes, intervals for values."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        if evidence.sets is not None:
            return self._sets(evidence, evidence.sets)
        if evidence.intervals is not None:
            return self._intervals(evidence, evidence.intervals)
        raise DoesNotApply("neither sets nor intervals", say=self._say("none"))

    # ---------------------------------------------------------------------------------------------------- sets

    def _sets(self, evidence: Evidence, sets: Bools) -> Finding:
        row, own = np.nonzero(evidence.y == 1) if evidence.y.ndim > 1 else (np.arange(evidence.n), evidence.y)
        hit = sets[row, own]  # of each true class or label
        labels, count = evidence.codec.labels, np.bincount(own, minlength=sets.shape[1])
        base = evidence.task.answers(evidence.constant).mean(axis=0)  # shares of the classes in training
        judged = [int(k) for k in np.argsort(-count, kind="stable") if count[k] >= LEAST_IN_CLASS]
        if not len(hit):
            raise DoesNotApply("no label", say=self._say("none"))
        weight = None if evidence.weight is None else evidence.weight[row]
        asked, deff = len(judged) + 1, _deff(evidence, hit, row)
        whole = self._slice(evidence, "", hit, weight, _learnt_on(evidence), asked, deff)
        classes = [
            self._slice(
                evidence,
                labels[k],
                hit[own == k],
                among(weight, own == k),
                _learnt_on(evidence, float(base[k])),
                asked,
                deff,
            )
            for k in judged
        ]
        always = [s.label for s in classes if s.band[0] == 1.0 and s.share == 1.0]
        rare = [labels[k] for k in np.flatnonzero((count > 0) & (count < LEAST_IN_CLASS))]
        size = sets.sum(axis=1)
        empty = float((size == 0).mean())
        notes = [self._say("sizes", size=float(size.mean()), single=float((size == 1).mean()))]
        notes += [self._say("empty", empty=empty)] if empty else []
        if (size == sets.shape[1]).mean() > 0.5:
            notes.append(self._say("useless", level=evidence.plan.level))
        if rare:
            notes.append(self._say("few_rows", least=LEAST_IN_CLASS, names=rare[:SHOWN]))
        if always:
            notes.append(self._say("learnt_on_few", names=always[:SHOWN]))
        extra = (
            Measure(name="set_size", value=float(size.mean()), n=evidence.n, better="lower"),
            Measure(name="empty_share", value=empty, n=evidence.n, unit="share"),
            Measure(name="single_share", value=float((size == 1).mean()), n=evidence.n, unit="share"),
        )
        figures = (self._bars(evidence, "by_class", classes), self._size_figure(size, sets.shape[1]))
        named = [(s, self._say("class", label=s.label)) for s in classes]
        found = self._finding(
            evidence, "kept_sets", whole, named, extra, figures, (*notes, *self._common(evidence, deff))
        )
        if found.say.key in ("over", "over_slice") and (size > 1).mean() <= NOTABLE:
            found = replace(found, verdict="pass", say=self._say("sure", level=evidence.plan.level, share=whole.share))
        if rare and found.say.key in ("kept_sets", "sure"):  # not of every class is it known
            key = {"kept_sets": "kept_judged", "sure": "sure_judged"}[found.say.key]
            more = {**found.say.values, "least": LEAST_IN_CLASS, "names": rare[:SHOWN]}
            found = replace(found, say=self._say(key, **more))
        return found

    def _size_figure(self, size: Ints, k: int) -> Figure:
        share = np.bincount(size, minlength=min(k, FEWEST_SIZES) + 1)[: SHOWN + 1] / len(size)
        data = {"labels": [str(i) for i in range(len(share))], "values": share}
        return Figure(kind="bars", title=self._say("by_size"), data=data, x=self._say("rows"), y=self._say("size"))

    # ----------------------------------------------------------------------------------------------- intervals

    def _intervals(self, evidence: Evidence, intervals: Floats) -> Finding:
        f, y = evidence.answers()[:, 0], np.asarray(evidence.y, dtype=np.float64)
        hit = (y >= intervals[:, 0]) & (y <= intervals[:, 1])
        deff = _deff(evidence, hit)
        bins = int(np.clip(evidence.n // 100, 1, BINS))
        edges = np.unique(np.quantile(f, np.arange(1, bins) / bins)) if bins > 1 else np.empty(0)
        which = np.searchsorted(edges, f, side="right")
        kept = [b for b in range(len(edges) + 1) if (which == b).sum() >= LEAST_IN_CLASS] if bins > 1 else []
        asked = len(kept) + 1
        weight = evidence.weight
        whole = self._slice(evidence, "", hit, weight, _learnt_on(evidence), asked, deff)
        named = []
        for b in kept:
            rows = which == b
            low, high = float(f[rows].min()), float(f[rows].max())
            on = _learnt_on(evidence, float(rows.mean()))
            label = f"{number(low)} – {number(high)}"
            found = self._slice(evidence, label, hit[rows], among(weight, rows), on, asked, deff)
            named.append((found, self._say("between", low=low, high=high)))
        width = intervals[:, 1] - intervals[:, 0]
        tail = (1 - evidence.plan.level) / 2
        plain = float(np.diff(np.quantile(y, [tail, 1 - tail]))[0])
        extra = (
            Measure(
                name="width", value=float(width.mean()), n=evidence.n, unit="target", constant=plain, better="lower"
            ),
        )
        notes = [self._say("widths", width=float(width.mean()), plain=plain), *self._common(evidence, deff)]
        figures = (self._bars(evidence, "by_answer", [s for s, _ in named] or [whole]),)
        return self._finding(evidence, "kept_intervals", whole, named, extra, figures, tuple(notes))

    # --------------------------------------------------------------------------------------------------- both

    def _slice(
        self,
        evidence: Evidence,
        label: str,
        hit: Bools,
        weight: Floats | None,
        learnt_on: int | None,
        asked: int,
        deff: float,
    ) -> Slice:
        """A share with its interval and its band; grouped rows, and rows of unequal weight, count as fewer."""
        weight = weight if weight is not None and weight.any() else None
        n, share = len(hit), float(np.average(hit, weights=weight))
        kish = effective(n, weight)
        count = max(1, round(kish / deff))
        low, high = wilson(share * count, count, LEVEL)
        on = None if learnt_on is None else max(1, round(learnt_on * kish / n))
        band = coverage_band(evidence.plan.level, count, on, 1 - ALARM / asked)
        slack = 0.5 / count if count < n else 0.0  # the share of n rows need not be one of the effective ones
        return Slice(label, n, share, low, high, (band[0] - slack, band[1] + slack))

    def _finding(
        self,
        evidence: Evidence,
        kept: str,
        whole: Slice,
        named: list[tuple[Slice, Say]],
        extra: tuple[Measure, ...],
        figures: tuple[Figure, ...],
        notes: tuple[Say, ...],
    ) -> Finding:
        promise = evidence.plan.level
        verdict, say = self._judged(promise, whole, named, kept, evidence.rows != "cross-fitted")
        measures = [_measure("coverage", whole), *(_measure(f"coverage: {s.label}", s) for s, _ in named[:SHOWN])]
        advice: tuple[Advice, ...] = ()
        if verdict == "fail" or any(s.under for s, _ in named):
            fresh = evidence.rows in ("test", "audit")
            advice = (Advice(say=self._say("drifted" if fresh else "low_level")),)
        return Finding(
            check="coverage",
            verdict=verdict,
            say=say,
            measures=(measures[0], *extra, *measures[1:]),
            figures=figures,
            notes=notes,
            advice=advice,
        )

    def _judged(
        self, promise: float, whole: Slice, named: list[tuple[Slice, Say]], kept: str, fresh: bool
    ) -> tuple[Verdict, Say]:
        """Under for some, under for all, over for all, over for some, kept: the first that holds."""
        said = {"level": promise, "share": whole.share}
        under = [(s, name) for s, name in named if s.under]
        if under and (len(under) < len(named) or not whole.under):
            worst, name = min(under, key=lambda pair: pair[0].share)
            # A class was promised its own coverage; a height of the answer only roughly so.
            broken = worst.share < promise - (NOTABLE if kept == "kept_sets" or whole.under else GRAVE)
            more = {"label": name, "n": worst.n, "least": worst.band[0]}
            return "fail" if broken else "watch", self._say("under_slice", level=promise, share=worst.share, **more)
        if whole.under:
            verdict: Verdict = "fail" if whole.share < promise - NOTABLE else "watch"
            return verdict, self._say("under", **said, least=whole.band[0])
        over = [(s, name) for s, name in named if s.over and s.share > promise + NOTABLE]
        # On new rows all fold models answer together, better than each alone did when widths were learnt: a little
        # over is then as it should be.
        least = 1 - IDLE * (1 - promise) if fresh else promise + NOTABLE
        if whole.over and whole.share > promise + NOTABLE:
            return "watch" if whole.share > least else "pass", self._say("over", **said, most=whole.band[1])
        if over and not fresh:
            most, name = max(over, key=lambda pair: pair[0].share - pair[0].band[1])
            return "watch", self._say("over_slice", level=promise, share=most.share, label=name, most=most.band[1])
        return "pass", self._say(kept, **said, low=whole.low, high=whole.high)

    def _bars(self, evidence: Evidence, title: str, slices: list[Slice]) -> Figure:
        shown = slices[:SHOWN]
        data = {
            "labels": [s.label or self._say("overall") for s in shown],
            "values": [s.share for s in shown],
            "low": [s.low for s in shown],
            "high": [s.high for s in shown],
            "reference": evidence.plan.level,
        }
        return Figure(kind="bars", title=self._say(title), data=data, x=self._say("share"))

    def _common(self, evidence: Evidence, deff: float) -> list[Say]:
        out = [self._say("alarm", quiet=1 - ALARM)]
        if deff > 1.1:
            out.insert(0, self._say("grouped", n=evidence.n, effective=round(evidence.n / deff)))
        if evidence.weight is not None:
            kish = effective(evidence.n, evidence.weight)
            out.insert(0, self._say("weighted", n=evidence.n, effective=round(kish)))
        return out

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _learnt_on(evidence: Evidence, part: float = 1.0) -> int | None:
    """Rows the threshold of a class or height was learnt on; None in cross-fitting, where measured rows taught it."""
    if evidence.rows == "cross-fitted":
        return None
    rows = int(evidence.plan.data.get("rows", 0)) - evidence.plan.splits.sealed
    return max(1, round(rows * part)) if rows > 0 else None


def _deff(evidence: Evidence, hit: Bools, row: Ints | None = None) -> float:
    """How many times fewer rows count; `row` is that of each hit, where a row bears several labels."""
    together = blocks(evidence)
    weight = evidence.weight
    if row is not None:
        together, weight = together[row], among(weight, row)
    away = hit - np.average(hit, weights=weight)
    return design_effect(away if weight is None else away * weight, together)


def _measure(name: str, found: Slice) -> Measure:
    low, high = found.low, found.high
    return Measure(name=name, value=found.share, low=low, high=high, level=LEVEL, n=found.n, unit="share")
