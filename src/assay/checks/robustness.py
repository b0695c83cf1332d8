"""How much does the model lose when cells are missing, blurred, misspelt or in another unit?

Rows that were measured are asked again with something wrong in them, by the models that had not seen them: some cells of all columns
emptied, numbers moved by a share of their spread, letters of names and texts mistyped; then column by column, those that pull most first,
all its cells emptied or multiplied as another unit would. What is lost is the rise of the mean loss as a share of what the model gains over
one guess for all, so that 100 % is a model that has become of no use. That a little wrong costs much is only said where it is
sure (one-sided Student test on the same rows by their weights, rows that err together counted as one, Holm 1979): of a hundred models that
lose less than stated, at most one is called frail. That a model bears small faults is only said where the interval of each of them ends
below what would be much: of a hundred models that lose as much, about three at most pass. In between nothing is judged. What is wrong in
life is seldom wrong at random: this says how a model bears faults, not which will come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence, MeasuresCells, modality_of, offers
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.tests import holm, mean_above, standard_error_and_freedom

from ._blocks import blocks

LEAST_ROWS, MOST_ROWS = 100, 1_000
LITTLE, MUCH = 0.05, 0.2  # share of cells emptied or mistyped
FAINT, STRONG = 0.1, 0.5  # of a number's spread
UNITS = (10.0, 1000.0)
ASKS = 12  # times that rows are asked again, at least
SHOWN = 1.5  # where bars end: beyond, figures tell
PULLED = 100  # rows whose pulls say which columns come first
COLUMNS = 8  # that are asked one by one
FRAIL = 0.25  # share of the gain that a little wrong may cost
LEVEL = 0.01
COVERED = 0.975  # of the interval of what is lost, from below to its upper end
LARGEST = float(np.finfo(np.float64).max)  # that a number stays, whatever is wrong with it
A_LETTER = 20  # letters of a text for each that is mistyped

Change = Callable[[Column, float, np.random.Generator], Column]


@dataclass(frozen=True, eq=False)
class Stress:
    """One thing that was wrong, and the loss it brought."""

    key: str  # "missing", "noise", "typos", "lost", "unit"
    size: float
    column: str  # "" for all
    rise: Floats  # [n] of the loss of each row
    metric: float


@dataclass(frozen=True)
class Robustness:
    """What does it bear?"""

    about: ClassVar[About] = About(
        key="robustness",
        order=62,
        words={
            "en": {
                "title": "Robustness",
                "question": "How much does the model lose when cells are missing, blurred, misspelt or in another unit?",
                "bears": "The model bears small faults: {stress} costs it at most {lost:%} of what it gains over one guess for all.",
                "open": "Whether small faults cost the model much cannot be told from {n} {n:row|rows}: {stress} takes {lost:%} of what it gains over one guess for all, by the interval {low:%} to {high:%}; much would be {frail:%}.",
                "untried": "Small faults that were tried are borne: {stress} costs the model at most {lost:%} of what it gains over one guess for all. Time was short, and others were not tried.",
                "frail": "Small faults cost the model much: {stress} takes {lost:%} of what it gains over one guess for all ({metric} {here}, without faults {there}).",
                "worst": "It hangs most on '{column}': {stress} takes {lost:%} of the gain ({metric} {here}, without faults {there}).",
                "useless": "It hangs most on '{column}': {stress} makes it worse than one guess for all ({metric} {here}, without faults {there}).",
                "short": "Time was short: not everything was tried.",
                "missing": "an empty cell in {size:%} of all",
                "noise": "numbers off by {size} of their spread",
                "typos": "a typing mistake in {size:%} of names and texts",
                "lost": "'{column}' empty throughout",
                "unit": "'{column}' times {size}",
                "bar.missing": "empty, {size:%}",
                "bar.noise": "noise, {size}",
                "bar.typos": "typos, {size:%}",
                "bar.lost": "no {column}",
                "bar.unit": "{size} × {column}",
                "no_gain": "the model gains nothing over one guess for all that faults could take",
                "unproven": "that the model gains anything over one guess for all, which faults could take, cannot be shown on {n} {n:row|rows}",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "slow": "in the time that was left the model could not be asked about {rows} rows again and again",
                "none": "there is no column that could be at fault",
                "figure": "What faults take of the gain over one guess for all",
                "share": "share of the gain; ends at 1.5",
                "table": "What was tried",
                "fault": "fault",
                "metric": "{metric}",
                "lost_share": "gain lost",
                "measure.lost_to_missing": "gain lost to missing cells",
                "measure.lost_to_noise": "gain lost to noise",
                "measure.lost_to_typos": "gain lost to typing mistakes",
                "measure.lost_to_worst": "gain lost to the worst fault of one column",
            },
            "zh": {
                "title": "稳健性",
                "question": "当单元格缺失、数值有误差、文字有错或单位不同时，模型会损失多少？",
                "bears": "模型能承受小的差错：{stress}最多使它失去相对于统一猜测所获优势的 {lost:%}。",
                "open": "在 {n} 行上无法判断小的差错是否让模型损失很大：{stress}使它失去相对于统一猜测所获优势的 {lost:%}，区间为 {low:%} 至 {high:%}；{frail:%} 才算很大。",
                "untried": "尝试过的小差错模型都能承受：{stress}最多使它失去相对于统一猜测所获优势的 {lost:%}。时间不足，其余差错未尝试。",
                "frail": "小的差错让模型损失很大：{stress}使它失去相对于统一猜测所获优势的 {lost:%}（{metric} {here}，无差错时为 {there}）。",
                "worst": "它最依赖“{column}”：{stress}会使优势失去 {lost:%}（{metric} {here}，无差错时为 {there}）。",
                "useless": "它最依赖“{column}”：{stress}会使它还不如给出同一个猜测（{metric} {here}，无差错时为 {there}）。",
                "short": "时间不足：并非所有情形都已尝试。",
                "missing": "{size:%} 的单元格为空",
                "noise": "数值偏离其离散程度的 {size}",
                "typos": "{size:%} 的名称和文本有一处笔误",
                "lost": "“{column}”全部为空",
                "unit": "“{column}”乘以 {size}",
                "bar.missing": "缺失 {size:%}",
                "bar.noise": "误差 {size}",
                "bar.typos": "笔误 {size:%}",
                "bar.lost": "缺 {column}",
                "bar.unit": "{size} × {column}",
                "no_gain": "模型相对于统一猜测没有可失去的优势",
                "unproven": "在 {n} 行上无法证明模型相对于统一猜测有可失去的优势",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "slow": "剩余时间不足以让模型对 {rows} 行反复作答",
                "none": "没有可能出差错的列",
                "figure": "差错使模型失去多少相对于统一猜测的优势",
                "share": "失去的优势所占比例；条形止于 1.5",
                "table": "尝试过的情形",
                "fault": "差错",
                "metric": "{metric}",
                "lost_share": "失去的优势",
                "measure.lost_to_missing": "因缺失而失去的优势",
                "measure.lost_to_noise": "因误差而失去的优势",
                "measure.lost_to_typos": "因笔误而失去的优势",
                "measure.lost_to_worst": "因单列最坏差错而失去的优势",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """What small faults cost, and the column on which most hangs."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        names = [name for name in evidence.model.parts if name in evidence.data]
        if not names:
            raise DoesNotApply("no columns", say=self._say("none"))
        together = blocks(evidence)
        asked = _Asked.of(evidence, np.sort(self._rows(evidence, together)), together)
        if asked.gain <= 0:
            raise DoesNotApply("no gain", say=self._say("no_gain"))
        if asked.above(asked.guess - asked.loss, 0.0) > LEVEL:
            raise DoesNotApply("no gain shown", say=self._say("unproven", n=len(asked.loss)))
        small, single, short = [], [], False
        for stress in _small(asked, names):
            small.append(stress)
            if short := evidence.clock.expired():
                break
        if not short:
            for stress in _single(asked, names):
                single.append(stress)
                if short := evidence.clock.expired():
                    break
        return self._finding(asked, names, small, single, short)

    def _rows(self, evidence: Evidence, together: Ints) -> Ints:
        """As many rows as the model can be asked about so often in the time that is left. Raises DoesNotApply."""
        rows = stream(evidence.seed, "robustness").permutation(evidence.n)[:MOST_ROWS]
        timer = evidence.clock.slice(evidence.clock.remaining())
        _Asked.of(evidence, rows[:LEAST_ROWS], together)
        each, left = timer.spent() / LEAST_ROWS, evidence.clock.remaining()
        if each * ASKS * LEAST_ROWS > left:
            raise DoesNotApply("too slow", say=self._say("slow", rows=LEAST_ROWS))
        return rows if each * ASKS * len(rows) <= left else rows[: int(left / (each * ASKS))]

    def _finding(
        self, asked: _Asked, names: list[str], small: list[Stress], single: list[Stress], short: bool
    ) -> Finding:
        little = [s for s in small if s.size in (LITTLE, FAINT)]
        sure = holm(np.asarray([asked.above(s.rise, FRAIL * asked.gain) for s in little], dtype=float), LEVEL)
        frail = [s for s, kept in zip(little, sure, strict=True) if kept]
        verdict, said = self._judged(little, frail, len(little) == len(_faults(asked.data, names)), asked)
        notes = []
        if single:
            one = max(single, key=asked.lost)
            key = "useless" if asked.lost(one) > 1 else "worst"
            notes.append(self._say(key, column=one.column, **self._values(one, asked)))
        if short:
            notes.append(self._say("short"))
        return Finding(
            check="robustness",
            verdict=verdict,
            say=said,
            measures=tuple(self._measures(asked, little, single)),
            figures=tuple(self._figures(asked, [*small, *single])),
            notes=tuple(notes),
        )

    def _judged(self, little: list[Stress], frail: list[Stress], all_tried: bool, asked: _Asked) -> tuple[Verdict, Say]:
        """What the small faults come to: much, surely not much, or neither can be told."""
        if frail:
            return "watch", self._say("frail", **self._values(max(frail, key=asked.lost), asked))
        worst = max(little, key=lambda stress: asked.between(stress)[1])
        low, high = asked.between(worst)
        named = self._named(worst)
        if high >= FRAIL:
            said = {"stress": named, "lost": asked.lost(worst), "low": low, "high": high, "frail": FRAIL}
            return "info", self._say("open", n=len(asked.loss), **said)
        key = "bears" if all_tried else "untried"
        return "pass" if all_tried else "info", self._say(key, stress=named, lost=max(0.0, high))

    def _values(self, stress: Stress, asked: _Asked) -> dict[str, object]:
        said = {"metric": self._metric(asked), "here": stress.metric, "there": asked.metric_of(asked.scores)}
        return {"stress": self._named(stress), "lost": asked.lost(stress), **said}

    def _metric(self, asked: _Asked) -> Say:
        """What the first figure of merit is called by the task."""
        evidence = asked.evidence
        return evidence.task.about.say("tasks", f"measure.{evidence.task.metrics(evidence.codec)[0].key}")

    def _named(self, stress: Stress, short: str = "") -> Say:
        size = int(stress.size) if stress.size.is_integer() else stress.size
        return self._say(short + stress.key, column=stress.column, size=size)

    def _measures(self, asked: _Asked, little: list[Stress], single: list[Stress]) -> Iterator[Measure]:
        for stress in little:
            yield asked.measure(f"lost_to_{stress.key}", stress)
        if single:
            one = max(single, key=asked.lost)
            yield asked.measure(f"lost_to_worst: {one.column}", one)

    def _figures(self, asked: _Asked, tried: list[Stress]) -> list[Figure]:
        said = [asked.measure("", stress) for stress in tried]
        data = {
            "labels": [self._named(stress, "bar.") for stress in tried],
            "values": [one.value for one in said],
            "low": [one.low for one in said],
            "high": [one.high for one in said],
            "reference": FRAIL,
            "ends": SHOWN,
        }
        heads = [self._say("fault"), self._say("lost_share"), self._say("metric", metric=self._metric(asked))]
        rows = [[self._named(s), one.value, s.metric] for s, one in zip(tried, said, strict=True)]
        return [
            Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("share")),
            Figure(kind="table", title=self._say("table"), data={"columns": heads, "rows": rows}),
        ]

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


@dataclass(frozen=True, eq=False)
class _Asked:
    """Some measured rows, their loss as they are, and that of one guess for all."""

    evidence: Evidence
    data: Dataset
    folds: np.ndarray | None
    y: np.ndarray
    weight: Floats | None
    scores: Floats
    loss: Floats  # [n]
    guess: Floats  # [n]
    blocks: Ints  # number of the group that errs together [n]

    @classmethod
    def of(cls, evidence: Evidence, rows: Ints, together: Ints) -> _Asked:
        y, weight = evidence.y[rows], None if evidence.weight is None else evidence.weight[rows]
        data, folds = evidence.data.take(rows), None if evidence.folds is None else evidence.folds[rows]
        scores = evidence.model.scores(data, folds)
        loss, guess = evidence.task.losses(scores, y), evidence.task.losses(evidence.constant[rows], y)
        return cls(evidence, data, folds, y, weight, scores, loss, guess, together[rows])

    @property
    def gain(self) -> float:
        """Mean loss of one guess for all, less that of the model."""
        return self.mean(self.guess - self.loss)

    def mean(self, values: Floats) -> float:
        """Weighted mean over the rows."""
        return float(np.average(values, weights=self.weight))

    def above(self, values: Floats, reference: float) -> float:
        """One-sided p-value that this mean is above a reference."""
        return mean_above(values, reference, self.weight, self.blocks)

    def metric_of(self, scores: Floats) -> float:
        """The task's first figure of merit."""
        return float(self.evidence.task.metrics(self.evidence.codec)[0].of(scores, self.y, self.weight))

    def stressed(self, key: str, size: float, column: str, data: Dataset) -> Stress:
        """What comes of rows with something wrong in them."""
        scores = self.evidence.model.scores(data, self.folds)
        rise = self.evidence.task.losses(scores, self.y) - self.loss
        return Stress(key, size, column, rise, self.metric_of(scores))

    def lost(self, stress: Stress) -> float:
        """Share of the gain that is lost."""
        return self.mean(stress.rise) / self.gain

    def between(self, stress: Stress) -> tuple[float, float]:
        """The interval of that share: a ratio of means of the same rows (Cochran 1977)."""
        from scipy.special import stdtrit

        share = self.lost(stress)
        left = stress.rise - share * (self.guess - self.loss)
        error, free = standard_error_and_freedom(left, self.weight, self.blocks)
        reach = float(stdtrit(free, COVERED)) * error / self.gain
        return share - reach, share + reach

    def measure(self, name: str, stress: Stress) -> Measure:
        """Share of the gain that is lost, with its interval."""
        low, high = self.between(stress)
        value, n = self.lost(stress), len(self.loss)
        return Measure(name=name, value=value, low=low, high=high, n=n, unit="share", better="lower")


def _faults(data: Dataset, names: list[str]) -> list[tuple[str, tuple[float, float], list[str], Change]]:
    """What can be wrong in all columns at once: how little and how much, in which columns, and how it comes about."""
    tries: list[tuple[str, tuple[float, float], list[str], Change]] = [
        ("missing", (LITTLE, MUCH), names, _emptied),
        ("noise", (FAINT, STRONG), [name for name in names if _measured(data[name])], _blurred),
        ("typos", (LITTLE, MUCH), [name for name in names if _written(data[name])], _mistyped),
    ]
    return [one for one in tries if one[2]]


def _small(asked: _Asked, names: list[str]) -> Iterator[Stress]:
    """Something wrong in all columns at once, a little first and then more."""
    data = asked.data
    for key, sizes, columns, change in _faults(data, names):
        for size in sizes:
            rng = stream(asked.evidence.seed, "robustness", key)  # the same cells first, and then more
            yield asked.stressed(key, size, "", data.having(*(change(data[name], size, rng) for name in columns)))


def _single(asked: _Asked, names: list[str]) -> Iterator[Stress]:
    """One column at a time wrong throughout, those that pull most first."""
    some = slice(PULLED)
    folds = None if asked.folds is None else asked.folds[some]
    size = np.abs(asked.evidence.model.contributions(asked.data.take(some), folds)[:, :-1]).mean(axis=(0, 2))
    pull = dict(zip(asked.evidence.model.parts, size.tolist(), strict=True))
    rng = stream(asked.evidence.seed, "robustness")
    for name in sorted(names, key=lambda name: -pull[name])[:COLUMNS]:
        column = asked.data[name]
        yield asked.stressed("lost", 1.0, name, asked.data.having(_emptied(column, 1.0, rng)))
        if _measured(column):
            for unit in UNITS:
                times = replace(column, cells=_times(column.cells, unit))
                yield asked.stressed("unit", unit, name, asked.data.having(times))


def _times(cells: Floats, unit: float) -> Floats:
    """Numbers in another unit, as far as they are numbers still."""
    with np.errstate(over="ignore"):
        return np.asarray(np.clip(cells * unit, -LARGEST, LARGEST))


def _measured(column: Column) -> bool:
    """Whether a column holds measured numbers, of which more than two differ: a flag has no unit."""
    return column.store == "numbers" and column.distinct > 2


def _written(column: Column) -> bool:
    """Whether a column holds what people write: names and texts, not files."""
    return column.store == "words" and not offers(column.kind, MeasuresCells)


def _emptied(column: Column, size: float, rng: np.random.Generator) -> Column:
    """The column without some of its cells."""
    cells, rows = column.cells.copy(), rng.random(len(column)) < size
    nothing = {"words": -1, "numbers": np.nan, "moments": np.datetime64("NaT")}[column.store]
    cells[rows] = nothing
    return replace(column, cells=cells)


def _blurred(column: Column, size: float, rng: np.random.Generator) -> Column:
    """Numbers off by a share of their spread, half of what lies between the outer sixths; whole numbers stay whole."""
    seen = column.cells[~column.missing]
    low, high = np.quantile(seen, [0.16, 0.84])
    with np.errstate(over="ignore"):
        moved = column.cells + size * (high / 2 - low / 2) * rng.normal(size=len(column))
    moved = np.clip(moved, -LARGEST, LARGEST)
    whole = bool((seen == np.round(seen)).all())
    return replace(column, cells=np.round(moved) if whole else moved)


def _mistyped(column: Column, size: float, rng: np.random.Generator) -> Column:
    """Two neighbouring letters changed about in some cells; of long texts one pair in so many letters."""
    texts = column.texts()
    for row in np.flatnonzero(rng.random(len(column)) < size).tolist():
        text = texts[row]
        if text is None or len(text) < 2:
            continue
        letters = list(text)
        for place in rng.integers(0, len(letters) - 1, 1 + len(letters) // A_LETTER).tolist():
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
        texts[row] = "".join(letters)
    opened = modality_of(column.kind).open(Column.of_words(column.name, texts)).column
    return replace(opened, kind=column.kind, role=column.role, home=column.home)
