"""What is the table like that the model learnt from?

Missing cells, cells that did not fit, columns that say the same or nothing, and drift: whether late rows of the file
are other than early ones (Kolmogorov-Smirnov for numbers, Pearson's chi-square for names, between the first and the last
third; at most one clean table in a hundred is said to drift, Holm 1979, and small drifts are never told). Whether new rows are
like those of training is asked by the drift check; where the file keeps nothing of them, by what the plan and the constant guess know.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from assay.kernel.data import Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.forms import PLAIN
from assay.kernel.labels import counted
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.stats import order
from assay.stats.tests import binomial_band

from . import _shape as shape

LEAST_ROWS = 20
HALF = 0.5  # share of missing cells from which a column deserves a look
MISFIT = 0.01  # share of cells that did not fit the kind
ONE_VALUE = 0.99
SHOWN = 20
LINES = 6


@dataclass
class Told:
    """What is worth saying: sentences that want a look, those that are only notes, and cures."""

    look: list[Say] = field(default_factory=list)
    notes: list[Say] = field(default_factory=list)
    advice: list[Advice] = field(default_factory=list)


@dataclass(frozen=True)
class Data:
    """What is the table like?"""

    about: ClassVar[About] = About(
        key="data",
        takes=(*PLAIN, "boxes", "oddness"),
        order=90,
        words={
            "en": {
                "title": "Data",
                "question": "Is anything missing, constant, said twice, or drifting in the table?",
                "clean": "{rows} {rows:row|rows} and {columns} {columns:column|columns}: {missing:%} of cells are missing, no column says nothing or the same as another, and late rows are like early ones.",
                "clean_new": "{rows} {rows:row|rows} and {columns} {columns:column|columns}: {missing:%} of cells are missing, about as many as in training.",
                "clean_held": "{rows} {rows:row|rows} and {columns} {columns:column|columns}: {missing:%} of cells are missing, and no column says nothing or the same as another.",
                "half": "'{name}' is missing in {share:%} of rows.",
                "misfits": "{n} {n:cell|cells} of '{name}' ({share:%}) did not fit its kind and {n:counts|count} as missing, such as {examples}.",
                "misfits_few": "{n} {n:cell|cells} of '{name}' did not fit its kind and {n:counts|count} as missing, such as {examples}.",
                "tied": "Whether '{name}' is missing goes with {target} (strength {size}).",
                "same": "'{other}' says the same as '{name}' in every row.",
                "same_drop": "One of the two is enough.",
                "one_value": "'{name}' has one value in {share:%} of its cells.",
                "constant": "{names} had one value or none and were left out.",
                "drift": "From the first rows to the last there is drift in {n} of {asked} {asked:column|columns}, most of all in '{name}' (distance {size}).",
                "drift_target": "The target itself drifts from the first rows to the last (distance {size}).",
                "drift_time": "If the rows stand in order of time, have every row predicted from earlier ones only.",
                "sorted": "The file is sorted by {names}; early and late rows were compared within its parts.",
                "more_missing": "'{name}' is missing in {here:%} of rows; in training it was {there:%}.",
                "base": "'{label}' is the answer of {here:%} of rows; in training it was {there:%}.",
                "held": "Whether these rows are like those of training is asked by 'drift'.",
                "no_training": "The training rows are not kept in the model: of drift only missing cells and the mix of answers could be compared.",
                "few": "only {n} {n:row|rows}; {least} are needed",
                "missing_figure": "Missing cells",
                "share": "share of rows",
                "drift_figure": "Drifting columns, from the first rows of the file to the last",
                "block": "rows, in twentieths",
                "place": "mean rank of a number, or share of the most frequent name",
                "measure.missing_share": "missing cells",
                "measure.drifting_columns": "columns that drift",
            },
            "zh": {
                "title": "数据",
                "question": "表中是否有缺失、恒定、重复或随行漂移的内容？",
                "clean": "{rows} 行、{columns} 列：{missing:%} 的单元格缺失，没有无信息或重复的列，前后各行相似。",
                "clean_new": "{rows} 行、{columns} 列：{missing:%} 的单元格缺失，与训练时相近。",
                "clean_held": "{rows} 行、{columns} 列：{missing:%} 的单元格缺失，没有无信息或重复的列。",
                "held": "新数据与训练数据是否相似，由“漂移”检查回答。",
                "half": "“{name}”在 {share:%} 的行中缺失。",
                "misfits": "“{name}”有 {n} 个单元格（{share:%}）与其类型不符，按缺失处理，例如 {examples}。",
                "misfits_few": "“{name}”有 {n} 个单元格与其类型不符，按缺失处理，例如 {examples}。",
                "tied": "“{name}”是否缺失与 {target} 有关（强度 {size}）。",
                "same": "“{other}”在每一行都与“{name}”表达相同的内容。",
                "same_drop": "两者保留其一即可。",
                "one_value": "“{name}”有 {share:%} 的单元格取同一个值。",
                "constant": "{names} 只有一个值或没有值，已去掉。",
                "drift": "{asked} 列中有 {n} 列从前到后发生漂移，其中“{name}”最明显（距离 {size}）。",
                "drift_target": "目标本身从前到后发生漂移（距离 {size}）。",
                "drift_time": "如果各行按时间排列，请让每一行都只由更早的行来预测。",
                "sorted": "文件按 {names} 排序；前后各行的比较在其各部分之内进行。",
                "more_missing": "“{name}”在 {here:%} 的行中缺失；训练时为 {there:%}。",
                "base": "“{label}”占 {here:%} 的行；训练时为 {there:%}。",
                "no_training": "模型中不保存训练数据：关于漂移，只能比较缺失单元格与答案的构成。",
                "few": "只有 {n} 行；至少需要 {least} 行",
                "missing_figure": "缺失的单元格",
                "share": "占行的比例",
                "drift_figure": "从文件开头到末尾发生漂移的列",
                "block": "行（分为二十段）",
                "place": "数值的平均名次，或最常见名称的占比",
                "measure.missing_share": "缺失单元格",
                "measure.drifting_columns": "发生漂移的列数",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """What a person should know of the table."""
        if evidence.raw.rows < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.raw.rows, least=LEAST_ROWS))
        names = [c.name for c in evidence.plan.columns if c.role in ("feature", "sensitive") and c.name in evidence.raw]
        told = Told()
        fresh = evidence.rows not in ("cross-fitted", "sealed") and not evidence.elsewhere
        shares = {name: float(evidence.raw[name].missing.mean()) for name in names}
        self._missing(evidence, shares, told)
        self._columns(evidence, names, told)
        drifted: list[shape.Shift] = []
        rows = np.arange(evidence.raw.rows)
        if fresh and evidence.profile is not None:
            told.notes.append(self._say("held"))
        elif fresh:
            self._against_training(evidence, names, told)
        elif evidence.raw.rows >= shape.LEAST_ROWS:
            rows = self._order(evidence, names, told)
            drifted = self._drift(evidence, names, rows, told)
        missing = float(np.mean(list(shares.values()))) if shares else 0.0
        size = {"rows": evidence.raw.rows, "columns": len(names), "missing": missing}
        key = "clean" if not fresh else "clean_new" if evidence.profile is None else "clean_held"
        clean = self._say(key, **size)
        said = told.look + told.notes
        return Finding(
            check="data",
            verdict="watch" if told.look else "pass",
            say=said.pop(0) if told.look else clean,
            measures=(
                Measure(name="missing_share", value=missing, n=evidence.raw.rows, unit="share", better="lower"),
                Measure(name="drifting_columns", value=float(len(drifted)), better="lower"),
            ),
            figures=tuple(self._figures(evidence, shares, drifted, rows)),
            notes=tuple(said),
            advice=tuple(told.advice),
        )

    # ------------------------------------------------------------------------------------------- cells and columns

    def _missing(self, evidence: Evidence, shares: dict[str, float], told: Told) -> None:
        for name, share in shares.items():
            if share >= HALF:
                told.look.append(self._say("half", name=name, share=share))
        trained = evidence.rows not in ("audit", "test")  # the plan counts the cells of the table that was learnt from
        for c in evidence.plan.columns if trained else ():
            if c.name in shares and c.misfits:
                share = c.misfits / evidence.raw.rows
                said = {"name": c.name, "n": c.misfits, "examples": list(c.examples)}
                if share >= MISFIT:
                    told.look.append(self._say("misfits", share=min(1.0, share), **said))
                else:
                    told.notes.append(self._say("misfits_few", **said))
        y = evidence.task.encode(evidence.raw[evidence.plan.target], evidence.codec)
        for found in shape.missing_with_target(evidence.raw, list(shares), y, len(evidence.codec.labels)):
            told.notes.append(self._say("tied", name=found.name, target=evidence.plan.target, size=found.size))

    def _columns(self, evidence: Evidence, names: list[str], told: Told) -> None:
        for first, other in shape.same(evidence.raw, names):
            told.look.append(self._say("same", name=first, other=other))
            told.advice.append(Advice(say=self._say("same_drop"), option=f"--drop {shlex.quote(other)}"))
        for name, share in shape.one_value(evidence.raw, names, ONE_VALUE):
            told.notes.append(self._say("one_value", name=name, share=share))
        dropped = [c for c in evidence.plan.columns if c.role == "dropped" and c.distinct <= 1]
        gone = [c.name for c in dropped if c.name in evidence.raw and shape.level_of(evidence.raw[c.name]) == 1]
        if gone:
            told.notes.append(self._say("constant", names=gone[:SHOWN]))

    # --------------------------------------------------------------------------------------------------------- drift

    def _order(self, evidence: Evidence, names: list[str], told: Told) -> Ints:
        """The order of time where one was given, else of the file with the parts it is sorted into side by side."""
        if evidence.plan.splits.time:
            return np.argsort(evidence.raw[evidence.plan.splits.time].cells, kind="stable")
        parts = order.sorting_columns([c for c in evidence.raw if c.store == "words" and c.role != "id"])
        if parts:
            told.notes.append(self._say("sorted", names=[c.name for c in parts]))
        return order.interleaved(parts, evidence.raw.rows)

    def _drift(self, evidence: Evidence, names: list[str], rows: Ints, told: Told) -> list[shape.Shift]:
        target = evidence.plan.target
        found = shape.drifting(evidence.raw, [*names, target], rows)
        of_target = [s for s in found if s.name == target]
        columns = [s for s in found if s.name != target]
        if columns:
            first = columns[0]
            said = {"n": len(columns), "asked": len(names), "name": first.name, "size": first.size}
            told.look.append(self._say("drift", **said))
        told.look += [self._say("drift_target", size=s.size) for s in of_target]
        if found and not evidence.plan.splits.time:
            counts = next((c.name for c in evidence.raw if c.name != target and order.follows_rows(c)), "")
            option = f"--time {shlex.quote(counts)}" if counts else ""
            told.advice.append(Advice(say=self._say("drift_time"), option=option))
        return found

    def _against_training(self, evidence: Evidence, names: list[str], told: Told) -> None:
        for name, there, here in shape.more_missing(evidence, names):
            told.look.append(self._say("more_missing", name=name, there=there, here=here))
        labels = evidence.codec.labels
        if labels and evidence.y.ndim < 3:
            before = evidence.task.answers(evidence.constant).mean(axis=0)
            now = counted(evidence.y, len(labels)) / evidence.n
            moved = int(np.abs(now - before).argmax())
            low, high = binomial_band(float(before[moved]), evidence.n, 0.99)
            if not low <= now[moved] <= high and abs(now[moved] - before[moved]) >= 0.02:
                said = {"there": float(before[moved]), "here": float(now[moved])}
                told.look.append(self._say("base", label=labels[moved], **said))
        told.notes.append(self._say("no_training"))

    def _figures(
        self, evidence: Evidence, shares: dict[str, float], drifted: list[shape.Shift], rows: Ints
    ) -> list[Figure]:
        found = []
        gaps = sorted(((s, n) for n, s in shares.items() if s > 0), reverse=True)[:SHOWN]
        if gaps:
            data = {"labels": [n for _, n in gaps], "values": [s for s, _ in gaps]}
            found.append(Figure(kind="bars", title=self._say("missing_figure"), data=data, x=self._say("share")))
        if drifted:
            x = np.arange(1, shape.BLOCKS + 1)
            courses = [(s.name, shape.course(evidence.raw[s.name], rows)) for s in drifted[:LINES]]
            series = [{"name": name, "x": x, "y": y} for name, y in courses]
            title, axes = self._say("drift_figure"), (self._say("block"), self._say("place"))
            found.append(Figure(kind="lines", title=title, data={"series": series}, x=axes[0], y=axes[1]))
        return found

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)
