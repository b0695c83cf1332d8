"""What of single rows stands word for word in the model file?

A file needs names: levels of categories, words of texts, labels. What only one or two rows hold is none of its business: such a name may be
that of a person. Cells that fewer than three rows hold, and words of texts that fewer than three texts hold, are looked for among
all that is written in the file as text. It is asked of the file as it was before this report; figures of single rows are left out
of a file unless somebody asks for them. Of a table of which rows were drawn these alone are counted, so that what is found is no more than
a hint. Numbers are not looked for: that a model gives rows away without their words is asked by `membership`.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from assay.kernel.data import Column, Ints
from assay.kernel.errors import DoesNotApply
from assay.kernel.findings import Advice, Figure, Finding, Measure
from assay.kernel.plugins import About, Evidence
from assay.kernel.words import Say
from assay.language.personal import FEW_HOLD

FEWEST = FEW_HOLD  # rows that share what may stand in a file
LEAST_LETTERS, WITHIN = 3, 8  # letters of what is looked for as a whole, and within other text
MOST_TEXTS = 50_000  # of one column, whose words are counted
SLOTS, MIXED = 2**24, np.uint64(0x9E3779B97F4A7C15)  # of beginnings of what is looked for
FIRST_DENSE = "\u2e80"  # from here on words are not told apart by blanks
SHOWN = 10
A_STRING = 1e-5  # seconds that looking for one takes
ALWAYS = 20_000  # are looked for although the time is up


@dataclass(frozen=True)
class Traces:
    """What of single rows is in the file?"""

    about: ClassVar[About] = About(
        key="traces",
        order=92,
        words={
            "en": {
                "title": "Traces in the file",
                "question": "What of single rows stands word for word in the model file?",
                "clean": "None of {n} cells and words that fewer than {fewest} rows hold stands in the file.",
                "found": "{found} of {n} cells and words that fewer than {fewest} rows hold {found:stands|stand} in the file, {most} of them from '{column}'.",
                "clean_drawn": "None of {n} cells and words that fewer than {fewest} of the {rows} rows drawn hold stands in the file.",
                "found_drawn": "{found} of {n} cells and words that fewer than {fewest} of the {rows} rows drawn hold {found:stands|stand} in the file, {most} of them from '{column}'. How many of all {whole} rows hold them was not counted.",
                "none": "every cell of words is shared by {fewest} rows at least: there is nothing to look for",
                "slow": "in the time that was left {n} cells and words could not be looked for",
                "training_only": "the file is looked through when the model is made; see the report of the training",
                "target": "Labels of the target are not looked for: a file has to name them.",
                "numbers": "Numbers are not looked for.",
                "drop": "Leave '{column}' out, or give it coarser names.",
                "figure": "What was found, all but its first letters covered",
                "column": "column",
                "such_as": "such as",
                "how_many": "cells and words",
                "n_of": "{n} {n:cell or word|cells and words}",
                "measure.found": "cells and words of single rows in the file",
                "measure.asked": "cells and words that were looked for",
            },
            "zh": {
                "title": "文件中的痕迹",
                "question": "模型文件中是否逐字保留了个别行的内容？",
                "clean": "少于 {fewest} 行共有的 {n} 个单元格与词语，没有一个出现在文件中。",
                "found": "少于 {fewest} 行共有的 {n} 个单元格与词语中，有 {found} 个出现在文件中，其中 {most} 个来自“{column}”。",
                "clean_drawn": "抽取的 {rows} 行中少于 {fewest} 行共有的 {n} 个单元格与词语，没有一个出现在文件中。",
                "found_drawn": "抽取的 {rows} 行中少于 {fewest} 行共有的 {n} 个单元格与词语中，有 {found} 个出现在文件中，其中 {most} 个来自“{column}”。全部 {whole} 行中有多少行含有它们未作统计。",
                "none": "每个文字单元格都至少为 {fewest} 行共有：没有需要查找的内容",
                "slow": "剩余时间不足以查找 {n} 个单元格与词语",
                "training_only": "文件在模型制作时检查；请见训练报告",
                "target": "不查找目标列的标签：文件必须写明它们。",
                "numbers": "不查找数字。",
                "drop": "去掉“{column}”，或改用更粗的名称。",
                "figure": "找到的内容（仅显示开头几个字符）",
                "column": "列",
                "such_as": "例如",
                "how_many": "单元格与词语",
                "n_of": "{n} 个单元格与词语",
                "measure.found": "文件中属于个别行的单元格与词语",
                "measure.asked": "所查找的单元格与词语",
            },
        },
    )

    def run(self, evidence: Evidence) -> Finding:
        """Rare cells and words, and which of them the file holds."""
        if evidence.kept is None:
            raise DoesNotApply("no file at hand", say=self._say("training_only"))
        words = [c for c in evidence.raw if c.levels is not None and c.role != "target"]
        rare = {column.name: set(_rare(column)) for column in words}
        n = sum(map(len, rare.values()))
        if not n:
            raise DoesNotApply("nothing is rare", say=self._say("none", fewest=FEWEST))
        if evidence.clock.remaining() < A_STRING * max(0, n - ALWAYS):
            raise DoesNotApply("too slow", say=self._say("slow", n=n))
        standing = _standing(set().union(*rare.values()), evidence.kept())
        found = {name: sorted(some & standing) for name, some in rare.items()}
        count = sum(map(len, found.values()))
        whole = evidence.plan.data.get("rows_drawn")  # of a table too long to be searched whole
        said = {"n": n, "fewest": FEWEST, **({"rows": evidence.raw.rows, "whole": whole} if whole else {})}
        notes = (self._say("target"), self._say("numbers"))
        measures = (
            Measure(name="found", value=float(count), n=n, better="lower"),
            Measure(name="asked", value=float(n), n=n),
        )
        if not count:
            return Finding(
                check="traces",
                verdict="pass",
                say=self._say("clean_drawn" if whole else "clean", **said),
                measures=measures,
                notes=notes,
            )
        most = max(found, key=lambda name: len(found[name]))
        rows = [
            [name, ", ".join(f"{one[:2]}***" for one in some[:SHOWN]), len(some)]
            for name, some in found.items()
            if some
        ]
        heads = [self._say(key) for key in ("column", "such_as", "how_many")]
        told = {"found": count, "most": len(found[most]), "column": most}
        return Finding(
            check="traces",
            verdict="info" if whole else "watch",
            say=self._say("found_drawn" if whole else "found", **told, **said),
            measures=measures,
            figures=(Figure(kind="table", title=self._say("figure"), data={"columns": heads, "rows": rows}),),
            notes=notes,
            advice=(Advice(say=self._say("drop", column=most), option=f"--drop {shlex.quote(most)}"),),
        )

    def _say(self, key: str, **values: object) -> Say:
        return self.about.say("checks", key, **values)


def _standing(rare: set[str], kept: Sequence[str]) -> set[str]:
    """Which of some strings stand among those of a file, as a whole or, where they are long, within others.

    The text is gone through once, whatever the number of strings: where it begins as some do, these alone are looked at.
    """
    begun: dict[str, dict[int, set[str]]] = {}
    for one in rare:
        if len(one) >= WITHIN:
            begun.setdefault(one[:WITHIN], {}).setdefault(len(one), set()).add(one)
    found, text = rare & set(kept), "\0".join(kept)
    if not begun or len(text) < WITHIN:
        return found
    may_begin = np.zeros(SLOTS, dtype=np.bool_)
    may_begin[_slots("".join(begun))[::WITHIN]] = True
    for at in np.flatnonzero(may_begin[_slots(text)]).tolist():
        for length, some in begun.get(text[at : at + WITHIN], {}).items():
            piece = text[at : at + length]
            if piece in some and not (_goes_on(text, at) or _goes_on(text, at + length)):
                found.add(piece)
    return found


def _goes_on(text: str, at: int) -> bool:
    """Whether a number or a word goes on from the character before a place to that behind it: "card 17" is no trace within "card 175".

    >>> [_goes_on(text, 2) for text in ("17", "175", "ab-c", "abc", "张三丰")]
    [False, True, False, True, False]
    """
    before, behind = text[max(0, at - 1) : at], text[at : at + 1]
    words = before.isalpha() and behind.isalpha() and max(before, behind) < FIRST_DENSE
    return words or (before.isdigit() and behind.isdigit())


def _slots(text: str) -> Ints:
    """A hash of the first characters from each place of a text on, as many as make a beginning."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    mixed = np.zeros(len(codes) - WITHIN + 1, dtype=np.uint64)
    for place in range(WITHIN):
        mixed = mixed * MIXED + codes[place : place + len(mixed)]
    return ((mixed * MIXED) >> np.uint64(40)).astype(np.int64)


def _rare(column: Column) -> Iterator[str]:
    """Cells of a column, and words within them, that few rows hold."""
    assert column.levels is not None
    counts = np.bincount(column.cells[column.cells >= 0], minlength=len(column.levels))
    cells = [(str(level), int(count)) for level, count in zip(column.levels, counts, strict=True) if count]
    yield from (cell for cell, count in cells if count < FEWEST and len(cell) >= LEAST_LETTERS)
    if column.kind.partition(":")[0] != "text":
        return
    held: Counter[str] = Counter()
    for cell, count in cells[:MOST_TEXTS]:
        for word in set(re.findall(r"\w+", cell.lower())):
            held[word] += count
    if len(cells) <= MOST_TEXTS:  # of more texts it is not known in how many a word is
        yield from (word for word, count in held.items() if count < FEWEST and len(word) >= LEAST_LETTERS)
