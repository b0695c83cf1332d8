"""Which given answers does the model contradict most, and may they be wrong?

For classes the rows are found by confident learning (Northcutt, Jiang & Chuang 2021). Noise alone gives such rows too;
labels are said to be wrong only where the model is contradicted however sure it is (a lapse rate, Wichmann & Hill 2001,
tested at 2 %). How many of the rows shown are wrong follows from the same rate by Bayes' rule. For values a row is called strange where its residual is beyond what the tail of all residuals allows
(Bonferroni over rows, 2 %). On clean data, noisy or not, at most one table in fifty is suspected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.language.personal import starred
from assay.stats.doubts import Lapse, confident_joint, lapse, log_odds, outlying
from assay.stats.evened import evened
from assay.stats.leaks import places_in

from ._blocks import beats
from ._sheet import contact_sheet
from ._texts import read_as_text

LEAST_ROWS = 100
LEVEL = 0.02
SHOWN = 20
SURE, NORMAL = 0.9, 1.645  # level of the bounds of how many of those shown are wrong, and its quantile
LETTERS = 400  # of a text that is listed
MOST_CLASSES = 20  # in the matrix
LIKELIEST = ("likeliest", "p_likeliest", "seen_likeliest")  # what is told where answers need not be the most probable


@dataclass(frozen=True)
class Labels:
    """Which answers may be wrong?"""

    about: ClassVar[About] = About(
        key="labels",
        order=80,
        words={
            "en": {
                "title": "Labels",
                "question": "Which given answers does the model contradict most, and may they be wrong?",
                "wrong": "About {share:%} of the given answers look wrong (at least {low:%}): the model is contradicted that often even where it is surest. The {listed} {listed:row|rows} it contradicts most {listed:is|are} listed.",
                "noise": "{n} of {all} given answers are contradicted ({share:%}), no more than noise gives: the surer the model, the seldomer it is contradicted.",
                "none": "No given answer is clearly contradicted.",
                "strange": "{n} of {all} given values lie further from their answers than the tail of all errors allows; they may be wrong.",
                "plain": "No given value lies further from its answer than the tail of all errors allows.",
                "look": "Look at these rows; correct them or leave them out, and train again.",
                "rows": "Rows are counted from 1 among those whose answer is known.",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "several": "where a row may bear several labels, a missing one cannot yet be told from a wrong one",
                "weak": "the model is hardly better than one guess for all, so it cannot contradict anybody",
                "table": "Rows whose given answer is contradicted most",
                "sheet": "How these rows look",
                "sheet_wrong": "How these rows look: about {n} of the first {of} are estimated to be wrong ({low} to {high})",
                "estimate": "Of the first {of} rows about {n} are estimated to be wrong ({low} to {high}, in nine of ten cases). It is taken that labels are wrong as often where the model is sure as where it is not, and that what it errs itself fades as it gets surer; where it is sure and errs, as on rows of a sort it hardly met, too many are counted.",
                "no_estimate": "How many of the listed rows are wrong cannot be told: noise may have given them all.",
                "measure.listed_wrong": "answers estimated to be wrong among those listed first",
                "seen": "row {row}: given {given}, answered {answer} ({p:%})",
                "seen_likeliest": "row {row}: given {given}, most probable {answer} ({p:%})",
                "row": "row",
                "given": "given",
                "answer": "answer",
                "likeliest": "most probable",
                "p_given": "probability of the given",
                "p_answer": "probability of the answer",
                "p_likeliest": "probability of the most probable",
                "spreads": "residual in spreads",
                "matrix": "Given answers and those the model holds likely",
                "measure.wrong_share": "answers that look wrong",
                "measure.contradicted": "answers the model contradicts",
            },
            "zh": {
                "title": "标签",
                "question": "模型最不认同哪些给定的答案？它们会不会是错的？",
                "wrong": "约 {share:%} 的给定答案看来有误（至少 {low:%}）：即便在模型最有把握之处，它也会以这样的比例与给定答案相左。下面列出分歧最大的 {listed} 行。",
                "noise": "{all} 个给定答案中有 {n} 个（{share:%}）与模型相左，并未超出噪声的范围：模型越有把握，分歧越少。",
                "none": "没有给定答案与模型明显相左。",
                "strange": "{all} 个给定值中有 {n} 个与模型答案的距离超出了误差分布尾部的范围；它们可能有误。",
                "plain": "没有给定值与模型答案的距离超出误差分布尾部的范围。",
                "look": "请查看这些行，更正或去掉后重新训练。",
                "rows": "行号从 1 起，只计答案已知的行。",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "several": "一行可有多个标签时，尚无法区分漏标与错标",
                "weak": "模型几乎不优于对所有行给出同一猜测，因此无从质疑任何答案",
                "table": "与给定答案分歧最大的行",
                "sheet": "这些行的图片",
                "sheet_wrong": "这些行的图片：前 {of} 行中估计约 {n} 行有误（{low} 至 {high}）",
                "estimate": "前 {of} 行中估计约 {n} 行有误（{low} 至 {high}，十次中有九次）。假定标签出错的比例与模型的把握无关，且模型自身的错误随把握增大而减少；若模型很有把握却出错（如几乎没见过的一类行），则会多计。",
                "no_estimate": "无法判断所列各行中有多少有误：它们也可能全部来自噪声。",
                "measure.listed_wrong": "最先列出的行中估计有误的答案",
                "seen": "第 {row} 行：给定 {given}，模型答案 {answer}（{p:%}）",
                "seen_likeliest": "第 {row} 行：给定 {given}，概率最大的是 {answer}（{p:%}）",
                "row": "行",
                "given": "给定",
                "answer": "模型答案",
                "likeliest": "概率最大的类别",
                "p_given": "给定答案的概率",
                "p_answer": "模型答案的概率",
                "p_likeliest": "最大的概率",
                "spreads": "残差（以离散度计）",
                "matrix": "给定答案与模型认为可能的答案",
                "measure.wrong_share": "疑似有误的答案",
                "measure.contradicted": "与模型相左的答案",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Suspicious rows, and whether there are more than noise gives."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        if not evidence.codec.labels:
            return self._values(evidence)
        if evidence.y.ndim > 1:
            raise DoesNotApply("several labels a row", say=self._say("several"))
        if not beats(evidence, 2.0):
            raise DoesNotApply("no better than a constant", say=self._say("weak"))
        return self._classes(evidence)

    def _classes(self, evidence: Evidence) -> Finding:
        p, y, labels = evidence.answers(), evidence.y, evidence.codec.labels
        answer = p.argmax(axis=1)
        as_answered = not evidence.codec.costs and evidence.chosen is None
        called, its_p, seen = ("answer", "p_answer", "seen") if as_answered else LIKELIEST
        joint, issues = confident_joint(p, y)
        found = lapse(log_odds(p.max(axis=1)), answer == y, LEVEL)
        wrong = found.p < LEVEL and found.low > 0.0
        own = p[np.arange(evidence.n), y]
        order = np.flatnonzero(issues)[np.argsort(own[issues] - p.max(axis=1)[issues], kind="stable")][:SHOWN]
        n = int(issues.sum())
        if wrong:
            said = self._say("wrong", share=found.share, low=found.low, listed=len(order))
        elif n:
            said = self._say("noise", n=n, all=evidence.n, share=n / evidence.n)
        else:
            said = self._say("none")
        cells = [[labels[y[i]], labels[answer[i]], float(own[i]), float(p[i, answer[i]])] for i in order]
        heads = [self._say(key) for key in ("given", called, "p_given", its_p)]
        figures = self._table(evidence, order, heads, cells)
        places = places_in(evidence.data, evidence.raw)
        captions = [
            self._say(
                seen, row=int(places[i]) + 1, given=labels[y[i]], answer=labels[answer[i]], p=float(p[i, answer[i]])
            )
            for i in order
        ]
        estimate = _estimate(found, log_odds(p[order].max(axis=1))) if wrong and len(order) else None
        counted: dict[str, int] = {}
        if estimate is not None:
            counted = {key: round(x) for key, x in zip(("n", "low", "high"), estimate, strict=True)} | {
                "of": len(order)
            }
        title = self._say("sheet_wrong", **counted) if counted else self._say("sheet")
        figures += contact_sheet(evidence, order, title, captions)
        if n and len(labels) <= MOST_CLASSES:
            data = {"rows": list(labels), "columns": list(labels), "values": joint}
            axes = self._say(called), self._say("given")
            figures.append(Figure(kind="matrix", title=self._say("matrix"), data=data, x=axes[0], y=axes[1]))
        measures: tuple[Measure, ...] = (
            Measure(
                name="wrong_share",
                value=found.share,
                low=found.low,
                high=1.0,  # one-sided: how few labels may be wrong, not how many
                level=1 - LEVEL,
                n=evidence.n,
                unit="share",
                better="lower",
            ),
            Measure(name="contradicted", value=float(n), n=evidence.n, unit="rows", better="lower"),
        )
        if estimate is not None:
            value, low, high = estimate
            listed = Measure(
                name="listed_wrong",
                value=value,
                low=low,
                high=high,
                level=SURE,
                n=len(order),
                unit="rows",
                better="lower",
            )
            measures = (*measures, listed)
        more = (self._say("estimate", **counted),) if counted else (self._say("no_estimate"),) if len(order) else ()
        return self._finding(wrong, said, measures, figures, more)

    def _values(self, evidence: Evidence) -> Finding:
        answer, y = evidence.answers()[:, 0], np.asarray(evidence.y, dtype=np.float64)
        counted = evidence.task.head(evidence.codec).name == "counts"
        found = outlying(evened(answer), evened(y)) if counted else outlying(answer, y)
        strange = found.p < LEVEL / evidence.n
        order = np.argsort(found.p - 1e-300 * np.abs(found.z), kind="stable")[:SHOWN]
        n = int(strange.sum())
        said = self._say("strange", n=n, all=evidence.n) if n else self._say("plain")
        heads = [self._say(key) for key in ("given", "answer", "spreads")]
        cells: list[list[object]] = [[float(y[i]), float(answer[i]), float(found.z[i])] for i in order]
        measures = (
            Measure(name="wrong_share", value=n / evidence.n, n=evidence.n, unit="share", better="lower"),
            Measure(name="contradicted", value=float(n), n=evidence.n, unit="rows", better="lower"),
        )
        return self._finding(n > 0, said, measures, self._table(evidence, order, heads, cells))

    def _finding(
        self,
        wrong: bool,
        said: Say,
        measures: tuple[Measure, ...],
        figures: list[Figure],
        more: tuple[Say, ...] = (),
    ) -> Finding:
        return Finding(
            check="labels",
            verdict="watch" if wrong else "pass",
            say=said,
            measures=measures,
            figures=tuple(figures),
            notes=(*more, *((self._say("rows"),) if figures else ())),
            advice=(Advice(say=self._say("look")),) if wrong else (),
        )

    def _table(self, evidence: Evidence, order: Ints, heads: list[Say], cells: list[list[object]]) -> list[Figure]:
        """Row number as people count, ids, what was given and answered, and texts."""
        if not len(order):
            return []
        places = places_in(evidence.data, evidence.raw)
        ids = [evidence.data[name] for name in evidence.plan.names("id") if name in evidence.data]
        said = [c for c in evidence.data if c.role == "feature" and read_as_text(c)]
        texts: list[Any] = [column.take(order).texts() for column in ids]
        texts += [[starred(_text(t)[:LETTERS]) for t in column.take(order).texts()] for column in said]
        columns = [self._say("row"), *(column.name for column in (*ids, *said)), *heads]
        rows = [[int(places[i]) + 1, *(_text(t[at]) for t in texts), *cells[at]] for at, i in enumerate(order.tolist())]
        named = bool(texts)  # places and answers alone tell nobody who has not the table
        data = {"columns": columns, "rows": rows}
        return [Figure(kind="table", title=self._say("table"), data=data, rows=named)]

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _estimate(found: Lapse, sure: Floats) -> tuple[float, float, float]:
    """How many of some rows that are contradicted are wrong, and between which bounds in nine of ten cases.

    The bounds are those of the lapse rate, wider by what chance gives among rows that are wrong with such probabilities.
    """
    p = found.wrong(sure)  # [3, n]
    n, spread = p.sum(axis=1), NORMAL * np.sqrt((p * (1 - p)).sum(axis=1))
    return float(n[0]), max(0.0, float(n[1] - spread[1])), min(float(len(sure)), float(n[2] + spread[2]))


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)
