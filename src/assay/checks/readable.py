"""What does complexity buy?

The best model a person can read whole (a line, a sum of curves) against what is shipped, on the same rows, round by
round of the same bootstrap: their difference is paired, so it is known better than either score. Where the readable
model is as good, it is recommended; where it scores within the interval of the shipped one though complexity surely buys
something, both are told, to be weighed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.kernel.data import Column, Dataset, Floats, plain_number
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.labels import counted
from assay.kernel.plugins import About, Contender, Evidence
from assay.kernel.words import Say
from assay.stats.bootstrap import interval

LEVEL = 0.95
LEAST_ROWS = 20
LEAST_ROUNDS = 10
CURVES, BARS, TERMS, FEW = 8, 15, 20, 8
DAYS, DAY = " (days)", 86_400e6  # what the days of a date are called; microseconds of one
MISSING = " missing"  # what follows the name of a term that tells whether a cell is
FINE = 0.004  # of its range: a step of a curve smaller than this is not drawn


@dataclass(frozen=True)
class Compared:
    """The primary figure of both, and what the shipped model gains, positive where it is better."""

    metric: str
    shipped: tuple[float, float, float]  # value, low, high
    readable: tuple[float, float, float]
    gain: tuple[float, float, float]
    within: bool  # the readable score lies within the shipped one's interval, or is better


@dataclass(frozen=True)
class Readable:
    """What does complexity buy?"""

    about: ClassVar[About] = About(
        key="readable",
        order=15,
        words={
            "en": {
                "title": "What complexity buys",
                "question": "Would a model that a person can read whole do as well?",
                "even": "Recommended: '{name}', which can be read whole. Its {metric} is {readable}, the shipped model's {shipped} ({low} to {high}); complexity buys nothing that can be shown.",
                "within": "To be weighed: '{name}' can be read whole, and its {metric} of {readable} lies within the shipped model's interval ({shipped}, {low} to {high}); on the same rows complexity buys {gain} ({gain_low} to {gain_high}).",
                "worse": "Complexity buys {gain} ({gain_low} to {gain_high}) of {metric}: {shipped} ({low} to {high}) against {readable} for '{name}', the best model that can be read whole.",
                "itself": "The shipped model can be read whole: it is '{name}'.",
                "itself_blend": "The shipped model is a blend of {n} that can each be read whole; alone, '{name}' has {metric} {readable} against {shipped}.",
                "advise": "Ship the readable model instead: a person can then check every step of an answer.",
                "none": "no readable model was trained",
                "elsewhere": "needs a readable model of the same training rows: this one was made elsewhere",
                "training_only": "the readable model is measured when the model is made; see the report of the training",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "no_rounds": "the time was up before both were measured",
                "corrected": "Both figures pay for the choosing among candidates; the difference is taken on the same rows.",
                "weights": "'{name}': pull of one standard deviation, or of a switch turned on",
                "weights_class": "'{name}': pull on '{label}' of one standard deviation, or of a switch turned on",
                "equation": "'{name}' written out, in the unit of each column",
                "equation_class": "'{name}' written out for '{label}', in the unit of each column",
                "term": "term",
                "is_missing": "{part} missing",
                "part.days": "{column} (days)",
                "part.month": "{column} (month)",
                "part.day": "{column} (day)",
                "part.weekday": "{column} (weekday)",
                "part.hour": "{column} (hour)",
                "part.year_sine": "{column} (year, sine)",
                "part.year_cosine": "{column} (year, cosine)",
                "part.week_sine": "{column} (week, sine)",
                "part.week_cosine": "{column} (week, cosine)",
                "part.day_sine": "{column} (day, sine)",
                "part.day_cosine": "{column} (day, cosine)",
                "weight": "weight",
                "constant": "constant",
                "history": "'{name}': cost after each step of gradient descent",
                "cost": "cost",
                "step": "step",
                "curve": "'{name}': pull of {part}",
                "curve_class": "'{name}': pull of {part} on '{label}'",
                "missing": "missing",
                "others": "all others",
                "pairs": "'{name}' also uses pairs of columns: {pairs}.",
                "alone": "What is shown of '{name}' is one of its {n} fold models; the answers are the mean of all.",
                "log_odds": "pull on the log-odds",
                "logit": "pull on the log-probability",
                "value": "pull on the answer",
                "measure.readable": "best readable model",
                "measure.shipped": "shipped model",
                "measure.gap": "gap",
            },
            "zh": {
                "title": "复杂性的收益",
                "question": "一个人能完整读懂的模型是否同样好？",
                "even": "推荐采用可完整读懂的“{name}”。其{metric}为 {readable}，所交付模型为 {shipped}（{low} 至 {high}）；复杂性没有带来可证实的收益。",
                "within": "请权衡：“{name}”可完整读懂，其{metric}为 {readable}，落在所交付模型的区间内（{shipped}，{low} 至 {high}）；而在相同的行上，复杂性带来的收益为 {gain}（{gain_low} 至 {gain_high}）。",
                "worse": "复杂性在{metric}上带来 {gain}（{gain_low} 至 {gain_high}）的收益：{shipped}（{low} 至 {high}），而最好的可读模型“{name}”为 {readable}。",
                "itself": "所交付的模型本身即可完整读懂：它就是“{name}”。",
                "itself_blend": "所交付的模型由 {n} 个均可完整读懂的模型组合而成；单独的“{name}”{metric}为 {readable}，组合为 {shipped}。",
                "advise": "建议改为交付可读模型：回答的每一步都可由人核对。",
                "none": "没有训练可读模型",
                "elsewhere": "需要用同样的训练行训练的可读模型：该模型在别处制作",
                "training_only": "可读模型在训练时测量；请参阅训练报告",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "no_rounds": "两者测量完成之前时间已到",
                "corrected": "两项数值均已扣除挑选候选模型带来的乐观；差值在相同的行上计算。",
                "weights": "“{name}”：每变化一个标准差（或开关打开）的影响",
                "weights_class": "“{name}”：每变化一个标准差（或开关打开）对“{label}”的影响",
                "equation": "“{name}”的完整公式，按各列自身的单位",
                "equation_class": "“{name}”对“{label}”的完整公式，按各列自身的单位",
                "term": "项",
                "is_missing": "{part}缺失",
                "part.days": "{column}（天数）",
                "part.month": "{column}（月份）",
                "part.day": "{column}（日）",
                "part.weekday": "{column}（星期）",
                "part.hour": "{column}（小时）",
                "part.year_sine": "{column}（年内位置的正弦）",
                "part.year_cosine": "{column}（年内位置的余弦）",
                "part.week_sine": "{column}（周内位置的正弦）",
                "part.week_cosine": "{column}（周内位置的余弦）",
                "part.day_sine": "{column}（一天内位置的正弦）",
                "part.day_cosine": "{column}（一天内位置的余弦）",
                "weight": "权重",
                "constant": "常数项",
                "history": "“{name}”：梯度下降每一步之后的代价",
                "cost": "代价",
                "step": "步数",
                "curve": "“{name}”：{part} 的影响",
                "curve_class": "“{name}”：{part} 对“{label}”的影响",
                "missing": "缺失",
                "others": "其余",
                "pairs": "“{name}”还使用了成对的列：{pairs}。",
                "alone": "所展示的“{name}”是其 {n} 个折模型之一；回答为全部折模型的平均。",
                "log_odds": "对对数几率的影响",
                "logit": "对对数概率的影响",
                "value": "对回答的影响",
                "measure.readable": "最好的可读模型",
                "measure.shipped": "所交付的模型",
                "measure.gap": "差距",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Compare, then show the readable models."""
        readable = [c for c in evidence.contenders if c.readable]
        if not readable or evidence.honest.readable is None:
            told = "training_only" if evidence.rows in ("audit", "test") else "none"
            raise DoesNotApply("no readable contender", say=self._say("elsewhere" if evidence.elsewhere else told))
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        readable.sort(
            key=lambda c: float(np.average(evidence.task.losses(c.scores, evidence.y), weights=evidence.weight))
        )
        compared = _compare(evidence)
        if compared is None:
            raise DoesNotApply("too few rounds", say=self._say("no_rounds"))
        best = readable[0]
        key = self._verdict(evidence, compared)
        recommended = key in ("even", "within")
        notes = [self._say("corrected")] if evidence.honest.corrected else []
        notes += [note for c in readable for note in (*self._pairs(c), *self._alone(c))]
        return Finding(
            check="readable",
            verdict="info" if recommended else "pass",
            say=self._sentence(key, evidence, best, compared),
            measures=_measures(evidence, compared),
            figures=tuple(self._figures(evidence, readable)),
            notes=tuple(notes),
            advice=(Advice(say=self._say("advise"), option="--readable"),) if recommended else (),
        )

    def _verdict(self, evidence: Evidence, compared: Compared) -> str:
        used = [t for t in evidence.ledger if t.weight > 0]
        if used and all(t.readable for t in used):
            return "itself" if len(used) == 1 else "itself_blend"
        if not compared.within:
            return "worse"
        return "within" if compared.gain[1] > 0 else "even"

    def _sentence(self, key: str, evidence: Evidence, best: Contender, compared: Compared) -> Say:
        used = [t.name for t in evidence.ledger if t.weight > 0]
        return self._say(
            key,
            name=used[0] if key == "itself" else best.name,
            n=len(used),
            metric=evidence.task.about.say("tasks", f"measure.{compared.metric}"),
            readable=compared.readable[0],
            shipped=compared.shipped[0],
            low=compared.shipped[1],
            high=compared.shipped[2],
            gain=compared.gain[0],
            gain_low=compared.gain[1],
            gain_high=compared.gain[2],
        )

    def _pairs(self, contender: Contender) -> list[Say]:
        found = sorted(contender.detail.get("pairs", ()), key=lambda pair: -pair["strength"])
        pairs = [" × ".join(pair["names"]) for pair in found]
        return [self._say("pairs", name=contender.name, pairs=pairs[:6])] if pairs else []

    def _alone(self, contender: Contender) -> list[Say]:
        models = contender.detail.get("of", 1)
        return [self._say("alone", name=contender.name, n=models)] if models > 1 else []

    # ------------------------------------------------------------------------------------------------- figures

    def _figures(self, evidence: Evidence, readable: list[Contender]) -> list[Figure]:
        """The best of each kind, the best of all first."""
        out: list[Figure] = []
        shown: set[str] = set()
        for contender in readable:
            detail = contender.detail
            if "terms" in detail and "terms" not in shown:
                shown.add("terms")
                out += self._line(evidence, contender.name, detail)
            elif "curves" in detail and "curves" not in shown:
                shown.add("curves")
                out += self._curves(evidence, contender.name, detail)
        return out

    def _line(self, evidence: Evidence, name: str, detail: Mapping[str, Any]) -> list[Figure]:
        """Weights on one scale, the equation in the columns' own units, and the way down of gradient descent."""
        place, label = _spoken_class(evidence)
        width = len(detail["intercept"])
        place = place if width > 1 else 0
        more = {"name": name, "label": label} if width > 1 else {"name": name}
        kind = "_class" if width > 1 else ""
        terms = [
            (called(str(t["name"]), evidence.data), float(t["weights"][place]), float(t["spread"]))
            for t in detail["terms"]
        ]
        terms.sort(key=lambda term: -abs(term[1] * term[2]))
        top = terms[:BARS]
        bars = {"labels": [t for t, _, _ in top], "values": [w * s for _, w, s in top], "colours": "signed"}
        rows = [[self._say("constant"), float(detail["intercept"][place])], *([t, w] for t, w, _ in terms[:TERMS])]
        table = {"columns": [self._say("term"), self._say("weight")], "rows": rows}
        out = [
            Figure(kind="bars", title=self._say("weights" + kind, **more), data=bars, x=self._unit(evidence)),
            Figure(kind="table", title=self._say("equation" + kind, **more), data=table),
        ]
        history = list(detail.get("history", ()))
        if len(history) > 1:
            steps = {"series": [{"name": self._say("cost"), "x": list(range(1, len(history) + 1)), "y": history}]}
            title = self._say("history", name=name)
            out.append(Figure(kind="lines", title=title, data=steps, x=self._say("step"), y=self._say("cost")))
        return out

    def _curves(self, evidence: Evidence, name: str, detail: Mapping[str, Any]) -> list[Figure]:
        """The strongest shape functions."""
        out = []
        place, label = _spoken_class(evidence)
        for curve in _whole(detail["curves"])[:CURVES]:
            values = np.asarray(curve["values"], dtype=np.float64)  # [cells, w]
            wide = values.shape[1] > 1
            pull = values[:, place if wide else 0]
            date = _date(evidence, curve["name"])
            called = curve["name"] if date is None else date.name
            more = {"name": name, "part": called} | ({"label": label} if wide else {})
            title = self._say("curve_class" if wide else "curve", **more)
            bars = self._levels(evidence, curve, pull)
            if bars:
                out.append(Figure(kind="bars", title=title, data=bars, x=self._unit(evidence)))
                continue
            cells = _numbers(evidence, called) if date is None else _days(date)
            data: dict[str, Any] = {"series": self._steps(called, cells, np.asarray(curve["edges"], float), pull)}
            data |= {} if date is None else {"dates": True}
            out.append(Figure(kind="lines", title=title, data=data, x=called, y=self._unit(evidence)))
        return out

    def _levels(self, evidence: Evidence, curve: Mapping[str, Any], pull: Floats) -> dict[str, Any]:
        """Bars, where a curve has levels or a column of numbers only a few values; otherwise nothing."""
        if curve["edges"] is None:
            names = [level or self._say("missing") for level in curve["levels"]]
            names[-1:] = [self._say("others")] if names[-1:] == ["other"] else names[-1:]
            pull = pull[: len(names)]  # cells beyond are spare: no row falls into them
        else:
            cells = _numbers(evidence, curve["name"])
            values = np.empty(0) if cells is None else np.unique(cells[np.isfinite(cells)])
            if not 0 < len(values) <= FEW:
                return {}
            names = [plain_number(float(v), evidence.data[curve["name"]].kind) for v in values]
            pull = pull[np.searchsorted(np.asarray(curve["edges"], dtype=np.float64), values, side="left")]
            return {"labels": names, "values": pull, "colours": "signed"}
        order = np.argsort(-np.abs(pull), kind="stable")[:BARS]
        order = order[np.argsort(-pull[order], kind="stable")]
        return {"labels": [names[i] for i in order], "values": pull[order], "colours": "signed"}

    def _steps(self, name: str, cells: Floats | None, edges: Floats, pull: Floats) -> list[dict[str, Any]]:
        """A curve of steps from the smallest value seen to the largest; the last cell is that of missing values."""
        seen = np.empty(0) if cells is None else cells[np.isfinite(cells)]
        margin = 0.05 * float(np.ptp(edges)) if len(edges) > 1 else 1.0
        ends = (edges[0] - margin, edges[-1] + margin) if len(edges) else (0.0, 1.0)
        low, high = (float(seen.min()), float(seen.max())) if len(seen) else ends
        x = np.clip(np.concatenate([[low], edges, [high]]), low, high)
        y = np.append(pull[:-1], pull[-2])
        kept = _coarse(y, FINE * float(np.ptp(y)))
        out: list[dict[str, Any]] = [{"name": name, "x": x[kept], "y": y[kept], "steps": True}]
        if cells is not None and len(seen) < len(cells):
            at = float(pull[-1])
            out.append({"name": self._say("missing"), "x": [low, high], "y": [at, at], "dashed": True})
        return out

    def _unit(self, evidence: Evidence) -> Say:
        wide = evidence.scores.shape[1] > 1
        own = self._say("logit" if wide else "log_odds" if evidence.codec.labels else "value")
        return evidence.task.about.score_unit(own, target=evidence.plan.target)

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _compare(evidence: Evidence) -> Compared | None:
    """The primary figure of both on the same rounds; None where too few rounds know it."""
    honest, metric = evidence.honest, evidence.task.metrics(evidence.codec)[0]
    assert honest.readable is not None
    rounds = min(len(honest.draws), len(honest.readable))
    shipped, readable = honest.draws[:rounds, 0], honest.readable[:rounds, 0]
    known = ~(np.isnan(shipped) | np.isnan(readable))
    if known.sum() < LEAST_ROUNDS:
        return None
    shipped, readable = shipped[known], readable[known]
    gain = readable - shipped if metric.better == "lower" else shipped - readable
    low, high = interval(shipped, LEVEL)
    mean = float(readable.mean())
    within = mean <= high if metric.better == "lower" else mean >= low
    return Compared(metric.key, _summary(shipped), _summary(readable), _summary(gain), within)


def _summary(draws: Floats) -> tuple[float, float, float]:
    return (float(draws.mean()), *interval(draws, LEVEL))


def _measures(evidence: Evidence, compared: Compared) -> tuple[Measure, ...]:
    metric = evidence.task.metrics(evidence.codec)[0]
    better: Any = "higher" if metric.better == "higher" else "lower"
    constant = float(evidence.honest.constant[0])
    out = []
    for name, (value, low, high) in (("readable", compared.readable), ("shipped", compared.shipped)):
        out.append(
            Measure(
                name=name,
                value=value,
                low=low,
                high=high,
                level=LEVEL,
                n=evidence.n,
                unit=metric.unit,
                constant=None if np.isnan(constant) else constant,
                better=better,
            )
        )
    value, low, high = compared.gain
    out.append(Measure(name="gap", value=value, low=low, high=high, level=LEVEL, n=evidence.n, unit=metric.unit))
    return tuple(out)


def called(name: str, data: Dataset) -> str | Say:
    """A term of a line in the language of the reader, where it is a part of a date or tells that a cell is missing."""
    say = Readable.about.say
    whole = name.removesuffix(MISSING)
    column, _, part = whole.removesuffix(")").rpartition(" (")
    key = "part." + part.replace(", ", "_")
    date = column in data and data[column].store == "moments" and key in Readable.about.words["en"]
    told = say("checks", key, column=column) if date else whole
    if whole == name or name in data:
        return told if date else name
    return say("checks", "is_missing", part=told) if date or whole in data else name


def _spoken_class(evidence: Evidence) -> tuple[int, str]:
    """The class whose column of many is drawn: the most frequent."""
    labels = evidence.codec.labels
    if not labels:
        return 0, ""
    place = int(counted(evidence.y, len(labels)).argmax())
    return place, labels[place]


def _numbers(evidence: Evidence, name: str) -> Floats | None:
    """The cells of a column of numbers called so, or nothing."""
    if name not in evidence.data or evidence.data[name].store != "numbers":
        return None
    return evidence.data[name].cells


def _whole(curves: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each column's curve whole: what it pulls alone may stand in several parts, each with edges of its own, which add up."""
    parts: dict[tuple[str, bool], list[Mapping[str, Any]]] = {}
    for curve in curves:
        parts.setdefault((curve["name"], curve["edges"] is None), []).append(curve)
    return [several[0] if len(several) == 1 else _added(several) for several in parts.values()]


def _added(several: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The sum of curves of one column; the last cell is that of missing values, or of all names that have none of their own."""
    every = [np.asarray(curve["values"], dtype=np.float64) for curve in several]  # [cells, w] each
    if several[0]["edges"] is None:
        most = max(len(values) for values in every)
        longest = max((curve["levels"] for curve in several), key=len)
        summed = np.sum([np.pad(values, ((0, most - len(values)), (0, 0)), mode="edge") for values in every], axis=0)
        return {**several[0], "levels": longest, "values": summed}
    own = [np.asarray(curve["edges"], dtype=np.float64) for curve in several]
    edges = np.unique(np.concatenate(own))
    inside = np.append(edges, np.inf)  # a value in each cell
    added = np.sum([v[np.searchsorted(e, inside, side="left")] for v, e in zip(every, own, strict=True)], axis=0)
    missing = np.sum([values[-1:] for values in every], axis=0)
    return {**several[0], "edges": edges, "values": np.concatenate([added, missing])}


def _date(evidence: Evidence, name: str) -> Column | None:
    """The column of dates whose days since 1970 are called so, or nothing."""
    column = name.removesuffix(DAYS)
    if column == name or column not in evidence.data or evidence.data[column].store != "moments":
        return None
    return evidence.data[column]


def _days(column: Column) -> Floats:
    """Moments as days since 1970 with fractions, NaN where missing."""
    return np.where(column.missing, np.nan, column.cells.astype("int64") / DAY)


def _coarse(y: Floats, least: float) -> list[int]:
    """Places where a curve of steps has moved by more than `least` since the last place kept; both ends are kept."""
    kept = [0]
    for i in range(1, len(y) - 1):
        if abs(y[i] - y[kept[-1]]) > least:
            kept.append(i)
    return [*kept, len(y) - 1]
