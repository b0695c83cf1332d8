"""How much do answers move between the fold models?

The shipped model is a bag of models that learnt from overlapping parts of the rows. Where they answer alike, a slightly
different table would have given the same answer (Breiman 1996). For classes the answer is what is compared; for values
the spread stands against the size of the errors. On cross-fitted rows all fold models but one
learnt from the row they are asked about, so on new rows they may lie a little further apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say

ROWS = 2_000
LEAST_ROWS = 20
SHARE = 0.5  # of the time that is left, for asking
OFTEN = 0.10  # a fold model answers otherwise than the bag on more than this share of rows
WIDE = 0.5  # spread of values against the root mean squared error
BINS = 30


@dataclass(frozen=True)
class Stability:
    """How much do answers move?"""

    about: ClassVar[About] = About(
        key="stability",
        order=70,
        words={
            "en": {
                "title": "Stability",
                "question": "Would a slightly different table have given the same answers?",
                "classes": "A single fold model answers otherwise than all {k} together on {disagree:%} of rows; probabilities move by {spread:%} (mean standard deviation).",
                "values": "Between {k} fold models an answer moves by {spread} (mean standard deviation), {ratio:%} of the typical error of {error}.",
                "flips": "On {flips:%} of rows the fold models are not of one mind; there the two most probable classes are {margin:%} apart, elsewhere {elsewhere:%}.",
                "seen": "All but one of the fold models learnt from the row they are asked about; on new rows they may lie a little further apart.",
                "folds": "Time was short: {k} of {all} fold models were asked.",
                "elsewhere": "needs models that learnt from other rows of the training table: this one was made elsewhere, and is alone",
                "one": "the model has one fold model; two are needed to compare",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "figure": "How far fold models lie apart, row by row",
                "spread_p": "standard deviation of the probability",
                "spread_v": "standard deviation of the answer",
                "rows": "rows",
                "measure.disagreement": "answers of single fold models that differ",
                "measure.flips": "rows on which fold models disagree",
                "measure.spread": "spread among fold models",
                "measure.spread_of_error": "spread against the typical error",
            },
            "zh": {
                "title": "稳定性",
                "question": "换一份略有不同的数据，答案会一样吗？",
                "classes": "单个折模型与全部 {k} 个模型合议的回答在 {disagree:%} 的行上不同；概率平均变动 {spread:%}（标准差均值）。",
                "values": "{k} 个折模型之间，同一答案平均变动 {spread}（标准差均值），相当于典型误差 {error} 的 {ratio:%}。",
                "flips": "在 {flips:%} 的行上各折模型意见不一；这些行前两个类别的概率相差 {margin:%}，其余行相差 {elsewhere:%}。",
                "seen": "除一个之外，各折模型都学习过被问到的行；在新数据上，它们的差距可能略大。",
                "folds": "时间不足：只询问了 {all} 个折模型中的 {k} 个。",
                "elsewhere": "需要由训练表中其他行训练的模型：该模型在别处制作，只有它一个",
                "one": "模型只有一个折模型；比较至少需要两个",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "figure": "各折模型的答案逐行相差多少",
                "spread_p": "概率的标准差",
                "spread_v": "答案的标准差",
                "rows": "行数",
                "measure.disagreement": "单个折模型回答不同的占比",
                "measure.flips": "折模型意见不一的行",
                "measure.spread": "折模型之间的离散程度",
                "measure.spread_of_error": "离散程度与典型误差之比",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The spread between fold models on a sample of the measured rows."""
        folds = evidence.model.folds
        if folds < 2:
            raise DoesNotApply("one fold model", say=self._say("elsewhere" if evidence.elsewhere else "one"))
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        asked = _asked(evidence, folds)  # [k, n, c]
        notes = [self._say("seen")] if evidence.folds is not None else []
        if len(asked) < folds:
            notes.append(self._say("folds", k=len(asked), all=folds))
        if evidence.y.ndim > 1:
            return self._flags(asked, notes)
        if evidence.codec.labels:
            return self._classes(asked, notes)
        return self._values(asked, evidence, notes)

    def _classes(self, asked: Floats, notes: list[Say]) -> Finding:
        bag = asked.mean(axis=0)  # [n, c]
        top = bag.argmax(axis=1)
        spread = asked[:, np.arange(len(top)), top].std(axis=0, ddof=1)
        other = asked.argmax(axis=2) != top  # [k, n]
        disagree, flips = other.mean(axis=0), other.any(axis=0)
        ordered = np.sort(bag, axis=1)
        margin = ordered[:, -1] - ordered[:, -2]
        if flips.any() and not flips.all():
            said = {"margin": float(margin[flips].mean()), "elsewhere": float(margin[~flips].mean())}
            notes.insert(0, self._say("flips", flips=float(flips.mean()), **said))
        return self._moved(len(asked), disagree, flips, spread, notes)

    def _flags(self, asked: Floats, notes: list[Say]) -> Finding:
        """Rows of which any label is answered otherwise; the spread is the mean over labels."""
        other = (asked > 0.5) != (asked.mean(axis=0) > 0.5)  # [k, n, labels]
        spread = asked.std(axis=0, ddof=1).mean(axis=1)
        return self._moved(len(asked), other.any(axis=2).mean(axis=0), other.any(axis=(0, 2)), spread, notes)

    def _moved(self, k: int, disagree: Floats, flips: Bools, spread: Floats, notes: list[Say]) -> Finding:
        measures = (
            _mean("disagreement", disagree),
            _mean("flips", flips.astype(float)),
            _mean("spread", spread),
        )
        said = {"k": k, "disagree": measures[0].value, "spread": measures[2].value}
        return Finding(
            check="stability",
            verdict="watch" if measures[0].value > OFTEN else "pass",
            say=self._say("classes", **said),
            measures=measures,
            figures=(self._figure(spread, "spread_p"),),
            notes=tuple(notes),
        )

    def _values(self, asked: Floats, evidence: Evidence, notes: list[Say]) -> Finding:
        spread = asked[:, :, 0].std(axis=0, ddof=1)
        error = float(np.sqrt(np.mean((evidence.answers()[:, 0] - evidence.y) ** 2)))
        ratio = float(spread.mean()) / error if error > 0 else 0.0
        measure = _mean("spread", spread, unit="target")
        share = Measure(name="spread_of_error", value=ratio, n=len(spread), unit="share", better="lower")
        said = {"k": len(asked), "spread": measure.value, "error": error, "ratio": ratio}
        return Finding(
            check="stability",
            verdict="watch" if ratio > WIDE else "pass",
            say=self._say("values", **said),
            measures=(measure, share),
            figures=(self._figure(spread, "spread_v"),),
            notes=tuple(notes),
        )

    def _figure(self, spread: Floats, axis: str) -> Figure:
        high = float(np.quantile(spread, 0.995)) or 1.0
        counts, edges = np.histogram(np.minimum(spread, high), bins=BINS, range=(0.0, high))
        return Figure(
            kind="histogram",
            title=self._say("figure"),
            data={"edges": edges, "series": [{"name": self._say("rows"), "counts": counts}]},
            x=self._say(axis),
            y=self._say("rows"),
        )

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _asked(evidence: Evidence, folds: int) -> Floats:
    """Answers of each fold model on a sample: [k, n, classes or 1]; at least two models, more while there is time."""
    clock, model = evidence.clock, evidence.model
    rows = np.arange(evidence.n)
    if evidence.n > LEAST_ROWS and not clock.stands:  # what looks at pictures may take a second for a few rows
        rows = stream(evidence.seed, "stability").permutation(rows)[:ROWS]
        timer = clock.slice(clock.remaining())
        model.scores(evidence.data.take(rows[:LEAST_ROWS]), np.zeros(LEAST_ROWS, dtype=np.int64))
        afforded = LEAST_ROWS * SHARE * clock.remaining() / max(1e-9, folds * timer.spent())
        rows = np.sort(rows[: max(LEAST_ROWS, int(min(afforded, ROWS)))])
    elif evidence.n > ROWS:
        rows = np.sort(stream(evidence.seed, "stability").choice(rows, ROWS, replace=False))
    data, found = evidence.data.take(rows), []
    for fold in range(folds):
        if fold >= 2 and clock.expired():
            break
        found.append(evidence.task.answers(model.scores(data, np.full(len(rows), fold))))
    return np.asarray(found)


def _mean(name: str, x: Floats, unit: str = "share") -> Measure:
    """The mean over rows with its normal interval."""
    value, half = float(x.mean()), 1.96 * float(x.std()) / len(x) ** 0.5
    low = max(0.0, value - half)
    return Measure(name=name, value=value, low=low, high=value + half, n=len(x), unit=unit, better="lower")
