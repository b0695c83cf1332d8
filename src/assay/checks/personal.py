"""Does the text hold personal data?

Columns of words are looked at, whatever they are for: free text, categories, ids, and what was left out; and columns of whole
numbers so long that they may be numbers of telephones or persons; of lists of boxes the labels. Found is what has the shape of personal data and passes
its check digit (language/personal.py); what is shown of it is masked. Of very many or very long texts, and where time is
short, some are looked at, and the finding says how many. Where cells name files whose headers tell of persons (pictures of patients), those
are counted, too; nothing of what stands there is shown.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.clock import Clock
from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.forms import PLAIN
from assay.kernel.plugins import About, Evidence, SpeaksCells, modality_of
from assay.kernel.rng import stream
from assay.kernel.words import Say
from assay.language.check_digits import birthday
from assay.language.personal import LONGEST, look, mask
from assay.language.personal_shapes import POSSIBLE, SORTS

from ._carriers import Carriers, carriers
from ._where import shows

MOST_TEXTS = 20_000  # different texts of one column
MOST_LETTERS, LEAST_LETTERS = 20_000_000, 300_000  # of all columns together; where the time is up
# Whole numbers from here on may name a person or a telephone; days and amounts are shorter.
LONG_NUMBER, MOST_EXACT = 1e8, 2.0**53
WHOLE_COLUMN = 0.5  # share of a column's cells from which the column is personal data, rather than holding some
# Identity numbers read as numbers: of their 18 digits the first 15, place and birthday, are kept.
CHINESE = 1e17, 1e18
LONG_CELL = 80  # letters: where half of the cells are longer they hold such data, and are not it
NAMES = 0.01  # share of a column's cells with possible names from which a person should look
SHOWN = 30


@dataclass(frozen=True)
class Looked:
    """What was found in one column."""

    column: Column
    texts: Ints  # levels looked at
    levels: int  # all levels
    rows: Ints  # rows of each level looked at
    found: dict[str, Ints]  # sort: places in `texts`
    by_chance: dict[str, int]  # sort: numbers that pass its check, no more than chance lets pass
    examples: dict[str, list[str]]

    @property
    def cells(self) -> int:
        """Cells looked at."""
        return int(self.rows.sum())

    def count(self, *sorts: str) -> int:
        """Cells that hold any of these sorts."""
        places = [self.found[sort] for sort in sorts if sort in self.found]
        return int(self.rows[np.unique(np.concatenate(places))].sum()) if places else 0


@dataclass(frozen=True)
class Personal:
    """Does the text hold personal data?"""

    about: ClassVar[About] = About(
        key="personal",
        takes=(*PLAIN, "boxes", "oddness"),
        order=92,
        words={
            "en": {
                "title": "Personal data",
                "question": "Does the text hold personal data?",
                "found": "{n} of {cells} {cells:cell|cells} look like personal data: {sorts}.",
                "names": "{n} of {cells} {cells:cell|cells} may hold names of persons. Names have no shape of their own: some of these may be things, and others may be missed.",
                "none": "Nothing of the shape of personal data in {cells} {cells:cell|cells} of {columns} {columns:column|columns}: no e-mail addresses, telephone, card, account or identity numbers.",
                "sort": "{sort} ({n})",
                "chance": "{n} {n:cell|cells} of '{name}' {n:passes|pass} the check of {sort}, no more than chance lets pass: taken for numbers of another kind.",
                "some": "Of {levels} different texts {looked} were looked at, drawn evenly; the counts are of those.",
                "ends": "Of {n} very long {n:text|texts} the beginning and the end were looked at.",
                "limits": "Addresses, illnesses and whatever else has no fixed shape are not looked for: where nothing is found, there may be personal data all the same.",
                "possible": "Names are only possible names, found beside a title or in a column that is called so: some may be things, and others are missed.",
                "mask": "A model file keeps names of categories and frequent words of texts as they are written: mask them in the table before training, or give the file only to who may see them.",
                "drop": "'{name}' is {sort} in {share:%} of its cells and says little about new rows: leave it out.",
                "carried": "{n} of {cells} pictures of '{name}' carry personal data in their files: {sorts}. Nothing of it is in the model file.",
                "carried_sort": "{what} ({n})",
                "carried_some": "Of {cells} pictures of '{name}' {looked} were opened, drawn evenly.",
                "strip": "Take it out of the files before you hand them on: whoever has the pictures has it.",
                "nothing": "the table has no words and no long numbers",
                "figure": "What looks like personal data, masked",
                "column": "column",
                "what": "what",
                "cells": "cells",
                "share": "share of its cells",
                "percent": "{share:%}",
                "such_as": "such as",
                "sort.email": "e-mail addresses",
                "sort.phone": "telephone numbers",
                "sort.card": "payment card numbers",
                "sort.iban": "bank account numbers (IBAN)",
                "sort.us_id": "US Social Security numbers",
                "sort.germany_id": "German tax ids (Steuer-ID)",
                "sort.france_id": "French social security numbers (NIR)",
                "sort.spain_id": "Spanish identity numbers (DNI, NIE)",
                "sort.italy_id": "Italian tax codes (codice fiscale)",
                "sort.netherlands_id": "Dutch citizen numbers (BSN)",
                "sort.poland_id": "Polish identity numbers (PESEL)",
                "sort.china_id": "Chinese resident identity numbers",
                "sort.ip": "Internet addresses of machines (IP)",
                "sort.name": "possible names of persons",
                "n_of": "{n} {n:cell|cells}",
                "n_of.carried": "{n} {n:picture|pictures}",
                "measure.cells": "cells that look like personal data",
                "measure.share": "share of cells that look like personal data",
                "measure.email": "cells with e-mail addresses",
                "measure.phone": "cells with telephone numbers",
                "measure.card": "cells with payment card numbers",
                "measure.iban": "cells with bank account numbers",
                "measure.us_id": "cells with US Social Security numbers",
                "measure.germany_id": "cells with German tax ids",
                "measure.france_id": "cells with French social security numbers",
                "measure.spain_id": "cells with Spanish identity numbers",
                "measure.italy_id": "cells with Italian tax codes",
                "measure.netherlands_id": "cells with Dutch citizen numbers",
                "measure.poland_id": "cells with Polish identity numbers",
                "measure.china_id": "cells with Chinese resident identity numbers",
                "measure.ip": "cells with Internet addresses",
                "measure.name": "cells with possible names of persons",
                "measure.carried": "pictures whose files carry personal data",
            },
            "zh": {
                "title": "个人信息",
                "question": "文本中是否含有个人信息？",
                "found": "{cells} 个单元格中有 {n} 个疑似含有个人信息：{sorts}。",
                "names": "{cells} 个单元格中有 {n} 个可能含有人名。人名没有固定格式：其中有些可能是物名，也可能有遗漏。",
                "none": "在 {columns} 列的 {cells} 个单元格中没有发现个人信息格式的内容：没有电子邮箱，也没有电话、银行卡、账户或证件号码。",
                "sort": "{sort}（{n}）",
                "chance": "“{name}”有 {n} 个单元格能通过{sort}的校验，但不多于偶然所致：视为其他编号。",
                "some": "{levels} 段不同文本中均匀抽取并查看了 {looked} 段；以上为所查看部分的计数。",
                "ends": "{n} 段很长的文本只查看了开头和结尾。",
                "limits": "住址、病情等没有固定格式的内容不在查找之列：没有发现并不表示没有个人信息。",
                "possible": "人名仅为“可能的人名”，依据称谓或列名找到：有些可能是物名，也有遗漏。",
                "mask": "模型文件会按原样保存类别名称和文本中的常用词：请在训练前对表中的内容脱敏，或只把文件交给有权查看的人。",
                "drop": "“{name}”有 {share:%} 的单元格是{sort}，对新数据帮助不大：请去掉。",
                "carried": "“{name}”的 {cells} 张图片中有 {n} 张的文件带有个人信息：{sorts}。模型文件中没有这些内容。",
                "carried_sort": "{what}（{n}）",
                "carried_some": "“{name}”的 {cells} 张图片中均匀抽取并打开了 {looked} 张。",
                "strip": "转交文件前请将其删除：得到图片的人就得到这些信息。",
                "nothing": "表中没有文字，也没有较长的数字",
                "figure": "疑似个人信息（已遮盖）",
                "column": "列",
                "what": "内容",
                "cells": "单元格",
                "share": "占该列单元格",
                "percent": "{share:%}",
                "such_as": "例如",
                "sort.email": "电子邮箱",
                "sort.phone": "电话号码",
                "sort.card": "银行卡号",
                "sort.iban": "银行账号（IBAN）",
                "sort.us_id": "美国社会安全号码",
                "sort.germany_id": "德国税号（Steuer-ID）",
                "sort.france_id": "法国社会保障号（NIR）",
                "sort.spain_id": "西班牙身份证号（DNI、NIE）",
                "sort.italy_id": "意大利税号（codice fiscale）",
                "sort.netherlands_id": "荷兰公民服务号（BSN）",
                "sort.poland_id": "波兰身份号（PESEL）",
                "sort.china_id": "中国居民身份证号",
                "sort.ip": "网络地址（IP）",
                "sort.name": "可能的人名",
                "n_of": "{n} 个单元格",
                "n_of.carried": "{n} 张图片",
                "measure.cells": "疑似含个人信息的单元格",
                "measure.share": "疑似含个人信息的单元格占比",
                "measure.email": "含电子邮箱的单元格",
                "measure.phone": "含电话号码的单元格",
                "measure.card": "含银行卡号的单元格",
                "measure.iban": "含银行账号的单元格",
                "measure.us_id": "含美国社会安全号码的单元格",
                "measure.germany_id": "含德国税号的单元格",
                "measure.france_id": "含法国社会保障号的单元格",
                "measure.spain_id": "含西班牙身份证号的单元格",
                "measure.italy_id": "含意大利税号的单元格",
                "measure.netherlands_id": "含荷兰公民服务号的单元格",
                "measure.poland_id": "含波兰身份号的单元格",
                "measure.china_id": "含中国居民身份证号的单元格",
                "measure.ip": "含网络地址的单元格",
                "measure.name": "含可能人名的单元格",
                "measure.carried": "文件带有个人信息的图片",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """What was found, by column and sort."""
        columns = [_worded(c) for c in evidence.raw if c.store == "words" or _long_numbers(c)]
        columns = [c for c in columns if (c.cells >= 0).any()]
        if not columns:
            raise DoesNotApply("no words", say=self._say("nothing"))
        looked = []
        for column in columns:
            letters = LEAST_LETTERS if evidence.clock.expired() else MOST_LETTERS
            looked.append(_look(column, evidence, letters // len(columns), evidence.raw[column.name]))
        cells = sum(one.cells for one in looked)
        sure = [sort for sort in SORTS if sort not in POSSIBLE]
        of = {sort: sum(one.count(sort) for one in looked) for sort in SORTS}
        hits, names = sum(one.count(*sure) for one in looked), sum(of[sort] for sort in POSSIBLE)
        many = any(one.count(*POSSIBLE) >= NAMES * one.cells for one in looked if one.count(*POSSIBLE))
        files = carriers(evidence)
        carry = sum(one.n for one in files)
        carried = [self._carried(one) for one in files if one.n]
        notes = [*self._chance(looked), *self._bounds(columns, looked), *self._some_files(files)]
        if hits:
            told = sorted((sort for sort in SORTS if of[sort]), key=lambda sort: (sort in POSSIBLE, -of[sort]))
            sorts = [self._say("sort", sort=self._say(f"sort.{sort}"), n=of[sort]) for sort in told]
            say = self._say("found", n=hits, cells=cells, sorts=sorts)
            notes += [self._say("possible")] if names else []
            notes = [*carried, *notes]
        elif carried:
            say, notes = carried[0], [*carried[1:], self._say("none", cells=cells, columns=len(looked)), *notes]
            if names:
                notes[len(carried) - 1] = self._say("names", n=names, cells=cells)
        elif names:
            say = self._say("names", n=names, cells=cells)
        else:
            say = self._say("none", cells=cells, columns=len(looked))
        return Finding(
            check="personal",
            verdict="watch" if hits or many or carry else "info" if names else "pass",
            say=say,
            measures=(*self._measures(looked, of, cells), *self._files(files)),
            figures=self._figures(looked),
            notes=(*notes, self._say("limits")),
            advice=(
                *(self._advice(evidence, looked) if hits or many else ()),
                *((Advice(say=self._say("strip")),) if carry else ()),
            ),
        )

    def _carried(self, one: Carriers) -> Say:
        sorts = [self._say("carried_sort", what=what, n=n) for what, n in one.sorts]
        return self._say("carried", name=one.name, n=one.n, cells=one.looked, sorts=sorts)

    def _some_files(self, files: Sequence[Carriers]) -> list[Say]:
        some = [one for one in files if one.looked < one.cells]
        return [self._say("carried_some", name=one.name, cells=one.cells, looked=one.looked) for one in some]

    def _files(self, files: Sequence[Carriers]) -> tuple[Measure, ...]:
        """Where there are such files, so that a limit can be put on them."""
        n, looked = sum(one.n for one in files), sum(one.looked for one in files)
        return (Measure(name="carried", value=n, n=looked, better="lower"),) if looked else ()

    def _measures(self, looked: Sequence[Looked], of: dict[str, int], cells: int) -> tuple[Measure, ...]:
        """The total and its share are always there, so that a limit can be put on them; sorts where they are met."""
        total = sum(one.count(*(sort for sort in SORTS if sort not in POSSIBLE)) for one in looked)
        return (
            Measure(name="cells", value=total, n=cells, better="lower"),
            Measure(name="share", value=total / cells, n=cells, unit="share", better="lower"),
            *(Measure(name=sort, value=of[sort], n=cells, better="lower") for sort in SORTS if of[sort]),
        )

    def _figures(self, looked: Sequence[Looked]) -> tuple[Figure, ...]:
        rows = [
            [
                one.column.name,
                self._say(f"sort.{sort}"),
                one.count(sort),
                self._say("percent", share=one.count(sort) / one.cells),
                ", ".join(one.examples[sort]),
            ]
            for one in looked
            for sort in SORTS
            if one.count(sort)
        ]
        rows.sort(key=lambda row: -row[2])  # type: ignore[operator]
        heads = [self._say(key) for key in ("column", "what", "cells", "share", "such_as")]
        data = {"columns": heads, "rows": rows[:SHOWN]}
        return (Figure(kind="table", title=self._say("figure"), data=data),) if rows else ()

    def _chance(self, looked: Sequence[Looked]) -> list[Say]:
        said = [(one.column.name, sort, n) for one in looked for sort, n in one.by_chance.items()]
        return [self._say("chance", name=name, sort=self._say(f"sort.{sort}"), n=n) for name, sort, n in said[:SHOWN]]

    def _bounds(self, columns: Sequence[Column], looked: Sequence[Looked]) -> list[Say]:
        """What was not looked at."""
        levels = sum(len(np.unique(c.cells[c.cells >= 0])) for c in columns)
        read = sum(len(one.texts) for one in looked)
        long = sum(len(str(text)) > LONGEST for one in looked for text in _texts(one.column, one.texts))
        notes = [self._say("some", levels=levels, looked=read)] if read < levels else []
        return [*notes, *([self._say("ends", n=long)] if long else [])]

    def _advice(self, evidence: Evidence, looked: Sequence[Looked]) -> tuple[Advice, ...]:
        said = []
        for one in looked:
            name = one.column.name
            most = max(SORTS, key=lambda sort: one.count(sort))
            share = one.count(most) / one.cells
            if np.median([len(text) for text in _texts(one.column, one.texts)] or [0]) > LONG_CELL:
                continue
            if share >= WHOLE_COLUMN and evidence.plan.column(name).role in ("feature", "sensitive"):
                say = self._say("drop", name=name, sort=self._say(f"sort.{most}"), share=share)
                said.append(Advice(say=say, option=f"--drop {shlex.quote(name)}"))
        return (*said, Advice(say=self._say("mask")))

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _worded(column: Column) -> Column:
    """A column as words; of cells that are mostly numbers and signs, the words alone."""
    column = column.as_words()
    modality = modality_of(column.kind) if column.kind else None
    if not isinstance(modality, SpeaksCells) or column.levels is None:
        return column
    levels = np.empty(len(column.levels), dtype=object)
    levels[:] = [modality.words(str(level)) for level in column.levels]
    return replace(column, levels=levels)


def _long_numbers(column: Column) -> bool:
    """Whether a column of numbers may hold numbers of telephones or persons: all of them long, and whole as far as kept."""
    if column.store != "numbers" or column.missing.all():
        return False
    seen = column.cells[~column.missing]
    exact = bool((seen >= LONG_NUMBER).all() and (seen < MOST_EXACT).all() and (seen == np.round(seen)).all())
    return exact or _maybe_chinese(seen)


def _maybe_chinese(seen: Floats) -> bool:
    return bool(((seen >= CHINESE[0]) & (seen < CHINESE[1])).all())


def _texts(column: Column, levels: Ints) -> list[str]:
    assert column.levels is not None
    return [str(column.levels[level]) for level in levels.tolist()]


def _until(clock: Clock) -> Callable[[], bool]:
    """Go on while there is time; the first piece, a matter of a moment, is always looked at."""
    first = iter([True])
    return lambda: next(first, False) or not clock.expired()


def _look(column: Column, evidence: Evidence, letters: int, raw: Column) -> Looked:
    """One column, of very many texts some drawn evenly."""
    levels, rows = np.unique(column.cells[column.cells >= 0], return_counts=True)
    order = stream(evidence.seed, "personal", column.name).permutation(len(levels))[:MOST_TEXTS]
    sizes = np.minimum([len(text) for text in _texts(column, levels[order])], LONGEST)
    enough = max(1, int(np.searchsorted(np.cumsum(sizes), letters, side="right")))
    kept = np.sort(order[:enough])
    texts = _texts(column, levels[kept])
    if raw.store == "numbers" and _maybe_chinese(raw.cells[~raw.missing]):
        born = np.flatnonzero([birthday(f"{int(float(text))}") for text in texts])
        whole = {"china_id": born} if len(born) >= WHOLE_COLUMN * len(texts) else {}
        shown = {sort: [mask(sort, f"{int(float(texts[born[0]]))}")] for sort in whole}
        return Looked(column, levels[kept], len(levels), rows[kept], whole, {}, shown)
    tallies, read = look(texts, column.name, _until(evidence.clock))
    kept = kept[:read]
    if raw.store == "numbers":  # a number that is no name or telephone passes a check now and then
        tallies = [t for t in tallies if len(t.cells) >= WHOLE_COLUMN * len(kept)]
    if shows(raw):  # and so does that in the name of a file
        tallies = [t for t in tallies if t.rule.sort != "phone" or len(t.cells) >= WHOLE_COLUMN * len(kept)]
    found: dict[str, Ints] = {}
    by_chance: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    for tally in tallies:
        if tally.cells and not tally.by_chance:
            places = np.asarray(tally.cells, dtype=np.int64)
            found[tally.rule.sort] = np.union1d(found.get(tally.rule.sort, places), places)
            examples[tally.rule.sort] = [*examples.get(tally.rule.sort, []), *tally.examples][:3]
    known = np.unique(np.concatenate([*found.values(), np.empty(0, dtype=np.int64)]))
    for tally in tallies:
        left = np.setdiff1d(np.asarray(tally.cells, dtype=np.int64), known)
        if tally.by_chance and len(left):
            by_chance[tally.rule.sort] = by_chance.get(tally.rule.sort, 0) + int(rows[kept][left].sum())
    return Looked(column, levels[kept], len(levels), rows[kept], found, by_chance, examples)
