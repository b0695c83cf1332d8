"""How often does a good one raise an alarm, and how many of the odd ones are found?

False alarms among good ones that no model had learnt from, against what was promised (split conformal); where odd ones are known, the share
that is found, by their label, and the area under ROC. The cost curve (Drummond & Holte 2006) says for each share of odd ones, weighed by what
missing one costs, what the best threshold would cost beside raising an alarm always or never.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.stats.alarms import needed
from assay.stats.bootstrap import interval
from assay.stats.metrics import auc
from assay.stats.tests import wilson

from ._sheet import contact_sheet

LEAST_GOOD, LEAST_ODD = 10, 5
LEVEL = 0.95
BINS, SHEET, SHOWN, POINTS = 30, 12, 40, 101


@dataclass(frozen=True)
class Oddness:
    """How often does a good one raise an alarm, and how many odd ones are found?"""

    about: ClassVar[About] = About(
        key="oddness",
        takes=("oddness",),
        order=11,
        words={
            "en": {
                "title": "Alarms",
                "question": "How often does a good one raise an alarm, and how many of the odd ones are found?",
                "both": "{alarms:%} of {good} good ones raise an alarm ({low:%} to {high:%}; {promised:%} at most was promised), and {found:%} of {odd} odd ones do.",
                "alone": "{alarms:%} of {good} good ones raise an alarm ({low:%} to {high:%}; {promised:%} at most was promised). No odd ones are known, so nobody can say how many are found.",
                "auc": "An odd one looks odder than a good one in {auc:%} of pairs ({low:%} to {high:%}).",
                "chance": "Odd ones do not look odder than good ones by more than chance.",
                "few_good": "{promised:%} cannot be promised with {good} good {good:one|ones}: it takes {needed}. With these the threshold lies at the oddest of them.",
                "few": "only {n} good {n:one was|ones were} measured; {least} are needed",
                "histogram": "How odd good ones and odd ones look; alarms begin at 0",
                "score": "how odd (standard deviations)",
                "median": "median oddness",
                "good": "good",
                "odd": "odd",
                "by_label": "Label by label",
                "label": "label",
                "rows": "rows",
                "found": "found",
                "cost": "What mistakes cost, by the share of odd ones weighed by what missing one costs",
                "share": "share of odd ones, by cost",
                "expected": "cost",
                "best": "best threshold",
                "as_set": "threshold as it is",
                "never": "always or never",
                "sheet.false": "Good ones that look oddest",
                "sheet.missed": "Odd ones that look most like good ones",
                "row": "row {row}: {score}",
                "measure.false_alarms": "good ones that raise an alarm",
                "measure.found": "odd ones that are found",
                "measure.auc": "area under ROC, odd against good",
            },
            "zh": {
                "title": "报警",
                "question": "良品误报的频率是多少？异常能找到多少？",
                "both": "{good} 个良品中有 {alarms:%} 误报（{low:%} 至 {high:%}；承诺至多 {promised:%}），{odd} 个异常中有 {found:%} 报警。",
                "alone": "{good} 个良品中有 {alarms:%} 误报（{low:%} 至 {high:%}；承诺至多 {promised:%}）。没有已知的异常，因此无法说明能找到多少。",
                "auc": "任取一个异常和一个良品，有 {auc:%} 的情况异常看起来更异常（{low:%} 至 {high:%}）。",
                "chance": "异常看起来并不比良品更异常（未超出偶然）。",
                "few_good": "仅有 {good} 个良品，无法承诺 {promised:%}：需要 {needed} 个。目前阈值位于其中最异常者。",
                "few": "只测量了 {n} 个良品；至少需要 {least} 个",
                "histogram": "良品与异常看起来有多异常；从 0 开始报警",
                "score": "异常程度（标准差）",
                "median": "异常程度中位数",
                "good": "良品",
                "odd": "异常",
                "by_label": "按标签",
                "label": "标签",
                "rows": "行数",
                "found": "找到",
                "cost": "错误的代价（横轴为按漏检代价加权的异常占比）",
                "share": "异常占比（按代价加权）",
                "expected": "代价",
                "best": "最佳阈值",
                "as_set": "当前阈值",
                "never": "总是或从不报警",
                "sheet.false": "看起来最异常的良品",
                "sheet.missed": "看起来最像良品的异常",
                "row": "第 {row} 行：{score}",
                "measure.false_alarms": "误报的良品",
                "measure.found": "找到的异常",
                "measure.auc": "ROC 曲线下面积（异常对良品）",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Alarms among good ones and odd ones, the cost curve, and the pictures in doubt."""
        score, odd = evidence.scores[:, 0], evidence.y == 1
        good, some = int((~odd).sum()), int(odd.sum())
        if good < LEAST_GOOD:
            raise DoesNotApply("too few good ones", say=self._say("few", n=good, least=LEAST_GOOD))
        promised = 1.0 - evidence.plan.level
        alarms = _share("false_alarms", score[~odd] > 0, "lower")
        measures, notes = [alarms], []
        said = {"alarms": alarms.value, "low": alarms.low, "high": alarms.high, "good": good, "promised": promised}
        folds = evidence.plan.splits.folds
        # What as many as a threshold was learnt from can promise.
        kept = max(promised, 1.0 / (good * (folds - 1) / folds + 1.0))
        verdict: Verdict = "fail" if alarms.low is not None and alarms.low > kept else "pass"
        if good < needed(evidence.plan.level):
            few = {"promised": promised, "good": good, "needed": needed(evidence.plan.level)}
            notes.append(self._say("few_good", **few))
            verdict = "watch" if verdict == "pass" else verdict
        key = "alone"
        if some >= LEAST_ODD:
            key, found = "both", _share("found", score[odd] > 0, "higher")
            said |= {"found": found.value, "odd": some}
            measures += [found, self._auc(evidence, score, odd)]
            area = {"auc": measures[-1].value, "low": measures[-1].low, "high": measures[-1].high}
            blind = measures[-1].low is not None and measures[-1].low <= 0.5
            notes.append(self._say("chance") if blind else self._say("auc", **area))
            verdict = "fail" if blind else verdict
        else:
            verdict = "info" if verdict == "pass" else verdict
        return Finding(
            check="oddness",
            verdict=verdict,
            say=self._say(key, **said),
            measures=tuple(measures),
            figures=tuple(self._figures(evidence, score, odd)),
            notes=tuple(notes),
        )

    def _auc(self, evidence: Evidence, score: Floats, odd: Bools) -> Measure:
        low, high = interval(evidence.honest.draws[:, 0], LEVEL)
        value = auc(score, odd, evidence.weight)
        return Measure(
            name="auc", value=value, low=low, high=high, level=LEVEL, n=evidence.n, constant=0.5, better="higher"
        )

    def _figures(self, evidence: Evidence, score: Floats, odd: Bools) -> list[Figure]:
        """Both histograms; by label and the cost curve where odd ones are known; pictures in doubt."""
        low, high = np.quantile(score, [0.002, 0.998])
        edges = np.linspace(low, max(high, low + 1e-9), BINS + 1)
        kept = np.clip(score, low, high)
        series = [{"name": self._say("good"), "counts": np.histogram(kept[~odd], edges)[0]}]
        if odd.any():
            series.append({"name": self._say("odd"), "counts": np.histogram(kept[odd], edges)[0]})
        data = {"edges": edges, "series": series}
        figures = [Figure(kind="histogram", title=self._say("histogram"), data=data, x=self._say("score"))]
        if odd.sum() >= LEAST_ODD:
            figures += [self._by_label(evidence, score), self._cost(score, odd)]
        for key, rows in (
            ("sheet.false", np.argsort(np.where(odd, np.inf, -score), kind="stable")[: min(SHEET, int((~odd).sum()))]),
            ("sheet.missed", np.argsort(np.where(odd, score, np.inf), kind="stable")[: min(SHEET, int(odd.sum()))]),
        ):
            each = [self._say("row", row=int(row) + 1, score=round(float(score[row]), 2)) for row in rows]
            figures += contact_sheet(evidence, rows, self._say(key), each) if len(rows) else []
        return figures

    def _by_label(self, evidence: Evidence, score: Floats) -> Figure:
        texts = evidence.data[evidence.plan.target].texts()
        labels, place, count = np.unique(texts.astype(str), return_inverse=True, return_counts=True)
        rows = []
        for k in np.argsort(-count, kind="stable")[:SHOWN]:
            alarms = float((score[place == k] > 0).mean())
            rows.append([labels[k], int(count[k]), f"{alarms:.1%}", f"{float(np.median(score[place == k])):.2f}"])
        heads = [self._say("label"), self._say("rows"), self._say("found"), self._say("median")]
        return Figure(kind="table", title=self._say("by_label"), data={"columns": heads, "rows": rows})

    def _cost(self, score: Floats, odd: Bools) -> Figure:
        """Expected cost at each weighed share of odd ones, a mistake of either sort costing at most one."""
        x = np.linspace(0, 1, POINTS)
        order = np.argsort(-score, kind="stable")
        missed = np.concatenate([[1.0], 1.0 - np.cumsum(odd[order]) / odd.sum()])
        false = np.concatenate([[0.0], np.cumsum(~odd[order]) / (~odd).sum()])
        best = (missed[:, None] * x + false[:, None] * (1 - x)).min(axis=0)
        now = (score[odd] <= 0).mean() * x + (score[~odd] > 0).mean() * (1 - x)
        series = [
            {"name": self._say("best"), "x": x, "y": best},
            {"name": self._say("as_set"), "x": x, "y": now},
            {"name": self._say("never"), "x": x, "y": np.minimum(x, 1 - x), "dashed": True},
        ]
        axes = self._say("share"), self._say("expected")
        return Figure(kind="lines", title=self._say("cost"), data={"series": series}, x=axes[0], y=axes[1])

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _share(name: str, hit: Bools, better: str) -> Measure:
    """A share with Wilson's interval."""
    low, high = wilson(int(hit.sum()), len(hit), LEVEL)
    value = float(hit.mean())
    return Measure(name=name, value=value, low=low, high=high, level=LEVEL, n=len(hit), unit="share", better=better)  # type: ignore[arg-type]
