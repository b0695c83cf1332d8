"""Can one tell who was in the training data?

Models that learnt from different rows are asked about the same rows, and three attacks guess who was in which: the plain loss attack
(Yeom et al. 2018), LiRA (Carlini et al. 2022) and RMIA (Zarifzadeh et al. 2024). The naive one says "safe" where the others do not,
so it is RMIA that is told. With refits on coin flips the guesses also bear a lower bound on ε (Steinke, Nasr & Jagielski 2023); places in
folds are no coins, and bear none. A person should look where, at the low ends of the intervals, 55 of 100 pairs are told apart, or five
of a thousand members are named at one false accusation in a thousand. On models that know nothing of their rows neither is reached in
one table of a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Bools, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence, Pool
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.privacy import bounds, exposure, games
from assay.privacy.attacks import ATTACKS, PROBABLE, confidences
from assay.privacy.exposure import Rate

# Of intervals: all attacks look at the same rows, and each has its share of the doubt.
LEVEL = 1.0 - 0.05 / len(ATTACKS)
CLEAR = 0.55  # of pairs told apart, at the low end
NAMED = 0.005  # of members, at the low end, with one false accusation in a thousand
BEFORE = {"rmia": "", "lira": "lira_", "loss": "loss_"}  # the names of an attack's measures
NAMES = {before: key for key, before in BEFORE.items()}
TRAINING = ("cross-fitted", "sealed", "test")  # rows that a model is measured on when it is trained
LEAST_REFITS = 3  # one to choose on, two to measure
RARE, RARER = 0.01, 0.001  # shares of others that are accused falsely


@dataclass(frozen=True)
class Membership:
    """Can one tell who was in the training data?"""

    about: ClassVar[About] = About(
        key="membership",
        order=75,
        words={
            "en": {
                "title": "Membership",
                "question": "Can one tell from the model's answers who was in the training data?",
                "told": "It can be told who was in the training data: of a member and a stranger the attack {attack} picks the member in {auc:%} of cases ({low:%} to {high:%}; a coin would in 50 %). Allowed one false accusation in a thousand, it names {named:%} of the members.",
                "little": "Members are told from strangers a little better than by a coin: the attack {attack} picks the member in {auc:%} of pairs ({low:%} to {high:%}) and, allowed one false accusation in a thousand, names {named:%} of the members.",
                "safe": "None of the attacks tells members from strangers: {attack} picks the member in {auc:%} of pairs ({low:%} to {high:%}), as a coin would.",
                "told_delivered": "Of the delivered model it can be told who was in its training data: of a member and a stranger the attack RMIA picks the member in {auc:%} of cases ({low:%} to {high:%}; a coin would in 50 %). Allowed one false accusation in a thousand, it names {named:%} of the members.",
                "means": "What that means: whoever holds a person's row, answer included, and may ask the model for probabilities can find out that the person is in the training data with the certainty above. Where being in it is itself confidential (patients of a clinic, debtors of a bank), treat the model and its answers as personal data.",
                "naive": "The plain loss attack alone comes to {loss:%}: without reference models this would have looked safe.",
                "by_folds": "Attacked were the {k} fold models, each of which learnt from all rows but those of its own fold, with the others as references, on {n} {n:row|rows}.",
                "by_coins": "Attacked were {k} refits of the whole pipeline (encoders, members, blend and calibration as they stand), each learnt from a random half of the {n} {n:row|rows}, with the others as references.",
                "groups": "Rows that belong together (groups, copies) were in or out together and count as one: {n} in all.",
                "epsilon": "A model from this pipeline is at best ε-differentially private with ε at least {epsilon} (95 %): {right} of {guesses} guesses about fair coins were right.",
                "no_epsilon": "The guesses ({right} of {guesses} right) prove no ε above 0. That is no proof of privacy: a stronger attack may.",
                "epsilon_not": "Not measured: a lower bound on ε. It needs fair coins, and places in folds are none.",
                "delivered": "The delivered model itself, on {seen} rows that it learnt from and {unseen} that nothing learnt from: RMIA picks the member in {auc:%} of pairs ({low:%} to {high:%}), the loss attack in {loss:%}.",
                "delivered_not": "Not measured: the delivered model itself, since no row is kept from it.",
                "delivered_time": "Not measured: the delivered model itself. The rows kept from it are later ones, whose age would tell them.",
                "short": "{asked} refits were asked for, but {done} were done{why}; at least {least} are needed. The fold models were attacked instead.",
                "fewer": "{done} of {asked} refits were done{why}.",
                "why": " ({error})",
                "in_time": " in time",
                "values": "For values a model is taken to be the surer of the given answer the smaller its error.",
                "simpler": "A simpler model learns fewer rows by heart.",
                "more": "Have it measured on refits of the whole pipeline, which also bound ε.",
                "seal": "Set rows aside, so that the delivered model itself can be measured.",
                "off": "it was not asked for (--membership none)",
                "audit": "a saved model holds no training rows, so that it is not known whether any of these are among them; the question is answered when a model is trained, or in part where its rows are given (--training DATA)",
                "audited": "Of a row that the model learnt from and one of the new ones the plain loss attack picks the former in {auc:%} of cases ({low:%} to {high:%}), on {n} of each.",
                "audited_other": "Where the new rows are of another sort than those learnt from, the difference may be theirs rather than what the model knows by heart.",
                "audited_sealed": "Some rows of the training table ({n}) were sealed and never learnt from; they stand among the members here, which makes the figure smaller than it is.",
                "audited_not": "Not measured: RMIA, LiRA and a bound on ε, which need models that learnt from other rows. The plain attack often says safe where they do not; train with --membership standard.",
                "measure.delivered_loss_auc": "pairs told apart in the delivered model (loss attack)",
                "measure.delivered_loss_tpr_1": "members named at 1 % false accusations in the delivered model (loss attack)",
                "measure.delivered_loss_tpr_01": "members named at 0.1 % false accusations in the delivered model (loss attack)",
                "time": "the fold models learnt from earlier rows only, so that a row's age tells whether it was in; refits can be measured: --membership standard",
                "folds": "the model has {k} fold {k:model|models}; {least} are needed without refits (--membership standard)",
                "few": "only {n} {n:row|rows} can be told apart; {least} are needed",
                "figure": "Members named against strangers accused falsely, in powers of ten (−3: one in a thousand)",
                "accused": "strangers accused falsely (power of ten)",
                "found": "members named (power of ten)",
                "coin": "a coin",
                "attack.rmia": "RMIA",
                "attack.lira": "LiRA",
                "attack.loss": "loss attack",
                "measure.auc": "pairs told apart (RMIA)",
                "measure.tpr_1": "members named at 1 % false accusations (RMIA)",
                "measure.tpr_01": "members named at 0.1 % false accusations (RMIA)",
                "measure.lira_auc": "pairs told apart (LiRA)",
                "measure.lira_tpr_1": "members named at 1 % false accusations (LiRA)",
                "measure.lira_tpr_01": "members named at 0.1 % false accusations (LiRA)",
                "measure.loss_auc": "pairs told apart (loss attack)",
                "measure.loss_tpr_1": "members named at 1 % false accusations (loss attack)",
                "measure.loss_tpr_01": "members named at 0.1 % false accusations (loss attack)",
                "measure.epsilon": "lower bound on ε",
                "measure.delivered_auc": "pairs told apart in the delivered model (RMIA)",
                "measure.delivered_tpr_1": "members named at 1 % false accusations in the delivered model (RMIA)",
                "measure.delivered_tpr_01": "members named at 0.1 % false accusations in the delivered model (RMIA)",
            },
            "zh": {
                "title": "成员推断",
                "question": "能否从模型的回答看出谁在训练数据之中？",
                "told": "可以看出谁在训练数据之中：给出一个成员与一个非成员，{attack} 攻击在 {auc:%} 的情况下选中成员（{low:%} 至 {high:%}；抛硬币为 50 %）。若允许千分之一的误指，它能指认 {named:%} 的成员。",
                "little": "区分成员与非成员仅略好于抛硬币：{attack} 攻击在 {auc:%} 的配对中选中成员（{low:%} 至 {high:%}）；若允许千分之一的误指，能指认 {named:%} 的成员。",
                "safe": "没有攻击能区分成员与非成员：{attack} 在 {auc:%} 的配对中选中成员（{low:%} 至 {high:%}），与抛硬币无异。",
                "told_delivered": "从所交付的模型可以看出谁在其训练数据之中：给出一个成员与一个非成员，RMIA 攻击在 {auc:%} 的情况下选中成员（{low:%} 至 {high:%}；抛硬币为 50 %）。若允许千分之一的误指，它能指认 {named:%} 的成员。",
                "means": "这意味着：凡掌握某人的一行数据（含答案）并能向模型询问概率者，能以上述把握得知此人在训练数据之中。若“在其中”本身就属机密（诊所的病人、银行的债务人），请把模型及其回答当作个人数据处理。",
                "naive": "仅用简单的损失攻击只得 {loss:%}：没有参考模型时，这会显得是安全的。",
                "by_folds": "受攻击的是 {k} 个折模型，每个都学习了除本折以外的所有行，其余折模型作为参考；共 {n} 行。",
                "by_coins": "受攻击的是整个流程（编码器、成员模型，组合权重与校准保持不变）的 {k} 次重新拟合，每次学习 {n} 行中随机的一半，其余各次作为参考。",
                "groups": "属于一起的行（同组或副本）同进同出，按一个计：共 {n} 个。",
                "epsilon": "由此流程得到的模型，其差分隐私的 ε 至少为 {epsilon}（95 %）：对公平硬币的 {guesses} 次猜测中有 {right} 次正确。",
                "no_epsilon": "这些猜测（{guesses} 次中 {right} 次正确）不能证明 ε 大于 0。这并不证明隐私得到保护：更强的攻击或许能做到。",
                "epsilon_not": "未测量：ε 的下界。它需要公平的硬币，而折的位置并非如此。",
                "delivered": "所交付的模型本身，在它学习过的 {seen} 行与任何模型都未学习过的 {unseen} 行上：RMIA 在 {auc:%} 的配对中选中成员（{low:%} 至 {high:%}），损失攻击为 {loss:%}。",
                "delivered_not": "未测量：所交付的模型本身，因为没有留出它未见过的行。",
                "delivered_time": "未测量：所交付的模型本身。留出的是时间上较晚的行，其先后就会暴露身份。",
                "short": "要求重新拟合 {asked} 次，但只完成了 {done} 次{why}；至少需要 {least} 次。改为攻击折模型。",
                "fewer": "{asked} 次重新拟合中完成了 {done} 次{why}。",
                "why": "（{error}）",
                "in_time": "（时间所限）",
                "values": "对于数值，误差越小，视为模型对给定答案越有把握。",
                "simpler": "较简单的模型记住的行较少。",
                "more": "请在整个流程的重新拟合上测量，这样也能给出 ε 的下界。",
                "seal": "请留出一些行，以便测量所交付的模型本身。",
                "off": "未要求（--membership none）",
                "audit": "保存的模型不含训练数据的行，因此无法知道这些行是否在其中；此问题在训练模型时回答，或在给出训练数据（--training DATA）时部分回答",
                "audited": "给出模型学习过的一行与新的一行，简单的损失攻击在 {auc:%} 的情况下选中前者（{low:%} 至 {high:%}），各 {n} 行。",
                "audited_other": "若新的行与学习过的行性质不同，差异可能来自数据本身，而非模型记住了什么。",
                "audited_sealed": "训练所用的表中有 {n} 行被封存，从未用于学习；此处它们算在成员之中，使数字偏小。",
                "audited_not": "未测量：RMIA、LiRA 与 ε 的下界，它们需要在其他行上学习的模型。简单的攻击常在它们不放行处显示安全；请用 --membership standard 训练。",
                "measure.delivered_loss_auc": "所交付模型中区分正确的配对（损失攻击）",
                "measure.delivered_loss_tpr_1": "所交付模型中误指 1 % 时指认的成员（损失攻击）",
                "measure.delivered_loss_tpr_01": "所交付模型中误指 0.1 % 时指认的成员（损失攻击）",
                "time": "折模型只学习较早的行，因此行的先后就会表明它是否在内；可用重新拟合测量：--membership standard",
                "folds": "模型只有 {k} 个折模型；不重新拟合时至少需要 {least} 个（--membership standard）",
                "few": "只有 {n} 行可供区分；至少需要 {least} 行",
                "figure": "指认的成员与误指的非成员，以 10 的幂表示（−3 为千分之一）",
                "accused": "误指的非成员（10 的幂）",
                "found": "指认的成员（10 的幂）",
                "coin": "抛硬币",
                "attack.rmia": "RMIA",
                "attack.lira": "LiRA",
                "attack.loss": "损失攻击",
                "measure.auc": "区分正确的配对（RMIA）",
                "measure.tpr_1": "误指 1 % 时指认的成员（RMIA）",
                "measure.tpr_01": "误指 0.1 % 时指认的成员（RMIA）",
                "measure.lira_auc": "区分正确的配对（LiRA）",
                "measure.lira_tpr_1": "误指 1 % 时指认的成员（LiRA）",
                "measure.lira_tpr_01": "误指 0.1 % 时指认的成员（LiRA）",
                "measure.loss_auc": "区分正确的配对（损失攻击）",
                "measure.loss_tpr_1": "误指 1 % 时指认的成员（损失攻击）",
                "measure.loss_tpr_01": "误指 0.1 % 时指认的成员（损失攻击）",
                "measure.epsilon": "ε 的下界",
                "measure.delivered_auc": "所交付模型中区分正确的配对（RMIA）",
                "measure.delivered_tpr_1": "所交付模型中误指 1 % 时指认的成员（RMIA）",
                "measure.delivered_tpr_01": "所交付模型中误指 0.1 % 时指认的成员（RMIA）",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The attacks on the pool, the bound where there were coins, and the delivered model where rows are unseen."""
        if evidence.pool is None:
            key = "off" if evidence.plan.membership == "none" and evidence.rows in TRAINING else "audit"
            raise DoesNotApply("no models of other rows", say=self._say(key))
        forward = bool(evidence.plan.splits.time)
        pool = evidence.pool(evidence.clock)
        n, rows = len(np.unique(pool.units[~pool.unseen])), int((~pool.unseen).sum())
        if reason := games.unplayable(pool, forward):
            least = games.LEAST_FOLDS if reason == "folds" else games.LEAST_ROWS
            raise DoesNotApply(reason, say=self._say(reason, n=n, k=len(pool.inside), least=least))
        if not len(pool.inside):
            return self._audited(pool, evidence)
        rng, probable = stream(evidence.seed, "membership"), evidence.task.about.gives[0] in PROBABLE
        judged = games.played(pool, probable, rng)
        measures = self._measures(judged)
        notes = [self._say("by_coins" if pool.coins else "by_folds", k=len(pool.inside), n=rows)]
        if n < rows:
            notes.append(self._say("groups", n=n))
        if not probable:
            notes.append(self._say("values"))
        notes += self._refits(pool)
        if pool.coins:
            measure, note = self._bound(judged)
            measures, notes = [*measures, measure], [*notes, note]
        else:
            notes.append(self._say("epsilon_not"))
        delivered, note = self._delivered(pool, evidence, rng)
        told = any(map(_tells, (*measures, *delivered)))
        return Finding(
            check="membership",
            verdict="watch" if told else "pass",
            say=self._answer(measures, delivered),
            measures=(*measures, *delivered),
            figures=(self._figure(judged),),
            notes=(*self._meaning(measures, told), *notes, note),
            advice=tuple(self._advice(evidence, pool, told, bool(delivered), forward)),
        )

    def _answer(self, measures: list[Measure], delivered: list[Measure]) -> Say:
        """The sentence, of the attack that tells most; of the delivered model where that alone tells."""
        found = {measure.name: measure for measure in (*measures, *delivered)}
        by_models = any(map(_tells, measures))
        if not by_models and any(map(_tells, delivered)):
            key, attack = "told_delivered", "delivered_"
        else:
            beyond = any(_low(m) > (m.constant or 0.0) for m in measures if m.constant is not None)
            key = "told" if by_models else "little" if beyond else "safe"
            attack = max(BEFORE.values(), key=lambda before: _low(found[f"{before}auc"]))
        auc, named = found[f"{attack}auc"], found[f"{attack}tpr_01"]
        said = {"auc": auc.value, "low": auc.low, "high": auc.high, "named": named.value}
        return self._say(key, attack=self._say(f"attack.{NAMES.get(attack, 'rmia')}"), **said)

    def _meaning(self, measures: list[Measure], told: bool) -> list[Say]:
        """What follows where members are told, and what the naive attack would have said."""
        if not told:
            return []
        found = {measure.name: measure for measure in measures}
        said = [self._say("means")]
        if not _tells(found["loss_auc"]) and not _tells(found["loss_tpr_01"]):
            said.append(self._say("naive", loss=found["loss_auc"].value))
        return said

    def _refits(self, pool: Pool) -> list[Say]:
        """How many refits were done, where not all were."""
        if pool.done == pool.asked:
            return []
        why = self._say("why", error=pool.error) if pool.error else self._say("in_time")
        said = {"asked": pool.asked, "done": pool.done, "why": why}
        return [self._say("fewer", **said) if pool.coins else self._say("short", **said, least=LEAST_REFITS)]

    def _measures(self, judged: games.Judged) -> list[Measure]:
        """Area and shares found, of each attack."""
        return [measure for key in ATTACKS for measure in _rates(BEFORE[key], *judged.flat(key))]

    def _bound(self, judged: games.Judged) -> tuple[Measure, Say]:
        found = bounds.bound(judged.scores, judged.member)
        said = {"epsilon": found.epsilon, "right": found.right, "guesses": found.guesses}
        key = "epsilon" if found.epsilon > 0 else "no_epsilon"
        return Measure(name="epsilon", value=found.epsilon, n=found.rows, better="lower"), self._say(key, **said)

    def _delivered(self, pool: Pool, evidence: Evidence, rng: np.random.Generator) -> tuple[list[Measure], Say]:
        """What ships, on rows it learnt from against rows that nothing learnt from."""
        if pool.shipped is None or not pool.unseen.any():
            return [], self._say("delivered_not")
        if evidence.plan.splits.time:
            return [], self._say("delivered_time")
        every = np.vstack([pool.losses, pool.shipped[None]])
        told = confidences(every, evidence.task.about.gives[0] in PROBABLE)
        judged, rows = games.of_delivered(told[-1], told[:-1], pool.inside, pool.unseen, pool.coins, rng)
        member = judged.member[0]
        if not member.any() or member.all():
            return [], self._say("delivered_not")
        units = pool.units[rows]
        measures = _rates("delivered_", judged.flat("rmia")[0], member, units)
        loss = exposure.auc(judged.flat("loss")[0], member, units)
        auc = measures[0]
        said = {"auc": auc.value, "low": auc.low, "high": auc.high, "loss": loss.value}
        return measures, self._say("delivered", seen=int(member.sum()), unseen=int((~member).sum()), **said)

    def _audited(self, pool: Pool, evidence: Evidence) -> Finding:
        """A saved model by itself: there are no references, so the plain loss attack is all there is."""
        assert pool.shipped is not None
        scores = confidences(pool.shipped[None], evidence.task.about.gives[0] in PROBABLE)[0]
        member = ~pool.unseen
        measures = tuple(_rates("delivered_loss_", scores, member, pool.units))
        auc, told = measures[0], any(map(_tells, measures))
        kept = evidence.plan.splits.sealed
        sealed = [self._say("audited_sealed", n=kept)] if kept else []
        said = {"auc": auc.value, "low": auc.low, "high": auc.high, "n": int(member.sum())}
        return Finding(
            check="membership",
            verdict="watch" if told else "info",
            say=self._say("audited", **said),
            measures=measures,
            notes=(self._say("audited_other"), *sealed, self._say("audited_not")),
        )

    def _figure(self, judged: games.Judged) -> Figure:
        series: list[dict[str, object]] = []
        least = 0.0
        for key in ATTACKS:
            accused, found = exposure.curve(*judged.flat(key)[:2])
            x, y = np.log10(accused), np.log10(found)
            least = min(least, float(x.min()))
            series.append({"name": self._say(f"attack.{key}"), "x": x, "y": y})
        series.append({"name": self._say("coin"), "x": [least, 0.0], "y": [least, 0.0], "dashed": True})
        data = {"series": series}
        return Figure(kind="lines", title=self._say("figure"), data=data, x=self._say("accused"), y=self._say("found"))

    def _advice(self, evidence: Evidence, pool: Pool, told: bool, delivered: bool, forward: bool) -> list[Advice]:
        if not told:
            return []
        found = [] if evidence.plan.readable else [Advice(say=self._say("simpler"), option="--readable")]
        if not pool.coins:
            found.append(Advice(say=self._say("more"), option="--membership standard"))
        if not delivered and not forward:
            found.append(Advice(say=self._say("seal"), option="--sealed 0.2"))
        return found

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _rates(before: str, scores: Floats, member: Bools, rows: Ints) -> list[Measure]:
    """Area and shares found at two shares of false accusations."""
    found = exposure.auc(scores, member, rows, LEVEL)
    return [
        _rate(f"{before}auc", found, 0.5),
        _rate(f"{before}tpr_1", exposure.found_at(scores, member, RARE, rows, LEVEL), RARE),
        _rate(f"{before}tpr_01", exposure.found_at(scores, member, RARER, rows, LEVEL), RARER),
    ]


def _rate(name: str, found: Rate, constant: float) -> Measure:
    return Measure(
        name=name,
        value=found.value,
        low=found.low,
        high=found.high,
        level=LEVEL,
        n=found.n,
        unit="share",
        constant=constant,
        better="lower",
    )


def _tells(measure: Measure) -> bool:
    """Whether a figure is clearly above what a coin gives."""
    least = {"auc": CLEAR, "tpr_01": NAMED}
    return any(measure.name.endswith(name) and _low(measure) >= value for name, value in least.items())


def _low(measure: Measure) -> float:
    return 0.0 if measure.low is None else measure.low
