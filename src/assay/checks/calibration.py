"""Do probabilities mean what they say?

Of all rows told "30 %", about 30 in 100 should be hits; of all rows told "12 tonnes", 12 should be the mean. Both are
asked in equally filled bins (filled by events where these are rare) and along a line. An alarm needs two things: a
deviation that chance shows in fewer than 1 of 100 tables, and one large enough to act on. For more than two classes the
answered class and each class by itself are asked, and the many questions are paid for (Holm 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats import reliability
from assay.stats.clusters import design_effect
from assay.stats.covering import coverage_band
from assay.stats.reliability import Deviation, Line
from assay.stats.tests import holm, wilson

from ._blocks import blocks

LEVEL = 0.95
ALARM = 0.01  # of tables whose predictions are true, about this share is flagged
LEAST_ROWS = 50
MOST_CLASSES = 20
HEIGHTS, LEAST_AT_A_HEIGHT = 5, 100  # of a quantile's answers, and rows at each
NOTABLE, GRAVE = 0.01, 0.05  # mean distance of probability from share: below the first nobody acts differently
NOTABLE_PART, GRAVE_PART = 0.05, 0.20  # the same for values: share of the squared error that bins would mend


@dataclass(frozen=True)
class Asked:
    """One question: predictions against what came, and how they deviate."""

    label: str  # a class; "" for the answered class or the value
    said: Floats
    came: Floats
    deviation: Deviation
    line: Line | None
    p_value: float

    @property
    def size(self) -> float:
        """How large the deviation is beyond chance."""
        return self.deviation.beyond_chance

    def unproved(self, grave: bool) -> tuple[Verdict, str]:
        """What no proof of a departure comes to: nothing wrong, unless so few rows hide what would be `grave`."""
        if grave:
            return "info", "untold"
        return "pass", "open" if self.deviation.error > self.deviation.by_chance else "quiet"


@dataclass(frozen=True)
class Calibration:
    """Do probabilities mean what they say?"""

    about: ClassVar[About] = About(
        key="calibration",
        order=20,
        words={
            "en": {
                "title": "Calibration",
                "question": "Do probabilities mean what they say, and are values right on average, low and high?",
                "quiet": "Probabilities mean what they say: they are {error:%} off on average, and chance alone would show {chance:%}.",
                "untold": "Whether probabilities mean what they say cannot be told from {n} {n:row|rows}: they are {error:%} off on average, where chance alone shows {chance:%}, which would be grave but may be chance ({p}).",
                "untold_value": "Whether answers are right on average cannot be told from {n} {n:row|rows}: tenths of them are {error} off, where chance alone shows {chance}, which would be grave but may be chance ({p}).",
                "open": "No departure beyond chance can be shown on {n} {n:row|rows}: probabilities are {error:%} off on average, where chance alone shows {chance:%} on average.",
                "slight": "Probabilities are {error:%} off on average where chance would show {chance:%}: a deviation, but too small to act on.",
                "loud": "Probabilities do not mean what they say: they are {error:%} off on average, where chance alone would show {chance:%} ({p}).",
                "class": "The probability of '{label}' is {error:%} off on average, where chance alone would show {chance:%} ({p}).",
                "quiet_value": "Answers are right on average, low ones and high ones: tenths of them are {error} off, and chance alone would show {chance}.",
                "open_value": "No departure beyond chance can be shown on {n} {n:row|rows}: tenths of the answers are {error} off, where chance alone shows {chance} on average.",
                "slight_value": "Tenths of the answers are {error} off where chance would show {chance}: {part:%} of the squared error, too little to act on.",
                "loud_value": "Answers are not right on average: tenths of them are {error} off, where chance alone would show {chance} ({p}). This is {part:%} of the squared error.",
                "too_sure": "The slope is {slope} ({low} to {high}), below 1: high probabilities are too high and low ones too low.",
                "too_shy": "The slope is {slope} ({low} to {high}), above 1: probabilities stay too close to the middle.",
                "too_high": "Seen overall, '{label}' comes less often than the probabilities say.",
                "too_low": "Seen overall, '{label}' comes more often than the probabilities say.",
                "quiet_below": "{share:%} of rows do not exceed their answer, where {level:%} was asked for; {low:%} to {high:%} would be chance.",
                "loud_below": "{share:%} of rows {where} do not exceed their answer, where {level:%} was asked for and {low:%} to {high:%} would be chance.",
                "whole": "of all",
                "between": "with answers from {low} to {high}",
                "below": "Share of rows that do not exceed their answer",
                "bias": "Answers are {bias} too {side} on average ({low} to {high}).",
                "side_high": "high",
                "side_low": "low",
                "slope_value": "The true value changes by {slope} ({low} to {high}) for each 1 that the answer changes.",
                "mended": "Calibration lowered the log-loss by {change}, to {after}.",
                "harmed": "On these rows calibration raised the log-loss by {change}, to {after}.",
                "left": "Calibration changes nothing here: the model's own probabilities are kept.",
                "alarm": "A model whose predictions are true is flagged here in about {alarm:%} of tables.",
                "grouped": "Rows that belong together err together: {n} rows count as {effective}.",
                "recalibrate": "Train again on rows like these; until then, read the probabilities off the curve.",
                "recalibrate_value": "Train again on rows like these; until then, read the answers off the curve.",
                "bare": "the answers are names without probabilities",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "one": "only one class is among the measured rows",
                "curve": "What was said against what came",
                "curve_class": "'{label}': what was said against what came",
                "curve_top": "How sure the answer was against how often it was right",
                "curve_likeliest": "How probable the most probable class was against how often it came",
                "said": "probability said",
                "share": "share that came",
                "answer": "mean answer",
                "truth": "mean true value",
                "model": "model",
                "uncalibrated": "before calibration",
                "true": "as it should be",
                "per_class": "Class by class",
                "class_name": "class",
                "off": "off on average",
                "by_chance": "by chance",
                "p_value": "p",
                "flag": "flagged",
                "yes": "yes",
                "measure.share_below": "share that does not exceed its answer",
                "measure.ece": "calibration error",
                "measure.ece_before": "calibration error before calibration",
                "measure.calibration_rmse": "calibration error (RMS)",
                "measure.by_chance": "calibration error by chance",
                "measure.slope": "calibration slope",
                "measure.intercept": "calibration intercept",
                "measure.spiegelhalter_z": "Spiegelhalter's z",
                "measure.p_value": "p-value",
            },
            "zh": {
                "title": "校准",
                "question": "概率是否名副其实？数值回答无论高低平均而言是否准确？",
                "quiet": "概率名副其实：平均偏差 {error:%}，而仅凭偶然就会有 {chance:%}。",
                "untold": "在 {n} 行上无法判断概率是否名副其实：平均偏差 {error:%}，而仅凭偶然为 {chance:%}；若属实则偏差严重，但也可能只是偶然（{p}）。",
                "untold_value": "在 {n} 行上无法判断回答平均而言是否正确：按十等分计偏差 {error}，而仅凭偶然为 {chance}；若属实则偏差严重，但也可能只是偶然（{p}）。",
                "open": "在 {n} 行上无法证明偏离超出偶然：概率平均偏差 {error:%}，而仅凭偶然平均为 {chance:%}。",
                "slight": "概率平均偏差 {error:%}，偶然水平为 {chance:%}：确有偏差，但小到无须处理。",
                "loud": "概率名不副实：平均偏差 {error:%}，而仅凭偶然只会有 {chance:%}（{p}）。",
                "class": "“{label}”的概率平均偏差 {error:%}，而仅凭偶然只会有 {chance:%}（{p}）。",
                "quiet_value": "无论高低，回答平均而言都准确：按十等分计偏差 {error}，而仅凭偶然就会有 {chance}。",
                "open_value": "在 {n} 行上无法证明偏离超出偶然：按十等分计回答偏差 {error}，而仅凭偶然平均为 {chance}。",
                "slight_value": "按十等分计回答偏差 {error}，偶然水平为 {chance}：占平方误差的 {part:%}，小到无须处理。",
                "loud_value": "回答平均而言并不准确：按十等分计偏差 {error}，而仅凭偶然只会有 {chance}（{p}），占平方误差的 {part:%}。",
                "too_sure": "斜率为 {slope}（{low} 至 {high}），小于 1：高概率偏高，低概率偏低。",
                "too_shy": "斜率为 {slope}（{low} 至 {high}），大于 1：概率过于靠近中间。",
                "too_high": "总体而言，“{label}”实际出现得比概率所说的少。",
                "too_low": "总体而言，“{label}”实际出现得比概率所说的多。",
                "quiet_below": "{share:%} 的行不超过其回答，要求为 {level:%}；{low:%} 至 {high:%} 属于偶然。",
                "loud_below": "{where}的行中有 {share:%} 不超过其回答，而要求为 {level:%}，{low:%} 至 {high:%} 才属偶然。",
                "whole": "全部",
                "between": "回答在 {low} 至 {high} 之间",
                "below": "不超过其回答的行的比例",
                "bias": "回答平均偏{side} {bias}（{low} 至 {high}）。",
                "side_high": "高",
                "side_low": "低",
                "slope_value": "回答每变化 1，真实值变化 {slope}（{low} 至 {high}）。",
                "mended": "校准使对数损失降低 {change}，至 {after}。",
                "harmed": "在这些行上，校准使对数损失上升 {change}，至 {after}。",
                "left": "校准在此没有改变什么：保留模型自身的概率。",
                "alarm": "若预测名副其实，此处误报的比例约为 {alarm:%}。",
                "grouped": "同组的行会一起出错：{n} 行只相当于 {effective} 行。",
                "recalibrate": "请用与此类似的数据重新训练；在此之前，请按曲线解读概率。",
                "recalibrate_value": "请用与此类似的数据重新训练；在此之前，请按曲线修正回答。",
                "bare": "回答只有名称而没有概率",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "one": "被测量的行中只有一个类别",
                "curve": "所说与实际",
                "curve_class": "“{label}”：所说与实际",
                "curve_top": "回答的把握与答对的比例",
                "curve_likeliest": "概率最大类别的概率与其实际出现的比例",
                "said": "所说的概率",
                "share": "实际比例",
                "answer": "平均回答",
                "truth": "平均真实值",
                "model": "模型",
                "uncalibrated": "校准之前",
                "true": "理想情形",
                "per_class": "逐类检查",
                "class_name": "类别",
                "off": "平均偏差",
                "by_chance": "偶然水平",
                "p_value": "p",
                "flag": "标记",
                "yes": "是",
                "measure.share_below": "不超过其回答的比例",
                "measure.ece": "校准误差",
                "measure.ece_before": "校准之前的校准误差",
                "measure.calibration_rmse": "校准误差（均方根）",
                "measure.by_chance": "偶然水平的校准误差",
                "measure.slope": "校准斜率",
                "measure.intercept": "校准截距",
                "measure.spiegelhalter_z": "Spiegelhalter z 统计量",
                "measure.p_value": "p 值",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Probabilities for classes, mean values for numbers, the share below for quantiles."""
        if evidence.bare:
            raise DoesNotApply("no probabilities", say=self._say("bare"))
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        level = evidence.task.head(evidence.codec).level
        if level:
            return self._below(evidence, level)
        if not evidence.codec.labels:
            return self._values(evidence)
        if evidence.y.ndim == 1 and len(np.unique(evidence.y)) < 2:
            raise DoesNotApply("one class", say=self._say("one"))
        return self._classes(evidence)

    # ------------------------------------------------------------------------------------------------- classes

    def _classes(self, evidence: Evidence) -> Finding:
        p, labels = evidence.answers(), evidence.codec.labels
        rng, event = stream(evidence.seed, "calibration"), _event(evidence, p)
        together = event.of_rows(blocks(evidence))  # what is asked of one row is one block
        first = _ask("", event.said, event.came, event.weight, together, rng)
        several = evidence.y.ndim > 1
        if len(labels) == 2 and not several:
            rest = []
        else:
            hit = evidence.y == 1 if several else evidence.y[:, None] == np.arange(len(labels))
            rest = self._one_by_one(evidence, p, hit, rng)
        asked = [first, *rest]
        flagged = holm(np.asarray([a.p_value for a in asked]), ALARM)
        loud = [a for a, flag in zip(asked, flagged, strict=True) if flag and a.size > NOTABLE]
        worst = max(loud, key=lambda a: a.size, default=first)
        if loud:
            verdict: Verdict = "fail" if worst.size > GRAVE else "watch"
            key = "class" if worst.label else "loud"
        else:
            verdict, key = ("pass", "slight") if flagged[0] else first.unproved(first.size > GRAVE)
        return Finding(
            check="calibration",
            verdict=verdict,
            say=self._said(key, worst, n=evidence.n),
            measures=self._measures(evidence, first, together, "share"),
            figures=self._figures(evidence, first, rest, loud, flagged.tolist()),
            notes=(*self._directions(evidence, first, bool(loud)), *self._notes(evidence, first, together)),
            advice=(Advice(say=self._say("recalibrate")),) if loud else (),
        )

    def _one_by_one(self, evidence: Evidence, p: Floats, hit: Bools, rng: np.random.Generator) -> list[Asked]:
        """Each frequent class or label by itself, while there is time."""
        out: list[Asked] = []
        for k in _frequent(hit.sum(axis=0)):
            if evidence.clock.expired():
                break
            own = np.asarray(hit[:, k], float)
            out.append(_ask(evidence.codec.labels[k], p[:, k], own, evidence.weight, blocks(evidence), rng))
        return out

    def _said(self, key: str, asked: Asked, **more: Any) -> Say:
        found = asked.deviation
        p = _readable_p(asked.p_value)
        return self._say(key, label=asked.label, error=found.error, chance=found.by_chance, p=p, **more)

    def _measures(self, evidence: Evidence, asked: Asked, blocks: Ints, unit: str) -> tuple[Measure, ...]:
        found, n, line = asked.deviation, evidence.n, asked.line
        share = unit == "share"
        out = [Measure(name="ece" if share else "calibration_rmse", value=found.error, n=n, unit=unit, better="lower")]
        if share and not np.array_equal(evidence.uncalibrated, evidence.scores):
            out.append(Measure(name="ece_before", value=_before(evidence), n=n, unit=unit, better="lower"))
        out.append(Measure(name="by_chance", value=found.by_chance, n=n, unit=unit))
        if line is not None:
            out.append(Measure(name="slope", value=line.slope, low=line.slope_low, high=line.slope_high, n=n))
            low, high = line.intercept_low, line.intercept_high
            unit_of_shift = "" if share else unit
            out.append(Measure(name="intercept", value=line.intercept, low=low, high=high, n=n, unit=unit_of_shift))
        if share:
            deff = design_effect(asked.came - asked.said, blocks)
            weight = None if evidence.weight is None else np.repeat(evidence.weight, len(asked.said) // n)
            z = reliability.spiegelhalter(asked.said, asked.came, weight, deff)
            out.append(Measure(name="spiegelhalter_z", value=z, n=n))
        out.append(Measure(name="p_value", value=asked.p_value, n=n))
        return tuple(out)

    def _directions(self, evidence: Evidence, first: Asked, loud: bool) -> list[Say]:
        """Which way probabilities err, told only where something is wrong."""
        line = first.line
        out: list[Say] = []
        if line is None or not loud:
            return out
        if line.slope_high < 1 or line.slope_low > 1:
            key = "too_sure" if line.slope < 1 else "too_shy"
            out.append(self._say(key, slope=line.slope, low=line.slope_low, high=line.slope_high))
        if (
            len(evidence.codec.labels) == 2
            and evidence.y.ndim == 1
            and (line.intercept_high < 0 or line.intercept_low > 0)
        ):
            label = evidence.codec.labels[evidence.codec.event]
            out.append(self._say("too_high" if line.intercept < 0 else "too_low", label=label))
        return out

    def _notes(self, evidence: Evidence, first: Asked, blocks: Ints) -> list[Say]:
        out = []
        if evidence.codec.labels:
            weight = evidence.weight
            losses = [evidence.task.losses(s, evidence.y) for s in (evidence.uncalibrated, evidence.scores)]
            before, after = (float(np.average(x, weights=weight)) for x in losses)
            same = np.array_equal(evidence.uncalibrated, evidence.scores)
            key = "left" if same else "mended" if after < before else "harmed"
            out.append(self._say(key, change=abs(after - before), after=after))
        deff = design_effect(first.came - first.said, blocks)
        if deff > 1.1 and len(first.said) == evidence.n:
            out.append(self._say("grouped", n=evidence.n, effective=round(evidence.n / deff)))
        out.append(self._say("alarm", alarm=ALARM))
        return out

    def _figures(
        self, evidence: Evidence, first: Asked, rest: list[Asked], loud: list[Asked], flagged: list[bool]
    ) -> tuple[Figure, ...]:
        several = evidence.y.ndim > 1
        two = len(evidence.codec.labels) == 2 and not several
        looked_for = evidence.codec.event
        label = evidence.codec.labels[looked_for] if two else ""
        before = evidence.task.answers(evidence.uncalibrated)
        same = np.array_equal(evidence.uncalibrated, evidence.scores)
        top = "curve_likeliest" if evidence.codec.costs else "curve_top"
        title = self._say("curve_class", label=label) if two else self._say("curve" if several else top)
        out = [self._curve(evidence, title, first, before[:, looked_for] if two and not same else None)]
        for one in sorted(loud, key=lambda a: -a.size)[:3]:
            if one.label:
                out.append(self._curve(evidence, self._say("curve_class", label=one.label), one, None))
        if rest:
            heads = [self._say(k) for k in ("class_name", "off", "by_chance", "p_value", "flag")]
            rows = [
                [a.label, a.deviation.error, a.deviation.by_chance, a.p_value, self._say("yes") if a in loud else ""]
                for a in rest
            ]
            out.append(Figure(kind="table", title=self._say("per_class"), data={"columns": heads, "rows": rows}))
        return tuple(out)

    def _curve(self, evidence: Evidence, title: Say, asked: Asked, before: Floats | None) -> Figure:
        """The reliability curve with Wilson intervals, and the diagonal."""
        # Labels of all rows pooled: each counts once.
        weight = evidence.weight if len(asked.said) == evidence.n else None
        filling = reliability.filling_of(asked.said)
        bins = reliability.binned(asked.said, asked.came, weight, filling=filling)
        ranges = [wilson(c * n, n, LEVEL) for c, n in zip(bins.came.tolist(), bins.rows.tolist(), strict=True)]
        series: list[dict[str, Any]] = [
            {
                "name": self._say("model"),
                "x": bins.said,
                "y": bins.came,
                "low": [r[0] for r in ranges],
                "high": [r[1] for r in ranges],
            },
        ]
        ends = [0.0, 1.0]
        if filling is not None:  # all there is to see is near one end
            ends = [
                min(float(bins.said[0]), *(r[0] for r in ranges)),
                max(float(bins.said[-1]), *(r[1] for r in ranges)),
            ]
        series.append({"name": self._say("true"), "x": ends, "y": ends, "dashed": True})
        if before is not None:
            old = reliability.binned(before, asked.came, evidence.weight, filling=reliability.filling_of(before))
            series.append({"name": self._say("uncalibrated"), "x": old.said, "y": old.came})
        return Figure(kind="lines", title=title, data={"series": series}, x=self._say("said"), y=self._say("share"))

    # -------------------------------------------------------------------------------------------------- values

    def _values(self, evidence: Evidence) -> Finding:
        f, y = evidence.answers()[:, 0], np.asarray(evidence.y, dtype=np.float64)
        together = blocks(evidence)
        deff = design_effect(y - f, together)
        found = reliability.of_values(f, y, evidence.weight, deff, stream(evidence.seed, "calibration"))
        line = reliability.regression(f, y, evidence.weight, deff, LEVEL)
        asked = Asked("", f, y, found, line, _both(found.p_value, line))
        squared = float(np.average((y - f) ** 2, weights=evidence.weight))
        part = found.beyond_chance**2 / squared if squared > 0 else 0.0
        sure = asked.p_value <= ALARM
        if sure:
            verdict: Verdict = "pass" if part <= NOTABLE_PART else "fail" if part > GRAVE_PART else "watch"
            key = "slight" if verdict == "pass" else "loud"
        else:
            verdict, key = asked.unproved(part > GRAVE_PART)
        return Finding(
            check="calibration",
            verdict=verdict,
            say=self._said(f"{key}_value", asked, part=part, n=evidence.n),
            measures=self._measures(evidence, asked, together, "target"),
            figures=(self._value_curve(evidence, f, y),),
            notes=(*self._line_notes(line), *self._notes(evidence, asked, together)),
            advice=(Advice(say=self._say("recalibrate_value")),) if verdict in ("watch", "fail") else (),
        )

    def _line_notes(self, line: Line | None) -> list[Say]:
        if line is None:
            return []
        out = [self._say("slope_value", slope=line.slope, low=line.slope_low, high=line.slope_high)]
        if line.intercept_low > 0 or line.intercept_high < 0:
            side = self._say("side_low" if line.intercept > 0 else "side_high")
            ends = sorted((abs(line.intercept_low), abs(line.intercept_high)))
            out.append(self._say("bias", bias=abs(line.intercept), side=side, low=ends[0], high=ends[1]))
        return out

    def _value_curve(self, evidence: Evidence, f: Floats, y: Floats) -> Figure:
        bins = reliability.binned(f, y, evidence.weight)
        error = [float((y - f)[bins.which == b].std() / np.sqrt(n)) for b, n in enumerate(bins.rows.tolist())]
        half = 1.96 * np.asarray(error)
        ends = [float(bins.said.min()), float(bins.said.max())]
        series = [
            {
                "name": self._say("model"),
                "x": bins.said,
                "y": bins.came,
                "low": bins.came - half,
                "high": bins.came + half,
            },
            {"name": self._say("true"), "x": ends, "y": ends, "dashed": True},
        ]
        title, x, y_title = self._say("curve"), self._say("answer"), self._say("truth")
        return Figure(kind="lines", title=title, data={"series": series}, x=x, y=y_title)

    # ----------------------------------------------------------------------------------------------- quantiles

    def _below(self, evidence: Evidence, level: float) -> Finding:
        """Whether as many rows as were asked for do not exceed their answer, of all and at each height of the answer."""
        f = evidence.answers()[:, 0]
        hit = np.asarray(evidence.y <= f, dtype=np.float64)
        deff = design_effect(hit - level, blocks(evidence))
        bins = reliability.binned(f, hit, evidence.weight, most=HEIGHTS, least_rows=LEAST_AT_A_HEIGHT)
        parts = [np.ones(evidence.n, dtype=bool), *(bins.which == b for b in range(len(bins.rows)))]
        weight = np.ones(evidence.n) if evidence.weight is None else evidence.weight
        shares = [float(np.average(hit[rows], weights=weight[rows])) for rows in parts]
        # As many rows of one weight would tell as much (Kish 1965).
        worth = [float(weight[rows].sum() ** 2 / (weight[rows] ** 2).sum() / deff) for rows in parts]
        bands = [coverage_band(level, max(1, round(n)), level=1 - ALARM / len(parts)) for n in worth]
        off = [0.0 if low <= s <= high else abs(s - level) for s, (low, high) in zip(shares, bands, strict=True)]
        worst = int(np.argmax(off))
        ends = {"low": float(f[parts[worst]].min()), "high": float(f[parts[worst]].max())}
        said: dict[str, Any] = {"share": shares[worst], "level": level, "low": bands[worst][0], "high": bands[worst][1]}
        said["where"] = self._say("between", **ends) if worst else self._say("whole")
        verdict: Verdict = "pass" if not off[worst] else "fail" if off[0] > GRAVE else "watch"
        low, high = wilson(shares[0] * worth[0], worth[0], LEVEL)
        measure = Measure(
            name="share_below", value=shares[0], low=low, high=high, level=LEVEL, n=evidence.n, unit="share"
        )
        series = [
            {"name": self._say("model"), "x": bins.said, "y": shares[1:]},
            {"name": self._say("true"), "x": [float(f.min()), float(f.max())], "y": [level, level], "dashed": True},
        ]
        x, y = self._say("answer"), self._say("share")
        return Finding(
            check="calibration",
            verdict=verdict,
            say=self._say("loud_below" if off[worst] else "quiet_below", **said),
            measures=(measure,),
            figures=(Figure(kind="lines", title=self._say("below"), data={"series": series}, x=x, y=y),),
            notes=(self._say("alarm", alarm=ALARM),),
            advice=(Advice(say=self._say("recalibrate_value")),) if off[worst] else (),
        )

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


@dataclass(frozen=True, eq=False)
class _Event:
    """What is asked about first: of two classes the second, of more whether the surest came, of labels all of all rows."""

    said: Floats
    came: Floats
    weight: Floats | None
    times: int  # each row stands here

    def of_rows(self, values: Ints) -> Ints:
        """Values of the rows [n], as often as each stands here."""
        return np.repeat(values, self.times)


def _event(evidence: Evidence, p: Floats) -> _Event:
    y, weight = evidence.y, evidence.weight
    if y.ndim > 1:
        weight = None if weight is None else np.repeat(weight, p.shape[1])
        return _Event(p.ravel(), np.asarray(y == 1, float).ravel(), weight, p.shape[1])
    looked_for = evidence.codec.event  # of two classes
    said, came = (p[:, looked_for], y == looked_for) if p.shape[1] == 2 else (p.max(axis=1), p.argmax(axis=1) == y)
    return _Event(said, np.asarray(came, float), weight, 1)


def _ask(label: str, p: Floats, hit: Floats, weight: Floats | None, blocks: Ints, rng: np.random.Generator) -> Asked:
    """Bins and a line for one event; the smaller p-value, doubled, since two questions are put."""
    deff = design_effect((hit - p) if weight is None else weight * (hit - p), blocks)
    found = reliability.of_shares(p, hit, weight, deff, rng)
    bounded = np.clip(p, 1e-9, 1 - 1e-9)
    line = reliability.recalibration(np.log(bounded) - np.log1p(-bounded), hit, weight, deff, LEVEL)
    return Asked(label, p, hit, found, line, _both(found.p_value, line))


def _before(evidence: Evidence) -> float:
    """The calibration error of the same rows as it was without the map."""
    event = _event(evidence, evidence.task.answers(evidence.uncalibrated))
    rng = stream(evidence.seed, "calibration", "before")
    return reliability.of_shares(event.said, event.came, event.weight, 1.0, rng).error


def _both(p_value: float, line: Line | None) -> float:
    return p_value if line is None else min(1.0, 2 * min(p_value, line.p_value))


def _frequent(count: Ints) -> list[int]:
    """The most frequent classes among those that occur."""
    order = np.argsort(-count, kind="stable")[:MOST_CLASSES]
    return [int(c) for c in order if count[c] > 0]


def _readable_p(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.2g}"
