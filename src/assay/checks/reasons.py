"""Which parts does the model go by, and are the reasons it gives true of it?

A reason is the pull of a part on the score of a row. Four things are asked of reasons: that they add up to the score
to the last digit; that replacing the parts named strongest for a row (by the cells of another row) moves its answer
more than replacing as many others drawn at random, as deletion tests ask (Samek et al. 2017); that they are others where
the pipeline is fitted to shuffled answers (Adebayo et al. 2018); and that no single part decides alone. What a part is worth is also
measured from outside, by the loss when its column is shuffled (Breiman 2001), which knows nothing of the reasons given. Words of texts
and places of pictures are put to deletion tests of their own.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.data import Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.language.personal import starred
from assay.pictures.places import regions
from assay.stats.bootstrap import interval
from assay.stats.clusters import bootstrap_means
from assay.stats.order import ranks

from ._blocks import blocks
from ._deleted import Deleted, deletion
from ._pulled import LEAST_ROWS, Sample, sample_of
from ._texts import read_as_text
from ._unlearnt import Unlike, unlike
from ._where import LEAST as LEAST_PICTURES
from ._where import Covered, Likeness, Placed, chosen, covered, likeness, limited, placed, sheet, shows
from ._wording import Taken, Worded, taken_out, worded
from ._worth import Shuffled, shuffling

LEVEL = 0.95
ALARM = 0.01  # of models whose reasons are true, at most this share fails the deletion test
SHARE, SECONDS = 0.5, (8.0, 20.0)  # of the time that is left, within these bounds: the other checks have questions too
ENOUGH_ROWS = 400  # before a part is said to bring nothing
ADDS_UP = 1e-6  # relative
ALONE = 0.9  # share of all pull held by one part
SHUFFLED, SHOWN, MEASURED = 10, 20, 5
OF_WORDS, TEXTS, LETTERS = 60, 6, 2_000  # rows whose words are asked for, texts shown, and letters of each
OF_PICTURES = 60  # rows in whose pictures places are hidden
SAME = 0.7  # rank correlation with what comes of shuffled weights, or answers, from which on reasons show no model


@dataclass(frozen=True)
class Reasons:
    """Which parts does the model go by, and are its reasons true?"""

    about: ClassVar[About] = About(
        key="reasons",
        order=40,
        words={
            "en": {
                "title": "Reasons",
                "question": "Which parts does the model go by, and are the reasons it gives true?",
                "true": "The model goes most by {names}. Its reasons add up and hold: replacing the {k:part|{k} parts} named strongest moves an answer by {named}, {k:another one|as many others} by {others}.",
                "plain": "The model goes most by {names}. Its reasons add up to its scores.",
                "alone": "The model goes by '{part}' almost alone: it holds {share:%} of all pull.",
                "untrue": "The reasons do not hold: replacing the {k:part|{k} parts} named strongest moves an answer by {named}, {k:another one|as many others} by {others}, which may be chance (p = {p}).",
                "off": "The reasons do not add up to the scores: they are off by up to {off:%}.",
                "idle": "No part moves the answer: the model gives every row the same.",
                "look_alone": "See whether '{part}' is known at the time the question is asked, and train once without it.",
                "shuffle": "Shuffling '{part}' raises the loss the most, by {rise} ({low} to {high}).",
                "useless": "Shuffling does not raise the loss measurably for: {names}.",
                "sample": "Pulls were measured on {m} of {n} rows.",
                "no_time": "The time was up before every question was put.",
                "cannot": "not asked: this model gives no reasons",
                "few": "only {n} {n:row was|rows were} measured; {least} are needed",
                "late": "the time was up",
                "global": "Pull of each part on the score, on average",
                "worth": "Rise of the loss when a part is shuffled",
                "directions": "Which way each part pulls",
                "log_odds": "mean pull on the log-odds",
                "logits": "mean pull on the log-probabilities",
                "value": "mean pull on the answer",
                "loss": "rise of the mean loss",
                "part": "part",
                "share": "share",
                "way": "as it rises",
                "up": "pulls up",
                "down": "pulls down",
                "mixed": "up and down",
                "true_words": "The model goes most by {names}. Its reasons add up and hold: taking out the words named strongest moves an answer by {named}, as many others by {others}.",
                "untrue_words": "The words named as reasons do not hold: taking out the strongest moves an answer by {named}, as many others by {others}, which may be chance (p = {p}).",
                "true_places": "The model goes most by {names}. Its reasons add up and hold: hiding the places of a picture named strongest lowers the score of its answer by {named}, as many elsewhere by {others}.",
                "untrue_places": "The places of pictures named as reasons do not hold: hiding the strongest lowers the score of the answer by {named}, as many elsewhere by {others}, which may be chance (p = {p}).",
                "covered": "Hiding the fifth of a picture that pulls most towards its answer lowers the score by {gain} more ({low} to {high}) than hiding as much elsewhere: {named} against {others}, in {n} pictures.",
                "uncovered": "Whether hiding places moves the answer was asked of {n} {n:picture|pictures} only; {least} are needed.",
                "mapped": "Maps tell of the {share:%} of the blend that looks at pixels. The rest reads plain numbers of the whole picture, which hiding leaves as they are.",
                "true_all": "The model goes most by {names}. Its reasons add up and hold: replacing the {k:part|{k} parts} named strongest moves an answer by {named}, {k:another one|as many others} by {others}; hiding the strongest places of a picture lowers its score by {places}, as many elsewhere by {elsewhere}.",
                "maps.right": "Where the surest right answers come from: blue speaks for the answer, orange against it",
                "maps.wrong": "Where the surest wrong answers come from: blue speaks for the answer, orange against it",
                "maps.least": "Where the answers of least loss come from: blue pulls up, orange down",
                "maps.most": "Where the answers of greatest loss come from: blue pulls up, orange down",
                "picture": "{part}, row {n}: given '{given}', answered '{answer}' ({p:%}), most from the {place}",
                "picture_value": "{part}, row {n}: given {given}, answered {answer}, moved most from the {place}",
                "measure.moved_by_places": "fall of the score when the strongest places are hidden",
                "measure.moved_by_other_places": "fall of the score when as many elsewhere are hidden",
                "measure.gain_of_places": "difference of the two falls",
                "measure.p_value_places": "p-value of the places",
                "measure.raised_by_places": "rise of the score when the strongest places alone are seen",
                "measure.raised_by_other_places": "rise of the score when as many elsewhere are seen alone",
                "measure.p_value_places_alone": "p-value of the places seen alone",
                "measure.likeness_when_shuffled": "likeness of maps to those of shuffled weights",
                "idle_places": "The maps of pictures show the picture rather than the model: where the weights that were learnt are shuffled they stay much the same (rank correlation {rho}; {low} to {high}).",
                "unlearnt": "Fitted {refits} times to shuffled answers, the same pipeline gives other reasons: how hard {sort} pull has a rank correlation of {rho} ({low} to {high}) with what it was, in {n} rows that neither had seen (Adebayo et al. 2018; 1 would be the same reasons).",
                "data_alone": "The reasons show the data rather than what was learnt: fitted to shuffled answers, the same pipeline gives much the same (rank correlation of how hard {sort} pull {rho}; {low} to {high}).",
                "sort.parts": "parts",
                "sort.words": "words",
                "in_part": "Of the blend {share:%} was refitted for this; the rest takes too long or cannot be.",
                "unfitted": "A member could not be fitted to shuffled answers: {error}",
                "measure.likeness_when_unlearnt": "likeness of reasons to those of shuffled answers",
                "revealed": "Seen alone, those places raise the score by {named} above that of a picture of nothing, as many elsewhere by {others}.",
                "revealed_chance": "Seen alone, those places raise the score by {named} above that of a picture of nothing, as many elsewhere by {others}, which may be chance (p = {p}).",
                "likeness": "With the weights of the models shuffled, maps come out otherwise: how hard places pull has a rank correlation of {rho} ({low} to {high}) with what it was, in {n} pictures (Adebayo et al. 2018; 1 would be the same map).",
                "told": "Words that speak most for each class",
                "class": "class",
                "words": "words",
                "texts": "Words and their pull: the surest answers, then the worst; blue speaks for the answer, orange against it",
                "text": "{part}: given '{given}', answered '{answer}' ({p:%})",
                "text_value": "{part}: given {given}, answered {answer}",
                "measure.moved_by_words": "answer moved by taking out the strongest words",
                "measure.moved_by_other_words": "answer moved by taking out as many others",
                "measure.p_value_words": "p-value of the words",
                "measure.moved_by_named": "answer moved by replacing the strongest parts",
                "measure.moved_by_others": "answer moved by replacing as many others",
                "measure.p_value": "p-value",
                "measure.strongest_share": "share of the strongest part",
                "measure.pull": "mean pull",
                "measure.adds_up_within": "largest distance of the sum from the score",
            },
            "zh": {
                "title": "理由",
                "question": "模型依据哪些部分作答？它给出的理由是否属实？",
                "true": "模型主要依据 {names}。各项理由之和等于得分且经得起检验：替换最强的 {k} 个部分使回答变动 {named}，替换同样多的其他部分变动 {others}。",
                "plain": "模型主要依据 {names}。各项理由之和等于得分。",
                "alone": "模型几乎只依据“{part}”：它占全部影响的 {share:%}。",
                "untrue": "理由经不起检验：替换最强的 {k} 个部分使回答变动 {named}，替换同样多的其他部分变动 {others}，差异可能只是偶然（p = {p}）。",
                "off": "各项理由之和与得分不符：相差最多 {off:%}。",
                "idle": "没有任何部分影响回答：模型对每一行给出相同的回答。",
                "look_alone": "请确认提问时是否已知“{part}”，并尝试去掉它训练一次。",
                "shuffle": "打乱“{part}”使损失上升最多：{rise}（{low} 至 {high}）。",
                "useless": "打乱以下部分不会使损失有可测的上升：{names}。",
                "sample": "影响大小在 {n} 行中的 {m} 行上测量。",
                "no_time": "尚未提完全部问题，时间已到。",
                "cannot": "未检查：该模型不给出理由",
                "few": "只测量了 {n} 行；至少需要 {least} 行",
                "late": "时间已到",
                "global": "各部分对得分的平均影响",
                "worth": "打乱某一部分时损失的上升",
                "directions": "各部分的影响方向",
                "log_odds": "对对数几率的平均影响",
                "logits": "对对数概率的平均影响",
                "value": "对回答的平均影响",
                "loss": "平均损失的上升",
                "part": "部分",
                "share": "占比",
                "way": "取值升高时",
                "up": "推高",
                "down": "拉低",
                "mixed": "有高有低",
                "true_words": "模型主要依据 {names}。各项理由之和等于得分且经得起检验：删去所指最强的词使回答变动 {named}，删去同样多的其他词变动 {others}。",
                "untrue_words": "所指的词经不起检验：删去最强的词使回答变动 {named}，删去同样多的其他词变动 {others}，差异可能只是偶然（p = {p}）。",
                "true_places": "模型主要依据 {names}。各项理由之和等于得分且经得起检验：遮住图片中所指最强的位置使回答的得分下降 {named}，遮住别处同样多的位置下降 {others}。",
                "untrue_places": "所指的图片位置经不起检验：遮住最强的位置使回答的得分下降 {named}，遮住别处同样多的位置下降 {others}，差异可能只是偶然（p = {p}）。",
                "covered": "遮住图片中最支持其回答的五分之一，得分比遮住别处同样大小多下降 {gain}（{low} 至 {high}）：{named} 对 {others}，在 {n} 张图片上测得。",
                "uncovered": "遮住位置是否影响回答只在 {n} 张图片上问过；至少需要 {least} 张。",
                "mapped": "位置图说明混合模型中观看像素的部分（权重占 {share:%}）。其余部分读取整张图片的普通数字，遮住像素不会改变它们。",
                "true_all": "模型主要依据 {names}。各项理由之和等于得分且经得起检验：替换最强的 {k} 个部分使回答变动 {named}，替换同样多的其他部分变动 {others}；遮住图片中最强的位置使得分下降 {places}，遮住别处同样多的位置下降 {elsewhere}。",
                "maps.right": "最有把握的正确回答来自何处：蓝色支持该回答，橙色反对",
                "maps.wrong": "最有把握的错误回答来自何处：蓝色支持该回答，橙色反对",
                "maps.least": "损失最小的回答来自何处：蓝色推高，橙色拉低",
                "maps.most": "损失最大的回答来自何处：蓝色推高，橙色拉低",
                "picture": "{part}，第 {n} 行：给定“{given}”，回答“{answer}”（{p:%}），主要来自{place}",
                "picture_value": "{part}，第 {n} 行：给定 {given}，回答 {answer}，影响主要来自{place}",
                "measure.moved_by_places": "遮住最强位置时得分的下降",
                "measure.moved_by_other_places": "遮住别处同样多位置时得分的下降",
                "measure.gain_of_places": "两者下降之差",
                "measure.p_value_places": "位置的 p 值",
                "measure.raised_by_places": "只看最强位置时得分的上升",
                "measure.raised_by_other_places": "只看别处同样多位置时得分的上升",
                "measure.p_value_places_alone": "只看这些位置时的 p 值",
                "measure.likeness_when_shuffled": "与打乱权重后的图的相似度",
                "idle_places": "图片上的位置图反映的是图片本身而非模型：打乱学到的权重后，图几乎不变（秩相关 {rho}；{low} 至 {high}）。",
                "unlearnt": "同样的流程在打乱的答案上重新训练 {refits} 次，给出的理由随之改变：{sort}影响强度与原来的秩相关为 {rho}（{low} 至 {high}），在两者都未见过的 {n} 行上测得（Adebayo 等，2018；1 表示理由完全相同）。",
                "data_alone": "理由反映的是数据而非所学：同样的流程在打乱的答案上训练后，理由几乎不变（{sort}影响强度的秩相关 {rho}；{low} 至 {high}）。",
                "sort.parts": "各部分",
                "sort.words": "词语",
                "in_part": "为此只重新训练了混合模型的 {share:%}；其余部分耗时过长或无法训练。",
                "unfitted": "有一个成员无法在打乱的答案上训练：{error}",
                "measure.likeness_when_unlearnt": "与打乱答案后的理由的相似度",
                "revealed": "只露出这些位置时，得分比空白图片上升 {named}，只露出别处同样多的位置时上升 {others}。",
                "revealed_chance": "只露出这些位置时，得分比空白图片上升 {named}，只露出别处同样多的位置时上升 {others}，差异可能只是偶然（p = {p}）。",
                "likeness": "打乱模型权重后，位置图随之改变：各位置影响强度与原来的秩相关为 {rho}（{low} 至 {high}），在 {n} 张图片上测得（Adebayo 等，2018；1 表示图完全相同）。",
                "told": "最支持各类别的词",
                "class": "类别",
                "words": "词",
                "texts": "词语及其影响：先是最有把握的回答，再是最差的；蓝色支持该回答，橙色反对",
                "text": "{part}：给定“{given}”，回答“{answer}”（{p:%}）",
                "text_value": "{part}：给定 {given}，回答 {answer}",
                "measure.moved_by_words": "删去最强的词时回答的变动",
                "measure.moved_by_other_words": "删去同样多的其他词时回答的变动",
                "measure.p_value_words": "词语的 p 值",
                "measure.moved_by_named": "替换最强部分时回答的变动",
                "measure.moved_by_others": "替换同样多其他部分时回答的变动",
                "measure.p_value": "p 值",
                "measure.strongest_share": "最强部分的占比",
                "measure.pull": "平均影响",
                "measure.adds_up_within": "理由之和与得分的最大相差",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Pulls, the deletion test, and what shuffling costs, as far as the clock allows."""
        if evidence.n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.n, least=LEAST_ROWS))
        seconds = min(max(SHARE * evidence.clock.remaining(), SECONDS[0]), SECONDS[1])
        evidence = replace(evidence, clock=evidence.clock.slice(seconds))
        sample = sample_of(evidence, stream(evidence.seed, "reasons"))
        if sample is None:
            raise DoesNotApply("no time", say=self._say("late"))
        parts, size = evidence.model.parts, np.abs(sample.pulls).mean(axis=2)  # [m, parts]
        strength = size.mean(axis=0)
        order = np.argsort(-strength, kind="stable")
        total = float(strength.sum())
        if sample.off > ADDS_UP:
            say = self._say("off", off=sample.off)
            return Finding(check="reasons", verdict="fail", say=say, measures=(sample.measure(),))
        if total == 0.0:
            return Finding(check="reasons", verdict="info", say=self._say("idle"), measures=(sample.measure(),))
        deleted = deletion(evidence, sample, size) if len(parts) > 1 else None
        shown, tested = self._places(evidence, sample)
        under = covered(limited(evidence, 0.5), sample.data, tested, sample.folds)
        alike = likeness(limited(evidence, 0.3), sample.data, tested, sample.folds)
        noise = unlike(limited(evidence, 0.3))
        shuffled = shuffling(evidence, [int(j) for j in order[:SHUFFLED] if strength[j] > 0])
        words = self._words(evidence, sample)
        out = taken_out(evidence, sample.data, words, sample.folds)
        share = float(strength[order[0]]) / total
        verdict, say, advice = self._judged(parts, order, share, deleted, out, under, alike, noise)
        grouped = blocks(evidence, sample.data, parts)
        draws = bootstrap_means(size, grouped, stream(evidence.seed, "reasons", "draws"))
        return Finding(
            check="reasons",
            verdict=verdict,
            say=say,
            measures=(
                *self._measures(sample, parts, order, strength, draws, deleted),
                *(() if out is None else out.measures()),
                *(() if under is None else under.measures()),
                *(() if alike is None else alike.measures()),
                *(() if noise is None else noise.measures()),
            ),
            figures=(
                *self._figures(evidence, sample, order, strength, draws, shuffled),
                *self._told(evidence),
                *self._texts(evidence, sample, words),
                *self._maps(evidence, sample, shown),
            ),
            notes=(
                *self._of_maps(tested, under, alike),
                *self._unlike(noise),
                *self._notes(evidence, sample, shuffled, deleted),
            ),
            advice=advice,
        )

    def _judged(
        self,
        parts: Sequence[str],
        order: Ints,
        share: float,
        deleted: Deleted | None,
        out: Taken | None,
        under: Covered | None,
        alike: Likeness | None,
        noise: Unlike | None,
    ) -> tuple[Verdict, Say, tuple[Advice, ...]]:
        names = [parts[j] for j in order[:3]]
        said = {} if deleted is None else {"k": deleted.parts, "named": deleted.named, "others": deleted.others}
        if deleted is not None and deleted.p_value > ALARM:
            return "watch", self._say("untrue", **said, p=deleted.p_value), ()
        if out is not None and out.p_value > ALARM:
            return "watch", self._say("untrue_words", named=out.named, others=out.others, p=out.p_value), ()
        if under is not None and under.p_value > ALARM:
            said = {"named": under.named, "others": under.others, "p": under.p_value}
            return "watch", self._say("untrue_places", **said), ()
        if alike is not None and alike.low > SAME:
            return "watch", self._say("idle_places", rho=alike.mean, low=alike.low, high=alike.high), ()
        if noise is not None and noise.low > SAME:
            return "watch", self._say("data_alone", **self._of_noise(noise)), ()
        if share > ALONE and len(parts) > 2:
            advice = Advice(say=self._say("look_alone", part=names[0]), option=f"--drop {shlex.quote(names[0])}")
            return "watch", self._say("alone", part=names[0], share=share), (advice,)
        if deleted is None and out is not None:
            return "pass", self._say("true_words", names=names, named=out.named, others=out.others), ()
        if deleted is None and under is not None:
            return "pass", self._say("true_places", names=names, named=under.named, others=under.others), ()
        if deleted is None:
            return "info", self._say("plain", names=names), ()
        if under is not None:
            said |= {"places": under.named, "elsewhere": under.others}
        return "pass", self._say("true" if under is None else "true_all", names=names, **said), ()

    def _measures(
        self,
        sample: Sample,
        parts: Sequence[str],
        order: Ints,
        strength: Floats,
        draws: Floats,
        deleted: Deleted | None,
    ) -> tuple[Measure, ...]:
        m, out = len(sample.rows), [sample.measure()]
        if deleted is not None:
            out.append(Measure(name="moved_by_named", value=deleted.named, n=m))
            out.append(Measure(name="moved_by_others", value=deleted.others, n=m))
            out.append(Measure(name="p_value", value=deleted.p_value, n=m))
        top = float(strength[order[0]]) / float(strength.sum())
        out.append(Measure(name="strongest_share", value=top, n=m, unit="share"))
        for j in order[:MEASURED]:
            low, high = interval(draws[:, j], LEVEL)
            out.append(
                Measure(name=f"pull: {parts[j]}", value=float(strength[j]), low=low, high=high, level=LEVEL, n=m)
            )
        return tuple(out)

    def _notes(
        self, evidence: Evidence, sample: Sample, shuffled: list[Shuffled], deleted: Deleted | None
    ) -> list[Say]:
        out = []
        if shuffled:
            most = max(shuffled, key=lambda s: s.rise)
            out.append(self._say("shuffle", part=most.part, rise=most.rise, low=most.low, high=most.high))
            idle = [s.part for s in shuffled if s.low <= 0]
            if idle and evidence.n >= ENOUGH_ROWS:
                out.append(self._say("useless", names=idle))
        if len(sample.rows) < evidence.n:
            out.append(self._say("sample", m=len(sample.rows), n=evidence.n))
        if not shuffled or (deleted is None and len(evidence.model.parts) > 1):
            out.append(self._say("no_time"))
        return out

    def _figures(
        self,
        evidence: Evidence,
        sample: Sample,
        order: Ints,
        strength: Floats,
        draws: Floats,
        shuffled: list[Shuffled],
    ) -> list[Figure]:
        parts, shown = evidence.model.parts, order[:SHOWN]
        width = sample.scores.shape[1]
        unit = self._say("logits" if width > 1 else "log_odds" if evidence.codec.labels else "value")
        ranges = [interval(draws[:, j], LEVEL) for j in shown]
        data = {
            "labels": [parts[j] for j in shown],
            "values": strength[shown],
            "low": [r[0] for r in ranges],
            "high": [r[1] for r in ranges],
        }
        out = [Figure(kind="bars", title=self._say("global"), data=data, x=unit)]
        if shuffled:
            kept = sorted(shuffled, key=lambda s: -s.rise)
            worth = {
                "labels": [s.part for s in kept],
                "values": [s.rise for s in kept],
                "low": [s.low for s in kept],
                "high": [s.high for s in kept],
            }
            out.append(Figure(kind="bars", title=self._say("worth"), data=worth, x=self._say("loss")))
        if width == 1:
            heads = [self._say(key) for key in ("part", "share", "way")]
            total = float(strength.sum())
            rows = [[parts[j], f"{100 * strength[j] / total:.1f} %", self._way(sample, parts[j], j)] for j in shown]
            out.append(Figure(kind="table", title=self._say("directions"), data={"columns": heads, "rows": rows}))
        return out

    def _words(self, evidence: Evidence, sample: Sample) -> list[Worded]:
        """The words of some of the sampled rows; of none where no part is read as text."""
        if not any(read_as_text(sample.data[part]) for part in evidence.model.parts):
            return []
        rows = np.arange(len(sample.rows))[:OF_WORDS]
        limited = replace(evidence, clock=evidence.clock.slice(0.5 * evidence.clock.remaining()))
        return worded(limited, sample.data, rows, sample.folds, sample.scores)

    def _texts(self, evidence: Evidence, sample: Sample, words: list[Worded]) -> list[Figure]:
        """A few texts with their words coloured: those whose answer is surest, and those that were answered wrongly."""
        if not words:
            return []
        losses = evidence.task.losses(sample.scores, evidence.y[sample.rows])
        order = sorted(words, key=lambda one: float(losses[one.row]))
        half = TEXTS // 2
        shown = [*order[:half], *order[max(half, len(order) - half) :]]
        texts = [self._text(evidence, sample, one) for one in shown]
        return [Figure(kind="texts", title=self._say("texts"), data={"texts": texts}, rows=True)]

    def _places(self, evidence: Evidence, sample: Sample) -> tuple[dict[str, list[Placed]], list[Placed]]:
        """Maps of the pictures to be shown, by what they show, and of those that are put to the test, which nothing chose."""
        if not any(shows(sample.data[part]) for part in evidence.model.parts):
            return {}, []
        some = limited(evidence, 0.5)
        rows = chosen(evidence, sample.scores, evidence.y[sample.rows])
        shown = {key: placed(some, sample.data, few, sample.folds, sample.scores) for key, few in rows.items()}
        if not any(shown.values()):
            return {}, []
        drawn = range(min(OF_PICTURES, len(sample.rows)))
        return shown, placed(some, sample.data, drawn, sample.folds, sample.scores)

    def _maps(self, evidence: Evidence, sample: Sample, shown: dict[str, list[Placed]]) -> list[Figure]:
        """A few pictures with what their places pull laid over them."""
        drawn = {
            key: sheet(sample.data, maps, lambda one: self._picture(evidence, sample, one))
            for key, maps in shown.items()
        }
        return [
            Figure(kind="pictures", title=self._say(f"maps.{key}"), data={"pictures": found}, rows=True)
            for key, found in drawn.items()
            if found
        ]

    def _picture(self, evidence: Evidence, sample: Sample, one: Placed) -> Say:
        told = regions(one.pulls)
        place = max(told, key=lambda named: named[1] if evidence.codec.labels else abs(named[1]))[0]
        said = {"n": int(sample.rows[one.row]) + 1, "place": place, "part": one.reasons.part}
        return self._answered("picture", evidence, sample, one.row, **said)

    def _of_maps(self, tested: list[Placed], under: Covered | None, alike: Likeness | None) -> list[Say]:
        if not tested:
            return []
        out = [self._say("uncovered", n=len(tested), least=LEAST_PICTURES)]
        if under is not None:
            said = {"named": under.named, "others": under.others, "gain": under.gain, "n": under.n}
            out = [self._say("covered", **said, low=under.low, high=under.high)]
            said = {"named": under.alone, "others": under.others_alone, "p": under.p_alone}
            out.append(self._say("revealed" if under.p_alone <= ALARM else "revealed_chance", **said))
        if alike is not None:
            out.append(self._say("likeness", rho=alike.mean, low=alike.low, high=alike.high, n=alike.n))
        share = min(one.reasons.share for one in tested)
        return [*out, self._say("mapped", share=share)] if share < 1.0 else out

    def _unlike(self, noise: Unlike | None) -> list[Say]:
        if noise is None:
            return []
        out = [self._say("unlearnt", **self._of_noise(noise), refits=noise.refits, n=noise.rows)]
        out += [self._say("in_part", share=noise.share)] if noise.share < 0.995 else []
        return [*out, self._say("unfitted", error=noise.error)] if noise.error else out

    def _of_noise(self, noise: Unlike) -> dict[str, object]:
        sort = self._say("sort.words" if noise.words else "sort.parts")
        return {"sort": sort, "rho": noise.mean, "low": noise.low, "high": noise.high}

    def _told(self, evidence: Evidence) -> list[Figure]:
        """The words that speak most for each class, where a candidate tells them."""
        labels = evidence.codec.labels
        for contender in evidence.contenders:
            words = contender.detail.get("words", ())
            if labels and len(words) == len(labels) and any(words):
                rows = [[label, starred(", ".join(told))] for label, told in zip(labels, words, strict=True)]
                heads = [self._say("class"), self._say("words")]
                return [Figure(kind="table", title=self._say("told"), data={"columns": heads, "rows": rows})]
        return []

    def _text(self, evidence: Evidence, sample: Sample, one: Worded) -> dict[str, object]:
        said = self._answered("text", evidence, sample, one.row, part=one.reasons.part)
        found = {"starts": one.reasons.starts, "stops": one.reasons.stops, "pulls": one.pulls}
        return {"title": said, "text": starred(one.reasons.text[:LETTERS]), **found}

    def _answered(self, key: str, evidence: Evidence, sample: Sample, row: int, **values: object) -> Say:
        """What was given of a row of the sample, and what was answered: the sentence `key`, or `key`_value."""
        answer, y = evidence.task.answers(sample.scores[row : row + 1])[0], evidence.y[sample.rows[row]]
        labels = evidence.codec.labels
        if not labels:
            return self._say(f"{key}_value", given=float(y), answer=float(answer[0]), **values)
        top = int(evidence.codec.weighed(answer).argmax())
        given = labels[int(y)] if np.ndim(y) == 0 else "|".join(labels[k] for k in np.flatnonzero(y == 1))
        return self._say(key, given=given, answer=labels[top], p=float(answer[top]), **values)

    def _way(self, sample: Sample, part: str, j: int) -> Say | str:
        """Whether the pull rises with the value: Spearman's (1904) rank correlation, told from ±0.3."""
        column = sample.data[part]
        if column.store == "words":
            return ""
        known = ~column.missing
        cells, pull = column.cells[known], sample.pulls[known, j, 0]
        if known.sum() < 10 or len(np.unique(cells)) < 2 or np.ptp(pull) == 0:
            return ""
        found = float(np.corrcoef(ranks(cells), ranks(pull))[0, 1])
        return self._say("up" if found > 0.3 else "down" if found < -0.3 else "mixed")

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)
