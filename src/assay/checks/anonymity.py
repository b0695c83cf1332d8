"""Can a person be singled out by what others know of them?

Age, sex, postcode, job and the like are known to neighbours and employers; a row that nobody else shares them with is found by whoever
knows them (k-anonymity; Sweeney 2002). Such columns are told by their names, in English, German and Chinese, or by being marked as
sensitive. It is asked of the table that was learnt from, whose rows a model may give away (see the check of membership), not of the file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say

LEAST_ROWS = 50
K = 5  # rows that share a combination, from which on it is called common
MANY = 0.01  # share of rows singled out from which a person should look
MOST_COLUMNS = 12
NAMES = re.compile(
    r"(?:^|[\W_])(?:age|alter|birth(?:day|date|year)?|dob|geburt\w*|sex|gender|geschlecht|zip(?:code)?|post(?:al|leitzahl|code)?|plz|city|town|"
    r"village|county|state|region|province|district|country|nationality|citizenship|native[\W_]?country|race|ethnic\w*|religion|language|"
    r"marital(?:[\W_]?status)?|familienstand|education|degree|occupation|job|profession|beruf|employer|school|height|weight|"
    r"foreign[\W_]?worker|personal[\W_]?status\w*)(?:$|[\W_\d])|"
    r"年龄|生日|出生|性别|邮编|邮政编码|城市|省份|地区|区县|街道|民族|国籍|籍贯|宗教|婚姻|学历|教育程度|职业|工作单位|学校|身高|体重",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Anonymity:
    """Who can be singled out?"""

    about: ClassVar[About] = About(
        key="anonymity",
        order=91,
        words={
            "en": {
                "title": "Anonymity",
                "question": "Can a person be singled out in the training data by what others know of them?",
                "alone": "{alone:%} of rows are the only one with their {columns}; {few:%} share them with fewer than {least} others.",
                "common": "Every row shares its {columns} with at least {k} others.",
                "some": "No more than {alone:%} of rows are the only one with their {columns}; {few:%} share them with fewer than {least} others.",
                "none": "no column is known by its name to be one that others know of a person; mark such columns with --sensitive",
                "few": "only {n} {n:row|rows}; {least} are needed",
                "means": "Whoever knows these of a person finds their row, and with it everything else that the table says of them. A model file holds no rows, but where it gives members away, this is what they are known by.",
                "drop": "Without '{column}' {alone:%} of rows would be alone.",
                "coarser": "Bands of years and the first digits of postcodes single out fewer rows than exact ones.",
                "figure": "Rows that nobody shares, by the columns that are known",
                "share": "share of rows",
                "only": "{column}",
                "and": "+ {column}",
                "measure.alone": "rows that are the only one of their combination",
                "measure.few": "rows that share theirs with few others",
                "measure.k": "rows of the smallest combination (k)",
            },
            "zh": {
                "title": "匿名性",
                "question": "能否凭他人所知的信息在训练数据中认出某个人？",
                "alone": "{alone:%} 的行其 {columns} 的组合独一无二；{few:%} 的行只与不到 {least} 个其他行相同。",
                "common": "每一行的 {columns} 都至少与另外 {k} 行相同。",
                "some": "只有 {alone:%} 的行其 {columns} 的组合独一无二；{few:%} 的行只与不到 {least} 个其他行相同。",
                "none": "没有哪一列的名称表明是他人所知的个人情况；可用 --sensitive 标明",
                "few": "只有 {n} 行；至少需要 {least} 行",
                "means": "知道某人这些情况的人能找到其所在的行，从而得知表中关于此人的一切。模型文件不含任何行，但若它泄露了成员身份，人们正是凭这些情况认出他们。",
                "drop": "去掉“{column}”后，{alone:%} 的行独一无二。",
                "coarser": "年龄段和邮编的前几位比精确值更难认出个人。",
                "figure": "已知若干列时独一无二的行",
                "share": "占行数的比例",
                "only": "{column}",
                "and": "＋{column}",
                "measure.alone": "组合独一无二的行",
                "measure.few": "与少数其他行相同的行",
                "measure.k": "最小组合的行数（k）",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """How many rows share what is known of them, and which column tells most."""
        columns = _known(evidence)
        if not columns:
            raise DoesNotApply("nothing known", say=self._say("none"))
        n = len(columns[0])
        if n < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=n, least=LEAST_ROWS))
        codes = [_codes(column) for column in columns]
        shared = _shared(codes)
        alone, few, k = float((shared == 1).mean()), float((shared <= K).mean()), int(shared.min())
        names = [column.name for column in columns]
        said = {"columns": names, "alone": alone, "few": few, "least": K}
        if alone >= MANY:
            say = self._say("alone", **said)
        else:
            say = self._say("common", columns=names, k=k - 1) if k > K else self._say("some", **said)
        order = _order(codes)
        return Finding(
            check="anonymity",
            verdict="watch" if alone >= MANY else "pass" if k > K else "info",
            say=say,
            measures=(
                Measure(name="alone", value=alone, n=n, unit="share", better="lower"),
                Measure(name="few", value=few, n=n, unit="share", better="lower"),
                Measure(name="k", value=float(k), n=n, better="higher"),
            ),
            figures=(self._figure(names, codes, order),),
            notes=(self._say("means"),),
            advice=self._advice(names, codes) if alone >= MANY else (),
        )

    def _figure(self, names: Sequence[str], codes: Sequence[Ints], order: Sequence[int]) -> Figure:
        labels = [self._say("and" if place else "only", column=names[j]) for place, j in enumerate(order)]
        alone = [float((_shared([codes[j] for j in order[: place + 1]]) == 1).mean()) for place in range(len(order))]
        data = {"labels": labels, "values": alone}
        return Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("share"))

    def _advice(self, names: Sequence[str], codes: Sequence[Ints]) -> tuple[Advice, ...]:
        """The column without which fewest rows are alone; nothing where one column is all there is."""
        coarser = Advice(say=self._say("coarser"))
        if len(codes) < 2:
            return (coarser,)
        without = [float((_shared([*codes[:j], *codes[j + 1 :]]) == 1).mean()) for j in range(len(codes))]
        best = int(np.argmin(without))
        say = self._say("drop", column=names[best], alone=without[best])
        return (Advice(say=say, option=f"--drop {shlex.quote(names[best])}"), coarser)

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _known(evidence: Evidence) -> list[Column]:
    """The columns that others know of a person, in order: sensitive ones, and those whose names say so."""
    plan = [c for c in evidence.plan.columns if c.role in ("feature", "sensitive") and c.name in evidence.raw]
    told = [c.name for c in plan if c.role == "sensitive" or NAMES.search(c.name)]
    return [evidence.raw[name] for name in told[:MOST_COLUMNS]]


def _codes(column: Column) -> Ints:
    """A number for each cell that is the same where the cells are: [n]; missing ones are alike."""
    if column.store == "words":
        return np.where(column.missing, -1, column.cells).astype(np.int64)
    code = np.unique(column.cells, return_inverse=True)[1]
    return np.where(column.missing, -1, code).astype(np.int64)


def _shared(codes: Sequence[Ints]) -> Ints:
    """How many rows bear the combination of each row, itself among them: [n]."""
    code = np.zeros(len(codes[0]), dtype=np.int64)
    for one in codes:  # joined pair by pair, so that numbers stay small
        code = np.unique(code * (int(one.max()) + 2) + one + 1, return_inverse=True)[1]
    return np.bincount(code)[code]


def _order(codes: Sequence[Ints]) -> list[int]:
    """The columns, each next one that which leaves most rows alone."""
    left, order = list(range(len(codes))), list[int]()
    while left:
        alone = [int((_shared([codes[i] for i in [*order, j]]) == 1).sum()) for j in left]
        order.append(left.pop(int(np.argmax(alone))))
    return order
