"""How good is it on rows it never saw, and how much better than one guess for all?

Figures of the task with intervals, each against the constant guess. A model that does not beat the constant has learnt
nothing that can be shown. Where rows follow each other in time, the newest block stands beside all of them: what comes next is
likelier to be as that one was than as the mean of years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.forms import PLAIN
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.bootstrap import interval, plain
from assay.stats.clusters import bound

from ._blocks import beats, blocks

LEVEL = 0.95
SURELY = 1.96  # standard errors by which the loss lies below that of one guess for all: 2.5 %, one-sided
LEAST_ROWS = 10
SHOWN = 60  # labels, where a row may bear several
LARGE_SHARE, FEW_LARGE = 0.02, 20  # of the rows that hold half of the squared error; of normal errors an eighth does
RARE = 0.2  # share of one of two classes up to which it is looked for among the surest rows
SUREST = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)  # shares of rows that are looked at
LEAST_BLOCKS = 3  # in time, of which the newest is told apart from all
LOST = 0.1  # of what the model gains over one guess before it: a smaller loss is none to be warned of, however sure
TIME_SHARE = 0.05  # of what is left, in which its rows are drawn again, and as much for those before it
LEAST_FOR_LARGE = 200  # rows below which so few hold half by chance


@dataclass(frozen=True)
class _Newest:
    """A figure in the newest block, with its interval, and in the blocks before it."""

    value: float
    low: float
    high: float
    before: float
    n: int
    blocks: int
    worse: bool  # surely, and by more than a little

    @property
    def said(self) -> dict[str, float]:
        """What a sentence of its own says."""
        told = {"value": self.value, "low": self.low, "high": self.high}
        return {**told, "before": self.before, "n": self.n, "blocks": self.blocks}

    @property
    def beside(self) -> dict[str, float]:
        """What is said of it beside the figure of all blocks."""
        told = {"newest": self.value, "newest_low": self.low, "newest_high": self.high}
        return {**told, "before": self.before, "n": self.n, "blocks": self.blocks}


@dataclass(frozen=True)
class Quality:
    """How good is it?"""

    about: ClassVar[About] = About(
        key="quality",
        takes=(*PLAIN, "boxes"),
        order=10,
        words={
            "en": {
                "title": "Quality",
                "question": "How good is the model on rows it never saw, and how much better than one guess for all?",
                "better": "{metric} is {value} ({low} to {high}); one guess for all would have {constant}.",
                "no_better": "{metric} is {value} ({low} to {high}), no better than one guess for all ({constant}).",
                "unproven": "{metric} is {value} ({low} to {high}), and one guess for all would have {constant}: that may be chance.",
                "corrected": "The choice among candidates is paid for: without the correction {metric} would read {apparent}.",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "unmeasured": "none of the figures is known on the {n} {n:row that was|rows that were} measured",
                "confusion": "What was true, and what was answered",
                "truth": "true",
                "answer": "answered",
                "scatter": "True value against answer",
                "per_label": "Label by label",
                "label": "label",
                "rows_true": "rows that bear it",
                "rows_answered": "answered",
                "precision": "of these right",
                "recall": "found",
                "f1": "F1",
                "readings": "Figures with their intervals",
                "few_large": "Half of the squared error comes from {k} of {n} rows: where such rows are met oftener or seldomer, {metric} may lie beyond its interval.",
                "event": "Average precision looks for '{label}', which {share:%} of rows are.",
                "surest": "Where the rows that are surest to be '{label}' are looked at first",
                "looked_at": "rows looked at",
                "from": "from a probability of",
                "hits": "of them '{label}' (precision)",
                "found": "of all '{label}' found (recall)",
                "newest": "In the newest of {blocks} blocks in time ({n} rows), as what comes next is likely to be, {metric} is {value} ({low} to {high}), in those before it {before}; of these nothing is taken off for the choice.",
                "grown": "{metric} is {value} ({low} to {high}), where one guess for all would have {constant}; in the newest of {blocks} blocks in time ({n} rows), as what comes next is likely to be, it is {newest} ({newest_low} to {newest_high}), in those before it {before}.",
                "majority": "{accuracy:%} of answers are right, but {base:%} of rows are '{label}': accuracy alone says little here.",
            },
            "zh": {
                "title": "质量",
                "question": "模型在从未见过的行上有多好？比对所有行给出同一个猜测好多少？",
                "better": "{metric}为 {value}（{low} 至 {high}）；对所有行给出同一猜测时为 {constant}。",
                "no_better": "{metric}为 {value}（{low} 至 {high}），并不优于对所有行给出同一猜测（{constant}）。",
                "unproven": "{metric}为 {value}（{low} 至 {high}），对所有行给出同一猜测时为 {constant}：差距可能出于偶然。",
                "corrected": "已扣除挑选候选模型带来的乐观：不修正时{metric}为 {apparent}。",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "unmeasured": "在所测量的 {n} 行上没有任何指标可以得出",
                "confusion": "真实类别与回答",
                "truth": "真实",
                "answer": "回答",
                "scatter": "真实值与回答",
                "per_label": "逐个标签",
                "label": "标签",
                "rows_true": "带此标签的行",
                "rows_answered": "回答为是",
                "precision": "其中正确",
                "recall": "找到的占比",
                "f1": "F1",
                "readings": "各项指标及其区间",
                "few_large": "平方误差的一半来自 {n} 行中的 {k} 行：如果这样的行出现得更多或更少，{metric}可能超出其区间。",
                "event": "平均精确率针对“{label}”，占全部行的 {share:%}。",
                "surest": "先查看最可能为“{label}”的行时",
                "looked_at": "查看的行数",
                "from": "概率不低于",
                "hits": "其中“{label}”（精确率）",
                "found": "找到的“{label}”占全部（召回率）",
                "newest": "按时间分为 {blocks} 段；接下来的数据很可能与最新一段（{n} 行）相近，其{metric}为 {value}（{low} 至 {high}），此前各段为 {before}；这些数值未扣除模型选择的影响。",
                "grown": "{metric}为 {value}（{low} 至 {high}）；对所有行给出同一猜测时为 {constant}。按时间分为 {blocks} 段，接下来的数据很可能与最新一段（{n} 行）相近，其{metric}为 {newest}（{newest_low} 至 {newest_high}），此前各段为 {before}。",
                "majority": "{accuracy:%} 的回答正确，但 {base:%} 的行本来就是“{label}”：单看准确率意义不大。",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The task's figures, the primary one first."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        measures = tuple(self._measures(evidence))
        if not measures:  # pictures in which nothing is drawn and nothing found
            raise DoesNotApply("no figure", say=self._say("unmeasured", n=evidence.n))
        first = measures[0]
        metric = evidence.task.about.say("tasks", f"measure.{first.name}")
        sign = 1.0 if first.better == "higher" else -1.0
        ahead = first.constant is not None and sign * (first.value - first.constant) > 0
        beaten = beats(evidence, SURELY) and (ahead or first.constant is None)  # the figure told pays for the choice
        key = "better" if beaten else "unproven" if ahead else "no_better"
        said = {"metric": metric, "value": first.value, "low": first.low, "high": first.high}
        newest = self._newest(evidence)
        grown = beaten and newest is not None and newest.worse
        if newest is not None and grown:
            key, said = "grown", said | newest.beside
        notes = [] if newest is None or grown else [self._say("newest", metric=metric, **newest.said)]
        if evidence.honest.corrected:
            notes.append(self._say("corrected", metric=metric, apparent=float(evidence.honest.apparent[0])))
        if evidence.plan.cost_rule is not None:
            notes.append(evidence.plan.cost_rule)
        notes += [*_known_groups(evidence), *self._event(evidence), *self._majority(evidence, measures)]
        notes += self._few_large(evidence, metric)
        return Finding(
            check="quality",
            verdict="fail" if not beaten else "watch" if grown else "pass",
            say=self._say(key, constant=first.constant, **said),
            measures=measures,
            figures=tuple(self._figures(evidence)),
            notes=tuple(notes),
        )

    def _measures(self, evidence: Evidence) -> list[Measure]:
        honest, found = evidence.honest, []
        for place, metric in enumerate(evidence.task.metrics(evidence.codec)):
            draws = honest.draws[:, place]
            known = draws[~np.isnan(draws)]
            if len(known) == 0:
                continue
            low, high = interval(draws, LEVEL)
            value = float(known.mean()) if honest.corrected else float(honest.apparent[place])
            found.append(
                Measure(
                    name=metric.key,
                    value=value,
                    low=low,
                    high=high,
                    level=LEVEL,
                    n=evidence.n,
                    unit=metric.unit,
                    constant=_known(float(honest.constant[place])),
                    better="higher" if metric.better == "higher" else "lower",
                )
            )
        return found

    def _newest(self, evidence: Evidence) -> _Newest | None:
        """The primary figure of the newest block in time, each of whose rows is scored by the model of all blocks before it."""
        folds, metric = evidence.folds, evidence.task.metrics(evidence.codec)[0]
        if folds is None or not evidence.plan.splits.time or len(count := np.unique(folds)) < LEAST_BLOCKS:
            return None
        last = folds == folds.max()
        if last.sum() < LEAST_ROWS or evidence.y.ndim > 2:
            return None
        rng, sides, values = stream(evidence.seed, "newest block"), [], []
        for rows in (last, ~last):
            y, weight = evidence.y[rows], None if evidence.weight is None else evidence.weight[rows]
            share = evidence.clock.slice(TIME_SHARE * evidence.clock.remaining())
            together = bound(blocks(evidence)[rows])
            sides.append(plain(evidence.scores[rows], y, weight, [metric.of], rng, share, blocks=together)[:, 0])
            values.append((metric.of(evidence.scores[rows], y, weight), metric.of(evidence.constant[rows], y, weight)))
        (value, _), (before, guess) = values
        low, high = interval(sides[0], LEVEL)
        if not np.isfinite([value, before, low, high]).all():  # one class alone, say
            return None
        sign, both = -1.0 if metric.better == "higher" else 1.0, min(map(len, sides))
        surely = interval(sign * (sides[0][:both] - sides[1][:both]), LEVEL)[0] > 0
        gain = abs(before - guess) if np.isfinite(guess) else 0.0
        worse = surely and sign * (value - before) > LOST * gain
        return _Newest(float(value), low, high, float(before), int(last.sum()), len(count), bool(worse))

    def _event(self, evidence: Evidence) -> list[Say]:
        """Which of two classes is looked for."""
        if len(evidence.codec.labels) != 2 or evidence.y.ndim > 1:
            return []
        share = float(np.average(evidence.y == evidence.codec.event, weights=evidence.weight))
        return [self._say("event", label=evidence.codec.labels[evidence.codec.event], share=share)]

    def _majority(self, evidence: Evidence, measures: tuple[Measure, ...]) -> list[Say]:
        found = [m for m in measures if m.name == "accuracy"]
        if not found or not evidence.codec.labels:
            return []
        held = np.bincount(evidence.y, weights=evidence.weight, minlength=len(evidence.codec.labels))
        share = held / held.sum()
        base = float(share.max())
        if base < 0.7:
            return []
        label = evidence.codec.labels[int(share.argmax())]
        return [self._say("majority", accuracy=found[0].value, base=base, label=label)]

    def _few_large(self, evidence: Evidence, metric: Say) -> list[Say]:
        """Whether a few rows hold half of the squared error: drawing rows again then tells too little of other tables."""
        if evidence.task.about.key != "value" or evidence.n < LEAST_FOR_LARGE:
            return []
        losses = evidence.losses() if evidence.weight is None else evidence.losses() * evidence.weight
        held = np.cumsum(np.sort(losses)[::-1])
        k = int(np.searchsorted(held, held[-1] / 2)) + 1
        few = held[-1] > 0 and k <= min(FEW_LARGE, LARGE_SHARE * evidence.n)
        return [self._say("few_large", k=k, n=evidence.n, metric=metric)] if few else []

    def _figures(self, evidence: Evidence) -> list[Figure]:
        labels = evidence.codec.labels
        if evidence.y.ndim > 2:  # boxes, which have a check of their own
            return []
        if labels and evidence.y.ndim > 1:
            return [self._per_label(evidence, labels)]
        if labels and len(labels) <= 20:
            return [self._confusion(evidence, labels), *self._surest(evidence, labels)]
        if labels:
            return []
        f, y = evidence.answers()[:, 0], np.asarray(evidence.y, dtype=np.float64)
        return [
            Figure(
                kind="points",
                title=self._say("scatter"),
                data={"x": f, "y": y, "diagonal": True},
                x=self._say("answer"),
                y=self._say("truth"),
            )
        ]

    def _confusion(self, evidence: Evidence, labels: tuple[str, ...]) -> Figure:
        table: Floats = np.zeros((len(labels), len(labels)))
        np.add.at(table, (evidence.y, evidence.classes()), 1.0)
        return Figure(
            kind="matrix",
            title=self._say("confusion"),
            data={"rows": list(labels), "columns": list(labels), "values": table.astype(int)},
            x=self._say("answer"),
            y=self._say("truth"),
        )

    def _surest(self, evidence: Evidence, labels: tuple[str, ...]) -> list[Figure]:
        """Of a rare one of two classes: how often the surest rows are it, and how much of it they hold, by how many are looked at."""
        event = evidence.codec.event
        weight = np.ones(evidence.n) if evidence.weight is None else evidence.weight
        borne = weight * (evidence.y == event)
        if len(labels) != 2 or not 0 < borne.sum() <= RARE * weight.sum():
            return []
        p = evidence.answers()[:, event]
        order, rows = np.argsort(-p, kind="stable"), []
        for k in dict.fromkeys(max(LEAST_ROWS, round(share * evidence.n)) for share in SUREST):
            least = p[order[min(k, evidence.n) - 1]]
            asked = p >= least  # rows as sure as the last are looked at as well
            precision = borne[asked].sum() / max(weight[asked].sum(), 1e-300)
            held = borne[asked].sum() / borne.sum()
            rows.append([f"{asked.sum():,} ({asked.mean():.1%})", f"{least:.3g}", f"{precision:.1%}", f"{held:.1%}"])
        said = {"label": labels[event]}
        heads = [self._say("looked_at"), self._say("from"), self._say("hits", **said), self._say("found", **said)]
        return [Figure(kind="table", title=self._say("surest", **said), data={"columns": heads, "rows": rows})]

    def _per_label(self, evidence: Evidence, labels: tuple[str, ...]) -> Figure:
        """How often each label is true, and how well it is found, the most frequent first."""
        said, true = evidence.answers() > 0.5, evidence.y == 1
        hit, answered, borne = ((a & b).sum(axis=0) for a, b in ((said, true), (said, said), (true, true)))
        rows = []
        for k in np.argsort(-borne, kind="stable")[:SHOWN]:
            precision = f"{hit[k] / answered[k]:.1%}" if answered[k] else "–"
            recall = f"{hit[k] / borne[k]:.1%}" if borne[k] else "–"
            f1 = f"{2 * hit[k] / (answered[k] + borne[k]):.3f}" if answered[k] + borne[k] else "–"
            rows.append([labels[k], int(borne[k]), int(answered[k]), precision, recall, f1])
        heads = [self._say(key) for key in ("label", "rows_true", "rows_answered", "precision", "recall", "f1")]
        return Figure(kind="table", title=self._say("per_label"), data={"columns": heads, "rows": rows})

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _known_groups(evidence: Evidence) -> list[Say]:
    """That rows were measured whose group had been met before, as the plan says."""
    splits = evidence.plan.splits
    if evidence.folds is None or splits.both or not (splits.group and splits.time):
        return []
    return [Say("planning", "note.grouped_forward", {"group": splits.group, "time": splits.time})]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
