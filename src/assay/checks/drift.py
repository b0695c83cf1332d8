"""Are new rows like those the model learnt from, and is it expected to suffer?

Held against what the file keeps of the training rows (`stats/profile.py`): each column (Kolmogorov-Smirnov, chi-square and exact tests,
Holm 1979), all together (a mean embedding of their normal scores, and their correlations), and the loss that comes against the one that the
model's own probabilities expect. With the training table itself, a small model is asked to tell new rows from old ones. Where nothing has moved, at most one audit in twenty says that something has: one in forty for the
columns, one in fifty for what they do together, one in two hundred for the loss. With many rows a difference may be sure and small: what is
much is told by the population stability index. It does not know rows that belong together unless a group column tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from assay.kernel.data import plain_day
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.forms import PLAIN
from assay.kernel.plan import Plan
from assay.kernel.plugins import About, Evidence, modality_of
from assay.kernel.words import Say
from assay.stats.drift import MUCH, SOME, Moved
from assay.stats.profile import LANGUAGE, LENGTH, Profile
from assay.stats.tests import binomial_band, wilson

from . import _held as held

LEAST_ROWS = 30
CARRIED = 0.05  # share of the pull from which what drifted matters to the model
LARGE_PAIR = 0.1  # change of a correlation (Cohen 1988: small)
APART = 0.56  # area under the curve: an effect of 0.2 (Cohen 1988: small)
LARGE_WHOLE = 0.01  # a tenth of a standard deviation along the average direction, squared
RISE = 0.05  # of the loss, relative, that is worth a word
ODD, USUAL = 0.02, 0.01  # rows farther out than usual: worth a word, and as many as in training
SHOWN, TOLD = 20, 3


@dataclass
class Told:
    """What was found: sentences for the first line and beneath, and the gravest verdict."""

    look: list[Say] = field(default_factory=list)
    small: list[Say] = field(default_factory=list)
    notes: list[Say] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Standing:
    """How new rows stand against training, as figures: all that is judged."""

    plan: Plan
    n: int
    profile: Profile
    found: held.Columns
    pulls: Mapping[str, float]
    whole: held.Together | None = None
    lost: held.Loss | None = None
    odd: float | None = None  # share of rows that are as a whole farther out than usual
    group: str = ""  # the column by which rows belong together


@dataclass(frozen=True)
class Drift:
    """Are new rows like those of training?"""

    about: ClassVar[About] = About(
        key="drift",
        takes=(*PLAIN, "boxes", "oddness"),
        order=88,
        words={
            "en": {
                "title": "Drift",
                "question": "Are the new rows like those the model learnt from, and is it expected to suffer?",
                "quiet": "In none of {asked} {asked:comparison|comparisons}, nor taken together, do the {rows} new rows differ from those of training by more than chance.",
                "few_moved": "{n} of {asked} {asked:comparison|comparisons} {n:differs|differ} from training, though not by much; most of all {column} (stability index {index}): {how}.",
                "idle": "{n} of {asked} {asked:comparison|comparisons} {n:differs|differ} from training, most of all {column} (stability index {index}): {how}. What drifted hardly moves the answers ({pull:%} of their pull).",
                "moved": "{n} of {asked} {asked:comparison|comparisons} {n:differs|differ} from training, most of all {column} (stability index {index}): {how}.",
                "carried": "What drifted carries {pull:%} of what moves the answers: figures measured in training may not hold on such rows.",
                "no_pull": "How much of the answers hangs on what drifted is not told of this model.",
                "also": "{column} (stability index {index}): {how}.",
                "parted": "'{one}' and '{other}' no longer go together as they did: their correlation is {here:+}, in training it was {there:+}.",
                "together": "Taken together the columns are not as in training, though that shows in no single one.",
                "together_too": "Taken together the columns are not as in training either.",
                "told_apart": "A small model tells new rows from those of training (area under the curve {auc}; 0.5 is not at all).",
                "not_apart": "A small model that was given both does not tell new rows from those of training (area under the curve {auc}).",
                "target": "The answers themselves are mixed otherwise than in training (stability index {index}): {how}.",
                "surprised": "The answers cost the model more than its own probabilities expect: a loss of {actual} a row, expected {here}; in training it came to {was}, expected {there}. The same inputs seem to be answered otherwise than in training.",
                "harder": "By its own probabilities the model expects a loss of {here} a row here and of {there} in training: it is expected to do worse, and knows it.",
                "no_harder": "By its own probabilities the model expects a loss of {here} a row here and of {there} in training: these rows are no harder to it.",
                "kept": "The loss that came, {actual}, is what it expects.",
                "no_loss": "This model gives no probabilities, so what it expects to lose cannot be told; 'quality' tells what it lost.",
                "loss_left": "Time was short: what the model expects to lose was not asked.",
                "loss_left_live": "What the model expects to lose on such rows is not told here; POST /audit tells it of a table of them.",
                "odd": "{share:%} of the rows are as a whole farther from the middle of training than all but {usual:%} of the training rows.",
                "limits": "From inputs alone it cannot be told whether the same inputs are still answered alike; that takes labels, as here.",
                "limits_live": "From inputs alone it cannot be told whether the same inputs are still answered alike; that takes labels, which may come later.",
                "groups": "Rows of one '{group}' may be alike and count as one.",
                "left": "Time was short: {left} {left:column was|columns were} not asked.",
                "how.numbers": "up to {at} lie {here:%} of the values, in training {there:%}",
                "how.names": "'{at}' fills {here:%} of the cells, in training {there:%}",
                "how.rest": "names that were rare or unseen in training fill {here:%} of the cells, then {there:%}",
                "how.missing": "{here:%} of the cells are missing, in training {there:%}",
                "fact": "{column} ({fact})",
                "plain": "'{column}'",
                "length": "length",
                "score": "how odd rows look",
                "language": "language",
                "learn": "Train again with such rows, once their answers are known, or find out why they differ.",
                "figure": "How far columns are from training",
                "index": "population stability index; from 0.1 moderate, from 0.25 large",
                "table": "What moved",
                "column": "column",
                "how": "where most",
                "there": "training",
                "here": "new rows",
                "p": "p",
                "pull": "share of the pull",
                "cross": "a model that has just been trained has no new rows to be held against; `assay audit` asks this of a new table, and 'data' asks whether late rows of the table are like early ones",
                "sealed": "the sealed rows were drawn from the same table at random, so they cannot have drifted; `assay audit` asks this of a new table",
                "nothing": "the file was written by a release that kept nothing of the training rows to compare with; with --training and the training table it is asked",
                "nothing_private": "under the privacy guarantee the file keeps nothing of its rows to compare with; whoever holds the training table can ask with --training, and what that says is not covered by the guarantee",
                "nothing_known": "needs the table that the model learnt from, as it was made elsewhere (--training DATA)",
                "few": "only {n} new {n:row|rows}; {least} are needed",
                "measure.drifted_columns": "comparisons that differ",
                "measure.psi": "population stability index",
                "measure.joint": "distance of the columns taken together",
                "measure.told_apart": "area under the curve of new rows against training",
                "measure.odd_rows": "rows farther out than usual",
                "measure.expected_loss": "loss that the model expects",
                "measure.pull": "pull of what drifted",
            },
            "zh": {
                "title": "漂移",
                "question": "新数据与模型学习过的数据相似吗？模型的表现会因此变差吗？",
                "quiet": "在 {asked} 项比较中，无论逐项还是合在一起看，这 {rows} 行新数据与训练数据都没有超出偶然的差异。",
                "few_moved": "{asked} 项比较中有 {n} 项与训练时不同，但差距不大；差距最大的是{column}（稳定性指数 {index}）：{how}。",
                "idle": "{asked} 项比较中有 {n} 项与训练时不同，差距最大的是{column}（稳定性指数 {index}）：{how}。发生漂移的部分几乎不影响答案（占拉动的 {pull:%}）。",
                "moved": "{asked} 项比较中有 {n} 项与训练时不同，差距最大的是{column}（稳定性指数 {index}）：{how}。",
                "carried": "发生漂移的部分占答案拉动的 {pull:%}：训练时测得的数字在这样的行上可能不再成立。",
                "no_pull": "此模型无法说明答案在多大程度上取决于发生漂移的部分。",
                "also": "{column}（稳定性指数 {index}）：{how}。",
                "parted": "“{one}”与“{other}”不再像训练时那样相关：现在的相关系数为 {here:+}，训练时为 {there:+}。",
                "together": "各列合在一起看与训练时不同，虽然单看任何一列都看不出来。",
                "together_too": "各列合在一起看也与训练时不同。",
                "told_apart": "一个小模型能够区分新数据与训练数据（曲线下面积 {auc}；0.5 表示完全不能）。",
                "not_apart": "一个同时看到两者的小模型无法区分新数据与训练数据（曲线下面积 {auc}）。",
                "target": "答案本身的构成与训练时不同（稳定性指数 {index}）：{how}。",
                "surprised": "答案给模型带来的损失高于其自身概率的预期：每行 {actual}，预期 {here}；训练时为 {was}，预期 {there}。同样的输入如今似乎对应不同的答案。",
                "harder": "按模型自身的概率，这里每行的预期损失为 {here}，训练时为 {there}：预计表现会变差，模型自己也知道这一点。",
                "no_harder": "按模型自身的概率，这里每行的预期损失为 {here}，训练时为 {there}：对模型来说这些行并不更难。",
                "kept": "实际损失为 {actual}，与预期相符。",
                "no_loss": "此模型不给出概率，因此无法说明它预期的损失；实际损失见“质量”。",
                "loss_left": "时间不足：未检查模型预期的损失。",
                "loss_left_live": "此处不说明模型在这样的行上预期的损失；POST /audit 可就这些行的表说明。",
                "odd": "{share:%} 的行整体上比训练数据中除 {usual:%} 以外的所有行都更偏离中心。",
                "limits": "仅凭输入无法判断同样的输入是否仍对应同样的答案；这需要标签，正如此处所做。",
                "limits_live": "仅凭输入无法判断同样的输入是否仍对应同样的答案；这需要标签，可以之后再给出。",
                "groups": "同一“{group}”的各行可能彼此相似，按一行计算。",
                "left": "时间不足：有 {left} 列未检查。",
                "how.numbers": "不超过 {at} 的值占 {here:%}，训练时占 {there:%}",
                "how.names": "“{at}”占单元格的 {here:%}，训练时占 {there:%}",
                "how.rest": "训练时少见或未见过的名称占单元格的 {here:%}，当时占 {there:%}",
                "how.missing": "{here:%} 的单元格缺失，训练时为 {there:%}",
                "fact": "{column}（{fact}）",
                "plain": "“{column}”",
                "length": "长度",
                "score": "各行的异常程度",
                "language": "语言",
                "learn": "待知道答案后用这样的行重新训练，或查明它们为何不同。",
                "figure": "各列与训练时相差多远",
                "index": "总体稳定性指数；0.1 起为中等，0.25 起为较大",
                "table": "发生变化之处",
                "column": "列",
                "how": "变化最大之处",
                "there": "训练时",
                "here": "新数据",
                "p": "p 值",
                "pull": "占拉动的比例",
                "cross": "刚训练好的模型没有可比较的新数据；`assay audit` 会用新表回答这个问题，“数据”检查则回答表中前后各行是否相似",
                "sealed": "封存的行是从同一张表中随机抽取的，因此不可能漂移；`assay audit` 会用新表回答这个问题",
                "nothing": "该文件由较早的版本写成，没有保留可供比较的训练数据概况；用 --training 给出训练表即可检查",
                "nothing_private": "在隐私保证之下，文件不保留可供比较的数据概况；持有训练表者可用 --training 检查，其结果不受该保证保护",
                "nothing_known": "模型在别处制作，需要它学习所用的表（--training DATA）",
                "few": "只有 {n} 行新数据；至少需要 {least} 行",
                "measure.drifted_columns": "有差异的比较项数",
                "measure.psi": "总体稳定性指数",
                "measure.joint": "各列合在一起的距离",
                "measure.told_apart": "区分新数据与训练数据的曲线下面积",
                "measure.odd_rows": "比通常更偏离的行",
                "measure.expected_loss": "模型预期的损失",
                "measure.pull": "漂移部分的拉动",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Which columns drifted, the farthest first, and what that means for the model."""
        profile = self._profile(evidence)
        counts = held.counting(evidence)
        found = held.columns(evidence, profile, counts)
        pulls = held.pulls(evidence) if found.kept else {}
        whole = held.together(evidence, profile, counts)
        lost = held.loss(evidence, profile, counts)
        group = evidence.plan.splits.group if counts != (1.0, 1.0) else ""
        stand = Standing(evidence.plan, evidence.n, profile, found, pulls, whole, lost, _odd(evidence, profile), group)
        return self.judged(stand)

    def judged(self, stand: Standing, live: bool = False) -> Finding:
        """What figures of new rows against training come to; `live` where their answers are not known."""
        told = Told()
        self._columns(stand, told)
        self._together(stand.whole, bool(stand.found.kept), told)
        self._expected(stand.lost, bool(stand.found.kept or told.look), stand.profile, told, live)
        if stand.odd is not None and stand.odd >= ODD and stand.odd > binomial_band(USUAL, stand.n)[1]:
            told.notes.append(self._say("odd", share=stand.odd, usual=USUAL))
        if stand.found.left:
            told.notes.append(self._say("left", left=stand.found.left))
        if stand.group:
            told.notes.append(self._say("groups", group=stand.group))
        told.notes.append(self._say("limits_live" if live else "limits"))
        said = [*told.look, *told.small]
        verdict: Verdict = "watch" if told.look else "info" if said else "pass"
        first = said.pop(0) if said else self._say("quiet", asked=len(stand.found.asked), rows=stand.n)
        return Finding(
            check="drift",
            verdict=verdict,
            say=first,
            measures=tuple(self._measures(stand)),
            figures=tuple(self._figures(stand)),
            notes=(*said, *told.notes),
            advice=(Advice(say=self._say("learn")),) if told.look else (),
        )

    def _profile(self, evidence: Evidence) -> Profile:
        """What is kept of the training rows. Raises DoesNotApply where the rows are no new ones, or too few."""
        if evidence.rows == "cross-fitted":
            raise DoesNotApply("no new rows", say=self._say("cross"))
        if evidence.rows == "sealed" and not evidence.plan.splits.time:
            raise DoesNotApply("rows of the same table", say=self._say("sealed"))
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        if isinstance(evidence.profile, Profile):
            return evidence.profile
        if evidence.training is None:
            why = "_known" if evidence.elsewhere else "_private" if evidence.plan.privacy else ""
            raise DoesNotApply("nothing kept", say=self._say(f"nothing{why}"))
        return Profile.of(evidence.training, evidence.model.parts)

    # ----------------------------------------------------------------------------------------------------- judging

    def _columns(self, stand: Standing, told: Told) -> None:
        found, pulls = stand.found, stand.pulls
        if found.target is not None:
            said = self._say("target", index=found.target.index, how=self._how(found.target, stand))
            (told.look if found.target.index >= SOME else told.small).append(said)
        if not found.kept:
            return
        large = [one for one in found.kept if one.index >= SOME]
        first = found.kept[0]
        values: dict[str, object] = {"n": len(found.kept), "asked": len(found.asked), **self._moved(first, stand)}
        pull = _pull(large, pulls)
        if not large:
            told.small.insert(0, self._say("few_moved", **values))
        elif pull is not None and pull < CARRIED:
            told.small.insert(0, self._say("idle", **values, pull=pull))
        else:
            told.look.insert(0, self._say("moved", **values))
            if not any(one.fact == held.SCORE for one in large):  # scores are the answers themselves
                told.notes.append(self._say("no_pull") if pull is None else self._say("carried", pull=pull))
        for one in found.kept[1:TOLD]:
            told.notes.append(self._say("also", **self._moved(one, stand)))

    def _together(self, whole: held.Together | None, columns: bool, told: Told) -> None:
        if whole is None:
            return
        if whole.parted:
            said = self._say("parted", one=whole.one, other=whole.other, here=whole.here, there=whole.there)
            (told.look if abs(whole.here - whole.there) >= LARGE_PAIR else told.small).append(said)
        elif whole.moved and columns:
            told.notes.append(self._say("together_too"))
        elif whole.moved:
            (told.look if whole.size >= LARGE_WHOLE else told.small).append(self._say("together"))
        if whole.apart is None:
            return
        said = self._say("told_apart" if whole.told else "not_apart", auc=whole.apart.auc)
        if columns or not whole.told:
            told.notes.append(said)
        else:
            (told.look if whole.apart.auc >= APART else told.small).append(said)

    def _expected(self, lost: held.Loss | None, moved: bool, profile: Profile, told: Told, live: bool) -> None:
        """What the loss that is expected and the loss that came tell."""
        if lost is None or profile.expected is None:
            if moved:
                left = "loss_left_live" if live else "loss_left"
                told.notes.append(self._say("no_loss" if profile.expected is None else left))
            return
        said = {"here": lost.here, "there": lost.there, "actual": lost.actual}
        if lost.surprised:
            much = (lost.actual or 0.0) - lost.here >= RISE * lost.here
            (told.look if much else told.small).append(self._say("surprised", **said, was=profile.expected.actual))
        if moved:
            harder = lost.low > lost.there and lost.here >= (1 + RISE) * lost.there
            told.notes.append(self._say("harder" if harder else "no_harder", here=lost.here, there=lost.there))
            if not lost.surprised and lost.actual is not None:
                told.notes.append(self._say("kept", actual=lost.actual))

    # ------------------------------------------------------------------------------------------------------ saying

    def _called(self, one: Moved, stand: Standing) -> Say:
        """A column as it is said, or what is measured of it."""
        if not one.fact:
            return self._say("plain", column=one.name)
        if one.fact == held.SCORE:
            return self._say("score")
        if one.fact in (LENGTH, LANGUAGE):
            return self._say("fact", column=one.name, fact=self._say(one.fact))
        about = modality_of(stand.plan.column(one.name).kind).about
        known = f"fact.{one.fact}" in about.words["en"]
        fact = about.say("modalities", f"fact.{one.fact}") if known else one.fact
        return self._say("fact", column=one.name, fact=fact)

    def _how(self, one: Moved, stand: Standing) -> Say:
        """Where a column moved most."""
        at = one.at
        kind = "" if one.fact else stand.plan.column(one.name).kind
        if isinstance(at, float) and kind.partition(":")[0] == "date":
            at = plain_day(at, kind)
        return self._say(f"how.{one.how}", at=at, here=one.here, there=one.there)

    def _moved(self, one: Moved, stand: Standing) -> dict[str, object]:
        """A column, how far it moved, and where most, to be put in a sentence."""
        return {"column": self._called(one, stand), "index": one.index, "how": self._how(one, stand)}

    def _measures(self, stand: Standing) -> list[Measure]:
        found, pulls, whole, lost, odd = stand.found, stand.pulls, stand.whole, stand.lost, stand.odd
        told = [Measure(name="drifted_columns", value=float(len(found.kept)), better="lower")]
        for one in (found.kept or found.asked)[:TOLD]:
            name = f"psi: {self._called(one, stand).text() if one.fact else one.name}"
            told.append(Measure(name=name, value=one.index, low=one.low, high=one.high, n=one.n, better="lower"))
        pull = _pull(list(found.kept), pulls)
        if pull is not None and found.kept:
            told.append(Measure(name="pull", value=pull, n=min(stand.n, held.PULLED), unit="share"))
        if whole is not None:
            told.append(Measure(name="joint", value=whole.size, n=whole.n, better="lower"))
        if whole is not None and whole.apart is not None:
            one_ = whole.apart
            told.append(
                Measure(name="told_apart", value=one_.auc, low=one_.low, high=one_.high, n=one_.n, better="lower")
            )
        if odd is not None:
            low, high = wilson(odd * stand.n, stand.n)
            told.append(
                Measure(name="odd_rows", value=odd, low=low, high=high, n=stand.n, unit="share", better="lower")
            )
        if lost is not None:
            said = {"low": lost.low, "high": lost.high, "n": lost.n}
            told.append(Measure(name="expected_loss", value=lost.here, **said, better="lower"))  # type: ignore[arg-type]
        return told

    def _figures(self, stand: Standing) -> list[Figure]:
        found, pulls = stand.found, stand.pulls
        bars = found.asked[:SHOWN]
        if not bars:
            return []
        data = {
            "labels": [self._called(one, stand) if one.fact else one.name for one in bars],
            "values": [one.index for one in bars],
            "low": [one.low for one in bars],
            "high": [one.high for one in bars],
            "reference": SOME if max(one.high for one in bars) < MUCH else MUCH,
        }
        drawn = [Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("index"))]
        if not found.kept:
            return drawn
        heads = [self._say(key) for key in ("column", "how", "there", "here", "p", "pull")]
        rows = [
            [
                self._called(one, stand) if one.fact else one.name,
                self._how(one, stand),
                one.there,
                one.here,
                one.p,
                pulls.get(one.name, 0.0) if pulls else "–",
            ]
            for one in found.kept[:60]
        ]
        return [*drawn, Figure(kind="table", title=self._say("table"), data={"columns": heads, "rows": rows})]

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _odd(evidence: Evidence, profile: Profile) -> float | None:
    """Share of rows that are as a whole farther out than usual."""
    if profile.whole is None or any(name not in evidence.data for name in profile.names):
        return None
    return float(profile.odd(evidence.data).mean())


def _pull(kept: list[Moved], pulls: Mapping[str, float]) -> float | None:
    """Share of the pull of some columns together; None where it is not known."""
    return sum(pulls.get(name, 0.0) for name in {one.name for one in kept}) if pulls else None
