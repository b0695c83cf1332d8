"""Where is the model worse than elsewhere?

Per-row losses in every group that one column, or two together, cut out: levels of names and flags, fifths of numbers.
Each group is tested against all other rows (Welch 1947); over all groups of one column, and again over all pairs, at
most one in forty families holds a false alarm (Holm 1979), so one in twenty in all. A gap must be a visible share of
what the model gains over one guess as well. Groups of sensitive columns are
always listed. A group may be worse because it is harder: then the model's own probabilities or intervals say so, and
that is no fault unless the column is a sensitive one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.stats.clusters import design_effect
from assay.stats.metrics import standard_error
from assay.stats.slices import MISSING, TIMES, Compared, Groups, compared, groups_of, paired
from assay.stats.tests import holm

from ._blocks import blocks
from ._texts import read_as_text, told_by

LEAST = 30  # rows of a group
LEAST_ROWS = 100
LEVEL = 0.025  # of each of two families: single columns, and pairs
MOST_SHARE = 0.9  # a group of nearly all rows has no rest to be compared with
SURELY = 3.0  # standard errors by which a model must be surer than right to be called blind
USELESS = 4.5  # standard errors by which the constant guess must be better: once in 300,000 groups by chance
LARGE = 0.2  # above all rows, in standard deviations of the loss, from which a person should look (Cohen 1988: small, but real)
VISIBLE = 0.01  # share of what the model gains over one guess, from which a gap is one
ROUNDING = 1e-9  # share of the guess's loss: where the model gains nothing, less is no gap still
SHOWN = 10
MOST_PAIRED = 15  # columns that are paired: 105 pairs


@dataclass(frozen=True, eq=False)
class Group:
    """One group that was compared."""

    column: str
    label: str
    rows: Bools  # [n]
    n: int
    gap: float
    low: float
    high: float
    effect: float
    sure: float  # gap in standard errors
    p: float
    beyond_chance: bool
    visible: bool

    @property
    def kept(self) -> bool:
        """Whether the model is worse there."""
        return self.beyond_chance and self.visible


@dataclass(frozen=True)
class Subgroups:
    """Where is it worse?"""

    about: ClassVar[About] = About(
        key="subgroups",
        order=50,
        words={
            "en": {
                "title": "Subgroups",
                "question": "In which groups of rows is the model worse than elsewhere?",
                "even": "In none of {groups} {groups:group|groups} is the model worse than elsewhere by more than chance.",
                "tiny": "In none of {groups} {groups:group|groups} is the model visibly worse than elsewhere: no gap beyond chance comes to {share:%} of what it gains over one guess for all.",
                "small": "In {worse} of {groups} {groups:group|groups} the model is worse than elsewhere, though not by much; most where {column} is {label}: {metric} {here} against {overall} overall.",
                "worse": "The model is worse in {worse} of {groups} {groups:group|groups}, most where {column} is {label} ({share:%} of rows): {metric} {here} against {overall} overall.",
                "useless": "Where {column} is {label} ({share:%} of rows) the model is worse than one guess for all: {metric} {here} against {overall} overall.",
                "knows": "There its probabilities are less sure as well (it expects {expected:%} right, {actual:%} are): the group is harder.",
                "blind": "There it is surer than it should be: it expects {expected:%} right, {actual:%} are.",
                "knows_values": "There its intervals are wider as well: they hold {actual:%} of the values, {expected:%} overall; the group is harder.",
                "blind_values": "There its intervals are too narrow: they hold {actual:%} of the values, {expected:%} overall.",
                "unknown": "The model gives no intervals here, so it cannot be asked whether it knows.",
                "sensitive": "'{column}': {metric} from {low} ({worst}) to {high} ({best}).",
                "pairs_skipped": "Time was short: groups of two columns were not asked.",
                "bar": "{column}: {label}",
                "both": "{one} × {two}",
                "missing": "missing",
                "length": "{column} (length)",
                "language": "{column} (language)",
                "none": "no column cuts out groups of {least} rows",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "figure": "Groups where the loss is highest, against the rest",
                "gap": "mean loss above the rest",
                "column": "column",
                "group": "group",
                "rows": "rows",
                "metric": "{metric}",
                "p": "p",
                "listed": "sensitive columns, and groups that are worse",
                "measure.gap": "largest gap",
                "measure.worse_groups": "groups that fare worse",
                "measure.accuracy": "accuracy",
                "measure.log_loss": "log-loss",
                "measure.mae": "mean absolute error",
            },
            "zh": {
                "title": "子群体",
                "question": "模型在哪些行的群体中比其他地方差？",
                "even": "在 {groups} 个群体中，没有一个的表现显著差于其他行。",
                "tiny": "在 {groups} 个群体中，没有一个的表现明显差于其他行：超出偶然的差距都不到模型相对于统一猜测所得改进的 {share:%}。",
                "small": "在 {groups} 个群体中有 {worse} 个表现差于其他行，但差距不大；差距最大的是 {column} 为 {label}：{metric} {here}，总体为 {overall}。",
                "worse": "模型在 {groups} 个群体中的 {worse} 个里表现较差，最差的是 {column} 为 {label}（占 {share:%} 的行）：{metric} {here}，总体为 {overall}。",
                "useless": "在 {column} 为 {label} 的行中（占 {share:%}），模型还不如给出同一个猜测：{metric} {here}，总体为 {overall}。",
                "knows": "在那里模型给出的概率也更不确定（预期 {expected:%} 正确，实际 {actual:%}）：该群体本身更难。",
                "blind": "在那里模型过于自信：预期 {expected:%} 正确，实际 {actual:%}。",
                "knows_values": "在那里模型给出的区间也更宽：包含了 {actual:%} 的真实值，总体为 {expected:%}；该群体本身更难。",
                "blind_values": "在那里模型给出的区间过窄：只包含 {actual:%} 的真实值，总体为 {expected:%}。",
                "unknown": "此处模型未给出区间，因此无法判断它是否知道这一点。",
                "sensitive": "“{column}”：{metric}从 {low}（{worst}）到 {high}（{best}）。",
                "pairs_skipped": "时间不足：未检查由两列共同划分的群体。",
                "none": "没有哪一列能划分出至少 {least} 行的群体",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "bar": "{column}：{label}",
                "both": "{one} × {two}",
                "missing": "缺失",
                "length": "{column}（长度）",
                "language": "{column}（语言）",
                "figure": "损失最高的群体与其余各行相比",
                "gap": "平均损失高出其余行多少",
                "column": "列",
                "group": "群体",
                "rows": "行数",
                "metric": "{metric}",
                "p": "p 值",
                "listed": "敏感列，以及表现较差的群体",
                "measure.gap": "最大差距",
                "measure.worse_groups": "表现较差的群体数",
                "measure.accuracy": "准确率",
                "measure.log_loss": "对数损失",
                "measure.mae": "平均绝对误差",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The groups that are worse, the worst first."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        names = [c.name for c in evidence.plan.columns if c.role in ("feature", "sensitive", "audited", "group")]
        columns = [evidence.data[name] for name in names if name in evidence.data]
        for column in [column for column in columns if read_as_text(column)]:
            columns += told_by(column, *(say.text() for say in self._derived(column.name)))
        cut = [groups_of(column, LEAST) for column in columns]
        single = [g for g in cut if g is not None]
        if not single:
            raise DoesNotApply("no groups", say=self._say("none", least=LEAST))
        loss = _robust_losses(evidence)
        least = _least(evidence, loss)
        together = blocks(evidence)
        found = _tested(single, loss, least, together)
        notes = []
        pairs: list[Group] = []
        asked = 0
        if not found:
            raise DoesNotApply("no groups", say=self._say("none", least=LEAST))
        if evidence.clock.expired():
            notes.append(self._say("pairs_skipped"))
        else:
            pairs, asked = _pairs(single, found, loss, least, evidence, together)
        # The surest first: where all of a group is worse, no part of it is surer; where one part is, the part is.
        worse = sorted((g for g in (*found, *pairs) if g.kept), key=lambda g: -g.sure)
        even = self._say("even", groups=len(found) + asked)
        if any(g.beyond_chance for g in (*found, *pairs)):
            even = self._say("tiny", groups=len(found) + asked, share=VISIBLE)
        return self._finding(worse, found, even, notes, evidence)

    def _finding(self, worse: list[Group], found: list[Group], even: Say, notes: list[Say], ev: Evidence) -> Finding:
        sensitive = ev.plan.marked
        for name in sensitive:
            notes += self._sensitive([g for g in found if g.column == name], name, ev)
        verdict: Verdict = "pass"
        said, asked = even, even.values["groups"]
        first = max(found, key=lambda g: g.effect)
        if worse:
            verdict, first, key = self._judge(worse, ev)
            said = self._say(key, worse=len(worse), groups=asked, **self._values(first, ev))
            notes = [_knows(first, ev)[1], *notes]
        gap = Measure(name="gap", value=first.gap, low=first.low, high=first.high, n=first.n, better="lower")
        share = Measure(name="worse_groups", value=float(len(worse)), better="lower")
        listed = worse + [g for g in found if g.column in sensitive and g not in worse]
        return Finding(
            check="subgroups",
            verdict=verdict,
            say=said,
            measures=(gap, share),
            figures=tuple(self._figures(worse or sorted(found, key=lambda g: -g.effect), listed, ev)),
            notes=tuple(notes),
        )

    def _values(self, group: Group, evidence: Evidence) -> dict[str, object]:
        key, here, overall = _readable(group, evidence)
        metric = self._say(f"measure.{key}")
        share = group.n / evidence.n
        said = {"column": self._named(group.column, evidence), "label": self._called(group), "share": share}
        return {**said, "metric": metric, "here": here, "overall": overall}

    def _judge(self, worse: list[Group], evidence: Evidence) -> tuple[Verdict, Group, str]:
        """The verdict, the group to name, and the sentence to say it in."""
        useless = [g for g in worse if _useless(g, evidence)]
        if useless:
            return "fail", useless[0], "useless"
        large = [g for g in worse if g.effect >= LARGE]
        sensitive = evidence.plan.marked
        faults = [g for g in large if g.column in sensitive or not _knows(g, evidence)[0]]
        if faults:
            return "watch", faults[0], "worse"
        return "info", worse[0], "worse" if large else "small"

    def _sensitive(self, groups: list[Group], name: str, evidence: Evidence) -> list[Say]:
        if len(groups) < 2:
            return []
        read = [(_readable(g, evidence)[1], g.label, g) for g in groups]
        low, high = min(read, key=lambda one: one[:2]), max(read, key=lambda one: one[:2])
        metric = self._say(f"measure.{_readable(groups[0], evidence)[0]}")
        said = {"low": low[0], "worst": self._called(low[2]), "high": high[0], "best": self._called(high[2])}
        return [self._say("sensitive", column=name, metric=metric, **said)]

    def _figures(self, bars: list[Group], listed: list[Group], evidence: Evidence) -> list[Figure]:
        bars = bars[:SHOWN]
        data = {
            "labels": [self._say("bar", column=self._named(g.column, evidence), label=self._called(g)) for g in bars],
            "values": [g.gap for g in bars],
            "low": [g.low for g in bars],
            "high": [g.high for g in bars],
        }
        drawn = [Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("gap"))]
        if not listed:
            return drawn
        key = _readable(listed[0], evidence)[0]
        metric = self._say("metric", metric=self._say(f"measure.{key}"))
        heads = [self._say("column"), self._say("group"), self._say("rows"), metric, self._say("gap"), self._say("p")]
        rows = [
            [self._named(g.column, evidence), self._called(g), g.n, _readable(g, evidence)[1], g.gap, g.p]
            for g in listed[:60]
        ]
        table = Figure(kind="table", title=self._say("listed"), data={"columns": heads, "rows": rows})
        return [*drawn, table]

    def _derived(self, name: str) -> tuple[Say, Say]:
        """What the length and the language of a column of texts are called."""
        return self._say("length", column=name), self._say("language", column=name)

    def _named(self, name: str, evidence: Evidence) -> Say | str:
        """How a column or a pair of columns is shown: what is derived from texts, in the reader's language."""
        if name in evidence.data:
            return name
        names = [c.name for c in evidence.plan.columns if c.name in evidence.data]
        one, _, two = name.partition(TIMES)
        if one in names and two in names:
            return name
        derived = {say.text(): say for column in names for say in self._derived(column)}
        if name in derived:
            return derived[name]
        both = one in derived or two in derived
        return self._say("both", one=derived.get(one, one), two=derived.get(two, two)) if both else name

    def _called(self, group: Group) -> Say | str:
        """What a group is called: missing cells in the reader's words."""
        gone = self._say("missing")
        one, times, two = group.label.partition(TIMES)
        if group.label == MISSING:
            return gone
        if times and MISSING in (one, two):
            return self._say("both", one=gone if one == MISSING else one, two=gone if two == MISSING else two)
        return group.label

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _robust_losses(evidence: Evidence) -> Floats:
    """Loss of each row [n]: of values the absolute error, in the target's own unit, else as the task has it.

    The absolute error of counts grows with them, their deviance hardly: where more is expected, the model is not worse.
    """
    if evidence.task.head(evidence.codec).name != "value":
        return evidence.losses()
    return np.asarray(np.abs(evidence.answers()[:, 0] - evidence.y))


def _least(evidence: Evidence, loss: Floats) -> float:
    """The gap from which a group is visibly worse: a share of what the model gains over one guess for all."""
    guess = _robust_losses(replace(evidence, scores=evidence.constant))
    gain = float(guess.mean() - loss.mean())
    return max(VISIBLE * gain, ROUNDING * abs(float(guess.mean())))


def _readable(group: Group, evidence: Evidence) -> tuple[str, float, float]:
    """(measure, in the group, overall): accuracy or mean absolute error; where mistakes have costs, what groups are compared by.

    By costs more answers may be right where a class is rare, although the model knows less of it.
    """
    rows, answers = group.rows, evidence.answers()
    if evidence.codec.costs:
        loss = evidence.losses()
        return "log_loss", float(loss[rows].mean()), float(loss.mean())
    if evidence.codec.labels:
        right = _right(evidence)
        return "accuracy", float(right[rows].mean()), float(right.mean())
    error = np.abs(answers[:, 0] - evidence.y)
    return "mae", float(error[rows].mean()), float(error.mean())


def _right(evidence: Evidence) -> Floats:
    """Whether a row's class is rightly answered, or which share of its labels: [n]."""
    if evidence.y.ndim > 1:
        return np.asarray(((evidence.answers() > 0.5) == (evidence.y == 1)).mean(axis=1))
    return np.asarray(evidence.classes() == evidence.y, dtype=np.float64)


def _knows(group: Group, evidence: Evidence) -> tuple[bool, Say]:
    """Whether the model's own probabilities or intervals know that the group is harder, and how it is said."""
    rows = group.rows
    together = blocks(evidence)[rows]
    if evidence.codec.labels:
        p = evidence.answers()[rows]
        if evidence.y.ndim > 1:
            sure, right = np.maximum(p, 1 - p).mean(axis=1), _right(evidence)[rows]
        else:
            answered, right = evidence.classes()[rows], _right(evidence)[rows]
            sure = p[np.arange(len(p)), answered]
        expected, actual, key = float(sure.mean()), float(right.mean()), ""
        error = float(np.sqrt((sure * (1 - sure)).sum() * design_effect(right - sure, together))) / len(sure)
    elif evidence.intervals is not None:
        low, high = evidence.intervals.T
        inside = (evidence.y >= low) & (evidence.y <= high)
        expected, actual, key = float(inside.mean()), float(inside[rows].mean()), "_values"
        effect = design_effect(inside[rows] - expected, together)
        error = float(np.sqrt(expected * (1 - expected) / rows.sum() * effect))
    else:
        return False, Subgroups.about.say("checks", "unknown")
    knows = expected - actual <= SURELY * error
    said = {"expected": expected, "actual": actual}
    return knows, Subgroups.about.say("checks", ("knows" if knows else "blind") + key, **said)


def _useless(group: Group, evidence: Evidence) -> bool:
    """Whether in the group the constant guess is better, by more than chance among thousands of groups."""
    rows = group.rows
    gain = (evidence.losses() - evidence.task.losses(evidence.constant, evidence.y))[rows]
    return bool(gain.mean() > USELESS * standard_error(gain, None, blocks(evidence)[rows]))


def _tested(cut: list[Groups], loss: Floats, least: float, together: Ints) -> list[Group]:
    """Every group of enough rows that leaves enough others, and whether it is worse once all are accounted for."""
    asked = [(groups, compared(loss, groups, together)) for groups in cut]
    places = [(i, j) for i, (_, c) in enumerate(asked) for j in np.flatnonzero(_large(c, len(loss)))]
    kept = holm(np.asarray([asked[i][1].p[j] for i, j in places], dtype=float), LEVEL)
    return [_group(*asked[i], int(j), bool(k), least) for (i, j), k in zip(places, kept, strict=True)]


def _large(c: Compared, n: int) -> Bools:
    return np.asarray((c.n >= LEAST) & (n - c.n >= LEAST) & (c.n <= MOST_SHARE * n))


def _group(groups: Groups, c: Compared, j: int, beyond_chance: bool, least: float) -> Group:
    from scipy.special import stdtrit

    half = float(stdtrit(c.freedom[j], 0.975) * c.error[j])
    gap = float(c.gap[j])
    return Group(
        column=groups.name,
        label=groups.labels[j],
        rows=groups.code == j,
        n=int(c.n[j]),
        gap=gap,
        low=gap - half,
        high=gap + half,
        effect=float(c.effect[j]),
        sure=gap / float(c.error[j]),
        p=float(c.p[j]),
        beyond_chance=beyond_chance,
        visible=gap >= least,
    )


def _pairs(
    single: list[Groups], found: list[Group], loss: Floats, least: float, evidence: Evidence, together: Ints
) -> tuple[list[Group], int]:
    """Groups of two columns that are worse, and clearly more so than each of their two alone; and how many were asked."""
    alone = {(g.column, g.label): g for g in found}
    ranked = sorted(single, key=lambda s: min((g.p for g in found if g.column == s.name), default=1.0))
    asked: list[tuple[Groups, Groups, Groups, Compared]] = []
    for a, b in combinations(ranked[:MOST_PAIRED], 2):
        if evidence.clock.expired():
            break
        both = paired(a, b)
        asked.append((a, b, both, compared(loss, both, together)))
    places = [(i, int(j)) for i, (*_, c) in enumerate(asked) for j in np.flatnonzero(_large(c, len(loss)))]
    kept = holm(np.asarray([asked[i][3].p[j] for i, j in places], dtype=float), LEVEL)
    out = []
    for (i, j), keep in zip(places, kept, strict=True):
        if not keep:
            continue
        a, b, both, c = asked[i]
        x, y = divmod(j, len(b.labels))
        parents = [alone.get((a.name, a.labels[x])), alone.get((b.name, b.labels[y]))]
        if all(p is None or c.gap[j] > max(1.5 * p.gap, p.high) for p in parents):
            out.append(_group(both, c, j, True, least))
    return out, len(places)
