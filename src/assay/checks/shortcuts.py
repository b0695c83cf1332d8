"""Does something beside what a picture shows tell the answer?

A model that knows sick lungs by the hospital's camera is right on every row that is held out, and wrong elsewhere (Geirhos et al. 2020). So
the answer is predicted from one side fact at a time: the length of the file, its size, format, camera and folder, the border alone,
and brightness and colour on the whole. A few small trees that learnt from other folds are enough to see what is there. What a fact
gains over one guess for all is given as a share of what the model gains, with its interval (of a ratio, Cochran 1977); only gains
beyond chance are told (Student's test, 1 % for all facts together, Holm 1979).

It cannot say that the model takes the short way, only that there is one: a fact may rightly go with the answer. What can be seen
in the picture as a whole is told from half of the model's gain on, anything else from a fifth. A folder that tells all is taken to be where the
answers came from, and passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.forms import PLAIN, Batch, Feature, Head, Vector
from assay.kernel.plugins import About, Evidence, Measured, MeasuresCells, modality_of, task_of
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.calibration import fit_classes
from assay.stats.heads import guess
from assay.stats.splitting import random_folds
from assay.stats.tests import holm

from ._blocks import beats

LEAST_ROWS, MOST_ROWS = 100, 4_000
FOLDS = 5  # where the rows have none
ROUNDS, LEAST_ROUNDS, TREES = 30, 5, 300  # of trees; of many classes, each with its own, fewer
TREE: dict[str, Any] = {
    "learning_rate": 0.1,
    "num_leaves": 6,
    "min_data_in_leaf": 10,
    "max_bin": 63,
    "lambda_l2": 1.0,
    "seed": 1,
    "num_threads": 1,  # so little work is slower when shared out
}
LEAST_ODD = 10  # rows of each, where odd ones are told from good ones
LEVEL = 0.01  # for all facts together
HIDDEN, SEEN = 0.2, 0.5  # shares of the model's gain from which a fact is told
FOLDER = "folder"  # the fact that answers may have been read from
ALL = 0.95  # share of a folder's rows that have its most frequent answer, where answers came from folders
MOST_LEVELS = 50  # names beyond which a fact names single rows


@dataclass(frozen=True, eq=False)
class Alone:
    """What one fact alone comes to: its share of the model's gain, the interval, the p-value that it gains at all."""

    column: str
    fact: Say
    seen: bool
    share: float
    low: float
    high: float
    p: float
    figures: tuple[float, float, float]  # the first telling figure of the task: of the fact, of one guess, of the model


@dataclass(frozen=True)
class Shortcuts:
    """Does something beside what is shown tell the answer?"""

    about: ClassVar[About] = About(
        key="shortcuts",
        takes=(*PLAIN, "oddness"),
        order=22,
        words={
            "en": {
                "title": "Shortcuts",
                "question": "Does something beside what the pictures show tell the answer?",
                "none": "the table has no column of pictures",
                "few": "only {n} measured {n:row has|rows have} a picture; {least} are needed",
                "several": "where a row may bear several labels this is not asked yet",
                "unasked": "of answers of this kind it is not asked yet",
                "alone": "there are good ones alone, and no answer that could be told",
                "weak": "the model is hardly better than one guess for all, so there is no gain to compare with",
                "nothing": "nothing is known of the pictures that differs from one to another",
                "clean": "No side fact comes near the model: the strongest, {fact}, reaches {share:%} of its gain over one guess for all.",
                "found": "One side fact alone, {fact}, tells much of {target}: {share:%} ({low:%} to {high:%}) of what the model gains over one guess for all; {metric} {own}, one guess {constant}, the model {model}.",
                "also": "Alone, {fact}: {share:%} ({low:%} to {high:%}) of the model's gain; {metric} {own}, one guess {constant}, the model {model}.",
                "folder": "Folders go with the answers; they are taken to be where the answers came from.",
                "meaning": "That there is a short way does not prove that the model takes it, or that it is a wrong one.",
                "look": "Ask whether {fact} will go with the answer on new pictures too; if not, take pictures of all answers in the same way, or measure on pictures from elsewhere (--test).",
                "figure": "Share of the model's gain over one guess that each fact reaches alone",
                "share": "share of the gain",
                "table": "What side facts tell alone",
                "fact": "fact",
                "own": "alone",
                "constant": "one guess",
                "model": "the model",
                "measure.shortcut": "share of the model's gain that the strongest side fact reaches alone",
            },
            "zh": {
                "title": "捷径",
                "question": "除图片内容之外，是否还有别的东西透露了答案？",
                "none": "表中没有图片列",
                "few": "只有 {n} 个被测量的行有图片；至少需要 {least} 行",
                "several": "一行可有多个标签时，尚不检查此项",
                "unasked": "对这类答案尚不检查此项",
                "alone": "只有良品，没有可以被说明的答案",
                "weak": "模型几乎不优于对所有行给出同一猜测，因此没有可比较的增益",
                "nothing": "关于图片，没有已知的、彼此不同的附带信息",
                "clean": "没有附带信息接近模型：最强的“{fact}”只达到模型相对同一猜测所获增益的 {share:%}。",
                "found": "仅凭“{fact}”就能得知 {target} 的很大一部分：达到模型相对同一猜测所获增益的 {share:%}（{low:%} 至 {high:%}）；{metric} {own}，同一猜测 {constant}，模型 {model}。",
                "also": "仅凭“{fact}”：达到模型增益的 {share:%}（{low:%} 至 {high:%}）；{metric} {own}，同一猜测 {constant}，模型 {model}。",
                "folder": "文件夹与答案一致；视为答案的来源。",
                "meaning": "存在捷径，并不证明模型走了捷径，也不证明捷径是错的。",
                "look": "请考虑在新图片上“{fact}”是否仍与答案相关；若否，请用同样的方式拍摄各种答案的图片，或用别处的图片测量（--test）。",
                "figure": "每项附带信息单独达到的模型增益比例",
                "share": "占增益的比例",
                "table": "附带信息单独透露了什么",
                "fact": "附带信息",
                "own": "单独",
                "constant": "同一猜测",
                "model": "模型",
                "measure.shortcut": "最强附带信息单独达到的模型增益比例",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """What each side fact reaches alone; those that reach far are told."""
        used = evidence.plan.names("feature") + evidence.plan.names("sensitive")
        columns = [evidence.data[name] for name in used if name in evidence.data]
        columns = [c for c in columns if isinstance(modality_of(c.kind), MeasuresCells)]
        if not columns:
            raise DoesNotApply("no pictures", say=self._say("none"))
        if evidence.y.ndim > 1:
            raise DoesNotApply("several labels a row", say=self._say("several"))
        if evidence.task.head(evidence.codec).name == "oddness":
            if min(int((evidence.y == k).sum()) for k in (0, 1)) < LEAST_ODD:
                raise DoesNotApply("good ones alone", say=self._say("alone"))
            evidence = _as_classes(evidence)
        if evidence.task.head(evidence.codec).name not in ("classes", "value", "counts"):
            raise DoesNotApply("not asked", say=self._say("unasked"))
        n = max(int((~column.missing).sum()) for column in columns)
        if n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=n, least=LEAST_ROWS))
        if not beats(evidence, 2.0):
            raise DoesNotApply("no better than a constant", say=self._say("weak"))
        found, notes = list[Alone](), list[Say]()
        for column in columns:
            for key, x in self._facts(evidence, column, notes):
                fact = modality_of(column.kind).about.say("modalities", f"fact.{key}")
                found.append(_alone(evidence, column, fact, key in _measured(column).seen, x))
                if evidence.clock.expired():
                    break
        if not found:
            raise DoesNotApply("nothing known", say=self._say("nothing"))
        return self._finding(evidence, found, notes)

    def _facts(self, evidence: Evidence, column: Column, notes: list[Say]) -> Iterator[tuple[str, Floats]]:
        """Each fact as numbers [n, d], where it differs from row to row."""
        measured = _measured(column)
        for key, parts in measured.facts.items():
            named = [measured.names[part] for part in parts if part in measured.names]
            if key == FOLDER and any(_gives_answers(levels, evidence) for levels in named):
                notes.append(self._say("folder"))
                continue
            known = [_numbers(measured.numbers[part]) for part in parts if part in measured.numbers]
            x = np.hstack([*known, *(_switches(levels) for levels in named)])
            if x.shape[1]:
                yield key, x

    def _finding(self, evidence: Evidence, found: list[Alone], notes: list[Say]) -> Finding:
        found = sorted(found, key=lambda alone: -alone.share)
        beyond = holm(np.asarray([alone.p for alone in found]), LEVEL).tolist()
        told = [
            alone
            for alone, real in zip(found, beyond, strict=True)
            if real and alone.share >= (SEEN if alone.seen else HIDDEN)
        ]
        metric = _figure_of(evidence)
        name = evidence.task.about.say("tasks", f"measure.{metric.key}")
        values = [
            {
                "fact": alone.fact,
                "share": alone.share,
                "low": max(0.0, alone.low),
                "high": alone.high,
                "metric": name,
                "own": alone.figures[0],
                "constant": alone.figures[1],
                "model": alone.figures[2],
            }
            for alone in found
        ]
        first = found[0] if not told else told[0]
        by_fact = dict(zip([id(alone) for alone in found], values, strict=True))
        said = (
            self._say("found", target=evidence.plan.target, **by_fact[id(first)])
            if told
            else self._say("clean", fact=first.fact, share=max(0.0, first.share))
        )
        also = [
            self._say("also", **by_fact[id(alone)])
            for alone, real in zip(found, beyond, strict=True)
            if real and alone is not first
        ]
        return Finding(
            check="shortcuts",
            verdict="watch" if told else "pass",
            say=said,
            measures=(
                Measure(
                    name="shortcut",
                    value=first.share,
                    low=first.low,
                    high=first.high,
                    n=evidence.n,
                    unit="share",
                    better="lower",
                ),
            ),
            figures=self._figures(found, name),
            notes=(*also, *notes, *([self._say("meaning")] if told else [])),
            advice=tuple(Advice(say=self._say("look", fact=alone.fact)) for alone in told[:1]),
        )

    def _figures(self, found: list[Alone], metric: Say) -> tuple[Figure, ...]:
        bars = {
            "labels": [alone.fact for alone in found],
            "values": [max(0.0, alone.share) for alone in found],
            "low": [max(0.0, alone.low) for alone in found],
            "high": [max(0.0, alone.high) for alone in found],
        }
        heads = [self._say("fact"), self._say("share"), *(self._say(key) for key in ("own", "constant", "model"))]
        rows = [[alone.fact, alone.share, *alone.figures] for alone in found]
        return (
            Figure(kind="bars", title=self._say("figure"), data=bars, x=self._say("share")),
            Figure(kind="table", title=self._say("table"), data={"columns": heads, "rows": rows}, x=metric),
        )

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _as_classes(evidence: Evidence) -> Evidence:
    """Odd against good as two classes, the scores made into log-odds (Platt 1999), so that gains can be compared."""
    task = task_of("binary")
    scores = fit_classes(evidence.scores, evidence.y, evidence.weight)(evidence.scores)
    constant = np.tile(task.constant(evidence.y, evidence.weight, evidence.codec), (evidence.n, 1))
    return replace(evidence, task=task, scores=scores, constant=constant)


def _alone(evidence: Evidence, column: Column, fact: Say, seen: bool, x: Floats) -> Alone:
    """What a fact [n, d] tells on rows of folds it was not learnt on."""
    from scipy.special import stdtr, stdtrit

    rng = stream(evidence.seed, "shortcuts", column.name)
    rows = np.sort(rng.permutation(np.flatnonzero(~column.missing))[:MOST_ROWS])
    task, y = evidence.task, evidence.y[rows]
    folds = random_folds(task.strata(y), FOLDS, rng) if evidence.folds is None else evidence.folds[rows]
    scores = predicted(task.head(evidence.codec), x[rows], y, folds)
    base = task.losses(evidence.constant[rows], y)
    own, model = base - task.losses(scores, y), base - evidence.losses()[rows]
    n, of = len(rows), max(float(model.mean()), 1e-12)
    share = float(own.mean()) / of
    error = float(np.std(own - share * model, ddof=1)) / (of * n**0.5)
    spread = float(own.std(ddof=1)) / n**0.5
    p = float(stdtr(n - 1, -float(own.mean()) / spread)) if spread > 0 else 1.0
    half = float(stdtrit(n - 1, 0.975)) * error
    figure = _figure_of(evidence).of
    figures = (
        figure(scores, y, None),
        figure(evidence.constant[rows], y, None),
        figure(evidence.scores[rows], y, None),
    )
    return Alone(column.name, fact, seen, share, share - half, share + half, p, figures)


def predicted(head: Head, x: Floats, y: Any, folds: Ints) -> Floats:
    """Raw scores [n, w] of each row by a few small trees that learnt from the other folds."""
    from assay.trees.grow import grow

    vector = Vector(x, tuple(Feature(f"{i}", "fact") for i in range(x.shape[1])))
    scores = np.tile(guess(head, y, None), (len(y), 1))
    rounds = min(ROUNDS, max(LEAST_ROUNDS, TREES // head.width))
    for fold in np.unique(folds):
        held, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        learnt = Batch({"vector": vector.take(train)}, y[train])
        if len(train):
            scores[held] = grow(learnt, None, head, TREE, rounds, 0, Clock.start()).forest.scores(x[held])
    return scores


def _numbers(x: Floats) -> Floats:
    """Numbers as a column [n, 1]; nothing [n, 0] where all are the same."""
    return x[:, None] if len(np.unique(x[~np.isnan(x)])) > 1 else np.empty((len(x), 0))


def _switches(levels: Any) -> Floats:
    """A switch for each name [n, k]; nothing [n, 0] where there is one, or where names are of single rows."""
    named = np.asarray(["" if level is None else str(level) for level in levels])
    known, place = np.unique(named, return_inverse=True)
    return np.eye(len(known))[place] if 1 < len(known) <= MOST_LEVELS else np.empty((len(named), 0))


def _gives_answers(levels: Any, evidence: Evidence) -> bool:
    """Whether almost all rows of each name have one answer: the answers were read from it, or it from them."""
    if not evidence.codec.labels:
        return False
    _, place = np.unique(["" if level is None else str(level) for level in levels], return_inverse=True)
    table = np.zeros((int(place.max()) + 1, len(evidence.codec.labels)))
    np.add.at(table, (place, evidence.y), 1.0)
    return len(table) > 1 and float(table.max(axis=1).sum()) >= ALL * evidence.n


def _figure_of(evidence: Evidence) -> Any:
    """The figure that people read: accuracy of several classes, else the task's first that is no log-loss."""
    metrics = evidence.task.metrics(evidence.codec)
    wanted = "auc" if len(evidence.codec.labels) == 2 else "accuracy"
    return next((m for m in metrics if m.key == wanted), metrics[0])


def _measured(column: Column) -> Measured:
    modality = modality_of(column.kind)
    assert isinstance(modality, MeasuresCells)
    return modality.measures(column)
