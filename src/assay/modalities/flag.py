"""Is this column a yes or no?

Words for yes and no in a few languages, or the numbers 1 and 0. Anything else is a misfit. The kind keeps the words that the column
is written in ("flag:否,是"), by which cells are told wherever a person reads of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from assay.kernel.box import Box
from assay.kernel.cells import Cell, Usual, written
from assay.kernel.data import Bools, Column
from assay.kernel.errors import DoesNotApply
from assay.kernel.forms import Feature, Vector
from assay.kernel.labels import NO, YES
from assay.kernel.plugins import About, Claim, Opened
from assay.onnx_graph.graph import TREES, Graph

MISSING = (math.nan,)  # what is encoded of a missing cell
NUMBERS = {"1", "1.0", "0", "0.0"}


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    about: ClassVar[About] = About(
        key="flag",
        gives=("vector",),
        order=10,
        words={
            "en": {
                "title": "yes or no",
                "words": "its cells say yes or no: {levels}",
                "not": "its cells are more, or other, than yes and no",
            },
            "zh": {"title": "是/否", "words": "单元格只有是与否：{levels}", "not": "单元格不只是“是”与“否”"},
        },
    )
    variant: str = ""

    def recognise(self, column: Column) -> Claim:
        """Both yes and no, and nothing else."""
        if column.distinct != 2:  # told before anything is spelled: a table may have thousands of columns
            raise DoesNotApply(self.about.say("modalities", "not"))
        there = np.flatnonzero(~column.missing)
        some = column.take(there[np.unique(column.cells[there], return_index=True)[1]])
        seen = [str(text) for text in some.texts()]
        folded = {level.casefold() for level in seen}
        if len(seen) != 2 or not (folded & YES and folded & NO and folded <= YES | NO):
            raise DoesNotApply(self.about.say("modalities", "not"))
        words = "" if folded <= NUMBERS else ",".join(sorted(seen, key=_flag))
        return Claim(fit=0.95, why=self.about.say("modalities", "words", levels=seen), as_met=words)

    def open(self, column: Column) -> Opened:
        """1.0 for yes, 0.0 for no; anything else becomes missing."""
        words = column.as_words()
        assert words.levels is not None
        known = [_flag(str(level)) for level in words.levels]
        cells = np.append(np.asarray(known, dtype=np.float64), np.nan)[words.cells]
        bad = np.isnan(cells) & (words.cells >= 0)
        examples = tuple(str(words.levels[c])[:60] for c in np.unique(words.cells[bad])[:3])
        return Opened(replace(column, cells=cells, levels=None, kind="flag"), int(bad.sum()), examples)

    def open_cell(self, cell: Cell) -> Cell:
        """1.0 for yes, 0.0 for no, None for anything else."""
        text = written(cell)
        flag = math.nan if text is None else _flag(text)
        return flag if flag == flag else None

    def learn(self, column: Column, rng: np.random.Generator) -> Pass:
        """Nothing to learn but the name."""
        return Pass(column.name)

    def load(self, box: Box) -> Pass:
        """The encoder that was dumped."""
        return Pass(box.text("name"))


@dataclass(frozen=True)
class Pass:
    """Passes 0, 1 and missing on."""

    takes: ClassVar[str] = "string"
    name: str

    def vector(self, column: Column) -> Vector:
        """Zeros and ones: [n, 1]."""
        return Vector(column.cells.reshape(-1, 1), (Feature(self.name, self.name),))

    def encode_cell(self, cell: Cell) -> tuple[tuple[float, ...], bool]:
        """Zero, one or NaN; never strange."""
        assert cell is None or isinstance(cell, float)
        return (MISSING if cell is None else (cell,)), False

    @property
    def usual(self) -> Usual:
        """Yes and no as they are mostly written, and missing ones."""
        return Usual(codes=_written(), missing=math.nan)

    def strange(self, column: Column) -> Bools:
        """A flag is never strange."""
        return np.zeros(len(column), dtype=bool)

    def graph(self, graph: Graph, x: str) -> str:
        """1 for yes and 0 for no, in small, large or title letters; anything else is missing."""
        said = _written()
        code = graph.node(
            "LabelEncoder",
            x,
            domain=TREES,
            keys_strings=list(said),
            values_int64s=[int(v) for v in said.values()],
            default_int64=2,
        )
        return graph.rows(np.asarray([0.0, 1.0, np.nan]), code)

    def sample(self, rows: int, rng: np.random.Generator) -> Column:
        """Yes, no and missing."""
        return Column.of_numbers(self.name, rng.choice([0.0, 1.0, np.nan], rows))

    def dump(self, box: Box) -> None:
        """The name."""
        box.put(name=self.name)


def _flag(text: str) -> float:
    """1.0 for yes, 0.0 for no, NaN for anything else."""
    folded = text.strip().casefold()
    return 1.0 if folded in YES else 0.0 if folded in NO else math.nan


def _written() -> dict[str, float]:
    """Yes and no in small, large and title letters, with what they come to."""
    return {form: float(yes) for yes, words in enumerate((NO, YES)) for word in sorted(words) for form in _forms(word)}


def _forms(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((word, word.upper(), word.title())))
