"""Can a person be singled out by what others know of them?

Age, sex, postcode, job and the like are known to neighbours and employers; a row that nobody else shares them with is found by whoever
knows them (k-anonymity; Sweeney 2002). Such columns are told by their names, in English, German and Chinese, or by being marked as
sensitive. It is asked of the table that was learnt from, whose rows a model may give away (see the check of membership), not of the file.
Beside them: how often a match would be the right person (Skinner & Elliot 2002), what rows that several share give away all the same
(l-diversity; Machanavajjhala et al. 2007), and which other columns single out rows two or three at a time, whatever they are called.
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
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.stats.singling import diversity, joined, right_match, shared, telling
from assay.stats.tests import wilson

LEAST_ROWS = 50
K = 5  # rows that share a combination, from which on it is called common
MANY = 0.01  # share of rows singled out from which a person should look
MOST_COLUMNS = 12
PARTS = {"match_ten": 0.1, "match_hundred": 0.01}  # of all people that the table may hold
DISTINCT = 0.5  # share of different cells from which a column singles out rows all by itself
OTHERS, ROWS, BEST = 12, 20_000, 5  # other columns tried together, rows looked at, pairs to which a third is added
NAMES = re.compile(
    r"(?:^|[\W_])(?:age|alter|birth(?:day|date|year)?|dob|geburt\w*|sex|gender|geschlecht|zip(?:code)?|post(?:al|leitzahl|code)?|plz|city|town|"
    r"village|county|state|region|province|district|country|nationality|citizenship|native[\W_]?country|race|ethnic\w*|religion|language|"
    r"marital(?:[\W_]?status)?|familienstand|education|degree|occupation|job|profession|beruf|employer|school|height|weight|"
    r"foreign[\W_]?worker|personal[\W_]?status\w*)(?:$|[\W_\d])|"
    r"年龄|生日|出生|性别|邮编|邮政编码|城市|省份|地区|区县|街道|民族|国籍|籍贯|宗教|婚姻|学历|教育程度|职业|工作单位|学校|身高|体重",
    re.IGNORECASE,
)

Told = tuple[tuple[Say, ...], tuple[Measure, ...]]  # sentences and measures of one question


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
                "match": "Whoever finds the one row with a person's {columns} has the right person in {ten:%} of cases ({ten_low:%} to {ten_high:%}) if the table holds a tenth of all who might be in it, in {hundred:%} ({hundred_low:%} to {hundred_high:%}) if it holds a hundredth (Skinner & Elliot 2002).",
                "alike": "{alike:%} of rows share their {columns} with others that all bear the same '{target}' (by chance {chance:%}): of these it is known without finding the row (l-diversity, l = {least}).",
                "diverse": "Rows that share their {columns} bear {least} different '{target}' at least (l-diversity).",
                "together": "Whatever they are called, {names} together single out {alone:%} of rows; whoever knows these finds them as well.",
                "by_itself": "By {names} alone more than half of the rows are told apart: exact numbers are names of rows.",
                "of_rows": "Other columns were looked at in {n} of {rows} rows: of all rows fewer are alone.",
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
                "measure.match_ten": "right matches, if the table holds a tenth of all",
                "measure.match_hundred": "right matches, if the table holds a hundredth of all",
                "measure.alike": "rows that share theirs with rows of the same answer alone",
                "measure.l": "answers of the combination with fewest (l)",
                "measure.together": "rows singled out by other columns",
            },
            "zh": {
                "title": "匿名性",
                "question": "能否凭他人所知的信息在训练数据中认出某个人？",
                "alone": "{alone:%} 的行其 {columns} 的组合独一无二；{few:%} 的行只与不到 {least} 个其他行相同。",
                "common": "每一行的 {columns} 都至少与另外 {k} 行相同。",
                "some": "只有 {alone:%} 的行其 {columns} 的组合独一无二；{few:%} 的行只与不到 {least} 个其他行相同。",
                "none": "没有哪一列的名称表明是他人所知的个人情况；可用 --sensitive 标明",
                "few": "只有 {n} 行；至少需要 {least} 行",
                "match": "若此表含有可能在其中的全部人的十分之一，凭某人的 {columns} 找到唯一一行的人，有 {ten:%} 的情形（{ten_low:%} 至 {ten_high:%}）找对了人；若为百分之一，则为 {hundred:%}（{hundred_low:%} 至 {hundred_high:%}）（Skinner & Elliot 2002）。",
                "alike": "{alike:%} 的行与其他行的 {columns} 相同，且这些行的“{target}”全都一样（偶然为 {chance:%}）：不必找到所在的行即可得知（l-多样性，l = {least}）。",
                "diverse": "{columns} 相同的行至少有 {least} 种不同的“{target}”（l-多样性）。",
                "together": "不论叫什么名字，{names} 合在一起使 {alone:%} 的行独一无二；知道这些的人同样能找到它们。",
                "by_itself": "仅凭 {names} 就能区分一半以上的行：精确的数值就是行的名字。",
                "of_rows": "其他列只在 {rows} 行中的 {n} 行上查看：就全部行而言，独一无二的更少。",
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
                "measure.match_ten": "找对的比例，若表含全部人的十分之一",
                "measure.match_hundred": "找对的比例，若表含全部人的百分之一",
                "measure.alike": "与其相同的行答案全都一样的行",
                "measure.l": "答案最少的组合的答案数（l）",
                "measure.together": "由其他列认出的行",
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
        sizes = shared(codes)
        alone, few, k = float((sizes == 1).mean()), float((sizes <= K).mean()), int(sizes.min())
        names = [column.name for column in columns]
        said = {"columns": names, "alone": alone, "few": few, "least": K}
        if alone >= MANY:
            say = self._say("alone", **said)
        else:
            say = self._say("common", columns=names, k=k - 1) if k > K else self._say("some", **said)
        order = _order(codes)
        low, high = wilson(alone * n, n)
        more = [self._matched(names, sizes), self._answers(names, codes, evidence), self._others(names, evidence)]
        return Finding(
            check="anonymity",
            verdict="watch" if alone >= MANY else "pass" if k > K else "info",
            say=say,
            measures=(
                Measure(name="alone", value=alone, low=low, high=high, n=n, unit="share", better="lower"),
                Measure(name="few", value=few, n=n, unit="share", better="lower"),
                Measure(name="k", value=float(k), n=n, better="higher"),
                *(measure for _, measures in more for measure in measures),
            ),
            figures=(self._figure(names, codes, order),),
            notes=(*(note for notes, _ in more for note in notes), self._say("means")),
            advice=self._advice(names, codes) if alone >= MANY else (),
        )

    def _matched(self, names: Sequence[str], sizes: Ints) -> Told:
        """How often a row that is alone is the person that was looked for."""
        found = {key: right_match(sizes, part) for key, part in PARTS.items()}
        if any(one is None for one in found.values()):
            return (), ()
        said: dict[str, object] = {"columns": list(names)}
        measures = []
        for key, one in found.items():
            assert one is not None
            short = key.removeprefix("match_")
            said |= {short: one[0], f"{short}_low": one[1], f"{short}_high": one[2]}
            measures.append(
                Measure(name=key, value=one[0], low=one[1], high=one[2], n=len(sizes), unit="share", better="lower")
            )
        return (self._say("match", **said),), tuple(measures)

    def _answers(self, names: Sequence[str], codes: Sequence[Ints], evidence: Evidence) -> Told:
        """What rows that several share tell of the target, where that is a class."""
        target = evidence.plan.target
        if not evidence.codec.labels or evidence.y.ndim > 1 or target not in evidence.raw:
            return (), ()
        y = np.unique(_codes(evidence.raw[target]), return_inverse=True)[1]
        found = diversity(joined(codes), y)
        if found is None:
            return (), ()
        said = {"columns": list(names), "target": target, "least": found.least, "alike": found.alike}
        say = self._say("alike" if found.alike else "diverse", chance=found.chance, **said)
        low, high = wilson(found.alike * len(y), len(y))
        alike = Measure(
            name="alike", value=found.alike, low=low, high=high, n=len(y), unit="share", constant=found.chance
        )
        return (say,), (alike, Measure(name="l", value=float(found.least), n=len(y), better="higher"))

    def _others(self, known: Sequence[str], evidence: Evidence) -> Told:
        """The columns, whatever they are called, that single out most rows two or three at a time."""
        names = [name for name in evidence.plan.names("feature") if name in evidence.raw and name not in known]
        rows = evidence.raw.rows
        some = np.sort(stream(evidence.seed, "singling").permutation(rows)[:ROWS])
        codes = {name: _codes(evidence.raw[name].take(some)) for name in names}
        many = {name: len(np.unique(code)) for name, code in codes.items()}
        exact = [name for name in names if many[name] > DISTINCT * len(some)]
        rest = sorted((name for name in names if name not in exact), key=lambda name: -many[name])[:OTHERS]
        notes = [self._say("by_itself", names=[f"'{name}'" for name in exact[:OTHERS]])] if exact else []
        found = [] if evidence.clock.expired() else telling([codes[name] for name in rest], BEST)
        measures = []
        for places, alone in found:
            if alone >= MANY:
                told = [rest[place] for place in sorted(places)]
                notes.append(self._say("together", names=[f"'{name}'" for name in told], alone=alone))
                low, high = wilson(alone * len(some), len(some))
                name = "together: " + " + ".join(told)
                measures.append(Measure(name=name, value=alone, low=low, high=high, n=len(some), unit="share"))
        if measures and len(some) < rows:
            notes.append(self._say("of_rows", n=len(some), rows=rows))
        return tuple(notes), tuple(measures)

    def _figure(self, names: Sequence[str], codes: Sequence[Ints], order: Sequence[int]) -> Figure:
        labels = [self._say("and" if place else "only", column=names[j]) for place, j in enumerate(order)]
        alone = [float((shared([codes[j] for j in order[: place + 1]]) == 1).mean()) for place in range(len(order))]
        data = {"labels": labels, "values": alone}
        return Figure(kind="bars", title=self._say("figure"), data=data, x=self._say("share"))

    def _advice(self, names: Sequence[str], codes: Sequence[Ints]) -> tuple[Advice, ...]:
        """The column without which fewest rows are alone; nothing where one column is all there is."""
        coarser = Advice(say=self._say("coarser"))
        if len(codes) < 2:
            return (coarser,)
        without = [float((shared([*codes[:j], *codes[j + 1 :]]) == 1).mean()) for j in range(len(codes))]
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


def _order(codes: Sequence[Ints]) -> list[int]:
    """The columns, each next one that which leaves most rows alone."""
    left, order = list(range(len(codes))), list[int]()
    while left:
        alone = [int((shared([codes[i] for i in [*order, j]]) == 1).sum()) for j in left]
        order.append(left.pop(int(np.argmax(alone))))
    return order
