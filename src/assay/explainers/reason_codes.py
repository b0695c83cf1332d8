"""Which few factors speak most against a row, beside those who just got the other answer?

US Regulation B asks a creditor for the principal reasons of a denial, and holds that more than four are of little use (12 CFR 1002.9(b)(2) and
official comment 9(b)(2)-1); the FCRA asks for the key factors of a score, four as well. By the method of comment 9(b)(2)-5 the reasons
are the factors on which the applicant falls furthest below the average of applicants at or slightly above the passing score. Points
are pulls on the log-odds. It knows nothing of why a factor counts, nor of what the law lets count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from assay.kernel.data import Floats, Ints
from assay.kernel.plugins import About
from assay.kernel.settings import Real, Whole, check_settings


@dataclass(frozen=True, kw_only=True)
class ReasonCodes:
    """The factors on which a row falls furthest below those who just passed."""

    about: ClassVar[About] = About(
        key="reason_codes",
        order=30,
        words={
            "en": {
                "title": "reason codes",
                "heading": "Row {row}: {answer}. Principal reasons why it is not '{label}':",
                "lower": "'{name}' is lower than for those who just got '{label}' ({now}; usual there: {usual})",
                "higher": "'{name}' is higher than for those who just got '{label}' ({now}; usual there: {usual})",
                "earlier": "'{name}' is earlier than for those who just got '{label}' ({now}; usual there: {usual})",
                "later": "'{name}' is later than for those who just got '{label}' ({now}; usual there: {usual})",
                "other": "'{name}' is '{now}': those who just got '{label}' stand better there on average, about as with '{usual}'",
                "alike": "'{name}' ({now}) is as usual for those who just got '{label}', but counts less beside the rest of the row",
                "not_given": "'{name}' is not given",
                "untold": "what '{name}' holds counts less than for those who just got '{label}'",
                "reference.training": "Held against {n} rows of training that got '{label}' by the narrowest margin, each judged by models that had not seen it.",
                "reference.rows": "Held against the {n} rows of {source} that get '{label}' by the narrowest margin.",
                "flips": "Put to the model: with {names} as usual there, it answers '{answer}' ('{label}' has {p:%} in place of {now:%}). With as many other columns drawn at random, the answer changes in {hits} of {draws} draws.",
                "flips_all": "Put to the model: with {names} as usual there, it answers '{answer}' ('{label}' has {p:%} in place of {now:%}).",
                "no_flip": "Put to the model: with {names} as usual there, it still answers '{answer}' ('{label}' has {p:%} in place of {now:%}): these reasons alone do not explain the answer. With as many other columns drawn at random, the answer changes in {hits} of {draws} draws.",
                "no_flip_all": "Put to the model: with {names} as usual there, it still answers '{answer}' ('{label}' has {p:%} in place of {now:%}): these reasons alone do not explain the answer.",
                "unput": "Not put to the model: of none of these columns is a usual cell known.",
                "sensitive": "Among them are columns marked as sensitive: {names}. Whether these may be reasons at all is a question of law.",
                "not_two.seen": "The model does not choose between two answers.",
                "not_two.expected": "Reason codes say why a row did not get one of two.",
                "not_two.do": "Leave --as reason-codes away to have what each part pulls.",
                "passed.seen": "Row {row} is answered '{label}'.",
                "passed.expected": "Reason codes say why a row is not answered so.",
                "passed.do": "Name a declined row with --row, or the answer that was denied with --class.",
                "no_reference.seen": "The model's file does not tell what is usual for rows that just got '{label}'.",
                "no_reference.expected": "Fewer than {least} rows of training got it, or the model reads texts or pictures, or an earlier release wrote the file.",
                "no_reference.do": "Give rows to hold against: --reference FILE",
                "few.seen": "Only {n} {n:row|rows} of {source} {n:gets|get} '{label}'.",
                "few.expected": "Averages of those who just got it need {least}.",
                "few.do": "Give more rows with --reference.",
                "no_reasons.seen": "On no factor does row {row} fall below those who just got '{label}'.",
                "no_reasons.expected": "It lies at the border itself.",
                "no_reasons.do": "See assay counterfactual for the smallest change that alters its answer.",
            },
            "zh": {
                "title": "拒绝理由",
                "heading": "第 {row} 行：{answer}。未能得到“{label}”的主要理由：",
                "lower": "“{name}”低于刚好得到“{label}”的行（现为 {now}；那些行通常为 {usual}）",
                "higher": "“{name}”高于刚好得到“{label}”的行（现为 {now}；那些行通常为 {usual}）",
                "earlier": "“{name}”早于刚好得到“{label}”的行（现为 {now}；那些行通常为 {usual}）",
                "later": "“{name}”晚于刚好得到“{label}”的行（现为 {now}；那些行通常为 {usual}）",
                "other": "“{name}”为“{now}”：刚好得到“{label}”的行在这一项上平均更有利，约相当于“{usual}”",
                "alike": "“{name}”（{now}）与刚好得到“{label}”的行通常取值相同，但与该行其他各列合在一起时分量较轻",
                "not_given": "未提供“{name}”",
                "untold": "“{name}”的内容不如刚好得到“{label}”的行有利",
                "reference.training": "对照对象：训练数据中以最小差距得到“{label}”的 {n} 行，均由未见过该行的模型判断。",
                "reference.rows": "对照对象：{source} 中以最小差距得到“{label}”的 {n} 行。",
                "flips": "已交给模型核对：把 {names} 改为那些行的通常取值后，模型回答“{answer}”（“{label}”的概率由 {now:%} 变为 {p:%}）。随机改动同样多的其他列，{draws} 次中有 {hits} 次改变回答。",
                "flips_all": "已交给模型核对：把 {names} 改为那些行的通常取值后，模型回答“{answer}”（“{label}”的概率由 {now:%} 变为 {p:%}）。",
                "no_flip": "已交给模型核对：把 {names} 改为那些行的通常取值后，模型仍回答“{answer}”（“{label}”的概率由 {now:%} 变为 {p:%}）：仅凭这些理由不足以解释该回答。随机改动同样多的其他列，{draws} 次中有 {hits} 次改变回答。",
                "no_flip_all": "已交给模型核对：把 {names} 改为那些行的通常取值后，模型仍回答“{answer}”（“{label}”的概率由 {now:%} 变为 {p:%}）：仅凭这些理由不足以解释该回答。",
                "unput": "未交给模型核对：这些列都没有已知的通常取值。",
                "sensitive": "其中有标为敏感的列：{names}。它们能否作为理由是法律问题。",
                "not_two.seen": "该模型不是在两种回答之间选择。",
                "not_two.expected": "拒绝理由说明某一行为何没有得到两种回答之一。",
                "not_two.do": "请去掉 --as reason-codes，查看各部分的影响。",
                "passed.seen": "第 {row} 行的回答就是“{label}”。",
                "passed.expected": "拒绝理由说明某一行为何没有得到该回答。",
                "passed.do": "请用 --row 指定被拒绝的行，或用 --class 指定未得到的回答。",
                "no_reference.seen": "模型文件没有说明刚好得到“{label}”的行通常如何。",
                "no_reference.expected": "训练数据中得到它的行不足 {least} 行，或模型读取文本或图片，或文件由早期版本写入。",
                "no_reference.do": "请给出用于对照的行：--reference 文件",
                "few.seen": "{source} 中只有 {n} 行得到“{label}”。",
                "few.expected": "求刚好得到它的行的平均需要 {least} 行。",
                "few.do": "请用 --reference 给出更多的行。",
                "no_reasons.seen": "第 {row} 行没有任何因素低于刚好得到“{label}”的行。",
                "no_reasons.expected": "它就在边界上。",
                "no_reasons.do": "使回答改变的最小改变见 assay counterfactual。",
            },
        },
    )
    most: Annotated[int, Whole(1, 4)] = 4  # reasons, at most: comment 9(b)(2)-1
    least: Annotated[float, Real(0.0, 1.0)] = (
        0.05  # share of all that a row falls short by, below which a factor is no principal reason
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def principal(self, pulls: Floats, usual: Floats) -> tuple[Ints, Floats]:
        """Places of the principal reasons, the strongest first, and by how much a row falls short on each part [parts].

        pulls : of each part of the row towards the answer that it did not get [parts]
        usual : mean of them over those who just got it

        >>> ReasonCodes(most=2).principal(np.asarray([0.1, -2.0, -0.5]), np.asarray([0.0, 0.5, 0.5]))[0].tolist()
        [1, 2]
        """
        short = usual - pulls
        together = float(np.maximum(short, 0.0).sum())
        order = np.argsort(-short, kind="stable")
        kept = [place for place in order.tolist() if short[place] > self.least * together]
        return np.asarray(kept[: self.most], dtype=np.int64), short
