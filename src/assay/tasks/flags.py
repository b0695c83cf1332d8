"""Which labels does a row bear? None, one or several of them.

The cell of the target is a list ("[\\"pin\\", \\"new\\"]" in JSON lines) or names with a mark between them ("pin|new", "pin; new",
"甲、乙"); an empty cell is a row without a label. Each label is a question of its own, and its raw score a log-odds; the loss of a row
is the sum of the log-losses of all labels, so that it is the log-likelihood of the set where labels are independent given the row
(binary relevance; Tsoumakas & Katakis 2007). The answer is every label that is more likely than not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.data import Column, Floats, Ints
from assay.kernel.errors import DataError, DoesNotApply
from assay.kernel.forms import Head
from assay.kernel.labels import distinct_labels
from assay.kernel.plugins import About, Claim, Codec, Metric
from assay.kernel.words import refusal
from assay.stats import heads, metrics, scores

MARKS = ("|", "、", "；", ";", ",")  # between labels; the surer come first
UNSURE = (",",)  # stands in names and sentences too
LISTED, MARKED, PERHAPS = 0.95, 0.92, 0.6  # bids: names in general bid 0.9
SEVERAL = 0.1  # share of the cells that hold two labels or more
SHARED = 5.0  # cells a label stands in on average, where labels they are
LONGEST = 60  # characters of a label that is recognised
MOST = 1000
LOOKED_AT = 20_000  # different cells
FEW = 10  # rows of a label that make a stratum of their own


@dataclass(frozen=True)
class Flags:
    """None, one or several of some labels."""

    about: ClassVar[About] = About(
        key="flags",
        also=("multilabel",),
        gives=("flags",),
        order=25,
        empty_answers=True,
        words={
            "en": {
                "title": "several labels a row",
                "loss": "log-loss, all labels together",
                "lists": "'{target}' holds lists of {k} different labels",
                "marked": "'{target}' holds several labels a row with '{mark}' between them, {k} different ones",
                "dates": "'{target}' holds dates",
                "no_lists": "'{target}' holds one answer a row",
                "one.seen": "The target '{target}' has {k} {k:label|labels} in {n} {n:row|rows}.",
                "one.expected": "Several labels a row need from 2 to {most} different ones.",
                "one.do": "Write them as a JSON list or with one of {marks} between them, or name another --task.",
                "measure.log_loss": "log-loss, all labels together",
                "measure.micro_f1": "micro F1",
                "measure.macro_f1": "macro F1",
                "measure.exact": "share of rows with exactly the right labels",
                "measure.hamming": "share of wrong yes-or-no answers (Hamming loss)",
            },
            "zh": {
                "title": "多标签",
                "loss": "各标签对数损失之和",
                "lists": "“{target}”是列表，共有 {k} 个不同标签",
                "marked": "“{target}”每行可有多个以“{mark}”分隔的标签，共有 {k} 个不同标签",
                "dates": "“{target}”是日期列",
                "no_lists": "“{target}”每行只有一个答案",
                "one.seen": "目标“{target}”在 {n} 行中有 {k} 个标签。",
                "one.expected": "多标签任务需要 2 至 {most} 个不同标签。",
                "one.do": "请写成 JSON 列表或用 {marks} 之一分隔，或用 --task 指定其他任务。",
                "measure.log_loss": "对数损失（全部标签合计）",
                "measure.micro_f1": "微平均 F1",
                "measure.macro_f1": "宏平均 F1",
                "measure.exact": "标签完全正确的行占比",
                "measure.hamming": "逐标签判断的错误占比（汉明损失）",
            },
        },
    )

    def recognise(self, target: Column) -> Claim:
        """Lists, or cells of which many hold several labels that others hold too."""
        if target.store == "moments":
            raise DoesNotApply(self.about.say("tasks", "dates", target=target.name))
        cells = [] if target.store == "numbers" else distinct_labels(target, most=LOOKED_AT)
        for split, fit, key, mark in (
            (_listed, LISTED, "lists", ""),
            *((_by(m), PERHAPS if m in UNSURE else MARKED, "marked", m) for m in MARKS),
        ):
            k = _shared_labels(cells, split)
            if 2 <= k <= MOST:
                return Claim(fit=fit, why=self.about.say("tasks", key, target=target.name, k=k, mark=mark))
        raise DoesNotApply(self.about.say("tasks", "no_lists", target=target.name))

    def kind(self) -> str:
        """Cells are kept as written."""
        return "category"

    def codec(self, target: Column) -> Codec:
        """The labels in order. Raises DataError where there are fewer than two, or too many."""
        cells = distinct_labels(target, most=1_000_000)
        split = _way(cells)
        labels = distinct_labels(Column.of_words(target.name, [label for cell in cells for label in split(cell) or ()]))
        if not 2 <= len(labels) <= MOST:
            values: dict[str, Any] = {
                "target": target.name,
                "k": len(labels),
                "n": len(target),
                "most": MOST,
                "marks": " ".join(MARKS),
            }
            raise refusal(DataError, "tasks/flags", "one", **values)
        return Codec(labels=tuple(labels))

    def encode(self, target: Column, codec: Codec) -> Ints:
        """One column a label: [n, k] of 0 and 1; a row of -1 where all that stands there is unknown."""
        words = target.as_words()
        assert words.levels is not None
        place = {label: i for i, label in enumerate(codec.labels)}
        table = np.zeros((len(words.levels) + 1, len(place)), dtype=np.int64)  # the last for what is empty
        for row, cell in zip(table, words.levels, strict=False):
            found = _known(str(cell), place)
            if found is None:
                row[:] = -1
            else:
                row[found] = 1
        return np.asarray(table[words.cells])

    def head(self, codec: Codec) -> Head:
        """One log-odds a label."""
        return Head.flags(len(codec.labels))

    def losses(self, scores_: Floats, y: NDArray[Any]) -> Floats:
        """Sum of the log-losses of all labels a row."""
        return scores.flag_losses(scores_, y)

    def answers(self, scores_: Floats) -> Floats:
        """Probability of each label by itself: [n, k]."""
        return scores.flags(scores_)

    def metrics(self, codec: Codec) -> Sequence[Metric]:
        """Log-loss first; the others ask which labels are answered, those more likely than not."""

        def of(figure: Callable[..., float]) -> Callable[[Floats, NDArray[Any], Floats | None], float]:
            return lambda s, y, w: figure(s > 0, y, w)

        return (
            Metric(key="log_loss", better="lower", of=lambda s, y, w: metrics.mean(scores.flag_losses(s, y), w)),
            Metric(key="micro_f1", better="higher", of=of(metrics.micro_flags_f1)),
            Metric(key="macro_f1", better="higher", of=of(metrics.macro_flags_f1)),
            Metric(key="exact", better="higher", of=of(metrics.exact_flags), unit="share"),
            Metric(key="hamming", better="lower", of=of(metrics.hamming), unit="share"),
        )

    def constant(self, y: NDArray[Any], weight: Floats | None, codec: Codec) -> Floats:
        """Log-odds of each label's base rate, half an imagined row with it and half a one without added."""
        return heads.guess(self.head(codec), y, weight)

    def strata(self, y: NDArray[Any]) -> Ints:
        """The rarest label of a row, so that each fold has its share of it (after Sechidis, Tsoumakas & Vlahavas 2011)."""
        k = y.shape[1]
        count = y.sum(axis=0)
        own = np.where((y == 1) & (count >= FEW), count, len(y) + 1)
        found = np.where(own.min(axis=1) <= len(y), own.argmin(axis=1), k).astype(np.int64)
        size = np.bincount(found, minlength=k + 1)
        return np.asarray(np.where(size[found] < FEW, k, found))


Split = Callable[[str], list[str] | None]


def _listed(cell: str) -> list[str] | None:
    """The labels of a JSON list of names or numbers; None where it is no such list."""
    if not cell.startswith("["):
        return None
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or any(isinstance(item, (list, dict)) for item in found):
        return None
    return [item if isinstance(item, str) else json.dumps(item) for item in found if item is not None and item != ""]


def _by(mark: str) -> Split:
    """What parts a cell at a mark."""
    return lambda cell: [part for piece in cell.split(mark) if (part := piece.strip())]


def _way(cells: list[str]) -> Split:
    """How these cells are parted: as lists, or at the mark that is found in most of them."""
    if sum(_listed(cell) is not None for cell in cells) > 0.5 * len(cells):
        return _listed
    found = [sum(mark in cell for cell in cells) for mark in MARKS]
    return _by(MARKS[int(np.argmax(found))])


def _shared_labels(cells: list[str], split: Split) -> int:
    """How many labels there are; 0 where the cells are no sets of labels."""
    parted = [split(cell) for cell in cells]
    known = [labels for labels in parted if labels is not None]
    if not known or len(known) < 0.9 * len(cells) or sum(len(labels) > 1 for labels in known) < SEVERAL * len(known):
        return 0
    different = {label for labels in known for label in labels}
    # Sets are many more than the labels they are made of; where few sets come again and again, their labels stand in several.
    sums = sum(len(set(labels)) for labels in known)
    least = min(SHARED, 1.0 + 0.25 * len(different))
    short = all(len(label) <= LONGEST for label in different)
    return len(different) if short and sums >= least * len(different) else 0


def _known(cell: str, place: dict[str, int]) -> list[int] | None:
    """Places of the known labels of a cell; None where something stands there of which nothing is known.

    A cell is read in every way, and the one that knows most of its labels holds: a new file may write them another way.
    """
    best: list[int] | None = None
    for split in (lambda whole: [whole], _listed, *(_by(mark) for mark in MARKS)):
        labels = split(cell)
        if labels is None:
            continue
        if not labels or cell == "":
            return []
        found = [place[label] for label in labels if label in place]
        if found and (best is None or len(found) > len(best)):
            best = found
    return best
