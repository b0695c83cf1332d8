"""Which columns act together, so that neither can be read alone?

Of the columns that pull most every pair is asked what it says jointly (the H statistic, Friedman & Popescu 2008), by swapping cells between
measured rows, each row asked of the models that did not learn from it. A pair is named where answers to those unseen rows are worse
without its joint part, beyond what chance gives (one-sided Student test, Holm 1979, one in a hundred): see `stats/interactions.py`. A pair that
is not named may still stand in the model; nothing then shows that it stands in the world.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Floats, Ints, plain_number
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say, number
from assay.stats.interactions import Joint, joint, needed
from assay.stats.tests import holm

from ._ranked import Asked, Ranked, spoken

ALARM = 0.01  # of worlds in which no two columns act together, at most this share has a pair named
LEAST_ROWS, MOST_ROWS = 150, 1_000
COLUMNS = 6
STILL_ROWS, STILL_COLUMNS = 200, 3  # where no clock is looked at
DRAWS = 6  # other rows whose cells are taken
SLIGHT = 1e-6  # share of what a pair says jointly, up to which it is taken for rounding
SHOWN, BANDS, LEAST = 2, 4, 5  # pairs shown as a grid, bands of each column, rows in a place of it


@dataclass(frozen=True, eq=False)
class Pair:
    """Two columns, and what they say together."""

    names: tuple[str, str]
    found: Joint
    share: tuple[float, float, float]  # of what they change: joint, with its interval
    rise: float  # of the mean loss of unseen rows without the joint part
    p: float


@dataclass(frozen=True)
class Interactions:
    """Which columns act together?"""

    about: ClassVar[About] = About(
        key="interactions",
        order=43,
        words={
            "en": {
                "title": "Columns that act together",
                "question": "Which columns act together, so that neither can be read alone?",
                "found": "{names} {n:acts|act} together: answers to unseen rows are worse without what {n:the pair says|the pairs say} jointly (p ≤ {p}).",
                "none": "No two of the {columns} strongest columns are known to act together: without what they say jointly, answers to unseen rows are no worse than chance allows.",
                "strongest": "Most of all {pair}: {share:%} of what the two change ({low:%} to {high:%}) is said jointly; without it the mean loss rises by {rise}.",
                "learnt": "In the model itself the largest joint part is that of {pair}: {share:%} of what the two change ({low:%} to {high:%}); nothing shows that it is more than noise that was learnt.",
                "how": "Friedman & Popescu's (2008) H statistic, squared, of {rows} rows: cells are swapped with those of other rows and each row is asked of models that had not learnt from it. Chance alone names a pair in one world of a hundred at most (Holm 1979, over {pairs} pairs).",
                "figure": "Share of what two columns change that they say jointly",
                "share": "H², 0 to 1",
                "grid": "{pair}: what the two add jointly to the score{of}",
                "of": " of '{label}'",
                "up_to": "up to {x}",
                "above": "above {x}",
                "others": "others",
                "missing": "missing",
                "pair": "{a} × {b}",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "slow": "in the time that was left the model could not be asked about {rows} rows again and again",
                "alone": "fewer than two columns pull on the answer",
                "measure.jointly": "share said jointly (H²)",
                "measure.p_value": "p-value: unseen rows are answered worse without it",
            },
            "zh": {
                "title": "共同起作用的列",
                "question": "哪些列共同起作用，以致不能单独解读其中任何一列？",
                "found": "{names} 共同起作用：去掉{n:这一对|这些对}共同表达的部分后，对未见过的行回答变差（p ≤ {p}）。",
                "none": "最强的 {columns} 列中没有任何两列被证实共同起作用：去掉它们共同表达的部分后，对未见过的行的回答并不比偶然情形更差。",
                "strongest": "最强的是 {pair}：两者引起的变化中有 {share:%}（{low:%} 至 {high:%}）是共同表达的；去掉后平均损失上升 {rise}。",
                "learnt": "在模型内部，共同部分最大的是 {pair}：占两者引起变化的 {share:%}（{low:%} 至 {high:%}）；没有证据表明它不只是学到的噪声。",
                "how": "Friedman 与 Popescu（2008）的 H 统计量的平方，在 {rows} 行上测得：与其他行交换单元格，每行由未曾从中学习的模型作答。在 {pairs} 对中（Holm 校正），偶然情形下一百个世界里至多有一个会点名。",
                "figure": "两列引起的变化中共同表达的比例",
                "share": "H²，0 至 1",
                "grid": "{pair}：两者共同给{of}得分增加的部分",
                "of": "“{label}”的",
                "up_to": "不超过 {x}",
                "above": "高于 {x}",
                "others": "其余",
                "missing": "缺失",
                "pair": "{a} × {b}",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "slow": "剩余时间不足以让模型对 {rows} 行反复作答",
                "alone": "影响回答的列少于两个",
                "measure.jointly": "共同表达的比例（H²）",
                "measure.p_value": "p 值：去掉后对未见过的行回答更差",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Every pair of the columns that pull most, fewer columns where time is short."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        still = evidence.clock.stands
        ranked = Ranked.of(
            evidence, STILL_ROWS if still else MOST_ROWS, "interactions", self._say("slow", rows=LEAST_ROWS)
        )
        names = ranked.names[: STILL_COLUMNS if still else COLUMNS]
        if len(names) < 2:
            raise DoesNotApply("nothing to pair", say=self._say("alone"))
        while ranked.affordable(*_asks(len(names))) < LEAST_ROWS and len(names) > 2:
            names = names[:-1]
        rows = ranked.affordable(*_asks(len(names)))
        if rows < LEAST_ROWS or evidence.clock.expired():
            raise DoesNotApply("too slow", say=self._say("slow", rows=LEAST_ROWS))
        asked = ranked.taken(rows)
        pairs = sorted(_pairs(asked, names), key=lambda pair: -pair.share[0])
        sure = holm(np.asarray([pair.p for pair in pairs]), ALARM)
        return self._finding(asked, pairs, [pair for pair, kept in zip(pairs, sure, strict=True) if kept], len(names))

    def _finding(self, asked: Asked, pairs: list[Pair], sure: list[Pair], columns: int) -> Finding:
        sure = sorted(sure, key=lambda pair: -pair.rise)
        said = self._say("none", columns=columns)
        if sure:
            named = {"names": [self._named(pair) for pair in sure], "n": len(sure)}
            said = self._say("found", **named, p=max(pair.p for pair in sure))
        one = sure[0] if sure else pairs[0]
        share = dict(zip(("share", "low", "high"), one.share, strict=True))
        notes = [self._say("strongest" if sure else "learnt", pair=self._named(one), rise=one.rise, **share)]
        if not sure and one.share[0] < ALARM:
            notes = []
        notes.append(self._say("how", rows=asked.n, pairs=len(pairs)))
        return Finding(
            check="interactions",
            verdict="info",
            say=said,
            measures=tuple(itertools.chain.from_iterable(_measures(pair, asked.n) for pair in (sure or pairs[:1]))),
            figures=(self._bars(pairs), *(self._grid(asked, pair) for pair in sure[:SHOWN])),
            notes=tuple(notes),
        )

    def _bars(self, pairs: list[Pair]) -> Figure:
        data = {
            "labels": [self._named(pair) for pair in pairs],
            "values": [pair.share[0] for pair in pairs],
            "low": [pair.share[1] for pair in pairs],
            "high": [pair.share[2] for pair in pairs],
        }
        return Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("share"))

    def _grid(self, asked: Asked, pair: Pair) -> Figure:
        """The mean joint part in bands of both columns; nothing where hardly a row lies."""
        several = pair.found.part.shape[1] > 1  # of two classes there is one column
        part = pair.found.part[:, spoken(asked.evidence)[0] if several else 0]
        (down, rows), (along, columns) = (self._cut(asked.data[name]) for name in pair.names)
        place = down * len(columns) + along
        count = np.bincount(place, minlength=len(rows) * len(columns)).reshape(len(rows), len(columns))
        sums = np.bincount(place, weights=part, minlength=count.size).reshape(count.shape)
        mean = np.where(count >= LEAST, sums / np.maximum(count, 1), np.nan)
        text = [["" if np.isnan(v) else f"{'+' if v > 0 else ''}{number(float(v))}" for v in row] for row in mean]
        data = {"rows": rows, "columns": columns, "values": mean, "text": text}
        return Figure(
            kind="matrix",
            title=self._say("grid", pair=self._named(pair), of=self._of(asked.evidence)),
            data=data,
            x=pair.names[1],
            y=pair.names[0],
        )

    def _of(self, evidence: Evidence) -> Say | str:
        """Whose score is told: with two classes that of the second."""
        labels = evidence.codec.labels
        if not labels:
            return ""
        return self._say("of", label=spoken(evidence)[1] if evidence.scores.shape[1] > 1 else labels[1])

    def _cut(self, column: Column) -> tuple[Ints, list[str | Say]]:
        """The band, or the name, of each row, and what each is called."""
        missing = column.missing
        if column.store == "words":
            assert column.levels is not None
            count = np.bincount(column.cells[~missing], minlength=len(column.levels))
            top = np.argsort(-count, kind="stable")[: BANDS - 1]
            code = np.full(len(column), len(top))
            for k, level in enumerate(top.tolist()):
                code[column.cells == level] = k
            names: list[str | Say] = [str(column.levels[k]) for k in top.tolist()] + [self._say("others")]
        elif column.store == "numbers" and len(values := np.unique(column.cells[~missing])) <= BANDS:
            code = np.minimum(np.searchsorted(values, np.where(missing, values[0], column.cells)), len(values) - 1)
            names = [plain_number(v, column.kind) for v in values.tolist()]
        else:
            dates = column.store == "moments"
            x = column.cells.astype("int64").astype(np.float64) if dates else column.cells
            ends = np.unique(np.quantile(x[~missing], np.arange(1, BANDS) / BANDS, method="nearest"))
            ends = ends[ends < x[~missing].max()]
            code = np.searchsorted(ends, np.where(missing, 0.0, x), side="left")
            said = [str(v)[:10] for v in ends.astype(column.cells.dtype)] if dates else [number(v) for v in ends]
            names = [self._say("up_to", x=v) for v in said]
            names += [self._say("above", x=said[-1]) if said else self._say("others")]
        if missing.any():
            code, names = np.where(missing, len(names), code), [*names, self._say("missing")]
        seen = np.unique(code)
        return np.searchsorted(seen, code), [names[k] for k in seen.tolist()]

    def _named(self, pair: Pair) -> Say:
        return self._say("pair", a=pair.names[0], b=pair.names[1])

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _asks(columns: int) -> tuple[float, float]:
    """How often each row is asked, and in how many calls."""
    swaps = columns + columns * (columns - 1) / 2
    return 1 + DRAWS * swaps, 1 + swaps


def _pairs(asked: Asked, names: tuple[str, ...]) -> list[Pair]:
    """Every pair of some columns."""
    evidence, n = asked.evidence, asked.n
    rng = stream(evidence.seed, "interactions", "donors")
    donors = np.concatenate([(np.arange(n) + shift) % n for shift in (1 + rng.permutation(n - 1)[:DRAWS]).tolist()])
    again = np.tile(np.arange(n), DRAWS)
    every = asked.data.take(again)

    def swapped(*places: int) -> Floats:
        """Scores [draws, n, w] with the cells of some columns out of other rows."""
        columns = [asked.data[names[j]] for j in places]
        other = [replace(column, cells=column.cells[donors]) for column in columns]
        return asked.scores(every.having(*other), again).reshape(DRAWS, n, -1)

    own = asked.scores(asked.data)
    single = [swapped(j) for j in range(len(names))]
    y = evidence.y[asked.places]
    loss = evidence.task.losses(own, y)
    out = []
    for pair in itertools.combinations(range(len(names)), 2):
        found = joint(own, single[pair[0]], single[pair[1]], swapped(*pair))
        rise = evidence.task.losses(own - found.part, y) - loss
        named = (names[pair[0]], names[pair[1]])
        share = found.strength(asked.blocks, stream(evidence.seed, "interactions", *named))
        p = needed(rise, asked.blocks) if share[0] > SLIGHT else 1.0
        out.append(Pair(named, found, share, float(rise.mean()), p))
    return out


def _measures(pair: Pair, n: int) -> tuple[Measure, Measure]:
    name = " × ".join(pair.names)
    share, low, high = pair.share
    return (
        Measure(name=f"jointly: {name}", value=share, low=low, high=high, n=n, unit="share"),
        Measure(name=f"p_value: {name}", value=pair.p, n=n),
    )
