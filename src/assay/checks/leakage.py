"""Does anything give the answer away that will not be there on new rows?

Single columns that tell all, copies of rows, texts that are nearly the same, ids that predict, neighbours in time or of one group on
both sides, whether or not a column names it. Limits on shares explained are fixed; what is tested (ids at 1 %, orders and groups
together at 1 %, Holm 1979) has a floor of effect besides, so that on clean tables at most one in fifty raises an alarm.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure, Verdict
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.language.near import near_rows
from assay.language.personal import masked
from assay.stats import leaks
from assay.stats.tests import holm

from . import _probes as probes
from ._sheet import pictures_of
from ._small import Gap

LEAST_ROWS = 50
LEAST_SECONDS = 0.15  # left at the start, without which order and groups are not asked
ALL, MUCH = 0.95, 0.8  # shares of the spread that one column explains: all of it, much of it
LONELY = 3.0  # the rest it leaves is this many times smaller than the next column's
COVERS, SOME = 0.5, 0.1  # share of a class that pure levels cover
COPIED = 0.01  # share of rows with a copy from which a person should look
TRUE_COPIES = 0.5  # copies differ by less than this times what chance would make them differ
WORSE, MUCH_WORSE = 0.05, 0.25  # rise of the squared error when rows are kept apart strictly
GAP_LEVEL = 0.01
WORDS = 6  # that are named
# Letters of an example; letters within which two texts are followed to where they part.
SHOWN, LONGEST_SHOWN = 70, 20_000
RANK: tuple[Verdict, ...] = ("pass", "info", "watch", "fail")


@dataclass(frozen=True)
class Part:
    """What one probe came to."""

    verdict: Verdict
    say: Say
    measures: tuple[Measure, ...] = ()
    advice: tuple[Advice, ...] = ()
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Leakage:
    """Does anything give the answer away?"""

    about: ClassVar[About] = About(
        key="leakage",
        order=20,
        words={
            "en": {
                "title": "Leakage",
                "question": "Does anything give the answer away that will not be there on new rows?",
                "clean": "No column tells the answer alone (the strongest, {name}, explains {share:%}), no id predicts, and neighbouring rows are not on both sides.",
                "clean_columns": "No column tells the answer alone (the strongest, {name}, explains {share:%}), and no id predicts.",
                "clean_pictures": "No id predicts, and neighbouring rows are not on both sides. Short ways to the answer in pictures have a check of their own.",
                "clean_columns_pictures": "No id predicts. Short ways to the answer in pictures have a check of their own.",
                "few": "only {n} {n:row was|rows were} learnt from; {least} are needed",
                "elsewhere": "needs the table that the model learnt from, and models learnt from it: it was made elsewhere",
                "training": "this is asked of the table that was learnt from; see the findings of training",
                "clean_some": "None of the columns that were asked tells the answer alone (the strongest, {name}, explains {share:%}).",
                "some_columns": "Time was short: whether a column tells the answer alone was asked of {n} of {of}.",
                "no_time": "Time was short: order and groups were not asked.",
                "cut": "Time ran out while order and groups were asked: not all of them may have been.",
                "given_away": "'{name}' alone explains {share:%} of {target} (all columns together {model:%}; the next one {next:%}): it looks like a copy of the answer.",
                "given_word": "In '{name}' the mere presence of {words} explains {share:%} of {target} (all columns together {model:%}): the answer may be written in the text.",
                "given_mask": "Look into some texts of '{name}': if these words come with the answer, take them out before training.",
                "given_drop": "If '{name}' is known only after the answer, leave it out.",
                "pure": "{names} go with {target} = {label} whenever they are set and cover {share:%} of it: they are the answer in parts.",
                "pure_one": "{names} goes with {target} = {label} whenever it takes certain values and covers {share:%} of it.",
                "copies_kept": "{n} rows ({share:%}) are exact copies of others; copies were kept on one side, so no figure here profits from them.",
                "copies_score": "With copies on both sides the model would seem to explain {naive:%} of {target} instead of {honest:%}.",
                "copies_chance": "{n} rows ({share:%}) are equal to others in all columns, but their answers differ as much as the model expects: few columns, not copies.",
                "copies_apart": "{n} rows ({share:%}) are exact copies of others and stand on both sides of the split: the figures are too good.",
                "copies_group": "Keep copies together: leave --group and --time away, or name a group that holds them.",
                "near_kept": "{n} rows ({share:%}) hold a text that is nearly the same as another row's; they were kept on one side, so no figure here profits from them.",
                "near_apart": "{n} measured {n:row|rows} ({share:%}) {n:holds|hold} a text that is nearly the same as one the model had learnt from: the figures may be too good.",
                "near_group": "Keep such rows together: leave --group and --time away, or name a group that holds them.",
                "near_look": "Look whether they are one text written twice or letters from one template; keep one of each, or name with --group what binds them.",
                "near_figure": "Texts that are nearly the same, shortened",
                "near_one": "a text",
                "near_other": "nearly the same",
                "near_pictures_kept": "{n} rows ({share:%}) hold a picture that is nearly the same as another row's; they were kept on one side, so no figure here profits from them.",
                "near_pictures_apart": "{n} measured {n:row|rows} ({share:%}) {n:holds|hold} a picture that is nearly the same as one the model had learnt from: the figures may be too good.",
                "near_pictures_look": "Look whether they are one picture kept twice or one thing taken several times; keep one of each, or name with --group what binds them.",
                "near_sheet": "Pictures that are nearly the same, in pairs",
                "near_seen": "row {row}",
                "id": "The id '{name}' explains {share:%} of {target}, which a mere name could not.",
                "id_drop": "Leave '{name}' out, or find out why it knows the answer.",
                "id_left": "It is not used by the model; find out how the ids were given.",
                "place": "The place of a row in the file explains {share:%} of {target}: the file is sorted by the answer or by time.",
                "place_left": "Make sure that no column counts the rows, and that early and late rows are of one kind.",
                "time": "Neighbouring rows are alike (correlation {alike}): predicted forward in the order of {order}, a small model's squared error is {rise:%} higher ({low:%} to {high:%}) than by random rows.",
                "time_column": "Have every row predicted from earlier ones only.",
                "time_group": "The rows stand sorted by '{name}': keep each one's rows together, or name the column that holds the time.",
                "time_none": "Add a column that says when a row arose (or what binds neighbouring rows) and name it with --time (or --group).",
                "file": "the file",
                "named": "'{name}'",
                "group": "Rows of one '{name}' are alike: with its rows kept together a small model's squared error is {rise:%} higher ({low:%} to {high:%}) than by random rows.",
                "alike": "{n} rows stand in {groups} groups that are nearly the same in every number, as rows of one person or part measured several times are: with each group kept together a small model's squared error is {rise:%} higher ({low:%} to {high:%}) than by random rows. Of persons or parts that are new, expect that.",
                "alike_column": "If rows belong together, add a column that says which do, and name it with --group.",
                "group_column": "If new rows will bring a new '{name}', keep its rows together.",
                "alone": "Share of {target} that each column explains alone",
                "share": "share explained",
                "measure.strongest_alone": "explained by the strongest column alone",
                "measure.pure_levels": "rows of the class told by levels that always go with it",
                "measure.duplicate_share": "repeated rows",
                "measure.explained_with_copies": "explained with copies on both sides",
                "measure.near_copies": "rows with a text nearly the same as another's",
                "measure.near_learnt": "measured rows with a text nearly the same as one learnt from",
                "measure.near_pictures": "rows with a picture nearly the same as another's",
                "measure.near_pictures_learnt": "measured rows with a near copy of their picture among those learnt from",
                "measure.grouped_rise": "squared error higher with groups kept apart",
                "measure.forward_rise": "squared error higher forward in time",
            },
            "zh": {
                "title": "信息泄漏",
                "question": "是否有什么泄露了答案，而在新数据上并不存在？",
                "clean": "没有哪一列能单独给出答案（最强的“{name}”解释了 {share:%}），编号不具预测力，相邻行也没有分处两侧。",
                "clean_columns": "没有哪一列能单独给出答案（最强的“{name}”解释了 {share:%}），编号也不具预测力。",
                "clean_pictures": "编号不具预测力，相邻行也没有分处两侧。图片中通往答案的捷径由另一项检查回答。",
                "clean_columns_pictures": "编号不具预测力。图片中通往答案的捷径由另一项检查回答。",
                "few": "训练数据只有 {n} 行；至少需要 {least} 行",
                "elsewhere": "需要模型学习所用的表以及由它训练的模型：该模型在别处制作",
                "training": "此问题针对训练所用的表；请看训练时的检查结果",
                "clean_some": "已检查的列都不能单独给出答案（最强的“{name}”解释了 {share:%}）。",
                "some_columns": "时间不足：是否有某列能单独给出答案，只检查了 {of} 列中的 {n} 列。",
                "no_time": "时间不足：未检查行序与分组。",
                "cut": "检查行序与分组时时间用尽：可能未全部检查。",
                "given_away": "仅“{name}”一列就解释了 {target} 的 {share:%}（全部列合计 {model:%}，次强列 {next:%}）：它看起来就是答案的副本。",
                "given_word": "“{name}”中仅 {words} 是否出现就解释了{target}的 {share:%}（所有列合计 {model:%}）：答案可能就写在文本里。",
                "given_mask": "请查看“{name}”中的若干文本：如果这些词是随答案一起出现的，请在训练前去掉。",
                "given_drop": "如果“{name}”要在答案揭晓之后才知道，请将其去掉。",
                "pure": "{names} 一旦置位，{target} 必为 {label}，合计覆盖其 {share:%}：它们是答案的组成部分。",
                "pure_one": "{names} 取某些值时，{target} 必为 {label}，覆盖其 {share:%}。",
                "copies_kept": "{n} 行（{share:%}）与其他行完全相同；重复行始终放在同一侧，此处的指标未因此虚高。",
                "copies_score": "若重复行分处两侧，模型看上去能解释 {target} 的 {naive:%}，而实际为 {honest:%}。",
                "copies_chance": "{n} 行（{share:%}）与其他行各列相同，但答案的差异与模型预期相当：这是列太少所致，并非重复录入。",
                "copies_apart": "{n} 行（{share:%}）与其他行完全相同，且分处划分的两侧：指标偏乐观。",
                "copies_group": "请把重复行放在同一侧：去掉 --group 与 --time，或指定一个能容纳它们的分组。",
                "near_kept": "{n} 行（{share:%}）的文本与其他行几乎相同；它们始终放在同一侧，此处的指标未因此虚高。",
                "near_apart": "参与测量的行中有 {n} 行（{share:%}）的文本与模型学过的文本几乎相同：指标可能偏乐观。",
                "near_group": "请把这些行放在同一侧：去掉 --group 与 --time，或指定一个能容纳它们的分组。",
                "near_look": "请查看它们是同一文本重复出现，还是出自同一模板；每种保留一份，或用 --group 指定把它们联系在一起的列。",
                "near_figure": "几乎相同的文本（已截短）",
                "near_one": "文本",
                "near_other": "几乎相同的文本",
                "near_pictures_kept": "{n} 行（{share:%}）的图片与其他行几乎相同；这些行始终分在同一侧，因此这里的指标不因此偏高。",
                "near_pictures_apart": "{n} 个被测量的行（{share:%}）含有与模型学过的图片几乎相同的图片：指标可能偏高。",
                "near_pictures_look": "请查看它们是同一图片保存了两次，还是同一物体拍了多次；各留其一，或用 --group 指明把它们联系在一起的列。",
                "near_sheet": "几乎相同的图片，成对列出",
                "near_seen": "第 {row} 行",
                "id": "编号“{name}”解释了 {target} 的 {share:%}，单纯的名称不应如此。",
                "id_drop": "请去掉“{name}”，或查明它为何知道答案。",
                "id_left": "模型并未使用它；请查明编号是如何产生的。",
                "place": "行在文件中的位置解释了 {target} 的 {share:%}：文件按答案或按时间排序。",
                "place_left": "请确认没有哪一列是行的计数，且前后各行属于同一类数据。",
                "time": "相邻行彼此相似（相关系数 {alike}）：按{order}的顺序向前预测时，小模型的平方误差比随机划分高 {rise:%}（{low:%} 至 {high:%}）。",
                "time_column": "让每一行都只由更早的行来预测。",
                "time_group": "各行按“{name}”排序：请把同一对象的行放在同一侧，或指定记录时间的列。",
                "time_none": "请增加一列说明每行产生的时间（或把相邻行联系在一起的因素），并用 --time（或 --group）指定。",
                "file": "文件",
                "named": "“{name}”",
                "group": "同一“{name}”的行彼此相似：将其放在同一侧时，小模型的平方误差比随机划分高 {rise:%}（{low:%} 至 {high:%}）。",
                "alike": "{n} 行分为 {groups} 组，组内各数值几乎相同，如同一人或同一部件的多次测量：将每组放在同一侧时，小模型的平方误差比随机划分高 {rise:%}（{low:%} 至 {high:%}）。对新的人或部件，应预期如此。",
                "alike_column": "如果有些行同属一个对象，请增加一列说明归属，并用 --group 指定该列。",
                "group_column": "如果新数据会带来新的“{name}”，请把同一“{name}”的行放在一起。",
                "alone": "每一列单独解释 {target} 的份额",
                "share": "解释的份额",
                "measure.strongest_alone": "最强单列解释的份额",
                "measure.pure_levels": "由组成部分决定的行",
                "measure.duplicate_share": "重复行",
                "measure.explained_with_copies": "重复行分处两侧时解释的份额",
                "measure.near_copies": "文本与其他行几乎相同的行",
                "measure.near_learnt": "文本与学过的文本几乎相同的测量行",
                "measure.near_pictures": "图片与其他行几乎相同的行",
                "measure.near_pictures_learnt": "学过几乎相同图片的被测量行",
                "measure.grouped_rise": "按组划分时平方误差的上升",
                "measure.forward_rise": "按时间向前时平方误差的上升",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """The worst of the probes; the others beside it."""
        if evidence.rows not in ("cross-fitted", "sealed"):
            raise DoesNotApply("asked in training", say=self._say("elsewhere" if evidence.elsewhere else "training"))
        if evidence.raw.rows < LEAST_ROWS:
            raise DoesNotApply("too few rows", say=self._say("few", n=evidence.raw.rows, least=LEAST_ROWS))
        asking = evidence.clock.remaining() >= LEAST_SECONDS
        table = probes.table_of(evidence)
        alone = probes.explained_alone(evidence, table)
        of = len(probes.columns_alone(evidence, table))
        parts = [*self._given_away(alone, table, evidence), *self._pure(evidence, table)]
        copies = probes.copies(evidence, table)
        parts += self._copies(copies, evidence, table)
        parts += self._near(evidence, table)
        parts += self._ids(evidence, table)
        if len(alone) < of:
            parts.append(Part("info", self._say("some_columns", n=len(alone), of=of)))
        if asking:
            parts += self._gaps(evidence, table, copies)
        whole = asking and not evidence.clock.expired()
        if not whole:
            parts.append(Part("info", self._say("cut" if asking else "no_time")))
        quiet = "clean_some" if len(alone) < of else "clean" if whole else "clean_columns"
        return self._finding(parts, alone, evidence, quiet)

    def _finding(self, parts: list[Part], alone: dict[str, probes.Alone], evidence: Evidence, quiet: str) -> Finding:
        parts = sorted(parts, key=lambda part: -RANK.index(part.verdict))
        worst: Verdict = parts[0].verdict if parts and parts[0].verdict in ("watch", "fail") else "pass"
        name = max(alone, key=lambda n: alone[n].share, default="")
        clean = (
            self._say(quiet, name=name, share=max(0.0, alone[name].share)) if name else self._say(f"{quiet}_pictures")
        )
        # The strongest of a few columns is not the strongest.
        strongest = [
            Measure(name="strongest_alone", value=alone[name].share, n=evidence.raw.rows, unit="share", better="lower")
            for name in ([name] if name and quiet != "clean_some" else [])
        ]
        said = [part.say for part in parts]
        return Finding(
            check="leakage",
            verdict=worst,
            say=said.pop(0) if worst != "pass" else clean,
            measures=(
                *strongest,
                *(m for part in parts for m in part.measures),
            ),
            figures=(*([self._figure(alone, evidence)] if name else []), *(f for part in parts for f in part.figures)),
            notes=tuple(said),
            advice=_once(a for part in parts for a in part.advice),
        )

    def _figure(self, alone: dict[str, probes.Alone], evidence: Evidence) -> Figure:
        top = sorted(alone, key=lambda n: -alone[n].share)[:20]
        return Figure(
            kind="bars",
            title=self._say("alone", target=evidence.plan.target),
            data={"labels": top, "values": [max(0.0, alone[n].share) for n in top]},
            x=self._say("share"),
        )

    # ------------------------------------------------------------------------------------------ columns and rows

    def _given_away(self, alone: dict[str, probes.Alone], table: probes.Table, evidence: Evidence) -> Iterator[Part]:
        """A column that explains all, or much and far more than any other."""
        for name, (share, words) in ((name, (one.share, one.words)) for name, one in alone.items()):
            others = [one.share for n, one in alone.items() if n != name]
            modest = [v for v in others if v < ALL]
            second = max(others, default=0.0)
            lonely = 1.0 - max(modest, default=0.0) >= LONELY * (1.0 - share)
            tells = share >= ALL or (
                share >= MUCH and share >= 0.9 * table.explained and 1.0 - second >= LONELY * (1.0 - share)
            )
            if not tells:
                continue
            said = {"name": name, "share": share, "model": max(table.explained, share), "next": max(0.0, second)}
            advice = Advice(say=self._say("given_drop", name=name), option=f"--drop {shlex.quote(name)}")
            verdict: Verdict = "fail" if share >= ALL and lonely else "watch"
            if words:
                said["words"] = [f"'{word}'" for word in words[:WORDS]]
                advice = Advice(say=self._say("given_mask", name=name))
            key = "given_word" if words else "given_away"
            yield Part(verdict, self._say(key, target=evidence.plan.target, **said), (), (advice,))

    def _pure(self, evidence: Evidence, table: probes.Table) -> Iterator[Part]:
        """Levels that always go with one class, judged together."""
        found = probes.pure(evidence, table)
        if found is None or found.share < SOME:
            return
        key = "pure" if len(found.names) > 1 else "pure_one"
        said = {"names": list(found.names), "target": evidence.plan.target, "label": found.label, "share": found.share}
        advice = tuple(
            Advice(say=self._say("given_drop", name=name), option=f"--drop {shlex.quote(name)}") for name in found.names
        )
        measure = Measure(name="pure_levels", value=found.share, n=table.n, unit="share", better="lower")
        yield Part("fail" if found.share > COVERS else "watch", self._say(key, **said), (measure,), advice)

    def _copies(self, found: probes.Copies | None, evidence: Evidence, table: probes.Table) -> Iterator[Part]:
        """Copies, whether they are copies at all, and whether they were kept together."""
        if found is None:
            return
        share = found.rows / table.n
        measure = Measure(name="duplicate_share", value=share, n=table.n, unit="share", better="lower")
        said = {"n": found.rows, "share": share}
        true_copies = not found.agree >= TRUE_COPIES * found.expected  # not known: taken for copies
        if not true_copies:
            yield Part("info", self._say("copies_chance", **said), (measure,))
            return
        kept = not evidence.plan.splits.group and not evidence.plan.splits.time
        if not kept and found.apart != 0.0:
            advice = Advice(say=self._say("copies_group"))
            yield Part("fail" if share > 0.1 else "watch", self._say("copies_apart", **said), (measure,), (advice,))
            return
        yield Part("watch" if share >= COPIED else "info", self._say("copies_kept", **said), (measure,))
        if found.naive > found.honest + 0.01:
            score = {"naive": found.naive, "honest": found.honest, "target": evidence.plan.target}
            naive = Measure(name="explained_with_copies", value=found.naive, n=evidence.n, unit="share")
            yield Part("info", self._say("copies_score", **score), (naive,))

    def _near(self, evidence: Evidence, table: probes.Table) -> Iterator[Part]:
        """Texts, and pictures, that are nearly the same, and whether they were kept together."""
        texts = probes.text_names(evidence)
        if found := probes.near_copies(evidence, table, near_rows(table.data, texts)):
            rows = [shortened(*(probes.spelled(table.data, texts, row) for row in pair)) for pair in found.pairs]
            data = {"columns": [self._say("near_one"), self._say("near_other")], "rows": rows}
            figure = Figure(kind="table", title=self._say("near_figure"), data=data, rows=True)
            yield self._kept_or_apart("near", found, evidence, table, (figure,))
        if found := probes.near_copies(evidence, table, leaks.near_cells(table.data, probes.used(evidence))):
            places = np.asarray(found.pairs).ravel()
            captions = [self._say("near_seen", row=place + 1) for place in places.tolist()]
            columns = [table.data[name] for name in probes.used(evidence)]
            sheets = [pictures_of(column.take(places), self._say("near_sheet"), captions) for column in columns]
            figures = tuple(figure for sheet in sheets for figure in sheet)
            yield self._kept_or_apart("near_pictures", found, evidence, table, figures)

    def _kept_or_apart(
        self, key: str, found: probes.NearCopies, evidence: Evidence, table: probes.Table, figures: tuple[Figure, ...]
    ) -> Part:
        share, learnt = found.rows / table.n, found.apart / evidence.n
        of_texts = key == "near"
        measures = (
            Measure(
                name="near_copies" if of_texts else "near_pictures",
                value=share,
                n=table.n,
                unit="share",
                better="lower",
            ),
            Measure(
                name="near_learnt" if of_texts else "near_pictures_learnt",
                value=learnt,
                n=evidence.n,
                unit="share",
                better="lower",
            ),
        )
        if not found.apart:
            return Part("info", self._say(f"{key}_kept", n=found.rows, share=share), measures, (), figures)
        named = evidence.plan.splits.group or evidence.plan.splits.time
        advice = (Advice(say=self._say("near_group" if named else f"{key}_look")),)
        verdict: Verdict = "watch" if learnt >= COPIED else "info"
        return Part(verdict, self._say(f"{key}_apart", n=found.apart, share=learnt), measures, advice, figures)

    def _ids(self, evidence: Evidence, table: probes.Table) -> Iterator[Part]:
        """Ids, and the place in the file."""
        target = evidence.plan.target
        for name, share in probes.telling_ids(evidence, table).items():
            if not name and evidence.plan.splits.time:
                continue  # early and late rows are known to differ, and kept apart
            if not name:
                advice = Advice(say=self._say("place_left"))
                yield Part("info", self._say("place", share=share, target=target), (), (advice,))
            elif name in probes.used(evidence):
                advice = Advice(say=self._say("id_drop", name=name), option=f"--drop {shlex.quote(name)}")
                yield Part("fail", self._say("id", name=name, share=share, target=target), (), (advice,))
            else:
                advice = Advice(say=self._say("id_left"))
                yield Part("watch", self._say("id", name=name, share=share, target=target), (), (advice,))

    # ------------------------------------------------------------------------------------------- time and groups

    def _gaps(self, evidence: Evidence, table: probes.Table, copies: probes.Copies | None) -> Iterator[Part]:
        """Orders and groups in which random rows flatter; asked unless the cure is in force."""
        splits = evidence.plan.splits
        groups = [] if splits.group or splits.time else probes.groupings(evidence, table)
        once = None if copies is None else copies.group
        orders = [] if splits.time else probes.orders(evidence, table, once)
        alike = None if splits.group or splits.time else probes.alike(evidence, table, once)
        gaps: list[Gap] = [gap for _, gap in groups] + [order.gap for order in orders]
        gaps += [] if alike is None else [alike[1]]
        kept = holm(np.asarray([gap.p for gap in gaps], dtype=float), GAP_LEVEL).tolist()
        real = [keep and gap.rise > WORSE for keep, gap in zip(kept, gaps, strict=True)]
        for (name, gap), is_real in zip(groups, real, strict=False):
            if is_real:
                yield self._group(name, gap)
        if alike is not None and real[-1] and not any(real[: len(groups)]):
            yield self._alike(*alike)
        if any(real[: len(groups)]) or (alike is not None and real[-1]) or splits.group:
            orders = [order for order in orders if order.name]  # a group's rows often stand together in the file
        for order in orders:
            if real[gaps.index(order.gap)]:
                yield self._order(order, evidence, table)

    def _group(self, name: str, gap: Gap) -> Part:
        said = {"name": name, "rise": gap.rise, "low": gap.low, "high": gap.high}
        advice = Advice(say=self._say("group_column", name=name), option=f"--group {shlex.quote(name)}")
        verdict: Verdict = "fail" if gap.rise > MUCH_WORSE and probes.THING_LIKE.search(name) else "watch"
        return Part(verdict, self._say("group", **said), (_measure("grouped_rise", gap),), (advice,))

    def _alike(self, groups: Ints, gap: Gap) -> Part:
        """Groups that no column names."""
        size = np.bincount(groups)
        said = {"n": int(size[size > 1].sum()), "groups": int((size > 1).sum())}
        said_of_gap = {"rise": gap.rise, "low": gap.low, "high": gap.high}
        advice = Advice(say=self._say("alike_column"))
        return Part("watch", self._say("alike", **said, **said_of_gap), (_measure("grouped_rise", gap),), (advice,))

    def _order(self, order: probes.Order, evidence: Evidence, table: probes.Table) -> Part:
        gap = order.gap
        said = {"alike": order.alike, "rise": gap.rise, "low": gap.low, "high": gap.high}
        column = order.name or _counts(table, evidence)
        key, option = ("time_column", f"--time {shlex.quote(column)}") if column else ("time_none", "")
        if column and probes.THING_LIKE.search(column) and _repeats(table.data[column]):
            key, option = "time_group", f"--group {shlex.quote(column)}"  # sorted by customer is no order of time
        named = self._say("named", name=order.name) if order.name else self._say("file")
        verdict: Verdict = "fail" if gap.rise > MUCH_WORSE and column else "watch"  # a file's order may mean little
        advice = Advice(say=self._say(key, name=column), option=option)
        return Part(verdict, self._say("time", order=named, **said), (_measure("forward_rise", gap),), (advice,))

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _measure(name: str, gap: Gap) -> Measure:
    return Measure(name=name, value=gap.rise, low=gap.low, high=gap.high, n=gap.n, unit="share", better="lower")


def _once(advice: Iterable[Advice]) -> tuple[Advice, ...]:
    """What several probes advise alike is said once, where the first says it."""
    found: dict[tuple[str, str], Advice] = {}
    for one in advice:
        found.setdefault((one.option, one.say.text()), one)
    return tuple(found.values())


def shortened(one: str, other: str) -> list[str]:
    """Two texts as far as a table holds them, from shortly before they part; personal data is masked.

    >>> shortened("a" * 200 + " red", "a" * 200 + " blue")[1][-10:]
    'aaaaa blue'
    """
    one, other = (" ".join(masked(text[:LONGEST_SHOWN]).split()) for text in (one, other))
    parting = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, parting - SHOWN // 2) if parting > SHOWN - 20 else 0
    cut = [("…" if start else "") + t[start : start + SHOWN] for t in (one, other)]
    return [c + ("…" if len(t) > start + SHOWN else "") for c, t in zip(cut, (one, other), strict=True)]


def _counts(table: probes.Table, evidence: Evidence) -> str:
    """A column that counts the rows in file order, or nothing."""
    from assay.stats.order import follows_rows

    return next((c.name for c in table.data if c.name != evidence.plan.target and follows_rows(c)), "")


def _repeats(column: Column) -> bool:
    """Whether its values stand in two rows or more on average, as those of customers and machines do."""
    return 2 * len(np.unique(column.cells)) <= len(column)
