"""What is promised to the people in the table, by whom, and what is not?

The words of a differential-privacy guarantee, for people who must answer for it. Nothing is measured: the figures are those of the
accountant, kept in the plan. It is put only to models that were trained with one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say

PARTS = ("who", "against", "how", "figures", "counts", "group", "again", "schema", "outside", "noise", "audit", "price")
# Private learners whose means have words of their own; the first is that of old files.
MEANS = ("additive", "linear", "perceptron", "encoder", "finetune")


@dataclass(frozen=True)
class Guarantee:
    """What is promised to the people in the table?"""

    about: ClassVar[About] = About(
        key="guarantee",
        order=5,
        of_private=True,
        words={
            "en": {
                "title": "Privacy guarantee",
                "question": "What is promised to the people whose rows were learnt from?",
                "none": "the model was trained without a privacy guarantee",
                "said": "The model is (ε, δ)-differentially private with ε = {epsilon} and δ = {delta}: whatever it and this report say would have been said with nearly the same probability without any one row of the table, at most {factor} times as likely or as unlikely, but for a probability of δ.",
                "who": "Who is protected: whoever one row of the table is about, whether that row was there or not, with all its cells, the answer included.",
                "against": "Against what: conclusions about that row from the file, the answers and this report as they left training, drawn by anyone, whatever else they know (all other rows included) and however long they compute.",
                "how": "By what means: of the rows, only sums with Gaussian noise were released: {means}; all settings were fixed beforehand, nothing was tuned, chosen, stopped early or calibrated on the rows. The total was computed by {accountant}.",
                "means.additive": "how many bear each answer, how many lie in each cell of {columns} {columns:column|columns}, and {rounds} rounds of residuals",
                "means.finetune": "how many bear each answer, and {rounds} sums of slopes (DP-SGD; slopes of single rows by Opacus) of a head and of low-rank differences (LoRA) of a pretrained network, each over rows that were drawn by lot, every row by itself with probability {rate:%} a step, and the slope of every drawn row cut to a length of {reach}; the total counts that sampling; what the network learnt from before is outside the promise",
                "means.other": "those of the private learner {learner}, which this release does not know",
                "means.linear": "how many bear each answer, once the products of all pairs of columns, and {rounds} sums of slopes (gradient perturbation); each sum is over all rows, none was sampled, and every row was drawn in to a length of {reach} beforehand",
                "means.perceptron": "how many bear each answer, and {rounds} sums of slopes (DP-SGD; slopes of single rows by Opacus), each over rows that were drawn by lot, every row by itself with probability {rate:%} a step, and the slope of every drawn row cut to a length of {reach}; the total counts that sampling",
                "means.encoder": "how many bear each answer, and {rounds} sums of slopes (gradient perturbation) over the points that a pretrained encoder makes of the texts; each sum is over all rows, none was sampled, and every row was drawn in to a length of {reach}; the encoder learnt nothing from these rows, and what it learnt from before is outside the promise",
                "figures": "The figures of quality, and the sets and intervals, come from noisy counts of rows that were held out by lot (each with probability {held:%}) and never learnt from; since a row is in one part alone, they are under the same ε and δ.",
                "counts": "The number of rows that the report tells is itself a noisy count.",
                "group": "One person with several rows is protected less: with k rows, ε is k times as large, and δ grows more than that.",
                "again": "The promise is for this one training. What else is published of the same rows, another training included, adds its own ε and δ.",
                "schema": "Ranges and levels were declared by whoever trained, and the promise stands only if they were not looked up in these rows.",
                "outside": "Not protected: the name of the table, its columns and how it was read (its format is told by looking at it), the schema, the settings, ε and δ, the date, and how long training took. Nor is what holds of people in general, which such a model is made to learn, and which can be applied to people who were never in the table.",
                "noise": "The noise was seeded by the operating system, and the seed was not kept. Attacks on the last bits of floating-point noise (Mironov 2012), or on the generator that draws it (PCG64, which is no cipher), are outside the promise.",
                "audit": "A later audit, a drift summary or a prediction speaks of the rows it is given; the promise does not cover those.",
                "price": "What privacy costs is not told here: the figure of the same learner without noise would break the promise. assay train --price shows it once, on the screen of whoever trains.",
                "measure.epsilon": "ε, the bound on the loss of privacy",
                "measure.delta": "δ, the probability left outside that bound",
            },
            "zh": {
                "title": "隐私保证",
                "question": "对其数据行被用于学习的人作出了什么承诺？",
                "none": "该模型训练时没有隐私保证",
                "said": "该模型满足 (ε, δ)-差分隐私，ε = {epsilon}，δ = {delta}：若表中少了任意一行，模型和本报告所给出的任何内容出现的概率几乎不变，至多相差 {factor} 倍，例外的概率不超过 δ。",
                "who": "保护对象：表中任意一行所涉及的人，包括该行是否在表中，以及其全部单元格（含答案）。",
                "against": "防范内容：任何人从训练所得的文件、回答和本报告推断该行的信息，无论其还知道什么（包括其余所有行），也无论其计算多久。",
                "how": "方法：对数据行只公布了加有高斯噪声的总和：{means}；全部设置事先固定，没有任何内容根据数据行来调整、选择、提前停止或校准。总消耗由 {accountant} 计算。",
                "means.additive": "各答案的行数、{columns} 列各单元的行数，以及 {rounds} 轮残差",
                "means.finetune": "各答案的行数，以及预训练网络的输出层与低秩差（LoRA）的 {rounds} 次斜率总和（DP-SGD，单行斜率由 Opacus 计算），每次只涉及随机抽取的行（每步每行各自以 {rate:%} 的概率被抽取），且每个被抽取的行的斜率被截断到长度 {reach}；总消耗已计入该抽样；网络此前所学的内容不在承诺之内",
                "means.other": "隐私学习器 {learner} 的总和，而本版本不认识它",
                "means.linear": "各答案的行数、一次所有列两两乘积之和，以及 {rounds} 次斜率总和（梯度扰动）；每次总和涉及全部行，未作抽样，且每行事先被缩到长度 {reach} 以内",
                "means.perceptron": "各答案的行数，以及 {rounds} 次斜率总和（DP-SGD，单行斜率由 Opacus 计算），每次只涉及随机抽取的行（每步每行各自以 {rate:%} 的概率被抽取），且每个被抽取的行的斜率被截断到长度 {reach}；总消耗已计入该抽样",
                "means.encoder": "各答案的行数，以及在预训练编码器给出的文本向量上的 {rounds} 次斜率总和（梯度扰动）；每次总和涉及全部行，未作抽样，且每行被缩到长度 {reach} 以内；编码器没有从这些行学习，它此前所学的内容不在承诺之内",
                "figures": "质量指标以及集合和区间来自随机留出（每行概率为 {held:%}）且从未用于学习的行的加噪计数；由于每行只属于其中一部分，它们处于同一 ε 和 δ 之下。",
                "counts": "报告所述的行数本身也是加噪的计数。",
                "group": "一人占有多行时保护较弱：若有 k 行，ε 为 k 倍，δ 增大得更多。",
                "again": "该承诺仅针对这一次训练。对相同的行公布的其他内容（包括再次训练）会各自增加 ε 和 δ。",
                "schema": "取值范围和类别由训练者声明；只有当它们不是从这些行中查得时，承诺才成立。",
                "outside": "不受保护的内容：表的名称、列名及读取方式（格式由查看文件得知）、声明的结构、设置、ε 和 δ、日期以及训练用时。对人群普遍成立的规律也不受保护：模型正是要学习它们，它们也可用于从未在表中的人。",
                "noise": "噪声由操作系统的随机数播种，种子未被保存。针对浮点噪声末位的攻击（Mironov 2012），或针对噪声生成器（PCG64，并非密码算法）的攻击，不在承诺之内。",
                "audit": "此后的审计、漂移摘要或预测涉及的是所给的行，不在承诺之内。",
                "price": "隐私的代价不在此说明：同一学习器不加噪声时的指标会破坏承诺。assay train --price 只在训练者的屏幕上显示一次。",
                "measure.epsilon": "ε，隐私损失的上界",
                "measure.delta": "δ，超出该上界的概率",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The words for what the plan keeps of the promise."""
        if not evidence.plan.privacy:
            raise DoesNotApply("no guarantee", say=self._say("none"))
        return self.told(evidence.plan.privacy)

    def told(self, kept: Mapping[str, Any]) -> Finding:
        """The words for "epsilon", "delta", "columns", "rounds", "held" (share of rows) and "accountant"; also "learner", and its "reach" and "rate"."""
        epsilon, delta = float(kept["epsilon"]), float(kept["delta"])
        values: dict[str, object] = {name: kept[name] for name in ("columns", "rounds", "held", "accountant")}
        of_means = {**values, **{name: kept[name] for name in ("reach", "rate") if name in kept}}
        learner = str(kept.get("learner", MEANS[0]))
        values["means"] = self._say(f"means.{learner if learner in MEANS else 'other'}", learner=learner, **of_means)
        shown = f"{delta:.2g}"
        return Finding(
            check="guarantee",
            verdict="info",
            say=self._say("said", epsilon=epsilon, delta=shown, factor=math.exp(min(epsilon, 700.0))),
            measures=(
                Measure(name="epsilon", value=epsilon, better="lower"),
                Measure(name="delta", value=delta, better="lower"),
            ),
            notes=tuple(self._say(part, **values) for part in PARTS),
        )

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)
