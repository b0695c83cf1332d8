"""Do these cells say what lies where in a picture, and which few numbers carry that?

Lists of labelled boxes as JSON (`kernel.boxes`). They are mostly what is to be found; where they are given as a feature, what is made
of them is plain: how many, how large together, and how many of each label. A cell of which any part cannot be read is a misfit as a
whole: a picture whose things are known by half would teach that the other half is nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from assay.kernel.box import Box
from assay.kernel.boxes import NoBoxes, boxes_of, cell_of, read_boxes
from assay.kernel.cells import Cell, written
from assay.kernel.data import Bools, Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.plugins import About, Claim, Opened

MOST_LABELS = 20  # that are counted one by one
KNOWN = 10_000  # labels that are not strange
LEAST_SHARE = 0.9  # of the cells that are looked at must be lists of boxes
LOOKED_AT = 200
SHOWN, WIDE = 5, 60  # examples of misfits, and letters of one


@dataclass(frozen=True)
class Boxes:
    """Labelled boxes in a picture."""

    about: ClassVar[About] = About(
        key="boxes",
        gives=("vector",),
        order=47,
        words={
            "en": {
                "title": "boxes in a picture",
                "not": "its cells are not lists of boxes",
                "lists": "its cells are lists of labelled boxes: {labels}",
                "form": 'not of the form [["label",x,y,width,height],…]',
                "label": "a box without a label",
                "numbers": "a number that no pixel has",
                "area": "a box without area",
            },
            "zh": {
                "title": "图片中的方框",
                "not": "单元格不是方框列表",
                "lists": "单元格是带标签的方框列表：{labels}",
                "form": '不是 [["标签",x,y,宽,高],…] 的形式',
                "label": "有方框没有标签",
                "numbers": "有数字不可能是像素位置",
                "area": "有方框没有面积",
            },
        },
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """Lists of boxes, and a box in at least one of those looked at."""
        if column.levels is None or not len(column.levels) or column.decimals:
            raise DoesNotApply(self.about.say("modalities", "not"))
        some = [str(text) for text in column.levels[:: max(1, len(column.levels) // LOOKED_AT)]]
        found = [boxes for boxes in map(read_boxes, some) if boxes is not None]
        labels = Counter(box.label for boxes in found for box in boxes)
        if not labels or len(found) < LEAST_SHARE * len(some):
            raise DoesNotApply(self.about.say("modalities", "not"))
        said = [label[:WIDE] for label, _ in labels.most_common(5)]
        fit = 0.98 * len(found) / len(some)
        return Claim(fit=fit, why=self.about.say("modalities", "lists", labels=said))

    def open(self, column: Column) -> Opened:
        """Each list in its one way of being written; what is no list of boxes becomes missing."""
        column = column.as_words()
        assert column.levels is not None
        used = np.unique(column.cells[column.cells >= 0])
        codes = np.full(len(column.levels) + 1, -1, dtype=np.int32)  # the last place is that of code -1
        levels: dict[str, int] = {}
        examples: list[str] = []
        for level in used.tolist():
            text = str(column.levels[level])
            try:
                codes[level] = levels.setdefault(cell_of(boxes_of(text)), len(levels))
            except NoBoxes as error:
                examples.append(f"{text[:WIDE]} ({self.about.say('modalities', error.reason).text()})")
        cells = codes[column.cells]
        spelled = np.empty(len(levels), dtype=object)
        spelled[:] = list(levels)
        misfits = int(((cells < 0) & (column.cells >= 0)).sum())
        return Opened(replace(column, cells=cells, levels=spelled, kind="boxes"), misfits, tuple(examples[:SHOWN]))

    def open_cell(self, cell: Cell) -> Cell:
        """The list in its one way of being written, None for anything else."""
        text = written(cell)
        boxes = None if text is None else read_boxes(text)
        return None if boxes is None else cell_of(boxes)

    def words(self, cell: str) -> str:
        """The labels, each once.

        >>> Boxes().words('[["cat",1,2,3,4],["dog",1,2,3,4],["cat",5,6,7,8]]')
        'cat, dog'
        """
        return ", ".join(dict.fromkeys(box.label for box in boxes_of(cell)))

    def learn(self, column: Column, rng: np.random.Generator) -> Counts:
        """The labels that stand most often."""
        assert column.levels is not None
        rows = np.bincount(column.cells[column.cells >= 0], minlength=len(column.levels))
        labels: Counter[str] = Counter()
        for level in np.flatnonzero(rows).tolist():
            for box in boxes_of(str(column.levels[level])):
                labels[box.label] += int(rows[level])
        order = sorted(labels, key=lambda label: (-labels[label], label))
        return Counts(column.name, tuple(order[:MOST_LABELS]), frozenset(order[MOST_LABELS:KNOWN]))

    def load(self, box: Box) -> Counts:
        """The encoder that was dumped."""
        return Counts(box.text("name"), tuple(box.texts("labels", MOST_LABELS)), frozenset(box.texts("rare", KNOWN)))


@dataclass(frozen=True)
class Counts:
    """How many boxes, their area together, and how many of each label."""

    name: str
    labels: tuple[str, ...]
    rare: frozenset[str] = frozenset()  # seen in training, but not counted by themselves

    def vector(self, column: Column) -> Vector:
        """Counts, with the area after the first: [n, 2 + k]; NaN where missing."""
        names = ["boxes", "area", *(f"boxes of {label}" for label in self.labels)]
        values = _each(column, self._row, np.float64).reshape(-1, len(names))
        return Vector(values, tuple(Feature(f"{self.name} ({name})", self.name) for name in names))

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """The row of `vector`, and whether a label is unseen."""
        text = written(cell)
        return self._row(text), self._is_strange(text)

    def strange(self, column: Column) -> Bools:
        """A picture in which something lies that training never saw."""
        return _each(column, self._is_strange, np.bool_)

    def _row(self, text: str | None) -> tuple[float, ...]:
        if text is None:
            return (math.nan,) * (2 + len(self.labels))
        boxes = boxes_of(text)
        each = Counter(box.label for box in boxes)
        counts = [float(each[label]) for label in self.labels]
        return (float(len(boxes)), math.fsum(box.area for box in boxes), *counts)

    def _is_strange(self, text: str | None) -> bool:
        if text is None:
            return False
        return any(box.label not in self.rare and box.label not in self.labels for box in boxes_of(text))

    def dump(self, box: Box) -> None:
        """Name and labels."""
        box.put(name=self.name, labels=list(self.labels), rare=sorted(self.rare))


def _each(column: Column, of: Callable[[str | None], Any], dtype: type) -> NDArray[Any]:
    """`of` every opened cell, None where missing, asked once a list: [n, ...]."""
    assert column.levels is not None
    used, inverse = np.unique(column.cells, return_inverse=True)
    texts = [str(column.levels[c]) if c >= 0 else None for c in used.tolist()]
    return np.asarray(np.asarray([of(text) for text in texts], dtype=dtype)[inverse])
