"""How much do answers move between the fold models?

The shipped model is a bag of models that learnt from overlapping parts of the rows. Where they answer alike, a slightly
different table would have given the same answer (Breiman 1996). For classes the answer is what is compared; for values
the spread stands against the size of the errors. On cross-fitted rows all fold models but one
learnt from the row they are asked about, so on new rows they may lie a little further apart.

A person is told reasons too, and those can move where the answer stands (Alvarez-Melis & Jaakkola 2018): how often is the part that pulls
hardest another one? Between the fold models, which share most of their rows, and where the pipeline was learnt anew on random
halves, between those and what ships.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.plugins import About, Codec, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.pulls import sizes

ROWS = 2_000
LEAST_ROWS = 20
SHARE = 0.5  # of the time that is left, for asking
OFTEN = 0.10  # a fold model answers otherwise than the bag on more than this share of rows
WIDE = 0.5  # spread of values against the root mean squared error
REASONED, STILL_REASONED = 300, 100  # rows whose reasons are compared; where no clock is looked at
REASON_SHARE = 0.2  # of the time that is left, for asking for them
OTHERWISE = 0.25  # the main reason is another one for surely more than this share of rows
FIRST = 3  # a new main reason may have been among so many before
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
                "classes_some": "A single fold model answers otherwise than the {k} that were asked, together, on {disagree:%} of rows; probabilities move by {spread:%} (mean standard deviation).",
                "values": "Between {k} fold models an answer moves by {spread} (mean standard deviation), {ratio:%} of the typical error of {error}.",
                "flips": "On {flips:%} of rows the fold models are not of one mind; there the two most probable classes are {margin:%} apart, elsewhere {elsewhere:%}.",
                "flips_costs": "On {flips:%} of rows the fold models are not of one mind; there the two classes that come nearest to being answered, by probability times cost, are {margin:%} apart, elsewhere {elsewhere:%}.",
                "seen": "All but one of the fold models learnt from the row they are asked about; on new rows they may lie a little further apart.",
                "folds": "Time was short: {k} of {all} fold models were asked.",
                "elsewhere": "needs models that learnt from other rows of the training table: this one was made elsewhere, and is alone",
                "one": "the model has one fold model; two are needed to compare",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "reasons": "Two fold models asked about the same row name different main reasons for {share:%} of rows ({low:%} to {high:%}); in {near:%} of these the main reason of one is among the first {first} of the other.",
                "reasons_half": "Learnt anew on a random half of the rows ({k} times), the model gives {share:%} of rows ({low:%} to {high:%}) another main reason; in {near:%} of these it was among the first {first} before.",
                "steady": "Two fold models asked about the same row name the same main reason for all {n} rows that were asked.",
                "steady_half": "Learnt anew on a random half of the rows ({k} times), the model gives all {n} rows that were asked the same main reason.",
                "unsteady": "Answers hold, their reasons do not: {share:%} of rows ({low:%} to {high:%}) get another main reason from a model of slightly different rows.",
                "figure": "How far fold models lie apart, row by row",
                "spread_p": "standard deviation of the probability",
                "spread_v": "standard deviation of the answer",
                "rows": "rows",
                "measure.disagreement": "answers of single fold models that differ",
                "measure.flips": "rows on which fold models disagree",
                "measure.spread": "spread among fold models",
                "measure.spread_of_error": "spread against the typical error",
                "measure.reason_changes": "rows for which two fold models name different main reasons",
                "measure.reason_changes_half": "rows with another main reason, learnt on half of the rows",
            },
            "zh": {
                "title": "稳定性",
                "question": "换一份略有不同的数据，答案会一样吗？",
                "classes": "单个折模型与全部 {k} 个模型合议的回答在 {disagree:%} 的行上不同；概率平均变动 {spread:%}（标准差均值）。",
                "classes_some": "单个折模型与所询问的 {k} 个模型合议的回答在 {disagree:%} 的行上不同；概率平均变动 {spread:%}（标准差均值）。",
                "values": "{k} 个折模型之间，同一答案平均变动 {spread}（标准差均值），相当于典型误差 {error} 的 {ratio:%}。",
                "flips": "在 {flips:%} 的行上各折模型意见不一；这些行前两个类别的概率相差 {margin:%}，其余行相差 {elsewhere:%}。",
                "flips_costs": "在 {flips:%} 的行上各折模型意见不一；这些行中最接近被回答的两个类别（按概率乘代价）相差 {margin:%}，其余行相差 {elsewhere:%}。",
                "seen": "除一个之外，各折模型都学习过被问到的行；在新数据上，它们的差距可能略大。",
                "folds": "时间不足：只询问了 {all} 个折模型中的 {k} 个。",
                "elsewhere": "需要由训练表中其他行训练的模型：该模型在别处制作，只有它一个",
                "one": "模型只有一个折模型；比较至少需要两个",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "reasons": "就同一行询问两个折模型，{share:%} 的行（{low:%} 至 {high:%}）得到不同的主要理由；其中 {near:%} 的主要理由位于另一模型的前 {first} 位。",
                "reasons_half": "在随机一半的行上重新学习（{k} 次）后，模型对 {share:%} 的行（{low:%} 至 {high:%}）给出另一个主要理由；其中 {near:%} 原先位于前 {first} 位。",
                "steady": "就同一行询问两个折模型，所询问的全部 {n} 行都得到相同的主要理由。",
                "steady_half": "在随机一半的行上重新学习（{k} 次）后，模型对所询问的全部 {n} 行给出相同的主要理由。",
                "unsteady": "答案稳定，理由却不稳定：由略有不同的行学得的模型，会对 {share:%} 的行（{low:%} 至 {high:%}）给出另一个主要理由。",
                "figure": "各折模型的答案逐行相差多少",
                "spread_p": "概率的标准差",
                "spread_v": "答案的标准差",
                "rows": "行数",
                "measure.disagreement": "单个折模型回答不同的占比",
                "measure.flips": "折模型意见不一的行",
                "measure.spread": "折模型之间的离散程度",
                "measure.spread_of_error": "离散程度与典型误差之比",
                "measure.reason_changes": "两个折模型给出不同主要理由的行",
                "measure.reason_changes_half": "以一半的行学习时主要理由改变的行",
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
            found = self._flags(asked, notes)
        elif evidence.codec.labels:
            found = self._classes(asked, evidence.codec, notes)
        else:
            found = self._values(asked, evidence, notes)
        return self._with_reasons(found, _reasons(evidence))

    def _with_reasons(self, found: Finding, told: list[Changed]) -> Finding:
        """The finding of the answers, and how steady their reasons are."""
        for one in told:
            half = "_half" if one.half else ""
            shares = {"share": one.share, "low": one.low, "high": one.high}
            moved = {**shares, "near": one.near, "first": FIRST}
            measure = Measure(
                name="reason_changes_half" if one.half else "reason_changes",
                value=one.share,
                low=one.low,
                high=one.high,
                n=one.n,
                unit="share",
                better="lower",
            )
            by = {"k": one.k} if one.half else {}
            note = (
                self._say(f"reasons{half}", **moved, **by) if one.share else self._say(f"steady{half}", n=one.n, **by)
            )
            found = replace(found, measures=(*found.measures, measure), notes=(*found.notes, note))
            if one.low > OTHERWISE and found.verdict == "pass":
                found = replace(found, verdict="watch", say=self._say("unsteady", **shares))
        return found

    def _classes(self, asked: Floats, codec: Codec, notes: list[Say]) -> Finding:
        bag = asked.mean(axis=0)  # [n, c]
        top = codec.weighed(bag).argmax(axis=1)
        spread = asked[:, np.arange(len(top)), top].std(axis=0, ddof=1)
        other = codec.weighed(asked).argmax(axis=2) != top  # [k, n]
        disagree, flips = other.mean(axis=0), other.any(axis=0)
        near = codec.weighed(bag)
        ordered = np.sort(near / near.sum(axis=1, keepdims=True) if codec.costs else near, axis=1)
        margin = ordered[:, -1] - ordered[:, -2]
        if flips.any() and not flips.all():
            said = {"margin": float(margin[flips].mean()), "elsewhere": float(margin[~flips].mean())}
            notes.insert(0, self._say("flips_costs" if codec.costs else "flips", flips=float(flips.mean()), **said))
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
            say=self._say("classes_some" if any(note.key == "folds" for note in notes) else "classes", **said),
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


@dataclass(frozen=True)
class Changed:
    """How often the main reason of a row is another one."""

    share: float
    low: float
    high: float
    near: float  # share of the changed rows whose new main reason was among the first before
    n: int
    k: int  # models
    half: bool  # they learnt from a random half of the rows


def _reasons(evidence: Evidence) -> list[Changed]:
    """The main reasons that two fold models give the same row, and those of refits against those of what ships."""
    clock, folds, one_of_k = evidence.clock, evidence.model.folds, evidence.y.ndim == 1
    if len(evidence.model.parts) < 2:
        return []
    rng, out = stream(evidence.seed, "stability", "reasons"), list[Changed]()
    rows = np.sort(rng.permutation(evidence.n)[: STILL_REASONED if clock.stands else REASONED])
    first = rng.integers(folds, size=len(rows))
    other = (first + rng.integers(1, folds, size=len(rows))) % folds

    def told(some: Ints) -> tuple[Floats, Floats]:
        data = evidence.data.take(rows[some])
        both = (evidence.model.contributions(data, by[some])[:, :-1] for by in (first, other))
        one, two = (sizes(pulls, one_of_k) for pulls in both)
        return one, two

    if not clock.expired():
        timer, some = clock.slice(clock.remaining()), rng.permutation(len(rows))
        few = told(some[:LEAST_ROWS])
        more = len(rows) - LEAST_ROWS
        if not clock.stands:
            more = int(min(more, LEAST_ROWS * REASON_SHARE * clock.remaining() / max(1e-9, timer.spent())))
        rest = told(some[LEAST_ROWS : LEAST_ROWS + more]) if more > 0 else few
        one, two = (np.concatenate(pair) if more > 0 else pair[0] for pair in zip(few, rest, strict=True))
        out.append(_changed(one, two[None], half=False))
    if evidence.pool is not None and evidence.plan.membership not in (
        "quick",
        "none",
    ):  # without refits none has reasons
        reasons = evidence.pool(clock).reasons
        if reasons is not None and len(reasons.models) > 1:
            out.append(_changed(reasons.whole, reasons.models, half=True))
    return out


def _changed(whole: Floats, models: Floats, half: bool) -> Changed:
    """Sizes of pulls of one model [m, parts] against those of others [k, m, parts]; rows and models both are taken to be drawn."""
    main, others = whole.argmax(axis=1), models.argmax(axis=2)
    other = others != main
    place = np.argsort(np.argsort(-whole, axis=1, kind="stable"), axis=1)  # 0 pulls hardest
    before = np.take_along_axis(place, others.T, axis=1).T
    by_row, by_model = other.mean(axis=0), other.mean(axis=1)
    k, n = other.shape
    error = float(np.sqrt(by_row.var(ddof=1) / n + (by_model.var(ddof=1) / k if k > 1 else 0.0)))
    share = float(other.mean())
    near = float((before[other] < FIRST).mean()) if other.any() else 1.0
    return Changed(share, max(0.0, share - 1.96 * error), min(1.0, share + 1.96 * error), near, n, k, half)


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
