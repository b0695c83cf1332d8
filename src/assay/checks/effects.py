"""How does each column move the answer, and how well is that known?

The columns that pull most are moved and nothing else: numbers and dates along accumulated local effects (Apley & Zhu 2020), from one end of
a band to the other and only in rows that lie in it, so that no row is asked far from where it stands. Names and numbers of few values have no
bands. There the row's own cell is held against cells drawn from other rows, and rows of that name alone are asked: how a name differs from the
whole, where it stands (a partial dependence, Friedman 2001, kept to its own rows). Each row is asked of the models that did not learn
from it. Bands of doubt hold what rows and what models make of it: `stats/effects.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import CLOCK, Column, Floats, Ints, plain_moment, plain_number
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence, MeasuresCells, offers
from assay.kernel.rng import stream
from assay.kernel.words import Say, number
from assay.kernel.written_orders import words_in
from assay.stats import effects

from ._ranked import Asked, Ranked, spoken
from ._texts import read_as_text

LEVEL = 0.95
LEAST_ROWS, MOST_ROWS = 100, 2_000
COLUMNS = 6
STILL_ROWS, STILL_COLUMNS = 400, 3  # where no clock is looked at
BANDS, PER_BAND = 16, 15  # bands of a curve at most, and rows in each at least
FEW, NAMES, LEAST = 6, 8, 10  # values that are told one by one, names shown, rows of each
DRAWS = 3  # cells of other rows that a name is held against, for each of its rows
DAY, HOUR = 86_400e6, 3_600e6  # microseconds
CALLS = 3  # of a column: its rows, those about which each fold model is asked, and its missing cells
SAME = 4  # rows of each band, or name, about which all fold models are asked, so that their spread is known


Local = Callable[[Ints, int], Floats]  # rows [m], and a fold or -1 for each row's own → local effects [m]


@dataclass(frozen=True, eq=False)
class Moved:
    """What one column does to the answer."""

    name: str
    labels: tuple[str, ...]  # of the points, as they are said
    x: tuple[float, ...]  # where they lie, of dates in days since 1970, of clock times in hours; empty for names
    known: effects.Drawn
    blank: tuple[bool, ...]  # the stretch up to the next point holds no rows
    missing: effects.Drawn | None
    n: int
    dates: bool = False

    @property
    def widest(self) -> tuple[int, int, float, float]:
        """(lowest point, highest point, how far apart, half width)"""
        return self.known.widest(LEVEL)

    @property
    def sure(self) -> bool:
        """Whether the column moves the answer at all."""
        _, _, apart, half = self.widest
        return apart > half and apart > 0


@dataclass(frozen=True)
class Effects:
    """How does each column move the answer?"""

    about: ClassVar[About] = About(
        key="effects",
        order=42,
        words={
            "en": {
                "title": "How each column moves the answer",
                "question": "How does the answer move with each column, all else as it is, and how well is that known?",
                "most": "'{column}' moves {what} most: lowest at {low}, highest at {high}, which lie {apart} apart ({least} to {most}).",
                "none": "Of {rows} rows it cannot be shown how a column moves {what}: what was seen may be chance. By which columns the model decides stands under Reasons.",
                "also": "'{column}': lowest at {low}, highest at {high}, {apart} apart ({least} to {most}).",
                "doubtful": "Not known to move {what} at all: {names}.",
                "probability": "the probability of '{label}'",
                "value": "'{target}'",
                "count": "the expected '{target}'",
                "figure": "{column}: what it adds to {what}",
                "y": "change of {what}",
                "missing": "where it is missing",
                "how": "Accumulated local effects (Apley & Zhu 2020) of {rows} rows, each asked of models that had not learnt from it. The intervals ({level:%}) hold the doubt of the rows (bootstrap) and of {folds} fold models (jackknife); those of how far apart allow for the two points having been chosen by what was seen.",
                "how_one": "Accumulated local effects (Apley & Zhu 2020) of {rows} rows. One model answers: the intervals ({level:%}) hold the doubt of the rows, and not what another training would have learnt.",
                "names": "Names, and numbers of few values, are held against cells of other rows: what is told is how rows of that name differ from the whole.",
                "cut": "Curves run from the 1st to the 99th percentile of a column, and are interrupted where no rows lie.",
                "unmoved": "Not drawn: {names} (texts and pictures have no scale to be moved along).",
                "short": "Time was short: {n} of the {all} strongest columns were asked.",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "slow": "in the time that was left the model could not be asked about {rows} rows again and again",
                "idle": "no column moves the answer",
                "untold": "the columns that pull are texts or pictures, or have too few rows of one name",
                "measure.apart": "lowest to highest answer along the column",
            },
            "zh": {
                "title": "各列如何影响回答",
                "question": "其他不变时，回答如何随各列变化？其可信程度如何？",
                "most": "“{column}”对{what}影响最大：在 {low} 处最低，在 {high} 处最高，两者相差 {apart}（{least} 至 {most}）。",
                "none": "凭 {rows} 行无法证明哪一列如何影响{what}：所见的变化可能只是偶然。模型依据哪些列作答，见“理由”。",
                "also": "“{column}”：在 {low} 处最低，在 {high} 处最高，相差 {apart}（{least} 至 {most}）。",
                "doubtful": "未证实会影响{what}的列：{names}。",
                "probability": "“{label}”的概率",
                "value": "“{target}”",
                "count": "“{target}”的期望值",
                "figure": "{column}：对{what}的增减",
                "y": "{what}的变化",
                "missing": "缺失处",
                "how": "累积局部效应（Apley 与 Zhu，2020），在 {rows} 行上测得，每行由未曾从中学习的模型作答。区间（{level:%}）包含行的不确定性（自助法）和 {folds} 个折模型的不确定性（刀切法）；最低与最高之差的区间已考虑这两点是按所见挑选的。",
                "how_one": "累积局部效应（Apley 与 Zhu，2020），在 {rows} 行上测得。作答的只有一个模型：区间（{level:%}）只包含行的不确定性，不包含另一次训练会学到什么。",
                "names": "名称和只有少数取值的数字与其他行的单元格相比：所示为该名称的行与总体的差异。",
                "cut": "曲线从该列的第 1 百分位画到第 99 百分位，没有行的区段不画。",
                "unmoved": "未画出：{names}（文本和图片没有可以移动的刻度）。",
                "short": "时间不足：最强的 {all} 列中只问了 {n} 列。",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "slow": "剩余时间不足以让模型对 {rows} 行反复作答",
                "idle": "没有任何一列影响回答",
                "untold": "有影响的列是文本或图片，或每个名称的行太少",
                "measure.apart": "沿该列最低与最高回答之差",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Curves of the columns that pull most, as many as the clock allows."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        still = evidence.clock.stands
        ranked = Ranked.of(evidence, STILL_ROWS if still else MOST_ROWS, "effects", self._say("slow", rows=LEAST_ROWS))
        if not ranked.names:
            raise DoesNotApply("nothing pulls", say=self._say("idle"))
        names = [name for name in ranked.names if _movable(evidence.data[name])][: STILL_COLUMNS if still else COLUMNS]
        several, beside = names, SAME * NAMES * evidence.model.folds
        rows = ranked.affordable(len(several) * (DRAWS + 1), CALLS * len(several), beside)
        while rows < LEAST_ROWS and len(several) > 1:  # a few columns well rather than many badly
            several = several[:-1]
            rows = ranked.affordable(len(several) * (DRAWS + 1), CALLS * len(several), beside)
        if names and (rows < LEAST_ROWS or evidence.clock.expired()):
            raise DoesNotApply("too slow", say=self._say("slow", rows=LEAST_ROWS))
        asked, moved, tried = ranked.taken(rows), list[Moved](), 0
        for name in several:
            if tried and evidence.clock.expired():
                break
            tried += 1
            moved += [one for one in [_moved(asked, name, spoken(evidence)[0])] if one is not None]
        if not moved:
            raise DoesNotApply("nothing to move", say=self._say("untold"))
        return self._finding(evidence, asked, moved, ranked.names, (tried, len(names)))

    def _finding(
        self, evidence: Evidence, asked: Asked, moved: list[Moved], names: Sequence[str], tried: tuple[int, int]
    ) -> Finding:
        ranked = sorted(moved, key=lambda one: -one.widest[2])
        sure = [one for one in ranked if one.sure]
        what = self._what(evidence)
        most = 1.0 if evidence.codec.labels else np.inf
        said = (
            self._say("most", what=what, **self._ends(sure[0], most))
            if sure
            else self._say("none", what=what, rows=asked.n)
        )
        notes = [self._say("also", **self._ends(one, most)) for one in sure[1:]]
        if sure and len(sure) < len(ranked):
            notes.append(self._say("doubtful", what=what, names=[one.name for one in ranked if not one.sure]))
        notes += self._notes(evidence, asked, moved, names, tried)
        return Finding(
            check="effects",
            verdict="info",
            say=said,
            measures=tuple(_measure(one, most) for one in ranked),
            figures=tuple(self._figure(one, what) for one in ranked),
            notes=tuple(notes),
        )

    def _notes(
        self, evidence: Evidence, asked: Asked, moved: list[Moved], names: Sequence[str], tried: tuple[int, int]
    ) -> list[Say]:
        folds = evidence.model.folds
        out = [self._say("how" if folds > 1 else "how_one", rows=asked.n, level=LEVEL, folds=folds)]
        out += [self._say("cut")] if any(one.x for one in moved) else []
        out += [self._say("names")] if any(not one.x for one in moved) else []
        unmoved = [name for name in names if not _movable(evidence.data[name])]
        out += [self._say("unmoved", names=unmoved[:COLUMNS])] if unmoved else []
        out += [self._say("short", n=tried[0], all=tried[1])] if tried[0] < tried[1] else []
        return out

    def _ends(self, one: Moved, most: float) -> dict[str, object]:
        low, high = one.widest[:2]
        apart, least, at_most = _apart(one, most)
        said = {"low": one.labels[low], "high": one.labels[high], "apart": apart}
        return {"column": one.name, **said, "least": least, "most": at_most}

    def _figure(self, one: Moved, what: Say) -> Figure:
        title, unit = self._say("figure", column=one.name, what=what), self._say("y", what=what)
        value, half = one.known.points(LEVEL)
        if not one.x:
            labels, order = list[object](one.labels), list(range(len(value)))
            if one.missing is not None:
                gone, wide = one.missing.points(LEVEL)
                value, half = np.append(value, gone), np.append(half, wide)
                labels, order = [*labels, self._say("missing")], [*order, len(order)]
            data = {"labels": labels, "values": value, "low": value - half, "high": value + half}
            return Figure(kind="bars", title=title, data={**data, "colours": "signed"}, x=unit)
        series = [{"name": one.name, **_interrupted(one, value, half)}]
        if one.missing is not None:
            gone, wide = one.missing.points(LEVEL)
            flat = {"y": [gone[0]] * 2, "low": [gone[0] - wide[0]] * 2, "high": [gone[0] + wide[0]] * 2}
            series.append({"name": self._say("missing"), "x": [one.x[0], one.x[-1]], **flat, "dashed": True})
        data = {"series": series, **({"dates": True} if one.dates else {})}
        return Figure(kind="lines", title=title, data=data, x=one.name, y=unit)

    def _what(self, evidence: Evidence) -> Say:
        """What is moved, in words."""
        if evidence.codec.labels:
            return self._say("probability", label=spoken(evidence)[1])
        of_counts = "counts" in evidence.task.about.gives
        return self._say("count" if of_counts else "value", target=evidence.plan.target)

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _apart(one: Moved, most: float) -> tuple[float, float, float]:
    """How far the ends lie apart, and its interval: probabilities no farther than 1."""
    _, _, apart, half = one.widest
    return min(apart, most), min(apart - half, most), min(apart + half, most)


def _measure(one: Moved, most: float) -> Measure:
    apart, low, high = _apart(one, most)
    return Measure(name=f"apart: {one.name}", value=apart, low=low, high=high, level=LEVEL, n=one.n)


def _movable(column: Column) -> bool:
    """Whether a column has a scale, or names of which rows can be held against others."""
    if column.store != "words":
        return True
    return not read_as_text(column) and not offers(column.kind, MeasuresCells)


def _moved(asked: Asked, name: str, place: int) -> Moved | None:
    """The curve of one column over the answers at `place`; None where too few rows lie anywhere along it."""
    column = asked.data[name]
    known = np.flatnonzero(~column.missing)
    if len(known) < LEAST_ROWS // 2:
        return None
    few = column.store == "words" or bool(words_in(column.kind)) or len(np.unique(column.cells[known])) <= FEW
    found = _names(asked, column, known, place) if few else _curve(asked, column, known, place)
    gone = np.flatnonzero(column.missing)
    if found is None or len(gone) < LEAST:
        return found
    lone, pool = np.zeros(len(gone), dtype=np.int64), np.sort(column.cells[known])
    missing = _known(asked, _against(asked, column, pool, place), gone, lone, effects.as_they_are, f"{name}, missing")
    return replace(found, missing=missing)


def _curve(asked: Asked, column: Column, known: Ints, place: int) -> Moved | None:
    """Numbers and dates: from one end of a row's band to the other."""
    x = column.cells.astype("int64").astype(np.float64) if column.store == "moments" else column.cells
    x = np.where(column.missing, np.nan, x)
    edges = effects.edges_of(x[known], min(BANDS, max(2, len(known) // PER_BAND)))
    if len(edges) < 3:
        return _names(asked, column, known, place)
    bands = effects.bands_of(x, edges)
    rows = np.flatnonzero(bands >= 0)
    _, band = np.unique(bands[rows], return_inverse=True)
    edges = edges[np.append(np.unique(bands[rows]), bands.max() + 1)]
    ends = edges.astype(column.cells.dtype)

    def local(some: Ints, model: int) -> Floats:
        of = band[np.searchsorted(rows, some)]
        up, down = _answers(asked, column, some, [ends[of + 1], ends[of]], place, model)
        return np.asarray(up - down)

    found = _known(asked, local, rows, band, effects.accumulated, column.name)
    moments, clock = column.store == "moments", column.kind == CLOCK
    labels = [plain_moment(v, column.kind) for v in ends] if moments else [number(v) for v in edges]
    at = tuple((edges / (HOUR if clock else DAY) if moments else edges).tolist())
    dates = moments and not clock
    blank = tuple(bool(gap) for gap in effects.empty(x[known], edges))
    return Moved(column.name, tuple(labels), at, found, blank, None, len(rows), dates)


def _names(asked: Asked, column: Column, known: Ints, place: int) -> Moved | None:
    """Names and numbers of few values: a row's own cell against cells of other rows."""
    values, code = np.unique(column.cells[known], return_inverse=True)
    count = np.bincount(code)
    kept = np.argsort(-count, kind="stable")[:NAMES]
    kept = kept[count[kept] >= LEAST]
    if len(kept) < 2:
        return None
    kept = np.sort(kept) if column.store != "words" else kept
    slot = np.full(len(values), -1)
    slot[kept] = np.arange(len(kept))
    rows, cells = known[slot[code] >= 0], slot[code][slot[code] >= 0]
    local = _against(asked, column, np.sort(column.cells[known]), place)
    found = _known(asked, local, rows, cells, effects.as_they_are, column.name)
    labels = tuple(_named(column, values[k]) for k in kept.tolist())
    return Moved(column.name, labels, (), found, (), None, len(rows))


def _known(asked: Asked, local: Local, rows: Ints, cells: Ints, curve: effects.Curve, owner: str) -> effects.Drawn:
    """The curve through the local effects of rows [m] in cells [m], and what rows and models make of it."""
    same, folds = effects.few_of_each(cells, SAME), asked.evidence.model.folds
    models = np.asarray([local(rows[same], model) for model in range(folds)] if folds > 1 else [])
    size, rng = int(cells.max()) + 1, stream(asked.evidence.seed, "effects", owner)
    own = local(rows, -1)
    return effects.drawn(own, cells, asked.blocks[rows], same, models.reshape(-1, len(same)), curve, size, rng)


def _against(asked: Asked, column: Column, pool: np.ndarray, place: int) -> Local:
    """What answers to rows lose with cells out of a sorted pool in place of their own."""

    def local(some: Ints, model: int) -> Floats:
        rng = stream(asked.evidence.seed, "effects", "others", column.name)
        start = rng.permutation(len(some)) / len(some)  # spread over the pool, so that every row meets all of it alike
        spots = [((start + draw) / DRAWS * len(pool)).astype(np.int64) for draw in range(DRAWS)]
        own, *others = _answers(asked, column, some, [column.cells[some], *(pool[at] for at in spots)], place, model)
        return np.asarray(own - np.mean(others, axis=0))

    return local


def _answers(
    asked: Asked, column: Column, rows: Ints, cells: Sequence[np.ndarray], place: int, model: int
) -> list[Floats]:
    """The answers [m] at one place to some rows, with each of several columns of cells; by their own models, or all by those of one fold."""
    again = np.tile(rows, len(cells))
    data = asked.data.take(again).having(replace(column, cells=np.concatenate(list(cells))))
    found = asked.evidence.task.answers(asked.scores(data, again, model))[:, place]
    return np.split(found, len(cells))


def _interrupted(one: Moved, value: Floats, half: Floats) -> dict[str, object]:
    """The points of a curve, with a gap where no rows lie."""
    keys = {"x": list(one.x), "y": value.tolist(), "low": (value - half).tolist(), "high": (value + half).tolist()}
    for place in reversed([i for i, gap in enumerate(one.blank) if gap]):
        middle = (one.x[place] + one.x[place + 1]) / 2
        for key, points in keys.items():
            points.insert(place + 1, middle if key == "x" else float("nan"))
    return dict(keys)


def _named(column: Column, cell: object) -> str:
    if column.levels is not None:
        return str(column.levels[int(cell)])  # type: ignore[call-overload]
    return plain_number(float(cell), column.kind) if column.store == "numbers" else plain_moment(cell, column.kind)  # type: ignore[arg-type]
